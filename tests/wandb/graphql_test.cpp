// The engine alone, on a schema of its own.
#include "controller/wandb/graphql_grammar.hpp"
#include "tests/wandb/bench.hpp"

#include <array>

namespace sweepd::test {
namespace {

using wandb::graphql::call;
using answer_row = asio::awaitable<result<bj::value>>;

constexpr std::string_view schema_text = R"(
type Query {
  hero(id: ID, episode: Episode = EMPIRE, tags: [String!], like: Like): Hero
  broken: Hero!
  pet: Pet
  list: [Hero!]
  numbers(n: Int! = 2): [Int]
  echo(text: String, raw: JSON, when: Int64): String
}
interface Named { name: String! }
type Hero implements Named { name: String! friend: Hero must: String! episode: Episode age: Int }
type Dog implements Named { name: String! barks: Boolean }
union Pet = Dog | Hero
enum Episode { HOPE EMPIRE }
input Like { name: String! stars: Int = 5 inner: Like }
scalar JSON
scalar Int64
type Mutation { rename(input: Like!): Hero other: Hero }
)";

answer_row hero(call& c) {
  bj::object out{{"name", "R2"}, {"must", "x"}, {"age", 7}};
  out["friend"] = bj::object{{"name", bj::serialize(c.arguments)}, {"must", "y"}};
  out["episode"] = wandb::text_in(c.arguments, "episode");
  co_return bj::value(std::move(out));
}
answer_row broken(call&) { co_return fail(errc::not_found, "no hero"); }
answer_row pet(call&) { co_return bj::value(bj::object{{"__typename", "Dog"}, {"name", "Rex"}, {"barks", true}}); }
answer_row list(call&) {
  co_return bj::value(bj::array{bj::object{{"name", "a"}, {"must", "m"}}, bj::object{{"name", "b"}}});
}
answer_row numbers(call& c) { co_return bj::value(bj::array{c.arguments.at("n"), nullptr}); }
answer_row echo(call& c) { co_return bj::value(bj::serialize(c.arguments)); }
answer_row rename_hero(call& c) {
  co_return bj::value(bj::object{{"name", wandb::text_in(wandb::input_of(c), "name")}, {"must", "z"}});
}

const gql::engine& little() {
  static const std::array files{schema_text};
  static const gql::schema s(files);
  static constexpr gql::resolver_row rows[] = {
      {"Query.hero", hero}, {"Query.broken", broken},   {"Query.pet", pet},   {"Query.list", list},
      {"Query.numbers", numbers}, {"Query.echo", echo}, {"Mutation.rename", rename_hero}};
  static const gql::engine e(s, {rows});
  return e;
}

std::string data_of(bench& b, std::string query, bj::object variables = {}) {
  const auto got = b.ask(little(), std::move(query), std::move(variables));
  INFO(bj::serialize(got.body));
  CHECK(!got.body.contains("errors"));
  return text(got.body.at("data"));
}
std::string first_error(bench& b, std::string query, bj::object variables = {}) {
  const auto got = b.ask(little(), std::move(query), std::move(variables));
  REQUIRE(got.body.contains("errors"));
  return std::string(got.body.at("errors").at(0).at("message").as_string());
}

}  // namespace

TEST_CASE("graphql: fields, aliases, fragments and directives, in the order selected") {
  bench b;
  CHECK(data_of(b, "{ hero { name age } }") == R"({"hero":{"name":"R2","age":7}})");
  CHECK(data_of(b, "#graphql\nquery Q { a: hero { n: name, __typename }, hero { ...f } } fragment f on Hero { age name }") ==
        R"({"a":{"n":"R2","__typename":"Hero"},"hero":{"age":7,"name":"R2"}})");
  CHECK(data_of(b, "query($y: Boolean!, $n: Boolean = false) { hero { name @include(if: $n) age @skip(if: $y) must } }",
                {{"y", true}}) == R"({"hero":{"must":"x"}})");
  CHECK(data_of(b, "{ hero { name } hero { age } ... on Query { hero { must } } }") ==
        R"({"hero":{"name":"R2","age":7,"must":"x"}})");
}

TEST_CASE("graphql: interfaces and unions show the fields of the object that is there") {
  bench b;
  CHECK(data_of(b, "{ pet { __typename ... on Named { name } ... on Dog { barks } ... on Hero { age } } }") ==
        R"({"pet":{"__typename":"Dog","name":"Rex","barks":true}})");
}

TEST_CASE("graphql: arguments are coerced: defaults, enums, a single value for a list, nested inputs") {
  bench b;
  CHECK(data_of(b, "{ hero { episode friend { name } } }") ==
        R"x({"hero":{"episode":"EMPIRE","friend":{"name":"{\"episode\":\"EMPIRE\"}"}}})x");
  CHECK(data_of(b, "query($t: [String!]) { hero(tags: $t, id: 7) { friend { name } } }", {{"t", "one"}}) ==
        R"x({"hero":{"friend":{"name":"{\"id\":\"7\",\"episode\":\"EMPIRE\",\"tags\":[\"one\"]}"}}})x");
  CHECK(data_of(b, "query($l: Like) { hero(like: $l) { friend { name } } }",
                {{"l", bj::object{{"name", "x"}, {"inner", bj::object{{"name", "y"}, {"stars", 1}}}}}})
            .find(R"(\"inner\":{\"name\":\"y\",\"stars\":1},\"stars\":5)") != std::string::npos);
  CHECK(data_of(b, "query($n: Int = 4) { numbers(n: $n) }") == R"({"numbers":[4,null]})");
  CHECK(data_of(b, R"({ echo(text: "a\n\u00e9\ud83d\ude00\"", raw: {a: [1, 2.5, true, null]}) })") ==
        R"x({"echo":"{\"text\":\"a\\né😀\\\"\",\"raw\":{\"a\":[1,2.5E0,true,null]}}"})x");
}

TEST_CASE("graphql: what is wrong is named, with the nearest right word, and nothing runs") {
  bench b;
  CHECK(first_error(b, "{ hero { nme } }") == "type 'Hero' has no field 'nme'. Did you mean 'name'?");
  CHECK(first_error(b, "{ hero(idd: 1) { name } }") ==
        "'Query.hero' has no argument 'idd'. Did you mean 'id'?");
  CHECK(first_error(b, "query($x: Strin) { echo(text: $x) }") ==
        "variable '$x' is of the unknown type 'Strin'. Did you mean 'String'?");
  CHECK(first_error(b, "{ echo(text: $x) }") == "variable '$x' is not declared");
  CHECK(first_error(b, "query($x: Int) { echo(text: $x) }") ==
        "variable '$x' is of type Int, String is wanted here");
  CHECK(first_error(b, "query($x: Int!) { numbers(n: $x) }") == "variable '$x' is required (Int!)");
  CHECK(first_error(b, "query($x: Int!) { numbers(n: $x) }", {{"x", "no"}}) == "variable '$x': must be Int");
  CHECK(first_error(b, "query($x: Int!) { numbers(n: $x) }", {{"x", 3e9}}) ==
        "variable '$x': is outside the range of Int");
  CHECK(first_error(b, "{ hero }") == "'Query.hero' is of type Hero: say which of its fields");
  CHECK(first_error(b, "{ hero { name { x } } }") == "'Hero.name' is of type String and has no fields to select");
  CHECK(first_error(b, "{ hero(episode: HOP) { name } }") ==
        "argument 'episode' of 'Query.hero': is not a value of Episode. Did you mean 'HOPE'?");
  CHECK(first_error(b, "{ hero { ...nowhere } }") == "there is no fragment 'nowhere'.");
  CHECK(first_error(b, "{ hero { ... on Dog { name } } }") == "a fragment on 'Dog' can never apply within 'Hero'");
  CHECK(first_error(b, "{ hero { name @if(if: true) } }") == "there is no directive '@if'.");
  CHECK(first_error(b, "mutation { rename(input: {stars: 1}) { name } }") ==
        "argument 'input' of 'Mutation.rename'.name: is required (String!)");
  CHECK(first_error(b, "mutation { other { name } }") == "this server does not offer 'other'");
  CHECK(first_error(b, "subscription { hero { name } }") == "subscriptions are not served");
  CHECK(first_error(b, "query A { __typename } query B { __typename }") ==
        "there are several operations: say which one in operationName");
  CHECK(first_error(b, "{ a: hero { name } a: pet { __typename } }") ==
        "'a' stands for two different fields; use aliases");
}

TEST_CASE("graphql: an error carries message, path, locations and code; null goes up to what may be null") {
  bench b;
  auto got = b.ask(little(), "{ broken { name } hero { name } }");
  CHECK(got.status == 404);
  CHECK(text(got.body) ==
        R"({"errors":[{"message":"no hero","locations":[{"line":1,"column":3}],"path":["broken"],"extensions":{"code":"not_found"}}],"data":null})");
  got = b.ask(little(), "{ list { must } hero { name } }");
  CHECK(got.status == 200);
  CHECK(text(got.body.at("data")) == R"({"list":null,"hero":{"name":"R2"}})");
  CHECK(text(got.body.at("errors").at(0).at("path")) == R"(["list",1,"must"])");
}

TEST_CASE("graphql: introspection answers what clients probe, and more") {
  bench b;
  CHECK(data_of(b, R"({ __type(name: "Like") { kind inputFields { name type { kind name ofType { name } } defaultValue } } })") ==
        R"x({"__type":{"kind":"INPUT_OBJECT","inputFields":[{"name":"name","type":{"kind":"NON_NULL","name":null,"ofType":{"name":"String"}},"defaultValue":null},{"name":"stars","type":{"kind":"SCALAR","name":"Int","ofType":null},"defaultValue":"5"},{"name":"inner","type":{"kind":"INPUT_OBJECT","name":"Like","ofType":null},"defaultValue":null}]}})x");
  CHECK(data_of(b, R"({ __type(name: "Nothing") { name } })") == R"({"__type":null})");
  CHECK(data_of(b, R"({ __type(name: "Pet") { kind possibleTypes { name } fields { name } } })") ==
        R"({"__type":{"kind":"UNION","possibleTypes":[{"name":"Hero"},{"name":"Dog"}],"fields":null}})");
  CHECK(data_of(b, R"({ __schema { queryType { name } mutationType { fields { name } } directives { name } } })") ==
        R"({"__schema":{"queryType":{"name":"Query"},"mutationType":{"fields":[{"name":"rename"},{"name":"other"}]},"directives":[{"name":"include"},{"name":"skip"}]}})");
}

TEST_CASE("graphql: a document that is hostile is refused quickly, with a reason") {
  bench b;
  const auto many = [](const std::string& what, int n) {
    std::string out;
    for (int i = 0; i < n; ++i) out += what;
    return out;
  };
  CHECK(first_error(b, many("{a", 100'000)).find("nested deeper than 64") != std::string::npos);
  CHECK(first_error(b, "{ echo(raw: " + many("[", 100'000)).find("nested deeper than 64") != std::string::npos);
  CHECK(first_error(b, "query($x: " + many("[", 100'000)).find("nested deeper than 64") != std::string::npos);
  CHECK(first_error(b, "{ hero { " + many("friend { ", 20) + "name" + many("}", 20) + " } }") ==
        "the operation is nested more than 16 levels deep");
  CHECK(first_error(b, "{ hero { ...a } } fragment a on Hero { ...b } fragment b on Hero { name ...a }") ==
        "fragment 'a' contains itself");
  std::string bomb = "{ hero { ...f0 } }";
  for (int i = 0; i < 40; ++i)
    bomb += " fragment f" + std::to_string(i) + " on Hero { ...f" + std::to_string(i + 1) + " ...f" +
            std::to_string(i + 1) + " }";
  bomb += " fragment f40 on Hero { name }";
  CHECK(first_error(b, bomb) == "the operation selects more than 1000 fields");
  std::string aliases = "{";
  for (int i = 0; i < 30; ++i) aliases += " a" + std::to_string(i) + ": __typename";
  CHECK(first_error(b, aliases + " }") == "the operation uses more than 20 aliases");
  for (const auto* bad : {"", "{", "}", "{}", "{ a(", "query { a", "{ a: }", "{ \"x\" }", "{ a(b: \"unclosed) }",
                          "fragment on on Hero { a }", "{ hero(id: 01) { name } }", "\xFF\xFE", "{ a(b: 1.) }", "{ ...}"})
    CHECK_MESSAGE(first_error(b, bad).starts_with("syntax error at "), std::string(bad));
}

TEST_CASE("graphql: no prefix of a good document breaks the parser, and none runs") {
  const std::string good =
      "query Q($a: [Like!]! = {name: \"x\", inner: null}, $b: Int64 @x) @include(if: true) { a: hero(tags: [\"t\"], id: $a) "
      "{ ...f ... on Hero @skip(if: $b) { name } ... { age } } } fragment f on Hero { __typename } # end";
  REQUIRE(gql::parse_document(good));
  for (std::size_t n = 0; n + 20 < good.size(); ++n) {
    const auto got = gql::parse_document(good.substr(0, n));
    if (got) CHECK((good[n - 1] == ' ' || good[n - 1] == '}'));  // the operation alone is whole
  }
  unsigned seed = 1;
  for (int round = 0; round < 3'000; ++round) {  // seeded mutations: an answer or an error, never more
    auto text = good;
    for (int k = 0; k < 3; ++k) {
      seed = seed * 1664525u + 1013904223u;
      text[(seed >> 8) % text.size()] = "{}()[]\"$:!@.#,x1 \\"[(seed >> 24) % 18];
    }
    if (const auto got = gql::parse_document(text); !got) CHECK(got.error().where.find(':') != std::string::npos);
  }
}

}  // namespace sweepd::test
