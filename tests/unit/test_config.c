/*
 * What the settings promise: every default, every fault by its file, line and key, secrets from files, and an
 * example file that is complete.
 */
#include <check.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/config.h"
#include "tests/unit/suites.h"

#define TEST_SECRET "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="

/* The shortest sound [zendesk]; five lines. */
#define ZENDESK                                                                                              \
    "[zendesk]\nwebhook_secret = s\napi_url = https://x.zendesk.com\nclient_id = c\nclient_secret = t\n"

static char directory[64];
static char path[128];
static struct config config;
static struct config_error error;

static void in_directory(char *out, size_t size, const char *name)
{
    snprintf(out, size, "%s/%s", directory, name);
}

static void write_bytes(const char *name, const void *content, size_t length)
{
    char full[128];
    in_directory(full, sizeof(full), name);
    FILE *file = fopen(full, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(content, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
}

static void write_file(const char *name, const char *content)
{
    write_bytes(name, content, strlen(content));
}

static void remove_file(const char *name)
{
    char full[128];
    in_directory(full, sizeof(full), name);
    unlink(full);
}

/* What the example calls the file of a secret key. */
static const char *secret_name(char *out, size_t size, const struct config_key *key)
{
    snprintf(out, size, "%s_%s", key->section, key->name);
    return out;
}

static void setup(void)
{
    snprintf(directory, sizeof(directory), "/tmp/test_config.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    in_directory(path, sizeof(path), "test.ini");
}

static void teardown(void)
{
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    remove_file("test.ini");
    remove_file("secret");
    for (size_t i = 0; i < count; i++) {
        char name[64];
        remove_file(secret_name(name, sizeof(name), &keys[i]));
    }
    rmdir(directory);
    config_free(&config);
}

static bool load(const char *text)
{
    config_free(&config);
    write_file("test.ini", text);
    return config_load(path, directory, &config, &error);
}

static void expect_good(const char *text)
{
    bool good = load(text);
    ck_assert_msg(good, "%s", error.message);
    ck_assert_str_eq(error.message, "");
}

/* The message must be "FILE:" and `start`, and hold `part` somewhere. */
static void expect_fault(const char *text, const char *start, const char *part)
{
    static const struct config zeroed;
    char whole[256];
    snprintf(whole, sizeof(whole), "%s:%s", path, start);
    ck_assert_msg(!load(text), "loaded: %s", text);
    ck_assert_msg(strncmp(error.message, whole, strlen(whole)) == 0, "not \"%s\": %s", whole, error.message);
    ck_assert_msg(strstr(error.message, part), "no \"%s\": %s", part, error.message);
    ck_assert_msg(strstr(error.message, "wanted"), "says not what was wanted: %s", error.message);
    ck_assert_mem_eq(&config, &zeroed, sizeof(config));
}

START_TEST(defaults_are_filled_in)
{
    expect_good(ZENDESK);
    ck_assert_str_eq(config.server.listen.host, "127.0.0.1");
    ck_assert_uint_eq(config.server.listen.port, 8080);
    ck_assert_uint_eq(config.server.max_body_bytes, 1048576);
    ck_assert_uint_eq(config.server.max_connections, 1000);
    ck_assert_int_eq(config.server.request_timeout_ms, 10000);
    ck_assert_uint_eq(config.admin.listen.port, 8081);
    ck_assert_ptr_null(config.admin.token);
    ck_assert_ptr_null(config.admin.socket);
    ck_assert_str_eq(config.store.path, "/var/lib/emergencyd/emergencyd.db");
    ck_assert_int_eq(config.store.keep_payloads_ms, INT64_C(30) * 86400 * 1000);
    ck_assert_int_eq(config.policy.follow_up_after_ms, 900000);
    ck_assert_int_eq(config.policy.downgrade_after_ms, 900000);
    ck_assert_int_eq(config.policy.stale_after_ms, 3600000);
    ck_assert_int_eq(config.policy.contact_within_ms, 1200000);
    ck_assert_int_eq(config.policy.page_if_missing_ms, 120000);
    ck_assert_int_eq(config.policy.first_contact, FIRST_CONTACT_MANUAL);
    ck_assert_int_eq(config.policy.after_engineer_comment, AFTER_ENGINEER_COMMENT_ASK);
    ck_assert(!config.policy.resolve_on_contact);
    ck_assert(!config.policy.dry_run);
    ck_assert_uint_gt(config.policy.auto_reply_patterns.count, 5);
    ck_assert_str_eq(config.policy.auto_reply_patterns.items[0], "*out of office*");
    ck_assert_uint_eq(config.policy.ignored_authors.count, 0);
    ck_assert(!config.pagerduty.enabled);
    ck_assert_int_eq(config.zendesk.max_age_ms, 86400000);
    ck_assert_int_eq(config.zendesk.poll_every_ms, 60000);
    ck_assert_int_eq(config.zendesk.emergency_match.kind, TICKET_MATCH_ANY);
    ck_assert_int_eq(config.zendesk.downgrade_priority, DOWNGRADE_PRIORITY_HIGH);
    ck_assert_int_eq(config.zendesk.downgrade_form, 0);
    ck_assert_uint_eq(config.zendesk.downgrade_tags.count, 1);
    ck_assert(config.zendesk.downgrade_comment);
}
END_TEST

START_TEST(given_values_are_stored)
{
    expect_good("[policy]\nfirst_contact = automatic\nafter_engineer_comment = proceed\ndry_run = YES\n"
                "follow_up_after = 500ms\nignored_authors = 7 ,9007199254740993\n"
                "[server]\nmax_body = 64K\nlisten = localhost:0\nmax_connections=7\n"
                "[pagerduty]\nwebhook_secret = w\nservices = PA, PB\napi_token = k\nfrom = a@example.com\n" //
                ZENDESK "emergency_match = form:12\ndowngrade_priority = low\ndowngrade_form = 34\n"
                "downgrade_tags = +a,  -b_c\ndowngrade_fields = 5:x y, 6:a:b\n");
    ck_assert_int_eq(config.policy.first_contact, FIRST_CONTACT_AUTOMATIC);
    ck_assert_int_eq(config.policy.after_engineer_comment, AFTER_ENGINEER_COMMENT_PROCEED);
    ck_assert(config.policy.dry_run);
    ck_assert_int_eq(config.policy.follow_up_after_ms, 500);
    ck_assert_uint_eq(config.policy.ignored_authors.count, 2);
    ck_assert_int_eq(config.policy.ignored_authors.items[1], INT64_C(9007199254740993));
    ck_assert_uint_eq(config.server.max_body_bytes, 65536);
    ck_assert_uint_eq(config.server.listen.port, 0);
    ck_assert_uint_eq(config.server.max_connections, 7);
    ck_assert(config.pagerduty.enabled);
    ck_assert_uint_eq(config.pagerduty.services.count, 2);
    ck_assert_str_eq(config.pagerduty.services.items[1], "PB");
    ck_assert_str_eq(config.pagerduty.api_url, "https://api.pagerduty.com");
    ck_assert_int_eq(config.zendesk.emergency_match.kind, TICKET_MATCH_FORM);
    ck_assert_int_eq(config.zendesk.emergency_match.form_id, 12);
    ck_assert_int_eq(config.zendesk.downgrade_priority, DOWNGRADE_PRIORITY_LOW);
    ck_assert_int_eq(config.zendesk.downgrade_form, 34);
    ck_assert_uint_eq(config.zendesk.downgrade_tags.count, 2);
    ck_assert(config.zendesk.downgrade_tags.items[0].add);
    ck_assert(!config.zendesk.downgrade_tags.items[1].add);
    ck_assert_str_eq(config.zendesk.downgrade_tags.items[1].tag, "b_c");
    ck_assert_uint_eq(config.zendesk.downgrade_fields.count, 2);
    ck_assert_int_eq(config.zendesk.downgrade_fields.items[0].field_id, 5);
    ck_assert_str_eq(config.zendesk.downgrade_fields.items[0].value, "x y");
    ck_assert_str_eq(config.zendesk.downgrade_fields.items[1].value, "a:b");
}
END_TEST

START_TEST(values_may_hold_comment_signs)
{
    expect_good("; comment\n  # indented comment ; twice\n[admin] ; behind a section\n"
                "token = a ; b # c = d;e\n" ZENDESK "webhook_secret_2 = ;first\n");
    ck_assert_str_eq(config.admin.token, "a ; b # c = d;e");
    ck_assert_str_eq(config.zendesk.webhook_secret_2, ";first");
}
END_TEST

START_TEST(lines_may_end_as_on_windows_and_begin_with_a_bom)
{
    expect_good("\xef\xbb\xbf[server]\r\nmax_body = 2M\r\n" ZENDESK);
    ck_assert_uint_eq(config.server.max_body_bytes, 2 << 20);
}
END_TEST

START_TEST(a_list_goes_on_after_a_comma)
{
    expect_good(
        "[policy]\nauto_reply_patterns = *a*,\n    *b ; c*,\n# between\n\t*d*\ndry_run = yes\n" ZENDESK);
    ck_assert_uint_eq(config.policy.auto_reply_patterns.count, 3);
    ck_assert_str_eq(config.policy.auto_reply_patterns.items[1], "*b ; c*");
    ck_assert_str_eq(config.policy.auto_reply_patterns.items[2], "*d*");
    ck_assert(config.policy.dry_run);

    expect_good("[policy]\nauto_reply_patterns =\n  *a*,\n  *b*\n" ZENDESK);
    ck_assert_uint_eq(config.policy.auto_reply_patterns.count, 2);
}
END_TEST

START_TEST(an_empty_list_is_a_list)
{
    expect_good("[policy]\nauto_reply_patterns =\n" ZENDESK);
    ck_assert_uint_eq(config.policy.auto_reply_patterns.count, 0);
}
END_TEST

START_TEST(an_indented_line_elsewhere_is_a_fault)
{
    expect_fault("[policy]\ndry_run = yes\n  stale_after = 1h\n", "3: [policy] dry_run: ", "indented");
    expect_fault("[pagerduty]\nservices = A\n  page_service = B\n",
                 "3: [pagerduty] services: ", "after a comma");
}
END_TEST

START_TEST(unknown_and_doubled_names_are_faults)
{
    expect_fault("[server]\n\nlisten_on = x\n",
                 "3: [server] listen_on: ", "unknown key; wanted one of: listen");
    expect_fault("[server]\nmax_body_file = x\n", "2: [server] max_body_file: ", "unknown key");
    expect_fault("[server]\n[sevrer]\n", "2: [sevrer]: ", "unknown section; wanted one of: server admin");
    expect_fault("[server]\n[serve]\nlisten = x\n", "2: [serve]: ", "unknown section");
    expect_fault("max_body = 1M\n", "1: max_body: ", "before the first section");
    expect_fault("[server]\nmax_body = 1M\n[admin]\n[server]\nmax_body = 1M\n",
                 "5: [server] max_body: ", "twice, first in line 2");
    expect_fault("[admin]\ntoken_file = a\ntoken_file = a\n",
                 "3: [admin] token_file: ", "twice, first in line 2");
}
END_TEST

START_TEST(unreadable_lines_are_faults)
{
    char longest[400];
    expect_fault("[server]\nmax_body\n[nonsense]\n", "2: ", "no =");
    expect_fault("[server]\nmax_body\nmax_body = 1Q\n", "2: ", "no =");
    expect_fault("[server\n", "1: ", "[ without ]");
    expect_fault("[server] max_body = 1M\n", "1: ", "behind [server]");
    expect_fault("[admin]\ntoken = a\x02z\n", "2: ", "control character");

    snprintf(longest, sizeof(longest), "[admin]\nlisten = 127.0.0.1:1\ntoken = %0191d\n" ZENDESK, 0);
    expect_fault(longest, "3: ", "longer than 198 bytes");
    snprintf(longest, sizeof(longest), "[admin]\nlisten = 127.0.0.1:1\ntoken = %0190d\n" ZENDESK, 0);
    expect_good(longest);
    ck_assert_uint_eq(strlen(config.admin.token), 190);
}
END_TEST

START_TEST(a_nul_byte_is_a_fault)
{
    static const char text[] = "[admin]\ntoken = a\0b\n[server]\n";
    write_bytes("test.ini", text, sizeof(text) - 1);
    ck_assert(!config_load(path, directory, &config, &error));
    ck_assert_ptr_nonnull(strstr(error.message, ":2: line holds a NUL byte"));
}
END_TEST

START_TEST(a_file_that_can_not_be_read_is_a_fault)
{
    ck_assert(!config_load("/nonexistent/x.ini", NULL, &config, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "/nonexistent/x.ini: cannot open: No such file"));
    ck_assert(!config_load(directory, NULL, &config, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "Is a directory"));
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
    expect_fault(text, start, bad->wanted);
    snprintf(quoted, sizeof(quoted), "\"%s\" is not valid", bad->value);
    ck_assert_msg(strstr(error.message, quoted), "%s", error.message);
}
END_TEST

START_TEST(addresses_may_be_ipv6)
{
    expect_good("[server]\nlisten = [::]:8080\n[admin]\nlisten = [::1]:0\n" ZENDESK);
    ck_assert_str_eq(config.server.listen.host, "::");
    ck_assert_str_eq(config.admin.listen.host, "::1");
    ck_assert_uint_eq(config.admin.listen.port, 0);
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
        expect_fault(text, "2: [admin] listen: ", "no token; wanted [admin] token");
        snprintf(text, sizeof(text), "[admin]\nlisten = %s\ntoken = t\n" ZENDESK, open[i]);
        expect_good(text);
    }
    for (size_t i = 0; i < COUNT_OF(loopback); i++) {
        snprintf(text, sizeof(text), "[admin]\nlisten = %s\n" ZENDESK, loopback[i]);
        expect_good(text);
    }
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
        expect_good(text);
        ck_assert_str_eq(config.zendesk.api_url, urls[i][1]);
    }
}
END_TEST

START_TEST(what_is_required_must_be_there)
{
    expect_fault("", " [zendesk] api_url: missing; ", "Zendesk is always needed");
    expect_fault("[server]\n[zendesk]\n", "2: [zendesk] api_url: missing; ", "https://HOST");
    expect_fault("\n\n[zendesk]\napi_url = https://x\n", "3: [zendesk] webhook_secret: missing; ", "_file");
    expect_fault(ZENDESK "[pagerduty]\nservices = A\n", "6: [pagerduty] webhook_secret: missing; ", "in use");
    expect_fault(ZENDESK "[pagerduty]\nwebhook_secret = a\napi_token = b\n", "6: [pagerduty] from: missing; ",
                 "api_token");
    expect_good(ZENDESK "[pagerduty]\n");
    ck_assert(!config.pagerduty.enabled);
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
        expect_fault(text, "1: [zendesk] credentials: wanted exactly one pair, ", faults[i][1]);
    }
    expect_good(KNOWN "user = a@b.c\napi_token = c\n");
    ck_assert_str_eq(config.zendesk.user, "a@b.c");
    ck_assert_ptr_null(config.zendesk.client_id);
}
END_TEST

START_TEST(zendesks_test_secret_is_refused)
{
    expect_fault("[zendesk]\nwebhook_secret = " TEST_SECRET "\napi_url = https://x\n",
                 "2: [zendesk] webhook_secret: ", "public test secret");
    expect_fault(ZENDESK "webhook_secret_2 = " TEST_SECRET "\n",
                 "6: [zendesk] webhook_secret_2: ", "public test secret");
    write_file("secret", TEST_SECRET "\n");
    expect_fault(ZENDESK "webhook_secret_2_file = %d/secret\n",
                 "6: [zendesk] webhook_secret_2_file: ", "public test secret");
}
END_TEST

START_TEST(a_secret_may_come_from_a_file)
{
    char text[512];
    write_file("secret", "a b;c#d=e\r\n");
    expect_good("[admin]\ntoken_file = %d/secret\n" ZENDESK);
    ck_assert_str_eq(config.admin.token, "a b;c#d=e");
    write_file("secret", "no newline");
    snprintf(text, sizeof(text), "[admin]\ntoken_file = %s/secret\n" ZENDESK, directory);
    expect_good(text);
    ck_assert_str_eq(config.admin.token, "no newline");
}
END_TEST

START_TEST(a_secret_file_that_is_no_secret_is_a_fault)
{
    static const char text[] = "[admin]\ntoken_file = %d/secret\n" ZENDESK;
    static char large[5000];
    expect_fault(text, "2: [admin] token_file: cannot read ", "No such file or directory");
    write_file("secret", "");
    expect_fault(text, "2: [admin] token_file: ", "secret is empty");
    write_file("secret", "\n\r\n");
    expect_fault(text, "2: [admin] token_file: ", "secret is empty");
    write_file("secret", "one\ntwo\n");
    expect_fault(text, "2: [admin] token_file: ", "line break");
    write_bytes("secret", "a\0b", 3);
    expect_fault(text, "2: [admin] token_file: ", "control character");
    memset(large, 'x', sizeof(large));
    write_bytes("secret", large, sizeof(large));
    expect_fault(text, "2: [admin] token_file: ", "longer than 4096 bytes");
    expect_fault("[admin]\ntoken_file =\n" ZENDESK, "2: [admin] token_file: cannot read", "");
}
END_TEST

START_TEST(the_credentials_directory_must_be_known)
{
    write_file("test.ini", "[admin]\ntoken_file = %d/secret\n" ZENDESK);
    ck_assert(!config_load(path, NULL, &config, &error));
    ck_assert_ptr_nonnull(strstr(error.message, ":2: [admin] token_file: %d has no meaning here"));
}
END_TEST

START_TEST(a_secret_and_its_file_are_one_too_many)
{
    write_file("secret", "s");
    expect_fault("[admin]\ntoken = a\ntoken_file = %d/secret\n",
                 "3: [admin] token_file: ", "given beside token in line 2");
    expect_fault("[admin]\ntoken_file = %d/secret\n\ntoken = a\n",
                 "4: [admin] token: ", "given beside token_file in line 2");
}
END_TEST

START_TEST(no_message_holds_a_secret)
{
    expect_fault("[admin]\ntoken = hush\ntoken = hush\n", "3: ", "twice");
    ck_assert_ptr_null(strstr(error.message, "hush"));
    expect_fault("[zendesk]\nwebhook_secret =\n", "2: [zendesk] webhook_secret: not valid (not shown)",
                 "a secret");
    expect_fault("[zendesk]\nwebhook_secret = " TEST_SECRET "\napi_url = https://x\n", "2: ", "");
    ck_assert_ptr_null(strstr(error.message, TEST_SECRET));
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
    expect_good(ZENDESK);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        find_ticket(config.pagerduty.ticket_pattern, texts[i], found, sizeof(found));
        ck_assert_msg(strcmp(found, "4711") == 0, "\"%s\": \"%s\"", texts[i], found);
    }
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        find_ticket(config.pagerduty.ticket_pattern, others[i], found, sizeof(found));
        ck_assert_msg(found[0] == '\0', "\"%s\": \"%s\"", others[i], found);
    }
}
END_TEST

START_TEST(freeing_leaves_zeroes_and_may_be_repeated)
{
    static const struct config zeroed;
    expect_good(ZENDESK);
    config_free(&config);
    ck_assert_mem_eq(&config, &zeroed, sizeof(config));
    config_free(&config);
}
END_TEST

/* ---- the example ---- */

#define EXAMPLE "config.example.ini"

static char *read_example(void)
{
    FILE *file = fopen(EXAMPLE, "re");
    char *text = NULL;
    size_t size = 0;
    ck_assert_msg(file != NULL, "tests run from the root, where %s is", EXAMPLE);
    ck_assert_int_gt(getdelim(&text, &size, '\0', file), 0);
    fclose(file);
    return text;
}

static void squeeze(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (!strchr(" \t\n", *from))
            *to++ = *from;
    }
    *to = '\0';
}

/* The line `name =`, set or behind a #, within the section; NULL: none. */
static const char *find_line(const char *text, const char *section, const char *name)
{
    char mark[64];
    snprintf(mark, sizeof(mark), "\n[%s]\n", section);
    const char *at = strstr(text, mark);
    size_t length = strlen(name);
    for (at = at ? strchr(at + 1, '\n') : NULL; at && at[1] != '[' && at[1] != '\0';
         at = strchr(at + 1, '\n')) {
        const char *line = at + 1 + (at[1] == '#');
        if (strncmp(line, name, length) == 0 && strncmp(line + length, " =", 2) == 0)
            return at + 1;
    }
    return NULL;
}

/* Whether the line above is a comment for people: "# ". */
static bool has_help(const char *text, const char *line)
{
    const char *above = line - 1;
    while (above > text && above[-1] != '\n')
        above--;
    return strncmp(above, "# ", 2) == 0;
}

/* The value of a line and of those that continue it, without blanks; the caller frees it. */
static char *value_of(const char *line)
{
    const char *start = strchr(line, '=') + 1;
    const char *end = strchr(start, '\n');
    while (end[1] == ' ')
        end = strchr(end + 1, '\n');
    char *value = strndup(start, (size_t)(end - start));
    squeeze(value);
    return value;
}

static void check_example_key(const char *text, const struct config_key *key)
{
    char name[64];
    snprintf(name, sizeof(name), "%s%s", key->name, key->type->secret ? "_file" : "");
    const char *line = find_line(text, key->section, name);
    ck_assert_msg(line != NULL, "[%s] %s is not in %s", key->section, name, EXAMPLE);
    ck_assert_msg(has_help(text, line), "[%s] %s has no help above it", key->section, name);
    if (!key->fallback)
        return;
    char *shown = value_of(line);
    char *fallback = strdup(key->fallback);
    squeeze(fallback);
    ck_assert_msg(strcmp(shown, fallback) == 0, "[%s] %s: %s, not %s", key->section, name, shown, fallback);
    free(shown);
    free(fallback);
}

START_TEST(the_example_has_every_key_with_default_and_help)
{
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    char *text = read_example();
    ck_assert_uint_gt(count, 0);
    for (size_t i = 0; i < count; i++)
        check_example_key(text, &keys[i]);
    free(text);
}
END_TEST

START_TEST(the_example_loads)
{
    write_file("zendesk_webhook_secret", "s\n");
    write_file("zendesk_client_secret", "t\n");
    bool good = config_load(EXAMPLE, directory, &config, &error);
    ck_assert_msg(good, "%s", error.message);
    ck_assert_str_eq(config.zendesk.client_secret, "t");
    ck_assert(!config.pagerduty.enabled);
}
END_TEST

static void write_all_secrets(void)
{
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        char name[64];
        if (keys[i].type->secret)
            write_file(secret_name(name, sizeof(name), &keys[i]), "s\n");
    }
}

/* Also what is behind a # must be right for whoever takes the # away: all that is left to say against the
 * example with every key set is that both pairs of credentials are. */
START_TEST(the_example_is_right_behind_its_comment_signs)
{
    char *text = read_example();
    char *bare = calloc(1, strlen(text) + 1);
    char *to = bare;
    for (const char *from = text; *from; from++) {
        bool is_key = from > text && from[-1] == '\n' && *from == '#' && from[1] >= 'a' && from[1] <= 'z';
        if (!is_key)
            *to++ = *from;
    }
    write_all_secrets();
    ck_assert(!load(bare));
    ck_assert_msg(strstr(error.message, "found client_id client_secret user api_token"), "%s", error.message);
    free(bare);
    free(text);
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
    tcase_add_test(tests, addresses_may_be_ipv6);
    tcase_add_test(tests, urls_lose_what_is_put_behind_them_anyway);
    tcase_add_test(tests, a_secret_may_come_from_a_file);
    tcase_add_test(tests, the_default_pattern_finds_ticket_numbers);
    tcase_add_test(tests, freeing_leaves_zeroes_and_may_be_repeated);
}

static void add_fault_tests(TCase *tests)
{
    tcase_add_test(tests, an_indented_line_elsewhere_is_a_fault);
    tcase_add_test(tests, unknown_and_doubled_names_are_faults);
    tcase_add_test(tests, unreadable_lines_are_faults);
    tcase_add_test(tests, a_nul_byte_is_a_fault);
    tcase_add_test(tests, a_file_that_can_not_be_read_is_a_fault);
    tcase_add_loop_test(tests, a_bad_value_is_named_with_line_and_key, 0, (int)COUNT_OF(bad_values));
    tcase_add_test(tests, the_admin_listener_needs_a_token_off_loopback);
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
    TCase *example = tcase_create("example");
    tcase_add_checked_fixture(values, setup, teardown);
    tcase_add_checked_fixture(faults, setup, teardown);
    tcase_add_checked_fixture(example, setup, teardown);
    add_tests(values);
    add_fault_tests(faults);
    tcase_add_test(example, the_example_has_every_key_with_default_and_help);
    tcase_add_test(example, the_example_loads);
    tcase_add_test(example, the_example_is_right_behind_its_comment_signs);
    suite_add_tcase(suite, values);
    suite_add_tcase(suite, faults);
    suite_add_tcase(suite, example);
    return suite;
}
