/*
 * The timing wheel against a model that is a plain array: same timers, same order, never early, never late,
 * and every invariant after every operation; and the boundaries at which wheels tend to go wrong.
 */
#include "lib/compiler.h"
#include "lib/timer_wheel.h"
#include "tests/unit/suites.h"

#include <check.h>
#include <inttypes.h>
#include <stdlib.h>

#define START_MS INT64_C(1795458600000) /* a day in November 2026 */
#define MINUTE   INT64_C(60000)
#define TIMERS   64

/* What is under test and what it has to do, side by side. The id of timer i is ids[i]. */
struct bench {
    struct wheel wheel;
    struct timer timers[TIMERS];
    bool armed[TIMERS];
    bool expired[TIMERS]; /* at the last advance */
    int64_t due_ms[TIMERS];
    int64_t now_ms;
    bool drained; /* a pop found nothing since the last advance */
    uint64_t random;
};

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static struct bench *bench_new(int64_t now_ms, uint64_t seed)
{
    struct bench *b = calloc(1, sizeof(*b));
    ck_assert_ptr_nonnull(b);
    b->now_ms = now_ms;
    b->random = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    wheel_init(&b->wheel, now_ms);
    for (size_t i = 0; i < TIMERS; i++)
        timer_init(&b->timers[i], i * 7 % TIMERS); /* ids in another order than the array */
    return b;
}

static void bench_add(struct bench *b, size_t i, int64_t due_ms)
{
    wheel_add(&b->wheel, &b->timers[i], due_ms);
    b->armed[i] = true;
    b->expired[i] = false;
    b->due_ms[i] = due_ms;
}

static void bench_cancel(struct bench *b, size_t i)
{
    wheel_cancel(&b->wheel, &b->timers[i]);
    b->armed[i] = false;
}

static void bench_advance(struct bench *b, int64_t now_ms)
{
    wheel_advance(&b->wheel, now_ms);
    if (now_ms > b->now_ms)
        b->now_ms = now_ms;
    for (size_t i = 0; i < TIMERS; i++)
        b->expired[i] = b->armed[i] && b->due_ms[i] <= b->now_ms;
    b->drained = false;
}

/* The expired timer that is next by (due, id); TIMERS: none. */
static size_t model_first(const struct bench *b)
{
    size_t first = TIMERS;
    for (size_t i = 0; i < TIMERS; i++) {
        if (!b->armed[i] || !b->expired[i])
            continue;
        if (first == TIMERS || b->due_ms[i] < b->due_ms[first] ||
            (b->due_ms[i] == b->due_ms[first] && b->timers[i].id < b->timers[first].id))
            first = i;
    }
    return first;
}

static bool bench_pop(struct bench *b)
{
    size_t want = model_first(b);
    struct timer *t = wheel_pop(&b->wheel);
    if (t != (want == TIMERS ? NULL : &b->timers[want]))
        ck_abort_msg("popped timer %td, wanted %zu, at %" PRId64, t ? t - b->timers : -1, want, b->now_ms);
    if (!t) {
        b->drained = true;
        return false;
    }
    if (timer_armed(t) || t->due_ms != b->due_ms[want])
        ck_abort_msg("timer %zu was not popped as it was added", want);
    b->armed[want] = false;
    return true;
}

static void bench_check_next(const struct bench *b)
{
    bool any = false;
    int64_t earliest = INT64_MAX;
    for (size_t i = 0; i < TIMERS; i++) {
        if (!b->armed[i])
            continue;
        any = true;
        if (b->due_ms[i] < earliest)
            earliest = b->due_ms[i];
    }
    int64_t wake_ms = -1;
    if (wheel_next(&b->wheel, &wake_ms) != any)
        ck_abort_msg("wheel_next is wrong about whether a timer is armed");
    if (any && wake_ms > earliest && wake_ms > b->now_ms)
        ck_abort_msg("would sleep to %" PRId64 " and miss %" PRId64, wake_ms, earliest);
    if (any && b->drained && earliest > b->now_ms && wake_ms <= b->now_ms)
        ck_abort_msg("would wake again at once, at %" PRId64, b->now_ms);
}

static void bench_check(const struct bench *b)
{
    if (!wheel_check(&b->wheel))
        ck_abort_msg("an invariant is broken at %" PRId64, b->now_ms);
    bench_check_next(b);
}

/* Distances that land on every level, and often on its edges. */
static int64_t random_distance(struct bench *b)
{
    uint64_t r = next_random(&b->random);
    int64_t edge = INT64_C(1) << (6 * (r >> 8 & 7));
    switch (r % 8) {
    case 0: return (int64_t)(r >> 16 & 7) - 4;
    case 1: return edge + (int64_t)(r >> 16 & 3) - 2;
    case 2: return (int64_t)(r >> 16 & 127);
    case 3: return (int64_t)(r >> 16) & ((INT64_C(1) << (r >> 8 & 31)) - 1);
    case 4: return -(int64_t)(r >> 16 & 8191);
    case 5: return 15 * MINUTE;
    case 6: return 1000 * (int64_t)(r >> 16 & 15);
    default: return (int64_t)(r >> 16 & 4095);
    }
}

static int64_t random_time(struct bench *b)
{
    int64_t time_ms;
    if (next_random(&b->random) % 64 == 0)
        return INT64_MAX;
    if (__builtin_add_overflow(b->now_ms, random_distance(b), &time_ms))
        return INT64_MAX;
    return time_ms;
}

static void random_operation(struct bench *b)
{
    uint64_t r = next_random(&b->random);
    size_t i = r >> 8 & (TIMERS - 1);
    int64_t step = (int64_t)(r >> 16 & 255);
    int64_t then_ms;
    switch (r % 16) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4: bench_add(b, i, random_time(b)); break;
    case 5:
    case 6: bench_cancel(b, i); break;
    case 7:
        step = random_distance(b);
        /* fall through */
    case 8:
    case 9:
        if (!__builtin_add_overflow(b->now_ms, step, &then_ms))
            bench_advance(b, then_ms);
        break;
    default: bench_pop(b); break;
    }
}

static void run_random(int64_t now_ms, uint64_t seed, int operations)
{
    struct bench *b = bench_new(now_ms, seed);
    for (int i = 0; i < operations; i++) {
        random_operation(b);
        bench_check(b);
    }
    bench_advance(b, INT64_MAX);
    while (bench_pop(b))
        bench_check(b);
    int64_t wake_ms;
    ck_assert(!wheel_next(&b->wheel, &wake_ms));
    free(b);
}

START_TEST(random_operations_match_the_model)
{
    static const int64_t starts[] = {
        0, START_MS, (INT64_C(1) << 36) - 40, (INT64_C(1) << 42) - 5000, INT64_MAX - 100000,
    };
    for (size_t i = 0; i < COUNT_OF(starts); i++) {
        for (uint64_t seed = 1; seed <= 4; seed++)
            run_random(starts[i], seed, 1500);
    }
}
END_TEST

/* A single timer must not be out a millisecond before its time, and be out in its millisecond. */
static void expect_exact(int64_t now_ms, int64_t distance)
{
    struct wheel w;
    struct timer t;
    wheel_init(&w, now_ms);
    timer_init(&t, 1);
    wheel_add(&w, &t, now_ms + distance);
    wheel_advance(&w, now_ms + distance - 1);
    if (wheel_pop(&w))
        ck_abort_msg("%" PRId64 " from %" PRId64 " is early", distance, now_ms);
    ck_assert(wheel_check(&w));
    wheel_advance(&w, now_ms + distance);
    if (wheel_pop(&w) != &t)
        ck_abort_msg("%" PRId64 " from %" PRId64 " is late", distance, now_ms);
    ck_assert(!wheel_pop(&w));
    ck_assert(wheel_check(&w));
}

START_TEST(boundaries_of_levels_are_exact)
{
    static const int64_t phases[] = {0, 1, 62, 63, 64, 4095, 4096, START_MS, START_MS + 63};
    for (size_t i = 0; i < COUNT_OF(phases); i++) {
        for (int level = 0; level < 7; level++) {
            for (int64_t near = -1; near <= 1; near++) {
                int64_t distance = (INT64_C(1) << (6 * level)) + near;
                if (distance > 0)
                    expect_exact(phases[i], distance);
            }
        }
    }
}
END_TEST

START_TEST(a_slot_that_wraps_keeps_the_order)
{
    struct bench *b = bench_new(0, 1);
    bench_advance(b, 60);
    bench_add(b, 0, 70);
    bench_add(b, 1, 62);
    bench_advance(b, 100);
    ck_assert_ptr_eq(wheel_pop(&b->wheel), &b->timers[1]);
    ck_assert_ptr_eq(wheel_pop(&b->wheel), &b->timers[0]);
    ck_assert_ptr_null(wheel_pop(&b->wheel));
    free(b);
}
END_TEST

START_TEST(one_huge_jump_pops_everything_in_order)
{
    struct bench *b = bench_new(START_MS, 2);
    for (size_t i = 0; i < TIMERS; i++)
        bench_add(b, i, START_MS + (INT64_C(1) << (i * 41 % 42)));
    bench_advance(b, START_MS + (INT64_C(1) << 43));
    int popped = 0;
    while (bench_pop(b)) {
        bench_check(b);
        popped++;
    }
    ck_assert_int_eq(popped, TIMERS);
    free(b);
}
END_TEST

START_TEST(equal_due_times_come_in_order_of_id)
{
    enum { COUNT = 5000 };
    struct wheel w;
    struct timer *timers = calloc(COUNT, sizeof(*timers));
    ck_assert_ptr_nonnull(timers);
    wheel_init(&w, START_MS);
    for (uint64_t i = 0; i < COUNT; i++) {
        timer_init(&timers[i], i * 1237 % COUNT);
        wheel_add(&w, &timers[i], i % 2 ? START_MS + 15 * MINUTE : START_MS - 1);
    }
    wheel_advance(&w, START_MS + 15 * MINUTE);
    ck_assert(wheel_check(&w));
    const struct timer *before = wheel_pop(&w);
    ck_assert_ptr_nonnull(before);
    int popped = 1;
    for (const struct timer *t; (t = wheel_pop(&w)); before = t, popped++) {
        if (t->due_ms < before->due_ms || (t->due_ms == before->due_ms && t->id <= before->id))
            ck_abort_msg("id %" PRIu64 " came after %" PRIu64, t->id, before->id);
    }
    ck_assert_int_eq(popped, COUNT);
    free(timers);
}
END_TEST

START_TEST(what_is_due_already_expires_at_the_next_advance)
{
    struct bench *b = bench_new(START_MS, 3);
    bench_add(b, 0, START_MS);
    bench_add(b, 1, START_MS - MINUTE);
    bench_add(b, 2, -5);
    bench_add(b, 3, START_MS + 1);
    ck_assert_ptr_null(wheel_pop(&b->wheel));
    bench_check(b);
    bench_advance(b, START_MS);
    ck_assert_ptr_eq(wheel_pop(&b->wheel), &b->timers[2]);
    ck_assert_ptr_eq(wheel_pop(&b->wheel), &b->timers[1]);
    ck_assert_ptr_eq(wheel_pop(&b->wheel), &b->timers[0]);
    ck_assert_ptr_null(wheel_pop(&b->wheel));
    free(b);
}
END_TEST

START_TEST(the_end_of_time_is_exact)
{
    expect_exact(START_MS, INT64_MAX - START_MS);
    expect_exact(0, INT64_MAX);
    expect_exact(INT64_MAX - 1, 1);
}
END_TEST

START_TEST(cancel_is_idempotent_and_reaches_expired_timers)
{
    struct bench *b = bench_new(START_MS, 4);
    bench_cancel(b, 0);
    for (size_t i = 0; i < 10; i++)
        bench_add(b, i, START_MS + 100 + (int64_t)i / 5);
    bench_advance(b, START_MS + MINUTE);
    ck_assert(bench_pop(b));
    for (size_t i = 2; i < 10; i += 2) {
        bench_cancel(b, i);
        bench_cancel(b, i);
        bench_check(b);
    }
    int popped = 0;
    while (bench_pop(b))
        popped++;
    ck_assert_int_le(popped, 5);
    bench_check(b);
    free(b);
}
END_TEST

START_TEST(what_is_added_while_popping_waits)
{
    struct wheel w;
    struct timer t;
    wheel_init(&w, START_MS);
    timer_init(&t, 1);
    wheel_add(&w, &t, START_MS + 1);
    for (int pass = 1; pass <= 3; pass++) {
        wheel_advance(&w, START_MS + 1);
        ck_assert_ptr_eq(wheel_pop(&w), &t);
        wheel_add(&w, &t, START_MS + 1);
        ck_assert_ptr_null(wheel_pop(&w));
        ck_assert(wheel_check(&w));
        int64_t wake_ms;
        ck_assert(wheel_next(&w, &wake_ms));
        ck_assert_int_le(wake_ms, START_MS + 1);
    }
}
END_TEST

/* A batch limit of the owner: what an earlier advance left and what was added late since come as one order.
 */
START_TEST(what_was_not_popped_keeps_its_place)
{
    struct bench *b = bench_new(START_MS, 5);
    for (size_t i = 0; i < 20; i++)
        bench_add(b, i, START_MS + 1 + (int64_t)(i % 10) * 50);
    bench_advance(b, START_MS + 400);
    for (int i = 0; i < 7; i++)
        ck_assert(bench_pop(b));
    for (size_t i = 20; i < 40; i++)
        bench_add(b, i, START_MS + 1 + (int64_t)(i % 10) * 50);
    bench_check(b);
    bench_advance(b, START_MS + 1000);
    bench_check(b);
    int popped = 7;
    while (bench_pop(b)) {
        bench_check(b);
        popped++;
    }
    ck_assert_int_eq(popped, 40);
    free(b);
}
END_TEST

START_TEST(a_smaller_now_is_ignored)
{
    struct bench *b = bench_new(START_MS, 6);
    bench_add(b, 0, START_MS + 10);
    bench_add(b, 1, START_MS + 20);
    bench_advance(b, START_MS + 10);
    bench_advance(b, START_MS - MINUTE);
    bench_check(b);
    ck_assert_ptr_eq(wheel_pop(&b->wheel), &b->timers[0]);
    ck_assert_ptr_null(wheel_pop(&b->wheel));
    bench_advance(b, START_MS + 20);
    ck_assert_ptr_eq(wheel_pop(&b->wheel), &b->timers[1]);
    free(b);
}
END_TEST

/* Runs a wheel as a daemon does, asleep until wheel_next; returns how often it woke up. */
static int wake_ups_until_due(int64_t now_ms, int64_t due_ms)
{
    struct wheel w;
    struct timer t;
    wheel_init(&w, now_ms);
    timer_init(&t, 1);
    wheel_add(&w, &t, due_ms);
    for (int wake_ups = 1; wake_ups < 100; wake_ups++) {
        ck_assert(wheel_next(&w, &now_ms));
        ck_assert_int_le(now_ms, due_ms);
        wheel_advance(&w, now_ms);
        if (wheel_pop(&w)) {
            ck_assert_int_eq(now_ms, due_ms);
            return wake_ups;
        }
    }
    return 100;
}

START_TEST(fifteen_and_thirty_minutes_are_exact_with_few_wake_ups)
{
    uint64_t random = 99;
    for (int i = 0; i < 300; i++) {
        int64_t now_ms = START_MS + (int64_t)(next_random(&random) % UINT64_C(10000000000));
        expect_exact(now_ms, 15 * MINUTE);
        expect_exact(now_ms, 30 * MINUTE);
        ck_assert_int_le(wake_ups_until_due(now_ms, now_ms + 15 * MINUTE), WHEEL_LEVELS);
        ck_assert_int_le(wake_ups_until_due(now_ms, now_ms + 30 * MINUTE), WHEEL_LEVELS);
    }
    ck_assert_int_le(wake_ups_until_due(0, INT64_MAX), WHEEL_LEVELS);
}
END_TEST

START_TEST(adding_again_moves_a_timer)
{
    struct bench *b = bench_new(START_MS, 7);
    bench_add(b, 0, START_MS + 15 * MINUTE);
    bench_add(b, 0, START_MS + 5);
    bench_check(b);
    bench_add(b, 0, START_MS + 30 * MINUTE);
    bench_check(b);
    bench_advance(b, START_MS + 30 * MINUTE - 1);
    ck_assert(!bench_pop(b));
    bench_advance(b, START_MS + 30 * MINUTE);
    ck_assert(bench_pop(b));
    ck_assert(!bench_pop(b));
    free(b);
}
END_TEST

START_TEST(a_timer_takes_32_bytes)
{
    ck_assert_uint_le(sizeof(struct timer), 32);
}
END_TEST

Suite *timer_wheel_suite(void)
{
    Suite *suite = suite_create("timer_wheel");
    TCase *tests = tcase_create("timer_wheel");
    tcase_add_test(tests, random_operations_match_the_model);
    tcase_add_test(tests, boundaries_of_levels_are_exact);
    tcase_add_test(tests, a_slot_that_wraps_keeps_the_order);
    tcase_add_test(tests, one_huge_jump_pops_everything_in_order);
    tcase_add_test(tests, equal_due_times_come_in_order_of_id);
    tcase_add_test(tests, what_is_due_already_expires_at_the_next_advance);
    tcase_add_test(tests, the_end_of_time_is_exact);
    tcase_add_test(tests, cancel_is_idempotent_and_reaches_expired_timers);
    tcase_add_test(tests, what_is_added_while_popping_waits);
    tcase_add_test(tests, what_was_not_popped_keeps_its_place);
    tcase_add_test(tests, a_smaller_now_is_ignored);
    tcase_add_test(tests, fifteen_and_thirty_minutes_are_exact_with_few_wake_ups);
    tcase_add_test(tests, adding_again_moves_a_timer);
    tcase_add_test(tests, a_timer_takes_32_bytes);
    suite_add_tcase(suite, tests);
    return suite;
}
