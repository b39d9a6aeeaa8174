/*
 * /metrics: the counters in Prometheus' text format, from the one table in the header. A buffer too small is
 * a result for the caller; nothing here is a warning or fatal.
 */
#include "lib/metrics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct row {
    size_t offset; /* of the counter, in struct metrics */
    const char *name;
    const char *labels;
    const char *help;
};

static const struct row rows[] = {
#define ROW(field, name, labels, help) {offsetof(struct metrics, field), name, labels, help},
    METRICS_COUNTERS(ROW)
#undef ROW
};

struct output {
    char *text;
    size_t size;
    size_t length; /* may pass size: then it did not fit */
};

static void PRINTF_LIKE(2, 3) add(struct output *output, const char *fmt, ...)
{
    if (output->length >= output->size)
        return;
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(output->text + output->length, output->size - output->length, fmt, args);
    va_end(args);
    output->length = n < 0 ? output->size : output->length + (size_t)n;
}

static uint64_t value_of(const struct metrics *metrics, const struct row *row)
{
    const void *counter = (const char *)metrics + row->offset;
    return atomic_load_explicit((const _Atomic uint64_t *)counter, memory_order_relaxed);
}

static void add_row(struct output *output, const struct row *row, uint64_t value)
{
    if (row->labels[0])
        add(output, "%s{%s} %" PRIu64 "\n", row->name, row->labels, value);
    else
        add(output, "%s %" PRIu64 "\n", row->name, value);
}

/* Rows of one name stand together in the table, as the format wants them: the first brings the heading. */
size_t metrics_write(const struct metrics *metrics, char *out, size_t size)
{
    struct output output = {.text = out, .size = size};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct row *row = &rows[i];
        if (i == 0 || strcmp(row->name, rows[i - 1].name) != 0)
            add(&output, "# HELP %s %s\n# TYPE %s counter\n", row->name, row->help, row->name);
        add_row(&output, row, value_of(metrics, row));
    }
    return output.length < size ? output.length : 0;
}
