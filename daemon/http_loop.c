/*
 * The loop of a listener: one epoll over libmicrohttpd's own descriptors and the mailbox, deadlines of
 * connections, an orderly end. libmicrohttpd's own loop is not used because it can stall, knows idle
 * time-outs only, and is not woken by a connection that another thread resumes.
 *
 * A connection that misses its deadline is cut, without a word in the log: senders do that. A socket that
 * can't be bound is fatal at start. A failing epoll is a broken contract: abort.
 */
#include "daemon/http_internal.h"

#include "daemon/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Longer than the 60 s of common proxies, so that they end a connection and not we: a webhook that meets a
 * connection just being closed becomes a 502, which Zendesk does not send again. */
#define KEEP_ALIVE_MS ((int64_t)75 * 1000)
#define LINGER_MS     ((int64_t)2 * 1000)
#define STOP_MS       ((int64_t)2 * 1000)
#define STREAM_ASK_MS ((int64_t)500)

/* After so many runs without effect, more than a header may need, libmicrohttpd gets a rest. */
#define IDLE_RUNS 100
#define IDLE_MS   10

/* Header and reading buffer of one connection. */
#define CONNECTION_MEMORY ((size_t)16 * 1024)

/* --- connections and their phases --- */

static int64_t phase_allowance_ms(const struct http_loop *loop, enum http_phase phase)
{
    switch (phase) {
    case HTTP_RECEIVING:
    case HTTP_ANSWERING: return loop->limits.request_timeout_ms;
    case HTTP_LINGERING: return LINGER_MS;
    case HTTP_IDLE: return KEEP_ALIVE_MS;
    case HTTP_STREAMING: return STREAM_ASK_MS;
    default: return -1;
    }
}

static void list_remove(struct http_list *list, struct http_connection *connection)
{
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        list->first = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    else
        list->last = connection->previous;
}

static void list_append(struct http_list *list, struct http_connection *connection)
{
    connection->next = NULL;
    connection->previous = list->last;
    if (list->last)
        list->last->next = connection;
    else
        list->first = connection;
    list->last = connection;
}

static void phase_set(struct http_connection *connection, enum http_phase phase)
{
    struct http_loop *loop = connection->loop;
    int64_t allowance = phase_allowance_ms(loop, phase);
    connection->phase = phase;
    connection->deadline_ms = allowance < 0 ? INT64_MAX : loop->now_ms + allowance;
    list_append(&loop->lists[phase], connection);
}

void http_connection_enter(struct http_connection *connection, enum http_phase phase)
{
    if (connection->phase == HTTP_CUT)
        return;
    list_remove(&connection->loop->lists[connection->phase], connection);
    phase_set(connection, phase);
}

void http_connection_cut(struct http_connection *connection)
{
    struct http_listener *listener = &connection->loop->listeners[connection->listener];
    if (connection->phase == HTTP_CUT)
        return;
    shutdown(connection->fd, SHUT_RDWR);
    listener->staying--;
    listener->departing++;
    http_connection_enter(connection, HTTP_CUT);
}

bool http_reader_is_gone(const struct http_connection *connection)
{
    char byte;
    ssize_t n = recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static void cut_all(struct http_loop *loop, enum http_phase phase)
{
    while (loop->lists[phase].first)
        http_connection_cut(loop->lists[phase].first);
}

/* A request that takes too long is told so, if enough of it came to know that it is one. */
static void connection_expire(struct http_connection *connection)
{
    struct http_request *request = connection->request;
    if (connection->phase == HTTP_STREAMING) {
        http_stream_ask(request);
    } else if (connection->phase == HTTP_RECEIVING && request) {
        if (!request->status)
            http_answer_error(request, MHD_HTTP_REQUEST_TIMEOUT, "the request took too long to arrive");
        http_refuse(request);
    } else {
        http_connection_cut(connection);
    }
}

static void cut_late(struct http_loop *loop)
{
    for (int phase = 0; phase < HTTP_PHASE_COUNT; phase++) {
        struct http_list *list = &loop->lists[phase];
        while (list->first && list->first->deadline_ms <= loop->now_ms)
            connection_expire(list->first);
    }
}

/* Those that have become idle in this pass and whose other side sends no more: if that came together with the
 * last of a request, libmicrohttpd does not notice it. */
static void cut_ended(struct http_loop *loop)
{
    struct http_connection *next = loop->lists[HTTP_IDLE].last;
    while (next && next->deadline_ms >= loop->now_ms + KEEP_ALIVE_MS) {
        struct http_connection *connection = next;
        next = connection->previous;
        if (http_reader_is_gone(connection))
            http_connection_cut(connection);
    }
}

static int64_t next_deadline_ms(const struct http_loop *loop)
{
    int64_t next = INT64_MAX;
    for (int phase = 0; phase < HTTP_PHASE_COUNT; phase++) {
        const struct http_connection *first = loop->lists[phase].first;
        if (first && first->deadline_ms < next)
            next = first->deadline_ms;
    }
    return next;
}

struct http_connection *http_connection_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void connection_open(struct http_listener *listener, struct MHD_Connection *mhd, void **context)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct http_loop *loop = listener->loop;
    struct http_connection *connection = calloc(1, sizeof *connection);
    *context = connection;
    if (!connection) {
        shutdown(info->connect_fd, SHUT_RDWR);
        return;
    }
    *connection = (struct http_connection){
        .loop = loop, .connection = mhd, .listener = listener->index, .fd = info->connect_fd};
    loop->connection_count++;
    listener->staying++;
    phase_set(connection, HTTP_RECEIVING);
}

static void connection_close(struct http_connection *connection)
{
    if (!connection)
        return;
    struct http_loop *loop = connection->loop;
    struct http_listener *listener = &loop->listeners[connection->listener];
    list_remove(&loop->lists[connection->phase], connection);
    loop->connection_count--;
    if (connection->phase == HTTP_CUT)
        listener->departing--;
    else
        listener->staying--;
    free(connection);
}

static void on_connection(void *listener, struct MHD_Connection *mhd, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        connection_open(listener, mhd, context);
    else
        connection_close(*context);
}

/* --- the loop --- */

static void take_letters(struct http_loop *loop)
{
    struct delivery *letter = mailbox_take(&loop->mailbox);
    while (letter) {
        struct delivery *next = letter->next;
        loop->handlers.letter(loop->handlers.context, letter);
        letter = next;
    }
}

static void serve(struct http_loop *loop)
{
    loop->again = false;
    loop->idle_runs++;
    for (size_t i = 0; i < loop->listener_count; i++)
        if (MHD_run(loop->listeners[i].daemon) == MHD_NO)
            abort();
}

/* They end as soon as libmicrohttpd asks them for more. */
static void end_streams(struct http_loop *loop)
{
    while (loop->lists[HTTP_STREAMING].first) {
        struct http_connection *connection = loop->lists[HTTP_STREAMING].first;
        http_connection_enter(connection, HTTP_ANSWERING);
        MHD_resume_connection(connection->connection);
    }
}

static void follow_wish(struct http_loop *loop)
{
    enum http_stage wish = (enum http_stage)atomic_load(&loop->wish);
    if (wish >= HTTP_QUIET && loop->stage < HTTP_QUIET) {
        cut_all(loop, HTTP_IDLE);
        end_streams(loop);
        loop->stage = HTTP_QUIET;
    }
    if (wish == HTTP_STOPPING && loop->stage != HTTP_STOPPING) {
        loop->stop_ms = loop->now_ms + STOP_MS;
        loop->stage = HTTP_STOPPING;
    }
}

/* Whether the thread may end: nobody waits for the ledger, and the others are gone or had their time. */
static bool has_ended(struct http_loop *loop)
{
    if (loop->stage != HTTP_STOPPING)
        return false;
    if (loop->now_ms >= loop->stop_ms)
        cut_all(loop, HTTP_RECEIVING); /* so that nobody comes to wait any more */
    return !loop->waiting_count && (!loop->connection_count || loop->now_ms >= loop->stop_ms);
}

/* How long libmicrohttpd can do without a run; 0 when it has data that no descriptor will announce. While the
 * line of a chunk fills a connection's memory and does not end, it always says 0, and does nothing. */
static int64_t daemon_pause_ms(const struct http_loop *loop, const struct http_listener *listener)
{
    MHD_UNSIGNED_LONG_LONG wanted;
    if (MHD_get_timeout(listener->daemon, &wanted) != MHD_YES)
        return INT64_MAX;
    return loop->idle_runs > IDLE_RUNS && wanted < IDLE_MS ? IDLE_MS : (int64_t)wanted;
}

/* How long epoll may sleep. */
static int pause_ms(struct http_loop *loop)
{
    if (loop->again)
        return 0;
    int64_t pause = next_deadline_ms(loop);
    if (loop->room_ms < pause)
        pause = loop->room_ms;
    if (loop->stage == HTTP_STOPPING && loop->stop_ms < pause && loop->stop_ms > loop->now_ms)
        pause = loop->stop_ms;
    if (pause != INT64_MAX)
        pause = pause > loop->now_ms ? pause - loop->now_ms : 0;
    for (size_t i = 0; i < loop->listener_count; i++) {
        int64_t wanted = daemon_pause_ms(loop, &loop->listeners[i]);
        if (wanted < pause)
            pause = wanted;
    }
    return pause > INT_MAX ? -1 : (int)pause;
}

static void wait_for_something(struct http_loop *loop)
{
    struct epoll_event events[2 * HTTP_LISTENERS_MAX + 1];
    int n = epoll_wait(loop->epoll_fd, events, (int)COUNT_OF(events), pause_ms(loop));
    if (n < 0 && errno != EINTR)
        abort();
    for (int i = 0; i < n; i++) {
        struct http_listener *listener = events[i].data.ptr;
        if (listener)
            listener->waited_for = true;
        loop->idle_runs = 0;
    }
    loop->now_ms = clock_steady_ms();
}

/* libmicrohttpd aborts when it is stopped with suspended connections; there are none any more. */
static void close_daemons(struct http_loop *loop)
{
    for (size_t i = 0; i < loop->listener_count; i++) {
        if (loop->listeners[i].daemon)
            MHD_stop_daemon(loop->listeners[i].daemon);
        loop->listeners[i].daemon = NULL;
    }
}

static void *run(void *context)
{
    struct http_loop *loop = context;
    loop->now_ms = clock_steady_ms();
    while (!has_ended(loop)) {
        wait_for_something(loop);
        take_letters(loop); /* before serving: answered connections are resumed and go out in this pass */
        follow_wish(loop);
        serve(loop);
        cut_ended(loop);
        cut_late(loop);      /* after serving: what has just arrived is not late, */
        http_take_new(loop); /* and who has just sent the rest of it loses no place */
    }
    close_daemons(loop);
    return NULL;
}

/* --- making and ending --- */

/* LISTENER: FD is the socket at which it listens; NULL: any other. */
static bool watch(struct http_loop *loop, int fd, struct http_listener *listener)
{
    /* a listening socket tells of each arrival once: it is not heard while all places are taken */
    struct epoll_event event = {.events = listener ? EPOLLIN | EPOLLET : EPOLLIN, .data.ptr = listener};
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

static bool start_daemon(struct http_loop *loop, struct http_listener *listener)
{
    if (!set_nonblocking(listener->fd))
        return false;
    listener->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, http_on_access,
        listener, MHD_OPTION_CONNECTION_LIMIT, loop->limits.max_connections + HTTP_DEPARTING_MAX,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, listener, MHD_OPTION_NOTIFY_COMPLETED, http_on_completed,
        listener, MHD_OPTION_URI_LOG_CALLBACK, http_on_request_line, listener, MHD_OPTION_END);
    if (!listener->daemon)
        return false;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    return info && watch(loop, info->epoll_fd, NULL) && watch(loop, listener->fd, listener);
}

static bool open_loop(struct http_loop *loop)
{
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0 || !mailbox_init(&loop->mailbox) || !watch(loop, loop->mailbox.fd, NULL))
        return false;
    for (size_t i = 0; i < loop->listener_count; i++)
        if (!start_daemon(loop, &loop->listeners[i]))
            return false;
    return true;
}

struct http_loop *http_loop_new(const struct http_limits *limits, const struct http_handlers *handlers,
                                const int fds[], size_t fd_count, char *error, size_t error_size)
{
    struct http_loop *loop = fd_count <= HTTP_LISTENERS_MAX ? calloc(1, sizeof *loop) : NULL;
    if (!loop) {
        snprintf(error, error_size, "no memory for a listener");
        for (size_t i = 0; i < fd_count; i++)
            close(fds[i]);
        return NULL;
    }
    loop->limits = *limits;
    loop->handlers = *handlers;
    loop->mailbox.fd = -1;
    loop->room_ms = INT64_MAX;
    loop->listener_count = fd_count;
    for (size_t i = 0; i < fd_count; i++)
        loop->listeners[i] = (struct http_listener){.loop = loop, .index = i, .fd = fds[i]};
    if (!open_loop(loop)) {
        snprintf(error, error_size, "can't start a listener: %s", strerror(errno));
        http_loop_free(loop);
        return NULL;
    }
    return loop;
}

bool http_loop_start(struct http_loop *loop, const char *name)
{
    loop->started = pthread_create(&loop->thread, NULL, run, loop) == 0;
    if (loop->started)
        pthread_setname_np(loop->thread, name);
    return loop->started;
}

struct mailbox *http_loop_mailbox(struct http_loop *loop)
{
    return &loop->mailbox;
}

int http_loop_listen_fd(const struct http_loop *loop, size_t i)
{
    return loop->listeners[i].fd;
}

void http_loop_quiet(struct http_loop *loop)
{
    int running = HTTP_RUNNING;
    if (atomic_compare_exchange_strong(&loop->wish, &running, HTTP_QUIET))
        mailbox_wake(&loop->mailbox);
}

void http_loop_stop(struct http_loop *loop)
{
    if (!loop->started)
        return;
    atomic_store(&loop->wish, HTTP_STOPPING);
    mailbox_wake(&loop->mailbox);
    pthread_join(loop->thread, NULL);
    loop->started = false;
}

void http_loop_free(struct http_loop *loop)
{
    if (!loop)
        return;
    close_daemons(loop);
    for (size_t i = 0; i < loop->listener_count; i++)
        close(loop->listeners[i].fd);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    mailbox_free(&loop->mailbox);
    free(loop);
}
