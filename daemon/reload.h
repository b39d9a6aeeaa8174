#ifndef EMERGENCYD_RELOAD_H
#define EMERGENCYD_RELOAD_H
/*
 * Whether the program could start with other settings, found out while it still runs with the present ones:
 * a reload ends these, and there is no way back. For the main thread.
 */
#include "daemon/system.h"
#include "lib/config.h"

/*
 * Tries what NEXT names and PRESENT does not: addresses, the admin socket, the place of the database; SOCKETS
 * that were handed over need no address. Leaves nothing behind. False: ERROR says what can't be used and why.
 * Not noticed: a port of ours that others have on another address, a database that is another program's.
 */
bool reload_would_start(const struct config *present, const struct config *next,
                        const struct system_sockets *sockets, char *error, size_t error_size) MUST_CHECK;

#endif
