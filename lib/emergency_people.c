/*
 * The handbook's people: who has taken the emergency, whom to call if nobody has, who comes next. See
 * emergency.c.
 */
#include "lib/emergency_internal.h"
#include "lib/text.h"

#include <string.h>

/* --- who has taken it --- */

static const struct page *latest_acknowledged(const struct emergency *e)
{
    const struct page *latest = NULL;
    for (int i = 0; i < e->page_count; i++) {
        const struct page *page = &e->pages[i];
        if (page->acknowledged && (!latest || page->acknowledged_ms >= latest->acknowledged_ms))
            latest = page;
    }
    return latest;
}

bool emergency_is_taken(const struct emergency *e)
{
    if (e->taken_ms > 0 && !e->taken_busy)
        return true;
    for (int i = 0; i < e->page_count; i++)
        if (e->pages[i].acknowledged && !e->pages[i].by_busy)
            return true;
    return false;
}

/* Another engineer: what is known of the one before is no longer about them. */
static void set_engineer(struct emergency *e, const char *name, const char *id)
{
    if (strcmp(e->engineer_id, id) == 0 && strcmp(e->engineer, name) == 0)
        return;
    bool same = id[0] && strcmp(e->engineer_id, id) == 0;
    if (!same)
        e->engineer_email[0] = e->engineer_slack[0] = '\0';
    text_copy(e->engineer, sizeof e->engineer, name);
    text_copy(e->engineer_id, sizeof e->engineer_id, id);
}

/* What is downgraded already needs nothing, however late it is acknowledged. */
bool is_work_to_do(const struct emergency *e)
{
    bool is_known = e->ticket_id > 0 || e->link_prompted;
    return e->acknowledged_ms > 0 && e->closing == CLOSING_NONE && is_known && e->phase != PHASE_DOWNGRADED;
}

void begin_work(struct step_context *c)
{
    struct emergency *e = c->e;
    if (!is_work_to_do(e))
        return;
    if (e->bridge_number == 0 && !e->bridge_url[0])
        want_bridge(c);
    if (c->policy->has_runbook && !bridge_may_come(c)) /* the issue is to name the bridge */
        e->runbook_wanted = true;
}

/* The state before contact follows from whether anybody has it. */
static void settle_acknowledged(struct step_context *c, bool is_acknowledged)
{
    struct emergency *e = c->e;
    enum phase *phase = e->phase == PHASE_ENGAGED ? &e->before_engaged : &e->phase;
    if (*phase >= PHASE_CONTACTED)
        return;
    bool was_acknowledged = *phase == PHASE_ACKNOWLEDGED;
    *phase = is_acknowledged ? PHASE_ACKNOWLEDGED : PHASE_PAGED;
    if (is_acknowledged)
        return;
    e->acknowledged_ms = 0;
    if (was_acknowledged && e->closing == CLOSING_NONE)
        tell(c, MESSAGE_UNACKNOWLEDGED, BUTTON(COMMAND_ACK));
}

static void take_engineer_of(struct step_context *c, const struct page *page)
{
    struct emergency *e = c->e;
    if (page->engineer[0])
        set_engineer(e, page->engineer, page->engineer_id);
    if (c->event->by_email[0] && strcmp(c->event->page.agent, e->engineer_id) == 0)
        text_copy(e->engineer_email, sizeof e->engineer_email, c->event->by_email);
}

static void tell_acknowledged(struct step_context *c)
{
    tell(c, MESSAGE_ACKNOWLEDGED,
         BUTTON(COMMAND_FIRST_CONTACT) | BUTTON(COMMAND_CONTACTED) | BUTTON(COMMAND_NOT_EMERGENCY) |
             BUTTON(COMMAND_DUTY));
}

/* Acknowledged while any page is, or a command took it; the engineer is the latest to do so. */
void take_acknowledgements(struct step_context *c)
{
    struct emergency *e = c->e;
    const struct page *latest = latest_acknowledged(e);
    bool by_page = latest && latest->acknowledged_ms > e->taken_ms;
    bool was_acknowledged = e->acknowledged_ms > 0;
    if (by_page)
        take_engineer_of(c, latest);
    int64_t since_ms = by_page ? latest->acknowledged_ms : e->taken_ms;
    if (!was_acknowledged)
        e->acknowledged_ms = since_ms;
    if (since_ms > 0 && !was_acknowledged && e->closing == CLOSING_NONE)
        tell_acknowledged(c);
    settle_acknowledged(c, since_ms > 0);
}

static void take_by_command(struct step_context *c, bool busy)
{
    struct emergency *e = c->e;
    const struct event *event = c->event;
    for (int i = 0; i < e->page_count; i++) {
        if (e->pages[i].status == PAGE_TRIGGERED)
            e->pages[i].acknowledge_cause = event->row;
        e->pages[i].by_busy = e->pages[i].by_busy && busy; /* who takes it takes all of it */
    }
    bool from_another = e->acknowledged_ms > 0 && e->engineer[0] && strcmp(e->engineer, event->by) != 0 &&
                        (!event->page.agent[0] || strcmp(e->engineer_id, event->page.agent) != 0);
    e->taken_ms = moment_ms(event);
    e->taken_busy = busy;
    if (from_another)
        tell(c, MESSAGE_TAKEN_OVER, 0);
    text_copy(e->taker, sizeof e->taker, event->by_email[0] ? event->by_email : event->by_slack);
    set_engineer(e, event->by, event->page.agent);
    if (event->by_email[0])
        text_copy(e->engineer_email, sizeof e->engineer_email, event->by_email);
    text_copy(e->engineer_slack, sizeof e->engineer_slack, event->by_slack);
    take_acknowledgements(c);
}

void take_ack(struct step_context *c)
{
    say(c, "command", "%s acknowledges.", who(c));
    take_by_command(c, c->event->page.busy_with > 0);
    note_busy(c);
}

void take_take(struct step_context *c)
{
    say(c, "command", "%s takes it.", who(c));
    c->e->busy_with = 0;
    take_by_command(c, false);
}

/* Whose other emergency became known only with the ticket's organisation. */
static void mark_busy_pages(struct emergency *e)
{
    for (int i = 0; i < e->page_count; i++)
        if (e->pages[i].acknowledged && strcmp(e->pages[i].engineer_id, e->engineer_id) == 0)
            e->pages[i].by_busy = true;
}

/* Its engineer has another customer's emergency already: the manager finds a second engineer. Said once. */
void note_busy(struct step_context *c)
{
    struct emergency *e = c->e;
    int64_t other = c->event->page.busy_with;
    bool takes_both = e->taken_ms > 0 && !e->taken_busy;
    if (other <= 0 || e->busy_with == other || e->closing != CLOSING_NONE || takes_both)
        return;
    if (c->event->type != EVENT_PAGE)
        mark_busy_pages(e);
    if (emergency_is_taken(e))
        return;
    bool told = e->busy_with != 0;
    e->busy_with = other;
    say(c, "page", "Its engineer is busy with emergency %lld.", (long long)other);
    if (told)
        return;
    tell(c, MESSAGE_SECOND, BUTTON(COMMAND_TAKE) | BUTTON(COMMAND_MANAGER));
    post(c, MESSAGE_SECOND_MANAGERS, PLACE_MANAGERS);
    effect(c,
           &(struct effect){.kind = EFFECT_SUMMON, .message = MESSAGE_SECOND_MANAGERS, .who = WHO_MANAGER});
}

/* --- the ladders --- */

int64_t emergency_rung_cause(enum ladder_kind ladder, int rung)
{
    return (int64_t)rung * LADDER_COUNT + (int64_t)ladder + 1;
}

enum ladder_kind emergency_rung_ladder(int64_t cause)
{
    return (enum ladder_kind)((cause - 1) % LADDER_COUNT);
}

bool emergency_ladder_stands(const struct emergency *e, enum ladder_kind kind)
{
    if (e->closing != CLOSING_NONE)
        return false;
    switch (kind) {
    case LADDER_TAKE: /* whoever answered all of an incident has it, while that lasts */
        return !emergency_is_taken(e) && !(e->bulk_answered && bulk_holds(e));
    case LADDER_CONTACT: return !is_contacted_by_person(e);
    case LADDER_ASKED: return e->asked && e->reminded;
    default: return false;
    }
}

/* When the next rung is due; 0 never. Overdue ones keep their distance from the last. */
static int64_t rung_due_ms(const struct emergency *e, const struct policy *policy, enum ladder_kind kind)
{
    const struct ladder *ladder = &e->ladders[kind];
    if (!emergency_ladder_stands(e, kind) || ladder->checking || ladder->rung >= policy->rung_count)
        return 0;
    int64_t from_ms = e->opened_ms;
    if (kind == LADDER_CONTACT)
        from_ms += policy->contact_within_ms;
    else if (kind == LADDER_ASKED)
        from_ms = e->asked_ms + EMERGENCY_REMIND_MS;
    int64_t due_ms = from_ms + policy->rung_after_ms[ladder->rung];
    if (ladder->rung == 0 || ladder->last_ms == 0)
        return due_ms;
    int64_t apart_ms = policy->rung_after_ms[ladder->rung] - policy->rung_after_ms[ladder->rung - 1];
    return later(due_ms, ladder->last_ms + apart_ms);
}

void climb_ladders(struct step_context *c)
{
    for (int kind = 0; kind < LADDER_COUNT; kind++) {
        struct ladder *ladder = &c->e->ladders[kind];
        int64_t due_ms = rung_due_ms(c->e, c->policy, (enum ladder_kind)kind);
        if (!emergency_ladder_stands(c->e, (enum ladder_kind)kind))
            ladder->checking = false;
        else if (due_ms != 0 && due_ms <= moment_ms(c->event))
            ladder->checking = true;
    }
}

void wake_for_ladders(const struct emergency *e, const struct policy *policy, int64_t *wake_ms)
{
    for (int kind = 0; kind < LADDER_COUNT; kind++) {
        int64_t due_ms = rung_due_ms(e, policy, (enum ladder_kind)kind);
        if (due_ms != 0)
            sooner(wake_ms, due_ms);
    }
}

/* The pages were read, and what they showed is applied: is the rung still wanted? */
void take_checked(struct step_context *c)
{
    static const struct {
        enum message message;
        const char *say;
        int64_t buttons;
    } ladders[LADDER_COUNT] = {
        [LADDER_TAKE] = {MESSAGE_NOT_TAKEN, "Nobody has taken it", BUTTON(COMMAND_TAKE)},
        [LADDER_CONTACT] = {MESSAGE_NOBODY_CONTACTED, "Nobody has contacted the customer",
                            BUTTON(COMMAND_FIRST_CONTACT) | BUTTON(COMMAND_CONTACTED)},
        [LADDER_ASKED] = {MESSAGE_NOBODY_DECIDED, "Nobody has decided on the step that is asked",
                          BUTTON(COMMAND_DO_IT) | BUTTON(COMMAND_EXTEND) | BUTTON(COMMAND_REPLIED)},
    };
    enum ladder_kind kind = emergency_rung_ladder(c->event->call.cause);
    struct ladder *ladder = &c->e->ladders[kind];
    if (!ladder->checking || c->event->call.cause != emergency_rung_cause(kind, ladder->rung))
        return;
    ladder->checking = false;
    if (!emergency_ladder_stands(c->e, kind))
        return;
    int rung = ladder->rung++;
    ladder->last_ms = moment_ms(c->event);
    say(c, "prompt", "%s: calling the next in line (%d).", ladders[kind].say, rung + 1);
    effect(c, &(struct effect){.kind = EFFECT_REPLY,
                               .message = ladders[kind].message,
                               .who = WHO_RUNG,
                               .rung = rung,
                               .buttons = ladders[kind].buttons});
    effect(c, &(struct effect){.kind = EFFECT_POST,
                               .message = ladders[kind].message,
                               .place = PLACE_RUNG,
                               .who = WHO_RUNG,
                               .rung = rung});
    summon(c, WHO_RUNG, rung);
}

/* --- whom a person calls --- */

void take_not_emergency(struct step_context *c)
{
    say(c, "command", "%s asks whether this is an emergency.", who(c));
    tell(c, MESSAGE_NOT_EMERGENCY, 0);
    post(c, MESSAGE_NOT_EMERGENCY, PLACE_MANAGERS);
}

void take_page_somebody(struct step_context *c)
{
    say(c, "command", "%s pages %s.", who(c), name_or(c->event->command.to, "the engineer on call"));
    effect(c, &(struct effect){.kind = EFFECT_REPLY, .message = MESSAGE_PERSON_PAGED, .who = WHO_NAMED});
    summon(c, WHO_NAMED, 0);
}

void take_manager(struct step_context *c)
{
    say(c, "command", "%s calls the manager on call.", who(c));
    effect(c, &(struct effect){.kind = EFFECT_REPLY, .message = MESSAGE_MANAGER_CALLED, .who = WHO_MANAGER});
    post(c, MESSAGE_MANAGER_CALLED, PLACE_MANAGERS);
    summon(c, WHO_MANAGER, 0);
}

void take_handoff(struct step_context *c)
{
    say(c, "command", "%s hands over to %s.", who(c), c->event->command.to);
    effect(c, &(struct effect){.kind = EFFECT_REPLY, .message = MESSAGE_HANDOFF, .who = WHO_NAMED});
}

void take_duty(struct step_context *c)
{
    say(c, "command", "%s asks who takes over their other shift.", who(c));
    post(c, MESSAGE_DUTY, PLACE_DUTY);
}

void take_colleague(struct step_context *c)
{
    say(c, "command", "%s asks for a colleague on the call.", who(c));
    post(c, MESSAGE_COLLEAGUE, PLACE_PRODUCT);
}

void take_shift(struct step_context *c)
{
    if (c->e->closing != CLOSING_NONE)
        return;
    say(c, "note", "The shift ends: next on call is %s.", name_or(c->event->by, "nobody that is known"));
    tell(c, MESSAGE_SHIFT, 0);
}

/* The customer waits, and the service refuses: somebody does it by hand. */
void take_stuck(struct step_context *c)
{
    if (c->e->closing != CLOSING_NONE)
        return;
    say(c, "prompt", "What can't be sent: %s. Do it by hand.", action_words(c->event->call.kind));
    tell(c, MESSAGE_STUCK, BUTTON(COMMAND_FOLLOWED_UP) | BUTTON(COMMAND_CONTACTED));
    post(c, MESSAGE_STUCK, PLACE_MANAGERS);
    summon(c, WHO_ENGINEER, 0);
}
