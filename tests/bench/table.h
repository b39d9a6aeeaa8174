#ifndef EMERGENCYD_BENCH_TABLE_H
#define EMERGENCYD_BENCH_TABLE_H
/*
 * Tables of numbers on stdout, for people or, as one JSON object with an array a table, for programs.
 */
#include <stdbool.h>
#include <stddef.h>

struct column {
    const char *name;
    int decimals;
};

struct tables {
    bool json;
    const struct column *columns; /* of the open one */
    size_t column_count, table_count, row_count;
};

/* NAME is for programs, TITLE for people. COLUMNS must live until the next one begins. */
void table_begin(struct tables *tables, const char *name, const char *title, const struct column *columns,
                 size_t column_count);
void table_row(struct tables *tables, const double *values);
void table_end(struct tables *tables);
/* After the last one. */
void tables_end(const struct tables *tables);

#endif
