/*
 * Services that answer otherwise than they should, for a moment or for good, and what lies where a look does
 * not find it at once: no customer pays for that.
 */
#include "tests/unit/desk_life.h"
#include "tests/unit/settings_file.h"
#include "tests/unit/suites.h"

static struct life *contacted_life(const char *sections)
{
    struct life *life = life_new(sections, 0);
    life_contacted(life);
    return life;
}

/* The follow-up took effect; its answer is lost, and so is what the look for its mark is told. */
static struct life *parked_follow_up(void)
{
    struct life *life = contacted_life("");
    life->writes = FATE_LOST;
    life_at(life, "12:15:42");
    life_arrives(life);
    life->writes = FATE_TAKEN;
    life->refused = "/audits";
    life_at(life, "12:16:00");
    life->refused = NULL;
    life_at(life, "12:20:00");
    return life;
}

/* --- what is parked may have taken effect --- */

START_TEST(what_was_parked_is_looked_for_when_it_is_wanted_again)
{
    struct life *life = parked_follow_up();
    life_expect(life, 1, "contacted");
    if (_i == 0) {
        life_command(life, 1, COMMAND_EXTEND);
    } else {
        life_command(life, 1, COMMAND_PAUSE);
        life_at(life, "12:25:00");
        life_command(life, 1, COMMAND_RESUME);
    }
    life_at(life, "12:32:00");
    life_expect(life, 1, "followed_up");
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 1);
    life_end(life);
}
END_TEST

START_TEST(a_parked_first_comment_is_not_sent_again)
{
    struct life *life = life_new("[policy]\nfirst_contact = automatic\n", 0);
    life_page(life, "P1", PAGE_TRIGGERED, STORY_TICKET);
    life_at(life, "12:00:20");
    life->writes = FATE_LOST;
    life_page(life, "P1", PAGE_ACKNOWLEDGED, STORY_TICKET);
    life_at(life, "12:00:20.100");
    life_arrives(life);
    life->writes = FATE_TAKEN;
    life->refused = "/audits";
    life_at(life, "12:00:40");
    life->refused = NULL;
    life_command(life, 1, COMMAND_PAUSE);
    life_at(life, "12:03:00");
    life_command(life, 1, COMMAND_RESUME);
    life_at(life, "12:05:00");
    life_expect(life, 1, "contacted");
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 1);
    life_end(life);
}
END_TEST

/* It was refused for certain; who does it by hand, as they are told to, is believed at once. */
START_TEST(a_parked_downgrade_done_by_hand_is_seen)
{
    struct life *life = contacted_life("");
    life_at(life, "12:20:00");
    life->writes = FATE_REFUSED;
    life_at(life, "12:31:00");
    life_expect(life, 1, "followed_up");
    life_change(life, PRIORITY_NORMAL, STATUS_OPEN, LIFE_ENGINEER);
    life_at(life, "12:31:02");
    life_expect(life, 1, "closed");
    life_end(life);
}
END_TEST

/* --- a period begins when it counts --- */

/* The follow-up is found a quarter of an hour later; since a few seconds after it the clock is held. */
START_TEST(what_is_held_loses_nothing_of_the_second_period)
{
    bool by_hours = _i == 0;
    struct life *life = contacted_life(by_hours ? "[coverage all]\nmatch = form:1\ntimezone = UTC\n"
                                                  "days = mon-sun\nhours = 13:00-12:16\n"
                                                : "");
    life->writes = FATE_LOST;
    life_at(life, "12:15:42");
    life_arrives(life);
    life->reads = FATE_UNSENT;
    life_at(life, "12:15:50");
    if (!by_hours)
        life_command(life, 1, COMMAND_PAUSE);
    life_at(life, "12:30:00");
    life->reads = life->writes = FATE_TAKEN;
    life_at(life, "13:00:00");
    if (!by_hours)
        life_command(life, 1, COMMAND_RESUME);
    life_at(life, "13:14:50");
    life_expect(life, 1, "followed_up");
    life_at(life, "13:15:10");
    life_expect(life, 1, "downgraded");
    life_end(life);
}
END_TEST

/* --- looks --- */

START_TEST(suspended_replies_are_seen_after_a_passing_refusal)
{
    struct life *life = contacted_life("");
    life->refused = "/suspended_tickets";
    life_at(life, "12:20:00");
    life_expect(life, 1, "followed_up");
    life->refused = NULL;
    life->suspended_ms = life->true_ms;
    life_at(life, "12:40:00");
    struct emergency e = life_emergency(life, 1);
    ck_assert_str_eq(emergency_held(&e), "asked");
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 1);
    life_end(life);
}
END_TEST

START_TEST(a_page_of_something_else_is_no_acceptance)
{
    struct life *life = contacted_life("");
    life->writes = FATE_FOREIGN;
    life_at(life, "12:16:00");
    life_expect(life, 1, "contacted");
    life->writes = FATE_TAKEN;
    life_at(life, "12:20:00");
    life_expect(life, 1, "followed_up");
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 1);
    life_end(life);
}
END_TEST

START_TEST(a_mark_is_found_behind_many_audits)
{
    struct life *life = contacted_life("");
    life->audits_a_page = 4;
    life->writes = FATE_LOST;
    life_at(life, "12:15:42");
    life_arrives(life);
    life->writes = FATE_TAKEN;
    life->reads = FATE_UNSENT;
    for (int i = 0; i < 9; i++)
        life_change(life, PRIORITY_URGENT, i % 2 ? STATUS_OPEN : STATUS_PENDING, LIFE_ENGINEER);
    life_at(life, "12:18:00");
    life->reads = FATE_TAKEN;
    life_at(life, "12:20:00");
    life_expect(life, 1, "followed_up");
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 1);
    life_end(life);
}
END_TEST

/* --- merges --- */

START_TEST(a_merged_ticket_may_hold_an_answer)
{
    struct life *life = contacted_life("");
    life_at(life, "12:10:00");
    life->deaf = _i == 0;
    life_merge(life);
    life_at(life, "12:40:00");
    struct emergency e = life_emergency(life, 1);
    ck_assert_str_eq(emergency_held(&e), "asked");
    ck_assert_int_eq(life_comments_by(life, LIFE_US), 0);
    life_end(life);
}
END_TEST

Suite *desk_answers_suite(void)
{
    Suite *suite = suite_create("desk_answers");
    TCase *all = tcase_create("desk_answers");
    tcase_add_checked_fixture(all, settings_begin, settings_end);
    tcase_add_loop_test(all, what_was_parked_is_looked_for_when_it_is_wanted_again, 0, 2);
    tcase_add_test(all, a_parked_first_comment_is_not_sent_again);
    tcase_add_test(all, a_parked_downgrade_done_by_hand_is_seen);
    tcase_add_loop_test(all, what_is_held_loses_nothing_of_the_second_period, 0, 2);
    tcase_add_test(all, suspended_replies_are_seen_after_a_passing_refusal);
    tcase_add_test(all, a_page_of_something_else_is_no_acceptance);
    tcase_add_test(all, a_mark_is_found_behind_many_audits);
    tcase_add_loop_test(all, a_merged_ticket_may_hold_an_answer, 0, 2);
    suite_add_tcase(suite, all);
    return suite;
}
