/*
 * The public listener as a whole: any bytes on its connections are answered by well-formed HTTP or not at
 * all, and whoever comes next is served: a webhook signed as it should be is accepted and in the database.
 *
 * The bytes are what is sent, in pieces that end before "\n%%" and the letter that says what the next one is:
 * r goes on in a write of its own, n on a new connection; p, z, s and m are bodies, and become webhooks
 * signed by PagerDuty, Zendesk, Slack and Zoom.
 */
#include "lib/timestamp.h"
#include "tests/fuzz/front.h"
#include "tests/fuzz/http_answers.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/promise.h"
#include "tests/fuzz/settings.h"
#include "tests/fuzz/signing.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MARK        "\n%%"
#define PATIENCE_MS 20000
#define LIFETIME    256 /* inputs until it is started anew */

/* A connection, and what it has answered. */
struct client {
    int fd;
    bool ended; /* by the server */
    char *answers;
    size_t length;
};

/* --- one connection --- */

static void receive(struct client *client)
{
    char room[4096];
    const ssize_t got = recv(client->fd, room, sizeof room, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    client->ended = got <= 0;
    if (got <= 0)
        return;
    client->answers = realloc(client->answers, client->length + (size_t)got + 1);
    PROMISE(client->answers, "no memory");
    memcpy(client->answers + client->length, room, (size_t)got);
    client->length += (size_t)got;
    client->answers[client->length] = '\0';
}

/* Until there is something to be read, or (WRITING) room to write. */
static void await(const struct client *client, bool writing)
{
    struct pollfd fd = {.fd = client->fd, .events = (short)(POLLIN | (writing ? POLLOUT : 0))};
    const int ready = poll(&fd, 1, PATIENCE_MS);
    PROMISE(ready > 0 || (ready < 0 && errno == EINTR), "nothing happens: %zu bytes so far: %s",
            client->length, client->answers ? client->answers : "");
}

/* Takes answers meanwhile: a server that waits for its client to read does not read itself. */
static void send_all(struct client *client, const char *bytes, size_t length)
{
    while (length > 0 && !client->ended) {
        const ssize_t sent = send(client->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) {
            bytes += sent;
            length -= (size_t)sent;
        } else if (errno != EAGAIN && errno != EINTR) {
            break; /* refused: what there is to say about it is there to be read */
        } else {
            await(client, true);
        }
        receive(client);
    }
}

/* So that what comes next is read by itself: all of it is with the server, or it wants no more. */
static void let_it_read(struct client *client)
{
    const time_t end = time(NULL) + PATIENCE_MS / 1000;
    int unread = 0;
    while (!client->ended && ioctl(client->fd, SIOCOUTQ, &unread) == 0 && unread > 0) {
        PROMISE(time(NULL) < end, "%d bytes are not read: %zu bytes so far: %s", unread, client->length,
                client->answers ? client->answers : "");
        sched_yield();
        receive(client);
    }
}

static struct client client_open(void)
{
    return (struct client){.fd = front_connect()};
}

/* No more is sent; reads to the end and checks it. Returns how many answers there were. */
static size_t client_close(struct client *client, int *last_status)
{
    size_t count = 0;
    *last_status = 0;
    let_it_read(client);
    (void)shutdown(client->fd, SHUT_WR);
    while (!client->ended) {
        await(client, false);
        receive(client);
    }
    if (client->answers)
        count = http_answers_check(client->answers, client->length, last_status);
    free(client->answers);
    close(client->fd);
    return count;
}

/* --- webhooks --- */

static void write_time(const struct way *way, int64_t now_ms, char out[TIMESTAMP_SIZE])
{
    if (way->base64)
        timestamp_format(now_ms, out);
    else
        (void)snprintf(out, TIMESTAMP_SIZE, "%lld", (long long)(now_ms / 1000));
}

static void send_webhook(struct client *client, const struct way *way, const char *body, size_t length)
{
    char signature[SIGNATURE_ROOM];
    char timestamp[TIMESTAMP_SIZE];
    char head[600];
    const struct service *service = way->service;
    struct webhook webhook = {.body = body, .length = length, .timestamp = timestamp};
    write_time(way, (int64_t)time(NULL) * 1000, timestamp);
    way_sign(way, &webhook, SETTINGS_SECRET, signature);
    const int head_length =
        snprintf(head, sizeof head,
                 "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                 "%s: %s%s\r\n%s: %s\r\n\r\n",
                 service->route, service->content_type ? service->content_type : "application/json", length,
                 service->signature_header, way->version, signature,
                 service->timestamp_header ? service->timestamp_header : "X-Nothing", timestamp);
    send_all(client, head, (size_t)head_length);
    send_all(client, body, length);
}

/* One of each service that does nothing but be kept; %s is its id. */
static const struct {
    char letter;
    const char *body, *key;
} examples[] = {
    {'p',
     "{\"event\":{\"id\":\"%s\",\"event_type\":\"incident.annotated\",\"occurred_at\":\"2021-12-08T22:58:"
     "53Z\","
     "\"data\":{\"type\":\"incident_note\",\"incident\":{\"id\":\"P1\"}}}}",
     "pd %s"},
    {'z', "{\"type\":\"zen:event-type:user.created\",\"id\":\"%s\"}", "ze %s"},
    {'s', "command=/emergency&text=help&user_id=U1&channel_id=C1&trigger_id=%s", "sl %s"},
    {'m',
     "{\"event\":\"meeting.started\",\"event_ts\":1648038809439,\"payload\":{\"object\":{\"uuid\":\"%s\"}}}",
     "zm 1648038809439 %s  meeting.started"},
};

/* EXAMPLE with ID in place of its %s. */
static void write_example(const char *example, const char *id, char *out, size_t size)
{
    const char *place = strstr(example, "%s");
    (void)snprintf(out, size, "%.*s%s%s", (int)(place - example), example, id, place + 2);
}

/* Whatever came before, this one is taken, and is there. */
static void check_that_it_serves(void)
{
    static size_t number;
    char id[40];
    char body[400];
    char key[100];
    int status = 0;
    const size_t i = number++ % COUNT_OF(examples);
    (void)snprintf(id, sizeof id, "still-there-%d-%zu", (int)getpid(), number);
    write_example(examples[i].body, id, body, sizeof body);
    write_example(examples[i].key, id, key, sizeof key);
    struct client client = client_open();
    send_webhook(&client, way_of(examples[i].letter), body, strlen(body));
    PROMISE(client_close(&client, &status) == 1 && status == 200, "%d for %s", status, body);
    PROMISE(front_has_stored(key, body), "%s was answered 200 and is not there", body);
}

/* --- the target --- */

static void close_and_check(struct client *client)
{
    int status = 0;
    (void)client_close(client, &status);
}

static void send_piece(struct client *client, char kind, const char *bytes, size_t length)
{
    const struct way *way = way_of(kind);
    if (kind == 'n') {
        close_and_check(client);
        *client = client_open();
    }
    if (way)
        send_webhook(client, way, bytes, length);
    else
        send_all(client, bytes, length);
}

static void send_pieces(struct input input)
{
    struct client client = client_open();
    char kind = 'r';
    while (input.left > 0) {
        size_t length = 0;
        char *piece = input_until(&input, MARK, &length);
        send_piece(&client, kind, piece, length);
        free(piece);
        if (input.left == 0)
            break;
        let_it_read(&client);
        kind = *input.at;
        input.at++;
        input.left--;
    }
    close_and_check(&client);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    (void)settings();
    PROMISE(atexit(front_stop) == 0, "no memory");
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned int age;
    if (age++ % LIFETIME == 0) {
        front_stop();
        front_start();
        check_that_it_serves();
    }
    send_pieces(input_of(data, size));
    check_that_it_serves();
    front_settle();
    return 0;
}
