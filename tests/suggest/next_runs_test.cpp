// next_runs: what W&B's library hands out, through the lines of `sweepd suggest`.
#include "tests/suggest/talk.hpp"

#include <set>
#include <sstream>

using namespace sweepd;
using namespace sweepd::suggest;
using suggest::test::talk;

namespace {

std::string grid(std::string_view parameters) {
  return R"({"method": "grid", "parameters": )" + std::string(parameters) + "}";
}

std::string run(std::string_view config, std::string_view state = "finished") {
  return R"({"name": "r", "state": ")" + std::string(state) + R"(", "config": )" + std::string(config) + "}";
}

std::string list(const std::vector<std::string>& runs) {
  std::string out;
  for (const auto& one : runs) out += (out.empty() ? "" : ", ") + one;
  return "[" + out + "]";
}

}  // namespace

TEST_CASE("next_runs: what cannot be answered is refused in the library's order") {
  talk t;
  const auto refused = [&](std::string_view rest) {
    const auto answer = t(R"({"op": "next_runs", "runs": [], "config": )" + std::string(rest) + "}");
    return std::string(answer.at("kind").as_string()) + " " +
           std::string(answer.contains("where") ? answer.at("where").as_string() : "");
  };
  CHECK(refused("{}") == "ValueError method");
  CHECK(refused(R"({"method": "grid"})") == "ValueError parameters");
  CHECK(refused(R"({"method": "grid", "parameters": {}})") == "ValueError parameters");
  CHECK(refused(R"({"method": "grid", "parameters": [1]})") == "ValueError parameters");
  CHECK(refused(R"({"method": "custom", "parameters": {"a": {"value": 1}}})") == "ValueError method");
  CHECK(refused(R"({"method": 3, "parameters": {"a": {"value": 1}}})") == "ValueError method");
  CHECK(refused(R"("text")") == "ValueError config");
  CHECK(refused(R"({"method": "grid", "parameters": {"a": {"distribution": "normal"}}})") ==
        "ValueError parameters.a");
  CHECK(refused(R"({"method": "random", "parameters": {"a": {"min": 2, "max": 1}}})") ==
        "ValueError parameters.a.min");
  CHECK(refused(R"({"method": "random", "parameters": {"a": {"nonsense": 1}}})").starts_with("ValidationError parameters.a"));
  CHECK(refused(R"({"method": "random", "parameters": {"a": 1}})").starts_with("ValidationError parameters.a"));
  CHECK(refused(R"({"method": "bayes", "parameters": {"a": {"min": 0, "max": 1}}})") == "ValueError metric");
}

TEST_CASE("next_runs: the request's own members are checked") {
  talk t;
  const auto refused = [&](std::string_view more) {
    const auto answer = t(R"({"op": "next_runs", "config": {"method": "random", "parameters": {"a": {"values": [1]}}})" +
                          std::string(more) + "}");
    return std::string(answer.at("kind").as_string()) + " " + std::string(answer.at("where").as_string());
  };
  CHECK(refused("") == "ValueError runs");
  CHECK(refused(R"(, "runs": {})") == "ValueError runs");
  CHECK(refused(R"(, "runs": [], "n": -1)") == "ValueError n");
  CHECK(refused(R"(, "runs": [], "n": "2")") == "TypeError n");
  CHECK(refused(R"(, "runs": [], "n": 2, "seeds": [1])") == "ValueError seeds");
  CHECK(refused(R"(, "runs": [], "n": 1, "seeds": [1.5])") == "TypeError seeds.0");
  CHECK(refused(R"(, "runs": [], "seed": "x")") == "TypeError seed");
  CHECK(refused(R"(, "runs": [], "options": {"order": 1})") == "TypeError options.order");
  CHECK(refused(R"(, "runs": [3])") == "ValueError runs.0");
  CHECK(refused(R"(, "runs": [{"config": {}}])") == "ValueError runs.0.state");
  CHECK(refused(R"(, "runs": [{"config": {}, "state": "gone"}])") == "ValueError runs.0.state");
  CHECK(refused(R"(, "runs": [{"state": "failed"}])") == "ValueError runs.0.config");
  CHECK(refused(R"(, "runs": [{"state": "failed", "config": []}])") == "ValueError runs.0.config");
  CHECK(refused(R"(, "runs": [{"state": "failed", "config": {}},])") == "ValueError runs.1");
}

TEST_CASE("next_runs: unknown goals and extra keys are let through") {
  talk t;
  CHECK(t.next(R"({"method": "grid", "extra": 1, "metric": {"name": "l", "goal": "down"},
                   "parameters": {"a": {"values": [5]}}})", "[]") == "a=5");
}

TEST_CASE("next_runs: a grid in W&B's order, null behind the last cell") {
  talk t;
  const auto config = grid(R"({"b": {"values": [4, 5]}, "a": {"values": ["x", "y"]}, "c": {"value": 0}})");
  CHECK(t.next(config, "[]", 4) == R"(a="x",b=4,c=0 a="x",b=5,c=0 a="y",b=4,c=0 a="y",b=5,c=0)");
  CHECK(t.next(config, "[]", 6) == R"(a="x",b=4,c=0 a="x",b=5,c=0 a="y",b=4,c=0 a="y",b=5,c=0 null)");
  CHECK(t.next(config, "[]", 0).empty());
}

TEST_CASE("next_runs: a cell is covered by a run in any state") {
  const auto config = grid(R"({"a": {"values": [1, 2]}})");
  for (const auto* state : {"pending", "running", "finished", "killed", "crashed", "failed", "preempted",
                            "preempting"}) {
    talk t;
    CHECK(t.next(config, list({run(R"({"a": {"value": 1}})", state)}), 2) == "a=2 null");
  }
}

TEST_CASE("next_runs: when two values are the same cell") {
  talk t;
  const auto left = [&](std::string_view values, std::string_view value) {
    return t.next(grid(R"({"a": {"values": )" + std::string(values) + "}}"),
                  list({run(R"({"a": {"value": )" + std::string(value) + "}}")}), 9);
  };
  CHECK(left("[3000000, 7]", "3000000.0") == "a=7 null");
  CHECK(left("[true, 1]", "true") == "a=1 null");
  CHECK(left("[\"1\", 1]", "1") == "a=\"1\" null");
  CHECK(left("[\"NaN\", 1]", "\"NaN\"") == "a=1 null");
  CHECK(left("[[3], 1]", "[3.0]") == "a=[3] a=1 null");
  CHECK(left(R"([{"x": 1, "y": 2}, 1])", R"({"y": 2, "x": 1})") == "a=1 null");
  // Keys that programs write into their configuration do not count; keys that some value has do.
  CHECK(left(R"([{"x": 1}, {"x": 2}])", R"({"x": 1, "made_up": 3})") == R"(a={"x":2} null)");
  CHECK(left(R"([{"x": 1}, {"x": 1, "y": 2}])", R"({"x": 1, "y": 2, "z": 0})") == R"(a={"x":1} null)");
  CHECK(left(R"([{"x": {"y": 1}}])", R"({"x": {"y": 1, "z": 2}})") == R"(a={"x":{"y":1}} null)");
}

TEST_CASE("next_runs: a run that lacks a parameter covers nothing; constants do not count") {
  talk t;
  const auto config = grid(R"({"a": {"values": [1, 2]}, "b": {"values": [3]}, "c": {"value": 9}})");
  CHECK(t.next(config, list({run(R"({"a": {"value": 1}, "c": {"value": 9}})")}), 1) == "a=1,b=3,c=9");
  CHECK(t.next(config, list({run(R"({"a": 1, "b": {"value": 3}})")}), 1) == "a=1,b=3,c=9");
  CHECK(t.next(config, list({run(R"({"a": {"value": 1}, "b": {"value": 3}})")}), 1) == "a=2,b=3,c=9");
  CHECK(t.next(config, list({run(R"({"a": {"value": 1}, "b": {"value": 3}, "c": {"value": 8}})")}), 1) ==
        "a=2,b=3,c=9");
}

TEST_CASE("next_runs: a grid of constants is one run") {
  talk t;
  const auto config = grid(R"({"a": {"value": 1}})");
  CHECK(t.next(config, "[]", 3) == "a=1 null");
  CHECK(t.next(config, list({run("{}", "crashed")}), 3) == "null");
}

TEST_CASE("next_runs: nested parameters, integers and steps are found in runs") {
  talk t;
  const auto nested = grid(R"({"g": {"parameters": {"x": {"values": [1, 2]}, "k": {"parameters": {"y": {"min": 0, "max": 1}}}}}})");
  CHECK(t.next(nested, list({run(R"({"g": {"value": {"x": 1, "k": {"y": 0}}}})"),
                             run(R"({"g": {"value": {"x": 2, "k": {"y": 0.0}}}})")}), 9) ==
        R"(g={"k":{"y":1},"x":1} g={"k":{"y":1},"x":2} null)");
  const auto steps = grid(R"({"q": {"distribution": "q_uniform", "min": 0.1, "max": 0.5, "q": 0.1}})");
  CHECK(t.next(steps, list({run(R"({"q": {"value": 0.30000000000000004}})"), run(R"({"q": {"value": 0.1}})"),
                            run(R"({"q": {"value": 0.31}})")}), 9) == "q=0.2 q=0.4 null");
  const auto whole = grid(R"({"q": {"distribution": "q_uniform", "min": -4, "max": 5, "q": 3}})");
  CHECK(t.next(whole, list({run(R"({"q": {"value": -1.0}})"), run(R"({"q": {"value": 0}})")}), 9) == "q=-4 q=2 null");
}

TEST_CASE("next_runs: a shuffled grid gives each cell once, in an order of the seed") {
  talk t;
  const auto config = grid(R"({"a": {"min": 1, "max": 40}})");
  const auto* shuffled = R"(, "seed": 5, "options": {"randomize_order": true})";
  const auto drawn = t.next(config, "[]", 41, shuffled);
  std::set<std::string> cells;
  std::istringstream words(drawn);
  for (std::string word; words >> word;) cells.insert(word);
  CHECK(cells.size() == 41);
  CHECK(drawn.ends_with(" null"));
  CHECK(drawn != t.next(config, "[]", 41));
  CHECK(drawn == t.next(config, "[]", 41, shuffled));
  CHECK(t.next(config, "[]", 1).starts_with("a=1"));
}

TEST_CASE("next_runs: n at once are n requests of one, with seeds counted up or given") {
  for (const auto* method : {"grid", "random"}) {
    const auto config = R"({"method": ")" + std::string(method) +
                        R"(", "parameters": {"a": {"min": 0, "max": 99}, "b": {"values": ["x", "y"]}}})";
    for (const auto* options : {"", R"(, "options": {"randomize_order": true})"}) {
      talk t;
      std::vector<std::string> runs;
      std::string one_by_one;
      for (int k = 0; k < 8; ++k) {
        const auto got = t(R"({"op": "next_runs", "config": )" + config + R"(, "runs": )" + list(runs) +
                           R"(, "seed": )" + std::to_string(70 + k) + options + "}");
        const auto& next = got.at("runs").as_array().at(0).as_object().at("config");
        one_by_one += (k == 0 ? "" : " ") + json::to_text(next);
        runs.push_back(run(json::to_text(next), "pending"));
      }
      const auto seeds = R"(, "seeds": [70, 71, 72, 73, 74, 75, 76, 77])";
      for (const std::string& more : {std::string(R"(, "seed": 70)"), std::string(seeds)}) {
        const auto got = t(R"({"op": "next_runs", "n": 8, "config": )" + config + R"(, "runs": [])" + more + options + "}");
        std::string at_once;
        for (const auto& next : got.at("runs").as_array())
          at_once += (at_once.empty() ? "" : " ") + json::to_text(next.as_object().at("config"));
        CHECK(at_once == one_by_one);
      }
    }
  }
}

TEST_CASE("next_runs: random ignores the runs and never ends") {
  talk t;
  const auto config = R"({"method": "random", "parameters": {"a": {"min": 0.0, "max": 1.0}}})";
  const auto first = t.next(config, "[]", 1, R"(, "seed": 3)");
  CHECK(t.next(config, list({run("{}"), run(R"({"a": {"value": 0.5}})")}), 1, R"(, "seed": 3)") == first);
  CHECK(t.next(config, "[]", 1, R"(, "seed": 4)") != first);
  CHECK(t.next(R"({"method": "random", "parameters": {"a": {"value": 1}}})", "[]", 3) == "a=1 a=1 a=1");
}
