/*
 * What a ticket's state does to its emergency: opened, lowered, solved, deleted, raised again.
 */
#include "tests/unit/emergency_story.h"
#include "tests/unit/suites.h"

/* --- the ticket's state --- */

START_TEST(an_incident_opens_whatever_the_tickets_state)
{
    static const enum ticket_status states[] = {STATUS_SOLVED, STATUS_CLOSED, STATUS_PENDING};
    for (size_t i = 0; i < COUNT_OF(states); i++) {
        struct story *t = story_new();
        page(t, "P1", PAGE_TRIGGERED);
        linked(t, STORY_TICKET);
        ticket_read(t, PRIORITY_NORMAL, states[i]);
        expect_state(t, "paged");
        at(t, "12:01:00");
        ticket_read(t, PRIORITY_NORMAL, states[i]);
        expect_state(t, "paged");
        story_end(t);
    }
}
END_TEST

START_TEST(a_change_that_was_told_closes_though_nothing_was_read_before)
{
    struct story *t = story_new();
    page(t, "P1", PAGE_TRIGGERED);
    linked(t, STORY_TICKET);
    at(t, "12:01:00");
    status_changed(t, STATUS_OPEN, STATUS_SOLVED);
    expect_state(t, "closed");
    story_end(t);

    t = story_new();
    page(t, "P1", PAGE_TRIGGERED);
    linked(t, STORY_TICKET);
    at(t, "12:01:00");
    priority_changed(t, PRIORITY_URGENT, PRIORITY_NORMAL);
    expect_state(t, "closed");
    story_end(t);
}
END_TEST

START_TEST(a_change_that_was_told_without_the_other_half_still_closes)
{
    struct story *t = story_new();
    page(t, "P1", PAGE_TRIGGERED);
    linked(t, STORY_TICKET);
    ticket_read(t, PRIORITY_URGENT, STATUS_UNKNOWN);
    at(t, "12:01:00");
    status_changed(t, STATUS_OPEN, STATUS_SOLVED);
    expect_state(t, "closed");
    story_end(t);
}
END_TEST

/* A webhook of yesterday, delivered late, is about the emergency before this one. */
START_TEST(a_change_from_before_the_opening_closes_nothing)
{
    struct story *t = contacted();
    at(t, "11:00:00");
    priority_changed(t, PRIORITY_URGENT, PRIORITY_NORMAL);
    expect_state(t, "contacted");
    at(t, "11:00:01");
    status_changed(t, STATUS_OPEN, STATUS_SOLVED);
    expect_state(t, "contacted");
    at(t, "11:00:02");
    ticket_gone(t);
    expect_state(t, "contacted");
    expect_next(t, ACTION_FOLLOW_UP, "12:15:40");
    story_end(t);
}
END_TEST

START_TEST(a_state_from_before_the_opening_is_no_baseline)
{
    struct story *t = story_new();
    page(t, "P1", PAGE_TRIGGERED);
    linked(t, STORY_TICKET);
    at(t, "11:00:00");
    priority_changed(t, PRIORITY_HIGH, PRIORITY_URGENT);
    at(t, "12:00:01"); /* lowered in between, before the page */
    ticket_read(t, PRIORITY_HIGH, STATUS_SOLVED);
    expect_state(t, "paged");
    story_end(t);
}
END_TEST

START_TEST(a_lowered_ticket_closes_and_stays_closed)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    t->by = "Manager";
    priority_changed(t, PRIORITY_URGENT, PRIORITY_NORMAL);
    expect_state(t, "closed");
    expect_said(t, "Manager set the ticket to normal");
    expect_time(t->e.closed_ms, "12:05:00");
    expect_no_next(t);
    expect_wake(t, NULL);
    at(t, "12:06:00");
    status_changed(t, STATUS_OPEN, STATUS_PENDING);
    expect_state(t, "closed");
    story_end(t);
}
END_TEST

START_TEST(a_lowered_ticket_is_noticed_by_reading)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    ticket_read(t, PRIORITY_HIGH, STATUS_OPEN);
    expect_state(t, "closed");
    story_end(t);
}
END_TEST

START_TEST(a_ticket_without_priority_is_a_lowered_one)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    ticket_read(t, PRIORITY_NONE, STATUS_OPEN);
    expect_state(t, "closed");
    story_end(t);
}
END_TEST

static struct story *solved(void)
{
    struct story *t = contacted();
    at(t, "12:05:40");
    status_changed(t, STATUS_OPEN, STATUS_SOLVED);
    return t;
}

START_TEST(solved_and_open_again_goes_on_with_what_was_left)
{
    struct story *t = solved();
    expect_state(t, "closed");
    expect_said(t, "Closed: solved");
    expect_no_next(t);
    at(t, "13:00:00");
    status_changed(t, STATUS_SOLVED, STATUS_OPEN);
    expect_state(t, "contacted");
    expect_time(t->e.closed_ms, NULL);
    expect_next(t, ACTION_FOLLOW_UP, "13:10:00");
    story_end(t);
}
END_TEST

/* The ticket was solved before NAME was ordered, and that is told later; then it is open again. */
static void ordered_before_it_was_told(struct story *t, enum command name)
{
    at(t, "12:10:00");
    command(t, name);
    at(t, "12:09:00");
    status_changed(t, STATUS_OPEN, STATUS_SOLVED);
    expect_state(t, "closed");
    at(t, "12:20:00");
    status_changed(t, STATUS_SOLVED, STATUS_OPEN);
}

START_TEST(what_was_ordered_outlives_an_end_that_is_told_late)
{
    struct story *t = contacted();
    ordered_before_it_was_told(t, COMMAND_PAUSE);
    expect_state(t, "contacted");
    expect_held(t, "paused");
    story_end(t);

    t = engaged();
    ordered_before_it_was_told(t, COMMAND_RESUME);
    expect_next(t, ACTION_FOLLOW_UP, "12:30:40");
    story_end(t);

    t = contacted();
    ordered_before_it_was_told(t, COMMAND_CLOSE);
    expect_state(t, "closed");
    story_end(t);

    t = contacted();
    t->old_journal = true; /* what older journals add up to stays as it was */
    ordered_before_it_was_told(t, COMMAND_PAUSE);
    expect_held(t, NULL);
    story_end(t);
}
END_TEST

START_TEST(a_reply_that_opens_the_ticket_again_is_an_answer)
{
    struct story *t = solved();
    at(t, "12:06:00");
    struct event event = new_event(t, EVENT_COMMENT, EVENT_SOURCE_ZENDESK);
    event.ticket_id = STORY_TICKET;
    event.ticket = (struct ticket_facts){.known = true, .priority = PRIORITY_URGENT, .status = STATUS_OPEN};
    event.comment = (struct comment_facts){.id = 99, .standing = AUTHOR_CUSTOMER, .is_public = true};
    happen(t, &event);
    expect_state(t, "engaged");
    story_end(t);
}
END_TEST

START_TEST(solved_and_open_again_but_lower_stays_closed)
{
    struct story *t = solved();
    at(t, "12:06:00");
    ticket_read(t, PRIORITY_NORMAL, STATUS_OPEN);
    expect_state(t, "closed");
    story_end(t);
}
END_TEST

START_TEST(solved_lowered_and_open_again_stays_closed)
{
    struct story *t = solved();
    at(t, "12:06:00");
    ticket_read(t, PRIORITY_NORMAL, STATUS_SOLVED);
    at(t, "12:07:00"); /* says nothing of the priority: it is what it was */
    ticket_read(t, PRIORITY_UNKNOWN, STATUS_OPEN);
    expect_state(t, "closed");
    story_end(t);
}
END_TEST

START_TEST(a_downgraded_ticket_solved_and_open_again_is_the_same_row)
{
    struct story *t = downgraded();
    at(t, "12:40:00");
    ticket_read(t, PRIORITY_HIGH, STATUS_SOLVED);
    expect_state(t, "closed");
    at(t, "12:41:00");
    ticket_read(t, PRIORITY_HIGH, STATUS_OPEN);
    expect_state(t, "downgraded");
    story_end(t);
}
END_TEST

START_TEST(a_deleted_ticket_closes_and_may_come_back)
{
    struct story *t = contacted();
    at(t, "12:05:40");
    ticket_gone(t);
    expect_state(t, "closed");
    ck_assert_str_eq(t->e.closed_why, "deleted");
    at(t, "12:06:00");
    ticket_read(t, PRIORITY_URGENT, STATUS_OPEN);
    expect_state(t, "contacted");
    expect_next(t, ACTION_FOLLOW_UP, "12:16:00");
    story_end(t);
}
END_TEST

START_TEST(raised_again_after_the_downgrade_ends_it_for_a_new_one)
{
    struct story *t = downgraded();
    at(t, "12:45:00");
    priority_changed(t, PRIORITY_HIGH, PRIORITY_URGENT);
    expect_state(t, "closed");
    ck_assert(t->out.reread);
    expect_time(t->out.raised_ms, "12:45:00");
    story_end(t);

    t = contacted();
    at(t, "12:05:00");
    priority_changed(t, PRIORITY_HIGH, PRIORITY_URGENT);
    expect_state(t, "contacted");
    ck_assert(!t->out.reread);
    story_end(t);
}
END_TEST

START_TEST(raised_while_solved_after_the_downgrade_ends_it_for_a_new_one)
{
    struct story *t = downgraded();
    at(t, "12:40:00");
    ticket_read(t, PRIORITY_HIGH, STATUS_SOLVED);
    at(t, "12:41:00");
    ticket_read(t, PRIORITY_URGENT, STATUS_SOLVED);
    expect_state(t, "closed");
    at(t, "12:42:00");
    ticket_read(t, PRIORITY_URGENT, STATUS_OPEN);
    expect_state(t, "closed");
    ck_assert(t->out.reread);
    ck_assert_int_eq(t->out.raised_ms, clock_ms("12:42:00.999")); /* cut to the second */
    story_end(t);
}
END_TEST

START_TEST(raised_before_any_downgrade_is_no_end)
{
    struct story *t = story_new();
    page(t, "P1", PAGE_TRIGGERED);
    linked(t, STORY_TICKET);
    at(t, "12:00:01");
    ticket_read(t, PRIORITY_HIGH, STATUS_OPEN);
    at(t, "12:01:00");
    priority_changed(t, PRIORITY_HIGH, PRIORITY_URGENT);
    expect_state(t, "paged");
    ck_assert(!t->out.reread);
    at(t, "12:02:00"); /* from now on it can be lowered */
    priority_changed(t, PRIORITY_URGENT, PRIORITY_HIGH);
    expect_state(t, "closed");
    story_end(t);
}
END_TEST

START_TEST(a_lowered_ticket_after_the_downgrade_ends_nothing)
{
    struct story *t = downgraded();
    at(t, "12:45:00");
    priority_changed(t, PRIORITY_HIGH, PRIORITY_LOW);
    expect_state(t, "downgraded");
    story_end(t);
}
END_TEST

Suite *emergency_ticket_suite(void)
{
    const TTest *const tests[] = {
        an_incident_opens_whatever_the_tickets_state,
        a_change_that_was_told_closes_though_nothing_was_read_before,
        a_change_that_was_told_without_the_other_half_still_closes,
        a_change_from_before_the_opening_closes_nothing,
        a_state_from_before_the_opening_is_no_baseline,
        a_lowered_ticket_closes_and_stays_closed,
        a_lowered_ticket_is_noticed_by_reading,
        a_ticket_without_priority_is_a_lowered_one,
        solved_and_open_again_goes_on_with_what_was_left,
        what_was_ordered_outlives_an_end_that_is_told_late,
        a_reply_that_opens_the_ticket_again_is_an_answer,
        solved_and_open_again_but_lower_stays_closed,
        solved_lowered_and_open_again_stays_closed,
        a_downgraded_ticket_solved_and_open_again_is_the_same_row,
        a_deleted_ticket_closes_and_may_come_back,
        raised_again_after_the_downgrade_ends_it_for_a_new_one,
        raised_while_solved_after_the_downgrade_ends_it_for_a_new_one,
        raised_before_any_downgrade_is_no_end,
        a_lowered_ticket_after_the_downgrade_ends_nothing,
    };
    Suite *suite = suite_create("emergency_ticket");
    TCase *ticket = tcase_create("ticket");
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        tcase_add_test(ticket, tests[i]);
    suite_add_tcase(suite, ticket);
    return suite;
}
