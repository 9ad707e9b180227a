#include "tests/store/fixtures.hpp"

#include "tests/support/memory_store.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <random>

namespace sweepd::test {

temp_dir::temp_dir() {
  auto pattern = (std::filesystem::temp_directory_path() / "sweepd-store-XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

temp_dir::~temp_dir() {
  std::error_code ec;
  std::filesystem::remove_all(path_, ec);
}

run_id script_run(std::uint64_t number) {
  auto digits = std::to_string(number);
  return run_id{"run" + std::string(5 - std::min<std::size_t>(digits.size(), 5), '0') + digits};
}

void script::note(core::batch& b, core::event what, core::actor who) {
  b.events.push_back({++seq_, b.at, std::move(who), std::move(what)});
}

core::batch script::next() {
  core::batch b;
  ++given_;
  const milliseconds t{static_cast<std::int64_t>(given_) * 1000};
  b.at = moment{instant{milliseconds{1'700'000'000'000} + t}, mono{t}};
  if (given_ == 1)
    first(b);
  else
    later(b);
  return b;
}

void script::first(core::batch& b) {
  sweep_.id = sweep_id{"sweep001"};
  sweep_.project = "local/default";
  sweep_.spec.name = "demo";
  sweep_.spec.method = "random";
  sweep_.spec.metric = "loss";
  sweep_.spec.yaml = "method: random\n";
  sweep_.spec.config["method"] = "random";
  sweep_.created = b.at.wall;
  note(b, core::ev::sweep_created{sweep_.id, sweep_.project, sweep_.spec, sweep_.policy, "0123", "me"});
  agent_.id = agent_id{"agent001"};
  agent_.sweep = sweep_.id;
  agent_.joined = b.at.wall;
  note(b, core::ev::agent_joined{agent_.id, sweep_.id, "a", "host", 42});
  b.sweeps.push_back(sweep_);
  b.specs.emplace_back(sweep_.id, sweep_.spec);
  b.agents.push_back(agent_);
}

void script::later(core::batch& b) {
  const auto number = given_ - 1;
  std::mt19937_64 dice(given_);
  core::trial t;
  t.sweep = sweep_.id;
  t.number = number;
  t.position = number - 1;
  t.config = R"({"lr":{"value":)" + std::to_string(number) + "}}";
  t.runs = {script_run(number)};
  t.state = core::trial_state::held;
  note(b, core::ev::trial_drawn{t.sweep, t.number, t.position, t.config, t.hash, "{}"});
  b.trials.push_back(t);

  core::run r;
  r.id = script_run(number);
  r.sweep = sweep_.id;
  r.trial = number;
  r.agent = agent_.id;
  r.created = b.at.wall;
  note(b, core::ev::run_offered{r.id, r.sweep, number, 1, 1, agent_.id, "request", false});
  runs_.push_back(r);
  b.runs.push_back(r);
  const auto move = [&](core::run& which, core::run_state to) {
    core::ev::run_moved e;
    e.run = which.id;
    e.from = which.state;
    e.to = to;
    note(b, e, core::actor{core::actor_kind::agent, agent_.id.value});
    which.state = to;
  };
  if (runs_.size() >= 2) {
    auto& live = runs_[runs_.size() - 2];
    move(live, core::run_state::running);
    core::run_data d;
    d.run = live.id;
    d.sweep = sweep_.id;
    for (int i = 0; i < 3; ++i) d.history.push_back(R"({"loss":)" + std::to_string(dice()) + "}");
    d.log.assign(100 + dice() % 1800, static_cast<char>('a' + dice() % 26));
    live.history_lines = d.history.size();
    live.log_bytes = d.log.size();
    live.log_tail = d.log;
    live.metric.best = 1.0 / static_cast<double>(1 + dice() % 1'000'003);
    b.data.push_back(std::move(d));
    b.runs.push_back(live);
  }
  if (runs_.size() >= 3) {
    auto& done = runs_[runs_.size() - 3];
    move(done, core::run_state::finished);
    done.exit_code = 0;
    b.runs.push_back(done);
  }
  sweep_.trials = number;
  sweep_.next_position = number;
  b.sweeps.push_back(sweep_);
  b.replies.push_back({"key/" + std::to_string(number), "print", R"({"type":"done"})", b.at.wall});
  if (given_ % 5 == 0) b.beats = core::heartbeat_block{{{r.id, b.at.wall}}, {{agent_.id, b.at.wall}}};
  if (given_ % 7 == 0) {
    const auto transfer = "transfer" + std::to_string(number);
    b.files.push_back({r.id, "model.bin", transfer, 0, std::string(3000, 'x'), false, 0, "", b.at.wall});
    b.files.push_back({r.id, "model.bin", transfer, 1, std::string(2000, 'y'), true, 5000, "sha", b.at.wall});
  }
}

std::string text_of(const core::snapshot& s) {
  std::string out = "seq " + std::to_string(s.last_seq) + "\n";
  if (s.last)
    out += json::to_text(s.last->wall) + " " + json::to_text(s.last->at) + "\n";
  const auto add = [&](const auto& rows) {
    for (const auto& row : rows) out += json::to_text(row) + "\n";
  };
  add(s.sweeps);
  add(s.trials);
  add(s.runs);
  add(s.agents);
  add(s.keys);
  auto replies = s.replies;
  std::sort(replies.begin(), replies.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  add(replies);
  return out;
}

std::vector<std::string> script_states(std::uint64_t n) {
  memory_store model;
  script s;
  std::vector<std::string> out{text_of(model.load().value())};
  for (std::uint64_t k = 1; k <= n; ++k) {
    const auto done = model.commit(s.next());
    REQUIRE_MESSAGE(done.has_value(), (done ? "" : to_string(done.error())));
    out.push_back(text_of(model.load().value()));
  }
  return out;
}

std::unique_ptr<store::sqlite_store> open_store(const std::string& path,
                                                const store::store_options& options) {
  auto s = store::sqlite_store::open(path, options);
  REQUIRE_MESSAGE(s.has_value(), (s ? "" : to_string(s.error())));
  return std::move(*s);
}

}  // namespace sweepd::test
