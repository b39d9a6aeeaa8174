#ifndef EMERGENCYD_PAGERDUTY_H
#define EMERGENCYD_PAGERDUTY_H
/*
 * PagerDuty: what its webhooks and answers mean, what requests to it look like. Pure functions over texts;
 * for every thread (a json_reader and a receiver are used by one thread at a time).
 */
#include "lib/services/service.h"

/* The number of the ticket that TEXT speaks of by `ticket_pattern`: the last group of digits only; 0 none. */
int64_t pagerduty_ticket_in(const struct config *config, const char *text);

/* Whether an incident of that service opens emergencies, and is none of our own pages. */
bool pagerduty_page_counts(const struct config *config, const struct page_facts *page);
#define PAGERDUTY_OWN_KEY "emergencyd-"

/* Requests. False: out of memory. */
bool pagerduty_get_incident(struct request *request, const char *incident) MUST_CHECK;
bool pagerduty_get_alerts(struct request *request, const char *incident) MUST_CHECK;
bool pagerduty_find_incident(struct request *request, const char *incident_key) MUST_CHECK;
/* The probe: is anything allowed at all. Asks for one incident; /users/me is refused to an account's key. */
bool pagerduty_get_me(struct request *request) MUST_CHECK;
/* A page. */
struct pagerduty_page {
    const char *service;
    const char *incident_key;
    const char *title;
    const char *details;
    const char *assignee; /* the id of the user who is paged; NULL: whom the service's policy says */
};
bool pagerduty_create_incident(struct request *request, const struct pagerduty_page *page) MUST_CHECK;
/* FROM is the e-mail address of the user in whose name it is done; NULL, "" or what can't stand in a header:
 * that of the settings. */
bool pagerduty_acknowledge(struct request *request, const char *incident, const char *from) MUST_CHECK;
bool pagerduty_resolve(struct request *request, const char *incident, const char *from) MUST_CHECK;
bool pagerduty_add_note(struct request *request, const char *incident, const char *content) MUST_CHECK;
bool pagerduty_get_notes(struct request *request, const char *incident) MUST_CHECK;
bool pagerduty_get_user(struct request *request, const char *user) MUST_CHECK;
bool pagerduty_find_user(struct request *request, const char *email) MUST_CHECK;
/* Who is on call in these schedules (one at least) between two moments, with their users; OFFSET is 0 for the
 * first page. */
bool pagerduty_get_oncalls(struct request *request, const char *const schedules[], size_t count,
                           int64_t since_ms, int64_t until_ms, size_t offset) MUST_CHECK;
bool pagerduty_list_subscriptions(struct request *request) MUST_CHECK;
bool pagerduty_enable_subscription(struct request *request, const char *subscription) MUST_CHECK;

/* Answers. False: not what the service documents (ERROR says what is missing). */
/* GET /incidents/{id} → a PAGE event; at_ms is left 0 for the caller (the answer's Date), and so is its id.
 * `by` and `agent` are who changed the status last, or acknowledged it where no person is said to have. */
bool pagerduty_read_incident(struct json_reader *reader, const char *answer, size_t length,
                             struct event *event, char *error, size_t error_size) MUST_CHECK;
/* POST /incidents and GET /incidents?incident_key= (the newest that is not resolved, else the newest): FOUND
 * false when the list is empty. */
bool pagerduty_read_found_incident(struct json_reader *reader, const char *answer, size_t length, bool *found,
                                   struct event *event, char *error, size_t error_size) MUST_CHECK;
/* GET /incidents/{id}/alerts → the ticket's number in any text of them (keys, summaries, details, links); 0
 * none. */
bool pagerduty_read_alerts(const struct config *config, struct json_reader *reader, const char *answer,
                           size_t length, int64_t *ticket, char *error, size_t error_size) MUST_CHECK;
/* GET /incidents/{id}/notes: whether one is CONTENT, but for white space at its ends. */
bool pagerduty_read_notes(struct json_reader *reader, const char *answer, size_t length, const char *content,
                          bool *found, char *error, size_t error_size) MUST_CHECK;
struct pagerduty_user {
    char id[24]; /* "" none */
    char name[96];
    char email[96];
};
/* GET /users/{id}, and GET /users?query=, of which the one with EMAIL (in any case) counts; its id is "" if
 * there is none. */
bool pagerduty_read_user(struct json_reader *reader, const char *answer, size_t length, const char *email,
                         struct pagerduty_user *user, char *error, size_t error_size) MUST_CHECK;
/* One turn of somebody in a schedule. */
struct pagerduty_oncall {
    char schedule[24];
    struct pagerduty_user user;
    int64_t start_ms; /* 0: always */
    int64_t end_ms;   /* INT64_MAX: never ends */
};
typedef void pagerduty_oncall_fn(void *context, const struct pagerduty_oncall *oncall);
/* GET /oncalls: EACH once a turn of a schedule (others are passed over), for all of the answer or for none.
 * *MORE: there are further pages. */
bool pagerduty_read_oncalls(struct json_reader *reader, const char *answer, size_t length,
                            pagerduty_oncall_fn *each, void *context, bool *more, char *error,
                            size_t error_size) MUST_CHECK;
/* Whether an error answer says that an open incident with this key exists already (400 with code 2002). */
bool pagerduty_says_duplicate(struct json_reader *reader, const char *answer, size_t length);
/* Whether one says that the incident is resolved, or acknowledged, already (400 with code 1001 or 1002). */
bool pagerduty_says_done(struct json_reader *reader, const char *answer, size_t length);
/* Calls EACH for every subscription that is switched off for a while and delivers to our route. */
bool pagerduty_read_subscriptions(struct json_reader *reader, const char *answer, size_t length,
                                  void (*each)(void *context, const char *subscription),
                                  void *context) MUST_CHECK;

#endif
