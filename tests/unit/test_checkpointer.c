/*
 * The checkpointer: a WAL that is written without a pause begins anew all the same, and what was moved is
 * what was written. On a real store, with the real thread.
 */
#include "daemon/checkpointer.h"

#include "lib/store_internal.h"
#include "lib/text.h"
#include "tests/disk/disk.h"
#include "tests/unit/database_file.h"
#include "tests/unit/suites.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOOD(call) ck_assert_int_eq((call), STORE_OK)
#define KEYS       1000

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

/* As many commits as it says, each of a page of the database or two, in no order. */
static void write_pages(int commits, int *number)
{
    char key[16], value[400];
    for (int i = 0; i < commits; i++) {
        int n = ++*number;
        text_format(key, sizeof key, "%d", n * 7919 % KEYS);
        text_format(value, sizeof value, "%d%*s", n, 300, "");
        GOOD(store_begin(store));
        GOOD(store_set_fact(store, key, value));
        GOOD(store_commit_unsynced(store));
    }
}

/* Each key has what was last written under it. */
static void check_pages(int number)
{
    sqlite3_stmt *check = NULL;
    ck_assert_int_eq(sqlite3_prepare_v2(store->db, "PRAGMA integrity_check", -1, &check, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(check), SQLITE_ROW);
    ck_assert_str_eq((const char *)sqlite3_column_text(check, 0), "ok");
    sqlite3_finalize(check);
    for (int n = number; n > number - KEYS; n--) {
        char key[16], value[400];
        text_format(key, sizeof key, "%d", n * 7919 % KEYS);
        GOOD(store_get_fact(store, key, value, sizeof value));
        ck_assert_int_eq(strtol(value, NULL, 10), n);
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
        checkpointer_watch(checkpointer, store, false);
    }
    return anew;
}

START_TEST(a_wal_that_is_written_without_a_pause_begins_anew)
{
    int number = 0;
    ck_assert_int_eq(write_until_anew(4, &number), 4);
    checkpointer_stop(checkpointer);
    store_close(store);
    store = open_store();
    check_pages(number);
}
END_TEST

/* Whoever reads what was before keeps the WAL from beginning anew; afterwards it does. */
START_TEST(a_reader_is_waited_for_and_not_for_ever)
{
    char error[300] = "", value[400];
    int number = 0;
    struct store *reader = store_open_reader(database_path, quiet, error, sizeof error);
    ck_assert_msg(reader != NULL, "%s", error);
    write_pages(1, &number);
    GOOD(store_view_begin(reader));
    (void)!store_get_fact(reader, "what", value, sizeof value); /* the view begins with the first look */
    while (store_wal_pages(store) < 52000) {                    /* more than a slow disk may have */
        int before = store_wal_pages(store);
        write_pages(100, &number);
        ck_assert_int_gt(store_wal_pages(store), before);
        checkpointer_watch(checkpointer, store, false);
    }
    store_view_end(reader);
    store_close(reader);
    ck_assert_int_eq(write_until_anew(1, &number), 1);
    check_pages(number);
}
END_TEST

START_TEST(a_full_disk_has_the_wal_moved_at_once)
{
    int number = 0;
    write_pages(1000, &number);
    int before = store_wal_pages(store);
    for (int i = 0; i < 1000 && store_wal_pages(store) >= before; i++) {
        checkpointer_watch(checkpointer, store, true);
        write_pages(1, &number);
        GOOD(store_sync(store));
    }
    ck_assert_int_lt(store_wal_pages(store), before);
    check_pages(number);
}
END_TEST

/* --- on a disk that fails --- */

static struct disk *disk;

static void begin_on_test_disk(void)
{
    disk = disk_new(1);
    ck_assert_ptr_nonnull(disk);
    begin();
}

/* Both end with status 1; whoever went on would end with another. */
START_TEST(a_sync_that_fails_in_a_pass_ends_the_process)
{
    int number = 0;
    while (store_wal_pages(store) < 16000)
        write_pages(100, &number);
    GOOD(store_sync(store));
    disk_fail(disk, DISK_SYNC, DISK_BROKEN, 1, 1); /* behind that of the WAL */
    (void)write_until_anew(1, &number);
    exit(2);
}
END_TEST

/* It has few pages to move, which the ledger does. */
START_TEST(a_sync_that_fails_in_the_ledgers_pass_ends_the_process)
{
    int number = 0;
    write_pages(100, &number);
    GOOD(store_sync(store));
    disk_fail(disk, DISK_SYNC, DISK_BROKEN, 1, 1);
    checkpointer_watch(checkpointer, store, true);
    exit(2);
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
    tcase_add_test(all, a_full_disk_has_the_wal_moved_at_once);
    suite_add_tcase(suite, all);
    TCase *broken = tcase_create("broken");
    tcase_set_timeout(broken, 60);
    tcase_add_checked_fixture(broken, begin_on_test_disk, end);
    tcase_add_exit_test(broken, a_sync_that_fails_in_a_pass_ends_the_process, 1);
    tcase_add_exit_test(broken, a_sync_that_fails_in_the_ledgers_pass_ends_the_process, 1);
    suite_add_tcase(suite, broken);
    return suite;
}
