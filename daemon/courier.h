#ifndef EMERGENCYD_COURIER_H
#define EMERGENCYD_COURIER_H
/*
 * Performs the calls that the ledger hands out: a thread with libcurl multi, keep-alive connections, and the
 * credentials of each service. It decides nothing: every call goes back to the ledger exactly once, with its
 * end. Customer-facing calls of a service go before its others, and no service waits for another.
 */
#include "daemon/mailbox.h"
#include "lib/call.h"
#include "lib/config.h"
#include "lib/log.h"
#include "lib/metrics.h"

struct courier;

typedef void courier_return_fn(void *context, struct call *call);

/* RETURN_CALL is called from the courier's thread with each finished call (ledger_return_call). */
struct courier *courier_new(const struct config *config, struct log *log, struct metrics *metrics,
                            courier_return_fn *return_call, void *context) MUST_CHECK;
/* Where the ledger puts struct call. */
struct mailbox *courier_mailbox(struct courier *courier);
bool courier_start(struct courier *courier) MUST_CHECK;
/* Starts nothing new (what waits goes back CALL_NOT_SENT), gives what is under way GRACE_MS, then breaks it
 * off (CALL_BROKEN); returns when the thread has ended and every call has gone back. */
void courier_stop(struct courier *courier, int64_t grace_ms);
void courier_free(struct courier *courier);

#endif
