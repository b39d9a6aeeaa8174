/*
 * The handbook's doubts: they are noted at once while the clock runs on, asked when the step is due, and
 * settled by the word of a person who was asked. See emergency.c.
 */
#include "lib/emergency_internal.h"
#include "lib/text.h"

#define DOWNGRADE_DOUBTS                                                                                     \
    (DOUBT_BIT(DOUBT_AUTO_REPLY) | DOUBT_BIT(DOUBT_NOBODY_MET) | DOUBT_BIT(DOUBT_MEETING))

unsigned open_doubts(const struct emergency *e, enum action_kind step)
{
    unsigned doubts = 0;
    for (unsigned d = 0; d < DOUBT_COUNT; d++)
        if (e->doubt_ms[d] > 0)
            doubts |= DOUBT_BIT(d);
    return step == ACTION_DOWNGRADE ? doubts : doubts & ~DOWNGRADE_DOUBTS;
}

void emergency_note_shown(const struct emergency *e, struct command_facts *command)
{
    unsigned doubts = e->asked ? open_doubts(e, e->asked_step) : 0;
    command->saw = SAW_NOTED | (e->phase == PHASE_ENGAGED ? SAW_ENGAGED : 0) | doubts << SAW_DOUBTS;
    command->read_ms = e->last_customer_ms;
    command->doubted_ms = 0;
    for (unsigned d = 0; d < DOUBT_COUNT; d++)
        command->doubted_ms = later(command->doubted_ms, e->doubt_ms[d]);
}

void settle_doubts(struct emergency *e, const struct event *command)
{
    unsigned shown = e->asked ? open_doubts(e, e->asked_step) : 0;
    int64_t until_ms = moment_ms(command);
    if (command->command.saw & SAW_NOTED)
        shown &= command->command.saw >> SAW_DOUBTS;
    /* one told since may be newer, though its time is by Zendesk's clock, which may be a little behind */
    if (command->command.doubted_ms != 0 && command->command.doubted_ms < until_ms)
        until_ms = command->command.doubted_ms;
    for (unsigned d = 0; d < DOUBT_COUNT; d++)
        if ((shown & DOUBT_BIT(d)) && e->doubt_ms[d] <= until_ms)
            e->doubt_ms[d] = 0;
    e->asked = false;
}

void waive_doubts(struct emergency *e, const struct event *command)
{
    for (unsigned d = 0; d < DOUBT_COUNT; d++)
        if (e->doubt_ms[d] >= e->answered_ms && e->doubt_ms[d] <= command->command.doubted_ms)
            e->doubt_ms[d] = 0;
}

bool note_doubt(struct emergency *e, enum doubt doubt, int64_t at_ms, const char *by)
{
    if (e->phase == PHASE_DOWNGRADED || at_ms <= e->doubt_ms[doubt])
        return false;
    e->doubt_ms[doubt] = at_ms;
    if (by[0])
        text_copy(e->doubt_by, sizeof e->doubt_by, by);
    return true;
}

/* Notes a doubt while the clock runs on; it is asked when the step is due. Before contact nothing is told: it
 * matters only if the customer turns out to have been contacted before it. */
void take_doubt(struct step_context *c, enum doubt doubt, int64_t at_ms, const char *sentence)
{
    if (note_doubt(c->e, doubt, at_ms, c->event->by) && in_period(c->e))
        tell_doubt(c, sentence);
}

void tell_doubt(struct step_context *c, const char *sentence)
{
    say(c, "comment", "%s Before the next step you will be asked.", sentence);
    tell(c, MESSAGE_DOUBTED, BUTTON(COMMAND_REPLIED) | BUTTON(COMMAND_EXTEND));
}

void drop_doubts_before(struct emergency *e, int64_t start_ms)
{
    for (unsigned d = 0; d < DOUBT_COUNT; d++)
        if (e->doubt_ms[d] < start_ms)
            e->doubt_ms[d] = 0;
    if (e->doubt_join_before_ms < start_ms)
        e->doubt_join_before_ms = 0;
}

/* Doubts of the moment: how late it is, whether anybody was there. */
static void doubt_the_moment(struct step_context *c)
{
    struct emergency *e = c->e;
    int64_t now_ms = moment_ms(c->event);
    bool clock_step = e->step == ACTION_FOLLOW_UP || e->step == ACTION_DOWNGRADE;
    if (clock_step && now_ms - e->step_due_ms > c->policy->stale_after_ms)
        e->doubt_ms[DOUBT_STALE] = now_ms;
    if (e->step == ACTION_DOWNGRADE && !e->met)
        e->doubt_ms[DOUBT_NOBODY_MET] = now_ms;
}

/* Holds a step that is due for a person's word, if there is a doubt that the person has not settled. */
void ask_if_doubtful(struct step_context *c)
{
    struct emergency *e = c->e;
    if (e->step_by == STEP_AUTOMATICALLY)
        return;
    doubt_the_moment(c);
    unsigned doubts = open_doubts(e, e->step);
    if (e->step_by == STEP_BY_ORDER) /* who orders a step has settled all but that it came too late */
        doubts &= DOUBT_BIT(DOUBT_STALE);
    if (doubts == 0)
        return;
    e->asked_step = e->step;
    e->asked_ms = moment_ms(c->event);
    e->reminded = false;
    e->ladders[LADDER_ASKED] = (struct ladder){0};
    if (e->due_ms == 0) /* it was ordered while no clock ran */
        e->left_ms = 0;
    drop_step(e);
    e->asked = true;
    char why[256];
    emergency_held_why(e, why, sizeof why);
    say(c, "prompt", "%s", why);
    tell(c, MESSAGE_ASKED, BUTTON(COMMAND_DO_IT) | BUTTON(COMMAND_EXTEND) | BUTTON(COMMAND_REPLIED));
}
