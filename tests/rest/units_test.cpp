#include "controller/rest/mask.hpp"
#include "controller/rest/query.hpp"
#include "controller/rest/run_filter.hpp"
#include "tests/rest/server_fixture.hpp"

using namespace sweepd::test;
namespace rest = sweepd::rest;

TEST_CASE("mask: texts under names of secrets are hidden, hyperparameters are not") {
  const auto in = bj::parse(R"({"lr": 0.1, "max_tokens": 512, "key_dim": 64, "tokenizer": "bpe",
    "api_key": {"value": "sk-1"}, "HF_TOKEN": "t", "db": {"Password": 1234, "user": "u"},
    "list": [{"secret": ["a", 5]}, "--api-key=x", "--lr=1"], "none_key": null})");
  const auto out = rest::masked(in);
  CHECK(out == bj::parse(R"({"lr": 0.1, "max_tokens": 512, "key_dim": 64, "tokenizer": "bpe",
    "api_key": {"value": "***"}, "HF_TOKEN": "***", "db": {"Password": "***", "user": "u"},
    "list": [{"secret": ["***", "***"]}, "--api-key=***", "--lr=1"], "none_key": null})"));
}

TEST_CASE("mask: command words and YAML lines") {
  CHECK(rest::masked_word("--api-key=abc") == "--api-key=***");
  CHECK(rest::masked_word("WANDB_API_KEY=abc") == "WANDB_API_KEY=***");
  CHECK(rest::masked_word("--lr=0.1") == "--lr=0.1");
  const std::string yaml =
      "method: grid\n"
      "parameters:\n"
      "  api_key:\n"
      "    value: sk-canary\n"
      "  tokens: [canary, x]  # note\n"
      "  db: {password: canary, user: u}\n"
      "  secrets:\n"
      "  - canary\n"
      "  lr: {value: 0.1}\n"
      "command: [python, --token=canary]\n";
  const auto out = rest::masked_yaml(yaml);
  CHECK(out.find("canary") == std::string::npos);
  CHECK(out.find("lr: {value: 0.1}") != std::string::npos);
  CHECK(out.find("method: grid") != std::string::npos);
  CHECK(rest::masked_yaml("a: 1") == "a: 1");
}

TEST_CASE("query: a cursor is read back as it was given") {
  const rest::sort_key key{sweepd::instant{std::chrono::milliseconds{1'790'000'000'123}}, "ab.cd12"};
  const auto back = rest::parse_cursor(rest::cursor_of(key));
  REQUIRE(back);
  CHECK(*back == key);
}

TEST_CASE("query: a page of keys is the page of rows, from cursor to cursor") {
  struct row {
    rest::sort_key key;
  };
  std::vector<row> all;
  for (int i = 0; i < 23; ++i)
    all.push_back({{sweepd::instant{std::chrono::milliseconds{i * 7 % 5}}, "r" + std::to_string(i * 11 % 23)}});
  std::vector<const row*> pointers;
  for (const auto& r : all) pointers.push_back(&r);
  rest::page want;
  want.limit = 4;
  std::size_t seen = 0;
  for (bool more = true; more;) {
    const rest::paged rows(pointers, want, [](const row& r) { return r.key; });
    rest::key_page keys(want);
    for (const auto& r : all) keys.show(r.key);
    const auto found = keys.rows();
    REQUIRE(found.size() == rows.rows.size());
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == rows.rows[i]->key);
    CHECK(keys.next() == rows.next);
    CHECK(keys.total() == 23);
    seen += found.size();
    more = rows.next.has_value();
    if (more) want.after = rest::parse_cursor(*rows.next).value();
  }
  CHECK(seen == 23);
}

TEST_CASE("run_walk: shows in steps what is there, each run once, and what the caller may see") {
  using namespace sweepd;
  core::state s;
  for (const std::string name : {"a", "b", "c"}) {
    auto& sw = s.sweeps[sweep_id{name}];
    sw.id = sweep_id{name};
    sw.project = name == "c" ? "other/p" : "local/p";
    sw.trials = 7;
    for (std::uint64_t n = 1; n <= sw.trials; ++n) {
      auto& t = sw.by_number[n];
      for (int attempt = 1; attempt <= (n == 3 ? 2 : 1); ++attempt) {
        const run_id id{name + std::to_string(n) + std::to_string(attempt)};
        t.runs.push_back(id);
        auto& r = s.runs[id];
        r.id = id;
        r.sweep = sw.id;
        r.trial = n;
        if (n == 5) r.deleted = mono{};
      }
    }
  }
  http::principal who;
  who.project = "local/p";
  for (const std::size_t step : {1, 3, 100}) {
    rest::run_walk walk({}, who, step);
    std::multiset<std::string> found;
    rest::run_walk::visitor show = [&](const core::state&, const core::run& r, moment) { found.insert(r.id.value); };
    int steps = 1;
    while (walk.step(s, {}, show).value()) ++steps;
    CHECK(steps >= static_cast<int>(14 / step));
    CHECK(found.size() == 14);  // of two sweeps: seven trials, one of them twice, one deleted
    CHECK(std::set(found.begin(), found.end()).size() == 14);
    CHECK(found.count("a32") == 1);
    CHECK(found.count("c11") == 0);
  }
  rest::run_filter foreign;
  foreign.sweep = "c";
  rest::run_walk walk(foreign, who);
  CHECK(walk.step(s, {}, [](const core::state&, const core::run&, moment) {}).error().code == errc::not_found);
}

TEST_CASE("rest: a secret in a configuration is shown by no view, and given to the agent") {
  rest_server server;
  const std::string yaml =
      "program: train.py\nmethod: grid\ncommand: [python, train.py, --token=CANARY-1]\n"
      "parameters:\n  api_key: {value: CANARY-2}\n  lr: {values: [0.1, 0.2]}\n";
  const auto admin = server.make_key("admin", "*");
  sent as_admin, viewer;
  as_admin.key = admin;
  viewer.key = server.make_key("viewer", "*", admin);
  const auto sweep = server.create_sweep(yaml, as_admin);
  const auto agent = server.join(sweep, as_admin);
  const auto run = server.claim(sweep, agent, as_admin);
  CHECK(run.at("config").at("api_key").at("value").get_string() == "CANARY-2");
  const std::string id(run.at("id").get_string());
  server.post("/api/v1/runs/" + id + "/report", {{"epoch", 1}, {"summary", {{"password", "CANARY-3"}}}}, as_admin);
  const std::vector<std::string> views{"sweeps", "sweeps/" + sweep, "sweeps/" + sweep + "/yaml",
                                       "sweeps/" + sweep + "/trials", "sweeps/" + sweep + "/explain",
                                       "runs", "runs/" + id, "runs/" + id + "/events",
                                       "events?limit=1000"};
  for (const auto& path : views) {
    const auto r = server.get("/api/v1/" + path, viewer);
    CHECK(r.status == 200);
    CHECK_MESSAGE(r.text.find("CANARY") == std::string::npos, path << ": " << r.text);
  }
  CHECK(server.get("/metrics", viewer).text.find("CANARY") == std::string::npos);
  CHECK(server.get("/api/v1/sweeps/" + sweep + "/yaml", as_admin).str("yaml") == yaml);
}
