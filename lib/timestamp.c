/*
 * Times to and from text. The days are counted by the Gregorian calendar's own cycle of 400 years, without
 * the C library's time zones: no locks, no environment.
 *
 * A text that is no time is reported by the result, never warned about here.
 */

#include "lib/timestamp.h"

#include <stddef.h>
#include <string.h>

#define DAY_S           INT64_C(86400)
#define DAYS_PER_CYCLE  INT64_C(146097) /* 400 years */
#define DAYS_TO_1970    INT64_C(719468) /* from 0000-03-01 */
#define LAST_MS         INT64_C(253402300799999)
#define RESOLUTION_S_MS 1000

static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char day_names[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */

struct civil {
    int year, month, day, hour, minute, second;
};

/* Years begin in March here, so that the leap day is a year's last. */
static int64_t days_from_civil(const struct civil *c)
{
    const int64_t year = c->month > 2 ? c->year : c->year - 1;
    const int64_t month = (c->month + 9) % 12;
    const int64_t cycle = year / 400;
    const int64_t of_cycle = year % 400;
    const int64_t day_of_year = (153 * month + 2) / 5 + c->day - 1;
    return cycle * DAYS_PER_CYCLE + of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + day_of_year -
           DAYS_TO_1970;
}

static void civil_from_days(int64_t days, struct civil *c)
{
    days += DAYS_TO_1970;
    const int64_t cycle = days / DAYS_PER_CYCLE;
    const int64_t day = days % DAYS_PER_CYCLE;
    const int64_t of_cycle = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    const int64_t day_of_year = day - (365 * of_cycle + of_cycle / 4 - of_cycle / 100);
    const int64_t month = (5 * day_of_year + 2) / 153;
    c->day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    c->month = (int)(month < 10 ? month + 3 : month - 9);
    c->year = (int)(cycle * 400 + of_cycle + (c->month <= 2 ? 1 : 0));
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes exactly `n` digits off the text. */
static bool take_digits(const char **text, int n, int *out)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        if (!is_digit((*text)[i]))
            return false;
        value = value * 10 + ((*text)[i] - '0');
    }
    *text += n;
    *out = value;
    return true;
}

static bool take(const char **text, const char *expected)
{
    const size_t len = strlen(expected);
    if (strncmp(*text, expected, len) != 0)
        return false;
    *text += len;
    return true;
}

static bool take_date(const char **text, struct civil *c)
{
    return take_digits(text, 4, &c->year) && take(text, "-") && take_digits(text, 2, &c->month) &&
           take(text, "-") && take_digits(text, 2, &c->day);
}

static bool take_clock(const char **text, struct civil *c)
{
    return take_digits(text, 2, &c->hour) && take(text, ":") && take_digits(text, 2, &c->minute) &&
           take(text, ":") && take_digits(text, 2, &c->second);
}

/* The fraction in milliseconds, further digits cut off. True without one too, which *given tells. */
static bool take_fraction(const char **text, int *ms, bool *given)
{
    *ms = 0;
    *given = take(text, ".");
    if (!*given)
        return true;
    if (!is_digit(**text))
        return false;
    for (int worth = 100; is_digit(**text); worth /= 10)
        *ms += worth * (*(*text)++ - '0');
    return true;
}

static bool take_offset(const char **text, int64_t *seconds)
{
    *seconds = 0;
    if (take(text, "Z"))
        return true;
    const int sign = **text == '-' ? -1 : 1;
    int hours = 0;
    int minutes = 0;
    if (!take(text, "+") && !take(text, "-"))
        return false;
    if (!take_digits(text, 2, &hours) || !take(text, ":") || !take_digits(text, 2, &minutes))
        return false;
    *seconds = sign * (hours * 3600 + minutes * 60);
    return hours < 24 && minutes < 60;
}

/* Seconds since 1970, false if there is no such day or time of day. */
static bool civil_to_seconds(const struct civil *c, int64_t *seconds)
{
    if (c->month < 1 || c->month > 12 || c->day < 1 || c->day > days_in_month(c->year, c->month))
        return false;
    if (c->hour > 23 || c->minute > 59 || c->second > 59)
        return false;
    *seconds = days_from_civil(c) * DAY_S + c->hour * 3600 + c->minute * 60 + c->second;
    return true;
}

bool timestamp_parse(const char *text, int64_t *ms, int *resolution_ms)
{
    struct civil c = {0};
    int fraction_ms = 0;
    bool fraction_given = false;
    int64_t offset_s = 0;
    int64_t seconds = 0;
    if (!take_date(&text, &c) || !take(&text, "T") || !take_clock(&text, &c))
        return false;
    if (!take_fraction(&text, &fraction_ms, &fraction_given) || !take_offset(&text, &offset_s) || *text)
        return false;
    /* Year 0 has no March before it to count from; nothing before 1969 can get into the range anyway. */
    if (c.year < 1969 || !civil_to_seconds(&c, &seconds))
        return false;
    const int64_t result = (seconds - offset_s) * 1000 + fraction_ms;
    if (result < 0 || result > LAST_MS)
        return false;
    *ms = result;
    if (resolution_ms)
        *resolution_ms = fraction_given ? 1 : RESOLUTION_S_MS;
    return true;
}

/* Takes one of the three-letter names and tells which, from 0. */
static bool take_name(const char **text, const char *names, int *index)
{
    for (int i = 0; names[3 * i]; i++)
        if (strncmp(*text, names + (size_t)i * 3, 3) == 0) {
            *index = i;
            *text += 3;
            return true;
        }
    return false;
}

bool timestamp_parse_http(const char *text, int64_t *ms)
{
    struct civil c = {0};
    int weekday = 0;
    int64_t seconds = 0;
    if (!take_name(&text, day_names, &weekday) || !take(&text, ", ") || !take_digits(&text, 2, &c.day) ||
        !take(&text, " ") || !take_name(&text, month_names, &c.month) || !take(&text, " ") ||
        !take_digits(&text, 4, &c.year) || !take(&text, " ") || !take_clock(&text, &c))
        return false;
    c.month++;
    if (strcmp(text, " GMT") != 0 || c.year < 1970 || !civil_to_seconds(&c, &seconds))
        return false;
    if (seconds / DAY_S % 7 != weekday)
        return false;
    *ms = seconds * 1000;
    return true;
}

/* Writes `n` digits of the value and moves on. */
static void put_digits(char **out, int value, int n)
{
    for (int i = n - 1; i >= 0; i--) {
        (*out)[i] = (char)('0' + value % 10);
        value /= 10;
    }
    *out += n;
}

void timestamp_format(int64_t ms, char out[TIMESTAMP_SIZE])
{
    ms = ms < 0 ? 0 : ms > LAST_MS ? LAST_MS : ms;
    const int of_day_ms = (int)(ms % (DAY_S * 1000));
    struct civil c = {0};
    civil_from_days(ms / (DAY_S * 1000), &c);
    const struct {
        int value, digits;
        char after;
    } parts[] = {
        {c.year, 4, '-'},
        {c.month, 2, '-'},
        {c.day, 2, 'T'},
        {of_day_ms / 3600000, 2, ':'},
        {of_day_ms / 60000 % 60, 2, ':'},
        {of_day_ms / 1000 % 60, 2, '.'},
        {of_day_ms % 1000, 3, 'Z'},
    };
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        put_digits(&out, parts[i].value, parts[i].digits);
        *out++ = parts[i].after;
    }
    *out = '\0';
}

void timestamp_format_seconds(int64_t ms, char out[TIMESTAMP_SIZE])
{
    timestamp_format(ms, out);
    memcpy(strchr(out, '.'), "Z", sizeof "Z");
}
