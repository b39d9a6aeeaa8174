/*
 * The log. A line is made under the log's lock and written whole, with those that wait.
 *
 * A line that can't be written is lost: there is nobody left to tell.
 */

#include "lib/log.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>

/* The journal would name this file as the place of every event. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "lib/text.h"
#include "lib/timestamp.h"

#define TEXT_MAX   2048
#define FIELD_MAX  64
#define HEAD_MAX   128
#define MINUTE_MS  60000
#define IDS_MAX    64
#define ESCAPE_MAX 4                          /* "\x1b" */
#define LINE_BYTES (TEXT_MAX + HEAD_MAX + 64) /* of a stream, with its time and level */
#define HELD_MAX   (4 * LINE_BYTES)

/* How often an id was seen in its current minute. */
struct repeat {
    const char *id; /* null: free */
    enum log_level level;
    int64_t since_ms;
    unsigned seen;
};

struct log {
    FILE *stream;
    enum log_target target;
    enum log_level level;
    log_clock *clock;
    pthread_mutex_t lock; /* for all below, and for the order of the lines */
    struct repeat repeats[IDS_MAX];
    bool holds; /* lines of the holder wait in held, else only while they are written */
    pthread_t holder;
    size_t held_bytes;
    char held[HELD_MAX];
};

struct event {
    int64_t at_ms;
    enum log_level level;
    const char *id;
    int64_t emergency, ticket;
    const char *text; /* escaped */
};

static const struct {
    const char *name;
    char priority; /* as in syslog */
} levels[] = {
    [LOG_LEVEL_ERROR] = {"ERROR", '3'},
    [LOG_LEVEL_WARNING] = {"WARN ", '4'},
    [LOG_LEVEL_INFO] = {"INFO ", '6'},
    [LOG_LEVEL_DEBUG] = {"DEBUG", '7'},
};

static int64_t system_clock(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Control characters, those of U+0080 to U+009F too, could move the cursor or begin a line. */
static bool is_harmless(const char *text, size_t len)
{
    const unsigned char *s = (const unsigned char *)text;
    if (len == 1)
        return s[0] >= 0x20 && s[0] != 0x7F;
    return len > 1 && !(s[0] == 0xC2 && s[1] < 0xA0);
}

/* Writes the byte as "\n" or "\x1b". */
static size_t escape_byte(unsigned char byte, char out[ESCAPE_MAX + 1])
{
    static const char hex[] = "0123456789abcdef";
    static const char named[] = "\nn\tt\rr";
    out[0] = '\\';
    for (const char *name = named; *name; name += 2)
        if (byte == (unsigned char)name[0]) {
            out[1] = name[1];
            return 2;
        }
    out[1] = 'x';
    out[2] = hex[byte >> 4];
    out[3] = hex[byte & 0xF];
    return ESCAPE_MAX;
}

/* Copies a text with all that is no harmless character escaped; ends early where out is full. */
static void escape(const char *text, char *out, size_t size)
{
    size_t len = strlen(text);
    size_t used = 0;
    while (len > 0 && size - used > ESCAPE_MAX) {
        size_t step = text_utf8_char(text, len);
        if (is_harmless(text, step)) {
            memcpy(out + used, text, step);
            used += step;
        } else {
            step = 1;
            used += escape_byte((unsigned char)*text, out + used);
        }
        text += step;
        len -= step;
    }
    out[used] = '\0';
}

/* "E7 T4711 CALL-DONE ": whose event and which. */
static void write_head(const struct event *event, char out[HEAD_MAX])
{
    char emergency[FIELD_MAX] = "";
    char ticket[FIELD_MAX] = "";
    if (event->emergency)
        snprintf(emergency, sizeof(emergency), "E%" PRId64 " ", event->emergency);
    if (event->ticket)
        snprintf(ticket, sizeof(ticket), "T%" PRId64 " ", event->ticket);
    snprintf(out, HEAD_MAX, "%s%s%s ", emergency, ticket, event->id);
}

static void write_held(struct log *log)
{
    fwrite(log->held, 1, log->held_bytes, log->stream);
    fflush(log->stream);
    log->held_bytes = 0;
}

static void write_stream(struct log *log, const struct event *event)
{
    char head[HEAD_MAX];
    char time_text[TIMESTAMP_SIZE];
    write_head(event, head);
    timestamp_format(event->at_ms, time_text);
    if (HELD_MAX - log->held_bytes < LINE_BYTES)
        write_held(log);
    log->held_bytes += (size_t)snprintf(log->held + log->held_bytes, LINE_BYTES, "%s %s %s%s\n", time_text,
                                        levels[event->level].name, head, event->text);
    bool waits = log->holds && pthread_equal(log->holder, pthread_self()) && event->level > LOG_LEVEL_WARNING;
    if (!waits)
        write_held(log);
}

/* Adds a number's field if there is a number. */
static int add_number(struct iovec *field, char text[FIELD_MAX], const char *name, int64_t number)
{
    if (!number)
        return 0;
    field->iov_base = text;
    field->iov_len = (size_t)snprintf(text, FIELD_MAX, "%s=%" PRId64, name, number);
    return 1;
}

/* False if the journal would not have it. */
static bool write_journal(const struct event *event)
{
    char head[HEAD_MAX];
    char message[sizeof("MESSAGE=") + HEAD_MAX + TEXT_MAX];
    char priority[] = "PRIORITY=x";
    char id[FIELD_MAX];
    char emergency[FIELD_MAX];
    char ticket[FIELD_MAX];
    write_head(event, head);
    snprintf(message, sizeof(message), "MESSAGE=%s%s", head, event->text);
    priority[sizeof(priority) - 2] = levels[event->level].priority;
    snprintf(id, sizeof(id), "EVENT=%s", event->id);
    struct iovec fields[5] = {
        {message, strlen(message)},
        {priority, strlen(priority)},
        {id, strlen(id)},
    };
    int n = 3;
    n += add_number(&fields[n], emergency, "EMERGENCY", event->emergency);
    n += add_number(&fields[n], ticket, "TICKET", event->ticket);
    return sd_journal_sendv(fields, n) >= 0;
}

static void write_event(struct log *log, const struct event *event)
{
    if (log->target == LOG_TARGET_JOURNAL && write_journal(event))
        return;
    write_stream(log, event);
}

/* The minute is over: tells what was left out in it. */
static void repeat_end(struct log *log, struct repeat *repeat, int64_t now_ms)
{
    if (repeat->id && repeat->seen > LOG_LINES_A_MINUTE) {
        char text[FIELD_MAX];
        snprintf(text, sizeof(text), "repeated %u times more", repeat->seen - LOG_LINES_A_MINUTE);
        write_event(log, &(struct event){now_ms, repeat->level, repeat->id, 0, 0, text});
    }
    repeat->id = NULL;
}

static void end_old_repeats(struct log *log, int64_t now_ms)
{
    for (size_t i = 0; i < IDS_MAX; i++) {
        struct repeat *repeat = &log->repeats[i];
        /* A clock set back must not silence an id. */
        if (repeat->id && (now_ms - repeat->since_ms >= MINUTE_MS || now_ms < repeat->since_ms))
            repeat_end(log, repeat, now_ms);
    }
}

/* The id's record; a new one takes a free place, or the oldest's. */
static struct repeat *find_repeat(struct log *log, enum log_level level, const char *id, int64_t now_ms)
{
    struct repeat *place = &log->repeats[0];
    for (size_t i = 0; i < IDS_MAX; i++) {
        struct repeat *repeat = &log->repeats[i];
        if (repeat->id && repeat->level == level && strcmp(repeat->id, id) == 0)
            return repeat;
        if (place->id && (!repeat->id || repeat->since_ms < place->since_ms))
            place = repeat;
    }
    repeat_end(log, place, now_ms);
    *place = (struct repeat){.id = id, .level = level, .since_ms = now_ms};
    return place;
}

/* Counts a warning or error; false if there were too many of its id. */
static bool is_within_limit(struct log *log, const struct event *event)
{
    if (event->level > LOG_LEVEL_WARNING)
        return true;
    return ++find_repeat(log, event->level, event->id, event->at_ms)->seen <= LOG_LINES_A_MINUTE;
}

struct log *log_open(FILE *stream, enum log_target target, enum log_level level, log_clock *clock)
{
    struct log *log = calloc(1, sizeof(*log));
    if (!log)
        return NULL;
    if (pthread_mutex_init(&log->lock, NULL) != 0) {
        free(log);
        return NULL;
    }
    log->stream = stream;
    log->target = target;
    log->level = level;
    log->clock = clock ? clock : system_clock;
    return log;
}

void log_hold(struct log *log)
{
    pthread_mutex_lock(&log->lock);
    log->holds = true;
    log->holder = pthread_self();
    pthread_mutex_unlock(&log->lock);
}

void log_release(struct log *log)
{
    pthread_mutex_lock(&log->lock);
    log->holds = false;
    if (log->held_bytes > 0)
        write_held(log);
    pthread_mutex_unlock(&log->lock);
}

void log_close(struct log *log)
{
    if (!log)
        return;
    const int64_t now_ms = log->clock();
    for (size_t i = 0; i < IDS_MAX; i++)
        repeat_end(log, &log->repeats[i], now_ms);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

void log_event(struct log *log, enum log_level level, const char *id, int64_t emergency, int64_t ticket,
               const char *fmt, ...)
{
    if (level > log->level)
        return;
    const int saved_errno = errno;
    char raw[TEXT_MAX];
    char text[TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(raw, sizeof(raw), fmt, args);
    va_end(args);
    escape(raw, text, sizeof(text));

    pthread_mutex_lock(&log->lock);
    const struct event event = {log->clock(), level, id, emergency, ticket, text};
    end_old_repeats(log, event.at_ms);
    if (is_within_limit(log, &event))
        write_event(log, &event);
    pthread_mutex_unlock(&log->lock);
    errno = saved_errno;
}
