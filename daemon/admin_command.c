/*
 * Reads the arguments of commands. A body that is wrong is its sender's error: it is answered, not logged.
 */
#include "daemon/admin_command.h"

#include "lib/command.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

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

/* What stands under the argument's name: a string, or the number of a ticket. */
static bool read_argument(struct delivery *delivery, json_t *body, const struct command_argument *argument)
{
    json_t *value = json_object_get(body, argument->name);
    const char *text = json_string_value(value);
    char number[24];
    if (argument->kind == ARGUMENT_TICKET && json_is_integer(value)) {
        (void)snprintf(number, sizeof number, "%" PRId64, (int64_t)json_integer_value(value));
        text = number;
    }
    if (value && !json_is_null(value) && !text)
        return refuse(delivery, "\"%s\" must be %s", argument->name,
                      argument->kind == ARGUMENT_TICKET ? "a ticket's number" : "a string");
    char error[sizeof delivery->error];
    return command_set_argument(&delivery->event, argument, text, error, sizeof error) ||
           refuse(delivery, "%s", error);
}

static bool read_arguments(struct delivery *delivery, json_t *body)
{
    static const struct command_argument by = {"by", ARGUMENT_BY, true};
    const struct command_argument *arguments = command_arguments(delivery->event.command.name);
    bool good = read_argument(delivery, body, &by);
    for (size_t i = 0; good && i < COMMAND_ARGUMENTS && arguments[i].kind != ARGUMENT_NONE; i++)
        good = read_argument(delivery, body, &arguments[i]);
    return good;
}

static bool read_body(struct delivery *delivery, const char *body, size_t length)
{
    json_error_t why;
    json_t *root = json_loadb(body, length, JSON_REJECT_DUPLICATES, &why);
    if (!root)
        return refuse(delivery, "the body is not JSON: %s", why.text);
    bool good = json_is_object(root) ? read_arguments(delivery, root)
                                     : refuse(delivery, "the body must be a JSON object");
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
