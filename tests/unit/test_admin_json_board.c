/*
 * admin_json_board: who is on call now and next, whatever the turns look like; which commands there are, and
 * which of them the board offers.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/admin_json.h"
#include "lib/command.h"
#include "lib/text.h"
#include "tests/unit/suites.h"

/* 2026-11-23T12:00:00.000Z */
#define NOON_MS INT64_C(1795435200000)
#define HOUR_MS INT64_C(3600000)

static char engineers[] = "PENG", managers[] = "PMAN", second[] = "PSEC", second_line[] = "second-line",
            third_line[] = "third-line";

static struct config settings(void)
{
    return (struct config){
        .pagerduty = {.engineer_schedule = engineers, .manager_schedule = managers},
        .escalations = {{.name = third_line, .schedule = managers},
                        {.name = second_line, .schedule = second}},
        .escalation_count = 2,
    };
}

static struct oncall turn(const char *schedule, const char *user, int64_t from_h, int64_t to_h)
{
    struct oncall made = {.start_ms = NOON_MS + from_h * HOUR_MS,
                          .end_ms = to_h == INT64_MAX ? INT64_MAX : NOON_MS + to_h * HOUR_MS};
    text_copy(made.schedule, sizeof made.schedule, schedule);
    text_copy(made.user_id, sizeof made.user_id, user);
    text_copy(made.name, sizeof made.name, user);
    return made;
}

/* "NAME[ from HH][ until HH]", hours of the day; "" nobody. */
static const char *shown(const struct oncall *turns, size_t count, const char *which)
{
    static char text[128];
    const struct config config = settings();
    json_t *all = admin_json_oncalls(&config, turns, count, NOON_MS);
    ck_assert_ptr_nonnull(all);
    json_t *one = json_object_get(json_array_get(all, 0), which);
    const char *from = json_string_value(json_object_get(one, "from"));
    const char *until = json_string_value(json_object_get(one, "until"));
    text[0] = '\0';
    if (json_is_object(one))
        snprintf(text, sizeof text, "%s%s%.2s%s%.2s", json_string_value(json_object_get(one, "name")),
                 from ? " from " : "", from ? from + 11 : "", until ? " until " : "",
                 until ? until + 11 : "");
    json_decref(all);
    return text;
}

START_TEST(each_schedule_is_shown_once_with_its_role)
{
    const struct config config = settings();
    json_t *all = admin_json_oncalls(&config, NULL, 0, NOON_MS);
    char *text = json_dumps(all, JSON_COMPACT);
    ck_assert_str_eq(text,
                     "[{\"schedule\":\"PENG\",\"role\":\"engineer\",\"rung\":null,\"now\":null,\"next\":"
                     "null},{\"schedule\":\"PMAN\",\"role\":\"manager\",\"rung\":null,\"now\":null,"
                     "\"next\":null},{\"schedule\":\"PSEC\",\"role\":\"escalation\",\"rung\":"
                     "\"second-line\",\"now\":null,\"next\":null}]");
    free(text);
    json_decref(all);
}
END_TEST

START_TEST(nobody_is_on_call_without_schedules)
{
    const struct config config = {0};
    const struct oncall turns[] = {turn("PENG", "ann", -1, 1)};
    json_t *all = admin_json_oncalls(&config, turns, 1, NOON_MS);
    ck_assert(json_is_array(all) && json_array_size(all) == 0);
    json_decref(all);
}
END_TEST

START_TEST(now_and_next_follow_from_the_turns)
{
    const struct oncall turns[] = {turn("PENG", "cid", 8, 12), turn("PENG", "ann", -4, 4),
                                   turn("PMAN", "max", -4, 4), turn("PENG", "bob", 4, 8)};
    ck_assert_str_eq(shown(turns, 4, "now"), "ann until 16");
    ck_assert_str_eq(shown(turns, 4, "next"), "bob from 16 until 20");
}
END_TEST

START_TEST(turns_of_one_person_behind_each_other_are_one)
{
    const struct oncall turns[] = {turn("PENG", "ann", -4, 0), turn("PENG", "ann", 0, 2),
                                   turn("PENG", "ann", 2, 3), turn("PENG", "bob", 3, 4),
                                   turn("PENG", "bob", 4, 5)};
    ck_assert_str_eq(shown(turns, 5, "now"), "ann until 15");
    ck_assert_str_eq(shown(turns, 5, "next"), "bob from 15 until 17");
}
END_TEST

START_TEST(a_gap_is_shown_as_nobody_and_what_comes_after_it)
{
    const struct oncall gap[] = {turn("PENG", "ann", -4, 0), turn("PENG", "cid", 5, 6),
                                 turn("PENG", "bob", 2, 4)};
    ck_assert_str_eq(shown(gap, 3, "now"), "");
    ck_assert_str_eq(shown(gap, 3, "next"), "bob from 14 until 16");
    const struct oncall later[] = {turn("PENG", "ann", -4, 1), turn("PENG", "bob", 2, 4)};
    ck_assert_str_eq(shown(later, 2, "next"), "bob from 14 until 16");
}
END_TEST

START_TEST(a_turn_may_never_end)
{
    const struct oncall turns[] = {turn("PENG", "ann", -4, INT64_MAX)};
    ck_assert_str_eq(shown(turns, 1, "now"), "ann");
    ck_assert_str_eq(shown(turns, 1, "next"), "");
}
END_TEST

START_TEST(every_command_is_listed_with_its_arguments)
{
    json_t *all = admin_json_commands();
    ck_assert_uint_eq(json_array_size(all), COMMAND_COUNT - 1);
    for (size_t i = 0; i < json_array_size(all); i++) {
        json_t *one = json_array_get(all, i);
        ck_assert_str_eq(json_string_value(json_object_get(one, "name")),
                         command_name((enum command)(i + 1)));
        ck_assert_int_gt((int)json_string_length(json_object_get(one, "help")), 5);
    }
    char *text = json_dumps(json_array_get(all, COMMAND_BULK - 1), JSON_COMPACT);
    ck_assert_str_eq(text, "{\"name\":\"bulk\",\"label\":null,\"help\":\"answer all tickets of an incident\","
                           "\"arguments\":[{\"name\":\"tag\",\"kind\":\"name\",\"required\":true},"
                           "{\"name\":\"text\",\"kind\":\"text\",\"required\":true}]}");
    free(text);
    json_decref(all);
}
END_TEST

/* What the board adds to an emergency, as a text. */
static void assert_added(const struct emergency *e, const char *home, const char *key, const char *wanted)
{
    json_t *object = admin_json_for_board(json_object(), e, home);
    ck_assert_ptr_nonnull(object);
    char *text = json_dumps(json_object_get(object, key), JSON_COMPACT | JSON_ENCODE_ANY);
    ck_assert_str_eq(text, wanted);
    free(text);
    json_decref(object);
}

START_TEST(only_what_the_state_allows_is_offered)
{
    const struct emergency closed = {.closing = CLOSING_BY_PERSON, .ticket_id = 1};
    assert_added(&closed, "", "buttons", "[\"reopen\"]");
    assert_added(&closed, "", "commands", "[\"note\",\"reopen\",\"page\"]");
    const struct emergency asked = {
        .phase = PHASE_CONTACTED, .asked = true, .contacted_ms = 1, .ticket_id = 1};
    assert_added(&asked, "", "buttons", "[\"replied\",\"extend\",\"pause\",\"do-it\",\"call-started\"]");
}
END_TEST

START_TEST(the_thread_has_an_address_once_slacks_is_known)
{
    const char *home = "https://acme.slack.com/";
    const struct emergency e = {.thread_channel = "C01", .thread_ts = "1700000000.000100"};
    assert_added(&e, home, "thread_url", "\"https://acme.slack.com/archives/C01/p1700000000000100\"");
    assert_added(&e, "", "thread_url", "null");
    const struct emergency without = {.id = 1};
    assert_added(&without, home, "thread_url", "null");
}
END_TEST

START_TEST(want_of_memory_stays_want_of_memory)
{
    const struct emergency e = {.id = 1};
    ck_assert_ptr_null(admin_json_for_board(NULL, &e, ""));
}
END_TEST

Suite *admin_json_board_suite(void)
{
    Suite *suite = suite_create("admin_json_board");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, each_schedule_is_shown_once_with_its_role);
    tcase_add_test(tcase, nobody_is_on_call_without_schedules);
    tcase_add_test(tcase, now_and_next_follow_from_the_turns);
    tcase_add_test(tcase, turns_of_one_person_behind_each_other_are_one);
    tcase_add_test(tcase, a_gap_is_shown_as_nobody_and_what_comes_after_it);
    tcase_add_test(tcase, a_turn_may_never_end);
    tcase_add_test(tcase, every_command_is_listed_with_its_arguments);
    tcase_add_test(tcase, only_what_the_state_allows_is_offered);
    tcase_add_test(tcase, the_thread_has_an_address_once_slacks_is_known);
    tcase_add_test(tcase, want_of_memory_stays_want_of_memory);
    suite_add_tcase(suite, tcase);
    return suite;
}
