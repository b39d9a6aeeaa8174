/*
 * The way of a call to a service and of its answer back: how long each takes, and what goes wrong. A request
 * may be lost, refused, answered with an error before or after it took effect, or take effect when nobody
 * waits for it any more; a service may be silent for minutes. As the courier does, a call that is not
 * answered within 10 s is broken off.
 */
#include "tests/simulation/simulation.h"

#include "lib/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* --- ends --- */

static void release(struct sim *sim, struct errand *errand)
{
    struct errand **place = &sim->errands;
    while (*place != errand)
        place = &(*place)->next;
    *place = errand->next;
    call_free(errand->call);
    free(errand->answer.bytes);
    free(errand);
}

void network_free(struct sim *sim)
{
    while (sim->errands)
        release(sim, sim->errands);
}

/* The process that sent them is gone: what is under way goes on, or is cut off. */
void network_forget(struct sim *sim, int64_t life)
{
    for (struct errand *errand = sim->errands; errand; errand = errand->next)
        if (errand->life == life && !errand->took_effect && rng_chance(&sim->network_rng, 500))
            errand->broken = true;
}

/* The request stays here, since it may take effect later. */
static void return_call(struct sim *sim, struct errand *errand)
{
    if (!sim->process.up || errand->life != sim->process.life)
        return;
    struct call *back = must_alloc(1, sizeof *back);
    *back = *errand->call;
    back->path = back->body = back->from = NULL;
    errand->call->answer = NULL;
    process_take_call(sim, back);
}

static int64_t service_skew_ms(const struct sim *sim, enum service_id service)
{
    return service == SERVICE_ZENDESK ? sim->world.zendesk_skew_ms : 0;
}

/* Answers take their time, too. */
static int64_t back_ms(struct sim *sim)
{
    bool slow = sim_may(sim, TROUBLE_CALLS) && !sim->calm && rng_chance(&sim->network_rng, 40);
    return slow ? rng_between(&sim->network_rng, 120, 6000) : rng_between(&sim->network_rng, 2, 120);
}

static void answer_arrives(struct sim *sim, void *subject)
{
    struct errand *errand = subject;
    struct call *call = errand->call;
    call->end = CALL_ANSWERED;
    call->status = errand->status;
    call->answer = errand->answer.bytes;
    call->answer_length = errand->answer.length;
    errand->answer = (struct text){0};
    int64_t date_ms = errand->answer_at_ms + service_skew_ms(sim, call->service);
    call->date_ms = date_ms - date_ms % 1000;
    call->received_ms = process_now_ms(sim);
    return_call(sim, errand);
    release(sim, errand);
}

static void fail(struct sim *sim, struct errand *errand, enum call_end end, const char *why)
{
    errand->call->end = end;
    text_copy(errand->call->error, sizeof errand->call->error, why);
    return_call(sim, errand);
}

static void refused(struct sim *sim, void *subject)
{
    fail(sim, subject, CALL_NOT_SENT, "connection refused");
    release(sim, subject);
}

/* The process waits no longer; the request may still be on its way. */
static void time_is_up(struct sim *sim, void *subject)
{
    struct errand *errand = subject;
    fail(sim, errand, CALL_BROKEN, "timed out");
    if (errand->done)
        release(sim, errand);
    else
        errand->done = true;
}

/* --- at the service --- */

static void serve(struct sim *sim, struct errand *errand)
{
    errand->answer_at_ms = sim->now_ms;
    switch (errand->call->service) {
    case SERVICE_ZENDESK: zendesk_answer(sim, errand); break;
    case SERVICE_PAGERDUTY: pagerduty_answer(sim, errand); break;
    case SERVICE_SLACK: slack_serve(sim, errand); break;
    case SERVICE_ZOOM: zoom_serve(sim, errand); break;
    default: errand->status = 404; break;
    }
    errand->took_effect = true;
}

static void answer_with(struct errand *errand, int status, int64_t retry_after_ms)
{
    free(errand->answer.bytes);
    errand->answer = (struct text){0};
    text_add_quoted(&errand->answer, "{'error':'status %d','ok':false}", status);
    errand->status = status;
    errand->call->retry_after_ms = retry_after_ms;
}

static void request_arrives(struct sim *sim, void *subject)
{
    struct errand *errand = subject;
    if (errand->broken) {
        release(sim, errand);
        return;
    }
    serve(sim, errand);
    sim_after(sim, back_ms(sim), answer_arrives, errand);
}

/* An error that says nothing of whether it took effect. */
static void request_fails(struct sim *sim, void *subject)
{
    static const int statuses[] = {500, 502, 503, 504};
    struct errand *errand = subject;
    if (errand->broken) {
        release(sim, errand);
        return;
    }
    if (rng_chance(&sim->network_rng, 500))
        serve(sim, errand);
    errand->answer_at_ms = sim->now_ms;
    answer_with(errand, statuses[rng_between(&sim->network_rng, 0, 3)], -1);
    sim_after(sim, back_ms(sim), answer_arrives, errand);
}

static void request_is_limited(struct sim *sim, void *subject)
{
    struct errand *errand = subject;
    errand->answer_at_ms = sim->now_ms;
    answer_with(errand, 429, 1000 * rng_between(&sim->network_rng, 0, 20));
    sim_after(sim, back_ms(sim), answer_arrives, errand);
}

/* It takes effect, or not, and nobody hears of it. */
static void request_is_unheard(struct sim *sim, void *subject)
{
    struct errand *errand = subject;
    if (!errand->broken && !rng_chance(&sim->network_rng, 300))
        serve(sim, errand);
    if (errand->done)
        release(sim, errand);
    else
        errand->done = true;
}

/* --- on the way --- */

/* A write to a ticket carries the number of its row: what it is, as it leaves. */
static void note_write(struct sim *sim, struct errand *errand)
{
    const struct call *call = errand->call;
    struct action action;
    struct emergency e;
    const char *mark = call->body ? strstr(call->body, "\"emergencyd\":") : NULL;
    const char *dash = mark ? strchr(mark, '-') : NULL;
    if (strcmp(call->method, "PUT") != 0 || call->service != SERVICE_ZENDESK || !dash)
        return;
    errand->action = strtoll(dash + 1, NULL, 10);
    if (store_get_action(sim->process.store, errand->action, &action) != STORE_OK ||
        action.state != ACTION_SENDING) {
        sim_violation(sim, NULL, "call %lld leaves, but its row does not say so", (long long)errand->action);
        return;
    }
    errand->kind = action.kind;
    errand->emergency = action.emergency;
    if (store_get_emergency(sim->process.store, action.emergency, &e) == STORE_OK)
        errand->by = e.step_by;
    errand->opened_ms = truth_opened_ms(sim, &e);
    errand->paged_ms = e.opened_ms - sim->process.offset_ms;
}

static void answer_now(struct sim *sim, void *subject)
{
    client_says(sim, subject);
}

/* A customer answers just while their ticket is looked at, or written to. */
static void tempt_customer(struct sim *sim, const struct call *call)
{
    const char *at = strstr(call->path, "/tickets/");
    int64_t id = at ? strtoll(at + strlen("/tickets/"), NULL, 10) : 0;
    size_t place = (size_t)(id - FIRST_TICKET);
    if (id < FIRST_TICKET || place >= sim->world.ticket_count)
        return;
    struct client *client = sim->world.tickets[place]->client;
    if (client->nasty && client->replies_left > 0 && client->truth.contact_ms &&
        sim->now_ms > client->truth.floor_ms - 20000 && rng_chance(&client->rng, 200)) {
        client->replies_left--;
        sim_after(sim, rng_between(&client->rng, 0, 3000), answer_now, client);
    }
}

static int64_t way_ms(struct sim *sim)
{
    struct rng *rng = &sim->network_rng;
    return rng_chance(rng, 950) ? rng_between(rng, 2, 150) : rng_between(rng, 150, 7000);
}

static bool is_silent(const struct sim *sim, enum service_id service)
{
    return sim->down_until_ms[service] > sim->now_ms && !sim->calm;
}

void network_send(struct sim *sim, struct call *call)
{
    struct errand *errand = must_alloc(1, sizeof *errand);
    struct rng *rng = &sim->network_rng;
    errand->next = sim->errands;
    sim->errands = errand;
    errand->call = call;
    errand->life = sim->process.life;
    errand->handed_ms = sim->now_ms;
    call->retry_after_ms = -1;
    note_write(sim, errand);
    tempt_customer(sim, call);
    int64_t patience_ms = call->timeout_ms > 0 ? call->timeout_ms : CALL_PATIENCE_MS;
    int64_t fate = rng_between(rng, 0, 999);
    bool bad = sim_may(sim, TROUBLE_CALLS) && !sim->calm;
    int64_t way = sim->calm ? 20 : way_ms(sim);
    if (is_silent(sim, call->service) && fate < 500) {
        sim_after(sim, 5, refused, errand);
    } else if (is_silent(sim, call->service) || (bad && fate < 30)) {
        /* up to 8 s later than anybody waits for it */
        sim_after(sim, rng_between(rng, 5, patience_ms + 8000), request_is_unheard, errand);
        sim_after(sim, patience_ms, time_is_up, errand);
    } else if (bad && fate < 45) {
        sim_after(sim, 5, refused, errand);
    } else if (bad && fate < 60) {
        sim_after(sim, way, request_fails, errand);
    } else if (bad && fate < 70) {
        sim_after(sim, way, request_is_limited, errand);
    } else {
        sim_after(sim, way, request_arrives, errand);
    }
}

/* --- outages --- */

static void go_silent(struct sim *sim, void *unused)
{
    struct rng *rng = &sim->network_rng;
    int64_t service = rng_between(rng, 0, 3);
    int64_t for_ms = rng_chance(rng, 800) ? rng_between(rng, 5000, 10 * MINUTE_MS)
                                          : rng_between(rng, 10 * MINUTE_MS, 90 * MINUTE_MS);
    (void)unused;
    if (sim->calm)
        return;
    if (sim_may(sim, TROUBLE_OUTAGES)) {
        sim->down_until_ms[service] = sim->now_ms + for_ms;
        sim_tell(sim, NULL, "%s is silent for %lld s", service_name((enum service_id)service),
                 (long long)(for_ms / 1000));
    }
    sim_after(sim, rng_between(rng, MINUTE_MS, 90 * MINUTE_MS), go_silent, NULL);
}

void network_troubles(struct sim *sim)
{
    sim_after(sim, rng_between(&sim->network_rng, MINUTE_MS, 60 * MINUTE_MS), go_silent, NULL);
}
