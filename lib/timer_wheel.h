#ifndef EMERGENCYD_TIMER_WHEEL_H
#define EMERGENCYD_TIMER_WHEEL_H
/*
 * A hierarchical timing wheel: timers that come due at a millisecond of UTC, with add and cancel in O(1).
 *
 * It knows no clock, no thread and no callback: the owner says what time it is (wheel_advance) and takes the
 * expired timers out (wheel_pop). Whoever owns the wheel is the only thread to call it. The wheel allocates
 * nothing: timers live in memory of the caller, who cancels a timer before that memory goes or moves. So a
 * wheel needs no tear-down. It must not be moved itself while timers are in it.
 *
 * The loop of an owner:
 *
 *     wheel_advance(w, now_ms);
 *     while ((t = wheel_pop(w)) != NULL)   // or up to some number; the rest waits
 *         act(t);                          // may add and cancel any timer, this one too
 *     if (wheel_next(w, &wake_ms))         // sleep until then
 *
 * Times are milliseconds from the epoch, not negative, and every one up to INT64_MAX is exact: eleven levels
 * of 64 slots cover 63 bits, so there is no horizon. (UTC of this century uses the lower seven.)
 */

#include "lib/compiler.h"

#include <stdbool.h>
#include <stdint.h>

#define WHEEL_LEVELS 11
#define WHEEL_SLOTS  64
#define WHEEL_CHAINS 4 /* lists a slot: walked side by side, their cache misses overlap */

/* 32 bytes. All zero is a timer with id 0 that is not armed. Fields are read by the caller, never written. */
struct timer {
    struct timer *next;
    struct timer **link; /* the pointer that points here; NULL: not armed */
    int64_t due_ms;      /* valid while armed, and after wheel_pop until added again */
    uint64_t id;         /* the caller's; decides the order of timers due at the same time */
};

struct wheel {
    int64_t now_ms; /* of the last advance */
    int64_t at_ms;  /* how far the slots are emptied, <= now_ms; the slots hold what is due from here on */
    uint64_t occupied[WHEEL_LEVELS];
    unsigned turn; /* counts additions, to share them out among the chains */
    struct timer *head[WHEEL_LEVELS * WHEEL_SLOTS * WHEEL_CHAINS];
    struct timer *ready; /* expired and in order */
    struct timer *late;  /* was due already when it was added: waits for the next advance */
};

/* An empty wheel at now_ms (>= 0). */
void wheel_init(struct wheel *w, int64_t now_ms);

/* A timer that is not armed. Not for an armed one. */
void timer_init(struct timer *t, uint64_t id);

bool timer_armed(const struct timer *t);

/* Arms t, or moves it if it is armed. What is due already (due_ms <= now of the last advance) expires at the
 * next advance, whatever its now: so nothing that is added while the expired are popped is popped with them.
 */
void wheel_add(struct wheel *w, struct timer *t, int64_t due_ms);

/* Disarms t, expired or not. Does nothing if it is not armed. */
void wheel_cancel(struct wheel *w, struct timer *t);

/* Makes everything due at or before now_ms ready for wheel_pop. A now_ms smaller than one before counts as
 * that one: the wheel does not run back. After a clock was set back, make the wheel anew, or what is due
 * between the two times expires too early. */
void wheel_advance(struct wheel *w, int64_t now_ms);

/* Takes the next expired timer out, disarmed; NULL: no more until the next advance. Timers come in order of
 * (due_ms, id), those that an earlier advance left included. */
struct timer *wheel_pop(struct wheel *w);

/* When to advance and pop again: never later than the earliest due time, or at once (now of the last advance,
 * or before) if something is due or unpopped. It may be early, by at most one wake-up for each level that the
 * timer still has to descend; after wheel_pop returned NULL it is later than now unless something was added
 * late. false: no timer is armed, *wake_ms is not written. */
MUST_CHECK bool wheel_next(const struct wheel *w, int64_t *wake_ms);

/* For tests: whether every invariant holds. Walks all timers. */
MUST_CHECK bool wheel_check(const struct wheel *w);

#endif
