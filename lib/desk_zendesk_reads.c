/*
 * What is read in Zendesk for people only, and decides nothing: the customer's organisation, the macro for
 * the notes after a call.
 */
#include "lib/desk_internal.h"

/* What people read of the organisation: without it things go on. */
bool desk_take_organization(struct desk *desk, struct flight *flight, const struct call *call)
{
    char error[160];
    struct emergency e;
    struct action action;
    struct event event = desk_own_event(desk, EVENT_TOLD);
    enum store_result found = store_get_emergency(desk->store, flight->emergency, &e);
    if (!desk_did(desk, found))
        return false;
    if (found == STORE_OK && call_is_good(call) &&
        zendesk_read_organization(desk->config, desk->reader, call->answer, call->answer_length,
                                  &event.ticket, error, sizeof error) &&
        !desk_apply(desk, &e, &event, NULL, NULL))
        return false;
    found = store_get_action(desk->store, flight->action, &action);
    return desk_did(desk, found) && found == STORE_OK && desk_finish(desk, flight, &action, ACTION_DONE, "");
}

bool desk_take_macro(struct desk *desk, struct flight *flight, struct call *call)
{
    char error[160];
    struct action action;
    struct emergency e;
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    if (!desk_get_both(desk, flight, &action, &e))
        return false;
    if (!zendesk_read_macro(desk->reader, call->answer, call->answer_length, action.text, sizeof action.text,
                            error, sizeof error))
        return desk_take_unreadable(desk, flight, call, error);
    return desk_finish(desk, flight, &action, ACTION_DONE, "") && desk_tell_macro(desk, &e, &action);
}
