#ifndef EMERGENCYD_ADMIN_H
#define EMERGENCYD_ADMIN_H
/*
 * The admin listener: API, commands, metrics, readiness, on loopback (or with a token elsewhere) and on a
 * Unix socket. A thread of its own with libmicrohttpd and a read-only connection to the database; commands go
 * to the ledger like webhooks do and are answered when durable.
 */
#include "daemon/ledger.h"

struct admin;

/* TCP_FD and UNIX_FD ≥ 0: sockets that are bound already (socket activation). NULL: ERROR says why. */
struct admin *admin_new(const struct config *config, int tcp_fd, int unix_fd, struct ledger *ledger,
                        struct log *log, struct metrics *metrics, char *error, size_t error_size) MUST_CHECK;
bool admin_start(struct admin *admin) MUST_CHECK;
int admin_port(const struct admin *admin);
void admin_stop(struct admin *admin);
void admin_free(struct admin *admin);

#endif
