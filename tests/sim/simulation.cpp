// The actors and the network. Longer than most files: agents, processes and the schedule share one
// virtual clock and one queue, and reading them in one place is what makes a failing seed explainable.
#include "tests/sim/simulation.hpp"

#include "tests/sim/server.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <set>

namespace sweepd::sim {
namespace {

constexpr std::int64_t second = 1'000, minute = 60 * second, hour = 60 * minute;

std::string text_of(double x) {
  std::array<char, 32> out{};
  return {out.data(), std::to_chars(out.data(), out.data() + out.size(), x).ptr};
}

/// A training process under an agent.
struct process {
  run_id run;
  sweep_id sweep;
  std::uint64_t trial = 0;
  std::uint32_t epoch = 1;
  std::int64_t ends_at = 0;
  std::int64_t dies_at = 0;  ///< kill -9 or the like; 0: never
  int exit_code = 0;
  bool alive = true;
  bool never_starts = false;
  bool preempt = false;
  int signal = 0;
  std::uint64_t lines = 0, acked_lines = 0;
  std::int64_t last_report = 0, last_line = 0, began = 0;
  bool started = false, finished = false, preempt_told = false;
  std::int64_t busy_until = 0;  ///< a request is out; afterwards it counts as lost
};

struct worker {
  int number = 0;
  agent_id id;  ///< empty: not joined
  sweep_id sweep;
  bool alive = true, bad = false, leaving = false;
  std::int64_t frozen_until = 0, cut_until = 0, back_at = 0;
  std::size_t slots = 1;
  std::int64_t beats_every = 5 * second;
  std::string claim_id;
  std::int64_t claim_busy_until = 0, join_busy_until = 0;
  std::map<run_id, process> procs;
  std::uint64_t life = 0;  ///< answers to an earlier life are dropped
  bool by_hand = false;    ///< no agent: one program that somebody started in the sweep
};

struct later {
  std::int64_t t;
  std::uint64_t order;
  std::function<void()> what;
  bool operator<(const later& o) const { return t != o.t ? t > o.t : order > o.order; }
};

class simulation {
 public:
  explicit simulation(const settings& how)
      : how_(how), dice_(how.seed * 0x2545f4914f6cdd1dULL + 7), server_(1'800'000'000'000) {}

  outcome run() {
    outcome out;
    try {
      play();
    } catch (const violation& v) {
      out.violation = v.sentence;
      out.step = server_.steps;
      out.trace = server_.trace();
    }
    for (const auto& [id, r] : server_.s.runs) {
      ++out.runs;
      out.crashed += r.cause == core::cause::none || r.cause == core::cause::early_stop ? 0 : 1;
      out.failed_by_policy += r.marked_by_policy ? 1 : 0;
      out.stopped_early += r.cause == core::cause::early_stop ? 1 : 0;
    }
    for (const auto& [id, sw] : server_.s.sweeps) out.requeues += sw.retries_recorded;
    out.targets = server_.targets;
    out.run_hours = run_ms_ / static_cast<double>(hour);
    out.events = server_.events;
    out.steps = server_.steps;
    out.restarts = restarts_;
    return out;
  }

 private:
  // --- the clock and the queue ---
  void in(std::int64_t delay, std::function<void()> f) {
    queue_.push_back({t_ + delay, ++order_, std::move(f)});
    std::push_heap(queue_.begin(), queue_.end());
  }
  bool on(fault f) const { return how_.faults.has(f) && t_ < chaos_end_; }

  void play() {
    server_.keep_log = how_.fold;
    chaos_end_ = static_cast<std::int64_t>(how_.chaos_hours * hour);
    set_up();
    schedule_faults();
    std::uint64_t handled = 0;
    const std::int64_t end = chaos_end_ + 30 * 24 * hour;
    bool calmed = false;
    while (!queue_.empty()) {
      const auto next_tick = server_.next_tick();
      if (next_tick && *next_tick <= queue_.front().t) {
        go_to(*next_tick);
        server_.tick();
        schedule_commit();
      } else {
        std::pop_heap(queue_.begin(), queue_.end());
        const auto item = std::move(queue_.back());
        queue_.pop_back();
        go_to(item.t);
        item.what();
      }
      if (++handled % 8192 == 0) server_.check(false);
      if (t_ >= chaos_end_ && !calmed) {
        calmed = true;
        calm_down();
      }
      if (calmed && handled % 64 == 0 && drained()) break;
      if (t_ > end) throw violation{"30 days after the last fault: " + undrained()};
    }
    if (!drained()) throw violation{"nothing is scheduled any more, and " + undrained()};
    if (server_.up()) server_.commit();
    server_.check(how_.fold);
  }

  void go_to(std::int64_t t) {
    t_ = t;
    server_.at(t);
  }

  // --- the cast ---
  void set_up() {
    const auto sweeps = 1 + dice_.below(3);
    for (std::uint64_t i = 0; i < sweeps; ++i) make_sweep(i);
    const auto agents = 2 + dice_.below(9);
    for (std::uint64_t i = 0; i < agents; ++i) {
      auto w = std::make_unique<worker>();
      w->number = static_cast<int>(i);
      w->slots = 1 + dice_.below(6);
      w->beats_every = (5 * second) << dice_.below(3);
      w->sweep = sweeps_[dice_.below(sweeps_.size())];
      w->bad = i + 1 == agents && agents > 2 && how_.faults.has(fault::bad_agent);
      workers_.push_back(std::move(w));
      wake(workers_.back().get(), static_cast<std::int64_t>(dice_.below(5 * second)));
    }
    // Every sweep has somebody to serve it.
    for (std::size_t i = 0; i < sweeps_.size(); ++i) workers_[i % workers_.size()]->sweep = sweeps_[i];
    for (std::size_t i = workers_.size(); i < sweeps_.size(); ++i) workers_[0]->sweep = sweeps_[0];
  }

  core::crash_policy some_policy() {
    core::crash_policy p;
    p.crash_after = milliseconds{dice_.between(2, 8) * minute};
    p.fail_after = milliseconds{dice_.between(0, 20) * minute};
    p.suspect_after = std::min(p.suspect_after, p.crash_after);
    if (dice_.hit(0.3)) p.stall_after = milliseconds{20 * minute};
    p.reconcile = static_cast<core::reconcile_mode>(dice_.below(4));
    p.cap_counts = static_cast<core::cap_mode>(dice_.below(3));
    const auto rules = dice_.below(4);
    for (std::uint64_t i = 0; i < rules; ++i) {
      core::crash_rule r;
      if (dice_.hit(0.7))
        r.when.cause = {static_cast<core::cause>(1 + dice_.below(14))};
      r.action = dice_.hit(0.6) ? core::rule_action::requeue
                                : (dice_.hit(0.5) ? core::rule_action::infeasible : core::rule_action::ignore);
      r.count = dice_.hit(0.6);
      if (!r.count) r.max = static_cast<int>(dice_.between(1, 6));
      r.elsewhere = dice_.hit(0.4);
      r.same_run = dice_.hit(0.2);
      if (dice_.hit(0.3)) r.after = milliseconds{dice_.between(0, 30) * minute};
      if (dice_.hit(0.1)) r.quarantine_agent = milliseconds{dice_.between(1, 60) * minute};
      p.rules.push_back(r);
    }
    p.rules.emplace_back();
    if (dice_.hit(0.3)) p.rules.back().action = core::rule_action::requeue;
    if (dice_.hit(0.3)) p.breaker.consecutive = 0;
    return p;
  }

  /// Early termination by one of the rules.
  boost::json::object some_rule() {
    boost::json::object rule;
    switch (dice_.below(3)) {
      case 0:
        rule = {{"type", "hyperband"}, {"min_iter", dice_.between(1, 4)}, {"strict", dice_.hit(0.5)}};
        break;
      case 1: rule = {{"type", "asha"}, {"eta", 2 + dice_.unit() * 2}, {"keep_failed", dice_.hit(0.3)}}; break;
      default:
        rule = {{"type", "median"}, {"min_runs", dice_.between(1, 6)}, {"value", dice_.hit(0.5) ? "best" : "mean"}};
    }
    if (rule["type"] != "hyperband" && dice_.hit(0.5)) rule["resource"] = "epoch";
    boost::json::object config;
    config["metric"] = {{"name", "loss"}};
    config["early_terminate"] = std::move(rule);
    return config;
  }

  /// Line i of a trial's learning curve: every trial has its level, and logs its epochs at its own rate.
  static std::string curve_line(std::uint64_t trial, std::uint64_t i) {
    const auto level = static_cast<double>((trial * 0x9e3779b97f4a7c15ULL) >> 40) * 0x1p-24;
    const auto epoch = static_cast<double>(i + 1) / static_cast<double>(1 + trial % 4);
    if ((trial + i) % 37 == 0) return "{\"loss\":\"NaN\"}";
    return "{\"epoch\":" + text_of(epoch) + ",\"loss\":" + text_of(level + 1.0 / static_cast<double>(i + 1)) + "}";
  }

  void make_sweep(std::uint64_t i) {
    core::cmd::create_sweep c;
    c.fresh_id = sweep_id{"sweep" + std::to_string(i)};
    c.project = "sim/sim";
    c.spec.method = "grid";
    c.spec.metric = "loss";
    cells_[c.fresh_id.value] = 20 + dice_.below(180);
    c.spec.size = cells_[c.fresh_id.value];
    if (dice_.hit(0.4)) c.spec.max_concurrent_runs = dice_.between(1, 12);
    if (dice_.hit(0.3)) c.spec.run_cap = dice_.between(5, 150);
    if (dice_.hit(0.25)) c.spec.config = some_rule();
    if (dice_.hit(0.3)) c.spec.target = 0.03 + dice_.unit() * 0.1;
    c.policy = some_policy();
    sweeps_.push_back(c.fresh_id);
    server_.tell(c, {}, {});
    server_.commit();
  }

  /// The strategy's side: suggestions ahead of demand, as the service does it.
  void feed(const sweep_id& id) {
    const auto& sw = server_.s.sweeps.at(id);
    if (sw.exhausted || sw.ready.size() > 8) return;
    core::cmd::add_suggestions c{id, {}, false};
    auto at = sw.ready.empty() ? sw.next_position : sw.ready.back().position + 1;
    for (int i = 0; i < 16 && at < cells_[id.value]; ++i, ++at) {
      strategies::suggestion one;
      one.position = at;
      one.config = {{"x", {{"value", at}}}};
      c.suggestions.push_back(std::move(one));
    }
    c.exhausted = at >= cells_[id.value];
    server_.tell(c, {}, {});
  }

  // --- the network ---
  /// A request travels, is handled, waits for the commit, and its answer travels back; any of it may
  /// be lost, doubled or late.
  void send(worker* w, core::command c, std::function<void(const result<answer_to>&)> answer) {
    if (t_ < w->cut_until || (on(fault::lose_messages) && dice_.hit(0.02))) return;
    const bool twice = on(fault::duplicate_messages) && dice_.hit(0.02);
    const auto life = w->life;
    for (int copy = 0; copy < (twice ? 2 : 1); ++copy) {
      std::int64_t delay = 1 + static_cast<std::int64_t>(dice_.below(50));
      if (on(fault::delay_messages) && dice_.hit(0.01)) delay += static_cast<std::int64_t>(dice_.exponential(20 * second));
      in(delay, [this, w, c, answer, life] { arrive(w, c, answer, life); });
    }
  }

  void arrive(worker* w, const core::command& c, const std::function<void(const result<answer_to>&)>& answer,
              std::uint64_t life) {
    if (!server_.up()) return;  // connection refused, or nobody answers: the sender tries again
    note_heard(c);
    const auto who = core::actor{core::actor_kind::agent, w->id.value};
    server_.tell(c, who, [this, w, answer, life](const result<answer_to>& r) {
      if (on(fault::lose_messages) && dice_.hit(0.02)) return;
      in(1 + static_cast<std::int64_t>(dice_.below(50)), [this, w, answer, life, r] {
        if (w->life == life && w->alive && t_ >= w->cut_until) answer(r);
      });
    });
    if (const auto* claim = std::get_if<core::cmd::claim>(&c)) feed(claim->sweep);
    schedule_commit();
  }

  void note_heard(const core::command& c) {
    // A signal counts if it is of the run's present lease; a stale one must not keep a run alive.
    const auto stream = [&](const auto* x) {
      if (x == nullptr) return;
      const auto it = server_.s.runs.find(x->run);
      if (it != server_.s.runs.end() && it->second.epoch == x->epoch) server_.heard(x->run);
    };
    stream(std::get_if<core::cmd::report_run>(&c));
    stream(std::get_if<core::cmd::start_run>(&c));
    stream(std::get_if<core::cmd::mark_preempting>(&c));
    if (const auto* open = std::get_if<core::cmd::open_run>(&c); open != nullptr && server_.s.runs.contains(open->run))
      server_.heard(open->run);
    const auto* beat = std::get_if<core::cmd::beat_agent>(&c);
    if (beat == nullptr) return;
    for (const auto& id : beat->alive) {
      const auto it = server_.s.runs.find(id);
      if (it != server_.s.runs.end() && it->second.agent == beat->agent) server_.heard(id);
    }
  }

  void schedule_commit() {
    if (commit_scheduled_ || !server_.up()) return;
    commit_scheduled_ = true;
    std::int64_t latency = 1 + static_cast<std::int64_t>(dice_.below(8));
    if (on(fault::slow_disk) && dice_.hit(0.001)) latency += dice_.between(1, 10) * second;
    const auto epoch = restarts_;
    in(latency, [this, epoch] {
      if (epoch != restarts_) return;
      commit_scheduled_ = false;
      if (server_.up()) server_.commit();
    });
  }

  // --- agents ---
  void wake(worker* w, std::int64_t delay) {
    const auto life = w->life;
    in(delay, [this, w, life] {
      if (w->life != life) return;
      if (w->alive && t_ >= w->frozen_until) act(w);
      if (!w->by_hand || !w->procs.empty()) wake(w, w->beats_every);
    });
  }

  void act(worker* w) {
    if (w->by_hand) {
      move_processes(w);
      for (auto& [id, p] : w->procs) serve(w, p);
      std::erase_if(w->procs, [](const auto& x) { return x.second.finished; });
      return;
    }
    if (w->id.empty()) {
      join(w);
      return;
    }
    move_processes(w);
    std::vector<run_id> alive;
    for (const auto& [id, p] : w->procs)
      if (!p.never_starts || t_ - p.began < 8 * second) alive.push_back(id);
    send(w, core::cmd::beat_agent{w->id, alive}, [this, w](const result<answer_to>& r) {
      if (!r) {
        w->id = agent_id{};  // not known: join again
        return;
      }
      const auto& told = std::get<core::answer::agent_told>(*r);
      for (const auto& id : told.stop) stop_process(w, id);
    });
    for (auto& [id, p] : w->procs) serve(w, p);
    std::erase_if(w->procs, [](const auto& x) { return x.second.finished; });
    std::size_t busy = w->procs.size();
    if (!w->leaving && busy < w->slots) claim(w);
  }

  void join(worker* w) {
    if (t_ < w->join_busy_until) return;
    w->join_busy_until = t_ + 30 * second;
    const agent_id fresh{"agent" + std::to_string(++ids_)};
    send(w, core::cmd::join_agent{fresh, w->sweep, "sim", "host", 1}, [w, fresh](const result<answer_to>& r) {
      if (r) w->id = fresh;
    });
  }

  void claim(worker* w) {
    if (t_ < w->claim_busy_until) return;
    if (w->claim_id.empty()) w->claim_id = "claim" + std::to_string(++ids_);
    w->claim_busy_until = t_ + 30 * second;
    std::vector<run_id> knows;
    for (const auto& [id, p] : w->procs) knows.push_back(id);
    const auto request = w->claim_id;
    core::cmd::claim c{w->sweep, w->id, request, knows, run_id{"run" + std::to_string(++ids_)}};
    send(w, c, [this, w, request](const result<answer_to>& r) {
      if (w->claim_id != request) return;
      w->claim_busy_until = 0;
      if (!r) {
        if (r.error().code == errc::conflict) w->claim_id.clear();
        return;
      }
      if (const auto* h = std::get_if<core::answer::handout>(&*r)) {
        w->claim_id.clear();
        if (!w->procs.contains(h->run)) spawn(w, *h);
      } else if (std::holds_alternative<core::answer::over>(*r)) {
        w->claim_busy_until = t_ + 10 * minute;  // a real agent ends here
        next_sweep(w);
      }
    });
  }

  /// The sweep is over for this agent: it serves another one that is not.
  void next_sweep(worker* w) {
    if (!w->procs.empty()) return;
    for (const auto& id : sweeps_) {
      const auto it = server_.s.sweeps.find(id);
      if (it == server_.s.sweeps.end()) continue;
      if (it->second.state == core::sweep_state::finished || it->second.state == core::sweep_state::canceled) continue;
      send(w, core::cmd::leave_agent{w->id, "its sweep is over"}, [](const auto&) {});
      w->sweep = id;
      w->id = agent_id{};
      w->claim_id.clear();
      w->claim_busy_until = 0;
      return;
    }
  }

  void spawn(worker* w, const core::answer::handout& h) {
    process p;
    p.run = h.run;
    p.sweep = w->sweep;
    p.trial = h.trial;
    p.epoch = h.epoch;
    p.began = p.last_line = t_;
    p.ends_at = t_ + minute + static_cast<std::int64_t>(dice_.exponential(40 * minute));
    if (w->bad || (on(fault::process_fails) && dice_.hit(0.1))) {
      p.exit_code = static_cast<int>(1 + dice_.below(120));
      p.ends_at = t_ + dice_.between(1, 60) * second;
    }
    if (on(fault::process_dies) && dice_.hit(0.1)) p.dies_at = t_ + dice_.between(1, 3'000) * second;
    p.never_starts = on(fault::never_starts) && dice_.hit(0.05);
    if (on(fault::preemption) && dice_.hit(0.05)) {
      p.preempt = true;
      p.dies_at = t_ + dice_.between(60, 3'000) * second;
    }
    w->procs[h.run] = p;
  }

  /// A program that somebody starts in the sweep, or starts again under the id that it had.
  void start_by_hand(const sweep_id& sweep, const run_id& id, std::uint64_t lines) {
    auto w = std::make_unique<worker>();
    w->by_hand = true;
    w->sweep = sweep;
    process p;
    p.run = id;
    p.sweep = sweep;
    p.trial = order_;
    p.began = p.last_line = t_;
    p.lines = p.acked_lines = lines;
    p.ends_at = t_ + minute + static_cast<std::int64_t>(dice_.exponential(40 * minute));
    if (dice_.hit(0.3)) p.exit_code = 1;
    if (dice_.hit(0.2)) p.dies_at = t_ + dice_.between(1, 3'000) * second;
    w->procs[id] = p;
    hands_.push_back(std::move(w));
    wake(hands_.back().get(), 1);
  }

  /// Ended by itself, and acknowledged: now and then it is started again.
  void perhaps_again(const process& p, const core::answer::run_told& told) {
    const bool own_end = told.state == core::run_state::finished || told.state == core::run_state::failed;
    if (own_end && !told.stop && t_ < chaos_end_ && dice_.hit(0.3)) start_by_hand(p.sweep, p.run, p.acked_lines);
  }

  core::command opening(const worker& w, const process& p) {
    if (!w.by_hand) return core::cmd::start_run{p.run, p.epoch, "host", 1};
    core::cmd::open_run open;
    open.project = "sim/sim";
    open.run = p.run;
    open.sweep = p.sweep;
    open.config = {{"x", {{"value", p.trial}}}};
    return open;
  }

  void stop_process(worker* w, const run_id& id) {
    const auto it = w->procs.find(id);
    if (it == w->procs.end() || !it->second.alive) return;
    end_process(it->second, 0, 15);
  }

  void end_process(process& p, int code, int signal) {
    run_ms_ += static_cast<double>(t_ - p.began);
    p.alive = false;
    p.exit_code = code;
    p.signal = signal;
  }

  void move_processes(worker* w) {
    for (auto& [id, p] : w->procs) {
      if (!p.alive || p.never_starts) continue;
      while (t_ - p.last_line >= 30 * second) {
        p.last_line += 30 * second;
        ++p.lines;
      }
      if (p.dies_at != 0 && t_ >= p.dies_at)
        end_process(p, 0, p.preempt ? 15 : 9);
      else if (t_ >= p.ends_at)
        end_process(p, p.exit_code, 0);
    }
    if (w->procs.empty()) return;
    std::erase_if(w->procs, [&](const auto& x) { return x.second.never_starts && t_ - x.second.began > 10 * second; });
  }

  /// One request at a time for each run: start, preempting mark, report, final record.
  void serve(worker* w, process& p) {
    if (t_ < p.busy_until || p.finished || p.never_starts) return;
    const auto id = p.run;
    const auto told = [this, w, id](const result<answer_to>& r) {
      const auto it = w->procs.find(id);
      if (it == w->procs.end()) return;
      auto& x = it->second;
      x.busy_until = 0;
      if (!r) {  // a stale epoch: the lease has passed on
        if (x.alive) end_process(x, 0, 15);
        x.finished = true;
        return;
      }
      const auto& t = std::get<core::answer::run_told>(*r);
      x.acked_lines = std::max(x.acked_lines, t.history_lines);  // answers may overtake each other
      if (server_.up() && server_.s.runs.at(id).history_lines < x.acked_lines)
        throw violation{"run " + id.value + " lost history: " + std::to_string(x.acked_lines) +
                        " lines were acknowledged, fewer are known"};
      if (t.stop && x.alive) end_process(x, 0, 15);
    };
    p.busy_until = t_ + 30 * second;
    if (!p.started) {
      send(w, opening(*w, p), [this, w, id, told](const result<answer_to>& r) {
        if (auto it = w->procs.find(id); it != w->procs.end() && r) {
          it->second.started = true;
          if (w->by_hand && server_.up()) it->second.epoch = server_.s.runs.at(id).epoch;
        }
        told(r);
      });
    } else if (p.preempt && !p.alive && !p.preempt_told) {
      send(w, core::cmd::mark_preempting{id, p.epoch}, [w, id, told](const result<answer_to>& r) {
        if (auto it = w->procs.find(id); it != w->procs.end() && r) it->second.preempt_told = true;
        told(r);
      });
    } else if (p.acked_lines < p.lines || (p.alive && t_ - p.last_report >= 15 * second)) {
      p.last_report = t_;
      core::cmd::report_run c{id, p.epoch, p.acked_lines, {}, 0, "", {}};
      for (auto i = p.acked_lines; i < p.lines && c.history.size() < 50; ++i)
        c.history.push_back(curve_line(p.trial, i));
      send(w, c, told);
    } else if (!p.alive && w->by_hand && p.signal != 0) {
      p.finished = true;  // nobody is there to tell of it
    } else if (!p.alive) {
      core::cmd::finish_run c{id, p.epoch, {}, {}, {}};
      if (p.signal != 0) c.signal = p.signal; else c.exit_code = p.exit_code;
      const bool good = p.signal == 0 && p.exit_code == 0;
      send(w, c, [this, w, id, told, good](const result<answer_to>& r) {
        told(r);
        const auto it = w->procs.find(id);
        if (it == w->procs.end() || !r) return;
        it->second.finished = true;
        const auto& end = std::get<core::answer::run_told>(*r);
        acknowledged_end(id, end, good);
        if (w->by_hand) perhaps_again(it->second, end);
      });
    } else {
      p.busy_until = 0;
    }
  }

  /// What was acknowledged stays: a good end that was taken is Finished for good.
  void acknowledged_end(const run_id& id, const core::answer::run_told& told, bool good) {
    if (!server_.up()) return;
    const auto it = server_.s.runs.find(id);
    if (it == server_.s.runs.end()) throw violation{"run " + id.value + " was acknowledged and is gone"};
    if (good && told.state == core::run_state::finished && it->second.state != core::run_state::finished &&
        it->second.attempt == 1 && it->second.epoch == 1)
      throw violation{"run " + id.value + " was acknowledged as finished and is not"};
    if (core::is_live(told.state)) throw violation{"run " + id.value + " ended and is still live"};
  }

  // --- faults ---
  void schedule_faults() {
    every(fault::agent_dies, 3 * hour, [this](worker* w) { kill_agent(w, dice_.between(10, 3'600) * second); });
    every(fault::agent_freezes, 2 * hour, [this](worker* w) { w->frozen_until = t_ + dice_.between(10, 2'400) * second; });
    every(fault::network_cut, 2 * hour, [this](worker* w) { w->cut_until = t_ + dice_.between(10, 2'400) * second; });
    every(fault::agent_leaves, 5 * hour, [this](worker* w) { leave(w); });
    sometimes(fault::controller_dies, 1.5 * hour, [this] {
      if (!server_.up()) return;
      server_.die();
      ++restarts_;
      commit_scheduled_ = false;
      in(dice_.hit(0.7) ? dice_.between(1, 30) * second : dice_.between(60, 5'000) * second, [this] {
        server_.restart();
        schedule_commit();
      });
    });
    sometimes(fault::controller_suspends, 4 * hour, [this] {
      if (!server_.up()) return;
      server_.suspend();
      const auto epoch = restarts_;
      in(dice_.between(20, 5'000) * second, [this, epoch] {
        if (epoch != restarts_) return;
        server_.resume();
        commit_scheduled_ = false;
        schedule_commit();
      });
    });
    sometimes(fault::clock_jumps, 2 * hour, [this] { server_.jump_clock(dice_.between(-365 * 24, 365 * 24) * hour); });
    sometimes(fault::mass_silence, 4 * hour, [this] {
      const auto until = t_ + dice_.between(60, 1'500) * second;
      for (auto& w : workers_) w->cut_until = std::max(w->cut_until, until);
    });
    sometimes(fault::policy_edits, 2 * hour, [this] {
      if (!server_.up()) return;
      auto p = some_policy();
      if (dice_.hit(0.2)) p.mode = dice_.hit(0.5) ? core::policy_mode::observe : core::policy_mode::off;
      server_.tell(core::cmd::set_policy{sweeps_[dice_.below(sweeps_.size())], p, "", "edit", ""}, operator_, {});
      schedule_commit();
    });
    sometimes(fault::operator_acts, 0.5 * hour, [this] { operate(); });
  }

  void sometimes(fault f, double mean_ms, std::function<void()> what) {
    const auto wait = static_cast<std::int64_t>(dice_.exponential(mean_ms)) + 1;
    in(wait, [this, f, mean_ms, what] {
      if (t_ >= chaos_end_) return;
      if (how_.faults.has(f)) what();
      sometimes(f, mean_ms, what);
    });
  }

  void every(fault f, double mean_ms, std::function<void(worker*)> what) {
    sometimes(f, mean_ms / static_cast<double>(workers_.size()),
              [this, what] { what(workers_[dice_.below(workers_.size())].get()); });
  }

  void kill_agent(worker* w, std::int64_t back_in) {
    if (!w->alive) return;
    for (auto& [id, p] : w->procs)
      if (p.alive) run_ms_ += static_cast<double>(t_ - p.began);
    w->alive = false;
    ++w->life;
    const auto life = w->life;
    in(back_in, [this, w, life] {
      if (w->life != life) return;
      // Half of them find their spool and deliver what they know; the others start from nothing.
      const bool spool = dice_.hit(0.5) && !w->id.empty();
      if (spool) {
        for (auto& [id, p] : w->procs) {
          p.alive = false;
          p.signal = 15;
          p.busy_until = 0;
        }
      } else {
        w->procs.clear();
        w->id = agent_id{};
      }
      w->claim_id.clear();
      w->claim_busy_until = w->join_busy_until = 0;
      w->alive = true;
      wake(w, second);
    });
  }

  void leave(worker* w) {
    if (!w->alive || w->id.empty()) return;
    send(w, core::cmd::leave_agent{w->id, "scaled down"}, [](const auto&) {});
    kill_agent(w, dice_.between(60, 3'600) * second);
  }

  void operate() {
    if (!server_.up() || server_.s.runs.empty()) return;
    const auto& sweep_of = sweeps_[dice_.below(sweeps_.size())];
    const auto& sw = server_.s.sweeps.at(sweep_of);
    const auto pick = dice_.below(10);
    if (pick < 2) {
      server_.tell(core::cmd::move_sweep{sweep_of, dice_.hit(0.4) ? core::cmd::sweep_verb::pause
                                                                  : core::cmd::sweep_verb::resume, "sim"}, operator_, {});
    } else if (pick == 2) {
      server_.tell(core::cmd::tune_sweep{sweep_of, dice_.between(1, 20), {}, "sim"}, operator_, {});
    } else if (pick == 3 && dice_.hit(0.05)) {
      server_.tell(core::cmd::move_sweep{sweep_of, dice_.hit(0.5) ? core::cmd::sweep_verb::stop
                                                                  : core::cmd::sweep_verb::cancel, "sim"}, operator_, {});
    } else if (pick == 4) {
      start_by_hand(sweep_of, run_id{"hand" + std::to_string(++ids_)}, 0);
    } else if (sw.trials > 0) {
      const auto& t = sw.by_number.at(1 + dice_.below(sw.trials));
      if (t.runs.empty()) return;
      const auto& id = t.runs[dice_.below(t.runs.size())];
      const auto verb = static_cast<core::cmd::run_verb>(dice_.below(6));
      server_.tell(core::cmd::act_on_run{id, verb, "sim", dice_.hit(0.5)}, operator_, {});
    }
    schedule_commit();
  }

  // --- the end ---
  /// The faults are over: what is down comes back, pauses are lifted, policies enforce.
  void calm_down() {
    if (!server_.up()) return in(hour, [this] { calm_down(); });
    for (auto& w : workers_) w->frozen_until = w->cut_until = 0;
    for (auto& w : workers_) w->bad = false;
    for (const auto& id : sweeps_) {
      core::crash_policy p;
      p.rules.emplace_back();
      server_.tell(core::cmd::set_policy{id, p, "", "calm", ""}, operator_, {});
      lift_pause(id);
    }
    schedule_commit();
  }

  /// An operator's pause ends with the operator; the breaker's must end by itself.
  void lift_pause(const sweep_id& id) {
    const auto& sw = server_.s.sweeps.at(id);
    if (sw.state == core::sweep_state::paused && sw.paused == core::pause_reason::operator_)
      server_.tell(core::cmd::move_sweep{id, core::cmd::sweep_verb::resume, "calm"}, operator_, {});
  }

  bool drained() const {
    if (!server_.up()) return false;
    for (const auto& [id, sw] : server_.s.sweeps)
      if (sw.state != core::sweep_state::finished && sw.state != core::sweep_state::canceled) return false;
    return true;
  }

  std::string undrained() const {
    for (const auto& [id, sw] : server_.s.sweeps)
      if (sw.state != core::sweep_state::finished && sw.state != core::sweep_state::canceled)
        return "sweep " + id.value + " is " + std::string(json::enum_name(sw.state)) + ", " +
               std::to_string(sw.unsettled.size()) + " unsettled, " + std::to_string(sw.waiting.size()) +
               " waiting, " + std::to_string(sw.slots_used) + " slots, " + std::to_string(sw.cap_used) + " places";
    return "the controller is down";
  }

  settings how_;
  chance dice_;
  server server_;
  std::int64_t t_ = 0, chaos_end_ = 0;
  std::uint64_t order_ = 0, ids_ = 0, restarts_ = 0;
  bool commit_scheduled_ = false;
  double run_ms_ = 0;
  std::vector<later> queue_;  ///< a heap, so that what is taken can be moved out
  std::vector<sweep_id> sweeps_;
  std::map<std::string, std::uint64_t> cells_;
  std::vector<std::unique_ptr<worker>> workers_, hands_;
  const core::actor operator_{core::actor_kind::user, "operator"};
};

}  // namespace

outcome simulate(const settings& how) { return simulation(how).run(); }

}  // namespace sweepd::sim
