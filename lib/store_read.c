/*
 * What only the admin listener asks for: the list, the figures, and whether anything changed. Errors: see
 * store_statements.c.
 */
#include "lib/store_internal.h"

/* The statement for the emergencies of STATE, bound but for its first and its last parameter;
 * STATEMENT_COUNT: no such state. */
static enum store_statement use_list(struct store *store, const char *state)
{
    static const struct emergency closed = {.closing = CLOSING_BY_PERSON};
    if (*state == '\0')
        return STATEMENT_LIST;
    if (strcmp(state, emergency_state(&closed)) == 0)
        return STATEMENT_LIST_CLOSED;
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        struct emergency e = {.phase = (enum phase)phase};
        if (strcmp(state, emergency_state(&e)) != 0)
            continue;
        sqlite3_bind_int(store_use(store, STATEMENT_LIST_PHASE), 2, phase);
        return STATEMENT_LIST_PHASE;
    }
    return STATEMENT_COUNT;
}

enum store_result store_list(struct store *store, const char *state, int64_t before, struct emergency *out,
                             int limit, int *count)
{
    enum store_result result = STORE_OK;
    enum store_statement statement = use_list(store, state);
    *count = 0;
    if (statement == STATEMENT_COUNT)
        return STORE_OK;
    sqlite3_stmt *select = store_use(store, statement);
    sqlite3_bind_int64(select, 1, before > 0 ? before : INT64_MAX);
    sqlite3_bind_int(select, sqlite3_bind_parameter_count(select), limit);
    while ((result = store_next(store, statement)) == STORE_OK) {
        result = store_read_emergency(store, select, &out[*count]);
        if (result != STORE_OK)
            break;
        ++*count;
    }
    store_done(store, statement);
    return store_walked(result);
}

/* Fills COUNTS, of SIZE numbers, from rows of (index, number). */
static enum store_result count_by(struct store *store, enum store_statement statement, int64_t *counts,
                                  int size)
{
    enum store_result result = STORE_OK;
    sqlite3_stmt *select = store_use(store, statement);
    while ((result = store_next(store, statement)) == STORE_OK) {
        int i = sqlite3_column_int(select, 0);
        if (i >= 0 && i < size)
            counts[i] = sqlite3_column_int64(select, 1);
    }
    store_done(store, statement);
    return store_walked(result);
}

enum store_result store_figures(struct store *store, struct store_figures *figures)
{
    memset(figures, 0, sizeof *figures);
    enum store_result result = count_by(store, STATEMENT_COUNT_OPEN, figures->emergencies_open, PHASE_COUNT);
    if (result == STORE_OK)
        result = count_by(store, STATEMENT_COUNT_ACTIONS, figures->actions_open,
                          (int)COUNT_OF(figures->actions_open));
    return result == STORE_OK ? count_by(store, STATEMENT_COUNT_PARKED, &figures->actions_parked, 1) : result;
}

enum store_result store_version(struct store *store, int64_t *version)
{
    sqlite3_stmt *select = store_use(store, STATEMENT_DATA_VERSION);
    enum store_result result = store_next(store, STATEMENT_DATA_VERSION);
    if (result == STORE_OK)
        *version = 1 + sqlite3_column_int64(select, 0);
    store_done(store, STATEMENT_DATA_VERSION);
    return result;
}
