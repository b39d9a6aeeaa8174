/*
 * store: an emergency has all of its events, each once, and no others, whatever comes between an event and
 * its emergency's row: others' events, items that are undone, claims, joins, restarts.
 */
#include <check.h>
#include <stdlib.h>

#include "tests/unit/store_file.h"
#include "tests/unit/suites.h"

#define EXPECT_EVENTS(emergency, ...)                                                                        \
    expect_events(emergency, (const int64_t[]){__VA_ARGS__},                                                 \
                  sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void expect_events_in(struct store *from, int64_t emergency, const int64_t *rows, size_t rows_count)
{
    struct event *events = NULL;
    size_t count = 0;
    GOOD(store_events(from, emergency, &events, &count));
    for (size_t i = 0; i < rows_count; i++) {
        size_t times = 0;
        for (size_t j = 0; j < count; j++)
            times += events[j].row == rows[i];
        ck_assert_msg(times == 1, "emergency %lld has event %lld %zu times", (long long)emergency,
                      (long long)rows[i], times);
    }
    ck_assert_uint_eq(count, rows_count);
    for (size_t j = 0; j < count; j++)
        ck_assert_int_eq(events[j].emergency, emergency);
    free(events);
}

/* In the transaction, and after a restart. */
static void expect_events(int64_t emergency, const int64_t *rows, size_t rows_count)
{
    expect_events_in(store, emergency, rows, rows_count);
    store_file_reopen();
    expect_events_in(store, emergency, rows, rows_count);
}

static void expect_no_events(int64_t emergency)
{
    expect_events(emergency, NULL, 0);
}

static int64_t add_event(int64_t emergency)
{
    static int64_t at_ms;
    return add_event_of(emergency, ++at_ms % 3, EVENT_SOURCE_ZENDESK, "");
}

static void put(struct emergency *e)
{
    GOOD(store_put_emergency(store, e, 0));
}

static int64_t add_waiting(int64_t ticket, int64_t emergency)
{
    struct event event = {.ticket_id = ticket, .emergency = emergency};
    const struct journal_entry entry = {.outcome = DELIVERY_WAITING};
    GOOD(store_add_event(store, &event, &entry));
    return event.row;
}

/* --- adding --- */

START_TEST(events_of_many_are_kept_apart)
{
    struct emergency one = new_emergency(1), two = new_emergency(2), three = new_emergency(3);
    int64_t of_one[3], of_two[2];
    of_one[0] = add_event(one.id);
    of_two[0] = add_event(two.id);
    of_one[1] = add_event(one.id);
    put(&one);
    (void)add_event(0);
    of_two[1] = add_event(two.id);
    put(&two);
    of_one[2] = add_event(one.id);
    EXPECT_EVENTS(one.id, of_one[0], of_one[1], of_one[2]);
    EXPECT_EVENTS(two.id, of_two[0], of_two[1]);
    expect_no_events(three.id);
    expect_no_events(three.id + 1);
}
END_TEST

START_TEST(an_event_stays_whether_its_emergency_is_put_or_not)
{
    struct emergency e = new_emergency(1);
    int64_t first = add_event(e.id);
    EXPECT_EVENTS(e.id, first);
    int64_t second = add_event(e.id); /* it is not known now */
    put(&e);
    EXPECT_EVENTS(e.id, first, second);
    GOOD(store_get_emergency(store, e.id, &e));
    int64_t third = add_event(e.id); /* now it is */
    put(&e);                         /* and nothing else of it differs */
    EXPECT_EVENTS(e.id, first, second, third);
    int64_t fourth = add_event(e.id);
    GOOD(store_wake_all(store));
    EXPECT_EVENTS(e.id, first, second, third, fourth);
}
END_TEST

/* So many that one takes another's place in memory. */
START_TEST(an_event_stays_when_its_emergency_is_no_longer_known)
{
    struct emergency e = new_emergency(1), other;
    for (int i = 0; i < 5000; i++)
        (void)new_emergency(0);
    GOOD(store_get_emergency(store, e.id, &e));
    int64_t first = add_event(e.id);
    for (int64_t id = e.id + 1; id < 5000; id++)
        GOOD(store_get_emergency(store, id, &other));
    int64_t second = add_event(e.id);
    for (int64_t id = e.id; id < 5000; id++)
        GOOD(store_get_emergency(store, id, &other));
    int64_t third = add_event(e.id);
    EXPECT_EVENTS(e.id, first, second, third);
}
END_TEST

START_TEST(a_repeat_changes_nothing)
{
    struct emergency e = new_emergency(1);
    const struct journal_entry entry = {.repeat_key = "same"};
    struct event first = {.emergency = e.id}, again = {.emergency = e.id};
    GOOD(store_add_event(store, &first, &entry));
    int64_t second = add_event(e.id);
    NONE(store_add_event(store, &again, &entry));
    int64_t third = add_event(e.id);
    EXPECT_EVENTS(e.id, first.row, second, third);
}
END_TEST

START_TEST(what_came_of_an_event_changes_nothing)
{
    struct emergency e = new_emergency(1);
    int64_t first = add_event(e.id), second = add_event(e.id);
    GOOD(store_settle_event(store, first, DELIVERY_APPLIED, "note", "one", 5));
    put(&e);
    GOOD(store_settle_event(store, second, DELIVERY_APPLIED, "note", "two", 5));
    GOOD(store_settle_event(store, second, DELIVERY_APPLIED, "note", "three", 5));
    EXPECT_EVENTS(e.id, first, second);
}
END_TEST

START_TEST(claimed_events_are_there_once)
{
    struct emergency e = new_emergency(7);
    size_t claimed = 0;
    int64_t first = add_waiting(7, 0), second = add_waiting(7, 0);
    int64_t own = add_waiting(7, e.id); /* waits no longer */
    GOOD(store_claim_events(store, e.id, 7, "", 0, &claimed));
    ck_assert_uint_eq(claimed, 2);
    int64_t third = add_waiting(7, 0);
    int64_t later = add_event(e.id);
    GOOD(store_claim_events(store, e.id, 7, "", 0, &claimed));
    ck_assert_uint_eq(claimed, 1);
    put(&e);
    EXPECT_EVENTS(e.id, first, second, own, third, later);
    GOOD(store_claim_events(store, e.id, 7, "", 0, &claimed));
    EXPECT_EVENTS(e.id, first, second, own, third, later);
}
END_TEST

/* --- joining --- */

START_TEST(joined_emergencies_have_the_events_of_both)
{
    struct emergency one = new_emergency(1), two = new_emergency(2), three = new_emergency(3);
    int64_t rows[8];
    rows[0] = add_event(three.id);
    rows[1] = add_event(one.id);
    rows[2] = add_event(two.id);
    rows[3] = add_event(two.id);
    rows[4] = add_event(three.id); /* its row does not say so yet */
    GOOD(store_join(store, three.id, two.id, 900));
    rows[5] = add_event(two.id);
    EXPECT_EVENTS(two.id, rows[0], rows[2], rows[3], rows[4], rows[5]);
    expect_no_events(three.id);
    GOOD(store_get_emergency(store, two.id, &two));
    rows[6] = add_event(one.id); /* neither */
    GOOD(store_join(store, two.id, one.id, 900));
    GOOD(store_get_emergency(store, three.id, &one));
    rows[7] = add_event(one.id);
    put(&one);
    EXPECT_EVENTS(one.id, rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], rows[6], rows[7]);
    expect_no_events(two.id);
}
END_TEST

START_TEST(joined_emergencies_need_no_events)
{
    struct emergency one = new_emergency(1), two = new_emergency(2), three = new_emergency(3);
    GOOD(store_join(store, three.id, two.id, 900));
    expect_no_events(two.id);
    int64_t first = add_event(two.id);
    GOOD(store_join(store, two.id, one.id, 900));
    EXPECT_EVENTS(one.id, first);
    struct emergency four = new_emergency(4);
    GOOD(store_join(store, four.id, one.id, 900));
    EXPECT_EVENTS(one.id, first);
}
END_TEST

/* --- undoing --- */

START_TEST(rolled_back_events_are_gone)
{
    struct emergency e = new_emergency(1), other = new_emergency(2);
    int64_t first = add_event(e.id);
    store_file_reopen();
    for (int is_put = 0; is_put < 2; is_put++) {
        GOOD(store_get_emergency(store, e.id, &e));
        (void)add_event(e.id);
        if (is_put)
            put(&e);
        store_rollback(store);
        GOOD(store_begin(store));
        EXPECT_EVENTS(e.id, first);
    }
    (void)add_event(e.id);
    store_rollback(store);
    GOOD(store_begin(store));
    int64_t of_other = add_event(other.id);
    int64_t second = add_event(e.id);
    EXPECT_EVENTS(e.id, first, second);
    EXPECT_EVENTS(other.id, of_other);
}
END_TEST

START_TEST(an_item_that_is_undone_takes_its_own_events_alone)
{
    struct emergency e = new_emergency(1), other = new_emergency(2);
    int64_t first = add_event(e.id);
    GOOD(store_item_begin(store));
    (void)add_event(e.id);
    (void)add_event(other.id);
    store_item_undo(store);
    GOOD(store_item_begin(store));
    (void)add_event(e.id);
    put(&e);
    store_item_undo(store);
    GOOD(store_item_begin(store));
    int64_t second = add_event(e.id);
    GOOD(store_item_keep(store));
    GOOD(store_item_begin(store));
    store_item_undo(store);
    int64_t third = add_event(e.id);
    EXPECT_EVENTS(e.id, first, second, third);
    expect_no_events(other.id);
}
END_TEST

START_TEST(an_undone_join_or_claim_leaves_all_where_it_was)
{
    struct emergency older = new_emergency(1), younger = new_emergency(2);
    size_t claimed = 0;
    int64_t waiting = add_waiting(1, 0);
    int64_t of_older = add_event(older.id), of_younger = add_event(younger.id);
    GOOD(store_item_begin(store));
    GOOD(store_claim_events(store, older.id, 1, "", 0, &claimed));
    GOOD(store_join(store, younger.id, older.id, 900));
    store_item_undo(store);
    EXPECT_EVENTS(older.id, of_older);
    EXPECT_EVENTS(younger.id, of_younger);
    GOOD(store_claim_events(store, older.id, 1, "", 0, &claimed));
    EXPECT_EVENTS(older.id, of_older, waiting);
}
END_TEST

/* --- reading --- */

START_TEST(readers_find_what_is_committed)
{
    char error[200] = "";
    struct timeline_entry *entries = NULL;
    struct emergency e = new_emergency(1);
    size_t count = 0;
    int64_t row = add_event(e.id);
    GOOD(store_settle_event(store, row, DELIVERY_APPLIED, "note", "one", 0));
    GOOD(store_commit(store));
    GOOD(store_begin(store));
    int64_t uncommitted = add_event(e.id);
    GOOD(store_settle_event(store, uncommitted, DELIVERY_APPLIED, "note", "two", 0));
    struct store *reader = store_open_reader(database_path, database_log, error, sizeof error);
    ck_assert_msg(reader, "%s", error);
    expect_events_in(reader, e.id, &row, 1);
    GOOD(store_timeline(reader, e.id, &entries, &count));
    ck_assert_uint_eq(count, 1);
    free(entries);
    GOOD(store_timeline(store, e.id, &entries, &count));
    ck_assert_uint_eq(count, 2);
    free(entries);
    store_close(reader);
}
END_TEST

Suite *store_chain_suite(void)
{
    const TTest *const tests[] = {
        events_of_many_are_kept_apart,
        an_event_stays_whether_its_emergency_is_put_or_not,
        an_event_stays_when_its_emergency_is_no_longer_known,
        a_repeat_changes_nothing,
        what_came_of_an_event_changes_nothing,
        claimed_events_are_there_once,
        joined_emergencies_have_the_events_of_both,
        joined_emergencies_need_no_events,
        rolled_back_events_are_gone,
        an_item_that_is_undone_takes_its_own_events_alone,
        an_undone_join_or_claim_leaves_all_where_it_was,
        readers_find_what_is_committed,
    };
    Suite *suite = suite_create("store_chain");
    TCase *rows = tcase_create("rows");
    tcase_add_checked_fixture(rows, store_file_begin, store_file_end);
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        tcase_add_test(rows, tests[i]);
    suite_add_tcase(suite, rows);
    return suite;
}
