/* Signatures of the four services. A libcrypto that refuses ends the run. */
#include "tests/fuzz/signing.h"

#include "tests/fuzz/promise.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define MINUTE_MS INT64_C(60000)
#define MAC_SIZE  32

const struct way ways[WAYS] = {
    {'p', &pagerduty_service, 2, 0, false, "v1="},
    {'z', &zendesk_service, 2, 24 * 60 * MINUTE_MS, true, ""},
    {'s', &slack_service, 1, 5 * MINUTE_MS, false, "v0="},
    {'m', &zoom_service, 1, 2 * 60 * MINUTE_MS, false, "v0="},
};

const struct way *way_of(char letter)
{
    for (size_t i = 0; i < WAYS; i++)
        if (ways[i].letter == letter)
            return &ways[i];
    return NULL;
}

/* What is signed, put together. The caller frees. */
static char *message_of(const struct way *way, const struct webhook *webhook, size_t *length)
{
    const bool v0 = strcmp(way->version, "v0=") == 0;
    const char *timestamp = way->max_age_ms > 0 && webhook->timestamp ? webhook->timestamp : "";
    const size_t room = strlen(timestamp) + webhook->length + sizeof "v0::";
    char *message = malloc(room);
    PROMISE(message, "no memory");
    const int head = snprintf(message, room, "%s%s%s", v0 ? "v0:" : "", timestamp, v0 ? ":" : "");
    memcpy(message + head, webhook->body, webhook->length);
    *length = (size_t)head + webhook->length;
    return message;
}

void way_sign(const struct way *way, const struct webhook *webhook, const char *secret,
              char out[SIGNATURE_ROOM])
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned int mac_length = 0;
    size_t length = 0;
    char *message = message_of(way, webhook, &length);
    PROMISE(HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)message, length, mac,
                 &mac_length) &&
                mac_length == MAC_SIZE,
            "libcrypto refuses");
    free(message);
    if (way->base64)
        EVP_EncodeBlock((unsigned char *)out, mac, MAC_SIZE);
    for (size_t i = 0; i < MAC_SIZE && !way->base64; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", mac[i]);
}
