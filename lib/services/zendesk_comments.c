/*
 * The comments of a ticket as Zendesk's API shows them: newest first, with their authors behind them. What is
 * not as documented is reported to the caller; nothing is logged here, nothing is fatal.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/services/fields.h"
#include "lib/services/zendesk.h"
#include "lib/text.h"

enum {
    COMMENT,
    ID,
    AUTHOR,
    BODY,
    PLAIN_BODY,
    HTML_BODY,
    PUBLIC,
    CREATED,
    REL,
    USER,
    USER_ID,
    ROLE,
    ORGANIZATION,
    NAME,
    EMAIL,
    COMMENTS,
    HAS_MORE,
    NEXT_PAGE,
    FIELDS
};

static const char *const paths[FIELDS] = {
    [COMMENT] = "comments[]",
    [ID] = "comments[].id",
    [AUTHOR] = "comments[].author_id",
    [BODY] = "comments[].body",
    [PLAIN_BODY] = "comments[].plain_body",
    [HTML_BODY] = "comments[].html_body",
    [PUBLIC] = "comments[].public",
    [CREATED] = "comments[].created_at",
    [REL] = "comments[].via.source.rel",
    [USER] = "users[]",
    [USER_ID] = "users[].id",
    [ROLE] = "users[].role",
    [ORGANIZATION] = "users[].organization_id",
    [NAME] = "users[].name",
    [EMAIL] = "users[].email",
    [COMMENTS] = "comments",
    [HAS_MORE] = "meta.has_more",
    [NEXT_PAGE] = "next_page",
};

/* Texts are the reader's. */
struct comment {
    int64_t id, author_id, created_ms, resolution_ms;
    bool is_public, is_merge_note;
    const char *text;
};

struct user {
    int64_t id, organization_id;
    bool is_staff;
    const char *name, *email;
};

struct conversation {
    struct comment *comments;
    size_t comment_count;
    struct user *users;
    size_t user_count;
    const struct complaint *complaint;
    bool failed;
};

static const char *text_of(const struct json_value *values)
{
    static const int places[] = {BODY, PLAIN_BODY, HTML_BODY};
    for (size_t i = 0; i < COUNT_OF(places); i++)
        if (values[places[i]].len > 0)
            return values[places[i]].text;
    return "";
}

static bool add_comment(struct conversation *conversation, const struct json_value *values)
{
    const struct complaint *complaint = conversation->complaint;
    struct comment comment = {
        .is_public = values[PUBLIC].kind == JSON_TRUE,
        .is_merge_note = strcmp(values[REL].text, "merge") == 0,
        .text = text_of(values),
    };
    if (!field_id(&values[ID], paths[ID], &comment.id, complaint) ||
        !field_time(&values[CREATED], paths[CREATED], &comment.created_ms, &comment.resolution_ms, complaint))
        return false;
    if (!json_to_i64(&values[AUTHOR], &comment.author_id)) /* the system's is -1 */
        return complain(complaint, "%s is %s", paths[AUTHOR],
                        field_is_there(&values[AUTHOR]) ? "not a whole number" : "missing");
    struct comment *comments =
        list_grow(conversation->comments, conversation->comment_count, sizeof(*comments));
    if (!comments)
        return complain(complaint, "out of memory");
    conversation->comments = comments;
    comments[conversation->comment_count++] = comment;
    return true;
}

static bool add_user(struct conversation *conversation, const struct json_value *values)
{
    const struct user user = {
        .id = field_optional_id(&values[USER_ID]),
        .organization_id = field_optional_id(&values[ORGANIZATION]),
        .is_staff = zendesk_is_staff(values[ROLE].text),
        .name = values[NAME].text,
        .email = values[EMAIL].text,
    };
    struct user *users = list_grow(conversation->users, conversation->user_count, sizeof(*users));
    if (!users)
        return complain(conversation->complaint, "out of memory");
    conversation->users = users;
    users[conversation->user_count++] = user;
    return true;
}

static void on_element(void *context, int field, const struct json_value values[])
{
    struct conversation *conversation = context;
    if (conversation->failed)
        return;
    const bool good = field == COMMENT ? add_comment(conversation, values) : add_user(conversation, values);
    conversation->failed = !good;
}

static int by_age(const void *one, const void *other)
{
    const struct comment *a = one;
    const struct comment *b = other;
    if (a->created_ms != b->created_ms)
        return a->created_ms < b->created_ms ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

static const struct user *find_user(const struct conversation *conversation, int64_t id)
{
    for (size_t i = 0; i < conversation->user_count; i++)
        if (conversation->users[i].id == id)
            return &conversation->users[i];
    return NULL;
}

static bool belongs(const struct zendesk_ticket *ticket, int64_t author, const struct user *user)
{
    for (size_t i = 0; i < ticket->involved_count; i++)
        if (ticket->involved[i] == author)
            return true;
    return user && user->organization_id > 0 && user->organization_id == ticket->facts.organization_id;
}

static void make_event(const struct comment *comment, const struct user *user,
                       const struct zendesk_ticket *ticket, const struct zendesk_authors *authors,
                       struct event *event)
{
    const struct zendesk_author author = {
        .id = comment->author_id,
        .requester_id = ticket->facts.requester_id,
        .is_staff = user && user->is_staff,
        .belongs = belongs(ticket, comment->author_id, user),
        .is_merge_note = comment->is_merge_note,
        .text = comment->text,
    };
    *event = (struct event){
        .type = EVENT_COMMENT,
        .source = EVENT_SOURCE_ZENDESK,
        .at_ms = comment->created_ms,
        .resolution_ms = comment->resolution_ms,
        .ticket_id = ticket->id,
        .comment = {.id = comment->id,
                    .author_id = comment->author_id,
                    .standing = zendesk_standing(authors, &author),
                    .is_public = comment->is_public},
    };
    snprintf(event->id, sizeof(event->id), "%019" PRId64, comment->id);
    event->comment.automatic = !author.is_staff && zendesk_is_automatic(authors->config, comment->text);
    if (user) {
        text_copy(event->by, sizeof(event->by), user->name);
        text_copy(event->by_email, sizeof(event->by_email), user->email);
    }
}

/* The oldest comment is the ticket's description, if it is the oldest of all. */
static void tell(const struct conversation *conversation, bool whole, const struct zendesk_ticket *ticket,
                 const struct zendesk_authors *authors, zendesk_comment_fn *each, void *context)
{
    struct event event;
    for (size_t i = 0; i < conversation->comment_count; i++) {
        const struct comment *comment = &conversation->comments[i];
        make_event(comment, find_user(conversation, comment->author_id), ticket, authors, &event);
        if (i == 0 && (whole || comment->created_ms == ticket->created_ms))
            event.comment.standing = AUTHOR_NOBODY;
        each(context, &event, comment->text);
    }
}

bool zendesk_read_comments(struct json_reader *reader, const char *answer, size_t length,
                           const struct zendesk_ticket *ticket, const struct zendesk_authors *authors,
                           zendesk_comment_fn *each, void *context, char *error, size_t error_size)
{
    const struct complaint complaint = {error, error_size};
    struct conversation conversation = {.complaint = &complaint};
    const struct json_value *values =
        fields_read_once(reader, paths, FIELDS, answer, length, on_element, &conversation, &complaint);
    bool good = values && !conversation.failed;
    if (good && values[COMMENTS].kind != JSON_ARRAY)
        good = complain(&complaint, "comments is missing");
    if (good && conversation.comment_count > 0) {
        qsort(conversation.comments, conversation.comment_count, sizeof(*conversation.comments), by_age);
        tell(&conversation, values[HAS_MORE].kind != JSON_TRUE && values[NEXT_PAGE].kind != JSON_STRING,
             ticket, authors, each, context);
    }
    free(conversation.comments);
    free(conversation.users);
    return good;
}
