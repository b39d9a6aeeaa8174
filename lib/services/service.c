/*
 * What all services share: which one a route belongs to, what it takes to receive its webhooks. Fatal for the
 * caller is only what receiver_init returns false for.
 */
#include "lib/services/service.h"

#include <stdlib.h>
#include <string.h>

#include "lib/json_fields.h"

const struct service *service_by_route(const char *route)
{
    static const struct service *const services[] = {&zendesk_service, &pagerduty_service};
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

bool receiver_init(struct receiver *receiver, const struct service *service, const struct config *config)
{
    *receiver = (struct receiver){.config = config};
    receiver->spec = json_spec_new(service->paths, service->path_count);
    bool good = receiver->spec != NULL;
    if (service->id == SERVICE_ZENDESK) {
        receiver->max_age_ms = config->zendesk.max_age_ms;
        good = good && add_keys(receiver, config->zendesk.webhook_secret, config->zendesk.webhook_secret_2);
    } else {
        good = good &&
               add_keys(receiver, config->pagerduty.webhook_secret, config->pagerduty.webhook_secret_2) &&
               add_pattern(receiver, config->pagerduty.ticket_pattern);
    }
    if (!good)
        receiver_free(receiver);
    return good;
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
