/*
 * What the desk asks of Slack and what the answers mean: the thread, its messages, who somebody is. Slack has
 * no conditional write: a message whose end is not known is looked for by its mark, after it had time to
 * settle. People are mentioned by their e-mail addresses; who is not found is named.
 */
#include "lib/desk_internal.h"
#include "lib/mention.h"
#include "lib/text.h"

#include <string.h>

/* Nobody who is not in Slack is looked for again before this. */
#define LOOKUP_EVERY_MS (24 * 3600 * 1000LL)
/* By how much Slack's clock may be behind ours. */
#define CLOCK_MARGIN_MS 60000

/* --- an answer of status 200 may be a refusal --- */

/* Gives the call the status that another service would have answered. */
static void judge(struct desk *desk, struct call *call)
{
    char error[100];
    if (call->end != CALL_ANSWERED || call->status != 200)
        return;
    switch (slack_read_verdict(desk->reader, call->answer, call->answer_length, error, sizeof error)) {
    case SLACK_OK: return;
    case SLACK_MAY_PASS: call->end = CALL_BROKEN; break;
    case SLACK_LIMITED: call->status = 429; break;
    case SLACK_REFUSES_US: call->status = 401; break;
    case SLACK_NEVER: call->status = 422; break;
    }
    text_copy(call->error, sizeof call->error, error);
}

/* --- texts --- */

static void find_user(void *context, const char *address, char *id, size_t size)
{
    struct desk *desk = context;
    struct person person;
    if (store_get_person(desk->store, address, &person) == STORE_OK)
        text_copy(id, size, person.slack_id);
}

static void write_message(struct desk *desk, const struct emergency *e, const struct action *action,
                          char *out, size_t size)
{
    struct emergency other;
    struct message_facts facts = desk_facts(desk, e, NULL, &other);
    if (action->kind == ACTION_OPEN_THREAD || action->kind == ACTION_UPDATE_THREAD)
        messages_write(desk->config->messages.texts, MESSAGE_THREAD, &facts, out, size);
    else
        text_copy(out, size, action->text);
}

/* The first e-mail address in TEXT that Slack was not asked about. False: there is none. */
static bool find_unknown(struct desk *desk, const char *text, char *email, size_t size)
{
    struct person person;
    while (mention_next(&text, email, size)) {
        if (!strchr(email, '@'))
            continue;
        enum store_result found = store_get_person(desk->store, email, &person);
        bool is_known = found == STORE_OK &&
                        (person.slack_id[0] || (person.slack_asked_ms > 0 &&
                                                desk->now_ms - person.slack_asked_ms < LOOKUP_EVERY_MS));
        if (!is_known)
            return true;
    }
    return false;
}

/* --- a write --- */

static const char *channel_of(const struct emergency *e, const struct action *action)
{
    bool has_own = action->kind == ACTION_POST || action->kind == ACTION_OPEN_THREAD;
    return has_own ? action->target : e->thread_channel;
}

static bool make_write(struct desk *desk, const struct emergency *e, const struct action *action,
                       const char *text, struct request *request)
{
    char mark[80];
    bool is_root = action->kind == ACTION_OPEN_THREAD || action->kind == ACTION_UPDATE_THREAD;
    const struct slack_message message = {
        .channel = channel_of(e, action),
        .thread_ts = action->kind == ACTION_REPLY ? e->thread_ts : NULL,
        .text = text,
        .buttons = is_root ? emergency_buttons(e) : action->buttons,
        .emergency = e->id,
        .mark = mark,
    };
    desk_mark(desk, action, mark, sizeof mark);
    if (action->kind == ACTION_WHISPER)
        return slack_whisper(request, action->target, action->sender,
                             strcmp(action->target, e->thread_channel) == 0 ? e->thread_ts : NULL, text);
    if (action->kind == ACTION_UPDATE_THREAD)
        return slack_update_message(request, &message, e->thread_ts);
    return slack_post_message(request, &message);
}

/* The row keeps where the thread is opened, as the ticket may be sorted otherwise when it is looked for, and
 * what it shows, so that it is not edited for nothing; but for people who are named without being asked for.
 */
static void note_opening(struct desk *desk, const struct flight *flight, const struct emergency *e,
                         struct action *action, const char *text)
{
    text_copy(action->target, sizeof action->target, desk_channel(desk, e));
    text_copy(action->text, sizeof action->text, flight->without_lookups ? "" : text);
    action->buttons = emergency_buttons(e);
}

/* "CHANNEL TS": into which thread it goes, as another may be the emergency's when it is looked for. */
static void note_thread(const struct emergency *e, struct action *action)
{
    text_format(action->target, sizeof action->target, "%s %s", e->thread_channel, e->thread_ts);
}

static bool send(struct desk *desk, struct flight *flight, struct emergency *e, struct action *action,
                 const char *text)
{
    char resolved[8000];
    struct request request = {0};
    if (action->kind == ACTION_OPEN_THREAD)
        note_opening(desk, flight, e, action, text);
    else if (action->kind == ACTION_REPLY)
        note_thread(e, action);
    mention_resolve(text, find_user, desk, resolved, sizeof resolved);
    bool made = make_write(desk, e, action, resolved, &request);
    return desk_send(desk, flight, e, action, &request, made, false);
}

/* Whether there is a place for it, and still a reason. */
static bool is_wanted(const struct emergency *e, const struct action *action)
{
    switch (action->kind) {
    case ACTION_OPEN_THREAD: return emergency_still_wants(e, action->kind, action->cause);
    case ACTION_UPDATE_THREAD:
    case ACTION_REPLY: return e->thread_ts[0] || e->dry_run;
    default: return true;
    }
}

/* It certainly has not been sent. */
static bool write_it(struct desk *desk, struct flight *flight, struct emergency *e, struct action *action)
{
    char text[6000];
    struct request request = {0};
    bool good;
    if (!desk_goes_on(desk, flight, e, action, is_wanted(e, action), &good))
        return good;
    write_message(desk, e, action, text, sizeof text);
    if (flight->without_lookups || !find_unknown(desk, text, flight->lookup, sizeof flight->lookup))
        return send(desk, flight, e, action, text);
    return desk_ask_made(desk, flight, FLIGHT_LOOKUP, &request, slack_lookup_email(&request, flight->lookup));
}

/* Whether an attempt of unknown end has left its mark. */
static bool ask_marked(struct desk *desk, struct flight *flight, const struct emergency *e,
                       const struct action *action)
{
    struct request request = {0};
    char channel[sizeof action->target];
    const char *sent_to = action->kind == ACTION_REPLY ? strchr(action->target, ' ') : NULL;
    const char *thread = action->kind == ACTION_REPLY ? e->thread_ts : NULL;
    text_copy(channel, sizeof channel, channel_of(e, action));
    if (sent_to) {
        text_copy_n(channel, sizeof channel, action->target, (size_t)(sent_to - action->target));
        thread = sent_to + 1;
    }
    return desk_ask_made(
        desk, flight, FLIGHT_MARKED, &request,
        slack_find_messages(&request, channel, thread, action->created_ms - CLOCK_MARGIN_MS));
}

bool desk_begin_slack(struct desk *desk, struct flight *flight, struct action *action)
{
    struct emergency e;
    struct request request = {0};
    bool was_sent = action->state == ACTION_UNKNOWN;
    if (action->kind == ACTION_READ_SLACK)
        return desk_ask_made(desk, flight, FLIGHT_WHO, &request,
                             strchr(action->target, '@') ? slack_lookup_email(&request, action->target)
                                                         : slack_get_user(&request, action->target));
    if (!desk_get_action(desk, flight, action, &e))
        return false;
    if (was_sent && action->kind == ACTION_WHISPER) /* can't be looked for, and is worth no second one */
        return desk_finish(desk, flight, action, ACTION_CANCELLED, action->error);
    if (was_sent && action->kind != ACTION_UPDATE_THREAD)
        return ask_marked(desk, flight, &e, action);
    return write_it(desk, flight, &e, action);
}

/* --- answers --- */

static bool accept_posted(struct desk *desk, struct flight *flight, struct action *action,
                          const char *channel, const char *ts)
{
    struct result_facts result = {0};
    if (action->kind != ACTION_OPEN_THREAD)
        return desk_finish(desk, flight, action, ACTION_DONE, "");
    text_copy(result.channel, sizeof result.channel, channel);
    text_copy(result.ts, sizeof result.ts, ts);
    return desk_accept(desk, flight, action, &result);
}

static bool take_write(struct desk *desk, struct flight *flight, struct call *call)
{
    char error[160];
    char channel[24] = "";
    char ts[24] = "";
    struct action action;
    struct emergency e;
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    if (!desk_get_action(desk, flight, &action, &e))
        return false;
    if (action.kind == ACTION_OPEN_THREAD &&
        !slack_read_posted(desk->reader, call->answer, call->answer_length, channel, sizeof channel, ts,
                           sizeof ts, error, sizeof error))
        return desk_take_unreadable(desk, flight, call, error);
    return accept_posted(desk, flight, &action, channel, ts);
}

static bool take_marked(struct desk *desk, struct flight *flight, struct call *call)
{
    char error[160];
    char ts[24];
    struct action action;
    struct emergency e;
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    if (!desk_get_action(desk, flight, &action, &e))
        return false;
    char mark[80];
    desk_mark(desk, &action, mark, sizeof mark);
    if (!slack_read_marked(desk->reader, call->answer, call->answer_length, mark, ts, sizeof ts, error,
                           sizeof error))
        return desk_take_unreadable(desk, flight, call, error);
    return ts[0] ? accept_posted(desk, flight, &action, action.target, ts)
                 : write_it(desk, flight, &e, &action);
}

/* Whom Slack does not find, or does not tell us of now, is named. */
static bool take_lookup(struct desk *desk, struct flight *flight, struct call *call)
{
    char error[160];
    struct slack_user user = {0};
    struct action action;
    struct emergency e;
    if (!desk_get_action(desk, flight, &action, &e))
        return false;
    bool answered =
        call->end == CALL_ANSWERED && call->status != 401 && call->status != 429 && call->status < 500;
    if (!answered) {
        flight->without_lookups = true;
        return write_it(desk, flight, &e, &action);
    }
    struct person person = {.slack_asked_ms = desk->now_ms};
    text_copy(person.email, sizeof person.email, flight->lookup);
    if (call_is_good(call) &&
        slack_read_user(desk->reader, call->answer, call->answer_length, &user, error, sizeof error)) {
        text_copy(person.slack_id, sizeof person.slack_id, user.id);
        text_copy(person.name, sizeof person.name, user.name);
    }
    return desk_learn_person(desk, &person) && write_it(desk, flight, &e, &action);
}

static bool take_probe(struct desk *desk, struct flight *flight, const struct call *call)
{
    if (call_is_good(call) &&
        slack_read_home(desk->reader, call->answer, call->answer_length, desk->slack_home,
                        sizeof desk->slack_home) &&
        !desk_did(desk, store_set_fact(desk->store, "slack_home", desk->slack_home))) /* for the board */
        return false;
    return desk_take_probe(desk, flight, call);
}

bool desk_take_slack(struct desk *desk, struct flight *flight, struct call *call)
{
    judge(desk, call);
    switch (flight->step) {
    case FLIGHT_WRITE: return take_write(desk, flight, call);
    case FLIGHT_MARKED: return take_marked(desk, flight, call);
    case FLIGHT_LOOKUP: return take_lookup(desk, flight, call);
    case FLIGHT_WHO: return desk_take_slack_user(desk, flight, call);
    case FLIGHT_PROBE: return take_probe(desk, flight, call);
    default: return false;
    }
}
