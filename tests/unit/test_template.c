/*
 * template: fields and sections are written as their values say, whatever the values hold; a text that is
 * wrong is refused with its line; nothing is written past the end.
 */

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/template.h"
#include "lib/text.h"
#include "tests/unit/suites.h"

static const char *const fields[] = {"name", "url", "next_step", "n"};

static struct template *made(const char *text)
{
    char error[200];
    struct template *t = template_new(text, fields, COUNT_OF(fields), error, sizeof(error));
    ck_assert_msg(t != NULL, "%s: %s", text, error);
    ck_assert_str_eq(error, "");
    return t;
}

/* With name = Ann, url empty, next_step missing, n = 0. */
static void assert_written(const char *text, const char *expected)
{
    static const char *const values[] = {"Ann", "", NULL, "0"};
    char out[4096];
    struct template *t = made(text);
    ck_assert(template_write(t, values, out, sizeof(out)));
    ck_assert_msg(strcmp(out, expected) == 0, "\"%s\" became \"%s\", not \"%s\"", text, out, expected);
    template_free(t);
}

static void assert_refused(const char *text, const char *expected)
{
    char error[200];
    ck_assert_msg(!template_new(text, fields, COUNT_OF(fields), error, sizeof(error)), "taken: %s", text);
    ck_assert_str_eq(error, expected);
}

START_TEST(values_stand_for_their_fields)
{
    assert_written("", "");
    assert_written("plain\n", "plain\n");
    assert_written("{{name}}", "Ann");
    assert_written("Hi {{name}}!\n{{name}}{{n}}", "Hi Ann!\nAnn0");
    assert_written("[{{url}}{{next_step}}]", "[]");
    assert_written("{{ name }}{{\tname\t }}", "AnnAnn");
    assert_written("  {{name}}  \n", "  Ann  \n"); /* alone on its line, but a value */
    assert_written("  {{url}}  \n", "    \n");
    assert_written("\u00fcber {{name}} \u20ac", "\u00fcber Ann \u20ac");
}
END_TEST

START_TEST(single_braces_are_text)
{
    assert_written("{name}", "{name}");
    assert_written("{ {name} }", "{ {name} }");
    assert_written("}}", "}}");
    assert_written("{}}{{name}}}}{", "{}}Ann}}{");
    assert_written("{{name}}}", "Ann}");
    assert_written("{", "{");
}
END_TEST

START_TEST(sections_ask_whether_there_is_a_value)
{
    assert_written("{{#name}}yes{{/name}}{{^name}}no{{/name}}", "yes");
    assert_written("{{#url}}yes{{/url}}{{^url}}no{{/url}}", "no");
    assert_written("{{#next_step}}yes{{/next_step}}{{^next_step}}no{{/next_step}}", "no");
    assert_written("{{#n}}zero is a value{{/n}}", "zero is a value");
    assert_written("{{# name }}{{ name }}{{ / name }}{{ ^url }}!{{/ url}}", "Ann!");
    assert_written("a{{#url}}{{/url}}b{{^name}}{{/name}}c", "abc");
}
END_TEST

START_TEST(sections_nest)
{
    assert_written("{{#name}}1{{#n}}2{{/n}}3{{/name}}4", "1234");
    assert_written("{{#name}}1{{#url}}2{{/url}}3{{/name}}4", "134");
    assert_written("{{#url}}1{{#name}}2{{/name}}3{{/url}}4", "4");
    assert_written("{{^url}}1{{#url}}2{{^url}}3{{/url}}4{{/url}}5{{/url}}6", "156");
    assert_written(
        "{{#n}}{{#n}}{{#n}}{{#n}}{{#n}}{{#n}}{{#n}}{{#n}}8{{/n}}{{/n}}{{/n}}{{/n}}{{/n}}{{/n}}{{/n}}{{/n}}",
        "8");
    assert_refused("{{#n}}{{#n}}{{#n}}{{#n}}\n{{#n}}{{#n}}{{#n}}{{#n}}\n{{#n}}",
                   "line 3: sections are more than 8 deep");
}
END_TEST

START_TEST(section_tags_alone_on_a_line_take_it_along)
{
    assert_written("a\n{{#name}}\nb\n{{/name}}\nc\n", "a\nb\nc\n");
    assert_written("a\n{{#url}}\nb\n{{/url}}\nc\n", "a\nc\n");
    assert_written("a\n  {{^url}}\t\nb\n\t{{/url}} \nc\n", "a\nb\nc\n");
    assert_written("a\r\n{{#name}}\r\nb\r\n{{/name}}\r\nc", "a\r\nb\r\nc");
    assert_written("{{#name}}\nb\n{{/name}}", "b\n");
    assert_written("  {{#name}}\n  b\n  {{/name}}  ", "  b\n");
    assert_written("{{#name}}\n{{#n}}\n{{#url}}\nx\n{{/url}}\n{{/n}}\n{{/name}}\n", "");
    assert_written("{{#name}}\n\n{{/name}}\n", "\n");
}
END_TEST

START_TEST(section_tags_with_company_leave_the_line)
{
    assert_written("a {{#name}}\nb\n{{/name}} c\n", "a \nb\n c\n");
    assert_written("{{#name}}{{/name}}\nb", "\nb");
    assert_written(" {{#name}} {{name}}\n {{/name}}.", "  Ann\n .");
    assert_written("{{#name}}\rb{{/name}}", "\rb");
}
END_TEST

START_TEST(unknown_fields_are_refused_with_those_there_are)
{
    assert_refused("a\nb\n {{nmae}}", "line 3: no field \"nmae\"; there are: name, url, next_step, n");
    assert_refused("{{#Name}}{{/Name}}", "line 1: no field \"Name\"; there are: name, url, next_step, n");
    assert_refused("{{nam}}", "line 1: no field \"nam\"; there are: name, url, next_step, n");
    assert_refused("{{name name}}", "line 1: no field \"name name\"; there are: name, url, next_step, n");
    assert_refused("{{{name}}}", "line 1: no field \"{name\"; there are: name, url, next_step, n");
    assert_refused("{{! note }}", "line 1: no field \"! note\"; there are: name, url, next_step, n");
    assert_refused("{{a\033[2J\rb}}", "line 1: no field \"a?[2J?b\"; there are: name, url, next_step, n");
    assert_refused("{{\u20ac}}", "line 1: no field \"\u20ac\"; there are: name, url, next_step, n");

    char error[100];
    ck_assert_ptr_null(template_new("{{name}}", NULL, 0, error, sizeof(error)));
    ck_assert_str_eq(error, "line 1: no field \"name\"; there are none");
}
END_TEST

START_TEST(broken_tags_are_refused)
{
    assert_refused("{{", "line 1: \"{{\" without \"}}\" on its line");
    assert_refused("a\n{{name", "line 2: \"{{\" without \"}}\" on its line");
    assert_refused("a\n{{name}\n}}", "line 2: \"{{\" without \"}}\" on its line");
    assert_refused("{{name\n}}", "line 1: \"{{\" without \"}}\" on its line");
    assert_refused("{{ {{name}}", "line 1: no field \"{{name\"; there are: name, url, next_step, n");
    assert_refused("{{{{name}}}}", "line 1: no field \"{{name\"; there are: name, url, next_step, n");
    assert_refused("{{}}", "line 1: a tag without a field's name");
    assert_refused("{{ \t}}", "line 1: a tag without a field's name");
    assert_refused("{{#}}", "line 1: a tag without a field's name");
    assert_refused("\n\n{{ / }}", "line 3: a tag without a field's name");
    assert_refused("{{##name}}", "line 1: no field \"#name\"; there are: name, url, next_step, n");
    assert_refused("{{name}} \n{{name}}\n\xff", "line 3: not UTF-8");
    assert_refused("{{name}}\xe2\x82", "line 1: not UTF-8");
}
END_TEST

START_TEST(sections_that_do_not_pair_are_refused)
{
    assert_refused("a\n{{#name}}\n", "line 2: the section \"name\" does not end");
    assert_refused("{{^name}}\n{{#url}}{{/url}}\n", "line 1: the section \"name\" does not end");
    assert_refused("{{#name}}{{/name}}\n{{/name}}", "line 2: \"{{/name}}\" ends nothing");
    assert_refused("\n{{#name}}\n{{#url}}\n{{/name}}\n{{/url}}",
                   "line 4: \"{{/name}}\" before the end of \"url\", which began in line 3");
    assert_refused("{{#name}}{{/url}}",
                   "line 1: \"{{/url}}\" before the end of \"name\", which began in line 1");
}
END_TEST

START_TEST(an_error_is_cut_to_its_size)
{
    char whole[200];
    ck_assert_ptr_null(template_new("{{nmae}}", fields, COUNT_OF(fields), whole, sizeof(whole)));
    for (size_t size = 1; size <= strlen(whole) + 1; size++) {
        char *error = malloc(size);
        ck_assert_ptr_nonnull(error);
        ck_assert_ptr_null(template_new("{{nmae}}", fields, COUNT_OF(fields), error, size));
        ck_assert_uint_eq(strlen(error), size - 1);
        ck_assert_int_eq(strncmp(error, whole, size - 1), 0);
        free(error);
    }
    ck_assert_ptr_null(template_new("{{nmae}}", fields, COUNT_OF(fields), NULL, 0));
    ck_assert_ptr_null(template_new("{{", fields, COUNT_OF(fields), NULL, 0));

    /* A name as long as the text is quoted only in part, and between characters. */
    char text[2 + 3 * 1000 + 2 + 1] = "{{";
    for (int i = 0; i < 1000; i++)
        memcpy(text + 2 + (size_t)i * 3, "\u20ac", 3);
    memcpy(text + 2 + 3000, "}}", 3);
    ck_assert_ptr_null(template_new(text, fields, COUNT_OF(fields), whole, sizeof(whole)));
    ck_assert(text_is_utf8(whole, strlen(whole), NULL));
    ck_assert_ptr_nonnull(strstr(whole, "\u20ac\"; there are: name, url, next_step, n"));
}
END_TEST

START_TEST(values_are_not_looked_into)
{
    static const char *const values[] = {"{{url}}{{/name}}{{", "%s%n{{#name}}", "\n{{name}}\n", "}}"};
    char out[200];
    struct template *t = made("{{#name}}{{name}}{{/name}}|{{url}}|{{next_step}}|{{n}}");
    ck_assert(template_write(t, values, out, sizeof(out)));
    ck_assert_str_eq(out, "{{url}}{{/name}}{{|%s%n{{#name}}|\n{{name}}\n|}}");
    template_free(t);
}
END_TEST

START_TEST(what_does_not_fit_is_cut_between_characters)
{
    static const char *const values[] = {"\u20ac\u20ac", "\U0001F600", "", "x"};
    const char *const whole = "a\u20ac\u20acb\U0001F600x\u00e9";
    struct template *t = made("a{{name}}b{{url}}{{n}}\u00e9");
    for (size_t size = 1; size <= strlen(whole) + 3; size++) {
        char *out = malloc(size);
        ck_assert_ptr_nonnull(out);
        char expected[32];
        const bool fits = text_copy(expected, size, whole);
        ck_assert(template_write(t, values, out, size) == fits);
        ck_assert_str_eq(out, expected);
        free(out);
    }
    char untouched = 'u';
    ck_assert(!template_write(t, values, &untouched, 0));
    ck_assert(!template_write(t, values, NULL, 0));
    ck_assert_int_eq(untouched, 'u');
    template_free(t);

    t = made("{{next_step}}");
    ck_assert(template_write(t, (const char *const[]){"", "", "", ""}, &untouched, 1));
    ck_assert_int_eq(untouched, '\0');
    template_free(t);
    template_free(NULL);
}
END_TEST

START_TEST(the_text_and_the_names_may_go_away)
{
    char text[] = "Hi {{name}}.";
    char name[] = "name";
    const char *names[] = {name};
    struct template *t = template_new(text, names, 1, NULL, 0);
    ck_assert_ptr_nonnull(t);
    memset(text, 'x', sizeof(text) - 1);
    memset(name, 'x', sizeof(name) - 1);
    names[0] = NULL;
    char out[20];
    ck_assert(template_write(t, (const char *const[]){"Ann"}, out, sizeof(out)));
    ck_assert_str_eq(out, "Hi Ann.");
    template_free(t);
}
END_TEST

/* Texts made of what could confuse: each is either refused with its line, or writes no more than it has. */
START_TEST(any_text_is_read_or_refused)
{
    static const char *const pieces[] = {
        "{{", "}}", "{",        "}",         "#",         "^",        "/",        " ",      "\n",   "\r\n",
        "\t", "a",  "{{name}}", "{{#name}}", "{{/name}}", "{{^url}}", "{{/url}}", "\u20ac", "\xff", "name"};
    static const char *const values[] = {"{{", "", NULL, "}}"};
    uint64_t random = 1;
    unsigned read = 0;
    for (int round = 0; round < 200000; round++) {
        char text[256] = "";
        char error[80];
        char out[64];
        size_t len = 0;
        for (uint64_t left = random >> 33 & 15; left > 0; left--) {
            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            const char *piece = pieces[(random >> 33) % COUNT_OF(pieces)];
            text_copy(text + len, sizeof(text) - len, piece);
            len += strlen(text + len);
        }
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        struct template *t = template_new(text, fields, COUNT_OF(fields), error, sizeof(error));
        ck_assert_msg((t == NULL) == (strncmp(error, "line ", 5) == 0), "\"%s\" gave \"%s\"", text, error);
        if (!t)
            continue;
        read++;
        memset(out, 'u', sizeof(out));
        if (!template_write(t, values, out, 1 + (random >> 33) % sizeof(out)))
            ck_assert(text_is_utf8(out, strlen(out), NULL));
        ck_assert_ptr_nonnull(memchr(out, '\0', sizeof(out)));
        template_free(t);
    }
    ck_assert_uint_gt(read, 1000);
}
END_TEST

Suite *template_suite(void)
{
    Suite *suite = suite_create("template");
    TCase *all = tcase_create("all");
    tcase_add_test(all, values_stand_for_their_fields);
    tcase_add_test(all, single_braces_are_text);
    tcase_add_test(all, sections_ask_whether_there_is_a_value);
    tcase_add_test(all, sections_nest);
    tcase_add_test(all, section_tags_alone_on_a_line_take_it_along);
    tcase_add_test(all, section_tags_with_company_leave_the_line);
    tcase_add_test(all, unknown_fields_are_refused_with_those_there_are);
    tcase_add_test(all, broken_tags_are_refused);
    tcase_add_test(all, sections_that_do_not_pair_are_refused);
    tcase_add_test(all, an_error_is_cut_to_its_size);
    tcase_add_test(all, values_are_not_looked_into);
    tcase_add_test(all, what_does_not_fit_is_cut_between_characters);
    tcase_add_test(all, the_text_and_the_names_may_go_away);
    tcase_add_test(all, any_text_is_read_or_refused);
    suite_add_tcase(suite, all);
    return suite;
}
