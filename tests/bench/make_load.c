/*
 * Writes requests for a run of wrk or of a paced sender, before it: make_load KIND COUNT FILE [option…]. Each
 * is a whole HTTP request, signed, behind its length in eight characters. No two are the same, but for the
 * repeats of a life.
 *
 *   life    acknowledgements, comments, changes of status, in turn; one in 20 is a repeat of an earlier one
 *   storm   pages, each of which opens an emergency
 *   noise   notes at incidents that are none of ours
 *   hooks   a life, but addressed to and signed for adnanh/webhook
 *   alerts  alerts for Alertmanager, as long as the webhooks of a life on average
 *
 *   --first N    the first emergency (1)
 *   --active N   how many there are (1000)
 *   --series N   loads for one database have different ones, from 1 on (1)
 *   --from MS    when the first of them happened; 50 happen in a millisecond (so that the last is now)
 *
 * Prints how many requests and bytes there are, and of them bytes of bodies.
 */
#include "tests/bench/load.h"

#include "lib/text.h"
#include "lib/timestamp.h"

#include <getopt.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define A_MS         50
#define REPEAT_EVERY 20
#define REPEAT_AFTER 256 /* as many as may be under way at once */
#define REQUEST_SIZE (LOAD_BODY_SIZE + 1024)
#define ALERT_TEXT   1450

struct http_request {
    int length;
    char text[REQUEST_SIZE];
};

struct maker {
    struct load load;
    int64_t first, active, series, from_ms, count;
    int64_t number; /* of the request */
    struct signature_key *key;
    struct http_request earlier[REPEAT_AFTER];
    int64_t bytes, body_bytes;
    FILE *file;
};

static int64_t happened_ms(const struct maker *maker)
{
    return maker->from_ms + maker->number / A_MS;
}

static int64_t emergency_of(const struct maker *maker)
{
    return maker->first + load_spread(maker->number, maker->active);
}

/* One that the series of no other load has. */
static int64_t new_emergency(const struct maker *maker)
{
    return INT64_C(1000000000) * maker->series + maker->number;
}

/* --- headers --- */

static void sign_in_hex(struct maker *maker, const struct load_webhook *webhook, char out[SIGNATURE_HEX_SIZE])
{
    demand(signature_hex(maker->key, webhook->body, out), "libcrypto refuses");
}

static void sign_as_zendesk(struct maker *maker, const char *timestamp, const struct load_webhook *webhook,
                            char out[48])
{
    const struct signature_part parts[] = {{timestamp, strlen(timestamp)}, {webhook->body, webhook->length}};
    unsigned char mac[SIGNATURE_HMAC_SIZE];
    demand(signature_hmac(maker->key, parts, COUNT_OF(parts), mac), "libcrypto refuses");
    EVP_EncodeBlock((unsigned char *)out, mac, sizeof mac);
}

static void put(struct maker *maker, const struct load_webhook *webhook, const char *route,
                const char *headers)
{
    struct http_request *request = &maker->earlier[maker->number % REPEAT_AFTER];
    request->length = snprintf(request->text, sizeof request->text,
                               "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                               "%sContent-Length: %zu\r\n\r\n%s",
                               route, headers, webhook->length, webhook->body);
    demand(request->length < (int)sizeof request->text, "a request is cut");
}

static void put_to_pagerduty(struct maker *maker, const struct load_webhook *webhook)
{
    char headers[300];
    char signature[SIGNATURE_HEX_SIZE];
    sign_in_hex(maker, webhook, signature);
    snprintf(headers, sizeof headers,
             "User-Agent: PagerDuty-Webhook/V3.0\r\nX-PagerDuty-Signature: v1=%s\r\n"
             "X-Webhook-Id: 01%024" PRIX64 "\r\nX-Webhook-Subscription: PWEB001\r\n",
             signature, maker->load.serial);
    put(maker, webhook, webhook->service->route, headers);
}

static void put_to_zendesk(struct maker *maker, const struct load_webhook *webhook)
{
    char headers[400];
    char timestamp[TIMESTAMP_SIZE];
    char signature[48];
    timestamp_format_seconds(happened_ms(maker), timestamp);
    sign_as_zendesk(maker, timestamp, webhook, signature);
    snprintf(headers, sizeof headers,
             "User-Agent: Zendesk Webhook\r\nX-Zendesk-Account-Id: 22129848\r\n"
             "X-Zendesk-Webhook-Id: 01HOOK0000000000000000HOOK\r\n"
             "X-Zendesk-Webhook-Invocation-Id: 01%024" PRIX64 "\r\nX-Zendesk-Webhook-Signature: %s\r\n"
             "X-Zendesk-Webhook-Signature-Timestamp: %s\r\n",
             maker->load.serial, signature, timestamp);
    put(maker, webhook, webhook->service->route, headers);
}

static void put_to_us(struct maker *maker, const struct load_webhook *webhook)
{
    if (webhook->service == &pagerduty_service)
        put_to_pagerduty(maker, webhook);
    else
        put_to_zendesk(maker, webhook);
}

/* --- kinds --- */

static void make_life(struct maker *maker, struct load_webhook *webhook)
{
    load_write(&maker->load, (enum load_kind)(maker->number % LOAD_LIFE_KINDS), emergency_of(maker),
               happened_ms(maker), webhook);
}

/* The oldest of the earlier ones stays in its place for another turn. */
static bool is_repeat(const struct maker *maker)
{
    return maker->number >= REPEAT_AFTER && maker->number % REPEAT_EVERY == REPEAT_EVERY - 1;
}

static void put_life(struct maker *maker)
{
    struct load_webhook webhook;
    if (is_repeat(maker))
        return;
    make_life(maker, &webhook);
    put_to_us(maker, &webhook);
}

static void put_hooks(struct maker *maker)
{
    struct load_webhook webhook;
    char headers[200];
    char signature[SIGNATURE_HEX_SIZE];
    if (is_repeat(maker))
        return;
    make_life(maker, &webhook);
    sign_in_hex(maker, &webhook, signature);
    snprintf(headers, sizeof headers, "X-Hub-Signature-256: sha256=%s\r\n", signature);
    put(maker, &webhook, "/hooks/life", headers);
}

static void put_storm(struct maker *maker)
{
    struct load_webhook webhook;
    load_write(&maker->load, LOAD_PAGE, new_emergency(maker), happened_ms(maker), &webhook);
    put_to_us(maker, &webhook);
}

static void put_noise(struct maker *maker)
{
    struct load_webhook webhook;
    load_write(&maker->load, LOAD_NOTE, 0, happened_ms(maker), &webhook);
    put_to_us(maker, &webhook);
}

/* The same alert again and again, as the one who sends them does, each time with something new in it. */
static void put_alerts(struct maker *maker)
{
    static const char words[] = "Production is down for all our users since the upgrade of this morning. ";
    struct load_webhook webhook;
    char text[ALERT_TEXT + sizeof words];
    char at[TIMESTAMP_SIZE];
    timestamp_format(happened_ms(maker), at);
    size_t length = 0;
    while (length < ALERT_TEXT)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s", words);
    webhook.length = (size_t)snprintf(
        webhook.body, sizeof webhook.body,
        "[{\"labels\":{\"alertname\":\"CustomerEmergency\",\"ticket\":\"%" PRId64 "\",\"severity\":"
        "\"critical\",\"service\":\"PF9KMXH\",\"team\":\"support-emea\"},\"annotations\":{\"summary\":"
        "\"Emergency ticket #%" PRId64
        ": production is down\",\"description\":\"%s\",\"update\":\"%016" PRIx64
        "\"},\"startsAt\":\"%s\",\"generatorURL\":\"https://acme.pagerduty.com/incidents/Q%013" PRIX64 "\"}]",
        LOAD_FIRST_TICKET + emergency_of(maker), LOAD_FIRST_TICKET + emergency_of(maker), text,
        load_scramble(++maker->load.serial), at, load_scramble((uint64_t)emergency_of(maker)) >> 12);
    put(maker, &webhook, "/api/v2/alerts", "");
}

static const struct kind {
    const char *name;
    void (*put)(struct maker *maker);
} kinds[] = {
    {"life", put_life},   {"storm", put_storm},   {"noise", put_noise},
    {"hooks", put_hooks}, {"alerts", put_alerts},
};

/* --- all together --- */

static void write_out(struct maker *maker)
{
    const struct http_request *request = &maker->earlier[maker->number % REPEAT_AFTER];
    demand(fprintf(maker->file, "%8d", request->length) == 8 &&
               fwrite(request->text, 1, (size_t)request->length, maker->file) == (size_t)request->length,
           "the requests can't be written");
    maker->bytes += request->length;
    maker->body_bytes += request->length - (strstr(request->text, "\r\n\r\n") + 4 - request->text);
}

static int64_t number_of(const char *text)
{
    int64_t number = 0;
    demand(text_to_i64(text, strlen(text), &number) && number > 0, "a number above 0 is wanted");
    return number;
}

static void read_options(struct maker *maker, int argc, char *argv[])
{
    static const struct option options[] = {{"first", required_argument, NULL, 'f'},
                                            {"active", required_argument, NULL, 'a'},
                                            {"series", required_argument, NULL, 's'},
                                            {"from", required_argument, NULL, 't'},
                                            {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        demand(option != '?', "see the head of make_load.c");
        int64_t number = number_of(optarg);
        switch (option) {
        case 'f': maker->first = number; break;
        case 'a': maker->active = number; break;
        case 's': maker->series = number; break;
        default: maker->from_ms = number;
        }
    }
}

static const struct kind *kind_of(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

int main(int argc, char *argv[])
{
    static struct maker maker = {.first = 1, .active = 1000, .series = 1};
    read_options(&maker, argc, argv);
    demand(argc - optind == 3, "usage: make_load KIND COUNT FILE [option…]");
    const struct kind *kind = kind_of(argv[optind]);
    demand(kind, "no such kind");
    maker.count = number_of(argv[optind + 1]);
    maker.file = fopen(argv[optind + 2], "w");
    maker.key = signature_key_new(LOAD_SECRET);
    demand(maker.file && maker.key, argv[optind + 2]);
    if (maker.from_ms == 0)
        maker.from_ms = (int64_t)time(NULL) * 1000 - maker.count / A_MS;
    maker.load.serial = (uint64_t)maker.series << 40;
    for (; maker.number < maker.count; maker.number++) {
        kind->put(&maker);
        write_out(&maker);
    }
    demand(fclose(maker.file) == 0, "the requests can't be written");
    signature_key_free(maker.key);
    printf("{\"requests\": %" PRId64 ", \"bytes\": %" PRId64 ", \"body_bytes\": %" PRId64 "}\n", maker.count,
           maker.bytes, maker.body_bytes);
    return EXIT_SUCCESS;
}
