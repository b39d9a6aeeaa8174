#ifndef EMERGENCYD_SERVICE_H
#define EMERGENCYD_SERVICE_H
/*
 * What every service has in common: how its webhooks are verified and read, and what a request to it looks
 * like. The particulars are in one file a service. Nothing here knows threads, sockets or clocks.
 */
#include "lib/config.h"
#include "lib/delivery.h"
#include "lib/signature.h"

#include <regex.h>

/* Of lib/json_fields.h, which is not included here: jansson.h, which writers of requests need, has an enum
 * with the same names. */
struct json_reader;
struct json_spec;

/* A webhook as it came in: pointers live as long as the request. Absent headers are NULL. */
struct webhook {
    const char *body; /* NUL-terminated */
    size_t length;
    const char *signature;
    const char *timestamp;
    const char *delivery_id;
    int64_t now_ms;
};

enum webhook_verdict { WEBHOOK_VERIFIED, WEBHOOK_UNSIGNED, WEBHOOK_FORGED, WEBHOOK_STALE };

/* What a listener needs to receive a service's webhooks; made by the listener's thread, used by it alone. */
struct receiver {
    struct signature_key *keys[2];
    size_t key_count;
    int64_t max_age_ms; /* 0: any age */
    const struct config *config;
    struct json_spec *spec;  /* of the service's paths */
    regex_t *ticket_pattern; /* PagerDuty's, else NULL */
};

struct service {
    enum service_id id;
    const char *route; /* "/webhooks/zendesk" */
    const char *signature_header;
    const char *timestamp_header; /* NULL: it has none */
    const char *id_header;
    const char *content_type; /* 415 for any other; NULL: any will do */
    int unreadable_status;    /* what a signed body that can't be read is answered: 400 or 200 */
    bool empty_answer;        /* a 200 has no body: people would be shown it */
    const char *const *paths; /* what read_webhook looks at */
    size_t path_count;

    /* Checks signature and age; CLOCK-free: now is in the webhook. */
    enum webhook_verdict (*verify)(struct receiver *receiver, const struct webhook *webhook);
    /*
     * Reads the body into DELIVERY: event (type, source, at_ms, resolution_ms, id, ticket_id, by, facts),
     * repeat_key, comment_text. A well-formed event of no interest is EVENT_IGNORED. False: not readable,
     * delivery->error says what is missing or wrong (a field's path), and delivery->rejected is set. Where
     * the sender only tries the address, delivery->answer is the answer's body, and nothing is kept.
     */
    bool (*read_webhook)(const struct receiver *receiver, struct json_reader *reader,
                         const struct webhook *webhook, struct delivery *delivery);
};

/* The service of a route, or NULL. */
const struct service *service_by_route(const char *route);
extern const struct service zendesk_service, pagerduty_service, slack_service, zoom_service;

/*
 * Keys, paths and pattern from the settings, which must outlive the receiver. A service that is not
 * configured gets no key, and nothing is verified by it. False: libcrypto refuses, or out of memory; the
 * receiver is zeroed then. Free with receiver_free, which takes zeroed objects.
 */
bool receiver_init(struct receiver *receiver, const struct service *service,
                   const struct config *config) MUST_CHECK;
void receiver_free(struct receiver *receiver);

/* The `verify` of services that sign like Slack (v0), with a timestamp in whole seconds, which may be as old
 * as the receiver says and a little ahead of us. */
enum webhook_verdict receiver_verify_v0(struct receiver *receiver, const struct webhook *webhook) MUST_CHECK;

/* A request to be made: method, path with query, body (malloc'ed JSON or NULL); moved into a struct call. */
struct request {
    char method[8];
    char *path;
    char *body;
    char *from; /* see struct call */
};
void request_free(struct request *request);
/* A GET of PATH without a body. False: out of memory. */
bool request_get(struct request *request, const char *path) MUST_CHECK;

#endif
