/*
 * What a person may order, and what it does. The table at the end is the contract's: which command is allowed
 * in which state. An order that is not allowed where it stands in the order of events changes nothing.
 */
#include "lib/emergency_internal.h"
#include "lib/text.h"

const char *who(const struct step_context *c)
{
    return c->event->by[0] ? c->event->by : "Somebody";
}

static void take_contacted(struct step_context *c)
{
    someone_met(c);
    say(c, "command", "%s contacted the customer%s%s.", who(c), c->event->text[0] ? ": " : "",
        c->event->text);
    if (before_contact(c->e))
        begin_first_period(c, moment_ms(c->event) - EMERGENCY_CLOCKS_APART_MS, moment_ms(c->event));
    tell(c, MESSAGE_CONTACTED, resolve_button(c));
}

static void take_first_contact(struct step_context *c)
{
    someone_met(c);
    if (c->e->step != ACTION_FIRST_CONTACT)
        begin_step(c, ACTION_FIRST_CONTACT, STEP_BY_ORDER, moment_ms(c->event));
    say(c, "command", "%s posts the first comment.", who(c));
}

/* The second period counts from the last comment by staff, but never from the first contact itself: the
 * customer gets both periods in full. */
static void take_followed_up(struct step_context *c)
{
    struct emergency *e = c->e;
    int64_t start_ms = e->last_staff_ms > e->contacted_ms ? e->last_staff_ms : moment_ms(c->event);
    e->phase = PHASE_FOLLOWED_UP;
    e->followed_up_ms = start_ms;
    e->asked = false;
    e->doubt_ms[DOUBT_ENGINEER_COMMENT] = 0; /* that comment was the follow-up */
    drop_step(e);
    begin_period(e, start_ms, c->policy->downgrade_after_ms);
    say(c, "command", "%s sent the follow-up by hand.", who(c));
    tell(c, MESSAGE_FOLLOWED_UP, BUTTON(COMMAND_REPLIED) | BUTTON(COMMAND_EXTEND) | BUTTON(COMMAND_PAUSE));
}

static void take_replied(struct step_context *c)
{
    say(c, "command", "%s says that the customer answered.", who(c));
    take_answer(c, moment_ms(c->event));
}

static void take_extend(struct step_context *c)
{
    struct emergency *e = c->e;
    int64_t for_ms = c->event->command.for_ms;
    settle_doubts(e, c->event);
    e->meeting_settled = false; /* it may be in use at the next deadline too */
    drop_step(e);
    begin_period(e, moment_ms(c->event), for_ms);
    say(c, "command", "%s extended the period: %lld s from now.", who(c), (long long)(for_ms / 1000));
    tell(c, MESSAGE_EXTENDED, 0);
}

static void take_pause(struct step_context *c)
{
    struct emergency *e = c->e;
    e->paused = true;
    if (e->step == ACTION_FOLLOW_UP ||
        e->step == ACTION_DOWNGRADE) /* also one that a person ordered before */
        drop_step(e);
    text_copy(e->paused_by, sizeof e->paused_by, who(c));
    say(c, "command", "%s paused the clocks.", who(c));
    tell(c, MESSAGE_PAUSED, BUTTON(COMMAND_RESUME));
}

/* The customer's answer, as we have it now, may be newer than the command. */
static bool may_be_answered_since(const struct step_context *c)
{
    return c->e->phase == PHASE_ENGAGED &&
           c->e->last_customer_ms + EMERGENCY_CLOCKS_APART_MS >= moment_ms(c->event);
}

/* Journals of former programs do not tell: then it counts as known. */
static bool saw_engaged(const struct step_context *c)
{
    unsigned saw = c->event->command.saw;
    return !(saw & SAW_NOTED) || (saw & SAW_ENGAGED);
}

static void take_resume(struct step_context *c)
{
    struct emergency *e = c->e;
    e->paused = false;
    e->paused_by[0] = '\0';
    e->bulk_waived = true;
    if (e->phase == PHASE_ENGAGED && saw_engaged(c) && !may_be_answered_since(c)) {
        waive_doubts(e, c->event);
        e->phase = e->before_engaged;
        e->answered_ms = 0;
    }
    say(c, "command", "%s resumed the clocks.", who(c));
    tell(c, MESSAGE_RESUMED, 0);
}

static void take_do_it(struct step_context *c)
{
    struct emergency *e = c->e;
    if (open_doubts(e, e->asked_step) & DOUBT_BIT(DOUBT_MEETING))
        e->meeting_settled = true;
    settle_doubts(e, c->event);
    someone_met(c);
    begin_step(c, e->asked_step, STEP_BY_ANSWER, moment_ms(c->event));
    say(c, "command", "%s: do it.", who(c));
}

/* It may have been engaged by another answer, or by a call. */
static bool saw_last_answer(const struct step_context *c)
{
    const struct command_facts *command = &c->event->command;
    return saw_engaged(c) && (!(command->saw & SAW_NOTED) || c->e->last_customer_ms <= command->read_ms);
}

static void take_downgrade(struct step_context *c)
{
    someone_met(c);
    if (!may_be_answered_since(c) || saw_last_answer(c))
        begin_step(c, ACTION_DOWNGRADE, STEP_BY_ORDER, moment_ms(c->event));
    say(c, "command", "%s ordered the downgrade.", who(c));
}

static void take_urgent(struct step_context *c)
{
    struct emergency *e = c->e;
    if (e->phase == PHASE_DOWNGRADED)
        e->before_engaged = PHASE_DOWNGRADED;
    e->phase = PHASE_ENGAGED;
    begin_step(c, ACTION_URGENT, STEP_BY_ORDER, moment_ms(c->event));
    say(c, "command", "%s: back to urgent.", who(c));
}

static void take_resolve_command(struct step_context *c)
{
    resolve_pages(c);
    text_copy(c->e->taker, sizeof c->e->taker,
              c->event->by_email[0] ? c->event->by_email : c->event->by_slack);
    say(c, "command", "%s resolves the page.", who(c));
}

static void take_note(struct step_context *c)
{
    say(c, "note", "%s", c->event->text);
    tell(c, MESSAGE_NOTE, 0);
}

static void take_close(struct step_context *c)
{
    const char *why = c->event->text;
    char by[96];
    text_format(by, sizeof by, "closed by %s", who(c));
    close_emergency(c, CLOSING_BY_PERSON, why[0] ? why : by);
}

static void take_reopen(struct step_context *c)
{
    struct emergency *e = c->e;
    reopen_emergency(e);
    if (is_raised_since_downgrade(e)) { /* as if by its button */
        e->before_engaged = PHASE_DOWNGRADED;
        e->phase = PHASE_ENGAGED;
    }
    take_pause(c);
    say(c, "command", "Open again.");
}

/* --- who may order what, when --- */

#define IN(phase)      (1u << (phase))
#define BEFORE_CONTACT (IN(PHASE_PAGED) | IN(PHASE_ACKNOWLEDGED))
#define IN_A_PERIOD    (IN(PHASE_CONTACTED) | IN(PHASE_FOLLOWED_UP))
#define ANY_PHASE      ((1u << PHASE_COUNT) - 1)

enum needs {
    NEEDS_OPEN = 1,
    NEEDS_CLOSED = 2,
    NEEDS_TICKET = 4,
    NEEDS_NO_TICKET = 8,
    NEEDS_NOBODY_MET = 16,
    NEEDS_ASKED = 32,
    NEEDS_DOWNGRADED = 64,
    NEEDS_NO_CONTACT = 128,
    NEEDS_CONTACT = 256,
    NEEDS_PAGE = 512, /* one that is not resolved */
};

static const struct command_rule {
    unsigned phases;
    unsigned needs;
    void (*take)(struct step_context *c);
    const char *refusal;
} command_rules[COMMAND_COUNT] = {
    [COMMAND_CONTACTED] = {ANY_PHASE, NEEDS_OPEN | NEEDS_NOBODY_MET, take_contacted,
                           "somebody was in contact with the customer already"},
    [COMMAND_FIRST_CONTACT] = {BEFORE_CONTACT | IN(PHASE_ENGAGED),
                               NEEDS_OPEN | NEEDS_TICKET | NEEDS_NO_CONTACT, take_first_contact,
                               "the first comment is for a ticket whose customer was not contacted yet"},
    [COMMAND_FOLLOWED_UP] = {IN(PHASE_CONTACTED), NEEDS_OPEN, take_followed_up,
                             "only while the first period runs"},
    [COMMAND_REPLIED] = {ANY_PHASE, NEEDS_OPEN, take_replied, "it is closed"},
    [COMMAND_EXTEND] = {IN_A_PERIOD, NEEDS_OPEN, take_extend, "no clock is running"},
    [COMMAND_PAUSE] = {ANY_PHASE, NEEDS_OPEN, take_pause, "it is closed"},
    [COMMAND_RESUME] = {ANY_PHASE, NEEDS_OPEN, take_resume, "it is closed"},
    [COMMAND_DO_IT] = {ANY_PHASE, NEEDS_OPEN | NEEDS_ASKED, take_do_it, "nothing is asked"},
    [COMMAND_DOWNGRADE] = {IN_A_PERIOD | IN(PHASE_ENGAGED), NEEDS_OPEN | NEEDS_TICKET, take_downgrade,
                           "only a ticket whose customer was contacted can be downgraded"},
    [COMMAND_URGENT] = {IN(PHASE_DOWNGRADED) | IN(PHASE_ENGAGED),
                        NEEDS_OPEN | NEEDS_TICKET | NEEDS_DOWNGRADED, take_urgent, "it was not downgraded"},
    [COMMAND_CALL_STARTED] = {ANY_PHASE, NEEDS_OPEN, take_call_started, "it is closed"},
    [COMMAND_LINK] = {ANY_PHASE, NEEDS_OPEN | NEEDS_NO_TICKET, take_link, "it has a ticket already"},
    [COMMAND_NOTE] = {ANY_PHASE, 0, take_note, ""},
    [COMMAND_CLOSE] = {ANY_PHASE, NEEDS_OPEN, take_close, "it is closed already"},
    [COMMAND_REOPEN] = {ANY_PHASE, NEEDS_CLOSED, take_reopen, "it is not closed"},
    [COMMAND_ACK] = {ANY_PHASE, NEEDS_OPEN, take_ack, "it is closed"},
    [COMMAND_TAKE] = {ANY_PHASE, NEEDS_OPEN, take_take, "it is closed"},
    [COMMAND_NOT_EMERGENCY] = {ANY_PHASE, NEEDS_OPEN, take_not_emergency, "it is closed"},
    [COMMAND_PAGE] = {ANY_PHASE, 0, take_page_somebody, ""},
    [COMMAND_MANAGER] = {ANY_PHASE, NEEDS_OPEN, take_manager, "it is closed"},
    [COMMAND_CALL_ENDED] = {ANY_PHASE, NEEDS_OPEN, take_call_ended, "it is closed"},
    [COMMAND_HANDOFF] = {ANY_PHASE, NEEDS_OPEN, take_handoff, "it is closed"},
    [COMMAND_BULK] = {ANY_PHASE, NEEDS_OPEN | NEEDS_TICKET, take_bulk, "it has no ticket"},
    [COMMAND_RESOLVE] = {ANY_PHASE, NEEDS_OPEN | NEEDS_PAGE | NEEDS_CONTACT, take_resolve_command,
                         "only a page whose customer was contacted, and that is not resolved yet"},
    [COMMAND_DUTY] = {ANY_PHASE, NEEDS_OPEN, take_duty, "it is closed"},
    [COMMAND_COLLEAGUE] = {ANY_PHASE, NEEDS_OPEN, take_colleague, "it is closed"},
};

static bool has_unresolved_page(const struct emergency *e)
{
    for (int i = 0; i < e->page_count; i++)
        if (e->pages[i].status != PAGE_RESOLVED)
            return true;
    return false;
}

static bool meets(const struct emergency *e, unsigned needs)
{
    const struct {
        enum needs need;
        bool met;
    } facts[] = {
        {NEEDS_OPEN, e->closing == CLOSING_NONE},
        {NEEDS_CLOSED, e->closing != CLOSING_NONE},
        {NEEDS_TICKET, e->ticket_id > 0},
        {NEEDS_NO_TICKET, e->ticket_id == 0},
        {NEEDS_NOBODY_MET, !e->met},
        {NEEDS_ASKED, e->asked},
        {NEEDS_DOWNGRADED, e->downgraded_ms > 0},
        {NEEDS_NO_CONTACT, e->contacted_ms == 0},
        {NEEDS_CONTACT, e->contacted_ms > 0 || e->met},
        {NEEDS_PAGE, has_unresolved_page(e)},
    };
    for (size_t i = 0; i < COUNT_OF(facts); i++)
        if ((needs & facts[i].need) && !facts[i].met)
            return false;
    return true;
}

const char *emergency_forbids(const struct emergency *e, enum command command)
{
    const struct command_rule *rule = &command_rules[command];
    if (command <= COMMAND_NONE || command >= COMMAND_COUNT || !rule->take)
        return "no such command";
    if ((rule->needs & NEEDS_OPEN) && e->closing != CLOSING_NONE)
        return "it is closed";
    return (rule->phases & IN(e->phase)) && meets(e, rule->needs) ? NULL : rule->refusal;
}

/* What a person says has happened, also if something told late stands before it now: an end, or a colleague
 * in the bridge. */
static bool tells_fact(enum command command)
{
    return command == COMMAND_CONTACTED || command == COMMAND_REPLIED || command == COMMAND_CALL_STARTED ||
           command == COMMAND_CALL_ENDED;
}

/* What was ordered for a period that, as an answer or an end told late have it, rested by then: it holds for
 * what is left, should the clocks go on. */
static void take_for_resting(struct step_context *c)
{
    struct emergency *e = c->e;
    const struct command_facts *command = &c->event->command;
    enum phase *phase = e->phase == PHASE_ENGAGED ? &e->before_engaged : &e->phase;
    bool has_period = *phase == PHASE_CONTACTED || *phase == PHASE_FOLLOWED_UP;
    if (!has_period || e->due_ms != 0 || !(command->saw & SAW_NOTED)) /* older journals add up as they did */
        return;
    if (command->name == COMMAND_EXTEND) {
        e->left_ms = command->for_ms;
    } else if (command->name == COMMAND_FOLLOWED_UP && *phase == PHASE_CONTACTED) {
        *phase = PHASE_FOLLOWED_UP;
        e->followed_up_ms = moment_ms(c->event);
        e->doubt_ms[DOUBT_ENGINEER_COMMENT] = 0; /* that comment was the follow-up */
        e->left_ms = c->policy->downgrade_after_ms;
    }
}

/* What was ordered when the end of the ticket was not told yet: it holds should the ticket be open again. */
static void take_for_ended(struct step_context *c)
{
    struct emergency *e = c->e;
    const struct command_facts *command = &c->event->command;
    bool may_return = e->closing == CLOSING_TICKET_SOLVED || e->closing == CLOSING_TICKET_GONE;
    if (e->closing == CLOSING_NONE || !(command->saw & SAW_NOTED))
        return;
    if (command->name == COMMAND_PAUSE)
        take_pause(c);
    else if (command->name == COMMAND_RESUME)
        take_resume(c);
    else if (command->name == COMMAND_CLOSE && may_return)
        e->closing = CLOSING_BY_PERSON;
}

void take_command(struct step_context *c)
{
    enum command command = c->event->command.name;
    if (tells_fact(command) || !emergency_forbids(c->e, command)) {
        command_rules[command].take(c);
        return;
    }
    take_for_resting(c);
    take_for_ended(c);
}
