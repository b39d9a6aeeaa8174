#ifndef EMERGENCYD_FUZZ_FRONT_H
#define EMERGENCYD_FUZZ_FRONT_H
/*
 * The public listener with all that is behind it, running in this process: real server, ledger and database;
 * only the courier is missing, so that no call ever leaves. One at a time. What goes wrong ends the run, and
 * so do a line of the log that could be taken for two, or one with a secret.
 */
#include <stdbool.h>

void front_start(void);

/* Ends it in order. Nothing may be left behind then: no descriptor, no memory, no damage in the database,
 * nothing in its journal that can't be read. Harmless when it does not run. */
void front_stop(void);

/* A new connection to it, not blocking. */
int front_connect(void);

/* Waits until it has noticed that all connections are gone; they must be closed. */
void front_settle(void);

/* Whether a webhook with that key and body is in the database. */
bool front_has_stored(const char *repeat_key, const char *body);

#endif
