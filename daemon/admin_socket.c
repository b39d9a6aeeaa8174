/*
 * Makes the admin Unix socket. Whatever is in the way is an error in words for the operator: start-up ends.
 */
#include "daemon/admin_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_MODE 0660
#define BACKLOG     1024 /* who finds it full is told at once that there is nobody */

struct complaint {
    char *text;
    size_t size;
    const char *path;
};

static bool complain(const struct complaint *complaint, const char *what)
{
    (void)snprintf(complaint->text, complaint->size, "[admin] socket %s: %s", complaint->path, what);
    return false;
}

static int stream_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Whether anybody answers there: 0, or why not. */
static int try_connection(const struct sockaddr_un *address)
{
    int fd = stream_socket();
    if (fd < 0)
        return errno;
    int why = connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ? 0 : errno;
    close(fd);
    return why;
}

/* Removes the socket of a process that is gone; anything else in its place stays and is an error. */
static bool make_room(const struct sockaddr_un *address, const struct complaint *complaint)
{
    struct stat status;
    if (lstat(address->sun_path, &status) != 0)
        return errno == ENOENT || complain(complaint, strerror(errno));
    if (!S_ISSOCK(status.st_mode))
        return complain(complaint, "there is a file of that name that is not a socket");
    int why = try_connection(address);
    if (why == 0 || why == EAGAIN) /* EAGAIN: its queue is full, so there is somebody */
        return complain(complaint, "another process is listening there");
    if (why == ECONNREFUSED && unlink(address->sun_path) != 0 && errno != ENOENT)
        return complain(complaint, strerror(errno));
    return why == ECONNREFUSED || why == ENOENT || complain(complaint, strerror(why));
}

/* The mode is narrowed before the socket has a name, so that at no time more than the group can connect. */
static bool bind_and_listen(int fd, const struct sockaddr_un *address, const struct complaint *complaint)
{
    if (fchmod(fd, SOCKET_MODE) != 0 || bind(fd, (const struct sockaddr *)address, sizeof *address) != 0)
        return complain(complaint, strerror(errno));
    if (chmod(address->sun_path, SOCKET_MODE) == 0 && listen(fd, BACKLOG) == 0)
        return true;
    complain(complaint, strerror(errno));
    unlink(address->sun_path);
    return false;
}

int admin_socket_listen(const char *path, char *error, size_t error_size)
{
    const struct complaint complaint = {error, error_size, path};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        complain(&complaint, "the path is too long for a socket");
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (!make_room(&address, &complaint))
        return -1;
    int fd = stream_socket();
    if (fd < 0) {
        complain(&complaint, strerror(errno));
        return -1;
    }
    if (!bind_and_listen(fd, &address, &complaint)) {
        close(fd);
        return -1;
    }
    return fd;
}

bool admin_socket_is_loopback(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_storage room;
    } address = {0};
    socklen_t size = sizeof address;
    if (getsockname(fd, &address.any, &size) != 0)
        return false;
    if (address.any.sa_family == AF_INET)
        return ntohl(address.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return address.any.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&address.v6.sin6_addr);
}
