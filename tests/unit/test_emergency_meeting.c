/*
 * A downgrade closes the bridge, so that one in use is asked about before: what the look sees of the meeting,
 * and which word settles it.
 */
#include "tests/unit/emergency_story.h"
#include "tests/unit/suites.h"

#include <stdio.h>

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

/* At the next deadline the customer may still be there. */
START_TEST(extending_settles_the_bridge_for_this_deadline_only)
{
    for (int paused = 0; paused < 2; paused++) {
        struct story *t = asked_about_the_bridge();
        at(t, "12:31:00");
        if (paused)
            command(t, COMMAND_PAUSE);
        extend(t, MINUTES(10));
        if (paused)
            command(t, COMMAND_RESUME);
        at(t, "12:41:00");
        wake(t);
        expect_wants(t, ACTION_DOWNGRADE);
        looked_at_meeting(t, MEETING_RUNNING);
        expect_held(t, "asked");
        story_end(t);
    }
}
END_TEST

START_TEST(do_it_settles_the_bridge_for_that_step_only)
{
    struct story *t = asked_about_the_bridge();
    at(t, "12:31:00");
    command(t, COMMAND_DO_IT);
    command(t, COMMAND_PAUSE); /* it has not left yet */
    at(t, "12:32:00");
    command(t, COMMAND_RESUME);
    wake(t);
    looked_at_meeting(t, MEETING_RUNNING);
    expect_held(t, "asked");
    story_end(t);
}
END_TEST

/* By Zoom's key, whatever the leaving says of them. */
static void left_again(struct story *t, const char *participant, enum author_standing standing)
{
    struct event event = new_event(t, EVENT_LEFT, EVENT_SOURCE_ZOOM);
    event.meeting.id = t->e.meeting;
    event.comment.standing = standing;
    (void)snprintf(event.meeting.participant, sizeof event.meeting.participant, "%s", participant);
    happen(t, &event);
}

START_TEST(who_leaves_is_who_joined)
{
    static const struct {
        const char *participant; /* 16 is of staff, 18 nobody knows */
        enum author_standing standing;
        bool asks;
    } leavings[] = {
        {"16", AUTHOR_UNKNOWN, true}, {"16", AUTHOR_STAFF, true},  {"18", AUTHOR_UNKNOWN, false},
        {"18", AUTHOR_STAFF, false},  {"77", AUTHOR_STAFF, true},  {"77", AUTHOR_CUSTOMER, true},
        {"77", AUTHOR_UNKNOWN, true}, {"", AUTHOR_CUSTOMER, true}, {"", AUTHOR_UNKNOWN, true},
    };
    for (size_t i = 0; i < COUNT_OF(leavings); i++) {
        struct story *t = downgrade_due();
        at(t, "12:20:00");
        joined(t, AUTHOR_STAFF);
        joined(t, AUTHOR_UNKNOWN);
        at(t, "12:21:00");
        left_again(t, leavings[i].participant, leavings[i].standing);
        at(t, "12:30:41");
        wake(t);
        command(t, COMMAND_DO_IT);
        looked_at_meeting(t, MEETING_RUNNING);
        if ((emergency_held(&t->e) != NULL) != leavings[i].asks)
            ck_abort_msg("row %zu", i);
        story_end(t);
    }
}
END_TEST

START_TEST(more_than_can_be_told_apart_never_leave)
{
    struct story *t = downgrade_due();
    at(t, "12:20:00");
    for (int i = 0; i < EMERGENCY_ATTENDANTS; i++)
        joined(t, AUTHOR_STAFF);
    joined(t, AUTHOR_UNKNOWN);
    left(t, AUTHOR_UNKNOWN);
    ck_assert_int_eq(t->e.others_in, 1);
    ck_assert_int_eq(t->e.staff_in, EMERGENCY_ATTENDANTS - 1);
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
    tcase_add_test(in_use, extending_settles_the_bridge_for_this_deadline_only);
    tcase_add_test(in_use, do_it_settles_the_bridge_for_that_step_only);
    tcase_add_test(in_use, who_leaves_is_who_joined);
    tcase_add_test(in_use, more_than_can_be_told_apart_never_leave);
    suite_add_tcase(suite, in_use);
    return suite;
}
