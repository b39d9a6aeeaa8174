/*
 * Values that say where something is: addresses to listen on, URLs to call, links for people. As in
 * config_values.c, value_read cleans up after a refused text, and nothing is logged.
 */
#include "lib/config_values.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/text.h"

#define MAX_HOST_BYTES 253

/* Digits and dots alone must be a whole IPv4 address: 127.1 and 300.0.0.1 are slips, not names. */
static bool host_is_valid(const char *host)
{
    struct in_addr ipv4;
    size_t length = strlen(host);
    if (length == 0 || length > MAX_HOST_BYTES || host[0] == '.' || host[0] == '-')
        return false;
    if (strspn(host, "0123456789.") == length)
        return inet_pton(AF_INET, host, &ipv4) == 1;
    for (const char *c = host; *c; c++) {
        if (!isalnum((unsigned char)*c) && *c != '.' && *c != '-' && *c != '_')
            return false;
    }
    return true;
}

/* Takes the brackets of [::1] away, in place. */
static bool unwrap_host(char *host)
{
    struct in6_addr ipv6;
    size_t length = strlen(host);
    if (host[0] != '[')
        return host_is_valid(host);
    if (host[length - 1] != ']')
        return false;
    memmove(host, host + 1, length - 2);
    host[length - 2] = '\0';
    return inet_pton(AF_INET6, host, &ipv6) == 1;
}

static bool read_address(const struct value_type *type, const char *text, void *out)
{
    struct address *address = out;
    const char *colon = strrchr(text, ':');
    int64_t port = 0;
    (void)type;
    if (!colon || !isdigit((unsigned char)colon[1]) || !text_to_i64(colon + 1, strlen(colon + 1), &port) ||
        port > UINT16_MAX)
        return false;
    address->port = (uint16_t)port;
    address->host = strndup(text, (size_t)(colon - text));
    return address->host && unwrap_host(address->host);
}

static void release_address(void *out)
{
    struct address *address = out;
    free(address->host);
    *address = (struct address){0};
}

bool address_is_loopback(const struct address *address)
{
    struct in_addr ipv4;
    struct in6_addr ipv6;
    if (inet_pton(AF_INET, address->host, &ipv4) == 1)
        return ntohl(ipv4.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, address->host, &ipv6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&ipv6);
    return strcasecmp(address->host, "localhost") == 0;
}

bool address_equal(const struct address *a, const struct address *b)
{
    return a->port == b->port && strcmp(a->host, b->host) == 0;
}

/* The host[:port] at the start of `text`, up to its path. */
static bool read_authority(const char *text, struct address *address)
{
    int length = (int)strcspn(text, "/?#");
    const char *colon = memrchr(text, ':', (size_t)length);
    const char *bracket = memrchr(text, ']', (size_t)length);
    bool has_port = colon && (!bracket || colon > bracket);
    char *full = NULL;
    if (asprintf(&full, "%.*s%s", length, text, has_port ? "" : ":443") < 0)
        return false;
    bool good = value_read(&value_address, full, address) && address->port != 0;
    free(full);
    return good;
}

/* Encrypted, or within this machine; without the characters that end a link where it is shown. */
static bool link_is_valid(const char *text)
{
    struct address address = {0};
    bool https = strncmp(text, "https://", 8) == 0;
    bool http = strncmp(text, "http://", 7) == 0;
    if ((!https && !http) || strpbrk(text, " \t\r\n\v\f\"\\<>|"))
        return false;
    bool good = read_authority(text + (https ? 8 : 7), &address) && (https || address_is_loopback(&address));
    release_address(&address);
    return good;
}

static bool read_link(const struct value_type *type, const char *text, void *out)
{
    return link_is_valid(text) && value_text.read(type, text, out);
}

static bool read_url(const struct value_type *type, const char *text, void *out)
{
    char **url = out;
    (void)type;
    if (!link_is_valid(text) || strpbrk(text, "?#@"))
        return false;
    size_t length = strlen(text);
    while (text[length - 1] == '/')
        length--;
    *url = strndup(text, length);
    return *url != NULL;
}

static bool read_zendesk_url(const struct value_type *type, const char *text, void *out)
{
    static const char suffix[] = "/api/v2";
    char **url = out;
    if (!read_url(type, text, out))
        return false;
    size_t length = strlen(*url);
    size_t tail = sizeof(suffix) - 1;
    if (length > tail && strcmp(*url + length - tail, suffix) == 0)
        (*url)[length - tail] = '\0';
    return true;
}

/* "Text https://…" */
static bool add_link(void *out, const char *item)
{
    size_t start = strlen(item);
    while (start > 0 && item[start - 1] != ' ' && item[start - 1] != '\t')
        start--;
    return start > 0 && link_is_valid(item + start) && value_add_text(out, item);
}

static bool read_link_list(const struct value_type *type, const char *text, void *out)
{
    (void)type;
    return value_read_items(text, add_link, out);
}

#define URL_WANTED "https://HOST, with :PORT and /PATH if need be (http:// only for a loopback host)"

const struct value_type value_address = {
    .wanted = "host:port, or [address]:port for IPv6", .read = read_address, .release = release_address};
const struct value_type value_url = {.wanted = URL_WANTED, .read = read_url, .release = value_release_text};
const struct value_type value_zendesk_url = {
    .wanted = URL_WANTED, .read = read_zendesk_url, .release = value_release_text};
const struct value_type value_link = {.wanted = "a link, https://… (http:// only for a loopback host)",
                                      .read = read_link,
                                      .release = value_release_text};
const struct value_type value_link_list = {.wanted = "\"Text https://…\", separated by commas",
                                           .read = read_link_list,
                                           .release = value_release_text_list,
                                           .list = true};
