/*
 * The handbook's holds that no person sets: the hours of the ticket's coverage, and the incident that it
 * belongs to. See emergency.c.
 */
#include "lib/coverage.h"
#include "lib/emergency_internal.h"
#include "lib/text.h"

#include <string.h>

/* --- hours --- */

static const struct coverage *window_of(const struct emergency *e, const struct policy *policy)
{
    for (int i = 0; e->coverage[0] && i < policy->coverage_count; i++)
        if (strcmp(policy->coverages[i].name, e->coverage) == 0)
            return policy->coverages[i].window;
    return NULL;
}

/* Nobody said a word, and now it is over. */
static void drop_question(struct emergency *e)
{
    if (e->doubt_ms[DOUBT_HOURS] > 0)
        e->asked = false;
    e->doubt_ms[DOUBT_HOURS] = 0;
}

/* The hours ended at AT_MS: what is left of the period waits for the next ones. */
static void end_hours(struct emergency *e, int64_t at_ms)
{
    e->off_hours = true;
    drop_question(e);
    if (e->due_ms != 0 && !e->asked) {
        e->left_ms = later(e->due_ms - at_ms, 0);
        e->due_ms = 0;
    }
}

static void begin_hours(struct emergency *e, int64_t at_ms)
{
    e->off_hours = false;
    if (e->due_ms == 0 && clock_may_run(e))
        e->due_ms = at_ms + e->left_ms;
}

/* As they are now, whatever was before. */
static void see_hours(struct emergency *e, const struct coverage *window, int64_t now_ms)
{
    e->off_hours = !coverage_is_open(window, now_ms);
    e->hours_seen_ms = now_ms;
    if (e->off_hours)
        drop_question(e);
}

/* Boundaries that have passed since the last look count as of their own time, however late that is noticed;
 * but nothing passed when the machine's clock was set. */
void keep_hours(struct step_context *c)
{
    struct emergency *e = c->e;
    int64_t now_ms = moment_ms(c->event);
    const struct coverage *window = window_of(e, c->policy);
    if (!window) {
        drop_question(e);
        e->off_hours = false;
        e->hours_seen_ms = 0;
        return;
    }
    if (e->hours_seen_ms == 0 || c->event->type == EVENT_CLOCK_STEP) {
        see_hours(e, window, now_ms);
        return;
    }
    for (;;) {
        int64_t change_ms = coverage_next_change_ms(window, e->hours_seen_ms);
        if (change_ms > now_ms)
            break;
        e->hours_seen_ms = change_ms;
        if (coverage_is_open(window, change_ms))
            begin_hours(e, change_ms);
        else
            end_hours(e, change_ms);
    }
    e->hours_seen_ms = later(e->hours_seen_ms, now_ms);
}

/* When the hours end, if a step is not due before that and nobody was asked yet; 0 no such thing. */
static int64_t crossed_end_ms(const struct emergency *e, const struct policy *policy)
{
    const struct coverage *window = window_of(e, policy);
    if (!window || e->off_hours || !clock_may_run(e) || e->due_ms == 0 || e->asked || e->step != ACTION_NONE)
        return 0;
    int64_t end_ms = coverage_next_change_ms(window, e->hours_seen_ms);
    return end_ms < INT64_MAX && e->due_ms >= end_ms && e->hours_asked_ms != end_ms ? end_ms : 0;
}

void ask_before_hours_end(struct step_context *c)
{
    struct emergency *e = c->e;
    int64_t end_ms = crossed_end_ms(e, c->policy);
    if (end_ms == 0 || moment_ms(c->event) < end_ms - EMERGENCY_WARN_MS)
        return;
    e->hours_asked_ms = end_ms;
    e->doubt_ms[DOUBT_HOURS] = e->asked_ms = moment_ms(c->event);
    e->asked_step = clock_step(e);
    e->asked = true;
    e->reminded = false;
    e->ladders[LADDER_ASKED] = (struct ladder){0};
    say(c, "prompt",
        "The ticket's hours end before the %s is due: do-it now, extend, or leave it for the next hours.",
        e->phase == PHASE_CONTACTED ? "follow-up" : "downgrade");
    tell(c, MESSAGE_HOURS_END, BUTTON(COMMAND_DO_IT) | BUTTON(COMMAND_EXTEND) | BUTTON(COMMAND_REPLIED));
}

void wake_for_hours(const struct emergency *e, const struct policy *policy, int64_t *wake_ms)
{
    const struct coverage *window = window_of(e, policy);
    int64_t end_ms = crossed_end_ms(e, policy);
    if (end_ms != 0)
        sooner(wake_ms, end_ms - EMERGENCY_WARN_MS);
    if (!window || e->hours_seen_ms == 0)
        return;
    int64_t change_ms = coverage_next_change_ms(window, e->hours_seen_ms);
    if (change_ms < INT64_MAX)
        sooner(wake_ms, change_ms);
}

/* --- the incident --- */

bool bulk_holds(const struct emergency *e)
{
    return e->bulk[0] && !e->bulk_waived;
}

static void put_under(struct step_context *c, const char *tag, bool by_person)
{
    struct emergency *e = c->e;
    if (strcmp(e->bulk, tag) == 0) {
        e->bulk_by_person = e->bulk_by_person || by_person;
        return;
    }
    text_copy(e->bulk, sizeof e->bulk, tag);
    e->bulk_by_person = by_person;
    e->bulk_waived = false;
    e->asked = false;
    if (e->step == ACTION_FOLLOW_UP || e->step == ACTION_DOWNGRADE)
        drop_step(e);
    say(c, "ticket", "It belongs to %s: its clocks rest.", tag);
    tell(c, MESSAGE_BULK_HELD, BUTTON(COMMAND_RESUME));
}

static void lift_bulk(struct step_context *c)
{
    struct emergency *e = c->e;
    if (!e->bulk[0] || e->bulk_by_person)
        return;
    e->bulk[0] = '\0';
    e->bulk_waived = false;
    say(c, "ticket", "It belongs to no incident any more: its clocks go on.");
    tell(c, MESSAGE_BULK_LIFTED, 0);
}

/* Where the ticket belongs, by its tags and form. */
void take_sorting(struct step_context *c)
{
    struct emergency *e = c->e;
    const struct ticket_facts *facts = &c->event->ticket;
    if (!facts->sorted)
        return;
    e->sorted = true;
    text_copy(e->product, sizeof e->product, facts->product);
    if (strcmp(e->coverage, facts->coverage) != 0) {
        text_copy(e->coverage, sizeof e->coverage, facts->coverage);
        e->hours_seen_ms = e->hours_asked_ms = 0;
        drop_question(e);
    }
    if (e->closing != CLOSING_NONE)
        return;
    if (facts->bulk[0])
        put_under(c, facts->bulk, false);
    else
        lift_bulk(c);
}

/* One command for all of an incident: each of its emergencies gets it as an event of its own. */
void take_bulk(struct step_context *c)
{
    const struct event *event = c->event;
    put_under(c, event->command.to, true);
    if (!event->text[0])
        return;
    say(c, "command", "%s answers all of %s.", who(c), event->command.to);
    effect(c, &(struct effect){.kind = EFFECT_ANSWER});
}

void accept_bulk_answer(struct step_context *c)
{
    say(c, "call", "Answered with the text for the whole incident.");
    tell(c, MESSAGE_BULK_ANSWERED, 0);
    c->e->bulk_answered = true;
    if (before_contact(c->e))
        begin_first_period_by_write(c);
}
