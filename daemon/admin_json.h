#ifndef EMERGENCYD_ADMIN_JSON_H
#define EMERGENCYD_ADMIN_JSON_H
/*
 * Emergencies and outgoing calls in the contract's JSON, keys in the contract's order. Pure; for every
 * thread.
 *
 * What is returned is new and the caller's (json_decref); NULL is always want of memory. Texts that are not
 * UTF-8 (cut in the middle of a character, say) are mended, so that no text can spoil an answer.
 */
#include "lib/action.h"
#include "lib/config.h"
#include "lib/emergency.h"
#include "lib/store.h"

#include <jansson.h>

/* Appends VALUE, which may be NULL, to *ARRAY; if that fails, *ARRAY is freed and NULL from here on. */
void admin_append(json_t **array, json_t *value);

/* As in a list. NOW_MS is what "in_s" counts from. */
json_t *admin_json_emergency(const struct config *config, const struct emergency *e,
                             int64_t now_ms) MUST_CHECK;

/* What an emergency has beside that when it is shown alone. */
struct admin_json_history {
    const struct timeline_entry *entries;
    size_t entry_count;
    const struct action *actions; /* of these, reads that are done are left out */
    size_t action_count;
};
json_t *admin_json_emergency_alone(const struct config *config, const struct emergency *e,
                                   const struct admin_json_history *history, int64_t now_ms) MUST_CHECK;

/* As in the outbox: an action with its emergency. */
json_t *admin_json_outbox_action(const struct action *action) MUST_CHECK;

/* Who is on call in each schedule of the settings, now and next, by the turns that PagerDuty has told:
 * [{"schedule", "role", "rung", "now": {…}, "next": {…}}]. */
json_t *admin_json_oncalls(const struct config *config, const struct oncall *turns, size_t count,
                           int64_t now_ms) MUST_CHECK;

/* All commands there are: [{"name", "label", "help", "arguments": [{"name", "kind", "required"}]}]. */
json_t *admin_json_commands(void) MUST_CHECK;

/* Adds to EMERGENCY, which is E and may be NULL, what only the board shows: links, and which commands the
 * state allows and which of them make most sense. SLACK_HOME is "https://WORKSPACE.slack.com/" or "". */
json_t *admin_json_for_board(json_t *emergency, const struct emergency *e, const char *slack_home) MUST_CHECK;

#endif
