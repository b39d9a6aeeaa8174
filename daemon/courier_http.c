/*
 * HTTP exchanges by libcurl's multi interface. Whatever fails is the end of that one exchange, told in its
 * call; nothing here is a warning or fatal, and nothing is logged.
 *
 * Whether anything was sent decides between CALL_NOT_SENT and CALL_BROKEN, and libcurl's count of bytes sent
 * is the witness: it is 0 after a refused connection, a name that is not found, a failed TLS handshake and a
 * time-out in any of them, and it also counts the attempts that libcurl makes on its own. Such it makes: when
 * a connection that had been used before closes without a byte of an answer, libcurl (7.88) sends the request
 * again, although the service may have done what the first one asked. Reads may go that way, but everything
 * else gets a fresh connection, where it is sent once and never again.
 *
 * An answer whose headers break off in the middle is a success to libcurl (7.88), so their end is watched for
 * here.
 */
#include "daemon/courier_http.h"

#include "lib/text.h"
#include "lib/timestamp.h"
#include "lib/wipe.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define IDLE_CONNECTIONS   16
#define DAY_MS             INT64_C(86400000)
#define ANSWER_FIRST_BYTES 4096

struct exchange {
    struct exchange *next, **link; /* among those under way */
    struct call *call;
    void *owner;
    CURL *easy;
    struct curl_slist *headers;
    char *url;
    size_t room; /* bytes allocated for the answer */
    bool headers_complete;
    bool too_long;
    char why[CURL_ERROR_SIZE];
};

struct courier_http {
    CURLM *multi;
    struct exchange *under_way;
    int count; /* of them */
};

static void exchange_free(struct exchange *exchange)
{
    curl_easy_cleanup(exchange->easy);
    curl_slist_free_all(exchange->headers);
    free(exchange->url);
    free(exchange);
}

static void link_exchange(struct courier_http *http, struct exchange *exchange)
{
    exchange->next = http->under_way;
    exchange->link = &http->under_way;
    if (exchange->next)
        exchange->next->link = &exchange->next;
    http->under_way = exchange;
    http->count++;
}

/* Ends it, for libcurl too. */
static void remove_exchange(struct courier_http *http, struct exchange *exchange)
{
    *exchange->link = exchange->next;
    if (exchange->next)
        exchange->next->link = exchange->link;
    http->count--;
    curl_multi_remove_handle(http->multi, exchange->easy);
    exchange_free(exchange);
}

struct courier_http *courier_http_new(void)
{
    struct courier_http *http = calloc(1, sizeof(*http));
    if (!http)
        return NULL;
    /* What it keeps of a call, headers and answers, holds our credentials. */
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wipe_free, wipe_realloc, strdup, calloc) !=
        CURLE_OK) {
        free(http);
        return NULL;
    }
    http->multi = curl_multi_init();
    if (!http->multi || curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS) != CURLM_OK) {
        courier_http_free(http);
        return NULL;
    }
    return http;
}

void courier_http_free(struct courier_http *http)
{
    if (!http)
        return;
    while (http->under_way)
        remove_exchange(http, http->under_way);
    curl_multi_cleanup(http->multi);
    curl_global_cleanup();
    free(http);
}

/* More room for the answer, which may be a token. */
static bool grow_answer(struct exchange *exchange, size_t wanted)
{
    struct call *call = exchange->call;
    size_t room = exchange->room ? exchange->room : ANSWER_FIRST_BYTES;
    while (room < wanted)
        room *= 2;
    char *answer = wipe_realloc(call->answer, room);
    if (!answer)
        return false;
    call->answer = answer;
    exchange->room = room;
    return true;
}

/* libcurl's: anything but the length it was given breaks the exchange off. */
static size_t take_answer(char *data, size_t one, size_t length, void *context)
{
    struct exchange *exchange = context;
    struct call *call = exchange->call;
    (void)one;
    exchange->too_long = length > COURIER_ANSWER_MAX_BYTES - call->answer_length;
    if (exchange->too_long)
        return 0;
    size_t wanted = call->answer_length + length + 1;
    if (wanted > exchange->room && !grow_answer(exchange, wanted))
        return 0;
    memcpy(call->answer + call->answer_length, data, length);
    call->answer_length += length;
    call->answer[call->answer_length] = '\0';
    return length;
}

/* Headers may come more than once (100 Continue, a proxy's): the last ones count. */
static size_t take_header(char *data, size_t one, size_t length, void *context)
{
    struct exchange *exchange = context;
    (void)one;
    exchange->headers_complete = length > 0 && (data[0] == '\r' || data[0] == '\n');
    return length;
}

static bool add_header(struct exchange *exchange, const char *line)
{
    struct curl_slist *longer = curl_slist_append(exchange->headers, line);
    if (longer)
        exchange->headers = longer;
    return longer;
}

static bool add_headers(struct exchange *exchange, const char *const lines[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!add_header(exchange, lines[i]))
            return false;
    /* Never ask before sending the body; no body has no type, though libcurl would give it one. */
    return add_header(exchange, "Expect:") && (exchange->call->body || add_header(exchange, "Content-Type:"));
}

static bool is_read(const struct call *call)
{
    return strcmp(call->method, "GET") == 0;
}

static bool set_request(const struct exchange *exchange)
{
    CURL *easy = exchange->easy;
    const struct call *call = exchange->call;
    bool good = curl_easy_setopt(easy, CURLOPT_URL, exchange->url) == CURLE_OK &&
                curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->headers) == CURLE_OK &&
                curl_easy_setopt(easy, CURLOPT_USERAGENT, "emergencyd/" EMERGENCYD_VERSION) == CURLE_OK;
    if (!good || is_read(call))
        return good;
    const char *body = call->body ? call->body : "";
    return curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body)) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK;
}

static bool set_manners(CURL *easy, const struct call *call)
{
    const struct {
        CURLoption option;
        long value;
    } manners[] = {
        {CURLOPT_NOSIGNAL, 1},
        {CURLOPT_QUICK_EXIT, 1}, /* or a silent name server would hold up the thread beyond every time-out */
        {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1}, /* a call a connection */
        {CURLOPT_TCP_KEEPALIVE, 1},
        {CURLOPT_CONNECTTIMEOUT_MS, COURIER_CONNECT_TIMEOUT_MS},
        {CURLOPT_TIMEOUT_MS, call->timeout_ms > 0 ? (long)call->timeout_ms : COURIER_CALL_TIMEOUT_MS},
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
        {CURLOPT_SSL_VERIFYPEER, 1},
        {CURLOPT_SSL_VERIFYHOST, 2},
        {CURLOPT_FOLLOWLOCATION, 0},
    };
    for (size_t i = 0; i < COUNT_OF(manners); i++)
        if (curl_easy_setopt(easy, manners[i].option, manners[i].value) != CURLE_OK)
            return false;
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
}

static bool set_callbacks(struct exchange *exchange)
{
    CURL *easy = exchange->easy;
    return curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->why) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange) == CURLE_OK;
}

bool courier_http_begin(struct courier_http *http, struct call *call, void *owner, const char *base_url,
                        const char *const lines[], size_t count)
{
    struct exchange *exchange = calloc(1, sizeof(*exchange));
    if (!exchange)
        return false;
    exchange->call = call;
    exchange->owner = owner;
    exchange->easy = curl_easy_init();
    if (!exchange->easy || asprintf(&exchange->url, "%s%s", base_url, call->path) < 0)
        goto failed;
    if (!add_headers(exchange, lines, count) || !set_request(exchange) ||
        !set_manners(exchange->easy, call) || !set_callbacks(exchange))
        goto failed;
    if (curl_multi_add_handle(http->multi, exchange->easy) != CURLM_OK)
        goto failed;
    link_exchange(http, exchange);
    return true;
failed:
    exchange_free(exchange);
    return false;
}

void courier_http_wait(struct courier_http *http, int fd, int64_t timeout_ms)
{
    int running = 0;
    struct curl_waitfd also = {.fd = fd, .events = CURL_WAIT_POLLIN};
    curl_multi_perform(http->multi, &running);
    if (running < http->count) /* some have ended already */
        return;
    curl_multi_poll(http->multi, &also, 1, timeout_ms < INT32_MAX ? (int)timeout_ms : INT32_MAX, NULL);
    curl_multi_perform(http->multi, &running);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* When the answer began: a long body must not look like a clock that is behind. */
static int64_t answer_began_ms(CURL *easy)
{
    curl_off_t total_us = 0;
    curl_off_t first_us = 0;
    curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &total_us);
    curl_easy_getinfo(easy, CURLINFO_STARTTRANSFER_TIME_T, &first_us);
    return now_ms() - (total_us > first_us ? (total_us - first_us) / 1000 : 0);
}

static const char *header(CURL *easy, const char *name)
{
    struct curl_header *found;
    return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK ? found->value : NULL;
}

int64_t courier_http_retry_after(const char *text, int64_t from_ms)
{
    int64_t value;
    if (text_to_i64(text, strlen(text), &value)) {
        if (value < 0)
            return -1;
        return value < DAY_MS / 1000 ? value * 1000 : DAY_MS;
    }
    if (!timestamp_parse_http(text, &value) && !timestamp_parse(text, &value, NULL))
        return -1;
    if (value <= from_ms)
        return 0;
    return value - from_ms < DAY_MS ? value - from_ms : DAY_MS;
}

static int64_t retry_after_of(CURL *easy, const struct call *call)
{
    const char *text = header(easy, "Retry-After");
    if (!text && call->status == 429)
        text = header(easy, "ratelimit-reset");
    return text ? courier_http_retry_after(text, call->date_ms ? call->date_ms : call->received_ms) : -1;
}

static void note_answer(const struct exchange *exchange)
{
    struct call *call = exchange->call;
    long status = 0;
    curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    call->end = CALL_ANSWERED;
    call->status = (int)status;
    call->received_ms = answer_began_ms(exchange->easy);
    const char *date = header(exchange->easy, "Date");
    if (!date || !timestamp_parse_http(date, &call->date_ms))
        call->date_ms = 0;
    call->retry_after_ms = retry_after_of(exchange->easy, call);
}

/* Half an answer is none. */
static void note_failure(struct exchange *exchange, const char *why)
{
    struct call *call = exchange->call;
    long sent_bytes = 0;
    curl_easy_getinfo(exchange->easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
    call->end = sent_bytes > 0 ? CALL_BROKEN : CALL_NOT_SENT;
    call->retry_after_ms = -1;
    text_copy(call->error, sizeof(call->error), why);
    wipe_free(call->answer);
    call->answer = NULL;
    call->answer_length = 0;
}

static void note_end(struct exchange *exchange, CURLcode result)
{
    if (exchange->too_long)
        note_failure(exchange, "the answer is too long");
    else if (result != CURLE_OK)
        note_failure(exchange, exchange->why[0] ? exchange->why : curl_easy_strerror(result));
    else if (!exchange->headers_complete)
        note_failure(exchange, "the answer broke off in its headers");
    else
        note_answer(exchange);
}

void *courier_http_take(struct courier_http *http)
{
    int left;
    const CURLMsg *message;
    while ((message = curl_multi_info_read(http->multi, &left))) {
        struct exchange *exchange = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode result = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&exchange);
        note_end(exchange, result);
        void *owner = exchange->owner;
        remove_exchange(http, exchange);
        return owner;
    }
    return NULL;
}

void *courier_http_break(struct courier_http *http)
{
    struct exchange *exchange = http->under_way;
    if (!exchange)
        return NULL;
    note_failure(exchange, "broken off: emergencyd is stopping");
    void *owner = exchange->owner;
    remove_exchange(http, exchange);
    return owner;
}
