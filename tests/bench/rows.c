/*
 * Noting rows with SQLite's hook for that, and writing them again with prepared statements. An update names
 * the columns that have changed, and no others: naming one costs each of its indexes a write.
 */
#define SQLITE_ENABLE_PREUPDATE_HOOK /* as Debian's has it */
#include "tests/bench/rows.h"

#include "lib/text.h"
#include "tests/bench/base.h"

#include <stdlib.h>
#include <string.h>

static void *grow(void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return items;
    *room = *room > 0 ? *room * 2 : 1024;
    items = reallocarray(items, *room, size);
    demand(items, "no memory");
    return items;
}

/* --- noting --- */

static struct rows_value keep(sqlite3_value *given)
{
    struct rows_value value = {.type = sqlite3_value_type(given), .size = sqlite3_value_bytes(given)};
    switch (value.type) {
    case SQLITE_INTEGER: value.as.integer = sqlite3_value_int64(given); break;
    case SQLITE_FLOAT: value.as.real = sqlite3_value_double(given); break;
    case SQLITE_NULL: break;
    default:
        value.as.bytes = malloc((size_t)value.size + 1);
        demand(value.as.bytes, "no memory");
        memcpy(value.as.bytes, sqlite3_value_blob(given), (size_t)value.size);
    }
    return value;
}

static bool same(sqlite3_value *a, sqlite3_value *b)
{
    int type = sqlite3_value_type(a);
    if (type != sqlite3_value_type(b))
        return false;
    if (type == SQLITE_INTEGER)
        return sqlite3_value_int64(a) == sqlite3_value_int64(b);
    if (type == SQLITE_FLOAT)
        return sqlite3_value_double(a) == sqlite3_value_double(b);
    int size = sqlite3_value_bytes(a);
    return size == sqlite3_value_bytes(b) &&
           (size == 0 || memcmp(sqlite3_value_blob(a), sqlite3_value_blob(b), (size_t)size) == 0);
}

static void add_value(struct rows *rows, sqlite3_value *value)
{
    rows->values = grow(rows->values, rows->value_count, &rows->value_room, sizeof *rows->values);
    rows->values[rows->value_count++] = keep(value);
}

static void add_write(struct rows *rows, int statement)
{
    rows->writes = grow(rows->writes, rows->write_count, &rows->write_room, sizeof *rows->writes);
    rows->writes[rows->write_count++] = (struct rows_write){statement, rows->value_count};
}

static int statement_like(struct rows *rows, const struct rows_statement *wanted)
{
    for (size_t i = 0; i < rows->statement_count; i++) {
        const struct rows_statement *known = &rows->statements[i];
        if (known->insert == wanted->insert && strcmp(known->table, wanted->table) == 0 &&
            memcmp(known->set, wanted->set, sizeof known->set) == 0)
            return (int)i;
    }
    rows->statements =
        grow(rows->statements, rows->statement_count, &rows->statement_room, sizeof *rows->statements);
    rows->statements[rows->statement_count] = *wanted;
    return (int)rows->statement_count++;
}

static sqlite3_value *old_value(sqlite3 *db, int column)
{
    sqlite3_value *value = NULL;
    demand(sqlite3_preupdate_old(db, column, &value) == SQLITE_OK, "no old value");
    return value;
}

static sqlite3_value *new_value(sqlite3 *db, int column)
{
    sqlite3_value *value = NULL;
    demand(sqlite3_preupdate_new(db, column, &value) == SQLITE_OK, "no new value");
    return value;
}

/* The values of the columns to be set, then, of an update, the row's number. */
static void note(void *context, sqlite3 *db, int what, const char *schema, const char *table,
                 sqlite3_int64 old_key, sqlite3_int64 new_key)
{
    struct rows *rows = context;
    struct rows_statement statement = {.insert = what == SQLITE_INSERT};
    int columns = sqlite3_preupdate_count(db);
    (void)schema;
    demand(what != SQLITE_DELETE && old_key == new_key && columns <= ROWS_COLUMNS,
           "a write of no known kind");
    text_copy(statement.table, sizeof statement.table, table);
    bool any = false;
    for (int i = 0; i < columns; i++) {
        statement.set[i] = statement.insert || !same(old_value(db, i), new_value(db, i));
        any = any || statement.set[i];
    }
    if (!any) /* the row is written all the same */
        statement.set[columns - 1] = true;
    add_write(rows, statement_like(rows, &statement));
    rows->row_count++;
    for (int i = 0; i < columns; i++)
        if (statement.set[i])
            add_value(rows, new_value(db, i));
    if (!statement.insert) {
        rows->values = grow(rows->values, rows->value_count, &rows->value_room, sizeof *rows->values);
        rows->values[rows->value_count++] =
            (struct rows_value){.type = SQLITE_INTEGER, .as.integer = new_key};
    }
}

void rows_record(struct rows *rows, struct store *store)
{
    *rows = (struct rows){0};
    sqlite3_preupdate_hook(store->db, note, rows);
}

void rows_commit(struct rows *rows)
{
    add_write(rows, -1);
}

/* --- writing again --- */

/* "INSERT INTO t (a, b) VALUES (?, ?)" or "UPDATE t SET a = ?, b = ? WHERE rowid = ?" */
static void write_sql(struct rows_statement *statement, sqlite3 *db)
{
    sqlite3_str *names = sqlite3_str_new(db);
    sqlite3_str *marks = sqlite3_str_new(db);
    sqlite3_stmt *columns = NULL;
    char *ask = sqlite3_mprintf("SELECT cid, name FROM pragma_table_info(%Q)", statement->table);
    demand(ask && sqlite3_prepare_v2(db, ask, -1, &columns, NULL) == SQLITE_OK, "no such table");
    while (sqlite3_step(columns) == SQLITE_ROW) {
        const char *comma = sqlite3_str_length(names) > 0 ? ", " : "";
        if (!statement->set[sqlite3_column_int(columns, 0)])
            continue;
        sqlite3_str_appendf(names, statement->insert ? "%s\"%w\"" : "%s\"%w\" = ?", comma,
                            (const char *)sqlite3_column_text(columns, 1));
        sqlite3_str_appendf(marks, "%s?", comma);
    }
    sqlite3_finalize(columns);
    sqlite3_free(ask);
    char *named = sqlite3_str_finish(names);
    char *marked = sqlite3_str_finish(marks);
    statement->sql =
        statement->insert
            ? sqlite3_mprintf("INSERT INTO \"%w\" (%s) VALUES (%s)", statement->table, named, marked)
            : sqlite3_mprintf("UPDATE \"%w\" SET %s WHERE rowid = ?", statement->table, named);
    sqlite3_free(named);
    sqlite3_free(marked);
    demand(statement->sql, "no memory");
}

static void prepare(struct rows *rows, sqlite3 *db)
{
    for (size_t i = 0; i < rows->statement_count; i++) {
        struct rows_statement *statement = &rows->statements[i];
        if (!statement->sql)
            write_sql(statement, db);
        demand(sqlite3_prepare_v3(db, statement->sql, -1, SQLITE_PREPARE_PERSISTENT, &statement->prepared,
                                  NULL) == SQLITE_OK,
               statement->sql);
    }
}

static void bind(sqlite3_stmt *statement, int index, const struct rows_value *value)
{
    switch (value->type) {
    case SQLITE_INTEGER: sqlite3_bind_int64(statement, index, value->as.integer); break;
    case SQLITE_FLOAT: sqlite3_bind_double(statement, index, value->as.real); break;
    case SQLITE_TEXT: sqlite3_bind_text(statement, index, value->as.bytes, value->size, SQLITE_STATIC); break;
    case SQLITE_BLOB: sqlite3_bind_blob(statement, index, value->as.bytes, value->size, SQLITE_STATIC); break;
    default: sqlite3_bind_null(statement, index);
    }
}

static void write_row(sqlite3_stmt *statement, const struct rows_value *values)
{
    int count = sqlite3_bind_parameter_count(statement);
    for (int i = 0; i < count; i++)
        bind(statement, i + 1, &values[i]);
    demand(sqlite3_step(statement) == SQLITE_DONE, sqlite3_sql(statement));
    sqlite3_reset(statement);
}

static void write_all(const struct rows *rows, struct store *store)
{
    bool open = false;
    for (const struct rows_write *write = rows->writes; write < rows->writes + rows->write_count; write++) {
        if (!open)
            demand(store_begin(store) == STORE_OK, "no transaction");
        open = write->statement >= 0;
        if (open)
            write_row(rows->statements[write->statement].prepared, &rows->values[write->first_value]);
        else
            demand(store_commit(store) == STORE_OK, "no commit");
        if (!open)
            store_checkpoint_if_grown(store);
    }
}

int64_t rows_replay(struct rows *rows, struct store *store)
{
    prepare(rows, store->db);
    int64_t begun_ns = clock_ns(CLOCK_MONOTONIC);
    write_all(rows, store);
    int64_t ns = clock_ns(CLOCK_MONOTONIC) - begun_ns;
    for (size_t i = 0; i < rows->statement_count; i++)
        sqlite3_finalize(rows->statements[i].prepared);
    return ns;
}

static sqlite3_int64 count_of(sqlite3 *db, const char *table, const char *one, const char *other)
{
    sqlite3_stmt *select = NULL;
    char *sql =
        sqlite3_mprintf("SELECT count(*) FROM (SELECT * FROM %s.\"%w\" EXCEPT SELECT * FROM %s.\"%w\")", one,
                        table, other, table);
    demand(sql && sqlite3_prepare_v2(db, sql, -1, &select, NULL) == SQLITE_OK &&
               sqlite3_step(select) == SQLITE_ROW,
           sqlite3_errmsg(db));
    sqlite3_int64 count = sqlite3_column_int64(select, 0);
    sqlite3_finalize(select);
    sqlite3_free(sql);
    return count;
}

void rows_compare(const struct rows *rows, struct store *store, const char *path)
{
    char *sql = sqlite3_mprintf("ATTACH %Q AS original", path);
    demand(sql && sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK, sqlite3_errmsg(store->db));
    sqlite3_free(sql);
    for (size_t i = 0; i < rows->statement_count; i++) {
        const char *table = rows->statements[i].table;
        demand(count_of(store->db, table, "main", "original") == 0 &&
                   count_of(store->db, table, "original", "main") == 0,
               table);
    }
}

void rows_free(struct rows *rows)
{
    for (size_t i = 0; i < rows->statement_count; i++)
        sqlite3_free(rows->statements[i].sql);
    for (size_t i = 0; i < rows->value_count; i++)
        if (rows->values[i].type == SQLITE_TEXT || rows->values[i].type == SQLITE_BLOB)
            free(rows->values[i].as.bytes);
    free(rows->statements);
    free(rows->writes);
    free(rows->values);
}
