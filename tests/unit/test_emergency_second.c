/*
 * A second emergency of an engineer who has one: the manager and the region are told once, and somebody else
 * is to take it. Who takes emergencies by command.
 */
#include <stdio.h>

#include "tests/unit/emergency_story.h"
#include "tests/unit/suites.h"

#define SECOND (BUTTON(COMMAND_TAKE) | BUTTON(COMMAND_MANAGER))

/* 12:00:00, the on-call engineer has emergency 9. */
static struct story *second(void)
{
    struct story *t = story_new();
    t->who = &eng_one;
    t->busy_with = 9;
    return t;
}

static void expect_second(const struct story *t)
{
    const struct effect *post = expect_effect(t, EFFECT_POST, MESSAGE_SECOND_MANAGERS);
    expect_told(t, MESSAGE_SECOND, SECOND);
    ck_assert_int_eq(post->place, PLACE_MANAGERS);
    expect_summoned(t, WHO_MANAGER);
    ck_assert_int_eq(t->e.busy_with, 9);
}

static void expect_not_second(const struct story *t)
{
    expect_no_effect(t, EFFECT_REPLY, MESSAGE_SECOND);
    expect_no_effect(t, EFFECT_POST, MESSAGE_SECOND_MANAGERS);
    expect_no_effect(t, EFFECT_SUMMON, MESSAGE_NONE);
}

/* --- it is noticed --- */

START_TEST(a_page_for_a_busy_engineer_calls_the_manager_at_once)
{
    struct story *t = second();
    page(t, "P1", PAGE_TRIGGERED);
    expect_second(t);
    expect_effects(t, 3);
    expect_said(t, "busy with emergency 9");
    story_end(t);
}
END_TEST

START_TEST(it_is_said_once)
{
    struct story *t = second();
    page(t, "P1", PAGE_TRIGGERED);
    at(t, "12:00:20");
    page(t, "P1", PAGE_ACKNOWLEDGED);
    expect_not_second(t);
    at(t, "12:00:30");
    command(t, COMMAND_ACK);
    expect_not_second(t);
    at(t, "12:00:40");
    t->busy_with = 10; /* 9 is over, and there is another one */
    page(t, "P2", PAGE_ACKNOWLEDGED);
    expect_not_second(t);
    ck_assert_int_eq(t->e.busy_with, 10);
    ck_assert(!emergency_is_taken(&t->e));
    story_end(t);
}
END_TEST

START_TEST(it_is_noticed_when_the_busy_one_acknowledges)
{
    struct story *t = second();
    t->busy_with = 0;
    go_paged(t);
    expect_not_second(t);
    at(t, "12:00:20");
    t->busy_with = 9;
    page(t, "P1", PAGE_ACKNOWLEDGED);
    expect_second(t);
    ck_assert(!emergency_is_taken(&t->e));
    story_end(t);

    t = second();
    t->busy_with = 0;
    go_paged(t);
    at(t, "12:00:20");
    t->busy_with = 9;
    command(t, COMMAND_ACK);
    expect_second(t);
    ck_assert(!emergency_is_taken(&t->e));
    story_end(t);
}
END_TEST

static void link_told(struct story *t, int64_t ticket, int64_t busy_with)
{
    struct event event = new_event(t, EVENT_LINK, EVENT_SOURCE_SELF);
    event.ticket_id = ticket;
    event.page.busy_with = busy_with;
    happen(t, &event);
}

/* The page is acknowledged before its alerts tell the ticket, or that there is none. */
START_TEST(it_is_noticed_when_the_ticket_is_told)
{
    for (int64_t ticket = 0; ticket <= STORY_TICKET; ticket += STORY_TICKET) {
        struct story *t = second();
        t->busy_with = PAGE_BUSY_UNKNOWN;
        page(t, "P1", PAGE_ACKNOWLEDGED);
        expect_not_second(t);
        at(t, "12:00:21");
        link_told(t, ticket, 9);
        expect_second(t);
        ck_assert(!emergency_is_taken(&t->e));
        story_end(t);
    }
}
END_TEST

/* That it is another customer's is known with the ticket's organisation only. */
START_TEST(it_is_noticed_when_the_ticket_is_known)
{
    struct story *t = second();
    t->busy_with = 0;
    page(t, "P1", PAGE_TRIGGERED);
    linked(t, STORY_TICKET);
    page(t, "P1", PAGE_ACKNOWLEDGED);
    ck_assert(emergency_is_taken(&t->e));
    at(t, "12:00:21");
    t->busy_with = 9;
    ticket_read(t, PRIORITY_URGENT, STATUS_OPEN);
    expect_second(t);
    ck_assert(!emergency_is_taken(&t->e));
    story_end(t);
}
END_TEST

START_TEST(what_somebody_free_has_taken_is_no_second_one)
{
    struct story *t = second();
    t->busy_with = 0;
    t->who = &eng_two;
    go_acknowledged(t);
    at(t, "12:01:00");
    t->who = &eng_one;
    t->busy_with = 9;
    page(t, "P2", PAGE_TRIGGERED);
    expect_not_second(t);
    ck_assert(emergency_is_taken(&t->e));
    story_end(t);
}
END_TEST

START_TEST(what_is_closed_is_no_second_one)
{
    struct story *t = paged();
    command(t, COMMAND_CLOSE);
    t->who = &eng_one;
    t->busy_with = 9;
    at(t, "12:01:00");
    page(t, "P1", PAGE_ACKNOWLEDGED);
    expect_effects(t, 0);
    story_end(t);
}
END_TEST

/* --- who takes it --- */

START_TEST(the_busy_engineer_takes_both)
{
    struct story *t = second();
    page(t, "P1", PAGE_TRIGGERED);
    at(t, "12:00:20");
    page(t, "P1", PAGE_ACKNOWLEDGED);
    ck_assert_int_ne(emergency_buttons(&t->e) & BUTTON(COMMAND_TAKE), 0);
    at(t, "12:00:30");
    command(t, COMMAND_TAKE);
    ck_assert(emergency_is_taken(&t->e));
    ck_assert_int_eq(t->e.busy_with, 0);
    ck_assert_int_eq(emergency_buttons(&t->e) & BUTTON(COMMAND_TAKE), 0);
    at(t, "12:00:40"); /* what they said counts, whatever comes later */
    page(t, "P1", PAGE_ACKNOWLEDGED);
    expect_not_second(t);
    ticket_sorted(t, "", "", "");
    expect_not_second(t);
    ck_assert(emergency_is_taken(&t->e));
    story_end(t);
}
END_TEST

START_TEST(another_engineer_takes_it)
{
    struct story *t = second();
    page(t, "P1", PAGE_TRIGGERED);
    at(t, "12:00:20");
    page(t, "P1", PAGE_ACKNOWLEDGED);
    at(t, "12:01:00");
    t->who = &eng_two;
    t->busy_with = 0;
    command(t, COMMAND_ACK);
    ck_assert(emergency_is_taken(&t->e));
    ck_assert_str_eq(t->e.engineer, "Eng Two");
    ck_assert_str_eq(t->e.engineer_id, "PENG2");
    ck_assert_str_eq(t->e.engineer_email, "eng2@example.com");
    ck_assert_str_eq(t->e.engineer_slack, "U0ENG2");
    story_end(t);
}
END_TEST

/* The ladder must not end because the manager, say, wrote a comment or joined. */
START_TEST(contact_by_somebody_is_no_taking)
{
    struct story *t = second();
    go_acknowledged(t);
    at(t, "12:02:00");
    staff_comment(t);
    ck_assert(!emergency_is_taken(&t->e));
    story_end(t);
}
END_TEST

/* The answer to our call comes after the webhook of what a person did since. */
START_TEST(an_acknowledgement_that_is_answered_late_undoes_no_resolve)
{
    struct story *t = paged();
    at(t, "12:00:20");
    command(t, COMMAND_ACK);
    at(t, "12:00:21");
    page(t, "P1", PAGE_RESOLVED);
    at(t, "12:00:22");
    struct event event = new_event(t, EVENT_ACCEPTED, EVENT_SOURCE_SELF);
    event.call.kind = ACTION_ACK_PAGE;
    (void)snprintf(event.page.incident, sizeof event.page.incident, "P1");
    happen(t, &event);
    ck_assert_int_eq(t->e.pages[0].status, PAGE_RESOLVED);
    story_end(t);
}
END_TEST

START_TEST(acknowledging_by_command_acknowledges_the_page_in_the_pressers_name)
{
    struct story *t = paged();
    t->who = &eng_two;
    at(t, "12:00:20");
    command(t, COMMAND_ACK);
    expect_state(t, "acknowledged");
    expect_time(t->e.acknowledged_ms, "12:00:20");
    ck_assert_str_eq(t->e.taker, "eng2@example.com");
    expect_told(t, MESSAGE_ACKNOWLEDGED,
                BUTTON(COMMAND_FIRST_CONTACT) | BUTTON(COMMAND_CONTACTED) | BUTTON(COMMAND_NOT_EMERGENCY) |
                    BUTTON(COMMAND_DUTY));
    made(t, ACTION_ACK_PAGE);
    at(t, "12:00:22"); /* the echo names the user of the settings */
    t->who = &eng_one;
    page(t, "P1", PAGE_ACKNOWLEDGED);
    expect_effects(t, 0);
    ck_assert_str_eq(t->e.engineer, "Eng Two");
    ck_assert_str_eq(t->e.pages[0].engineer, "Eng Two");
    at(t, "12:05:00"); /* and this is a person's */
    page(t, "P1", PAGE_ACKNOWLEDGED);
    ck_assert_str_eq(t->e.engineer, "Eng One");
    ck_assert_str_eq(t->e.engineer_slack, "");
    story_end(t);
}
END_TEST

START_TEST(a_taker_without_an_address_is_known_by_slack)
{
    static const struct story_person stranger = {"Stranger", "", "", "U0STRANGE"};
    struct story *t = paged();
    t->who = &stranger;
    command(t, COMMAND_TAKE);
    ck_assert_str_eq(t->e.taker, "U0STRANGE");
    ck_assert_str_eq(t->e.engineer_slack, "U0STRANGE");
    at(t, "12:00:30");
    told_of_person(t, &(struct story_person){"Anna Stranger", "PX", "anna@example.com", "U0STRANGE"});
    ck_assert_str_eq(t->e.engineer_email, "anna@example.com");
    ck_assert_str_eq(t->e.engineer, "Anna Stranger");
    told_of_person(t, &eng_two); /* somebody else */
    ck_assert_str_eq(t->e.engineer, "Anna Stranger");
    expect_effects(t, 0);
    story_end(t);
}
END_TEST

START_TEST(taken_by_command_and_then_unacknowledged_is_nobodys)
{
    struct story *t = paged();
    t->who = &eng_one;
    at(t, "12:00:20");
    command(t, COMMAND_ACK);
    made(t, ACTION_ACK_PAGE);
    at(t, "12:00:21");
    page(t, "P1", PAGE_ACKNOWLEDGED);
    at(t, "12:30:00");
    page(t, "P1", PAGE_TRIGGERED);
    expect_state(t, "paged");
    ck_assert(!emergency_is_taken(&t->e));
    expect_told(t, MESSAGE_UNACKNOWLEDGED, BUTTON(COMMAND_ACK));
    story_end(t);
}
END_TEST

START_TEST(unacknowledged_after_a_lost_echo_is_nobodys)
{
    struct story *t = paged();
    t->who = &eng_one;
    at(t, "12:00:20");
    command(t, COMMAND_ACK);
    made(t, ACTION_ACK_PAGE);
    ck_assert_str_eq(t->e.pages[0].engineer, "Eng One");
    at(t, "12:30:00");
    page(t, "P1", PAGE_TRIGGERED);
    expect_state(t, "paged");
    ck_assert(!emergency_is_taken(&t->e));
    expect_told(t, MESSAGE_UNACKNOWLEDGED, BUTTON(COMMAND_ACK));
    story_end(t);
}
END_TEST

/* --- whom a person calls --- */

static void expect_post(const struct story *t, enum message message, enum effect_place place)
{
    ck_assert_int_eq(expect_effect(t, EFFECT_POST, message)->place, place);
}

START_TEST(a_person_calls_somebody)
{
    struct story *t = contacted();
    command(t, COMMAND_MANAGER);
    ck_assert_int_eq(expect_effect(t, EFFECT_REPLY, MESSAGE_MANAGER_CALLED)->who, WHO_MANAGER);
    expect_post(t, MESSAGE_MANAGER_CALLED, PLACE_MANAGERS);
    expect_summoned(t, WHO_MANAGER);
    order(t, COMMAND_PAGE, "eng2@example.com", "");
    ck_assert_int_eq(expect_effect(t, EFFECT_REPLY, MESSAGE_PERSON_PAGED)->who, WHO_NAMED);
    expect_summoned(t, WHO_NAMED);
    order(t, COMMAND_HANDOFF, "Eng Two", "");
    ck_assert_int_eq(expect_effect(t, EFFECT_REPLY, MESSAGE_HANDOFF)->who, WHO_NAMED);
    expect_effects(t, 1);
    command(t, COMMAND_DUTY);
    expect_post(t, MESSAGE_DUTY, PLACE_DUTY);
    command(t, COMMAND_COLLEAGUE);
    expect_post(t, MESSAGE_COLLEAGUE, PLACE_PRODUCT);
    command(t, COMMAND_NOT_EMERGENCY);
    expect_told(t, MESSAGE_NOT_EMERGENCY, 0);
    expect_post(t, MESSAGE_NOT_EMERGENCY, PLACE_MANAGERS);
    expect_state(t, "contacted");
    expect_next(t, ACTION_FOLLOW_UP, "12:15:40");
    story_end(t);
}
END_TEST

START_TEST(paging_somebody_is_possible_for_what_is_closed)
{
    struct story *t = contacted();
    command(t, COMMAND_CLOSE);
    order(t, COMMAND_PAGE, "", "");
    expect_summoned(t, WHO_NAMED);
    story_end(t);
}
END_TEST

Suite *emergency_second_suite(void)
{
    Suite *suite = suite_create("emergency_second");
    TCase *noticed = tcase_create("noticed");
    tcase_add_test(noticed, an_acknowledgement_that_is_answered_late_undoes_no_resolve);
    tcase_add_test(noticed, a_page_for_a_busy_engineer_calls_the_manager_at_once);
    tcase_add_test(noticed, it_is_said_once);
    tcase_add_test(noticed, it_is_noticed_when_the_busy_one_acknowledges);
    tcase_add_test(noticed, it_is_noticed_when_the_ticket_is_known);
    tcase_add_test(noticed, it_is_noticed_when_the_ticket_is_told);
    tcase_add_test(noticed, what_somebody_free_has_taken_is_no_second_one);
    tcase_add_test(noticed, what_is_closed_is_no_second_one);
    suite_add_tcase(suite, noticed);
    TCase *takes = tcase_create("taken");
    tcase_add_test(takes, the_busy_engineer_takes_both);
    tcase_add_test(takes, another_engineer_takes_it);
    tcase_add_test(takes, contact_by_somebody_is_no_taking);
    tcase_add_test(takes, acknowledging_by_command_acknowledges_the_page_in_the_pressers_name);
    tcase_add_test(takes, a_taker_without_an_address_is_known_by_slack);
    tcase_add_test(takes, taken_by_command_and_then_unacknowledged_is_nobodys);
    tcase_add_test(takes, unacknowledged_after_a_lost_echo_is_nobodys);
    suite_add_tcase(suite, takes);
    TCase *calls = tcase_create("calls");
    tcase_add_test(calls, a_person_calls_somebody);
    tcase_add_test(calls, paging_somebody_is_possible_for_what_is_closed);
    suite_add_tcase(suite, calls);
    return suite;
}
