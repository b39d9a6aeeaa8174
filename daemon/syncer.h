#ifndef EMERGENCYD_SYNCER_H
#define EMERGENCYD_SYNCER_H
/*
 * Between the ledger and the outside: a thread that makes durable what was committed, and only then lets the
 * answers and calls that depend on it go. Meanwhile the ledger decides the next batch; all batches that wait
 * are made durable at once.
 */
#include "daemon/mailbox.h"
#include "lib/call.h"
#include "lib/delivery.h"
#include "lib/log.h"
#include "lib/store.h"

struct syncer;

/* STORE is used, not owned; calls go to TO_COURIER, a delivery back to its reply_to. NULL: out of memory or
 * descriptors. */
struct syncer *syncer_new(struct store *store, struct log *log, struct mailbox *to_courier) MUST_CHECK;
bool syncer_start(struct syncer *syncer) MUST_CHECK;

enum batch_proof {
    PROOF_NONE,    /* nothing was written */
    PROOF_WRITTEN, /* once it is durable, the disk is known to work */
    PROOF_TROUBLE, /* it could not be written: what was known is so no more */
};
/* Takes over the chains ANSWERS and CALLS of a batch that was committed, or undone (PROOF_TROUBLE). The
 * ledger's thread. When the disk fails the process ends. */
void syncer_take(struct syncer *syncer, struct delivery *answers, struct call *calls, enum batch_proof proof);
/* Returns when all that was taken is on its way; from then on syncer_take does the work itself. The ledger's
 * thread, any number of times. */
void syncer_stop(struct syncer *syncer);
/* Stopped, or never started. NULL is fine. */
void syncer_free(struct syncer *syncer);

/* When the last batch that wrote became durable (0: since then one could not be written). Any thread. */
int64_t syncer_last_commit_ms(const struct syncer *syncer);

#endif
