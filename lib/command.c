/*
 * The tables of the commands' arguments and of what they are for, and the arguments' readers. An argument
 * that is wrong is the error of whoever gave it: told to the caller, neither logged nor fatal.
 */
#include "lib/command.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/config_values.h"
#include "lib/text.h"

#define DEFAULT_EXTENSION_MS (15 * 60 * 1000)

static const struct command_argument arguments[COMMAND_COUNT][COMMAND_ARGUMENTS] = {
    [COMMAND_CONTACTED] = {{"how", ARGUMENT_TEXT, false}},
    [COMMAND_EXTEND] = {{"for", ARGUMENT_PERIOD, false}},
    [COMMAND_LINK] = {{"ticket", ARGUMENT_TICKET, true}},
    [COMMAND_NOTE] = {{"text", ARGUMENT_TEXT, true}},
    [COMMAND_CLOSE] = {{"why", ARGUMENT_TEXT, false}},
    [COMMAND_PAGE] = {{"who", ARGUMENT_TO, false}},
    [COMMAND_HANDOFF] = {{"to", ARGUMENT_TO, true}},
    [COMMAND_BULK] = {{"tag", ARGUMENT_TO, true}, {"text", ARGUMENT_TEXT, true}},
};

static const char *const helps[COMMAND_COUNT] = {
    [COMMAND_CONTACTED] = "the customer was contacted by other means",
    [COMMAND_FIRST_CONTACT] = "post the prepared first comment",
    [COMMAND_FOLLOWED_UP] = "the follow-up was sent by hand",
    [COMMAND_REPLIED] = "the customer answered",
    [COMMAND_EXTEND] = "the next step is due that long (15m) from now",
    [COMMAND_PAUSE] = "hold the clocks",
    [COMMAND_RESUME] = "go on with what was left",
    [COMMAND_DO_IT] = "do the step that is asked",
    [COMMAND_DOWNGRADE] = "downgrade the ticket now",
    [COMMAND_URGENT] = "back to urgent after a downgrade",
    [COMMAND_CALL_STARTED] = "a call with the customer has begun",
    [COMMAND_LINK] = "the emergency belongs to this ticket",
    [COMMAND_NOTE] = "write into thread and timeline",
    [COMMAND_CLOSE] = "close it: nothing more is sent",
    [COMMAND_REOPEN] = "back to its state, clocks paused",
    [COMMAND_ACK] = "acknowledge the page in your name",
    [COMMAND_TAKE] = "the same, also with another emergency",
    [COMMAND_NOT_EMERGENCY] = "tell account manager and managers so",
    [COMMAND_PAGE] = "page somebody, or the engineer on call",
    [COMMAND_MANAGER] = "mention and page the manager on call",
    [COMMAND_CALL_ENDED] = "the call is over: notes are due",
    [COMMAND_HANDOFF] = "hand this emergency over",
    [COMMAND_BULK] = "answer all tickets of an incident",
    [COMMAND_RESOLVE] = "resolve the page",
    [COMMAND_DUTY] = "ask for a hand-over of your other shift",
    [COMMAND_COLLEAGUE] = "ask for a colleague to join the call",
};

const char *command_help(enum command command)
{
    return helps[command];
}

const struct command_argument *command_arguments(enum command command)
{
    return arguments[command];
}

bool command_takes_rest(enum command command, size_t i)
{
    const struct command_argument *argument = &arguments[command][i];
    const bool last = i + 1 == COMMAND_ARGUMENTS || argument[1].kind == ARGUMENT_NONE;
    return last && (argument->kind == ARGUMENT_TEXT || argument->kind == ARGUMENT_TO);
}

static bool refuse(char *error, size_t error_size, const char *fmt, ...) PRINTF_LIKE(3, 4);

static bool refuse(char *error, size_t error_size, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(error, error_size, fmt, args);
    va_end(args);
    return false;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

/* Behind "#" or, of an address, the last "/tickets/". */
static const char *ticket_digits(const char *text)
{
    static const char before[] = "/tickets/";
    if (*text == '#')
        return text + 1;
    for (const char *at = text; (at = strstr(at, before));)
        text = at += strlen(before);
    return text;
}

static bool read_ticket(const char *text, int64_t *ticket)
{
    int64_t number = 0;
    const char *digits = ticket_digits(text);
    if (!text_to_i64(digits, strlen(digits), &number) || number <= 0)
        return false;
    *ticket = number;
    return true;
}

static bool read_period(const char *text, int64_t *ms)
{
    *ms = 0;
    return value_read(&value_duration, text, ms);
}

_Static_assert(COMMAND_TEXT_SIZE <= sizeof(((struct event *)0)->text), "it fits");

/* Where the text of an argument of this kind goes, and how large that is; NULL and 0: it is not kept as
 * a text. */
static char *text_field(struct event *event, enum argument_kind kind, size_t *size)
{
    switch (kind) {
    case ARGUMENT_TEXT: *size = COMMAND_TEXT_SIZE; return event->text;
    case ARGUMENT_TO: *size = sizeof(event->command.to); return event->command.to;
    case ARGUMENT_BY: *size = sizeof(event->by); return event->by;
    default: return NULL;
    }
}

bool command_set_argument(struct event *event, const struct command_argument *argument, const char *text,
                          char *error, size_t error_size)
{
    const char *name = argument->name;
    size_t size = 0;
    char *out = text_field(event, argument->kind, &size);
    if (argument->kind == ARGUMENT_PERIOD && (!text || !*text)) {
        event->command.for_ms = DEFAULT_EXTENSION_MS;
        return true;
    }
    if (!text)
        return !argument->required || refuse(error, error_size, "\"%s\" is missing", name);
    if (argument->required && is_blank(text))
        return refuse(error, error_size, "\"%s\" must not be empty", name);
    if (size > 0)
        return text_copy(out, size, text) ||
               refuse(error, error_size, "\"%s\" is too long: at most %zu bytes", name, size - 1);
    if (argument->kind == ARGUMENT_PERIOD)
        return read_period(text, &event->command.for_ms) ||
               refuse(error, error_size, "\"%s\" must be a period such as 90s, 15m or 1h", name);
    return read_ticket(text, &event->ticket_id) ||
           refuse(error, error_size, "\"%s\" must be a ticket's number", name);
}

/* A capital word, in brackets if it may be left out, with "…" if it is the rest of the line. */
static void add_usage(const struct command_argument *argument, bool rest, char *out, size_t size)
{
    char name[32];
    text_copy(name, sizeof(name), argument->name);
    for (char *at = name; *at; at++)
        *at = (char)toupper((unsigned char)*at);
    const char *brackets = argument->required ? "" : "[]";
    text_format(out, size, " %.1s%s%s%s", brackets, name, rest ? "…" : "", *brackets ? brackets + 1 : "");
}

void command_usage(enum command command, char *out, size_t size)
{
    const struct command_argument *argument = arguments[command];
    *out = '\0';
    for (size_t i = 0; i < COMMAND_ARGUMENTS && argument[i].kind != ARGUMENT_NONE; i++) {
        const size_t used = strlen(out);
        add_usage(&argument[i], command_takes_rest(command, i), out + used, size - used);
    }
}
