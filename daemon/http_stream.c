/*
 * Answers without an end: libmicrohttpd asks for the next bytes, and as long as there are none the connection
 * is suspended and its handler asked now and then. A reader who has gone is noticed by a look into the
 * socket, since nobody watches a suspended one, and one whose network has gone by TCP's own time-out.
 */
#include "daemon/http_internal.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#define BLOCK_BYTES    256
#define UNREACHABLE_MS 30000U

/* Whether there is something to send now. */
static bool ask_handler(struct http_request *request)
{
    struct http_loop *loop = request->on->loop;
    const char *text =
        loop->handlers.stream(loop->handlers.context, &request->seen, loop->now_ms - request->sent_ms);
    if (!text)
        return false;
    request->to_send = text;
    request->sent_ms = loop->now_ms;
    return true;
}

static ssize_t give_bytes(void *context, uint64_t position, char *out, size_t size)
{
    (void)position;
    struct http_request *request = context;
    struct http_connection *connection = request->on;
    if (connection->phase == HTTP_CUT || connection->loop->stage != HTTP_RUNNING)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (!request->to_send[0] && !ask_handler(request)) {
        http_connection_enter(connection, HTTP_STREAMING);
        MHD_suspend_connection(request->connection);
        return 0;
    }
    size_t length = strnlen(request->to_send, size);
    memcpy(out, request->to_send, length);
    request->to_send += length;
    http_connection_enter(connection, HTTP_ANSWERING); /* a new deadline: whoever does not read is cut */
    return (ssize_t)length;
}

struct MHD_Response *http_stream_response(struct http_request *request)
{
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, give_bytes, request, NULL);
}

void http_stream_ask(struct http_request *request)
{
    struct http_connection *connection = request->on;
    if (http_reader_is_gone(connection))
        http_connection_cut(connection);
    else if (ask_handler(request))
        http_connection_enter(connection, HTTP_ANSWERING);
    else
        http_connection_enter(connection, HTTP_STREAMING); /* until the next time */
    if (connection->phase != HTTP_STREAMING) {
        MHD_resume_connection(request->connection);
        connection->loop->again = true;
    }
}

void http_answer_stream(struct http_request *request, const char *type)
{
    struct http_loop *loop = request->on->loop;
    unsigned int patience_ms = UNREACHABLE_MS;
    if (loop->stage != HTTP_RUNNING || loop->stream_count >= loop->limits.max_streams) {
        http_answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "too many streams at once");
        return;
    }
    /* a Unix socket has no such option, and no network that goes */
    (void)setsockopt(request->on->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms, sizeof patience_ms);
    loop->stream_count++;
    request->stream = true;
    request->to_send = "";
    request->sent_ms = loop->now_ms;
    request->status = MHD_HTTP_OK;
    request->content_type = type;
}
