-- The journal, what it adds up to, and the outbox. Enums are the numbers of the C headers; times are UTC milliseconds,
-- 0 for never. Rows of event, emergency and action are never deleted, so their ids are never used twice.

CREATE TABLE fact (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The journal: only added to, but for what came of an event (emergency, outcome, due_ms, kind, say) and payloads, which
-- are dropped after a while. The payload is last: what is before it can be read without it.
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    emergency INTEGER NOT NULL,          -- 0: none
    type INTEGER NOT NULL,               -- enum event_type
    source INTEGER NOT NULL,             -- enum event_source
    at_ms INTEGER NOT NULL,
    now_ms INTEGER NOT NULL,
    ticket_id INTEGER NOT NULL,          -- 0: none
    outcome INTEGER NOT NULL,            -- enum delivery_outcome
    due_ms INTEGER NOT NULL DEFAULT 0,   -- the emergency's deadline that resulted
    kind TEXT,
    say TEXT,                            -- what the timeline shows
    sender_id TEXT NOT NULL,
    incident TEXT,
    meaning TEXT NOT NULL,               -- JSON
    comment_id INTEGER,                  -- of a comment
    comment_standing INTEGER,            -- enum author_standing
    repeat_key TEXT,
    payload BLOB
) STRICT;

CREATE UNIQUE INDEX event_repeat ON event (repeat_key) WHERE repeat_key IS NOT NULL;
CREATE INDEX event_of_comment ON event (comment_id) WHERE comment_id IS NOT NULL;
CREATE INDEX event_of_emergency ON event (emergency, at_ms) WHERE emergency > 0;
CREATE INDEX event_waiting_ticket ON event (ticket_id) WHERE outcome = 2 AND ticket_id > 0;
CREATE INDEX event_waiting_incident ON event (incident) WHERE outcome = 2 AND incident IS NOT NULL;

CREATE TABLE emergency (
    id INTEGER PRIMARY KEY,
    -- with an index
    closing INTEGER NOT NULL,            -- enum closing; 0: open
    ticket_id INTEGER NOT NULL,
    wake_ms INTEGER NOT NULL,
    joined_into INTEGER NOT NULL DEFAULT 0, -- the emergency that this one became part of; nobody sees it any more
    -- without
    phase INTEGER NOT NULL,              -- enum phase
    before_engaged INTEGER NOT NULL,
    closed_why TEXT NOT NULL,
    paused INTEGER NOT NULL,
    paused_by TEXT NOT NULL,
    asked INTEGER NOT NULL,
    dry_run INTEGER NOT NULL,
    opened_ms INTEGER NOT NULL,
    acknowledged_ms INTEGER NOT NULL,
    contacted_ms INTEGER NOT NULL,
    followed_up_ms INTEGER NOT NULL,
    answered_ms INTEGER NOT NULL,
    downgraded_ms INTEGER NOT NULL,
    closed_ms INTEGER NOT NULL,
    urgent_ms INTEGER NOT NULL,
    linked_ms INTEGER NOT NULL,
    last_staff_ms INTEGER NOT NULL,
    last_customer_ms INTEGER NOT NULL,
    met INTEGER NOT NULL,
    person_commented INTEGER NOT NULL,
    engineer TEXT NOT NULL,
    engineer_email TEXT NOT NULL,
    ticket_seen INTEGER NOT NULL,
    priority INTEGER NOT NULL,           -- enum ticket_priority
    status INTEGER NOT NULL,             -- enum ticket_status
    requester_id INTEGER NOT NULL,
    organization_id INTEGER NOT NULL,
    organization TEXT NOT NULL,
    subject TEXT NOT NULL,
    due_ms INTEGER NOT NULL,
    left_ms INTEGER NOT NULL,
    warned_due_ms INTEGER NOT NULL,
    doubt_outsider_ms INTEGER NOT NULL,
    doubt_engineer_comment_ms INTEGER NOT NULL,
    doubt_staff_requester_ms INTEGER NOT NULL,
    doubt_suspended_ms INTEGER NOT NULL,
    doubt_stale_ms INTEGER NOT NULL,
    doubt_auto_reply_ms INTEGER NOT NULL,
    doubt_nobody_met_ms INTEGER NOT NULL,
    doubt_by TEXT NOT NULL,
    asked_step INTEGER NOT NULL,         -- enum action_kind
    asked_ms INTEGER NOT NULL,
    reminded INTEGER NOT NULL,
    step INTEGER NOT NULL,               -- enum action_kind
    step_cause INTEGER NOT NULL,
    step_due_ms INTEGER NOT NULL,
    step_by INTEGER NOT NULL,            -- enum step_origin
    released INTEGER NOT NULL,
    page_cause INTEGER NOT NULL,
    clock_shift_ms INTEGER NOT NULL,
    contact_prompted INTEGER NOT NULL,
    link_prompted INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    last_source INTEGER NOT NULL,
    last_id TEXT NOT NULL,
    page_count INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX emergency_open_ticket ON emergency (ticket_id)
    WHERE closing = 0 AND joined_into = 0 AND ticket_id > 0;
CREATE INDEX emergency_ticket ON emergency (ticket_id) WHERE joined_into = 0 AND ticket_id > 0;
CREATE INDEX emergency_open ON emergency (id) WHERE closing = 0 AND joined_into = 0;
-- covers: at start no row is read
CREATE INDEX emergency_waking ON emergency (id, wake_ms) WHERE wake_ms > 0;

CREATE TABLE page (
    id INTEGER PRIMARY KEY,              -- so that they lie in the order of time, not in that of PagerDuty's ids
    incident TEXT NOT NULL,
    emergency INTEGER NOT NULL,
    position INTEGER NOT NULL,
    url TEXT NOT NULL,
    status INTEGER NOT NULL,             -- enum page_status
    acknowledged INTEGER NOT NULL,
    resolved_early INTEGER NOT NULL,
    acknowledged_ms INTEGER NOT NULL,
    engineer TEXT NOT NULL,
    resolve_cause INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX page_incident ON page (incident);
CREATE INDEX page_of_emergency ON page (emergency, position);

-- The outbox.
CREATE TABLE action (
    id INTEGER PRIMARY KEY,
    emergency INTEGER NOT NULL,          -- 0: none
    service INTEGER NOT NULL,            -- enum service_id
    kind INTEGER NOT NULL,               -- enum action_kind
    cause INTEGER NOT NULL,
    state INTEGER NOT NULL,              -- enum action_state
    attempts INTEGER NOT NULL,
    next_ms INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    ended_ms INTEGER NOT NULL,
    ticket_id INTEGER NOT NULL,
    raised_ms INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    incident TEXT NOT NULL,
    error TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX action_once ON action (emergency, kind, cause, incident) WHERE emergency > 0;
CREATE UNIQUE INDEX action_once_a_ticket ON action (ticket_id, kind, cause) WHERE emergency = 0;
CREATE INDEX action_line ON action (emergency, service) WHERE state < 3;
CREATE INDEX action_not_over ON action (id, state) WHERE state < 3;
CREATE INDEX action_pending_read ON action (ticket_id) WHERE kind = 7 AND state = 0;
CREATE INDEX action_parked ON action (id) WHERE state = 5;
