/*
 * store, what came with people: persons and who of them is on call; emergencies found by meeting, engineer
 * and incident; the outbox's questions about threads and the oldest call.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/store_file.h"
#include "tests/unit/suites.h"

/* --- persons --- */

static void expect_same_person(const struct person *a, const struct person *b)
{
    ck_assert_str_eq(a->email, b->email);
    ck_assert_str_eq(a->name, b->name);
    ck_assert_str_eq(a->pagerduty_id, b->pagerduty_id);
    ck_assert_str_eq(a->slack_id, b->slack_id);
    ck_assert_int_eq(a->zendesk_id, b->zendesk_id);
    ck_assert_int_eq(a->standing, b->standing);
    ck_assert_int_eq(a->slack_asked_ms, b->slack_asked_ms);
    ck_assert_int_eq(a->zendesk_asked_ms, b->zendesk_asked_ms);
    ck_assert_int_eq(a->pagerduty_asked_ms, b->pagerduty_asked_ms);
}

static const struct person ann = {.email = "ann@example.com",
                                  .name = "Ann",
                                  .pagerduty_id = "PANN",
                                  .slack_id = "UANN",
                                  .zendesk_id = INT64_MAX,
                                  .standing = AUTHOR_STAFF,
                                  .slack_asked_ms = 1,
                                  .zendesk_asked_ms = 2,
                                  .pagerduty_asked_ms = 3};

START_TEST(a_person_comes_back_by_each_of_their_names)
{
    struct person found;
    GOOD(store_put_person(store, &ann));
    store_file_reopen();
    GOOD(store_get_person(store, "ann@example.com", &found));
    expect_same_person(&ann, &found);
    GOOD(store_get_person(store, "Ann@Example.COM", &found));
    expect_same_person(&ann, &found);
    GOOD(store_person_of_pagerduty(store, "PANN", &found));
    expect_same_person(&ann, &found);
    GOOD(store_person_of_slack(store, "UANN", &found));
    expect_same_person(&ann, &found);
    NONE(store_get_person(store, "bob@example.com", &found));
    ck_assert_str_eq(found.email, "");
    NONE(store_person_of_pagerduty(store, "UANN", &found));
    NONE(store_person_of_slack(store, "PANN", &found));
}
END_TEST

START_TEST(a_person_is_there_once)
{
    struct person changed = ann;
    struct person found;
    GOOD(store_put_person(store, &ann));
    snprintf(changed.email, sizeof changed.email, "ANN@example.com");
    snprintf(changed.name, sizeof changed.name, "Anna");
    changed.slack_id[0] = '\0';
    changed.standing = AUTHOR_CUSTOMER;
    changed.slack_asked_ms = 9;
    GOOD(store_put_person(store, &changed));
    GOOD(store_get_person(store, "ann@example.com", &found));
    snprintf(changed.email, sizeof changed.email, "ann@example.com"); /* as it was first */
    expect_same_person(&changed, &found);
    NONE(store_person_of_slack(store, "UANN", &found));
}
END_TEST

/* "" is no id that two people could share. */
START_TEST(who_has_no_id_is_found_by_none)
{
    const struct person bare = {.email = "bare@example.com"};
    struct person found;
    GOOD(store_put_person(store, &bare));
    NONE(store_person_of_slack(store, "", &found));
    NONE(store_person_of_pagerduty(store, "", &found));
    GOOD(store_get_person(store, "bare@example.com", &found));
    expect_same_person(&bare, &found);
}
END_TEST

/* --- who is on call --- */

START_TEST(on_calls_are_replaced_all_together)
{
    static const struct oncall first[] = {
        {"SCHED1", "PANN", "Ann", "ann@example.com", 100, 200},
        {"SCHED1", "PBOB", "Bob", "bob@example.com", 200, INT64_MAX},
        {"SCHED2", "PANN", "Ann", "ann@example.com", 0, 300},
    };
    struct oncall *found = NULL;
    size_t count = 9;
    GOOD(store_oncalls(store, &found, &count));
    ck_assert_uint_eq(count, 0);
    free(found);
    GOOD(store_put_oncalls(store, first, COUNT_OF(first)));
    store_file_reopen();
    GOOD(store_oncalls(store, &found, &count));
    ck_assert_uint_eq(count, COUNT_OF(first));
    for (size_t i = 0; i < count; i++) {
        ck_assert_str_eq(found[i].schedule, first[i].schedule);
        ck_assert_str_eq(found[i].user_id, first[i].user_id);
        ck_assert_str_eq(found[i].name, first[i].name);
        ck_assert_str_eq(found[i].email, first[i].email);
        ck_assert_int_eq(found[i].start_ms, first[i].start_ms);
        ck_assert_int_eq(found[i].end_ms, first[i].end_ms);
    }
    free(found);
    GOOD(store_put_oncalls(store, first + 1, 1));
    GOOD(store_oncalls(store, &found, &count));
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(found[0].user_id, "PBOB");
    free(found);
    GOOD(store_put_oncalls(store, NULL, 0));
    GOOD(store_oncalls(store, &found, &count));
    ck_assert_uint_eq(count, 0);
    free(found);
}
END_TEST

/* --- emergencies --- */

static struct emergency add(struct emergency e)
{
    e.opened_ms = 1000;
    GOOD(store_new_emergency(store, &e));
    return e;
}

static void put(struct emergency *e)
{
    GOOD(store_put_emergency(store, e, 0));
}

START_TEST(an_emergency_is_found_by_its_meeting)
{
    struct emergency found;
    struct emergency old = add((struct emergency){.meeting = 901});
    struct emergency other = add((struct emergency){.meeting = 902});
    struct emergency new = add((struct emergency){.ticket_id = 7});
    (void)add((struct emergency){0});
    GOOD(store_of_meeting(store, 901, &found));
    ck_assert_int_eq(found.id, old.id);
    NONE(store_of_meeting(store, 903, &found));
    NONE(store_of_meeting(store, 0, &found));
    new.meeting = 901; /* a number that Zoom has given again: the newest */
    put(&new);
    store_file_reopen();
    GOOD(store_of_meeting(store, 901, &found));
    ck_assert_int_eq(found.id, new.id);
    ck_assert_int_eq(found.ticket_id, 7);
    new.meeting = 904; /* a new bridge */
    put(&new);
    GOOD(store_of_meeting(store, 904, &found));
    ck_assert_int_eq(found.id, new.id);
    GOOD(store_of_meeting(store, 902, &found));
    ck_assert_int_eq(found.id, other.id);
}
END_TEST

static struct emergency of_engineer(const char *engineer_id, enum phase phase, int64_t organization)
{
    struct emergency e = {.phase = phase, .organization_id = organization};
    snprintf(e.engineer_id, sizeof e.engineer_id, "%s", engineer_id);
    return add(e);
}

/* Those of ENGINEER that are of another customer than ORGANIZATION, as "id id". */
static const char *list_others(const char *engineer, int64_t organization)
{
    static char list[100];
    struct emergency found;
    struct store_turn turn = STORE_FIRST_TURN;
    size_t length = 0;
    list[0] = '\0';
    while (store_of_engineer(store, engineer, organization, &turn, &found) == STORE_OK)
        length +=
            (size_t)snprintf(list + length, sizeof list - length, "%s%d", length ? " " : "", (int)found.id);
    NONE(store_of_engineer(store, engineer, organization, &turn, &found));
    return list;
}

START_TEST(the_other_customers_emergencies_of_an_engineer_are_told_one_by_one)
{
    struct emergency first = of_engineer("PANN", PHASE_CONTACTED, 77);     /* 1 */
    struct emergency second = of_engineer("PANN", PHASE_ACKNOWLEDGED, 79); /* 2 */
    (void)of_engineer("PANN", PHASE_PAGED, 80);
    (void)of_engineer("PBOB", PHASE_ENGAGED, 80);
    (void)of_engineer("PANN", PHASE_ENGAGED, 77);
    (void)of_engineer("PANN", PHASE_ENGAGED, 0); /* nobody knows whose it is */
    ck_assert_str_eq(list_others("PANN", 78), "6 1 5 2");
    ck_assert_str_eq(list_others("PANN", 77), "6 2"); /* of the same customer is not another */
    ck_assert_str_eq(list_others("PANN", 79), "6 1 5");
    ck_assert_str_eq(list_others("PANN", 0), "6 1 5 2");
    ck_assert_str_eq(list_others("PCAT", 79), "");
    ck_assert_str_eq(list_others("", 79), "");
    first.closing = CLOSING_BY_PERSON;
    put(&first);
    ck_assert_str_eq(list_others("PANN", 78), "6 5 2");
    snprintf(second.engineer_id, sizeof second.engineer_id, "PBOB"); /* handed over */
    put(&second);
    ck_assert_str_eq(list_others("PANN", 78), "6 5");
}
END_TEST

START_TEST(an_engineer_is_busy_from_acknowledged_to_engaged)
{
    for (enum phase phase = PHASE_PAGED; phase < PHASE_COUNT; phase++) {
        char engineer[24];
        snprintf(engineer, sizeof engineer, "P%d", (int)phase);
        (void)of_engineer(engineer, phase, 77);
        bool busy = phase != PHASE_PAGED && phase != PHASE_DOWNGRADED;
        ck_assert_int_eq(list_others(engineer, 78)[0] != '\0', busy);
    }
}
END_TEST

START_TEST(joined_emergencies_are_found_no_more)
{
    struct emergency older = of_engineer("PBOB", PHASE_CONTACTED, 77);
    struct emergency younger = of_engineer("PANN", PHASE_CONTACTED, 78);
    int64_t ids[4];
    int count = 0;
    snprintf(younger.bulk, sizeof younger.bulk, "incident-1");
    put(&younger);
    GOOD(store_join(store, younger.id, older.id, 500));
    ck_assert_str_eq(list_others("PANN", 79), "");
    GOOD(store_of_bulk(store, "incident-1", 0, ids, 4, &count));
    ck_assert_int_eq(count, 0);
    GOOD(store_open_ids(store, 0, ids, 4, &count));
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(ids[0], older.id);
}
END_TEST

START_TEST(the_emergencies_of_an_incident_are_told_in_pieces)
{
    struct emergency all[5];
    int64_t ids[2];
    int count = 0;
    for (int i = 0; i < 5; i++) {
        struct emergency e = {.ticket_id = i + 1};
        snprintf(e.bulk, sizeof e.bulk, "%s", i == 1 ? "incident-2" : i == 2 ? "" : "incident-1");
        all[i] = add(e);
    }
    GOOD(store_of_bulk(store, "incident-1", 0, ids, 2, &count));
    ck_assert_int_eq(count, 2);
    ck_assert_int_eq(ids[0], all[0].id);
    ck_assert_int_eq(ids[1], all[3].id);
    GOOD(store_of_bulk(store, "incident-1", ids[1], ids, 2, &count));
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(ids[0], all[4].id);
    all[4].closing = CLOSING_TICKET_SOLVED;
    all[3].bulk[0] = '\0';
    put(&all[3]), put(&all[4]);
    GOOD(store_of_bulk(store, "incident-1", 0, ids, 2, &count));
    ck_assert_int_eq(count, 1);
    GOOD(store_of_bulk(store, "", 0, ids, 2, &count));
    ck_assert_int_eq(count, 0);
    GOOD(store_of_bulk(store, "incident", 0, ids, 2, &count));
    ck_assert_int_eq(count, 0);
}
END_TEST

START_TEST(all_open_emergencies_are_told_in_pieces)
{
    struct emergency all[4];
    int64_t ids[2];
    int count = 0;
    for (int i = 0; i < 4; i++)
        all[i] = add((struct emergency){.ticket_id = i + 1});
    all[1].closing = CLOSING_BY_PERSON;
    put(&all[1]);
    GOOD(store_open_ids(store, 0, ids, 2, &count));
    ck_assert_int_eq(count, 2);
    ck_assert_int_eq(ids[0], all[0].id);
    ck_assert_int_eq(ids[1], all[2].id);
    GOOD(store_open_ids(store, ids[1], ids, 2, &count));
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(ids[0], all[3].id);
    GOOD(store_open_ids(store, all[3].id, ids, 2, &count));
    ck_assert_int_eq(count, 0);
}
END_TEST

/* --- the outbox --- */

static struct action pending_action(int64_t emergency, enum action_kind kind, int64_t cause,
                                    int64_t created_ms)
{
    struct action action = {.emergency = emergency,
                            .service = action_service(kind),
                            .kind = kind,
                            .cause = cause,
                            .created_ms = created_ms};
    GOOD(store_add_action(store, &action));
    return action;
}

static void set_state(struct action *action, enum action_state state)
{
    action->state = state;
    GOOD(store_put_action(store, action));
}

START_TEST(an_update_of_the_thread_that_has_not_begun_is_found)
{
    struct action found;
    struct action update = pending_action(1, ACTION_UPDATE_THREAD, 5, 0);
    (void)pending_action(2, ACTION_REPLY, 5, 0);
    GOOD(store_pending_update(store, 1, &found));
    ck_assert_int_eq(found.id, update.id);
    NONE(store_pending_update(store, 2, &found));
    for (enum action_state state = ACTION_SENDING; state <= ACTION_CANCELLED; state++) {
        set_state(&update, state);
        NONE(store_pending_update(store, 1, &found));
    }
}
END_TEST

START_TEST(the_oldest_call_is_one_that_somebody_waits_for)
{
    int64_t created_ms = 0;
    static const enum action_kind unhurried[] = {ACTION_READ_TICKET, ACTION_READ_ALERTS,   ACTION_READ_PAGER,
                                                 ACTION_OPEN_THREAD, ACTION_UPDATE_THREAD, ACTION_RUNBOOK};
    NONE(store_oldest_call(store, &created_ms));
    for (size_t i = 0; i < COUNT_OF(unhurried); i++)
        (void)pending_action(1, unhurried[i], 1, 10);
    NONE(store_oldest_call(store, &created_ms));
    struct action first = pending_action(1, ACTION_FOLLOW_UP, 2, 100);
    struct action second = pending_action(1, ACTION_SUMMON, 3, 200);
    struct action third = pending_action(1, ACTION_BULK_ANSWER, 4, 300);
    GOOD(store_oldest_call(store, &created_ms));
    ck_assert_int_eq(created_ms, 100);
    set_state(&first, ACTION_UNKNOWN);
    GOOD(store_oldest_call(store, &created_ms));
    ck_assert_int_eq(created_ms, 100);
    set_state(&first, ACTION_DONE);
    GOOD(store_oldest_call(store, &created_ms));
    ck_assert_int_eq(created_ms, 200);
    set_state(&second, ACTION_PARKED);
    GOOD(store_oldest_call(store, &created_ms));
    ck_assert_int_eq(created_ms, 300);
    set_state(&third, ACTION_DRY);
    NONE(store_oldest_call(store, &created_ms));
}
END_TEST

/* Without this a member that came later would be missing from every row. */
START_TEST(the_line_knows_who_presses_and_whom_it_is_for)
{
    struct action found;
    struct action action = {.emergency = 1, .kind = ACTION_WHISPER, .buttons = BUTTON(COMMAND_COLLEAGUE)};
    snprintf(action.target, sizeof action.target, "C1");
    snprintf(action.sender, sizeof action.sender, "U1");
    GOOD(store_add_action(store, &action));
    store_file_reopen();
    GOOD(store_get_action(store, action.id, &found));
    ck_assert_str_eq(found.target, "C1");
    ck_assert_str_eq(found.sender, "U1");
    ck_assert_int_eq(found.buttons, BUTTON(COMMAND_COLLEAGUE));
}
END_TEST

Suite *store_people_suite(void)
{
    const TTest *const tests[] = {
        a_person_comes_back_by_each_of_their_names,
        a_person_is_there_once,
        who_has_no_id_is_found_by_none,
        on_calls_are_replaced_all_together,
        an_emergency_is_found_by_its_meeting,
        the_other_customers_emergencies_of_an_engineer_are_told_one_by_one,
        an_engineer_is_busy_from_acknowledged_to_engaged,

        joined_emergencies_are_found_no_more,
        the_emergencies_of_an_incident_are_told_in_pieces,
        all_open_emergencies_are_told_in_pieces,
        an_update_of_the_thread_that_has_not_begun_is_found,
        the_oldest_call_is_one_that_somebody_waits_for,
        the_line_knows_who_presses_and_whom_it_is_for,
    };
    Suite *suite = suite_create("store_people");
    TCase *rows = tcase_create("rows");
    tcase_add_checked_fixture(rows, store_file_begin, store_file_end);
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        tcase_add_test(rows, tests[i]);
    suite_add_tcase(suite, rows);
    return suite;
}
