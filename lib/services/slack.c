/*
 * Slack's webhooks: slash commands and pressed buttons. What can't be read is reported to the caller; nothing
 * is logged here, nothing is fatal. What people type wrong is answered to them, and is no error.
 */
#include "lib/services/slack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/command.h"
#include "lib/services/fields.h"
#include "lib/services/slack_internal.h"
#include "lib/text.h"

enum { SSL_CHECK, PAYLOAD, COMMAND, TEXT, USER_ID, USER_NAME, CHANNEL_ID, TRIGGER_ID, FORM_FIELDS };

static const char *const form_names[FORM_FIELDS] = {
    [SSL_CHECK] = "ssl_check",   [PAYLOAD] = "payload",
    [COMMAND] = "command",       [TEXT] = "text",
    [USER_ID] = "user_id",       [USER_NAME] = "user_name",
    [CHANNEL_ID] = "channel_id", [TRIGGER_ID] = "trigger_id",
};

/* Of the payload. */
enum {
    TYPE,
    TRIGGER,
    USER,
    NAME,
    OTHER_NAME,
    CHANNEL,
    OTHER_CHANNEL,
    MESSAGE,
    ACTIONS,
    ACTION,
    ACTION_ID,
    ACTION_VALUE,
    ACTION_TIME,
    FIELDS
};

static const char *const paths[FIELDS] = {
    [TYPE] = "type",
    [TRIGGER] = "trigger_id",
    [USER] = "user.id",
    [NAME] = "user.name",
    [OTHER_NAME] = "user.username",
    [CHANNEL] = "channel.id",
    [OTHER_CHANNEL] = "container.channel_id",
    [MESSAGE] = "container.message_ts",
    [ACTIONS] = "actions",
    [ACTION] = "actions[]",
    [ACTION_ID] = "actions[].action_id",
    [ACTION_VALUE] = "actions[].value",
    [ACTION_TIME] = "actions[].action_ts",
};

/* A required field of the form into OUT. */
static bool form_text(const char *const form[FORM_FIELDS], int field, char *out, size_t size,
                      const struct complaint *complaint)
{
    const char *text = form[field] ? form[field] : "";
    const struct json_value value = {.kind = JSON_STRING, .text = text, .len = strlen(text)};
    if (!*text)
        return complain(complaint, "%s is missing", form_names[field]);
    return field_text(&value, form_names[field], out, size, complaint);
}

static void set_repeat_key(struct delivery *delivery, const char *trigger)
{
    text_format(delivery->repeat_key, sizeof(delivery->repeat_key), "sl %s", trigger);
    text_copy(delivery->event.id, sizeof(delivery->event.id), trigger);
}

static bool read_slash_command(const char *const form[FORM_FIELDS], struct delivery *delivery,
                               const struct complaint *complaint)
{
    struct event *event = &delivery->event;
    char trigger[150];
    char wrong[600];
    const struct complaint to_typist = {wrong, sizeof(wrong)};
    if (!form_text(form, USER_ID, event->by_slack, sizeof(event->by_slack), complaint) ||
        !form_text(form, CHANNEL_ID, delivery->channel, sizeof(delivery->channel), complaint) ||
        !form_text(form, TRIGGER_ID, trigger, sizeof(trigger), complaint))
        return false;
    set_repeat_key(delivery, trigger);
    text_copy(event->by, sizeof(event->by), form[USER_NAME] ? form[USER_NAME] : "");
    delivery->wants_text = true;
    if (slack_command_read(form[COMMAND], form[TEXT] ? form[TEXT] : "", delivery, &to_typist))
        return true;
    delivery->answer = slack_answer(wrong);
    return delivery->answer || complain(complaint, "out of memory");
}

/* The first of a payload's actions that is a button of ours; in practice there is but one. */
struct press {
    enum command command;
    struct json_value value, time;
};

static void on_action(void *context, int field, const struct json_value values[])
{
    struct press *press = context;
    if (field != ACTION || press->command != COMMAND_NONE)
        return;
    const enum command command = command_by_name(values[ACTION_ID].text);
    if (slack_button_label(command))
        *press = (struct press){command, values[ACTION_VALUE], values[ACTION_TIME]};
}

static bool read_press(const struct json_value *values, const struct press *press, struct delivery *delivery,
                       const struct complaint *complaint)
{
    struct event *event = &delivery->event;
    const int channel = field_is_there(&values[CHANNEL]) ? CHANNEL : OTHER_CHANNEL;
    const int name = values[NAME].len > 0 ? NAME : OTHER_NAME;
    if (!field_id(&press->value, paths[ACTION_VALUE], &event->emergency, complaint) ||
        !field_text(&values[USER], paths[USER], event->by_slack, sizeof(event->by_slack), complaint) ||
        !field_text(&values[channel], paths[channel], delivery->channel, sizeof(delivery->channel),
                    complaint))
        return false;
    field_optional_text(&values[name], event->by, sizeof(event->by));
    event->type = EVENT_COMMAND;
    event->command.name = press->command;
    const struct command_argument *argument = command_arguments(press->command);
    return argument->kind == ARGUMENT_NONE ||
           command_set_argument(event, argument, NULL, complaint->text, complaint->size);
}

static void set_press_key(const struct json_value *values, const struct press *press,
                          struct delivery *delivery)
{
    char key[150];
    if (values[TRIGGER].len > 0)
        text_copy(key, sizeof(key), values[TRIGGER].text);
    else
        text_format(key, sizeof(key), "%.40s %.24s %.40s", press->time.text, values[USER].text,
                    values[MESSAGE].text);
    set_repeat_key(delivery, key);
}

static bool read_payload(const struct receiver *receiver, struct json_reader *reader, const char *payload,
                         struct delivery *delivery, const struct complaint *complaint)
{
    struct press press = {.value = {.text = ""}, .time = {.text = ""}};
    const struct json_value *values = json_fields_read(reader, receiver->spec, payload, strlen(payload),
                                                       on_action, &press, complaint->text, complaint->size);
    if (!values)
        return false;
    if (values[TYPE].kind != JSON_STRING)
        return complain(complaint, "%s is missing", paths[TYPE]);
    if (strcmp(values[TYPE].text, "block_actions") != 0)
        return true;
    if (values[ACTIONS].kind != JSON_ARRAY)
        return complain(complaint, "%s is missing", paths[ACTIONS]);
    if (press.command == COMMAND_NONE)
        return true;
    set_press_key(values, &press, delivery);
    return read_press(values, &press, delivery, complaint);
}

/* Slack tries the address with ssl_check=1. */
static bool read_form(const struct receiver *receiver, struct json_reader *reader,
                      const char *const form[FORM_FIELDS], struct delivery *delivery,
                      const struct complaint *complaint)
{
    if (form[SSL_CHECK] && strcmp(form[SSL_CHECK], "1") == 0) {
        delivery->answer = strdup("{}");
        return delivery->answer || complain(complaint, "out of memory");
    }
    if (form[PAYLOAD])
        return read_payload(receiver, reader, form[PAYLOAD], delivery, complaint);
    if (form[COMMAND])
        return read_slash_command(form, delivery, complaint);
    return complain(complaint, "payload and command are missing");
}

static bool read_webhook(const struct receiver *receiver, struct json_reader *reader,
                         const struct webhook *webhook, struct delivery *delivery)
{
    const struct complaint complaint = {delivery->error, sizeof(delivery->error)};
    const char *form[FORM_FIELDS];
    char *memory = NULL;
    delivery->event = (struct event){
        .source = EVENT_SOURCE_SELF,
        .at_ms = webhook->now_ms,
        .resolution_ms = 1,
    };
    delivery->rejected = !slack_form_read(webhook->body, webhook->length, form_names, form, FORM_FIELDS,
                                          &memory, &complaint) ||
                         !read_form(receiver, reader, form, delivery, &complaint);
    free(memory);
    return !delivery->rejected;
}

const struct service slack_service = {
    .id = SERVICE_SLACK,
    .route = "/webhooks/slack",
    .signature_header = "X-Slack-Signature",
    .timestamp_header = "X-Slack-Request-Timestamp",
    .id_header = NULL,
    .content_type = "application/x-www-form-urlencoded",
    .unreadable_status = 400,
    .empty_answer = true,
    .paths = paths,
    .path_count = FIELDS,
    .verify = receiver_verify_v0,
    .read_webhook = read_webhook,
};
