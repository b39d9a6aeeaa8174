/*
 * People in PagerDuty's answers: users, and whose turn it is in a schedule. What is not as documented is
 * reported to the caller; nothing is logged here, nothing is fatal.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/services/fields.h"
#include "lib/services/pagerduty.h"
#include "lib/text.h"
#include "lib/timestamp.h"

/* A user, alone, in a list or within something else; there only ID and SUMMARY, if they were not asked for.
 */
enum { SELF, ID, NAME, SUMMARY, EMAIL, USER_FIELDS };

#define USER_PATHS(self) self, self ".id", self ".name", self ".summary", self ".email"

/* VALUES and NAMES are those of one user. */
static bool read_user(const struct json_value *values, const char *const *names, struct pagerduty_user *user,
                      const struct complaint *complaint)
{
    *user = (struct pagerduty_user){0};
    if (values[ID].kind != JSON_STRING || values[ID].len == 0)
        return complain(complaint, "%s is missing", names[ID]);
    text_copy(user->id, sizeof(user->id), values[ID].text);
    text_copy(user->name, sizeof(user->name), values[values[NAME].len > 0 ? NAME : SUMMARY].text);
    field_optional_text(&values[EMAIL], user->email, sizeof(user->email));
    return true;
}

/* ---- users --------------------------------------------------------------------------------------------- */

static const char *const user_paths[] = {USER_PATHS("user"), USER_PATHS("users[]"), "users"};
enum { LISTED = USER_FIELDS, LIST = 2 * USER_FIELDS };

struct user_search {
    const char *email;
    struct pagerduty_user *user;
    const struct complaint *complaint;
    bool failed;
};

static void on_user(void *context, int field, const struct json_value values[])
{
    struct user_search *search = context;
    const struct json_value *user = values + LISTED;
    if (field == LISTED + SELF && search->email && text_equal_nocase(user[EMAIL].text, search->email) &&
        !read_user(user, user_paths + LISTED, search->user, search->complaint))
        search->failed = true;
}

bool pagerduty_read_user(struct json_reader *reader, const char *answer, size_t length, const char *email,
                         struct pagerduty_user *user, char *error, size_t error_size)
{
    const struct complaint complaint = {error, error_size};
    struct user_search search = {.email = email, .user = user, .complaint = &complaint};
    *user = (struct pagerduty_user){0};
    const struct json_value *values = fields_read_once(reader, user_paths, COUNT_OF(user_paths), answer,
                                                       length, on_user, &search, &complaint);
    if (!values || search.failed)
        return false;
    if (values[SELF].kind == JSON_OBJECT)
        return read_user(values, user_paths, user, &complaint);
    return values[LIST].kind == JSON_ARRAY || complain(&complaint, "user and users are missing");
}

/* ---- who is on call ------------------------------------------------------------------------------------ */

enum { TURN, SCHEDULE, START, END, TURN_USER, ONCALLS = TURN_USER + USER_FIELDS, MORE, ONCALL_FIELDS };

static const char *const oncall_paths[ONCALL_FIELDS] = {
    "oncalls[]",     "oncalls[].schedule.id",      "oncalls[].start",
    "oncalls[].end", USER_PATHS("oncalls[].user"), "oncalls",
    "more"};

struct roster {
    struct pagerduty_oncall *turns;
    size_t count;
    const struct complaint *complaint;
    bool failed;
};

/* Null is FOREVER: a turn without a beginning or an end. */
static bool read_moment(const struct json_value *value, const char *path, int64_t forever, int64_t *ms,
                        const struct complaint *complaint)
{
    *ms = forever;
    return value->kind == JSON_NULL || field_time(value, path, ms, NULL, complaint);
}

static bool is_known(const struct roster *roster, const struct pagerduty_oncall *turn)
{
    for (size_t i = 0; i < roster->count; i++) {
        const struct pagerduty_oncall *other = &roster->turns[i];
        if (strcmp(other->schedule, turn->schedule) == 0 && strcmp(other->user.id, turn->user.id) == 0 &&
            other->start_ms == turn->start_ms && other->end_ms == turn->end_ms)
            return true;
    }
    return false;
}

/* A turn comes once for each policy and level that its schedule is part of. */
static bool add_turn(struct roster *roster, const struct json_value *values)
{
    const struct complaint *complaint = roster->complaint;
    struct pagerduty_oncall turn = {0};
    text_copy(turn.schedule, sizeof(turn.schedule), values[SCHEDULE].text);
    if (!read_user(values + TURN_USER, oncall_paths + TURN_USER, &turn.user, complaint) ||
        !read_moment(&values[START], oncall_paths[START], 0, &turn.start_ms, complaint) ||
        !read_moment(&values[END], oncall_paths[END], INT64_MAX, &turn.end_ms, complaint))
        return false;
    if (is_known(roster, &turn))
        return true;
    struct pagerduty_oncall *turns = list_grow(roster->turns, roster->count, sizeof(*turns));
    if (!turns)
        return complain(complaint, "out of memory");
    roster->turns = turns;
    turns[roster->count++] = turn;
    return true;
}

static void on_turn(void *context, int field, const struct json_value values[])
{
    struct roster *roster = context;
    if (field == TURN && values[SCHEDULE].len > 0 && !roster->failed)
        roster->failed = !add_turn(roster, values);
}

bool pagerduty_read_oncalls(struct json_reader *reader, const char *answer, size_t length,
                            pagerduty_oncall_fn *each, void *context, bool *more, char *error,
                            size_t error_size)
{
    const struct complaint complaint = {error, error_size};
    struct roster roster = {.complaint = &complaint};
    *more = false;
    const struct json_value *values =
        fields_read_once(reader, oncall_paths, ONCALL_FIELDS, answer, length, on_turn, &roster, &complaint);
    bool good = values && !roster.failed;
    if (good && values[ONCALLS].kind != JSON_ARRAY)
        good = complain(&complaint, "oncalls is missing");
    if (good)
        *more = values[MORE].kind == JSON_TRUE;
    for (size_t i = 0; good && i < roster.count; i++)
        each(context, &roster.turns[i]);
    free(roster.turns);
    return good;
}
