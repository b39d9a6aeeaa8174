/*
 * Zendesk's answers: a ticket, many of them, comments in their order with who wrote each, the rest; what is
 * missing is named. Audits: test_zendesk_audits.c.
 */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json_fields.h"
#include "lib/services/zendesk.h"
#include "tests/unit/json_text.h"
#include "tests/unit/suites.h"

static struct config config;
static struct json_reader *reader;
static struct zendesk_ticket ticket;
static char error[200];
static int64_t ignored[] = {12};
static char *patterns[] = {(char *)"*out of office*"};
static char told[4000];

static void begin(void)
{
    config = (struct config){0};
    config.zendesk.api_url = (char *)"https://acme.zendesk.com";
    config.policy.auto_reply_patterns = (struct text_list){patterns, 1};
    config.policy.ignored_authors = (struct id_list){ignored, 1};
    reader = json_reader_new();
    ck_assert_ptr_nonnull(reader);
    ticket = (struct zendesk_ticket){0};
    told[0] = '\0';
}

static void end(void)
{
    zendesk_ticket_free(&ticket);
    json_reader_free(reader);
}

/* ---- tickets ------------------------------------------------------------------------------------------- */

/* The shape of "Show Ticket" in Zendesk's description of its Support API. */
#define TICKET                                                                                               \
    "{'assignee_id':235323,'collaborator_ids':[35334,234],'created_at':'2009-07-20T22:55:29Z',"              \
    "'custom_fields':[{'id':27642,'value':'745'}],'description':'The fire is very colorful.','due_at':null," \
    "'email_cc_ids':[777],'follower_ids':[35334],'group_id':98738,'id':35436,'organization_id':509974,"      \
    "'priority':'urgent','raw_subject':'x','requester_id':20978392,'satisfaction_rating':{'id':1234,"        \
    "'comment':'Great','score':'good'},'status':'open','subject':'Help, my printer is on fire!',"            \
    "'submitter_id':76872,'tags':['enterprise','other_tag'],'ticket_form_id':12,'type':'incident',"          \
    "'updated_at':'2011-05-05T10:38:52Z','via':{'channel':'web'}}"

static bool read_ticket(const char *from, const char *to)
{
    const char *answer = json_changed("{'ticket':" TICKET "}", from, to);
    zendesk_ticket_free(&ticket);
    return zendesk_read_ticket(&config, reader, answer, strlen(answer), &ticket, error, sizeof(error));
}

START_TEST(test_a_ticket_is_read_with_all_that_is_needed)
{
    ck_assert_msg(read_ticket(NULL, NULL), "%s", error);
    ck_assert_int_eq(ticket.id, 35436);
    ck_assert(ticket.facts.known);
    ck_assert_int_eq(ticket.facts.priority, PRIORITY_URGENT);
    ck_assert_int_eq(ticket.facts.previous_priority, PRIORITY_UNKNOWN);
    ck_assert_int_eq(ticket.facts.status, STATUS_OPEN);
    ck_assert_int_eq(ticket.facts.requester_id, 20978392);
    ck_assert_int_eq(ticket.facts.organization_id, 509974);
    ck_assert_str_eq(ticket.facts.subject, "Help, my printer is on fire!");
    ck_assert_str_eq(ticket.stamp, "2011-05-05T10:38:52Z");
    ck_assert_int_eq(ticket.updated_ms, INT64_C(1304591932000));
    ck_assert_int_eq(ticket.created_ms, INT64_C(1248130529000));
    ck_assert_int_eq(ticket.form_id, 12);
    ck_assert_uint_eq(ticket.tag_count, 2);
    ck_assert_str_eq(ticket.tags[1], "other_tag");
    ck_assert_uint_eq(ticket.involved_count, 4);
    ck_assert_int_eq(ticket.involved[2], 777);
}
END_TEST

START_TEST(test_odd_tickets_are_read_too)
{
    ck_assert(read_ticket("'priority':'urgent'", "'priority':null"));
    ck_assert_int_eq(ticket.facts.priority, PRIORITY_NONE);
    ck_assert(read_ticket("'priority':'urgent',", ""));
    ck_assert_int_eq(ticket.facts.priority, PRIORITY_UNKNOWN);
    ck_assert(read_ticket("['enterprise','other_tag']", "null"));
    ck_assert_uint_eq(ticket.tag_count, 0);
    ck_assert(read_ticket("'organization_id':509974", "'organization_id':null"));
    ck_assert_int_eq(ticket.facts.organization_id, 0);
}
END_TEST

START_TEST(test_a_tickets_missing_field_is_named)
{
    ck_assert(!read_ticket("'id':35436", "'xx':1"));
    ck_assert_str_eq(error, "ticket.id is missing");
    ck_assert(!read_ticket("'updated_at'", "'xx'"));
    ck_assert_str_eq(error, "ticket.updated_at is missing");
    ck_assert(!read_ticket("'created_at'", "'xx'"));
    ck_assert_str_eq(error, "ticket.created_at is missing");
    ck_assert(!read_ticket("'status':'open'", "'status':'new_one'"));
    ck_assert_str_eq(error, "ticket.status is not a known status");
    ck_assert(!read_ticket("{'ticket'", "{'tickets'"));
    ck_assert_str_eq(error, "ticket.id is missing");
    ck_assert_ptr_null(ticket.tags);
    ck_assert(!zendesk_read_ticket(&config, reader, "<", 1, &ticket, error, sizeof(error)));
}
END_TEST

static void tell_ticket(void *context, const struct zendesk_ticket *one)
{
    char *out = context;
    const size_t used = strlen(out);
    snprintf(out + used, sizeof(told) - used, "%d:%s:%zu:%s ", (int)one->id,
             ticket_priority_name(one->facts.priority), one->involved_count,
             one->tag_count > 0 ? one->tags[0] : "-");
}

#define SMALL(id, more)                                                                                      \
    "{" more "'id':" id ",'status':'new','priority':'high','created_at':'2026-11-23T12:00:00Z',"             \
    "'updated_at':'2026-11-23T12:00:00Z'}"

static bool read_many(const char *text, bool *more)
{
    const char *answer = json(text);
    told[0] = '\0';
    return zendesk_read_tickets(&config, reader, answer, strlen(answer), tell_ticket, told, more, error,
                                sizeof(error));
}

START_TEST(test_many_tickets_are_told_one_by_one)
{
    bool more = true;
    ck_assert_msg(read_many("{'tickets':[" TICKET
                            "," SMALL("2", "'tags':['b'],'follower_ids':[1],") "," SMALL(
                                "3", "") "],'next_page':null,'count':3}",
                            &more),
                  "%s", error);
    ck_assert_str_eq(told, "35436:urgent:4:enterprise 2:high:1:b 3:high:0:- ");
    ck_assert(!more);
    ck_assert(read_many("{'tickets':[]}", NULL));
}
END_TEST

START_TEST(test_a_search_tells_tickets_only_and_whether_there_are_more)
{
    bool more = false;
    ck_assert(read_many(
        "{'count':1234,'facets':null,'next_page':'https://foo.zendesk.com/api/v2/search.json?page=2',"
        "'results':[{'id':211,'name':'Hello DJs','result_type':'group'}," SMALL(
            "2", "'result_type':'ticket',") "," SMALL("3", "") "]}",
        &more));
    ck_assert_str_eq(told, "2:high:0:- 3:high:0:- ");
    ck_assert(more);
}
END_TEST

START_TEST(test_a_bad_ticket_hides_no_other)
{
    ck_assert(!read_many("{'tickets':[{'id':1,'tags':['a']}," SMALL("2", "") "]}", NULL));
    ck_assert_str_eq(told, "2:high:0:- ");
    ck_assert_str_eq(error, "tickets[].updated_at is missing");
    ck_assert(!read_many("{'ticket':{}}", NULL));
    ck_assert_str_eq(error, "tickets and results are missing");
}
END_TEST

START_TEST(test_what_opens_an_emergency_is_a_setting)
{
    char url[100];
    ck_assert(read_ticket(NULL, NULL));
    ck_assert(zendesk_ticket_matches(&config, &ticket));
    config.zendesk.emergency_match =
        (struct ticket_match){.kind = TICKET_MATCH_TAG, .tag = (char *)"Other_Tag"};
    ck_assert(zendesk_ticket_matches(&config, &ticket));
    config.zendesk.emergency_match.tag = (char *)"other";
    ck_assert(!zendesk_ticket_matches(&config, &ticket));
    config.zendesk.emergency_match = (struct ticket_match){.kind = TICKET_MATCH_FORM, .form_id = 12};
    ck_assert(zendesk_ticket_matches(&config, &ticket));
    config.zendesk.emergency_match.form_id = 13;
    ck_assert(!zendesk_ticket_matches(&config, &ticket));
    zendesk_ticket_url(&config, 4711, url, sizeof(url));
    ck_assert_str_eq(url, "https://acme.zendesk.com/agent/tickets/4711");
}
END_TEST

/* ---- comments ------------------------------------------------------------------------------------------ */

static const char *const standings[] = {"unknown", "customer", "outsider",  "staff", "requester",
                                        "us",      "nobody",   "suspended", "merge"};

static void tell_comment(void *context, struct event *event, const char *text)
{
    char *out = context;
    const size_t used = strlen(out);
    ck_assert_int_eq(event->type, EVENT_COMMENT);
    ck_assert_int_eq(event->source, EVENT_SOURCE_ZENDESK);
    ck_assert_int_eq(event->ticket_id, 35436);
    ck_assert_int_eq(event->resolution_ms, 1000);
    snprintf(out + used, sizeof(told) - used, "%d %s%s%s '%s'\n", (int)event->comment.id,
             standings[event->comment.standing], event->comment.is_public ? "" : " private",
             event->comment.automatic ? " automatic" : "", text);
}

static bool read_comments(const char *text)
{
    const struct zendesk_authors authors = {.config = &config, .own_user_id = 5};
    const char *answer;
    ck_assert(read_ticket(NULL, NULL));
    answer = json(text);
    told[0] = '\0';
    return zendesk_read_comments(reader, answer, strlen(answer), &ticket, &authors, tell_comment, told, error,
                                 sizeof(error));
}

#define COMMENT(id, author, time, more)                                                                      \
    "{'id':" id ",'type':'Comment','author_id':" author ",'public':true,'created_at':'2009-07-20T" time      \
    "Z'," more "'via':{'channel':'web','source':{'from':{},'rel':'web_widget','to':{}}},'audit_id':1}"
#define USERS                                                                                                \
    "'users':[{'id':1,'role':'agent','name':'Eng One','email':'eng1@example.com','organization_id':null},"   \
    "{'id':2,'role':'admin','name':'Ad Min','organization_id':509974},"                                      \
    "{'id':3,'role':'end-user','name':'Col League','organization_id':509974},"                               \
    "{'id':4,'role':'end-user','name':'Stran Ger','organization_id':7},{'id':5,'role':'agent'},"             \
    "{'id':20978392,'role':'end-user','name':'Cus Tomer'},{'id':777,'role':'end-user','name':'C. C.'}]"
#define LAST "'meta':{'has_more':false,'after_cursor':'x'}"
#define MORE "'meta':{'has_more':true,'after_cursor':'x'}"

START_TEST(test_comments_come_oldest_first_with_their_authors)
{
    static const struct {
        int id, author;
        const char *time, *more;
    } newest_first[] = {
        {19, 12, "23:09:00", "'body':'ignored',"},
        {18, 99, "23:08:00", "'body':'not shown among the users',"},
        {17, 5, "23:07:00", "'body':'us',"},
        {16, 4, "23:06:00", "'body':'stranger',"},
        {15, 777, "23:05:00", "'body':'CC',"},
        {14, 3, "23:04:00", "'body':'colleague',"},
        {13, 2, "23:03:00", "'body':'admin','public':false,"},
        {12, 1, "23:02:00", "'body':'Not out of office',"},
        {11, 20978392, "23:01:00", "'body':'Out of office',"},
        {10, 20978392, "22:55:29", "'body':'The fire is very colorful.',"},
    };
    char answer[4000] = "";
    size_t used = 0;
    for (size_t i = 0; i < COUNT_OF(newest_first); i++)
        used += (size_t)snprintf(answer + used, sizeof answer - used, "%s" COMMENT("%d", "%d", "%s", "%s"),
                                 i ? "," : "{'comments':[", newest_first[i].id, newest_first[i].author,
                                 newest_first[i].time, newest_first[i].more);
    used += (size_t)snprintf(answer + used, sizeof answer - used, "]," USERS "," LAST "}");
    ck_assert_uint_lt(used, sizeof answer);
    ck_assert_msg(read_comments(answer), "%s", error);
    ck_assert_str_eq(told, "10 nobody 'The fire is very colorful.'\n"
                           "11 customer automatic 'Out of office'\n"
                           "12 staff 'Not out of office'\n"
                           "13 staff private 'admin'\n"
                           "14 customer 'colleague'\n"
                           "15 customer 'CC'\n"
                           "16 outsider 'stranger'\n"
                           "17 us 'us'\n"
                           "18 outsider 'not shown among the users'\n"
                           "19 nobody 'ignored'\n");
}
END_TEST

START_TEST(test_a_requester_needs_no_entry_among_the_users)
{
    ck_assert(
        read_comments("{'comments':[" COMMENT("11", "20978392", "23:01:00", "'body':'x',") "]," MORE "}"));
    ck_assert_str_eq(told, "11 customer 'x'\n");
}
END_TEST

START_TEST(test_staff_that_asks_is_told_apart)
{
    ck_assert(read_comments("{'comments':[" COMMENT(
        "11", "20978392", "23:01:00", "'body':'x',") "],'users':["
                                                     "{'id':20978392,'role':'agent'}]," MORE "}"));
    ck_assert_str_eq(told, "11 requester 'x'\n");
}
END_TEST

START_TEST(test_the_description_is_nobodys_answer)
{
    /* Further pages: the oldest here is a comment like any other … */
    ck_assert(
        read_comments("{'comments':[" COMMENT("11", "20978392", "23:01:00", "'body':'x',") "]," MORE "}"));
    ck_assert_str_eq(told, "11 customer 'x'\n");
    ck_assert(read_comments(
        "{'comments':[" COMMENT("11", "20978392", "23:01:00", "'body':'x',") "],'next_page':'https://x'}"));
    ck_assert_str_eq(told, "11 customer 'x'\n");
    /* … unless it is as old as the ticket. Of several in that second the first. */
    ck_assert(read_comments("{'comments':[" COMMENT("12", "20978392", "22:55:29", "'body':'b',") "," COMMENT(
        "11", "20978392", "22:55:29", "'body':'a',") "]," MORE "}"));
    ck_assert_str_eq(told, "11 nobody 'a'\n12 customer 'b'\n");
    /* All are here: the oldest is the description, whatever its time. */
    ck_assert(
        read_comments("{'comments':[" COMMENT("11", "20978392", "23:01:00", "'body':'x',") "]," LAST "}"));
    ck_assert_str_eq(told, "11 nobody 'x'\n");
}
END_TEST

START_TEST(test_merges_are_told_apart)
{
    ck_assert(read_comments(
        "{'comments':[{'id':11,'author_id':1,'public':true,'created_at':'2009-07-20T23:01:00Z','body':'"
        "Merged.',"
        "'via':{'channel':'web','source':{'from':{},'rel':'merge','to':{}}}}," COMMENT(
            "12", "1", "23:02:00",
            "'body':'This request was closed and merged into request #12',") "]," USERS "," MORE "}"));
    ck_assert_str_eq(told,
                     "11 merge 'Merged.'\n12 nobody 'This request was closed and merged into request #12'\n");
}
END_TEST

static void check_one(void *context, struct event *event, const char *text)
{
    (void)context;
    ck_assert_str_eq(text, "<p>x</p>");
    ck_assert_str_eq(event->id, "0000008447388090494");
    ck_assert_str_eq(event->by, "Eng One");
    ck_assert_str_eq(event->by_email, "eng1@example.com");
    ck_assert_int_eq(event->at_ms, INT64_C(1248130860000));
    ck_assert_int_eq(event->comment.author_id, 1);
}

START_TEST(test_a_comment_becomes_an_event)
{
    const struct zendesk_authors authors = {.config = &config};
    const char *answer =
        json("{'comments':[" COMMENT("8447388090494", "1", "23:01:00",
                                     "'body':'','plain_body':null,'html_body':'<p>x</p>',") "]," USERS "}");
    ck_assert(zendesk_read_comments(reader, answer, strlen(answer), &ticket, &authors, check_one, NULL, error,
                                    sizeof(error)));
}
END_TEST

START_TEST(test_a_comments_missing_field_is_named_and_none_is_told)
{
    ck_assert(
        !read_comments("{'comments':[" COMMENT("11", "1", "23:01:00", "") ",{'id':12,'author_id':1}]}"));
    ck_assert_str_eq(error, "comments[].created_at is missing");
    ck_assert_str_eq(told, "");
    ck_assert(!read_comments("{'comments':[" COMMENT("0", "1", "23:01:00", "") "]}"));
    ck_assert_str_eq(error, "comments[].id is not a positive whole number");
    ck_assert(!read_comments("{'comments':[" COMMENT("1", "null", "23:01:00", "") "]}"));
    ck_assert_str_eq(error, "comments[].author_id is not a whole number");
    ck_assert(!read_comments("{'users':[]}"));
    ck_assert_str_eq(error, "comments is missing");
    ck_assert(read_comments("{'comments':[]}"));
}
END_TEST

/* ---- the rest ------------------------------------------------------------------------------------------ */

START_TEST(test_nobody_is_not_ourselves)
{
    int64_t user = 0;
    const char *answer = json("{'user':{'id':35436,'name':'Johnny Agent'}}");
    ck_assert(zendesk_read_me(reader, answer, strlen(answer), &user, error, sizeof(error)));
    ck_assert_int_eq(user, 35436);
    answer = json("{'user':{'id':null,'name':'Anonymous user'}}");
    ck_assert(!zendesk_read_me(reader, answer, strlen(answer), &user, error, sizeof(error)));
    ck_assert_str_eq(error, "user.id is missing");
}
END_TEST

#define NOON INT64_C(1795435200000)
#define SUSPENDED(ticket, time, author)                                                                      \
    "{'id':1,'ticket_id':" ticket ",'created_at':'2026-11-23T" time "Z','author':" author ",'cause':'x'}"

START_TEST(test_the_newest_suspended_reply_to_a_ticket_is_found)
{
    int64_t newest_ms = -1;
    char author[40];
    const char *answer =
        json("{'suspended_tickets':["                                                    /* newest first */
             SUSPENDED("null", "12:09:00", "{'name':'No'}") ","                          /* of no ticket */
             SUSPENDED("12", "12:08:00", "{'name':'No'}") ","                            /* of another */
             SUSPENDED("4711", "12:02:00", "{'id':null,'name':'Cus','email':'c@x'}") "," /* the one */
             SUSPENDED("4711", "12:01:00", "{'name':'Older'}") "]}");
    ck_assert(zendesk_read_suspended(reader, answer, strlen(answer), 4711, NOON, &newest_ms, author,
                                     sizeof(author)));
    ck_assert_int_eq(newest_ms, NOON + 120000);
    ck_assert_str_eq(author, "Cus");
    ck_assert(zendesk_read_suspended(reader, answer, strlen(answer), 4711, NOON + 120000, &newest_ms, author,
                                     sizeof(author)));
    ck_assert_int_eq(newest_ms, 0);
    ck_assert_str_eq(author, "");
    answer = json("{'suspended_tickets':[" SUSPENDED("4711", "12:02:00", "{'name':null,'email':'c@x'}") "]}");
    ck_assert(zendesk_read_suspended(reader, answer, strlen(answer), 4711, NOON, &newest_ms, author,
                                     sizeof(author)));
    ck_assert_str_eq(author, "c@x");
    ck_assert(!zendesk_read_suspended(reader, "{}", 2, 4711, NOON, &newest_ms, author, sizeof(author)));
}
END_TEST

START_TEST(test_a_token_is_good_for_as_long_as_it_says)
{
    char token[20];
    int64_t valid_ms = 0;
    const char *answer =
        json("{'access_token':'abc','token_type':'bearer','scope':'read write','expires_in':7200}");
    ck_assert(zendesk_read_token(reader, answer, strlen(answer), token, sizeof(token), &valid_ms, error,
                                 sizeof(error)));
    ck_assert_str_eq(token, "abc");
    ck_assert_int_eq(valid_ms, 7200000);
    answer = json("{'access_token':'abc','expires_in':null}");
    ck_assert(zendesk_read_token(reader, answer, strlen(answer), token, sizeof(token), &valid_ms, error,
                                 sizeof(error)));
    ck_assert_int_eq(valid_ms, 3600000);
    ck_assert(!zendesk_read_token(reader, "{}", 2, token, sizeof(token), &valid_ms, error, sizeof(error)));
    ck_assert_str_eq(error, "access_token is missing");
    answer = json("{'access_token':'a token that does not fit'}");
    ck_assert(!zendesk_read_token(reader, answer, strlen(answer), token, sizeof(token), &valid_ms, error,
                                  sizeof(error)));
    ck_assert_str_eq(error, "access_token is longer than 19 bytes");
}
END_TEST

Suite *zendesk_answers_suite(void)
{
    Suite *suite = suite_create("zendesk_answers");
    TCase *tickets = tcase_create("tickets");
    tcase_add_checked_fixture(tickets, begin, end);
    tcase_add_test(tickets, test_a_ticket_is_read_with_all_that_is_needed);
    tcase_add_test(tickets, test_odd_tickets_are_read_too);
    tcase_add_test(tickets, test_a_tickets_missing_field_is_named);
    tcase_add_test(tickets, test_many_tickets_are_told_one_by_one);
    tcase_add_test(tickets, test_a_search_tells_tickets_only_and_whether_there_are_more);
    tcase_add_test(tickets, test_a_bad_ticket_hides_no_other);
    tcase_add_test(tickets, test_what_opens_an_emergency_is_a_setting);
    suite_add_tcase(suite, tickets);
    TCase *comments = tcase_create("comments");
    tcase_add_checked_fixture(comments, begin, end);
    tcase_add_test(comments, test_comments_come_oldest_first_with_their_authors);
    tcase_add_test(comments, test_a_requester_needs_no_entry_among_the_users);
    tcase_add_test(comments, test_staff_that_asks_is_told_apart);
    tcase_add_test(comments, test_the_description_is_nobodys_answer);
    tcase_add_test(comments, test_merges_are_told_apart);
    tcase_add_test(comments, test_a_comment_becomes_an_event);
    tcase_add_test(comments, test_a_comments_missing_field_is_named_and_none_is_told);
    suite_add_tcase(suite, comments);
    TCase *rest = tcase_create("the rest");
    tcase_add_checked_fixture(rest, begin, end);
    tcase_add_test(rest, test_nobody_is_not_ourselves);
    tcase_add_test(rest, test_the_newest_suspended_reply_to_a_ticket_is_found);
    tcase_add_test(rest, test_a_token_is_good_for_as_long_as_it_says);
    suite_add_tcase(suite, rest);
    return suite;
}
