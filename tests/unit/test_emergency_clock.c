/*
 * The two periods: from when they count, what is said before, what stops, moves and rests them, and when the
 * steps at their ends are sent, asked or taken back.
 */
#include "tests/unit/emergency_story.h"
#include "tests/unit/suites.h"

#include <stdio.h>

/* --- the periods --- */

START_TEST(the_follow_up_is_due_15_minutes_after_the_comments_own_time)
{
    struct story *t = contacted();
    expect_next(t, ACTION_FOLLOW_UP, "12:15:40");
    at(t, "12:15:39.999");
    wake(t);
    expect_no_step(t);
    at(t, "12:15:40");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    expect_next(t, ACTION_FOLLOW_UP, "12:15:40");
    expect_held(t, NULL);
    story_end(t);
}
END_TEST

START_TEST(a_step_is_wanted_once)
{
    struct story *t = contacted();
    at(t, "12:15:40");
    wake(t);
    int64_t cause = t->e.step_cause;
    at(t, "12:15:50");
    wake(t);
    ck_assert_int_eq(t->e.step_cause, cause);
    looked(t);
    released(t, ACTION_FOLLOW_UP);
    at(t, "12:16:00");
    wake(t);
    ck_assert_int_eq(t->e.step_cause, cause);
    accepted(t, ACTION_FOLLOW_UP);
    expect_no_step(t);
    story_end(t);
}
END_TEST

START_TEST(the_downgrade_clock_starts_when_the_follow_up_was_accepted)
{
    struct story *t = contacted();
    at(t, "12:15:40");
    wake(t);
    looked(t);
    at(t, "12:40:00"); /* Zendesk was down */
    released(t, ACTION_FOLLOW_UP);
    expect_state(t, "contacted");
    at(t, "12:40:05");
    accepted_since(t, ACTION_FOLLOW_UP, "12:40:03.500");
    expect_state(t, "followed_up");
    expect_time(t->e.followed_up_ms, "12:40:03.500");
    expect_next(t, ACTION_DOWNGRADE, "12:55:03.500");
    story_end(t);
}
END_TEST

START_TEST(no_downgrade_before_the_follow_up_was_accepted)
{
    struct story *t = contacted();
    at(t, "12:15:40");
    wake(t);
    looked(t);
    released(t, ACTION_FOLLOW_UP);
    refused(t);
    at(t, "12:40:00");
    wake(t);
    expect_state(t, "contacted");
    ck_assert(!wants(t, ACTION_DOWNGRADE));
    expect_wants(t, ACTION_FOLLOW_UP); /* still */
    story_end(t);
}
END_TEST

START_TEST(the_downgrade_follows_15_minutes_later)
{
    struct story *t = followed_up();
    expect_next(t, ACTION_DOWNGRADE, "12:30:41");
    at(t, "12:30:40.999");
    wake(t);
    expect_no_step(t);
    at(t, "12:30:41");
    wake(t);
    expect_wants(t, ACTION_DOWNGRADE);
    expect_state(t, "followed_up");
    sent(t, ACTION_DOWNGRADE);
    expect_state(t, "downgraded");
    expect_wake(t, NULL);
    story_end(t);
}
END_TEST

START_TEST(a_refused_write_is_still_wanted_and_may_say_why)
{
    struct story *t = contacted();
    at(t, "12:15:40");
    wake(t);
    looked(t);
    released(t, ACTION_FOLLOW_UP);
    ck_assert_int_ne(t->e.released, ACTION_NONE);
    refused(t);
    ck_assert_int_eq(t->e.released, ACTION_NONE);
    expect_no_prompt(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    struct event event = new_event(t, EVENT_REFUSED, EVENT_SOURCE_SELF);
    event.call = t->call;
    snprintf(event.text, sizeof event.text, "Zendesk refuses it for good.");
    happen(t, &event);
    expect_prompt(t, "for good");
    story_end(t);
}
END_TEST

START_TEST(people_are_warned_3_minutes_before_and_once)
{
    struct story *t = contacted();
    expect_wake(t, "12:12:40");
    at(t, "12:12:39.999");
    wake(t);
    ck_assert_str_eq(t->out.say, "");
    at(t, "12:12:40");
    wake(t);
    expect_said(t, "In 180 s the follow-up goes out");
    expect_said(t, "Extend");
    expect_wake(t, "12:15:40");
    at(t, "12:13:00");
    wake(t);
    ck_assert_str_eq(t->out.say, "");
    go_followed_up(t);
    expect_wake(t, "12:27:41");
    at(t, "12:28:41"); /* as soon after as can be */
    wake(t);
    expect_said(t, "In 120 s the ticket is downgraded");
    story_end(t);
}
END_TEST

START_TEST(a_deadline_that_moved_is_warned_of_again)
{
    struct story *t = contacted();
    at(t, "12:13:00");
    wake(t);
    expect_said(t, "In 160 s");
    extend(t, MINUTES(15));
    expect_wake(t, "12:25:00");
    at(t, "12:25:00");
    wake(t);
    expect_said(t, "In 180 s");
    at(t, "12:26:00");
    command(t, COMMAND_PAUSE);
    at(t, "12:30:00");
    command(t, COMMAND_RESUME);
    expect_next(t, ACTION_FOLLOW_UP, "12:32:00");
    at(t, "12:30:01");
    wake(t);
    expect_said(t, "In 119 s");
    story_end(t);
}
END_TEST

/* --- persons --- */

START_TEST(pause_and_resume_keep_what_was_left)
{
    struct story *t = contacted();
    at(t, "12:05:40");
    t->by = "Eng Two";
    command(t, COMMAND_PAUSE);
    expect_held(t, "paused");
    expect_why(t, "paused by Eng Two");
    expect_no_next(t);
    expect_wake(t, NULL);
    at(t, "14:00:00");
    wake(t);
    expect_no_step(t);
    expect_state(t, "contacted");
    command(t, COMMAND_RESUME);
    expect_held(t, NULL);
    expect_why(t, "");
    expect_next(t, ACTION_FOLLOW_UP, "14:10:00");
    story_end(t);
}
END_TEST

START_TEST(a_pause_takes_back_a_step_that_has_not_left)
{
    struct story *t = contacted();
    at(t, "12:15:40");
    wake(t);
    at(t, "12:15:41");
    command(t, COMMAND_PAUSE);
    expect_no_step(t);
    at(t, "12:20:00");
    command(t, COMMAND_RESUME);
    expect_next(t, ACTION_FOLLOW_UP, "12:20:00");
    story_end(t);
}
END_TEST

START_TEST(contact_during_a_pause_begins_a_period_that_rests)
{
    struct story *t = acknowledged();
    at(t, "12:00:30");
    command(t, COMMAND_PAUSE);
    at(t, "12:01:00");
    staff_comment(t);
    expect_state(t, "contacted");
    expect_no_next(t);
    at(t, "12:10:00");
    command(t, COMMAND_RESUME);
    expect_next(t, ACTION_FOLLOW_UP, "12:25:00");
    story_end(t);
}
END_TEST

START_TEST(extend_counts_from_now)
{
    struct story *t = contacted();
    at(t, "12:03:00");
    extend(t, MINUTES(15));
    expect_next(t, ACTION_FOLLOW_UP, "12:18:00");
    extend(t, MINUTES(5));
    expect_next(t, ACTION_FOLLOW_UP, "12:08:00");
    story_end(t);

    t = followed_up();
    at(t, "12:20:00");
    extend(t, MINUTES(30));
    expect_next(t, ACTION_DOWNGRADE, "12:50:00");
    expect_state(t, "followed_up");
    story_end(t);
}
END_TEST

START_TEST(extend_takes_back_a_step_that_has_not_left)
{
    struct story *t = contacted();
    at(t, "12:15:40");
    wake(t);
    extend(t, MINUTES(15));
    expect_no_step(t);
    expect_next(t, ACTION_FOLLOW_UP, "12:30:40");
    story_end(t);
}
END_TEST

/* What people were told then stays true; but the second period is a full one. */
START_TEST(extend_outlives_a_follow_up_that_had_left)
{
    static const struct {
        int64_t for_ms;
        const char *next;
    } cases[] = {{MINUTES(20), "12:35:45"}, {MINUTES(5), "12:30:41"}};
    struct story *t = contacted();
    at(t, "12:15:40");
    wake(t);
    looked(t);
    released(t, ACTION_FOLLOW_UP);
    at(t, "12:15:45");
    extend(t, cases[_i].for_ms);
    at(t, "12:15:46");
    accepted_since(t, ACTION_FOLLOW_UP, "12:15:41");
    expect_state(t, "followed_up");
    expect_next(t, ACTION_DOWNGRADE, cases[_i].next);
    story_end(t);
}
END_TEST

START_TEST(extend_while_paused_sets_what_is_left)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    command(t, COMMAND_PAUSE);
    extend(t, MINUTES(30));
    expect_held(t, "paused");
    expect_no_next(t);
    at(t, "13:00:00");
    command(t, COMMAND_RESUME);
    expect_next(t, ACTION_FOLLOW_UP, "13:30:00");
    story_end(t);
}
END_TEST

START_TEST(a_follow_up_by_hand_starts_the_second_period)
{
    struct story *t = contacted();
    at(t, "12:14:00");
    staff_comment(t);
    at(t, "12:14:30");
    command(t, COMMAND_FOLLOWED_UP);
    expect_state(t, "followed_up");
    expect_next(t, ACTION_DOWNGRADE, "12:29:00"); /* from the comment, not from the word */
    at(t, "12:29:00");
    wake(t);
    expect_wants(t, ACTION_DOWNGRADE); /* that comment was the follow-up, no doubt */
    story_end(t);
}
END_TEST

START_TEST(the_first_contact_is_not_also_the_follow_up)
{
    struct story *t = contacted();
    at(t, "12:10:00");
    command(t, COMMAND_FOLLOWED_UP);
    expect_next(t, ACTION_DOWNGRADE, "12:25:00");
    expect_time(t->e.followed_up_ms, "12:10:00");
    story_end(t);
}
END_TEST

START_TEST(a_follow_up_by_hand_spares_the_automatic_one)
{
    struct story *t = contacted();
    at(t, "12:15:40");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    command(t, COMMAND_FOLLOWED_UP);
    expect_no_step(t);
    story_end(t);
}
END_TEST

START_TEST(a_person_may_downgrade_at_once)
{
    struct story *t = contacted();
    at(t, "12:03:00");
    command(t, COMMAND_DOWNGRADE);
    sent(t, ACTION_DOWNGRADE);
    expect_state(t, "downgraded");
    story_end(t);

    t = engaged();
    at(t, "12:06:00");
    command(t, COMMAND_DOWNGRADE);
    looked(t); /* the answer is older than the order */
    expect_wants(t, ACTION_DOWNGRADE);
    released(t, ACTION_DOWNGRADE);
    accepted(t, ACTION_DOWNGRADE);
    expect_state(t, "downgraded");
    story_end(t);
}
END_TEST

START_TEST(an_order_is_stopped_by_a_newer_answer_and_by_nothing_else)
{
    struct story *t = contacted();
    at(t, "12:03:00");
    outsider_comment(t);
    at(t, "12:04:00");
    command(t, COMMAND_DOWNGRADE);
    at(t, "12:04:01");
    outsider_comment(t);
    automatic_reply(t);
    looked(t);
    expect_wants(t, ACTION_DOWNGRADE);
    at(t, "12:04:02");
    customer_comment(t);
    expect_no_step(t);
    expect_state(t, "engaged");
    story_end(t);

    t = engaged();
    at(t, "12:06:00");
    command(t, COMMAND_DOWNGRADE);
    at(t, "12:06:02");
    customer_comment(t);
    expect_no_step(t);
    expect_state(t, "engaged");
    story_end(t);
}
END_TEST

/* --- downtime --- */

START_TEST(a_step_that_is_much_too_late_is_asked)
{
    struct story *t = contacted();
    at(t, "13:15:40");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP); /* an hour late, no more */
    story_end(t);

    t = contacted();
    at(t, "13:15:40.001");
    wake(t);
    expect_no_step(t);
    expect_held(t, "asked");
    expect_why(t, "too late");
    story_end(t);
}
END_TEST

START_TEST(a_step_that_becomes_too_late_on_its_way_is_asked)
{
    struct story *t = contacted();
    at(t, "12:15:40");
    wake(t);
    at(t, "14:00:00");
    looked(t);
    expect_no_step(t);
    expect_held(t, "asked");
    expect_prompt(t, "too late");
    command(t, COMMAND_DO_IT);
    looked(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    story_end(t);
}
END_TEST

START_TEST(an_order_that_comes_too_late_is_asked)
{
    struct story *t = contacted();
    at(t, "12:03:00");
    command(t, COMMAND_DOWNGRADE);
    at(t, "14:00:00");
    looked(t);
    expect_no_step(t);
    expect_held(t, "asked");
    expect_next(t, ACTION_DOWNGRADE, "12:15:40");
    command(t, COMMAND_DO_IT);
    expect_wants(t, ACTION_DOWNGRADE);
    story_end(t);
}
END_TEST

START_TEST(a_late_order_can_be_asked_while_engaged_too)
{
    struct story *t = engaged();
    at(t, "12:06:00");
    command(t, COMMAND_DOWNGRADE);
    at(t, "14:00:00");
    looked(t);
    expect_no_step(t);
    expect_held(t, "asked");
    command(t, COMMAND_DO_IT);
    expect_wants(t, ACTION_DOWNGRADE);
    at(t, "14:00:10");
    customer_comment(t);
    expect_no_step(t);
    story_end(t);
}
END_TEST

/* It was late for the step that was asked; the order is new. */
START_TEST(lateness_does_not_outlive_its_step)
{
    struct story *t = contacted();
    at(t, "14:00:00");
    wake(t);
    expect_held(t, "asked");
    at(t, "14:01:00");
    command(t, COMMAND_DOWNGRADE);
    looked(t);
    expect_held(t, NULL);
    expect_wants(t, ACTION_DOWNGRADE);
    story_end(t);

    t = contacted();
    at(t, "14:00:00");
    wake(t);
    at(t, "14:01:00");
    command(t, COMMAND_FOLLOWED_UP);
    expect_next(t, ACTION_DOWNGRADE, "14:16:00");
    at(t, "14:16:00");
    wake(t);
    expect_wants(t, ACTION_DOWNGRADE);
    story_end(t);
}
END_TEST

START_TEST(overdue_steps_come_in_order)
{
    struct story *t = contacted();
    at(t, "12:50:00"); /* down since 12:10 */
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    sent(t, ACTION_FOLLOW_UP);
    expect_next(t, ACTION_DOWNGRADE, "13:05:00"); /* the whole second period */
    wake(t);
    expect_no_step(t);
    story_end(t);
}
END_TEST

Suite *emergency_clock_suite(void)
{
    Suite *suite = suite_create("emergency_clock");
    TCase *periods = tcase_create("periods");
    tcase_add_test(periods, the_follow_up_is_due_15_minutes_after_the_comments_own_time);
    tcase_add_test(periods, a_step_is_wanted_once);
    tcase_add_test(periods, the_downgrade_clock_starts_when_the_follow_up_was_accepted);
    tcase_add_test(periods, no_downgrade_before_the_follow_up_was_accepted);
    tcase_add_test(periods, the_downgrade_follows_15_minutes_later);
    tcase_add_test(periods, a_refused_write_is_still_wanted_and_may_say_why);
    tcase_add_test(periods, people_are_warned_3_minutes_before_and_once);
    tcase_add_test(periods, a_deadline_that_moved_is_warned_of_again);
    suite_add_tcase(suite, periods);
    TCase *persons = tcase_create("persons");
    tcase_add_test(persons, pause_and_resume_keep_what_was_left);
    tcase_add_test(persons, a_pause_takes_back_a_step_that_has_not_left);
    tcase_add_test(persons, contact_during_a_pause_begins_a_period_that_rests);
    tcase_add_test(persons, extend_counts_from_now);
    tcase_add_test(persons, extend_takes_back_a_step_that_has_not_left);
    tcase_add_loop_test(persons, extend_outlives_a_follow_up_that_had_left, 0, 2);
    tcase_add_test(persons, extend_while_paused_sets_what_is_left);
    tcase_add_test(persons, a_follow_up_by_hand_starts_the_second_period);
    tcase_add_test(persons, the_first_contact_is_not_also_the_follow_up);
    tcase_add_test(persons, a_follow_up_by_hand_spares_the_automatic_one);
    tcase_add_test(persons, a_person_may_downgrade_at_once);
    tcase_add_test(persons, an_order_is_stopped_by_a_newer_answer_and_by_nothing_else);
    suite_add_tcase(suite, persons);
    TCase *late = tcase_create("late");
    tcase_add_test(late, a_step_that_is_much_too_late_is_asked);
    tcase_add_test(late, a_step_that_becomes_too_late_on_its_way_is_asked);
    tcase_add_test(late, an_order_that_comes_too_late_is_asked);
    tcase_add_test(late, a_late_order_can_be_asked_while_engaged_too);
    tcase_add_test(late, lateness_does_not_outlive_its_step);
    tcase_add_test(late, overdue_steps_come_in_order);
    suite_add_tcase(suite, late);
    return suite;
}
