/*
 * Who was there and who answered: first contact, by hand and automatic; answers; doubts, and how they are
 * asked and settled.
 */
#include "tests/unit/emergency_story.h"
#include "tests/unit/suites.h"

/* --- first contact --- */

START_TEST(first_contact_is_a_public_comment_by_staff)
{
    static const struct {
        enum author_standing standing;
        bool is_public;
        bool counts;
    } comments[] = {
        {AUTHOR_STAFF, true, true},     {AUTHOR_STAFF, false, false},   {AUTHOR_STAFF_REQUESTER, true, false},
        {AUTHOR_CUSTOMER, true, false}, {AUTHOR_OUTSIDER, true, false}, {AUTHOR_OURSELVES, true, false},
        {AUTHOR_NOBODY, true, false},   {AUTHOR_UNKNOWN, true, false},
    };
    for (size_t i = 0; i < COUNT_OF(comments); i++) {
        struct story *t = acknowledged();
        at(t, "12:00:40");
        comment(t, comments[i].standing, comments[i].is_public);
        expect_state(t, comments[i].counts ? "contacted" : "acknowledged");
        ck_assert_int_eq(t->e.met, comments[i].counts);
        expect_time(t->e.contacted_ms, comments[i].counts ? "12:00:40" : NULL);
        story_end(t);
    }
}
END_TEST

START_TEST(a_comment_from_before_the_opening_is_no_contact)
{
    struct story *t = acknowledged();
    at(t, "11:59:59");
    staff_comment(t);
    expect_state(t, "acknowledged");
    ck_assert(!t->e.met);
    at(t, "12:00:40"); /* so the next one is the first, not a further one */
    staff_comment(t);
    at(t, "12:15:40");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    story_end(t);
}
END_TEST

/* A comment's time is cut to the second. */
START_TEST(a_comment_in_the_second_of_the_opening_counts)
{
    struct story *t = story_new();
    at(t, "12:00:00.700");
    page(t, "P1", PAGE_TRIGGERED);
    linked(t, STORY_TICKET);
    staff_comment(t);
    expect_state(t, "contacted");
    story_end(t);
}
END_TEST

START_TEST(contact_counts_without_an_acknowledgement)
{
    struct story *t = paged();
    at(t, "12:00:40");
    staff_comment(t);
    expect_state(t, "contacted");
    at(t, "12:01:00");
    page(t, "P1", PAGE_ACKNOWLEDGED);
    expect_state(t, "contacted");
    expect_next(t, ACTION_FOLLOW_UP, "12:15:40");
    expect_time(t->e.acknowledged_ms, "12:01:00");
    ck_assert_str_eq(t->e.engineer, "Eng One");
    story_end(t);
}
END_TEST

START_TEST(a_voicemail_starts_the_clock_too)
{
    struct story *t = acknowledged();
    at(t, "12:02:00");
    command(t, COMMAND_CONTACTED);
    expect_state(t, "contacted");
    expect_next(t, ACTION_FOLLOW_UP, "12:17:00");
    at(t, "12:03:00"); /* the comment that follows is the first: no doubt */
    staff_comment(t);
    expect_next(t, ACTION_FOLLOW_UP, "12:17:00");
    at(t, "12:17:00");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    story_end(t);
}
END_TEST

START_TEST(contact_that_is_found_later_counts_from_its_own_time)
{
    struct story *t = acknowledged();
    at(t, "12:05:00");
    staff_comment(t);
    expect_next(t, ACTION_FOLLOW_UP, "12:20:00");
    at(t, "12:01:00"); /* its webhook was lost */
    staff_comment(t);
    expect_next(t, ACTION_FOLLOW_UP, "12:16:00");
    story_end(t);
}
END_TEST

/* --- the prepared first comment --- */

START_TEST(a_person_posts_the_first_comment_by_a_button)
{
    struct story *t = acknowledged();
    at(t, "12:00:30");
    command(t, COMMAND_FIRST_CONTACT);
    ck_assert(t->e.met);
    expect_wants(t, ACTION_FIRST_CONTACT);
    looked(t);
    released(t, ACTION_FIRST_CONTACT);
    at(t, "12:00:32");
    accepted_since(t, ACTION_FIRST_CONTACT, "12:00:31.500");
    expect_state(t, "contacted");
    expect_next(t, ACTION_FOLLOW_UP, "12:15:31.500");
    expect_no_step(t);
    story_end(t);
}
END_TEST

START_TEST(nothing_is_posted_by_itself_when_contact_is_manual)
{
    struct story *t = acknowledged();
    expect_no_step(t);
    story_end(t);
}
END_TEST

START_TEST(the_automatic_first_comment_waits_for_the_acknowledgement)
{
    struct story *t = story_new();
    t->policy.first_contact_automatic = true;
    go_paged(t);
    expect_no_step(t);
    at(t, "12:00:20");
    page(t, "P1", PAGE_ACKNOWLEDGED);
    expect_wants(t, ACTION_FIRST_CONTACT);
    story_end(t);
}
END_TEST

START_TEST(the_automatic_first_comment_waits_for_the_ticket)
{
    struct story *t = story_new();
    t->policy.first_contact_automatic = true;
    page(t, "P1", PAGE_TRIGGERED);
    at(t, "12:00:20");
    page(t, "P1", PAGE_ACKNOWLEDGED);
    expect_no_step(t);
    at(t, "12:00:21");
    linked(t, STORY_TICKET);
    expect_no_step(t);
    at(t, "12:00:22");
    ticket_read(t, PRIORITY_URGENT, STATUS_OPEN);
    expect_wants(t, ACTION_FIRST_CONTACT);
    story_end(t);
}
END_TEST

START_TEST(the_automatic_first_comment_is_posted_once)
{
    struct story *t = auto_contacted();
    expect_state(t, "contacted");
    expect_next(t, ACTION_FOLLOW_UP, "12:15:40");
    at(t, "12:01:00");
    page(t, "P1", PAGE_TRIGGERED);
    page(t, "P1", PAGE_ACKNOWLEDGED);
    page(t, "P2", PAGE_ACKNOWLEDGED);
    expect_no_step(t);
    story_end(t);
}
END_TEST

START_TEST(the_automatic_first_comment_yields_to_a_person)
{
    struct story *t = story_new();
    t->policy.first_contact_automatic = true;
    go_acknowledged(t);
    expect_wants(t, ACTION_FIRST_CONTACT);
    at(t, "12:00:25");
    staff_comment(t);
    expect_no_step(t);
    expect_next(t, ACTION_FOLLOW_UP, "12:15:25");
    story_end(t);
}
END_TEST

START_TEST(the_automatic_first_comment_yields_to_a_call)
{
    struct story *t = story_new();
    t->policy.first_contact_automatic = true;
    go_acknowledged(t);
    at(t, "12:00:25");
    command(t, COMMAND_CALL_STARTED);
    expect_no_step(t);
    story_end(t);
}
END_TEST

START_TEST(a_pause_holds_the_automatic_first_comment)
{
    struct story *t = story_new();
    t->policy.first_contact_automatic = true;
    go_acknowledged(t);
    at(t, "12:00:25");
    command(t, COMMAND_PAUSE);
    expect_no_step(t);
    at(t, "12:05:00");
    command(t, COMMAND_RESUME);
    expect_wants(t, ACTION_FIRST_CONTACT);
    story_end(t);
}
END_TEST

START_TEST(a_person_contacts_while_the_automatic_comment_is_on_its_way)
{
    struct story *t = story_new();
    t->policy.first_contact_automatic = true;
    go_acknowledged(t);
    looked(t);
    released(t, ACTION_FIRST_CONTACT);
    at(t, "12:00:25");
    staff_comment(t);
    at(t, "12:00:26");
    accepted(t, ACTION_FIRST_CONTACT);
    expect_state(t, "contacted");
    expect_next(t, ACTION_FOLLOW_UP, "12:15:25");
    expect_no_step(t);
    story_end(t);
}
END_TEST

/* The want gets another cause when the past turns out otherwise; the comment was made all the same. */
START_TEST(a_late_event_causes_no_second_first_comment)
{
    struct story *t = story_new();
    t->policy.first_contact_automatic = true;
    page(t, "P1", PAGE_TRIGGERED);
    linked(t, STORY_TICKET);
    page(t, "P1", PAGE_ACKNOWLEDGED);
    at(t, "12:00:30");
    ticket_read(t, PRIORITY_URGENT, STATUS_OPEN);
    looked(t);
    at(t, "12:00:31");
    released(t, ACTION_FIRST_CONTACT);
    at(t, "12:00:10"); /* a webhook that was held up */
    status_changed(t, STATUS_NEW, STATUS_OPEN);
    at(t, "12:00:33");
    accepted(t, ACTION_FIRST_CONTACT);
    expect_state(t, "contacted");
    expect_no_step(t);
    story_end(t);
}
END_TEST

START_TEST(a_late_event_causes_no_second_follow_up)
{
    struct story *t = contacted();
    at(t, "12:12:40");
    wake(t);
    at(t, "12:15:40");
    wake(t);
    looked(t);
    released(t, ACTION_FOLLOW_UP);
    at(t, "11:59:59"); /* of no meaning, but all is added up again */
    staff_comment(t);
    at(t, "12:12:00"); /* by this it had been due at the first wake already */
    struct event event = new_event(t, EVENT_COMMAND, EVENT_SOURCE_SELF);
    event.command = (struct command_facts){.name = COMMAND_EXTEND, .for_ms = 30000};
    happen(t, &event);
    at(t, "12:15:42");
    accepted(t, ACTION_FOLLOW_UP);
    expect_state(t, "followed_up");
    expect_no_step(t);
    expect_next(t, ACTION_DOWNGRADE, "12:30:42");
    story_end(t);
}
END_TEST

/* --- someone was there --- */

START_TEST(acknowledging_is_not_being_there)
{
    struct story *t = acknowledged();
    ck_assert(!t->e.met);
    story_end(t);
    t = auto_contacted();
    ck_assert(!t->e.met);
    at(t, "12:01:00");
    extend(t, MINUTES(15));
    ck_assert(!t->e.met);
    command(t, COMMAND_FOLLOWED_UP);
    command(t, COMMAND_PAUSE);
    command(t, COMMAND_RESUME);
    command(t, COMMAND_REPLIED);
    ck_assert(!t->e.met);
    story_end(t);
}
END_TEST

START_TEST(words_of_a_person_that_say_someone_was_there)
{
    static const enum command words[] = {COMMAND_CONTACTED, COMMAND_FIRST_CONTACT, COMMAND_CALL_STARTED};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        struct story *t = acknowledged();
        command(t, words[i]);
        ck_assert_msg(t->e.met, "%s", command_name(words[i]));
        story_end(t);
    }
    struct story *t = auto_contacted();
    command(t, COMMAND_DOWNGRADE);
    ck_assert(t->e.met);
    story_end(t);

    t = auto_contacted();
    at(t, "12:05:00");
    outsider_comment(t);
    at(t, "12:15:40");
    wake(t);
    ck_assert(!t->e.met);
    command(t, COMMAND_DO_IT);
    ck_assert(t->e.met);
    story_end(t);
}
END_TEST

START_TEST(nobody_was_there_is_asked_before_the_downgrade_only)
{
    struct story *t = auto_contacted();
    go_followed_up(t);
    expect_state(t, "followed_up");
    at(t, "12:30:41");
    wake(t);
    expect_no_step(t);
    expect_held(t, "asked");
    expect_why(t, "nobody of staff has been there");
    command(t, COMMAND_DO_IT);
    sent(t, ACTION_DOWNGRADE);
    expect_state(t, "downgraded");
    story_end(t);
}
END_TEST

START_TEST(an_extension_does_not_bring_anybody_there)
{
    struct story *t = auto_contacted();
    go_followed_up(t);
    at(t, "12:30:41");
    wake(t);
    extend(t, MINUTES(15));
    at(t, "12:45:41");
    wake(t);
    expect_held(t, "asked");
    expect_no_step(t);
    story_end(t);
}
END_TEST

START_TEST(the_first_human_comment_after_the_automatic_one_is_no_further_one)
{
    struct story *t = auto_contacted();
    at(t, "12:05:00");
    staff_comment(t);
    ck_assert(t->e.met);
    expect_next(t, ACTION_FOLLOW_UP, "12:15:40");
    go_followed_up(t);
    at(t, "12:30:41");
    wake(t);
    expect_wants(t, ACTION_DOWNGRADE);
    story_end(t);
}
END_TEST

/* It was asked while nobody had been there; that someone came settles it. */
START_TEST(nobody_was_there_is_not_asked_once_someone_was)
{
    struct story *t = auto_contacted();
    go_followed_up(t);
    at(t, "12:30:41");
    wake(t);
    expect_held(t, "asked");
    at(t, "12:31:00");
    staff_comment(t);
    command(t, COMMAND_REPLIED);
    at(t, "12:32:00");
    command(t, COMMAND_RESUME);
    wake(t);
    expect_held(t, NULL);
    expect_wants(t, ACTION_DOWNGRADE);
    story_end(t);
}
END_TEST

/* --- answers --- */

START_TEST(an_answer_stops_the_clocks)
{
    for (int is_public = 0; is_public < 2; is_public++) {
        struct story *t = contacted();
        at(t, "12:05:00");
        comment(t, AUTHOR_CUSTOMER, is_public);
        expect_state(t, "engaged");
        expect_time(t->e.answered_ms, "12:05:00");
        expect_no_next(t);
        expect_wake(t, NULL);
        at(t, "14:00:00");
        wake(t);
        expect_no_step(t);
        story_end(t);
    }
}
END_TEST

START_TEST(only_a_customer_answers)
{
    static const enum author_standing others[] = {AUTHOR_UNKNOWN,         AUTHOR_OUTSIDER,  AUTHOR_STAFF,
                                                  AUTHOR_STAFF_REQUESTER, AUTHOR_OURSELVES, AUTHOR_NOBODY};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct story *t = contacted();
        at(t, "12:05:00");
        comment(t, others[i], true);
        expect_state(t, "contacted");
        expect_next(t, ACTION_FOLLOW_UP, "12:15:40"); /* the clock runs on */
        story_end(t);
    }
}
END_TEST

START_TEST(before_contact_nothing_is_an_answer)
{
    struct story *t = acknowledged();
    at(t, "12:00:30");
    customer_comment(t);
    outsider_comment(t);
    expect_state(t, "acknowledged");
    at(t, "12:00:40");
    staff_comment(t);
    expect_state(t, "contacted");
    at(t, "12:15:40");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    story_end(t);
}
END_TEST

/* Nobody can tell which came first: no clock may run against a customer who perhaps answered. */
START_TEST(an_answer_in_the_second_of_the_contact_counts)
{
    struct story *t = acknowledged();
    at(t, "12:00:40");
    customer_comment(t);
    staff_comment(t);
    expect_state(t, "engaged");
    story_end(t);

    t = acknowledged();
    at(t, "12:00:40");
    staff_comment(t);
    customer_comment(t);
    expect_state(t, "engaged");
    story_end(t);

    t = acknowledged();
    at(t, "12:00:40.200");
    customer_comment(t);
    at(t, "12:00:40.500"); /* by its time before, perhaps after */
    command(t, COMMAND_CONTACTED);
    expect_state(t, "engaged");
    story_end(t);

    t = acknowledged();
    at(t, "12:00:39");
    customer_comment(t);
    at(t, "12:00:40");
    staff_comment(t);
    expect_state(t, "contacted");
    story_end(t);
}
END_TEST

START_TEST(an_automatic_reply_in_the_second_of_the_contact_is_no_answer)
{
    struct story *t = acknowledged();
    at(t, "12:00:40");
    automatic_reply(t);
    staff_comment(t);
    expect_state(t, "contacted");
    story_end(t);
}
END_TEST

START_TEST(a_person_says_that_the_customer_answered)
{
    static const enum command words[] = {COMMAND_REPLIED, COMMAND_CALL_STARTED};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        struct story *t = contacted();
        at(t, "12:05:00");
        command(t, words[i]);
        expect_state(t, "engaged");
        expect_time(t->e.answered_ms, "12:05:00");
        expect_no_next(t);
        story_end(t);
    }
}
END_TEST

START_TEST(a_call_before_contact_engages_too)
{
    struct story *t = acknowledged();
    at(t, "12:00:30");
    command(t, COMMAND_CALL_STARTED);
    expect_state(t, "engaged");
    at(t, "12:01:00"); /* the notes of the call start no clock */
    staff_comment(t);
    expect_state(t, "engaged");
    expect_time(t->e.contacted_ms, "12:01:00");
    expect_no_next(t);
    at(t, "12:30:00");
    command(t, COMMAND_RESUME);
    expect_state(t, "contacted");
    expect_next(t, ACTION_FOLLOW_UP, "12:45:00");
    story_end(t);
}
END_TEST

START_TEST(an_answer_takes_back_a_step_that_has_not_left)
{
    struct story *t = contacted();
    at(t, "12:15:40");
    wake(t);
    int64_t cause = t->e.step_cause;
    at(t, "12:15:41");
    customer_comment(t);
    expect_no_step(t);
    ck_assert(!emergency_still_wants(&t->e, ACTION_FOLLOW_UP, cause));
    story_end(t);
}
END_TEST

START_TEST(an_answer_while_the_follow_up_is_on_its_way)
{
    struct story *t = contacted();
    at(t, "12:15:40");
    wake(t);
    looked(t);
    released(t, ACTION_FOLLOW_UP);
    at(t, "12:15:41");
    customer_comment(t);
    expect_state(t, "engaged");
    expect_said(t, "already on its way");
    at(t, "12:15:42");
    accepted(t, ACTION_FOLLOW_UP);
    expect_state(t, "engaged");
    expect_time(t->e.followed_up_ms, "12:15:42");
    expect_no_step(t);
    at(t, "12:20:00"); /* the second period is not the first again */
    command(t, COMMAND_RESUME);
    expect_state(t, "followed_up");
    expect_next(t, ACTION_DOWNGRADE, "12:35:00");
    story_end(t);
}
END_TEST

START_TEST(an_answer_while_the_downgrade_is_on_its_way)
{
    struct story *t = followed_up();
    at(t, "12:30:41");
    wake(t);
    looked(t);
    released(t, ACTION_DOWNGRADE);
    at(t, "12:30:42");
    customer_comment(t);
    expect_state(t, "engaged");
    at(t, "12:30:43");
    accepted(t, ACTION_DOWNGRADE);
    expect_state(t, "engaged");
    expect_prompt(t, "back to urgent");
    expect_time(t->e.downgraded_ms, "12:30:43");
    command(t, COMMAND_URGENT);
    expect_wants(t, ACTION_URGENT);
    story_end(t);
}
END_TEST

START_TEST(a_downgrade_that_arrived_with_the_answer_is_not_done_again)
{
    struct story *t = followed_up();
    at(t, "12:30:41");
    wake(t);
    looked(t);
    released(t, ACTION_DOWNGRADE);
    at(t, "12:30:42");
    customer_comment(t);
    at(t, "12:30:43");
    accepted(t, ACTION_DOWNGRADE);
    at(t, "12:40:00");
    command(t, COMMAND_RESUME);
    expect_state(t, "downgraded");
    wake(t);
    expect_no_step(t);
    story_end(t);
}
END_TEST

START_TEST(an_answer_after_the_downgrade_asks_for_urgent)
{
    struct story *t = downgraded();
    at(t, "12:40:00");
    customer_comment(t);
    expect_state(t, "engaged");
    expect_prompt(t, "back to urgent");
    expect_no_step(t); /* the daemon raises nothing by itself */
    at(t, "12:50:00");
    command(t, COMMAND_RESUME);
    expect_state(t, "downgraded");
    story_end(t);
}
END_TEST

START_TEST(an_answer_whose_webhook_was_late_stops_the_step)
{
    struct story *t = contacted();
    at(t, "12:15:40");
    wake(t);
    at(t, "12:15:41");
    looked(t);
    at(t, "12:10:00");
    customer_comment(t);
    expect_state(t, "engaged");
    expect_time(t->e.answered_ms, "12:10:00");
    expect_no_step(t);
    story_end(t);
}
END_TEST

START_TEST(after_resume_only_newer_answers_count)
{
    struct story *t = engaged();
    at(t, "12:06:00");
    command(t, COMMAND_RESUME);
    expect_state(t, "contacted");
    expect_time(t->e.answered_ms, NULL);
    expect_next(t, ACTION_FOLLOW_UP, "12:16:40"); /* with what was left */
    at(t, "12:05:30");
    customer_comment(t); /* older, only known now */
    expect_state(t, "contacted");
    at(t, "12:16:40");
    wake(t);
    looked(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    at(t, "12:16:42");
    customer_comment(t);
    expect_state(t, "engaged");
    story_end(t);
}
END_TEST

START_TEST(an_author_who_turns_out_to_be_of_the_organisation_answered)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    outsider_comment(t);
    expect_state(t, "contacted");
    customer_comment(t); /* the same comment, its author known better */
    expect_state(t, "engaged");
    story_end(t);
}
END_TEST

/* --- doubts --- */

START_TEST(a_doubt_is_noted_at_once_and_asked_when_due)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    t->by = "Some One";
    outsider_comment(t);
    t->by = NULL;
    expect_said(t, "neither requester, CC nor of the organisation");
    expect_held(t, NULL);
    ck_assert_str_eq(t->e.doubt_by, "Some One");
    expect_next(t, ACTION_FOLLOW_UP, "12:15:40");
    at(t, "12:15:40");
    wake(t);
    expect_held(t, "asked");
    expect_prompt(t, "The follow-up is due, but someone wrote");
    expect_no_step(t);
    expect_next(t, ACTION_FOLLOW_UP, "12:15:40");
    expect_state(t, "contacted");
    story_end(t);
}
END_TEST

START_TEST(a_doubt_that_the_look_brings_is_asked)
{
    struct story *t = contacted();
    at(t, "12:15:40");
    wake(t);
    at(t, "12:15:41");
    outsider_comment(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    looked(t);
    expect_held(t, "asked");
    expect_no_step(t);
    story_end(t);
}
END_TEST

/* What each kind of comment means for each step. */
static void expect_doubt(struct story *t, const char *why)
{
    wake(t);
    expect_held(t, why ? "asked" : NULL);
    if (why)
        expect_why(t, why);
    else
        ck_assert_int_ne(t->e.step, ACTION_NONE);
}

START_TEST(what_is_doubted_before_which_step)
{
    static const struct {
        enum author_standing standing;
        bool automatic;
        const char *follow_up;
        const char *downgrade;
    } comments[] = {
        {AUTHOR_OUTSIDER, false, "neither requester", "neither requester"},
        {AUTHOR_OUTSIDER, true, "neither requester", "neither requester"},
        {AUTHOR_STAFF_REQUESTER, false, "of staff, wrote", "of staff, wrote"},
        {AUTHOR_STAFF, false, "the engineer commented again", "the engineer commented again"},
        {AUTHOR_CUSTOMER, true, NULL, "an automatic reply came"},
        {AUTHOR_OURSELVES, false, NULL, NULL},
        {AUTHOR_NOBODY, false, NULL, NULL},
    };
    for (size_t i = 0; i < COUNT_OF(comments); i++) {
        for (int second = 0; second < 2; second++) {
            struct story *t = second ? followed_up() : contacted();
            at(t, second ? "12:20:00" : "12:05:00");
            struct event event = new_event(t, EVENT_COMMENT, EVENT_SOURCE_ZENDESK);
            event.ticket_id = STORY_TICKET;
            event.comment.standing = comments[i].standing;
            event.comment.automatic = comments[i].automatic;
            event.comment.is_public = true;
            happen(t, &event);
            at(t, second ? "12:30:41" : "12:15:40");
            expect_doubt(t, second ? comments[i].downgrade : comments[i].follow_up);
            story_end(t);
        }
    }
}
END_TEST

START_TEST(a_doubt_is_noted_only_while_a_step_is_to_come)
{
    struct story *t = downgraded();
    at(t, "12:40:00");
    outsider_comment(t);
    ck_assert_str_eq(t->out.say, "");
    story_end(t);

    t = engaged();
    at(t, "12:06:00");
    outsider_comment(t);
    ck_assert_str_eq(t->out.say, "");
    at(t, "12:07:00");
    command(t, COMMAND_RESUME);
    at(t, "12:17:40");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    story_end(t);
}
END_TEST

START_TEST(several_doubts_are_told_together)
{
    struct story *t = followed_up();
    at(t, "12:20:00");
    outsider_comment(t);
    automatic_reply(t);
    at(t, "12:30:41");
    wake(t);
    expect_why(t, "The downgrade is due, but someone wrote");
    expect_why(t, ", and an automatic reply came: do-it, extend or replied?");
    story_end(t);
}
END_TEST

START_TEST(an_automatic_reply_of_the_first_period_still_counts_for_the_downgrade)
{
    struct story *t = contacted();
    at(t, "12:01:00");
    automatic_reply(t);
    go_followed_up(t);
    at(t, "12:30:41");
    wake(t);
    expect_held(t, "asked");
    story_end(t);
}
END_TEST

START_TEST(a_further_comment_of_the_engineer_may_be_no_doubt)
{
    struct story *t = story_new();
    t->policy.ask_after_engineer_comment = false;
    go_acknowledged(t);
    at(t, "12:00:40");
    staff_comment(t);
    at(t, "12:05:00");
    staff_comment(t);
    expect_next(t, ACTION_FOLLOW_UP, "12:15:40");
    at(t, "12:15:40");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    story_end(t);
}
END_TEST

START_TEST(a_private_note_of_the_engineer_is_no_doubt)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    comment(t, AUTHOR_STAFF, false);
    at(t, "12:15:40");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    story_end(t);
}
END_TEST

START_TEST(do_it_settles_what_was_shown_and_only_newer_asks_again)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    outsider_comment(t);
    at(t, "12:15:40");
    wake(t);
    at(t, "12:17:00");
    command(t, COMMAND_DO_IT);
    expect_held(t, NULL);
    expect_wants(t, ACTION_FOLLOW_UP);
    looked(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    at(t, "12:17:01");
    outsider_comment(t);
    looked(t);
    expect_held(t, "asked");
    expect_no_step(t);
    story_end(t);
}
END_TEST

/* Who pressed it in the second of the comment may not have seen that. */
START_TEST(do_it_settles_nothing_of_its_own_second)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    outsider_comment(t);
    at(t, "12:15:40");
    wake(t);
    at(t, "12:17:00.500");
    command(t, COMMAND_DO_IT);
    outsider_comment(t); /* at 12:17:00, or up to a second later */
    looked(t);
    expect_held(t, "asked");
    story_end(t);
}
END_TEST

START_TEST(what_was_settled_for_the_follow_up_is_settled_for_the_downgrade)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    outsider_comment(t);
    at(t, "12:15:40");
    wake(t);
    command(t, COMMAND_DO_IT);
    sent(t, ACTION_FOLLOW_UP);
    at(t, "12:30:40");
    wake(t);
    expect_wants(t, ACTION_DOWNGRADE);
    story_end(t);
}
END_TEST

/* The automatic reply was no reason to ask before the follow-up, so nobody was shown it. */
START_TEST(do_it_settles_nothing_that_was_not_shown)
{
    struct story *t = contacted();
    at(t, "12:01:00");
    automatic_reply(t);
    at(t, "12:05:00");
    outsider_comment(t);
    at(t, "12:15:40");
    wake(t);
    command(t, COMMAND_DO_IT);
    sent(t, ACTION_FOLLOW_UP);
    at(t, "12:30:40");
    wake(t);
    expect_held(t, "asked");
    expect_why(t, "but an automatic reply came:");
    story_end(t);
}
END_TEST

START_TEST(extend_lifts_the_question_and_settles_it)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    outsider_comment(t);
    at(t, "12:15:40");
    wake(t);
    at(t, "12:16:00");
    extend(t, MINUTES(15));
    expect_held(t, NULL);
    expect_next(t, ACTION_FOLLOW_UP, "12:31:00");
    at(t, "12:31:00");
    wake(t);
    expect_wants(t, ACTION_FOLLOW_UP);
    story_end(t);

    t = contacted();
    at(t, "12:05:00");
    outsider_comment(t);
    at(t, "12:15:40");
    wake(t);
    extend(t, MINUTES(15));
    at(t, "12:20:00");
    outsider_comment(t);
    at(t, "12:30:40");
    wake(t);
    expect_held(t, "asked");
    story_end(t);
}
END_TEST

START_TEST(an_answer_ends_the_question)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    outsider_comment(t);
    at(t, "12:15:40");
    wake(t);
    at(t, "12:16:00");
    customer_comment(t);
    expect_state(t, "engaged");
    expect_held(t, NULL);
    ck_assert_ptr_nonnull(emergency_forbids(&t->e, COMMAND_DO_IT));
    story_end(t);
}
END_TEST

START_TEST(an_unanswered_question_is_reminded_of_once_after_10_minutes)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    outsider_comment(t);
    at(t, "12:15:40");
    wake(t);
    expect_wake(t, "12:25:40");
    at(t, "12:25:39");
    wake(t);
    ck_assert_str_eq(t->out.say, "");
    at(t, "12:25:40");
    wake(t);
    expect_prompt(t, "Still waiting");
    expect_wake(t, NULL);
    at(t, "13:25:40");
    wake(t);
    expect_no_prompt(t);
    expect_no_step(t); /* never without a word */
    expect_held(t, "asked");
    story_end(t);
}
END_TEST

START_TEST(each_question_is_reminded_of)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    outsider_comment(t);
    at(t, "12:15:40");
    wake(t);
    at(t, "12:25:40");
    wake(t);
    extend(t, MINUTES(5));
    at(t, "12:26:00");
    outsider_comment(t);
    at(t, "12:30:40");
    wake(t);
    expect_wake(t, "12:40:40");
    story_end(t);
}
END_TEST

START_TEST(held_shows_paused_before_asked)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    outsider_comment(t);
    at(t, "12:15:40");
    wake(t);
    command(t, COMMAND_PAUSE);
    expect_held(t, "paused");
    expect_no_next(t);
    at(t, "12:16:00");
    command(t, COMMAND_RESUME);
    expect_held(t, "asked");
    expect_no_step(t);
    story_end(t);
}
END_TEST

static void add_contact(Suite *suite)
{
    TCase *contact = tcase_create("contact");
    tcase_add_test(contact, first_contact_is_a_public_comment_by_staff);
    tcase_add_test(contact, a_comment_from_before_the_opening_is_no_contact);
    tcase_add_test(contact, a_comment_in_the_second_of_the_opening_counts);
    tcase_add_test(contact, contact_counts_without_an_acknowledgement);
    tcase_add_test(contact, a_voicemail_starts_the_clock_too);
    tcase_add_test(contact, contact_that_is_found_later_counts_from_its_own_time);
    tcase_add_test(contact, a_person_posts_the_first_comment_by_a_button);
    tcase_add_test(contact, nothing_is_posted_by_itself_when_contact_is_manual);
    tcase_add_test(contact, the_automatic_first_comment_waits_for_the_acknowledgement);
    tcase_add_test(contact, the_automatic_first_comment_waits_for_the_ticket);
    tcase_add_test(contact, the_automatic_first_comment_is_posted_once);
    tcase_add_test(contact, the_automatic_first_comment_yields_to_a_person);
    tcase_add_test(contact, the_automatic_first_comment_yields_to_a_call);
    tcase_add_test(contact, a_pause_holds_the_automatic_first_comment);
    tcase_add_test(contact, a_person_contacts_while_the_automatic_comment_is_on_its_way);
    tcase_add_test(contact, a_late_event_causes_no_second_first_comment);
    tcase_add_test(contact, a_late_event_causes_no_second_follow_up);
    suite_add_tcase(suite, contact);
}

static void add_presence(Suite *suite)
{
    TCase *presence = tcase_create("presence");
    tcase_add_test(presence, acknowledging_is_not_being_there);
    tcase_add_test(presence, words_of_a_person_that_say_someone_was_there);
    tcase_add_test(presence, nobody_was_there_is_asked_before_the_downgrade_only);
    tcase_add_test(presence, an_extension_does_not_bring_anybody_there);
    tcase_add_test(presence, the_first_human_comment_after_the_automatic_one_is_no_further_one);
    tcase_add_test(presence, nobody_was_there_is_not_asked_once_someone_was);
    suite_add_tcase(suite, presence);
}

static void add_answers(Suite *suite)
{
    TCase *answers = tcase_create("answers");
    tcase_add_test(answers, an_answer_stops_the_clocks);
    tcase_add_test(answers, only_a_customer_answers);
    tcase_add_test(answers, before_contact_nothing_is_an_answer);
    tcase_add_test(answers, an_answer_in_the_second_of_the_contact_counts);
    tcase_add_test(answers, an_automatic_reply_in_the_second_of_the_contact_is_no_answer);
    tcase_add_test(answers, a_person_says_that_the_customer_answered);
    tcase_add_test(answers, a_call_before_contact_engages_too);
    tcase_add_test(answers, an_answer_takes_back_a_step_that_has_not_left);
    tcase_add_test(answers, an_answer_while_the_follow_up_is_on_its_way);
    tcase_add_test(answers, an_answer_while_the_downgrade_is_on_its_way);
    tcase_add_test(answers, a_downgrade_that_arrived_with_the_answer_is_not_done_again);
    tcase_add_test(answers, an_answer_after_the_downgrade_asks_for_urgent);
    tcase_add_test(answers, an_answer_whose_webhook_was_late_stops_the_step);
    tcase_add_test(answers, after_resume_only_newer_answers_count);
    tcase_add_test(answers, an_author_who_turns_out_to_be_of_the_organisation_answered);
    suite_add_tcase(suite, answers);
}

static void add_doubts(Suite *suite)
{
    TCase *doubts = tcase_create("doubts");
    tcase_add_test(doubts, a_doubt_is_noted_at_once_and_asked_when_due);
    tcase_add_test(doubts, a_doubt_that_the_look_brings_is_asked);
    tcase_add_test(doubts, what_is_doubted_before_which_step);
    tcase_add_test(doubts, a_doubt_is_noted_only_while_a_step_is_to_come);
    tcase_add_test(doubts, several_doubts_are_told_together);
    tcase_add_test(doubts, an_automatic_reply_of_the_first_period_still_counts_for_the_downgrade);
    tcase_add_test(doubts, a_further_comment_of_the_engineer_may_be_no_doubt);
    tcase_add_test(doubts, a_private_note_of_the_engineer_is_no_doubt);
    tcase_add_test(doubts, do_it_settles_what_was_shown_and_only_newer_asks_again);
    tcase_add_test(doubts, do_it_settles_nothing_of_its_own_second);
    tcase_add_test(doubts, what_was_settled_for_the_follow_up_is_settled_for_the_downgrade);
    tcase_add_test(doubts, do_it_settles_nothing_that_was_not_shown);
    tcase_add_test(doubts, extend_lifts_the_question_and_settles_it);
    tcase_add_test(doubts, an_answer_ends_the_question);
    tcase_add_test(doubts, an_unanswered_question_is_reminded_of_once_after_10_minutes);
    tcase_add_test(doubts, each_question_is_reminded_of);
    tcase_add_test(doubts, held_shows_paused_before_asked);
    suite_add_tcase(suite, doubts);
}

Suite *emergency_people_suite(void)
{
    Suite *suite = suite_create("emergency_people");
    add_contact(suite);
    add_presence(suite);
    add_answers(suite);
    add_doubts(suite);
    return suite;
}
