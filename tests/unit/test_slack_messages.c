/*
 * What we send to Slack, within its limits, and what is made of its answers.
 */

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/services/request.h"
#include "lib/services/slack.h"
#include "lib/services/slack_internal.h"
#include "tests/unit/json_text.h"
#include "tests/unit/suites.h"

/* Of lib/json_fields.h, which can't be included beside jansson.h. */
struct json_reader *json_reader_new(void);
void json_reader_free(struct json_reader *reader);

#define BIT(command) (INT64_C(1) << (command))
#define FENCE        "```"

static struct request request;
static struct json_reader *reader;
static char error[100];

static void begin(void)
{
    request = (struct request){0};
    reader = json_reader_new();
    ck_assert_ptr_nonnull(reader);
}

static void end(void)
{
    request_free(&request);
    json_reader_free(reader);
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
    request_free(&request);
}

/* --- requests --- */

#define SECTION(text)     "{'type':'section','text':{'type':'mrkdwn','verbatim':true,'text':'" text "'}}"
#define PLAIN(text)       "{'type':'plain_text','text':'" text "'}"
#define BUTTON(id, label) "{'type':'button','action_id':'" id "','value':'7','text':" PLAIN(label)

START_TEST(test_a_message_is_text_buttons_and_mark)
{
    struct slack_message message = {
        .channel = "C111",
        .text = "*Emergency* <https://acme.zendesk.com/agent/tickets/4711|#4711>",
        .buttons = BIT(COMMAND_ACK) | BIT(COMMAND_DO_IT) | BIT(COMMAND_DOWNGRADE),
        .emergency = 7,
        .mark = "action-99",
    };
    wanted(slack_post_message(&request, &message), "POST", "/chat.postMessage",
           "{'channel':'C111','text':'*Emergency* <https://acme.zendesk.com/agent/tickets/4711|#4711>',"
           "'unfurl_links':false,'unfurl_media':false,'metadata':{'event_type':'emergencyd',"
           "'event_payload':{'action':'action-99'}},'blocks':[" SECTION(
               "*Emergency* <https://acme.zendesk.com/agent/tickets/4711|#4711>")            //
           ",{'type':'actions','elements':[" BUTTON("do-it", "Do it") ",'style':'primary'}," //
           BUTTON("downgrade", "Downgrade now") ",'style':'danger','confirm':{'title':" PLAIN(
               "Are you sure?") ",'text':" PLAIN("The ticket\\u0027s priority is lowered now.") //
           ",'confirm':" PLAIN("Downgrade") ",'deny':" PLAIN("Cancel") ",'style':'danger'}}," BUTTON(
               "ack", "Acknowledge") "}]}]}");
}
END_TEST

START_TEST(test_a_reply_goes_into_its_thread)
{
    const struct slack_message message = {
        .channel = "C111", .thread_ts = "1700000000.000100", .text = "Downgraded."};
    wanted(slack_post_message(&request, &message), "POST", "/chat.postMessage",
           "{'channel':'C111','thread_ts':'1700000000.000100','text':'Downgraded.','unfurl_links':false,"
           "'unfurl_media':false,'blocks':[" SECTION("Downgraded.") "]}");
}
END_TEST

START_TEST(test_a_message_is_replaced_whole)
{
    const struct slack_message message = {.channel = "C111", .text = "Closed.", .mark = "action-1"};
    wanted(slack_update_message(&request, &message, "1700000000.000100"), "POST", "/chat.update",
           "{'channel':'C111','ts':'1700000000.000100','text':'Closed.','metadata':{'event_type':"
           "'emergencyd','event_payload':{'action':'action-1'}},'blocks':[" SECTION("Closed.") "]}");
}
END_TEST

START_TEST(test_a_whisper_is_for_one)
{
    wanted(slack_whisper(&request, "C111", "U0EN1", "1700000000.000100", "No."), "POST",
           "/chat.postEphemeral",
           "{'channel':'C111','user':'U0EN1','thread_ts':'1700000000.000100','text':'No.','blocks':[" SECTION(
               "No.") "]}");
    wanted(slack_whisper(&request, "C111", "U0EN1", NULL, "No."), "POST", "/chat.postEphemeral",
           "{'channel':'C111','user':'U0EN1','text':'No.','blocks':[" SECTION("No.") "]}");
}
END_TEST

START_TEST(test_reads)
{
    wanted(slack_find_messages(&request, "C111", NULL, INT64_C(1700000000999)), "GET",
           "/conversations.history?channel=C111&oldest=1700000000.000000&inclusive=true"
           "&include_all_metadata=true&limit=999",
           NULL);
    wanted(slack_find_messages(&request, "C111", "1700000000.000100", 0), "GET",
           "/conversations.replies?channel=C111&ts=1700000000.000100&include_all_metadata=true&limit=999",
           NULL);
    wanted(slack_lookup_email(&request, "eng+1@example.com"), "GET",
           "/users.lookupByEmail?email=eng%2B1%40example.com", NULL);
    wanted(slack_get_user(&request, "U0EN1"), "GET", "/users.info?user=U0EN1", NULL);
    wanted(slack_test(&request), "POST", "/auth.test", "{}");
}
END_TEST

START_TEST(test_what_is_no_utf8_is_not_sent)
{
    struct slack_message message = {.channel = "C111", .text = "a\xFF", .buttons = BIT(COMMAND_ACK)};
    ck_assert(!slack_post_message(&request, &message));
    ck_assert_ptr_null(request.path);
    message.text = "a";
    message.mark = "\xFF";
    ck_assert(!slack_post_message(&request, &message));
    ck_assert(!slack_update_message(&request, &message, "1"));
    ck_assert(!slack_whisper(&request, "\xFF", "U1", NULL, "a"));
    ck_assert_ptr_null(slack_answer("\xFF"));
}
END_TEST

START_TEST(test_every_button_is_within_the_limits_and_its_name_a_command)
{
    const struct slack_message message = {
        .channel = "C111", .text = "x", .buttons = INT64_MAX, .emergency = INT64_MAX};
    ck_assert(slack_post_message(&request, &message));
    json_t *body = json_loads(request.body, 0, NULL);
    json_t *blocks = json_object_get(body, "blocks");
    size_t count = 0, row = 0, at = 0;
    json_t *block = NULL, *button = NULL;
    json_array_foreach(blocks, row, block)
    {
        json_t *elements = json_object_get(block, "elements");
        ck_assert_uint_le(json_array_size(elements), 5);
        json_array_foreach(elements, at, button)
        {
            const char *id = json_string_value(json_object_get(button, "action_id"));
            const enum command command = command_by_name(id);
            const char *label = json_string_value(json_object_get(json_object_get(button, "text"), "text"));
            ck_assert_int_ne(command, COMMAND_NONE);
            ck_assert_str_eq(label, slack_button_label(command));
            ck_assert_uint_le(strlen(label), 75);
            ck_assert_str_eq(json_string_value(json_object_get(button, "value")), "9223372036854775807");
            count++;
        }
    }
    ck_assert_uint_eq(count, 21);
    ck_assert_uint_eq(json_array_size(blocks), 1 + 5);
    json_decref(body);
    static const enum command typed[] = {COMMAND_NONE, COMMAND_LINK,    COMMAND_NOTE,
                                         COMMAND_PAGE, COMMAND_HANDOFF, COMMAND_BULK};
    for (size_t i = 0; i < COUNT_OF(typed); i++)
        ck_assert_ptr_null(slack_button_label(typed[i]));
    ck_assert_uint_eq(count + COUNT_OF(typed), COMMAND_COUNT);
}
END_TEST

/* --- long texts --- */

/* Posts TEXT; the sections' texts, one behind the other with "|" between, and how many there are. */
static size_t sections_of(const char *text, char *out, size_t size)
{
    const struct slack_message message = {.channel = "C111", .text = text};
    ck_assert(slack_post_message(&request, &message));
    json_t *body = json_loads(request.body, 0, NULL);
    json_t *blocks = json_object_get(body, "blocks");
    ck_assert_uint_le(json_string_length(json_object_get(body, "text")), 4000);
    ck_assert_uint_le(json_array_size(blocks), 45);
    size_t at = 0, used = 0;
    json_t *block = NULL;
    *out = '\0';
    json_array_foreach(blocks, at, block)
    {
        json_t *section = json_object_get(json_object_get(block, "text"), "text");
        ck_assert_uint_le(json_string_length(section), 3000);
        ck_assert_uint_gt(json_string_length(section), 0);
        used +=
            (size_t)snprintf(out + used, size - used, "%s%s", at > 0 ? "|" : "", json_string_value(section));
        ck_assert_uint_lt(used, size);
    }
    const size_t count = json_array_size(blocks);
    json_decref(body);
    request_free(&request);
    return count;
}

/* PIECE again and again, LENGTH bytes at least. */
static const char *repeat(const char *piece, size_t length)
{
    static char out[20000];
    size_t used = 0;
    while (used < length)
        used += (size_t)snprintf(out + used, sizeof(out) - used, "%s", piece);
    return out;
}

static char sections[20000];

START_TEST(test_long_texts_are_split_at_the_ends_of_lines)
{
    ck_assert_uint_eq(
        sections_of(repeat("0123456789012345678901234567890123456789\n", 8000), sections, sizeof(sections)),
        3);
    const char *bar = strchr(sections, '|');
    ck_assert_int_eq((bar - sections) % 41, 40);
    ck_assert_int_eq((strchr(bar + 1, '|') - bar) % 41, 0);
    ck_assert_uint_eq(strlen(sections), 8036 - 1);
}
END_TEST

START_TEST(test_lines_that_are_too_long_are_split_between_words)
{
    ck_assert_uint_eq(sections_of(repeat("abcdefg ", 7000), sections, sizeof(sections)), 3);
    const char *bar = strchr(sections, '|');
    ck_assert(strncmp(bar - 8, "abcdefg |abcdefg ", 17) == 0);
}
END_TEST

START_TEST(test_nothing_is_cut_in_two)
{
    static const struct {
        const char *unit;
        size_t size;
    } units[] = {{"\xE2\x82\xAC", 3}, {"\xF0\x9F\x94\xA5", 4},           {"&amp;", 5},
                 {"&lt;", 4},         {"<https://example.com|a b>", 25}, {"<@U0EN1>", 8}};
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        for (size_t shift = 0; shift < units[i].size; shift++) {
            char text[20100];
            snprintf(text, sizeof(text), "%.*s%s", (int)shift, "xxxxxxxxxxxxxxxxxxxxxxxxxx",
                     repeat(units[i].unit, 6000));
            ck_assert_uint_ge(sections_of(text, sections, sizeof(sections)), 3);
            char *bar = strchr(sections, '|');
            if (strchr(units[i].unit, '|'))
                bar = strstr(sections, ">|<") + 1;
            ck_assert_uint_eq((size_t)(bar - sections - (ptrdiff_t)shift) % units[i].size, 0);
        }
    }
}
END_TEST

START_TEST(test_preformatted_text_goes_on_as_such)
{
    char text[20100];
    snprintf(text, sizeof(text), "Paste:\n" FENCE "\n%s" FENCE "\nThanks.",
             repeat("0123456789012345678901234567890123456789\n", 4000));
    ck_assert_uint_eq(sections_of(text, sections, sizeof(sections)), 2);
    const char *bar = strchr(sections, '|');
    ck_assert(strncmp(bar - 5, "9\n" FENCE "|" FENCE "\n0", 11) == 0);
    ck_assert_str_eq(sections + strlen(sections) - 13, "9\n" FENCE "\nThanks.");
}
END_TEST

START_TEST(test_what_slack_would_not_take_is_left_out)
{
    ck_assert_uint_le(
        sections_of(repeat("0123456789012345678901234567890123456789\n", 15000), sections, sizeof(sections)),
        7);
    ck_assert_uint_le(strlen(sections), 9100);
    ck_assert_uint_ge(strlen(sections), 8900);
    ck_assert_str_eq(sections + strlen(sections) - 3, "…");
    ck_assert_uint_eq(sections_of(repeat("\n", 5000), sections, sizeof(sections)), 0);
    ck_assert_uint_eq(sections_of("", sections, sizeof(sections)), 0);
    /* One short line before a long one is no reason to drop the long one. */
    char text[15000] = "Note:\n";
    memset(text + 6, 'x', sizeof(text) - 7);
    sections_of(text, sections, sizeof(sections));
    ck_assert_uint_ge(strlen(sections), 8900);
    /* No token: its end is too far away. */
    text[6] = '<';
    text[5000] = '>';
    ck_assert_uint_ge(sections_of(text, sections, sizeof(sections)), 3);
}
END_TEST

/* --- texts of others --- */

START_TEST(test_texts_of_others_mention_nobody)
{
    char out[64];
    slack_escape("<!channel> a & b\ttab\nline\r\x01\x7F \xC2\x85\xC2\xA0\xFF\xE2\x82 ok", out, sizeof(out));
    ck_assert_str_eq(out, "&lt;!channel&gt; a &amp; b\ttab\nline \xC2\xA0 ok");
    char small[8];
    slack_escape("abc&", small, sizeof(small));
    ck_assert_str_eq(small, "abc");
    slack_escape("ab&x", small, sizeof(small));
    ck_assert_str_eq(small, "ab&amp;");
    slack_escape("abcde\xE2\x82\xAC", small, sizeof(small));
    ck_assert_str_eq(small, "abcde");
    slack_escape("abcd\xE2\x82\xAC"
                 "e",
                 small, sizeof(small));
    ck_assert_str_eq(small, "abcd\xE2\x82\xAC");
    slack_escape("abc", small, 1);
    ck_assert_str_eq(small, "");
}
END_TEST

START_TEST(test_an_answer_is_for_the_typist)
{
    char *answer = slack_answer("a \"b\"\n\xE2\x82\xAC");
    ck_assert_str_eq(answer, "{\"response_type\":\"ephemeral\",\"text\":\"a \\\"b\\\"\\n\xE2\x82\xAC\"}");
    free(answer);
}
END_TEST

/* --- answers --- */

START_TEST(test_verdicts)
{
    static const struct {
        const char *answer;
        enum slack_verdict verdict;
        const char *error;
    } cases[] = {
        {"{'ok':true,'channel':'C1','ts':'1.1','message':{'text':'x'}}", SLACK_OK, ""},
        {"{'ok':true,'warning':'missing_charset','response_metadata':{'warnings':['missing_charset']}}",
         SLACK_OK, ""},
        {"{'ok':false,'error':'ratelimited'}", SLACK_LIMITED, "ratelimited"},
        {"{'ok':false,'error':'rate_limited'}", SLACK_LIMITED, "rate_limited"},
        {"{'ok':false,'error':'internal_error'}", SLACK_MAY_PASS, "internal_error"},
        {"{'ok':false,'error':'fatal_error'}", SLACK_MAY_PASS, "fatal_error"},
        {"{'ok':false,'error':'service_unavailable'}", SLACK_MAY_PASS, "service_unavailable"},
        {"{'ok':false,'error':'request_timeout'}", SLACK_MAY_PASS, "request_timeout"},
        {"{'ok':false,'error':'team_added_to_org'}", SLACK_MAY_PASS, "team_added_to_org"},
        {"{'ok':false,'error':'not_authed'}", SLACK_REFUSES_US, "not_authed"},
        {"{'ok':false,'error':'invalid_auth'}", SLACK_REFUSES_US, "invalid_auth"},
        {"{'ok':false,'error':'account_inactive'}", SLACK_REFUSES_US, "account_inactive"},
        {"{'ok':false,'error':'token_revoked'}", SLACK_REFUSES_US, "token_revoked"},
        {"{'ok':false,'error':'token_expired'}", SLACK_REFUSES_US, "token_expired"},
        {"{'ok':false,'error':'missing_scope','needed':'chat:write','provided':'users:read'}", SLACK_NEVER,
         "missing_scope"},
        {"{'ok':false,'error':'channel_not_found'}", SLACK_NEVER, "channel_not_found"},
        {"{'ok':false,'error':'is_archived'}", SLACK_NEVER, "is_archived"},
        {"{'ok':false,'error':'users_not_found'}", SLACK_NEVER, "users_not_found"},
        {"{'ok':false,'error':'some_new_word'}", SLACK_NEVER, "some_new_word"},
        {"{'ok':false}", SLACK_NEVER, ""},
        {"{'error':'internal_error'}", SLACK_MAY_PASS, "ok is missing"},
        {"{}", SLACK_MAY_PASS, "ok is missing"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *answer = json(cases[i].answer);
        ck_assert_msg(slack_read_verdict(reader, answer, strlen(answer), error, sizeof(error)) ==
                          cases[i].verdict,
                      "%s", answer);
        ck_assert_str_eq(error, cases[i].error);
    }
    ck_assert_int_eq(slack_read_verdict(reader, "<html>", 6, error, sizeof(error)), SLACK_MAY_PASS);
    ck_assert_str_ne(error, "");
}
END_TEST

START_TEST(test_where_a_message_was_posted)
{
    char channel[24], ts[24];
    const char *answer = json("{'ok':true,'channel':'C123ABC456','ts':'1503435956.000247','message':{'text':"
                              "'Here','username':'ecto1','bot_id':'B123ABC456','type':'message','subtype':"
                              "'bot_message','ts':'1503435956.000248'}}");
    ck_assert(slack_read_posted(reader, answer, strlen(answer), channel, sizeof(channel), ts, sizeof(ts),
                                error, sizeof(error)));
    ck_assert_str_eq(channel, "C123ABC456");
    ck_assert_str_eq(ts, "1503435956.000247");
    answer = json("{'ok':true,'channel':'C123ABC456'}");
    ck_assert(!slack_read_posted(reader, answer, strlen(answer), channel, sizeof(channel), ts, sizeof(ts),
                                 error, sizeof(error)));
    ck_assert_str_eq(error, "ts is missing");
    answer = json("{'ok':true,'channel':'C123ABC456','ts':1503435956.000247}");
    ck_assert(!slack_read_posted(reader, answer, strlen(answer), channel, sizeof(channel), ts, sizeof(ts),
                                 error, sizeof(error)));
    ck_assert_str_eq(error, "ts is not a text");
}
END_TEST

#define MESSAGE(ts, type, mark)                                                                              \
    "{'type':'message','user':'UBOT','bot_id':'B1','app_id':'A1','text':'x','team':'T1','ts':'" ts           \
    "','metadata':{'event_type':'" type "','event_payload':{'action':'" mark "'}}}"
#define HUMAN                                                                                                \
    "{'type':'message','user':'U1','text':'action-2','ts':'1700000009.000000','thread_ts':'1.1',"            \
    "'client_msg_id':'x'}"

static bool marked(const char *messages, const char *more, char ts[24])
{
    char text[2048];
    snprintf(text, sizeof(text),
             "{'ok':true,'messages':%s,'has_more':%s,'response_metadata':"
             "{'next_cursor':''}}",
             messages, more);
    const char *answer = json(text);
    return slack_read_marked(reader, answer, strlen(answer), "action-2", ts, 24, error, sizeof(error));
}

START_TEST(test_a_message_is_found_by_its_mark)
{
    char ts[24];
    ck_assert(marked("[" HUMAN "," MESSAGE("1700000001.000100", "emergencyd", "action-1") "," MESSAGE(
                         "1700000002.000100", "emergencyd", "action-2") "," HUMAN "]",
                     "true", ts));
    ck_assert_str_eq(ts, "1700000002.000100");
    ck_assert(marked("[" HUMAN "," MESSAGE("1700000001.000100", "emergencyd", "action-22") "," MESSAGE(
                         "1700000002.000100", "another", "action-2") "]",
                     "false", ts));
    ck_assert_str_eq(ts, "");
    ck_assert(marked("[]", "false", ts));
    ck_assert_str_eq(ts, "");
}
END_TEST

START_TEST(test_a_part_of_the_messages_is_no_answer)
{
    char ts[24];
    ck_assert(!marked("[" HUMAN "]", "true", ts));
    ck_assert_str_eq(error, "there are more messages than one answer holds");
    ck_assert(!marked("null", "false", ts));
    ck_assert_str_eq(error, "messages is missing");
    ck_assert(!marked("[", "false", ts));
}
END_TEST

static bool user_of(const char *text, struct slack_user *user)
{
    const char *answer = json(text);
    return slack_read_user(reader, answer, strlen(answer), user, error, sizeof(error));
}

START_TEST(test_a_user_has_name_and_address)
{
    struct slack_user user;
    ck_assert(user_of("{'ok':true,'user':{'id':'W012A3CDE','team_id':'T012AB3C4','name':'spengler',"
                      "'deleted':false,'color':'9f69e7','real_name':'Egon Spengler','tz':'Europe/Berlin',"
                      "'profile':{'real_name':'Dr. Egon Spengler','display_name':'spengler','email':"
                      "'spengler@example.com','team':'T012AB3C4'},'is_bot':false,'updated':1502138686}}",
                      &user));
    ck_assert_str_eq(user.id, "W012A3CDE");
    ck_assert_str_eq(user.name, "Dr. Egon Spengler");
    ck_assert_str_eq(user.email, "spengler@example.com");
    ck_assert(user_of("{'ok':true,'user':{'id':'U1','name':'bot','real_name':'Bot','profile':{}}}", &user));
    ck_assert_str_eq(user.name, "Bot");
    ck_assert_str_eq(user.email, "");
    ck_assert(user_of("{'ok':true,'user':{'id':'U1','name':'bot','profile':{'real_name':''}}}", &user));
    ck_assert_str_eq(user.name, "bot");
    ck_assert(!user_of("{'ok':true,'user':{'name':'bot'}}", &user));
    ck_assert_str_eq(error, "user.id is missing");
}
END_TEST

START_TEST(test_the_probe_says_where_the_workspace_lives)
{
    char home[128] = "before";
    const char *answer = json("{'ok':true}");
    ck_assert(!slack_read_home(reader, answer, strlen(answer), home, sizeof(home)));
    ck_assert_str_eq(home, "before");
    answer = json("{'ok':true,'url':'https://subarachnoid.slack.com/','team':'Subarachnoid Workspace','user':"
                  "'bot','team_id':'T0G9PQBBK','user_id':'W23456789','bot_id':'BZYBOTHED',"
                  "'is_enterprise_install':false}");
    ck_assert(slack_read_home(reader, answer, strlen(answer), home, sizeof(home)));
    ck_assert_str_eq(home, "https://subarachnoid.slack.com/");
}
END_TEST

Suite *slack_messages_suite(void)
{
    Suite *suite = suite_create("slack_messages");
    TCase *tcase = tcase_create("requests");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, test_a_message_is_text_buttons_and_mark);
    tcase_add_test(tcase, test_a_reply_goes_into_its_thread);
    tcase_add_test(tcase, test_a_message_is_replaced_whole);
    tcase_add_test(tcase, test_a_whisper_is_for_one);
    tcase_add_test(tcase, test_reads);
    tcase_add_test(tcase, test_what_is_no_utf8_is_not_sent);
    tcase_add_test(tcase, test_every_button_is_within_the_limits_and_its_name_a_command);
    tcase_add_test(tcase, test_long_texts_are_split_at_the_ends_of_lines);
    tcase_add_test(tcase, test_lines_that_are_too_long_are_split_between_words);
    tcase_add_test(tcase, test_nothing_is_cut_in_two);
    tcase_add_test(tcase, test_preformatted_text_goes_on_as_such);
    tcase_add_test(tcase, test_what_slack_would_not_take_is_left_out);
    tcase_add_test(tcase, test_texts_of_others_mention_nobody);
    tcase_add_test(tcase, test_an_answer_is_for_the_typist);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("answers");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, test_verdicts);
    tcase_add_test(tcase, test_where_a_message_was_posted);
    tcase_add_test(tcase, test_a_message_is_found_by_its_mark);
    tcase_add_test(tcase, test_a_part_of_the_messages_is_no_answer);
    tcase_add_test(tcase, test_a_user_has_name_and_address);
    tcase_add_test(tcase, test_the_probe_says_where_the_workspace_lives);
    suite_add_tcase(suite, tcase);
    return suite;
}
