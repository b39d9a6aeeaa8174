/*
 * Clocks: by how much the services' differ from ours, and what happens when ours is set: whatever the desk
 * knows of times, in rows and in memory, moves with it, so that what was noted before compares with what
 * comes as if the clock had always been right. See events_move.
 */
#include "lib/desk_internal.h"
#include "lib/text.h"

#include <stdlib.h>
#include <string.h>

/* So long after its end an emergency may still tell whether its ticket turned urgent anew. */
#define CLOSED_COUNTS_MS (24 * 3600 * 1000LL)
/* Less is no news: stamps are whole seconds, and answers take their time. */
#define LEAST_SKEW_MS 2000
/* So far ahead a clock may be by which times are told: what is not corrected, and its stamps' coarseness. */
#define MOST_AHEAD_MS (LEAST_SKEW_MS + 1000)

static void move_time(int64_t *at_ms, int64_t shift_ms)
{
    if (*at_ms != 0)
        *at_ms += shift_ms;
}

static bool step_clock_of(struct desk *desk, int64_t id, int64_t shift_ms)
{
    struct emergency e;
    struct event event = desk_own_event(desk, EVENT_CLOCK_STEP);
    event.shift_ms = shift_ms;
    enum store_result found = store_get_emergency(desk->store, id, &e);
    return desk_did(desk, found) && (found == STORE_NONE || desk_apply(desk, &e, &event, NULL, NULL));
}

static void move_emergencies(struct desk *desk, int64_t shift_ms)
{
    enum { MANY = 256 };
    int64_t ids[MANY];
    int64_t after = 0;
    int64_t closed_since_ms = desk->now_ms - shift_ms - CLOSED_COUNTS_MS;
    if (closed_since_ms > desk->now_ms) /* none may have ended in the future */
        closed_since_ms = desk->now_ms;
    int count = MANY;
    while (count == MANY && desk->trouble == STORE_OK &&
           desk_did(desk, store_recent_ids(desk->store, after, closed_since_ms, ids, MANY, &count)))
        for (int i = 0; i < count; i++) {
            after = ids[i];
            if (desk_begin_item(desk))
                (void)desk_end_item(desk, step_clock_of(desk, ids[i], shift_ms));
        }
}

static bool move_action(struct desk *desk, struct action *action, int64_t shift_ms)
{
    move_time(&action->next_ms, shift_ms);
    move_time(&action->created_ms, shift_ms);
    if (action->kind != ACTION_READ_JOINER) /* there it is no time */
        move_time(&action->due_ms, shift_ms);
    if (action->kind != ACTION_SUMMON) /* nor there */
        move_time(&action->raised_ms, shift_ms);
    return desk_did(desk, store_put_action(desk->store, action));
}

static bool move_actions(struct desk *desk, int64_t shift_ms)
{
    enum { MANY = 64 };
    struct action *actions = calloc(MANY, sizeof *actions);
    int64_t after = 0;
    int count = MANY;
    bool good = actions;
    if (!actions)
        desk_fail(desk, STORE_BROKEN);
    while (good && count == MANY) {
        good = desk_did(desk, store_open_actions(desk->store, after, actions, MANY, &count));
        for (int i = 0; good && i < count; i++) {
            after = actions[i].id;
            good = move_action(desk, &actions[i], shift_ms);
        }
    }
    free(actions);
    return good;
}

/* Which tickets were urgent before it is asked by the same clock. */
static bool keep_first_start(struct desk *desk)
{
    char text[32];
    text_format(text, sizeof text, "%lld", (long long)desk->first_start_ms);
    return desk_did(desk, store_set_fact(desk->store, "first_start_ms", text));
}

static void name_skew(enum service_id service, char *out, size_t size)
{
    text_format(out, size, "%s_skew_ms", service_name(service));
}

/* For webhooks that come before its first answer to the next process. */
static void keep_skew(struct desk *desk, enum service_id service)
{
    char name[40];
    char text[32];
    if (!desk->skew_known[service])
        return;
    name_skew(service, name, sizeof name);
    text_format(text, sizeof text, "%lld", (long long)desk->skew_ms[service]);
    (void)!desk_did(desk, store_set_fact(desk->store, name, text));
}

bool desk_read_skews(struct desk *desk)
{
    for (unsigned i = 0; i < SERVICE_COUNT; i++) {
        char name[40];
        char text[32] = "0";
        name_skew((enum service_id)i, name, sizeof name);
        enum store_result found = store_get_fact(desk->store, name, text, sizeof text);
        desk->skew_known[i] = found == STORE_OK;
        if (!desk_did(desk, found) || !text_to_i64(text, strlen(text), &desk->skew_ms[i]))
            return false;
    }
    return true;
}

int64_t desk_skew_ms(const struct desk *desk, enum service_id service)
{
    int64_t skew_ms = desk->skew_ms[service];
    return skew_ms >= LEAST_SKEW_MS || skew_ms <= -LEAST_SKEW_MS ? skew_ms : 0;
}

void desk_correct_time(const struct desk *desk, enum service_id sender, struct event *event)
{
    event->at_ms -= desk_skew_ms(desk, sender);
}

/* Nothing happens in the future. But what Zendesk's clock, a little ahead, told apart must not become the
 * order in which its webhooks arrive: an answer may come before the contact. So a time that is cut is coarse.
 */
void desk_bound_time(const struct desk *desk, struct event *event)
{
    if (event->at_ms <= desk->now_ms)
        return;
    int64_t ahead_ms = event->at_ms - desk->now_ms;
    event->at_ms = desk->now_ms;
    if (event->source == EVENT_SOURCE_ZENDESK)
        event->resolution_ms += ahead_ms < MOST_AHEAD_MS ? ahead_ms : MOST_AHEAD_MS;
}

/* The answer was dated, to the second, between our asking and its coming, which may be long: what is known of
 * the skew is changed only as far as that proves it wrong. */
void desk_learn_skew(struct desk *desk, const struct flight *flight, const struct call *call)
{
    int64_t *skew_ms = &desk->skew_ms[call->service];
    const int64_t was_ms = *skew_ms;
    const bool was_known = desk->skew_known[call->service];
    if (!call_is_good(call) || call->date_ms == 0 || call->received_ms == 0)
        return;
    desk->skew_known[call->service] = true;
    if (*skew_ms < call->date_ms - call->received_ms)
        *skew_ms = call->date_ms - call->received_ms;
    if (*skew_ms > call->date_ms + 999 - flight->asked_ms)
        *skew_ms = call->date_ms + 999 - flight->asked_ms;
    if (!was_known || *skew_ms != was_ms)
        keep_skew(desk, call->service);
}

static void move_memory(struct desk *desk, int64_t shift_ms)
{
    for (struct flight *flight = desk->flights; flight; flight = flight->next) {
        move_time(&flight->asked_ms, shift_ms);
        move_time(&flight->read_ms, shift_ms);
    }
    desk->first_start_ms += shift_ms;
    for (size_t i = 0; i < SERVICE_COUNT; i++) {
        if (desk->skew_known[i]) /* the service's clock was not set; of others, ours may be right only now */
            desk->skew_ms[i] -= shift_ms;
        desk->lines[i].not_before_ms = desk->lines[i].probe_ms = 0;
    }
    desk->lost_track_ms = desk->now_ms;
    desk->next_poll_ms = desk->next_oncalls_ms = desk->now_ms;
    if (desk->next_heartbeat_ms != INT64_MAX)
        desk->next_heartbeat_ms = desk->now_ms;
}

void desk_take_clock_step(struct desk *desk, int64_t shift_ms)
{
    log_event(desk->log, LOG_LEVEL_WARNING, "CLOCK-STEP", 0, 0,
              "the clock was set by %+lld ms: deadlines move with it", (long long)shift_ms);
    /* First: what emergencies do then is by the new clock. And once, however often the batch is tried. */
    move_memory(desk, shift_ms - desk->moved_ms);
    desk->moved_ms = shift_ms;
    for (unsigned i = 0; i < SERVICE_COUNT; i++)
        keep_skew(desk, (enum service_id)i);
    if (desk->trouble == STORE_OK && desk_did(desk, store_add_clock_step(desk->store, shift_ms)) &&
        keep_first_start(desk) && move_actions(desk, shift_ms))
        move_emergencies(desk, shift_ms);
}
