/*
 * What a state says: the contract's words, what is wanted of the outside, when the clock is needed next.
 * Reads only.
 */
#include "lib/emergency_internal.h"
#include "lib/text.h"

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
    [DOUBT_JOIN] = "somebody unidentified joined the bridge",
    [DOUBT_HOURS] = "the ticket's hours end before that",
    [DOUBT_AUTO_REPLY] = "an automatic reply came",
    [DOUBT_NOBODY_MET] = "nobody of staff has been there",
    [DOUBT_MEETING] = "the bridge may still be in use",
    [DOUBT_MERGE] = "a ticket was merged into this one, which may hold an answer",
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
    return e->paused       ? "paused"
           : bulk_holds(e) ? "bulk"
           : e->off_hours  ? "coverage"
           : e->asked      ? "asked"
                           : NULL;
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
    if (bulk_holds(e)) {
        text_format(out, size, "it belongs to %s", e->bulk);
        return;
    }
    if (e->off_hours) {
        text_format(out, size, "outside the hours of %s", e->coverage);
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
        if ((d == DOUBT_OUTSIDER || d == DOUBT_JOIN) && e->doubt_by[0])
            text_format(out + used, size - used, " (%s)", e->doubt_by);
    }
    text_copy(out + strlen(out), size - strlen(out), ": do-it, extend or replied?");
}

enum action_kind emergency_next(const struct emergency *e, int64_t *due_ms)
{
    *due_ms = e->due_ms;
    if (!emergency_is_open(e) || is_held(e))
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
    return clock_step(e);
}

static size_t page_wants(const struct emergency *e, struct want *wants)
{
    size_t n = 0;
    for (int i = 0; i < e->page_count; i++) {
        const struct page *page = &e->pages[i];
        if (page->acknowledge_cause != 0 && page->status == PAGE_TRIGGERED)
            wants[n++] = (struct want){ACTION_ACK_PAGE, page->acknowledge_cause, page->incident};
        if (page->resolve_cause != 0 && page->status != PAGE_RESOLVED)
            wants[n++] = (struct want){ACTION_RESOLVE_PAGE, page->resolve_cause, page->incident};
    }
    return n;
}

/* Once for each emergency, or each of its bridges or rungs: their causes are numbers of their own. */
static size_t other_wants(const struct emergency *e, struct want *wants)
{
    size_t n = 0;
    if (e->thread_wanted && !e->thread_ts[0])
        wants[n++] = (struct want){ACTION_OPEN_THREAD, EMERGENCY_THREAD_CAUSE, NULL};
    if (e->bridge_number > 0 && !e->bridge_over && !e->bridge_url[0])
        wants[n++] = (struct want){ACTION_CREATE_MEETING, e->bridge_number, NULL};
    if (e->phase == PHASE_DOWNGRADED && e->meeting != 0 && !e->bridge_over)
        wants[n++] = (struct want){ACTION_END_MEETING, e->bridge_number, NULL};
    if (e->runbook_wanted && !e->runbook_url[0])
        wants[n++] = (struct want){ACTION_RUNBOOK, 1, NULL};
    for (int kind = 0; kind < LADDER_COUNT; kind++)
        if (e->ladders[kind].checking)
            wants[n++] = (struct want){
                ACTION_CHECK_PAGE, emergency_rung_cause((enum ladder_kind)kind, e->ladders[kind].rung), NULL};
    return n;
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
    n += page_wants(e, wants + n);
    return n + other_wants(e, wants + n);
}

bool emergency_still_wants(const struct emergency *e, enum action_kind kind, int64_t cause)
{
    struct want wants[EMERGENCY_WANTS];
    if (kind == ACTION_BULK_ANSWER) /* an effect: only an end stops it */
        return emergency_is_open(e);
    size_t n = emergency_wants(e, wants);
    for (size_t i = 0; i < n; i++)
        if (wants[i].kind == kind && wants[i].cause == cause)
            return true;
    return false;
}

void sooner(int64_t *wake_ms, int64_t candidate_ms)
{
    if (*wake_ms == 0 || candidate_ms < *wake_ms)
        *wake_ms = candidate_ms > 0 ? candidate_ms : 1;
}

/* What is to name the bridge does not wait for it forever. */
static void wake_for_bridge(const struct emergency *e, const struct policy *policy, int64_t *wake_ms)
{
    bool is_waited_for =
        may_offer_first_contact(e, policy) || (policy->has_runbook && !e->runbook_wanted && is_work_to_do(e));
    if (is_waited_for && e->bridge_number > 0 && !e->bridge_url[0] && !e->bridge_over)
        sooner(wake_ms, e->bridge_wanted_ms + EMERGENCY_BRIDGE_PATIENCE_MS);
}

/* What is due if nobody comes: a page that is missing, a word that nobody has contacted the customer. */
static void wake_for_people(const struct emergency *e, const struct policy *policy, int64_t *wake_ms)
{
    int64_t opened_ms = e->opened_ms;
    if (policy->can_page && e->page_count == 0 && e->page_cause == 0 && e->ticket_id > 0)
        sooner(wake_ms, opened_ms + policy->page_if_missing_ms);
    if (!is_contacted_by_person(e) && !e->contact_prompted)
        sooner(wake_ms, opened_ms + policy->contact_within_ms);
    if (policy->can_thread && !e->thread_wanted && e->thread_waits_ms > 0)
        sooner(wake_ms, e->thread_waits_ms + EMERGENCY_THREAD_PATIENCE_MS);
    if (notes_are_missing(e))
        sooner(wake_ms, e->notes_reminded_ms + EMERGENCY_NOTES_REMIND_MS);
    wake_for_bridge(e, policy, wake_ms);
    wake_for_ladders(e, policy, wake_ms);
    wake_for_hours(e, policy, wake_ms);
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

int64_t emergency_buttons(const struct emergency *e)
{
    static const int64_t of_phase[PHASE_COUNT] = {
        [PHASE_PAGED] = BUTTON(COMMAND_ACK) | BUTTON(COMMAND_NOT_EMERGENCY),
        [PHASE_ACKNOWLEDGED] =
            BUTTON(COMMAND_FIRST_CONTACT) | BUTTON(COMMAND_CONTACTED) | BUTTON(COMMAND_NOT_EMERGENCY),
        [PHASE_CONTACTED] = BUTTON(COMMAND_REPLIED) | BUTTON(COMMAND_EXTEND) | BUTTON(COMMAND_PAUSE) |
                            BUTTON(COMMAND_CALL_STARTED),
        [PHASE_FOLLOWED_UP] = BUTTON(COMMAND_REPLIED) | BUTTON(COMMAND_EXTEND) | BUTTON(COMMAND_PAUSE) |
                              BUTTON(COMMAND_CALL_STARTED),
        [PHASE_DOWNGRADED] = BUTTON(COMMAND_URGENT) | BUTTON(COMMAND_REPLIED),
        [PHASE_ENGAGED] = BUTTON(COMMAND_CALL_STARTED) | BUTTON(COMMAND_RESUME),
    };
    if (!emergency_is_open(e))
        return BUTTON(COMMAND_REOPEN);
    int64_t buttons = of_phase[e->phase];
    if (e->phase == PHASE_ENGAGED && e->call_started_ms > 0 && e->call_ended_ms == 0)
        buttons = BUTTON(COMMAND_CALL_ENDED) | BUTTON(COMMAND_COLLEAGUE);
    if (e->phase == PHASE_ENGAGED && e->downgraded_ms > 0)
        buttons |= BUTTON(COMMAND_URGENT);
    if (e->paused || bulk_holds(e))
        buttons = (buttons & ~BUTTON(COMMAND_PAUSE)) | BUTTON(COMMAND_RESUME);
    if (e->asked)
        buttons |= BUTTON(COMMAND_DO_IT);
    if (e->busy_with != 0 && !emergency_is_taken(e))
        buttons |= BUTTON(COMMAND_TAKE);
    return buttons;
}
