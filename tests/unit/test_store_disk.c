/*
 * The store on a disk that loses its power, fills up and breaks (tests/disk): what is committed survives,
 * each trouble gives the result that store.h promises, and no transaction is ever half done, whatever the
 * disk does.
 */

#include <check.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/store.h"
#include "lib/store_internal.h"
#include "lib/text.h"
#include "tests/disk/disk.h"
#include "tests/unit/database_file.h"
#include "tests/unit/suites.h"

#define GOOD(call) ck_assert_int_eq((call), STORE_OK)
#define SEEDS      40

static struct disk *disk;
static struct log *disk_log;
static FILE *disk_log_stream; /* the troubles are meant */
static char *disk_log_text;
static size_t disk_log_size;

static void begin(void)
{
    database_begin();
    disk = disk_new(1);
    ck_assert_ptr_nonnull(disk);
    disk_log_stream = open_memstream(&disk_log_text, &disk_log_size);
    disk_log = log_open(disk_log_stream, LOG_TARGET_STREAM, LOG_LEVEL_ERROR, NULL);
    ck_assert_ptr_nonnull(disk_log);
}

static void end(void)
{
    log_close(disk_log);
    fclose(disk_log_stream);
    free(disk_log_text);
    disk_free(disk);
    database_end();
}

static struct store *open_store(void)
{
    char error[300] = "";
    struct store *store = store_open(database_path, disk_log, error, sizeof error);
    ck_assert_msg(store != NULL, "%s", error);
    return store;
}

typedef enum store_result commit_function(struct store *store);

/* One transaction of many pages that sets both facts, or neither. */
static enum store_result write_pair_and(commit_function *commit, struct store *store, const char *value)
{
    static char payload[20000];
    struct event event = {.type = EVENT_TICKET};
    struct journal_entry entry = {.payload = payload, .payload_length = sizeof payload};
    memset(payload, 'x', sizeof payload);
    enum store_result result = store_begin(store);
    if (result == STORE_OK)
        result = store_set_fact(store, "first", value);
    if (result == STORE_OK)
        result = store_add_event(store, &event, &entry);
    if (result == STORE_OK)
        result = store_set_fact(store, "second", value);
    if (result == STORE_OK)
        return commit(store);
    store_rollback(store);
    return result;
}

static enum store_result write_pair(struct store *store, const char *value)
{
    return write_pair_and(store_commit, store, value);
}

/* What both facts say: never two different things; and the file is sound. */
static const char *pair(struct store *store)
{
    static char first[16], second[16];
    sqlite3_stmt *check = NULL;
    ck_assert_int_eq(sqlite3_prepare_v2(store->db, "PRAGMA integrity_check", -1, &check, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(check), SQLITE_ROW);
    ck_assert_str_eq((const char *)sqlite3_column_text(check, 0), "ok");
    sqlite3_finalize(check);
    first[0] = second[0] = '\0';
    enum store_result result = store_get_fact(store, "first", first, sizeof first);
    ck_assert_int_eq(store_get_fact(store, "second", second, sizeof second), result);
    ck_assert_str_eq(first, second);
    return first;
}

static struct store *cut_power(struct store *store, uint64_t seed)
{
    disk_lose_power(disk, seed);
    store_close(store);
    return open_store();
}

/* The first loss takes a database that was made just now. */
START_TEST(what_is_committed_survives_a_loss_of_power)
{
    struct store *store = open_store();
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const char *value = seed % 2 ? "one" : "two";
        GOOD(write_pair(store, value));
        store = cut_power(store, seed);
        ck_assert_str_eq(pair(store), value);
    }
    store_close(store);
}
END_TEST

START_TEST(a_commit_that_failed_is_there_as_a_whole_or_not_at_all)
{
    int there = 0;
    struct store *store = open_store();
    disk_write_back_early(disk, 3);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        GOOD(write_pair(store, "one"));
        disk_fail(disk, DISK_SYNC, DISK_BROKEN, 0, DISK_ALWAYS);
        ck_assert_int_eq(write_pair(store, "two"), STORE_BROKEN);
        disk_mend(disk);
        store = cut_power(store, seed);
        const char *value = pair(store);
        ck_assert_msg(strcmp(value, "one") == 0 || strcmp(value, "two") == 0, "%s", value);
        there += strcmp(value, "two") == 0;
    }
    ck_assert(0 < there && there < SEEDS);
    store_close(store);
}
END_TEST

/* A checkpoint writes pages all over the database; the WAL is there until they are synced. */
START_TEST(a_loss_of_power_in_a_checkpoint_harms_nothing)
{
    struct store *store = open_store();
    disk_write_back_early(disk, 3);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const char *value = seed % 2 ? "one" : "two";
        GOOD(write_pair(store, value));
        disk_fail(disk, seed % 2 ? DISK_SYNC : DISK_WRITE, DISK_BROKEN, (int64_t)(seed % 7), 1);
        (void)sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        disk_mend(disk);
        store = cut_power(store, seed);
        ck_assert_str_eq(pair(store), value);
    }
    store_close(store);
}
END_TEST

START_TEST(a_clean_end_survives_a_loss_of_power)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const char *value = seed % 2 ? "one" : "two";
        struct store *store = open_store();
        GOOD(write_pair(store, value));
        store_close(store);
        disk_lose_power(disk, seed);
        store = open_store();
        ck_assert_str_eq(pair(store), value);
        store_close(store);
    }
}
END_TEST

/* This disk would show it if the store did not wait for its syncs. */
START_TEST(without_syncs_a_loss_of_power_loses_what_was_committed)
{
    int lost = 0;
    struct store *store = open_store();
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        GOOD(write_pair(store, "one"));
        ck_assert_int_eq(sqlite3_exec(store->db, "PRAGMA synchronous = OFF", NULL, NULL, NULL), SQLITE_OK);
        GOOD(write_pair(store, "two"));
        store = cut_power(store, seed);
        lost += strcmp(pair(store), "two") != 0;
    }
    ck_assert_int_gt(lost, 0);
    store_close(store);
}
END_TEST

/* --- commits that are synced later --- */

/* FIRST and on, COUNT of them; with MOVER the WAL is moved into the database now and then. */
static void commit_unsynced(struct store *store, struct store *mover, int first, int count)
{
    char value[16];
    for (int i = first; i < first + count; i++) {
        int moved;
        text_format(value, sizeof value, "%d", i);
        GOOD(write_pair_and(store_commit_unsynced, store, value));
        if (mover && i % 3 == 0)
            GOOD(store_checkpoint(mover, &moved));
    }
}

static int pair_number(struct store *store)
{
    return (int)strtol(pair(store), NULL, 10);
}

START_TEST(what_is_not_yet_synced_may_be_lost_but_nothing_before_it)
{
    int lost = 0;
    struct store *store = open_store();
    disk_write_back_early(disk, 3);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        commit_unsynced(store, NULL, 1, 4);
        GOOD(store_sync(store));
        commit_unsynced(store, NULL, 5, 4);
        store = cut_power(store, seed);
        int found = pair_number(store);
        ck_assert_msg(4 <= found && found <= 8, "%d", found);
        lost += found < 8;
    }
    ck_assert_int_gt(lost, 0);
    store_close(store);
}
END_TEST

/* What is moved was synced before. */
START_TEST(a_wal_that_is_moved_and_begins_anew_survives_a_loss_of_power)
{
    struct store *store = open_store();
    disk_write_back_early(disk, 3);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        int last = 3 + (int)(seed % 7);
        commit_unsynced(store, store, 1, last);
        store = cut_power(store, seed);
        int found = pair_number(store);
        ck_assert_msg(last / 3 * 3 <= found && found <= last, "%d of %d", found, last);
    }
    store_close(store);
}
END_TEST

static void commit_a_page(struct store *store, int number)
{
    char value[16];
    text_format(value, sizeof value, "%d", number);
    GOOD(store_begin(store));
    GOOD(store_set_fact(store, "first", value));
    GOOD(store_set_fact(store, "second", value));
    GOOD(store_commit_unsynced(store));
}

/* Else a start would take up commits of before that were overwritten but for the first ones. */
START_TEST(a_wal_begins_anew_behind_a_header_that_is_on_disk)
{
    struct store *store = open_store();
    for (uint64_t seed = 1; seed <= 10 * SEEDS; seed++) {
        int moved;
        for (int i = 1; i <= 4; i++)
            commit_a_page(store, i);
        GOOD(store_checkpoint(store, &moved));
        commit_a_page(store, 5);
        commit_a_page(store, 6);
        store = cut_power(store, seed);
        ck_assert_int_ge(pair_number(store), 4);
    }
    store_close(store);
}
END_TEST

static struct store *open_checkpointer(void)
{
    char error[300] = "";
    struct store *store = store_open_checkpointer(database_path, disk_log, error, sizeof error);
    ck_assert_msg(store != NULL, "%s", error);
    return store;
}

START_TEST(a_checkpointer_moves_the_wal_beside_the_writer)
{
    struct store *store = open_store();
    disk_write_back_early(disk, 3);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct store *checkpointer = open_checkpointer();
        int moved, last = 4 + (int)(seed % 7);
        commit_unsynced(store, checkpointer, 1, last);
        GOOD(store_checkpoint(checkpointer, &moved));
        ck_assert_int_eq(moved, store_wal_pages(store));
        disk_fail(disk, seed % 2 ? DISK_SYNC : DISK_WRITE, DISK_BROKEN, (int64_t)(seed % 7), 1);
        (void)!write_pair_and(store_commit_unsynced, store, "100");
        (void)!store_checkpoint(checkpointer, &moved);
        disk_mend(disk);
        disk_lose_power(disk, seed);
        store_close(checkpointer);
        store_close(store);
        store = open_store();
        int found = pair_number(store);
        ck_assert_msg(found == last || found == 100, "%d of %d", found, last);
    }
    store_close(store);
}
END_TEST

START_TEST(a_sync_that_fails_is_broken_and_told)
{
    static const enum disk_fault faults[] = {DISK_BROKEN, DISK_FULL};
    struct store *store = open_store();
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        GOOD(write_pair_and(store_commit_unsynced, store, "one"));
        disk_fail(disk, DISK_SYNC, faults[i], 0, DISK_ALWAYS);
        ck_assert_int_eq(store_sync(store), STORE_BROKEN);
        disk_mend(disk);
    }
    store_close(store);
}
END_TEST

/* The process ends without another word; the operating system still has what was written. */
static struct store *start_again(struct store *store)
{
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    store_close(store);
    return open_store();
}

/* What it was to write may be on no disk, is read all the same, and no later sync would write it. */
START_TEST(what_a_failed_sync_lost_is_written_anew_at_the_next_start)
{
    struct store *store = open_store();
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        commit_unsynced(store, NULL, 1, 4);
        disk_fail(disk, DISK_SYNC, seed % 2 ? DISK_BROKEN : DISK_FULL, 0, 1);
        ck_assert_int_eq(store_sync(store), STORE_BROKEN);
        store = start_again(store);
        ck_assert_int_eq(pair_number(store), 4);
        commit_unsynced(store, NULL, 5, 1);
        GOOD(store_sync(store));
        store = cut_power(store, seed);
        ck_assert_int_eq(pair_number(store), 5);
    }
    store_close(store);
}
END_TEST

/* The same for the database: what a pass has moved counts as moved, though it is synced only later. */
START_TEST(a_checkpoint_whose_sync_failed_is_not_gone_on_with)
{
    struct store *store = open_store();
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        int moved;
        struct store *checkpointer = open_checkpointer();
        commit_unsynced(store, NULL, 1, 30);
        disk_fail(disk, DISK_SYNC, seed % 2 ? DISK_BROKEN : DISK_FULL, (int64_t)(seed % 2), 1);
        ck_assert_int_eq(store_checkpoint(checkpointer, &moved), STORE_BROKEN);
        store_close(checkpointer);
        store = start_again(store);
        commit_unsynced(store, NULL, 31, 1);
        GOOD(store_sync(store));
        store = cut_power(store, seed);
        ck_assert_int_eq(pair_number(store), 31);
    }
    store_close(store);
}
END_TEST

static const struct {
    enum disk_fault fault;
    enum store_result result;
} troubles[] = {
    {DISK_FULL, STORE_FULL}, {DISK_QUOTA, STORE_FULL}, {DISK_SHORT, STORE_FULL}, {DISK_BROKEN, STORE_BROKEN}};

START_TEST(each_trouble_is_told_and_undoes_the_whole_transaction)
{
    struct store *store = open_store();
    for (uint64_t seed = 0; seed < 8; seed++) {
        GOOD(write_pair(store, "one"));
        disk_fail(disk, DISK_WRITE, troubles[_i].fault, 0, DISK_ALWAYS);
        for (int i = 0; i < 3; i++)
            ck_assert_int_eq(write_pair(store, "bad"), troubles[_i].result);
        disk_mend(disk);
        ck_assert_str_eq(pair(store), "one");
        GOOD(write_pair(store, "two"));
        store = cut_power(store, seed);
        ck_assert_str_eq(pair(store), "two");
    }
    store_close(store);
}
END_TEST

START_TEST(what_cannot_be_read_is_broken)
{
    char value[8];
    struct store *store = open_store();
    GOOD(write_pair(store, "one"));
    store_close(store);
    store = open_store();
    disk_fail(disk, DISK_READ, DISK_BROKEN, 0, DISK_ALWAYS);
    ck_assert_int_eq(store_get_fact(store, "first", value, sizeof value), STORE_BROKEN);
    ck_assert_int_ne(write_pair(store, "two"), STORE_OK);
    disk_mend(disk);
    store_close(store);
    store = open_store();
    ck_assert_str_eq(pair(store), "one");
    store_close(store);
}
END_TEST

/* One that passes does not make the next one passing, which must end the process. */
START_TEST(each_trouble_is_judged_by_itself)
{
    struct store *store = open_store();
    GOOD(write_pair(store, "one"));
    disk_fail(disk, DISK_WRITE, DISK_QUOTA, 0, 1);
    ck_assert_int_eq(write_pair(store, "bad"), STORE_FULL);
    disk_fail(disk, DISK_WRITE, DISK_BROKEN, 0, 1);
    ck_assert_int_eq(write_pair(store, "bad"), STORE_BROKEN);
    disk_fail(disk, DISK_WRITE, DISK_QUOTA, 0, 1);
    ck_assert_int_eq(write_pair(store, "bad"), STORE_FULL);
    store_close(store);
}
END_TEST

/* --- a killed process --- */

/* Commits pairs, tells each, and never ends. */
static void commit_for_ever(int told)
{
    struct store *store = open_store();
    for (int i = 0;; i++) {
        char value[16];
        snprintf(value, sizeof value, "%d", i);
        if (write_pair(store, value) != STORE_OK || write(told, &i, sizeof i) != sizeof i)
            _exit(1);
    }
}

START_TEST(a_process_that_is_killed_loses_what_it_did_not_sync)
{
    store_close(open_store());
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        int told[2], last = -1;
        disk_reset(disk, seed);
        disk_write_back_early(disk, 4);
        ck_assert_int_eq(pipe(told), 0);
        pid_t child = fork();
        if (child == 0)
            commit_for_ever(told[1]);
        close(told[1]);
        for (uint64_t i = 0; i < seed; i++)
            ck_assert_int_eq(read(told[0], &last, sizeof last), sizeof last);
        kill(child, SIGKILL);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
        while (read(told[0], &last, sizeof last) == sizeof last)
            ;
        close(told[0]);
        struct store *store = open_store();
        int found = (int)strtol(pair(store), NULL, 10);
        /* the next may have been committed, though not yet told */
        ck_assert_msg(found == last || found == last + 1, "%d is told, %d is there", last, found);
        store_close(store);
    }
}
END_TEST

Suite *store_disk_suite(void)
{
    const TTest *const tests[] = {
        what_is_committed_survives_a_loss_of_power,
        a_commit_that_failed_is_there_as_a_whole_or_not_at_all,
        a_loss_of_power_in_a_checkpoint_harms_nothing,
        a_clean_end_survives_a_loss_of_power,
        without_syncs_a_loss_of_power_loses_what_was_committed,
        what_is_not_yet_synced_may_be_lost_but_nothing_before_it,
        a_wal_that_is_moved_and_begins_anew_survives_a_loss_of_power,
        a_wal_begins_anew_behind_a_header_that_is_on_disk,
        a_checkpointer_moves_the_wal_beside_the_writer,
        a_sync_that_fails_is_broken_and_told,
        what_a_failed_sync_lost_is_written_anew_at_the_next_start,
        a_checkpoint_whose_sync_failed_is_not_gone_on_with,
        what_cannot_be_read_is_broken,
        each_trouble_is_judged_by_itself,
        a_process_that_is_killed_loses_what_it_did_not_sync,
    };
    Suite *suite = suite_create("store_disk");
    TCase *all = tcase_create("store_disk");
    tcase_set_timeout(all, 60);
    tcase_add_checked_fixture(all, begin, end);
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        tcase_add_test(all, tests[i]);
    tcase_add_loop_test(all, each_trouble_is_told_and_undoes_the_whole_transaction, 0,
                        (int)COUNT_OF(troubles));
    suite_add_tcase(suite, all);
    return suite;
}
