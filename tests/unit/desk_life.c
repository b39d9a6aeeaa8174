/*
 * The process around the desk: passes as the ledger has them, the machine's clock, restarts. See desk_life.h.
 */
#include "tests/unit/desk_life.h"

#include "lib/desk_internal.h"
#include "lib/store_internal.h"
#include "lib/text.h"
#include "tests/unit/database_file.h"
#include "tests/unit/settings_file.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

int64_t life_machine_ms(const struct life *life)
{
    return life->true_ms + life->machine_ahead_ms;
}

/* --- passes --- */

static void free_delivery(struct delivery *delivery)
{
    ck_assert_msg(delivery->status == 200, "refused: %d %s", delivery->status, delivery->error);
    free(delivery->payload);
    free(delivery->comment_text);
    free(delivery->answer);
    free(delivery);
}

static void take_all(struct life *life)
{
    struct delivery *delivery = life->delivered;
    struct call *call = life->answered;
    life->delivered = NULL;
    life->answered = NULL;
    while (delivery) {
        struct delivery *next = delivery->next;
        desk_take_delivery(life->desk, delivery);
        delivery = next;
    }
    while (call) {
        struct call *next = call->next;
        desk_take_call(life->desk, call);
        call = next;
    }
    while (desk_take_due(life->desk, 100))
        ;
}

static void hand_out(struct life *life)
{
    struct call *call = desk_calls(life->desk);
    while (call) {
        struct call *next = call->next;
        call->next = NULL;
        life_serve(life, call);
        call = next;
    }
}

static void end_batch(struct life *life)
{
    ck_assert_int_eq(desk_end(life->desk), STORE_OK);
    struct delivery *answer = desk_answers(life->desk);
    while (answer) {
        struct delivery *next = answer->next;
        free_delivery(answer);
        answer = next;
    }
    hand_out(life);
}

/* Until nothing is left to be taken. */
static void pass(struct life *life)
{
    do {
        ck_assert_int_eq(desk_begin(life->desk, life_machine_ms(life)), STORE_OK);
        take_all(life);
        end_batch(life);
    } while (life->delivered || life->answered);
}

void life_at(struct life *life, const char *clock)
{
    int64_t end_ms = clock_ms(clock);
    ck_assert_int_ge(end_ms, life->true_ms);
    pass(life);
    for (;;) {
        int64_t due_ms = desk_next_ms(life->desk) - life->machine_ahead_ms;
        if (due_ms > end_ms)
            break;
        life->true_ms = due_ms > life->true_ms ? due_ms : life->true_ms + 1;
        pass(life);
    }
    life->true_ms = end_ms;
    pass(life);
}

void life_set_clock(struct life *life, int64_t ahead_ms)
{
    int64_t shift_ms = ahead_ms - life->machine_ahead_ms;
    life->machine_ahead_ms = ahead_ms;
    ck_assert_int_eq(desk_begin(life->desk, life_machine_ms(life)), STORE_OK);
    desk_take_clock_step(life->desk, shift_ms);
    take_all(life);
    end_batch(life);
    pass(life);
}

/* --- births and deaths --- */

static void start(struct life *life)
{
    char error[300] = "";
    life->store = store_open(database_path, life->log, error, sizeof error);
    ck_assert_msg(life->store != NULL, "%s", error);
    life->desk = desk_new(&settings, life->store, life->log, &life->metrics, life_machine_ms(life));
    ck_assert_ptr_nonnull(life->desk);
}

static void forget(struct call **calls)
{
    while (*calls) {
        struct call *next = (*calls)->next;
        call_free(*calls);
        *calls = next;
    }
}

static void stop(struct life *life)
{
    forget(&life->held);
    forget(&life->answered);
    desk_free(life->desk);
    store_close(life->store);
}

struct life *life_new(const char *sections, int64_t machine_ahead_ms)
{
    char text[1000];
    struct life *life = calloc(1, sizeof *life);
    ck_assert_ptr_nonnull(life);
    text_format(text, sizeof text, ZENDESK "%s", sections);
    settings_expect_good(text);
    database_begin();
    life->log = log_open(stderr, LOG_TARGET_STREAM, LOG_LEVEL_ERROR, NULL);
    ck_assert_ptr_nonnull(life->log);
    life->true_ms = clock_ms("12:00:00");
    life->machine_ahead_ms = machine_ahead_ms;
    life->priority = PRIORITY_URGENT;
    life->status = STATUS_OPEN;
    life->created_ms = life->updated_ms = clock_ms("11:59:00");
    life->audits[life->audit_count].id = ++life->last_id;
    life->audits[life->audit_count].at_ms = life->created_ms;
    life->audits[life->audit_count++].raises = true;
    start(life);
    return life;
}

void life_restart(struct life *life)
{
    stop(life);
    start(life);
}

#define EMERGENCY_FIELD(column, member) STRUCT_FIELD(struct emergency, member, #column),
static const struct struct_field fields[] = {EMERGENCY_COLUMNS(EMERGENCY_FIELD, EMERGENCY_FIELD)};

static bool is_same(const struct struct_field *field, const struct emergency *a, const struct emergency *b)
{
    if (field->kind == STRUCT_FIELD_TEXT)
        return strcmp(struct_field_text(field, a), struct_field_text(field, b)) == 0;
    return struct_field_get(field, a) == struct_field_get(field, b);
}

static void expect_adds_up(const struct life *life, const struct emergency *e)
{
    struct event *events = NULL;
    struct emergency again;
    struct outcome out;
    size_t count = 0;
    ck_assert_int_eq(store_events(life->store, e->id, &events, &count), STORE_OK);
    ck_assert_uint_gt(count, 0);
    emergency_replay(&again, e->id, events, count, &life->desk->policy, 0, &out);
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (!is_same(&fields[i], e, &again))
            ck_abort_msg("emergency %lld: its journal adds up to another %s", (long long)e->id,
                         fields[i].name);
    ck_assert_int_eq(e->page_count, again.page_count);
    for (int i = 0; i < e->page_count; i++)
        ck_assert(store_same_page(&e->pages[i], &again.pages[i]));
    free(events);
}

static void expect_nothing_twice(const struct life *life)
{
    for (size_t i = 0; i < life->post_count; i++)
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(life->posts[i].mark, life->posts[j].mark);
    for (size_t i = 0; i < life->audit_count; i++)
        for (size_t j = 0; j < i && life->audits[i].mark[0]; j++)
            ck_assert_str_ne(life->audits[i].mark, life->audits[j].mark);
}

void life_end(struct life *life)
{
    expect_nothing_twice(life);
    int64_t count = life_emergencies(life);
    for (int64_t id = 1; id <= count; id++) {
        struct emergency e = life_emergency(life, id); /* follows joins */
        expect_adds_up(life, &e);
    }
    stop(life);
    forget(&life->lost);
    log_close(life->log);
    database_end();
    free(life);
}

/* --- what is to be seen --- */

struct emergency life_emergency(const struct life *life, int64_t id)
{
    struct emergency e;
    memset(&e, 0, sizeof e);
    ck_assert_int_eq(store_get_emergency(life->store, id, &e), STORE_OK);
    return e;
}

void life_expect(const struct life *life, int64_t id, const char *state)
{
    const struct emergency e = life_emergency(life, id);
    ck_assert_str_eq(emergency_state(&e), state);
}

int64_t life_emergencies(const struct life *life)
{
    int64_t count = 0;
    struct emergency e;
    while (store_get_emergency(life->store, count + 1, &e) == STORE_OK)
        count++;
    return count;
}

int64_t life_event_ms(const struct life *life, int64_t emergency, enum event_type type)
{
    struct event *events = NULL;
    size_t count = 0;
    int64_t at_ms = 0, row = 0;
    ck_assert_int_eq(store_events(life->store, emergency, &events, &count), STORE_OK);
    for (size_t i = 0; i < count; i++)
        if (events[i].type == type && events[i].row > row) {
            row = events[i].row;
            at_ms = events[i].at_ms;
        }
    free(events);
    ck_assert_int_gt(row, 0);
    return at_ms;
}
