/*
 * Requests to Zendesk. Want of memory is the only failure.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/services/request.h"
#include "lib/services/zendesk.h"
#include "lib/text.h"

#define TOKEN_VALID_S 7200

bool zendesk_get_ticket(struct request *request, int64_t ticket)
{
    return request_make(request, "GET", NULL, "/api/v2/tickets/%" PRId64, ticket);
}

bool zendesk_get_comments(struct request *request, int64_t ticket)
{
    return request_make(
        request, "GET", NULL,
        "/api/v2/tickets/%" PRId64 "/comments?include=users&sort=-created_at&page%%5Bsize%%5D=100", ticket);
}

bool zendesk_get_audits(struct request *request, int64_t ticket, int page)
{
    return request_make(request, "GET", NULL,
                        "/api/v2/tickets/%" PRId64
                        "/audits?sort_by=created_at&sort_order=desc&per_page=100&page=%d",
                        ticket, page);
}

bool zendesk_get_tickets(struct request *request, const int64_t *tickets, size_t count)
{
    char ids[ZENDESK_MANY * 24] = "";
    size_t used = 0;
    for (size_t i = 0; i < count && i < ZENDESK_MANY; i++)
        used += (size_t)snprintf(ids + used, sizeof(ids) - used, "%s%" PRId64, i > 0 ? "," : "", tickets[i]);
    return request_make(request, "GET", NULL, "/api/v2/tickets/show_many?ids=%s", ids);
}

bool zendesk_search_urgent(struct request *request, const struct config *config, int page)
{
    const struct ticket_match *match = &config->zendesk.emergency_match;
    char query[REQUEST_ENCODED_SIZE / 3];
    char encoded[REQUEST_ENCODED_SIZE];
    const bool by_tag = match->kind == TICKET_MATCH_TAG;
    snprintf(query, sizeof(query), "type:ticket priority:urgent status<solved%s%s", by_tag ? " tags:" : "",
             by_tag ? match->tag : "");
    request_encode(query, encoded, sizeof(encoded));
    return request_make(request, "GET", NULL,
                        "/api/v2/search?query=%s&sort_by=created_at&sort_order=desc&per_page=100&page=%d",
                        encoded, page);
}

bool zendesk_get_organization(struct request *request, int64_t organization)
{
    return request_make(request, "GET", NULL, "/api/v2/organizations/%" PRId64, organization);
}

bool zendesk_get_me(struct request *request)
{
    return request_make(request, "GET", NULL, "/api/v2/users/me");
}

bool zendesk_get_suspended(struct request *request)
{
    return request_make(request, "GET", NULL,
                        "/api/v2/suspended_tickets?sort_by=created_at&sort_order=desc&per_page=100");
}

bool zendesk_find_user(struct request *request, const char *email)
{
    char encoded[REQUEST_ENCODED_SIZE];
    request_encode(email, encoded, sizeof(encoded));
    return request_make(request, "GET", NULL, "/api/v2/users/search?query=email%%3A%s", encoded);
}

bool zendesk_apply_macro(struct request *request, int64_t ticket, int64_t macro)
{
    return request_make(request, "GET", NULL, "/api/v2/tickets/%" PRId64 "/macros/%" PRId64 "/apply", ticket,
                        macro);
}

bool zendesk_get_token(struct request *request, const struct config *config)
{
    json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:i}", "grant_type", "client_credentials", "client_id",
                             config->zendesk.client_id, "client_secret", config->zendesk.client_secret,
                             "scope", "read write", "expires_in", TOKEN_VALID_S);
    if (!body)
        return request_give_up(request, body);
    return request_make(request, "POST", body, "/oauth/tokens");
}

/* What the settings do with a tag: taken away, added, or nothing (NULL). */
static const struct tag_change *change_of(const struct tag_change_list *changes, const char *tag)
{
    for (size_t i = 0; i < changes->count; i++)
        if (text_equal_nocase(changes->items[i].tag, tag))
            return &changes->items[i];
    return NULL;
}

/* The whole new list, as `tags` replaces the old one. */
static json_t *new_tags(const struct zendesk_ticket *read, const struct tag_change_list *changes)
{
    json_t *tags = json_array();
    bool good = tags != NULL;
    for (size_t i = 0; good && i < read->tag_count; i++)
        if (!change_of(changes, read->tags[i]))
            good = json_array_append_new(tags, json_string(read->tags[i])) == 0;
    for (size_t i = 0; good && i < changes->count; i++)
        if (changes->items[i].add)
            good = json_array_append_new(tags, json_string(changes->items[i].tag)) == 0;
    if (good)
        return tags;
    json_decref(tags);
    return NULL;
}

static json_t *new_fields(const struct field_change_list *changes)
{
    json_t *fields = json_array();
    bool good = fields != NULL;
    for (size_t i = 0; good && i < changes->count; i++)
        good = json_array_append_new(fields,
                                     json_pack("{s:I, s:s}", "id", (json_int_t)changes->items[i].field_id,
                                               "value", changes->items[i].value)) == 0;
    if (good)
        return fields;
    json_decref(fields);
    return NULL;
}

/* What the settings change in a ticket that is no emergency any more, beside its priority. */
static bool put_downgrade(json_t *ticket, const struct config_zendesk *settings,
                          const struct zendesk_ticket *read)
{
    bool good = true;
    if (settings->downgrade_form > 0)
        good = request_put(ticket, "ticket_form_id", json_integer(settings->downgrade_form));
    if (good && settings->downgrade_tags.count > 0 && read)
        good = request_put(ticket, "tags", new_tags(read, &settings->downgrade_tags));
    if (good && settings->downgrade_fields.count > 0)
        good = request_put(ticket, "custom_fields", new_fields(&settings->downgrade_fields));
    return good;
}

/* A comment always says that it is public: else it is what the ticket's first one was. */
static bool put_update(json_t *ticket, const struct config *config, const struct zendesk_update *update)
{
    bool good = request_put(ticket, "safe_update", json_true()) &&
                request_put(ticket, "updated_stamp", json_string(update->stamp));
    if (good && update->mark)
        good = request_put(ticket, "metadata", json_pack("{s:s}", "emergencyd", update->mark));
    if (good && update->comment)
        good = request_put(ticket, "comment", json_pack("{s:s, s:b}", "body", update->comment, "public", 1));
    if (good && update->priority)
        good = request_put(ticket, "priority", json_string(update->priority));
    if (good && update->downgrade)
        good = put_downgrade(ticket, &config->zendesk, update->read);
    return good;
}

bool zendesk_update_ticket(struct request *request, const struct config *config,
                           const struct zendesk_update *update)
{
    json_t *ticket = json_object();
    if (!ticket || !put_update(ticket, config, update))
        return request_give_up(request, ticket);
    json_t *body = json_pack("{s:o}", "ticket", ticket);
    if (!body)
        return request_give_up(request, body);
    return request_make(request, "PUT", body, "/api/v2/tickets/%" PRId64, update->ticket);
}
