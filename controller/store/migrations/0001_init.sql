-- The first schema. Never edited after a release: a change is a new file with the next number.
--
-- Times are milliseconds: `wall`, `created` since 1970 (UTC), `at`, `served` of the serving clock.
-- `doc` is the JSON of the whole row as core/types.hpp describes it; the columns beside it exist for
-- the unique indexes, for the compare-and-set of runs, and for people with the sqlite3 shell.

-- The audit log. hash = SHA-256(hash of the row before || canonical row); see store/event_chain.hpp.
CREATE TABLE events (
  seq   INTEGER PRIMARY KEY,
  wall  INTEGER NOT NULL,
  at    INTEGER NOT NULL,
  actor TEXT NOT NULL,
  type  TEXT NOT NULL,
  sweep TEXT,
  run   TEXT,
  agent TEXT,
  body  TEXT NOT NULL,
  hash  BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX events_by_sweep ON events (sweep) WHERE sweep IS NOT NULL;
CREATE INDEX events_by_run ON events (run) WHERE run IS NOT NULL;
CREATE INDEX events_by_agent ON events (agent) WHERE agent IS NOT NULL;
CREATE INDEX events_by_type ON events (type);
CREATE INDEX events_by_wall ON events (wall);

CREATE TRIGGER events_never_change BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only: UPDATE refused'); END;
CREATE TRIGGER events_never_go BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only: DELETE refused'); END;
-- Also stops INSERT OR REPLACE, which would remove a row without asking the trigger above.
CREATE TRIGGER events_in_order BEFORE INSERT ON events
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM events)
BEGIN SELECT RAISE(ABORT, 'events are append-only: the next seq is the last one plus 1'); END;

CREATE TABLE sweeps (
  id      TEXT PRIMARY KEY,
  project TEXT NOT NULL,
  name    TEXT NOT NULL,
  state   TEXT NOT NULL,
  created INTEGER NOT NULL,
  doc     TEXT NOT NULL
) STRICT;
-- Apart from the sweep's row, which changes with every hand-out while this hardly ever does.
CREATE TABLE sweep_specs (
  sweep TEXT PRIMARY KEY,
  doc   TEXT NOT NULL
) STRICT;

CREATE TABLE trials (
  sweep    TEXT NOT NULL,
  number   INTEGER NOT NULL,
  position INTEGER NOT NULL,
  hash     TEXT NOT NULL,
  state    TEXT NOT NULL,
  doc      TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX trials_once_by_number ON trials (sweep, number);
CREATE UNIQUE INDEX trials_once_by_position ON trials (sweep, position);

CREATE TABLE runs (
  id       TEXT PRIMARY KEY,
  sweep    TEXT NOT NULL,
  trial    INTEGER NOT NULL,
  attempt  INTEGER NOT NULL,
  state    TEXT NOT NULL,
  epoch    INTEGER NOT NULL,
  agent    TEXT NOT NULL,
  doc      TEXT NOT NULL,
  log_tail BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX runs_once_by_attempt ON runs (sweep, trial, attempt);

CREATE TABLE agents (
  id    TEXT PRIMARY KEY,
  sweep TEXT NOT NULL,
  state TEXT NOT NULL,
  doc   TEXT NOT NULL
) STRICT;

CREATE TABLE keys (
  id  TEXT PRIMARY KEY,
  doc TEXT NOT NULL
) STRICT;

-- Metric lines, as they were sent.
CREATE TABLE history (
  run  TEXT NOT NULL,
  line INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (run, line)
) STRICT, WITHOUT ROWID;

-- Captured output. The oldest chunks of a long log are pruned, so the first offset may be above 0.
CREATE TABLE log_chunks (
  run    TEXT NOT NULL,
  offset INTEGER NOT NULL,
  bytes  BLOB NOT NULL,
  PRIMARY KEY (run, offset)
) STRICT;

-- Complete files; names are data, never paths. Bytes are in file_parts.
CREATE TABLE files (
  run      TEXT NOT NULL,
  name     TEXT NOT NULL,
  transfer TEXT NOT NULL UNIQUE,
  size     INTEGER NOT NULL,
  sha256   TEXT NOT NULL,
  at       INTEGER NOT NULL,
  PRIMARY KEY (run, name)
) STRICT;
CREATE TABLE file_parts (
  transfer TEXT NOT NULL,
  part     INTEGER NOT NULL,
  bytes    BLOB NOT NULL,
  PRIMARY KEY (transfer, part)
) STRICT;
-- Transfers that have begun and are not complete; what is here at start is removed with its parts.
CREATE TABLE transfers (
  transfer TEXT PRIMARY KEY,
  run      TEXT NOT NULL,
  name     TEXT NOT NULL
) STRICT;

CREATE TABLE replies (
  key         TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  reply       TEXT NOT NULL,
  at          INTEGER NOT NULL
) STRICT;
CREATE INDEX replies_by_age ON replies (at);

-- The last signals of live runs and agents: one blob, replaced as a whole. See store/heartbeats.hpp.
CREATE TABLE heartbeats (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  block BLOB NOT NULL
) STRICT;

-- One row, written by every batch: the clocks, and the end of the event chain.
CREATE TABLE meta (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  served   INTEGER NOT NULL,
  wall     INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  head     BLOB NOT NULL CHECK (length(head) = 32)
) STRICT;
