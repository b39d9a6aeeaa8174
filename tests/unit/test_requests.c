/*
 * What we send to the services: method, path and body are what their documentation asks for.
 */

#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lib/services/gitlab.h"
#include "lib/services/pagerduty.h"
#include "lib/services/request.h"
#include "lib/services/zendesk.h"
#include "lib/services/zoom.h"
#include "tests/unit/suites.h"

static struct config config;
static struct request request;

static void begin(void)
{
    config = (struct config){0};
    request = (struct request){0};
}

static void end(void)
{
    request_free(&request);
}

/* BODY, with ' for ", is compared as JSON; NULL: none is wanted. */
static void wanted(bool made, const char *method, const char *path, const char *body)
{
    ck_assert(made);
    ck_assert_str_eq(request.method, method);
    ck_assert_str_eq(request.path, path);
    ck_assert_int_eq(request.body != NULL, body != NULL);
    if (body) {
        char *text = strdup(body);
        for (char *quote = text; (quote = strchr(quote, '\''));)
            *quote = '"';
        json_t *want = json_loads(text, 0, NULL);
        json_t *have = json_loads(request.body, 0, NULL);
        ck_assert_ptr_nonnull(want);
        ck_assert_msg(json_equal(want, have), "%s", request.body);
        json_decref(want);
        json_decref(have);
        free(text);
    }
    ck_assert_ptr_null(request.from);
    request_free(&request);
    ck_assert_ptr_null(request.path);
}

START_TEST(test_zendesk_reads)
{
    static const int64_t tickets[] = {1, 35436, INT64_C(8447388090494)};
    wanted(zendesk_get_ticket(&request, 4711), "GET", "/api/v2/tickets/4711", NULL);
    wanted(zendesk_get_comments(&request, 4711), "GET",
           "/api/v2/tickets/4711/comments?include=users&sort=-created_at&page%5Bsize%5D=100", NULL);
    wanted(zendesk_get_audits(&request, 4711, 1), "GET",
           "/api/v2/tickets/4711/audits?sort_by=created_at&sort_order=desc&per_page=100&page=1", NULL);
    wanted(zendesk_get_audits(&request, 4711, 3), "GET",
           "/api/v2/tickets/4711/audits?sort_by=created_at&sort_order=desc&per_page=100&page=3", NULL);
    wanted(zendesk_get_tickets(&request, tickets, COUNT_OF(tickets)), "GET",
           "/api/v2/tickets/show_many?ids=1,35436,8447388090494", NULL);
    wanted(zendesk_get_organization(&request, 77), "GET", "/api/v2/organizations/77", NULL);
    wanted(zendesk_get_me(&request), "GET", "/api/v2/users/me", NULL);
    wanted(zendesk_get_suspended(&request), "GET",
           "/api/v2/suspended_tickets?sort_by=created_at&sort_order=desc&per_page=100", NULL);
    wanted(zendesk_find_user(&request, "eng+1&x@example.com"), "GET",
           "/api/v2/users/search?query=email%3Aeng%2B1%26x%40example.com", NULL);
    wanted(zendesk_apply_macro(&request, INT64_C(8447388090494), INT64_C(360047059914)), "GET",
           "/api/v2/tickets/8447388090494/macros/360047059914/apply", NULL);
}
END_TEST

START_TEST(test_a_hundred_of_the_longest_ids_fit)
{
    int64_t tickets[ZENDESK_MANY];
    for (size_t i = 0; i < ZENDESK_MANY; i++)
        tickets[i] = INT64_MAX;
    ck_assert(zendesk_get_tickets(&request, tickets, ZENDESK_MANY));
    ck_assert_uint_eq(strlen(request.path), strlen("/api/v2/tickets/show_many?ids=") + ZENDESK_MANY * 20 - 1);
}
END_TEST

START_TEST(test_zendesk_search)
{
    wanted(zendesk_search_urgent(&request, &config, 1), "GET",
           "/api/v2/search?query=type%3Aticket%20priority%3Aurgent%20status%3Csolved"
           "&sort_by=created_at&sort_order=desc&per_page=100&page=1",
           NULL);
    config.zendesk.emergency_match =
        (struct ticket_match){.kind = TICKET_MATCH_TAG, .tag = (char *)"emergency&co"};
    wanted(zendesk_search_urgent(&request, &config, 2), "GET",
           "/api/v2/search?query=type%3Aticket%20priority%3Aurgent%20status%3Csolved%20tags%3Aemergency%26co"
           "&sort_by=created_at&sort_order=desc&per_page=100&page=2",
           NULL);
    config.zendesk.emergency_match = (struct ticket_match){.kind = TICKET_MATCH_FORM, .form_id = 12};
    wanted(zendesk_search_urgent(&request, &config, 1), "GET",
           "/api/v2/search?query=type%3Aticket%20priority%3Aurgent%20status%3Csolved"
           "&sort_by=created_at&sort_order=desc&per_page=100&page=1",
           NULL);
}
END_TEST

START_TEST(test_a_comment_is_public_marked_and_on_top_of_what_was_read)
{
    const struct zendesk_update update = {
        .ticket = 4711,
        .stamp = "2026-11-23T12:00:00Z",
        .mark = "emergencyd-7",
        .comment = "Are you \"there\"?\nÜ",
    };
    wanted(zendesk_update_ticket(&request, &config, &update), "PUT", "/api/v2/tickets/4711",
           "{'ticket':{'safe_update':true,'updated_stamp':'2026-11-23T12:00:00Z',"
           "'metadata':{'emergencyd':'emergencyd-7'},"
           "'comment':{'body':'Are you \\\"there\\\"?\\nÜ','public':true}}}");
}
END_TEST

static struct tag_change tag_changes[] = {{(char *)"emergency_downgraded", true},
                                          {(char *)"emergency", false}};
static struct field_change field_changes[] = {{INT64_C(8447388090494), (char *)"yes"}};
static char *tags[] = {(char *)"acme", (char *)"emergency", (char *)"emergency_downgraded"};

START_TEST(test_a_downgrade_writes_what_the_settings_say)
{
    struct zendesk_ticket read = {.tags = tags, .tag_count = 2};
    struct zendesk_update update = {
        .ticket = 1, .stamp = "s", .priority = "high", .downgrade = true, .read = &read};
    wanted(zendesk_update_ticket(&request, &config, &update), "PUT", "/api/v2/tickets/1",
           "{'ticket':{'safe_update':true,'updated_stamp':'s','priority':'high'}}");
    config.zendesk.downgrade_form = INT64_C(8646151517822);
    config.zendesk.downgrade_tags = (struct tag_change_list){tag_changes, 2};
    config.zendesk.downgrade_fields = (struct field_change_list){field_changes, 1};
    wanted(
        zendesk_update_ticket(&request, &config, &update), "PUT", "/api/v2/tickets/1",
        "{'ticket':{'safe_update':true,'updated_stamp':'s','priority':'high','ticket_form_id':8646151517822,"
        "'tags':['acme','emergency_downgraded'],'custom_fields':[{'id':8447388090494,'value':'yes'}]}}");
    read.tag_count = 3; /* a tag that is there already stays one */
    wanted(
        zendesk_update_ticket(&request, &config, &update), "PUT", "/api/v2/tickets/1",
        "{'ticket':{'safe_update':true,'updated_stamp':'s','priority':'high','ticket_form_id':8646151517822,"
        "'tags':['acme','emergency_downgraded'],'custom_fields':[{'id':8447388090494,'value':'yes'}]}}");
    update.downgrade = false;
    wanted(zendesk_update_ticket(&request, &config, &update), "PUT", "/api/v2/tickets/1",
           "{'ticket':{'safe_update':true,'updated_stamp':'s','priority':'high'}}");
}
END_TEST

START_TEST(test_a_text_that_is_not_utf8_makes_no_request)
{
    const struct zendesk_update update = {.ticket = 1, .stamp = "s", .comment = "\xff"};
    ck_assert(!zendesk_update_ticket(&request, &config, &update));
    ck_assert_ptr_null(request.path);
    ck_assert_ptr_null(request.body);
}
END_TEST

START_TEST(test_a_token_is_asked_for)
{
    config.zendesk.client_id = (char *)"emergencyd";
    config.zendesk.client_secret = (char *)"s3cret";
    wanted(zendesk_get_token(&request, &config), "POST", "/oauth/tokens",
           "{'grant_type':'client_credentials','client_id':'emergencyd','client_secret':'s3cret',"
           "'scope':'read write','expires_in':7200}");
}
END_TEST

START_TEST(test_pagerduty_reads)
{
    wanted(pagerduty_get_incident(&request, "PGR0VU2"), "GET", "/incidents/PGR0VU2", NULL);
    wanted(pagerduty_get_incident(&request, "../x?y"), "GET", "/incidents/..%2Fx%3Fy", NULL);
    wanted(pagerduty_get_alerts(&request, "PGR0VU2"), "GET", "/incidents/PGR0VU2/alerts?limit=100", NULL);
    wanted(pagerduty_find_incident(&request, "emergencyd-7 8"), "GET",
           "/incidents?incident_key=emergencyd-7%208&date_range=all&statuses%5B%5D=triggered"
           "&statuses%5B%5D=acknowledged&statuses%5B%5D=resolved&limit=100",
           NULL);
    wanted(pagerduty_get_me(&request), "GET", "/incidents?limit=1", NULL);
    wanted(pagerduty_get_notes(&request, "PGR0VU2"), "GET", "/incidents/PGR0VU2/notes", NULL);
    wanted(pagerduty_get_user(&request, "PXPGF42"), "GET", "/users/PXPGF42", NULL);
    wanted(pagerduty_find_user(&request, "eng+1@example.com"), "GET",
           "/users?query=eng%2B1%40example.com&limit=100", NULL);
    wanted(pagerduty_list_subscriptions(&request), "GET", "/webhook_subscriptions?limit=100", NULL);
}
END_TEST

START_TEST(test_pagerduty_writes)
{
    wanted(pagerduty_acknowledge(&request, "PGR0VU2", NULL), "PUT", "/incidents/PGR0VU2",
           "{'incident':{'type':'incident_reference','status':'acknowledged'}}");
    wanted(pagerduty_resolve(&request, "PGR0VU2", ""), "PUT", "/incidents/PGR0VU2",
           "{'incident':{'type':'incident_reference','status':'resolved'}}");
    wanted(pagerduty_add_note(&request, "PGR0VU2", "Say \"yes\"\nÜ"), "POST", "/incidents/PGR0VU2/notes",
           "{'note':{'content':'Say \\\"yes\\\"\\nÜ'}}");
    wanted(pagerduty_enable_subscription(&request, "PY1OL64"), "POST",
           "/webhook_subscriptions/PY1OL64/enable", NULL);
}
END_TEST

#define PAGE(more)                                                                                           \
    "{'incident':{'type':'incident','title':'Emergency','service':{'id':'PWIXJZS',"                          \
    "'type':'service_reference'},'urgency':'high','incident_key':'emergencyd-7'," more                       \
    "'body':{'type':'incident_body','details':'https://x/agent/tickets/1'}}}"

START_TEST(test_a_page_goes_to_the_service_or_to_one_user)
{
    struct pagerduty_page page = {
        .service = "PWIXJZS",
        .incident_key = "emergencyd-7",
        .title = "Emergency",
        .details = "https://x/agent/tickets/1",
    };
    wanted(pagerduty_create_incident(&request, &page), "POST", "/incidents", PAGE(""));
    page.assignee = "";
    wanted(pagerduty_create_incident(&request, &page), "POST", "/incidents", PAGE(""));
    page.assignee = "PXPGF42";
    wanted(pagerduty_create_incident(&request, &page), "POST", "/incidents",
           PAGE("'assignments':[{'assignee':{'id':'PXPGF42','type':'user_reference'}}],"));
    page.assignee = "\xff";
    ck_assert(!pagerduty_create_incident(&request, &page));
    ck_assert_ptr_null(request.path);
}
END_TEST

START_TEST(test_what_a_person_does_is_done_in_their_name)
{
    static const char *const none[] = {"eng1@example.com\r\nX: y", "eng 1@example.com", "\x7f@example.com",
                                       "\xc3\xbc@example.com"};
    ck_assert(pagerduty_acknowledge(&request, "PGR0VU2", "eng1@example.com"));
    ck_assert_str_eq(request.from, "eng1@example.com");
    request_free(&request);
    ck_assert_ptr_null(request.from);
    ck_assert(pagerduty_resolve(&request, "PGR0VU2", "eng1@example.com"));
    ck_assert_str_eq(request.from, "eng1@example.com");
    request_free(&request);
    for (size_t i = 0; i < COUNT_OF(none); i++) {
        ck_assert(pagerduty_acknowledge(&request, "PGR0VU2", none[i]));
        ck_assert_ptr_null(request.from);
        request_free(&request);
    }
}
END_TEST

START_TEST(test_who_is_on_call_is_asked_for_many_schedules_at_once)
{
    static const char *const schedules[] = {"P0W1433", "P/2", "P3", "P4", "P5", "P6", "P7", "P8", "P9"};
    const int64_t noon_ms = INT64_C(1795435200000);
    wanted(pagerduty_get_oncalls(&request, schedules, 2, noon_ms, noon_ms + 3600 * 1000 + 999, 0), "GET",
           "/oncalls?schedule_ids%5B%5D=P0W1433&schedule_ids%5B%5D=P%2F2&include%5B%5D=users"
           "&since=2026-11-23T12%3A00%3A00Z&until=2026-11-23T13%3A00%3A00Z&limit=100&offset=0",
           NULL);
    wanted(pagerduty_get_oncalls(&request, schedules, 1, noon_ms, noon_ms, 100), "GET",
           "/oncalls?schedule_ids%5B%5D=P0W1433&include%5B%5D=users"
           "&since=2026-11-23T12%3A00%3A00Z&until=2026-11-23T12%3A00%3A00Z&limit=100&offset=100",
           NULL);
    ck_assert(pagerduty_get_oncalls(&request, schedules, COUNT_OF(schedules), noon_ms, noon_ms, 0));
    ck_assert_ptr_nonnull(strstr(request.path, "&schedule_ids%5B%5D=P9&include"));
}
END_TEST

#define NOON_MS INT64_C(1795435200999)

START_TEST(test_zoom)
{
    config.zoom.user = (char *)"bridge+1@example.com";
    wanted(
        zoom_create_meeting(&request, &config, "Emergency 4711: \"down\"", "i7f-12", NOON_MS), "POST",
        "/users/bridge%2B1%40example.com/meetings",
        "{'topic':'Emergency 4711: \\\"down\\\"','type':2,'start_time':'2026-11-23T12:00:00Z','duration':60,"
        "'timezone':'UTC','agenda':'i7f-12','settings':{'join_before_host':true,'jbh_time':0,"
        "'waiting_room':false}}");
    wanted(zoom_list_meetings(&request, &config), "GET",
           "/users/bridge%2B1%40example.com/meetings?type=scheduled&page_size=300", NULL);
    wanted(zoom_get_meeting(&request, INT64_C(86431910364)), "GET", "/meetings/86431910364", NULL);
    wanted(zoom_end_meeting(&request, INT64_C(86431910364)), "PUT", "/meetings/86431910364/status",
           "{'action':'end'}");
    wanted(zoom_get_host(&request, &config), "GET", "/users/bridge%2B1%40example.com", NULL);
}
END_TEST

START_TEST(test_zoom_takes_two_hundred_characters_of_a_topic)
{
    char topic[600] = "";
    for (size_t i = 0; i < 150; i++)
        memcpy(topic + 2 * i, "\xc3\xbc", 3);
    config.zoom.user = (char *)"b@example.com";
    ck_assert(zoom_create_meeting(&request, &config, topic, "i7f-12", NOON_MS));
    json_t *body = json_loads(request.body, 0, NULL);
    ck_assert_uint_eq(json_string_length(json_object_get(body, "topic")), 200);
    json_decref(body);
}
END_TEST

START_TEST(test_zoom_is_asked_for_a_token_by_a_form)
{
    config.zoom.account_id = (char *)"Acc&1";
    ck_assert(zoom_get_token(&request, &config));
    ck_assert_str_eq(request.method, "POST");
    ck_assert_str_eq(request.path, "");
    ck_assert_str_eq(request.body, "grant_type=account_credentials&account_id=Acc%261");
}
END_TEST

START_TEST(test_gitlab)
{
    config.gitlab.project = (char *)"support/emergency-runbook";
    config.gitlab.template_name = (char *)"Emergency / SaaS";
    wanted(gitlab_get_template(&request, &config), "GET",
           "/projects/support%2Femergency-runbook/templates/issues/Emergency%20%2F%20SaaS", NULL);
    wanted(gitlab_find_issue(&request, &config, "i7f-12"), "GET",
           "/projects/support%2Femergency-runbook/issues?search=i7f-12&in=description&state=all&per_page=100",
           NULL);
    wanted(gitlab_create_issue(&request, &config, "Emergency 4711", "# Runbook\ni7f-12"), "POST",
           "/projects/support%2Femergency-runbook/issues",
           "{'title':'Emergency 4711','description':'# Runbook\\ni7f-12','confidential':true}");
    config.gitlab.project = (char *)"4711";
    wanted(gitlab_get_project(&request, &config), "GET", "/projects/4711", NULL);
}
END_TEST

START_TEST(test_an_encoded_text_is_never_cut_within_a_byte)
{
    char out[8];
    request_encode("abc-._~09", out, sizeof(out));
    ck_assert_str_eq(out, "abc-.");
    request_encode("ab\xc3\xbc", out, sizeof(out));
    ck_assert_str_eq(out, "ab%C3");
}
END_TEST

Suite *requests_suite(void)
{
    Suite *suite = suite_create("requests");
    TCase *zendesk = tcase_create("zendesk");
    tcase_add_checked_fixture(zendesk, begin, end);
    tcase_add_test(zendesk, test_zendesk_reads);
    tcase_add_test(zendesk, test_a_hundred_of_the_longest_ids_fit);
    tcase_add_test(zendesk, test_zendesk_search);
    tcase_add_test(zendesk, test_a_comment_is_public_marked_and_on_top_of_what_was_read);
    tcase_add_test(zendesk, test_a_downgrade_writes_what_the_settings_say);
    tcase_add_test(zendesk, test_a_text_that_is_not_utf8_makes_no_request);
    tcase_add_test(zendesk, test_a_token_is_asked_for);
    suite_add_tcase(suite, zendesk);
    TCase *pagerduty = tcase_create("pagerduty");
    tcase_add_checked_fixture(pagerduty, begin, end);
    tcase_add_test(pagerduty, test_pagerduty_reads);
    tcase_add_test(pagerduty, test_pagerduty_writes);
    tcase_add_test(pagerduty, test_a_page_goes_to_the_service_or_to_one_user);
    tcase_add_test(pagerduty, test_what_a_person_does_is_done_in_their_name);
    tcase_add_test(pagerduty, test_who_is_on_call_is_asked_for_many_schedules_at_once);
    tcase_add_test(pagerduty, test_an_encoded_text_is_never_cut_within_a_byte);
    suite_add_tcase(suite, pagerduty);
    TCase *others = tcase_create("others");
    tcase_add_checked_fixture(others, begin, end);
    tcase_add_test(others, test_zoom);
    tcase_add_test(others, test_zoom_takes_two_hundred_characters_of_a_topic);
    tcase_add_test(others, test_zoom_is_asked_for_a_token_by_a_form);
    tcase_add_test(others, test_gitlab);
    suite_add_tcase(suite, others);
    return suite;
}
