// What early termination saves: random search on simulated learning curves, eight workers at once, with
// no rule, W&B's hyperband, asha and median. Prints, over the seeds, the share of the budget after which a rule
// has reached what no stopping ends with, and how it fares when it goes on to the whole budget.
//
// Two worlds: every run logs once an epoch; or each at its own rate, from eight times an epoch to once in four.
#include "strategies/early_stop/board.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <vector>

namespace es = sweepd::strategies::early_stop;

namespace {

constexpr double epochs_max = 81;
constexpr int full_runs = 64;  ///< the budget: so many runs to their end
constexpr int workers = 8;
constexpr double budget = full_runs * epochs_max;
constexpr int seeds = 12;

/// A configuration's curve: from a common start down to its own level, at its own pace, with noise. A tenth
/// begins slowly and ends well, which is what stopping early may lose.
struct curve {
  double level, pace, noise, step;
  std::mt19937_64 dice;

  curve(std::uint64_t seed, int n, bool unlike_rates) : dice(seed * 1'000'003 + static_cast<std::uint64_t>(n)) {
    std::uniform_real_distribution<double> unit;
    level = 0.05 + 0.9 * std::pow(unit(dice), 0.7);
    pace = std::exp(std::normal_distribution<double>(0.8, 0.9)(dice));
    if (unit(dice) < 0.1) pace *= 6, level *= 0.6;
    noise = 0.02;
    const double rates[] = {0.125, 0.25, 0.5, 1, 2, 4};
    const auto pick = static_cast<std::size_t>(unit(dice) * 6);
    step = unlike_rates ? rates[pick] : 1;
  }
  double at(double epoch) {
    const double clean = level + (1 - level) / std::pow(1 + epoch / pace, 0.9);
    return clean + noise * (1 - level) * std::normal_distribution<double>()(dice);
  }
};

struct result {
  double reached = 1;  ///< share of the budget until the goal was reached; 1: not before the end
  double best = 1e9;
  int begun = 0, stopped = 0;
};

struct live {
  double time;     ///< of its next value
  int worker;
  std::size_t run;
  bool operator<(const live& o) const { return time != o.time ? time > o.time : worker > o.worker; }
};

struct one_run {
  curve c;
  int worker;
  double epoch = 0;
  es::rung_record record;
  bool over = false;
};

result play(std::uint64_t seed, const es::rule* rule, bool unlike_rates, double goal) {
  std::unique_ptr<es::board> board;
  if (rule != nullptr) board = std::make_unique<es::board>(*rule);
  std::vector<std::unique_ptr<one_run>> runs;  // its place is its seat
  std::priority_queue<live> queue;
  result out;
  const auto begin = [&](int worker, double now) {
    runs.push_back(std::make_unique<one_run>(one_run{curve(seed, out.begun++, unlike_rates), worker, 0, {}, false}));
    if (board) board->enter();
    queue.push({now + runs.back()->c.step, worker, runs.size() - 1});
  };
  for (int w = 0; w < workers; ++w) begin(w, 0);
  while (!queue.empty()) {
    const auto next = queue.top();
    queue.pop();
    if (next.time * workers > budget) break;
    auto& r = *runs[next.run];
    if (r.over) continue;  // stopped meanwhile: its worker has gone on
    r.epoch += r.c.step;
    const double value = r.c.at(r.epoch);
    out.best = std::min(out.best, value);
    if (value <= goal) out.reached = std::min(out.reached, next.time * workers / budget);
    if (r.epoch >= epochs_max) {
      r.over = true;
      begin(r.worker, next.time);
    }
    if (board) {
      rule->observe(r.record, value, r.epoch);
      board->update(static_cast<es::seat>(next.run), r.record, es::standing::counted, !r.over);
      for (const auto& v : board->to_stop()) {
        auto& bad = *runs[v.run];
        bad.over = true;
        board->update(v.run, bad.record, es::standing::counted, false);
        ++out.stopped;
        begin(bad.worker, next.time);
      }
    }
    if (!r.over) queue.push({next.time + r.c.step, next.worker, next.run});
  }
  return out;
}

es::rule made(const std::string& block) {
  auto r = es::rule::make(
      boost::json::parse(R"({"metric": {"name": "loss"}, "early_terminate": )" + block + "}").as_object());
  if (!r) std::printf("%s\n", r.error().text.c_str()), std::exit(1);
  return *r;
}

double middle(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return (v[v.size() / 2] + v[(v.size() - 1) / 2]) / 2;
}

}  // namespace

int main() {
  struct entry {
    std::string name, block;
  };
  const std::vector<entry> rules{
      {"hyperband (W&B), min_iter 1", R"({"type": "hyperband", "min_iter": 1, "eta": 3})"},
      {"hyperband (W&B), min_iter 3", R"({"type": "hyperband", "min_iter": 3, "eta": 3})"},
      {"asha on epoch", R"({"type": "asha", "resource": "epoch", "max_resource": 81})"},
      {"asha on epoch, min_resource 3", R"({"type": "asha", "resource": "epoch", "min_resource": 3, "max_resource": 81})"},
      {"asha on logged values", R"({"type": "asha", "max_resource": 81})"},
      {"median on epoch", R"({"type": "median", "resource": "epoch"})"},
      {"median on epoch, mean", R"({"type": "median", "resource": "epoch", "value": "mean"})"},
  };
  std::printf("%d seeds, %d workers, budget %d runs of %g epochs, chosen at random\n\n", seeds, workers, full_runs,
              epochs_max);
  for (const bool unlike : {false, true}) {
    std::printf("%s\n\n| rule | budget to reach it, mean (median) | seeds reached | best at the end, of no stopping's | runs begun | stopped |\n"
                "| --- | --- | --- | --- | --- | --- |\n",
                unlike ? "Runs log at unlike rates, from every eighth of an epoch to every fourth:"
                       : "Every run logs once an epoch:");
    std::vector<result> plain;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) plain.push_back(play(seed, nullptr, unlike, -1e9));
    std::vector<double> self;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed)
      self.push_back(play(seed, nullptr, unlike, plain[seed - 1].best).reached);
    double sum = 0;
    for (const double x : self) sum += x;
    std::printf("| no stopping | %.1f %% (%.1f) | %d | 1.000 | %d | 0 |\n", 100 * sum / seeds, 100 * middle(self), seeds,
                plain[0].begun);
    for (const auto& e : rules) {
      const auto rule = made(e.block);
      std::vector<double> reached;
      double total = 0, quality = 0, begun = 0, stopped = 0;
      int there = 0;
      for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const auto& base = plain[seed - 1];
        const auto got = play(seed, &rule, unlike, base.best);
        reached.push_back(got.reached);
        total += got.reached;
        there += got.best <= base.best ? 1 : 0;
        quality += got.best / base.best;
        begun += got.begun;
        stopped += got.stopped;
      }
      std::printf("| %s | %.1f %% (%.1f) | %d | %.3f | %.0f | %.0f |\n", e.name.c_str(), 100 * total / seeds,
                  100 * middle(reached), there, quality / seeds, begun / seeds, stopped / seeds);
    }
    std::printf("\n");
  }
}
