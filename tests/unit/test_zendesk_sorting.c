/*
 * Where a ticket belongs: the first section whose match fits, by tag or form, and the incident it is part of;
 * alike for tickets read one by one or in lists, and for webhooks that tell both.
 */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json_fields.h"
#include "lib/services/zendesk.h"
#include "tests/unit/json_text.h"
#include "tests/unit/suites.h"

#define FORM INT64_C(8646151517822)
#define TAG(name)                                                                                            \
    {                                                                                                        \
        .kind = TICKET_MATCH_TAG, .tag = (char *)(name)                                                      \
    }
#define FORM_OF(id)                                                                                          \
    {                                                                                                        \
        .kind = TICKET_MATCH_FORM, .form_id = (id)                                                           \
    }

static struct config config;
static struct ticket_facts facts;

static void begin(void)
{
    config = (struct config){.channel_count = 4, .coverage_count = 2};
    config.channels[0] = (struct config_channel){.name = (char *)"dedicated", .match = TAG("dedicated")};
    config.channels[1] = (struct config_channel){.name = (char *)"saas", .match = FORM_OF(FORM)};
    config.channels[2] = (struct config_channel){.name = (char *)"a name of a product that is far too long",
                                                 .match = TAG("long")};
    config.channels[3] = (struct config_channel){.name = (char *)"other", .match = TAG("mobile")};
    config.coverages[0] = (struct config_coverage){.name = (char *)"us", .match = TAG("usfed")};
    config.coverages[1] = (struct config_coverage){.name = (char *)"apac", .match = FORM_OF(7)};
    config.policy.bulk_tag = (char *)"incident-*";
    facts = (struct ticket_facts){0};
}

/* TAGS: words with a blank behind each. */
static void sort(int64_t form_id, const char *tags)
{
    char *list[10];
    char text[400];
    size_t count = 0;
    snprintf(text, sizeof(text), "%s", tags);
    for (char *at = text, *end; (end = strchr(at, ' ')); at = end + 1) {
        *end = '\0';
        list[count++] = at;
    }
    facts.sorted = false;
    zendesk_sort_ticket(&config, form_id, list, count, &facts);
    ck_assert(facts.sorted);
}

START_TEST(test_the_first_section_that_fits_counts)
{
    sort(0, "login Mobile priority-support ");
    ck_assert_str_eq(facts.product, "other");
    ck_assert_str_eq(facts.coverage, "");
    ck_assert_str_eq(facts.bulk, "");
    sort(FORM, "mobile usfed ");
    ck_assert_str_eq(facts.product, "saas");
    ck_assert_str_eq(facts.coverage, "us");
    sort(FORM, "mobile dedicated ");
    ck_assert_str_eq(facts.product, "dedicated");
    ck_assert_str_eq(facts.coverage, "");
    sort(7, "mobile usfed ");
    ck_assert_str_eq(facts.coverage, "us");
    sort(7, "");
    ck_assert_str_eq(facts.coverage, "apac");
    ck_assert_str_eq(facts.product, "");
    sort(0, "long ");
    ck_assert_str_eq(facts.product, "a name of a product that is far");
    sort(0, "mobiles incident- ");
    ck_assert_str_eq(facts.product, "");
}
END_TEST

START_TEST(test_an_incident_is_the_first_tag_that_fits)
{
    sort(0, "acme incident-12 incident-13 ");
    ck_assert_str_eq(facts.bulk, "incident-12");
    sort(0, "acme no-incident-12 ");
    ck_assert_str_eq(facts.bulk, "");
    sort(0, "Incident-X ");
    ck_assert_str_eq(facts.bulk, "Incident-X");
    config.policy.bulk_tag = NULL;
    sort(0, "incident-12 ");
    ck_assert_str_eq(facts.bulk, "");
}
END_TEST

START_TEST(test_without_sections_all_is_the_default)
{
    config.channel_count = 0;
    config.coverage_count = 0;
    facts = (struct ticket_facts){.product = "x", .coverage = "x", .bulk = "x"};
    sort(FORM, "mobile usfed ");
    ck_assert_str_eq(facts.product, "");
    ck_assert_str_eq(facts.coverage, "");
    ck_assert_str_eq(facts.bulk, "");
}
END_TEST

/* ---- what does so by itself ---------------------------------------------------------------------------- */

/* The shape of "Show Ticket" in Zendesk's description of its Support API. */
#define TICKET(id, form, tags)                                                                               \
    "{'assignee_id':235323,'collaborator_ids':[35334,234],'created_at':'2009-07-20T22:55:29Z',"              \
    "'custom_fields':[{'id':27642,'value':'745'},{'id':27648,'value':'yes'}],'custom_status_id':123,"        \
    "'description':'The fire is very colorful.','due_at':null,'external_id':'ahg35h3jh','follower_ids':"     \
    "[35334,234],'from_messaging_channel':false,'group_id':98738,'has_incidents':false,'id':" id ","         \
    "'organization_id':509974,'priority':'urgent','problem_id':9873764,"                                     \
    "'raw_subject':'{{dc.printer_on_fire}}','recipient':'support@company.com','requester_id':20978392,"      \
    "'satisfaction_rating':{'comment':'Great support!','id':1234,'score':'good'},"                           \
    "'sharing_agreement_ids':[84432],'status':'open','subject':'Help, my printer is on fire!',"              \
    "'submitter_id':76872," tags "'ticket_form_id':" form ",'type':'incident',"                              \
    "'updated_at':'2011-05-05T10:38:52Z','via':{'channel':'web'}}"
#define TAGS "'tags':['mobile','usfed','incident-12'],"

static struct json_reader *reader;
static char error[200];
static char told[400];

static void begin_reading(void)
{
    begin();
    reader = json_reader_new();
    ck_assert_ptr_nonnull(reader);
}

static void end_reading(void)
{
    json_reader_free(reader);
}

static void read_ticket(const char *text)
{
    struct zendesk_ticket ticket;
    const char *answer = json(text);
    ck_assert_msg(zendesk_read_ticket(&config, reader, answer, strlen(answer), &ticket, error, sizeof(error)),
                  "%s", error);
    facts = ticket.facts;
    zendesk_ticket_free(&ticket);
}

START_TEST(test_a_ticket_that_is_read_is_sorted)
{
    read_ticket("{'ticket':" TICKET("35436", "null", TAGS) "}");
    ck_assert(facts.sorted);
    ck_assert_str_eq(facts.product, "other");
    ck_assert_str_eq(facts.coverage, "us");
    ck_assert_str_eq(facts.bulk, "incident-12");
    read_ticket("{'ticket':" TICKET("35436", "8646151517822", "'tags':[],") "}");
    ck_assert(facts.sorted);
    ck_assert_str_eq(facts.product, "saas");
    ck_assert_str_eq(facts.bulk, "");
    read_ticket("{'ticket':" TICKET("35436", "8646151517822", "") "}");
    ck_assert(facts.known);
    ck_assert(!facts.sorted);
    ck_assert_str_eq(facts.product, "");
}
END_TEST

static void tell(void *context, const struct zendesk_ticket *ticket)
{
    char *out = context;
    const size_t used = strlen(out);
    snprintf(out + used, sizeof(told) - used, "%d%s:%s:%s:%s ", (int)ticket->id,
             ticket->facts.sorted ? "" : "?", ticket->facts.product, ticket->facts.coverage,
             ticket->facts.bulk);
}

static void read_tickets(const char *text)
{
    const char *answer = json(text);
    told[0] = '\0';
    ck_assert_msg(
        zendesk_read_tickets(&config, reader, answer, strlen(answer), tell, told, NULL, error, sizeof(error)),
        "%s", error);
}

START_TEST(test_each_ticket_of_a_list_is_sorted)
{
    read_tickets("{'tickets':[" TICKET("1", "null", TAGS) "," TICKET("2", "7", "'tags':['dedicated'],") "]}");
    ck_assert_str_eq(told, "1:other:us:incident-12 2:dedicated:apac: ");
    read_tickets("{'results':[" TICKET("1", "7", "'tags':null,") "," TICKET("2", "null", TAGS) "],"
                                                                                               "'count':2}");
    ck_assert_str_eq(told, "1?::: 2:other:us:incident-12 ");
}
END_TEST

/* The shape of developer.zendesk.com's ticket events. */
#define EVENT_OF(type, more, event)                                                                          \
    "{'account_id':22129848,'detail':{'actor_id':'8447388090494','assignee_id':'8447388090494',"             \
    "'brand_id':'8447346621310','created_at':'2025-01-08T10:12:07Z','custom_status':'8447320465790',"        \
    "'description':'Login','external_id':null," more "'group_id':'8447320466430','id':'5158',"               \
    "'is_public':true,'organization_id':'8447346622462','priority':'URGENT',"                                \
    "'requester_id':'8447388090494','status':'OPEN','subject':'Cannot login',"                               \
    "'submitter_id':'8447388090494','type':'PROBLEM','updated_at':'2025-01-08T11:30:15Z',"                   \
    "'via':{'channel':'web_service'}},'event':" event ",'id':'b7c8d9e0-1f2a-3b4c-5d6e-7f8a9b0c1d2e',"        \
    "'subject':'zen:ticket:5158','time':'2025-01-08T11:30:15.456789012Z',"                                   \
    "'type':'zen:event-type:ticket." type "','zendesk_event_version':'2022-11-06'}"
#define ANY_FORM "'form_id':'8646151517800',"
#define COMMENT                                                                                              \
    "{'comment':{'id':'99','body':'x','is_public':true,'author':{'id':'12','is_staff':false,'name':'A'}}}"

static void receive(const char *text)
{
    const char *body = json(text);
    const struct webhook webhook = {.body = body, .length = strlen(body), .signature = "s"};
    struct receiver receiver;
    struct delivery delivery = {0};
    config.zendesk.webhook_secret = (char *)"secret";
    ck_assert(receiver_init(&receiver, &zendesk_service, &config));
    ck_assert_msg(zendesk_service.read_webhook(&receiver, reader, &webhook, &delivery), "%s", delivery.error);
    facts = delivery.event.ticket;
    free(delivery.comment_text);
    receiver_free(&receiver);
}

START_TEST(test_a_webhook_that_tells_tags_and_form_is_sorted)
{
    static const char *const bodies[] = {
        EVENT_OF("created", ANY_FORM TAGS, "{}"),
        EVENT_OF("tags_changed", ANY_FORM TAGS, "{'tags_added':['dedicated'],'tags_removed':['long']}"),
        EVENT_OF("comment_added", ANY_FORM TAGS, COMMENT),
        EVENT_OF("status_changed", "'form_id':null," TAGS, "{'current':'OPEN','previous':'NEW'}"),
    };
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        receive(bodies[i]);
        ck_assert_msg(facts.sorted, "%zu", i);
        ck_assert_str_eq(facts.product, "other");
        ck_assert_str_eq(facts.coverage, "us");
        ck_assert_str_eq(facts.bulk, "incident-12");
    }
    receive(EVENT_OF("created", "'form_id':'8646151517822','tags':[],", "{}"));
    ck_assert(facts.sorted);
    ck_assert_str_eq(facts.product, "saas");
    receive(EVENT_OF("created", "'form_id':8646151517822,'tags':[null,12,'usfed'],", "{}"));
    ck_assert_str_eq(facts.coverage, "us");
    config.policy.bulk_tag = (char *)"*";
    receive(EVENT_OF("created", "'form_id':8646151517822,'tags':[null,12,'usfed'],", "{}"));
    ck_assert_str_eq(facts.bulk, "usfed");
}
END_TEST

START_TEST(test_a_webhook_that_does_not_tell_both_is_not_sorted)
{
    static const char *const bodies[] = {
        EVENT_OF("created", ANY_FORM "'tags':null,", "{}"),
        EVENT_OF("created", ANY_FORM, "{}"),
        EVENT_OF("created", TAGS, "{}"),
        "{'type':'ticket.urgent','ticket':{'id':'4711'}}",
    };
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        receive(bodies[i]);
        ck_assert_msg(!facts.sorted, "%zu", i);
        ck_assert_str_eq(facts.product, "");
        ck_assert_str_eq(facts.coverage, "");
        ck_assert_str_eq(facts.bulk, "");
    }
}
END_TEST

Suite *zendesk_sorting_suite(void)
{
    Suite *suite = suite_create("zendesk_sorting");
    TCase *sorting = tcase_create("sorting");
    tcase_add_checked_fixture(sorting, begin, NULL);
    tcase_add_test(sorting, test_the_first_section_that_fits_counts);
    tcase_add_test(sorting, test_an_incident_is_the_first_tag_that_fits);
    tcase_add_test(sorting, test_without_sections_all_is_the_default);
    suite_add_tcase(suite, sorting);
    TCase *reading = tcase_create("reading");
    tcase_add_checked_fixture(reading, begin_reading, end_reading);
    tcase_add_test(reading, test_a_ticket_that_is_read_is_sorted);
    tcase_add_test(reading, test_each_ticket_of_a_list_is_sorted);
    tcase_add_test(reading, test_a_webhook_that_tells_tags_and_form_is_sorted);
    tcase_add_test(reading, test_a_webhook_that_does_not_tell_both_is_not_sorted);
    suite_add_tcase(suite, reading);
    return suite;
}
