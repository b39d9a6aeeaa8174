/*
 * Requests to PagerDuty. Want of memory is the only failure.
 */
#include <string.h>

#include "lib/services/pagerduty.h"
#include "lib/services/request.h"

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

bool pagerduty_create_incident(struct request *request, const struct config *config, const char *incident_key,
                               const char *title, const char *details)
{
    json_t *body = json_pack("{s:{s:s, s:s, s:{s:s, s:s}, s:s, s:s, s:{s:s, s:s}}}", "incident", "type",
                             "incident", "title", title, "service", "id", config->pagerduty.page_service,
                             "type", "service_reference", "urgency", "high", "incident_key", incident_key,
                             "body", "type", "incident_body", "details", details);
    if (!body)
        return request_give_up(request, body);
    return request_make(request, "POST", body, "/incidents");
}

bool pagerduty_resolve(struct request *request, const char *incident)
{
    char encoded[REQUEST_ENCODED_SIZE];
    request_encode(incident, encoded, sizeof(encoded));
    json_t *body =
        json_pack("{s:{s:s, s:s}}", "incident", "type", "incident_reference", "status", "resolved");
    if (!body)
        return request_give_up(request, body);
    return request_make(request, "PUT", body, "/incidents/%s", encoded);
}

bool pagerduty_list_subscriptions(struct request *request)
{
    return request_make(request, "GET", NULL, "/webhook_subscriptions?limit=100");
}

bool pagerduty_enable_subscription(struct request *request, const char *subscription)
{
    return make_simple(request, "POST", "/webhook_subscriptions/", subscription, "/enable");
}
