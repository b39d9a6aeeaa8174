/*
 * What a timer costs: bench_timers [--json] [COUNT [ROUNDS]]. COUNT timers (1,000,000) due within 30 minutes
 * are added, cancelled in another order, added again and fired by steps of one second of virtual time: by the
 * bare wheel, as the daemon has it (alarms by the ids of rows), and by libev, libevent and libuv. In each of
 * ROUNDS rounds (5) all take their turn, so that all have the same neighbours on this machine. Told are ns of
 * processor time and bytes for each timer: medians, and the least and the most. When a timer fires in another
 * step than the one in which it is due, or not at all, the program ends with 1.
 */
#include "tests/bench/timers.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define START_MS   INT64_C(1795435200000)
#define ROUNDS_MAX 101

enum column { ADD, CANCEL, FIRE, BYTES, COLUMNS };
static const char *const column_names[COLUMNS] = {"add", "cancel", "fire", "bytes"};

static const struct timekeeper *const timekeepers[] = {
    &wheel_timekeeper, &alarms_timekeeper, &ev_timekeeper, &event_timekeeper, &uv_timekeeper,
};
enum { TIMEKEEPERS = sizeof timekeepers / sizeof *timekeepers };

struct figures {
    double values[COLUMNS][ROUNDS_MAX];
};

int64_t virtual_ms = START_MS;

/* In place of the C library's, also for the shared libraries. */
int clock_gettime(clockid_t id, struct timespec *now)
{
    (void)id;
    *now = (struct timespec){.tv_sec = virtual_ms / 1000, .tv_nsec = virtual_ms % 1000 * 1000000};
    return 0;
}

/* Processor time, as this machine has other work too. */
static double used_ns(void)
{
    struct timespec now = {0};
    demand(syscall(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, &now) == 0, "no clock");
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

void demand(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench_timers: %s\n", what);
    exit(EXIT_FAILURE);
}

/* xorshift64 */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void shuffle(uint32_t *numbers, uint32_t count, uint64_t *random)
{
    for (uint32_t i = count - 1; i > 0; i--) {
        uint32_t j = (uint32_t)(next_random(random) % (i + 1));
        uint32_t kept = numbers[i];
        numbers[i] = numbers[j];
        numbers[j] = kept;
    }
}

static struct plan *make_plan(uint32_t count)
{
    struct plan *plan = calloc(1, sizeof *plan);
    uint64_t random = UINT64_C(88172645463325252);
    demand(plan, "no memory");
    plan->count = count;
    plan->wait_ms = calloc(count, sizeof *plan->wait_ms);
    plan->order = calloc(count, sizeof *plan->order);
    demand(plan->wait_ms && plan->order, "no memory");
    for (uint32_t i = 0; i < count; i++) {
        uint32_t wait_ms = 1 + (uint32_t)(next_random(&random) % (SPAN_MS - 1));
        wait_ms += wait_ms % STEP_MS == 0;
        plan->wait_ms[i] = wait_ms;
        plan->order[i] = i;
        tally_add(&plan->due[wait_ms / STEP_MS + 1], i);
    }
    shuffle(plan->order, count, &random);
    return plan;
}

static void free_plan(struct plan *plan)
{
    free(plan->wait_ms);
    free(plan->order);
    free(plan);
}

/* --- measuring --- */

static double allocated(void)
{
    struct mallinfo2 heap = mallinfo2();
    return (double)(heap.uordblks + heap.hblkhd);
}

static void step(const struct timekeeper *keeper, void *self, struct tally due)
{
    struct tally fired = keeper->fire(self);
    if (fired.count == due.count && fired.sum == due.sum)
        return;
    fprintf(stderr, "bench_timers: %s fired %" PRIu64 " timers where %" PRIu64 " were due%s\n", keeper->name,
            fired.count, due.count, fired.count == due.count ? ", and others" : "");
    exit(EXIT_FAILURE);
}

static void fire_all(const struct timekeeper *keeper, void *self, const struct plan *plan)
{
    int64_t begin_ms = virtual_ms;
    for (size_t i = 0; i < STEPS; i++) {
        virtual_ms = begin_ms + (int64_t)i * STEP_MS;
        step(keeper, self, plan->due[i]);
    }
}

static void measure(const struct timekeeper *keeper, const struct plan *plan, double figures[COLUMNS])
{
    double at_ns[6];
    void *self = keeper->create(plan);
    double bytes = allocated();
    at_ns[0] = used_ns();
    keeper->add(self, plan);
    at_ns[1] = used_ns();
    bytes = allocated() - bytes;
    at_ns[2] = used_ns();
    keeper->cancel(self, plan);
    at_ns[3] = used_ns();
    virtual_ms += SPAN_MS;
    step(keeper, self, (struct tally){0});
    double again_ns = used_ns();
    keeper->add(self, plan);
    at_ns[4] = used_ns();
    fire_all(keeper, self, plan);
    at_ns[5] = used_ns();
    keeper->destroy(self);
    figures[ADD] = (at_ns[1] - at_ns[0] + at_ns[4] - again_ns) / 2 / plan->count;
    figures[CANCEL] = (at_ns[3] - at_ns[2]) / plan->count;
    figures[FIRE] = (at_ns[5] - at_ns[4]) / plan->count;
    figures[BYTES] = (double)keeper->timer_bytes + bytes / plan->count;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure_all(const struct plan *plan, struct figures *figures, size_t rounds)
{
    for (size_t round = 0; round < rounds; round++)
        for (size_t i = 0; i < TIMEKEEPERS; i++) {
            double once[COLUMNS];
            measure(timekeepers[i], plan, once);
            for (size_t column = 0; column < COLUMNS; column++)
                figures[i].values[column][round] = once[column];
        }
    for (size_t i = 0; i < TIMEKEEPERS; i++)
        for (size_t column = 0; column < COLUMNS; column++)
            qsort(figures[i].values[column], rounds, sizeof(double), compare);
}

/* --- telling --- */

static void tell_people(const struct plan *plan, const struct figures *figures, size_t rounds)
{
    printf("%" PRIu32 " timers within 30 minutes, for each: ns of processor time, bytes; medians of %zu "
           "rounds (least-most)\n",
           plan->count, rounds);
    printf("%-10s", "");
    for (size_t column = 0; column < COLUMNS; column++)
        printf(" %24s", column_names[column]);
    for (size_t i = 0; i < TIMEKEEPERS; i++) {
        printf("\n%-10s", timekeepers[i]->name);
        for (size_t column = 0; column < COLUMNS; column++) {
            const double *values = figures[i].values[column];
            printf(" %8.1f (%6.1f-%6.1f)", values[rounds / 2], values[0], values[rounds - 1]);
        }
    }
    printf("\n");
}

static void tell_programs(const struct figures *figures, size_t rounds)
{
    for (size_t i = 0; i < TIMEKEEPERS; i++) {
        printf("%s\"%s\":{", i > 0 ? "," : "{", timekeepers[i]->name);
        for (size_t column = 0; column < BYTES; column++) {
            const double *values = figures[i].values[column];
            printf("\"%s\":{\"median\":%.2f,\"min\":%.2f,\"max\":%.2f},", column_names[column],
                   values[rounds / 2], values[0], values[rounds - 1]);
        }
        printf("\"bytes\":%.1f}", figures[i].values[BYTES][rounds / 2]);
    }
    printf("}\n");
}

int main(int argc, char *argv[])
{
    static struct figures figures[TIMEKEEPERS];
    bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
    char **arguments = argv + json;
    argc -= json;
    unsigned long count = argc > 1 ? strtoul(arguments[1], NULL, 10) : 1000000;
    unsigned long rounds = argc > 2 ? strtoul(arguments[2], NULL, 10) : 5;
    demand(argc <= 3 && count > 0 && count < UINT32_MAX && rounds > 0 && rounds <= ROUNDS_MAX,
           "usage: bench_timers [--json] [COUNT [ROUNDS]]");
    struct plan *plan = make_plan((uint32_t)count);
    measure_all(plan, figures, rounds);
    if (json)
        tell_programs(figures, rounds);
    else
        tell_people(plan, figures, rounds);
    free_plan(plan);
    return EXIT_SUCCESS;
}
