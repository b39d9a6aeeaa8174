/*
 * courier_account: with which headers each service is called, when a token is asked for, how long it is used,
 * and what is left alone when none can be had. Time is the test's.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/courier_account.h"
#include "tests/unit/suites.h"

#define HOUR_MS 3600000

static struct config config;
static struct account account;
static struct json_reader *reader;
static char error[160];

static void set_up(void)
{
    config.zendesk.api_url = strdup("https://example.zendesk.com");
    config.zendesk.client_id = strdup("client");
    config.zendesk.client_secret = strdup("oauth-secret");
    reader = json_reader_new();
    ck_assert_ptr_nonnull(reader);
    ck_assert(account_init(&account, SERVICE_ZENDESK, &config));
}

static void tear_down(void)
{
    account_free(&account);
    json_reader_free(reader);
    config_free(&config);
}

/* Asks at ASKED_MS and gets ANSWER. */
static bool ask(int64_t asked_ms, int status, const char *answer)
{
    struct call *call = account_token_call(&account, asked_ms);
    ck_assert_ptr_nonnull(call);
    call->end = CALL_ANSWERED;
    call->status = status;
    call->answer = strdup(answer);
    call->answer_length = strlen(answer);
    bool good = account_take_token(&account, reader, call, asked_ms, error, sizeof(error));
    account_forget_call(call);
    return good;
}

static bool ask_for_seconds(int64_t asked_ms, int seconds)
{
    char answer[128];
    snprintf(answer, sizeof(answer), "{\"access_token\":\"tok-%d\",\"expires_in\":%d}", seconds, seconds);
    return ask(asked_ms, 200, answer);
}

START_TEST(a_token_is_wanted_first)
{
    ck_assert(!account_is_ready(&account, 0));
    ck_assert(account_wants_token(&account, 0));
    ck_assert(ask_for_seconds(0, 3600));
    ck_assert(account_is_ready(&account, 0));
    ck_assert(!account_wants_token(&account, 0));
    struct call call = {.method = "GET"};
    const char *lines[ACCOUNT_LINES];
    ck_assert_uint_eq(account_headers(&account, &call, lines), 2);
    ck_assert_str_eq(lines[0], "Authorization: Bearer tok-3600");
    ck_assert_uint_eq(account_token_headers(&account, lines), 2);
    ck_assert_str_eq(lines[1], "Content-Type: application/json");
    ck_assert_str_eq(account.token_url, "https://example.zendesk.com");
}
END_TEST

static const struct {
    int seconds;
    int64_t ahead_ms;
} lives[] = {{3600, 360000}, {86400, 8640000}, {300, 60000}, {60, 30000}};

START_TEST(a_token_is_renewed_ahead_of_its_end)
{
    int64_t asked_ms = 5000;
    int64_t end_ms = asked_ms + lives[_i].seconds * 1000;
    ck_assert(ask_for_seconds(asked_ms, lives[_i].seconds));
    ck_assert(!account_wants_token(&account, end_ms - lives[_i].ahead_ms - 1));
    ck_assert(account_wants_token(&account, end_ms - lives[_i].ahead_ms));
    ck_assert(account_is_ready(&account, end_ms - 1));
    ck_assert(!account_is_ready(&account, end_ms));
}
END_TEST

START_TEST(a_failed_renewal_leaves_the_old_token)
{
    ck_assert(ask_for_seconds(0, 3600));
    ck_assert(!ask(HOUR_MS - 1000, 503, "oauth-secret"));
    ck_assert_str_eq(error, "no token: refused with HTTP status 503");
    ck_assert(account_is_ready(&account, HOUR_MS - 1));
    ck_assert(account_wants_token(&account, HOUR_MS - 1));
}
END_TEST

START_TEST(no_more_than_one_attempt_a_second)
{
    ck_assert_int_eq(account.next_attempt_ms, 0);
    ck_assert(!ask(7000, 200, "{}"));
    ck_assert_int_eq(account.next_attempt_ms, 8000);
    ck_assert(!account_is_ready(&account, 8000));
}
END_TEST

START_TEST(only_the_present_token_can_be_rejected)
{
    ck_assert(ask_for_seconds(0, 3600));
    int64_t first = account.token;
    ck_assert(ask_for_seconds(1000, 3601));
    account_reject_token(&account, first); /* a late 401 to a call with the old one */
    ck_assert(account_is_ready(&account, 2000));
    account_reject_token(&account, account.token);
    ck_assert(!account_is_ready(&account, 2000));
    ck_assert(account_wants_token(&account, 2000));
}
END_TEST

/* ---- the services -------------------------------------------------------------------------------------- */

static void set_up_services(void)
{
    config.pagerduty.api_url = strdup("https://pagerduty.example");
    config.pagerduty.api_token = strdup("pd-secret");
    config.pagerduty.from = strdup("bot@example.com");
    config.slack.api_url = strdup("https://slack.example/api");
    config.slack.token = strdup("xoxb-secret");
    config.zoom.api_url = strdup("https://zoom.example/v2");
    config.zoom.oauth_url = strdup("https://zoom.example/oauth/token");
    config.zoom.account_id = strdup("Acc");
    config.zoom.client_id = strdup("client");
    config.zoom.client_secret = strdup("zoom-secret");
    config.gitlab.api_url = strdup("https://gitlab.example/api/v4");
    config.gitlab.token = strdup("glpat-secret");
    config.heartbeat.url = strdup("https://watch.example/ping/4711");
    reader = json_reader_new();
    ck_assert_ptr_nonnull(reader);
}

/* Opens the service and says with which lines CALL goes out, one a line. */
static const char *lines_of_call(enum service_id service, const struct call *call)
{
    static char text[1000];
    const char *lines[ACCOUNT_LINES];
    text[0] = '\0';
    account_free(&account);
    ck_assert(account_init(&account, service, &config));
    ck_assert(account_is_ready(&account, 0));
    ck_assert(!account_wants_token(&account, 0));
    const size_t count = account_headers(&account, call, lines);
    ck_assert_uint_le(count, ACCOUNT_LINES);
    for (size_t i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s\n", lines[i]);
    return text;
}

static const char *lines_of(enum service_id service, const char *method, const char *from)
{
    struct call call = {.service = service, .path = (char *)"/incidents/P1", .from = (char *)from};
    snprintf(call.method, sizeof(call.method), "%s", method);
    call.body = strcmp(method, "GET") == 0 ? NULL : (char *)"{}";
    return lines_of_call(service, &call);
}

#define PAGERDUTY_READ                                                                                       \
    "Authorization: Token token=pd-secret\n"                                                                 \
    "Accept: application/vnd.pagerduty+json;version=2\n"
#define PAGERDUTY_WRITE PAGERDUTY_READ "Content-Type: application/json\n"

START_TEST(each_service_is_called_as_it_wants)
{
    static const struct {
        enum service_id service;
        const char *base_url, *get, *post;
    } cases[] = {
        {SERVICE_PAGERDUTY, "https://pagerduty.example", PAGERDUTY_READ,
         PAGERDUTY_WRITE "From: bot@example.com\n"},
        {SERVICE_SLACK, "https://slack.example/api",
         "Authorization: Bearer xoxb-secret\nAccept: application/json\n",
         "Authorization: Bearer xoxb-secret\nAccept: application/json\n"
         "Content-Type: application/json; charset=utf-8\n"},
        {SERVICE_GITLAB, "https://gitlab.example/api/v4",
         "PRIVATE-TOKEN: glpat-secret\nAccept: application/json\n",
         "PRIVATE-TOKEN: glpat-secret\nAccept: application/json\nContent-Type: application/json\n"},
        {SERVICE_HEARTBEAT, "https://watch.example/ping/4711", "Accept: */*\n",
         "Accept: */*\nContent-Type: application/json\n"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_str_eq(lines_of(cases[i].service, "GET", NULL), cases[i].get);
        ck_assert_str_eq(account.base_url, cases[i].base_url);
        ck_assert_str_eq(lines_of(cases[i].service, "POST", NULL), cases[i].post);
    }
}
END_TEST

START_TEST(a_call_in_somebodys_name_says_so)
{
    ck_assert_str_eq(lines_of(SERVICE_PAGERDUTY, "PUT", "ada+1@example.com"),
                     PAGERDUTY_WRITE "From: ada+1@example.com\n");
    ck_assert_str_eq(lines_of(SERVICE_PAGERDUTY, "GET", "ada+1@example.com"), PAGERDUTY_READ);
    ck_assert_ptr_null(strstr(lines_of(SERVICE_SLACK, "POST", "ada+1@example.com"), "From"));
}
END_TEST

START_TEST(only_what_pagerduty_wants_to_know_the_author_of_names_one)
{
    struct call call = {.method = "POST", .path = (char *)"/webhook_subscriptions/PS1/enable"};
    ck_assert_str_eq(lines_of_call(SERVICE_PAGERDUTY, &call), PAGERDUTY_READ);
    call.path = (char *)"/incidents/P1/notes";
    call.body = (char *)"{}";
    ck_assert_str_eq(lines_of_call(SERVICE_PAGERDUTY, &call), PAGERDUTY_WRITE "From: bot@example.com\n");
}
END_TEST

START_TEST(what_has_no_body_has_no_type)
{
    struct call call = {.method = "PUT", .path = (char *)"/x"};
    for (int i = 0; i < SERVICE_COUNT; i++)
        if (i != SERVICE_ZENDESK && i != SERVICE_ZOOM)
            ck_assert_ptr_null(strstr(lines_of_call((enum service_id)i, &call), "Content-Type"));
}
END_TEST

/* Names come from other services: they must not add lines of their own. */
START_TEST(what_is_no_address_is_nobodys_name)
{
    static char long_address[300];
    static const char *const none[] = {"",        "ada",        "ada@x\r\nX-Evil: 1", "ada@x\nX: 1", "a b@x",
                                       "ada@x\t", "\xc3\xbc@x", "ada@x\x7f",          long_address};
    memset(long_address, 'a', sizeof(long_address) - 1);
    memcpy(long_address + 40, "@", 1);
    for (size_t i = 0; i < COUNT_OF(none); i++)
        ck_assert_str_eq(lines_of(SERVICE_PAGERDUTY, "PUT", none[i]),
                         PAGERDUTY_WRITE "From: bot@example.com\n");
    long_address[254] = '\0'; /* the longest there is, whole */
    const char *lines = lines_of(SERVICE_PAGERDUTY, "PUT", long_address);
    ck_assert_ptr_nonnull(strstr(lines, long_address));
}
END_TEST

START_TEST(zoom_gives_a_token_to_a_form_with_a_basic_header)
{
    const char *lines[ACCOUNT_LINES];
    struct call call = {.method = "POST", .path = (char *)"/users/u/meetings", .body = (char *)"{}"};
    ck_assert(account_init(&account, SERVICE_ZOOM, &config));
    ck_assert_str_eq(account.base_url, "https://zoom.example/v2");
    ck_assert_str_eq(account.token_url, "https://zoom.example/oauth/token");
    ck_assert(!account_is_ready(&account, 0));
    ck_assert(account_wants_token(&account, 0));
    struct call *asked = account_token_call(&account, 0);
    ck_assert_str_eq(asked->method, "POST");
    ck_assert_str_eq(asked->path, "");
    ck_assert_str_eq(asked->body, "grant_type=account_credentials&account_id=Acc");
    account_forget_call(asked);
    ck_assert_uint_eq(account_token_headers(&account, lines), 3);
    ck_assert_str_eq(lines[0], "Accept: application/json");
    ck_assert_str_eq(lines[1], "Content-Type: application/x-www-form-urlencoded");
    ck_assert_str_eq(lines[2], "Authorization: Basic Y2xpZW50Onpvb20tc2VjcmV0");
    ck_assert(ask_for_seconds(0, 3600));
    ck_assert(account_is_ready(&account, 0));
    ck_assert_uint_eq(account_headers(&account, &call, lines), 3);
    ck_assert_str_eq(lines[0], "Authorization: Bearer tok-3600");
    ck_assert_str_eq(lines[2], "Content-Type: application/json");
}
END_TEST

START_TEST(a_meeting_that_is_always_the_same_needs_no_calls)
{
    config.zoom.static_url = strdup("https://zoom.example/j/1");
    ck_assert(account_init(&account, SERVICE_ZOOM, &config));
    ck_assert_ptr_null(account.base_url);
    ck_assert(!account.by_token);
}
END_TEST

START_TEST(what_is_not_configured_has_no_address)
{
    config_free(&config);
    for (int i = 0; i < SERVICE_COUNT; i++) {
        ck_assert(account_init(&account, (enum service_id)i, &config));
        ck_assert_ptr_null(account.base_url);
        ck_assert(!account_is_ready(&account, 0));
        account_free(&account);
    }
}
END_TEST

Suite *courier_account_suite(void)
{
    Suite *suite = suite_create("courier_account");
    TCase *tcase = tcase_create("courier_account");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_token_is_wanted_first);
    tcase_add_loop_test(tcase, a_token_is_renewed_ahead_of_its_end, 0, (int)COUNT_OF(lives));
    tcase_add_test(tcase, a_failed_renewal_leaves_the_old_token);
    tcase_add_test(tcase, no_more_than_one_attempt_a_second);
    tcase_add_test(tcase, only_the_present_token_can_be_rejected);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("services");
    tcase_add_checked_fixture(tcase, set_up_services, tear_down);
    tcase_add_test(tcase, each_service_is_called_as_it_wants);
    tcase_add_test(tcase, a_call_in_somebodys_name_says_so);
    tcase_add_test(tcase, only_what_pagerduty_wants_to_know_the_author_of_names_one);
    tcase_add_test(tcase, what_has_no_body_has_no_type);
    tcase_add_test(tcase, what_is_no_address_is_nobodys_name);
    tcase_add_test(tcase, zoom_gives_a_token_to_a_form_with_a_basic_header);
    tcase_add_test(tcase, a_meeting_that_is_always_the_same_needs_no_calls);
    tcase_add_test(tcase, what_is_not_configured_has_no_address);
    suite_add_tcase(suite, tcase);
    return suite;
}
