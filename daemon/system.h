#ifndef EMERGENCYD_SYSTEM_H
#define EMERGENCYD_SYSTEM_H
/*
 * What the daemon has to do with the system it runs on: systemd's notifications and watchdog, sockets that
 * are handed over, a restart in place, the journal. Everything here is for the main thread, and harmless
 * without systemd.
 */
#include "lib/compiler.h"
#include "lib/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Listening sockets that came with the start; -1: none. Whoever takes one over sets it to -1. */
struct system_sockets {
    int public;    /* for the webhooks */
    int admin_tcp; /* for the admin listener */
    int admin_unix;
    bool public_kept; /* not from systemd: bound by this very process before it restarted in place */
};

/* Sockets by their names, "public" and "admin" (by its family). False: ERROR says what can't be used. */
bool system_take_sockets(struct system_sockets *sockets, char *error, size_t error_size) MUST_CHECK;
/*
 * Starts this program anew in this process, with ARGV, and hands it SOCKETS, so that nobody is refused a
 * connection meanwhile. Every thread but this must have ended. Returns only if that fails; errno says why.
 */
void system_restart(char *const argv[], const struct system_sockets *sockets);

/* To systemd: it is running; STATUS is a line for people. */
void system_ready(const char *status);
void system_reloading(void);
void system_stopping(void);
void system_alive(void);
/* How often system_alive has to be called; 0: nobody watches. */
int64_t system_watchdog_ms(void);

/* Whether stderr goes to the journal, or to something else. */
enum log_target system_log_target(void);
/* Lets the process have as many descriptors as it may, and returns how many those are. */
size_t system_raise_limits(void);
/* What was large goes back to the system when it is freed: a storm of long bodies passes. */
void system_keep_memory_small(void);
/* No core dump, and nobody but root may look into the process: there are secrets in it. */
void system_guard_memory(void);

#endif
