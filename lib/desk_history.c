/*
 * What a ticket's audits tell, beyond how it stands now: since when it is urgent; and that it was solved or
 * lowered, of which nobody told, be it that somebody has raised it again since. See desk_zendesk.c.
 */
#include "lib/desk_internal.h"
#include "lib/text.h"

/* A time of Zendesk's by our clock; 0 stays none. */
static int64_t our_time(const struct desk *desk, int64_t at_ms)
{
    return at_ms > 0 ? at_ms - desk_skew_ms(desk, SERVICE_ZENDESK) : 0;
}

int64_t desk_urgent_since(const struct desk *desk, const struct flight *flight, const struct action *action)
{
    int64_t audited_ms = our_time(desk, flight->history.urgent_ms);
    if (audited_ms > 0 || action->raised_ms > 0)
        return audited_ms > action->raised_ms ? audited_ms : action->raised_ms;
    return action->due_ms > 0 ? action->due_ms : our_time(desk, flight->ticket.created_ms);
}

int64_t desk_lowered_by(const struct desk *desk, const struct flight *flight)
{
    return flight->history.lowered_ms > 0 ? our_time(desk, flight->history.lowered_ms) + 999 : 0;
}

static bool is_unmoved_by_us(const struct emergency *e)
{
    return emergency_is_open(e) && e->downgraded_ms == 0 && e->released != ACTION_DOWNGRADE;
}

bool desk_may_have_ended(const struct emergency *e, const struct ticket_facts *facts)
{
    bool stands_ended = facts->status >= STATUS_SOLVED ||
                        (facts->priority != PRIORITY_URGENT && facts->priority != PRIORITY_UNKNOWN);
    return stands_ended && is_unmoved_by_us(e);
}

/* It stands as if nothing had been, but it was lowered since E began. */
static bool was_lowered_between(const struct desk *desk, const struct flight *flight,
                                const struct emergency *e)
{
    int64_t lowered_ms = our_time(desk, flight->history.lowered_ms);
    return flight->ticket.facts.priority == PRIORITY_URGENT && is_unmoved_by_us(e) &&
           lowered_ms >= e->opened_ms && lowered_ms > e->urgent_ms;
}

/* E ended at ENDED_MS of Zendesk's, when its ticket stood like FACTS. */
static bool apply_end(struct desk *desk, struct emergency *e, int64_t ticket,
                      const struct ticket_facts *facts, int64_t ended_ms)
{
    char key[80];
    const struct journal_entry entry = {.repeat_key = key, .outcome = DELIVERY_APPLIED};
    struct event event = desk_own_event(desk, EVENT_TICKET);
    text_format(key, sizeof key, "zh %lld %lld", (long long)ticket, (long long)ended_ms);
    event.source = EVENT_SOURCE_ZENDESK;
    event.at_ms = our_time(desk, ended_ms);
    event.resolution_ms = 1000;
    event.ticket_id = ticket;
    event.ticket = *facts;
    if (facts->status >= STATUS_SOLVED)
        event.ticket.previous_status = STATUS_OPEN;
    else
        event.ticket.previous_priority = PRIORITY_URGENT;
    text_format(event.id, sizeof event.id, "read %020llu", (unsigned long long)++desk->last_serial);
    return desk_apply(desk, e, &event, &entry, NULL);
}

bool desk_apply_history(struct desk *desk, const struct flight *flight, struct emergency *e)
{
    const struct zendesk_history *history = &flight->history;
    struct ticket_facts facts = flight->ticket.facts;
    if (desk_may_have_ended(e, &facts) && history->ended_ms > 0)
        return apply_end(desk, e, flight->ticket_id, &facts, history->ended_ms);
    if (!was_lowered_between(desk, flight, e))
        return true;
    facts.priority = history->lowered_to;
    return apply_end(desk, e, flight->ticket_id, &facts, history->lowered_ms);
}
