-- When the wall clock was set, and by how much: what was noted before moves with it.

CREATE TABLE clock_step (
    before_event INTEGER PRIMARY KEY, -- events with smaller ids were noted before
    shift_ms INTEGER NOT NULL
) STRICT;

INSERT INTO clock_step
    SELECT min(id), json_extract(meaning, '$.shift_ms') FROM event
    WHERE type = 14 AND json_extract(meaning, '$.shift_ms') IS NOT NULL GROUP BY now_ms;

-- until now each emergency kept the sum of the steps
UPDATE emergency SET opened_ms = opened_ms + clock_shift_ms WHERE clock_shift_ms <> 0;
ALTER TABLE emergency DROP COLUMN clock_shift_ms;
