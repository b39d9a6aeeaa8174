#ifndef EMERGENCYD_EMERGENCY_H
#define EMERGENCYD_EMERGENCY_H
/*
 * The handbook: how one emergency moves. A pure function of (emergency, event, policy): no clock, no store,
 * no network, no allocation. An emergency is what its events add up to, taken in the order of event_compare;
 * an event that comes late is put in its place by adding them up again (emergency_replay), so the order of
 * arrival does not matter. What the daemon is to do follows from the state (emergency_wants), not from the
 * way there.
 *
 * Plain values without pointers. Any thread may use what is here.
 */
#include "lib/event.h"
#include "lib/message.h"

enum phase {
    PHASE_PAGED,
    PHASE_ACKNOWLEDGED,
    PHASE_CONTACTED,
    PHASE_FOLLOWED_UP,
    PHASE_DOWNGRADED,
    PHASE_ENGAGED,
    PHASE_COUNT,
};

/* Why an emergency is closed. TICKET_… go away again when the ticket comes back. */
enum closing {
    CLOSING_NONE,
    CLOSING_BY_PERSON,
    CLOSING_TICKET_SOLVED,
    CLOSING_TICKET_LOWERED,
    CLOSING_TICKET_GONE,
    CLOSING_RAISED_AGAIN, /* urgent again after the downgrade: a new emergency takes over */
};

/* Their numbers are in journals, as bits: they stay. */
enum doubt {
    DOUBT_OUTSIDER = 0,         /* someone unknown to the ticket wrote */
    DOUBT_ENGINEER_COMMENT = 1, /* the engineer wrote once more */
    DOUBT_STAFF_REQUESTER = 2,  /* the requester wrote, who is of staff */
    DOUBT_SUSPENDED = 3,        /* a reply waits among Zendesk's suspended tickets */
    DOUBT_STALE = 4,            /* the step is too late */
    DOUBT_JOIN = 5,             /* somebody unidentified joined the bridge */
    DOUBT_HOURS = 6,            /* it would come after the ticket's hours */
    DOUBT_AUTO_REPLY = 7,       /* this and the next two: for the downgrade only */
    DOUBT_NOBODY_MET = 8,
    DOUBT_MEETING = 9, /* the bridge is in use, or nobody can tell */
    DOUBT_MERGE = 10,  /* a ticket was merged into this one, which may hold an answer */
    DOUBT_COUNT,
};

/* Who wants the step: decides what may still stop it. */
enum step_origin {
    STEP_BY_CLOCK,      /* any hold or doubt */
    STEP_AUTOMATICALLY, /* the automatic first comment: any hold */
    STEP_BY_ANSWER,     /* a person pressed do-it: doubts newer than that */
    STEP_BY_ORDER,      /* a person ordered it: only an answer newer than that */
};

#define EMERGENCY_PAGES      8
#define EMERGENCY_ATTENDANTS 8 /* more than these are only counted, and never leave */

struct page {
    char incident[32];
    char url[160];
    enum page_status status;
    bool acknowledged;   /* by a person, and not taken back */
    bool resolved_early; /* by a person before contact */
    int64_t acknowledged_ms;
    char engineer[96];
    char engineer_id[24];      /* PagerDuty's */
    char assignee[24];         /* PagerDuty's id of whom it is assigned to; "" nobody */
    bool by_busy;              /* acknowledged by somebody who has another emergency */
    int64_t acknowledge_cause; /* the event that made us want to acknowledge it */
    int64_t resolve_cause;     /* the event that made us want to resolve it */
};

/* The ladders of [escalation …]: how far each has been climbed. */
enum ladder_kind {
    LADDER_TAKE,    /* nobody took it */
    LADDER_CONTACT, /* nobody contacted the customer */
    LADDER_ASKED,   /* nobody decided on a step that is asked */
    LADDER_COUNT,
};
struct ladder {
    int rung;        /* the next one */
    bool checking;   /* it is due, and the pages are read before it */
    int64_t last_ms; /* when the last one was climbed */
};

struct emergency {
    int64_t id;
    enum phase phase;
    enum phase before_engaged;
    enum closing closing;
    char closed_why[96];
    bool paused;
    char paused_by[96];
    bool asked;
    bool dry_run;

    /* facts */
    int64_t opened_ms, acknowledged_ms, contacted_ms, followed_up_ms, answered_ms, downgraded_ms, closed_ms;
    int64_t answers_since_ms; /* contact, or a little before it where that is by our own clock and not by
                                 Zendesk's */
    int64_t urgent_ms;        /* the change to urgent that opened it; 0 unknown */
    int64_t linked_ms;        /* when its ticket became known */
    int64_t last_staff_ms;    /* the last public comment by staff */
    int64_t last_customer_ms; /* the last comment by a customer, its latest possible moment */
    bool met;                 /* a person of staff was there */
    bool person_commented;    /* a person of staff has commented publicly since opening */
    char engineer[96];
    char engineer_email[96];
    char engineer_id[24];    /* PagerDuty's; "" unknown */
    char engineer_slack[24]; /* Slack's; "" unknown */
    int64_t taken_ms;        /* taken by a command; 0 not */
    bool taken_busy;         /* by somebody who has another emergency, and has not said that they take both */
    char taker[96];          /* who that was: e-mail address, else Slack's id; "" unknown */
    int64_t busy_with;       /* the other emergency of its engineer; 0 none */

    /* the ticket */
    int64_t ticket_id;
    bool ticket_seen; /* its state is known, so a difference is a change */
    enum ticket_priority priority;
    enum ticket_status status;
    int64_t requester_id;
    int64_t organization_id;
    char organization[96];
    char subject[256];
    bool sorted; /* where it belongs is known: */
    char product[32];
    char coverage[32];
    char bulk[64];          /* the incident that it belongs to */
    bool bulk_by_person;    /* said so by a person, not by the ticket's tag */
    bool bulk_waived;       /* a person let the clocks run all the same */
    bool bulk_answered;     /* with a person's text for all of the incident */
    bool organization_read; /* so that it is known whether there is an account manager: */
    char tam[96];           /* the account manager's e-mail address */
    char zone[48];          /* the requester's time zone */

    /* the clock of the period that runs: due while it runs (or is asked), left while it rests */
    int64_t due_ms;
    int64_t left_ms;
    int64_t warned_due_ms;  /* the deadline that people were warned of */
    bool off_hours;         /* outside its coverage */
    int64_t hours_seen_ms;  /* as of when that is so */
    int64_t hours_asked_ms; /* the end of hours that people were asked about */

    /* doubts: when each arose last; 0: none, or settled */
    int64_t doubt_ms[DOUBT_COUNT];
    int64_t doubt_join_before_ms; /* what DOUBT_JOIN was before the last one joined */
    char doubt_by[96];
    enum action_kind asked_step;
    int64_t asked_ms;
    bool reminded;

    /* the step that is to be done now */
    enum action_kind step;
    int64_t step_cause; /* the event that wanted it: makes the action unique */
    int64_t step_due_ms;
    enum step_origin step_by;
    enum action_kind released; /* the write that left and whose end is not known; NONE otherwise */

    int64_t page_cause;    /* the event that made us want a page; 0 none */
    bool contact_prompted; /* nobody had contacted the customer in time, and people were told */
    bool link_prompted;
    struct ladder ladders[LADDER_COUNT];

    /* the thread in Slack */
    bool thread_wanted;
    int64_t thread_waits_ms; /* since when it waits to know the ticket's product; 0 not yet */
    char thread_channel[24];
    char thread_ts[24];
    bool thread_lost; /* a message did not go into it, and people were told elsewhere */

    /* the bridge */
    int bridge_number; /* of meetings wanted so far; 0 none */
    int64_t bridge_wanted_ms;
    int64_t meeting;
    char bridge_url[256];
    bool bridge_over;
    int64_t former_meeting;                     /* another one, whose link the customer may have */
    int staff_in, others_in;                    /* how many are in it, as far as is known */
    char in_bridge[EMERGENCY_ATTENDANTS][64];   /* Zoom's keys for them; "" a free place */
    bool in_bridge_staff[EMERGENCY_ATTENDANTS]; /* as which they were counted */
    bool meeting_settled;                       /* a person said to go on although it is in use */

    /* runbook, call, notes */
    bool runbook_wanted;
    char runbook_url[256];
    int64_t call_started_ms, call_ended_ms;
    int64_t public_notes_ms, internal_note_ms, next_tagged_ms;
    int64_t notes_reminded_ms;

    /* the last event in order, to notice late ones */
    int64_t last_ms;
    enum event_source last_source;
    char last_id[64];

    struct page pages[EMERGENCY_PAGES];
    int page_count;
};

#define POLICY_RUNGS     16
#define POLICY_COVERAGES 16
struct coverage;

/* What the handbook leaves open; from the settings, which it points into. Times in ms. */
struct policy {
    int64_t follow_up_after_ms, downgrade_after_ms, stale_after_ms, page_if_missing_ms, contact_within_ms;
    bool first_contact_automatic, ask_after_engineer_comment, resolve_on_contact, dry_run;
    bool can_page;             /* there is a service to create pages on */
    bool can_thread;           /* there is Slack */
    bool can_meet;             /* there is Zoom's API */
    const char *static_bridge; /* one address for all; NULL none */
    bool has_runbook, has_macro, has_tam;
    enum ticket_priority downgrade_priority;
    int64_t rung_after_ms[POLICY_RUNGS];
    int rung_count;
    struct {
        const char *name;
        const struct coverage *window;
    } coverages[POLICY_COVERAGES];
    int coverage_count;
};

#define EMERGENCY_WARN_MS   (3 * 60 * 1000)
#define EMERGENCY_REMIND_MS (10 * 60 * 1000)
/* By so much Zendesk's clock may differ from ours without being noticed. */
#define EMERGENCY_CLOCKS_APART_MS 2000
/* How long the thread waits to know the ticket's product, and the automatic comment for the bridge's link. */
#define EMERGENCY_THREAD_PATIENCE_MS (20 * 1000)
#define EMERGENCY_BRIDGE_PATIENCE_MS (5 * 1000)
#define EMERGENCY_NOTES_REMIND_MS    (15 * 60 * 1000)

/* What is to be done once because this event happened; unlike a want it follows from no state. */
enum effect_kind {
    EFFECT_REPLY,  /* a message into the thread */
    EFFECT_POST,   /* a message elsewhere in Slack (place) */
    EFFECT_SUMMON, /* a page for a person (who) */
    EFFECT_NOTE,   /* a note at each page */
    EFFECT_MACRO,  /* the macro's text into the thread */
    EFFECT_ANSWER, /* the event's text as a public comment */
};
enum effect_place { PLACE_MANAGERS, PLACE_DUTY, PLACE_PRODUCT, PLACE_RUNG };
enum effect_who {
    WHO_MANAGER,  /* on call */
    WHO_RUNG,     /* that the rung says */
    WHO_NAMED,    /* by command.to: "" the engineer on call */
    WHO_ENGINEER, /* of this emergency, else on call */
};
struct effect {
    enum effect_kind kind;
    enum message message;
    enum effect_place place;
    enum effect_who who;
    int rung;        /* PLACE_RUNG, WHO_RUNG */
    int64_t buttons; /* BUTTON(command) each */
};
#define BUTTON(command) ((int64_t)1 << (command))
#define OUTCOME_EFFECTS 8

/* What happened, beyond the new state. */
struct outcome {
    char say[640];    /* for the timeline; "" when nothing happened that anyone must know */
    const char *kind; /* "page", "ticket", "comment", "command", "clock", "call", "note", "prompt" */
    bool prompts;     /* a person is asked to do something */
    bool reread;      /* the ticket is to be read for a new emergency, urgent since raised_ms */
    int64_t raised_ms;
    struct effect effects[OUTCOME_EFFECTS];
    size_t effect_count;
};

/* A call that the state asks for. */
struct want {
    enum action_kind kind;
    int64_t cause;
    const char *incident; /* within the emergency; NULL if of the ticket */
};
#define EMERGENCY_THREAD_CAUSE 1 /* of ACTION_OPEN_THREAD: there is one */
#define EMERGENCY_WANTS        (2 + 2 * EMERGENCY_PAGES + LADDER_COUNT + 4)

/* A new one, opened at that time, with nothing known but its number. */
void emergency_init(struct emergency *e, int64_t id, int64_t opened_ms, const struct policy *policy);

/* The event belongs before one that is already added up. */
bool emergency_is_late(const struct emergency *e, const struct event *event);

/* An event of our own that happens now is never late: not after the clock was set back, nor within the
 * millisecond of an event whose source comes later in order. EVENT has its id and now_ms. */
void emergency_put_in_time(const struct emergency *e, struct event *event);

/* Whether an event of this kind opens an emergency by itself (and so may set opened_ms). */
bool event_opens(const struct event *event);

/* Moves E by EVENT, which must not be late; EVENT has its row and now_ms. OUT is filled. */
void emergency_apply(struct emergency *e, const struct event *event, const struct policy *policy,
                     struct outcome *out);

/* Adds up EVENTS (COUNT ≥ 1, sorted by event_compare) from nothing; OUT is the outcome of the event of row
 * ROW. */
void emergency_replay(struct emergency *e, int64_t id, const struct event *events, size_t count,
                      const struct policy *policy, int64_t row, struct outcome *out);

/* After a replay: what a late event means beyond its own place, now that it changed WAS into IS. */
void emergency_note_late(const struct emergency *was, const struct emergency *is, const struct policy *policy,
                         struct outcome *out);

/* Notes what E shows to whoever gives COMMAND now. */
void emergency_note_shown(const struct emergency *e, struct command_facts *command);

/* NULL if COMMAND is allowed now, else why not: a sentence for whoever gave it. */
const char *emergency_forbids(const struct emergency *e, enum command command);

/* The calls that the state asks for now; WANTS has room for EMERGENCY_WANTS. Returns how many. */
size_t emergency_wants(const struct emergency *e, struct want *wants);

/* Whether a call is (still) asked for. */
bool emergency_still_wants(const struct emergency *e, enum action_kind kind, int64_t cause);

/* When the emergency wants an EVENT_WAKE; 0 never. */
int64_t emergency_wake_ms(const struct emergency *e, const struct policy *policy);

/* The contract's words. */
const char *emergency_state(const struct emergency *e); /* "paged" … "engaged", "closed" */
const char *emergency_held(const struct emergency *e);  /* "paused", "bulk", "coverage", "asked" or NULL */
bool emergency_is_open(const struct emergency *e);

/* Why it is held, as a sentence; "" when not. */
void emergency_held_why(const struct emergency *e, char *out, size_t size);

/* The buttons that make sense now, BUTTON(command) each. */
int64_t emergency_buttons(const struct emergency *e);

/* Somebody who is free for it has taken it. */
bool emergency_is_taken(const struct emergency *e);

/* What its rungs call people for has not been done yet. */
bool emergency_ladder_stands(const struct emergency *e, enum ladder_kind kind);

/* A rung's cause, as a want and its call have it, and back. */
int64_t emergency_rung_cause(enum ladder_kind ladder, int rung);
enum ladder_kind emergency_rung_ladder(int64_t cause);

/* The step that comes next and when; ACTION_NONE when there is none to show. */
enum action_kind emergency_next(const struct emergency *e, int64_t *due_ms);

#endif
