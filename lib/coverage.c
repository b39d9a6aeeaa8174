/*
 * Coverage: the hours of each local day as a span of time, looked for among the days around a moment. Local
 * time is counted in seconds since 1970 as if it were UTC, as GLib's time zones do; so a day is a number, and
 * neither months nor leap days are met here.
 *
 * An unknown zone is told by the result. Minutes and days out of range are a broken contract and abort, as
 * does GLib when memory runs out within it.
 */

#include "lib/coverage.h"

#include "lib/text.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MINUTES 1440
#define DAY_S       INT64_C(86400)
#define LAST_MS     INT64_C(253402300799999)
#define ALL_DAYS    0x7FU

/* No zone is or was farther from UTC. */
#define MAX_OFFSET_S (26 * INT64_C(3600))

/* How many days before that of a moment a span may begin that holds it: hours reach into the next day, or to
 * its end, which may come twice. */
#define DAYS_BACK 2
/* As far as something must turn up: a week, a second one when the date line skips its only day, and a third
 * for what follows. */
#define SEARCH_DAYS 28

struct coverage {
    GTimeZone *zone;
    unsigned days;
    int from_minute, to_minute; /* of the day on which they begin: from < to, which may lie in the next */
    size_t shift_count;
    int shift_minutes[]; /* sorted; of the day to which they belong */
};

struct span {
    int64_t from_s, to_s; /* empty if not from < to */
};

/*
 * GLib takes more than the names of the database, which begin with a capital: absolute paths, other files
 * that lie there, and rules like "XYZ+2". Only names with a slash have digits, but for a few like EST5EDT,
 * which have better ones.
 */
static bool is_zone_name(const char *zone)
{
    static const char known[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    if (zone[0] < 'A' || zone[0] > 'Z' || zone[strspn(zone, known)] != '\0')
        return false;
    return strchr(zone, '/') || !strpbrk(zone, "0123456789");
}

/* NULL: unknown. */
static GTimeZone *zone_open(const char *zone)
{
    return is_zone_name(zone) ? g_time_zone_new_identifier(zone) : NULL;
}

/* The number of the time between two changes of the zone's clock in which the moment lies. */
static int interval_at(GTimeZone *zone, int64_t utc_s)
{
    return g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, utc_s);
}

static int64_t local_at(GTimeZone *zone, int64_t utc_s)
{
    return utc_s + g_time_zone_get_offset(zone, interval_at(zone, utc_s));
}

/*
 * The first moment at which the zone's clock reads local_s or later; as an end the last moment before which
 * it read less. These differ only where the clock is set back; where it skips local_s both are the jump.
 */
static int64_t moment_of(GTimeZone *zone, int64_t local_s, bool as_end)
{
    const int first = interval_at(zone, local_s - MAX_OFFSET_S);
    const int last = interval_at(zone, local_s + MAX_OFFSET_S);
    for (int n = 0; n <= last - first; n++) {
        const int interval = as_end ? last - n : first + n;
        const int64_t utc_s = local_s - g_time_zone_get_offset(zone, interval);
        if (first == last || interval_at(zone, as_end ? utc_s - 1 : utc_s) == interval)
            return utc_s;
    }
    const int after_jump = g_time_zone_adjust_time(zone, G_TIME_TYPE_STANDARD, &local_s);
    return local_s - g_time_zone_get_offset(zone, after_jump);
}

static int64_t day_of(int64_t local_s)
{
    return local_s >= 0 ? local_s / DAY_S : -((DAY_S - 1 - local_s) / DAY_S);
}

/* 1970-01-01 was a Thursday. */
static bool is_covered(const struct coverage *c, int64_t day)
{
    const int64_t weekday = ((day + 3) % 7 + 7) % 7;
    return c->days >> weekday & 1;
}

static struct span span_of(const struct coverage *c, int64_t day)
{
    if (!is_covered(c, day))
        return (struct span){0};
    return (struct span){
        .from_s = moment_of(c->zone, day * DAY_S + c->from_minute * 60, false),
        .to_s = moment_of(c->zone, day * DAY_S + c->to_minute * 60, true),
    };
}

static int64_t within_years(int64_t ms)
{
    return ms < 0 ? 0 : ms > LAST_MS ? LAST_MS : ms;
}

static int64_t first_day_around(const struct coverage *c, int64_t at_ms)
{
    return day_of(local_at(c->zone, at_ms / 1000)) - DAYS_BACK;
}

static int compare_minutes(const void *a, const void *b)
{
    const int x = *(const int *)a;
    const int y = *(const int *)b;
    return (x > y) - (x < y);
}

static int checked_minute(int minute)
{
    if (minute < 0 || minute > DAY_MINUTES)
        abort();
    return minute;
}

static void set_shifts(struct coverage *c, const int *minutes, size_t count)
{
    const bool over_midnight = c->to_minute > DAY_MINUTES;
    for (size_t i = 0; i < count; i++) {
        const int minute = checked_minute(minutes[i]);
        c->shift_minutes[i] = over_midnight && minute < c->from_minute ? minute + DAY_MINUTES : minute;
    }
    c->shift_count = count;
    qsort(c->shift_minutes, count, sizeof(c->shift_minutes[0]), compare_minutes);
}

struct coverage *coverage_new(const char *zone, unsigned days, int from_minute, int to_minute,
                              const int *shift_minutes, size_t shift_count)
{
    if (days > ALL_DAYS)
        abort();
    GTimeZone *opened = zone_open(zone);
    struct coverage *c = opened ? malloc(sizeof(*c) + shift_count * sizeof(c->shift_minutes[0])) : NULL;
    if (!c) {
        g_clear_pointer(&opened, g_time_zone_unref);
        return NULL;
    }
    c->zone = opened;
    c->days = days;
    c->from_minute = checked_minute(from_minute);
    c->to_minute = checked_minute(to_minute) > from_minute ? to_minute : to_minute + DAY_MINUTES;
    set_shifts(c, shift_minutes, shift_count);
    return c;
}

void coverage_free(struct coverage *c)
{
    if (!c)
        return;
    g_time_zone_unref(c->zone);
    free(c);
}

bool coverage_is_open(const struct coverage *c, int64_t at_ms)
{
    at_ms = within_years(at_ms);
    const int64_t first = first_day_around(c, at_ms);
    for (int64_t day = first; day <= first + DAYS_BACK + 1; day++) {
        const struct span span = span_of(c, day);
        if (span.from_s * 1000 <= at_ms && at_ms < span.to_s * 1000)
            return true;
    }
    return false;
}

static bool never_changes(const struct coverage *c)
{
    return c->days == 0 || (c->days == ALL_DAYS && c->to_minute - c->from_minute == DAY_MINUTES);
}

/* INT64_MAX: neither of its ends is later. */
static int64_t first_end_after(const struct span *span, int64_t after_ms)
{
    if (span->from_s * 1000 > after_ms)
        return span->from_s * 1000;
    return span->to_s * 1000 > after_ms ? span->to_s * 1000 : INT64_MAX;
}

int64_t coverage_next_change_ms(const struct coverage *c, int64_t after_ms)
{
    if (never_changes(c) || after_ms >= LAST_MS)
        return INT64_MAX;
    after_ms = within_years(after_ms);
    const int64_t first = first_day_around(c, after_ms);
    struct span run = {0}; /* of spans that meet */
    int64_t change_ms = INT64_MAX;
    for (int64_t day = first; day < first + SEARCH_DAYS && change_ms == INT64_MAX; day++) {
        const struct span span = span_of(c, day);
        if (span.from_s >= span.to_s)
            continue;
        if (span.from_s <= run.to_s) {
            run.to_s = span.to_s;
            continue;
        }
        change_ms = first_end_after(&run, after_ms);
        run = span;
    }
    return change_ms;
}

int64_t coverage_next_shift_ms(const struct coverage *c, int64_t after_ms)
{
    if (c->days == 0 || c->shift_count == 0 || after_ms >= LAST_MS)
        return INT64_MAX;
    after_ms = within_years(after_ms);
    const int64_t first = first_day_around(c, after_ms);
    for (int64_t day = first; day < first + SEARCH_DAYS; day++)
        for (size_t i = 0; is_covered(c, day) && i < c->shift_count; i++) {
            const int64_t local_s = day * DAY_S + c->shift_minutes[i] * 60;
            const int64_t shift_ms = moment_of(c->zone, local_s, false) * 1000;
            if (shift_ms > after_ms)
                return shift_ms;
        }
    return INT64_MAX;
}

bool zone_exists(const char *zone)
{
    GTimeZone *opened = zone_open(zone);
    const bool exists = opened != NULL;
    g_clear_pointer(&opened, g_time_zone_unref);
    return exists;
}

void zone_format(const char *zone, int64_t at_ms, char *out, size_t size)
{
    /* GLib's own names of days follow the locale. */
    static const char *const day_names[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    const int64_t utc_s = within_years(at_ms) / 1000;
    GTimeZone *named = zone_open(zone);
    GTimeZone *opened = named ? named : g_time_zone_new_utc();
    const int64_t local_s = local_at(opened, utc_s);
    const int64_t day = day_of(local_s);
    const int minute = (int)((local_s - day * DAY_S) / 60);
    text_format(out, size, "%s %02d:%02d %s", day_names[(day % 7 + 7) % 7], minute / 60, minute % 60,
                g_time_zone_get_abbreviation(opened, interval_at(opened, utc_s)));
    g_time_zone_unref(opened);
}
