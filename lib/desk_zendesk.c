/*
 * What the desk asks of Zendesk, step by step, and what the answers mean: reading a ticket, and the look
 * before every public write. The ticket is read before its comments, so that a change in between makes the
 * write fail (409) instead of going unseen; its audits are read after its stamp, so that a late first attempt
 * makes a second one fail.
 */
#include "lib/desk_internal.h"
#include "lib/text.h"

/* Stamps have a resolution of one second: what is younger than this may still change unseen. */
#define STAMP_SETTLES_MS 2000
/* After a 409 somebody is at work on the ticket. */
#define CONFLICT_PAUSE_MS 500
/* For so long the bridge's state may be unreadable before the downgrade is asked. */
#define MEETING_PATIENCE_MS 10000
#define MEETING_PAUSE_MS    2000
#define OPENING_MARGIN_MS   60000

static bool ask_ticket(struct desk *desk, struct flight *flight)
{
    struct request request = {0};
    return desk_ask_made(desk, flight, FLIGHT_TICKET, &request,
                         zendesk_get_ticket(&request, flight->ticket_id));
}

static bool ask_audits(struct desk *desk, struct flight *flight)
{
    struct request request = {0};
    int page = flight->history.next_page > 0 ? flight->history.next_page : 1;
    return desk_ask_made(desk, flight, FLIGHT_AUDITS, &request,
                         zendesk_get_audits(&request, flight->ticket_id, page));
}

static bool ask_comments(struct desk *desk, struct flight *flight)
{
    struct request request = {0};
    return desk_ask_made(desk, flight, FLIGHT_COMMENTS, &request,
                         zendesk_get_comments(&request, flight->ticket_id));
}

static bool get_action(struct desk *desk, const struct flight *flight, struct action *action)
{
    enum store_result found = store_get_action(desk->store, flight->action, action);
    return desk_did(desk, found) && found == STORE_OK;
}

/* The emergency of the flight's ticket: the open one, else the last. */
static bool get_emergency_of_ticket(struct desk *desk, const struct flight *flight, struct emergency *e,
                                    bool *found)
{
    enum store_result result = store_of_ticket(desk->store, flight->ticket_id, e);
    *found = result == STORE_OK;
    return desk_did(desk, result);
}

static bool get_emergency(struct desk *desk, const struct flight *flight, struct emergency *e, bool *found)
{
    if (flight->emergency == 0)
        return get_emergency_of_ticket(desk, flight, e, found);
    enum store_result result = store_get_emergency(desk->store, flight->emergency, e);
    *found = result == STORE_OK;
    return desk_did(desk, result);
}

bool desk_begin_zendesk(struct desk *desk, struct flight *flight, struct action *action)
{
    struct request request = {0};
    if (action->kind == ACTION_READ_JOINER)
        return desk_ask_made(desk, flight, FLIGHT_WHO, &request, zendesk_find_user(&request, action->target));
    if (action->kind == ACTION_READ_MACRO)
        return desk_ask_made(
            desk, flight, FLIGHT_MACRO, &request,
            zendesk_apply_macro(&request, action->ticket_id, desk->config->zendesk.post_call_macro));
    if (action_is_read(action->kind) || action->state == ACTION_UNKNOWN)
        return ask_ticket(desk, flight);
    struct emergency e;
    bool found;
    if (!get_emergency(desk, flight, &e, &found))
        return false;
    if (!found || e.ticket_id == 0 || !emergency_still_wants(&e, action->kind, action->cause))
        return desk_finish(desk, flight, action, ACTION_CANCELLED, "");
    flight->ticket_id = e.ticket_id;
    return ask_ticket(desk, flight);
}

static bool decide(struct desk *desk, struct flight *flight);

/* --- the end of a write --- */

/* It took effect between BEGUN_MS and ACCEPTED_MS. */
static bool accept(struct desk *desk, struct flight *flight, struct action *action, enum action_state state,
                   int64_t begun_ms, int64_t accepted_ms)
{
    const struct event extra = {.call.begun_ms = begun_ms};
    return desk_finish(desk, flight, action, state, "") &&
           desk_call_event(desk, action, EVENT_ACCEPTED, accepted_ms, "", &extra);
}

/* It is no longer wanted, and so far did not take effect. */
static bool withdraw(struct desk *desk, struct flight *flight, struct action *action)
{
    bool was_unknown = action->state == ACTION_UNKNOWN;
    return desk_finish(desk, flight, action, ACTION_CANCELLED, was_unknown ? DESK_GIVEN_UP_TEXT : "") &&
           (!was_unknown || desk_call_event(desk, action, EVENT_REFUSED, 0, "", NULL));
}

void desk_write_comment(struct desk *desk, const struct emergency *e, const struct action *action, char *out,
                        size_t size)
{
    static const enum message texts[ACTION_KIND_COUNT] = {[ACTION_FIRST_CONTACT] = MESSAGE_FIRST_CONTACT,
                                                          [ACTION_FOLLOW_UP] = MESSAGE_FOLLOW_UP,
                                                          [ACTION_DOWNGRADE] = MESSAGE_DOWNGRADE};
    struct emergency other;
    struct message_facts facts = desk_facts(desk, e, NULL, &other);
    bool silent = action->kind == ACTION_DOWNGRADE && !desk->config->zendesk.downgrade_comment;
    out[0] = '\0';
    if (action->kind == ACTION_BULK_ANSWER)
        text_copy(out, size, action->text);
    else if (texts[action->kind] != MESSAGE_NONE && !silent)
        messages_write(desk->config->messages.texts, texts[action->kind], &facts, out, size);
}

static bool send_write(struct desk *desk, struct flight *flight, struct emergency *e, struct action *action)
{
    char mark[80];
    struct request request = {0};
    desk_mark(desk, action, mark, sizeof mark);
    if (action->kind != ACTION_BULK_ANSWER)
        desk_write_comment(desk, e, action, action->text, sizeof action->text);
    struct zendesk_update update = {
        .ticket = e->ticket_id,
        .stamp = flight->ticket.stamp,
        .mark = mark,
        .comment = action->text[0] ? action->text : NULL,
        .downgrade = action->kind == ACTION_DOWNGRADE,
        .read = &flight->ticket,
    };
    if (action->kind == ACTION_DOWNGRADE)
        update.priority = ticket_priority_name(desk->policy.downgrade_priority);
    else if (action->kind == ACTION_URGENT)
        update.priority = ticket_priority_name(PRIORITY_URGENT);
    bool made = zendesk_update_ticket(&request, desk->config, &update);
    return desk_send(desk, flight, e, action, &request, made, true);
}

/* --- the bridge, before the downgrade closes it --- */

static bool look_at_meeting(struct desk *desk, struct flight *flight)
{
    struct action action;
    struct emergency e;
    bool found;
    struct request request = {0};
    if (!get_action(desk, flight, &action) || !get_emergency(desk, flight, &e, &found) || !found)
        return false;
    bool may_be_asked = action.kind == ACTION_DOWNGRADE && e.step_by != STEP_BY_ORDER;
    if (!may_be_asked || e.meeting == 0 || e.bridge_over || e.meeting_settled ||
        !desk->lines[SERVICE_ZOOM].configured)
        return decide(desk, flight);
    if (!zoom_get_meeting(&request, e.meeting))
        return desk_did(desk, STORE_BROKEN);
    return desk_ask_at(desk, flight, SERVICE_ZOOM, FLIGHT_MEETING, &request, true);
}

/* It can't be read: for a while that is tried again, then a person is asked. */
static bool take_unreadable_meeting(struct desk *desk, struct flight *flight)
{
    struct action action;
    if (!get_action(desk, flight, &action))
        return false;
    if (action.raised_ms == 0)
        action.raised_ms = flight->asked_ms;
    if (desk->now_ms - action.raised_ms < MEETING_PATIENCE_MS)
        return desk_retry_later(desk, flight, &action, MEETING_PAUSE_MS, "the bridge's state can't be read");
    flight->meeting = MEETING_UNREADABLE;
    return desk_did(desk, store_put_action(desk->store, &action)) && decide(desk, flight);
}

static bool take_meeting(struct desk *desk, struct flight *flight, const struct call *call)
{
    char error[160];
    struct result_facts meeting;
    bool running = false;
    bool gone = call->end == CALL_ANSWERED && call->status == 404;
    bool read = call_is_good(call) &&
                zoom_read_meeting(desk->reader, call->answer, call->answer_length, &meeting.meeting,
                                  meeting.url, sizeof meeting.url, &running, error, sizeof error);
    if (!gone && !read)
        return take_unreadable_meeting(desk, flight);
    struct action action;
    if (!get_action(desk, flight, &action))
        return false;
    action.raised_ms = 0; /* it can be read again */
    if (!desk_did(desk, store_put_action(desk->store, &action)))
        return false;
    flight->meeting = running ? MEETING_RUNNING : MEETING_OVER;
    return decide(desk, flight);
}

/* The look is done and all that it showed is applied: may the write go out? */
static bool decide(struct desk *desk, struct flight *flight)
{
    struct action action;
    struct emergency e;
    bool found;
    if (!get_action(desk, flight, &action) || !get_emergency(desk, flight, &e, &found) || !found)
        return false;
    int64_t date_ms = flight->ticket_date_ms > 0 ? flight->ticket_date_ms
                                                 : desk->now_ms + desk_skew_ms(desk, SERVICE_ZENDESK);
    int64_t settled_ms = flight->ticket.updated_ms + STAMP_SETTLES_MS;
    if (desk->quiet || (date_ms < settled_ms && emergency_still_wants(&e, action.kind, action.cause)))
        return desk_retry_later(desk, flight, &action, date_ms < settled_ms ? settled_ms - date_ms : 0,
                                action.error);
    struct event looked = desk_own_event(desk, EVENT_LOOKED);
    if (looked.at_ms < e.last_ms) /* after all that it has seen, though a service's clock may be ahead */
        looked.at_ms = e.last_ms;
    looked.call = (struct call_facts){.action = action.id, .kind = action.kind, .cause = action.cause};
    looked.meeting.state = flight->meeting;
    if (emergency_still_wants(&e, action.kind, action.cause) && !desk_apply(desk, &e, &looked, NULL, NULL))
        return false;
    flight = desk_flight_of(desk, action.id); /* gone, if what was seen has cancelled it */
    if (!flight)
        return true;
    if (!emergency_still_wants(&e, action.kind, action.cause))
        return withdraw(desk, flight, &action);
    if (e.dry_run)
        return accept(desk, flight, &action, ACTION_DRY, desk->now_ms, desk->now_ms);
    return send_write(desk, flight, &e, &action);
}

static bool take_write(struct desk *desk, struct flight *flight, struct call *call)
{
    char error[160];
    struct action action;
    if (call_is_good(call) && !zendesk_read_written(desk->reader, call->answer, call->answer_length,
                                                    flight->ticket_id, error, sizeof error))
        return desk_take_unreadable(desk, flight, call, error);
    if (call_is_good(call))
        return get_action(desk, flight, &action) &&
               accept(desk, flight, &action, ACTION_DONE, flight->asked_ms, desk->now_ms);
    if (call->end != CALL_ANSWERED || call->status != 409)
        return desk_take_failure(desk, flight, call);
    if (!get_action(desk, flight, &action))
        return false;
    /* Somebody was faster; perhaps a first attempt of our own, which its mark in the audits will show. */
    action.state = action.attempts > 1 ? ACTION_UNKNOWN : ACTION_PENDING;
    bool known = action.state == ACTION_PENDING;
    return desk_retry_later(desk, flight, &action, CONFLICT_PAUSE_MS, "the ticket changed meanwhile") &&
           (!known || desk_call_event(desk, &action, EVENT_REFUSED, 0, "", NULL));
}

/* --- the reads --- */

static bool take_gone(struct desk *desk, struct flight *flight)
{
    struct emergency e;
    struct action action;
    bool found;
    if (!get_action(desk, flight, &action) || !get_emergency(desk, flight, &e, &found))
        return false;
    if (found && emergency_is_open(&e)) {
        struct event event = desk_own_event(desk, EVENT_TICKET_GONE);
        event.ticket_id = flight->ticket_id;
        text_copy(event.text, sizeof event.text, "deleted");
        if (!desk_apply(desk, &e, &event, NULL, NULL))
            return false;
    }
    flight = desk_flight_of(desk, action.id);
    if (!flight)
        return true;
    if (action_is_read(action.kind))
        return desk_finish(desk, flight, &action, ACTION_DONE, "");
    return withdraw(desk, flight, &action);
}

/* A ticket without an open emergency: is it the beginning of one? */
static bool may_open(const struct desk *desk, const struct zendesk_ticket *ticket)
{
    return ticket->facts.priority == PRIORITY_URGENT && ticket->facts.status < STATUS_SOLVED &&
           zendesk_ticket_matches(desk->config, ticket);
}

static bool finish_read(struct desk *desk, struct flight *flight)
{
    struct action action;
    return get_action(desk, flight, &action) && desk_finish(desk, flight, &action, ACTION_DONE, "");
}

/* The ticket is read and applied: what is asked next? E: NULL, there is none. */
static bool after_ticket(struct desk *desk, struct flight *flight, const struct emergency *e)
{
    struct action action;
    if (!get_action(desk, flight, &action))
        return false;
    bool is_read = action_is_read(action.kind);
    bool is_open = e && emergency_is_open(e);
    bool is_news = is_open && !desk_has_seen(desk, flight->ticket_id, flight->ticket.updated_ms);
    bool depends = is_open ? desk_may_have_ended(e, &flight->ticket.facts) : may_open(desk, &flight->ticket);
    if (action.state == ACTION_UNKNOWN || is_news || (is_read && depends))
        return ask_audits(desk, flight);
    if (is_open)
        return ask_comments(desk, flight);
    return is_read ? finish_read(desk, flight) : withdraw(desk, flight, &action);
}

static bool take_ticket(struct desk *desk, struct flight *flight, struct call *call)
{
    char error[160];
    struct emergency e;
    bool found;
    int64_t action_id = flight->action;
    if (call->end == CALL_ANSWERED && call->status == 404)
        return take_gone(desk, flight);
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    zendesk_ticket_free(&flight->ticket);
    if (!zendesk_read_ticket(desk->config, desk->reader, call->answer, call->answer_length, &flight->ticket,
                             error, sizeof error))
        return desk_take_unreadable(desk, flight, call, error);
    flight->ticket_date_ms = call->date_ms;
    flight->read_ms = flight->asked_ms;
    if (!get_emergency(desk, flight, &e, &found))
        return false;
    struct ticket_facts facts = flight->ticket.facts;
    if (found && (!desk_doubt_lowering(desk, &e, &flight->ticket.facts) ||
                  !desk_apply_ticket(desk, &e, &flight->ticket, flight->read_ms)))
        return false;
    flight = desk_flight_of(desk, action_id); /* gone, if the ticket's state has cancelled it */
    if (flight && flight->emergency > 0)      /* a call's own look finds out */
        flight->ticket.facts = facts;
    return !flight || after_ticket(desk, flight, found ? &e : NULL);
}

/* What has ended meanwhile ends; and one may begin. */
static bool take_history(struct desk *desk, struct flight *flight, const struct action *action)
{
    struct emergency e;
    bool opened;
    int64_t id = flight->action;
    if (!get_emergency(desk, flight, &e, &opened) || (opened && !desk_apply_history(desk, flight, &e)))
        return false;
    flight = desk_flight_of(desk, id);
    if (!flight)
        return true;
    if (opened && emergency_is_open(&e))
        return ask_comments(desk, flight);
    if (!may_open(desk, &flight->ticket))
        return finish_read(desk, flight);
    flight->ticket.facts.lowered_ms = desk_lowered_by(desk, flight);
    if (!desk_open_by_ticket(desk, &flight->ticket, desk_urgent_since(desk, flight, action), &e, &opened))
        return false;
    if (!opened) {
        desk_saw(desk, flight->ticket_id, flight->ticket.updated_ms);
        return finish_read(desk, flight);
    }
    flight->emergency = e.id;
    return desk_apply_ticket(desk, &e, &flight->ticket, flight->read_ms) && ask_comments(desk, flight);
}

/* What the audits tell before a write, beside marks. */
static bool apply_history(struct desk *desk, const struct flight *flight, struct emergency *e)
{
    int64_t ticket = flight->ticket_id;
    bool was_open = emergency_is_open(e);
    if (!desk_apply_history(desk, flight, e))
        return false;
    return !was_open || emergency_is_open(e) || desk_want_ticket_read(desk, ticket, 0, 0);
}

/* No attempt has left its mark: so far it was not us who changed what the look has shown. One of unknown end
 * stays unknown, since it may still arrive: its mark is looked for until a write is accepted. */
static bool take_no_mark(struct desk *desk, struct flight *flight, const struct action *action)
{
    struct emergency e;
    bool found;
    if (!get_emergency(desk, flight, &e, &found) || !found)
        return false;
    if (e.released == action->kind && !desk_call_event(desk, action, EVENT_REFUSED, 0, "", NULL))
        return false;
    flight = desk_flight_of(desk, action->id);
    if (!flight)
        return true;
    if (!get_emergency(desk, flight, &e, &found) ||
        !desk_apply_ticket(desk, &e, &flight->ticket, flight->read_ms))
        return false;
    flight = desk_flight_of(desk, action->id);
    if (flight && !apply_history(desk, flight, &e))
        return false;
    flight = desk_flight_of(desk, action->id);
    if (!flight)
        return true;
    struct action now; /* something else may want it by what the ticket has shown */
    if (!get_action(desk, flight, &now))
        return false;
    if (!emergency_still_wants(&e, now.kind, now.cause))
        return withdraw(desk, flight, &now);
    return ask_comments(desk, flight);
}

/* The mark of an attempt may lie behind many audits; none is older than its emergency. */
static bool must_read_on(const struct desk *desk, const struct flight *flight, const struct emergency *e)
{
    const struct zendesk_history *history = &flight->history;
    if (history->next_page == 0 || history->marked)
        return false;
    int64_t since_ms = e->opened_ms + desk_skew_ms(desk, SERVICE_ZENDESK) - OPENING_MARGIN_MS;
    return history->oldest_first || (flight->in_doubt && history->oldest_ms > since_ms);
}

static bool take_audits(struct desk *desk, struct flight *flight, struct call *call)
{
    char error[160];
    char mark[80];
    struct action action;
    struct emergency e = {0};
    bool found;
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    if (!get_action(desk, flight, &action) || !get_emergency(desk, flight, &e, &found))
        return false;
    desk_mark(desk, &action, mark, sizeof mark);
    int page = flight->history.next_page;
    if (!zendesk_read_audits(desk->reader, call->answer, call->answer_length, mark, &flight->history, error,
                             sizeof error))
        return desk_take_unreadable(desk, flight, call, error);
    if (flight->history.next_page > 0 && flight->history.next_page <= page)
        return desk_take_unreadable(desk, flight, call, "the next page of its audits is none");
    if (must_read_on(desk, flight, &e))
        return ask_audits(desk, flight);
    if (action_is_read(action.kind))
        return take_history(desk, flight, &action);
    if (flight->history.marked) { /* it took effect; its time is cut to the second, and the period must not be
                                     short, also not if it had been given up before */
        int64_t begun_ms = flight->history.marked_ms - desk_skew_ms(desk, SERVICE_ZENDESK);
        int64_t accepted_ms = (begun_ms > action.created_ms ? begun_ms : action.created_ms) + 999;
        return accept(desk, flight, &action, ACTION_DONE, begun_ms, accepted_ms);
    }
    return take_no_mark(desk, flight, &action);
}

struct comments_read {
    struct desk *desk;
    struct emergency *e;
    bool good;
};

static void take_one_comment(void *context, struct event *event, const char *text)
{
    struct comments_read *read = context;
    read->good = read->good && desk_apply_comment(read->desk, read->e, event, text);
}

static bool look_at_suspended(struct desk *desk, struct flight *flight)
{
    struct request request = {0};
    return desk_ask_made(desk, flight, FLIGHT_SUSPENDED, &request, zendesk_get_suspended(&request));
}

static bool after_comments(struct desk *desk, struct flight *flight, const struct emergency *e)
{
    struct action action;
    struct request request = {0};
    if (!get_action(desk, flight, &action))
        return false;
    if (!action_is_read(action.kind))
        return look_at_suspended(desk, flight);
    if (e->organization_id == 0 || e->organization[0])
        return desk_finish(desk, flight, &action, ACTION_DONE, "");
    flight->emergency = e->id;
    return desk_ask_made(desk, flight, FLIGHT_ORGANIZATION, &request,
                         zendesk_get_organization(&request, e->organization_id));
}

/* In which zone the requester lives, for the times that they are told. */
static bool note_zone(struct desk *desk, struct emergency *e, const struct call *call)
{
    struct event event = desk_own_event(desk, EVENT_TOLD);
    if (e->zone[0] || e->requester_id == 0)
        return true;
    zendesk_read_zone(desk->reader, call->answer, call->answer_length, e->requester_id, event.ticket.zone,
                      sizeof event.ticket.zone);
    return !event.ticket.zone[0] || desk_apply(desk, e, &event, NULL, NULL);
}

/* Applies them all. *FLIGHT: NULL afterwards, if one of them has cancelled it; so they have the ticket. */
static bool apply_comments(struct desk *desk, struct flight **flight, const struct call *call,
                           struct comments_read *read, char *error, size_t error_size)
{
    int64_t action = (*flight)->action;
    struct zendesk_ticket ticket = (*flight)->ticket;
    const struct zendesk_authors authors = {desk->config, desk->own_user_id};
    (*flight)->ticket = (struct zendesk_ticket){0};
    bool readable = zendesk_read_comments(desk->reader, call->answer, call->answer_length, &ticket, &authors,
                                          take_one_comment, read, error, error_size);
    *flight = desk_flight_of(desk, action);
    if (*flight)
        (*flight)->ticket = ticket;
    else
        zendesk_ticket_free(&ticket);
    return readable;
}

static bool take_comments(struct desk *desk, struct flight *flight, struct call *call)
{
    char error[160];
    struct emergency e;
    bool found;
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    if (!get_emergency(desk, flight, &e, &found))
        return false;
    struct comments_read read = {desk, &e, found};
    if (found && !apply_comments(desk, &flight, call, &read, error, sizeof error))
        return desk_take_unreadable(desk, flight, call, error);
    if (read.good && found && !note_zone(desk, &e, call))
        return false;
    if (!read.good || !flight)
        return read.good || !found;
    bool in_doubt = flight->ticket.facts.priority == PRIORITY_UNKNOWN; /* then the next poll reads it again */
    if (!in_doubt && flight->ticket_date_ms >= flight->ticket.updated_ms + STAMP_SETTLES_MS)
        desk_saw(desk, flight->ticket_id, flight->ticket.updated_ms);
    return after_comments(desk, flight, &e);
}

/* A reply that Zendesk holds back is a doubt, noted once. */
static bool apply_suspended(struct desk *desk, struct emergency *e, const struct flight *flight,
                            struct event *event)
{
    event->source = EVENT_SOURCE_ZENDESK;
    event->ticket_id = flight->ticket_id;
    event->comment.standing = AUTHOR_SUSPENDED;
    char key[80]; /* a person may have settled it: the same one is no new doubt */
    text_format(key, sizeof key, "zs %lld %lld", (long long)flight->ticket_id, (long long)event->at_ms);
    const struct journal_entry entry = {.repeat_key = key, .outcome = DELIVERY_APPLIED};
    event->at_ms += 999; /* its time is cut to the second: not before a contact of the same second */
    desk_correct_time(desk, SERVICE_ZENDESK, event);
    return desk_apply(desk, e, event, &entry, NULL);
}

static bool take_suspended(struct desk *desk, struct flight *flight, struct call *call)
{
    struct emergency e;
    bool found;
    int64_t action_id = flight->action;
    struct event event = desk_own_event(desk, EVENT_COMMENT);
    event.at_ms = 0;
    if (call->end == CALL_ANSWERED && (call->status == 403 || call->status == 404)) {
        log_event(desk->log, LOG_LEVEL_INFO, "SUSPENDED-HIDDEN", flight->emergency, flight->ticket_id,
                  "suspended tickets may not be seen (%d): goes on without them", call->status);
        return look_at_meeting(desk, flight);
    }
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    if (!get_emergency(desk, flight, &e, &found))
        return false;
    if (!zendesk_read_suspended(desk->reader, call->answer, call->answer_length, flight->ticket_id,
                                e.answers_since_ms + desk_skew_ms(desk, SERVICE_ZENDESK) - 1, &event.at_ms,
                                event.by, sizeof event.by))
        return desk_take_unreadable(desk, flight, call, "its suspended tickets can't be read");
    if (found && event.at_ms > 0 && !apply_suspended(desk, &e, flight, &event))
        return false;
    flight = desk_flight_of(desk, action_id);
    return !flight || look_at_meeting(desk, flight);
}

static bool take_me(struct desk *desk, struct flight *flight, const struct call *call)
{
    char error[160];
    int64_t user;
    if (call_is_good(call) &&
        zendesk_read_me(desk->reader, call->answer, call->answer_length, &user, error, sizeof error) &&
        user > 0)
        desk->own_user_id = user;
    return desk_take_probe(desk, flight, call);
}

bool desk_take_zendesk(struct desk *desk, struct flight *flight, struct call *call)
{
    switch (flight->step) {
    case FLIGHT_TICKET: return take_ticket(desk, flight, call);
    case FLIGHT_AUDITS: return take_audits(desk, flight, call);
    case FLIGHT_COMMENTS: return take_comments(desk, flight, call);
    case FLIGHT_SUSPENDED: return take_suspended(desk, flight, call);
    case FLIGHT_ORGANIZATION: return desk_take_organization(desk, flight, call);
    case FLIGHT_MEETING: return take_meeting(desk, flight, call);
    case FLIGHT_MACRO: return desk_take_macro(desk, flight, call);
    case FLIGHT_WHO: return desk_take_joiner(desk, flight, call);
    case FLIGHT_WRITE: return take_write(desk, flight, call);
    case FLIGHT_PROBE: return take_me(desk, flight, call);
    case FLIGHT_SEARCH: return desk_take_search(desk, flight, call);
    case FLIGHT_MANY: return desk_take_many(desk, flight, call);
    default: return false;
    }
}
