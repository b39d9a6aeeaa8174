/*
 * GitLab: the template's text, an issue's address, and that only the issue with our own mark is ours.
 */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json_fields.h"
#include "lib/services/gitlab.h"
#include "tests/unit/json_text.h"
#include "tests/unit/suites.h"

static struct json_reader *reader;
static char url[128];
static char error[160];

static void begin(void)
{
    reader = json_reader_new();
    ck_assert_ptr_nonnull(reader);
}

static void end(void)
{
    json_reader_free(reader);
}

/* ---- the template -------------------------------------------------------------------------------------- */

static bool read_template(const char *answer, char **content)
{
    return gitlab_read_template(reader, answer, strlen(answer), content, error, sizeof(error));
}

START_TEST(test_a_template_is_its_content)
{
    char *content = NULL;
    ck_assert(read_template("{\"name\":\"Emergency\",\"content\":\"# Runbook\\n\\n- [ ] Call \\u00fc\\n\"}",
                            &content));
    ck_assert_str_eq(content, "# Runbook\n\n- [ ] Call \xc3\xbc\n");
    free(content);
    ck_assert(read_template("{\"name\":\"Empty\",\"content\":\"\"}", &content));
    ck_assert_str_eq(content, "");
    free(content);
}
END_TEST

START_TEST(test_without_content_there_is_no_template)
{
    static const struct {
        const char *answer, *complaint;
    } cases[] = {{"{\"name\":\"x\"}", "content is missing"},
                 {"{\"content\":null}", "content is not a text"},
                 {"{\"content\":7}", "content is not a text"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *content = error;
        ck_assert(!read_template(cases[i].answer, &content));
        ck_assert_ptr_null(content);
        ck_assert_str_eq(error, cases[i].complaint);
    }
    char *content = error;
    ck_assert(!read_template("<html>", &content));
    ck_assert_ptr_null(content);
}
END_TEST

/* ---- issues -------------------------------------------------------------------------------------------- */

/* The shape of GitLab's documentation (doc/api/issues.md). */
#define ISSUE(iid, description)                                                                              \
    "{'project_id':4,'id':84,'created_at':'2016-01-07T12:44:33.959Z','iid':" iid                             \
    ",'title':'Emergency 4711','state':'opened','assignees':[],'assignee':null,'type':'ISSUE',"              \
    "'labels':['bug'],'upvotes':4,'downvotes':0,'merge_requests_count':0,'author':{'name':'Alexandra',"      \
    "'avatar_url':null,'state':'active','web_url':'https://gitlab.example.com/eileen.lowe','id':18,"         \
    "'username':'eileen.lowe'},'description':" description ",'updated_at':'2016-01-07T12:44:33.959Z',"       \
    "'closed_at':null,'closed_by':null,'milestone':null,'subscribed':true,'user_notes_count':0,"             \
    "'due_date':null,'web_url':'https://gitlab.example.com/my-group/my-project/-/issues/" iid "',"           \
    "'references':{'short':'#14','relative':'#14','full':'my-group/my-project#14'},"                         \
    "'confidential':true,'discussion_locked':false,'issue_type':'issue','severity':'UNKNOWN',"               \
    "'_links':{'self':'https://gitlab.example.com/api/v4/projects/1/issues/2'},"                             \
    "'task_completion_status':{'count':0,'completed_count':0}}"
#define FOUND                                                                                                \
    "[" ISSUE("14", "'Runbook\\n\\ni7f-120'") "," ISSUE("15", "null") "," ISSUE(                             \
        "16", "'<!-- emergencyd: i7f-12 -->'") "," ISSUE("17", "'i7f-12'") "]"

static bool read_issue(const char *answer, const char *mark, size_t size)
{
    return gitlab_read_issue(reader, answer, strlen(answer), mark, url, size, error, sizeof(error));
}

static bool find(const char *answer, const char *mark)
{
    return read_issue(answer, mark, sizeof(url));
}

START_TEST(test_an_issue_is_its_address)
{
    const char *answer = json(ISSUE("14", "null"));
    ck_assert_msg(read_issue(answer, "i7f-12", sizeof(url)), "%s", error);
    ck_assert_str_eq(url, "https://gitlab.example.com/my-group/my-project/-/issues/14");
    ck_assert(!read_issue("{}", "i7f-12", sizeof(url)));
    ck_assert_str_eq(error, "web_url is missing");
    ck_assert(!read_issue(answer, "i7f-12", 20));
    ck_assert_str_eq(error, "web_url is longer than 19 bytes");
}
END_TEST

START_TEST(test_an_issue_is_found_by_its_mark)
{
    ck_assert_msg(find(json(FOUND), "i7f-12"), "%s", error);
    ck_assert_str_eq(url, "https://gitlab.example.com/my-group/my-project/-/issues/16");
    ck_assert(find(json(FOUND), "i7f-1"));
    ck_assert_str_eq(url, "");
    ck_assert(find(" []", "i7f-12"));
    ck_assert_str_eq(url, "");
}
END_TEST

START_TEST(test_what_is_no_issue_finds_nothing_out)
{
    ck_assert(!find("{\"message\":\"403 Forbidden\"}", "i7f-12"));
    ck_assert(!find("", "i7f-12"));
    ck_assert(!find("[", "i7f-12"));
    ck_assert(!find("[{\"description\":\"i7f-12\"}]", "i7f-12"));
    ck_assert_str_eq(error, "[].web_url is missing");
}
END_TEST

Suite *gitlab_suite(void)
{
    Suite *suite = suite_create("gitlab");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, begin, end);
    tcase_add_test(all, test_a_template_is_its_content);
    tcase_add_test(all, test_without_content_there_is_no_template);
    tcase_add_test(all, test_an_issue_is_its_address);
    tcase_add_test(all, test_an_issue_is_found_by_its_mark);
    tcase_add_test(all, test_what_is_no_issue_finds_nothing_out);
    suite_add_tcase(suite, all);
    return suite;
}
