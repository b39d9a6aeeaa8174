-- Threads, bridges, ladders, notes; the people behind names, and who of them is on call when.

ALTER TABLE emergency ADD COLUMN meeting INTEGER NOT NULL DEFAULT 0;           -- Zoom's id; with an index
ALTER TABLE emergency ADD COLUMN engineer_id TEXT NOT NULL DEFAULT '';         -- PagerDuty's; with an index
ALTER TABLE emergency ADD COLUMN bulk TEXT NOT NULL DEFAULT '';                -- the incident's tag; with an index
ALTER TABLE emergency ADD COLUMN engineer_slack TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency ADD COLUMN taken_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN taken_busy INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN taker TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency ADD COLUMN busy_with INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN sorted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN product TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency ADD COLUMN coverage TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency ADD COLUMN bulk_by_person INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN bulk_waived INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN organization_read INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN tam TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency ADD COLUMN zone TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency ADD COLUMN off_hours INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN hours_seen_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN hours_asked_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN doubt_join_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN doubt_join_before_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN doubt_hours_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN doubt_meeting_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN take_rung INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN take_checking INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN take_last_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN contact_rung INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN contact_checking INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN contact_last_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN asked_rung INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN asked_checking INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN asked_last_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN thread_wanted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN thread_waits_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN thread_lost INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN thread_channel TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency ADD COLUMN thread_ts TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency ADD COLUMN bridge_number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN bridge_wanted_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN bridge_url TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency ADD COLUMN bridge_over INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN staff_in INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN others_in INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN meeting_settled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN runbook_wanted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN runbook_url TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency ADD COLUMN call_started_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN call_ended_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN public_notes_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN internal_note_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN next_tagged_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN notes_reminded_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN former_meeting INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN bulk_answered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN in_bridge_0 TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency ADD COLUMN in_bridge_staff_0 INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN in_bridge_1 TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency ADD COLUMN in_bridge_staff_1 INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN in_bridge_2 TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency ADD COLUMN in_bridge_staff_2 INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN in_bridge_3 TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency ADD COLUMN in_bridge_staff_3 INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN in_bridge_4 TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency ADD COLUMN in_bridge_staff_4 INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN in_bridge_5 TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency ADD COLUMN in_bridge_staff_5 INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN in_bridge_6 TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency ADD COLUMN in_bridge_staff_6 INTEGER NOT NULL DEFAULT 0;
ALTER TABLE emergency ADD COLUMN in_bridge_7 TEXT NOT NULL DEFAULT '';
ALTER TABLE emergency ADD COLUMN in_bridge_staff_7 INTEGER NOT NULL DEFAULT 0;

-- There is more to wake for now: each open one looks anew.
UPDATE emergency SET wake_ms = 1 WHERE closing = 0 AND joined_into = 0;

CREATE INDEX emergency_meeting ON emergency (meeting) WHERE meeting > 0;
CREATE INDEX emergency_former_meeting ON emergency (former_meeting) WHERE former_meeting > 0;
CREATE INDEX emergency_engineer ON emergency (engineer_id)
    WHERE closing = 0 AND joined_into = 0 AND engineer_id <> '';
CREATE INDEX emergency_bulk ON emergency (bulk, id) WHERE closing = 0 AND joined_into = 0 AND bulk <> '';

ALTER TABLE page ADD COLUMN engineer_id TEXT NOT NULL DEFAULT '';
ALTER TABLE page ADD COLUMN assignee TEXT NOT NULL DEFAULT '';
ALTER TABLE page ADD COLUMN by_busy INTEGER NOT NULL DEFAULT 0;
ALTER TABLE page ADD COLUMN acknowledge_cause INTEGER NOT NULL DEFAULT 0;

ALTER TABLE action ADD COLUMN target TEXT NOT NULL DEFAULT '';
ALTER TABLE action ADD COLUMN sender TEXT NOT NULL DEFAULT '';
ALTER TABLE action ADD COLUMN buttons INTEGER NOT NULL DEFAULT 0;

CREATE INDEX action_pending_update ON action (emergency) WHERE kind = 16 AND state = 0;

-- One a person, by e-mail address; all personal data that is not part of an emergency's story is here.
CREATE TABLE person (
    email TEXT PRIMARY KEY COLLATE NOCASE,
    name TEXT NOT NULL,
    pagerduty_id TEXT,
    slack_id TEXT,
    zendesk_id INTEGER NOT NULL,         -- 0: none, or not asked
    standing INTEGER NOT NULL,           -- enum author_standing, as Zendesk knows them; 0: not asked
    slack_asked_ms INTEGER NOT NULL,     -- when Slack was asked last; 0: never
    zendesk_asked_ms INTEGER NOT NULL,
    pagerduty_asked_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX person_pagerduty ON person (pagerduty_id) WHERE pagerduty_id IS NOT NULL;
CREATE INDEX person_slack ON person (slack_id) WHERE slack_id IS NOT NULL;

-- Who is on call, as PagerDuty said last.
CREATE TABLE oncall (
    id INTEGER PRIMARY KEY,
    schedule TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER NOT NULL
) STRICT;
