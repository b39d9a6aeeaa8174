/*
 * The journal's rows. Errors: see store_statements.c; a meaning that can't be read back is damage.
 */
#include <stdio.h>

#include "lib/store_internal.h"
#include "lib/text.h"

static void bind_event(sqlite3_stmt *insert, const struct event *event, const struct journal_entry *entry)
{
    sqlite3_bind_int64(insert, 1, event->emergency);
    sqlite3_bind_int(insert, 2, (int)event->type);
    sqlite3_bind_int(insert, 3, (int)event->source);
    sqlite3_bind_int64(insert, 4, event->at_ms);
    sqlite3_bind_int64(insert, 5, event->now_ms);
    sqlite3_bind_text(insert, 6, event->id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(insert, 7, event->ticket_id);
    store_bind_text(insert, 8, event->page.incident);
    sqlite3_bind_int(insert, 9, (int)entry->outcome);
    if (entry->repeat_key)
        sqlite3_bind_text(insert, 11, entry->repeat_key, -1, SQLITE_STATIC);
    if (event->type == EVENT_COMMENT && event->comment.id > 0) {
        sqlite3_bind_int64(insert, 12, event->comment.id);
        sqlite3_bind_int(insert, 13, (int)event->comment.standing);
    }
    sqlite3_bind_int64(insert, 14, event->row);
    store_bind_text(insert, 15, entry->kind);
    store_bind_text(insert, 16, entry->say);
    sqlite3_bind_int64(insert, 17, entry->due_ms);
}

enum store_result store_find_repeat(struct store *store, const char *repeat_key, int64_t *row)
{
    sqlite3_stmt *select = store_use(store, STATEMENT_FIND_REPEAT);
    sqlite3_bind_text(select, 1, repeat_key, -1, SQLITE_STATIC);
    enum store_result result = store_next(store, STATEMENT_FIND_REPEAT);
    if (result == STORE_OK)
        *row = sqlite3_column_int64(select, 0);
    store_done(store, STATEMENT_FIND_REPEAT);
    return result;
}

static enum store_result find_last(struct store *store)
{
    sqlite3_stmt *select = store_use(store, STATEMENT_LAST_EVENT);
    enum store_result result = store_next(store, STATEMENT_LAST_EVENT);
    if (result == STORE_OK)
        store->last_event = sqlite3_column_int64(select, 0);
    store_done(store, STATEMENT_LAST_EVENT);
    return result;
}

enum store_result store_number_event(struct store *store, struct event *event)
{
    enum store_result result = store->last_event == 0 ? find_last(store) : STORE_OK;
    if (result == STORE_OK)
        event->row = ++store->last_event;
    return result;
}

static enum store_result add_payload(struct store *store, const struct event *event,
                                     const struct journal_entry *entry)
{
    sqlite3_stmt *insert = store_use(store, STATEMENT_ADD_PAYLOAD);
    sqlite3_bind_int64(insert, 1, event->row);
    sqlite3_bind_int64(insert, 2, event->now_ms);
    sqlite3_bind_blob64(insert, 3, entry->payload, entry->payload_length, SQLITE_STATIC);
    return store_write(store, STATEMENT_ADD_PAYLOAD, NULL);
}

enum store_result store_add_event(struct store *store, struct event *event, const struct journal_entry *entry)
{
    char meaning[EVENT_MEANING_SIZE];
    int changed = 0;
    size_t length = event_meaning(event, meaning, sizeof meaning);
    enum store_result result = event->row == 0 ? store_number_event(store, event) : STORE_OK;
    if (result != STORE_OK)
        return result;
    sqlite3_stmt *insert = store_use(store, STATEMENT_ADD_EVENT);
    bind_event(insert, event, entry);
    sqlite3_bind_text(insert, 10, meaning, (int)length, SQLITE_STATIC);
    result = store_write(store, STATEMENT_ADD_EVENT, &changed);
    if (result != STORE_OK)
        return result;
    if (changed == 0) {
        result = store_find_repeat(store, entry->repeat_key, &event->row);
        return result == STORE_OK ? STORE_NONE : result;
    }
    return entry->payload ? add_payload(store, event, entry) : STORE_OK;
}

enum store_result store_settle_event(struct store *store, int64_t row, int64_t emergency,
                                     enum delivery_outcome outcome, const char *kind, const char *say,
                                     int64_t due_ms)
{
    sqlite3_stmt *update = store_use(store, STATEMENT_SETTLE_EVENT);
    sqlite3_bind_int64(update, 1, emergency);
    sqlite3_bind_int(update, 2, (int)outcome);
    store_bind_text(update, 3, kind);
    store_bind_text(update, 4, say);
    sqlite3_bind_int64(update, 5, due_ms);
    sqlite3_bind_int64(update, 6, row);
    return store_write(store, STATEMENT_SETTLE_EVENT, NULL);
}

enum store_result store_knows_comment(struct store *store, int64_t emergency, int64_t comment,
                                      enum author_standing standing, bool *known)
{
    enum store_result result;
    sqlite3_stmt *select = store_use(store, STATEMENT_KNOWS_COMMENT);
    sqlite3_bind_int64(select, 1, comment);
    sqlite3_bind_int64(select, 2, emergency);
    *known = false;
    while ((result = store_next(store, STATEMENT_KNOWS_COMMENT)) == STORE_OK)
        if (sqlite3_column_int(select, 0) != AUTHOR_OUTSIDER || standing == AUTHOR_OUTSIDER)
            *known = true; /* an outsider may turn out to be none */
    store_done(store, STATEMENT_KNOWS_COMMENT);
    return result == STORE_NONE ? STORE_OK : result;
}

static enum store_result read_event(struct store *store, sqlite3_stmt *select, void *row)
{
    struct event *event = row;
    event->row = sqlite3_column_int64(select, 0);
    event->emergency = sqlite3_column_int64(select, 1);
    event->type = (enum event_type)sqlite3_column_int(select, 2);
    event->source = (enum event_source)sqlite3_column_int(select, 3);
    event->at_ms = sqlite3_column_int64(select, 4);
    event->now_ms = sqlite3_column_int64(select, 5);
    store_read_text(select, 6, event->id, sizeof event->id);
    event->ticket_id = sqlite3_column_int64(select, 7);
    const char *meaning = (const char *)sqlite3_column_text(select, 8);
    size_t length = (size_t)sqlite3_column_bytes(select, 8);
    if (!meaning || !event_from_meaning(store->meanings, meaning, length, event))
        return store_failed(store, SQLITE_CORRUPT, "meaning");
    return STORE_OK;
}

/* What was noted before the clock was set moves with it. */
static enum store_result follow_clock(struct store *store, struct event *events, size_t count)
{
    enum store_result result;
    int64_t oldest = INT64_MAX;
    for (size_t i = 0; i < count; i++)
        if (events[i].row < oldest)
            oldest = events[i].row;
    sqlite3_stmt *steps = store_use(store, STATEMENT_CLOCK_STEPS);
    sqlite3_bind_int64(steps, 1, oldest);
    while ((result = store_next(store, STATEMENT_CLOCK_STEPS)) == STORE_OK)
        events_move(events, count, sqlite3_column_int64(steps, 0), sqlite3_column_int64(steps, 1));
    store_done(store, STATEMENT_CLOCK_STEPS);
    return store_walked(result);
}

enum store_result store_events(struct store *store, int64_t emergency, struct event **events, size_t *count)
{
    enum store_result result = STORE_OK;
    sqlite3_bind_int64(store_use(store, STATEMENT_EVENTS), 1, emergency);
    *events = store_collect(store, STATEMENT_EVENTS, sizeof **events, read_event, count, &result);
    return result == STORE_OK ? follow_clock(store, *events, *count) : result;
}

enum store_result store_add_clock_step(struct store *store, int64_t shift_ms)
{
    sqlite3_bind_int64(store_use(store, STATEMENT_ADD_CLOCK_STEP), 1, shift_ms);
    return store_write(store, STATEMENT_ADD_CLOCK_STEP, NULL);
}

enum store_result store_claim_events(struct store *store, int64_t emergency, int64_t ticket,
                                     const char *incident, int64_t since_ms, size_t *claimed)
{
    int of_ticket = 0;
    int of_incident = 0;
    sqlite3_stmt *update = store_use(store, STATEMENT_CLAIM_OF_TICKET);
    sqlite3_bind_int64(update, 1, emergency);
    sqlite3_bind_int64(update, 2, ticket);
    sqlite3_bind_int64(update, 3, since_ms);
    enum store_result result = store_write(store, STATEMENT_CLAIM_OF_TICKET, &of_ticket);
    if (result == STORE_OK) {
        update = store_use(store, STATEMENT_CLAIM_OF_INCIDENT);
        sqlite3_bind_int64(update, 1, emergency);
        store_bind_text(update, 2, incident);
        sqlite3_bind_int64(update, 3, since_ms);
        result = store_write(store, STATEMENT_CLAIM_OF_INCIDENT, &of_incident);
    }
    *claimed = (size_t)of_ticket + (size_t)of_incident;
    return result;
}

static enum store_result read_entry(struct store *store, sqlite3_stmt *select, void *row)
{
    struct timeline_entry *entry = row;
    (void)store;
    entry->at_ms = sqlite3_column_int64(select, 0);
    store_read_text(select, 1, entry->kind, sizeof entry->kind);
    store_read_text(select, 2, entry->by, sizeof entry->by);
    store_read_text(select, 3, entry->text, sizeof entry->text);
    return STORE_OK;
}

enum store_result store_timeline(struct store *store, int64_t emergency, struct timeline_entry **entries,
                                 size_t *count)
{
    enum store_result result = STORE_OK;
    sqlite3_bind_int64(store_use(store, STATEMENT_TIMELINE), 1, emergency);
    *entries = store_collect(store, STATEMENT_TIMELINE, sizeof **entries, read_entry, count, &result);
    return result;
}

enum store_result store_drop_payloads(struct store *store, int64_t before_ms, int limit, int *dropped)
{
    sqlite3_stmt *drop = store_use(store, STATEMENT_DROP_PAYLOADS);
    sqlite3_bind_int64(drop, 1, before_ms);
    sqlite3_bind_int(drop, 2, limit);
    return store_write(store, STATEMENT_DROP_PAYLOADS, dropped);
}
