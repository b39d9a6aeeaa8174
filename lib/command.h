#ifndef EMERGENCYD_COMMAND_H
#define EMERGENCYD_COMMAND_H
/*
 * The arguments of commands: which there are, and how their texts are read, wherever a command comes from.
 * Pure; for every thread.
 */
#include "lib/event.h"

enum argument_kind {
    ARGUMENT_NONE,
    ARGUMENT_TEXT,   /* → event.text */
    ARGUMENT_TO,     /* → event.command.to */
    ARGUMENT_BY,     /* → event.by; of no command's own */
    ARGUMENT_PERIOD, /* → event.command.for_ms; 15 minutes if it is not given */
    ARGUMENT_TICKET, /* → event.ticket_id; a number, with "#" before it or not, or the ticket's address */
};

/* Room for a person's text: it is to fit into one message of Slack's with what is said around it. */
#define COMMAND_TEXT_SIZE 2048

struct command_argument {
    const char *name;
    enum argument_kind kind;
    bool required;
};

/* In the order in which they are typed; those behind the last one are ARGUMENT_NONE. */
#define COMMAND_ARGUMENTS 2
const struct command_argument *command_arguments(enum command command);

/* Whether the argument at I, where it is typed, is all the rest of the line: the last one, if it is words. */
bool command_takes_rest(enum command command, size_t i);

/*
 * Reads TEXT, NULL if it was not given, into the argument's field of EVENT. What is too long is refused: half
 * of a person's words may be wrong. False: ERROR names the argument and says what was wanted.
 */
bool command_set_argument(struct event *event, const struct command_argument *argument, const char *text,
                          char *error, size_t error_size) MUST_CHECK;

/* What a command is for, in a few words; not for COMMAND_NONE. */
const char *command_help(enum command command);

/* Writes how a command's arguments are typed, with a blank before each: " TAG TEXT…", " [FOR]", "". */
void command_usage(enum command command, char *out, size_t size);

#endif
