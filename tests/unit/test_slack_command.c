/*
 * What is typed behind Slack's slash command: every command with its arguments and whose it is; what is typed
 * wrong is explained.
 */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/command.h"
#include "lib/services/fields.h"
#include "lib/services/slack_internal.h"
#include "tests/unit/suites.h"

static struct delivery delivery;
static char wrong[600];

static bool typed(const char *text)
{
    const struct complaint complaint = {wrong, sizeof(wrong)};
    delivery = (struct delivery){0};
    *wrong = '\0';
    return slack_command_read("/emergency", text, &delivery, &complaint);
}

static const struct {
    const char *text;
    enum command command;
    int64_t emergency, ticket;
    const char *words;
    const char *to;
} commands[] = {
    {"ack", COMMAND_ACK, 0, 0, "", ""},
    {"ack 7", COMMAND_ACK, 7, 0, "", ""},
    {"ack #4711", COMMAND_ACK, 0, 4711, "", ""},
    {"  ACK\t 7 \n", COMMAND_ACK, 7, 0, "", ""},
    {"take 7", COMMAND_TAKE, 7, 0, "", ""},
    {"first-contact 7", COMMAND_FIRST_CONTACT, 7, 0, "", ""},
    {"contacted", COMMAND_CONTACTED, 0, 0, "", ""},
    {"contacted 7 left a  voicemail", COMMAND_CONTACTED, 7, 0, "left a  voicemail", ""},
    {"contacted by phone", COMMAND_CONTACTED, 0, 0, "by phone", ""},
    {"followed-up #4711", COMMAND_FOLLOWED_UP, 0, 4711, "", ""},
    {"replied", COMMAND_REPLIED, 0, 0, "", ""},
    {"pause 7", COMMAND_PAUSE, 7, 0, "", ""},
    {"resume 7", COMMAND_RESUME, 7, 0, "", ""},
    {"do-it 7", COMMAND_DO_IT, 7, 0, "", ""},
    {"downgrade 7", COMMAND_DOWNGRADE, 7, 0, "", ""},
    {"urgent 7", COMMAND_URGENT, 7, 0, "", ""},
    {"not-emergency 7", COMMAND_NOT_EMERGENCY, 7, 0, "", ""},
    {"page", COMMAND_PAGE, 0, 0, "", ""},
    {"page 7 Eng One", COMMAND_PAGE, 7, 0, "", "Eng One"},
    {"page <@U1|eng.one>", COMMAND_PAGE, 0, 0, "", "<@U1>"},
    {"page <mailto:eng1@example.com|eng1@example.com>", COMMAND_PAGE, 0, 0, "", "eng1@example.com"},
    {"manager 7", COMMAND_MANAGER, 7, 0, "", ""},
    {"call-started 7", COMMAND_CALL_STARTED, 7, 0, "", ""},
    {"call-ended 7", COMMAND_CALL_ENDED, 7, 0, "", ""},
    {"handoff 7 <@W23>", COMMAND_HANDOFF, 7, 0, "", "<@W23>"},
    {"handoff #4711 eng2@example.com", COMMAND_HANDOFF, 0, 4711, "", "eng2@example.com"},
    {"link #4711", COMMAND_LINK, 0, 4711, "", ""},
    {"link 4711", COMMAND_LINK, 0, 4711, "", ""},
    {"link 7 4711", COMMAND_LINK, 7, 4711, "", ""},
    {"link 7 #4711", COMMAND_LINK, 7, 4711, "", ""},
    {"link 7 <https://acme.zendesk.com/agent/tickets/4711>", COMMAND_LINK, 7, 4711, "", ""},
    {"note tried\nthat", COMMAND_NOTE, 0, 0, "tried\nthat", ""},
    {"note #4711 a &lt; b &amp;&amp; b &gt; c", COMMAND_NOTE, 0, 4711, "a < b && b > c", ""},
    {"note #important thing", COMMAND_NOTE, 0, 0, "#important thing", ""},
    {"note 3rd time", COMMAND_NOTE, 0, 0, "3rd time", ""},
    {"bulk 7 incident-1 We work on it.", COMMAND_BULK, 7, 0, "We work on it.", "incident-1"},
    {"bulk incident-1 We work on it.", COMMAND_BULK, 0, 0, "We work on it.", "incident-1"},
    {"close 7", COMMAND_CLOSE, 7, 0, "", ""},
    {"close 7 false alarm", COMMAND_CLOSE, 7, 0, "false alarm", ""},
    {"reopen 7", COMMAND_REOPEN, 7, 0, "", ""},
    {"resolve 7", COMMAND_RESOLVE, 7, 0, "", ""},
    {"duty", COMMAND_DUTY, 0, 0, "", ""},
    {"colleague 7", COMMAND_COLLEAGUE, 7, 0, "", ""},
    {"ack 9223372036854775807", COMMAND_ACK, INT64_MAX, 0, "", ""},
};

START_TEST(test_every_command_is_read_with_and_without_whose_it_is)
{
    bool seen[COMMAND_COUNT] = {[COMMAND_NONE] = true, [COMMAND_EXTEND] = true};
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        ck_assert_msg(typed(commands[i].text), "%s: %s", commands[i].text, wrong);
        const struct event *event = &delivery.event;
        ck_assert_msg(event->type == EVENT_COMMAND && event->command.name == commands[i].command, "%s",
                      commands[i].text);
        ck_assert_msg(event->emergency == commands[i].emergency && event->ticket_id == commands[i].ticket,
                      "%s", commands[i].text);
        ck_assert_str_eq(event->text, commands[i].words);
        ck_assert_str_eq(event->command.to, commands[i].to);
        ck_assert_int_eq(delivery.question, QUESTION_NONE);
        seen[commands[i].command] = true;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        ck_assert_msg(seen[i], "%s is not tested", command_name((enum command)i));
}
END_TEST

START_TEST(test_a_period_is_15_minutes_or_what_is_typed)
{
    static const struct {
        const char *text;
        int64_t emergency, ticket, for_ms;
    } cases[] = {{"extend", 0, 0, 900000},
                 {"extend 7", 7, 0, 900000},
                 {"extend 7 1h", 7, 0, 3600000},
                 {"extend 30m", 0, 0, 1800000},
                 {"extend #4711 90s", 0, 4711, 90000}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_msg(typed(cases[i].text), "%s: %s", cases[i].text, wrong);
        ck_assert_int_eq(delivery.event.emergency, cases[i].emergency);
        ck_assert_int_eq(delivery.event.ticket_id, cases[i].ticket);
        ck_assert_int_eq(delivery.event.command.for_ms, cases[i].for_ms);
    }
}
END_TEST

START_TEST(test_questions_are_no_commands)
{
    static const struct {
        const char *text;
        enum question question;
    } cases[] = {{"", QUESTION_HELP},          {"  \n", QUESTION_HELP},
                 {"help", QUESTION_HELP},      {"Help extend", QUESTION_HELP},
                 {"?", QUESTION_HELP},         {"oncall", QUESTION_ONCALL},
                 {"on-call", QUESTION_ONCALL}, {"list", QUESTION_LIST}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert(typed(cases[i].text));
        ck_assert_int_eq(delivery.question, cases[i].question);
        ck_assert_int_eq(delivery.event.type, EVENT_IGNORED);
    }
}
END_TEST

START_TEST(test_what_is_wrong_is_explained)
{
    static const struct {
        const char *text;
        const char *wrong;
    } cases[] = {
        {"frobnicate 7", "\"frobnicate\" is no command. `/emergency help` shows what there is."},
        {"none", "\"none\" is no command. `/emergency help` shows what there is."},
        {"&lt;b&gt;", "\"&lt;b&gt;\" is no command. `/emergency help` shows what there is."},
        {"7 ack", "\"7\" is no command. `/emergency help` shows what there is."},
        {"ack 0", "\"0\" is no emergency's number. Wanted is `/emergency ack [ID | #TICKET]`."},
        {"ack 9223372036854775808", "\"9223372036854775808\" is no emergency's number. Wanted is "
                                    "`/emergency ack [ID | #TICKET]`."},
        {"ack #0", "\"#0\" is no ticket's number. Wanted is `/emergency ack [ID | #TICKET]`."},
        {"ack 7 now please", "\"now\" is too much. Wanted is `/emergency ack [ID | #TICKET]`."},
        {"ack 7 8", "\"8\" is too much. Wanted is `/emergency ack [ID | #TICKET]`."},
        {"ack -7", "\"-7\" is too much. Wanted is `/emergency ack [ID | #TICKET]`."},
        {"extend 7 30", "\"for\" must be a period such as 90s, 15m or 1h. Wanted is "
                        "`/emergency extend [ID | #TICKET] [FOR]`."},
        {"extend 7 30m 30m", "\"30m\" is too much. Wanted is `/emergency extend [ID | #TICKET] [FOR]`."},
        {"note", "\"text\" is missing. Wanted is `/emergency note [ID | #TICKET] TEXT…`."},
        {"note 7", "\"text\" is missing. Wanted is `/emergency note [ID | #TICKET] TEXT…`."},
        {"handoff 7", "\"to\" is missing. Wanted is `/emergency handoff [ID | #TICKET] TO…`."},
        {"bulk 7", "\"tag\" is missing. Wanted is `/emergency bulk [ID | #TICKET] TAG TEXT…`."},
        {"bulk incident-1", "\"text\" is missing. Wanted is `/emergency bulk [ID | #TICKET] TAG TEXT…`."},
        {"link", "\"ticket\" is missing. Wanted is `/emergency link [ID] TICKET`."},
        {"link seven", "\"ticket\" must be a ticket's number. Wanted is `/emergency link [ID] TICKET`."},
        {"link 0", "\"ticket\" must be a ticket's number. Wanted is `/emergency link [ID] TICKET`."},
        {"link #1 2", "\"2\" is too much. Wanted is `/emergency link [ID] TICKET`."},
        {"link 7 https://acme.zendesk.com/agent/users/1",
         "\"ticket\" must be a ticket's number. Wanted is `/emergency link [ID] TICKET`."},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_msg(!typed(cases[i].text), "%s", cases[i].text);
        ck_assert_str_eq(wrong, cases[i].wrong);
        ck_assert_int_eq(delivery.event.type, EVENT_IGNORED);
    }
}
END_TEST

START_TEST(test_what_is_too_long_is_not_cut)
{
    static char text[9000];
    memset(text, 'x', sizeof(text) - 1);
    memcpy(text, "note ", 5);
    ck_assert(!typed(text));
    ck_assert_str_eq(wrong, "That is too long. `/emergency help` shows what there is.");
    text[5 + COMMAND_TEXT_SIZE] = '\0';
    ck_assert(!typed(text));
    ck_assert_ptr_nonnull(strstr(wrong, "\"text\" is too long: at most 2047 bytes. Wanted is"));
    text[5 + COMMAND_TEXT_SIZE - 1] = '\0';
    ck_assert(typed(text));
    ck_assert_uint_eq(strlen(delivery.event.text), COMMAND_TEXT_SIZE - 1);
    memcpy(text, "page ", 5);
    text[5 + sizeof(delivery.event.command.to)] = '\0';
    ck_assert(!typed(text));
    ck_assert_ptr_nonnull(strstr(wrong, "\"who\" is too long: at most 95 bytes. Wanted is"));
}
END_TEST

START_TEST(test_mentions_are_read_as_people_do)
{
    static const struct {
        const char *text;
        const char *words;
    } cases[] = {
        {"<@U1|eng.one> and <@U2> and <@U3|>", "@eng.one and @U2 and @U3"},
        {"<#C1|support> <#C2> <#C3|>", "#support #C2 #C3"},
        {"<!subteam^S1|@region> <!here> <!subteam^S2>", "@region @here @subteam^S2"},
        {"<https://example.com/?a=1&amp;b|example.com> <https://example.com>",
         "https://example.com/?a=1&b https://example.com"},
        {"<mailto:a@example.com|a@example.com>", "a@example.com"},
        {"a <b> <c", "a <b> <c"},
        {"<<@U1|x>", "<@x"},
        {"<>", "<>"},
        {"&lt;@U1&gt; &amp;lt; &quot; &", "<@U1> &lt; &quot; &"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[200] = "note 7 ";
        strncat(text, cases[i].text, sizeof(text) - 8);
        ck_assert_msg(typed(text), "%s: %s", text, wrong);
        ck_assert_str_eq(delivery.event.text, cases[i].words);
    }
}
END_TEST

Suite *slack_command_suite(void)
{
    Suite *suite = suite_create("slack_command");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, test_every_command_is_read_with_and_without_whose_it_is);
    tcase_add_test(tcase, test_a_period_is_15_minutes_or_what_is_typed);
    tcase_add_test(tcase, test_questions_are_no_commands);
    tcase_add_test(tcase, test_what_is_wrong_is_explained);
    tcase_add_test(tcase, test_what_is_too_long_is_not_cut);
    tcase_add_test(tcase, test_mentions_are_read_as_people_do);
    suite_add_tcase(suite, tcase);
    return suite;
}
