/*
 * Places for connections. Who waits at a listening socket is taken at once, whatever others do: when all
 * places are taken, whoever needs one least gives it up. There is no limit for an address, since behind a
 * proxy all senders have the same. libmicrohttpd would not listen until somebody goes.
 *
 * A system short of descriptors or memory is treated as if the places were taken.
 */
#include "daemon/http_internal.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

/* In one pass, so that those who are in are served meanwhile. */
#define TAKEN_AT_ONCE 64
/* Who has hardly begun is not slow: a request that was sent whole is here by then. */
#define BEGIN_MS ((int64_t)50)
/* How long to do without what the system has no more of. */
#define SHORTAGE_MS ((int64_t)100)

/* --- who goes first --- */

static struct http_connection *first_of(const struct http_list *list, const struct http_listener *listener)
{
    struct http_connection *connection = list->first;
    while (connection && connection->listener != listener->index)
        connection = connection->next;
    return connection;
}

/* Of those who send or read, who has been at it longest. */
static struct http_connection *slowest(const struct http_listener *listener)
{
    const struct http_loop *loop = listener->loop;
    struct http_connection *sending = first_of(&loop->lists[HTTP_RECEIVING], listener);
    struct http_connection *reading = first_of(&loop->lists[HTTP_ANSWERING], listener);
    if (!sending || (reading && reading->deadline_ms < sending->deadline_ms))
        return reading;
    return sending;
}

/* Who was refused, who asks for nothing, who is slow. NULL: nobody, now. */
static struct http_connection *most_dispensable(const struct http_listener *listener)
{
    struct http_loop *loop = listener->loop;
    struct http_connection *found = first_of(&loop->lists[HTTP_LINGERING], listener);
    if (!found)
        found = first_of(&loop->lists[HTTP_IDLE], listener);
    if (found)
        return found;
    found = slowest(listener);
    int64_t slow_ms = found ? found->deadline_ms - loop->limits.request_timeout_ms + BEGIN_MS : INT64_MAX;
    if (slow_ms <= loop->now_ms)
        return found;
    if (slow_ms < loop->room_ms)
        loop->room_ms = slow_ms;
    return NULL;
}

static bool has_room(const struct http_listener *listener)
{
    return listener->staying < listener->loop->limits.max_connections &&
           listener->departing < HTTP_DEPARTING_MAX;
}

static bool make_room(struct http_listener *listener)
{
    struct http_connection *connection = NULL;
    if (listener->departing < HTTP_DEPARTING_MAX)
        connection = most_dispensable(listener);
    if (connection)
        http_connection_cut(connection);
    return connection;
}

bool http_is_crowded(const struct http_listener *listener)
{
    return listener->waited_for && !has_room(listener);
}

/* --- who comes --- */

static void note_shortage(struct http_listener *listener)
{
    struct http_loop *loop = listener->loop;
    if (!make_room(listener) && loop->room_ms > loop->now_ms + SHORTAGE_MS)
        loop->room_ms = loop->now_ms + SHORTAGE_MS;
}

/* False: nobody is there, or the system has no more to give. */
static bool take_one(struct http_listener *listener)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    int fd = accept4(listener->fd, (struct sockaddr *)&address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0 && MHD_add_connection(listener->daemon, fd, (struct sockaddr *)&address, length) == MHD_YES)
        return true;
    switch (fd < 0 ? errno : ENOMEM) { /* libmicrohttpd has closed what it could not take */
    case EAGAIN: listener->waited_for = false; return false;
    case EINTR:
    case ECONNABORTED: /* it went away again, */
    case EPERM:
    case EPROTO:
    case ENETDOWN: /* or its network is down, which accept(2) tells of too */
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH: return true;
    default: note_shortage(listener); return false;
    }
}

static bool is_waited_for(const struct http_listener *listener)
{
    struct pollfd socket = {.fd = listener->fd, .events = POLLIN};
    return poll(&socket, 1, 0) > 0;
}

/* Nobody has to go for somebody who is not there. */
static bool find_room(struct http_listener *listener)
{
    if (has_room(listener))
        return true;
    listener->waited_for = is_waited_for(listener);
    return listener->waited_for && make_room(listener);
}

static void take_from(struct http_listener *listener)
{
    for (int i = 0; i < TAKEN_AT_ONCE && listener->waited_for; i++)
        if (!find_room(listener) || !take_one(listener))
            return;
    listener->loop->again = listener->loop->again || listener->waited_for;
}

void http_take_new(struct http_loop *loop)
{
    loop->room_ms = INT64_MAX;
    for (size_t i = 0; i < loop->listener_count && loop->stage == HTTP_RUNNING; i++)
        take_from(&loop->listeners[i]);
}
