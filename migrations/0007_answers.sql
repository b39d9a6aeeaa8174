-- From when on what the customer writes is an answer: where contact is by our own clock, a little before it.

ALTER TABLE emergency_detail ADD COLUMN answers_since_ms INTEGER NOT NULL DEFAULT 0;
UPDATE emergency_detail SET answers_since_ms = contacted_ms WHERE contacted_ms <> 0;
