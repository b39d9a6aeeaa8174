/*
 * PagerDuty as it is: incidents, who has acknowledged them, and webhooks for what changes; and the part of
 * its API that the program uses. One open incident a key.
 */
#include "tests/simulation/simulation.h"

#include "lib/text.h"
#include "lib/timestamp.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define SITE "https://acme.pagerduty.com"

static void add_person(struct text *out, const char *id)
{
    text_add_quoted(out,
                    "{'id':'%s','type':'user_reference','summary':'Person %s','self':"
                    "'https://api.pagerduty.com/users/%s','html_url':'" SITE "/users/%s'}",
                    id, id, id, id);
}

static const char *assignee_of(const struct incident *incident)
{
    return incident->status == PAGE_RESOLVED ? ""
           : incident->acknowledger[0]       ? incident->acknowledger
                                             : "PENG1";
}

/* What API and webhooks show alike. */
static void add_common(struct text *out, const struct incident *incident)
{
    char created[TIMESTAMP_SIZE];
    timestamp_format_seconds(incident->created_ms, created);
    text_add_quoted(out,
                    "'id':'%s','type':'incident','self':'https://api.pagerduty.com/incidents/%s','html_url':"
                    "'" SITE "/incidents/%s','status':'%s','incident_key':'%s','created_at':'%s','title':"
                    "'%s','service':{'id':'SVCIN','type':'service_reference','summary':'Emergencies'},"
                    "'teams':[],'priority':null,'urgency':'high','conference_bridge':null,'resolve_reason':"
                    "null,'incident_type':{'name':'incident_default'}",
                    incident->id, incident->id, incident->id, page_status_name(incident->status),
                    incident->key, created, incident->title);
}

static void add_incident(struct text *out, const struct incident *incident)
{
    const char *assignee = assignee_of(incident);
    text_add(out, "{");
    add_common(out, incident);
    text_add_quoted(out, ",'last_status_change_by':");
    if (incident->actor[0])
        add_person(out, incident->actor);
    else
        text_add_quoted(out, "{'id':'SVCIN','type':'service_reference','summary':'Emergencies'}");
    text_add_quoted(out, ",'assignments':[");
    if (assignee[0]) {
        text_add_quoted(out, "{'at':'2026-11-23T00:00:00Z','assignee':");
        add_person(out, assignee);
        text_add(out, "}");
    }
    text_add_quoted(out, "],'acknowledgements':[");
    if (incident->acknowledger[0]) {
        text_add_quoted(out, "{'at':'2026-11-23T00:00:00Z','acknowledger':");
        add_person(out, incident->acknowledger);
        text_add(out, "}");
    }
    text_add(out, "]}");
}

static void post_event(struct sim *sim, const struct incident *incident, const char *type)
{
    char at[TIMESTAMP_SIZE];
    const char *assignee = assignee_of(incident);
    struct text body = {0};
    timestamp_format(sim->now_ms, at);
    text_add_quoted(&body,
                    "{'event':{'id':'01PD%022lld','event_type':'incident.%s','resource_type':'incident',"
                    "'occurred_at':'%s','agent':",
                    (long long)++sim->world.last_id, type, at);
    if (incident->actor[0])
        add_person(&body, incident->actor);
    else
        text_add(&body, "null");
    text_add_quoted(&body, ",'client':null,'data':{");
    add_common(&body, incident);
    text_add_quoted(&body, ",'number':7,'reopened_at':null,'assignees':[");
    if (assignee[0])
        add_person(&body, assignee);
    text_add_quoted(&body, "],'escalation_policy':{'id':'PPOL','type':'escalation_policy_reference'}}}}");
    post_webhook(sim, SERVICE_PAGERDUTY, body.bytes, incident->client);
    free(body.bytes);
}

struct incident *pagerduty_add(struct sim *sim, struct client *client, const char *title, const char *key)
{
    struct world *world = &sim->world;
    struct incident *incident = must_alloc(1, sizeof *incident);
    world->incidents = must_grow(world->incidents, world->incident_count, sizeof *world->incidents);
    world->incidents[world->incident_count++] = incident;
    text_format(incident->id, sizeof incident->id, "QINC%zu", world->incident_count);
    text_copy(incident->title, sizeof incident->title, title);
    text_copy(incident->key, sizeof incident->key, key);
    incident->status = PAGE_TRIGGERED;
    incident->created_ms = sim->now_ms;
    incident->client = client;
    sim_tell(sim, client, "incident %s is triggered: %s", incident->id, title);
    post_event(sim, incident, "triggered");
    return incident;
}

void pagerduty_set(struct sim *sim, struct incident *incident, enum page_status status, const char *actor)
{
    static const char *const types[] = {[PAGE_TRIGGERED] = "unacknowledged",
                                        [PAGE_ACKNOWLEDGED] = "acknowledged",
                                        [PAGE_RESOLVED] = "resolved"};
    incident->status = status;
    text_copy(incident->actor, sizeof incident->actor, actor);
    text_copy(incident->acknowledger, sizeof incident->acknowledger,
              status == PAGE_ACKNOWLEDGED ? actor : "");
    sim_tell(sim, incident->client, "incident %s: %s by %s", incident->id, page_status_name(status), actor);
    post_event(sim, incident, types[status]);
}

/* --- the API --- */

static struct incident *find(struct sim *sim, const char *id, size_t length)
{
    for (size_t i = 0; i < sim->world.incident_count; i++)
        if (strlen(sim->world.incidents[i]->id) == length &&
            strncmp(sim->world.incidents[i]->id, id, length) == 0)
            return sim->world.incidents[i];
    return NULL;
}

static void refuse(struct errand *errand, int status, int code, const char *why)
{
    errand->status = status;
    text_add_quoted(&errand->answer, "{'error':{'message':'Invalid','code':%d,'errors':['%s']}}", code, why);
}

static void show(struct errand *errand, const struct incident *incident)
{
    text_add_quoted(&errand->answer, "{'incident':");
    add_incident(&errand->answer, incident);
    text_add(&errand->answer, "}");
}

static void create(struct sim *sim, struct errand *errand)
{
    json_t *root = json_loads(errand->call->body, 0, NULL);
    const json_t *given = json_object_get(root, "incident");
    const char *key = json_string_value(json_object_get(given, "incident_key"));
    struct incident *open = NULL;
    int same = 0;
    for (size_t i = 0; key && i < sim->world.incident_count; i++) {
        struct incident *incident = sim->world.incidents[i];
        bool of_key = strcmp(incident->key, key) == 0;
        same += of_key;
        if (of_key && incident->status != PAGE_RESOLVED)
            open = incident;
    }
    if (!key || strncmp(key, "emergencyd-", 11) != 0) {
        sim_violation(sim, NULL, "a page without a key of our own");
    } else if (open) {
        refuse(errand, 400, 2002, "Open incident with matching dedup key already exists on this service");
    } else {
        bool is_late =
            sim->now_ms - errand->handed_ms > CALL_PATIENCE_MS; /* another may have come and gone */
        if (same > 0 && !is_late)
            sim_violation(sim, NULL, "a second page with the key %s", key);
        errand->status = 201;
        show(errand, pagerduty_add(sim, NULL, "Emergency", key));
    }
    json_decref(root);
}

static void put_status(struct sim *sim, struct errand *errand, struct incident *incident)
{
    json_t *root = json_loads(errand->call->body, 0, NULL);
    const json_t *given = json_object_get(root, "incident");
    const char *word = json_string_value(json_object_get(given, "status"));
    enum page_status status = word ? page_status_by_name(word) : PAGE_UNKNOWN;
    if (status == PAGE_RESOLVED && incident->status == PAGE_RESOLVED) {
        refuse(errand, 400, 1001, "Incident Already Resolved");
    } else {
        if (status != incident->status)
            pagerduty_set(sim, incident, status, "PBOT");
        show(errand, incident);
    }
    json_decref(root);
}

static void add_note(struct sim *sim, struct errand *errand, struct incident *incident)
{
    json_t *root = json_loads(errand->call->body, 0, NULL);
    const char *content = json_string_value(json_object_get(json_object_get(root, "note"), "content"));
    (void)sim;
    incident->notes = must_grow(incident->notes, incident->note_count, sizeof *incident->notes);
    incident->notes[incident->note_count] = strdup(content ? content : "");
    if (!incident->notes[incident->note_count++])
        abort();
    errand->status = 200;
    text_add_quoted(&errand->answer, "{'note':{'id':'PNOTE','content':'x','created_at':'2026-11-23T00:00:00Z'"
                                     "}}");
    json_decref(root);
}

static void list_notes(struct errand *errand, const struct incident *incident)
{
    text_add_quoted(&errand->answer, "{'notes':[");
    for (size_t i = 0; i < incident->note_count; i++) {
        text_add_quoted(&errand->answer, "%s{'id':'PNOTE%zu','content':", i ? "," : "", i);
        text_add_json(&errand->answer, incident->notes[i]);
        text_add_quoted(&errand->answer, ",'created_at':'2026-11-23T00:00:00Z'}");
    }
    text_add(&errand->answer, "]}");
}

static void list_alerts(struct errand *errand, const struct incident *incident)
{
    text_add_quoted(&errand->answer, "{'alerts':[");
    if (incident->ticket_in_alert)
        text_add_quoted(&errand->answer,
                        "{'id':'PALERT','type':'alert','summary':'It is down','alert_key':'k','status':"
                        "'triggered','body':{'type':'alert_body','contexts':[],'details':{'ticket_id':'%d'}}"
                        "}",
                        incident->ticket_in_alert);
    text_add_quoted(&errand->answer, "],'limit':100,'offset':0,'more':false,'total':null}");
}

static void list_by_key(struct sim *sim, struct errand *errand, const char *key)
{
    size_t length = strcspn(key, "&");
    const char *comma = "";
    text_add_quoted(&errand->answer, "{'incidents':[");
    for (size_t i = 0; i < sim->world.incident_count; i++) {
        const struct incident *incident = sim->world.incidents[i];
        if (strlen(incident->key) != length || strncmp(incident->key, key, length) != 0)
            continue;
        text_add(&errand->answer, "%s", comma);
        add_incident(&errand->answer, incident);
        comma = ",";
    }
    text_add_quoted(&errand->answer, "],'limit':100,'offset':0,'more':false,'total':null}");
}

static void add_user(struct text *out, const char *id)
{
    text_add_quoted(out,
                    "{'id':'%s','type':'user','summary':'Person %s','name':'Person %s','email':"
                    "'%s@example.com','time_zone':'Etc/UTC','role':'user'}",
                    id, id, id, id);
}

static void list_oncalls(struct errand *errand)
{
    static const char *const turns[][2] = {{"SENG", "PENG1"}, {"SMAN", "PMAN1"}};
    text_add_quoted(&errand->answer, "{'oncalls':[");
    for (size_t i = 0; i < COUNT_OF(turns); i++) {
        text_add_quoted(&errand->answer,
                        "%s{'escalation_policy':{'id':'PPOL'},'escalation_level':1,'schedule':{'id':'%s',"
                        "'type':'schedule_reference'},'start':null,'end':null,'user':",
                        i ? "," : "", turns[i][0]);
        add_user(&errand->answer, turns[i][1]);
        text_add(&errand->answer, "}");
    }
    text_add_quoted(&errand->answer, "],'limit':100,'offset':0,'more':false,'total':null}");
}

static void answer_incident(struct sim *sim, struct errand *errand, const char *id)
{
    const struct call *call = errand->call;
    size_t length = strcspn(id, "/?");
    struct incident *incident = find(sim, id, length);
    const char *rest = id + length;
    bool get = strcmp(call->method, "GET") == 0;
    if (!incident)
        refuse(errand, 404, 2100, "Not Found");
    else if (strncmp(rest, "/alerts", 7) == 0)
        list_alerts(errand, incident);
    else if (strcmp(rest, "/notes") == 0 && get)
        list_notes(errand, incident);
    else if (strcmp(rest, "/notes") == 0)
        add_note(sim, errand, incident);
    else if (get)
        show(errand, incident);
    else
        put_status(sim, errand, incident);
}

static void answer_user(struct errand *errand, const char *path)
{
    struct text *out = &errand->answer;
    bool one = path[6] == '/';
    char id[24];
    const char *start = one ? path + 7 : path + strlen("/users?query=");
    text_copy_n(id, sizeof id, start, strcspn(start, "%&@"));
    text_add_quoted(out, one ? "{'user':" : "{'users':[");
    if (one || id[0] == 'P')
        add_user(out, id);
    text_add_quoted(out, one ? "}" : "],'limit':100,'offset':0,'more':false}");
}

void pagerduty_answer(struct sim *sim, struct errand *errand)
{
    const struct call *call = errand->call;
    const char *path = call->path;
    errand->status = 200;
    if (strncmp(path, "/incidents/", 11) == 0)
        answer_incident(sim, errand, path + 11);
    else if (strncmp(path, "/incidents?incident_key=", 24) == 0)
        list_by_key(sim, errand, path + 24);
    else if (strcmp(path, "/incidents") == 0)
        create(sim, errand);
    else if (strncmp(path, "/incidents?limit=1", 18) == 0)
        text_add_quoted(&errand->answer, "{'incidents':[],'limit':1,'more':false}");
    else if (strncmp(path, "/oncalls?", 9) == 0)
        list_oncalls(errand);
    else if (strncmp(path, "/users", 6) == 0)
        answer_user(errand, path);
    else if (strncmp(path, "/webhook_subscriptions", 22) == 0)
        text_add_quoted(&errand->answer, "{'webhook_subscriptions':[],'limit':100,'more':false}");
    else
        sim_violation(sim, NULL, "pagerduty has no %s %s", call->method, path);
}
