#ifndef EMERGENCYD_BENCH_ROWS_H
#define EMERGENCYD_BENCH_ROWS_H
/*
 * What a program writes to a database: rows of tables, inserted or updated, noted as they are written, and
 * written again by SQLite alone. Nothing is known of the tables but what SQLite says of them. Deleting is not
 * noted. What must not happen ends the program.
 */
#include "lib/store_internal.h"

#define ROWS_COLUMNS 256

struct rows_value {
    int type; /* SQLITE_INTEGER … */
    int size;
    union {
        sqlite3_int64 integer;
        double real;
        void *bytes; /* of text and blobs */
    } as;
};

/* A table, or one way to write its rows. */
struct rows_statement {
    bool insert;
    char table[64];
    bool set[ROWS_COLUMNS]; /* which columns: all, or those that change */
    char *sql;
    sqlite3_stmt *prepared;
};

/* One row, or the end of a transaction. */
struct rows_write {
    int statement; /* -1: the end of a transaction */
    size_t first_value;
};

struct rows {
    struct rows_statement *statements;
    struct rows_write *writes;
    struct rows_value *values;
    size_t statement_count, statement_room, write_count, write_room, value_count, value_room;
    size_t row_count; /* of the writes */
};

/* What is written through STORE is noted from now on, until its end. */
void rows_record(struct rows *rows, struct store *store);
/* A transaction has ended. */
void rows_commit(struct rows *rows);
/* Writes them all to STORE, whose tables are as they were before the first, in the same transactions; ns. */
int64_t rows_replay(struct rows *rows, struct store *store);
/* The tables that were written are the same in the database of PATH. */
void rows_compare(const struct rows *rows, struct store *store, const char *path);
void rows_free(struct rows *rows);

#endif
