/*
 * The contract's JSON, built as jansson's trees. Nothing here fails but for want of memory: an object that
 * could not take a member becomes NULL, and so does everything it was to be put into.
 */
#include "daemon/admin_json.h"

#include "lib/services/zendesk.h"
#include "lib/text.h"
#include "lib/timestamp.h"

#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Puts VALUE, which may be NULL, into *OBJECT; if that fails, *OBJECT is freed and NULL from here on. */
static void put(json_t **object, const char *key, json_t *value)
{
    if (json_object_set_new(*object, key, value) != 0) {
        json_decref(*object);
        *object = NULL;
    }
}

static void append(json_t **array, json_t *value)
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

static json_t *text_value(const char *text)
{
    return text_is_utf8(text, strlen(text), NULL) ? json_string(text) : mended_text(text);
}

static json_t *text_or_null(const char *text)
{
    return text[0] ? text_value(text) : json_null();
}

static json_t *time_value(int64_t ms)
{
    char text[TIMESTAMP_SIZE];
    timestamp_format(ms, text);
    return json_string(text);
}

static json_t *time_or_null(int64_t ms)
{
    return ms != 0 ? time_value(ms) : json_null();
}

static json_t *ticket_value(const struct config *config, const struct emergency *e)
{
    if (e->ticket_id == 0)
        return json_null();
    char url[512];
    zendesk_ticket_url(config, e->ticket_id, url, sizeof url);
    json_t *ticket = json_object();
    put(&ticket, "id", json_integer(e->ticket_id));
    put(&ticket, "url", text_value(url));
    put(&ticket, "subject", text_or_null(e->subject));
    put(&ticket, "priority",
        e->priority == PRIORITY_UNKNOWN ? json_null() : json_string(ticket_priority_name(e->priority)));
    put(&ticket, "status",
        e->status == STATUS_UNKNOWN ? json_null() : json_string(ticket_status_name(e->status)));
    return ticket;
}

static json_t *pages_value(const struct emergency *e)
{
    json_t *pages = json_array();
    for (int i = 0; i < e->page_count; i++) {
        const struct page *page = &e->pages[i];
        json_t *object = json_object();
        put(&object, "incident_id", text_value(page->incident));
        put(&object, "status",
            page->status == PAGE_UNKNOWN ? json_null() : json_string(page_status_name(page->status)));
        put(&object, "url", text_or_null(page->url));
        append(&pages, object);
    }
    return pages;
}

static json_t *organization_value(const struct emergency *e)
{
    if (e->organization_id == 0)
        return json_null();
    json_t *organization = json_object();
    put(&organization, "id", json_integer(e->organization_id));
    put(&organization, "name", text_or_null(e->organization));
    return organization;
}

static json_t *engineer_value(const struct emergency *e)
{
    if (!e->engineer[0])
        return json_null();
    json_t *engineer = json_object();
    put(&engineer, "name", text_value(e->engineer));
    put(&engineer, "email", text_or_null(e->engineer_email));
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
    put(&next, "step", json_string(action_kind_name(step)));
    put(&next, "due_at", time_value(due_ms));
    put(&next, "in_s", json_integer(seconds_until(due_ms, now_ms)));
    return next;
}

static json_t *bridge_value(const struct emergency *e)
{
    if (!e->bridge_url[0] || e->bridge_over)
        return json_null();
    json_t *bridge = json_object();
    put(&bridge, "url", text_value(e->bridge_url));
    return bridge;
}

static json_t *thread_value(const struct emergency *e)
{
    if (!e->thread_ts[0])
        return json_null();
    json_t *thread = json_object();
    put(&thread, "channel", text_value(e->thread_channel));
    put(&thread, "ts", text_value(e->thread_ts));
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
        put(&object, "item", json_string(items[i].item));
        put(&object, "done_at", time_or_null(items[i].done_ms));
        append(&checklist, object);
    }
    return checklist;
}

static void put_times(json_t **object, const struct emergency *e)
{
    put(object, "opened_at", time_or_null(e->opened_ms));
    put(object, "acknowledged_at", time_or_null(e->acknowledged_ms));
    put(object, "contacted_at", time_or_null(e->contacted_ms));
    put(object, "followed_up_at", time_or_null(e->followed_up_ms));
    put(object, "answered_at", time_or_null(e->answered_ms));
    put(object, "downgraded_at", time_or_null(e->downgraded_ms));
    put(object, "closed_at", time_or_null(e->closed_ms));
    put(object, "closed_why", text_or_null(e->closed_why));
}

json_t *admin_json_emergency(const struct config *config, const struct emergency *e, int64_t now_ms)
{
    const char *held = emergency_held(e);
    char held_why[512] = "";
    emergency_held_why(e, held_why, sizeof held_why);
    json_t *object = json_object();
    put(&object, "id", json_integer(e->id));
    put(&object, "state", json_string(emergency_state(e)));
    put(&object, "held", held ? json_string(held) : json_null());
    put(&object, "held_why", text_or_null(held_why));
    put(&object, "ticket", ticket_value(config, e));
    put(&object, "pages", pages_value(e));
    put(&object, "organization", organization_value(e));
    put(&object, "engineer", engineer_value(e));
    put_times(&object, e);
    put(&object, "next", next_value(e, now_ms));
    put(&object, "bridge", bridge_value(e));
    put(&object, "thread", thread_value(e));
    put(&object, "dry_run", json_boolean(e->dry_run));
    return object;
}

static json_t *timeline_value(const struct timeline_entry *entries, size_t count)
{
    json_t *timeline = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *object = json_object();
        put(&object, "at", time_value(entries[i].at_ms));
        put(&object, "kind", text_value(entries[i].kind));
        put(&object, "by", text_or_null(entries[i].by));
        put(&object, "text", text_value(entries[i].text));
        append(&timeline, object);
    }
    return timeline;
}

static void put_call(json_t **object, const struct action *action)
{
    put(object, "service", json_string(service_name(action->service)));
    put(object, "kind", json_string(action_kind_name(action->kind)));
    put(object, "state", json_string(action_state_name(action->state)));
    put(object, "attempts", json_integer(action->attempts));
    put(object, "next_at", action_is_over(action->state) ? json_null() : time_or_null(action->next_ms));
    put(object, "error", text_or_null(action->error));
}

static json_t *actions_value(const struct action *actions, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        if (actions[i].state == ACTION_DONE && action_is_read(actions[i].kind))
            continue;
        json_t *object = json_object();
        put(&object, "id", json_integer(actions[i].id));
        put_call(&object, &actions[i]);
        append(&array, object);
    }
    return array;
}

json_t *admin_json_emergency_alone(const struct config *config, const struct emergency *e,
                                   const struct admin_json_history *history, int64_t now_ms)
{
    json_t *object = admin_json_emergency(config, e, now_ms);
    put(&object, "timeline", timeline_value(history->entries, history->entry_count));
    put(&object, "actions", actions_value(history->actions, history->action_count));
    put(&object, "checklist", checklist_value(e));
    return object;
}

json_t *admin_json_outbox_action(const struct action *action)
{
    json_t *object = json_object();
    put(&object, "id", json_integer(action->id));
    put(&object, "emergency", action->emergency != 0 ? json_integer(action->emergency) : json_null());
    put_call(&object, action);
    return object;
}
