/*
 * text: copies end where they must and never within a character; numbers and globs are read strictly; what an
 * author quotes is not what they wrote.
 */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "tests/unit/suites.h"

START_TEST(a_copy_ends_within_its_buffer_and_between_characters)
{
    static const struct {
        const char *from, *to;
        size_t size;
    } cases[] = {
        {"", "", 1},
        {"abc", "", 1},
        {"abc", "ab", 3},
        {"abc", "abc", 4},
        {"abc", "abc", 9},
        {"a\u00e9", "a", 3},
        {"a\u00e9", "a\u00e9", 4},
        {"\u20ac", "", 3},
        {"\u20ac", "\u20ac", 4},
        {"\U0001F600", "", 4},
        {"x\U0001F600", "x", 5},
        {"\U0001F600", "\U0001F600", 5},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        /* Of exactly the size, so that a byte too much is noticed. */
        char *out = malloc(cases[i].size);
        ck_assert_ptr_nonnull(out);
        const bool whole = text_copy(out, cases[i].size, cases[i].from);
        ck_assert_str_eq(out, cases[i].to);
        ck_assert(whole == (strcmp(cases[i].from, cases[i].to) == 0));
        free(out);
    }
}
END_TEST

START_TEST(a_copy_of_n_bytes_takes_no_more)
{
    char out[8];
    const char unterminated[3] = {'a', 'b', 'c'};
    ck_assert(text_copy_n(out, sizeof(out), unterminated, 3));
    ck_assert_str_eq(out, "abc");
    ck_assert(text_copy_n(out, sizeof(out), "abc", 2));
    ck_assert_str_eq(out, "ab");
    ck_assert(text_copy_n(out, sizeof(out), "ab\0cd", 5));
    ck_assert_str_eq(out, "ab");
    ck_assert(!text_copy_n(out, 3, "abcd", 4));
    ck_assert_str_eq(out, "ab");
}
END_TEST

START_TEST(whole_numbers_are_read)
{
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {"007", 7},
        {"8447388090494", INT64_C(8447388090494)},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"-1", -1},
    };
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        int64_t value = 42;
        ck_assert_msg(text_to_i64(good[i].text, strlen(good[i].text), &value), "refused: %s", good[i].text);
        ck_assert_int_eq(value, good[i].value);
    }
}
END_TEST

START_TEST(what_is_no_whole_number_is_refused)
{
    static const char *const bad[] = {
        "",
        "-",
        "+1",
        " 1",
        "1 ",
        "--1",
        "1.0",
        "1e3",
        "0x1",
        "1-2",
        "12a4",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "99999999999999999999999999",
    };
    int64_t value = 42;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        ck_assert_msg(!text_to_i64(bad[i], strlen(bad[i]), &value), "accepted: %s", bad[i]);
    ck_assert(!text_to_i64("1\0", 2, &value));
    ck_assert_int_eq(value, 42);
    ck_assert(text_to_i64("1234", 2, &value));
    ck_assert_int_eq(value, 12);
}
END_TEST

START_TEST(white_space_does_not_make_other_words)
{
    ck_assert(text_same_words("", " \r\n"));
    ck_assert(text_same_words("Hello,\n\nit is down.\n", "Hello, it is\tdown."));
    ck_assert(!text_same_words("Hello", "hello"));
    ck_assert(!text_same_words("Hello", "Hello you"));
    ck_assert(!text_same_words("Hello you", "Hello"));
}
END_TEST

START_TEST(case_of_ascii_letters_does_not_matter)
{
    ck_assert(text_equal_nocase("", ""));
    ck_assert(text_equal_nocase("Urgent", "URGENT"));
    ck_assert(!text_equal_nocase("urgent", "urgen"));
    ck_assert(!text_equal_nocase("urgen", "urgent"));
    ck_assert(!text_equal_nocase("@", "`"));
    ck_assert(!text_equal_nocase("[", "{"));
}
END_TEST

START_TEST(a_glob_covers_the_whole_text_in_any_case)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", "anything\nat all", true},
        {"**", "", true},
        {"?", "", false},
        {"?", "\u20ac", true},
        {"??", "\u20ac", false},
        {"*??xz", "\u20acxz", false},
        {"?", "\xFF", true},
        {"incident-*", "INCIDENT-1234", true},
        {"incident-*", "incident-", true},
        {"incident-*", "incident", false},
        {"incident-*", "my-incident-1", false},
        {"*out of office*", "Hello,\r\nI am Out Of Office until Monday.\r\n", true},
        {"*out of office*", "out of the office", false},
        {"a*b*c", "aXbXbXc", true},
        {"a*b*c", "aXbXbX", false},
        {"*ab", "aab", true},
        {"*a?c", "abcabd abc", true},
        {"[auto]*", "[Auto] away", true},
        {"[auto]*", "a", false},
        {"a*", "", false},
        {"\u00e9t\u00e9", "\u00e9T\u00e9", true},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        ck_assert_msg(text_glob(cases[i].pattern, cases[i].text) == cases[i].matches, "%s on %s",
                      cases[i].pattern, cases[i].text);
}
END_TEST

/* Would take longer than the test may where each '*' tries anew for each other one. */
START_TEST(a_glob_bears_long_texts_and_many_stars)
{
    const size_t len = 1 << 20;
    char *text = malloc(len + 1);
    ck_assert_ptr_nonnull(text);
    memset(text, 'a', len);
    text[len] = '\0';
    ck_assert(!text_glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
    ck_assert(text_glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*", text));
    text[len - 1] = '\xFF';
    ck_assert(text_glob("*a?", text));
    free(text);
}
END_TEST

START_TEST(a_word_is_found_where_it_stands_alone)
{
    static const struct {
        const char *text, *word;
        bool found;
    } cases[] = {
        {"x-12", "x-12", true},
        {"see x-12.", "x-12", true},
        {"x-120 x-12", "x-12", true},
        {"(x-12)", "x-12", true},
        {"x-12\nnext", "x-12", true},
        {"\xc3\xbcx-12\xc3\xbc", "x-12", true},
        {"x-120", "x-12", false},
        {"ax-12", "x-12", false},
        {"x-12-3", "x-12", false},
        {"x-12_", "x-12", false},
        {"-x-12", "x-12", false},
        {"X-12", "x-12", false},
        {"x-12Z", "x-12", false},
        {"x-1", "x-12", false},
        {"", "x-12", false},
        {"x-12", "", false},
        {"", "", false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        ck_assert_msg(text_has_word(cases[i].text, cases[i].word) == cases[i].found, "%s in %s",
                      cases[i].word, cases[i].text);
}
END_TEST

START_TEST(utf8_is_told_from_what_only_looks_like_it)
{
    static const struct {
        const char *text;
        size_t bad; /* the whole length: good */
    } cases[] = {
        {"", 0},
        {"plain ASCII, longer than a word", 31},
        {"12345678\u20ac12345678\U0001F600", 23},
        {"\xC2\x80\u07ff\u0800\uffff\U00010000\U0010ffff", 18},
        {"12345678\xFF", 8},
        {"a\x80", 1},
        {"ab\xC3", 2},
        {"ab\xC3(", 2},
        {"\xC0\x80", 0},
        {"\xC1\xBF", 0},
        {"\xE0\x9F\xBF", 0},
        {"\xED\xA0\x80", 0},
        {"\xF0\x8F\xBF\xBF", 0},
        {"\xF4\x90\x80\x80", 0},
        {"\xF5\x80\x80\x80", 0},
        {"\xE2\x82", 0},
        {"\xF0\x9F\x98", 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const size_t len = strlen(cases[i].text);
        size_t bad = len;
        ck_assert(text_is_utf8(cases[i].text, len, &bad) == (cases[i].bad == len));
        ck_assert_uint_eq(bad, cases[i].bad);
        ck_assert(text_is_utf8(cases[i].text, len, NULL) == (cases[i].bad == len));
    }
    ck_assert(text_is_utf8("a\0b", 3, NULL));
    ck_assert_uint_eq(text_utf8_char("", 0), 0);
    ck_assert_uint_eq(text_utf8_char("\u20ac", 3), 3);
    ck_assert_uint_eq(text_utf8_char("\u20ac", 2), 0);
}
END_TEST

START_TEST(what_is_quoted_is_left_out)
{
    static const struct {
        const char *body, *own;
    } cases[] = {
        {"", ""},
        {"Still down.", "Still down."},
        {"Still down.\r\n\r\nAnn\r\n", "Still down.\r\n\r\nAnn\r\n"},
        {"Yes\n> Is it down?\n  >> older\nand slow\n", "Yes\nand slow\n"},
        {"Hi\nOn Mon, 23 Nov 2026 at 12:00, Help <help@example.com> wrote:\n> x\nnot mine", "Hi\n"},
        {"Hi\r\nOn Mon, 23 Nov 2026 at 12:00,\r\nHelp <help@example.com>\r\nwrote:\r\nx", "Hi\r\n"},
        {"On Monday it broke.\nWe wrote to you.\n", "On Monday it broke.\nWe wrote to you.\n"},
        {"On Monday it broke.\n\nAnn wrote:\n", "On Monday it broke.\n\nAnn wrote:\n"},
        {"on the fly\n", "on the fly\n"},
        {"Hi\n-----Original Message-----\nFrom: x", "Hi\n"},
        {"Hi\n ---- original message ----  \nFrom: x", "Hi\n"},
        {"Hi\nOriginal Message\nx", "Hi\nOriginal Message\nx"},
        {"Hi\n-----\nAnn\n", "Hi\n-----\nAnn\n"},
        {"Hi\n--\n", "Hi\n--\n"},
        {"> only quoted", ""},
        {"a > b", "a > b"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const size_t size = strlen(cases[i].body) + 1;
        char *out = malloc(size);
        ck_assert_ptr_nonnull(out);
        text_without_quotation(cases[i].body, out, size);
        ck_assert_str_eq(out, cases[i].own);
        free(out);
    }
}
END_TEST

START_TEST(an_answer_too_long_is_cut_within_its_buffer)
{
    char out[6];
    text_without_quotation("ab\n> c\nd\u00e9f\n", out, sizeof(out));
    ck_assert_str_eq(out, "ab\nd");
    text_without_quotation("abc", out, 1);
    ck_assert_str_eq(out, "");
}
END_TEST

Suite *text_suite(void)
{
    Suite *suite = suite_create("text");
    TCase *all = tcase_create("all");
    tcase_add_test(all, a_copy_ends_within_its_buffer_and_between_characters);
    tcase_add_test(all, a_copy_of_n_bytes_takes_no_more);
    tcase_add_test(all, whole_numbers_are_read);
    tcase_add_test(all, what_is_no_whole_number_is_refused);
    tcase_add_test(all, white_space_does_not_make_other_words);
    tcase_add_test(all, case_of_ascii_letters_does_not_matter);
    tcase_add_test(all, a_glob_covers_the_whole_text_in_any_case);
    tcase_add_test(all, a_glob_bears_long_texts_and_many_stars);
    tcase_add_test(all, a_word_is_found_where_it_stands_alone);
    tcase_add_test(all, utf8_is_told_from_what_only_looks_like_it);
    tcase_add_test(all, what_is_quoted_is_left_out);
    tcase_add_test(all, an_answer_too_long_is_cut_within_its_buffer);
    suite_add_tcase(suite, all);
    return suite;
}
