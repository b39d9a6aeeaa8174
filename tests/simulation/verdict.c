/*
 * When all is quiet again: is everything that was accepted still known, has everything that was due been
 * done, does each emergency stand as its customer's truth and its journal say?
 */
#include "tests/simulation/simulation.h"

#include "lib/desk_internal.h"
#include "lib/emergency_internal.h"
#include "lib/store_internal.h"
#include "lib/text.h"

#include <stdlib.h>
#include <string.h>

/* --- the journal --- */

#define EMERGENCY_FIELD(column, member) STRUCT_FIELD(struct emergency, member, #column),
static const struct struct_field fields[] = {EMERGENCY_COLUMNS(EMERGENCY_FIELD, EMERGENCY_FIELD)};

static const char *difference(const struct emergency *a, const struct emergency *b)
{
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        const struct struct_field *field = &fields[i];
        if (field->kind == STRUCT_FIELD_TEXT
                ? strcmp(struct_field_text(field, a), struct_field_text(field, b)) != 0
                : struct_field_get(field, a) != struct_field_get(field, b))
            return field->name;
    }
    for (int i = 0; i < a->page_count && i < b->page_count; i++)
        if (!store_same_page(&a->pages[i], &b->pages[i]))
            return "page";
    return NULL;
}

static void check_journal(struct sim *sim, const struct client *client, const struct emergency *e)
{
    struct event *events = NULL;
    size_t count = 0;
    struct emergency again;
    struct outcome out;
    if (store_events(sim->process.store, e->id, &events, &count) != STORE_OK || count == 0) {
        sim_violation(sim, client, "emergency %lld has no journal", (long long)e->id);
        return;
    }
    emergency_replay(&again, e->id, events, count, &sim->process.desk->policy, 0, &out);
    const char *field = difference(e, &again);
    if (field)
        sim_violation(sim, client, "emergency %lld: its journal adds up to another %s", (long long)e->id,
                      field);
    free(events);
}

static void check_journals(struct sim *sim)
{
    for (int64_t id = 1; !sim->violation[0]; id++) {
        struct emergency e;
        enum store_result found = store_get_emergency(sim->process.store, id, &e);
        if (found == STORE_NONE)
            return;
        const struct ticket *ticket =
            e.ticket_id >= FIRST_TICKET ? sim->world.tickets[e.ticket_id - FIRST_TICKET] : NULL;
        sim->emergencies += e.id == id;
        if (e.id == id)
            check_journal(sim, ticket ? ticket->client : NULL, &e);
    }
}

/* --- the outbox --- */

/* What people are told goes on: reminders wait, and one may have left just now. */
static bool may_be_unfinished(const struct sim *sim, const struct action *action)
{
    int64_t age_ms = process_now_ms(sim) - action->created_ms;
    return !action_is_customer_facing(action->kind) &&
           ((action->state == ACTION_PENDING && age_ms <= 30 * MINUTE_MS) ||
            (action->state == ACTION_SENDING && age_ms <= MINUTE_MS));
}

static void check_outbox(struct sim *sim)
{
    enum { MANY = 16 };
    struct action *actions = must_alloc(MANY, sizeof *actions);
    int count = 0;
    if (store_outbox(sim->process.store, 0, actions, MANY, &count) != STORE_OK)
        sim_violation(sim, NULL, "the outbox can't be read");
    for (int i = 0; i < count; i++)
        if (!may_be_unfinished(sim, &actions[i]))
            sim_violation(sim, NULL, "call %lld (%s) of emergency %lld is still %s: %s",
                          (long long)actions[i].id, action_kind_name(actions[i].kind),
                          (long long)actions[i].emergency, action_state_name(actions[i].state),
                          actions[i].error);
    free(actions);
}

/* Every mark in a ticket is that of a call that counts as done; but for one that was called off meanwhile, as
 * nobody waited for it any more. */
static void check_marks(struct sim *sim)
{
    struct action action;
    for (size_t i = 0; i < sim->world.ticket_count; i++)
        for (size_t j = 0; j < sim->world.tickets[i]->audit_count; j++) {
            const struct audit *audit = &sim->world.tickets[i]->audits[j];
            const char *mark = audit->mark;
            const char *dash = strchr(mark, '-');
            if (!dash)
                continue;
            if (store_get_action(sim->process.store, strtoll(dash + 1, NULL, 10), &action) != STORE_OK ||
                (action.state != ACTION_DONE && !(audit->late && action.state == ACTION_CANCELLED)))
                sim_violation(sim, sim->world.tickets[i]->client,
                              "%s took effect, but its call does not say so", mark);
        }
}

/* --- the customers --- */

static void check_open(struct sim *sim, struct client *client, const struct emergency *e)
{
    int64_t opened_ms = truth_opened_ms(sim, e);
    const struct truth *truth = truth_of(client, opened_ms);
    const struct answers answers = truth_answers(client, opened_ms);
    /* what may count as contact by the coarseness of stamps may make an answer of what follows */
    bool answered = truth_answers(client, opened_ms - 10000).answer_ms || truth_may_be_answer(client) ||
                    truth->told_answer_ms || truth->joined_ms;
    bool is_open = client->ticket->priority == PRIORITY_URGENT && client->ticket->status < STATUS_SOLVED;
    /* a page told late may have opened a second one after the ticket was solved: contact was told to the
     * first, or written by it */
    bool told_before = truth->contact_ms == truth->told_contact_ms && truth->told_to != e->id;
    if (truth->first_by && truth->first_by != e->id && truth->told_to != e->id &&
        !truth_may_have_been_met(client, opened_ms))
        told_before = true;
    if (e->phase < PHASE_CONTACTED && !truth->over && is_open && truth->contact_ms >= opened_ms + 4000 &&
        !told_before)
        sim_violation(sim, client, "the customer was contacted, and the emergency is %s", emergency_state(e));
    if (is_open && answers.answer_ms && truth->downgrades == 0 && e->phase != PHASE_ENGAGED && !truth->over &&
        !told_before)
        sim_violation(sim, client, "the customer answered, and the emergency is %s", emergency_state(e));
    if (in_period(e) && !e->paused)
        sim_violation(sim, client, "the clock has run out, and the emergency is %s%s", emergency_state(e),
                      e->asked ? ", asked" : "");
    if (is_open && e->phase == PHASE_DOWNGRADED && !truth->waived_ms)
        sim_violation(sim, client, "it is called downgraded, and is not");
    if (e->phase == PHASE_ENGAGED && !answered && e->downgraded_ms == 0 && truth->contact_ms)
        sim_violation(sim, client, "nobody answered, and the emergency is engaged");
}

static void check_client(struct sim *sim, struct client *client)
{
    const struct ticket *ticket = client->ticket;
    struct emergency e;
    bool is_open = ticket->priority == PRIORITY_URGENT && ticket->status < STATUS_SOLVED;
    if (client->left_alone)
        return;
    enum store_result found = store_open_of_ticket(sim->process.store, ticket->id, &e);
    if (found == STORE_OK)
        check_open(sim, client, &e);
    else if (is_open && client->truth.since_ms)
        sim_violation(sim, client, "the ticket is urgent, and there is no open emergency");
}

/* --- what was accepted --- */

/* Whatever got its 200 is known: sent again it is a repeat, and changes nothing. */
static void check_accepted(struct sim *sim)
{
    struct process *process = &sim->process;
    if (desk_begin(process->desk, process_now_ms(sim)) != STORE_OK)
        sim_violation(sim, NULL, "the database can't be written");
    for (size_t i = 0; i < sim->post_count; i++) {
        struct delivery *delivery = NULL;
        int status = 0;
        if (sim->posts[i]->accepted && post_to_delivery(sim, sim->posts[i], false, &delivery, &status))
            desk_take_delivery(process->desk, delivery);
    }
    if (desk_end(process->desk) != STORE_OK)
        sim_violation(sim, NULL, "the database can't be written");
    struct delivery *next;
    for (struct delivery *answer = desk_answers(process->desk); answer; answer = next) {
        const struct post *post = answer->owner;
        next = answer->next;
        if (!answer->duplicate)
            sim_violation(sim, post->client, "a webhook that was accepted is not known: %.200s", post->body);
        free(answer->payload);
        free(answer->comment_text);
        free(answer->answer);
        free(answer);
    }
}

void verdict(struct sim *sim)
{
    if (!sim->process.up) {
        sim_violation(sim, NULL, "the process is not there");
        return;
    }
    check_journals(sim);
    check_outbox(sim);
    check_marks(sim);
    for (int i = 0; i < sim->client_count; i++)
        check_client(sim, &sim->clients[i]);
    check_accepted(sim);
}
