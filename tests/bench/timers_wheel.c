/* The wheel by itself, and as the daemon has it: alarms by the ids of rows. */
#include "lib/alarms.h"
#include "lib/timer_wheel.h"
#include "tests/bench/timers.h"

#include <stdlib.h>

struct wheel_keeper {
    struct wheel wheel;
    struct timer *timers;
};

static void *wheel_keeper_create(const struct plan *plan)
{
    struct wheel_keeper *keeper = malloc(sizeof *keeper);
    demand(keeper != NULL, "no memory");
    keeper->timers = calloc(plan->count, sizeof *keeper->timers);
    demand(keeper->timers != NULL, "no memory");
    wheel_init(&keeper->wheel, virtual_ms);
    for (uint32_t i = 0; i < plan->count; i++)
        timer_init(&keeper->timers[i], i + 1);
    return keeper;
}

static void wheel_keeper_add(void *self, const struct plan *plan)
{
    struct wheel_keeper *keeper = self;
    for (uint32_t i = 0; i < plan->count; i++)
        wheel_add(&keeper->wheel, &keeper->timers[i], virtual_ms + plan->wait_ms[i]);
}

static void wheel_keeper_cancel(void *self, const struct plan *plan)
{
    struct wheel_keeper *keeper = self;
    for (uint32_t i = 0; i < plan->count; i++)
        wheel_cancel(&keeper->wheel, &keeper->timers[plan->order[i]]);
}

static struct tally wheel_keeper_fire(void *self)
{
    struct wheel_keeper *keeper = self;
    struct tally fired = {0};
    wheel_advance(&keeper->wheel, virtual_ms);
    for (struct timer *timer; (timer = wheel_pop(&keeper->wheel));)
        tally_add(&fired, timer->id - 1);
    return fired;
}

static void wheel_keeper_destroy(void *self)
{
    struct wheel_keeper *keeper = self;
    free(keeper->timers);
    free(keeper);
}

const struct timekeeper wheel_timekeeper = {
    "wheel",           sizeof(struct timer), wheel_keeper_create, wheel_keeper_add, wheel_keeper_cancel,
    wheel_keeper_fire, wheel_keeper_destroy,
};

/* --- alarms --- */

static void *alarms_keeper_create(const struct plan *plan)
{
    struct alarms *alarms = malloc(sizeof *alarms);
    (void)plan;
    demand(alarms != NULL, "no memory");
    alarms_init(alarms, virtual_ms);
    return alarms;
}

static void alarms_keeper_add(void *self, const struct plan *plan)
{
    for (uint32_t i = 0; i < plan->count; i++)
        demand(alarms_set(self, ALARM_EMERGENCY, (int64_t)i + 1, virtual_ms + plan->wait_ms[i]), "no memory");
}

static void alarms_keeper_cancel(void *self, const struct plan *plan)
{
    for (uint32_t i = 0; i < plan->count; i++)
        alarms_clear(self, ALARM_EMERGENCY, (int64_t)plan->order[i] + 1);
}

static struct tally alarms_keeper_fire(void *self)
{
    struct tally fired = {0};
    enum alarm_kind kind;
    int64_t id;
    int64_t due_ms;
    alarms_advance(self, virtual_ms);
    while (alarms_pop(self, &kind, &id, &due_ms))
        tally_add(&fired, (uint64_t)id - 1);
    return fired;
}

static void alarms_keeper_destroy(void *self)
{
    alarms_free(self);
    free(self);
}

const struct timekeeper alarms_timekeeper = {
    "alarms",
    0,
    alarms_keeper_create,
    alarms_keeper_add,
    alarms_keeper_cancel,
    alarms_keeper_fire,
    alarms_keeper_destroy,
};
