// sweepd_sim: plays seeded histories until enough run-hours have passed, on every core.
// A failure prints the seed, the step, the faults that are needed for it, and the last events.
#include "tests/sim/simulation.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

using namespace sweepd::sim;

namespace {

settings of_seed(std::uint64_t seed) {
  settings how;
  how.seed = seed;
  chance c(seed);
  how.faults = fault_set::some(c);
  how.chaos_hours = 2 + 22 * c.unit();
  how.fold = seed % 16 == 0;
  return how;
}

/// Leaves out every fault, and every late hour, that the failure does not need.
outcome shrink(settings how, outcome failed) {
  const auto same = [&](const settings& less, outcome& got) {
    got = simulate(less);
    return !got.violation.empty();
  };
  for (unsigned f = 0; f < static_cast<unsigned>(fault::count); ++f) {
    if (!how.faults.has(static_cast<fault>(f))) continue;
    auto less = how;
    less.faults.drop(static_cast<fault>(f));
    outcome got;
    if (same(less, got)) how = less, failed = got;
  }
  for (int i = 0; i < 6; ++i) {
    auto less = how;
    less.chaos_hours *= 0.7;
    outcome got;
    if (same(less, got)) how = less, failed = got;
  }
  std::fprintf(stderr, "\nseed %llu fails at step %llu, with %.1f h of: %s\n  %s\n",
               static_cast<unsigned long long>(how.seed), static_cast<unsigned long long>(failed.step),
               how.chaos_hours, how.faults.text().c_str(), failed.violation.c_str());
  for (const auto& line : failed.trace) std::fprintf(stderr, "    %s\n", line.c_str());
  return failed;
}

}  // namespace

int main(int argc, char** argv) {
  double run_hours_wanted = 250'000;
  std::uint64_t first = 1, only = 0;
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 < argc && std::strcmp(argv[i], "--run-hours") == 0) run_hours_wanted = std::atof(argv[i + 1]);
    else if (i + 1 < argc && std::strcmp(argv[i], "--first-seed") == 0) first = std::strtoull(argv[i + 1], nullptr, 10);
    else if (i + 1 < argc && std::strcmp(argv[i], "--seed") == 0) only = std::strtoull(argv[i + 1], nullptr, 10);
    else return std::fprintf(stderr, "usage: sweepd_sim [--run-hours H] [--first-seed N] [--seed N]\n"), 2;
  }
  if (only != 0) {
    const auto how = of_seed(only);
    const auto out = simulate(how);
    std::printf("seed %llu: %.1f h of %s: %s\n", static_cast<unsigned long long>(only), how.chaos_hours,
                how.faults.text().c_str(), out.violation.empty() ? "fine" : out.violation.c_str());
    if (!out.violation.empty()) shrink(how, out);
    return out.violation.empty() ? 0 : 1;
  }

  std::atomic<std::uint64_t> next{first};
  std::atomic<bool> stop{false};
  std::mutex guard;
  outcome sum;
  std::uint64_t seeds = 0, failures = 0;
  const auto began = std::chrono::steady_clock::now();
  const auto work = [&] {
    while (!stop) {
      const auto how = of_seed(next++);
      const auto out = simulate(how);
      const std::lock_guard lock(guard);
      ++seeds;
      sum.run_hours += out.run_hours;
      sum.events += out.events;
      sum.steps += out.steps;
      sum.runs += out.runs;
      sum.crashed += out.crashed;
      sum.failed_by_policy += out.failed_by_policy;
      sum.requeues += out.requeues;
      sum.restarts += out.restarts;
      sum.stopped_early += out.stopped_early;
      sum.targets += out.targets;
      if (!out.violation.empty()) {
        ++failures;
        shrink(how, out);
        if (failures >= 3) stop = true;
      }
      if (seeds % 500 == 0)
        std::fprintf(stderr, "  %.0f of %.0f run-hours, %llu seeds\n", sum.run_hours, run_hours_wanted,
                     static_cast<unsigned long long>(seeds));
      if (sum.run_hours >= run_hours_wanted) stop = true;
    }
  };
  std::vector<std::thread> pool;
  for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) pool.emplace_back(work);
  for (auto& t : pool) t.join();
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const auto n = [](std::uint64_t x) { return static_cast<unsigned long long>(x); };
  std::printf("simulator: %.0f run-hours in %.0f s (%.0f run-hours/s, %.2f M steps/s), %llu seeds, %llu runs, "
              "%llu ended badly, %llu stopped early, %llu targets reached, %llu re-marked by policy, %llu requeues, %llu controller restarts, %llu failures\n",
              sum.run_hours, took, sum.run_hours / took, static_cast<double>(sum.steps) / took / 1e6, n(seeds),
              n(sum.runs), n(sum.crashed), n(sum.stopped_early), n(sum.targets), n(sum.failed_by_policy), n(sum.requeues), n(sum.restarts), n(failures));
  if (sum.restarts == 0 || sum.stopped_early == 0 || sum.targets == 0 || sum.failed_by_policy == 0 || sum.requeues == 0) {
    std::fprintf(stderr, "simulator: it did not meet what it is there to meet\n");
    return 1;
  }
  return failures == 0 ? 0 : 1;
}
