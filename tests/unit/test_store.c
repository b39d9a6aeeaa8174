/*
 * store: what is written comes back, whole and in its order; repeats, joins and claims; each item by itself;
 * readers see what is committed and nothing else; no statement walks through a whole table unless it is meant
 * to.
 */

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/store_file.h"
#include "tests/unit/suites.h"

/* Padding has no value to compare: MASK is 1 where there is none. Only gcc can tell; others take all for
 * padding. */
#if defined(__GNUC__) && !defined(__clang__)
#define MASK(mask) (memset(&(mask), 1, sizeof(mask)), __builtin_clear_padding(&(mask)))
#else
#define MASK(mask) (memset(&(mask), 0, sizeof(mask)))
#endif

static void expect_same_bytes(const void *mask, const void *a, const void *b, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ck_assert_msg(!((const char *)mask)[i] || ((const char *)a)[i] == ((const char *)b)[i],
                      "byte %zu differs", i);
}

static void expect_same_action(const struct action *a, const struct action *b)
{
    struct action mask;
    MASK(mask);
    expect_same_bytes(&mask, a, b, sizeof mask);
}

static void expect_same_event(const struct event *a, const struct event *b)
{
    struct event mask;
    MASK(mask);
    expect_same_bytes(&mask, a, b, sizeof mask);
}

/* gcc 12 is wrong about the array of pages and what is behind it, which is page_count alone: the last
 * member. */
static void expect_same_emergency(const struct emergency *a, const struct emergency *b)
{
    const size_t last = offsetof(struct emergency, page_count);
    struct emergency mask;
    struct page page_mask;
    MASK(mask);
    MASK(page_mask);
    for (int i = 0; i < EMERGENCY_PAGES; i++)
        memcpy(&mask.pages[i], &page_mask, sizeof page_mask);
    memset((char *)&mask + last, 0, sizeof mask - last);
    ck_assert_uint_eq(sizeof mask, last + sizeof(int64_t));
    ck_assert_int_eq(a->page_count, b->page_count);
    expect_same_bytes(&mask, a, b, sizeof mask);
}

#define END_TEXT(text) ((text)[sizeof(text) - 1] = '\0')

/* --- what is written comes back --- */

/* These three fail when a member is added to a struct and not to its columns. */
START_TEST(every_field_of_an_emergency_comes_back)
{
    struct emergency e, back;
    memset(&e, 1, sizeof e);
    e.page_count = EMERGENCY_PAGES;
    END_TEXT(e.closed_why), END_TEXT(e.paused_by), END_TEXT(e.engineer), END_TEXT(e.engineer_email);
    END_TEXT(e.organization), END_TEXT(e.subject), END_TEXT(e.doubt_by), END_TEXT(e.last_id);
    END_TEXT(e.engineer_id), END_TEXT(e.engineer_slack), END_TEXT(e.taker), END_TEXT(e.product);
    END_TEXT(e.coverage), END_TEXT(e.bulk), END_TEXT(e.tam), END_TEXT(e.zone);
    END_TEXT(e.thread_channel), END_TEXT(e.thread_ts), END_TEXT(e.bridge_url), END_TEXT(e.runbook_url);
    for (int i = 0; i < EMERGENCY_ATTENDANTS; i++)
        END_TEXT(e.in_bridge[i]);
    for (int i = 0; i < EMERGENCY_PAGES; i++) {
        struct page *page = &e.pages[i];
        snprintf(page->incident, sizeof page->incident, "%030d", i);
        page->incident[sizeof page->incident - 1] = '\0';
        memset(page->incident + 30, 0, 2);
        END_TEXT(page->url), END_TEXT(page->engineer), END_TEXT(page->engineer_id), END_TEXT(page->assignee);
    }
    GOOD(store_new_emergency(store, &e));
    GOOD(store_get_emergency(store, e.id, &back));
    expect_same_emergency(&e, &back);

    memset(&e.phase, 2, sizeof e.phase);
    e.left_ms = -5;
    e.pages[7].acknowledged = false;
    GOOD(store_put_emergency(store, &e, 77));
    store_file_reopen();
    GOOD(store_get_emergency(store, e.id, &back));
    expect_same_emergency(&e, &back);
}
END_TEST

START_TEST(every_field_of_an_action_comes_back)
{
    struct action action, back;
    memset(&action, 1, sizeof action);
    END_TEXT(action.incident), END_TEXT(action.error), END_TEXT(action.text);
    END_TEXT(action.target), END_TEXT(action.sender);
    GOOD(store_add_action(store, &action));
    GOOD(store_get_action(store, action.id, &back));
    expect_same_action(&action, &back);

    memset(&action.state, 2, sizeof action.state);
    action.attempts = 9;
    snprintf(action.error, sizeof action.error, "again");
    memset(action.error + 6, 0, sizeof action.error - 6);
    GOOD(store_put_action(store, &action));
    store_file_reopen();
    GOOD(store_get_action(store, action.id, &back));
    expect_same_action(&action, &back);
}
END_TEST

START_TEST(every_field_of_an_event_comes_back)
{
    struct event event, *back = NULL;
    struct journal_entry entry = {.repeat_key = "k", .payload = "{}", .payload_length = 2};
    size_t count = 0;
    memset(&event, 1, sizeof event);
    END_TEXT(event.id), END_TEXT(event.by), END_TEXT(event.by_email), END_TEXT(event.text);
    END_TEXT(event.page.incident), END_TEXT(event.page.url), END_TEXT(event.page.title);
    END_TEXT(event.page.key), END_TEXT(event.page.service), END_TEXT(event.page.event);
    END_TEXT(event.page.agent), END_TEXT(event.page.assignee), END_TEXT(event.page.assignee_name);
    END_TEXT(event.ticket.organization), END_TEXT(event.ticket.subject), END_TEXT(event.ticket.product);
    END_TEXT(event.ticket.coverage), END_TEXT(event.ticket.bulk), END_TEXT(event.ticket.tam);
    END_TEXT(event.ticket.zone), END_TEXT(event.by_slack), END_TEXT(event.command.to);
    END_TEXT(event.meeting.participant), END_TEXT(event.result.channel), END_TEXT(event.result.ts);
    END_TEXT(event.result.url);
    event.emergency = new_emergency(1).id;
    GOOD(store_add_event(store, &event, &entry));
    store_file_reopen();
    GOOD(store_events(store, event.emergency, &back, &count));
    ck_assert_uint_eq(count, 1);
    expect_same_event(&event, back);
    free(back);
}
END_TEST

START_TEST(facts_are_kept)
{
    char value[16];
    NONE(store_get_fact(store, "instance", value, sizeof value));
    GOOD(store_set_fact(store, "instance", "one"));
    GOOD(store_set_fact(store, "instance", "two"));
    store_file_reopen();
    GOOD(store_get_fact(store, "instance", value, sizeof value));
    ck_assert_str_eq(value, "two");
}
END_TEST

/* --- the journal --- */

START_TEST(a_repeat_is_known_and_not_written)
{
    struct journal_entry entry = {.repeat_key = "same", .payload = "x", .payload_length = 1};
    struct event first = {.id = "1"}, again = {.id = "2"}, other = {.id = "3"};
    GOOD(store_add_event(store, &first, &entry));
    NONE(store_add_event(store, &again, &entry));
    ck_assert_int_eq(again.row, first.row);
    store_file_reopen();
    NONE(store_add_event(store, &again, &entry));
    ck_assert_int_eq(again.row, first.row);
    entry.repeat_key = NULL;
    GOOD(store_add_event(store, &other, &entry));
    other.row = 0;
    GOOD(store_add_event(store, &other, &entry));
    GOOD(store_commit(store));
    ck_assert_int_eq(ask("SELECT count(*) FROM event"), 3);
}
END_TEST

START_TEST(events_come_in_the_order_of_event_compare)
{
    struct event *events = NULL;
    size_t count = 0;
    (void)new_emergency(1), (void)new_emergency(2);
    (void)add_event_of(1, 20, EVENT_SOURCE_ZENDESK, "b");
    (void)add_event_of(1, 20, EVENT_SOURCE_ZENDESK, "");
    (void)add_event_of(1, 30, EVENT_SOURCE_PAGERDUTY, "a");
    (void)add_event_of(2, 25, EVENT_SOURCE_PAGERDUTY, "of another");
    (void)add_event_of(1, 20, EVENT_SOURCE_PAGERDUTY, "z");
    (void)add_event_of(1, 20, EVENT_SOURCE_ZENDESK, "b");
    (void)add_event_of(1, 20, EVENT_SOURCE_ZENDESK, "B");
    (void)add_event_of(1, 10, EVENT_SOURCE_SELF, "c");
    GOOD(store_events(store, 1, &events, &count));
    ck_assert_uint_eq(count, 7);
    for (size_t i = 1; i < count; i++)
        ck_assert_int_lt(event_compare(&events[i - 1], &events[i]), 0);
    free(events);
    GOOD(store_events(store, 3, &events, &count));
    ck_assert_uint_eq(count, 0);
    ck_assert_ptr_null(events);
}
END_TEST

START_TEST(the_timeline_tells_what_was_said)
{
    struct timeline_entry *entries = NULL;
    size_t count = 0;
    const int64_t e = new_emergency(1).id;
    struct event event = {.emergency = e, .at_ms = 30, .by = "Ann"};
    struct journal_entry entry = {.outcome = DELIVERY_APPLIED};
    GOOD(store_add_event(store, &event, &entry));
    int64_t early = add_event_of(e, 20, EVENT_SOURCE_SELF, "a");
    int64_t silent = add_event_of(e, 25, EVENT_SOURCE_SELF, "b");
    GOOD(store_settle_event(store, event.row, DELIVERY_APPLIED, "note", "She said so", 99));
    GOOD(store_settle_event(store, early, DELIVERY_APPLIED, "clock", "It is late", 0));
    GOOD(store_settle_event(store, silent, DELIVERY_APPLIED, NULL, "", 0));
    GOOD(store_timeline(store, e, &entries, &count));
    ck_assert_uint_eq(count, 2);
    ck_assert_int_eq(entries[0].at_ms, 20);
    ck_assert_str_eq(entries[0].kind, "clock");
    ck_assert_str_eq(entries[0].by, "");
    ck_assert_str_eq(entries[1].kind, "note");
    ck_assert_str_eq(entries[1].by, "Ann");
    ck_assert_str_eq(entries[1].text, "She said so");
    free(entries);
}
END_TEST

static void add_waiting(int64_t ticket, const char *incident, int64_t at_ms)
{
    struct event event = {.ticket_id = ticket, .at_ms = at_ms};
    struct journal_entry entry = {.outcome = DELIVERY_WAITING};
    snprintf(event.page.incident, sizeof event.page.incident, "%s", incident);
    GOOD(store_add_event(store, &event, &entry));
}

START_TEST(waiting_events_are_claimed_once)
{
    size_t claimed = 0;
    (void)new_emergency(1), (void)new_emergency(2);
    add_waiting(5, "", 100);
    add_waiting(5, "", 99);
    add_waiting(0, "Q1", 100);
    add_waiting(0, "", 100);
    add_waiting(6, "", 100);
    GOOD(store_claim_events(store, 1, 5, "Q1", 100, &claimed));
    ck_assert_uint_eq(claimed, 2);
    GOOD(store_claim_events(store, 2, 5, "Q1", 100, &claimed));
    ck_assert_uint_eq(claimed, 0);
    GOOD(store_claim_events(store, 2, 0, "", 0, &claimed));
    ck_assert_uint_eq(claimed, 0);
    GOOD(store_commit(store));
    ck_assert_int_eq(ask("SELECT count(*) FROM event WHERE emergency = 1 AND outcome = 0"), 2);
}
END_TEST

START_TEST(old_payloads_are_dropped_and_nothing_else)
{
    int dropped = 0;
    for (int i = 0; i < 10; i++) {
        struct event event = {.now_ms = i};
        struct journal_entry entry = {.payload = i % 2 ? "body" : NULL, .payload_length = 4};
        GOOD(store_add_event(store, &event, &entry));
    }
    GOOD(store_drop_payloads(store, 8, 3, &dropped));
    ck_assert_int_eq(dropped, 3);
    store_file_reopen();
    GOOD(store_drop_payloads(store, 8, 3, &dropped));
    ck_assert_int_eq(dropped, 1);
    GOOD(store_drop_payloads(store, 8, 3, &dropped));
    ck_assert_int_eq(dropped, 0);
    GOOD(store_commit(store));
    ck_assert_int_eq(ask("SELECT count(*) FROM payload WHERE event = 10 AND received_ms = 9"), 1);
    ck_assert_int_eq(ask("SELECT count(*) FROM event"), 10);
}
END_TEST

/* As many webhooks again and again, each time the former ones' payloads are dropped. */
START_TEST(what_dropped_payloads_took_is_used_again)
{
    enum { WEBHOOKS = 200, LENGTH = 2000, ROUNDS = 5, PAGE = 4096 };
    static char body[LENGTH];
    int64_t pages_then = 0;
    int dropped = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < WEBHOOKS; i++) {
            struct event event = {.now_ms = round};
            struct journal_entry entry = {.payload = body, .payload_length = LENGTH};
            GOOD(store_add_event(store, &event, &entry));
        }
        GOOD(store_drop_payloads(store, round, WEBHOOKS, &dropped));
        ck_assert_int_eq(dropped, round == 0 ? 0 : WEBHOOKS);
        GOOD(store_commit(store));
        GOOD(store_begin(store));
        if (round == 1)
            pages_then = ask("SELECT page_count FROM pragma_page_count");
    }
    int64_t grown = ask("SELECT page_count FROM pragma_page_count") - pages_then;
    ck_assert_int_lt(grown * PAGE, (ROUNDS - 2) * WEBHOOKS * LENGTH / 4);
    store_rollback(store);
}
END_TEST

/* --- transactions --- */

START_TEST(an_item_that_is_undone_harms_no_other)
{
    GOOD(store_item_begin(store));
    struct emergency one = new_emergency(1);
    GOOD(store_item_keep(store));
    GOOD(store_item_begin(store));
    struct emergency two = new_emergency(2);
    store_item_undo(store);
    GOOD(store_item_begin(store));
    struct emergency three = new_emergency(3);
    GOOD(store_item_keep(store));
    store_file_reopen();
    GOOD(store_open_of_ticket(store, 1, &one));
    NONE(store_open_of_ticket(store, 2, &two));
    GOOD(store_open_of_ticket(store, 3, &three));
}
END_TEST

START_TEST(what_is_rolled_back_is_gone)
{
    struct emergency e = new_emergency(1);
    store_rollback(store);
    store_rollback(store);
    GOOD(store_begin(store));
    NONE(store_get_emergency(store, e.id, &e));
}
END_TEST

START_TEST(a_reader_sees_what_is_committed_as_of_its_view)
{
    char error[200];
    struct emergency e = {0};
    GOOD(store_commit(store));
    struct store *reader = store_open_reader(database_path, database_log, error, sizeof error);
    ck_assert_ptr_nonnull(reader);
    GOOD(store_begin(store));
    (void)new_emergency(1);
    NONE(store_open_of_ticket(reader, 1, &e));
    GOOD(store_commit(store));
    GOOD(store_view_begin(reader));
    GOOD(store_open_of_ticket(reader, 1, &e));
    GOOD(store_begin(store));
    (void)new_emergency(2);
    GOOD(store_commit(store));
    NONE(store_open_of_ticket(reader, 2, &e));
    store_view_end(reader);
    GOOD(store_open_of_ticket(reader, 2, &e));
    store_close(reader);
}
END_TEST

/* --- for the admin listener --- */

START_TEST(the_list_is_newest_first_and_by_state)
{
    struct emergency listed[3];
    struct emergency e[4];
    int count = 0;
    for (int i = 0; i < 4; i++) {
        e[i] = new_emergency(i + 1);
        e[i].phase = i < 2 ? PHASE_CONTACTED : PHASE_PAGED;
        e[i].closing = i == 1 ? CLOSING_TICKET_SOLVED : CLOSING_NONE;
        GOOD(store_put_emergency(store, &e[i], 0));
    }
    GOOD(store_list(store, "", 0, listed, 3, &count));
    ck_assert_int_eq(count, 3);
    ck_assert_int_eq(listed[0].id, e[3].id);
    GOOD(store_list(store, "", listed[2].id, listed, 3, &count));
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(listed[0].id, e[0].id);
    GOOD(store_list(store, "contacted", 0, listed, 3, &count));
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(listed[0].id, e[0].id);
    GOOD(store_list(store, "closed", 0, listed, 3, &count));
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(listed[0].id, e[1].id);
    GOOD(store_list(store, "nonsense", 0, listed, 3, &count));
    ck_assert_int_eq(count, 0);
}
END_TEST

START_TEST(figures_count_what_is_open)
{
    struct store_figures figures;
    struct emergency closed = new_emergency(1);
    closed.closing = CLOSING_BY_PERSON;
    GOOD(store_put_emergency(store, &closed, 0));
    (void)new_emergency(2), (void)new_emergency(3);
    (void)add_action(1, ACTION_URGENT, 1, ACTION_UNKNOWN);
    (void)add_action(1, ACTION_URGENT, 2, ACTION_PARKED);
    (void)add_action(1, ACTION_URGENT, 3, ACTION_DONE);
    GOOD(store_figures(store, &figures));
    ck_assert_int_eq(figures.emergencies_open[PHASE_PAGED], 2);
    ck_assert_int_eq(figures.emergencies_open[PHASE_ENGAGED], 0);
    ck_assert_int_eq(figures.actions_open[ACTION_PENDING], 0);
    ck_assert_int_eq(figures.actions_open[ACTION_UNKNOWN], 1);
    ck_assert_int_eq(figures.actions_parked, 1);
}
END_TEST

START_TEST(a_reader_notices_what_others_commit)
{
    char error[200] = "";
    int64_t first = 0, second = 0, third = 0;
    GOOD(store_commit(store));
    struct store *reader = store_open_reader(database_path, database_log, error, sizeof error);
    ck_assert_msg(reader, "%s", error);
    GOOD(store_version(reader, &first));
    GOOD(store_version(reader, &second));
    ck_assert_int_ne(first, 0);
    ck_assert_int_eq(first, second);
    GOOD(store_begin(store));
    GOOD(store_set_fact(store, "instance", "x"));
    GOOD(store_version(reader, &second));
    ck_assert_int_eq(first, second);
    GOOD(store_commit(store));
    GOOD(store_version(reader, &third));
    ck_assert_int_ne(third, second);
    store_close(reader);
    GOOD(store_begin(store));
}
END_TEST

/* --- the plans --- */

/* What may sort: lists that are short and read rarely. */
static bool may_sort(const char *sql)
{
    return strstr(sql, "sender_id, id") || strstr(sql, "GROUP BY") ||
           strstr(sql, "emergency > 0 ORDER BY id") ||
           strstr(sql, "WHERE emergency = ? AND state < 3 AND id > ? ORDER BY id");
}

/* A million of them: an index must tell, and no row be read. */
static bool is_read_at_start(const char *sql)
{
    return strstr(sql, "SELECT id, wake_ms");
}

/* Only what it has found so far. */
static bool is_walk(const char *detail)
{
    return strcmp(detail, "SCAN chain") == 0 || strcmp(detail, "SCAN CONSTANT ROW") == 0;
}

static void check_plan(sqlite3 *db, const char *sql, bool may_scan)
{
    char text[8192];
    sqlite3_stmt *plan = NULL;
    snprintf(text, sizeof text, "EXPLAIN QUERY PLAN %s", sql);
    ck_assert_msg(sqlite3_prepare_v2(db, text, -1, &plan, NULL) == SQLITE_OK, "%s: %s", sql,
                  sqlite3_errmsg(db));
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(plan, 3);
        ck_assert_msg(may_scan || is_walk(detail) || !strstr(detail, "SCAN "), "%s: %s", sql, detail);
        ck_assert_msg(!is_read_at_start(sql) || strstr(detail, "COVERING INDEX"), "%s: %s", sql, detail);
        ck_assert_msg(may_sort(sql) || !strstr(detail, "TEMP B-TREE"), "%s: %s", sql, detail);
        if (getenv("SHOW_PLANS"))
            printf("%.40s … %s\n", sql, detail);
    }
    sqlite3_finalize(plan);
}

START_TEST(no_statement_goes_through_a_whole_table)
{
    sqlite3 *db = NULL;
    bool may_scan = false;
    GOOD(store_commit(store));
    ck_assert_int_eq(sqlite3_open_v2(database_path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    for (size_t i = 0; store_statement_sql(i, &may_scan); i++) {
        ck_assert_uint_gt(strlen(store_statement_sql(i, &may_scan)), 0);
        check_plan(db, store_statement_sql(i, &may_scan), may_scan);
    }
    sqlite3_close(db);
}
END_TEST

/* SQLite prepares a statement anew whenever a parameter changes that a partial index was judged by. */
static void check_preparing(sqlite3 *db, const char *sql)
{
    char text[8192];
    sqlite3_stmt *plan = NULL;
    snprintf(text, sizeof text, "EXPLAIN QUERY PLAN %s", sql);
    ck_assert_int_eq(sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT, &plan, NULL), SQLITE_OK);
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 1; i <= sqlite3_bind_parameter_count(plan); i++)
            sqlite3_bind_int(plan, i, turn);
        while (sqlite3_step(plan) == SQLITE_ROW)
            ;
        sqlite3_reset(plan);
        sqlite3_clear_bindings(plan);
    }
    ck_assert_msg(sqlite3_stmt_status(plan, SQLITE_STMTSTATUS_REPREPARE, 0) == 0, "%s", sql);
    sqlite3_finalize(plan);
}

START_TEST(a_statement_is_prepared_once)
{
    sqlite3 *db = NULL;
    bool may_scan = false;
    GOOD(store_commit(store));
    ck_assert_int_eq(sqlite3_open_v2(database_path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    for (size_t i = 0; store_statement_sql(i, &may_scan); i++)
        check_preparing(db, store_statement_sql(i, &may_scan));
    sqlite3_close(db);
}
END_TEST

Suite *store_suite(void)
{
    const TTest *const tests[] = {
        every_field_of_an_emergency_comes_back,
        every_field_of_an_action_comes_back,
        every_field_of_an_event_comes_back,
        facts_are_kept,
        a_repeat_is_known_and_not_written,
        events_come_in_the_order_of_event_compare,
        the_timeline_tells_what_was_said,
        waiting_events_are_claimed_once,
        old_payloads_are_dropped_and_nothing_else,
        what_dropped_payloads_took_is_used_again,
        an_item_that_is_undone_harms_no_other,
        what_is_rolled_back_is_gone,
        a_reader_sees_what_is_committed_as_of_its_view,
        the_list_is_newest_first_and_by_state,
        figures_count_what_is_open,
        a_reader_notices_what_others_commit,
        no_statement_goes_through_a_whole_table,
        a_statement_is_prepared_once,
    };
    Suite *suite = suite_create("store");
    TCase *rows = tcase_create("rows");
    tcase_add_checked_fixture(rows, store_file_begin, store_file_end);
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        tcase_add_test(rows, tests[i]);
    suite_add_tcase(suite, rows);
    return suite;
}
