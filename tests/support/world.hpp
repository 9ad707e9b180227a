// A core in a bottle for tests: one state, one hand-moved clock, every event kept in order.
#pragma once

#include "controller/core/apply.hpp"
#include "controller/core/check.hpp"
#include "controller/core/commands.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace sweepd::core {

struct world {
  state s;
  moment now{instant{std::chrono::hours{24 * 365 * 50}}, mono{std::chrono::hours{1}}};
  std::vector<std::pair<actor, event>> log;
  int next_id = 0;
  actor operator_{actor_kind::user, "op"};

  std::string id(const char* prefix) { return prefix + std::to_string(++next_id); }

  result<answer_to> tell(const command& c, actor who = {}) {
    auto d = decide(s, c, who, now);
    if (!d) return tl::unexpected<error>(d.error());
    keep(*d);
    return d->reply;
  }
  /// Must succeed and answer an A.
  template <class A = answer::done>
  A ask(const command& c, actor who = {}) {
    auto r = tell(c, std::move(who));
    REQUIRE_MESSAGE(r.has_value(), to_string(r ? error{} : r.error()));
    REQUIRE(std::holds_alternative<A>(*r));
    return std::get<A>(*r);
  }
  void keep(const decision& d) {
    for (const auto& e : d.events) log.push_back(e);
    const auto wrong = broken_invariants(s);
    CHECK_MESSAGE(wrong.empty(), (wrong.empty() ? std::string() : wrong.front()));
  }
  /// Lets serving time pass, firing every timer at its own instant.
  void pass(milliseconds d) {
    const mono end = now.at + d;
    while (true) {
      const auto next = s.timers.next();
      if (!next || *next > end) break;
      if (*next > now.at) step(*next - now.at);
      keep(tick(s, now).what);
    }
    step(end - now.at);
  }
  void step(milliseconds d) {
    now.at += d;
    now.wall += d;
  }

  /// A sweep of `cells` configurations, all of them ready.
  sweep_id make_sweep(crash_policy policy = {}, int cells = 10, sweep_spec spec = {}) {
    spec.method = "grid";
    if (spec.metric.empty()) spec.metric = "loss";
    spec.size = static_cast<std::uint64_t>(cells);
    const sweep_id sw{id("sw")};
    ask(cmd::create_sweep{sw, "local/default", spec, policy});
    cmd::add_suggestions more{sw, {}, true};
    for (int i = 0; i < cells; ++i) {
      strategies::suggestion one;
      one.position = static_cast<std::uint64_t>(i);
      one.config = {{"x", {{"value", i}}}};
      more.suggestions.push_back(one);
    }
    ask(more);
    return sw;
  }
  agent_id join(const sweep_id& sw) {
    const agent_id a{id("ag")};
    ask(cmd::join_agent{a, sw, "agent", "host", 1});
    return a;
  }
  answer_to claim(const agent_id& a, std::vector<run_id> knows = {}) {
    auto r = tell(cmd::claim{s.agents.at(a).sweep, a, id("rq"), std::move(knows), run_id{id("r")}});
    REQUIRE(r.has_value());
    return *r;
  }
  /// Claims a run and starts it.
  run_id start(const agent_id& a) {
    const auto h = claim(a, running_of(a));
    REQUIRE_MESSAGE(std::holds_alternative<answer::handout>(h), json::to_text(h));
    const auto& got = std::get<answer::handout>(h);
    ask<answer::run_told>(cmd::start_run{got.run, got.epoch, "host", 2});
    return got.run;
  }
  std::vector<run_id> running_of(const agent_id& a) {
    const auto& runs = s.agents.at(a).runs;
    return {runs.begin(), runs.end()};
  }
  answer::agent_told beat(const agent_id& a, std::vector<run_id> alive) {
    return ask<answer::agent_told>(cmd::beat_agent{a, std::move(alive)});
  }
  answer::agent_told beat(const agent_id& a) { return beat(a, running_of(a)); }
  /// Beats every 5 s for a while.
  void live_on(const std::vector<agent_id>& agents, milliseconds d) {
    for (milliseconds t{0}; t < d; t += std::chrono::seconds{5}) {
      pass(std::chrono::seconds{5});
      for (const auto& a : agents) beat(a);
    }
  }
  answer::run_told report(const run_id& r, double loss) {
    const auto& x = at(r);
    cmd::report_run c{r, x.epoch, x.history_lines, {"{\"loss\":" + std::to_string(loss) + "}"}, 0, "", {}};
    return ask<answer::run_told>(c);
  }
  answer::run_told print(const run_id& r, std::string text) {
    const auto& x = at(r);
    return ask<answer::run_told>(cmd::report_run{r, x.epoch, 0, {}, x.log_bytes, std::move(text), {}});
  }
  answer::run_told finish(const run_id& r, std::optional<int> code, std::optional<int> sig = {}) {
    return ask<answer::run_told>(cmd::finish_run{r, at(r).epoch, code, sig, {}});
  }
  answer::done act(const run_id& r, cmd::run_verb v, bool force = false) {
    return ask(cmd::act_on_run{r, v, "because", force}, operator_);
  }
  const run& at(const run_id& r) { return s.runs.at(r); }
  const sweep& at(const sweep_id& id) { return s.sweeps.at(id); }
  const trial& trial_of(const run_id& r) { return at(at(r).sweep).by_number.at(at(r).trial); }
  std::uint64_t runs_in(const sweep_id& id, run_state state_of) {
    const auto& counts = at(id).run_counts;
    const auto it = counts.find(state_of);
    return it == counts.end() ? 0 : it->second;
  }
  template <class E>
  std::size_t count() const {
    std::size_t n = 0;
    for (const auto& [who, e] : log) n += std::holds_alternative<E>(e) ? 1 : 0;
    return n;
  }
};

}  // namespace sweepd::core
