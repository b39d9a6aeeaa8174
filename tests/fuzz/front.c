/*
 * Server and ledger over a database in memory (/dev/shm) and a Unix socket: TCP would run out of ports after
 * a minute. Started anew now and then by whoever uses it, since what a run lets it keep makes it slower.
 */
#include "tests/fuzz/front.h"

#include "daemon/ledger.h"
#include "daemon/server.h"
#include "tests/fuzz/promise.h"
#include "tests/fuzz/scratch.h"
#include "tests/fuzz/settings.h"

#include <dirent.h>
#include <pthread.h>
#include <sanitizer/lsan_interface.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 20

static struct {
    bool runs;
    struct scratch scratch;
    struct config config;
    char database[128];
    struct sockaddr_un address;
    FILE *log_stream;
    struct log *log;
    struct metrics metrics;
    struct mailbox courier;
    struct ledger *ledger;
    struct server *server;
    sqlite3 *reader;
    sqlite3_stmt *lookup;
    int descriptors_before; /* it was started */
    int descriptors;        /* while nobody is connected */
} front;

/* --- what may be left behind --- */

/* But pipes, which are libFuzzer's, to what names functions for it. SHOW: says what they are. */
static int count_descriptors(bool show)
{
    char target[200];
    int count = 0;
    DIR *all = opendir("/proc/self/fd");
    PROMISE(all, "no /proc");
    for (const struct dirent *fd; (fd = readdir(all));) {
        const ssize_t length = readlinkat(dirfd(all), fd->d_name, target, sizeof target - 1);
        target[length > 0 ? length : 0] = '\0';
        if (length <= 0 || strncmp(target, "pipe:", 5) == 0)
            continue;
        if (show)
            (void)fprintf(stderr, "%s: %s\n", fd->d_name, target);
        count++;
    }
    closedir(all);
    return count;
}

static void check_descriptors(int expected)
{
    PROMISE(count_descriptors(false) == expected, "%d descriptors, and %d before", count_descriptors(true),
            expected);
}

static int64_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* --- the log --- */

static void check_line(const char *line)
{
    promise_text(line, strlen(line) + 1, "a line of the log");
    PROMISE(!strstr(line, SETTINGS_SECRET) && !strstr(line, SETTINGS_SECOND_SECRET) &&
                !strstr(line, "-token"),
            "a secret in: %s", line);
    PROMISE(strspn(line, "0123456789") == 4 && line[4] == '-' && line[10] == 'T', "%s", line);
    for (const char *c = line; *c; c++)
        PROMISE((unsigned char)*c >= ' ' && *c != '\x7f', "%d in: %s", *c, line);
}

/* Of a stream that hands on whole lines. */
static ssize_t take_lines(void *context, const char *text, size_t length)
{
    char *lines = malloc(length);
    char *rest = lines;
    (void)context;
    PROMISE(lines && length > 0 && text[length - 1] == '\n' && !memchr(text, '\0', length), "no line");
    memcpy(lines, text, length);
    lines[length - 1] = '\0';
    for (char *line; (line = strsep(&rest, "\n"));)
        check_line(line);
    free(lines);
    return (ssize_t)length;
}

/* --- starting --- */

static int listening_socket(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    front.address.sun_family = AF_UNIX;
    scratch_path(&front.scratch, "socket", front.address.sun_path, sizeof front.address.sun_path);
    PROMISE(fd >= 0 && bind(fd, (struct sockaddr *)&front.address, sizeof front.address) == 0 &&
                listen(fd, 64) == 0,
            "%s", front.address.sun_path);
    return fd;
}

static void make_parts(void)
{
    char error[300] = "";
    const cookie_io_functions_t functions = {.write = take_lines};
    const struct ledger_exits exits = {.to_courier = &front.courier};
    front.log_stream = fopencookie(NULL, "w", functions);
    PROMISE(front.log_stream, "no memory");
    front.log = log_open(front.log_stream, LOG_TARGET_STREAM, LOG_LEVEL_DEBUG, NULL);
    scratch_path(&front.scratch, "database", front.database, sizeof front.database);
    front.config = *settings();
    front.config.store.path = front.database;
    struct store *store = store_open(front.database, front.log, error, sizeof error);
    PROMISE(front.log && store && mailbox_init(&front.courier), "%s", error);
    front.ledger = ledger_new(&front.config, store, front.log, &front.metrics, &exits);
    PROMISE(front.ledger, "no memory");
    front.server = server_new(settings(), listening_socket(), front.ledger, front.log, &front.metrics, error,
                              sizeof error);
    PROMISE(front.server, "%s", error);
}

/* libFuzzer's signals are for its own thread. */
static void start_threads(void)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    PROMISE(ledger_start(front.ledger) && server_start(front.server), "no threads");
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void open_reader(void)
{
    char path[128];
    scratch_path(&front.scratch, "database", path, sizeof path);
    PROMISE(sqlite3_open_v2(path, &front.reader, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
                sqlite3_prepare_v2(
                    front.reader,
                    "SELECT body FROM payload JOIN event ON event.id = payload.event WHERE repeat_key = ?",
                    -1, &front.lookup, NULL) == SQLITE_OK,
            "%s", sqlite3_errmsg(front.reader));
    PROMISE(!front_has_stored("nothing", ""), "it has never been there");
}

void front_start(void)
{
    front.descriptors_before = count_descriptors(false);
    front.scratch = scratch_make();
    make_parts();
    start_threads();
    open_reader();
    front.descriptors = count_descriptors(false);
    front.runs = true;
}

/* --- stopping --- */

static void expect(const char *sql, const char *answer)
{
    sqlite3_stmt *statement = NULL;
    PROMISE(sqlite3_prepare_v2(front.reader, sql, -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_step(statement) == SQLITE_ROW,
            "%s: %s", sql, sqlite3_errmsg(front.reader));
    const char *found = (const char *)sqlite3_column_text(statement, 0);
    PROMISE(found && strcmp(found, answer) == 0, "%s: %s", sql, found);
    sqlite3_finalize(statement);
}

static void close_reader(void)
{
    expect("PRAGMA integrity_check", "ok");
    expect("SELECT count(*) FROM event WHERE NOT json_valid(meaning)", "0");
    sqlite3_finalize(front.lookup);
    sqlite3_close(front.reader);
}

void front_stop(void)
{
    if (!front.runs)
        return;
    front.runs = false;
    server_quiet(front.server);
    ledger_quiet(front.ledger);
    server_stop(front.server);
    ledger_stop(front.ledger);
    close_reader();
    server_free(front.server);
    ledger_free(front.ledger);
    mailbox_free(&front.courier);
    log_close(front.log);
    PROMISE(fclose(front.log_stream) == 0, "the log");
    scratch_remove(&front.scratch);
    check_descriptors(front.descriptors_before);
    PROMISE(__lsan_do_recoverable_leak_check() == 0, "memory is left behind");
}

/* --- using it --- */

int front_connect(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    PROMISE(fd >= 0 && connect(fd, (struct sockaddr *)&front.address, sizeof front.address) == 0, "%s",
            front.address.sun_path);
    return fd;
}

void front_settle(void)
{
    const int64_t end_s = now_s() + PATIENCE_S;
    while (count_descriptors(false) > front.descriptors && now_s() < end_s)
        sched_yield();
    check_descriptors(front.descriptors);
}

bool front_has_stored(const char *repeat_key, const char *body)
{
    PROMISE(sqlite3_bind_text(front.lookup, 1, repeat_key, -1, SQLITE_TRANSIENT) == SQLITE_OK, "no memory");
    const bool found = sqlite3_step(front.lookup) == SQLITE_ROW;
    const size_t length = found ? (size_t)sqlite3_column_bytes(front.lookup, 0) : 0;
    const bool same =
        found && length == strlen(body) && memcmp(sqlite3_column_blob(front.lookup, 0), body, length) == 0;
    sqlite3_reset(front.lookup);
    return same;
}
