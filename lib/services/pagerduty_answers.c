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
    AGENT,
    AGENT_NAME,
    AGENT_TYPE,
    ASSIGNMENT,
    ASSIGNEE,
    ASSIGNEE_NAME,
    ACKNOWLEDGEMENT,
    ACKNOWLEDGER,
    ACKNOWLEDGER_NAME,
    ACKNOWLEDGER_TYPE,
    INCIDENT_FIELDS
};

#define INCIDENT_PATHS(self)                                                                                 \
    self, self ".id", self ".html_url", self ".title", self ".incident_key", self ".status",                 \
        self ".service.id", self ".resolve_reason.type", self ".created_at",                                 \
        self ".last_status_change_by.id", self ".last_status_change_by.summary",                             \
        self ".last_status_change_by.type", self ".assignments[]", self ".assignments[].assignee.id",        \
        self ".assignments[].assignee.summary", self ".acknowledgements[]",                                  \
        self ".acknowledgements[].acknowledger.id", self ".acknowledgements[].acknowledger.summary",         \
        self ".acknowledgements[].acknowledger.type"

static const char *const paths[2 * INCIDENT_FIELDS + 1] = {INCIDENT_PATHS("incident"),
                                                           INCIDENT_PATHS("incidents[]"), "incidents"};
enum { LISTED = INCIDENT_FIELDS, LIST = 2 * INCIDENT_FIELDS };

/* Texts are the reader's; NULL: nobody. */
struct person {
    const char *id, *name;
};

/* Who comes before the incident they are of. */
struct people {
    struct person assignee;     /* the first */
    struct person acknowledger; /* the last who is a user */
};

static bool is_user(const struct json_value *type)
{
    return strstr(type->text, "user") != NULL;
}

/* VALUES are those of one incident. */
static void note_person(struct people *people, int part, const struct json_value *values)
{
    if (part == ASSIGNMENT && !people->assignee.id && values[ASSIGNEE].len > 0)
        people->assignee = (struct person){values[ASSIGNEE].text, values[ASSIGNEE_NAME].text};
    if (part == ACKNOWLEDGEMENT && values[ACKNOWLEDGER].len > 0 && is_user(&values[ACKNOWLEDGER_TYPE]))
        people->acknowledger = (struct person){values[ACKNOWLEDGER].text, values[ACKNOWLEDGER_NAME].text};
}

/* Whoever acknowledged counts where no person is said to have changed the status: a status that an
 * integration changes on a user's behalf. */
static void read_people(const struct json_value *values, const struct people *people, struct event *event)
{
    struct page_facts *page = &event->page;
    struct person agent = {values[AGENT].text, values[AGENT_NAME].text};
    page->by_person = is_user(&values[AGENT_TYPE]);
    if (!page->by_person && page->status == PAGE_ACKNOWLEDGED && people->acknowledger.id) {
        page->by_person = true;
        agent = people->acknowledger;
    }
    text_copy(event->by, sizeof(event->by), agent.name);
    if (page->by_person)
        text_copy(page->agent, sizeof(page->agent), agent.id);
    if (people->assignee.id) {
        text_copy(page->assignee, sizeof(page->assignee), people->assignee.id);
        text_copy(page->assignee_name, sizeof(page->assignee_name), people->assignee.name);
    }
}

/* VALUES and NAMES are those of one incident. */
static bool read_incident(const struct json_value *values, const char *const *names,
                          const struct people *people, struct event *event, const struct complaint *complaint)
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
    read_people(values, people, event);
    return true;
}

static void on_own_person(void *context, int field, const struct json_value values[])
{
    note_person(context, field, values);
}

bool pagerduty_read_incident(struct json_reader *reader, const char *answer, size_t length,
                             struct event *event, char *error, size_t error_size)
{
    const struct complaint complaint = {error, error_size};
    struct people people = {0};
    const struct json_value *values =
        fields_read_once(reader, paths, INCIDENT_FIELDS, answer, length, on_own_person, &people, &complaint);
    return values && read_incident(values, paths, &people, event, &complaint);
}

/* The best of a list so far. */
struct finding {
    const struct complaint *complaint;
    struct event *event;
    bool found, failed;
    int64_t created_ms;
    struct people alone;  /* of an answer with one incident */
    struct people listed; /* of the incident that is being read */
};

/* Not resolved goes before resolved, then newer before older. */
static void take_incident(struct finding *finding, const struct json_value values[])
{
    struct event event;
    int64_t created_ms = 0;
    if (finding->failed)
        return;
    if (!read_incident(values + LISTED, paths + LISTED, &finding->listed, &event, finding->complaint)) {
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

static void on_incident(void *context, int field, const struct json_value values[])
{
    struct finding *finding = context;
    if (field < LISTED) {
        note_person(&finding->alone, field, values);
    } else if (field != LISTED + SELF) {
        note_person(&finding->listed, field - LISTED, values + LISTED);
    } else {
        take_incident(finding, values);
        finding->listed = (struct people){0};
    }
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
        *found = read_incident(values, paths, &finding.alone, event, &complaint);
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

/* What is looked for among the notes, without the white space at its ends. */
struct note_search {
    const char *content;
    size_t length;
    bool found;
};

static size_t length_without_blanks(const char **text)
{
    static const char blanks[] = " \t\r\n";
    *text += strspn(*text, blanks);
    size_t length = strlen(*text);
    while (length > 0 && strchr(blanks, (*text)[length - 1]))
        length--;
    return length;
}

static void on_note(void *context, int field, const struct json_value values[])
{
    enum { NOTE, CONTENT };
    struct note_search *search = context;
    const char *content = values[CONTENT].text;
    if (field == NOTE && length_without_blanks(&content) == search->length &&
        memcmp(content, search->content, search->length) == 0)
        search->found = true;
}

bool pagerduty_read_notes(struct json_reader *reader, const char *answer, size_t length, const char *content,
                          bool *found, char *error, size_t error_size)
{
    static const char *const wanted[] = {"notes[]", "notes[].content", "notes"};
    const struct complaint complaint = {error, error_size};
    struct note_search search = {.content = content};
    *found = false;
    search.length = length_without_blanks(&search.content);
    const struct json_value *values =
        fields_read_once(reader, wanted, COUNT_OF(wanted), answer, length, on_note, &search, &complaint);
    if (!values)
        return false;
    if (values[COUNT_OF(wanted) - 1].kind != JSON_ARRAY)
        return complain(&complaint, "notes is missing");
    *found = search.found;
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

bool pagerduty_says_done(struct json_reader *reader, const char *answer, size_t length)
{
    static const char *const wanted[] = {"error.code"};
    char ignored[100];
    const struct complaint complaint = {ignored, sizeof(ignored)};
    int64_t code = 0;
    const struct json_value *values =
        fields_read_once(reader, wanted, COUNT_OF(wanted), answer, length, NULL, NULL, &complaint);
    return values && json_to_i64(values, &code) && (code == 1001 || code == 1002);
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
