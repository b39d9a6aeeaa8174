/*
 * The words for calls and what kinds of them there are. Nothing here fails; a value outside of its enum is a
 * broken contract and reads "?".
 */
#include "lib/action.h"

static const char *const service_names[SERVICE_COUNT] = {
    [SERVICE_ZENDESK] = "zendesk",
    [SERVICE_PAGERDUTY] = "pagerduty",
};

static const char *const state_names[] = {
    [ACTION_PENDING] = "pending",     [ACTION_SENDING] = "sending", [ACTION_UNKNOWN] = "unknown",
    [ACTION_DONE] = "done",           [ACTION_DRY] = "dry",         [ACTION_PARKED] = "parked",
    [ACTION_CANCELLED] = "cancelled",
};

const char *service_name(enum service_id service)
{
    return (size_t)service < COUNT_OF(service_names) ? service_names[service] : "?";
}

const char *action_state_name(enum action_state state)
{
    return (size_t)state < COUNT_OF(state_names) ? state_names[state] : "?";
}

bool action_is_read(enum action_kind kind)
{
    return kind == ACTION_READ_TICKET || kind == ACTION_READ_ALERTS;
}

bool action_is_customer_facing(enum action_kind kind)
{
    return action_is_step(kind);
}
