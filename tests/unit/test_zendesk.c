/*
 * Zendesk's webhooks: only what is signed and recent is believed; triggers' bodies ask for a read, events say
 * how a ticket stands, who wrote and what is gone; what is missing is named. And who a comment's author is.
 */

#include <check.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json_fields.h"
#include "lib/services/zendesk.h"
#include "lib/text.h"
#include "lib/timestamp.h"
#include "tests/unit/json_text.h"
#include "tests/unit/suites.h"

/* Zendesk's public test secret with a body and signature of github.com/webhookx-io/webhookx
 * (test/plugins/integration_auth_test.go). */
#define SECRET    "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
#define BODY      "{\"event_type\": \"foo.bar\",\"data\": {\"key\": \"value\"}}"
#define SIGNATURE "qtmu3iClLKujnujOBkwe7yjI34o5CzsLD04Uy4LbE2A="
#define MOMENT    "1531420618"

/* The shape of developer.zendesk.com's ticket events. */
#define DETAIL                                                                                               \
    "{'actor_id':'8447388090494','assignee_id':null,'brand_id':'8447346621310',"                             \
    "'created_at':'2025-01-08T10:12:07Z','custom_status':'8447320465790','description':'Login','form_id':"   \
    "null,"                                                                                                  \
    "'external_id':null,'group_id':'8447320466430','id':'5158','is_public':true,"                            \
    "'organization_id':'8447346622462','priority':'URGENT','requester_id':'8447388090499','status':'OPEN',"  \
    "'subject':'Cannot login to mobile app','submitter_id':'8447388090494','tags':null,'type':'PROBLEM',"    \
    "'updated_at':'2025-01-08T11:30:15Z','via':{'channel':'web_service'}}"
#define EVENT_OF(type, detail, event)                                                                        \
    "{'account_id':22129848,'detail':" detail ",'event':" event                                              \
    ",'id':'b7c8d9e0-1f2a-3b4c-5d6e-7f8a9b0c1d2e',"                                                          \
    "'subject':'zen:ticket:5158','time':'2025-01-08T11:30:15.456789012Z','type':'zen:event-type:" type "',"  \
    "'zendesk_event_version':'2022-11-06'}"
#define TICKET_EVENT(type, event) EVENT_OF("ticket." type, DETAIL, event)
#define META                      "'meta':{'sequence':{'id':112233445566778899001122334455,'position':1}}"
#define COMMENT(author, body)                                                                                \
    "{'comment':{'id':'99','body':'" body "','html_body':'<p>x</p>','is_public':true,'author':" author       \
    "}," META "}"
#define CUSTOMER "{'id':'8447388090499','is_staff':false,'name':'Cus Tomer'}"
#define ENGINEER "{'id':8447388090494,'is_staff':true,'name':'Eng One'}"
#define STRANGER "{'id':'12','is_staff':false,'name':'Stran Ger'}"
#define SYSTEM   "{'id':'-1','is_staff':false,'name':'Zendesk'}"

static struct config config;
static struct receiver receiver;
static struct json_reader *reader;
static struct delivery delivery;
static int64_t ignored[] = {12};
static char *patterns[] = {(char *)"*out of office*"};

static void begin(void)
{
    config = (struct config){0};
    config.zendesk.webhook_secret = (char *)SECRET;
    config.zendesk.max_age_ms = INT64_C(24) * 3600 * 1000;
    config.zendesk.api_url = (char *)"https://acme.zendesk.com";
    config.policy.auto_reply_patterns = (struct text_list){patterns, 1};
    ck_assert(receiver_init(&receiver, &zendesk_service, &config));
    reader = json_reader_new();
    ck_assert_ptr_nonnull(reader);
    delivery = (struct delivery){0};
}

static void end(void)
{
    free(delivery.comment_text);
    receiver_free(&receiver);
    json_reader_free(reader);
}

/* Signs with SECRET, as of a moment. */
static enum webhook_verdict verdict(const char *timestamp, const char *now)
{
    struct signature_key *key = signature_key_new(SECRET);
    const struct signature_part parts[] = {{timestamp, strlen(timestamp)}, {BODY, strlen(BODY)}};
    unsigned char digest[SIGNATURE_HMAC_SIZE];
    unsigned char signature[64];
    struct webhook webhook = {
        .body = BODY, .length = strlen(BODY), .signature = (char *)signature, .timestamp = timestamp};
    ck_assert(signature_hmac(key, parts, 2, digest));
    EVP_EncodeBlock(signature, digest, sizeof(digest));
    signature_key_free(key);
    ck_assert(timestamp_parse(now, &webhook.now_ms, NULL));
    return zendesk_service.verify(&receiver, &webhook);
}

START_TEST(test_the_vendors_signature_is_right_but_its_time_is_none)
{
    struct webhook webhook = {
        .body = BODY, .length = strlen(BODY), .signature = SIGNATURE, .timestamp = MOMENT};
    ck_assert_int_eq(zendesk_service.verify(&receiver, &webhook), WEBHOOK_STALE);
    webhook.timestamp = "1531420619";
    ck_assert_int_eq(zendesk_service.verify(&receiver, &webhook), WEBHOOK_FORGED);
    webhook.timestamp = NULL;
    ck_assert_int_eq(zendesk_service.verify(&receiver, &webhook), WEBHOOK_UNSIGNED);
    webhook.timestamp = MOMENT;
    webhook.signature = NULL;
    ck_assert_int_eq(zendesk_service.verify(&receiver, &webhook), WEBHOOK_UNSIGNED);
}
END_TEST

START_TEST(test_a_day_old_is_too_old_and_five_minutes_ahead_too_new)
{
    ck_assert_int_eq(verdict("2026-11-23T12:00:00Z", "2026-11-23T12:00:01Z"), WEBHOOK_VERIFIED);
    ck_assert_int_eq(verdict("2026-11-23T12:00:00Z", "2026-11-24T12:00:00Z"), WEBHOOK_VERIFIED);
    ck_assert_int_eq(verdict("2026-11-23T12:00:00Z", "2026-11-24T12:00:00.001Z"), WEBHOOK_STALE);
    ck_assert_int_eq(verdict("2026-11-23T12:05:00Z", "2026-11-23T12:00:00Z"), WEBHOOK_VERIFIED);
    ck_assert_int_eq(verdict("2026-11-23T12:05:01Z", "2026-11-23T12:00:00Z"), WEBHOOK_STALE);
    ck_assert_int_eq(zendesk_service.unreadable_status, 400);
    ck_assert_str_eq(zendesk_service.content_type, "application/json");
}
END_TEST

static bool receive(const char *body, const char *invocation)
{
    const struct webhook webhook = {
        .body = body, .length = strlen(body), .signature = SIGNATURE, .delivery_id = invocation};
    free(delivery.comment_text);
    delivery = (struct delivery){0};
    return zendesk_service.read_webhook(&receiver, reader, &webhook, &delivery);
}

static const struct event *event_of(const char *body)
{
    ck_assert_msg(receive(json(body), "01INVOCATION"), "%s: %s", body, delivery.error);
    ck_assert(!delivery.rejected);
    return &delivery.event;
}

static void refused(const char *body, const char *error)
{
    ck_assert_msg(!receive(body, NULL), "%s", body);
    ck_assert(delivery.rejected);
    ck_assert_int_eq(delivery.event.type, EVENT_IGNORED);
    ck_assert_msg(strstr(delivery.error, error), "%s: %s", error, delivery.error);
}

START_TEST(test_a_triggers_body_asks_for_a_read)
{
    static const char *const bodies[] = {"{'type':'ticket.urgent','ticket':{'id':'4711'}}",
                                         "{'type':'ticket.comment','ticket':{'id':4711}}",
                                         "{'ticket':{'id':'4711','x':[1,{}]},'type':'ticket.updated'}"};
    static const char *const types[] = {"ticket.urgent", "ticket.comment", "ticket.updated"};
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        const struct event *event = event_of(bodies[i]);
        ck_assert_int_eq(event->type, EVENT_TICKET_READ);
        ck_assert_int_eq(event->source, EVENT_SOURCE_ZENDESK);
        ck_assert_int_eq(event->ticket_id, 4711);
        ck_assert_int_eq(event->at_ms, 0);
        ck_assert_str_eq(event->text, types[i]);
        ck_assert_str_eq(event->id, "01INVOCATION");
        ck_assert_str_eq(delivery.repeat_key, "zt " SIGNATURE);
        ck_assert(!event->ticket.known);
    }
}
END_TEST

START_TEST(test_without_an_invocation_the_signature_names_the_event)
{
    static const char *const no_names[] = {NULL, "", "01\xff\xfe"};
    for (size_t i = 0; i < COUNT_OF(no_names); i++) {
        ck_assert(receive(json("{'type':'ticket.urgent','ticket':{'id':'1'}}"), no_names[i]));
        ck_assert_str_eq(delivery.event.id, SIGNATURE);
    }
}
END_TEST

START_TEST(test_an_unknown_trigger_is_ignored)
{
    ck_assert_int_eq(event_of("{'type':'ticket.solved','ticket':{'id':'4711'}}")->type, EVENT_IGNORED);
}
END_TEST

START_TEST(test_a_triggers_missing_or_wrong_field_is_named)
{
    refused(json("{'ticket':{'id':'4711'}}"), "type is missing");
    refused(json("{'type':12,'ticket':{'id':'4711'}}"), "type is not a text");
    refused(json("{'type':'ticket.urgent'}"), "ticket.id is missing");
    refused(json("{'type':'other'}"), "ticket.id is missing");
    static const char *const wrong[] = {
        "'0'",  "'-1'", "'{{ticket.id}}'",       "''", "'12x'", "' 12'", "12.0", "1e3",
        "true", "[]",   "'99999999999999999999'"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        char body[200];
        snprintf(body, sizeof(body), "{'type':'ticket.urgent','ticket':{'id':%s}}", wrong[i]);
        refused(json(body), "ticket.id is not a positive whole number");
    }
    refused("", "");
    refused("[]", "");
    refused("{\"type\":\"ticket.urgent\"", "JSON");
}
END_TEST

START_TEST(test_a_change_of_priority_tells_both_and_how_the_ticket_stands)
{
    const struct event *event =
        event_of(TICKET_EVENT("priority_changed", "{'current':'URGENT','previous':'HIGH'," META "}"));
    ck_assert_int_eq(event->type, EVENT_TICKET);
    ck_assert_int_eq(event->source, EVENT_SOURCE_ZENDESK);
    ck_assert_str_eq(event->id, "b7c8d9e0-1f2a-3b4c-5d6e-7f8a9b0c1d2e");
    ck_assert_int_eq(event->at_ms, INT64_C(1736335815456));
    ck_assert_int_eq(event->resolution_ms, 1);
    ck_assert_int_eq(event->ticket_id, 5158);
    ck_assert(event->ticket.known);
    ck_assert_int_eq(event->ticket.priority, PRIORITY_URGENT);
    ck_assert_int_eq(event->ticket.previous_priority, PRIORITY_HIGH);
    ck_assert_int_eq(event->ticket.status, STATUS_OPEN);
    ck_assert_int_eq(event->ticket.previous_status, STATUS_UNKNOWN);
    ck_assert_int_eq(event->ticket.requester_id, INT64_C(8447388090499));
    ck_assert_int_eq(event->ticket.organization_id, INT64_C(8447346622462));
    ck_assert_int_eq(event->ticket.actor_id, INT64_C(8447388090494));
    ck_assert_str_eq(event->ticket.subject, "Cannot login to mobile app");
    ck_assert_str_eq(delivery.repeat_key, "ze 1736335815456 b7c8d9e0-1f2a-3b4c-5d6e-7f8a9b0c1d2e");
    ck_assert_ptr_null(delivery.comment_text);
}
END_TEST

START_TEST(test_the_event_decides_over_the_detail)
{
    const struct event *event =
        event_of(TICKET_EVENT("priority_changed", "{'current':'normal','previous':null}"));
    ck_assert_int_eq(event->ticket.priority, PRIORITY_NORMAL);
    ck_assert_int_eq(event->ticket.previous_priority, PRIORITY_NONE);
    event = event_of(TICKET_EVENT("priority_changed", "{'current':null,'previous':'URGENT'}"));
    ck_assert_int_eq(event->ticket.priority, PRIORITY_NONE);
    ck_assert_int_eq(event->ticket.previous_priority, PRIORITY_URGENT);
    event = event_of(TICKET_EVENT("status_changed", "{'current':'SOLVED','previous':'OPEN'}"));
    ck_assert_int_eq(event->type, EVENT_TICKET);
    ck_assert_int_eq(event->ticket.status, STATUS_SOLVED);
    ck_assert_int_eq(event->ticket.previous_status, STATUS_OPEN);
    ck_assert_int_eq(event->ticket.priority, PRIORITY_URGENT);
    ck_assert_int_eq(event->ticket.previous_priority, PRIORITY_UNKNOWN);
}
END_TEST

START_TEST(test_every_status_is_known)
{
    static const struct {
        const char *word;
        enum ticket_status status;
    } cases[] = {{"NEW", STATUS_NEW},         {"open", STATUS_OPEN},       {"PENDING", STATUS_PENDING},
                 {"HOLD", STATUS_HOLD},       {"SOLVED", STATUS_SOLVED},   {"CLOSED", STATUS_CLOSED},
                 {"DELETED", STATUS_DELETED}, {"ARCHIVED", STATUS_CLOSED}, {"SCRUBBED", STATUS_DELETED},
                 {"OTHER", STATUS_UNKNOWN}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char event[100];
        snprintf(event, sizeof(event), "'current':'%s'", cases[i].word);
        ck_assert(receive(json_changed(TICKET_EVENT("status_changed", "{'current':'SOLVED','previous':null}"),
                                       "'current':'SOLVED'", event),
                          NULL));
        ck_assert_msg(delivery.event.ticket.status == cases[i].status, "%s", cases[i].word);
        ck_assert_int_eq(delivery.event.ticket.previous_status, STATUS_UNKNOWN);
    }
}
END_TEST

START_TEST(test_a_ticket_that_begins_urgent_has_turned_urgent)
{
    const struct event *event = event_of(TICKET_EVENT("created", "{}"));
    ck_assert_int_eq(event->type, EVENT_TICKET);
    ck_assert_int_eq(event->ticket.priority, PRIORITY_URGENT);
    ck_assert_int_eq(event->ticket.previous_priority, PRIORITY_NONE);
    ck_assert(receive(json_changed(TICKET_EVENT("created", "{}"), "'URGENT'", "'LOW'"), NULL));
    ck_assert_int_eq(delivery.event.ticket.priority, PRIORITY_LOW);
    ck_assert_int_eq(delivery.event.ticket.previous_priority, PRIORITY_UNKNOWN);
}
END_TEST

START_TEST(test_other_changes_tell_how_the_ticket_stands)
{
    static const char *const bodies[] = {
        TICKET_EVENT("tags_changed", "{'tags_added':['a'],'tags_removed':[]}"),
        TICKET_EVENT("requester_changed", "{'current':'8447388090499','previous':null}"),
        TICKET_EVENT("organization_changed", "{'current':null,'previous':'1'}"),
        TICKET_EVENT("subject_changed", "{'current':'a','previous':'b'}"),
        TICKET_EVENT("custom_status_changed", "{'current':'8447320465790','previous':'1'}"),
        TICKET_EVENT("custom_field_changed", "{'current':{'value':'URGENT'},'previous':{'value':null},"
                                             "'custom_field':{'id':'1'}}"),
        TICKET_EVENT("undeleted", "{}"),
        TICKET_EVENT("of_tomorrow", "null"),
    };
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        const struct event *event = event_of(bodies[i]);
        ck_assert_int_eq(event->type, EVENT_TICKET);
        ck_assert(event->ticket.known);
        ck_assert_int_eq(event->ticket.priority, PRIORITY_URGENT);
        ck_assert_int_eq(event->ticket.previous_priority, PRIORITY_UNKNOWN);
        ck_assert_int_eq(event->ticket.status, STATUS_OPEN);
        ck_assert_int_eq(event->ticket.previous_status, STATUS_UNKNOWN);
    }
}
END_TEST

START_TEST(test_a_priority_of_null_is_none_and_no_priority_is_unknown)
{
    ck_assert(receive(json_changed(TICKET_EVENT("tags_changed", "{}"), "'URGENT'", "null"), NULL));
    ck_assert(delivery.event.ticket.known);
    ck_assert_int_eq(delivery.event.ticket.priority, PRIORITY_NONE);
    const struct event *event = event_of(EVENT_OF("ticket.tags_changed", "{'id':5158}", "{}"));
    ck_assert(!event->ticket.known);
    ck_assert_int_eq(event->ticket.priority, PRIORITY_UNKNOWN);
    ck_assert_int_eq(event->ticket_id, 5158);
}
END_TEST

START_TEST(test_times_come_with_any_fraction)
{
    static const char *const times[] = {"11:30:15Z", "11:30:15.456Z", "11:30:15.456789Z",
                                        "11:30:15.456789012Z"};
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        ck_assert(
            receive(json_changed(TICKET_EVENT("undeleted", "{}"), "11:30:15.456789012Z", times[i]), NULL));
        ck_assert_int_eq(delivery.event.at_ms, INT64_C(1736335815000) + (i > 0 ? 456 : 0));
        ck_assert_int_eq(delivery.event.resolution_ms, i > 0 ? 1 : 1000);
    }
}
END_TEST

START_TEST(test_a_ticket_that_is_gone_says_why)
{
    static const struct {
        const char *body, *why;
    } cases[] = {
        {TICKET_EVENT("merged", "{'target_ticket_id':'123'}"), "merged into 123"},
        {TICKET_EVENT("merged", "{'target_ticket_id':123}"), "merged into 123"},
        {TICKET_EVENT("merged", "{}"), "merged into another ticket"},
        {TICKET_EVENT("soft_deleted", "{}"), "deleted"},
        {TICKET_EVENT("permanently_deleted", "{}"), "deleted"},
        {TICKET_EVENT("marked_as_spam", "{}"), "marked as spam"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct event *event = event_of(cases[i].body);
        ck_assert_int_eq(event->type, EVENT_TICKET_GONE);
        ck_assert_str_eq(event->text, cases[i].why);
        ck_assert_int_eq(event->ticket_id, 5158);
    }
}
END_TEST

START_TEST(test_events_of_other_things_are_ignored)
{
    const struct event *event =
        event_of(EVENT_OF("messaging_ticket.message_added", "{'id':'5158'}", "{'message':{'body':'x'}}"));
    ck_assert_int_eq(event->type, EVENT_IGNORED);
    ck_assert_str_eq(delivery.repeat_key, "ze b7c8d9e0-1f2a-3b4c-5d6e-7f8a9b0c1d2e");
    ck_assert_int_eq(event_of(EVENT_OF("user.created", "{}", "{}"))->type, EVENT_IGNORED);
    ck_assert_int_eq(event_of("{'type':'zen:event-type:organization.created'}")->type, EVENT_IGNORED);
    ck_assert_str_eq(delivery.repeat_key, "");
}
END_TEST

START_TEST(test_an_events_missing_field_is_named)
{
    static const char body[] = TICKET_EVENT("priority_changed", "{'current':'URGENT','previous':'HIGH'}");
    static const char comment[] = TICKET_EVENT("comment_added", COMMENT(CUSTOMER, "Hi"));
    refused(json_changed(body, "'id':'b7c8", "'xx':'b7c8"), "id is missing");
    refused(json_changed(body, "'time'", "'xx'"), "time is missing");
    refused(json_changed(body, "'2025-01-08T11:30:15.4", "'yesterday"), "time is not a time");
    refused(json_changed(body, "'id':'5158'", "'id':null"), "detail.id is missing");
    refused(json_changed(body, "'id':'5158'", "'id':'x'"), "detail.id is not a positive whole number");
    refused(json_changed(body, "'current'", "'xx'"), "event.current is missing");
    refused(json(TICKET_EVENT("status_changed", "{'current':null}")), "event.current is missing");
    refused(json_changed(comment, "'id':'99'", "'xx':1"), "event.comment.id is missing");
    refused(json_changed(comment, "'author'", "'xx'"), "event.comment.author.id is missing");
    refused(json_changed(comment, "{'id':'8447388090499'", "{'id':'me'"),
            "event.comment.author.id is not a whole number");
}
END_TEST

START_TEST(test_a_customers_comment_is_an_answer)
{
    const struct event *event = event_of(TICKET_EVENT("comment_added", COMMENT(CUSTOMER, "It works again")));
    ck_assert_int_eq(event->type, EVENT_COMMENT);
    ck_assert_int_eq(event->comment.id, 99);
    ck_assert_int_eq(event->comment.author_id, INT64_C(8447388090499));
    ck_assert_int_eq(event->comment.standing, AUTHOR_CUSTOMER);
    ck_assert(event->comment.is_public);
    ck_assert(!event->comment.automatic);
    ck_assert_str_eq(event->by, "Cus Tomer");
    ck_assert_str_eq(event->id, "b7c8d9e0-1f2a-3b4c-5d6e-7f8a9b0c1d2e");
    ck_assert(event->ticket.known);
    ck_assert_int_eq(event->ticket.priority, PRIORITY_URGENT);
    ck_assert_ptr_null(delivery.comment_text);
    ck_assert(receive(json_changed(TICKET_EVENT("comment_added", COMMENT(CUSTOMER, "x")),
                                   "'is_public':true,'a", "'is_public':false,'a"),
                      NULL));
    ck_assert(!delivery.event.comment.is_public);
}
END_TEST

START_TEST(test_a_comment_by_staff_keeps_its_text)
{
    const struct event *event =
        event_of(TICKET_EVENT("comment_added", COMMENT(ENGINEER, "Hello, Out of Office?")));
    ck_assert_int_eq(event->comment.standing, AUTHOR_STAFF);
    ck_assert_str_eq(delivery.comment_text, "Hello, Out of Office?");
    ck_assert(!event->comment.automatic);
    ck_assert(receive(json_changed(TICKET_EVENT("comment_added", COMMENT(ENGINEER, "x")), "'body':'x',",
                                   "'body':null,'plain_body':'plain',"),
                      NULL));
    ck_assert_str_eq(delivery.comment_text, "plain");
    ck_assert(receive(json_changed(TICKET_EVENT("comment_added", COMMENT(ENGINEER, "x")), "'body':'x',", ""),
                      NULL));
    ck_assert_str_eq(delivery.comment_text, "<p>x</p>");
}
END_TEST

START_TEST(test_an_automatic_reply_is_one_by_what_its_author_wrote)
{
    ck_assert(event_of(TICKET_EVENT("comment_added", COMMENT(CUSTOMER, "I am OUT of office until\\nMonday")))
                  ->comment.automatic);
    ck_assert(!event_of(TICKET_EVENT("comment_added", COMMENT(CUSTOMER, "Yes!\\n> I am out of office")))
                   ->comment.automatic);
}
END_TEST

/* DETAIL's description, told of at once or a while after its ticket. */
START_TEST(test_the_description_is_nobodys_comment)
{
    static const struct {
        const char *text, *time;
        enum author_standing standing;
    } cases[] = {
        {"Login", "10:12:07.5", AUTHOR_NOBODY},
        {" Login\\n", "10:12:09.1", AUTHOR_NOBODY},
        {"Login!", "10:12:07.5", AUTHOR_STAFF},
        {"Login", "10:13:07.5", AUTHOR_STAFF},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char body[2000], text[100], time[100];
        snprintf(text, sizeof(text), "'body':'%s'", cases[i].text);
        snprintf(time, sizeof(time), "'time':'2025-01-08T%s", cases[i].time);
        text_copy(body, sizeof(body),
                  json_changed(TICKET_EVENT("comment_added", COMMENT(ENGINEER, "x")), "'body':'x'", text));
        for (char *quote = body; (quote = strchr(quote, '"'));)
            *quote = '\'';
        ck_assert(receive(json_changed(body, "'time':'2025-01-08T11:30:15.456789012", time), NULL));
        ck_assert_msg(delivery.event.comment.standing == cases[i].standing, "%zu", i);
    }
}
END_TEST

START_TEST(test_others_are_outsiders_or_nobody)
{
    ck_assert_int_eq(event_of(TICKET_EVENT("comment_added", COMMENT(STRANGER, "x")))->comment.standing,
                     AUTHOR_OUTSIDER);
    ck_assert_int_eq(event_of(TICKET_EVENT("comment_added", COMMENT(SYSTEM, "x")))->comment.standing,
                     AUTHOR_NOBODY);
    config.policy.ignored_authors = (struct id_list){ignored, 1};
    ck_assert_int_eq(event_of(TICKET_EVENT("comment_added", COMMENT(STRANGER, "x")))->comment.standing,
                     AUTHOR_NOBODY);
}
END_TEST

START_TEST(test_the_standing_of_an_author)
{
    const struct zendesk_authors authors = {.config = &config, .own_user_id = 5};
    config.policy.ignored_authors = (struct id_list){ignored, 1};
    static const struct {
        struct zendesk_author author;
        enum author_standing standing;
    } cases[] = {
        {{.id = 1, .requester_id = 1, .text = ""}, AUTHOR_CUSTOMER},
        {{.id = 1, .requester_id = 2, .text = ""}, AUTHOR_OUTSIDER},
        {{.id = 1, .text = ""}, AUTHOR_OUTSIDER},
        {{.id = 1, .requester_id = 2, .belongs = true, .text = ""}, AUTHOR_CUSTOMER},
        {{.id = 1, .requester_id = 2, .is_staff = true, .text = ""}, AUTHOR_STAFF},
        {{.id = 1, .requester_id = 2, .is_staff = true, .belongs = true, .text = ""}, AUTHOR_STAFF},
        {{.id = 1, .requester_id = 1, .is_staff = true, .text = ""}, AUTHOR_STAFF_REQUESTER},
        {{.id = 5, .requester_id = 2, .is_staff = true, .text = ""}, AUTHOR_OURSELVES},
        {{.id = 12, .requester_id = 12, .text = ""}, AUTHOR_NOBODY},
        {{.id = -1, .text = ""}, AUTHOR_NOBODY},
        {{.id = 1, .requester_id = 2, .is_staff = true, .is_merge_note = true, .text = ""}, AUTHOR_MERGE},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        ck_assert_msg(zendesk_standing(&authors, &cases[i].author) == cases[i].standing, "%zu", i);
}
END_TEST

static enum author_standing standing_of_staff(const char *text)
{
    const struct zendesk_authors authors = {.config = &config};
    const struct zendesk_author author = {.id = 1, .is_staff = true, .text = text};
    return zendesk_standing(&authors, &author);
}

START_TEST(test_merge_notes_are_told_apart)
{
    static const char *const merged_in[] = {
        "Request #12 \"Down \"again\"\" was closed and merged into this request. Last comment:\n\nHi",
        "Request #12 was closed and merged into this request.",
        "Requests #12, #13 were closed and merged into this request.",
        "\nTicket #12 \"Down\" was closed and merged into this ticket. Last comment in ticket #12:\r\nHi",
    };
    static const char *const merged_away[] = {
        "This request was closed and merged into request #4711 \"Down\".",
        "This ticket was closed and merged into ticket #4711 \"Down\".",
    };
    static const char *const comments[] = {
        "",
        "Request",
        "Requests",
        "Request #12 is what you mean; it was closed and merged into this request.",
        "Request #x \"Down\" was closed and merged into this request.",
        "Request #12 \"Down\"\nwas closed and merged into this request.",
        "Hello, request #12 \"Down\" was closed and merged into this request.",
        "We looked: this request was closed and merged into request #4711",
        "This request was closed.",
    };
    for (size_t i = 0; i < COUNT_OF(merged_in); i++)
        ck_assert_msg(standing_of_staff(merged_in[i]) == AUTHOR_MERGE, "%s", merged_in[i]);
    for (size_t i = 0; i < COUNT_OF(merged_away); i++)
        ck_assert_msg(standing_of_staff(merged_away[i]) == AUTHOR_NOBODY, "%s", merged_away[i]);
    for (size_t i = 0; i < COUNT_OF(comments); i++)
        ck_assert_msg(standing_of_staff(comments[i]) == AUTHOR_STAFF, "%s", comments[i]);
}
END_TEST

START_TEST(test_a_customer_who_quotes_a_merge_note_has_answered)
{
    const struct zendesk_authors authors = {.config = &config};
    const struct zendesk_author author = {
        .id = 1, .requester_id = 1, .text = "This request was closed and merged into request #1?! Why?"};
    ck_assert_int_eq(zendesk_standing(&authors, &author), AUTHOR_CUSTOMER);
}
END_TEST

Suite *zendesk_suite(void)
{
    Suite *suite = suite_create("zendesk");
    TCase *triggers = tcase_create("triggers");
    tcase_add_checked_fixture(triggers, begin, end);
    tcase_add_test(triggers, test_the_vendors_signature_is_right_but_its_time_is_none);
    tcase_add_test(triggers, test_a_day_old_is_too_old_and_five_minutes_ahead_too_new);
    tcase_add_test(triggers, test_a_triggers_body_asks_for_a_read);
    tcase_add_test(triggers, test_without_an_invocation_the_signature_names_the_event);
    tcase_add_test(triggers, test_an_unknown_trigger_is_ignored);
    tcase_add_test(triggers, test_a_triggers_missing_or_wrong_field_is_named);
    suite_add_tcase(suite, triggers);
    TCase *events = tcase_create("events");
    tcase_add_checked_fixture(events, begin, end);
    tcase_add_test(events, test_a_change_of_priority_tells_both_and_how_the_ticket_stands);
    tcase_add_test(events, test_the_event_decides_over_the_detail);
    tcase_add_test(events, test_every_status_is_known);
    tcase_add_test(events, test_a_ticket_that_begins_urgent_has_turned_urgent);
    tcase_add_test(events, test_other_changes_tell_how_the_ticket_stands);
    tcase_add_test(events, test_a_priority_of_null_is_none_and_no_priority_is_unknown);
    tcase_add_test(events, test_times_come_with_any_fraction);
    tcase_add_test(events, test_a_ticket_that_is_gone_says_why);
    tcase_add_test(events, test_events_of_other_things_are_ignored);
    tcase_add_test(events, test_an_events_missing_field_is_named);
    suite_add_tcase(suite, events);
    TCase *comments = tcase_create("comments");
    tcase_add_checked_fixture(comments, begin, end);
    tcase_add_test(comments, test_a_customers_comment_is_an_answer);
    tcase_add_test(comments, test_a_comment_by_staff_keeps_its_text);
    tcase_add_test(comments, test_an_automatic_reply_is_one_by_what_its_author_wrote);
    tcase_add_test(comments, test_the_description_is_nobodys_comment);
    tcase_add_test(comments, test_others_are_outsiders_or_nobody);
    tcase_add_test(comments, test_the_standing_of_an_author);
    tcase_add_test(comments, test_merge_notes_are_told_apart);
    tcase_add_test(comments, test_a_customer_who_quotes_a_merge_note_has_answered);
    suite_add_tcase(suite, comments);
    return suite;
}
