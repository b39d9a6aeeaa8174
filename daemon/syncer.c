/*
 * The syncer's thread: takes all batches that wait, syncs once, hands on what was in them. What could not be
 * made durable can't be undone either, so a failing sync ends the process: nobody was told, and the next
 * start writes anew what is still read (see store_open).
 */
#include "daemon/syncer.h"

#include "daemon/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

struct batch {
    struct batch *next;
    struct delivery *answers;
    struct call *calls;
    enum batch_proof proof;
};

struct syncer {
    struct store *store;
    struct log *log;
    struct mailbox *to_courier;
    struct mailbox batches;
    pthread_t thread;
    bool running;
    atomic_bool stopping;
    _Atomic int64_t last_commit_ms;
};

struct syncer *syncer_new(struct store *store, struct log *log, struct mailbox *to_courier)
{
    struct syncer *syncer = calloc(1, sizeof *syncer);
    if (!syncer)
        return NULL;
    syncer->store = store;
    syncer->log = log;
    syncer->to_courier = to_courier;
    syncer->last_commit_ms = clock_wall_ms();
    if (mailbox_init(&syncer->batches))
        return syncer;
    free(syncer);
    return NULL;
}

/* --- handing on --- */

/* All of a listener's at once, so that it is woken once. */
static void send_answers(struct delivery *first)
{
    while (first) {
        struct delivery *last = first;
        while (last->next && last->next->reply_to == first->reply_to)
            last = last->next;
        struct delivery *next = last->next;
        mailbox_put_all(first->reply_to, first, last);
        first = next;
    }
}

static void send_calls(struct syncer *syncer, struct call *first)
{
    if (!first)
        return;
    struct call *last = first;
    while (last->next)
        last = last->next;
    mailbox_put_all(syncer->to_courier, first, last);
}

static void note_proof(struct syncer *syncer, enum batch_proof proof)
{
    if (proof == PROOF_WRITTEN)
        atomic_store(&syncer->last_commit_ms, clock_wall_ms());
    else if (proof == PROOF_TROUBLE)
        atomic_store(&syncer->last_commit_ms, 0);
}

static void hand_on(struct syncer *syncer, struct batch *batches)
{
    if (store_sync(syncer->store) != STORE_OK)
        _exit(1); /* the store has told why; systemd starts the program again */
    while (batches) {
        struct batch *next = batches->next;
        note_proof(syncer, batches->proof);
        send_answers(batches->answers);
        send_calls(syncer, batches->calls);
        free(batches);
        batches = next;
    }
}

/* --- the thread --- */

static void *run(void *context)
{
    struct syncer *syncer = context;
    struct pollfd letters = {.fd = syncer->batches.fd, .events = POLLIN};
    pthread_setname_np(pthread_self(), "syncer");
    bool stopping = false;
    while (!stopping) {
        /* the last look may have taken the wake-up of a stop that came with a batch's */
        if (!atomic_load(&syncer->stopping) && poll(&letters, 1, -1) < 0 && errno != EINTR)
            abort();
        stopping = atomic_load(&syncer->stopping); /* before looking: nothing comes behind it */
        struct batch *batches = mailbox_take(&syncer->batches);
        if (batches)
            hand_on(syncer, batches);
    }
    return NULL;
}

bool syncer_start(struct syncer *syncer)
{
    syncer->running = pthread_create(&syncer->thread, NULL, run, syncer) == 0;
    return syncer->running;
}

void syncer_take(struct syncer *syncer, struct delivery *answers, struct call *calls, enum batch_proof proof)
{
    struct batch *batch = malloc(sizeof *batch);
    if (!batch) {
        log_event(syncer->log, LOG_LEVEL_ERROR, "NO-MEMORY", 0, 0,
                  "ending, to start again from what is on disk");
        _exit(1);
    }
    *batch = (struct batch){.answers = answers, .calls = calls, .proof = proof};
    if (syncer->running)
        mailbox_put(&syncer->batches, batch);
    else
        hand_on(syncer, batch);
}

void syncer_stop(struct syncer *syncer)
{
    if (!syncer->running)
        return;
    atomic_store(&syncer->stopping, true);
    mailbox_wake(&syncer->batches);
    pthread_join(syncer->thread, NULL);
    syncer->running = false;
}

void syncer_free(struct syncer *syncer)
{
    if (!syncer)
        return;
    mailbox_free(&syncer->batches);
    free(syncer);
}

int64_t syncer_last_commit_ms(const struct syncer *syncer)
{
    return atomic_load(&syncer->last_commit_ms);
}
