#include "controller/store/row_writer.hpp"

#include "controller/store/documents.hpp"
#include "controller/store/heartbeats.hpp"
#include "controller/store/statements.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sweepd::store {
namespace {

template <class E>
std::string name_of(E e) {
  return std::string(json::enum_name(e));
}

std::int64_t millis(instant t) { return t.time_since_epoch().count(); }
std::int64_t millis(mono t) { return t.time_since_epoch().count(); }

template <class Id>
std::optional<std::string> text_of(const std::optional<Id>& id) {
  return id ? std::optional(id->value) : std::nullopt;
}

/// Runs and agents share one map of "which sweep"; their ids are kept apart by a letter.
std::string tagged(const run_id& id) { return "r" + id.value; }
std::string tagged(const agent_id& id) { return "a" + id.value; }

}  // namespace

row_writer::row_writer(SQLite::Database& db)
    : db_(db),
      insert_event_(db, sql::insert_event),
      insert_minute_(db, sql::insert_minute),
      upsert_sweep_(db, sql::upsert_sweep),
      upsert_spec_(db, sql::upsert_spec),
      upsert_trial_(db, sql::upsert_trial),
      find_run_(db, sql::find_run),
      insert_run_(db, sql::insert_run),
      update_run_(db, sql::update_run),
      upsert_agent_(db, sql::upsert_agent),
      upsert_key_(db, sql::upsert_key),
      upsert_artifact_(db, sql::upsert_artifact),
      upsert_webhook_(db, sql::upsert_webhook),
      delete_webhook_(db, sql::delete_webhook),
      sweep_of_run_(db, sql::sweep_of_run),
      sweep_of_agent_(db, sql::sweep_of_agent),
      upsert_beats_(db, sql::upsert_beats),
      upsert_meta_(db, sql::upsert_meta),
      upsert_reply_(db, sql::upsert_reply),
      count_replies_(db, sql::count_replies),
      prune_by_age_(db, sql::prune_replies_by_age),
      prune_by_count_(db, sql::prune_replies_by_count),
      data_(db) {
  SQLite::Statement meta(db, sql::read_meta);
  for_rows(meta, [&](auto& s) {
    durable_.last_seq = static_cast<std::uint64_t>(int_at(s, 2));
    const auto head = bytes_at(s, 3);
    std::memcpy(durable_.head.data(), head.data(), std::min(head.size(), durable_.head.size()));
  });
  for_rows(count_replies_,
           [&](auto& s) { durable_.replies = static_cast<std::size_t>(int_at(s, 0)); });
  rolled_back();
}

void row_writer::rolled_back() {
  pending_ = durable_;
  chain_.rewind(durable_.head);
}

result<void> row_writer::write(const core::batch& b) {
  if (auto ok = check_sequence(b, pending_.last_seq); !ok) return ok;
  if (auto ok = write_runs(b); !ok) return ok;
  write_sweeps(b);
  write_others(b);
  for (const auto& d : b.data)
    if (auto ok = data_.append(d); !ok) return ok;
  for (const auto& p : b.files)
    if (auto ok = data_.add(p); !ok) return ok;
  write_events(b);
  write_replies(b);
  write_meta(b);
  return {};
}

result<void> row_writer::write_runs(const core::batch& b) {
  SWEEPD_TRY(const auto paths, run_paths(b));
  SWEEPD_TRY(const auto rows, last_rows(b, paths));
  // In the batch's order, so that the table keeps the order in which runs were made.
  for (const auto& r : b.runs) {
    if (rows.at(r.id) != &r) continue;
    const auto path = paths.find(r.id);
    if (auto ok = write_run(r, path == paths.end() ? run_path{} : path->second); !ok) return ok;
  }
  return {};
}

result<void> row_writer::write_run(const core::run& r, const run_path& path) {
  std::optional<run_place> stored;
  std::string state;
  for_rows(
      find_run_,
      [&](auto& s) {
        state = text_at(s, 0);
        const auto known = json::enum_value<core::run_state>(state);
        stored = run_place{known.value_or(core::run_state::pending),
                           static_cast<std::uint32_t>(int_at(s, 1))};
      },
      r.id.value);
  if (auto ok = check_run(r, path, stored); !ok) return ok;
  const auto now = name_of(r.state);
  const auto doc = doc_of(r);
  const int changed =
      stored ? run(update_run_, r.sweep.value, r.trial, r.attempt, now, r.epoch, r.agent.value, doc,
                   blob(r.log_tail), r.id.value, state, stored->epoch)
             : run(insert_run_, r.sweep.value, r.trial, r.attempt, now, r.epoch, r.agent.value, doc,
                   blob(r.log_tail), r.id.value);
  if (changed != 1)
    return tl::unexpected(broken_rule("run " + r.id.value + ": the row changed under the writer"));
  return {};
}

void row_writer::write_sweeps(const core::batch& b) {
  for (const auto& s : b.sweeps) {
    const auto doc = doc_of(s);
    run(upsert_sweep_, s.id.value, s.project, s.spec.name, name_of(s.state), millis(s.created), doc);
  }
  for (const auto& [id, spec] : b.specs) run(upsert_spec_, id.value, doc_of(spec));
}

void row_writer::write_others(const core::batch& b) {
  for (const auto& t : b.trials) {
    const auto doc = doc_of(t);
    run(upsert_trial_, t.sweep.value, t.number, t.position, t.hash, name_of(t.state), doc);
  }
  for (const auto& a : b.agents) {
    const auto doc = doc_of(a);
    run(upsert_agent_, a.id.value, a.sweep.value, name_of(a.state), doc);
  }
  for (const auto& k : b.keys) {
    const auto doc = doc_of(k);
    run(upsert_key_, k.id.value, doc);
  }
  for (const auto& a : b.artifacts) {
    const auto doc = doc_of(a);
    const auto version = a.version ? std::optional(static_cast<std::int64_t>(*a.version)) : std::nullopt;
    run(upsert_artifact_, a.id.value, a.project, a.collection, name_of(a.state), version, doc);
  }
  for (const auto& [hook, removed] : b.webhooks) {
    const auto doc = doc_of(hook);
    removed ? run(delete_webhook_, hook.id.value) : run(upsert_webhook_, hook.id.value, doc);
  }
  if (b.beats) {
    const auto block = encode_heartbeats(*b.beats);
    run(upsert_beats_, blob(block));
  }
}

core::subject row_writer::subject_of(const core::event_record& e, const core::batch& b) {
  auto out = named_subject(e.what);
  if (out.sweep || (!out.run && !out.agent)) return out;
  if (sweeps_of_.empty()) {
    for (const auto& r : b.runs) sweeps_of_[tagged(r.id)] = r.sweep.value;
    for (const auto& a : b.agents) sweeps_of_[tagged(a.id)] = a.sweep.value;
  }
  const auto known = sweeps_of_.find(out.run ? tagged(*out.run) : tagged(*out.agent));
  if (known != sweeps_of_.end()) {
    out.sweep = sweep_id{known->second};
  } else {
    for_rows(out.run ? sweep_of_run_ : sweep_of_agent_,
             [&](auto& s) { out.sweep = sweep_id{text_at(s, 0)}; },
             out.run ? out.run->value : out.agent->value);
  }
  return out;
}

/// What goes from the store with the event that says so.
void row_writer::remove_data(const core::event& e) {
  if (const auto* gone = std::get_if<core::ev::run_purged>(&e)) data_.purge(gone->run);
  if (const auto* gone = std::get_if<core::ev::files_deleted>(&e)) data_.remove(gone->run, gone->names);
  if (const auto* gone = std::get_if<core::ev::artifact_purged>(&e))
    data_.remove(core::artifact_files_of(gone->project), gone->files);
}

void row_writer::write_events(const core::batch& b) {
  sweeps_of_.clear();
  for (const auto& e : b.events) {
    remove_data(e.what);
    const auto about = subject_of(e, b);
    const auto sweep = text_of(about.sweep), run_text = text_of(about.run), agent = text_of(about.agent);
    const std::string type(event_type(e.what));
    const auto actor = doc_of(e.who);
    const auto body = doc_of(e.what);
    const auto none = std::string_view();
    const auto& hash = chain_.add({e.seq, millis(e.at.wall), millis(e.at.at), actor, type,
                                   sweep ? *sweep : none, run_text ? *run_text : none,
                                   agent ? *agent : none, body});
    run(insert_event_, e.seq, millis(e.at.wall), millis(e.at.at), actor, type, sweep, run_text, agent,
        body, blob(hash));
    pending_.last_seq = e.seq;
    const auto minute = millis(e.at.wall) / 60'000;
    if (std::exchange(pending_.minute, minute) != minute) run(insert_minute_, minute, e.seq);
  }
  pending_.head = chain_.head();
}

void row_writer::write_replies(const core::batch& b) {
  if (b.replies.empty()) return;
  for (const auto& r : b.replies) run(upsert_reply_, r.key, r.fingerprint, r.reply, millis(r.at));
  pending_.replies += b.replies.size();
  const auto at_most = replies_pruned_max + b.replies.size();
  const auto horizon = millis(b.at.wall - core::idempotency_retention);
  pending_.replies -= std::min(pending_.replies,
                               static_cast<std::size_t>(run(prune_by_age_, horizon, at_most)));
  if (pending_.replies <= core::idempotency_rows_max) return;
  // The count may be too high, since a key that came again was counted again: count, then prune.
  for_rows(count_replies_,
           [&](auto& s) { pending_.replies = static_cast<std::size_t>(int_at(s, 0)); });
  if (pending_.replies <= core::idempotency_rows_max) return;
  const auto excess = pending_.replies - core::idempotency_rows_max + replies_slack;
  pending_.replies -= static_cast<std::size_t>(run(prune_by_count_, excess));
}

void row_writer::write_meta(const core::batch& b) {
  run(upsert_meta_, millis(b.at.at), millis(b.at.wall), pending_.last_seq, blob(pending_.head));
}

}  // namespace sweepd::store
