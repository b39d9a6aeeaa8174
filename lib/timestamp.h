#ifndef EMERGENCYD_TIMESTAMP_H
#define EMERGENCYD_TIMESTAMP_H
/*
 * Points in time as the services write them, to and from UTC milliseconds since 1970 (`_ms`). Reads no clock,
 * no time zone and no locale, allocates nothing. For every thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"

/* "2026-11-23T12:00:00.000Z" and its NUL. */
#define TIMESTAMP_SIZE 25

/*
 * Reads RFC 3339 as "2026-11-23T12:00:00", an optional fraction of any number of digits (cut to
 * milliseconds), and "Z" or "+hh:mm" or "-hh:mm"; capital T and Z only, nothing before or after it. The
 * result lies in the years 1970 to 9999. *resolution_ms (may be null) becomes 1000 if there was no fraction,
 * else 1: two times of one second can't be ordered by a text without one. False, with both untouched, for
 * anything else; leap seconds (":60") are refused.
 */
MUST_CHECK bool timestamp_parse(const char *text, int64_t *ms, int *resolution_ms);

/*
 * Reads an HTTP `Date` in the one form that is still sent, "Mon, 23 Nov 2026 12:00:00 GMT". False, with *ms
 * untouched, for anything else, a wrong day of the week included.
 */
MUST_CHECK bool timestamp_parse_http(const char *text, int64_t *ms);

/* Writes "2026-11-23T12:00:00.000Z". A time outside the years 1970 to 9999 is written as the nearest within.
 */
void timestamp_format(int64_t ms, char out[TIMESTAMP_SIZE]);

/* The same cut to the second, "2026-11-23T12:00:00Z". */
void timestamp_format_seconds(int64_t ms, char out[TIMESTAMP_SIZE]);

#endif
