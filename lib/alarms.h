#ifndef EMERGENCYD_ALARMS_H
#define EMERGENCYD_ALARMS_H
/*
 * The alarms of the rows in the database: at most one for each (kind, row id), on a timing wheel.
 *
 * The database is the truth and this a cache of its due times: an alarm that rings is a hint to read the row
 * and see whether something is to be done now. Alarms are in memory only, and set again from the rows at
 * start.
 *
 * One thread owns an instance and calls it; there is no clock inside. Memory: 33 bytes an alarm where the ids
 * are dense, 2 KB where one alarm is alone among 64 ids; it is given back when the last alarm of 64 ids is
 * gone. struct alarms itself is some 23 KB (better not on the stack) and must not be moved while alarms are
 * set.
 */

#include "lib/compiler.h"
#include "lib/timer_wheel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum alarm_kind {
    ALARM_EMERGENCY, /* the next step of an emergency */
    ALARM_ACTION,    /* the next attempt of a call in the outbox */
};

struct alarm_page;

struct alarm_entry {
    uint64_t number;
    struct alarm_page *page; /* NULL: the entry is vacant */
};

struct alarms {
    struct wheel wheel;
    struct alarm_entry *table; /* pages by number: open addressing, at most half full */
    unsigned table_bits;       /* it has 2^table_bits entries, if any */
    size_t page_count;
};

/* No alarms, at now_ms (>= 0). Allocates nothing. */
void alarms_init(struct alarms *a, int64_t now_ms);

/* Forgets all alarms and gives the memory back. For one that alarms_init, or all zero, made; may be repeated.
 * Use again only after alarms_init. */
void alarms_free(struct alarms *a);

/* Sets the alarm of a row (id > 0), or moves it. Due at once (due_ms <= now of the last advance) means at the
 * next advance. false: out of memory, and nothing has changed; moving an alarm cannot fail. */
MUST_CHECK bool alarms_set(struct alarms *a, enum alarm_kind kind, int64_t id, int64_t due_ms);

/* Clears the alarm of a row, also one that is expired and not popped. Does nothing if there is none. */
void alarms_clear(struct alarms *a, enum alarm_kind kind, int64_t id);

/* See wheel_advance: a smaller now_ms than before counts as that. When the clock was set back: alarms_free,
 * alarms_init with the new time, and set all alarms again. */
void alarms_advance(struct alarms *a, int64_t now_ms);

/* Takes the next expired alarm out, in order of (due_ms, id, kind). false: no more until the next advance,
 * and nothing is written. */
MUST_CHECK bool alarms_pop(struct alarms *a, enum alarm_kind *kind, int64_t *id, int64_t *due_ms);

/* When to advance and pop again, see wheel_next. false: no alarm is set. */
MUST_CHECK bool alarms_next(const struct alarms *a, int64_t *wake_ms);

#endif
