/*
 * The desk and clocks that are wrong: the machine's, which is set while emergencies run, and the services'.
 * To the customer it must make no difference; whatever is told below happens at its true time.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/database_file.h"
#include "tests/unit/desk_life.h"
#include "tests/unit/settings_file.h"
#include "tests/unit/suites.h"

/* The machine's clock is ahead, and is set right while the first period runs. */
static struct life *set_back(const char *sections, int64_t by_ms)
{
    struct life *life = life_new(sections, by_ms);
    life_contacted(life);
    life_at(life, "12:04:00");
    life_set_clock(life, 0);
    return life;
}

/* --- the machine's clock, by what emergencies know --- */

START_TEST(an_answer_after_the_clock_was_set_back_is_one)
{
    struct life *life = set_back("", MINUTES(20));
    ck_assert_int_eq(life_event_ms(life, 1, EVENT_CLOCK_STEP), clock_ms("12:04:00"));
    life_at(life, "12:05:00");
    life_comment(life, LIFE_CUSTOMER);
    life_at(life, "13:30:00");
    life_expect(life, 1, "engaged");
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 0);
    life_end(life);
}
END_TEST

START_TEST(periods_are_as_long_whichever_way_the_clock_was_set)
{
    static const int64_t ahead_ms[] = {MINUTES(180), MINUTES(20), 5000, -5000, -MINUTES(20), -MINUTES(180)};
    struct life *life = set_back("", ahead_ms[_i]);
    life_at(life, "12:15:39");
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 0);
    life_at(life, "12:15:42"); /* Zendesk's times are cut to the second */
    life_expect(life, 1, "followed_up");
    life_at(life, "12:30:38");
    life_expect(life, 1, "followed_up");
    life_at(life, "12:30:43");
    life_expect(life, 1, "downgraded");
    life_end(life);
}
END_TEST

/* A comment of before the page: by the clock as it was then, it came after it. */
START_TEST(what_waited_for_its_emergency_has_the_time_of_the_clock_as_it_is)
{
    struct life *life = life_new("", MINUTES(60));
    life_at(life, "12:00:10");
    life->priority = PRIORITY_NORMAL;
    life_comment(life, LIFE_CUSTOMER);
    life_at(life, "12:01:00");
    life_set_clock(life, MINUTES(25));
    life_set_clock(life, 0); /* nothing was noted in between */
    life_change(life, PRIORITY_URGENT, STATUS_OPEN, LIFE_CUSTOMER);
    life_page(life, "P1", PAGE_TRIGGERED, STORY_TICKET);
    life_at(life, "12:02:00");
    life_comment(life, LIFE_ENGINEER);
    life_at(life, "12:02:01");
    life_expect(life, 1, "contacted");
    life_at(life, "12:17:05");
    life_expect(life, 1, "followed_up");
    life_end(life);
}
END_TEST

START_TEST(two_steps_and_a_restart_leave_the_journal_right)
{
    struct life *life = set_back("", MINUTES(20));
    life_at(life, "12:05:00");
    life_set_clock(life, -MINUTES(30));
    life_restart(life);
    life_at(life, "12:16:00");
    life_expect(life, 1, "followed_up");
    life_set_clock(life, MINUTES(5));
    life_set_clock(life, MINUTES(7)); /* before anything was noted since */
    life_restart(life);
    life_at(life, "12:30:00");
    life_comment(life, LIFE_CUSTOMER);
    life_at(life, "12:31:00");
    life_expect(life, 1, "engaged");
    life_end(life);
}
END_TEST

/* The events of the one that is joined are of before the step, those that it is joined by of after it. */
START_TEST(emergencies_are_joined_over_a_step)
{
    struct life *life = life_new("", MINUTES(20));
    life_page(life, "P1", PAGE_TRIGGERED, 0);
    life_at(life, "12:00:10");
    life_page(life, "P2", PAGE_TRIGGERED, STORY_TICKET);
    life_at(life, "12:00:40");
    life_comment(life, LIFE_ENGINEER);
    life_at(life, "12:03:00");
    life_set_clock(life, 0);
    life_at(life, "12:04:00");
    life_link(life, 1, STORY_TICKET);
    life_at(life, "12:05:00");
    ck_assert_int_eq(life_emergency(life, 2).id, 1);
    life_expect(life, 1, "contacted");
    life_at(life, "12:15:30");
    life_expect(life, 1, "contacted");
    life_comment(life, LIFE_CUSTOMER);
    life_at(life, "12:16:00");
    life_expect(life, 1, "engaged");
    life_end(life);
}
END_TEST

/* --- by what the desk knows besides --- */

START_TEST(a_call_that_waits_does_not_sleep_for_hours)
{
    struct life *life = life_new("", MINUTES(180));
    life_contacted(life);
    life_at(life, "12:15:00");
    life->reads = FATE_LIMITED;
    life_at(life, "12:15:50"); /* now the look waits for a minute */
    life_set_clock(life, 0);
    life->reads = FATE_TAKEN;
    life_at(life, "12:17:30");
    life_expect(life, 1, "followed_up");
    life_end(life);
}
END_TEST

/* It waits to be sent again when it is called off, and is wanted again after the step. */
START_TEST(a_call_that_is_taken_up_again_does_not_sleep_for_hours)
{
    struct life *life = life_new(LIFE_SLACK, MINUTES(180));
    life->messages = FATE_UNSENT;
    life_page(life, "P1", PAGE_TRIGGERED, STORY_TICKET);
    life_at(life, "12:00:30");
    life_change(life, PRIORITY_URGENT, STATUS_SOLVED, LIFE_ENGINEER);
    life_at(life, "12:00:31");
    life_expect(life, 1, "closed");
    life_set_clock(life, 0);
    life->messages = FATE_TAKEN;
    life_change(life, PRIORITY_URGENT, STATUS_OPEN, LIFE_CUSTOMER);
    life_at(life, "12:00:40");
    ck_assert_str_ne(life_emergency(life, 1).thread_ts, "");
    life_end(life);
}
END_TEST

START_TEST(a_ticket_that_turns_urgent_after_the_step_is_no_older_than_the_first_start)
{
    struct life *life = life_new("", MINUTES(60));
    life->priority = PRIORITY_NORMAL;
    life->audits[0].raises = false;
    life_at(life, "12:01:00");
    life_set_clock(life, 0);
    life_at(life, "12:02:00");
    life_change(life, PRIORITY_URGENT, STATUS_OPEN, LIFE_CUSTOMER);
    life_at(life, "12:02:10");
    ck_assert_int_eq(life_emergencies(life), 1);
    life_end(life);
}
END_TEST

START_TEST(the_first_start_is_moved_for_the_next_process_too)
{
    struct life *life = life_new("", MINUTES(60));
    life->priority = PRIORITY_NORMAL;
    life->audits[0].raises = false;
    life_at(life, "12:01:00");
    life_set_clock(life, 0);
    life_restart(life);
    life_at(life, "12:02:00");
    life_change(life, PRIORITY_URGENT, STATUS_OPEN, LIFE_CUSTOMER);
    life_at(life, "12:02:10");
    ck_assert_int_eq(life_emergencies(life), 1);
    life_end(life);
}
END_TEST

START_TEST(a_ticket_that_is_raised_again_after_the_step_is_opened_again)
{
    struct life *life = life_new("", MINUTES(60));
    life_contacted(life);
    life_at(life, "12:03:00");
    life_change(life, PRIORITY_HIGH, STATUS_OPEN, LIFE_ENGINEER);
    life_at(life, "12:04:00");
    life_expect(life, 1, "closed");
    life_set_clock(life, 0);
    life_at(life, "12:10:00");
    life_change(life, PRIORITY_URGENT, STATUS_OPEN, LIFE_CUSTOMER);
    life_at(life, "12:10:10");
    ck_assert_int_eq(life_emergencies(life), 2);
    life_end(life);
}
END_TEST

/* Only a trigger tells, which says no more than that, and the ticket is as it was when a person closed its
 * emergency. */
START_TEST(when_an_emergency_was_closed_moves_too)
{
    struct life *life = life_new("", MINUTES(60));
    life_contacted(life);
    life_at(life, "12:03:00");
    life_command(life, 1, COMMAND_CLOSE);
    life_at(life, "12:04:00");
    life_expect(life, 1, "closed");
    life_set_clock(life, 0);
    life->deaf = true;
    life_at(life, "12:09:00");
    life_change(life, PRIORITY_HIGH, STATUS_OPEN, LIFE_ENGINEER);
    life_at(life, "12:10:00");
    life_change(life, PRIORITY_URGENT, STATUS_OPEN, LIFE_CUSTOMER);
    life_trigger(life);
    life_at(life, "12:10:10");
    ck_assert_int_eq(life_emergencies(life), 2);
    life_end(life);
}
END_TEST

/* The ticket was asked for before the step, and its answer comes after it: what happens then is newer. */
START_TEST(what_was_asked_before_the_step_is_older_than_what_comes_after_it)
{
    struct life *life = life_new("", MINUTES(60));
    life->reads = FATE_HELD;
    life_page(life, "P1", PAGE_TRIGGERED, STORY_TICKET);
    life_at(life, "12:00:10");
    life_set_clock(life, 0);
    life->reads = FATE_TAKEN;
    life_answers(life);
    life_at(life, "12:00:20");
    ck_assert_int_le(life_event_ms(life, 1, EVENT_TICKET), clock_ms("12:00:20"));
    life_change(life, PRIORITY_HIGH, STATUS_OPEN, LIFE_ENGINEER);
    life_at(life, "12:00:30");
    life_expect(life, 1, "closed");
    life_end(life);
}
END_TEST

/* --- the services' clocks --- */

/* While the disk is full a batch is tried again and again, and the step with it. */
static void step_in_vain(struct life *life, int64_t shift_ms)
{
    ck_assert_int_eq(desk_begin(life->desk, life_machine_ms(life)), STORE_OK);
    desk_take_clock_step(life->desk, shift_ms);
    store_rollback(life->store);
    ck_assert_int_ne(desk_end(life->desk), STORE_OK);
}

/* The engineer's comment of 12:00:40, of which a webhook tells only ten seconds later; else what it says
 * would be cut to the present. */
static void comment_late(struct life *life)
{
    life->true_ms = clock_ms("12:00:40");
    life_comment(life, LIFE_ENGINEER);
    life->true_ms = clock_ms("12:00:50");
    life_at(life, "12:00:50");
    int64_t off_ms = life_event_ms(life, 1, EVENT_COMMENT) - clock_ms("12:00:40");
    ck_assert_int_lt(llabs(off_ms), 2000);
}

/* Zendesk's clock is ahead by less than is corrected: by ours, both come from the future. */
START_TEST(an_answer_that_is_told_before_the_contact_counts)
{
    struct life *life = life_new("", 0);
    life->zendesk_ahead_ms = 900;
    life_page(life, "P1", PAGE_TRIGGERED, STORY_TICKET);
    life_at(life, "12:00:40");
    life_comment(life, LIFE_ENGINEER);
    struct delivery *late = life->delivered;
    life->delivered = NULL;
    life->true_ms += 10;
    life_comment(life, LIFE_CUSTOMER);
    life_at(life, "12:00:40.100");
    life->delivered = late;
    life_at(life, "12:40:00");
    life_expect(life, 1, "engaged");
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 0);
    life_end(life);
}
END_TEST

/* It was urgent only after the comment, by Zendesk's clock; by ours, that came from the future. */
START_TEST(what_is_older_than_the_raise_says_nothing_of_it)
{
    struct life *life = life_new("", 0);
    life->zendesk_ahead_ms = 600;
    life_change(life, PRIORITY_NORMAL, STATUS_OPEN, LIFE_CUSTOMER);
    life_at(life, "12:00:40.489");
    life_comment(life, LIFE_CUSTOMER);
    struct delivery *late = life->delivered;
    life->delivered = NULL;
    life->true_ms += 62;
    life_change(life, PRIORITY_URGENT, STATUS_OPEN, LIFE_CUSTOMER);
    life_at(life, "12:00:50");
    life_expect(life, 1, "paged");
    life->delivered = late;
    life_at(life, "12:01:00");
    life_expect(life, 1, "paged");
    life_end(life);
}
END_TEST

/* Who came to the bridge is known only after the clock was set. */
START_TEST(who_came_before_the_step_came_to_the_same_meeting)
{
    struct life *life = life_new(LIFE_ZOOM, MINUTES(20));
    life_contacted(life);
    life_at(life, "12:03:00");
    life->reads = FATE_UNSENT;
    life_join(life, LIFE_CUSTOMER);
    life_at(life, "12:04:00");
    life_expect(life, 1, "contacted");
    life_set_clock(life, 0);
    life->reads = FATE_TAKEN;
    life_at(life, "12:10:00");
    life_expect(life, 1, "engaged");
    life_end(life);
}
END_TEST

/* Zoom's clock is ahead by less than is corrected. */
START_TEST(who_turns_out_to_be_of_staff_leaves_no_doubt)
{
    struct life *life = life_new(LIFE_ZOOM, -300);
    life_contacted(life);
    life_at(life, "12:03:00");
    life_join(life, LIFE_ENGINEER);
    life_at(life, "12:04:00");
    const struct emergency e = life_emergency(life, 1);
    ck_assert(e.met);
    ck_assert_int_eq(e.doubt_ms[DOUBT_JOIN], 0);
    life_end(life);
}
END_TEST

/* Zoom is not asked anything before somebody comes. */
START_TEST(zooms_skew_outlives_the_process)
{
    struct life *life = life_new(LIFE_ZOOM, MINUTES(20));
    life_contacted(life);
    life_restart(life);
    life_at(life, "12:03:00");
    life_join(life, LIFE_CUSTOMER);
    life_at(life, "12:04:00");
    life_expect(life, 1, "engaged");
    life_end(life);
}
END_TEST

/* Each answer takes nine seconds, and is as old when it comes. */
START_TEST(a_slow_answer_is_no_wrong_clock)
{
    static const char *const clocks[] = {"12:00:09", "12:00:18", "12:00:27", "12:00:36", "12:00:45"};
    struct life *life = life_new("", 0);
    life->reads = FATE_HELD;
    life_page(life, "P1", PAGE_TRIGGERED, STORY_TICKET);
    for (size_t i = 0; i < COUNT_OF(clocks); i++) {
        life_at(life, clocks[i]);
        if (life->held)
            life_answers(life);
    }
    life_at(life, "12:00:45");
    ck_assert_ptr_null(life->held);
    comment_late(life);
    life_end(life);
}
END_TEST

static const int64_t wrong_ms[] = {MINUTES(60), 5000, -5000, -MINUTES(60)};

START_TEST(zendesks_times_are_told_by_our_clock)
{
    struct life *life = life_new("", 0);
    life->zendesk_ahead_ms = wrong_ms[_i];
    life_contacted(life);
    int64_t off_ms = life_event_ms(life, 1, EVENT_COMMENT) - clock_ms("12:00:40");
    ck_assert_int_lt(llabs(off_ms), 2000);
    life_at(life, "12:30:00");
    life_expect(life, 1, "followed_up");
    life_end(life);
}
END_TEST

/* The next process can't know of it. */
START_TEST(a_call_does_not_sleep_for_hours_when_the_clock_was_set_while_it_was_down)
{
    struct life *life = life_new("", MINUTES(120));
    life_page(life, "P1", PAGE_TRIGGERED, STORY_TICKET);
    life_at(life, "12:00:20");
    life->writes = FATE_UNSENT;
    life_command(life, 1, COMMAND_FIRST_CONTACT);
    life_at(life, "12:00:30");
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 0);
    life->machine_ahead_ms = 0;
    life->writes = FATE_TAKEN;
    life_restart(life);
    life_at(life, "12:00:31");
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 1);
    life_end(life);
}
END_TEST

/* Its webhooks may come before its first answer to the next process. */
START_TEST(zendesks_skew_outlives_the_process)
{
    struct life *life = life_new("", 0);
    life->zendesk_ahead_ms = wrong_ms[_i];
    life_page(life, "P1", PAGE_TRIGGERED, STORY_TICKET);
    life_at(life, "12:00:30");
    life_restart(life);
    comment_late(life);
    life_end(life);
}
END_TEST

START_TEST(zendesks_skew_moves_with_our_clock)
{
    struct life *life = life_new("", wrong_ms[_i / 2]);
    life_page(life, "P1", PAGE_TRIGGERED, STORY_TICKET);
    life_at(life, "12:00:30");
    life->reads = FATE_UNSENT; /* no answer tells it anew */
    life_set_clock(life, 0);
    if (_i % 2) /* for the next process too */
        life_restart(life);
    comment_late(life);
    life_end(life);
}
END_TEST

START_TEST(pagerdutys_times_are_told_by_our_clock)
{
    struct life *life = life_new(LIFE_PAGERDUTY, 0);
    life->pagerduty_ahead_ms = wrong_ms[_i];
    life_at(life, "12:00:10"); /* the first poll has been answered */
    life_page(life, "P1", PAGE_TRIGGERED, STORY_TICKET);
    life_at(life, "12:00:20");
    int64_t off_ms = life_emergency(life, 1).opened_ms - clock_ms("12:00:10");
    ck_assert_int_lt(llabs(off_ms), 2000);
    life_end(life);
}
END_TEST

START_TEST(a_step_that_is_tried_again_moves_memory_once)
{
    struct life *life = life_new("", MINUTES(20));
    life_page(life, "P1", PAGE_TRIGGERED, STORY_TICKET);
    life_at(life, "12:00:30");
    life->reads = FATE_UNSENT; /* no answer tells the skew anew */
    for (int i = 0; i < 3; i++)
        step_in_vain(life, -MINUTES(20));
    life_set_clock(life, 0);
    comment_late(life);
    life_end(life);
}
END_TEST

/* PagerDuty is never asked here: nothing says that its clock differs from one that has been set right. */
START_TEST(a_clock_that_nobody_asked_for_is_not_wrong_by_our_step)
{
    struct life *life = life_new("[pagerduty]\nwebhook_secret = p\n", MINUTES(60));
    life_at(life, "12:00:05");
    life_set_clock(life, 0);
    life_at(life, "12:00:10");
    life_page(life, "P1", PAGE_TRIGGERED, STORY_TICKET);
    life_at(life, "12:00:20");
    int64_t off_ms = life_emergency(life, 1).opened_ms - clock_ms("12:00:10");
    ck_assert_int_lt(llabs(off_ms), 2000);
    life_end(life);
}
END_TEST

Suite *desk_clock_suite(void)
{
    const TTest *const tests[] = {
        who_came_before_the_step_came_to_the_same_meeting,
        who_turns_out_to_be_of_staff_leaves_no_doubt,
        zooms_skew_outlives_the_process,
        an_answer_after_the_clock_was_set_back_is_one,
        what_waited_for_its_emergency_has_the_time_of_the_clock_as_it_is,
        two_steps_and_a_restart_leave_the_journal_right,
        emergencies_are_joined_over_a_step,
        a_call_that_waits_does_not_sleep_for_hours,
        a_call_that_is_taken_up_again_does_not_sleep_for_hours,
        a_call_does_not_sleep_for_hours_when_the_clock_was_set_while_it_was_down,
        an_answer_that_is_told_before_the_contact_counts,
        what_is_older_than_the_raise_says_nothing_of_it,
        a_ticket_that_turns_urgent_after_the_step_is_no_older_than_the_first_start,
        the_first_start_is_moved_for_the_next_process_too,
        a_ticket_that_is_raised_again_after_the_step_is_opened_again,
        when_an_emergency_was_closed_moves_too,
        what_was_asked_before_the_step_is_older_than_what_comes_after_it,
        a_slow_answer_is_no_wrong_clock,
        a_step_that_is_tried_again_moves_memory_once,
        a_clock_that_nobody_asked_for_is_not_wrong_by_our_step,
    };
    Suite *suite = suite_create("desk_clock");
    TCase *all = tcase_create("desk_clock");
    tcase_add_checked_fixture(all, settings_begin, settings_end);
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        tcase_add_test(all, tests[i]);
    tcase_add_loop_test(all, periods_are_as_long_whichever_way_the_clock_was_set, 0, 6);
    tcase_add_loop_test(all, zendesks_skew_moves_with_our_clock, 0, 2 * (int)COUNT_OF(wrong_ms));
    tcase_add_loop_test(all, zendesks_times_are_told_by_our_clock, 0, (int)COUNT_OF(wrong_ms));
    tcase_add_loop_test(all, zendesks_skew_outlives_the_process, 0, (int)COUNT_OF(wrong_ms));
    tcase_add_loop_test(all, pagerdutys_times_are_told_by_our_clock, 0, (int)COUNT_OF(wrong_ms));
    suite_add_tcase(suite, all);
    return suite;
}
