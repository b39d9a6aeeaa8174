/*
 * What people are to be told and paged for: the rows that the outcomes of events and refusals of services
 * become. Texts are written now, as they speak of what has just happened; mentions in them are made when they
 * are sent. What needs a service that is not configured is left out.
 */
#include "lib/desk_internal.h"
#include "lib/text.h"

#include <string.h>

/* --- facts --- */

static void name_oncall(const struct desk *desk, const char *schedule, int64_t at_ms, struct named *named)
{
    struct oncall oncall;
    *named = (struct named){0};
    if (!desk_oncall(desk, schedule, at_ms, &oncall))
        return;
    text_copy(named->name, sizeof named->name, oncall.name);
    text_copy(named->email, sizeof named->email, oncall.email);
    named->until_ms = oncall.end_ms;
}

struct message_facts desk_facts(struct desk *desk, const struct emergency *e, const struct event *event,
                                struct emergency *other)
{
    const struct config *config = desk->config;
    struct message_facts facts = {.config = config,
                                  .e = e,
                                  .event = event,
                                  .slack_home = desk->slack_home,
                                  .service = "zendesk",
                                  .now_ms = desk->now_ms};
    name_oncall(desk, config->pagerduty.manager_schedule, desk->now_ms, &facts.manager);
    name_oncall(desk, config->pagerduty.engineer_schedule, desk->now_ms, &facts.engineer);
    if (facts.engineer.until_ms != 0 && facts.engineer.until_ms != INT64_MAX)
        name_oncall(desk, config->pagerduty.engineer_schedule, facts.engineer.until_ms, &facts.next);
    if (facts.manager.until_ms != 0 && facts.manager.until_ms != INT64_MAX)
        name_oncall(desk, config->pagerduty.manager_schedule, facts.manager.until_ms, &facts.next_manager);
    if (e->busy_with > 0 && store_get_emergency(desk->store, e->busy_with, other) == STORE_OK)
        facts.other = other;
    return facts;
}

/* --- whom --- */

/* Somebody to be called. */
struct callee {
    char id[96]; /* PagerDuty's, or an e-mail address; "" whoever the service's policy says */
    struct named named;
};

static void call_oncall(const struct desk *desk, const char *schedule, struct callee *callee)
{
    struct oncall oncall;
    if (!desk_oncall(desk, schedule, desk->now_ms, &oncall))
        return;
    text_copy(callee->id, sizeof callee->id, oncall.user_id);
    text_copy(callee->named.name, sizeof callee->named.name, oncall.name);
    text_copy(callee->named.email, sizeof callee->named.email, oncall.email);
}

static void call_address(struct desk *desk, const char *email, struct callee *callee)
{
    struct person person;
    text_copy(callee->id, sizeof callee->id, email);
    text_copy(callee->named.email, sizeof callee->named.email, email);
    if (store_get_person(desk->store, email, &person) != STORE_OK)
        return;
    text_copy(callee->named.name, sizeof callee->named.name, person.name);
    if (person.pagerduty_id[0])
        text_copy(callee->id, sizeof callee->id, person.pagerduty_id);
}

/* By what a person typed: "engineer", "manager", an e-mail address, PagerDuty's id, or somebody's name. */
static void call_named(struct desk *desk, const char *to, struct callee *callee)
{
    if (!to[0] || text_equal_nocase(to, "engineer")) {
        call_oncall(desk, desk->config->pagerduty.engineer_schedule, callee);
        return;
    }
    if (text_equal_nocase(to, "manager")) {
        call_oncall(desk, desk->config->pagerduty.manager_schedule, callee);
        return;
    }
    if (strncmp(to, "<@", 2) == 0) { /* somebody of Slack's whose address is not known */
        text_copy_n(callee->named.email, sizeof callee->named.email, to + 2, strcspn(to + 2, "|>"));
        return;
    }
    if (strchr(to, '@')) {
        call_address(desk, to, callee);
        return;
    }
    const struct oncall *oncall = desk_oncall_named(desk, to);
    if (oncall) {
        text_copy(callee->id, sizeof callee->id, oncall->user_id);
        text_copy(callee->named.email, sizeof callee->named.email, oncall->email);
    }
    text_copy(callee->named.name, sizeof callee->named.name, oncall ? oncall->name : to);
}

static struct callee find_callee(struct desk *desk, const struct emergency *e, const struct event *event,
                                 const struct effect *effect)
{
    struct callee callee = {0};
    const struct config_escalation *rung = &desk->config->escalations[effect->rung];
    switch (effect->who) {
    case WHO_MANAGER: call_oncall(desk, desk->config->pagerduty.manager_schedule, &callee); break;
    case WHO_RUNG:
        if (rung->schedule)
            call_oncall(desk, rung->schedule, &callee);
        else if (rung->user)
            call_address(desk, rung->user, &callee);
        break;
    case WHO_NAMED: call_named(desk, event->command.to, &callee); break;
    case WHO_ENGINEER:
        call_oncall(desk, desk->config->pagerduty.engineer_schedule, &callee);
        if (e->engineer_id[0]) {
            text_copy(callee.id, sizeof callee.id, e->engineer_id);
            text_copy(callee.named.name, sizeof callee.named.name, e->engineer);
            text_copy(callee.named.email, sizeof callee.named.email, e->engineer_email);
        }
        break;
    }
    return callee;
}

/* --- where --- */

const char *desk_channel(const struct desk *desk, const struct emergency *e)
{
    const struct config_channel *product = config_find_channel(desk->config, e->product);
    return product ? product->slack : desk->config->slack.channel;
}

/* NULL: nowhere. */
static const char *find_place(const struct desk *desk, const struct emergency *e, const struct effect *effect)
{
    const struct config_slack *slack = &desk->config->slack;
    switch (effect->place) {
    case PLACE_MANAGERS: return slack->manager_channel;
    case PLACE_DUTY: return slack->duty_channel ? slack->duty_channel : desk_channel(desk, e);
    case PLACE_PRODUCT: return desk_channel(desk, e);
    case PLACE_RUNG: return desk->config->escalations[effect->rung].slack;
    default: return NULL;
    }
}

/* --- rows --- */

/* One effect on its way to become rows. */
struct doing {
    struct desk *desk;
    const struct emergency *e;
    const struct event *event;
    const struct effect *effect;
    const char *why;
    size_t number; /* among the effects of the event */
};

static struct action begin_row(const struct doing *d, enum action_kind kind)
{
    struct action action = {.emergency = d->e->id,
                            .service = action_service(kind),
                            .kind = kind,
                            .cause = d->event->row,
                            .ticket_id = d->e->ticket_id,
                            .buttons = d->effect->buttons};
    text_format(action.incident, sizeof action.incident, "%zu", d->number);
    return action;
}

static void write_text(const struct doing *d, enum message message, char *out, size_t size)
{
    struct emergency other;
    struct message_facts facts = desk_facts(d->desk, d->e, d->event, &other);
    facts.called = find_callee(d->desk, d->e, d->event, d->effect).named;
    facts.why = d->why;
    messages_write(d->desk->config->messages.texts, message, &facts, out, size);
}

/* What is said before the thread is open waits for it. */
static bool has_thread(const struct doing *d)
{
    return d->desk->lines[SERVICE_SLACK].configured && (d->e->thread_wanted || emergency_is_open(d->e));
}

static bool reply(const struct doing *d)
{
    const struct config_channel *product = config_find_channel(d->desk->config, d->e->product);
    if (!has_thread(d) || (d->effect->message == MESSAGE_PRODUCT && (!product || product->links.count == 0)))
        return true;
    struct action action = begin_row(d, ACTION_REPLY);
    write_text(d, d->effect->message, action.text, sizeof action.text);
    return desk_add_action(d->desk, &action);
}

static bool post_elsewhere(const struct doing *d)
{
    const char *place = find_place(d->desk, d->e, d->effect);
    if (!d->desk->lines[SERVICE_SLACK].configured || !place)
        return true;
    struct action action = begin_row(d, ACTION_POST);
    text_copy(action.target, sizeof action.target, place);
    write_text(d, d->effect->message, action.text, sizeof action.text);
    return desk_add_action(d->desk, &action);
}

/* The service that a page for a person is made on; NULL: none. */
static const char *service_for(const struct desk *desk, const struct effect *effect)
{
    const char *service = NULL;
    if (effect->who == WHO_RUNG)
        service = desk->config->escalations[effect->rung].service;
    return service ? service : desk->config->pagerduty.page_service;
}

static int64_t summoned_until(const struct doing *d)
{
    if (d->effect->who == WHO_RUNG)
        return SUMMON_OF_RUNG + (int64_t)emergency_rung_ladder(d->event->call.cause);
    return d->event->type == EVENT_COMMAND ? SUMMON_ALWAYS : SUMMON_WHILE_OPEN;
}

static bool summon_person(const struct doing *d)
{
    const char *service = service_for(d->desk, d->effect);
    if (!d->desk->lines[SERVICE_PAGERDUTY].configured || !service)
        return true;
    struct action action = begin_row(d, ACTION_SUMMON);
    const struct callee callee = find_callee(d->desk, d->e, d->event, d->effect);
    text_copy(action.target, sizeof action.target, callee.id);
    text_copy(action.sender, sizeof action.sender, service);
    action.raised_ms = summoned_until(d);
    write_text(d, MESSAGE_SUMMON_TITLE, action.text, 256);
    size_t length = strlen(action.text);
    action.text[length++] = '\n';
    write_text(d, MESSAGE_SUMMON_DETAILS, action.text + length, sizeof action.text - length);
    return desk_add_action(d->desk, &action);
}

static bool note_at_pages(const struct doing *d)
{
    bool good = true;
    if (!d->desk->lines[SERVICE_PAGERDUTY].configured)
        return true;
    for (int i = 0; good && i < d->e->page_count; i++) {
        struct action action = begin_row(d, ACTION_NOTE_PAGE);
        text_copy(action.incident, sizeof action.incident, d->e->pages[i].incident);
        write_text(d, d->effect->message, action.text, sizeof action.text);
        good = desk_add_action(d->desk, &action);
    }
    return good;
}

static bool read_macro(const struct doing *d)
{
    const struct action action = begin_row(d, ACTION_READ_MACRO);
    return !has_thread(d) || desk_add_action(d->desk, &action);
}

static bool answer_ticket(const struct doing *d)
{
    struct action action = begin_row(d, ACTION_BULK_ANSWER);
    text_copy(action.text, sizeof action.text, d->event->text);
    return desk_add_action(d->desk, &action);
}

static bool do_effect(const struct doing *d)
{
    switch (d->effect->kind) {
    case EFFECT_REPLY: return reply(d);
    case EFFECT_POST: return post_elsewhere(d);
    case EFFECT_SUMMON: return summon_person(d);
    case EFFECT_NOTE: return note_at_pages(d);
    case EFFECT_MACRO: return read_macro(d);
    case EFFECT_ANSWER: return answer_ticket(d);
    default: return true;
    }
}

bool desk_do_effects(struct desk *desk, const struct emergency *e, const struct event *event,
                     const struct outcome *out)
{
    for (size_t i = 0; i < out->effect_count; i++) {
        const struct doing doing = {desk, e, event, &out->effects[i], out->say, i};
        if (!do_effect(&doing))
            return false;
    }
    return true;
}

bool desk_tell_macro(struct desk *desk, const struct emergency *e, const struct action *action)
{
    struct emergency other;
    struct message_facts facts = desk_facts(desk, e, NULL, &other);
    struct action told = {.emergency = e->id,
                          .service = SERVICE_SLACK,
                          .kind = ACTION_REPLY,
                          .cause = action->cause,
                          .ticket_id = e->ticket_id};
    text_copy(told.incident, sizeof told.incident, "macro");
    facts.text = action->text;
    if (!action->text[0])
        return true;
    messages_write(desk->config->messages.texts, MESSAGE_MACRO, &facts, told.text, sizeof told.text);
    return desk_add_action(desk, &told);
}

/* --- the thread's first message --- */

static void write_thread(struct desk *desk, const struct emergency *e, char *out, size_t size)
{
    struct emergency other;
    struct message_facts facts = desk_facts(desk, e, NULL, &other);
    messages_write(desk->config->messages.texts, MESSAGE_THREAD, &facts, out, size);
}

/* Whether the first message, NOW to be NOW_TEXT, shows that already. */
static bool is_shown(struct desk *desk, const struct emergency *was, const struct emergency *is,
                     const char *now_text, bool *shown)
{
    char before[sizeof((struct action *)0)->text];
    struct action opening;
    enum store_result found = STORE_OK;
    if (was->thread_ts[0]) {
        write_thread(desk, was, before, sizeof before);
        *shown = strcmp(before, now_text) == 0 && emergency_buttons(was) == emergency_buttons(is);
    } else { /* it has just been opened */
        found =
            store_find_action(desk->store, is->id, ACTION_OPEN_THREAD, EMERGENCY_THREAD_CAUSE, "", &opening);
        *shown = found == STORE_OK && strcmp(opening.text, now_text) == 0 &&
                 opening.buttons == emergency_buttons(is);
    }
    return desk_did(desk, found);
}

bool desk_refresh_thread(struct desk *desk, const struct emergency *was, const struct emergency *is,
                         int64_t cause)
{
    char now[sizeof((struct action *)0)->text];
    bool shown;
    struct action waiting;
    if (!is->thread_ts[0] || !desk->lines[SERVICE_SLACK].configured)
        return true;
    write_thread(desk, is, now, sizeof now);
    if (!is_shown(desk, was, is, now, &shown))
        return false;
    if (shown)
        return true;
    enum store_result found = store_pending_update(desk->store, is->id, &waiting);
    if (found != STORE_NONE) /* it will show this too */
        return desk_did(desk, found);
    const struct action update = {.emergency = is->id,
                                  .service = SERVICE_SLACK,
                                  .kind = ACTION_UPDATE_THREAD,
                                  .cause = cause,
                                  .ticket_id = is->ticket_id};
    return desk_add_action(desk, &update);
}

/* --- of no emergency --- */

bool desk_whisper(struct desk *desk, const struct delivery *delivery, const char *text)
{
    struct action action = {.emergency = delivery->emergency, /* 0: there is none such */
                            .service = SERVICE_SLACK,
                            .kind = ACTION_WHISPER,
                            .cause = ++desk->last_serial};
    if (!delivery->channel[0] || !delivery->event.by_slack[0] || desk->policy.dry_run)
        return true;
    text_copy(action.target, sizeof action.target, delivery->channel);
    text_copy(action.sender, sizeof action.sender, delivery->event.by_slack);
    text_copy(action.text, sizeof action.text, text);
    return desk_add_action(desk, &action);
}

bool desk_tell_refused(struct desk *desk, enum service_id service)
{
    const struct config *config = desk->config;
    const struct emergency none = {0};
    struct emergency other;
    struct message_facts facts = desk_facts(desk, &none, NULL, &other);
    struct action post = {.service = SERVICE_SLACK, .kind = ACTION_POST, .cause = ++desk->last_serial};
    struct action page = {.service = SERVICE_PAGERDUTY, .kind = ACTION_SUMMON, .cause = post.cause};
    const char *channel =
        config->slack.manager_channel ? config->slack.manager_channel : config->slack.channel;
    facts.service = service_name(service);
    if (desk->policy.dry_run)
        return true;
    if (desk->lines[SERVICE_SLACK].configured && service != SERVICE_SLACK) {
        text_copy(post.target, sizeof post.target, channel);
        messages_write(config->messages.texts, MESSAGE_SERVICE_REFUSED, &facts, post.text, sizeof post.text);
        if (!desk_add_action(desk, &post))
            return false;
    }
    if (!desk->policy.can_page || service == SERVICE_PAGERDUTY)
        return true;
    text_copy(page.sender, sizeof page.sender, config->pagerduty.page_service);
    messages_write(config->messages.texts, MESSAGE_SERVICE_REFUSED_TITLE, &facts, page.text, 256);
    size_t length = strlen(page.text);
    page.text[length++] = '\n';
    messages_write(config->messages.texts, MESSAGE_SERVICE_REFUSED_DETAILS, &facts, page.text + length,
                   sizeof page.text - length);
    return desk_add_action(desk, &page);
}
