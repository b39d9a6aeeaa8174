/*
 * The ladders: nobody took it, nobody contacted the customer, nobody decided. Rungs come in their order and
 * distance, each after a look at the pages, until somebody does what is asked for.
 */
#include "tests/unit/emergency_story.h"
#include "tests/unit/suites.h"

#define DECIDE (BUTTON(COMMAND_DO_IT) | BUTTON(COMMAND_EXTEND) | BUTTON(COMMAND_REPLIED))

/* 12:00:00, rungs after 10, 15 and 25 minutes; of contact nothing is said before the evening. */
static struct story *nobody_comes(void)
{
    struct story *t = story_new();
    three_rungs(t);
    t->policy.contact_within_ms = MINUTES(600);
    go_paged(t);
    return t;
}

static void climb(struct story *t, enum ladder_kind ladder, const char *clock)
{
    at(t, clock);
    wake(t);
    checked(t, ladder);
}

static void expect_rung(const struct story *t, enum message message, int64_t buttons, int rung)
{
    const struct effect *post = expect_effect(t, EFFECT_POST, message);
    const struct effect *page = expect_effect(t, EFFECT_SUMMON, MESSAGE_NONE);
    const struct effect *reply = expect_effect(t, EFFECT_REPLY, message);
    expect_told(t, message, buttons);
    ck_assert_int_eq(reply->who, WHO_RUNG);
    ck_assert_int_eq(reply->rung, rung);
    ck_assert_int_eq(post->place, PLACE_RUNG);
    ck_assert_int_eq(post->who, WHO_RUNG);
    ck_assert_int_eq(post->rung, rung);
    ck_assert_int_eq(page->who, WHO_RUNG);
    ck_assert_int_eq(page->rung, rung);
    expect_effects(t, 3);
}

static void expect_no_check(const struct story *t)
{
    ck_assert_msg(!wants(t, ACTION_CHECK_PAGE), "a rung is due");
}

/* --- nobody takes it --- */

START_TEST(nobody_takes_it)
{
    struct story *t = nobody_comes();
    expect_wake(t, "12:10:00");
    at(t, "12:09:59.999");
    wake(t);
    expect_no_check(t);
    climb(t, LADDER_TAKE, "12:10:00");
    expect_rung(t, MESSAGE_NOT_TAKEN, BUTTON(COMMAND_TAKE), 0);
    expect_prompt(t, "Nobody has taken it");
    expect_wake(t, "12:15:00");
    climb(t, LADDER_TAKE, "12:15:00");
    expect_rung(t, MESSAGE_NOT_TAKEN, BUTTON(COMMAND_TAKE), 1);
    climb(t, LADDER_TAKE, "12:25:00");
    expect_rung(t, MESSAGE_NOT_TAKEN, BUTTON(COMMAND_TAKE), 2);
    expect_wake(t, "22:00:00"); /* there is nobody else to call */
    story_end(t);
}
END_TEST

START_TEST(the_pages_are_read_before_anybody_is_called)
{
    struct story *t = nobody_comes();
    at(t, "12:10:00");
    wake(t);
    expect_wants(t, ACTION_CHECK_PAGE);
    expect_effects(t, 0);
    at(t, "12:10:01");
    page_read(t, "P1", PAGE_ACKNOWLEDGED); /* its webhook was lost */
    checked(t, LADDER_TAKE);
    expect_effects(t, 0);
    at(t, "12:15:00");
    wake(t);
    expect_no_check(t);
    story_end(t);
}
END_TEST

START_TEST(rungs_without_a_settings_section_are_none)
{
    struct story *t = paged();
    at(t, "12:19:00");
    wake(t);
    expect_no_check(t);
    expect_wake(t, "12:20:00"); /* of contact */
    story_end(t);
}
END_TEST

START_TEST(overdue_rungs_keep_their_distance)
{
    struct story *t = nobody_comes();
    at(t, "12:40:00"); /* the daemon was down */
    wake(t);
    at(t, "12:40:02");
    checked(t, LADDER_TAKE);
    expect_rung(t, MESSAGE_NOT_TAKEN, BUTTON(COMMAND_TAKE), 0);
    expect_no_check(t);
    expect_wake(t, "12:45:02");
    climb(t, LADDER_TAKE, "12:45:03");
    expect_rung(t, MESSAGE_NOT_TAKEN, BUTTON(COMMAND_TAKE), 1);
    expect_wake(t, "12:55:03");
    story_end(t);
}
END_TEST

/* The answer of a look that is not asked for any more, or asked for twice. */
START_TEST(a_look_counts_for_its_own_rung_only)
{
    struct story *t = nobody_comes();
    climb(t, LADDER_TAKE, "12:10:00");
    for (int rung = 0; rung < 3; rung++) {
        struct event event = new_event(t, EVENT_CHECKED, EVENT_SOURCE_SELF);
        event.call.cause = emergency_rung_cause(LADDER_TAKE, rung);
        happen(t, &event);
        expect_effects(t, 0);
    }
    ck_assert_int_eq(t->e.ladders[LADDER_TAKE].rung, 1);
    at(t, "12:15:00");
    wake(t);
    struct event event = new_event(t, EVENT_CHECKED, EVENT_SOURCE_SELF);
    event.call.cause = emergency_rung_cause(LADDER_TAKE, 0);
    happen(t, &event);
    expect_effects(t, 0);
    expect_wants(t, ACTION_CHECK_PAGE);
    story_end(t);
}
END_TEST

START_TEST(causes_of_rungs_are_numbers_of_their_own)
{
    for (enum ladder_kind a = LADDER_TAKE; a < LADDER_COUNT; a++)
        for (int i = 0; i < 40; i++) {
            int64_t cause = emergency_rung_cause(a, i);
            ck_assert_int_gt(cause, 0);
            ck_assert_int_eq(emergency_rung_ladder(cause), a);
            for (enum ladder_kind b = LADDER_TAKE; b < LADDER_COUNT; b++)
                for (int j = 0; j < 40; j++)
                    ck_assert(emergency_rung_cause(b, j) != cause || (a == b && i == j));
        }
}
END_TEST

static void acknowledged_by_page(struct story *t)
{
    page(t, "P1", PAGE_ACKNOWLEDGED);
}

static void acknowledged_by_another_page(struct story *t)
{
    page(t, "P2", PAGE_ACKNOWLEDGED);
}

static void acknowledged_by_command(struct story *t)
{
    command(t, COMMAND_ACK);
}

static void taken(struct story *t)
{
    command(t, COMMAND_TAKE);
}

static void resolved_by_a_person(struct story *t)
{
    page(t, "P1", PAGE_RESOLVED);
}

static void closed(struct story *t)
{
    command(t, COMMAND_CLOSE);
}

START_TEST(who_takes_it_ends_the_ladder)
{
    static void (*const ends[])(struct story *) = {
        acknowledged_by_page,    acknowledged_by_another_page,
        acknowledged_by_command, taken,
        resolved_by_a_person,    closed,
    };
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        struct story *t = nobody_comes();
        climb(t, LADDER_TAKE, "12:10:00");
        at(t, "12:12:00");
        ends[i](t);
        at(t, "12:15:00");
        wake(t);
        ck_assert_msg(!wants(t, ACTION_CHECK_PAGE), "end %zu", i);
        story_end(t);
    }
}
END_TEST

START_TEST(what_is_no_taking_does_not_end_it)
{
    struct story *t = nobody_comes();
    at(t, "12:05:00");
    page_merged(t, "P1");
    page_resolved_by_itself(t, "P2");
    order(t, COMMAND_NOTE, "", "I have seen it");
    command(t, COMMAND_PAUSE);
    staff_comment(t); /* somebody wrote; who has it is not known by that */
    climb(t, LADDER_TAKE, "12:10:00");
    expect_rung(t, MESSAGE_NOT_TAKEN, BUTTON(COMMAND_TAKE), 0);
    story_end(t);
}
END_TEST

START_TEST(the_acknowledgement_of_a_busy_engineer_does_not_end_it)
{
    struct story *t = nobody_comes();
    t->who = &eng_one;
    t->busy_with = 9;
    at(t, "12:05:00");
    page(t, "P1", PAGE_ACKNOWLEDGED);
    expect_state(t, "acknowledged");
    climb(t, LADDER_TAKE, "12:10:00");
    expect_rung(t, MESSAGE_NOT_TAKEN, BUTTON(COMMAND_TAKE), 0);
    at(t, "12:11:00");
    command(t, COMMAND_ACK);
    climb(t, LADDER_TAKE, "12:15:00");
    at(t, "12:16:00");
    command(t, COMMAND_TAKE);
    at(t, "12:25:00");
    wake(t);
    expect_no_check(t);
    story_end(t);
}
END_TEST

START_TEST(a_second_engineer_ends_it)
{
    struct story *t = nobody_comes();
    t->who = &eng_one;
    t->busy_with = 9;
    at(t, "12:05:00");
    page(t, "P1", PAGE_ACKNOWLEDGED);
    at(t, "12:06:00");
    t->who = &eng_two;
    t->busy_with = 0;
    page(t, "P1", PAGE_ACKNOWLEDGED);
    ck_assert(emergency_is_taken(&t->e));
    ck_assert_str_eq(t->e.engineer, "Eng Two");
    at(t, "12:10:00");
    wake(t);
    expect_no_check(t);
    story_end(t);
}
END_TEST

START_TEST(without_its_acknowledgement_the_ladder_goes_on)
{
    struct story *t = nobody_comes();
    climb(t, LADDER_TAKE, "12:10:00");
    at(t, "12:11:00");
    page(t, "P1", PAGE_ACKNOWLEDGED);
    at(t, "12:30:00");
    wake(t);
    expect_no_check(t);
    at(t, "12:31:00");
    page(t, "P1", PAGE_TRIGGERED);
    expect_told(t, MESSAGE_UNACKNOWLEDGED, BUTTON(COMMAND_ACK));
    climb(t, LADDER_TAKE, "12:31:00");
    expect_rung(t, MESSAGE_NOT_TAKEN, BUTTON(COMMAND_TAKE), 1);
    expect_wake(t, "12:41:00");
    story_end(t);
}
END_TEST

START_TEST(the_machines_clock_moves_the_rungs)
{
    struct story *t = nobody_comes();
    climb(t, LADDER_TAKE, "12:10:30");
    at(t, "13:12:00"); /* it was 12:12 */
    clock_set(t, MINUTES(60));
    expect_wake(t, "13:15:30");
    at(t, "13:15:29");
    wake(t);
    expect_no_check(t);
    climb(t, LADDER_TAKE, "13:15:30");
    expect_rung(t, MESSAGE_NOT_TAKEN, BUTTON(COMMAND_TAKE), 1);
    story_end(t);

    t = nobody_comes();
    at(t, "13:05:00"); /* it was 12:05 */
    clock_set(t, MINUTES(60));
    expect_wake(t, "13:10:00");
    story_end(t);
}
END_TEST

/* --- nobody contacts the customer --- */

static struct story *nobody_writes(void)
{
    struct story *t = story_new();
    three_rungs(t);
    go_acknowledged(t);
    return t;
}

START_TEST(nobody_contacts_the_customer)
{
    struct story *t = nobody_writes();
    expect_wake(t, "12:20:00");
    at(t, "12:20:00");
    wake(t);
    expect_told(t, MESSAGE_NOT_CONTACTED, BUTTON(COMMAND_FIRST_CONTACT) | BUTTON(COMMAND_CONTACTED));
    expect_effects(t, 1);
    expect_wake(t, "12:30:00");
    climb(t, LADDER_CONTACT, "12:30:00");
    expect_rung(t, MESSAGE_NOBODY_CONTACTED, BUTTON(COMMAND_FIRST_CONTACT) | BUTTON(COMMAND_CONTACTED), 0);
    expect_wake(t, "12:35:00");
    at(t, "12:31:00");
    staff_comment(t);
    at(t, "12:35:00");
    wake(t);
    expect_no_check(t);
    story_end(t);
}
END_TEST

START_TEST(the_automatic_comment_does_not_end_it)
{
    struct story *t = story_new();
    three_rungs(t);
    t->policy.first_contact_automatic = true;
    t->policy.follow_up_after_ms = MINUTES(120);
    go_acknowledged(t);
    at(t, "12:00:40");
    sent(t, ACTION_FIRST_CONTACT);
    at(t, "12:20:00");
    wake(t);
    expect_told(t, MESSAGE_NOT_CONTACTED, BUTTON(COMMAND_FIRST_CONTACT) | BUTTON(COMMAND_CONTACTED));
    climb(t, LADDER_CONTACT, "12:30:00");
    at(t, "12:31:00");
    order(t, COMMAND_CONTACTED, "", "by phone");
    at(t, "12:35:00");
    wake(t);
    expect_no_check(t);
    story_end(t);
}
END_TEST

START_TEST(both_ladders_are_climbed_side_by_side)
{
    struct story *t = story_new();
    three_rungs(t);
    t->policy.contact_within_ms = MINUTES(5);
    go_paged(t);
    at(t, "12:16:00");
    wake(t);
    checked(t, LADDER_CONTACT);
    expect_rung(t, MESSAGE_NOBODY_CONTACTED, BUTTON(COMMAND_FIRST_CONTACT) | BUTTON(COMMAND_CONTACTED), 0);
    checked(t, LADDER_TAKE);
    expect_rung(t, MESSAGE_NOT_TAKEN, BUTTON(COMMAND_TAKE), 0);
    story_end(t);
}
END_TEST

/* --- nobody decides --- */

static void ask(struct story *t, const char *comment_at, const char *due_at)
{
    at(t, comment_at);
    outsider_comment(t);
    at(t, due_at);
    wake(t);
    expect_held(t, "asked");
}

static struct story *nobody_decides(void)
{
    struct story *t = story_new();
    three_rungs(t);
    go_acknowledged(t);
    at(t, "12:00:40");
    staff_comment(t);
    ask(t, "12:05:00", "12:15:40");
    expect_told(t, MESSAGE_ASKED, DECIDE);
    return t;
}

START_TEST(nobody_decides_on_what_is_asked)
{
    struct story *t = nobody_decides();
    expect_wake(t, "12:25:40");
    at(t, "12:25:40");
    wake(t);
    expect_told(t, MESSAGE_REMINDED, DECIDE);
    expect_effects(t, 1);
    expect_wake(t, "12:35:40");
    climb(t, LADDER_ASKED, "12:35:40");
    expect_rung(t, MESSAGE_NOBODY_DECIDED, DECIDE, 0);
    climb(t, LADDER_ASKED, "12:40:40");
    expect_rung(t, MESSAGE_NOBODY_DECIDED, DECIDE, 1);
    at(t, "12:41:00");
    command(t, COMMAND_DO_IT);
    at(t, "12:50:40");
    wake(t);
    expect_no_check(t);
    story_end(t);
}
END_TEST

START_TEST(the_next_question_begins_at_the_first_rung)
{
    struct story *t = nobody_decides();
    at(t, "12:25:40");
    wake(t);
    climb(t, LADDER_ASKED, "12:35:40");
    climb(t, LADDER_ASKED, "12:40:40");
    climb(t, LADDER_ASKED, "12:50:40");
    expect_rung(t, MESSAGE_NOBODY_DECIDED, DECIDE, 2);
    at(t, "13:30:00");
    wake(t);
    expect_no_check(t);
    extend(t, MINUTES(15));
    ask(t, "13:35:00", "13:45:00");
    at(t, "13:55:00");
    wake(t);
    expect_told(t, MESSAGE_REMINDED, DECIDE);
    expect_wake(t, "14:05:00");
    climb(t, LADDER_ASKED, "14:05:00");
    expect_rung(t, MESSAGE_NOBODY_DECIDED, DECIDE, 0);
    expect_wake(t, "14:10:00");
    story_end(t);
}
END_TEST

START_TEST(a_decision_ends_it)
{
    static const enum command decisions[] = {COMMAND_REPLIED, COMMAND_DO_IT, COMMAND_CLOSE,
                                             COMMAND_FOLLOWED_UP};
    for (size_t i = 0; i < COUNT_OF(decisions); i++) {
        struct story *t = nobody_decides();
        at(t, "12:25:40");
        wake(t);
        at(t, "12:35:40");
        wake(t);
        command(t, decisions[i]); /* while the pages are read */
        struct event event = new_event(t, EVENT_CHECKED, EVENT_SOURCE_SELF);
        event.call.cause = emergency_rung_cause(LADDER_ASKED, t->e.ladders[LADDER_ASKED].rung);
        happen(t, &event);
        expect_effects(t, 0);
        story_end(t);
    }
}
END_TEST

static void add_take(Suite *suite)
{
    TCase *take = tcase_create("take");
    tcase_add_test(take, nobody_takes_it);
    tcase_add_test(take, the_pages_are_read_before_anybody_is_called);
    tcase_add_test(take, rungs_without_a_settings_section_are_none);
    tcase_add_test(take, overdue_rungs_keep_their_distance);
    tcase_add_test(take, a_look_counts_for_its_own_rung_only);
    tcase_add_test(take, causes_of_rungs_are_numbers_of_their_own);
    tcase_add_test(take, who_takes_it_ends_the_ladder);
    tcase_add_test(take, what_is_no_taking_does_not_end_it);
    tcase_add_test(take, the_acknowledgement_of_a_busy_engineer_does_not_end_it);
    tcase_add_test(take, a_second_engineer_ends_it);
    tcase_add_test(take, without_its_acknowledgement_the_ladder_goes_on);
    tcase_add_test(take, the_machines_clock_moves_the_rungs);
    suite_add_tcase(suite, take);
}

Suite *emergency_ladders_suite(void)
{
    Suite *suite = suite_create("emergency_ladders");
    add_take(suite);
    TCase *contact = tcase_create("contact");
    tcase_add_test(contact, nobody_contacts_the_customer);
    tcase_add_test(contact, the_automatic_comment_does_not_end_it);
    tcase_add_test(contact, both_ladders_are_climbed_side_by_side);
    suite_add_tcase(suite, contact);
    TCase *asked = tcase_create("asked");
    tcase_add_test(asked, nobody_decides_on_what_is_asked);
    tcase_add_test(asked, the_next_question_begins_at_the_first_rung);
    tcase_add_test(asked, a_decision_ends_it);
    suite_add_tcase(suite, asked);
    return suite;
}
