/*
 * Requests to Zoom. Want of memory is the only failure.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/services/request.h"
#include "lib/services/zoom.h"
#include "lib/text.h"
#include "lib/timestamp.h"

#define TOPIC_SIZE       201 /* 200 characters are allowed */
#define DURATION_MINUTES 60  /* for calendars: nothing ends by itself then */

/* A password is left to the account's settings: the link to join holds it. */
bool zoom_create_meeting(struct request *request, const struct config *config, const char *topic,
                         const char *mark, int64_t now_ms)
{
    char user[REQUEST_ENCODED_SIZE];
    char start[TIMESTAMP_SIZE];
    char short_topic[TOPIC_SIZE];
    request_encode(config->zoom.user, user, sizeof(user));
    timestamp_format_seconds(now_ms, start); /* as Zoom writes times */
    text_copy(short_topic, sizeof(short_topic), topic);
    json_t *body =
        json_pack("{s:s, s:i, s:s, s:i, s:s, s:s, s:{s:b, s:i, s:b}}", "topic", short_topic, "type", 2,
                  "start_time", start, "duration", DURATION_MINUTES, "timezone", "UTC", "agenda", mark,
                  "settings", "join_before_host", 1, "jbh_time", 0, "waiting_room", 0);
    if (!body)
        return request_give_up(request, body);
    return request_make(request, "POST", body, "/users/%s/meetings", user);
}

/* One page holds the most there can be; Zoom forgets a meeting 30 days after its time. */
bool zoom_list_meetings(struct request *request, const struct config *config)
{
    char user[REQUEST_ENCODED_SIZE];
    request_encode(config->zoom.user, user, sizeof(user));
    return request_make(request, "GET", NULL, "/users/%s/meetings?type=scheduled&page_size=300", user);
}

bool zoom_get_meeting(struct request *request, int64_t meeting)
{
    return request_make(request, "GET", NULL, "/meetings/%" PRId64, meeting);
}

bool zoom_end_meeting(struct request *request, int64_t meeting)
{
    json_t *body = json_pack("{s:s}", "action", "end");
    if (!body)
        return request_give_up(request, body);
    return request_make(request, "PUT", body, "/meetings/%" PRId64 "/status", meeting);
}

bool zoom_get_host(struct request *request, const struct config *config)
{
    char user[REQUEST_ENCODED_SIZE];
    request_encode(config->zoom.user, user, sizeof(user));
    return request_make(request, "GET", NULL, "/users/%s", user);
}

/* The one request whose body is a form; oauth_url is all of its address. */
bool zoom_get_token(struct request *request, const struct config *config)
{
    char account[REQUEST_ENCODED_SIZE];
    request_encode(config->zoom.account_id, account, sizeof(account));
    if (!request_make(request, "POST", NULL, "%s", ""))
        return false;
    if (asprintf(&request->body, "grant_type=account_credentials&account_id=%s", account) >= 0)
        return true;
    request->body = NULL;
    request_free(request);
    return false;
}
