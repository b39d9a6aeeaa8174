/*
 * What a process needs to live in the world: settings that vary with the seed, a database that is there
 * already, a log that is read for what must not be in it.
 */
#include "tests/simulation/simulation.h"

#include "lib/json_fields.h"
#include "lib/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void delete_files(const char *directory, const char *database)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    char path[128];
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        text_format(path, sizeof path, "%s%s", database, ends[i]);
        (void)unlink(path);
    }
    (void)rmdir(directory);
}

/* The log has a clock of its own, without a context: stories of one seed are the same to the byte. */
static int64_t log_now_ms;

void process_set_log_clock(int64_t now_ms)
{
    log_now_ms = now_ms;
}

static int64_t read_log_clock(void)
{
    return log_now_ms;
}

/* The log is read for what must not be there. */
static ssize_t read_log(void *context, const char *line, size_t length)
{
    struct sim *sim = context;
    static const char *const bad[] = {"ITEM-UNDONE", "WEBHOOK-ASIDE"};
    char text[400];
    text_copy_n(text, sizeof text, line, length);
    text[strcspn(text, "\n")] = '\0';
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (strstr(text, bad[i]))
            sim_violation(sim, NULL, "the log says: %s", text);
    sim_tell(sim, NULL, "log: %s", text);
    return (ssize_t)length;
}

static void write_settings(struct sim *sim, const char *path)
{
    struct rng rng = rng_of(sim->seed, 77);
    FILE *file = fopen(path, "w");
    if (!file)
        abort();
    bool automatic = rng_chance(&rng, 300);
    bool asks = rng_chance(&rng, 500);
    bool resolves = rng_chance(&rng, 300);
    bool patient = rng_chance(&rng, 500);
    bool polls_often = rng_chance(&rng, 200);
    bool says_so = rng_chance(&rng, 700);
    bool slack = rng_chance(&rng, 500);
    bool pages = rng_chance(&rng, 700);
    fprintf(file,
            "[policy]\nfirst_contact = %s\nafter_engineer_comment = %s\nresolve_on_contact = %s\n"
            "stale_after = %s\n",
            automatic ? "automatic" : "manual", asks ? "ask" : "proceed", resolves ? "yes" : "no",
            patient ? "1h" : "20m");
    fprintf(file,
            "[zendesk]\nwebhook_secret = zendesk-secret\napi_url = https://acme.zendesk.com\n"
            "client_id = emergencyd\nclient_secret = client-secret\npoll_every = %s\n"
            "downgrade_comment = %s\n",
            polls_often ? "2m" : "9m", says_so ? "yes" : "no");
    fprintf(file,
            "[pagerduty]\nwebhook_secret = pagerduty-secret\napi_token = pagerduty-token\n"
            "from = bot@example.com\nengineer_schedule = SENG\nmanager_schedule = SMAN\n%s",
            pages ? "page_service = SVCOUT\n" : "");
    if (slack || pages)
        fputs("[escalation manager]\nafter = 10m\nschedule = SMAN\n", file);
    if (slack)
        fputs("[slack]\nsigning_secret = slack-secret\ntoken = slack-token\nchannel = C0SUPPORT\n"
              "manager_channel = C0MANAGERS\n",
              file);
    if (rng_chance(&rng, 500))
        fputs("[zoom]\naccount_id = account\nclient_id = zoom\nclient_secret = zoom-client\n"
              "webhook_secret = zoom-secret\nuser = bot@example.com\n",
              file);
    if (fclose(file) != 0)
        abort();
}

static void open_receivers(struct sim *sim)
{
    struct process *process = &sim->process;
    const struct service *const services[] = {&zendesk_service, &pagerduty_service, &slack_service,
                                              &zoom_service};
    for (size_t i = 0; i < COUNT_OF(services); i++)
        if (!receiver_init(&process->receivers[services[i]->id], services[i], &process->config))
            abort();
}

/* A database as its first start makes it; made once, since that takes longer than many a story. */
void process_make_template(struct text *out)
{
    char directory[] = "/dev/shm/emergencyd-XXXXXX";
    char path[64];
    char error[300];
    struct log *log = log_open(stderr, LOG_TARGET_STREAM, LOG_LEVEL_ERROR, NULL);
    if (!log || !mkdtemp(directory))
        abort();
    text_format(path, sizeof path, "%s/e.db", directory);
    struct store *store = store_open(path, log, error, sizeof error);
    if (!store)
        abort();
    store_close(store);
    FILE *file = fopen(path, "r");
    for (int byte; file && (byte = fgetc(file)) != EOF;)
        text_add_byte(out, (char)byte);
    if (!file || fclose(file) != 0)
        abort();
    delete_files(directory, path);
    log_close(log);
}

static void copy_template(const struct sim *sim, const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file || fwrite(sim->template->bytes, 1, sim->template->length, file) != sim->template->length ||
        fclose(file) != 0)
        abort();
}

void process_set_up(struct sim *sim)
{
    struct process *process = &sim->process;
    struct config_error error;
    char settings[128];
    cookie_io_functions_t functions = {.write = read_log};
    text_copy(process->directory, sizeof process->directory, "/dev/shm/emergencyd-XXXXXX");
    if (!mkdtemp(process->directory))
        abort();
    text_format(process->path, sizeof process->path, "%s/e.db", process->directory);
    text_format(settings, sizeof settings, "%s/config.ini", process->directory);
    write_settings(sim, settings);
    if (!config_load(settings, NULL, &process->config, &error)) {
        fprintf(stderr, "simulate: %s\n", error.message);
        abort();
    }
    (void)unlink(settings);
    copy_template(sim, process->path);
    process->log_stream = fopencookie(sim, "w", functions);
    process->log = process->log_stream
                       ? log_open(process->log_stream, LOG_TARGET_STREAM,
                                  sim->story ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, read_log_clock)
                       : NULL;
    process->reader = json_reader_new();
    if (!process->log || !process->reader)
        abort();
    (void)setvbuf(process->log_stream, NULL, _IOLBF, 0);
    open_receivers(sim);
    process->deliveries_end = &process->deliveries;
    process->calls_end = &process->calls;
}

void process_tear_down(struct sim *sim)
{
    struct process *process = &sim->process;
    process_end(sim);
    for (size_t i = 0; i < SERVICE_COUNT; i++)
        receiver_free(&process->receivers[i]);
    json_reader_free(process->reader);
    log_close(process->log);
    if (process->log_stream)
        (void)fclose(process->log_stream);
    config_free(&process->config);
    delete_files(process->directory, process->path);
}
