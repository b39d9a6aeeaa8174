#ifndef EMERGENCYD_COVERAGE_H
#define EMERGENCYD_COVERAGE_H
/*
 * The hours during which tickets are worked on, in a time zone, and the beginnings of shifts; times of day as
 * people of that zone read them. The zones are GLib's. Moments are UTC milliseconds since 1970; outside the
 * years 1970 to 9999 they count as the nearest within. Reads no clock.
 *
 * A struct coverage never changes once made: any thread may read it. Making one reads the zone's file.
 *
 * Where the clock jumps: every moment at which it reads a time within a day's hours is open, and the hours of
 * a day are one piece. So what would open, close or begin at a time that is skipped does so at the jump. Of
 * an hour that comes twice: openings and shifts are the first; hours that end within it last until the second
 * time, a little longer than written rather than closed and open again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"

struct coverage;

/*
 * days: bit 0 is Monday … bit 6 Sunday, 0 is never open. Minutes of the local day, 0 to 1440. to_minute <=
 * from_minute means over midnight, into the next day (24 hours if equal): such a day counts by its beginning,
 * and a shift earlier than from_minute belongs to the day before, its night. Hours that meet are one: on all
 * days from 0 to 1440 is always open. Shifts may be in any order; they are copied.
 * NULL: no such zone (as zone_exists has it) or no memory. Values out of range abort.
 */
MUST_CHECK struct coverage *coverage_new(const char *zone, unsigned days, int from_minute, int to_minute,
                                         const int *shift_minutes, size_t shift_count);

void coverage_free(struct coverage *c); /* may be NULL */

bool coverage_is_open(const struct coverage *c, int64_t at_ms);

/* The first moment later than after_ms at which it opens or closes; INT64_MAX: it never does. */
int64_t coverage_next_change_ms(const struct coverage *c, int64_t after_ms);

/* The first moment later than after_ms at which a shift of a covered day begins; INT64_MAX: none does. */
int64_t coverage_next_shift_ms(const struct coverage *c, int64_t after_ms);

/*
 * True if it is the name of a zone in the system's IANA database: "Europe/Berlin", "UTC". "UTC+2" is not: by
 * POSIX it would lie two hours to the west, which is not what its writer meant. Reads the zone's file.
 */
MUST_CHECK bool zone_exists(const char *zone);

/* Writes "Tue 17:00 PST", cut if out (of at least 1 byte) is too small; an unknown zone is written as UTC.
 * Reads the zone's file, unless a coverage in that zone keeps it in memory. */
void zone_format(const char *zone, int64_t at_ms, char *out, size_t size);

#endif
