-- Artifacts. `doc` is the whole row, as everywhere; their files are in `files`, under the owner
-- "artifacts:ENTITY/PROJECT" and named by the MD5 of what is in them.
CREATE TABLE artifacts (
  id         TEXT PRIMARY KEY,
  project    TEXT NOT NULL,
  collection TEXT NOT NULL,
  state      TEXT NOT NULL,
  version    INTEGER,
  doc        TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX artifacts_once_by_version ON artifacts (project, collection, version) WHERE version IS NOT NULL;
