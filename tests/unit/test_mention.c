/*
 * mention: tokens become mentions where the person is known, names everywhere else, and nothing else becomes
 * either.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "lib/mention.h"
#include "tests/unit/suites.h"

static char out[256];
static int asked;

static void knows_one(void *context, const char *address, char *id, size_t size)
{
    ck_assert_ptr_eq(context, &asked);
    asked++;
    (void)snprintf(id, size, "%s", strcmp(address, "one@example.com") == 0 ? "U0ONE" : "");
}

static const char *resolved(const char *text)
{
    mention_resolve(text, knows_one, &asked, out, sizeof out);
    return out;
}

static const char *named(const char *text)
{
    mention_resolve(text, NULL, NULL, out, sizeof out);
    return out;
}

START_TEST(a_token_is_a_mention_or_a_name)
{
    char one[64];
    char two[64];
    char both[200];
    mention_write("one@example.com", "Eng One", one, sizeof one);
    mention_write("two@example.com", "Eng Two", two, sizeof two);
    (void)snprintf(both, sizeof both, "%s, then %s!", one, two);
    ck_assert_str_eq(resolved(both), "<@U0ONE>, then Eng Two!");
    ck_assert_str_eq(named(both), "Eng One, then Eng Two!");
}
END_TEST

START_TEST(an_id_of_slacks_is_known_already)
{
    char user[64];
    char group[64];
    char both[200];
    asked = 0;
    mention_write("U0TWO", "Eng Two", user, sizeof user);
    mention_write("S0GROUP", "", group, sizeof group);
    (void)snprintf(both, sizeof both, "%s %s", user, group);
    ck_assert_str_eq(resolved(both), "<@U0TWO> <!subteam^S0GROUP>");
    ck_assert_int_eq(asked, 0);
    ck_assert_str_eq(named(both), "Eng Two ");
}
END_TEST

START_TEST(nobody_is_no_token)
{
    char token[64];
    mention_write("", "Eng One", token, sizeof token);
    ck_assert_str_eq(token, "Eng One");
    mention_write("", "", token, sizeof token);
    ck_assert_str_eq(token, "");
}
END_TEST

START_TEST(what_is_no_address_is_no_token)
{
    static const char *const bad[] = {"<!channel>",
                                      "!channel",
                                      "manager",
                                      ("a@b\x03"
                                       "c"),
                                      "<@U1>",
                                      "a b@c"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        char token[64];
        mention_write(bad[i], "Eng One", token, sizeof token);
        ck_assert_str_eq(token, "Eng One");
    }
}
END_TEST

START_TEST(text_without_tokens_stays_as_it_is)
{
    static const char *const plain[] = {"", "one@example.com", "<@U1> is no token", "ü 日本"};
    for (size_t i = 0; i < COUNT_OF(plain); i++) {
        ck_assert_str_eq(resolved(plain[i]), plain[i]);
        ck_assert_str_eq(named(plain[i]), plain[i]);
    }
}
END_TEST

START_TEST(a_token_that_is_cut_names_nobody)
{
    static const char *const cut[] = {"a\x02one@example.com",
                                      ("a\x02one@example.com\x03"
                                       "Eng"),
                                      "a\x02"};
    for (size_t i = 0; i < COUNT_OF(cut); i++) {
        resolved(cut[i]);
        ck_assert_ptr_null(strstr(out, "<@"));
        ck_assert_ptr_null(strchr(out, '\x02'));
        ck_assert_int_eq(out[0], 'a');
    }
}
END_TEST

START_TEST(what_does_not_fit_is_left_out_whole)
{
    char token[64];
    char text[128];
    char small[12];
    mention_write("one@example.com", "Eng One", token, sizeof token);
    (void)snprintf(text, sizeof text, "1234567%s", token);
    mention_resolve(text, knows_one, &asked, small, sizeof small);
    ck_assert_str_eq(small, "1234567");
    mention_resolve("0123456789abcdef", knows_one, &asked, small, sizeof small);
    ck_assert_str_eq(small, "0123456789a");
}
END_TEST

START_TEST(the_addresses_are_found_one_by_one)
{
    char one[64];
    char two[64];
    char text[200];
    char address[64];
    mention_write("one@example.com", "Eng One", one, sizeof one);
    mention_write("S0GROUP", "", two, sizeof two);
    (void)snprintf(text, sizeof text, "cc %s and %s\x02", one, two);
    const char *at = text;
    ck_assert(mention_next(&at, address, sizeof address));
    ck_assert_str_eq(address, "one@example.com");
    ck_assert(mention_next(&at, address, sizeof address));
    ck_assert_str_eq(address, "S0GROUP");
    ck_assert(!mention_next(&at, address, sizeof address));
}
END_TEST

Suite *mention_suite(void)
{
    Suite *suite = suite_create("mention");
    TCase *tests = tcase_create("mention");
    tcase_add_test(tests, a_token_is_a_mention_or_a_name);
    tcase_add_test(tests, an_id_of_slacks_is_known_already);
    tcase_add_test(tests, nobody_is_no_token);
    tcase_add_test(tests, what_is_no_address_is_no_token);
    tcase_add_test(tests, text_without_tokens_stays_as_it_is);
    tcase_add_test(tests, a_token_that_is_cut_names_nobody);
    tcase_add_test(tests, what_does_not_fit_is_left_out_whole);
    tcase_add_test(tests, the_addresses_are_found_one_by_one);
    suite_add_tcase(suite, tests);
    return suite;
}
