/*
 * Users in Zendesk's answers: the one of an e-mail address, and a customer's time zone. What is not as
 * documented is reported to the caller; nothing is logged here, nothing is fatal.
 */
#include <ctype.h>
#include <string.h>

#include "lib/services/fields.h"
#include "lib/services/zendesk.h"
#include "lib/text.h"

/* ---- time zones ---------------------------------------------------------------------------------------- */

/* Such as "America/Port-au-Prince": it may become part of a path, so nothing else passes. */
static bool is_zone_name(const char *name)
{
    static const char others[] = "/_+-";
    if (!isalpha((unsigned char)*name))
        return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr(others, *name))
            return false;
    return true;
}

struct zone_search {
    int64_t user;
    char *zone;
    size_t size;
};

static void on_zone(void *context, int field, const struct json_value values[])
{
    enum { USER, USER_ID, ZONE };
    struct zone_search *search = context;
    if (field == USER && field_optional_id(&values[USER_ID]) == search->user &&
        values[ZONE].len < search->size && is_zone_name(values[ZONE].text))
        text_copy(search->zone, search->size, values[ZONE].text);
}

void zendesk_read_zone(struct json_reader *reader, const char *answer, size_t length, int64_t user,
                       char *zone, size_t size)
{
    static const char *const wanted[] = {"users[]", "users[].id", "users[].iana_time_zone"};
    char ignored[100];
    const struct complaint complaint = {ignored, sizeof(ignored)};
    struct zone_search search = {.user = user, .zone = zone, .size = size};
    text_copy(zone, size, "");
    if (user > 0 &&
        !fields_read_once(reader, wanted, COUNT_OF(wanted), answer, length, on_zone, &search, &complaint))
        text_copy(zone, size, "");
}

/* ---- who has an address -------------------------------------------------------------------------------- */

enum { USER, ID, EMAIL, ROLE, NAME, ORGANIZATION, USERS, FIELDS };

static const char *const paths[FIELDS] = {
    [USER] = "users[]",      [ID] = "users[].id",     [EMAIL] = "users[].email",
    [ROLE] = "users[].role", [NAME] = "users[].name", [ORGANIZATION] = "users[].organization_id",
    [USERS] = "users",
};

struct user_search {
    const char *email;
    struct zendesk_found_user *user;
    const struct complaint *complaint;
    bool failed;
};

static void on_user(void *context, int field, const struct json_value values[])
{
    struct user_search *search = context;
    struct zendesk_found_user *user = search->user;
    if (field != USER || !text_equal_nocase(values[EMAIL].text, search->email))
        return;
    if (!field_id(&values[ID], paths[ID], &user->id, search->complaint)) {
        search->failed = true;
        return;
    }
    user->organization_id = field_optional_id(&values[ORGANIZATION]);
    user->is_staff = zendesk_is_staff(values[ROLE].text);
    field_optional_text(&values[NAME], user->name, sizeof(user->name));
}

bool zendesk_read_found_user(struct json_reader *reader, const char *answer, size_t length, const char *email,
                             struct zendesk_found_user *user, char *error, size_t error_size)
{
    const struct complaint complaint = {error, error_size};
    struct user_search search = {.email = email, .user = user, .complaint = &complaint};
    *user = (struct zendesk_found_user){0};
    const struct json_value *values =
        fields_read_once(reader, paths, FIELDS, answer, length, on_user, &search, &complaint);
    if (!values || search.failed)
        return false;
    return values[USERS].kind == JSON_ARRAY || complain(&complaint, "%s is missing", paths[USERS]);
}
