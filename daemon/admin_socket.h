#ifndef EMERGENCYD_ADMIN_SOCKET_H
#define EMERGENCYD_ADMIN_SOCKET_H
/*
 * The Unix socket of the admin API, and what kind of address a socket has. For start-up, in one thread.
 */
#include "lib/compiler.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A listening socket at PATH for owner and group (mode 0660). What a dead process left there is replaced.
 * -1: ERROR says why: PATH is in use, or something else, or not ours to write. The caller closes it and
 * removes PATH.
 */
int admin_socket_listen(const char *path, char *error, size_t error_size) MUST_CHECK;

/* Whether nobody outside of this machine can reach the TCP socket. */
bool admin_socket_is_loopback(int fd) MUST_CHECK;

#endif
