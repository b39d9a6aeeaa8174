#ifndef EMERGENCYD_HTTP_INTERNAL_H
#define EMERGENCYD_HTTP_INTERNAL_H
/*
 * What the files http_*.c share and nobody else sees: the loop, its connections and their phases. All of it
 * belongs to the loop's thread while that runs, but for `wish`.
 */
#include "daemon/http_loop.h"

#include <pthread.h>
#include <stdatomic.h>

#define HTTP_LISTENERS_MAX 2
/* Cut connections that libmicrohttpd has not noticed yet; beyond it nobody new is taken. */
#define HTTP_DEPARTING_MAX 64

/* Each phase has a list; all in it may stay equally long, so the first in a list is the first to be cut. */
enum http_phase {
    HTTP_RECEIVING, /* a request, or the first one is awaited */
    HTTP_WAITING,   /* suspended: no deadline */
    HTTP_ANSWERING,
    HTTP_STREAMING, /* suspended until there is something to send: its deadline is the next time to ask */
    HTTP_LINGERING, /* refused: its sender gets time to read why before the connection is reset */
    HTTP_IDLE,      /* kept alive between requests */
    HTTP_CUT,       /* shut down; libmicrohttpd is about to notice */
    HTTP_PHASE_COUNT,
};

struct http_connection {
    struct http_connection *previous, *next;
    struct http_loop *loop;
    struct MHD_Connection *connection;
    struct http_request *request; /* the present one, or NULL */
    size_t listener;
    int fd;
    enum http_phase phase;
    int64_t deadline_ms;
};

struct http_list {
    struct http_connection *first, *last;
};

struct http_listener {
    struct http_loop *loop;
    struct MHD_Daemon *daemon;
    size_t index;
    int fd;
    size_t staying;   /* connections that have not been cut */
    size_t departing; /* cut ones */
    bool waited_for;  /* somebody may be in the backlog */
};

enum http_stage { HTTP_RUNNING, HTTP_QUIET, HTTP_STOPPING };

struct http_loop {
    struct http_limits limits;
    struct http_handlers handlers;
    struct http_listener listeners[HTTP_LISTENERS_MAX];
    size_t listener_count;
    struct mailbox mailbox;
    int epoll_fd;
    pthread_t thread;
    bool started;
    _Atomic int wish; /* the stage that another thread asks for */

    enum http_stage stage;
    int64_t now_ms;  /* steady, read once a pass */
    int64_t stop_ms; /* when requests still on their way are cut; valid in HTTP_STOPPING */
    int64_t room_ms; /* when a place can be made for somebody who waits; INT64_MAX: nobody does */
    struct http_list lists[HTTP_PHASE_COUNT];
    size_t connection_count;
    bool again;           /* there is something to do for which no descriptor will wake us */
    unsigned idle_runs;   /* how often in a row libmicrohttpd ran and nothing was seen of it here */
    size_t waiting_count; /* requests that are suspended */
    size_t buffered;      /* bytes of bodies */
    size_t stream_count;
};

/* The only way from phase to phase; there is none out of HTTP_CUT. */
void http_connection_enter(struct http_connection *connection, enum http_phase phase);
/* libmicrohttpd sees the end of the stream and closes the connection in its own time. */
void http_connection_cut(struct http_connection *connection);
/* A look into the socket: whether its other side sends no more. */
bool http_reader_is_gone(const struct http_connection *connection);

/* http_places.c: takes who waits at the listening sockets, within max_connections. */
void http_take_new(struct http_loop *loop);
/* Somebody waits and no place is free: nobody keeps one beyond the present request. */
bool http_is_crowded(const struct http_listener *listener);

/* http_request.c: libmicrohttpd's callbacks; their first argument is the struct http_listener. */
void *http_on_request_line(void *listener, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result http_on_access(void *listener, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *data, size_t *size,
                               void **context);
void http_on_completed(void *listener, struct MHD_Connection *mhd, void **context,
                       enum MHD_RequestTerminationCode how);
/* Answers at once, past libmicrohttpd, which can't while a body is streaming in; ends the connection. */
void http_refuse(struct http_request *request);
/* http_stream.c: libmicrohttpd's view of a stream; NULL without memory. */
struct MHD_Response *http_stream_response(struct http_request *request);
/* Time to ask a stream that rests what it is to send. */
void http_stream_ask(struct http_request *request);
/* The connection's own record; NULL if there was no memory for it. */
struct http_connection *http_connection_of(struct MHD_Connection *mhd);

#endif
