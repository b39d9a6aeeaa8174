#ifndef EMERGENCYD_SERVER_H
#define EMERGENCYD_SERVER_H
/*
 * The public listener: the webhook routes and /healthz of the contract, and their limits. One thread,
 * libmicrohttpd in an epoll loop of its own. A webhook is verified and read here, then its connection is
 * suspended until the ledger has committed it; only then it is answered.
 */
#include "daemon/ledger.h"

struct server;

/* LISTEN_FD ≥ 0: a socket that is already bound (socket activation) and becomes the server's; else `[server]
 * listen` is bound. NULL: ERROR says why (address in use, …). */
struct server *server_new(const struct config *config, int listen_fd, struct ledger *ledger, struct log *log,
                          struct metrics *metrics, char *error, size_t error_size) MUST_CHECK;
bool server_start(struct server *server) MUST_CHECK;
/* The port that it listens on (`listen` may name port 0). */
int server_port(const struct server *server);
/* Its listening socket, which stays its own: for a restart in place, to be duplicated. */
int server_listen_fd(const struct server *server);
/* No new connections; what is in flight may still be answered. Then stop waits for the answers and ends the
 * thread. */
void server_quiet(struct server *server);
void server_stop(struct server *server);
void server_free(struct server *server);

#endif
