/*
 * The texts of a [coverage …]: days, hours, shifts, and the window that is made of them. The types only look
 * whether a text is right and keep it as it is written; config_make_window reads it again, which cannot fail
 * then.
 */
#include "lib/config_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/coverage.h"

#define WEEK_DAYS    7
#define DAY_MINUTES  1440
#define SHIFTS_MAX   24
#define CLOCK_LENGTH 5 /* HH:MM */

struct hours {
    int from_minute, to_minute;
};

struct shifts {
    int minutes[SHIFTS_MAX];
    size_t count;
};

/* ---- days ---- */

/* Days since Monday; WEEK_DAYS: no day. */
static unsigned int read_day(const char *text, size_t length)
{
    static const char *const names[WEEK_DAYS] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    unsigned int day = 0;
    while (day < WEEK_DAYS && (length != strlen(names[day]) || strncasecmp(names[day], text, length) != 0))
        day++;
    return day;
}

/* One day, or a range that may go over the week's end. */
static bool add_days(void *out, const char *item)
{
    unsigned int *days = out;
    size_t length = strcspn(item, "-");
    unsigned int day = read_day(item, length);
    unsigned int last = item[length] == '-' ? read_day(item + length + 1, strlen(item + length + 1)) : day;
    if (day == WEEK_DAYS || last == WEEK_DAYS)
        return false;
    for (; day != last; day = (day + 1) % WEEK_DAYS)
        *days |= 1U << day;
    *days |= 1U << last;
    return true;
}

/* Bit 0 is Monday. */
static bool parse_days(const char *text, unsigned int *days)
{
    *days = 0;
    return value_read_items(text, add_days, days) && *days != 0;
}

/* ---- times of day ---- */

static int two_digits(const char *text)
{
    return (text[0] - '0') * 10 + text[1] - '0';
}

/* HH:MM at the start of the text; 24:00 too. */
static bool read_clock(const char *text, int *minute)
{
    static const char form[] = "00:00";
    for (size_t i = 0; form[i]; i++) {
        if (form[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != form[i])
            return false;
    }
    *minute = two_digits(text) * 60 + two_digits(text + 3);
    return two_digits(text + 3) < 60 && *minute <= DAY_MINUTES;
}

static bool parse_hours(const char *text, struct hours *hours)
{
    return strlen(text) == 2 * CLOCK_LENGTH + 1 && text[CLOCK_LENGTH] == '-' &&
           read_clock(text, &hours->from_minute) && read_clock(text + CLOCK_LENGTH + 1, &hours->to_minute) &&
           hours->from_minute < DAY_MINUTES;
}

static bool add_shift(void *out, const char *item)
{
    struct shifts *shifts = out;
    int minute = 0;
    if (shifts->count == SHIFTS_MAX || strlen(item) != CLOCK_LENGTH || !read_clock(item, &minute))
        return false;
    shifts->minutes[shifts->count++] = minute;
    return minute < DAY_MINUTES;
}

static bool parse_shifts(const char *text, struct shifts *shifts)
{
    *shifts = (struct shifts){0};
    return value_read_items(text, add_shift, shifts);
}

/* ---- the types ---- */

static bool read_days(const struct value_type *type, const char *text, void *out)
{
    unsigned int days = 0;
    return parse_days(text, &days) && value_text.read(type, text, out);
}

static bool read_hours(const struct value_type *type, const char *text, void *out)
{
    struct hours hours;
    return parse_hours(text, &hours) && value_text.read(type, text, out);
}

static bool read_shifts(const struct value_type *type, const char *text, void *out)
{
    struct shifts shifts;
    return parse_shifts(text, &shifts) && (shifts.count == 0 || value_text.read(type, text, out));
}

static bool read_zone(const struct value_type *type, const char *text, void *out)
{
    return zone_exists(text) && value_text.read(type, text, out);
}

const struct value_type value_days = {
    .wanted = "days or ranges of days (mon tue wed thu fri sat sun), separated by commas, such as mon-fri",
    .read = read_days,
    .release = value_release_text,
    .list = true};
const struct value_type value_hours = {
    .wanted = "HH:MM-HH:MM, such as 05:00-17:00, over midnight 22:00-06:00, the whole day 00:00-24:00",
    .read = read_hours,
    .release = value_release_text};
const struct value_type value_shifts = {.wanted = "times of day, HH:MM, separated by commas, at most 24",
                                        .read = read_shifts,
                                        .release = value_release_text,
                                        .list = true};
const struct value_type value_zone = {.wanted = "the name of a time zone, such as Europe/Berlin",
                                      .read = read_zone,
                                      .release = value_release_text};

bool config_make_window(struct config_coverage *coverage)
{
    unsigned int days = 0;
    struct hours hours = {0};
    struct shifts shifts = {0};
    if (!parse_days(coverage->days, &days) || !parse_hours(coverage->hours, &hours) ||
        (coverage->shifts && !parse_shifts(coverage->shifts, &shifts)))
        return false;
    coverage->window = coverage_new(coverage->timezone, days, hours.from_minute, hours.to_minute,
                                    shifts.minutes, shifts.count);
    return coverage->window != NULL;
}
