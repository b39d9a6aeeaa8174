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

static void contacted(const struct sim *sim, struct truth *truth)
{
    if (truth->contact_ms)
        return;
    truth->contact_ms = sim->now_ms;
    truth->floor_ms = sim->now_ms + follow_up_after_ms(sim);
}

static void take_customer(const struct sim *sim, struct truth *truth, const struct comment *comment)
{
    bool outsider = (comment->author - REQUESTER(0)) % 10 == 3;
    bool automatic = strstr(comment->body, "out of office") != NULL;
    if (!truth->contact_ms)
        return;
    if (outsider)
        truth->outsider_ms = sim->now_ms;
    else if (automatic)
        truth->automatic_ms = sim->now_ms;
    else if (!truth->answer_ms)
        truth->answer_ms = sim->now_ms;
}

void truth_commented(struct sim *sim, struct ticket *ticket, const struct comment *comment)
{
    struct truth *truth = &ticket->client->truth;
    if (!truth->since_ms || ticket->comment_count == 1)
        return; /* nothing is on, or it is the description */
    if (comment->author >= 1000) {
        take_customer(sim, truth, comment);
    } else if (is_person(comment->author) && comment->is_public) {
        truth->last_staff_ms = sim->now_ms;
        truth->met_ms = sim->now_ms;
        contacted(sim, truth);
    }
}

/* Urgent again after it was lowered: a new emergency. */
void truth_raised(struct sim *sim, struct ticket *ticket)
{
    struct truth *truth = &ticket->client->truth;
    bool by_us = ticket->audit_count > 0 && ticket->audits[ticket->audit_count - 1].author == OWN_USER;
    if (by_us)
        truth->over = false;
    else if (!truth->since_ms || truth->over)
        *truth = (struct truth){.since_ms = sim->now_ms};
}

/* --- what the program writes --- */

static void check_answers(struct sim *sim, const struct errand *errand, const struct client *client)
{
    const struct truth *truth = &client->truth;
    const char *what = action_kind_name(errand->kind);
    bool ordered = errand->by == STEP_BY_ORDER;
    if (truth->answer_ms && !(ordered && truth->order_ms > truth->answer_ms))
        sim_violation(sim, client, "%s %lld ms after the customer answered", what,
                      (long long)(sim->now_ms - truth->answer_ms));
    if (truth->told_answer_ms && truth->told_answer_ms < errand->handed_ms &&
        !(ordered && truth->order_ms > truth->told_answer_ms))
        sim_violation(sim, client, "%s though an answer was told %lld ms before it left", what,
                      (long long)(errand->handed_ms - truth->told_answer_ms));
    if (truth->rests_ms && truth->rests_ms < errand->handed_ms && errand->by == STEP_BY_CLOCK)
        sim_violation(sim, client, "%s though a person paused or closed", what);
}

static void check_clock_step(struct sim *sim, const struct errand *errand, const struct client *client)
{
    const struct truth *truth = &client->truth;
    const char *what = action_kind_name(errand->kind);
    if (errand->by != STEP_BY_CLOCK)
        return;
    if (sim->now_ms < truth->floor_ms - COARSE_MS && !sim->process.shift_lost)
        sim_violation(sim, client, "%s %lld ms before the customer's time was over", what,
                      (long long)(truth->floor_ms - sim->now_ms));
    if (truth->outsider_ms)
        sim_violation(sim, client, "%s without asking, though an outsider wrote", what);
    if (errand->kind != ACTION_DOWNGRADE)
        return;
    if (truth->automatic_ms)
        sim_violation(sim, client, "%s without asking, though an automatic reply came", what);
    if (!truth->met_ms)
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
    struct truth *truth = &client->truth;
    check_answers(sim, errand, client);
    check_clock_step(sim, errand, client);
    if (truth->follow_ups++ > 0)
        sim_violation(sim, client, "a second follow-up");
    truth->floor_ms = sim->now_ms + downgrade_after_ms(sim);
}

static void take_downgrade(struct sim *sim, struct errand *errand, struct client *client)
{
    struct truth *truth = &client->truth;
    check_answers(sim, errand, client);
    check_clock_step(sim, errand, client);
    if (truth->follow_ups == 0 && errand->by == STEP_BY_CLOCK)
        sim_violation(sim, client, "a downgrade without a follow-up");
    truth->downgrades++;
    truth->over = true;
}

void truth_written(struct sim *sim, struct errand *errand, struct ticket *ticket, const char *mark,
                   bool comments, bool lowers)
{
    struct client *client = ticket->client;
    struct truth *truth = &client->truth;
    sim_tell(sim, client, "%s takes effect at ticket %lld", action_kind_name(errand->kind),
             (long long)ticket->id);
    check_mark(sim, client, mark);
    if (lowers != (errand->kind == ACTION_DOWNGRADE))
        sim_violation(sim, client, "%s lowers the priority, or should", action_kind_name(errand->kind));
    switch (errand->kind) {
    case ACTION_FIRST_CONTACT:
        if (truth->first_contacts++ > 0 || truth->contact_ms)
            sim_violation(sim, client, "the first comment, though there has been one");
        if (comments)
            contacted(sim, truth);
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
static void settle_shown(struct truth *truth, const struct emergency *before)
{
    if (!before->asked)
        return;
    if (before->doubt_ms[DOUBT_OUTSIDER])
        truth->outsider_ms = 0;
    if (before->doubt_ms[DOUBT_AUTO_REPLY] && before->asked_step == ACTION_DOWNGRADE)
        truth->automatic_ms = 0;
}

static void resumed(struct truth *truth, const struct emergency *before)
{
    truth->rests_ms = 0;
    if (before->phase != PHASE_ENGAGED)
        return;
    truth->answer_ms = truth->told_answer_ms = 0; /* only newer answers count */
    truth->outsider_ms = truth->automatic_ms = 0;
}

void truth_commanded(struct sim *sim, const struct delivery *delivery, const struct emergency *before)
{
    struct client *client = client_of(sim, before->ticket_id);
    const struct command_facts *command = &delivery->event.command;
    if (!client)
        return;
    struct truth *truth = &client->truth;
    sim_tell(sim, client, "%s is accepted", command_name(command->name));
    switch (command->name) {
    case COMMAND_CONTACTED:
        truth->met_ms = sim->now_ms;
        contacted(sim, truth);
        break;
    case COMMAND_FIRST_CONTACT: truth->met_ms = sim->now_ms; break;
    case COMMAND_FOLLOWED_UP:
        truth->follow_ups++;
        truth->floor_ms = truth->last_staff_ms + downgrade_after_ms(sim);
        break;
    case COMMAND_CALL_STARTED:
    case COMMAND_CALL_ENDED: truth->met_ms = sim->now_ms; /* fall through */
    case COMMAND_REPLIED: truth->told_answer_ms = sim->now_ms; break;
    case COMMAND_EXTEND:
        settle_shown(truth, before);
        truth->floor_ms = sim->now_ms + command->for_ms;
        break;
    case COMMAND_DO_IT:
        settle_shown(truth, before);
        truth->met_ms = sim->now_ms;
        truth->floor_ms = 0;
        break;
    case COMMAND_DOWNGRADE:
        truth->met_ms = truth->order_ms = sim->now_ms;
        truth->floor_ms = 0;
        break;
    case COMMAND_PAUSE: truth->rests_ms = sim->now_ms; break;
    case COMMAND_RESUME: resumed(truth, before); break;
    case COMMAND_CLOSE:
        truth->rests_ms = sim->now_ms;
        client->left_alone = true;
        break;
    default: break;
    }
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
        else
            truth->told_answer_ms = sim->now_ms;
    }
}
