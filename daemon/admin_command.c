/*
 * Reads the arguments of commands. A body that is wrong is its sender's error: it is answered, not logged.
 */
#include "daemon/admin_command.h"

#include "lib/config_values.h"
#include "lib/text.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_EXTENSION_MS (15 * 60 * 1000)

static bool refuse(struct delivery *delivery, const char *fmt, ...) PRINTF_LIKE(2, 3);

static bool refuse(struct delivery *delivery, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(delivery->error, sizeof delivery->error, fmt, args);
    va_end(args);
    delivery->status = 400;
    return false;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

/* The text KEY into OUT of SIZE bytes. What is too long is refused: half of a person's words may be wrong. */
static bool read_text(struct delivery *delivery, json_t *body, const char *key, bool required, char *out,
                      size_t size)
{
    json_t *value = json_object_get(body, key);
    if (!value || json_is_null(value))
        return !required || refuse(delivery, "\"%s\" is missing", key);
    const char *text = json_string_value(value);
    if (!text)
        return refuse(delivery, "\"%s\" must be a string", key);
    if (required && is_blank(text))
        return refuse(delivery, "\"%s\" must not be empty", key);
    if (!text_copy(out, size, text))
        return refuse(delivery, "\"%s\" is too long: at most %zu bytes", key, size - 1);
    return true;
}

static bool read_period(struct delivery *delivery, json_t *body, const char *key, int64_t fallback_ms,
                        int64_t *out_ms)
{
    char text[32] = "";
    if (!read_text(delivery, body, key, false, text, sizeof text))
        return false;
    *out_ms = 0;
    if (!text[0])
        *out_ms = fallback_ms;
    else if (!value_read(&value_duration, text, out_ms))
        return refuse(delivery, "\"%s\" must be a period such as 90s, 15m or 1h", key);
    return true;
}

/* A number, or a string of digits. */
static bool read_id(struct delivery *delivery, json_t *body, const char *key, int64_t *out)
{
    json_t *value = json_object_get(body, key);
    if (!value || json_is_null(value))
        return refuse(delivery, "\"%s\" is missing", key);
    int64_t id = json_integer_value(value);
    if (json_is_string(value) && !text_to_i64(json_string_value(value), json_string_length(value), &id))
        id = 0;
    if (id <= 0)
        return refuse(delivery, "\"%s\" must be a ticket's number", key);
    *out = id;
    return true;
}

static bool read_arguments(struct delivery *delivery, json_t *body)
{
    struct event *event = &delivery->event;
    switch (event->command.name) {
    case COMMAND_CONTACTED: return read_text(delivery, body, "how", false, event->text, sizeof event->text);
    case COMMAND_CLOSE: return read_text(delivery, body, "why", false, event->text, sizeof event->text);
    case COMMAND_NOTE: return read_text(delivery, body, "text", true, event->text, sizeof event->text);
    case COMMAND_LINK: return read_id(delivery, body, "ticket", &event->ticket_id);
    case COMMAND_EXTEND:
        return read_period(delivery, body, "for", DEFAULT_EXTENSION_MS, &event->command.for_ms);
    default: return true;
    }
}

static bool read_body(struct delivery *delivery, const char *body, size_t length)
{
    json_error_t why;
    json_t *root = json_loadb(body, length, JSON_REJECT_DUPLICATES, &why);
    if (!root)
        return refuse(delivery, "the body is not JSON: %s", why.text);
    struct event *event = &delivery->event;
    bool good = json_is_object(root) || refuse(delivery, "the body must be a JSON object");
    good = good && read_text(delivery, root, "by", true, event->by, sizeof event->by) &&
           read_arguments(delivery, root);
    json_decref(root);
    return good;
}

bool admin_command_read(enum command command, int64_t emergency, const char *body, size_t length,
                        int64_t now_ms, struct delivery *delivery)
{
    delivery->kind = DELIVERY_COMMAND;
    delivery->emergency = emergency;
    delivery->event = (struct event){
        .emergency = emergency,
        .type = EVENT_COMMAND,
        .source = EVENT_SOURCE_SELF,
        .at_ms = now_ms,
        .resolution_ms = 1,
        .now_ms = now_ms,
        .command = {.name = command},
    };
    return read_body(delivery, body, length);
}

bool admin_command_read_retry(int64_t action, const char *body, size_t length, int64_t now_ms,
                              struct delivery *delivery)
{
    delivery->kind = DELIVERY_RETRY;
    delivery->action = action;
    delivery->event = (struct event){
        .source = EVENT_SOURCE_SELF,
        .at_ms = now_ms,
        .resolution_ms = 1,
        .now_ms = now_ms,
    };
    return read_body(delivery, body, length);
}
