/*
 * GitLab's answers. What is not as documented is reported to the caller; nothing is logged here, nothing is
 * fatal.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/services/fields.h"
#include "lib/services/gitlab.h"
#include "lib/text.h"

bool gitlab_read_template(struct json_reader *reader, const char *answer, size_t length, char **content,
                          char *error, size_t error_size)
{
    static const char *const wanted[] = {"content"};
    const struct complaint complaint = {error, error_size};
    const struct json_value *values =
        fields_read_once(reader, wanted, 1, answer, length, NULL, NULL, &complaint);
    *content = NULL;
    if (!values)
        return false;
    if (values->kind != JSON_STRING)
        return complain(&complaint, "%s is %s", wanted[0], field_is_there(values) ? "not a text" : "missing");
    *content = strdup(values->text);
    return *content || complain(&complaint, "out of memory");
}

enum { ISSUE, ISSUE_URL, ISSUE_DESCRIPTION, ISSUE_FIELDS };

static const char *const issue_paths[ISSUE_FIELDS] = {
    [ISSUE] = "[]",
    [ISSUE_URL] = "[].web_url",
    [ISSUE_DESCRIPTION] = "[].description",
};

struct issue_search {
    const char *mark;
    char *url;
    size_t size;
    const struct complaint *complaint;
    bool failed;
};

static void on_issue(void *context, int field, const struct json_value values[])
{
    struct issue_search *search = context;
    if (field != ISSUE || *search->url || search->failed ||
        !text_has_word(values[ISSUE_DESCRIPTION].text, search->mark))
        return;
    search->failed =
        !field_text(&values[ISSUE_URL], issue_paths[ISSUE_URL], search->url, search->size, search->complaint);
}

static bool is_list(const char *answer, size_t length)
{
    size_t i = 0;
    while (i < length && strchr(" \t\r\n", answer[i]))
        i++;
    return i < length && answer[i] == '[';
}

/* GitLab's search finds parts of words too: "x-1" in "x-12". */
static bool read_list(struct json_reader *reader, const char *answer, size_t length,
                      struct issue_search *search)
{
    return fields_read_once(reader, issue_paths, ISSUE_FIELDS, answer, length, on_issue, search,
                            search->complaint) &&
           !search->failed;
}

bool gitlab_read_issue(struct json_reader *reader, const char *answer, size_t length, const char *mark,
                       char *url, size_t size, char *error, size_t error_size)
{
    static const char *const wanted[] = {"web_url"};
    const struct complaint complaint = {error, error_size};
    struct issue_search search = {.mark = mark, .url = url, .size = size, .complaint = &complaint};
    text_copy(url, size, "");
    if (is_list(answer, length))
        return read_list(reader, answer, length, &search);
    const struct json_value *values =
        fields_read_once(reader, wanted, 1, answer, length, NULL, NULL, &complaint);
    return values && field_text(values, wanted[0], url, size, &complaint);
}
