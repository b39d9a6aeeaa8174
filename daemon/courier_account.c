/*
 * Accounts: one row a service in a table says how its calls are authorised. A token that can't be had is a
 * result, told to the caller; nothing here is a warning or fatal.
 */
#include "daemon/courier_account.h"

#include "lib/services/zendesk.h"
#include "lib/services/zoom.h"
#include "lib/text.h"
#include "lib/wipe.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define TOKEN_SIZE        4096
#define ATTEMPT_EVERY_MS  1000  /* at most */
#define RENEW_AHEAD_MS    60000 /* or a tenth of the token's life, if that is more */
#define ANYTHING          "Accept: */*"
#define JSON_ACCEPTED     "Accept: application/json"
#define JSON_SENT         "Content-Type: application/json"
#define JSON_SENT_UTF8    "Content-Type: application/json; charset=utf-8" /* Slack warns of less */
#define FORM_SENT         "Content-Type: application/x-www-form-urlencoded"
#define PAGERDUTY_VERSION "Accept: application/vnd.pagerduty+json;version=2"

/* How a service wants to be asked for tokens. */
struct token_kind {
    const char *body_type;
    bool (*make)(struct request *request, const struct config *config);
    bool (*read)(struct json_reader *reader, const char *answer, size_t length, char *token, size_t size,
                 int64_t *valid_ms, char *error, size_t error_size);
};

/* How a service wants to be called. */
struct kind {
    const char *accept;
    const char *body_type;
    /* Fills base_url, from, authorization, by_token, token_url, token_authorization, as far as the service is
     * configured. */
    bool (*open)(struct account *account);
    struct token_kind token;
};

/* "Authorization: Basic …" of "user:password". */
static char *basic_authorization(const char *user, const char *password)
{
    static const char start[] = "Authorization: Basic ";
    char *name = wipe_join(user, ":");
    char *plain = name ? wipe_join(name, password) : NULL;
    size_t length = plain ? strlen(plain) : 0;
    char *line = plain ? malloc(sizeof(start) + 4 * ((length + 2) / 3)) : NULL;
    if (line) {
        memcpy(line, start, sizeof(start));
        EVP_EncodeBlock((unsigned char *)line + sizeof(start) - 1, (const unsigned char *)plain, (int)length);
    }
    free(name);
    wipe_free(plain);
    return line;
}

/* BASE_URL is called with this header line. */
static bool open_with_line(struct account *account, const char *base_url, const char *start,
                           const char *secret)
{
    account->base_url = base_url;
    account->authorization = wipe_join(start, secret);
    return account->authorization;
}

static bool open_zendesk(struct account *account)
{
    const struct config_zendesk *zendesk = &account->config->zendesk;
    char *user = NULL;
    account->base_url = account->token_url = zendesk->api_url;
    account->by_token = zendesk->client_id != NULL;
    if (account->by_token)
        return true;
    if (!zendesk->api_token) { /* the settings demand one of the two; without both nothing can be called */
        account->base_url = NULL;
        return true;
    }
    if (asprintf(&user, "%s/token", zendesk->user) < 0)
        return false;
    account->authorization = basic_authorization(user, zendesk->api_token);
    free(user);
    return account->authorization;
}

static bool open_pagerduty(struct account *account)
{
    const struct config_pagerduty *pagerduty = &account->config->pagerduty;
    if (!pagerduty->api_token)
        return true;
    if (asprintf(&account->from, "From: %s", pagerduty->from) < 0)
        account->from = NULL;
    return account->from &&
           open_with_line(account, pagerduty->api_url, "Authorization: Token token=", pagerduty->api_token);
}

static bool open_slack(struct account *account)
{
    const struct config_slack *slack = &account->config->slack;
    return !slack->token || open_with_line(account, slack->api_url, "Authorization: Bearer ", slack->token);
}

/* Meetings that are always the same need no calls. */
static bool open_zoom(struct account *account)
{
    const struct config_zoom *zoom = &account->config->zoom;
    if (zoom->static_url || !zoom->client_id)
        return true;
    account->base_url = zoom->api_url;
    account->by_token = true;
    account->token_url = zoom->oauth_url;
    account->token_authorization = basic_authorization(zoom->client_id, zoom->client_secret);
    return account->token_authorization;
}

static bool open_gitlab(struct account *account)
{
    const struct config_gitlab *gitlab = &account->config->gitlab;
    return !gitlab->token || open_with_line(account, gitlab->api_url, "PRIVATE-TOKEN: ", gitlab->token);
}

/* An outside monitor: whoever knows the address may call it. */
static bool open_heartbeat(struct account *account)
{
    account->base_url = account->config->heartbeat.url;
    return true;
}

static const struct kind kinds[SERVICE_COUNT] = {
    [SERVICE_ZENDESK] = {JSON_ACCEPTED,
                         JSON_SENT,
                         open_zendesk,
                         {JSON_SENT, zendesk_get_token, zendesk_read_token}},
    [SERVICE_PAGERDUTY] = {PAGERDUTY_VERSION, JSON_SENT, open_pagerduty, {0}},
    [SERVICE_SLACK] = {JSON_ACCEPTED, JSON_SENT_UTF8, open_slack, {0}},
    [SERVICE_ZOOM] = {JSON_ACCEPTED, JSON_SENT, open_zoom, {FORM_SENT, zoom_get_token, zoom_read_token}},
    [SERVICE_GITLAB] = {JSON_ACCEPTED, JSON_SENT, open_gitlab, {0}},
    [SERVICE_HEARTBEAT] = {ANYTHING, JSON_SENT, open_heartbeat, {0}},
};

bool account_init(struct account *account, enum service_id service, const struct config *config)
{
    *account = (struct account){.service = service, .config = config};
    if (kinds[service].open(account))
        return true;
    account_free(account);
    return false;
}

void account_free(struct account *account)
{
    wipe_free(account->authorization);
    wipe_free(account->token_authorization);
    free(account->from);
    *account = (struct account){0};
}

bool account_is_ready(const struct account *account, int64_t now_ms)
{
    if (!account->by_token)
        return account->base_url;
    return account->authorization && now_ms < account->expires_ms;
}

/* Addresses come from other services: what is none gets no line of its own, and adds none. */
static bool is_address(const char *text)
{
    for (const char *at = text; *at; at++)
        if (*at <= ' ' || *at > '~')
            return false;
    return strchr(text, '@') && strlen(text) <= 254;
}

/* In whose name CALL is; NULL: nobody's. PagerDuty wants to know it of incidents and their notes only. */
static const char *from_line(struct account *account, const struct call *call)
{
    static const char incidents[] = "/incidents";
    if (!account->from || strncmp(call->path, incidents, sizeof(incidents) - 1) != 0)
        return NULL;
    if (!call->from || !is_address(call->from))
        return account->from;
    text_format(account->call_from, sizeof(account->call_from), "From: %s", call->from);
    return account->call_from;
}

size_t account_headers(struct account *account, const struct call *call, const char *lines[ACCOUNT_LINES])
{
    const struct kind *kind = &kinds[account->service];
    size_t count = 0;
    if (account->authorization)
        lines[count++] = account->authorization;
    lines[count++] = kind->accept;
    if (strcmp(call->method, "GET") != 0) {
        const char *from = from_line(account, call);
        if (call->body)
            lines[count++] = kind->body_type;
        if (from)
            lines[count++] = from;
    }
    return count;
}

bool account_wants_token(const struct account *account, int64_t now_ms)
{
    return account->by_token && (!account->authorization || now_ms >= account->renew_ms);
}

struct call *account_token_call(struct account *account, int64_t now_ms)
{
    struct request request;
    account->next_attempt_ms = now_ms + ATTEMPT_EVERY_MS;
    struct call *call = calloc(1, sizeof(*call));
    if (!call || !kinds[account->service].token.make(&request, account->config)) {
        free(call);
        return NULL;
    }
    call->service = account->service;
    text_copy(call->method, sizeof(call->method), request.method);
    call->path = request.path;
    call->body = request.body;
    return call;
}

size_t account_token_headers(const struct account *account, const char *lines[ACCOUNT_LINES])
{
    size_t count = 0;
    lines[count++] = JSON_ACCEPTED;
    lines[count++] = kinds[account->service].token.body_type;
    if (account->token_authorization)
        lines[count++] = account->token_authorization;
    return count;
}

static void use_token(struct account *account, char *authorization, int64_t asked_ms, int64_t valid_ms)
{
    int64_t ahead_ms = valid_ms / 10 > RENEW_AHEAD_MS ? valid_ms / 10 : RENEW_AHEAD_MS;
    if (ahead_ms > valid_ms / 2) /* a short life: still use most of it */
        ahead_ms = valid_ms / 2;
    wipe_free(account->authorization);
    account->authorization = authorization;
    account->expires_ms = asked_ms + valid_ms;
    account->renew_ms = account->expires_ms - ahead_ms;
    account->token++;
}

static bool read_answer(const struct account *account, struct json_reader *reader, const struct call *call,
                        char *token, int64_t *valid_ms, char *error, size_t error_size)
{
    if (call->end != CALL_ANSWERED)
        (void)snprintf(error, error_size, "no token: %s", call->error);
    else if (call->status < 200 || call->status > 299)
        (void)snprintf(error, error_size, "no token: refused with HTTP status %d", call->status);
    else {
        char why[100] = "";
        const char *answer = call->answer ? call->answer : "";
        if (kinds[account->service].token.read(reader, answer, call->answer_length, token, TOKEN_SIZE,
                                               valid_ms, why, sizeof(why)))
            return true;
        (void)snprintf(error, error_size, "no token: %s", why);
    }
    return false;
}

bool account_take_token(struct account *account, struct json_reader *reader, const struct call *call,
                        int64_t asked_ms, char *error, size_t error_size)
{
    char token[TOKEN_SIZE];
    int64_t valid_ms = 0;
    bool good = read_answer(account, reader, call, token, &valid_ms, error, error_size);
    json_reader_wipe(reader);
    char *authorization = good ? wipe_join("Authorization: Bearer ", token) : NULL;
    explicit_bzero(token, sizeof(token));
    if (authorization)
        use_token(account, authorization, asked_ms, valid_ms);
    else if (good)
        (void)snprintf(error, error_size, "no token: out of memory");
    return authorization;
}

void account_forget_call(struct call *call)
{
    if (!call)
        return;
    wipe_free(call->body);
    wipe_free(call->answer);
    call->body = call->answer = NULL;
    call_free(call);
}

void account_reject_token(struct account *account, int64_t token)
{
    if (!account->by_token || token != account->token)
        return;
    wipe_free(account->authorization);
    account->authorization = NULL;
}
