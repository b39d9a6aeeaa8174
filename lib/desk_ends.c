/*
 * The end of an outgoing call: done, once more later, or given up until a person helps; and the probe that
 * tells whether a service refuses one call or us altogether. See desk_flight.c.
 */
#include "lib/desk_internal.h"
#include "lib/text.h"
#include "lib/timestamp.h"

#include <errno.h>

#define FIRST_PAUSE_MS   1000
#define LONGEST_PAUSE_MS 300000
/* Of what customers and people wait for. */
#define LONGEST_WAITED_FOR_MS 60000

bool call_is_good(const struct call *call)
{
    return call->end == CALL_ANSWERED && call->status >= 200 && call->status < 300;
}

bool desk_take_unreadable(struct desk *desk, struct flight *flight, struct call *call, const char *error)
{
    call->end = CALL_BROKEN;
    text_copy(call->error, sizeof call->error, error);
    return desk_take_failure(desk, flight, call);
}

bool desk_get_both(struct desk *desk, const struct flight *flight, struct action *action, struct emergency *e)
{
    enum store_result found = store_get_action(desk->store, flight->action, action);
    if (found == STORE_OK)
        found = store_get_emergency(desk->store, action->emergency, e);
    return desk_did(desk, found) && found == STORE_OK;
}

bool desk_get_action(struct desk *desk, const struct flight *flight, struct action *action,
                     struct emergency *e)
{
    *e = (struct emergency){0};
    enum store_result found = store_get_action(desk->store, flight->action, action);
    if (found == STORE_OK && action->emergency > 0)
        found = store_get_emergency(desk->store, action->emergency, e);
    return desk_did(desk, found) && found == STORE_OK;
}

static bool mark_sending(struct desk *desk, struct action *action)
{
    action->state = ACTION_SENDING;
    action->attempts++;
    action->error[0] = '\0';
    return desk_did(desk, store_put_action(desk->store, action));
}

/* --- ends --- */

/* ENTRY: NULL, or how a repeat is known. */
static bool call_event(struct desk *desk, const struct action *action, enum event_type type,
                       int64_t accepted_ms, const char *text, const struct event *extra,
                       const struct journal_entry *entry)
{
    struct emergency e;
    if (action->emergency == 0)
        return true;
    enum store_result found = store_get_emergency(desk->store, action->emergency, &e);
    if (found != STORE_OK)
        return desk_did(desk, found);
    struct event event = desk_own_event(desk, type);
    if (extra) {
        event.page = extra->page;
        event.result = extra->result;
    }
    event.call = (struct call_facts){.action = action->id,
                                     .kind = action->kind,
                                     .cause = action->cause,
                                     .begun_ms = extra ? extra->call.begun_ms : 0,
                                     .accepted_ms = accepted_ms,
                                     .dry = action->state == ACTION_DRY};
    text_copy(event.text, sizeof event.text, text);
    return desk_apply(desk, &e, &event, entry, NULL);
}

bool desk_call_event(struct desk *desk, const struct action *action, enum event_type type,
                     int64_t accepted_ms, const char *text, const struct event *extra)
{
    return call_event(desk, action, type, accepted_ms, text, extra, NULL);
}

bool desk_accept(struct desk *desk, struct flight *flight, struct action *action,
                 const struct result_facts *result)
{
    struct event extra = {0};
    enum action_state state = action->state == ACTION_DRY ? ACTION_DRY : ACTION_DONE;
    if (result)
        extra.result = *result;
    return desk_finish(desk, flight, action, state, "") &&
           desk_call_event(desk, action, EVENT_ACCEPTED, desk->now_ms, "", &extra);
}

static bool release(struct desk *desk, struct emergency *e, struct action *action)
{
    struct event event = desk_own_event(desk, EVENT_RELEASED);
    event.call = (struct call_facts){.action = action->id, .kind = action->kind, .cause = action->cause};
    return mark_sending(desk, action) && desk_apply(desk, e, &event, NULL, NULL);
}

bool desk_send(struct desk *desk, struct flight *flight, struct emergency *e, struct action *action,
               struct request *request, bool made, bool moves)
{
    if (!made)
        return desk_take_unmade(desk, flight, action);
    if (moves ? !release(desk, e, action) : !mark_sending(desk, action)) {
        request_free(request);
        return false;
    }
    return desk_ask_made(desk, flight, FLIGHT_WRITE, request, true);
}

bool desk_goes_on(struct desk *desk, struct flight *flight, const struct emergency *e, struct action *action,
                  bool wanted, bool *good)
{
    *good = true;
    if (desk->quiet) {
        *good = desk_retry_later(desk, flight, action, 0, action->error);
    } else if (!wanted) {
        *good = desk_finish(desk, flight, action, ACTION_CANCELLED, "");
    } else if (e->dry_run) {
        action->state = ACTION_DRY;
        *good = desk_accept(desk, flight, action, NULL);
    } else {
        return true;
    }
    return false;
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
    return desk_did(desk, store_put_action(desk->store, action)) && desk_begin_next(desk, action);
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
    bool waited_for = !action_is_read(action->kind) || action->kind == ACTION_READ_TICKET;
    int64_t longest = waited_for ? LONGEST_WAITED_FOR_MS : LONGEST_PAUSE_MS;
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
    desk_wait_until(desk, action, action->next_ms);
    desk_end_flight(desk, flight);
    return desk_did(desk, store_put_action(desk->store, action));
}

/* What went wrong, in a few words. */
static void describe(const struct call *call, char *out, size_t size)
{
    if (call->end == CALL_ANSWERED)
        text_format(out, size, "%s answered %d%s%s", service_name(call->service), call->status,
                    call->error[0] ? ": " : "", call->error);
    else
        text_format(out, size, "%s: %s", service_name(call->service), call->error);
}

/* Both the text and what it belongs to are told by whatever still works, once. */
static bool tell_stuck(struct desk *desk, const struct action *action)
{
    char key[64]; /* what was cancelled and is taken up again begins anew */
    struct emergency e;
    enum store_result found = store_get_emergency(desk->store, action->emergency, &e);
    if (found != STORE_OK)
        return desk_did(desk, found);
    struct event event = desk_own_event(desk, EVENT_STUCK);
    event.call = (struct call_facts){.action = action->id, .kind = action->kind, .cause = action->cause};
    desk_write_comment(desk, &e, action, event.text, sizeof event.text);
    text_format(key, sizeof key, "stuck %lld %lld", (long long)action->id, (long long)action->created_ms);
    const struct journal_entry entry = {.repeat_key = key, .outcome = DELIVERY_APPLIED};
    return desk_apply(desk, &e, &event, &entry, NULL);
}

bool desk_tell_if_stuck(struct desk *desk, const struct action *action)
{
    bool stuck = action_is_customer_facing(action->kind) && action->emergency > 0 &&
                 desk->now_ms - action->created_ms >= DESK_STUCK_MS;
    return !stuck || tell_stuck(desk, action);
}

/* There may be an emergency of which nobody else tells. */
static bool log_if_unread(struct desk *desk, const struct action *action)
{
    struct emergency e;
    bool said_urgent = action->kind == ACTION_READ_TICKET && action->emergency == 0 && action->due_ms > 0;
    if (!said_urgent || desk->now_ms - action->created_ms < DESK_STUCK_MS)
        return true;
    enum store_result found = store_open_of_ticket(desk->store, action->ticket_id, &e);
    if (found == STORE_NONE)
        log_event(desk->log, LOG_LEVEL_ERROR, "TICKET-UNREAD", 0, action->ticket_id,
                  "a trigger says that it is urgent, and it can't be read: no emergency yet, look at it");
    return desk_did(desk, found);
}

/* Of what nobody misses only log and outbox tell. */
static bool is_told_when_parked(enum action_kind kind)
{
    return !action_is_read(kind) && kind != ACTION_UPDATE_THREAD && kind != ACTION_WHISPER;
}

static bool park(struct desk *desk, struct flight *flight, struct action *action, const char *why)
{
    char text[400];
    char cause[sizeof action->error];
    bool unsure = action->state == ACTION_UNKNOWN && !action_is_read(action->kind);
    text_format(text, sizeof text, "%s (%s%s): do it by hand, or retry call %lld.", why,
                action_kind_name(action->kind), unsure ? ", which may have been sent" : "",
                (long long)action->id);
    log_event(desk->log, LOG_LEVEL_ERROR, "CALL-PARKED", action->emergency, action->ticket_id, "%s", text);
    text_format(cause, sizeof cause, "%.150s%s", why, unsure ? "; " DESK_UNSURE_TEXT : "");
    if (!desk_finish(desk, flight, action, ACTION_PARKED, cause))
        return false;
    if (is_told_when_parked(action->kind) && !desk_call_event(desk, action, EVENT_REFUSED, 0, text, NULL))
        return false;
    return !action_is_customer_facing(action->kind) || tell_stuck(desk, action);
}

bool desk_take_unmade(struct desk *desk, struct flight *flight, struct action *action)
{
    if (errno == ENOMEM) /* malloc's */
        return desk_did(desk, STORE_BROKEN);
    return park(desk, flight, action, "it can't be written: a text in it is not UTF-8");
}

/* It will be done, but much too late for whoever waits for it. Told once, however often it is tried. */
static bool tell_quota(struct desk *desk, const struct action *action, int64_t asked_ms, const char *why)
{
    char text[400];
    char until[TIMESTAMP_SIZE];
    char key[64];
    const struct journal_entry entry = {.repeat_key = key, .outcome = DELIVERY_APPLIED};
    text_format(key, sizeof key, "quota %lld %lld", (long long)action->id, (long long)action->created_ms);
    timestamp_format(desk->now_ms + asked_ms, until);
    text_format(text, sizeof text, "%s (%s): not before %s, so do it by hand.", why,
                action_kind_name(action->kind), until);
    log_event(desk->log, LOG_LEVEL_ERROR, "CALL-WAITS", action->emergency, action->ticket_id, "%s", text);
    return !is_told_when_parked(action->kind) ||
           call_event(desk, action, EVENT_REFUSED, 0, text, NULL, &entry);
}

static bool is_lasting(int status)
{
    return (status >= 300 && status < 500) && status != 408 && status != 429 && status != 401 &&
           status != 403;
}

/* 401 and 403; and who asks for a token with a wrong secret may be told 400. */
static bool is_refusal(const struct call *call)
{
    int status = call->status;
    if (call->end == CALL_NOT_SENT)
        return is_lasting(status) || status == 401 || status == 403;
    return call->end == CALL_ANSWERED && (status == 401 || status == 403);
}

/* Leaves the action as it is after an attempt that failed: certainly without effect, or nobody knows. */
static bool note_attempt(struct desk *desk, const struct flight *flight, struct action *action,
                         bool had_no_effect)
{
    if (flight->step != FLIGHT_WRITE) {
        action->attempts++;
        return true;
    }
    bool is_known = had_no_effect && !flight->in_doubt;
    action->state = is_known ? ACTION_PENDING : ACTION_UNKNOWN;
    if (!desk_did(desk, store_put_action(desk->store, action)))
        return false;
    return !is_known || !action_is_step(action->kind) ||
           desk_call_event(desk, action, EVENT_REFUSED, 0, "", NULL);
}

static bool take_poll_failure(struct desk *desk, struct flight *flight, const char *why)
{
    log_event(desk->log, LOG_LEVEL_WARNING, "POLL-FAILED", 0, 0, "%s", why);
    desk_end_flight(desk, flight);
    return true;
}

static bool is_hopeless(const struct call *call)
{
    return call->end == CALL_ANSWERED && is_lasting(call->status);
}

/* What an attempt that failed means to its emergency. *FLIGHT NULL: what was told has ended it. */
static bool note_failure(struct desk *desk, struct flight **flight, const struct call *call,
                         struct action *action)
{
    bool limited = call->end != CALL_BROKEN && call->status == 429;
    bool good = note_attempt(desk, *flight, action,
                             call->end == CALL_NOT_SENT || limited || is_refusal(call) || is_hopeless(call));
    *flight = desk_flight_of(desk, action->id);
    if (good && *flight && !is_hopeless(call))
        good = desk_tell_if_stuck(desk, action);
    *flight = desk_flight_of(desk, action->id);
    return good && log_if_unread(desk, action);
}

static bool try_later(struct desk *desk, struct action *action, int64_t asked_ms, const char *why)
{
    if (asked_ms >= DESK_QUOTA_MS && !tell_quota(desk, action, asked_ms, why))
        return false;
    struct flight *flight = desk_flight_of(desk, action->id);
    int64_t wait_ms = pause_ms(desk, action);
    bool settles = action->state == ACTION_UNKNOWN && desk_settles(action->service);
    if (settles && wait_ms < DESK_SETTLES_MS)
        wait_ms = DESK_SETTLES_MS;
    return !flight || desk_retry_later(desk, flight, action, wait_ms > asked_ms ? wait_ms : asked_ms, why);
}

static bool take_action_failure(struct desk *desk, struct flight *flight, const struct call *call,
                                int64_t asked_ms, const char *why)
{
    struct action action;
    enum store_result found = store_get_action(desk->store, flight->action, &action);
    if (found != STORE_OK)
        return desk_did(desk, found);
    if (!note_failure(desk, &flight, call, &action))
        return false;
    if (!flight)
        return true;
    if (is_hopeless(call))
        return park(desk, flight, &action, why);
    log_event(desk->log, LOG_LEVEL_WARNING, "CALL-FAILED", action.emergency, action.ticket_id, "%s: %s",
              action_kind_name(action.kind), why);
    if (!is_refusal(call))
        return try_later(desk, &action, asked_ms, why);
    text_copy(action.error, sizeof action.error, why);
    return desk_did(desk, store_put_action(desk->store, &action)) && desk_probe(desk, flight);
}

bool desk_take_failure(struct desk *desk, struct flight *flight, const struct call *call)
{
    char why[200];
    bool limited = call->end != CALL_BROKEN && call->status == 429;
    int64_t asked_ms = call->retry_after_ms >= 0 ? call->retry_after_ms : 0;
    if (limited && call->retry_after_ms < 0)
        asked_ms = FIRST_PAUSE_MS;
    if (limited && asked_ms < DESK_QUOTA_MS)
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
    bool refused = is_refusal(call);
    if (refused)
        line->probe_ms = desk->now_ms + PROBE_EVERY_MS;
    line->refused = refused || (was_refused && !call_is_good(call));
    if (refused && !was_refused)
        log_event(desk->log, LOG_LEVEL_ERROR, "SERVICE-REFUSES-US", 0, 0,
                  "%s refuses our credentials (%d): nothing can be done there until that is mended", name,
                  call->status);
    if (refused && !was_refused && !desk_tell_refused(desk, call->service))
        return false;
    if (line->refused || !was_refused)
        return true;
    log_event(desk->log, LOG_LEVEL_INFO, "SERVICE-BACK", 0, 0, "%s accepts our credentials again", name);
    return desk_take_up_actions(desk, desk->now_ms, false);
}

static bool make_probe(struct desk *desk, enum service_id service, struct request *request)
{
    switch (service) {
    case SERVICE_ZENDESK: return zendesk_get_me(request);
    case SERVICE_PAGERDUTY: return pagerduty_get_me(request);
    case SERVICE_SLACK: return slack_test(request);
    case SERVICE_ZOOM: return zoom_get_host(request, desk->config);
    case SERVICE_GITLAB: return gitlab_get_project(request, desk->config);
    default: return false;
    }
}

bool desk_probe(struct desk *desk, struct flight *flight)
{
    struct request request = {0};
    return desk_ask_made(desk, flight, FLIGHT_PROBE, &request, make_probe(desk, flight->service, &request));
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
        return desk_retry_later(desk, flight, &action, 0, DESK_REFUSED_TEXT);
    if (!call_is_good(call))
        return desk_retry_later(desk, flight, &action, FIRST_PAUSE_MS, action.error);
    if (was_refused)
        return desk_retry_later(desk, flight, &action, 0, "");
    char why[sizeof action.error]; /* we may, but not this */
    text_copy(why, sizeof why, action.error);
    return park(desk, flight, &action, why);
}
