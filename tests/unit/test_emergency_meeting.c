/*
 * A downgrade closes the bridge, so that one in use is asked about before: what the look sees of the meeting,
 * and which word settles it.
 */
#include "tests/unit/emergency_story.h"
#include "tests/unit/suites.h"

/* 12:30:41 the downgrade is due. */
static struct story *downgrade_due(void)
{
    struct story *t = bridged();
    go_followed_up(t);
    return t;
}

START_TEST(a_bridge_in_use_is_asked_about_before_the_downgrade)
{
    static const struct {
        enum meeting_state state;
        bool staff, others;
        bool asks;
    } bridges[] = {
        {MEETING_NOT_ASKED, false, false, false}, {MEETING_OVER, true, true, false},
        {MEETING_RUNNING, true, false, false},    {MEETING_RUNNING, false, false, true},
        {MEETING_RUNNING, true, true, true},      {MEETING_UNREADABLE, true, false, true},
    };
    for (size_t i = 0; i < COUNT_OF(bridges); i++) {
        struct story *t = downgrade_due();
        at(t, "12:20:00");
        if (bridges[i].staff)
            joined(t, AUTHOR_STAFF);
        if (bridges[i].others)
            joined(t, AUTHOR_UNKNOWN);
        at(t, "12:30:41");
        wake(t);
        if (bridges[i].others) /* of the join it is asked by itself */
            command(t, COMMAND_DO_IT);
        looked_at_meeting(t, bridges[i].state);
        if ((emergency_held(&t->e) != NULL) != bridges[i].asks)
            ck_abort_msg("row %zu", i);
        if (bridges[i].asks)
            expect_why(t, "the bridge may still be in use");
        story_end(t);
    }
}
END_TEST

START_TEST(a_bridge_in_use_does_not_hold_the_follow_up)
{
    struct story *t = bridged();
    at(t, "12:15:40");
    wake(t);
    looked_at_meeting(t, MEETING_RUNNING);
    expect_wants(t, ACTION_FOLLOW_UP);
    expect_held(t, NULL);
    story_end(t);
}
END_TEST

START_TEST(who_orders_the_downgrade_is_not_asked_about_the_bridge)
{
    struct story *t = downgrade_due();
    at(t, "12:20:00");
    command(t, COMMAND_DOWNGRADE);
    looked_at_meeting(t, MEETING_RUNNING);
    expect_wants(t, ACTION_DOWNGRADE);
    story_end(t);
}
END_TEST

static struct story *asked_about_the_bridge(void)
{
    struct story *t = downgrade_due();
    at(t, "12:30:41");
    wake(t);
    looked_at_meeting(t, MEETING_RUNNING);
    expect_told(t, MESSAGE_ASKED, BUTTON(COMMAND_DO_IT) | BUTTON(COMMAND_EXTEND) | BUTTON(COMMAND_REPLIED));
    return t;
}

START_TEST(do_it_settles_the_bridge)
{
    struct story *t = asked_about_the_bridge();
    at(t, "12:31:00");
    command(t, COMMAND_DO_IT);
    looked_at_meeting(t, MEETING_RUNNING);
    expect_held(t, NULL);
    released(t, ACTION_DOWNGRADE);
    accepted(t, ACTION_DOWNGRADE);
    expect_state(t, "downgraded");
    story_end(t);
}
END_TEST

START_TEST(whoever_joins_after_that_is_asked_about_again)
{
    struct story *t = asked_about_the_bridge();
    at(t, "12:31:00");
    command(t, COMMAND_DO_IT);
    at(t, "12:31:01");
    joined(t, AUTHOR_STAFF); /* the doubt is the bridge's, not the join's */
    at(t, "12:31:02");
    left(t, AUTHOR_STAFF);
    at(t, "12:31:03");
    looked_at_meeting(t, MEETING_RUNNING);
    expect_held(t, "asked");
    story_end(t);
}
END_TEST

/* Another doubt was answered; this one nobody has seen. */
START_TEST(do_it_settles_what_was_shown_only)
{
    struct story *t = downgrade_due();
    at(t, "12:20:00");
    automatic_reply(t);
    at(t, "12:30:41");
    wake(t);
    expect_held(t, "asked");
    at(t, "12:31:00");
    command(t, COMMAND_DO_IT);
    looked_at_meeting(t, MEETING_RUNNING);
    expect_held(t, "asked");
    expect_why(t, "the bridge may still be in use");
    story_end(t);
}
END_TEST

START_TEST(an_unidentified_join_while_the_look_goes_on_is_asked)
{
    struct story *t = downgrade_due();
    at(t, "12:30:41");
    wake(t);
    joined(t, AUTHOR_UNKNOWN);
    at(t, "12:30:42");
    looked_at_meeting(t, MEETING_OVER);
    expect_held(t, "asked");
    story_end(t);
}
END_TEST

Suite *emergency_meeting_suite(void)
{
    Suite *suite = suite_create("emergency_meeting");
    TCase *in_use = tcase_create("in use");
    tcase_add_test(in_use, a_bridge_in_use_is_asked_about_before_the_downgrade);
    tcase_add_test(in_use, a_bridge_in_use_does_not_hold_the_follow_up);
    tcase_add_test(in_use, who_orders_the_downgrade_is_not_asked_about_the_bridge);
    tcase_add_test(in_use, do_it_settles_the_bridge);
    tcase_add_test(in_use, whoever_joins_after_that_is_asked_about_again);
    tcase_add_test(in_use, do_it_settles_what_was_shown_only);
    tcase_add_test(in_use, an_unidentified_join_while_the_look_goes_on_is_asked);
    suite_add_tcase(suite, in_use);
    return suite;
}
