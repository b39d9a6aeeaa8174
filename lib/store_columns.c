/*
 * Members of structs to parameters, columns to members. A column that holds what its member can't is damage.
 */
#include <stdlib.h>

#include "lib/store_internal.h"
#include "lib/text.h"

#define EMERGENCY_FIELD(column, member) STRUCT_FIELD(struct emergency, member, #column),
#define PAGE_FIELD(column, member)      STRUCT_FIELD(struct page, member, #column),
#define ACTION_FIELD(column, member)    STRUCT_FIELD(struct action, member, #column),

static const struct struct_field key_fields[] = {EMERGENCY_KEYS(EMERGENCY_FIELD, EMERGENCY_FIELD)};
static const struct struct_field emergency_fields[] = {EMERGENCY_COLUMNS(EMERGENCY_FIELD, EMERGENCY_FIELD)};
static const struct struct_field detail_fields[] = {EMERGENCY_DETAILS(EMERGENCY_FIELD, EMERGENCY_FIELD)};
static const struct struct_field page_fields[] = {PAGE_COLUMNS(PAGE_FIELD, PAGE_FIELD)};
static const struct struct_field action_fields[] = {ACTION_COLUMNS(ACTION_FIELD, ACTION_FIELD)};

void store_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    if (text && *text)
        sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(statement, index);
}

void store_read_text(sqlite3_stmt *statement, int column, char *text, size_t size)
{
    const char *value = (const char *)sqlite3_column_text(statement, column);
    text_copy_n(text, size, value ? value : "", (size_t)sqlite3_column_bytes(statement, column));
}

/* To the parameters from FIRST on; returns the number of the next. */
static int bind_fields(sqlite3_stmt *statement, int first, const struct struct_field *fields, size_t count,
                       const void *object)
{
    for (size_t i = 0; i < count; i++) {
        int parameter = first + (int)i;
        const char *text = struct_field_text(&fields[i], object);
        if (fields[i].kind == STRUCT_FIELD_TEXT)
            sqlite3_bind_text(statement, parameter, text, (int)strnlen(text, fields[i].size), SQLITE_STATIC);
        else
            sqlite3_bind_int64(statement, parameter, struct_field_get(&fields[i], object));
    }
    return first + (int)count;
}

static bool same_fields(const struct struct_field *fields, size_t count, const void *a, const void *b)
{
    for (const struct struct_field *field = fields; field < fields + count; field++)
        if (field->kind == STRUCT_FIELD_TEXT
                ? strcmp(struct_field_text(field, a), struct_field_text(field, b)) != 0
                : struct_field_get(field, a) != struct_field_get(field, b))
            return false;
    return true;
}

static bool read_fields(sqlite3_stmt *statement, int first, const struct struct_field *fields, size_t count,
                        void *object)
{
    for (size_t i = 0; i < count; i++) {
        int column = first + (int)i;
        if (fields[i].kind == STRUCT_FIELD_TEXT)
            store_read_text(statement, column, (char *)object + fields[i].offset, fields[i].size);
        else if (!struct_field_set(&fields[i], object, sqlite3_column_int64(statement, column)))
            return false;
    }
    return true;
}

int store_bind_emergency(sqlite3_stmt *statement, const struct emergency *e)
{
    return bind_fields(statement, 1, emergency_fields, COUNT_OF(emergency_fields), e);
}

int store_bind_keys(sqlite3_stmt *statement, int first, const struct emergency *e)
{
    return bind_fields(statement, first, key_fields, COUNT_OF(key_fields), e);
}

int store_bind_detail(sqlite3_stmt *statement, const struct emergency *e)
{
    return bind_fields(statement, 1, detail_fields, COUNT_OF(detail_fields), e);
}

bool store_same_emergency(const struct emergency *a, const struct emergency *b)
{
    return same_fields(emergency_fields, COUNT_OF(emergency_fields), a, b);
}

bool store_same_keys(const struct emergency *a, const struct emergency *b)
{
    return same_fields(key_fields, COUNT_OF(key_fields), a, b);
}

bool store_same_detail(const struct emergency *a, const struct emergency *b)
{
    return same_fields(detail_fields, COUNT_OF(detail_fields), a, b);
}

int store_bind_page(sqlite3_stmt *statement, const struct page *page)
{
    return bind_fields(statement, 1, page_fields, COUNT_OF(page_fields), page);
}

bool store_same_page(const struct page *a, const struct page *b)
{
    return same_fields(page_fields, COUNT_OF(page_fields), a, b);
}

int store_bind_action(sqlite3_stmt *statement, const struct action *action)
{
    return bind_fields(statement, 1, action_fields, COUNT_OF(action_fields), action);
}

static enum store_result read_pages(struct store *store, struct emergency *e)
{
    enum store_result result = STORE_OK;
    int count = 0;
    if (e->page_count == 0)
        return STORE_OK;
    sqlite3_stmt *pages = store_use(store, STATEMENT_PAGES);
    sqlite3_bind_int64(pages, 1, e->id);
    sqlite3_bind_int(pages, 2, e->page_count);
    while ((result = store_next(store, STATEMENT_PAGES)) == STORE_OK)
        if (!read_fields(pages, 0, page_fields, COUNT_OF(page_fields), &e->pages[count++]))
            break;
    store_done(store, STATEMENT_PAGES);
    e->page_count = count;
    return result == STORE_OK ? store_failed(store, SQLITE_CORRUPT, "page") : store_walked(result);
}

enum store_result store_read_emergency(struct store *store, sqlite3_stmt *statement, struct emergency *e)
{
    const int keys = 4;
    const int fields = keys + (int)COUNT_OF(key_fields);
    const int details = fields + (int)COUNT_OF(emergency_fields);
    memset(e, 0, sizeof *e);
    e->id = sqlite3_column_int64(statement, 0);
    if (!read_fields(statement, keys, key_fields, COUNT_OF(key_fields), e) ||
        !read_fields(statement, fields, emergency_fields, COUNT_OF(emergency_fields), e) ||
        !read_fields(statement, details, detail_fields, COUNT_OF(detail_fields), e) || e->page_count < 0 ||
        e->page_count > EMERGENCY_PAGES)
        return store_failed(store, SQLITE_CORRUPT, "emergency");
    return read_pages(store, e);
}

enum store_result store_read_action(struct store *store, sqlite3_stmt *statement, struct action *action)
{
    memset(action, 0, sizeof *action);
    action->id = sqlite3_column_int64(statement, 0);
    if (!read_fields(statement, 1, action_fields, COUNT_OF(action_fields), action))
        return store_failed(store, SQLITE_CORRUPT, "action");
    return STORE_OK;
}

/* Makes room for one more after COUNT rows; NULL without memory. */
static char *grow(char *rows, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return rows;
    *room = *room > 0 ? *room * 2 : 16;
    return reallocarray(rows, *room, size);
}

void *store_collect(struct store *store, enum store_statement statement, size_t size, store_read_fn *read,
                    size_t *count, enum store_result *result)
{
    char *rows = NULL;
    size_t room = 0;
    *count = 0;
    while ((*result = store_next(store, statement)) == STORE_OK) {
        char *grown = grow(rows, *count, &room, size);
        if (!grown) {
            *result = store_failed(store, SQLITE_NOMEM, "list");
            break;
        }
        rows = grown;
        memset(rows + *count * size, 0, size);
        *result = read(store, store->statements[statement], rows + *count * size);
        if (*result != STORE_OK)
            break;
        ++*count;
    }
    store_done(store, statement);
    *result = store_walked(*result);
    if (*result == STORE_OK)
        return rows;
    free(rows);
    *count = 0;
    return NULL;
}
