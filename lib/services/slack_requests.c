/*
 * What we send to Slack. Want of memory is the only failure.
 *
 * Its limits: sections of 3,000 characters, 50 blocks, and, documented nowhere, somewhat over 11,000
 * characters in all. Whether it counts bytes or some kind of characters is not documented either: bytes are
 * never fewer.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/services/request.h"
#include "lib/services/slack.h"
#include "lib/services/slack_internal.h"
#include "lib/text.h"

#define FENCE        "```"
#define MOST_SECTION (3000 - 2 * sizeof("\n" FENCE)) /* a fence may be added at both ends */
#define MOST_TEXT    9000                            /* at most 7 sections, and 5 rows of buttons */
#define MOST_SUMMARY 3900
#define MOST_TOKEN   1000
#define BUTTONS_ROW  5
#define MOST_FOUND   "999"
#define EVENT_TYPE   "emergencyd"

/* --- texts --- */

/* How long what must not be cut in two is here: <…>, an entity, a fence, a character. */
static size_t unit_length(const char *text)
{
    static const char *const whole[] = {"&amp;", "&lt;", "&gt;", FENCE};
    for (size_t i = 0; i < COUNT_OF(whole); i++)
        if (strncmp(text, whole[i], strlen(whole[i])) == 0)
            return strlen(whole[i]);
    if (*text == '<') {
        const size_t inside = strcspn(text + 1, "<>\n");
        if (text[1 + inside] == '>' && inside < MOST_TOKEN)
            return inside + 2;
    }
    const size_t length = text_utf8_char(text, strnlen(text, 4));
    return length > 0 ? length : 1;
}

/* How much of TEXT makes a piece of at most MOST bytes: up to a line's end or a blank in its second half,
 * else as much as fits. */
static size_t piece_length(const char *text, size_t most)
{
    size_t fits = 0, line = 0, blank = 0;
    while (text[fits]) {
        const size_t next = fits + unit_length(text + fits);
        if (next > most)
            return line > most / 2 ? line : blank > most / 2 ? blank : fits;
        fits = next;
        if (text[fits - 1] == '\n')
            line = fits;
        else if (text[fits - 1] == ' ')
            blank = fits;
    }
    return fits;
}

/* TEXT, cut to MOST bytes, the sign for that not counted; malloc'ed, NULL without memory. */
static char *shorten(const char *text, size_t most)
{
    const size_t length = piece_length(text, most);
    char *out = NULL;
    return asprintf(&out, "%.*s%s", (int)length, text, text[length] ? "…" : "") < 0 ? NULL : out;
}

static size_t count_fences(const char *text, size_t length)
{
    size_t count = 0;
    for (size_t at = 0; at + strlen(FENCE) <= length; at += unit_length(text + at))
        count += strncmp(text + at, FENCE, strlen(FENCE)) == 0;
    return count;
}

static bool add(json_t *list, json_t *value)
{
    return json_array_append_new(list, value) == 0;
}

/* A section; preformatted text that is cut goes on as such. Only what was written as a mention is to be one,
 * whatever a customer writes: verbatim. */
static bool add_section(json_t *blocks, const char *text, size_t length, bool *fenced)
{
    const bool opened = *fenced;
    *fenced ^= count_fences(text, length) % 2 == 1;
    if (text[length - 1] == '\n')
        length--;
    if (strspn(text, " \t\n") >= length)
        return true;
    return add(blocks,
               json_pack("{s:s, s:{s:s, s:o, s:b}}", "type", "section", "text", "type", "mrkdwn", "text",
                         json_sprintf("%s%.*s%s", opened ? FENCE "\n" : "", (int)length, text,
                                      *fenced ? "\n" FENCE : ""),
                         "verbatim", 1));
}

static bool add_sections(json_t *blocks, const char *text)
{
    char *shown = shorten(text, MOST_TEXT);
    bool fenced = false;
    bool good = shown != NULL;
    for (const char *rest = shown; good && *rest;) {
        const size_t length = piece_length(rest, MOST_SECTION);
        good = add_section(blocks, rest, length, &fenced);
        rest += length;
    }
    free(shown);
    return good;
}

/* --- buttons --- */

struct button {
    const char *label;
    const char *style;   /* NULL: plain */
    const char *confirm; /* asked first; NULL: nothing */
    const char *sure;    /* what is pressed then */
};

/* In the order of the commands. Those that need something typed have none. */
static const struct button buttons[COMMAND_COUNT] = {
    [COMMAND_CONTACTED] = {"Customer contacted", NULL, NULL, NULL},
    [COMMAND_FIRST_CONTACT] = {"Post it", NULL, NULL, NULL},
    [COMMAND_FOLLOWED_UP] = {"Follow-up sent by hand", NULL, NULL, NULL},
    [COMMAND_REPLIED] = {"Customer answered", NULL, NULL, NULL},
    [COMMAND_EXTEND] = {"Extend 15 min", NULL, NULL, NULL},
    [COMMAND_PAUSE] = {"Pause clocks", NULL, NULL, NULL},
    [COMMAND_RESUME] = {"Resume clocks", NULL, NULL, NULL},
    [COMMAND_DO_IT] = {"Do it", "primary", NULL, NULL},
    [COMMAND_DOWNGRADE] = {"Downgrade now", "danger", "The ticket's priority is lowered now.", "Downgrade"},
    [COMMAND_URGENT] = {"Back to urgent", NULL, NULL, NULL},
    [COMMAND_CALL_STARTED] = {"Call started", NULL, NULL, NULL},
    [COMMAND_CLOSE] = {"Close", "danger", "Nothing more is sent for this emergency.", "Close"},
    [COMMAND_REOPEN] = {"Reopen", NULL, NULL, NULL},
    [COMMAND_ACK] = {"Acknowledge", NULL, NULL, NULL},
    [COMMAND_TAKE] = {"I take it", NULL, NULL, NULL},
    [COMMAND_NOT_EMERGENCY] = {"Not an emergency?", NULL, NULL, NULL},
    [COMMAND_MANAGER] = {"Call the manager", NULL, NULL, NULL},
    [COMMAND_CALL_ENDED] = {"Call ended", NULL, NULL, NULL},
    [COMMAND_RESOLVE] = {"Resolve the page", NULL, NULL, NULL},
    [COMMAND_DUTY] = {"Hand over my shift", NULL, NULL, NULL},
    [COMMAND_COLLEAGUE] = {"Find a colleague", NULL, NULL, NULL},
};

const char *slack_button_label(enum command command)
{
    return buttons[command].label;
}

static json_t *plain_text(const char *text)
{
    return json_pack("{s:s, s:s}", "type", "plain_text", "text", text);
}

static bool put_confirm(json_t *element, const struct button *button)
{
    json_t *confirm = json_object();
    return request_put(element, "confirm", confirm) &&
           request_put(confirm, "title", plain_text("Are you sure?")) &&
           request_put(confirm, "text", plain_text(button->confirm)) &&
           request_put(confirm, "confirm", plain_text(button->sure)) &&
           request_put(confirm, "deny", plain_text("Cancel")) &&
           request_put(confirm, "style", json_string("danger"));
}

static bool add_button(json_t *row, enum command command, int64_t emergency)
{
    const struct button *button = &buttons[command];
    json_t *element = json_object();
    return add(row, element) && request_put(element, "type", json_string("button")) &&
           request_put(element, "action_id", json_string(command_name(command))) &&
           request_put(element, "text", plain_text(button->label)) &&
           request_put(element, "value", json_sprintf("%" PRId64, emergency)) &&
           (!button->style || request_put(element, "style", json_string(button->style))) &&
           (!button->confirm || put_confirm(element, button));
}

static bool add_row(json_t *blocks, json_t **row)
{
    json_t *block = json_pack("{s:s, s:[]}", "type", "actions", "elements");
    *row = json_object_get(block, "elements");
    return add(blocks, block);
}

static bool add_buttons(json_t *blocks, int64_t wanted, int64_t emergency)
{
    json_t *row = NULL;
    for (int command = COMMAND_NONE; command < COMMAND_COUNT; command++) {
        if ((wanted >> command & 1) == 0 || !buttons[command].label)
            continue;
        if ((!row || json_array_size(row) == BUTTONS_ROW) && !add_row(blocks, &row))
            return false;
        if (!add_button(row, (enum command)command, emergency))
            return false;
    }
    return true;
}

/* --- messages --- */

static bool put_text(json_t *body, const char *text)
{
    char *summary = shorten(text, MOST_SUMMARY);
    const bool good = summary && request_put(body, "text", json_string(summary));
    free(summary);
    return good;
}

static bool put_mark(json_t *body, const char *mark)
{
    return request_put(
        body, "metadata",
        json_pack("{s:s, s:{s:s}}", "event_type", EVENT_TYPE, "event_payload", "action", mark));
}

static bool put_blocks(json_t *body, const struct slack_message *message)
{
    json_t *blocks = json_array();
    return request_put(body, "blocks", blocks) && add_sections(blocks, message->text) &&
           add_buttons(blocks, message->buttons, message->emergency);
}

/* What posting and changing have in common. */
static bool put_message(json_t *body, const struct slack_message *message)
{
    return request_put(body, "channel", json_string(message->channel)) && put_text(body, message->text) &&
           put_blocks(body, message) && (!message->mark || put_mark(body, message->mark));
}

bool slack_post_message(struct request *request, const struct slack_message *message)
{
    json_t *body = json_object();
    if (!put_message(body, message) || !request_put(body, "unfurl_links", json_false()) ||
        !request_put(body, "unfurl_media", json_false()) ||
        (message->thread_ts && !request_put(body, "thread_ts", json_string(message->thread_ts))))
        return request_give_up(request, body);
    return request_make(request, "POST", body, "/chat.postMessage");
}

bool slack_update_message(struct request *request, const struct slack_message *message, const char *ts)
{
    json_t *body = json_object();
    if (!put_message(body, message) || !request_put(body, "ts", json_string(ts)))
        return request_give_up(request, body);
    return request_make(request, "POST", body, "/chat.update");
}

bool slack_whisper(struct request *request, const char *channel, const char *user, const char *thread_ts,
                   const char *text)
{
    const struct slack_message message = {.channel = channel, .text = text};
    json_t *body = json_object();
    if (!put_message(body, &message) || !request_put(body, "user", json_string(user)) ||
        (thread_ts && !request_put(body, "thread_ts", json_string(thread_ts))))
        return request_give_up(request, body);
    return request_make(request, "POST", body, "/chat.postEphemeral");
}

/* --- reads --- */

/* A channel begins with its newest messages, a thread with its oldest since the whole second. */
bool slack_find_messages(struct request *request, const char *channel, const char *thread_ts,
                         int64_t since_ms)
{
    char in[REQUEST_ENCODED_SIZE], thread[REQUEST_ENCODED_SIZE], oldest[64] = "";
    request_encode(channel, in, sizeof(in));
    request_encode(thread_ts ? thread_ts : "", thread, sizeof(thread));
    if (since_ms > 0)
        snprintf(oldest, sizeof(oldest), "&oldest=%" PRId64 ".000000&inclusive=true", since_ms / 1000);
    return request_make(request, "GET", NULL,
                        "/conversations.%s?channel=%s%s%s%s&include_all_metadata=true&limit=" MOST_FOUND,
                        thread_ts ? "replies" : "history", in, thread_ts ? "&ts=" : "", thread, oldest);
}

static bool read_one(struct request *request, const char *path, const char *value)
{
    char encoded[REQUEST_ENCODED_SIZE];
    request_encode(value, encoded, sizeof(encoded));
    return request_make(request, "GET", NULL, "%s%s", path, encoded);
}

bool slack_lookup_email(struct request *request, const char *email)
{
    return read_one(request, "/users.lookupByEmail?email=", email);
}

bool slack_get_user(struct request *request, const char *user)
{
    return read_one(request, "/users.info?user=", user);
}

bool slack_test(struct request *request)
{
    json_t *body = json_object();
    return body ? request_make(request, "POST", body, "/auth.test") : request_give_up(request, NULL);
}

/* --- texts of others, answers --- */

static const char *entity_of(char c)
{
    return c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : NULL;
}

/* Control characters, but for ends of lines and tabs; of the second kind (U+0080 to U+009F) too. */
static bool is_control(const char *text, size_t length)
{
    const unsigned char c = (unsigned char)text[0];
    if (length == 1)
        return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
    return length == 2 && c == 0xC2 && (unsigned char)text[1] < 0xA0;
}

void slack_escape(const char *text, char *out, size_t size)
{
    size_t used = 0;
    while (*text) {
        const size_t length = text_utf8_char(text, strnlen(text, 4));
        const char *entity = entity_of(*text);
        const char *piece = entity ? entity : text;
        const size_t wanted = entity ? strlen(entity) : length;
        const bool left_out = length == 0 || is_control(text, length);
        text += length > 0 ? length : 1;
        if (left_out)
            continue;
        if (used + wanted >= size)
            break;
        memcpy(out + used, piece, wanted);
        used += wanted;
    }
    out[used] = '\0';
}

char *slack_answer(const char *text)
{
    json_t *body = json_pack("{s:s, s:s}", "response_type", "ephemeral", "text", text);
    char *answer = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    return answer;
}

/* Slack's address of a message is that of its channel, and its time without the point. */
void slack_message_url(const char *home, const char *channel, const char *ts, char *out, size_t size)
{
    const char *point = strchr(ts, '.');
    *out = '\0';
    if (point && home[0])
        text_format(out, size, "%sarchives/%s/p%.*s%s", home, channel, (int)(point - ts), ts, point + 1);
}
