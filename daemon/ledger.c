/*
 * The ledger's thread. A pass: look whether the clock was set, take what waits, let the desk decide, commit,
 * give answers and calls to the syncer, which lets them go when they are durable, arm the timer. A full disk
 * is a warning: webhooks are answered 503 and what the services answered waits in its mailbox until there is
 * room. An I/O error or damage is fatal: the process ends and systemd starts it again.
 */
#include "daemon/ledger.h"

#include "daemon/checkpointer.h"
#include "daemon/clock.h"
#include "daemon/syncer.h"
#include "lib/desk.h"
#include "lib/text.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define BATCH_DELIVERIES 512
#define BATCH_DUE        256
#define TIDY_EVERY_MS    60000
#define TIDY_AGAIN_MS    100 /* while there is more: faster than any sender, and the others get their turn */
#define LONGEST_SLEEP_MS 60000 /* a step of the clock just before the timer is armed wakes nobody */
#define TROUBLE_RETRY_MS 1000
/* The clock creeps while it is disciplined; what is more than this was a step. */
#define CLOCK_STEP_MS 1000

struct ledger {
    const struct config *config;
    struct store *store;
    struct log *log;
    struct metrics *metrics;
    struct ledger_exits exits;
    struct desk *desk;
    struct syncer *syncer;
    struct checkpointer *checkpointer;
    struct mailbox deliveries;
    struct mailbox calls;
    int epoll;
    int timer;
    pthread_t thread;
    bool running;

    /* the thread's own */
    struct delivery *waiting; /* taken from the mailbox, not yet in a batch */
    struct call *held;        /* the same; while the disk is full they wait here */
    int64_t shift_ms;         /* by how much the clock was set, until that is written */
    bool in_trouble;          /* the last batch could not be written */
    int64_t clock_offset_ms;  /* wall clock minus boot clock */
    int64_t next_tidy_ms;
    bool more_to_tidy;
    bool more_due;

    atomic_bool quiet;
    atomic_bool stopping;
    _Atomic int64_t next_due_ms;
};

static int64_t clock_offset_ms(void)
{
    return clock_wall_ms() - clock_read_ms(CLOCK_BOOTTIME);
}

/* --- set-up --- */

static bool watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool open_descriptors(struct ledger *ledger)
{
    ledger->epoll = epoll_create1(EPOLL_CLOEXEC);
    ledger->timer = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    return ledger->epoll >= 0 && ledger->timer >= 0 && mailbox_init(&ledger->deliveries) &&
           mailbox_init(&ledger->calls) && watch(ledger->epoll, ledger->deliveries.fd) &&
           watch(ledger->epoll, ledger->calls.fd) && watch(ledger->epoll, ledger->timer);
}

struct ledger *ledger_new(const struct config *config, struct store *store, struct log *log,
                          struct metrics *metrics, const struct ledger_exits *exits)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);
    if (!ledger) {
        store_close(store);
        return NULL;
    }
    ledger->config = config;
    ledger->store = store;
    ledger->log = log;
    ledger->metrics = metrics;
    ledger->exits = *exits;
    ledger->epoll = ledger->timer = -1;
    int64_t now_ms = clock_wall_ms();
    ledger->clock_offset_ms = clock_offset_ms();
    ledger->next_due_ms = now_ms;
    ledger->syncer = syncer_new(store, log, exits->to_courier);
    ledger->desk = desk_new(config, store, log, metrics, now_ms);
    ledger->checkpointer = checkpointer_new(config->store.path, log);
    if (ledger->syncer && ledger->checkpointer && ledger->desk && open_descriptors(ledger))
        return ledger;
    ledger_free(ledger);
    return NULL;
}

void ledger_free(struct ledger *ledger)
{
    if (!ledger)
        return;
    syncer_free(ledger->syncer);
    checkpointer_free(ledger->checkpointer);
    desk_free(ledger->desk);
    while (ledger->held) {
        struct call *call = ledger->held;
        ledger->held = call->next;
        call_free(call);
    }
    mailbox_free(&ledger->deliveries);
    mailbox_free(&ledger->calls);
    if (ledger->epoll >= 0)
        close(ledger->epoll);
    if (ledger->timer >= 0)
        close(ledger->timer);
    store_close(ledger->store);
    free(ledger);
}

/* --- the outside's side --- */

void ledger_deliver(struct ledger *ledger, struct delivery *delivery, struct mailbox *reply_to)
{
    delivery->reply_to = reply_to;
    mailbox_put(&ledger->deliveries, delivery);
}

void ledger_return_call(struct ledger *ledger, struct call *call)
{
    mailbox_put(&ledger->calls, call);
}

int64_t ledger_last_commit_ms(const struct ledger *ledger)
{
    return syncer_last_commit_ms(ledger->syncer);
}

int64_t ledger_lateness_ms(const struct ledger *ledger)
{
    int64_t late_ms = clock_wall_ms() - atomic_load(&ledger->next_due_ms);
    return late_ms > 0 ? late_ms : 0;
}

void ledger_quiet(struct ledger *ledger)
{
    atomic_store(&ledger->quiet, true);
    mailbox_wake(&ledger->deliveries);
}

/* --- a pass --- */

static void notice_clock_step(struct ledger *ledger)
{
    int64_t offset_ms = clock_offset_ms();
    int64_t shift_ms = offset_ms - ledger->clock_offset_ms;
    ledger->clock_offset_ms = offset_ms;
    if (shift_ms > CLOCK_STEP_MS || shift_ms < -CLOCK_STEP_MS)
        ledger->shift_ms += shift_ms;
}

/* When stopping the courier has ended: calls that were handed to it since then come back from here. */
static void recall(struct ledger *ledger)
{
    syncer_stop(ledger->syncer); /* nothing is on its way any more */
    struct call *call = mailbox_take(ledger->exits.to_courier);
    while (call) {
        struct call *next = call->next;
        call->end = CALL_NOT_SENT;
        call->retry_after_ms = -1;
        text_copy(call->error, sizeof call->error, "emergencyd is stopping");
        mailbox_put(&ledger->calls, call);
        call = next;
    }
}

/* What came in is kept in its order; a batch takes from the front. */
static void fetch(struct ledger *ledger)
{
    struct delivery **last_delivery = &ledger->waiting;
    while (*last_delivery)
        last_delivery = &(*last_delivery)->next;
    *last_delivery = mailbox_take(&ledger->deliveries);
    struct call **last_call = &ledger->held;
    while (*last_call)
        last_call = &(*last_call)->next;
    *last_call = mailbox_take(&ledger->calls);
}

static void take_deliveries(struct ledger *ledger)
{
    for (int i = 0; i < BATCH_DELIVERIES && ledger->waiting; i++) {
        struct delivery *delivery = ledger->waiting;
        ledger->waiting = delivery->next;
        desk_take_delivery(ledger->desk, delivery);
    }
}

static void take_calls(struct ledger *ledger)
{
    while (ledger->held && desk_is_well(ledger->desk)) {
        struct call *call = ledger->held;
        ledger->held = call->next;
        desk_take_call(ledger->desk, call);
    }
}

static void note_result(struct ledger *ledger, enum store_result result)
{
    if (result == STORE_BROKEN) {
        log_event(ledger->log, LOG_LEVEL_ERROR, "STORE-BROKEN", 0, 0,
                  "the database failed: ending, to start again from what is on disk");
        _exit(1);
    }
    if (result == STORE_NONE) /* says nothing about the disk */
        return;
    bool trouble = result == STORE_FULL;
    if (trouble && !ledger->in_trouble)
        log_event(ledger->log, LOG_LEVEL_ERROR, "STORE-FULL", 0, 0,
                  "the database can't be written: webhooks are refused until it can");
    else if (!trouble && ledger->in_trouble)
        log_event(ledger->log, LOG_LEVEL_INFO, "STORE-BACK", 0, 0, "the database can be written again");
    ledger->in_trouble = trouble;
}

/* What a batch that ended so proves about the disk; an empty commit proves nothing. */
static enum batch_proof proof(enum store_result result, bool wrote)
{
    if (result == STORE_FULL)
        return PROOF_TROUBLE;
    return result == STORE_OK && wrote ? PROOF_WRITTEN : PROOF_NONE;
}

/* While the disk is full only deliveries are tried: what services have answered waits where it is. */
static void run_batch(struct ledger *ledger, int64_t now_ms)
{
    bool was_in_trouble = ledger->in_trouble;
    bool due = ledger->more_due || desk_next_ms(ledger->desk) <= now_ms;
    if (!ledger->waiting && !ledger->held && !due && ledger->shift_ms == 0 && !was_in_trouble)
        return;
    int64_t changes = store_changes(ledger->store);
    log_hold(ledger->log);
    (void)!desk_begin(ledger->desk, now_ms); /* a failure spoils the batch, and desk_end tells */
    if (ledger->shift_ms != 0)
        desk_take_clock_step(ledger->desk, ledger->shift_ms);
    take_deliveries(ledger); /* before deadlines: an answer may be among them */
    if (was_in_trouble) {
        desk_try_write(ledger->desk);
    } else {
        take_calls(ledger);
        ledger->more_due = desk_take_due(ledger->desk, BATCH_DUE);
    }
    enum store_result result = desk_end(ledger->desk);
    note_result(ledger, result);
    log_release(ledger->log); /* whoever is answered may look for it */
    if (result == STORE_OK)
        ledger->shift_ms = 0;
    syncer_take(ledger->syncer, desk_answers(ledger->desk), desk_calls(ledger->desk),
                proof(result, store_changes(ledger->store) != changes)); /* after the commit, and only then */
}

static void tidy(struct ledger *ledger, int64_t now_ms)
{
    if (now_ms < ledger->next_tidy_ms || ledger->in_trouble)
        return;
    note_result(ledger, desk_tidy(ledger->desk, now_ms, &ledger->more_to_tidy));
    ledger->next_tidy_ms = now_ms + (ledger->more_to_tidy ? TIDY_AGAIN_MS : TIDY_EVERY_MS);
}

static void arm_timer(struct ledger *ledger, int64_t now_ms)
{
    int64_t due_ms = desk_next_ms(ledger->desk);
    atomic_store(&ledger->next_due_ms, due_ms);
    if (ledger->more_to_tidy && ledger->next_tidy_ms < due_ms)
        due_ms = ledger->next_tidy_ms;
    if (ledger->in_trouble)
        due_ms = now_ms + TROUBLE_RETRY_MS;
    bool held = ledger->held && !ledger->in_trouble;
    bool more = ledger->more_due && !ledger->in_trouble;
    if (more || ledger->waiting || held || due_ms < 1)
        due_ms = 1;
    const struct itimerspec at = {.it_value = {due_ms / 1000, due_ms % 1000 * 1000000}};
    if (timerfd_settime(ledger->timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, NULL) != 0 &&
        errno != ECANCELED)
        abort(); /* a deadline would be lost */
}

static void wait_for_work(struct ledger *ledger)
{
    struct epoll_event events[4];
    uint64_t expirations;
    if (epoll_wait(ledger->epoll, events, COUNT_OF(events), LONGEST_SLEEP_MS) < 0 && errno != EINTR)
        abort();
    if (read(ledger->timer, &expirations, sizeof expirations) < 0 && errno != EAGAIN && errno != ECANCELED)
        abort(); /* ECANCELED: the clock was set, which the pass finds out by itself */
}

static bool all_is_done(struct ledger *ledger)
{
    if (!atomic_load(&ledger->stopping) || ledger->waiting)
        return false;
    /* a full disk can't keep us: what was not written is looked up at the next start */
    return ledger->in_trouble || desk_calls_open(ledger->desk) == 0;
}

static void *run(void *context)
{
    struct ledger *ledger = context;
    pthread_setname_np(pthread_self(), "ledger");
    for (;;) {
        notice_clock_step(ledger);
        int64_t now_ms = clock_wall_ms(); /* behind it: a step in between shows at the next pass */
        if (atomic_load(&ledger->quiet))
            desk_quiet(ledger->desk);
        fetch(ledger);
        run_batch(ledger, now_ms);
        tidy(ledger, now_ms);
        checkpointer_watch(ledger->checkpointer, ledger->store, ledger->in_trouble);
        fetch(ledger); /* before the question whether to stop: it may have taken the wake-up that came with it
                        */
        if (atomic_load(&ledger->stopping))
            recall(ledger);
        if (all_is_done(ledger))
            return NULL;
        arm_timer(ledger, now_ms);
        wait_for_work(ledger);
    }
}

bool ledger_start(struct ledger *ledger)
{
    ledger->running = syncer_start(ledger->syncer) && checkpointer_start(ledger->checkpointer) &&
                      pthread_create(&ledger->thread, NULL, run, ledger) == 0;
    return ledger->running;
}

void ledger_stop(struct ledger *ledger)
{
    if (!ledger->running)
        return;
    atomic_store(&ledger->stopping, true);
    mailbox_wake(&ledger->deliveries);
    pthread_join(ledger->thread, NULL);
    syncer_stop(ledger->syncer); /* if there was nothing to be recalled */
    checkpointer_stop(ledger->checkpointer);
    ledger->running = false;
}
