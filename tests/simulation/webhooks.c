/*
 * Webhooks on their way: signed as their senders sign, sent again as their senders do, and late, doubled or
 * lost. PagerDuty repeats what is not answered for two days; Zendesk only what is answered 409, 429 or 503,
 * and time-outs, a few times; Zoom three times.
 */
#include "tests/simulation/simulation.h"

#include "lib/text.h"
#include "lib/timestamp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

static void sign(const char *secret, const char *text, size_t length, unsigned char out[32])
{
    unsigned int size = 0;
    if (!HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)text, length, out, &size))
        abort();
}

static void to_hex(const unsigned char *bytes, char *out)
{
    for (size_t i = 0; i < 32; i++)
        text_format(out + 2 * i, 3, "%02x", bytes[i]);
}

static void sign_post(struct sim *sim, struct post *post)
{
    unsigned char hmac[32];
    struct text signed_text = {0};
    switch (post->service) {
    case SERVICE_ZENDESK:
        timestamp_format_seconds(sim->now_ms + sim->world.zendesk_skew_ms, post->timestamp);
        text_add(&signed_text, "%s%s", post->timestamp, post->body);
        sign("zendesk-secret", signed_text.bytes, signed_text.length, hmac);
        EVP_EncodeBlock((unsigned char *)post->signature, hmac, 32);
        break;
    case SERVICE_PAGERDUTY:
        sign("pagerduty-secret", post->body, strlen(post->body), hmac);
        text_copy(post->signature, sizeof post->signature, "v1=");
        to_hex(hmac, post->signature + 3);
        break;
    default:
        text_format(post->timestamp, sizeof post->timestamp, "%lld", (long long)(sim->now_ms / 1000));
        text_add(&signed_text, "v0:%s:%s", post->timestamp, post->body);
        sign(post->service == SERVICE_ZOOM ? "zoom-secret" : "slack-secret", signed_text.bytes,
             signed_text.length, hmac);
        text_copy(post->signature, sizeof post->signature, "v0=");
        to_hex(hmac, post->signature + 3);
        break;
    }
    free(signed_text.bytes);
}

static int64_t post_delay_ms(struct sim *sim)
{
    struct rng *rng = &sim->post_rng;
    if (!sim_may(sim, TROUBLE_WEBHOOKS) || sim->calm || rng_chance(rng, 850))
        return rng_between(rng, 5, 800);
    return rng_chance(rng, 800) ? rng_between(rng, 800, 30000) : rng_between(rng, 30000, 40 * MINUTE_MS);
}

void post_webhook(struct sim *sim, enum service_id service, const char *body, struct client *client)
{
    const struct config *config = &sim->process.config;
    bool heard = service != SERVICE_ZOOM || config->zoom.webhook_secret;
    bool bad = sim_may(sim, TROUBLE_WEBHOOKS) && !sim->calm;
    if (!heard || (bad && rng_chance(&sim->post_rng, 80)))
        return; /* nobody will ever know of it */
    struct post *post = must_alloc(1, sizeof *post);
    post->service = service;
    post->body = strdup(body);
    if (!post->body)
        abort();
    post->client = client;
    text_format(post->id, sizeof post->id, "01HOOK%020lld", (long long)++sim->world.last_id);
    sign_post(sim, post);
    sim->posts = must_grow(sim->posts, sim->post_count, sizeof *sim->posts);
    sim->posts[sim->post_count++] = post;
    sim_after(sim, post_delay_ms(sim), post_arrives, post);
    if (bad && rng_chance(&sim->post_rng, 60))
        sim_after(sim, post_delay_ms(sim), post_arrives, post);
}

/* When its sender tries again; -1 never. */
static int64_t retry_after_ms(struct sim *sim, const struct post *post, int status)
{
    static const int most[SERVICE_COUNT] = {
        [SERVICE_ZENDESK] = 5, [SERVICE_PAGERDUTY] = 400, [SERVICE_SLACK] = 0, [SERVICE_ZOOM] = 3};
    bool again = status == 0 || status == 503 || status == 429;
    if (post->service == SERVICE_ZENDESK) /* a refused connection is a lost webhook */
        again = status == 503 || status == -1;
    else
        again = again || status == -1;
    if (!again || post->attempts > most[post->service])
        return -1;
    if (post->service == SERVICE_PAGERDUTY)
        return rng_between(&sim->post_rng, 5000, 8 * MINUTE_MS);
    return post->service == SERVICE_ZOOM ? 5 * MINUTE_MS : 5000;
}

static void try_again(struct sim *sim, struct post *post, int status)
{
    int64_t wait_ms = retry_after_ms(sim, post, status);
    if (wait_ms >= 0)
        sim_after(sim, wait_ms, post_arrives, post);
}

bool post_to_delivery(struct sim *sim, struct post *post, bool verify, struct delivery **delivery,
                      int *status)
{
    static const struct service *const services[SERVICE_COUNT] = {&zendesk_service, &pagerduty_service,
                                                                  &slack_service, &zoom_service};
    const struct service *service = services[post->service];
    struct receiver *receiver = &sim->process.receivers[post->service];
    const struct webhook webhook = {.body = post->body,
                                    .length = strlen(post->body),
                                    .signature = post->signature,
                                    .timestamp = post->timestamp,
                                    .delivery_id = post->id,
                                    .now_ms = process_now_ms(sim)};
    *status = 401;
    if (verify && service->verify(receiver, &webhook) != WEBHOOK_VERIFIED)
        return false;
    struct delivery *made = must_alloc(1, sizeof *made);
    made->kind = DELIVERY_WEBHOOK;
    made->service = post->service;
    if (!service->read_webhook(receiver, sim->process.reader, &webhook, made))
        sim_violation(sim, post->client, "a webhook of %s can't be read: %s: %s", service_name(post->service),
                      made->error, post->body);
    made->event.now_ms = webhook.now_ms;
    made->payload = strdup(post->body);
    made->payload_length = webhook.length;
    made->owner = post;
    *delivery = made;
    return true;
}

static void not_answered(struct sim *sim, void *subject)
{
    struct post *post = subject;
    if (!post->answered)
        try_again(sim, post, -1);
}

void post_arrives(struct sim *sim, void *subject)
{
    struct post *post = subject;
    struct delivery *delivery = NULL;
    int status = 0;
    if (post->answered && !rng_chance(&sim->post_rng, 300))
        return; /* one of two has been enough */
    post->attempts++;
    if (!sim->process.up || !post_to_delivery(sim, post, true, &delivery, &status)) {
        try_again(sim, post, status);
        return;
    }
    process_take(sim, delivery);
    if (!post->answered)
        sim_after(sim, post->service == SERVICE_ZENDESK ? 12000 : 5000, not_answered, post);
}

void post_answered(struct sim *sim, struct post *post, int status)
{
    bool lost = sim_may(sim, TROUBLE_WEBHOOKS) && !sim->calm && rng_chance(&sim->post_rng, 15);
    if (status == 200)
        post->accepted = true;
    if (lost || post->answered)
        return; /* its sender runs into a time-out */
    if (status == 503) {
        try_again(sim, post, status);
        return;
    }
    post->answered = true;
}
