#ifndef EMERGENCYD_MENTION_H
#define EMERGENCYD_MENTION_H
/*
 * People and groups in a text, before it is known how Slack writes them: a token with e-mail address (or
 * Slack's id of a user, U…, or a group, S…) and name. Where the text goes to Slack the token becomes a
 * mention, if the person is known there; everywhere else, and for everybody else, it becomes the name.
 * Control characters make the token, and foreign texts never hold any (slack_escape takes them out). Nothing
 * is kept; for every thread.
 */
#include "lib/compiler.h"

#include <stdbool.h>
#include <stddef.h>

/* Writes a token. What is no address, "" for example, is no token but the name alone. */
void mention_write(const char *address, const char *name, char *out, size_t size);

/* The address of the token that begins at or after *AT, which moves behind it. False: there is none. */
bool mention_next(const char **at, char *address, size_t size) MUST_CHECK;

/* Slack's id for an e-mail address: "U…"; "" unknown. */
typedef void mention_lookup(void *context, const char *address, char *id, size_t size);
/* TEXT with mentions instead of tokens; LOOKUP NULL: with names. */
void mention_resolve(const char *text, mention_lookup *lookup, void *context, char *out, size_t size);

#endif
