-- Fewer index entries for each event: half of what a hand-out wrote was these.
--
-- By type only for what is rare; whoever asks for one of the others finds it within a few rows of the log's end.
-- statements.cpp names the same four in the same words, by which SQLite sees that the index will do. (NOT IN would make
-- it build a table of the four for each row.)
DROP INDEX events_by_type;
CREATE INDEX events_by_rare_type ON events (type)
  WHERE type <> 'trial_drawn' AND type <> 'run_offered' AND type <> 'run_moved' AND type <> 'trial_closed';

-- By time: the first event of each minute of wall time (wall / 60000), which may have jumped.
DROP INDEX events_by_wall;
CREATE TABLE event_minutes (
  minute    INTEGER PRIMARY KEY,
  first_seq INTEGER NOT NULL
) STRICT;
INSERT INTO event_minutes SELECT wall / 60000, min(seq) FROM events GROUP BY 1;

-- FAIL instead of ABORT: ABORT makes SQLite keep a copy of every page that the INSERT changes, to take back that
-- statement alone. The writer rolls back its whole transaction anyway.
DROP TRIGGER events_in_order;
CREATE TRIGGER events_in_order BEFORE INSERT ON events
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM events)
BEGIN SELECT RAISE(FAIL, 'events are append-only: the next seq is the last one plus 1'); END;
