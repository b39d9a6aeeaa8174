/*
 * The handbook: which event moves an emergency where. Each rule is one take_… function; emergency_apply is
 * the list of them. Nothing here can fail; an event that means nothing in a state changes nothing.
 */
#include "lib/emergency_internal.h"
#include "lib/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BACK_TO_URGENT "The ticket was downgraded before: back to urgent?"

void say(struct step_context *c, const char *kind, const char *fmt, ...)
{
    struct outcome *out = c->out;
    size_t used = strlen(out->say);
    if (used > 0 && used + 2 < sizeof out->say) {
        out->say[used++] = ' ';
        out->say[used] = '\0';
    }
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(out->say + used, sizeof out->say - used, fmt, args); /* cut, if a foreign text is long */
    va_end(args);
    if (used == 0 || strcmp(kind, "prompt") == 0)
        out->kind = kind;
    if (strcmp(kind, "prompt") == 0)
        out->prompts = true;
}

void effect(struct step_context *c, const struct effect *effect)
{
    struct outcome *out = c->out;
    if (out->effect_count < OUTCOME_EFFECTS)
        out->effects[out->effect_count++] = *effect;
}

void tell(struct step_context *c, enum message message, int64_t buttons)
{
    effect(c, &(struct effect){.kind = EFFECT_REPLY, .message = message, .buttons = buttons});
}

void post(struct step_context *c, enum message message, enum effect_place place)
{
    effect(c, &(struct effect){.kind = EFFECT_POST, .message = message, .place = place});
}

void summon(struct step_context *c, enum effect_who who, int rung)
{
    effect(c, &(struct effect){.kind = EFFECT_SUMMON, .who = who, .rung = rung});
}

const char *name_or(const char *name, const char *otherwise)
{
    return name[0] ? name : otherwise;
}

int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

bool before_contact(const struct emergency *e)
{
    return e->contacted_ms == 0;
}

/* --- clocks --- */

bool in_period(const struct emergency *e)
{
    return e->phase == PHASE_CONTACTED || e->phase == PHASE_FOLLOWED_UP;
}

bool is_held(const struct emergency *e)
{
    return e->paused || e->off_hours || bulk_holds(e);
}

enum action_kind clock_step(const struct emergency *e)
{
    return e->phase == PHASE_CONTACTED ? ACTION_FOLLOW_UP : ACTION_DOWNGRADE;
}

bool clock_may_run(const struct emergency *e)
{
    return in_period(e) && e->closing == CLOSING_NONE && !is_held(e) && e->ticket_id > 0;
}

void begin_period(struct emergency *e, int64_t start_ms, int64_t period_ms)
{
    bool held = is_held(e); /* then none of it counts, however long ago it began */
    e->due_ms = held ? 0 : start_ms + period_ms;
    e->left_ms = held ? period_ms : 0;
    e->warned_due_ms = 0;
}

void begin_first_period(struct step_context *c, int64_t contact_ms, int64_t start_ms)
{
    struct emergency *e = c->e;
    int64_t period_ms = c->policy->follow_up_after_ms;
    e->contacted_ms = start_ms;
    e->answers_since_ms = contact_ms;
    drop_doubts_before(e, contact_ms);
    if (e->phase < PHASE_CONTACTED) {
        e->phase = PHASE_CONTACTED;
        begin_period(e, start_ms, period_ms);
    } else if (e->phase == PHASE_ENGAGED && e->before_engaged < PHASE_CONTACTED) {
        e->before_engaged = PHASE_CONTACTED;
        e->left_ms = period_ms;
    }
    if (e->step == ACTION_FIRST_CONTACT) /* one that is on its way finds out by itself */
        drop_step(e);
    if (e->last_customer_ms >= contact_ms) /* nobody can tell that it was no answer */
        take_answer(c, contact_ms);
    else if (in_period(e) && open_doubts(e, ACTION_DOWNGRADE) != 0)
        tell_doubt(c, "Something came that may be an answer.");
}

/* Starts or stops the clock as the state now has it; what is left of a period is kept while it rests. */
static void settle_clock(struct emergency *e, int64_t at_ms)
{
    if (clock_may_run(e)) {
        if (e->due_ms == 0)
            e->due_ms = at_ms + e->left_ms;
        return;
    }
    if (e->due_ms != 0) {
        e->left_ms = later(e->due_ms - at_ms, 0);
        e->due_ms = 0;
    }
    e->warned_due_ms = 0;
    if (e->step != ACTION_NONE && e->step_by == STEP_BY_CLOCK)
        drop_step(e);
    if (e->closing != CLOSING_NONE)
        e->asked = false;
}

/* --- steps --- */

void begin_step(struct step_context *c, enum action_kind kind, enum step_origin by, int64_t due_ms)
{
    struct emergency *e = c->e;
    e->step = kind;
    e->step_cause = c->event->row;
    e->step_by = by;
    e->step_due_ms = due_ms;
    e->asked = false;
    /* of the moment, so of the step before */
    e->doubt_ms[DOUBT_STALE] = e->doubt_ms[DOUBT_NOBODY_MET] = e->doubt_ms[DOUBT_MEETING] = 0;
    e->doubt_ms[DOUBT_HOURS] = 0;
    if (by == STEP_BY_CLOCK) /* a person's word was for the step that they saw */
        e->meeting_settled = false;
}

void drop_step(struct emergency *e)
{
    e->step = ACTION_NONE;
    e->step_cause = 0;
    e->step_due_ms = 0;
    e->step_by = STEP_BY_CLOCK;
}

/* --- openings and ends --- */

void close_emergency(struct step_context *c, enum closing closing, const char *why)
{
    struct emergency *e = c->e;
    if (e->closing != CLOSING_NONE ||
        event_latest_ms(c->event) < e->opened_ms) /* or of an emergency before this one */
        return;
    e->closing = closing;
    e->closed_ms = moment_ms(c->event);
    text_copy(e->closed_why, sizeof e->closed_why, why);
    drop_step(e);
    say(c, "ticket", "Closed: %s.", why);
    tell(c, MESSAGE_CLOSED, BUTTON(COMMAND_REOPEN));
}

void reopen_emergency(struct emergency *e)
{
    e->closing = CLOSING_NONE;
    e->closed_ms = 0;
    e->closed_why[0] = '\0';
}

/* --- comments --- */

void resolve_pages(struct step_context *c)
{
    for (int i = 0; i < c->e->page_count; i++)
        if (c->e->pages[i].status != PAGE_RESOLVED && c->e->pages[i].resolve_cause == 0)
            c->e->pages[i].resolve_cause = c->event->row;
}

void someone_met(struct step_context *c)
{
    c->e->met = true;
    if (c->policy->resolve_on_contact)
        resolve_pages(c);
}

/* Unless it goes by itself. */
int64_t resolve_button(const struct step_context *c)
{
    for (int i = 0; i < c->e->page_count; i++)
        if (c->e->pages[i].status != PAGE_RESOLVED && c->e->pages[i].resolve_cause == 0)
            return BUTTON(COMMAND_RESOLVE);
    return 0;
}

static void take_staff_comment(struct step_context *c)
{
    struct emergency *e = c->e;
    const struct event *event = c->event;
    bool further = e->person_commented;
    e->person_commented = true;
    e->last_staff_ms = later(e->last_staff_ms, event->at_ms);
    if (!e->met || before_contact(e))
        someone_met(c);
    if (before_contact(e)) {
        say(c, "comment", "%s contacted the customer.", name_or(event->by, "Support"));
        begin_first_period(c, event->at_ms, event->at_ms);
        tell(c, MESSAGE_CONTACTED, resolve_button(c));
    } else if (further && c->policy->ask_after_engineer_comment) {
        take_doubt(c, DOUBT_ENGINEER_COMMENT, event_latest_ms(event), "The engineer commented again.");
    }
}

void tell_not_downgraded(struct step_context *c)
{
    say(c, "prompt", "The customer has just written: not downgraded. Order it again if it is still meant.");
    tell(c, MESSAGE_ANSWERED, BUTTON(COMMAND_CALL_STARTED) | BUTTON(COMMAND_RESUME));
}

bool note_answer(struct emergency *e, int64_t at_ms)
{
    e->asked = false;
    if (e->step != ACTION_FIRST_CONTACT && e->step != ACTION_URGENT)
        drop_step(e);
    if (e->phase == PHASE_ENGAGED)
        return false;
    e->before_engaged = e->phase;
    e->phase = PHASE_ENGAGED;
    e->answered_ms = at_ms;
    return true;
}

void take_answer(struct step_context *c, int64_t at_ms)
{
    struct emergency *e = c->e;
    bool in_flight = e->released != ACTION_NONE;
    bool was_ordered = e->step == ACTION_DOWNGRADE && e->step_by == STEP_BY_ORDER;
    if (!note_answer(e, at_ms)) {
        if (was_ordered && !in_flight)
            tell_not_downgraded(c);
        return;
    }
    say(c, "comment", "The customer answered: the clocks are stopped.");
    if (e->before_engaged == PHASE_DOWNGRADED) {
        say(c, "prompt", BACK_TO_URGENT);
        tell(c, MESSAGE_ANSWERED_LATE, BUTTON(COMMAND_URGENT));
        return;
    }
    if (in_flight)
        say(c, "comment", "A step was already on its way.");
    bool by_call = e->call_started_ms == moment_ms(c->event); /* what is told of that says it too */
    if (!by_call)
        tell(c, MESSAGE_ANSWERED,
             BUTTON(COMMAND_CALL_STARTED) | BUTTON(COMMAND_COLLEAGUE) | BUTTON(COMMAND_RESUME));
}

static void take_customer_comment(struct step_context *c)
{
    struct emergency *e = c->e;
    const struct event *event = c->event;
    int64_t latest = event_latest_ms(event);
    bool outsider = event->comment.standing != AUTHOR_CUSTOMER;
    if (!outsider && !event->comment.automatic)
        e->last_customer_ms = later(e->last_customer_ms, latest);
    if (latest < e->answers_since_ms)
        return;
    if (event->comment.standing == AUTHOR_STAFF_REQUESTER)
        take_doubt(c, DOUBT_STAFF_REQUESTER, latest, "The requester, who is of staff, wrote.");
    else if (event->comment.standing == AUTHOR_SUSPENDED)
        take_doubt(c, DOUBT_SUSPENDED, latest, "A reply waits among Zendesk's suspended tickets.");
    else if (event->comment.standing == AUTHOR_MERGE)
        take_doubt(c, DOUBT_MERGE, latest, "A ticket was merged into this one: it may hold an answer.");
    else if (outsider)
        take_doubt(c, DOUBT_OUTSIDER, latest,
                   "Someone wrote who is neither requester, CC nor of the organisation.");
    else if (event->comment.automatic)
        take_doubt(c, DOUBT_AUTO_REPLY, latest, "An automatic reply came.");
    else if (!before_contact(e))
        take_answer(c, event->at_ms);
}

static void take_comment(struct step_context *c)
{
    const struct event *event = c->event;
    if (event_latest_ms(event) < c->e->opened_ms)
        return;
    tick_notes(c);
    switch (event->comment.standing) {
    case AUTHOR_STAFF:
        if (event->comment.is_public)
            take_staff_comment(c);
        break;
    case AUTHOR_CUSTOMER:
    case AUTHOR_OUTSIDER:
    case AUTHOR_SUSPENDED:
    case AUTHOR_MERGE:
    case AUTHOR_STAFF_REQUESTER: take_customer_comment(c); break;
    case AUTHOR_UNKNOWN:
    case AUTHOR_OURSELVES:
    case AUTHOR_NOBODY: break;
    }
}

/* --- the clock --- */

static void warn_of_step(struct step_context *c)
{
    struct emergency *e = c->e;
    if (!clock_may_run(e) || e->asked || e->warned_due_ms == e->due_ms ||
        moment_ms(c->event) < e->due_ms - EMERGENCY_WARN_MS)
        return;
    e->warned_due_ms = e->due_ms;
    if (moment_ms(c->event) >= e->due_ms)
        return;
    int64_t seconds = (e->due_ms - moment_ms(c->event) + 999) / 1000;
    say(c, "clock", "In %lld s %s, unless the customer answers. Extend, if that is too early.",
        (long long)seconds,
        e->phase == PHASE_CONTACTED ? "the follow-up goes out" : "the ticket is downgraded");
    tell(c, MESSAGE_WARNING, BUTTON(COMMAND_EXTEND) | BUTTON(COMMAND_REPLIED) | BUTTON(COMMAND_PAUSE));
}

static void do_what_is_due(struct step_context *c)
{
    struct emergency *e = c->e;
    if (!clock_may_run(e) || e->asked || e->released != ACTION_NONE || e->step != ACTION_NONE ||
        moment_ms(c->event) < e->due_ms)
        return;
    begin_step(c, clock_step(e), STEP_BY_CLOCK, e->due_ms);
    ask_if_doubtful(c);
}

static void take_wake(struct step_context *c)
{
    struct emergency *e = c->e;
    const struct policy *policy = c->policy;
    int64_t now_ms = moment_ms(c->event);
    if (e->closing != CLOSING_NONE)
        return;
    if (e->asked && !e->reminded && now_ms >= e->asked_ms + EMERGENCY_REMIND_MS) {
        e->reminded = true;
        say(c, "prompt", "Still waiting for your word: do-it, extend or replied.");
        tell(c, MESSAGE_REMINDED, BUTTON(COMMAND_DO_IT) | BUTTON(COMMAND_EXTEND) | BUTTON(COMMAND_REPLIED));
    }
    if (policy->can_page && e->page_count == 0 && e->page_cause == 0 && e->ticket_id > 0 &&
        now_ms >= e->opened_ms + policy->page_if_missing_ms) {
        e->page_cause = c->event->row;
        say(c, "page", "No page came for this ticket: paging.");
    }
    if (!is_contacted_by_person(e) && !e->contact_prompted &&
        now_ms >= e->opened_ms + policy->contact_within_ms) {
        e->contact_prompted = true;
        say(c, "prompt", "Nobody has contacted the customer yet.");
        tell(c, MESSAGE_NOT_CONTACTED, BUTTON(COMMAND_FIRST_CONTACT) | BUTTON(COMMAND_CONTACTED));
    }
    climb_ladders(c);
    remind_of_notes(c);
    ask_before_hours_end(c);
    warn_of_step(c);
    do_what_is_due(c);
}

/* All that came before has moved with it (events_move): no period gets shorter, and nothing turns into the
 * past or the future of what comes. */
static void take_clock_step(struct step_context *c)
{
    say(c, "clock", "The machine's clock was set %+.1f s: deadlines moved with it.",
        (double)c->event->shift_ms / 1000.0);
}

/* --- all together --- */

/* A mention that is edited into a message reaches nobody: it gets one of its own. */
static void take_account_manager(struct step_context *c)
{
    struct emergency *e = c->e;
    const char *tam = c->event->ticket.tam;
    if (tam[0] && strcmp(e->tam, tam) != 0 && e->thread_wanted)
        tell(c, MESSAGE_CC, 0);
    text_copy(e->tam, sizeof e->tam, tam);
    e->organization_read = true;
}

static void take_told(struct step_context *c)
{
    const struct event *event = c->event;
    struct emergency *e = c->e;
    if (event->ticket.organization[0])
        text_copy(e->organization, sizeof e->organization, event->ticket.organization);
    if (event->ticket.tam_known)
        take_account_manager(c);
    if (event->ticket.zone[0])
        text_copy(e->zone, sizeof e->zone, event->ticket.zone);
    bool of_pager = event->page.agent[0] && strcmp(event->page.agent, e->engineer_id) == 0;
    bool of_slack = event->by_slack[0] && strcmp(event->by_slack, e->engineer_slack) == 0;
    if (of_pager || of_slack) { /* who the engineer is */
        text_copy(e->engineer_email, sizeof e->engineer_email, event->by_email);
        if (event->by[0])
            text_copy(e->engineer, sizeof e->engineer, event->by);
    }
    if (event->text[0])
        say(c, event->call.action ? "prompt" : "note", "%s", event->text);
}

void emergency_init(struct emergency *e, int64_t id, int64_t opened_ms, const struct policy *policy)
{
    *e = (struct emergency){
        .id = id, .opened_ms = opened_ms, .dry_run = policy->dry_run, .last_ms = INT64_MIN};
}

bool event_opens(const struct event *event)
{
    return event->type == EVENT_OPENED || (event->type == EVENT_PAGE && event->page.status != PAGE_RESOLVED);
}

static void remember_order(struct emergency *e, const struct event *event)
{
    e->last_ms = event->at_ms;
    e->last_source = event->source;
    text_copy(e->last_id, sizeof e->last_id, event->id);
}

/* dispatch */
static void take_event(struct step_context *c)
{
    switch (c->event->type) {
    case EVENT_PAGE: take_page(c); break;
    case EVENT_TICKET: take_ticket(c); break;
    case EVENT_COMMENT:
        take_ticket(c); /* a reply that opens a solved ticket again finds the emergency open */
        take_comment(c);
        break;
    case EVENT_TICKET_GONE: take_gone(c); break;
    case EVENT_LINK: take_link(c); break;
    case EVENT_OPENED: take_opened(c); break;
    case EVENT_COMMAND: take_command(c); break;
    case EVENT_WAKE: take_wake(c); break;
    case EVENT_LOOKED: take_looked(c); break;
    case EVENT_RELEASED: take_released(c); break;
    case EVENT_ACCEPTED: take_accepted(c); break;
    case EVENT_REFUSED: take_refused(c); break;
    case EVENT_CLOCK_STEP: take_clock_step(c); break;
    case EVENT_TOLD: take_told(c); break;
    case EVENT_JOINED: take_joined(c); break;
    case EVENT_LEFT: take_left(c); break;
    case EVENT_MEETING_ENDED: take_meeting_ended(c); break;
    case EVENT_CHECKED: take_checked(c); break;
    case EVENT_SHIFT: take_shift(c); break;
    case EVENT_STUCK: take_stuck(c); break;
    case EVENT_IGNORED:
    case EVENT_TICKET_READ:
    case EVENT_TYPE_COUNT: break;
    }
}

void emergency_apply(struct emergency *e, const struct event *event, const struct policy *policy,
                     struct outcome *out)
{
    *out = (struct outcome){.kind = "note"};
    struct step_context c = {e, event, policy, out};
    keep_hours(&c); /* up to now, before anything changes */
    take_event(&c);
    keep_hours(&c); /* of a ticket whose hours have just become known */
    withdraw_first_contact(e);
    settle_clock(e, moment_ms(event));
    begin_work(&c);
    offer_first_contact(&c);
    open_thread(&c);
    remember_order(e, event);
}

/* When an emergency of these events began: with the first that opens one, but for a page from before its
 * ticket was lowered and then raised to what opened this one, or from within the emergency before this one:
 * that page had a trouble of its own. */
static int64_t find_opening(const struct event *events, size_t count)
{
    int64_t opened_ms = INT64_MAX;
    int64_t lowered_ms = INT64_MIN;
    for (size_t i = 0; i < count; i++)
        if (events[i].type != EVENT_TICKET && events[i].ticket.lowered_ms != 0)
            lowered_ms = later(lowered_ms, events[i].ticket.lowered_ms);
    for (size_t i = 0; i < count; i++)
        if (event_opens(&events[i]) && events[i].at_ms < opened_ms &&
            (events[i].type == EVENT_OPENED || events[i].at_ms > lowered_ms))
            opened_ms = events[i].at_ms;
    return opened_ms == INT64_MAX ? events[0].at_ms : opened_ms;
}

void emergency_replay(struct emergency *e, int64_t id, const struct event *events, size_t count,
                      const struct policy *policy, int64_t row, struct outcome *out)
{
    emergency_init(e, id, find_opening(events, count), policy);
    *out = (struct outcome){.kind = "note"};
    for (size_t i = 0; i < count; i++) {
        struct outcome each;
        emergency_apply(e, &events[i], policy, &each);
        if (events[i].row == row)
            *out = each;
    }
}

void emergency_note_late(const struct emergency *was, const struct emergency *is, const struct policy *policy,
                         struct outcome *out)
{
    const struct event nothing = {0};
    struct emergency now = *is;
    struct step_context c = {&now, &nothing, policy, out};
    drop_old_news(was, is, out);
    if (was->phase == PHASE_DOWNGRADED && is->phase == PHASE_ENGAGED && !out->prompts) {
        say(&c, "prompt", BACK_TO_URGENT);
        tell(&c, MESSAGE_ANSWERED_LATE, BUTTON(COMMAND_URGENT));
    }
    if (was->phase == PHASE_ENGAGED && is->phase == PHASE_ENGAGED && was->step == ACTION_DOWNGRADE &&
        is->step == ACTION_NONE && is->downgraded_ms == 0)
        tell_not_downgraded(&c);
    if (was->call_ended_ms == 0 && is->call_ended_ms > 0)
        tell_late_call(&c);
}
