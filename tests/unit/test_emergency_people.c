/*
 * Who was there: first contact, by hand and automatic; presence.
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
        {AUTHOR_NOBODY, true, false},   {AUTHOR_UNKNOWN, true, false},  {AUTHOR_SUSPENDED, true, false},
        {AUTHOR_MERGE, true, false},
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

Suite *emergency_people_suite(void)
{
    Suite *suite = suite_create("emergency_people");
    add_contact(suite);
    add_presence(suite);
    return suite;
}
