/*
 * What the settings promise: every default, every fault by its file, line and key, and secrets from files.
 * The other services and the sections with a name: test_config_sections.c; the example:
 * test_config_example.c.
 */
#include <check.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "lib/config.h"
#include "tests/unit/settings_file.h"
#include "tests/unit/suites.h"

#define TEST_SECRET "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="

START_TEST(defaults_are_filled_in)
{
    settings_expect_good(ZENDESK);
    ck_assert_str_eq(settings.server.listen.host, "127.0.0.1");
    ck_assert_uint_eq(settings.server.listen.port, 8080);
    ck_assert_uint_eq(settings.server.max_body_bytes, 1048576);
    ck_assert_uint_eq(settings.server.max_connections, 1000);
    ck_assert_int_eq(settings.server.request_timeout_ms, 10000);
    ck_assert_uint_eq(settings.admin.listen.port, 8081);
    ck_assert_ptr_null(settings.admin.token);
    ck_assert_ptr_null(settings.admin.socket);
    ck_assert_str_eq(settings.store.path, "/var/lib/emergencyd/emergencyd.db");
    ck_assert_int_eq(settings.store.keep_payloads_ms, INT64_C(30) * 86400 * 1000);
    ck_assert_int_eq(settings.policy.follow_up_after_ms, 900000);
    ck_assert_int_eq(settings.policy.downgrade_after_ms, 900000);
    ck_assert_int_eq(settings.policy.stale_after_ms, 3600000);
    ck_assert_int_eq(settings.policy.contact_within_ms, 1200000);
    ck_assert_int_eq(settings.policy.page_if_missing_ms, 120000);
    ck_assert_int_eq(settings.policy.first_contact, FIRST_CONTACT_MANUAL);
    ck_assert_int_eq(settings.policy.after_engineer_comment, AFTER_ENGINEER_COMMENT_ASK);
    ck_assert(!settings.policy.resolve_on_contact);
    ck_assert(!settings.policy.dry_run);
    ck_assert_uint_gt(settings.policy.auto_reply_patterns.count, 5);
    ck_assert_str_eq(settings.policy.auto_reply_patterns.items[0], "*out of office*");
    ck_assert_uint_eq(settings.policy.ignored_authors.count, 0);
    ck_assert_str_eq(settings.policy.bulk_tag, "incident-*");
    ck_assert(!settings.pagerduty.enabled);
    ck_assert_int_eq(settings.zendesk.max_age_ms, 86400000);
    ck_assert_int_eq(settings.zendesk.poll_every_ms, 60000);
    ck_assert_int_eq(settings.zendesk.emergency_match.kind, TICKET_MATCH_ANY);
    ck_assert_int_eq(settings.zendesk.downgrade_priority, DOWNGRADE_PRIORITY_HIGH);
    ck_assert_int_eq(settings.zendesk.downgrade_form, 0);
    ck_assert_uint_eq(settings.zendesk.downgrade_tags.count, 1);
    ck_assert(settings.zendesk.downgrade_comment);
    ck_assert_ptr_null(settings.zendesk.tam_field);
    ck_assert_int_eq(settings.zendesk.post_call_macro, 0);
}
END_TEST

START_TEST(given_values_are_stored)
{
    settings_expect_good(
        "[policy]\nfirst_contact = automatic\nafter_engineer_comment = proceed\ndry_run = YES\n"
        "follow_up_after = 500ms\nignored_authors = 7 ,9007199254740993\nbulk_tag = Vorfall?*\n"
        "[server]\nmax_body = 64K\nlisten = localhost:0\nmax_connections=7\n"
        "[pagerduty]\nwebhook_secret = w\nservices = PA, PB\napi_token = k\nfrom = a@example.com\n"
        "engineer_schedule = PS1\nmanager_schedule = PS2\n" //
        ZENDESK "emergency_match = form:12\ndowngrade_priority = low\ndowngrade_form = 34\n"
        "downgrade_tags = +a,  -b_c\ndowngrade_fields = 5:x y, 6:a:b\n"
        "tam_field = tam\npost_call_macro = 56\n");
    ck_assert_int_eq(settings.policy.first_contact, FIRST_CONTACT_AUTOMATIC);
    ck_assert_int_eq(settings.policy.after_engineer_comment, AFTER_ENGINEER_COMMENT_PROCEED);
    ck_assert(settings.policy.dry_run);
    ck_assert_int_eq(settings.policy.follow_up_after_ms, 500);
    ck_assert_uint_eq(settings.policy.ignored_authors.count, 2);
    ck_assert_int_eq(settings.policy.ignored_authors.items[1], INT64_C(9007199254740993));
    ck_assert_uint_eq(settings.server.max_body_bytes, 65536);
    ck_assert_uint_eq(settings.server.listen.port, 0);
    ck_assert_uint_eq(settings.server.max_connections, 7);
    ck_assert(settings.pagerduty.enabled);
    ck_assert_uint_eq(settings.pagerduty.services.count, 2);
    ck_assert_str_eq(settings.pagerduty.services.items[1], "PB");
    ck_assert_str_eq(settings.pagerduty.api_url, "https://api.pagerduty.com");
    ck_assert_int_eq(settings.zendesk.emergency_match.kind, TICKET_MATCH_FORM);
    ck_assert_int_eq(settings.zendesk.emergency_match.form_id, 12);
    ck_assert_int_eq(settings.zendesk.downgrade_priority, DOWNGRADE_PRIORITY_LOW);
    ck_assert_int_eq(settings.zendesk.downgrade_form, 34);
    ck_assert_str_eq(settings.policy.bulk_tag, "Vorfall?*");
    ck_assert_str_eq(settings.pagerduty.engineer_schedule, "PS1");
    ck_assert_str_eq(settings.pagerduty.manager_schedule, "PS2");
    ck_assert_str_eq(settings.zendesk.tam_field, "tam");
    ck_assert_int_eq(settings.zendesk.post_call_macro, 56);
    ck_assert_uint_eq(settings.zendesk.downgrade_tags.count, 2);
    ck_assert(settings.zendesk.downgrade_tags.items[0].add);
    ck_assert(!settings.zendesk.downgrade_tags.items[1].add);
    ck_assert_str_eq(settings.zendesk.downgrade_tags.items[1].tag, "b_c");
    ck_assert_uint_eq(settings.zendesk.downgrade_fields.count, 2);
    ck_assert_int_eq(settings.zendesk.downgrade_fields.items[0].field_id, 5);
    ck_assert_str_eq(settings.zendesk.downgrade_fields.items[0].value, "x y");
    ck_assert_str_eq(settings.zendesk.downgrade_fields.items[1].value, "a:b");
}
END_TEST

START_TEST(values_may_hold_comment_signs)
{
    settings_expect_good("; comment\n  # indented comment ; twice\n[admin] ; behind a section\n"
                         "token = a ; b # c = d;e\n" ZENDESK "webhook_secret_2 = ;first\n");
    ck_assert_str_eq(settings.admin.token, "a ; b # c = d;e");
    ck_assert_str_eq(settings.zendesk.webhook_secret_2, ";first");
}
END_TEST

START_TEST(lines_may_end_as_on_windows_and_begin_with_a_bom)
{
    settings_expect_good("\xef\xbb\xbf[server]\r\nmax_body = 2M\r\n" ZENDESK);
    ck_assert_uint_eq(settings.server.max_body_bytes, 2 << 20);
}
END_TEST

/* Where no key is above it that it could go on with. */
START_TEST(a_section_may_be_indented)
{
    settings_expect_good("  [server]\nmax_body = 2M\n[admin]\n\t[store]\npath = /x\n" ZENDESK);
    ck_assert_uint_eq(settings.server.max_body_bytes, 2 << 20);
    ck_assert_str_eq(settings.store.path, "/x");
    settings_expect_fault("[server]\nmax_body = 2M\n  [store]\n", "3: ", "");
}
END_TEST

START_TEST(a_list_goes_on_after_a_comma)
{
    settings_expect_good(
        "[policy]\nauto_reply_patterns = *a*,\n    *b ; c*,\n# between\n\t*d*\ndry_run = yes\n" ZENDESK);
    ck_assert_uint_eq(settings.policy.auto_reply_patterns.count, 3);
    ck_assert_str_eq(settings.policy.auto_reply_patterns.items[1], "*b ; c*");
    ck_assert_str_eq(settings.policy.auto_reply_patterns.items[2], "*d*");
    ck_assert(settings.policy.dry_run);

    settings_expect_good("[policy]\nauto_reply_patterns =\n  *a*,\n  *b*\n" ZENDESK);
    ck_assert_uint_eq(settings.policy.auto_reply_patterns.count, 2);
}
END_TEST

START_TEST(an_empty_list_is_a_list)
{
    settings_expect_good("[policy]\nauto_reply_patterns =\n" ZENDESK);
    ck_assert_uint_eq(settings.policy.auto_reply_patterns.count, 0);
}
END_TEST

START_TEST(an_empty_glob_covers_nothing)
{
    settings_expect_good("[policy]\nbulk_tag =\n" ZENDESK);
    ck_assert_ptr_null(settings.policy.bulk_tag);
}
END_TEST

START_TEST(an_indented_line_elsewhere_is_a_fault)
{
    settings_expect_fault("[policy]\ndry_run = yes\n  stale_after = 1h\n",
                          "3: [policy] dry_run: ", "indented");
    settings_expect_fault("[pagerduty]\nservices = A\n  page_service = B\n",
                          "3: [pagerduty] services: ", "after a comma");
}
END_TEST

START_TEST(an_indented_key_is_no_item_of_a_list_and_not_shown)
{
    settings_expect_fault("[zendesk]\ndowngrade_tags = +a,\n  client_secret = S3CRET\n",
                          "3: [zendesk] downgrade_tags: ", "followed by an indented key");
    ck_assert_ptr_null(strstr(settings_error.message, "S3CRET"));
    settings_expect_fault("[zendesk]\ndowngrade_tags = +a,\n\tapi_token_file = x\n",
                          "3: [zendesk] downgrade_tags: ", "followed by an indented key");
    settings_expect_good("[policy]\nauto_reply_patterns = *a*,\n  from = *, no key: *\n" ZENDESK);
}
END_TEST

START_TEST(unknown_and_doubled_names_are_faults)
{
    settings_expect_fault("[server]\n\nlisten_on = x\n",
                          "3: [server] listen_on: ", "unknown key; wanted one of: listen");
    settings_expect_fault("[server]\nmax_body_file = x\n", "2: [server] max_body_file: ", "unknown key");
    settings_expect_fault("[server]\n[sevrer]\n",
                          "2: [sevrer]: ", "unknown section; wanted one of: server admin");
    settings_expect_fault("[server]\n[serve]\nlisten = x\n", "2: [serve]: ", "unknown section");
    settings_expect_fault("max_body = 1M\n", "1: max_body: ", "before the first section");
    settings_expect_fault("[server]\nmax_body = 1M\n[admin]\n[server]\nmax_body = 1M\n",
                          "5: [server] max_body: ", "twice, first in line 2");
    settings_expect_fault("[admin]\ntoken_file = a\ntoken_file = a\n",
                          "3: [admin] token_file: ", "twice, first in line 2");
}
END_TEST

START_TEST(unreadable_lines_are_faults)
{
    char longest[400];
    settings_expect_fault("[server]\nmax_body\n[nonsense]\n", "2: ", "no =");
    settings_expect_fault("[server]\nmax_body\nmax_body = 1Q\n", "2: ", "no =");
    settings_expect_fault("[server\n", "1: ", "[ without ]");
    settings_expect_fault("[server] max_body = 1M\n", "1: ", "behind [server]");
    settings_expect_fault("[admin]\ntoken = a\x02z\n", "2: ", "control character");
    settings_expect_fault("[admin]\ntoken = a\rz\n", "2: ", "control character");
    settings_expect_fault("[admin]\ntoken = a\xfcz\n", "2: [admin] token: not in UTF-8; ", "wanted UTF-8");
    settings_expect_fault("[admin]\ntoken_file = \xfc\n", "2: [admin] token_file: not in UTF-8; ", "");
    settings_expect_fault("[policy]\nauto_reply_patterns = a,\n  b\xfc\n",
                          "3: [policy] auto_reply_patterns: not in UTF-8; ", "");
    settings_expect_fault("# f\xfcr uns\n", "1: line is not in UTF-8; ", "wanted UTF-8");
    settings_expect_fault("[channel \xfc]\n", "1: line is not in UTF-8; ", "");

    snprintf(longest, sizeof(longest), "[admin]\nlisten = 127.0.0.1:1\ntoken = %0191d\n" ZENDESK, 0);
    settings_expect_fault(longest, "3: ", "longer than 198 bytes");
    snprintf(longest, sizeof(longest), "[admin]\nlisten = 127.0.0.1:1\ntoken = %0190d\n" ZENDESK, 0);
    settings_expect_good(longest);
    ck_assert_uint_eq(strlen(settings.admin.token), 190);
}
END_TEST

START_TEST(a_nul_byte_is_a_fault)
{
    static const char text[] = "[admin]\ntoken = a\0b\n[server]\n";
    settings_write_bytes("test.ini", text, sizeof(text) - 1);
    ck_assert(!config_load(settings_path, settings_directory, &settings, &settings_error));
    ck_assert_ptr_nonnull(strstr(settings_error.message, ":2: line holds a NUL byte"));
}
END_TEST

START_TEST(a_file_that_can_not_be_read_is_a_fault)
{
    ck_assert(!config_load("/nonexistent/x.ini", NULL, &settings, &settings_error));
    ck_assert_ptr_nonnull(strstr(settings_error.message, "/nonexistent/x.ini: cannot open: No such file"));
    ck_assert(!config_load(settings_directory, NULL, &settings, &settings_error));
    ck_assert_ptr_nonnull(strstr(settings_error.message, "Is a directory"));
}
END_TEST

struct bad_value {
    const char *section, *key, *value, *wanted;
};

static const struct bad_value bad_values[] = {
    {"policy", "stale_after", "15", "a duration such as"},
    {"policy", "stale_after", "15 m", "a duration such as"},
    {"policy", "stale_after", "0s", "a duration such as"},
    {"policy", "stale_after", "-1s", "a duration such as"},
    {"policy", "stale_after", "1.5h", "a duration such as"},
    {"policy", "stale_after", "731d", "at most 730d"},
    {"policy", "stale_after", "99999999999999999999s", "a duration such as"},
    {"policy", "stale_after", "9223372036854775807d", "a duration such as"},
    {"policy", "stale_after", "1h ; soon", "a duration such as"},
    {"policy", "stale_after", "", "a duration such as"},
    {"policy", "first_contact", "Manual", "manual or automatic"},
    {"policy", "after_engineer_comment", "", "ask or proceed"},
    {"policy", "dry_run", "true", "yes or no"},
    {"policy", "ignored_authors", "1, x", "ids"},
    {"policy", "ignored_authors", "1,,2", "ids"},
    {"policy", "ignored_authors", "1,", "ids"},
    {"policy", "ignored_authors", "0", "ids"},
    {"policy", "auto_reply_patterns", "a,, b", "texts separated by commas"},
    {"server", "max_body", "1Q", "a size such as"},
    {"server", "max_body", "0", "a size such as"},
    {"server", "max_body", "2G", "at most 1G"},
    {"server", "max_connections", "0", "a number from 1"},
    {"server", "max_connections", "many", "a number from 1"},
    {"server", "listen", "127.0.0.1", "host:port"},
    {"server", "listen", "127.0.0.1:", "host:port"},
    {"server", "listen", ":8080", "host:port"},
    {"server", "listen", "127.0.0.1:65536", "host:port"},
    {"server", "listen", "300.0.0.1:1", "host:port"},
    {"server", "listen", "::1:80", "host:port"},
    {"server", "listen", "[::1:80", "host:port"},
    {"server", "listen", "[::g]:80", "host:port"},
    {"server", "listen", "a b:80", "host:port"},
    {"store", "path", "", "a text"},
    {"policy", "bulk_tag", "incident *", "a text without blanks"},
    {"zendesk", "tam_field", "the manager", "a text without blanks"},
    {"zendesk", "post_call_macro", "notes", "an id"},
    {"pagerduty", "engineer_schedule", "P 1", "a text without blanks"},
    {"pagerduty", "from", "nobody", "an e-mail address"},
    {"pagerduty", "services", "PA PB", "texts without blanks"},
    {"pagerduty", "ticket_pattern", "ticket ([0-9]+", "a POSIX extended regular expression"},
    {"pagerduty", "ticket_pattern", "ticket [0-9]+", "with a group"},
    {"pagerduty", "api_url", "ftp://x", "https://HOST"},
    {"pagerduty", "api_url", "https://", "https://HOST"},
    {"pagerduty", "api_url", "https://x:0", "https://HOST"},
    {"pagerduty", "api_url", "https://u@x", "https://HOST"},
    {"pagerduty", "api_url", "http://api.pagerduty.com", "only for a loopback host"},
    {"pagerduty", "api_url", "http://localhost.example.com", "only for a loopback host"},
    {"zendesk", "emergency_match", "urgent", "tag:NAME, form:ID"},
    {"zendesk", "emergency_match", "tag:", "tag:NAME, form:ID"},
    {"zendesk", "emergency_match", "form:x", "tag:NAME, form:ID"},
    {"zendesk", "downgrade_priority", "urgent", "high, normal or low"},
    {"zendesk", "downgrade_form", "-3", "an id"},
    {"zendesk", "downgrade_tags", "a", "+TAG or -TAG"},
    {"zendesk", "downgrade_tags", "+a b", "+TAG or -TAG"},
    {"zendesk", "downgrade_fields", "a:b", "ID:VALUE"},
    {"zendesk", "downgrade_fields", "5", "ID:VALUE"},
};

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

START_TEST(addresses_may_be_ipv6)
{
    settings_expect_good("[server]\nlisten = [::]:8080\n[admin]\nlisten = [::1]:0\n" ZENDESK);
    ck_assert_str_eq(settings.server.listen.host, "::");
    ck_assert_str_eq(settings.admin.listen.host, "::1");
    ck_assert_uint_eq(settings.admin.listen.port, 0);
}
END_TEST

START_TEST(the_admin_listener_needs_a_token_off_loopback)
{
    static const char *const open[] = {"0.0.0.0:81",           "[::]:81",          "10.0.0.1:81",
                                       "admin.example.com:81", "[2001:db8::1]:81", "128.0.0.1:81"};
    static const char *const loopback[] = {"127.0.0.1:81", "127.9.9.9:81", "[::1]:81", "localhost:81"};
    char text[512];
    for (size_t i = 0; i < COUNT_OF(open); i++) {
        snprintf(text, sizeof(text), "[admin]\nlisten = %s\n" ZENDESK, open[i]);
        settings_expect_fault(text, "2: [admin] listen: ", "no token; wanted [admin] token");
        snprintf(text, sizeof(text), "[admin]\nlisten = %s\ntoken = t\n" ZENDESK, open[i]);
        settings_expect_good(text);
    }
    for (size_t i = 0; i < COUNT_OF(loopback); i++) {
        snprintf(text, sizeof(text), "[admin]\nlisten = %s\n" ZENDESK, loopback[i]);
        settings_expect_good(text);
    }
}
END_TEST

START_TEST(the_two_listeners_need_two_addresses)
{
    settings_expect_fault("[server]\nlisten = localhost:81\n[admin]\nlisten = localhost:81\n" ZENDESK,
                          "4: [admin] listen: ", "localhost:81 is the address of [server] listen");
    settings_expect_fault("[server]\nlisten = 127.0.0.1:8081\n" ZENDESK, " [admin] listen: ",
                          "127.0.0.1:8081 is the address of [server] listen"); /* admin's own default */
    settings_expect_good("[server]\nlisten = localhost:0\n[admin]\nlisten = localhost:0\n" ZENDESK);
}
END_TEST

START_TEST(urls_lose_what_is_put_behind_them_anyway)
{
    static const char *const urls[][2] = {
        {"https://x.zendesk.com", "https://x.zendesk.com"},
        {"https://x.zendesk.com//", "https://x.zendesk.com"},
        {"https://x.zendesk.com/api/v2", "https://x.zendesk.com"},
        {"https://x.zendesk.com/api/v2/", "https://x.zendesk.com"},
        {"http://127.0.0.1:4711/api/v2/", "http://127.0.0.1:4711"},
        {"http://[::1]:4711", "http://[::1]:4711"},
        {"http://[::1]", "http://[::1]"},
    };
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        char text[512];
        snprintf(text, sizeof(text),
                 "[zendesk]\nwebhook_secret = s\nuser = a@b.c\napi_token = t\napi_url = %s\n", urls[i][0]);
        settings_expect_good(text);
        ck_assert_str_eq(settings.zendesk.api_url, urls[i][1]);
    }
}
END_TEST

START_TEST(what_is_required_must_be_there)
{
    settings_expect_fault("", " [zendesk] api_url: missing; ", "Zendesk is always needed");
    settings_expect_fault("[server]\n[zendesk]\n", "2: [zendesk] api_url: missing; ", "https://HOST");
    settings_expect_fault("\n\n[zendesk]\napi_url = https://x\n", "3: [zendesk] webhook_secret: missing; ",
                          "_file");
    settings_expect_fault(ZENDESK "[pagerduty]\nservices = A\n", "6: [pagerduty] webhook_secret: missing; ",
                          "in use");
    settings_expect_fault(ZENDESK "[pagerduty]\nwebhook_secret = a\napi_token = b\n",
                          "6: [pagerduty] from: missing; ", "api_token");
    settings_expect_fault(ZENDESK "[pagerduty]\nwebhook_secret = a\nengineer_schedule = b\n",
                          "8: [pagerduty] engineer_schedule: of no use ", "wanted also api_token");
    settings_expect_fault(ZENDESK "[pagerduty]\nwebhook_secret = a\npage_service = b\n",
                          "8: [pagerduty] page_service: of no use ", "wanted also api_token");
    settings_expect_fault(ZENDESK "[pagerduty]\nwebhook_secret = a\nmanager_schedule = b\n",
                          "8: [pagerduty] manager_schedule: of no use ", "wanted also api_token");
    settings_expect_good(ZENDESK "[pagerduty]\n");
    ck_assert(!settings.pagerduty.enabled);
}
END_TEST

#define KNOWN "[zendesk]\nwebhook_secret = s\napi_url = https://x\n"

START_TEST(zendesk_takes_exactly_one_pair_of_credentials)
{
    static const char *const faults[][2] = {
        {"", "found none of them"},
        {"client_id = a\n", "found client_id"},
        {"client_secret = a\n", "found client_secret"},
        {"user = a@b.c\n", "found user"},
        {"client_id = a\napi_token = b\n", "found client_id api_token"},
        {"client_id = a\nclient_secret = b\nuser = a@b.c\n", "found client_id client_secret user"},
        {"client_id = a\nclient_secret = b\nuser = a@b.c\napi_token = c\n",
         "found client_id client_secret user api_token"},
    };
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        char text[256];
        snprintf(text, sizeof(text), KNOWN "%s", faults[i][0]);
        settings_expect_fault(text, "1: [zendesk] credentials: wanted exactly one pair, ", faults[i][1]);
    }
    settings_expect_good(KNOWN "user = a@b.c\napi_token = c\n");
    ck_assert_str_eq(settings.zendesk.user, "a@b.c");
    ck_assert_ptr_null(settings.zendesk.client_id);
}
END_TEST

START_TEST(zendesks_test_secret_is_refused)
{
    settings_expect_fault("[zendesk]\nwebhook_secret = " TEST_SECRET "\napi_url = https://x\n",
                          "2: [zendesk] webhook_secret: ", "public test secret");
    settings_expect_fault(ZENDESK "webhook_secret_2 = " TEST_SECRET "\n",
                          "6: [zendesk] webhook_secret_2: ", "public test secret");
    settings_write("secret", TEST_SECRET "\n");
    settings_expect_fault(ZENDESK "webhook_secret_2_file = %d/secret\n",
                          "6: [zendesk] webhook_secret_2_file: ", "public test secret");
}
END_TEST

START_TEST(a_secret_may_come_from_a_file)
{
    char text[512];
    settings_write("secret", "a b;c#d=e\r\n");
    settings_expect_good("[admin]\ntoken_file = %d/secret\n" ZENDESK);
    ck_assert_str_eq(settings.admin.token, "a b;c#d=e");
    settings_write("secret", "no newline");
    snprintf(text, sizeof(text), "[admin]\ntoken_file = %s/secret\n" ZENDESK, settings_directory);
    settings_expect_good(text);
    ck_assert_str_eq(settings.admin.token, "no newline");
}
END_TEST

START_TEST(a_secret_file_that_is_no_secret_is_a_fault)
{
    static const char text[] = "[admin]\ntoken_file = %d/secret\n" ZENDESK;
    static char large[5000];
    settings_expect_fault(text, "2: [admin] token_file: cannot read ", "No such file or directory");
    settings_write("secret", "");
    settings_expect_fault(text, "2: [admin] token_file: ", "secret is empty");
    settings_write("secret", "\n\r\n");
    settings_expect_fault(text, "2: [admin] token_file: ", "secret is empty");
    settings_write("secret", "  \n");
    settings_expect_fault(text, "2: [admin] token_file: ", "begins or ends with a blank");
    settings_write("secret", "whsec \n");
    settings_expect_fault(text, "2: [admin] token_file: ", "begins or ends with a blank");
    settings_write("secret", "one\ntwo\n");
    settings_expect_fault(text, "2: [admin] token_file: ", "line break");
    settings_write_bytes("secret", "a\0b", 3);
    settings_expect_fault(text, "2: [admin] token_file: ", "control character");
    settings_write("secret", "a\xfc\n");
    settings_expect_fault(text, "2: [admin] token_file: ", "secret is not in UTF-8");
    memset(large, 'x', sizeof(large));
    settings_write_bytes("secret", large, sizeof(large));
    settings_expect_fault(text, "2: [admin] token_file: ", "longer than 4096 bytes");
    settings_expect_fault("[admin]\ntoken_file =\n" ZENDESK, "2: [admin] token_file: cannot read", "");
}
END_TEST

START_TEST(the_credentials_directory_must_be_known)
{
    settings_write("test.ini", "[admin]\ntoken_file = %d/secret\n" ZENDESK);
    ck_assert(!config_load(settings_path, NULL, &settings, &settings_error));
    ck_assert_ptr_nonnull(strstr(settings_error.message, ":2: [admin] token_file: %d has no meaning here"));
}
END_TEST

START_TEST(a_secret_and_its_file_are_one_too_many)
{
    settings_write("secret", "s");
    settings_expect_fault("[admin]\ntoken = a\ntoken_file = %d/secret\n",
                          "3: [admin] token_file: ", "given beside token in line 2");
    settings_expect_fault("[admin]\ntoken_file = %d/secret\n\ntoken = a\n",
                          "4: [admin] token: ", "given beside token_file in line 2");
}
END_TEST

START_TEST(no_message_holds_a_secret)
{
    settings_expect_fault("[admin]\ntoken = hush\ntoken = hush\n", "3: ", "twice");
    ck_assert_ptr_null(strstr(settings_error.message, "hush"));
    settings_expect_fault("[zendesk]\nwebhook_secret =\n",
                          "2: [zendesk] webhook_secret: not valid (not shown)", "a secret");
    settings_expect_fault("[zendesk]\nwebhook_secret = " TEST_SECRET "\napi_url = https://x\n", "2: ", "");
    ck_assert_ptr_null(strstr(settings_error.message, TEST_SECRET));
}
END_TEST

/* The number a reader of the pattern finds: the last group of digits only. */
static void find_ticket(const char *pattern, const char *text, char *out, size_t size)
{
    regex_t compiled;
    regmatch_t groups[10];
    out[0] = '\0';
    ck_assert_int_eq(regcomp(&compiled, pattern, REG_EXTENDED | REG_ICASE), 0);
    if (regexec(&compiled, text, COUNT_OF(groups), groups, 0) == 0) {
        for (size_t i = 1; i < COUNT_OF(groups) && i <= compiled.re_nsub; i++) {
            int length = (int)(groups[i].rm_eo - groups[i].rm_so);
            if (groups[i].rm_so >= 0 && length > 0 &&
                strspn(text + groups[i].rm_so, "0123456789") >= (size_t)length)
                snprintf(out, size, "%.*s", length, text + groups[i].rm_so);
        }
    }
    regfree(&compiled);
}

START_TEST(the_default_pattern_finds_ticket_numbers)
{
    static const char *const texts[] = {
        "Zendesk #4711",   "ticket 4711: down", "https://x.zendesk.com/agent/tickets/4711",
        "[#4711] down",    "ticket-4711",       "zendesk:4711",
        "ZD-4711",         "(ZD4711)",          "Zendesk ticket #4711",
        "TICKET ID: 4711", "Ticket No. 4711",
    };
    static const char *const others[] = {"Disk 4711 full", "#4711", "wizzd 4711", "ticket system down",
                                         "[#down]"};
    char found[32];
    settings_expect_good(ZENDESK);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        find_ticket(settings.pagerduty.ticket_pattern, texts[i], found, sizeof(found));
        ck_assert_msg(strcmp(found, "4711") == 0, "\"%s\": \"%s\"", texts[i], found);
    }
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        find_ticket(settings.pagerduty.ticket_pattern, others[i], found, sizeof(found));
        ck_assert_msg(found[0] == '\0', "\"%s\": \"%s\"", others[i], found);
    }
}
END_TEST

START_TEST(freeing_leaves_zeroes_and_may_be_repeated)
{
    static const struct config zeroed;
    settings_expect_good(ZENDESK);
    config_free(&settings);
    ck_assert_mem_eq(&settings, &zeroed, sizeof(settings));
    config_free(&settings);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, defaults_are_filled_in);
    tcase_add_test(tests, given_values_are_stored);
    tcase_add_test(tests, values_may_hold_comment_signs);
    tcase_add_test(tests, lines_may_end_as_on_windows_and_begin_with_a_bom);
    tcase_add_test(tests, a_list_goes_on_after_a_comma);
    tcase_add_test(tests, an_empty_list_is_a_list);
    tcase_add_test(tests, an_empty_glob_covers_nothing);
    tcase_add_test(tests, a_section_may_be_indented);
    tcase_add_test(tests, addresses_may_be_ipv6);
    tcase_add_test(tests, urls_lose_what_is_put_behind_them_anyway);
    tcase_add_test(tests, a_secret_may_come_from_a_file);
    tcase_add_test(tests, the_default_pattern_finds_ticket_numbers);
    tcase_add_test(tests, freeing_leaves_zeroes_and_may_be_repeated);
}

static void add_fault_tests(TCase *tests)
{
    tcase_add_test(tests, an_indented_line_elsewhere_is_a_fault);
    tcase_add_test(tests, an_indented_key_is_no_item_of_a_list_and_not_shown);
    tcase_add_test(tests, unknown_and_doubled_names_are_faults);
    tcase_add_test(tests, unreadable_lines_are_faults);
    tcase_add_test(tests, a_nul_byte_is_a_fault);
    tcase_add_test(tests, a_file_that_can_not_be_read_is_a_fault);
    tcase_add_loop_test(tests, a_bad_value_is_named_with_line_and_key, 0, (int)COUNT_OF(bad_values));
    tcase_add_test(tests, the_admin_listener_needs_a_token_off_loopback);
    tcase_add_test(tests, the_two_listeners_need_two_addresses);
    tcase_add_test(tests, what_is_required_must_be_there);
    tcase_add_test(tests, zendesk_takes_exactly_one_pair_of_credentials);
    tcase_add_test(tests, zendesks_test_secret_is_refused);
    tcase_add_test(tests, a_secret_file_that_is_no_secret_is_a_fault);
    tcase_add_test(tests, the_credentials_directory_must_be_known);
    tcase_add_test(tests, a_secret_and_its_file_are_one_too_many);
    tcase_add_test(tests, no_message_holds_a_secret);
}

Suite *config_suite(void)
{
    Suite *suite = suite_create("config");
    TCase *values = tcase_create("values");
    TCase *faults = tcase_create("faults");
    tcase_add_checked_fixture(values, settings_begin, settings_end);
    tcase_add_checked_fixture(faults, settings_begin, settings_end);
    add_tests(values);
    add_fault_tests(faults);
    suite_add_tcase(suite, values);
    suite_add_tcase(suite, faults);
    return suite;
}
