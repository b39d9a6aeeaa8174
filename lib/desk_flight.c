/*
 * The life of an outgoing call: its row, its turn, its retries, its end. Calls of one emergency to one
 * service stay in order; a service that asks us to wait is waited for; one that refuses us altogether is
 * probed once a minute. What a call asks and what its answer means is in desk_zendesk.c and desk_pagerduty.c.
 */
#include "lib/desk_internal.h"
#include "lib/text.h"

#include <stdlib.h>
#include <string.h>

#define REFUSED_TEXT         "our credentials are refused"
#define FLIGHTS_AT_ONCE      16 /* a service: more would only queue there */
#define FIRST_PAUSE_MS       1000
#define LONGEST_PAUSE_MS     300000
#define LONGEST_CUSTOMER_MS  60000
#define SAME_TICKET_PAUSE_MS 100

bool call_is_good(const struct call *call)
{
    return call->end == CALL_ANSWERED && call->status >= 200 && call->status < 300;
}

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

/* A place is free: those that wait for one may try. */
static void call_up_waiting(struct desk *desk, struct service_line *line)
{
    for (size_t urgency = 0; urgency < 2; urgency++) {
        if (line->waiting_count[urgency] == 0)
            continue;
        for (size_t i = 0; i < line->waiting_count[urgency] && i < FLIGHTS_AT_ONCE; i++)
            desk_alarm(desk, ALARM_ACTION, line->waiting[urgency][i], desk->now_ms);
        size_t taken =
            line->waiting_count[urgency] < FLIGHTS_AT_ONCE ? line->waiting_count[urgency] : FLIGHTS_AT_ONCE;
        line->waiting_count[urgency] -= taken;
        memmove(line->waiting[urgency], line->waiting[urgency] + taken,
                line->waiting_count[urgency] * sizeof line->waiting[urgency][0]);
        return;
    }
}

void desk_end_flight(struct desk *desk, struct flight *flight)
{
    struct flight **place = &desk->flights;
    while (*place != flight)
        place = &(*place)->next;
    *place = flight->next;
    struct service_line *line = &desk->lines[flight->service];
    line->flights--;
    call_up_waiting(desk, line);
    zendesk_ticket_free(&flight->ticket);
    free(flight);
}

bool desk_ask(struct desk *desk, struct flight *flight, enum flight_step step, struct request *request,
              bool customer_facing)
{
    struct call *call = calloc(1, sizeof *call);
    if (!call) {
        request_free(request);
        return desk_did(desk, STORE_BROKEN);
    }
    *call =
        (struct call){.service = flight->service, .customer_facing = customer_facing, .retry_after_ms = -1};
    text_copy(call->method, sizeof call->method, request->method);
    call->path = request->path;
    call->body = request->body;
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

/* --- rows --- */

bool desk_add_action(struct desk *desk, const struct action *wanted)
{
    struct action action = *wanted;
    action.created_ms = desk->now_ms;
    enum store_result added = store_add_action(desk->store, &action);
    if (added == STORE_NONE) { /* wanted before: what was cancelled unsent is taken up again */
        added = store_find_action(desk->store, action.emergency, action.kind, action.cause, action.incident,
                                  &action);
        if (added != STORE_OK || action.state != ACTION_CANCELLED)
            return desk_did(desk, added);
        action.state = ACTION_PENDING;
        action.ended_ms = 0;
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

static bool add_wanted(struct desk *desk, const struct emergency *e, const struct want *want)
{
    struct action action = {
        .emergency = e->id,
        .service = action_is_step(want->kind) ? SERVICE_ZENDESK : SERVICE_PAGERDUTY,
        .kind = want->kind,
        .cause = want->cause,
        .ticket_id = e->ticket_id,
        .due_ms = e->step_due_ms,
    };
    if (want->incident)
        text_copy(action.incident, sizeof action.incident, want->incident);
    return desk_add_action(desk, &action);
}

static bool begin_next(struct desk *desk, const struct action *ended)
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
    return desk_did(desk, store_put_action(desk->store, &action)) && begin_next(desk, &action);
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

static bool wait_for_place(struct desk *desk, struct service_line *line, const struct action *action)
{
    size_t urgency = action_is_customer_facing(action->kind) ? 0 : 1;
    return list_push((void **)&line->waiting[urgency], &line->waiting_count[urgency],
                     &line->waiting_room[urgency], &action->id, sizeof action->id) ||
           desk_did(desk, STORE_BROKEN);
}

static bool is_being_read(const struct desk *desk, int64_t ticket)
{
    for (const struct flight *flight = desk->flights; flight; flight = flight->next)
        if (flight->service == SERVICE_ZENDESK && flight->action > 0 && flight->ticket_id == ticket)
            return true;
    return false;
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
        desk_alarm(desk, ALARM_ACTION, action->id, until_ms);
        return true;
    }
    if (action->emergency == 0 && is_being_read(desk, action->ticket_id)) {
        desk_alarm(desk, ALARM_ACTION, action->id, desk->now_ms + SAME_TICKET_PAUSE_MS);
        return true;
    }
    struct action head;
    enum store_result found = STORE_NONE;
    if (action->emergency > 0)
        found = store_head_action(desk->store, action->emergency, action->service, &head);
    if (!desk_did(desk, found))
        return false;
    if (found == STORE_OK && head.id != action->id)
        return true; /* its turn comes when the one before has ended */
    if (line->flights >= FLIGHTS_AT_ONCE)
        return wait_for_place(desk, line, action);
    *waits = false;
    return true;
}

/* Puts right what the row says before its turn: of a write without a flight nobody knows the end, and who
 * asks shall see what it waits for. */
static bool mend_row(struct desk *desk, struct action *action)
{
    bool lost = action->state == ACTION_SENDING;
    bool untold = desk->lines[action->service].refused && strcmp(action->error, REFUSED_TEXT) != 0;
    if (lost)
        action->state = ACTION_UNKNOWN;
    if (untold)
        text_copy(action->error, sizeof action->error, REFUSED_TEXT);
    return (!lost && !untold) || desk_did(desk, store_put_action(desk->store, action));
}

static bool begin_flight(struct desk *desk, struct action *action)
{
    struct service_line *line = &desk->lines[action->service];
    struct flight *flight = desk_new_flight(desk, action->service, action->id);
    if (!flight)
        return false;
    flight->ticket_id = action->ticket_id;
    flight->emergency = action->emergency;
    text_copy(flight->incident, sizeof flight->incident, action->incident);
    if (line->refused) {
        line->probe_ms = desk->now_ms + PROBE_EVERY_MS;
        return desk_probe(desk, flight);
    }
    return action->service == SERVICE_ZENDESK ? desk_begin_zendesk(desk, flight, action)
                                              : desk_begin_pagerduty(desk, flight, action);
}

bool desk_begin_action(struct desk *desk, int64_t id)
{
    struct action action;
    bool waits;
    enum store_result found = store_get_action(desk->store, id, &action);
    if (found != STORE_OK || action_is_over(action.state) || desk->quiet || desk_flight_of(desk, id))
        return desk_did(desk, found);
    if (!mend_row(desk, &action))
        return false;
    if (!desk->lines[action.service].configured) {
        desk_alarm(desk, ALARM_ACTION, id, desk->now_ms + LONGEST_PAUSE_MS);
        return true;
    }
    if (!must_wait(desk, &action, &waits))
        return false;
    return waits || begin_flight(desk, &action);
}

/* --- ends --- */

bool desk_call_event(struct desk *desk, const struct action *action, enum event_type type,
                     int64_t accepted_ms, const char *text, const struct event *extra)
{
    struct emergency e;
    if (action->emergency == 0)
        return true;
    enum store_result found = store_get_emergency(desk->store, action->emergency, &e);
    if (found != STORE_OK)
        return desk_did(desk, found);
    struct event event = desk_own_event(desk, type);
    if (extra)
        event.page = extra->page;
    event.call = (struct call_facts){.action = action->id,
                                     .kind = action->kind,
                                     .cause = action->cause,
                                     .accepted_ms = accepted_ms,
                                     .dry = action->state == ACTION_DRY};
    text_copy(event.text, sizeof event.text, text);
    return desk_apply(desk, &e, &event, NULL, NULL);
}

bool desk_release(struct desk *desk, struct emergency *e, struct action *action)
{
    struct event event = desk_own_event(desk, EVENT_RELEASED);
    event.call = (struct call_facts){.action = action->id, .kind = action->kind, .cause = action->cause};
    action->state = ACTION_SENDING;
    action->attempts++;
    action->error[0] = '\0';
    return desk_did(desk, store_put_action(desk->store, action)) && desk_apply(desk, e, &event, NULL, NULL);
}

bool desk_finish(struct desk *desk, struct flight *flight, struct action *action, enum action_state state,
                 const char *why)
{
    action->state = state;
    action->ended_ms = desk->now_ms;
    action->next_ms = 0;
    text_copy(action->error, sizeof action->error, why);
    if (state == ACTION_PARKED)
        metrics_count(&desk->metrics->calls_parked);
    if (flight)
        desk_end_flight(desk, flight);
    return desk_did(desk, store_put_action(desk->store, action)) && begin_next(desk, action);
}

/* xorshift: spreads retries, needs no quality */
static int64_t jitter(struct desk *desk, int64_t range)
{
    uint32_t x = desk->jitter;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    desk->jitter = x;
    return range > 0 ? (int64_t)(x % (uint32_t)range) : 0;
}

static int64_t pause_ms(struct desk *desk, const struct action *action)
{
    bool waited_for = action_is_customer_facing(action->kind) || action->kind == ACTION_READ_TICKET;
    int64_t longest = waited_for ? LONGEST_CUSTOMER_MS : LONGEST_PAUSE_MS;
    int64_t pause = FIRST_PAUSE_MS;
    for (int64_t i = 1; i < action->attempts && pause < longest; i++)
        pause *= 2;
    pause = pause < longest ? pause : longest;
    return pause - jitter(desk, pause / 4);
}

bool desk_retry_later(struct desk *desk, struct flight *flight, struct action *action, int64_t wait_ms,
                      const char *why)
{
    action->next_ms = desk->now_ms + wait_ms;
    text_copy(action->error, sizeof action->error, why);
    desk_alarm(desk, ALARM_ACTION, action->id, action->next_ms);
    desk_end_flight(desk, flight);
    return desk_did(desk, store_put_action(desk->store, action));
}

/* What went wrong, in a few words. */
static void describe(const struct call *call, char *out, size_t size)
{
    if (call->end == CALL_ANSWERED)
        text_format(out, size, "%s answered %d", service_name(call->service), call->status);
    else
        text_format(out, size, "%s: %s", service_name(call->service), call->error);
}

static bool park(struct desk *desk, struct flight *flight, struct action *action, const char *why)
{
    char text[400];
    bool unsure = action->state == ACTION_UNKNOWN && !action_is_read(action->kind);
    text_format(text, sizeof text, "%s (%s%s): do it by hand, or retry call %lld.", why,
                action_kind_name(action->kind), unsure ? ", which may have been sent" : "",
                (long long)action->id);
    log_event(desk->log, LOG_LEVEL_ERROR, "CALL-PARKED", action->emergency, action->ticket_id, "%s", text);
    if (!desk_finish(desk, flight, action, ACTION_PARKED, why))
        return false;
    return action_is_read(action->kind) ? true : desk_call_event(desk, action, EVENT_REFUSED, 0, text, NULL);
}

static bool is_lasting(int status)
{
    return (status >= 300 && status < 500) && status != 408 && status != 429 && status != 401 &&
           status != 403;
}

/* Leaves the action as it is after an attempt that failed: certainly without effect, or nobody knows. */
static bool note_attempt(struct desk *desk, const struct flight *flight, struct action *action,
                         bool had_no_effect)
{
    if (flight->step != FLIGHT_WRITE) {
        action->attempts++;
        return true;
    }
    action->state = had_no_effect ? ACTION_PENDING : ACTION_UNKNOWN;
    if (!desk_did(desk, store_put_action(desk->store, action)))
        return false;
    return !had_no_effect || desk_call_event(desk, action, EVENT_REFUSED, 0, "", NULL);
}

static bool take_poll_failure(struct desk *desk, struct flight *flight, const char *why)
{
    log_event(desk->log, LOG_LEVEL_WARNING, "POLL-FAILED", 0, 0, "%s", why);
    desk_end_flight(desk, flight);
    return true;
}

static bool take_action_failure(struct desk *desk, struct flight *flight, const struct call *call,
                                int64_t asked_ms, const char *why)
{
    struct action action;
    int status = call->end == CALL_BROKEN ? 0 : call->status;
    bool refused = status == 401 || status == 403;
    bool lasting = call->end == CALL_ANSWERED && is_lasting(status);
    enum store_result found = store_get_action(desk->store, flight->action, &action);
    if (found != STORE_OK)
        return desk_did(desk, found);
    if (!note_attempt(desk, flight, &action,
                      call->end == CALL_NOT_SENT || status == 429 || refused || lasting))
        return false;
    flight = desk_flight_of(desk, action.id);
    if (!flight) /* what was told has ended it */
        return true;
    if (lasting)
        return park(desk, flight, &action, why);
    log_event(desk->log, LOG_LEVEL_WARNING, "CALL-FAILED", action.emergency, action.ticket_id, "%s: %s",
              action_kind_name(action.kind), why);
    if (refused) {
        text_copy(action.error, sizeof action.error, why);
        return desk_did(desk, store_put_action(desk->store, &action)) && desk_probe(desk, flight);
    }
    int64_t wait_ms = pause_ms(desk, &action);
    return desk_retry_later(desk, flight, &action, wait_ms > asked_ms ? wait_ms : asked_ms, why);
}

bool desk_take_failure(struct desk *desk, struct flight *flight, const struct call *call)
{
    char why[200];
    bool limited = call->end != CALL_BROKEN && call->status == 429;
    int64_t asked_ms = call->retry_after_ms >= 0 ? call->retry_after_ms : 0;
    if (limited && call->retry_after_ms < 0)
        asked_ms = FIRST_PAUSE_MS;
    if (limited)
        desk->lines[call->service].not_before_ms = desk->now_ms + asked_ms;
    describe(call, why, sizeof why);
    return flight->action == 0 ? take_poll_failure(desk, flight, why)
                               : take_action_failure(desk, flight, call, asked_ms, why);
}

/* --- the probe: is it this call that is refused, or are we? --- */

/* Whether the service refuses us altogether; logs when that changes. What waited for it goes on at once. */
static bool note_probe(struct desk *desk, const struct call *call)
{
    struct service_line *line = &desk->lines[call->service];
    const char *name = service_name(call->service);
    bool was_refused = line->refused;
    bool refused = call->status == 401 || call->status == 403;
    if (refused)
        line->probe_ms = desk->now_ms + PROBE_EVERY_MS;
    line->refused = refused || (was_refused && !call_is_good(call));
    if (refused && !was_refused)
        log_event(desk->log, LOG_LEVEL_ERROR, "SERVICE-REFUSES-US", 0, 0,
                  "%s refuses our credentials (%d): nothing can be done there until that is mended", name,
                  call->status);
    if (line->refused || !was_refused)
        return true;
    log_event(desk->log, LOG_LEVEL_INFO, "SERVICE-BACK", 0, 0, "%s accepts our credentials again", name);
    return desk_take_up_actions(desk, desk->now_ms);
}

bool desk_take_probe(struct desk *desk, struct flight *flight, const struct call *call)
{
    struct action action;
    bool was_refused = desk->lines[flight->service].refused;
    if (!note_probe(desk, call))
        return false;
    if (flight->action == 0) { /* nobody's: at start, or after a pause */
        desk_end_flight(desk, flight);
        return true;
    }
    enum store_result found = store_get_action(desk->store, flight->action, &action);
    if (found != STORE_OK)
        return desk_did(desk, found);
    if (desk->lines[flight->service].refused) /* its turn comes when the service is probed again */
        return desk_retry_later(desk, flight, &action, 0, REFUSED_TEXT);
    if (!call_is_good(call))
        return desk_retry_later(desk, flight, &action, FIRST_PAUSE_MS, action.error);
    if (was_refused)
        return desk_retry_later(desk, flight, &action, 0, "");
    char why[sizeof action.error]; /* we may, but not this */
    text_copy(why, sizeof why, action.error);
    return park(desk, flight, &action, why);
}
