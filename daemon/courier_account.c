/*
 * Accounts: one row a service in a table says how its calls are authorised. A token that can't be had is a
 * result, told to the caller; nothing here is a warning or fatal.
 */
#include "daemon/courier_account.h"

#include "lib/services/zendesk.h"
#include "lib/text.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define TOKEN_SIZE        4096
#define ATTEMPT_EVERY_MS  1000  /* at most */
#define RENEW_AHEAD_MS    60000 /* or a tenth of the token's life, if that is more */
#define JSON_ACCEPTED     "Accept: application/json"
#define JSON_SENT         "Content-Type: application/json"
#define PAGERDUTY_VERSION "Accept: application/vnd.pagerduty+json;version=2"

struct kind {
    const char *accept;
    bool (*open)(struct account *account); /* fills base_url, from, authorization, by_token */
    bool (*get_token)(struct request *request, const struct config *config);
    bool (*read_token)(struct json_reader *reader, const char *answer, size_t length, char *token,
                       size_t size, int64_t *valid_ms, char *error, size_t error_size);
};

static void wipe_and_free(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

/* "Authorization: Basic …" of "user/token:api_token". */
static char *basic_authorization(const char *user, const char *api_token)
{
    static const char start[] = "Authorization: Basic ";
    char *line = NULL;
    char *plain = NULL;
    int length = asprintf(&plain, "%s/token:%s", user, api_token);
    if (length < 0)
        return NULL;
    line = malloc(sizeof(start) + 4 * (((size_t)length + 2) / 3));
    if (line) {
        memcpy(line, start, sizeof(start));
        EVP_EncodeBlock((unsigned char *)line + sizeof(start) - 1, (const unsigned char *)plain, length);
    }
    wipe_and_free(plain);
    return line;
}

static bool open_zendesk(struct account *account)
{
    const struct config_zendesk *zendesk = &account->config->zendesk;
    account->base_url = zendesk->api_url;
    account->by_token = zendesk->client_id != NULL;
    if (account->by_token)
        return true;
    if (!zendesk->api_token) /* the settings demand one of the two; without both nothing can be called */
        account->base_url = NULL;
    else
        account->authorization = basic_authorization(zendesk->user, zendesk->api_token);
    return !account->base_url || account->authorization;
}

static bool open_pagerduty(struct account *account)
{
    const struct config_pagerduty *pagerduty = &account->config->pagerduty;
    if (!pagerduty->api_token)
        return true;
    account->base_url = pagerduty->api_url;
    if (asprintf(&account->authorization, "Authorization: Token token=%s", pagerduty->api_token) < 0)
        account->authorization = NULL;
    if (asprintf(&account->from, "From: %s", pagerduty->from) < 0)
        account->from = NULL;
    return account->authorization && account->from;
}

static const struct kind kinds[SERVICE_COUNT] = {
    [SERVICE_ZENDESK] = {JSON_ACCEPTED, open_zendesk, zendesk_get_token, zendesk_read_token},
    [SERVICE_PAGERDUTY] = {PAGERDUTY_VERSION, open_pagerduty, NULL, NULL},
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
    wipe_and_free(account->authorization);
    free(account->from);
    *account = (struct account){0};
}

bool account_is_ready(const struct account *account, int64_t now_ms)
{
    return account->authorization && (!account->by_token || now_ms < account->expires_ms);
}

size_t account_headers(const struct account *account, const struct call *call,
                       const char *lines[ACCOUNT_LINES])
{
    size_t count = 0;
    lines[count++] = account->authorization;
    lines[count++] = kinds[account->service].accept;
    if (strcmp(call->method, "GET") != 0) {
        lines[count++] = JSON_SENT;
        if (account->from)
            lines[count++] = account->from;
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
    if (!call || !kinds[account->service].get_token(&request, account->config)) {
        free(call);
        return NULL;
    }
    call->service = account->service;
    text_copy(call->method, sizeof(call->method), request.method);
    call->path = request.path;
    call->body = request.body;
    return call;
}

size_t account_token_headers(const char *lines[ACCOUNT_LINES])
{
    lines[0] = JSON_ACCEPTED;
    lines[1] = JSON_SENT;
    return 2;
}

static void use_token(struct account *account, char *authorization, int64_t asked_ms, int64_t valid_ms)
{
    int64_t ahead_ms = valid_ms / 10 > RENEW_AHEAD_MS ? valid_ms / 10 : RENEW_AHEAD_MS;
    if (ahead_ms > valid_ms / 2) /* a short life: still use most of it */
        ahead_ms = valid_ms / 2;
    wipe_and_free(account->authorization);
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
        if (kinds[account->service].read_token(reader, answer, call->answer_length, token, TOKEN_SIZE,
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
    char *authorization = NULL;
    int64_t valid_ms = 0;
    bool good = read_answer(account, reader, call, token, &valid_ms, error, error_size);
    if (good && asprintf(&authorization, "Authorization: Bearer %s", token) < 0) {
        (void)snprintf(error, error_size, "no token: out of memory");
        good = false;
    }
    if (good)
        use_token(account, authorization, asked_ms, valid_ms);
    explicit_bzero(token, sizeof(token));
    return good;
}

void account_forget_call(struct call *call)
{
    if (!call)
        return;
    if (call->body)
        explicit_bzero(call->body, strlen(call->body));
    if (call->answer)
        explicit_bzero(call->answer, call->answer_length);
    call_free(call);
}

void account_reject_token(struct account *account, int64_t token)
{
    if (!account->by_token || token != account->token)
        return;
    wipe_and_free(account->authorization);
    account->authorization = NULL;
}
