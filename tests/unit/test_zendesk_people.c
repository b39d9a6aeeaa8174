/*
 * Zendesk's answers about people: an organisation and its account manager, the user of an address, a
 * customer's time zone; and the text of a macro. What is missing is named.
 */

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "lib/json_fields.h"
#include "lib/services/zendesk.h"
#include "tests/unit/json_text.h"
#include "tests/unit/suites.h"

static struct config config;
static struct json_reader *reader;
static char error[200];

static void begin(void)
{
    config = (struct config){0};
    reader = json_reader_new();
    ck_assert_ptr_nonnull(reader);
    error[0] = '\0';
}

static void end(void)
{
    json_reader_free(reader);
}

/* ---- organisations ------------------------------------------------------------------------------------- */

/* The shape of "Show Organization" in Zendesk's documentation. */
#define ORGANIZATION                                                                                         \
    "{'organization':{'created_at':'2018-11-14T00:14:52Z','details':'caterpillar =)','domain_names':"        \
    "['remain.com'],'external_id':'ABC198','group_id':1835962,'id':4112492,'name':'Groablet Enterprises',"   \
    "'notes':'donkey','organization_fields':{'am':'other@example.com','account.manager':'x@example.com',"    \
    "'datepudding':'2018-11-04T00:00:00+00:00','org_field_1':'happy happy','number':12.5,'yes':true,"        \
    "'nothing':null,'tam_email':'tam@example.com'},'shared_comments':false,'shared_tickets':false,"          \
    "'tags':['smiley','teeth'],'updated_at':'2018-11-14T00:54:22Z',"                                         \
    "'url':'https://example.zendesk.com/api/v2/organizations/4112492.json'}}"

static const char *tam_of(const char *from, const char *to)
{
    static struct ticket_facts facts;
    const char *answer = json_changed(ORGANIZATION, from, to);
    facts = (struct ticket_facts){.tam = "old@example.com"};
    ck_assert_msg(
        zendesk_read_organization(&config, reader, answer, strlen(answer), &facts, error, sizeof(error)),
        "%s", error);
    ck_assert_str_eq(facts.organization, "Groablet Enterprises");
    ck_assert(facts.tam_known);
    ck_assert(!facts.known);
    return facts.tam;
}

START_TEST(test_an_organization_tells_its_account_manager)
{
    static const char *const keys[] = {"number", "yes", "nothing", "org_field_1", "name", "id", "am2"};
    ck_assert_str_eq(tam_of(NULL, NULL), "");
    config.zendesk.tam_field = (char *)"tam_email";
    ck_assert_str_eq(tam_of(NULL, NULL), "tam@example.com");
    config.zendesk.tam_field = (char *)"account.manager";
    ck_assert_str_eq(tam_of(NULL, NULL), "x@example.com");
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        config.zendesk.tam_field = (char *)keys[i];
        ck_assert_msg(!*tam_of(NULL, NULL), "%s", keys[i]);
    }
}
END_TEST

START_TEST(test_an_account_manager_is_an_address_and_nothing_else)
{
    static const char *const none[] = {"''",
                                       "' '",
                                       "'@'",
                                       "'tam@'",
                                       "'@example.com'",
                                       "'tam'",
                                       "'a@b@c'",
                                       "'Tam <tam@example.com>'",
                                       "'a@b, c@d'",
                                       "{'x':'tam@example.com'}"};
    char longest[120];
    config.zendesk.tam_field = (char *)"tam_email";
    ck_assert_str_eq(tam_of("'tam@example.com'", "' \\ttam@example.com\\r\\n'"), "tam@example.com");
    for (size_t i = 0; i < COUNT_OF(none); i++)
        ck_assert_msg(!*tam_of("'tam@example.com'", none[i]), "%s", none[i]);
    snprintf(longest, sizeof(longest), "'%0*d@example.com'", 95 - (int)strlen("@example.com"), 0);
    ck_assert_uint_eq(strlen(tam_of("'tam@example.com'", longest)), 95);
    snprintf(longest, sizeof(longest), "'%0*d@example.com'", 96 - (int)strlen("@example.com"), 0);
    ck_assert_str_eq(tam_of("'tam@example.com'", longest), "");
    ck_assert_str_eq(tam_of("'organization_fields':{", "'organization_fields':null,'x':{"), "");
}
END_TEST

START_TEST(test_an_organization_without_a_name_is_refused)
{
    struct ticket_facts facts = {.organization = "Acme", .tam_known = true};
    ck_assert(!zendesk_read_organization(&config, reader, "{}", 2, &facts, error, sizeof(error)));
    ck_assert_str_eq(error, "organization.name is missing");
    ck_assert(!facts.tam_known);
    ck_assert_str_eq(facts.organization, "Acme");
    ck_assert(!zendesk_read_organization(&config, reader, "<", 1, &facts, error, sizeof(error)));
}
END_TEST

/* ---- users --------------------------------------------------------------------------------------------- */

/* The shape of a user in Zendesk's documentation. */
#define USER(id, role, email, more)                                                                          \
    "{'active':true,'alias':'Mr. Johnny','created_at':'2009-07-20T22:55:29Z','custom_role_id':9373643,"      \
    "'default_group_id':null,'details':'','email':'" email "','external_id':'sai989sur98w9'," more           \
    "'id':" id ",'last_login_at':'2011-05-05T10:38:52Z','locale':'en-US','locale_id':1,'moderator':true,"    \
    "'name':'Johnny Agent','notes':'','only_private_comments':false,'organization_id':57542,'phone':null,"   \
    "'photo':{'content_type':'image/png','id':928374,'size':166144},'restricted_agent':true,'role':'" role   \
    "','shared':false,'signature':'Have a nice day','suspended':false,'tags':['enterprise'],"                \
    "'ticket_restriction':'assigned','time_zone':'Copenhagen','two_factor_auth_enabled':null,"               \
    "'updated_at':'2011-05-05T10:38:52Z','user_fields':{'user_date':'2012-07-23T00:00:00Z'},"                \
    "'verified':true}"
#define COMMENTS                                                                                                                                               \
    "{'comments':[{'id':35436,'author_id':35436,'body':'x'}],'users':[" USER("1", "agent", "a@example.com", "'iana_time_zone':'Europe/Copenhagen',") "," USER( \
        "35436", "end-user", "b@example.com",                                                                                                                  \
        "'iana_time_zone':'America/Port-au-Prince',") "," USER("3", "end-user", "c@example.com",                                                               \
                                                               "") "," USER("4", "end-user",                                                                   \
                                                                            "d@example.com",                                                                   \
                                                                            "'iana_time_zone':null,") "],'"                                                    \
                                                                                                      "meta"                                                   \
                                                                                                      "':{'"                                                   \
                                                                                                      "has_"                                                   \
                                                                                                      "more"                                                   \
                                                                                                      "':"                                                     \
                                                                                                      "fals"                                                   \
                                                                                                      "e}}"

static const char *zone_of(int64_t user, const char *from, const char *to)
{
    static char zone[32];
    const char *answer = json_changed(COMMENTS, from, to);
    snprintf(zone, sizeof(zone), "old");
    zendesk_read_zone(reader, answer, strlen(answer), user, zone, sizeof(zone));
    return zone;
}

START_TEST(test_a_customers_time_zone_comes_with_the_comments)
{
    ck_assert_str_eq(zone_of(35436, NULL, NULL), "America/Port-au-Prince");
    ck_assert_str_eq(zone_of(1, NULL, NULL), "Europe/Copenhagen");
    ck_assert_str_eq(zone_of(3, NULL, NULL), "");
    ck_assert_str_eq(zone_of(4, NULL, NULL), "");
    ck_assert_str_eq(zone_of(5, NULL, NULL), "");
    ck_assert_str_eq(zone_of(0, "'id':1,", "'id':null,"), "");
    ck_assert_str_eq(zone_of(1, "'users'", "'people'"), "");
    ck_assert_str_eq(zone_of(1, "'meta':{", "'meta':"), "");
}
END_TEST

START_TEST(test_only_a_plain_name_is_a_time_zone)
{
    static const char *const plain[] = {"'Etc/GMT+8'", "'UTC'", "'America/North_Dakota/Beulah'", "'EST5EDT'"};
    static const char *const none[] = {"''",
                                       "12",
                                       "'/etc/passwd'",
                                       "'../../etc/passwd'",
                                       "'Europe/../x'",
                                       "'+02:00'",
                                       "'-02'",
                                       "'<x>'",
                                       "'Europe/ Rome'",
                                       "'Europe/R\u00f6m'",
                                       "'America/Argentina/ComodRivadavia'"};
    char wanted[40];
    for (size_t i = 0; i < COUNT_OF(plain); i++) {
        snprintf(wanted, sizeof(wanted), "%.*s", (int)strlen(plain[i]) - 2, plain[i] + 1);
        ck_assert_str_eq(zone_of(1, "'Europe/Copenhagen'", plain[i]), wanted);
    }
    for (size_t i = 0; i < COUNT_OF(none); i++)
        ck_assert_msg(!*zone_of(1, "'Europe/Copenhagen'", none[i]), "%s", none[i]);
}
END_TEST

static bool find_user(const char *text, const char *from, const char *to, const char *email,
                      struct zendesk_found_user *user)
{
    const char *answer = json_changed(text, from, to);
    return zendesk_read_found_user(reader, answer, strlen(answer), email, user, error, sizeof(error));
}

START_TEST(test_the_user_of_an_address_is_found)
{
    static const char users[] = "{'users':[" USER("1", "agent", "johnny@example.com.org", "") "," USER(
        "35436", "end-user", "Johnny@Example.com",
        "") "," USER("3", "admin", "other@example.com",
                     "") "],'next_page':null,'previous_page':null,'count':3}";
    static const struct {
        const char *role;
        bool is_staff;
    } roles[] = {
        {"'end-user'", false}, {"'agent'", true}, {"'admin'", true}, {"null", false}, {"'x'", false}};
    struct zendesk_found_user user = {.id = 9};
    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        ck_assert_msg(find_user(users, "'end-user'", roles[i].role, "johnny@EXAMPLE.com", &user), "%s",
                      error);
        ck_assert_int_eq(user.id, 35436);
        ck_assert_int_eq(user.organization_id, 57542);
        ck_assert_str_eq(user.name, "Johnny Agent");
        ck_assert_msg(user.is_staff == roles[i].is_staff, "%s", roles[i].role);
    }
    ck_assert(find_user(users, NULL, NULL, "ohnny@example.com", &user));
    ck_assert_int_eq(user.id, 0);
    ck_assert(!user.is_staff);
    ck_assert(find_user("{'users':[],'count':0}", NULL, NULL, "johnny@example.com", &user));
    ck_assert_int_eq(user.id, 0);
    ck_assert(find_user("{'users':[{'id':1,'email':null}]}", NULL, NULL, "johnny@example.com", &user));
    ck_assert_int_eq(user.id, 0);
}
END_TEST

START_TEST(test_a_found_users_missing_field_is_named)
{
    struct zendesk_found_user user;
    ck_assert(!find_user("{}", NULL, NULL, "a@b", &user));
    ck_assert_str_eq(error, "users is missing");
    ck_assert(!find_user("{'users':[{'email':'a@b'}]}", NULL, NULL, "a@b", &user));
    ck_assert_str_eq(error, "users[].id is missing");
    ck_assert(!find_user("{", NULL, NULL, "a@b", &user));
}
END_TEST

/* ---- macros -------------------------------------------------------------------------------------------- */

/* The shape of "Show Ticket After Changes" in Zendesk's documentation. */
#define MACRO(comment)                                                                                       \
    "{'result':{'ticket':{'assignee_id':235323," comment                                                     \
    "'fields':{'id':27642,'value':'745'},'group_id':98738}}}"
#define BODY                  "'body':'Assigned to Agent Uno.',"
#define COMMENT(body, scoped) "'comment':{" body "'public':false,'scoped_body':" scoped "},"
#define SCOPED                "[['channel:all','Assigned to all.']]"

static char text[40];

static const char *macro(const char *answer)
{
    answer = json(answer);
    snprintf(text, sizeof(text), "old");
    ck_assert_msg(
        zendesk_read_macro(reader, answer, strlen(answer), text, sizeof(text), error, sizeof(error)), "%s",
        error);
    return text;
}

START_TEST(test_a_macros_text_is_its_body)
{
    ck_assert_str_eq(macro(MACRO(COMMENT(BODY, SCOPED))), "Assigned to Agent Uno.");
    ck_assert_str_eq(macro(MACRO(COMMENT("'body':'\\nA <b>\\nB &amp; \\n','html_body':'<p>x</p>',", "[]"))),
                     "A <b>\nB &amp;");
    ck_assert_str_eq(macro(MACRO("'comment':null,")), "");
    ck_assert_str_eq(macro(MACRO("")), "");
    ck_assert_str_eq(macro(MACRO(COMMENT("'body':'',", "[]"))), "");
    ck_assert_str_eq(
        macro(MACRO(COMMENT("'body':'A text that is longer than there is room f\u00fcr it.',", "[]"))),
        "A text that is longer than there is roo");
}
END_TEST

START_TEST(test_without_a_body_it_is_the_html_without_its_tags)
{
    static const struct {
        const char *html, *plain;
    } cases[] = {
        {"<p>Hello&nbsp;<b class=\\'x\\'>you</b>,</p>\\n<p>bye</p>", "Hello you,\nbye"},
        {"A<br>B<br/>C<BR />D", "A\nB\nC\nD"},
        {"<div>A</div><ul><li>1</li><li>2</li></ul>", "A\n1\n2"},
        {"1 < 2 <3 &lt;b&gt; &amp;amp; &quot;&#39;", "1 < 2 <3 <b> &amp; \"'"},
        {"&eacute; & a<b", "&eacute; & a<b"},
        {"A<!-- no -->B<bro>C<pre>D</pre>", "ABCD"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char comment[300];
        snprintf(comment, sizeof(comment),
                 "{'result':{'ticket':{'comment':{'body':null,'html_body':'%s','public':true}}}}",
                 cases[i].html);
        ck_assert_str_eq(macro(comment), cases[i].plain);
    }
}
END_TEST

START_TEST(test_without_either_it_is_the_text_for_all_channels)
{
    ck_assert_str_eq(macro(MACRO(COMMENT("", SCOPED))), "Assigned to all.");
    ck_assert_str_eq(macro(MACRO(COMMENT("'body':'','html_body':'<p>H</p>',", SCOPED))), "H");
    ck_assert_str_eq(macro(MACRO(COMMENT("'body':' ','html_body':'<p></p>',", SCOPED))), "Assigned to all.");
    ck_assert_str_eq(macro(MACRO(COMMENT("", "[['channel:web','W'],['channel:all','A'],['channel:x','X']]"))),
                     "A");
    ck_assert_str_eq(macro(MACRO(COMMENT("", "[['channel:web','W'],['channel:x','X']]"))), "W");
    ck_assert_str_eq(macro(MACRO(COMMENT("", "null"))), "");
    ck_assert_str_eq(macro(MACRO(COMMENT("", "[]"))), "");
}
END_TEST

START_TEST(test_an_answer_that_is_no_macros_is_refused)
{
    static const char answer[] = "{\"result\":{}}";
    ck_assert(!zendesk_read_macro(reader, answer, strlen(answer), text, sizeof(text), error, sizeof(error)));
    ck_assert_str_eq(error, "result.ticket is missing");
    ck_assert(!zendesk_read_macro(reader, "<", 1, text, sizeof(text), error, sizeof(error)));
    ck_assert_str_eq(text, "");
}
END_TEST

Suite *zendesk_people_suite(void)
{
    Suite *suite = suite_create("zendesk_people");
    TCase *people = tcase_create("people");
    tcase_add_checked_fixture(people, begin, end);
    tcase_add_test(people, test_an_organization_tells_its_account_manager);
    tcase_add_test(people, test_an_account_manager_is_an_address_and_nothing_else);
    tcase_add_test(people, test_an_organization_without_a_name_is_refused);
    tcase_add_test(people, test_a_customers_time_zone_comes_with_the_comments);
    tcase_add_test(people, test_only_a_plain_name_is_a_time_zone);
    tcase_add_test(people, test_the_user_of_an_address_is_found);
    tcase_add_test(people, test_a_found_users_missing_field_is_named);
    suite_add_tcase(suite, people);
    TCase *macros = tcase_create("macros");
    tcase_add_checked_fixture(macros, begin, end);
    tcase_add_test(macros, test_a_macros_text_is_its_body);
    tcase_add_test(macros, test_without_a_body_it_is_the_html_without_its_tags);
    tcase_add_test(macros, test_without_either_it_is_the_text_for_all_channels);
    tcase_add_test(macros, test_an_answer_that_is_no_macros_is_refused);
    suite_add_tcase(suite, macros);
    return suite;
}
