/*
 * What a start would need is opened once and closed again. The database itself is not: closing a file gives
 * up the locks that SQLite holds on it, should it be the present one by another name.
 */
#include "daemon/reload.h"

#include "daemon/admin_socket.h"
#include "daemon/http_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool same_address(const struct address *a, const struct address *b)
{
    return a->port == b->port && strcmp(a->host, b->host) == 0;
}

/* A port of ours will be free by then, on other addresses too: only the host is tried then. */
static bool try_address(const struct config *present, const char *section, const struct address *wanted,
                        char *error, size_t error_size)
{
    char why[256];
    struct address tried = *wanted;
    if (tried.port == present->server.listen.port || tried.port == present->admin.listen.port)
        tried.port = 0;
    int fd = http_listen(&tried, why, sizeof why);
    if (fd < 0) {
        (void)snprintf(error, error_size, "[%s] listen = %s:%u: %s", section, wanted->host,
                       (unsigned int)wanted->port, why);
        return false;
    }
    close(fd);
    return true;
}

static bool try_admin_socket(const char *path, char *error, size_t error_size)
{
    int fd = admin_socket_listen(path, error, error_size);
    if (fd < 0)
        return false;
    close(fd);
    unlink(path);
    return true;
}

/* A database that is there must be writable, and so must its folder, for the files beside it. */
static bool try_database(const char *path, char *error, size_t error_size)
{
    char *copy = strdup(path); /* dirname changes it */
    bool good = copy && faccessat(AT_FDCWD, dirname(copy), W_OK | X_OK, AT_EACCESS) == 0 &&
                (faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0 || errno == ENOENT);
    if (!good)
        (void)snprintf(error, error_size, "[store] path %s: %s", path, strerror(errno));
    free(copy);
    return good;
}

bool reload_would_start(const struct config *present, const struct config *next,
                        const struct system_sockets *sockets, char *error, size_t error_size)
{
    const struct address *public = &next->server.listen, *admin = &next->admin.listen;
    const char *socket = next->admin.socket, *old_socket = present->admin.socket;
    bool public_given = sockets->public >= 0 && !sockets->public_kept;
    if (!public_given && !same_address(public, &present->server.listen) &&
        !try_address(present, "server", public, error, error_size))
        return false;
    if (sockets->admin_tcp < 0 && !same_address(admin, &present->admin.listen) &&
        !try_address(present, "admin", admin, error, error_size))
        return false;
    if (sockets->admin_unix < 0 && socket && (!old_socket || strcmp(socket, old_socket) != 0) &&
        !try_admin_socket(socket, error, error_size))
        return false;
    return strcmp(next->store.path, present->store.path) == 0 ||
           try_database(next->store.path, error, error_size);
}
