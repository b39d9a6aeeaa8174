/*
 * Alarms against a model that is a plain array; the order across pages and kinds; and that memory comes and
 * goes with the alarms.
 */
#include "lib/alarms.h"
#include "lib/compiler.h"
#include "tests/unit/suites.h"

#include <check.h>
#include <inttypes.h>
#include <stdlib.h>

#define START_MS INT64_C(1795458600000)
#define ROWS     600

/* Rows of both kinds, their ids partly dense and partly far apart. The model of alarm i. */
struct row {
    enum alarm_kind kind;
    int64_t id;
    int64_t due_ms;
    bool set;
};

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static struct alarms *alarms_new(void)
{
    struct alarms *a = malloc(sizeof(*a));
    ck_assert_ptr_nonnull(a);
    alarms_init(a, START_MS);
    return a;
}

static void alarms_end(struct alarms *a)
{
    alarms_free(a);
    free(a);
}

static void expect_pop(struct alarms *a, enum alarm_kind want_kind, int64_t want_id, int64_t want_due_ms)
{
    enum alarm_kind kind;
    int64_t id, due_ms;
    if (!alarms_pop(a, &kind, &id, &due_ms))
        ck_abort_msg("nothing popped, wanted %d/%" PRId64, (int)want_kind, want_id);
    if (kind != want_kind || id != want_id || due_ms != want_due_ms)
        ck_abort_msg("popped %d/%" PRId64 " at %" PRId64 ", wanted %d/%" PRId64 " at %" PRId64, (int)kind, id,
                     due_ms, (int)want_kind, want_id, want_due_ms);
}

static void expect_none(struct alarms *a)
{
    enum alarm_kind kind;
    int64_t id, due_ms;
    ck_assert(!alarms_pop(a, &kind, &id, &due_ms));
}

static bool is_before(const struct row *x, const struct row *y)
{
    if (x->due_ms != y->due_ms)
        return x->due_ms < y->due_ms;
    return x->id != y->id ? x->id < y->id : x->kind < y->kind;
}

static struct row *model_first(struct row *rows, int64_t now_ms)
{
    struct row *first = NULL;
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].set && rows[i].due_ms <= now_ms && (!first || is_before(&rows[i], first)))
            first = &rows[i];
    }
    return first;
}

static void make_rows(struct row *rows)
{
    for (size_t i = 0; i < ROWS; i++) {
        int64_t n = (int64_t)i / 2 + 1;
        rows[i].kind = i % 2 ? ALARM_ACTION : ALARM_EMERGENCY;
        rows[i].id = n <= 200 ? n : n * INT64_C(20000000000000000);
        rows[i].set = false;
    }
}

static void random_change(struct alarms *a, struct row *row, int64_t now_ms, uint64_t *random)
{
    row->set = next_random(random) % 3 != 0;
    if (!row->set) {
        alarms_clear(a, row->kind, row->id);
        return;
    }
    row->due_ms = now_ms + (int64_t)(next_random(random) % 3000) - 100;
    ck_assert(alarms_set(a, row->kind, row->id, row->due_ms));
}

START_TEST(random_operations_match_the_model)
{
    struct alarms *a = alarms_new();
    struct row rows[ROWS];
    uint64_t random = 4711;
    make_rows(rows);
    int64_t now_ms = START_MS;
    for (int pass = 0; pass < 100; pass++) {
        for (int i = 0; i < 200; i++)
            random_change(a, &rows[next_random(&random) % ROWS], now_ms, &random);
        ck_assert(wheel_check(&a->wheel));
        now_ms += (int64_t)(next_random(&random) % 1000);
        alarms_advance(a, now_ms);
        for (struct row *row; (row = model_first(rows, now_ms)) != NULL; row->set = false)
            expect_pop(a, row->kind, row->id, row->due_ms);
        expect_none(a);
    }
    for (size_t i = 0; i < ROWS; i++)
        alarms_clear(a, rows[i].kind, rows[i].id);
    ck_assert_uint_eq(a->page_count, 0);
    alarms_end(a);
}
END_TEST

START_TEST(both_kinds_of_one_id_are_two_alarms)
{
    struct alarms *a = alarms_new();
    ck_assert(alarms_set(a, ALARM_ACTION, 7, START_MS + 5));
    ck_assert(alarms_set(a, ALARM_EMERGENCY, 7, START_MS + 5));
    ck_assert(alarms_set(a, ALARM_ACTION, 6, START_MS + 5));
    ck_assert(alarms_set(a, ALARM_EMERGENCY, 8, START_MS + 5));
    alarms_clear(a, ALARM_EMERGENCY, 8);
    alarms_clear(a, ALARM_ACTION, 8);
    alarms_clear(a, ALARM_ACTION, 100000);
    alarms_advance(a, START_MS + 5);
    expect_pop(a, ALARM_ACTION, 6, START_MS + 5);
    expect_pop(a, ALARM_EMERGENCY, 7, START_MS + 5);
    expect_pop(a, ALARM_ACTION, 7, START_MS + 5);
    expect_none(a);
    alarms_end(a);
}
END_TEST

START_TEST(setting_again_moves_an_alarm)
{
    struct alarms *a = alarms_new();
    int64_t wake_ms;
    ck_assert(!alarms_next(a, &wake_ms));
    ck_assert(alarms_set(a, ALARM_EMERGENCY, 1, START_MS + 10));
    ck_assert(alarms_set(a, ALARM_EMERGENCY, 1, START_MS + 20));
    alarms_advance(a, START_MS + 19);
    expect_none(a);
    ck_assert(alarms_next(a, &wake_ms));
    ck_assert_int_eq(wake_ms, START_MS + 20);
    alarms_advance(a, START_MS + 20);
    expect_pop(a, ALARM_EMERGENCY, 1, START_MS + 20);
    ck_assert(!alarms_next(a, &wake_ms));
    alarms_end(a);
}
END_TEST

START_TEST(an_expired_alarm_can_be_cleared_or_moved)
{
    struct alarms *a = alarms_new();
    for (int64_t id = 1; id <= 3; id++)
        ck_assert(alarms_set(a, ALARM_EMERGENCY, id, START_MS + 10));
    alarms_advance(a, START_MS + 10);
    expect_pop(a, ALARM_EMERGENCY, 1, START_MS + 10);
    alarms_clear(a, ALARM_EMERGENCY, 2);
    ck_assert(alarms_set(a, ALARM_EMERGENCY, 3, START_MS + 11));
    ck_assert(alarms_set(a, ALARM_EMERGENCY, 1, START_MS));
    expect_none(a);
    alarms_advance(a, START_MS + 11);
    expect_pop(a, ALARM_EMERGENCY, 1, START_MS);
    expect_pop(a, ALARM_EMERGENCY, 3, START_MS + 11);
    expect_none(a);
    ck_assert_uint_eq(a->page_count, 0);
    alarms_end(a);
}
END_TEST

START_TEST(the_largest_row_id_works)
{
    struct alarms *a = alarms_new();
    ck_assert(alarms_set(a, ALARM_ACTION, INT64_MAX, INT64_MAX));
    ck_assert(alarms_set(a, ALARM_EMERGENCY, INT64_MAX, START_MS + 1));
    alarms_advance(a, START_MS + 1);
    expect_pop(a, ALARM_EMERGENCY, INT64_MAX, START_MS + 1);
    expect_none(a);
    alarms_end(a);
}
END_TEST

/* Pages of 64 timers and a table at most half full and at most doubled too early, over all alarms. */
START_TEST(an_alarm_costs_at_most_40_bytes)
{
    enum { COUNT = 50000 };
    struct alarms *a = alarms_new();
    for (int64_t id = 1; id <= COUNT; id++)
        ck_assert(alarms_set(a, ALARM_EMERGENCY, id, START_MS + id));
    size_t bytes = a->page_count * (64 * sizeof(struct timer) + 24);
    bytes += ((size_t)1 << a->table_bits) * sizeof(struct alarm_entry);
    ck_assert_uint_le(bytes / COUNT, 40);
    alarms_end(a);
}
END_TEST

/* Ids grow for ever past one old alarm that stays: pages of what is over must not stay with it. */
START_TEST(memory_goes_with_the_alarms)
{
    struct alarms *a = alarms_new();
    ck_assert_ptr_null(a->table);
    ck_assert(alarms_set(a, ALARM_EMERGENCY, 1, START_MS + INT64_C(100000000)));
    for (int64_t id = 2; id <= 50000; id++) {
        ck_assert(alarms_set(a, ALARM_ACTION, id, START_MS + id));
        alarms_advance(a, START_MS + id - 100);
        if (id >= 102)
            expect_pop(a, ALARM_ACTION, id - 100, START_MS + id - 100);
        if (a->page_count > 4 || a->table_bits > 4)
            ck_abort_msg("%zu pages at id %" PRId64, a->page_count, id);
    }
    alarms_end(a);
}
END_TEST

START_TEST(free_takes_zeroed_and_freed)
{
    struct alarms *a = calloc(1, sizeof(*a));
    ck_assert_ptr_nonnull(a);
    alarms_free(a);
    alarms_init(a, START_MS);
    ck_assert(alarms_set(a, ALARM_EMERGENCY, 1, START_MS + 1));
    alarms_free(a);
    alarms_free(a);
    alarms_init(a, START_MS);
    alarms_advance(a, START_MS + 1);
    expect_none(a);
    alarms_end(a);
}
END_TEST

Suite *alarms_suite(void)
{
    Suite *suite = suite_create("alarms");
    TCase *tests = tcase_create("alarms");
    tcase_add_test(tests, random_operations_match_the_model);
    tcase_add_test(tests, both_kinds_of_one_id_are_two_alarms);
    tcase_add_test(tests, setting_again_moves_an_alarm);
    tcase_add_test(tests, an_expired_alarm_can_be_cleared_or_moved);
    tcase_add_test(tests, the_largest_row_id_works);
    tcase_add_test(tests, an_alarm_costs_at_most_40_bytes);
    tcase_add_test(tests, memory_goes_with_the_alarms);
    tcase_add_test(tests, free_takes_zeroed_and_freed);
    suite_add_tcase(suite, tests);
    return suite;
}
