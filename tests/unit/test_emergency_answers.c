/*
 * Answers of the customer: what is one, what it stops, and what becomes of a write that was on its way.
 */
#include "tests/unit/emergency_story.h"
#include "tests/unit/suites.h"

START_TEST(an_answer_stops_the_clocks)
{
    for (int is_public = 0; is_public < 2; is_public++) {
        struct story *t = contacted();
        at(t, "12:05:00");
        comment(t, AUTHOR_CUSTOMER, is_public);
        expect_state(t, "engaged");
        expect_time(t->e.answered_ms, "12:05:00");
        expect_no_next(t);
        expect_wake(t, NULL);
        at(t, "14:00:00");
        wake(t);
        expect_no_step(t);
        story_end(t);
    }
}
END_TEST

START_TEST(only_a_customer_answers)
{
    static const enum author_standing others[] = {AUTHOR_UNKNOWN,         AUTHOR_OUTSIDER,  AUTHOR_STAFF,
                                                  AUTHOR_STAFF_REQUESTER, AUTHOR_OURSELVES, AUTHOR_NOBODY,
                                                  AUTHOR_SUSPENDED,       AUTHOR_MERGE};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct story *t = contacted();
        at(t, "12:05:00");
        comment(t, others[i], true);
        expect_state(t, "contacted");
        expect_next(t, ACTION_FOLLOW_UP, "12:15:40"); /* the clock runs on */
        story_end(t);
    }
}
END_TEST

START_TEST(before_contact_nothing_is_an_answer)
{
    struct story *t = acknowledged();
    at(t, "12:00:30");
    customer_comment(t);
    outsider_comment(t);
    expect_state(t, "acknowledged");
    at(t, "12:00:40");
    staff_comment(t);
    expect_state(t, "contacted");
    at(t, "12:15:40");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    story_end(t);
}
END_TEST

/* Nobody can tell which came first: no clock may run against a customer who perhaps answered. */
START_TEST(an_answer_in_the_second_of_the_contact_counts)
{
    struct story *t = acknowledged();
    at(t, "12:00:40");
    customer_comment(t);
    staff_comment(t);
    expect_state(t, "engaged");
    story_end(t);

    t = acknowledged();
    at(t, "12:00:40");
    staff_comment(t);
    customer_comment(t);
    expect_state(t, "engaged");
    story_end(t);

    t = acknowledged();
    at(t, "12:00:40.200");
    customer_comment(t);
    at(t, "12:00:40.500"); /* by its time before, perhaps after */
    command(t, COMMAND_CONTACTED);
    expect_state(t, "engaged");
    story_end(t);

    t = acknowledged();
    at(t, "12:00:39");
    customer_comment(t);
    at(t, "12:00:40");
    staff_comment(t);
    expect_state(t, "contacted");
    story_end(t);
}
END_TEST

START_TEST(an_automatic_reply_in_the_second_of_the_contact_is_no_answer)
{
    struct story *t = acknowledged();
    at(t, "12:00:40");
    automatic_reply(t);
    staff_comment(t);
    expect_state(t, "contacted");
    story_end(t);
}
END_TEST

START_TEST(a_person_says_that_the_customer_answered)
{
    static const enum command words[] = {COMMAND_REPLIED, COMMAND_CALL_STARTED};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        struct story *t = contacted();
        at(t, "12:05:00");
        command(t, words[i]);
        expect_state(t, "engaged");
        expect_time(t->e.answered_ms, "12:05:00");
        expect_no_next(t);
        story_end(t);
    }
}
END_TEST

START_TEST(a_call_before_contact_engages_too)
{
    struct story *t = acknowledged();
    at(t, "12:00:30");
    command(t, COMMAND_CALL_STARTED);
    expect_state(t, "engaged");
    at(t, "12:01:00"); /* the notes of the call start no clock */
    staff_comment(t);
    expect_state(t, "engaged");
    expect_time(t->e.contacted_ms, "12:01:00");
    expect_no_next(t);
    at(t, "12:30:00");
    command(t, COMMAND_RESUME);
    expect_state(t, "contacted");
    expect_next(t, ACTION_FOLLOW_UP, "12:45:00");
    story_end(t);
}
END_TEST

START_TEST(an_answer_takes_back_a_step_that_has_not_left)
{
    struct story *t = contacted();
    at(t, "12:15:40");
    wake(t);
    int64_t cause = t->e.step_cause;
    at(t, "12:15:41");
    customer_comment(t);
    expect_no_step(t);
    ck_assert(!emergency_still_wants(&t->e, ACTION_FOLLOW_UP, cause));
    story_end(t);
}
END_TEST

START_TEST(an_answer_while_the_follow_up_is_on_its_way)
{
    struct story *t = contacted();
    at(t, "12:15:40");
    wake(t);
    looked(t);
    released(t, ACTION_FOLLOW_UP);
    at(t, "12:15:41");
    customer_comment(t);
    expect_state(t, "engaged");
    expect_said(t, "already on its way");
    at(t, "12:15:42");
    accepted(t, ACTION_FOLLOW_UP);
    expect_state(t, "engaged");
    expect_time(t->e.followed_up_ms, "12:15:42");
    expect_no_step(t);
    at(t, "12:20:00"); /* the second period is not the first again */
    command(t, COMMAND_RESUME);
    expect_state(t, "followed_up");
    expect_next(t, ACTION_DOWNGRADE, "12:35:00");
    story_end(t);
}
END_TEST

START_TEST(an_answer_while_the_downgrade_is_on_its_way)
{
    struct story *t = followed_up();
    at(t, "12:30:41");
    wake(t);
    looked(t);
    released(t, ACTION_DOWNGRADE);
    at(t, "12:30:42");
    customer_comment(t);
    expect_state(t, "engaged");
    at(t, "12:30:43");
    accepted(t, ACTION_DOWNGRADE);
    expect_state(t, "engaged");
    expect_prompt(t, "back to urgent");
    expect_time(t->e.downgraded_ms, "12:30:43");
    command(t, COMMAND_URGENT);
    expect_wants(t, ACTION_URGENT);
    story_end(t);
}
END_TEST

START_TEST(a_downgrade_that_arrived_with_the_answer_is_not_done_again)
{
    struct story *t = followed_up();
    at(t, "12:30:41");
    wake(t);
    looked(t);
    released(t, ACTION_DOWNGRADE);
    at(t, "12:30:42");
    customer_comment(t);
    at(t, "12:30:43");
    accepted(t, ACTION_DOWNGRADE);
    at(t, "12:40:00");
    command(t, COMMAND_RESUME);
    expect_state(t, "downgraded");
    wake(t);
    expect_no_step(t);
    story_end(t);
}
END_TEST

START_TEST(an_answer_after_the_downgrade_asks_for_urgent)
{
    struct story *t = downgraded();
    at(t, "12:40:00");
    customer_comment(t);
    expect_state(t, "engaged");
    expect_prompt(t, "back to urgent");
    expect_no_step(t); /* the daemon raises nothing by itself */
    at(t, "12:50:00");
    command(t, COMMAND_RESUME);
    expect_state(t, "downgraded");
    story_end(t);
}
END_TEST

START_TEST(an_answer_whose_webhook_was_late_stops_the_step)
{
    struct story *t = contacted();
    at(t, "12:15:40");
    wake(t);
    at(t, "12:15:41");
    looked(t);
    at(t, "12:10:00");
    customer_comment(t);
    expect_state(t, "engaged");
    expect_time(t->e.answered_ms, "12:10:00");
    expect_no_step(t);
    story_end(t);
}
END_TEST

START_TEST(after_resume_only_newer_answers_count)
{
    struct story *t = engaged();
    at(t, "12:06:00");
    command(t, COMMAND_RESUME);
    expect_state(t, "contacted");
    expect_time(t->e.answered_ms, NULL);
    expect_next(t, ACTION_FOLLOW_UP, "12:16:40"); /* with what was left */
    at(t, "12:05:30");
    customer_comment(t); /* older, only known now */
    expect_state(t, "contacted");
    at(t, "12:16:40");
    wake(t);
    looked(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    at(t, "12:16:42");
    customer_comment(t);
    expect_state(t, "engaged");
    story_end(t);
}
END_TEST

/* What is found out later, though it happened before, nobody has decided on; but who had seen one answer has
 * waived those of before their word. */
START_TEST(resume_waives_no_answer_that_nobody_knew_of)
{
    for (int old = 0; old <= 1; old++) { /* what older journals add up to stays as it was */
        struct story *t = contacted();
        t->old_journal = old;
        at(t, "12:04:00");
        command(t, COMMAND_PAUSE);
        at(t, "12:06:00");
        command(t, COMMAND_RESUME);
        at(t, "12:05:30");
        customer_comment(t);
        expect_state(t, old ? "contacted" : "engaged");
        at(t, "12:30:00");
        wake(t);
        if (!old)
            expect_no_step(t);
        story_end(t);
    }
}
END_TEST

/* An answer that is told late stands before what was ordered for the period. */
static struct story *answered_before(enum command ordered)
{
    struct story *t = contacted();
    at(t, "12:06:00");
    if (ordered == COMMAND_EXTEND)
        extend(t, MINUTES(20));
    else
        command(t, ordered);
    at(t, "12:05:30");
    customer_comment(t);
    expect_state(t, "engaged");
    at(t, "12:10:00");
    command(t, COMMAND_RESUME);
    return t;
}

START_TEST(what_was_ordered_for_the_period_outlives_an_answer_that_is_told_late)
{
    struct story *t = answered_before(COMMAND_EXTEND);
    expect_next(t, ACTION_FOLLOW_UP, "12:30:00");
    story_end(t);

    t = answered_before(COMMAND_FOLLOWED_UP);
    expect_next(t, ACTION_DOWNGRADE, "12:25:00");
    story_end(t);
}
END_TEST

/* Times of the API are cut to the second: it may have come after the order. */
START_TEST(an_answer_in_the_second_of_the_order_stops_it)
{
    for (int old = 0; old <= 1; old++) { /* what older journals add up to stays as it was */
        struct story *t = followed_up();
        t->old_journal = old;
        at(t, "12:20:00.500");
        command(t, COMMAND_DOWNGRADE);
        at(t, "12:20:00.900");
        customer_comment(t);
        expect_state(t, "engaged");
        if (old)
            expect_wants(t, ACTION_DOWNGRADE);
        else
            expect_no_step(t);
        story_end(t);
    }
}
END_TEST

/* After a call it is engaged, but of what the customer has just written nobody knew. */
START_TEST(an_answer_in_the_second_of_the_order_stops_it_also_after_a_call)
{
    struct story *t = followed_up();
    at(t, "12:18:00");
    command(t, COMMAND_CALL_STARTED);
    at(t, "12:20:00.500");
    command(t, COMMAND_DOWNGRADE);
    expect_wants(t, ACTION_DOWNGRADE);
    at(t, "12:20:00.900");
    customer_comment(t);
    expect_no_step(t);
    expect_prompt(t, "not downgraded");
    story_end(t);
}
END_TEST

START_TEST(an_answer_after_the_order_stops_it_and_that_is_told)
{
    struct story *t = followed_up();
    at(t, "12:18:00");
    command(t, COMMAND_CALL_STARTED);
    at(t, "12:20:00.500");
    command(t, COMMAND_DOWNGRADE);
    at(t, "12:20:04");
    customer_comment(t);
    expect_no_step(t);
    expect_prompt(t, "not downgraded");
    story_end(t);
}
END_TEST

START_TEST(an_order_by_who_has_seen_the_answer_of_its_second_stands)
{
    struct story *t = followed_up();
    at(t, "12:20:00.500");
    customer_comment(t);
    expect_state(t, "engaged");
    at(t, "12:20:00.900");
    command(t, COMMAND_DOWNGRADE);
    looked(t);
    expect_wants(t, ACTION_DOWNGRADE);
    clock_set(t, -60000); /* with all that was seen */
    expect_wants(t, ACTION_DOWNGRADE);
    story_end(t);
}
END_TEST

START_TEST(an_author_who_turns_out_to_be_of_the_organisation_answered)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    outsider_comment(t);
    expect_state(t, "contacted");
    customer_comment(t); /* the same comment, its author known better */
    expect_state(t, "engaged");
    story_end(t);
}
END_TEST

Suite *emergency_answers_suite(void)
{
    Suite *suite = suite_create("emergency_answers");
    TCase *answers = tcase_create("answers");
    tcase_add_test(answers, an_answer_stops_the_clocks);
    tcase_add_test(answers, only_a_customer_answers);
    tcase_add_test(answers, before_contact_nothing_is_an_answer);
    tcase_add_test(answers, an_answer_in_the_second_of_the_contact_counts);
    tcase_add_test(answers, an_automatic_reply_in_the_second_of_the_contact_is_no_answer);
    tcase_add_test(answers, a_person_says_that_the_customer_answered);
    tcase_add_test(answers, a_call_before_contact_engages_too);
    tcase_add_test(answers, an_answer_takes_back_a_step_that_has_not_left);
    tcase_add_test(answers, an_answer_while_the_follow_up_is_on_its_way);
    tcase_add_test(answers, an_answer_while_the_downgrade_is_on_its_way);
    tcase_add_test(answers, a_downgrade_that_arrived_with_the_answer_is_not_done_again);
    tcase_add_test(answers, an_answer_after_the_downgrade_asks_for_urgent);
    tcase_add_test(answers, an_answer_whose_webhook_was_late_stops_the_step);
    tcase_add_test(answers, after_resume_only_newer_answers_count);
    tcase_add_test(answers, resume_waives_no_answer_that_nobody_knew_of);
    tcase_add_test(answers, an_answer_in_the_second_of_the_order_stops_it);
    tcase_add_test(answers, an_answer_in_the_second_of_the_order_stops_it_also_after_a_call);
    tcase_add_test(answers, an_answer_after_the_order_stops_it_and_that_is_told);
    tcase_add_test(answers, what_was_ordered_for_the_period_outlives_an_answer_that_is_told_late);
    tcase_add_test(answers, an_order_by_who_has_seen_the_answer_of_its_second_stands);
    tcase_add_test(answers, an_author_who_turns_out_to_be_of_the_organisation_answered);
    suite_add_tcase(suite, answers);
    return suite;
}
