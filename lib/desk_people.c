/*
 * Who is who, by e-mail address: PagerDuty's users, Slack's, Zendesk's; and who entered a bridge. What is not
 * known is asked for once and does without meanwhile.
 */
#include "lib/desk_internal.h"
#include "lib/text.h"

#include <string.h>

/* A user's particulars are good for so long. */
#define KNOWN_FOR_MS (24 * 3600 * 1000LL)

/* --- what is known --- */

static void learn_text(char *known, size_t size, const char *learned)
{
    if (learned[0])
        text_copy(known, size, learned);
}

static void learn_time(int64_t *known_ms, int64_t learned_ms)
{
    if (learned_ms > *known_ms)
        *known_ms = learned_ms;
}

bool desk_learn_person(struct desk *desk, const struct person *learned)
{
    struct person person;
    if (!learned->email[0])
        return true;
    enum store_result found = store_get_person(desk->store, learned->email, &person);
    if (!desk_did(desk, found))
        return false;
    text_copy(person.email, sizeof person.email, learned->email);
    learn_text(person.name, sizeof person.name, learned->name);
    learn_text(person.pagerduty_id, sizeof person.pagerduty_id, learned->pagerduty_id);
    learn_text(person.slack_id, sizeof person.slack_id, learned->slack_id);
    learn_time(&person.slack_asked_ms, learned->slack_asked_ms);
    learn_time(&person.pagerduty_asked_ms, learned->pagerduty_asked_ms);
    if (learned->zendesk_asked_ms > 0) {
        person.zendesk_id = learned->zendesk_id;
        person.standing = learned->standing;
        person.zendesk_asked_ms = learned->zendesk_asked_ms;
    }
    return desk_did(desk, store_put_person(desk->store, &person));
}

bool desk_ask_slack(struct desk *desk, const char *email)
{
    struct person person;
    struct action action = {
        .service = SERVICE_SLACK, .kind = ACTION_READ_SLACK, .cause = ++desk->last_serial};
    enum store_result found = store_get_person(desk->store, email, &person);
    if (found != STORE_OK || !desk->lines[SERVICE_SLACK].configured || person.slack_id[0] ||
        desk->now_ms - person.slack_asked_ms < KNOWN_FOR_MS)
        return desk_did(desk, found);
    person.slack_asked_ms = desk->now_ms;
    text_copy(action.target, sizeof action.target, email);
    return desk_did(desk, store_put_person(desk->store, &person)) && desk_add_action(desk, &action);
}

bool desk_sender(struct desk *desk, const char *sender, char *email, size_t size, bool *ask)
{
    struct person person;
    enum store_result found;
    email[0] = '\0';
    *ask = false;
    bool is_address = strchr(sender, '@') != NULL;
    found = is_address ? store_get_person(desk->store, sender, &person)
                       : store_person_of_slack(desk->store, sender, &person);
    if (!desk_did(desk, found))
        return false;
    if (is_address)
        text_copy(email, size, sender);
    if (found != STORE_OK) {
        *ask = is_address;
        return true;
    }
    text_copy(email, size, person.email);
    if (person.pagerduty_id[0])
        return true;
    *ask = desk->now_ms - person.pagerduty_asked_ms >= KNOWN_FOR_MS;
    if (!*ask) /* asked, and they are no user there: in the name of the settings */
        email[0] = '\0';
    return true;
}

/* --- what events say of people --- */

static void complete(struct event *event, const struct person *person)
{
    text_copy(event->by_email, sizeof event->by_email, person->email);
    if (person->name[0])
        text_copy(event->by, sizeof event->by, person->name);
    if (event->type == EVENT_COMMAND)
        text_copy(event->page.agent, sizeof event->page.agent, person->pagerduty_id);
}

/* Who has it, or is to: by this event, else by what is known of the pages. */
static const char *responder(const struct emergency *e, const struct event *event)
{
    bool presses = event->type == EVENT_COMMAND && event->command.name == COMMAND_ACK;
    if (presses || (event->page.agent[0] && event->page.status == PAGE_ACKNOWLEDGED))
        return event->page.agent; /* "": nobody knows who pressed it */
    if (event->page.assignee[0] && e->acknowledged_ms == 0)
        return event->page.assignee;
    if (e->engineer_id[0])
        return e->engineer_id;
    return e->page_count > 0 ? e->pages[e->page_count - 1].assignee : "";
}

/* When ENGINEER took E; 0: not by anything that is known. */
static int64_t taken_by_ms(const struct emergency *e, const char *engineer)
{
    int64_t taken_ms = strcmp(e->engineer_id, engineer) == 0 ? e->taken_ms : 0;
    for (int i = 0; i < e->page_count; i++) {
        const struct page *page = &e->pages[i];
        if (page->acknowledged && strcmp(page->engineer_id, engineer) == 0 &&
            page->acknowledged_ms > taken_ms)
            taken_ms = page->acknowledged_ms;
    }
    return taken_ms;
}

/* When ENGINEER takes E, or has: at EVENT's time if that is how, and only then if they are just meant to. */
static int64_t takes_ms(const struct emergency *e, const struct event *event, const char *engineer)
{
    int64_t taken_ms = taken_by_ms(e, engineer);
    if (taken_ms > 0)
        return taken_ms;
    return strcmp(event->page.agent, engineer) == 0 ? event->at_ms : INT64_MAX;
}

/* The emergency that ENGINEER had before they took E, of another customer than ORGANIZATION; its id, or 0. */
static bool find_former(struct desk *desk, const struct emergency *e, const struct event *event,
                        const char *engineer, int64_t organization, int64_t *former)
{
    struct emergency other = {0};
    struct store_turn turn = STORE_FIRST_TURN;
    enum store_result found;
    int64_t limit_ms = takes_ms(e, event, engineer);
    *former = 0;
    do {
        found = store_of_engineer(desk->store, engineer, organization, &turn, &other);
        int64_t taken_ms = found == STORE_OK ? taken_by_ms(&other, engineer) : 0;
        if (found == STORE_OK && other.id != e->id &&
            (taken_ms < limit_ms || (taken_ms == limit_ms && other.id < e->id)))
            *former = other.id;
    } while (found == STORE_OK && *former == 0);
    return desk_did(desk, found);
}

static bool links(const struct event *event)
{
    return event->type == EVENT_LINK || (event->type == EVENT_COMMAND && event->command.name == COMMAND_LINK);
}

/* Another emergency counts once it is known that it is another customer's, or that there is no ticket. */
static bool know_busy(struct desk *desk, const struct emergency *e, struct event *event)
{
    int64_t organization =
        event->ticket.organization_id > 0 ? event->ticket.organization_id : e->organization_id;
    bool has_none = e->link_prompted || (links(event) && event->ticket_id == 0);
    bool will_be_known = organization == 0 && !has_none && !e->ticket_seen && !event->ticket.known;
    const char *engineer = responder(e, event);
    if (will_be_known)
        event->page.busy_with = PAGE_BUSY_UNKNOWN;
    if (!engineer[0] || will_be_known)
        return true;
    return find_former(desk, e, event, engineer, organization, &event->page.busy_with);
}

bool desk_know_people(struct desk *desk, const struct emergency *e, struct event *event)
{
    struct person person;
    enum store_result found = STORE_NONE;
    bool by_slack = event->type == EVENT_COMMAND && event->by_slack[0];
    if (by_slack)
        found = store_person_of_slack(desk->store, event->by_slack, &person);
    else if (event->type == EVENT_PAGE && event->page.agent[0])
        found = store_person_of_pagerduty(desk->store, event->page.agent, &person);
    if (!desk_did(desk, found))
        return false;
    if (found == STORE_OK)
        complete(event, &person);
    bool may_be_busy = event->type == EVENT_PAGE || event->type == EVENT_TICKET || links(event) ||
                       (event->type == EVENT_COMMAND && event->command.name == COMMAND_ACK);
    return !may_be_busy || know_busy(desk, e, event);
}

static bool ask(struct desk *desk, const struct emergency *e, int64_t cause, enum action_kind kind,
                const char *id)
{
    struct action action = {.emergency = e->id,
                            .service = action_service(kind),
                            .kind = kind,
                            .cause = cause,
                            .ticket_id = e->ticket_id};
    text_copy(action.target, sizeof action.target, id);
    return !desk->lines[action.service].configured || desk_add_action(desk, &action);
}

/* The engineer is known by PagerDuty's id alone, so far. */
static bool know_engineer(struct desk *desk, struct emergency *e, const struct event *event)
{
    struct person person;
    struct event told = desk_own_event(desk, EVENT_TOLD);
    enum store_result found = store_person_of_pagerduty(desk->store, e->engineer_id, &person);
    if (!desk_did(desk, found))
        return false;
    if (found == STORE_NONE || !person.email[0])
        return event->type != EVENT_PAGE || ask(desk, e, event->row, ACTION_READ_PAGER, e->engineer_id);
    text_copy(told.page.agent, sizeof told.page.agent, e->engineer_id);
    text_copy(told.by, sizeof told.by, person.name);
    text_copy(told.by_email, sizeof told.by_email, person.email);
    return desk_apply(desk, e, &told, NULL, NULL);
}

bool desk_ask_who(struct desk *desk, struct emergency *e, const struct event *event)
{
    bool of_slack = event->type == EVENT_COMMAND && event->by_slack[0] && !event->by_email[0];
    if (of_slack && !ask(desk, e, event->row, ACTION_READ_SLACK, event->by_slack))
        return false;
    return !e->engineer_id[0] || e->engineer_email[0] || know_engineer(desk, e, event);
}

/* The emergency learns who its engineer is. */
static bool tell_emergency(struct desk *desk, struct flight *flight, struct action *action,
                           struct event *told)
{
    struct emergency e;
    if (!desk_finish(desk, flight, action, ACTION_DONE, ""))
        return false;
    if (action->emergency == 0)
        return true;
    enum store_result found = store_get_emergency(desk->store, action->emergency, &e);
    if (found != STORE_OK || !told->by_email[0])
        return desk_did(desk, found);
    return desk_apply(desk, &e, told, NULL, NULL);
}

bool desk_take_pager(struct desk *desk, struct flight *flight, struct call *call)
{
    char error[160];
    struct pagerduty_user user;
    struct action action;
    struct emergency e;
    struct person person = {.pagerduty_asked_ms = desk->now_ms};
    struct event told = desk_own_event(desk, EVENT_TOLD);
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    if (!desk_get_action(desk, flight, &action, &e))
        return false;
    if (!pagerduty_read_user(desk->reader, call->answer, call->answer_length, "", &user, error, sizeof error))
        return desk_take_unreadable(desk, flight, call, error);
    text_copy(person.email, sizeof person.email, user.email);
    text_copy(person.name, sizeof person.name, user.name);
    text_copy(person.pagerduty_id, sizeof person.pagerduty_id, user.id);
    text_copy(told.page.agent, sizeof told.page.agent, user.id);
    text_copy(told.by, sizeof told.by, user.name);
    text_copy(told.by_email, sizeof told.by_email, user.email);
    return desk_learn_person(desk, &person) && tell_emergency(desk, flight, &action, &told);
}

bool desk_take_slack_user(struct desk *desk, struct flight *flight, struct call *call)
{
    char error[160];
    struct slack_user user;
    struct action action;
    struct emergency e;
    struct person person = {.slack_asked_ms = desk->now_ms};
    struct event told = desk_own_event(desk, EVENT_TOLD);
    if (!desk_get_action(desk, flight, &action, &e))
        return false;
    bool is_nobody = strcmp(call->error, "user_not_found") == 0 || action.emergency == 0;
    if (call->end == CALL_ANSWERED && call->status == 422 && is_nobody) /* not in Slack */
        return desk_finish(desk, flight, &action, ACTION_DONE, call->error);
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    if (!slack_read_user(desk->reader, call->answer, call->answer_length, &user, error, sizeof error))
        return desk_take_unreadable(desk, flight, call, error);
    text_copy(person.email, sizeof person.email, user.email);
    text_copy(person.name, sizeof person.name, user.name);
    text_copy(person.slack_id, sizeof person.slack_id, user.id);
    text_copy(told.by_slack, sizeof told.by_slack, user.id);
    text_copy(told.by, sizeof told.by, user.name);
    text_copy(told.by_email, sizeof told.by_email, user.email);
    return desk_learn_person(desk, &person) && tell_emergency(desk, flight, &action, &told);
}

/* --- who is in the bridge --- */

/* What is known of somebody by their address. *ASK: Zendesk may know more. */
static bool know_joiner(struct desk *desk, const char *email, enum author_standing *standing, bool *ask)
{
    struct person person;
    *standing = AUTHOR_UNKNOWN;
    *ask = false;
    if (!email[0])
        return true;
    enum store_result found = store_get_person(desk->store, email, &person);
    bool is_fresh = found == STORE_OK && desk->now_ms - person.zendesk_asked_ms < KNOWN_FOR_MS;
    if (found == STORE_OK)
        *standing = person.standing;
    *ask = *standing == AUTHOR_UNKNOWN && !is_fresh;
    return desk_did(desk, found);
}

/* ROW's event, until it is known who that is. */
static bool ask_joiner(struct desk *desk, const struct emergency *e, const struct event *event)
{
    struct action action = {.emergency = e->id,
                            .service = SERVICE_ZENDESK,
                            .kind = ACTION_READ_JOINER,
                            .cause = event->row,
                            .ticket_id = e->ticket_id,
                            .raised_ms = event->at_ms};
    text_copy(action.target, sizeof action.target, event->by_email);
    text_copy(action.text, sizeof action.text, event->by);
    text_copy(action.sender, sizeof action.sender, event->meeting.participant);
    action.due_ms = event->meeting.id;
    return desk_add_action(desk, &action);
}

bool desk_take_meeting_event(struct desk *desk, struct delivery *delivery, const struct journal_entry *entry)
{
    struct event *event = &delivery->event;
    struct emergency e;
    bool ask = false;
    bool repeat = false;
    enum store_result found = store_of_meeting(desk->store, event->meeting.id, &e);
    if (!desk_did(desk, found))
        return false;
    if (found == STORE_NONE)
        return desk_keep(desk, delivery, entry, DELIVERY_IGNORED);
    if (event->type != EVENT_MEETING_ENDED &&
        !know_joiner(desk, event->by_email, &event->comment.standing, &ask))
        return false;
    event->ticket_id = e.ticket_id;
    event->meeting.is_asked = ask && event->type == EVENT_JOINED;
    if (!desk_apply(desk, &e, event, entry, &repeat))
        return false;
    delivery->duplicate = repeat;
    return repeat || !event->meeting.is_asked || ask_joiner(desk, &e, event);
}

/* The same moment once more, with what is known now of who had joined unidentified. */
static bool refine_join(struct desk *desk, struct emergency *e, const struct action *action,
                        enum author_standing standing)
{
    struct event event = desk_own_event(desk, EVENT_JOINED);
    event.source = EVENT_SOURCE_ZOOM;
    event.at_ms = action->raised_ms;
    event.ticket_id = e->ticket_id;
    event.comment.standing = standing;
    event.meeting.id = action->due_ms;
    event.meeting.refines = true;
    text_copy(event.meeting.participant, sizeof event.meeting.participant, action->sender);
    text_copy(event.by, sizeof event.by, action->text);
    text_copy(event.by_email, sizeof event.by_email, action->target);
    text_format(event.id, sizeof event.id, "~ %020lld", (long long)action->id); /* behind what it refines */
    return desk_apply(desk, e, &event, NULL, NULL);
}

bool desk_take_joiner(struct desk *desk, struct flight *flight, struct call *call)
{
    char error[160];
    struct zendesk_found_user user;
    struct action action;
    struct emergency e;
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    if (!desk_get_both(desk, flight, &action, &e))
        return false;
    if (!zendesk_read_found_user(desk->reader, call->answer, call->answer_length, action.target, &user, error,
                                 sizeof error))
        return desk_take_unreadable(desk, flight, call, error);
    struct person person = {.zendesk_id = user.id, .zendesk_asked_ms = desk->now_ms};
    if (user.id > 0)
        person.standing = user.is_staff ? AUTHOR_STAFF : AUTHOR_CUSTOMER;
    text_copy(person.email, sizeof person.email, action.target);
    text_copy(person.name, sizeof person.name, user.name);
    return desk_learn_person(desk, &person) && desk_finish(desk, flight, &action, ACTION_DONE, "") &&
           refine_join(desk, &e, &action, person.standing);
}
