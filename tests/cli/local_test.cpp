// validate and preview: files, without a server.
#include "tests/cli/scripted_server.hpp"

#include <doctest/doctest.h>
#include <boost/json.hpp>

#include <algorithm>
#include <sstream>

using sweepd::cli::test::session;
namespace json = boost::json;

namespace {

constexpr const char* grid = R"(program: train.py
method: grid
metric: {name: loss, goal: minimize}
parameters:
  lr: {values: [0.1, 0.01]}
  depth: {values: [2, 3, 4]}
)";

}  // namespace

TEST_CASE("validate: a good file says so and exits 0") {
  session s;
  s.input = grid;
  CHECK(s.run({"validate", "-"}) == 0);
  CHECK(s.out == "(stdin): ok (grid, 6 configurations)\n");
}

TEST_CASE("validate: every problem has file, line and column, and the exit code is 65") {
  session s;
  s.input =
      "program: train.py\nmethod: gird\nmetric: {name: loss, goal: minimize}\nparameters:\n"
      "  lr: {distribution: log_unif, min: 1, max: 2}\n";
  CHECK(s.run({"validate", "-"}) == 65);
  CHECK(s.out.find("(stdin):2:") != std::string::npos);
  CHECK(s.out.find("(stdin):5:") != std::string::npos);
  CHECK(s.run({"validate", "-", "-o", "json"}) == 65);
  const auto answer = json::parse(s.out).as_object();
  CHECK(answer.at("ok") == json::value(false));
  CHECK(answer.at("problems").as_array().size() >= 2);
}

TEST_CASE("validate: a file that is not there is bad input") {
  session s;
  CHECK(s.run({"validate", "/nonexistent/sweep.yaml"}) == 65);
  CHECK(s.err.find("cannot validate /nonexistent/sweep.yaml") != std::string::npos);
  CHECK(s.err.find("cannot be opened") != std::string::npos);
}

TEST_CASE("validate --policy: reads a crash policy") {
  session s;
  s.input = "crash_policy:\n  fail_after: 5m\n";
  CHECK(s.run({"validate", "--policy", "-"}) == 0);
  CHECK(s.out.find("ok (crash policy ") != std::string::npos);
  s.input = "crash_policy:\n  fail_after: 300\n";
  CHECK(s.run({"validate", "--policy", "-"}) == 65);
  CHECK(s.out.starts_with("(stdin):2:"));
}

TEST_CASE("preview: the first configurations as a table, and all of them when there are fewer") {
  session s;
  s.input = grid;
  CHECK(s.run({"preview", "-", "-n", "2"}) == 0);
  CHECK(std::count(s.out.begin(), s.out.end(), '\n') == 3);
  CHECK(s.out.find("lr") != std::string::npos);
  CHECK(s.out.find("depth") != std::string::npos);
  CHECK(s.run({"preview", "-", "-n", "100", "-o", "jsonl"}) == 0);
  std::istringstream lines(s.out);
  std::size_t rows = 0;
  for (std::string line; std::getline(lines, line); ++rows)
    CHECK(json::parse(line).at("config").at("lr").as_object().contains("value"));
  CHECK(rows == 6);
  CHECK(s.err.find("these are all") != std::string::npos);
}

TEST_CASE("preview: the same seed gives the same random configurations") {
  session s;
  s.input =
      "program: t.py\nmethod: random\nmetric: {name: loss, goal: minimize}\n"
      "parameters:\n  lr: {min: 0.0, max: 1.0}\n";
  CHECK(s.run({"preview", "-", "-n", "3", "--seed", "7", "-o", "jsonl"}) == 0);
  const auto first = s.out;
  CHECK(s.run({"preview", "-", "-n", "3", "--seed", "7", "-o", "jsonl"}) == 0);
  CHECK(s.out == first);
  CHECK(s.run({"preview", "-", "-n", "3", "--seed", "8", "-o", "jsonl"}) == 0);
  CHECK(s.out != first);
}

TEST_CASE("preview: an invalid file lists its problems") {
  session s;
  s.input = "method: grid\n";
  CHECK(s.run({"preview", "-"}) == 65);
  CHECK(s.err.find("(stdin):") != std::string::npos);
  CHECK(s.err.find("error: cannot preview - — ") != std::string::npos);
}
