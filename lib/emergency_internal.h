#ifndef EMERGENCYD_EMERGENCY_INTERNAL_H
#define EMERGENCYD_EMERGENCY_INTERNAL_H
/*
 * What the files of the state machine share: emergency.c (the handbook) and, beside it, facts (pages,
 * ticket), commands (what a person may order), people, bridge, calls, doubts, holds, late (news that come
 * late), view (what a state says). Nobody else includes this. Pure, for every thread.
 */
#include "lib/emergency.h"

/* One event on its way through the rules. */
struct step_context {
    struct emergency *e;
    const struct event *event;
    const struct policy *policy;
    struct outcome *out;
};

/* Adds a sentence to what the timeline says of this event. */
void say(struct step_context *c, const char *kind, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Adds what is to be done because of this event. */
void tell(struct step_context *c, enum message message, int64_t buttons); /* a reply in the thread */
void post(struct step_context *c, enum message message, enum effect_place place);
void summon(struct step_context *c, enum effect_who who, int rung);
void effect(struct step_context *c, const struct effect *effect);

/* The customer was contacted: what they write from CONTACT_MS on is an answer; the period runs from START_MS.
 */
void begin_first_period(struct step_context *c, int64_t contact_ms, int64_t start_ms);
/* The same by a write of our own, whose end C is about. */
void begin_first_period_by_write(struct step_context *c);
/* The period of the state begins anew at START_MS, or when it is no longer held. */
void begin_period(struct emergency *e, int64_t start_ms, int64_t period_ms);
/* The customer answered, or someone spoke to them: no clock runs any more. */
void take_answer(struct step_context *c, int64_t at_ms);
/* No more than the state: E is engaged; false: it has been. */
bool note_answer(struct emergency *e, int64_t at_ms);
/* A downgrade that a person ordered is not done, as the customer wrote at that moment. */
void tell_not_downgraded(struct step_context *c);
void close_emergency(struct step_context *c, enum closing closing, const char *why);
void reopen_emergency(struct emergency *e);
/* A step is to be done now, because this event wants it. */
void begin_step(struct step_context *c, enum action_kind kind, enum step_origin by, int64_t due_ms);
void drop_step(struct emergency *e);
/* A person of staff was there. */
void someone_met(struct step_context *c);
const char *name_or(const char *name, const char *otherwise);
int64_t later(int64_t a, int64_t b);
/* What the clock shows: for events of our own their place in the order may be later, after the clock was set
 * back. */
static inline int64_t moment_ms(const struct event *event)
{
    return event->source == EVENT_SOURCE_SELF ? event->now_ms : event->at_ms;
}

/* Facts of pages and the ticket (emergency_facts.c). */
void take_page(struct step_context *c);
void mark_own_acknowledgement(const struct emergency *e, struct page *page);
void take_ticket(struct step_context *c);
void take_gone(struct step_context *c);
void take_link(struct step_context *c);
void take_opened(struct step_context *c);
/* The page of that incident, added if it is new. */
struct page *page_of(struct emergency *e, const struct page_facts *facts);

void take_command(struct step_context *c);

/* People (emergency_people.c): who took it, the ladders, shifts. */
void take_acknowledgements(struct step_context *c);
/* Once somebody has it, and it is known what it is about: bridge and runbook are made. */
void begin_work(struct step_context *c);
bool is_work_to_do(const struct emergency *e);
void take_ack(struct step_context *c);
void take_take(struct step_context *c);
void note_busy(struct step_context *c);
void take_checked(struct step_context *c);
void take_shift(struct step_context *c);
/* A WAKE: rungs that are due. */
void climb_ladders(struct step_context *c);
void wake_for_ladders(const struct emergency *e, const struct policy *policy, int64_t *wake_ms);
void take_not_emergency(struct step_context *c);
void take_page_somebody(struct step_context *c);
void take_manager(struct step_context *c);
void take_handoff(struct step_context *c);
void take_duty(struct step_context *c);
void take_colleague(struct step_context *c);
void take_stuck(struct step_context *c);

/* The bridge, the call and its notes (emergency_bridge.c). */
void want_bridge(struct step_context *c);
/* Its address is not known yet, and whoever is to name it waits for that. */
bool bridge_may_come(const struct step_context *c);
void take_joined(struct step_context *c);
void take_left(struct step_context *c);
void take_meeting_ended(struct step_context *c);
void take_meeting_state(struct step_context *c);
void take_meeting(struct step_context *c);
void end_bridge(struct step_context *c);
void take_call_started(struct step_context *c);
void take_call_ended(struct step_context *c);
void tell_late_call(struct step_context *c);
void tick_notes(struct step_context *c);
void remind_of_notes(struct step_context *c);
bool notes_are_missing(const struct emergency *e);

/* Calls to services (emergency_calls.c). */
/* Opens the thread once the ticket says in which channel, or nothing will. */
void open_thread(struct step_context *c);
/* The automatic first comment, and what takes it back unsent. */
void offer_first_contact(struct step_context *c);
void withdraw_first_contact(struct emergency *e);
void take_looked(struct step_context *c);
void take_released(struct step_context *c);
void take_accepted(struct step_context *c);
void take_refused(struct step_context *c);

/* Holds: the ticket's hours and the incident (emergency_holds.c). */
/* The clock stops and goes on where the ticket's hours end and begin. */
void keep_hours(struct step_context *c);
void ask_before_hours_end(struct step_context *c);
void wake_for_hours(const struct emergency *e, const struct policy *policy, int64_t *wake_ms);
void take_sorting(struct step_context *c);
void take_bulk(struct step_context *c);
void accept_bulk_answer(struct step_context *c);
bool bulk_holds(const struct emergency *e);

/* Doubts (emergency_doubts.c). */
/* False: it was noted before, or there is no step to ask about. */
bool note_doubt(struct emergency *e, enum doubt doubt, int64_t at_ms, const char *by);
/* Notes it and tells it. */
void take_doubt(struct step_context *c, enum doubt doubt, int64_t at_ms, const char *sentence);
void tell_doubt(struct step_context *c, const char *sentence);
/* What came before the customer was contacted is no answer. */
void drop_doubts_before(struct emergency *e, int64_t start_ms);
void ask_if_doubtful(struct step_context *c);
/* The doubts that are open for a step at AT_MS, as a bit each. */
unsigned open_doubts(const struct emergency *e, enum action_kind step);
/* By COMMAND a person has settled the doubts that they were shown, and no others. */
void settle_doubts(struct emergency *e, const struct event *command);
/* Who resumes although the customer answered waives what they know of since that answer. */
void waive_doubts(struct emergency *e, const struct event *command);
#define DOUBT_BIT(doubt) (1u << (doubt))

/* Leaves out of what an event is to bring about, that came late, what people have been told already, or need
 * not be told any more (emergency_late.c). WAS: before it came. */
void drop_old_news(const struct emergency *was, const struct emergency *is, struct outcome *out);

/* Shared with them (emergency.c, emergency_view.c, emergency_facts.c). */
/* Somebody raised the ticket while that was no end of E, as it was closed. */
bool is_raised_since_downgrade(const struct emergency *e);
bool in_period(const struct emergency *e);
/* The clocks stand, and nothing is done by itself. */
bool is_held(const struct emergency *e);
/* What is due at the end of the period. */
enum action_kind clock_step(const struct emergency *e);
/* Pages that are not resolved are to be, because of this event. */
void resolve_pages(struct step_context *c);
/* The button that resolves the pages; 0 when there is nothing to resolve. */
int64_t resolve_button(const struct step_context *c);
/* Everything but the bridge speaks for the automatic first comment. */
bool may_offer_first_contact(const struct emergency *e, const struct policy *policy);
bool clock_may_run(const struct emergency *e);
void sooner(int64_t *wake_ms, int64_t candidate_ms);
const char *who(const struct step_context *c);

bool before_contact(const struct emergency *e);
/* A person has written or spoken to the customer, be it with one text for many. */
static inline bool is_contacted_by_person(const struct emergency *e)
{
    return e->met || e->bulk_answered;
}
#endif
