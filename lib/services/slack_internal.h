#ifndef EMERGENCYD_SLACK_INTERNAL_H
#define EMERGENCYD_SLACK_INTERNAL_H
/*
 * What the files of Slack share. Pure functions; for every thread.
 */
#include "lib/delivery.h"

struct complaint; /* of lib/services/fields.h, which can't be included beside jansson.h */

/*
 * Reads a body of application/x-www-form-urlencoded: VALUES of the fields NAMES, decoded; NULL where there is
 * none. They live in *MEMORY, which the caller frees in any case. False: COMPLAINT says what is wrong: broken
 * percent signs, NUL characters, no UTF-8, a wanted field that comes twice.
 */
bool slack_form_read(const char *body, size_t length, const char *const names[], const char *values[],
                     size_t count, char **memory, const struct complaint *complaint) MUST_CHECK;

/*
 * What was typed behind the slash command NAME: sets event.emergency or event.ticket_id (both 0: whichever
 * emergency is the only open one), event.type, event.command, event.text; or the question, and leaves the
 * event alone. False: COMPLAINT says, in mrkdwn, what was wrong and what was wanted.
 */
bool slack_command_read(const char *name, const char *text, struct delivery *delivery,
                        const struct complaint *complaint) MUST_CHECK;

#endif
