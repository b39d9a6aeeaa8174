/*
 * The public listener: routes, the checks of a webhook in the order of the contract, and /healthz.
 *
 * What a sender does wrong is answered, counted and, where an operator can do something about it, logged as a
 * warning. A secret that libcrypto refuses or an address that can't be bound is fatal at start.
 */
#include "daemon/server.h"

#include "daemon/clock.h"
#include "daemon/http_loop.h"
#include "daemon/server_answers.h"
#include "lib/json_fields.h"
#include "lib/services/service.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* What the bodies of all requests may take together. */
#define MAX_BUFFERED ((size_t)64 * 1024 * 1024)

#define HEALTH_ROUTE       "/healthz"
#define FRESH_COMMIT_MS    ((int64_t)10 * 1000) /* an older one proves nothing: a probe has to */
#define LATENESS_BEARED_MS ((int64_t)10 * 1000)

/* A service whose webhooks are taken here. */
struct hook {
    const struct service *service;
    struct receiver receiver;
    _Atomic uint64_t *accepted;
};

struct server {
    struct ledger *ledger;
    struct log *log;
    struct metrics *metrics;
    struct http_loop *loop;
    struct json_reader *reader;
    struct hook hooks[SERVICE_COUNT];
    size_t hook_count;
};

static void delivery_free(struct delivery *delivery)
{
    free(delivery->payload);
    free(delivery->comment_text);
    free(delivery->answer);
    free(delivery);
}

/* --- /healthz --- */

static int64_t last_commit_ms_ago(const struct server *server)
{
    int64_t ago = clock_wall_ms() - ledger_last_commit_ms(server->ledger);
    return ago > 0 ? ago : 0;
}

/* A commit is known to have worked just now; what is left are the clocks. */
static void answer_health(struct server *server, struct http_request *request)
{
    char text[160];
    int64_t lateness = ledger_lateness_ms(server->ledger);
    if (lateness > LATENESS_BEARED_MS) {
        snprintf(text, sizeof text, "the clocks are %" PRId64 " ms late", lateness);
        server_answer_failing(request, text);
        return;
    }
    snprintf(text, sizeof text,
             "{\"status\":\"ok\",\"last_commit_ms_ago\":%" PRId64 ",\"lateness_ms\":%" PRId64 "}",
             last_commit_ms_ago(server), lateness);
    http_answer_json(request, MHD_HTTP_OK, text);
}

static void probe(struct server *server, struct http_request *request)
{
    struct delivery *delivery = calloc(1, sizeof *delivery);
    if (!delivery) {
        server_answer_failing(request, "no memory");
        return;
    }
    delivery->kind = DELIVERY_PROBE;
    delivery->owner = request;
    http_wait(request);
    ledger_deliver(server->ledger, delivery, http_loop_mailbox(server->loop));
}

static void check_health(struct server *server, struct http_request *request)
{
    if (last_commit_ms_ago(server) <= FRESH_COMMIT_MS)
        answer_health(server, request);
    else
        probe(server, request);
}

static void health_proved(struct server *server, struct http_request *request,
                          const struct delivery *delivery)
{
    if (delivery->status == MHD_HTTP_OK)
        answer_health(server, request);
    else
        server_answer_failing(request,
                              delivery->error[0] ? delivery->error : "webhooks can't be made durable");
}

/* --- a webhook, before the ledger --- */

/* NULL: verified. Else why not, for sender and log. */
static const char *signature_complaint(struct hook *hook, const struct webhook *webhook)
{
    switch (hook->service->verify(&hook->receiver, webhook)) {
    case WEBHOOK_VERIFIED: return NULL;
    case WEBHOOK_UNSIGNED: return "the signature is missing";
    case WEBHOOK_STALE: return "the signature's timestamp is too old, in the future or not a time";
    default: return "the signature is wrong";
    }
}

/* In any case, with parameters or none. */
static bool is_type(const char *type, const char *wanted)
{
    const size_t length = strlen(wanted);
    if (!type || strncasecmp(type, wanted, length) != 0)
        return false;
    type += length;
    type += strspn(type, " \t");
    return *type == '\0' || *type == ';';
}

static struct webhook webhook_of(const struct http_request *request, const struct service *service)
{
    return (struct webhook){
        .body = request->body,
        .length = request->body_length,
        .signature = http_request_header(request, service->signature_header),
        .timestamp =
            service->timestamp_header ? http_request_header(request, service->timestamp_header) : NULL,
        .delivery_id = service->id_header ? http_request_header(request, service->id_header) : NULL,
        .now_ms = clock_wall_ms(),
    };
}

/* The ledger keeps what can't be read as well, so it goes there either way. What only tries the address has
 * its answer already, and is not kept. */
static void hand_over(struct server *server, struct http_request *request, const struct hook *hook,
                      const struct webhook *webhook)
{
    struct delivery *delivery = calloc(1, sizeof *delivery);
    if (!delivery) {
        metrics_count(&server->metrics->webhooks_refused);
        http_answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "no memory");
        return;
    }
    delivery->kind = DELIVERY_WEBHOOK;
    delivery->service = hook->service->id;
    if (!hook->service->read_webhook(&hook->receiver, server->reader, webhook, delivery))
        delivery->rejected = true;
    if (delivery->answer && !delivery->rejected) {
        metrics_count(hook->accepted);
        http_answer_json(request, MHD_HTTP_OK, delivery->answer);
        delivery_free(delivery);
        return;
    }
    delivery->event.now_ms = webhook->now_ms;
    delivery->payload = request->body;
    delivery->payload_length = request->body_length;
    request->body = NULL;
    delivery->owner = request;
    http_wait(request);
    ledger_deliver(server->ledger, delivery, http_loop_mailbox(server->loop));
}

static void refuse_type(struct http_request *request, const char *wanted)
{
    char text[100];
    snprintf(text, sizeof text, "Content-Type must be %s", wanted);
    http_answer_error(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, text);
}

static void take_webhook(struct server *server, struct http_request *request, struct hook *hook)
{
    const struct webhook webhook = webhook_of(request, hook->service);
    const char *wanted = hook->service->content_type;
    const char *complaint = signature_complaint(hook, &webhook);
    if (complaint) {
        metrics_count(&server->metrics->webhooks_unsigned);
        log_event(server->log, LOG_LEVEL_WARNING, "WEBHOOK-UNSIGNED", 0, 0, "%s: %s", hook->service->route,
                  complaint);
        http_answer_error(request, MHD_HTTP_UNAUTHORIZED, complaint);
    } else if (wanted && !is_type(http_request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE), wanted)) {
        refuse_type(request, wanted);
    } else {
        hand_over(server, request, hook, &webhook);
    }
}

/* --- a webhook, after the ledger --- */

static void answer_ok(struct http_request *request, const struct hook *hook, const struct delivery *delivery)
{
    if (delivery->answer)
        http_answer_json(request, MHD_HTTP_OK, delivery->answer);
    else if (hook->service->empty_answer)
        http_answer(request, MHD_HTTP_OK, "text/plain", strdup(""), 0);
    else
        http_answer_json(request, MHD_HTTP_OK,
                         delivery->duplicate ? "{\"accepted\":true,\"duplicate\":true}"
                                             : "{\"accepted\":true,\"duplicate\":false}");
}

static void answer_accepted(struct server *server, struct http_request *request, const struct hook *hook,
                            const struct delivery *delivery)
{
    metrics_count(hook->accepted);
    if (delivery->duplicate)
        metrics_count(&server->metrics->webhooks_duplicate);
    else if (delivery->event.type == EVENT_IGNORED)
        metrics_count(&server->metrics->webhooks_ignored);
    answer_ok(request, hook, delivery);
}

/* It is kept, but nobody understands it: a service that would switch us off for a 4xx gets a 200. */
static void answer_rejected(struct server *server, struct http_request *request, const struct hook *hook,
                            const struct delivery *delivery)
{
    metrics_count(&server->metrics->webhooks_rejected);
    log_event(server->log, LOG_LEVEL_WARNING, "WEBHOOK-REJECTED", 0, 0, "%s: %s", hook->service->route,
              delivery->error);
    if (hook->service->unreadable_status == MHD_HTTP_OK)
        server_answer_unreadable(request, delivery->error);
    else
        http_answer_error(request, (unsigned int)hook->service->unreadable_status, delivery->error);
}

static void answer_refused(struct server *server, struct http_request *request,
                           const struct delivery *delivery)
{
    metrics_count(&server->metrics->webhooks_refused);
    http_answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE,
                      delivery->error[0] ? delivery->error : "the webhook can't be kept now");
}

static void webhook_settled(struct server *server, struct http_request *request,
                            const struct delivery *delivery)
{
    const struct hook *hook = request->owner;
    if (delivery->status >= MHD_HTTP_INTERNAL_SERVER_ERROR)
        answer_refused(server, request, delivery);
    else if (delivery->rejected)
        answer_rejected(server, request, hook, delivery);
    else
        answer_accepted(server, request, hook, delivery);
}

/* --- handlers of the loop --- */

static void refuse_method(struct http_request *request, const char *allowed)
{
    http_add_header(request, MHD_HTTP_HEADER_ALLOW, allowed);
    http_answer_error(request, MHD_HTTP_METHOD_NOT_ALLOWED, "this method is not allowed here");
}

static struct hook *hook_of_service(struct server *server, enum service_id service)
{
    for (size_t i = 0; i < server->hook_count; i++)
        if (server->hooks[i].service->id == service)
            return &server->hooks[i];
    return NULL;
}

static void on_begin(void *context, struct http_request *request)
{
    struct server *server = context;
    if (strcmp(request->path, HEALTH_ROUTE) == 0) {
        if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
            refuse_method(request, "GET, HEAD");
        return;
    }
    const struct service *service = service_by_route(request->path);
    request->owner = service ? hook_of_service(server, service->id) : NULL;
    if (!request->owner)
        http_answer_error(request, MHD_HTTP_NOT_FOUND, "there is nothing here");
    else if (strcmp(request->method, "POST") != 0)
        refuse_method(request, "POST");
}

static void on_complete(void *context, struct http_request *request)
{
    struct server *server = context;
    if (request->owner)
        take_webhook(server, request, request->owner);
    else
        check_health(server, request);
}

static void on_letter(void *context, struct delivery *delivery)
{
    struct server *server = context;
    if (delivery->kind == DELIVERY_WEBHOOK)
        webhook_settled(server, delivery->owner, delivery);
    else
        health_proved(server, delivery->owner, delivery);
    delivery_free(delivery);
}

/* --- making and ending --- */

static bool add_hook(struct server *server, const struct service *service, _Atomic uint64_t *accepted,
                     const struct config *config, char *error, size_t error_size)
{
    struct hook *hook = &server->hooks[server->hook_count];
    hook->service = service;
    hook->accepted = accepted;
    server->hook_count++;
    if (receiver_init(&hook->receiver, service, config))
        return true;
    snprintf(error, error_size, "can't receive %s: out of memory, or libcrypto refuses its secret",
             service->route);
    return false;
}

/* A service whose secret is not set has no route. */
static bool add_hooks(struct server *server, const struct config *config, char *error, size_t error_size)
{
    struct metrics *metrics = server->metrics;
    const struct {
        const char *secret;
        const struct service *service;
        _Atomic uint64_t *accepted;
    } services[] = {
        {config->zendesk.webhook_secret, &zendesk_service, &metrics->webhooks_zendesk},
        {config->pagerduty.webhook_secret, &pagerduty_service, &metrics->webhooks_pagerduty},
        {config->slack.signing_secret, &slack_service, &metrics->webhooks_slack},
        {config->zoom.webhook_secret, &zoom_service, &metrics->webhooks_zoom},
    };
    server->reader = json_reader_new();
    if (!server->reader) {
        snprintf(error, error_size, "no memory for the listener");
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(services); i++)
        if (services[i].secret &&
            !add_hook(server, services[i].service, services[i].accepted, config, error, error_size))
            return false;
    return true;
}

static bool open_loop(struct server *server, const struct config *config, int listen_fd, char *error,
                      size_t error_size)
{
    const struct http_limits limits = {
        .max_connections = config->server.max_connections,
        .max_body = config->server.max_body_bytes,
        .max_buffered = MAX_BUFFERED,
        .request_timeout_ms = config->server.request_timeout_ms,
    };
    const struct http_handlers handlers = {
        .context = server, .begin = on_begin, .complete = on_complete, .letter = on_letter};
    server->loop = http_loop_new(&limits, &handlers, &listen_fd, 1, error, error_size);
    return server->loop;
}

struct server *server_new(const struct config *config, int listen_fd, struct ledger *ledger, struct log *log,
                          struct metrics *metrics, char *error, size_t error_size)
{
    int fd = listen_fd >= 0 ? listen_fd : http_listen(&config->server.listen, error, error_size);
    if (fd < 0)
        return NULL;
    struct server *server = calloc(1, sizeof *server);
    if (!server) {
        snprintf(error, error_size, "no memory for the listener");
        close(fd);
        return NULL;
    }
    *server = (struct server){.ledger = ledger, .log = log, .metrics = metrics};
    if (open_loop(server, config, fd, error, error_size) && add_hooks(server, config, error, error_size))
        return server;
    server_free(server);
    return NULL;
}

bool server_start(struct server *server)
{
    return http_loop_start(server->loop, "server");
}

int server_port(const struct server *server)
{
    return http_port(server_listen_fd(server));
}

int server_listen_fd(const struct server *server)
{
    return http_loop_listen_fd(server->loop, 0);
}

void server_quiet(struct server *server)
{
    http_loop_quiet(server->loop);
}

void server_stop(struct server *server)
{
    http_loop_stop(server->loop);
}

void server_free(struct server *server)
{
    if (!server)
        return;
    http_loop_free(server->loop);
    for (size_t i = 0; i < server->hook_count; i++)
        receiver_free(&server->hooks[i].receiver);
    json_reader_free(server->reader);
    free(server);
}
