/*
 * store: a database of an older program. Until schema 3 each emergency kept the sum of the clock's steps, and
 * its journal told of each; from 4 on the steps are kept once, and what was noted before moves with them.
 * Until 7 an index told which events an emergency has.
 */
#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/migrations.h"
#include "tests/unit/store_file.h"
#include "tests/unit/suites.h"

#define NOON INT64_C(1795435200000)

static sqlite3 *old;

static void run(const char *sql)
{
    char *error = NULL;
    int rc = sqlite3_exec(old, sql, NULL, NULL, &error);
    ck_assert_msg(rc == SQLITE_OK, "%s: %s", sql, error);
}

static void run_made(char *sql)
{
    ck_assert_ptr_nonnull(sql);
    run(sql);
    sqlite3_free(sql);
}

/* An empty database of schema VERSION. */
static void begin_old(int version)
{
    ck_assert_int_eq(sqlite3_open(database_path, &old), SQLITE_OK);
    run("CREATE TABLE schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT "
        "NULL) STRICT");
    for (size_t i = 0; i < migrations_count && migrations[i].version <= version; i++) {
        run(migrations[i].sql);
        run_made(sqlite3_mprintf("INSERT INTO schema_version VALUES (%d, %Q, 'then')", migrations[i].version,
                                 migrations[i].name));
    }
}

/* An emergency with zeroes in all that is not given. */
static void add_old_emergency(int id, int64_t opened_ms, int64_t clock_shift_ms)
{
    sqlite3_stmt *zeroes = NULL;
    const char *sql = "SELECT group_concat(CASE type WHEN 'TEXT' THEN '''''' ELSE '0' END) "
                      "FROM pragma_table_info('emergency')";
    ck_assert_int_eq(sqlite3_prepare_v2(old, sql, -1, &zeroes, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(zeroes), SQLITE_ROW);
    run_made(sqlite3_mprintf("INSERT INTO emergency VALUES (%s)", sqlite3_column_text(zeroes, 0)));
    run_made(sqlite3_mprintf("UPDATE emergency SET id = %d, ticket_id = %d, opened_ms = %lld, "
                             "clock_shift_ms = %lld WHERE id = 0",
                             id, 4000 + id, (long long)opened_ms, (long long)clock_shift_ms));
    sqlite3_finalize(zeroes);
}

static void add_old_event(int id, int emergency, enum event_type type, int64_t at_ms, int64_t shift_ms)
{
    char meaning[64] = "{}";
    if (shift_ms != 0)
        (void)snprintf(meaning, sizeof meaning, "{\"shift_ms\":%lld}", (long long)shift_ms);
    run_made(sqlite3_mprintf(
        "INSERT INTO event (id, emergency, type, source, at_ms, now_ms, ticket_id, outcome, "
        "sender_id, meaning) VALUES (%d, %d, %d, %d, %lld, %lld, 0, 0, '%d', %Q)",
        id, emergency, (int)type, (int)EVENT_SOURCE_SELF, (long long)at_ms, (long long)at_ms, id, meaning));
}

/* What the journal tells of when the event of ROW happened. */
static int64_t told_ms(int64_t emergency, int64_t row)
{
    struct event *events = NULL;
    size_t count = 0;
    int64_t at_ms = 0;
    GOOD(store_events(store, emergency, &events, &count));
    for (size_t i = 0; i < count; i++)
        if (events[i].row == row)
            at_ms = events[i].at_ms;
    free(events);
    return at_ms;
}

static int64_t opened_ms(int64_t id)
{
    struct emergency e;
    GOOD(store_get_emergency(store, id, &e));
    return e.opened_ms;
}

static void migrate_old(void)
{
    char error[300] = "";
    sqlite3_close(old);
    database_log = log_open(stderr, LOG_TARGET_STREAM, LOG_LEVEL_ERROR, NULL);
    store = store_open(database_path, database_log, error, sizeof error);
    ck_assert_msg(store != NULL, "%s", error);
    GOOD(store_begin(store));
}

/* Emergency 1 is there from the beginning, 2 since the first step, 3 since the second: an hour back, then ten
 * minutes ahead. */
static void begin(void)
{
    database_begin();
    begin_old(3);
    add_old_event(1, 1, EVENT_OPENED, NOON, 0);
    add_old_event(2, 1, EVENT_CLOCK_STEP, NOON - 3590000, -3600000);
    add_old_event(3, 2, EVENT_OPENED, NOON - 3580000, 0);
    add_old_event(4, 1, EVENT_CLOCK_STEP, NOON - 2970000, 600000);
    add_old_event(5, 2, EVENT_CLOCK_STEP, NOON - 2970000, 600000); /* the same one, as of each emergency */
    add_old_event(6, 3, EVENT_OPENED, NOON - 2960000, 0);
    add_old_event(7, 1, EVENT_TOLD, NOON - 2950000, 0);
    add_old_emergency(1, NOON, -3000000);
    add_old_emergency(2, NOON - 3580000, 600000);
    add_old_emergency(3, NOON - 2960000, 0);
    migrate_old();
}

START_TEST(steps_of_an_older_journal_move_what_was_before_them)
{
    ck_assert_int_eq(told_ms(1, 1), NOON - 3000000);
    ck_assert_int_eq(told_ms(2, 3), NOON - 2980000);
    ck_assert_int_eq(told_ms(3, 6), NOON - 2960000);
    ck_assert_int_eq(told_ms(1, 4), NOON - 2970000); /* itself it stays */
    ck_assert_int_eq(told_ms(1, 7), NOON - 2950000);
}
END_TEST

START_TEST(an_older_emergency_was_opened_when_its_journal_says)
{
    ck_assert_int_eq(opened_ms(1), told_ms(1, 1));
    ck_assert_int_eq(opened_ms(2), told_ms(2, 3));
    ck_assert_int_eq(opened_ms(3), told_ms(3, 6));
}
END_TEST

START_TEST(a_further_step_adds_to_the_older_ones)
{
    GOOD(store_add_clock_step(store, 1000));
    store_file_reopen();
    ck_assert_int_eq(told_ms(1, 1), NOON - 2999000);
    ck_assert_int_eq(told_ms(3, 6), NOON - 2959000);
}
END_TEST

/* Text columns get their names, others a number of their own, so that none can be taken for another. */
static void add_marked_emergency(void)
{
    sqlite3_stmt *marks = NULL;
    const char *sql = "SELECT group_concat(CASE type WHEN 'TEXT' THEN quote(name) ELSE cid + 1 END) "
                      "FROM pragma_table_info('emergency')";
    ck_assert_int_eq(sqlite3_prepare_v2(old, sql, -1, &marks, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(marks), SQLITE_ROW);
    run_made(sqlite3_mprintf("INSERT INTO emergency VALUES (%s)", sqlite3_column_text(marks, 0)));
    run("CREATE TABLE marked AS SELECT name, CASE type WHEN 'TEXT' THEN name ELSE cid + 1 END AS value "
        "FROM pragma_table_info('emergency') WHERE name <> 'id'");
    sqlite3_finalize(marks);
}

START_TEST(every_column_of_an_emergency_keeps_its_value)
{
    database_begin();
    begin_old(4);
    add_marked_emergency();
    migrate_old();
    int64_t count = ask("SELECT count(*) FROM marked");
    ck_assert_int_gt(count, 100);
    sqlite3_stmt *names = NULL;
    ck_assert_int_eq(sqlite3_open(database_path, &old), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(old, "SELECT name FROM marked", -1, &names, NULL), SQLITE_OK);
    while (sqlite3_step(names) == SQLITE_ROW) {
        char sql[300];
        const char *name = (const char *)sqlite3_column_text(names, 0);
        (void)snprintf(sql, sizeof sql,
                       "SELECT count(*) FROM emergency JOIN emergency_detail ON emergency = id, marked "
                       "WHERE marked.name = '%s' AND %s = marked.value",
                       name, name);
        ck_assert_msg(ask(sql) == 1, "%s has another value", name);
        count--;
    }
    ck_assert_int_eq(count, 0);
    sqlite3_finalize(names);
    sqlite3_close(old);
    store_file_end();
}
END_TEST

START_TEST(a_repeat_from_before_is_known)
{
    database_begin();
    begin_old(5);
    run("INSERT INTO event (emergency, type, source, at_ms, now_ms, ticket_id, outcome, sender_id, meaning, "
        "repeat_key) VALUES (1, 2, 2, 1736335815456, 1, 5158, 0, 'x', '{}', 'ze b7c8'), "
        "(1, 2, 2, 1736335815456, 1, 0, 1, 'x', '{}', 'ze d9e0'), (1, 1, 1, 5, 1, 5158, 0, 'x', '{}', 'pd "
        "01BW')");
    migrate_old();
    ck_assert_int_eq(
        ask("SELECT count(*) FROM event WHERE repeat_key IN ('ze 1736335815456 b7c8', 'ze d9e0', "
            "'pd 01BW')"),
        3);
    store_file_end();
}
END_TEST

/* How many events an emergency has; each must be there once, and be its own. */
static int64_t count_events(int64_t emergency)
{
    struct event *events = NULL;
    size_t count = 0;
    GOOD(store_events(store, emergency, &events, &count));
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_eq(events[i].emergency, emergency);
        for (size_t j = 0; j < i; j++)
            ck_assert_int_ne(events[i].row, events[j].row);
    }
    free(events);
    return (int64_t)count;
}

/* Of three emergencies and of none, by times that are not in their order and often the same. */
START_TEST(all_events_of_an_older_journal_are_found)
{
    enum { EVENTS = 200, EMERGENCIES = 3 };
    int64_t had[EMERGENCIES + 1] = {0};
    database_begin();
    begin_old(3);
    run("BEGIN");
    for (int i = 1; i <= EVENTS; i++) {
        int emergency = i * 7 / 3 % (EMERGENCIES + 1);
        add_old_event(i, emergency, EVENT_TOLD, NOON + i * 11 % 5, 0);
        had[emergency]++;
    }
    for (int id = 1; id <= EMERGENCIES + 1; id++)
        add_old_emergency(id, NOON, 0);
    run("COMMIT");
    migrate_old();
    for (int id = 1; id <= EMERGENCIES; id++) {
        ck_assert_int_gt(had[id], 1);
        ck_assert_int_eq(count_events(id), had[id]);
        (void)add_event_of(id, NOON + 2, EVENT_SOURCE_SELF, "new");
    }
    ck_assert_int_eq(count_events(EMERGENCIES + 1), 0); /* it has none */
    store_file_reopen();
    for (int id = 1; id <= EMERGENCIES; id++)
        ck_assert_int_eq(count_events(id), had[id] + 1);
    ck_assert_int_eq(ask("SELECT count(*) FROM event WHERE emergency = 0 AND previous <> 0"), 0);
    store_file_end();
}
END_TEST

Suite *store_migration_suite(void)
{
    Suite *suite = suite_create("store_migration");
    TCase *clock = tcase_create("clock steps");
    tcase_add_checked_fixture(clock, begin, store_file_end);
    tcase_add_test(clock, steps_of_an_older_journal_move_what_was_before_them);
    tcase_add_test(clock, an_older_emergency_was_opened_when_its_journal_says);
    tcase_add_test(clock, a_further_step_adds_to_the_older_ones);
    suite_add_tcase(suite, clock);
    TCase *rows = tcase_create("rows");
    tcase_add_test(rows, every_column_of_an_emergency_keeps_its_value);
    tcase_add_test(rows, a_repeat_from_before_is_known);
    tcase_add_test(rows, all_events_of_an_older_journal_are_found);
    suite_add_tcase(suite, rows);
    return suite;
}
