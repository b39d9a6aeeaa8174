/*
 * admin_json: an emergency looks as the contract shows it, to the letter and in its order; what is not known
 * is null; and no text can spoil an answer.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/admin_json.h"
#include "tests/unit/suites.h"

/* 2026-11-23T12:00:00.000Z */
#define NOON_MS INT64_C(1795435200000)

static char api_url[] = "https://acme.zendesk.com";
static const struct config config = {.zendesk = {.api_url = api_url}};

/* The contract's example. */
static struct emergency contacted_emergency(void)
{
    return (struct emergency){
        .id = 7,
        .phase = PHASE_CONTACTED,
        .opened_ms = NOON_MS,
        .contacted_ms = NOON_MS + 40000,
        .due_ms = NOON_MS + 40000 + 15 * 60000,
        .engineer = "Eng One",
        .engineer_email = "eng1@example.com",
        .ticket_id = 4711,
        .priority = PRIORITY_URGENT,
        .status = STATUS_OPEN,
        .subject = "Production is down",
        .organization_id = 77,
        .organization = "Acme",
        .pages = {{.incident = "PGR0VU2",
                   .url = "https://acme.pagerduty.com/incidents/PGR0VU2",
                   .status = PAGE_ACKNOWLEDGED,
                   .acknowledged = true}},
        .page_count = 1,
    };
}

/* Equal to the letter, order of the keys included. Takes ACTUAL. */
static void assert_json(json_t *actual, const char *wanted_text)
{
    ck_assert_ptr_nonnull(actual);
    json_error_t error;
    json_t *wanted = json_loads(wanted_text, 0, &error);
    ck_assert_msg(wanted, "%s at %d", error.text, error.position);
    char *a = json_dumps(actual, JSON_COMPACT);
    char *b = json_dumps(wanted, JSON_COMPACT);
    ck_assert_str_eq(a, b);
    free(a);
    free(b);
    json_decref(actual);
    json_decref(wanted);
}

static void assert_member(json_t *object, const char *key, const char *wanted_text)
{
    char *text = json_dumps(json_object_get(object, key), JSON_COMPACT | JSON_ENCODE_ANY);
    ck_assert_str_eq(text, wanted_text);
    free(text);
}

#define EXAMPLE_BUT_ITS_END                                                                                  \
    "{\"id\": 7, \"state\": \"contacted\", \"held\": null, \"held_why\": null,"                              \
    " \"ticket\": {\"id\": 4711, \"url\": \"https://acme.zendesk.com/agent/tickets/4711\","                  \
    "  \"subject\": \"Production is down\", \"priority\": \"urgent\", \"status\": \"open\"},"                \
    " \"pages\": [{\"incident_id\": \"PGR0VU2\", \"status\": \"acknowledged\","                              \
    "  \"url\": \"https://acme.pagerduty.com/incidents/PGR0VU2\"}],"                                         \
    " \"organization\": {\"id\": 77, \"name\": \"Acme\"},"                                                   \
    " \"engineer\": {\"name\": \"Eng One\", \"email\": \"eng1@example.com\"},"                               \
    " \"opened_at\": \"2026-11-23T12:00:00.000Z\", \"acknowledged_at\": null,"                               \
    " \"contacted_at\": \"2026-11-23T12:00:40.000Z\", \"followed_up_at\": null, \"answered_at\": null,"      \
    " \"downgraded_at\": null, \"closed_at\": null, \"closed_why\": null,"                                   \
    " \"next\": {\"step\": \"follow_up\", \"due_at\": \"2026-11-23T12:15:40.000Z\", \"in_s\": 372},"         \
    " \"bridge\": null, \"thread\": null, \"dry_run\": false"

START_TEST(an_emergency_looks_as_the_contract_shows_it)
{
    struct emergency e = contacted_emergency();
    assert_json(admin_json_emergency(&config, &e, e.due_ms - 372999), EXAMPLE_BUT_ITS_END "}");
}
END_TEST

START_TEST(alone_it_has_its_timeline_its_calls_and_a_checklist)
{
    struct emergency e = contacted_emergency();
    static const struct timeline_entry entries[] = {
        {NOON_MS, "page", "", "Page PGR0VU2: Production is down."},
        {NOON_MS + 1, "note", "Ann", "A note."},
    };
    static const struct action actions[] = {
        {.id = 1, .service = SERVICE_ZENDESK, .kind = ACTION_READ_TICKET, .state = ACTION_DONE},
        {.id = 2,
         .service = SERVICE_PAGERDUTY,
         .kind = ACTION_RESOLVE_PAGE,
         .state = ACTION_DONE,
         .attempts = 1},
        {.id = 3,
         .service = SERVICE_ZENDESK,
         .kind = ACTION_FOLLOW_UP,
         .state = ACTION_PENDING,
         .attempts = 2,
         .next_ms = NOON_MS + 1000,
         .error = "503 from Zendesk"},
        {.id = 4,
         .service = SERVICE_ZENDESK,
         .kind = ACTION_READ_TICKET,
         .state = ACTION_PARKED,
         .next_ms = 5},
    };
    struct admin_json_history history = {entries, COUNT_OF(entries), actions, COUNT_OF(actions)};
    assert_json(
        admin_json_emergency_alone(&config, &e, &history, e.due_ms - 372000), EXAMPLE_BUT_ITS_END
        ", \"timeline\": ["
        "  {\"at\": \"2026-11-23T12:00:00.000Z\", \"kind\": \"page\", \"by\": null,"
        "   \"text\": \"Page PGR0VU2: Production is down.\"},"
        "  {\"at\": \"2026-11-23T12:00:00.001Z\", \"kind\": \"note\", \"by\": \"Ann\", \"text\": \"A "
        "note.\"}],"
        " \"actions\": ["
        "  {\"id\": 2, \"service\": \"pagerduty\", \"kind\": \"resolve_page\", \"state\": \"done\","
        "   \"attempts\": 1, \"next_at\": null, \"error\": null},"
        "  {\"id\": 3, \"service\": \"zendesk\", \"kind\": \"follow_up\", \"state\": \"pending\","
        "   \"attempts\": 2, \"next_at\": \"2026-11-23T12:00:01.000Z\", \"error\": \"503 from Zendesk\"},"
        "  {\"id\": 4, \"service\": \"zendesk\", \"kind\": \"read_ticket\", \"state\": \"parked\","
        "   \"attempts\": 0, \"next_at\": null, \"error\": null}],"
        " \"checklist\": []}");
}
END_TEST

START_TEST(what_is_not_known_is_null)
{
    struct emergency e = {.id = 8, .opened_ms = NOON_MS, .dry_run = true};
    assert_json(admin_json_emergency(&config, &e, NOON_MS),
                "{\"id\": 8, \"state\": \"paged\", \"held\": null, \"held_why\": null, \"ticket\": null,"
                " \"pages\": [], \"organization\": null, \"engineer\": null,"
                " \"opened_at\": \"2026-11-23T12:00:00.000Z\", \"acknowledged_at\": null,"
                " \"contacted_at\": null, \"followed_up_at\": null, \"answered_at\": null,"
                " \"downgraded_at\": null, \"closed_at\": null, \"closed_why\": null, \"next\": null,"
                " \"bridge\": null, \"thread\": null, \"dry_run\": true}");
}
END_TEST

START_TEST(what_is_known_in_part_is_shown_in_part)
{
    struct emergency e = {
        .id = 9,
        .opened_ms = NOON_MS,
        .ticket_id = 5,
        .organization_id = 77,
        .engineer = "Eng One",
        .pages = {{.incident = "P1"}},
        .page_count = 1,
    };
    json_t *object = admin_json_emergency(&config, &e, NOON_MS);
    assert_member(object, "ticket",
                  "{\"id\":5,\"url\":\"https://acme.zendesk.com/agent/tickets/5\",\"subject\":null,"
                  "\"priority\":null,\"status\":null}");
    assert_member(object, "organization", "{\"id\":77,\"name\":null}");
    assert_member(object, "engineer", "{\"name\":\"Eng One\",\"email\":null}");
    assert_member(object, "pages", "[{\"incident_id\":\"P1\",\"status\":null,\"url\":null}]");
    json_decref(object);
}
END_TEST

START_TEST(an_asked_step_says_what_is_asked_and_why)
{
    struct emergency e = contacted_emergency();
    e.phase = PHASE_FOLLOWED_UP;
    e.asked = true;
    e.asked_step = ACTION_DOWNGRADE;
    e.doubt_ms[DOUBT_AUTO_REPLY] = NOON_MS;
    json_t *object = admin_json_emergency(&config, &e, e.due_ms + 1);
    assert_member(object, "state", "\"followed_up\"");
    assert_member(object, "held", "\"asked\"");
    ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(object, "held_why")), "automatic reply"));
    assert_member(object, "next",
                  "{\"step\":\"downgrade\",\"due_at\":\"2026-11-23T12:15:40.000Z\",\"in_s\":-1}");
    json_decref(object);
}
END_TEST

START_TEST(a_paused_one_has_no_next_step)
{
    struct emergency e = contacted_emergency();
    e.paused = true;
    memcpy(e.paused_by, "Ann", sizeof "Ann");
    json_t *object = admin_json_emergency(&config, &e, NOON_MS);
    assert_member(object, "held", "\"paused\"");
    assert_member(object, "held_why", "\"paused by Ann\"");
    assert_member(object, "next", "null");
    json_decref(object);
}
END_TEST

START_TEST(a_closed_one_says_when_and_why)
{
    struct emergency e = contacted_emergency();
    e.closing = CLOSING_BY_PERSON;
    e.closed_ms = NOON_MS + 60000;
    memcpy(e.closed_why, "closed by Ann", sizeof "closed by Ann");
    json_t *object = admin_json_emergency(&config, &e, NOON_MS);
    assert_member(object, "state", "\"closed\"");
    assert_member(object, "closed_at", "\"2026-11-23T12:01:00.000Z\"");
    assert_member(object, "closed_why", "\"closed by Ann\"");
    assert_member(object, "next", "null");
    json_decref(object);
}
END_TEST

START_TEST(seconds_are_whole_and_negative_as_soon_as_it_is_past)
{
    static const struct {
        int64_t left_ms;
        const char *in_s;
    } cases[] = {{1000, "1"}, {999, "0"}, {0, "0"}, {-1, "-1"}, {-1000, "-1"}, {-1001, "-2"}};
    struct emergency e = contacted_emergency();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        json_t *object = admin_json_emergency(&config, &e, e.due_ms - cases[i].left_ms);
        assert_member(json_object_get(object, "next"), "in_s", cases[i].in_s);
        json_decref(object);
    }
}
END_TEST

START_TEST(a_text_that_was_cut_within_a_character_is_mended)
{
    struct emergency e = contacted_emergency();
    memcpy(e.subject, "caf\xc3", sizeof "caf\xc3");
    struct timeline_entry entry = {NOON_MS, "note", "\xff", "a\xe2\x82 b \xe2\x82\xac"};
    struct admin_json_history history = {&entry, 1, NULL, 0};
    json_t *object = admin_json_emergency_alone(&config, &e, &history, NOON_MS);
    assert_member(json_object_get(object, "ticket"), "subject", "\"caf\uFFFD\"");
    assert_member(object, "timeline",
                  "[{\"at\":\"2026-11-23T12:00:00.000Z\",\"kind\":\"note\",\"by\":\"\uFFFD\","
                  "\"text\":\"a\uFFFD\uFFFD b \u20ac\"}]");
    json_decref(object);
}
END_TEST

START_TEST(a_call_in_the_outbox_names_its_emergency)
{
    struct action action = {.id = 3,
                            .emergency = 7,
                            .service = SERVICE_ZENDESK,
                            .kind = ACTION_DOWNGRADE,
                            .state = ACTION_PARKED,
                            .attempts = 1,
                            .error = "422"};
    assert_json(admin_json_outbox_action(&action),
                "{\"id\": 3, \"emergency\": 7, \"service\": \"zendesk\", \"kind\": \"downgrade\","
                " \"state\": \"parked\", \"attempts\": 1, \"next_at\": null, \"error\": \"422\"}");
    action.emergency = 0;
    json_t *object = admin_json_outbox_action(&action);
    assert_member(object, "emergency", "null");
    json_decref(object);
}
END_TEST

Suite *admin_json_suite(void)
{
    Suite *suite = suite_create("admin_json");
    TCase *tcase = tcase_create("shapes");
    tcase_add_test(tcase, an_emergency_looks_as_the_contract_shows_it);
    tcase_add_test(tcase, alone_it_has_its_timeline_its_calls_and_a_checklist);
    tcase_add_test(tcase, what_is_not_known_is_null);
    tcase_add_test(tcase, what_is_known_in_part_is_shown_in_part);
    tcase_add_test(tcase, an_asked_step_says_what_is_asked_and_why);
    tcase_add_test(tcase, a_paused_one_has_no_next_step);
    tcase_add_test(tcase, a_closed_one_says_when_and_why);
    tcase_add_test(tcase, seconds_are_whole_and_negative_as_soon_as_it_is_past);
    tcase_add_test(tcase, a_text_that_was_cut_within_a_character_is_mended);
    tcase_add_test(tcase, a_call_in_the_outbox_names_its_emergency);
    suite_add_tcase(suite, tcase);
    return suite;
}
