/*
 * event: order, words, and that the journal's JSON gives back every field of an event.
 */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/action.h"
#include "lib/event.h"
#include "tests/unit/suites.h"

static struct event_reader *reader;

static void begin(void)
{
    reader = event_reader_new();
    ck_assert_ptr_nonnull(reader);
}

static void end(void)
{
    event_reader_free(reader);
}

/* Writes and reads back; returns what was read. */
static struct event there_and_back(const struct event *event)
{
    char meaning[EVENT_MEANING_SIZE];
    struct event back = {0};
    size_t length = event_meaning(event, meaning, sizeof meaning);
    ck_assert_uint_gt(length, 0);
    ck_assert_uint_eq(length, strlen(meaning));
    ck_assert(event_from_meaning(reader, meaning, length, &back));
    return back;
}

START_TEST(order_is_time_then_source_then_id_then_row)
{
    const struct event sorted[] = {
        {.at_ms = 1, .source = EVENT_SOURCE_SELF, .id = "z", .row = 9},
        {.at_ms = 2, .source = EVENT_SOURCE_PAGERDUTY, .id = "z", .row = 9},
        {.at_ms = 2, .source = EVENT_SOURCE_ZENDESK, .id = "a", .row = 9},
        {.at_ms = 2, .source = EVENT_SOURCE_ZENDESK, .id = "b", .row = 1},
        {.at_ms = 2, .source = EVENT_SOURCE_ZENDESK, .id = "b", .row = 2},
    };
    for (size_t i = 0; i < COUNT_OF(sorted); i++)
        for (size_t j = 0; j < COUNT_OF(sorted); j++) {
            int order = event_compare(&sorted[i], &sorted[j]);
            ck_assert_int_eq((order > 0) - (order < 0), (i > j) - (i < j));
        }
}
END_TEST

START_TEST(words_are_known_both_ways)
{
    for (int i = 0; i < COMMAND_COUNT; i++)
        ck_assert_int_eq(command_by_name(command_name((enum command)i)), i);
    for (int i = 0; i <= PAGE_RESOLVED; i++)
        ck_assert_int_eq(page_status_by_name(page_status_name((enum page_status)i)), i);
    for (int i = 0; i <= PRIORITY_NONE; i++)
        ck_assert_int_eq(ticket_priority_by_name(ticket_priority_name((enum ticket_priority)i)), i);
    for (int i = 0; i <= STATUS_DELETED; i++)
        ck_assert_int_eq(ticket_status_by_name(ticket_status_name((enum ticket_status)i)), i);
    for (int i = 0; i < EVENT_TYPE_COUNT; i++)
        ck_assert_str_ne(event_type_name((enum event_type)i), "?");
    for (int i = 0; i < ACTION_KIND_COUNT; i++)
        ck_assert_str_ne(action_kind_name((enum action_kind)i), "?");
}
END_TEST

START_TEST(words_in_any_case_and_unknown_ones)
{
    ck_assert_int_eq(ticket_priority_by_name("URGENT"), PRIORITY_URGENT);
    ck_assert_int_eq(command_by_name("Do-It"), COMMAND_DO_IT);
    ck_assert_int_eq(command_by_name("do_it"), COMMAND_NONE);
    ck_assert_int_eq(ticket_status_by_name(""), STATUS_UNKNOWN);
    ck_assert_str_eq(action_kind_name((enum action_kind)99), "?");
}
END_TEST

/* Every byte of EVENT that belongs to a member is set, each text full. Members that the journal keeps
 * elsewhere are 0. */
static void fill(struct event *event)
{
    memset(event, 1, sizeof *event);
    event->row = event->emergency = event->at_ms = event->now_ms = event->ticket_id = 0;
    event->type = EVENT_IGNORED;
    event->source = EVENT_SOURCE_NONE;
    memset(event->id, 0, sizeof event->id);
    char *const ends[] = {
        &event->by[sizeof event->by - 1],
        &event->by_email[sizeof event->by_email - 1],
        &event->by_slack[sizeof event->by_slack - 1],
        &event->text[sizeof event->text - 1],
        &event->page.incident[sizeof event->page.incident - 1],
        &event->page.url[sizeof event->page.url - 1],
        &event->page.title[sizeof event->page.title - 1],
        &event->page.key[sizeof event->page.key - 1],
        &event->page.service[sizeof event->page.service - 1],
        &event->page.event[sizeof event->page.event - 1],
        &event->page.agent[sizeof event->page.agent - 1],
        &event->page.assignee[sizeof event->page.assignee - 1],
        &event->page.assignee_name[sizeof event->page.assignee_name - 1],
        &event->ticket.organization[sizeof event->ticket.organization - 1],
        &event->ticket.subject[sizeof event->ticket.subject - 1],
        &event->ticket.product[sizeof event->ticket.product - 1],
        &event->ticket.coverage[sizeof event->ticket.coverage - 1],
        &event->ticket.bulk[sizeof event->ticket.bulk - 1],
        &event->ticket.tam[sizeof event->ticket.tam - 1],
        &event->ticket.zone[sizeof event->ticket.zone - 1],
        &event->command.to[sizeof event->command.to - 1],
        &event->meeting.participant[sizeof event->meeting.participant - 1],
        &event->result.channel[sizeof event->result.channel - 1],
        &event->result.ts[sizeof event->result.ts - 1],
        &event->result.url[sizeof event->result.url - 1],
    };
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        *ends[i] = '\0';
}

/* Fails when a member is added that the table of fields does not have. Each character here takes six bytes of
 * JSON, so this is also the longest meaning that there can be. */
START_TEST(every_field_comes_back)
{
    struct event event;
    fill(&event);
    struct event back = there_and_back(&event);
#if defined(__GNUC__) && !defined(__clang__)
    __builtin_clear_padding(&event);
    __builtin_clear_padding(&back);
    ck_assert_mem_eq(&event, &back, sizeof event);
#else
    ck_assert_int_eq(event.call.accepted_ms, back.call.accepted_ms);
#endif
}
END_TEST

START_TEST(fields_of_the_journals_own_columns_are_left_alone)
{
    struct event event = {.row = 7, .at_ms = 8, .id = "mine", .ticket_id = 9};
    ck_assert(event_from_meaning(reader, "{\"by\":\"x\"}", 10, &event));
    ck_assert_int_eq(event.row, 7);
    ck_assert_int_eq(event.at_ms, 8);
    ck_assert_str_eq(event.id, "mine");
    ck_assert_int_eq(event.ticket_id, 9);
    ck_assert_str_eq(event.by, "x");
}
END_TEST

START_TEST(meaning_has_only_what_is_not_zero)
{
    char meaning[EVENT_MEANING_SIZE];
    struct event event = {.row = 5, .type = EVENT_TICKET, .id = "x"};
    ck_assert_uint_eq(event_meaning(&event, meaning, sizeof meaning), 2);
    ck_assert_str_eq(meaning, "{}");
    event.resolution_ms = 1;
    event.page.by_person = true;
    event.ticket.status = STATUS_OPEN;
    event.ticket.requester_id = -3;
    ck_assert_uint_gt(event_meaning(&event, meaning, sizeof meaning), 2);
    ck_assert_str_eq(meaning, "{\"resolution_ms\":1,\"page\":{\"by_person\":true},"
                              "\"ticket\":{\"status\":2,\"requester_id\":-3}}");
}
END_TEST

/* An end of a call brings all of a comment along. */
START_TEST(a_whole_comment_fits_whatever_is_in_it)
{
    struct event event = {0};
    memset(event.text, 1, sizeof(((struct action *)0)->text) - 1);
    memset(event.ticket.subject, 1, sizeof event.ticket.subject - 1);
    struct event back = there_and_back(&event);
    ck_assert_uint_eq(strlen(back.text), sizeof(((struct action *)0)->text) - 1);
}
END_TEST

START_TEST(texts_come_back_whatever_is_in_them)
{
    struct event event = {.text = "\"q\" \\ \n\t\r\x01 ü 日本 😀 </x>", .shift_ms = INT64_MIN};
    event.comment.id = INT64_MAX;
    struct event back = there_and_back(&event);
    ck_assert_str_eq(back.text, event.text);
    ck_assert_int_eq(back.shift_ms, INT64_MIN);
    ck_assert_int_eq(back.comment.id, INT64_MAX);
}
END_TEST

START_TEST(what_is_no_utf8_can_be_read_back_all_the_same)
{
    struct event event = {.by = "a\xff\xc3(b\xe2\x82"};
    struct event back = there_and_back(&event);
    ck_assert_str_eq(back.by, "a?\?(b?\?");
}
END_TEST

START_TEST(too_small_a_buffer_is_told)
{
    char meaning[64];
    struct event event = {.by = "someone"};
    size_t length = event_meaning(&event, meaning, sizeof meaning);
    ck_assert_uint_eq(event_meaning(&event, meaning, length + 1), length);
    ck_assert_uint_eq(event_meaning(&event, meaning, length), 0);
    ck_assert_uint_eq(event_meaning(&event, meaning, 1), 0);
}
END_TEST

START_TEST(what_is_no_meaning_is_refused)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{\"by\":1}",
        "{\"by\":\"x\"",
        "{\"page\":{\"merged\":1}}",
        "{\"shift_ms\":\"abc\"}",
        "{\"shift_ms\":99999999999999999999}",
        "{\"ticket\":{\"status\":4294967296}}",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct event event = {0};
        ck_assert_msg(!event_from_meaning(reader, bad[i], strlen(bad[i]), &event), "%s", bad[i]);
    }
}
END_TEST

Suite *event_suite(void)
{
    Suite *suite = suite_create("event");
    TCase *words = tcase_create("words");
    TCase *meaning = tcase_create("meaning");
    tcase_add_test(words, order_is_time_then_source_then_id_then_row);
    tcase_add_test(words, words_are_known_both_ways);
    tcase_add_test(words, words_in_any_case_and_unknown_ones);
    suite_add_tcase(suite, words);
    tcase_add_checked_fixture(meaning, begin, end);
    tcase_add_test(meaning, every_field_comes_back);
    tcase_add_test(meaning, fields_of_the_journals_own_columns_are_left_alone);
    tcase_add_test(meaning, meaning_has_only_what_is_not_zero);
    tcase_add_test(meaning, a_whole_comment_fits_whatever_is_in_it);
    tcase_add_test(meaning, texts_come_back_whatever_is_in_them);
    tcase_add_test(meaning, what_is_no_utf8_can_be_read_back_all_the_same);
    tcase_add_test(meaning, too_small_a_buffer_is_told);
    tcase_add_test(meaning, what_is_no_meaning_is_refused);
    suite_add_tcase(suite, meaning);
    return suite;
}
