/*
 * What a growing database costs: bench_growth [--json] [--in DIRECTORY] [COUNT…], each a number of
 * emergencies, all of them contacted and with a running clock (10, 1000, 100000 and 1000000; the last needs
 * some 5 GB and a minute or two). The databases are made in DIRECTORY and stay there; without one, below
 * TMPDIR, and are removed. Measured are the start of the real program on each, webhooks decided and written
 * by the desk in batches of 100, and late events, for which an emergency is added up again. A figure of a
 * webhook is from desk_begin to the commit and the checkpoint that may follow; reading the body is told
 * apart, checking the signature left out. What must not happen ends the program.
 */
#include "lib/text.h"
#include "tests/bench/base.h"
#include "tests/bench/table.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCH          100
#define ACTIVE         1000
#define ROUNDS         5
#define ROUND_BATCHES  30     /* of each kind */
#define START_PATIENCE 120000 /* ms */
#define BASES          8
#define STARTS         3 /* of each */
#define LATE           20
#define LATE_MS        INT64_C(6000000) /* before the start: after the bases' making, before all other events */

/* Some emergencies of a base that get webhooks. */
struct active {
    struct base *base;
    int64_t ids[ACTIVE];
    size_t count;
    size_t next[LOAD_LIFE_KINDS];
    double us[LOAD_LIFE_KINDS][ROUNDS], cpu_us[ROUNDS], all_us[ROUNDS], slowest_us;
    int64_t wal_pages;
};

static struct {
    char directory[200], program[300];
    bool keep;
    uint64_t random;
    struct tables tables;
    struct delivery deliveries[BATCH];
} bench = {.random = UINT64_C(88172645463325252)};

static uint64_t next_random(void)
{
    bench.random ^= bench.random << 13;
    bench.random ^= bench.random >> 7;
    bench.random ^= bench.random << 17;
    return bench.random;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double values[ROUNDS])
{
    double sorted[ROUNDS];
    memcpy(sorted, values, sizeof sorted);
    qsort(sorted, ROUNDS, sizeof *sorted, compare);
    return sorted[ROUNDS / 2];
}

/* --- the start of the program --- */

struct start {
    double seconds;
    long resident_kb, read_kb;
};

static int listen_for_ready(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    text_format(address.sun_path, sizeof address.sun_path, "%s/notify", bench.directory);
    unlink(address.sun_path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    demand(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0, "no socket");
    return fd;
}

static pid_t run_program(const struct base *base)
{
    char config_path[300];
    char notify[sizeof bench.directory + 32];
    char *arguments[] = {bench.program, (char *)"-c", config_path, NULL};
    char *environment[] = {notify, NULL};
    posix_spawn_file_actions_t files;
    pid_t pid = 0;
    text_copy(config_path, sizeof config_path, base->config_path);
    text_format(notify, sizeof notify, "NOTIFY_SOCKET=%s/notify", bench.directory);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    demand(posix_spawn(&pid, bench.program, &files, NULL, arguments, environment) == 0,
           "the program can't be started");
    posix_spawn_file_actions_destroy(&files);
    return pid;
}

static void wait_for_ready(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    char text[2000] = "";
    while (!strstr(text, "READY=1")) {
        demand(poll(&poll_fd, 1, START_PATIENCE) == 1, "the program does not say READY=1");
        ssize_t length = recv(fd, text, sizeof text - 1, 0);
        text[length > 0 ? length : 0] = '\0';
    }
}

/* The number behind KEY in a file of /proc. */
static long ask_proc(pid_t pid, const char *name, const char *key)
{
    char path[64];
    char line[256];
    long number = -1;
    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, name);
    FILE *file = fopen(path, "r");
    demand(file, path);
    while (number < 0 && fgets(line, sizeof line, file))
        if (strncmp(line, key, strlen(key)) == 0)
            number = strtol(line + strlen(key), NULL, 10);
    fclose(file);
    return number;
}

/* So that the disk is asked. */
static void drop_cache(const struct base *base)
{
    int fd = open(base->path, O_RDONLY | O_CLOEXEC);
    demand(fd >= 0 && fsync(fd) == 0 && posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0, base->path);
    close(fd);
}

static struct start start_program(const struct base *base, bool cold)
{
    struct start start;
    int status = 0;
    if (cold)
        drop_cache(base);
    int fd = listen_for_ready();
    int64_t begun_ns = clock_ns(CLOCK_MONOTONIC);
    pid_t pid = run_program(base);
    wait_for_ready(fd);
    start.seconds = (double)(clock_ns(CLOCK_MONOTONIC) - begun_ns) / 1e9;
    start.read_kb = ask_proc(pid, "io", "rchar:") / 1024;
    poll(NULL, 0, 500); /* its first poll is over */
    start.resident_kb = ask_proc(pid, "status", "VmRSS:");
    kill(pid, SIGTERM);
    demand(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0,
           "the program has not ended well");
    close(fd);
    return start;
}

static void measure_starts(struct base *bases, size_t count)
{
    static const struct column columns[] = {
        {"emergencies", 0}, {"start_s", 3}, {"cold_s", 3}, {"read_mb", 1}, {"memory_mb", 1}};
    table_begin(
        &bench.tables, "starts",
        "the start of the program, from exec to READY=1, also without its pages in memory; what it has "
        "read by then; resident memory when idle",
        columns, COUNT_OF(columns));
    for (size_t i = 0; i < count * STARTS; i++) {
        const struct base *base = &bases[i % count];
        struct start cold = start_program(base, true);
        struct start warm = start_program(base, false);
        const double row[COUNT_OF(columns)] = {(double)base->count, warm.seconds, cold.seconds,
                                               (double)warm.read_kb / 1024, (double)warm.resident_kb / 1024};
        table_row(&bench.tables, row);
    }
    table_end(&bench.tables);
}

/* --- webhooks --- */

struct cost {
    int64_t wall_ns, cpu_ns;
    int wal_pages;
};

/* What the ledger does with the first COUNT of bench.deliveries. */
static struct cost decide(struct base *base, size_t count)
{
    struct cost cost;
    int pages = store_wal_pages(base->store);
    int64_t cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    int64_t wall_ns = clock_ns(CLOCK_MONOTONIC);
    base_decide(base, bench.deliveries, count);
    cost.wall_ns = clock_ns(CLOCK_MONOTONIC) - wall_ns;
    cost.cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
    cost.wal_pages = store_wal_pages(base->store);
    if (cost.wal_pages >= pages) /* else it has begun anew */
        cost.wal_pages -= pages;
    base_look_at(bench.deliveries, count);
    return cost;
}

static struct cost run_batch(struct active *active, enum load_kind kind, size_t *next)
{
    struct base *base = active->base;
    base->now_ms += 1000;
    for (size_t i = 0; i < BATCH; i++)
        front_receive(&base->front, kind, active->ids[(*next)++ % active->count],
                      base->now_ms - 900 + (int64_t)i * 8, &bench.deliveries[i]);
    return decide(base, BATCH);
}

static void run_round(struct active *active, size_t round)
{
    int64_t sum_ns[LOAD_LIFE_KINDS] = {0};
    int64_t cpu_ns = 0;
    for (size_t batch = 0; batch < ROUND_BATCHES; batch++)
        for (int kind = 0; kind < LOAD_LIFE_KINDS; kind++) {
            struct cost cost = run_batch(active, (enum load_kind)kind, &active->next[kind]);
            sum_ns[kind] += cost.wall_ns;
            cpu_ns += cost.cpu_ns;
            active->wal_pages += cost.wal_pages;
            double us = (double)cost.wall_ns / 1e3;
            active->slowest_us = us > active->slowest_us ? us : active->slowest_us;
        }
    active->all_us[round] = 0;
    for (int kind = 0; kind < LOAD_LIFE_KINDS; kind++) {
        active->us[kind][round] = (double)sum_ns[kind] / 1e3 / BATCH / ROUND_BATCHES;
        active->all_us[round] += active->us[kind][round] / LOAD_LIFE_KINDS;
    }
    active->cpu_us[round] = (double)cpu_ns / 1e3 / BATCH / ROUND_BATCHES / LOAD_LIFE_KINDS;
}

static void choose_active(struct active *active, struct base *base, bool newest)
{
    int64_t many = base->count < ACTIVE ? base->count : ACTIVE;
    *active = (struct active){.base = base, .count = (size_t)many};
    for (int64_t i = 0; i < many; i++)
        active->ids[i] = newest ? base->count - load_spread(i, many)
                                : 1 + (int64_t)(next_random() % (uint64_t)base->count);
}

static void tell_webhooks(const struct active *all, size_t count, bool newest)
{
    static const struct column columns[] = {{"emergencies", 0}, {"active", 0},    {"ack_us", 1},
                                            {"comment_us", 1},  {"status_us", 1}, {"all_us", 1},
                                            {"cpu_us", 1},      {"wal_pages", 2}, {"slowest_ms", 1}};
    table_begin(&bench.tables, newest ? "webhooks_newest" : "webhooks_random",
                newest ? "a webhook of the newest emergencies, by kind and on average; CPU time; pages that "
                         "it adds to the WAL; the slowest "
                         "batch of 100"
                       : "the same of emergencies chosen at random",
                columns, COUNT_OF(columns));
    for (const struct active *active = all; active < all + count; active++) {
        const double row[COUNT_OF(columns)] = {(double)active->base->count,
                                               (double)active->count,
                                               median(active->us[LOAD_ACK]),
                                               median(active->us[LOAD_COMMENT]),
                                               median(active->us[LOAD_STATUS]),
                                               median(active->all_us),
                                               median(active->cpu_us),
                                               (double)active->wal_pages /
                                                   (BATCH * ROUND_BATCHES * LOAD_LIFE_KINDS * ROUNDS),
                                               active->slowest_us / 1e3};
        table_row(&bench.tables, row);
    }
    table_end(&bench.tables);
}

/* One base after the other in each round, so that all of them have the same neighbours on this machine. */
static void measure_webhooks(struct base *bases, size_t count, bool newest)
{
    static struct active all[BASES];
    for (size_t i = 0; i < count; i++)
        choose_active(&all[i], &bases[i], newest);
    for (size_t round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < count; i++)
            run_round(&all[i], round);
    tell_webhooks(all, count, newest);
}

/* What was read so far, by all. */
static void tell_reading(const struct base *bases, size_t count)
{
    static const struct column columns[] = {{"body_us", 1}};
    int64_t ns = 0;
    int64_t bodies = 0;
    for (size_t i = 0; i < count; i++) {
        ns += bases[i].front.read_ns;
        bodies += bases[i].front.read_count;
    }
    const double row[] = {(double)ns / 1e3 / (double)bodies};
    table_begin(&bench.tables, "reading", "reading a body", columns, COUNT_OF(columns));
    table_row(&bench.tables, row);
    table_end(&bench.tables);
}

/* Once each, as it stops a clock: which takes the emergency out of those that wait. */
static void measure_answers(struct base *bases, size_t count)
{
    static const struct column columns[] = {{"emergencies", 0}, {"answer_us", 1}};
    static struct active active;
    table_begin(&bench.tables, "answers", "the customer's answer", columns, COUNT_OF(columns));
    for (size_t i = 0; i < count; i++) {
        size_t next = 0;
        int64_t sum_ns = 0;
        choose_active(&active, &bases[i], true);
        while (next < active.count && active.count == ACTIVE)
            sum_ns += run_batch(&active, LOAD_ANSWER, &next).wall_ns;
        const double row[] = {(double)bases[i].count, (double)sum_ns / 1e3 / ACTIVE};
        if (next > 0)
            table_row(&bench.tables, row);
    }
    table_end(&bench.tables);
}

/* --- late events --- */

/* What a late event of an emergency costs that has about EVENTS of them. */
static double measure_late(struct base *base, int64_t emergency, size_t events)
{
    static struct active active;
    size_t next = 4; /* it was created with four */
    active = (struct active){.base = base, .ids = {emergency}, .count = 1};
    while (next + BATCH <= events)
        (void)run_batch(&active, LOAD_STATUS, &next);
    for (size_t i = 0; i < LATE; i++)
        front_receive(&base->front, LOAD_STATUS, emergency, base->start_ms - LATE_MS - (int64_t)i,
                      &bench.deliveries[i]);
    return (double)decide(base, LATE).wall_ns / 1e3 / LATE;
}

static void measure_late_events(struct base *base)
{
    static const size_t events[] = {4, 104, 504, 2004};
    static const struct column columns[] = {{"events", 0}, {"late_us", 1}};
    table_begin(&bench.tables, "late", "a late event, by how many its emergency has", columns,
                COUNT_OF(columns));
    for (size_t i = 0; i < COUNT_OF(events) && base->count > 10; i++) {
        const double row[] = {(double)events[i], measure_late(base, 1 + (int64_t)i, events[i])};
        table_row(&bench.tables, row);
    }
    table_end(&bench.tables);
}

/* --- all together --- */

static void find_program(void)
{
    static const char tail[] = "/tests/bench/bench_growth";
    const char *given = getenv("EMERGENCYD");
    char self[250] = "";
    demand(readlink("/proc/self/exe", self, sizeof self - 1) > 0, "/proc/self/exe");
    size_t length = strlen(self) > strlen(tail) ? strlen(self) - strlen(tail) : 0;
    if (given)
        text_copy(bench.program, sizeof bench.program, given);
    else
        text_format(bench.program, sizeof bench.program, "%.*s/emergencyd", (int)length, self);
    demand(access(bench.program, X_OK) == 0, bench.program);
}

/* Returns the first COUNT. */
static char **read_arguments(char *argv[])
{
    const char *parent = getenv("TMPDIR");
    for (argv++; *argv && **argv == '-'; argv++) {
        if (strcmp(*argv, "--json") == 0)
            bench.tables.json = true;
        else if (strcmp(*argv, "--in") == 0 && argv[1])
            bench.keep = text_copy(bench.directory, sizeof bench.directory, *++argv);
        else
            demand(false, "usage: bench_growth [--json] [--in DIRECTORY] [COUNT…]");
    }
    if (!bench.keep) {
        text_format(bench.directory, sizeof bench.directory, "%s/emergencyd-bench-XXXXXX",
                    parent ? parent : "/tmp");
        demand(mkdtemp(bench.directory), bench.directory);
    }
    return argv;
}

static void measure(struct base *bases, size_t count)
{
    measure_starts(bases, count);
    for (size_t i = 0; i < count; i++) {
        base_open_desk(&bases[i], bases[i].start_ms - BASE_MADE_MS);
        bases[i].front.read_ns = bases[i].front.read_count = 0;
    }
    measure_webhooks(bases, count, true);
    measure_webhooks(bases, count, false);
    tell_reading(bases, count);
    measure_answers(bases, count);
    measure_late_events(&bases[count - 1]);
    tables_end(&bench.tables);
}

static void tear_down(struct base *bases, size_t count)
{
    char path[320];
    for (size_t i = 0; i < count; i++) {
        base_close(&bases[i]);
        if (!bench.keep)
            base_remove(&bases[i]);
    }
    text_format(path, sizeof path, "%s/notify", bench.directory);
    unlink(path);
    if (!bench.keep)
        rmdir(bench.directory);
}

int main(int argc, char *argv[])
{
    static const char *const usual[] = {"10", "1000", "100000", "1000000"};
    static struct base bases[BASES];
    size_t count = 0;
    (void)argc;
    char **counts = read_arguments(argv);
    const char *const *given = *counts ? (const char *const *)counts : usual;
    size_t wanted = COUNT_OF(usual);
    for (wanted = *counts ? 0 : wanted; *counts; counts++)
        wanted++;
    demand(wanted <= BASES, "at most eight");
    find_program();
    for (; count < wanted; count++) {
        int64_t emergencies = strtoll(given[count], NULL, 10);
        demand(emergencies > 0, "a COUNT is a number above 0");
        base_make(&bases[count], bench.directory, emergencies);
    }
    measure(bases, count);
    tear_down(bases, count);
    return EXIT_SUCCESS;
}
