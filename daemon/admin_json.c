/*
 * The contract's JSON, built as jansson's trees. Nothing here fails but for want of memory: an object that
 * could not take a member becomes NULL, and so does everything it was to be put into.
 */
#include "daemon/admin_json_internal.h"

#include "lib/services/zendesk.h"
#include "lib/text.h"
#include "lib/timestamp.h"

#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

void admin_put(json_t **object, const char *key, json_t *value)
{
    if (json_object_set_new(*object, key, value) != 0) {
        json_decref(*object);
        *object = NULL;
    }
}

void admin_append(json_t **array, json_t *value)
{
    if (json_array_append_new(*array, value) != 0) {
        json_decref(*array);
        *array = NULL;
    }
}

/* A copy in which each byte that belongs to no character is replaced. */
static json_t *mended_text(const char *text)
{
    size_t length = strlen(text);
    char *copy = malloc(length * strlen(REPLACEMENT) + 1);
    if (!copy)
        return NULL;
    char *to = copy;
    for (size_t i = 0; i < length;) {
        size_t n = text_utf8_char(text + i, length - i);
        const char *from = n > 0 ? text + i : REPLACEMENT;
        size_t size = n > 0 ? n : strlen(REPLACEMENT);
        memcpy(to, from, size);
        to += size;
        i += n > 0 ? n : 1;
    }
    json_t *value = json_stringn(copy, (size_t)(to - copy));
    free(copy);
    return value;
}

json_t *admin_text(const char *text)
{
    return text_is_utf8(text, strlen(text), NULL) ? json_string(text) : mended_text(text);
}

json_t *admin_text_or_null(const char *text)
{
    return text[0] ? admin_text(text) : json_null();
}

json_t *admin_time(int64_t ms)
{
    char text[TIMESTAMP_SIZE];
    timestamp_format(ms, text);
    return json_string(text);
}

json_t *admin_time_or_null(int64_t ms)
{
    return ms != 0 ? admin_time(ms) : json_null();
}

static json_t *ticket_value(const struct config *config, const struct emergency *e)
{
    if (e->ticket_id == 0)
        return json_null();
    char url[512];
    zendesk_ticket_url(config, e->ticket_id, url, sizeof url);
    json_t *ticket = json_object();
    admin_put(&ticket, "id", json_integer(e->ticket_id));
    admin_put(&ticket, "url", admin_text(url));
    admin_put(&ticket, "subject", admin_text_or_null(e->subject));
    admin_put(&ticket, "priority",
              e->priority == PRIORITY_UNKNOWN ? json_null() : json_string(ticket_priority_name(e->priority)));
    admin_put(&ticket, "status",
              e->status == STATUS_UNKNOWN ? json_null() : json_string(ticket_status_name(e->status)));
    return ticket;
}

static json_t *pages_value(const struct emergency *e)
{
    json_t *pages = json_array();
    for (int i = 0; i < e->page_count; i++) {
        const struct page *page = &e->pages[i];
        json_t *object = json_object();
        admin_put(&object, "incident_id", admin_text(page->incident));
        admin_put(&object, "status",
                  page->status == PAGE_UNKNOWN ? json_null() : json_string(page_status_name(page->status)));
        admin_put(&object, "url", admin_text_or_null(page->url));
        admin_append(&pages, object);
    }
    return pages;
}

static json_t *organization_value(const struct emergency *e)
{
    if (e->organization_id == 0)
        return json_null();
    json_t *organization = json_object();
    admin_put(&organization, "id", json_integer(e->organization_id));
    admin_put(&organization, "name", admin_text_or_null(e->organization));
    return organization;
}

static json_t *engineer_value(const struct emergency *e)
{
    if (!e->engineer[0])
        return json_null();
    json_t *engineer = json_object();
    admin_put(&engineer, "name", admin_text(e->engineer));
    admin_put(&engineer, "email", admin_text_or_null(e->engineer_email));
    return engineer;
}

/* Whole seconds from NOW_MS, negative as soon as it is past. */
static int64_t seconds_until(int64_t due_ms, int64_t now_ms)
{
    int64_t left_ms = due_ms - now_ms;
    return left_ms >= 0 ? left_ms / 1000 : -((999 - left_ms) / 1000);
}

static json_t *next_value(const struct emergency *e, int64_t now_ms)
{
    int64_t due_ms = 0;
    enum action_kind step = emergency_next(e, &due_ms);
    if (step == ACTION_NONE)
        return json_null();
    json_t *next = json_object();
    admin_put(&next, "step", json_string(action_kind_name(step)));
    admin_put(&next, "due_at", admin_time(due_ms));
    admin_put(&next, "in_s", json_integer(seconds_until(due_ms, now_ms)));
    return next;
}

static json_t *bridge_value(const struct emergency *e)
{
    if (!e->bridge_url[0] || e->bridge_over)
        return json_null();
    json_t *bridge = json_object();
    admin_put(&bridge, "url", admin_text(e->bridge_url));
    return bridge;
}

static json_t *thread_value(const struct emergency *e)
{
    if (!e->thread_ts[0])
        return json_null();
    json_t *thread = json_object();
    admin_put(&thread, "channel", admin_text(e->thread_channel));
    admin_put(&thread, "ts", admin_text(e->thread_ts));
    return thread;
}

/* Of the call that was last; empty before it has ended. */
static json_t *checklist_value(const struct emergency *e)
{
    const struct {
        const char *item;
        int64_t done_ms;
    } items[] = {{"public notes", e->public_notes_ms},
                 {"internal note", e->internal_note_ms},
                 {"next on call tagged", e->next_tagged_ms}};
    json_t *checklist = json_array();
    for (size_t i = 0; e->call_ended_ms > 0 && i < sizeof items / sizeof items[0]; i++) {
        json_t *object = json_object();
        admin_put(&object, "item", json_string(items[i].item));
        admin_put(&object, "done_at", admin_time_or_null(items[i].done_ms));
        admin_append(&checklist, object);
    }
    return checklist;
}

static void put_times(json_t **object, const struct emergency *e)
{
    admin_put(object, "opened_at", admin_time_or_null(e->opened_ms));
    admin_put(object, "acknowledged_at", admin_time_or_null(e->acknowledged_ms));
    admin_put(object, "contacted_at", admin_time_or_null(e->contacted_ms));
    admin_put(object, "followed_up_at", admin_time_or_null(e->followed_up_ms));
    admin_put(object, "answered_at", admin_time_or_null(e->answered_ms));
    admin_put(object, "downgraded_at", admin_time_or_null(e->downgraded_ms));
    admin_put(object, "closed_at", admin_time_or_null(e->closed_ms));
    admin_put(object, "closed_why", admin_text_or_null(e->closed_why));
}

json_t *admin_json_emergency(const struct config *config, const struct emergency *e, int64_t now_ms)
{
    const char *held = emergency_held(e);
    char held_why[512] = "";
    emergency_held_why(e, held_why, sizeof held_why);
    json_t *object = json_object();
    admin_put(&object, "id", json_integer(e->id));
    admin_put(&object, "state", json_string(emergency_state(e)));
    admin_put(&object, "held", held ? json_string(held) : json_null());
    admin_put(&object, "held_why", admin_text_or_null(held_why));
    admin_put(&object, "ticket", ticket_value(config, e));
    admin_put(&object, "pages", pages_value(e));
    admin_put(&object, "organization", organization_value(e));
    admin_put(&object, "engineer", engineer_value(e));
    put_times(&object, e);
    admin_put(&object, "next", next_value(e, now_ms));
    admin_put(&object, "bridge", bridge_value(e));
    admin_put(&object, "thread", thread_value(e));
    admin_put(&object, "dry_run", json_boolean(e->dry_run));
    return object;
}

static json_t *timeline_value(const struct timeline_entry *entries, size_t count)
{
    json_t *timeline = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *object = json_object();
        admin_put(&object, "at", admin_time(entries[i].at_ms));
        admin_put(&object, "kind", admin_text(entries[i].kind));
        admin_put(&object, "by", admin_text_or_null(entries[i].by));
        admin_put(&object, "text", admin_text(entries[i].text));
        admin_append(&timeline, object);
    }
    return timeline;
}

static void put_call(json_t **object, const struct action *action)
{
    admin_put(object, "service", json_string(service_name(action->service)));
    admin_put(object, "kind", json_string(action_kind_name(action->kind)));
    admin_put(object, "state", json_string(action_state_name(action->state)));
    admin_put(object, "attempts", json_integer(action->attempts));
    admin_put(object, "next_at",
              action_is_over(action->state) ? json_null() : admin_time_or_null(action->next_ms));
    admin_put(object, "error", admin_text_or_null(action->error));
}

static json_t *actions_value(const struct action *actions, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        if (actions[i].state == ACTION_DONE && action_is_read(actions[i].kind))
            continue;
        json_t *object = json_object();
        admin_put(&object, "id", json_integer(actions[i].id));
        put_call(&object, &actions[i]);
        admin_append(&array, object);
    }
    return array;
}

json_t *admin_json_emergency_alone(const struct config *config, const struct emergency *e,
                                   const struct admin_json_history *history, int64_t now_ms)
{
    json_t *object = admin_json_emergency(config, e, now_ms);
    admin_put(&object, "timeline", timeline_value(history->entries, history->entry_count));
    admin_put(&object, "actions", actions_value(history->actions, history->action_count));
    admin_put(&object, "checklist", checklist_value(e));
    return object;
}

json_t *admin_json_outbox_action(const struct action *action)
{
    json_t *object = json_object();
    admin_put(&object, "id", json_integer(action->id));
    admin_put(&object, "emergency", action->emergency != 0 ? json_integer(action->emergency) : json_null());
    put_call(&object, action);
    return object;
}
