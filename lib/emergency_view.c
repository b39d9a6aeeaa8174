/*
 * What a state says: the contract's words, what is wanted of the outside, when the clock is needed next.
 * Reads only.
 */
#include "lib/emergency_internal.h"
#include "lib/text.h"

#include <stdio.h>
#include <string.h>

static const char *const phase_names[PHASE_COUNT] = {
    [PHASE_PAGED] = "paged",           [PHASE_ACKNOWLEDGED] = "acknowledged",
    [PHASE_CONTACTED] = "contacted",   [PHASE_FOLLOWED_UP] = "followed_up",
    [PHASE_DOWNGRADED] = "downgraded", [PHASE_ENGAGED] = "engaged",
};

static const char *const doubt_reasons[DOUBT_COUNT] = {
    [DOUBT_OUTSIDER] = "someone wrote who is neither requester, CC nor of the organisation",
    [DOUBT_ENGINEER_COMMENT] = "the engineer commented again",
    [DOUBT_STAFF_REQUESTER] = "the requester, who is of staff, wrote",
    [DOUBT_SUSPENDED] = "a reply waits among Zendesk's suspended tickets",
    [DOUBT_STALE] = "it is much too late for it",
    [DOUBT_AUTO_REPLY] = "an automatic reply came",
    [DOUBT_NOBODY_MET] = "nobody of staff has been there",
};

bool emergency_is_open(const struct emergency *e)
{
    return e->closing == CLOSING_NONE;
}

const char *emergency_state(const struct emergency *e)
{
    return emergency_is_open(e) ? phase_names[e->phase] : "closed";
}

const char *emergency_held(const struct emergency *e)
{
    if (!emergency_is_open(e))
        return NULL;
    return e->paused ? "paused" : e->asked ? "asked" : NULL;
}

void emergency_held_why(const struct emergency *e, char *out, size_t size)
{
    out[0] = '\0';
    if (!emergency_is_open(e))
        return;
    if (e->paused) {
        text_format(out, size, "paused by %s", e->paused_by);
        return;
    }
    if (!e->asked)
        return;
    text_format(out, size, "The %s is due, but",
                e->asked_step == ACTION_FOLLOW_UP ? "follow-up" : "downgrade");
    unsigned doubts = open_doubts(e, e->asked_step);
    const char *joint = "";
    for (unsigned d = 0; d < DOUBT_COUNT; d++) {
        if (!(doubts & DOUBT_BIT(d)))
            continue;
        size_t used = strlen(out);
        text_format(out + used, size - used, "%s %s", joint, doubt_reasons[d]);
        joint = ", and";
        used = strlen(out);
        if (d == DOUBT_OUTSIDER && e->doubt_by[0])
            text_format(out + used, size - used, " (%s)", e->doubt_by);
    }
    text_copy(out + strlen(out), size - strlen(out), ": do-it, extend or replied?");
}

enum action_kind emergency_next(const struct emergency *e, int64_t *due_ms)
{
    *due_ms = e->due_ms;
    if (!emergency_is_open(e) || e->paused)
        return ACTION_NONE;
    if (e->asked) {
        if (e->due_ms == 0)
            *due_ms = e->asked_ms;
        return e->asked_step;
    }
    if (e->step == ACTION_FOLLOW_UP || e->step == ACTION_DOWNGRADE) {
        *due_ms = e->step_due_ms;
        return e->step;
    }
    if (e->due_ms == 0)
        return ACTION_NONE;
    return e->phase == PHASE_CONTACTED ? ACTION_FOLLOW_UP : ACTION_DOWNGRADE;
}

size_t emergency_wants(const struct emergency *e, struct want *wants)
{
    size_t n = 0;
    if (!emergency_is_open(e))
        return 0;
    if (e->step != ACTION_NONE)
        wants[n++] = (struct want){e->step, e->step_cause, NULL};
    if (e->page_cause != 0 && e->page_count == 0)
        wants[n++] = (struct want){ACTION_CREATE_PAGE, e->page_cause, NULL};
    for (int i = 0; i < e->page_count; i++)
        if (e->pages[i].resolve_cause != 0 && e->pages[i].status != PAGE_RESOLVED)
            wants[n++] = (struct want){ACTION_RESOLVE_PAGE, e->pages[i].resolve_cause, e->pages[i].incident};
    return n;
}

bool emergency_still_wants(const struct emergency *e, enum action_kind kind, int64_t cause)
{
    struct want wants[EMERGENCY_WANTS];
    size_t n = emergency_wants(e, wants);
    for (size_t i = 0; i < n; i++)
        if (wants[i].kind == kind && wants[i].cause == cause)
            return true;
    return false;
}

static void sooner(int64_t *wake_ms, int64_t candidate_ms)
{
    if (*wake_ms == 0 || candidate_ms < *wake_ms)
        *wake_ms = candidate_ms > 0 ? candidate_ms : 1;
}

/* What is due if nobody comes: a page that is missing, a word that nobody has contacted the customer. */
static void wake_for_people(const struct emergency *e, const struct policy *policy, int64_t *wake_ms)
{
    int64_t opened_ms = e->opened_ms + e->clock_shift_ms;
    if (policy->can_page && e->page_count == 0 && e->page_cause == 0 && e->ticket_id > 0)
        sooner(wake_ms, opened_ms + policy->page_if_missing_ms);
    if (!e->met && !e->contact_prompted)
        sooner(wake_ms, opened_ms + policy->contact_within_ms);
}

int64_t emergency_wake_ms(const struct emergency *e, const struct policy *policy)
{
    int64_t wake_ms = 0;
    if (!emergency_is_open(e))
        return 0;
    if (e->asked && !e->reminded)
        sooner(&wake_ms, e->asked_ms + EMERGENCY_REMIND_MS);
    if (e->due_ms != 0 && !e->asked && e->released == ACTION_NONE && e->step == ACTION_NONE)
        sooner(&wake_ms, e->warned_due_ms == e->due_ms ? e->due_ms : e->due_ms - EMERGENCY_WARN_MS);
    wake_for_people(e, policy, &wake_ms);
    return wake_ms;
}
