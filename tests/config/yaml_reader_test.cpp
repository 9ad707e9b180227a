#include "controller/config/yaml_reader.hpp"

#include "controller/config/yaml_scalar.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <string>

using namespace sweepd;
using namespace sweepd::config;

namespace {

namespace bj = boost::json;

std::vector<bj::object> lines_of(const std::string& name) {
  std::ifstream in(std::string(SWEEPD_SOURCE_DIR) + "/tests/config/data/" + name);
  std::vector<bj::object> out;
  for (std::string line; std::getline(in, line);) out.push_back(bj::parse(line).as_object());
  return out;
}

std::string type_of(const bj::value& v) {
  switch (v.kind()) {
    case bj::kind::null:
      return "null";
    case bj::kind::bool_:
      return "bool";
    case bj::kind::int64:
    case bj::kind::uint64:
      return "int";
    case bj::kind::double_:
      return "float";
    case bj::kind::string:
      return "str";
    default:
      return "tree";
  }
}

std::string read_error(std::string_view text, const yaml_limits& limits = {}) {
  const auto doc = read_yaml(text, "s.yaml", limits);
  return doc ? "accepted: " + bj::serialize(json_safe(to_json(doc->root))) : to_string(doc.error());
}

bj::value json_of(std::string_view text) {
  const auto doc = read_yaml(text, "s.yaml");
  REQUIRE_MESSAGE(doc, to_string(doc.error()));
  return to_json(doc->root);
}

}  // namespace

TEST_CASE("yaml_reader: every scalar means what PyYAML takes it for") {
  const auto rows = lines_of("pyyaml_scalars.jsonl");
  REQUIRE(rows.size() >= 200);
  for (const auto& row : rows) {
    const std::string text(row.at("text").as_string());
    const std::string type(row.at("type").as_string());
    CAPTURE(text);
    const auto doc = read_yaml("v: " + text + "\n", "s.yaml");
    if (type == "error") {
      CHECK_FALSE(doc);
      continue;
    }
    REQUIRE_MESSAGE(doc, to_string(doc.error()));
    const auto* entry = doc->root.find("v");
    REQUIRE(entry != nullptr);
    const auto value = to_json(entry->value);
    if (type == "date") {
      CHECK(value == bj::value(text));
      continue;
    }
    CHECK(type_of(value) == type);
    CHECK(json_safe(value) == row.at("value"));
    if (value.is_double() && value.get_double() == 0)
      CHECK(std::signbit(value.get_double()) == std::signbit(row.at("value").as_double()));
  }
}

TEST_CASE("yaml_reader: documents with merges, blocks and folds read as PyYAML reads them") {
  const auto rows = lines_of("pyyaml_documents.jsonl");
  REQUIRE(rows.size() >= 40);
  for (const auto& row : rows) {
    const std::string text(row.at("text").as_string());
    CAPTURE(text);
    const auto doc = read_yaml(text, "s.yaml");
    if (row.at("type") == "error") {
      CHECK_FALSE(doc);
    } else {
      REQUIRE_MESSAGE(doc, to_string(doc.error()));
      CHECK(to_json(doc->root) == row.at("value"));
    }
  }
}

TEST_CASE("yaml_reader: integers beyond 64 bits and floats beyond a double are refused") {
  CHECK(read_error("a: 18446744073709551616") ==
        "s.yaml:1:4: a: the integer 18446744073709551616 does not fit 64 bits; put it in quotes if "
        "it "
        "is a text");
  CHECK(read_error("a: -9223372036854775809").find("does not fit 64 bits") != std::string::npos);
  CHECK(read_error("a: " + std::string(100'000, '9')).find("does not fit 64 bits") !=
        std::string::npos);
  CHECK(read_error("a: 1.0e+400") ==
        "s.yaml:1:4: a: the number 1.0e+400 is too large; write .inf if infinity is meant");
  CHECK(std::isinf(json_of("a: .inf").at("a").as_double()));
}

TEST_CASE("yaml_scalar: a text that looks like a number comes with what to write") {
  CHECK(number_hint("1e-3") == "1e-3 is a text in YAML 1.1; write 1.0e-3");
  CHECK(number_hint("1e5") == "1e5 is a text in YAML 1.1; write 1.0e+5");
  CHECK(number_hint("-2.5E7") == "-2.5E7 is a text in YAML 1.1; write -2.5e+7");
  CHECK(number_hint("-.5") == "-.5 is a text in YAML 1.1; write -0.5");
  CHECK(number_hint("0o17") == "0o17 is a text in YAML 1.1; write 15");
  CHECK(number_hint("09") == "09 is a text in YAML 1.1; write 9");
  CHECK(number_hint("Infinity") == "Infinity is a text in YAML 1.1; write .inf");
  for (const auto* text : {"", "e", "abc", "1x", "1e", "-", "0o8", "1.2.3"})
    CHECK_FALSE(number_hint(text));
  for (const auto* text : {"1e-3", "1e5", "-2.5E7", "-.5", "+.5", "09", "00e1", "1E+3"}) {
    const auto hint = number_hint(text);
    REQUIRE(hint);
    const auto better = hint->substr(hint->rfind(' ') + 1);
    const auto value = resolve_plain(better);
    REQUIRE(value);
    REQUIRE(value->is_number());
    CHECK(value->to_number<double>() == std::stod(text));
  }
}

TEST_CASE("yaml_reader: places are 1-based, count characters, and a missing key has its parent's") {
  const auto doc = read_yaml(
      "\xEF\xBB\xBFm: x\nü: {ö: é, k: 1}\np:\n  l.r:\n    min: 1\n  v: [a, b]\n", "s.yaml");
  REQUIRE(doc);
  const auto at = [&](const char* path) {
    const auto p = locate(doc->root, path);
    return std::to_string(p.line) + ":" + std::to_string(p.column);
  };
  CHECK(at("m") == "1:4");
  CHECK(at("ü.k") == "2:14");
  CHECK(at("p.l.r.min") == "5:10");
  CHECK(at("p.l.r.max") == "4:3");
  CHECK(at("p.l.r") == "4:3");
  CHECK(at("p.v[1]") == "6:10");
  CHECK(at("p.v.1") == "6:10");
  CHECK(at("p.v[7]") == "6:3");
  CHECK(at("absent") == "1:1");
  CHECK(at("") == "1:1");
  CHECK(find_path(doc->root, "p.v[0]")->value == bj::value("a"));
  CHECK(find_path(doc->root, "p.v[2]") == nullptr);
}

TEST_CASE("yaml_reader: a key given twice is refused with both places") {
  CHECK(read_error("method: grid\nname: a\nmethod: random\n") ==
        "s.yaml:3:1: method: this key is given twice, first at line 1, column 1; remove one");
  CHECK(read_error("p:\n  lr: {min: 1, max: 2, min: 3}\n") ==
        "s.yaml:2:24: p.lr.min: this key is given twice, first at line 2, column 8; remove one");
  CHECK(read_error("a: &x {p: 1}\nb: {<<: *x, <<: *x}\n") ==
        "s.yaml:2:13: b.<<: this key is given twice, first at line 2, column 5; remove one");
  CHECK(read_error("a: 1\n\"a\": 2\n").find("given twice") != std::string::npos);
}

TEST_CASE("yaml_reader: keys must be texts") {
  CHECK(read_error("p:\n  1: a\n") ==
        "s.yaml:2:3: p: the key 1 is not a text in YAML 1.1 (a number); write \"1\"");
  CHECK(read_error("on: a\n") ==
        "s.yaml:1:1: the key on is not a text in YAML 1.1 (a boolean); write \"on\"");
  CHECK(json_of("\"on\": a\n'1': b\n2024-01-02: c\n").as_object().size() == 3);
  CHECK(read_error("[a]: b\n") == "s.yaml:1:1: a key must be a text, not a list or a mapping");
  CHECK(read_error("? {a: 1}\n: b\n").find("a key must be a text") != std::string::npos);
  CHECK(read_error("a: &x k\n*x : 1\n").find("an alias cannot be a key") != std::string::npos);
  CHECK(read_error("null: 1\n").find("a key is missing") != std::string::npos);
}

TEST_CASE("yaml_reader: tags other than YAML's own types are refused") {
  for (const auto* text :
       {"a: !!python/object/apply:os.system ['id']", "a: !!python/name:os.system", "a: !x 1",
        "a: !!binary aGk=", "a: !!set {x}", "a: !!omap [x: 1]", "a: !!map [1]", "a: !!seq {b: 1}",
        "!!python/tuple [1]", "a: !!str [1]", "!x a: 1", "a: !<tag:evil,1:x> 1"}) {
    CAPTURE(text);
    CHECK(read_error(text).find("is refused; a file may use") != std::string::npos);
  }
  CHECK(read_error("a: ! 12") == "s.yaml:1:4: a: the tag '!' says nothing; remove it");
  CHECK(json_of("!!map {a: !!seq [!!int 3]}") == bj::parse(R"({"a":[3]})"));
  CHECK(read_error("%TAG !! tag:evil,1:\n---\na: !!str x").find("is refused") != std::string::npos);
}

TEST_CASE("yaml_reader: what is not a single text document is refused with its place") {
  CHECK(read_error("") == "s.yaml:1:1: the file is empty (or holds only comments)");
  CHECK(read_error("# nothing\n\n") == "s.yaml:1:1: the file is empty (or holds only comments)");
  CHECK(read_error("---\n") == "s.yaml:1:1: the file is empty (or holds only comments)");
  CHECK(read_error("a: 1\n---\nb: 2\n") ==
        "s.yaml:2:1: a second document begins here; one file holds one document");
  CHECK(read_error(std::string_view("a: 1\nb\0: 2\n", 11)) ==
        "s.yaml:2:2: there is a NUL byte: this is not a text file");
  CHECK(read_error("a: \"x\\0y\"\n") == "s.yaml:1:4: a: a text may not contain NUL (\\0)");
  CHECK(read_error("a: \x1B[31m\n") ==
        "s.yaml:1:4: there is the control character U+001B; in a text in double quotes write an "
        "escape");
  CHECK(read_error("é: \xFF\n") == "s.yaml:1:4: the file is not UTF-8 here; save it as UTF-8");
  CHECK(read_error("a: \xC0\x80\n").find("not UTF-8") != std::string::npos);
  CHECK(read_error("a: \xED\xA0\x80\n").find("not UTF-8") != std::string::npos);
  CHECK(read_error("a: \xE2\x82").find("not UTF-8") != std::string::npos);
  CHECK(read_error("\xFF\xFE"
                   "a") == "s.yaml:1:1: the file is UTF-16; save it as UTF-8");
  CHECK(read_error("a: 1\rb: 2\r").find("s.yaml:1:5: there is a lone carriage return") == 0);
  CHECK(read_error("a: 1\n\xEF\xBB\xBF"
                   "b: 2\n")
            .find("s.yaml:2:1: there is a byte order mark") == 0);
  CHECK(json_of("\xEF\xBB\xBF"
                "a: 1\r\nb: |\r\n  x\r\n  y\r\n") == bj::parse(R"({"a":1,"b":"x\ny\n"})"));
  CHECK(read_error(std::string(256 * 1024 + 1, ' ')) ==
        "s.yaml:1:1: the file has 262145 bytes; the limit is 262144");
}

TEST_CASE("yaml_reader: a tab in the indentation is named, elsewhere it is only white space") {
  CHECK(read_error("a:\n\tb: 1\n") ==
        "s.yaml:2:1: a: the line is indented with a tab; YAML allows only spaces");
  CHECK(read_error("a:\n  b: 1\n \tc: 2\n").find("s.yaml:3:2: ") == 0);
  CHECK(json_of("a:\t1\t# x\nb: |\n  \tkept\n") == bj::parse(R"({"a":1,"b":"\tkept\n"})"));
}

TEST_CASE("yaml_reader: mistakes of writing get words that help") {
  CHECK(read_error("a: b: c\n") ==
        "s.yaml:1:5: a ':' is not expected here; put the text in quotes, "
        "or check the indentation");
  CHECK(read_error("a: 1\nb: \"abc\nc: 2\n") == "s.yaml:2:4: b: this quote is never closed");
  CHECK(read_error("b: &x 'it''s\nc: 2\n") == "s.yaml:1:4: b: this quote is never closed");
  CHECK(read_error("a: {b: 1\nc: 2\n") == "s.yaml:1:4: a: this '{' is never closed; add '}'");
  CHECK(read_error("a: [1, 2\n") == "s.yaml:1:4: a[1]: this '[' is never closed; add ']'");
  CHECK(read_error("[1, 2") == "s.yaml:1:1: this '[' is never closed; add ']'");
  CHECK(read_error("a: [1, , 2]") == "s.yaml:1:8: a[1]: a value is missing before this comma");
  CHECK(read_error("a: 1\nmethod grid\n") ==
        "s.yaml:2:1: method grid: a ':' is missing after this key");
  CHECK(read_error("a: @x\n") ==
        "s.yaml:1:4: a: a value cannot begin with this character; put the text in quotes");
  CHECK(read_error("a: *x\n") == "s.yaml:1:4: a: this alias has no anchor before it");
  CHECK(read_error("b: {<<: [3]}\n") ==
        "s.yaml:1:10: b.<<: '<<' takes a mapping or a list of mappings");
}
