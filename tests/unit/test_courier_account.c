/*
 * courier_account: when a token is asked for, how long it is used, and what is left alone when none can be
 * had. Time is the test's.
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
    return suite;
}
