/*
 * Requests to PagerDuty. Want of memory is the only failure.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/services/pagerduty.h"
#include "lib/services/request.h"
#include "lib/timestamp.h"

/* GET or POST of an address with one id in it. */
static bool make_simple(struct request *request, const char *method, const char *before, const char *id,
                        const char *after)
{
    char encoded[REQUEST_ENCODED_SIZE];
    request_encode(id, encoded, sizeof(encoded));
    return request_make(request, method, NULL, "%s%s%s", before, encoded, after);
}

bool pagerduty_get_incident(struct request *request, const char *incident)
{
    return make_simple(request, "GET", "/incidents/", incident, "");
}

bool pagerduty_get_alerts(struct request *request, const char *incident)
{
    return make_simple(request, "GET", "/incidents/", incident, "/alerts?limit=100");
}

/* Of any age and status: by itself PagerDuty looks at the last 30 days only. */
bool pagerduty_find_incident(struct request *request, const char *incident_key)
{
    return make_simple(request, "GET", "/incidents?incident_key=", incident_key,
                       "&date_range=all&statuses%5B%5D=triggered&statuses%5B%5D=acknowledged"
                       "&statuses%5B%5D=resolved&limit=100");
}

/* Not /users/me, which PagerDuty refuses to the keys of a whole account. */
bool pagerduty_get_me(struct request *request)
{
    return request_make(request, "GET", NULL, "/incidents?limit=1");
}

/* A page that is assigned to a user is told to them alone, whatever the service's policy. */
bool pagerduty_create_incident(struct request *request, const struct pagerduty_page *page)
{
    json_t *body = json_pack("{s:{s:s, s:s, s:{s:s, s:s}, s:s, s:s, s:{s:s, s:s}}}", "incident", "type",
                             "incident", "title", page->title, "service", "id", page->service, "type",
                             "service_reference", "urgency", "high", "incident_key", page->incident_key,
                             "body", "type", "incident_body", "details", page->details);
    if (!body)
        return request_give_up(request, body);
    if (page->assignee && *page->assignee &&
        !request_put(
            json_object_get(body, "incident"), "assignments",
            json_pack("[{s:{s:s, s:s}}]", "assignee", "id", page->assignee, "type", "user_reference")))
        return request_give_up(request, body);
    return request_make(request, "POST", body, "/incidents");
}

/* Whether TEXT may stand in a header: an address that holds blanks or line ends is none. */
static bool fits_header(const char *text)
{
    for (; *text; text++)
        if (!isgraph((unsigned char)*text))
            return false;
    return true;
}

/* Releases the request if it fails. */
static bool put_from(struct request *request, const char *from)
{
    if (!from || !*from || !fits_header(from))
        return true;
    request->from = strdup(from);
    if (!request->from)
        request_free(request);
    return request->from != NULL;
}

static bool set_status(struct request *request, const char *incident, const char *status, const char *from)
{
    char encoded[REQUEST_ENCODED_SIZE];
    request_encode(incident, encoded, sizeof(encoded));
    json_t *body = json_pack("{s:{s:s, s:s}}", "incident", "type", "incident_reference", "status", status);
    if (!body)
        return request_give_up(request, body);
    return request_make(request, "PUT", body, "/incidents/%s", encoded) && put_from(request, from);
}

bool pagerduty_acknowledge(struct request *request, const char *incident, const char *from)
{
    return set_status(request, incident, "acknowledged", from);
}

bool pagerduty_resolve(struct request *request, const char *incident, const char *from)
{
    return set_status(request, incident, "resolved", from);
}

bool pagerduty_add_note(struct request *request, const char *incident, const char *content)
{
    char encoded[REQUEST_ENCODED_SIZE];
    request_encode(incident, encoded, sizeof(encoded));
    json_t *body = json_pack("{s:{s:s}}", "note", "content", content);
    if (!body)
        return request_give_up(request, body);
    return request_make(request, "POST", body, "/incidents/%s/notes", encoded);
}

bool pagerduty_get_notes(struct request *request, const char *incident)
{
    return make_simple(request, "GET", "/incidents/", incident, "/notes");
}

bool pagerduty_get_user(struct request *request, const char *user)
{
    return make_simple(request, "GET", "/users/", user, "");
}

/* PagerDuty looks for the text in names and addresses, so others may come too. */
bool pagerduty_find_user(struct request *request, const char *email)
{
    return make_simple(request, "GET", "/users?query=", email, "&limit=100");
}

/* To the second, as PagerDuty itself writes times. */
static void encode_time(int64_t ms, char *out, size_t size)
{
    char seconds[TIMESTAMP_SIZE];
    timestamp_format_seconds(ms, seconds);
    request_encode(seconds, out, size);
}

/* "schedule_ids[]=A&schedule_ids[]=B&", malloc'ed; NULL without memory. */
static char *list_schedules(const char *const schedules[], size_t count)
{
    char *list = NULL;
    size_t length = 0;
    char encoded[REQUEST_ENCODED_SIZE];
    FILE *stream = open_memstream(&list, &length);
    if (!stream)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        request_encode(schedules[i], encoded, sizeof(encoded));
        fprintf(stream, "schedule_ids%%5B%%5D=%s&", encoded);
    }
    const bool whole = !ferror(stream);
    if (fclose(stream) == 0 && whole)
        return list;
    free(list);
    return NULL;
}

bool pagerduty_get_oncalls(struct request *request, const char *const schedules[], size_t count,
                           int64_t since_ms, int64_t until_ms, size_t offset)
{
    char since[3 * TIMESTAMP_SIZE], until[3 * TIMESTAMP_SIZE];
    char *list = list_schedules(schedules, count);
    if (!list)
        return request_give_up(request, NULL);
    encode_time(since_ms, since, sizeof(since));
    encode_time(until_ms, until, sizeof(until));
    const bool made = request_make(request, "GET", NULL,
                                   "/oncalls?%sinclude%%5B%%5D=users&since=%s&until=%s&limit=100&offset=%zu",
                                   list, since, until, offset);
    free(list);
    return made;
}

bool pagerduty_list_subscriptions(struct request *request)
{
    return request_make(request, "GET", NULL, "/webhook_subscriptions?limit=100");
}

bool pagerduty_enable_subscription(struct request *request, const char *subscription)
{
    return make_simple(request, "POST", "/webhook_subscriptions/", subscription, "/enable");
}
