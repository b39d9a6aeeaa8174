#ifndef EMERGENCYD_COURIER_HTTP_H
#define EMERGENCYD_COURIER_HTTP_H
/*
 * HTTP exchanges, many at once, by libcurl: a request goes out, and what came of it is put into its struct
 * call. Knows connections, TLS and time-outs; no queues, no credentials, no services. Used by the courier's
 * thread alone, except new and free.
 */
#include "lib/call.h"

#define COURIER_CONNECT_TIMEOUT_MS 5000
#define COURIER_CALL_TIMEOUT_MS    10000 /* from the connection to the last byte of the answer */
#define COURIER_ANSWER_MAX_BYTES   ((size_t)16 * 1024 * 1024)

struct courier_http;

/* Null without memory or descriptors. Not while other threads are being started: it sets libcurl up. */
struct courier_http *courier_http_new(void) MUST_CHECK;
/* Forgets what is still under way, without a word to its calls; takes null. */
void courier_http_free(struct courier_http *http);

/*
 * Begins CALL at BASE_URL + call->path with these header LINES ("Name: value", copied). The call stays the
 * caller's, who must not touch it until courier_http_take hands OWNER back. False: out of memory, and nothing
 * has begun.
 */
bool courier_http_begin(struct courier_http *http, struct call *call, void *owner, const char *base_url,
                        const char *const lines[], size_t count) MUST_CHECK;

/* Moves bytes; returns once something has ended, FD (of which nothing is read) is readable, or after
 * TIMEOUT_MS. */
void courier_http_wait(struct courier_http *http, int fd, int64_t timeout_ms);

/*
 * The owner of an exchange that has ended, or null. Its call is filled in: end, and status, answer, date_ms,
 * received_ms and retry_after_ms of an answer, or the error. A redirect is an answer like any other.
 */
void *courier_http_take(struct courier_http *http);

/* Breaks off an exchange that is still under way (CALL_NOT_SENT or CALL_BROKEN) and returns its owner; null
 * when there is none. */
void *courier_http_break(struct courier_http *http);

/*
 * How long a Retry-After asks to wait: seconds, an HTTP date or an ISO 8601 date, the dates reckoned from
 * FROM_MS; 0 to a day. -1: TEXT is none of these.
 */
int64_t courier_http_retry_after(const char *text, int64_t from_ms) MUST_CHECK;

#endif
