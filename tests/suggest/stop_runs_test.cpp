// stop_runs through the lines; the rule itself is tested in tests/strategies/early_stop_test.cpp.
#include "tests/suggest/talk.hpp"

using namespace sweepd::suggest;
using test::talk;
using test::value;

namespace {

std::string line(std::string_view rule, std::string_view runs) {
  return R"({"op": "stop_runs", "config": {"method": "random", "metric": {"name": "loss"},
    "early_terminate": )" + std::string(rule) + R"(}, "runs": )" + std::string(runs) + "}";
}

constexpr const char* three = R"([
  {"name": "a", "state": "running", "config": {}, "history": [{"loss": 1}, {"loss": 1}]},
  {"name": "b", "state": "running", "config": {}, "history": [{"loss": 2}, {"loss": 9}, {"loss": "NaN"}]},
  {"state": "running", "config": {}, "sampledHistory": [{"loss": 8}, {"other": 0}, {"loss": 8.5}]},
  {"name": "d", "state": "finished", "config": {}, "history": [{"loss": 3}, {"loss": 2}]}])";

}  // namespace

TEST_CASE("stop_runs: names the runs that are worse than the threshold; one without a name is null") {
  talk t;
  const auto* rule = R"({"type": "hyperband", "max_iter": 4, "s": 1, "eta": 3})";
  const auto answer = t(line(R"({"type": "hyperband", "max_iter": 4, "s": 2, "eta": 2})", three));
  CHECK(answer.at("stop") == value(R"(["b"])"));
  CHECK(answer.at("info").at("bands") == value("[1, 2]"));
  CHECK(answer.at("info").at("thresholds") == value("[3.0, 8.5]"));
  CHECK(answer.at("info").at("lines").as_array().size() == 4);
  CHECK(t(line(rule, three)).at("stop") == value(R"([null])"));
}

TEST_CASE("stop_runs: rungs are integers of any length, as Python has them") {
  talk t;
  const auto text = t.text(line(R"({"type": "hyperband", "min_iter": 3})", "[]"));
  CHECK(text.find(R"({"stop":[],"info":{"bands":[3,9,27,81,)") == 0);
  CHECK(text.find(",50031545098999707,") != std::string::npos);  // 3^35: no double holds it
  CHECK(text.find(",515377520732011331036461129765621272702107522001],") != std::string::npos);  // 3^100
  // With a float eta Python multiplies floats.
  CHECK(t.text(line(R"({"type": "hyperband", "min_iter": 3, "eta": 3.0})", "[]")).find(",50031545098999704,") !=
        std::string::npos);
}

TEST_CASE("stop_runs: refuses as the library does, and answers grown histories as if anew") {
  talk t;
  const auto kind = [&](std::string_view rule) {
    return std::string(t(line(rule, "[]")).at("kind").as_string());
  };
  CHECK(kind(R"({"type": "envelope"})") == "ValueError");
  CHECK(kind(R"({"type": "hyperband"})") == "ValidationError");
  CHECK(kind(R"({"type": "hyperband", "max_iter": 9, "min_iter": 1})") == "KeyError");
  CHECK(kind(R"({"type": "hyperband", "max_iter": 9, "s": 1.5})") == "TypeError");
  CHECK(t(R"({"op": "stop_runs", "config": {"method": "random"}, "runs": []})").at("kind") == "ValueError");
  CHECK(t(R"({"op": "stop_runs", "config": {}})").at("where") == "runs");

  const auto* rule = R"({"type": "hyperband", "min_iter": 1, "eta": 2})";
  std::string history;
  for (int k = 0; k < 40; ++k) {
    history += (k == 0 ? "" : ", ") + std::string(R"({"loss": )") + std::to_string((k * 7) % 11) + "}";
    std::string runs = R"([{"name": "x", "state": "running", "config": {}, "history": [)" + history +
                       R"(]}, {"name": "y", "state": "running", "config": {}, "history": [{"loss": 3}, {"loss": 2}]},
                       {"name": "z", "state": "killed", "config": {}, "history": [)" +
                       history.substr(0, std::string_view(R"({"loss": 3})").size()) + "]}]";
    talk anew;
    CHECK(t.text(line(rule, runs)) == anew.text(line(rule, runs)));
  }
}
