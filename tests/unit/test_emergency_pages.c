/*
 * Pages: several of them, who acknowledged, who resolved; the page that is missing; and how a page finds its
 * ticket.
 */
#include "tests/unit/emergency_story.h"
#include "tests/unit/suites.h"

#include <stdio.h>

static void acknowledge(struct story *t, const char *incident, const char *engineer)
{
    t->by = engineer;
    page(t, incident, PAGE_ACKNOWLEDGED);
    t->by = NULL;
}

/* --- acknowledged --- */

START_TEST(acknowledged_while_any_page_is)
{
    struct story *t = paged();
    at(t, "12:00:10");
    page(t, "P2", PAGE_TRIGGERED);
    expect_state(t, "paged");
    at(t, "12:00:20");
    acknowledge(t, "P1", "Eng One");
    expect_state(t, "acknowledged");
    at(t, "12:00:30");
    acknowledge(t, "P2", "Eng Two");
    at(t, "12:00:40");
    page(t, "P1", PAGE_TRIGGERED);
    expect_state(t, "acknowledged");
    expect_time(t->e.acknowledged_ms, "12:00:20"); /* without a break */
    at(t, "12:00:50");
    page(t, "P2", PAGE_TRIGGERED);
    expect_state(t, "paged");
    expect_said(t, "no longer acknowledged");
    expect_time(t->e.acknowledged_ms, NULL);
    ck_assert_int_eq(t->e.page_count, 2);
    story_end(t);
}
END_TEST

START_TEST(a_further_page_does_not_take_back_the_acknowledgement)
{
    struct story *t = acknowledged();
    at(t, "12:00:30");
    page(t, "P2", PAGE_TRIGGERED);
    expect_state(t, "acknowledged");
    ck_assert_str_eq(t->e.engineer, "Eng One");
    story_end(t);
}
END_TEST

START_TEST(the_engineer_is_the_latest_to_acknowledge)
{
    struct story *t = acknowledged();
    at(t, "12:00:30");
    acknowledge(t, "P2", "Eng Two");
    ck_assert_str_eq(t->e.engineer, "Eng Two");
    expect_time(t->e.acknowledged_ms, "12:00:20"); /* since the first */
    at(t, "12:00:40");
    page(t, "P2", PAGE_TRIGGERED); /* who gives it back leaves it to the other */
    ck_assert_str_eq(t->e.engineer, "Eng One");
    story_end(t);
}
END_TEST

START_TEST(the_engineer_is_the_latest_of_one_page_too)
{
    struct story *t = acknowledged();
    at(t, "12:00:30");
    acknowledge(t, "P1", "Eng Two");
    ck_assert_str_eq(t->e.engineer, "Eng Two");
    expect_said(t, "Eng Two acknowledged");
    expect_time(t->e.acknowledged_ms, "12:00:20");
    story_end(t);
}
END_TEST

START_TEST(who_acknowledges_again_is_the_latest)
{
    struct story *t = acknowledged();
    at(t, "12:00:30");
    acknowledge(t, "P2", "Eng Two");
    at(t, "12:00:40");
    acknowledge(t, "P1", "Eng Three");
    ck_assert_str_eq(t->e.engineer, "Eng Three");
    expect_time(t->e.acknowledged_ms, "12:00:20");
    story_end(t);
}
END_TEST

START_TEST(an_acknowledgement_may_be_known_by_reading_only)
{
    struct story *t = paged();
    at(t, "12:00:30");
    page_read(t, "P1", PAGE_ACKNOWLEDGED);
    expect_state(t, "acknowledged");
    expect_time(t->e.acknowledged_ms, "12:00:30");
    at(t, "12:00:20"); /* its webhook was late, and knows who and when */
    acknowledge(t, "P1", "Eng One");
    expect_time(t->e.acknowledged_ms, "12:00:20");
    ck_assert_str_eq(t->e.engineer, "Eng One");
    at(t, "12:01:00");
    page_read(t, "P1", PAGE_ACKNOWLEDGED);
    expect_time(t->e.acknowledged_ms, "12:00:20");
    ck_assert_str_eq(t->out.say, "");
    story_end(t);
}
END_TEST

START_TEST(taken_back_after_contact_changes_no_state)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    page(t, "P1", PAGE_TRIGGERED);
    expect_state(t, "contacted");
    expect_next(t, ACTION_FOLLOW_UP, "12:15:40");
    story_end(t);
}
END_TEST

START_TEST(taken_back_during_an_early_call_shows_after_it)
{
    struct story *t = acknowledged();
    at(t, "12:00:30");
    command(t, COMMAND_CALL_STARTED);
    at(t, "12:00:40");
    page(t, "P1", PAGE_TRIGGERED);
    expect_state(t, "engaged");
    at(t, "12:01:00");
    command(t, COMMAND_RESUME);
    expect_state(t, "paged");
    story_end(t);
}
END_TEST

/* --- resolved --- */

START_TEST(a_resolve_by_a_person_implies_an_acknowledgement)
{
    struct story *t = paged();
    at(t, "12:00:20");
    page(t, "P1", PAGE_RESOLVED);
    expect_state(t, "acknowledged");
    ck_assert_str_eq(t->e.engineer, "Eng One");
    expect_time(t->e.acknowledged_ms, "12:00:20");
    expect_prompt(t, "has not been contacted yet");
    story_end(t);
}
END_TEST

START_TEST(resolved_stops_no_clock)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    page(t, "P1", PAGE_RESOLVED);
    expect_state(t, "contacted");
    expect_no_prompt(t);
    expect_next(t, ACTION_FOLLOW_UP, "12:15:40");
    story_end(t);
}
END_TEST

START_TEST(a_time_out_changes_nothing)
{
    struct story *t = paged();
    at(t, "12:00:20");
    page_resolved_by_itself(t, "P1");
    expect_state(t, "paged");
    expect_no_prompt(t);
    story_end(t);

    t = acknowledged();
    at(t, "12:00:30");
    page_resolved_by_itself(t, "P1");
    expect_state(t, "acknowledged");
    ck_assert_str_eq(t->e.engineer, "Eng One");
    story_end(t);
}
END_TEST

START_TEST(a_merges_resolve_is_not_a_persons)
{
    struct story *t = paged();
    at(t, "12:00:10");
    page(t, "P2", PAGE_TRIGGERED);
    at(t, "12:00:20");
    page_merged(t, "P2");
    expect_state(t, "paged");
    ck_assert_str_eq(t->e.engineer, "");
    expect_said(t, "by a merge");
    expect_no_prompt(t);
    story_end(t);
}
END_TEST

START_TEST(a_page_is_resolved_on_contact_if_wished)
{
    struct story *t = contacted();
    ck_assert(!wants(t, ACTION_RESOLVE_PAGE));
    story_end(t);

    t = story_new();
    t->policy.resolve_on_contact = true;
    go_acknowledged(t);
    at(t, "12:00:30");
    page(t, "P2", PAGE_TRIGGERED);
    page(t, "P3", PAGE_TRIGGERED);
    page(t, "P3", PAGE_RESOLVED);
    at(t, "12:00:40");
    staff_comment(t);
    struct want list[EMERGENCY_WANTS];
    ck_assert_uint_eq(emergency_wants(&t->e, list), 2);
    ck_assert_int_eq(list[0].kind, ACTION_RESOLVE_PAGE);
    ck_assert_str_eq(list[0].incident, "P1");
    ck_assert_str_eq(list[1].incident, "P2");
    ck_assert_int_eq(list[0].cause, list[1].cause);
    at(t, "12:00:41");
    struct event event = new_event(t, EVENT_ACCEPTED, EVENT_SOURCE_SELF);
    event.call = (struct call_facts){.kind = ACTION_RESOLVE_PAGE, .cause = list[0].cause};
    snprintf(event.page.incident, sizeof event.page.incident, "P1");
    happen(t, &event);
    ck_assert_uint_eq(emergency_wants(&t->e, list), 1);
    ck_assert_str_eq(list[0].incident, "P2");
    story_end(t);
}
END_TEST

/* An attempt of ours may still be in doubt then: it must not be made again. */
START_TEST(a_page_that_a_person_opened_again_stays_open)
{
    struct story *t = story_new();
    t->policy.resolve_on_contact = true;
    go_acknowledged(t);
    at(t, "12:00:40");
    staff_comment(t);
    expect_wants(t, ACTION_RESOLVE_PAGE);
    at(t, "12:00:41");
    page(t, "P1", PAGE_RESOLVED);
    at(t, "12:00:42");
    page(t, "P1", PAGE_ACKNOWLEDGED);
    ck_assert(!wants(t, ACTION_RESOLVE_PAGE));
    at(t, "12:00:43");
    struct event answer = new_event(t, EVENT_ACCEPTED, EVENT_SOURCE_SELF);
    answer.call.kind = ACTION_RESOLVE_PAGE;
    snprintf(answer.page.incident, sizeof answer.page.incident, "P1");
    happen(t, &answer);
    ck_assert_int_eq(t->e.pages[0].status, PAGE_ACKNOWLEDGED);
    command(t, COMMAND_RESOLVE);
    expect_wants(t, ACTION_RESOLVE_PAGE);
    story_end(t);
}
END_TEST

START_TEST(the_automatic_first_comment_resolves_no_page)
{
    struct story *t = story_new();
    t->policy.resolve_on_contact = true;
    t->policy.first_contact_automatic = true;
    go_acknowledged(t);
    at(t, "12:00:40");
    sent(t, ACTION_FIRST_CONTACT);
    ck_assert(!wants(t, ACTION_RESOLVE_PAGE));
    at(t, "12:05:00");
    staff_comment(t);
    expect_wants(t, ACTION_RESOLVE_PAGE);
    story_end(t);
}
END_TEST

/* PagerDuty's webhook is older than the answer to our call. */
START_TEST(our_own_resolve_is_no_persons_acknowledgement)
{
    struct story *t = story_new();
    t->policy.resolve_on_contact = true;
    go_paged(t);
    at(t, "12:00:40");
    staff_comment(t);
    expect_wants(t, ACTION_RESOLVE_PAGE);
    at(t, "12:00:41");
    t->by = "emergencyd";
    page(t, "P1", PAGE_RESOLVED);
    ck_assert_str_eq(t->e.engineer, "");
    story_end(t);
}
END_TEST

/* --- a page that is missing --- */

static struct story *without_page(void)
{
    struct story *t = story_new();
    t->policy.can_page = true;
    ticket_opened(t);
    ticket_read(t, PRIORITY_URGENT, STATUS_OPEN);
    return t;
}

static void page_created(struct story *t, const char *incident)
{
    struct event event = new_event(t, EVENT_ACCEPTED, EVENT_SOURCE_SELF);
    event.call = (struct call_facts){.kind = ACTION_CREATE_PAGE, .cause = t->e.page_cause};
    event.page.status = PAGE_TRIGGERED;
    snprintf(event.page.incident, sizeof event.page.incident, "%s", incident);
    happen(t, &event);
}

START_TEST(a_ticket_without_a_page_gets_one)
{
    struct story *t = without_page();
    expect_wake(t, "12:02:00");
    at(t, "12:01:59.999");
    wake(t);
    ck_assert(!wants(t, ACTION_CREATE_PAGE));
    at(t, "12:02:00");
    wake(t);
    expect_wants(t, ACTION_CREATE_PAGE);
    int64_t cause = t->e.page_cause;
    at(t, "12:03:00");
    wake(t);
    ck_assert_int_eq(t->e.page_cause, cause); /* one */
    page_created(t, "P9");
    ck_assert(!wants(t, ACTION_CREATE_PAGE));
    ck_assert_str_eq(t->e.pages[0].incident, "P9");
    at(t, "12:03:10");
    acknowledge(t, "P9", "Eng One");
    expect_state(t, "acknowledged");
    ck_assert_int_eq(t->e.page_count, 1);
    story_end(t);
}
END_TEST

START_TEST(a_page_that_comes_in_time_or_just_after_spares_it)
{
    struct story *t = without_page();
    at(t, "12:01:00");
    page(t, "P1", PAGE_TRIGGERED);
    at(t, "12:02:00");
    wake(t);
    ck_assert(!wants(t, ACTION_CREATE_PAGE));
    story_end(t);

    t = without_page();
    at(t, "12:02:00");
    wake(t);
    at(t, "12:02:01");
    page(t, "P1", PAGE_TRIGGERED);
    ck_assert(!wants(t, ACTION_CREATE_PAGE));
    story_end(t);
}
END_TEST

START_TEST(no_page_is_made_where_none_can_be)
{
    struct story *t = without_page();
    t->policy.can_page = false;
    expect_wake(t, "12:20:00"); /* contact */
    at(t, "12:02:00");
    wake(t);
    ck_assert(!wants(t, ACTION_CREATE_PAGE));
    story_end(t);
}
END_TEST

START_TEST(no_page_is_made_for_what_is_over)
{
    struct story *t = without_page();
    at(t, "12:01:00");
    priority_changed(t, PRIORITY_URGENT, PRIORITY_LOW);
    at(t, "12:02:00");
    wake(t);
    ck_assert(!wants(t, ACTION_CREATE_PAGE));
    story_end(t);
}
END_TEST

/* --- nobody contacts the customer --- */

START_TEST(people_are_told_when_nobody_contacts_the_customer)
{
    struct story *t = acknowledged();
    expect_wake(t, "12:20:00");
    at(t, "12:19:59.999");
    wake(t);
    expect_no_prompt(t);
    at(t, "12:20:00");
    wake(t);
    expect_prompt(t, "Nobody has contacted the customer");
    expect_wake(t, NULL);
    at(t, "12:25:00");
    wake(t);
    expect_no_prompt(t);
    story_end(t);
}
END_TEST

START_TEST(contact_in_time_spares_the_reproach)
{
    struct story *t = contacted();
    at(t, "12:14:00");
    extend(t, MINUTES(60));
    at(t, "12:20:00");
    wake(t);
    expect_no_prompt(t);
    story_end(t);
}
END_TEST

/* The daemon's own comment is no person's contact. */
START_TEST(the_automatic_first_comment_does_not_spare_the_reproach)
{
    struct story *t = auto_contacted();
    at(t, "12:14:00");
    extend(t, MINUTES(60));
    at(t, "12:20:00");
    wake(t);
    expect_prompt(t, "Nobody has contacted the customer");
    story_end(t);
}
END_TEST

/* --- a page finds its ticket --- */

START_TEST(a_page_without_a_ticket_asks_for_it_once)
{
    struct story *t = story_new();
    page(t, "P1", PAGE_TRIGGERED);
    at(t, "12:00:02");
    linked(t, 0);
    expect_prompt(t, "link one");
    at(t, "12:00:03");
    linked(t, 0);
    expect_no_prompt(t);
    at(t, "12:01:00");
    linked(t, STORY_TICKET);
    ck_assert_int_eq(t->e.ticket_id, STORY_TICKET);
    story_end(t);
}
END_TEST

START_TEST(without_a_ticket_no_clock_runs)
{
    struct story *t = story_new();
    page(t, "P1", PAGE_TRIGGERED);
    at(t, "12:01:00");
    command(t, COMMAND_CONTACTED);
    expect_state(t, "contacted");
    expect_no_next(t);
    at(t, "13:00:00");
    wake(t);
    expect_no_step(t);
    story_end(t);
}
END_TEST

START_TEST(periods_count_from_the_later_of_contact_and_link)
{
    struct story *t = story_new();
    page(t, "P1", PAGE_TRIGGERED);
    at(t, "12:01:00");
    command(t, COMMAND_CONTACTED);
    at(t, "12:10:00");
    linked(t, STORY_TICKET);
    expect_next(t, ACTION_FOLLOW_UP, "12:25:00");
    story_end(t);

    t = story_new();
    page(t, "P1", PAGE_TRIGGERED);
    at(t, "12:10:00");
    linked(t, STORY_TICKET);
    at(t, "12:01:00"); /* read only after the link, and older */
    staff_comment(t);
    expect_time(t->e.contacted_ms, "12:01:00");
    expect_next(t, ACTION_FOLLOW_UP, "12:25:00");
    story_end(t);

    t = story_new();
    page(t, "P1", PAGE_TRIGGERED);
    at(t, "12:02:00");
    linked(t, STORY_TICKET);
    at(t, "12:10:00");
    staff_comment(t);
    expect_next(t, ACTION_FOLLOW_UP, "12:25:00");
    story_end(t);

    t = story_new();
    page(t, "P1", PAGE_TRIGGERED);
    linked(t, STORY_TICKET); /* which does not exist, as it turns out */
    at(t, "12:01:00");
    command(t, COMMAND_CONTACTED);
    at(t, "12:10:00");
    ticket_gone(t);
    expect_no_next(t);
    at(t, "12:20:00");
    linked(t, 4712);
    expect_next(t, ACTION_FOLLOW_UP, "12:35:00");
    story_end(t);
}
END_TEST

START_TEST(a_follow_up_by_hand_before_the_link_counts_from_the_link)
{
    struct story *t = story_new();
    page(t, "P1", PAGE_TRIGGERED);
    at(t, "12:01:00");
    command(t, COMMAND_CONTACTED);
    at(t, "12:05:00");
    command(t, COMMAND_FOLLOWED_UP);
    expect_no_next(t);
    at(t, "12:30:00");
    linked(t, STORY_TICKET);
    expect_state(t, "followed_up");
    expect_next(t, ACTION_DOWNGRADE, "12:45:00");
    story_end(t);
}
END_TEST

START_TEST(a_second_link_moves_nothing)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    linked(t, STORY_TICKET);
    linked(t, 99);
    ck_assert_int_eq(t->e.ticket_id, STORY_TICKET);
    expect_next(t, ACTION_FOLLOW_UP, "12:15:40");
    story_end(t);
}
END_TEST

START_TEST(a_page_that_joins_later_moves_no_clock)
{
    struct story *t = story_new();
    ticket_opened(t);
    at(t, "12:00:40");
    staff_comment(t);
    at(t, "12:05:00");
    page(t, "P1", PAGE_TRIGGERED);
    linked(t, STORY_TICKET);
    expect_next(t, ACTION_FOLLOW_UP, "12:15:40");
    story_end(t);
}
END_TEST

START_TEST(a_link_does_not_shorten_an_extension)
{
    struct story *t = story_new();
    page(t, "P1", PAGE_TRIGGERED);
    at(t, "12:01:00");
    command(t, COMMAND_CONTACTED);
    at(t, "12:05:00");
    extend(t, MINUTES(60));
    at(t, "12:10:00");
    linked(t, STORY_TICKET);
    ck_assert_int_ge(t->e.due_ms, clock_ms("13:05:00"));
    story_end(t);
}
END_TEST

START_TEST(a_ticket_that_does_not_exist_is_forgotten)
{
    struct story *t = story_new();
    page(t, "P1", PAGE_TRIGGERED);
    linked(t, STORY_TICKET);
    at(t, "12:00:01");
    ticket_gone(t);
    expect_prompt(t, "There is no ticket 4711: link the right one");
    expect_state(t, "paged");
    ck_assert_int_eq(t->e.ticket_id, 0);
    at(t, "12:05:00");
    linked(t, 4712);
    ck_assert_int_eq(t->e.ticket_id, 4712);
    expect_time(t->e.linked_ms, "12:05:00");
    at(t, "12:05:01");
    ticket_gone(t); /* the other one */
    ck_assert_int_eq(t->e.ticket_id, 4712);
    story_end(t);
}
END_TEST

START_TEST(more_pages_than_anyone_has_do_no_harm)
{
    struct story *t = paged();
    for (int i = 0; i < 2 * EMERGENCY_PAGES; i++) {
        char incident[16];
        snprintf(incident, sizeof incident, "Q%d", i);
        page(t, incident, PAGE_TRIGGERED);
    }
    ck_assert_int_eq(t->e.page_count, EMERGENCY_PAGES);
    ck_assert_str_eq(t->e.pages[EMERGENCY_PAGES - 1].incident, "Q15");
    story_end(t);
}
END_TEST

static void add_acknowledged(Suite *suite)
{
    TCase *tests = tcase_create("acknowledged");
    tcase_add_test(tests, acknowledged_while_any_page_is);
    tcase_add_test(tests, a_further_page_does_not_take_back_the_acknowledgement);
    tcase_add_test(tests, the_engineer_is_the_latest_to_acknowledge);
    tcase_add_test(tests, the_engineer_is_the_latest_of_one_page_too);
    tcase_add_test(tests, who_acknowledges_again_is_the_latest);
    tcase_add_test(tests, an_acknowledgement_may_be_known_by_reading_only);
    tcase_add_test(tests, taken_back_after_contact_changes_no_state);
    tcase_add_test(tests, taken_back_during_an_early_call_shows_after_it);
    suite_add_tcase(suite, tests);
}

static void add_resolved(Suite *suite)
{
    TCase *tests = tcase_create("resolved");
    tcase_add_test(tests, a_resolve_by_a_person_implies_an_acknowledgement);
    tcase_add_test(tests, resolved_stops_no_clock);
    tcase_add_test(tests, a_time_out_changes_nothing);
    tcase_add_test(tests, a_merges_resolve_is_not_a_persons);
    tcase_add_test(tests, a_page_is_resolved_on_contact_if_wished);
    tcase_add_test(tests, a_page_that_a_person_opened_again_stays_open);
    tcase_add_test(tests, the_automatic_first_comment_resolves_no_page);
    tcase_add_test(tests, our_own_resolve_is_no_persons_acknowledgement);
    suite_add_tcase(suite, tests);
}

static void add_missing(Suite *suite)
{
    TCase *tests = tcase_create("missing");
    tcase_add_test(tests, a_ticket_without_a_page_gets_one);
    tcase_add_test(tests, a_page_that_comes_in_time_or_just_after_spares_it);
    tcase_add_test(tests, no_page_is_made_where_none_can_be);
    tcase_add_test(tests, no_page_is_made_for_what_is_over);
    tcase_add_test(tests, people_are_told_when_nobody_contacts_the_customer);
    tcase_add_test(tests, contact_in_time_spares_the_reproach);
    tcase_add_test(tests, the_automatic_first_comment_does_not_spare_the_reproach);
    suite_add_tcase(suite, tests);
}

static void add_linked(Suite *suite)
{
    TCase *tests = tcase_create("linked");
    tcase_add_test(tests, a_page_without_a_ticket_asks_for_it_once);
    tcase_add_test(tests, without_a_ticket_no_clock_runs);
    tcase_add_test(tests, periods_count_from_the_later_of_contact_and_link);
    tcase_add_test(tests, a_follow_up_by_hand_before_the_link_counts_from_the_link);
    tcase_add_test(tests, a_second_link_moves_nothing);
    tcase_add_test(tests, a_page_that_joins_later_moves_no_clock);
    tcase_add_test(tests, a_link_does_not_shorten_an_extension);
    tcase_add_test(tests, a_ticket_that_does_not_exist_is_forgotten);
    tcase_add_test(tests, more_pages_than_anyone_has_do_no_harm);
    suite_add_tcase(suite, tests);
}

Suite *emergency_pages_suite(void)
{
    Suite *suite = suite_create("emergency_pages");
    add_acknowledged(suite);
    add_resolved(suite);
    add_missing(suite);
    add_linked(suite);
    return suite;
}
