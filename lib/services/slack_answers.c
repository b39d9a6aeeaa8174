/*
 * What Slack answers: nearly always with status 200, and its own word for what went wrong. What is not as
 * documented is reported to the caller; nothing is logged here, nothing is fatal.
 */
#include <string.h>

#include "lib/services/fields.h"
#include "lib/services/slack.h"
#include "lib/text.h"

static const struct {
    const char *word;
    enum slack_verdict verdict;
} known_errors[] = {
    {"ratelimited", SLACK_LIMITED},
    {"rate_limited", SLACK_LIMITED},
    {"message_limit_exceeded", SLACK_LIMITED}, /* all of the workspace send too much */

    {"internal_error", SLACK_MAY_PASS}, /* Slack: it may have been done in part */
    {"fatal_error", SLACK_MAY_PASS},    /* likewise */
    {"service_unavailable", SLACK_MAY_PASS},
    {"request_timeout", SLACK_MAY_PASS},
    {"team_added_to_org", SLACK_MAY_PASS},  /* the workspace moves at present */
    {"org_login_required", SLACK_MAY_PASS}, /* likewise */
    {"external_channel_migrating", SLACK_MAY_PASS},

    {"not_authed", SLACK_REFUSES_US},
    {"invalid_auth", SLACK_REFUSES_US},
    {"account_inactive", SLACK_REFUSES_US},
    {"token_revoked", SLACK_REFUSES_US},
    {"token_expired", SLACK_REFUSES_US},
    {"two_factor_setup_required", SLACK_REFUSES_US},
    {"team_access_not_granted", SLACK_REFUSES_US},
    {"accesslimited", SLACK_REFUSES_US}, /* not from this network */
};

enum slack_verdict slack_read_verdict(struct json_reader *reader, const char *answer, size_t length,
                                      char *error, size_t error_size)
{
    enum { OK, WORD };
    static const char *const wanted[] = {[OK] = "ok", [WORD] = "error"};
    const struct complaint complaint = {error, error_size};
    const struct json_value *values =
        fields_read_once(reader, wanted, COUNT_OF(wanted), answer, length, NULL, NULL, &complaint);
    if (!values)
        return SLACK_MAY_PASS;
    if (values[OK].kind != JSON_TRUE && values[OK].kind != JSON_FALSE) {
        complain(&complaint, "ok is missing");
        return SLACK_MAY_PASS;
    }
    field_optional_text(&values[WORD], error, error_size);
    if (values[OK].kind == JSON_TRUE)
        return SLACK_OK;
    for (size_t i = 0; i < COUNT_OF(known_errors); i++)
        if (strcmp(known_errors[i].word, values[WORD].text) == 0)
            return known_errors[i].verdict;
    return SLACK_NEVER;
}

bool slack_read_posted(struct json_reader *reader, const char *answer, size_t length, char *channel,
                       size_t channel_size, char *ts, size_t ts_size, char *error, size_t error_size)
{
    enum { CHANNEL, TS };
    static const char *const wanted[] = {[CHANNEL] = "channel", [TS] = "ts"};
    const struct complaint complaint = {error, error_size};
    const struct json_value *values =
        fields_read_once(reader, wanted, COUNT_OF(wanted), answer, length, NULL, NULL, &complaint);
    return values && field_text(&values[CHANNEL], wanted[CHANNEL], channel, channel_size, &complaint) &&
           field_text(&values[TS], wanted[TS], ts, ts_size, &complaint);
}

enum { MESSAGES, MORE, MESSAGE, MESSAGE_TS, MARK_TYPE, MARK, MESSAGE_FIELDS };

static const char *const message_paths[MESSAGE_FIELDS] = {
    [MESSAGES] = "messages",
    [MORE] = "has_more",
    [MESSAGE] = "messages[]",
    [MESSAGE_TS] = "messages[].ts",
    [MARK_TYPE] = "messages[].metadata.event_type",
    [MARK] = "messages[].metadata.event_payload.action",
};

struct search {
    const char *mark;
    struct json_value ts;
};

static void on_message(void *context, int field, const struct json_value values[])
{
    struct search *search = context;
    if (field == MESSAGE && search->ts.len == 0 && strcmp(values[MARK_TYPE].text, "emergencyd") == 0 &&
        strcmp(values[MARK].text, search->mark) == 0)
        search->ts = values[MESSAGE_TS];
}

/* That there are further messages is no answer: the one may be among them. */
bool slack_read_marked(struct json_reader *reader, const char *answer, size_t length, const char *mark,
                       char *ts, size_t ts_size, char *error, size_t error_size)
{
    const struct complaint complaint = {error, error_size};
    struct search search = {.mark = mark};
    const struct json_value *values = fields_read_once(reader, message_paths, MESSAGE_FIELDS, answer, length,
                                                       on_message, &search, &complaint);
    *ts = '\0';
    if (!values)
        return false;
    if (search.ts.len > 0)
        return field_text(&search.ts, message_paths[MESSAGE_TS], ts, ts_size, &complaint);
    if (values[MESSAGES].kind != JSON_ARRAY)
        return complain(&complaint, "%s is missing", message_paths[MESSAGES]);
    if (values[MORE].kind == JSON_TRUE)
        return complain(&complaint, "there are more messages than one answer holds");
    return true;
}

enum { USER, HANDLE, NAME, PROFILE_NAME, EMAIL, USER_FIELDS };

static const char *const user_paths[USER_FIELDS] = {
    [USER] = "user.id",
    [HANDLE] = "user.name",
    [NAME] = "user.real_name",
    [PROFILE_NAME] = "user.profile.real_name",
    [EMAIL] = "user.profile.email",
};

bool slack_read_user(struct json_reader *reader, const char *answer, size_t length, struct slack_user *user,
                     char *error, size_t error_size)
{
    const struct complaint complaint = {error, error_size};
    *user = (struct slack_user){0};
    const struct json_value *values =
        fields_read_once(reader, user_paths, USER_FIELDS, answer, length, NULL, NULL, &complaint);
    if (!values || !field_text(&values[USER], user_paths[USER], user->id, sizeof(user->id), &complaint))
        return false;
    static const int by_preference[] = {PROFILE_NAME, NAME, HANDLE};
    for (size_t i = 0; i < COUNT_OF(by_preference) && !*user->name; i++)
        field_optional_text(&values[by_preference[i]], user->name, sizeof(user->name));
    field_optional_text(&values[EMAIL], user->email, sizeof(user->email));
    return true;
}

bool slack_read_home(struct json_reader *reader, const char *answer, size_t length, char *out, size_t size)
{
    static const char *const wanted[] = {"url"};
    char ignored[100];
    const struct complaint complaint = {ignored, sizeof(ignored)};
    const struct json_value *values =
        fields_read_once(reader, wanted, COUNT_OF(wanted), answer, length, NULL, NULL, &complaint);
    return values && field_text(&values[0], wanted[0], out, size, &complaint);
}
