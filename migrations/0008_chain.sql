-- The events of an emergency are a chain: its row names the last one, each the one before, in no certain order. An index
-- costs each webhook one page more, anywhere in it, while the emergency's row is written anyway.

ALTER TABLE emergency ADD COLUMN last_event INTEGER NOT NULL DEFAULT 0; -- 0: none
ALTER TABLE event ADD COLUMN previous INTEGER NOT NULL DEFAULT 0;       -- 0: it is the first, or of no emergency

UPDATE emergency SET last_event = coalesce(
    (SELECT id FROM event INDEXED BY event_of_emergency
     WHERE event.emergency = emergency.id AND event.emergency > 0 ORDER BY at_ms DESC, event.id DESC LIMIT 1), 0);
-- OR ROLLBACK: else all pages of the journal would be kept in memory, lest it fails
UPDATE OR ROLLBACK event NOT INDEXED SET previous = coalesce(
    (SELECT id FROM event AS other INDEXED BY event_of_emergency
     WHERE other.emergency = event.emergency AND other.emergency > 0
     AND (other.at_ms, other.id) < (event.at_ms, event.id) ORDER BY other.at_ms DESC, other.id DESC LIMIT 1), 0)
    WHERE emergency > 0;

DROP INDEX event_of_emergency;
