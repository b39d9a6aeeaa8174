#ifndef EMERGENCYD_DESK_LIFE_H
#define EMERGENCYD_DESK_LIFE_H
/*
 * The life of a real desk on a real store, for the tests of what the state machine alone can't show: clocks,
 * calls whose end is in doubt, restarts. Around it Zendesk with one ticket, and as much of PagerDuty and
 * Slack as is asked for, which answer at once unless a test wants it otherwise.
 *
 * Times are those of emergency_story.h and by the right clock, whatever the machine's and Zendesk's say. What
 * must not be fails the test. One thread; each test has its own life, and the settings file's fixture.
 */
#include "lib/desk.h"
#include "tests/unit/emergency_story.h"

#include <stdio.h>

#define LIFE_SLACK     "[slack]\nsigning_secret = s\ntoken = t\nchannel = C0SUPPORT\n"
#define LIFE_PAGERDUTY "[pagerduty]\nwebhook_secret = p\napi_token = t\nfrom = bot@example.com\n"
#define LIFE_ZOOM                                                                                            \
    "[zoom]\naccount_id = a\nclient_id = c\nclient_secret = s\nwebhook_secret = w\nuser = bot@example.com\n"
#define LIFE_MEETING INT64_C(80000000001) /* the only one */

enum life_people { LIFE_US = 900, LIFE_ENGINEER = 501, LIFE_CUSTOMER = 5, LIFE_COLLEAGUE = 6 /* in CC */ };

/* What becomes of a request. */
enum fate {
    FATE_TAKEN,
    FATE_LIMITED, /* 429: not before a minute */
    FATE_REFUSED, /* 403 */
    FATE_FOREIGN, /* 200 with a page of something that stands before it; no effect */
    FATE_UNSENT,  /* no connection */
    FATE_LOST,    /* nobody hears what became of it; life_arrives lets it take effect */
    FATE_HELD,    /* it takes effect at once; life_answers brings the answer */
};

struct life {
    struct log *log;
    struct metrics metrics;
    struct store *store;
    struct desk *desk;
    int64_t true_ms;
    int64_t machine_ahead_ms, zendesk_ahead_ms, pagerduty_ahead_ms;
    int64_t last_id;
    enum fate reads, writes; /* Zendesk's */
    enum fate messages;      /* Slack's */
    const char *refused;     /* reads of Zendesk with this in their path are; NULL none */
    bool deaf;               /* webhooks get lost */
    struct call *lost;       /* the last that was */
    struct call *held;
    struct call *answered; /* to be taken in the next pass */
    struct delivery *delivered;
    /* the ticket */
    enum ticket_priority priority;
    enum ticket_status status;
    int64_t created_ms, updated_ms;
    struct {
        int64_t id, author, at_ms;
        bool is_merge;
    } comments[16];
    size_t comment_count;
    struct {
        int64_t id, at_ms;
        bool raises, lowers;
        char mark[80];
    } audits[32];
    size_t audit_count;
    size_t audits_a_page; /* 0: all */
    int64_t suspended_ms; /* a reply that is; 0 none */
    /* Slack's messages */
    struct {
        char thread[24], ts[24], mark[80];
    } posts[64];
    size_t post_count;
};

/* Starts at 12:00:00 with these sections beside [zendesk]; the ticket is urgent since 11:59:00.
 * MACHINE_AHEAD_MS: how wrong the machine's clock is. */
struct life *life_new(const char *sections, int64_t machine_ahead_ms);
/* Checks that every emergency is what its journal adds up to, and that nothing was written twice. */
void life_end(struct life *life);
/* The next process, with the same database. */
void life_restart(struct life *life);

/* Lives until then: all that is due by the machine's clock is done on the way. */
void life_at(struct life *life, const char *clock);
/* The machine's clock is set right, or wrong by this much. */
void life_set_clock(struct life *life, int64_t ahead_ms);

/* --- what happens --- */
void life_page(struct life *life, const char *incident, enum page_status status, int64_t ticket);
void life_comment(struct life *life, int64_t author);
/* The engineer merges another ticket into it. */
void life_merge(struct life *life);
void life_change(struct life *life, enum ticket_priority priority, enum ticket_status status, int64_t actor);
/* Zendesk's trigger for urgent tickets fires: its body says no more than which ticket it is. */
void life_trigger(struct life *life);
/* Somebody comes to the bridge; Zendesk knows them by their address. */
void life_join(struct life *life, int64_t who);
void life_command(struct life *life, int64_t emergency, enum command command);
void life_link(struct life *life, int64_t emergency, int64_t ticket);
/* 12:00:00 page P1 of the ticket, 12:00:40 a comment of the engineer. */
void life_contacted(struct life *life);

/* What was held is answered, as of when it was asked. */
void life_answers(struct life *life);
/* What was lost takes effect after all. */
void life_arrives(struct life *life);

/* --- what is to be seen --- */
struct emergency life_emergency(const struct life *life, int64_t id);
void life_expect(const struct life *life, int64_t id, const char *state);
int life_comments_by(const struct life *life, int64_t author);
/* How many emergencies there are. */
int64_t life_emergencies(const struct life *life);
/* What the journal says of when the newest event of TYPE happened, by the machine's clock. */
int64_t life_event_ms(const struct life *life, int64_t emergency, enum event_type type);

/* --- desk_life_services.c: what services say; a part of this file's own --- */
void life_serve(struct life *life, struct call *call);
void life_deliver(struct life *life, enum service_id service, const struct event *event);
int64_t life_machine_ms(const struct life *life);

#endif
