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
    char directory[200], before[300];
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

static int note_wal_pages(void *context, sqlite3 *db, const char *name, int pages)
{
    struct store *store = context;
    (void)db;
    (void)name;
    store->wal_pages = pages;
    return SQLITE_OK;
}

static int ask_pragma(sqlite3 *db, const char *pragma)
{
    char sql[64];
    sqlite3_stmt *select = NULL;
    text_format(sql, sizeof sql, "PRAGMA %s", pragma);
    demand(sqlite3_prepare_v2(db, sql, -1, &select, NULL) == SQLITE_OK && sqlite3_step(select) == SQLITE_ROW,
           pragma);
    int value = sqlite3_column_int(select, 0);
    sqlite3_finalize(select);
    return value;
}

static void set_pragma(sqlite3 *db, const char *pragma, int value)
{
    char sql[64];
    text_format(sql, sizeof sql, "PRAGMA %s = %d", pragma, value);
    demand(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, pragma);
}

/* STORE's connection becomes one of SQLite as it comes, with the same pragmas, without a file system of ours.
 */
static void be_plain(struct store *store, const char *path)
{
    static const char *const pragmas[] = {"synchronous", "temp_store", "cache_size"};
    sqlite3 *plain = NULL;
    demand(sqlite3_open_v2(path, &plain, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK,
           path);
    for (size_t i = 0; i < COUNT_OF(pragmas); i++)
        set_pragma(plain, pragmas[i], ask_pragma(store->db, pragmas[i]));
    demand(sqlite3_close(store->db) == SQLITE_OK, "the store has begun something");
    store->db = plain;
    store->wal_pages = store->checkpointed_pages = 0;
    sqlite3_wal_hook(plain, note_wal_pages, store);
}

/* Into a copy of what was before; seconds. */
static double replay(const struct bench *bench, struct base *base, struct rows *rows, bool plain)
{
    char error[512] = "";
    char copy[300];
    struct base copied;
    text_format(copy, sizeof copy, "%s/copy.db", bench->directory);
    copy_file(bench->before, copy);
    struct store *store = store_open(copy, base->front.log, error, sizeof error);
    demand(store, error);
    if (plain)
        be_plain(store, copy);
    double seconds = (double)rows_replay(rows, store) / 1e9;
    rows_compare(rows, store, base->path);
    store_close(store);
    copied = *base;
    text_copy(copied.path, sizeof copied.path, copy);
    base_remove(&copied);
    return seconds;
}

static void measure(struct bench *bench, int64_t count, size_t size)
{
    struct base base;
    struct rows rows;
    base_make(&base, bench->directory, EMERGENCIES);
    copy_file(base.path, bench->before);
    run(&base, &rows, count, size);
    for (int plain = 1; plain >= 0; plain--) {
        double seconds = replay(bench, &base, &rows, plain);
        const double row[] = {(double)size,
                              plain,
                              (double)count,
                              (double)rows.row_count,
                              (double)rows.row_count / seconds,
                              (double)count / seconds};
        table_row(&bench->tables, row);
    }
    rows_free(&rows);
    base_close(&base);
    base_remove(&base);
    demand(unlink(bench->before) == 0, bench->before);
}

int main(int argc, char *argv[])
{
    static const struct column columns[] = {{"a_transaction", 0}, {"plain", 0},    {"webhooks", 0},
                                            {"rows", 0},          {"rows_a_s", 0}, {"webhooks_a_s", 0}};
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
    text_format(bench.before, sizeof bench.before, "%s/before.db", bench.directory);
    table_begin(&bench.tables, "rows", "SQLite alone, writing the rows of a life", columns,
                COUNT_OF(columns));
    measure(&bench, webhooks, BATCH);
    measure(&bench, single, 1);
    table_end(&bench.tables);
    tables_end(&bench.tables);
    demand(rmdir(bench.directory) == 0, bench.directory);
    return EXIT_SUCCESS;
}
