#ifndef EMERGENCYD_DESK_H
#define EMERGENCYD_DESK_H
/*
 * The desk: where everything that comes in is decided. It finds the emergency that a webhook, a command, an
 * answer or a deadline is about, lets the state machine move it, writes journal, emergency and outbox in one
 * transaction a batch, and says what is to be done once that is durable: deliveries to answer, calls to make,
 * alarms to set.
 *
 * It knows no thread, no socket and no clock, so that the ledger's thread and a simulation drive the same
 * code. One thread at a time. A batch is
 *
 *     desk_begin → any number of desk_take_… → desk_end → desk_answers, desk_calls → store_sync
 *
 * and only then may answers and calls leave: store_sync is for another thread, so that the desk goes on.
 * When desk_end says STORE_FULL, nothing of the batch has happened: its deliveries are answered 503, its
 * deadlines come again, and calls whose answers were in it are looked up again. STORE_NONE: the same, but for
 * something in the batch that could not be handled; it will harm no other again, and there is nothing to wait
 * for. STORE_BROKEN: the process must end.
 */
#include "lib/alarms.h"
#include "lib/call.h"
#include "lib/config.h"
#include "lib/delivery.h"
#include "lib/metrics.h"
#include "lib/store.h"

struct desk;

/* STORE is used, not owned. Reads what is unfinished: calls that were under way when the last process ended
 * become unknown. NULL: memory, or the store fails. */
struct desk *desk_new(const struct config *config, struct store *store, struct log *log,
                      struct metrics *metrics, int64_t now_ms) MUST_CHECK;
/* Frees what it still holds: deliveries and calls must have been taken before. */
void desk_free(struct desk *desk);

enum store_result desk_begin(struct desk *desk, int64_t now_ms) MUST_CHECK;
void desk_take_delivery(struct desk *desk, struct delivery *delivery);
/* CALL has come back with its end; it is freed. */
void desk_take_call(struct desk *desk, struct call *call);
/* Does at most LIMIT things that are due; true: there are more. */
bool desk_take_due(struct desk *desk, int limit);
/* The wall clock was set: by SHIFT_MS ahead of (or behind) where it would have been. */
void desk_take_clock_step(struct desk *desk, int64_t shift_ms);
/* Writes something, so that desk_end proves that the database can be written. */
void desk_try_write(struct desk *desk);
enum store_result desk_end(struct desk *desk) MUST_CHECK;

/* Chains that the caller takes over after desk_end. */
struct delivery *desk_answers(struct desk *desk);
struct call *desk_calls(struct desk *desk);

/* When desk_take_due wants to be called next; never later than due. */
int64_t desk_next_ms(const struct desk *desk);
/* Within a batch: nothing has gone wrong with it yet. */
bool desk_is_well(const struct desk *desk);
/* No call goes out any more; what comes in is still decided and written. */
void desk_quiet(struct desk *desk);
/* Calls that were handed out and have not come back. */
size_t desk_calls_open(const struct desk *desk);
/* Payloads past `keep_payloads` are dropped, a few a time (*MORE: there are more). Outside a batch. */
enum store_result desk_tidy(struct desk *desk, int64_t now_ms, bool *more) MUST_CHECK;

#endif
