/*
 * What one webhook costs, in instructions: count_instructions KIND, under callgrind
 * (scripts/count_instructions does that), tells how many webhooks the counted instructions are of; without
 * KIND on which versions of what the count depends, in a line, and which kinds there are.
 *
 * One thread does what the daemon's do from the signature to the commit, with the real desk on a real
 * database, where each webhook comes upon an emergency of its own; calls to services are wanted, written,
 * and never begin. Clock, ids and texts are the same each time, so that the figure is. Counted are some
 * batches, after others of the same kind. What must not happen ends the program.
 */
#include "lib/desk_internal.h"
#include "lib/json_fields.h"
#include "lib/text.h"
#include "tests/fuzz/promise.h"
#include "tests/instructions/webhooks.h"

#include <gnu/libc-version.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>
#include <valgrind/callgrind.h>
#include <yajl/yajl_version.h>

#define BATCH       64
#define WARM        2 /* batches */
#define COUNTED     4
#define EMERGENCIES ((WARM + COUNTED) * BATCH)

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
    struct letter letters[EMERGENCIES];
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
    store_checkpoint_if_grown(h->store);
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

static void take_batch(struct harness *h, const struct kind *kind, struct letter letters[BATCH])
{
    struct delivery *first = NULL, **end = &first;
    for (size_t i = 0; i < BATCH; i++) {
        *end = receive(h, &letters[i]);
        end = &(*end)->next;
    }
    answer(kind, decide(h, first, WEBHOOKS_START_MS + kind->at_ms));
}

static void take(struct harness *h, const struct kind *kind, size_t batches)
{
    for (size_t i = 0; i < batches; i++)
        take_batch(h, kind, &h->letters[i * BATCH]);
    PROMISE(!desk_calls(h->desk), "a call has begun");
}

/* Of the emergencies from FIRST on, as many as fill BATCHES. */
static void write_letters(struct harness *h, const struct kind *kind, unsigned first, size_t batches)
{
    for (size_t i = 0; i < batches * BATCH; i++)
        letter_write(&h->letters[i], kind, first + (unsigned)i);
}

/* --- what was before --- */

/* The engineers, so that nobody is asked who they are. */
static void introduce(struct harness *h)
{
    int64_t now_ms = WEBHOOKS_START_MS;
    PROMISE(store_begin(h->store) == STORE_OK, "no transaction");
    for (unsigned number = 1; number <= EMERGENCIES; number++) {
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
    struct result_facts result = {.channel = "C0EMERG01"};
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
    for (unsigned number = 1; number <= EMERGENCIES; number++)
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

/* From the stage before to STAGE. */
static void live(struct harness *h, enum stage stage)
{
    static const int64_t thread_ms = 1200, bridge_ms = 2100;
    const struct kind *kind = NULL;
    int64_t at_ms = WEBHOOKS_START_MS;
    switch (stage) {
    case STAGE_PAGED: kind = kind_by_name("page"); break;
    case STAGE_THREADED: accept_all(h, at_ms += thread_ms, open_thread); break;
    case STAGE_ACKNOWLEDGED: kind = kind_by_name("ack"); break;
    case STAGE_MET: accept_all(h, at_ms += bridge_ms, open_bridge); break;
    case STAGE_CONTACTED: kind = kind_by_name("comment"); break;
    case STAGE_NONE: return;
    }
    if (kind) {
        write_letters(h, kind, 1, WARM + COUNTED);
        take(h, kind, WARM + COUNTED);
        at_ms += kind->at_ms;
    }
    accept_all(h, at_ms, update_thread);
}

static void count(struct harness *h, const struct kind *kind)
{
    write_letters(h, kind, 1 + WARM * BATCH, COUNTED);
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_TOGGLE_COLLECT;
    take(h, kind, COUNTED);
    CALLGRIND_TOGGLE_COLLECT;
    CALLGRIND_STOP_INSTRUMENTATION;
}

/* So that a figure is of what its name says. */
static void expect_state(struct harness *h, const char *state)
{
    struct emergency e;
    PROMISE(store_get_emergency(h->store, EMERGENCIES, &e) == STORE_OK, "no emergency");
    PROMISE(strcmp(emergency_state(&e), state) == 0, "it is %s", emergency_state(&e));
}

static void run(struct harness *h, const struct kind *kind)
{
    for (enum stage stage = STAGE_PAGED; stage <= kind->before; stage++)
        live(h, stage);
    write_letters(h, kind, 1, WARM);
    take(h, kind, WARM);
    count(h, kind);
    if (kind->after)
        expect_state(h, kind->after);
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

static int64_t clock_ms(void)
{
    return WEBHOOKS_START_MS;
}

static void open_desk(struct harness *h)
{
    char error[512] = "";
    static const struct service *const services[] = {&pagerduty_service, &zendesk_service, &slack_service,
                                                     &zoom_service};
    h->nowhere = fopen("/dev/null", "w");
    PROMISE(h->nowhere, "no /dev/null");
    h->log = log_open(h->nowhere, LOG_TARGET_STREAM, LOG_LEVEL_INFO, clock_ms);
    h->reader = json_reader_new();
    PROMISE(h->log && h->reader, "no memory");
    for (size_t i = 0; i < COUNT_OF(services); i++)
        PROMISE(receiver_init(&h->receivers[services[i]->id], services[i], &h->config), "no receiver");
    h->store = store_open(h->path, h->log, error, sizeof error);
    PROMISE(h->store, "%s", error);
    h->desk = desk_new(&h->config, h->store, h->log, &h->metrics, WEBHOOKS_START_MS);
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

static void tell_kinds(void)
{
#ifdef __clang__
    printf("clang %d.%d", __clang_major__, __clang_minor__);
#else
    printf("gcc %d.%d", __GNUC__, __GNUC_MINOR__);
#endif
    printf(", libc %s, libcrypto %u.%u, sqlite %s, yajl %d\n", gnu_get_libc_version(),
           OPENSSL_version_major(), OPENSSL_version_minor(), sqlite3_libversion(), yajl_version());
    for (size_t i = 0; i < kind_count; i++)
        puts(kinds[i].name);
}

int main(int argc, char *argv[])
{
    static struct harness h;
    const struct kind *kind = argc == 2 ? kind_by_name(argv[1]) : NULL;
    if (argc == 1) {
        tell_kinds();
        return EXIT_SUCCESS;
    }
    PROMISE(kind, "usage: count_instructions [KIND]");
    configure(&h);
    open_desk(&h);
    run(&h, kind);
    finish(&h);
    printf("%d\n", COUNTED * BATCH);
    return EXIT_SUCCESS;
}
