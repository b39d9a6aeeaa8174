/*
 * admin_gate: on loopback no web page passes; elsewhere nobody without the token.
 */
#include <check.h>

#include "daemon/admin_gate.h"
#include "tests/unit/suites.h"

START_TEST(only_loopback_names_are_loopback)
{
    static const char *const good[] = {"localhost",      "localhost:8081", "LocalHost:1", "127.0.0.1",
                                       "127.0.0.1:8081", "127.9.8.7",      "[::1]",       "[::1]:8081"};
    static const char *const bad[] = {"",
                                      "evil.example",
                                      "localhost.evil.example",
                                      "127.0.0.1.evil.example",
                                      "127.0.0.1:80.evil.example",
                                      "126.0.0.1",
                                      "localhost:8081x",
                                      "[::1].evil.example",
                                      "[::1]8081",
                                      "[::1",
                                      "[::2]:8081",
                                      "::1",
                                      "0.0.0.0",
                                      "127.1",
                                      "localhost@evil.example"};
    for (size_t i = 0; i < COUNT_OF(good); i++)
        ck_assert_msg(admin_gate_host_is_loopback(good[i]), "%s", good[i]);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        ck_assert_msg(!admin_gate_host_is_loopback(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(an_origin_is_the_same_only_with_host_and_port)
{
    ck_assert(admin_gate_same_origin("http://localhost:8081", "localhost:8081"));
    ck_assert(admin_gate_same_origin("https://Admin.example", "admin.example"));
    ck_assert(!admin_gate_same_origin("http://localhost:3000", "localhost:8081"));
    ck_assert(!admin_gate_same_origin("http://localhost", "localhost:8081"));
    ck_assert(!admin_gate_same_origin("http://evil.example", "localhost:8081"));
    ck_assert(!admin_gate_same_origin("null", "localhost:8081"));
    ck_assert(!admin_gate_same_origin("", ""));
}
END_TEST

START_TEST(only_json_is_json)
{
    ck_assert(admin_gate_type_is_json("application/json"));
    ck_assert(admin_gate_type_is_json("Application/JSON; charset=utf-8"));
    ck_assert(!admin_gate_type_is_json("application/jsonp"));
    ck_assert(!admin_gate_type_is_json("text/plain; application/json"));
    ck_assert(!admin_gate_type_is_json("application/x-www-form-urlencoded"));
    ck_assert(!admin_gate_type_is_json(""));
}
END_TEST

START_TEST(the_token_opens_and_nothing_else)
{
    struct admin_token *token = admin_token_new("s3cret");
    ck_assert_ptr_nonnull(token);
    ck_assert(admin_token_ok(token, "Bearer s3cret"));
    ck_assert(admin_token_ok(token, "bearer s3cret"));
    ck_assert(!admin_token_ok(token, "Bearer s3cre"));
    ck_assert(!admin_token_ok(token, "Bearer s3crets"));
    ck_assert(!admin_token_ok(token, "Bearer S3cret"));
    ck_assert(!admin_token_ok(token, "Bearer "));
    ck_assert(!admin_token_ok(token, "Bearer"));
    ck_assert(!admin_token_ok(token, "s3cret"));
    ck_assert(!admin_token_ok(token, "Basic s3cret"));
    ck_assert(!admin_token_ok(token, ""));
    admin_token_free(token);
    ck_assert_ptr_null(admin_token_new(""));
}
END_TEST

Suite *admin_gate_suite(void)
{
    Suite *suite = suite_create("admin_gate");
    TCase *tcase = tcase_create("headers");
    tcase_add_test(tcase, only_loopback_names_are_loopback);
    tcase_add_test(tcase, an_origin_is_the_same_only_with_host_and_port);
    tcase_add_test(tcase, only_json_is_json);
    tcase_add_test(tcase, the_token_opens_and_nothing_else);
    suite_add_tcase(suite, tcase);
    return suite;
}
