/*
 * The expectations of emergency_story.h. One that fails tells the story's time and how things stand.
 */
#include "tests/unit/emergency_story.h"

#include "lib/timestamp.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

/* As the story would write it. */
const char *clock_of(int64_t ms, char *out, size_t size)
{
    char text[TIMESTAMP_SIZE];
    int64_t of_day = ms - clock_ms("00:00:00");
    timestamp_format(ms, text);
    if (ms == 0)
        (void)snprintf(out, size, "never");
    else
        (void)snprintf(out, size, "%s", of_day >= 0 && of_day < DAY_MS ? text + strlen("2026-11-23T") : text);
    return out;
}

bool find_want(const struct story *t, enum action_kind kind, struct want *found)
{
    struct want list[EMERGENCY_WANTS];
    size_t count = emergency_wants(&t->e, list);
    for (size_t i = 0; i < count; i++) {
        if (list[i].kind != kind)
            continue;
        *found = list[i];
        return true;
    }
    return false;
}

void expect_state(const struct story *t, const char *state)
{
    char clock[32];
    if (strcmp(emergency_state(&t->e), state) != 0)
        ck_abort_msg("%s: the state is %s, not %s", clock_of(t->at_ms, clock, sizeof clock),
                     emergency_state(&t->e), state);
}

void expect_held(const struct story *t, const char *held)
{
    const char *is = emergency_held(&t->e);
    if (strcmp(is ? is : "not", held ? held : "not") != 0)
        ck_abort_msg("held: %s, wanted %s", is ? is : "not", held ? held : "not");
}

static void expect_next_ms(const struct story *t, enum action_kind step, int64_t due_ms)
{
    char now[32], got[32], want[32];
    int64_t is_ms;
    enum action_kind is = emergency_next(&t->e, &is_ms);
    if (is == ACTION_NONE)
        is_ms = 0;
    if (is != step || is_ms != due_ms)
        ck_abort_msg("%s: next is %s at %s, wanted %s at %s", clock_of(t->at_ms, now, sizeof now),
                     action_kind_name(is), clock_of(is_ms, got, sizeof got), action_kind_name(step),
                     clock_of(due_ms, want, sizeof want));
}

void expect_next(const struct story *t, enum action_kind step, const char *clock)
{
    expect_next_ms(t, step, clock_ms(clock));
}

void expect_no_next(const struct story *t)
{
    expect_next_ms(t, ACTION_NONE, 0);
}

bool wants(const struct story *t, enum action_kind kind)
{
    struct want unused;
    return find_want(t, kind, &unused);
}

void expect_wants(const struct story *t, enum action_kind kind)
{
    char clock[32];
    if (!wants(t, kind))
        ck_abort_msg("%s: no %s is wanted", clock_of(t->at_ms, clock, sizeof clock), action_kind_name(kind));
}

void expect_no_step(const struct story *t)
{
    char clock[32];
    for (enum action_kind kind = ACTION_FIRST_CONTACT; kind <= ACTION_URGENT; kind++)
        if (wants(t, kind))
            ck_abort_msg("%s: %s is wanted", clock_of(t->at_ms, clock, sizeof clock), action_kind_name(kind));
}

void expect_time(int64_t ms, const char *clock)
{
    char got[32];
    if (ms != (clock ? clock_ms(clock) : 0))
        ck_abort_msg("%s, wanted %s", clock_of(ms, got, sizeof got), clock ? clock : "never");
}

void expect_wake(const struct story *t, const char *clock)
{
    expect_time(emergency_wake_ms(&t->e, &t->policy), clock);
}

void expect_said(const struct story *t, const char *part)
{
    if (!strstr(t->out.say, part))
        ck_abort_msg("said \"%s\", without \"%s\"", t->out.say, part);
}

void expect_prompt(const struct story *t, const char *part)
{
    expect_said(t, part);
    ck_assert_msg(t->out.prompts, "said without asking: %s", t->out.say);
    ck_assert_str_eq(t->out.kind, "prompt");
}

void expect_no_prompt(const struct story *t)
{
    ck_assert_msg(!t->out.prompts, "asked: %s", t->out.say);
}

void expect_why(const struct story *t, const char *part)
{
    char why[640];
    emergency_held_why(&t->e, why, sizeof why);
    if (!strstr(why, part))
        ck_abort_msg("held because \"%s\", without \"%s\"", why, part);
}

void expect_same(const struct emergency *a, const struct emergency *b, const char *what)
{
    const unsigned char *left = (const unsigned char *)a, *right = (const unsigned char *)b;
    for (size_t i = 0; i < sizeof *a; i++)
        if (left[i] != right[i])
            ck_abort_msg("%s: %s and %s, due %lld and %lld, different from byte %zu on", what,
                         emergency_state(a), emergency_state(b), (long long)a->due_ms, (long long)b->due_ms,
                         i);
}

/* --- effects --- */

static const struct effect *find_effect(const struct story *t, enum effect_kind kind, enum message message)
{
    for (size_t i = 0; i < t->out.effect_count; i++)
        if (t->out.effects[i].kind == kind && t->out.effects[i].message == message)
            return &t->out.effects[i];
    return NULL;
}

const struct effect *expect_effect(const struct story *t, enum effect_kind kind, enum message message)
{
    char clock[32];
    const struct effect *found = find_effect(t, kind, message);
    if (!found)
        ck_abort_msg("%s: no effect %d with message %d among %zu; said: %s",
                     clock_of(t->at_ms, clock, sizeof clock), (int)kind, (int)message, t->out.effect_count,
                     t->out.say);
    return found;
}

void expect_told(const struct story *t, enum message message, int64_t buttons)
{
    const struct effect *told = expect_effect(t, EFFECT_REPLY, message);
    for (enum command name = COMMAND_NONE; name < COMMAND_COUNT; name++)
        if ((told->buttons ^ buttons) & BUTTON(name))
            ck_abort_msg("message %d %s a button for %s", (int)message,
                         told->buttons & BUTTON(name) ? "has" : "lacks", command_name(name));
}

void expect_summoned(const struct story *t, enum effect_who who)
{
    for (size_t i = 0; i < t->out.effect_count; i++)
        if (t->out.effects[i].kind == EFFECT_SUMMON && t->out.effects[i].who == who)
            return;
    ck_abort_msg("%d is not summoned", (int)who);
}

void expect_no_effect(const struct story *t, enum effect_kind kind, enum message message)
{
    char clock[32];
    if (find_effect(t, kind, message))
        ck_abort_msg("%s: effect %d with message %d", clock_of(t->at_ms, clock, sizeof clock), (int)kind,
                     (int)message);
}

void expect_effects(const struct story *t, size_t count)
{
    char clock[32];
    if (t->out.effect_count != count)
        ck_abort_msg("%s: %zu effects, wanted %zu; said: %s", clock_of(t->at_ms, clock, sizeof clock),
                     t->out.effect_count, count, t->out.say);
}
