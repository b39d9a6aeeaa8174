/*
 * Slack's webhooks: only what it has signed a moment ago is believed, slash commands and buttons become
 * commands with who gave them, typing errors are answered, and what can't be read is named.
 */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json_fields.h"
#include "lib/services/slack.h"
#include "lib/text.h"
#include "tests/unit/suites.h"

/* Secret, body and signature of tests/slack_sdk/signature/test_signature_verifier.py of
 * github.com/slackapi/python-slack-sdk; the body is the documentation's slash command without a text. */
#define SECRET    "8f742231b10e8888abcd99yyyzzz85a5"
#define SIGNATURE "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
#define TIMESTAMP "1531420618"
#define SIGNED_MS INT64_C(1531420618000)
#define BEFORE                                                                                               \
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"         \
    "channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
#define BEHIND                                                                                               \
    "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRs"  \
    "kXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
#define TRIGGER "398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
static const char signed_body[] = BEFORE BEHIND;

/* block_actions as documented, with all fields; ' stands for ". */
#define USER    "{'id':'U0EN1','username':'eng.one','name':'eng.one','team_id':'T111'}"
#define CHANNEL "{'id':'C111','name':'support_self-managed'}"
#define BUTTON(id, value)                                                                                    \
    "{'action_id':'" id "','block_id':'b1','text':{'type':'plain_text','text':'Button','emoji':true},"       \
    "'value':'" value "','style':'primary','type':'button','action_ts':'1596530385.194939'}"
#define LINK                                                                                                 \
    "{'action_id':'link-ticket','block_id':'b1','text':{'type':'plain_text','text':'Ticket','emoji':true},"  \
    "'url':'https://acme.zendesk.com/agent/tickets/4711','type':'button','action_ts':'1596530385.194939'}"
#define PRESS(user, channel, trigger, actions)                                                               \
    "{'type':'block_actions','user':" user ",'api_app_id':'A111','token':'verification_token',"              \
    "'container':{'type':'message','message_ts':'1700000000.000100','channel_id':'C111',"                    \
    "'is_ephemeral':false},'trigger_id':" trigger ",'team':{'id':'T111','domain':'acme'},"                   \
    "'enterprise':null,'is_enterprise_install':false,'channel':" channel ",'message':{'type':'message',"     \
    "'user':'UBOT','ts':'1700000000.000100','bot_id':'B1','app_id':'A111','text':'Emergency & 7',"           \
    "'team':'T111','blocks':[{'type':'actions','block_id':'b1','elements':[{'type':'button',"                \
    "'action_id':'close','value':'99'}]}]},'state':{'values':{}},"                                           \
    "'response_url':'https://hooks.slack.com/actions/T111/111/random-value','actions':" actions "}"

static struct config config;
static struct receiver receiver;
static struct json_reader *reader;
static struct delivery delivery;

static void begin(void)
{
    config = (struct config){0};
    config.slack.signing_secret = (char *)SECRET;
    ck_assert(receiver_init(&receiver, &slack_service, &config));
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

static bool receive_bytes(const char *body, size_t length)
{
    const struct webhook webhook = {.body = body, .length = length, .now_ms = SIGNED_MS + 789};
    free(delivery.answer);
    delivery = (struct delivery){0};
    return slack_service.read_webhook(&receiver, reader, &webhook, &delivery);
}

static bool receive(const char *body)
{
    return receive_bytes(body, strlen(body));
}

/* A payload with ' for ", encoded as Slack does it. */
static bool receive_payload(const char *payload)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    static char body[16384];
    size_t used = (size_t)snprintf(body, sizeof(body), "payload=");
    for (; *payload; payload++) {
        const char c = *payload == '\'' ? '"' : *payload;
        used += (size_t)snprintf(body + used, sizeof(body) - used, strchr(plain, c) ? "%c" : "%%%02X",
                                 (unsigned char)c);
        ck_assert_uint_lt(used, sizeof(body));
    }
    return receive(body);
}

static enum webhook_verdict verdict(const char *signature, const char *timestamp, const char *body,
                                    int64_t now_ms)
{
    const struct webhook webhook = {.body = body,
                                    .length = strlen(body),
                                    .signature = signature,
                                    .timestamp = timestamp,
                                    .now_ms = now_ms};
    return slack_service.verify(&receiver, &webhook);
}

START_TEST(test_only_signed_webhooks_are_verified)
{
    ck_assert_int_eq(verdict(SIGNATURE, TIMESTAMP, signed_body, SIGNED_MS), WEBHOOK_VERIFIED);
    ck_assert_int_eq(verdict(NULL, TIMESTAMP, signed_body, SIGNED_MS), WEBHOOK_UNSIGNED);
    ck_assert_int_eq(verdict("", TIMESTAMP, signed_body, SIGNED_MS), WEBHOOK_UNSIGNED);
    ck_assert_int_eq(verdict(SIGNATURE, NULL, signed_body, SIGNED_MS), WEBHOOK_UNSIGNED);
    ck_assert_int_eq(verdict(SIGNATURE, "", signed_body, SIGNED_MS), WEBHOOK_UNSIGNED);
    ck_assert_int_eq(verdict(SIGNATURE, "1531420619", signed_body, SIGNED_MS), WEBHOOK_FORGED);
    ck_assert_int_eq(verdict(SIGNATURE, TIMESTAMP, "ssl_check=1", SIGNED_MS), WEBHOOK_FORGED);
    ck_assert_int_eq(verdict("v0=00", TIMESTAMP, signed_body, SIGNED_MS), WEBHOOK_FORGED);
}
END_TEST

START_TEST(test_five_minutes_either_way_are_enough)
{
    static const int64_t limit_ms = 5 * 60 * 1000;
    ck_assert_int_eq(verdict(SIGNATURE, TIMESTAMP, signed_body, SIGNED_MS + limit_ms), WEBHOOK_VERIFIED);
    ck_assert_int_eq(verdict(SIGNATURE, TIMESTAMP, signed_body, SIGNED_MS - limit_ms), WEBHOOK_VERIFIED);
    ck_assert_int_eq(verdict(SIGNATURE, TIMESTAMP, signed_body, SIGNED_MS + limit_ms + 1), WEBHOOK_STALE);
    ck_assert_int_eq(verdict(SIGNATURE, TIMESTAMP, signed_body, SIGNED_MS - limit_ms - 1), WEBHOOK_STALE);
}
END_TEST

START_TEST(test_a_service_that_is_not_configured_verifies_nothing)
{
    receiver_free(&receiver);
    config = (struct config){0};
    ck_assert(receiver_init(&receiver, &slack_service, &config));
    ck_assert_int_eq(verdict(SIGNATURE, TIMESTAMP, signed_body, SIGNED_MS), WEBHOOK_FORGED);
}
END_TEST

START_TEST(test_the_listener_is_told_what_to_expect)
{
    ck_assert_ptr_eq(service_by_route("/webhooks/slack"), &slack_service);
    ck_assert_str_eq(slack_service.signature_header, "X-Slack-Signature");
    ck_assert_str_eq(slack_service.timestamp_header, "X-Slack-Request-Timestamp");
    ck_assert_str_eq(slack_service.content_type, "application/x-www-form-urlencoded");
    ck_assert_ptr_null(slack_service.id_header);
    ck_assert_int_eq(slack_service.unreadable_status, 400);
}
END_TEST

START_TEST(test_a_slash_command_is_a_command_of_whoever_typed_it)
{
    ck_assert(receive(BEFORE "note+7+caf%C3%A9%0aa%2Bb" BEHIND));
    const struct event *event = &delivery.event;
    ck_assert_int_eq(event->type, EVENT_COMMAND);
    ck_assert_int_eq(event->source, EVENT_SOURCE_SELF);
    ck_assert_int_eq(event->at_ms, SIGNED_MS + 789);
    ck_assert_int_eq(event->resolution_ms, 1);
    ck_assert_int_eq(event->command.name, COMMAND_NOTE);
    ck_assert_int_eq(event->emergency, 7);
    ck_assert_str_eq(event->text, "caf\xC3\xA9\na+b");
    ck_assert_str_eq(event->by, "roadrunner");
    ck_assert_str_eq(event->by_slack, "U2CERLKJA");
    ck_assert_str_eq(delivery.channel, "G8PSS9T3V");
    ck_assert_str_eq(delivery.repeat_key, "sl " TRIGGER);
    ck_assert(delivery.wants_text);
    ck_assert_ptr_null(delivery.answer);
    ck_assert(!delivery.rejected);
}
END_TEST

START_TEST(test_a_question_is_kept_as_one)
{
    ck_assert(receive(signed_body));
    ck_assert_int_eq(delivery.event.type, EVENT_IGNORED);
    ck_assert_int_eq(delivery.question, QUESTION_HELP);
    ck_assert_str_eq(delivery.event.by_slack, "U2CERLKJA");
    ck_assert(delivery.wants_text);
    ck_assert(receive(BEFORE "oncall" BEHIND));
    ck_assert_int_eq(delivery.question, QUESTION_ONCALL);
    ck_assert_ptr_null(delivery.answer);
}
END_TEST

START_TEST(test_a_typing_error_is_answered_and_no_error)
{
    ck_assert(receive(BEFORE "ack+seven" BEHIND));
    ck_assert_int_eq(delivery.event.type, EVENT_IGNORED);
    ck_assert_str_eq(delivery.answer,
                     "{\"response_type\":\"ephemeral\",\"text\":\"\\\"seven\\\" is too much. Wanted is "
                     "`/webhook-collect ack [ID | #TICKET]`.\"}");
    ck_assert(!delivery.rejected);
}
END_TEST

START_TEST(test_a_try_of_the_address_is_answered)
{
    ck_assert(receive("token=xyzz0WbapA4vBCDEFasx0q6G&ssl_check=1"));
    ck_assert_str_eq(delivery.answer, "{}");
    ck_assert_int_eq(delivery.event.type, EVENT_IGNORED);
    ck_assert(receive("ssl_check=0&" BEFORE "ack" BEHIND));
    ck_assert_int_eq(delivery.event.type, EVENT_COMMAND);
}
END_TEST

START_TEST(test_a_button_is_a_command_of_whoever_pressed_it)
{
    ck_assert(receive_payload(PRESS(USER, CHANNEL, "'111.222.valid'", "[" BUTTON("ack", "7") "]")));
    const struct event *event = &delivery.event;
    ck_assert_int_eq(event->type, EVENT_COMMAND);
    ck_assert_int_eq(event->source, EVENT_SOURCE_SELF);
    ck_assert_int_eq(event->at_ms, SIGNED_MS + 789);
    ck_assert_int_eq(event->command.name, COMMAND_ACK);
    ck_assert_int_eq(event->emergency, 7);
    ck_assert_str_eq(event->by, "eng.one");
    ck_assert_str_eq(event->by_slack, "U0EN1");
    ck_assert_str_eq(delivery.channel, "C111");
    ck_assert_str_eq(delivery.repeat_key, "sl 111.222.valid");
    ck_assert(!delivery.wants_text);
    ck_assert_ptr_null(delivery.answer);
}
END_TEST

START_TEST(test_extend_by_button_is_15_minutes)
{
    ck_assert(receive_payload(PRESS(USER, CHANNEL, "'t'", "[" BUTTON("extend", "7") "]")));
    ck_assert_int_eq(delivery.event.command.name, COMMAND_EXTEND);
    ck_assert_int_eq(delivery.event.command.for_ms, 15 * 60 * 1000);
}
END_TEST

START_TEST(test_a_press_without_a_trigger_is_known_by_its_time_and_place)
{
    ck_assert(receive_payload(PRESS(USER, CHANNEL, "null", "[" BUTTON("ack", "7") "]")));
    ck_assert_str_eq(delivery.repeat_key, "sl 1596530385.194939 U0EN1 1700000000.000100");
}
END_TEST

START_TEST(test_the_channel_may_be_told_by_the_container_alone)
{
    ck_assert(receive_payload("{'type':'block_actions','user':{'id':'U0EN1','username':'eng.one'},"
                              "'container':{'channel_id':'C222'},'actions':[" BUTTON("ack", "7") "]}"));
    ck_assert_str_eq(delivery.channel, "C222");
    ck_assert_str_eq(delivery.event.by, "eng.one");
}
END_TEST

START_TEST(test_what_is_no_button_of_ours_is_ignored)
{
    static const char *const others[] = {
        PRESS(USER, CHANNEL, "'t'", "[" LINK "]"),
        PRESS(USER, CHANNEL, "'t'", "[" BUTTON("note", "7") "]"),
        PRESS(USER, CHANNEL, "'t'", "[" BUTTON("none", "7") "]"),
        PRESS(USER, CHANNEL, "'t'", "[" BUTTON("frobnicate", "7") "]"),
        PRESS(USER, CHANNEL, "'t'", "[]"),
        "{'type':'view_submission','user':" USER ",'view':{'id':'V1'}}",
        "{'type':'shortcut','callback_id':'x','trigger_id':'t','user':" USER "}",
        "{'type':'message_action','callback_id':'x','trigger_id':'t','user':" USER "}",
    };
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        ck_assert_msg(receive_payload(others[i]), "%s: %s", others[i], delivery.error);
        ck_assert_int_eq(delivery.event.type, EVENT_IGNORED);
        ck_assert_int_eq(delivery.question, QUESTION_NONE);
        ck_assert_ptr_null(delivery.answer);
    }
    ck_assert(receive_payload(PRESS(USER, CHANNEL, "'t'", "[" LINK "," BUTTON("close", "8") "]")));
    ck_assert_int_eq(delivery.event.command.name, COMMAND_CLOSE);
    ck_assert_int_eq(delivery.event.emergency, 8);
}
END_TEST

START_TEST(test_what_is_wrong_with_a_payload_is_named)
{
    static const struct {
        const char *payload;
        const char *error;
    } cases[] = {
        {"{'user':" USER "}", "type is missing"},
        {"{'type':'block_actions','user':" USER "}", "actions is missing"},
        {PRESS(USER, CHANNEL, "'t'", "[" BUTTON("ack", "") "]"),
         "actions[].value is not a positive whole number"},
        {PRESS(USER, CHANNEL, "'t'", "[" BUTTON("ack", "0") "]"),
         "actions[].value is not a positive whole number"},
        {PRESS(USER, CHANNEL, "'t'", "[" BUTTON("ack", "7; 8") "]"),
         "actions[].value is not a positive whole number"},
        {PRESS(USER, CHANNEL, "'t'", "[{'action_id':'ack'}]"), "actions[].value is missing"},
        {PRESS("{}", CHANNEL, "'t'", "[" BUTTON("ack", "7") "]"), "user.id is missing"},
        {PRESS("{'id':'U123456789012345678901234'}", CHANNEL, "'t'", "[" BUTTON("ack", "7") "]"),
         "user.id is longer than 23 bytes"},
        {PRESS(USER, "{'id':7}", "'t'", "[" BUTTON("ack", "7") "]"), "channel.id is not a text"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_msg(!receive_payload(cases[i].payload), "%s", cases[i].payload);
        ck_assert_str_eq(delivery.error, cases[i].error);
        ck_assert(delivery.rejected);
        ck_assert_ptr_null(delivery.answer);
    }
    ck_assert(!receive_payload("{'type':'block_actions'"));
    ck_assert(!receive_payload("[]"));
    ck_assert(!receive_payload(""));
}
END_TEST

START_TEST(test_what_is_wrong_with_a_form_is_named)
{
#define BROKEN "the form has a broken percent sign or a NUL character"
    static const struct {
        const char *body;
        const char *error;
    } cases[] = {
        {"", "payload and command are missing"},
        {"text=ack&user_id=U1", "payload and command are missing"},
        {BEFORE "ack%" BEHIND, BROKEN},
        {BEFORE "ack" BEHIND "&x=%4", BROKEN},
        {BEFORE "ack%0g" BEHIND, BROKEN},
        {BEFORE "ack%00" BEHIND, BROKEN},
        {BEFORE "%C3%28" BEHIND, "the form is not UTF-8"},
        {BEFORE "%ED%A0%80" BEHIND, "the form is not UTF-8"},
        {BEFORE "\xFF" BEHIND, "the form is not UTF-8"},
        {BEFORE "ack" BEHIND "&%C3=1", "the form is not UTF-8"},
        {BEFORE "ack" BEHIND "&text=close", "text comes twice"},
        {BEFORE "ack" BEHIND "&te%78t=close", "text comes twice"},
        {"command=%2Femergency&text=ack&channel_id=C1&trigger_id=t", "user_id is missing"},
        {"command=%2Femergency&text=ack&channel_id=C1&trigger_id=t&user_id=", "user_id is missing"},
        {"command=%2Femergency&text=ack&channel_id=C1&trigger_id=t&user_id=U123456789012345678901234",
         "user_id is longer than 23 bytes"},
        {"command=%2Femergency&text=ack&user_id=U1&trigger_id=t", "channel_id is missing"},
        {"command=%2Femergency&text=ack&user_id=U1&channel_id=C1", "trigger_id is missing"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_msg(!receive(cases[i].body), "%s", cases[i].body);
        ck_assert_str_eq(delivery.error, cases[i].error);
        ck_assert(delivery.rejected);
    }
    ck_assert(!receive_bytes("ssl_check=1\0", 12));
    ck_assert_str_eq(delivery.error, BROKEN);
#undef BROKEN
}
END_TEST

START_TEST(test_a_form_is_read_as_senders_write_it)
{
    ck_assert(receive("&&text=&=&%63ommand=%2femergency&user_id=U1&channel_id=C1&trigger_id=t&flag&x=a=b&"));
    ck_assert_int_eq(delivery.question, QUESTION_HELP);
    ck_assert_str_eq(delivery.event.by, "");
    ck_assert(receive("command=%2Femergency&user_id=U1&channel_id=C1&trigger_id=t"));
    ck_assert_int_eq(delivery.question, QUESTION_HELP);
}
END_TEST

Suite *slack_suite(void)
{
    Suite *suite = suite_create("slack");
    TCase *tcase = tcase_create("webhooks");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, test_only_signed_webhooks_are_verified);
    tcase_add_test(tcase, test_five_minutes_either_way_are_enough);
    tcase_add_test(tcase, test_a_service_that_is_not_configured_verifies_nothing);
    tcase_add_test(tcase, test_the_listener_is_told_what_to_expect);
    tcase_add_test(tcase, test_a_slash_command_is_a_command_of_whoever_typed_it);
    tcase_add_test(tcase, test_a_question_is_kept_as_one);
    tcase_add_test(tcase, test_a_typing_error_is_answered_and_no_error);
    tcase_add_test(tcase, test_a_try_of_the_address_is_answered);
    tcase_add_test(tcase, test_a_button_is_a_command_of_whoever_pressed_it);
    tcase_add_test(tcase, test_extend_by_button_is_15_minutes);
    tcase_add_test(tcase, test_a_press_without_a_trigger_is_known_by_its_time_and_place);
    tcase_add_test(tcase, test_the_channel_may_be_told_by_the_container_alone);
    tcase_add_test(tcase, test_what_is_no_button_of_ours_is_ignored);
    tcase_add_test(tcase, test_what_is_wrong_with_a_payload_is_named);
    tcase_add_test(tcase, test_what_is_wrong_with_a_form_is_named);
    tcase_add_test(tcase, test_a_form_is_read_as_senders_write_it);
    suite_add_tcase(suite, tcase);
    return suite;
}
