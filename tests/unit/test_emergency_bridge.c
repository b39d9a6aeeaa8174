/*
 * The bridge: when there is to be one and when it ends, who is in it, and what that means for the
 * clocks. The call and its notes: test_emergency_call.c; a downgrade while it is in use:
 * test_emergency_meeting.c.
 */
#include "tests/unit/emergency_story.h"
#include "tests/unit/suites.h"

#include <stdio.h>

static struct story *bridged_and_downgraded(void)
{
    struct story *t = bridged();
    go_followed_up(t);
    go_downgraded(t);
    return t;
}

/* --- when there is one --- */

START_TEST(a_bridge_is_wanted_once_somebody_has_it)
{
    struct story *t = story_new();
    t->policy.can_meet = true;
    go_paged(t);
    ck_assert(!wants(t, ACTION_CREATE_MEETING));
    at(t, "12:00:20");
    page(t, "P1", PAGE_ACKNOWLEDGED);
    expect_wants(t, ACTION_CREATE_MEETING);
    at(t, "12:00:22");
    made(t, ACTION_CREATE_MEETING);
    expect_said(t, "Bridge: https://zoom.example/j/901");
    ck_assert_str_eq(t->e.bridge_url, "https://zoom.example/j/901");
    at(t, "12:00:30");
    page(t, "P1", PAGE_TRIGGERED);
    page(t, "P1", PAGE_ACKNOWLEDGED);
    page(t, "P2", PAGE_ACKNOWLEDGED);
    command(t, COMMAND_TAKE);
    ck_assert(!wants(t, ACTION_CREATE_MEETING));
    ck_assert_int_eq(t->e.bridge_number, 1);
    story_end(t);
}
END_TEST

START_TEST(a_bridge_waits_until_it_is_known_what_it_is_for)
{
    for (int known = 0; known < 2; known++) {
        struct story *t = story_new();
        t->policy.can_meet = true;
        page(t, "P1", PAGE_TRIGGERED);
        page(t, "P1", PAGE_ACKNOWLEDGED);
        ck_assert(!wants(t, ACTION_CREATE_MEETING));
        linked(t, known ? STORY_TICKET : 0);
        expect_wants(t, ACTION_CREATE_MEETING);
        story_end(t);
    }
}
END_TEST

START_TEST(without_zoom_there_is_none)
{
    struct story *t = downgraded();
    ck_assert(!wants(t, ACTION_CREATE_MEETING));
    ck_assert(!wants(t, ACTION_END_MEETING));
    ck_assert_int_eq(t->e.bridge_number, 0);
    story_end(t);
}
END_TEST

START_TEST(one_address_for_all_is_never_made_nor_closed)
{
    struct story *t = story_new();
    t->policy.static_bridge = "https://zoom.example/my/support";
    go_acknowledged(t);
    ck_assert_str_eq(t->e.bridge_url, "https://zoom.example/my/support");
    ck_assert(!wants(t, ACTION_CREATE_MEETING));
    at(t, "12:00:40");
    staff_comment(t);
    go_followed_up(t);
    go_downgraded(t);
    ck_assert(!wants(t, ACTION_END_MEETING));
    ck_assert_str_eq(t->e.bridge_url, "https://zoom.example/my/support");
    story_end(t);
}
END_TEST

START_TEST(the_automatic_comment_waits_a_moment_for_the_bridge)
{
    struct story *t = story_new();
    t->policy.can_meet = t->policy.first_contact_automatic = true;
    go_acknowledged(t);
    expect_no_step(t);
    expect_wake(t, "12:00:25");
    at(t, "12:00:22");
    made(t, ACTION_CREATE_MEETING);
    expect_wants(t, ACTION_FIRST_CONTACT);
    story_end(t);

    t = story_new();
    t->policy.can_meet = t->policy.first_contact_automatic = true;
    go_acknowledged(t);
    at(t, "12:00:25");
    wake(t); /* no bridge yet */
    expect_wants(t, ACTION_FIRST_CONTACT);
    story_end(t);
}
END_TEST

START_TEST(the_runbook_waits_a_moment_for_the_bridge_too)
{
    struct story *t = story_new();
    t->policy.can_meet = t->policy.has_runbook = true;
    go_acknowledged(t);
    ck_assert(!wants(t, ACTION_RUNBOOK));
    expect_wake(t, "12:00:25");
    at(t, "12:00:25");
    wake(t);
    expect_wants(t, ACTION_RUNBOOK);
    at(t, "12:00:26");
    made(t, ACTION_RUNBOOK);
    expect_told(t, MESSAGE_RUNBOOK, 0);
    at(t, "12:00:27");
    page(t, "P1", PAGE_ACKNOWLEDGED);
    ck_assert(!wants(t, ACTION_RUNBOOK));
    story_end(t);
}
END_TEST

START_TEST(a_runbook_without_zoom_is_wanted_on_acknowledgement)
{
    struct story *t = story_new();
    t->policy.has_runbook = true;
    go_paged(t);
    ck_assert(!wants(t, ACTION_RUNBOOK));
    command(t, COMMAND_ACK);
    expect_wants(t, ACTION_RUNBOOK);
    story_end(t);
}
END_TEST

START_TEST(a_dry_run_has_no_bridge)
{
    struct story *t = story_new();
    t->policy.can_meet = t->policy.dry_run = t->dry = true;
    go_acknowledged(t);
    at(t, "12:00:22");
    made(t, ACTION_CREATE_MEETING);
    ck_assert_int_eq(t->e.meeting, 0);
    ck_assert(!wants(t, ACTION_CREATE_MEETING));
    story_end(t);
}
END_TEST

START_TEST(nothing_is_made_for_what_is_downgraded_already)
{
    struct story *t = story_new();
    t->policy.can_meet = t->policy.has_runbook = true;
    go_paged(t);
    at(t, "12:00:40");
    staff_comment(t);
    go_followed_up(t);
    go_downgraded(t);
    at(t, "12:40:00");
    page(t, "P1", PAGE_ACKNOWLEDGED);
    ck_assert(!wants(t, ACTION_CREATE_MEETING));
    ck_assert(!wants(t, ACTION_RUNBOOK));
    at(t, "12:41:00");
    command(t, COMMAND_URGENT);
    sent(t, ACTION_URGENT);
    expect_wants(t, ACTION_CREATE_MEETING);
    story_end(t);
}
END_TEST

/* --- when it ends --- */

START_TEST(the_downgrade_closes_the_bridge)
{
    struct story *t = bridged();
    go_followed_up(t);
    ck_assert(!wants(t, ACTION_END_MEETING));
    go_downgraded(t);
    expect_wants(t, ACTION_END_MEETING);
    at(t, "12:30:44");
    made(t, ACTION_END_MEETING);
    expect_said(t, "Bridge closed");
    ck_assert(!wants(t, ACTION_CREATE_MEETING));
    story_end(t);
}
END_TEST

START_TEST(back_to_urgent_makes_a_new_one)
{
    struct story *t = bridged_and_downgraded();
    at(t, "12:30:44");
    made(t, ACTION_END_MEETING);
    at(t, "12:40:00");
    customer_comment(t);
    command(t, COMMAND_URGENT);
    ck_assert(!wants(t, ACTION_CREATE_MEETING));
    sent(t, ACTION_URGENT);
    expect_told(t, MESSAGE_BACK_TO_URGENT, 0);
    expect_wants(t, ACTION_CREATE_MEETING);
    ck_assert_str_eq(t->e.bridge_url, "");
    at(t, "12:40:02");
    made(t, ACTION_CREATE_MEETING);
    ck_assert_str_eq(t->e.bridge_url, "https://zoom.example/j/902");
    story_end(t);
}
END_TEST

START_TEST(a_bridge_that_is_still_open_serves_on)
{
    struct story *t = bridged_and_downgraded();
    at(t, "12:30:43");
    customer_comment(t);
    ck_assert(!wants(t, ACTION_END_MEETING));
    command(t, COMMAND_URGENT);
    sent(t, ACTION_URGENT);
    ck_assert(!wants(t, ACTION_CREATE_MEETING));
    ck_assert_str_eq(t->e.bridge_url, "https://zoom.example/j/901");
    story_end(t);
}
END_TEST

START_TEST(a_bridge_that_comes_after_the_downgrade_is_closed)
{
    struct story *t = story_new();
    t->policy.can_meet = true;
    go_acknowledged(t);
    released(t, ACTION_CREATE_MEETING);
    const struct call_facts call = t->call;
    at(t, "12:00:40");
    staff_comment(t);
    go_followed_up(t);
    go_downgraded(t);
    ck_assert(!wants(t, ACTION_CREATE_MEETING));
    at(t, "12:31:00");
    struct event event = new_event(t, EVENT_ACCEPTED, EVENT_SOURCE_SELF);
    event.call = call;
    event.result.meeting = 901;
    happen(t, &event);
    expect_wants(t, ACTION_END_MEETING);
    made(t, ACTION_END_MEETING);
    story_end(t);
}
END_TEST

/* --- who is in it --- */

START_TEST(staff_in_the_bridge_was_there)
{
    struct story *t = story_new();
    t->policy.resolve_on_contact = true;
    t->policy.can_meet = t->policy.first_contact_automatic = true;
    go_acknowledged(t);
    at(t, "12:00:22");
    made(t, ACTION_CREATE_MEETING);
    at(t, "12:00:40");
    sent(t, ACTION_FIRST_CONTACT);
    ck_assert(!t->e.met);
    at(t, "12:02:00");
    joined(t, AUTHOR_STAFF);
    ck_assert(t->e.met);
    expect_wants(t, ACTION_RESOLVE_PAGE);
    expect_said(t, "Eng One of support is in the bridge");
    expect_effects(t, 0);
    expect_next(t, ACTION_FOLLOW_UP, "12:15:40");
    story_end(t);
}
END_TEST

START_TEST(the_customer_in_the_bridge_is_an_answer)
{
    struct story *t = bridged();
    at(t, "12:05:00");
    joined(t, AUTHOR_CUSTOMER);
    expect_state(t, "engaged");
    expect_time(t->e.answered_ms, "12:05:00");
    expect_time(t->e.call_started_ms, "12:05:00");
    expect_told(t, MESSAGE_CALL_STARTED,
                BUTTON(COMMAND_COLLEAGUE) | BUTTON(COMMAND_CALL_ENDED) | BUTTON(COMMAND_RESUME));
    expect_effects(t, 1);
    expect_no_next(t);
    at(t, "12:06:00");
    joined(t, AUTHOR_CUSTOMER); /* and a colleague of theirs */
    expect_effects(t, 0);
    story_end(t);
}
END_TEST

START_TEST(who_answered_before_is_told_of_when_they_join)
{
    struct story *t = bridged();
    at(t, "12:05:00");
    customer_comment(t);
    at(t, "12:07:00");
    joined(t, AUTHOR_CUSTOMER);
    expect_told(t, MESSAGE_CALL_STARTED,
                BUTTON(COMMAND_COLLEAGUE) | BUTTON(COMMAND_CALL_ENDED) | BUTTON(COMMAND_RESUME));
    story_end(t);
}
END_TEST

START_TEST(the_customer_joins_before_contact)
{
    struct story *t = story_new();
    t->policy.can_meet = true;
    go_acknowledged(t);
    made(t, ACTION_CREATE_MEETING);
    at(t, "12:00:30");
    joined(t, AUTHOR_CUSTOMER);
    expect_state(t, "engaged");
    ck_assert(!t->e.met);
    story_end(t);
}
END_TEST

START_TEST(the_customer_joins_after_the_downgrade)
{
    struct story *t = bridged_and_downgraded();
    at(t, "12:31:00");
    joined(t, AUTHOR_CUSTOMER);
    expect_state(t, "engaged");
    expect_told(t, MESSAGE_ANSWERED_LATE, BUTTON(COMMAND_URGENT));
    ck_assert(!wants(t, ACTION_END_MEETING));
    story_end(t);
}
END_TEST

START_TEST(somebody_unidentified_is_asked_about)
{
    static const enum author_standing unknown[] = {AUTHOR_UNKNOWN, AUTHOR_OUTSIDER, AUTHOR_STAFF_REQUESTER};
    for (size_t i = 0; i < COUNT_OF(unknown); i++) {
        struct story *t = bridged();
        at(t, "12:05:00");
        joined(t, unknown[i]);
        expect_state(t, "contacted");
        expect_next(t, ACTION_FOLLOW_UP, "12:15:40");
        expect_told(t, MESSAGE_DOUBTED, BUTTON(COMMAND_REPLIED) | BUTTON(COMMAND_EXTEND));
        at(t, "12:15:40");
        wake(t);
        expect_held(t, "asked");
        expect_why(t, "somebody unidentified joined the bridge (iPhone)");
        expect_no_step(t);
        story_end(t);
    }
}
END_TEST

START_TEST(who_is_asked_for_is_a_doubt_at_once_and_told_of_with_the_answer)
{
    struct story *t = bridged();
    at(t, "12:05:00");
    joined_and_asked(t);
    expect_effects(t, 0);
    ck_assert_int_gt(t->e.doubt_ms[DOUBT_JOIN], 0);
    turns_out(t, AUTHOR_UNKNOWN);
    expect_told(t, MESSAGE_DOUBTED, BUTTON(COMMAND_REPLIED) | BUTTON(COMMAND_EXTEND));
    ck_assert_int_eq(t->e.others_in, 1);
    at(t, "12:15:40");
    wake(t);
    expect_held(t, "asked");
    story_end(t);

    t = bridged();
    at(t, "12:15:39"); /* no answer yet when the step is due */
    joined_and_asked(t);
    at(t, "12:15:40");
    wake(t);
    expect_held(t, "asked");
    story_end(t);
}
END_TEST

START_TEST(somebody_turns_out_to_be_of_staff)
{
    struct story *t = bridged();
    at(t, "12:05:00");
    joined_and_asked(t);
    at(t, "12:05:30");
    wake(t);
    at(t, "12:05:00");
    turns_out(t, AUTHOR_STAFF);
    ck_assert_int_eq(t->e.staff_in, 1);
    ck_assert_int_eq(t->e.others_in, 0);
    go_followed_up(t);
    expect_state(t, "followed_up");
    story_end(t);
}
END_TEST

START_TEST(somebody_turns_out_to_be_the_customer)
{
    struct story *t = bridged();
    at(t, "12:05:00");
    joined_and_asked(t);
    at(t, "12:15:40");
    wake(t);
    expect_held(t, "asked");
    at(t, "12:05:00");
    turns_out(t, AUTHOR_CUSTOMER);
    expect_state(t, "engaged");
    expect_held(t, NULL);
    expect_time(t->e.answered_ms, "12:05:00");
    story_end(t);
}
END_TEST

/* Of two, the second is known: the first may be the customer all the same. */
START_TEST(that_one_is_known_settles_no_other)
{
    struct story *t = bridged();
    at(t, "12:05:00");
    joined(t, AUTHOR_UNKNOWN);
    at(t, "12:06:00");
    joined_and_asked(t);
    turns_out(t, AUTHOR_STAFF);
    at(t, "12:08:00");
    left(t, AUTHOR_UNKNOWN);
    at(t, "12:15:40");
    wake(t);
    expect_held(t, "asked");
    story_end(t);
}
END_TEST

START_TEST(a_join_elsewhere_or_afterwards_is_nothing)
{
    struct story *t = bridged();
    at(t, "12:05:00");
    struct event event = new_event(t, EVENT_JOINED, EVENT_SOURCE_ZOOM);
    event.meeting.id = 777;
    event.comment.standing = AUTHOR_CUSTOMER;
    happen(t, &event);
    expect_state(t, "contacted");
    command(t, COMMAND_CLOSE);
    at(t, "12:06:00");
    joined(t, AUTHOR_CUSTOMER);
    expect_effects(t, 0);
    ck_assert_int_eq(t->e.others_in, 1); /* counted all the same, should it be opened again */
    story_end(t);
}
END_TEST

START_TEST(a_join_while_the_ticket_is_solved_is_an_answer_should_it_return)
{
    static const struct {
        enum author_standing standing;
        const char *state;
    } joins[] = {{AUTHOR_CUSTOMER, "engaged"}, {AUTHOR_UNKNOWN, "contacted"}};
    for (size_t i = 0; i < COUNT_OF(joins); i++) {
        struct story *t = bridged();
        at(t, "12:05:00");
        status_changed(t, STATUS_OPEN, STATUS_SOLVED);
        expect_state(t, "closed");
        at(t, "12:06:00");
        joined(t, joins[i].standing);
        at(t, "12:07:00");
        status_changed(t, STATUS_SOLVED, STATUS_OPEN);
        expect_state(t, joins[i].state);
        ck_assert_int_eq(t->e.doubt_ms[DOUBT_JOIN] != 0, joins[i].standing == AUTHOR_UNKNOWN);
        story_end(t);
    }
}
END_TEST

/* One joined unidentified before the ticket was solved, another one, of staff as it turns out, after that. */
START_TEST(a_join_while_the_ticket_is_solved_settles_no_other)
{
    struct story *t = bridged();
    at(t, "12:05:00");
    joined(t, AUTHOR_UNKNOWN);
    at(t, "12:06:00");
    status_changed(t, STATUS_OPEN, STATUS_SOLVED);
    at(t, "12:07:00");
    joined_and_asked(t);
    turns_out(t, AUTHOR_STAFF);
    at(t, "12:08:00");
    status_changed(t, STATUS_SOLVED, STATUS_OPEN);
    ck_assert_int_gt(t->e.doubt_ms[DOUBT_JOIN], 0);
    story_end(t);
}
END_TEST

/* Both of two emergencies that are one had made a bridge: the customer may have been told of either. */
static void made_another(struct story *t)
{
    struct event event = new_event(t, EVENT_ACCEPTED, EVENT_SOURCE_SELF);
    event.call = (struct call_facts){.action = 2, .kind = ACTION_CREATE_MEETING, .cause = 1};
    event.result.meeting = 955;
    (void)snprintf(event.result.url, sizeof event.result.url, "https://zoom.example/j/955");
    happen(t, &event);
}

static void joined_meeting(struct story *t, int64_t meeting, enum author_standing standing)
{
    struct event event = new_event(t, EVENT_JOINED, EVENT_SOURCE_ZOOM);
    event.meeting.id = meeting;
    event.comment.standing = standing;
    happen(t, &event);
}

START_TEST(of_two_bridges_the_first_stays_and_both_count)
{
    static const int64_t meetings[] = {901, 955};
    for (size_t i = 0; i < COUNT_OF(meetings); i++) {
        struct story *t = bridged();
        at(t, "12:01:00");
        made_another(t);
        ck_assert_int_eq(t->e.meeting, 901);
        ck_assert_str_eq(t->e.bridge_url, "https://zoom.example/j/901");
        at(t, "12:05:00");
        joined_meeting(t, meetings[i], AUTHOR_CUSTOMER);
        expect_state(t, "engaged");
        story_end(t);
    }
}
END_TEST

START_TEST(who_enters_by_an_old_link_has_answered)
{
    struct story *t = bridged_and_downgraded();
    at(t, "12:30:44");
    made(t, ACTION_END_MEETING);
    at(t, "12:40:00");
    command(t, COMMAND_URGENT);
    sent(t, ACTION_URGENT);
    made(t, ACTION_CREATE_MEETING);
    at(t, "12:41:00");
    joined_meeting(t, 901, AUTHOR_CUSTOMER);
    expect_told(t, MESSAGE_CALL_STARTED,
                BUTTON(COMMAND_COLLEAGUE) | BUTTON(COMMAND_CALL_ENDED) | BUTTON(COMMAND_RESUME));
    ck_assert_int_eq(t->e.others_in, 0); /* of the bridge that the downgrade would close */
    story_end(t);
}
END_TEST

static void add_ends(Suite *suite)
{
    TCase *ends = tcase_create("ends");
    tcase_add_test(ends, the_downgrade_closes_the_bridge);
    tcase_add_test(ends, back_to_urgent_makes_a_new_one);
    tcase_add_test(ends, a_bridge_that_is_still_open_serves_on);
    tcase_add_test(ends, a_bridge_that_comes_after_the_downgrade_is_closed);
    suite_add_tcase(suite, ends);
}

static void add_joins(Suite *suite)
{
    TCase *joins = tcase_create("joins");
    tcase_add_test(joins, staff_in_the_bridge_was_there);
    tcase_add_test(joins, the_customer_in_the_bridge_is_an_answer);
    tcase_add_test(joins, who_answered_before_is_told_of_when_they_join);
    tcase_add_test(joins, the_customer_joins_before_contact);
    tcase_add_test(joins, the_customer_joins_after_the_downgrade);
    tcase_add_test(joins, somebody_unidentified_is_asked_about);
    tcase_add_test(joins, who_is_asked_for_is_a_doubt_at_once_and_told_of_with_the_answer);
    tcase_add_test(joins, somebody_turns_out_to_be_of_staff);
    tcase_add_test(joins, somebody_turns_out_to_be_the_customer);
    tcase_add_test(joins, that_one_is_known_settles_no_other);
    tcase_add_test(joins, a_join_elsewhere_or_afterwards_is_nothing);
    tcase_add_test(joins, a_join_while_the_ticket_is_solved_is_an_answer_should_it_return);
    tcase_add_test(joins, a_join_while_the_ticket_is_solved_settles_no_other);
    tcase_add_test(joins, of_two_bridges_the_first_stays_and_both_count);
    tcase_add_test(joins, who_enters_by_an_old_link_has_answered);
    suite_add_tcase(suite, joins);
}

Suite *emergency_bridge_suite(void)
{
    Suite *suite = suite_create("emergency_bridge");
    TCase *wanted = tcase_create("wanted");
    tcase_add_test(wanted, a_bridge_is_wanted_once_somebody_has_it);
    tcase_add_test(wanted, a_bridge_waits_until_it_is_known_what_it_is_for);
    tcase_add_test(wanted, without_zoom_there_is_none);
    tcase_add_test(wanted, one_address_for_all_is_never_made_nor_closed);
    tcase_add_test(wanted, the_automatic_comment_waits_a_moment_for_the_bridge);
    tcase_add_test(wanted, the_runbook_waits_a_moment_for_the_bridge_too);
    tcase_add_test(wanted, a_runbook_without_zoom_is_wanted_on_acknowledgement);
    tcase_add_test(wanted, a_dry_run_has_no_bridge);
    tcase_add_test(wanted, nothing_is_made_for_what_is_downgraded_already);
    suite_add_tcase(suite, wanted);
    add_ends(suite);
    add_joins(suite);
    return suite;
}
