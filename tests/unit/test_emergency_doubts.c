/*
 * Doubts: which there are before which step, that they are asked when the step is due, and how a person
 * settles them.
 */
#include "tests/unit/emergency_story.h"
#include "tests/unit/suites.h"

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

/* Journals keep them by these numbers. */
START_TEST(what_was_shown_is_noted_as_ever)
{
    static const struct {
        enum doubt doubt;
        unsigned saw;
    } cases[] = {
        {DOUBT_OUTSIDER, 0x5},   {DOUBT_ENGINEER_COMMENT, 0x9}, {DOUBT_STAFF_REQUESTER, 0x11},
        {DOUBT_SUSPENDED, 0x21}, {DOUBT_STALE, 0x41},           {DOUBT_JOIN, 0x81},
        {DOUBT_HOURS, 0x101},    {DOUBT_AUTO_REPLY, 0x201},     {DOUBT_NOBODY_MET, 0x401},
        {DOUBT_MEETING, 0x801},  {DOUBT_MERGE, 0x1001},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct emergency e = {.phase = PHASE_FOLLOWED_UP, .asked = true, .asked_step = ACTION_DOWNGRADE};
        struct command_facts command = {0};
        e.doubt_ms[cases[i].doubt] = clock_ms("12:00:00");
        emergency_note_shown(&e, &command);
        ck_assert_uint_eq(command.saw, cases[i].saw);
    }
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
        {AUTHOR_SUSPENDED, false, "suspended tickets", "suspended tickets"},
        {AUTHOR_MERGE, false, "a ticket was merged", "a ticket was merged"},
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

/* By Zendesk's clock it may be just before the person's word. */
START_TEST(a_doubt_beside_resume_is_asked)
{
    struct story *t = engaged();
    at(t, "12:07:00.500");
    command(t, COMMAND_RESUME);
    at(t, "12:07:00.900");
    outsider_comment(t);
    at(t, "12:17:41");
    expect_doubt(t, "neither requester");
    story_end(t);
}
END_TEST

START_TEST(a_doubt_beside_a_word_that_settles_another_is_asked)
{
    struct story *t = contacted();
    at(t, "12:05:00");
    outsider_comment(t);
    at(t, "12:15:40");
    wake(t);
    at(t, "12:15:50.500");
    extend(t, MINUTES(5));
    at(t, "12:15:50.600");
    struct event event = new_event(t, EVENT_COMMENT, EVENT_SOURCE_ZENDESK);
    event.at_ms -= 1500; /* Zendesk's clock is behind by that */
    event.ticket_id = STORY_TICKET;
    event.comment.standing = AUTHOR_OUTSIDER;
    event.comment.is_public = true;
    happen(t, &event);
    at(t, "12:20:51");
    expect_doubt(t, "neither requester");
    story_end(t);
}
END_TEST

/* The first comment has left, and its end becomes known only after what came upon it. */
static struct story *contact_in_the_dark(const char *when, enum author_standing standing, bool automatic)
{
    struct story *t = acknowledged();
    command(t, COMMAND_FIRST_CONTACT);
    at(t, "12:00:30");
    released(t, ACTION_FIRST_CONTACT);
    at(t, when);
    struct event event = new_event(t, EVENT_COMMENT, EVENT_SOURCE_ZENDESK);
    event.ticket_id = STORY_TICKET;
    event.comment.standing = standing;
    event.comment.automatic = automatic;
    event.comment.is_public = true;
    happen(t, &event);
    expect_effects(t, 0);
    at(t, "12:02:30");
    accepted_since(t, ACTION_FIRST_CONTACT, "12:00:31");
    expect_state(t, "contacted");
    return t;
}

START_TEST(a_doubt_before_contact_is_known_is_asked_all_the_same)
{
    static const struct {
        enum author_standing standing;
        bool automatic;
        const char *follow_up; /* NULL: it is asked before the downgrade */
    } comments[] = {
        {AUTHOR_OUTSIDER, false, "neither requester"},
        {AUTHOR_SUSPENDED, false, "suspended tickets"},
        {AUTHOR_MERGE, false, "merged into this one"},
        {AUTHOR_STAFF_REQUESTER, false, "of staff, wrote"},
        {AUTHOR_CUSTOMER, true, NULL},
    };
    for (size_t i = 0; i < COUNT_OF(comments); i++) {
        struct story *t = contact_in_the_dark("12:01:00", comments[i].standing, comments[i].automatic);
        expect_told(t, MESSAGE_DOUBTED, BUTTON(COMMAND_REPLIED) | BUTTON(COMMAND_EXTEND));
        at(t, "12:15:31");
        expect_doubt(t, comments[i].follow_up);
        story_end(t);
    }
    struct story *t = contact_in_the_dark("12:00:27", AUTHOR_OUTSIDER, false); /* before it was sent */
    expect_no_effect(t, EFFECT_REPLY, MESSAGE_DOUBTED);
    at(t, "12:15:31");
    expect_doubt(t, NULL);
    story_end(t);
}
END_TEST

START_TEST(a_guest_before_contact_is_known_is_asked_about)
{
    struct story *t = story_new();
    t->policy.can_meet = true;
    go_acknowledged(t);
    made(t, ACTION_CREATE_MEETING);
    command(t, COMMAND_FIRST_CONTACT);
    at(t, "12:00:30");
    released(t, ACTION_FIRST_CONTACT);
    at(t, "12:01:00");
    joined(t, AUTHOR_UNKNOWN);
    at(t, "12:02:30");
    accepted_since(t, ACTION_FIRST_CONTACT, "12:00:31");
    at(t, "12:15:31");
    expect_doubt(t, "somebody unidentified joined the bridge");
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

/* A doubt that is found later, though it arose before the word, and before or after one that was known, was
 * not shown to whoever gave it. */
static struct story *settled_before_it_is_known(enum command name, bool old_journal, const char *known)
{
    struct story *t = contacted();
    t->old_journal = old_journal;
    at(t, known);
    outsider_comment(t);
    at(t, "12:15:40");
    wake(t);
    at(t, "12:17:00");
    if (name == COMMAND_EXTEND)
        extend(t, MINUTES(5));
    else
        command(t, name);
    expect_held(t, NULL);
    at(t, "12:12:00");
    comment(t, AUTHOR_SUSPENDED, true);
    at(t, "12:22:00");
    if (name == COMMAND_EXTEND)
        wake(t);
    else
        looked(t);
    return t;
}

START_TEST(a_word_settles_nothing_that_was_found_later)
{
    static const enum command words[] = {COMMAND_DO_IT, COMMAND_EXTEND};
    static const char *const known[] = {"12:05:00", "12:14:00"};
    struct story *t;
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        t = settled_before_it_is_known(words[_i], false, known[i]);
        expect_held(t, "asked");
        expect_no_step(t);
        story_end(t);
    }
    t = settled_before_it_is_known(words[_i], true, known[0]); /* these add up to what they did */
    expect_held(t, NULL);
    expect_wants(t, ACTION_FOLLOW_UP);
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

Suite *emergency_doubts_suite(void)
{
    Suite *suite = suite_create("emergency_doubts");
    TCase *doubts = tcase_create("doubts");
    tcase_add_test(doubts, a_doubt_is_noted_at_once_and_asked_when_due);
    tcase_add_test(doubts, a_doubt_that_the_look_brings_is_asked);
    tcase_add_test(doubts, what_was_shown_is_noted_as_ever);
    tcase_add_test(doubts, what_is_doubted_before_which_step);
    tcase_add_test(doubts, a_doubt_is_noted_only_while_a_step_is_to_come);
    tcase_add_test(doubts, a_doubt_beside_resume_is_asked);
    tcase_add_test(doubts, a_doubt_beside_a_word_that_settles_another_is_asked);
    tcase_add_test(doubts, a_doubt_before_contact_is_known_is_asked_all_the_same);
    tcase_add_test(doubts, a_guest_before_contact_is_known_is_asked_about);
    tcase_add_test(doubts, several_doubts_are_told_together);
    tcase_add_test(doubts, an_automatic_reply_of_the_first_period_still_counts_for_the_downgrade);
    tcase_add_test(doubts, a_further_comment_of_the_engineer_may_be_no_doubt);
    tcase_add_test(doubts, a_private_note_of_the_engineer_is_no_doubt);
    tcase_add_test(doubts, do_it_settles_what_was_shown_and_only_newer_asks_again);
    tcase_add_test(doubts, do_it_settles_nothing_of_its_own_second);
    tcase_add_test(doubts, what_was_settled_for_the_follow_up_is_settled_for_the_downgrade);
    tcase_add_test(doubts, do_it_settles_nothing_that_was_not_shown);
    tcase_add_loop_test(doubts, a_word_settles_nothing_that_was_found_later, 0, 2);
    tcase_add_test(doubts, extend_lifts_the_question_and_settles_it);
    tcase_add_test(doubts, an_answer_ends_the_question);
    tcase_add_test(doubts, an_unanswered_question_is_reminded_of_once_after_10_minutes);
    tcase_add_test(doubts, each_question_is_reminded_of);
    tcase_add_test(doubts, held_shows_paused_before_asked);
    suite_add_tcase(suite, doubts);
    return suite;
}
