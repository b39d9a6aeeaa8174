/*
 * The verbs of emergency_story.h that tell of people, the bridge, the thread and the ticket's belongings.
 */
#include "tests/unit/emergency_story.h"

#include "lib/coverage.h"

#include <check.h>
#include <stdio.h>

#define MEETING 900 /* and the number of the bridge */

const struct story_person eng_one = {"Eng One", "PENG1", "eng1@example.com", "U0ENG1"};
const struct story_person eng_two = {"Eng Two", "PENG2", "eng2@example.com", "U0ENG2"};

#define PUT(member, text) ((void)snprintf((member), sizeof(member), "%s", (text)))

/* --- the policy --- */

void three_rungs(struct story *t)
{
    static const int minutes[] = {10, 15, 25};
    t->policy.rung_count = 3;
    for (int i = 0; i < 3; i++)
        t->policy.rung_after_ms[i] = MINUTES(minutes[i]);
}

void covered(struct story *t, const char *name, const char *zone, int from, int to)
{
    int n = t->policy.coverage_count++;
    ck_assert_int_lt(n, (int)COUNT_OF(t->windows));
    t->windows[n] = coverage_new(zone, 0x7f, from * 60, to * 60, NULL, 0);
    ck_assert_ptr_nonnull(t->windows[n]);
    t->policy.coverages[n].name = name;
    t->policy.coverages[n].window = t->windows[n];
}

/* --- the ticket --- */

void ticket_sorted(struct story *t, const char *product, const char *coverage, const char *bulk)
{
    struct event event = new_event(t, EVENT_TICKET, EVENT_SOURCE_ZENDESK);
    event.ticket_id = STORY_TICKET;
    event.page.busy_with = t->busy_with;
    event.ticket = (struct ticket_facts){.known = true, .sorted = true};
    PUT(event.ticket.product, product);
    PUT(event.ticket.coverage, coverage);
    PUT(event.ticket.bulk, bulk);
    happen(t, &event);
}

void told_of_ticket(struct story *t, const char *tam, const char *zone)
{
    struct event event = new_event(t, EVENT_TOLD, EVENT_SOURCE_SELF);
    event.ticket.tam_known = true;
    PUT(event.ticket.tam, tam);
    PUT(event.ticket.zone, zone);
    happen(t, &event);
}

void told_of_person(struct story *t, const struct story_person *person)
{
    struct event event = new_event(t, EVENT_TOLD, EVENT_SOURCE_SELF);
    PUT(event.by, person->name);
    PUT(event.by_email, person->email);
    PUT(event.by_slack, person->slack_id);
    PUT(event.page.agent, person->pagerduty_id);
    happen(t, &event);
}

/* --- calls that are no steps --- */

void checked(struct story *t, enum ladder_kind ladder)
{
    struct event event = new_event(t, EVENT_CHECKED, EVENT_SOURCE_SELF);
    int64_t cause = emergency_rung_cause(ladder, t->e.ladders[ladder].rung);
    if (!emergency_still_wants(&t->e, ACTION_CHECK_PAGE, cause))
        ck_abort_msg("no rung of ladder %d is due", (int)ladder);
    event.call = (struct call_facts){.action = 1, .kind = ACTION_CHECK_PAGE, .cause = cause};
    happen(t, &event);
    if (emergency_still_wants(&t->e, ACTION_CHECK_PAGE, cause))
        ck_abort_msg("the same rung is due again");
}

static struct event accepted_event(struct story *t, enum action_kind kind, int64_t cause)
{
    struct event event = new_event(t, EVENT_ACCEPTED, EVENT_SOURCE_SELF);
    event.ticket_id = STORY_TICKET;
    event.call = (struct call_facts){
        .action = 1, .kind = kind, .cause = cause, .accepted_ms = t->at_ms, .dry = t->dry};
    return event;
}

void made(struct story *t, enum action_kind kind)
{
    struct want want;
    if (!find_want(t, kind, &want))
        ck_abort_msg("no %s is wanted", action_kind_name(kind));
    struct event event = accepted_event(t, kind, want.cause);
    if (kind == ACTION_CREATE_MEETING) {
        event.result.meeting = MEETING + want.cause;
        (void)snprintf(event.result.url, sizeof event.result.url, "https://zoom.example/j/%lld",
                       (long long)event.result.meeting);
    } else if (kind == ACTION_OPEN_THREAD) {
        PUT(event.result.channel, "C1");
        PUT(event.result.ts, "1700000000.000100");
    } else if (kind == ACTION_RUNBOOK) {
        PUT(event.result.url, "https://gitlab.example/7");
    }
    if (want.incident)
        PUT(event.page.incident, want.incident);
    happen(t, &event);
    if (emergency_still_wants(&t->e, kind, want.cause))
        ck_abort_msg("a second %s is wanted", action_kind_name(kind));
}

void bulk_answered(struct story *t)
{
    struct event event = accepted_event(t, ACTION_BULK_ANSWER, 1);
    happen(t, &event);
}

/* --- the bridge --- */

struct story *bridged(void)
{
    struct story *t = story_new();
    t->policy.can_meet = true;
    go_acknowledged(t);
    at(t, "12:00:22");
    made(t, ACTION_CREATE_MEETING);
    at(t, "12:00:40");
    staff_comment(t);
    return t;
}

static struct event zoom_event(struct story *t, enum event_type type, enum author_standing standing)
{
    struct event event = new_event(t, type, EVENT_SOURCE_ZOOM);
    event.meeting.id = t->e.meeting;
    event.comment.standing = standing;
    PUT(event.meeting.participant, standing == AUTHOR_STAFF      ? "16"
                                   : standing == AUTHOR_CUSTOMER ? "17"
                                                                 : "18");
    PUT(event.by, standing == AUTHOR_STAFF ? "Eng One" : standing == AUTHOR_CUSTOMER ? "Carol" : "iPhone");
    return event;
}

void joined(struct story *t, enum author_standing standing)
{
    struct event event = zoom_event(t, EVENT_JOINED, standing);
    happen(t, &event);
}

void joined_and_asked(struct story *t)
{
    struct event event = zoom_event(t, EVENT_JOINED, AUTHOR_UNKNOWN);
    event.meeting.is_asked = true;
    happen(t, &event);
}

void turns_out(struct story *t, enum author_standing standing)
{
    struct event event = zoom_event(t, EVENT_JOINED, standing);
    event.meeting.refines = true;
    PUT(event.meeting.participant, "18"); /* as which they had joined */
    (void)snprintf(event.id, sizeof event.id, "~ %06lld", (long long)event.row); /* behind the joins */
    happen(t, &event);
}

void left(struct story *t, enum author_standing standing)
{
    struct event event = zoom_event(t, EVENT_LEFT, standing);
    happen(t, &event);
}

void meeting_ended(struct story *t)
{
    struct event event = zoom_event(t, EVENT_MEETING_ENDED, AUTHOR_UNKNOWN);
    happen(t, &event);
}

void looked_at_meeting(struct story *t, enum meeting_state state)
{
    struct event event = new_event(t, EVENT_LOOKED, EVENT_SOURCE_SELF);
    ck_assert_msg(t->e.step != ACTION_NONE, "no step is wanted to look for");
    event.call = (struct call_facts){.action = 1, .kind = t->e.step, .cause = t->e.step_cause};
    event.meeting.state = state;
    happen(t, &event);
}

/* --- people --- */

void shift_changes(struct story *t, const char *next)
{
    struct event event = new_event(t, EVENT_SHIFT, EVENT_SOURCE_SELF);
    PUT(event.by, next);
    happen(t, &event);
}

void stuck(struct story *t, enum action_kind kind)
{
    struct event event = new_event(t, EVENT_STUCK, EVENT_SOURCE_SELF);
    event.call = (struct call_facts){.action = 1, .kind = kind};
    PUT(event.text, "what to paste");
    happen(t, &event);
}
