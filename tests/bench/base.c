/* Making databases, and a desk on them. */
#include "tests/bench/base.h"

#include "lib/json_fields.h"
#include "lib/store_internal.h"
#include "lib/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CREATE_BATCH 50000
#define PAYLOADS     100000 /* of the newest: those of older ones are dropped after a while */
#define SERIALS      16     /* more than one takes to be made */

int64_t clock_ns(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* --- receiving --- */

void front_init(struct front *front, const struct config *config)
{
    *front = (struct front){0};
    front->nowhere = fopen("/dev/null", "w");
    demand(front->nowhere, "/dev/null");
    front->log = log_open(front->nowhere, LOG_TARGET_STREAM, LOG_LEVEL_INFO, NULL);
    front->reader = json_reader_new();
    demand(front->log && front->reader && receiver_init(&front->pagerduty, &pagerduty_service, config) &&
               receiver_init(&front->zendesk, &zendesk_service, config),
           "no memory");
}

void front_free(struct front *front)
{
    receiver_free(&front->pagerduty);
    receiver_free(&front->zendesk);
    json_reader_free(front->reader);
    log_close(front->log);
    fclose(front->nowhere);
}

void front_receive(struct front *front, enum load_kind kind, int64_t emergency, int64_t at_ms,
                   struct delivery *delivery)
{
    struct load_webhook made;
    load_write(&front->load, kind, emergency, at_ms, &made);
    const struct webhook webhook = {.body = made.body, .length = made.length, .now_ms = at_ms};
    *delivery = (struct delivery){.kind = DELIVERY_WEBHOOK, .service = made.service->id};
    const struct receiver *receiver =
        made.service == &pagerduty_service ? &front->pagerduty : &front->zendesk;
    int64_t begun_ns = clock_ns(CLOCK_MONOTONIC);
    bool good = made.service->read_webhook(receiver, front->reader, &webhook, delivery);
    front->read_ns += clock_ns(CLOCK_MONOTONIC) - begun_ns;
    front->read_count++;
    demand(good && delivery->event.ticket_id == LOAD_FIRST_TICKET + emergency, delivery->error);
    delivery->payload = strdup(made.body);
    demand(delivery->payload, "no memory");
    delivery->payload_length = made.length;
}

void front_discard(struct delivery *delivery)
{
    free(delivery->payload);
    free(delivery->comment_text);
}

/* --- making a database --- */

static void load_settings(struct base *base)
{
    struct config_error error;
    FILE *file = fopen(base->config_path, "w");
    demand(file, "the settings can't be written");
    fprintf(file,
            "[server]\nlisten = 127.0.0.1:0\n[admin]\nlisten = 127.0.0.1:0\n[store]\npath = %s\n"
            "[policy]\nfollow_up_after = 30d\n"
            "[pagerduty]\nwebhook_secret = " LOAD_SECRET "\n"
            "[zendesk]\nwebhook_secret = " LOAD_SECRET "\napi_url = http://127.0.0.1:1\nuser = a@b.example\n"
            "api_token = t\npoll_every = 30d\n",
            base->path);
    demand(fclose(file) == 0 && chmod(base->config_path, 0600) == 0, "the settings can't be written");
    if (!config_load(base->config_path, NULL, &base->config, &error))
        demand(false, error.message);
}

static void open_store(struct base *base)
{
    char error[512] = "";
    base->store = store_open(base->path, base->front.log, error, sizeof error);
    demand(base->store, error);
}

/* Moves E by EVENT, as the desk does. */
static void happen(struct base *base, struct emergency *e, struct event *event,
                   const struct journal_entry *entry)
{
    const struct policy policy = {.follow_up_after_ms = base->config.policy.follow_up_after_ms,
                                  .downgrade_after_ms = base->config.policy.downgrade_after_ms,
                                  .stale_after_ms = base->config.policy.stale_after_ms,
                                  .contact_within_ms = base->config.policy.contact_within_ms,
                                  .ask_after_engineer_comment = true};
    struct outcome out;
    event->emergency = e->id;
    event->now_ms = event->at_ms;
    demand(store_add_event(base->store, event, entry) == STORE_OK, "an event is not written");
    emergency_apply(e, event, &policy, &out);
    demand(store_settle_event(base->store, event->row, DELIVERY_APPLIED, out.kind, out.say, e->due_ms) ==
               STORE_OK,
           "an event is not written");
    base->now_ms = emergency_wake_ms(e, &policy); /* the last one counts */
}

static void happen_by_webhook(struct base *base, struct emergency *e, enum load_kind kind, int64_t at_ms)
{
    struct delivery delivery;
    front_receive(&base->front, kind, e->id, at_ms, &delivery);
    bool with_payload = kind == LOAD_PAGE && e->id > base->count - PAYLOADS; /* one each is enough */
    const struct journal_entry entry = {.repeat_key = delivery.repeat_key,
                                        .payload = with_payload ? delivery.payload : NULL,
                                        .payload_length = delivery.payload_length};
    happen(base, e, &delivery.event, &entry);
    front_discard(&delivery);
}

/* Paged, linked, acknowledged, contacted. */
static void create_one(struct base *base, int64_t opened_ms)
{
    struct emergency e;
    struct event link = {.type = EVENT_LINK, .source = EVENT_SOURCE_SELF, .at_ms = opened_ms + 1};
    const struct journal_entry plain = {.outcome = DELIVERY_APPLIED};
    const struct policy none = {0};
    emergency_init(&e, 0, opened_ms, &none);
    demand(store_new_emergency(base->store, &e) == STORE_OK, "an emergency is not written");
    happen_by_webhook(base, &e, LOAD_PAGE, opened_ms);
    link.ticket_id = LOAD_FIRST_TICKET + e.id;
    text_format(link.id, sizeof link.id, "%020" PRIu64, ++base->front.load.serial);
    happen(base, &e, &link, &plain);
    happen_by_webhook(base, &e, LOAD_ACK, opened_ms + 20000);
    happen_by_webhook(base, &e, LOAD_COMMENT, opened_ms + 40000);
    demand(e.phase == PHASE_CONTACTED && base->now_ms > base->start_ms, "not contacted, or no clock runs");
    demand(store_put_emergency(base->store, &e, base->now_ms) == STORE_OK, "an emergency is not written");
}

/* Not durable, and with more memory than the program takes: making them is not what is measured. */
static void hurry(struct store *store)
{
    demand(sqlite3_exec(store->db, "PRAGMA synchronous = OFF; PRAGMA cache_size = -400000", NULL, NULL,
                        NULL) == SQLITE_OK,
           "no such pragma");
}

static void create(struct base *base)
{
    int64_t begun_ns = clock_ns(CLOCK_MONOTONIC);
    open_store(base);
    hurry(base->store);
    for (int64_t i = 0; i < base->count; i++) {
        if (i % CREATE_BATCH == 0)
            demand(store_begin(base->store) == STORE_OK, "no transaction");
        create_one(base, base->start_ms - BASE_OPENED_MS + i);
        if ((i + 1) % CREATE_BATCH == 0 || i + 1 == base->count) {
            demand(store_commit(base->store) == STORE_OK, "no commit");
            store_checkpoint_if_grown(base->store);
        }
    }
    store_close(base->store);
    base->store = NULL;
    fprintf(stderr, "made %" PRId64 " emergencies in %.1f s\n", base->count,
            (double)(clock_ns(CLOCK_MONOTONIC) - begun_ns) / 1e9);
}

void base_make(struct base *base, const char *directory, int64_t count)
{
    *base = (struct base){.count = count, .start_ms = clock_ns(CLOCK_REALTIME) / 1000000};
    text_format(base->path, sizeof base->path, "%s/%" PRId64 ".db", directory, count);
    text_format(base->config_path, sizeof base->config_path, "%s/%" PRId64 ".ini", directory, count);
    load_settings(base);
    front_init(&base->front, &base->config);
    if (access(base->path, F_OK) != 0)
        create(base);
    base->front.load.serial = (uint64_t)count * SERIALS; /* past those of its making */
}

/* --- a desk on it --- */

void base_open_desk(struct base *base, int64_t now_ms)
{
    open_store(base);
    base->now_ms = now_ms;
    base->desk = desk_new(&base->config, base->store, base->front.log, &base->metrics, now_ms);
    demand(base->desk, "no desk");
}

void base_decide(struct base *base, struct delivery *deliveries, size_t count)
{
    demand(desk_begin(base->desk, base->now_ms) == STORE_OK, "no transaction");
    for (size_t i = 0; i < count; i++)
        desk_take_delivery(base->desk, &deliveries[i]);
    demand(desk_end(base->desk) == STORE_OK && store_sync(base->store) == STORE_OK, "no commit");
    store_checkpoint_if_grown(base->store);
    demand(desk_answers(base->desk) == deliveries && !desk_calls(base->desk), "not the answers");
}

void base_look_at(struct delivery *deliveries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct delivery *delivery = &deliveries[i];
        demand(delivery->status == 200 && !delivery->duplicate, delivery->error);
        demand(delivery->event.emergency == delivery->event.ticket_id - LOAD_FIRST_TICKET,
               "not its emergency");
        front_discard(&deliveries[i]);
    }
}

void base_close(struct base *base)
{
    desk_free(base->desk);
    store_close(base->store);
    front_free(&base->front);
    config_free(&base->config);
}

void base_remove(struct base *base)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    char path[320];
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        text_format(path, sizeof path, "%s%s", base->path, suffixes[i]);
        unlink(path);
    }
    unlink(base->config_path);
}
