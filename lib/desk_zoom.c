/*
 * What the desk asks of Zoom and what the answers mean: the bridge, made and closed. A meeting whose making
 * has no known end is looked for by its mark; closing one may be repeated.
 */
#include "lib/desk_internal.h"
#include "lib/text.h"

static bool write_it(struct desk *desk, struct flight *flight, struct emergency *e, struct action *action)
{
    char mark[80];
    char topic[200];
    struct emergency other;
    struct request request = {0};
    bool good;
    bool wanted = emergency_still_wants(e, action->kind, action->cause);
    if (!desk_goes_on(desk, flight, e, action, wanted, &good))
        return good;
    struct message_facts facts = desk_facts(desk, e, NULL, &other);
    desk_mark(desk, action, mark, sizeof mark);
    messages_write(desk->config->messages.texts, MESSAGE_MEETING_TOPIC, &facts, topic, sizeof topic);
    bool made = action->kind == ACTION_CREATE_MEETING
                    ? zoom_create_meeting(&request, desk->config, topic, mark, desk->now_ms)
                    : zoom_end_meeting(&request, e->meeting);
    return desk_send(desk, flight, e, action, &request, made, false);
}

bool desk_begin_zoom(struct desk *desk, struct flight *flight, struct action *action)
{
    struct emergency e;
    struct request request = {0};
    if (!desk_get_both(desk, flight, action, &e))
        return false;
    if (action->state == ACTION_UNKNOWN && action->kind == ACTION_CREATE_MEETING)
        return desk_ask_made(desk, flight, FLIGHT_MARKED, &request,
                             zoom_list_meetings(&request, desk->config));
    return write_it(desk, flight, &e, action);
}

/* What is not running, or gone, can't be ended and need not be. */
static bool is_over_already(struct desk *desk, const struct call *call)
{
    if (call->end != CALL_ANSWERED)
        return false;
    return call->status == 404 ||
           (call->status == 400 && zoom_is_about_meeting(desk->reader, call->answer, call->answer_length));
}

static bool take_write(struct desk *desk, struct flight *flight, struct call *call)
{
    char error[160];
    bool running;
    struct action action;
    struct emergency e;
    struct result_facts result = {0};
    if (!desk_get_both(desk, flight, &action, &e))
        return false;
    if (action.kind == ACTION_END_MEETING)
        return call_is_good(call) || is_over_already(desk, call) ? desk_accept(desk, flight, &action, NULL)
                                                                 : desk_take_failure(desk, flight, call);
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    if (!zoom_read_meeting(desk->reader, call->answer, call->answer_length, &result.meeting, result.url,
                           sizeof result.url, &running, error, sizeof error))
        return desk_take_unreadable(desk, flight, call, error);
    return desk_accept(desk, flight, &action, &result);
}

static bool take_marked(struct desk *desk, struct flight *flight, struct call *call)
{
    char mark[80];
    char error[160];
    struct action action;
    struct emergency e;
    struct result_facts result = {0};
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    if (!desk_get_both(desk, flight, &action, &e))
        return false;
    desk_mark(desk, &action, mark, sizeof mark);
    if (!zoom_read_marked(desk->reader, call->answer, call->answer_length, mark, &result.meeting, result.url,
                          sizeof result.url, error, sizeof error))
        return desk_take_unreadable(desk, flight, call, error);
    return result.meeting > 0 ? desk_accept(desk, flight, &action, &result)
                              : write_it(desk, flight, &e, &action);
}

bool desk_take_zoom(struct desk *desk, struct flight *flight, struct call *call)
{
    switch (flight->step) {
    case FLIGHT_WRITE: return take_write(desk, flight, call);
    case FLIGHT_MARKED: return take_marked(desk, flight, call);
    case FLIGHT_PROBE: return desk_take_probe(desk, flight, call);
    default: return false;
    }
}
