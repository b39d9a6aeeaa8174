/*
 * The contract's table of commands: which is allowed where, and that one that is not changes nothing.
 */
#include "tests/unit/emergency_story.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>

static struct story *paged_without_ticket(void)
{
    struct story *t = story_new();
    page(t, "P1", PAGE_TRIGGERED);
    return t;
}

static struct story *contacted_and_resolved(void)
{
    struct story *t = contacted();
    page(t, "P1", PAGE_RESOLVED);
    return t;
}

static struct story *contacted_without_ticket(void)
{
    struct story *t = paged_without_ticket();
    command(t, COMMAND_CONTACTED);
    return t;
}

static struct story *paused(void)
{
    struct story *t = contacted();
    command(t, COMMAND_PAUSE);
    return t;
}

static struct story *asked(void)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    outsider_comment(t);
    at(t, "12:15:40");
    wake(t);
    return t;
}

static struct story *asked_for_the_downgrade(void)
{
    struct story *t = followed_up();
    at(t, "12:20:00");
    automatic_reply(t);
    at(t, "12:30:41");
    wake(t);
    return t;
}

static struct story *engaged_before_contact(void)
{
    struct story *t = acknowledged();
    at(t, "12:00:30");
    command(t, COMMAND_CALL_STARTED);
    return t;
}

static struct story *engaged_and_nobody_there(void)
{
    struct story *t = acknowledged();
    at(t, "12:00:30");
    command(t, COMMAND_REPLIED);
    return t;
}

static struct story *engaged_after_the_downgrade(void)
{
    struct story *t = downgraded();
    at(t, "12:40:00");
    customer_comment(t);
    return t;
}

static struct story *closed_by_a_person(void)
{
    struct story *t = asked();
    command(t, COMMAND_CLOSE);
    return t;
}

static struct story *closed_by_its_ticket(void)
{
    struct story *t = downgraded();
    status_changed(t, STATUS_OPEN, STATUS_SOLVED);
    return t;
}

#define FOR_PEOPLE     " ack take not-emergency page manager call-ended handoff"
#define WITHOUT_TICKET FOR_PEOPLE " duty colleague"
#define WITH_TICKET    FOR_PEOPLE " bulk duty colleague"
#define WITH_CONTACT   FOR_PEOPLE " bulk resolve duty colleague" /* and a page that is not resolved */

static const struct {
    struct story *(*begin)(void);
    const char *state;
    const char *allowed;
} command_table[] = {
    {paged, "paged", "contacted first-contact replied pause resume call-started note close" WITH_TICKET},
    {paged_without_ticket, "paged",
     "contacted replied pause resume call-started link note close" WITHOUT_TICKET},
    {acknowledged, "acknowledged",
     "contacted first-contact replied pause resume call-started note close" WITH_TICKET},
    {contacted, "contacted",
     "followed-up replied extend pause resume downgrade call-started note close" WITH_CONTACT},
    {contacted_and_resolved, "contacted",
     "followed-up replied extend pause resume downgrade call-started note close" WITH_TICKET},
    {auto_contacted, "contacted",
     "contacted followed-up replied extend pause resume downgrade call-started note close" WITH_CONTACT},
    {contacted_without_ticket, "contacted",
     "followed-up replied extend pause resume call-started link note close" FOR_PEOPLE
     " resolve duty colleague"},
    {paused, "contacted",
     "followed-up replied extend pause resume downgrade call-started note close" WITH_CONTACT},
    {asked, "contacted",
     "followed-up replied extend pause resume do-it downgrade call-started note close" WITH_CONTACT},
    {followed_up, "followed_up",
     "replied extend pause resume downgrade call-started note close" WITH_CONTACT},
    {asked_for_the_downgrade, "followed_up",
     "replied extend pause resume do-it downgrade call-started note close" WITH_CONTACT},
    {downgraded, "downgraded", "replied pause resume urgent call-started note close" WITH_CONTACT},
    {engaged, "engaged", "replied pause resume downgrade call-started note close" WITH_CONTACT},
    {engaged_before_contact, "engaged",
     "first-contact replied pause resume downgrade call-started note close" WITH_CONTACT},
    {engaged_and_nobody_there, "engaged",
     "contacted first-contact replied pause resume downgrade call-started note close" WITH_TICKET},
    {engaged_after_the_downgrade, "engaged",
     "replied pause resume downgrade urgent call-started note close" WITH_CONTACT},
    {closed_by_a_person, "closed", "note reopen page"},
    {closed_by_its_ticket, "closed", "note reopen page"},
};

static void list_allowed(const struct emergency *e, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (enum command name = COMMAND_NONE + 1; name < COMMAND_COUNT; name++)
        if (!emergency_forbids(e, name))
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? " " : "", command_name(name));
}

START_TEST(commands_are_allowed_where_the_contract_says)
{
    for (size_t i = 0; i < COUNT_OF(command_table); i++) {
        struct story *t = command_table[i].begin();
        char allowed[400];
        expect_state(t, command_table[i].state);
        list_allowed(&t->e, allowed, sizeof allowed);
        ck_assert_msg(strcmp(allowed, command_table[i].allowed) == 0, "row %zu:\n%s, wanted\n%s", i, allowed,
                      command_table[i].allowed);
        story_end(t);
    }
}
END_TEST

/* What a person says has happened did happen. */
static bool tells_fact(enum command name)
{
    return name == COMMAND_CONTACTED || name == COMMAND_REPLIED || name == COMMAND_CALL_STARTED ||
           name == COMMAND_CALL_ENDED;
}

/* An order that lost its race changes nothing where it stands in the order of events. */
START_TEST(an_order_that_is_not_allowed_changes_nothing)
{
    for (size_t i = 0; i < COUNT_OF(command_table); i++) {
        for (enum command name = COMMAND_NONE; name < COMMAND_COUNT; name++) {
            struct story *t = command_table[i].begin();
            const char *refusal = emergency_forbids(&t->e, name);
            if (refusal && !tells_fact(name)) {
                ck_assert_str_ne(refusal, "");
                struct emergency before;
                memcpy(&before, &t->e, sizeof before);
                struct event event = new_event(t, EVENT_COMMAND, EVENT_SOURCE_SELF);
                event.command = (struct command_facts){.name = name, .for_ms = MINUTES(5)};
                happen(t, &event);
                before.last_ms = t->e.last_ms;
                before.last_source = t->e.last_source;
                memcpy(before.last_id, t->e.last_id, sizeof before.last_id);
                expect_same(&t->e, &before, command_name(name));
            }
            story_end(t);
        }
    }
}
END_TEST

START_TEST(what_is_closed_says_so)
{
    struct story *t = closed_by_a_person();
    ck_assert_str_eq(emergency_forbids(&t->e, COMMAND_EXTEND), "it is closed");
    ck_assert_ptr_nonnull(emergency_forbids(&t->e, COMMAND_NONE));
    ck_assert_ptr_nonnull(emergency_forbids(&t->e, COMMAND_COUNT));
    story_end(t);
}
END_TEST

Suite *emergency_commands_suite(void)
{
    Suite *suite = suite_create("emergency_commands");
    TCase *tests = tcase_create("commands");
    tcase_add_test(tests, commands_are_allowed_where_the_contract_says);
    tcase_add_test(tests, an_order_that_is_not_allowed_changes_nothing);
    tcase_add_test(tests, what_is_closed_says_so);
    suite_add_tcase(suite, tests);
    return suite;
}
