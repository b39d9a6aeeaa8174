/*
 * The promise about order: whatever the order in which events arrive, the emergency ends the same, as long as
 * no call takes effect in between. Whole stories and random ones are told in their order and then delivered
 * in others; the rows must be equal to the byte. What a call has done is undone by no order.
 */
#include "tests/unit/emergency_story.h"
#include "tests/unit/suites.h"

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static size_t pick(uint64_t *random, size_t count)
{
    return (size_t)(next_random(random) % count);
}

/* Delivers the events of TOLD in another order, to an emergency that knows nothing yet. */
static void deliver_shuffled(const struct story *told, uint64_t *random)
{
    struct story *t = story_new();
    t->policy = told->policy;
    size_t order[STORY_EVENTS];
    for (size_t i = 0; i < told->count; i++) {
        size_t j = pick(random, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    for (size_t i = 0; i < told->count; i++)
        arrive(t, &told->events[order[i]]);
    expect_same(&t->e, &told->e, "another order of arrival");
    story_end(t);
}

static void expect_any_order(struct story *told, int times)
{
    uint64_t random = 20261123;
    for (int i = 0; i < times; i++)
        deliver_shuffled(told, &random);
    story_end(told);
}

/* Nearly in order, as real webhooks arrive: some are late by a few places. */
static void deliver_jittered(const struct story *told, uint64_t *random)
{
    struct story *t = story_new();
    t->policy = told->policy;
    size_t order[STORY_EVENTS];
    for (size_t i = 0; i < told->count; i++)
        order[i] = i;
    for (size_t i = 0; i + 1 < told->count; i++) {
        size_t j = i + pick(random, told->count - i < 3 ? told->count - i : 3);
        size_t held = order[i];
        order[i] = order[j];
        order[j] = held;
    }
    for (size_t i = 0; i < told->count; i++)
        arrive(t, &told->events[order[i]]);
    expect_same(&t->e, &told->e, "a few webhooks late");
    story_end(t);
}

/* --- whole stories --- */

START_TEST(any_order_silence_until_the_follow_up)
{
    struct story *t = contacted();
    at(t, "12:03:00");
    automatic_reply(t);
    at(t, "12:12:40");
    wake(t);
    at(t, "12:15:40");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    expect_any_order(t, 200);
}
END_TEST

START_TEST(any_order_answers_doubts_and_words)
{
    struct story *t = contacted();
    at(t, "12:00:40");
    customer_comment(t);
    at(t, "12:02:00");
    command(t, COMMAND_RESUME);
    at(t, "12:03:00");
    outsider_comment(t);
    staff_comment(t);
    at(t, "12:16:20");
    wake(t);
    wake(t);
    at(t, "12:17:00");
    extend(t, MINUTES(10));
    at(t, "12:18:00");
    command(t, COMMAND_PAUSE);
    at(t, "12:19:00");
    comment(t, AUTHOR_STAFF_REQUESTER, true);
    at(t, "12:20:00");
    command(t, COMMAND_RESUME);
    at(t, "12:29:00");
    wake(t);
    expect_held(t, "asked");
    at(t, "12:30:00");
    customer_comment(t);
    expect_any_order(t, 200);
}
END_TEST

/* Order decides: answered and resumed is not resumed and answered. */
START_TEST(any_order_of_events_that_do_not_commute)
{
    struct story *t = contacted();
    at(t, "12:04:50"); /* so near that clocks can't tell, the command would not be about it */
    customer_comment(t);
    at(t, "12:05:01");
    command(t, COMMAND_RESUME);
    at(t, "12:05:02");
    command(t, COMMAND_PAUSE);
    at(t, "12:05:03");
    extend(t, MINUTES(2));
    at(t, "12:05:04");
    command(t, COMMAND_RESUME);
    at(t, "12:05:05");
    command(t, COMMAND_FOLLOWED_UP);
    at(t, "12:05:06");
    command(t, COMMAND_CLOSE);
    at(t, "12:05:07");
    command(t, COMMAND_REOPEN);
    expect_any_order(t, 200);
}
END_TEST

START_TEST(any_order_of_one_moment)
{
    struct story *t = story_new();
    at(t, "12:00:00");
    page(t, "P1", PAGE_TRIGGERED);
    page(t, "P1", PAGE_ACKNOWLEDGED);
    page(t, "P2", PAGE_ACKNOWLEDGED);
    page(t, "P1", PAGE_TRIGGERED);
    linked(t, STORY_TICKET);
    status_changed(t, STATUS_OPEN, STATUS_SOLVED);
    status_changed(t, STATUS_SOLVED, STATUS_PENDING);
    staff_comment(t);
    customer_comment(t);
    outsider_comment(t);
    wake(t);
    ticket_opened(t);
    clock_set(t, 1000);
    expect_any_order(t, 200);
}
END_TEST

START_TEST(any_order_of_the_tickets_ups_and_downs)
{
    struct story *t = contacted();
    at(t, "12:02:00");
    status_changed(t, STATUS_OPEN, STATUS_SOLVED);
    at(t, "12:03:00");
    status_changed(t, STATUS_SOLVED, STATUS_OPEN);
    at(t, "12:04:00");
    ticket_read(t, PRIORITY_URGENT, STATUS_PENDING);
    at(t, "12:05:00");
    priority_changed(t, PRIORITY_URGENT, PRIORITY_NORMAL);
    at(t, "12:06:00");
    command(t, COMMAND_REOPEN);
    at(t, "12:07:00");
    priority_changed(t, PRIORITY_NORMAL, PRIORITY_URGENT);
    at(t, "12:08:00");
    ticket_gone(t);
    expect_any_order(t, 200);
}
END_TEST

START_TEST(any_order_of_several_pages)
{
    struct story *t = story_new();
    t->policy.first_contact_automatic = true;
    t->policy.can_page = true;
    ticket_opened(t);
    at(t, "12:00:01");
    ticket_read(t, PRIORITY_URGENT, STATUS_NEW);
    at(t, "12:02:00");
    wake(t);
    at(t, "12:02:05");
    page(t, "P2", PAGE_TRIGGERED);
    page(t, "P1", PAGE_TRIGGERED);
    at(t, "12:02:30");
    t->by = "Eng Two";
    page(t, "P2", PAGE_ACKNOWLEDGED);
    at(t, "12:02:31");
    t->by = "A";
    page(t, "P1", PAGE_ACKNOWLEDGED);
    page_read(t, "P1", PAGE_ACKNOWLEDGED);
    at(t, "12:02:40");
    page_merged(t, "P2");
    at(t, "12:02:41");
    page(t, "P1", PAGE_RESOLVED);
    at(t, "12:03:00");
    page(t, "P1", PAGE_TRIGGERED);
    expect_any_order(t, 200);
}
END_TEST

START_TEST(any_order_of_a_call_before_contact)
{
    struct story *t = story_new();
    t->policy.resolve_on_contact = true;
    at(t, "12:00:05");
    page(t, "P1", PAGE_TRIGGERED);
    at(t, "12:00:10");
    linked(t, 0);
    at(t, "12:00:20");
    command(t, COMMAND_CALL_STARTED);
    at(t, "12:01:00");
    command(t, COMMAND_RESUME);
    expect_state(t, "paged");
    at(t, "12:01:10");
    command(t, COMMAND_PAUSE);
    at(t, "12:02:00");
    linked(t, STORY_TICKET);
    at(t, "12:00:00");
    ticket_opened(t); /* the ticket was urgent before the page */
    at(t, "12:04:00");
    staff_comment(t);
    expect_any_order(t, 200);
}
END_TEST

START_TEST(any_order_of_a_bridge_and_its_call)
{
    struct story *t = story_new();
    t->policy.can_meet = t->policy.has_macro = t->policy.has_runbook = true;
    go_acknowledged(t);
    at(t, "12:00:22");
    made(t, ACTION_CREATE_MEETING);
    at(t, "12:00:40");
    staff_comment(t);
    at(t, "12:01:00");
    joined(t, AUTHOR_STAFF);
    at(t, "12:02:00");
    joined_and_asked(t);
    turns_out(t, AUTHOR_UNKNOWN);
    at(t, "12:03:00");
    joined_and_asked(t);
    turns_out(t, AUTHOR_STAFF);
    at(t, "12:04:00");
    left(t, AUTHOR_UNKNOWN);
    at(t, "12:05:00");
    joined(t, AUTHOR_CUSTOMER);
    at(t, "12:30:00");
    meeting_ended(t);
    at(t, "12:31:00");
    comment(t, AUTHOR_STAFF, false);
    at(t, "12:45:00");
    wake(t);
    comment(t, AUTHOR_STAFF, true);
    expect_any_order(t, 200);
}
END_TEST

START_TEST(any_order_of_who_takes_it)
{
    struct story *t = story_new();
    three_rungs(t);
    t->policy.can_thread = true;
    t->who = &eng_one;
    t->busy_with = 9;
    go_paged(t);
    ticket_sorted(t, "product-one", "", "");
    at(t, "12:05:00");
    page(t, "P1", PAGE_ACKNOWLEDGED);
    at(t, "12:10:00");
    wake(t);
    at(t, "12:10:01");
    checked(t, LADDER_TAKE);
    at(t, "12:11:00");
    page(t, "P1", PAGE_TRIGGERED);
    at(t, "12:12:00");
    t->who = &eng_two;
    t->busy_with = 0;
    command(t, COMMAND_ACK);
    at(t, "12:12:01");
    page(t, "P1", PAGE_ACKNOWLEDGED);
    at(t, "12:13:00");
    told_of_person(t, &eng_two);
    told_of_ticket(t, "tam@example.com", "Europe/Berlin");
    at(t, "12:14:00");
    shift_changes(t, "Eng One");
    stuck(t, ACTION_FOLLOW_UP);
    expect_any_order(t, 200);
}
END_TEST

START_TEST(any_order_of_hours_and_incidents)
{
    struct story *t = story_new();
    covered(t, "office", "UTC", 5, 13);
    at(t, "12:45:00");
    page(t, "P1", PAGE_ACKNOWLEDGED);
    linked(t, STORY_TICKET);
    ticket_sorted(t, "", "office", "");
    at(t, "12:46:00");
    staff_comment(t);
    at(t, "12:50:00");
    ticket_sorted(t, "", "office", "incident-1");
    at(t, "12:52:00");
    ticket_sorted(t, "", "office", "");
    at(t, "12:57:00");
    wake(t);
    at(t, "12:58:00");
    extend(t, MINUTES(9));
    at(t, "13:01:00");
    order(t, COMMAND_BULK, "incident-1", "We are on it");
    at(t, "13:02:00");
    bulk_answered(t);
    at(t, "29:01:00");
    command(t, COMMAND_RESUME);
    at(t, "29:20:00");
    wake(t);
    expect_any_order(t, 200);
}
END_TEST

/* --- random stories --- */

/* Calls take effect in their place only: nothing of a story is told behind them. */
static bool is_at_the_end(const struct story *t)
{
    return t->opened && t->events[t->count - 1].at_ms <= t->at_ms;
}

static void tell_any_call(struct story *t, uint64_t *random)
{
    static const enum action_kind kinds[] = {ACTION_CREATE_MEETING, ACTION_OPEN_THREAD, ACTION_RUNBOOK};
    enum action_kind kind = kinds[pick(random, COUNT_OF(kinds))];
    if (!is_at_the_end(t))
        return;
    if (wants(t, kind))
        made(t, kind);
    for (enum ladder_kind ladder = LADDER_TAKE; ladder < LADDER_COUNT; ladder++)
        if (t->e.ladders[ladder].checking && emergency_is_open(&t->e))
            checked(t, ladder);
}

static void tell_of_people(struct story *t, uint64_t *random)
{
    static const char *const incidents[] = {"", "", "incident-1", "incident-2"};
    static const enum author_standing joiners[] = {AUTHOR_UNKNOWN, AUTHOR_STAFF, AUTHOR_CUSTOMER};
    enum author_standing joiner = joiners[pick(random, COUNT_OF(joiners))];
    t->who = pick(random, 2) ? &eng_one : &eng_two;
    t->busy_with = pick(random, 3) ? 0 : 9;
    switch (pick(random, 9)) {
    case 0: joined(t, joiner); break;
    case 1:
        joined_and_asked(t);
        turns_out(t, joiner);
        break;
    case 2: left(t, joiner); break;
    case 3: meeting_ended(t); break;
    case 4:
        ticket_sorted(t, "product-one", pick(random, 3) ? "office" : "", incidents[pick(random, 4)]);
        break;
    case 5: told_of_ticket(t, "tam@example.com", "UTC"); break;
    case 6: told_of_person(t, t->who); break;
    case 7: shift_changes(t, t->who->name); break;
    default: tell_any_call(t, random);
    }
}

static void tell_any(struct story *t, uint64_t *random)
{
    static const enum author_standing authors[] = {AUTHOR_CUSTOMER, AUTHOR_OUTSIDER, AUTHOR_STAFF,
                                                   AUTHOR_STAFF_REQUESTER, AUTHOR_NOBODY};
    static const enum page_status pages[] = {PAGE_TRIGGERED, PAGE_ACKNOWLEDGED, PAGE_RESOLVED};
    static const enum ticket_status states[] = {STATUS_OPEN, STATUS_PENDING, STATUS_SOLVED};
    static const enum ticket_priority priorities[] = {PRIORITY_URGENT, PRIORITY_URGENT, PRIORITY_HIGH};
    struct event event;
    switch (pick(random, 16)) {
    case 0: page(t, pick(random, 2) ? "P1" : "P2", pages[pick(random, COUNT_OF(pages))]); break;
    case 1: page_read(t, "P1", pages[pick(random, COUNT_OF(pages))]); break;
    case 2: ticket_read(t, priorities[pick(random, 3)], states[pick(random, 3)]); break;
    case 3: status_changed(t, states[pick(random, 3)], states[pick(random, 3)]); break;
    case 4: linked(t, pick(random, 3) ? STORY_TICKET : 0); break;
    case 5:
    case 6: comment(t, authors[pick(random, COUNT_OF(authors))], pick(random, 3) > 0); break;
    case 7: automatic_reply(t); break;
    case 8:
        if (pick(random, 4) == 0)
            clock_set(t, (int64_t)pick(random, 90000));
        else
            ticket_opened(t);
        break;
    case 9:
        if (t->opened)
            wake(t);
        break;
    case 10:
    case 11:
    case 12:
    case 13: tell_of_people(t, random); break;
    default: /* whatever the order, allowed or not */
        event = new_event(t, EVENT_COMMAND, EVENT_SOURCE_SELF);
        event.command.name = (enum command)(1 + pick(random, COMMAND_COUNT - 1));
        event.command.for_ms = MINUTES(5);
        event.ticket_id = event.command.name == COMMAND_LINK ? STORY_TICKET : 0;
        happen(t, &event);
    }
}

static struct story *tell_random(uint64_t *random)
{
    struct story *t = story_new();
    t->policy.first_contact_automatic = pick(random, 3) == 0;
    t->policy.resolve_on_contact = pick(random, 2);
    t->policy.can_page = pick(random, 2);
    t->policy.ask_after_engineer_comment = pick(random, 2);
    t->policy.can_meet = pick(random, 2);
    t->policy.can_thread = pick(random, 2);
    t->policy.has_runbook = pick(random, 2);
    t->policy.has_macro = pick(random, 2);
    t->policy.has_tam = pick(random, 2);
    if (pick(random, 2))
        three_rungs(t);
    covered(t, "office", "UTC", 5, 13);
    static const int64_t gaps_ms[] = {0, 0, 1, 400, 5000, MINUTES(1), MINUTES(4), MINUTES(20)};
    size_t length = 6 + pick(random, 28);
    page(t, "P1", PAGE_TRIGGERED);
    if (pick(random, 3))
        linked(t, STORY_TICKET);
    for (size_t i = 0; i < length; i++) {
        t->at_ms += gaps_ms[pick(random, COUNT_OF(gaps_ms))];
        tell_any(t, random);
    }
    return t;
}

START_TEST(any_order_of_random_stories)
{
    uint64_t random = 4711;
    unsigned phases = 0;
    for (int i = 0; i < 500; i++) {
        struct story *told = tell_random(&random);
        phases |= 1U << told->e.phase;
        deliver_shuffled(told, &random);
        deliver_jittered(told, &random);
        story_end(told);
    }
    ck_assert_uint_eq(phases, /* random enough to get around; a downgrade needs a call */
                      1U << PHASE_PAGED | 1U << PHASE_ACKNOWLEDGED | 1U << PHASE_CONTACTED |
                          1U << PHASE_FOLLOWED_UP | 1U << PHASE_ENGAGED);
}
END_TEST

/* --- lateness itself --- */

START_TEST(late_is_what_sorts_before_the_last)
{
    struct story *t = paged();
    at(t, "12:01:00");
    wake(t);
    struct event event = new_event(t, EVENT_WAKE, EVENT_SOURCE_SELF);
    ck_assert(!emergency_is_late(&t->e, &event));
    event.at_ms--;
    ck_assert(emergency_is_late(&t->e, &event));
    event.at_ms += 2;
    ck_assert(!emergency_is_late(&t->e, &event));
    event.at_ms--;
    event.source = EVENT_SOURCE_ZENDESK;
    ck_assert(emergency_is_late(&t->e, &event));
    event.source = EVENT_SOURCE_SELF;
    event.id[0] = '\0';
    ck_assert(emergency_is_late(&t->e, &event));
    story_end(t);
}
END_TEST

START_TEST(the_outcome_is_that_of_the_late_event)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    wake(t);
    at(t, "12:04:00");
    customer_comment(t);
    expect_said(t, "The customer answered");
    story_end(t);
}
END_TEST

START_TEST(an_earlier_opening_moves_the_opening)
{
    struct story *t = story_new();
    at(t, "12:01:00");
    page(t, "P1", PAGE_TRIGGERED);
    at(t, "12:00:30");
    ticket_opened(t);
    expect_time(t->e.opened_ms, "12:00:30");
    story_end(t);
}
END_TEST

/* Such a page had a trouble of its own, and so had who wrote then. */
START_TEST(a_page_from_before_the_ticket_was_lowered_moves_no_opening)
{
    struct story *t = story_new();
    at(t, "12:10:00");
    struct event raised = new_event(t, EVENT_OPENED, EVENT_SOURCE_ZENDESK);
    raised.ticket_id = STORY_TICKET;
    raised.ticket.lowered_ms = clock_ms("12:05:00");
    happen(t, &raised);
    at(t, "12:00:30");
    page(t, "P1", PAGE_TRIGGERED);
    at(t, "12:01:00");
    staff_comment(t);
    expect_time(t->e.opened_ms, "12:10:00");
    expect_state(t, "paged");
    at(t, "12:09:00");
    page(t, "P2", PAGE_TRIGGERED);
    expect_time(t->e.opened_ms, "12:09:00");
    at(t, "12:20:00");
    clock_set(t, -MINUTES(1));
    expect_time(t->e.opened_ms, "12:08:00");
    expect_state(t, "paged");
    story_end(t);
}
END_TEST

START_TEST(effects_are_never_undone)
{
    struct story *t = followed_up();
    at(t, "12:10:00"); /* it had been answered in time; nobody knew */
    customer_comment(t);
    expect_state(t, "engaged");
    expect_time(t->e.followed_up_ms, "12:15:41");
    expect_no_step(t);
    story_end(t);

    t = downgraded();
    at(t, "12:20:00");
    customer_comment(t);
    expect_state(t, "engaged");
    expect_time(t->e.downgraded_ms, "12:30:42");
    ck_assert_int_eq(t->e.priority, PRIORITY_HIGH);
    ck_assert_ptr_null(emergency_forbids(&t->e, COMMAND_URGENT));
    story_end(t);
}
END_TEST

/* Random late events into a story whose calls took effect: none of them is made a second time. */
START_TEST(nothing_late_repeats_a_call)
{
    uint64_t random = 99;
    for (int i = 0; i < 300; i++) {
        struct story *t = i % 2 ? contacted() : auto_contacted();
        go_followed_up(t);
        t->at_ms = t->e.opened_ms + (int64_t)pick(&random, MINUTES(16));
        tell_any(t, &random);
        if (wants(t, ACTION_FIRST_CONTACT) || wants(t, ACTION_FOLLOW_UP))
            ck_abort_msg("told in round %d, a call is wanted again", i);
        story_end(t);
    }
}
END_TEST

Suite *emergency_order_suite(void)
{
    Suite *suite = suite_create("emergency_order");
    TCase *stories = tcase_create("stories");
    tcase_add_test(stories, any_order_silence_until_the_follow_up);
    tcase_add_test(stories, any_order_answers_doubts_and_words);
    tcase_add_test(stories, any_order_of_events_that_do_not_commute);
    tcase_add_test(stories, any_order_of_one_moment);
    tcase_add_test(stories, any_order_of_the_tickets_ups_and_downs);
    tcase_add_test(stories, any_order_of_several_pages);
    tcase_add_test(stories, any_order_of_a_call_before_contact);
    tcase_add_test(stories, any_order_of_a_bridge_and_its_call);
    tcase_add_test(stories, any_order_of_who_takes_it);
    tcase_add_test(stories, any_order_of_hours_and_incidents);
    tcase_add_test(stories, any_order_of_random_stories);
    suite_add_tcase(suite, stories);
    TCase *late = tcase_create("late");
    tcase_add_test(late, late_is_what_sorts_before_the_last);
    tcase_add_test(late, the_outcome_is_that_of_the_late_event);
    tcase_add_test(late, an_earlier_opening_moves_the_opening);
    tcase_add_test(late, a_page_from_before_the_ticket_was_lowered_moves_no_opening);
    tcase_add_test(late, effects_are_never_undone);
    tcase_add_test(late, nothing_late_repeats_a_call);
    suite_add_tcase(suite, late);
    return suite;
}
