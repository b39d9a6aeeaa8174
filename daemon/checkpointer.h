#ifndef EMERGENCYD_CHECKPOINTER_H
#define EMERGENCYD_CHECKPOINTER_H
/*
 * Moves the WAL into the database beside the ledger, so that no answer waits for it: a thread with a
 * connection of its own, which changes nothing that can be read.
 *
 * While the ledger writes on, a pass never reaches the end of the WAL, and only a WAL that was moved as a
 * whole begins anew. So pass follows pass, each shorter than the one before, until what is left is so little
 * that the ledger moves it itself.
 *
 * SQLite before 3.51.3 loses pages if a WAL begins anew while a checkpoint starts, believing all to be moved
 * already (https://www.sqlite.org/wal.html#walresetbug). That can't be here: there is one checkpoint at a
 * time, it is begun only while pages wait, and before it has moved them the WAL does not begin anew.
 */
#include "lib/log.h"
#include "lib/store.h"

struct checkpointer;

/* For the database at PATH, which the ledger has open. NULL: no memory or descriptors, or no access, which is
 * logged. */
struct checkpointer *checkpointer_new(const char *path, struct log *log) MUST_CHECK;
bool checkpointer_start(struct checkpointer *checkpointer) MUST_CHECK;

/* Looks whether something is to be done, and has it done; WRITER: the ledger's, outside of a transaction.
 * DISK_IS_FULL: at once, for a WAL that begins anew needs no room. The ledger's thread, after each batch. An
 * I/O error ends the process. */
void checkpointer_watch(struct checkpointer *checkpointer, struct store *writer, bool disk_is_full);

/* Ends the thread. The ledger must have ended. */
void checkpointer_stop(struct checkpointer *checkpointer);
void checkpointer_free(struct checkpointer *checkpointer); /* before the writer's store; NULL is fine */

#endif
