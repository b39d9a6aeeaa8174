#ifndef EMERGENCYD_TERMINAL_H
#define EMERGENCYD_TERMINAL_H
/*
 * The daemon's answers for people's eyes, on standard output. Texts come from customers: characters that a
 * terminal obeys, or that turn the direction of writing, are shown as \u001b and the like. For one thread.
 */
#include <jansson.h>
#include <stdio.h>

/* TEXT with such characters escaped, in a form that JSON's strings have, too. */
void terminal_print(FILE *out, const char *text);

/* How many columns TEXT takes: its characters. */
size_t terminal_width(const char *text);

/* Each takes an answer as the contract has it; what is missing in it is shown as "-". */
void terminal_print_list(json_t *answer);
void terminal_print_emergency(json_t *emergency);
void terminal_print_summary(json_t *emergency); /* one line: what became of a command */
void terminal_print_outbox(json_t *answer);
void terminal_print_action(json_t *action);
void terminal_print_oncall(json_t *answer);

#endif
