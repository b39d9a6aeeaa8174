/*
 * Zoom's webhooks: who comes to a meeting and goes, that it ends, and that the address is tried. What can't
 * be read is reported to the caller; nothing is logged here, nothing is fatal.
 */
#include "lib/services/zoom.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/services/fields.h"
#include "lib/text.h"

#define LATEST_MS INT64_C(253402300799999) /* the end of the year 9999, as for other times */

enum {
    NAME,
    TIME,
    PLAIN_TOKEN,
    UUID,
    MEETING,
    USER_ID,
    PARTICIPANT_USER_ID,
    USER_NAME,
    EMAIL,
    FIELDS,
    OPTIONAL = USER_NAME, /* from here on */
};

static const char *const paths[FIELDS] = {
    [NAME] = "event",
    [TIME] = "event_ts",
    [PLAIN_TOKEN] = "payload.plainToken",
    [UUID] = "payload.object.uuid",
    [MEETING] = "payload.object.id",
    [USER_ID] = "payload.object.participant.user_id",
    [PARTICIPANT_USER_ID] = "payload.object.participant.participant_user_id",
    [USER_NAME] = "payload.object.participant.user_name",
    [EMAIL] = "payload.object.participant.email",
};

/* A webhook while it is being read. */
struct reading {
    const struct receiver *receiver;
    const struct json_value *values;
    struct delivery *delivery;
    struct complaint complaint;
};

/* So that the answer can be put together as it stands. */
static bool is_plain(const struct json_value *token)
{
    if (token->kind != JSON_STRING || token->len == 0)
        return false;
    for (const char *at = token->text; *at; at++)
        if (*at <= ' ' || *at > '~' || *at == '"' || *at == '\\')
            return false;
    return true;
}

/* The address is tried, when it is entered and every three days: by the answer Zoom knows that we have the
 * secret. */
static bool read_validation(struct reading *reading)
{
    const struct json_value *token = &reading->values[PLAIN_TOKEN];
    char hex[SIGNATURE_HEX_SIZE];
    if (!is_plain(token))
        return complain(&reading->complaint, "%s is %s", paths[PLAIN_TOKEN],
                        field_is_there(token) ? "not a token" : "missing");
    if (reading->receiver->key_count == 0 || !signature_hex(reading->receiver->keys[0], token->text, hex))
        return complain(&reading->complaint, "no secret to answer with");
    if (asprintf(&reading->delivery->answer, "{\"plainToken\":\"%s\",\"encryptedToken\":\"%s\"}", token->text,
                 hex) < 0) {
        reading->delivery->answer = NULL;
        return complain(&reading->complaint, "out of memory");
    }
    return true;
}

static bool read_time(struct reading *reading)
{
    struct event *event = &reading->delivery->event;
    int64_t at_ms = 0;
    if (!field_id(&reading->values[TIME], paths[TIME], &at_ms, &reading->complaint))
        return false;
    if (at_ms > LATEST_MS)
        return complain(&reading->complaint, "%s is not a time in milliseconds", paths[TIME]);
    event->at_ms = at_ms;
    event->resolution_ms = 1;
    return true;
}

/* No header names the delivery; what it is about tells it from others. */
static void name_event(struct reading *reading)
{
    const struct json_value *values = reading->values;
    struct delivery *delivery = reading->delivery;
    struct event *event = &delivery->event;
    text_format(event->id, sizeof(event->id), "%" PRId64 " %s %s", event->at_ms, values[NAME].text,
                values[USER_ID].text);
    text_format(delivery->repeat_key, sizeof(delivery->repeat_key), "zm %" PRId64 " %s %s %s", event->at_ms,
                values[UUID].text, values[USER_ID].text, values[NAME].text);
}

/* Guests have no id of their own at Zoom, only one for as long as they stay. */
static bool read_participant(struct reading *reading)
{
    static const int keys[] = {PARTICIPANT_USER_ID, USER_ID, USER_NAME};
    const struct json_value *values = reading->values;
    struct event *event = &reading->delivery->event;
    char *key = event->meeting.participant;
    for (size_t i = 0; i < COUNT_OF(keys) && !*key; i++)
        field_optional_text(&values[keys[i]], key, sizeof(event->meeting.participant));
    if (!*key)
        return complain(&reading->complaint, "%s is missing", paths[USER_ID]);
    field_optional_text(&values[USER_NAME], event->by, sizeof(event->by));
    field_optional_text(&values[EMAIL], event->by_email, sizeof(event->by_email));
    return true;
}

static const struct {
    const char *name;
    enum event_type type;
} known_events[] = {
    {"meeting.participant_joined", EVENT_JOINED},
    {"meeting.participant_left", EVENT_LEFT},
    {"meeting.ended", EVENT_MEETING_ENDED},
};

static enum event_type type_of(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(known_events); i++)
        if (strcmp(known_events[i].name, name) == 0)
            return known_events[i].type;
    return EVENT_IGNORED;
}

static bool read_values(struct reading *reading)
{
    const struct json_value *values = reading->values;
    struct event *event = &reading->delivery->event;
    if (values[NAME].kind != JSON_STRING || values[NAME].len == 0)
        return complain(&reading->complaint, "%s is %s", paths[NAME],
                        field_is_there(&values[NAME]) ? "not a text" : "missing");
    if (strcmp(values[NAME].text, "endpoint.url_validation") == 0)
        return read_validation(reading);
    const enum event_type type = type_of(values[NAME].text);
    const bool timed = read_time(reading);
    if (timed)
        name_event(reading);
    if (!timed && type == EVENT_IGNORED)
        reading->complaint.text[0] = '\0';
    if (!timed || type == EVENT_IGNORED)
        return type == EVENT_IGNORED;
    if (!field_id(&values[MEETING], paths[MEETING], &event->meeting.id, &reading->complaint) ||
        (type != EVENT_MEETING_ENDED && !read_participant(reading)))
        return false;
    event->type = type;
    return true;
}

/* A name that can't be read, for there is a NUL in it, does not keep anybody from having come. ROOM is for
 * the values without it. */
static const struct json_value *read_fields(struct reading *reading, struct json_reader *reader,
                                            const struct webhook *webhook, struct json_value room[FIELDS])
{
    const struct json_value *values =
        json_fields_read(reader, reading->receiver->spec, webhook->body, webhook->length, NULL, NULL,
                         reading->complaint.text, reading->complaint.size);
    if (values)
        return values;
    values = fields_read_once(reader, paths, OPTIONAL, webhook->body, webhook->length, NULL, NULL,
                              &reading->complaint);
    if (!values)
        return NULL;
    reading->complaint.text[0] = '\0';
    memcpy(room, values, OPTIONAL * sizeof(*room));
    for (int i = OPTIONAL; i < FIELDS; i++)
        room[i] = (struct json_value){.kind = JSON_ABSENT, .text = "", .name = ""};
    return room;
}

static bool read_webhook(const struct receiver *receiver, struct json_reader *reader,
                         const struct webhook *webhook, struct delivery *delivery)
{
    struct json_value room[FIELDS];
    struct reading reading = {
        .receiver = receiver,
        .delivery = delivery,
        .complaint = {delivery->error, sizeof(delivery->error)},
    };
    delivery->event = (struct event){.type = EVENT_IGNORED, .source = EVENT_SOURCE_ZOOM};
    reading.values = read_fields(&reading, reader, webhook, room);
    delivery->rejected = !reading.values || !read_values(&reading);
    return !delivery->rejected;
}

const struct service zoom_service = {
    .id = SERVICE_ZOOM,
    .route = "/webhooks/zoom",
    .signature_header = "x-zm-signature",
    .timestamp_header = "x-zm-request-timestamp",
    .id_header = NULL,
    .content_type = "application/json",
    .unreadable_status = 400,
    .paths = paths,
    .path_count = FIELDS,
    .verify = receiver_verify_v0,
    .read_webhook = read_webhook,
};
