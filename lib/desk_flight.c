/*
 * The beginning of an outgoing call: its row, its turn. Calls of one emergency to one service stay in order;
 * a service that asks us to wait is waited for; one that refuses us altogether is probed once a minute. How
 * calls end is in desk_ends.c; what they ask, and what the answers mean, in a file for each service.
 */
#include "lib/desk_internal.h"
#include "lib/text.h"

#include <stdlib.h>
#include <string.h>

#define FLIGHTS_AT_ONCE      16 /* a service: more would only queue there */
#define NOT_CONFIGURED_MS    300000
#define SAME_TICKET_PAUSE_MS 100
/* A message waits no longer to know how somebody is mentioned. */
#define LOOKUP_PATIENCE_MS 2000
#define THREAD_PAUSE_MS    2000

/* --- flights --- */

struct flight *desk_flight_of(struct desk *desk, int64_t action)
{
    for (struct flight *flight = desk->flights; flight; flight = flight->next)
        if (flight->action == action)
            return flight;
    return NULL;
}

struct flight *desk_new_flight(struct desk *desk, enum service_id service, int64_t action)
{
    struct flight *flight = calloc(1, sizeof *flight);
    if (!flight) {
        desk_fail(desk, STORE_BROKEN);
        return NULL;
    }
    flight->service = service;
    flight->action = action;
    flight->batch = desk->batch;
    flight->next = desk->flights;
    desk->flights = flight;
    desk->lines[service].flights++;
    return flight;
}

/* If a place is free: who has waited longest may try. */
static void call_up_next(struct desk *desk, struct service_line *line)
{
    size_t urgency = line->waiting_count[0] > 0 ? 0 : 1;
    if (line->flights >= FLIGHTS_AT_ONCE || line->waiting_count[urgency] == 0)
        return;
    desk_alarm(desk, ALARM_ACTION, line->waiting[urgency][0], desk->now_ms);
    line->waiting_count[urgency]--;
    memmove(line->waiting[urgency], line->waiting[urgency] + 1,
            line->waiting_count[urgency] * sizeof line->waiting[urgency][0]);
}

void desk_end_flight(struct desk *desk, struct flight *flight)
{
    struct flight **place = &desk->flights;
    while (*place != flight)
        place = &(*place)->next;
    *place = flight->next;
    struct service_line *line = &desk->lines[flight->service];
    line->flights--;
    call_up_next(desk, line);
    zendesk_ticket_free(&flight->ticket);
    free(flight);
}

bool desk_ask_at(struct desk *desk, struct flight *flight, enum service_id service, enum flight_step step,
                 struct request *request, bool customer_facing)
{
    struct call *call = calloc(1, sizeof *call);
    if (!call) {
        request_free(request);
        return desk_did(desk, STORE_BROKEN);
    }
    *call = (struct call){.service = service,
                          .customer_facing = customer_facing,
                          .timeout_ms = step == FLIGHT_LOOKUP ? LOOKUP_PATIENCE_MS : 0,
                          .retry_after_ms = -1};
    text_copy(call->method, sizeof call->method, request->method);
    call->path = request->path;
    call->body = request->body;
    call->from = request->from;
    *request = (struct request){0};
    flight->step = step;
    flight->asked_ms = desk->now_ms;
    flight->batch = desk->batch;
    flight->serial = call->flight = ++desk->last_serial;
    *desk->calls_end = call;
    desk->calls_end = &call->next;
    desk->calls_open++;
    return true;
}

bool desk_ask_made(struct desk *desk, struct flight *flight, enum flight_step step, struct request *request,
                   bool made)
{
    if (!flight || !made) {
        request_free(request);
        return desk_did(desk, STORE_BROKEN); /* out of memory */
    }
    return desk_ask_at(desk, flight, flight->service, step, request,
                       flight->service == SERVICE_ZENDESK && flight->emergency > 0);
}

/* --- rows --- */

void desk_mark(const struct desk *desk, const struct action *action, char *out, size_t size)
{
    text_format(out, size, "%s-%lld", desk->instance, (long long)action->id);
}

bool desk_add_action(struct desk *desk, const struct action *wanted)
{
    struct action action = *wanted;
    action.created_ms = desk->now_ms;
    enum store_result added = store_add_action(desk->store, &action);
    if (added == STORE_NONE) { /* wanted before: what was cancelled unsent is taken up again, and what is
                                 only a check of the pages */
        added = store_find_action(desk->store, action.emergency, action.kind, action.cause, action.incident,
                                  &action);
        bool again = action.state == ACTION_CANCELLED ||
                     (action.kind == ACTION_CHECK_PAGE && action_is_over(action.state));
        if (added != STORE_OK || !again)
            return desk_did(desk, added);
        action.created_ms = desk->now_ms;
        action.state = ACTION_PENDING;
        action.ended_ms = 0;
        action.next_ms = 0; /* it may be hours away by a clock that was set since */
        added = store_put_action(desk->store, &action);
    }
    desk_alarm(desk, ALARM_ACTION, action.id, desk->now_ms);
    return desk_did(desk, added);
}

bool desk_want_ticket_read(struct desk *desk, int64_t ticket, int64_t raised_ms, int64_t told_ms)
{
    struct action waiting;
    enum store_result found = store_pending_read(desk->store, ticket, &waiting);
    if (!desk_did(desk, found))
        return false;
    if (found == STORE_OK && !desk_flight_of(desk, waiting.id)) { /* it has not begun: it will see this too */
        if (raised_ms <= waiting.raised_ms && told_ms <= waiting.due_ms && waiting.next_ms <= desk->now_ms)
            return true;
        waiting.next_ms = 0;
        desk_alarm(desk, ALARM_ACTION, waiting.id, desk->now_ms);
        waiting.raised_ms = raised_ms > waiting.raised_ms ? raised_ms : waiting.raised_ms;
        waiting.due_ms = told_ms > waiting.due_ms ? told_ms : waiting.due_ms;
        return desk_did(desk, store_put_action(desk->store, &waiting));
    }
    const struct action read = {.service = SERVICE_ZENDESK,
                                .kind = ACTION_READ_TICKET,
                                .ticket_id = ticket,
                                .raised_ms = raised_ms,
                                .due_ms = told_ms,
                                .cause = ++desk->last_serial};
    return desk_add_action(desk, &read);
}

static bool same_want(const struct want *a, const struct want *b)
{
    return a->kind == b->kind && a->cause == b->cause &&
           (a->incident == b->incident ||
            (a->incident && b->incident && strcmp(a->incident, b->incident) == 0));
}

static bool is_among(const struct want *want, const struct want *wants, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (same_want(want, &wants[i]))
            return true;
    return false;
}

static bool is_in_doubt(const struct action *action)
{
    return action->state == ACTION_SENDING || action->state == ACTION_UNKNOWN ||
           (action->state == ACTION_PARKED && strstr(action->error, DESK_UNSURE_TEXT)) ||
           (action->state == ACTION_CANCELLED && strcmp(action->error, DESK_GIVEN_UP_TEXT) == 0);
}

bool desk_attempt_in_doubt(struct desk *desk, const struct emergency *e, enum action_kind kind,
                           struct action *attempt, bool *found)
{
    struct action *actions = NULL;
    size_t count = 0;
    *found = false;
    if (!desk_did(desk, store_actions_of(desk->store, e->id, &actions, &count)))
        return false;
    for (size_t i = 0; i < count; i++)
        if (actions[i].kind == kind && actions[i].created_ms > e->answered_ms && is_in_doubt(&actions[i])) {
            *attempt = actions[i];
            *found = true;
        }
    free(actions);
    return true;
}

/* What has left may still arrive, given up or not. What wants the same again goes on with it, so that its
 * mark is looked for. */
static bool take_up_again(struct desk *desk, const struct emergency *e, const struct want *want, bool *taken)
{
    struct action action;
    if (!desk_attempt_in_doubt(desk, e, want->kind, &action, taken))
        return false;
    if (!*taken)
        return true;
    struct action same; /* wanted by this cause before: that one it is */
    enum store_result found = store_find_action(desk->store, e->id, want->kind, want->cause, "", &same);
    if (found != STORE_NONE && (found != STORE_OK || same.id != action.id)) {
        *taken = false;
        return desk_did(desk, found);
    }
    if (action.state == ACTION_PARKED && found == STORE_OK)
        return true; /* it waits for a person */
    if (action_is_over(action.state)) {
        action.state = ACTION_UNKNOWN;
        action.ended_ms = 0;
        desk_alarm(desk, ALARM_ACTION, action.id, desk->now_ms);
    }
    action.cause = want->cause;
    action.created_ms = desk->now_ms;
    action.raised_ms = 0;
    action.ticket_id = e->ticket_id;
    action.due_ms = e->step_due_ms;
    return desk_did(desk, store_put_action(desk->store, &action));
}

static bool add_wanted(struct desk *desk, const struct emergency *e, const struct want *want)
{
    bool taken = false;
    bool is_at_page = want->kind == ACTION_ACK_PAGE || want->kind == ACTION_RESOLVE_PAGE;
    if (is_at_page && !desk->lines[SERVICE_PAGERDUTY].configured)
        return true; /* it only talks to us */
    if (action_is_step(want->kind) && !take_up_again(desk, e, want, &taken))
        return false;
    if (taken)
        return true;
    struct action action = {
        .emergency = e->id,
        .service = action_service(want->kind),
        .kind = want->kind,
        .cause = want->cause,
        .ticket_id = e->ticket_id,
        .due_ms = e->step_due_ms,
    };
    if (is_at_page)
        text_copy(action.sender, sizeof action.sender, e->taker);
    if (want->incident)
        text_copy(action.incident, sizeof action.incident, want->incident);
    return desk_add_action(desk, &action);
}

bool desk_begin_next(struct desk *desk, const struct action *ended)
{
    if (ended->emergency == 0)
        return true; /* reads of tickets stand in no line */
    struct action head;
    enum store_result found = store_head_action(desk->store, ended->emergency, ended->service, &head);
    if (found == STORE_OK)
        desk_alarm(desk, ALARM_ACTION, head.id, head.next_ms > desk->now_ms ? head.next_ms : desk->now_ms);
    return desk_did(desk, found);
}

/* Cancels what is no longer wanted and has not left; what has left finds out by itself. */
static bool drop_unwanted(struct desk *desk, const struct emergency *e, const struct want *want)
{
    struct action action;
    enum store_result found = store_find_action(desk->store, e->id, want->kind, want->cause,
                                                want->incident ? want->incident : "", &action);
    if (found != STORE_OK || action.state != ACTION_PENDING)
        return desk_did(desk, found);
    struct flight *flight = desk_flight_of(desk, action.id);
    if (flight)
        desk_end_flight(desk, flight);
    action.state = ACTION_CANCELLED;
    action.ended_ms = desk->now_ms;
    desk_alarm(desk, ALARM_ACTION, action.id, 0);
    return desk_did(desk, store_put_action(desk->store, &action)) && desk_begin_next(desk, &action);
}

bool desk_reconcile(struct desk *desk, const struct emergency *was, const struct emergency *is)
{
    struct want before[EMERGENCY_WANTS];
    struct want now[EMERGENCY_WANTS];
    size_t before_count = emergency_wants(was, before);
    size_t now_count = emergency_wants(is, now);
    for (size_t i = 0; i < before_count; i++)
        if (!is_among(&before[i], now, now_count) && !drop_unwanted(desk, is, &before[i]))
            return false;
    for (size_t i = 0; i < now_count; i++)
        if (!is_among(&now[i], before, before_count) && !add_wanted(desk, is, &now[i]))
            return false;
    return true;
}

/* --- turns --- */

/* When ACTION is seen to even if it can't begin: people are told that it is stuck, or do without it. */
static int64_t patience_ends_ms(const struct action *action)
{
    if (action->kind == ACTION_CHECK_PAGE)
        return action->created_ms + DESK_CHECK_PATIENCE_MS;
    bool is_waited_for = action_is_customer_facing(action->kind) && action->emergency > 0;
    return is_waited_for ? action->created_ms + DESK_STUCK_MS : INT64_MAX;
}

int64_t desk_next_look_ms(const struct desk *desk, const struct action *action, int64_t until_ms)
{
    int64_t end_ms = patience_ends_ms(action);
    return end_ms > desk->now_ms && end_ms < until_ms ? end_ms : until_ms;
}

void desk_wait_until(struct desk *desk, const struct action *action, int64_t until_ms)
{
    until_ms = desk_next_look_ms(desk, action, until_ms);
    if (until_ms != INT64_MAX)
        desk_alarm(desk, ALARM_ACTION, action->id, until_ms);
}

/* Where among those who wait an action belongs: by age, as it may have been called up in vain. */
static size_t place_in_line(const int64_t *waiting, size_t count, int64_t action)
{
    size_t place = 0;
    while (place < count) {
        size_t middle = place + (count - place) / 2;
        if (waiting[middle] < action)
            place = middle + 1;
        else
            count = middle;
    }
    return place;
}

/* Places that are free are for those in the line. */
static bool must_stand_in_line(const struct service_line *line, const struct action *action)
{
    size_t urgency = action_is_customer_facing(action->kind) ? 0 : 1;
    if (urgency > 0 && line->waiting_count[0] > 0)
        return true;
    if (line->waiting_count[urgency] > 0 && line->waiting[urgency][0] < action->id)
        return true;
    return line->flights >= FLIGHTS_AT_ONCE;
}

static bool wait_for_place(struct desk *desk, struct service_line *line, const struct action *action)
{
    desk_wait_until(desk, action, INT64_MAX);
    size_t urgency = action_is_customer_facing(action->kind) ? 0 : 1;
    size_t *count = &line->waiting_count[urgency];
    size_t place = place_in_line(line->waiting[urgency], *count, action->id);
    if (place < *count && line->waiting[urgency][place] == action->id)
        return true; /* it waits already */
    if (!list_push((void **)&line->waiting[urgency], count, &line->waiting_room[urgency], &action->id,
                   sizeof action->id))
        return desk_did(desk, STORE_BROKEN);
    int64_t *here = &line->waiting[urgency][place];
    memmove(here + 1, here, (*count - 1 - place) * sizeof *here);
    *here = action->id;
    return true;
}

static bool is_being_read(const struct desk *desk, int64_t ticket)
{
    for (const struct flight *flight = desk->flights; flight; flight = flight->next)
        if (flight->service == SERVICE_ZENDESK && flight->action > 0 && flight->ticket_id == ticket)
            return true;
    return false;
}

/* A message of a thread that is not open yet, but may be. */
static bool awaits_thread(struct desk *desk, const struct action *action, bool *awaits)
{
    struct emergency e;
    struct action opening;
    *awaits = false;
    if (action->kind != ACTION_REPLY)
        return true;
    enum store_result found = store_get_emergency(desk->store, action->emergency, &e);
    if (found != STORE_OK || e.thread_ts[0] || e.dry_run || !emergency_is_open(&e))
        return desk_did(desk, found);
    found = store_find_action(desk->store, e.id, ACTION_OPEN_THREAD, EMERGENCY_THREAD_CAUSE, "", &opening);
    *awaits = !e.thread_wanted || (found == STORE_OK && !action_is_over(opening.state));
    return desk_did(desk, found);
}

/* Whether ACTION has to wait for others of its emergency. A thread is opened before all else. */
static bool awaits_its_turn(struct desk *desk, const struct action *action, bool *awaits)
{
    struct action head = {0};
    enum store_result found = STORE_NONE;
    if (action->emergency > 0 && !action_is_free(action->kind) && action->kind != ACTION_OPEN_THREAD)
        found = store_head_action(desk->store, action->emergency, action->service, &head);
    *awaits = found == STORE_OK && head.id != action->id;
    return desk_did(desk, found);
}

/* Whether ACTION has to wait; then an alarm or a place in the line is set. */
static bool must_wait(struct desk *desk, const struct action *action, bool *waits)
{
    struct service_line *line = &desk->lines[action->service];
    int64_t until_ms = action->next_ms > line->not_before_ms ? action->next_ms : line->not_before_ms;
    if (line->refused && line->probe_ms > until_ms)
        until_ms = line->probe_ms;
    *waits = true;
    if (until_ms > desk->now_ms) {
        desk_wait_until(desk, action, until_ms);
        return true;
    }
    if (action->emergency == 0 && action->ticket_id > 0 && is_being_read(desk, action->ticket_id)) {
        desk_alarm(desk, ALARM_ACTION, action->id, desk->now_ms + SAME_TICKET_PAUSE_MS);
        return true;
    }
    bool awaits;
    if (!awaits_its_turn(desk, action, &awaits))
        return false;
    if (awaits) { /* its turn comes when the one before has ended */
        desk_wait_until(desk, action, INT64_MAX);
        return true;
    }
    if (!awaits_thread(desk, action, &awaits))
        return false;
    if (awaits) { /* its turn comes with the thread; but that may come to nothing */
        desk_wait_until(desk, action, desk->now_ms + THREAD_PAUSE_MS);
        return true;
    }
    if (must_stand_in_line(line, action))
        return wait_for_place(desk, line, action);
    *waits = false;
    return true;
}

void desk_mark_lost(struct action *action, int64_t now_ms)
{
    action->state = ACTION_UNKNOWN;
    if (desk_settles(action->service))
        action->next_ms = now_ms + DESK_SETTLES_MS;
}

/* Puts right what the row says before its turn: of a write without a flight nobody knows the end, and who
 * asks shall see what it waits for. */
static bool mend_row(struct desk *desk, struct action *action)
{
    bool lost = action->state == ACTION_SENDING;
    bool untold = desk->lines[action->service].refused && strcmp(action->error, DESK_REFUSED_TEXT) != 0;
    if (lost)
        desk_mark_lost(action, desk->now_ms);
    if (untold)
        text_copy(action->error, sizeof action->error, DESK_REFUSED_TEXT);
    return (!lost && !untold) || desk_did(desk, store_put_action(desk->store, action));
}

typedef bool begin_fn(struct desk *desk, struct flight *flight, struct action *action);
static begin_fn *const begin_at[] = {
    [SERVICE_ZENDESK] = desk_begin_zendesk, [SERVICE_PAGERDUTY] = desk_begin_pagerduty,
    [SERVICE_SLACK] = desk_begin_slack,     [SERVICE_ZOOM] = desk_begin_zoom,
    [SERVICE_GITLAB] = desk_begin_gitlab,
};

static bool begin_flight(struct desk *desk, struct action *action)
{
    struct service_line *line = &desk->lines[action->service];
    struct flight *flight = desk_new_flight(desk, action->service, action->id);
    if (!flight)
        return false;
    flight->ticket_id = action->ticket_id;
    flight->emergency = action->emergency;
    flight->in_doubt = action->state == ACTION_UNKNOWN;
    text_copy(flight->incident, sizeof flight->incident, action->incident);
    if (line->refused) {
        line->probe_ms = desk->now_ms + PROBE_EVERY_MS;
        return desk_probe(desk, flight);
    }
    return begin_at[action->service](desk, flight, action);
}

/* Without PagerDuty there are no pages to be read, and if it can't be asked people must be called all the
 * same: the rung is climbed at once. */
static bool skip_check(struct desk *desk, struct action *action)
{
    return desk_finish(desk, NULL, action, ACTION_DONE, "") &&
           desk_call_event(desk, action, EVENT_CHECKED, 0, "", NULL);
}

static bool can_not_be_asked(const struct desk *desk, const struct action *check)
{
    return desk->lines[check->service].refused || patience_ends_ms(check) <= desk->now_ms;
}

/* Begins it, or sees to it that its turn comes. */
static bool take_turn(struct desk *desk, struct action *action)
{
    bool waits;
    bool is_check = action->kind == ACTION_CHECK_PAGE;
    if (!desk->lines[action->service].configured) {
        if (is_check)
            return skip_check(desk, action);
        desk_alarm(desk, ALARM_ACTION, action->id, desk->now_ms + NOT_CONFIGURED_MS);
        return true;
    }
    if (!must_wait(desk, action, &waits))
        return false;
    if (waits && is_check && can_not_be_asked(desk, action))
        return skip_check(desk, action);
    return waits || begin_flight(desk, action);
}

static bool begin_action(struct desk *desk, struct action *action)
{
    if (action_is_over(action->state) || desk_flight_of(desk, action->id))
        return true;
    if (!mend_row(desk, action) || !desk_tell_if_stuck(desk, action))
        return false;
    enum store_result found = store_get_action(desk->store, action->id, action);
    if (found != STORE_OK || action_is_over(action->state)) /* what was told may have ended it */
        return desk_did(desk, found);
    return take_turn(desk, action);
}

bool desk_begin_action(struct desk *desk, int64_t id)
{
    struct action action;
    enum store_result found = store_get_action(desk->store, id, &action);
    if (found != STORE_OK || desk->quiet)
        return desk_did(desk, found);
    if (!begin_action(desk, &action))
        return false;
    struct service_line *line = &desk->lines[action.service];
    if (!line->refused && line->not_before_ms <= desk->now_ms) /* places that are left are for the next */
        call_up_next(desk, line);
    return true;
}
