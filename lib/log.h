#ifndef EMERGENCYD_LOG_H
#define EMERGENCYD_LOG_H
/*
 * The daemon's log: one line an event, each with a stable id that operators can search and alert for. Lines
 * go to a stream ("2026-11-23T12:00:00.000Z INFO  E7 T4711 CALL-DONE follow-up accepted") or to systemd's
 * journal, with the fields EVENT, EMERGENCY and TICKET. Texts of others can't forge lines: what could is
 * escaped.
 *
 * Of the warnings and of the errors of one id at most LOG_LINES_A_MINUTE a minute are written; the others are
 * counted, and the count is written with the first event, of any kind, after that minute, or at the end.
 *
 * A log is made and closed by main.c; in between every thread may write to it. It is the one module of lib/
 * with a lock and a clock of its own, so that no caller needs to hand it the time.
 */

#include <stdint.h>
#include <stdio.h>

#include "lib/compiler.h"

#define LOG_LINES_A_MINUTE 10

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
};

enum log_target {
    LOG_TARGET_STREAM,
    LOG_TARGET_JOURNAL, /* for a caller that found its stderr to be JOURNAL_STREAM */
};

/* The wall clock in UTC milliseconds. */
typedef int64_t log_clock(void);

struct log;

/*
 * Makes a log that writes events up to `level`. The stream stays the caller's; the journal falls back to it
 * when it refuses a line. `clock` may be null for the system's. Null without memory.
 */
MUST_CHECK struct log *log_open(FILE *stream, enum log_target target, enum log_level level, log_clock *clock);

/* Writes the counts still owed and frees the log, which no other thread may use by then; null is fine. */
void log_close(struct log *log);

/*
 * Writes one event. `id` is a literal such as "CALL-PARKED" (kept, not copied); `emergency` and `ticket` are
 * 0 for none; `fmt` is the text without a line end, cut at about 2000 bytes. Never fails, keeps errno.
 */
void log_event(struct log *log, enum log_level level, const char *id, int64_t emergency, int64_t ticket,
               const char *fmt, ...) PRINTF_LIKE(6, 7);

/*
 * Between the two, this thread's lines for a stream wait in memory, a few thousand bytes of them, to be
 * written in one go; a warning, an error or a line of another thread takes them along. A process that crashes
 * loses them. One thread at a time.
 */
void log_hold(struct log *log);
void log_release(struct log *log);

#endif
