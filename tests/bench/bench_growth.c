/*
 * What a growing database costs: bench_growth [COUNT…], each a number of emergencies, all of them contacted
 * and with a running clock (without arguments 10, 1000, 100000 and 1000000; the last needs 4 GB below TMPDIR
 * and some minutes). Measured are the start of the real program on each, webhooks decided and written by the
 * desk in batches of 100, and late events, for which an emergency is added up again. A figure of a webhook is
 * from desk_begin to the commit and the checkpoint that may follow; reading the body is told apart, checking
 * the signature left out. What must not happen ends the program.
 */
#include "lib/desk.h"
#include "lib/json_fields.h"
#include "lib/services/service.h"
#include "lib/text.h"
#include "lib/timestamp.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HOUR_MS        INT64_C(3600000)
#define CREATE_BATCH   10000
#define BATCH          100
#define ACTIVE         1000
#define ROUNDS         7
#define ROUND_BATCHES  30 /* of each kind */
#define BODY_SIZE      4096
#define START_PATIENCE 120000 /* ms */
#define BASES          8
#define REQUESTER      INT64_C(8447388090499)
#define FIRST_TICKET   INT64_C(1000000)
#define LATE           20

extern char **environ;

enum kind { KIND_ACK, KIND_COMMENT, KIND_STATUS, KINDS, KIND_TRIGGER = KINDS, KIND_ANSWER };

/* One database, and how it is used. */
struct base {
    int64_t count;
    char path[300], config_path[300];
    struct config config;
    struct store *store;
    struct desk *desk;
    int64_t now_ms;
};

/* Some emergencies of a base that get webhooks. */
struct load {
    struct base *base;
    const char *name;
    int64_t active[ACTIVE];
    size_t count;
    size_t next[KINDS];
    double us[KINDS][ROUNDS], cpu_us[ROUNDS], all_us[ROUNDS], slowest_us;
};

static struct {
    char directory[200], program[300];
    int64_t start_ms;
    uint64_t serial; /* makes ids unique */
    uint64_t random;
    FILE *nowhere;
    struct log *log;
    struct metrics metrics;
    struct json_reader *reader;
    struct receiver pagerduty, zendesk;
    struct delivery deliveries[BATCH];
    int64_t read_ns, read_count;
} bench;

static void demand(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench_growth: %s (%s)\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static int64_t clock_ns(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static uint64_t next_random(void)
{
    bench.random ^= bench.random << 13;
    bench.random ^= bench.random >> 7;
    bench.random ^= bench.random << 17;
    return bench.random;
}

/* A number of no order: ids are such, and where they go in an index is another place each time. */
static uint64_t scramble(uint64_t number)
{
    number *= UINT64_C(0x9E3779B97F4A7C15);
    number = (number ^ number >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    number = (number ^ number >> 27) * UINT64_C(0x94D049BB133111EB);
    return number ^ number >> 31;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *values, size_t count)
{
    double sorted[ROUNDS];
    memcpy(sorted, values, count * sizeof *values);
    qsort(sorted, count, sizeof *sorted, compare);
    return sorted[count / 2];
}

/* --- webhooks, as they are documented (' for ") --- */

static const char pagerduty_body[] =
    "{'event':{'id':'%016" PRIx64 "-4adc-8fda-ade0410becf0','event_type':'incident.%s',"
    "'resource_type':'incident','occurred_at':'%s','agent':{'html_url':"
    "'https://acme.pagerduty.com/users/PLH1HK%d','id':'PLH1HK%d','self':"
    "'https://api.pagerduty.com/users/PLH1HK%d','summary':'Engineer %d','type':'user_reference'},"
    "'client':{'name':'PagerDuty'},'data':{'id':'Q%013" PRIX64 "','type':'incident','self':"
    "'https://api.pagerduty.com/incidents/Q%013" PRIX64 "','html_url':"
    "'https://acme.pagerduty.com/incidents/Q%013" PRIX64 "','number':%" PRId64 ",'status':'%s',"
    "'incident_key':'d3640fbd41094207a1c11e58e46b1662','created_at':'2026-11-23T15:16:27Z','reopened_at':"
    "null,'title':'Emergency ticket #%" PRId64 ": a little bump in the road','service':{'html_url':"
    "'https://acme.pagerduty.com/services/PF9KMXH','id':'PF9KMXH','self':"
    "'https://api.pagerduty.com/services/PF9KMXH','summary':'API Service','type':'service_reference'},"
    "'assignees':[{'html_url':'https://acme.pagerduty.com/users/PTUXL6G','id':'PTUXL6G','self':"
    "'https://api.pagerduty.com/users/PTUXL6G','summary':'User 123','type':'user_reference'}],"
    "'escalation_policy':{'html_url':'https://acme.pagerduty.com/escalation_policies/PUS0KTE','id':"
    "'PUS0KTE','self':'https://api.pagerduty.com/escalation_policies/PUS0KTE','summary':'Default','type':"
    "'escalation_policy_reference'},'teams':[{'html_url':'https://acme.pagerduty.com/teams/PFCVPS0','id':"
    "'PFCVPS0','self':'https://api.pagerduty.com/teams/PFCVPS0','summary':'Engineering','type':"
    "'team_reference'}],'priority':{'html_url':'https://acme.pagerduty.com/account/incident_priorities',"
    "'id':'PSO75BM','self':'https://api.pagerduty.com/priorities/PSO75BM','summary':'P1','type':"
    "'priority_reference'},'urgency':'high','conference_bridge':{'conference_number':"
    "'+1 1234123412,,987654321#','conference_url':'https://example.com'},'resolve_reason':null}}}";

static const char zendesk_body[] =
    "{'account_id':22129848,'detail':{'actor_id':'8447388090494','assignee_id':'8447388090494','brand_id':"
    "'8447346621310','created_at':'2026-11-23T10:12:07Z','custom_status':'8447320465790','description':"
    "'Customer is experiencing login issues with the mobile app','external_id':null,'form_id':"
    "'8646151517822','group_id':'8447320466430','id':'%" PRId64 "','is_public':true,'organization_id':"
    "'8447346622462','priority':'URGENT','requester_id':'8447388090499','status':'%s','subject':"
    "'Cannot login to mobile app','submitter_id':'8447388090499','tags':['mobile','login',"
    "'priority-support'],'type':'PROBLEM','updated_at':'2026-11-23T11:30:15Z','via':{'channel':"
    "'web_service'}},'event':%s,'id':'%016" PRIx64 "-4b4c-8d6e-7f8a9b0c1d2e','subject':"
    "'zen:ticket:%" PRId64 "','time':'%s','type':'zen:event-type:ticket.%s','zendesk_event_version':"
    "'2022-11-06'}";

static void with_quotes(char *text)
{
    while ((text = strchr(text, '\'')))
        *text = '"';
}

static void write_page(char *body, int64_t emergency, const char *type, const char *status, int64_t at_ms)
{
    char at[TIMESTAMP_SIZE];
    int engineer = (int)(bench.serial % 7);
    uint64_t incident = scramble((uint64_t)emergency) >> 12;
    timestamp_format(at_ms, at);
    snprintf(body, BODY_SIZE, pagerduty_body, scramble(++bench.serial), type, at, engineer, engineer,
             engineer, engineer, incident, incident, incident, emergency, status, FIRST_TICKET + emergency);
}

static void write_ticket(char *body, int64_t emergency, const char *type, const char *event,
                         const char *status, int64_t at_ms)
{
    char at[TIMESTAMP_SIZE];
    timestamp_format(at_ms, at);
    snprintf(body, BODY_SIZE, zendesk_body, FIRST_TICKET + emergency, status, event, scramble(++bench.serial),
             FIRST_TICKET + emergency, at, type);
}

static void write_comment(char *body, int64_t emergency, bool by_staff, int64_t at_ms)
{
    char event[600];
    snprintf(event, sizeof event,
             "{'comment':{'id':'%" PRIu64 "','body':'We are looking into it, number %" PRIu64
             ". Please join the call.','html_body':'<p>We are looking into it.</p>','is_public':true,"
             "'author':{'id':'%" PRId64 "','is_staff':%s,'name':'%s'}}}",
             bench.serial, bench.serial, by_staff ? REQUESTER + 5 : REQUESTER, by_staff ? "true" : "false",
             by_staff ? "Engineer One" : "Cus Tomer");
    write_ticket(body, emergency, "comment_added", event, "OPEN", at_ms);
}

static void write_status(char *body, int64_t emergency, int64_t at_ms)
{
    bool pending = bench.random & 1;
    next_random();
    write_ticket(body, emergency, "status_changed",
                 pending ? "{'current':'PENDING','previous':'OPEN'}"
                         : "{'current':'OPEN','previous':'PENDING'}",
                 pending ? "PENDING" : "OPEN", at_ms);
}

/* The body as the listener hands it on. */
static void receive(struct delivery *delivery, int kind, int64_t emergency, int64_t at_ms)
{
    char body[BODY_SIZE];
    switch (kind) {
    case KIND_TRIGGER: write_page(body, emergency, "triggered", "triggered", at_ms); break;
    case KIND_ACK: write_page(body, emergency, "acknowledged", "acknowledged", at_ms); break;
    case KIND_STATUS: write_status(body, emergency, at_ms); break;
    default: write_comment(body, emergency, kind == KIND_COMMENT, at_ms);
    }
    with_quotes(body);
    bool page = kind == KIND_ACK || kind == KIND_TRIGGER;
    const struct webhook webhook = {.body = body, .length = strlen(body), .now_ms = at_ms};
    const struct service *service = page ? &pagerduty_service : &zendesk_service;
    *delivery = (struct delivery){.kind = DELIVERY_WEBHOOK, .service = service->id};
    int64_t begun_ns = clock_ns(CLOCK_MONOTONIC);
    bool good =
        service->read_webhook(page ? &bench.pagerduty : &bench.zendesk, bench.reader, &webhook, delivery);
    bench.read_ns += clock_ns(CLOCK_MONOTONIC) - begun_ns;
    bench.read_count++;
    demand(good && delivery->event.ticket_id == FIRST_TICKET + emergency, delivery->error);
    delivery->payload = strdup(body);
    delivery->payload_length = webhook.length;
}

static void discard(struct delivery *delivery)
{
    free(delivery->payload);
    free(delivery->comment_text);
}

/* --- making a database --- */

static void write_config(struct base *base)
{
    struct config_error error;
    text_format(base->path, sizeof base->path, "%s/%" PRId64 ".db", bench.directory, base->count);
    text_format(base->config_path, sizeof base->config_path, "%s/%" PRId64 ".ini", bench.directory,
                base->count);
    FILE *file = fopen(base->config_path, "w");
    demand(file, "the settings can't be written");
    fprintf(
        file,
        "[server]\nlisten = 127.0.0.1:0\n[admin]\nlisten = 127.0.0.1:0\n[store]\npath = %s\n"
        "[policy]\nfollow_up_after = 30d\n"
        "[pagerduty]\nwebhook_secret = not-much-of-a-secret\n"
        "[zendesk]\nwebhook_secret = not-much-of-a-secret\napi_url = http://127.0.0.1:1\nuser = a@b.example\n"
        "api_token = t\npoll_every = 30d\n",
        base->path);
    fclose(file);
    chmod(base->config_path, 0600);
    if (!config_load(base->config_path, NULL, &base->config, &error))
        demand(false, error.message);
}

static void open_store(struct base *base)
{
    char error[512] = "";
    base->store = store_open(base->path, bench.log, error, sizeof error);
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
    demand(store_settle_event(base->store, event->row, e->id, DELIVERY_APPLIED, out.kind, out.say,
                              e->due_ms) == STORE_OK,
           "an event is not written");
    base->now_ms = emergency_wake_ms(e, &policy); /* the last one counts */
}

static void happen_by_webhook(struct base *base, struct emergency *e, int kind, int64_t at_ms)
{
    struct delivery delivery;
    receive(&delivery, kind, e->id, at_ms);
    const struct journal_entry entry = {.repeat_key = delivery.repeat_key,
                                        /* one each: a million with all of them takes too much of a disk */
                                        .payload = kind == KIND_TRIGGER ? delivery.payload : NULL,
                                        .payload_length = delivery.payload_length};
    happen(base, e, &delivery.event, &entry);
    discard(&delivery);
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
    happen_by_webhook(base, &e, KIND_TRIGGER, opened_ms);
    link.ticket_id = FIRST_TICKET + e.id;
    text_format(link.id, sizeof link.id, "%020" PRIu64, ++bench.serial);
    happen(base, &e, &link, &plain);
    happen_by_webhook(base, &e, KIND_ACK, opened_ms + 20000);
    happen_by_webhook(base, &e, KIND_COMMENT, opened_ms + 40000);
    demand(e.phase == PHASE_CONTACTED && base->now_ms > bench.start_ms, "not contacted, or no clock runs");
    demand(store_put_emergency(base->store, &e, base->now_ms) == STORE_OK,
           "an emergency is not written");
}

static void create(struct base *base)
{
    int64_t begun_ns = clock_ns(CLOCK_MONOTONIC);
    write_config(base);
    open_store(base);
    for (int64_t i = 0; i < base->count; i++) {
        if (i % CREATE_BATCH == 0)
            demand(store_begin(base->store) == STORE_OK, "no transaction");
        create_one(base, bench.start_ms - 2 * HOUR_MS + i);
        if ((i + 1) % CREATE_BATCH == 0 || i + 1 == base->count) {
            demand(store_commit(base->store) == STORE_OK, "no commit");
            store_checkpoint(base->store);
        }
    }
    store_close(base->store);
    base->store = NULL;
    fprintf(stderr, "made %" PRId64 " emergencies in %.1f s\n", base->count,
            (double)(clock_ns(CLOCK_MONOTONIC) - begun_ns) / 1e9);
}

/* --- the start of the program --- */

struct start {
    double seconds;
    long resident_kb, read_kb;
};

static int listen_for_ready(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    text_format(address.sun_path, sizeof address.sun_path, "%s/notify", bench.directory);
    unlink(address.sun_path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    demand(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0, "no socket");
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
    return fd;
}

static pid_t run_program(const struct base *base)
{
    char config_path[300];
    char *arguments[] = {bench.program, (char *)"-c", config_path, NULL};
    posix_spawn_file_actions_t files;
    pid_t pid = 0;
    text_copy(config_path, sizeof config_path, base->config_path);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    demand(posix_spawn(&pid, bench.program, &files, NULL, arguments, environ) == 0,
           "the program can't be started");
    posix_spawn_file_actions_destroy(&files);
    return pid;
}

static void wait_for_ready(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    char text[2000] = "";
    while (!strstr(text, "READY=1")) {
        demand(poll(&poll_fd, 1, START_PATIENCE) == 1, "the program does not say READY=1");
        ssize_t length = recv(fd, text, sizeof text - 1, 0);
        text[length > 0 ? length : 0] = '\0';
    }
}

/* The number behind KEY in a file of /proc. */
static long ask_proc(pid_t pid, const char *name, const char *key)
{
    char path[64];
    char line[256];
    long number = -1;
    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, name);
    FILE *file = fopen(path, "r");
    demand(file, path);
    while (number < 0 && fgets(line, sizeof line, file))
        if (strncmp(line, key, strlen(key)) == 0)
            number = strtol(line + strlen(key), NULL, 10);
    fclose(file);
    return number;
}

/* So that the disk is asked. */
static void drop_cache(const struct base *base)
{
    int fd = open(base->path, O_RDONLY | O_CLOEXEC);
    demand(fd >= 0 && fsync(fd) == 0 && posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0, base->path);
    close(fd);
}

static struct start start_program(const struct base *base, bool cold)
{
    struct start start;
    int status = 0;
    if (cold)
        drop_cache(base);
    int fd = listen_for_ready();
    int64_t begun_ns = clock_ns(CLOCK_MONOTONIC);
    pid_t pid = run_program(base);
    wait_for_ready(fd);
    start.seconds = (double)(clock_ns(CLOCK_MONOTONIC) - begun_ns) / 1e9;
    start.read_kb = ask_proc(pid, "io", "rchar:") / 1024;
    poll(NULL, 0, 500); /* its first poll is over */
    start.resident_kb = ask_proc(pid, "status", "VmRSS:");
    kill(pid, SIGTERM);
    demand(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0,
           "the program has not ended well");
    close(fd);
    return start;
}

static void measure_starts(struct base *bases, size_t count)
{
    printf(
        "start of the program, from exec to READY=1; what it has read by then; resident memory when idle\n");
    printf("%12s %10s %12s %12s %12s\n", "emergencies", "start, s", "cold, s", "read, MB", "memory, MB");
    for (size_t i = 0; i < count; i++) {
        struct start cold = start_program(&bases[i], true);
        struct start warm = start_program(&bases[i], false);
        printf("%12" PRId64 " %10.3f %12.3f %12.1f %12.1f\n", bases[i].count, warm.seconds, cold.seconds,
               (double)warm.read_kb / 1024, (double)warm.resident_kb / 1024);
        fflush(stdout);
    }
}

/* --- webhooks --- */

static void open_desk(struct base *base)
{
    open_store(base);
    base->now_ms = bench.start_ms;
    base->desk = desk_new(&base->config, base->store, bench.log, &bench.metrics, base->now_ms);
    demand(base->desk, "no desk");
}

struct cost {
    int64_t wall_ns, cpu_ns;
};

/* What the ledger does with the first COUNT of bench.deliveries. */
static struct cost decide(struct base *base, size_t count)
{
    struct cost cost;
    int64_t cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    int64_t wall_ns = clock_ns(CLOCK_MONOTONIC);
    demand(desk_begin(base->desk, base->now_ms) == STORE_OK, "no transaction");
    for (size_t i = 0; i < count; i++)
        desk_take_delivery(base->desk, &bench.deliveries[i]);
    demand(desk_end(base->desk) == STORE_OK, "no commit");
    store_checkpoint(base->store);
    cost.wall_ns = clock_ns(CLOCK_MONOTONIC) - wall_ns;
    cost.cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
    demand(desk_answers(base->desk) == bench.deliveries && !desk_calls(base->desk), "not the answers");
    for (size_t i = 0; i < count; i++) {
        const struct delivery *delivery = &bench.deliveries[i];
        demand(delivery->status == 200 && !delivery->duplicate, delivery->error);
        demand(delivery->event.emergency == delivery->event.ticket_id - FIRST_TICKET, "not its emergency");
        discard(&bench.deliveries[i]);
    }
    return cost;
}

static struct cost run_batch(struct load *load, int kind, size_t *next)
{
    struct base *base = load->base;
    base->now_ms += 1000;
    for (size_t i = 0; i < BATCH; i++)
        receive(&bench.deliveries[i], kind, load->active[(*next)++ % load->count],
                base->now_ms - 900 + (int64_t)i * 8);
    return decide(base, BATCH);
}

static void run_round(struct load *load, size_t round)
{
    int64_t sum_ns[KINDS] = {0};
    int64_t cpu_ns = 0;
    for (size_t batch = 0; batch < ROUND_BATCHES; batch++)
        for (int kind = 0; kind < KINDS; kind++) {
            struct cost cost = run_batch(load, kind, &load->next[kind]);
            sum_ns[kind] += cost.wall_ns;
            cpu_ns += cost.cpu_ns;
            double us = (double)cost.wall_ns / 1e3;
            load->slowest_us = us > load->slowest_us ? us : load->slowest_us;
        }
    load->all_us[round] = 0;
    for (int kind = 0; kind < KINDS; kind++) {
        load->us[kind][round] = (double)sum_ns[kind] / 1e3 / BATCH / ROUND_BATCHES;
        load->all_us[round] += load->us[kind][round] / KINDS;
    }
    load->cpu_us[round] = (double)cpu_ns / 1e3 / BATCH / ROUND_BATCHES / KINDS;
}

static struct load *add_load(struct load *load, struct base *base, bool newest)
{
    int64_t many = base->count < ACTIVE ? base->count : ACTIVE;
    *load = (struct load){.base = base, .name = newest ? "newest" : "random", .count = (size_t)many};
    for (int64_t i = 0; i < many; i++) /* with gaps between neighbours in time, or the batch is a page */
        load->active[i] =
            newest ? base->count - i * 7 % many : 1 + (int64_t)(next_random() % (uint64_t)base->count);
    return load + 1;
}

static void print_loads(const struct load *loads, size_t count)
{
    printf("\na webhook, µs in batches of %d: wall clock and CPU, medians of %d rounds; its body has been "
           "read before"
           " (%.1f µs)\n",
           BATCH, ROUNDS, (double)bench.read_ns / 1e3 / (double)bench.read_count);
    printf("%12s %14s %8s %8s %8s %8s %8s %8s %8s %14s\n", "emergencies", "active", "ack", "comment",
           "status", "all", "ratio", "CPU", "ratio", "slowest batch");
    double first = median(loads[0].all_us, ROUNDS);
    double first_cpu = median(loads[0].cpu_us, ROUNDS);
    for (const struct load *load = loads; load < loads + count; load++) {
        char active[32];
        snprintf(active, sizeof active, "%zu %s", load->count, load->name);
        double all = median(load->all_us, ROUNDS);
        double cpu = median(load->cpu_us, ROUNDS);
        printf("%12" PRId64 " %14s %8.1f %8.1f %8.1f %8.1f %8.2f %8.1f %8.2f %11.1f ms\n", load->base->count,
               active, median(load->us[KIND_ACK], ROUNDS), median(load->us[KIND_COMMENT], ROUNDS),
               median(load->us[KIND_STATUS], ROUNDS), all, all / first, cpu, cpu / first_cpu,
               load->slowest_us / 1e3);
    }
}

/* Once each, as it stops a clock: which takes the emergency out of those that wait. */
static void measure_answers(struct load *loads, size_t count)
{
    printf("\nthe customer's answer, µs\n");
    for (struct load *load = loads; load < loads + count; load++) {
        size_t next = 0;
        int64_t sum_ns = 0;
        if (load->count < ACTIVE)
            continue;
        while (next < ACTIVE)
            sum_ns += run_batch(load, KIND_ANSWER, &next).wall_ns;
        printf("%12" PRId64 " %9zu %s %8.1f\n", load->base->count, load->count, load->name,
               (double)sum_ns / 1e3 / ACTIVE);
    }
}

/* One base after the other in each round, so that all of them have the same neighbours on this machine. */
static void measure_loads(struct load *loads, size_t count)
{
    bench.read_ns = bench.read_count = 0;
    for (size_t round = 0; round < ROUNDS; round++)
        for (struct load *load = loads; load < loads + count; load++)
            run_round(load, round);
    print_loads(loads, count);
    measure_answers(loads, count);
}

static void measure_webhooks(struct base *bases, size_t count, bool newest)
{
    struct load loads[BASES];
    struct load *end = loads;
    for (size_t i = 0; i < count; i++)
        if (newest || i == 0 || bases[i].count > ACTIVE) /* the first is what the others are compared with */
            end = add_load(end, &bases[i], newest);
    measure_loads(loads, (size_t)(end - loads));
}

/* --- late events --- */

/* What a late event of an emergency costs that has about EVENTS of them. */
static double measure_late(struct base *base, int64_t emergency, size_t events)
{
    struct load load = {.base = base, .active = {emergency}, .count = 1};
    size_t next = 4; /* it was created with four */
    while (next + BATCH <= events)
        (void)run_batch(&load, KIND_STATUS, &next);
    for (size_t i = 0; i < LATE; i++) /* after its creation, before all others */
        receive(&bench.deliveries[i], KIND_STATUS, emergency, bench.start_ms - HOUR_MS - (int64_t)i);
    return (double)decide(base, LATE).wall_ns / 1e3 / LATE;
}

static void measure_late_events(struct base *base)
{
    static const size_t events[] = {4, 104, 504, 2004};
    printf("\na late event, µs, by how many its emergency has (%" PRId64 " emergencies)\n", base->count);
    for (size_t i = 0; i < COUNT_OF(events) && base->count > 10; i++)
        printf("%12zu %8.1f\n", events[i], measure_late(base, 1 + (int64_t)i, events[i]));
}

/* --- all together --- */

static void find_program(void)
{
    static const char tail[] = "/tests/bench/bench_growth";
    const char *given = getenv("EMERGENCYD");
    char self[250] = "";
    demand(readlink("/proc/self/exe", self, sizeof self - 1) > 0, "/proc/self/exe");
    size_t length = strlen(self) > strlen(tail) ? strlen(self) - strlen(tail) : 0;
    if (given)
        text_copy(bench.program, sizeof bench.program, given);
    else
        text_format(bench.program, sizeof bench.program, "%.*s/emergencyd", (int)length, self);
    demand(access(bench.program, X_OK) == 0, bench.program);
}

static void set_up(struct config *config)
{
    const char *parent = getenv("TMPDIR");
    text_format(bench.directory, sizeof bench.directory, "%s/emergencyd-bench-XXXXXX",
                parent ? parent : "/tmp");
    demand(mkdtemp(bench.directory), bench.directory);
    find_program();
    bench.start_ms = clock_ns(CLOCK_REALTIME) / 1000000;
    bench.random = UINT64_C(88172645463325252);
    bench.nowhere = fopen("/dev/null", "w");
    demand(bench.nowhere, "/dev/null");
    bench.log = log_open(bench.nowhere, LOG_TARGET_STREAM, LOG_LEVEL_INFO, NULL);
    bench.reader = json_reader_new();
    demand(bench.log && bench.reader && receiver_init(&bench.pagerduty, &pagerduty_service, config) &&
               receiver_init(&bench.zendesk, &zendesk_service, config),
           "no memory");
}

static void remove_file(const struct base *base, const char *suffix)
{
    char path[320];
    text_format(path, sizeof path, "%s%s", base->path, suffix);
    unlink(path);
}

static void finish(struct base *base)
{
    desk_free(base->desk);
    store_close(base->store);
    config_free(&base->config);
    unlink(base->config_path);
    remove_file(base, "");
    remove_file(base, "-wal");
    remove_file(base, "-shm");
    remove_file(base, ".lock");
}

static void tear_down(void)
{
    char path[320];
    text_format(path, sizeof path, "%s/notify", bench.directory);
    unlink(path);
    rmdir(bench.directory);
    receiver_free(&bench.pagerduty);
    receiver_free(&bench.zendesk);
    json_reader_free(bench.reader);
    log_close(bench.log);
    fclose(bench.nowhere);
}

int main(int argc, char *argv[])
{
    static const char *const usual[] = {"10", "1000", "100000", "1000000"};
    static struct base bases[BASES];
    struct config texts = {0};
    size_t count = argc > 1 ? (size_t)argc - 1 : COUNT_OF(usual);
    demand(count <= BASES, "usage: bench_growth [COUNT…], at most eight");
    texts.pagerduty.webhook_secret = texts.zendesk.webhook_secret = (char *)"not-much-of-a-secret";
    texts.pagerduty.ticket_pattern = (char *)"ticket #([0-9]+)";
    set_up(&texts);
    for (size_t i = 0; i < count; i++) {
        bases[i].count = strtoll(argc > 1 ? argv[i + 1] : usual[i], NULL, 10);
        demand(bases[i].count > 0, "a COUNT is a number above 0");
        create(&bases[i]);
    }
    measure_starts(bases, count);
    for (size_t i = 0; i < count; i++)
        open_desk(&bases[i]);
    measure_webhooks(bases, count, true);
    measure_webhooks(bases, count, false);
    measure_late_events(&bases[count - 1]);
    for (size_t i = 0; i < count; i++)
        finish(&bases[i]);
    tear_down();
    return EXIT_SUCCESS;
}
