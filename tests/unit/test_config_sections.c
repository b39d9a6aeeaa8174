/*
 * What the settings promise of Slack, Zoom, GitLab, the heartbeat and the messages, and of the sections with
 * a name: channels, escalations, coverage.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/config.h"
#include "lib/coverage.h"
#include "tests/unit/settings_file.h"
#include "tests/unit/suites.h"

#define SLACK     "[slack]\nsigning_secret = s\ntoken = xoxb-1\nchannel = C0\n"            /* four lines */
#define PAGERDUTY "[pagerduty]\nwebhook_secret = w\napi_token = k\nfrom = a@example.com\n" /* four lines */
#define ZOOM      "[zoom]\naccount_id = a\nclient_id = c\nclient_secret = s\nuser = u\n"   /* five lines */
#define GITLAB    "[gitlab]\ntoken = t\nproject = a/b\ntemplate = Emergency bridge\n"

/* ---- services ---- */

START_TEST(services_without_a_key_are_not_used)
{
    settings_expect_good(ZENDESK "[slack]\n[zoom]\n[gitlab]\n[heartbeat]\n[messages]\n");
    ck_assert(!settings.slack.enabled);
    ck_assert(!settings.zoom.enabled);
    ck_assert(!settings.gitlab.enabled);
    ck_assert_ptr_null(settings.heartbeat.url);
    ck_assert_ptr_null(settings.messages.directory);
    ck_assert_uint_eq(settings.channel_count, 0);
    ck_assert_uint_eq(settings.escalation_count, 0);
    ck_assert_uint_eq(settings.coverage_count, 0);
}
END_TEST

START_TEST(services_have_defaults)
{
    settings_expect_good(ZENDESK SLACK ZOOM GITLAB "[heartbeat]\nurl = https://x\n");
    ck_assert(settings.slack.enabled);
    ck_assert_str_eq(settings.slack.api_url, "https://slack.com/api");
    ck_assert_ptr_null(settings.slack.manager_channel);
    ck_assert_ptr_null(settings.slack.duty_channel);
    ck_assert(settings.zoom.enabled);
    ck_assert_str_eq(settings.zoom.api_url, "https://api.zoom.us/v2");
    ck_assert_str_eq(settings.zoom.oauth_url, "https://zoom.us/oauth/token");
    ck_assert_ptr_null(settings.zoom.webhook_secret);
    ck_assert_ptr_null(settings.zoom.static_url);
    ck_assert(settings.gitlab.enabled);
    ck_assert_str_eq(settings.gitlab.api_url, "https://gitlab.com/api/v4");
    ck_assert_int_eq(settings.heartbeat.every_ms, 60000);
}
END_TEST

START_TEST(values_of_services_are_stored)
{
    char directory[128], with_directory[1024];
    snprintf(directory, sizeof(directory), "%s/texts of ours", settings_directory);
    ck_assert_int_eq(mkdir(directory, 0700), 0);
    snprintf(with_directory, sizeof(with_directory), ZENDESK "[messages]\ndirectory = %s\n", directory);
    settings_expect_good(with_directory);
    ck_assert_str_eq(settings.messages.directory, directory);
    ck_assert_int_eq(rmdir(directory), 0);
    settings_expect_good(ZENDESK SLACK
                         "api_url = http://127.0.0.1:81/api/\nmanager_channel = C1\nduty_channel = C2\n"  //
                         ZOOM "webhook_secret = z\napi_url = https://z/v2\noauth_url = https://z/oauth\n" //
                         GITLAB "api_url = https://git.example.com/api/v4/\n"
                         "[heartbeat]\nurl = https://x/ping?id=1\nevery = 30s\n");
    ck_assert_str_eq(settings.slack.signing_secret, "s");
    ck_assert_str_eq(settings.slack.token, "xoxb-1");
    ck_assert_str_eq(settings.slack.channel, "C0");
    ck_assert_str_eq(settings.slack.api_url, "http://127.0.0.1:81/api");
    ck_assert_str_eq(settings.slack.manager_channel, "C1");
    ck_assert_str_eq(settings.slack.duty_channel, "C2");
    ck_assert_str_eq(settings.zoom.account_id, "a");
    ck_assert_str_eq(settings.zoom.client_id, "c");
    ck_assert_str_eq(settings.zoom.client_secret, "s");
    ck_assert_str_eq(settings.zoom.user, "u");
    ck_assert_str_eq(settings.zoom.webhook_secret, "z");
    ck_assert_str_eq(settings.zoom.api_url, "https://z/v2");
    ck_assert_str_eq(settings.zoom.oauth_url, "https://z/oauth");
    ck_assert_str_eq(settings.gitlab.token, "t");
    ck_assert_str_eq(settings.gitlab.project, "a/b");
    ck_assert_str_eq(settings.gitlab.template_name, "Emergency bridge");
    ck_assert_str_eq(settings.gitlab.api_url, "https://git.example.com/api/v4");
    ck_assert_str_eq(settings.heartbeat.url, "https://x/ping?id=1");
    ck_assert_int_eq(settings.heartbeat.every_ms, 30000);
}
END_TEST

START_TEST(secrets_of_services_may_come_from_files)
{
    settings_write("secret", "hush\n");
    settings_expect_good(ZENDESK
                         "[slack]\nsigning_secret_file = %d/secret\ntoken_file = %d/secret\nchannel = C1\n"
                         "[zoom]\naccount_id = a\nclient_id = c\nclient_secret_file = %d/secret\n"
                         "webhook_secret_file = %d/secret\nuser = u\n"
                         "[gitlab]\ntoken_file = %d/secret\nproject = 1\ntemplate = t\n");
    ck_assert_str_eq(settings.slack.signing_secret, "hush");
    ck_assert_str_eq(settings.slack.token, "hush");
    ck_assert_str_eq(settings.zoom.client_secret, "hush");
    ck_assert_str_eq(settings.zoom.webhook_secret, "hush");
    ck_assert_str_eq(settings.gitlab.token, "hush");
}
END_TEST

START_TEST(a_meeting_may_always_be_there)
{
    settings_expect_good(ZENDESK "[zoom]\nstatic_url = https://zoom.us/j/1?pwd=a.b#c\n");
    ck_assert(settings.zoom.enabled);
    ck_assert_str_eq(settings.zoom.static_url, "https://zoom.us/j/1?pwd=a.b#c");
    ck_assert_ptr_null(settings.zoom.account_id);
    settings_expect_fault(ZENDESK ZOOM "static_url = https://zoom.us/j/1\n",
                          "7: [zoom] account_id: given beside static_url in line 11", "only one");
    settings_expect_fault(ZENDESK "[zoom]\nstatic_url = https://zoom.us/j/1\nwebhook_secret = hush\n",
                          "8: [zoom] webhook_secret: given beside static_url in line 7", "only one");
    ck_assert_ptr_null(strstr(settings_error.message, "hush"));
}
END_TEST

struct missing {
    const char *text, *start;
};

static const struct missing missing[] = {
    {"[slack]\nduty_channel = C1\n",
     "[slack] signing_secret: missing; wanted a secret on one line (or its _file)"},
    {"[slack]\nsigning_secret = a\nchannel = C1\n", "[slack] token: missing; "},
    {"[slack]\nsigning_secret = a\ntoken = b\n", "[slack] channel: missing; "},
    {"[zoom]\nwebhook_secret = a\n", "[zoom] account_id: missing; "},
    {"[zoom]\naccount_id = a\n", "[zoom] client_id: missing; "},
    {"[zoom]\naccount_id = a\nclient_id = a\n", "[zoom] client_secret: missing; "},
    {"[zoom]\naccount_id = a\nclient_id = a\nclient_secret = s\n", "[zoom] user: missing; "},
    {"[gitlab]\nproject = a\n", "[gitlab] token: missing; "},
    {"[gitlab]\ntoken = a\ntemplate = a\n", "[gitlab] project: missing; "},
    {"[gitlab]\ntoken = a\nproject = a\n", "[gitlab] template: missing; "},
};

START_TEST(a_service_in_use_needs_its_keys)
{
    char text[512], start[160];
    snprintf(text, sizeof(text), ZENDESK "%s", missing[_i].text);
    snprintf(start, sizeof(start), "6: %s", missing[_i].start);
    settings_expect_fault(text, start, "the section is in use");
}
END_TEST

struct bad_value {
    const char *section, *key, *value, *wanted;
};

static const struct bad_value bad_values[] = {
    {"slack", "api_url", "http://slack.com/api", "https://HOST"},
    {"slack", "channel", "#emergencies", "the id of a channel in Slack"},
    {"slack", "channel", "emergencies", "no #name"},
    {"slack", "channel", "C", "the id of a channel in Slack"},
    {"slack", "channel", "c1", "the id of a channel in Slack"},
    {"slack", "channel", "D1", "the id of a channel in Slack"},
    {"slack", "channel", "C1 C2", "the id of a channel in Slack"},
    {"slack", "manager_channel", "#managers", "the id of a channel in Slack"},
    {"slack", "duty_channel", "", "the id of a channel in Slack"},
    {"escalation e", "slack", "#managers", "the id of a channel in Slack"},
    {"zoom", "static_url", "zoom.us/j/1", "a link, https://"},
    {"zoom", "static_url", "https://zoom.us/j/1 2", "a link, https://"},
    {"zoom", "static_url", "https://zoom.us/j/<1>", "a link, https://"},
    {"zoom", "static_url", "https://?x", "a link, https://"},
    {"zoom", "oauth_url", "", "https://HOST"},
    {"gitlab", "template", "", "a text"},
    {"heartbeat", "url", "http://monitor.example.com/", "a link, https://"},
    {"heartbeat", "every", "1", "a duration such as"},
    {"messages", "directory", "", "a text"},
    {"channel c", "match", "", "tag:NAME or form:ID"},
    {"channel c", "match", "any", "tag:NAME or form:ID"},
    {"channel c", "match", "form:0", "tag:NAME or form:ID"},
    {"channel c", "slack", "#product", "the id of a channel in Slack"},
    {"channel c", "region_group", "@emea", "the id of a user group"},
    {"channel c", "region_group", "S", "the id of a user group"},
    {"channel c", "links", "https://x", "\"Text https://"},
    {"channel c", "links", "Text", "\"Text https://"},
    {"channel c", "links", "Text http://x", "\"Text https://"},
    {"channel c", "links", "A https://x,, B https://y", "\"Text https://"},
    {"escalation e", "after", "10", "a duration such as"},
    {"escalation e", "user", "someone", "an e-mail address"},
    {"escalation e", "schedule", "P 1", "a text without blanks"},
    {"coverage v", "match", "", "tag:NAME or form:ID"},
    {"coverage v", "timezone", "Pacific", "the name of a time zone"},
    {"coverage v", "timezone", "", "the name of a time zone"},
    {"coverage v", "timezone", "../passwd", "the name of a time zone"},
    {"coverage v", "days", "", "mon tue wed"},
    {"coverage v", "days", "monday", "mon tue wed"},
    {"coverage v", "days", "mon-", "mon tue wed"},
    {"coverage v", "days", "mon-tue-wed", "mon tue wed"},
    {"coverage v", "days", "mon fri", "mon tue wed"},
    {"coverage v", "days", "mon,", "mon tue wed"},
    {"coverage v", "hours", "5:00-17:00", "HH:MM-HH:MM"},
    {"coverage v", "hours", "05:00", "HH:MM-HH:MM"},
    {"coverage v", "hours", "05:00-", "HH:MM-HH:MM"},
    {"coverage v", "hours", "05:00-17:60", "HH:MM-HH:MM"},
    {"coverage v", "hours", "05:00-24:01", "HH:MM-HH:MM"},
    {"coverage v", "hours", "24:00-05:00", "HH:MM-HH:MM"},
    {"coverage v", "hours", "05:00 - 17:00", "HH:MM-HH:MM"},
    {"coverage v", "hours", "0a:00-17:00", "HH:MM-HH:MM"},
    {"coverage v", "shifts", "24:00", "times of day"},
    {"coverage v", "shifts", "5:00", "times of day"},
    {"coverage v", "shifts", "05:00 11:00", "times of day"},
    {"coverage v", "shifts", "05:00,,11:00", "times of day"},
    {"coverage v", "redact", "maybe", "yes or no"},
};

static const char *const tokens[][2] = {{"slack", "token"},        {"gitlab", "token"},
                                        {"zoom", "client_secret"}, {"pagerduty", "api_token"},
                                        {"zendesk", "api_token"},  {"zendesk", "client_secret"}};

START_TEST(a_token_holds_no_blanks)
{
    char text[128], start[128];
    for (int in_file = 0; in_file < 2; in_file++) {
        settings_write("token", "xoxb 1\n");
        snprintf(text, sizeof(text), "[%s]\n%s%s\n", tokens[_i][0], tokens[_i][1],
                 in_file ? "_file = %d/token" : " = xoxb\t1");
        snprintf(start, sizeof(start), "2: [%s] %s%s: not valid (not shown)", tokens[_i][0], tokens[_i][1],
                 in_file ? "_file" : "");
        settings_expect_fault(text, start, "without blanks");
    }
}
END_TEST

START_TEST(a_bad_value_is_named_with_line_and_key)
{
    const struct bad_value *bad = &bad_values[_i];
    char text[512], start[128], quoted[128];
    snprintf(text, sizeof(text), "\n[%s]\n%s = %s\n", bad->section, bad->key, bad->value);
    snprintf(start, sizeof(start), "3: [%s] %s: ", bad->section, bad->key);
    settings_expect_fault(text, start, bad->wanted);
    snprintf(quoted, sizeof(quoted), "\"%s\" is not valid", bad->value);
    ck_assert_msg(strstr(settings_error.message, quoted), "%s", settings_error.message);
}
END_TEST

/* ---- names ---- */

START_TEST(a_name_is_one_word)
{
    static const char *const names[] = {"",     " ",         " a b", " a.b",
                                        " a/b", " \xc3\xa4", " a ",  " 12345678901234567890123456789012"};
    char text[128], start[128];
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(text, sizeof(text), "\n[channel%s]\n", names[i]);
        snprintf(start, sizeof(start), "2: [channel%s]: no name, or not one; ", names[i]);
        settings_expect_fault(text, start, "wanted [channel NAME]");
    }
    settings_expect_good(ZENDESK SLACK
                         "[channel \t-_aZ9]\nmatch = tag:a\nslack = C1\n"
                         "[channel 1234567890123456789012345678901] ; 31\nmatch = tag:a\nslack = C1\n");
    ck_assert_str_eq(settings.channels[0].name, "-_aZ9");
    ck_assert_str_eq(settings.channels[1].name, "1234567890123456789012345678901");
}
END_TEST

START_TEST(only_some_sections_have_a_name)
{
    settings_expect_fault("[server one]\n", "1: [server one]: unknown section; ", "channel NAME");
    settings_expect_fault("[channels a]\n", "1: [channels a]: unknown section; ", "escalation NAME");
    settings_expect_fault("[chan]\n", "1: [chan]: unknown section; ", "coverage NAME");
    settings_expect_fault("[]\n", "1: []: unknown section; ", "messages");
}
END_TEST

START_TEST(a_name_is_given_once)
{
    settings_expect_fault("[escalation a]\n[coverage a]\n\n[escalation  a]\n",
                          "4: [escalation a]: given twice, first in line 1; ", "each name once");
}
END_TEST

START_TEST(there_are_so_many_of_a_kind)
{
    char text[4096];
    size_t used = (size_t)snprintf(text, sizeof(text), ZENDESK SLACK);
    for (int i = 0; i < CONFIG_NAMED_MAX; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used,
                                 "[channel c%d]\nmatch = form:%d\nslack = C%d\n[escalation e%d]\nuser = a@b\n"
                                 "[coverage v%d]\nmatch = tag:t%d\n",
                                 i, i + 1, i, i, i, i);
    settings_expect_good(text);
    ck_assert_uint_eq(settings.channel_count, CONFIG_NAMED_MAX);
    ck_assert_uint_eq(settings.escalation_count, CONFIG_NAMED_MAX);
    ck_assert_uint_eq(settings.coverage_count, CONFIG_NAMED_MAX);
    ck_assert_int_eq(settings.channels[15].match.form_id, 16);
    ck_assert_str_eq(settings.coverages[15].match.tag, "t15");
    snprintf(text + used, sizeof(text) - used, "[coverage more]\n");
    settings_expect_fault(text, "122: [coverage more]: one too many; ", "at most 16");
}
END_TEST

START_TEST(a_key_is_of_its_section)
{
    settings_expect_fault("[channel a]\nslack = C1\n[channel b]\nafter = 1m\n",
                          "4: [channel b] after: unknown key; ", "one of: match slack region_group links");
    settings_expect_fault("[coverage a]\nredact = no\nredact = no\n", "3: [coverage a] redact: given twice, ",
                          "line 2");
    settings_expect_fault("[channel a]\nslack_file = C\n", "2: [channel a] slack_file: unknown key; ",
                          "match");
    settings_expect_fault("[channel a]\nslack = C1\n [channel b]\n", "3: ", "");
}
END_TEST

/* ---- channels ---- */

START_TEST(channels_keep_the_order_of_the_file)
{
    settings_expect_good("[channel b]\nmatch = form:7\nslack = CB\nregion_group = S0EMEA\n"
                         "links = Run book https://wiki/x?y#z,\n  Status\thttps://status\n"
                         "[channel a]\nslack = CA\nmatch = tag:t\n" SLACK ZENDESK);
    ck_assert_uint_eq(settings.channel_count, 2);
    ck_assert_str_eq(settings.channels[0].name, "b");
    ck_assert_int_eq(settings.channels[0].match.kind, TICKET_MATCH_FORM);
    ck_assert_int_eq(settings.channels[0].match.form_id, 7);
    ck_assert_str_eq(settings.channels[0].slack, "CB");
    ck_assert_str_eq(settings.channels[0].region_group, "S0EMEA");
    ck_assert_uint_eq(settings.channels[0].links.count, 2);
    ck_assert_str_eq(settings.channels[0].links.items[0], "Run book https://wiki/x?y#z");
    ck_assert_str_eq(settings.channels[0].links.items[1], "Status\thttps://status");
    ck_assert_str_eq(settings.channels[1].name, "a");
    ck_assert_str_eq(settings.channels[1].match.tag, "t");
    ck_assert_ptr_null(settings.channels[1].region_group);
    ck_assert_uint_eq(settings.channels[1].links.count, 0);
}
END_TEST

START_TEST(a_channel_needs_its_keys_and_slack)
{
    settings_expect_fault(ZENDESK "[channel a]\nmatch = tag:t\nslack = C1\n", "6: [channel a]: of no use ",
                          "the keys of [slack]");
    settings_expect_fault(ZENDESK SLACK "[channel a]\nslack = C1\n", "10: [channel a] match: missing; ",
                          "tag:NAME or form:ID");
    settings_expect_fault(ZENDESK SLACK "[channel a]\nmatch = tag:t\n", "10: [channel a] slack: missing; ",
                          "");
}
END_TEST

/* ---- escalations ---- */

START_TEST(escalations_are_in_the_order_of_their_time)
{
    settings_expect_good(ZENDESK SLACK PAGERDUTY
                         "[escalation last]\nafter = 1h\nuser = a@b.c\n"
                         "[escalation one]\nschedule = PS1\nservice = PV\nslack = CM\n"
                         "[escalation two]\nuser = d@e.f\n"
                         "[escalation first]\nafter = 90s\nschedule = PS2\n");
    static const char *const order[] = {"first", "one", "two", "last"};
    const struct config_escalation *rungs = settings.escalations;
    ck_assert_uint_eq(settings.escalation_count, COUNT_OF(order));
    for (size_t i = 0; i < COUNT_OF(order); i++)
        ck_assert_str_eq(rungs[i].name, order[i]);
    ck_assert_int_eq(rungs[0].after_ms, 90000);
    ck_assert_str_eq(rungs[0].schedule, "PS2");
    ck_assert_int_eq(rungs[1].after_ms, 600000);
    ck_assert_str_eq(rungs[1].service, "PV");
    ck_assert_str_eq(rungs[1].slack, "CM");
    ck_assert_ptr_null(rungs[1].user);
    ck_assert_str_eq(rungs[2].user, "d@e.f");
    ck_assert_ptr_null(rungs[2].schedule);
    ck_assert_ptr_null(rungs[2].service);
    ck_assert_ptr_null(rungs[2].slack);
    ck_assert_str_eq(rungs[3].user, "a@b.c");
}
END_TEST

START_TEST(a_rung_tells_one_person)
{
    settings_expect_fault(ZENDESK SLACK "[escalation e]\nafter = 1m\n", "10: [escalation e]: tells nobody; ",
                          "schedule");
    settings_expect_fault(ZENDESK SLACK PAGERDUTY "[escalation e]\nuser = a@b\nschedule = P\n",
                          "15: [escalation e] user: given beside schedule in line 16; ", "only one");
}
END_TEST

START_TEST(a_rung_has_a_way_to_tell)
{
    settings_expect_fault(ZENDESK SLACK "[escalation e]\nschedule = P\n",
                          "11: [escalation e] schedule: of no use ",
                          "api_token (or its _file) in [pagerduty]");
    settings_expect_fault(ZENDESK SLACK "[escalation e]\nuser = a@b\nservice = P\n",
                          "12: [escalation e] service: of no use ", "api_token");
    settings_expect_fault(ZENDESK PAGERDUTY "page_service = P\n[escalation e]\nuser = a@b\nslack = C1\n",
                          "13: [escalation e] slack: of no use ", "the keys of [slack]");
    settings_expect_fault(ZENDESK "[escalation e]\nuser = a@b\n", "6: [escalation e]: has no way ",
                          "[slack]");
    settings_expect_fault(ZENDESK PAGERDUTY "[escalation e]\nuser = a@b\n", "10: [escalation e]: has no way ",
                          "page_service");
    settings_expect_good(ZENDESK PAGERDUTY "page_service = P\n[escalation e]\nuser = a@b\n");
    settings_expect_good(ZENDESK PAGERDUTY "[escalation e]\nuser = a@b\nservice = P\n");
    settings_expect_good(ZENDESK SLACK "[escalation e]\nuser = a@b\nslack = C1\n");
}
END_TEST

/* ---- coverage ---- */

/* 2026-11-23 00:00 UTC, a Monday, and some minutes of the week behind it. */
#define MONDAY_MS     INT64_C(1795392000000)
#define AT(day, h, m) (MONDAY_MS + (((day)*24 + (h)) * 60 + (m)) * INT64_C(60000))

/* The window of a [coverage …] with these keys, in UTC unless they say otherwise. */
static const struct coverage *window_of(const char *keys)
{
    char text[512];
    snprintf(text, sizeof(text), ZENDESK "[coverage v]\nmatch = tag:t\n%s", keys);
    settings_expect_good(text);
    ck_assert_uint_eq(settings.coverage_count, 1);
    ck_assert_ptr_nonnull(settings.coverages[0].window);
    return settings.coverages[0].window;
}

START_TEST(coverage_has_defaults)
{
    const struct coverage *window = window_of("");
    const struct config_coverage *coverage = &settings.coverages[0];
    ck_assert_str_eq(coverage->name, "v");
    ck_assert_str_eq(coverage->timezone, "America/Los_Angeles");
    ck_assert_str_eq(coverage->days, "mon-sun");
    ck_assert_str_eq(coverage->hours, "05:00-17:00");
    ck_assert_ptr_null(coverage->shifts);
    ck_assert(!coverage->redact);
    ck_assert(!coverage_is_open(window, AT(0, 12, 59)));
    ck_assert(coverage_is_open(window, AT(0, 13, 0)));
    ck_assert(coverage_is_open(window, AT(7, 0, 59)));
    ck_assert(!coverage_is_open(window, AT(7, 1, 0)));
    ck_assert_int_eq(coverage_next_shift_ms(window, AT(0, 0, 0)), INT64_MAX);
}
END_TEST

START_TEST(days_are_a_list_of_ranges)
{
    static const struct {
        const char *days;
        unsigned int open;
    } cases[] = {{"mon-fri", 0x1f},
                 {"sat-mon", 0x61},
                 {"sun", 0x40},
                 {"Mon, WED-thu,\n fri", 0x1d},
                 {"tue-mon", 0x7f},
                 {"sun-sun", 0x40},
                 {"mon-tue, tue-wed", 0x07}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char keys[128];
        snprintf(keys, sizeof(keys), "timezone = UTC\ndays = %s\n", cases[i].days);
        const struct coverage *window = window_of(keys);
        for (int day = 0; day < 7; day++)
            ck_assert_msg(coverage_is_open(window, AT(day, 12, 0)) == (cases[i].open >> day & 1),
                          "%s: day %d", cases[i].days, day);
    }
}
END_TEST

START_TEST(hours_may_go_over_midnight_or_all_day)
{
    const struct coverage *window = window_of("timezone = UTC\ndays = mon\nhours = 22:00-06:30\n");
    ck_assert(!coverage_is_open(window, AT(0, 21, 59)) && coverage_is_open(window, AT(0, 22, 0)));
    ck_assert(coverage_is_open(window, AT(1, 6, 29)) && !coverage_is_open(window, AT(1, 6, 30)));
    window = window_of("timezone = UTC\nhours = 00:00-24:00\n");
    ck_assert(coverage_is_open(window, AT(3, 0, 0)));
    ck_assert_int_eq(coverage_next_change_ms(window, AT(0, 0, 0)), INT64_MAX);
    window = window_of("timezone = UTC\nhours = 17:30-24:00\n");
    ck_assert_int_eq(coverage_next_change_ms(window, AT(0, 17, 30)), AT(1, 0, 0));
}
END_TEST

START_TEST(shifts_are_times_of_day)
{
    const struct coverage *window = window_of("timezone = UTC\nshifts = 05:00,\n  11:30\nredact = yes\n");
    ck_assert(settings.coverages[0].redact);
    ck_assert_str_eq(settings.coverages[0].shifts, "05:00, 11:30");
    ck_assert_int_eq(coverage_next_shift_ms(window, AT(0, 0, 0)), AT(0, 5, 0));
    ck_assert_int_eq(coverage_next_shift_ms(window, AT(0, 5, 0)), AT(0, 11, 30));
    ck_assert_int_eq(coverage_next_shift_ms(window_of("timezone = UTC\nshifts =\n"), AT(0, 0, 0)), INT64_MAX);
}
END_TEST

START_TEST(coverage_needs_a_match)
{
    settings_expect_fault(ZENDESK "[coverage v]\n", "6: [coverage v] match: missing; ",
                          "tag:NAME or form:ID");
}
END_TEST

START_TEST(a_fault_behind_them_frees_all)
{
    settings_expect_fault("[coverage v]\nmatch = tag:t\n[escalation e]\nuser = a@b\n" SLACK
                          "[channel c]\nmatch = tag:t\nlinks = A https://x\nslack = C1\n[zendesk]\n",
                          "13: [zendesk] api_url: missing; ", "");
    settings_expect_fault("[coverage v]\nmatch = tag:t\n[coverage w]\n" ZENDESK "[coverage x]\n",
                          "3: [coverage w] match: missing; ", "");
}
END_TEST

static TCase *service_tests(void)
{
    TCase *tests = tcase_create("services");
    tcase_add_checked_fixture(tests, settings_begin, settings_end);
    tcase_add_test(tests, services_without_a_key_are_not_used);
    tcase_add_test(tests, services_have_defaults);
    tcase_add_test(tests, values_of_services_are_stored);
    tcase_add_test(tests, secrets_of_services_may_come_from_files);
    tcase_add_test(tests, a_meeting_may_always_be_there);
    tcase_add_loop_test(tests, a_service_in_use_needs_its_keys, 0, (int)COUNT_OF(missing));
    tcase_add_loop_test(tests, a_token_holds_no_blanks, 0, (int)COUNT_OF(tokens));
    tcase_add_loop_test(tests, a_bad_value_is_named_with_line_and_key, 0, (int)COUNT_OF(bad_values));
    return tests;
}

static TCase *named_tests(void)
{
    TCase *tests = tcase_create("named");
    tcase_add_checked_fixture(tests, settings_begin, settings_end);
    tcase_add_test(tests, a_name_is_one_word);
    tcase_add_test(tests, only_some_sections_have_a_name);
    tcase_add_test(tests, a_name_is_given_once);
    tcase_add_test(tests, there_are_so_many_of_a_kind);
    tcase_add_test(tests, a_key_is_of_its_section);
    tcase_add_test(tests, channels_keep_the_order_of_the_file);
    tcase_add_test(tests, a_channel_needs_its_keys_and_slack);
    tcase_add_test(tests, escalations_are_in_the_order_of_their_time);
    tcase_add_test(tests, a_rung_tells_one_person);
    tcase_add_test(tests, a_rung_has_a_way_to_tell);
    tcase_add_test(tests, coverage_has_defaults);
    tcase_add_test(tests, days_are_a_list_of_ranges);
    tcase_add_test(tests, hours_may_go_over_midnight_or_all_day);
    tcase_add_test(tests, shifts_are_times_of_day);
    tcase_add_test(tests, coverage_needs_a_match);
    tcase_add_test(tests, a_fault_behind_them_frees_all);
    return tests;
}

Suite *config_sections_suite(void)
{
    Suite *suite = suite_create("config_sections");
    suite_add_tcase(suite, service_tests());
    suite_add_tcase(suite, named_tests());
    return suite;
}
