/*
 * How fast SQLite alone writes what this program writes: bench_rows [--json] [WEBHOOKS [SINGLE]]. A desk
 * decides WEBHOOKS (20,000) webhooks of the life of 1,000 open emergencies, 100 a transaction, and SINGLE
 * (2,000) more in a transaction each; one in 20 is a repeat, as in make_load.c. The rows that it writes are
 * noted. Then they are written once more: by SQLite alone, with prepared statements, to a copy of the
 * database as it was before, which is opened (pragmas) and checkpointed as the program does. That is timed.
 * Below TMPDIR. What must not happen ends the program.
 */
#include "lib/text.h"
#include "tests/bench/base.h"
#include "tests/bench/rows.h"
#include "tests/bench/table.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define EMERGENCIES  1000
#define BATCH        100
#define REPEAT_EVERY 20
#define WEBHOOK_MS   INT64_C(1)

struct bench {
    char directory[200], copy[300];
    struct tables tables;
};

static void copy_file(const char *from, const char *to)
{
    struct stat status;
    off_t offset = 0;
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    demand(in >= 0 && out >= 0 && fstat(in, &status) == 0, from);
    while (offset < status.st_size)
        demand(sendfile(out, in, &offset, (size_t)(status.st_size - offset)) > 0, to);
    demand(fsync(out) == 0, to);
    close(in);
    close(out);
}

static bool is_repeat(int64_t number)
{
    return number % REPEAT_EVERY == REPEAT_EVERY - 1;
}

/* A webhook of a life, the NUMBER-th, or the one before once more. */
static void receive(struct base *base, int64_t number, struct delivery *delivery)
{
    bool again = is_repeat(number);
    int64_t source = again ? number - 1 : number;
    if (again) {
        base->front.load.serial--; /* the ids of the one before, and its time */
        base->now_ms -= WEBHOOK_MS;
    }
    front_receive(&base->front, (enum load_kind)(source % LOAD_LIFE_KINDS),
                  1 + load_spread(source, base->count), base->now_ms, delivery);
}

/* Lets the desk decide COUNT webhooks, SIZE a transaction. */
static void run(struct base *base, struct rows *rows, int64_t count, size_t size)
{
    static struct delivery deliveries[BATCH];
    int64_t number = 0;
    base_open_desk(base, base->start_ms - BASE_MADE_MS);
    rows_record(rows, base->store);
    for (; number < count; number += (int64_t)size) {
        for (size_t i = 0; i < size; i++) {
            base->now_ms += WEBHOOK_MS;
            receive(base, number + (int64_t)i, &deliveries[i]);
        }
        base_decide(base, deliveries, size);
        rows_commit(rows);
        for (size_t i = 0; i < size; i++) {
            demand(deliveries[i].status == 200 && deliveries[i].duplicate == is_repeat(number + (int64_t)i),
                   deliveries[i].error);
            front_discard(&deliveries[i]);
        }
    }
}

static double replay(const struct bench *bench, struct base *base, struct rows *rows)
{
    char error[512] = "";
    struct store *store = store_open(bench->copy, base->front.log, error, sizeof error);
    demand(store, error);
    double seconds = (double)rows_replay(rows, store) / 1e9;
    rows_compare(rows, store, base->path);
    store_close(store);
    return seconds;
}

static void measure(struct bench *bench, int64_t count, size_t size)
{
    struct base base;
    struct rows rows;
    base_make(&base, bench->directory, EMERGENCIES);
    text_format(bench->copy, sizeof bench->copy, "%s/copy.db", bench->directory);
    copy_file(base.path, bench->copy);
    run(&base, &rows, count, size);
    double seconds = replay(bench, &base, &rows);
    const double row[] = {(double)size, (double)count, (double)rows.row_count,
                          (double)rows.row_count / seconds, (double)count / seconds};
    table_row(&bench->tables, row);
    rows_free(&rows);
    base_close(&base);
    base_remove(&base);
    text_copy(base.path, sizeof base.path, bench->copy);
    base_remove(&base);
}

int main(int argc, char *argv[])
{
    static const struct column columns[] = {
        {"a_transaction", 0}, {"webhooks", 0}, {"rows", 0}, {"rows_a_s", 0}, {"webhooks_a_s", 0}};
    struct bench bench = {0};
    const char *parent = getenv("TMPDIR");
    bench.tables.json = argc > 1 && strcmp(argv[1], "--json") == 0;
    argv += bench.tables.json ? 2 : 1;
    int64_t webhooks = *argv ? strtoll(*argv++, NULL, 10) : 20000;
    int64_t single = *argv ? strtoll(*argv, NULL, 10) : 2000;
    demand(webhooks > 0 && webhooks % BATCH == 0 && single > 0,
           "usage: bench_rows [--json] [WEBHOOKS [SINGLE]]");
    text_format(bench.directory, sizeof bench.directory, "%s/emergencyd-bench-XXXXXX",
                parent ? parent : "/tmp");
    demand(mkdtemp(bench.directory), bench.directory);
    table_begin(&bench.tables, "rows", "SQLite alone, writing the rows of a life", columns,
                COUNT_OF(columns));
    measure(&bench, webhooks, BATCH);
    measure(&bench, single, 1);
    table_end(&bench.tables);
    tables_end(&bench.tables);
    demand(rmdir(bench.directory) == 0, bench.directory);
    return EXIT_SUCCESS;
}
