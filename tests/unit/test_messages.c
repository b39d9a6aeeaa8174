/*
 * messages: every text that the daemon writes; files that replace them; that a foreign text can neither
 * mention anybody nor give an order, wherever it goes, and stays out of Slack where the coverage says redact.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mention.h"
#include "lib/messages_internal.h"
#include "lib/timestamp.h"
#include "tests/unit/settings_file.h"
#include "tests/unit/suites.h"

#define SETTINGS                                                                                             \
    ZENDESK "[slack]\nsigning_secret = s\ntoken = t\nchannel = C0123ABCDE\n"                                 \
            "[channel one]\nmatch = tag:one\nslack = C0123ABCDF\nregion_group = S0123ABCDE\n"                \
            "links = Runbook https://wiki.example.com/one\n"                                                 \
            "[coverage fed]\nmatch = tag:fed\nredact = yes\n"                                                \
            "[coverage open]\nmatch = tag:open\n"

static struct emergency e;
static struct event event;
static struct message_facts facts;
static char text[16 * 1024];

static int64_t time_of(const char *written)
{
    int64_t ms = 0;
    ck_assert(timestamp_parse(written, &ms, NULL));
    return ms;
}

#define PUT(member, value) ((void)snprintf((member), sizeof(member), "%s", (value)))

/* One in which nearly everything is known. */
static void begin(void)
{
    settings_begin();
    settings_expect_good(SETTINGS);
    e = (struct emergency){.id = 7, .ticket_id = 4711, .phase = PHASE_CONTACTED, .sorted = true};
    e.due_ms = time_of("2026-11-23T12:15:40Z");
    e.contacted_ms = time_of("2026-11-23T12:00:40Z");
    PUT(e.subject, "Production is down");
    PUT(e.organization, "Acme");
    PUT(e.product, "one");
    PUT(e.coverage, "open");
    PUT(e.engineer, "Eng One");
    PUT(e.engineer_email, "eng1@example.com");
    PUT(e.tam, "tam@example.com");
    PUT(e.bridge_url, "https://zoom.example/j/901");
    event = (struct event){.type = EVENT_COMMAND};
    PUT(event.by, "Manager");
    PUT(event.by_email, "manager@example.com");
    facts = (struct message_facts){.config = &settings, .e = &e, .event = &event, .slack_home = ""};
    facts.now_ms = time_of("2026-11-23T12:01:00Z");
}

static const char *written(enum message message)
{
    messages_write(settings.messages.texts, message, &facts, text, sizeof text);
    return text;
}

static void everybody(void *context, const char *address, char *id, size_t size)
{
    (void)context;
    (void)snprintf(id, size, "U(%s)", address);
}

/* As Slack gets it, where everybody is known. */
static const char *in_slack(enum message message)
{
    char tokens[sizeof text];
    (void)snprintf(tokens, sizeof tokens, "%s", written(message));
    mention_resolve(tokens, everybody, NULL, text, sizeof text);
    return text;
}

static void expect_part(const char *whole, const char *part)
{
    ck_assert_msg(strstr(whole, part) != NULL, "no \"%s\" in:\n%s", part, whole);
}

static void expect_no_part(const char *whole, const char *part)
{
    ck_assert_msg(!strstr(whole, part), "\"%s\" in:\n%s", part, whole);
}

/* --- all of them --- */

static void expect_clean(enum message message)
{
    const char *name;
    const char *ignored;
    bool for_slack = false;
    ck_assert(messages_describe((size_t)message - 1, &name, &ignored, &for_slack));
    for (const char *c = written(message); *c; c++)
        ck_assert_msg((unsigned char)*c >= ' ' || *c == '\n' || (for_slack && *c <= 4), "%s: %s", name, text);
    expect_no_part(text, "{{");
    expect_no_part(text, "}}");
    expect_no_part(text, "(null)");
    ck_assert_msg(text[0] || message == MESSAGE_PAGE_DETAILS || message == MESSAGE_RUNBOOK_HEAD ||
                      message == MESSAGE_SUMMON_DETAILS || message == MESSAGE_DOUBTED ||
                      message == MESSAGE_CC || message == MESSAGE_ASKED,
                  "%s says nothing", name);
}

START_TEST(every_text_can_be_written_whatever_is_known)
{
    static const struct emergency nothing = {0};
    for (enum message i = MESSAGE_NONE + 1; i < MESSAGE_COUNT; i++)
        expect_clean(i);
    facts.e = &nothing;
    facts.event = NULL;
    facts.slack_home = NULL;
    for (enum message i = MESSAGE_NONE + 1; i < MESSAGE_COUNT; i++)
        expect_clean(i);
}
END_TEST

static bool is_documented(const char *readme, const char *name)
{
    char quoted[64];
    (void)snprintf(quoted, sizeof quoted, "`%s`", name);
    return strstr(readme, quoted) != NULL;
}

START_TEST(every_text_and_every_field_is_in_the_readme)
{
    FILE *file = fopen("README.md", "re");
    char *readme = NULL;
    size_t size = 0;
    const char *name = NULL;
    const char *built_in = NULL;
    bool for_slack = false;
    size_t count = 0;
    ck_assert_msg(file != NULL, "tests run from the root, where README.md is");
    ck_assert_int_gt(getdelim(&readme, &size, '\0', file), 0);
    fclose(file);
    const char *texts = strstr(readme, "\n### Texts\n");
    ck_assert_ptr_nonnull(texts);
    for (; messages_describe(count, &name, &built_in, &for_slack); count++)
        ck_assert_msg(is_documented(texts, name) && built_in[0], "text %s", name);
    ck_assert_uint_eq(count, MESSAGE_COUNT - 1);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        ck_assert_msg(is_documented(texts, message_field_names[i]), "field %s", message_field_names[i]);
    free(readme);
}
END_TEST

START_TEST(what_does_not_fit_is_cut)
{
    char small[20];
    memset(small, 'x', sizeof small);
    messages_write(settings.messages.texts, MESSAGE_FOLLOW_UP, &facts, small, sizeof small);
    ck_assert_uint_lt(strlen(small), sizeof small);
}
END_TEST

/* --- files --- */

static struct messages *of_directory(char *error, size_t size)
{
    error[0] = '\0';
    return messages_new(settings_directory, error, size);
}

START_TEST(a_file_replaces_a_text)
{
    char error[600];
    settings_write("closed.txt", "Done with {{ticket_link}}.\n{{#closed_why}}\nWhy: {{closed_why}}\n"
                                 "{{/closed_why}}\n");
    struct messages *messages = of_directory(error, sizeof error);
    ck_assert_msg(messages != NULL, "%s", error);
    PUT(e.closed_why, "solved");
    messages_write(messages, MESSAGE_CLOSED, &facts, text, sizeof text);
    ck_assert_str_eq(text, "Done with <https://x.zendesk.com/agent/tickets/4711|#4711>.\nWhy: solved");
    messages_write(messages, MESSAGE_RESUMED, &facts, text, sizeof text); /* the others are as ever */
    expect_part(text, "let the clocks go on");
    messages_free(messages);
    messages_free(NULL);
}
END_TEST

static void expect_refused(const char *part)
{
    char error[600];
    char start[200];
    ck_assert_ptr_null(of_directory(error, sizeof error));
    (void)snprintf(start, sizeof start, "%s/follow_up.txt: ", settings_directory);
    ck_assert_msg(strncmp(error, start, strlen(start)) == 0, "%s", error);
    expect_part(error, part);
}

START_TEST(a_file_that_is_wrong_is_told_with_line_and_name)
{
    settings_write("follow_up.txt", "Hello,\n{{subjekt}}\n");
    expect_refused("line 2: no field \"subjekt\"");
    settings_write("follow_up.txt", "{{#subject}}\n");
    expect_refused("line 1");
    settings_write_bytes("follow_up.txt", "a\0b", 3);
    expect_refused("not plain text");
    settings_write("follow_up.txt", "\xff\xfe");
    expect_refused("not plain text");
    char *longer = malloc(65 * 1024 + 1);
    ck_assert_ptr_nonnull(longer);
    memset(longer, 'x', 65 * 1024);
    longer[65 * 1024] = '\0';
    settings_write("follow_up.txt", longer);
    free(longer);
    expect_refused("longer than 64 KB");
}
END_TEST

START_TEST(a_file_that_can_not_be_read_is_told)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/follow_up.txt", settings_directory);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    expect_refused("it can't be read");
    ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

START_TEST(a_directory_that_is_not_there_is_told)
{
    char error[600];
    ck_assert_ptr_null(messages_new("/nonexistent/texts", error, sizeof error));
    ck_assert_str_eq(error,
                     "/nonexistent/texts: No such file or directory; wanted a directory that can be read");
}
END_TEST

/* In the settings' error too. */
START_TEST(all_names_and_fields_are_told)
{
    char sections[400], end[100];
    const char *name, *last = "", *body;
    bool for_slack;
    for (size_t i = 0; messages_describe(i, &name, &body, &for_slack); i++)
        last = name;
    (void)snprintf(sections, sizeof sections, "[messages]\ndirectory = %s\n" ZENDESK, settings_directory);
    settings_write("followup.txt", "Hello");
    ck_assert(!settings_load(sections));
    (void)snprintf(end, sizeof end, " %s", last);
    expect_part(settings_error.message, end);
    settings_write("followup.txt", "");
    (void)snprintf(end, sizeof end, "%s/followup.txt", settings_directory);
    ck_assert_int_eq(unlink(end), 0);
    settings_write("follow_up.txt", "{{subjekt}}\n");
    ck_assert(!settings_load(sections));
    for (size_t i = 0; i < FIELD_COUNT; i++)
        expect_part(settings_error.message, message_field_names[i]);
}
END_TEST

START_TEST(a_file_that_is_no_message_is_told_with_the_names)
{
    char error[600];
    settings_write("followup.txt", "Hello");
    ck_assert_ptr_null(of_directory(error, sizeof error));
    expect_part(error,
                "/followup.txt: no message has this name; wanted NAME.txt, NAME one of first_contact ");
    expect_part(error, " follow_up ");
    char path[128];
    (void)snprintf(path, sizeof path, "%s/followup.txt", settings_directory);
    ck_assert_int_eq(unlink(path), 0);
    static const char *const others[] = {"README.md", ".#follow_up.txt", "follow_up.txt~", "txt"};
    for (size_t i = 0; i < COUNT_OF(others); i++)
        settings_write(others[i], "{{nobody}}");
    struct messages *messages = of_directory(error, sizeof error);
    ck_assert_msg(messages != NULL, "%s", error);
    messages_free(messages);
}
END_TEST

START_TEST(the_settings_load_the_directory)
{
    char with_directory[1024];
    settings_write("resumed.txt", "{{nobody}}");
    (void)snprintf(with_directory, sizeof with_directory, SETTINGS "[messages]\ndirectory = %s\n",
                   settings_directory);
    ck_assert(!settings_load(with_directory));
    expect_part(settings_error.message, "resumed.txt");
    expect_part(settings_error.message, "nobody");
    settings_write("resumed.txt", "onward");
    settings_expect_good(with_directory);
    facts.config = &settings;
    ck_assert_str_eq(written(MESSAGE_RESUMED), "onward");
}
END_TEST

/* --- for the customer --- */

static int count_of(const char *whole, const char *part)
{
    int count = 0;
    for (const char *at = strstr(whole, part); at; at = strstr(at + 1, part))
        count++;
    return count;
}

START_TEST(the_follow_up_has_its_four_points_and_the_bridge)
{
    settings.policy.downgrade_after_ms = 90 * 1000;
    written(MESSAGE_FOLLOW_UP);
    ck_assert_int_eq(count_of(text, "\n* "), 4);
    expect_part(text, "not heard from you for 15 minutes");
    expect_part(text, "on a call: https://zoom.example/j/901\n");
    expect_part(text, "what suits you better");
    expect_part(text, "within the next 90 seconds, we will close the call");
    expect_part(text, "at high priority");
    expect_part(text, "open a new emergency request");
    e.bridge_url[0] = '\0';
    written(MESSAGE_FOLLOW_UP);
    ck_assert_int_eq(count_of(text, "\n* "), 4);
    expect_part(text, "we will send the link");
    PUT(e.bridge_url, "https://zoom.example/j/901");
    e.bridge_over = true;
    expect_no_part(written(MESSAGE_FOLLOW_UP), "zoom.example");
}
END_TEST

START_TEST(the_first_comment_offers_the_bridge)
{
    expect_part(written(MESSAGE_FIRST_CONTACT), "\n\nhttps://zoom.example/j/901\n");
    expect_part(text, "\"Production is down\"");
    e.bridge_url[0] = e.subject[0] = '\0';
    expect_part(written(MESSAGE_FIRST_CONTACT), "we will send the link");
    expect_no_part(text, "\"");
}
END_TEST

START_TEST(texts_for_others_are_plain)
{
    PUT(e.subject, "<b> & \"co\"\n\x02U1\x03x\x04");
    expect_part(written(MESSAGE_FIRST_CONTACT), "<b> & \"co\" ");
    for (enum message i = MESSAGE_FIRST_CONTACT; i <= MESSAGE_RUNBOOK_HEAD; i++)
        expect_no_part(written(i), "\x02");
}
END_TEST

START_TEST(who_is_available_is_told_with_times_of_the_customer)
{
    PUT(facts.engineer.name, "Eng One");
    facts.engineer.until_ms = time_of("2026-11-23T17:00:00Z");
    PUT(e.zone, "America/Los_Angeles");
    expect_part(written(MESSAGE_AVAILABILITY), "Eng One is here for you until 17:00 UTC (Mon 09:00 PST).");
    PUT(facts.next.name, "Eng Two");
    facts.next.until_ms = time_of("2026-11-24T01:00:00Z");
    expect_part(written(MESSAGE_AVAILABILITY),
                "until 17:00 UTC (Mon 09:00 PST), and after that Eng Two until 01:00 UTC (Mon 17:00 PST).");
    facts.next.until_ms = INT64_MAX;
    expect_part(written(MESSAGE_AVAILABILITY), "and after that Eng Two.");
    e.zone[0] = '\0';
    expect_part(written(MESSAGE_AVAILABILITY), "until 17:00 UTC, and");
    facts.engineer.name[0] = '\0';
    expect_part(written(MESSAGE_AVAILABILITY), "around the clock");
    expect_part(written(MESSAGE_CALL_ENDED), "around the clock"); /* as a text within a text */
}
END_TEST

/* --- for Slack --- */

static const char bad[] = "<!channel> & <@U1> <!subteam^S1>\x02U1\x03you\x04 `code` ```\n*Thread*";

static void expect_harmless(const char *slack)
{
    expect_no_part(slack, "<!channel");
    expect_no_part(slack, "<@U1>");
    expect_no_part(slack, "<!subteam^S1>");
    expect_no_part(slack, "U(U1)");
    for (const char *amp = strchr(slack, '&'); amp; amp = strchr(amp + 1, '&'))
        ck_assert(strncmp(amp, "&amp;", 5) == 0 || strncmp(amp, "&lt;", 4) == 0 ||
                  strncmp(amp, "&gt;", 4) == 0);
}

START_TEST(a_foreign_text_mentions_nobody_in_slack)
{
    PUT(e.subject, bad);
    PUT(e.organization, bad);
    PUT(e.engineer, bad);
    PUT(e.closed_why, bad);
    PUT(e.bulk, bad);
    PUT(e.doubt_by, bad);
    PUT(e.paused_by, bad);
    PUT(e.tam, "<!channel>");
    PUT(event.by_email, "<!channel>");
    PUT(event.by, bad);
    PUT(event.text, bad);
    PUT(facts.manager.name, bad);
    PUT(facts.engineer.name, bad);
    PUT(facts.next.name, bad);
    PUT(facts.called.name, bad);
    PUT(facts.next_manager.name, bad);
    facts.why = bad;
    for (int paused = 0; paused < 2; paused++) {
        e.paused = paused;
        event.type = paused ? EVENT_STUCK : EVENT_COMMAND;
        for (enum message i = MESSAGE_THREAD; i < MESSAGE_COUNT; i++)
            expect_harmless(in_slack(i));
    }
    facts.text = bad;
    expect_harmless(in_slack(MESSAGE_MACRO));
}
END_TEST

START_TEST(a_foreign_text_is_shown_as_it_was_written)
{
    PUT(e.subject, "<!channel> & <@U1>");
    expect_part(in_slack(MESSAGE_THREAD), "\n&lt;!channel&gt; &amp; &lt;@U1&gt;\n");
    PUT(e.subject, "one\nState: *closed* `");
    expect_part(in_slack(MESSAGE_THREAD), "\none State: *closed* '\n");
}
END_TEST

START_TEST(code_ends_where_ours_ends)
{
    facts.text = "Hello ``` <!channel>";
    written(MESSAGE_MACRO);
    ck_assert_int_eq(count_of(text, "```"), 2);
    event.type = EVENT_STUCK;
    PUT(event.text, "a\n```\nb");
    written(MESSAGE_STUCK);
    ck_assert_int_eq(count_of(text, "```"), 2);
}
END_TEST

START_TEST(people_are_mentioned)
{
    expect_part(in_slack(MESSAGE_THREAD), "<@U(eng1@example.com)> has it");
    expect_part(text, "Customer: Acme · cc <@U(tam@example.com)>");
    PUT(facts.manager.email, "boss@example.com");
    PUT(facts.manager.name, "Boss");
    expect_part(in_slack(MESSAGE_SECOND), "<@U(boss@example.com)> <!subteam^S0123ABCDE>");
    PUT(facts.called.name, "Eng Two");
    PUT(facts.called.email, "eng2@example.com");
    expect_part(in_slack(MESSAGE_NOT_TAKEN), "<@U(eng2@example.com)>: nobody has taken");
    PUT(facts.next.name, "Eng Three");
    PUT(facts.next.email, "eng3@example.com");
    expect_part(in_slack(MESSAGE_CALL_ENDED), "<@U(eng3@example.com)>, you are next on call");
    expect_part(in_slack(MESSAGE_PAUSED), "<@U(manager@example.com)> paused the clocks");
    e.engineer_email[0] = '\0';
    PUT(e.engineer_slack, "U0ENG1");
    expect_part(in_slack(MESSAGE_THREAD), "<@U0ENG1> has it");
    e.engineer_slack[0] = '\0';
    expect_part(in_slack(MESSAGE_THREAD), "Eng One has it");
}
END_TEST

START_TEST(times_and_addresses_are_slacks)
{
    expect_part(in_slack(MESSAGE_THREAD), "Next: the follow-up at <!date^1795436140^{time_secs}|12:15 UTC>");
    expect_part(text, "<https://x.zendesk.com/agent/tickets/4711|#4711>");
    expect_part(text, "Bridge: <https://zoom.example/j/901>");
    PUT(e.bridge_url, "https://zoom.example/j/901> <!channel> <");
    expect_part(in_slack(MESSAGE_THREAD), "<https://zoom.example/j/901&gt; &lt;!channel&gt; &lt;>");
    expect_part(in_slack(MESSAGE_PRODUCT), "• <https://wiki.example.com/one|Runbook>");
    PUT(e.thread_channel, "C1");
    PUT(e.thread_ts, "1700000000.000100");
    facts.slack_home = "https://team.slack.com/";
    expect_part(written(MESSAGE_NOTE_THREAD), "https://team.slack.com/archives/C1/p1700000000000100");
}
END_TEST

START_TEST(what_stands_open_is_in_the_first_message)
{
    e.paused = true;
    e.due_ms = 0;
    PUT(e.paused_by, "Manager");
    expect_part(in_slack(MESSAGE_THREAD), "Held: paused by Manager");
    expect_no_part(text, "Next:");
    e.paused = false;
    e.call_ended_ms = e.public_notes_ms = 5;
    expect_part(in_slack(MESSAGE_THREAD), "After the call: ✓ public notes, ✗ internal note");
    e.dry_run = true;
    expect_part(in_slack(MESSAGE_THREAD), "Dry run");
}
END_TEST

START_TEST(the_page_can_be_resolved_while_there_is_one)
{
    expect_no_part(in_slack(MESSAGE_CONTACTED), "can be resolved");
    e.page_count = 1;
    e.pages[0].status = PAGE_ACKNOWLEDGED;
    expect_part(in_slack(MESSAGE_CONTACTED), "can be resolved");
    e.pages[0].resolve_cause = 5;
    expect_no_part(in_slack(MESSAGE_CONTACTED), "can be resolved");
}
END_TEST

START_TEST(all_commands_are_in_the_help)
{
    in_slack(MESSAGE_HELP);
    for (enum command i = COMMAND_NONE + 1; i < COMMAND_COUNT; i++)
        expect_part(text, command_name(i));
    expect_part(text, "Manager on call: not known");
    PUT(facts.manager.name, "Boss");
    facts.manager.until_ms = INT64_MAX;
    expect_part(in_slack(MESSAGE_HELP), "Manager on call: Boss");
    expect_part(in_slack(MESSAGE_ONCALL), "Manager now: Boss");
    expect_no_part(text, "until");
}
END_TEST

START_TEST(names_of_any_length_leave_room_for_who_is_on_call)
{
    struct named *const all[] = {&facts.engineer, &facts.next, &facts.manager, &facts.next_manager};
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        memset(all[i]->name, '&', sizeof all[i]->name - 1);
        all[i]->until_ms = time_of("2026-11-23T17:00:00Z");
    }
    in_slack(MESSAGE_ONCALL);
    ck_assert_int_eq(count_of(text, "|17:00 UTC>"), 4);
}
END_TEST

/* --- redact --- */

static void make_secret(void)
{
    PUT(e.subject, "SECRET");
    PUT(e.organization, "SECRET");
    event.type = EVENT_STUCK;
    PUT(event.text, "SECRET");
}

static bool tells_a_typed_text(enum message message)
{
    return message == MESSAGE_NOTE || message == MESSAGE_PARKED || message == MESSAGE_MACRO;
}

START_TEST(nothing_of_a_redacted_ticket_is_in_slack)
{
    make_secret();
    PUT(e.coverage, "fed");
    for (enum message i = MESSAGE_THREAD; i < MESSAGE_COUNT; i++)
        if (!tells_a_typed_text(i))
            expect_no_part(in_slack(i), "SECRET");
    facts.text = "SECRET";
    expect_no_part(in_slack(MESSAGE_MACRO), "SECRET");
    expect_part(in_slack(MESSAGE_THREAD), "#4711");
    expect_part(written(MESSAGE_FIRST_CONTACT), "SECRET"); /* it is the customer's own */
    expect_part(written(MESSAGE_SUMMON_TITLE), "SECRET");
}
END_TEST

START_TEST(what_may_be_redacted_is_so_until_it_is_known)
{
    make_secret();
    e.sorted = false;
    e.coverage[0] = '\0';
    expect_no_part(in_slack(MESSAGE_THREAD), "SECRET");
    e.sorted = true;
    expect_part(in_slack(MESSAGE_THREAD), "SECRET");
    PUT(e.coverage, "open");
    expect_part(in_slack(MESSAGE_THREAD), "SECRET");
    expect_part(in_slack(MESSAGE_STUCK), "```SECRET```");
}
END_TEST

/* --- the template of an issue --- */

static const char *filled(const char *template)
{
    messages_fill(&facts, template, text, sizeof text);
    return text;
}

START_TEST(fields_of_others_are_left_alone)
{
    ck_assert_str_eq(filled("{{ticket}} {{ ticket }} {{subject}}."), "4711 4711 Production is down.");
    static const char *const alone[] = {
        "{{other}} {{#ticket}}x{{/ticket}} {{^x}}",
        "{{ticket",
        "{{}} {ticket} {{ticket\n}}",
        "{{{{x}}",
        "{",
        "",
    };
    for (size_t i = 0; i < COUNT_OF(alone); i++)
        ck_assert_str_eq(filled(alone[i]), alone[i]);
    ck_assert_str_eq(filled("[{{macro}}]"), "[]"); /* known, and empty */
    ck_assert_str_eq(filled("{{{ticket}}}"), "{4711}");
}
END_TEST

START_TEST(a_value_gives_no_order_in_gitlab)
{
    PUT(e.subject, "/close");
    ck_assert_str_eq(filled("{{subject}}\n{{subject}}"), "\\/close\n\\/close");
    PUT(e.subject, "  /close");
    expect_no_part(filled("{{subject}}"), "  /");
    PUT(event.text, "a\n/label ~x\n \t/close\r/assign me");
    ck_assert_str_eq(filled("{{text}}"), "a\n\\/label ~x\n \t\\/close\r\\/assign me");
    PUT(e.subject, "@all <!-- a/b");
    ck_assert_str_eq(filled("{{subject}}"), "\\@all &lt;!-- a/b");
    PUT(e.subject, "\\@all \\\\");
    ck_assert_str_eq(filled("{{subject}}"), "\\\\\\@all \\\\\\\\");
    PUT(e.organization, "/close");
    expect_no_part(written(MESSAGE_RUNBOOK_HEAD), "\n/");
    PUT(e.engineer, "/close");
    ck_assert_str_eq(filled("{{engineer}}"), "\\/close");
}
END_TEST

START_TEST(a_long_issue_is_cut)
{
    char small[10];
    messages_fill(&facts, "12345{{subject}}", small, sizeof small);
    ck_assert_str_eq(small, "12345Prod");
    messages_fill(&facts, "123456789012345", small, sizeof small);
    ck_assert_str_eq(small, "123456789");
}
END_TEST

static void add_for_slack(Suite *suite)
{
    TCase *slack = tcase_create("slack");
    tcase_add_checked_fixture(slack, begin, settings_end);
    tcase_add_test(slack, a_foreign_text_mentions_nobody_in_slack);
    tcase_add_test(slack, a_foreign_text_is_shown_as_it_was_written);
    tcase_add_test(slack, code_ends_where_ours_ends);
    tcase_add_test(slack, people_are_mentioned);
    tcase_add_test(slack, times_and_addresses_are_slacks);
    tcase_add_test(slack, what_stands_open_is_in_the_first_message);
    tcase_add_test(slack, the_page_can_be_resolved_while_there_is_one);
    tcase_add_test(slack, all_commands_are_in_the_help);
    tcase_add_test(slack, names_of_any_length_leave_room_for_who_is_on_call);
    tcase_add_test(slack, nothing_of_a_redacted_ticket_is_in_slack);
    tcase_add_test(slack, what_may_be_redacted_is_so_until_it_is_known);
    suite_add_tcase(suite, slack);
}

Suite *messages_suite(void)
{
    Suite *suite = suite_create("messages");
    TCase *texts = tcase_create("texts");
    tcase_add_checked_fixture(texts, begin, settings_end);
    tcase_add_test(texts, every_text_can_be_written_whatever_is_known);
    tcase_add_test(texts, every_text_and_every_field_is_in_the_readme);
    tcase_add_test(texts, what_does_not_fit_is_cut);
    tcase_add_test(texts, a_file_replaces_a_text);
    tcase_add_test(texts, a_file_that_is_wrong_is_told_with_line_and_name);
    tcase_add_test(texts, a_file_that_can_not_be_read_is_told);
    tcase_add_test(texts, a_directory_that_is_not_there_is_told);
    tcase_add_test(texts, a_file_that_is_no_message_is_told_with_the_names);
    tcase_add_test(texts, all_names_and_fields_are_told);
    tcase_add_test(texts, the_settings_load_the_directory);
    tcase_add_test(texts, the_follow_up_has_its_four_points_and_the_bridge);
    tcase_add_test(texts, the_first_comment_offers_the_bridge);
    tcase_add_test(texts, texts_for_others_are_plain);
    tcase_add_test(texts, who_is_available_is_told_with_times_of_the_customer);
    suite_add_tcase(suite, texts);
    add_for_slack(suite);
    TCase *issue = tcase_create("issue");
    tcase_add_checked_fixture(issue, begin, settings_end);
    tcase_add_test(issue, fields_of_others_are_left_alone);
    tcase_add_test(issue, a_value_gives_no_order_in_gitlab);
    tcase_add_test(issue, a_long_issue_is_cut);
    suite_add_tcase(suite, issue);
    return suite;
}
