/*
 * The words for calls and what kinds of them there are. Nothing here fails; a value outside of its enum is a
 * broken contract and reads "?".
 */
#include "lib/action.h"

static const char *const service_names[SERVICE_COUNT] = {
    [SERVICE_ZENDESK] = "zendesk", [SERVICE_PAGERDUTY] = "pagerduty", [SERVICE_SLACK] = "slack",
    [SERVICE_ZOOM] = "zoom",       [SERVICE_GITLAB] = "gitlab",       [SERVICE_HEARTBEAT] = "heartbeat",
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
    switch (kind) {
    case ACTION_READ_TICKET:
    case ACTION_READ_ALERTS:
    case ACTION_READ_PAGER:
    case ACTION_READ_SLACK:
    case ACTION_READ_JOINER:
    case ACTION_READ_MACRO:
    case ACTION_CHECK_PAGE: return true;
    default: return false;
    }
}

enum service_id action_service(enum action_kind kind)
{
    switch (kind) {
    case ACTION_FIRST_CONTACT:
    case ACTION_FOLLOW_UP:
    case ACTION_DOWNGRADE:
    case ACTION_URGENT:
    case ACTION_BULK_ANSWER:
    case ACTION_READ_TICKET:
    case ACTION_READ_JOINER:
    case ACTION_READ_MACRO: return SERVICE_ZENDESK;
    case ACTION_OPEN_THREAD:
    case ACTION_UPDATE_THREAD:
    case ACTION_REPLY:
    case ACTION_POST:
    case ACTION_WHISPER:
    case ACTION_READ_SLACK: return SERVICE_SLACK;
    case ACTION_CREATE_MEETING:
    case ACTION_END_MEETING: return SERVICE_ZOOM;
    case ACTION_RUNBOOK: return SERVICE_GITLAB;
    default: return SERVICE_PAGERDUTY;
    }
}

bool action_is_free(enum action_kind kind)
{
    switch (kind) {
    case ACTION_READ_ALERTS:
    case ACTION_SUMMON:
    case ACTION_CHECK_PAGE:
    case ACTION_READ_PAGER:
    case ACTION_POST:
    case ACTION_WHISPER:
    case ACTION_READ_SLACK:
    case ACTION_READ_JOINER:
    case ACTION_READ_MACRO: return true;
    default: return false;
    }
}

bool action_is_customer_facing(enum action_kind kind)
{
    return action_is_step(kind) || kind == ACTION_BULK_ANSWER;
}
