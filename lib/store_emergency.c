/*
 * Emergencies and their pages as rows. Errors: see store_statements.c; a join that leads nowhere is damage.
 */
#include <string.h>

#include "lib/store_internal.h"
#include "lib/text.h"

static bool has_page(const struct emergency *was, const struct page *page, int position)
{
    return was && position < was->page_count && store_same_page(&was->pages[position], page);
}

static enum store_result put_page(struct store *store, const struct page *page, int64_t emergency,
                                  int position)
{
    sqlite3_stmt *put = store_use(store, STATEMENT_PUT_PAGE);
    int next = store_bind_page(put, page);
    sqlite3_bind_int64(put, next, emergency);
    sqlite3_bind_int(put, next + 1, position);
    return store_write(store, STATEMENT_PUT_PAGE, NULL);
}

static bool forgets_first_page(const struct emergency *was, const struct emergency *e)
{
    if (!was || was->page_count < EMERGENCY_PAGES)
        return false;
    for (int i = 0; i < e->page_count; i++)
        if (strcmp(e->pages[i].incident, was->pages[0].incident) == 0)
            return false;
    return true;
}

static enum store_result put_pages(struct store *store, const struct emergency *was,
                                   const struct emergency *e)
{
    enum store_result result = STORE_OK;
    if (forgets_first_page(was,
                           e)) /* out of the way: it still leads here, but is none of those that are read */
        result = put_page(store, &was->pages[0], e->id, EMERGENCY_PAGES);
    for (int i = 0; i < e->page_count && result == STORE_OK; i++) {
        if (has_page(was, &e->pages[i], i))
            continue;
        result = put_page(store, &e->pages[i], e->id, i);
    }
    return result;
}

static void note_twice(struct store *store, const struct emergency *e)
{
    log_event(store->log, LOG_LEVEL_WARNING, "STORE-TWICE", e->id, e->ticket_id,
              "not written: another emergency of this ticket is open");
}

static enum store_result put_new_detail(struct store *store, const struct emergency *e)
{
    sqlite3_stmt *insert = store_use(store, STATEMENT_NEW_DETAIL);
    sqlite3_bind_int64(insert, store_bind_detail(insert, e), e->id);
    return store_write(store, STATEMENT_NEW_DETAIL, NULL);
}

enum store_result store_new_emergency(struct store *store, struct emergency *e)
{
    sqlite3_stmt *insert = store_use(store, STATEMENT_NEW_EMERGENCY);
    store_bind_keys(insert, store_bind_emergency(insert, e), e);
    enum store_result result = store_write_unique(store, STATEMENT_NEW_EMERGENCY);
    if (result == STORE_NONE)
        note_twice(store, e);
    if (result != STORE_OK)
        return result;
    e->id = sqlite3_last_insert_rowid(store->db);
    result = put_new_detail(store, e);
    if (result == STORE_OK)
        result = put_pages(store, NULL, e);
    if (result == STORE_OK)
        store_know(store, e, 0, 0);
    return result;
}

static enum store_result put_keys(struct store *store, const struct emergency *e)
{
    sqlite3_stmt *put = store_use(store, STATEMENT_PUT_KEYS);
    sqlite3_bind_int64(put, store_bind_keys(put, 1, e), e->id);
    enum store_result result = store_write_unique(store, STATEMENT_PUT_KEYS);
    if (result == STORE_NONE)
        note_twice(store, e);
    return result;
}

static enum store_result put_wake(struct store *store, const struct emergency *e, int64_t wake_ms)
{
    sqlite3_stmt *put = store_use(store, STATEMENT_PUT_WAKE);
    sqlite3_bind_int64(put, 1, wake_ms);
    sqlite3_bind_int64(put, 2, e->id);
    return store_write(store, STATEMENT_PUT_WAKE, NULL);
}

static enum store_result put_row(struct store *store, const struct emergency *e, int64_t last_event)
{
    sqlite3_stmt *put = store_use(store, STATEMENT_PUT_EMERGENCY);
    int next = store_bind_emergency(put, e);
    sqlite3_bind_int64(put, next, last_event);
    sqlite3_bind_int64(put, next + 1, e->id);
    if (store->unwritten.emergency == e->id)
        store->unwritten = (struct chain_end){0};
    return store_write(store, STATEMENT_PUT_EMERGENCY, NULL);
}

static bool has_row(const struct known_emergency *known, const struct emergency *e, int64_t last_event)
{
    return known && known->last_event == last_event && store_same_emergency(&known->e, e);
}

static enum store_result put_detail(struct store *store, const struct emergency *e)
{
    sqlite3_stmt *put = store_use(store, STATEMENT_PUT_DETAIL);
    sqlite3_bind_int64(put, store_bind_detail(put, e), e->id);
    return store_write(store, STATEMENT_PUT_DETAIL, NULL);
}

enum store_result store_put_emergency(struct store *store, const struct emergency *e, int64_t wake_ms)
{
    const struct known_emergency *known = store_known(store, e->id);
    const struct emergency *was = known ? &known->e : NULL;
    int64_t last_event = 0;
    enum store_result result = store_walked(store_last_event(store, e->id, &last_event));
    /* first: nothing is written if its ticket is another's */
    if (result == STORE_OK && (!was || !store_same_keys(was, e)))
        result = put_keys(store, e);
    if (result == STORE_OK && (!known || known->wake_ms != wake_ms))
        result = put_wake(store, e, wake_ms);
    if (result == STORE_OK && !has_row(known, e, last_event))
        result = put_row(store, e, last_event);
    if (result == STORE_OK && (!was || !store_same_detail(was, e)))
        result = put_detail(store, e);
    if (result == STORE_OK)
        result = put_pages(store, was, e);
    if (result == STORE_OK)
        store_know(store, e, wake_ms, last_event);
    return result;
}

/* Reads the row of ID; *JOINED_INTO is 0 or where to look instead. */
static enum store_result read_one(struct store *store, int64_t id, struct emergency *e, int64_t *joined_into)
{
    sqlite3_stmt *select = store_use(store, STATEMENT_GET_EMERGENCY);
    sqlite3_bind_int64(select, 1, id);
    enum store_result result = store_next(store, STATEMENT_GET_EMERGENCY);
    if (result == STORE_OK) {
        int64_t wake_ms = sqlite3_column_int64(select, 2);
        int64_t last_event = sqlite3_column_int64(select, 3);
        *joined_into = sqlite3_column_int64(select, 1);
        result = store_read_emergency(store, select, e);
        if (result == STORE_OK && *joined_into == 0)
            store_know(store, e, wake_ms, last_event);
    }
    store_done(store, STATEMENT_GET_EMERGENCY);
    return result;
}

enum store_result store_get_emergency(struct store *store, int64_t id, struct emergency *e)
{
    /* a row joins an older one, so that this ends */
    for (int64_t wanted = id; wanted > 0;) {
        const struct known_emergency *known = store_known(store, wanted);
        int64_t joined_into = 0;
        if (known) {
            *e = known->e;
            return store->lost;
        }
        enum store_result result = read_one(store, wanted, e, &joined_into);
        if (result != STORE_OK || joined_into == 0)
            return result;
        wanted = joined_into != wanted ? joined_into : 0;
    }
    return STORE_NONE;
}

/* The emergency whose id the bound STATEMENT gives. */
static enum store_result get_found(struct store *store, enum store_statement statement, struct emergency *e)
{
    int64_t id = 0;
    enum store_result result = store_next(store, statement);
    if (result == STORE_OK)
        id = sqlite3_column_int64(store->statements[statement], 0);
    store_done(store, statement);
    return result == STORE_OK ? store_get_emergency(store, id, e) : result;
}

enum store_result store_open_of_ticket(struct store *store, int64_t ticket, struct emergency *e)
{
    sqlite3_bind_int64(store_use(store, STATEMENT_OPEN_OF_TICKET), 1, ticket);
    return get_found(store, STATEMENT_OPEN_OF_TICKET, e);
}

enum store_result store_last_of_ticket(struct store *store, int64_t ticket, struct emergency *e)
{
    sqlite3_bind_int64(store_use(store, STATEMENT_LAST_OF_TICKET), 1, ticket);
    return get_found(store, STATEMENT_LAST_OF_TICKET, e);
}

enum store_result store_ended_of_ticket(struct store *store, int64_t ticket, int64_t since_ms,
                                        struct emergency *e)
{
    sqlite3_stmt *select = store_use(store, STATEMENT_ENDED_OF_TICKET);
    sqlite3_bind_int64(select, 1, ticket);
    sqlite3_bind_int64(select, 2, since_ms);
    return get_found(store, STATEMENT_ENDED_OF_TICKET, e);
}

enum store_result store_of_ticket(struct store *store, int64_t ticket, struct emergency *e)
{
    enum store_result found = store_open_of_ticket(store, ticket, e);
    return found == STORE_NONE ? store_last_of_ticket(store, ticket, e) : found;
}

enum store_result store_of_meeting(struct store *store, int64_t meeting, struct emergency *e)
{
    sqlite3_bind_int64(store_use(store, STATEMENT_OF_MEETING), 1, meeting);
    enum store_result result = get_found(store, STATEMENT_OF_MEETING, e);
    if (result != STORE_NONE)
        return result;
    sqlite3_bind_int64(store_use(store, STATEMENT_OF_FORMER_MEETING), 1, meeting);
    return get_found(store, STATEMENT_OF_FORMER_MEETING, e);
}

/* The first behind AFTER whose organisation is below BELOW. */
static enum store_result find_of_engineer(struct store *store, const char *engineer_id,
                                          const struct store_turn *after, int64_t below, struct emergency *e)
{
    sqlite3_stmt *select = store_use(store, STATEMENT_OF_ENGINEER);
    sqlite3_bind_text(select, 1, engineer_id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(select, 2, after->organization);
    sqlite3_bind_int64(select, 3, after->id);
    sqlite3_bind_int64(select, 4, below);
    return get_found(store, STATEMENT_OF_ENGINEER, e);
}

enum store_result store_of_engineer(struct store *store, const char *engineer_id, int64_t organization,
                                    struct store_turn *turn, struct emergency *e)
{
    enum store_result result = STORE_NONE;
    if (turn->organization < organization)
        result = find_of_engineer(store, engineer_id, turn, organization, e);
    if (result == STORE_NONE) { /* those of ORGANIZATION are passed over; without one nobody is of the same */
        if (organization > 0 && turn->organization <= organization)
            *turn = (struct store_turn){organization + 1, 0}; /* where the index is searched for */
        result = find_of_engineer(store, engineer_id, turn, INT64_MAX, e);
    }
    if (result == STORE_OK)
        *turn = (struct store_turn){e->organization_id, e->id};
    return result;
}

enum store_result store_of_incident(struct store *store, const char *incident, struct emergency *e)
{
    store_bind_text(store_use(store, STATEMENT_OF_INCIDENT), 1, incident);
    return get_found(store, STATEMENT_OF_INCIDENT, e);
}

/* --- joining --- */

static enum store_result move_rows(struct store *store, enum store_statement statement, int64_t younger,
                                   int64_t older)
{
    sqlite3_stmt *update = store_use(store, statement);
    sqlite3_bind_int64(update, 1, older);
    sqlite3_bind_int64(update, 2, younger);
    return store_write(store, statement, NULL);
}

static enum store_result cancel_pending(struct store *store, int64_t emergency, int64_t now_ms)
{
    sqlite3_stmt *update = store_use(store, STATEMENT_JOIN_CANCEL);
    sqlite3_bind_int64(update, 1, now_ms);
    sqlite3_bind_int64(update, 2, emergency);
    return store_write(store, STATEMENT_JOIN_CANCEL, NULL);
}

/* The younger's chain goes on with the older's. */
static enum store_result join_events(struct store *store, int64_t younger, int64_t older)
{
    int64_t first = 0;
    int64_t last = 0;
    enum store_result result = store_walked(store_last_event(store, older, &first));
    if (result == STORE_OK)
        result = store_walked(store_last_event(store, younger, &last));
    if (result != STORE_OK || last == 0)
        return result;
    sqlite3_stmt *update = store_use(store, STATEMENT_JOIN_EVENTS);
    sqlite3_bind_int64(update, 1, last);
    sqlite3_bind_int64(update, 2, older);
    sqlite3_bind_int64(update, 3, first);
    result = store_write(store, STATEMENT_JOIN_EVENTS, NULL);
    return result == STORE_OK ? store_set_last_event(store, older, last) : result;
}

/* The pages follow when the older one is put. */
enum store_result store_join(struct store *store, int64_t younger, int64_t older, int64_t now_ms)
{
    enum store_result result = cancel_pending(store, younger, now_ms);
    if (result == STORE_OK)
        result = join_events(store, younger, older);
    store_forget(store, younger);
    store_forget(store, older);
    if (result == STORE_OK)
        result = move_rows(store, STATEMENT_JOIN_ACTIONS, younger, older);
    if (result != STORE_OK)
        return result;
    sqlite3_stmt *update = store_use(store, STATEMENT_JOIN_EMERGENCY);
    sqlite3_bind_int64(update, 1, older);
    sqlite3_bind_int64(update, 2, younger);
    sqlite3_bind_int64(update, 3, now_ms);
    return store_write(store, STATEMENT_JOIN_EMERGENCY, NULL);
}

/* --- walks over the open ones --- */

enum store_result store_wakes(struct store *store, store_wake_fn *each, void *context)
{
    enum store_result result = STORE_OK;
    sqlite3_stmt *select = store_use(store, STATEMENT_WAKES);
    while ((result = store_next(store, STATEMENT_WAKES)) == STORE_OK)
        if (!each(context, sqlite3_column_int64(select, 0), sqlite3_column_int64(select, 1)))
            break;
    store_done(store, STATEMENT_WAKES);
    return store_walked(result);
}

enum store_result store_wake_all(struct store *store)
{
    enum store_result result = store_write_last_event(store);
    if (result != STORE_OK)
        return result;
    store_forget_all(store);
    store_use(store, STATEMENT_WAKE_ALL);
    return store_write(store, STATEMENT_WAKE_ALL, NULL);
}

static sqlite3_stmt *use_walk(struct store *store, enum store_statement statement, int64_t after, int limit)
{
    sqlite3_stmt *select = store_use(store, statement);
    sqlite3_bind_int64(select, 1, after);
    sqlite3_bind_int(select, 2, limit);
    return select;
}

enum store_result store_open_tickets(struct store *store, int64_t after, struct store_ticket *out, int limit,
                                     int *count)
{
    enum store_result result = STORE_OK;
    sqlite3_stmt *select = use_walk(store, STATEMENT_OPEN_TICKETS, after, limit);
    for (*count = 0; (result = store_next(store, STATEMENT_OPEN_TICKETS)) == STORE_OK; ++*count)
        out[*count] = (struct store_ticket){.emergency = sqlite3_column_int64(select, 0),
                                            .ticket = sqlite3_column_int64(select, 1)};
    store_done(store, STATEMENT_OPEN_TICKETS);
    return store_walked(result);
}

/* Takes back the last emergency of a full array, as more of it may follow. */
static int without_last(const struct store_incident *out, int count)
{
    int whole = count - 1;
    while (whole > 0 && out[whole - 1].emergency == out[count - 1].emergency)
        whole--;
    return whole > 0 ? whole : count;
}

enum store_result store_open_incidents(struct store *store, int64_t after_emergency,
                                       struct store_incident *out, int limit, int *count)
{
    enum store_result result = STORE_OK;
    bool more = false;
    sqlite3_stmt *select = use_walk(store, STATEMENT_OPEN_INCIDENTS, after_emergency, limit + 1);
    *count = 0;
    while ((result = store_next(store, STATEMENT_OPEN_INCIDENTS)) == STORE_OK) {
        more = *count == limit;
        if (more)
            break;
        struct store_incident *incident = &out[(*count)++];
        incident->emergency = sqlite3_column_int64(select, 0);
        store_read_text(select, 1, incident->incident, sizeof incident->incident);
    }
    store_done(store, STATEMENT_OPEN_INCIDENTS);
    if (more)
        *count = without_last(out, *count);
    return store_walked(result);
}

/* The ids that the bound STATEMENT gives, which has a limit. */
static enum store_result read_ids(struct store *store, enum store_statement statement, int64_t *ids,
                                  int *count)
{
    enum store_result result = STORE_OK;
    for (*count = 0; (result = store_next(store, statement)) == STORE_OK; ++*count)
        ids[*count] = sqlite3_column_int64(store->statements[statement], 0);
    store_done(store, statement);
    return store_walked(result);
}

enum store_result store_recent_ids(struct store *store, int64_t after, int64_t closed_since_ms, int64_t *ids,
                                   int limit, int *count)
{
    sqlite3_stmt *walk = store_use(store, STATEMENT_RECENT_IDS);
    sqlite3_bind_int64(walk, 1, after);
    sqlite3_bind_int64(walk, 2, closed_since_ms);
    sqlite3_bind_int(walk, 3, limit);
    return read_ids(store, STATEMENT_RECENT_IDS, ids, count);
}

enum store_result store_open_ids(struct store *store, int64_t after, int64_t *ids, int limit, int *count)
{
    (void)use_walk(store, STATEMENT_OPEN_IDS, after, limit);
    return read_ids(store, STATEMENT_OPEN_IDS, ids, count);
}

enum store_result store_of_bulk(struct store *store, const char *tag, int64_t after, int64_t *ids, int limit,
                                int *count)
{
    sqlite3_stmt *select = store_use(store, STATEMENT_OF_BULK);
    sqlite3_bind_text(select, 1, tag, -1, SQLITE_STATIC);
    sqlite3_bind_int64(select, 2, after);
    sqlite3_bind_int(select, 3, limit);
    return read_ids(store, STATEMENT_OF_BULK, ids, count);
}
