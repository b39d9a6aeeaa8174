/*
 * Signatures: whatever headers come with a body, the verdict is the one that follows from HMACs that are
 * computed apart from the program's. A run never guesses a right signature, so signs in the header stand for
 * one: see put_signature.
 *
 * A line with the service's first letter and the header, a line with the timestamp, the body.
 */
#include "lib/services/service.h"
#include "lib/timestamp.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/promise.h"
#include "tests/fuzz/settings.h"
#include "tests/fuzz/signing.h"

#include <ctype.h>

#define NOW_MS    INT64_C(1531420618000) /* 2018-07-12T18:36:58Z */
#define FUTURE_MS (5 * INT64_C(60000))

static const char *const secrets[] = {SETTINGS_SECRET, SETTINGS_SECOND_SECRET};

static struct receiver receivers[WAYS];
static struct receiver without_keys[WAYS];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct config unset;
    (void)argc;
    (void)argv;
    for (size_t i = 0; i < WAYS; i++)
        PROMISE(receiver_init(&receivers[i], ways[i].service, settings()) &&
                    receiver_init(&without_keys[i], ways[i].service, &unset),
                "no memory");
    return 0;
}

/* --- what is right --- */

/* '$' and '%' stand for the signatures by our secrets, '!' for a stranger's, '^' for ours in capitals. */
static void put_signature(const struct way *way, const struct webhook *webhook, char sign_for,
                          char out[SIGNATURE_ROOM])
{
    way_sign(way, webhook, sign_for == '%' ? secrets[1] : sign_for == '!' ? "stranger" : secrets[0], out);
    for (char *c = out; sign_for == '^' && *c; c++)
        *c = (char)toupper((unsigned char)*c);
}

/* The caller frees. */
static char *header_of(const struct way *way, const struct webhook *webhook, const char *written)
{
    const size_t room = strlen(written) * SIGNATURE_ROOM + 1;
    char *header = malloc(room);
    size_t used = 0;
    PROMISE(header, "no memory");
    for (; *written; written++) {
        if (strchr("$%!^", *written)) {
            char signature[SIGNATURE_ROOM];
            put_signature(way, webhook, *written, signature);
            used += (size_t)snprintf(header + used, room - used, "%s", signature);
        } else {
            header[used++] = *written;
        }
    }
    header[used] = '\0';
    return header;
}

/* --- what the verdict must be --- */

static bool is_item(const struct way *way, const char *item, size_t length, const char *signature)
{
    const size_t version = strlen(way->version);
    return length == version + strlen(signature) && memcmp(item, way->version, version) == 0 &&
           memcmp(item + version, signature, strlen(signature)) == 0;
}

/* PagerDuty's header is a list, the others' is one signature. */
static bool header_has(const struct way *way, const char *header, const char *signature)
{
    if (way->letter != 'p')
        return is_item(way, header, strlen(header), signature);
    while (*header) {
        const size_t length = strcspn(header, ", \t");
        if (is_item(way, header, length, signature))
            return true;
        header += length + (header[length] != '\0');
    }
    return false;
}

static bool is_signed(const struct way *way, const struct webhook *webhook)
{
    for (size_t i = 0; i < way->secret_count; i++) {
        char signature[SIGNATURE_ROOM];
        way_sign(way, webhook, secrets[i], signature);
        if (header_has(way, webhook->signature, signature))
            return true;
    }
    return false;
}

static bool is_recent(const struct way *way, const struct webhook *webhook)
{
    int64_t sent_ms = -1;
    if (way->max_age_ms == 0)
        return true;
    const size_t digits = strspn(webhook->timestamp, "0123456789");
    const size_t zeros = strspn(webhook->timestamp, "0"); /* as many as one likes */
    if (!way->base64 && digits > 0 && !webhook->timestamp[digits] && digits - zeros < 15)
        sent_ms = strtoll(webhook->timestamp, NULL, 10) * 1000;
    if (way->base64 && !timestamp_parse(webhook->timestamp, &sent_ms, NULL))
        sent_ms = -1;
    return sent_ms >= NOW_MS - way->max_age_ms && sent_ms <= NOW_MS + FUTURE_MS;
}

static enum webhook_verdict right_verdict(const struct way *way, const struct webhook *webhook)
{
    if (!webhook->signature[0] || (way->max_age_ms > 0 && !webhook->timestamp[0]))
        return WEBHOOK_UNSIGNED;
    if (!is_signed(way, webhook))
        return WEBHOOK_FORGED;
    return is_recent(way, webhook) ? WEBHOOK_VERIFIED : WEBHOOK_STALE;
}

static enum webhook_verdict verdict_of(size_t i, const struct webhook *webhook)
{
    return ways[i].service->verify(&receivers[i], webhook);
}

/* What was signed is verified no more with one bit of the body or one digit of the time changed. */
static void check_altered(size_t i, const struct webhook *webhook)
{
    struct webhook altered = *webhook;
    char *body = malloc(webhook->length + 1);
    char timestamp[64];
    PROMISE(body, "no memory");
    memcpy(body, webhook->body, webhook->length + 1);
    altered.body = body;
    if (webhook->length > 0) {
        body[webhook->length / 2] ^= 1;
        PROMISE(verdict_of(i, &altered) == WEBHOOK_FORGED, "another body: %d", verdict_of(i, &altered));
        body[webhook->length / 2] ^= 1;
        altered.length--;
        PROMISE(verdict_of(i, &altered) == WEBHOOK_FORGED, "a shorter body: %d", verdict_of(i, &altered));
        altered.length++;
    }
    if (ways[i].max_age_ms > 0) {
        (void)snprintf(timestamp, sizeof timestamp, "%s", webhook->timestamp);
        timestamp[0] ^= 1;
        altered.timestamp = timestamp;
        PROMISE(verdict_of(i, &altered) == WEBHOOK_FORGED, "another time: %d", verdict_of(i, &altered));
    }
    free(body);
}

static void check(size_t i, struct webhook *webhook)
{
    const enum webhook_verdict right = right_verdict(&ways[i], webhook);
    const enum webhook_verdict verdict = verdict_of(i, webhook);
    PROMISE(verdict == right, "%d instead of %d for \"%s\" at \"%s\"", verdict, right, webhook->signature,
            webhook->timestamp);
    PROMISE(ways[i].service->verify(&without_keys[i], webhook) != WEBHOOK_VERIFIED, "verified without a key");
    if (verdict == WEBHOOK_VERIFIED)
        check_altered(i, webhook);
    const char *signature = webhook->signature;
    webhook->signature = NULL;
    PROMISE(verdict_of(i, webhook) == WEBHOOK_UNSIGNED, "no header: %d", verdict_of(i, webhook));
    webhook->signature = signature;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    char *written = input_line(&input);
    char *timestamp = input_line(&input);
    struct webhook webhook = {.timestamp = timestamp, .now_ms = NOW_MS};
    char *body = input_rest(&input, &webhook.length);
    webhook.body = body;
    for (size_t i = 0; i < WAYS; i++) {
        if (written[0] != ways[i].letter)
            continue;
        char *header = header_of(&ways[i], &webhook, written + 1);
        webhook.signature = header;
        check(i, &webhook);
        free(header);
    }
    free(written);
    free(timestamp);
    free(body);
    return 0;
}
