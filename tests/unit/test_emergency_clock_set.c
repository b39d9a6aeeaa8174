/*
 * The state machine when the machine's clock is set: all that was noted before moves with it, so that it is
 * to what comes as if the clock had always been right. More in test_emergency_clock.c; with a store, which
 * does the moving, in test_desk_clock.c.
 */
#include "tests/unit/emergency_story.h"
#include "tests/unit/suites.h"

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
    tcase_add_test(steps, an_answer_after_the_clock_was_set_back_is_one);
    tcase_add_test(steps, a_comment_of_before_the_contact_stays_before_it);
    tcase_add_test(steps, the_second_period_moves_with_the_follow_up);
    tcase_add_test(steps, a_word_of_before_the_step_settles_what_was_shown_then);
    suite_add_tcase(suite, steps);
    return suite;
}
