/*
 * What the routes of the admin listener answer. Each reads the database in one view and keeps nothing; what
 * is to be changed goes to the ledger, and its request waits for it. A database that can't be read is a 503
 * (the store has logged why), want of memory a 500.
 */
#include "daemon/admin_command.h"
#include "daemon/admin_internal.h"
#include "daemon/admin_json.h"
#include "daemon/clock.h"
#include "lib/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_ROWS   100
#define OUTBOX_ROWS 32
#define FRESH_MS    10000 /* a commit no older than that shows that webhooks can be made durable */

/* --- answers --- */

/* Takes VALUE; NULL is want of memory. */
static void answer_value(struct http_request *request, json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
    json_decref(value);
    http_answer(request, 200, "application/json", text, text ? strlen(text) : 0);
}

void admin_answer_read(struct http_request *request, enum store_result result, json_t *value)
{
    if (result == STORE_OK) {
        answer_value(request, value);
        return;
    }
    json_decref(value);
    if (result == STORE_NONE)
        http_answer_error(request, 404, "there is none of that number");
    else
        http_answer_error(request, 503, "the database can't be read");
}

static void deliver(struct admin *admin, struct http_request *request, struct delivery *delivery)
{
    delivery->owner = request;
    http_wait(request);
    ledger_deliver(admin->ledger, delivery, http_loop_mailbox(admin->loop));
}

static void free_delivery(struct delivery *delivery)
{
    free(delivery->payload);
    free(delivery->comment_text);
    free(delivery);
}

/* Takes a DELIVERY that has been refused, here or by the ledger. */
static void answer_refusal(struct http_request *request, struct delivery *delivery)
{
    size_t bad;
    if (!text_is_utf8(delivery->error, strlen(delivery->error), &bad)) /* cut within a character */
        delivery->error[bad] = '\0';
    http_answer_error(request, (unsigned int)delivery->status, delivery->error);
    free_delivery(delivery);
}

/* --- the list --- */

/* The words of the contract: those of the phases, and "closed". */
static const char *state_word(int i)
{
    struct emergency e = {.phase = i < PHASE_COUNT ? (enum phase)i : PHASE_PAGED,
                          .closing = i < PHASE_COUNT ? CLOSING_NONE : CLOSING_BY_PERSON};
    return emergency_state(&e);
}

static bool is_state(const char *word)
{
    for (int i = 0; i <= PHASE_COUNT; i++)
        if (strcmp(word, state_word(i)) == 0)
            return true;
    return false;
}

static void refuse_state(struct http_request *request)
{
    char error[200] = "\"state\" must be one of";
    for (int i = 0; i <= PHASE_COUNT; i++) {
        size_t used = strlen(error);
        (void)snprintf(error + used, sizeof error - used, "%s %s", i > 0 ? "," : "", state_word(i));
    }
    http_answer_error(request, 400, error);
}

static json_t *list_value(const struct admin *admin, const struct emergency *rows, int count)
{
    int64_t now_ms = clock_wall_ms();
    int shown = count > LIST_ROWS ? LIST_ROWS : count;
    char next[24];
    (void)snprintf(next, sizeof next, "%" PRId64, count > shown ? rows[shown - 1].id : 0);
    json_t *array = json_array();
    for (int i = 0; i < shown; i++)
        if (json_array_append_new(array, admin_json_emergency(admin->config, &rows[i], now_ms)) != 0) {
            json_decref(array);
            return NULL;
        }
    return count > shown ? json_pack("{s:o, s:s}", "emergencies", array, "next_page", next)
                         : json_pack("{s:o, s:n}", "emergencies", array, "next_page");
}

void admin_list(struct admin *admin, struct http_request *request, const struct admin_target *target)
{
    (void)target;
    const char *state = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "state");
    const char *page = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "page");
    int64_t before = 0;
    if (state && !is_state(state)) {
        refuse_state(request);
        return;
    }
    if (page && (!text_to_i64(page, strlen(page), &before) || before <= 0)) {
        http_answer_error(request, 400, "\"page\" must be a next_page that came before");
        return;
    }
    struct emergency *rows = calloc(LIST_ROWS + 1, sizeof *rows); /* one more shows that there are more */
    if (!rows) {
        answer_value(request, NULL);
        return;
    }
    int count = 0;
    enum store_result result = store_view_begin(admin->store);
    if (result == STORE_OK) {
        result = store_list(admin->store, state ? state : "", before, rows, LIST_ROWS + 1, &count);
        store_view_end(admin->store);
    }
    admin_answer_read(request, result, result == STORE_OK ? list_value(admin, rows, count) : NULL);
    free(rows);
}

/* --- one emergency --- */

enum store_result admin_read_alone(struct admin *admin, int64_t id, struct emergency *e, json_t **out)
{
    struct timeline_entry *entries = NULL;
    struct action *actions = NULL;
    struct admin_json_history history = {0};
    *out = NULL;
    enum store_result result = store_view_begin(admin->store);
    if (result != STORE_OK)
        return result;
    result = store_get_emergency(admin->store, id, e);
    if (result == STORE_OK) /* E's own id: it may have become part of another */
        result = store_timeline(admin->store, e->id, &entries, &history.entry_count);
    if (result == STORE_OK)
        result = store_actions_of(admin->store, e->id, &actions, &history.action_count);
    store_view_end(admin->store);
    if (result == STORE_OK) {
        history.entries = entries;
        history.actions = actions;
        *out = admin_json_emergency_alone(admin->config, e, &history, clock_wall_ms());
    }
    free(entries);
    free(actions);
    return result;
}

void admin_show(struct admin *admin, struct http_request *request, const struct admin_target *target)
{
    struct emergency e;
    json_t *value = NULL;
    enum store_result result = admin_read_alone(admin, target->id, &e, &value);
    admin_answer_read(request, result, value);
}

/* --- commands --- */

void admin_command(struct admin *admin, struct http_request *request, const struct admin_target *target)
{
    enum command command = command_by_name(target->word);
    if (command == COMMAND_NONE || strcmp(command_name(command), target->word) != 0) {
        http_answer_error(request, 404, "there is no such command");
        return;
    }
    struct delivery *delivery = calloc(1, sizeof *delivery);
    if (!delivery) {
        answer_value(request, NULL);
        return;
    }
    if (admin_command_read(command, target->id, request->body, request->body_length, clock_wall_ms(),
                           delivery))
        deliver(admin, request, delivery);
    else
        answer_refusal(request, delivery);
}

void admin_retry(struct admin *admin, struct http_request *request, const struct admin_target *target)
{
    struct delivery *delivery = calloc(1, sizeof *delivery);
    if (!delivery) {
        answer_value(request, NULL);
        return;
    }
    if (admin_command_read_retry(target->id, request->body, request->body_length, clock_wall_ms(), delivery))
        deliver(admin, request, delivery);
    else
        answer_refusal(request, delivery);
}

/* --- the outbox --- */

enum store_result admin_read_outbox(struct admin *admin, bool only_parked, json_t **array)
{
    struct action *rows = calloc(OUTBOX_ROWS, sizeof *rows);
    enum store_result result = STORE_OK;
    int64_t after = 0;
    int count = rows ? OUTBOX_ROWS : 0;
    while (result == STORE_OK && count == OUTBOX_ROWS) {
        result = store_outbox(admin->store, after, rows, OUTBOX_ROWS, &count);
        for (int i = 0; result == STORE_OK && i < count; i++) {
            after = rows[i].id;
            if (!only_parked || rows[i].state == ACTION_PARKED)
                admin_append(array, admin_json_outbox_action(&rows[i]));
        }
    }
    if (!rows)
        admin_append(array, NULL);
    free(rows);
    return result;
}

void admin_outbox(struct admin *admin, struct http_request *request, const struct admin_target *target)
{
    (void)target;
    json_t *array = json_array();
    enum store_result result = store_view_begin(admin->store);
    if (result == STORE_OK) {
        result = admin_read_outbox(admin, false, &array);
        store_view_end(admin->store);
    }
    admin_answer_read(request, result, json_pack("{s:o}", "actions", array));
}

/* The action that was sent again. */
static void answer_action(struct admin *admin, struct http_request *request, int64_t id)
{
    struct action action;
    enum store_result result = store_view_begin(admin->store);
    if (result == STORE_OK) {
        result = store_get_action(admin->store, id, &action);
        store_view_end(admin->store);
    }
    admin_answer_read(request, result, result == STORE_OK ? admin_json_outbox_action(&action) : NULL);
}

/* --- metrics --- */

static void write_gauge_head(FILE *out, const char *name, const char *help)
{
    (void)fprintf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void write_gauge_row(FILE *out, const char *name, const char *state, int64_t value)
{
    (void)fprintf(out, "%s{state=\"%s\"} %" PRId64 "\n", name, state, value);
}

static void write_figures(FILE *out, const struct store_figures *figures)
{
    static const char emergencies[] = "emergencyd_emergencies", outbox[] = "emergencyd_outbox";
    write_gauge_head(out, emergencies, "Open emergencies.");
    for (int i = 0; i < PHASE_COUNT; i++)
        write_gauge_row(out, emergencies, state_word(i), figures->emergencies_open[i]);
    write_gauge_head(out, outbox, "Outgoing calls that are not over, and parked ones.");
    for (int i = 0; i < (int)COUNT_OF(figures->actions_open); i++)
        write_gauge_row(out, outbox, action_state_name((enum action_state)i), figures->actions_open[i]);
    write_gauge_row(out, outbox, action_state_name(ACTION_PARKED), figures->actions_parked);
}

static void write_seconds(FILE *out, const char *name, const char *help, int64_t ms)
{
    write_gauge_head(out, name, help);
    (void)fprintf(out, "%s %.3f\n", name, (double)(ms > 0 ? ms : 0) / 1000.0);
}

static void write_gauges(const struct admin *admin, FILE *out)
{
    struct store_figures figures;
    if (store_figures(admin->store, &figures) == STORE_OK) /* else counters alone are better than nothing */
        write_figures(out, &figures);
    int64_t commit_ms = ledger_last_commit_ms(admin->ledger);
    if (commit_ms != 0)
        write_seconds(out, "emergencyd_last_commit_age_seconds", "Time since the last commit.",
                      clock_wall_ms() - commit_ms);
    write_seconds(out, "emergencyd_lateness_seconds", "By how much the oldest deadline is late.",
                  ledger_lateness_ms(admin->ledger));
}

void admin_metrics(struct admin *admin, struct http_request *request, const struct admin_target *target)
{
    (void)target;
    char counters[8192];
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out) {
        size_t size = metrics_write(admin->metrics, counters, sizeof counters);
        (void)fwrite(counters, 1, size, out);
        write_gauges(admin, out);
        if (fclose(out) != 0) {
            free(text);
            text = NULL;
        }
    }
    http_answer(request, 200, "text/plain; version=0.0.4; charset=utf-8", text, length);
}

/* --- readiness --- */

static void answer_ready(struct admin *admin, struct http_request *request)
{
    struct store_figures figures;
    if (store_figures(admin->store, &figures) == STORE_OK)
        http_answer_json(request, 200, "{\"status\":\"ready\"}");
    else
        http_answer_error(request, 503, "the database can't be read");
}

void admin_ready(struct admin *admin, struct http_request *request, const struct admin_target *target)
{
    (void)target;
    if (clock_wall_ms() - ledger_last_commit_ms(admin->ledger) < FRESH_MS) {
        answer_ready(admin, request);
        return;
    }
    struct delivery *probe = calloc(1, sizeof *probe);
    if (!probe) {
        answer_value(request, NULL);
        return;
    }
    probe->kind = DELIVERY_PROBE;
    deliver(admin, request, probe);
}

/* --- what comes back --- */

/* The command has had its effect: whoever gave it must not believe that it failed. */
static void answer_command(struct admin *admin, struct http_request *request, int64_t id)
{
    struct emergency e;
    json_t *value = NULL;
    if (admin_read_alone(admin, id, &e, &value) == STORE_OK)
        answer_value(request, value);
    else
        http_answer_error(request, 500, "done, but the emergency can't be shown at the moment");
}

void admin_take_letter(void *context, struct delivery *delivery)
{
    struct admin *admin = context;
    struct http_request *request = delivery->owner;
    if (delivery->status != 200) {
        answer_refusal(request, delivery);
        return;
    }
    switch (delivery->kind) {
    case DELIVERY_COMMAND: answer_command(admin, request, delivery->emergency); break;
    case DELIVERY_RETRY: answer_action(admin, request, delivery->action); break;
    case DELIVERY_PROBE: answer_ready(admin, request); break;
    case DELIVERY_WEBHOOK: abort(); /* none comes from here */
    }
    free_delivery(delivery);
}
