/*
 * Sends requests at an even rate: sender [--rate N] [--connections N] [--begin EPOCH_MS] PORT FILE
 *
 * FILE holds whole HTTP requests, each behind its length (32 bits, little-endian). They go to PORT of this
 * machine in their order, over N connections (64), at most one at a time on each; N a second (as fast as
 * answers come) from EPOCH_MS on (at once). On standard output: what was reached, as JSON. An answer's time
 * counts from the moment the request should have left, so that waiting for a connection is part of it. Any
 * answer but 200 is a failure: exit 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 1000
#define ANSWER_SIZE     4096
#define PATIENCE_NS     INT64_C(30000000000)
#define SECOND_NS       INT64_C(1000000000)
#define LENGTH_BYTES    4

struct connection {
    int fd;
    bool busy;
    uint64_t request; /* the number of the one under way */
    int64_t since_ns; /* when it should have left */
    char answer[ANSWER_SIZE];
    size_t received;
};

struct sender {
    struct connection connections[CONNECTIONS_MAX];
    size_t connection_count;
    struct connection *idle[CONNECTIONS_MAX];
    size_t idle_count;
    int epoll;
    uint16_t port;
    const unsigned char *next, *end; /* of the file */
    uint64_t begun, ended, count, refused;
    int64_t *took_ns; /* of each request */
    double rate;      /* 0: as fast as answers come */
    int64_t begin_ns;
};

static void demand(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "sender: %s (%s)\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static int64_t clock_ns(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* --- the file --- */

static size_t length_at(const unsigned char *at)
{
    return (size_t)at[0] | (size_t)at[1] << 8 | (size_t)at[2] << 16 | (size_t)at[3] << 24;
}

static void read_file(struct sender *sender, const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    demand(fd >= 0 && fstat(fd, &status) == 0 && status.st_size > 0, path);
    size_t size = (size_t)status.st_size;
    sender->next = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    demand(sender->next != MAP_FAILED, path);
    close(fd);
    sender->end = sender->next + size;
    for (const unsigned char *at = sender->next; at < sender->end; sender->count++) {
        demand(sender->end - at >= LENGTH_BYTES, "the file ends within a length");
        at += LENGTH_BYTES + length_at(at);
        demand(at <= sender->end, "the file ends within a request");
    }
    sender->took_ns = calloc(sender->count, sizeof *sender->took_ns);
    demand(sender->took_ns, "no memory");
}

/* --- connections --- */

static void open_connection(struct sender *sender, struct connection *connection)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(sender->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    int on = 1;
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    demand(connection->fd >= 0 &&
               connect(connection->fd, (const struct sockaddr *)&address, sizeof address) == 0,
           "no connection");
    demand(setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
               epoll_ctl(sender->epoll, EPOLL_CTL_ADD, connection->fd, &event) == 0,
           "no connection");
}

static void open_connections(struct sender *sender)
{
    sender->epoll = epoll_create1(EPOLL_CLOEXEC);
    demand(sender->epoll >= 0, "no epoll");
    for (size_t i = 0; i < sender->connection_count; i++) {
        open_connection(sender, &sender->connections[i]);
        sender->idle[sender->idle_count++] = &sender->connections[i];
    }
}

static void begin_request(struct sender *sender, int64_t since_ns)
{
    struct connection *connection = sender->idle[--sender->idle_count];
    size_t length = length_at(sender->next);
    connection->busy = true;
    connection->request = sender->begun++;
    connection->since_ns = since_ns;
    connection->received = 0;
    /* what is sent at once fits into the socket's buffer, which is empty */
    ssize_t sent = send(connection->fd, sender->next + LENGTH_BYTES, length, MSG_NOSIGNAL);
    demand(sent == (ssize_t)length, "a request can't be sent");
    sender->next += LENGTH_BYTES + length;
}

/* The length of the whole answer that has come so far; 0: there is more to come. */
static size_t answer_length(const char *answer, size_t received)
{
    static const char key[] = "\r\nContent-Length:";
    const char *head_end = strstr(answer, "\r\n\r\n");
    if (!head_end)
        return 0;
    const char *length = strcasestr(answer, key);
    size_t whole = (size_t)(head_end - answer) + 4;
    if (length && length < head_end)
        whole += strtoul(length + sizeof key - 1, NULL, 10);
    return received >= whole ? whole : 0;
}

static void end_request(struct sender *sender, struct connection *connection)
{
    sender->took_ns[connection->request] = clock_ns(CLOCK_MONOTONIC) - connection->since_ns;
    if (strncmp(connection->answer, "HTTP/1.1 200 ", 13) != 0 && sender->refused++ == 0)
        fprintf(stderr, "sender: request %" PRIu64 " was answered: %s\n", connection->request,
                connection->answer);
    connection->busy = false;
    sender->ended++;
    sender->idle[sender->idle_count++] = connection;
}

static void take_answer(struct sender *sender, struct connection *connection)
{
    ssize_t got = recv(connection->fd, connection->answer + connection->received,
                       ANSWER_SIZE - 1 - connection->received, 0);
    demand(got > 0 || !connection->busy, "a connection ended instead of an answer");
    if (got <= 0) { /* an idle one may end */
        close(connection->fd);
        open_connection(sender, connection);
        return;
    }
    demand(connection->busy, "an answer to nothing");
    connection->received += (size_t)got;
    connection->answer[connection->received] = '\0';
    demand(connection->received < ANSWER_SIZE - 1, "an answer is too long");
    if (answer_length(connection->answer, connection->received) > 0)
        end_request(sender, connection);
}

/* --- the run --- */

static int64_t due_ns(const struct sender *sender, int64_t now_ns)
{
    if (sender->rate == 0)
        return now_ns > sender->begin_ns ? now_ns : sender->begin_ns;
    return sender->begin_ns + (int64_t)((double)sender->begun * 1e9 / sender->rate);
}

/* Begins what is due; how long there is nothing to do but to wait for answers. */
static int64_t begin_due(struct sender *sender)
{
    int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    while (sender->idle_count > 0 && sender->begun < sender->count) {
        int64_t since_ns = due_ns(sender, now_ns);
        if (since_ns > now_ns)
            return since_ns - now_ns;
        begin_request(sender, since_ns);
    }
    return PATIENCE_NS;
}

static void run(struct sender *sender)
{
    struct epoll_event events[64];
    while (sender->ended < sender->count) {
        int64_t wait_ns = begin_due(sender);
        const struct timespec wait = {.tv_sec = wait_ns / SECOND_NS, .tv_nsec = wait_ns % SECOND_NS};
        int count = epoll_pwait2(sender->epoll, events, 64, &wait, NULL);
        demand(count > 0 || (count == 0 && (wait_ns < PATIENCE_NS || sender->begun == sender->ended)),
               "no answer in 30 s");
        for (int i = 0; i < count; i++)
            take_answer(sender, events[i].data.ptr);
    }
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double part_ms(const struct sender *sender, double part)
{
    return (double)sender->took_ns[(uint64_t)(part * (double)(sender->count - 1))] / 1e6;
}

static void tell(const struct sender *sender, double seconds)
{
    qsort(sender->took_ns, sender->count, sizeof *sender->took_ns, compare);
    printf("{\"requests\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"seconds\":%.3f,\"rate\":%.0f,"
           "\"answer_ms\":{\"p50\":%.2f,\"p99\":%.2f,\"max\":%.2f}}\n",
           sender->count, sender->refused, seconds, (double)sender->count / seconds, part_ms(sender, 0.5),
           part_ms(sender, 0.99), part_ms(sender, 1));
}

static void read_options(struct sender *sender, int argc, char *argv[])
{
    int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    sender->connection_count = 64;
    sender->begin_ns = now_ns;
    for (; argc > 2 && strncmp(argv[0], "--", 2) == 0; argc -= 2, argv += 2) {
        if (strcmp(argv[0], "--rate") == 0)
            sender->rate = strtod(argv[1], NULL);
        else if (strcmp(argv[0], "--connections") == 0)
            sender->connection_count = strtoul(argv[1], NULL, 10);
        else if (strcmp(argv[0], "--begin") == 0)
            sender->begin_ns = now_ns + strtoll(argv[1], NULL, 10) * 1000000 - clock_ns(CLOCK_REALTIME);
        else
            demand(false, argv[0]);
    }
    demand(argc == 2 && sender->rate >= 0 && sender->connection_count > 0 &&
               sender->connection_count <= CONNECTIONS_MAX,
           "usage: sender [--rate N] [--connections N] [--begin EPOCH_MS] PORT FILE");
    sender->port = (uint16_t)strtoul(argv[0], NULL, 10);
    read_file(sender, argv[1]);
}

int main(int argc, char *argv[])
{
    static struct sender sender;
    read_options(&sender, argc - 1, argv + 1);
    open_connections(&sender);
    int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    if (sender.begin_ns < now_ns)
        sender.begin_ns = now_ns;
    run(&sender);
    tell(&sender, (double)(clock_ns(CLOCK_MONOTONIC) - sender.begin_ns) / 1e9);
    return sender.refused == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
