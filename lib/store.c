/*
 * Transactions, checkpoints and facts. Errors: see store_statements.c.
 */
#include <errno.h>

#include "lib/store_internal.h"

/* A checkpoint writes each page once, however often it changed, but nothing is decided meanwhile: 2,000 pages
 * take less than 10 ms. */
#define CHECKPOINT_PAGES 2000

static enum store_result execute(struct store *store, enum store_statement statement)
{
    store_use(store, statement);
    enum store_result result = store_next(store, statement);
    store_done(store, statement);
    return store_walked(result);
}

/* Says once that a trouble is over. */
static void note_success(struct store *store)
{
    if (!store->troubled)
        return;
    store->troubled = false;
    log_event(store->log, LOG_LEVEL_INFO, "STORE-WELL", 0, 0, "the database works again");
}

static enum store_result begin(struct store *store, enum store_statement statement)
{
    store->lost = STORE_OK;
    enum store_result result = execute(store, statement);
    store->in_transaction = result == STORE_OK;
    return result;
}

enum store_result store_begin(struct store *store)
{
    return begin(store, STATEMENT_BEGIN);
}

enum store_result store_commit_unsynced(struct store *store)
{
    store_vfs_defer_syncs(store->vfs, true);
    enum store_result result = store_commit(store);
    store_vfs_defer_syncs(store->vfs, false);
    return result;
}

enum store_result store_sync(struct store *store)
{
    errno = 0;
    int rc = store_vfs_sync(store->vfs);
    if (rc == SQLITE_OK)
        return STORE_OK;
    log_event(store->log, LOG_LEVEL_ERROR, "STORE-BROKEN", 0, 0,
              "what was committed can't be synced to disk (%d, errno %d)", rc, errno);
    return STORE_BROKEN;
}

enum store_result store_commit(struct store *store)
{
    enum store_result result = store_write_last_event(store);
    store_use(store, STATEMENT_COMMIT);
    if (result == STORE_OK)
        result = store_write(store, STATEMENT_COMMIT, NULL);
    if (result != STORE_OK) {
        store_rollback(store);
        return result;
    }
    store->in_transaction = false;
    note_success(store);
    return STORE_OK;
}

void store_rollback(struct store *store)
{
    store->in_transaction = false;
    store->lost = STORE_OK;
    store_forget_all(store);
    /* after some errors SQLite has done it already */
    if (!sqlite3_get_autocommit(store->db))
        (void)execute(store, STATEMENT_ROLLBACK);
}

enum store_result store_item_begin(struct store *store)
{
    enum store_result result = store_write_last_event(store); /* not to be undone with the item */
    if (result != STORE_OK)
        return result;
    store_use(store, STATEMENT_ITEM_BEGIN);
    return store_write(store, STATEMENT_ITEM_BEGIN, NULL);
}

enum store_result store_item_keep(struct store *store)
{
    store_use(store, STATEMENT_ITEM_KEEP);
    return store_write(store, STATEMENT_ITEM_KEEP, NULL);
}

void store_item_undo(struct store *store)
{
    if (!store->in_transaction || store->lost != STORE_OK)
        return;
    store_forget_all(store);
    if (execute(store, STATEMENT_ITEM_UNDO) == STORE_OK)
        (void)execute(store, STATEMENT_ITEM_KEEP);
}

enum store_result store_view_begin(struct store *store)
{
    return begin(store, STATEMENT_VIEW_BEGIN);
}

void store_view_end(struct store *store)
{
    bool good = store->lost == STORE_OK;
    store_rollback(store);
    if (good)
        note_success(store);
}

int store_wal_pages(const struct store *store)
{
    return store->wal_pages;
}

enum store_result store_checkpoint(struct store *store, int *moved)
{
    int pages = 0;
    errno = 0;
    *moved = 0;
    int rc = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, moved);
    if ((rc & 0xff) == SQLITE_BUSY)
        return STORE_NONE;
    if (rc != SQLITE_OK)
        return store_failed(store, rc, "checkpoint");
    if (store->lock_fd < 0) /* the writer's next commit tells */
        note_success(store);
    return STORE_OK;
}

void store_checkpoint_if_grown(struct store *store)
{
    int moved;
    /* the WAL has begun anew */
    if (store->wal_pages < store->checkpointed_pages)
        store->checkpointed_pages = 0;
    if (store->wal_pages - store->checkpointed_pages < CHECKPOINT_PAGES)
        return;
    (void)!store_checkpoint(store, &moved); /* told already; the next one will do it */
    store->checkpointed_pages = store->wal_pages;
}

enum store_result store_get_fact(struct store *store, const char *key, char *value, size_t size)
{
    sqlite3_stmt *select = store_use(store, STATEMENT_GET_FACT);
    sqlite3_bind_text(select, 1, key, -1, SQLITE_STATIC);
    enum store_result result = store_next(store, STATEMENT_GET_FACT);
    if (result == STORE_OK)
        store_read_text(select, 0, value, size);
    store_done(store, STATEMENT_GET_FACT);
    return result;
}

enum store_result store_set_fact(struct store *store, const char *key, const char *value)
{
    sqlite3_stmt *put = store_use(store, STATEMENT_SET_FACT);
    sqlite3_bind_text(put, 1, key, -1, SQLITE_STATIC);
    sqlite3_bind_text(put, 2, value, -1, SQLITE_STATIC);
    return store_write(store, STATEMENT_SET_FACT, NULL);
}

int64_t store_changes(const struct store *store)
{
    return sqlite3_total_changes64(store->db);
}
