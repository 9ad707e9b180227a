#include "strategies/early_stop/board.hpp"

#include "strategies/early_stop/stop_runs.hpp"
#include "tests/strategies/helpers.hpp"

#include <fstream>
#include <limits>
#include <sstream>

using namespace sweepd;
using namespace sweepd::strategies::early_stop;
using strategies::test::object;

namespace {

rule made(const std::string& block, const char* goal = "minimize") {
  auto r = rule::make(object(R"({"metric": {"name": "loss", "goal": ")" + std::string(goal) +
                             R"("}, "early_terminate": )" + block + "}"));
  REQUIRE_MESSAGE(r.has_value(), (r ? "" : r.error().text));
  return *r;
}

rule_fault fault_of(const std::string& config) {
  auto r = rule::make(object(config));
  REQUIRE_FALSE(r.has_value());
  return r.error();
}

/// A run on a board, fed value by value.
struct runner {
  explicit runner(board& on) : b(on), at(on.enter()) {}
  board& b;
  seat at;
  rung_record record;
  standing how = standing::counted;
  bool judged = true;
  void log(double value, std::optional<double> resource = {}) {
    b.terms().observe(record, value, resource);
    b.update(at, record, how, judged);
  }
  void is(standing now, bool running) {
    how = now;
    judged = running;
    b.update(at, record, how, judged);
  }
};

std::vector<seat> stopped(const board& b) {
  std::vector<seat> out;
  for (const auto& v : b.to_stop()) out.push_back(v.run);
  return out;
}

using seats = std::vector<seat>;

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("hyperband: bands, thresholds and stopped runs are W&B's own library's, case by case") {
  const auto cases = strategies::test::json(
      read_file(SWEEPD_SOURCE_DIR "/tests/strategies/data/hyperband.json"));
  int with_stops = 0;
  for (const auto& item : cases.as_array()) {
    const auto& one = item.as_object();
    auto r = rule::make(one.at("config").as_object());
    REQUIRE(r.has_value());
    std::vector<std::vector<double>> values;
    std::vector<asked_run> runs;
    for (const auto& run : one.at("runs").as_array()) {
      auto& list = values.emplace_back();
      for (const auto& v : run.at("values").as_array()) list.push_back(v.to_number<double>());
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto& run = one.at("runs").as_array()[i].as_object();
      runs.push_back({run.at("name").as_string(), run.at("state").as_string(), values[i], {}});
    }
    const auto answer = stop_question(*r).ask(runs);
    std::vector<std::string> names, wanted;
    for (const auto i : answer.stop) names.emplace_back(runs[i].name);
    for (const auto& name : one.at("stop").as_array()) wanted.emplace_back(name.as_string());
    CHECK(names == wanted);
    with_stops += wanted.empty() ? 0 : 1;
    if (one.at("bands").is_null()) continue;
    const auto& bands = one.at("bands").as_array();
    REQUIRE(answer.bands.size() == bands.size());
    for (std::size_t i = 0; i < bands.size(); ++i) {
      const auto band = bands[i].to_number<double>();
      if (band < 1e12)
        CHECK(answer.bands[i] == band);
      else  // beyond what JSON numbers are read back exactly from
        CHECK(answer.bands[i] == doctest::Approx(band).epsilon(1e-12));
      const auto& t = one.at("thresholds").as_array()[i];
      CHECK(answer.thresholds[i] ==
            (t.is_null() ? std::numeric_limits<double>::infinity() : t.to_number<double>()));
    }
  }
  CHECK(with_stops > 15);
}

TEST_CASE("hyperband: floor(n / eta) + 1 runs pass, ties stay, and a run that passed may be stopped later") {
  board b(made(R"({"type": "hyperband", "min_iter": 1, "eta": 3})"));
  std::vector<runner> runs;
  for (int i = 0; i < 2; ++i) runs.emplace_back(b);
  runs[0].log(0.5);
  runs[1].log(0.9);
  CHECK(stopped(b) == seats{1});  // int(2 / 3) = 0: the best alone is the threshold
  runs.emplace_back(b);
  runs[2].log(1.2);
  CHECK(stopped(b) == seats{2});  // three values: the second best survives
  runs.emplace_back(b);
  runs[3].log(0.5);
  CHECK(stopped(b) == seats{1, 2});  // 0.9 passed a moment ago; the tie of the second best stays
  const auto v = *b.look(1);
  CHECK(b.words(v) == "rung 1: 0.9 is worse than the threshold 0.5 of 4 runs");
}

TEST_CASE("hyperband: strict is the default; relaxed judges by the best value so far") {
  for (const bool strict : {true, false}) {
    board b(made(strict ? R"({"type": "hyperband", "min_iter": 2, "eta": 2})"
                        : R"({"type": "hyperband", "min_iter": 2, "eta": 2, "strict": false})"));
    runner one{b}, two{b}, three{b};
    one.log(9), one.log(1);
    two.log(9), two.log(2);
    three.log(9), three.log(8), three.log(1.5);
    CHECK(stopped(b) == (strict ? seats{2} : seats{}));
  }
}

TEST_CASE("hyperband: maximise ranks by the negated value and speaks of the value itself") {
  board b(made(R"({"type": "hyperband", "min_iter": 1})", "maximize"));
  runner good{b}, bad{b};
  good.log(0.9);
  bad.log(0.2);
  REQUIRE(stopped(b) == seats{1});
  CHECK(b.words(b.to_stop()[0]) == "rung 1: 0.2 is worse than the threshold 0.9 of 2 runs");
}

TEST_CASE("hyperband: faulty blocks fail in W&B's terms") {
  using kind = rule_fault::kind;
  const std::string metric = R"("metric": {"name": "l"}, )";
  const auto block = [&](const std::string& text) { return "{" + metric + R"("early_terminate": )" + text + "}"; };
  CHECK(fault_of(R"({"early_terminate": {"type": "hyperband", "min_iter": 3}})").where == "metric");
  CHECK(fault_of(R"({"early_terminate": {"type": "hyperband", "min_iter": 3}})").what == kind::value);
  CHECK(fault_of(R"({"metric": {"name": "l"}})").where == "early_terminate");
  CHECK(fault_of(block("3")).text.find("a type") != std::string::npos);
  CHECK(fault_of(block("{}")).what == kind::value);
  CHECK(fault_of(block(R"({"type": "hyperbnd"})")).text.find("did you mean 'hyperband'?") != std::string::npos);
  CHECK(fault_of(block(R"({"type": "hyperband"})")).what == kind::validation);
  CHECK(fault_of(block(R"({"type": "hyperband", "max_iter": 27})")).what == kind::validation);
  CHECK(fault_of(block(R"({"type": "hyperband", "max_iter": 27, "min_iter": 3})")).what == kind::key);
  CHECK(fault_of(block(R"({"type": "hyperband", "max_iter": 27, "s": 2.0})")).what == kind::type);
  CHECK(fault_of(block(R"({"type": "hyperband", "max_iter": 2, "s": 2})")).what == kind::value);
  CHECK(fault_of(block(R"({"type": "hyperband", "min_iter": 3, "eta": 1})")).where == "early_terminate.eta");
  CHECK(fault_of(R"({"metric": {}, "early_terminate": {"type": "hyperband", "min_iter": 3}})").what == kind::validation);
  CHECK(rule::make(object(block(R"({"type": "hyperband", "min_iter": 3, "colour": 1})"))).has_value());
}

TEST_CASE("asha: judged from eta runs at the rung on, and the best n / eta and one more go on") {
  board b(made(R"({"type": "asha", "eta": 3, "resource": "epoch", "max_resource": 30})"));
  CHECK(b.terms().rungs == std::vector<double>{1, 3, 9, 27});
  runner a{b}, c{b}, d{b};
  a.log(0.5, 1);
  c.log(0.9, 1);
  CHECK(stopped(b).empty());
  CHECK(b.words(*b.look(1)) == "rung 1 (epoch): 0.9; 2 of 3 runs that it takes to judge are there");
  d.log(0.7, 1);
  CHECK(stopped(b) == seats{1});
  runner e{b};
  e.log(0.8, 1);
  CHECK(stopped(b) == seats{1, 3});  // of four, the best and the second
}

TEST_CASE("asha: runs that log at unlike rates are compared at like points of the resource") {
  board b(made(R"({"type": "asha", "eta": 2, "min_resource": 2, "resource": "epoch"})"));
  runner often{b}, seldom{b}, third{b};
  for (int i = 1; i < 20; ++i) often.log(1.0 / i, i * 0.1);
  CHECK(b.table().empty());  // many values, and epoch 2 has not come
  often.log(0.04, 2.1);
  seldom.log(0.5, 2);
  third.log(0.3, 2);
  CHECK(stopped(b) == seats{1});
  CHECK(b.table()[0].runs == 3);
  // Where a line has no resource, the last one that was logged stands.
  runner silent{b};
  silent.log(0.01, 4);
  silent.log(0.3);
  CHECK(silent.record.resource == 4);
  CHECK(silent.record.values == std::vector<double>{0.01, 0.01});
}

TEST_CASE("board: a crashed run's values move no threshold until it is back; a removed one's seat is free") {
  board b(made(R"({"type": "median", "min_runs": 1})"));
  runner a{b}, c{b}, d{b};
  a.log(0.9);
  c.log(0.5);
  CHECK(stopped(b) == seats{0});
  c.is(standing::provisional, false);
  CHECK(stopped(b).empty());
  CHECK(b.table()[0] == rung_row{1, 1, 1, 1, 0.9, false});
  c.is(standing::counted, true);
  CHECK(stopped(b) == seats{0});
  c.is(standing::removed, false);
  CHECK(b.table()[0] == rung_row{1, 1, 0, 1, 0.9, false});
  d.log(0.2);
  CHECK(stopped(b) == seats{0});
  a.is(standing::counted, false);  // killed: its value goes on counting
  CHECK(stopped(b).empty());
  CHECK(b.table()[0].runs == 2);
}

TEST_CASE("asha: nothing is stopped within the grace period") {
  board b(made(R"({"type": "asha", "eta": 2, "grace_period": 3})"));
  runner a{b}, c{b}, d{b};
  a.log(0.1);
  d.log(0.2), d.log(0.2), d.log(0.2);
  c.log(0.9), c.log(0.9);
  CHECK(stopped(b).empty());
  c.log(0.9);
  a.log(0.1), a.log(0.1);
  CHECK(stopped(b) == seats{1});
}

TEST_CASE("median: worse than the median of the others at the same point, from min_runs of them on") {
  board b(made(R"({"type": "median", "min_runs": 3, "warmup": 2})"));
  std::vector<runner> runs;
  for (int i = 0; i < 4; ++i) runs.emplace_back(b);
  for (int step = 0; step < 2; ++step)
    for (int i = 0; i < 3; ++i) runs[static_cast<std::size_t>(i)].log(i + 1);
  CHECK(stopped(b).empty());  // two others are not enough
  runs[3].log(1.5);
  CHECK(stopped(b).empty());  // warm-up
  runs[3].log(2.5);
  // The best so far are 1, 2, 3 and 1.5: the (lower) median of the others of 2 and of 3 is 1.5.
  CHECK(stopped(b) == seats{1, 2});
  board means(made(R"({"type": "median", "min_runs": 1, "value": "mean"})"));
  runner steady{means}, lucky{means};
  steady.log(1), steady.log(1);
  lucky.log(3), lucky.log(0.5);
  CHECK(stopped(means) == seats{1});  // mean 1.75 against 1
}

TEST_CASE("asha, median: faulty blocks say which key and what it should be") {
  const auto text = [](const std::string& block) {
    const auto f = fault_of(R"({"metric": {"name": "l"}, "early_terminate": )" + block + "}");
    return f.where + ": " + f.text;
  };
  CHECK(text(R"({"type": "asha", "eta": 1})") == "early_terminate.eta: must be a number above 1, not 1");
  CHECK(text(R"({"type": "asha", "resource": 3})").starts_with("early_terminate.resource: must be the name"));
  CHECK(text(R"({"type": "asha", "min_resource": 9, "max_resource": 9})").find("has no rung") != std::string::npos);
  CHECK(text(R"({"type": "median", "value": "worst"})").find("must be best or mean") != std::string::npos);
  CHECK(text(R"({"type": "median", "min_runs": 0})").starts_with("early_terminate.min_runs"));
}

TEST_CASE("board: fed step by step in any order, with runs that crash and return, it equals one made at once") {
  std::uint64_t state = 12345;
  const auto dice = [&](std::uint64_t n) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (state >> 33) % n;
  };
  for (const char* block : {R"({"type": "hyperband", "min_iter": 1, "eta": 2})",
                            R"({"type": "hyperband", "max_iter": 27, "s": 3, "strict": false})",
                            R"({"type": "asha", "eta": 2.5})", R"({"type": "median", "min_runs": 2})"}) {
    board b(made(block));
    std::vector<runner> runs;
    for (int step = 0; step < 3'000; ++step) {
      if (runs.size() < 60 && dice(20) == 0) runs.emplace_back(b);
      if (runs.empty()) continue;
      auto& r = runs[dice(runs.size())];
      const auto what = dice(10);
      if (what < 8)
        r.log(static_cast<double>(dice(40)) / 10);
      else
        r.is(static_cast<standing>(dice(3)), dice(2) == 0);
      if (step % 100 != 0) continue;
      board fresh(made(block));
      for (auto& one : runs) fresh.update(fresh.enter(), one.record, one.how, one.judged);
      REQUIRE(fresh.table() == b.table());
      REQUIRE(stopped(fresh) == stopped(b));
    }
  }
}

// What it costs: tests/bench/suggest.cpp.
TEST_CASE("stop_runs: 1,000 runs asked of again with 10 new values are answered as if asked of for the first time") {
  std::vector<std::vector<double>> values(1'000);
  std::vector<std::string> names(1'000);
  for (std::size_t i = 0; i < values.size(); ++i) {
    names[i] = "run" + std::to_string(i);
    for (std::size_t k = 0; k < 100; ++k)
      values[i].push_back(static_cast<double>((i * 7'919) % 1'000) / 1'000 + 1 / static_cast<double>(k + 1));
  }
  for (const char* block : {R"({"type": "hyperband", "min_iter": 1, "eta": 3})", R"({"type": "asha"})",
                            R"({"type": "median"})"}) {
    stop_question question(made(block));
    const auto asked = [&] {
      std::vector<asked_run> runs;
      for (std::size_t i = 0; i < values.size(); ++i)
        runs.push_back({names[i], i % 50 == 0 ? "running" : "finished", values[i], {}});
      return runs;
    };
    question.ask(asked());
    for (int round = 0; round < 20; ++round) {
      for (std::size_t i = 0; i < 10; ++i) values[i * 97].push_back(0.5);
      const auto runs = asked();
      CHECK(question.ask(runs).stop == stop_question(made(block)).ask(runs).stop);
    }
  }
}

TEST_CASE("stop_runs: a run's state decides how its values count for ours, and for nothing in W&B's") {
  const std::vector<double> low{0.1}, high{0.9};
  for (const char* state : {"crashed", "failed", "finished"}) {
    const std::vector<asked_run> runs{{"a", state, low, {}}, {"b", "running", high, {}}};
    const bool counts = std::string_view(state) == "finished";
    CHECK(stop_question(made(R"({"type": "median", "min_runs": 1})")).ask(runs).stop.size() == (counts ? 1 : 0));
    CHECK(stop_question(made(R"({"type": "hyperband", "min_iter": 1})")).ask(runs).stop.size() == 1);
  }
  const std::vector<double> at{3.0};
  const std::vector<asked_run> keyed{{"a", "failed", low, at}, {"b", "running", high, at}};
  stop_question keeps(made(R"({"type": "median", "min_runs": 1, "resource": "epoch", "keep_failed": true})"));
  const auto answer = keeps.ask(keyed);
  CHECK(answer.stop == std::vector<std::size_t>{1});
  CHECK(answer.lines[0] == "Bands: 1 = 0.1 of 2, 2 = 0.1 of 2, 3 = 0.1 of 2");
  CHECK(answer.lines[1] ==
        "Run: b Step: 1 (rung 3 (epoch): 0.9 is worse than the threshold 0.1 of 2 runs) STOP");
}
