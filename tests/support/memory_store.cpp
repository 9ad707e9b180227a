#include "tests/support/memory_store.hpp"

#include "controller/store/batch_rules.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace sweepd::test {

using store::broken_rule;

struct memory_store::rows {
  using batch_of_events = std::vector<core::event_record>;
  struct stored_file {
    core::file_info info;
    std::string bytes;
  };

  // Lists keep the order in which things were made, as the tables do.
  std::vector<core::sweep> sweeps;
  std::vector<core::trial> trials;
  std::vector<core::run> runs;
  std::vector<core::agent> agents;
  std::vector<core::api_key> keys;
  std::vector<core::artifact> artifacts;
  std::unordered_map<sweep_id, std::size_t> sweep_at;
  std::map<std::pair<sweep_id, std::uint64_t>, std::size_t> trial_at;
  std::map<std::pair<sweep_id, std::uint64_t>, std::uint64_t> number_at_position;
  std::unordered_map<run_id, std::size_t> run_at;
  std::map<std::tuple<sweep_id, std::uint64_t, int>, run_id> run_at_attempt;
  std::unordered_map<agent_id, std::size_t> agent_at;
  std::unordered_map<key_id, std::size_t> key_at;
  std::unordered_map<artifact_id, std::size_t> artifact_at;
  std::map<std::string, core::idempotency_row> replies;
  std::vector<std::shared_ptr<const batch_of_events>> events;
  std::unordered_map<run_id, std::vector<std::string>> history, system;
  std::unordered_map<run_id, std::string> logs;
  std::map<std::pair<run_id, std::string>, stored_file> files;
  std::unordered_map<std::string, std::string> transfers;
  core::heartbeat_block beats;
  std::uint64_t last_seq = 0;
  std::optional<moment> last;

  template <class T, class Index, class Key>
  static void put(std::vector<T>& list, Index& index, const Key& key, const T& row) {
    const auto [place, fresh] = index.try_emplace(key, list.size());
    if (fresh)
      list.push_back(row);
    else
      list[place->second] = row;
  }
};

namespace {

/// The rules that unique indexes and appends enforce in the real store.
template <class Rows>
result<void> check_places(const Rows& rows, const core::batch& b) {
  for (const auto& t : b.trials) {
    const auto it = rows.number_at_position.find({t.sweep, t.position});
    if (it != rows.number_at_position.end() && it->second != t.number)
      return tl::unexpected(broken_rule("two trials at one position of sweep " + t.sweep.value));
  }
  for (const auto& r : b.runs) {
    const auto it = rows.run_at_attempt.find({r.sweep, r.trial, r.attempt});
    if (it != rows.run_at_attempt.end() && it->second != r.id)
      return tl::unexpected(broken_rule("two runs of one attempt: " + r.id.value));
  }
  std::unordered_map<run_id, std::pair<std::uint64_t, std::uint64_t>> ends;
  for (const auto& d : b.data) {
    if (!ends.contains(d.run)) {
      const auto lines = rows.history.find(d.run);
      const auto log = rows.logs.find(d.run);
      ends[d.run] = {lines == rows.history.end() ? 0 : lines->second.size(),
                     log == rows.logs.end() ? 0 : log->second.size()};
    }
    auto& [line, byte] = ends[d.run];
    if ((!d.history.empty() && d.history_from != line) || (!d.log.empty() && d.log_from != byte))
      return tl::unexpected(broken_rule("data of run " + d.run.value + " does not continue"));
    line += d.history.size();
    byte += d.log.size();
  }
  return {};
}

template <class Rows>
result<void> check(const Rows& rows, const core::batch& b) {
  if (auto ok = store::check_sequence(b, rows.last_seq); !ok) return ok;
  SWEEPD_TRY(const auto paths, store::run_paths(b));
  SWEEPD_TRY(const auto last, store::last_rows(b, paths));
  for (const auto& [id, row] : last) {
    const auto path = paths.find(id);
    const auto at = rows.run_at.find(id);
    std::optional<store::run_place> stored;
    if (at != rows.run_at.end())
      stored = store::run_place{rows.runs[at->second].state, rows.runs[at->second].epoch};
    if (auto ok = store::check_run(*row, path == paths.end() ? store::run_path{} : path->second, stored);
        !ok)
      return ok;
  }
  return check_places(rows, b);
}

}  // namespace

memory_store::memory_store() : rows_(std::make_shared<rows>()) {}
memory_store::~memory_store() = default;

memory_store::memory_store(const memory_store& other) {
  const std::lock_guard lock(other.mutex_);
  rows_ = other.rows_;
  commits_ = other.commits_;
  failures_ = other.failures_;
  always_ = other.always_;
}

memory_store& memory_store::operator=(const memory_store& other) {
  if (this == &other) return *this;
  const std::scoped_lock lock(mutex_, other.mutex_);
  rows_ = other.rows_;
  commits_ = other.commits_;
  failures_ = other.failures_;
  always_ = other.always_;
  return *this;
}

void memory_store::fail_commit(std::uint64_t nth, error e, bool written) {
  const std::lock_guard lock(mutex_);
  failures_.push_back({commits_ + nth, std::move(e), written});
}

void memory_store::fail_always(error e) {
  const std::lock_guard lock(mutex_);
  always_ = std::move(e);
}

void memory_store::heal() {
  const std::lock_guard lock(mutex_);
  always_.reset();
  failures_.clear();
}

std::uint64_t memory_store::commits() const {
  const std::lock_guard lock(mutex_);
  return commits_;
}

std::vector<core::event_record> memory_store::log_of_events() const {
  const std::lock_guard lock(mutex_);
  std::vector<core::event_record> out;
  for (const auto& part : rows_->events) out.insert(out.end(), part->begin(), part->end());
  return out;
}

result<void> memory_store::commit(const core::batch& b) {
  const std::lock_guard lock(mutex_);
  ++commits_;
  if (always_) return tl::unexpected(*always_);
  const auto due = std::find_if(failures_.begin(), failures_.end(),
                                [&](const auto& f) { return f.nth == commits_; });
  if (due == failures_.end()) return write(b);
  const auto failure = *due;
  failures_.erase(due);
  if (failure.written)
    if (auto ok = write(b); !ok) return ok;
  return tl::unexpected(failure.what);
}

result<void> memory_store::write(const core::batch& b) {
  if (auto ok = check(*rows_, b); !ok) return ok;
  if (rows_.use_count() > 1) rows_ = std::make_shared<rows>(*rows_);
  auto& r = *rows_;
  for (auto x : b.sweeps) {
    if (const auto known = r.sweep_at.find(x.id); known != r.sweep_at.end())
      x.spec = std::move(r.sweeps[known->second].spec);  // stored apart
    rows::put(r.sweeps, r.sweep_at, x.id, x);
  }
  for (const auto& [id, spec] : b.specs) r.sweeps[r.sweep_at.at(id)].spec = spec;
  for (const auto& x : b.trials) {
    rows::put(r.trials, r.trial_at, std::pair(x.sweep, x.number), x);
    r.number_at_position[{x.sweep, x.position}] = x.number;
  }
  for (const auto& x : b.runs) {
    rows::put(r.runs, r.run_at, x.id, x);
    r.run_at_attempt[{x.sweep, x.trial, x.attempt}] = x.id;
  }
  for (const auto& x : b.agents) rows::put(r.agents, r.agent_at, x.id, x);
  for (const auto& x : b.keys) rows::put(r.keys, r.key_at, x.id, x);
  for (const auto& x : b.artifacts) rows::put(r.artifacts, r.artifact_at, x.id, x);
  for (const auto& x : b.replies) r.replies[x.key] = x;
  for (const auto& d : b.data) {
    auto& lines = r.history[d.run];
    lines.insert(lines.end(), d.history.begin(), d.history.end());
    auto& system = r.system[d.run];
    system.insert(system.end(), d.system.begin(), d.system.end());
    r.logs[d.run] += d.log;
  }
  for (const auto& p : b.files) {
    auto& bytes = r.transfers[p.transfer];
    bytes += p.bytes;
    if (!p.complete) continue;
    r.files[{p.run, p.name}] = {{p.name, p.size, p.sha256, p.at}, std::move(bytes)};
    r.transfers.erase(p.transfer);
  }
  const auto remove = [&r](const run_id& owner, const std::vector<std::string>& names) {
    for (const auto& name : names) r.files.erase({owner, name});
  };
  for (const auto& e : b.events) {
    if (const auto* some = std::get_if<core::ev::files_deleted>(&e.what)) remove(some->run, some->names);
    if (const auto* some = std::get_if<core::ev::artifact_purged>(&e.what))
      remove(core::artifact_files_of(some->project), some->files);
    if (const auto* gone = std::get_if<core::ev::run_purged>(&e.what)) {
      r.history.erase(gone->run);
      r.system.erase(gone->run);
      r.logs.erase(gone->run);
      std::erase_if(r.files, [&](const auto& f) { return f.first.first == gone->run; });
    }
  }
  if (b.beats) r.beats = *b.beats;
  if (!b.events.empty()) {
    r.last_seq = b.events.back().seq;
    r.events.push_back(std::make_shared<const rows::batch_of_events>(b.events));
  }
  const auto served = r.last ? std::max(r.last->at, b.at.at) : b.at.at;
  r.last = moment{b.at.wall, served};
  return {};
}

result<core::snapshot> memory_store::load() {
  const std::lock_guard lock(mutex_);
  if (rows_.use_count() > 1) rows_ = std::make_shared<rows>(*rows_);
  rows_->transfers.clear();
  const auto& r = *rows_;
  core::snapshot out;
  out.sweeps = r.sweeps;
  out.trials = r.trials;
  out.runs = r.runs;
  out.agents = r.agents;
  out.keys = r.keys;
  out.artifacts = r.artifacts;
  for (const auto& [key, row] : r.replies) out.replies.push_back(row);
  for (const auto& [id, at] : r.beats.runs)
    if (const auto it = r.run_at.find(id); it != r.run_at.end())
      out.runs[it->second].last_signal_wall = std::max(out.runs[it->second].last_signal_wall, at);
  for (const auto& [id, at] : r.beats.agents)
    if (const auto it = r.agent_at.find(id); it != r.agent_at.end())
      out.agents[it->second].last_beat_wall = std::max(out.agents[it->second].last_beat_wall, at);
  out.last_seq = r.last_seq;
  out.last = r.last;
  return out;
}

result<std::vector<core::stored_event>> memory_store::events(const core::event_filter& f) {
  const std::lock_guard lock(mutex_);
  const auto& r = *rows_;
  std::vector<core::stored_event> out;
  if (f.limit == 0) return out;
  for (const auto& part : r.events) {
    for (const auto& e : *part) {
      auto about = sweepd::store::named_subject(e.what);
      if (!about.sweep && about.run && r.run_at.contains(*about.run))
        about.sweep = r.runs[r.run_at.at(*about.run)].sweep;
      if (!about.sweep && about.agent && r.agent_at.contains(*about.agent))
        about.sweep = r.agents[r.agent_at.at(*about.agent)].sweep;
      const auto type = sweepd::store::event_type(e.what);
      if (e.seq <= f.after || (f.sweep && about.sweep != f.sweep) || (f.run && about.run != f.run) ||
          (f.agent && about.agent != f.agent) || (!f.type.empty() && type != f.type) ||
          (f.since && e.at.wall < *f.since))
        continue;
      out.push_back({e.seq, e.at.wall, e.at.at, json::to_text(e.who), std::string(type),
                     about.sweep.value_or(sweep_id{}).value, about.run.value_or(run_id{}).value,
                     about.agent.value_or(agent_id{}).value, json::to_text(e.what), {}});
      if (!f.newest_first && out.size() == f.limit) return out;
    }
  }
  if (f.newest_first) {
    std::reverse(out.begin(), out.end());
    if (out.size() > f.limit) out.resize(f.limit);
  }
  return out;
}

result<std::vector<std::string>> memory_store::history(const run_id& run, std::uint64_t from,
                                                       std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  const auto it = rows_->history.find(run);
  if (it == rows_->history.end()) return out;
  for (auto i = from; i < it->second.size() && out.size() < limit; ++i) out.push_back(it->second[i]);
  return out;
}

result<std::vector<std::string>> memory_store::system_metrics(const run_id& run, std::uint64_t from,
                                                              std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  const auto it = rows_->system.find(run);
  if (it == rows_->system.end()) return out;
  for (auto i = from; i < it->second.size() && out.size() < limit; ++i) out.push_back(it->second[i]);
  return out;
}

result<std::string> memory_store::log(const run_id& run, std::uint64_t from, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  const auto it = rows_->logs.find(run);
  if (it == rows_->logs.end() || from >= it->second.size()) return std::string();
  return it->second.substr(from, limit);
}

result<std::vector<core::file_info>> memory_store::files(const run_id& run) {
  const std::lock_guard lock(mutex_);
  std::vector<core::file_info> out;
  for (const auto& [key, f] : rows_->files)
    if (key.first == run) out.push_back(f.info);
  return out;
}

result<std::vector<std::optional<core::file_info>>> memory_store::find_files(
    const run_id& run, const std::vector<std::string>& names) {
  const std::lock_guard lock(mutex_);
  std::vector<std::optional<core::file_info>> out;
  for (const auto& name : names) {
    const auto it = rows_->files.find({run, name});
    out.push_back(it == rows_->files.end() ? std::nullopt : std::optional(it->second.info));
  }
  return out;
}

result<std::string> memory_store::file(const run_id& run, const std::string& name,
                                       std::uint64_t from, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  const auto it = rows_->files.find({run, name});
  if (it == rows_->files.end())
    return fail(errc::not_found, "run " + run.value + " has no file " + name);
  if (from >= it->second.bytes.size()) return std::string();
  return it->second.bytes.substr(from, limit);
}

result<std::optional<std::uint64_t>> memory_store::verify() {
  std::uint64_t expected = 0;
  for (const auto& e : log_of_events())
    if (e.seq != ++expected) return std::optional(expected);
  return std::optional<std::uint64_t>();
}

result<void> memory_store::backup(const std::string& path) {
  return fail(errc::unavailable, "the memory store has no file to copy", path);
}

}  // namespace sweepd::test
