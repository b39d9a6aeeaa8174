/*
 * The checkpointer: a WAL that is written without a pause begins anew all the same, and what was moved is
 * what was written. On a real store, with the real thread.
 */
#include "daemon/checkpointer.h"

#include "lib/store_internal.h"
#include "lib/text.h"
#include "tests/unit/database_file.h"
#include "tests/unit/suites.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOOD(call) ck_assert_int_eq((call), STORE_OK)

static struct log *quiet;
static struct store *store;
static struct checkpointer *checkpointer;

static struct store *open_store(void)
{
    char error[300] = "";
    struct store *opened = store_open(database_path, quiet, error, sizeof error);
    ck_assert_msg(opened != NULL, "%s", error);
    return opened;
}

static void begin(void)
{
    database_begin();
    quiet = log_open(stderr, LOG_TARGET_STREAM, LOG_LEVEL_ERROR, NULL);
    ck_assert_ptr_nonnull(quiet);
    store = open_store();
    checkpointer = checkpointer_new(database_path, quiet);
    ck_assert_ptr_nonnull(checkpointer);
    ck_assert(checkpointer_start(checkpointer));
}

static void end(void)
{
    checkpointer_stop(checkpointer);
    checkpointer_free(checkpointer);
    store_close(store);
    log_close(quiet);
    database_end();
}

/* As many pages of the WAL as it says, all of the same page of the database. */
static void write_pages(int pages, int *number)
{
    char value[16];
    for (int i = 0; i < pages; i++) {
        text_format(value, sizeof value, "%d", ++*number);
        GOOD(store_begin(store));
        GOOD(store_set_fact(store, "what", value));
        GOOD(store_commit_unsynced(store));
    }
}

/* How often the WAL has begun anew until TURNS times or until it was written for so long that it never will.
 */
static int write_until_anew(int turns, int *number)
{
    int anew = 0, pages = 0;
    for (int i = 0; i < 1000 * turns && anew < turns; i++) {
        write_pages(100, number);
        anew += store_wal_pages(store) < pages;
        pages = store_wal_pages(store);
        checkpointer_watch(checkpointer, store);
    }
    return anew;
}

START_TEST(a_wal_that_is_written_without_a_pause_begins_anew)
{
    int number = 0;
    char value[16], expected[16];
    sqlite3_stmt *check = NULL;
    ck_assert_int_eq(write_until_anew(4, &number), 4);
    checkpointer_stop(checkpointer);
    store_close(store);
    store = open_store();
    ck_assert_int_eq(sqlite3_prepare_v2(store->db, "PRAGMA integrity_check", -1, &check, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(check), SQLITE_ROW);
    ck_assert_str_eq((const char *)sqlite3_column_text(check, 0), "ok");
    sqlite3_finalize(check);
    text_format(expected, sizeof expected, "%d", number);
    GOOD(store_get_fact(store, "what", value, sizeof value));
    ck_assert_str_eq(value, expected);
}
END_TEST

/* Whoever reads what was before keeps the WAL from beginning anew; afterwards it does. */
START_TEST(a_reader_is_waited_for_and_not_for_ever)
{
    char error[300] = "", value[16];
    int number = 0;
    struct store *reader = store_open_reader(database_path, quiet, error, sizeof error);
    ck_assert_msg(reader != NULL, "%s", error);
    write_pages(1, &number);
    GOOD(store_view_begin(reader));
    (void)!store_get_fact(reader, "what", value, sizeof value); /* the view begins with the first look */
    for (int i = 0; i < 300; i++) {
        write_pages(100, &number);
        checkpointer_watch(checkpointer, store);
    }
    ck_assert_int_gt(store_wal_pages(store), 30000);
    store_view_end(reader);
    store_close(reader);
    ck_assert_int_eq(write_until_anew(1, &number), 1);
}
END_TEST

Suite *checkpointer_suite(void)
{
    Suite *suite = suite_create("checkpointer");
    TCase *all = tcase_create("checkpointer");
    tcase_set_timeout(all, 60);
    tcase_add_checked_fixture(all, begin, end);
    tcase_add_test(all, a_wal_that_is_written_without_a_pause_begins_anew);
    tcase_add_test(all, a_reader_is_waited_for_and_not_for_ever);
    suite_add_tcase(suite, all);
    return suite;
}
