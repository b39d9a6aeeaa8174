/*
 * Zoom's answers. What is not as documented is reported to the caller; nothing is logged here, nothing is
 * fatal.
 */
#include <string.h>

#include "lib/services/fields.h"
#include "lib/services/zoom.h"
#include "lib/text.h"

bool zoom_read_meeting(struct json_reader *reader, const char *answer, size_t length, int64_t *meeting,
                       char *join_url, size_t size, bool *running, char *error, size_t error_size)
{
    enum { ID, JOIN_URL, STATUS };
    static const char *const wanted[] = {[ID] = "id", [JOIN_URL] = "join_url", [STATUS] = "status"};
    const struct complaint complaint = {error, error_size};
    const struct json_value *values =
        fields_read_once(reader, wanted, COUNT_OF(wanted), answer, length, NULL, NULL, &complaint);
    if (!values || !field_id(&values[ID], wanted[ID], meeting, &complaint) ||
        !field_text(&values[JOIN_URL], wanted[JOIN_URL], join_url, size, &complaint))
        return false;
    *running = strcmp(values[STATUS].text, "started") == 0;
    return true;
}

/* Codes of four digits that begin with a 3; those of tokens and scopes do not. */
bool zoom_is_about_meeting(struct json_reader *reader, const char *answer, size_t length)
{
    static const char *const wanted[] = {"code"};
    char why[160];
    const struct complaint complaint = {why, sizeof why};
    const struct json_value *values =
        fields_read_once(reader, wanted, 1, answer, length, NULL, NULL, &complaint);
    const int64_t code = values ? field_optional_id(&values[0]) : 0;
    return code >= 3000 && code < 4000;
}

enum { LISTED, LISTED_ID, LISTED_URL, LISTED_AGENDA, LIST, LIST_FIELDS };

static const char *const list_paths[LIST_FIELDS] = {
    [LISTED] = "meetings[]",
    [LISTED_ID] = "meetings[].id",
    [LISTED_URL] = "meetings[].join_url",
    [LISTED_AGENDA] = "meetings[].agenda",
    [LIST] = "meetings",
};

struct meeting_search {
    const char *mark;
    int64_t *meeting;
    char *join_url;
    size_t size;
    const struct complaint *complaint;
    bool failed;
};

static void on_meeting(void *context, int field, const struct json_value values[])
{
    struct meeting_search *search = context;
    if (field != LISTED || *search->meeting != 0 || search->failed ||
        !text_has_word(values[LISTED_AGENDA].text, search->mark))
        return;
    search->failed =
        !field_id(&values[LISTED_ID], list_paths[LISTED_ID], search->meeting, search->complaint) ||
        !field_text(&values[LISTED_URL], list_paths[LISTED_URL], search->join_url, search->size,
                    search->complaint);
}

/* Lists show the beginning of an agenda, which is all that the mark needs. */
bool zoom_read_marked(struct json_reader *reader, const char *answer, size_t length, const char *mark,
                      int64_t *meeting, char *join_url, size_t size, char *error, size_t error_size)
{
    const struct complaint complaint = {error, error_size};
    struct meeting_search search = {
        .mark = mark, .meeting = meeting, .join_url = join_url, .size = size, .complaint = &complaint};
    *meeting = 0;
    text_copy(join_url, size, "");
    const struct json_value *values =
        fields_read_once(reader, list_paths, LIST_FIELDS, answer, length, on_meeting, &search, &complaint);
    if (!values || search.failed)
        return false;
    return values[LIST].kind == JSON_ARRAY || complain(&complaint, "%s is missing", list_paths[LIST]);
}

bool zoom_read_token(struct json_reader *reader, const char *answer, size_t length, char *token, size_t size,
                     int64_t *valid_ms, char *error, size_t error_size)
{
    return fields_read_token(reader, answer, length, token, size, valid_ms, error, error_size);
}
