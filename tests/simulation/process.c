/*
 * The program as a process: what its ledger's thread does in a pass, around the real desk and store, but one
 * step after the other by the world's time, and with deaths in between.
 */
#include "tests/simulation/simulation.h"

#include "lib/text.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_DUE     256
#define TIDY_EVERY_MS 60000
#define RETRY_MS      1000

/* --- what comes in --- */

static void free_delivery(struct delivery *delivery)
{
    free(delivery->payload);
    free(delivery->comment_text);
    free(delivery->answer);
    free(delivery);
}

static void forget_mail(struct process *process)
{
    while (process->deliveries) {
        struct delivery *next = process->deliveries->next;
        free_delivery(process->deliveries);
        process->deliveries = next;
    }
    while (process->calls) {
        struct call *next = process->calls->next;
        call_free(process->calls);
        process->calls = next;
    }
    process->deliveries_end = &process->deliveries;
    process->calls_end = &process->calls;
}

int64_t process_now_ms(const struct sim *sim)
{
    return sim->now_ms + sim->process.offset_ms;
}

void process_take(struct sim *sim, struct delivery *delivery)
{
    *sim->process.deliveries_end = delivery;
    sim->process.deliveries_end = &delivery->next;
    process_wake(sim);
}

void process_take_call(struct sim *sim, struct call *call)
{
    call->next = NULL;
    *sim->process.calls_end = call;
    sim->process.calls_end = &call->next;
    process_wake(sim);
}

/* --- a pass, as daemon/ledger.c has it --- */

static void wake_at(struct sim *sim, int64_t at_ms);

/* What the state was before a command, to know what the command meant. */
struct given {
    const struct delivery *delivery;
    struct emergency before;
};

static void take_deliveries(struct sim *sim, struct given *given, size_t *given_count, size_t most)
{
    struct process *process = &sim->process;
    struct delivery *delivery = process->deliveries;
    process->deliveries = NULL;
    process->deliveries_end = &process->deliveries;
    while (delivery) {
        struct delivery *next = delivery->next;
        bool command = delivery->kind == DELIVERY_COMMAND && *given_count < most;
        if (command && store_get_emergency(process->store, delivery->event.emergency,
                                           &given[*given_count].before) == STORE_OK)
            given[(*given_count)++].delivery = delivery;
        desk_take_delivery(process->desk, delivery);
        delivery = next;
    }
}

static void take_calls(struct process *process)
{
    struct call *call = process->calls;
    while (call && desk_is_well(process->desk)) {
        struct call *next = call->next;
        desk_take_call(process->desk, call);
        call = next;
    }
    process->calls = call;
    if (!call)
        process->calls_end = &process->calls;
}

/* ANSWERED false: the process died before, and nobody hears. */
static void give_answers(struct sim *sim, struct delivery *answers, bool answered)
{
    while (answers) {
        struct delivery *next = answers->next;
        if (answered && answers->owner)
            post_answered(sim, answers->owner, answers->rejected ? 400 : answers->status);
        free_delivery(answers);
        answers = next;
    }
}

/* The first LIMIT calls leave, the others do not. */
static void hand_out(struct sim *sim, struct call *calls, int64_t limit)
{
    while (calls) {
        struct call *next = calls->next;
        calls->next = NULL;
        if (limit-- > 0)
            network_send(sim, calls);
        else
            call_free(calls);
        calls = next;
    }
}

static void note_accepted(struct sim *sim, const struct delivery *answers, const struct given *given,
                          size_t given_count)
{
    for (size_t i = 0; i < given_count; i++)
        if (given[i].delivery->status == 200 && !given[i].delivery->duplicate)
            truth_commanded(sim, given[i].delivery, &given[i].before);
    for (; answers; answers = answers->next)
        if (answers->service == SERVICE_ZOOM && answers->kind == DELIVERY_WEBHOOK && answers->status == 200 &&
            answers->event.type == EVENT_JOINED)
            truth_joined(sim, answers);
}

static void die_at(struct sim *sim, enum death death)
{
    sim_tell(sim, NULL, "the process dies (step %d of its pass)", (int)death);
    sim->process.death = DEATH_NONE;
    process_crash(sim);
}

static void break_commit(struct sim *sim)
{
    enum disk_operation operation = rng_chance(&sim->process_rng, 500) ? DISK_WRITE : DISK_SYNC;
    disk_fail(sim->disk, operation, DISK_BROKEN, rng_between(&sim->process_rng, 0, 6), DISK_ALWAYS);
}

static void end_batch(struct sim *sim, struct given *given, size_t given_count)
{
    struct process *process = &sim->process;
    enum death death = (enum death)process->death;
    if (death == DEATH_WITHIN_BATCH) /* nothing more is written */
        disk_fail(sim->disk, DISK_WRITE, DISK_BROKEN, 0, DISK_ALWAYS);
    else if (death == DEATH_IN_COMMIT)
        break_commit(sim);
    enum store_result result = desk_end(process->desk);
    if (result == STORE_OK)
        result = store_sync(process->store);
    struct delivery *answers = desk_answers(process->desk);
    process->in_trouble = result == STORE_FULL;
    if (result == STORE_OK) {
        process->shift_ms = 0;
        note_accepted(sim, answers, given, given_count);
    }
    if (result == STORE_BROKEN && death == DEATH_NONE && !sim->process.disk_is_bad)
        sim_violation(sim, NULL, "the database is broken, though no disk is");
    for (size_t i = 0; i < given_count && result == STORE_BROKEN; i++)
        truth_unsure(sim, &given[i].before); /* some of it may have become durable */
    bool dies = (result == STORE_OK && death == DEATH_BEFORE_ANSWERS) || result == STORE_BROKEN ||
                death == DEATH_WITHIN_BATCH || death == DEATH_IN_COMMIT;
    if (death == DEATH_IN_COMMIT)
        process->shift_lost |= process->shift_ms != 0;
    give_answers(sim, answers, !dies);
    bool stays = !dies && death != DEATH_BEFORE_CALLS;
    hand_out(sim, desk_calls(process->desk),
             !stays                       ? 0
             : death == DEATH_AMONG_CALLS ? rng_between(&sim->process_rng, 0, 2)
                                          : INT64_MAX);
    if (dies || death != DEATH_NONE)
        die_at(sim, death);
}

static void run_batch(struct sim *sim, int64_t now_ms)
{
    enum { MOST = 16 };
    struct process *process = &sim->process;
    struct given given[MOST];
    size_t given_count = 0;
    bool was_in_trouble = process->in_trouble;
    bool due = process->more_due || desk_next_ms(process->desk) <= now_ms;
    if (!process->deliveries && !process->calls && !due && process->shift_ms == 0 && !was_in_trouble &&
        process->death == DEATH_NONE)
        return;
    (void)!desk_begin(process->desk, now_ms);
    if (process->shift_ms != 0)
        desk_take_clock_step(process->desk, process->shift_ms);
    take_deliveries(sim, given, &given_count, MOST);
    if (was_in_trouble) {
        desk_try_write(process->desk);
    } else {
        take_calls(process);
        process->more_due = desk_take_due(process->desk, BATCH_DUE);
    }
    end_batch(sim, given, given_count);
    if (process->up)
        store_checkpoint_if_grown(process->store);
}

void process_pass(struct sim *sim, void *unused)
{
    struct process *process = &sim->process;
    (void)unused;
    if (!process->up || sim->now_ms < process->wake_ms)
        return;
    process->wake_ms = 0;
    int64_t now_ms = process_now_ms(sim);
    process_set_log_clock(now_ms);
    run_batch(sim, now_ms);
    if (!process->up)
        return;
    if (now_ms >= process->next_tidy_ms && !process->in_trouble) {
        process->next_tidy_ms = now_ms + TIDY_EVERY_MS;
        bool more;
        enum store_result tidied = desk_tidy(process->desk, now_ms, &more);
        if (tidied == STORE_BROKEN) {
            die_at(sim, DEATH_NONE);
            return;
        }
    }
    int64_t due_ms = desk_next_ms(process->desk);
    if (process->in_trouble)
        due_ms = now_ms + RETRY_MS;
    else if (process->more_due || process->calls)
        due_ms = now_ms;
    if (due_ms < INT64_MAX / 2)
        wake_at(sim, sim->now_ms + (due_ms > now_ms ? due_ms - now_ms : 1));
}

/* One pass is awaited at a time; what is earlier comes first, and then sees to the others. */
static void wake_at(struct sim *sim, int64_t at_ms)
{
    struct process *process = &sim->process;
    if (!process->up || (process->wake_ms != 0 && process->wake_ms <= at_ms))
        return;
    process->wake_ms = at_ms;
    sim_at(sim, at_ms, process_pass, NULL);
}

void process_wake(struct sim *sim)
{
    wake_at(sim, sim->now_ms + rng_between(&sim->process_rng, 0, 4));
}

/* --- births and deaths --- */

/* What a database is given at random when it is made, and remembers. */
static bool name_instance(struct sim *sim)
{
    char text[32];
    struct store *store = sim->process.store;
    if (store_get_fact(store, "instance", text, sizeof text) != STORE_NONE)
        return true;
    text_format(text, sizeof text, "%lld", (long long)process_now_ms(sim));
    bool good = store_begin(store) == STORE_OK && store_set_fact(store, "first_start_ms", text) == STORE_OK;
    text_format(text, sizeof text, "%024llx", (unsigned long long)sim->seed);
    return good && store_set_fact(store, "instance", text) == STORE_OK && store_commit(store) == STORE_OK;
}

void process_start(struct sim *sim, void *unused)
{
    struct process *process = &sim->process;
    char error[300] = "";
    (void)unused;
    if (process->up)
        return;
    process->life++;
    process->store = store_open(process->path, process->log, error, sizeof error);
    process->desk =
        process->store && name_instance(sim)
            ? desk_new(&process->config, process->store, process->log, &process->metrics, process_now_ms(sim))
            : NULL;
    if (!process->desk) {
        store_close(process->store);
        process->store = NULL;
        if (!process->disk_is_bad)
            sim_violation(sim, NULL, "can't start: %s", error);
        sim_tell(sim, NULL, "can't start: %s", error);
        sim_after(sim, RETRY_MS, process_start, NULL);
        return;
    }
    sim_tell(sim, NULL, "the process starts (%lld)", (long long)process->life);
    process->up = true;
    process->started_ms = sim->now_ms;
    process->in_trouble = process->more_due = false;
    process->shift_ms = 0;
    process->next_tidy_ms = 0;
    process->wake_ms = 0;
    process_wake(sim);
}

/* All that a killed process had not synced may be lost, and is, in part, as when the power goes. */
void process_crash(struct sim *sim)
{
    struct process *process = &sim->process;
    if (!process->up)
        return;
    process->crashes++;
    process->shift_lost |= process->shift_ms != 0;
    process->up = false;
    disk_lose_power(sim->disk, rng_next(&sim->process_rng));
    if (!process->disk_is_bad)
        disk_mend(sim->disk);
    desk_free(process->desk);
    store_close(process->store);
    process->desk = NULL;
    process->store = NULL;
    forget_mail(process);
    network_forget(sim, process->life);
    int64_t down_ms = rng_chance(&sim->process_rng, 850) ? rng_between(&sim->process_rng, 20, 5000)
                      : rng_chance(&sim->process_rng, 850)
                          ? rng_between(&sim->process_rng, 5000, 10 * MINUTE_MS)
                          : rng_between(&sim->process_rng, 10 * MINUTE_MS, 80 * MINUTE_MS);
    sim_after(sim, sim->calm ? RETRY_MS : down_ms, process_start, NULL);
}

/* For good: nothing is put in order any more. */
void process_end(struct sim *sim)
{
    struct process *process = &sim->process;
    forget_mail(process);
    if (process->desk)
        hand_out(sim, desk_calls(process->desk), 0);
    disk_lose_power(sim->disk, 0);
    desk_free(process->desk);
    store_close(process->store);
    process->desk = NULL;
    process->store = NULL;
}

/* --- what people ask of it --- */

bool process_emergency(struct sim *sim, const struct client *client, struct emergency *e)
{
    struct process *process = &sim->process;
    return process->up && client->ticket &&
           store_of_ticket(process->store, client->ticket->id, e) == STORE_OK;
}

bool process_command(struct sim *sim, struct client *client, enum command command, int64_t for_ms,
                     const char *to)
{
    struct emergency e;
    if (!process_emergency(sim, client, &e))
        return false;
    struct delivery *delivery = must_alloc(1, sizeof *delivery);
    delivery->kind = DELIVERY_COMMAND;
    delivery->emergency = e.id;
    delivery->event = (struct event){.emergency = e.id,
                                     .type = EVENT_COMMAND,
                                     .source = EVENT_SOURCE_SELF,
                                     .at_ms = process_now_ms(sim),
                                     .resolution_ms = 1,
                                     .now_ms = process_now_ms(sim),
                                     .command = {.name = command, .for_ms = for_ms}};
    text_format(delivery->event.by, sizeof delivery->event.by, "Eng %d", client->engineer);
    text_copy(delivery->event.command.to, sizeof delivery->event.command.to, to);
    sim_tell(sim, client, "command %s", command_name(command));
    process_take(sim, delivery);
    return true;
}
