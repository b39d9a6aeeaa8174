/*
 * What all services share: which one a route belongs to, what it takes to receive its webhooks. Fatal for the
 * caller is only what receiver_init returns false for.
 */
#include "lib/services/service.h"

#include <stdlib.h>
#include <string.h>

#include "lib/json_fields.h"
#include "lib/text.h"

#define FUTURE_MS    (5 * 60 * 1000) /* how far ahead a sender's clock may be */
#define SLACK_AGE_MS (5 * 60 * 1000)
#define ZOOM_AGE_MS  (2 * 3600 * 1000) /* it tries again after an hour */

const struct service *service_by_route(const char *route)
{
    static const struct service *const services[] = {&zendesk_service, &pagerduty_service, &slack_service,
                                                     &zoom_service};
    for (size_t i = 0; i < COUNT_OF(services); i++)
        if (strcmp(services[i]->route, route) == 0)
            return services[i];
    return NULL;
}

static bool add_key(struct receiver *receiver, const char *secret)
{
    if (!secret)
        return true;
    struct signature_key *key = signature_key_new(secret);
    if (key)
        receiver->keys[receiver->key_count++] = key;
    return key != NULL;
}

static bool add_keys(struct receiver *receiver, const char *secret, const char *second)
{
    return add_key(receiver, secret) && add_key(receiver, second);
}

/* A text without a usable pattern speaks of no ticket. */
static bool add_pattern(struct receiver *receiver, const char *pattern)
{
    if (!pattern)
        return true;
    receiver->ticket_pattern = calloc(1, sizeof(*receiver->ticket_pattern));
    if (!receiver->ticket_pattern)
        return false;
    if (regcomp(receiver->ticket_pattern, pattern, REG_EXTENDED | REG_ICASE) == 0)
        return true;
    free(receiver->ticket_pattern);
    receiver->ticket_pattern = NULL;
    return false;
}

static bool add_secrets(struct receiver *receiver, enum service_id service)
{
    const struct config *config = receiver->config;
    switch (service) {
    case SERVICE_ZENDESK:
        receiver->max_age_ms = config->zendesk.max_age_ms;
        return add_keys(receiver, config->zendesk.webhook_secret, config->zendesk.webhook_secret_2);
    case SERVICE_PAGERDUTY:
        return add_keys(receiver, config->pagerduty.webhook_secret, config->pagerduty.webhook_secret_2) &&
               add_pattern(receiver, config->pagerduty.ticket_pattern);
    case SERVICE_SLACK:
        receiver->max_age_ms = SLACK_AGE_MS;
        return add_key(receiver, config->slack.signing_secret);
    case SERVICE_ZOOM:
        receiver->max_age_ms = ZOOM_AGE_MS;
        return add_key(receiver, config->zoom.webhook_secret);
    default: return true; /* sends no webhooks */
    }
}

bool receiver_init(struct receiver *receiver, const struct service *service, const struct config *config)
{
    *receiver = (struct receiver){.config = config};
    receiver->spec = json_spec_new(service->paths, service->path_count);
    if (receiver->spec && add_secrets(receiver, service->id))
        return true;
    receiver_free(receiver);
    return false;
}

void receiver_free(struct receiver *receiver)
{
    for (size_t i = 0; i < receiver->key_count; i++)
        signature_key_free(receiver->keys[i]);
    json_spec_free(receiver->spec);
    if (receiver->ticket_pattern)
        regfree(receiver->ticket_pattern);
    free(receiver->ticket_pattern);
    *receiver = (struct receiver){0};
}

/* Whole seconds since 1970, before the year 10000. */
static bool read_seconds(const char *text, int64_t *ms)
{
    int64_t seconds = 0;
    if (!text_to_i64(text, strlen(text), &seconds) || seconds < 0 || seconds >= INT64_C(253402300800))
        return false;
    *ms = seconds * 1000;
    return true;
}

enum webhook_verdict receiver_verify_v0(struct receiver *receiver, const struct webhook *webhook)
{
    int64_t sent_ms = 0;
    if (!webhook->signature || !*webhook->signature || !webhook->timestamp || !*webhook->timestamp)
        return WEBHOOK_UNSIGNED;
    if (!signature_v0_ok(receiver->keys, receiver->key_count, webhook->signature, webhook->timestamp,
                         webhook->body, webhook->length))
        return WEBHOOK_FORGED;
    if (!read_seconds(webhook->timestamp, &sent_ms) || sent_ms > webhook->now_ms + FUTURE_MS)
        return WEBHOOK_STALE;
    if (receiver->max_age_ms > 0 && sent_ms < webhook->now_ms - receiver->max_age_ms)
        return WEBHOOK_STALE;
    return WEBHOOK_VERIFIED;
}
