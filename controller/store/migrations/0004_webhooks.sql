-- Webhooks: `doc` is the JSON of core/webhook.hpp, with the address and the secret in clear: they are needed
-- to send and to sign. The file is its owner's only (0600), as the keys' table.
CREATE TABLE webhooks (
  id  TEXT PRIMARY KEY,
  doc TEXT NOT NULL
) STRICT;
