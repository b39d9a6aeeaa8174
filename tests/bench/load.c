/* Texts of webhooks. What must not happen ends the program. */
#include "tests/bench/load.h"

#include "lib/text.h"
#include "lib/timestamp.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUESTER    INT64_C(8447388090499)
#define ORGANIZATION INT64_C(8447000000000)
#define STRIDE       7
#define TEAM         7   /* engineers */
#define TEAM_OF      100 /* for so many emergencies */
#define TAKEN_EVERY  8   /* acknowledgements */

/* ' stands for ". */
static const char incident_body[] =
    "{'event':{'id':'%s','event_type':'incident.%s',"
    "'resource_type':'incident','occurred_at':'%s','agent':{'html_url':"
    "'https://acme.pagerduty.com/users/P%06d','id':'P%06d','self':"
    "'https://api.pagerduty.com/users/P%06d','summary':'Engineer %d','type':'user_reference'},"
    "'client':{'name':'PagerDuty','url':'https://acme.pagerduty.com'},'data':{'id':'Q%013" PRIX64
    "','type':'incident','self':'https://api.pagerduty.com/incidents/Q%013" PRIX64 "','html_url':"
    "'https://acme.pagerduty.com/incidents/Q%013" PRIX64 "','number':%" PRId64 ",'status':'%s',"
    "'incident_key':'d3640fbd41094207a1c11e58e46b1662','created_at':'2026-11-23T15:16:27Z','reopened_at':"
    "null,'title':'Emergency ticket #%" PRId64 ": production is down for all users since the upgrade, the "
    "migration of the database stopped half-way and the pods restart again and again (Acme, priority "
    "support, self-managed, reference architecture for 10,000 users; backup of the night before is good, "
    "a second site is on stand-by, and their own people have been looking at it since six in the "
    "morning)','service':{'html_url':"
    "'https://acme.pagerduty.com/services/PF9KMXH','id':'PF9KMXH','self':"
    "'https://api.pagerduty.com/services/PF9KMXH','summary':'Customer emergencies, self-managed','type':"
    "'service_reference'},'assignees':[{'html_url':'https://acme.pagerduty.com/users/PTUXL6G','id':"
    "'PTUXL6G','self':'https://api.pagerduty.com/users/PTUXL6G','summary':'Engineer on call','type':"
    "'user_reference'},{'html_url':'https://acme.pagerduty.com/users/PUV8K2D','id':'PUV8K2D','self':"
    "'https://api.pagerduty.com/users/PUV8K2D','summary':'Engineer on call, second','type':"
    "'user_reference'},{'html_url':'https://acme.pagerduty.com/users/PN31XQA','id':'PN31XQA','self':"
    "'https://api.pagerduty.com/users/PN31XQA','summary':'Manager on "
    "call','type':'user_reference'}],'escalation_policy':{'html_url':"
    "'https://acme.pagerduty.com/escalation_policies/PUS0KTE','id':'PUS0KTE','self':"
    "'https://api.pagerduty.com/escalation_policies/PUS0KTE','summary':'Emergencies, follow the sun','type':"
    "'escalation_policy_reference'},'teams':[{'html_url':'https://acme.pagerduty.com/teams/PFCVPS0','id':"
    "'PFCVPS0','self':'https://api.pagerduty.com/teams/PFCVPS0','summary':'Support Engineering, EMEA',"
    "'type':'team_reference'},{'html_url':'https://acme.pagerduty.com/teams/PQ4TR7M','id':'PQ4TR7M','self':"
    "'https://api.pagerduty.com/teams/PQ4TR7M','summary':'Support Engineering, AMER','type':"
    "'team_reference'},{'html_url':'https://acme.pagerduty.com/teams/PB9Z2LC','id':'PB9Z2LC','self':"
    "'https://api.pagerduty.com/teams/PB9Z2LC','summary':'Support Engineering, APAC','type':"
    "'team_reference'}],'priority':{'html_url':'https://acme.pagerduty.com/account/incident_priorities',"
    "'id':'PSO75BM','self':'https://api.pagerduty.com/priorities/PSO75BM','summary':'P1','type':"
    "'priority_reference'},'urgency':'high','conference_bridge':{'conference_number':"
    "'+1 1234123412,,987654321#','conference_url':'https://example.com/j/98765432100'},'resolve_reason':"
    "null,'incident_type':{'name':'incident_default'}}}}";

static const char note_body[] =
    "{'event':{'id':'%s','event_type':'incident.annotated',"
    "'resource_type':'incident','occurred_at':'%s','agent':{'html_url':"
    "'https://acme.pagerduty.com/users/P%06d','id':'P%06d','self':"
    "'https://api.pagerduty.com/users/P%06d','summary':'Engineer %d','type':'user_reference'},"
    "'client':null,'data':{'incident':{'html_url':'https://acme.pagerduty.com/incidents/Q%013" PRIX64
    "','id':'Q%013" PRIX64 "','self':'https://api.pagerduty.com/incidents/Q%013" PRIX64 "','summary':"
    "'Disk usage above 80 %% on runner manager 12','type':'incident_reference'},'id':'P%013" PRIX64
    "','content':'Cleaned the cache of the runner; it is at 54 %% now and the alert will resolve by "
    "itself.','trimmed':false,'type':'incident_note'}}}";

static const char ticket_body[] =
    "{'account_id':22129848,'detail':{'actor_id':'8447388090494','assignee_id':'8447388090494','brand_id':"
    "'8447346621310','created_at':'2026-11-23T10:12:07Z','custom_status':'8447320465790','description':"
    "'Production is down for all our users since the upgrade of this morning. The migration of the database "
    "stopped half-way, the pods restart again and again, and we can not go back to the version before. "
    "Please help us as soon as possible: 4,000 people can not work.','external_id':null,'form_id':"
    "'8646151517822','group_id':'8447320466430','id':'%" PRId64 "','is_public':true,'organization_id':"
    "'%" PRId64 "','priority':'URGENT','requester_id':'8447388090499','status':'%s','subject':"
    "'Production is down since the upgrade','submitter_id':'8447388090499','tags':['emergency',"
    "'self_managed','priority_support'],'type':'PROBLEM','updated_at':'2026-11-23T11:30:15Z','via':"
    "{'channel':'web_service'}},'event':%s,'id':'%016" PRIx64 "-4b4c-8d6e-7f8a9b0c1d2e','subject':"
    "'zen:ticket:%" PRId64 "','time':'%s','type':'zen:event-type:ticket.%s','zendesk_event_version':"
    "'2022-11-06'}";

void demand(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "%s: %s (%s)\n", program_invocation_short_name, what, strerror(errno));
    exit(EXIT_FAILURE);
}

uint64_t load_scramble(uint64_t number)
{
    number *= UINT64_C(0x9E3779B97F4A7C15);
    number = (number ^ number >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    number = (number ^ number >> 27) * UINT64_C(0x94D049BB133111EB);
    return number ^ number >> 31;
}

int64_t load_spread(int64_t i, int64_t count)
{
    return count % STRIDE > 0 ? i * STRIDE % count : i % count;
}

/* Each emergency has its engineer, and now and then another one takes it. */
static int engineer_of(const struct load *load, int64_t emergency)
{
    uint64_t chance = load_scramble(load->serial);
    int64_t other = chance % TAKEN_EVERY == 0 ? (int64_t)(chance >> 32) : 0;
    return (int)(emergency / TEAM_OF * TEAM % 1000000 + (emergency + other) % TEAM);
}

#define ID_SIZE 27

/* As PagerDuty's are: the time, then chance, in Crockford's alphabet. */
static const char *event_id(const struct load *load, const char *at, char id[ID_SIZE])
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint64_t chance = load_scramble(load->serial);
    int64_t at_ms = 0;
    int resolution_ms;
    if (!timestamp_parse(at, &at_ms, &resolution_ms))
        at_ms = 0;
    for (int i = 0; i < ID_SIZE - 1; i++)
        id[i] = digits[(i < 10 ? (uint64_t)at_ms >> (45 - 5 * i) : chance >> (i - 10) * 4) & 31];
    id[ID_SIZE - 1] = '\0';
    return id;
}

static void write_page(struct load *load, const char *type, const char *status, int64_t emergency,
                       const char *at, struct load_webhook *webhook)
{
    int engineer = engineer_of(load, emergency);
    uint64_t incident = load_scramble((uint64_t)emergency) >> 12;
    char id[ID_SIZE];
    webhook->service = &pagerduty_service;
    snprintf(webhook->body, sizeof webhook->body, incident_body, event_id(load, at, id), type, at, engineer,
             engineer, engineer, engineer, incident, incident, incident, emergency, status,
             LOAD_FIRST_TICKET + emergency);
}

static void write_note(struct load *load, const char *at, struct load_webhook *webhook)
{
    int engineer = engineer_of(load, 0);
    uint64_t incident = load_scramble(~load->serial) >> 12;
    char id[ID_SIZE];
    webhook->service = &pagerduty_service;
    snprintf(webhook->body, sizeof webhook->body, note_body, event_id(load, at, id), at, engineer, engineer,
             engineer, engineer, incident, incident, incident, incident);
}

static void write_ticket(struct load *load, const char *type, const char *event, const char *status,
                         int64_t emergency, const char *at, struct load_webhook *webhook)
{
    int64_t ticket = LOAD_FIRST_TICKET + emergency;
    webhook->service = &zendesk_service;
    snprintf(webhook->body, sizeof webhook->body, ticket_body, ticket, ORGANIZATION + emergency, status,
             event, load_scramble(load->serial), ticket, at, type);
}

static void write_comment(struct load *load, bool by_staff, int64_t emergency, const char *at,
                          struct load_webhook *webhook)
{
    char event[800];
    snprintf(event, sizeof event,
             "{'comment':{'id':'%" PRIu64 "','body':'We are looking into it, number %" PRIu64
             ". Please join the call: https://example.com/j/98765432100, and have the output of the last "
             "upgrade and the logs of the pods at hand.','html_body':'<div class=\\'zd-comment\\'>We are "
             "looking into it. Please join the call.</div>','is_public':true,"
             "'author':{'id':'%" PRId64 "','is_staff':%s,'name':'%s'}}}",
             load->serial, load->serial, by_staff ? REQUESTER + 5 : REQUESTER, by_staff ? "true" : "false",
             by_staff ? "Engineer One" : "Cus Tomer");
    write_ticket(load, "comment_added", event, "OPEN", emergency, at, webhook);
}

static void write_status(struct load *load, int64_t emergency, const char *at, struct load_webhook *webhook)
{
    if (load_scramble(load->serial) & 1)
        write_ticket(load, "status_changed", "{'current':'PENDING','previous':'OPEN'}", "PENDING", emergency,
                     at, webhook);
    else
        write_ticket(load, "status_changed", "{'current':'OPEN','previous':'PENDING'}", "OPEN", emergency, at,
                     webhook);
}

void load_write(struct load *load, enum load_kind kind, int64_t emergency, int64_t at_ms,
                struct load_webhook *webhook)
{
    char at[TIMESTAMP_SIZE];
    timestamp_format(at_ms, at);
    load->serial++;
    switch (kind) {
    case LOAD_PAGE: write_page(load, "triggered", "triggered", emergency, at, webhook); break;
    case LOAD_ACK: write_page(load, "acknowledged", "acknowledged", emergency, at, webhook); break;
    case LOAD_STATUS: write_status(load, emergency, at, webhook); break;
    case LOAD_NOTE: write_note(load, at, webhook); break;
    default: write_comment(load, kind == LOAD_COMMENT, emergency, at, webhook);
    }
    webhook->length = strlen(webhook->body);
    demand(webhook->length + 1 < sizeof webhook->body, "a body is cut");
    for (size_t i = 0; i < webhook->length; i++)
        webhook->body[i] = webhook->body[i] == '\'' ? '"' : webhook->body[i];
}
