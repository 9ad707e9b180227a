// history: what an update keeps is what reading anew would give; what it reads anew is little.
#include "controller/suggest/history.hpp"
#include "tests/suggest/talk.hpp"

#include <random>
#include <set>
#include <tuple>

using namespace sweepd;
using namespace sweepd::suggest;
using strategies::observation;

namespace {

std::string run_text(int id, int rows) {
  std::string out = R"({"name": "run \"]}{[ )" + std::to_string(id) + R"(", "state": ")" +
                    (rows % 3 == 0 ? "running" : "finished") + R"(", "config": {"a": {"value": )" +
                    std::to_string(id) + R"(}}, "history": [)";
  for (int i = 0; i < rows; ++i)
    out += std::string(i == 0 ? "" : ", ") + R"({"loss": )" + std::to_string(id * 100 + i) + ".5}";
  return out + "]}";
}

std::string array_of(const std::vector<std::string>& runs, std::mt19937& dice) {
  const auto blank = [&] { return dice() % 4 == 0 ? std::string(" ") : std::string(); };
  std::string out = "[" + blank();
  for (std::size_t i = 0; i < runs.size(); ++i) out += (i == 0 ? "" : blank() + "," + blank()) + runs[i];
  return out + blank() + "]";
}

history_change updated(history& h, std::string_view text) {
  std::size_t end = 0;
  auto change = h.update(text, 0, end);
  REQUIRE_MESSAGE(change, (change ? "" : to_string(change.error())));
  CHECK(end == text.size());
  return std::move(*change);
}

void check_same(const history& a, const history& b) {
  REQUIRE(a.facts().size() == b.facts().size());
  for (std::size_t i = 0; i < a.facts().size(); ++i) {
    const auto &x = a.facts()[i], &y = b.facts()[i];
    CHECK(x.name == y.name);
    CHECK(x.state == y.state);
    CHECK(x.values == y.values);
    const auto &s = a.observations()[i], &t = b.observations()[i];
    CHECK(s.config == t.config);
    CHECK(s.what == t.what);
    CHECK(s.value == t.value);
    CHECK(s.running == t.running);
  }
}

const metric_rule loss{"loss"};

history one(std::string_view run, const metric_rule& metric = loss) {
  history h(metric);
  updated(h, "[" + std::string(run) + "]");
  return h;
}

}  // namespace

TEST_CASE("history: after any edits it is what reading anew would give") {
  std::mt19937 dice(7);
  history kept(loss);
  std::vector<std::string> runs;
  std::multiset<std::string> before;
  int next_id = 0;
  for (int step = 0; step < 400; ++step) {
    for (auto edits = dice() % 4; edits > 0; --edits) {
      const auto at = runs.empty() ? 0 : static_cast<std::ptrdiff_t>(dice() % runs.size());
      switch (dice() % 6) {
        case 0:
        case 1:
          runs.push_back(run_text(next_id++, static_cast<int>(dice() % 5)));
          break;
        case 2:
          runs.insert(runs.begin() + at, run_text(next_id++, 2));
          break;
        case 3:
          if (!runs.empty()) runs.erase(runs.begin() + at);
          break;
        case 4:
          if (!runs.empty()) runs[static_cast<std::size_t>(at)] = run_text(static_cast<int>(dice() % 20), static_cast<int>(dice() % 6));
          break;
        default:
          if (!runs.empty()) std::swap(runs.front(), runs[static_cast<std::size_t>(at)]);
      }
    }
    const auto text = array_of(runs, dice);
    const auto sizes_before = kept.facts().size();
    const auto change = updated(kept, text);
    history anew(loss);
    updated(anew, text);
    check_same(kept, anew);
    CHECK(kept.facts().size() == sizes_before + change.fresh.size() - change.gone.size());
  }
}

TEST_CASE("history: only runs that differ are read again") {
  std::mt19937 dice(1);
  std::vector<std::string> runs;
  for (int i = 0; i < 100; ++i) runs.push_back(run_text(i, 3));
  history h(loss);
  CHECK(updated(h, array_of(runs, dice)).fresh.size() == 100);
  CHECK(updated(h, array_of(runs, dice)).fresh.empty());
  runs[4] = run_text(4, 4);
  runs[5] = run_text(5, 4);
  runs[70] = run_text(70, 9);
  CHECK(updated(h, array_of(runs, dice)).fresh == std::vector<std::size_t>{4, 5, 70});
  runs.insert(runs.begin(), run_text(500, 1));
  runs.push_back(run_text(501, 1));
  CHECK(updated(h, array_of(runs, dice)).fresh == std::vector<std::size_t>{0, 101});
  runs.erase(runs.begin() + 20, runs.begin() + 23);
  const auto change = updated(h, array_of(runs, dice));
  CHECK(change.fresh.empty());
  CHECK(change.gone.size() == 3);
}

TEST_CASE("history: what cannot be read empties it, and says where") {
  history h(loss);
  updated(h, "[" + run_text(1, 1) + "]");
  for (const auto* text : {"{}", "[1]", "[{]", "[{}", R"([{"state": "running", "config": {}},])",
                           R"([{"state": "running", "config": {}} {}])"}) {
    std::size_t end = 0;
    const auto change = h.update(text, 0, end);
    INFO(text);
    REQUIRE(!change);
    CHECK(change.error().where.starts_with("runs"));
    CHECK(h.facts().empty());
  }
  CHECK(updated(h, "[" + run_text(1, 1) + "]").fresh.size() == 1);
}

TEST_CASE("history: a run's best is over history and summary, of finite numbers that are no bools") {
  const auto* run = R"({"state": "finished", "config": {}, "summaryMetrics": {"loss": 0.5},
    "sampledHistory": [{"loss": 3}, {"other": -9}, {"loss": "NaN"}, {"loss": true}, {"loss": null}, {"loss": 7.5}, {"loss": 2}]})";
  const auto low = one(run);
  CHECK(low.facts()[0].values == std::vector<double>{3, 7.5, 2});
  CHECK(low.observations()[0].what == observation::kind::value);
  CHECK(low.observations()[0].value == 0.5);
  CHECK(low.observations()[0].worst == 7.5);
  CHECK(low.observations()[0].last == 2);
  const auto high = one(run, metric_rule{"loss", true});
  CHECK(high.observations()[0].value == 7.5);
  CHECK(high.observations()[0].worst == 0.5);
}

TEST_CASE("history: what a state means to a model") {
  using enum observation::kind;
  const auto seen = [](std::string_view state, bool logged) {
    return one(R"({"state": ")" + std::string(state) + R"(", "config": {}, "history": )" +
               (logged ? R"([{"loss": 1.5}]})" : "[]}"))
        .observations()[0];
  };
  const std::vector<std::tuple<const char*, observation::kind, observation::kind>> rows{
      {"finished", value, infeasible}, {"failed", infeasible, infeasible}, {"crashed", no_sample, no_sample},
      {"killed", partial, no_sample},  {"running", pending, pending},      {"pending", pending, pending},
      {"preempting", pending, pending}, {"preempted", pending, pending}};
  for (const auto& [state, logged, silent] : rows) {
    INFO(state);
    CHECK(seen(state, true).what == logged);
    CHECK(seen(state, false).what == silent);
    CHECK(seen(state, true).value == 1.5);
    CHECK(!seen(state, false).value);
    CHECK(seen(state, true).running == (std::string_view(state) == "running"));
  }
}
