/*
 * What a start would need is opened once and closed again. The present database is not, by whatever name:
 * closing a file gives up the locks that SQLite holds on it.
 */
#include "daemon/reload.h"

#include "daemon/admin_socket.h"
#include "daemon/http_loop.h"
#include "lib/store.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Between what it goes, and where what is wrong is told. */
struct trial {
    const struct config *present, *next;
    const struct system_sockets *sockets; /* systemd's stay */
    char *error;
    size_t error_size;
};

static bool public_is_ours(const struct trial *trial)
{
    return trial->sockets->public < 0 || trial->sockets->public_kept;
}

/* It will be free by then, on other addresses too. */
static bool is_our_port(const struct trial *trial, const struct address *address)
{
    return (public_is_ours(trial) && address->port == trial->present->server.listen.port) ||
           (trial->sockets->admin_tcp < 0 && address->port == trial->present->admin.listen.port);
}

/* With a port of ours only the host is tried. */
static bool try_address(const struct trial *trial, const char *section, const struct address *wanted)
{
    char why[256];
    struct address tried = *wanted;
    if (is_our_port(trial, wanted))
        tried.port = 0;
    int fd = http_listen(&tried, why, sizeof why);
    if (fd >= 0) {
        close(fd);
        return true;
    }
    (void)snprintf(trial->error, trial->error_size, "[%s] listen = %s:%u: %s", section, wanted->host,
                   (unsigned int)wanted->port, why);
    return false;
}

static bool try_public(const struct trial *trial)
{
    const struct address *wanted = &trial->next->server.listen;
    return !public_is_ours(trial) || address_equal(wanted, &trial->present->server.listen) ||
           try_address(trial, "server", wanted);
}

static bool try_admin(const struct trial *trial)
{
    const struct address *wanted = &trial->next->admin.listen;
    int fd = trial->sockets->admin_tcp;
    if (fd < 0)
        return address_equal(wanted, &trial->present->admin.listen) || try_address(trial, "admin", wanted);
    if (trial->next->admin.token || admin_socket_is_loopback(fd))
        return true;
    (void)snprintf(trial->error, trial->error_size, "[admin] listens beyond loopback: a token is needed");
    return false;
}

static bool try_admin_socket(const struct trial *trial)
{
    const char *path = trial->next->admin.socket, *present = trial->present->admin.socket;
    if (trial->sockets->admin_unix >= 0 || !path || (present && strcmp(path, present) == 0))
        return true;
    int fd = admin_socket_listen(path, trial->error, trial->error_size);
    if (fd < 0)
        return false;
    close(fd);
    unlink(path);
    return true;
}

/* One that is there must be a file that can be written, and so must its folder, for the files beside it. */
static bool try_file(const struct trial *trial, const char *path)
{
    struct stat status;
    char *copy = strdup(path); /* dirname changes it */
    bool good = copy && faccessat(AT_FDCWD, dirname(copy), W_OK | X_OK, AT_EACCESS) == 0;
    bool is_new = good && stat(path, &status) != 0 && errno == ENOENT;
    if (good && !is_new)
        good = faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0;
    const char *why = good ? "it is not a file" : strerror(errno);
    good = good && (is_new || S_ISREG(status.st_mode));
    if (!good)
        (void)snprintf(trial->error, trial->error_size, "[store] path %s: %s", path, why);
    free(copy);
    return good;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat of_a, of_b;
    return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
           of_a.st_ino == of_b.st_ino;
}

static bool try_database(const struct trial *trial)
{
    char why[256];
    const char *path = trial->next->store.path;
    if (is_same_file(path, trial->present->store.path))
        return true;
    if (!try_file(trial, path))
        return false;
    if (store_could_open(path, why, sizeof why))
        return true;
    (void)snprintf(trial->error, trial->error_size, "[store] path: %s", why);
    return false;
}

bool reload_would_start(const struct config *present, const struct config *next,
                        const struct system_sockets *sockets, char *error, size_t error_size)
{
    const struct trial trial = {present, next, sockets, error, error_size};
    return try_public(&trial) && try_admin(&trial) && try_admin_socket(&trial) && try_database(&trial);
}
