#ifndef EMERGENCYD_CLOCK_H
#define EMERGENCYD_CLOCK_H
/*
 * The two clocks of daemon/, in milliseconds. lib/ has none: it is told the time. Any thread.
 */
#include <stdint.h>
#include <time.h>

static inline int64_t clock_read_ms(clockid_t id)
{
    struct timespec now = {0};
    clock_gettime(id, &now); /* can't fail for the two below */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* UTC, since 1970; steps when somebody sets the clock. */
static inline int64_t clock_wall_ms(void)
{
    return clock_read_ms(CLOCK_REALTIME);
}

/* For time-outs: never steps. */
static inline int64_t clock_steady_ms(void)
{
    return clock_read_ms(CLOCK_MONOTONIC);
}

#endif
