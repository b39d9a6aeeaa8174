/*
 * What the disk below TMPDIR can do: bench_disk [--json] [SECONDS]. 4 KB are written and fdatasync'ed, again
 * and again, at the end of a growing file and within one whose space was written before. Syncs a second, and
 * the median of one.
 */
#include "lib/text.h"
#include "tests/bench/base.h"
#include "tests/bench/table.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK     4096
#define BLOCKS    8192 /* of the file written before */
#define SYNCS_MAX 1000000

static int64_t taken_ns[SYNCS_MAX];

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void write_block(int fd, off_t place)
{
    static const char block[BLOCK] = "webhook";
    demand(pwrite(fd, block, BLOCK, place) == BLOCK, "the file can't be written");
}

static void measure(struct tables *tables, int fd, bool grows, double seconds)
{
    size_t count = 0;
    int64_t begun_ns = clock_ns(CLOCK_MONOTONIC);
    int64_t now_ns = begun_ns;
    demand(ftruncate(fd, 0) == 0, "ftruncate");
    for (off_t i = 0; i < BLOCKS && !grows; i++)
        write_block(fd, i * BLOCK);
    demand(fsync(fd) == 0, "fsync");
    for (begun_ns = now_ns = clock_ns(CLOCK_MONOTONIC);
         (double)(now_ns - begun_ns) / 1e9 < seconds && count < SYNCS_MAX; count++) {
        int64_t before_ns = now_ns;
        write_block(fd, (off_t)(grows ? count : count % BLOCKS) * BLOCK);
        demand(fdatasync(fd) == 0, "fdatasync");
        now_ns = clock_ns(CLOCK_MONOTONIC);
        taken_ns[count] = now_ns - before_ns;
    }
    qsort(taken_ns, count, sizeof *taken_ns, compare);
    const double row[] = {grows, (double)count * 1e9 / (double)(now_ns - begun_ns),
                          (double)taken_ns[count / 2] / 1e3};
    table_row(tables, row);
}

int main(int argc, char *argv[])
{
    static const struct column columns[] = {{"grows", 0}, {"syncs_a_s", 0}, {"median_us", 0}};
    struct tables tables = {.json = argc > 1 && strcmp(argv[1], "--json") == 0};
    const char *parent = getenv("TMPDIR");
    char path[300];
    argv += tables.json ? 2 : 1;
    double seconds = *argv ? strtod(*argv, NULL) : 2;
    text_format(path, sizeof path, "%s/emergencyd-bench-XXXXXX", parent ? parent : "/tmp");
    int fd = mkstemp(path);
    demand(fd >= 0 && unlink(path) == 0 && seconds > 0, path);
    table_begin(&tables, "disk", "4 KB and fdatasync", columns, COUNT_OF(columns));
    measure(&tables, fd, true, seconds);
    measure(&tables, fd, false, seconds);
    table_end(&tables);
    tables_end(&tables);
    close(fd);
    return EXIT_SUCCESS;
}
