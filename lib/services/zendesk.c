/*
 * Zendesk's webhooks. What can't be read is reported to the caller; nothing is logged here, nothing is fatal.
 */
#include "lib/services/zendesk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/services/fields.h"
#include "lib/text.h"
#include "lib/timestamp.h"

#define FUTURE_MS      (5 * 60 * 1000) /* how far ahead a sender's clock may be */
#define DESCRIPTION_MS 10000           /* how late after its ticket it is told of */

enum {
    TYPE,
    TRIGGER_TICKET,
    EVENT_ID,
    TIME,
    TICKET,
    PRIORITY,
    STATUS,
    REQUESTER,
    ORGANIZATION,
    ACTOR,
    SUBJECT,
    FORM,
    TAGS,
    TAG,
    CURRENT,
    PREVIOUS,
    CREATED,
    DESCRIPTION,
    TARGET,
    COMMENT_ID,
    COMMENT_BODY,
    COMMENT_PLAIN,
    COMMENT_HTML,
    COMMENT_PUBLIC,
    AUTHOR,
    AUTHOR_IS_STAFF,
    AUTHOR_NAME,
    FIELDS
};

static const char *const paths[FIELDS] = {
    [TYPE] = "type",
    [TRIGGER_TICKET] = "ticket.id",
    [EVENT_ID] = "id",
    [TIME] = "time",
    [TICKET] = "detail.id",
    [PRIORITY] = "detail.priority",
    [STATUS] = "detail.status",
    [REQUESTER] = "detail.requester_id",
    [ORGANIZATION] = "detail.organization_id",
    [ACTOR] = "detail.actor_id",
    [SUBJECT] = "detail.subject",
    [FORM] = "detail.form_id",
    [TAGS] = "detail.tags",
    [TAG] = "detail.tags[]",
    [CURRENT] = "event.current",
    [PREVIOUS] = "event.previous",
    [CREATED] = "detail.created_at",
    [DESCRIPTION] = "detail.description",
    [TARGET] = "event.target_ticket_id",
    [COMMENT_ID] = "event.comment.id",
    [COMMENT_BODY] = "event.comment.body",
    [COMMENT_PLAIN] = "event.comment.plain_body",
    [COMMENT_HTML] = "event.comment.html_body",
    [COMMENT_PUBLIC] = "event.comment.is_public",
    [AUTHOR] = "event.comment.author.id",
    [AUTHOR_IS_STAFF] = "event.comment.author.is_staff",
    [AUTHOR_NAME] = "event.comment.author.name",
};

/* A webhook while it is being read. */
struct reading {
    const struct receiver *receiver;
    const struct webhook *webhook;
    const struct json_value *values;
    struct delivery *delivery;
    struct complaint complaint;
    char **tags; /* the texts are the JSON reader's */
    size_t tag_count;
    bool no_memory;
};

static enum webhook_verdict verify(struct receiver *receiver, const struct webhook *webhook)
{
    int64_t sent_ms = 0;
    if (!webhook->signature || !*webhook->signature || !webhook->timestamp || !*webhook->timestamp)
        return WEBHOOK_UNSIGNED;
    if (!signature_zendesk_ok(receiver->keys, receiver->key_count, webhook->signature, webhook->timestamp,
                              webhook->body, webhook->length))
        return WEBHOOK_FORGED;
    if (!timestamp_parse(webhook->timestamp, &sent_ms, NULL) || sent_ms > webhook->now_ms + FUTURE_MS)
        return WEBHOOK_STALE;
    if (receiver->max_age_ms > 0 && sent_ms < webhook->now_ms - receiver->max_age_ms)
        return WEBHOOK_STALE;
    return WEBHOOK_VERIFIED;
}

static enum ticket_priority priority_of(const struct json_value *value)
{
    return value->kind == JSON_NULL ? PRIORITY_NONE : ticket_priority_by_name(value->text);
}

/* Two words more than the API has: archived tickets are closed ones, scrubbed tickets deleted ones. */
static enum ticket_status status_of(const struct json_value *value)
{
    if (text_equal_nocase(value->text, "archived"))
        return STATUS_CLOSED;
    if (text_equal_nocase(value->text, "scrubbed"))
        return STATUS_DELETED;
    return ticket_status_by_name(value->text);
}

/* What every event says of its ticket. */
static void read_facts(const struct json_value *values, struct ticket_facts *facts)
{
    facts->known = field_is_there(&values[PRIORITY]) || field_is_there(&values[STATUS]);
    facts->priority = priority_of(&values[PRIORITY]);
    facts->status = status_of(&values[STATUS]);
    facts->requester_id = field_optional_id(&values[REQUESTER]);
    facts->organization_id = field_optional_id(&values[ORGANIZATION]);
    facts->actor_id = field_optional_id(&values[ACTOR]);
    field_optional_text(&values[SUBJECT], facts->subject, sizeof(facts->subject));
}

static void on_tag(void *context, int field, const struct json_value values[])
{
    struct reading *reading = context;
    if (values[field].kind != JSON_STRING || reading->no_memory)
        return;
    char **tags = list_grow(reading->tags, reading->tag_count, sizeof(*tags));
    reading->no_memory = !tags;
    if (!tags)
        return;
    reading->tags = tags;
    tags[reading->tag_count++] = (char *)values[field].text; /* only ever read */
}

/* Where it belongs, if the event tells all by which that is decided: null instead of tags tells nothing. */
static void sort(const struct reading *reading, struct ticket_facts *facts)
{
    const struct json_value *form = &reading->values[FORM];
    if (reading->values[TAGS].kind == JSON_ARRAY && field_is_there(form))
        zendesk_sort_ticket(reading->receiver->config, field_optional_id(form), reading->tags,
                            reading->tag_count, facts);
}

/* A ticket that begins urgent has turned urgent. */
static bool read_created(struct reading *reading)
{
    struct ticket_facts *facts = &reading->delivery->event.ticket;
    if (facts->priority == PRIORITY_URGENT)
        facts->previous_priority = PRIORITY_NONE;
    return true;
}

static bool read_priority_changed(struct reading *reading)
{
    struct ticket_facts *facts = &reading->delivery->event.ticket;
    if (!field_is_there(&reading->values[CURRENT]))
        return complain(&reading->complaint, "%s is missing", paths[CURRENT]);
    facts->known = true;
    facts->priority = priority_of(&reading->values[CURRENT]);
    facts->previous_priority = priority_of(&reading->values[PREVIOUS]);
    return true;
}

static bool read_status_changed(struct reading *reading)
{
    struct ticket_facts *facts = &reading->delivery->event.ticket;
    if (reading->values[CURRENT].kind != JSON_STRING)
        return complain(&reading->complaint, "%s is missing", paths[CURRENT]);
    facts->known = true;
    facts->status = status_of(&reading->values[CURRENT]);
    facts->previous_status = status_of(&reading->values[PREVIOUS]);
    return true;
}

static const char *comment_text(const struct json_value *values)
{
    static const int places[] = {COMMENT_BODY, COMMENT_PLAIN, COMMENT_HTML};
    for (size_t i = 0; i < COUNT_OF(places); i++)
        if (values[places[i]].len > 0)
            return values[places[i]].text;
    return "";
}

/* Judges the author; the text of a comment by staff is kept, which may be our own. */
static bool read_author(struct reading *reading, const char *text)
{
    const struct zendesk_authors authors = {.config = reading->receiver->config};
    struct event *event = &reading->delivery->event;
    const struct zendesk_author author = {
        .id = event->comment.author_id,
        .requester_id = event->ticket.requester_id,
        .is_staff = reading->values[AUTHOR_IS_STAFF].kind == JSON_TRUE,
        .text = text,
    };
    event->comment.standing = zendesk_standing(&authors, &author);
    if (!author.is_staff) {
        event->comment.automatic = zendesk_is_automatic(authors.config, text);
        return true;
    }
    reading->delivery->comment_text = strdup(text);
    return reading->delivery->comment_text || complain(&reading->complaint, "out of memory");
}

/* The comment that a ticket is made with, which may be told of like others. */
static bool is_description(const struct reading *reading, const char *text)
{
    int64_t created_ms;
    const struct json_value *created = &reading->values[CREATED];
    return created->kind == JSON_STRING && timestamp_parse(created->text, &created_ms, NULL) &&
           reading->delivery->event.at_ms < created_ms + DESCRIPTION_MS &&
           text_same_words(reading->values[DESCRIPTION].text, text);
}

static bool read_comment_added(struct reading *reading)
{
    const struct json_value *values = reading->values;
    struct event *event = &reading->delivery->event;
    event->type = EVENT_COMMENT;
    if (!field_id(&values[COMMENT_ID], paths[COMMENT_ID], &event->comment.id, &reading->complaint))
        return false;
    if (!json_to_i64(&values[AUTHOR], &event->comment.author_id)) /* the system's is -1 */
        return complain(&reading->complaint, "%s is %s", paths[AUTHOR],
                        field_is_there(&values[AUTHOR]) ? "not a whole number" : "missing");
    event->comment.is_public = values[COMMENT_PUBLIC].kind == JSON_TRUE;
    field_optional_text(&values[AUTHOR_NAME], event->by, sizeof(event->by));
    const char *text = comment_text(values);
    if (!read_author(reading, text))
        return false;
    if (is_description(reading, text))
        event->comment.standing = AUTHOR_NOBODY;
    return true;
}

static bool read_merged(struct reading *reading)
{
    struct event *event = &reading->delivery->event;
    const int64_t target = field_optional_id(&reading->values[TARGET]);
    event->type = EVENT_TICKET_GONE;
    if (target > 0)
        snprintf(event->text, sizeof(event->text), "merged into %" PRId64, target);
    else
        text_copy(event->text, sizeof(event->text), "merged into another ticket");
    return true;
}

static bool read_deleted(struct reading *reading)
{
    struct event *event = &reading->delivery->event;
    event->type = EVENT_TICKET_GONE;
    text_copy(event->text, sizeof(event->text), "deleted");
    return true;
}

static bool read_spam(struct reading *reading)
{
    struct event *event = &reading->delivery->event;
    event->type = EVENT_TICKET_GONE;
    text_copy(event->text, sizeof(event->text), "marked as spam");
    return true;
}

/* The types that say more than how the ticket stands. */
static const struct {
    const char *name;
    bool (*read)(struct reading *reading);
} particular_types[] = {
    {"created", read_created},
    {"priority_changed", read_priority_changed},
    {"status_changed", read_status_changed},
    {"comment_added", read_comment_added},
    {"merged", read_merged},
    {"soft_deleted", read_deleted},
    {"permanently_deleted", read_deleted},
    {"marked_as_spam", read_spam},
};

static bool read_ticket_event(struct reading *reading, const char *type)
{
    const struct json_value *values = reading->values;
    const struct complaint *complaint = &reading->complaint;
    struct event *event = &reading->delivery->event;
    if (!field_text(&values[EVENT_ID], paths[EVENT_ID], event->id, sizeof(event->id), complaint) ||
        !field_time(&values[TIME], paths[TIME], &event->at_ms, &event->resolution_ms, complaint) ||
        !field_id(&values[TICKET], paths[TICKET], &event->ticket_id, complaint))
        return false;
    /* the id is random: the time before it keeps the newest together in the index */
    snprintf(reading->delivery->repeat_key, sizeof(reading->delivery->repeat_key), "ze %" PRId64 " %s",
             event->at_ms, event->id);
    event->type = EVENT_TICKET;
    read_facts(values, &event->ticket);
    sort(reading, &event->ticket);
    for (size_t i = 0; i < COUNT_OF(particular_types); i++)
        if (strcmp(particular_types[i].name, type) == 0)
            return particular_types[i].read(reading);
    return true;
}

/* Other events than a ticket's: kept, and known again if they have an id. */
static bool read_foreign_event(struct reading *reading)
{
    struct event *event = &reading->delivery->event;
    field_optional_text(&reading->values[EVENT_ID], event->id, sizeof(event->id));
    if (*event->id)
        snprintf(reading->delivery->repeat_key, sizeof(reading->delivery->repeat_key), "ze %s", event->id);
    return true;
}

/* The header is not signed: anything may be in it. */
static bool names_an_event(const char *header)
{
    return header && *header && text_is_utf8(header, strlen(header), NULL);
}

/*
 * A trigger's body has neither time nor id. The invocation's id comes in a header that is not signed: it
 * names the event, but a repeat is known by the signature.
 */
static bool read_trigger(struct reading *reading, const char *type)
{
    static const char *const types[] = {"ticket.urgent", "ticket.comment", "ticket.updated"};
    const struct webhook *webhook = reading->webhook;
    const char *signature = webhook->signature ? webhook->signature : "";
    struct delivery *delivery = reading->delivery;
    struct event *event = &delivery->event;
    if (!field_id(&reading->values[TRIGGER_TICKET], paths[TRIGGER_TICKET], &event->ticket_id,
                  &reading->complaint))
        return false;
    snprintf(delivery->repeat_key, sizeof(delivery->repeat_key), "zt %s", signature);
    text_copy(event->id, sizeof(event->id),
              names_an_event(webhook->delivery_id) ? webhook->delivery_id : signature);
    text_copy(event->text, sizeof(event->text), type);
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (strcmp(types[i], type) == 0) {
            event->type = EVENT_TICKET_READ;
        }
    return true;
}

static bool read_values(struct reading *reading)
{
    static const char any[] = "zen:event-type:";
    static const char ticket[] = "zen:event-type:ticket.";
    char type[200];
    if (reading->no_memory)
        return complain(&reading->complaint, "out of memory");
    if (!field_text(&reading->values[TYPE], paths[TYPE], type, sizeof(type), &reading->complaint))
        return false;
    if (strncmp(type, ticket, strlen(ticket)) == 0)
        return read_ticket_event(reading, type + strlen(ticket));
    return strncmp(type, any, strlen(any)) == 0 ? read_foreign_event(reading) : read_trigger(reading, type);
}

static bool read_webhook(const struct receiver *receiver, struct json_reader *reader,
                         const struct webhook *webhook, struct delivery *delivery)
{
    struct reading reading = {
        .receiver = receiver,
        .webhook = webhook,
        .delivery = delivery,
        .complaint = {delivery->error, sizeof(delivery->error)},
    };
    delivery->event = (struct event){.type = EVENT_IGNORED, .source = EVENT_SOURCE_ZENDESK};
    reading.values = json_fields_read(reader, receiver->spec, webhook->body, webhook->length, on_tag,
                                      &reading, delivery->error, sizeof(delivery->error));
    delivery->rejected = !reading.values || !read_values(&reading);
    free(reading.tags);
    if (delivery->rejected)
        delivery->event.type = EVENT_IGNORED;
    return !delivery->rejected;
}

const struct service zendesk_service = {
    .id = SERVICE_ZENDESK,
    .route = "/webhooks/zendesk",
    .signature_header = "X-Zendesk-Webhook-Signature",
    .timestamp_header = "X-Zendesk-Webhook-Signature-Timestamp",
    .id_header = "X-Zendesk-Webhook-Invocation-Id",
    .content_type = "application/json",
    .unreadable_status = 400,
    .paths = paths,
    .path_count = FIELDS,
    .verify = verify,
    .read_webhook = read_webhook,
};
