/*
 * Promises of webhooks; a broken one ends the run. Everything is made once and used for all bodies, as in the
 * listener, so that what one leaves behind in a reader would show in the next.
 */
#include "tests/fuzz/webhook_check.h"

#include "lib/delivery.h"
#include "lib/json_fields.h"
#include "tests/fuzz/event_check.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/promise.h"
#include "tests/fuzz/settings.h"

#define NOW_MS    INT64_C(1800000000000)
#define SIGNATURE "qtmu3iClLKujnujOBkwe7yjI34o5CzsLD04Uy4LbE2A="

static const struct service *service;
static struct receiver receiver;
static struct json_reader *reader;

static void begin(const struct service *wanted)
{
    if (service)
        return;
    service = wanted;
    reader = json_reader_new();
    PROMISE(reader && receiver_init(&receiver, service, settings()), "no memory");
}

static void delivery_release(struct delivery *delivery)
{
    free(delivery->comment_text);
    free(delivery->answer);
    free(delivery);
}

static struct delivery *read_once(const struct webhook *webhook)
{
    struct delivery *delivery = calloc(1, sizeof *delivery);
    PROMISE(delivery, "no memory");
    delivery->kind = DELIVERY_WEBHOOK;
    delivery->service = service->id;
    const bool good = service->read_webhook(&receiver, reader, webhook, delivery);
    PROMISE(good == !delivery->rejected, "read %d, rejected %d", good, delivery->rejected);
    return delivery;
}

static void check_answer(const char *answer)
{
    static const char *const any[] = {"x"};
    static struct json_spec *spec;
    char error[200];
    if (!spec)
        spec = json_spec_new(any, COUNT_OF(any));
    PROMISE(spec && json_fields_read(reader, spec, answer, strlen(answer), NULL, NULL, error, sizeof error),
            "%s: %s", error, answer);
}

/* The sender is told what is wrong, and only if something is. */
static void check_error(const struct delivery *delivery)
{
    promise_text(delivery->error, sizeof delivery->error, "error");
    PROMISE(delivery->rejected == (delivery->error[0] != '\0'), "rejected %d: \"%s\"", delivery->rejected,
            delivery->error);
}

static void check_delivery(const struct delivery *delivery)
{
    check_error(delivery);
    event_check(&delivery->event);
    promise_text(delivery->repeat_key, sizeof delivery->repeat_key, "repeat_key");
    promise_text(delivery->channel, sizeof delivery->channel, "channel");
    if (delivery->comment_text)
        promise_text(delivery->comment_text, strlen(delivery->comment_text) + 1, "comment_text");
    if (delivery->answer)
        check_answer(delivery->answer);
    if (delivery->rejected || delivery->event.type == EVENT_IGNORED)
        return;
    PROMISE(delivery->repeat_key[0], "%s can't be known again", event_type_name(delivery->event.type));
    PROMISE(delivery->event.id[0], "%s has no id", event_type_name(delivery->event.type));
}

static bool same_text(const char *one, const char *other)
{
    return (!one && !other) || (one && other && strcmp(one, other) == 0);
}

/* A repeat is known by what it says, so that must not depend on anything else. */
static void check_same(const struct delivery *one, const struct delivery *other)
{
    PROMISE(event_equal(&one->event, &other->event), "read again it means something else");
    PROMISE(strcmp(one->repeat_key, other->repeat_key) == 0, "%s / %s", one->repeat_key, other->repeat_key);
    PROMISE(strcmp(one->error, other->error) == 0, "%s / %s", one->error, other->error);
    PROMISE(one->question == other->question && one->wants_text == other->wants_text, "another question");
    PROMISE(same_text(one->comment_text, other->comment_text), "another comment");
    PROMISE(same_text(one->answer, other->answer), "another answer");
}

void webhook_check(const struct service *wanted, const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    char *header = size > 0 && data[0] == '#' ? input_line(&input) : NULL;
    size_t length = 0;
    char *body = input_rest(&input, &length);
    const struct webhook webhook = {
        .body = body,
        .length = length,
        .signature = SIGNATURE,
        .delivery_id = header ? header + 1 : NULL,
        .now_ms = NOW_MS,
    };
    begin(wanted);
    struct delivery *delivery = read_once(&webhook);
    struct delivery *again = read_once(&webhook);
    check_delivery(delivery);
    check_same(delivery, again);
    delivery_release(delivery);
    delivery_release(again);
    free(header);
    free(body);
}
