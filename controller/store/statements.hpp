// Every SQL text of the store, by name. Parameters are bound, in the order of their numbers; nothing
// is ever pasted into a text. The schema itself is in migrations/.
#pragma once

namespace sweepd::store::sql {

// migrate.cpp
extern const char* const count_tables;
extern const char* const list_migrations;
extern const char* const make_migrations;
extern const char* const record_migration;

// row_writer.cpp
extern const char* const insert_event;
extern const char* const insert_minute;
extern const char* const upsert_sweep;
extern const char* const upsert_spec;
extern const char* const upsert_trial;
extern const char* const find_run;
extern const char* const insert_run;
extern const char* const update_run;
extern const char* const upsert_agent;
extern const char* const upsert_key;
extern const char* const upsert_artifact;
extern const char* const upsert_webhook;
extern const char* const delete_webhook;
extern const char* const sweep_of_run;
extern const char* const sweep_of_agent;
extern const char* const upsert_beats;
extern const char* const upsert_meta;
extern const char* const read_meta;
extern const char* const upsert_reply;
extern const char* const count_replies;
extern const char* const prune_replies_by_age;
extern const char* const prune_replies_by_count;

// data_writer.cpp
extern const char* const next_line;
extern const char* const insert_line;
extern const char* const next_system_line;
extern const char* const insert_system_line;
extern const char* const read_system;
extern const char* const log_end;
extern const char* const insert_chunk;
extern const char* const prune_chunks;
extern const char* const insert_transfer;
extern const char* const insert_part;
extern const char* const sum_parts;
extern const char* const find_transfer;
extern const char* const delete_parts;
extern const char* const upsert_file;
extern const char* const delete_file;
extern const char* const delete_transfer;
extern const char* const purge_history;
extern const char* const purge_system;
extern const char* const purge_log;
extern const char* const purge_parts;
extern const char* const purge_files;

// loader.cpp
extern const char* const any_transfer;
extern const char* const delete_incomplete_parts;
extern const char* const delete_transfers;
extern const char* const count_trials;
extern const char* const count_runs;
extern const char* const load_sweeps;
extern const char* const load_trials;
extern const char* const load_runs;
extern const char* const load_agents;
extern const char* const load_keys;
extern const char* const load_artifacts;
extern const char* const load_replies;
extern const char* const load_beats;
extern const char* const last_event;

// sqlite_reader.cpp
extern const char* const select_events;  ///< conditions follow
extern const char* const first_since;
extern const char* const and_rare;
extern const char* const chain_page;
extern const char* const read_history;
extern const char* const read_log;
extern const char* const log_start;
extern const char* const list_files;
extern const char* const one_file;
extern const char* const find_file;
extern const char* const list_parts;
extern const char* const read_part;
extern const char* const load_webhooks;

}  // namespace sweepd::store::sql
