#ifndef EMERGENCYD_HTTP_LOOP_H
#define EMERGENCYD_HTTP_LOOP_H
/*
 * What the two listeners share: a thread with libmicrohttpd in an epoll loop, the limits of requests, a
 * mailbox for deliveries that come back, answers in JSON, and streams that go on until their reader goes.
 *
 * A listener makes a loop with its sockets and handlers. The handlers run in the loop's thread, and so must
 * every call of http_wait, http_answer… and http_add_header; http_loop_new to http_loop_free belong to the
 * thread that made the loop. A request is the loop's: it lives until it is answered.
 */
#include "daemon/mailbox.h"
#include "lib/config_values.h"
#include "lib/delivery.h"

#include <microhttpd.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_EXTRA_HEADERS 6

struct http_loop;
struct http_connection;
struct json_t;

/* A header of an answer; both must outlive it (literals). */
struct http_header {
    const char *name;
    const char *value;
};

struct http_request {
    struct MHD_Connection *connection; /* for MHD_lookup_connection_value and the like */
    const char *method;
    const char *path; /* without the query */
    size_t listener;  /* which socket it came by: its place in the list given to http_loop_new */
    char *body;       /* NUL-terminated, never NULL in `complete`; whoever takes it away sets it to NULL */
    size_t body_length;
    void *owner; /* the listener's own */

    /* the loop's own */
    struct http_connection *on;
    size_t body_room;
    bool complete;       /* all of it is here */
    bool waiting;        /* suspended until it is answered */
    bool refused;        /* answered before it was complete; what still comes is thrown away */
    unsigned int status; /* of the answer; 0: none yet */
    const char *content_type;
    char *answer; /* malloc'ed */
    size_t answer_length;
    struct http_header headers[HTTP_EXTRA_HEADERS];
    size_t header_count;
    bool stream;         /* it is answered by a stream: */
    const char *to_send; /* what is left of the text that is being sent */
    int64_t sent_ms;     /* steady: when the last text began to be sent */
    int64_t seen;        /* the handler's own */
};

typedef void http_request_fn(void *context, struct http_request *request);

struct http_handlers {
    void *context;
    /* The header is here, the body is not: may answer already, which spares the body. NULL: nothing to do. */
    http_request_fn *begin;
    /* All of the request is here: answers, or waits (http_wait) and answers later. */
    http_request_fn *complete;
    /* A delivery has come back to the mailbox; the handler owns it. NULL: none ever does. */
    void (*letter)(void *context, struct delivery *delivery);
    /* What a stream is to send now, a literal, or NULL. Asked at once, after each text, and twice a second.
     * *SEEN is the stream's own, 0 at its beginning; SILENT_MS ago it began to send its last text. */
    const char *(*stream)(void *context, int64_t *seen, int64_t silent_ms);
};

struct http_limits {
    unsigned int max_connections; /* of each socket */
    size_t max_body;              /* bytes; a longer body is answered 413 */
    size_t max_buffered;          /* bytes of all bodies at any time; beyond it: 503 */
    int64_t request_timeout_ms;   /* from a request's beginning until all of it is here */
    size_t max_streams;           /* at any time; a further one is answered 503 */
};

/*
 * A bound and listening TCP socket. -1: ERROR says why. The port of a TCP socket; 0 for any other.
 */
int http_listen(const struct address *address, char *error, size_t error_size) MUST_CHECK;
int http_port(int fd);

/*
 * FDS are listening sockets of any family, which become the loop's, also when it fails. LIMITS and HANDLERS
 * are copied. NULL: ERROR says why. Nothing runs yet.
 */
struct http_loop *http_loop_new(const struct http_limits *limits, const struct http_handlers *handlers,
                                const int fds[], size_t fd_count, char *error, size_t error_size) MUST_CHECK;
/* NAME (at most 15 characters) is the thread's. False: no thread. */
bool http_loop_start(struct http_loop *loop, const char *name) MUST_CHECK;
/* Where deliveries come back to, from any thread. */
struct mailbox *http_loop_mailbox(struct http_loop *loop);
/* The i-th listening socket; it stays the loop's. */
int http_loop_listen_fd(const struct http_loop *loop, size_t i);
/* No new connections; every connection ends with its present request. Returns at once. */
void http_loop_quiet(struct http_loop *loop);
/* Quiet, then: whoever is still sending a request gets two seconds, whoever waits for an answer is waited
 * for. Returns when the thread has ended. Harmless if it was never started. */
void http_loop_stop(struct http_loop *loop);
void http_loop_free(struct http_loop *loop); /* stopped, or never started; NULL is fine */

/* --- in the loop's thread, from the handlers --- */

/* In `complete`: the answer comes later. The connection rests, and has no deadline meanwhile. */
void http_wait(struct http_request *request);
/* A header for the answer that follows. */
void http_add_header(struct http_request *request, const char *name, const char *value);
/* Answers with BODY, LENGTH bytes, malloc'ed, which becomes the loop's; NULL (no memory) becomes a 500. TYPE
 * is a literal. */
void http_answer(struct http_request *request, unsigned int status, const char *type, char *body,
                 size_t length);
/* Answers with a text that is JSON already; it is copied. */
void http_answer_json(struct http_request *request, unsigned int status, const char *json);
/* Answers with a value of jansson's, whose reference becomes the loop's; NULL (no memory) becomes a 500. A
 * 503 gets `Retry-After: 5` as well. */
void http_answer_tree(struct http_request *request, unsigned int status, struct json_t *root);
/* Answers {"error": ERROR}, likewise. */
void http_answer_error(struct http_request *request, unsigned int status, const char *error);
/* In `complete`: answers 200 with a stream, which ends when its reader goes or the loop stops. */
void http_answer_stream(struct http_request *request, const char *type);
/* A request header, or NULL. */
const char *http_request_header(const struct http_request *request, const char *name);

#endif
