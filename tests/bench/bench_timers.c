/*
 * What a timer costs: 1,000,000 of them (or as many as the argument says) due within 30 minutes, added,
 * cancelled in another order, added again and fired by steps of one second of virtual time. First on the bare
 * wheel, then as the daemon has them: alarms by the ids of rows. What must not happen ends the program.
 */
#include "lib/alarms.h"
#include "lib/timer_wheel.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define START_MS INT64_C(1795435200000)
#define SPAN_MS  (30 * 60 * 1000)
#define STEP_MS  1000

static int64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void demand(bool good, const char *what)
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

/* When each is due, and the order in which they are cancelled. */
struct plan {
    uint32_t count;
    int64_t *due_ms;
    uint32_t *order;
};

static struct plan make_plan(uint32_t count)
{
    struct plan plan = {count, calloc(count, sizeof *plan.due_ms), calloc(count, sizeof *plan.order)};
    uint64_t random = UINT64_C(88172645463325252);
    demand(plan.due_ms && plan.order, "no memory");
    for (uint32_t i = 0; i < count; i++) {
        plan.due_ms[i] = START_MS + 1 + (int64_t)(next_random(&random) % SPAN_MS);
        plan.order[i] = i;
    }
    for (uint32_t i = count - 1; i > 0; i--) {
        uint32_t j = (uint32_t)(next_random(&random) % (i + 1));
        uint32_t kept = plan.order[i];
        plan.order[i] = plan.order[j];
        plan.order[j] = kept;
    }
    return plan;
}

static void print_row(const char *what, const struct plan *plan, const int64_t at_ns[5], size_t bytes)
{
    double count = plan->count;
    printf("%-12s %8.1f %8.1f %8.1f %8.1f\n", what, (double)(at_ns[1] - at_ns[0]) / count,
           (double)(at_ns[2] - at_ns[1]) / count, (double)(at_ns[4] - at_ns[3]) / count,
           (double)bytes / count);
}

/* --- the wheel --- */

static void fire_wheel(struct wheel *wheel, const struct plan *plan)
{
    uint32_t fired = 0;
    int64_t last_ms = 0;
    for (int64_t now_ms = START_MS; now_ms < START_MS + SPAN_MS + STEP_MS; now_ms += STEP_MS) {
        wheel_advance(wheel, now_ms);
        for (struct timer *timer; (timer = wheel_pop(wheel)); fired++) {
            demand(timer->due_ms >= last_ms && timer->due_ms <= now_ms, "fired at a wrong time");
            last_ms = timer->due_ms;
        }
    }
    demand(fired == plan->count, "not all fired");
}

static void measure_wheel(const struct plan *plan)
{
    int64_t at_ns[5];
    int64_t next_ms;
    struct wheel *wheel = malloc(sizeof *wheel);
    struct timer *timers = calloc(plan->count, sizeof *timers);
    demand(wheel && timers, "no memory");
    wheel_init(wheel, START_MS);
    for (uint32_t i = 0; i < plan->count; i++)
        timer_init(&timers[i], i + 1);
    at_ns[0] = clock_ns();
    for (uint32_t i = 0; i < plan->count; i++)
        wheel_add(wheel, &timers[i], plan->due_ms[i]);
    at_ns[1] = clock_ns();
    for (uint32_t i = 0; i < plan->count; i++)
        wheel_cancel(wheel, &timers[plan->order[i]]);
    at_ns[2] = clock_ns();
    demand(!wheel_next(wheel, &next_ms), "something is left");
    for (uint32_t i = 0; i < plan->count; i++)
        wheel_add(wheel, &timers[i], plan->due_ms[i]);
    at_ns[3] = clock_ns();
    fire_wheel(wheel, plan);
    at_ns[4] = clock_ns();
    print_row("the wheel", plan, at_ns, plan->count * sizeof *timers);
    free(timers);
    free(wheel);
}

/* --- alarms --- */

static void fire_alarms(struct alarms *alarms, const struct plan *plan)
{
    uint32_t fired = 0;
    enum alarm_kind kind;
    int64_t id;
    int64_t due_ms;
    for (int64_t now_ms = START_MS; now_ms < START_MS + SPAN_MS + STEP_MS; now_ms += STEP_MS) {
        alarms_advance(alarms, now_ms);
        for (; alarms_pop(alarms, &kind, &id, &due_ms); fired++)
            demand(due_ms == plan->due_ms[id - 1] && due_ms <= now_ms, "fired at a wrong time");
    }
    demand(fired == plan->count, "not all fired");
}

static void set_all(struct alarms *alarms, const struct plan *plan)
{
    for (uint32_t i = 0; i < plan->count; i++)
        demand(alarms_set(alarms, ALARM_EMERGENCY, (int64_t)i + 1, plan->due_ms[i]), "no memory");
}

static void measure_alarms(const struct plan *plan)
{
    int64_t at_ns[5];
    int64_t next_ms;
    struct alarms *alarms = malloc(sizeof *alarms);
    demand(alarms, "no memory");
    alarms_init(alarms, START_MS);
    struct mallinfo2 before = mallinfo2();
    at_ns[0] = clock_ns();
    set_all(alarms, plan);
    at_ns[1] = clock_ns();
    struct mallinfo2 after = mallinfo2();
    for (uint32_t i = 0; i < plan->count; i++)
        alarms_clear(alarms, ALARM_EMERGENCY, (int64_t)plan->order[i] + 1);
    at_ns[2] = clock_ns();
    demand(!alarms_next(alarms, &next_ms), "something is left");
    set_all(alarms, plan);
    at_ns[3] = clock_ns();
    fire_alarms(alarms, plan);
    at_ns[4] = clock_ns();
    print_row("alarms", plan, at_ns, after.uordblks + after.hblkhd - before.uordblks - before.hblkhd);
    alarms_free(alarms);
    free(alarms);
}

int main(int argc, char *argv[])
{
    unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
    demand(count > 0 && count < UINT32_MAX, "usage: bench_timers [COUNT]");
    struct plan plan = make_plan((uint32_t)count);
    printf("%lu timers within 30 minutes, ns each and bytes each\n", count);
    printf("%-12s %8s %8s %8s %8s\n", "", "add", "cancel", "fire", "bytes");
    measure_wheel(&plan);
    measure_alarms(&plan);
    free(plan.due_ms);
    free(plan.order);
    return EXIT_SUCCESS;
}
