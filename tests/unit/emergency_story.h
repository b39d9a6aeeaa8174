#ifndef EMERGENCYD_EMERGENCY_STORY_H
#define EMERGENCYD_EMERGENCY_STORY_H
/*
 * A small language for the tests of the state machine: each verb is something that happens, at the time that
 * at() has set. A story keeps its events in order, gives each a row and moves its emergency by it as the
 * ledger does: by the event alone, or by adding up all again if it comes late. After every event it checks
 * what must hold in any state. Makers allocate, story_end checks once more and frees.
 *
 * All happens on one day; times read "12:15:40" or "12:15:40.250", "25:00:00" is the night after it; other
 * days read "2026-11-01T12:15:40Z". All are UTC. One thread.
 */
#include "lib/emergency.h"

#define STORY_EVENTS 80
#define STORY_TICKET 4711
#define MINUTES(n)   ((int64_t)(n)*60 * 1000)

/* Somebody of support, with what their services know of them. */
struct story_person {
    const char *name, *pagerduty_id, *email, *slack_id;
};
extern const struct story_person eng_one, eng_two;

struct story {
    struct policy policy;
    struct emergency e;
    struct outcome out; /* of the last event */
    bool opened;
    bool dry;         /* calls are marked dry */
    bool old_journal; /* commands do not say what their giver saw, as before that was noted */
    int64_t at_ms;
    int64_t rows;
    const char *by;                 /* who does what comes next; the verbs have a default */
    const struct story_person *who; /* the same for pages and commands, with addresses and ids */
    int64_t busy_with;              /* the other emergency that the desk finds from here on */
    struct coverage *windows[2];    /* its own */
    struct call_facts call;         /* the write that was released last */
    size_t count;
    struct event events[STORY_EVENTS]; /* in order */
};

/* --- beginnings --- */
struct story *story_new(void);      /* nothing yet; 15 and 15 minutes, manual, ask, no paging */
struct story *paged(void);          /* 12:00:00 page P1, ticket known, urgent and open */
struct story *acknowledged(void);   /* 12:00:20 by Eng One */
struct story *contacted(void);      /* 12:00:40 by a public comment of Eng One */
struct story *auto_contacted(void); /* 12:00:40 by the automatic first comment: nobody was there */
struct story *bridged(void);        /* the same with a bridge, made at 12:00:22 */
struct story *followed_up(void);    /* 12:15:41 accepted */
struct story *downgraded(void);     /* 12:30:42 accepted */
struct story *engaged(void);        /* 12:05:00 answer, 10:40 were left */
/* The rest of the way, for stories that began otherwise. */
void go_paged(struct story *t);
void go_acknowledged(struct story *t);
void go_followed_up(struct story *t);
void go_downgraded(struct story *t);
void story_end(struct story *t);

/* --- the policy, before anything happens --- */
void three_rungs(struct story *t); /* after 10, 15 and 25 minutes */
/* Tickets of [coverage NAME] are worked on from FROM to TO o'clock there, each day. */
void covered(struct story *t, const char *name, const char *zone, int from, int to);

/* --- time --- */
int64_t clock_ms(const char *clock);
const char *clock_of(int64_t ms, char *out, size_t size);
void at(struct story *t, const char *clock);

/* --- what happens --- */
/* As the ledger takes it; ROW and the rest are the caller's. */
void arrive(struct story *t, const struct event *event);
/* An event of now, with an id of its own. */
struct event new_event(struct story *t, enum event_type type, enum event_source source);
/* Gives it the next row and lets it arrive. */
void happen(struct story *t, struct event *event);

void page(struct story *t, const char *incident, enum page_status status);      /* a webhook; by t->by */
void page_read(struct story *t, const char *incident, enum page_status status); /* over the API */
void page_resolved_by_itself(struct story *t, const char *incident);            /* a time-out */
void page_merged(struct story *t, const char *incident);
void linked(struct story *t, int64_t ticket);
void ticket_opened(struct story *t);
void ticket_read(struct story *t, enum ticket_priority priority, enum ticket_status status);
void priority_changed(struct story *t, enum ticket_priority was, enum ticket_priority is);
void status_changed(struct story *t, enum ticket_status was, enum ticket_status is);
void ticket_gone(struct story *t);
void comment(struct story *t, enum author_standing standing, bool is_public);
void staff_comment(struct story *t);
void customer_comment(struct story *t);
void outsider_comment(struct story *t);
void automatic_reply(struct story *t);
void wake(struct story *t);
void clock_set(struct story *t, int64_t shift_ms);
void command(struct story *t, enum command name); /* which must be allowed */
void extend(struct story *t, int64_t for_ms);
void order(struct story *t, enum command name, const char *to, const char *text); /* the same */
/* Outgoing calls: of what is wanted now … */
void looked(struct story *t);
void released(struct story *t, enum action_kind kind);
/* … and of what was released last. */
void accepted(struct story *t, enum action_kind kind);
void accepted_since(struct story *t, enum action_kind kind, const char *clock);
void refused(struct story *t);
/* All three. */
void sent(struct story *t, enum action_kind kind);

/* People, bridge, thread (emergency_story_people.c). */
void ticket_sorted(struct story *t, const char *product, const char *coverage, const char *bulk);
void told_of_ticket(struct story *t, const char *tam, const char *zone);
void told_of_person(struct story *t, const struct story_person *person);
void checked(struct story *t, enum ladder_kind ladder); /* its rung is due: the pages were read */
void made(struct story *t, enum action_kind kind);      /* a call that is wanted and is no step */
void bulk_answered(struct story *t);
void joined(struct story *t, enum author_standing standing);
void joined_and_asked(struct story *t); /* unidentified, and Zendesk is being asked who that is */
void turns_out(struct story *t, enum author_standing standing); /* who had joined unidentified, now */
void left(struct story *t, enum author_standing standing);
void meeting_ended(struct story *t);
void looked_at_meeting(struct story *t, enum meeting_state state); /* for the step that is wanted */
void shift_changes(struct story *t, const char *next);
void stuck(struct story *t, enum action_kind kind);

/* --- what is expected --- */
void expect_state(const struct story *t, const char *state);
void expect_held(const struct story *t, const char *held); /* NULL: not */
void expect_next(const struct story *t, enum action_kind step, const char *clock);
void expect_no_next(const struct story *t);
bool find_want(const struct story *t, enum action_kind kind, struct want *found);
bool wants(const struct story *t, enum action_kind kind);
void expect_wants(const struct story *t, enum action_kind kind);
void expect_no_step(const struct story *t); /* no write to the ticket is wanted */
void expect_wake(const struct story *t, const char *clock);
void expect_said(const struct story *t, const char *part);
void expect_prompt(const struct story *t, const char *part);
void expect_no_prompt(const struct story *t);
void expect_why(const struct story *t, const char *part); /* why it is held */
void expect_time(int64_t ms, const char *clock);          /* NULL: none */
/* Effects of the last event. */
const struct effect *expect_effect(const struct story *t, enum effect_kind kind, enum message message);
void expect_told(const struct story *t, enum message message, int64_t buttons); /* a reply with just these */
void expect_summoned(const struct story *t, enum effect_who who);
void expect_no_effect(const struct story *t, enum effect_kind kind, enum message message);
void expect_effects(const struct story *t, size_t count);
void expect_same(const struct emergency *a, const struct emergency *b, const char *what);
/* All events added up again. */
void story_replay(const struct story *t, struct emergency *e);

#endif
