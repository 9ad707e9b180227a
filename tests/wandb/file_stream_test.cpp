// A run's stream, as its client posts it: what is stored of it, and what a resend changes.
#include "tests/wandb/bench.hpp"

namespace sweepd::test {
namespace {

struct streaming : bench {
  streaming() {
    data("mutation { upsertBucket(input: {name: \"r\", modelName: \"p\", entityName: \"local\", host: \"h\"}) { inserted } }");
  }
  int post(std::string body) {
    request.body = std::move(body);
    http::request_context ctx{request, who, {{"entity", "local"}, {"project", "p"}, {"run", "r"}}};
    return wait_for(wandb::file_stream_routes().front().run(ctx, services)).status;
  }
  std::string log() { return store.log(run_id{"r"}, 0, 10'000).value(); }
  std::vector<std::string> history() { return store.history(run_id{"r"}, 0, 100).value(); }
  bj::value run(const std::string& fields) {
    return data("{ project(name: \"p\", entityName: \"local\") { run(name: \"r\") { " + fields + " } } }").at("project").at("run");
  }
};

}  // namespace

TEST_CASE_FIXTURE(streaming, "file_stream: a resend changes nothing, a gap is closed, bare NaN is kept as text") {
  const std::string two = R"({"files":{"wandb-history.jsonl":{"offset":0,"content":["{\"x\":NaN,\"_step\":0}","{\"x\":2,\"_step\":1}"]}}})";
  CHECK(post(two) == 200);
  CHECK(post(two) == 200);
  CHECK(history() == std::vector<std::string>{R"({"x":"NaN","_step":0})", R"({"x":2,"_step":1})"});
  CHECK(post(R"({"files":{"wandb-history.jsonl":{"offset":3,"content":["{\"x\":4,\"_step\":3}"]}}})") == 200);
  CHECK(history() == std::vector<std::string>{R"({"x":"NaN","_step":0})", R"({"x":2,"_step":1})", "{}", R"({"x":4,"_step":3})"});
  CHECK(run("historyLineCount").at("historyLineCount") == 4);
}

TEST_CASE_FIXTURE(streaming, "file_stream: a progress bar is drawn again on the last line of the log, whose end comes with the next one") {
  const auto lines = [&](int offset, const std::string& content) {
    return post(R"({"files":{"output.log":{"offset":)" + std::to_string(offset) + R"(,"content":[)" + content + "]}}}");
  };
  const std::string stamp = "2026-11-22T11:10:31.880754 ";
  CHECK(lines(0, "\"" + stamp + "first\",\"" + stamp + "10 %\"") == 200);
  CHECK(log() == "first\n10 %");
  CHECK(run("logLineCount").at("logLineCount") == 2);
  CHECK(lines(1, "\"" + stamp + "10 %\"") == 200);  // the same again
  CHECK(log() == "first\n10 %");
  CHECK(lines(1, "\"" + stamp + "90 %\",\"ERROR " + stamp + "last\"") == 200);
  CHECK(log() == "first\n10 %\r90 %\nlast");
  CHECK(post(R"({"complete":true,"exitcode":3})") == 200);
  CHECK(post(R"({"complete":true,"exitcode":3})") == 200);
  CHECK(log() == "first\n10 %\r90 %\nlast\n");
  CHECK(text(run("state exitcode logLines { edges { node { line } } }")) ==
        R"({"state":"failed","exitcode":3,"logLines":{"edges":[{"node":{"line":"first"}},{"node":{"line":"90 %"}},{"node":{"line":"last"}}]}})");
}

TEST_CASE_FIXTURE(streaming, "file_stream: a negative exit code is the signal that the program died by") {
  CHECK(post(R"({"complete":true,"exitcode":-9})") == 200);
  const auto look = [](const core::state& s, moment) { return *core::find(s, run_id{"r"}); };
  const auto r = wait_for(http::view(services, look)).value();
  CHECK(r.signal == 9);
  CHECK_FALSE(r.exit_code.has_value());
  CHECK(r.cause == core::cause::signal);
}

TEST_CASE_FIXTURE(streaming, "file_stream: half a surrogate pair is no reason to lose a run; what is no JSON is refused") {
  CHECK(post(R"({"files":{"output.log":{"offset":0,"content":["a \udcff b"]}}})") == 200);
  CHECK(log() == "a \xEF\xBF\xBD b");
  CHECK(post("{") == 400);
}

}  // namespace sweepd::test
