/*
 * A ticket's audits, in either order: since when it is urgent, how it ended or was lowered by others, our own
 * mark; what is missing is named.
 */

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "lib/json_fields.h"
#include "lib/services/zendesk.h"
#include "tests/unit/json_text.h"
#include "tests/unit/suites.h"

static struct json_reader *reader;
static char error[200];

static void begin(void)
{
    reader = json_reader_new();
    ck_assert_ptr_nonnull(reader);
}

static void end(void)
{
    json_reader_free(reader);
}

#define AUDIT(id, time, custom, events)                                                                      \
    "{'author_id':5246746,'created_at':'2026-11-23T" time "Z','events':[" events "],'id':" id ","            \
    "'metadata':{'custom':{" custom "},'system':{'client':'x'}},'ticket_id':666,'via':{'channel':'web'}}"
#define CHANGE(type, field, value)                                                                           \
    "{'id':1,'type':'" type "','field_name':'" field "','value':'" value "','previous_value':null}"
#define NOON INT64_C(1795435200000)

static struct zendesk_history history;

static bool read_audits(const char *text, const char *mark)
{
    const char *answer = json(text);
    return zendesk_read_audits(reader, answer, strlen(answer), mark, &history, error, sizeof(error));
}

START_TEST(test_the_last_change_to_urgent_is_found)
{
    history = (struct zendesk_history){0};
    ck_assert_msg(
        read_audits(
            "{'audits':[" AUDIT("4", "12:03:00", "", "{'type':'Comment','body':'urgent','public':true}") "," AUDIT(
                "3", "12:02:00", "",
                CHANGE("Change", "status", "open") "," CHANGE(
                    "Change", "priority",
                    "urgent")) "," AUDIT("2", "12:01:00", "",
                                         CHANGE("Change", "priority",
                                                "high")) "," AUDIT("1", "12:00:00", "",
                                                                   CHANGE("Create", "priority",
                                                                          "urgent")) "],'next_page':null}",
            NULL),
        "%s", error);
    ck_assert_int_eq(history.urgent_ms, NOON + 120000);
    ck_assert(!history.marked);
    ck_assert_int_eq(history.next_page, 0);
}
END_TEST

START_TEST(test_a_creation_as_urgent_counts_and_other_events_do_not)
{
    history = (struct zendesk_history){0};
    ck_assert(read_audits(
        "{'audits':[" AUDIT("1", "12:00:00", "", CHANGE("Create", "priority", "URGENT")) "]}", NULL));
    ck_assert_int_eq(history.urgent_ms, NOON);
    history = (struct zendesk_history){0};
    ck_assert(read_audits("{'audits':[" AUDIT("1", "12:00:00", "",
                                              CHANGE("Notification", "priority", "urgent") "," CHANGE(
                                                  "Change", "subject", "urgent")) "]}",
                          NULL));
    ck_assert_int_eq(history.urgent_ms, 0);
    ck_assert(read_audits("{'audits':[]}", NULL));
}
END_TEST

#define FROM(field, was, is)                                                                                 \
    "{'type':'Change','field_name':'" field "','previous_value':'" was "','value':'" is "'}"

START_TEST(test_the_last_end_is_found)
{
    static const struct {
        const char *change;
        bool ends, lowers;
    } changes[] = {
        {FROM("status", "open", "solved"), true, false},
        {FROM("status", "pending", "closed"), true, false},
        {FROM("priority", "urgent", "high"), true, true},
        {FROM("status", "solved", "closed"), false, false},
        {FROM("status", "solved", "open"), false, false},
        {FROM("priority", "high", "normal"), false, false},
        {FROM("priority", "normal", "urgent"), false, false},
        {FROM("subject", "urgent", "solved"), false, false},
    };
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        char text[1000];
        snprintf(text, sizeof text,
                 "{'audits':[" AUDIT("2", "12:01:00", "", "%s") "," AUDIT(
                     "1", "12:00:00", "", CHANGE("Create", "status", "solved")) "]}",
                 changes[i].change);
        history = (struct zendesk_history){0};
        ck_assert_msg(read_audits(text, NULL), "%s", error);
        ck_assert_msg(history.ended_ms == (changes[i].ends ? NOON + 60000 : 0), "%s", changes[i].change);
        ck_assert_msg(history.lowered_ms == (changes[i].lowers ? NOON + 60000 : 0), "%s", changes[i].change);
    }
}
END_TEST

START_TEST(test_the_last_lowering_by_others_is_found)
{
    history = (struct zendesk_history){0};
    ck_assert(read_audits(
        "{'audits':[" AUDIT(
            "3", "12:03:00", "'emergencyd':'b-9'",
            FROM("priority", "urgent", "normal")) "," AUDIT("2", "12:02:00", "",
                                                            FROM("priority", "urgent", "high") "," FROM(
                                                                "status", "new",
                                                                "open")) "," AUDIT("1", "12:01:00", "",
                                                                                   FROM("priority", "urgent",
                                                                                        "low")) "]}",
        NULL));
    ck_assert_int_eq(history.lowered_ms, NOON + 120000);
    ck_assert_int_eq(history.lowered_to, PRIORITY_HIGH);
    ck_assert_int_eq(history.ended_ms, NOON + 180000);
    history = (struct zendesk_history){0};
    ck_assert(
        read_audits("{'audits':[" AUDIT("1", "12:01:00", "", FROM("priority", "urgent", "")) "]}", NULL));
    ck_assert_int_eq(history.lowered_to, PRIORITY_NONE);
}
END_TEST

START_TEST(test_our_mark_is_found_to_the_letter)
{
    static const char text[] = "{'audits':[" AUDIT("2", "12:01:00", "'emergencyd':'a-17'", "") "," AUDIT(
        "1", "12:00:00", "'emergencyd':'a-1'", "") "]}";
    history = (struct zendesk_history){0};
    ck_assert(read_audits(text, "a-1"));
    ck_assert(history.marked);
    ck_assert_int_eq(history.marked_ms, NOON);
    history = (struct zendesk_history){0};
    ck_assert(read_audits(text, "a-2"));
    ck_assert(!history.marked);
    ck_assert(read_audits(text, NULL));
    ck_assert(!history.marked);
    ck_assert(read_audits(text, ""));
    ck_assert(!history.marked);
}
END_TEST

START_TEST(test_oldest_first_has_to_be_read_to_its_end)
{
    history = (struct zendesk_history){0};
    ck_assert(read_audits(
        "{'audits':[" AUDIT("1", "12:00:00", "", CHANGE("Create", "priority", "urgent")) "," AUDIT(
            "2", "12:01:00", "",
            "") "],'next_page':'https://acme.zendesk.com/api/v2/tickets/1/audits?per_page=100&page=2'}",
        "a-1"));
    ck_assert_int_eq(history.next_page, 2);
    ck_assert(history.oldest_first);
    ck_assert(read_audits("{'audits':[" AUDIT("3", "12:02:00", "'emergencyd':'a-1'",
                                              "") "," AUDIT("4", "12:03:00", "", "") "],'next_page':null}",
                          "a-1"));
    ck_assert_int_eq(history.next_page, 0);
    ck_assert_int_eq(history.urgent_ms, NOON);
    ck_assert(history.marked);
    /* Newest first: what lies behind is older. */
    ck_assert(read_audits("{'audits':[" AUDIT("2", "12:01:00", "", "") "," AUDIT(
                              "1", "12:00:00", "", "") "],'next_page':'https://x?page=2'}",
                          NULL));
    ck_assert_int_eq(history.next_page, 2);
    ck_assert(!history.oldest_first);
    ck_assert_int_eq(history.oldest_ms, NOON);
    ck_assert(!read_audits("{'audits':[" AUDIT("1", "12:00:00", "", "") "," AUDIT(
                               "2", "12:01:00", "", "") "],'next_page':'https://x'}",
                           NULL));
    ck_assert_str_eq(error, "next_page has no page");
}
END_TEST

START_TEST(test_an_audits_missing_field_is_named)
{
    ck_assert(!read_audits("{'audits':[{'id':1}]}", NULL));
    ck_assert_str_eq(error, "audits[].created_at is missing");
    ck_assert(!read_audits("{'audits':[{'created_at':'2026-11-23T12:00:00Z'}]}", NULL));
    ck_assert_str_eq(error, "audits[].id is missing");
    ck_assert(!read_audits("{}", NULL));
    ck_assert_str_eq(error, "audits is missing");
}
END_TEST

Suite *zendesk_audits_suite(void)
{
    Suite *suite = suite_create("zendesk_audits");
    TCase *audits = tcase_create("audits");
    tcase_add_checked_fixture(audits, begin, end);
    tcase_add_test(audits, test_the_last_change_to_urgent_is_found);
    tcase_add_test(audits, test_a_creation_as_urgent_counts_and_other_events_do_not);
    tcase_add_test(audits, test_the_last_end_is_found);
    tcase_add_test(audits, test_the_last_lowering_by_others_is_found);
    tcase_add_test(audits, test_our_mark_is_found_to_the_letter);
    tcase_add_test(audits, test_oldest_first_has_to_be_read_to_its_end);
    tcase_add_test(audits, test_an_audits_missing_field_is_named);
    suite_add_tcase(suite, audits);
    return suite;
}
