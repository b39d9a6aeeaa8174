/*
 * store: what can be wrong with a database is told in a sentence when it is opened; a full disk is told,
 * undoes the whole transaction and passes; nothing is ever written outside of a transaction.
 */

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/store.h"
#include "lib/store_internal.h"
#include "tests/unit/database_file.h"
#include "tests/unit/suites.h"

#define GOOD(call) ck_assert_int_eq((call), STORE_OK)

static char error[300];
static char *logged;
static size_t logged_size;
static FILE *log_stream;
static struct log *trouble_log;

static void begin(void)
{
    database_begin();
    log_stream = open_memstream(&logged, &logged_size);
    trouble_log = log_open(log_stream, LOG_TARGET_STREAM, LOG_LEVEL_INFO, NULL);
    ck_assert_ptr_nonnull(trouble_log);
    error[0] = '\0';
}

static void end(void)
{
    log_close(trouble_log);
    fclose(log_stream);
    free(logged);
    database_end();
}

static struct store *open_store(void)
{
    struct store *store = store_open(database_path, trouble_log, error, sizeof error);
    ck_assert_msg(store != NULL, "%s", error);
    return store;
}

static void expect_refused(const char *where, const char *why)
{
    struct store *store = store_open(where, trouble_log, error, sizeof error);
    ck_assert_ptr_null(store);
    ck_assert_msg(strstr(error, why) != NULL, "%s", error);
}

/* How often TEXT is in the log. */
static int logged_times(const char *text)
{
    int times = 0;
    fflush(log_stream);
    for (const char *at = logged; (at = strstr(at, text)); at++)
        times++;
    return times;
}

static void run_sql(sqlite3 *db, const char *sql)
{
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
}

static void write_file(const char *text, off_t at)
{
    int fd = open(database_path, O_WRONLY | O_CREAT, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, text, strlen(text), at), (ssize_t)strlen(text));
    close(fd);
}

static enum store_result add_big_event(struct store *store, int64_t *row)
{
    static char payload[50000];
    struct event event = {.type = EVENT_TICKET};
    struct journal_entry entry = {.payload = payload, .payload_length = sizeof payload};
    enum store_result result = store_add_event(store, &event, &entry);
    *row = event.row;
    return result;
}

/* --- opening --- */

START_TEST(a_missing_directory_is_told)
{
    expect_refused("/tmp/there/is/no/such/place/db", "No such file or directory");
}
END_TEST

START_TEST(a_file_that_is_no_database_is_told)
{
    write_file("This is a letter to grandmother, and by no means a database. It is longer than a header, so "
               "that nobody can take it for the beginning of one.",
               0);
    expect_refused(database_path, "is damaged");
}
END_TEST

START_TEST(a_damaged_schema_is_told)
{
    store_close(open_store());
    write_file("garbage garbage garbage garbage garbage garbage garbage", 100);
    expect_refused(database_path, "is damaged");
}
END_TEST

START_TEST(a_newer_schema_is_refused_and_left_alone)
{
    struct store *store = open_store();
    run_sql(store->db, "INSERT INTO schema_version VALUES (999, 'later', 'then')");
    store_close(store);
    expect_refused(database_path, "newer");
    expect_refused(database_path, "999");
    ck_assert(!store_could_open(database_path, error, sizeof error));
}
END_TEST

START_TEST(opening_again_migrates_nothing)
{
    store_close(open_store());
    struct store *store = open_store();
    sqlite3_stmt *select = NULL;
    sqlite3_prepare_v2(store->db, "SELECT count(*), max(version) FROM schema_version", -1, &select, NULL);
    ck_assert_int_eq(sqlite3_step(select), SQLITE_ROW);
    ck_assert_int_eq(sqlite3_column_int(select, 0), sqlite3_column_int(select, 1));
    sqlite3_finalize(select);
    store_close(store);
}
END_TEST

START_TEST(a_database_of_another_program_is_refused_and_left_alone)
{
    sqlite3 *db = NULL;
    struct stat before, after;
    ck_assert_int_eq(sqlite3_open(database_path, &db), SQLITE_OK);
    run_sql(db, "CREATE TABLE emergency (id)");
    sqlite3_close(db);
    ck_assert_int_eq(stat(database_path, &before), 0);
    expect_refused(database_path, "another program");
    ck_assert(!store_could_open(database_path, error, sizeof error));
    ck_assert_int_eq(stat(database_path, &after), 0);
    ck_assert_int_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}
END_TEST

START_TEST(what_could_be_opened_can_be)
{
    ck_assert(store_could_open(database_path, error, sizeof error));
    ck_assert_int_ne(access(database_path, F_OK), 0);
    store_close(open_store());
    ck_assert(store_could_open(database_path, error, sizeof error));
    store_close(open_store());
}
END_TEST

/* Whoever comes first makes the file. */
START_TEST(a_link_to_nothing_yet_leads_to_one_lock)
{
    char link[128];
    snprintf(link, sizeof link, "%s.link", database_path);
    ck_assert_int_eq(symlink(database_path, link), 0);
    ck_assert(!store_could_open(link, error, sizeof error));
    struct store *store = store_open(link, trouble_log, error, sizeof error);
    ck_assert_ptr_nonnull(store);
    expect_refused(link, "in use");
    expect_refused(database_path, "in use");
    store_close(store);
    ck_assert_int_eq(unlink(link), 0);
}
END_TEST

/* Also from one that comes by a link. */
START_TEST(another_process_is_kept_out_and_named)
{
    int ready[2], done[2];
    char pid[32], link[128], byte = 0;
    ck_assert_int_eq(pipe(ready), 0);
    ck_assert_int_eq(pipe(done), 0);
    pid_t child = fork();
    if (child == 0) {
        struct store *store = store_open(database_path, trouble_log, error, sizeof error);
        close(done[1]);
        /* ends by itself when the test does */
        bool good = store && write(ready[1], "x", 1) == 1 && read(done[0], &byte, 1) == 0;
        store_close(store);
        _exit(good ? 0 : 1);
    }
    close(ready[1]);
    close(done[0]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    snprintf(pid, sizeof pid, "(PID %d)", (int)child);
    expect_refused(database_path, pid);
    ck_assert(!store_could_open(database_path, error, sizeof error));
    snprintf(link, sizeof link, "%s.link", database_path);
    ck_assert_int_eq(symlink(database_path, link), 0);
    expect_refused(link, pid);
    ck_assert_int_eq(unlink(link), 0);
    close(done[1]);
    int status = -1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    store_close(open_store());
    close(ready[0]);
}
END_TEST

START_TEST(nobody_else_may_read_the_files)
{
    static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
    mode_t old = umask(0);
    struct store *store = open_store();
    umask(old);
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        char file[128];
        struct stat status;
        snprintf(file, sizeof file, "%s%s", database_path, endings[i]);
        ck_assert_int_eq(stat(file, &status), 0);
        ck_assert_msg((status.st_mode & 0777) == 0600, "%s", file);
    }
    store_close(store);
}
END_TEST

START_TEST(a_reader_needs_a_database)
{
    ck_assert_ptr_null(store_open_reader(database_path, trouble_log, error, sizeof error));
    ck_assert_str_ne(error, "");
}
END_TEST

START_TEST(a_reader_cannot_write)
{
    struct store *store = open_store();
    struct store *reader = store_open_reader(database_path, trouble_log, error, sizeof error);
    ck_assert_ptr_nonnull(reader);
    GOOD(store_view_begin(reader));
    ck_assert_int_ne(store_set_fact(reader, "instance", "x"), STORE_OK);
    store_view_end(reader);
    store_close(reader);
    store_close(store);
}
END_TEST

/* --- a full disk --- */

static void limit_pages(struct store *store, int pages)
{
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA max_page_count = %d", pages);
    run_sql(store->db, sql);
}

/* A transaction that fails for want of room, after a first item that succeeded. */
static void fill_up(struct store *store)
{
    int64_t row = 0;
    limit_pages(store, 1);
    GOOD(store_begin(store));
    GOOD(store_item_begin(store));
    GOOD(store_set_fact(store, "first", "x"));
    GOOD(store_item_keep(store));
    GOOD(store_item_begin(store));
    ck_assert_int_eq(add_big_event(store, &row), STORE_FULL);
    store_item_undo(store);
}

START_TEST(after_a_full_disk_nothing_more_is_written_in_the_transaction)
{
    struct store *store = open_store();
    struct emergency e = {0};
    char value[8];
    fill_up(store);
    /* the transaction is no more: this would be written on its own */
    ck_assert_int_ne(sqlite3_get_autocommit(store->db), 0);
    ck_assert_int_eq(store_item_begin(store), STORE_FULL);
    ck_assert_int_eq(store_set_fact(store, "second", "x"), STORE_FULL);
    ck_assert_int_eq(store_get_emergency(store, 1, &e), STORE_FULL);
    ck_assert_int_eq(store_new_emergency(store, &e), STORE_FULL);
    ck_assert_int_eq(store_item_keep(store), STORE_FULL);
    ck_assert_int_eq(store_commit(store), STORE_FULL);
    ck_assert_int_eq(store_get_fact(store, "first", value, sizeof value), STORE_NONE);
    ck_assert_int_eq(store_get_fact(store, "second", value, sizeof value), STORE_NONE);
    store_close(store);
}
END_TEST

START_TEST(a_full_disk_passes_and_is_logged_once)
{
    struct store *store = open_store();
    int64_t row = 0;
    for (int i = 0; i < 3; i++) {
        fill_up(store);
        store_rollback(store);
    }
    ck_assert_int_eq(logged_times("STORE-FULL"), 1);
    ck_assert_int_eq(logged_times("STORE-WELL"), 0);
    limit_pages(store, 100000);
    for (int i = 0; i < 2; i++) {
        GOOD(store_begin(store));
        GOOD(add_big_event(store, &row));
        GOOD(store_commit(store));
    }
    ck_assert_int_eq(logged_times("STORE-WELL"), 1);
    ck_assert_int_eq(logged_times("STORE-"), 2);
    store_close(store);
}
END_TEST

START_TEST(a_database_that_another_program_locks_is_told_and_passes)
{
    struct store *store = open_store();
    sqlite3 *other = NULL;
    ck_assert_int_eq(sqlite3_open(database_path, &other), SQLITE_OK);
    run_sql(other, "BEGIN IMMEDIATE");
    ck_assert_int_eq(store_begin(store), STORE_FULL);
    run_sql(other, "ROLLBACK");
    GOOD(store_begin(store));
    GOOD(store_commit(store));
    ck_assert_int_eq(sqlite3_close(other), SQLITE_OK);
    store_close(store);
}
END_TEST

static void *unlock_soon(void *other)
{
    static const struct timespec soon = {.tv_nsec = 10 * 1000 * 1000};
    nanosleep(&soon, NULL);
    run_sql(other, "ROLLBACK");
    return NULL;
}

/* As a reader does that looks at the WAL's index while it is written. */
START_TEST(a_database_that_is_locked_for_a_moment_is_waited_for)
{
    struct store *store = open_store();
    sqlite3 *other = NULL;
    pthread_t thread;
    ck_assert_int_eq(sqlite3_open(database_path, &other), SQLITE_OK);
    run_sql(other, "BEGIN IMMEDIATE");
    ck_assert_int_eq(pthread_create(&thread, NULL, unlock_soon, other), 0);
    GOOD(store_begin(store));
    GOOD(store_commit(store));
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(sqlite3_close(other), SQLITE_OK);
    ck_assert_int_eq(logged_times("STORE-FULL"), 0);
    store_close(store);
}
END_TEST

/* --- broken contracts --- */

START_TEST(nothing_is_written_outside_of_a_transaction)
{
    struct store *store = open_store();
    char value[8];
    ck_assert_int_eq(store_set_fact(store, "instance", "x"), STORE_BROKEN);
    ck_assert_int_eq(store_item_begin(store), STORE_BROKEN);
    ck_assert_int_eq(store_commit(store), STORE_BROKEN);
    ck_assert_int_eq(store_get_fact(store, "instance", value, sizeof value), STORE_NONE);
    store_close(store);
}
END_TEST

START_TEST(an_event_of_no_emergency_is_not_written)
{
    struct store *store = open_store();
    struct event event = {.type = EVENT_TICKET, .emergency = 1};
    const struct journal_entry entry = {.outcome = DELIVERY_APPLIED};
    ck_assert_int_eq(store_begin(store), STORE_OK);
    ck_assert_int_eq(store_add_event(store, &event, &entry), STORE_BROKEN);
    ck_assert_int_eq(store_commit(store), STORE_BROKEN);
    ck_assert_int_eq(logged_times("STORE-BROKEN"), 1);
    store_close(store);
}
END_TEST

START_TEST(a_meaning_that_cannot_be_read_is_damage)
{
    struct store *store = open_store();
    struct event *events = NULL;
    size_t count = 9;
    struct emergency e = {.ticket_id = 1};
    ck_assert_int_eq(store_begin(store), STORE_OK);
    ck_assert_int_eq(store_new_emergency(store, &e), STORE_OK);
    ck_assert_int_eq(store_commit(store), STORE_OK);
    store_close(store);
    store = open_store();
    run_sql(
        store->db,
        "INSERT INTO event (emergency, type, source, at_ms, now_ms, ticket_id, outcome, sender_id, meaning) "
        "VALUES (1, 1, 1, 1, 1, 0, 0, '', '{}'), (1, 1, 1, 2, 1, 0, 0, '', 'nonsense');"
        "UPDATE event SET previous = id - 1; UPDATE emergency SET last_event = 2");
    ck_assert_int_eq(store_events(store, 1, &events, &count), STORE_BROKEN);
    ck_assert_ptr_null(events);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(logged_times("STORE-BROKEN"), 1);
    store_close(store);
}
END_TEST

/* --- the WAL --- */

/* Without the checkpoint the WAL would have some 25,000 pages in the end. */
START_TEST(the_wal_does_not_grow_for_ever)
{
    struct store *store = open_store();
    int64_t row = 0;
    int most = 0;
    for (int i = 0; i < 20; i++) {
        GOOD(store_begin(store));
        for (int j = 0; j < 100; j++)
            GOOD(add_big_event(store, &row));
        GOOD(store_commit(store));
        most = store->wal_pages > most ? store->wal_pages : most;
        store_checkpoint_if_grown(store);
    }
    ck_assert_int_lt(most, 12000);
    store_close(store);
}
END_TEST

Suite *store_trouble_suite(void)
{
    const TTest *const tests[] = {
        a_missing_directory_is_told,
        a_file_that_is_no_database_is_told,
        a_damaged_schema_is_told,
        a_newer_schema_is_refused_and_left_alone,
        opening_again_migrates_nothing,
        a_database_of_another_program_is_refused_and_left_alone,
        what_could_be_opened_can_be,
        a_link_to_nothing_yet_leads_to_one_lock,
        another_process_is_kept_out_and_named,
        nobody_else_may_read_the_files,
        a_reader_needs_a_database,
        a_reader_cannot_write,
        after_a_full_disk_nothing_more_is_written_in_the_transaction,
        a_full_disk_passes_and_is_logged_once,
        a_database_that_another_program_locks_is_told_and_passes,
        a_database_that_is_locked_for_a_moment_is_waited_for,
        nothing_is_written_outside_of_a_transaction,
        an_event_of_no_emergency_is_not_written,
        a_meaning_that_cannot_be_read_is_damage,
        the_wal_does_not_grow_for_ever,
    };
    Suite *suite = suite_create("store_trouble");
    TCase *trouble = tcase_create("trouble");
    tcase_add_checked_fixture(trouble, begin, end);
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        tcase_add_test(trouble, tests[i]);
    suite_add_tcase(suite, trouble);
    return suite;
}
