/*
 * The state machine when the machine's clock is set: all that was noted before moves with it, so that it is
 * to what comes as if the clock had always been right. With a store, which
 * does the moving: test_desk_clock.c.
 */
#include "tests/unit/emergency_story.h"
#include "tests/unit/suites.h"

START_TEST(a_step_of_the_wall_clock_moves_the_deadline)
{
    struct story *t = contacted();
    at(t, "12:13:00");
    wake(t);
    at(t, "13:13:00"); /* the clock was an hour slow */
    clock_set(t, MINUTES(60));
    expect_next(t, ACTION_FOLLOW_UP, "13:15:40");
    expect_said(t, "+3600.0 s");
    expect_wake(t, "13:15:40"); /* of which people know already */
    at(t, "13:15:40");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    story_end(t);
}
END_TEST

START_TEST(a_step_of_the_wall_clock_makes_nothing_stale)
{
    struct story *t = contacted();
    at(t, "12:15:40");
    wake(t);
    at(t, "14:15:41");
    clock_set(t, MINUTES(120));
    looked(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    story_end(t);
}
END_TEST

START_TEST(a_step_of_the_wall_clock_moves_the_reminder)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    outsider_comment(t);
    at(t, "12:15:40");
    wake(t);
    expect_wake(t, "12:25:40");
    at(t, "13:16:00");
    clock_set(t, MINUTES(60));
    expect_wake(t, "13:25:40");
    story_end(t);
}
END_TEST

START_TEST(a_step_of_the_wall_clock_leaves_what_rests)
{
    struct story *t = contacted();
    at(t, "12:05:40");
    command(t, COMMAND_PAUSE);
    at(t, "13:06:00");
    clock_set(t, MINUTES(60));
    expect_no_next(t);
    at(t, "13:10:00");
    command(t, COMMAND_RESUME);
    expect_next(t, ACTION_FOLLOW_UP, "13:20:00");
    story_end(t);
}
END_TEST

START_TEST(a_step_of_the_wall_clock_shortens_no_other_period)
{
    struct story *t = story_new();
    t->policy.can_page = true;
    ticket_opened(t);
    ticket_read(t, PRIORITY_URGENT, STATUS_OPEN);
    at(t, "13:00:30");
    clock_set(t, MINUTES(60));
    at(t, "13:01:59");
    wake(t);
    ck_assert_msg(!wants(t, ACTION_CREATE_PAGE), "the missing page's two minutes are not over");
    expect_no_prompt(t); /* nor are the twenty until contact */
    expect_wake(t, "13:02:00");
    story_end(t);
}
END_TEST

START_TEST(an_answer_after_the_clock_was_set_back_is_one)
{
    struct story *t = contacted();
    at(t, "11:44:00"); /* it was 12:04 */
    clock_set(t, -MINUTES(20));
    expect_next(t, ACTION_FOLLOW_UP, "11:55:40");
    expect_time(t->e.contacted_ms, "11:40:40");
    at(t, "11:45:00");
    customer_comment(t);
    expect_state(t, "engaged");
    expect_time(t->e.answered_ms, "11:45:00");
    at(t, "12:30:00");
    wake(t);
    expect_no_step(t);
    story_end(t);
}
END_TEST

START_TEST(a_comment_of_before_the_contact_stays_before_it)
{
    struct story *t = acknowledged();
    customer_comment(t); /* 12:00:20 */
    at(t, "11:01:00");
    clock_set(t, -MINUTES(60));
    at(t, "11:02:00");
    staff_comment(t);
    expect_state(t, "contacted");
    expect_next(t, ACTION_FOLLOW_UP, "11:17:00");
    story_end(t);
}
END_TEST

START_TEST(the_second_period_moves_with_the_follow_up)
{
    struct story *t = followed_up(); /* accepted at 12:15:41 */
    at(t, "11:20:00");
    clock_set(t, -MINUTES(60));
    expect_time(t->e.followed_up_ms, "11:15:41");
    expect_next(t, ACTION_DOWNGRADE, "11:30:41");
    at(t, "13:20:30"); /* and two hours ahead */
    clock_set(t, MINUTES(120));
    expect_next(t, ACTION_DOWNGRADE, "13:30:41");
    at(t, "13:30:41");
    wake(t);
    expect_wants(t, ACTION_DOWNGRADE);
    story_end(t);
}
END_TEST

START_TEST(a_word_of_before_the_step_settles_what_was_shown_then)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    outsider_comment(t);
    at(t, "12:15:40");
    wake(t);
    at(t, "11:16:00");
    clock_set(t, -MINUTES(60));
    expect_held(t, "asked");
    command(t, COMMAND_DO_IT);
    looked(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    at(t, "11:16:02");
    outsider_comment(t);
    looked(t);
    expect_held(t, "asked");
    story_end(t);
}
END_TEST

Suite *emergency_clock_set_suite(void)
{
    Suite *suite = suite_create("emergency_clock_set");
    TCase *steps = tcase_create("clock set");
    tcase_add_test(steps, a_step_of_the_wall_clock_moves_the_deadline);
    tcase_add_test(steps, a_step_of_the_wall_clock_makes_nothing_stale);
    tcase_add_test(steps, a_step_of_the_wall_clock_moves_the_reminder);
    tcase_add_test(steps, a_step_of_the_wall_clock_leaves_what_rests);
    tcase_add_test(steps, a_step_of_the_wall_clock_shortens_no_other_period);
    tcase_add_test(steps, an_answer_after_the_clock_was_set_back_is_one);
    tcase_add_test(steps, a_comment_of_before_the_contact_stays_before_it);
    tcase_add_test(steps, the_second_period_moves_with_the_follow_up);
    tcase_add_test(steps, a_word_of_before_the_step_settles_what_was_shown_then);
    suite_add_tcase(suite, steps);
    return suite;
}
