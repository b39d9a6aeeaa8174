/*
 * What people do: a page or a ticket, an engineer who acknowledges, writes, presses buttons and decides on
 * what is asked, a customer who answers or not, at random and at the worst moments. Each client follows its
 * own chance, so that leaving out the others changes little of what it does.
 */
#include "tests/simulation/simulation.h"

#include "lib/text.h"

#include <string.h>

static const char *engineer_pager(const struct client *client)
{
    static const char *const ids[] = {"PENG1", "PENG2", "PENG3"};
    return ids[client->engineer - 1];
}

static int64_t soon(struct client *client, int64_t low_ms, int64_t high_ms)
{
    return rng_between(&client->rng, low_ms, high_ms);
}

/* --- the customer --- */

void client_says(struct sim *sim, struct client *client)
{
    static const char *const texts[] = {"We are here, please call", "Still down", "Yes"};
    struct ticket *ticket = client->ticket;
    int64_t kind = rng_between(&client->rng, 0, 99);
    int64_t author = ticket->requester;
    const char *text = texts[rng_between(&client->rng, 0, 2)];
    if (ticket->status >= STATUS_CLOSED || sim->calm)
        return;
    if (kind >= 92) {
        ticket->suspended_ms = sim->now_ms;
        sim_tell(sim, client, "a reply is caught as suspended");
        return;
    }
    if (kind < 10)
        author += 1;
    else if (kind < 18)
        author += 2;
    else if (kind < 26)
        author += 3;
    else if (kind < 34)
        text = "I am out of office until Monday";
    zendesk_comment(sim, ticket, author, kind % 7 != 0, text);
}

static void say(struct sim *sim, void *subject)
{
    client_says(sim, subject);
}

/* Beside the moments at which something is due. */
static void plan_answers(struct sim *sim, struct client *client)
{
    int64_t plan = rng_between(&client->rng, 0, 99);
    int64_t contact_ms = client->truth.contact_ms ? client->truth.contact_ms : sim->now_ms;
    if (plan < 15) {
        sim_after(sim, soon(client, 0, HOUR_MS), say, client);
    } else if (plan < 30) {
        sim_at(sim, contact_ms + 15 * MINUTE_MS + soon(client, -8000, 8000), say, client);
    } else if (plan < 45) {
        sim_at(sim, contact_ms + 30 * MINUTE_MS + soon(client, -8000, 12000), say, client);
    } else if (plan < 52) {
        sim_after(sim, soon(client, 0, HOUR_MS), say, client);
        sim_after(sim, soon(client, 0, HOUR_MS), say, client);
    }
}

static void enter_bridge(struct sim *sim, void *subject)
{
    struct client *client = subject;
    struct meeting *meeting = zoom_meeting_of(sim, client);
    char email[64] = "";
    char name[32];
    if (!meeting || meeting->over || sim->calm)
        return;
    int64_t who = rng_between(&client->rng, 0, 2);
    if (who > 0)
        text_format(email, sizeof email, "user%lld@example.com",
                    (long long)(who == 1 ? client->ticket->requester : ENGINEER(client->engineer)));
    text_format(name, sizeof name, "1677%lld", (long long)rng_between(&client->rng, 1000, 9999));
    zoom_enter(sim, meeting, email, name);
}

/* --- the engineer --- */

static void write_comment(struct sim *sim, void *subject)
{
    struct client *client = subject;
    if (sim->calm || client->ticket->status >= STATUS_CLOSED)
        return;
    bool is_public = rng_chance(&client->rng, 850);
    bool first = !client->truth.contact_ms;
    zendesk_comment(sim, client->ticket, ENGINEER(client->engineer), is_public, "We are looking into it");
    if (first && is_public)
        plan_answers(sim, client);
    if (rng_chance(&client->rng, 250))
        sim_after(sim, soon(client, 1000, 30 * MINUTE_MS), write_comment, client);
}

static void contact(struct sim *sim, void *subject)
{
    struct client *client = subject;
    int64_t how = rng_between(&client->rng, 0, 99);
    if (sim->calm)
        return;
    if (how < 8) {
        (void)process_command(sim, client, COMMAND_CONTACTED, 0, "");
        plan_answers(sim, client);
    } else if (how < 18) {
        (void)process_command(sim, client, COMMAND_FIRST_CONTACT, 0, "");
        plan_answers(sim, client);
    } else {
        write_comment(sim, client);
    }
}

static struct incident *page_of(struct sim *sim, const struct client *client)
{
    for (size_t i = 0; i < sim->world.incident_count; i++)
        if (sim->world.incidents[i]->client == client)
            return sim->world.incidents[i];
    return NULL;
}

static void acknowledge(struct sim *sim, void *subject)
{
    struct client *client = subject;
    struct incident *page = page_of(sim, client);
    if (sim->calm)
        return;
    if (page && page->status == PAGE_TRIGGERED && rng_chance(&client->rng, 700))
        pagerduty_set(sim, page, PAGE_ACKNOWLEDGED, engineer_pager(client));
    else
        (void)process_command(sim, client, rng_chance(&client->rng, 500) ? COMMAND_ACK : COMMAND_TAKE, 0, "");
}

static void turn_page(struct sim *sim, void *subject)
{
    struct client *client = subject;
    struct incident *page = page_of(sim, client);
    if (!page || sim->calm || page->status == PAGE_RESOLVED)
        return;
    bool resolve = rng_chance(&client->rng, 600);
    pagerduty_set(sim, page, resolve ? PAGE_RESOLVED : PAGE_TRIGGERED, resolve ? engineer_pager(client) : "");
}

static void order_something(struct sim *sim, void *subject)
{
    static const enum command commands[] = {
        COMMAND_EXTEND,    COMMAND_PAUSE,     COMMAND_RESUME, COMMAND_REPLIED,    COMMAND_CALL_STARTED,
        COMMAND_DOWNGRADE, COMMAND_URGENT,    COMMAND_CLOSE,  COMMAND_REOPEN,     COMMAND_NOT_EMERGENCY,
        COMMAND_PAGE,      COMMAND_MANAGER,   COMMAND_NOTE,   COMMAND_CALL_ENDED, COMMAND_FOLLOWED_UP,
        COMMAND_TAKE,      COMMAND_COLLEAGUE, COMMAND_DUTY,   COMMAND_EXTEND,     COMMAND_RESUME,
    };
    struct client *client = subject;
    enum command command = commands[rng_between(&client->rng, 0, COUNT_OF(commands) - 1)];
    int64_t for_ms = soon(client, MINUTE_MS, 20 * MINUTE_MS);
    if (!sim->calm)
        (void)process_command(sim, client, command, command == COMMAND_EXTEND ? for_ms : 0, "");
}

/* In the end nothing stays undecided. */
static void decide(struct sim *sim, void *subject)
{
    struct client *client = subject;
    struct emergency e;
    bool asked = process_emergency(sim, client, &e) && e.asked;
    int64_t word = rng_between(&client->rng, 0, 99);
    if (asked && (sim->calm || word < 40))
        (void)process_command(sim, client, COMMAND_DO_IT, 0, "");
    else if (asked && word < 60)
        (void)process_command(sim, client, COMMAND_EXTEND, soon(client, MINUTE_MS, 20 * MINUTE_MS), "");
    else if (asked && word < 70)
        (void)process_command(sim, client, COMMAND_REPLIED, 0, "");
    sim_after(sim, soon(client, 2 * MINUTE_MS, 8 * MINUTE_MS), decide, client);
}

static void move_ticket(struct sim *sim, void *subject)
{
    struct client *client = subject;
    struct ticket *ticket = client->ticket;
    int64_t what = rng_between(&client->rng, 0, 2);
    if (sim->calm || ticket->status >= STATUS_CLOSED)
        return;
    if (what == 0 && ticket->priority == PRIORITY_URGENT)
        client->truth.over = true;
    enum ticket_priority priority = what == 0   ? PRIORITY_HIGH
                                    : what == 1 ? PRIORITY_URGENT
                                                : ticket->priority;
    enum ticket_status status = what < 2                        ? ticket->status
                                : ticket->status == STATUS_OPEN ? STATUS_SOLVED
                                                                : STATUS_OPEN;
    if (priority != ticket->priority || status != ticket->status)
        zendesk_change(sim, ticket, ENGINEER(client->engineer), priority, status);
}

static void link_page(struct sim *sim, void *subject)
{
    struct client *client = subject;
    struct incident *page = page_of(sim, client);
    struct emergency e;
    if (!page || !sim->process.up || store_of_incident(sim->process.store, page->id, &e) != STORE_OK ||
        e.ticket_id != 0)
        return;
    struct delivery *delivery = must_alloc(1, sizeof *delivery);
    delivery->kind = DELIVERY_COMMAND;
    delivery->emergency = e.id;
    delivery->event = (struct event){.emergency = e.id,
                                     .type = EVENT_COMMAND,
                                     .source = EVENT_SOURCE_SELF,
                                     .resolution_ms = 1,
                                     .ticket_id = client->ticket->id,
                                     .command = {.name = COMMAND_LINK}};
    sim_tell(sim, client, "the page is linked");
    process_take(sim, delivery);
}

/* --- how it begins --- */

static void make_page(struct sim *sim, void *subject)
{
    struct client *client = subject;
    char title[100];
    char key[40];
    int64_t how = rng_between(&client->rng, 0, 9);
    int64_t ticket = FIRST_TICKET + client->number;
    text_format(key, sizeof key, "key%d", client->number);
    if (how < 7)
        text_format(title, sizeof title, "Emergency ticket #%lld: it is down", (long long)ticket);
    else
        text_copy(title, sizeof title, "It is down");
    if (!client->truth.since_ms)
        client->truth.since_ms = sim->now_ms;
    struct incident *page = pagerduty_add(sim, client, title, key);
    if (how == 7 || how == 8)
        page->ticket_in_alert = (int)ticket;
    else if (how == 9)
        sim_after(sim, soon(client, MINUTE_MS, 10 * MINUTE_MS), link_page, client);
}

static void raise(struct sim *sim, void *subject)
{
    struct client *client = subject;
    if (client->ticket->priority != PRIORITY_URGENT && !sim->calm)
        zendesk_change(sim, client->ticket, client->ticket->requester, PRIORITY_URGENT,
                       client->ticket->status);
}

static void begin(struct sim *sim, void *subject)
{
    struct client *client = subject;
    struct rng *rng = &client->rng;
    if (rng_chance(rng, 750))
        sim_after(sim, soon(client, 0, 2 * MINUTE_MS), make_page, client);
    if (client->ticket->priority != PRIORITY_URGENT)
        sim_after(sim, soon(client, 1000, 5 * MINUTE_MS), raise, client);
    if (rng_chance(rng, 800))
        sim_after(sim, soon(client, 10000, 9 * MINUTE_MS), acknowledge, client);
    if (rng_chance(rng, 850))
        sim_after(sim, soon(client, 20000, 22 * MINUTE_MS), contact, client);
    if (rng_chance(rng, 100))
        sim_after(sim, soon(client, 1000, 5 * MINUTE_MS), say, client);
    for (int64_t orders = rng_chance(rng, 400) ? rng_between(rng, 1, 4) : 0; orders > 0; orders--)
        sim_after(sim, soon(client, MINUTE_MS, 90 * MINUTE_MS), order_something, client);
    if (rng_chance(rng, 250))
        sim_after(sim, soon(client, 5 * MINUTE_MS, 70 * MINUTE_MS), move_ticket, client);
    if (rng_chance(rng, 250))
        sim_after(sim, soon(client, 5 * MINUTE_MS, 90 * MINUTE_MS), move_ticket, client);
    if (rng_chance(rng, 500))
        sim_after(sim, soon(client, 5 * MINUTE_MS, 60 * MINUTE_MS), turn_page, client);
    if (rng_chance(rng, 150))
        sim_after(sim, soon(client, 2 * MINUTE_MS, 50 * MINUTE_MS), enter_bridge, client);
    sim_after(sim, soon(client, MINUTE_MS, 8 * MINUTE_MS), decide, client);
}

/* All clients have their tickets, numbered alike whoever is left out; those left out stay quiet. */
void people_begin(struct sim *sim)
{
    sim->client_count = sim->clients_wanted;
    sim->clients = must_alloc((size_t)sim->client_count, sizeof *sim->clients);
    for (int i = 0; i < sim->client_count; i++) {
        struct client *client = &sim->clients[i];
        bool quiet = sim->only >= 0 && sim->only != i;
        client->number = i;
        client->rng = rng_of(sim->seed, 1000 + (uint64_t)i);
        client->nasty = rng_chance(&client->rng, 300);
        client->replies_left = rng_between(&client->rng, 1, 2);
        client->engineer = (char)rng_between(&client->rng, 1, 3);
        bool urgent = rng_chance(&client->rng, 700);
        int64_t begins_ms = rng_between(&client->rng, MINUTE_MS, 40 * MINUTE_MS);
        client->left_alone = quiet;
        (void)zendesk_add_ticket(sim, client, PRIORITY_NORMAL);
        if (quiet)
            continue;
        sim_after(sim, begins_ms, urgent ? raise : begin, client);
        if (urgent)
            sim_after(sim, begins_ms, begin, client);
    }
}

void people_calm(struct sim *sim)
{
    for (size_t i = 0; i < sim->world.incident_count; i++)
        if (sim->world.incidents[i]->status != PAGE_RESOLVED)
            pagerduty_set(sim, sim->world.incidents[i], PAGE_RESOLVED, "PENG1");
}
