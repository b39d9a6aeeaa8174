/* libuv's timers: a binary heap, linked within them. */
#include "tests/bench/timers.h"

#include <stdlib.h>
#include <uv.h>

struct uv_keeper {
    uv_loop_t loop;
    uv_timer_t *timers;
    uint32_t count;
    struct tally fired;
};

static void on_timer(uv_timer_t *timer)
{
    struct uv_keeper *keeper = uv_loop_get_data(timer->loop);
    tally_add(&keeper->fired, (uint64_t)(timer - keeper->timers));
}

static void *uv_keeper_create(const struct plan *plan)
{
    struct uv_keeper *keeper = calloc(1, sizeof *keeper);
    demand(keeper != NULL, "no memory");
    keeper->count = plan->count;
    keeper->timers = calloc(plan->count, sizeof *keeper->timers);
    demand(keeper->timers && uv_loop_init(&keeper->loop) == 0, "no memory");
    uv_loop_set_data(&keeper->loop, keeper);
    for (uint32_t i = 0; i < plan->count; i++)
        demand(uv_timer_init(&keeper->loop, &keeper->timers[i]) == 0, "no libuv timer");
    return keeper;
}

static void uv_keeper_add(void *self, const struct plan *plan)
{
    struct uv_keeper *keeper = self;
    uv_update_time(&keeper->loop);
    for (uint32_t i = 0; i < plan->count; i++)
        demand(uv_timer_start(&keeper->timers[i], on_timer, plan->wait_ms[i], 0) == 0, "libuv adds no timer");
}

static void uv_keeper_cancel(void *self, const struct plan *plan)
{
    struct uv_keeper *keeper = self;
    for (uint32_t i = 0; i < plan->count; i++)
        demand(uv_timer_stop(&keeper->timers[plan->order[i]]) == 0, "libuv cancels no timer");
}

static struct tally uv_keeper_fire(void *self)
{
    struct uv_keeper *keeper = self;
    keeper->fired = (struct tally){0};
    uv_run(&keeper->loop, UV_RUN_NOWAIT);
    return keeper->fired;
}

static void uv_keeper_destroy(void *self)
{
    struct uv_keeper *keeper = self;
    for (uint32_t i = 0; i < keeper->count; i++)
        uv_close((uv_handle_t *)&keeper->timers[i], NULL);
    uv_run(&keeper->loop, UV_RUN_DEFAULT);
    demand(uv_loop_close(&keeper->loop) == 0, "libuv's loop is busy");
    free(keeper->timers);
    free(keeper);
}

const struct timekeeper uv_timekeeper = {
    "libuv",          sizeof(uv_timer_t), uv_keeper_create,  uv_keeper_add,
    uv_keeper_cancel, uv_keeper_fire,     uv_keeper_destroy,
};
