/*
 * The journal's rows. Errors: see store_statements.c; a meaning that can't be read back is damage.
 */
#include <stdio.h>
#include <stdlib.h>

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
        store->last_number = sqlite3_column_int64(select, 0);
    store_done(store, STATEMENT_LAST_EVENT);
    return result;
}

enum store_result store_number_event(struct store *store, struct event *event)
{
    enum store_result result = store->last_number == 0 ? find_last(store) : STORE_OK;
    if (result == STORE_OK)
        event->row = ++store->last_number;
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

/* The event before the next one of EMERGENCY; 0: there is none. */
static enum store_result find_previous(struct store *store, int64_t emergency, int64_t *previous)
{
    *previous = 0;
    if (emergency == 0)
        return STORE_OK;
    enum store_result result = store_last_event(store, emergency, previous);
    return result == STORE_NONE ? store_failed(store, SQLITE_CONSTRAINT, "event of no emergency") : result;
}

/* STORE_NONE: it is a repeat. */
static enum store_result insert_event(struct store *store, const struct event *event,
                                      const struct journal_entry *entry, int64_t previous)
{
    char meaning[EVENT_MEANING_SIZE];
    int changed = 0;
    size_t length = event_meaning(event, meaning, sizeof meaning);
    sqlite3_stmt *insert = store_use(store, STATEMENT_ADD_EVENT);
    bind_event(insert, event, entry);
    sqlite3_bind_text(insert, 10, meaning, (int)length, SQLITE_STATIC);
    sqlite3_bind_int64(insert, 18, previous);
    enum store_result result = store_write(store, STATEMENT_ADD_EVENT, &changed);
    return result == STORE_OK && changed == 0 ? STORE_NONE : result;
}

enum store_result store_add_event(struct store *store, struct event *event, const struct journal_entry *entry)
{
    int64_t previous = 0;
    enum store_result result = event->row == 0 ? store_number_event(store, event) : STORE_OK;
    if (result == STORE_OK)
        result = find_previous(store, event->emergency, &previous);
    if (result == STORE_OK)
        result = insert_event(store, event, entry, previous);
    if (result == STORE_NONE) {
        result = store_find_repeat(store, entry->repeat_key, &event->row);
        return result == STORE_OK ? STORE_NONE : result;
    }
    if (result == STORE_OK && event->emergency > 0)
        result = store_set_last_event(store, event->emergency, event->row);
    return result == STORE_OK && entry->payload ? add_payload(store, event, entry) : result;
}

enum store_result store_settle_event(struct store *store, int64_t row, enum delivery_outcome outcome,
                                     const char *kind, const char *say, int64_t due_ms)
{
    sqlite3_stmt *update = store_use(store, STATEMENT_SETTLE_EVENT);
    sqlite3_bind_int(update, 1, (int)outcome);
    store_bind_text(update, 2, kind);
    store_bind_text(update, 3, say);
    sqlite3_bind_int64(update, 4, due_ms);
    sqlite3_bind_int64(update, 5, row);
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

/* STATEMENT is ready to go through the events of EMERGENCY. */
static enum store_result use_chain(struct store *store, enum store_statement statement, int64_t emergency)
{
    int64_t last = 0;
    enum store_result result = store_walked(store_last_event(store, emergency, &last));
    if (result == STORE_OK)
        sqlite3_bind_int64(store_use(store, statement), 1, last);
    return result;
}

enum store_result store_events(struct store *store, int64_t emergency, struct event **events, size_t *count)
{
    enum store_result result = use_chain(store, STATEMENT_EVENTS, emergency);
    *events = NULL;
    *count = 0;
    if (result != STORE_OK)
        return result;
    *events = store_collect(store, STATEMENT_EVENTS, sizeof **events, read_event, count, &result);
    return result == STORE_OK ? follow_clock(store, *events, *count) : result;
}

enum store_result store_add_clock_step(struct store *store, int64_t shift_ms)
{
    sqlite3_bind_int64(store_use(store, STATEMENT_ADD_CLOCK_STEP), 1, shift_ms);
    return store_write(store, STATEMENT_ADD_CLOCK_STEP, NULL);
}

static enum store_result read_row_number(struct store *store, sqlite3_stmt *select, void *row)
{
    (void)store;
    *(int64_t *)row = sqlite3_column_int64(select, 0);
    return STORE_OK;
}

static enum store_result claim_event(struct store *store, int64_t emergency, int64_t row)
{
    int64_t previous = 0;
    enum store_result result = find_previous(store, emergency, &previous);
    if (result != STORE_OK)
        return result;
    sqlite3_stmt *update = store_use(store, STATEMENT_CLAIM_EVENT);
    sqlite3_bind_int64(update, 1, emergency);
    sqlite3_bind_int64(update, 2, previous);
    sqlite3_bind_int64(update, 3, row);
    result = store_write(store, STATEMENT_CLAIM_EVENT, NULL);
    return result == STORE_OK ? store_set_last_event(store, emergency, row) : result;
}

/* Those that the bound STATEMENT finds. */
static enum store_result claim_found(struct store *store, enum store_statement statement, int64_t emergency,
                                     size_t *claimed)
{
    enum store_result result = STORE_OK;
    size_t count = 0;
    int64_t *rows = store_collect(store, statement, sizeof *rows, read_row_number, &count, &result);
    for (size_t i = 0; i < count && result == STORE_OK; i++)
        result = claim_event(store, emergency, rows[i]);
    free(rows);
    *claimed += count;
    return result;
}

enum store_result store_claim_events(struct store *store, int64_t emergency, int64_t ticket,
                                     const char *incident, int64_t since_ms, size_t *claimed)
{
    *claimed = 0;
    sqlite3_stmt *select = store_use(store, STATEMENT_WAITING_OF_TICKET);
    sqlite3_bind_int64(select, 1, ticket);
    sqlite3_bind_int64(select, 2, since_ms);
    enum store_result result = claim_found(store, STATEMENT_WAITING_OF_TICKET, emergency, claimed);
    if (result != STORE_OK)
        return result;
    select = store_use(store, STATEMENT_WAITING_OF_INCIDENT);
    store_bind_text(select, 1, incident);
    sqlite3_bind_int64(select, 2, since_ms);
    return claim_found(store, STATEMENT_WAITING_OF_INCIDENT, emergency, claimed);
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
    enum store_result result = use_chain(store, STATEMENT_TIMELINE, emergency);
    *entries = NULL;
    *count = 0;
    if (result != STORE_OK)
        return result;
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
