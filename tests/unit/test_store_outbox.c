/*
 * store: the outbox: what is wanted once, whose turn it is, and what joining makes of it.
 */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/store_file.h"
#include "tests/unit/suites.h"

START_TEST(an_action_is_wanted_once)
{
    struct action action = {.emergency = 1, .kind = ACTION_RESOLVE_PAGE, .cause = 5, .incident = "Q1"};
    struct action found, read = {.kind = ACTION_READ_TICKET, .ticket_id = 7};
    GOOD(store_add_action(store, &action));
    NONE(store_add_action(store, &action));
    GOOD(store_find_action(store, 1, ACTION_RESOLVE_PAGE, 5, "Q1", &found));
    ck_assert_int_eq(found.id, action.id);
    NONE(store_find_action(store, 1, ACTION_RESOLVE_PAGE, 5, "Q2", &found));
    NONE(store_find_action(store, 1, ACTION_RESOLVE_PAGE, 5, NULL, &found));
    snprintf(action.incident, sizeof action.incident, "Q2");
    GOOD(store_add_action(store, &action));
    GOOD(store_add_action(store, &read));
    NONE(store_add_action(store, &read));
    read.ticket_id = 8;
    GOOD(store_add_action(store, &read));
}
END_TEST

START_TEST(the_head_of_a_line_is_the_oldest_that_is_not_over)
{
    struct action head;
    NONE(store_head_action(store, 1, SERVICE_ZENDESK, &head));
    (void)add_action(1, ACTION_FIRST_CONTACT, 1, ACTION_DONE);
    int64_t second = add_action(1, ACTION_FOLLOW_UP, 2, ACTION_UNKNOWN);
    int64_t third = add_action(1, ACTION_DOWNGRADE, 3, ACTION_PENDING);
    (void)add_action(2, ACTION_DOWNGRADE, 3, ACTION_PENDING);
    GOOD(store_head_action(store, 1, SERVICE_ZENDESK, &head));
    ck_assert_int_eq(head.id, second);
    head.state = ACTION_DRY;
    GOOD(store_put_action(store, &head));
    GOOD(store_head_action(store, 1, SERVICE_ZENDESK, &head));
    ck_assert_int_eq(head.id, third);
    NONE(store_head_action(store, 1, SERVICE_PAGERDUTY, &head));
}
END_TEST

/* The statement's list and the function say the same. */
START_TEST(what_stands_in_no_line_is_never_its_head)
{
    struct action head;
    for (enum action_kind kind = ACTION_NONE + 1; kind < ACTION_KIND_COUNT; kind++) {
        struct action action = {.emergency = kind, .service = action_service(kind), .kind = kind, .cause = 1};
        GOOD(store_add_action(store, &action));
        enum store_result found = store_head_action(store, kind, action.service, &head);
        ck_assert_msg((found == STORE_NONE) == action_is_free(kind), "%s", action_kind_name(kind));
    }
    ck_assert(action_is_free(ACTION_SUMMON) && action_is_free(ACTION_READ_ALERTS));
}
END_TEST

/* The state asks for these once more; nothing would bring the others back. */
START_TEST(joining_cancels_only_what_the_state_asks_for)
{
    static const enum action_kind wanted[] = {ACTION_FIRST_CONTACT,  ACTION_FOLLOW_UP,   ACTION_DOWNGRADE,
                                              ACTION_URGENT,         ACTION_CREATE_PAGE, ACTION_RESOLVE_PAGE,
                                              ACTION_ACK_PAGE,       ACTION_CHECK_PAGE,  ACTION_OPEN_THREAD,
                                              ACTION_CREATE_MEETING, ACTION_END_MEETING, ACTION_RUNBOOK};
    struct emergency older = new_emergency(7);
    struct emergency younger = new_emergency(0);
    int64_t ids[ACTION_KIND_COUNT] = {0};
    for (enum action_kind kind = ACTION_NONE + 1; kind < ACTION_KIND_COUNT; kind++)
        ids[kind] = add_action(younger.id, kind, 2, ACTION_PENDING);
    GOOD(store_join(store, younger.id, older.id, 900));
    for (enum action_kind kind = ACTION_NONE + 1; kind < ACTION_KIND_COUNT; kind++) {
        struct action action;
        bool is_wanted = false;
        for (size_t i = 0; i < COUNT_OF(wanted); i++)
            is_wanted = is_wanted || wanted[i] == kind;
        GOOD(store_get_action(store, ids[kind], &action));
        ck_assert_msg(action.state == (is_wanted ? ACTION_CANCELLED : ACTION_PENDING), "%s",
                      action_kind_name(kind));
        ck_assert_int_eq(action.emergency, older.id);
    }
}
END_TEST

START_TEST(open_actions_are_told_in_pieces)
{
    struct action actions[2], *all = NULL;
    size_t all_count = 0;
    int count = 0;
    for (int i = 0; i < 3; i++)
        (void)add_action(1, ACTION_FOLLOW_UP, i, ACTION_PENDING);
    int64_t last = add_action(2, ACTION_FOLLOW_UP, 9, ACTION_SENDING);
    (void)add_action(1, ACTION_DOWNGRADE, 4, ACTION_PARKED);
    GOOD(store_open_actions(store, 0, actions, 2, &count));
    ck_assert_int_eq(count, 2);
    GOOD(store_open_actions(store, actions[1].id, actions, 2, &count));
    ck_assert_int_eq(count, 2);
    ck_assert_int_eq(actions[1].id, last);
    GOOD(store_open_actions(store, last, actions, 2, &count));
    ck_assert_int_eq(count, 0);
    GOOD(store_outbox(store, last, actions, 2, &count)); /* those that are parked too */
    ck_assert_int_eq(count, 1);
    GOOD(store_actions_of(store, 1, &all, &all_count));
    ck_assert_uint_eq(all_count, 4);
    for (size_t i = 1; i < all_count; i++)
        ck_assert_int_lt(all[i - 1].id, all[i].id);
    free(all);
}
END_TEST

START_TEST(a_read_that_has_not_begun_is_found_by_its_ticket)
{
    struct action read = {.emergency = 3, .kind = ACTION_READ_TICKET, .ticket_id = 7}, found;
    GOOD(store_add_action(store, &read));
    GOOD(store_pending_read(store, 7, &found));
    ck_assert_int_eq(found.id, read.id);
    NONE(store_pending_read(store, 8, &found));
    read.state = ACTION_SENDING;
    GOOD(store_put_action(store, &read));
    NONE(store_pending_read(store, 7, &found));
}
END_TEST

Suite *store_outbox_suite(void)
{
    const TTest *const tests[] = {
        an_action_is_wanted_once,
        the_head_of_a_line_is_the_oldest_that_is_not_over,
        what_stands_in_no_line_is_never_its_head,
        joining_cancels_only_what_the_state_asks_for,
        open_actions_are_told_in_pieces,
        a_read_that_has_not_begun_is_found_by_its_ticket,
    };
    Suite *suite = suite_create("store_outbox");
    TCase *rows = tcase_create("rows");
    tcase_add_checked_fixture(rows, store_file_begin, store_file_end);
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        tcase_add_test(rows, tests[i]);
    suite_add_tcase(suite, rows);
    return suite;
}
