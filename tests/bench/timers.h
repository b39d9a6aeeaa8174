#ifndef EMERGENCYD_TIMERS_H
#define EMERGENCYD_TIMERS_H
/*
 * What bench_timers measures: anything that keeps timers, behind a few functions. Each works on all timers of
 * a plan at once, so that what is measured is the library and not a call through a pointer. What can't go
 * wrong, and does, ends the program.
 *
 * Time is virtual: in this program all clocks say virtual_ms, to the shared libraries too.
 */
#include <stdbool.h>
#include <stdint.h>

#define SPAN_MS (30 * 60 * 1000)
#define STEP_MS 1000
#define STEPS   (SPAN_MS / STEP_MS + 1)

/* Which timers fire in a step: how many, and a sum that others would hardly have. */
struct tally {
    uint64_t count, sum;
};

/* How long each timer waits, in which order they are cancelled, and what each step must fire. No timer is due
 * at the very moment of a step: there libraries differ. */
struct plan {
    uint32_t count;
    uint32_t *wait_ms;
    uint32_t *order;
    struct tally due[STEPS]; /* by step, counted from the time of the addition */
};

struct timekeeper {
    const char *name;
    uint64_t timer_bytes; /* what the caller keeps of each; what is allocated beside it is seen */
    void *(*create)(const struct plan *plan); /* with all timers, none of them armed */
    void (*add)(void *self, const struct plan *plan);
    void (*cancel)(void *self, const struct plan *plan);
    struct tally (*fire)(void *self); /* what is due */
    void (*destroy)(void *self);      /* no timer is armed */
};

extern const struct timekeeper wheel_timekeeper, alarms_timekeeper;
extern const struct timekeeper ev_timekeeper, event_timekeeper, uv_timekeeper;

extern int64_t virtual_ms;

/* Ends the program unless GOOD. */
void demand(bool good, const char *what);

/* Timer I has fired. */
static inline void tally_add(struct tally *tally, uint64_t i)
{
    tally->count++;
    tally->sum += i * i + i;
}

#endif
