#ifndef EMERGENCYD_MESSAGES_H
#define EMERGENCYD_MESSAGES_H
/*
 * The texts that the daemon writes, as templates: built in, or NAME.txt of `[messages] directory`. Made once
 * at start and then read-only, for every thread.
 */
#include "lib/config.h"
#include "lib/emergency.h"

struct messages;

/* DIRECTORY NULL: the built-in texts. NULL: ERROR says which file, where and why. */
struct messages *messages_new(const char *directory, char *error, size_t error_size) MUST_CHECK;
void messages_free(struct messages *messages); /* NULL is fine */

/* Somebody who is named in a text. */
struct named {
    char name[96];
    char email[96];
    int64_t until_ms; /* on call until; 0 unknown, INT64_MAX never ends */
};

/* What a text may speak of. Only config, e and now_ms are always needed. */
struct message_facts {
    const struct config *config;
    const struct emergency *e;
    const struct event *event;     /* that it is about; NULL none */
    const struct emergency *other; /* the emergency that its engineer has already; NULL none */
    const char *text;              /* instead of the event's; NULL: that */
    const char *why;               /* what the timeline says of it; NULL nothing */
    const char *service;           /* that does not work; NULL none */
    const char *slack_home;        /* "https://WORKSPACE.slack.com/"; "" unknown */
    struct named manager;          /* on call; as all that follow: name "" nobody */
    struct named engineer;         /* on call */
    struct named next;             /* the engineer after that */
    struct named next_manager;     /* likewise */
    struct named called;           /* whom this text calls */
    int64_t now_ms;
};

/* Writes MESSAGE into OUT, cut if it is too small. For Slack it is mrkdwn with foreign texts escaped and
 * people as tokens of lib/mention.h, for all others plain text. */
void messages_write(const struct messages *messages, enum message message, const struct message_facts *facts,
                    char *out, size_t size);

/* A template of others' making (GitLab's issue template): fields that are known are filled in, all else stays
 * as it is. */
void messages_fill(const struct message_facts *facts, const char *text, char *out, size_t size);

/* The i-th message's name, default text, and whether it is for Slack; false past the last. For the README's
 * table and its test. */
bool messages_describe(size_t i, const char **name, const char **text, bool *for_slack);

#endif
