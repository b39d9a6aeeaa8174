/*
 * What the board needs beside the contract's emergencies: who is on call, which commands there are, and which
 * of them an emergency allows. Nothing here fails but for want of memory.
 */
#include "daemon/admin_json_internal.h"
#include "lib/command.h"
#include "lib/services/slack.h"
#include "lib/text.h"

#include <stdlib.h>
#include <string.h>

/* --- who is on call --- */

struct turns {
    const struct oncall *all;
    size_t count;
    int64_t now_ms;
};

/* The turn in SCHEDULE that runs at AT_MS. */
static const struct oncall *turn_at(const struct turns *turns, const char *schedule, int64_t at_ms)
{
    for (size_t i = 0; i < turns->count; i++) {
        const struct oncall *turn = &turns->all[i];
        if (strcmp(turn->schedule, schedule) == 0 && turn->start_ms <= at_ms && at_ms < turn->end_ms)
            return turn;
    }
    return NULL;
}

/* The first to begin in SCHEDULE after AT_MS. */
static const struct oncall *turn_after(const struct turns *turns, const char *schedule, int64_t at_ms)
{
    const struct oncall *first = NULL;
    for (size_t i = 0; i < turns->count; i++) {
        const struct oncall *turn = &turns->all[i];
        if (strcmp(turn->schedule, schedule) == 0 && turn->start_ms > at_ms &&
            (!first || turn->start_ms < first->start_ms))
            first = turn;
    }
    return first;
}

/* Two turns of one person behind each other are one to whoever looks: when that ends. */
static int64_t end_of(const struct turns *turns, const struct oncall *turn)
{
    const struct oncall *next = turn;
    int64_t end_ms = turn->end_ms;
    while (end_ms != INT64_MAX && (next = turn_at(turns, turn->schedule, end_ms)) &&
           strcmp(next->user_id, turn->user_id) == 0)
        end_ms = next->end_ms;
    return end_ms;
}

/* From FROM_MS on; 0: since whenever. */
static json_t *turn_value(const struct turns *turns, const struct oncall *turn, int64_t from_ms)
{
    if (!turn)
        return json_null();
    int64_t end_ms = end_of(turns, turn);
    json_t *object = json_object();
    admin_put(&object, "name", admin_text_or_null(turn->name));
    admin_put(&object, "email", admin_text_or_null(turn->email));
    if (from_ms > 0)
        admin_put(&object, "from", admin_time(from_ms));
    admin_put(&object, "until", end_ms != INT64_MAX ? admin_time(end_ms) : json_null());
    return object;
}

static json_t *schedule_value(const struct turns *turns, const char *schedule, const char *role,
                              const char *rung)
{
    const struct oncall *now = turn_at(turns, schedule, turns->now_ms);
    int64_t end_ms = now ? end_of(turns, now) : turns->now_ms;
    const struct oncall *next = turn_at(turns, schedule, end_ms);
    if (!next)
        next = turn_after(turns, schedule, end_ms);
    json_t *object = json_object();
    admin_put(&object, "schedule", admin_text(schedule));
    admin_put(&object, "role", json_string(role));
    admin_put(&object, "rung", rung ? admin_text(rung) : json_null());
    admin_put(&object, "now", turn_value(turns, now, 0));
    admin_put(&object, "next",
              turn_value(turns, next, next && next->start_ms > end_ms ? next->start_ms : end_ms));
    return object;
}

/* One schedule may have several parts to play: it is shown for the first. */
static bool is_there(const json_t *array, const char *schedule)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *there = json_string_value(json_object_get(json_array_get(array, i), "schedule"));
        if (there && strcmp(there, schedule) == 0)
            return true;
    }
    return false;
}

static void add_schedule(json_t **array, const struct turns *turns, const char *schedule, const char *role,
                         const char *rung)
{
    if (schedule && !is_there(*array, schedule))
        admin_append(array, schedule_value(turns, schedule, role, rung));
}

json_t *admin_json_oncalls(const struct config *config, const struct oncall *turns, size_t count,
                           int64_t now_ms)
{
    const struct turns known = {turns, count, now_ms};
    json_t *array = json_array();
    add_schedule(&array, &known, config->pagerduty.engineer_schedule, "engineer", NULL);
    add_schedule(&array, &known, config->pagerduty.manager_schedule, "manager", NULL);
    for (size_t i = 0; i < config->escalation_count; i++)
        add_schedule(&array, &known, config->escalations[i].schedule, "escalation",
                     config->escalations[i].name);
    return array;
}

/* --- commands --- */

static const char *kind_name(enum argument_kind kind)
{
    switch (kind) {
    case ARGUMENT_TO: return "name";
    case ARGUMENT_PERIOD: return "period";
    case ARGUMENT_TICKET: return "ticket";
    default: return "text";
    }
}

static json_t *arguments_value(enum command command)
{
    const struct command_argument *arguments = command_arguments(command);
    json_t *array = json_array();
    for (size_t i = 0; i < COMMAND_ARGUMENTS && arguments[i].kind != ARGUMENT_NONE; i++) {
        json_t *object = json_object();
        admin_put(&object, "name", json_string(arguments[i].name));
        admin_put(&object, "kind", json_string(kind_name(arguments[i].kind)));
        admin_put(&object, "required", json_boolean(arguments[i].required));
        admin_append(&array, object);
    }
    return array;
}

json_t *admin_json_commands(void)
{
    json_t *array = json_array();
    for (int i = COMMAND_NONE + 1; i < COMMAND_COUNT; i++) {
        enum command command = (enum command)i;
        const char *label = slack_button_label(command);
        json_t *object = json_object();
        admin_put(&object, "name", json_string(command_name(command)));
        admin_put(&object, "label", label ? json_string(label) : json_null());
        admin_put(&object, "help", json_string(command_help(command)));
        admin_put(&object, "arguments", arguments_value(command));
        admin_append(&array, object);
    }
    return array;
}

/* Those of WANTED that the state of E allows. */
static json_t *allowed_value(const struct emergency *e, int64_t wanted)
{
    json_t *array = json_array();
    for (int i = COMMAND_NONE + 1; i < COMMAND_COUNT; i++) {
        enum command command = (enum command)i;
        if ((wanted & BUTTON(command)) && !emergency_forbids(e, command))
            admin_append(&array, json_string(command_name(command)));
    }
    return array;
}

/* --- an emergency --- */

json_t *admin_json_for_board(json_t *emergency, const struct emergency *e, const char *slack_home)
{
    char thread[256];
    slack_message_url(slack_home, e->thread_channel, e->thread_ts, thread, sizeof thread);
    admin_put(&emergency, "thread_url", admin_text_or_null(thread));
    admin_put(&emergency, "runbook_url", admin_text_or_null(e->runbook_url));
    admin_put(&emergency, "buttons", allowed_value(e, emergency_buttons(e)));
    admin_put(&emergency, "commands", allowed_value(e, -1));
    return emergency;
}
