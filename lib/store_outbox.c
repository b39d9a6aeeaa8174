/*
 * The outbox's rows. Errors: see store_statements.c.
 */
#include "lib/store_internal.h"

enum store_result store_add_action(struct store *store, struct action *action)
{
    int changed = 0;
    sqlite3_stmt *insert = store_use(store, STATEMENT_ADD_ACTION);
    store_bind_action(insert, action);
    enum store_result result = store_write(store, STATEMENT_ADD_ACTION, &changed);
    if (result != STORE_OK)
        return result;
    if (changed == 0)
        return STORE_NONE;
    action->id = sqlite3_last_insert_rowid(store->db);
    return STORE_OK;
}

enum store_result store_put_action(struct store *store, const struct action *action)
{
    sqlite3_stmt *update = store_use(store, STATEMENT_PUT_ACTION);
    sqlite3_bind_int64(update, store_bind_action(update, action), action->id);
    return store_write(store, STATEMENT_PUT_ACTION, NULL);
}

/* Reads the one row that the bound STATEMENT gives. */
static enum store_result read_one(struct store *store, enum store_statement statement, struct action *action)
{
    enum store_result result = store_next(store, statement);
    if (result == STORE_OK)
        result = store_read_action(store, store->statements[statement], action);
    store_done(store, statement);
    return result;
}

enum store_result store_get_action(struct store *store, int64_t id, struct action *action)
{
    sqlite3_bind_int64(store_use(store, STATEMENT_GET_ACTION), 1, id);
    return read_one(store, STATEMENT_GET_ACTION, action);
}

enum store_result store_find_action(struct store *store, int64_t emergency, enum action_kind kind,
                                    int64_t cause, const char *incident, struct action *action)
{
    sqlite3_stmt *select = store_use(store, STATEMENT_FIND_ACTION);
    sqlite3_bind_int64(select, 1, emergency);
    sqlite3_bind_int(select, 2, (int)kind);
    sqlite3_bind_int64(select, 3, cause);
    sqlite3_bind_text(select, 4, incident ? incident : "", -1, SQLITE_STATIC);
    return read_one(store, STATEMENT_FIND_ACTION, action);
}

enum store_result store_head_action(struct store *store, int64_t emergency, enum service_id service,
                                    struct action *action)
{
    sqlite3_stmt *select = store_use(store, STATEMENT_HEAD_ACTION);
    sqlite3_bind_int64(select, 1, emergency);
    sqlite3_bind_int(select, 2, (int)service);
    return read_one(store, STATEMENT_HEAD_ACTION, action);
}

enum store_result store_pending_read(struct store *store, int64_t ticket, struct action *action)
{
    sqlite3_bind_int64(store_use(store, STATEMENT_PENDING_READ), 1, ticket);
    return read_one(store, STATEMENT_PENDING_READ, action);
}

enum store_result store_pending_update(struct store *store, int64_t emergency, struct action *action)
{
    sqlite3_bind_int64(store_use(store, STATEMENT_PENDING_UPDATE), 1, emergency);
    return read_one(store, STATEMENT_PENDING_UPDATE, action);
}

enum store_result store_oldest_call(struct store *store, int64_t *created_ms)
{
    sqlite3_stmt *select = store_use(store, STATEMENT_OLDEST_CALL);
    enum store_result result = store_next(store, STATEMENT_OLDEST_CALL);
    if (result == STORE_OK)
        *created_ms = sqlite3_column_int64(select, 0);
    store_done(store, STATEMENT_OLDEST_CALL);
    return result;
}

/* Reads what the bound STATEMENT gives into OUT, which has room for it. */
static enum store_result read_all(struct store *store, enum store_statement statement, struct action *out,
                                  int *count)
{
    enum store_result result = STORE_OK;
    *count = 0;
    while ((result = store_next(store, statement)) == STORE_OK) {
        result = store_read_action(store, store->statements[statement], &out[*count]);
        if (result != STORE_OK)
            break;
        ++*count;
    }
    store_done(store, statement);
    return store_walked(result);
}

static enum store_result read_after(struct store *store, enum store_statement statement, int64_t after,
                                    struct action *out, int limit, int *count)
{
    sqlite3_stmt *select = store_use(store, statement);
    sqlite3_bind_int64(select, 1, after);
    sqlite3_bind_int(select, 2, limit);
    return read_all(store, statement, out, count);
}

enum store_result store_open_actions(struct store *store, int64_t after, struct action *out, int limit,
                                     int *count)
{
    return read_after(store, STATEMENT_OPEN_ACTIONS, after, out, limit, count);
}

enum store_result store_outbox(struct store *store, int64_t after, struct action *out, int limit, int *count)
{
    return read_after(store, STATEMENT_OUTBOX, after, out, limit, count);
}

static enum store_result read_action_row(struct store *store, sqlite3_stmt *statement, void *row)
{
    return store_read_action(store, statement, row);
}

enum store_result store_actions_of(struct store *store, int64_t emergency, struct action **actions,
                                   size_t *count)
{
    enum store_result result = STORE_OK;
    sqlite3_bind_int64(store_use(store, STATEMENT_ACTIONS_OF), 1, emergency);
    *actions = store_collect(store, STATEMENT_ACTIONS_OF, sizeof **actions, read_action_row, count, &result);
    return result;
}
