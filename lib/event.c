/*
 * The words for events, their order, and their meaning as JSON for the journal. A table of the fields serves
 * both to write and to read, so that what is written comes back. Failures are told to the caller; a value
 * outside of its enum is a broken contract and reads "?".
 */
#include "lib/event.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json_fields.h"
#include "lib/struct_field.h"
#include "lib/text.h"

/* --- words --- */

static const char *const type_names[EVENT_TYPE_COUNT] = {
    [EVENT_IGNORED] = "ignored",
    [EVENT_PAGE] = "page",
    [EVENT_TICKET] = "ticket",
    [EVENT_TICKET_READ] = "ticket_read",
    [EVENT_TICKET_GONE] = "ticket_gone",
    [EVENT_COMMENT] = "comment",
    [EVENT_LINK] = "link",
    [EVENT_OPENED] = "opened",
    [EVENT_COMMAND] = "command",
    [EVENT_WAKE] = "wake",
    [EVENT_LOOKED] = "looked",
    [EVENT_RELEASED] = "released",
    [EVENT_ACCEPTED] = "accepted",
    [EVENT_REFUSED] = "refused",
    [EVENT_CLOCK_STEP] = "clock_step",
    [EVENT_TOLD] = "told",
    [EVENT_JOINED] = "joined",
    [EVENT_LEFT] = "left",
    [EVENT_MEETING_ENDED] = "meeting_ended",
    [EVENT_CHECKED] = "checked",
    [EVENT_SHIFT] = "shift",
    [EVENT_STUCK] = "stuck",
};

static const char *const action_kind_names[ACTION_KIND_COUNT] = {
    [ACTION_NONE] = "none",
    [ACTION_FIRST_CONTACT] = "first_contact",
    [ACTION_FOLLOW_UP] = "follow_up",
    [ACTION_DOWNGRADE] = "downgrade",
    [ACTION_URGENT] = "urgent",
    [ACTION_CREATE_PAGE] = "create_page",
    [ACTION_RESOLVE_PAGE] = "resolve_page",
    [ACTION_READ_TICKET] = "read_ticket",
    [ACTION_READ_ALERTS] = "read_alerts",
    [ACTION_BULK_ANSWER] = "bulk_answer",
    [ACTION_ACK_PAGE] = "ack_page",
    [ACTION_SUMMON] = "summon",
    [ACTION_NOTE_PAGE] = "note_page",
    [ACTION_CHECK_PAGE] = "check_page",
    [ACTION_READ_PAGER] = "read_pager",
    [ACTION_OPEN_THREAD] = "open_thread",
    [ACTION_UPDATE_THREAD] = "update_thread",
    [ACTION_REPLY] = "reply",
    [ACTION_POST] = "post",
    [ACTION_WHISPER] = "whisper",
    [ACTION_READ_SLACK] = "read_slack",
    [ACTION_CREATE_MEETING] = "create_meeting",
    [ACTION_END_MEETING] = "end_meeting",
    [ACTION_RUNBOOK] = "runbook",
    [ACTION_READ_JOINER] = "read_joiner",
    [ACTION_READ_MACRO] = "read_macro",
};

static const char *const command_names[COMMAND_COUNT] = {
    [COMMAND_NONE] = "none",
    [COMMAND_CONTACTED] = "contacted",
    [COMMAND_FIRST_CONTACT] = "first-contact",
    [COMMAND_FOLLOWED_UP] = "followed-up",
    [COMMAND_REPLIED] = "replied",
    [COMMAND_EXTEND] = "extend",
    [COMMAND_PAUSE] = "pause",
    [COMMAND_RESUME] = "resume",
    [COMMAND_DO_IT] = "do-it",
    [COMMAND_DOWNGRADE] = "downgrade",
    [COMMAND_URGENT] = "urgent",
    [COMMAND_CALL_STARTED] = "call-started",
    [COMMAND_LINK] = "link",
    [COMMAND_NOTE] = "note",
    [COMMAND_CLOSE] = "close",
    [COMMAND_REOPEN] = "reopen",
    [COMMAND_ACK] = "ack",
    [COMMAND_TAKE] = "take",
    [COMMAND_NOT_EMERGENCY] = "not-emergency",
    [COMMAND_PAGE] = "page",
    [COMMAND_MANAGER] = "manager",
    [COMMAND_CALL_ENDED] = "call-ended",
    [COMMAND_HANDOFF] = "handoff",
    [COMMAND_BULK] = "bulk",
    [COMMAND_RESOLVE] = "resolve",
    [COMMAND_DUTY] = "duty",
    [COMMAND_COLLEAGUE] = "colleague",
};

static const char *const page_status_names[] = {
    [PAGE_UNKNOWN] = "unknown",
    [PAGE_TRIGGERED] = "triggered",
    [PAGE_ACKNOWLEDGED] = "acknowledged",
    [PAGE_RESOLVED] = "resolved",
};

static const char *const priority_names[] = {
    [PRIORITY_UNKNOWN] = "unknown", [PRIORITY_LOW] = "low",       [PRIORITY_NORMAL] = "normal",
    [PRIORITY_HIGH] = "high",       [PRIORITY_URGENT] = "urgent", [PRIORITY_NONE] = "none",
};

static const char *const status_names[] = {
    [STATUS_UNKNOWN] = "unknown", [STATUS_NEW] = "new",         [STATUS_OPEN] = "open",
    [STATUS_PENDING] = "pending", [STATUS_HOLD] = "hold",       [STATUS_SOLVED] = "solved",
    [STATUS_CLOSED] = "closed",   [STATUS_DELETED] = "deleted",
};

static const char *name_of(const char *const *names, size_t count, size_t value)
{
    return value < count ? names[value] : "?";
}

static size_t value_of(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal_nocase(names[i], name))
            return i;
    return 0;
}

const char *event_type_name(enum event_type type)
{
    return name_of(type_names, COUNT_OF(type_names), (size_t)type);
}

const char *action_kind_name(enum action_kind kind)
{
    return name_of(action_kind_names, COUNT_OF(action_kind_names), (size_t)kind);
}

const char *action_words(enum action_kind kind)
{
    switch (kind) {
    case ACTION_FIRST_CONTACT: return "the first comment";
    case ACTION_FOLLOW_UP: return "the follow-up";
    case ACTION_DOWNGRADE: return "the downgrade";
    case ACTION_URGENT: return "the return to urgent";
    case ACTION_BULK_ANSWER: return "the answer for the incident";
    default: return "";
    }
}

const char *command_name(enum command name)
{
    return name_of(command_names, COUNT_OF(command_names), (size_t)name);
}

const char *page_status_name(enum page_status status)
{
    return name_of(page_status_names, COUNT_OF(page_status_names), (size_t)status);
}

const char *ticket_priority_name(enum ticket_priority priority)
{
    return name_of(priority_names, COUNT_OF(priority_names), (size_t)priority);
}

const char *ticket_status_name(enum ticket_status status)
{
    return name_of(status_names, COUNT_OF(status_names), (size_t)status);
}

enum command command_by_name(const char *name)
{
    return (enum command)value_of(command_names, COUNT_OF(command_names), name);
}

enum page_status page_status_by_name(const char *name)
{
    return (enum page_status)value_of(page_status_names, COUNT_OF(page_status_names), name);
}

enum ticket_priority ticket_priority_by_name(const char *name)
{
    return (enum ticket_priority)value_of(priority_names, COUNT_OF(priority_names), name);
}

enum ticket_status ticket_status_by_name(const char *name)
{
    return (enum ticket_status)value_of(status_names, COUNT_OF(status_names), name);
}

/* --- order --- */

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

int64_t event_latest_ms(const struct event *event)
{
    return event->at_ms + (event->resolution_ms > 1 ? event->resolution_ms - 1 : 0);
}

int event_compare(const struct event *a, const struct event *b)
{
    int order = compare_numbers(a->at_ms, b->at_ms);
    if (order == 0)
        order = compare_numbers((int64_t)a->source, (int64_t)b->source);
    if (order == 0)
        order = strcmp(a->id, b->id);
    return order != 0 ? order : compare_numbers(a->row, b->row);
}

static int compare_for_qsort(const void *a, const void *b)
{
    return event_compare(a, b);
}

void events_move(struct event *events, size_t count, int64_t before_row, int64_t shift_ms)
{
    for (size_t i = 0; i < count; i++) {
        struct event *event = &events[i];
        if (event->row >= before_row)
            continue;
        event->at_ms += shift_ms;
        event->now_ms += shift_ms;
        if (event->ticket.lowered_ms != 0)
            event->ticket.lowered_ms += shift_ms;
        if (event->call.accepted_ms != 0)
            event->call.accepted_ms += shift_ms;
        if (event->call.begun_ms != 0)
            event->call.begun_ms += shift_ms;
        if (event->command.read_ms != 0)
            event->command.read_ms += shift_ms;
        if (event->command.doubted_ms != 0)
            event->command.doubted_ms += shift_ms;
    }
    if (count > 0)
        qsort(events, count, sizeof *events, compare_for_qsort);
}

/* --- meaning --- */

#define FIELD(member) STRUCT_FIELD(struct event, member, #member)

/* Members of one group stand together. */
static const struct struct_field fields[] = {
    FIELD(resolution_ms),
    FIELD(by),
    FIELD(by_email),
    FIELD(by_slack),
    FIELD(text),
    FIELD(shift_ms),
    FIELD(page.incident),
    FIELD(page.url),
    FIELD(page.title),
    FIELD(page.key),
    FIELD(page.service),
    FIELD(page.event),
    FIELD(page.status),
    FIELD(page.by_person),
    FIELD(page.merged),
    FIELD(page.agent),
    FIELD(page.assignee),
    FIELD(page.assignee_name),
    FIELD(page.busy_with),
    FIELD(ticket.known),
    FIELD(ticket.priority),
    FIELD(ticket.previous_priority),
    FIELD(ticket.lowered_ms),
    FIELD(ticket.status),
    FIELD(ticket.previous_status),
    FIELD(ticket.requester_id),
    FIELD(ticket.organization_id),
    FIELD(ticket.actor_id),
    FIELD(ticket.organization),
    FIELD(ticket.subject),
    FIELD(ticket.sorted),
    FIELD(ticket.product),
    FIELD(ticket.coverage),
    FIELD(ticket.bulk),
    FIELD(ticket.tam_known),
    FIELD(ticket.tam),
    FIELD(ticket.zone),
    FIELD(comment.id),
    FIELD(comment.author_id),
    FIELD(comment.standing),
    FIELD(comment.is_public),
    FIELD(comment.automatic),
    FIELD(command.name),
    FIELD(command.for_ms),
    FIELD(command.to),
    FIELD(command.saw),
    FIELD(command.read_ms),
    FIELD(command.doubted_ms),
    FIELD(call.action),
    FIELD(call.kind),
    FIELD(call.cause),
    FIELD(call.begun_ms),
    FIELD(call.accepted_ms),
    FIELD(call.dry),
    FIELD(meeting.id),
    FIELD(meeting.state),
    FIELD(meeting.participant),
    FIELD(meeting.refines),
    FIELD(meeting.is_asked),
    FIELD(result.channel),
    FIELD(result.ts),
    FIELD(result.meeting),
    FIELD(result.url),
};

struct writer {
    char *at;
    size_t left;
    bool full;
};

static void put(struct writer *out, const char *bytes, size_t length)
{
    if (length >= out->left) {
        out->full = true;
        return;
    }
    memcpy(out->at, bytes, length);
    out->at += length;
    out->left -= length;
    *out->at = '\0';
}

static void put_text(struct writer *out, const char *text)
{
    put(out, text, strlen(text));
}

static void put_number(struct writer *out, int64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRId64, number);
    put(out, digits, (size_t)length);
}

static void put_escaped(struct writer *out, unsigned char c)
{
    char escape[8];
    if (c == '"' || c == '\\')
        snprintf(escape, sizeof escape, "\\%c", c);
    else if (c == '\n')
        snprintf(escape, sizeof escape, "\\n");
    else
        snprintf(escape, sizeof escape, "\\u%04x", (unsigned)c);
    put_text(out, escape);
}

/* What is no UTF-8 becomes '?': a meaning must always be readable again. */
static void put_string(struct writer *out, const char *text, size_t length)
{
    put(out, "\"", 1);
    for (size_t i = 0; i < length;) {
        unsigned char c = (unsigned char)text[i];
        size_t bytes = text_utf8_char(text + i, length - i);
        if (c < 0x20 || c == '"' || c == '\\')
            put_escaped(out, c);
        else if (bytes == 0)
            put(out, "?", 1);
        else
            put(out, text + i, bytes);
        i += bytes == 0 ? 1 : bytes;
    }
    put(out, "\"", 1);
}

static bool is_zero(const struct struct_field *field, const struct event *event)
{
    if (field->kind == STRUCT_FIELD_TEXT)
        return *struct_field_text(field, event) == '\0';
    return struct_field_get(field, event) == 0;
}

static void put_value(struct writer *out, const struct struct_field *field, const struct event *event)
{
    const char *text = struct_field_text(field, event);
    if (field->kind == STRUCT_FIELD_TEXT)
        put_string(out, text, strnlen(text, field->size));
    else if (field->kind == STRUCT_FIELD_BOOL)
        put_text(out, "true");
    else
        put_number(out, struct_field_get(field, event));
}

static size_t group_length(const char *name)
{
    const char *dot = strchr(name, '.');
    return dot ? (size_t)(dot - name) : 0;
}

/* Writes the member's name, after what ends the member before it (its name, or NULL) and begins this one's
 * group. */
static void put_name(struct writer *out, const char *name, const char *before)
{
    size_t group = group_length(name);
    size_t old_group = before ? group_length(before) : 0;
    bool same = group == old_group && (group == 0 || strncmp(name, before, group) == 0);
    if (!same && old_group > 0)
        put(out, "}", 1);
    if (before)
        put(out, ",", 1);
    if (!same && group > 0) {
        put(out, "\"", 1);
        put(out, name, group);
        put_text(out, "\":{");
    }
    put(out, "\"", 1);
    put_text(out, name + (group > 0 ? group + 1 : 0));
    put_text(out, "\":");
}

size_t event_meaning(const struct event *event, char *out, size_t size)
{
    struct writer writer = {.at = out, .left = size};
    const char *before = NULL;
    put(&writer, "{", 1);
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (is_zero(&fields[i], event))
            continue;
        put_name(&writer, fields[i].name, before);
        put_value(&writer, &fields[i], event);
        before = fields[i].name;
    }
    put_text(&writer, before && group_length(before) > 0 ? "}}" : "}");
    return writer.full ? 0 : (size_t)(writer.at - out);
}

struct event_reader {
    const char *paths[COUNT_OF(fields)];
    struct json_spec *spec;
    struct json_reader *json;
};

struct event_reader *event_reader_new(void)
{
    struct event_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return NULL;
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        reader->paths[i] = fields[i].name;
    reader->spec = json_spec_new(reader->paths, COUNT_OF(fields));
    reader->json = json_reader_new();
    if (reader->spec && reader->json)
        return reader;
    event_reader_free(reader);
    return NULL;
}

void event_reader_free(struct event_reader *reader)
{
    if (!reader)
        return;
    json_spec_free(reader->spec);
    json_reader_free(reader->json);
    free(reader);
}

static bool set_field(const struct struct_field *field, struct event *event, const struct json_value *value)
{
    int64_t number = value->kind == JSON_TRUE ? 1 : 0;
    if (field->kind == STRUCT_FIELD_TEXT) {
        if (value->kind != JSON_ABSENT && value->kind != JSON_STRING)
            return false;
        text_copy_n((char *)event + field->offset, field->size, value->text, value->len);
        return true;
    }
    if (field->kind == STRUCT_FIELD_BOOL) {
        if (value->kind != JSON_ABSENT && value->kind != JSON_TRUE)
            return false;
    } else if (value->kind != JSON_ABSENT && !json_to_i64(value, &number)) {
        return false;
    }
    return struct_field_set(field, event, number);
}

bool event_from_meaning(struct event_reader *reader, const char *meaning, size_t length, struct event *event)
{
    char why[128];
    const struct json_value *values =
        json_fields_read(reader->json, reader->spec, meaning, length, NULL, NULL, why, sizeof why);
    if (!values)
        return false;
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (!set_field(&fields[i], event, &values[i]))
            return false;
    return true;
}
