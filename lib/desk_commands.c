/*
 * What people order, over the admin API and in Slack, and what they ask there. A command that the state does
 * not allow is refused with the reason: to the API as 409, in Slack as a message that only they see.
 */
#include "lib/desk_internal.h"
#include "lib/mention.h"
#include "lib/text.h"

#include <string.h>

/* A contrary command comes too late for bytes that are on their way. */
static bool is_contrary(enum command command)
{
    switch (command) {
    case COMMAND_FIRST_CONTACT:
    case COMMAND_FOLLOWED_UP:
    case COMMAND_EXTEND:
    case COMMAND_PAUSE:
    case COMMAND_RESUME:
    case COMMAND_DO_IT:
    case COMMAND_DOWNGRADE:
    case COMMAND_URGENT:
    case COMMAND_BULK:
    case COMMAND_CLOSE:
    case COMMAND_REOPEN: return true;
    default: return false;
    }
}

static bool step_is_sending(struct desk *desk, const struct emergency *e)
{
    if (e->released == ACTION_NONE)
        return false;
    for (const struct flight *flight = desk->flights; flight; flight = flight->next)
        if (flight->emergency == e->id && flight->step == FLIGHT_WRITE && flight->service == SERVICE_ZENDESK)
            return true;
    return false;
}

/* --- which emergency --- */

/* The only one that is open; STORE_NONE: there are none, or several. */
static enum store_result only_open(struct desk *desk, struct emergency *e)
{
    int64_t ids[2];
    int count;
    enum store_result result = store_open_ids(desk->store, 0, ids, 2, &count);
    if (result == STORE_OK)
        result = count == 1 ? store_get_emergency(desk->store, ids[0], e) : STORE_NONE;
    return result;
}

/* By its number, by its ticket's, or because there is no other. */
static enum store_result find_emergency(struct desk *desk, struct event *event, struct emergency *e)
{
    if (event->emergency > 0)
        return store_get_emergency(desk->store, event->emergency, e);
    if (event->ticket_id == 0 || event->command.name == COMMAND_LINK)
        return only_open(desk, e);
    enum store_result found = store_of_ticket(desk->store, event->ticket_id, e);
    event->ticket_id = 0;
    return found;
}

/* --- refusals --- */

/* Somebody whom nobody knows is no one to page. */
static bool is_known(const struct desk *desk, const char *to)
{
    if (!to[0] || text_equal_nocase(to, "engineer") || text_equal_nocase(to, "manager"))
        return true;
    return desk_oncall_named(desk, to) || (strchr(to, '@') && to[0] != '<');
}

/* "<@U123>" or "<@U123|name>": whom Slack knows by it. */
static bool resolve_mention(struct desk *desk, char *to, size_t size)
{
    char id[24];
    struct person person;
    if (strncmp(to, "<@", 2) != 0)
        return true;
    text_copy_n(id, sizeof id, to + 2, strcspn(to + 2, "|>"));
    enum store_result found = store_person_of_slack(desk->store, id, &person);
    if (found == STORE_OK)
        text_copy(to, size, person.email);
    return desk_did(desk, found);
}

/* Why the command can't be given now, or NULL; *FOUND is the store's trouble, if any. */
static const char *refusal_of(struct desk *desk, const struct emergency *e, const struct event *event,
                              enum store_result *found)
{
    struct emergency other;
    enum command command = event->command.name;
    const char *refusal = emergency_forbids(e, command);
    *found = STORE_NONE;
    if (refusal)
        return refusal;
    if (is_contrary(command) && step_is_sending(desk, e))
        return "already being sent";
    if (command == COMMAND_PAGE && !desk->lines[SERVICE_PAGERDUTY].configured)
        return "there is no PagerDuty to page by";
    if (command == COMMAND_RESOLVE && !desk->lines[SERVICE_PAGERDUTY].configured)
        return "[pagerduty] api_token is not set: resolve the page in PagerDuty";
    if (command == COMMAND_MANAGER && !desk->config->pagerduty.manager_schedule)
        return "[pagerduty] manager_schedule does not say who the manager on call is";
    if (command == COMMAND_PAGE && !is_known(desk, event->command.to))
        return "nobody of that name is on call: give an e-mail address, \"engineer\" or \"manager\"";
    if (command != COMMAND_REOPEN || e->ticket_id == 0)
        return NULL;
    *found = store_open_of_ticket(desk->store, e->ticket_id, &other);
    return *found == STORE_OK ? "another emergency of its ticket is open" : NULL;
}

/* To the API an error; in Slack a sentence for whoever typed or pressed. The webhook is kept in any case. */
static bool refuse(struct desk *desk, struct delivery *delivery, const struct journal_entry *entry,
                   int status, const char *reason)
{
    char text[300];
    if (!entry) {
        desk_answer(delivery, status, reason);
        return true;
    }
    text_format(text, sizeof text, "Not done: %s.", reason);
    int64_t emergency = delivery->event.emergency;
    delivery->event.emergency = 0;
    bool kept = desk_keep(desk, delivery, entry, DELIVERY_IGNORED);
    delivery->event.emergency = emergency;
    if (!kept || delivery->duplicate)
        return kept;
    if (!delivery->wants_text)
        return desk_whisper(desk, delivery, text);
    delivery->answer = slack_answer(text);
    return delivery->answer || desk_did(desk, STORE_BROKEN);
}

/* --- the same button twice --- */

/* A nervous finger orders nothing twice: nobody means to, within so short a time. */
#define SAME_PRESS_MS 3000

static struct press press_of(const struct desk *desk, const struct delivery *delivery)
{
    struct press press = {.emergency = delivery->event.emergency,
                          .command = delivery->event.command.name,
                          .at_ms = desk->now_ms};
    text_copy(press.by, sizeof press.by, delivery->event.by_slack);
    return press;
}

static bool is_pressed_again(const struct desk *desk, const struct delivery *delivery)
{
    const struct press *last = &desk->last_press;
    const struct press press = press_of(desk, delivery);
    return last->emergency == press.emergency && last->command == press.command &&
           strcmp(last->by, press.by) == 0 && press.at_ms - last->at_ms < SAME_PRESS_MS;
}

static bool keep_second_press(struct desk *desk, struct delivery *delivery, const struct journal_entry *entry)
{
    delivery->event.emergency = 0;
    bool kept = desk_keep(desk, delivery, entry, DELIVERY_IGNORED);
    delivery->duplicate = true;
    return kept;
}

/* --- giving it --- */

/* One text for the whole incident: the same command for each of its emergencies. */
static bool give_to_incident(struct desk *desk, const struct event *given, int64_t but)
{
    enum { MANY = 64 };
    int64_t ids[MANY];
    int64_t after = 0;
    int count = MANY;
    bool good = true;
    struct emergency e;
    while (good && count == MANY) {
        good = desk_did(desk, store_of_bulk(desk->store, given->command.to, after, ids, MANY, &count));
        for (int i = 0; good && i < count; i++) {
            after = ids[i];
            struct event event = *given;
            event.id[0] = '\0';
            enum store_result found = store_get_emergency(desk->store, ids[i], &e);
            good = desk_did(desk, found);
            if (good && found == STORE_OK && e.id != but && !emergency_forbids(&e, COMMAND_BULK)) {
                emergency_note_shown(&e, &event.command);
                good = desk_apply(desk, &e, &event, NULL, NULL);
            }
        }
    }
    return good;
}

static bool confirm(struct desk *desk, struct delivery *delivery, const struct emergency *e)
{
    char text[200];
    const char *held = emergency_held(e);
    if (!delivery->wants_text)
        return true;
    text_format(text, sizeof text, "Done. Emergency %lld%s is %s%s%s.", (long long)e->id,
                e->ticket_id > 0 ? "" : " (without a ticket)", emergency_state(e), held ? ", held: " : "",
                held ? held : "");
    delivery->answer = slack_answer(text);
    return delivery->answer || desk_did(desk, STORE_BROKEN);
}

static bool give(struct desk *desk, struct delivery *delivery, const struct journal_entry *entry,
                 struct emergency *e)
{
    struct event *event = &delivery->event;
    bool repeat = false;
    event->source = EVENT_SOURCE_SELF;
    event->at_ms = event->now_ms = desk->now_ms;
    event->resolution_ms = 1;
    emergency_note_shown(e, &event->command);
    text_format(event->id, sizeof event->id, "%020llu", (unsigned long long)++desk->last_serial);
    if (event->command.name == COMMAND_LINK) {
        if (!desk_link(desk, e, event, entry))
            return false;
    } else if (!desk_apply(desk, e, event, entry, &repeat)) {
        return false;
    }
    delivery->duplicate = repeat;
    delivery->emergency = e->id;
    if (event->command.name == COMMAND_BULK && !repeat && !give_to_incident(desk, event, e->id))
        return false;
    return repeat || confirm(desk, delivery, e);
}

bool desk_take_command(struct desk *desk, struct delivery *delivery, const struct journal_entry *entry)
{
    struct event *event = &delivery->event;
    struct emergency e = {0};
    bool is_only = event->emergency == 0 && event->ticket_id == 0;
    if (!resolve_mention(desk, event->command.to, sizeof event->command.to))
        return false;
    enum store_result found = find_emergency(desk, event, &e);
    if (!desk_did(desk, found))
        return false;
    delivery->status = 200;
    if (found == STORE_NONE)
        return refuse(desk, delivery, entry, 404,
                      is_only ? "say which emergency: its number, or its ticket as #4711"
                              : "no such emergency");
    event->emergency = delivery->emergency = e.id;
    const char *refusal = refusal_of(desk, &e, event, &found);
    if (!desk_did(desk, found))
        return false;
    bool is_press = entry && !delivery->wants_text;
    if (is_press && is_pressed_again(desk, delivery))
        return keep_second_press(desk, delivery, entry);
    if (refusal)
        return refuse(desk, delivery, entry, 409, refusal);
    if (is_press)
        desk->last_press = press_of(desk, delivery);
    return give(desk, delivery, entry, &e);
}

/* --- questions --- */

static void list_open(struct desk *desk, char *out, size_t size)
{
    enum { MANY = 20 };
    int64_t ids[MANY];
    int count = 0;
    struct emergency e;
    struct emergency other;
    char line[600];
    out[0] = '\0';
    if (store_open_ids(desk->store, 0, ids, MANY, &count) != STORE_OK)
        return;
    for (int i = 0; i < count; i++) {
        if (store_get_emergency(desk->store, ids[i], &e) != STORE_OK)
            continue;
        struct message_facts facts = desk_facts(desk, &e, NULL, &other);
        messages_write(desk->config->messages.texts, MESSAGE_LISTED, &facts, line, sizeof line);
        size_t used = strlen(out);
        text_format(out + used, size - used, "%s%s", used ? "\n" : "", line);
    }
    if (!out[0])
        text_copy(out, size, "No emergency is open.");
}

bool desk_take_question(struct desk *desk, struct delivery *delivery, const struct journal_entry *entry)
{
    char text[6000];
    char plain[6000];
    struct emergency e = {0};
    struct emergency other;
    delivery->event.type = EVENT_IGNORED;
    if (!desk_keep(desk, delivery, entry, DELIVERY_IGNORED) || !desk_did(desk, only_open(desk, &e)))
        return false;
    struct message_facts facts = desk_facts(desk, &e, NULL, &other);
    if (delivery->question == QUESTION_LIST)
        list_open(desk, text, sizeof text);
    else
        messages_write(desk->config->messages.texts,
                       delivery->question == QUESTION_HELP ? MESSAGE_HELP : MESSAGE_ONCALL, &facts, text,
                       sizeof text);
    mention_resolve(text, NULL, NULL, plain, sizeof plain);
    delivery->answer = slack_answer(plain);
    return delivery->answer || desk_did(desk, STORE_BROKEN);
}
