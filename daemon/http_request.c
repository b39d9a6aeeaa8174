/*
 * Requests of a listener: their bodies within the limits, and their answers. libmicrohttpd takes an answer
 * before a body or after it, but not in between; http_refuse answers in between.
 *
 * Whatever a sender does wrong ends its own request only. Answering twice is a broken contract: abort.
 */
#include "daemon/http_internal.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define JSON_TYPE     "application/json"
#define BODY_MIN_ROOM ((size_t)4 * 1024)
#define RETRY_AFTER_S "5"

/* --- the body --- */

static void body_free(struct http_request *request)
{
    request->on->loop->buffered -= request->body_room;
    request->body_room = 0;
    free(request->body);
    request->body = NULL;
}

static void refuse_for_room(struct http_request *request)
{
    body_free(request);
    if (!request->status)
        http_answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "too many requests at once");
    http_refuse(request);
}

/* All bodies together may take so much. For one that grows to ROOM others give way who have at least as much
 * already, the oldest first: else a few long ones, sent slowly, would keep out all others. */
static bool body_make_room(const struct http_request *request, size_t room)
{
    struct http_loop *loop = request->on->loop;
    size_t more = room - request->body_room;
    struct http_connection *other = loop->lists[HTTP_RECEIVING].first;
    while (loop->buffered + more > loop->limits.max_buffered && other) {
        struct http_connection *next = other->next;
        if (other != request->on && other->request && other->request->body_room >= room)
            refuse_for_room(other->request);
        other = next;
    }
    return loop->buffered + more <= loop->limits.max_buffered;
}

/* Room for the text and its NUL. */
static bool body_grow(struct http_request *request, size_t wanted)
{
    struct http_loop *loop = request->on->loop;
    size_t most = loop->limits.max_body + 1;
    size_t room = request->body_room ? request->body_room : BODY_MIN_ROOM;
    while (room < wanted)
        room *= 2;
    if (room > most)
        room = most;
    size_t more = room - request->body_room;
    if (!body_make_room(request, room))
        return false;
    char *body = realloc(request->body, room);
    if (!body)
        return false;
    request->body = body;
    request->body_room = room;
    loop->buffered += more;
    return true;
}

static bool body_append(struct http_request *request, const char *data, size_t size)
{
    size_t wanted = request->body_length + size + 1;
    if (wanted > request->body_room && !body_grow(request, wanted))
        return false;
    if (size)
        memcpy(request->body + request->body_length, data, size);
    request->body_length += size;
    request->body[request->body_length] = '\0';
    return true;
}

static void body_receive(struct http_request *request, const char *data, size_t size)
{
    size_t max_body = request->on->loop->limits.max_body;
    if (request->refused)
        return;
    if (size > max_body - request->body_length) {
        if (!request->status)
            http_answer_error(request, MHD_HTTP_CONTENT_TOO_LARGE, "the body is too long");
        http_refuse(request);
    } else if (request->status) {
        request->body_length += size; /* answered already: only counted */
    } else if (!body_append(request, data, size)) {
        refuse_for_room(request);
    }
}

/* --- answers --- */

static bool is_last(const struct http_request *request)
{
    const struct http_loop *loop = request->on->loop;
    return loop->stage != HTTP_RUNNING || http_is_crowded(&loop->listeners[request->listener]);
}

static enum MHD_Result queue_answer(struct http_request *request)
{
    struct MHD_Response *response =
        request->stream
            ? http_stream_response(request)
            : MHD_create_response_from_buffer(request->answer_length, request->answer, MHD_RESPMEM_MUST_FREE);
    if (!response)
        return MHD_NO;
    request->answer = NULL;
    enum MHD_Result ok =
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, request->content_type);
    for (size_t i = 0; ok == MHD_YES && i < request->header_count; i++)
        ok = MHD_add_response_header(response, request->headers[i].name, request->headers[i].value);
    if (ok == MHD_YES && is_last(request))
        ok = MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (ok == MHD_YES)
        ok = MHD_queue_response(request->connection, request->status, response);
    MHD_destroy_response(response);
    http_connection_enter(request->on, HTTP_ANSWERING);
    return ok;
}

void http_refuse(struct http_request *request)
{
    const char *reason = MHD_get_reason_phrase_for(request->status);
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out) {
        fprintf(out, "HTTP/1.1 %u %s\r\nConnection: close\r\nContent-Type: %s\r\nContent-Length: %zu\r\n",
                request->status, reason, request->content_type, request->answer_length);
        for (size_t i = 0; i < request->header_count; i++)
            fprintf(out, "%s: %s\r\n", request->headers[i].name, request->headers[i].value);
        fprintf(out, "\r\n");
        if (request->answer)
            fwrite(request->answer, 1, request->answer_length, out);
        /* if it can't be sent, nobody is left to be told */
        if (fclose(out) == 0)
            send(request->on->fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    free(text);
    shutdown(request->on->fd, SHUT_WR);
    request->refused = true;
    http_connection_enter(request->on, HTTP_LINGERING);
}

void http_add_header(struct http_request *request, const char *name, const char *value)
{
    if (request->header_count == HTTP_EXTRA_HEADERS)
        abort();
    request->headers[request->header_count++] = (struct http_header){.name = name, .value = value};
}

void http_answer(struct http_request *request, unsigned int status, const char *type, char *body,
                 size_t length)
{
    if (request->status)
        abort();
    if (!body) {
        status = MHD_HTTP_INTERNAL_SERVER_ERROR;
        length = 0;
    }
    request->status = status;
    request->content_type = type;
    request->answer = body;
    request->answer_length = length;
    if (request->waiting) {
        request->waiting = false;
        request->on->loop->waiting_count--;
        http_connection_enter(request->on, HTTP_ANSWERING);
        MHD_resume_connection(request->connection);
    }
}

void http_answer_json(struct http_request *request, unsigned int status, const char *json)
{
    char *body = strdup(json);
    http_answer(request, status, JSON_TYPE, body, body ? strlen(body) : 0);
}

void http_answer_tree(struct http_request *request, unsigned int status, struct json_t *root)
{
    char *body = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
        http_add_header(request, MHD_HTTP_HEADER_RETRY_AFTER, RETRY_AFTER_S);
    http_answer(request, status, JSON_TYPE, body, body ? strlen(body) : 0);
}

void http_answer_error(struct http_request *request, unsigned int status, const char *error)
{
    http_answer_tree(request, status, json_pack("{s:s}", "error", error));
}

void http_wait(struct http_request *request)
{
    request->waiting = true;
    request->on->loop->waiting_count++;
    http_connection_enter(request->on, HTTP_WAITING);
    MHD_suspend_connection(request->connection);
}

const char *http_request_header(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* --- from libmicrohttpd --- */

/* The first that is heard of a request: its clock starts, unless it is running since the connection began. */
void *http_on_request_line(void *listener, const char *uri, struct MHD_Connection *mhd)
{
    (void)listener;
    (void)uri;
    struct http_connection *connection = http_connection_of(mhd);
    struct http_request *request = connection ? calloc(1, sizeof *request) : NULL;
    if (!request)
        return NULL;
    request->connection = mhd;
    request->on = connection;
    request->listener = connection->listener;
    connection->request = request;
    if (connection->phase == HTTP_IDLE)
        http_connection_enter(connection, HTTP_RECEIVING);
    return request;
}

/* Whether a body was announced that is not worth its transfer, or waits for a word before it comes. */
static bool body_unwanted(const struct http_request *request, bool too_long)
{
    return too_long || (request->status && http_request_header(request, MHD_HTTP_HEADER_EXPECT));
}

static bool announces_too_much(const struct http_request *request)
{
    const char *length = http_request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return length && strtoumax(length, NULL, 10) > request->on->loop->limits.max_body;
}

static void request_begin(struct http_request *request, const char *url, const char *method)
{
    const struct http_handlers *handlers = &request->on->loop->handlers;
    request->method = method;
    request->path = url;
    if (handlers->begin)
        handlers->begin(handlers->context, request);
    bool too_long = announces_too_much(request);
    if (too_long && !request->status)
        http_answer_error(request, MHD_HTTP_CONTENT_TOO_LARGE, "the body is too long");
    if (body_unwanted(request, too_long))
        http_refuse(request);
}

static void request_complete(struct http_request *request)
{
    const struct http_handlers *handlers = &request->on->loop->handlers;
    request->complete = true;
    if (request->status)
        return; /* `begin` answered */
    if (!body_append(request, NULL, 0))
        http_answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "too many requests at once");
    else
        handlers->complete(handlers->context, request);
}

enum MHD_Result http_on_access(void *listener, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *data, size_t *size,
                               void **context)
{
    (void)listener;
    (void)connection;
    (void)version;
    struct http_request *request = *context;
    if (request)
        request->on->loop->idle_runs = 0;
    bool over = !request || (request->refused && !*size);
    if (over)
        return MHD_NO; /* no memory, or told all that there is to tell: the connection ends */
    if (!request->method) {
        request_begin(request, url, method);
        return MHD_YES;
    }
    if (*size) {
        body_receive(request, data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (!request->complete)
        request_complete(request);
    if (request->waiting)
        return MHD_YES;
    return queue_answer(request);
}

void http_on_completed(void *listener, struct MHD_Connection *mhd, void **context,
                       enum MHD_RequestTerminationCode how)
{
    (void)listener;
    (void)mhd;
    (void)how;
    struct http_request *request = *context;
    if (!request)
        return;
    struct http_connection *connection = request->on;
    body_free(request);
    connection->loop->stream_count -= request->stream;
    connection->request = NULL;
    if (connection->loop->stage == HTTP_RUNNING)
        http_connection_enter(connection, HTTP_IDLE);
    else
        http_connection_cut(connection);
    free(request->answer);
    free(request);
    *context = NULL;
}
