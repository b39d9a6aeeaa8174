/* A database for one test. */
#include "tests/unit/store_file.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>

struct log *database_log;
struct store *store;

static void open_store(void)
{
    char error[300] = "";
    store = store_open(database_path, database_log, error, sizeof error);
    ck_assert_msg(store != NULL, "%s", error);
    GOOD(store_begin(store));
}

void store_file_begin(void)
{
    database_begin();
    database_log = log_open(stderr, LOG_TARGET_STREAM, LOG_LEVEL_ERROR, NULL);
    ck_assert_ptr_nonnull(database_log);
    open_store();
}

void store_file_end(void)
{
    store_close(store);
    log_close(database_log);
    database_end();
}

void store_file_reopen(void)
{
    GOOD(store_commit(store));
    store_close(store);
    open_store();
}

int64_t ask(const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *select = NULL;
    ck_assert_int_eq(sqlite3_open_v2(database_path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &select, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(select), SQLITE_ROW);
    int64_t answer = sqlite3_column_int64(select, 0);
    sqlite3_finalize(select);
    sqlite3_close(db);
    return answer;
}

struct emergency new_emergency(int64_t ticket)
{
    struct emergency e = {.ticket_id = ticket, .opened_ms = 1000};
    GOOD(store_new_emergency(store, &e));
    return e;
}

int64_t add_action(int64_t emergency, enum action_kind kind, int64_t cause, enum action_state state)
{
    struct action action = {.emergency = emergency, .kind = kind, .cause = cause, .state = state};
    GOOD(store_add_action(store, &action));
    return action.id;
}

int64_t add_event_of(int64_t emergency, int64_t at_ms, enum event_source source, const char *id)
{
    struct event event = {.type = EVENT_TICKET, .source = source, .at_ms = at_ms, .emergency = emergency};
    struct journal_entry entry = {.outcome = DELIVERY_APPLIED};
    snprintf(event.id, sizeof event.id, "%s", id);
    GOOD(store_add_event(store, &event, &entry));
    return event.row;
}
