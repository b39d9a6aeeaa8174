/*
 * Zendesk's other answers: audits, organisations, suspended tickets, ourselves, tokens. What is not as
 * documented is reported to the caller; nothing is logged here, nothing is fatal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/services/fields.h"
#include "lib/services/zendesk.h"
#include "lib/text.h"
#include "lib/timestamp.h"

/* ---- audits -------------------------------------------------------------------------------------------- */

enum {
    AUDIT,
    AUDIT_ID,
    AUDIT_CREATED,
    MARK,
    CHANGE,
    CHANGE_TYPE,
    CHANGE_FIELD,
    CHANGE_VALUE,
    CHANGE_PREVIOUS,
    AUDITS,
    NEXT_PAGE,
    AUDIT_FIELDS
};

static const char *const audit_paths[AUDIT_FIELDS] = {
    [AUDIT] = "audits[]",
    [AUDIT_ID] = "audits[].id",
    [AUDIT_CREATED] = "audits[].created_at",
    [MARK] = "audits[].metadata.custom.emergencyd",
    [CHANGE] = "audits[].events[]",
    [CHANGE_TYPE] = "audits[].events[].type",
    [CHANGE_FIELD] = "audits[].events[].field_name",
    [CHANGE_VALUE] = "audits[].events[].value",
    [CHANGE_PREVIOUS] = "audits[].events[].previous_value",
    [AUDITS] = "audits",
    [NEXT_PAGE] = "next_page",
};

struct audit_walk {
    const char *mark;
    struct zendesk_history *history;
    const struct complaint *complaint;
    bool turned_urgent, ended;       /* in the audit that is being read */
    enum ticket_priority lowered_to; /* UNKNOWN: it was not */
    bool failed;
    int64_t first_id, last_id;
};

static bool turns_urgent(const struct json_value *values)
{
    const char *type = values[CHANGE_TYPE].text;
    return (strcmp(type, "Change") == 0 || strcmp(type, "Create") == 0) &&
           strcmp(values[CHANGE_FIELD].text, "priority") == 0 &&
           text_equal_nocase(values[CHANGE_VALUE].text, "urgent");
}

static bool is_over(const char *status)
{
    return text_equal_nocase(status, "solved") || text_equal_nocase(status, "closed");
}

static bool changes(const struct json_value *values, const char *name)
{
    return strcmp(values[CHANGE_TYPE].text, "Change") == 0 && strcmp(values[CHANGE_FIELD].text, name) == 0;
}

static bool lowers(const struct json_value *values)
{
    return changes(values, "priority") && text_equal_nocase(values[CHANGE_PREVIOUS].text, "urgent") &&
           !text_equal_nocase(values[CHANGE_VALUE].text, "urgent");
}

static bool solves(const struct json_value *values)
{
    return changes(values, "status") && is_over(values[CHANGE_VALUE].text) &&
           !is_over(values[CHANGE_PREVIOUS].text);
}

static enum ticket_priority lowered_to(const char *name)
{
    enum ticket_priority priority = ticket_priority_by_name(name);
    return priority == PRIORITY_UNKNOWN ? PRIORITY_NONE : priority;
}

static void note_latest(int64_t *latest_ms, bool happened, int64_t at_ms)
{
    if (happened && at_ms > *latest_ms)
        *latest_ms = at_ms;
}

static bool read_audit(struct audit_walk *walk, const struct json_value *values)
{
    struct zendesk_history *history = walk->history;
    int64_t created_ms = 0;
    if (!field_id(&values[AUDIT_ID], audit_paths[AUDIT_ID], &walk->last_id, walk->complaint) ||
        !field_time(&values[AUDIT_CREATED], audit_paths[AUDIT_CREATED], &created_ms, NULL, walk->complaint))
        return false;
    if (walk->first_id == 0)
        walk->first_id = walk->last_id;
    if (history->oldest_ms == 0 || created_ms < history->oldest_ms)
        history->oldest_ms = created_ms;
    note_latest(&history->urgent_ms, walk->turned_urgent, created_ms);
    note_latest(&history->ended_ms, walk->ended, created_ms);
    if (walk->lowered_to != PRIORITY_UNKNOWN && !field_is_there(&values[MARK]) &&
        created_ms > history->lowered_ms) {
        history->lowered_ms = created_ms;
        history->lowered_to = walk->lowered_to;
    }
    if (walk->mark && field_is_there(&values[MARK]) && strcmp(values[MARK].text, walk->mark) == 0) {
        history->marked = true;
        history->marked_ms = created_ms;
    }
    return true;
}

static void on_audit(void *context, int field, const struct json_value values[])
{
    struct audit_walk *walk = context;
    if (field == CHANGE) {
        walk->turned_urgent = walk->turned_urgent || turns_urgent(values);
        walk->ended = walk->ended || lowers(values) || solves(values);
        if (lowers(values))
            walk->lowered_to = lowered_to(values[CHANGE_VALUE].text);
        return;
    }
    if (!walk->failed)
        walk->failed = !read_audit(walk, values);
    walk->turned_urgent = walk->ended = false;
    walk->lowered_to = PRIORITY_UNKNOWN;
}

/* The number of a page in its address; 0 none. */
static int page_in(const char *url)
{
    const char *at = strchr(url, '?');
    int64_t page = 0;
    while (at) {
        at++;
        if (strncmp(at, "page=", 5) == 0 && text_to_i64(at + 5, strcspn(at + 5, "&#"), &page) && page > 0 &&
            page < 1000)
            return (int)page;
        at = strchr(at, '&');
    }
    return 0;
}

bool zendesk_read_audits(struct json_reader *reader, const char *answer, size_t length, const char *mark,
                         struct zendesk_history *history, char *error, size_t error_size)
{
    const struct complaint complaint = {error, error_size};
    struct audit_walk walk = {.mark = mark, .history = history, .complaint = &complaint};
    history->next_page = 0;
    const struct json_value *values =
        fields_read_once(reader, audit_paths, AUDIT_FIELDS, answer, length, on_audit, &walk, &complaint);
    if (!values || walk.failed)
        return false;
    if (values[AUDITS].kind != JSON_ARRAY)
        return complain(&complaint, "audits is missing");
    history->oldest_first = walk.first_id < walk.last_id;
    if (values[NEXT_PAGE].kind != JSON_STRING)
        return true;
    history->next_page = page_in(values[NEXT_PAGE].text);
    return history->next_page > 0 || !history->oldest_first || complain(&complaint, "next_page has no page");
}

/* ---- the rest ------------------------------------------------------------------------------------------ */

/* Notes TEXT, without blanks at its ends, if it is an e-mail address. */
static void note_email(const char *text, char *out, size_t size)
{
    static const char blanks[] = " \t\r\n";
    text += strspn(text, blanks);
    const size_t length = strcspn(text, blanks);
    const char *at = memchr(text, '@', length);
    if (text[length + strspn(text + length, blanks)] || !at || at == text || at == text + length - 1 ||
        memchr(at + 1, '@', length - (size_t)(at + 1 - text)) || length >= size)
        return;
    text_copy_n(out, size, text, length);
}

struct manager_search {
    const char *key; /* NULL: there is no such field */
    struct ticket_facts *facts;
};

static void on_organization_field(void *context, int field, const struct json_value values[])
{
    const struct manager_search *search = context;
    if (search->key && strcmp(values[field].name, search->key) == 0)
        note_email(values[field].text, search->facts->tam, sizeof(search->facts->tam));
}

bool zendesk_read_organization(const struct config *config, struct json_reader *reader, const char *answer,
                               size_t length, struct ticket_facts *facts, char *error, size_t error_size)
{
    static const char *const wanted[] = {"organization.name", "organization.organization_fields.**"};
    const struct complaint complaint = {error, error_size};
    struct manager_search search = {.key = config->zendesk.tam_field, .facts = facts};
    facts->tam_known = false;
    text_copy(facts->tam, sizeof(facts->tam), "");
    const struct json_value *values = fields_read_once(reader, wanted, COUNT_OF(wanted), answer, length,
                                                       on_organization_field, &search, &complaint);
    if (!values)
        return false;
    if (values->kind != JSON_STRING)
        return complain(&complaint, "%s is missing", wanted[0]);
    text_copy(facts->organization, sizeof(facts->organization), values->text);
    facts->tam_known = true;
    return true;
}

bool zendesk_read_written(struct json_reader *reader, const char *answer, size_t length, int64_t ticket,
                          char *error, size_t error_size)
{
    static const char *const wanted[] = {"ticket.id"};
    const struct complaint complaint = {error, error_size};
    int64_t written = 0;
    const struct json_value *values =
        fields_read_once(reader, wanted, 1, answer, length, NULL, NULL, &complaint);
    return values && field_id(values, wanted[0], &written, &complaint) &&
           (written == ticket || complain(&complaint, "it is of ticket %lld", (long long)written));
}

/* Without credentials Zendesk shows a user without an id. */
bool zendesk_read_me(struct json_reader *reader, const char *answer, size_t length, int64_t *user,
                     char *error, size_t error_size)
{
    static const char *const wanted[] = {"user.id"};
    const struct complaint complaint = {error, error_size};
    const struct json_value *values =
        fields_read_once(reader, wanted, 1, answer, length, NULL, NULL, &complaint);
    return values && field_id(values, wanted[0], user, &complaint);
}

enum { SUSPENDED, SUSPENDED_TICKET, SUSPENDED_AT, SENDER_NAME, SENDER_EMAIL, SUSPENDED_LIST };

struct suspended_search {
    int64_t ticket, since_ms;
    int64_t newest_ms;
    char *author;
    size_t author_size;
};

static void on_suspended(void *context, int field, const struct json_value values[])
{
    struct suspended_search *search = context;
    int64_t at_ms = 0;
    if (field != SUSPENDED || field_optional_id(&values[SUSPENDED_TICKET]) != search->ticket ||
        !timestamp_parse(values[SUSPENDED_AT].text, &at_ms, NULL))
        return;
    if (at_ms <= search->since_ms || at_ms <= search->newest_ms)
        return;
    search->newest_ms = at_ms;
    const bool named = values[SENDER_NAME].len > 0;
    text_copy(search->author, search->author_size, values[named ? SENDER_NAME : SENDER_EMAIL].text);
}

bool zendesk_read_suspended(struct json_reader *reader, const char *answer, size_t length, int64_t ticket,
                            int64_t since_ms, int64_t *newest_ms, char *author, size_t author_size)
{
    static const char *const wanted[] = {"suspended_tickets[]",
                                         "suspended_tickets[].ticket_id",
                                         "suspended_tickets[].created_at",
                                         "suspended_tickets[].author.name",
                                         "suspended_tickets[].author.email",
                                         "suspended_tickets"};
    char ignored[100];
    const struct complaint complaint = {ignored, sizeof(ignored)};
    struct suspended_search search = {
        .ticket = ticket, .since_ms = since_ms, .author = author, .author_size = author_size};
    text_copy(author, author_size, "");
    *newest_ms = 0;
    const struct json_value *values =
        fields_read_once(reader, wanted, COUNT_OF(wanted), answer, length, on_suspended, &search, &complaint);
    if (!values || values[SUSPENDED_LIST].kind != JSON_ARRAY)
        return false;
    *newest_ms = search.newest_ms;
    return true;
}

bool zendesk_read_token(struct json_reader *reader, const char *answer, size_t length, char *token,
                        size_t size, int64_t *valid_ms, char *error, size_t error_size)
{
    return fields_read_token(reader, answer, length, token, size, valid_ms, error, error_size);
}
