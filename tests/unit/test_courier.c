/*
 * courier: every call comes back exactly once with the truth about it: answered, certainly not sent, or sent
 * with unknown outcome; and a write is never sent twice. The services are played by the test itself on
 * loopback, so that it decides when anything is answered.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/courier.h"
#include "daemon/courier_http.h"
#include "tests/unit/loopback_service.h"
#include "tests/unit/suites.h"

#define CALLS_AT_ONCE  8
#define OK_HEAD        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
#define OK_ANSWER      OK_HEAD "\r\n{}"
#define UNAUTHORIZED   "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
#define NOON_MS        INT64_C(1795435200000)
#define TOKEN_ONE_BODY "{\"access_token\":\"tok-one\",\"expires_in\":3600}"
#define TOKEN_TWO_BODY "{\"access_token\":\"tok-two\",\"expires_in\":3600}"

static struct config config;
static struct metrics metrics;
static struct log *event_log;
static char *log_text;
static size_t log_length;
static FILE *log_stream;
static struct mailbox returned;
static struct courier *courier;
static int zendesk, pagerduty, others; /* listening sockets */
static char zendesk_url[64], pagerduty_url[64], others_url[64];
static struct call *back; /* returned calls not looked at yet */
static int64_t last_flight;

/* The ledger. */

static void take_back(void *context, struct call *call)
{
    mailbox_put(context, call);
}

static int64_t send_call(enum service_id service, const char *method, const char *path, bool customer_facing)
{
    struct call *call = calloc(1, sizeof(*call));
    ck_assert_ptr_nonnull(call);
    call->flight = ++last_flight;
    call->service = service;
    call->customer_facing = customer_facing;
    snprintf(call->method, sizeof(call->method), "%s", method);
    call->path = strdup(path);
    call->body = strcmp(method, "GET") == 0 ? NULL : strdup("{\"a\":1}");
    mailbox_put(courier_mailbox(courier), call);
    return last_flight;
}

static int64_t get(const char *path)
{
    return send_call(SERVICE_ZENDESK, "GET", path, false);
}

static int64_t put(const char *path)
{
    return send_call(SERVICE_ZENDESK, "PUT", path, true);
}

static struct call *next_back(void)
{
    while (!back) {
        ck_assert_msg(loopback_is_readable(returned.fd, LOOPBACK_PATIENCE_MS), "no call comes back");
        back = mailbox_take(&returned);
    }
    struct call *call = back;
    back = call->next;
    return call;
}

static bool nothing_is_back(void)
{
    if (!back)
        back = mailbox_take(&returned);
    return !back;
}

static void expect_end(int64_t flight, enum call_end end)
{
    struct call *call = next_back();
    ck_assert_int_eq(call->flight, flight);
    ck_assert_msg(call->end == end, "end %d: %s", (int)call->end, call->error);
    ck_assert_int_eq(call->error[0] != '\0', end != CALL_ANSWERED);
    ck_assert(end == CALL_ANSWERED || (!call->answer && call->status == 0 && call->retry_after_ms == -1));
    call_free(call);
}

static void expect_status(int64_t flight, int status)
{
    struct call *call = next_back();
    ck_assert_int_eq(call->flight, flight);
    ck_assert_msg(call->end == CALL_ANSWERED, "end %d: %s", (int)call->end, call->error);
    ck_assert_int_eq(call->status, status);
    call_free(call);
}

/* Everything put before has been taken and begun: the courier refuses a call of a service that it does not
 * know at once, and it begins connections before it takes letters again. PagerDuty is not configured then. */
static void let_courier_begin(void)
{
    for (int i = 0; i < 2; i++)
        expect_end(send_call(SERVICE_PAGERDUTY, "GET", "/", false), CALL_NOT_SENT);
}

/* Set-up. */

static void start(void)
{
    courier = courier_new(&config, event_log, &metrics, take_back, &returned);
    ck_assert_ptr_nonnull(courier);
    ck_assert(courier_start(courier));
}

static void use_basic(void)
{
    config.zendesk.user = strdup("bot@example.com");
    config.zendesk.api_token = strdup("zd-secret");
}

static void use_oauth(void)
{
    config.zendesk.client_id = strdup("client");
    config.zendesk.client_secret = strdup("oauth-secret");
}

static void use_pagerduty(void)
{
    config.pagerduty.enabled = true;
    config.pagerduty.api_url = strdup(pagerduty_url);
    config.pagerduty.api_token = strdup("pd-secret");
    config.pagerduty.from = strdup("bot@example.com");
}

/* All of them at one address. */
static void use_others(void)
{
    config.slack.api_url = strdup(others_url);
    config.slack.token = strdup("xoxb-secret");
    config.gitlab.api_url = strdup(others_url);
    config.gitlab.token = strdup("glpat-secret");
    ck_assert_int_gt(asprintf(&config.heartbeat.url, "%s/ping/4711?a=b", others_url), 0);
}

/* Its tokens come from elsewhere. */
static void use_zoom(void)
{
    config.zoom.api_url = strdup(others_url);
    ck_assert_int_gt(asprintf(&config.zoom.oauth_url, "%s/oauth/token", zendesk_url), 0);
    config.zoom.account_id = strdup("Acc");
    config.zoom.client_id = strdup("client");
    config.zoom.client_secret = strdup("zoom-secret");
}

static void set_up(void)
{
    static const char *const proxies[] = {"http_proxy", "https_proxy", "all_proxy",
                                          "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"};
    for (size_t i = 0; i < COUNT_OF(proxies); i++)
        unsetenv(proxies[i]);
    log_stream = open_memstream(&log_text, &log_length);
    ck_assert_ptr_nonnull(log_stream);
    event_log = log_open(log_stream, LOG_TARGET_STREAM, LOG_LEVEL_DEBUG, NULL);
    ck_assert_ptr_nonnull(event_log);
    ck_assert(mailbox_init(&returned));
    zendesk = loopback_listen(zendesk_url, sizeof(zendesk_url), "http", true);
    pagerduty = loopback_listen(pagerduty_url, sizeof(pagerduty_url), "http", true);
    others = loopback_listen(others_url, sizeof(others_url), "http", true);
    config.zendesk.api_url = strdup(zendesk_url);
}

/* Also shows, in every test, that nothing comes back twice and no secret is logged. */
static void tear_down(void)
{
    courier_stop(courier, 0);
    courier_free(courier);
    ck_assert(nothing_is_back());
    mailbox_free(&returned);
    log_close(event_log);
    fclose(log_stream);
    ck_assert_ptr_null(strstr(log_text, "secret"));
    ck_assert_ptr_null(strstr(log_text, "tok-"));
    free(log_text);
    close(zendesk);
    close(pagerduty);
    close(others);
    config_free(&config);
}

/* What goes out and what comes in. */

START_TEST(a_read_carries_its_credentials_and_brings_the_answer)
{
    use_basic();
    start();
    int64_t flight = get("/api/v2/x.json?a=b");
    int fd = loopback_request(zendesk);
    ck_assert(loopback_request_is("GET /api/v2/x.json?a=b HTTP/1.1\r\n"));
    ck_assert(loopback_request_has("Authorization: Basic Ym90QGV4YW1wbGUuY29tL3Rva2VuOnpkLXNlY3JldA=="));
    ck_assert(loopback_request_has("Accept: application/json"));
    ck_assert(loopback_request_has("User-Agent: emergencyd/" EMERGENCYD_VERSION));
    ck_assert_ptr_null(strstr(loopback_text(), "Content-Type"));
    ck_assert_ptr_null(strstr(loopback_text(), "Accept-Encoding"));
    loopback_reply(fd, OK_HEAD "Date: Mon, 23 Nov 2026 12:00:00 GMT\r\n\r\n{}");
    struct call *call = next_back();
    ck_assert_int_eq(call->flight, flight);
    ck_assert_int_eq(call->end, CALL_ANSWERED);
    ck_assert_int_eq(call->status, 200);
    ck_assert_str_eq(call->answer, "{}");
    ck_assert_uint_eq(call->answer_length, 2);
    ck_assert_int_eq(call->date_ms, NOON_MS);
    ck_assert_int_gt(call->received_ms, 0);
    ck_assert_int_eq(call->retry_after_ms, -1);
    ck_assert_uint_eq(metrics.calls_zendesk, 1);
    call_free(call);
    close(fd);
}
END_TEST

START_TEST(a_write_to_pagerduty_says_who_and_sends_its_body_at_once)
{
    use_basic();
    use_pagerduty();
    start();
    int64_t flight = send_call(SERVICE_PAGERDUTY, "POST", "/incidents", true);
    int fd = loopback_request(pagerduty);
    ck_assert(loopback_request_is("POST /incidents HTTP/1.1\r\n"));
    ck_assert(loopback_request_has("Authorization: Token token=pd-secret"));
    ck_assert(loopback_request_has("Accept: application/vnd.pagerduty+json;version=2"));
    ck_assert(loopback_request_has("Content-Type: application/json"));
    ck_assert(loopback_request_has("From: bot@example.com"));
    ck_assert_ptr_null(strstr(loopback_text(), "Expect"));
    ck_assert_ptr_nonnull(strstr(loopback_text(), "\r\n\r\n{\"a\":1}"));
    loopback_reply(fd, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    expect_status(flight, 201);
    ck_assert_uint_eq(metrics.calls_pagerduty, 1);
    close(fd);
}
END_TEST

/* Not even the type that libcurl gives what is posted. */
START_TEST(a_write_without_a_body_has_no_type)
{
    use_basic();
    use_pagerduty();
    start();
    struct call *call = calloc(1, sizeof(*call));
    call->service = SERVICE_PAGERDUTY;
    snprintf(call->method, sizeof(call->method), "POST");
    call->path = strdup("/webhook_subscriptions/PS1/enable");
    mailbox_put(courier_mailbox(courier), call);
    int fd = loopback_request(pagerduty);
    ck_assert(loopback_request_is("POST /webhook_subscriptions/PS1/enable HTTP/1.1\r\n"));
    ck_assert(loopback_request_has("Content-Length: 0"));
    ck_assert_ptr_null(strstr(loopback_text(), "Content-Type"));
    ck_assert_ptr_null(strstr(loopback_text(), "From"));
    loopback_reply(fd, OK_ANSWER);
    close(fd);
    call_free(next_back());
}
END_TEST

START_TEST(a_call_may_be_in_somebodys_name)
{
    use_basic();
    use_pagerduty();
    start();
    struct call *call = calloc(1, sizeof(*call));
    call->service = SERVICE_PAGERDUTY;
    snprintf(call->method, sizeof(call->method), "PUT");
    call->path = strdup("/incidents/P1");
    call->from = strdup("ada@example.com");
    mailbox_put(courier_mailbox(courier), call);
    send_call(SERVICE_PAGERDUTY, "PUT", "/incidents/P2", false);
    for (int i = 0; i < 2; i++) {
        int fd = loopback_request(pagerduty);
        const bool first = loopback_request_is("PUT /incidents/P1 ");
        ck_assert(loopback_request_has(first ? "From: ada@example.com" : "From: bot@example.com"));
        loopback_reply(fd, OK_ANSWER);
        close(fd);
    }
    for (int i = 0; i < 2; i++)
        call_free(next_back());
}
END_TEST

START_TEST(every_service_is_called_and_counted)
{
    static const struct {
        enum service_id service;
        const char *method, *path, *request, *line;
    } cases[] = {
        {SERVICE_SLACK, "POST", "/chat.postMessage", "POST /chat.postMessage HTTP/1.1\r\n",
         "Content-Type: application/json; charset=utf-8"},
        {SERVICE_GITLAB, "GET", "/projects/a%2Fb", "GET /projects/a%2Fb HTTP/1.1\r\n",
         "PRIVATE-TOKEN: glpat-secret"},
        {SERVICE_HEARTBEAT, "GET", "", "GET /ping/4711?a=b HTTP/1.1\r\n", "Accept: */*"},
    };
    use_basic();
    use_others();
    start();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t flight = send_call(cases[i].service, cases[i].method, cases[i].path, false);
        int fd = loopback_request(others);
        ck_assert_msg(loopback_request_is(cases[i].request), "%s", loopback_text());
        ck_assert_msg(loopback_request_has(cases[i].line), "%s", loopback_text());
        if (cases[i].service == SERVICE_HEARTBEAT) {
            ck_assert_ptr_null(strstr(loopback_text(), "uthorization"));
            ck_assert_ptr_null(strstr(loopback_text(), "secret"));
        }
        loopback_reply(fd, OK_ANSWER);
        expect_status(flight, 200);
        close(fd);
    }
    ck_assert_uint_eq(metrics.calls_slack, 1);
    ck_assert_uint_eq(metrics.calls_gitlab, 1);
    ck_assert_uint_eq(metrics.calls_heartbeat, 1);
    ck_assert_uint_eq(metrics.calls_zendesk + metrics.calls_pagerduty + metrics.calls_zoom, 0);
    ck_assert_uint_eq(metrics.calls_failed, 0);
}
END_TEST

static const enum service_id redirected[] = {SERVICE_ZENDESK, SERVICE_SLACK, SERVICE_GITLAB};

/* Our credentials would go to wherever it points. */
START_TEST(a_redirect_is_an_answer)
{
    enum service_id service = redirected[_i];
    int listener = service == SERVICE_ZENDESK ? zendesk : others;
    char redirect[200];
    use_basic();
    use_others();
    start();
    snprintf(redirect, sizeof(redirect), "HTTP/1.1 307 Moved\r\nLocation: %s/b\r\nContent-Length: 0\r\n\r\n",
             pagerduty_url);
    int64_t flight = send_call(service, "PUT", "/a", true);
    int fd = loopback_request(listener);
    loopback_reply(fd, redirect);
    expect_status(flight, 307);
    ck_assert(!loopback_is_readable(fd, 0) && !loopback_is_readable(listener, 0) &&
              !loopback_is_readable(pagerduty, 0));
    close(fd);
}
END_TEST

static const struct {
    const char *head;
    int64_t expected_ms;
} waits[] = {
    {"HTTP/1.1 429 No\r\nRetry-After: 7\r\nratelimit-reset: 9\r\n", 7000},
    {"HTTP/1.1 429 No\r\nratelimit-reset: 9\r\n", 9000},
    {"HTTP/1.1 200 OK\r\nratelimit-reset: 9\r\n", -1},
    {"HTTP/1.1 503 No\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\n"
     "Retry-After: Mon, 23 Nov 2026 12:00:30 GMT\r\n",
     30000},
    {"HTTP/1.1 429 No\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\nRetry-After: 2026-11-23T12:01:00Z\r\n",
     60000},
};

START_TEST(an_answer_says_how_long_to_wait)
{
    use_basic();
    start();
    get("/a");
    int fd = loopback_request(zendesk);
    loopback_reply(fd, waits[_i].head);
    loopback_reply(fd, "Content-Length: 0\r\n\r\n");
    struct call *call = next_back();
    ck_assert_int_eq(call->end, CALL_ANSWERED);
    ck_assert_int_eq(call->retry_after_ms, waits[_i].expected_ms);
    call_free(call);
    close(fd);
}
END_TEST

START_TEST(retry_after_takes_seconds_and_dates_and_no_nonsense)
{
    ck_assert_int_eq(courier_http_retry_after("0", NOON_MS), 0);
    ck_assert_int_eq(courier_http_retry_after("120", NOON_MS), 120000);
    ck_assert_int_eq(courier_http_retry_after("9223372036854775807", NOON_MS), 86400000);
    ck_assert_int_eq(courier_http_retry_after("-5", NOON_MS), -1);
    ck_assert_int_eq(courier_http_retry_after("soon", NOON_MS), -1);
    ck_assert_int_eq(courier_http_retry_after("", NOON_MS), -1);
    ck_assert_int_eq(courier_http_retry_after("Mon, 23 Nov 2026 12:00:05 GMT", NOON_MS), 5000);
    ck_assert_int_eq(courier_http_retry_after("Mon, 23 Nov 2026 11:59:59 GMT", NOON_MS), 0);
    ck_assert_int_eq(courier_http_retry_after("2026-11-23T12:00:05Z", NOON_MS), 5000);
    ck_assert_int_eq(courier_http_retry_after("2028-01-01T00:00:00Z", NOON_MS), 86400000);
}
END_TEST

/* Sent or not sent. */

START_TEST(a_refused_connection_is_not_sent)
{
    char url[64];
    int closed = loopback_listen(url, sizeof(url), "http", false);
    free(config.zendesk.api_url);
    config.zendesk.api_url = strdup(url);
    use_basic();
    start();
    expect_end(put("/a"), CALL_NOT_SENT);
    ck_assert_uint_eq(metrics.calls_failed, 1);
    close(closed);
}
END_TEST

START_TEST(a_failed_handshake_is_not_sent)
{
    free(config.zendesk.api_url);
    ck_assert_int_gt(asprintf(&config.zendesk.api_url, "https%s", zendesk_url + 4), 0);
    use_basic();
    start();
    int64_t flight = put("/a");
    int fd = loopback_connection(zendesk);
    ck_assert(loopback_is_readable(fd, LOOPBACK_PATIENCE_MS)); /* the hello */
    loopback_reply(fd, "I speak no TLS\r\n");
    expect_end(flight, CALL_NOT_SENT);
    close(fd);
}
END_TEST

START_TEST(a_service_that_is_not_configured_is_not_sent_to)
{
    use_basic();
    start();
    expect_end(send_call(SERVICE_PAGERDUTY, "GET", "/users/me", false), CALL_NOT_SENT);
}
END_TEST

static const char *const half_answers[] = {
    "", /* closed without a word */
    "HTTP/1.1 200 OK\r\nContent-Le",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"half\":",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"hal",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "this is not HTTP\r\n\r\n",
};

START_TEST(half_an_answer_is_broken)
{
    use_basic();
    start();
    int64_t flight = put("/a");
    int fd = loopback_request(zendesk);
    loopback_reply(fd, half_answers[_i]);
    close(fd);
    expect_end(flight, CALL_BROKEN);
    ck_assert_msg(!loopback_is_readable(zendesk, 0), "sent again");
}
END_TEST

START_TEST(an_endless_answer_is_broken)
{
    static char piece[1 << 16];
    memset(piece, 'x', sizeof(piece));
    use_basic();
    start();
    int64_t flight = get("/a");
    int fd = loopback_request(zendesk);
    loopback_reply(fd, "HTTP/1.1 200 OK\r\n\r\n");
    while (send(fd, piece, sizeof(piece), MSG_NOSIGNAL) > 0)
        ;
    close(fd);
    struct call *call = next_back();
    ck_assert_int_eq(call->flight, flight);
    ck_assert_int_eq(call->end, CALL_BROKEN);
    ck_assert_str_eq(call->error, "the answer is too long");
    call_free(call);
}
END_TEST

/* On a kept connection libcurl would send the write again, although the first may have taken effect. */
START_TEST(a_write_is_never_sent_twice)
{
    use_basic();
    start();
    int64_t flight = get("/read");
    int kept = loopback_request(zendesk);
    loopback_reply(kept, OK_ANSWER);
    expect_status(flight, 200);
    flight = put("/write");
    int fd = loopback_request(zendesk);
    ck_assert(loopback_request_is("PUT /write "));
    close(fd);
    expect_end(flight, CALL_BROKEN);
    ck_assert_msg(!loopback_is_readable(zendesk, 0) && !loopback_is_readable(kept, 0), "sent again");
    close(kept);
}
END_TEST

START_TEST(reads_share_a_connection_and_outlive_its_end)
{
    use_basic();
    start();
    int64_t flight = get("/one");
    int fd = loopback_request(zendesk);
    loopback_reply(fd, OK_ANSWER);
    expect_status(flight, 200);
    flight = get("/two");
    loopback_read_request(fd);
    ck_assert(loopback_request_is("GET /two "));
    close(fd);
    fd = loopback_request(zendesk);
    ck_assert(loopback_request_is("GET /two "));
    loopback_reply(fd, OK_ANSWER);
    expect_status(flight, 200);
    close(fd);
}
END_TEST

/* Order. */

static void hold_all_places(int held[CALLS_AT_ONCE])
{
    for (int i = 0; i < CALLS_AT_ONCE; i++)
        get("/held");
    for (int i = 0; i < CALLS_AT_ONCE; i++)
        held[i] = loopback_request(zendesk);
}

static void close_all(const int held[CALLS_AT_ONCE])
{
    for (int i = 0; i < CALLS_AT_ONCE; i++)
        close(held[i]);
}

START_TEST(no_more_than_eight_at_once_and_customers_first)
{
    static const char *const order[] = {"GET /c1 ", "GET /c2 ", "GET /o1 ", "GET /o2 "};
    int held[CALLS_AT_ONCE];
    use_basic();
    start();
    hold_all_places(held);
    get("/o1");
    get("/o2");
    send_call(SERVICE_ZENDESK, "GET", "/c1", true);
    send_call(SERVICE_ZENDESK, "GET", "/c2", true);
    let_courier_begin();
    ck_assert(!loopback_is_readable(zendesk, 0));
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        loopback_reply(held[0], OK_ANSWER);
        loopback_read_request(held[0]); /* the next one takes the connection over */
        ck_assert_msg(loopback_request_is(order[i]), "%s", loopback_text());
        call_free(next_back());
    }
    courier_stop(courier, 0);
    for (int i = 0; i < CALLS_AT_ONCE; i++)
        call_free(next_back());
    close_all(held);
}
END_TEST

START_TEST(a_silent_service_holds_up_no_other)
{
    int held[CALLS_AT_ONCE];
    use_basic();
    use_pagerduty();
    start();
    hold_all_places(held);
    int64_t flight = send_call(SERVICE_PAGERDUTY, "GET", "/users/me", false);
    int fd = loopback_request(pagerduty);
    loopback_reply(fd, OK_ANSWER);
    expect_status(flight, 200);
    ck_assert(nothing_is_back());
    for (int i = 0; i < CALLS_AT_ONCE; i++) {
        loopback_reply(held[i], OK_ANSWER);
        call_free(next_back());
    }
    close_all(held);
    close(fd);
}
END_TEST

/* Stopping. */

START_TEST(stopping_gives_every_call_back_once)
{
    int held[CALLS_AT_ONCE];
    int seen[3 * CALLS_AT_ONCE + 1] = {0};
    use_basic();
    start();
    hold_all_places(held);
    for (int i = 0; i < CALLS_AT_ONCE; i++)
        put("/waits");
    let_courier_begin();
    courier_stop(courier, 0);
    get("/too-late");
    courier_stop(courier, 0);
    int count = 2 * CALLS_AT_ONCE + 1;
    for (int i = 0; i < count; i++) {
        struct call *call = next_back();
        bool was_held = strcmp(call->path, "/held") == 0;
        ck_assert_int_eq(call->end, was_held ? CALL_BROKEN : CALL_NOT_SENT);
        ck_assert_int_eq(seen[call->flight]++, 0);
        call_free(call);
    }
    ck_assert(nothing_is_back());
    close_all(held);
}
END_TEST

static void *stop_with_grace(void *unused)
{
    courier_stop(courier, LOOPBACK_PATIENCE_MS);
    return unused;
}

START_TEST(what_is_under_way_has_its_grace)
{
    int held[CALLS_AT_ONCE];
    pthread_t stopper;
    use_basic();
    start();
    hold_all_places(held);
    int64_t waits_too = put("/waits");
    let_courier_begin();
    ck_assert_int_eq(pthread_create(&stopper, NULL, stop_with_grace, NULL), 0);
    expect_end(waits_too, CALL_NOT_SENT); /* so it is stopping */
    for (int i = 0; i < CALLS_AT_ONCE; i++) {
        loopback_reply(held[i], OK_ANSWER);
        struct call *call = next_back();
        ck_assert_int_eq(call->status, 200);
        call_free(call);
    }
    pthread_join(stopper, NULL);
    close_all(held);
}
END_TEST

/* Tokens. */

/* The courier asks for a token; it gets this one on a connection that is closed then. */
static void give_token(const char *body)
{
    int fd = loopback_request(zendesk);
    ck_assert_msg(loopback_request_is("POST /oauth/tokens HTTP/1.1\r\n"), "%s", loopback_text());
    ck_assert_ptr_null(strstr(loopback_text(), "Authorization"));
    ck_assert_ptr_nonnull(strstr(loopback_text(), "oauth-secret"));
    loopback_reply_json(fd, body);
    close(fd);
}

START_TEST(calls_wait_for_the_token_and_carry_it)
{
    use_oauth();
    start();
    int64_t flight = put("/a");
    give_token(TOKEN_ONE_BODY);
    int fd = loopback_request(zendesk);
    ck_assert(loopback_request_is("PUT /a "));
    ck_assert(loopback_request_has("Authorization: Bearer tok-one"));
    loopback_reply(fd, OK_ANSWER);
    expect_status(flight, 200);
    close(fd);
}
END_TEST

START_TEST(zooms_token_comes_from_an_address_of_its_own)
{
    use_basic();
    use_zoom();
    start();
    int64_t flight = send_call(SERVICE_ZOOM, "POST", "/users/b%40example.com/meetings", true);
    int fd = loopback_request(zendesk);
    ck_assert_msg(loopback_request_is("POST /oauth/token HTTP/1.1\r\n"), "%s", loopback_text());
    ck_assert(loopback_request_has("Authorization: Basic Y2xpZW50Onpvb20tc2VjcmV0"));
    ck_assert(loopback_request_has("Content-Type: application/x-www-form-urlencoded"));
    ck_assert_ptr_nonnull(strstr(loopback_text(), "\r\n\r\ngrant_type=account_credentials&account_id=Acc"));
    loopback_reply_json(fd, TOKEN_ONE_BODY);
    close(fd);
    fd = loopback_request(others);
    ck_assert(loopback_request_is("POST /users/b%40example.com/meetings HTTP/1.1\r\n"));
    ck_assert(loopback_request_has("Authorization: Bearer tok-one"));
    ck_assert(loopback_request_has("Content-Type: application/json"));
    loopback_reply(fd, UNAUTHORIZED); /* it was revoked */
    close(fd);
    fd = loopback_request(zendesk);
    loopback_reply_json(fd, TOKEN_TWO_BODY);
    close(fd);
    fd = loopback_request(others);
    ck_assert(loopback_request_has("Authorization: Bearer tok-two"));
    loopback_reply(fd, OK_ANSWER);
    expect_status(flight, 200);
    ck_assert_uint_eq(metrics.calls_zoom, 1);
    close(fd);
}
END_TEST

START_TEST(a_401_renews_the_token_once)
{
    use_oauth();
    start();
    int64_t flight = put("/a");
    give_token(TOKEN_ONE_BODY);
    int fd = loopback_request(zendesk);
    loopback_reply(fd, UNAUTHORIZED);
    close(fd);
    give_token(TOKEN_TWO_BODY);
    fd = loopback_request(zendesk);
    ck_assert(loopback_request_is("PUT /a "));
    ck_assert(loopback_request_has("Authorization: Bearer tok-two"));
    ck_assert(nothing_is_back());
    if (_i == 0)
        loopback_reply(fd, OK_ANSWER);
    else
        loopback_reply(fd, UNAUTHORIZED);
    expect_status(flight, _i == 0 ? 200 : 401); /* the second 401 is an answer */
    close(fd);
}
END_TEST

START_TEST(a_401_without_tokens_is_an_answer)
{
    use_basic();
    start();
    int64_t flight = put("/a");
    int fd = loopback_request(zendesk);
    loopback_reply(fd, UNAUTHORIZED);
    expect_status(flight, 401);
    ck_assert(!loopback_is_readable(zendesk, 0));
    close(fd);
}
END_TEST

START_TEST(without_a_token_nothing_is_sent)
{
    static const char *const refusals[] = {
        "", UNAUTHORIZED,
        "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n{\"access_token\":null,\"x\":\"tok-\"}"};
    use_oauth();
    start();
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        int64_t flight = put("/a");
        int fd = loopback_request(zendesk);
        ck_assert(loopback_request_is("POST /oauth/tokens "));
        loopback_reply(fd, refusals[i]);
        close(fd);
        struct call *call = next_back();
        ck_assert_int_eq(call->flight, flight);
        ck_assert_int_eq(call->end, CALL_NOT_SENT);
        ck_assert_int_eq(strncmp(call->error, "no token: ", 10), 0);
        ck_assert_ptr_null(strstr(call->error, "secret"));
        call_free(call);
    }
    int64_t flight = put("/a"); /* and it recovers */
    give_token(TOKEN_ONE_BODY);
    int fd = loopback_request(zendesk);
    loopback_reply(fd, OK_ANSWER);
    expect_status(flight, 200);
    close(fd);
}
END_TEST

START_TEST(stopping_drops_a_request_for_a_token)
{
    use_oauth();
    start();
    int64_t flight = put("/a");
    int fd = loopback_request(zendesk);
    courier_stop(courier, LOOPBACK_PATIENCE_MS);
    expect_end(flight, CALL_NOT_SENT);
    close(fd);
}
END_TEST

Suite *courier_suite(void)
{
    Suite *suite = suite_create("courier");
    TCase *tcase = tcase_create("courier");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_read_carries_its_credentials_and_brings_the_answer);
    tcase_add_test(tcase, a_write_to_pagerduty_says_who_and_sends_its_body_at_once);
    tcase_add_test(tcase, a_write_without_a_body_has_no_type);
    tcase_add_test(tcase, a_call_may_be_in_somebodys_name);
    tcase_add_test(tcase, every_service_is_called_and_counted);
    tcase_add_loop_test(tcase, a_redirect_is_an_answer, 0, (int)COUNT_OF(redirected));
    tcase_add_loop_test(tcase, an_answer_says_how_long_to_wait, 0, (int)COUNT_OF(waits));
    tcase_add_test(tcase, a_refused_connection_is_not_sent);
    tcase_add_test(tcase, a_failed_handshake_is_not_sent);
    tcase_add_test(tcase, a_service_that_is_not_configured_is_not_sent_to);
    tcase_add_loop_test(tcase, half_an_answer_is_broken, 0, (int)COUNT_OF(half_answers));
    tcase_add_test(tcase, an_endless_answer_is_broken);
    tcase_add_test(tcase, a_write_is_never_sent_twice);
    tcase_add_test(tcase, reads_share_a_connection_and_outlive_its_end);
    tcase_add_test(tcase, no_more_than_eight_at_once_and_customers_first);
    tcase_add_test(tcase, a_silent_service_holds_up_no_other);
    tcase_add_test(tcase, stopping_gives_every_call_back_once);
    tcase_add_test(tcase, what_is_under_way_has_its_grace);
    tcase_add_test(tcase, calls_wait_for_the_token_and_carry_it);
    tcase_add_test(tcase, zooms_token_comes_from_an_address_of_its_own);
    tcase_add_loop_test(tcase, a_401_renews_the_token_once, 0, 2);
    tcase_add_test(tcase, a_401_without_tokens_is_an_answer);
    tcase_add_test(tcase, without_a_token_nothing_is_sent);
    tcase_add_test(tcase, stopping_drops_a_request_for_a_token);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("times");
    tcase_add_test(tcase, retry_after_takes_seconds_and_dates_and_no_nonsense);
    suite_add_tcase(suite, tcase);
    return suite;
}
