/*
 * Tickets as Zendesk's API shows them, alone or in lists. What is not as documented is reported to the
 * caller; nothing is logged here, nothing is fatal.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/services/fields.h"
#include "lib/services/zendesk.h"
#include "lib/text.h"

enum {
    SELF,
    ID,
    PRIORITY,
    STATUS,
    REQUESTER,
    ORGANIZATION,
    SUBJECT,
    UPDATED,
    CREATED,
    FORM,
    TAGS,
    TAG,
    COLLABORATOR,
    CC,
    FOLLOWER,
    TICKET_FIELDS
};

#define TICKET_PATHS(self)                                                                                   \
    self, self ".id", self ".priority", self ".status", self ".requester_id", self ".organization_id",       \
        self ".subject", self ".updated_at", self ".created_at", self ".ticket_form_id", self ".tags",       \
        self ".tags[]", self ".collaborator_ids[]", self ".email_cc_ids[]", self ".follower_ids[]"

/* One ticket, show_many's, those of a search; and what else there is of lists. */
static const char *const paths[] = {TICKET_PATHS("ticket"),
                                    TICKET_PATHS("tickets[]"),
                                    TICKET_PATHS("results[]"),
                                    "results[].result_type",
                                    "tickets",
                                    "results",
                                    "next_page",
                                    "meta.has_more"};
enum { ALONE, LISTED = TICKET_FIELDS, FOUND = 2 * TICKET_FIELDS, RESULT_TYPE = 3 * TICKET_FIELDS };
enum { TICKETS = RESULT_TYPE + 1, RESULTS, NEXT_PAGE, HAS_MORE };

/* Reads tickets one after the other. */
struct assembly {
    const struct config *config;
    struct zendesk_ticket *ticket; /* of which tags and people have come so far */
    const struct complaint *complaint;
    zendesk_ticket_fn *each;
    void *context;
    bool no_memory, failed;
};

void zendesk_ticket_free(struct zendesk_ticket *ticket)
{
    for (size_t i = 0; i < ticket->tag_count; i++)
        free(ticket->tags[i]);
    free(ticket->tags);
    free(ticket->involved);
    *ticket = (struct zendesk_ticket){0};
}

static bool add_tag(struct zendesk_ticket *ticket, const struct json_value *value)
{
    if (value->kind != JSON_STRING)
        return true;
    char **tags = list_grow(ticket->tags, ticket->tag_count, sizeof(*tags));
    if (!tags)
        return false;
    ticket->tags = tags;
    char *tag = strdup(value->text);
    if (tag)
        ticket->tags[ticket->tag_count++] = tag;
    return tag != NULL;
}

static bool add_person(struct zendesk_ticket *ticket, const struct json_value *value)
{
    const int64_t person = field_optional_id(value);
    if (person <= 0)
        return true;
    int64_t *involved = list_grow(ticket->involved, ticket->involved_count, sizeof(*involved));
    if (!involved)
        return false;
    ticket->involved = involved;
    ticket->involved[ticket->involved_count++] = person;
    return true;
}

/* All but the lists, which have come before. VALUES and NAMES are those of one ticket. */
static bool fill(const struct assembly *assembly, const struct json_value *values, const char *const *names)
{
    const struct complaint *complaint = assembly->complaint;
    struct zendesk_ticket *ticket = assembly->ticket;
    struct ticket_facts *facts = &ticket->facts;
    if (!field_id(&values[ID], names[ID], &ticket->id, complaint) ||
        !field_text(&values[UPDATED], names[UPDATED], ticket->stamp, sizeof(ticket->stamp), complaint) ||
        !field_time(&values[UPDATED], names[UPDATED], &ticket->updated_ms, NULL, complaint) ||
        !field_time(&values[CREATED], names[CREATED], &ticket->created_ms, NULL, complaint))
        return false;
    facts->status = ticket_status_by_name(values[STATUS].text);
    if (facts->status == STATUS_UNKNOWN)
        return complain(complaint, "%s is %s", names[STATUS],
                        field_is_there(&values[STATUS]) ? "not a known status" : "missing");
    facts->known = true;
    facts->priority =
        values[PRIORITY].kind == JSON_NULL ? PRIORITY_NONE : ticket_priority_by_name(values[PRIORITY].text);
    facts->requester_id = field_optional_id(&values[REQUESTER]);
    facts->organization_id = field_optional_id(&values[ORGANIZATION]);
    field_optional_text(&values[SUBJECT], facts->subject, sizeof(facts->subject));
    ticket->form_id = field_optional_id(&values[FORM]);
    if (values[TAGS].kind == JSON_ARRAY)
        zendesk_sort_ticket(assembly->config, ticket->form_id, ticket->tags, ticket->tag_count, facts);
    return true;
}

/* Of a search, which may find other things than tickets. */
static bool is_ticket(int set, const struct json_value *values)
{
    return set != FOUND || !field_is_there(&values[RESULT_TYPE]) ||
           strcmp(values[RESULT_TYPE].text, "ticket") == 0;
}

static void finish(struct assembly *assembly, int set, const struct json_value *values)
{
    if (is_ticket(set, values)) {
        if (!assembly->no_memory && fill(assembly, values + set, paths + set))
            assembly->each(assembly->context, assembly->ticket);
        else
            assembly->failed = true;
    }
    zendesk_ticket_free(assembly->ticket);
}

static void on_part(void *context, int field, const struct json_value values[])
{
    struct assembly *assembly = context;
    const int part = field % TICKET_FIELDS;
    bool good = true;
    if (field >= RESULT_TYPE)
        return;
    if (part == SELF)
        finish(assembly, field, values);
    else if (part == TAG)
        good = add_tag(assembly->ticket, &values[field]);
    else
        good = add_person(assembly->ticket, &values[field]);
    if (!good)
        assembly->no_memory = true;
}

static const struct json_value *read_all(struct json_reader *reader, size_t count, const char *answer,
                                         size_t length, struct assembly *assembly)
{
    const struct json_value *values =
        fields_read_once(reader, paths, count, answer, length, on_part, assembly, assembly->complaint);
    if (!values || !assembly->no_memory)
        return values;
    complain(assembly->complaint, "out of memory");
    return NULL;
}

bool zendesk_read_ticket(const struct config *config, struct json_reader *reader, const char *answer,
                         size_t length, struct zendesk_ticket *ticket, char *error, size_t error_size)
{
    const struct complaint complaint = {error, error_size};
    struct assembly assembly = {.config = config, .ticket = ticket, .complaint = &complaint};
    *ticket = (struct zendesk_ticket){0};
    const struct json_value *values = read_all(reader, TICKET_FIELDS, answer, length, &assembly);
    if (values && fill(&assembly, values, paths))
        return true;
    zendesk_ticket_free(ticket);
    return false;
}

bool zendesk_read_tickets(const struct config *config, struct json_reader *reader, const char *answer,
                          size_t length, zendesk_ticket_fn *each, void *context, bool *next_page, char *error,
                          size_t error_size)
{
    const struct complaint complaint = {error, error_size};
    struct zendesk_ticket ticket = {0};
    struct assembly assembly = {
        .config = config, .ticket = &ticket, .complaint = &complaint, .each = each, .context = context};
    const struct json_value *values = read_all(reader, COUNT_OF(paths), answer, length, &assembly);
    zendesk_ticket_free(&ticket);
    if (!values || assembly.failed)
        return false;
    if (values[TICKETS].kind != JSON_ARRAY && values[RESULTS].kind != JSON_ARRAY)
        return complain(&complaint, "tickets and results are missing");
    if (next_page)
        *next_page = values[NEXT_PAGE].kind == JSON_STRING || values[HAS_MORE].kind == JSON_TRUE;
    return true;
}

void zendesk_ticket_url(const struct config *config, int64_t ticket, char *out, size_t size)
{
    snprintf(out, size, "%s/agent/tickets/%" PRId64, config->zendesk.api_url, ticket);
}
