/*
 * Emergencies of one incident: their clocks rest, one command answers all, and a person may let the clocks
 * run all the same. In which order what holds is shown. The hours: test_emergency_hours.c.
 */
#include "tests/unit/emergency_story.h"
#include "tests/unit/suites.h"

/* --- by the ticket's tag --- */

/* 12:05:00, ten minutes and forty seconds are left. */
static struct story *tagged(void)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    ticket_sorted(t, "", "", "incident-1");
    return t;
}

START_TEST(the_tag_of_an_incident_holds)
{
    struct story *t = tagged();
    expect_held(t, "bulk");
    expect_why(t, "it belongs to incident-1");
    expect_told(t, MESSAGE_BULK_HELD, BUTTON(COMMAND_RESUME));
    expect_effects(t, 1);
    expect_no_next(t);
    at(t, "12:06:00");
    ticket_sorted(t, "", "", "incident-1"); /* read again */
    expect_effects(t, 0);
    at(t, "12:15:40");
    wake(t);
    expect_no_step(t);
    expect_effects(t, 0);
    story_end(t);
}
END_TEST

START_TEST(the_clock_goes_on_when_the_tag_is_gone)
{
    struct story *t = tagged();
    at(t, "12:30:00");
    ticket_sorted(t, "", "", "");
    expect_held(t, NULL);
    expect_told(t, MESSAGE_BULK_LIFTED, 0);
    expect_next(t, ACTION_FOLLOW_UP, "12:40:40");
    story_end(t);
}
END_TEST

START_TEST(a_webhook_without_tags_lifts_nothing)
{
    struct story *t = tagged();
    at(t, "12:06:00");
    status_changed(t, STATUS_OPEN, STATUS_PENDING);
    expect_held(t, "bulk");
    story_end(t);
}
END_TEST

START_TEST(a_person_lets_the_clocks_run_all_the_same)
{
    struct story *t = tagged();
    at(t, "12:10:00");
    command(t, COMMAND_RESUME);
    expect_held(t, NULL);
    expect_next(t, ACTION_FOLLOW_UP, "12:20:40");
    at(t, "12:11:00");
    ticket_sorted(t, "", "", "incident-1");
    expect_held(t, NULL);
    expect_effects(t, 0);
    at(t, "12:12:00"); /* another incident holds again */
    ticket_sorted(t, "", "", "incident-2");
    expect_held(t, "bulk");
    expect_told(t, MESSAGE_BULK_HELD, BUTTON(COMMAND_RESUME));
    story_end(t);
}
END_TEST

/* Who resumed a pause has not spoken of an incident that nobody knew of. */
START_TEST(an_earlier_resume_waives_no_later_incident)
{
    struct story *t = contacted();
    command(t, COMMAND_PAUSE);
    command(t, COMMAND_RESUME);
    at(t, "12:05:00");
    ticket_sorted(t, "", "", "incident-1");
    expect_held(t, "bulk");
    story_end(t);
}
END_TEST

START_TEST(a_step_that_was_due_is_taken_back)
{
    struct story *t = contacted();
    at(t, "12:15:40");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    at(t, "12:15:41"); /* the look shows the tag */
    ticket_sorted(t, "", "", "incident-1");
    expect_no_step(t);
    expect_held(t, "bulk");
    story_end(t);
}
END_TEST

START_TEST(a_question_rests_with_the_clocks)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    outsider_comment(t);
    at(t, "12:15:40");
    wake(t);
    expect_held(t, "asked");
    at(t, "12:16:00");
    ticket_sorted(t, "", "", "incident-1");
    expect_held(t, "bulk");
    ck_assert(!t->e.asked);
    at(t, "12:30:00");
    ticket_sorted(t, "", "", "");
    wake(t);
    expect_held(t, "asked"); /* the doubt is still there */
    story_end(t);
}
END_TEST

START_TEST(the_automatic_first_comment_waits_for_the_incident)
{
    struct story *t = story_new();
    t->policy.first_contact_automatic = true;
    go_paged(t);
    ticket_sorted(t, "", "", "incident-1");
    page(t, "P1", PAGE_ACKNOWLEDGED);
    expect_no_step(t);
    at(t, "12:05:00");
    ticket_sorted(t, "", "", "");
    expect_wants(t, ACTION_FIRST_CONTACT);
    story_end(t);
}
END_TEST

START_TEST(a_solved_ticket_gets_no_automatic_first_comment)
{
    struct story *t = story_new();
    t->policy.first_contact_automatic = true;
    page(t, "P1", PAGE_TRIGGERED);
    at(t, "12:00:10");
    ticket_read(t, PRIORITY_URGENT, STATUS_SOLVED); /* before its page told which it is */
    at(t, "12:00:20");
    page(t, "P1", PAGE_ACKNOWLEDGED);
    expect_no_step(t);
    at(t, "12:05:00");
    ticket_read(t, PRIORITY_URGENT, STATUS_OPEN);
    expect_wants(t, ACTION_FIRST_CONTACT);
    story_end(t);
}
END_TEST

START_TEST(what_is_closed_is_not_held)
{
    struct story *t = contacted();
    command(t, COMMAND_CLOSE);
    at(t, "12:05:00");
    ticket_sorted(t, "", "", "incident-1");
    expect_held(t, NULL);
    expect_effects(t, 0);
    story_end(t);
}
END_TEST

/* --- by a command --- */

START_TEST(one_command_answers_and_holds)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    order(t, COMMAND_BULK, "incident-1", "We are on it");
    expect_held(t, "bulk");
    expect_effect(t, EFFECT_ANSWER, MESSAGE_NONE);
    expect_effect(t, EFFECT_REPLY, MESSAGE_BULK_HELD);
    expect_effects(t, 2);
    ck_assert(emergency_still_wants(&t->e, ACTION_BULK_ANSWER, 1));
    at(t, "12:05:02");
    bulk_answered(t);
    expect_told(t, MESSAGE_BULK_ANSWERED, 0);
    at(t, "12:06:00");
    order(t, COMMAND_BULK, "incident-1", "Better now");
    expect_effect(t, EFFECT_ANSWER, MESSAGE_NONE);
    expect_effects(t, 1);
    order(t, COMMAND_BULK, "incident-1", ""); /* nothing to say */
    expect_effects(t, 0);
    story_end(t);
}
END_TEST

START_TEST(a_persons_word_outlasts_the_tag)
{
    struct story *t = tagged();
    order(t, COMMAND_BULK, "incident-1", "");
    at(t, "12:10:00");
    ticket_sorted(t, "", "", "");
    expect_held(t, "bulk");
    command(t, COMMAND_RESUME);
    expect_held(t, NULL);
    story_end(t);
}
END_TEST

/* Else fifty of an incident would page the managers fifty times. */
START_TEST(what_is_answered_in_bulk_calls_nobody)
{
    struct story *t = story_new();
    three_rungs(t);
    go_paged(t);
    order(t, COMMAND_BULK, "incident-1", "We are on it");
    at(t, "12:00:40");
    bulk_answered(t);
    ck_assert(!t->e.met); /* that asks before the downgrade */
    expect_wake(t, NULL);
    at(t, "13:30:00");
    wake(t);
    expect_effects(t, 0);
    ck_assert(!wants(t, ACTION_CHECK_PAGE));
    command(t, COMMAND_RESUME); /* from here on it is one like others, and nobody has taken it */
    wake(t);
    expect_no_effect(t, EFFECT_REPLY, MESSAGE_NOT_CONTACTED);
    checked(t, LADDER_TAKE);
    expect_told(t, MESSAGE_NOT_TAKEN, BUTTON(COMMAND_TAKE));
    story_end(t);
}
END_TEST

START_TEST(the_answer_for_all_can_be_the_first_contact)
{
    struct story *t = acknowledged();
    order(t, COMMAND_BULK, "incident-1", "We are on it");
    at(t, "12:00:40");
    bulk_answered(t);
    expect_state(t, "contacted");
    expect_held(t, "bulk");
    at(t, "12:30:00");
    command(t, COMMAND_RESUME);
    expect_next(t, ACTION_FOLLOW_UP, "12:45:00"); /* all of it */
    at(t, "12:31:00");
    bulk_answered(t); /* no second one */
    expect_next(t, ACTION_FOLLOW_UP, "12:45:00");
    expect_time(t->e.contacted_ms, "12:00:40");
    story_end(t);
}
END_TEST

START_TEST(the_answer_for_all_stops_with_the_close_only)
{
    struct story *t = contacted();
    order(t, COMMAND_BULK, "incident-1", "We are on it");
    command(t, COMMAND_RESUME);
    customer_comment(t);
    ck_assert(emergency_still_wants(&t->e, ACTION_BULK_ANSWER, 1));
    command(t, COMMAND_CLOSE);
    ck_assert(!emergency_still_wants(&t->e, ACTION_BULK_ANSWER, 1));
    story_end(t);
}
END_TEST

/* --- while held --- */

START_TEST(persons_work_while_held)
{
    struct story *t = tagged();
    extend(t, MINUTES(20));
    expect_held(t, "bulk");
    at(t, "12:10:00");
    command(t, COMMAND_RESUME);
    expect_next(t, ACTION_FOLLOW_UP, "12:30:00");
    story_end(t);

    t = tagged();
    command(t, COMMAND_DOWNGRADE);
    sent(t, ACTION_DOWNGRADE);
    expect_state(t, "downgraded");
    story_end(t);

    t = tagged();
    customer_comment(t);
    expect_state(t, "engaged");
    expect_held(t, "bulk");
    story_end(t);
}
END_TEST

/* As the contract lists them; each is found again when the one before it is over. */
START_TEST(the_first_hold_is_shown)
{
    struct story *t = story_new();
    covered(t, "office", "UTC", 5, 13);
    at(t, "12:40:00");
    page(t, "P1", PAGE_ACKNOWLEDGED);
    linked(t, STORY_TICKET);
    ticket_sorted(t, "", "office", "");
    staff_comment(t);
    at(t, "12:41:00");
    outsider_comment(t);
    at(t, "12:55:00");
    wake(t);
    expect_held(t, "asked");
    at(t, "13:00:00");
    wake(t);
    expect_held(t, "coverage");
    expect_why(t, "outside the hours");
    ticket_sorted(t, "", "office", "incident-1");
    expect_held(t, "bulk");
    command(t, COMMAND_PAUSE);
    expect_held(t, "paused");
    expect_why(t, "paused by Manager");
    at(t, "13:01:00");
    command(t, COMMAND_RESUME);
    expect_held(t, "coverage");
    command(t, COMMAND_CLOSE);
    expect_held(t, NULL);
    expect_why(t, "");
    story_end(t);
}
END_TEST

Suite *emergency_holds_suite(void)
{
    Suite *suite = suite_create("emergency_holds");
    TCase *tag = tcase_create("tag");
    tcase_add_test(tag, a_solved_ticket_gets_no_automatic_first_comment);
    tcase_add_test(tag, the_tag_of_an_incident_holds);
    tcase_add_test(tag, the_clock_goes_on_when_the_tag_is_gone);
    tcase_add_test(tag, a_webhook_without_tags_lifts_nothing);
    tcase_add_test(tag, a_person_lets_the_clocks_run_all_the_same);
    tcase_add_test(tag, an_earlier_resume_waives_no_later_incident);
    tcase_add_test(tag, a_step_that_was_due_is_taken_back);
    tcase_add_test(tag, a_question_rests_with_the_clocks);
    tcase_add_test(tag, the_automatic_first_comment_waits_for_the_incident);
    tcase_add_test(tag, what_is_closed_is_not_held);
    suite_add_tcase(suite, tag);
    TCase *order = tcase_create("command");
    tcase_add_test(order, one_command_answers_and_holds);
    tcase_add_test(order, a_persons_word_outlasts_the_tag);
    tcase_add_test(order, the_answer_for_all_can_be_the_first_contact);
    tcase_add_test(order, what_is_answered_in_bulk_calls_nobody);
    tcase_add_test(order, the_answer_for_all_stops_with_the_close_only);
    tcase_add_test(order, persons_work_while_held);
    tcase_add_test(order, the_first_hold_is_shown);
    suite_add_tcase(suite, order);
    return suite;
}
