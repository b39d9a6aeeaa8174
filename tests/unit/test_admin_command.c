/*
 * admin_command: the body of a command becomes what the ledger is told; what is missing or wrong in it is
 * named, and nothing is made of it.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "daemon/admin_command.h"
#include "lib/command.h"
#include "tests/unit/suites.h"

#define NOW_MS INT64_C(1795435200000)

static bool read_command(enum command command, const char *body, struct delivery *delivery)
{
    *delivery = (struct delivery){0};
    return admin_command_read(command, 7, body, strlen(body), NOW_MS, delivery);
}

START_TEST(a_command_tells_who_gave_it_when_and_to_which_emergency)
{
    struct delivery d;
    ck_assert(read_command(COMMAND_PAUSE, "{\"by\": \"Ann\", \"unknown\": [1]}", &d));
    ck_assert_int_eq(d.kind, DELIVERY_COMMAND);
    ck_assert_int_eq(d.event.type, EVENT_COMMAND);
    ck_assert_int_eq(d.event.source, EVENT_SOURCE_SELF);
    ck_assert_int_eq(d.event.command.name, COMMAND_PAUSE);
    ck_assert_int_eq(d.event.emergency, 7);
    ck_assert_int_eq(d.event.at_ms, NOW_MS);
    ck_assert_int_eq(d.event.now_ms, NOW_MS);
    ck_assert_str_eq(d.event.by, "Ann");
    ck_assert_str_eq(d.event.text, "");
}
END_TEST

START_TEST(arguments_are_read)
{
    struct delivery d;
    ck_assert(read_command(COMMAND_NOTE, "{\"by\": \"Ann\", \"text\": \"two\\nlines\"}", &d));
    ck_assert_str_eq(d.event.text, "two\nlines");
    ck_assert(read_command(COMMAND_CONTACTED, "{\"by\": \"Ann\", \"how\": \"voicemail\"}", &d));
    ck_assert_str_eq(d.event.text, "voicemail");
    ck_assert(read_command(COMMAND_CLOSE, "{\"by\": \"Ann\", \"why\": \"a test\"}", &d));
    ck_assert_str_eq(d.event.text, "a test");
    ck_assert(read_command(COMMAND_LINK, "{\"by\": \"Ann\", \"ticket\": 4711}", &d));
    ck_assert_int_eq(d.event.ticket_id, 4711);
    ck_assert(read_command(COMMAND_LINK, "{\"by\": \"Ann\", \"ticket\": \"4712\"}", &d));
    ck_assert_int_eq(d.event.ticket_id, 4712);
    ck_assert(read_command(COMMAND_EXTEND, "{\"by\": \"Ann\", \"for\": \"90s\"}", &d));
    ck_assert_int_eq(d.event.command.for_ms, 90000);
    ck_assert(read_command(COMMAND_HANDOFF, "{\"by\": \"Ann\", \"to\": \"Bob\"}", &d));
    ck_assert_str_eq(d.event.command.to, "Bob");
    ck_assert(read_command(COMMAND_PAGE, "{\"by\": \"Ann\", \"who\": \"bob@example.com\"}", &d));
    ck_assert_str_eq(d.event.command.to, "bob@example.com");
    ck_assert(
        read_command(COMMAND_BULK, "{\"by\": \"Ann\", \"tag\": \"incident-7\", \"text\": \"We know.\"}", &d));
    ck_assert_str_eq(d.event.command.to, "incident-7");
    ck_assert_str_eq(d.event.text, "We know.");
}
END_TEST

START_TEST(some_arguments_may_be_left_out)
{
    struct delivery d;
    ck_assert(read_command(COMMAND_EXTEND, "{\"by\": \"Ann\"}", &d));
    ck_assert_int_eq(d.event.command.for_ms, 15 * 60000);
    ck_assert(read_command(COMMAND_EXTEND, "{\"by\": \"Ann\", \"for\": null}", &d));
    ck_assert_int_eq(d.event.command.for_ms, 15 * 60000);
    ck_assert(read_command(COMMAND_CONTACTED, "{\"by\": \"Ann\"}", &d));
    ck_assert(read_command(COMMAND_CLOSE, "{\"by\": \"Ann\"}", &d));
    ck_assert(read_command(COMMAND_PAGE, "{\"by\": \"Ann\"}", &d));
}
END_TEST

START_TEST(what_is_wrong_is_named)
{
    static const struct {
        enum command command;
        const char *body;
        const char *named;
    } cases[] = {
        {COMMAND_PAUSE, "", "not JSON"},
        {COMMAND_PAUSE, "{\"by\": \"Ann\"", "not JSON"},
        {COMMAND_PAUSE, "{\"by\": \"Ann\"} x", "not JSON"},
        {COMMAND_PAUSE, "{\"by\": \"Ann\", \"by\": \"Bob\"}", "not JSON"},
        {COMMAND_PAUSE, "{\"by\": \"A\\u0000\"}", "not JSON"},
        {COMMAND_PAUSE, "[\"by\"]", "object"},
        {COMMAND_PAUSE, "{}", "\"by\" is missing"},
        {COMMAND_PAUSE, "{\"by\": null}", "\"by\" is missing"},
        {COMMAND_PAUSE, "{\"by\": 7}", "\"by\" must be a string"},
        {COMMAND_PAUSE, "{\"by\": \" \\n\"}", "\"by\" must not be empty"},
        {COMMAND_NOTE, "{\"by\": \"Ann\"}", "\"text\" is missing"},
        {COMMAND_NOTE, "{\"by\": \"Ann\", \"text\": \"\"}", "\"text\" must not be empty"},
        {COMMAND_CLOSE, "{\"by\": \"Ann\", \"why\": {}}", "\"why\" must be a string"},
        {COMMAND_HANDOFF, "{\"by\": \"Ann\"}", "\"to\" is missing"},
        {COMMAND_BULK, "{\"by\": \"Ann\", \"text\": \"We know.\"}", "\"tag\" is missing"},
        {COMMAND_BULK, "{\"by\": \"Ann\", \"tag\": \"incident-7\"}", "\"text\" is missing"},
        {COMMAND_LINK, "{\"by\": \"Ann\"}", "\"ticket\" is missing"},
        {COMMAND_LINK, "{\"by\": \"Ann\", \"ticket\": 0}", "\"ticket\" must be"},
        {COMMAND_LINK, "{\"by\": \"Ann\", \"ticket\": -1}", "\"ticket\" must be"},
        {COMMAND_LINK, "{\"by\": \"Ann\", \"ticket\": 1.5}", "\"ticket\" must be"},
        {COMMAND_LINK, "{\"by\": \"Ann\", \"ticket\": \"4711x\"}", "\"ticket\" must be"},
        {COMMAND_LINK, "{\"by\": \"Ann\", \"ticket\": true}", "\"ticket\" must be"},
        {COMMAND_EXTEND, "{\"by\": \"Ann\", \"for\": 15}", "\"for\" must be a string"},
        {COMMAND_EXTEND, "{\"by\": \"Ann\", \"for\": \"15\"}", "\"for\" must be a period"},
        {COMMAND_EXTEND, "{\"by\": \"Ann\", \"for\": \"-15m\"}", "\"for\" must be a period"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct delivery d;
        ck_assert_msg(!read_command(cases[i].command, cases[i].body, &d), "%s", cases[i].body);
        ck_assert_int_eq(d.status, 400);
        ck_assert_msg(strstr(d.error, cases[i].named), "%s: %s", cases[i].body, d.error);
    }
}
END_TEST

START_TEST(a_text_is_taken_whole_or_not_at_all)
{
    struct delivery d;
    char text[COMMAND_TEXT_SIZE + 1];
    char body[sizeof text + 100];
    for (size_t length = COMMAND_TEXT_SIZE - 1; length <= COMMAND_TEXT_SIZE; length++) {
        memset(text, 'x', length);
        text[length] = '\0';
        (void)snprintf(body, sizeof body, "{\"by\": \"Ann\", \"text\": \"%s\"}", text);
        bool fits = length < COMMAND_TEXT_SIZE;
        ck_assert(read_command(COMMAND_NOTE, body, &d) == fits);
        if (fits)
            ck_assert_str_eq(d.event.text, text);
        else
            ck_assert_str_eq(d.error, "\"text\" is too long: at most 2047 bytes");
    }
}
END_TEST

START_TEST(a_retry_names_its_call_and_who_wants_it)
{
    struct delivery d = {0};
    static const char body[] = "{\"by\": \"Ann\"}";
    ck_assert(admin_command_read_retry(9, body, sizeof body - 1, NOW_MS, &d));
    ck_assert_int_eq(d.kind, DELIVERY_RETRY);
    ck_assert_int_eq(d.action, 9);
    ck_assert_str_eq(d.event.by, "Ann");
    d = (struct delivery){0};
    ck_assert(!admin_command_read_retry(9, "{}", 2, NOW_MS, &d));
    ck_assert_int_eq(d.status, 400);
}
END_TEST

Suite *admin_command_suite(void)
{
    Suite *suite = suite_create("admin_command");
    TCase *tcase = tcase_create("bodies");
    tcase_add_test(tcase, a_command_tells_who_gave_it_when_and_to_which_emergency);
    tcase_add_test(tcase, arguments_are_read);
    tcase_add_test(tcase, some_arguments_may_be_left_out);
    tcase_add_test(tcase, what_is_wrong_is_named);
    tcase_add_test(tcase, a_text_is_taken_whole_or_not_at_all);
    tcase_add_test(tcase, a_retry_names_its_call_and_who_wants_it);
    suite_add_tcase(suite, tcase);
    return suite;
}
