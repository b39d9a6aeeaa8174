/*
 * Emergencies: which one an event is about, moving it, opening and joining. See desk.h.
 */
#include "lib/desk_internal.h"
#include "lib/text.h"

#include <stdlib.h>
#include <string.h>

/* How long after it was given up an attempt may still arrive. */
#define LATEST_ARRIVAL_MS 120000

struct event desk_own_event(const struct desk *desk, enum event_type type)
{
    return (struct event){
        .type = type,
        .source = EVENT_SOURCE_SELF,
        .at_ms = desk->now_ms,
        .resolution_ms = 1,
        .now_ms = desk->now_ms,
    };
}

/* --- moving --- */

static void log_outcome(struct desk *desk, const struct emergency *e, const struct event *event,
                        const struct outcome *out)
{
    if (out->say[0])
        log_event(desk->log, out->prompts ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
                  out->prompts ? "ASKED" : "EVENT", e->id, e->ticket_id, "%s: %s", emergency_state(e),
                  out->say);
    else
        log_event(desk->log, LOG_LEVEL_DEBUG, "EVENT", e->id, e->ticket_id, "%s: %s", emergency_state(e),
                  event_type_name(event->type));
}

/* Adds up all events of E again; OUT is what the event of ROW does among them. */
static bool replay(struct desk *desk, struct emergency *e, int64_t row, struct outcome *out)
{
    struct event *events = NULL;
    size_t count = 0;
    bool good = desk_did(desk, store_events(desk->store, e->id, &events, &count));
    *out = (struct outcome){.kind = "note"};
    if (good && count > 0) {
        bool dry_run = e->dry_run;
        emergency_replay(e, e->id, events, count, &desk->policy, row, out);
        e->dry_run = dry_run;
    }
    free(events);
    return good;
}

/* Writes what became of E, and does what it wants. */
static bool put(struct desk *desk, const struct emergency *was, const struct emergency *e)
{
    int64_t wake_ms = emergency_wake_ms(e, &desk->policy);
    enum store_result result = store_put_emergency(desk->store, e, wake_ms);
    if (result != STORE_OK) { /* NONE: another open one has its ticket, so this item can't be */
        if (result != STORE_NONE)
            desk_fail(desk, result);
        return false;
    }
    desk_alarm(desk, ALARM_EMERGENCY, e->id, wake_ms);
    return desk_reconcile(desk, was, e);
}

/* ENTRY: NULL if it is in the journal already. */
static bool note_outcome(struct desk *desk, const struct emergency *e, struct event *event,
                         const struct journal_entry *entry, const struct outcome *out)
{
    if (!entry)
        return desk_did(desk, store_settle_event(desk->store, event->row, DELIVERY_APPLIED, out->kind,
                                                 out->say, e->due_ms));
    struct journal_entry settled = *entry;
    settled.outcome = DELIVERY_APPLIED;
    settled.kind = out->kind;
    settled.say = out->say;
    settled.due_ms = e->due_ms;
    return desk_did(desk, store_add_event(desk->store, event, &settled));
}

static bool settle(struct desk *desk, const struct emergency *was, const struct emergency *e,
                   const struct event *event, const struct outcome *out)
{
    if (!put(desk, was, e) || !desk_do_effects(desk, e, event, out) ||
        !desk_refresh_thread(desk, was, e, event->row))
        return false;
    log_outcome(desk, e, event, out);
    return !out->reread || desk_want_ticket_read(desk, e->ticket_id, out->raised_ms, 0);
}

/* The event is new, and numbered: moves E by it, in its place. */
static bool move(struct desk *desk, struct emergency *e, struct event *event,
                 const struct journal_entry *entry)
{
    const struct emergency was = *e;
    struct outcome out;
    bool clock_step = event->type == EVENT_CLOCK_STEP;
    bool replays = clock_step || emergency_is_late(e, event);
    if (replays) {
        if (!desk_did(desk, store_add_event(desk->store, event, entry)) || !replay(desk, e, event->row, &out))
            return false;
        if (!clock_step)
            emergency_note_late(&was, e, &desk->policy, &out);
    } else {
        emergency_apply(e, event, &desk->policy, &out);
    }
    return note_outcome(desk, e, event, replays ? NULL : entry, &out) && settle(desk, &was, e, event, &out) &&
           desk_ask_who(desk, e, event);
}

/* Whether EVENT is a repeat; if not, it is numbered. */
static bool begin_event(struct desk *desk, struct event *event, const struct journal_entry *entry,
                        bool *repeat)
{
    enum store_result found = STORE_NONE;
    if (entry->repeat_key)
        found = store_find_repeat(desk->store, entry->repeat_key, &event->row);
    *repeat = found == STORE_OK;
    if (found == STORE_NONE)
        found = store_number_event(desk->store, event);
    return desk_did(desk, found);
}

bool desk_apply(struct desk *desk, struct emergency *e, struct event *event,
                const struct journal_entry *entry, bool *repeat)
{
    const struct journal_entry plain = {.outcome = DELIVERY_APPLIED};
    bool is_repeat;
    if (!entry)
        entry = &plain;
    event->emergency = e->id;
    event->now_ms = desk->now_ms;
    if (event->source == EVENT_SOURCE_SELF && !event->id[0])
        text_format(event->id, sizeof event->id, "%020llu", (unsigned long long)++desk->last_serial);
    emergency_put_in_time(e, event);
    if (!begin_event(desk, event, entry, &is_repeat))
        return false;
    if (repeat)
        *repeat = is_repeat;
    return is_repeat || (desk_know_people(desk, e, event) && move(desk, e, event, entry));
}

/* --- opening and joining --- */

/* Events that came before the emergency they belong to. */
static bool claim(struct desk *desk, struct emergency *e, const char *incident)
{
    size_t claimed = 0;
    struct outcome out;
    const struct emergency was = *e;
    if (!desk_did(desk, store_claim_events(desk->store, e->id, e->ticket_id, incident, e->opened_ms - 1000,
                                           &claimed)))
        return false;
    if (claimed == 0)
        return true;
    return replay(desk, e, 0, &out) && put(desk, &was, e);
}

/* A new emergency, by the event that opens it, if that is no repeat. */
static bool open_emergency(struct desk *desk, struct emergency *e, struct event *event,
                           const struct journal_entry *entry, bool *repeat)
{
    const struct journal_entry plain = {.outcome = DELIVERY_APPLIED};
    event->now_ms = desk->now_ms;
    if (!begin_event(desk, event, entry ? entry : &plain, repeat))
        return false;
    if (*repeat)
        return true;
    emergency_init(e, 0, event->at_ms, &desk->policy);
    if (!desk_did(desk, store_new_emergency(desk->store, e)))
        return false;
    event->emergency = e->id;
    log_event(desk->log, LOG_LEVEL_INFO, "OPENED", e->id, event->ticket_id, "a new emergency");
    return move(desk, e, event, entry ? entry : &plain);
}

/* What has begun for YOUNGER goes on for OLDER, unless it was cancelled: it must not be sent then. */
static bool move_flights(struct desk *desk, int64_t younger, int64_t older)
{
    struct action action;
    struct flight *next = NULL;
    for (struct flight *flight = desk->flights; flight; flight = next) {
        next = flight->next;
        if (flight->emergency != younger)
            continue;
        flight->emergency = older;
        if (flight->action == 0)
            continue;
        if (!desk_did(desk, store_get_action(desk->store, flight->action, &action)))
            return false;
        if (action.state == ACTION_CANCELLED)
            desk_end_flight(desk, flight);
    }
    return true;
}

/* Hands everything of the younger to the older, which is then added up again. */
static bool join(struct desk *desk, struct emergency *e, const struct emergency *other)
{
    int64_t older = e->id < other->id ? e->id : other->id;
    int64_t younger = e->id < other->id ? other->id : e->id;
    struct outcome out;
    if (!desk_did(desk, store_join(desk->store, younger, older, desk->now_ms)) ||
        !desk_did(desk, store_get_emergency(desk->store, older, e)))
        return false;
    if (!move_flights(desk, younger, older))
        return false;
    desk_alarm(desk, ALARM_EMERGENCY, younger, 0);
    log_event(desk->log, LOG_LEVEL_INFO, "JOINED", older, other->ticket_id, "emergency %lld is the same one",
              (long long)younger);
    const struct emergency was = *e;
    return replay(desk, e, 0, &out) && put(desk, &was, e) &&
           desk_refresh_thread(desk, &was, e, -younger); /* a cause like no other's */
}

/* The emergency of TICKET that a page of PAGED_MS belongs to: one that has ended since, if the page is told
 * late, else the one that is open. */
static bool find_of_page(struct desk *desk, int64_t ticket, int64_t paged_ms, struct emergency *e,
                         bool *found)
{
    enum store_result result =
        ticket > 0 ? store_ended_of_ticket(desk->store, ticket, paged_ms, e) : STORE_NONE;
    if (result == STORE_NONE && ticket > 0)
        result = store_open_of_ticket(desk->store, ticket, e);
    *found = result == STORE_OK;
    return desk_did(desk, result);
}

/* What is told of its pages later must not make E begin within the emergency before, with what was told of
 * that one. */
static bool note_former_end(struct desk *desk, const struct emergency *e, struct event *link)
{
    struct emergency last;
    enum store_result found =
        link->ticket_id > 0 ? store_last_of_ticket(desk->store, link->ticket_id, &last) : STORE_NONE;
    if (found == STORE_OK && last.closing != CLOSING_NONE && last.closed_ms <= e->opened_ms)
        link->ticket.lowered_ms = last.closed_ms;
    return desk_did(desk, found);
}

bool desk_link(struct desk *desk, struct emergency *e, struct event *event, const struct journal_entry *entry)
{
    struct emergency other;
    bool found;
    if (!find_of_page(desk, event->ticket_id, e->opened_ms, &other, &found))
        return false;
    if (!found && !note_former_end(desk, e, event))
        return false;
    if (found && other.id != e->id && !join(desk, e, &other))
        return false;
    if (!desk_apply(desk, e, event, entry, NULL))
        return false;
    if (event->ticket_id == 0)
        return true;
    return claim(desk, e, "") && desk_want_ticket_read(desk, event->ticket_id, 0, 0);
}

static bool look_for_ticket(struct desk *desk, struct emergency *e, const struct event *page, int64_t ticket)
{
    if (ticket == 0 && desk->lines[SERVICE_PAGERDUTY].configured) {
        struct action read = {
            .emergency = e->id, .service = SERVICE_PAGERDUTY, .kind = ACTION_READ_ALERTS, .cause = page->row};
        text_copy(read.incident, sizeof read.incident, page->page.incident);
        return desk_add_action(desk, &read);
    }
    struct event link = desk_own_event(desk, EVENT_LINK);
    link.at_ms = page->at_ms;
    link.ticket_id = ticket;
    return desk_link(desk, e, &link, NULL);
}

/* A page told late may put the opening before comments that were read as those of former times. */
static bool apply_page(struct desk *desk, struct emergency *e, struct event *event,
                       const struct journal_entry *entry, bool *repeat)
{
    int64_t opened_ms = e->opened_ms;
    if (!desk_apply(desk, e, event, entry, repeat))
        return false;
    bool opens_earlier = e->opened_ms < opened_ms && e->ticket_id > 0;
    return !opens_earlier || desk_want_ticket_read(desk, e->ticket_id, 0, 0);
}

static bool open_by_page(struct desk *desk, struct event *event, const struct journal_entry *entry,
                         bool *repeat)
{
    struct emergency e = {0};
    bool found;
    int64_t ticket = event->ticket_id; /* 0: its alerts may tell */
    if (!find_of_page(desk, ticket, event->at_ms, &e, &found))
        return false;
    if (found) /* one more page of the same emergency */
        return apply_page(desk, &e, event, entry, repeat) && claim(desk, &e, event->page.incident);
    if (!open_emergency(desk, &e, event, entry, repeat))
        return false;
    if (*repeat)
        return true;
    return claim(desk, &e, event->page.incident) && look_for_ticket(desk, &e, event, ticket);
}

/* Whether a ticket turned urgent once more since LAST. Two witnesses of one change differ a little: Zendesk's
 * API cuts its times to the second, and its clock's skew is a guess. What was lowered by what a read has
 * shown, which has our clock's time, may have been so just before it turned urgent. */
static bool is_urgent_anew(const struct emergency *last, int64_t urgent_ms)
{
    bool was_lowered = last->closing == CLOSING_TICKET_LOWERED || last->closing == CLOSING_RAISED_AGAIN;
    int64_t apart_ms =
        urgent_ms > last->urgent_ms ? urgent_ms - last->urgent_ms : last->urgent_ms - urgent_ms;
    if (last->closing == CLOSING_NONE || apart_ms == 0 || (apart_ms < 2000 && !was_lowered))
        return false;
    int64_t late_ms = last->urgent_ms > 0 || was_lowered ? 999 : 0;
    return urgent_ms + late_ms + (was_lowered ? EMERGENCY_CLOCKS_APART_MS : 0) >= last->closed_ms;
}

bool desk_open_by_ticket(struct desk *desk, const struct zendesk_ticket *ticket, int64_t urgent_ms,
                         struct emergency *e, bool *opened)
{
    struct emergency last;
    *opened = false;
    enum store_result found = store_last_of_ticket(desk->store, ticket->id, &last);
    if (!desk_did(desk, found))
        return false;
    bool is_news = urgent_ms + 999 >= desk->first_start_ms;
    if (found == STORE_OK)
        is_news = is_urgent_anew(&last, urgent_ms);
    if (!is_news) {
        log_event(desk->log, LOG_LEVEL_INFO, "NOT-OPENED", 0, ticket->id,
                  found == STORE_OK ? "urgent, but not anew since its last emergency: not opened again"
                                    : "urgent since before the first start: listed here, not opened");
        return true;
    }
    struct event event = desk_own_event(desk, EVENT_OPENED);
    event.source = EVENT_SOURCE_ZENDESK;
    event.at_ms = urgent_ms;
    event.resolution_ms = 1000;
    event.ticket_id = ticket->id;
    event.ticket = ticket->facts;
    bool repeat;
    *opened = true;
    return open_emergency(desk, e, &event, NULL, &repeat) && (repeat || claim(desk, e, ""));
}

/* --- webhooks --- */

bool desk_keep(struct desk *desk, struct delivery *delivery, const struct journal_entry *entry,
               enum delivery_outcome outcome)
{
    struct journal_entry kept = *entry;
    kept.outcome = entry->outcome == DELIVERY_REJECTED ? DELIVERY_REJECTED : outcome;
    enum store_result added = store_add_event(desk->store, &delivery->event, &kept);
    delivery->duplicate = added == STORE_NONE;
    return desk_did(desk, added);
}

/* A page of our own making: it belongs to the emergency that wanted it, and opens none. */
static bool emergency_of_own_page(struct desk *desk, const char *key, struct emergency *e, bool *found)
{
    char prefix[80];
    text_format(prefix, sizeof prefix, PAGERDUTY_OWN_KEY "%s-", desk->instance);
    int64_t id;
    struct action action;
    *found = false;
    size_t length = strlen(prefix);
    if (strncmp(key, prefix, length) != 0 || !text_to_i64(key + length, strlen(key + length), &id))
        return true;
    enum store_result result = store_get_action(desk->store, id, &action);
    /* whoever acknowledges a page for a person has not taken the emergency by that */
    if (result == STORE_OK && action.emergency > 0 && action.kind == ACTION_CREATE_PAGE)
        result = store_get_emergency(desk->store, action.emergency, e);
    else if (result == STORE_OK)
        result = STORE_NONE;
    *found = result == STORE_OK;
    return desk_did(desk, result);
}

static bool take_page_event(struct desk *desk, struct delivery *delivery, const struct journal_entry *entry)
{
    struct event *event = &delivery->event;
    struct emergency e = {0};
    enum store_result result = store_of_incident(desk->store, event->page.incident, &e);
    if (!desk_did(desk, result))
        return false;
    bool found = result == STORE_OK;
    if (!found && !emergency_of_own_page(desk, event->page.key, &e, &found))
        return false;
    if (found)
        return apply_page(desk, &e, event, entry, &delivery->duplicate);
    if (!pagerduty_page_counts(desk->config, &event->page))
        return desk_keep(desk, delivery, entry, DELIVERY_IGNORED);
    if (!event_opens(event))
        return desk_keep(desk, delivery, entry, DELIVERY_WAITING);
    return open_by_page(desk, event, entry, &delivery->duplicate);
}

static bool is_own_comment(struct desk *desk, int64_t emergency, const char *text, bool *own)
{
    struct action *actions = NULL;
    size_t count = 0;
    bool good = desk_did(desk, store_actions_of(desk->store, emergency, &actions, &count));
    for (size_t i = 0; good && !*own && i < count; i++)
        *own = action_is_customer_facing(actions[i].kind) && actions[i].text[0] &&
               text_same_words(actions[i].text, text);
    free(actions);
    return good;
}

/* A comment that E knows already says only how the ticket stands. While Zendesk was not to be read, the
 * emergency before may have got those of a new one. */
static bool settle_comment(struct desk *desk, struct emergency *e, struct event *event, const char *text)
{
    bool known = false;
    if (!desk_did(desk, store_knows_comment(desk->store, e->id, event->comment.id, event->comment.standing,
                                            &known)))
        return false;
    if (known) {
        event->type = EVENT_TICKET;
        return true;
    }
    bool own = event->comment.author_id == desk->own_user_id && desk->own_user_id > 0;
    if (desk->own_user_id == 0 && text && event->comment.standing == AUTHOR_STAFF &&
        !is_own_comment(desk, e->id, text, &own))
        return false;
    if (own)
        event->comment.standing = AUTHOR_OURSELVES;
    return true;
}

/* Whether a ticket that stands like this may be the beginning of an emergency. */
static bool may_open(const struct ticket_facts *facts)
{
    return facts->known && facts->priority == PRIORITY_URGENT && facts->status < STATUS_SOLVED;
}

bool desk_doubt_lowering(struct desk *desk, const struct emergency *e, struct ticket_facts *facts)
{
    struct action action;
    bool found;
    if (facts->priority == PRIORITY_URGENT || facts->priority == PRIORITY_UNKNOWN || e->contacted_ms == 0)
        return true;
    if (!desk_attempt_in_doubt(desk, e, ACTION_DOWNGRADE, &action, &found))
        return false;
    if (found && (!action_is_over(action.state) || desk->now_ms - action.ended_ms < LATEST_ARRIVAL_MS))
        facts->priority = facts->previous_priority = PRIORITY_UNKNOWN;
    return true;
}

/* An event of a ticket that has, or had, an emergency. */
static bool take_known_ticket(struct desk *desk, struct delivery *delivery, const struct journal_entry *entry,
                              struct emergency *e)
{
    struct event *event = &delivery->event;
    struct ticket_facts *facts = &event->ticket;
    if (desk->own_user_id > 0 &&
        facts->actor_id == desk->own_user_id) /* our own change: the end of the call tells */
        facts->priority = facts->previous_priority = PRIORITY_UNKNOWN;
    if (!desk_doubt_lowering(desk, e, facts))
        return false;
    bool was_open = emergency_is_open(e);
    bool refine = event->type == EVENT_COMMENT && event->comment.standing == AUTHOR_OUTSIDER;
    if (event->type == EVENT_COMMENT && !settle_comment(desk, e, event, delivery->comment_text))
        return false;
    if (!desk_apply(desk, e, event, entry, &delivery->duplicate))
        return false;
    /* CC or colleague? And is it over? It may have been read since, when its state was no news. */
    bool ask = refine || (was_open && !emergency_is_open(e));
    return !ask || delivery->duplicate || desk_want_ticket_read(desk, event->ticket_id, 0, 0);
}

static bool take_ticket_event(struct desk *desk, struct delivery *delivery, const struct journal_entry *entry)
{
    struct event *event = &delivery->event;
    struct emergency e;
    /* as Zendesk told it: what it has told of before is older, however far its clock is ahead */
    int64_t turned_ms = event->ticket.previous_priority != PRIORITY_UNKNOWN ? event_latest_ms(event) : 0;
    enum store_result found = store_of_ticket(desk->store, event->ticket_id, &e);
    if (!desk_did(desk, found))
        return false;
    bool good = found == STORE_OK ? take_known_ticket(desk, delivery, entry, &e)
                                  : desk_keep(desk, delivery, entry, DELIVERY_WAITING);
    bool is_open = found == STORE_OK && emergency_is_open(&e);
    if (!good || delivery->duplicate || is_open || !may_open(&event->ticket))
        return good;
    return desk_want_ticket_read(desk, event->ticket_id, turned_ms, 0);
}

static bool take_hint(struct desk *desk, struct delivery *delivery, const struct journal_entry *entry)
{
    const struct event *event = &delivery->event;
    int64_t told_ms = strcmp(event->text, "ticket.urgent") == 0 ? desk->now_ms : 0;
    return desk_keep(desk, delivery, entry, DELIVERY_IGNORED) &&
           desk_want_ticket_read(desk, event->ticket_id, 0, told_ms);
}

bool desk_take_event(struct desk *desk, struct delivery *delivery, const struct journal_entry *entry)
{
    switch (delivery->event.type) {
    case EVENT_PAGE: return take_page_event(desk, delivery, entry);
    case EVENT_TICKET:
    case EVENT_TICKET_GONE:
    case EVENT_COMMENT: return take_ticket_event(desk, delivery, entry);
    case EVENT_TICKET_READ: return take_hint(desk, delivery, entry);
    case EVENT_JOINED:
    case EVENT_LEFT:
    case EVENT_MEETING_ENDED: return desk_take_meeting_event(desk, delivery, entry);
    default: return desk_keep(desk, delivery, entry, DELIVERY_IGNORED);
    }
}

/* --- what was read --- */

static bool same_place(const struct emergency *e, const struct ticket_facts *facts)
{
    bool same_bulk = e->bulk_by_person ? !facts->bulk[0] || strcmp(e->bulk, facts->bulk) == 0
                                       : strcmp(e->bulk, facts->bulk) == 0;
    return !facts->sorted || (e->sorted && same_bulk && strcmp(e->product, facts->product) == 0 &&
                              strcmp(e->coverage, facts->coverage) == 0);
}

static bool same_ticket(const struct emergency *e, const struct ticket_facts *facts)
{
    return e->ticket_seen && e->priority == facts->priority && e->status == facts->status &&
           e->requester_id == facts->requester_id &&
           (facts->organization_id == 0 || e->organization_id == facts->organization_id) &&
           strcmp(e->subject, facts->subject) == 0 && same_place(e, facts);
}

bool desk_apply_ticket(struct desk *desk, struct emergency *e, const struct zendesk_ticket *ticket,
                       int64_t asked_ms)
{
    if (same_ticket(e, &ticket->facts))
        return true;
    struct event event = desk_own_event(desk, EVENT_TICKET);
    event.source = EVENT_SOURCE_ZENDESK;
    event.at_ms = asked_ms; /* a lower bound, so that what is told meanwhile counts as newer */
    event.ticket_id = ticket->id;
    event.ticket = ticket->facts;
    text_format(event.id, sizeof event.id, "read %020llu", (unsigned long long)++desk->last_serial);
    return desk_apply(desk, e, &event, NULL, NULL);
}

bool desk_apply_incident(struct desk *desk, struct event *incident, int64_t asked_ms)
{
    struct emergency e;
    enum store_result found = store_of_incident(desk->store, incident->page.incident, &e);
    if (found != STORE_OK)
        return desk_did(desk, found);
    for (int i = 0; i < e.page_count; i++)
        if (strcmp(e.pages[i].incident, incident->page.incident) == 0 &&
            e.pages[i].status == incident->page.status)
            return true;
    incident->source = EVENT_SOURCE_PAGERDUTY;
    incident->at_ms = asked_ms;
    incident->resolution_ms = 1;
    text_format(incident->id, sizeof incident->id, "read %020llu", (unsigned long long)++desk->last_serial);
    return desk_apply(desk, &e, incident, NULL, NULL);
}

bool desk_apply_comment(struct desk *desk, struct emergency *e, struct event *event, const char *text)
{
    desk_correct_time(desk, SERVICE_ZENDESK, event);
    if (event->at_ms + 999 < e->opened_ms)
        return true;
    if (!settle_comment(desk, e, event, text))
        return false;
    if (event->type != EVENT_COMMENT) /* known already */
        return true;
    return desk_apply(desk, e, event, NULL, NULL);
}
