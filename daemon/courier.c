/*
 * The courier's thread: takes calls from its mailbox, keeps them in two queues a service, hands as many as
 * may be under way to courier_http, and gives every one back with its end. A token that can't be had is a
 * warning, and the calls that waited for it go back CALL_NOT_SENT. Nothing is fatal here once the thread
 * runs.
 */
#include "daemon/courier.h"

#include "daemon/courier_account.h"
#include "daemon/courier_http.h"
#include "lib/text.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CALLS_AT_ONCE 8 /* a service; a token request goes beside them */
#define NEVER         INT64_MAX

/* A call on its way through the courier. */
struct errand {
    struct errand *next;
    struct call *call;
    int64_t token; /* the number of the token it went out with */
    bool repeated; /* after a 401 */
};

struct queue {
    struct errand *first, *last;
};

struct line { /* to one service */
    struct account account;
    struct queue urgent, others;
    size_t under_way;
    struct errand *asking; /* the token request under way, or NULL */
    int64_t asked_ms;
};

struct courier {
    struct log *log;
    struct metrics *metrics;
    courier_return_fn *return_call;
    void *context;
    struct mailbox mailbox;
    struct courier_http *http;
    struct json_reader *reader;
    struct line lines[SERVICE_COUNT];
    pthread_t thread;
    bool started;
    _Atomic int64_t stop_ms; /* when what is under way is broken off; NEVER: go on */
};

/* Counts on while the machine sleeps, and is never set. */
static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void queue_put(struct queue *queue, struct errand *errand)
{
    errand->next = NULL;
    if (queue->first)
        queue->last->next = errand;
    else
        queue->first = errand;
    queue->last = errand;
}

static void queue_put_first(struct queue *queue, struct errand *errand)
{
    errand->next = queue->first;
    if (!queue->first)
        queue->last = errand;
    queue->first = errand;
}

static struct errand *queue_take(struct queue *queue)
{
    struct errand *errand = queue->first;
    if (errand)
        queue->first = errand->next;
    return errand;
}

static struct queue *queue_of(struct line *line, const struct call *call)
{
    return call->customer_facing ? &line->urgent : &line->others;
}

static bool has_waiting(const struct line *line)
{
    return line->urgent.first || line->others.first;
}

static struct errand *take_waiting(struct line *line)
{
    struct errand *errand = queue_take(&line->urgent);
    return errand ? errand : queue_take(&line->others);
}

static void count_end(struct metrics *metrics, const struct call *call)
{
    _Atomic uint64_t *const answered[SERVICE_COUNT] = {
        [SERVICE_ZENDESK] = &metrics->calls_zendesk, [SERVICE_PAGERDUTY] = &metrics->calls_pagerduty,
        [SERVICE_SLACK] = &metrics->calls_slack,     [SERVICE_ZOOM] = &metrics->calls_zoom,
        [SERVICE_GITLAB] = &metrics->calls_gitlab,   [SERVICE_HEARTBEAT] = &metrics->calls_heartbeat,
    };
    metrics_count(call->end == CALL_ANSWERED ? answered[call->service] : &metrics->calls_failed);
}

static void give_back(struct courier *courier, struct call *call)
{
    count_end(courier->metrics, call);
    courier->return_call(courier->context, call);
}

static void give_back_errand(struct courier *courier, struct errand *errand)
{
    struct call *call = errand->call;
    free(errand);
    give_back(courier, call);
}

/* TOKEN: our asking for a token, if that is what failed; its answer is for CALL as well. */
static void refuse_call(struct courier *courier, struct call *call, const struct call *token, const char *why)
{
    bool answered = token && token->end == CALL_ANSWERED && token->status >= 400;
    call->end = CALL_NOT_SENT;
    call->status = answered ? token->status : 0;
    call->retry_after_ms = answered ? token->retry_after_ms : -1;
    text_copy(call->error, sizeof(call->error), why);
    give_back(courier, call);
}

static void refuse_errand(struct courier *courier, struct errand *errand, const struct call *token,
                          const char *why)
{
    struct call *call = errand->call;
    free(errand);
    refuse_call(courier, call, token, why);
}

static void refuse_waiting(struct courier *courier, struct line *line, const struct call *token,
                           const char *why)
{
    while (has_waiting(line))
        refuse_errand(courier, take_waiting(line), token, why);
}

static void take_letter(struct courier *courier, struct call *call)
{
    struct errand *errand = calloc(1, sizeof(*errand));
    if (!errand) {
        refuse_call(courier, call, NULL, "out of memory");
        return;
    }
    errand->call = call;
    queue_put(queue_of(&courier->lines[call->service], call), errand);
}

static void take_letters(struct courier *courier)
{
    struct call *next;
    for (struct call *call = mailbox_take(&courier->mailbox); call; call = next) {
        next = call->next;
        take_letter(courier, call);
    }
}

static void start_call(struct courier *courier, struct line *line, struct errand *errand)
{
    const char *lines[ACCOUNT_LINES];
    struct account *account = &line->account;
    size_t count = account_headers(account, errand->call, lines);
    errand->token = account->token;
    if (courier_http_begin(courier->http, errand->call, errand, account->base_url, lines, count))
        line->under_way++;
    else
        refuse_errand(courier, errand, NULL, "out of memory");
}

/* There is no new token: whoever can't go without is sent back. ASKED may be NULL. */
static void give_up_token(struct courier *courier, struct line *line, const struct call *asked,
                          const char *why)
{
    log_event(courier->log, LOG_LEVEL_WARNING, "TOKEN-FAILED", 0, 0, "%s: %s",
              service_name(line->account.service), why);
    if (!account_is_ready(&line->account, clock_ms()))
        refuse_waiting(courier, line, asked, why);
}

static void drop_token_request(struct line *line)
{
    account_forget_call(line->asking->call);
    free(line->asking);
    line->asking = NULL;
}

static void ask_for_token(struct courier *courier, struct line *line, int64_t now_ms)
{
    const char *lines[ACCOUNT_LINES];
    size_t count = account_token_headers(&line->account, lines);
    line->asked_ms = now_ms;
    line->asking = calloc(1, sizeof(*line->asking));
    struct call *call = account_token_call(&line->account, now_ms);
    if (line->asking)
        line->asking->call = call;
    if (line->asking && call &&
        courier_http_begin(courier->http, call, line->asking, line->account.token_url, lines, count))
        return;
    account_forget_call(call);
    free(line->asking);
    line->asking = NULL;
    give_up_token(courier, line, NULL, "no token: out of memory");
}

static bool wants_token(const struct line *line, int64_t now_ms)
{
    return !line->asking && (has_waiting(line) || line->under_way > 0) &&
           account_wants_token(&line->account, now_ms);
}

static void start_line(struct courier *courier, struct line *line, int64_t now_ms)
{
    if (!line->account.base_url) {
        char why[64];
        (void)snprintf(why, sizeof(why), "%s is not configured", service_name(line->account.service));
        refuse_waiting(courier, line, NULL, why);
        return;
    }
    if (wants_token(line, now_ms) && now_ms >= line->account.next_attempt_ms)
        ask_for_token(courier, line, now_ms);
    while (line->under_way < CALLS_AT_ONCE && has_waiting(line) && account_is_ready(&line->account, now_ms))
        start_call(courier, line, take_waiting(line));
}

static void start_what_may(struct courier *courier, int64_t now_ms, int64_t stop_ms)
{
    for (size_t i = 0; i < SERVICE_COUNT; i++)
        if (stop_ms != NEVER)
            refuse_waiting(courier, &courier->lines[i], NULL, "emergencyd is stopping");
        else
            start_line(courier, &courier->lines[i], now_ms);
}

/* How long nothing will happen but by a letter or the network. */
static int64_t idle_ms(const struct courier *courier, int64_t now_ms, int64_t stop_ms)
{
    int64_t until_ms = stop_ms;
    for (size_t i = 0; stop_ms == NEVER && i < SERVICE_COUNT; i++) {
        const struct line *line = &courier->lines[i];
        if (wants_token(line, now_ms) && line->account.next_attempt_ms < until_ms)
            until_ms = line->account.next_attempt_ms;
    }
    if (until_ms == NEVER)
        return NEVER;
    return until_ms > now_ms ? until_ms - now_ms : 0;
}

static void end_token_request(struct courier *courier, struct line *line)
{
    char why[160];
    bool good = account_take_token(&line->account, courier->reader, line->asking->call, line->asked_ms, why,
                                   sizeof(why));
    if (good)
        log_event(courier->log, LOG_LEVEL_INFO, "TOKEN-RENEWED", 0, 0, "%s gave a new token",
                  service_name(line->account.service));
    else
        give_up_token(courier, line, line->asking->call, why);
    drop_token_request(line);
}

/* A 401 says that nothing took effect, so the call goes once more, with a new token. */
static void repeat(struct line *line, struct errand *errand)
{
    struct call *call = errand->call;
    account_reject_token(&line->account, errand->token);
    free(call->answer);
    call->answer = NULL;
    call->answer_length = 0;
    call->end = CALL_OPEN;
    call->status = 0;
    call->date_ms = call->received_ms = 0;
    errand->repeated = true;
    queue_put_first(queue_of(line, call), errand);
}

static void end_errand(struct courier *courier, struct errand *errand)
{
    struct call *call = errand->call;
    struct line *line = &courier->lines[call->service];
    if (errand == line->asking) {
        end_token_request(courier, line);
        return;
    }
    line->under_way--;
    if (call->end == CALL_ANSWERED && call->status == 401 && line->account.by_token && !errand->repeated)
        repeat(line, errand);
    else
        give_back_errand(courier, errand);
}

static void end_what_has_ended(struct courier *courier)
{
    struct errand *errand;
    while ((errand = courier_http_take(courier->http)))
        end_errand(courier, errand);
}

/* Token requests don't count: nobody waits for them any more. */
static bool is_over(const struct courier *courier, int64_t now_ms, int64_t stop_ms)
{
    size_t under_way = 0;
    for (size_t i = 0; i < SERVICE_COUNT; i++)
        under_way += courier->lines[i].under_way;
    return stop_ms != NEVER && (under_way == 0 || now_ms >= stop_ms);
}

static void break_off(struct courier *courier)
{
    struct errand *errand;
    while ((errand = courier_http_break(courier->http))) {
        struct line *line = &courier->lines[errand->call->service];
        if (errand == line->asking)
            drop_token_request(line);
        else
            give_back_errand(courier, errand);
    }
}

static void *run(void *context)
{
    struct courier *courier = context;
    for (;;) {
        int64_t now_ms = clock_ms();
        take_letters(courier);
        /* Once a pass, or what waits could be left behind; after the letters, whose taking swallows the
         * wake-up of courier_stop. */
        int64_t stop_ms = atomic_load(&courier->stop_ms);
        start_what_may(courier, now_ms, stop_ms); /* when stopping: sends back what waits */
        if (is_over(courier, now_ms, stop_ms))
            break;
        courier_http_wait(courier->http, courier->mailbox.fd, idle_ms(courier, now_ms, stop_ms));
        end_what_has_ended(courier);
    }
    break_off(courier);
    return NULL;
}

struct courier *courier_new(const struct config *config, struct log *log, struct metrics *metrics,
                            courier_return_fn *return_call, void *context)
{
    struct courier *courier = calloc(1, sizeof(*courier));
    if (!courier)
        return NULL;
    courier->log = log;
    courier->metrics = metrics;
    courier->return_call = return_call;
    courier->context = context;
    atomic_init(&courier->stop_ms, NEVER);
    courier->http = courier_http_new();
    courier->reader = json_reader_new();
    bool good = mailbox_init(&courier->mailbox) && courier->http && courier->reader;
    for (int i = 0; good && i < SERVICE_COUNT; i++)
        good = account_init(&courier->lines[i].account, (enum service_id)i, config);
    if (!good) {
        courier_free(courier);
        return NULL;
    }
    return courier;
}

struct mailbox *courier_mailbox(struct courier *courier)
{
    return &courier->mailbox;
}

bool courier_start(struct courier *courier)
{
    courier->started = pthread_create(&courier->thread, NULL, run, courier) == 0;
    return courier->started;
}

void courier_stop(struct courier *courier, int64_t grace_ms)
{
    if (courier->started) {
        atomic_store(&courier->stop_ms, clock_ms() + grace_ms);
        mailbox_wake(&courier->mailbox);
        pthread_join(courier->thread, NULL);
        courier->started = false;
    }
    struct call *next; /* what came too late for the thread */
    for (struct call *call = mailbox_take(&courier->mailbox); call; call = next) {
        next = call->next;
        refuse_call(courier, call, NULL, "emergencyd is stopping");
    }
}

static void free_letters(struct mailbox *mailbox)
{
    struct call *next;
    for (struct call *call = mailbox->fd > 0 ? mailbox_take(mailbox) : NULL; call; call = next) {
        next = call->next;
        call_free(call);
    }
}

void courier_free(struct courier *courier)
{
    if (!courier)
        return;
    free_letters(&courier->mailbox);
    mailbox_free(&courier->mailbox);
    courier_http_free(courier->http);
    json_reader_free(courier->reader);
    for (size_t i = 0; i < SERVICE_COUNT; i++)
        account_free(&courier->lines[i].account);
    free(courier);
}
