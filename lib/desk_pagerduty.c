/*
 * What the desk asks of PagerDuty and what the answers mean: which ticket a page is about; pages made,
 * acknowledged, resolved and given a note; people paged. A page of ours is known by its key, so an attempt
 * whose end is unknown is looked up by it; acknowledging and resolving may be repeated.
 */
#include "lib/desk_internal.h"
#include "lib/text.h"

#include <string.h>

/* After this a page whose alerts can't be read counts as one without a ticket, until they can. */
#define ALERTS_PATIENCE_MS 120000
/* For so long Slack may be asked who pressed a button, before it is done in the name of the settings. */
#define SENDER_PATIENCE_MS 2000
#define SENDER_PAUSE_MS    200
#define CHECK_PAUSE_MS     2000

static void own_key(const struct desk *desk, const struct action *action, char *out, size_t size)
{
    char mark[80];
    desk_mark(desk, action, mark, sizeof mark);
    text_format(out, size, PAGERDUTY_OWN_KEY "%s", mark);
}

/* --- requests --- */

static bool make_page(struct desk *desk, const struct emergency *e, const struct action *action,
                      struct request *request)
{
    char key[100];
    char title[300];
    char details[512];
    struct emergency other;
    const struct messages *texts = desk->config->messages.texts;
    struct message_facts facts = desk_facts(desk, e, NULL, &other);
    own_key(desk, action, key, sizeof key);
    messages_write(texts, MESSAGE_PAGE_TITLE, &facts, title, sizeof title);
    messages_write(texts, MESSAGE_PAGE_DETAILS, &facts, details, sizeof details);
    const struct pagerduty_page page = {.service = desk->config->pagerduty.page_service,
                                        .incident_key = key,
                                        .title = title,
                                        .details = details};
    return pagerduty_create_incident(request, &page);
}

/* The first line of a summons is its title, and its sender the service that it is made on. */
static bool make_summons(struct desk *desk, const struct action *action, struct request *request)
{
    char key[100];
    char title[300];
    size_t length = strcspn(action->text, "\n");
    own_key(desk, action, key, sizeof key);
    text_copy_n(title, sizeof title, action->text, length);
    const struct pagerduty_page page = {.service = action->sender,
                                        .incident_key = key,
                                        .title = title,
                                        .details = action->text[length] ? action->text + length + 1 : title,
                                        .assignee = action->target[0] ? action->target : NULL};
    return pagerduty_create_incident(request, &page);
}

static bool make_write(struct desk *desk, const struct emergency *e, const struct action *action,
                       const char *from, struct request *request)
{
    switch (action->kind) {
    case ACTION_CREATE_PAGE: return make_page(desk, e, action, request);
    case ACTION_SUMMON: return make_summons(desk, action, request);
    case ACTION_ACK_PAGE: return pagerduty_acknowledge(request, action->incident, from);
    case ACTION_RESOLVE_PAGE: return pagerduty_resolve(request, action->incident, from);
    case ACTION_NOTE_PAGE: return pagerduty_add_note(request, action->incident, action->text);
    default: return false;
    }
}

static bool send(struct desk *desk, struct flight *flight, struct emergency *e, struct action *action,
                 const char *from)
{
    struct request request = {0};
    bool moves = action->kind == ACTION_CREATE_PAGE || action->kind == ACTION_RESOLVE_PAGE;
    bool made = make_write(desk, e, action, from, &request);
    return desk_send(desk, flight, e, action, &request, made, moves);
}

static bool ask_incident_by_key(struct desk *desk, struct flight *flight, const struct action *action)
{
    char key[100];
    struct request request = {0};
    own_key(desk, action, key, sizeof key);
    return desk_ask_made(desk, flight, FLIGHT_FIND_INCIDENT, &request,
                         pagerduty_find_incident(&request, key));
}

static bool ask_incident(struct desk *desk, struct flight *flight, const char *incident)
{
    struct request request = {0};
    return desk_ask_made(desk, flight, FLIGHT_INCIDENT, &request, pagerduty_get_incident(&request, incident));
}

static bool accept(struct desk *desk, struct flight *flight, struct action *action, const struct event *extra)
{
    enum action_state state = action->state == ACTION_DRY ? ACTION_DRY : ACTION_DONE;
    const char *text = action->kind == ACTION_SUMMON ? action->target : "";
    struct person person;
    if (action->kind == ACTION_SUMMON && store_person_of_pagerduty(desk->store, text, &person) == STORE_OK)
        text = person.name;
    return desk_finish(desk, flight, action, state, "") &&
           desk_call_event(desk, action, EVENT_ACCEPTED, desk->now_ms, text, extra);
}

/* --- a write --- */

/* In whose name; who is not known in PagerDuty acts in that of the settings. False: not to be said yet. */
static bool find_sender(struct desk *desk, struct flight *flight, struct action *action, char *email,
                        size_t size, bool *waits)
{
    bool ask = false;
    struct request request = {0};
    *waits = false;
    if (!action->sender[0] || action->kind == ACTION_SUMMON)
        return true;
    if (!desk_sender(desk, action->sender, email, size, &ask))
        return false;
    if (!email[0] && desk->now_ms - action->created_ms < SENDER_PATIENCE_MS &&
        desk->lines[SERVICE_SLACK].configured) {
        *waits = true; /* Slack is being asked who that is */
        return desk_retry_later(desk, flight, action, SENDER_PAUSE_MS, "");
    }
    if (ask && flight->without_lookups) /* PagerDuty does not tell: an address of nobody would be refused */
        email[0] = '\0';
    if (!ask || flight->without_lookups)
        return true;
    *waits = true;
    text_copy(flight->lookup, sizeof flight->lookup, email);
    return desk_ask_made(desk, flight, FLIGHT_USER, &request, pagerduty_find_user(&request, email));
}

static bool accept_dry(struct desk *desk, struct flight *flight, struct action *action)
{
    struct event dry = {0};
    action->state = ACTION_DRY;
    text_copy(dry.page.incident, sizeof dry.page.incident,
              action->incident[0] ? action->incident : "dry run");
    dry.page.status = action->kind == ACTION_RESOLVE_PAGE ? PAGE_RESOLVED : PAGE_TRIGGERED;
    return accept(desk, flight, action, &dry);
}

/* What follows from a state must still be wanted; notes are done in any case. */
static bool is_wanted(const struct emergency *e, const struct action *action)
{
    if (action->kind == ACTION_SUMMON && action->raised_ms >= SUMMON_OF_RUNG)
        return emergency_ladder_stands(e, (enum ladder_kind)(action->raised_ms - SUMMON_OF_RUNG));
    if (action->kind == ACTION_SUMMON)
        return action->raised_ms == SUMMON_ALWAYS || emergency_is_open(e);
    return action->kind == ACTION_NOTE_PAGE || emergency_still_wants(e, action->kind, action->cause);
}

/* Nothing is known to stand against it. */
static bool write_page(struct desk *desk, struct flight *flight, struct emergency *e, struct action *action)
{
    char email[96] = "";
    bool waits;
    if (desk->quiet)
        return desk_retry_later(desk, flight, action, 0, action->error);
    if (!is_wanted(e, action))
        return desk_finish(desk, flight, action, ACTION_CANCELLED, "");
    if (e->dry_run)
        return accept_dry(desk, flight, action);
    if (action->kind == ACTION_SUMMON && strchr(action->target, '@')) {
        struct request request = {0};
        text_copy(flight->lookup, sizeof flight->lookup, action->target);
        return desk_ask_made(desk, flight, FLIGHT_USER, &request,
                             pagerduty_find_user(&request, action->target));
    }
    if (!find_sender(desk, flight, action, email, sizeof email, &waits))
        return false;
    return waits || send(desk, flight, e, action, email);
}

/* --- before a rung of a ladder: one page after the other is read --- */

static bool end_check(struct desk *desk, struct flight *flight, struct action *action)
{
    return desk_finish(desk, flight, action, ACTION_DONE, "") &&
           desk_call_event(desk, action, EVENT_CHECKED, 0, "", NULL);
}

static bool check_next_page(struct desk *desk, struct flight *flight, struct action *action,
                            const struct emergency *e)
{
    while (flight->page_index < e->page_count && e->pages[flight->page_index].status == PAGE_RESOLVED)
        flight->page_index++;
    if (flight->page_index >= e->page_count)
        return end_check(desk, flight, action);
    return ask_incident(desk, flight, e->pages[flight->page_index++].incident);
}

/* People must be called, also when PagerDuty does not tell. */
static bool take_checked_page(struct desk *desk, struct flight *flight, struct call *call,
                              struct action *action, struct emergency *e)
{
    char error[160];
    struct event incident = {0};
    int64_t asked_ms = flight->asked_ms;
    bool read = call_is_good(call) && pagerduty_read_incident(desk->reader, call->answer, call->answer_length,
                                                              &incident, error, sizeof error);
    bool refused = call->end == CALL_ANSWERED && (call->status == 401 || call->status == 403);
    if (!read && !refused && desk->now_ms - action->created_ms < DESK_CHECK_PATIENCE_MS)
        return desk_retry_later(desk, flight, action, CHECK_PAUSE_MS, "the page can't be read");
    if (!read)
        return end_check(desk, flight, action);
    if (!desk_apply_incident(desk, &incident, asked_ms))
        return false;
    flight = desk_flight_of(desk, action->id); /* gone, if somebody has taken it meanwhile */
    if (!flight)
        return true;
    enum store_result found = store_get_emergency(desk->store, action->emergency, e);
    return desk_did(desk, found) && found == STORE_OK && check_next_page(desk, flight, action, e);
}

bool desk_begin_pagerduty(struct desk *desk, struct flight *flight, struct action *action)
{
    struct request request = {0};
    struct emergency e;
    if (action->kind == ACTION_READ_ALERTS)
        return desk_ask_made(desk, flight, FLIGHT_ALERTS, &request,
                             pagerduty_get_alerts(&request, action->incident));
    if (action->kind == ACTION_READ_PAGER)
        return desk_ask_made(desk, flight, FLIGHT_USER, &request,
                             pagerduty_get_user(&request, action->target));
    if (action->kind == ACTION_RESOLVE_PAGE || action->kind == ACTION_ACK_PAGE)
        return ask_incident(desk, flight, action->incident);
    if (action->kind == ACTION_NOTE_PAGE && action->state == ACTION_UNKNOWN)
        return desk_ask_made(desk, flight, FLIGHT_NOTES, &request,
                             pagerduty_get_notes(&request, action->incident));
    if (action->state == ACTION_UNKNOWN)
        return ask_incident_by_key(desk, flight, action);
    if (!desk_get_action(desk, flight, action, &e))
        return false;
    if (action->kind == ACTION_CHECK_PAGE)
        return check_next_page(desk, flight, action, &e);
    return write_page(desk, flight, &e, action);
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
    if (!desk_get_both(desk, flight, &action, &e))
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
        return desk_take_unreadable(desk, flight, call, error);
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
    if (!desk_get_action(desk, flight, &action, &e))
        return false;
    if (!pagerduty_read_found_incident(desk->reader, call->answer, call->answer_length, &found, &incident,
                                       error, sizeof error))
        return desk_take_unreadable(desk, flight, call, error);
    return found ? accept(desk, flight, &action, &incident) : write_page(desk, flight, &e, &action);
}

static bool take_notes(struct desk *desk, struct flight *flight, struct call *call)
{
    char error[160];
    bool found;
    struct action action;
    struct emergency e;
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    if (!desk_get_action(desk, flight, &action, &e))
        return false;
    if (!pagerduty_read_notes(desk->reader, call->answer, call->answer_length, action.text, &found, error,
                              sizeof error))
        return desk_take_unreadable(desk, flight, call, error);
    return found ? accept(desk, flight, &action, NULL) : write_page(desk, flight, &e, &action);
}

/* The look before an acknowledgement or a resolve: somebody may have done it; and what is resolved would be
 * opened again by an acknowledgement. */
static bool take_incident(struct desk *desk, struct flight *flight, struct call *call)
{
    char error[160];
    struct event incident = {0};
    struct action action;
    struct emergency e;
    if (flight->action == 0)
        return desk_take_polled_incident(desk, flight, call);
    if (!desk_get_action(desk, flight, &action, &e))
        return false;
    if (action.kind == ACTION_CHECK_PAGE)
        return take_checked_page(desk, flight, call, &action, &e);
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    if (!pagerduty_read_incident(desk->reader, call->answer, call->answer_length, &incident, error,
                                 sizeof error))
        return desk_take_unreadable(desk, flight, call, error);
    bool is_done = incident.page.status == PAGE_RESOLVED ||
                   (action.kind == ACTION_ACK_PAGE && incident.page.status == PAGE_ACKNOWLEDGED);
    return is_done ? accept(desk, flight, &action, &incident) : write_page(desk, flight, &e, &action);
}

/* Who is behind an e-mail address: whom to page, or in whose name. */
static bool take_user(struct desk *desk, struct flight *flight, struct call *call)
{
    char error[160];
    struct pagerduty_user user = {0};
    struct action action;
    struct emergency e;
    if (!desk_get_action(desk, flight, &action, &e))
        return false;
    if (action.kind == ACTION_READ_PAGER)
        return desk_take_pager(desk, flight, call);
    bool read = call_is_good(call) && pagerduty_read_user(desk->reader, call->answer, call->answer_length,
                                                          flight->lookup, &user, error, sizeof error);
    flight->without_lookups = true; /* asked once; what is not told is done without */
    if (read) {
        struct person person = {.pagerduty_asked_ms = desk->now_ms};
        text_copy(person.email, sizeof person.email, flight->lookup);
        text_copy(person.name, sizeof person.name, user.name);
        text_copy(person.pagerduty_id, sizeof person.pagerduty_id, user.id);
        if (!desk_learn_person(desk, &person))
            return false;
    } else if (action.kind == ACTION_SUMMON && action.attempts < 2) {
        return desk_take_failure(desk, flight, call);
    }
    if (action.kind == ACTION_SUMMON) /* nobody there: whoever the service's policy says */
        text_copy(action.target, sizeof action.target, user.id);
    return desk_did(desk, store_put_action(desk->store, &action)) && write_page(desk, flight, &e, &action);
}

static bool creates(enum action_kind kind)
{
    return kind == ACTION_CREATE_PAGE || kind == ACTION_SUMMON;
}

/* Refused only because it is so already, by an earlier attempt, or by somebody since the look. */
static bool is_so_already(struct desk *desk, const struct action *action, const struct call *call)
{
    if (call->end != CALL_ANSWERED || call->status != 400)
        return false;
    return creates(action->kind) ? pagerduty_says_duplicate(desk->reader, call->answer, call->answer_length)
                                 : pagerduty_says_done(desk->reader, call->answer, call->answer_length);
}

static bool take_write(struct desk *desk, struct flight *flight, struct call *call)
{
    char error[160];
    bool found = true;
    struct event incident = {0};
    struct action action;
    struct emergency e;
    if (!desk_get_action(desk, flight, &action, &e))
        return false;
    bool is_so = is_so_already(desk, &action, call);
    if (is_so && creates(action.kind))
        return ask_incident_by_key(desk, flight, &action);
    if (!is_so && !call_is_good(call))
        return desk_take_failure(desk, flight, call);
    if (!creates(action.kind)) {
        text_copy(incident.page.incident, sizeof incident.page.incident, action.incident);
        return accept(desk, flight, &action, &incident);
    }
    if (!pagerduty_read_found_incident(desk->reader, call->answer, call->answer_length, &found, &incident,
                                       error, sizeof error) ||
        !found)
        return desk_take_unreadable(desk, flight, call, "an answer without the incident that was created");
    return accept(desk, flight, &action, &incident);
}

bool desk_take_pagerduty(struct desk *desk, struct flight *flight, struct call *call)
{
    switch (flight->step) {
    case FLIGHT_ALERTS: return take_alerts(desk, flight, call);
    case FLIGHT_FIND_INCIDENT: return take_found(desk, flight, call);
    case FLIGHT_INCIDENT: return take_incident(desk, flight, call);
    case FLIGHT_NOTES: return take_notes(desk, flight, call);
    case FLIGHT_USER: return take_user(desk, flight, call);
    case FLIGHT_ONCALLS: return desk_take_oncalls(desk, flight, call);
    case FLIGHT_WRITE: return take_write(desk, flight, call);
    case FLIGHT_PROBE: return desk_take_probe(desk, flight, call);
    case FLIGHT_SUBSCRIPTIONS: return desk_take_subscriptions(desk, flight, call);
    case FLIGHT_ENABLE: desk_end_flight(desk, flight); return true;
    default: return false;
    }
}
