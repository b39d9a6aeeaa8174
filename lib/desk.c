/*
 * The desk's batches: begin, take what comes, end. What goes wrong with the store spoils the
 * batch and is told by desk_end; out of memory counts as a broken store, since a process that can't remember
 * must start again.
 */
#include "lib/desk_internal.h"
#include "lib/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A deadline or an answer that could not be handled is tried again after this. */
#define ITEM_PAUSE_MS 60000

/* In one go, so that webhooks don't wait for it. */
#define TIDY_PAYLOADS 500

void desk_fail(struct desk *desk, enum store_result result)
{
    if (desk->trouble == STORE_OK)
        desk->trouble = result;
}

bool desk_did(struct desk *desk, enum store_result result)
{
    if (result == STORE_OK || result == STORE_NONE)
        return true;
    desk_fail(desk, result);
    return false;
}

bool list_push(void **items, size_t *count, size_t *room, const void *item, size_t size)
{
    if (*count == *room) {
        size_t more = *room ? *room * 2 : 16;
        void *grown = reallocarray(*items, more, size);
        if (!grown)
            return false;
        *items = grown;
        *room = more;
    }
    memcpy((char *)*items + *count * size, item, size);
    (*count)++;
    return true;
}

void desk_alarm(struct desk *desk, enum alarm_kind kind, int64_t id, int64_t due_ms)
{
    const struct alarm_change change = {kind, id, due_ms};
    if (!list_push((void **)&desk->changes, &desk->change_count, &desk->change_room, &change, sizeof change))
        desk_fail(desk, STORE_BROKEN);
}

/* --- batches --- */

enum store_result desk_begin(struct desk *desk, int64_t now_ms)
{
    desk->now_ms = now_ms;
    desk->batch++;
    desk->trouble = store_begin(desk->store);
    return desk->trouble;
}

static void drop_calls(struct desk *desk)
{
    while (desk->calls) {
        struct call *call = desk->calls;
        desk->calls = call->next;
        desk->calls_open--;
        call_free(call);
    }
    desk->calls_end = &desk->calls;
}

/* What this batch began or moved has not happened: it starts again from its rows, with new alarms for all. */
static void undo_batch(struct desk *desk)
{
    struct flight *next;
    drop_calls(desk);
    desk->last_press = (struct press){0};
    for (struct flight *flight = desk->flights; flight; flight = next) {
        next = flight->next;
        if (flight->batch == desk->batch)
            desk_end_flight(desk, flight);
    }
    desk->lost_track_ms = desk->now_ms;
    const char *why = desk->trouble == STORE_NONE ? "something that came with it failed: send it again"
                                                  : "the database can't be written right now";
    for (struct delivery *delivery = desk->answers; delivery; delivery = delivery->next)
        desk_answer(delivery, 503, why);
}

static void keep_batch(struct desk *desk)
{
    desk->moved_ms = 0;
    for (size_t i = 0; i < desk->change_count; i++) {
        const struct alarm_change *change = &desk->changes[i];
        if (change->due_ms == 0)
            alarms_clear(&desk->alarms, change->kind, change->id);
        else if (!alarms_set(&desk->alarms, change->kind, change->id, change->due_ms))
            desk->trouble = STORE_BROKEN;
    }
    if (desk->calls) {
        *desk->ready_end = desk->calls;
        desk->ready_end = desk->calls_end;
        desk->calls = NULL;
        desk->calls_end = &desk->calls;
    }
}

enum store_result desk_end(struct desk *desk)
{
    if (desk->trouble == STORE_OK)
        desk->trouble = store_commit_unsynced(desk->store);
    else
        store_rollback(desk->store);
    if (desk->trouble == STORE_OK) {
        metrics_count(&desk->metrics->commits);
        keep_batch(desk);
    } else {
        metrics_count(&desk->metrics->commits_failed);
        undo_batch(desk);
    }
    desk->change_count = 0;
    return desk->trouble;
}

struct delivery *desk_answers(struct desk *desk)
{
    struct delivery *answers = desk->answers;
    desk->answers = NULL;
    desk->answers_end = &desk->answers;
    return answers;
}

struct call *desk_calls(struct desk *desk)
{
    struct call *calls = desk->ready;
    desk->ready = NULL;
    desk->ready_end = &desk->ready;
    return calls;
}

bool desk_is_well(const struct desk *desk)
{
    return desk->trouble == STORE_OK;
}

size_t desk_calls_open(const struct desk *desk)
{
    return desk->calls_open;
}

void desk_quiet(struct desk *desk)
{
    desk->quiet = true;
}

/* --- items: one bad item harms no other, but for the first one ---
 *
 * Savepoints would cost a tenth of the ledger's time, for what hardly ever happens. So the first bad item
 * takes its batch with it, all of which comes again; from then on each item has a savepoint. */

bool desk_begin_item(struct desk *desk)
{
    if (!desk->careful)
        return desk->trouble == STORE_OK;
    desk->item_changes = desk->change_count;
    desk->item_calls = desk->calls_end;
    desk->item_serial = desk->last_serial;
    return desk->trouble == STORE_OK && desk_did(desk, store_item_begin(desk->store));
}

/* What a bad item left in memory goes with it. */
static void undo_item(struct desk *desk)
{
    store_item_undo(desk->store);
    desk->last_press = (struct press){0};
    desk->change_count = desk->item_changes;
    struct call *call = *desk->item_calls;
    *desk->item_calls = NULL;
    desk->calls_end = desk->item_calls;
    while (call) {
        struct call *next = call->next;
        desk->calls_open--;
        call_free(call);
        call = next;
    }
    struct flight *next;
    for (struct flight *flight = desk->flights; flight; flight = next) {
        next = flight->next;
        if (flight->serial > desk->item_serial || (flight->serial == 0 && flight->batch == desk->batch))
            desk_end_flight(desk, flight);
    }
    if (desk->lost_track_ms == 0) /* of flights that the item ended, and of places in lines */
        desk->lost_track_ms =
            desk->now_ms + ITEM_PAUSE_MS; /* not at once: the item would go round in a circle */
}

/* False: the item was bad and is undone; or the whole batch is in trouble. */
bool desk_end_item(struct desk *desk, bool good)
{
    if (desk->trouble != STORE_OK)
        return false;
    if (good)
        return !desk->careful || desk_did(desk, store_item_keep(desk->store));
    if (desk->careful)
        undo_item(desk);
    else
        desk_fail(desk, STORE_NONE);
    log_event(desk->log, LOG_LEVEL_ERROR, "ITEM-UNDONE", 0, 0,
              desk->careful ? "something could not be handled and was undone"
                            : "something could not be handled: undone, with what came at the same time");
    desk->careful = true;
    return false;
}

/* --- deliveries --- */

void desk_answer(struct delivery *delivery, int status, const char *error)
{
    delivery->status = status;
    text_copy(delivery->error, sizeof delivery->error, error);
}

static bool take_webhook(struct desk *desk, struct delivery *delivery)
{
    delivery->event.now_ms = desk->now_ms;
    const struct journal_entry entry = {
        /* a body that can't be read has no say in what is a repeat */
        .repeat_key = delivery->repeat_key[0] && !delivery->rejected ? delivery->repeat_key : NULL,
        .payload = delivery->payload,
        .payload_length = delivery->payload_length,
        .outcome = delivery->rejected ? DELIVERY_REJECTED : DELIVERY_IGNORED,
    };
    delivery->status = 200;
    if (delivery->event.at_ms == 0)
        delivery->event.at_ms = desk->now_ms;
    else
        desk_correct_time(desk, delivery->service, &delivery->event);
    desk_bound_time(desk, &delivery->event);
    if (delivery->rejected) /* kept as it came, and means nothing */
        delivery->event =
            (struct event){.type = EVENT_IGNORED, .at_ms = desk->now_ms, .now_ms = desk->now_ms};
    if (delivery->question != QUESTION_NONE && !delivery->rejected)
        return desk_take_question(desk, delivery, &entry);
    if (delivery->event.type == EVENT_COMMAND)
        return desk_take_command(desk, delivery, &entry);
    return desk_take_event(desk, delivery, &entry);
}

static bool take_retry(struct desk *desk, struct delivery *delivery)
{
    struct action action;
    enum store_result found = store_get_action(desk->store, delivery->action, &action);
    if (!desk_did(desk, found))
        return false;
    if (found == STORE_NONE) {
        desk_answer(delivery, 404, "no such call");
        return true;
    }
    if (action.state != ACTION_PARKED) {
        desk_answer(delivery, 409, "only a parked call can be sent again");
        return true;
    }
    action.state = ACTION_UNKNOWN; /* looked up first, whatever became of it */
    action.next_ms = 0;
    action.ended_ms = 0;
    desk_alarm(desk, ALARM_ACTION, action.id, desk->now_ms);
    delivery->status = 200;
    return desk_did(desk, store_put_action(desk->store, &action));
}

void desk_try_write(struct desk *desk)
{
    char text[32];
    text_format(text, sizeof text, "%lld", (long long)desk->now_ms);
    if (desk->trouble == STORE_OK)
        (void)!desk_did(desk, store_set_fact(desk->store, "last_probe_ms", text));
}

static bool take_probe(struct desk *desk, struct delivery *delivery)
{
    delivery->status = 200;
    desk_try_write(desk);
    return desk->trouble == STORE_OK;
}

static bool take_delivery(struct desk *desk, struct delivery *delivery)
{
    switch (delivery->kind) {
    case DELIVERY_WEBHOOK: return take_webhook(desk, delivery);
    case DELIVERY_COMMAND: return desk_take_command(desk, delivery, NULL);
    case DELIVERY_PROBE: return take_probe(desk, delivery);
    case DELIVERY_RETRY: return take_retry(desk, delivery);
    }
    return false;
}

/* A webhook that can't be handled would come again and again, and hold up those behind it: kept, and no more.
 */
static bool set_aside(struct desk *desk, struct delivery *delivery)
{
    const struct journal_entry entry = {.repeat_key = delivery->repeat_key[0] ? delivery->repeat_key : NULL,
                                        .payload = delivery->payload,
                                        .payload_length = delivery->payload_length,
                                        .outcome = DELIVERY_REJECTED};
    if (delivery->kind != DELIVERY_WEBHOOK || !desk_begin_item(desk))
        return false;
    delivery->event = (struct event){.type = EVENT_IGNORED, .at_ms = desk->now_ms, .now_ms = desk->now_ms};
    log_event(desk->log, LOG_LEVEL_ERROR, "WEBHOOK-ASIDE", 0, 0,
              "a webhook of %s can't be handled: only kept", service_name(delivery->service));
    delivery->status = 200;
    return desk_end_item(desk, desk_did(desk, store_add_event(desk->store, &delivery->event, &entry)));
}

void desk_take_delivery(struct desk *desk, struct delivery *delivery)
{
    bool good = desk_begin_item(desk) && desk_end_item(desk, take_delivery(desk, delivery));
    if (!good && desk->trouble == STORE_OK)
        good = set_aside(desk, delivery);
    if (!good)
        desk_answer(delivery, 503, "it can't be stored right now");
    delivery->next = NULL;
    *desk->answers_end = delivery;
    desk->answers_end = &delivery->next;
}

/* --- answers of services --- */

static struct flight *flight_of_call(struct desk *desk, const struct call *call)
{
    for (struct flight *flight = desk->flights; flight; flight = flight->next)
        if (flight->serial == call->flight)
            return flight;
    return NULL;
}

static bool take_answer(struct desk *desk, struct flight *flight, struct call *call)
{
    desk_learn_skew(desk, flight, call);
    switch (flight->service) {
    case SERVICE_ZENDESK: return desk_take_zendesk(desk, flight, call);
    case SERVICE_PAGERDUTY: return desk_take_pagerduty(desk, flight, call);
    case SERVICE_SLACK: return desk_take_slack(desk, flight, call);
    case SERVICE_ZOOM: return desk_take_zoom(desk, flight, call);
    case SERVICE_GITLAB: return desk_take_gitlab(desk, flight, call);
    default: desk_end_flight(desk, flight); return true; /* whether the monitor heard it is its own affair */
    }
}

/* An answer that can't be handled: the action starts again from its row, but not at once. */
static void give_up_flight(struct desk *desk, int64_t action)
{
    struct flight *flight = desk_flight_of(desk, action);
    if (flight)
        desk_end_flight(desk, flight);
    desk_alarm(desk, ALARM_ACTION, action, desk->now_ms + ITEM_PAUSE_MS);
}

void desk_take_call(struct desk *desk, struct call *call)
{
    struct flight *flight = flight_of_call(desk, call);
    desk->calls_open--;
    if (flight)
        flight->batch = desk->batch; /* whatever happens to the batch happens to it */
    if (flight && desk_begin_item(desk)) {
        int64_t action = flight->action;
        bool good = desk_end_item(desk, take_answer(desk, flight, call));
        if (!good && desk->trouble == STORE_OK && action > 0)
            give_up_flight(desk, action);
    }
    call_free(call);
}

/* --- deadlines --- */

static bool wake(struct desk *desk, int64_t id)
{
    struct emergency e;
    enum store_result found = store_get_emergency(desk->store, id, &e);
    if (!desk_did(desk, found))
        return false;
    int64_t wake_ms = found == STORE_OK && e.id == id ? emergency_wake_ms(&e, &desk->policy) : 0;
    if (wake_ms == 0)
        return true; /* the alarm was a hint, and the row says otherwise */
    if (wake_ms > desk->now_ms) {
        desk_alarm(desk, ALARM_EMERGENCY, id, wake_ms);
        return true;
    }
    metrics_count(&desk->metrics->deadlines);
    struct event event = desk_own_event(desk, EVENT_WAKE);
    if (!desk_apply(desk, &e, &event, NULL, NULL))
        return false;
    wake_ms = emergency_wake_ms(&e, &desk->policy);
    if (wake_ms != 0 && wake_ms <= desk->now_ms) /* never in a circle, whatever the rules say */
        desk_alarm(desk, ALARM_EMERGENCY, id, desk->now_ms + ITEM_PAUSE_MS);
    return true;
}

/* The wheel is made anew from the store's rows: after the clock was set (it can't go back), and when a batch
 * or an item was undone. */
static bool rebuild_alarms(struct desk *desk)
{
    alarms_free(&desk->alarms);
    alarms_init(&desk->alarms, desk->now_ms);
    desk->change_count = 0;
    desk->lost_track_ms = 0;
    for (size_t i = 0; i < SERVICE_COUNT; i++)
        desk->lines[i].waiting_count[0] = desk->lines[i].waiting_count[1] = 0;
    return desk_read_shift(desk) && /* a hand-over may have been undone */
           desk_did(desk, store_wakes(desk->store, desk_set_emergency_alarm, desk)) &&
           desk_take_up_actions(desk, desk->now_ms, false);
}

static void take_one_due(struct desk *desk, enum alarm_kind kind, int64_t id)
{
    if (desk_begin_item(desk) &&
        !desk_end_item(desk, kind == ALARM_EMERGENCY ? wake(desk, id) : desk_begin_action(desk, id)))
        desk_alarm(desk, kind, id, desk->now_ms + ITEM_PAUSE_MS);
}

bool desk_take_due(struct desk *desk, int limit)
{
    enum alarm_kind kind;
    int64_t id;
    int64_t due_ms;
    bool lost_track = desk->lost_track_ms != 0 && desk->lost_track_ms <= desk->now_ms;
    if (lost_track && desk->trouble == STORE_OK && !rebuild_alarms(desk))
        desk_fail(desk, STORE_BROKEN);
    if (desk->now_ms >= desk->next_poll_ms && desk_begin_item(desk)) {
        desk->next_poll_ms = desk->now_ms + desk->config->zendesk.poll_every_ms;
        (void)desk_end_item(desk, desk_poll(desk));
    }
    desk_change_shifts(desk);
    if (desk->now_ms >= desk->next_heartbeat_ms && desk_begin_item(desk))
        (void)desk_end_item(desk, desk_beat(desk));
    alarms_advance(&desk->alarms, desk->now_ms);
    while (limit > 0 && desk->trouble == STORE_OK && alarms_pop(&desk->alarms, &kind, &id, &due_ms)) {
        take_one_due(desk, kind, id);
        limit--;
    }
    return limit == 0;
}

int64_t desk_next_ms(const struct desk *desk)
{
    int64_t next_ms = desk->next_poll_ms;
    int64_t wake_ms;
    if (alarms_next(&desk->alarms, &wake_ms) && wake_ms < next_ms)
        next_ms = wake_ms;
    if (desk->next_shift_ms < next_ms)
        next_ms = desk->next_shift_ms;
    if (desk->next_heartbeat_ms < next_ms)
        next_ms = desk->next_heartbeat_ms;
    if (desk->lost_track_ms != 0 && desk->lost_track_ms < next_ms)
        next_ms = desk->lost_track_ms;
    return next_ms;
}

enum store_result desk_tidy(struct desk *desk, int64_t now_ms, bool *more)
{
    int dropped = 0;
    *more = false;
    enum store_result result = store_begin(desk->store);
    if (result != STORE_OK)
        return result;
    result = store_drop_payloads(desk->store, now_ms - desk->config->store.keep_payloads_ms, TIDY_PAYLOADS,
                                 &dropped);
    if (result != STORE_OK) {
        store_rollback(desk->store);
        return result;
    }
    result = store_commit_unsynced(desk->store);
    *more = dropped == TIDY_PAYLOADS;
    return result;
}
