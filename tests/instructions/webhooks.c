/*
 * Webhooks for counting. The bodies are files: those of the listener's tests, and a few more beside this; as
 * services send them, without the white space that makes them readable.
 */
#include "tests/instructions/webhooks.h"

#include "lib/text.h"
#include "lib/timestamp.h"
#include "tests/fuzz/promise.h"
#include "tests/fuzz/signing.h"

#include <ctype.h>
#include <inttypes.h>

#define PAGERDUTY "tests/flow/captured/pagerduty/incident."
#define ZENDESK   "tests/flow/captured/zendesk/ticket."
#define OTHERS    "tests/instructions/webhooks/"

#define CUSTOMER "\"author\":{\"id\":\"8447388090001\",\"is_staff\":false,\"name\":\"Carol Customer\"}"
#define ENGINEER "\"author\":{\"id\":\"8447388090494\",\"is_staff\":true,\"name\":\"Eng One\"}"

const struct kind kinds[] = {
    {.name = "page", .way = 'p', .path = PAGERDUTY "triggered.json", .after = "paged", .at_ms = 1100},
    {.name = "page_elsewhere",
     .way = 'p',
     .path = PAGERDUTY "triggered.json",
     .from = "PSVEM01",
     .to = "PSVXX01",
     .at_ms = 1100},
    {.name = "ack",
     .way = 'p',
     .path = PAGERDUTY "acknowledged.json",
     .before = STAGE_THREADED,
     .after = "acknowledged",
     .at_ms = 2050},
    {.name = "ack_repeated",
     .way = 'p',
     .path = PAGERDUTY "acknowledged.json",
     .before = STAGE_ACKNOWLEDGED,
     .after = "acknowledged",
     .is_repeat = true,
     .at_ms = 2060},
    {.name = "resolved",
     .way = 'p',
     .path = PAGERDUTY "resolved.json",
     .before = STAGE_CONTACTED,
     .after = "contacted",
     .at_ms = 4100},
    {.name = "comment",
     .way = 'z',
     .path = ZENDESK "comment_added.json",
     .from = CUSTOMER,
     .to = ENGINEER,
     .before = STAGE_MET,
     .after = "contacted",
     .at_ms = 2200},
    {.name = "answer",
     .way = 'z',
     .path = ZENDESK "comment_added.json",
     .from = ":02.123456Z",
     .to = ":03.123456Z",
     .before = STAGE_CONTACTED,
     .after = "engaged",
     .at_ms = 3200},
    {.name = "status",
     .way = 'z',
     .path = ZENDESK "status_changed.json",
     .before = STAGE_CONTACTED,
     .after = "contacted",
     .at_ms = 21200},
    {.name = "status_elsewhere",
     .way = 'z',
     .path = ZENDESK "status_changed.json",
     .from = "\"URGENT\"",
     .to = "\"NORMAL\"",
     .at_ms = 21200},
    {.name = "trigger", .way = 'z', .path = OTHERS "zendesk.trigger.json", .at_ms = 22000},
    {.name = "button",
     .way = 's',
     .path = OTHERS "slack.block_actions.json",
     .before = STAGE_MET,
     .after = "contacted",
     .at_ms = 23000},
    {.name = "command",
     .way = 's',
     .path = OTHERS "slack.command.form",
     .before = STAGE_CONTACTED,
     .after = "contacted",
     .at_ms = 23000},
    {.name = "join",
     .way = 'm',
     .path = OTHERS "zoom.participant_joined.json",
     .before = STAGE_CONTACTED,
     .after = "contacted",
     .at_ms = 24000},
};
const size_t kind_count = COUNT_OF(kinds);

const struct kind *kind_by_name(const char *name)
{
    for (size_t i = 0; i < kind_count; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

/* --- bodies --- */

/* As much of a file as a body may be. */
#define BODY_SIZE 8192

static void read_file(const char *path, char out[BODY_SIZE])
{
    FILE *file = fopen(path, "r");
    PROMISE(file, "%s can't be read (from the root of the project)", path);
    size_t length = fread(out, 1, BODY_SIZE - 1, file);
    PROMISE(!ferror(file) && length < BODY_SIZE - 1, "%s can't be read, or is too long", path);
    out[length] = '\0';
    fclose(file);
}

static void squeeze(char *text)
{
    bool in_string = false;
    char *out = text;
    for (; *text; text++) {
        if (*text == '"' && (text[-1] != '\\' || !in_string))
            in_string = !in_string;
        if (in_string || !isspace((unsigned char)*text))
            *out++ = *text;
    }
    *out = '\0';
}

/* FROM, as it stands in a file, becomes TO. */
struct change {
    const char *from;
    char to[200];
};

static const struct change *change_at(const struct change *changes, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strncmp(text, changes[i].from, strlen(changes[i].from)) == 0)
            return &changes[i];
    return NULL;
}

static void rewrite(char text[BODY_SIZE], const struct change *changes, size_t count)
{
    char old[BODY_SIZE];
    size_t length = 0;
    memcpy(old, text, sizeof old);
    for (const char *at = old; *at;) {
        const struct change *change = change_at(changes, count, at);
        text_copy_n(text + length, BODY_SIZE - length, change ? change->to : at,
                    change ? strlen(change->to) : 1);
        length += strlen(text + length);
        at += change ? strlen(change->from) : 1;
    }
    PROMISE(length < BODY_SIZE - 1, "a body is too long");
}

/* Ids of no order, as senders make them. */
static uint32_t scramble(uint32_t number)
{
    number *= UINT32_C(0x9E3779B1);
    number = (number ^ number >> 15) * UINT32_C(0x85EBCA77);
    return number ^ number >> 13;
}

/* The names and numbers that the files have. */
static void renumber(char text[BODY_SIZE], const struct kind *kind, unsigned number)
{
    unsigned serial = (unsigned)(kind - kinds) * 100000 + number; /* two kinds may share a file */
    struct change changes[] = {
        {.from = "01EMERGENCYD"},  /* PagerDuty's events */
        {.from = "Q0EMERG1"},      /* its incidents */
        {.from = "PUENG01"},       /* its users */
        {.from = "UENG01"},        /* Slack's */
        {.from = "4711"},          /* tickets */
        {.from = "4d2f5a10"},      /* Zendesk's events */
        {.from = "9100000000001"}, /* its comments */
        {.from = "4242"},          /* emergencies */
        {.from = "398738663015"},  /* Slack's commands and presses */
        {.from = "86431910364"},   /* meetings, for long */
        {.from = "hwkAADUy"},      /* and once */
    };
    text_format(changes[0].to, sizeof changes[0].to, "%012u", number);
    text_format(changes[1].to, sizeof changes[1].to, "Q%07u", number);
    text_format(changes[2].to, sizeof changes[2].to, ENGINEER_FORMAT, number);
    text_format(changes[3].to, sizeof changes[3].to, SLACK_FORMAT, number);
    text_format(changes[4].to, sizeof changes[4].to, TICKET_FORMAT, number);
    text_format(changes[5].to, sizeof changes[5].to, "%08" PRIx32, scramble(serial));
    text_format(changes[6].to, sizeof changes[6].to, "91%011u", serial);
    text_format(changes[7].to, sizeof changes[7].to, "%u", number);
    text_format(changes[8].to, sizeof changes[8].to, "%012u", number);
    text_format(changes[9].to, sizeof changes[9].to, MEETING_FORMAT, number);
    text_format(changes[10].to, sizeof changes[10].to, "%08" PRIx32, scramble(number));
    rewrite(text, changes, COUNT_OF(changes));
}

/* Slack puts its JSON into a form. */
static void encode(char text[BODY_SIZE])
{
    char json[BODY_SIZE];
    memcpy(json, text, sizeof json);
    size_t length = (size_t)snprintf(text, BODY_SIZE, "payload=");
    for (const char *at = json; *at && length + 4 < BODY_SIZE; at++)
        length += (size_t)snprintf(text + length, BODY_SIZE - length,
                                   isalnum((unsigned char)*at) || strchr("_.-", *at) ? "%c" : "%%%02X",
                                   (unsigned char)*at);
    PROMISE(length + 4 < BODY_SIZE, "a body is too long");
}

static void write_body(const struct kind *kind, unsigned number, char out[BODY_SIZE])
{
    read_file(kind->path, out);
    squeeze(out);
    if (kind->from) {
        struct change change = {.from = kind->from};
        PROMISE(strstr(out, kind->from) && text_copy(change.to, sizeof change.to, kind->to), "%s: no %s",
                kind->path, kind->from);
        rewrite(out, &change, 1);
    }
    renumber(out, kind, number);
    if (kind->way == 's' && out[0] == '{')
        encode(out);
}

/* --- headers --- */

static void stamp(struct letter *letter, const struct kind *kind)
{
    int64_t at_ms = WEBHOOKS_START_MS + kind->at_ms;
    if (kind->way == 'z')
        timestamp_format_seconds(at_ms, letter->timestamp);
    else
        text_format(letter->timestamp, sizeof letter->timestamp, "%" PRId64, at_ms / 1000);
}

void letter_write(struct letter *letter, const struct kind *kind, unsigned number)
{
    const struct way *way = way_of(kind->way);
    char body[BODY_SIZE], signature[SIGNATURE_ROOM];
    write_body(kind, number, body);
    *letter = (struct letter){.service = way->service, .body = strdup(body)};
    PROMISE(letter->body, "no memory");
    stamp(letter, kind);
    letter->webhook = (struct webhook){
        .body = letter->body,
        .length = strlen(body),
        .signature = letter->signature,
        .timestamp = letter->service->timestamp_header ? letter->timestamp : NULL,
        .delivery_id = letter->service->id_header ? "01FHJ9M4DN8GZP1XV0RAD5VXYZ" : NULL,
        .now_ms = WEBHOOKS_START_MS + kind->at_ms,
    };
    way_sign(way, &letter->webhook, WEBHOOKS_SECRET, signature);
    text_format(letter->signature, sizeof letter->signature, "%s%s", way->version, signature);
}
