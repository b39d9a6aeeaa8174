/*
 * PagerDuty's answers about people: to whom an incident is assigned and who acknowledged it, what is noted at
 * it, users, and whose turn it is in a schedule; what is missing is named.
 */

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "lib/json_fields.h"
#include "lib/services/pagerduty.h"
#include "tests/unit/json_text.h"
#include "tests/unit/suites.h"

static struct json_reader *reader;
static char error[200];
static char told[2000];

static void begin(void)
{
    reader = json_reader_new();
    ck_assert_ptr_nonnull(reader);
    error[0] = told[0] = '\0';
}

static void end(void)
{
    json_reader_free(reader);
}

#define REFERENCE(id, type, name)                                                                            \
    "{'id':'" id "','type':'" type "_reference','summary':'" name                                            \
    "','self':'https://api.pagerduty.com/" type "s/" id                                                      \
    "','html_url':'https://subdomain.pagerduty.com/" type "s/" id "'}"

/* ---- incidents ----------------------------------------------------------------------------------------- */

/* The shape of an incident in PagerDuty/api-schema. */
#define INCIDENT(id, status, by, assignments, acknowledgements)                                              \
    "{'id':'" id "','type':'incident','summary':'[#1234] The server is on fire.',"                           \
    "'self':'https://api.pagerduty.com/incidents/" id "',"                                                   \
    "'html_url':'https://subdomain.pagerduty.com/incidents/" id "','incident_number':1234,"                  \
    "'title':'The server is on fire.','created_at':'2015-10-06T21:30:42Z',"                                  \
    "'updated_at':'2015-10-06T21:40:23Z','status':'" status "',"                                             \
    "'incident_key':'baf7cf21b1da41b4b0221008339ff357','service':" REFERENCE(                                \
        "PWIXJZS", "service",                                                                                \
        "Mail") ",'assignments':[" assignments                                                               \
                "],'assigned_via':'escalation_policy','acknowledgements':[" acknowledgements                 \
                "],'last_status_change_at':'2015-10-06T21:38:23Z','last_status_change_by':" by               \
                ",'priority':null,'resolved_at':null,'alert_counts':{'all':2,'triggered':2,'resolved':0},"   \
                "'urgency':'high','pending_actions':[]}"
#define ASSIGNMENT(id, name) "{'at':'2015-11-10T00:31:52Z','assignee':" REFERENCE(id, "user", name) "}"
#define ACK(id, type, name)  "{'at':'2015-11-10T00:32:52Z','acknowledger':" REFERENCE(id, type, name) "}"
#define USER                 REFERENCE("PXPGF42", "user", "Earline Greenholt")
#define SERVICE              REFERENCE("PWIXJZS", "service", "Mail")

static bool read_incident(const char *text, struct event *event)
{
    const char *answer = json(text);
    return pagerduty_read_incident(reader, answer, strlen(answer), event, error, sizeof(error));
}

START_TEST(test_an_incident_says_whose_it_is_and_who_changed_it)
{
    struct event event;
    ck_assert_msg(read_incident("{'incident':" INCIDENT(
                                    "PT4KHLK", "triggered", USER,
                                    ASSIGNMENT("PONE", "Eng One") "," ASSIGNMENT("PTWO", "Eng Two"), "") "}",
                                &event),
                  "%s", error);
    ck_assert_str_eq(event.page.assignee, "PONE");
    ck_assert_str_eq(event.page.assignee_name, "Eng One");
    ck_assert_str_eq(event.page.agent, "PXPGF42");
    ck_assert_str_eq(event.by, "Earline Greenholt");
    ck_assert(event.page.by_person);
    ck_assert(read_incident("{'incident':" INCIDENT("PT4KHLK", "resolved", SERVICE, "", "") "}", &event));
    ck_assert_str_eq(event.page.assignee, "");
    ck_assert_str_eq(event.page.assignee_name, "");
    ck_assert_str_eq(event.page.agent, "");
    ck_assert_str_eq(event.by, "Mail");
    ck_assert(!event.page.by_person);
}
END_TEST

START_TEST(test_whoever_acknowledged_counts_where_no_person_changed_the_status)
{
    struct event event;
    ck_assert(read_incident(
        "{'incident':" INCIDENT("PT4KHLK", "acknowledged", SERVICE, ASSIGNMENT("PONE", "Eng One"),
                                ACK("PONE", "user", "Eng One") "," ACK("PTWO", "user", "Eng Two") "," ACK(
                                    "PWIXJZS", "integration", "Mail")) "}",
        &event));
    ck_assert_str_eq(event.page.agent, "PTWO");
    ck_assert_str_eq(event.by, "Eng Two");
    ck_assert(event.page.by_person);
    ck_assert(read_incident(
        "{'incident':" INCIDENT("PT4KHLK", "acknowledged", USER, "", ACK("PTWO", "user", "Eng Two")) "}",
        &event));
    ck_assert_str_eq(event.page.agent, "PXPGF42");
    ck_assert_str_eq(event.by, "Earline Greenholt");
    ck_assert(read_incident(
        "{'incident':" INCIDENT("PT4KHLK", "triggered", SERVICE, "", ACK("PTWO", "user", "Eng Two")) "}",
        &event));
    ck_assert_str_eq(event.page.agent, "");
    ck_assert(!event.page.by_person);
}
END_TEST

static bool find_incident(const char *text, struct event *event, bool *found)
{
    const char *answer = json(text);
    return pagerduty_read_found_incident(reader, answer, strlen(answer), found, event, error, sizeof(error));
}

START_TEST(test_people_stay_with_their_incident)
{
    struct event event;
    bool found = false;
    ck_assert_msg(find_incident("{'incidents':[" INCIDENT(
                                    "P1", "resolved", SERVICE, ASSIGNMENT("PONE", "Eng One"),
                                    ACK("PONE", "user",
                                        "Eng One")) "," INCIDENT("P2", "acknowledged", SERVICE, "",
                                                                 "") "],'limit':100,'offset':0,'more':false}",
                                &event, &found),
                  "%s", error);
    ck_assert(found);
    ck_assert_str_eq(event.page.incident, "P2");
    ck_assert_str_eq(event.page.assignee, "");
    ck_assert_str_eq(event.page.agent, "");
    ck_assert(find_incident("{'incidents':[" INCIDENT("P2", "resolved", SERVICE, "", "") "," INCIDENT(
                                "P1", "acknowledged", SERVICE, ASSIGNMENT("PONE", "Eng One"),
                                ACK("PTWO", "user", "Eng Two")) "]}",
                            &event, &found));
    ck_assert_str_eq(event.page.incident, "P1");
    ck_assert_str_eq(event.page.assignee, "PONE");
    ck_assert_str_eq(event.page.agent, "PTWO");
    ck_assert(find_incident(
        "{'incident':" INCIDENT("P3", "triggered", SERVICE, ASSIGNMENT("PTWO", "Eng Two"), "") "}", &event,
        &found));
    ck_assert(found);
    ck_assert_str_eq(event.page.assignee, "PTWO");
    ck_assert_str_eq(event.page.assignee_name, "Eng Two");
}
END_TEST

/* ---- notes --------------------------------------------------------------------------------------------- */

/* The shape of the notes in PagerDuty/api-schema. */
#define NOTE(id, content)                                                                                    \
    "{'id':'" id "','user':" USER ",'channel':{'id':'P1','summary':'The PagerDuty website or APIs'},"        \
    "'content':'" content "','created_at':'2015-10-06T21:30:42Z'}"

static bool is_noted(const char *text, const char *content)
{
    bool found = true;
    const char *answer = json(text);
    ck_assert_msg(pagerduty_read_notes(reader, answer, strlen(answer), content, &found, error, sizeof(error)),
                  "%s", error);
    return found;
}

START_TEST(test_a_note_is_found_to_the_letter_but_for_its_ends)
{
    static const char notes[] = "{'notes':[" NOTE("PWL7QXS", "Firefighters are on the scene.") "," NOTE(
        "P2", "  Taken by\\nEng One \\r\\n") "," NOTE("P3", "") "]}";
    ck_assert(is_noted(notes, "Firefighters are on the scene."));
    ck_assert(is_noted(notes, "\tFirefighters are on the scene.\n"));
    ck_assert(is_noted(notes, "Taken by\nEng One"));
    ck_assert(!is_noted(notes, "Firefighters are on the scene"));
    ck_assert(!is_noted(notes, "firefighters are on the scene."));
    ck_assert(!is_noted(notes, "Firefighters are on the scene. "
                               "Taken"));
    ck_assert(!is_noted(notes, "Taken by Eng One"));
    ck_assert(!is_noted("{'notes':[]}", "x"));
}
END_TEST

START_TEST(test_an_answer_without_notes_is_refused)
{
    bool found = true;
    ck_assert(!pagerduty_read_notes(reader, "{}", 2, "x", &found, error, sizeof(error)));
    ck_assert_str_eq(error, "notes is missing");
    ck_assert(!found);
    ck_assert(!pagerduty_read_notes(reader, "<", 1, "x", &found, error, sizeof(error)));
}
END_TEST

/* ---- users --------------------------------------------------------------------------------------------- */

/* The shape of a user in PagerDuty/api-schema. */
#define ACCOUNT(id, name, email)                                                                             \
    "{'id':'" id "','type':'user','summary':'" name "','self':'https://api.pagerduty.com/users/" id "',"     \
    "'html_url':'https://subdomain.pagerduty.com/users/" id "','name':'" name "','email':'" email "',"       \
    "'time_zone':'America/Lima','color':'green','role':'admin','avatar_url':'https://example.com/a.png',"    \
    "'description':'I am the boss','invitation_sent':false,'contact_methods':[{'id':'PTDVERC','type':"       \
    "'email_contact_method_reference','summary':'Default'}],'notification_rules':[],'job_title':'Boss',"     \
    "'teams':[{'id':'PQ9K7I8','type':'team_reference','summary':'Engineering'}]}"

static bool read_user(const char *text, const char *email, struct pagerduty_user *user)
{
    const char *answer = json(text);
    return pagerduty_read_user(reader, answer, strlen(answer), email, user, error, sizeof(error));
}

START_TEST(test_a_user_has_an_id_a_name_and_an_address)
{
    struct pagerduty_user user;
    ck_assert_msg(
        read_user("{'user':" ACCOUNT("PXPGF42", "Earline Greenholt", "e@example.com") "}", NULL, &user), "%s",
        error);
    ck_assert_str_eq(user.id, "PXPGF42");
    ck_assert_str_eq(user.name, "Earline Greenholt");
    ck_assert_str_eq(user.email, "e@example.com");
    ck_assert(read_user("{'user':" USER "}", "else@example.com", &user));
    ck_assert_str_eq(user.name, "Earline Greenholt");
    ck_assert_str_eq(user.email, "");
}
END_TEST

START_TEST(test_the_user_of_an_address_is_found)
{
    static const char users[] = "{'users':[" ACCOUNT("P1", "Eng One", "eng1@example.com.org") "," ACCOUNT(
        "P2", "eng1@example.com",
        "eng2@example.com") "," ACCOUNT("P3", "Eng One", "Eng1@Example.com") "],"
                                                                             "'limit':100,'offset':0,'total':"
                                                                             "null,'more':false}";
    struct pagerduty_user user = {.id = "x"};
    ck_assert_msg(read_user(users, "eng1@example.COM", &user), "%s", error);
    ck_assert_str_eq(user.id, "P3");
    ck_assert_str_eq(user.name, "Eng One");
    ck_assert_str_eq(user.email, "Eng1@Example.com");
    ck_assert(read_user(users, "eng@example.com", &user));
    ck_assert_str_eq(user.id, "");
    ck_assert(read_user("{'users':[]}", "eng@example.com", &user));
    ck_assert_str_eq(user.id, "");
    ck_assert(read_user("{'users':[{'id':'P1'}]}", NULL, &user));
    ck_assert_str_eq(user.id, "");
}
END_TEST

START_TEST(test_a_users_missing_field_is_named)
{
    struct pagerduty_user user;
    ck_assert(!read_user("{}", "a@b", &user));
    ck_assert_str_eq(error, "user and users are missing");
    ck_assert(!read_user("{'user':{'name':'x'}}", NULL, &user));
    ck_assert_str_eq(error, "user.id is missing");
    ck_assert(!read_user("{'users':[{'email':'a@b'}]}", "a@b", &user));
    ck_assert_str_eq(error, "users[].id is missing");
    ck_assert(!read_user("<html>", "a@b", &user));
}
END_TEST

/* ---- who is on call ------------------------------------------------------------------------------------ */

/* The shape of an entry in PagerDuty's documentation. */
#define ONCALL(schedule, user, start, end)                                                                   \
    "{'escalation_policy':" REFERENCE("PQ5P8WD", "escalation_policy",                                        \
                                      "Secret Service") ","                                                  \
                                                        "'escalation_level':1,'schedule':" schedule          \
                                                        ",'user':" user ",'start':" start ",'end':" end "}"
#define TEAM          "{'id':'P0W1433','type':'schedule_reference','summary':'Team schedule'}"
#define BOND          REFERENCE("PQ303VB", "user", "James Bond")
#define Q             ACCOUNT("PQUART", "Q", "q@example.com")
#define LIST(entries) "{'oncalls':[" entries "],'limit':100,'offset':0,'more':false,'total':null}"

static void tell(void *context, const struct pagerduty_oncall *oncall)
{
    char *out = context;
    const size_t used = strlen(out);
    snprintf(out + used, sizeof(told) - used, "%s %s %s<%s> %jd-%jd\n", oncall->schedule, oncall->user.id,
             oncall->user.name, oncall->user.email, (intmax_t)oncall->start_ms,
             oncall->end_ms == INT64_MAX ? (intmax_t)-1 : (intmax_t)oncall->end_ms);
}

static bool read_oncalls(const char *from, const char *to, const char *text, bool *more)
{
    const char *answer = json_changed(text, from, to);
    told[0] = '\0';
    return pagerduty_read_oncalls(reader, answer, strlen(answer), tell, told, more, error, sizeof(error));
}

START_TEST(test_each_turn_of_a_schedule_is_told_once)
{
    static const char oncalls[] = LIST(ONCALL("null", BOND, "null", "null") "," ONCALL(
        TEAM, BOND, "'2025-11-11T08:00:00Z'",
        "'2025-11-18T08:00:00Z'") "," ONCALL(TEAM, BOND, "'2025-11-11T00:00:00-08:00'",
                                             "'2025-11-18T08:00:00Z'") "," ONCALL(TEAM, Q,
                                                                                  "'2025-11-18T08:00:00Z'",
                                                                                  "null") "," ONCALL(TEAM, Q,
                                                                                                     "null",
                                                                                                     "'2025-"
                                                                                                     "11-"
                                                                                                     "11T08:"
                                                                                                     "00:"
                                                                                                     "00Z'"));
    bool more = true;
    ck_assert_msg(read_oncalls(NULL, NULL, oncalls, &more), "%s", error);
    ck_assert_str_eq(told, "P0W1433 PQ303VB James Bond<> 1762848000000-1763452800000\n"
                           "P0W1433 PQUART Q<q@example.com> 1763452800000--1\n"
                           "P0W1433 PQUART Q<q@example.com> 0-1762848000000\n");
    ck_assert(!more);
    ck_assert(read_oncalls("'more':false", "'more':true", oncalls, &more));
    ck_assert(more);
    ck_assert(read_oncalls(NULL, NULL, LIST(""), &more));
    ck_assert_str_eq(told, "");
}
END_TEST

START_TEST(test_turns_that_differ_in_anything_are_all_told)
{
    bool more;
    ck_assert(read_oncalls(
        NULL, NULL,
        LIST(ONCALL(TEAM, BOND, "null", "null") "," ONCALL("{'id':'P2'}", BOND, "null", "null") "," ONCALL(
            TEAM, Q, "null", "null") "," ONCALL(TEAM, BOND, "'1970-01-01T00:00:01Z'",
                                                "null") "," ONCALL(TEAM, BOND, "null",
                                                                   "'1970-01-01T00:00:02Z'")),
        &more));
    ck_assert_str_eq(told, "P0W1433 PQ303VB James Bond<> 0--1\nP2 PQ303VB James Bond<> 0--1\n"
                           "P0W1433 PQUART Q<q@example.com> 0--1\nP0W1433 PQ303VB James Bond<> 1000--1\n"
                           "P0W1433 PQ303VB James Bond<> 0-2000\n");
}
END_TEST

START_TEST(test_a_turns_missing_field_is_named_and_none_is_told)
{
    static const char oncalls[] =
        LIST(ONCALL(TEAM, Q, "null", "null") "," ONCALL(TEAM, BOND, "'2025-11-11T08:00:00Z'", "'soon'"));
    bool more = true;
    ck_assert(!read_oncalls(NULL, NULL, oncalls, &more));
    ck_assert_msg(strstr(error, "oncalls[].end is not a time"), "%s", error);
    ck_assert_str_eq(told, "");
    ck_assert(!more);
    ck_assert(!read_oncalls("'id':'PQUART'", "'id':null", oncalls, &more));
    ck_assert_str_eq(error, "oncalls[].user.id is missing");
    ck_assert(!read_oncalls("'start':null,", "", oncalls, &more));
    ck_assert_str_eq(error, "oncalls[].start is missing");
    ck_assert(!read_oncalls(NULL, NULL, "{'more':true}", &more));
    ck_assert_str_eq(error, "oncalls is missing");
    ck_assert(!more);
}
END_TEST

Suite *pagerduty_people_suite(void)
{
    Suite *suite = suite_create("pagerduty_people");
    TCase *incidents = tcase_create("incidents");
    tcase_add_checked_fixture(incidents, begin, end);
    tcase_add_test(incidents, test_an_incident_says_whose_it_is_and_who_changed_it);
    tcase_add_test(incidents, test_whoever_acknowledged_counts_where_no_person_changed_the_status);
    tcase_add_test(incidents, test_people_stay_with_their_incident);
    tcase_add_test(incidents, test_a_note_is_found_to_the_letter_but_for_its_ends);
    tcase_add_test(incidents, test_an_answer_without_notes_is_refused);
    suite_add_tcase(suite, incidents);
    TCase *users = tcase_create("users");
    tcase_add_checked_fixture(users, begin, end);
    tcase_add_test(users, test_a_user_has_an_id_a_name_and_an_address);
    tcase_add_test(users, test_the_user_of_an_address_is_found);
    tcase_add_test(users, test_a_users_missing_field_is_named);
    suite_add_tcase(suite, users);
    TCase *oncalls = tcase_create("oncalls");
    tcase_add_checked_fixture(oncalls, begin, end);
    tcase_add_test(oncalls, test_each_turn_of_a_schedule_is_told_once);
    tcase_add_test(oncalls, test_turns_that_differ_in_anything_are_all_told);
    tcase_add_test(oncalls, test_a_turns_missing_field_is_named_and_none_is_told);
    suite_add_tcase(suite, oncalls);
    return suite;
}
