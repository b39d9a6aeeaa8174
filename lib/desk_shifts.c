/*
 * Who is on call, as PagerDuty says every few minutes; handing over where a shift ends; and the heartbeat,
 * which tells an outside monitor that all this is alive.
 */
#include "lib/coverage.h"
#include "lib/desk_internal.h"
#include "lib/text.h"

#include <stdlib.h>
#include <string.h>

#define ONCALLS_EVERY_MS (5 * 60 * 1000)
#define ONCALLS_AHEAD_MS (48 * 3600 * 1000LL)
#define SCHEDULES_MAX    (2 + CONFIG_NAMED_MAX)
/* A shift that began longer ago than this, while nobody was there, is handed over no more. */
#define SHIFT_PATIENCE_MS (15 * 60 * 1000)
#define SHIFT_FACT        "shift_seen_ms"

/* --- who is on call --- */

bool desk_oncall(const struct desk *desk, const char *schedule, int64_t at_ms, struct oncall *oncall)
{
    for (size_t i = 0; schedule && i < desk->oncall_count; i++) {
        const struct oncall *turn = &desk->oncalls[i];
        if (strcmp(turn->schedule, schedule) != 0 || turn->start_ms > at_ms || turn->end_ms <= at_ms)
            continue;
        *oncall = *turn;
        return true;
    }
    return false;
}

const struct oncall *desk_oncall_named(const struct desk *desk, const char *to)
{
    for (size_t i = 0; i < desk->oncall_count; i++)
        if (strcmp(desk->oncalls[i].user_id, to) == 0 || text_equal_nocase(desk->oncalls[i].name, to))
            return &desk->oncalls[i];
    return NULL;
}

static void add_schedule(const char *schedules[SCHEDULES_MAX], size_t *count, const char *schedule)
{
    for (size_t i = 0; i < *count; i++)
        if (schedule && strcmp(schedules[i], schedule) == 0)
            return;
    if (schedule)
        schedules[(*count)++] = schedule;
}

static bool ask_page(struct desk *desk, struct flight *flight)
{
    const char *schedules[SCHEDULES_MAX] = {0};
    size_t count = 0;
    struct request request = {0};
    const struct config *config = desk->config;
    add_schedule(schedules, &count, config->pagerduty.engineer_schedule);
    add_schedule(schedules, &count, config->pagerduty.manager_schedule);
    for (size_t i = 0; i < config->escalation_count; i++)
        add_schedule(schedules, &count, config->escalations[i].schedule);
    if (count == 0) {
        desk_end_flight(desk, flight);
        return true;
    }
    return desk_ask_made(desk, flight, FLIGHT_ONCALLS, &request,
                         pagerduty_get_oncalls(&request, schedules, count, desk->now_ms,
                                               desk->now_ms + ONCALLS_AHEAD_MS, desk->new_oncall_count));
}

bool desk_ask_oncalls(struct desk *desk)
{
    if (desk->now_ms < desk->next_oncalls_ms)
        return true;
    desk->next_oncalls_ms = desk->now_ms + ONCALLS_EVERY_MS;
    desk->new_oncall_count = 0;
    struct flight *flight = desk_new_flight(desk, SERVICE_PAGERDUTY, 0);
    return flight && ask_page(desk, flight);
}

struct oncalls_read {
    struct desk *desk;
    bool good;
};

/* Whoever is on call will be mentioned, and may press buttons: they are known beforehand. */
static void take_turn(void *context, const struct pagerduty_oncall *told)
{
    struct oncalls_read *read = context;
    struct desk *desk = read->desk;
    struct oncall turn = {.start_ms = told->start_ms, .end_ms = told->end_ms};
    struct person person = {.pagerduty_asked_ms = desk->now_ms};
    text_copy(turn.schedule, sizeof turn.schedule, told->schedule);
    text_copy(turn.user_id, sizeof turn.user_id, told->user.id);
    text_copy(turn.name, sizeof turn.name, told->user.name);
    text_copy(turn.email, sizeof turn.email, told->user.email);
    text_copy(person.email, sizeof person.email, told->user.email);
    text_copy(person.name, sizeof person.name, told->user.name);
    text_copy(person.pagerduty_id, sizeof person.pagerduty_id, told->user.id);
    read->good = read->good &&
                 (list_push((void **)&desk->new_oncalls, &desk->new_oncall_count, &desk->new_oncall_room,
                            &turn, sizeof turn) ||
                  desk_did(desk, STORE_BROKEN)) &&
                 desk_learn_person(desk, &person) && desk_ask_slack(desk, person.email);
}

/* --- when shifts end --- */

/* When the shift of E, a coverage or (NULL) the engineers' schedule, that runs at AFTER_MS ends. */
static int64_t shift_end_ms(const struct desk *desk, const struct config_coverage *coverage, int64_t after_ms)
{
    struct oncall now;
    if (coverage)
        return coverage_next_shift_ms(coverage->window, after_ms);
    if (!desk_oncall(desk, desk->config->pagerduty.engineer_schedule, after_ms, &now))
        return INT64_MAX;
    return now.end_ms;
}

static bool has_shifts(const struct config_coverage *coverage)
{
    return coverage->shifts && coverage->shifts[0];
}

/* The next end of any shift. */
static int64_t next_shift_ms(const struct desk *desk)
{
    int64_t next_ms = shift_end_ms(desk, NULL, desk->shift_seen_ms);
    for (size_t i = 0; i < desk->config->coverage_count; i++) {
        const struct config_coverage *coverage = &desk->config->coverages[i];
        int64_t end_ms = has_shifts(coverage) ? shift_end_ms(desk, coverage, desk->shift_seen_ms) : INT64_MAX;
        if (end_ms < next_ms)
            next_ms = end_ms;
    }
    return next_ms;
}

/* Shifts until then are handed over, or are nobody's any more. */
static bool see_shifts(struct desk *desk, int64_t until_ms)
{
    char text[32];
    desk->shift_seen_ms = until_ms;
    desk->handed_over_to = 0;
    desk->next_shift_ms = next_shift_ms(desk);
    text_format(text, sizeof text, "%lld", (long long)until_ms);
    return desk_did(desk, store_set_fact(desk->store, SHIFT_FACT, text));
}

bool desk_read_shift(struct desk *desk)
{
    char text[32];
    int64_t seen_ms;
    enum store_result found = store_get_fact(desk->store, SHIFT_FACT, text, sizeof text);
    desk->handed_over_to = 0;
    if (found == STORE_NONE)
        return see_shifts(desk, desk->now_ms);
    if (found == STORE_OK && text_to_i64(text, strlen(text), &seen_ms))
        desk->shift_seen_ms = seen_ms < desk->now_ms ? seen_ms : desk->now_ms;
    desk->next_shift_ms = next_shift_ms(desk);
    return desk_did(desk, found);
}

/* All pages are there. */
static bool use_oncalls(struct desk *desk)
{
    free(desk->oncalls);
    desk->oncalls = desk->new_oncalls;
    desk->oncall_count = desk->new_oncall_count;
    desk->new_oncalls = NULL;
    desk->new_oncall_count = desk->new_oncall_room = 0;
    struct oncall turn; /* after a long pause nobody knows whose shift it was: it begins anew */
    if (!desk_oncall(desk, desk->config->pagerduty.engineer_schedule, desk->shift_seen_ms, &turn) &&
        !see_shifts(desk, desk->now_ms))
        return false;
    desk->next_shift_ms = next_shift_ms(desk);
    return desk_did(desk, store_put_oncalls(desk->store, desk->oncalls, desk->oncall_count));
}

bool desk_take_oncalls(struct desk *desk, struct flight *flight, struct call *call)
{
    char error[160];
    bool more = false;
    struct oncalls_read read = {desk, true};
    if (!call_is_good(call)) {
        desk->next_oncalls_ms = desk->now_ms + desk->config->zendesk.poll_every_ms;
        return desk_take_failure(desk, flight, call);
    }
    size_t before = desk->new_oncall_count;
    if (!pagerduty_read_oncalls(desk->reader, call->answer, call->answer_length, take_turn, &read, &more,
                                error, sizeof error)) {
        log_event(desk->log, LOG_LEVEL_WARNING, "POLL-FAILED", 0, 0, "pagerduty's on-calls: %s", error);
        desk_end_flight(desk, flight);
        return true;
    }
    if (read.good && more && desk->new_oncall_count > before && !desk->quiet)
        return ask_page(desk, flight);
    desk_end_flight(desk, flight);
    return read.good && use_oncalls(desk);
}

/* --- handing over --- */

/* The coverage whose shifts E follows; NULL: the engineers' schedule. */
static const struct config_coverage *coverage_of(const struct desk *desk, const struct emergency *e)
{
    for (size_t i = 0; i < desk->config->coverage_count; i++)
        if (strcmp(desk->config->coverages[i].name, e->coverage) == 0 &&
            has_shifts(&desk->config->coverages[i]))
            return &desk->config->coverages[i];
    return NULL;
}

/* A schedule may have two turns of one person behind each other: nobody hands over to themselves. */
static bool is_same_person(const struct desk *desk, int64_t end_ms)
{
    struct oncall before;
    struct oncall after;
    const char *schedule = desk->config->pagerduty.engineer_schedule;
    return desk_oncall(desk, schedule, end_ms - 1, &before) && desk_oncall(desk, schedule, end_ms, &after) &&
           strcmp(before.user_id, after.user_id) == 0;
}

/* Once, however often it is begun again. */
static bool hand_over(struct desk *desk, int64_t id, int64_t end_ms)
{
    char key[64];
    struct emergency e;
    struct oncall next = {0};
    struct event event = desk_own_event(desk, EVENT_SHIFT);
    enum store_result found = store_get_emergency(desk->store, id, &e);
    if (found != STORE_OK)
        return desk_did(desk, found);
    const struct config_coverage *coverage = coverage_of(desk, &e);
    if (shift_end_ms(desk, coverage, end_ms - 1) != end_ms || (!coverage && is_same_person(desk, end_ms)))
        return true; /* another shift than its own, or none that changes hands */
    if (desk_oncall(desk, desk->config->pagerduty.engineer_schedule, end_ms, &next)) {
        text_copy(event.by, sizeof event.by, next.name);
        text_copy(event.by_email, sizeof event.by_email, next.email);
    }
    text_format(key, sizeof key, "shift %lld %lld", (long long)end_ms, (long long)e.id);
    const struct journal_entry entry = {.repeat_key = key, .outcome = DELIVERY_APPLIED};
    return desk_apply(desk, &e, &event, &entry, NULL);
}

/* A part of the open emergencies at a time, each an item of its own. *MORE: not all of them yet. */
static bool hand_over_some(struct desk *desk, int64_t end_ms, bool *more)
{
    enum { MANY = 32 };
    int64_t ids[MANY];
    int count;
    if (!desk_did(desk, store_open_ids(desk->store, desk->handed_over_to, ids, MANY, &count)))
        return false;
    for (int i = 0; i < count && desk->trouble == STORE_OK; i++)
        if (desk_begin_item(desk))
            (void)desk_end_item(desk, hand_over(desk, ids[i], end_ms));
    *more = count == MANY;
    desk->handed_over_to = *more ? ids[MANY - 1] : 0;
    return desk->trouble == STORE_OK;
}

void desk_change_shifts(struct desk *desk)
{
    int64_t end_ms = desk->next_shift_ms;
    bool more = false;
    if (end_ms > desk->now_ms || desk->trouble != STORE_OK)
        return;
    bool is_news = desk->now_ms - end_ms < SHIFT_PATIENCE_MS;
    if ((!is_news || hand_over_some(desk, end_ms, &more)) && !more && desk_begin_item(desk))
        (void)desk_end_item(desk, see_shifts(desk, end_ms));
}

/* --- the heartbeat --- */

/* No call that people wait for has been waiting for too long. */
static bool outbox_moves(struct desk *desk, bool *moves)
{
    int64_t oldest_ms = 0;
    enum store_result found = store_oldest_call(desk->store, &oldest_ms);
    *moves = found == STORE_NONE || desk->now_ms - oldest_ms < DESK_STUCK_OUTBOX_MS;
    return desk_did(desk, found);
}

bool desk_beat(struct desk *desk)
{
    bool moves;
    struct request request = {0};
    int64_t late_ms = desk->now_ms - desk->next_heartbeat_ms;
    bool on_time = desk->next_heartbeat_ms == 0 || late_ms < DESK_LATE_MS;
    desk->next_heartbeat_ms = desk->now_ms + desk->config->heartbeat.every_ms;
    if (!outbox_moves(desk, &moves))
        return false;
    if (!moves || !on_time || desk->quiet)
        return true;
    desk_try_write(desk); /* the call goes out only if this could be written */
    struct flight *flight = desk_new_flight(desk, SERVICE_HEARTBEAT, 0);
    return flight && desk_ask_made(desk, flight, FLIGHT_HEARTBEAT, &request, request_get(&request, ""));
}
