/*
 * What really happened to each customer, kept beside what the program believes; and, whenever it writes to a
 * ticket, whether it should have.
 */
#include "tests/simulation/simulation.h"

#include "lib/text.h"

#include <string.h>

/* Times of the API are whole seconds, and a skew of less than 2 s is not corrected. */
#define COARSE_MS 4000

static bool is_person(int64_t author)
{
    return author < 1000 && author != OWN_USER;
}

static int64_t follow_up_after_ms(const struct sim *sim)
{
    return sim->process.config.policy.follow_up_after_ms;
}

static int64_t downgrade_after_ms(const struct sim *sim)
{
    return sim->process.config.policy.downgrade_after_ms;
}

/* --- the ticket --- */

static bool is_contact(const struct comment *comment)
{
    return comment->author < 1000 && comment->is_public;
}

/* A comment just before the trouble began may count by its coarse stamp, and then the period runs from there.
 */
static int64_t earliest_contact_ms(const struct sim *sim, const struct ticket *ticket, int64_t since_ms)
{
    for (size_t i = 1; i < ticket->comment_count; i++)
        if (is_contact(&ticket->comments[i]) && ticket->comments[i].at_ms >= since_ms - COARSE_MS)
            return ticket->comments[i].at_ms;
    return sim->now_ms;
}

static void contacted(const struct sim *sim, const struct ticket *ticket, struct truth *truth)
{
    if (truth->contact_ms)
        return;
    truth->contact_ms = sim->now_ms;
    if (truth->follow_ups == 0) /* else the program knew of an earlier one */
        truth->floor_ms = earliest_contact_ms(sim, ticket, truth->since_ms) + follow_up_after_ms(sim);
}

int64_t truth_opened_ms(const struct sim *sim, const struct emergency *e)
{
    return (e->urgent_ms > e->opened_ms ? e->urgent_ms : e->opened_ms) - sim->process.offset_ms;
}

struct truth *truth_of(struct client *client, int64_t opened_ms)
{
    bool is_former = client->former.since_ms && opened_ms + COARSE_MS < client->truth.since_ms;
    return is_former ? &client->former : &client->truth;
}

/* The program counts contact from its opening, which may be later than the customer's trouble; within the
 * coarseness of stamps it may be either. */
static int64_t contact_since(struct client *client, int64_t opened_ms, bool by_us)
{
    const struct ticket *ticket = client->ticket;
    int64_t told_ms = truth_of(client, opened_ms)->told_contact_ms;
    if (told_ms < opened_ms)
        told_ms = 0;
    for (size_t i = 1; i < ticket->comment_count; i++)
        if (ticket->comments[i].at_ms >= opened_ms + COARSE_MS && is_contact(&ticket->comments[i]) &&
            (by_us || is_person(ticket->comments[i].author)))
            return told_ms && told_ms < ticket->comments[i].at_ms ? told_ms : ticket->comments[i].at_ms;
    return told_ms;
}

/* Before the write left: that somebody says so while it is on its way stops nothing. */
static bool was_contacted(struct client *client, const struct errand *errand)
{
    const struct truth *truth = truth_of(client, errand->opened_ms);
    bool by_us = truth->first_by == errand->emergency; /* else our comments were of another one */
    int64_t contact_ms = contact_since(client, errand->opened_ms, by_us);
    bool told = contact_ms == truth->told_contact_ms;
    return contact_ms && !(told && contact_ms >= errand->handed_ms);
}

bool truth_may_have_been_met(const struct client *client, int64_t opened_ms)
{
    const struct ticket *ticket = client->ticket;
    for (size_t i = 1; i < ticket->comment_count; i++)
        if (is_person(ticket->comments[i].author) && ticket->comments[i].is_public &&
            ticket->comments[i].at_ms >= opened_ms - COARSE_MS)
            return true;
    return false;
}

bool truth_may_be_answer(const struct client *client)
{
    const struct ticket *ticket = client->ticket;
    const int64_t told_ms = client->truth.told_contact_ms; /* by our clock, while comments are by Zendesk's */
    int64_t contact_ms = told_ms ? told_ms : INT64_MAX;
    for (size_t i = 1; i < ticket->comment_count; i++) {
        const struct comment *comment = &ticket->comments[i];
        /* what is written while our first comment is on its way counts already */
        int64_t begun_ms = comment->begun_ms ? comment->begun_ms : comment->at_ms;
        if (is_contact(comment) && begun_ms < contact_ms)
            contact_ms = begun_ms;
    }
    for (size_t i = 1; i < ticket->comment_count && contact_ms < INT64_MAX; i++)
        if (ticket->comments[i].author >= 1000 && ticket->comments[i].at_ms >= contact_ms - COARSE_MS)
            return true;
    return false;
}

struct answers truth_answers(struct client *client, int64_t opened_ms)
{
    const struct ticket *ticket = client->ticket;
    const struct truth *truth = truth_of(client, opened_ms);
    struct answers answers = {0};
    int64_t contact_ms = contact_since(client, opened_ms, true);
    for (size_t i = 1; i < ticket->comment_count && contact_ms; i++) {
        const struct comment *comment = &ticket->comments[i];
        if (comment->author < 1000 || comment->at_ms < contact_ms || comment->at_ms <= truth->waived_ms)
            continue;
        if ((comment->author - REQUESTER(0)) % 10 == 3) {
            if (comment->at_ms > truth->outsider_settled_ms)
                answers.outsider_ms = comment->at_ms;
        } else if (strstr(comment->body, "out of office")) {
            if (comment->at_ms > truth->automatic_settled_ms)
                answers.automatic_ms = comment->at_ms;
        } else if (!answers.answer_ms) {
            answers.answer_ms = comment->at_ms;
        }
    }
    return answers;
}

void truth_commented(struct sim *sim, struct ticket *ticket, const struct comment *comment)
{
    struct truth *truth = &ticket->client->truth;
    struct truth *former = &ticket->client->former;
    if (!truth->since_ms || ticket->comment_count == 1)
        return; /* nothing is on, or it is the description */
    if (is_person(comment->author) && comment->is_public) {
        truth->last_staff_ms = former->last_staff_ms = sim->now_ms;
        truth->met_ms = former->met_ms = sim->now_ms;
        contacted(sim, ticket, truth);
        contacted(sim, ticket, former);
    }
}

/* Urgent again after it was lowered: a new emergency. */
void truth_raised(struct sim *sim, struct ticket *ticket)
{
    struct truth *truth = &ticket->client->truth;
    bool by_us = ticket->audit_count > 0 && ticket->audits[ticket->audit_count - 1].author == OWN_USER;
    if (by_us)
        truth->over = false;
    else if (!truth->since_ms || truth->over) {
        ticket->client->former = *truth;
        *truth = (struct truth){.since_ms = sim->now_ms};
    }
}

/* --- what the program writes --- */

static void check_answers(struct sim *sim, const struct errand *errand, struct client *client)
{
    const struct truth *truth = truth_of(client, errand->opened_ms);
    const char *what = action_kind_name(errand->kind);
    const struct answers answers = truth_answers(client, errand->opened_ms);
    bool ordered = errand->by == STEP_BY_ORDER || errand->by == STEP_BY_ANSWER;
    if (answers.answer_ms && !(ordered && truth->order_ms > answers.answer_ms))
        sim_violation(sim, client, "%s %lld ms after the customer answered", what,
                      (long long)(sim->now_ms - answers.answer_ms));
    /* one that was told before this emergency was opened was told of another */
    bool is_of_this = truth->told_answer_ms > errand->opened_ms - COARSE_MS;
    if (truth->told_answer_ms && is_of_this && truth->told_answer_ms < errand->handed_ms &&
        !(ordered && truth->order_ms > truth->told_answer_ms))
        sim_violation(sim, client, "%s though an answer was told %lld ms before it left", what,
                      (long long)(errand->handed_ms - truth->told_answer_ms));
    if (truth->rests_ms && truth->rests_ms < errand->handed_ms && truth->resting == errand->emergency &&
        errand->by == STEP_BY_CLOCK)
        sim_violation(sim, client, "%s though a person paused or closed", what);
}

static void check_clock_step(struct sim *sim, const struct errand *errand, struct client *client)
{
    const struct truth *truth = truth_of(client, errand->opened_ms);
    const char *what = action_kind_name(errand->kind);
    const struct answers answers = truth_answers(client, errand->opened_ms);
    if (errand->by != STEP_BY_CLOCK)
        return;
    bool was_given_up = sim->now_ms - errand->handed_ms > CALL_PATIENCE_MS; /* and may have been called off */
    bool is_excused = was_given_up && truth->floor_told_ms > errand->handed_ms &&
                      sim->now_ms >= truth->floor_before_ms - COARSE_MS;
    if (sim->now_ms < truth->floor_ms - COARSE_MS && !is_excused && !sim->process.shift_lost)
        sim_violation(sim, client, "%s %lld ms before the customer's time was over", what,
                      (long long)(truth->floor_ms - sim->now_ms));
    /* who came before this emergency was opened came to the bridge of another */
    bool came_to_this = truth->came_ms > errand->opened_ms - COARSE_MS;
    bool counts = truth->came_ms > truth->contact_ms + COARSE_MS && truth->came_ms > truth->waived_ms;
    if (truth->joined_ms > truth->joined_settled_ms && came_to_this && counts &&
        truth->joined_ms < errand->handed_ms)
        sim_violation(sim, client, "%s without asking, though the customer was in the bridge", what);
    if (answers.outsider_ms)
        sim_violation(sim, client, "%s without asking, though an outsider wrote", what);
    if (errand->kind != ACTION_DOWNGRADE)
        return;
    if (answers.automatic_ms)
        sim_violation(sim, client, "%s without asking, though an automatic reply came", what);
    if (!truth->met_ms && !truth_may_have_been_met(client, errand->paged_ms))
        sim_violation(sim, client, "%s of a customer whom nobody met", what);
}

static void check_mark(struct sim *sim, const struct client *client, const char *mark)
{
    for (size_t i = 0; i < sim->world.ticket_count; i++)
        for (size_t j = 0; j < sim->world.tickets[i]->audit_count; j++)
            if (strcmp(sim->world.tickets[i]->audits[j].mark, mark) == 0)
                sim_violation(sim, client, "the write %s takes effect twice", mark);
}

static void take_follow_up(struct sim *sim, struct errand *errand, struct client *client)
{
    struct truth *truth = truth_of(client, errand->opened_ms);
    check_answers(sim, errand, client);
    check_clock_step(sim, errand, client);
    if (truth->follow_ups++ > 0 && truth->followed_up == errand->emergency)
        sim_violation(sim, client, "a second follow-up");
    truth->followed_up = errand->emergency;
    truth->floor_ms = sim->now_ms + downgrade_after_ms(sim);
}

static void take_downgrade(struct sim *sim, struct errand *errand, struct client *client)
{
    struct truth *truth = truth_of(client, errand->opened_ms);
    check_answers(sim, errand, client);
    check_clock_step(sim, errand, client);
    if (truth->follow_ups == 0 && errand->by == STEP_BY_CLOCK)
        sim_violation(sim, client, "a downgrade without a follow-up");
    truth->downgrades++;
    truth->over = client->truth.over = true;
}

void truth_written(struct sim *sim, struct errand *errand, struct ticket *ticket, const char *mark,
                   bool comments, bool lowers)
{
    struct client *client = ticket->client;
    struct truth *truth = truth_of(client, errand->opened_ms);
    sim_tell(sim, client, "%s takes effect at ticket %lld", action_kind_name(errand->kind),
             (long long)ticket->id);
    check_mark(sim, client, mark);
    if (lowers != (errand->kind == ACTION_DOWNGRADE))
        sim_violation(sim, client, "%s lowers the priority, or should", action_kind_name(errand->kind));
    switch (errand->kind) {
    case ACTION_FIRST_CONTACT:
        if (truth->first_contact == errand->emergency ||
            (errand->by != STEP_BY_ORDER && was_contacted(client, errand)))
            sim_violation(sim, client, "the first comment, though there has been one");
        truth->first_by = errand->emergency;
        if (sim->now_ms - errand->handed_ms < CALL_PATIENCE_MS) /* else it may have been called off */
            truth->first_contact = errand->emergency;
        if (comments)
            contacted(sim, ticket, truth);
        break;
    case ACTION_FOLLOW_UP: take_follow_up(sim, errand, client); break;
    case ACTION_DOWNGRADE: take_downgrade(sim, errand, client); break;
    default: break;
    }
}

/* --- what persons say and the program has accepted --- */

static struct client *client_of(struct sim *sim, int64_t ticket)
{
    size_t place = (size_t)(ticket - FIRST_TICKET);
    return ticket >= FIRST_TICKET && place < sim->world.ticket_count ? sim->world.tickets[place]->client
                                                                     : NULL;
}

/* A person settles the doubts that they were shown, no others. */
static void settle_shown(const struct sim *sim, struct truth *truth, const struct emergency *before)
{
    if (!before->asked)
        return;
    if (before->doubt_ms[DOUBT_OUTSIDER])
        truth->outsider_settled_ms = sim->now_ms;
    if (before->doubt_ms[DOUBT_JOIN])
        truth->joined_settled_ms = sim->now_ms;
    if (before->doubt_ms[DOUBT_AUTO_REPLY] && before->asked_step == ACTION_DOWNGRADE)
        truth->automatic_settled_ms = sim->now_ms;
}

static void set_floor(const struct sim *sim, struct truth *truth, int64_t floor_ms)
{
    truth->floor_before_ms = truth->floor_ms;
    truth->floor_ms = floor_ms;
    truth->floor_told_ms = sim->now_ms;
}

/* From engaged only newer answers count. */
static void resumed(const struct sim *sim, struct truth *truth, const struct emergency *before)
{
    truth->rests_ms = 0;
    if (before->phase != PHASE_ENGAGED)
        return;
    truth->waived_ms = sim->now_ms;
    truth->joined_settled_ms = sim->now_ms;
    truth->told_answer_ms = 0;
}

void truth_commanded(struct sim *sim, const struct delivery *delivery, const struct emergency *before)
{
    struct client *client = client_of(sim, before->ticket_id);
    const struct command_facts *command = &delivery->event.command;
    if (!client)
        return;
    struct truth *truth = truth_of(client, truth_opened_ms(sim, before));
    bool rests = command->name == COMMAND_PAUSE || command->name == COMMAND_CLOSE;
    sim_tell(sim, client, "%s is accepted", command_name(command->name));
    if (rests)
        truth->resting = before->id;
    switch (command->name) {
    case COMMAND_CONTACTED:
        truth->met_ms = truth->told_contact_ms = sim->now_ms;
        truth->told_to = before->id;
        contacted(sim, client->ticket, truth);
        break;
    case COMMAND_FIRST_CONTACT: truth->met_ms = sim->now_ms; break;
    case COMMAND_FOLLOWED_UP:
        truth->follow_ups++;
        set_floor(sim, truth, truth->last_staff_ms + downgrade_after_ms(sim));
        break;
    case COMMAND_CALL_STARTED:
    case COMMAND_CALL_ENDED: truth->met_ms = sim->now_ms; /* fall through */
    case COMMAND_REPLIED: truth->told_answer_ms = sim->now_ms; break;
    case COMMAND_EXTEND:
        settle_shown(sim, truth, before);
        set_floor(sim, truth, sim->now_ms + command->for_ms);
        break;
    case COMMAND_DO_IT:
        settle_shown(sim, truth, before);
        truth->met_ms = sim->now_ms;
        truth->floor_ms = 0;
        if (before->phase ==
            PHASE_ENGAGED) /* what was ordered before, and they know that the customer answered */
            truth->order_ms = sim->now_ms;
        break;
    case COMMAND_DOWNGRADE:
        truth->met_ms = truth->order_ms = sim->now_ms;
        truth->floor_ms = 0;
        break;
    case COMMAND_PAUSE: truth->rests_ms = sim->now_ms; break;
    case COMMAND_RESUME: resumed(sim, truth, before); break;
    case COMMAND_CLOSE:
        truth->rests_ms = sim->now_ms;
        client->left_alone = true;
        break;
    default: break;
    }
}

void truth_unsure(struct sim *sim, const struct emergency *before)
{
    struct client *client = client_of(sim, before->ticket_id);
    if (client)
        client->unsure = true;
}

/* A customer in the bridge has answered; one of staff has met them. */
void truth_joined(struct sim *sim, const struct delivery *delivery)
{
    const char *digits = strpbrk(delivery->event.by_email, "0123456789");
    int64_t user = 0;
    for (size_t i = 0; i < sim->world.meeting_count; i++) {
        const struct meeting *meeting = sim->world.meetings[i];
        if (meeting->id != delivery->event.meeting.id || !meeting->client || !digits ||
            !text_to_i64(digits, strspn(digits, "0123456789"), &user))
            continue;
        struct truth *truth = &meeting->client->truth;
        if (user < 1000)
            truth->met_ms = sim->now_ms;
        else if (truth->came_ms != meeting->entered_ms) { /* told again, it is no news */
            truth->joined_ms = sim->now_ms;
            truth->came_ms = meeting->entered_ms;
        }
    }
}
