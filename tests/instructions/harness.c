/*
 * What one webhook costs, in instructions: harness KIND, under callgrind (see scripts/count_instructions),
 * tells how many webhooks the counted instructions are of; without KIND which kinds there are.
 *
 * One thread does what the daemon's do from the signature to the commit, with the real desk on a real
 * database, where each webhook comes upon an emergency of its own; calls to services are wanted, written,
 * and never begin. Clock, ids and texts are the same each time, so that the figure is. Counted is what
 * happens in count_batch, after some batches of the same kind. What must not happen ends the program.
 */
#include "lib/desk_internal.h"
#include "lib/json_fields.h"
#include "lib/text.h"
#include "tests/fuzz/promise.h"
#include "tests/instructions/webhooks.h"

#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

#define BATCH  64
#define WARM   2 /* batches */
#define COUNT  4
#define NUMBER ((WARM + COUNT) * BATCH)

struct harness {
    char directory[200], path[220], config_path[220];
    struct config config;
    FILE *nowhere;
    struct log *log;
    struct metrics metrics;
    struct store *store;
    struct desk *desk;
    struct json_reader *reader;
    struct receiver receivers[SERVICE_COUNT];
    struct letter letters[BATCH];
};

/* --- the daemon's part --- */

/* As the public listener's thread does. */
static struct delivery *receive(struct harness *h, struct letter *letter)
{
    const struct service *service = letter->service;
    struct receiver *receiver = &h->receivers[service->id];
    enum webhook_verdict verdict = service->verify(receiver, &letter->webhook);
    PROMISE(verdict == WEBHOOK_VERIFIED, "verdict %d on %s", verdict, letter->body);
    struct delivery *delivery = calloc(1, sizeof *delivery);
    PROMISE(delivery, "no memory");
    delivery->kind = DELIVERY_WEBHOOK;
    delivery->service = service->id;
    bool good = service->read_webhook(receiver, h->reader, &letter->webhook, delivery);
    PROMISE(good, "%s: %s", delivery->error, letter->body);
    delivery->event.now_ms = letter->webhook.now_ms;
    delivery->payload = letter->body;
    delivery->payload_length = letter->webhook.length;
    letter->body = NULL;
    return delivery;
}

/* As the ledger's does. */
static struct delivery *decide(struct harness *h, struct delivery *first, int64_t now_ms)
{
    PROMISE(desk_begin(h->desk, now_ms) == STORE_OK, "no transaction");
    while (first) {
        struct delivery *delivery = first;
        first = first->next;
        desk_take_delivery(h->desk, delivery);
    }
    PROMISE(desk_end(h->desk) == STORE_OK, "no commit");
    store_checkpoint(h->store);
    return desk_answers(h->desk);
}

static void answer(const struct kind *kind, struct delivery *first)
{
    while (first) {
        struct delivery *delivery = first;
        first = first->next;
        PROMISE(delivery->status == 200 && delivery->duplicate == kind->is_repeat &&
                    (delivery->event.emergency > 0) == (kind->after != NULL),
                "%d, %s, emergency %" PRId64 ": %s", delivery->status,
                delivery->duplicate ? "a repeat" : "no repeat", delivery->event.emergency, delivery->payload);
        free(delivery->payload);
        free(delivery->comment_text);
        free(delivery->answer);
        free(delivery);
    }
}

static void take_batch(struct harness *h, const struct kind *kind)
{
    struct delivery *first = NULL, **end = &first;
    for (size_t i = 0; i < BATCH; i++) {
        *end = receive(h, &h->letters[i]);
        end = &(*end)->next;
    }
    answer(kind, decide(h, first, webhooks_start_ms() + kind->at_ms));
}

static void count_batch(struct harness *h, const struct kind *kind)
{
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_TOGGLE_COLLECT;
    take_batch(h, kind);
    CALLGRIND_TOGGLE_COLLECT;
    CALLGRIND_STOP_INSTRUMENTATION;
}

typedef void take_fn(struct harness *h, const struct kind *kind);

/* Webhooks of the emergencies from FIRST to the one before END. */
static void take(struct harness *h, const struct kind *kind, unsigned first, unsigned end, take_fn *batch)
{
    for (unsigned number = first; number < end;) {
        for (size_t i = 0; i < BATCH; i++)
            letter_write(&h->letters[i], kind, number++);
        batch(h, kind);
        PROMISE(!desk_calls(h->desk), "a call has begun");
    }
}

/* --- what was before --- */

/* The engineers, so that nobody is asked who they are. */
static void introduce(struct harness *h)
{
    int64_t now_ms = webhooks_start_ms();
    PROMISE(store_begin(h->store) == STORE_OK, "no transaction");
    for (unsigned number = 1; number <= NUMBER; number++) {
        struct person person = {.standing = AUTHOR_STAFF,
                                .zendesk_id = number,
                                .slack_asked_ms = now_ms,
                                .zendesk_asked_ms = now_ms,
                                .pagerduty_asked_ms = now_ms};
        text_format(person.email, sizeof person.email, ENGINEER_FORMAT "@example.com", number);
        text_format(person.name, sizeof person.name, "Engineer %u", number);
        text_format(person.pagerduty_id, sizeof person.pagerduty_id, ENGINEER_FORMAT, number);
        text_format(person.slack_id, sizeof person.slack_id, SLACK_FORMAT, number);
        PROMISE(store_put_person(h->store, &person) == STORE_OK, "a person is not written");
    }
    PROMISE(store_commit(h->store) == STORE_OK, "no commit");
}

/* A service has done what the emergency wanted. */
static void accept(struct harness *h, unsigned number, enum action_kind kind, int64_t cause,
                   const struct result_facts *result)
{
    struct action action;
    PROMISE(store_find_action(h->store, number, kind, cause, "", &action) == STORE_OK &&
                desk_accept(h->desk, NULL, &action, result),
            "%s of %u is not accepted", action_kind_name(kind), number);
}

/* The ticket is read, as its page names no customer; a thread opens. */
static void open_thread(struct harness *h, unsigned number)
{
    struct emergency e;
    PROMISE(store_get_emergency(h->store, number, &e) == STORE_OK, "no emergency %u", number);
    const struct zendesk_ticket ticket = {.id = e.ticket_id,
                                          .facts = {.known = true,
                                                    .priority = PRIORITY_URGENT,
                                                    .status = STATUS_OPEN,
                                                    .requester_id = 8447388090001,
                                                    .organization_id = 8447346622462,
                                                    .subject = "Production is down",
                                                    .sorted = true}};
    PROMISE(desk_apply_ticket(h->desk, &e, &ticket, h->desk->now_ms), "a ticket is not read");
    struct result_facts result = {.channel = "C0EMERG01", .ts = "1773040501.000100"};
    text_format(result.ts, sizeof result.ts, "1773040501.%06u", number);
    accept(h, number, ACTION_OPEN_THREAD, EMERGENCY_THREAD_CAUSE, &result);
}

static void open_bridge(struct harness *h, unsigned number)
{
    char meeting[32];
    struct result_facts result = {.url =
                                      "https://us05web.zoom.us/j/86431910364?pwd=abcdefghijklmnopqrstuvwx.1"};
    text_format(meeting, sizeof meeting, MEETING_FORMAT, number);
    PROMISE(text_to_i64(meeting, strlen(meeting), &result.meeting), "%s", meeting);
    accept(h, number, ACTION_CREATE_MEETING, 1, &result);
}

static void accept_all(struct harness *h, int64_t now_ms, void (*each)(struct harness *h, unsigned number))
{
    PROMISE(desk_begin(h->desk, now_ms) == STORE_OK, "no transaction");
    for (unsigned number = 1; number <= NUMBER; number++)
        each(h, number);
    PROMISE(desk_end(h->desk) == STORE_OK, "no commit");
}

/* What the thread was to show it shows: the next change is to be shown too. */
static void update_thread(struct harness *h, unsigned number)
{
    struct action action;
    enum store_result found = store_pending_update(h->store, number, &action);
    PROMISE(found == STORE_NONE ||
                (found == STORE_OK && desk_finish(h->desk, NULL, &action, ACTION_DONE, "")),
            "the thread of %u is not updated", number);
}

static void live(struct harness *h, enum stage stage)
{
    int64_t start_ms = webhooks_start_ms();
    switch (stage) {
    case STAGE_PAGED: take(h, kind_by_name("page"), 1, NUMBER, take_batch); break;
    case STAGE_THREADED: accept_all(h, start_ms + 1200, open_thread); break;
    case STAGE_ACKNOWLEDGED: take(h, kind_by_name("ack"), 1, NUMBER, take_batch); break;
    case STAGE_MET: accept_all(h, start_ms + 2100, open_bridge); break;
    case STAGE_CONTACTED: take(h, kind_by_name("comment"), 1, NUMBER, take_batch); break;
    case STAGE_NONE: break;
    }
    if (stage >= STAGE_THREADED)
        accept_all(h, start_ms + 3000, update_thread);
}

static void count(struct harness *h, const struct kind *kind)
{
    struct emergency e;
    for (enum stage stage = STAGE_PAGED; stage <= kind->before; stage++)
        live(h, stage);
    take(h, kind, 1, 1 + WARM * BATCH, take_batch);
    take(h, kind, 1 + WARM * BATCH, NUMBER, count_batch);
    if (!kind->after)
        return;
    PROMISE(store_get_emergency(h->store, NUMBER, &e) == STORE_OK, "no emergency");
    PROMISE(strcmp(emergency_state(&e), kind->after) == 0, "it is %s", emergency_state(&e));
}

/* --- beginning and end --- */

static const char settings[] =
    "[server]\nlisten = 127.0.0.1:0\n[admin]\nlisten = 127.0.0.1:0\n[store]\npath = %s\n"
    "[pagerduty]\nwebhook_secret = " WEBHOOKS_SECRET "\napi_token = t\nfrom = a@b.example\n"
    "services = PSVEM01\npage_service = PSVEM01\n"
    "[zendesk]\nwebhook_secret = " WEBHOOKS_SECRET "\napi_url = http://127.0.0.1:1\nuser = a@b.example\n"
    "api_token = t\n"
    "[slack]\nsigning_secret = " WEBHOOKS_SECRET "\ntoken = t\nchannel = C0EMERG01\n"
    "[zoom]\nwebhook_secret = " WEBHOOKS_SECRET "\naccount_id = a\nclient_id = c\nclient_secret = t\n"
    "user = host@example.com\n"
    "[gitlab]\ntoken = t\nproject = group/project\ntemplate = Emergency\n";

static void configure(struct harness *h)
{
    struct config_error error;
    const char *parent = getenv("TMPDIR");
    text_format(h->directory, sizeof h->directory, "%s/emergencyd-instructions-XXXXXX",
                parent ? parent : "/tmp");
    PROMISE(mkdtemp(h->directory), "no directory %s", h->directory);
    text_format(h->path, sizeof h->path, "%s/db", h->directory);
    text_format(h->config_path, sizeof h->config_path, "%s/ini", h->directory);
    FILE *file = fopen(h->config_path, "w");
    PROMISE(file, "no file %s", h->config_path);
    fprintf(file, settings, h->path);
    fclose(file);
    PROMISE(chmod(h->config_path, 0600) == 0 && config_load(h->config_path, NULL, &h->config, &error), "%s",
            error.message);
}

static void open_desk(struct harness *h)
{
    char error[512] = "";
    static const struct service *const services[] = {&pagerduty_service, &zendesk_service, &slack_service,
                                                     &zoom_service};
    h->nowhere = fopen("/dev/null", "w");
    PROMISE(h->nowhere, "no /dev/null");
    h->log = log_open(h->nowhere, LOG_TARGET_STREAM, LOG_LEVEL_INFO, webhooks_start_ms);
    h->reader = json_reader_new();
    PROMISE(h->log && h->reader, "no memory");
    for (size_t i = 0; i < COUNT_OF(services); i++)
        PROMISE(receiver_init(&h->receivers[services[i]->id], services[i], &h->config), "no receiver");
    h->store = store_open(h->path, h->log, error, sizeof error);
    PROMISE(h->store, "%s", error);
    h->desk = desk_new(&h->config, h->store, h->log, &h->metrics, webhooks_start_ms());
    PROMISE(h->desk, "no desk");
    introduce(h);
}

static void finish(struct harness *h)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    char path[240];
    desk_free(h->desk);
    store_close(h->store);
    for (size_t i = 0; i < SERVICE_COUNT; i++)
        receiver_free(&h->receivers[i]);
    json_reader_free(h->reader);
    log_close(h->log);
    fclose(h->nowhere);
    config_free(&h->config);
    unlink(h->config_path);
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        text_format(path, sizeof path, "%s%s", h->path, suffixes[i]);
        unlink(path);
    }
    rmdir(h->directory);
}

int main(int argc, char *argv[])
{
    static struct harness h;
    const struct kind *kind = argc == 2 ? kind_by_name(argv[1]) : NULL;
    for (size_t i = 0; argc == 1 && i < kind_count; i++)
        puts(kinds[i].name);
    if (argc == 1)
        return EXIT_SUCCESS;
    PROMISE(kind, "usage: harness [KIND]");
    configure(&h);
    open_desk(&h);
    count(&h, kind);
    finish(&h);
    printf("%d\n", COUNT * BATCH);
    return EXIT_SUCCESS;
}
