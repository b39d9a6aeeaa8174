/*
 * Zendesk as it is: tickets with comments and audits, webhooks for what changes, and the part of its API that
 * the program uses. Its clock may be wrong, and its stamps are whole seconds.
 */
#include "tests/simulation/simulation.h"

#include "lib/services/zendesk.h"
#include "lib/text.h"
#include "lib/timestamp.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define ACCOUNT "https://acme.zendesk.com"

static const char *stamp(const struct sim *sim, int64_t ms, char out[TIMESTAMP_SIZE])
{
    timestamp_format_seconds(ms + sim->world.zendesk_skew_ms, out);
    return out;
}

static const char *priority_word(enum ticket_priority priority)
{
    return ticket_priority_name(priority);
}

/* --- users --- */

static const char *role_of(int64_t user)
{
    return user < 1000 ? "agent" : "end-user";
}

static int64_t organization_of(int64_t user)
{
    int64_t part = (user - REQUESTER(0)) % 10;
    return user < 1000 || part == 3 ? 0 : 70000 + (user - REQUESTER(0)) / 10;
}

static void add_user(struct text *out, int64_t user)
{
    int64_t organization = organization_of(user);
    char number[32] = "null";
    if (organization)
        text_format(number, sizeof number, "%lld", (long long)organization);
    text_add_quoted(out,
                    "{'id':%lld,'url':'" ACCOUNT "/api/v2/users/%lld.json','name':'User %lld','email':"
                    "'user%lld@example.com','time_zone':'UTC','iana_time_zone':'Europe/Berlin','role':'%s',"
                    "'organization_id':%s,'active':true,'verified':true,'tags':[],'user_fields':{}}",
                    (long long)user, (long long)user, (long long)user, (long long)user, role_of(user),
                    number);
}

/* --- webhooks --- */

static void upper(const char *word, char *out, size_t size)
{
    text_copy(out, size, word);
    for (char *at = out; *at; at++)
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
}

/* TYPE with EVENT, both as they are documented for event subscriptions. */
static void post_event(struct sim *sim, const struct ticket *ticket, int64_t actor, const char *type,
                       const char *event)
{
    char time[TIMESTAMP_SIZE], priority[16], status[16], created[TIMESTAMP_SIZE], updated[TIMESTAMP_SIZE];
    struct text body = {0};
    upper(priority_word(ticket->priority), priority, sizeof priority);
    upper(ticket_status_name(ticket->status), status, sizeof status);
    timestamp_format(sim->now_ms + sim->world.zendesk_skew_ms, time);
    text_add_quoted(&body,
                    "{'account_id':22129848,'detail':{'actor_id':'%lld','assignee_id':null,'brand_id':'360',"
                    "'created_at':'%s','custom_status':'1','description':'It is down','external_id':null,"
                    "'form_id':'5','group_id':'6','id':'%lld','is_public':true,'organization_id':'%lld',"
                    "'priority':'%s','requester_id':'%lld','status':'%s','subject':'Ticket %lld','submitter_"
                    "id':'%lld','tags':['emergency'],'type':'INCIDENT','updated_at':'%s','via':{'channel':"
                    "'web'}},",
                    (long long)actor, stamp(sim, ticket->created_ms, created), (long long)ticket->id,
                    (long long)ticket->organization, priority, (long long)ticket->requester, status,
                    (long long)ticket->id, (long long)ticket->requester,
                    stamp(sim, ticket->updated_ms, updated));
    text_add(&body, "\"event\":%s,", event);
    text_add_quoted(&body,
                    "'id':'%08llx-0000-4000-8000-%012llx','subject':'zen:ticket:%lld','time':'%s',"
                    "'type':'zen:event-type:ticket.%s','zendesk_event_version':'2022-11-06'}",
                    (unsigned long long)sim->seed & 0xFFFFFFFF, (unsigned long long)++sim->world.last_id,
                    (long long)ticket->id, time, type);
    post_webhook(sim, SERVICE_ZENDESK, body.bytes, ticket->client);
    free(body.bytes);
}

static void post_comment(struct sim *sim, const struct ticket *ticket, const struct comment *comment)
{
    struct text event = {0};
    text_add_quoted(&event, "{'comment':{'id':'%lld','body':", (long long)comment->id);
    text_add_json(&event, comment->body);
    text_add_quoted(&event, ",'html_body':");
    text_add_json(&event, comment->body);
    text_add_quoted(&event, ",'is_public':%s,'author':{'id':'%lld','name':'User %lld','is_staff':%s}}}",
                    comment->is_public ? "true" : "false", (long long)comment->author,
                    (long long)comment->author, comment->author < 1000 ? "true" : "false");
    post_event(sim, ticket, comment->author, "comment_added", event.bytes);
    free(event.bytes);
}

static void post_change(struct sim *sim, const struct ticket *ticket, int64_t actor, const char *type,
                        const char *current, const char *previous)
{
    char now[16], before[16];
    struct text event = {0};
    upper(current, now, sizeof now);
    upper(previous, before, sizeof before);
    text_add_quoted(&event, "{'current':'%s','previous':'%s'}", now, before);
    post_event(sim, ticket, actor, type, event.bytes);
    free(event.bytes);
}

/* A trigger's body holds ids only. */
static void post_trigger(struct sim *sim, const struct ticket *ticket, const char *type)
{
    struct text body = {0};
    text_add_quoted(&body, "{'type':'%s','ticket':{'id':'%lld'}}", type, (long long)ticket->id);
    post_webhook(sim, SERVICE_ZENDESK, body.bytes, ticket->client);
    free(body.bytes);
}

/* --- changes --- */

static struct audit *add_audit(struct sim *sim, struct ticket *ticket, int64_t author)
{
    ticket->audits = must_grow(ticket->audits, ticket->audit_count, sizeof *ticket->audits);
    struct audit *audit = &ticket->audits[ticket->audit_count++];
    *audit = (struct audit){.id = ++sim->world.last_id,
                            .author = author,
                            .at_ms = sim->now_ms,
                            .priority_before = ticket->priority,
                            .priority = ticket->priority,
                            .status_before = ticket->status,
                            .status = ticket->status};
    ticket->updated_ms = sim->now_ms;
    return audit;
}

static void add_comment(struct sim *sim, struct ticket *ticket, int64_t author, bool is_public,
                        const char *body)
{
    ticket->comments = must_grow(ticket->comments, ticket->comment_count, sizeof *ticket->comments);
    struct comment *comment = &ticket->comments[ticket->comment_count++];
    *comment = (struct comment){.id = ++sim->world.last_id,
                                .author = author,
                                .at_ms = sim->now_ms,
                                .is_public = is_public,
                                .body = strdup(body)};
    if (!comment->body)
        abort();
    sim_tell(sim, ticket->client, "ticket %lld: %s comment by %lld: %.30s", (long long)ticket->id,
             is_public ? "public" : "private", (long long)author, body);
    truth_commented(sim, ticket, comment);
}

static bool uses_triggers(const struct ticket *ticket)
{
    return ticket->id % 3 == 0;
}

void zendesk_comment(struct sim *sim, struct ticket *ticket, int64_t author, bool is_public, const char *body)
{
    enum ticket_status before = ticket->status;
    struct audit *audit = add_audit(sim, ticket, author);
    add_comment(sim, ticket, author, is_public, body);
    bool reopens = author >= 1000 && is_public && before >= STATUS_PENDING && before <= STATUS_SOLVED;
    if (reopens)
        audit->status = ticket->status = STATUS_OPEN;
    if (uses_triggers(ticket)) {
        post_trigger(sim, ticket, "ticket.comment");
        return;
    }
    post_comment(sim, ticket, &ticket->comments[ticket->comment_count - 1]);
    if (reopens)
        post_change(sim, ticket, author, "status_changed", "open", ticket_status_name(before));
}

static void set_fields(struct sim *sim, struct ticket *ticket, struct audit *audit,
                       enum ticket_priority priority, enum ticket_status status)
{
    enum ticket_priority priority_before = ticket->priority;
    enum ticket_status status_before = ticket->status;
    int64_t author = audit->author;
    bool raised = priority == PRIORITY_URGENT && priority_before != PRIORITY_URGENT;
    ticket->priority = audit->priority = priority;
    ticket->status = audit->status = status;
    if (raised)
        truth_raised(sim, ticket);
    if (uses_triggers(ticket)) {
        post_trigger(sim, ticket, raised ? "ticket.urgent" : "ticket.updated");
        return;
    }
    if (priority != priority_before)
        post_change(sim, ticket, author, "priority_changed", priority_word(priority),
                    priority_word(priority_before));
    if (status != status_before)
        post_change(sim, ticket, author, "status_changed", ticket_status_name(status),
                    ticket_status_name(status_before));
}

void zendesk_change(struct sim *sim, struct ticket *ticket, int64_t author, enum ticket_priority priority,
                    enum ticket_status status)
{
    sim_tell(sim, ticket->client, "ticket %lld: %s, %s by %lld", (long long)ticket->id,
             priority_word(priority), ticket_status_name(status), (long long)author);
    set_fields(sim, ticket, add_audit(sim, ticket, author), priority, status);
}

struct ticket *zendesk_add_ticket(struct sim *sim, struct client *client, enum ticket_priority priority)
{
    struct world *world = &sim->world;
    struct ticket *ticket = must_alloc(1, sizeof *ticket);
    world->tickets = must_grow(world->tickets, world->ticket_count, sizeof *world->tickets);
    ticket->id = FIRST_TICKET + (int64_t)world->ticket_count;
    world->tickets[world->ticket_count++] = ticket;
    ticket->client = client;
    client->ticket = ticket;
    ticket->requester = REQUESTER(client->number);
    ticket->organization = organization_of(ticket->requester);
    ticket->created_ms = ticket->updated_ms = sim->now_ms;
    ticket->priority = priority;
    ticket->status = STATUS_OPEN;
    struct audit *audit = add_audit(sim, ticket, ticket->requester);
    audit->priority_before = PRIORITY_UNKNOWN;
    sim_tell(sim, client, "ticket %lld is made: %s", (long long)ticket->id, priority_word(priority));
    if (priority == PRIORITY_URGENT)
        truth_raised(sim, ticket);
    add_comment(sim, ticket, ticket->requester, true, "It is down");
    if (uses_triggers(ticket) && priority == PRIORITY_URGENT)
        post_trigger(sim, ticket, "ticket.urgent");
    else if (!uses_triggers(ticket))
        post_event(sim, ticket, ticket->requester, "created", "{}");
    return ticket;
}

/* --- the API --- */

static void add_ticket(struct sim *sim, struct text *out, const struct ticket *ticket, const char *more)
{
    char created[TIMESTAMP_SIZE], updated[TIMESTAMP_SIZE];
    text_add_quoted(
        out,
        "{'url':'" ACCOUNT "/api/v2/tickets/%lld.json','id':%lld,'external_id':null,'via':{'channel':'web',"
        "'source':{'from':{},'to':{},'rel':null}},'created_at':'%s','updated_at':'%s','type':'incident',"
        "'subject':'Ticket %lld','raw_subject':'Ticket %lld','description':'It is down','priority':'%s',"
        "'status':'%s','recipient':null,'requester_id':%lld,'submitter_id':%lld,'assignee_id':null,"
        "'organization_id':%lld,'group_id':6,'collaborator_ids':[%lld],'follower_ids':[],'email_cc_ids':"
        "[%lld],'tags':['emergency'],'custom_fields':[],'ticket_form_id':5,'brand_id':360%s}",
        (long long)ticket->id, (long long)ticket->id, stamp(sim, ticket->created_ms, created),
        stamp(sim, ticket->updated_ms, updated), (long long)ticket->id, (long long)ticket->id,
        priority_word(ticket->priority), ticket_status_name(ticket->status), (long long)ticket->requester,
        (long long)ticket->requester, (long long)ticket->organization, (long long)ticket->requester + 1,
        (long long)ticket->requester + 1, more);
}

static void add_comments(struct sim *sim, struct text *out, const struct ticket *ticket)
{
    char time[TIMESTAMP_SIZE];
    text_add_quoted(out, "{'comments':[");
    for (size_t i = ticket->comment_count; i-- > 0;) {
        const struct comment *comment = &ticket->comments[i];
        text_add_quoted(out, "{'id':%lld,'type':'Comment','author_id':%lld,'body':", (long long)comment->id,
                        (long long)comment->author);
        text_add_json(out, comment->body);
        text_add_quoted(out,
                        ",'public':%s,'attachments':[],'audit_id':1,'via':{'channel':'web','source':{'from':"
                        "{},'to':{},'rel':null}},'created_at':'%s','metadata':{'system':{},'custom':{}}}%s",
                        comment->is_public ? "true" : "false", stamp(sim, comment->at_ms, time),
                        i ? "," : "");
    }
    text_add_quoted(out, "],'users':[");
    for (size_t i = 0; i < ticket->comment_count; i++) {
        add_user(out, ticket->comments[i].author);
        text_add(out, "%s", i + 1 < ticket->comment_count ? "," : "");
    }
    text_add_quoted(out, "],'meta':{'has_more':false,'after_cursor':null,'before_cursor':null},'links':{}}");
}

static void add_change(struct text *out, const char *comma, const char *field, const char *was,
                       const char *is)
{
    text_add_quoted(out, "%s{'id':1,'type':'Change','field_name':'%s','value':'%s','previous_value':'%s'}",
                    comma, field, is, was);
}

static void add_changes(struct text *out, const struct audit *audit)
{
    if (audit->priority_before == PRIORITY_UNKNOWN) {
        text_add_quoted(out, "{'id':1,'type':'Create','field_name':'priority','value':'%s'}",
                        priority_word(audit->priority));
        return;
    }
    bool turns = audit->priority != audit->priority_before;
    if (turns)
        add_change(out, "", "priority", priority_word(audit->priority_before),
                   priority_word(audit->priority));
    if (audit->status != audit->status_before)
        add_change(out, turns ? "," : "", "status", ticket_status_name(audit->status_before),
                   ticket_status_name(audit->status));
}

static void add_audits(struct sim *sim, struct text *out, const struct ticket *ticket)
{
    char time[TIMESTAMP_SIZE];
    text_add_quoted(out, "{'audits':[");
    for (size_t i = ticket->audit_count; i-- > 0;) {
        const struct audit *audit = &ticket->audits[i];
        text_add_quoted(out, "{'id':%lld,'ticket_id':%lld,'created_at':'%s','author_id':%lld,'metadata':{",
                        (long long)audit->id, (long long)ticket->id, stamp(sim, audit->at_ms, time),
                        (long long)audit->author);
        text_add_quoted(out, "'system':{},'custom':{%s%s%s}},'events':[",
                        audit->mark[0] ? "'emergencyd':'" : "", audit->mark, audit->mark[0] ? "'" : "");
        add_changes(out, audit);
        text_add_quoted(out, "],'via':{'channel':'web'}}%s", i ? "," : "");
    }
    text_add_quoted(out, "],'next_page':null,'previous_page':null,'count':%zu}", ticket->audit_count);
}

static void add_suspended(struct sim *sim, struct text *out)
{
    char time[TIMESTAMP_SIZE];
    const char *comma = "";
    text_add_quoted(out, "{'suspended_tickets':[");
    for (size_t i = 0; i < sim->world.ticket_count; i++) {
        const struct ticket *ticket = sim->world.tickets[i];
        if (ticket->suspended_ms == 0)
            continue;
        text_add_quoted(out,
                        "%s{'id':%zu,'author':{'id':null,'name':'Customer','email':'c@example.com'},"
                        "'subject':'Re','content':'yes','cause':'Detected as spam','ticket_id':%lld,"
                        "'created_at':'%s','updated_at':'%s'}",
                        comma, i + 1, (long long)ticket->id, stamp(sim, ticket->suspended_ms, time), time);
        comma = ",";
    }
    text_add_quoted(out, "],'next_page':null,'count':1}");
}

static struct ticket *find_ticket(struct sim *sim, const char *number)
{
    int64_t id = strtoll(number, NULL, 10);
    size_t place = (size_t)(id - FIRST_TICKET);
    return id >= FIRST_TICKET && place < sim->world.ticket_count ? sim->world.tickets[place] : NULL;
}

static const char *body_text(const json_t *ticket, const char *outer, const char *inner)
{
    const json_t *value = json_object_get(ticket, outer);
    return json_string_value(inner ? json_object_get(value, inner) : value);
}

/* PUT with safe_update: refused if the ticket has changed since the stamp. */
static void put_ticket(struct sim *sim, struct errand *errand, struct ticket *ticket)
{
    char now[TIMESTAMP_SIZE];
    json_t *root = json_loads(errand->call->body ? errand->call->body : "", 0, NULL);
    const json_t *given = json_object_get(root, "ticket");
    const char *known = body_text(given, "updated_stamp", NULL);
    const char *mark = body_text(given, "metadata", "emergencyd");
    const char *comment = body_text(given, "comment", "body");
    const char *priority = body_text(given, "priority", NULL);
    if (!known || !mark || !json_is_true(json_object_get(given, "safe_update"))) {
        sim_violation(sim, ticket->client, "a write without stamp or mark");
    } else if (strcmp(known, stamp(sim, ticket->updated_ms, now)) != 0) {
        errand->status = 409;
        text_add_quoted(&errand->answer, "{'error':'UpdateConflict'}");
    } else {
        bool lowers = priority && strcmp(priority, "urgent") != 0;
        truth_written(sim, errand, ticket, mark, comment != NULL, lowers);
        struct audit *audit = add_audit(sim, ticket, OWN_USER);
        text_copy(audit->mark, sizeof audit->mark, mark);
        audit->late = sim->now_ms - errand->handed_ms > CALL_PATIENCE_MS;
        if (comment) {
            add_comment(sim, ticket, OWN_USER, true, comment);
            ticket->comments[ticket->comment_count - 1].begun_ms = errand->handed_ms;
            if (!uses_triggers(ticket))
                post_comment(sim, ticket, &ticket->comments[ticket->comment_count - 1]);
        }
        if (priority)
            set_fields(sim, ticket, audit, ticket_priority_by_name(priority), ticket->status);
        text_add_quoted(&errand->answer, "{'ticket':");
        add_ticket(sim, &errand->answer, ticket, "");
        text_add_quoted(&errand->answer, ",'audit':{'id':%lld}}", (long long)audit->id);
    }
    json_decref(root);
}

static void answer_ticket(struct sim *sim, struct errand *errand, const char *number)
{
    struct ticket *ticket = find_ticket(sim, number);
    struct text *out = &errand->answer;
    const char *rest = number + strspn(number, "0123456789");
    if (!ticket || ticket->status == STATUS_DELETED) {
        errand->status = 404;
        text_add_quoted(out, "{'error':'RecordNotFound','description':'Not found'}");
    } else if (strcmp(errand->call->method, "PUT") == 0) {
        put_ticket(sim, errand, ticket);
    } else if (strncmp(rest, "/comments", 9) == 0) {
        add_comments(sim, out, ticket);
    } else if (strncmp(rest, "/audits", 7) == 0) {
        add_audits(sim, out, ticket);
    } else {
        text_add_quoted(out, "{'ticket':");
        add_ticket(sim, out, ticket, "");
        text_add(out, "}");
    }
}

static void answer_many(struct sim *sim, struct text *out, const char *ids)
{
    const char *comma = "";
    text_add_quoted(out, "{'tickets':[");
    while (*ids) {
        struct ticket *ticket = find_ticket(sim, ids);
        if (ticket && ticket->status != STATUS_DELETED) {
            text_add(out, "%s", comma);
            add_ticket(sim, out, ticket, "");
            comma = ",";
        }
        ids += strspn(ids, "0123456789");
        ids += *ids == ',';
    }
    text_add_quoted(out, "],'next_page':null,'previous_page':null,'count':1}");
}

/* Its index lags behind: what is younger than 20 s is not found. */
static void answer_search(struct sim *sim, struct text *out)
{
    const char *comma = "";
    text_add_quoted(out, "{'results':[");
    for (size_t i = 0; i < sim->world.ticket_count; i++) {
        const struct ticket *ticket = sim->world.tickets[i];
        if (ticket->priority != PRIORITY_URGENT || ticket->status >= STATUS_SOLVED ||
            ticket->updated_ms > sim->now_ms - 20000)
            continue;
        text_add(out, "%s", comma);
        add_ticket(sim, out, ticket, ",\"result_type\":\"ticket\"");
        comma = ",";
    }
    text_add_quoted(out, "],'facets':null,'next_page':null,'previous_page':null,'count':1}");
}

static void answer_found_user(struct text *out, const char *query)
{
    const char *user = strstr(query, "user");
    text_add_quoted(out, "{'users':[");
    if (user && strtoll(user + 4, NULL, 10) > 0)
        add_user(out, strtoll(user + 4, NULL, 10));
    text_add_quoted(out, "],'next_page':null,'count':1}");
}

void zendesk_answer(struct sim *sim, struct errand *errand)
{
    const char *path = errand->call->path;
    struct text *out = &errand->answer;
    errand->status = 200;
    if (strncmp(path, "/api/v2/tickets/show_many?ids=", 30) == 0) {
        answer_many(sim, out, path + 30);
    } else if (strncmp(path, "/api/v2/tickets/", 16) == 0) {
        answer_ticket(sim, errand, path + 16);
    } else if (strncmp(path, "/api/v2/search", 14) == 0) {
        answer_search(sim, out);
    } else if (strncmp(path, "/api/v2/suspended", 17) == 0) {
        add_suspended(sim, out);
    } else if (strncmp(path, "/api/v2/organizations/", 22) == 0) {
        text_add_quoted(out, "{'organization':{'id':%s,'name':'Acme','organization_fields':{}}}", path + 22);
    } else if (strcmp(path, "/api/v2/users/me") == 0) {
        text_add_quoted(out, "{'user':");
        add_user(out, OWN_USER);
        text_add(out, "}");
    } else if (strncmp(path, "/api/v2/users/search?query=email%3A", 35) == 0) {
        answer_found_user(out, path + 35);
    } else {
        sim_violation(sim, NULL, "zendesk has no %s %s", errand->call->method, path);
    }
}
