/*
 * Something that can't be handled harms nothing else for long: the first one takes its batch along, which is
 * told to its senders and comes again; from then on it is undone by itself, and a webhook is kept all the
 * same.
 */
#include "lib/store_internal.h"
#include "lib/text.h"
#include "tests/unit/desk_life.h"
#include "tests/unit/settings_file.h"
#include "tests/unit/suites.h"

#include <check.h>
#include <string.h>

static void run_sql(struct life *life, const char *sql)
{
    ck_assert_int_eq(sqlite3_exec(life->store->db, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* From now on the emergency can't be written: as if another one had what only one may have. */
static void spoil_emergency(struct life *life)
{
    run_sql(life, "CREATE TEMP TABLE taken (x UNIQUE); INSERT INTO taken VALUES (1);"
                  "CREATE TEMP TRIGGER spoiled BEFORE UPDATE OF engineer_id ON main.emergency "
                  "WHEN new.engineer_id IS NOT old.engineer_id BEGIN INSERT INTO taken VALUES (1); END");
}

static struct delivery acknowledgement(const struct life *life)
{
    struct delivery delivery = {
        .kind = DELIVERY_WEBHOOK,
        .service = SERVICE_PAGERDUTY,
        .event = {.type = EVENT_PAGE,
                  .source = EVENT_SOURCE_PAGERDUTY,
                  .at_ms = life->true_ms,
                  .ticket_id = STORY_TICKET,
                  .page = {.status = PAGE_ACKNOWLEDGED, .by_person = true}},
        .repeat_key = "pagerduty:acknowledged",
    };
    text_copy(delivery.event.page.incident, sizeof delivery.event.page.incident, "P1");
    text_copy(delivery.event.page.event, sizeof delivery.event.page.event, "acknowledged");
    text_copy(delivery.event.by, sizeof delivery.event.by, "Erin Engineer");
    text_copy(delivery.event.page.agent, sizeof delivery.event.page.agent, "PENG");
    return delivery;
}

static struct delivery neighbour(const struct life *life)
{
    return (struct delivery){
        .kind = DELIVERY_WEBHOOK,
        .service = SERVICE_ZENDESK,
        .event = {.type = EVENT_IGNORED, .source = EVENT_SOURCE_ZENDESK, .at_ms = life->true_ms},
        .repeat_key = "zendesk:neighbour",
    };
}

/* One batch of both; how it ended. */
static enum store_result take_both(struct life *life, struct delivery *first, struct delivery *second)
{
    ck_assert_int_eq(desk_begin(life->desk, life->true_ms), STORE_OK);
    desk_take_delivery(life->desk, first);
    desk_take_delivery(life->desk, second);
    enum store_result result = desk_end(life->desk);
    ck_assert_ptr_eq(desk_answers(life->desk), first);
    ck_assert_ptr_null(desk_calls(life->desk));
    return result;
}

static bool is_kept(struct life *life, const struct delivery *delivery)
{
    int64_t row;
    enum store_result found = store_find_repeat(life->store, delivery->repeat_key, &row);
    ck_assert(found == STORE_OK || found == STORE_NONE);
    return found == STORE_OK;
}

static struct life *spoiled_life(void)
{
    struct life *life = life_new(LIFE_PAGERDUTY, 0);
    life_page(life, "P1", PAGE_TRIGGERED, STORY_TICKET);
    life_at(life, "12:01:00");
    life_expect(life, 1, "paged");
    spoil_emergency(life);
    return life;
}

START_TEST(the_first_bad_one_takes_its_batch_along)
{
    struct life *life = spoiled_life();
    struct delivery bad = acknowledgement(life), good = neighbour(life);
    ck_assert_int_eq(take_both(life, &bad, &good), STORE_NONE);
    ck_assert_int_eq(bad.status, 503);
    ck_assert_int_eq(good.status, 503);
    ck_assert(!is_kept(life, &bad) && !is_kept(life, &good));
    life_expect(life, 1, "paged");
    run_sql(life, "DROP TRIGGER spoiled");
    life_end(life);
}
END_TEST

START_TEST(when_they_come_again_the_bad_one_is_only_kept)
{
    struct life *life = spoiled_life();
    struct delivery bad = acknowledgement(life), good = neighbour(life);
    ck_assert_int_eq(take_both(life, &bad, &good), STORE_NONE);
    bad = acknowledgement(life);
    good = neighbour(life);
    ck_assert_int_eq(take_both(life, &bad, &good), STORE_OK);
    ck_assert_int_eq(bad.status, 200);
    ck_assert_int_eq(good.status, 200);
    ck_assert(is_kept(life, &bad) && is_kept(life, &good));
    life_expect(life, 1, "paged");
    run_sql(life, "DROP TRIGGER spoiled");
    life_end(life);
}
END_TEST

/* The deadlines of a batch that was undone come again. */
START_TEST(nothing_is_forgotten_with_the_batch)
{
    struct life *life = spoiled_life();
    struct delivery bad = acknowledgement(life), good = neighbour(life);
    ck_assert_int_eq(take_both(life, &bad, &good), STORE_NONE);
    run_sql(life, "DROP TRIGGER spoiled");
    life_page(life, "P1", PAGE_ACKNOWLEDGED, STORY_TICKET);
    life_at(life, "12:01:20");
    life_expect(life, 1, "acknowledged");
    life_comment(life, LIFE_ENGINEER);
    life_at(life, "12:01:21");
    life_expect(life, 1, "contacted");
    life_at(life, "12:17:00");
    life_expect(life, 1, "followed_up");
    life_end(life);
}
END_TEST

Suite *desk_items_suite(void)
{
    Suite *suite = suite_create("desk_items");
    TCase *all = tcase_create("desk_items");
    tcase_add_checked_fixture(all, settings_begin, settings_end);
    tcase_add_test(all, the_first_bad_one_takes_its_batch_along);
    tcase_add_test(all, when_they_come_again_the_bad_one_is_only_kept);
    tcase_add_test(all, nothing_is_forgotten_with_the_batch);
    suite_add_tcase(suite, all);
    return suite;
}
