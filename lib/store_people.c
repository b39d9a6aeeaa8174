/*
 * People, and who of them is on call. Errors: see store_statements.c.
 */
#include "lib/store_internal.h"

enum store_result store_put_person(struct store *store, const struct person *person)
{
    sqlite3_stmt *put = store_use(store, STATEMENT_PUT_PERSON);
    sqlite3_bind_text(put, 1, person->email, -1, SQLITE_STATIC);
    sqlite3_bind_text(put, 2, person->name, -1, SQLITE_STATIC);
    store_bind_text(put, 3, person->pagerduty_id);
    store_bind_text(put, 4, person->slack_id);
    sqlite3_bind_int64(put, 5, person->zendesk_id);
    sqlite3_bind_int(put, 6, (int)person->standing);
    sqlite3_bind_int64(put, 7, person->slack_asked_ms);
    sqlite3_bind_int64(put, 8, person->zendesk_asked_ms);
    sqlite3_bind_int64(put, 9, person->pagerduty_asked_ms);
    return store_write(store, STATEMENT_PUT_PERSON, NULL);
}

static enum store_result get_person(struct store *store, enum store_statement statement, const char *key,
                                    struct person *person)
{
    *person = (struct person){0};
    sqlite3_stmt *select = store_use(store, statement);
    sqlite3_bind_text(select, 1, key, -1, SQLITE_STATIC);
    enum store_result result = store_next(store, statement);
    if (result == STORE_OK) {
        store_read_text(select, 0, person->email, sizeof person->email);
        store_read_text(select, 1, person->name, sizeof person->name);
        store_read_text(select, 2, person->pagerduty_id, sizeof person->pagerduty_id);
        store_read_text(select, 3, person->slack_id, sizeof person->slack_id);
        person->zendesk_id = sqlite3_column_int64(select, 4);
        person->standing = (enum author_standing)sqlite3_column_int(select, 5);
        person->slack_asked_ms = sqlite3_column_int64(select, 6);
        person->zendesk_asked_ms = sqlite3_column_int64(select, 7);
        person->pagerduty_asked_ms = sqlite3_column_int64(select, 8);
    }
    store_done(store, statement);
    return result;
}

enum store_result store_get_person(struct store *store, const char *email, struct person *person)
{
    return get_person(store, STATEMENT_GET_PERSON, email, person);
}

enum store_result store_person_of_pagerduty(struct store *store, const char *id, struct person *person)
{
    return get_person(store, STATEMENT_PERSON_OF_PAGERDUTY, id, person);
}

enum store_result store_person_of_slack(struct store *store, const char *id, struct person *person)
{
    return get_person(store, STATEMENT_PERSON_OF_SLACK, id, person);
}

enum store_result store_put_oncalls(struct store *store, const struct oncall *oncalls, size_t count)
{
    store_use(store, STATEMENT_CLEAR_ONCALLS);
    enum store_result result = store_write(store, STATEMENT_CLEAR_ONCALLS, NULL);
    for (size_t i = 0; i < count && result == STORE_OK; i++) {
        sqlite3_stmt *insert = store_use(store, STATEMENT_ADD_ONCALL);
        sqlite3_bind_text(insert, 1, oncalls[i].schedule, -1, SQLITE_STATIC);
        sqlite3_bind_text(insert, 2, oncalls[i].user_id, -1, SQLITE_STATIC);
        sqlite3_bind_text(insert, 3, oncalls[i].name, -1, SQLITE_STATIC);
        sqlite3_bind_text(insert, 4, oncalls[i].email, -1, SQLITE_STATIC);
        sqlite3_bind_int64(insert, 5, oncalls[i].start_ms);
        sqlite3_bind_int64(insert, 6, oncalls[i].end_ms);
        result = store_write(store, STATEMENT_ADD_ONCALL, NULL);
    }
    return result;
}

static enum store_result read_oncall(struct store *store, sqlite3_stmt *select, void *row)
{
    struct oncall *oncall = row;
    (void)store;
    store_read_text(select, 0, oncall->schedule, sizeof oncall->schedule);
    store_read_text(select, 1, oncall->user_id, sizeof oncall->user_id);
    store_read_text(select, 2, oncall->name, sizeof oncall->name);
    store_read_text(select, 3, oncall->email, sizeof oncall->email);
    oncall->start_ms = sqlite3_column_int64(select, 4);
    oncall->end_ms = sqlite3_column_int64(select, 5);
    return STORE_OK;
}

enum store_result store_oncalls(struct store *store, struct oncall **oncalls, size_t *count)
{
    enum store_result result = STORE_OK;
    store_use(store, STATEMENT_ONCALLS);
    *oncalls = store_collect(store, STATEMENT_ONCALLS, sizeof **oncalls, read_oncall, count, &result);
    return result;
}
