// The loop: whatever a line holds, it gets one answer, and the next line is read.
#include "controller/suggest/suggest.hpp"
#include "tests/suggest/talk.hpp"

using namespace sweepd::suggest;
using test::talk;
using test::value;

TEST_CASE("loop: a line that is no request is refused, with what is wrong and where") {
  talk t;
  for (const auto* line : {"", "{", "[]", "17", "not json", R"({"op": "cdf"} x)", R"({"op" "cdf"})",
                           R"({"op": "cdf",})", R"({"op": [})", "{\"op\": \"a\nb\"}", R"({"op": 1e999})"}) {
    const auto answer = t(line);
    INFO(line);
    CHECK(!answer.at("error").as_string().empty());
    CHECK(answer.at("kind") == "ValueError");
  }
  CHECK(t(R"({"op": "cdf", "param": {"min": 0.0, "max": 4.0}, "x": [1]})") ==
        value(R"({"y": [0.25]})"));
}

TEST_CASE("loop: an unknown operation is told, with the nearest one") {
  talk t;
  const auto answer = t(R"({"op": "next_run"})");
  CHECK(answer.at("where") == "op");
  const std::string text(answer.at("error").as_string());
  CHECK(text.find("next_runs") != std::string::npos);
  CHECK(t("{}").at("where") == "op");
  CHECK(t(R"({"op": 3})").at("where") == "op");
}

TEST_CASE("loop: the order of the members does not matter") {
  talk t;
  const auto* line =
      R"({"runs": [{"state": "failed", "config": {"a": {"value": 1}}}], "n": 1, "seed": 0,
          "config": {"method": "grid", "parameters": {"a": {"values": [1, 2]}}}, "op": "next_runs"})";
  CHECK(value(t.text(line)) == value(R"({"runs": [{"config": {"a": {"value": 2}}, "search_info": null}]})"));
}

TEST_CASE("loop: numbers keep their type, and NaN and the infinities travel as texts") {
  talk t;
  CHECK(t.text(R"({"op": "ppf", "param": {"distribution": "q_uniform", "min": 0, "max": 8}, "x": [0.25]})") ==
        R"({"y":[2.0]})");
  CHECK(t.text(R"({"op": "ppf", "param": {"min": 0, "max": 8}, "x": [0.25]})") == R"({"y":[2]})");
  CHECK(t.text(R"({"op": "ppf", "param": {"distribution": "normal"}, "x": [0, 0.5, 1]})") ==
        R"({"y":["-Infinity",0.0,"Infinity"]})");
  CHECK(t.text(R"({"op": "cdf", "param": {"distribution": "normal"}, "x": ["NaN", "-Infinity", "Infinity"]})") ==
        R"({"y":["NaN",0.0,1.0]})");
  // Doubles that a parser with rounding errors misses.
  for (const auto* x : {"0.1234567890123456", "5e-324", "1.7976931348623157e+308", "0.30000000000000004"})
    CHECK(t.text(R"({"op": "ppf", "param": {"value": )" + std::string(x) + R"(}, "x": [0.5]})") ==
          R"({"y":[)" + std::string(x) + "]}");
}

TEST_CASE("loop: equal requests get equal answers, whatever came between") {
  const std::string config = R"({"method": "random", "parameters": {"a": {"min": 0.0, "max": 1.0}}})";
  talk t;
  const auto first = t.next(config, "[]", 3, R"(, "seed": 11)");
  t.next(config, R"([{"state": "finished", "config": {}}])");
  t.next(config, "[3]");
  CHECK(t.next(config, "[]", 3, R"(, "seed": 11)") == first);
  talk other;
  CHECK(other.next(config, "[]", 3, R"(, "seed": 11)") == first);
}

TEST_CASE("help: names every operation") {
  const std::string text(help_text());
  for (const auto* op : {"next_runs", "stop_runs", "validate", "fill_parameter", "ppf", "cdf"})
    CHECK(text.find("\"op\": \"" + std::string(op) + "\"") != std::string::npos);
  CHECK(text.starts_with("usage: sweepd suggest"));
}
