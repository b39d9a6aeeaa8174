/*
 * Listening sockets. An address that can't be bound is reported in a sentence and is fatal to whoever asked.
 */
#include "daemon/http_loop.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Connections that wait while a batch is being committed; the kernel lowers it to its own limit. */
#define BACKLOG 4096

static int bind_one(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, info->ai_protocol);
    if (fd < 0)
        return -1;
    int on = 1; /* old connections in TIME_WAIT don't keep a restart from binding */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

int http_listen(const struct address *address, char *error, size_t error_size)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *all = NULL;
    char port[8];
    snprintf(port, sizeof port, "%u", (unsigned int)address->port);
    int rc = getaddrinfo(address->host, port, &hints, &all);
    int fd = -1;
    for (const struct addrinfo *info = all; info && fd < 0; info = info->ai_next)
        fd = bind_one(info);
    if (fd < 0)
        snprintf(error, error_size, "can't listen on %s:%s: %s", address->host, port,
                 rc ? gai_strerror(rc) : strerror(errno));
    if (all)
        freeaddrinfo(all);
    return fd;
}

int http_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_storage room;
    } address = {0};
    socklen_t length = sizeof address;
    if (getsockname(fd, &address.any, &length) != 0)
        return 0;
    if (address.any.sa_family == AF_INET)
        return ntohs(address.v4.sin_port);
    return address.any.sa_family == AF_INET6 ? ntohs(address.v6.sin6_port) : 0;
}
