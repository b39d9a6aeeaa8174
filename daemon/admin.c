/*
 * The admin listener: its sockets and its thread, who may pass, and which route a path is. What cannot be
 * bound, or would be open to a network without a token, is an error at start. Strangers are refused with a
 * warning in the log.
 */
#include "daemon/admin_gate.h"
#include "daemon/admin_internal.h"
#include "daemon/admin_socket.h"
#include "lib/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_BODY        (64 * 1024)
#define MAX_CONNECTIONS 100
#define MAX_STREAMS     16
#define TCP_SOCKET      0 /* the place of the TCP socket among the loop's; the Unix socket is the second */

/* --- routes --- */

/* In a pattern '#' is a number and '*' a word. */
static const struct route {
    const char *pattern;
    const char *allow;
    admin_page_fn *answer;
    bool open; /* the same for everybody: asks for no token */
} routes[] = {
    {"/", "GET, HEAD", admin_board_file, true},
    {"/board.css", "GET, HEAD", admin_board_file, true},
    {"/board.js", "GET, HEAD", admin_board_file, true},
    {"/connection.js", "GET, HEAD", admin_board_file, true},
    {"/api/board", "GET, HEAD", admin_board, false},
    {"/api/commands", "GET, HEAD", admin_commands, false},
    {"/api/oncall", "GET, HEAD", admin_oncall, false},
    {"/api/stream", "GET, HEAD", admin_stream, false},
    {"/api/emergencies", "GET, HEAD", admin_list, false},
    {"/api/emergencies/#", "GET, HEAD", admin_show, false},
    {"/api/emergencies/#/*", "POST", admin_command, false},
    {"/api/outbox", "GET, HEAD", admin_outbox, false},
    {"/api/outbox/#/retry", "POST", admin_retry, false},
    {"/metrics", "GET, HEAD", admin_metrics, false},
    {"/readyz", "GET, HEAD", admin_ready, false},
};

static bool matches(const char *pattern, const char *path, struct admin_target *target)
{
    while (*pattern != '\0') {
        if (*pattern != '#' && *pattern != '*') {
            if (*pattern++ != *path++)
                return false;
            continue;
        }
        size_t length = strcspn(path, "/");
        if (*pattern == '#' && (!text_to_i64(path, length, &target->id) || target->id <= 0))
            return false;
        if (*pattern == '*' && (length == 0 || !text_copy_n(target->word, sizeof target->word, path, length)))
            return false;
        pattern++;
        path += length;
    }
    return *path == '\0';
}

static const struct route *route_of(const char *path, struct admin_target *target)
{
    for (size_t i = 0; i < COUNT_OF(routes); i++)
        if (matches(routes[i].pattern, path, target))
            return &routes[i];
    return NULL;
}

static bool is_post(const struct http_request *request)
{
    return strcmp(request->method, "POST") == 0;
}

static bool allows(const struct route *route, const char *method)
{
    if (strcmp(route->allow, "POST") == 0)
        return strcmp(method, "POST") == 0;
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* --- who may pass --- */

/* False: it is answered already. */
static bool refuse(struct admin *admin, struct http_request *request, unsigned int status, const char *error)
{
    if (status == 401 || status == 403)
        log_event(admin->log, LOG_LEVEL_WARNING, "ADMIN-REFUSED", 0, 0, "%s %s: %s", request->method,
                  request->path, error);
    http_answer_error(request, status, error);
    return false;
}

/* A browser has no token to show before it has the page that asks for it. */
static bool is_open(const char *path)
{
    struct admin_target target;
    const struct route *route = route_of(path, &target);
    return route && route->open;
}

/* The Unix socket has its mode; on TCP anybody can knock. */
static bool check_caller(struct admin *admin, struct http_request *request)
{
    if (request->listener != TCP_SOCKET)
        return true;
    if (admin->token && is_open(request->path))
        return true;
    if (admin->token) {
        const char *shown = http_request_header(request, MHD_HTTP_HEADER_AUTHORIZATION);
        if (shown && admin_token_ok(admin->token, shown))
            return true;
        http_add_header(request, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
        return refuse(admin, request, 401, shown ? "the token is wrong" : "a bearer token is needed");
    }
    const char *host = http_request_header(request, MHD_HTTP_HEADER_HOST);
    if (host && admin_gate_host_is_loopback(host))
        return true;
    return refuse(admin, request, 403, "the Host header must be a loopback name, such as localhost");
}

/* Of the API no page of another site gets anything: the browser, which would keep the answer from it, says
 * where a request comes from. The board itself may be linked from anywhere. */
static bool check_site(struct admin *admin, struct http_request *request)
{
    const char *site = http_request_header(request, "Sec-Fetch-Site");
    if (!site || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0 || is_open(request->path))
        return true;
    return refuse(admin, request, 403, "requests from pages of other sites are not taken");
}

/* A web page of another site must not give commands through its visitor's browser. */
static bool check_sender(struct admin *admin, struct http_request *request)
{
    const char *origin = http_request_header(request, MHD_HTTP_HEADER_ORIGIN);
    const char *host = http_request_header(request, MHD_HTTP_HEADER_HOST);
    if (origin && (!host || !admin_gate_same_origin(origin, host)))
        return refuse(admin, request, 403, "requests from pages of other sites are not taken");
    const char *type = http_request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
    if (!type || !admin_gate_type_is_json(type))
        return refuse(admin, request, 415, "the Content-Type must be application/json");
    return true;
}

static bool check_route(struct admin *admin, struct http_request *request)
{
    struct admin_target target;
    const struct route *route = route_of(request->path, &target);
    if (!route)
        return refuse(admin, request, 404, "there is nothing at this path");
    if (allows(route, request->method))
        return true;
    http_add_header(request, MHD_HTTP_HEADER_ALLOW, route->allow);
    return refuse(admin, request, 405, "this path does not take that method");
}

static void begin(void *context, struct http_request *request)
{
    struct admin *admin = context;
    http_add_header(request, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    http_add_header(request, "X-Content-Type-Options", "nosniff");
    if (check_caller(admin, request) && check_site(admin, request) && check_route(admin, request) &&
        is_post(request))
        (void)check_sender(admin, request); /* its answer has been given, if there is one */
}

static void complete(void *context, struct http_request *request)
{
    struct admin *admin = context;
    struct admin_target target;
    const struct route *route = route_of(request->path, &target);
    if (!route)
        abort(); /* `begin` lets none of these pass */
    route->answer(admin, request, &target);
}

/* --- its life --- */

static bool listen_on_all(struct admin *admin, int fds[2], size_t *count, char *error, size_t error_size)
{
    const struct config_admin *config = &admin->config->admin;
    if (fds[TCP_SOCKET] < 0)
        fds[TCP_SOCKET] = http_listen(&config->listen, error, error_size);
    if (fds[TCP_SOCKET] < 0)
        return false;
    if (!admin_socket_is_loopback(fds[TCP_SOCKET])) {
        admin->token = config->token ? admin_token_new(config->token) : NULL;
        if (!admin->token) {
            (void)snprintf(error, error_size, "[admin] listens beyond loopback: a token is needed");
            return false;
        }
    }
    if (fds[1] < 0 && config->socket) {
        admin->socket_path = strdup(config->socket);
        fds[1] = admin->socket_path ? admin_socket_listen(config->socket, error, error_size) : -1;
        if (fds[1] < 0) {
            free(admin->socket_path); /* not ours to remove */
            admin->socket_path = NULL;
            return false;
        }
    }
    *count = fds[1] < 0 ? 1 : 2;
    return true;
}

static bool open_loop(struct admin *admin, int fds[2], char *error, size_t error_size)
{
    const struct http_limits limits = {
        .max_connections = MAX_CONNECTIONS,
        .max_body = MAX_BODY,
        .max_buffered = (size_t)MAX_BODY * MAX_CONNECTIONS,
        .request_timeout_ms = admin->config->server.request_timeout_ms,
        .max_streams = MAX_STREAMS,
    };
    const struct http_handlers handlers = {admin, begin, complete, admin_take_letter, admin_next_of_stream};
    size_t count = 0;
    if (!listen_on_all(admin, fds, &count, error, error_size)) {
        for (size_t i = 0; i < 2; i++)
            if (fds[i] >= 0)
                close(fds[i]);
        return false;
    }
    admin->loop = http_loop_new(&limits, &handlers, fds, count, error, error_size);
    return admin->loop != NULL;
}

struct admin *admin_new(const struct config *config, int tcp_fd, int unix_fd, struct ledger *ledger,
                        struct log *log, struct metrics *metrics, char *error, size_t error_size)
{
    int fds[2] = {tcp_fd, unix_fd};
    (void)snprintf(error, error_size, "out of memory");
    struct admin *admin = calloc(1, sizeof *admin);
    if (!admin)
        return NULL;
    *admin = (struct admin){.config = config, .ledger = ledger, .log = log, .metrics = metrics};
    if (!open_loop(admin, fds, error, error_size))
        goto fail;
    admin->store = store_open_reader(config->store.path, log, error, error_size);
    if (admin->store)
        return admin;
fail:
    admin_free(admin);
    return NULL;
}

bool admin_start(struct admin *admin)
{
    return http_loop_start(admin->loop, "admin");
}

int admin_port(const struct admin *admin)
{
    return http_port(http_loop_listen_fd(admin->loop, TCP_SOCKET));
}

void admin_stop(struct admin *admin)
{
    http_loop_stop(admin->loop);
}

void admin_free(struct admin *admin)
{
    if (!admin)
        return;
    http_loop_free(admin->loop);
    store_close(admin->store);
    admin_token_free(admin->token);
    if (admin->socket_path)
        unlink(admin->socket_path);
    free(admin->socket_path);
    free(admin);
}
