/* libevent's timers: a binary heap of pointers. */
#include "tests/bench/timers.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>

struct event_keeper {
    struct event_base *base;
    struct event *timers;
};

/* Here, as a callback gets one pointer only: what is its timer's. */
static struct tally fired;

static void on_timer(evutil_socket_t fd, short events, void *number)
{
    (void)fd;
    (void)events;
    tally_add(&fired, (uintptr_t)number);
}

static void *event_keeper_create(const struct plan *plan)
{
    struct event_keeper *keeper = calloc(1, sizeof *keeper);
    demand(keeper != NULL, "no memory");
    keeper->base = event_base_new();
    keeper->timers = calloc(plan->count, sizeof *keeper->timers);
    demand(keeper->base && keeper->timers, "no memory");
    for (uintptr_t i = 0; i < plan->count; i++)
        demand(evtimer_assign(&keeper->timers[i], keeper->base, on_timer, (void *)i) == 0,
               "no libevent timer");
    return keeper;
}

static void event_keeper_add(void *self, const struct plan *plan)
{
    struct event_keeper *keeper = self;
    for (uint32_t i = 0; i < plan->count; i++) {
        uint32_t wait_ms = plan->wait_ms[i];
        const struct timeval wait = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};
        demand(evtimer_add(&keeper->timers[i], &wait) == 0, "libevent adds no timer");
    }
}

static void event_keeper_cancel(void *self, const struct plan *plan)
{
    struct event_keeper *keeper = self;
    for (uint32_t i = 0; i < plan->count; i++)
        demand(evtimer_del(&keeper->timers[plan->order[i]]) == 0, "libevent cancels no timer");
}

static struct tally event_keeper_fire(void *self)
{
    struct event_keeper *keeper = self;
    fired = (struct tally){0};
    demand(event_base_loop(keeper->base, EVLOOP_ONCE | EVLOOP_NONBLOCK) >= 0, "libevent's loop fails");
    return fired;
}

static void event_keeper_destroy(void *self)
{
    struct event_keeper *keeper = self;
    event_base_free(keeper->base);
    free(keeper->timers);
    free(keeper);
}

const struct timekeeper event_timekeeper = {
    "libevent",          sizeof(struct event), event_keeper_create,  event_keeper_add,
    event_keeper_cancel, event_keeper_fire,    event_keeper_destroy,
};
