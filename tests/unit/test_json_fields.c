/*
 * json_fields: the wanted values are found wherever the text has them, elements and leaves are told one by
 * one, and what is no good JSON is refused with its place.
 */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json_fields.h"
#include "tests/unit/suites.h"

/* What the callback was told, as "field:kind:text:name" and the like, one after the other. */
struct told {
    char text[4096];
    size_t used;
    const int *also; /* fields to tell along with each call, ended by -1; null: none */
};

static const char *kind_name(enum json_kind kind)
{
    static const char *const names[] = {"-", "null", "string", "number", "true", "false", "object", "array"};
    return names[kind];
}

static void tell(void *context, int field, const struct json_value values[])
{
    struct told *told = context;
    const struct json_value *value = &values[field];
    told->used += (size_t)snprintf(told->text + told->used, sizeof(told->text) - told->used, "%d:%s:%s:%s",
                                   field, kind_name(value->kind), value->text, value->name);
    for (const int *also = told->also; also && *also >= 0; also++)
        told->used += (size_t)snprintf(told->text + told->used, sizeof(told->text) - told->used, " %d=%s",
                                       *also, values[*also].kind ? values[*also].text : "-");
    told->used += (size_t)snprintf(told->text + told->used, sizeof(told->text) - told->used, "\n");
}

static struct json_spec *spec;
static struct json_reader *reader;
static struct told told;
static char error[200];

static void begin(void)
{
    reader = json_reader_new();
    ck_assert_ptr_nonnull(reader);
    spec = NULL;
    told = (struct told){0};
}

static void end(void)
{
    json_spec_free(spec);
    json_reader_free(reader);
}

static void want(const char *const paths[], size_t n)
{
    json_spec_free(spec);
    spec = json_spec_new(paths, n);
    ck_assert_ptr_nonnull(spec);
}

/* From memory of exactly the text's length, so that a byte read behind it is noticed. */
static const struct json_value *read_n(const char *text, size_t len)
{
    char *exact = malloc(len ? len : 1);
    ck_assert_ptr_nonnull(exact);
    memcpy(exact, text, len);
    error[0] = '\0';
    told.used = 0;
    told.text[0] = '\0';
    const struct json_value *values =
        json_fields_read(reader, spec, exact, len, tell, &told, error, sizeof(error));
    free(exact);
    return values;
}

static const struct json_value *read_good(const char *text)
{
    const struct json_value *values = read_n(text, strlen(text));
    ck_assert_msg(values != NULL, "%s: %s", text, error);
    return values;
}

static void assert_value(const struct json_value *value, enum json_kind kind, const char *text)
{
    ck_assert_str_eq(kind_name(value->kind), kind_name(kind));
    ck_assert_str_eq(value->text, text);
    ck_assert_uint_eq(value->len, strlen(text));
}

START_TEST(wanted_fields_are_found_with_their_kinds)
{
    enum { TYPE, ID, TITLE, AGENT, CLIENT, NUMBER, TRIMMED, TEAMS, SERVICE, SERVICE_ID, MISSING, FIELDS };
    static const char *const paths[FIELDS] = {
        [TYPE] = "event.event_type",
        [ID] = "event.data.id",
        [TITLE] = "event.data.title",
        [AGENT] = "event.agent",
        [CLIENT] = "event.client",
        [NUMBER] = "event.data.number",
        [TRIMMED] = "event.data.trimmed",
        [TEAMS] = "event.data.teams",
        [SERVICE] = "event.data.service",
        [SERVICE_ID] = "event.data.service.id",
        [MISSING] = "event.data.priority.id",
    };
    want(paths, FIELDS);
    const struct json_value *values = read_good(
        "{\"id\":\"outside\", \"event\":{\"event_type\":\"incident.triggered\",\"agent\":{\"id\":\"A\"},"
        "\"client\":null, \"other\":{\"data\":{\"id\":\"wrong\"}}, \"data\":{\"number\":2,\"trimmed\":false,"
        "\"teams\":[{\"id\":\"wrong\",\"service\":{\"id\":\"wrong\"}}],\"id\":\"P1\",\"service\":{\"id\":"
        "\"S1\"},"
        "\"priority\":{\"name\":1},\"title\":\"\"}},\"data\":{\"id\":\"outside\"}}");
    assert_value(&values[TYPE], JSON_STRING, "incident.triggered");
    assert_value(&values[ID], JSON_STRING, "P1");
    assert_value(&values[TITLE], JSON_STRING, "");
    assert_value(&values[AGENT], JSON_OBJECT, "");
    assert_value(&values[CLIENT], JSON_NULL, "");
    assert_value(&values[NUMBER], JSON_NUMBER, "2");
    assert_value(&values[TRIMMED], JSON_FALSE, "");
    assert_value(&values[TEAMS], JSON_ARRAY, "");
    assert_value(&values[SERVICE], JSON_OBJECT, "");
    assert_value(&values[SERVICE_ID], JSON_STRING, "S1");
    assert_value(&values[MISSING], JSON_ABSENT, "");
    ck_assert_str_eq(told.text, "");
}
END_TEST

START_TEST(a_name_is_compared_whole)
{
    static const char *const paths[] = {"id", "i", "ids.x"};
    want(paths, COUNT_OF(paths));
    const struct json_value *values =
        read_good("{\"idx\":1,\"\":2,\"i\\u0064\":3,\"ids\":4,\"ID\":5,\"id\\u0000\":6}");
    assert_value(&values[0], JSON_NUMBER, "3");
    assert_value(&values[1], JSON_ABSENT, "");
    assert_value(&values[2], JSON_ABSENT, "");
}
END_TEST

START_TEST(a_text_leaves_nothing_to_the_next)
{
    static const char *const paths[] = {"a", "b"};
    static const char *const others[] = {"b", "c", "d", "e", "f", "g"};
    want(paths, COUNT_OF(paths));
    read_good("{\"a\":1,\"b\":2}");
    const struct json_value *values = read_good("{\"b\":\"longer than the text before\"}");
    assert_value(&values[0], JSON_ABSENT, "");
    assert_value(&values[1], JSON_STRING, "longer than the text before");
    ck_assert_ptr_null(read_n("{\"a\":1,", 7));
    values = read_good("{}");
    assert_value(&values[0], JSON_ABSENT, "");
    want(others, COUNT_OF(others));
    values = read_good("{\"g\":7}");
    assert_value(&values[0], JSON_ABSENT, "");
    assert_value(&values[5], JSON_NUMBER, "7");
}
END_TEST

START_TEST(numbers_keep_their_digits)
{
    static const char *const paths[] = {"a", "b", "c", "d", "e"};
    int64_t id = 0;
    want(paths, COUNT_OF(paths));
    const struct json_value *values = read_good("{\"a\":123456789012345678901234567890,\"b\":-0.10e+05,"
                                                "\"c\":8447388090494,\"d\":\"5158\",\"e\":true}");
    assert_value(&values[0], JSON_NUMBER, "123456789012345678901234567890");
    assert_value(&values[1], JSON_NUMBER, "-0.10e+05");
    ck_assert(!json_to_i64(&values[0], &id));
    ck_assert(!json_to_i64(&values[1], &id));
    ck_assert(!json_to_i64(&values[4], &id));
    ck_assert(json_to_i64(&values[2], &id));
    ck_assert_int_eq(id, INT64_C(8447388090494));
    ck_assert(json_to_i64(&values[3], &id));
    ck_assert_int_eq(id, 5158);
}
END_TEST

START_TEST(strings_are_unescaped)
{
    static const char *const paths[] = {"a"};
    static const char *const cases[][2] = {
        {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
        {"\\u0041\\u00e9\\u20AC", "A\u00e9\u20ac"},
        {"\\ud83d\\ude00!", "\U0001F600!"},
        {"\u00e9\u20ac\U0001F600", "\u00e9\u20ac\U0001F600"},
        {"\\ud83d", "?"},
        {"x\\ude00y", "x\?\?\?y"},
        {"\\ud83d\u20acz", "?\u20acz"},
    };
    want(paths, COUNT_OF(paths));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[100];
        snprintf(text, sizeof(text), "{\"a\":\"%s\"}", cases[i][0]);
        assert_value(&read_good(text)[0], JSON_STRING, cases[i][1]);
    }
}
END_TEST

START_TEST(of_a_doubled_member_the_last_counts_with_all_below_it)
{
    static const char *const paths[] = {"a", "a.b", "a.c.d", "x"};
    want(paths, COUNT_OF(paths));
    const struct json_value *values =
        read_good("{\"x\":1,\"a\":{\"b\":1,\"c\":{\"d\":2}},\"a\":{\"b\":3},\"x\":2}");
    assert_value(&values[0], JSON_OBJECT, "");
    assert_value(&values[1], JSON_NUMBER, "3");
    assert_value(&values[2], JSON_ABSENT, "");
    assert_value(&values[3], JSON_NUMBER, "2");
    values = read_good("{\"a\":{\"b\":1,\"c\":{\"d\":2}},\"a\":null}");
    assert_value(&values[0], JSON_NULL, "");
    assert_value(&values[1], JSON_ABSENT, "");
    assert_value(&values[2], JSON_ABSENT, "");
    static const char *const below_only[] = {"a.b"};
    want(below_only, 1);
    assert_value(&read_good("{\"a\":{\"b\":1},\"a\":\"text\"}")[0], JSON_ABSENT, "");
    assert_value(&read_good("{\"a\":{\"b\":1},\"a\":[{\"b\":2}]}")[0], JSON_ABSENT, "");
}
END_TEST

START_TEST(each_element_is_told_with_its_own_fields)
{
    static const char *const paths[] = {"comments[]", "comments[].id", "comments[].author.name", "count"};
    static const int also[] = {1, 2, 3, -1};
    want(paths, COUNT_OF(paths));
    told.also = also;
    const struct json_value *values =
        read_good("{\"comments\":[{\"id\":1,\"author\":{\"name\":\"Ann\"}},{\"id\":2},{},null,5,"
                  "{\"author\":{\"name\":\"Bob\"},\"id\":3}],\"count\":6}");
    ck_assert_str_eq(told.text, "0:object:: 1=1 2=Ann 3=-\n"
                                "0:object:: 1=2 2=- 3=-\n"
                                "0:object:: 1=- 2=- 3=-\n"
                                "0:null:: 1=- 2=- 3=-\n"
                                "0:number:5: 1=- 2=- 3=-\n"
                                "0:object:: 1=3 2=Bob 3=-\n");
    assert_value(&values[0], JSON_ABSENT, "");
    assert_value(&values[1], JSON_ABSENT, "");
    assert_value(&values[3], JSON_NUMBER, "6");
}
END_TEST

START_TEST(what_came_before_an_array_is_there_for_its_elements)
{
    static const char *const paths[] = {"next_page", "results[]", "results[].id"};
    static const int also[] = {0, 2, -1};
    want(paths, COUNT_OF(paths));
    told.also = also;
    read_good("{\"next_page\":\"url\",\"results\":[{\"id\":1}]}");
    ck_assert_str_eq(told.text, "1:object:: 0=url 2=1\n");
}
END_TEST

START_TEST(an_inner_element_is_told_before_the_one_it_is_in)
{
    static const char *const paths[] = {"audits[]", "audits[].id", "audits[].events[]",
                                        "audits[].events[].type", "audits[].events"};
    static const int also[] = {1, 3, -1};
    want(paths, COUNT_OF(paths));
    told.also = also;
    read_good(
        "{\"audits\":[{\"id\":1,\"events\":[{\"type\":\"Comment\"},{\"type\":\"Change\"}]},"
        "{\"events\":[{\"type\":\"Create\",\"via\":{\"type\":\"no\"}}],\"id\":2},{\"id\":3,\"events\":[]}]}");
    ck_assert_str_eq(told.text, "2:object:: 1=1 3=Comment\n"
                                "2:object:: 1=1 3=Change\n"
                                "0:object:: 1=1 3=-\n"
                                "2:object:: 1=- 3=Create\n"
                                "0:object:: 1=2 3=-\n"
                                "0:object:: 1=3 3=-\n");
}
END_TEST

START_TEST(elements_may_be_scalars_arrays_and_the_whole_text)
{
    static const char *const scalars[] = {"tags[]", "collaborator_ids[]"};
    static const char *const arrays[] = {"rows[]", "rows[][]"};
    static const char *const whole[] = {"[]", "[].iid", "message"};
    static const int iid[] = {1, -1};
    want(scalars, COUNT_OF(scalars));
    read_good("{\"tags\":[\"a\",\"b c\"],\"collaborator_ids\":[35334,234],\"other\":[1]}");
    ck_assert_str_eq(told.text, "0:string:a:\n0:string:b c:\n1:number:35334:\n1:number:234:\n");
    read_good("{\"tags\":null,\"collaborator_ids\":{\"a\":1}}");
    ck_assert_str_eq(told.text, "");

    want(arrays, COUNT_OF(arrays));
    read_good("{\"rows\":[[1,2],[],[3]]}");
    ck_assert_str_eq(told.text, "1:number:1:\n1:number:2:\n0:array::\n0:array::\n1:number:3:\n0:array::\n");

    want(whole, COUNT_OF(whole));
    told.also = iid;
    read_good("[{\"iid\":1},{\"iid\":2}]");
    ck_assert_str_eq(told.text, "0:object:: 1=1\n0:object:: 1=2\n");
    assert_value(&read_good("{\"message\":\"404\"}")[2], JSON_STRING, "404");
}
END_TEST

START_TEST(without_an_element_path_the_last_element_stays)
{
    static const char *const paths[] = {"actions[].id", "actions[].value"};
    want(paths, COUNT_OF(paths));
    const struct json_value *values =
        read_good("{\"actions\":[{\"id\":1,\"value\":1},{\"id\":2}],\"x\":[{\"id\":3}]}");
    assert_value(&values[0], JSON_NUMBER, "2");
    assert_value(&values[1], JSON_ABSENT, "");
    ck_assert_str_eq(told.text, "");
    static const char *const elements[] = {"tags[]"};
    static const char text[] = "{\"tags\":[1,2]}";
    want(elements, 1);
    values = json_fields_read(reader, spec, text, strlen(text), NULL, NULL, error, sizeof(error));
    ck_assert_ptr_nonnull(values);
    assert_value(&values[0], JSON_NUMBER, "2");
}
END_TEST

START_TEST(every_leaf_below_a_path_is_told_with_its_name)
{
    static const char *const paths[] = {"alerts[]", "alerts[].body.details.**",
                                        "alerts[].body.details.ticket"};
    want(paths, COUNT_OF(paths));
    read_good(
        "{\"alerts\":[{\"id\":\"no\",\"body\":{\"type\":\"no\",\"details\":{\"a\":\"x\",\"b\":{\"c\":[1,"
        "{\"d\":true},\"y\"],\"e\":null},\"ticket\":4711},\"after\":\"no\"}}],\"limit\":1}");
    ck_assert_str_eq(told.text, "1:string:x:a\n"
                                "1:number:1:c\n"
                                "1:true::d\n"
                                "1:string:y:c\n"
                                "1:null::e\n"
                                "1:number:4711:ticket\n"
                                "0:object::\n");
    told.also = (const int[]){2, -1};
    read_good(
        "{\"alerts\":[{\"body\":{\"details\":\"ticket 4711\"}},{\"body\":{\"details\":{\"ticket\":1}}}]}");
    ck_assert_str_eq(told.text, "1:string:ticket 4711:details 2=-\n"
                                "0:object:: 2=-\n"
                                "1:number:1:ticket 2=1\n"
                                "0:object:: 2=1\n");
}
END_TEST

START_TEST(every_leaf_of_the_whole_text_can_be_told)
{
    static const char *const paths[] = {"**"};
    want(paths, COUNT_OF(paths));
    read_good("{\"a.b\":1,\"c\":{\"d\":[2]},\"\":3}");
    ck_assert_str_eq(told.text, "0:number:1:a.b\n0:number:2:d\n0:number:3:\n");
}
END_TEST

static void assert_refused_n(const char *text, size_t len, const char *why)
{
    ck_assert_msg(read_n(text, len) == NULL, "accepted: %s", text);
    ck_assert_msg(strstr(error, why) != NULL, "%s: \"%s\" instead of \"%s\"", text, error, why);
}

START_TEST(what_is_no_json_is_refused_with_its_place)
{
    static const char *const paths[] = {"a", "b.**"};
    static const char *const cases[][2] = {
        {"", "not JSON at byte 0"},
        {"  ", "not JSON at byte 2"},
        {"{", "not JSON at byte 1"},
        {"{\"a\":1", "not JSON at byte 6"},
        {"{\"a\":\"x", "not JSON at byte 7"},
        {"{\"a\":tru", "not JSON at byte 8"},
        {"{\"a\":1,}", "not JSON"},
        {"{\"a\" 1}", "not JSON"},
        {"{\"a\":1 \"b\":2}", "not JSON"},
        {"{a:1}", "not JSON"},
        {"{'a':1}", "not JSON"},
        {"{\"a\":01}", "not JSON"},
        {"{\"a\":1.}", "not JSON"},
        {"{\"a\":.5}", "not JSON"},
        {"{\"a\":+1}", "not JSON"},
        {"{\"a\":-}", "not JSON"},
        {"{\"a\":NaN}", "not JSON"},
        {"{\"a\":True}", "not JSON"},
        {"{\"a\":\"\n\"}", "not JSON"},
        {"{\"a\":\"\\x\"}", "not JSON"},
        {"{\"a\":\"\\u12g4\"}", "not JSON"},
        {"{\"a\":[1,2}", "not JSON"},
        {"{\"a\":1}}", "not JSON at byte 8"},
        {"{\"a\":1}{}", "not JSON at byte 8"},
        {"{\"a\":1} x", "not JSON"},
        {"{\"a\":/*c*/1}", "not JSON"},
        {"\xEF\xBB\xBF{}", "not JSON"},
        {"{\"a\":\"\xFF\"}", "not UTF-8 at byte 6"},
        {"{\"a\":\"\xED\xA0\x80\"}", "not UTF-8 at byte 6"},
        {"{\"a\":\"\xC0\xAF\"}", "not UTF-8 at byte 6"},
        {"[]", "a list instead of an object"},
        {"[{\"a\":1}]", "a list instead of an object"},
        {"1 ", "neither an object nor a list"},
        {"null", "neither an object nor a list"},
        {"\"a\"", "neither an object nor a list"},
        {"{\"a\":\"x\\u0000y\"}", "NUL in a string at byte"},
        {"{\"b\":{\"c\\u0000\":1}}", "NUL in a string at byte"},
    };
    want(paths, COUNT_OF(paths));
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_refused_n(cases[i][0], strlen(cases[i][0]), cases[i][1]);
    assert_refused_n("{\"a\":\"x\0y\"}", 11, "not JSON");
    assert_refused_n("{}\0", 3, "not JSON");
    read_good("{\"unwanted\":\"x\\u0000y\"}");
}
END_TEST

START_TEST(an_error_repeats_nothing_of_the_text)
{
    static const char *const paths[] = {"a"};
    want(paths, COUNT_OF(paths));
    ck_assert_ptr_null(read_n("{\"password\":\"hunter2\" oops}", 26));
    ck_assert_ptr_null(strstr(error, "hunter2"));
    ck_assert_ptr_null(strchr(error, '\n'));
}
END_TEST

/* An object around n - 1 arrays. */
static const struct json_value *read_nested(size_t n)
{
    char text[400] = "{\"a\":";
    size_t used = strlen(text);
    memset(text + used, '[', n - 1);
    used += n - 1;
    memset(text + used, ']', n - 1);
    used += n - 1;
    text[used++] = '}';
    return read_n(text, used);
}

START_TEST(too_deep_a_text_is_refused)
{
    static const char *const paths[] = {"a", "a[][]"};
    want(paths, COUNT_OF(paths));
    ck_assert_ptr_nonnull(read_nested(64));
    ck_assert_ptr_null(read_nested(65));
    ck_assert_ptr_nonnull(strstr(error, "nested deeper than 64 at byte"));
    ck_assert_ptr_null(read_nested(180));
}
END_TEST

/* Every beginning of a text is no text, and reading it does no harm. */
START_TEST(a_text_cut_anywhere_is_refused)
{
    static const char *const paths[] = {"a.**", "a.b", "c[]", "c[].d"};
    static const char text[] =
        "{\"a\":{\"b\":\"x\\ud83d\\ude00\\n\",\"n\":12},\"c\":[{\"d\":1e5},\"\u20ac\",null]}";
    want(paths, COUNT_OF(paths));
    for (size_t len = 0; len < strlen(text); len++)
        ck_assert_ptr_null(read_n(text, len));
    read_good(text);
}
END_TEST

START_TEST(a_malformed_or_doubled_path_makes_no_spec)
{
    static const char *const bad[] = {"",     ".",    ".a",   "a.",     "a..b", "a[",
                                      "a[0]", "a[]b", "a.[]", "a.**.b", "[]a"};
    static const char *const twice[] = {"a.b", "a", "a.b"};
    static const char *const leaves_twice[] = {"a.**", "a.**"};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        ck_assert_msg(json_spec_new(&bad[i], 1) == NULL, "accepted: %s", bad[i]);
    ck_assert_ptr_null(json_spec_new(twice, COUNT_OF(twice)));
    ck_assert_ptr_null(json_spec_new(leaves_twice, COUNT_OF(leaves_twice)));
    json_reader_free(NULL);
}
END_TEST

START_TEST(nothing_wanted_is_only_checked)
{
    want(NULL, 0);
    read_good("{\"a\":[1,{\"b\":\"c\"}]}");
    ck_assert_ptr_null(read_n("{", 1));
}
END_TEST

Suite *json_fields_suite(void)
{
    Suite *suite = suite_create("json_fields");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, begin, end);
    tcase_add_test(all, wanted_fields_are_found_with_their_kinds);
    tcase_add_test(all, a_name_is_compared_whole);
    tcase_add_test(all, a_text_leaves_nothing_to_the_next);
    tcase_add_test(all, numbers_keep_their_digits);
    tcase_add_test(all, strings_are_unescaped);
    tcase_add_test(all, of_a_doubled_member_the_last_counts_with_all_below_it);
    tcase_add_test(all, each_element_is_told_with_its_own_fields);
    tcase_add_test(all, what_came_before_an_array_is_there_for_its_elements);
    tcase_add_test(all, an_inner_element_is_told_before_the_one_it_is_in);
    tcase_add_test(all, elements_may_be_scalars_arrays_and_the_whole_text);
    tcase_add_test(all, without_an_element_path_the_last_element_stays);
    tcase_add_test(all, every_leaf_below_a_path_is_told_with_its_name);
    tcase_add_test(all, every_leaf_of_the_whole_text_can_be_told);
    tcase_add_test(all, what_is_no_json_is_refused_with_its_place);
    tcase_add_test(all, an_error_repeats_nothing_of_the_text);
    tcase_add_test(all, too_deep_a_text_is_refused);
    tcase_add_test(all, a_text_cut_anywhere_is_refused);
    tcase_add_test(all, a_malformed_or_doubled_path_makes_no_spec);
    tcase_add_test(all, nothing_wanted_is_only_checked);
    suite_add_tcase(suite, all);
    return suite;
}
