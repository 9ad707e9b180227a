#include "controller/store/statements.hpp"

namespace sweepd::store::sql {

const char* const count_tables = "SELECT count(*) FROM sqlite_schema";
const char* const list_migrations = "SELECT name, checksum FROM migrations ORDER BY number";
const char* const make_migrations =
    "CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " checksum TEXT NOT NULL) STRICT";
const char* const record_migration =
    "INSERT INTO migrations (number, name, checksum) VALUES (?1, ?2, ?3)";

// OR FAIL: see migrations/0005_event_indexes.sql.
const char* const insert_event =
    "INSERT OR FAIL INTO events (seq, wall, at, actor, type, sweep, run, agent, body, hash)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const char* const insert_minute =
    "INSERT INTO event_minutes (minute, first_seq) VALUES (?1, ?2) ON CONFLICT (minute) DO NOTHING";
const char* const upsert_sweep =
    "INSERT INTO sweeps (id, project, name, state, created, doc) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
    " ON CONFLICT (id) DO UPDATE SET project=excluded.project, name=excluded.name,"
    " state=excluded.state, created=excluded.created, doc=excluded.doc";
const char* const upsert_spec =
    "INSERT INTO sweep_specs (sweep, doc) VALUES (?1, ?2)"
    " ON CONFLICT (sweep) DO UPDATE SET doc=excluded.doc";
const char* const upsert_trial =
    "INSERT INTO trials (sweep, number, position, hash, state, doc) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
    " ON CONFLICT (sweep, number) DO UPDATE SET position=excluded.position, hash=excluded.hash,"
    " state=excluded.state, doc=excluded.doc";
const char* const find_run = "SELECT state, epoch FROM runs WHERE id=?1";
const char* const insert_run =
    "INSERT INTO runs (sweep, trial, attempt, state, epoch, agent, doc, log_tail, id)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const char* const update_run =
    "UPDATE runs SET sweep=?1, trial=?2, attempt=?3, state=?4, epoch=?5, agent=?6, doc=?7,"
    " log_tail=?8 WHERE id=?9 AND state=?10 AND epoch=?11";
const char* const upsert_agent =
    "INSERT INTO agents (id, sweep, state, doc) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT (id) DO UPDATE SET sweep=excluded.sweep, state=excluded.state, doc=excluded.doc";
const char* const upsert_key =
    "INSERT INTO keys (id, doc) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET doc=excluded.doc";
const char* const upsert_webhook =
    "INSERT INTO webhooks (id, doc) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET doc=excluded.doc";
const char* const delete_webhook = "DELETE FROM webhooks WHERE id=?1";
const char* const sweep_of_run = "SELECT sweep FROM runs WHERE id=?1";
const char* const sweep_of_agent = "SELECT sweep FROM agents WHERE id=?1";
const char* const upsert_beats =
    "INSERT INTO heartbeats (id, block) VALUES (1, ?1)"
    " ON CONFLICT (id) DO UPDATE SET block=excluded.block";
const char* const upsert_meta =
    "INSERT INTO meta (id, served, wall, last_seq, head) VALUES (1, ?1, ?2, ?3, ?4)"
    " ON CONFLICT (id) DO UPDATE SET served=max(served, excluded.served), wall=excluded.wall,"
    " last_seq=excluded.last_seq, head=excluded.head";
const char* const read_meta = "SELECT served, wall, last_seq, head FROM meta WHERE id=1";
const char* const upsert_reply =
    "INSERT INTO replies (key, fingerprint, reply, at) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT (key) DO UPDATE SET fingerprint=excluded.fingerprint, reply=excluded.reply,"
    " at=excluded.at";
const char* const count_replies = "SELECT count(*) FROM replies";
const char* const prune_replies_by_age =
    "DELETE FROM replies WHERE rowid IN"
    " (SELECT rowid FROM replies WHERE at < ?1 ORDER BY at LIMIT ?2)";
const char* const prune_replies_by_count =
    "DELETE FROM replies WHERE rowid IN (SELECT rowid FROM replies ORDER BY at LIMIT ?1)";

const char* const next_line = "SELECT coalesce(max(line) + 1, 0) FROM history WHERE run=?1";
const char* const next_system_line =
    "SELECT coalesce(max(line) + 1, 0) FROM system_metrics WHERE run=?1";
const char* const insert_system_line =
    "INSERT INTO system_metrics (run, line, text) VALUES (?1, ?2, ?3)";
const char* const read_system =
    "SELECT text FROM system_metrics WHERE run=?1 AND line >= ?2 ORDER BY line LIMIT ?3";
const char* const insert_line = "INSERT INTO history (run, line, text) VALUES (?1, ?2, ?3)";
const char* const log_end =
    "SELECT offset + length(bytes) FROM log_chunks WHERE run=?1 ORDER BY offset DESC LIMIT 1";
const char* const insert_chunk = "INSERT INTO log_chunks (run, offset, bytes) VALUES (?1, ?2, ?3)";
const char* const prune_chunks =
    "DELETE FROM log_chunks WHERE run=?1 AND offset < ?2 AND offset + length(bytes) <= ?2";
const char* const insert_transfer =
    "INSERT INTO transfers (transfer, run, name) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
const char* const insert_part = "INSERT INTO file_parts (transfer, part, bytes) VALUES (?1, ?2, ?3)";
const char* const sum_parts =
    "SELECT count(*), coalesce(sum(length(bytes)), 0) FROM file_parts WHERE transfer=?1 AND part<=?2";
const char* const find_transfer = "SELECT transfer FROM files WHERE run=?1 AND name=?2";
const char* const delete_parts = "DELETE FROM file_parts WHERE transfer=?1";
const char* const upsert_file =
    "INSERT INTO files (run, name, transfer, size, sha256, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
    " ON CONFLICT (run, name) DO UPDATE SET transfer=excluded.transfer, size=excluded.size,"
    " sha256=excluded.sha256, at=excluded.at";
const char* const delete_file = "DELETE FROM files WHERE run=?1 AND name=?2";
const char* const delete_transfer = "DELETE FROM transfers WHERE transfer=?1";

const char* const purge_history = "DELETE FROM history WHERE run=?1";
const char* const purge_system = "DELETE FROM system_metrics WHERE run=?1";
const char* const purge_log = "DELETE FROM log_chunks WHERE run=?1";
const char* const purge_parts =
    "DELETE FROM file_parts WHERE transfer IN (SELECT transfer FROM files WHERE run=?1)";
const char* const purge_files = "DELETE FROM files WHERE run=?1";

const char* const any_transfer = "SELECT EXISTS (SELECT 1 FROM transfers)";
const char* const delete_incomplete_parts =
    "DELETE FROM file_parts WHERE transfer IN (SELECT transfer FROM transfers)";
const char* const delete_transfers = "DELETE FROM transfers";
// Rows are never removed, so the last rowid is their number, without a scan.
const char* const count_trials = "SELECT coalesce(max(rowid), 0) FROM trials";
const char* const count_runs = "SELECT coalesce(max(rowid), 0) FROM runs";
const char* const load_sweeps =
    "SELECT s.id, s.doc, p.doc FROM sweeps s LEFT JOIN sweep_specs p ON p.sweep = s.id"
    " ORDER BY s.rowid";
const char* const load_trials = "SELECT sweep || '/' || number, doc FROM trials ORDER BY rowid";
const char* const load_runs = "SELECT id, doc, log_tail FROM runs ORDER BY rowid";
const char* const load_agents = "SELECT id, doc FROM agents ORDER BY rowid";
const char* const upsert_artifact =
    "INSERT INTO artifacts (id, project, collection, state, version, doc) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
    " ON CONFLICT (id) DO UPDATE SET state=excluded.state, version=excluded.version, doc=excluded.doc";
const char* const load_artifacts = "SELECT id, doc FROM artifacts ORDER BY rowid";
const char* const load_keys = "SELECT id, doc FROM keys ORDER BY rowid";
const char* const load_replies = "SELECT key, fingerprint, reply, at FROM replies ORDER BY at";
const char* const load_beats = "SELECT block FROM heartbeats WHERE id=1";
const char* const last_event = "SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1";

const char* const select_events =
    "SELECT seq, wall, at, actor, type, sweep, run, agent, body, hash FROM events WHERE seq > ?1";
const char* const first_since = "SELECT min(first_seq) FROM event_minutes WHERE minute >= ?1 / 60000";
const char* const and_rare =
    " AND type <> 'trial_drawn' AND type <> 'run_offered' AND type <> 'run_moved' AND type <> 'trial_closed'";
const char* const chain_page =
    "SELECT seq, wall, at, actor, type, sweep, run, agent, body, hash FROM events"
    " WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3";
const char* const read_history =
    "SELECT text FROM history WHERE run=?1 AND line >= ?2 ORDER BY line LIMIT ?3";
const char* const read_log =
    "SELECT offset, bytes FROM log_chunks WHERE run=?1 AND offset >= coalesce("
    "(SELECT max(offset) FROM log_chunks WHERE run=?1 AND offset <= ?2), 0) ORDER BY offset";
const char* const log_start = "SELECT coalesce(min(offset), 0) FROM log_chunks WHERE run=?1";
const char* const one_file = "SELECT size, sha256, at FROM files WHERE run=?1 AND name=?2";
const char* const list_files = "SELECT name, size, sha256, at FROM files WHERE run=?1 ORDER BY name";
const char* const find_file = "SELECT transfer FROM files WHERE run=?1 AND name=?2";
const char* const list_parts =
    "SELECT part, length(bytes) FROM file_parts WHERE transfer=?1 ORDER BY part";
const char* const read_part =
    "SELECT substr(bytes, ?3 + 1, ?4) FROM file_parts WHERE transfer=?1 AND part=?2";

const char* const load_webhooks = "SELECT doc FROM webhooks ORDER BY rowid";

}  // namespace sweepd::store::sql
