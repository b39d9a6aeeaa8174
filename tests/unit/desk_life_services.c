/*
 * The services around the desk, as far as its tests need them: what their answers look like, and what they
 * tell by webhooks. See desk_life.h.
 */
#include "tests/unit/desk_life.h"

#include "lib/text.h"
#include "lib/timestamp.h"

#include <check.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_SIZE 16384

/* --- answers --- */

/* ' stands for ", which makes JSON readable in C. */
static void add(char *answer, const char *format, ...) PRINTF_LIKE(2, 3);
static void add(char *answer, const char *format, ...)
{
    size_t used = strlen(answer);
    va_list values;
    va_start(values, format);
    int length = vsnprintf(answer + used, ANSWER_SIZE - used, format, values);
    va_end(values);
    ck_assert(length >= 0 && (size_t)length < ANSWER_SIZE - used);
    for (char *at = answer + used; *at; at++)
        if (*at == '\'')
            *at = '"';
}

static const char *stamp(const struct life *life, int64_t ms, char out[TIMESTAMP_SIZE])
{
    timestamp_format_seconds(ms + life->zendesk_ahead_ms, out);
    return out;
}

static void add_ticket(const struct life *life, char *answer)
{
    char created[TIMESTAMP_SIZE], updated[TIMESTAMP_SIZE];
    add(answer,
        "{'id':%d,'created_at':'%s','updated_at':'%s','subject':'It is down','priority':'%s','status':'%s',"
        "'requester_id':%d,'organization_id':null,'collaborator_ids':[],'follower_ids':[],'email_cc_ids':[%d]"
        ","
        "'tags':[],'custom_fields':[],'ticket_form_id':1}",
        STORY_TICKET, stamp(life, life->created_ms, created), stamp(life, life->updated_ms, updated),
        ticket_priority_name(life->priority), ticket_status_name(life->status), LIFE_CUSTOMER,
        LIFE_COLLEAGUE);
}

static void add_user(char *answer, int64_t user)
{
    add(answer,
        "{'id':%lld,'name':'User %lld','email':'user%lld@example.com','role':'%s','organization_id':null}",
        (long long)user, (long long)user, (long long)user, user < LIFE_ENGINEER ? "end-user" : "agent");
}

/* Who is asked for by their address. */
static void add_found_user(char *answer, const char *query)
{
    const char *address = strstr(query, "user");
    ck_assert_ptr_nonnull(address);
    add(answer, "{'users':[");
    add_user(answer, strtoll(address + strlen("user"), NULL, 10));
    add(answer, "]}");
}

static void add_comments(const struct life *life, char *answer)
{
    char time[TIMESTAMP_SIZE];
    add(answer, "{'comments':[");
    for (size_t i = life->comment_count; i-- > 0;)
        add(answer,
            "{'id':%lld,'author_id':%lld,'body':'Words.','public':true,"
            "'via':{'channel':'web','source':{'rel':%s}},'created_at':'%s'}%s",
            (long long)life->comments[i].id, (long long)life->comments[i].author,
            life->comments[i].is_merge ? "'merge'" : "null", stamp(life, life->comments[i].at_ms, time),
            i ? "," : "");
    add(answer, "],'users':[");
    add_user(answer, LIFE_CUSTOMER);
    add(answer, ",");
    add_user(answer, LIFE_COLLEAGUE);
    add(answer, ",");
    add_user(answer, LIFE_ENGINEER);
    add(answer, ",");
    add_user(answer, LIFE_US);
    add(answer, "]}");
}

static const char *change(bool raises, bool lowers)
{
    if (raises)
        return "{'id':1,'type':'Change','field_name':'priority','value':'urgent','previous_value':'normal'}";
    if (lowers)
        return "{'id':1,'type':'Change','field_name':'priority','value':'normal','previous_value':'urgent'}";
    return "";
}

/* Newest first. */
static void add_audits(const struct life *life, char *answer, const char *path)
{
    char time[TIMESTAMP_SIZE];
    const char *asked = strstr(path, "&page=");
    ck_assert_ptr_nonnull(asked);
    size_t page = strtoul(asked + strlen("&page="), NULL, 10);
    size_t size = life->audits_a_page > 0 ? life->audits_a_page : COUNT_OF(life->audits);
    size_t newer = (page - 1) * size < life->audit_count ? (page - 1) * size : life->audit_count;
    size_t end = life->audit_count - newer;
    size_t begin = end > size ? end - size : 0;
    add(answer, "{'audits':[");
    for (size_t i = end; i-- > begin;)
        add(answer, "{'id':%lld,'created_at':'%s','metadata':{'custom':{%s%s%s}},'events':[%s]}%s",
            (long long)life->audits[i].id, stamp(life, life->audits[i].at_ms, time),
            life->audits[i].mark[0] ? "'emergencyd':'" : "", life->audits[i].mark,
            life->audits[i].mark[0] ? "'" : "", change(life->audits[i].raises, life->audits[i].lowers),
            i > begin ? "," : "");
    if (begin > 0)
        add(answer, "],'next_page':'https://x.zendesk.com/api/v2/tickets/1/audits?page=%zu'}", page + 1);
    else
        add(answer, "],'next_page':null}");
}

static void add_messages(const struct life *life, char *answer, const char *thread)
{
    const char *comma = "";
    add(answer, "{'ok':true,'messages':[");
    for (size_t i = 0; i < life->post_count; i++) {
        const char *of = life->posts[i].thread[0] ? life->posts[i].thread : life->posts[i].ts;
        if (strncmp(thread, of, strlen(of)) != 0)
            continue;
        add(answer,
            "%s{'type':'message','ts':'%s','metadata':{'event_type':'emergencyd','event_payload':"
            "{'action':'%s'}}}",
            comma, life->posts[i].ts, life->posts[i].mark);
        comma = ",";
    }
    add(answer, "],'has_more':false}");
}

static void add_suspended(const struct life *life, char *answer)
{
    char time[TIMESTAMP_SIZE];
    add(answer, "{'suspended_tickets':[");
    if (life->suspended_ms)
        add(answer, "{'id':1,'ticket_id':%d,'created_at':'%s','author':{'name':'C','email':'c@example.com'}}",
            STORY_TICKET, stamp(life, life->suspended_ms, time));
    add(answer, "]}");
}

static void add_read(const struct life *life, char *answer, const char *path)
{
    const char *thread = strstr(path, "&ts=");
    if (strstr(path, "/audits"))
        add_audits(life, answer, path);
    else if (strstr(path, "/comments"))
        add_comments(life, answer);
    else if (strstr(path, "/users/me"))
        add(answer, "{'user':{'id':%d,'name':'emergencyd','role':'agent'}}", LIFE_US);
    else if (strstr(path, "/users/search"))
        add_found_user(answer, strstr(path, "/users/search") + strlen("/users/search"));
    else if (strstr(path, "/show_many"))
        add(answer, "{'tickets':[");
    else if (strstr(path, "/tickets/"))
        add(answer, "{'ticket':");
    else if (strstr(path, "/conversations.replies"))
        add_messages(life, answer, thread + strlen("&ts="));
    else if (strstr(path, "/conversations.history"))
        add_messages(life, answer, "");
    else if (strstr(path, "/suspended_tickets"))
        add_suspended(life, answer);
    else /* nothing of all that the others list */
        add(answer, "{'ok':true,'url':'https://x.slack.com/','results':[],"
                    "'webhook_subscriptions':[],'oncalls':[],'users':[],'more':false}");
    if (!strstr(path, "/audits") && !strstr(path, "/comments") && strstr(path, "/tickets/")) {
        add_ticket(life, answer);
        add(answer, strstr(path, "/show_many") ? "]}" : "}");
    }
}

/* --- webhooks --- */

void life_deliver(struct life *life, enum service_id service, const struct event *event)
{
    struct delivery **end = &life->delivered;
    struct delivery *delivery = calloc(1, sizeof *delivery);
    ck_assert_ptr_nonnull(delivery);
    while (*end)
        end = &(*end)->next;
    *end = delivery;
    delivery->kind = event->type == EVENT_COMMAND ? DELIVERY_COMMAND : DELIVERY_WEBHOOK;
    delivery->service = service;
    delivery->event = *event;
    delivery->emergency = event->emergency;
    delivery->event.now_ms = life_machine_ms(life);
    delivery->event.resolution_ms = 1;
    text_format(delivery->event.id, sizeof delivery->event.id, "id %06lld", (long long)++life->last_id);
    if (delivery->kind == DELIVERY_WEBHOOK)
        text_copy(delivery->repeat_key, sizeof delivery->repeat_key, delivery->event.id);
}

static struct event ticket_event(const struct life *life, enum event_type type, int64_t actor)
{
    return (struct event){
        .type = type,
        .source = EVENT_SOURCE_ZENDESK,
        .at_ms = life->true_ms + life->zendesk_ahead_ms,
        .ticket_id = STORY_TICKET,
        .ticket = {.known = true,
                   .priority = life->priority,
                   .status = life->status,
                   .requester_id = LIFE_CUSTOMER,
                   .actor_id = actor},
    };
}

void life_page(struct life *life, const char *incident, enum page_status status, int64_t ticket)
{
    struct event event = {
        .type = EVENT_PAGE,
        .source = EVENT_SOURCE_PAGERDUTY,
        .at_ms = life->true_ms + life->pagerduty_ahead_ms,
        .ticket_id = ticket,
        .page = {.status = status, .by_person = status != PAGE_TRIGGERED},
    };
    text_copy(event.page.incident, sizeof event.page.incident, incident);
    text_copy(event.page.event, sizeof event.page.event, page_status_name(status));
    life_deliver(life, SERVICE_PAGERDUTY, &event);
}

static void add_audit(struct life *life, const char *mark)
{
    ck_assert_uint_lt(life->audit_count, COUNT_OF(life->audits));
    life->audits[life->audit_count].id = ++life->last_id;
    life->audits[life->audit_count].at_ms = life->updated_ms = life->true_ms;
    text_copy(life->audits[life->audit_count++].mark, sizeof life->audits[0].mark, mark);
}

static void add_comment(struct life *life, int64_t author, bool is_merge)
{
    ck_assert_uint_lt(life->comment_count, COUNT_OF(life->comments));
    life->comments[life->comment_count].id = ++life->last_id;
    life->comments[life->comment_count].author = author;
    life->comments[life->comment_count].is_merge = is_merge;
    life->comments[life->comment_count++].at_ms = life->true_ms;
    struct event event = ticket_event(life, EVENT_COMMENT, author);
    event.comment = (struct comment_facts){.id = life->last_id,
                                           .author_id = author,
                                           .standing = is_merge                 ? AUTHOR_MERGE
                                                       : author < LIFE_ENGINEER ? AUTHOR_CUSTOMER
                                                       : author == LIFE_US      ? AUTHOR_OURSELVES
                                                                                : AUTHOR_STAFF,
                                           .is_public = true};
    if (!life->deaf)
        life_deliver(life, SERVICE_ZENDESK, &event);
}

void life_comment(struct life *life, int64_t author)
{
    add_audit(life, "");
    add_comment(life, author, false);
}

void life_merge(struct life *life)
{
    add_audit(life, "");
    add_comment(life, LIFE_ENGINEER, true);
}

static void set(struct life *life, enum ticket_priority priority, enum ticket_status status, int64_t actor,
                const char *mark)
{
    enum ticket_priority priority_was = life->priority;
    enum ticket_status status_was = life->status;
    life->priority = priority;
    life->status = status;
    add_audit(life, mark);
    life->audits[life->audit_count - 1].raises = priority == PRIORITY_URGENT && priority_was != priority;
    life->audits[life->audit_count - 1].lowers = priority_was == PRIORITY_URGENT && priority_was != priority;
    struct event event = ticket_event(life, EVENT_TICKET, actor);
    if (priority_was != priority)
        event.ticket.previous_priority = priority_was;
    if (status_was != status)
        event.ticket.previous_status = status_was;
    if (!life->deaf)
        life_deliver(life, SERVICE_ZENDESK, &event);
}

void life_change(struct life *life, enum ticket_priority priority, enum ticket_status status, int64_t actor)
{
    set(life, priority, status, actor, "");
}

void life_join(struct life *life, int64_t who)
{
    struct event event = {
        .type = EVENT_JOINED,
        .source = EVENT_SOURCE_ZOOM,
        .at_ms = life->true_ms,
        .by = "Somebody",
        .meeting = {.id = LIFE_MEETING, .participant = "16778240"},
    };
    text_format(event.by_email, sizeof event.by_email, "user%lld@example.com", (long long)who);
    life_deliver(life, SERVICE_ZOOM, &event);
}

void life_trigger(struct life *life)
{
    const struct event event = {
        .type = EVENT_TICKET_READ, .ticket_id = STORY_TICKET, .text = "ticket.urgent"};
    life_deliver(life, SERVICE_ZENDESK, &event);
}

/* --- people --- */

static void give(struct life *life, int64_t emergency, const struct command_facts *given, int64_t ticket)
{
    const struct event event = {
        .emergency = emergency,
        .type = EVENT_COMMAND,
        .source = EVENT_SOURCE_SELF,
        .at_ms = life_machine_ms(life),
        .ticket_id = ticket,
        .by = "Eng One",
        .command = *given,
    };
    life_deliver(life, SERVICE_COUNT, &event);
}

void life_command(struct life *life, int64_t emergency, enum command command)
{
    give(life, emergency, &(struct command_facts){.name = command}, 0);
}

void life_link(struct life *life, int64_t emergency, int64_t ticket)
{
    give(life, emergency, &(struct command_facts){.name = COMMAND_LINK}, ticket);
}

void life_contacted(struct life *life)
{
    life_page(life, "P1", PAGE_TRIGGERED, STORY_TICKET);
    life_at(life, "12:00:20");
    life_page(life, "P1", PAGE_ACKNOWLEDGED, STORY_TICKET);
    life_at(life, "12:00:40");
    life_comment(life, LIFE_ENGINEER);
    life_at(life, "12:00:41");
    life_expect(life, 1, "contacted");
}

int life_comments_by(const struct life *life, int64_t author)
{
    int count = 0;
    for (size_t i = 0; i < life->comment_count; i++)
        count += life->comments[i].author == author;
    return count;
}

/* --- requests --- */

static const char *member(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value ? value : "";
}

/* The status that it is answered with. */
static int put_ticket(struct life *life, const json_t *body, char *answer)
{
    char now[TIMESTAMP_SIZE];
    const json_t *ticket = json_object_get(body, "ticket");
    const char *mark = member(json_object_get(ticket, "metadata"), "emergencyd");
    const char *priority = member(ticket, "priority");
    if (strcmp(member(ticket, "updated_stamp"), stamp(life, life->updated_ms, now)) != 0)
        return 409;
    if (priority[0])
        set(life, ticket_priority_by_name(priority), life->status, LIFE_US, mark);
    else
        add_audit(life, mark);
    if (json_object_get(ticket, "comment"))
        add_comment(life, LIFE_US, false);
    add(answer, "{'ticket':");
    add_ticket(life, answer);
    add(answer, "}");
    return 200;
}

static void post_message(struct life *life, const json_t *body, char *answer)
{
    ck_assert_uint_lt(life->post_count, COUNT_OF(life->posts));
    const json_t *payload = json_object_get(json_object_get(body, "metadata"), "event_payload");
    text_copy(life->posts[life->post_count].thread, sizeof life->posts[0].thread, member(body, "thread_ts"));
    text_copy(life->posts[life->post_count].mark, sizeof life->posts[0].mark, member(payload, "action"));
    text_format(life->posts[life->post_count].ts, sizeof life->posts[0].ts, "%lld.%06lld",
                (long long)(life->true_ms / 1000), (long long)++life->last_id);
    add(answer, "{'ok':true,'channel':'C0SUPPORT','ts':'%s'}", life->posts[life->post_count++].ts);
}

/* It takes effect. */
static int do_request(struct life *life, const struct call *call, char *answer)
{
    int status = 200;
    json_t *body = json_loads(call->body ? call->body : "{}", 0, NULL);
    ck_assert_ptr_nonnull(body);
    if (strcmp(call->path, "/chat.postMessage") == 0)
        post_message(life, body, answer);
    else if (strcmp(call->path, "/chat.update") == 0)
        add(answer, "{'ok':true,'channel':'C0SUPPORT','ts':'%s'}", member(body, "ts"));
    else if (call->service == SERVICE_ZOOM)
        add(answer, "{'id':%lld,'join_url':'https://zoom.us/j/1','status':'waiting'}",
            (long long)LIFE_MEETING);
    else if (strcmp(call->method, "PUT") == 0 && call->service == SERVICE_ZENDESK)
        status = put_ticket(life, body, answer);
    else
        add_read(life, answer, call->path);
    json_decref(body);
    return status;
}

static enum fate fate_of(const struct life *life, const struct call *call)
{
    if (call->service == SERVICE_SLACK)
        return strcmp(call->path, "/chat.postMessage") == 0 ? life->messages : FATE_TAKEN;
    if (call->service != SERVICE_ZENDESK)
        return FATE_TAKEN;
    if (strcmp(call->method, "PUT") == 0)
        return life->writes;
    return life->refused && strstr(call->path, life->refused) ? FATE_REFUSED : life->reads;
}

static int64_t service_ms(const struct life *life, enum service_id service)
{
    int64_t ahead_ms = service == SERVICE_ZENDESK     ? life->zendesk_ahead_ms
                       : service == SERVICE_PAGERDUTY ? life->pagerduty_ahead_ms
                                                      : 0;
    return life->true_ms + ahead_ms;
}

/* Back to the desk without a word; the request is kept. */
static void lose(struct life *life, struct call *call, enum call_end end)
{
    struct call *back = calloc(1, sizeof *back);
    ck_assert_ptr_nonnull(back);
    *back = *call;
    back->path = back->body = back->from = NULL;
    back->end = end;
    back->next = life->answered;
    life->answered = back;
    if (end == CALL_NOT_SENT) {
        call_free(call);
        return;
    }
    call_free(life->lost);
    life->lost = call;
}

void life_serve(struct life *life, struct call *call)
{
    enum fate fate = fate_of(life, call);
    if (fate == FATE_LOST || fate == FATE_UNSENT) {
        lose(life, call, fate == FATE_LOST ? CALL_BROKEN : CALL_NOT_SENT);
        return;
    }
    struct call **list = fate == FATE_HELD ? &life->held : &life->answered;
    int64_t date_ms = service_ms(life, call->service);
    call->answer = calloc(1, ANSWER_SIZE);
    ck_assert_ptr_nonnull(call->answer);
    call->end = CALL_ANSWERED;
    switch (fate) {
    case FATE_LIMITED: call->status = 429; break;
    case FATE_REFUSED: call->status = 403; break;
    case FATE_FOREIGN:
        call->status = 200;
        add(call->answer, "<html>We will be back soon.</html>");
        break;
    default: call->status = do_request(life, call, call->answer);
    }
    call->answer_length = strlen(call->answer);
    call->retry_after_ms = fate == FATE_LIMITED ? MINUTES(1) : -1;
    call->date_ms = date_ms - date_ms % 1000;
    call->received_ms = life_machine_ms(life);
    call->next = *list;
    *list = call;
}

void life_answers(struct life *life)
{
    ck_assert_ptr_nonnull(life->held);
    while (life->held) {
        struct call *call = life->held;
        life->held = call->next;
        call->received_ms = life_machine_ms(life);
        call->next = life->answered;
        life->answered = call;
    }
}

void life_arrives(struct life *life)
{
    char answer[ANSWER_SIZE] = "";
    ck_assert_ptr_nonnull(life->lost);
    (void)do_request(life, life->lost, answer);
    call_free(life->lost);
    life->lost = NULL;
}
