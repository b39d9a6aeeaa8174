/*
 * PagerDuty: only what it has signed is believed, an incident's webhook and answer become a page with all it
 * says, everything else is kept and ignored, and what is missing is named.
 */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json_fields.h"
#include "lib/services/pagerduty.h"
#include "lib/text.h"
#include "tests/unit/json_text.h"
#include "tests/unit/suites.h"

/* Secret, body and signature of webhookv3/webhookv3_test.go of github.com/PagerDuty/go-pagerduty. */
#define SECRET    "lDQHScfUeXUKaQRNF+8XIiDKZ7XX3itBAYzwU0TARw8lJqRnkKl2iB1anSb0Z+IK"
#define SIGNATURE "v1=0c0b9495b893a39e70d1fea2fe11fbe0a825f88b9f67846f6cc07dd2bc5476cd"
#define FORGERY   "v1=7020c8a7ec668a9b7012bc3dd82e483394b038f4230acc6785efbf2a7d8bcaf5"
static const char signed_body[] =
    "{\"event\":{\"id\":\"01BWDWL3NYY7LUFPZCC28QUCMK\",\"event_type\":\"incident.priority_updated\",\"reso"
    "urce_type\":\"incident\",\"occurred_at\":\"2021-04-26T17:36:27.458Z\",\"agent\":{\"html_url\":\"https:"
    "//acme.pagerduty.com/users/PLH1HKV\",\"id\":\"PLH1HKV\",\"self\":\"https://api.pagerduty.com/users"
    "/PLH1HKV\",\"summary\":\"Tenex "
    "Engineer\",\"type\":\"user_reference\"},\"client\":null,\"data\":{\"id\":\""
    "PGR0VU2\",\"type\":\"incident\",\"self\":\"https://api.pagerduty.com/incidents/PGR0VU2\",\"html_url\""
    ":\"https://acme.pagerduty.com/incidents/PGR0VU2\",\"number\":2,\"status\":\"triggered\",\"title\":\"A"
    " little bump in the road\",\"service\":{\"html_url\":\"https://acme.pagerduty.com/services/PF9KM"
    "XH\",\"id\":\"PF9KMXH\",\"self\":\"https://api.pagerduty.com/services/PF9KMXH\",\"summary\":\"API Serv"
    "ice\",\"type\":\"service_reference\"},\"assignees\":[{\"html_url\":\"https://acme.pagerduty.com/user"
    "s/PTUXL6G\",\"id\":\"PTUXL6G\",\"self\":\"https://api.pagerduty.com/users/PTUXL6G\",\"summary\":\"User"
    " 123\",\"type\":\"user_reference\"}],\"escalation_policy\":{\"html_url\":\"https://acme.pagerduty.co"
    "m/escalation_policies/PUS0KTE\",\"id\":\"PUS0KTE\",\"self\":\"https://api.pagerduty.com/escalation"
    "_policies/PUS0KTE\",\"summary\":\"Default\",\"type\":\"escalation_policy_reference\"},\"teams\":[{\"ht"
    "ml_url\":\"https://acme.pagerduty.com/teams/PFCVPS0\",\"id\":\"PFCVPS0\",\"self\":\"https://api.page"
    "rduty.com/teams/PFCVPS0\",\"summary\":\"Engineering\",\"type\":\"team_reference\"}],\"priority\":{\"ht"
    "ml_url\":\"https://acme.pagerduty.com/account/incident_priorities\",\"id\":\"PSO75BM\",\"self\":\"ht"
    "tps://api.pagerduty.com/priorities/PSO75BM\",\"summary\":\"P1\",\"type\":\"priority_reference\"},\"u"
    "rgency\":\"high\",\"conference_bridge\":{\"conference_number\":1000,\"conference_url\":\"https://exa"
    "mple.com\"},\"resolve_reason\":null}}}";

/* The same kind of event in the shape of PagerDuty's documentation (webhooks/02-Behavior of
 * PagerDuty/developer-docs), for any event type. */
#define DATA                                                                                                 \
    "{'id':'PGR0VU2','type':'incident','self':'https://api.pagerduty.com/incidents/PGR0VU2',"                \
    "'html_url':'https://acme.pagerduty.com/incidents/PGR0VU2','number':2,'status':'triggered',"             \
    "'incident_key':'d3640fbd41094207a1c11e58e46b1662','created_at':'2020-04-09T15:16:27Z',"                 \
    "'reopened_at':null,'title':'Zendesk ticket #4711: production is down',"                                 \
    "'service':{'id':'PF9KMXH','summary':'API Service','type':'service_reference'},'assignees':[],"          \
    "'priority':null,'urgency':'high','conference_bridge':{'conference_number':1000},"                       \
    "'resolve_reason':null,'incident_type':{'name':'incident_default'}}"
#define EVENT(type, agent, data)                                                                             \
    "{'event':{'id':'01BWDWL3NYY7LUFPZCC28QUCMK','event_type':'" type "','resource_type':'incident',"        \
    "'occurred_at':'2020-10-02T18:45:22.169Z','agent':" agent ",'client':null,'data':" data "}}"
#define PERSON "{'id':'PLH1HKV','summary':'Tenex Engineer','type':'user_reference'}"
#define ROBOT  "{'id':'PSVC','summary':'API Service','type':'service_reference'}"

static struct config config;
static struct receiver receiver;
static struct json_reader *reader;
static struct delivery delivery;
static char *services[] = {(char *)"PF9KMXH", (char *)"POTHER"};

static const char *default_pattern(void)
{
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(keys[i].name, "ticket_pattern") == 0)
            return keys[i].fallback;
    ck_abort_msg("no ticket_pattern");
    return NULL;
}

static void begin(void)
{
    config = (struct config){0};
    config.pagerduty.webhook_secret = (char *)SECRET;
    config.pagerduty.ticket_pattern = (char *)default_pattern();
    ck_assert(receiver_init(&receiver, &pagerduty_service, &config));
    reader = json_reader_new();
    ck_assert_ptr_nonnull(reader);
}

static void end(void)
{
    receiver_free(&receiver);
    json_reader_free(reader);
}

static bool receive(const char *body)
{
    const struct webhook webhook = {.body = body, .length = strlen(body), .delivery_id = "delivery-1"};
    delivery = (struct delivery){0};
    return pagerduty_service.read_webhook(&receiver, reader, &webhook, &delivery);
}

static enum webhook_verdict verdict(const char *signature, const char *body)
{
    const struct webhook webhook = {.body = body, .length = strlen(body), .signature = signature};
    return pagerduty_service.verify(&receiver, &webhook);
}

START_TEST(test_only_signed_webhooks_are_verified)
{
    ck_assert_int_eq(verdict(SIGNATURE, signed_body), WEBHOOK_VERIFIED);
    ck_assert_int_eq(verdict("v1=00, " SIGNATURE, signed_body), WEBHOOK_VERIFIED);
    ck_assert_int_eq(verdict(FORGERY, signed_body), WEBHOOK_FORGED);
    ck_assert_int_eq(verdict(SIGNATURE, "{}"), WEBHOOK_FORGED);
    ck_assert_int_eq(verdict(NULL, signed_body), WEBHOOK_UNSIGNED);
    ck_assert_int_eq(verdict("", signed_body), WEBHOOK_UNSIGNED);
}
END_TEST

START_TEST(test_a_second_secret_is_valid_too)
{
    receiver_free(&receiver);
    config.pagerduty.webhook_secret = (char *)"the old one";
    ck_assert(receiver_init(&receiver, &pagerduty_service, &config));
    ck_assert_int_eq(verdict(SIGNATURE, signed_body), WEBHOOK_FORGED);
    receiver_free(&receiver);
    config.pagerduty.webhook_secret_2 = (char *)SECRET;
    ck_assert(receiver_init(&receiver, &pagerduty_service, &config));
    ck_assert_int_eq(verdict(SIGNATURE, signed_body), WEBHOOK_VERIFIED);
}
END_TEST

START_TEST(test_a_service_that_is_not_configured_verifies_nothing)
{
    receiver_free(&receiver);
    config = (struct config){0};
    ck_assert(receiver_init(&receiver, &pagerduty_service, &config));
    ck_assert_int_eq(verdict(SIGNATURE, signed_body), WEBHOOK_FORGED);
}
END_TEST

START_TEST(test_services_are_found_by_route)
{
    ck_assert_ptr_eq(service_by_route("/webhooks/pagerduty"), &pagerduty_service);
    ck_assert_ptr_eq(service_by_route("/webhooks/zendesk"), &zendesk_service);
    ck_assert_ptr_null(service_by_route("/webhooks/pagerduty/"));
    ck_assert_ptr_null(service_by_route("/"));
    ck_assert_ptr_null(pagerduty_service.content_type);
    ck_assert_int_eq(pagerduty_service.unreadable_status, 200);
}
END_TEST

START_TEST(test_an_incident_becomes_a_page_with_all_it_says)
{
    ck_assert(receive(json(EVENT("incident.triggered", PERSON, DATA))));
    const struct event *event = &delivery.event;
    ck_assert_int_eq(event->type, EVENT_PAGE);
    ck_assert_int_eq(event->source, EVENT_SOURCE_PAGERDUTY);
    ck_assert_str_eq(event->id, "01BWDWL3NYY7LUFPZCC28QUCMK");
    ck_assert_int_eq(event->at_ms, INT64_C(1601664322169));
    ck_assert_int_eq(event->resolution_ms, 1);
    ck_assert_str_eq(event->by, "Tenex Engineer");
    ck_assert_int_eq(event->ticket_id, 4711);
    ck_assert_str_eq(event->page.incident, "PGR0VU2");
    ck_assert_str_eq(event->page.url, "https://acme.pagerduty.com/incidents/PGR0VU2");
    ck_assert_str_eq(event->page.title, "Zendesk ticket #4711: production is down");
    ck_assert_str_eq(event->page.key, "d3640fbd41094207a1c11e58e46b1662");
    ck_assert_str_eq(event->page.service, "PF9KMXH");
    ck_assert_str_eq(event->page.event, "triggered");
    ck_assert_int_eq(event->page.status, PAGE_TRIGGERED);
    ck_assert(event->page.by_person);
    ck_assert(!event->page.merged);
    ck_assert_str_eq(delivery.repeat_key, "pd 01BWDWL3NYY7LUFPZCC28QUCMK");
    ck_assert(!delivery.rejected);
}
END_TEST

START_TEST(test_the_vendors_own_example_is_read)
{
    ck_assert(receive(signed_body));
    ck_assert_int_eq(delivery.event.type, EVENT_PAGE);
    ck_assert_str_eq(delivery.event.page.event, "priority_updated");
    ck_assert_str_eq(delivery.event.page.incident, "PGR0VU2");
    ck_assert_str_eq(delivery.event.page.key, "");
    ck_assert_int_eq(delivery.event.page.status, PAGE_TRIGGERED);
    ck_assert_int_eq(delivery.event.at_ms, INT64_C(1619458587458));
    ck_assert_int_eq(delivery.event.ticket_id, 0);
    ck_assert_str_eq(delivery.event.by, "Tenex Engineer");
    ck_assert_str_eq(delivery.event.page.agent, "PLH1HKV");
    ck_assert_str_eq(delivery.event.page.assignee, "PTUXL6G");
    ck_assert_str_eq(delivery.event.page.assignee_name, "User 123");
}
END_TEST

#define ASSIGNEE(id, name)                                                                                   \
    "{'html_url':'https://acme.pagerduty.com/users/" id "','id':'" id                                        \
    "','self':'https://api.pagerduty.com/users/" id "','summary':'" name "','type':'user_reference'}"

START_TEST(test_whoever_an_incident_is_given_to_is_told)
{
    static const char *const types[] = {
        EVENT("incident.reassigned", PERSON, DATA), EVENT("incident.delegated", PERSON, DATA),
        EVENT("incident.escalated", PERSON, DATA), EVENT("incident.service_updated", PERSON, DATA),
        EVENT("incident.priority_updated", PERSON, DATA)};
    const struct page_facts *page = &delivery.event.page;
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        ck_assert(receive(
            json_changed(types[i], "'assignees':[]",
                         "'assignees':[" ASSIGNEE("PONE", "Eng One") "," ASSIGNEE("PTWO", "Eng Two") "]")));
        ck_assert_int_eq(delivery.event.type, EVENT_PAGE);
        ck_assert_int_eq(page->status, PAGE_TRIGGERED);
        ck_assert_str_eq(page->assignee, "PONE");
        ck_assert_str_eq(page->assignee_name, "Eng One");
        ck_assert_str_eq(page->agent, "PLH1HKV");
    }
    ck_assert(receive(json(types[0])));
    ck_assert_str_eq(page->assignee, "");
    ck_assert(receive(json_changed(types[0], "'assignees':[]", "'assignees':[null,{'id':'PTWO'}]")));
    ck_assert_str_eq(page->assignee, "PTWO");
    ck_assert_str_eq(page->assignee_name, "");
    ck_assert(receive(json_changed(types[0], "'assignees':[]", "'assignees':null")));
    ck_assert_str_eq(page->assignee, "");
}
END_TEST

START_TEST(test_only_a_user_is_an_agent)
{
    ck_assert(receive(json(EVENT("incident.acknowledged", ROBOT, DATA))));
    ck_assert_str_eq(delivery.event.page.agent, "");
    ck_assert_str_eq(delivery.event.by, "API Service");
    ck_assert(receive(json(EVENT("incident.acknowledged", "null", DATA))));
    ck_assert_str_eq(delivery.event.page.agent, "");
    ck_assert(receive(json_changed(EVENT("incident.acknowledged", PERSON, DATA), "'PLH1HKV'",
                                   "'P123456789012345678901234567890'")));
    ck_assert_str_eq(delivery.event.page.agent, "P1234567890123456789012");
}
END_TEST

START_TEST(test_a_bare_incident_is_a_page_whose_status_follows_from_the_type)
{
    static const struct {
        const char *body;
        enum page_status status;
    } cases[] = {
        {EVENT("incident.triggered", "null", "{'id':'P1','type':'incident'}"), PAGE_TRIGGERED},
        {EVENT("incident.acknowledged", "null", "{'id':'P1','type':'incident'}"), PAGE_ACKNOWLEDGED},
        {EVENT("incident.unacknowledged", "null", "{'id':'P1','type':'incident'}"), PAGE_TRIGGERED},
        {EVENT("incident.resolved", "null", "{'id':'P1','type':'incident'}"), PAGE_RESOLVED},
        {EVENT("incident.reopened", "null", "{'id':'P1','type':'incident'}"), PAGE_TRIGGERED},
        {EVENT("incident.reassigned", "null", "{'id':'P1','type':'incident'}"), PAGE_UNKNOWN},
        {EVENT("incident.escalated", "null", "{'id':'P1','status':'acknowledged'}"), PAGE_ACKNOWLEDGED},
        {EVENT("incident.resolved", "null", "{'id':'P1','type':'incident','status':null}"), PAGE_RESOLVED},
        {EVENT("incident.of_tomorrow", "null", "{'id':'P1','type':'incident','status':'resolved'}"),
         PAGE_RESOLVED},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_msg(receive(json(cases[i].body)), "%zu: %s", i, delivery.error);
        ck_assert_int_eq(delivery.event.type, EVENT_PAGE);
        ck_assert_msg(delivery.event.page.status == cases[i].status, "%zu", i);
        ck_assert_str_eq(delivery.event.by, "");
        ck_assert(!delivery.event.page.by_person);
    }
}
END_TEST

START_TEST(test_a_service_is_no_person_and_a_merge_is_told)
{
    ck_assert(
        receive(json_changed(EVENT("incident.resolved", ROBOT, DATA), "'resolve_reason':null",
                             "'resolve_reason':{'type':'merge_resolve_reason','incident':{'id':'P2'}}")));
    ck_assert(!delivery.event.page.by_person);
    ck_assert_str_eq(delivery.event.by, "API Service");
    ck_assert(delivery.event.page.merged);
}
END_TEST

START_TEST(test_what_is_no_incident_is_kept_and_ignored)
{
    static const char *const bodies[] = {
        EVENT("pagey.ping", "{'id':'PX','type':'user_reference'}", "{'message':'Hello','type':'ping'}"),
        EVENT("service.updated", "null", "{'id':'PF9KMXH','type':'service'}"),
        EVENT("something.new", "null", "{}"),
        EVENT("incident.annotated", PERSON,
              "{'incident':{'id':'PGR0VU2','type':'incident_reference'},'id':'P2LA89X','content':'ticket 12',"
              "'trimmed':false,'type':'incident_note'}"),
        EVENT("incident.responder.added", PERSON,
              "{'incident':{'id':'PGR0VU2'},'escalation_policy':null,'state':'pending',"
              "'type':'incident_responder'}"),
        EVENT("incident.workflow.started", "null",
              "{'id':'W','type':'incident_workflow_instance','incident':{'id':'PGR0VU2'}}"),
        EVENT("incident.role.assigned", "null",
              "{'type':'incident_role_assignment','incident_role_assignments':[{'incident':{'id':'P1'}}]}"),
    };
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        ck_assert_msg(receive(json(bodies[i])), "%zu: %s", i, delivery.error);
        ck_assert_int_eq(delivery.event.type, EVENT_IGNORED);
        ck_assert_str_eq(delivery.repeat_key, "pd 01BWDWL3NYY7LUFPZCC28QUCMK");
    }
}
END_TEST

static void refused(const char *body, const char *error)
{
    ck_assert_msg(!receive(body), "%s", body);
    ck_assert(delivery.rejected);
    ck_assert_int_eq(delivery.event.type, EVENT_IGNORED);
    ck_assert_msg(strstr(delivery.error, error), "%s: %s", error, delivery.error);
}

START_TEST(test_a_missing_field_is_named)
{
    static const char body[] = EVENT("incident.triggered", PERSON, DATA);
    refused(json_changed(body, "'id':'01B", "'xx':'01B"), "event.id is missing");
    refused(json_changed(body, "'id':'01BWDWL3NYY7LUFPZCC28QUCMK'", "'id':null"), "event.id is missing");
    refused(json_changed(body, "event_type", "xx"), "event.event_type is missing");
    refused(json_changed(body, "occurred_at", "xx"), "event.occurred_at is missing");
    refused(json_changed(body, "2020-10-02T", "2020-13-02T"), "event.occurred_at is not a time");
    refused(json_changed(body, "'data':", "'xx':"), "event.data is missing");
    refused(json(EVENT("pagey.ping", "null", "[]")), "event.data is not an object");
    refused(json_changed(body, "{'id':'PGR0VU2'", "{'xx':''"), "event.data.id is missing");
    refused(json_changed(body, "'PGR0VU2'", "12"), "event.data.id is not");
    refused(json(EVENT("incident.annotated", "null", "{'type':'incident_note','id':'P2LA89X'}")),
            "event.data.incident.id is missing");
    refused("{}", "event.id is missing");
    refused("[]", "");
    refused("{", "JSON");
}
END_TEST

START_TEST(test_tickets_are_found_in_texts)
{
    static const struct {
        const char *text;
        int64_t ticket;
    } cases[] = {
        {"Emergency: ticket #4711", 4711},
        {"ZD-12", 12},
        {"https://acme.zendesk.com/agent/tickets/35436", 35436},
        {"[#99] down", 99},
        {"tickets and then ticket 7", 7},
        {"ticket 0, but zd 8", 8},
        {"ticket 99999999999999999999", 0},
        {"market 12", 0},
        {"", 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        ck_assert_msg(pagerduty_ticket_in(&config, cases[i].text) == cases[i].ticket, "%s", cases[i].text);
    config.pagerduty.ticket_pattern = NULL;
    ck_assert_int_eq(pagerduty_ticket_in(&config, "ticket 12"), 0);
}
END_TEST

START_TEST(test_the_last_group_of_digits_is_the_ticket)
{
    config.pagerduty.ticket_pattern = (char *)"([0-9]+)-([0-9]+)([a-z]*)|x*";
    ck_assert_int_eq(pagerduty_ticket_in(&config, "12-34ab"), 34);
    ck_assert_int_eq(pagerduty_ticket_in(&config, "nothing"), 0);
}
END_TEST

START_TEST(test_a_page_counts_by_service_and_key)
{
    struct page_facts page = {.service = "PF9KMXH", .key = "abc"};
    ck_assert(pagerduty_page_counts(&config, &page));
    config.pagerduty.services = (struct text_list){services, 2};
    ck_assert(pagerduty_page_counts(&config, &page));
    text_copy(page.service, sizeof(page.service), "PELSE");
    ck_assert(!pagerduty_page_counts(&config, &page));
    text_copy(page.service, sizeof(page.service), "POTHER");
    ck_assert(pagerduty_page_counts(&config, &page));
    text_copy(page.key, sizeof(page.key), PAGERDUTY_OWN_KEY "7");
    ck_assert(!pagerduty_page_counts(&config, &page));
}
END_TEST

/* ---- answers ------------------------------------------------------------------------------------------- */

#define INCIDENT(id, status, created)                                                                        \
    "{'id':'" id "','type':'incident','summary':'[#12] Down','html_url':'https://acme.pagerduty.com/" id     \
    "',"                                                                                                     \
    "'incident_number':12,'title':'Down','created_at':'" created "','status':'" status "',"                  \
    "'incident_key':'emergencyd-7','service':{'id':'PF9KMXH'},"                                              \
    "'last_status_change_by':{'id':'PU','type':'user_reference','summary':'Eng One'},'resolve_reason':null}"

static char error[200];

START_TEST(test_an_incident_is_read_from_the_api)
{
    struct event event;
    const char *answer = json("{'incident':" INCIDENT("P1", "acknowledged", "2026-11-23T12:00:00Z") "}");
    ck_assert(pagerduty_read_incident(reader, answer, strlen(answer), &event, error, sizeof(error)));
    ck_assert_int_eq(event.type, EVENT_PAGE);
    ck_assert_int_eq(event.source, EVENT_SOURCE_PAGERDUTY);
    ck_assert_int_eq(event.at_ms, 0);
    ck_assert_str_eq(event.page.incident, "P1");
    ck_assert_str_eq(event.page.title, "Down");
    ck_assert_str_eq(event.page.key, "emergencyd-7");
    ck_assert_str_eq(event.page.service, "PF9KMXH");
    ck_assert_str_eq(event.page.url, "https://acme.pagerduty.com/P1");
    ck_assert_int_eq(event.page.status, PAGE_ACKNOWLEDGED);
    ck_assert_str_eq(event.by, "Eng One");
    ck_assert(event.page.by_person);
}
END_TEST

START_TEST(test_an_incident_without_its_fields_is_refused)
{
    struct event event;
    ck_assert(!pagerduty_read_incident(reader, "{}", 2, &event, error, sizeof(error)));
    ck_assert_str_eq(error, "incident.id is missing");
    const char *answer = json("{'incident':{'id':'P1'}}");
    ck_assert(!pagerduty_read_incident(reader, answer, strlen(answer), &event, error, sizeof(error)));
    ck_assert_str_eq(error, "incident.status is missing");
    answer = json("{'incident':{'id':'P1','status':'snoozed'}}");
    ck_assert(!pagerduty_read_incident(reader, answer, strlen(answer), &event, error, sizeof(error)));
    ck_assert(!pagerduty_read_incident(reader, "<html>", 6, &event, error, sizeof(error)));
}
END_TEST

static bool find(const char *text, struct event *event, bool *found)
{
    const char *answer = json(text);
    return pagerduty_read_found_incident(reader, answer, strlen(answer), found, event, error, sizeof(error));
}

START_TEST(test_the_newest_open_incident_of_a_key_is_found)
{
    struct event event;
    bool found = true;
    ck_assert(find("{'incidents':[],'more':false}", &event, &found) && !found);
    ck_assert(find("{'incidents':[" INCIDENT("P1", "resolved", "2026-11-23T12:00:00Z") "," INCIDENT(
                       "P2", "resolved", "2026-11-23T13:00:00Z") "," INCIDENT("P3", "resolved",
                                                                              "2026-11-23T11:00:00Z") "]}",
                   &event, &found));
    ck_assert(found);
    ck_assert_str_eq(event.page.incident, "P2");
    ck_assert(find("{'incidents':[" INCIDENT("P1", "triggered", "2026-11-23T12:00:00Z") "," INCIDENT(
                       "P2", "resolved", "2026-11-23T13:00:00Z") "]}",
                   &event, &found));
    ck_assert_str_eq(event.page.incident, "P1");
    ck_assert(find("{'incidents':[" INCIDENT("P1", "resolved", "2026-11-23T12:00:00Z") "," INCIDENT(
                       "P2", "acknowledged", "2026-11-23T09:00:00Z") "]}",
                   &event, &found));
    ck_assert_str_eq(event.page.incident, "P2");
    ck_assert(find("{'incident':" INCIDENT("P9", "triggered", "2026-11-23T12:00:00Z") "}", &event, &found));
    ck_assert(found);
    ck_assert_str_eq(event.page.incident, "P9");
    ck_assert(!find("{}", &event, &found) && !found);
    ck_assert(!find("{'incidents':[{'id':'P1'}]}", &event, &found));
    ck_assert_str_eq(error, "incidents[].status is missing");
}
END_TEST

static int64_t ticket_of_alerts(const char *text)
{
    int64_t ticket = -1;
    const char *answer = json(text);
    ck_assert_msg(
        pagerduty_read_alerts(&config, reader, answer, strlen(answer), &ticket, error, sizeof(error)), "%s",
        error);
    return ticket;
}

START_TEST(test_a_ticket_is_found_in_any_text_of_the_alerts)
{
    /* The shape is that of the alerts in PagerDuty/api-schema. */
    ck_assert_int_eq(ticket_of_alerts("{'alerts':[{'id':'PT4KHLK','summary':'The server is on fire.',"
                                      "'html_url':'https://subdomain.pagerduty.com/alerts/PXPGF42',"
                                      "'alert_key':'baf7cf21b1da41b4b0221008339ff357','body':{"
                                      "'type':'alert_body','contexts':[{'type':'link'}],"
                                      "'details':{'customKey':'Server is on fire!'}}}],'more':true}"),
                     0);
    ck_assert_int_eq(ticket_of_alerts("{'alerts':[]}"), 0);
    ck_assert_int_eq(ticket_of_alerts("{'alerts':[{'alert_key':'zendesk-12','body':null}]}"), 12);
    ck_assert_int_eq(ticket_of_alerts("{'alerts':[{'summary':'a'},{'summary':'Ticket 13'}]}"), 13);
    ck_assert_int_eq(ticket_of_alerts("{'alerts':[{'body':{'details':'see ticket 14'}}]}"), 14);
    ck_assert_int_eq(ticket_of_alerts("{'alerts':[{'body':{'details':{'a':{'b':['x','zd#15']}}}}]}"), 15);
    ck_assert_int_eq(ticket_of_alerts("{'alerts':[{'body':{'contexts':[{'type':'link',"
                                      "'href':'https://acme.zendesk.com/agent/tickets/16'}]}}]}"),
                     16);
    ck_assert_int_eq(ticket_of_alerts("{'alerts':[{'body':{'details':{'ticket_id':17}}}]}"), 17);
    ck_assert_int_eq(ticket_of_alerts("{'alerts':[{'body':{'details':{'ticket':'18'}}}]}"), 18);
    ck_assert_int_eq(ticket_of_alerts("{'alerts':[{'body':{'details':{'open_tickets_count':'19'}}}]}"), 0);
}
END_TEST

START_TEST(test_an_answer_without_alerts_is_refused)
{
    int64_t ticket = 0;
    ck_assert(!pagerduty_read_alerts(&config, reader, "{}", 2, &ticket, error, sizeof(error)));
    ck_assert_str_eq(error, "alerts is missing");
}
END_TEST

static bool duplicate(const char *text)
{
    const char *answer = json(text);
    return pagerduty_says_duplicate(reader, answer, strlen(answer));
}

START_TEST(test_only_a_duplicate_is_called_one)
{
    ck_assert(duplicate("{'error':{'message':'Arguments Caused Error','code':2002,'errors':["
                        "'Open incident with matching dedup key already exists on this service']}}"));
    ck_assert(
        !duplicate("{'error':{'message':'Arguments Caused Error','code':2002,'errors':['Bad title']}}"));
    ck_assert(!duplicate("{'error':{'message':'Invalid Input Provided','code':2001,'errors':["
                         "'Open incident with matching dedup key already exists on this service']}}"));
    ck_assert(!duplicate("<html>"));
}
END_TEST

START_TEST(test_what_is_done_already_is_told_from_what_is_refused)
{
    static const struct {
        const char *answer;
        bool done;
    } answers[] = {
        {"{'error':{'message':'Incident Already Resolved','code':1001}}", true},
        {"{'error':{'message':'Incident Already Acknowledged','code':1002,'errors':['x']}}", true},
        {"{'error':{'message':'Invalid Status Provided','code':1003}}", false},
        {"<html>", false},
    };
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        const char *answer = json(answers[i].answer);
        ck_assert(pagerduty_says_done(reader, answer, strlen(answer)) == answers[i].done);
    }
}
END_TEST

static void note_subscription(void *context, const char *subscription)
{
    char *told = context;
    snprintf(told + strlen(told), 100 - strlen(told), "%s ", subscription);
}

START_TEST(test_only_our_subscriptions_that_pagerduty_switched_off_are_told)
{
    char told[100] = "";
    const char *answer = json("{'webhook_subscriptions':["
                              "{'id':'POURS','active':true,'delivery_method':{'temporarily_disabled':true,"
                              "'url':'https://example.com/webhooks/pagerduty'}},"
                              "{'id':'PWELL','active':true,'delivery_method':{'temporarily_disabled':false,"
                              "'url':'https://example.com/webhooks/pagerduty'}},"
                              "{'id':'POFF','active':false,'delivery_method':{'temporarily_disabled':true,"
                              "'url':'https://example.com/webhooks/pagerduty'}},"
                              "{'id':'PFOREIGN','active':true,'delivery_method':{'temporarily_disabled':true,"
                              "'url':'https://example.com/receive'}},"
                              "{'id':'PNONE','active':true},"
                              "{'id':'PQUERY','active':true,'delivery_method':{'temporarily_disabled':true,"
                              "'url':'https://u:p@example.com/x/webhooks/pagerduty?a=b'}}],'more':false}");
    ck_assert(pagerduty_read_subscriptions(reader, answer, strlen(answer), note_subscription, told));
    ck_assert_str_eq(told, "POURS PQUERY ");
    ck_assert(!pagerduty_read_subscriptions(reader, "{}", 2, note_subscription, told));
}
END_TEST

Suite *pagerduty_suite(void)
{
    Suite *suite = suite_create("pagerduty");
    TCase *webhooks = tcase_create("webhooks");
    tcase_add_checked_fixture(webhooks, begin, end);
    tcase_add_test(webhooks, test_only_signed_webhooks_are_verified);
    tcase_add_test(webhooks, test_a_second_secret_is_valid_too);
    tcase_add_test(webhooks, test_a_service_that_is_not_configured_verifies_nothing);
    tcase_add_test(webhooks, test_services_are_found_by_route);
    tcase_add_test(webhooks, test_an_incident_becomes_a_page_with_all_it_says);
    tcase_add_test(webhooks, test_the_vendors_own_example_is_read);
    tcase_add_test(webhooks, test_whoever_an_incident_is_given_to_is_told);
    tcase_add_test(webhooks, test_only_a_user_is_an_agent);
    tcase_add_test(webhooks, test_a_bare_incident_is_a_page_whose_status_follows_from_the_type);
    tcase_add_test(webhooks, test_a_service_is_no_person_and_a_merge_is_told);
    tcase_add_test(webhooks, test_what_is_no_incident_is_kept_and_ignored);
    tcase_add_test(webhooks, test_a_missing_field_is_named);
    suite_add_tcase(suite, webhooks);
    TCase *tickets = tcase_create("tickets");
    tcase_add_checked_fixture(tickets, begin, end);
    tcase_add_test(tickets, test_tickets_are_found_in_texts);
    tcase_add_test(tickets, test_the_last_group_of_digits_is_the_ticket);
    tcase_add_test(tickets, test_a_page_counts_by_service_and_key);
    suite_add_tcase(suite, tickets);
    TCase *answers = tcase_create("answers");
    tcase_add_checked_fixture(answers, begin, end);
    tcase_add_test(answers, test_an_incident_is_read_from_the_api);
    tcase_add_test(answers, test_an_incident_without_its_fields_is_refused);
    tcase_add_test(answers, test_the_newest_open_incident_of_a_key_is_found);
    tcase_add_test(answers, test_a_ticket_is_found_in_any_text_of_the_alerts);
    tcase_add_test(answers, test_an_answer_without_alerts_is_refused);
    tcase_add_test(answers, test_only_a_duplicate_is_called_one);
    tcase_add_test(answers, test_what_is_done_already_is_told_from_what_is_refused);
    tcase_add_test(answers, test_only_our_subscriptions_that_pagerduty_switched_off_are_told);
    suite_add_tcase(suite, answers);
    return suite;
}
