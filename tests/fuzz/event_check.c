/* Promises of events; a broken one ends the run. */
#include "tests/fuzz/event_check.h"

#include "lib/struct_field.h"
#include "tests/fuzz/promise.h"

#define LATEST_MS INT64_C(253402300799999) /* the end of the year 9999 */

#define TEXT(member) STRUCT_FIELD(struct event, member, #member)

static const struct struct_field texts[] = {
    TEXT(id),
    TEXT(by),
    TEXT(by_email),
    TEXT(by_slack),
    TEXT(text),
    TEXT(page.incident),
    TEXT(page.url),
    TEXT(page.title),
    TEXT(page.key),
    TEXT(page.service),
    TEXT(page.event),
    TEXT(page.agent),
    TEXT(page.assignee),
    TEXT(page.assignee_name),
    TEXT(ticket.organization),
    TEXT(ticket.subject),
    TEXT(ticket.product),
    TEXT(ticket.coverage),
    TEXT(ticket.bulk),
    TEXT(ticket.tam),
    TEXT(ticket.zone),
    TEXT(command.to),
    TEXT(meeting.participant),
    TEXT(result.channel),
    TEXT(result.ts),
    TEXT(result.url),
};

static void check_values(const struct event *event)
{
    PROMISE(event->type < EVENT_TYPE_COUNT, "%d", (int)event->type);
    PROMISE(event->source <= EVENT_SOURCE_ZOOM, "%d", (int)event->source);
    PROMISE(event->at_ms >= 0 && event->at_ms <= LATEST_MS, "%lld", (long long)event->at_ms);
    PROMISE(event->resolution_ms == 0 || event->resolution_ms == 1 || event->resolution_ms == 1000, "%lld",
            (long long)event->resolution_ms);
    PROMISE(event->ticket_id >= 0, "%lld", (long long)event->ticket_id);
    PROMISE(event->emergency >= 0, "%lld", (long long)event->emergency);
    PROMISE(event->page.status <= PAGE_RESOLVED, "%d", (int)event->page.status);
    PROMISE(event->ticket.priority <= PRIORITY_NONE, "%d", (int)event->ticket.priority);
    PROMISE(event->ticket.previous_priority <= PRIORITY_NONE, "%d", (int)event->ticket.previous_priority);
    PROMISE(event->ticket.status <= STATUS_DELETED, "%d", (int)event->ticket.status);
    PROMISE(event->ticket.previous_status <= STATUS_DELETED, "%d", (int)event->ticket.previous_status);
    PROMISE(event->comment.standing <= AUTHOR_MERGE, "%d", (int)event->comment.standing);
    PROMISE(event->command.name < COMMAND_COUNT, "%d", (int)event->command.name);
}

/* What the journal keeps in columns of their own. */
static struct event columns_of(const struct event *event)
{
    struct event columns = {
        .row = event->row,
        .emergency = event->emergency,
        .type = event->type,
        .source = event->source,
        .at_ms = event->at_ms,
        .now_ms = event->now_ms,
        .ticket_id = event->ticket_id,
    };
    memcpy(columns.id, event->id, sizeof columns.id);
    return columns;
}

static size_t meaning_of(const struct event *event, char *meaning)
{
    const size_t length = event_meaning(event, meaning, EVENT_MEANING_SIZE);
    PROMISE(length > 0 && length == strlen(meaning), "%zu bytes", length);
    return length;
}

bool event_equal(const struct event *one, const struct event *other)
{
    static char meanings[2][EVENT_MEANING_SIZE];
    meaning_of(one, meanings[0]);
    meaning_of(other, meanings[1]);
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (strcmp(struct_field_text(&texts[i], one), struct_field_text(&texts[i], other)) != 0)
            return false;
    return event_compare(one, other) == 0 && one->type == other->type && one->ticket_id == other->ticket_id &&
           one->emergency == other->emergency && strcmp(meanings[0], meanings[1]) == 0;
}

static void check_journal(const struct event *event)
{
    static struct event_reader *reader;
    static char meaning[EVENT_MEANING_SIZE];
    struct event again = columns_of(event);
    if (!reader)
        reader = event_reader_new();
    PROMISE(reader, "no memory");
    const size_t length = meaning_of(event, meaning);
    PROMISE(event_from_meaning(reader, meaning, length, &again), "%s", meaning);
    PROMISE(event_equal(event, &again), "%s", meaning);
}

void event_check(const struct event *event)
{
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        promise_text(struct_field_text(&texts[i], event), texts[i].size, texts[i].name);
    check_values(event);
    check_journal(event);
}
