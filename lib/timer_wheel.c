/*
 * The timing wheel. A timer lies on the level of the highest 6-bit digit in which its due time differs from
 * the wheel's position, in the slot of that digit. So everything on a level is due before anything on the
 * next, and the earliest timers are in the first occupied slot of the lowest occupied level. When the
 * position reaches a slot of an upper level, its timers descend; a slot of the lowest level holds timers of
 * one millisecond.
 *
 * Slots are emptied by wheel_pop, one at a time and in order of time, and not by wheel_advance: the descent
 * through the levels is the sort by due time, and only timers of the same millisecond are left to be
 * compared.
 *
 * Nothing here can fail. A negative time for the wheel is a broken contract.
 */
#include "lib/timer_wheel.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#define DIGIT_BITS 6
#define DIGIT_MASK (WHEEL_SLOTS - 1)
#define SLOT_COUNT (WHEEL_LEVELS * WHEEL_SLOTS)
#define SORT_BINS  48 /* bin i holds 2^i timers: more than memory does */

void wheel_init(struct wheel *w, int64_t now_ms)
{
    assert(now_ms >= 0);
    memset(w, 0, sizeof(*w));
    w->now_ms = now_ms;
    w->at_ms = now_ms;
}

void timer_init(struct timer *t, uint64_t id)
{
    *t = (struct timer){.id = id};
}

bool timer_armed(const struct timer *t)
{
    return t->link != NULL;
}

static void push(struct timer **head, struct timer *t)
{
    t->next = *head;
    t->link = head;
    if (t->next)
        t->next->link = &t->next;
    *head = t;
}

/* Which slot a time from the position on belongs to. */
static unsigned slot_of(const struct wheel *w, int64_t due_ms)
{
    uint64_t differs = (uint64_t)(due_ms ^ w->at_ms) | 1;
    unsigned level = (63U - (unsigned)__builtin_clzll(differs)) / DIGIT_BITS;
    unsigned digit = (unsigned)((uint64_t)due_ms >> (level * DIGIT_BITS)) & DIGIT_MASK;
    return level * WHEEL_SLOTS + digit;
}

static void set_occupied(struct wheel *w, unsigned slot)
{
    w->occupied[slot / WHEEL_SLOTS] |= UINT64_C(1) << (slot % WHEEL_SLOTS);
}

static void set_vacant(struct wheel *w, unsigned slot)
{
    w->occupied[slot / WHEEL_SLOTS] &= ~(UINT64_C(1) << (slot % WHEEL_SLOTS));
}

/* The lowest level uses the first chain only: few timers, and recently touched. */
static void place(struct wheel *w, struct timer *t, unsigned chain)
{
    unsigned slot = slot_of(w, t->due_ms);
    set_occupied(w, slot);
    push(&w->head[slot * WHEEL_CHAINS + (slot < WHEEL_SLOTS ? 0 : chain)], t);
}

void wheel_add(struct wheel *w, struct timer *t, int64_t due_ms)
{
    if (timer_armed(t))
        wheel_cancel(w, t);
    t->due_ms = due_ms;
    if (due_ms <= w->now_ms)
        push(&w->late, t);
    else
        place(w, t, w->turn++ % WHEEL_CHAINS);
}

static bool is_vacant(const struct wheel *w, unsigned slot)
{
    for (unsigned i = 0; i < WHEEL_CHAINS; i++) {
        if (w->head[slot * WHEEL_CHAINS + i])
            return false;
    }
    return true;
}

void wheel_cancel(struct wheel *w, struct timer *t)
{
    if (!timer_armed(t))
        return;
    *t->link = t->next;
    if (t->next) {
        t->next->link = t->link;
    } else {
        /* The last one of its list. If the list has become empty, so may the slot. */
        uintptr_t slot = ((uintptr_t)t->link - (uintptr_t)w->head) / sizeof(w->head[0]) / WHEEL_CHAINS;
        if (slot < SLOT_COUNT && is_vacant(w, (unsigned)slot))
            set_vacant(w, (unsigned)slot);
    }
    t->link = NULL;
}

static bool is_before(const struct timer *a, const struct timer *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->id < b->id;
}

/* merge and sort use `next` alone; set_ready writes the links. */
static struct timer *merge(struct timer *a, struct timer *b)
{
    struct timer *head = NULL;
    struct timer **tail = &head;
    while (a && b) {
        struct timer **from = is_before(b, a) ? &b : &a;
        *tail = *from;
        tail = &(*tail)->next;
        *from = *tail;
    }
    *tail = a ? a : b;
    return head;
}

static struct timer *sort(struct timer *list)
{
    struct timer *bins[SORT_BINS];
    size_t used = 0;
    while (list) {
        struct timer *run = list;
        list = list->next;
        run->next = NULL;
        size_t i = 0;
        for (; i < used && bins[i]; i++) {
            run = merge(bins[i], run);
            bins[i] = NULL;
        }
        bins[i] = run;
        if (i == used)
            used++;
    }
    for (size_t i = 0; i < used; i++)
        list = merge(bins[i], list);
    return list;
}

static void set_ready(struct wheel *w, struct timer *list)
{
    w->ready = list;
    for (struct timer **link = &w->ready; *link; link = &(*link)->next)
        (*link)->link = link;
}

void wheel_advance(struct wheel *w, int64_t now_ms)
{
    if (now_ms > w->now_ms)
        w->now_ms = now_ms;
    if (!w->late)
        return;
    struct timer *list = w->late;
    struct timer *passed = NULL;
    w->late = NULL;
    while (list) {
        struct timer *t = list;
        list = t->next;
        if (t->due_ms > w->at_ms) { /* an earlier advance is not popped to the end: take its place there */
            place(w, t, 0);
        } else {
            t->next = passed;
            passed = t;
        }
    }
    set_ready(w, merge(w->ready, sort(passed)));
}

/* The first occupied slot in order of time, and the time at which it begins. */
static bool first_slot(const struct wheel *w, unsigned *slot, int64_t *begin_ms)
{
    for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
        if (!w->occupied[level])
            continue;
        unsigned digit = (unsigned)__builtin_ctzll(w->occupied[level]);
        unsigned shift = level * DIGIT_BITS;
        uint64_t above = ((uint64_t)w->at_ms >> shift) & ~(uint64_t)DIGIT_MASK;
        *slot = level * WHEEL_SLOTS + digit;
        *begin_ms = (int64_t)((above | digit) << shift);
        return true;
    }
    return false;
}

/* Places the timers of a slot anew, all of them on lower levels. */
static void descend(struct wheel *w, struct timer **chains)
{
    for (bool more = true; more;) {
        more = false;
        for (unsigned i = 0; i < WHEEL_CHAINS; i++) {
            struct timer *t = chains[i];
            if (!t)
                continue;
            chains[i] = t->next;
            __builtin_prefetch(t->next, 1);
            place(w, t, i);
            more = true;
        }
    }
}

/* Moves the position to the next occupied slot and empties it: downwards, or into ready from the lowest
 * level. false: nothing more is due. */
static bool empty_next_slot(struct wheel *w)
{
    unsigned slot;
    int64_t begin_ms;
    if (!first_slot(w, &slot, &begin_ms) || begin_ms > w->now_ms) {
        w->at_ms = w->now_ms;
        return false;
    }
    w->at_ms = begin_ms;
    set_vacant(w, slot);
    struct timer **chains = &w->head[slot * WHEEL_CHAINS];
    if (slot < WHEEL_SLOTS) {
        set_ready(w, chains[0]->next ? sort(chains[0]) : chains[0]);
        chains[0] = NULL;
    } else {
        descend(w, chains);
    }
    return true;
}

struct timer *wheel_pop(struct wheel *w)
{
    while (!w->ready) {
        if (!empty_next_slot(w))
            return NULL;
    }
    struct timer *t = w->ready;
    w->ready = t->next;
    if (t->next)
        t->next->link = &w->ready;
    t->link = NULL;
    return t;
}

bool wheel_next(const struct wheel *w, int64_t *wake_ms)
{
    unsigned slot;
    if (w->ready)
        *wake_ms = w->ready->due_ms;
    else if (w->late)
        *wake_ms = w->now_ms;
    else
        return first_slot(w, &slot, wake_ms);
    return true;
}

static bool check_chain(const struct wheel *w, unsigned chain)
{
    for (struct timer *const *link = &w->head[chain]; *link; link = &(*link)->next) {
        const struct timer *t = *link;
        if (t->link != link || t->due_ms < w->at_ms || slot_of(w, t->due_ms) != chain / WHEEL_CHAINS)
            return false;
    }
    return true;
}

static bool check_slot(const struct wheel *w, unsigned slot)
{
    bool occupied = w->occupied[slot / WHEEL_SLOTS] >> (slot % WHEEL_SLOTS) & 1;
    if (occupied == is_vacant(w, slot))
        return false;
    for (unsigned i = 0; i < WHEEL_CHAINS; i++) {
        if (!check_chain(w, slot * WHEEL_CHAINS + i))
            return false;
    }
    return true;
}

static bool check_ready(const struct wheel *w)
{
    const struct timer *before = NULL;
    for (struct timer *const *link = &w->ready; *link; link = &(*link)->next) {
        const struct timer *t = *link;
        if (t->link != link || t->due_ms > w->at_ms || (before && is_before(t, before)))
            return false;
        before = t;
    }
    return true;
}

static bool check_late(const struct wheel *w)
{
    for (struct timer *const *link = &w->late; *link; link = &(*link)->next) {
        if ((*link)->link != link || (*link)->due_ms > w->now_ms)
            return false;
    }
    return true;
}

bool wheel_check(const struct wheel *w)
{
    for (unsigned slot = 0; slot < SLOT_COUNT; slot++) {
        if (!check_slot(w, slot))
            return false;
    }
    return w->at_ms <= w->now_ms && check_ready(w) && check_late(w);
}
