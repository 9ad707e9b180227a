// Makes a database with many runs, for the benchmarks: sweepd_bench_fill DATA_DIR RUNS
//
// Nothing is written by hand: each run is claimed, started, reports one metric and finishes through the core's
// own decide(), and the batches go through the store, 1,000 runs in a transaction. The last of the ten sweeps stays
// open, with its tenth of the runs in it; its id is the only line on stdout.
#include "controller/config/sweep_yaml.hpp"
#include "controller/core/apply.hpp"
#include "controller/service/batch.hpp"
#include "controller/service/controller.hpp"
#include "controller/store/sqlite_store.hpp"
#include "strategies/strategy.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace sweepd::bench {
namespace {

constexpr std::uint64_t sweeps = 10;
constexpr std::uint64_t runs_a_batch = 1'000;
constexpr const char* sweep_text =
    "program: train.py\n"
    "method: random\n"
    "metric: {name: loss, goal: minimize}\n"
    "parameters:\n"
    "  lr: {distribution: log_uniform_values, min: 0.0001, max: 0.1}\n"
    "  batch: {values: [16, 32, 64]}\n"
    "  layers: {min: 1, max: 8}\n";

[[noreturn]] void stop(const error& e) {
  std::fprintf(stderr, "fill: %s\n", to_string(e).c_str());
  std::exit(1);
}

class filler {
 public:
  explicit filler(core::store& store) : store_(store) {
    now_.wall = std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
    now_.at = mono{milliseconds{1}};
  }

  sweep_id fill(std::uint64_t runs) {
    sweep_id last;
    for (std::uint64_t k = 0; k < sweeps; ++k) last = fill_sweep(runs / sweeps, k + 1 == sweeps);
    commit();
    return last;
  }

 private:
  core::answer_to tell(const core::command& c) {
    auto decided = core::decide(state_, c, core::actor{}, now_);
    if (!decided) stop(decided.error());
    auto reply = std::move(decided->reply);
    batches_.add(*decided, now_);
    return reply;
  }

  sweep_id fill_sweep(std::uint64_t runs, bool stays_open) {
    auto parsed = config::parse_sweep(sweep_text, "sweep.yaml");
    if (!parsed) stop(error{errc::invalid, parsed.error().front().message, {}});
    const sweep_id sweep{service::fresh_id()};
    core::cmd::create_sweep create;
    create.fresh_id = sweep;
    create.project = "local/default";
    create.spec = parsed->spec;
    tell(std::move(create));
    auto strategy = strategies::make_strategy(parsed->spec.config);
    if (!strategy) stop(strategy.error());
    const agent_id agent{service::fresh_id()};
    tell(core::cmd::join_agent{agent, sweep, "filler", "host", 1});
    for (std::uint64_t done = 0; done < runs; done += runs_a_batch) {
      const auto n = std::min(runs_a_batch, runs - done);
      auto made = (*strategy)->suggest(strategies::ask{parsed->spec.seed, done, n});
      if (!made) stop(made.error());
      tell(core::cmd::add_suggestions{sweep, std::move(*made), false});
      for (std::uint64_t i = 0; i < n; ++i) one_run(sweep, agent);
      commit();
    }
    tell(core::cmd::leave_agent{agent, "done"});
    if (!stays_open) tell(core::cmd::move_sweep{sweep, core::cmd::sweep_verb::stop, "done"});
    return sweep;
  }

  void one_run(const sweep_id& sweep, const agent_id& agent) {
    now_.at += milliseconds{1};
    now_.wall += milliseconds{1};
    core::cmd::claim claim;
    claim.sweep = sweep;
    claim.agent = agent;
    claim.request_id = std::to_string(++requests_);
    claim.fresh_run = run_id{service::fresh_id()};
    const auto told = tell(claim);
    const auto* got = std::get_if<core::answer::handout>(&told);
    if (got == nullptr) stop(error{errc::internal, "no run was handed out", {}});
    tell(core::cmd::start_run{got->run, got->epoch, "host", 2});
    tell(core::cmd::report_run{got->run, got->epoch, 0, {"{\"loss\":0.5}"}, 0, "epoch 1\n", {}});
    tell(core::cmd::finish_run{got->run, got->epoch, 0, {}, {}});
  }

  void commit() {
    batches_.close(state_, now_);
    if (auto ok = store_.commit(batches_.to_write()->rows); !ok) stop(ok.error());
    batches_.note_written();
    batches_.pop();
  }

  core::store& store_;
  core::state state_;
  service::batch_queue batches_;
  moment now_;
  std::uint64_t requests_ = 0;
};

}  // namespace
}  // namespace sweepd::bench

int main(int argc, char** argv) {
  using namespace sweepd;
  if (argc != 3) {
    std::fputs("usage: sweepd_bench_fill DATA_DIR RUNS\n", stderr);
    return 2;
  }
  store::store_options fast;
  fast.durable = store::durability::normal;
  auto store = store::sqlite_store::open(std::string(argv[1]) + "/sweepd.db", fast);
  if (!store) bench::stop(store.error());
  if (auto loaded = (*store)->load(); !loaded) bench::stop(loaded.error());
  bench::filler filler(**store);
  const auto last = filler.fill(std::strtoull(argv[2], nullptr, 10));
  std::puts(last.value.c_str());
  return 0;
}
