/*
 * The checks of headers in front of the admin API. All of them say no to what they do not understand.
 */
#include "daemon/admin_gate.h"

#include "lib/signature.h"
#include "lib/text.h"

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Cuts ":port" off a host; false if there is something else behind it. */
static bool split_port(char *host)
{
    char *end = host[0] == '[' ? strchr(host, ']') : strrchr(host, ':');
    if (!end)
        return host[0] != '[';
    char *port = end;
    if (host[0] == '[')
        port++;
    if (port[0] == '\0')
        return true;
    if (port[0] != ':' || port[1 + strspn(port + 1, "0123456789")] != '\0')
        return false;
    port[0] = '\0';
    return true;
}

bool admin_gate_host_is_loopback(const char *host)
{
    char name[64];
    if (!text_copy(name, sizeof name, host) || !split_port(name))
        return false;
    struct in_addr v4;
    if (inet_pton(AF_INET, name, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return text_equal_nocase(name, "localhost") || strcmp(name, "[::1]") == 0;
}

bool admin_gate_same_origin(const char *origin, const char *host)
{
    const char *origin_host = strstr(origin, "://");
    return origin_host && text_equal_nocase(origin_host + strlen("://"), host);
}

bool admin_gate_type_is_json(const char *type)
{
    static const char json[] = "application/json";
    size_t length = sizeof json - 1;
    return strncasecmp(type, json, length) == 0 && strchr("; \t", type[length]) != NULL;
}

struct admin_token {
    struct signature_key *key;
    unsigned char mark[SIGNATURE_HMAC_SIZE]; /* of the token itself */
};

/* Tokens are compared by their HMACs, which have one length whatever is offered. */
static bool mark_of(struct admin_token *token, const char *text, unsigned char mark[SIGNATURE_HMAC_SIZE])
{
    struct signature_part part = {text, strlen(text)};
    return signature_hmac(token->key, &part, 1, mark);
}

struct admin_token *admin_token_new(const char *text)
{
    struct admin_token *token = calloc(1, sizeof *token);
    if (!token)
        return NULL;
    token->key = signature_key_new(text);
    if (!token->key || !mark_of(token, text, token->mark)) {
        admin_token_free(token);
        return NULL;
    }
    return token;
}

void admin_token_free(struct admin_token *token)
{
    if (!token)
        return;
    signature_key_free(token->key);
    free(token);
}

bool admin_token_ok(struct admin_token *token, const char *authorization)
{
    static const char scheme[] = "Bearer ";
    size_t length = sizeof scheme - 1;
    unsigned char mark[SIGNATURE_HMAC_SIZE];
    return strncasecmp(authorization, scheme, length) == 0 && mark_of(token, authorization + length, mark) &&
           CRYPTO_memcmp(mark, token->mark, sizeof mark) == 0;
}
