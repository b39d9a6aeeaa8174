/*
 * Zoom: only what it has signed lately is believed, joining, leaving and ending become events with all that
 * is told of them, a tried address gets its answer, requests and answers are as Zoom documents them.
 */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json_fields.h"
#include "lib/services/zoom.h"
#include "tests/unit/json_text.h"
#include "tests/unit/suites.h"

#define SECRET      "zoom-secret-token"
#define SIGNED_BODY "{\"event\":\"meeting.ended\"}"
#define SIGNED_AT   "1658940994"
/* By Python's hmac. */
#define SIGNATURE   "v0=3a6a4a71250a404078055f7d5584aa82685beb39e3b1a211fbd2b3755f9f2b75"
#define PLAIN_TOKEN "random_token_string"
#define ENCRYPTED   "ee444e64b75204ec201067c20359ae9629a6fd5d79088f7ee8956fa7b455b460"
#define SENT_MS     INT64_C(1658940994000)
#define MINUTE_MS   INT64_C(60000)

/* The shape of Zoom's documentation of webhooks, for any event. */
#define OBJECT(more)                                                                                         \
    "{'uuid':'hwkAADUySwyG3GyUkqc0vA==',"                                                                    \
    "'id':'86431910364','type':2,'topic':'Emergency 4711','host_id':'tUo7WohjTs6ELvl9WR3JAA','duration':60," \
    "'start_time':'2022-03-23T12:33:26Z','timezone':'UTC'" more "}"
#define WEBHOOK(event, more)                                                                                 \
    "{'payload':{'account_id':'PX5yQAcnT5azdXF5ma2Apw','object':" OBJECT(                                    \
        more) "},'event_ts':1648038809439,'event':'" event "'}"
#define PERSON                                                                                               \
    "'user_id':'16778240','user_name':'Ada Guest','registrant_id':null,"                                     \
    "'participant_user_id':'tUo7WohjTs6ELvl9WR3JAA','id':'tUo7WohjTs6ELvl9WR3JAA',"                          \
    "'participant_uuid':'B3hZ','email':'ada.guest@example.com','phone_number':'','customer_key':''"
#define JOINED                                                                                               \
    WEBHOOK("meeting.participant_joined", ",'participant':{" PERSON ",'join_time':'2022-03-23T12:33:26Z'}")
#define LEFT                                                                                                 \
    WEBHOOK("meeting.participant_left",                                                                      \
            ",'participant':{" PERSON ",'leave_time':'2022-03-23T12:43:26Z',"                                \
            "'leave_reason':'Ada Guest left the meeting.<br>Reason: left the meeting.'}")
#define ENDED WEBHOOK("meeting.ended", ",'end_time':'2022-03-23T13:33:26Z'")

static struct config config;
static struct receiver receiver;
static struct json_reader *reader;
static struct delivery delivery;
static char error[160];

static void begin(void)
{
    config = (struct config){0};
    config.zoom.webhook_secret = (char *)SECRET;
    config.zoom.user = (char *)"bridge+1@example.com";
    ck_assert(receiver_init(&receiver, &zoom_service, &config));
    reader = json_reader_new();
    ck_assert_ptr_nonnull(reader);
    delivery = (struct delivery){0};
}

static void end(void)
{
    free(delivery.answer);
    receiver_free(&receiver);
    json_reader_free(reader);
}

static bool receive(const char *body)
{
    const struct webhook webhook = {.body = body, .length = strlen(body)};
    free(delivery.answer);
    delivery = (struct delivery){0};
    return zoom_service.read_webhook(&receiver, reader, &webhook, &delivery);
}

/* ---- the signature ------------------------------------------------------------------------------------- */

static enum webhook_verdict verdict(const char *signature, const char *timestamp, int64_t now_ms)
{
    const struct webhook webhook = {.body = SIGNED_BODY,
                                    .length = strlen(SIGNED_BODY),
                                    .signature = signature,
                                    .timestamp = timestamp,
                                    .now_ms = now_ms};
    return zoom_service.verify(&receiver, &webhook);
}

START_TEST(test_only_signed_webhooks_are_verified)
{
    ck_assert_int_eq(verdict(SIGNATURE, SIGNED_AT, SENT_MS), WEBHOOK_VERIFIED);
    ck_assert_int_eq(verdict(SIGNATURE, "1658940995", SENT_MS), WEBHOOK_FORGED);
    ck_assert_int_eq(verdict(&SIGNATURE[3], SIGNED_AT, SENT_MS), WEBHOOK_FORGED);
    ck_assert_int_eq(verdict(NULL, SIGNED_AT, SENT_MS), WEBHOOK_UNSIGNED);
    ck_assert_int_eq(verdict("", SIGNED_AT, SENT_MS), WEBHOOK_UNSIGNED);
    ck_assert_int_eq(verdict(SIGNATURE, NULL, SENT_MS), WEBHOOK_UNSIGNED);
    ck_assert_int_eq(verdict(SIGNATURE, "", SENT_MS), WEBHOOK_UNSIGNED);
}
END_TEST

START_TEST(test_two_hours_may_pass_and_clocks_may_differ_by_five_minutes)
{
    ck_assert_int_eq(verdict(SIGNATURE, SIGNED_AT, SENT_MS + 120 * MINUTE_MS), WEBHOOK_VERIFIED);
    ck_assert_int_eq(verdict(SIGNATURE, SIGNED_AT, SENT_MS + 120 * MINUTE_MS + 1), WEBHOOK_STALE);
    ck_assert_int_eq(verdict(SIGNATURE, SIGNED_AT, SENT_MS - 5 * MINUTE_MS), WEBHOOK_VERIFIED);
    ck_assert_int_eq(verdict(SIGNATURE, SIGNED_AT, SENT_MS - 5 * MINUTE_MS - 1), WEBHOOK_STALE);
}
END_TEST

/* All of them signed. */
static const char *const no_times[] = {"16589409xx",           "-5",           " 1658940994",
                                       "2022-07-27T16:56:34Z", "253402300800", "9223372036854775807",
                                       "-9223372036854775808", "1658940994000"};

START_TEST(test_a_timestamp_that_is_no_time_is_stale)
{
    char message[200];
    char signature[3 + SIGNATURE_HEX_SIZE] = "v0=";
    snprintf(message, sizeof(message), "v0:%s:%s", no_times[_i], SIGNED_BODY);
    ck_assert(signature_hex(receiver.keys[0], message, *(char(*)[SIGNATURE_HEX_SIZE])(signature + 3)));
    ck_assert_int_eq(verdict(signature, no_times[_i], SENT_MS), WEBHOOK_STALE);
}
END_TEST

START_TEST(test_the_route_and_its_manners)
{
    ck_assert_ptr_eq(service_by_route("/webhooks/zoom"), &zoom_service);
    ck_assert_int_eq(zoom_service.id, SERVICE_ZOOM);
    ck_assert_str_eq(zoom_service.signature_header, "x-zm-signature");
    ck_assert_str_eq(zoom_service.timestamp_header, "x-zm-request-timestamp");
    ck_assert_str_eq(zoom_service.content_type, "application/json");
    ck_assert_int_eq(zoom_service.unreadable_status, 400);
}
END_TEST

/* ---- webhooks ------------------------------------------------------------------------------------------ */

START_TEST(test_somebody_joins)
{
    ck_assert_msg(receive(json(JOINED)), "%s", delivery.error);
    const struct event *event = &delivery.event;
    ck_assert(!delivery.rejected);
    ck_assert_ptr_null(delivery.answer);
    ck_assert_int_eq(event->type, EVENT_JOINED);
    ck_assert_int_eq(event->source, EVENT_SOURCE_ZOOM);
    ck_assert_int_eq(event->at_ms, INT64_C(1648038809439));
    ck_assert_int_eq(event->resolution_ms, 1);
    ck_assert_str_eq(event->id, "1648038809439 meeting.participant_joined 16778240");
    ck_assert_str_eq(delivery.repeat_key,
                     "zm 1648038809439 hwkAADUySwyG3GyUkqc0vA== 16778240 meeting.participant_joined");
    ck_assert_int_eq(event->meeting.id, INT64_C(86431910364));
    ck_assert_str_eq(event->meeting.participant, "tUo7WohjTs6ELvl9WR3JAA");
    ck_assert_str_eq(event->by, "Ada Guest");
    ck_assert_str_eq(event->by_email, "ada.guest@example.com");
    ck_assert_int_eq(event->comment.standing, AUTHOR_UNKNOWN);
}
END_TEST

START_TEST(test_somebody_leaves)
{
    ck_assert_msg(receive(json(LEFT)), "%s", delivery.error);
    ck_assert_int_eq(delivery.event.type, EVENT_LEFT);
    ck_assert_int_eq(delivery.event.meeting.id, INT64_C(86431910364));
    ck_assert_str_eq(delivery.event.meeting.participant, "tUo7WohjTs6ELvl9WR3JAA");
    ck_assert_str_eq(delivery.event.by, "Ada Guest");
}
END_TEST

START_TEST(test_the_meeting_ends)
{
    ck_assert_msg(receive(json(ENDED)), "%s", delivery.error);
    ck_assert_int_eq(delivery.event.type, EVENT_MEETING_ENDED);
    ck_assert_int_eq(delivery.event.meeting.id, INT64_C(86431910364));
    ck_assert_str_eq(delivery.event.meeting.participant, "");
    ck_assert_str_eq(delivery.repeat_key, "zm 1648038809439 hwkAADUySwyG3GyUkqc0vA==  meeting.ended");
}
END_TEST

START_TEST(test_a_number_is_read_as_a_text_is)
{
    ck_assert(receive(json_changed(ENDED, "'86431910364'", "86431910364")));
    ck_assert_int_eq(delivery.event.meeting.id, INT64_C(86431910364));
    ck_assert(receive(json_changed(JOINED, "'participant_user_id':'tUo7WohjTs6ELvl9WR3JAA',", "")));
    ck_assert_str_eq(delivery.event.meeting.participant, "16778240");
    ck_assert(receive(json("{'payload':{'object':{'id':1,'participant':{'user_id':16778240}}},"
                           "'event_ts':'1648038809439','event':'meeting.participant_left'}")));
    ck_assert_str_eq(delivery.event.meeting.participant, "16778240");
    ck_assert_int_eq(delivery.event.at_ms, INT64_C(1648038809439));
}
END_TEST

/* Guests are not signed in to Zoom. */
START_TEST(test_guests_are_known_by_what_there_is)
{
    ck_assert(receive(
        json_changed(JOINED, "'participant_user_id':'tUo7WohjTs6ELvl9WR3JAA'", "'participant_user_id':''")));
    ck_assert_str_eq(delivery.event.meeting.participant, "16778240");
    ck_assert(receive(json("{'payload':{'object':{'id':'1','participant':{'user_id':null,"
                           "'user_name':'+1 555 0100','email':''}}},'event_ts':1,"
                           "'event':'meeting.participant_joined'}")));
    ck_assert_str_eq(delivery.event.meeting.participant, "+1 555 0100");
    ck_assert_str_eq(delivery.event.by, "+1 555 0100");
    ck_assert_str_eq(delivery.event.by_email, "");
}
END_TEST

/* One moment's events and one person's comings differ in their keys, a second delivery does not. */
START_TEST(test_a_repeat_is_known_by_what_it_is_about)
{
    static const struct {
        const char *from, *to;
        bool same;
    } changes[] = {
        {"'topic':'Emergency 4711'", "'topic':'x'", true},
        {"participant_joined", "participant_left", false},
        {"1648038809439", "1648038809440", false},
        {"hwkAADUySwyG3GyUkqc0vA==", "iwkAADUySwyG3GyUkqc0vA==", false},
        {"'16778240'", "'16779264'", false},
    };
    char first[sizeof(delivery.repeat_key)];
    ck_assert(receive(json(JOINED)));
    snprintf(first, sizeof(first), "%s", delivery.repeat_key);
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        ck_assert(receive(json_changed(JOINED, changes[i].from, changes[i].to)));
        ck_assert_msg((strcmp(first, delivery.repeat_key) == 0) == changes[i].same, "%s", changes[i].to);
    }
}
END_TEST

/* Whoever only waits has not been met. */
static const char *const others[] = {
    WEBHOOK("meeting.started", ""),
    WEBHOOK("meeting.participant_jbh_waiting", ",'participant':{" PERSON "}"),
    WEBHOOK("meeting.participant_joined_waiting_room", ",'participant':{" PERSON "}"),
    WEBHOOK("meeting.participant_left_waiting_room", ",'participant':{" PERSON "}"),
    "{'payload':{},'event_ts':1648038809439,'event':'user.created'}",
    "{'event_ts':1648038809439,'event':'app_deauthorized'}",
};

START_TEST(test_other_events_are_of_no_interest)
{
    ck_assert_msg(receive(json(others[_i])), "%s", delivery.error);
    ck_assert_int_eq(delivery.event.type, EVENT_IGNORED);
    ck_assert_int_eq(delivery.event.source, EVENT_SOURCE_ZOOM);
    ck_assert(!delivery.rejected);
    ck_assert_ptr_null(delivery.answer);
    ck_assert_int_ne(delivery.repeat_key[0], '\0');
}
END_TEST

START_TEST(test_other_events_need_no_time)
{
    static const char *const bodies[] = {"{'payload':{},'event':'user.created'}",
                                         "{'event_ts':'now','event':'user.created'}",
                                         "{'event_ts':253402300800000,'event':'user.created'}"};
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        ck_assert_msg(receive(json(bodies[i])), "%s", delivery.error);
        ck_assert_int_eq(delivery.event.type, EVENT_IGNORED);
        ck_assert_str_eq(delivery.error, "");
        ck_assert_str_eq(delivery.repeat_key, "");
    }
}
END_TEST

START_TEST(test_a_name_that_can_not_be_read_keeps_nobody_out)
{
    static const char *const names[][2] = {{"'Ada Guest'", "'Ada\\u0000'"},
                                           {"'ada.guest@example.com'", "'\\u0000'"}};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        ck_assert_msg(receive(json_changed(JOINED, names[i][0], names[i][1])), "%s", delivery.error);
        ck_assert_int_eq(delivery.event.type, EVENT_JOINED);
        ck_assert_str_eq(delivery.event.meeting.participant, "tUo7WohjTs6ELvl9WR3JAA");
        ck_assert_str_eq(delivery.event.by, "");
        ck_assert_str_eq(delivery.error, "");
    }
    ck_assert(!receive(json_changed(JOINED, "'16778240'", "'\\u0000'")));
    ck_assert_ptr_nonnull(strstr(delivery.error, "NUL"));
}
END_TEST

static const struct {
    const char *body, *from, *to, *complaint;
} unreadable[] = {
    {"[", NULL, NULL, NULL},
    {"'x'", NULL, NULL, NULL},
    {"{}", NULL, NULL, "event is missing"},
    {JOINED, "'meeting.participant_joined'", "7", "event is not a text"},
    {JOINED, "'event_ts':1648038809439,", "", "event_ts is missing"},
    {JOINED, "1648038809439", "'now'", "event_ts is not a positive whole number"},
    {JOINED, "1648038809439", "-1", "event_ts is not a positive whole number"},
    {JOINED, "1648038809439", "253402300800000", "event_ts is not a time in milliseconds"},
    {JOINED, "'id':'86431910364',", "", "payload.object.id is missing"},
    {LEFT, "'86431910364'", "'bridge'", "payload.object.id is not a positive whole number"},
    {ENDED, "'86431910364'", "null", "payload.object.id is missing"},
    {JOINED, "'participant':{", "'somebody':{", "payload.object.participant.user_id is missing"},
    {"{'event':'endpoint.url_validation','payload':{}}", NULL, NULL, "payload.plainToken is missing"},
    {"{'event':'endpoint.url_validation','payload':{'plainToken':'a\\'b'}}", "\\'", "\\u0022",
     "payload.plainToken is not a token"},
    {"{'event':'endpoint.url_validation','payload':{'plainToken':'a\\\\b'}}", NULL, NULL,
     "payload.plainToken is not a token"},
    {"{'event':'endpoint.url_validation','payload':{'plainToken':'a\\nb'}}", NULL, NULL,
     "payload.plainToken is not a token"},
    {"{'event':'endpoint.url_validation','payload':{'plainToken':17}}", NULL, NULL,
     "payload.plainToken is not a token"},
};

START_TEST(test_what_is_missing_is_named)
{
    ck_assert(!receive(json_changed(unreadable[_i].body, unreadable[_i].from, unreadable[_i].to)));
    ck_assert(delivery.rejected);
    ck_assert_int_eq(delivery.event.type, EVENT_IGNORED);
    ck_assert_ptr_null(delivery.answer);
    ck_assert_int_ne(delivery.error[0], '\0');
    if (unreadable[_i].complaint)
        ck_assert_str_eq(delivery.error, unreadable[_i].complaint);
}
END_TEST

START_TEST(test_a_tried_address_is_answered_at_once)
{
    ck_assert(receive("{\"payload\":{\"plainToken\":\"" PLAIN_TOKEN "\"},\"event_ts\":1654503849680,"
                      "\"event\":\"endpoint.url_validation\"}"));
    ck_assert_str_eq(delivery.answer,
                     "{\"plainToken\":\"" PLAIN_TOKEN "\",\"encryptedToken\":\"" ENCRYPTED "\"}");
    ck_assert_int_eq(delivery.event.type, EVENT_IGNORED);
    ck_assert(receive("{\"event\":\"endpoint.url_validation\",\"payload\":{\"plainToken\":\"" PLAIN_TOKEN
                      "\"}}")); /* as in Zoom's sample */
    ck_assert_ptr_nonnull(strstr(delivery.answer, ENCRYPTED));
}
END_TEST

START_TEST(test_without_a_secret_nothing_is_answered_or_verified)
{
    receiver_free(&receiver);
    config.zoom.webhook_secret = NULL;
    ck_assert(receiver_init(&receiver, &zoom_service, &config));
    ck_assert_int_eq(verdict(SIGNATURE, SIGNED_AT, SENT_MS), WEBHOOK_FORGED);
    ck_assert(!receive("{\"event\":\"endpoint.url_validation\",\"payload\":{\"plainToken\":\"x\"}}"));
    ck_assert_ptr_null(delivery.answer);
}
END_TEST

/* ---- answers ------------------------------------------------------------------------------------------- */

/* Zoom's Meeting API, with fewer settings. */
#define MEETING                                                                                              \
    "{'uuid':'aDYlohsHRtCd4ii1uC2+hA==','id':86431910364,'host_id':'30R7kT7bTIKSNUFEuH_Qlg',"                \
    "'host_email':'bridge+1@example.com','topic':'Emergency 4711','type':2,'status':'waiting',"              \
    "'start_time':'2026-11-23T12:00:00Z','duration':60,'timezone':'UTC','agenda':'i7f-12',"                  \
    "'created_at':'2026-11-23T12:00:00Z','start_url':'https://us05web.zoom.us/s/86431910364?zak=eyJ0',"      \
    "'join_url':'https://us05web.zoom.us/j/86431910364?pwd=hX.1','password':'4a3b2c','settings':"            \
    "{'host_video':false,'join_before_host':true,'jbh_time':0,'waiting_room':false},'pre_schedule':false}"

static int64_t meeting;
static char join_url[64];
static bool running;

static bool read_meeting(const char *answer)
{
    return zoom_read_meeting(reader, answer, strlen(answer), &meeting, join_url, sizeof(join_url), &running,
                             error, sizeof(error));
}

START_TEST(test_a_meeting_is_read)
{
    running = true;
    ck_assert_msg(read_meeting(json(MEETING)), "%s", error);
    ck_assert_int_eq(meeting, INT64_C(86431910364));
    ck_assert_str_eq(join_url, "https://us05web.zoom.us/j/86431910364?pwd=hX.1");
    ck_assert(!running);
    ck_assert(read_meeting(json_changed(MEETING, "'waiting'", "'started'")));
    ck_assert(running);
}
END_TEST

START_TEST(test_half_a_meeting_is_none)
{
    static const struct {
        const char *from, *to, *complaint;
    } cases[] = {
        {"'id':86431910364,", "", "id is missing"},
        {"'join_url':", "'link':", "join_url is missing"},
        {"hX.1", "hX.1aaaaaaaaaaaaaaaaaaaa", "join_url is longer than 63 bytes"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert(!read_meeting(json_changed(MEETING, cases[i].from, cases[i].to)));
        ck_assert_str_eq(error, cases[i].complaint);
    }
    ck_assert(!read_meeting("<html>"));
}
END_TEST

#define LISTED(id, agenda)                                                                                   \
    "{'uuid':'aDYlohsHRtCd4ii1uC2+hA==','id':" id ",'host_id':'30R7kT7bTIKSNUFEuH_Qlg','topic':'Emergency'," \
    "'type':2,'start_time':'2026-11-23T12:00:00Z','duration':60,'timezone':'UTC'," agenda                    \
    "'created_at':'2026-11-23T12:00:00Z','join_url':'https://us05web.zoom.us/j/" id "'}"
#define LIST(meetings)                                                                                       \
    "{'page_count':1,'page_number':1,'page_size':300,'total_records':4,'next_page_token':'',"                \
    "'meetings':[" meetings "]}"
#define ALL                                                                                                  \
    LIST(LISTED("81", "") "," LISTED("82", "'agenda':'i7f-120',") "," LISTED(                                \
        "83", "'agenda':'xi7f-12',") "," LISTED("84",                                                        \
                                                "'agenda':'i7f-12',") "," LISTED("85",                       \
                                                                                 "'agenda':'i7f-12',"))

static bool find(const char *answer, const char *mark)
{
    return zoom_read_marked(reader, answer, strlen(answer), mark, &meeting, join_url, sizeof(join_url), error,
                            sizeof(error));
}

START_TEST(test_a_meeting_is_found_by_its_mark)
{
    ck_assert_msg(find(json(ALL), "i7f-12"), "%s", error);
    ck_assert_int_eq(meeting, 84);
    ck_assert_str_eq(join_url, "https://us05web.zoom.us/j/84");
    ck_assert(find(json(ALL), "i7f-1"));
    ck_assert_int_eq(meeting, 0);
    ck_assert_str_eq(join_url, "");
    ck_assert(find(json(LIST("")), "i7f-12"));
    ck_assert_int_eq(meeting, 0);
}
END_TEST

START_TEST(test_a_list_that_can_not_be_read_finds_nothing_out)
{
    ck_assert(!find("{}", "i7f-12"));
    ck_assert_str_eq(error, "meetings is missing");
    ck_assert(!find(json_changed(ALL, "'id':84", "'id':'x'"), "i7f-12"));
    ck_assert_str_eq(error, "meetings[].id is not a positive whole number");
    ck_assert(!find("{\"meetings\":[", "i7f-12"));
}
END_TEST

START_TEST(test_a_token_is_read)
{
    char token[64];
    int64_t valid_ms = 0;
    const char *answer = json("{'access_token':'eyJz','token_type':'bearer','expires_in':3600,"
                              "'scope':'meeting:write:admin','api_url':'https://api.zoom.us'}");
    ck_assert(zoom_read_token(reader, answer, strlen(answer), token, sizeof(token), &valid_ms, error,
                              sizeof(error)));
    ck_assert_str_eq(token, "eyJz");
    ck_assert_int_eq(valid_ms, 3600000);
    ck_assert(!zoom_read_token(reader, "{}", 2, token, sizeof(token), &valid_ms, error, sizeof(error)));
    ck_assert_str_eq(error, "access_token is missing");
}
END_TEST

Suite *zoom_suite(void)
{
    Suite *suite = suite_create("zoom");
    TCase *webhooks = tcase_create("webhooks");
    tcase_add_checked_fixture(webhooks, begin, end);
    tcase_add_test(webhooks, test_only_signed_webhooks_are_verified);
    tcase_add_test(webhooks, test_two_hours_may_pass_and_clocks_may_differ_by_five_minutes);
    tcase_add_loop_test(webhooks, test_a_timestamp_that_is_no_time_is_stale, 0, (int)COUNT_OF(no_times));
    tcase_add_test(webhooks, test_the_route_and_its_manners);
    tcase_add_test(webhooks, test_somebody_joins);
    tcase_add_test(webhooks, test_somebody_leaves);
    tcase_add_test(webhooks, test_the_meeting_ends);
    tcase_add_test(webhooks, test_a_number_is_read_as_a_text_is);
    tcase_add_test(webhooks, test_guests_are_known_by_what_there_is);
    tcase_add_test(webhooks, test_a_repeat_is_known_by_what_it_is_about);
    tcase_add_loop_test(webhooks, test_other_events_are_of_no_interest, 0, (int)COUNT_OF(others));
    tcase_add_test(webhooks, test_other_events_need_no_time);
    tcase_add_test(webhooks, test_a_name_that_can_not_be_read_keeps_nobody_out);
    tcase_add_loop_test(webhooks, test_what_is_missing_is_named, 0, (int)COUNT_OF(unreadable));
    tcase_add_test(webhooks, test_a_tried_address_is_answered_at_once);
    tcase_add_test(webhooks, test_without_a_secret_nothing_is_answered_or_verified);
    suite_add_tcase(suite, webhooks);
    TCase *answers = tcase_create("answers");
    tcase_add_checked_fixture(answers, begin, end);
    tcase_add_test(answers, test_a_meeting_is_read);
    tcase_add_test(answers, test_half_a_meeting_is_none);
    tcase_add_test(answers, test_a_meeting_is_found_by_its_mark);
    tcase_add_test(answers, test_a_list_that_can_not_be_read_finds_nothing_out);
    tcase_add_test(answers, test_a_token_is_read);
    suite_add_tcase(suite, answers);
    return suite;
}
