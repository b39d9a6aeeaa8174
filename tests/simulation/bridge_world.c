/*
 * Slack and Zoom as they are, as far as the program uses them: messages with their marks, and meetings that
 * people enter. And the end of all the services' worlds.
 */
#include "tests/simulation/simulation.h"

#include "lib/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* --- Slack --- */

static const char *member(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value ? value : "";
}

/* A message that nobody waits for any more, and that shows up later than the program looks, is the remaining
 * risk that the README tells of: it gives up after 10 s, or dies, and looks 3 s later, or after its start. */
#define SETTLES_MS          13000
#define SETTLES_AT_START_MS 3000

static bool is_late(const struct sim *sim, const struct errand *errand)
{
    bool is_former = errand->life != sim->process.life;
    return sim->now_ms - errand->handed_ms > SETTLES_MS ||
           (is_former && sim->now_ms - sim->process.started_ms > SETTLES_AT_START_MS);
}

static void post_message(struct sim *sim, struct errand *errand, const json_t *body)
{
    struct world *world = &sim->world;
    const json_t *payload = json_object_get(json_object_get(body, "metadata"), "event_payload");
    world->messages = must_grow(world->messages, world->message_count, sizeof *world->messages);
    struct slack_post *message = &world->messages[world->message_count];
    *message = (struct slack_post){0};
    text_copy(message->channel, sizeof message->channel, member(body, "channel"));
    text_copy(message->thread, sizeof message->thread, member(body, "thread_ts"));
    text_copy(message->mark, sizeof message->mark, member(payload, "action"));
    text_format(message->ts, sizeof message->ts, "%lld.%06lld", (long long)(sim->now_ms / 1000),
                (long long)(++world->last_id % 1000000));
    message->late = is_late(sim, errand);
    for (size_t i = 0; i < world->message_count; i++)
        if (message->mark[0] && strcmp(world->messages[i].mark, message->mark) == 0 && !message->late &&
            !world->messages[i].late)
            sim_violation(sim, NULL, "the message %s is there twice", message->mark);
    sim_tell(sim, NULL, "message %s into %s %s, %lld ms after it left", message->mark, message->channel,
             message->thread, (long long)(sim->now_ms - errand->handed_ms));
    world->message_count++;
    text_add_quoted(&errand->answer, "{'ok':true,'channel':'%s','ts':'%s','message':{'type':'message'}}",
                    message->channel, message->ts);
}

static void find_messages(struct sim *sim, struct errand *errand)
{
    const char *channel = strstr(errand->call->path, "channel=") + strlen("channel=");
    const char *thread = strstr(errand->call->path, "&ts=");
    size_t length = strcspn(channel, "&");
    const char *comma = "";
    text_add_quoted(&errand->answer, "{'ok':true,'messages':[");
    for (size_t i = 0; i < sim->world.message_count; i++) {
        const struct slack_post *message = &sim->world.messages[i];
        bool inside = thread ? strncmp(thread + 4, message->thread, strlen(message->ts)) == 0 ||
                                   strncmp(thread + 4, message->ts, strlen(message->ts)) == 0
                             : !message->thread[0];
        if (strncmp(channel, message->channel, length) != 0 || !inside)
            continue;
        text_add_quoted(&errand->answer,
                        "%s{'type':'message','user':'UBOT','ts':'%s','text':'x','metadata':{'event_type':"
                        "'emergencyd','event_payload':{'action':'%s'}}}",
                        comma, message->ts, message->mark);
        comma = ",";
    }
    text_add_quoted(&errand->answer, "],'has_more':false}");
}

void slack_serve(struct sim *sim, struct errand *errand)
{
    const char *path = errand->call->path;
    struct text *out = &errand->answer;
    json_t *body = json_loads(errand->call->body ? errand->call->body : "{}", 0, NULL);
    errand->status = 200;
    if (strcmp(path, "/chat.postMessage") == 0)
        post_message(sim, errand, body);
    else if (strcmp(path, "/chat.update") == 0)
        text_add_quoted(out, "{'ok':true,'channel':'%s','ts':'%s'}", member(body, "channel"),
                        member(body, "ts"));
    else if (strcmp(path, "/chat.postEphemeral") == 0)
        text_add_quoted(out, "{'ok':true,'message_ts':'1.1'}");
    else if (strncmp(path, "/conversations.", 15) == 0)
        find_messages(sim, errand);
    else if (strcmp(path, "/auth.test") == 0)
        text_add_quoted(out, "{'ok':true,'url':'https://acme.slack.com/','team':'Acme','user':'bot'}");
    else if (strncmp(path, "/users.lookupByEmail", 20) == 0)
        text_add_quoted(out, "{'ok':false,'error':'users_not_found'}");
    else if (strncmp(path, "/users.info", 11) == 0)
        text_add_quoted(out, "{'ok':true,'user':{'id':'UENG1','name':'eng1','profile':{'email':"
                             "'PENG1@example.com','real_name':'Person PENG1'}}}");
    else
        sim_violation(sim, NULL, "slack has no %s", path);
    json_decref(body);
}

/* --- Zoom --- */

static void add_meeting(struct text *out, const struct meeting *meeting)
{
    text_add_quoted(out,
                    "{'uuid':'u%lld==','id':%lld,'host_id':'HOST','topic':'Emergency','type':2,'status':"
                    "'%s','agenda':'%s','join_url':'https://zoom.us/j/%lld','duration':60}",
                    (long long)meeting->id, (long long)meeting->id, meeting->running ? "started" : "waiting",
                    meeting->mark, (long long)meeting->id);
}

static void create_meeting(struct sim *sim, struct errand *errand)
{
    struct world *world = &sim->world;
    json_t *body = json_loads(errand->call->body, 0, NULL);
    struct meeting *meeting = must_alloc(1, sizeof *meeting);
    world->meetings = must_grow(world->meetings, world->meeting_count, sizeof *world->meetings);
    world->meetings[world->meeting_count++] = meeting;
    meeting->id = 80000000000 + (int64_t)world->meeting_count;
    text_copy(meeting->mark, sizeof meeting->mark, member(body, "agenda"));
    errand->status = 201;
    add_meeting(&errand->answer, meeting);
    json_decref(body);
}

static struct meeting *find_meeting(struct sim *sim, const char *number)
{
    int64_t id = strtoll(number, NULL, 10);
    for (size_t i = 0; i < sim->world.meeting_count; i++)
        if (sim->world.meetings[i]->id == id)
            return sim->world.meetings[i];
    return NULL;
}

static void list_meetings(struct sim *sim, struct text *out)
{
    text_add_quoted(out, "{'page_size':300,'next_page_token':'','meetings':[");
    for (size_t i = 0; i < sim->world.meeting_count; i++) {
        text_add(out, "%s", i ? "," : "");
        add_meeting(out, sim->world.meetings[i]);
    }
    text_add(out, "]}");
}

static void serve_meeting(struct sim *sim, struct errand *errand, const char *number)
{
    struct meeting *meeting = find_meeting(sim, number);
    if (!meeting) {
        errand->status = 404;
        text_add_quoted(&errand->answer, "{'code':3001,'message':'Meeting does not exist'}");
    } else if (strcmp(errand->call->method, "PUT") == 0) {
        meeting->over = true;
        zoom_leave_all(sim, meeting);
        errand->status = 204;
    } else {
        add_meeting(&errand->answer, meeting);
    }
}

void zoom_serve(struct sim *sim, struct errand *errand)
{
    const char *path = errand->call->path;
    errand->status = 200;
    if (strncmp(path, "/meetings/", 10) == 0)
        serve_meeting(sim, errand, path + 10);
    else if (strncmp(path, "/users/", 7) == 0 && strstr(path, "/meetings?"))
        list_meetings(sim, &errand->answer);
    else if (strncmp(path, "/users/", 7) == 0 && strstr(path, "/meetings"))
        create_meeting(sim, errand);
    else if (strncmp(path, "/users/", 7) == 0)
        text_add_quoted(&errand->answer, "{'id':'HOST','email':'bot@example.com'}");
    else
        sim_violation(sim, NULL, "zoom has no %s", path);
}

static void post_meeting_event(struct sim *sim, const struct meeting *meeting, const char *event,
                               const char *email, const char *name)
{
    struct text body = {0};
    text_add_quoted(&body,
                    "{'event':'meeting.%s','event_ts':%lld,'payload':{'account_id':'A','object':{'uuid':"
                    "'u%lld==','id':'%lld','host_id':'HOST','topic':'Emergency','type':2,'start_time':"
                    "'2026-11-23T00:00:00Z','timezone':'UTC','duration':60",
                    event, (long long)sim->now_ms, (long long)meeting->id, (long long)meeting->id);
    if (name)
        text_add_quoted(&body,
                        ",'participant':{'user_id':'%s','user_name':'%s','participant_user_id':'','id':'',"
                        "'email':'%s','join_time':'2026-11-23T00:00:00Z'}",
                        name, name, email);
    text_add(&body, "}}}");
    post_webhook(sim, SERVICE_ZOOM, body.bytes, meeting->client);
    free(body.bytes);
}

void zoom_enter(struct sim *sim, struct meeting *meeting, const char *email, const char *name)
{
    meeting->running = true;
    meeting->entered_ms = sim->now_ms;
    sim_tell(sim, meeting->client, "%s (%s) enters the bridge", name, email);
    post_meeting_event(sim, meeting, "participant_joined", email, name);
}

void zoom_leave_all(struct sim *sim, struct meeting *meeting)
{
    if (!meeting->running)
        return;
    meeting->running = false;
    post_meeting_event(sim, meeting, "ended", NULL, NULL);
}

struct meeting *zoom_meeting_of(struct sim *sim, struct client *client)
{
    struct emergency e;
    char number[32];
    if (!process_emergency(sim, client, &e) || e.meeting == 0)
        return NULL;
    text_format(number, sizeof number, "%lld", (long long)e.meeting);
    struct meeting *meeting = find_meeting(sim, number);
    if (meeting)
        meeting->client = client;
    return meeting;
}

/* --- the end of it all --- */

static void free_ticket(struct ticket *ticket)
{
    for (size_t i = 0; i < ticket->comment_count; i++)
        free(ticket->comments[i].body);
    free(ticket->comments);
    free(ticket->audits);
    free(ticket);
}

static void free_incident(struct incident *incident)
{
    for (size_t i = 0; i < incident->note_count; i++)
        free(incident->notes[i]);
    free(incident->notes);
    free(incident);
}

void world_free(struct world *world)
{
    for (size_t i = 0; i < world->ticket_count; i++)
        free_ticket(world->tickets[i]);
    for (size_t i = 0; i < world->incident_count; i++)
        free_incident(world->incidents[i]);
    for (size_t i = 0; i < world->meeting_count; i++)
        free(world->meetings[i]);
    free(world->tickets);
    free(world->incidents);
    free(world->meetings);
    free(world->messages);
    *world = (struct world){0};
}
