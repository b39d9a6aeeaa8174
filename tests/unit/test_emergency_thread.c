/*
 * The thread in Slack: when it is opened, which event tells what in it, with which buttons, and what goes
 * elsewhere; and the buttons of its first message, by state.
 */
#include "tests/unit/emergency_story.h"
#include "tests/unit/suites.h"

#include <stdio.h>

#define CONTACT (BUTTON(COMMAND_FIRST_CONTACT) | BUTTON(COMMAND_CONTACTED))
#define PERIOD  (BUTTON(COMMAND_REPLIED) | BUTTON(COMMAND_EXTEND) | BUTTON(COMMAND_PAUSE))

static struct story *with_slack(void)
{
    struct story *t = story_new();
    t->policy.can_thread = true;
    return t;
}

static void expect_no_thread(const struct story *t)
{
    ck_assert_msg(!wants(t, ACTION_OPEN_THREAD), "a thread is wanted");
}

/* --- when it is opened --- */

START_TEST(a_thread_opens_when_the_tickets_product_is_known)
{
    struct story *t = with_slack();
    page(t, "P1", PAGE_TRIGGERED);
    expect_no_thread(t);
    linked(t, STORY_TICKET);
    at(t, "12:00:01");
    ticket_read(t, PRIORITY_URGENT, STATUS_OPEN);
    expect_no_thread(t);
    at(t, "12:00:02");
    ticket_sorted(t, "product-one", "", "");
    expect_wants(t, ACTION_OPEN_THREAD);
    ck_assert_str_eq(t->e.product, "product-one");
    made(t, ACTION_OPEN_THREAD);
    ck_assert_str_eq(t->e.thread_channel, "C1");
    ck_assert_str_eq(t->e.thread_ts, "1700000000.000100");
    expect_told(t, MESSAGE_PRODUCT, 0);
    expect_effect(t, EFFECT_NOTE, MESSAGE_NOTE_THREAD);
    expect_effects(t, 2);
    at(t, "12:00:03");
    ticket_sorted(t, "product-two", "", "");
    expect_no_thread(t);
    story_end(t);
}
END_TEST

START_TEST(the_default_channel_has_no_product_to_tell_of)
{
    struct story *t = with_slack();
    go_paged(t);
    ticket_sorted(t, "", "", "");
    made(t, ACTION_OPEN_THREAD);
    expect_effect(t, EFFECT_NOTE, MESSAGE_NOTE_THREAD);
    expect_effects(t, 1);
    story_end(t);
}
END_TEST

START_TEST(a_thread_opens_to_ask_for_the_ticket)
{
    struct story *t = with_slack();
    page(t, "P1", PAGE_TRIGGERED);
    at(t, "12:00:30"); /* nothing outward before that is known */
    wake(t);
    expect_no_thread(t);
    linked(t, 0);
    expect_wants(t, ACTION_OPEN_THREAD);
    expect_told(t, MESSAGE_LINK, 0);
    story_end(t);
}
END_TEST

START_TEST(a_thread_does_not_wait_for_a_ticket_that_can_not_be_read)
{
    struct story *t = with_slack();
    go_paged(t);
    expect_no_thread(t);
    expect_wake(t, "12:00:20");
    at(t, "12:00:19.999");
    wake(t);
    expect_no_thread(t);
    at(t, "12:00:20");
    wake(t);
    expect_wants(t, ACTION_OPEN_THREAD);
    story_end(t);
}
END_TEST

/* Else they would be mentioned in an edit, which reaches nobody. */
START_TEST(a_thread_waits_for_the_account_manager)
{
    struct story *t = with_slack();
    t->policy.has_tam = true;
    page(t, "P1", PAGE_TRIGGERED);
    linked(t, STORY_TICKET);
    at(t, "12:00:01");
    struct event event = new_event(t, EVENT_TICKET, EVENT_SOURCE_ZENDESK);
    event.ticket_id = STORY_TICKET;
    event.ticket = (struct ticket_facts){.known = true, .sorted = true, .organization_id = 77};
    happen(t, &event);
    expect_no_thread(t);
    at(t, "12:00:02");
    told_of_ticket(t, "tam@example.com", "Europe/Berlin");
    expect_wants(t, ACTION_OPEN_THREAD);
    ck_assert_str_eq(t->e.tam, "tam@example.com");
    ck_assert_str_eq(t->e.zone, "Europe/Berlin");
    expect_effects(t, 0);
    at(t, "12:00:03");
    told_of_ticket(t, "other@example.com", ""); /* and who comes later gets a mention of their own */
    expect_told(t, MESSAGE_CC, 0);
    ck_assert_str_eq(t->e.zone, "Europe/Berlin");
    at(t, "12:00:04");
    told_of_ticket(t, "other@example.com", "");
    expect_effects(t, 0);
    story_end(t);
}
END_TEST

START_TEST(without_an_organisation_there_is_no_account_manager_to_wait_for)
{
    struct story *t = with_slack();
    t->policy.has_tam = true;
    go_paged(t);
    ticket_sorted(t, "", "", "");
    expect_wants(t, ACTION_OPEN_THREAD);
    story_end(t);
}
END_TEST

START_TEST(no_thread_without_slack_nor_for_what_is_closed)
{
    struct story *t = paged();
    ticket_sorted(t, "product-one", "", "");
    expect_no_thread(t);
    story_end(t);

    t = with_slack();
    go_paged(t);
    status_changed(t, STATUS_OPEN, STATUS_SOLVED);
    at(t, "12:05:00");
    ticket_sorted(t, "", "", "");
    expect_no_thread(t);
    story_end(t);
}
END_TEST

START_TEST(a_dry_run_opens_none_that_could_be_written_to)
{
    struct story *t = with_slack();
    t->policy.dry_run = t->dry = true;
    go_paged(t);
    ticket_sorted(t, "", "", "");
    struct event event = new_event(t, EVENT_ACCEPTED, EVENT_SOURCE_SELF);
    event.call = (struct call_facts){.action = 1, .kind = ACTION_OPEN_THREAD, .cause = 1, .dry = true};
    happen(t, &event);
    ck_assert_str_eq(t->e.thread_ts, "");
    expect_effects(t, 0);
    story_end(t);
}
END_TEST

/* --- refusals --- */

static void refused_for_good(struct story *t, enum action_kind kind)
{
    struct event event = new_event(t, EVENT_REFUSED, EVENT_SOURCE_SELF);
    event.call = (struct call_facts){.action = 1, .kind = kind, .cause = 1};
    (void)snprintf(event.text, sizeof event.text, "channel_not_found");
    happen(t, &event);
}

START_TEST(what_is_refused_for_good_is_told_where_somebody_reads_it)
{
    struct story *t = with_slack();
    go_paged(t);
    ticket_sorted(t, "", "", "");
    refused_for_good(t, ACTION_OPEN_THREAD);
    expect_summoned(t, WHO_ENGINEER);
    refused_for_good(t, ACTION_CREATE_MEETING);
    expect_told(t, MESSAGE_PARKED, 0);
    expect_no_effect(t, EFFECT_SUMMON, MESSAGE_NONE);
    expect_prompt(t, "channel_not_found");
    refused_for_good(t, ACTION_REPLY); /* the thread itself */
    ck_assert_int_eq(expect_effect(t, EFFECT_POST, MESSAGE_PARKED)->place, PLACE_MANAGERS);
    expect_summoned(t, WHO_ENGINEER);
    refused_for_good(t, ACTION_REPLY); /* said once */
    expect_effects(t, 0);
    story_end(t);
}
END_TEST

START_TEST(a_step_that_is_stuck_is_done_by_hand)
{
    struct story *t = contacted();
    stuck(t, ACTION_FOLLOW_UP);
    expect_told(t, MESSAGE_STUCK, BUTTON(COMMAND_FOLLOWED_UP) | BUTTON(COMMAND_CONTACTED));
    ck_assert_int_eq(expect_effect(t, EFFECT_POST, MESSAGE_STUCK)->place, PLACE_MANAGERS);
    expect_summoned(t, WHO_ENGINEER);
    expect_prompt(t, "can't be sent: the follow-up");
    command(t, COMMAND_CLOSE);
    stuck(t, ACTION_FOLLOW_UP);
    expect_effects(t, 0);
    story_end(t);
}
END_TEST

/* --- which event tells what --- */

static void unacknowledged(struct story *t)
{
    page(t, "P1", PAGE_TRIGGERED);
}

static void resolved(struct story *t)
{
    page(t, "P1", PAGE_RESOLVED);
}

static void acknowledged_again(struct story *t)
{
    page(t, "P1", PAGE_ACKNOWLEDGED);
}

static void further_comment(struct story *t)
{
    staff_comment(t);
}

static void warned(struct story *t)
{
    at(t, "12:12:40");
    wake(t);
}

static void due(struct story *t)
{
    at(t, "12:15:40");
    wake(t);
}

static void follow_up_sent(struct story *t)
{
    due(t);
    sent(t, ACTION_FOLLOW_UP);
}

static void downgrade_sent(struct story *t)
{
    at(t, "12:30:41");
    wake(t);
    sent(t, ACTION_DOWNGRADE);
}

static void urgent_sent(struct story *t)
{
    command(t, COMMAND_URGENT);
    sent(t, ACTION_URGENT);
}

static void contacted_by_voice(struct story *t)
{
    order(t, COMMAND_CONTACTED, "", "a voicemail");
}

static void first_comment_sent(struct story *t)
{
    command(t, COMMAND_FIRST_CONTACT);
    sent(t, ACTION_FIRST_CONTACT);
}

static void followed_up_by_hand(struct story *t)
{
    command(t, COMMAND_FOLLOWED_UP);
}

static void solved(struct story *t)
{
    status_changed(t, STATUS_OPEN, STATUS_SOLVED);
}

static void opened_again(struct story *t)
{
    solved(t);
    at(t, "12:40:00");
    status_changed(t, STATUS_SOLVED, STATUS_OPEN);
}

static void paused(struct story *t)
{
    command(t, COMMAND_PAUSE);
}

static void resumed(struct story *t)
{
    command(t, COMMAND_RESUME);
}

static void extended(struct story *t)
{
    extend(t, MINUTES(15));
}

static void noted(struct story *t)
{
    order(t, COMMAND_NOTE, "", "it is the database");
}

static void shift_ends(struct story *t)
{
    shift_changes(t, "Eng Two");
}

static void silent_comment(struct story *t)
{
    comment(t, AUTHOR_STAFF, false);
}

/* Of the last event, and nothing else in the thread; MESSAGE_NONE: nothing. */
static const struct {
    struct story *(*begin)(void);
    void (*happens)(struct story *t);
    enum message message;
    int64_t buttons;
} tellings[] = {
    {paged, acknowledged_again, MESSAGE_ACKNOWLEDGED,
     CONTACT | BUTTON(COMMAND_NOT_EMERGENCY) | BUTTON(COMMAND_DUTY)},
    {acknowledged, acknowledged_again, MESSAGE_NONE, 0},
    {acknowledged, unacknowledged, MESSAGE_UNACKNOWLEDGED, BUTTON(COMMAND_ACK)},
    {contacted, unacknowledged, MESSAGE_NONE, 0},
    {acknowledged, resolved, MESSAGE_RESOLVED_EARLY, CONTACT},
    {contacted, resolved, MESSAGE_NONE, 0},
    {acknowledged, staff_comment, MESSAGE_CONTACTED, BUTTON(COMMAND_RESOLVE)},
    {acknowledged, silent_comment, MESSAGE_NONE, 0},
    {acknowledged, customer_comment, MESSAGE_NONE, 0},
    {acknowledged, contacted_by_voice, MESSAGE_CONTACTED, BUTTON(COMMAND_RESOLVE)},
    {acknowledged, first_comment_sent, MESSAGE_CONTACTED, BUTTON(COMMAND_RESOLVE)},
    {contacted, wake, MESSAGE_NONE, 0},
    {contacted, warned, MESSAGE_WARNING, PERIOD},
    {contacted, due, MESSAGE_NONE, 0},
    {contacted, outsider_comment, MESSAGE_DOUBTED, BUTTON(COMMAND_REPLIED) | BUTTON(COMMAND_EXTEND)},
    {contacted, further_comment, MESSAGE_DOUBTED, BUTTON(COMMAND_REPLIED) | BUTTON(COMMAND_EXTEND)},
    {contacted, automatic_reply, MESSAGE_DOUBTED, BUTTON(COMMAND_REPLIED) | BUTTON(COMMAND_EXTEND)},
    {contacted, follow_up_sent, MESSAGE_FOLLOWED_UP, PERIOD},
    {contacted, followed_up_by_hand, MESSAGE_FOLLOWED_UP, PERIOD},
    {contacted, customer_comment, MESSAGE_ANSWERED,
     BUTTON(COMMAND_CALL_STARTED) | BUTTON(COMMAND_COLLEAGUE) | BUTTON(COMMAND_RESUME)},
    {engaged, customer_comment, MESSAGE_NONE, 0},
    {followed_up, downgrade_sent, MESSAGE_DOWNGRADED, 0},
    {downgraded, customer_comment, MESSAGE_ANSWERED_LATE, BUTTON(COMMAND_URGENT)},
    {downgraded, urgent_sent, MESSAGE_BACK_TO_URGENT, 0},
    {contacted, solved, MESSAGE_CLOSED, BUTTON(COMMAND_REOPEN)},
    {contacted, opened_again, MESSAGE_REOPENED, 0},
    {contacted, paused, MESSAGE_PAUSED, BUTTON(COMMAND_RESUME)},
    {engaged, resumed, MESSAGE_RESUMED, 0},
    {contacted, extended, MESSAGE_EXTENDED, 0},
    {contacted, noted, MESSAGE_NOTE, 0},
    {contacted, shift_ends, MESSAGE_SHIFT, 0},
};

START_TEST(every_event_tells_what_people_must_know_and_no_more)
{
    for (size_t i = 0; i < COUNT_OF(tellings); i++) {
        struct story *t = tellings[i].begin();
        size_t replies = 0;
        t->at_ms += 20 * 1000;
        tellings[i].happens(t);
        for (size_t j = 0; j < t->out.effect_count; j++)
            replies += t->out.effects[j].kind == EFFECT_REPLY;
        ck_assert_msg(replies == (tellings[i].message != MESSAGE_NONE), "row %zu: %zu replies", i, replies);
        if (tellings[i].message != MESSAGE_NONE)
            expect_told(t, tellings[i].message, tellings[i].buttons);
        story_end(t);
    }
}
END_TEST

START_TEST(the_page_gets_a_note_of_the_downgrade)
{
    struct story *t = downgraded();
    expect_effect(t, EFFECT_NOTE, MESSAGE_NOTE_DOWNGRADED);
    story_end(t);
}
END_TEST

START_TEST(what_goes_by_itself_needs_no_button)
{
    struct story *t = story_new();
    t->policy.resolve_on_contact = true;
    go_acknowledged(t);
    staff_comment(t);
    expect_told(t, MESSAGE_CONTACTED, 0);
    story_end(t);
}
END_TEST

START_TEST(a_shift_says_nothing_of_what_is_closed)
{
    struct story *t = contacted();
    command(t, COMMAND_CLOSE);
    shift_changes(t, "Eng Two");
    expect_effects(t, 0);
    story_end(t);
}
END_TEST

START_TEST(an_answer_that_is_found_late_is_told)
{
    struct story *t = downgraded();
    struct emergency was = t->e;
    at(t, "12:20:00");
    customer_comment(t);
    emergency_note_late(&was, &t->e, &t->policy, &t->out);
    expect_told(t, MESSAGE_ANSWERED_LATE, BUTTON(COMMAND_URGENT));
    story_end(t);
}
END_TEST

/* --- the first message's buttons --- */

static struct story *held(void)
{
    struct story *t = contacted();
    command(t, COMMAND_PAUSE);
    return t;
}

static struct story *under_an_incident(void)
{
    struct story *t = contacted();
    ticket_sorted(t, "", "", "incident-1");
    return t;
}

static struct story *asked(void)
{
    struct story *t = contacted();
    outsider_comment(t);
    due(t);
    return t;
}

static struct story *on_a_call(void)
{
    struct story *t = contacted();
    command(t, COMMAND_CALL_STARTED);
    return t;
}

static struct story *after_the_call(void)
{
    struct story *t = on_a_call();
    command(t, COMMAND_CALL_ENDED);
    return t;
}

static struct story *answered_late(void)
{
    struct story *t = downgraded();
    customer_comment(t);
    return t;
}

static struct story *second(void)
{
    struct story *t = story_new();
    t->busy_with = 9;
    go_acknowledged(t);
    return t;
}

static struct story *closed(void)
{
    struct story *t = asked();
    command(t, COMMAND_CLOSE);
    return t;
}

START_TEST(the_buttons_are_those_of_the_state)
{
    static const int64_t period = PERIOD | BUTTON(COMMAND_CALL_STARTED);
    static const struct {
        struct story *(*begin)(void);
        int64_t buttons;
    } states[] = {
        {paged, BUTTON(COMMAND_ACK) | BUTTON(COMMAND_NOT_EMERGENCY)},
        {acknowledged, CONTACT | BUTTON(COMMAND_NOT_EMERGENCY)},
        {second, CONTACT | BUTTON(COMMAND_NOT_EMERGENCY) | BUTTON(COMMAND_TAKE)},
        {contacted, PERIOD | BUTTON(COMMAND_CALL_STARTED)},
        {followed_up, PERIOD | BUTTON(COMMAND_CALL_STARTED)},
        {asked, PERIOD | BUTTON(COMMAND_CALL_STARTED) | BUTTON(COMMAND_DO_IT)},
        {downgraded, BUTTON(COMMAND_URGENT) | BUTTON(COMMAND_REPLIED)},
        {engaged, BUTTON(COMMAND_CALL_STARTED) | BUTTON(COMMAND_RESUME)},
        {on_a_call, BUTTON(COMMAND_CALL_ENDED) | BUTTON(COMMAND_COLLEAGUE)},
        {after_the_call, BUTTON(COMMAND_CALL_STARTED) | BUTTON(COMMAND_RESUME)},
        {answered_late, BUTTON(COMMAND_CALL_STARTED) | BUTTON(COMMAND_RESUME) | BUTTON(COMMAND_URGENT)},
        {closed, BUTTON(COMMAND_REOPEN)},
    };
    for (size_t i = 0; i < COUNT_OF(states); i++) {
        struct story *t = states[i].begin();
        ck_assert_msg(emergency_buttons(&t->e) == states[i].buttons, "row %zu: %llx", i,
                      (unsigned long long)emergency_buttons(&t->e));
        for (enum command name = COMMAND_NONE + 1; name < COMMAND_COUNT; name++)
            if (states[i].buttons & BUTTON(name))
                ck_assert_msg(!emergency_forbids(&t->e, name), "row %zu: %s", i, command_name(name));
        story_end(t);
    }
    struct story *(*const resting[])(void) = {held, under_an_incident};
    for (size_t i = 0; i < COUNT_OF(resting); i++) {
        struct story *t = resting[i]();
        ck_assert_int_eq(emergency_buttons(&t->e),
                         (period & ~BUTTON(COMMAND_PAUSE)) | BUTTON(COMMAND_RESUME));
        story_end(t);
    }
}
END_TEST

static void add_opens(Suite *suite)
{
    TCase *opens = tcase_create("opens");
    tcase_add_test(opens, a_thread_opens_when_the_tickets_product_is_known);
    tcase_add_test(opens, the_default_channel_has_no_product_to_tell_of);
    tcase_add_test(opens, a_thread_opens_to_ask_for_the_ticket);
    tcase_add_test(opens, a_thread_does_not_wait_for_a_ticket_that_can_not_be_read);
    tcase_add_test(opens, a_thread_waits_for_the_account_manager);
    tcase_add_test(opens, without_an_organisation_there_is_no_account_manager_to_wait_for);
    tcase_add_test(opens, no_thread_without_slack_nor_for_what_is_closed);
    tcase_add_test(opens, a_dry_run_opens_none_that_could_be_written_to);
    suite_add_tcase(suite, opens);
}

Suite *emergency_thread_suite(void)
{
    Suite *suite = suite_create("emergency_thread");
    add_opens(suite);
    TCase *tells = tcase_create("tells");
    tcase_add_test(tells, what_is_refused_for_good_is_told_where_somebody_reads_it);
    tcase_add_test(tells, a_step_that_is_stuck_is_done_by_hand);
    tcase_add_test(tells, every_event_tells_what_people_must_know_and_no_more);
    tcase_add_test(tells, the_page_gets_a_note_of_the_downgrade);
    tcase_add_test(tells, what_goes_by_itself_needs_no_button);
    tcase_add_test(tells, a_shift_says_nothing_of_what_is_closed);
    tcase_add_test(tells, an_answer_that_is_found_late_is_told);
    suite_add_tcase(suite, tells);
    TCase *buttons = tcase_create("buttons");
    tcase_add_test(buttons, the_buttons_are_those_of_the_state);
    suite_add_tcase(suite, buttons);
    return suite;
}
