/*
 * What the desk asks of PagerDuty and what the answers mean: which ticket a page is about, a page for a
 * ticket that has none, a page to be resolved once the customer was contacted. A page of ours is known by its
 * key, so an attempt whose end is unknown is looked up by it.
 */
#include "lib/desk_internal.h"
#include "lib/text.h"

#include <string.h>

/* After this a page whose alerts can't be read counts as one without a ticket, until they can. */
#define ALERTS_PATIENCE_MS 120000

static bool ask(struct desk *desk, struct flight *flight, enum flight_step step, struct request *request,
                bool made)
{
    return made ? desk_ask(desk, flight, step, request, false) : desk_did(desk, STORE_BROKEN);
}

static void own_key(const struct desk *desk, const struct action *action, char *out, size_t size)
{
    char mark[80];
    desk_mark(desk, action, mark, sizeof mark);
    text_format(out, size, PAGERDUTY_OWN_KEY "%s", mark);
}

static bool unreadable(struct desk *desk, struct flight *flight, struct call *call, const char *error)
{
    call->end = CALL_BROKEN;
    text_copy(call->error, sizeof call->error, error);
    return desk_take_failure(desk, flight, call);
}

static bool get_both(struct desk *desk, const struct flight *flight, struct action *action,
                     struct emergency *e)
{
    enum store_result found = store_get_action(desk->store, flight->action, action);
    if (found == STORE_OK)
        found = store_get_emergency(desk->store, action->emergency, e);
    return desk_did(desk, found) && found == STORE_OK;
}

static bool send_page(struct desk *desk, struct flight *flight, struct emergency *e, struct action *action)
{
    char key[100];
    char title[300];
    char url[256];
    struct request request = {0};
    own_key(desk, action, key, sizeof key);
    messages_page_title(e, title, sizeof title);
    zendesk_ticket_url(desk->config, e->ticket_id, url, sizeof url);
    if (!pagerduty_create_incident(&request, desk->config, key, title, url))
        return desk_did(desk, STORE_BROKEN);
    if (!desk_release(desk, e, action)) {
        request_free(&request);
        return false;
    }
    return ask(desk, flight, FLIGHT_WRITE, &request, true);
}

static bool send_resolve(struct desk *desk, struct flight *flight, struct emergency *e, struct action *action)
{
    struct request request = {0};
    if (!pagerduty_resolve(&request, action->incident))
        return desk_did(desk, STORE_BROKEN);
    if (!desk_release(desk, e, action)) {
        request_free(&request);
        return false;
    }
    return ask(desk, flight, FLIGHT_WRITE, &request, true);
}

static bool ask_incident_by_key(struct desk *desk, struct flight *flight, const struct action *action)
{
    char key[100];
    struct request request = {0};
    own_key(desk, action, key, sizeof key);
    return ask(desk, flight, FLIGHT_FIND_INCIDENT, &request, pagerduty_find_incident(&request, key));
}

static bool accept(struct desk *desk, struct flight *flight, struct action *action, const struct event *extra)
{
    enum action_state state = action->state == ACTION_DRY ? ACTION_DRY : ACTION_DONE;
    return desk_finish(desk, flight, action, state, "") &&
           desk_call_event(desk, action, EVENT_ACCEPTED, desk->now_ms, "", extra);
}

/* Wanted, and nothing is known to stand against it. */
static bool write_page(struct desk *desk, struct flight *flight, struct emergency *e, struct action *action)
{
    if (desk->quiet)
        return desk_retry_later(desk, flight, action, 0, action->error);
    if (!emergency_still_wants(e, action->kind, action->cause))
        return desk_finish(desk, flight, action, ACTION_CANCELLED, "");
    if (e->dry_run) {
        struct event dry = {0};
        action->state = ACTION_DRY;
        text_copy(dry.page.incident, sizeof dry.page.incident,
                  action->incident[0] ? action->incident : "dry run");
        dry.page.status = action->kind == ACTION_RESOLVE_PAGE ? PAGE_RESOLVED : PAGE_TRIGGERED;
        return accept(desk, flight, action, &dry);
    }
    return action->kind == ACTION_CREATE_PAGE ? send_page(desk, flight, e, action)
                                              : send_resolve(desk, flight, e, action);
}

bool desk_begin_pagerduty(struct desk *desk, struct flight *flight, struct action *action)
{
    struct request request = {0};
    struct emergency e;
    if (action->kind == ACTION_READ_ALERTS)
        return ask(desk, flight, FLIGHT_ALERTS, &request, pagerduty_get_alerts(&request, action->incident));
    if (action->kind == ACTION_RESOLVE_PAGE)
        return ask(desk, flight, FLIGHT_INCIDENT, &request,
                   pagerduty_get_incident(&request, action->incident));
    if (action->state == ACTION_UNKNOWN)
        return ask_incident_by_key(desk, flight, action);
    return get_both(desk, flight, action, &e) && write_page(desk, flight, &e, action);
}

/* --- answers --- */

static bool tell_ticket(struct desk *desk, struct emergency *e, int64_t ticket)
{
    struct event link = desk_own_event(desk, EVENT_LINK);
    link.ticket_id = ticket;
    return desk_link(desk, e, &link, NULL);
}

static bool take_alerts(struct desk *desk, struct flight *flight, struct call *call)
{
    char error[160];
    int64_t ticket = 0;
    struct action action;
    struct emergency e;
    if (!get_both(desk, flight, &action, &e))
        return false;
    bool none = call->end == CALL_ANSWERED && call->status == 404;
    if (!none && !call_is_good(call)) {
        bool may_pass = call->end != CALL_ANSWERED || call->status == 429 || call->status >= 500;
        bool patient = may_pass && desk->now_ms - action.created_ms < ALERTS_PATIENCE_MS;
        return (patient || e.link_prompted || tell_ticket(desk, &e, 0)) &&
               desk_take_failure(desk, flight, call);
    }
    if (!none && !pagerduty_read_alerts(desk->config, desk->reader, call->answer, call->answer_length,
                                        &ticket, error, sizeof error))
        return unreadable(desk, flight, call, error);
    if (!desk_finish(desk, flight, &action, ACTION_DONE, ""))
        return false;
    return e.ticket_id > 0 || tell_ticket(desk, &e, ticket);
}

static bool take_found(struct desk *desk, struct flight *flight, struct call *call)
{
    char error[160];
    bool found;
    struct event incident = {0};
    struct action action;
    struct emergency e;
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    if (!get_both(desk, flight, &action, &e))
        return false;
    if (!pagerduty_read_found_incident(desk->reader, call->answer, call->answer_length, &found, &incident,
                                       error, sizeof error))
        return unreadable(desk, flight, call, error);
    return found ? accept(desk, flight, &action, &incident) : write_page(desk, flight, &e, &action);
}

/* The look before a resolve: somebody may have done it. */
static bool take_incident(struct desk *desk, struct flight *flight, struct call *call)
{
    char error[160];
    struct event incident = {0};
    struct action action;
    struct emergency e;
    if (flight->action == 0)
        return desk_take_polled_incident(desk, flight, call);
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    if (!get_both(desk, flight, &action, &e))
        return false;
    if (!pagerduty_read_incident(desk->reader, call->answer, call->answer_length, &incident, error,
                                 sizeof error))
        return unreadable(desk, flight, call, error);
    if (incident.page.status == PAGE_RESOLVED)
        return accept(desk, flight, &action, &incident);
    return write_page(desk, flight, &e, &action);
}

static bool take_write(struct desk *desk, struct flight *flight, struct call *call)
{
    char error[160];
    bool found = true;
    struct event incident = {0};
    struct action action;
    struct emergency e;
    if (!get_both(desk, flight, &action, &e))
        return false;
    if (call->end == CALL_ANSWERED && call->status == 400 && action.kind == ACTION_CREATE_PAGE &&
        pagerduty_says_duplicate(desk->reader, call->answer, call->answer_length))
        return ask_incident_by_key(desk, flight, &action); /* an earlier attempt did take effect */
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    if (action.kind == ACTION_RESOLVE_PAGE) {
        text_copy(incident.page.incident, sizeof incident.page.incident, action.incident);
        return accept(desk, flight, &action, &incident);
    }
    if (!pagerduty_read_found_incident(desk->reader, call->answer, call->answer_length, &found, &incident,
                                       error, sizeof error) ||
        !found)
        return unreadable(desk, flight, call, "an answer without the incident that was created");
    return accept(desk, flight, &action, &incident);
}

bool desk_take_pagerduty(struct desk *desk, struct flight *flight, struct call *call)
{
    switch (flight->step) {
    case FLIGHT_ALERTS: return take_alerts(desk, flight, call);
    case FLIGHT_FIND_INCIDENT: return take_found(desk, flight, call);
    case FLIGHT_INCIDENT: return take_incident(desk, flight, call);
    case FLIGHT_WRITE: return take_write(desk, flight, call);
    case FLIGHT_PROBE: return desk_take_probe(desk, flight, call);
    case FLIGHT_SUBSCRIPTIONS: return desk_take_subscriptions(desk, flight, call);
    case FLIGHT_ENABLE: desk_end_flight(desk, flight); return true;
    default: return false;
    }
}
