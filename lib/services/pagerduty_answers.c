/*
 * PagerDuty's answers. What is not as documented is reported to the caller; nothing is logged here, nothing
 * is fatal.
 */
#include <stdio.h>
#include <string.h>

#include "lib/services/fields.h"
#include "lib/services/pagerduty.h"
#include "lib/text.h"
#include "lib/timestamp.h"

/* An incident, alone or in a list. */
enum {
    SELF,
    ID,
    URL,
    TITLE,
    KEY,
    STATUS,
    SERVICE,
    RESOLVE_REASON,
    CREATED,
    AGENT_NAME,
    AGENT_TYPE,
    INCIDENT_FIELDS
};

#define INCIDENT_PATHS(self)                                                                                 \
    self, self ".id", self ".html_url", self ".title", self ".incident_key", self ".status",                 \
        self ".service.id", self ".resolve_reason.type", self ".created_at",                                 \
        self ".last_status_change_by.summary", self ".last_status_change_by.type"

static const char *const paths[2 * INCIDENT_FIELDS + 1] = {INCIDENT_PATHS("incident"),
                                                           INCIDENT_PATHS("incidents[]"), "incidents"};
enum { LISTED = INCIDENT_FIELDS, LIST = 2 * INCIDENT_FIELDS };

/* VALUES and NAMES are those of one incident. */
static bool read_incident(const struct json_value *values, const char *const *names, struct event *event,
                          const struct complaint *complaint)
{
    struct page_facts *page = &event->page;
    *event = (struct event){.type = EVENT_PAGE, .source = EVENT_SOURCE_PAGERDUTY, .resolution_ms = 1000};
    if (!field_text(&values[ID], names[ID], page->incident, sizeof(page->incident), complaint))
        return false;
    page->status = page_status_by_name(values[STATUS].text);
    if (page->status == PAGE_UNKNOWN)
        return complain(complaint, "%s is %s", names[STATUS],
                        field_is_there(&values[STATUS]) ? "not a known status" : "missing");
    field_optional_text(&values[URL], page->url, sizeof(page->url));
    field_optional_text(&values[TITLE], page->title, sizeof(page->title));
    field_optional_text(&values[KEY], page->key, sizeof(page->key));
    field_optional_text(&values[SERVICE], page->service, sizeof(page->service));
    page->merged = strcmp(values[RESOLVE_REASON].text, "merge_resolve_reason") == 0;
    page->by_person = strstr(values[AGENT_TYPE].text, "user") != NULL;
    field_optional_text(&values[AGENT_NAME], event->by, sizeof(event->by));
    return true;
}

bool pagerduty_read_incident(struct json_reader *reader, const char *answer, size_t length,
                             struct event *event, char *error, size_t error_size)
{
    const struct complaint complaint = {error, error_size};
    const struct json_value *values =
        fields_read_once(reader, paths, INCIDENT_FIELDS, answer, length, NULL, NULL, &complaint);
    return values && read_incident(values, paths, event, &complaint);
}

/* The best of a list so far. */
struct finding {
    const struct complaint *complaint;
    struct event *event;
    bool found, failed;
    int64_t created_ms;
};

/* Not resolved goes before resolved, then newer before older. */
static void on_incident(void *context, int field, const struct json_value values[])
{
    struct finding *finding = context;
    struct event event;
    int64_t created_ms = 0;
    if (field != LISTED + SELF || finding->failed)
        return;
    if (!read_incident(values + LISTED, paths + LISTED, &event, finding->complaint)) {
        finding->failed = true;
        return;
    }
    if (!timestamp_parse(values[LISTED + CREATED].text, &created_ms, NULL))
        created_ms = 0;
    const bool open = event.page.status != PAGE_RESOLVED;
    const bool best_open = finding->found && finding->event->page.status != PAGE_RESOLVED;
    if (finding->found && (open != best_open ? best_open : created_ms < finding->created_ms))
        return;
    finding->found = true;
    finding->created_ms = created_ms;
    *finding->event = event;
}

bool pagerduty_read_found_incident(struct json_reader *reader, const char *answer, size_t length, bool *found,
                                   struct event *event, char *error, size_t error_size)
{
    const struct complaint complaint = {error, error_size};
    struct finding finding = {.complaint = &complaint, .event = event};
    *found = false;
    const struct json_value *values =
        fields_read_once(reader, paths, COUNT_OF(paths), answer, length, on_incident, &finding, &complaint);
    if (!values || finding.failed)
        return false;
    if (values[SELF].kind == JSON_OBJECT) {
        *found = read_incident(values, paths, event, &complaint);
        return *found;
    }
    if (values[LIST].kind != JSON_ARRAY)
        return complain(&complaint, "incident and incidents are missing");
    *found = finding.found;
    return true;
}

struct alert_search {
    const struct config *config;
    int64_t ticket;
};

/* A number alone may be told by its name, such as "ticket_id": "4711". */
static int64_t ticket_in_leaf(const struct config *config, const struct json_value *value)
{
    char named[200];
    const int64_t ticket = pagerduty_ticket_in(config, value->text);
    if (ticket > 0 || value->len >= 24 || !*value->name)
        return ticket;
    snprintf(named, sizeof(named), "%s: %s", value->name, value->text);
    for (char *at = named; (at = strchr(at, '_'));)
        *at = ' ';
    return pagerduty_ticket_in(config, named);
}

static void on_alert_text(void *context, int field, const struct json_value values[])
{
    struct alert_search *search = context;
    const struct json_value *value = &values[field];
    if (search->ticket == 0 && (value->kind == JSON_STRING || value->kind == JSON_NUMBER))
        search->ticket = ticket_in_leaf(search->config, value);
}

static void on_alert(void *context, int field, const struct json_value values[])
{
    struct alert_search *search = context;
    enum { ALERT, ALERT_KEY, ALERT_SUMMARY };
    if (field != ALERT) {
        on_alert_text(search, field, values);
        return;
    }
    on_alert_text(search, ALERT_KEY, values);
    on_alert_text(search, ALERT_SUMMARY, values);
}

bool pagerduty_read_alerts(const struct config *config, struct json_reader *reader, const char *answer,
                           size_t length, int64_t *ticket, char *error, size_t error_size)
{
    static const char *const wanted[] = {"alerts[]", "alerts[].alert_key", "alerts[].summary",
                                         "alerts[].body.**", "alerts"};
    const struct complaint complaint = {error, error_size};
    struct alert_search search = {.config = config};
    const struct json_value *values =
        fields_read_once(reader, wanted, COUNT_OF(wanted), answer, length, on_alert, &search, &complaint);
    if (!values)
        return false;
    if (values[COUNT_OF(wanted) - 1].kind != JSON_ARRAY)
        return complain(&complaint, "alerts is missing");
    *ticket = search.ticket;
    return true;
}

static void on_error_text(void *context, int field, const struct json_value values[])
{
    bool *exists = context;
    *exists = *exists || text_glob("*already exists*", values[field].text);
}

bool pagerduty_says_duplicate(struct json_reader *reader, const char *answer, size_t length)
{
    static const char *const wanted[] = {"error.code", "error.errors[]"};
    char ignored[100];
    const struct complaint complaint = {ignored, sizeof(ignored)};
    bool exists = false;
    int64_t code = 0;
    const struct json_value *values = fields_read_once(reader, wanted, COUNT_OF(wanted), answer, length,
                                                       on_error_text, &exists, &complaint);
    return values && json_to_i64(&values[0], &code) && code == 2002 && exists;
}

struct subscription_visit {
    void (*each)(void *context, const char *subscription);
    void *context;
};

/* Whether an address ends in our route, whatever query follows. */
static bool is_our_address(const char *url)
{
    const size_t length = strcspn(url, "?#");
    const size_t route = strlen(pagerduty_service.route);
    return length >= route && strncmp(url + length - route, pagerduty_service.route, route) == 0;
}

/* One that a person has switched off (not active) stays off. */
static void on_subscription(void *context, int field, const struct json_value values[])
{
    enum { SUBSCRIPTION, SUBSCRIPTION_ID, ACTIVE, DISABLED, ADDRESS };
    const struct subscription_visit *visit = context;
    if (field == SUBSCRIPTION && values[DISABLED].kind == JSON_TRUE && values[ACTIVE].kind != JSON_FALSE &&
        values[SUBSCRIPTION_ID].len > 0 && is_our_address(values[ADDRESS].text))
        visit->each(visit->context, values[SUBSCRIPTION_ID].text);
}

bool pagerduty_read_subscriptions(struct json_reader *reader, const char *answer, size_t length,
                                  void (*each)(void *context, const char *subscription), void *context)
{
    static const char *const wanted[] = {"webhook_subscriptions[]",
                                         "webhook_subscriptions[].id",
                                         "webhook_subscriptions[].active",
                                         "webhook_subscriptions[].delivery_method.temporarily_disabled",
                                         "webhook_subscriptions[].delivery_method.url",
                                         "webhook_subscriptions"};
    char ignored[100];
    const struct complaint complaint = {ignored, sizeof(ignored)};
    struct subscription_visit visit = {.each = each, .context = context};
    const struct json_value *values = fields_read_once(reader, wanted, COUNT_OF(wanted), answer, length,
                                                       on_subscription, &visit, &complaint);
    return values && values[COUNT_OF(wanted) - 1].kind == JSON_ARRAY;
}
