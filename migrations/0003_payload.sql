-- Bodies of webhooks have a table of their own: a row that shrinks within the journal leaves a hole in a page that
-- nothing new ever comes to, while pages of deleted rows are used again.

CREATE TABLE payload (
    event INTEGER PRIMARY KEY, -- the journal's row
    received_ms INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;

INSERT INTO payload SELECT id, now_ms, payload FROM event WHERE payload IS NOT NULL;
ALTER TABLE event DROP COLUMN payload;
DELETE FROM fact WHERE key = 'payloads_dropped_to';
