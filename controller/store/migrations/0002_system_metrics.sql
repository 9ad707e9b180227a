-- Lines of system metrics (GPU, memory, ...), as they were sent: like history, on a numbering of their own.
CREATE TABLE system_metrics (
  run  TEXT NOT NULL,
  line INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (run, line)
) STRICT, WITHOUT ROWID;
