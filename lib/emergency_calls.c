/*
 * The handbook's calls to services: what it means that one was looked at, left, was accepted or refused. See
 * emergency.c.
 */
#include "lib/emergency_internal.h"
#include "lib/text.h"

static bool is_current_step(const struct emergency *e, const struct call_facts *call)
{
    return e->step == call->kind && e->step_cause == call->cause;
}

static void accept_follow_up(struct step_context *c, int64_t accepted_ms)
{
    struct emergency *e = c->e;
    e->followed_up_ms = accepted_ms;
    if (e->phase == PHASE_CONTACTED) {
        int64_t extended_ms = e->due_ms; /* to then, perhaps, while this was on its way */
        e->phase = PHASE_FOLLOWED_UP;
        begin_period(e, accepted_ms, c->policy->downgrade_after_ms);
        e->due_ms = later(e->due_ms, extended_ms);
        e->asked = false;
    } else if (e->phase == PHASE_ENGAGED && e->before_engaged == PHASE_CONTACTED) {
        e->before_engaged = PHASE_FOLLOWED_UP;
        e->left_ms = c->policy->downgrade_after_ms;
    }
    say(c, "call", "Follow-up sent.");
    tell(c, MESSAGE_FOLLOWED_UP, BUTTON(COMMAND_REPLIED) | BUTTON(COMMAND_EXTEND) | BUTTON(COMMAND_PAUSE));
}

static void accept_downgrade(struct step_context *c, bool still_wanted)
{
    struct emergency *e = c->e;
    if (e->closing ==
        CLOSING_TICKET_LOWERED) /* that was us: nobody can have lowered it before an accepted write */
        reopen_emergency(e);
    e->downgraded_ms = c->event->call.accepted_ms;
    e->asked = false;
    if (!c->event->call.dry) /* then the ticket is as it was */
        e->priority = c->policy->downgrade_priority;
    say(c, "call", "Ticket downgraded to %s.", ticket_priority_name(c->policy->downgrade_priority));
    end_bridge(c);
    effect(c, &(struct effect){.kind = EFFECT_NOTE, .message = MESSAGE_NOTE_DOWNGRADED});
    bool answered_since = e->last_customer_ms >= e->step_due_ms; /* perhaps: its time is coarse */
    if (e->phase == PHASE_ENGAGED && (!still_wanted || answered_since)) {
        e->before_engaged = PHASE_DOWNGRADED;
        say(c, "prompt", "The customer had just answered: back to urgent?");
        tell(c, MESSAGE_ANSWERED_LATE, BUTTON(COMMAND_URGENT));
        return;
    }
    e->phase = PHASE_DOWNGRADED;
    tell(c, MESSAGE_DOWNGRADED, 0);
}

/* What the thread's first message needs: in which channel it is, and whom it mentions. */
static bool knows_customer(const struct emergency *e, const struct policy *policy)
{
    bool has_organization = !e->ticket_seen || e->organization_id > 0;
    return e->sorted && (!policy->has_tam || e->organization_read || !has_organization);
}

void open_thread(struct step_context *c)
{
    struct emergency *e = c->e;
    if (!c->policy->can_thread || e->thread_wanted || e->closing != CLOSING_NONE)
        return;
    if (e->ticket_id > 0 && e->thread_waits_ms == 0)
        e->thread_waits_ms = moment_ms(c->event);
    bool is_over =
        e->thread_waits_ms > 0 && moment_ms(c->event) >= e->thread_waits_ms + EMERGENCY_THREAD_PATIENCE_MS;
    e->thread_wanted = knows_customer(e, c->policy) || e->link_prompted || is_over;
}

static void accept_thread(struct step_context *c)
{
    struct emergency *e = c->e;
    if (e->thread_ts[0] || c->event->call.dry)
        return;
    text_copy(e->thread_channel, sizeof e->thread_channel, c->event->result.channel);
    text_copy(e->thread_ts, sizeof e->thread_ts, c->event->result.ts);
    say(c, "call", "Thread opened in Slack.");
    effect(c, &(struct effect){.kind = EFFECT_NOTE, .message = MESSAGE_NOTE_THREAD});
    if (e->product[0])
        tell(c, MESSAGE_PRODUCT, 0);
}

void begin_first_period_by_write(struct step_context *c)
{
    const struct call_facts *call = &c->event->call;
    int64_t begun_ms = call->begun_ms > 0 ? call->begun_ms : call->accepted_ms;
    begin_first_period(c, begun_ms - EMERGENCY_CLOCKS_APART_MS, call->accepted_ms);
}

/* The writes to the ticket. */
static void accept_write(struct step_context *c, bool wanted)
{
    struct emergency *e = c->e;
    const struct call_facts *call = &c->event->call;
    switch (call->kind) {
    case ACTION_FIRST_CONTACT:
        say(c, "call", "First comment sent.");
        if (before_contact(e))
            begin_first_period_by_write(c);
        tell(c, MESSAGE_CONTACTED, resolve_button(c));
        break;
    case ACTION_FOLLOW_UP: accept_follow_up(c, call->accepted_ms); break;
    case ACTION_DOWNGRADE: accept_downgrade(c, wanted); break;
    case ACTION_URGENT:
        e->priority = PRIORITY_URGENT;
        say(c, "call", "Ticket back to urgent.");
        tell(c, MESSAGE_BACK_TO_URGENT, 0);
        want_bridge(c);
        break;
    case ACTION_BULK_ANSWER: accept_bulk_answer(c); break;
    default: break;
    }
}

/* The echo is still to come, or lost: what undoes it must be seen then too. */
static void accept_acknowledgement(struct step_context *c)
{
    struct page *page = page_of(c->e, &c->event->page);
    if (page->status != PAGE_RESOLVED) /* by somebody, meanwhile */
        page->status = PAGE_ACKNOWLEDGED;
    if (page->acknowledge_cause != 0 && c->e->taken_ms > 0)
        mark_own_acknowledgement(c->e, page);
}

/* Somebody may have opened it again before the answer to our call came. */
static void accept_resolve(struct step_context *c)
{
    struct page *page = page_of(c->e, &c->event->page);
    if (page->resolve_cause != 0)
        page->status = PAGE_RESOLVED;
}

/* All other calls. */
static void accept_other(struct step_context *c)
{
    struct emergency *e = c->e;
    const struct call_facts *call = &c->event->call;
    switch (call->kind) {
    case ACTION_CREATE_PAGE:
        if (!call->dry)
            take_page(c);
        break;
    case ACTION_RESOLVE_PAGE:
        if (!call->dry)
            accept_resolve(c);
        say(c, "call", "Page resolved.");
        break;
    case ACTION_ACK_PAGE:
        if (!call->dry)
            accept_acknowledgement(c);
        break;
    case ACTION_SUMMON: say(c, "call", "Paged %s.", name_or(c->event->text, "whoever is on call")); break;
    case ACTION_OPEN_THREAD: accept_thread(c); break;
    case ACTION_CREATE_MEETING: take_meeting(c); break;
    case ACTION_END_MEETING:
        e->bridge_over = true;
        say(c, "call", "Bridge closed.");
        break;
    case ACTION_RUNBOOK:
        text_copy(e->runbook_url, sizeof e->runbook_url, name_or(c->event->result.url, "dry run"));
        say(c, "call", "Runbook issue: %s", e->runbook_url);
        tell(c, MESSAGE_RUNBOOK, 0);
        break;
    default: break;
    }
}

void take_accepted(struct step_context *c)
{
    struct emergency *e = c->e;
    const struct call_facts *call = &c->event->call;
    bool wanted = e->step == call->kind; /* whichever event wanted it: it need not be done twice */
    accept_write(c, wanted);
    accept_other(c);
    if (e->released == call->kind)
        e->released = ACTION_NONE;
    if (wanted)
        drop_step(e);
}

void take_looked(struct step_context *c)
{
    if (!is_current_step(c->e, &c->event->call) || c->e->closing != CLOSING_NONE)
        return;
    take_meeting_state(c);
    ask_if_doubtful(c);
}

void take_released(struct step_context *c)
{
    if (action_is_step(c->event->call.kind))
        c->e->released = c->event->call.kind;
}

/* A message did not go into the thread: that is told elsewhere, and once, as the thread may be gone. */
static void lose_thread(struct step_context *c)
{
    if (c->e->thread_lost)
        return;
    c->e->thread_lost = true;
    post(c, MESSAGE_PARKED, PLACE_MANAGERS);
    summon(c, WHO_ENGINEER, 0);
}

void take_refused(struct step_context *c)
{
    if (c->e->released == c->event->call.kind)
        c->e->released = ACTION_NONE;
    if (!c->event->text[0])
        return;
    say(c, "prompt", "%s", c->event->text);
    if (c->event->call.kind == ACTION_REPLY) {
        lose_thread(c);
        return;
    }
    if (!action_is_step(c->event->call.kind)) /* of those more is told, with the text to be sent by hand */
        tell(c, MESSAGE_PARKED, 0);
    if (c->event->call.kind == ACTION_OPEN_THREAD) /* then nobody reads that in Slack */
        summon(c, WHO_ENGINEER, 0);
}

/* --- the automatic first comment --- */

/* A page may be about a ticket that was solved meanwhile: nobody who is helped wants to read that help comes.
 */
static bool is_solved(const struct emergency *e)
{
    return e->status >= STATUS_SOLVED;
}

bool may_offer_first_contact(const struct emergency *e, const struct policy *policy)
{
    return policy->first_contact_automatic && e->phase == PHASE_ACKNOWLEDGED && e->ticket_id > 0 &&
           e->ticket_seen && e->closing == CLOSING_NONE && !is_held(e) && !is_solved(e) &&
           e->released == ACTION_NONE && e->step == ACTION_NONE;
}

/* The first comment of the daemon's own, on acknowledgement, if nobody else was first. It waits a moment for
 * the bridge's address, which it is to name. */
void offer_first_contact(struct step_context *c)
{
    struct emergency *e = c->e;
    if (may_offer_first_contact(e, c->policy) && !bridge_may_come(c))
        begin_step(c, ACTION_FIRST_CONTACT, STEP_AUTOMATICALLY, moment_ms(c->event));
}

void withdraw_first_contact(struct emergency *e)
{
    if (e->step == ACTION_FIRST_CONTACT && e->step_by == STEP_AUTOMATICALLY &&
        (is_held(e) || is_solved(e) || e->closing != CLOSING_NONE || e->phase == PHASE_ENGAGED))
        drop_step(e);
}
