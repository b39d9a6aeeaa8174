#ifndef EMERGENCYD_DESK_INTERNAL_H
#define EMERGENCYD_DESK_INTERNAL_H
/*
 * What the desk's files share: desk.c (batches, deliveries), desk_start.c, desk_emergency.c (moving, opening,
 * joining emergencies), desk_flight.c and desk_ends.c (the life of an outgoing call), a file for each service
 * (what is asked of it and what its answers mean), desk_people.c (who is who), desk_shifts.c (who is on
 * call), desk_effects.c (what people are told), desk_commands.c (what people order and ask), desk_poll.c
 * (what might have been missed), desk_clock.c (whose clock is wrong). Nobody else includes this.
 *
 * Errors: a failing store marks the batch (desk->trouble) and everything after it in the batch does nothing;
 * functions therefore return whether they may go on.
 */
#include "lib/desk.h"
#include "lib/messages.h"
#include "lib/services/gitlab.h"
#include "lib/services/pagerduty.h"
#include "lib/services/slack.h"
#include "lib/services/zendesk.h"
#include "lib/services/zoom.h"

/* Where a flight is: what its open call asks. */
enum flight_step {
    FLIGHT_TICKET,    /* the ticket: its stamp */
    FLIGHT_AUDITS,    /* its history: our mark, or when it turned urgent */
    FLIGHT_COMMENTS,  /* its newest comments */
    FLIGHT_SUSPENDED, /* replies that Zendesk holds back */
    FLIGHT_ORGANIZATION,
    FLIGHT_INCIDENT, /* the page, as it stands */
    FLIGHT_ALERTS,
    FLIGHT_FIND_INCIDENT, /* by its key: did the first attempt take effect? */
    FLIGHT_WRITE,         /* the write itself */
    FLIGHT_PROBE,         /* may we do anything at this service? */
    FLIGHT_SEARCH,        /* the poll's calls: of no action */
    FLIGHT_MANY,
    FLIGHT_SUBSCRIPTIONS,
    FLIGHT_ENABLE,
    FLIGHT_NOTES,    /* of a page: is ours among them? */
    FLIGHT_USER,     /* of PagerDuty, by id or e-mail address */
    FLIGHT_MARKED,   /* messages, meetings or issues: is ours among them? */
    FLIGHT_LOOKUP,   /* Slack: the user of an e-mail address */
    FLIGHT_WHO,      /* Slack: a user by id; Zendesk: a user by e-mail address */
    FLIGHT_MACRO,    /* Zendesk */
    FLIGHT_MEETING,  /* Zoom: is the bridge in use? */
    FLIGHT_TEMPLATE, /* GitLab */
    FLIGHT_ONCALLS,  /* of no action, as what follows */
    FLIGHT_HEARTBEAT,
};

/* An outgoing call with the reads around it, in memory only: after a crash it starts again from its row. */
struct flight {
    struct flight *next;
    int64_t serial; /* of the call that is open: the only answer that counts */
    uint64_t batch; /* the last batch that moved it */
    enum service_id service;
    enum flight_step step;
    int64_t action; /* 0: a poll's */
    int64_t ticket_id;
    int64_t emergency; /* 0 none (yet) */
    bool in_doubt;     /* an attempt before this one may still arrive */
    char incident[32];
    struct zendesk_ticket ticket; /* as the look has read it */
    int64_t asked_ms;             /* by our clock: what is read is at least as new as this */
    int64_t read_ms;              /* when the ticket was asked for */
    int64_t ticket_date_ms;       /* by Zendesk's clock */
    struct zendesk_history history;
    int page; /* of a search */
    int64_t asked_ids[ZENDESK_MANY];
    size_t asked_count;
    char lookup[96];            /* the e-mail address that was asked for */
    bool without_lookups;       /* Slack does not tell who is who: names will do */
    enum meeting_state meeting; /* the look's */
    int page_index;             /* CHECK_PAGE: the page that is read */
};

struct service_line { /* one a service */
    bool configured;
    bool refused;          /* its own probe was refused: everything waits */
    int64_t probe_ms;      /* while refused: not asked again before */
    int64_t not_before_ms; /* it asked us to wait */
    int flights;
    int64_t *waiting[2]; /* actions that wait for a free place: customer-facing, others */
    size_t waiting_count[2], waiting_room[2];
};

struct alarm_change {
    enum alarm_kind kind;
    int64_t id;
    int64_t due_ms; /* 0: clear */
};

/* Tickets as of when they were last read whole: what has not changed is not read again. */
struct seen_ticket {
    int64_t ticket;
    int64_t updated_ms;
};
#define SEEN_TICKETS 8192

/* A button that was pressed. */
struct press {
    int64_t emergency;
    enum command command;
    char by[24]; /* Slack's id */
    int64_t at_ms;
};

struct desk {
    const struct config *config;
    struct policy policy;
    struct store *store;
    struct log *log;
    struct metrics *metrics;
    struct json_reader *reader;
    char instance[40];
    int64_t first_start_ms;
    int64_t own_user_id;
    int64_t skew_ms[SERVICE_COUNT]; /* their clocks minus ours, as far as is known */
    bool skew_known[SERVICE_COUNT];
    int64_t moved_ms;     /* of a step of our clock that is not committed yet: memory has moved by it */
    char slack_home[128]; /* "https://WORKSPACE.slack.com/", as Slack says; "" not yet */
    bool quiet;
    int64_t lost_track_ms; /* something was undone: alarms and lines are to be made anew then; 0 no */

    int64_t now_ms;
    uint64_t batch;
    enum store_result trouble; /* of this batch; STORE_NONE: a bad item */
    bool careful;              /* each item has a savepoint */
    struct alarms alarms;
    struct alarm_change *changes; /* to be made when the batch is committed */
    size_t change_count, change_room;
    struct delivery *answers, **answers_end;
    struct call *calls, **calls_end; /* of this batch */
    size_t item_changes;             /* where the item began: what a bad one left is cut off */
    struct call **item_calls;
    int64_t item_serial;
    struct call *ready, **ready_end; /* committed: to be fetched */
    size_t calls_open;

    struct flight *flights;
    int64_t last_serial;
    uint32_t jitter;
    struct service_line lines[SERVICE_COUNT];

    int64_t next_poll_ms;
    uint64_t polls;
    int64_t poll_cursor;
    int64_t incident_cursor;
    struct seen_ticket *seen; /* SEEN_TICKETS of them, by ticket modulo */

    struct press last_press; /* that had an effect */

    struct oncall *oncalls; /* as PagerDuty said last */
    size_t oncall_count;
    struct oncall *new_oncalls; /* pages of the answer that is being read */
    size_t new_oncall_count, new_oncall_room;
    int64_t next_oncalls_ms;   /* when they are asked for again */
    int64_t next_shift_ms;     /* the next end of any shift; INT64_MAX none is known */
    int64_t handed_over_to;    /* of that shift the last emergency that was handed over; 0 none */
    int64_t shift_seen_ms;     /* shifts that began until then are handed over */
    int64_t next_heartbeat_ms; /* INT64_MAX: none */
};

/* --- desk.c --- */
/* Items: one that is bad harms no other, but for the first one. False: there is trouble, or the item was
 * bad and is undone. */
bool desk_begin_item(struct desk *desk);
bool desk_end_item(struct desk *desk, bool good);
/* What whoever delivered it is told. */
void desk_answer(struct delivery *delivery, int status, const char *error);
/* Whether the store did it; anything but OK and NONE spoils the batch. */
bool desk_did(struct desk *desk, enum store_result result) MUST_CHECK;
void desk_fail(struct desk *desk, enum store_result result);
/* Alarms for all calls that are not over. What was on its way, and is nobody's flight, is unknown; at a start
 * what waits for hours is tried again. */
bool desk_take_up_actions(struct desk *desk, int64_t now_ms, bool at_start) MUST_CHECK;
/* For store_wakes. */
bool desk_set_emergency_alarm(void *context, int64_t id, int64_t wake_ms);
void desk_alarm(struct desk *desk, enum alarm_kind kind, int64_t id, int64_t due_ms);
bool list_push(void **items, size_t *count, size_t *room, const void *item, size_t size) MUST_CHECK;

/* --- desk_emergency.c --- */
/* Writes EVENT to the journal as E's and moves E by it. ENTRY NULL: no payload and no repeat key. *REPEAT
 * (NULL: don't care) says that it was there already and nothing was done. */
bool desk_apply(struct desk *desk, struct emergency *e, struct event *event,
                const struct journal_entry *entry, bool *repeat);
/* An event of our own making, now. */
struct event desk_own_event(const struct desk *desk, enum event_type type);
/* Keeps an event that is of no emergency: as noise, or waiting for one. */
bool desk_keep(struct desk *desk, struct delivery *delivery, const struct journal_entry *entry,
               enum delivery_outcome outcome);
/* A webhook's event with its payload, wherever it belongs. */
bool desk_take_event(struct desk *desk, struct delivery *delivery, const struct journal_entry *entry);
/* E's ticket became known: joins E with another emergency of that ticket, if it is open or was when E began.
 */
bool desk_link(struct desk *desk, struct emergency *e, struct event *event,
               const struct journal_entry *entry);
/* The error of a call that was cancelled, as a person wanted it otherwise, before anybody knew its end. */
#define DESK_GIVEN_UP_TEXT "given up; an attempt may still arrive"
#define DESK_UNSURE_TEXT   "it may have been sent"
/* The last call of KIND for E, since the customer answered last, that may have taken effect or may yet. */
bool desk_attempt_in_doubt(struct desk *desk, const struct emergency *e, enum action_kind kind,
                           struct action *attempt, bool *found);
/* While it is in doubt whether our downgrade of E took effect, that its ticket is lowered tells nothing: it
 * may be that, late, and the call's own look will find out. Takes it out of FACTS then. */
bool desk_doubt_lowering(struct desk *desk, const struct emergency *e, struct ticket_facts *facts);
/* What a read has shown of a ticket: applies what differs from what is known. */
bool desk_apply_ticket(struct desk *desk, struct emergency *e, const struct zendesk_ticket *ticket,
                       int64_t asked_ms);
/* A comment that was read: applies it unless it is known. */
bool desk_apply_comment(struct desk *desk, struct emergency *e, struct event *event, const char *text);
/* Opens a new emergency for a ticket that turned urgent at URGENT_MS, if that is news. *OPENED says so. */
bool desk_open_by_ticket(struct desk *desk, const struct zendesk_ticket *ticket, int64_t urgent_ms,
                         struct emergency *e, bool *opened);

/* --- desk_history.c: once the audits of FLIGHT's ticket are read --- */
/* When the ticket turned urgent, by the best witness there is, of which ACTION may know another. */
int64_t desk_urgent_since(const struct desk *desk, const struct flight *flight, const struct action *action);
/* When somebody had lowered it last, at the latest; 0 never. */
int64_t desk_lowered_by(const struct desk *desk, const struct flight *flight);
/* E is open although its ticket is solved, or not urgent, and not by us: it was so when the page came, or it
 * became so before the page was told here. */
bool desk_may_have_ended(const struct emergency *e, const struct ticket_facts *facts);
/* What ended the ticket after E began ends E too, whenever that is known, and be it raised again since. */
bool desk_apply_history(struct desk *desk, const struct flight *flight, struct emergency *e);

/* --- desk_clock.c --- */
/* SERVICE's clock minus ours; 0 while it is less than 2 s. */
int64_t desk_skew_ms(const struct desk *desk, enum service_id service);
/* Corrects the time of an event by its sender's skew. */
void desk_correct_time(const struct desk *desk, enum service_id sender, struct event *event);
/* Cuts what was told of the future to the present; Zendesk's becomes as coarse as it was ahead, at most 3 s.
 */
void desk_bound_time(const struct desk *desk, struct event *event);
/* As the process before knew them. */
bool desk_read_skews(struct desk *desk);
/* What the Date of an answer says of its sender's clock. */
void desk_learn_skew(struct desk *desk, const struct flight *flight, const struct call *call);

/* --- desk_flight.c, desk_ends.c --- */
#define DESK_REFUSED_TEXT "our credentials are refused"
#define PROBE_EVERY_MS    60000 /* a service that refuses us */
/* A service that asks for more patience than this means this kind of call alone: its quota for the day is
 * used up. People are told, and other calls go on. */
#define DESK_QUOTA_MS 900000
/* What may have taken effect can be seen after this, where nothing else guards against a second one. */
#define DESK_SETTLES_MS 3000
static inline bool desk_settles(enum service_id service)
{
    return service != SERVICE_ZENDESK; /* there the ticket's stamp does */
}
/* What an attempt leaves where it takes effect; no other database has the same. */
void desk_mark(const struct desk *desk, const struct action *action, char *out, size_t size);
/* A row that says it is being sent, though nobody sends it: it may have left just before a crash. */
void desk_mark_lost(struct action *action, int64_t now_ms);
/* A row for the outbox, and its alarm. The same one a second time does nothing. */
bool desk_add_action(struct desk *desk, const struct action *action);
/* Reads the ticket soon; RAISED_MS > 0: known to have turned urgent then; TOLD_MS > 0: said to have, by then.
 */
bool desk_want_ticket_read(struct desk *desk, int64_t ticket, int64_t raised_ms, int64_t told_ms);
/* What E wanted and wants: adds and cancels actions. */
bool desk_reconcile(struct desk *desk, const struct emergency *was, const struct emergency *is);
/* So long a page may be unreadable before a rung is climbed all the same. */
#define DESK_CHECK_PATIENCE_MS 10000
/* Then people do by hand what the customer waits for. */
#define DESK_STUCK_MS 180000
/* When ACTION, which can't begin before UNTIL_MS, is to be looked at: perhaps before, lest it be forgotten.
 */
int64_t desk_next_look_ms(const struct desk *desk, const struct action *action, int64_t until_ms);
/* ACTION can't begin before UNTIL_MS (INT64_MAX: until others have ended): its alarm. */
void desk_wait_until(struct desk *desk, const struct action *action, int64_t until_ms);
/* Whether the customer has waited for this call so long that people must do it by hand; tells them once. */
bool desk_tell_if_stuck(struct desk *desk, const struct action *action);
/* The alarm of an action: begins it if it may. */
bool desk_begin_action(struct desk *desk, int64_t id);
struct flight *desk_flight_of(struct desk *desk, int64_t action);
struct flight *desk_new_flight(struct desk *desk, enum service_id service, int64_t action);
void desk_end_flight(struct desk *desk, struct flight *flight);
/* ENDED has ended: the next in its line may try. */
bool desk_begin_next(struct desk *desk, const struct action *ended);
/* Hands REQUEST out as the flight's next call, at SERVICE; takes what the request holds. */
bool desk_ask_at(struct desk *desk, struct flight *flight, enum service_id service, enum flight_step step,
                 struct request *request, bool customer_facing);
/* The same at the flight's own service, if the request could be made. */
bool desk_ask_made(struct desk *desk, struct flight *flight, enum flight_step step, struct request *request,
                   bool made);
/* An answer that is not as documented is as good as none. */
bool desk_take_unreadable(struct desk *desk, struct flight *flight, struct call *call, const char *error);
/* The flight's action and its emergency; false: not both are there, or trouble. */
bool desk_get_both(struct desk *desk, const struct flight *flight, struct action *action,
                   struct emergency *e);
/* The flight's action; its emergency too if it has one, else *E is zeroed. */
bool desk_get_action(struct desk *desk, const struct flight *flight, struct action *action,
                     struct emergency *e);
/* ACTION's request could not be made: without memory nothing can be done; a text that can't be put into JSON
 * keeps from being done only what it is of. */
bool desk_take_unmade(struct desk *desk, struct flight *flight, struct action *action);
/* It has taken effect, and the emergency is told what came of it (RESULT may be NULL). */
bool desk_accept(struct desk *desk, struct flight *flight, struct action *action,
                 const struct result_facts *result);
/* Ends of an action, each with the flight's end. */
bool desk_finish(struct desk *desk, struct flight *flight, struct action *action, enum action_state state,
                 const char *why);
bool desk_retry_later(struct desk *desk, struct flight *flight, struct action *action, int64_t wait_ms,
                      const char *why);
/* An answer that is none of 2xx, 404 and 409, or no answer at all: waits, parks, probes. */
bool desk_take_failure(struct desk *desk, struct flight *flight, const struct call *call);
/* Whether ACTION, which certainly has not been sent, may be; else the flight has ended, or there is trouble
 * (*GOOD false). WANTED: there still is a reason. */
bool desk_goes_on(struct desk *desk, struct flight *flight, const struct emergency *e, struct action *action,
                  bool wanted, bool *good);
/* Sends REQUEST, if it was MADE: marks the action as sending, in this batch, before its first byte. MOVES:
 * the emergency is told. */
bool desk_send(struct desk *desk, struct flight *flight, struct emergency *e, struct action *action,
               struct request *request, bool made, bool moves);
/* The write has ended: ACCEPTED or REFUSED for the emergency. EXTRA (may be NULL) has page facts. */
bool desk_call_event(struct desk *desk, const struct action *action, enum event_type type,
                     int64_t accepted_ms, const char *text, const struct event *extra);
bool call_is_good(const struct call *call);

/* --- a file for each service: the first question of an action, and what answers mean --- */
bool desk_begin_zendesk(struct desk *desk, struct flight *flight, struct action *action);
bool desk_take_zendesk(struct desk *desk, struct flight *flight, struct call *call);
/* desk_zendesk_reads.c: what people read. */
bool desk_take_organization(struct desk *desk, struct flight *flight, const struct call *call);
bool desk_take_macro(struct desk *desk, struct flight *flight, struct call *call);
bool desk_begin_pagerduty(struct desk *desk, struct flight *flight, struct action *action);
bool desk_take_pagerduty(struct desk *desk, struct flight *flight, struct call *call);
bool desk_begin_slack(struct desk *desk, struct flight *flight, struct action *action);
bool desk_take_slack(struct desk *desk, struct flight *flight, struct call *call);
bool desk_begin_zoom(struct desk *desk, struct flight *flight, struct action *action);
bool desk_take_zoom(struct desk *desk, struct flight *flight, struct call *call);
bool desk_begin_gitlab(struct desk *desk, struct flight *flight, struct action *action);
bool desk_take_gitlab(struct desk *desk, struct flight *flight, struct call *call);
bool desk_probe(struct desk *desk, struct flight *flight);
/* The probe's answer: refused once more, or the action alone is. */
bool desk_take_probe(struct desk *desk, struct flight *flight, const struct call *call);

/* The comment that a write to the ticket has; "" none. */
void desk_write_comment(struct desk *desk, const struct emergency *e, const struct action *action, char *out,
                        size_t size);
/* A page that was read, ASKED_MS ago: applies it if it is news. */
bool desk_apply_incident(struct desk *desk, struct event *incident, int64_t asked_ms);

/* --- desk_effects.c --- */
/* Who is on call, and all else that a text about E may speak of. OTHER is room for the emergency that its
 * engineer has already. */
struct message_facts desk_facts(struct desk *desk, const struct emergency *e, const struct event *event,
                                struct emergency *other);
/* Rows for what people are to be told because of EVENT, which moved E. */
bool desk_do_effects(struct desk *desk, const struct emergency *e, const struct event *event,
                     const struct outcome *out);
/* The thread's first message shows E no longer as it is: a row for its update. */
bool desk_refresh_thread(struct desk *desk, const struct emergency *was, const struct emergency *is,
                         int64_t cause);
/* A service refuses our credentials: people are told by those that still work. */
bool desk_tell_refused(struct desk *desk, enum service_id service);
/* A message that only whoever pressed a button sees. */
bool desk_whisper(struct desk *desk, const struct delivery *delivery, const char *text);
/* The macro's text was read by ACTION: into the thread. */
bool desk_tell_macro(struct desk *desk, const struct emergency *e, const struct action *action);
/* Slack's channel for E's thread. */
const char *desk_channel(const struct desk *desk, const struct emergency *e);

/* --- desk_people.c --- */
/* Completes what an event says of people by what is known of them: name, e-mail address, PagerDuty's id, and
 * whether they have another emergency than E. */
bool desk_know_people(struct desk *desk, const struct emergency *e, struct event *event);
/* After EVENT: completes what E knows of its engineer, or has it asked who that is; and who pressed. */
bool desk_ask_who(struct desk *desk, struct emergency *e, const struct event *event);
/* Adds to what is known of the person with this e-mail address; parts that are "" stay as they are. */
bool desk_learn_person(struct desk *desk, const struct person *learned);
/* Asks Slack, once a day, who the person with this e-mail address is there. */
bool desk_ask_slack(struct desk *desk, const char *email);
/* The e-mail address in whose name SENDER, an address or a Slack id, acts; "" unknown. *ASK: PagerDuty does
 * not know whether they are a user there. */
bool desk_sender(struct desk *desk, const char *sender, char *email, size_t size, bool *ask);
bool desk_take_pager(struct desk *desk, struct flight *flight, struct call *call);
bool desk_take_slack_user(struct desk *desk, struct flight *flight, struct call *call);
bool desk_take_joiner(struct desk *desk, struct flight *flight, struct call *call);
/* A webhook of Zoom's. */
bool desk_take_meeting_event(struct desk *desk, struct delivery *delivery, const struct journal_entry *entry);

/* --- desk_shifts.c --- */
/* A call that people wait for and that is older than this does not move. */
#define DESK_STUCK_OUTBOX_MS (10 * 60 * 1000)
#define DESK_LATE_MS         10000
/* Who is on call in SCHEDULE (NULL: none) at AT_MS; false: nobody is known. */
bool desk_oncall(const struct desk *desk, const char *schedule, int64_t at_ms, struct oncall *oncall);
/* Who of those on call, now or later, is TO: PagerDuty's id or a name. NULL: nobody. */
const struct oncall *desk_oncall_named(const struct desk *desk, const char *to);
/* Asks who is on call, if it is time. */
bool desk_ask_oncalls(struct desk *desk);
bool desk_take_oncalls(struct desk *desk, struct flight *flight, struct call *call);
/* Until when shifts are handed over, by the store: what ended while nobody was here still is to be. */
bool desk_read_shift(struct desk *desk);
/* Hands over where a shift has ended. */
void desk_change_shifts(struct desk *desk);
/* Tells the outside monitor that all is well, if it is. */
bool desk_beat(struct desk *desk);

/* --- desk_commands.c --- */
bool desk_take_command(struct desk *desk, struct delivery *delivery, const struct journal_entry *entry);
/* Answers a question of Slack's. */
bool desk_take_question(struct desk *desk, struct delivery *delivery, const struct journal_entry *entry);

/* --- desk_poll.c --- */
bool desk_poll(struct desk *desk);
bool desk_take_search(struct desk *desk, struct flight *flight, const struct call *call);
bool desk_take_many(struct desk *desk, struct flight *flight, const struct call *call);
bool desk_take_subscriptions(struct desk *desk, struct flight *flight, const struct call *call);
bool desk_take_polled_incident(struct desk *desk, struct flight *flight, const struct call *call);
bool desk_has_seen(const struct desk *desk, int64_t ticket, int64_t updated_ms);
void desk_saw(struct desk *desk, int64_t ticket, int64_t updated_ms);

#endif
