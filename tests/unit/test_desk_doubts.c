/*
 * The desk and what it can't know for certain: calls whose end nobody told, and webhooks that echo its own
 * writes.
 */
#include <check.h>

#include "tests/unit/desk_life.h"
#include "tests/unit/settings_file.h"
#include "tests/unit/suites.h"

static struct life *contacted_life(void)
{
    struct life *life = life_new("", 0);
    life_contacted(life);
    return life;
}

static struct life *downgraded_life(void)
{
    struct life *life = contacted_life();
    life_at(life, "12:32:00");
    life_expect(life, 1, "downgraded");
    return life;
}

/* The first period is over; the follow-up's first attempt gets lost on its way. */
static struct life *lost_follow_up(void)
{
    struct life *life = contacted_life();
    life->writes = FATE_LOST;
    life_at(life, "12:15:42");
    ck_assert_ptr_nonnull(life->lost);
    return life;
}

START_TEST(an_attempt_that_arrives_late_is_found)
{
    struct life *life = lost_follow_up();
    life->writes = FATE_TAKEN;
    life_arrives(life);
    life_at(life, "12:20:00");
    life_expect(life, 1, "followed_up");
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 1);
    life_end(life);
}
END_TEST

/* What is known of the second attempt says nothing of the first. */
START_TEST(an_attempt_is_looked_for_whatever_became_of_those_after_it)
{
    static const enum fate fates[] = {FATE_LIMITED, FATE_UNSENT};
    struct life *life = lost_follow_up();
    life->writes = fates[_i];
    life_at(life, "12:15:50");
    life_arrives(life);
    life->writes = FATE_TAKEN;
    life_at(life, "12:20:00");
    life_expect(life, 1, "followed_up");
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 1);
    life_end(life);
}
END_TEST

START_TEST(an_attempt_is_looked_for_after_a_restart)
{
    struct life *life = lost_follow_up();
    life_restart(life);
    life->writes = FATE_TAKEN;
    life_arrives(life);
    life_at(life, "12:20:00");
    life_expect(life, 1, "followed_up");
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 1);
    life_end(life);
}
END_TEST

static void acknowledged_before(struct life *life, const char *clock)
{
    const struct event event = {
        .type = EVENT_PAGE,
        .source = EVENT_SOURCE_PAGERDUTY,
        .at_ms = clock_ms(clock),
        .ticket_id = STORY_TICKET,
        .page = {.status = PAGE_ACKNOWLEDGED, .by_person = true, .incident = "P1", .event = "acknowledged"},
    };
    life_deliver(life, SERVICE_PAGERDUTY, &event);
}

/* What wants the first comment is, as an acknowledgement told late has it, another event; the attempt that is
 * on its way is the same. */
START_TEST(an_attempt_is_looked_for_whatever_wants_it_now)
{
    struct life *life = life_new("[policy]\nfirst_contact = automatic\n", 0);
    life_page(life, "P1", PAGE_TRIGGERED, STORY_TICKET);
    life_at(life, "12:00:20");
    life->writes = FATE_LOST;
    life_page(life, "P1", PAGE_ACKNOWLEDGED, STORY_TICKET);
    life_at(life, "12:00:20.100");
    ck_assert_ptr_nonnull(life->lost);
    life->reads = FATE_HELD;
    acknowledged_before(life, "12:00:15");
    life_at(life, "12:00:22"); /* the ticket is read, */
    life_answers(life);
    life_at(life, "12:00:22.100"); /* and its audits */
    life_answers(life);
    life_at(life, "12:00:22.200");
    life_arrives(life);
    life->reads = life->writes = FATE_TAKEN;
    life_answers(life);
    life_at(life, "12:05:00");
    life_expect(life, 1, "contacted");
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 1);
    life_end(life);
}
END_TEST

/* Its webhook says that the ticket turned urgent, by a clock that may be a little behind even before it was
 * ordered; but that was no person. */
START_TEST(the_echo_of_our_own_back_to_urgent_begins_nothing)
{
    struct life *life = downgraded_life();
    life->zendesk_ahead_ms = _i ? -1500 : 0;
    life_command(life, 1, COMMAND_URGENT);
    life_at(life, "12:34:00");
    ck_assert_int_eq(life->priority, PRIORITY_URGENT);
    life_expect(life, 1, "engaged");
    ck_assert_int_eq(life_emergencies(life), 1);
    life_end(life);
}
END_TEST

START_TEST(who_raises_a_downgraded_ticket_begins_anew)
{
    struct life *life = downgraded_life();
    life_change(life, PRIORITY_URGENT, STATUS_OPEN, LIFE_CUSTOMER);
    life_at(life, "12:33:00");
    life_expect(life, 1, "closed");
    ck_assert_int_eq(life_emergencies(life), 2);
    life_end(life);
}
END_TEST

/* The look finds two answers that no webhook told of; the first ends the look. */
START_TEST(answers_that_only_the_look_finds_stop_the_step)
{
    struct life *life = contacted_life();
    life->deaf = true;
    life_at(life, "12:15:30");
    life_comment(life, LIFE_COLLEAGUE);
    life_comment(life, LIFE_CUSTOMER);
    life_at(life, "12:20:00");
    life_expect(life, 1, "engaged");
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 0);
    life_end(life);
}
END_TEST

/* Stamps are whole seconds: that of a change just before the look is also that of an answer just after it. */
START_TEST(an_answer_in_the_second_of_the_look_stops_the_write)
{
    struct life *life = contacted_life();
    life->deaf = true;
    life_at(life, "12:15:39.900");
    life->true_ms = clock_ms("12:15:40");
    life_change(life, PRIORITY_URGENT, STATUS_PENDING, LIFE_ENGINEER);
    life->reads = FATE_HELD;
    life_at(life, "12:15:40.000"); /* the ticket is read, */
    life_answers(life);
    life_at(life, "12:15:40.100"); /* its comments, */
    life_answers(life);
    life_at(life, "12:15:40.200"); /* and what is suspended */
    life_comment(life, LIFE_CUSTOMER);
    life->reads = FATE_TAKEN;
    life_answers(life);
    life_at(life, "12:20:00");
    life_expect(life, 1, "engaged");
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 0);
    life_end(life);
}
END_TEST

/* Nobody told of the answer, and so who resumed the clocks did not mean it. */
START_TEST(an_answer_that_resume_did_not_know_of_stops_the_step)
{
    struct life *life = contacted_life();
    life_at(life, "12:04:00");
    life_command(life, 1, COMMAND_PAUSE);
    life_at(life, "12:05:00");
    life->deaf = true;
    life_comment(life, LIFE_CUSTOMER);
    life_at(life, "12:05:30");
    life_command(life, 1, COMMAND_RESUME);
    life_at(life, "12:40:00");
    life_expect(life, 1, "engaged");
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 0);
    life_end(life);
}
END_TEST

/* The emergency of the reply is joined to an older one, with a thread of its own, while nobody knows whether
 * the reply has come through. */
START_TEST(a_reply_is_looked_for_where_it_was_sent)
{
    struct life *life = life_new(LIFE_SLACK, 0);
    life_page(life, "P1", PAGE_TRIGGERED, 0);
    life_at(life, "12:00:10");
    life_page(life, "P2", PAGE_TRIGGERED, 0);
    life_at(life, "12:01:00");
    const struct emergency older = life_emergency(life, 1), younger = life_emergency(life, 2);
    ck_assert_str_ne(older.thread_ts, "");
    ck_assert_str_ne(younger.thread_ts, "");
    life->messages = FATE_LOST;
    life_command(life, 2, COMMAND_NOTE);
    life_at(life, "12:01:01");
    life->messages = FATE_TAKEN;
    life_arrives(life);
    life_link(life, 1, STORY_TICKET);
    life_link(life, 2, STORY_TICKET);
    life_at(life, "12:05:00");
    const struct emergency joined = life_emergency(life, 2);
    ck_assert_int_eq(joined.id, 1);
    ck_assert_str_eq(joined.thread_ts, older.thread_ts);
    life_end(life); /* no message is there twice */
}
END_TEST

/* The engineer wrote to the customer while Zendesk could not be read, so that the emergency was not open yet.
 */
START_TEST(comments_from_before_the_opening_was_known_are_its_own)
{
    struct life *life = downgraded_life();
    life->reads = FATE_UNSENT;
    life_change(life, PRIORITY_URGENT, STATUS_OPEN, LIFE_CUSTOMER);
    life_at(life, "12:33:00");
    life_comment(life, LIFE_ENGINEER);
    life_at(life, "12:34:00");
    ck_assert_int_eq(life_emergencies(life), 1);
    life->reads = FATE_TAKEN;
    life_at(life, "12:40:00");
    life_expect(life, 2, "contacted");
    life_end(life);
}
END_TEST

/* The customer writes when the first comment has taken effect, but before that is known. */
START_TEST(an_answer_before_the_end_of_our_write_is_known_counts)
{
    struct life *life = life_new("", 0);
    life_page(life, "P1", PAGE_TRIGGERED, STORY_TICKET);
    life_at(life, "12:00:20");
    life_page(life, "P1", PAGE_ACKNOWLEDGED, STORY_TICKET);
    life_at(life, "12:00:30");
    life->writes = FATE_HELD;
    life_command(life, 1, COMMAND_FIRST_CONTACT);
    life_at(life, "12:00:30.500");
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 1);
    life_comment(life, LIFE_CUSTOMER);
    life_at(life, "12:00:32");
    life_answers(life);
    life_at(life, "12:20:00");
    life_expect(life, 1, "engaged");
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 1);
    life_end(life);
}
END_TEST

/* A person says so by our clock; the customer writes by Zendesk's, which is a little behind. */
START_TEST(an_answer_just_after_somebody_called_counts)
{
    struct life *life = life_new("", 0);
    life->zendesk_ahead_ms = -1000;
    life_page(life, "P1", PAGE_TRIGGERED, STORY_TICKET);
    life_at(life, "12:00:30.500");
    life_command(life, 1, COMMAND_CONTACTED);
    life_at(life, "12:00:30.600");
    life_comment(life, LIFE_CUSTOMER);
    life_at(life, "12:20:00");
    life_expect(life, 1, "engaged");
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 0);
    life_end(life);
}
END_TEST

/* Its ticket becomes known when another emergency of it has begun, whose customer nobody has contacted. */
START_TEST(a_page_linked_late_belongs_to_what_has_ended)
{
    struct life *life = life_new("", 0);
    life_page(life, "P1", PAGE_TRIGGERED, STORY_TICKET);
    life_page(life, "P2", PAGE_TRIGGERED, 0);
    life_at(life, "12:00:40");
    life_comment(life, LIFE_ENGINEER);
    life_at(life, "12:32:00");
    life_expect(life, 1, "downgraded");
    life_change(life, PRIORITY_URGENT, STATUS_OPEN, LIFE_CUSTOMER);
    life_at(life, "12:33:00");
    life_expect(life, 1, "closed");
    life_link(life, 2, STORY_TICKET);
    life_at(life, "13:30:00");
    ck_assert_int_eq(life_emergency(life, 2).id, 1);
    life_expect(life, 3, "paged");
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 2);
    life_end(life);
}
END_TEST

/* The first word of a page comes after its emergency was closed, and the one from within it later. */
START_TEST(a_page_begins_nothing_within_the_emergency_before)
{
    struct life *life = life_new("", 0);
    const struct event began = {
        .type = EVENT_PAGE,
        .source = EVENT_SOURCE_PAGERDUTY,
        .at_ms = clock_ms("12:00:30"),
        .ticket_id = STORY_TICKET,
        .page = {.status = PAGE_TRIGGERED, .incident = "P1", .event = "triggered"},
    };
    life_change(life, PRIORITY_NORMAL, STATUS_OPEN, LIFE_CUSTOMER);
    life_at(life, "12:00:10");
    life_change(life, PRIORITY_URGENT, STATUS_OPEN, LIFE_CUSTOMER);
    life_at(life, "12:02:00");
    life_comment(life, LIFE_ENGINEER);
    life_at(life, "12:03:00");
    life_command(life, 1, COMMAND_CLOSE);
    life_at(life, "12:03:10");
    life_expect(life, 1, "closed");
    life_page(life, "P1", PAGE_ACKNOWLEDGED, STORY_TICKET);
    life_at(life, "12:05:00");
    life_deliver(life, SERVICE_PAGERDUTY, &began);
    life_at(life, "12:06:00");
    ck_assert_int_eq(life_emergency(life, 2).opened_ms, clock_ms("12:03:10"));
    life_expect(life, 2, "acknowledged");
    life_end(life);
}
END_TEST

/* Nobody told that the ticket was lowered and raised again. The page of before joins, whichever of both is
 * known first; but whoever was contacted then has been waiting since the ticket was raised. */
START_TEST(a_page_from_before_the_ticket_was_lowered_makes_no_contact)
{
    struct life *life = life_new("", 0);
    struct event began = {
        .type = EVENT_PAGE,
        .source = EVENT_SOURCE_PAGERDUTY,
        .at_ms = life->true_ms,
        .ticket_id = _i ? 0 : STORY_TICKET,
        .page = {.status = PAGE_TRIGGERED, .incident = "P1", .event = "triggered"},
    };
    life->reads = FATE_UNSENT;
    life->deaf = true;
    if (_i)
        life_deliver(life, SERVICE_PAGERDUTY, &began);
    life_at(life, "12:00:30");
    life_comment(life, LIFE_CUSTOMER); /* the description */
    life_at(life, "12:00:40");
    life_comment(life, LIFE_ENGINEER);
    life_at(life, "12:02:00");
    life_change(life, PRIORITY_NORMAL, STATUS_OPEN, LIFE_ENGINEER);
    life_at(life, "12:05:00");
    life_change(life, PRIORITY_URGENT, STATUS_OPEN, LIFE_CUSTOMER);
    life->reads = FATE_TAKEN;
    life_trigger(life);
    life_at(life, "12:06:00");
    if (_i)
        life_link(life, 1, STORY_TICKET);
    else
        life_deliver(life, SERVICE_PAGERDUTY, &began);
    life_at(life, "13:00:00");
    ck_assert_int_eq(life_emergency(life, 1).page_count, 1);
    life_expect(life, 1, "paged");
    life_end(life);
}
END_TEST

/* It stands as if nothing had been; the poll finds it out, or the look just before the follow-up. */
START_TEST(a_ticket_lowered_and_raised_of_which_nobody_told_begins_anew)
{
    struct life *life = contacted_life();
    life_at(life, _i ? "12:15:10" : "12:03:10");
    life->deaf = true;
    life_change(life, PRIORITY_NORMAL, STATUS_OPEN, LIFE_ENGINEER);
    life_at(life, _i ? "12:15:20" : "12:03:20");
    life_change(life, PRIORITY_URGENT, STATUS_OPEN, LIFE_CUSTOMER);
    life_at(life, _i ? "12:15:50" : "12:04:30");
    life_expect(life, 1, "closed");
    life_expect(life, 2, "paged");
    life_at(life, "13:00:00");
    ck_assert_int_eq(life_emergencies(life), 2);
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 0);
    life_end(life);
}
END_TEST

/* The ticket turns urgent just after it was read, by a clock that is a little behind: as if it had been
 * lowered since. */
START_TEST(a_ticket_that_turns_urgent_while_it_is_read_is_not_forgotten)
{
    struct life *life = life_new("", 0);
    life->zendesk_ahead_ms = -1900;
    life_comment(life, LIFE_CUSTOMER); /* the description */
    life_change(life, PRIORITY_NORMAL, STATUS_OPEN, LIFE_CUSTOMER);
    life_at(life, "12:00:30");
    life->reads = FATE_UNSENT;
    life_page(life, "P1", PAGE_TRIGGERED, STORY_TICKET);
    life_at(life, "12:00:31.500");
    life->reads = FATE_HELD; /* once more after two seconds */
    life_at(life, "12:00:33.200");
    ck_assert_ptr_nonnull(life->held);
    life_change(life, PRIORITY_URGENT, STATUS_OPEN, LIFE_CUSTOMER);
    life_at(life, "12:00:34");
    life_answers(life);
    life->reads = FATE_TAKEN;
    life_at(life, "12:01:00");
    life_comment(life, LIFE_ENGINEER);
    life_at(life, "12:05:00");
    life_expect(life, life_emergencies(life), "contacted");
    life_end(life);
}
END_TEST

/* The first word of a page that comes is that it stands again; how it began is told when the ticket has been
 * read. */
START_TEST(comments_from_before_a_beginning_that_is_told_late_count)
{
    struct life *life = life_new("", 0);
    struct event began = {
        .type = EVENT_PAGE,
        .source = EVENT_SOURCE_PAGERDUTY,
        .at_ms = life->true_ms,
        .ticket_id = STORY_TICKET,
        .page = {.status = PAGE_TRIGGERED, .incident = "P1", .event = "triggered"},
    };
    life->deaf = true;
    life_comment(life, LIFE_CUSTOMER); /* the description */
    life_at(life, "12:01:00");
    life_comment(life, LIFE_ENGINEER);
    life_at(life, "12:05:00");
    life_page(life, "P1", PAGE_TRIGGERED, STORY_TICKET);
    life_at(life, "12:06:00");
    life_expect(life, 1, "paged");
    life_deliver(life, SERVICE_PAGERDUTY, &began);
    life_at(life, "12:07:00");
    life_expect(life, 1, "contacted");
    life_end(life);
}
END_TEST

/* A webhook from when the machine's clock was wrong, and Zendesk not to be asked by how much. Its time, moved
 * with the clock, is older than the opening; the comment is told better by what is read. */
START_TEST(comments_told_by_a_wrong_clock_are_read_again)
{
    struct life *life = life_new("", _i ? -MINUTES(10) : MINUTES(10));
    life->reads = FATE_UNSENT;
    life_comment(life, LIFE_CUSTOMER); /* the description */
    life_change(life, PRIORITY_NORMAL, STATUS_OPEN, LIFE_CUSTOMER);
    life_at(life, "12:05:00");
    life_change(life, PRIORITY_URGENT, STATUS_OPEN, LIFE_CUSTOMER);
    life_at(life, "12:06:00");
    life_comment(life, LIFE_ENGINEER);
    life_at(life, "12:10:00");
    life_set_clock(life, 0);
    life->reads = FATE_TAKEN;
    life_at(life, "12:15:00");
    life_expect(life, 1, "contacted");
    life_end(life);
}
END_TEST

static struct event solved_event(const struct life *life)
{
    return (struct event){
        .type = EVENT_TICKET,
        .source = EVENT_SOURCE_ZENDESK,
        .at_ms = life->true_ms,
        .ticket_id = STORY_TICKET,
        .ticket = {.known = true,
                   .priority = PRIORITY_URGENT,
                   .status = STATUS_SOLVED,
                   .previous_status = STATUS_OPEN,
                   .requester_id = LIFE_CUSTOMER,
                   .actor_id = LIFE_ENGINEER},
    };
}

/* That it was solved is told after a person has called the customer all the same, and it is opened again. */
START_TEST(what_persons_tell_outlives_an_end_that_is_told_late)
{
    struct life *life = life_new("", 0);
    life_page(life, "P1", PAGE_TRIGGERED, STORY_TICKET);
    life_at(life, "12:00:30");
    const struct event solved = solved_event(life);
    life_at(life, "12:01:00");
    life_command(life, 1, COMMAND_CONTACTED);
    life_at(life, "12:02:00");
    life_expect(life, 1, "contacted");
    life_deliver(life, SERVICE_ZENDESK, &solved);
    life_at(life, "12:03:00");
    life_expect(life, 1, "contacted");
    life_end(life);
}
END_TEST

/* Solved, and open again by the customer's comment. The latter was read when it was no news, and the former
 * is told late. */
START_TEST(an_end_that_is_told_late_is_not_the_last_word)
{
    struct life *life = contacted_life();
    life_at(life, "12:03:00");
    const struct event solved = solved_event(life);
    life->deaf = true;
    life_change(life, PRIORITY_URGENT, STATUS_SOLVED, LIFE_ENGINEER);
    life_change(life, PRIORITY_URGENT, STATUS_OPEN, LIFE_CUSTOMER);
    life_comment(life, LIFE_CUSTOMER);
    life_at(life, "12:06:00");
    life_expect(life, 1, "engaged");
    life_deliver(life, SERVICE_ZENDESK, &solved);
    life_at(life, "12:10:00");
    life_expect(life, 1, "engaged");
    life_end(life);
}
END_TEST

Suite *desk_doubts_suite(void)
{
    const TTest *const tests[] = {
        an_attempt_that_arrives_late_is_found,
        a_ticket_that_turns_urgent_while_it_is_read_is_not_forgotten,
        a_page_linked_late_belongs_to_what_has_ended,
        a_page_begins_nothing_within_the_emergency_before,
        an_attempt_is_looked_for_whatever_wants_it_now,
        an_attempt_is_looked_for_after_a_restart,
        who_raises_a_downgraded_ticket_begins_anew,
        answers_that_only_the_look_finds_stop_the_step,
        an_answer_in_the_second_of_the_look_stops_the_write,
        an_answer_that_resume_did_not_know_of_stops_the_step,
        a_reply_is_looked_for_where_it_was_sent,
        comments_from_before_the_opening_was_known_are_its_own,
        an_answer_before_the_end_of_our_write_is_known_counts,
        an_end_that_is_told_late_is_not_the_last_word,
        an_answer_just_after_somebody_called_counts,
        what_persons_tell_outlives_an_end_that_is_told_late,
        comments_from_before_a_beginning_that_is_told_late_count,
    };
    Suite *suite = suite_create("desk_doubts");
    TCase *all = tcase_create("desk_doubts");
    tcase_add_checked_fixture(all, settings_begin, settings_end);
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        tcase_add_test(all, tests[i]);
    tcase_add_loop_test(all, a_page_from_before_the_ticket_was_lowered_makes_no_contact, 0, 2);
    tcase_add_loop_test(all, a_ticket_lowered_and_raised_of_which_nobody_told_begins_anew, 0, 2);
    tcase_add_loop_test(all, comments_told_by_a_wrong_clock_are_read_again, 0, 2);
    tcase_add_loop_test(all, the_echo_of_our_own_back_to_urgent_begins_nothing, 0, 2);
    tcase_add_loop_test(all, an_attempt_is_looked_for_whatever_became_of_those_after_it, 0, 2);
    suite_add_tcase(suite, all);
    return suite;
}
