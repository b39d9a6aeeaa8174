/*
 * The handbook's facts: what pages and the ticket say, and where that moves an emergency. See emergency.c for
 * comments, clocks and calls.
 */
#include "lib/emergency_internal.h"
#include "lib/text.h"

#include <string.h>

/* --- pages --- */

struct page *page_of(struct emergency *e, const struct page_facts *facts)
{
    for (int i = 0; i < e->page_count; i++)
        if (strcmp(e->pages[i].incident, facts->incident) == 0)
            return &e->pages[i];
    if (e->page_count == EMERGENCY_PAGES) { /* more pages than anyone can have: forget the oldest */
        memmove(&e->pages[0], &e->pages[1], sizeof e->pages - sizeof e->pages[0]);
        e->page_count--;
    }
    struct page *page = &e->pages[e->page_count++];
    *page = (struct page){0};
    text_copy(page->incident, sizeof page->incident, facts->incident);
    return page;
}

/* "Resolved" says nothing about the emergency; a person's implies that they had taken it. */
static void take_resolve(struct step_context *c, struct page *page)
{
    const struct page_facts *facts = &c->event->page;
    if (!facts->by_person || facts->merged || page->resolve_cause != 0) { /* the last: we wanted it */
        say(c, "page", "The page was resolved%s.", facts->merged ? " by a merge" : "");
        return;
    }
    if (!page->acknowledged) {
        page->acknowledged = true;
        page->acknowledged_ms = c->event->at_ms;
        page->by_busy = facts->busy_with > 0;
        text_copy(page->engineer, sizeof page->engineer, c->event->by);
        text_copy(page->engineer_id, sizeof page->engineer_id, facts->agent);
    }
    say(c, "page", "%s resolved the page.", name_or(c->event->by, "Somebody"));
    if (before_contact(c->e) && c->e->closing == CLOSING_NONE && !page->resolved_early) {
        page->resolved_early = true;
        say(c, "prompt", "The customer has not been contacted yet.");
        tell(c, MESSAGE_RESOLVED_EARLY, BUTTON(COMMAND_FIRST_CONTACT) | BUTTON(COMMAND_CONTACTED));
    }
}

/* By us, in the name of whoever pressed the button. */
void mark_own_acknowledgement(const struct emergency *e, struct page *page)
{
    page->acknowledged = true;
    page->acknowledged_ms = e->taken_ms;
    page->by_busy = e->taken_busy;
    text_copy(page->engineer, sizeof page->engineer, e->engineer);
    text_copy(page->engineer_id, sizeof page->engineer_id, e->engineer_id);
}

/* A page that stands as acknowledged: somebody did it just now, or it is only seen to be so. */
static void take_acknowledged(struct step_context *c, struct page *page)
{
    const struct event *event = c->event;
    bool is_read = !event->page.event[0];
    bool told = strcmp(event->page.event, "acknowledged") == 0 || (is_read && event->by[0]);
    bool again = page->acknowledged && strcmp(page->engineer, event->by) == 0;
    if (page->acknowledged && (!told || (is_read && again))) /* when it happened is known better */
        return;
    if (page->acknowledge_cause != 0) { /* the echo of our own */
        page->acknowledge_cause = 0;
        mark_own_acknowledgement(c->e, page);
        return;
    }
    page->acknowledged = true;
    page->acknowledged_ms = event->at_ms;
    page->by_busy =
        event->page.busy_with > 0 || (event->page.busy_with == PAGE_BUSY_UNKNOWN && c->e->busy_with > 0);
    if (told && event->by[0]) {
        text_copy(page->engineer, sizeof page->engineer, event->by);
        text_copy(page->engineer_id, sizeof page->engineer_id, event->page.agent);
    }
    if (!again)
        say(c, "page", "%s acknowledged the page.", told ? name_or(event->by, "Somebody") : "Somebody");
}

static void take_page_status(struct step_context *c, struct page *page)
{
    enum page_status was = page->status;
    bool is_beginning = strcmp(c->event->page.event, "triggered") == 0;
    if (is_beginning && was != PAGE_UNKNOWN) /* all else came after, even if within the same millisecond */
        return;
    if (c->event->page.status != PAGE_UNKNOWN)
        page->status = c->event->page.status;
    if (was == PAGE_RESOLVED &&
        page->status != PAGE_RESOLVED) /* opened again, and not to be resolved again */
        page->resolve_cause = 0;
    if (page->status == PAGE_ACKNOWLEDGED) {
        take_acknowledged(c, page);
    } else if (page->status == PAGE_TRIGGERED && page->acknowledged) {
        page->acknowledged = false;
        page->acknowledge_cause = 0;
        if (c->e->taken_ms <= c->event->at_ms)
            c->e->taken_ms = 0;
        say(c, "page", "The page is no longer acknowledged.");
    } else if (page->status == PAGE_RESOLVED && was != PAGE_RESOLVED) {
        take_resolve(c, page);
    }
}

void take_page(struct step_context *c)
{
    struct emergency *e = c->e;
    const struct page_facts *facts = &c->event->page;
    struct page *page = page_of(e, facts);
    if (page->status == PAGE_UNKNOWN)
        say(c, "page", "Page %s: %s.", facts->incident, name_or(facts->title, "no title"));
    if (facts->url[0])
        text_copy(page->url, sizeof page->url, facts->url);
    if (facts->assignee[0])
        text_copy(page->assignee, sizeof page->assignee, facts->assignee);
    if (!e->subject[0])
        text_copy(e->subject, sizeof e->subject, facts->title);
    take_page_status(c, page);
    take_acknowledgements(c);
    note_busy(c);
}

/* --- the ticket --- */

static bool status_is_over(enum ticket_status status)
{
    return status >= STATUS_SOLVED;
}

static bool lowered(enum ticket_priority was, enum ticket_priority is)
{
    return was == PRIORITY_URGENT && is != PRIORITY_URGENT && is != PRIORITY_UNKNOWN;
}

#define RAISED_AGAIN "the ticket was raised to urgent again"

/* For a new emergency. */
static void reread_raised(struct step_context *c)
{
    c->out->reread = true;
    c->out->raised_ms = event_latest_ms(c->event);
}

static void take_priority(struct step_context *c)
{
    struct emergency *e = c->e;
    const struct ticket_facts *facts = &c->event->ticket;
    enum ticket_priority was = e->priority != PRIORITY_UNKNOWN ? e->priority : facts->previous_priority;
    if (facts->priority == PRIORITY_UNKNOWN)
        return;
    if (lowered(was, facts->priority)) {
        if (e->released == ACTION_DOWNGRADE &&
            e->phase != PHASE_DOWNGRADED) /* likely our own downgrade: its end will tell */
            return;
        e->priority = facts->priority;
        if (e->closing == CLOSING_TICKET_SOLVED || e->closing == CLOSING_TICKET_GONE)
            e->closing = CLOSING_TICKET_LOWERED; /* being opened again does not bring it back */
        if (e->phase != PHASE_DOWNGRADED) {
            char why[96];
            text_format(why, sizeof why, "%s set the ticket to %s", name_or(c->event->by, "somebody"),
                        ticket_priority_name(facts->priority));
            close_emergency(c, CLOSING_TICKET_LOWERED, why);
        }
        return;
    }
    e->priority = facts->priority;
    if (e->phase == PHASE_DOWNGRADED && was != PRIORITY_UNKNOWN && was != PRIORITY_URGENT &&
        facts->priority == PRIORITY_URGENT && e->closing == CLOSING_NONE) {
        close_emergency(c, CLOSING_RAISED_AGAIN, RAISED_AGAIN);
        reread_raised(c);
    }
}

bool is_raised_since_downgrade(const struct emergency *e)
{
    return e->phase == PHASE_DOWNGRADED && e->priority == PRIORITY_URGENT && !e->dry_run;
}

static void take_status(struct step_context *c)
{
    struct emergency *e = c->e;
    const struct ticket_facts *facts = &c->event->ticket;
    enum ticket_status was = e->status != STATUS_UNKNOWN ? e->status : facts->previous_status;
    if (facts->status == STATUS_UNKNOWN)
        return;
    e->status = facts->status;
    if (status_is_over(facts->status)) {
        if (was != STATUS_UNKNOWN && !status_is_over(was))
            close_emergency(c, facts->status == STATUS_DELETED ? CLOSING_TICKET_GONE : CLOSING_TICKET_SOLVED,
                            ticket_status_name(facts->status));
        return;
    }
    bool may_return = e->closing == CLOSING_TICKET_SOLVED || e->closing == CLOSING_TICKET_GONE;
    enum ticket_priority priority = facts->priority != PRIORITY_UNKNOWN ? facts->priority : e->priority;
    bool still_counts = priority == PRIORITY_URGENT || priority == PRIORITY_UNKNOWN || e->downgraded_ms > 0;
    if (may_return && is_raised_since_downgrade(e)) { /* while it was solved: a new one begins */
        e->closing = CLOSING_RAISED_AGAIN;
        text_copy(e->closed_why, sizeof e->closed_why, RAISED_AGAIN);
        reread_raised(c);
    } else if (may_return && still_counts) {
        reopen_emergency(e);
        say(c, "ticket", "The ticket is open again: back to where it was.");
        tell(c, MESSAGE_REOPENED, 0);
    }
}

void take_ticket(struct step_context *c)
{
    struct emergency *e = c->e;
    const struct event *event = c->event;
    const struct ticket_facts *facts = &event->ticket;
    if (!facts->known || event_latest_ms(event) < e->opened_ms) /* or of an emergency before this one */
        return;
    if (e->ticket_id == 0)
        e->ticket_id = event->ticket_id;
    if (facts->subject[0])
        text_copy(e->subject, sizeof e->subject, facts->subject);
    if (facts->requester_id > 0)
        e->requester_id = facts->requester_id;
    if (facts->organization_id > 0 && facts->organization_id != e->organization_id) {
        e->organization_id = facts->organization_id;
        e->organization[0] = '\0';
    }
    if (facts->organization[0])
        text_copy(e->organization, sizeof e->organization, facts->organization);
    take_sorting(c);
    take_status(c);
    take_priority(c);
    e->ticket_seen = true;
    note_busy(c);
}

void take_gone(struct step_context *c)
{
    struct emergency *e = c->e;
    if (event_latest_ms(c->event) < e->opened_ms) /* of an emergency before this one */
        return;
    if (e->ticket_id != 0 && c->event->ticket_id != e->ticket_id) /* of a ticket that it was not about */
        return;
    if (e->ticket_seen) {
        e->status = STATUS_DELETED;
        close_emergency(c, CLOSING_TICKET_GONE, c->event->text);
        return;
    }
    say(c, "prompt", "There is no ticket %lld: link the right one.", (long long)e->ticket_id);
    tell(c, MESSAGE_LINK, 0);
    e->ticket_id = 0;
    e->linked_ms = 0;
    e->link_prompted = true;
}

void take_link(struct step_context *c)
{
    struct emergency *e = c->e;
    const struct event *event = c->event;
    if (event->ticket_id == 0) {
        if (e->ticket_id == 0 && !e->link_prompted) {
            say(c, "prompt", "No ticket is known for this page: link one.");
            tell(c, MESSAGE_LINK, 0);
        }
        e->link_prompted = true;
        note_busy(c);
        return;
    }
    if (e->ticket_id != 0 && e->ticket_id != event->ticket_id)
        return; /* known already: the first word counts */
    bool was_linked = e->linked_ms > 0;
    e->ticket_id = event->ticket_id;
    e->linked_ms = later(e->linked_ms, event->at_ms);
    if (e->phase == PHASE_CONTACTED && !was_linked)
        e->left_ms = later(e->left_ms, c->policy->follow_up_after_ms); /* the clock starts with this event */
    else if (e->phase == PHASE_CONTACTED && e->due_ms != 0 && !e->person_commented) /* a voicemail, say */
        e->due_ms = later(e->due_ms, moment_ms(event) + c->policy->follow_up_after_ms);
    say(c, "ticket", "Ticket %lld.", (long long)event->ticket_id);
    note_busy(c);
}

void take_opened(struct step_context *c)
{
    struct emergency *e = c->e;
    if (e->ticket_id == 0)
        e->ticket_id = c->event->ticket_id;
    if (e->linked_ms == 0)
        e->linked_ms = c->event->at_ms;
    e->urgent_ms = later(e->urgent_ms, c->event->at_ms);
    say(c, "ticket", "Ticket %lld is urgent.", (long long)c->event->ticket_id);
}
