/*
 * A service on loopback, by bare sockets. Whatever fails, fails the test.
 */
#include "tests/unit/loopback_service.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

static char request[1 << 16];

int loopback_listen(char *url, size_t size, const char *scheme, bool open)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, length), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    ck_assert(!open || listen(fd, 64) == 0); /* bound only: whoever connects is refused */
    snprintf(url, size, "%s://127.0.0.1:%d", scheme, ntohs(address.sin_port));
    return fd;
}

bool loopback_is_readable(int fd, int timeout_ms)
{
    struct pollfd what = {.fd = fd, .events = POLLIN};
    return poll(&what, 1, timeout_ms) == 1;
}

int loopback_connection(int listener)
{
    ck_assert_msg(loopback_is_readable(listener, LOOPBACK_PATIENCE_MS), "nobody connects");
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return fd;
}

static size_t body_length(void)
{
    const char *header = strstr(request, "Content-Length: ");
    return header ? strtoul(header + strlen("Content-Length: "), NULL, 10) : 0;
}

void loopback_read_request(int fd)
{
    size_t length = 0;
    for (;;) {
        ck_assert_msg(loopback_is_readable(fd, LOOPBACK_PATIENCE_MS), "no request comes");
        ssize_t n = read(fd, request + length, sizeof(request) - 1 - length);
        ck_assert_int_gt(n, 0);
        length += (size_t)n;
        request[length] = '\0';
        const char *end = strstr(request, "\r\n\r\n");
        if (end && length == (size_t)(end + 4 - request) + body_length())
            return;
    }
}

int loopback_request(int listener)
{
    int fd = loopback_connection(listener);
    loopback_read_request(fd);
    return fd;
}

void loopback_reply(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

void loopback_reply_json(int fd, const char *body)
{
    char text[512];
    snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
    loopback_reply(fd, text);
}

const char *loopback_text(void)
{
    return request;
}

bool loopback_request_is(const char *start)
{
    return strncmp(request, start, strlen(start)) == 0;
}

bool loopback_request_has(const char *line)
{
    char whole[512];
    snprintf(whole, sizeof(whole), "\r\n%s\r\n", line);
    return strstr(request, whole) != NULL;
}
