/*
 * The call with the customer and the notes after it: what begins and ends it, what ticks the checklist, and
 * the reminders until it is complete.
 */
#include "tests/unit/emergency_story.h"
#include "tests/unit/suites.h"

#define ON_A_CALL (BUTTON(COMMAND_COLLEAGUE) | BUTTON(COMMAND_CALL_ENDED) | BUTTON(COMMAND_RESUME))

/* 12:05:00 to 12:30:00, by command. */
static struct story *called(void)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    command(t, COMMAND_CALL_STARTED);
    at(t, "12:30:00");
    command(t, COMMAND_CALL_ENDED);
    return t;
}

START_TEST(a_call_starts_and_ends_by_command)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    command(t, COMMAND_CALL_STARTED);
    expect_state(t, "engaged");
    expect_told(t, MESSAGE_CALL_STARTED, ON_A_CALL);
    expect_effects(t, 1); /* not that the customer answered, too */
    ck_assert(t->e.met);
    at(t, "12:06:00");
    command(t, COMMAND_CALL_STARTED);
    expect_effects(t, 0);
    at(t, "12:30:00");
    command(t, COMMAND_CALL_ENDED);
    expect_time(t->e.call_started_ms, "12:05:00");
    expect_time(t->e.call_ended_ms, "12:30:00");
    expect_time(t->e.next_tagged_ms, "12:30:00"); /* by this very message: */
    expect_told(t, MESSAGE_CALL_ENDED, 0);
    expect_effects(t, 1);
    story_end(t);
}
END_TEST

START_TEST(a_call_that_nobody_told_of_has_ended)
{
    struct story *t = auto_contacted();
    at(t, "12:10:00");
    command(t, COMMAND_CALL_ENDED);
    expect_state(t, "engaged");
    ck_assert(t->e.met);
    expect_time(t->e.call_started_ms, "12:10:00");
    expect_effect(t, EFFECT_REPLY, MESSAGE_CALL_ENDED);
    story_end(t);
}
END_TEST

START_TEST(the_macro_comes_with_the_end_of_the_call)
{
    struct story *t = story_new();
    t->policy.has_macro = true;
    go_acknowledged(t);
    command(t, COMMAND_CALL_ENDED);
    expect_effect(t, EFFECT_MACRO, MESSAGE_NONE);
    story_end(t);

    t = story_new(); /* nor is there a macro for no ticket */
    t->policy.has_macro = true;
    page(t, "P1", PAGE_TRIGGERED);
    command(t, COMMAND_CALL_ENDED);
    expect_no_effect(t, EFFECT_MACRO, MESSAGE_NONE);
    story_end(t);
}
END_TEST

START_TEST(the_end_of_the_meeting_is_the_end_of_the_call)
{
    struct story *t = bridged();
    at(t, "12:05:00");
    joined(t, AUTHOR_STAFF);
    joined(t, AUTHOR_CUSTOMER);
    at(t, "12:29:00");
    left(t, AUTHOR_CUSTOMER);
    ck_assert_int_eq(t->e.others_in, 0);
    ck_assert_int_eq(t->e.staff_in, 1);
    at(t, "12:30:00");
    meeting_ended(t);
    expect_told(t, MESSAGE_CALL_ENDED, 0);
    expect_time(t->e.call_ended_ms, "12:30:00");
    ck_assert_int_eq(t->e.staff_in, 0);
    at(t, "12:31:00");
    meeting_ended(t);
    expect_effects(t, 0);
    story_end(t);
}
END_TEST

START_TEST(a_meeting_without_the_customer_was_no_call)
{
    struct story *t = bridged();
    at(t, "12:05:00");
    joined(t, AUTHOR_STAFF);
    at(t, "12:06:00");
    meeting_ended(t);
    expect_effects(t, 0);
    expect_state(t, "contacted");
    expect_next(t, ACTION_FOLLOW_UP, "12:15:40");
    story_end(t);
}
END_TEST

START_TEST(what_comes_after_the_close_needs_no_notes)
{
    struct story *t = bridged();
    at(t, "12:05:00");
    joined(t, AUTHOR_CUSTOMER);
    command(t, COMMAND_CLOSE);
    at(t, "12:30:00");
    meeting_ended(t);
    expect_effects(t, 0);
    story_end(t);
}
END_TEST

START_TEST(leaving_never_counts_below_nobody)
{
    struct story *t = bridged();
    at(t, "12:05:00");
    left(t, AUTHOR_STAFF);
    left(t, AUTHOR_UNKNOWN);
    ck_assert_int_eq(t->e.staff_in, 0);
    ck_assert_int_eq(t->e.others_in, 0);
    story_end(t);
}
END_TEST

/* Zoom told it first, or somebody presses twice: what is written already stays ticked. */
START_TEST(a_call_ends_once)
{
    struct story *t = called();
    at(t, "12:31:00");
    comment(t, AUTHOR_STAFF, false);
    at(t, "12:32:00");
    command(t, COMMAND_CALL_ENDED);
    expect_effects(t, 0);
    expect_time(t->e.internal_note_ms, "12:31:00");
    expect_time(t->e.call_ended_ms, "12:30:00");
    at(t, "12:33:00");
    comment(t, AUTHOR_STAFF, true);
    at(t, "12:50:00"); /* another call, that nobody told of */
    command(t, COMMAND_CALL_ENDED);
    expect_told(t, MESSAGE_CALL_ENDED, 0);
    ck_assert_int_eq(t->e.internal_note_ms, 0);
    ck_assert_int_eq(t->e.public_notes_ms, 0);
    story_end(t);
}
END_TEST

/* --- the notes --- */

START_TEST(comments_of_staff_tick_the_checklist)
{
    struct story *t = called();
    at(t, "12:33:00");
    comment(t, AUTHOR_CUSTOMER, true);
    comment(t, AUTHOR_OURSELVES, true);
    comment(t, AUTHOR_NOBODY, false);
    ck_assert_int_eq(t->e.public_notes_ms, 0);
    ck_assert_int_eq(t->e.internal_note_ms, 0);
    at(t, "12:35:00");
    comment(t, AUTHOR_STAFF, false);
    expect_time(t->e.internal_note_ms, "12:35:00");
    expect_no_effect(t, EFFECT_REPLY, MESSAGE_NOTES_COMPLETE);
    at(t, "12:36:00");
    comment(t, AUTHOR_STAFF, false);
    expect_time(t->e.internal_note_ms, "12:35:00");
    at(t, "12:37:00");
    comment(t, AUTHOR_STAFF, true);
    expect_time(t->e.public_notes_ms, "12:37:00");
    expect_told(t, MESSAGE_NOTES_COMPLETE, 0);
    at(t, "12:38:00");
    comment(t, AUTHOR_STAFF, true);
    comment(t, AUTHOR_STAFF, false);
    expect_no_effect(t, EFFECT_REPLY, MESSAGE_NOTES_COMPLETE);
    story_end(t);
}
END_TEST

START_TEST(what_was_written_during_the_call_is_no_note_of_it)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    command(t, COMMAND_CALL_STARTED);
    at(t, "12:20:00");
    comment(t, AUTHOR_STAFF, false);
    at(t, "12:30:00");
    command(t, COMMAND_CALL_ENDED);
    at(t, "12:29:59"); /* and found later */
    comment(t, AUTHOR_STAFF, true);
    ck_assert_int_eq(t->e.internal_note_ms, 0);
    ck_assert_int_eq(t->e.public_notes_ms, 0);
    story_end(t);
}
END_TEST

START_TEST(reminders_come_until_the_notes_are_there)
{
    struct story *t = called();
    expect_wake(t, "12:45:00");
    at(t, "12:44:59");
    wake(t);
    expect_effects(t, 0);
    at(t, "12:45:00");
    wake(t);
    expect_told(t, MESSAGE_NOTES_MISSING, 0);
    at(t, "12:50:00");
    comment(t, AUTHOR_STAFF, true);
    expect_wake(t, "13:00:00");
    at(t, "13:00:00");
    wake(t);
    expect_told(t, MESSAGE_NOTES_MISSING, 0);
    at(t, "13:05:00");
    comment(t, AUTHOR_STAFF, false);
    expect_wake(t, NULL);
    story_end(t);
}
END_TEST

START_TEST(the_machines_clock_moves_the_reminder)
{
    struct story *t = called();
    at(t, "13:35:00");
    clock_set(t, MINUTES(60));
    expect_wake(t, "13:45:00");
    story_end(t);
}
END_TEST

START_TEST(a_second_call_wants_notes_of_its_own)
{
    for (int by_join = 0; by_join < 2; by_join++) {
        struct story *t = bridged();
        at(t, "12:05:00");
        joined(t, AUTHOR_CUSTOMER);
        at(t, "12:30:00");
        meeting_ended(t);
        at(t, "12:31:00");
        comment(t, AUTHOR_STAFF, true);
        comment(t, AUTHOR_STAFF, false);
        at(t, "12:50:00");
        if (by_join)
            joined(t, AUTHOR_CUSTOMER);
        else
            command(t, COMMAND_CALL_STARTED);
        expect_told(t, MESSAGE_CALL_STARTED, ON_A_CALL);
        at(t, "13:00:00");
        meeting_ended(t);
        expect_told(t, MESSAGE_CALL_ENDED, 0);
        expect_wake(t, "13:15:00");
        story_end(t);
    }
}
END_TEST

Suite *emergency_call_suite(void)
{
    Suite *suite = suite_create("emergency_call");
    TCase *call = tcase_create("call");
    tcase_add_test(call, a_call_starts_and_ends_by_command);
    tcase_add_test(call, a_call_that_nobody_told_of_has_ended);
    tcase_add_test(call, the_macro_comes_with_the_end_of_the_call);
    tcase_add_test(call, the_end_of_the_meeting_is_the_end_of_the_call);
    tcase_add_test(call, a_meeting_without_the_customer_was_no_call);
    tcase_add_test(call, what_comes_after_the_close_needs_no_notes);
    tcase_add_test(call, a_call_ends_once);
    tcase_add_test(call, leaving_never_counts_below_nobody);
    suite_add_tcase(suite, call);
    TCase *notes = tcase_create("notes");
    tcase_add_test(notes, comments_of_staff_tick_the_checklist);
    tcase_add_test(notes, what_was_written_during_the_call_is_no_note_of_it);
    tcase_add_test(notes, reminders_come_until_the_notes_are_there);
    tcase_add_test(notes, the_machines_clock_moves_the_reminder);
    tcase_add_test(notes, a_second_call_wants_notes_of_its_own);
    suite_add_tcase(suite, notes);
    return suite;
}
