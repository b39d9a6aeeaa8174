/*
 * The verbs of emergency_story.h that tell of pages, tickets, clocks and steps, and the ledger's part.
 */
#include "tests/unit/emergency_story.h"

#include "lib/coverage.h"
#include "lib/timestamp.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(1795392000000) /* 2026-11-23 */

/* --- time --- */

int64_t clock_ms(const char *clock)
{
    int64_t ms = 0;
    if (strchr(clock, 'T')) {
        ck_assert_msg(timestamp_parse(clock, &ms, NULL), "no time: %s", clock);
        return ms;
    }
    int hours = 0, minutes = 0, seconds = 0, fraction = 0;
    int read = sscanf(clock, "%d:%d:%d.%d", &hours, &minutes, &seconds, &fraction);
    ck_assert_int_ge(read, 3);
    return DAY_MS + ((hours * 60 + minutes) * INT64_C(60) + seconds) * 1000 + fraction;
}

void at(struct story *t, const char *clock)
{
    t->at_ms = clock_ms(clock);
}

/* --- what must hold in any state --- */

static void check_state(const struct story *t)
{
    const struct emergency *e = &t->e;
    bool in_period = e->phase == PHASE_CONTACTED || e->phase == PHASE_FOLLOWED_UP;
    bool of_bulk = e->bulk[0] && !e->bulk_waived;
    bool rests = e->paused || of_bulk || e->off_hours;
    if (e->due_ms != 0 && (!in_period || rests || e->ticket_id == 0 || !emergency_is_open(e)))
        ck_abort_msg("a clock runs while %s, %s", emergency_state(e), emergency_held(e));
    if (rests && e->step != ACTION_NONE && e->step_by <= STEP_AUTOMATICALLY)
        ck_abort_msg("a step goes out by itself while held: %s", emergency_held(e));
    for (int i = 0; i < LADDER_COUNT; i++)
        if (e->ladders[i].checking && !emergency_is_open(e) && wants(t, ACTION_CHECK_PAGE))
            ck_abort_msg("a ladder is climbed for what is closed");
    if ((e->step == ACTION_NONE) != (e->step_cause == 0))
        ck_abort_msg("a step and its cause come and go together");
    if (e->asked && (e->step != ACTION_NONE || !emergency_is_open(e)))
        ck_abort_msg("asked, and done or closed all the same");
    struct want list[EMERGENCY_WANTS];
    size_t count = emergency_wants(e, list);
    if (count > 0 && !emergency_is_open(e))
        ck_abort_msg("something is wanted of what is closed");
    for (size_t i = 0; i < count; i++)
        if (!emergency_still_wants(e, list[i].kind, list[i].cause))
            ck_abort_msg("wanted, and not wanted");
}

/* Otherwise the ledger would spin. */
static void check_wake(const struct story *t, const struct event *event)
{
    int64_t wake_ms = emergency_wake_ms(&t->e, &t->policy);
    if (wake_ms != 0 && wake_ms <= event->at_ms)
        ck_abort_msg("a wake at once after a wake");
}

void story_replay(const struct story *t, struct emergency *e)
{
    struct outcome out;
    memset(e, 0, sizeof *e);
    emergency_replay(e, 1, t->events, t->count, &t->policy, 0, &out);
}

/* --- the ledger's part --- */

static bool insert(struct story *t, const struct event *event)
{
    ck_assert_uint_lt(t->count, STORY_EVENTS);
    size_t place = t->count;
    while (place > 0 && event_compare(event, &t->events[place - 1]) < 0)
        place--;
    memmove(&t->events[place + 1], &t->events[place], (t->count - place) * sizeof *event);
    t->events[place] = *event;
    t->count++;
    return place + 1 == t->count;
}

void arrive(struct story *t, const struct event *event)
{
    bool last = insert(t, event);
    bool opens = !t->opened && event_opens(event);
    if (!t->opened && !opens)
        return; /* it waits for its emergency */
    if (opens) {
        memset(&t->e, 0, sizeof t->e);
        emergency_init(&t->e, 1, event->at_ms, &t->policy);
        t->opened = true;
    }
    const struct emergency was = t->e;
    bool late = event->type == EVENT_CLOCK_STEP || emergency_is_late(&t->e, event);
    if (opens ? t->count > 1 : late)
        emergency_replay(&t->e, 1, t->events, t->count, &t->policy, event->row, &t->out);
    else
        emergency_apply(&t->e, event, &t->policy, &t->out);
    if (late && !opens && event->type != EVENT_CLOCK_STEP)
        emergency_note_late(&was, &t->e, &t->policy, &t->out);
    check_state(t);
    if (last && event->type == EVENT_WAKE)
        check_wake(t, event);
}

struct event new_event(struct story *t, enum event_type type, enum event_source source)
{
    struct event event;
    memset(&event, 0, sizeof event);
    event.row = ++t->rows;
    event.emergency = 1;
    event.type = type;
    event.source = source;
    event.at_ms = event.now_ms = t->at_ms;
    event.resolution_ms = 1;
    (void)snprintf(event.id, sizeof event.id, "%06lld", (long long)event.row);
    return event;
}

void happen(struct story *t, struct event *event)
{
    arrive(t, event);
}

static void by(struct story *t, struct event *event, const char *otherwise)
{
    (void)snprintf(event->by, sizeof event->by, "%s", t->by ? t->by : otherwise);
}

/* The same with what the services and the desk add. */
static void by_person(struct story *t, struct event *event, const char *otherwise)
{
    by(t, event, t->who ? t->who->name : otherwise);
    if (!t->who)
        return;
    (void)snprintf(event->page.agent, sizeof event->page.agent, "%s", t->who->pagerduty_id);
    (void)snprintf(event->by_email, sizeof event->by_email, "%s", t->who->email);
    if (event->type == EVENT_COMMAND)
        (void)snprintf(event->by_slack, sizeof event->by_slack, "%s", t->who->slack_id);
}

/* --- pages --- */

static struct event page_event(struct story *t, const char *incident, enum page_status status)
{
    struct event event = new_event(t, EVENT_PAGE, EVENT_SOURCE_PAGERDUTY);
    (void)snprintf(event.page.incident, sizeof event.page.incident, "%s", incident);
    (void)snprintf(event.page.title, sizeof event.page.title, "Production is down");
    event.page.status = status;
    event.page.busy_with = t->busy_with;
    return event;
}

static bool has_page(const struct story *t, const char *incident)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->events[i].type == EVENT_PAGE && strcmp(t->events[i].page.incident, incident) == 0)
            return true;
    return false;
}

/* Triggered once; then it is one that is no longer acknowledged. */
void page(struct story *t, const char *incident, enum page_status status)
{
    struct event event = page_event(t, incident, status);
    bool again = status == PAGE_TRIGGERED && has_page(t, incident);
    (void)snprintf(event.page.event, sizeof event.page.event, "%s",
                   again ? "unacknowledged" : page_status_name(status));
    event.page.by_person = status != PAGE_TRIGGERED;
    if (event.page.by_person)
        by_person(t, &event, "Eng One");
    happen(t, &event);
}

void page_read(struct story *t, const char *incident, enum page_status status)
{
    struct event event = page_event(t, incident, status);
    happen(t, &event);
}

void page_resolved_by_itself(struct story *t, const char *incident)
{
    struct event event = page_event(t, incident, PAGE_RESOLVED);
    (void)snprintf(event.page.event, sizeof event.page.event, "resolved");
    happen(t, &event);
}

void page_merged(struct story *t, const char *incident)
{
    struct event event = page_event(t, incident, PAGE_RESOLVED);
    (void)snprintf(event.page.event, sizeof event.page.event, "resolved");
    event.page.by_person = true;
    event.page.merged = true;
    by_person(t, &event, "Eng One");
    happen(t, &event);
}

/* --- the ticket --- */

void linked(struct story *t, int64_t ticket)
{
    struct event event = new_event(t, EVENT_LINK, EVENT_SOURCE_SELF);
    event.ticket_id = ticket;
    happen(t, &event);
}

static struct event ticket_event(struct story *t, enum event_type type)
{
    struct event event = new_event(t, type, EVENT_SOURCE_ZENDESK);
    event.ticket_id = STORY_TICKET;
    if (type == EVENT_TICKET)
        event.page.busy_with = t->busy_with;
    return event;
}

/* API objects have times of whole seconds. */
static void cut_to_second(struct event *event)
{
    event->at_ms -= event->at_ms % 1000;
    event->resolution_ms = 1000;
}

void ticket_opened(struct story *t)
{
    struct event event = ticket_event(t, EVENT_OPENED);
    cut_to_second(&event);
    happen(t, &event);
}

void ticket_read(struct story *t, enum ticket_priority priority, enum ticket_status status)
{
    struct event event = ticket_event(t, EVENT_TICKET);
    cut_to_second(&event);
    event.ticket =
        (struct ticket_facts){.known = true, .priority = priority, .status = status, .requester_id = 5};
    happen(t, &event);
}

void priority_changed(struct story *t, enum ticket_priority was, enum ticket_priority is)
{
    struct event event = ticket_event(t, EVENT_TICKET);
    event.ticket =
        (struct ticket_facts){.known = true, .priority = is, .previous_priority = was, .status = STATUS_OPEN};
    by(t, &event, "Eng One");
    happen(t, &event);
}

void status_changed(struct story *t, enum ticket_status was, enum ticket_status is)
{
    struct event event = ticket_event(t, EVENT_TICKET);
    event.ticket = (struct ticket_facts){
        .known = true, .priority = PRIORITY_URGENT, .status = is, .previous_status = was};
    by(t, &event, "Eng One");
    happen(t, &event);
}

void ticket_gone(struct story *t)
{
    struct event event = ticket_event(t, EVENT_TICKET_GONE);
    (void)snprintf(event.text, sizeof event.text, "deleted");
    happen(t, &event);
}

static struct event comment_event(struct story *t, enum author_standing standing)
{
    struct event event = ticket_event(t, EVENT_COMMENT);
    cut_to_second(&event);
    event.comment.id = event.row;
    event.comment.standing = standing;
    event.comment.is_public = true;
    return event;
}

void comment(struct story *t, enum author_standing standing, bool is_public)
{
    struct event event = comment_event(t, standing);
    event.comment.is_public = is_public;
    by(t, &event, "Somebody Else");
    happen(t, &event);
}

void staff_comment(struct story *t)
{
    struct event event = comment_event(t, AUTHOR_STAFF);
    by(t, &event, "Eng One");
    happen(t, &event);
}

void customer_comment(struct story *t)
{
    comment(t, AUTHOR_CUSTOMER, true);
}

void outsider_comment(struct story *t)
{
    comment(t, AUTHOR_OUTSIDER, true);
}

void automatic_reply(struct story *t)
{
    struct event event = comment_event(t, AUTHOR_CUSTOMER);
    event.comment.automatic = true;
    happen(t, &event);
}

/* --- persons, time, calls --- */

void wake(struct story *t)
{
    struct event event = new_event(t, EVENT_WAKE, EVENT_SOURCE_SELF);
    happen(t, &event);
}

void clock_set(struct story *t, int64_t shift_ms)
{
    struct event event = new_event(t, EVENT_CLOCK_STEP, EVENT_SOURCE_SELF);
    event.shift_ms = shift_ms;
    events_move(t->events, t->count, event.row, shift_ms); /* as the store tells them from now on */
    happen(t, &event);
}

static void give(struct story *t, const struct command_facts *given, const char *text)
{
    const char *refusal = emergency_forbids(&t->e, given->name);
    if (refusal)
        ck_abort_msg("%s is refused: %s", command_name(given->name), refusal);
    struct event event = new_event(t, EVENT_COMMAND, EVENT_SOURCE_SELF);
    event.command = *given;
    if (!t->old_journal)
        emergency_note_shown(&t->e, &event.command);
    (void)snprintf(event.text, sizeof event.text, "%s", text);
    if (given->name == COMMAND_ACK)
        event.page.busy_with = t->busy_with;
    by_person(t, &event, "Manager");
    happen(t, &event);
}

void command(struct story *t, enum command name)
{
    give(t, &(struct command_facts){.name = name}, "");
}

void extend(struct story *t, int64_t for_ms)
{
    give(t, &(struct command_facts){.name = COMMAND_EXTEND, .for_ms = for_ms}, "");
}

void order(struct story *t, enum command name, const char *to, const char *text)
{
    struct command_facts given = {.name = name};
    (void)snprintf(given.to, sizeof given.to, "%s", to);
    give(t, &given, text);
}

static void call_ends(struct story *t, enum event_type type, const struct call_facts *call)
{
    struct event event = new_event(t, type, EVENT_SOURCE_SELF);
    event.ticket_id = STORY_TICKET;
    event.call = *call;
    happen(t, &event);
}

void looked(struct story *t)
{
    ck_assert_msg(t->e.step != ACTION_NONE, "no step is wanted to look for");
    const struct call_facts call = {.action = 1, .kind = t->e.step, .cause = t->e.step_cause};
    call_ends(t, EVENT_LOOKED, &call);
}

void released(struct story *t, enum action_kind kind)
{
    struct want want;
    if (!find_want(t, kind, &want))
        ck_abort_msg("no %s is wanted", action_kind_name(kind));
    t->call = (struct call_facts){.action = 1, .kind = kind, .cause = want.cause, .dry = t->dry};
    call_ends(t, EVENT_RELEASED, &t->call);
}

static void accept_at(struct story *t, enum action_kind kind, int64_t accepted_ms)
{
    ck_assert_int_eq(t->call.kind, kind);
    t->call.accepted_ms = accepted_ms;
    call_ends(t, EVENT_ACCEPTED, &t->call);
    if (wants(t, kind))
        ck_abort_msg("a second %s is wanted", action_kind_name(kind));
}

void accepted(struct story *t, enum action_kind kind)
{
    accept_at(t, kind, t->at_ms);
}

void accepted_since(struct story *t, enum action_kind kind, const char *clock)
{
    accept_at(t, kind, clock_ms(clock));
}

void refused(struct story *t)
{
    call_ends(t, EVENT_REFUSED, &t->call);
}

void sent(struct story *t, enum action_kind kind)
{
    looked(t);
    released(t, kind);
    accepted(t, kind);
}

/* --- beginnings --- */

struct story *story_new(void)
{
    struct story *t = calloc(1, sizeof *t);
    ck_assert_ptr_nonnull(t);
    t->policy = (struct policy){
        .follow_up_after_ms = MINUTES(15),
        .downgrade_after_ms = MINUTES(15),
        .stale_after_ms = MINUTES(60),
        .page_if_missing_ms = MINUTES(2),
        .contact_within_ms = MINUTES(20),
        .ask_after_engineer_comment = true,
        .downgrade_priority = PRIORITY_HIGH,
    };
    at(t, "12:00:00");
    return t;
}

void go_paged(struct story *t)
{
    at(t, "12:00:00");
    page(t, "P1", PAGE_TRIGGERED);
    linked(t, STORY_TICKET);
    at(t, "12:00:01");
    ticket_read(t, PRIORITY_URGENT, STATUS_OPEN);
}

void go_acknowledged(struct story *t)
{
    go_paged(t);
    at(t, "12:00:20");
    page(t, "P1", PAGE_ACKNOWLEDGED);
}

void go_followed_up(struct story *t)
{
    at(t, "12:15:40");
    wake(t);
    looked(t);
    released(t, ACTION_FOLLOW_UP);
    at(t, "12:15:41");
    accepted(t, ACTION_FOLLOW_UP);
}

void go_downgraded(struct story *t)
{
    at(t, "12:30:41");
    wake(t);
    looked(t);
    released(t, ACTION_DOWNGRADE);
    at(t, "12:30:42");
    accepted(t, ACTION_DOWNGRADE);
}

struct story *paged(void)
{
    struct story *t = story_new();
    go_paged(t);
    return t;
}

struct story *acknowledged(void)
{
    struct story *t = story_new();
    go_acknowledged(t);
    return t;
}

struct story *contacted(void)
{
    struct story *t = acknowledged();
    at(t, "12:00:40");
    staff_comment(t);
    return t;
}

struct story *auto_contacted(void)
{
    struct story *t = story_new();
    t->policy.first_contact_automatic = true;
    go_acknowledged(t);
    at(t, "12:00:40");
    sent(t, ACTION_FIRST_CONTACT);
    return t;
}

struct story *followed_up(void)
{
    struct story *t = contacted();
    go_followed_up(t);
    return t;
}

struct story *downgraded(void)
{
    struct story *t = followed_up();
    go_downgraded(t);
    return t;
}

struct story *engaged(void)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    customer_comment(t);
    return t;
}

void story_end(struct story *t)
{
    struct emergency again;
    story_replay(t, &again);
    expect_same(&t->e, &again, "the journal added up again");
    for (size_t i = 0; i < COUNT_OF(t->windows); i++)
        coverage_free(t->windows[i]);
    free(t);
}
