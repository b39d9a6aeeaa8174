/*
 * PagerDuty's webhooks, and what pages say of tickets. What can't be read is reported to the caller; nothing
 * is logged here, nothing is fatal.
 */
#include "lib/services/pagerduty.h"

#include <stdio.h>
#include <string.h>

#include "lib/services/fields.h"
#include "lib/text.h"

#define GROUPS 12 /* of ticket_pattern, the whole match included */

enum {
    EVENT_ID,
    EVENT_KIND,
    OCCURRED_AT,
    AGENT,
    AGENT_NAME,
    AGENT_TYPE,
    DATA,
    DATA_TYPE,
    DATA_ID,
    OTHER_INCIDENT,
    URL,
    TITLE,
    KEY,
    STATUS,
    SERVICE,
    RESOLVE_REASON,
    ASSIGNEE,
    ASSIGNEE_ID,
    ASSIGNEE_NAME,
    FIELDS
};

static const char *const paths[FIELDS] = {
    [EVENT_ID] = "event.id",
    [EVENT_KIND] = "event.event_type",
    [OCCURRED_AT] = "event.occurred_at",
    [AGENT] = "event.agent.id",
    [AGENT_NAME] = "event.agent.summary",
    [AGENT_TYPE] = "event.agent.type",
    [DATA] = "event.data",
    [DATA_TYPE] = "event.data.type",
    [DATA_ID] = "event.data.id",
    [OTHER_INCIDENT] = "event.data.incident.id",
    [URL] = "event.data.html_url",
    [TITLE] = "event.data.title",
    [KEY] = "event.data.incident_key",
    [STATUS] = "event.data.status",
    [SERVICE] = "event.data.service.id",
    [RESOLVE_REASON] = "event.data.resolve_reason.type",
    [ASSIGNEE] = "event.data.assignees[]",
    [ASSIGNEE_ID] = "event.data.assignees[].id",
    [ASSIGNEE_NAME] = "event.data.assignees[].summary",
};

static enum webhook_verdict verify(struct receiver *receiver, const struct webhook *webhook)
{
    if (!webhook->signature || !*webhook->signature)
        return WEBHOOK_UNSIGNED;
    if (!signature_pagerduty_ok(receiver->keys, receiver->key_count, webhook->signature, webhook->body,
                                webhook->length))
        return WEBHOOK_FORGED;
    return WEBHOOK_VERIFIED;
}

/* The number in the last group of one match that is all digits; 0 none. */
static int64_t number_in(const char *text, const regmatch_t groups[GROUPS])
{
    for (size_t i = GROUPS - 1; i > 0; i--) {
        const regmatch_t *group = &groups[i];
        const size_t length = (size_t)(group->rm_eo - group->rm_so);
        int64_t number = 0;
        if (group->rm_so >= 0 && text[group->rm_so] != '-' &&
            text_to_i64(text + group->rm_so, length, &number) && number > 0)
            return number;
    }
    return 0;
}

/* The first match that has a number counts. */
static int64_t ticket_in(const regex_t *pattern, const char *text)
{
    regmatch_t groups[GROUPS];
    for (int flags = 0; pattern && regexec(pattern, text, GROUPS, groups, flags) == 0; flags = REG_NOTBOL) {
        const int64_t number = number_in(text, groups);
        if (number > 0)
            return number;
        if (groups[0].rm_eo == 0)
            return 0;
        text += groups[0].rm_eo;
    }
    return 0;
}

int64_t pagerduty_ticket_in(const struct config *config, const char *text)
{
    regex_t pattern;
    if (!config->pagerduty.ticket_pattern ||
        regcomp(&pattern, config->pagerduty.ticket_pattern, REG_EXTENDED | REG_ICASE) != 0)
        return 0;
    const int64_t number = ticket_in(&pattern, text);
    regfree(&pattern);
    return number;
}

bool pagerduty_page_counts(const struct config *config, const struct page_facts *page)
{
    if (strncmp(page->key, PAGERDUTY_OWN_KEY, strlen(PAGERDUTY_OWN_KEY)) == 0)
        return false;
    const struct text_list *services = &config->pagerduty.services;
    for (size_t i = 0; i < services->count; i++)
        if (strcmp(services->items[i], page->service) == 0)
            return true;
    return services->count == 0;
}

/* What an event of this type leaves an incident in, should its data not say. */
static enum page_status status_by_type(const char *type)
{
    static const struct {
        const char *type;
        enum page_status status;
    } known[] = {{"triggered", PAGE_TRIGGERED},
                 {"reopened", PAGE_TRIGGERED},
                 {"unacknowledged", PAGE_TRIGGERED},
                 {"acknowledged", PAGE_ACKNOWLEDGED},
                 {"resolved", PAGE_RESOLVED}};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strcmp(known[i].type, type) == 0)
            return known[i].status;
    return PAGE_UNKNOWN;
}

/* Texts are the reader's; NULL: nobody. */
struct assignee {
    const char *id, *name;
};

/* The first in the list: several share an incident only where a policy notifies several at once. */
static void on_assignee(void *context, int field, const struct json_value values[])
{
    struct assignee *first = context;
    if (field == ASSIGNEE && !first->id && values[ASSIGNEE_ID].len > 0)
        *first = (struct assignee){values[ASSIGNEE_ID].text, values[ASSIGNEE_NAME].text};
}

/* As PagerDuty makes them. They become parts of paths, where anything else could lead elsewhere. */
static bool is_id(const char *text)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    return text[0] && text[strspn(text, allowed)] == '\0';
}

static void read_page(const struct receiver *receiver, const struct json_value *values,
                      const struct assignee *assignee, const char *type, struct event *event)
{
    struct page_facts *page = &event->page;
    event->type = EVENT_PAGE;
    text_copy(page->event, sizeof(page->event), type);
    field_optional_text(&values[URL], page->url, sizeof(page->url));
    field_optional_text(&values[TITLE], page->title, sizeof(page->title));
    field_optional_text(&values[KEY], page->key, sizeof(page->key));
    field_optional_text(&values[SERVICE], page->service, sizeof(page->service));
    page->status = page_status_by_name(values[STATUS].text);
    if (page->status == PAGE_UNKNOWN)
        page->status = status_by_type(type);
    page->by_person = strstr(values[AGENT_TYPE].text, "user") != NULL;
    if (page->by_person && is_id(values[AGENT].text))
        field_optional_text(&values[AGENT], page->agent, sizeof(page->agent));
    if (assignee->id && is_id(assignee->id)) {
        text_copy(page->assignee, sizeof(page->assignee), assignee->id);
        text_copy(page->assignee_name, sizeof(page->assignee_name), assignee->name);
    }
    page->merged = strcmp(values[RESOLVE_REASON].text, "merge_resolve_reason") == 0;
    event->ticket_id = ticket_in(receiver->ticket_pattern, values[TITLE].text);
    if (event->ticket_id == 0)
        event->ticket_id = ticket_in(receiver->ticket_pattern, values[KEY].text);
}

static bool read_envelope(const struct json_value *values, char *type, size_t type_size, struct event *event,
                          const struct complaint *complaint)
{
    if (!field_text(&values[EVENT_ID], paths[EVENT_ID], event->id, sizeof(event->id), complaint) ||
        !field_text(&values[EVENT_KIND], paths[EVENT_KIND], type, type_size, complaint) ||
        !field_time(&values[OCCURRED_AT], paths[OCCURRED_AT], &event->at_ms, &event->resolution_ms,
                    complaint))
        return false;
    if (values[DATA].kind != JSON_OBJECT)
        return complain(complaint, "%s is %s", paths[DATA],
                        field_is_there(&values[DATA]) ? "not an object" : "missing");
    field_optional_text(&values[AGENT_NAME], event->by, sizeof(event->by));
    return true;
}

/* Data that is no incident but hangs at one: notes, responders, tasks … Of no interest, but they must say at
 * which; role assignments say so in each of them. */
static bool read_other(const struct json_value *values, struct event *event,
                       const struct complaint *complaint)
{
    if (strcmp(values[DATA_TYPE].text, "incident_role_assignment") == 0)
        return true;
    return field_text(&values[OTHER_INCIDENT], paths[OTHER_INCIDENT], event->page.incident,
                      sizeof(event->page.incident), complaint);
}

static bool read_values(const struct receiver *receiver, const struct json_value *values,
                        const struct assignee *assignee, struct delivery *delivery,
                        const struct complaint *complaint)
{
    static const char prefix[] = "incident.";
    struct event *event = &delivery->event;
    char type[200];
    if (!read_envelope(values, type, sizeof(type), event, complaint))
        return false;
    snprintf(delivery->repeat_key, sizeof(delivery->repeat_key), "pd %s", event->id);
    if (strncmp(type, prefix, strlen(prefix)) != 0)
        return true;
    if (values[DATA_TYPE].kind == JSON_STRING && strcmp(values[DATA_TYPE].text, "incident") != 0)
        return read_other(values, event, complaint);
    if (!field_text(&values[DATA_ID], paths[DATA_ID], event->page.incident, sizeof(event->page.incident),
                    complaint))
        return false;
    if (!is_id(event->page.incident))
        return complain(complaint, "%s is not an id", paths[DATA_ID]);
    read_page(receiver, values, assignee, type + strlen(prefix), event);
    return true;
}

static bool read_webhook(const struct receiver *receiver, struct json_reader *reader,
                         const struct webhook *webhook, struct delivery *delivery)
{
    const struct complaint complaint = {delivery->error, sizeof(delivery->error)};
    struct assignee assignee = {0};
    delivery->event = (struct event){.type = EVENT_IGNORED, .source = EVENT_SOURCE_PAGERDUTY};
    const struct json_value *values =
        json_fields_read(reader, receiver->spec, webhook->body, webhook->length, on_assignee, &assignee,
                         delivery->error, sizeof(delivery->error));
    delivery->rejected = !values || !read_values(receiver, values, &assignee, delivery, &complaint);
    return !delivery->rejected;
}

const struct service pagerduty_service = {
    .id = SERVICE_PAGERDUTY,
    .route = "/webhooks/pagerduty",
    .signature_header = "X-PagerDuty-Signature",
    .timestamp_header = NULL,
    .id_header = "X-Webhook-Id",
    .content_type = NULL,
    .unreadable_status = 200,
    .paths = paths,
    .path_count = FIELDS,
    .verify = verify,
    .read_webhook = read_webhook,
};
