/*
 * The events of an emergency are a chain: its row names the last, each event the one before, in no certain
 * order. An index would cost each webhook a page more, anywhere in it; the emergency's row is written anyway,
 * soon after the event. Until then what it is to name is kept in memory. Each event is linked once, when it
 * is added or claimed, and a join puts a whole chain in front of another, so that every chain ends. Errors:
 * see store_statements.c.
 */
#include "lib/store_internal.h"

enum store_result store_last_event(struct store *store, int64_t emergency, int64_t *event)
{
    const struct known_emergency *known = store_known(store, emergency);
    *event = 0;
    if (store->unwritten.emergency == emergency) {
        *event = store->unwritten.last_event;
        return STORE_OK;
    }
    if (known) {
        *event = known->last_event;
        return STORE_OK;
    }
    sqlite3_stmt *select = store_use(store, STATEMENT_LAST_OF_CHAIN);
    sqlite3_bind_int64(select, 1, emergency);
    enum store_result result = store_next(store, STATEMENT_LAST_OF_CHAIN);
    if (result == STORE_OK)
        *event = sqlite3_column_int64(select, 0);
    store_done(store, STATEMENT_LAST_OF_CHAIN);
    return result;
}

enum store_result store_set_last_event(struct store *store, int64_t emergency, int64_t event)
{
    enum store_result result = STORE_OK;
    if (store->unwritten.emergency != emergency)
        result = store_write_last_event(store);
    store->unwritten = (struct chain_end){emergency, event};
    return result;
}

enum store_result store_write_last_event(struct store *store)
{
    const struct chain_end end = store->unwritten;
    if (end.emergency == 0)
        return STORE_OK;
    sqlite3_stmt *put = store_use(store, STATEMENT_PUT_LAST_OF_CHAIN);
    sqlite3_bind_int64(put, 1, end.last_event);
    sqlite3_bind_int64(put, 2, end.emergency);
    store->unwritten = (struct chain_end){0};
    store_forget(store, end.emergency);
    return store_write(store, STATEMENT_PUT_LAST_OF_CHAIN, NULL);
}
