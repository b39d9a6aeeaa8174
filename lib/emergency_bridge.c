/*
 * The handbook's calls: the bridge and who is in it, the call with the customer, the notes after it. See
 * emergency.c.
 */
#include "lib/emergency_internal.h"
#include "lib/text.h"

#include <string.h>

/* --- the bridge --- */

static void empty_bridge(struct emergency *e)
{
    e->staff_in = e->others_in = 0;
    memset(e->in_bridge, 0, sizeof e->in_bridge);
    memset(e->in_bridge_staff, 0, sizeof e->in_bridge_staff);
}

/* A meeting, or a new one after the last was closed. */
void want_bridge(struct step_context *c)
{
    struct emergency *e = c->e;
    if (e->bridge_number > 0 && !e->bridge_over)
        return;
    if (c->policy->static_bridge)
        text_copy(e->bridge_url, sizeof e->bridge_url, c->policy->static_bridge);
    if (!c->policy->can_meet)
        return;
    e->bridge_number++;
    e->bridge_wanted_ms = moment_ms(c->event);
    e->bridge_over = false;
    if (e->meeting != 0)
        e->former_meeting = e->meeting;
    e->meeting = 0;
    e->bridge_url[0] = '\0';
    empty_bridge(e);
}

bool bridge_may_come(const struct step_context *c)
{
    const struct emergency *e = c->e;
    return e->bridge_number > 0 && !e->bridge_url[0] && !e->bridge_over &&
           moment_ms(c->event) < e->bridge_wanted_ms + EMERGENCY_BRIDGE_PATIENCE_MS;
}

void take_meeting(struct step_context *c)
{
    struct emergency *e = c->e;
    bool is_first = c->event->call.cause == e->bridge_number && e->meeting == 0;
    if (c->event->call.dry) {
        e->bridge_over = e->bridge_over || is_first; /* there is none */
        return;
    }
    if (!is_first) { /* of an emergency that was joined: not closed, Zoom ends it when nobody is in it */
        e->former_meeting = c->event->result.meeting;
        return;
    }
    e->meeting = c->event->result.meeting;
    e->bridge_over = false; /* nor if it came so late that nobody needs it: then it is to be closed */
    text_copy(e->bridge_url, sizeof e->bridge_url, c->event->result.url);
    /* What is said goes into the log, so without the password. */
    say(c, "call", "Bridge: %.*s", (int)strcspn(e->bridge_url, "?"), e->bridge_url);
}

/* Nobody needs it any more; one address for all stays. */
void end_bridge(struct step_context *c)
{
    if (c->e->bridge_number > 0 && c->e->meeting == 0) /* not even made: no longer wanted */
        c->e->bridge_over = true;
}

static bool is_of_bridge(const struct step_context *c)
{
    return c->e->meeting != 0 && c->event->meeting.id == c->e->meeting;
}

/* Whoever enters by an old link has come too; but only the bridge's own people are counted. */
static bool is_of_former(const struct step_context *c)
{
    return c->e->former_meeting != 0 && c->event->meeting.id == c->e->former_meeting;
}

/* False: nobody like that has been seen to join. */
static bool count_out(struct step_context *c, bool of_staff)
{
    struct emergency *e = c->e;
    const char *key = c->event->meeting.participant;
    for (int i = 0; i < EMERGENCY_ATTENDANTS; i++) {
        if (!key[0] || strcmp(e->in_bridge[i], key) != 0 || e->in_bridge_staff[i] != of_staff)
            continue;
        --*(of_staff ? &e->staff_in : &e->others_in);
        memset(e->in_bridge[i], 0, sizeof e->in_bridge[i]);
        e->in_bridge_staff[i] = false;
        return true;
    }
    return false;
}

static void count_in(struct step_context *c, bool of_staff)
{
    struct emergency *e = c->e;
    ++*(of_staff ? &e->staff_in : &e->others_in);
    for (int i = 0; i < EMERGENCY_ATTENDANTS; i++) {
        if (e->in_bridge[i][0])
            continue;
        text_copy(e->in_bridge[i], sizeof e->in_bridge[i], c->event->meeting.participant);
        e->in_bridge_staff[i] = of_staff && e->in_bridge[i][0];
        return;
    }
}

/* A call goes on from now on, if none does: what to mind is told once. */
static void begin_call(struct step_context *c)
{
    struct emergency *e = c->e;
    if (e->call_started_ms > 0 && e->call_ended_ms == 0)
        return;
    e->call_started_ms = moment_ms(c->event);
    e->call_ended_ms = e->public_notes_ms = e->internal_note_ms = e->next_tagged_ms = 0;
    tell(c, MESSAGE_CALL_STARTED,
         BUTTON(COMMAND_COLLEAGUE) | BUTTON(COMMAND_CALL_ENDED) | BUTTON(COMMAND_RESUME));
}

/* Who had joined unidentified is known now, or will not be. */
static void take_back_unknown(struct step_context *c)
{
    struct emergency *e = c->e;
    if (is_of_bridge(c))
        (void)count_out(c, false);
    if (e->doubt_ms[DOUBT_JOIN] == event_latest_ms(c->event)) /* others are as unknown as before */
        e->doubt_ms[DOUBT_JOIN] = e->doubt_join_before_ms;
}

/* The ticket may be opened again by whoever answers: then the clocks must know. */
static void join_closed(struct step_context *c)
{
    struct emergency *e = c->e;
    bool may_return = e->closing == CLOSING_TICKET_SOLVED || e->closing == CLOSING_TICKET_GONE;
    if (!may_return || before_contact(e) || c->event->comment.standing == AUTHOR_STAFF)
        return;
    if (c->event->comment.standing == AUTHOR_CUSTOMER) {
        note_answer(e, c->event->at_ms); /* nobody can do anything about it now */
        return;
    }
    e->doubt_join_before_ms = e->doubt_ms[DOUBT_JOIN];
    (void)note_doubt(e, DOUBT_JOIN, event_latest_ms(c->event), c->event->by);
}

void take_joined(struct step_context *c)
{
    struct emergency *e = c->e;
    const struct event *event = c->event;
    const char *name = name_or(event->by, "Somebody");
    if (!is_of_bridge(c) && !is_of_former(c))
        return;
    if (event->meeting.refines)
        take_back_unknown(c);
    if (is_of_bridge(c))
        count_in(c, event->comment.standing == AUTHOR_STAFF);
    if (e->closing != CLOSING_NONE) {
        join_closed(c);
        return;
    }
    e->meeting_settled = false;
    switch (event->comment.standing) {
    case AUTHOR_STAFF:
        someone_met(c);
        say(c, "call", "%s of support is in the bridge.", name);
        break;
    case AUTHOR_CUSTOMER:
        say(c, "call", "%s, the customer's, is in the bridge.", name);
        begin_call(c);
        take_answer(c, event->at_ms);
        break;
    default:
        e->doubt_join_before_ms = e->doubt_ms[DOUBT_JOIN];
        if (event->meeting.is_asked) { /* noted at once, but nobody is told before the answer */
            (void)note_doubt(e, DOUBT_JOIN, event_latest_ms(event), event->by);
            break;
        }
        say(c, "call", "%s is in the bridge: nobody knows whether of support or the customer's.", name);
        take_doubt(c, DOUBT_JOIN, event_latest_ms(event), "Somebody unidentified joined the bridge.");
        break;
    }
}

/* Who they are is known by how they joined, if at all. Whoever was not seen to join may have been of staff:
 * that is the safe side, as who else is in it may be a customer. */
void take_left(struct step_context *c)
{
    struct emergency *e = c->e;
    if (is_of_bridge(c) && !count_out(c, true) && !count_out(c, false) && e->staff_in > 0)
        e->staff_in--;
}

/* What the look has seen of the bridge, just before the downgrade closes it. */
void take_meeting_state(struct step_context *c)
{
    struct emergency *e = c->e;
    enum meeting_state state = c->event->meeting.state;
    bool only_staff = e->staff_in > 0 && e->others_in == 0;
    bool in_use = (state == MEETING_RUNNING && !only_staff) || state == MEETING_UNREADABLE;
    if (e->step == ACTION_DOWNGRADE && in_use && !e->meeting_settled)
        e->doubt_ms[DOUBT_MEETING] = moment_ms(c->event);
}

/* --- the call --- */

void take_call_started(struct step_context *c)
{
    someone_met(c);
    say(c, "command", "%s is on a call with the customer.", who(c));
    begin_call(c);
    take_answer(c, moment_ms(c->event));
}

static void tell_call_ended(struct step_context *c)
{
    tell(c, MESSAGE_CALL_ENDED, 0);
    if (c->policy->has_macro && c->e->ticket_id > 0)
        effect(c, &(struct effect){.kind = EFFECT_MACRO});
}

/* The next on call is tagged by the message itself. */
static void end_call(struct step_context *c)
{
    struct emergency *e = c->e;
    int64_t at_ms = moment_ms(c->event);
    if (e->call_started_ms == 0)
        e->call_started_ms = at_ms;
    e->call_ended_ms = e->next_tagged_ms = e->notes_reminded_ms = at_ms;
    e->public_notes_ms = e->internal_note_ms = 0;
    say(c, "call", "The call has ended: public notes and an internal note are due.");
    tell_call_ended(c);
}

/* Zoom may have told the end before the person does: the notes that are there then stay ticked. */
void take_call_ended(struct step_context *c)
{
    someone_met(c);
    take_answer(c, moment_ms(c->event));
    if (notes_are_missing(c->e))
        say(c, "command", "%s: the call has ended, as is known.", who(c));
    else
        end_call(c);
}

void take_meeting_ended(struct step_context *c)
{
    struct emergency *e = c->e;
    if (!is_of_bridge(c))
        return;
    empty_bridge(e);
    if (e->closing == CLOSING_NONE && e->call_started_ms > 0 && e->call_ended_ms == 0)
        end_call(c);
}

/* A late word of the customer's coming: the call that it began has ended long since. */
void tell_late_call(struct step_context *c)
{
    struct outcome *out = c->out;
    for (size_t i = 0; i < out->effect_count; i++)
        if (out->effects[i].message == MESSAGE_CALL_ENDED)
            return;
    for (size_t i = 0; i < out->effect_count; i++)
        if (out->effects[i].message == MESSAGE_CALL_STARTED)
            out->effects[i--] = out->effects[--out->effect_count];
    say(c, "call", "The call has ended: public notes and an internal note are due.");
    tell_call_ended(c);
}

/* --- the notes --- */

bool notes_are_missing(const struct emergency *e)
{
    return e->call_ended_ms > 0 && (e->public_notes_ms == 0 || e->internal_note_ms == 0);
}

/* A comment of a person of staff ticks the checklist. */
void tick_notes(struct step_context *c)
{
    struct emergency *e = c->e;
    const struct event *event = c->event;
    if (!notes_are_missing(e) || event->comment.standing != AUTHOR_STAFF ||
        event_latest_ms(event) < e->call_ended_ms)
        return;
    int64_t *tick = event->comment.is_public ? &e->public_notes_ms : &e->internal_note_ms;
    if (*tick == 0) {
        *tick = event->at_ms;
        say(c, "comment",
            event->comment.is_public ? "The public notes are there." : "The internal note is there.");
    }
    if (!notes_are_missing(e))
        tell(c, MESSAGE_NOTES_COMPLETE, 0);
}

void remind_of_notes(struct step_context *c)
{
    struct emergency *e = c->e;
    if (!notes_are_missing(e) || moment_ms(c->event) < e->notes_reminded_ms + EMERGENCY_NOTES_REMIND_MS)
        return;
    e->notes_reminded_ms = moment_ms(c->event);
    say(c, "prompt", "The notes after the call are not complete.");
    tell(c, MESSAGE_NOTES_MISSING, 0);
}
