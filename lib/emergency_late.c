/*
 * What is late, and the handbook's news that come late: an event is put in its place, and what it would have
 * had people told and paged for there may have been told since, because of an event that is behind it in
 * order but came before it; or it is no longer so. Effects are never undone, but neither are they repeated.
 */
#include "lib/emergency_internal.h"

#include <string.h>

bool emergency_is_late(const struct emergency *e, const struct event *event)
{
    if (event->at_ms != e->last_ms)
        return event->at_ms < e->last_ms;
    if (event->source != e->last_source)
        return event->source < e->last_source;
    return strcmp(event->id, e->last_id) < 0;
}

void emergency_put_in_time(const struct emergency *e, struct event *event)
{
    if (event->type == EVENT_CLOCK_STEP) /* all that is later will move */
        return;
    if (event->source != EVENT_SOURCE_SELF || event->at_ms < event->now_ms || !emergency_is_late(e, event))
        return;
    event->at_ms = later(event->at_ms, e->last_ms);
    if (emergency_is_late(e, event))
        event->at_ms++;
}

static bool has_early_resolve(const struct emergency *e)
{
    for (int i = 0; i < e->page_count; i++)
        if (e->pages[i].resolved_early)
            return true;
    return false;
}

/* A message that tells of a state: whether E is in it, and so has been told. */
static bool is_told_to(const struct emergency *e, enum message message)
{
    switch (message) {
    case MESSAGE_ACKNOWLEDGED: return e->acknowledged_ms > 0;
    case MESSAGE_UNACKNOWLEDGED: return e->phase == PHASE_PAGED;
    case MESSAGE_CONTACTED: return e->contacted_ms > 0;
    case MESSAGE_RESOLVED_EARLY: return has_early_resolve(e);
    case MESSAGE_ANSWERED:
    case MESSAGE_ANSWERED_LATE: return e->phase == PHASE_ENGAGED;
    case MESSAGE_CLOSED: return e->closing != CLOSING_NONE;
    case MESSAGE_REOPENED: return e->closing == CLOSING_NONE;
    case MESSAGE_CALL_STARTED: return e->call_started_ms > 0;
    case MESSAGE_CALL_ENDED: return e->call_ended_ms > 0;
    case MESSAGE_NOTES_COMPLETE: return e->call_ended_ms > 0 && !notes_are_missing(e);
    case MESSAGE_SECOND:
    case MESSAGE_SECOND_MANAGERS: return e->busy_with != 0;
    case MESSAGE_BULK_HELD: return e->bulk[0];
    case MESSAGE_LINK: return e->link_prompted;
    default: return false;
    }
}

/* Whether it is not so, or matters to nobody, by what happened since. */
static bool is_over(const struct emergency *e, enum message message)
{
    switch (message) {
    case MESSAGE_ACKNOWLEDGED:
    case MESSAGE_UNACKNOWLEDGED:
    case MESSAGE_ANSWERED:
    case MESSAGE_CLOSED:
    case MESSAGE_REOPENED:
    case MESSAGE_BULK_HELD: return !is_told_to(e, message);
    case MESSAGE_DOUBTED: return e->closing != CLOSING_NONE || !in_period(e);
    case MESSAGE_SECOND:
    case MESSAGE_SECOND_MANAGERS: return emergency_is_taken(e);
    default: return false;
    }
}

/* The message that an effect goes with; a page for a person that goes with none is wanted in any case. */
static enum message news_of(const struct effect *effect)
{
    return effect->kind == EFFECT_MACRO ? MESSAGE_CALL_ENDED : effect->message;
}

void drop_old_news(const struct emergency *was, const struct emergency *is, struct outcome *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < out->effect_count; i++) {
        const enum message news = news_of(&out->effects[i]);
        if (!is_told_to(was, news) && !is_over(is, news))
            out->effects[kept++] = out->effects[i];
    }
    out->effect_count = kept;
}
