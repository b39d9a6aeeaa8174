/*
 * What might have been missed: urgent tickets that nobody told us of, changes of open tickets and pages whose
 * webhooks were lost, a subscription of PagerDuty's that was switched off. Once in `poll_every`, in few
 * calls, a part of the open emergencies at a time when they are many.
 */
#include "lib/desk_internal.h"
#include "lib/text.h"

#define BATCHES_A_POLL      10 /* of ZENDESK_MANY tickets */
#define INCIDENTS_A_POLL    25
#define SUBSCRIPTIONS_EVERY 10 /* polls */
#define SEARCH_PAGES        10 /* what Zendesk gives at most */

/* --- what was seen already --- */

bool desk_has_seen(const struct desk *desk, int64_t ticket, int64_t updated_ms)
{
    const struct seen_ticket *seen = &desk->seen[(uint64_t)ticket % SEEN_TICKETS];
    return seen->ticket == ticket && seen->updated_ms == updated_ms;
}

void desk_saw(struct desk *desk, int64_t ticket, int64_t updated_ms)
{
    desk->seen[(uint64_t)ticket % SEEN_TICKETS] = (struct seen_ticket){ticket, updated_ms};
}

/* --- asking --- */

static bool ask_search(struct desk *desk, int page)
{
    struct request request = {0};
    struct flight *flight = desk_new_flight(desk, SERVICE_ZENDESK, 0);
    if (flight)
        flight->page = page;
    return desk_ask_made(desk, flight, FLIGHT_SEARCH, &request,
                         zendesk_search_urgent(&request, desk->config, page));
}

static bool ask_many(struct desk *desk, const struct store_ticket *tickets, int count)
{
    struct request request = {0};
    struct flight *flight = desk_new_flight(desk, SERVICE_ZENDESK, 0);
    if (!flight)
        return false;
    for (int i = 0; i < count; i++)
        flight->asked_ids[flight->asked_count++] = tickets[i].ticket;
    return desk_ask_made(desk, flight, FLIGHT_MANY, &request,
                         zendesk_get_tickets(&request, flight->asked_ids, flight->asked_count));
}

static bool poll_tickets(struct desk *desk)
{
    struct store_ticket tickets[ZENDESK_MANY];
    int count = ZENDESK_MANY;
    for (int batch = 0; batch < BATCHES_A_POLL && count == ZENDESK_MANY; batch++) {
        if (!desk_did(desk,
                      store_open_tickets(desk->store, desk->poll_cursor, tickets, ZENDESK_MANY, &count)))
            return false;
        if (count > 0 && !ask_many(desk, tickets, count))
            return false;
        desk->poll_cursor = count == ZENDESK_MANY ? tickets[count - 1].emergency : 0;
    }
    return true;
}

static bool poll_incidents(struct desk *desk)
{
    struct store_incident incidents[INCIDENTS_A_POLL];
    int count;
    if (!desk_did(desk, store_open_incidents(desk->store, desk->incident_cursor, incidents, INCIDENTS_A_POLL,
                                             &count)))
        return false;
    desk->incident_cursor = count > INCIDENTS_A_POLL - EMERGENCY_PAGES ? incidents[count - 1].emergency : 0;
    for (int i = 0; i < count; i++) {
        struct request request = {0};
        struct flight *flight = desk_new_flight(desk, SERVICE_PAGERDUTY, 0);
        if (flight) {
            flight->emergency = incidents[i].emergency;
            text_copy(flight->incident, sizeof flight->incident, incidents[i].incident);
        }
        if (!desk_ask_made(desk, flight, FLIGHT_INCIDENT, &request,
                           pagerduty_get_incident(&request, incidents[i].incident)))
            return false;
    }
    return true;
}

static bool poll_subscriptions(struct desk *desk)
{
    struct request request = {0};
    struct flight *flight = desk_new_flight(desk, SERVICE_PAGERDUTY, 0);
    return desk_ask_made(desk, flight, FLIGHT_SUBSCRIPTIONS, &request,
                         pagerduty_list_subscriptions(&request));
}

static bool ask_who_we_are(struct desk *desk, enum service_id service)
{
    struct flight *flight = desk_new_flight(desk, service, 0);
    return flight && desk_probe(desk, flight);
}

/* The last poll is still under way, or the service is not to be asked now. */
static bool is_busy(const struct desk *desk, enum service_id service)
{
    const struct service_line *line = &desk->lines[service];
    if (!line->configured || line->refused || line->not_before_ms > desk->now_ms)
        return true;
    for (const struct flight *flight = desk->flights; flight; flight = flight->next)
        if (flight->service == service && flight->action == 0)
            return true;
    return false;
}

/* What refused us is probed, even if no call waits for it: without it nothing would be polled any more. */
static bool probe_refused(struct desk *desk)
{
    bool good = true;
    for (int i = 0; good && i < SERVICE_COUNT; i++) {
        struct service_line *line = &desk->lines[i];
        if (!line->refused || line->probe_ms > desk->now_ms)
            continue;
        line->probe_ms = desk->now_ms + PROBE_EVERY_MS;
        struct flight *flight = desk_new_flight(desk, (enum service_id)i, 0);
        good = flight && desk_probe(desk, flight);
    }
    return good;
}

bool desk_poll(struct desk *desk)
{
    if (desk->quiet)
        return true;
    bool good = probe_refused(desk);
    if (good && !is_busy(desk, SERVICE_ZENDESK)) {
        good = desk->own_user_id > 0 || ask_who_we_are(desk, SERVICE_ZENDESK);
        good = good && ask_search(desk, 1) && poll_tickets(desk);
    }
    if (good && !is_busy(desk, SERVICE_PAGERDUTY)) {
        good = poll_incidents(desk);
        if (good && desk->polls % SUBSCRIPTIONS_EVERY == 0)
            good = poll_subscriptions(desk);
        good = good && desk_ask_oncalls(desk);
    }
    if (good && !desk->slack_home[0] && !is_busy(desk, SERVICE_SLACK))
        good = ask_who_we_are(desk, SERVICE_SLACK);
    desk->polls++;
    return good;
}

/* --- answers --- */

struct tickets_read {
    struct desk *desk;
    struct flight *flight;
    bool good;
};

/* An urgent ticket: if no emergency is open for it and it has not been looked into as it stands, it is read.
 */
static void take_found(void *context, const struct zendesk_ticket *ticket)
{
    struct tickets_read *read = context;
    struct desk *desk = read->desk;
    struct emergency e;
    if (!read->good || !zendesk_ticket_matches(desk->config, ticket) ||
        desk_has_seen(desk, ticket->id, ticket->updated_ms))
        return;
    enum store_result found = store_open_of_ticket(desk->store, ticket->id, &e);
    read->good = desk_did(desk, found);
    if (read->good && found == STORE_NONE)
        read->good = desk_want_ticket_read(desk, ticket->id, 0, 0);
}

bool desk_take_search(struct desk *desk, struct flight *flight, const struct call *call)
{
    char error[160];
    bool more = false;
    struct tickets_read read = {desk, flight, true};
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    if (!zendesk_read_tickets(desk->config, desk->reader, call->answer, call->answer_length, take_found,
                              &read, &more, error, sizeof error))
        log_event(desk->log, LOG_LEVEL_WARNING, "POLL-FAILED", 0, 0, "zendesk's search: %s", error);
    int page = flight->page;
    desk_end_flight(desk, flight);
    if (!read.good)
        return false;
    return !more || page >= SEARCH_PAGES || desk->quiet || ask_search(desk, page + 1);
}

static void forget_asked(struct flight *flight, int64_t ticket)
{
    for (size_t i = 0; i < flight->asked_count; i++)
        if (flight->asked_ids[i] == ticket)
            flight->asked_ids[i] = 0;
}

/* A ticket of an open emergency: what changed is applied, and its comments are read if anything did. */
static void take_open(void *context, const struct zendesk_ticket *ticket)
{
    struct tickets_read *read = context;
    struct desk *desk = read->desk;
    struct emergency e;
    forget_asked(read->flight, ticket->id);
    if (!read->good || desk_has_seen(desk, ticket->id, ticket->updated_ms))
        return;
    enum store_result found = store_open_of_ticket(desk->store, ticket->id, &e);
    read->good = desk_did(desk, found);
    if (read->good && found == STORE_OK)
        read->good = desk_want_ticket_read(desk, ticket->id, 0, 0);
}

bool desk_take_many(struct desk *desk, struct flight *flight, const struct call *call)
{
    char error[160];
    struct tickets_read read = {desk, flight, true};
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    bool whole = zendesk_read_tickets(desk->config, desk->reader, call->answer, call->answer_length,
                                      take_open, &read, NULL, error, sizeof error);
    if (!whole)
        log_event(desk->log, LOG_LEVEL_WARNING, "POLL-FAILED", 0, 0, "zendesk's tickets: %s", error);
    for (size_t i = 0; whole && read.good && i < flight->asked_count; i++)
        if (flight->asked_ids[i] > 0) /* not among them: gone? its own read will tell */
            read.good = desk_want_ticket_read(desk, flight->asked_ids[i], 0, 0);
    desk_end_flight(desk, flight);
    return read.good;
}

bool desk_take_polled_incident(struct desk *desk, struct flight *flight, const struct call *call)
{
    char error[160];
    struct event event = {0};
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    bool read =
        pagerduty_read_incident(desk->reader, call->answer, call->answer_length, &event, error, sizeof error);
    int64_t emergency = flight->emergency;
    int64_t asked_ms = flight->asked_ms;
    desk_end_flight(desk, flight);
    if (!read) {
        log_event(desk->log, LOG_LEVEL_WARNING, "POLL-FAILED", emergency, 0, "pagerduty's incident: %s",
                  error);
        return true;
    }
    return desk_apply_incident(desk, &event, asked_ms);
}

static void enable(void *context, const char *subscription)
{
    struct tickets_read *read = context;
    struct desk *desk = read->desk;
    struct request request = {0};
    struct flight *flight = desk_new_flight(desk, SERVICE_PAGERDUTY, 0);
    log_event(desk->log, LOG_LEVEL_WARNING, "SUBSCRIPTION-OFF", 0, 0,
              "pagerduty has switched its webhook subscription %s off: switching it on again", subscription);
    read->good = read->good && desk_ask_made(desk, flight, FLIGHT_ENABLE, &request,
                                             pagerduty_enable_subscription(&request, subscription));
}

bool desk_take_subscriptions(struct desk *desk, struct flight *flight, const struct call *call)
{
    struct tickets_read read = {desk, flight, true};
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    if (!pagerduty_read_subscriptions(desk->reader, call->answer, call->answer_length, enable, &read))
        log_event(desk->log, LOG_LEVEL_WARNING, "POLL-FAILED", 0, 0,
                  "pagerduty's subscriptions can't be read");
    desk_end_flight(desk, flight);
    return read.good;
}
