/* libev's timers: a 4-heap of pointers, each with its time beside it. */
#include "tests/bench/timers.h"

#include <ev.h>
#include <stdlib.h>

struct ev_keeper {
    struct ev_loop *loop;
    ev_timer *timers;
    struct tally fired;
};

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct ev_keeper *keeper = ev_userdata(loop);
    (void)events;
    tally_add(&keeper->fired, (uint64_t)(timer - keeper->timers));
}

static void *ev_keeper_create(const struct plan *plan)
{
    struct ev_keeper *keeper = calloc(1, sizeof *keeper);
    demand(keeper != NULL, "no memory");
    keeper->loop = ev_loop_new(EVFLAG_AUTO);
    keeper->timers = calloc(plan->count, sizeof *keeper->timers);
    demand(keeper->loop && keeper->timers, "no memory");
    ev_set_userdata(keeper->loop, keeper);
    for (uint32_t i = 0; i < plan->count; i++)
        ev_init(&keeper->timers[i], on_timer);
    return keeper;
}

static void ev_keeper_add(void *self, const struct plan *plan)
{
    struct ev_keeper *keeper = self;
    ev_now_update(keeper->loop);
    for (uint32_t i = 0; i < plan->count; i++) {
        ev_timer_set(&keeper->timers[i], plan->wait_ms[i] / 1e3, 0.);
        ev_timer_start(keeper->loop, &keeper->timers[i]);
    }
}

static void ev_keeper_cancel(void *self, const struct plan *plan)
{
    struct ev_keeper *keeper = self;
    for (uint32_t i = 0; i < plan->count; i++)
        ev_timer_stop(keeper->loop, &keeper->timers[plan->order[i]]);
}

static struct tally ev_keeper_fire(void *self)
{
    struct ev_keeper *keeper = self;
    keeper->fired = (struct tally){0};
    ev_run(keeper->loop, EVRUN_NOWAIT);
    return keeper->fired;
}

static void ev_keeper_destroy(void *self)
{
    struct ev_keeper *keeper = self;
    ev_loop_destroy(keeper->loop);
    free(keeper->timers);
    free(keeper);
}

const struct timekeeper ev_timekeeper = {
    "libev",          sizeof(ev_timer), ev_keeper_create,  ev_keeper_add,
    ev_keeper_cancel, ev_keeper_fire,   ev_keeper_destroy,
};
