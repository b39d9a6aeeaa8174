#ifndef EMERGENCYD_LEDGER_H
#define EMERGENCYD_LEDGER_H
/*
 * The one writer: a thread that takes what waits (deliveries of the listeners, answers of the courier,
 * deadlines), lets the desk decide, commits once for the batch, and only then sets its wheel and gives
 * answers and calls to the syncer. It owns the store and the desk. See lib/desk.h for what is decided.
 */
#include "daemon/mailbox.h"
#include "lib/call.h"
#include "lib/config.h"
#include "lib/delivery.h"
#include "lib/log.h"
#include "lib/metrics.h"
#include "lib/store.h"

struct ledger;
struct call;
struct delivery;

/* Where the ledger's letters go. A delivery goes back to the mailbox of the listener that it came from. */
struct ledger_exits {
    struct mailbox *to_courier; /* struct call */
};

/* STORE becomes the ledger's. NULL: out of memory or descriptors. Nothing runs yet. */
struct ledger *ledger_new(const struct config *config, struct store *store, struct log *log,
                          struct metrics *metrics, const struct ledger_exits *exits) MUST_CHECK;
bool ledger_start(struct ledger *ledger) MUST_CHECK;

/* For the listeners: hands over a delivery, which comes back through REPLY_TO. Any thread. */
void ledger_deliver(struct ledger *ledger, struct delivery *delivery, struct mailbox *reply_to);
/* For the courier: hands back a call with its end. Any thread. */
void ledger_return_call(struct ledger *ledger, struct call *call);

/* For /healthz, any thread: when the last commit succeeded (0: the last one did not), by how much the oldest
 * deadline is late (ms). */
int64_t ledger_last_commit_ms(const struct ledger *ledger);
int64_t ledger_lateness_ms(const struct ledger *ledger);

/* Orderly end: no new calls go out from now on … */
void ledger_quiet(struct ledger *ledger);
/* … and when listeners and courier are done: drains, commits, ends the thread. */
void ledger_stop(struct ledger *ledger);
void ledger_free(struct ledger *ledger);

#endif
