/* Tables of numbers. */
#include "tests/bench/table.h"

#include <stdio.h>

void table_begin(struct tables *tables, const char *name, const char *title, const struct column *columns,
                 size_t column_count)
{
    tables->columns = columns;
    tables->column_count = column_count;
    tables->row_count = 0;
    if (tables->json) {
        printf("%s\"%s\": [", tables->table_count++ == 0 ? "{" : ",\n", name);
        return;
    }
    printf("%s%s\n", tables->table_count++ == 0 ? "" : "\n", title);
    for (size_t i = 0; i < column_count; i++)
        printf("%14s", columns[i].name);
    printf("\n");
}

void table_row(struct tables *tables, const double *values)
{
    for (size_t i = 0; i < tables->column_count; i++) {
        const struct column *column = &tables->columns[i];
        if (tables->json)
            printf("%s\"%s\": %.*f",
                   i > 0                   ? ", "
                   : tables->row_count > 0 ? ",\n {"
                                           : "\n {",
                   column->name, column->decimals, values[i]);
        else
            printf("%14.*f", column->decimals, values[i]);
    }
    printf("%s", tables->json ? "}" : "\n");
    tables->row_count++;
    fflush(stdout);
}

void table_end(struct tables *tables)
{
    if (tables->json)
        printf("]");
}

void tables_end(const struct tables *tables)
{
    if (tables->json && tables->table_count > 0)
        printf("}\n");
}
