/*
 * The states of an emergency: how it opens and ends, and who wins against whom.
 */
#include "tests/unit/emergency_story.h"
#include "tests/unit/suites.h"

START_TEST(from_a_page_to_the_downgrade)
{
    struct story *t = story_new();
    page(t, "P1", PAGE_TRIGGERED);
    expect_state(t, "paged");
    linked(t, STORY_TICKET);
    ticket_read(t, PRIORITY_URGENT, STATUS_OPEN);
    expect_state(t, "paged");
    at(t, "12:00:20");
    page(t, "P1", PAGE_ACKNOWLEDGED);
    expect_state(t, "acknowledged");
    at(t, "12:00:40");
    staff_comment(t);
    expect_state(t, "contacted");
    go_followed_up(t);
    expect_state(t, "followed_up");
    go_downgraded(t);
    expect_state(t, "downgraded");
    expect_no_step(t);
    expect_no_next(t);
    expect_time(t->e.opened_ms, "12:00:00");
    expect_time(t->e.acknowledged_ms, "12:00:20");
    expect_time(t->e.contacted_ms, "12:00:40");
    expect_time(t->e.followed_up_ms, "12:15:41");
    expect_time(t->e.downgraded_ms, "12:30:42");
    expect_time(t->e.answered_ms, NULL);
    expect_time(t->e.closed_ms, NULL);
    ck_assert_str_eq(t->e.engineer, "Eng One");
    ck_assert_int_eq(t->e.priority, PRIORITY_HIGH);
    story_end(t);
}
END_TEST

START_TEST(a_ticket_opens_one_too)
{
    struct story *t = story_new();
    ticket_opened(t);
    ticket_read(t, PRIORITY_URGENT, STATUS_NEW);
    expect_state(t, "paged");
    ck_assert_int_eq(t->e.ticket_id, STORY_TICKET);
    expect_time(t->e.urgent_ms, "12:00:00");
    at(t, "12:00:30");
    page(t, "P1", PAGE_TRIGGERED);
    expect_time(t->e.opened_ms, "12:00:00");
    ck_assert_int_eq(t->e.page_count, 1);
    story_end(t);
}
END_TEST

START_TEST(what_opens_and_what_does_not)
{
    struct event event = {.type = EVENT_PAGE};
    event.page.status = PAGE_TRIGGERED;
    ck_assert(event_opens(&event));
    event.page.status = PAGE_ACKNOWLEDGED;
    ck_assert(event_opens(&event));
    event.page.status = PAGE_RESOLVED;
    ck_assert(!event_opens(&event));
    for (enum event_type type = 0; type < EVENT_TYPE_COUNT; type++) {
        event.type = type;
        ck_assert_int_eq(event_opens(&event), type == EVENT_OPENED);
    }
}
END_TEST

/* --- our own downgrade comes back to us --- */

START_TEST(the_echo_of_our_downgrade_is_no_persons_doing)
{
    static const char *const echoes[] = {"12:30:41.100", "12:30:41.900", "12:30:42.500", "12:31:00"};
    for (size_t i = 0; i < COUNT_OF(echoes); i++) {
        struct story *t = followed_up();
        at(t, "12:30:41");
        wake(t);
        looked(t);
        at(t, "12:30:41.500");
        released(t, ACTION_DOWNGRADE);
        if (i < 2) { /* with Zendesk's clock behind, even before it left */
            at(t, echoes[i]);
            priority_changed(t, PRIORITY_URGENT, PRIORITY_HIGH);
        }
        at(t, "12:30:42");
        accepted(t, ACTION_DOWNGRADE);
        expect_state(t, "downgraded");
        at(t, echoes[i]);
        priority_changed(t, PRIORITY_URGENT, PRIORITY_HIGH);
        expect_state(t, "downgraded");
        expect_time(t->e.closed_ms, NULL);
        ck_assert_str_eq(t->e.closed_why, "");
        story_end(t);
    }
}
END_TEST

START_TEST(the_echo_while_the_write_is_out_closes_nothing)
{
    struct story *t = followed_up();
    at(t, "12:30:41");
    wake(t);
    looked(t);
    released(t, ACTION_DOWNGRADE);
    at(t, "12:30:41.500");
    priority_changed(t, PRIORITY_URGENT, PRIORITY_HIGH);
    expect_state(t, "followed_up");
    at(t, "12:30:43"); /* the answer to the write was late */
    accepted_since(t, ACTION_DOWNGRADE, "12:30:41.400");
    expect_state(t, "downgraded");
    expect_time(t->e.downgraded_ms, "12:30:41.400");
    story_end(t);
}
END_TEST

START_TEST(a_refused_downgrade_lets_a_person_win)
{
    struct story *t = followed_up();
    at(t, "12:30:41");
    wake(t);
    looked(t);
    released(t, ACTION_DOWNGRADE);
    at(t, "12:30:42");
    priority_changed(t, PRIORITY_URGENT, PRIORITY_NORMAL);
    at(t, "12:30:43");
    refused(t);
    at(t, "12:30:45"); /* it is read again before the next attempt */
    ticket_read(t, PRIORITY_NORMAL, STATUS_OPEN);
    expect_state(t, "closed");
    story_end(t);
}
END_TEST

/* Only a downgrade of ours can lower the ticket. */
START_TEST(lowered_while_a_follow_up_is_on_its_way_closes)
{
    struct story *t = contacted();
    at(t, "12:15:40");
    wake(t);
    looked(t);
    released(t, ACTION_FOLLOW_UP);
    at(t, "12:15:41");
    priority_changed(t, PRIORITY_URGENT, PRIORITY_NORMAL);
    at(t, "12:15:42");
    accepted(t, ACTION_FOLLOW_UP);
    expect_state(t, "closed");
    story_end(t);
}
END_TEST

/* In a dry run the ticket stays urgent: reading that is no news. */
START_TEST(a_dry_downgrade_leaves_the_ticket_as_it_is)
{
    struct story *t = story_new();
    t->policy.dry_run = true;
    t->dry = true;
    go_acknowledged(t);
    ck_assert(t->e.dry_run);
    at(t, "12:00:40");
    staff_comment(t);
    go_followed_up(t);
    go_downgraded(t);
    expect_state(t, "downgraded");
    at(t, "12:32:00");
    ticket_read(t, PRIORITY_URGENT, STATUS_OPEN);
    expect_state(t, "downgraded");
    ck_assert(!t->out.reread);
    story_end(t);
}
END_TEST

/* --- persons --- */

START_TEST(close_ends_all_and_reopen_comes_back_paused)
{
    struct story *t = contacted();
    at(t, "12:05:40");
    command(t, COMMAND_CLOSE);
    expect_state(t, "closed");
    ck_assert_str_eq(t->e.closed_why, "closed by Manager");
    expect_no_step(t);
    expect_no_next(t);
    expect_held(t, NULL);
    expect_wake(t, NULL);
    at(t, "12:20:00");
    wake(t);
    expect_no_step(t);
    status_changed(t, STATUS_SOLVED, STATUS_OPEN); /* only what the ticket closed comes back with it */
    expect_state(t, "closed");
    at(t, "12:30:00");
    command(t, COMMAND_REOPEN);
    expect_state(t, "contacted");
    expect_held(t, "paused");
    expect_no_next(t);
    at(t, "12:31:00");
    command(t, COMMAND_RESUME);
    expect_next(t, ACTION_FOLLOW_UP, "12:41:00");
    story_end(t);
}
END_TEST

/* Somebody has raised its ticket meanwhile: it is downgraded no longer. */
START_TEST(reopened_while_the_ticket_is_urgent_again_it_is_engaged)
{
    for (int closed_before = 0; closed_before <= 1; closed_before++) {
        struct story *t = downgraded();
        at(t, "12:40:00");
        if (closed_before)
            command(t, COMMAND_CLOSE);
        at(t, "12:41:00");
        priority_changed(t, PRIORITY_HIGH, PRIORITY_URGENT);
        expect_state(t, "closed");
        at(t, "12:42:00");
        command(t, COMMAND_REOPEN);
        expect_state(t, "engaged");
        expect_held(t, "paused");
        story_end(t);
    }
}
END_TEST

START_TEST(close_takes_back_a_step_that_has_not_left)
{
    struct story *t = contacted();
    at(t, "12:15:40");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    int64_t cause = t->e.step_cause;
    at(t, "12:15:41");
    command(t, COMMAND_CLOSE);
    expect_no_step(t);
    ck_assert(!emergency_still_wants(&t->e, ACTION_FOLLOW_UP, cause));
    story_end(t);
}
END_TEST

START_TEST(back_to_urgent_by_a_persons_button)
{
    struct story *t = downgraded();
    at(t, "12:40:00");
    command(t, COMMAND_URGENT);
    expect_state(t, "engaged");
    looked(t);
    released(t, ACTION_URGENT);
    at(t, "12:40:01");
    priority_changed(t, PRIORITY_HIGH, PRIORITY_URGENT); /* the echo */
    expect_state(t, "engaged");
    at(t, "12:40:02");
    accepted(t, ACTION_URGENT);
    ck_assert_int_eq(t->e.priority, PRIORITY_URGENT);
    expect_state(t, "engaged");
    at(t, "12:50:00");
    command(t, COMMAND_RESUME); /* nothing is left of its periods */
    expect_state(t, "downgraded");
    expect_no_next(t);
    story_end(t);
}
END_TEST

START_TEST(an_order_does_not_outlive_the_end)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    command(t, COMMAND_DOWNGRADE);
    at(t, "12:05:01");
    status_changed(t, STATUS_OPEN, STATUS_SOLVED);
    expect_no_step(t);
    at(t, "12:30:00");
    status_changed(t, STATUS_SOLVED, STATUS_OPEN);
    expect_state(t, "contacted");
    expect_no_step(t);
    story_end(t);
}
END_TEST

START_TEST(a_note_changes_nothing)
{
    struct story *t = contacted();
    struct emergency before = t->e;
    at(t, "12:05:00");
    command(t, COMMAND_NOTE);
    expect_state(t, "contacted");
    ck_assert_int_eq(t->e.due_ms, before.due_ms);
    ck_assert_str_eq(t->out.kind, "note");
    story_end(t);
}
END_TEST

Suite *emergency_suite(void)
{
    Suite *suite = suite_create("emergency");
    TCase *states = tcase_create("states");
    tcase_add_test(states, from_a_page_to_the_downgrade);
    tcase_add_test(states, a_ticket_opens_one_too);
    tcase_add_test(states, what_opens_and_what_does_not);
    suite_add_tcase(suite, states);
    TCase *echo = tcase_create("echo");
    tcase_add_test(echo, the_echo_of_our_downgrade_is_no_persons_doing);
    tcase_add_test(echo, the_echo_while_the_write_is_out_closes_nothing);
    tcase_add_test(echo, a_refused_downgrade_lets_a_person_win);
    tcase_add_test(echo, lowered_while_a_follow_up_is_on_its_way_closes);
    tcase_add_test(echo, a_dry_downgrade_leaves_the_ticket_as_it_is);
    suite_add_tcase(suite, echo);
    TCase *persons = tcase_create("persons");
    tcase_add_test(persons, close_ends_all_and_reopen_comes_back_paused);
    tcase_add_test(persons, reopened_while_the_ticket_is_urgent_again_it_is_engaged);
    tcase_add_test(persons, close_takes_back_a_step_that_has_not_left);
    tcase_add_test(persons, back_to_urgent_by_a_persons_button);
    tcase_add_test(persons, an_order_does_not_outlive_the_end);
    tcase_add_test(persons, a_note_changes_nothing);
    suite_add_tcase(suite, persons);
    return suite;
}
