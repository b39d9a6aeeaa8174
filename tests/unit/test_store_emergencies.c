/*
 * store: emergencies and their pages are found, joined into others, and told in pieces.
 */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/store_file.h"
#include "tests/unit/suites.h"

START_TEST(an_emergency_is_found_by_ticket_and_by_incident)
{
    struct emergency old = new_emergency(7), found;
    old.closing = CLOSING_BY_PERSON;
    GOOD(store_put_emergency(store, &old, 0));
    NONE(store_open_of_ticket(store, 7, &found));
    GOOD(store_last_of_ticket(store, 7, &found));
    ck_assert_int_eq(found.id, old.id);

    struct emergency new = {.ticket_id = 7, .page_count = 1, .pages = {{.incident = "Q1"}}};
    GOOD(store_new_emergency(store, &new));
    GOOD(store_open_of_ticket(store, 7, &found));
    ck_assert_int_eq(found.id, new.id);
    GOOD(store_last_of_ticket(store, 7, &found));
    ck_assert_int_eq(found.id, new.id);
    GOOD(store_of_incident(store, "Q1", &found));
    ck_assert_int_eq(found.id, new.id);
    NONE(store_of_incident(store, "Q2", &found));
    NONE(store_of_incident(store, "", &found));
    NONE(store_open_of_ticket(store, 0, &found));
    NONE(store_get_emergency(store, 99, &found));
}
END_TEST

START_TEST(a_ticket_has_one_open_emergency)
{
    struct emergency old = new_emergency(7), found;
    old.closing = CLOSING_TICKET_SOLVED;
    GOOD(store_put_emergency(store, &old, 0));
    struct emergency new = new_emergency(7);
    struct emergency third = {.ticket_id = 7};
    NONE(store_new_emergency(store, &third));
    old.closing = CLOSING_NONE;
    old.left_ms = 5;
    NONE(store_put_emergency(store, &old, 0));
    GOOD(store_get_emergency(store, old.id, &found));
    ck_assert_int_eq(found.closing, CLOSING_TICKET_SOLVED);
    ck_assert_int_eq(found.left_ms, 0);
    (void)new_emergency(0), (void)new_emergency(0);
    GOOD(store_put_emergency(store, &new, 0));
}
END_TEST

START_TEST(pages_follow_the_emergency)
{
    struct emergency e = new_emergency(1), found;
    e.page_count = 2;
    e.pages[0] = (struct page){.incident = "A", .status = PAGE_TRIGGERED};
    e.pages[1] = (struct page){.incident = "B", .status = PAGE_ACKNOWLEDGED};
    GOOD(store_put_emergency(store, &e, 0));
    struct page first = e.pages[0];
    e.pages[0] = e.pages[1];
    e.pages[1] = first;
    GOOD(store_put_emergency(store, &e, 0));
    store_file_reopen();
    GOOD(store_get_emergency(store, e.id, &found));
    ck_assert_int_eq(found.page_count, 2);
    ck_assert_str_eq(found.pages[0].incident, "B");
    ck_assert_int_eq(found.pages[0].status, PAGE_ACKNOWLEDGED);
    ck_assert_str_eq(found.pages[1].incident, "A");
}
END_TEST

START_TEST(a_page_that_differs_from_what_was_is_written)
{
    struct emergency e = new_emergency(1), found;
    e.page_count = 2;
    e.pages[0] = (struct page){.incident = "A", .status = PAGE_TRIGGERED};
    e.pages[1] = (struct page){.incident = "B", .status = PAGE_TRIGGERED};
    GOOD(store_put_emergency(store, &e, 0));
    e.pages[1].status = PAGE_ACKNOWLEDGED;
    snprintf(e.pages[1].engineer, sizeof e.pages[1].engineer, "Eng");
    e.pages[e.page_count++] = (struct page){.incident = "C"};
    GOOD(store_put_emergency(store, &e, 0));
    store_file_reopen();
    GOOD(store_get_emergency(store, e.id, &found));
    ck_assert_int_eq(found.page_count, 3);
    ck_assert_int_eq(found.pages[1].status, PAGE_ACKNOWLEDGED);
    ck_assert_str_eq(found.pages[1].engineer, "Eng");
    ck_assert_str_eq(found.pages[2].incident, "C");
}
END_TEST

/* There is room for eight: the ninth takes that of the first. */
START_TEST(a_page_too_many_leaves_those_that_are_known)
{
    struct emergency e = new_emergency(1), found;
    for (int i = 0; i < EMERGENCY_PAGES; i++)
        snprintf(e.pages[i].incident, sizeof e.pages[i].incident, "Q%d", i);
    e.page_count = EMERGENCY_PAGES;
    GOOD(store_put_emergency(store, &e, 0));
    memmove(&e.pages[0], &e.pages[1], sizeof e.pages[0] * (EMERGENCY_PAGES - 1));
    snprintf(e.pages[EMERGENCY_PAGES - 1].incident, sizeof e.pages[0].incident, "QNEW");
    GOOD(store_put_emergency(store, &e, 0));
    store_file_reopen();
    GOOD(store_get_emergency(store, e.id, &found));
    ck_assert_int_eq(found.page_count, EMERGENCY_PAGES);
    ck_assert_str_eq(found.pages[0].incident, "Q1");
    ck_assert_str_eq(found.pages[EMERGENCY_PAGES - 1].incident, "QNEW");
    GOOD(store_of_incident(store, "Q0", &found));
    ck_assert_int_eq(found.id, e.id);
}
END_TEST

static bool note_wake(void *context, int64_t id, int64_t wake_ms)
{
    int64_t *noted = context;
    (void)id;
    *noted = wake_ms;
    return true;
}

/* Of what is known from before only what is different is written: that must be all of it. */
START_TEST(whatever_differs_is_written)
{
    struct emergency e = new_emergency(1), found;
    int64_t wake_ms = 0;
    for (int change = 0; change < 7; change++) {
        switch (change) {
        case 0: e.meeting = 901; break;
        case 1: snprintf(e.engineer_id, sizeof e.engineer_id, "PANN"); break;
        case 2: e.last_ms = 17; break;
        case 3: snprintf(e.doubt_by, sizeof e.doubt_by, "Ann"); break;
        case 4: snprintf(e.subject, sizeof e.subject, "It is down"); break;
        case 5: e.ladders[LADDER_ASKED].last_ms = 3; break;
        default: break;
        }
        GOOD(store_put_emergency(store, &e, 100 + change));
        store_file_reopen();
        GOOD(store_get_emergency(store, e.id, &found));
        ck_assert_msg(memcmp(&found, &e, sizeof e) == 0, "change %d is not there", change);
        GOOD(store_wakes(store, note_wake, &wake_ms));
        ck_assert_int_eq(wake_ms, 100 + change);
    }
}
END_TEST

START_TEST(what_was_undone_is_not_known)
{
    struct emergency e = new_emergency(1), found;
    store_file_reopen();
    GOOD(store_get_emergency(store, e.id, &found));
    for (int whole = 0; whole < 2; whole++) {
        GOOD(store_item_begin(store));
        e.meeting = 901;
        GOOD(store_put_emergency(store, &e, 5));
        if (whole) {
            store_rollback(store);
            GOOD(store_begin(store));
        } else {
            store_item_undo(store);
        }
        GOOD(store_get_emergency(store, e.id, &found));
        ck_assert_int_eq(found.meeting, 0);
        GOOD(store_put_emergency(store, &found, 0)); /* the old as if it were new */
        ck_assert_int_eq(store_of_meeting(store, 901, &found), STORE_NONE);
    }
}
END_TEST

START_TEST(joining_hands_over_everything)
{
    struct emergency older = new_emergency(7);
    struct emergency younger = {.page_count = 1, .pages = {{.incident = "Q1", .status = PAGE_TRIGGERED}}};
    struct emergency found, listed[4];
    struct store_incident incidents[8];
    struct event *events = NULL;
    struct action pending, sent;
    size_t events_count = 0;
    int count = 0;
    GOOD(store_new_emergency(store, &younger));
    GOOD(store_put_emergency(store, &younger, 500));
    (void)add_event_of(older.id, 1, EVENT_SOURCE_ZENDESK, "a");
    (void)add_event_of(younger.id, 2, EVENT_SOURCE_PAGERDUTY, "b");
    int64_t pending_id = add_action(younger.id, ACTION_RESOLVE_PAGE, 2, ACTION_PENDING);
    int64_t sent_id = add_action(younger.id, ACTION_READ_ALERTS, 2, ACTION_SENDING);

    GOOD(store_join(store, younger.id, older.id, 900));
    GOOD(store_events(store, older.id, &events, &events_count));
    ck_assert_uint_eq(events_count, 2);
    free(events);
    GOOD(store_get_emergency(store, younger.id, &found));
    ck_assert_int_eq(found.id, older.id);
    GOOD(store_of_incident(store, "Q1", &found));
    ck_assert_int_eq(found.id, older.id);
    GOOD(store_get_action(store, pending_id, &pending));
    ck_assert_int_eq(pending.state, ACTION_CANCELLED);
    ck_assert_int_eq(pending.ended_ms, 900);
    GOOD(store_get_action(store, sent_id, &sent));
    ck_assert_int_eq(sent.state, ACTION_SENDING);
    ck_assert_int_eq(sent.emergency, older.id);
    GOOD(store_list(store, "", 0, listed, 4, &count));
    ck_assert_int_eq(count, 1);

    older.page_count = 1;
    older.pages[0] = younger.pages[0];
    GOOD(store_put_emergency(store, &older, 0));
    GOOD(store_open_incidents(store, 0, incidents, 8, &count));
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(incidents[0].emergency, older.id);
    store_file_reopen();
    GOOD(store_get_emergency(store, younger.id, &found));
    ck_assert_str_eq(found.pages[0].incident, "Q1");
    ck_assert_int_eq(ask("SELECT count(*) FROM emergency WHERE wake_ms > 0"), 0);
}
END_TEST

static bool sum_wakes(void *context, int64_t id, int64_t wake_ms)
{
    int64_t *sum = context;
    *sum += wake_ms * 10 + id;
    return true;
}

START_TEST(what_runs_is_found_again_after_a_restart)
{
    struct emergency e[3] = {new_emergency(1), new_emergency(0), new_emergency(3)};
    struct store_ticket tickets[2];
    int64_t sum = 0, ids[3];
    int count = 0;
    e[0].due_ms = 50;
    e[2].closing = CLOSING_BY_PERSON;
    e[2].closed_ms = 500;
    for (int i = 0; i < 3; i++)
        GOOD(store_put_emergency(store, &e[i], i == 1 ? 0 : 100 * (i + 1)));
    store_file_reopen();
    GOOD(store_wakes(store, sum_wakes, &sum));
    ck_assert_int_eq(sum, 100 * 10 + e[0].id + 300 * 10 + e[2].id);
    GOOD(store_recent_ids(store, 0, 1000, ids, 3, &count));
    ck_assert_int_eq(count, 2);
    ck_assert_int_eq(ids[0], e[0].id);
    GOOD(store_recent_ids(store, e[0].id, 0, ids, 3, &count)); /* also what was closed since */
    ck_assert_int_eq(count, 2);
    ck_assert_int_eq(ids[1], e[2].id);
    GOOD(store_open_tickets(store, 0, tickets, 2, &count));
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(tickets[0].ticket, 1);
}
END_TEST

START_TEST(unresolved_pages_are_told_by_whole_emergencies)
{
    struct store_incident incidents[8];
    int count = 0;
    for (int i = 0; i < 3; i++) {
        struct emergency e = {.ticket_id = 1 + i, .page_count = 4};
        for (int j = 0; j < 4; j++) {
            snprintf(e.pages[j].incident, sizeof e.pages[j].incident, "Q%d%d", i, j);
            e.pages[j].status = j == 0 ? PAGE_RESOLVED : PAGE_TRIGGERED;
        }
        GOOD(store_new_emergency(store, &e));
    }
    GOOD(store_open_incidents(store, 0, incidents, 8, &count));
    ck_assert_int_eq(count, 6);
    ck_assert_str_eq(incidents[5].incident, "Q13");
    GOOD(store_open_incidents(store, incidents[5].emergency, incidents, 8, &count));
    ck_assert_int_eq(count, 3);
    GOOD(store_open_incidents(store, incidents[2].emergency, incidents, 8, &count));
    ck_assert_int_eq(count, 0);
}
END_TEST

Suite *store_emergencies_suite(void)
{
    const TTest *const tests[] = {
        an_emergency_is_found_by_ticket_and_by_incident,
        a_ticket_has_one_open_emergency,
        pages_follow_the_emergency,
        a_page_that_differs_from_what_was_is_written,
        a_page_too_many_leaves_those_that_are_known,
        whatever_differs_is_written,
        what_was_undone_is_not_known,
        joining_hands_over_everything,
        what_runs_is_found_again_after_a_restart,
        unresolved_pages_are_told_by_whole_emergencies,
    };
    Suite *suite = suite_create("store_emergencies");
    TCase *rows = tcase_create("rows");
    tcase_add_checked_fixture(rows, store_file_begin, store_file_end);
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        tcase_add_test(rows, tests[i]);
    suite_add_tcase(suite, rows);
    return suite;
}
