/*
 * The ticket's hours: outside of them no clock runs and no text goes out by itself, whoever notices it when;
 * a step that would come after their end is asked before. What persons do is not touched by them.
 */
#include "tests/unit/emergency_story.h"
#include "tests/unit/suites.h"

#define LOS_ANGELES "America/Los_Angeles"
#define DECIDE      (BUTTON(COMMAND_DO_IT) | BUTTON(COMMAND_EXTEND) | BUTTON(COMMAND_REPLIED))

/* Acknowledged at CLOCK, of [coverage office]. */
static void go_acknowledged_at(struct story *t, const char *clock)
{
    at(t, clock);
    page(t, "P1", PAGE_TRIGGERED);
    linked(t, STORY_TICKET);
    ticket_read(t, PRIORITY_URGENT, STATUS_OPEN);
    ticket_sorted(t, "", "office", "");
    page(t, "P1", PAGE_ACKNOWLEDGED);
}

/* The office closes at 13:00 UTC and opens at 05:00; the follow-up is due 15 minutes after STAFF wrote. */
static struct story *office_contacted(const char *acknowledged, const char *staff)
{
    struct story *t = story_new();
    covered(t, "office", "UTC", 5, 13);
    go_acknowledged_at(t, acknowledged);
    at(t, staff);
    staff_comment(t);
    return t;
}

/* Due at 13:05:40. */
static struct story *office(void)
{
    return office_contacted("12:50:00", "12:50:40");
}

static struct story *asked(void)
{
    struct story *t = office();
    at(t, "12:57:00");
    wake(t);
    return t;
}

static struct story *closed_for_the_night(void)
{
    struct story *t = asked();
    at(t, "13:00:00");
    wake(t);
    return t;
}

/* --- the end of the hours --- */

START_TEST(a_step_beyond_the_end_is_asked_three_minutes_before)
{
    struct story *t = office();
    expect_wake(t, "12:57:00");
    at(t, "12:56:59");
    wake(t);
    expect_held(t, NULL);
    at(t, "12:57:00");
    wake(t);
    expect_held(t, "asked");
    expect_told(t, MESSAGE_HOURS_END, DECIDE);
    expect_effects(t, 1);
    expect_prompt(t, "hours end before the follow-up is due");
    expect_why(t, "the ticket's hours end before that");
    expect_wake(t, "13:00:00");
    story_end(t);
}
END_TEST

START_TEST(what_is_left_runs_from_the_next_opening)
{
    struct story *t = closed_for_the_night();
    expect_held(t, "coverage");
    expect_why(t, "outside the hours of office");
    expect_no_next(t);
    expect_effects(t, 0);
    expect_wake(t, "29:00:00");
    at(t, "29:00:00");
    wake(t);
    expect_held(t, NULL);
    expect_next(t, ACTION_FOLLOW_UP, "29:05:40");
    expect_wake(t, "29:02:40");
    at(t, "29:02:40");
    wake(t);
    expect_told(t, MESSAGE_WARNING, BUTTON(COMMAND_EXTEND) | BUTTON(COMMAND_REPLIED) | BUTTON(COMMAND_PAUSE));
    at(t, "29:05:40");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    expect_held(t, NULL);
    story_end(t);
}
END_TEST

START_TEST(a_step_within_the_hours_is_not_asked)
{
    struct story *t = office_contacted("12:44:00", "12:44:59");
    at(t, "12:57:00");
    wake(t);
    expect_held(t, NULL);
    at(t, "12:59:59");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    story_end(t);
}
END_TEST

START_TEST(a_step_that_is_due_at_the_very_end_is_beyond_it)
{
    struct story *t = office_contacted("12:44:00", "12:45:00");
    at(t, "12:57:00");
    wake(t);
    expect_held(t, "asked");
    story_end(t);
}
END_TEST

START_TEST(it_is_asked_as_soon_as_it_is_known)
{
    struct story *t = office();
    at(t, "12:58:00");
    extend(t, MINUTES(10));
    wake(t);
    expect_told(t, MESSAGE_HOURS_END, DECIDE);
    story_end(t);
}
END_TEST

START_TEST(the_step_is_done_before_the_end_by_a_word)
{
    struct story *t = asked();
    at(t, "12:58:00");
    command(t, COMMAND_DO_IT);
    sent(t, ACTION_FOLLOW_UP);
    expect_next(t, ACTION_DOWNGRADE, "13:13:00");
    at(t, "13:00:00"); /* asked once for an end: it is known to all by now */
    wake(t);
    expect_held(t, "coverage");
    at(t, "29:00:00");
    wake(t);
    expect_next(t, ACTION_DOWNGRADE, "29:13:00");
    story_end(t);
}
END_TEST

/* A person's order is not taken back by the clock on the wall. */
START_TEST(what_a_person_ordered_goes_out_after_the_end_too)
{
    struct story *t = asked();
    at(t, "12:59:59.900");
    command(t, COMMAND_DO_IT);
    at(t, "13:00:01");
    sent(t, ACTION_FOLLOW_UP);
    expect_state(t, "followed_up");
    expect_held(t, "coverage");
    at(t, "29:00:00");
    wake(t);
    expect_next(t, ACTION_DOWNGRADE, "29:15:00"); /* all of it */
    story_end(t);
}
END_TEST

START_TEST(an_extension_goes_on_in_the_next_hours)
{
    struct story *t = asked();
    at(t, "12:58:00");
    extend(t, MINUTES(15));
    expect_held(t, NULL);
    expect_wake(t, "13:00:00");
    at(t, "12:59:00");
    wake(t);
    expect_held(t, NULL); /* everybody knows by now */
    at(t, "13:00:00");
    wake(t);
    expect_held(t, "coverage");
    at(t, "29:00:00");
    wake(t);
    expect_next(t, ACTION_FOLLOW_UP, "29:13:00");
    story_end(t);
}
END_TEST

START_TEST(an_answer_settles_it)
{
    struct story *t = asked();
    at(t, "12:58:00");
    customer_comment(t);
    expect_state(t, "engaged");
    expect_held(t, NULL);
    at(t, "13:00:00");
    wake(t);
    expect_effects(t, 0);
    story_end(t);
}
END_TEST

START_TEST(the_question_does_not_outlive_the_hours_it_is_about)
{
    struct story *t = asked();
    at(t, "12:58:00");
    ticket_sorted(t, "", "", ""); /* around the clock after all */
    expect_held(t, NULL);
    expect_next(t, ACTION_FOLLOW_UP, "13:05:40");
    at(t, "13:05:40");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    story_end(t);

    t = asked();
    covered(t, "late", "UTC", 6, 13);
    at(t, "12:58:00");
    ticket_sorted(t, "", "late", ""); /* which end just then, too: of them nobody was asked */
    expect_held(t, NULL);
    wake(t);
    expect_told(t, MESSAGE_HOURS_END, DECIDE);
    story_end(t);
}
END_TEST

/* --- noticed late --- */

START_TEST(the_end_counts_from_its_own_time_however_late_it_is_noticed)
{
    struct story *t = office();
    at(t, "12:56:00"); /* the daemon goes down */
    wake(t);
    at(t, "13:04:00");
    wake(t);
    expect_held(t, "coverage");
    expect_effects(t, 0);
    at(t, "29:00:00");
    wake(t);
    expect_next(t, ACTION_FOLLOW_UP, "29:05:40");
    story_end(t);
}
END_TEST

START_TEST(the_whole_night_passes_unnoticed)
{
    struct story *t = office();
    at(t, "29:04:00");
    wake(t);
    expect_held(t, NULL);
    expect_next(t, ACTION_FOLLOW_UP, "29:05:40");
    expect_no_step(t);
    at(t, "29:05:40");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    story_end(t);

    t = office();
    at(t, "29:06:00");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    expect_next(t, ACTION_FOLLOW_UP, "29:05:40");
    story_end(t);

    t = office(); /* and a whole day */
    at(t, "37:00:01");
    wake(t);
    expect_held(t, "coverage");
    expect_no_step(t);
    story_end(t);
}
END_TEST

/* It was overdue when the hours ended, and nobody ran. */
START_TEST(an_overdue_step_comes_with_the_opening)
{
    struct story *t = story_new();
    covered(t, "office", "UTC", 5, 13);
    go_acknowledged_at(t, "12:30:00");
    staff_comment(t);
    at(t, "13:30:00");
    wake(t);
    expect_no_step(t);
    expect_held(t, "coverage");
    at(t, "29:00:00");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    story_end(t);
}
END_TEST

START_TEST(a_step_that_did_not_leave_in_time_waits)
{
    struct story *t = story_new();
    covered(t, "office", "UTC", 5, 13);
    go_acknowledged_at(t, "12:44:00");
    at(t, "12:44:50");
    staff_comment(t);
    at(t, "12:59:50");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    at(t, "13:00:00");
    wake(t);
    expect_no_step(t);
    at(t, "29:00:00");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    story_end(t);
}
END_TEST

/* --- outside --- */

static struct story *opened_outside(bool automatic)
{
    struct story *t = story_new();
    covered(t, "office", "UTC", 5, 13);
    three_rungs(t);
    t->policy.first_contact_automatic = automatic;
    go_acknowledged_at(t, "13:30:00");
    return t;
}

START_TEST(the_automatic_first_comment_waits_for_the_opening)
{
    struct story *t = opened_outside(true);
    expect_no_step(t);
    at(t, "29:00:00");
    wake(t);
    expect_wants(t, ACTION_FIRST_CONTACT);
    sent(t, ACTION_FIRST_CONTACT);
    expect_next(t, ACTION_FOLLOW_UP, "29:15:00");
    story_end(t);
}
END_TEST

START_TEST(an_automatic_first_comment_that_did_not_leave_in_time_is_withdrawn)
{
    struct story *t = story_new();
    covered(t, "office", "UTC", 5, 13);
    t->policy.first_contact_automatic = true;
    go_acknowledged_at(t, "12:59:59");
    expect_wants(t, ACTION_FIRST_CONTACT);
    at(t, "13:00:00");
    wake(t);
    expect_no_step(t);
    story_end(t);
}
END_TEST

START_TEST(persons_work_outside_too)
{
    struct story *t = opened_outside(false);
    at(t, "13:31:00");
    command(t, COMMAND_FIRST_CONTACT);
    sent(t, ACTION_FIRST_CONTACT);
    expect_state(t, "contacted");
    expect_held(t, "coverage");
    at(t, "13:32:00");
    extend(t, MINUTES(20));
    command(t, COMMAND_PAUSE);
    expect_held(t, "paused");
    command(t, COMMAND_RESUME);
    expect_held(t, "coverage");
    at(t, "29:00:00");
    wake(t);
    expect_next(t, ACTION_FOLLOW_UP, "29:20:00");
    story_end(t);

    t = closed_for_the_night();
    command(t, COMMAND_DOWNGRADE);
    sent(t, ACTION_DOWNGRADE);
    expect_state(t, "downgraded");
    story_end(t);

    t = closed_for_the_night();
    command(t, COMMAND_FOLLOWED_UP);
    expect_state(t, "followed_up");
    customer_comment(t);
    expect_state(t, "engaged");
    story_end(t);
}
END_TEST

START_TEST(pages_and_ladders_take_no_notice)
{
    struct story *t = story_new();
    covered(t, "office", "UTC", 5, 13);
    three_rungs(t);
    t->policy.can_page = true;
    at(t, "13:30:00");
    ticket_opened(t);
    ticket_sorted(t, "", "office", "");
    at(t, "13:32:00");
    wake(t);
    expect_wants(t, ACTION_CREATE_PAGE);
    at(t, "13:40:00");
    wake(t);
    checked(t, LADDER_TAKE);
    expect_effect(t, EFFECT_REPLY, MESSAGE_NOT_TAKEN);
    at(t, "13:50:00");
    wake(t);
    expect_effect(t, EFFECT_REPLY, MESSAGE_NOT_CONTACTED);
    story_end(t);
}
END_TEST

START_TEST(the_hours_become_known_later)
{
    struct story *t = story_new();
    covered(t, "office", "UTC", 5, 12);
    go_acknowledged(t); /* at 12:00:20, outside */
    at(t, "12:00:40");
    staff_comment(t);
    expect_next(t, ACTION_FOLLOW_UP, "12:15:40");
    at(t, "12:01:40");
    ticket_sorted(t, "", "office", "");
    expect_held(t, "coverage");
    at(t, "29:00:00");
    wake(t);
    expect_next(t, ACTION_FOLLOW_UP, "29:14:00");
    story_end(t);
}
END_TEST

START_TEST(a_ticket_of_other_hours_goes_by_those)
{
    struct story *t = closed_for_the_night();
    covered(t, "late", "UTC", 12, 20);
    at(t, "13:10:00");
    ticket_sorted(t, "", "late", "");
    expect_held(t, NULL);
    expect_next(t, ACTION_FOLLOW_UP, "13:15:40");
    at(t, "13:11:00");
    ticket_sorted(t, "", "nobody's", ""); /* no such section any more */
    expect_held(t, NULL);
    expect_next(t, ACTION_FOLLOW_UP, "13:15:40");
    story_end(t);
}
END_TEST

/* --- the machine's clock --- */

START_TEST(a_period_is_not_shortened_by_a_clock_set_over_the_end)
{
    struct story *t = office();
    at(t, "13:25:40"); /* it was 12:55:40, and the contact, by the right clock, after the end */
    clock_set(t, MINUTES(30));
    expect_held(t, "coverage");
    at(t, "29:00:00");
    wake(t);
    expect_next(t, ACTION_FOLLOW_UP, "29:15:00");
    story_end(t);
}
END_TEST

START_TEST(a_clock_set_back_is_within_the_hours_again)
{
    struct story *t = closed_for_the_night();
    at(t, "12:31:00"); /* it was 13:01:00, a minute after an end that by the right clock is still to come */
    struct event event = new_event(t, EVENT_CLOCK_STEP, EVENT_SOURCE_SELF);
    event.shift_ms = -MINUTES(30);
    events_move(t->events, t->count, event.row, event.shift_ms);
    happen(t, &event);
    expect_held(t, NULL);
    expect_next(t, ACTION_FOLLOW_UP, "12:35:40");
    story_end(t);
}
END_TEST

/* --- nights on which the clocks change --- */

static struct story *in_los_angeles(int from, int to, const char *contact)
{
    struct story *t = story_new();
    covered(t, "office", LOS_ANGELES, from, to);
    go_acknowledged_at(t, contact);
    staff_comment(t);
    return t;
}

START_TEST(the_night_of_summer_time_is_an_hour_shorter)
{
    struct story *t = in_los_angeles(5, 17, "2026-03-08T00:50:00Z"); /* Saturday 16:50 PST */
    at(t, "2026-03-08T00:57:00Z");
    wake(t);
    expect_held(t, "asked");
    at(t, "2026-03-08T01:00:00Z");
    wake(t);
    expect_held(t, "coverage");
    expect_wake(t, "2026-03-08T12:00:00Z"); /* Sunday 05:00 PDT */
    at(t, "2026-03-08T12:00:00Z");
    wake(t);
    expect_next(t, ACTION_FOLLOW_UP, "2026-03-08T12:05:00Z");
    story_end(t);
}
END_TEST

START_TEST(the_night_of_winter_time_is_an_hour_longer)
{
    struct story *t = in_los_angeles(5, 17, "2026-10-31T23:50:00Z"); /* Saturday 16:50 PDT */
    at(t, "2026-11-01T00:00:00Z");
    wake(t);
    expect_held(t, "coverage");
    at(t, "2026-11-01T12:30:00Z"); /* 04:30 PST, which was 05:30 the day before */
    wake(t);
    expect_held(t, "coverage");
    expect_wake(t, "2026-11-01T13:00:00Z");
    at(t, "2026-11-01T13:01:00Z");
    wake(t);
    expect_next(t, ACTION_FOLLOW_UP, "2026-11-01T13:05:00Z");
    story_end(t);
}
END_TEST

START_TEST(a_period_is_as_long_as_ever_when_the_hour_comes_twice)
{
    struct story *t = in_los_angeles(22, 6, "2026-11-01T08:50:00Z"); /* 01:50 PDT */
    expect_next(t, ACTION_FOLLOW_UP, "2026-11-01T09:05:00Z");        /* 01:05 PST */
    at(t, "2026-11-01T09:05:00Z");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    story_end(t);

    t = in_los_angeles(22, 6, "2026-11-01T13:50:00Z"); /* 05:50 PST, closes at 06:00 */
    at(t, "2026-11-01T14:00:00Z");
    wake(t);
    expect_held(t, "coverage");
    expect_wake(t, "2026-11-02T06:00:00Z");
    at(t, "2026-11-02T06:00:00Z");
    wake(t);
    expect_next(t, ACTION_FOLLOW_UP, "2026-11-02T06:05:00Z");
    story_end(t);
}
END_TEST

START_TEST(hours_over_midnight_go_on_at_midnight)
{
    struct story *t = in_los_angeles(22, 6, "2026-06-10T06:50:00Z"); /* 23:50 PDT */
    at(t, "2026-06-10T07:02:00Z");
    wake(t);
    expect_held(t, NULL);
    at(t, "2026-06-10T07:05:00Z");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    story_end(t);
}
END_TEST

static void add_outside(Suite *suite)
{
    TCase *outside = tcase_create("outside");
    tcase_add_test(outside, the_automatic_first_comment_waits_for_the_opening);
    tcase_add_test(outside, an_automatic_first_comment_that_did_not_leave_in_time_is_withdrawn);
    tcase_add_test(outside, persons_work_outside_too);
    tcase_add_test(outside, pages_and_ladders_take_no_notice);
    tcase_add_test(outside, the_hours_become_known_later);
    tcase_add_test(outside, a_ticket_of_other_hours_goes_by_those);
    suite_add_tcase(suite, outside);
}

static void add_clocks(Suite *suite)
{
    TCase *clocks = tcase_create("clocks");
    tcase_add_test(clocks, a_period_is_not_shortened_by_a_clock_set_over_the_end);
    tcase_add_test(clocks, a_clock_set_back_is_within_the_hours_again);
    tcase_add_test(clocks, the_night_of_summer_time_is_an_hour_shorter);
    tcase_add_test(clocks, the_night_of_winter_time_is_an_hour_longer);
    tcase_add_test(clocks, a_period_is_as_long_as_ever_when_the_hour_comes_twice);
    tcase_add_test(clocks, hours_over_midnight_go_on_at_midnight);
    suite_add_tcase(suite, clocks);
}

Suite *emergency_hours_suite(void)
{
    Suite *suite = suite_create("emergency_hours");
    TCase *end = tcase_create("end");
    tcase_add_test(end, a_step_beyond_the_end_is_asked_three_minutes_before);
    tcase_add_test(end, what_is_left_runs_from_the_next_opening);
    tcase_add_test(end, a_step_within_the_hours_is_not_asked);
    tcase_add_test(end, a_step_that_is_due_at_the_very_end_is_beyond_it);
    tcase_add_test(end, it_is_asked_as_soon_as_it_is_known);
    tcase_add_test(end, the_step_is_done_before_the_end_by_a_word);
    tcase_add_test(end, what_a_person_ordered_goes_out_after_the_end_too);
    tcase_add_test(end, an_extension_goes_on_in_the_next_hours);
    tcase_add_test(end, an_answer_settles_it);
    tcase_add_test(end, the_question_does_not_outlive_the_hours_it_is_about);
    suite_add_tcase(suite, end);
    TCase *late = tcase_create("late");
    tcase_add_test(late, the_end_counts_from_its_own_time_however_late_it_is_noticed);
    tcase_add_test(late, the_whole_night_passes_unnoticed);
    tcase_add_test(late, an_overdue_step_comes_with_the_opening);
    tcase_add_test(late, a_step_that_did_not_leave_in_time_waits);
    suite_add_tcase(suite, late);
    add_outside(suite);
    add_clocks(suite);
    return suite;
}
