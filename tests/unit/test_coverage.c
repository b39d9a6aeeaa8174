/*
 * coverage: hours and shifts hold by the clock on the wall, wherever and whenever that clock is set; changes
 * and state always agree, minute by minute.
 */

#include <check.h>
#include <glib.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/coverage.h"
#include "lib/timestamp.h"
#include "tests/unit/suites.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

#define LOS_ANGELES "America/Los_Angeles"
#define BERLIN      "Europe/Berlin"

enum {
    MON = 1 << 0,
    TUE = 1 << 1,
    FRI = 1 << 4,
    SAT = 1 << 5,
    SUN = 1 << 6,
    MON_FRI = 0x1F,
    MON_SUN = 0x7F,
};

static struct coverage *covering(const char *zone, unsigned days, int from_minute, int to_minute)
{
    struct coverage *c = coverage_new(zone, days, from_minute, to_minute, NULL, 0);
    ck_assert_msg(c != NULL, "no zone %s", zone);
    return c;
}

static int64_t at(const char *text)
{
    int64_t ms = 0;
    ck_assert_msg(timestamp_parse(text, &ms, NULL), "no time: %s", text);
    return ms;
}

static void assert_moment(int64_t ms, const char *expected, const char *what)
{
    char text[TIMESTAMP_SIZE];
    timestamp_format(ms, text);
    ck_assert_msg(ms == at(expected), "%s is %s, not %s", what, ms == INT64_MAX ? "never" : text, expected);
}

/* Beginning at `from`, it changes exactly at these times, and its state with it; ends with a null. */
static void assert_changes(const struct coverage *c, const char *from, bool open,
                           const char *const expected[])
{
    int64_t ms = at(from);
    ck_assert_msg(coverage_is_open(c, ms) == open, "wrong at first, %s", from);
    for (; *expected; expected++) {
        ms = coverage_next_change_ms(c, ms);
        assert_moment(ms, *expected, "the next change");
        ck_assert_msg(coverage_is_open(c, ms - 1) == open, "wrong before %s", *expected);
        ck_assert_msg(coverage_is_open(c, ms) == !open, "wrong from %s", *expected);
        open = !open;
    }
}

static void assert_shifts(const struct coverage *c, const char *from, const char *const expected[])
{
    int64_t ms = at(from);
    for (; *expected; expected++) {
        ms = coverage_next_shift_ms(c, ms);
        assert_moment(ms, *expected, "the next shift");
    }
}

#define CHANGES(...) ((const char *const[]){__VA_ARGS__, NULL})

START_TEST(hours_of_a_day_end_exclusively)
{
    struct coverage *c = covering(LOS_ANGELES, MON_SUN, 5 * 60, 17 * 60);
    assert_changes(
        c, "2026-11-23T00:00:00-08:00", false,
        CHANGES("2026-11-23T05:00:00-08:00", "2026-11-23T17:00:00-08:00", "2026-11-24T05:00:00-08:00"));
    ck_assert(!coverage_is_open(c, at("2026-11-23T04:59:59.999-08:00")));
    ck_assert(coverage_is_open(c, at("2026-11-23T16:59:59.999-08:00")));
    coverage_free(c);
}
END_TEST

START_TEST(hours_follow_daylight_saving)
{
    struct coverage *c = covering(LOS_ANGELES, MON_SUN, 5 * 60, 17 * 60);
    assert_changes(
        c, "2026-03-07T12:00:00-08:00", true,
        CHANGES("2026-03-07T17:00:00-08:00", "2026-03-08T05:00:00-07:00", "2026-03-08T17:00:00-07:00"));
    assert_changes(
        c, "2026-10-31T12:00:00-07:00", true,
        CHANGES("2026-10-31T17:00:00-07:00", "2026-11-01T05:00:00-08:00", "2026-11-01T17:00:00-08:00"));
    coverage_free(c);
}
END_TEST

START_TEST(days_that_are_not_covered_are_closed)
{
    struct coverage *c = covering(BERLIN, MON_FRI, 9 * 60, 17 * 60);
    assert_changes(
        c, "2026-11-27T12:00:00+01:00", true,
        CHANGES("2026-11-27T17:00:00+01:00", "2026-11-30T09:00:00+01:00", "2026-11-30T17:00:00+01:00"));
    ck_assert(!coverage_is_open(c, at("2026-11-28T12:00:00+01:00")));
    ck_assert(!coverage_is_open(c, at("2026-11-29T12:00:00+01:00")));
    coverage_free(c);

    c = covering(BERLIN, TUE, 0, 24 * 60);
    assert_changes(
        c, "2026-11-23T12:00:00+01:00", false,
        CHANGES("2026-11-24T00:00:00+01:00", "2026-11-25T00:00:00+01:00", "2026-12-01T00:00:00+01:00"));
    coverage_free(c);
}
END_TEST

START_TEST(a_night_counts_by_its_beginning)
{
    /* Friday's goes on into Saturday, there is none from Sunday to Monday. */
    struct coverage *c = covering(BERLIN, MON_FRI, 22 * 60, 6 * 60);
    assert_changes(c, "2026-11-26T12:00:00+01:00", false,
                   CHANGES("2026-11-26T22:00:00+01:00", "2026-11-27T06:00:00+01:00",
                           "2026-11-27T22:00:00+01:00", "2026-11-28T06:00:00+01:00",
                           "2026-11-30T22:00:00+01:00", "2026-12-01T06:00:00+01:00"));
    ck_assert(!coverage_is_open(c, at("2026-11-30T03:00:00+01:00")));
    coverage_free(c);
}
END_TEST

START_TEST(days_that_meet_at_midnight_are_joined)
{
    struct coverage *c = covering(LOS_ANGELES, MON_FRI, 0, 24 * 60);
    assert_changes(
        c, "2026-11-22T12:00:00-08:00", false,
        CHANGES("2026-11-23T00:00:00-08:00", "2026-11-28T00:00:00-08:00", "2026-11-30T00:00:00-08:00"));
    /* Wherever in the week one asks. */
    for (int64_t ms = at("2026-11-23T00:00:00-08:00"); ms < at("2026-11-28T00:00:00-08:00"); ms += HOUR_MS)
        assert_moment(coverage_next_change_ms(c, ms), "2026-11-28T00:00:00-08:00", "the end of the week");
    coverage_free(c);

    c = covering(LOS_ANGELES, MON | TUE, 6 * 60, 6 * 60);
    assert_changes(
        c, "2026-11-22T12:00:00-08:00", false,
        CHANGES("2026-11-23T06:00:00-08:00", "2026-11-25T06:00:00-08:00", "2026-11-30T06:00:00-08:00"));
    coverage_free(c);

    c = covering(LOS_ANGELES, MON, 24 * 60, 24 * 60); /* begins when Monday ends */
    assert_changes(c, "2026-11-23T12:00:00-08:00", false,
                   CHANGES("2026-11-24T00:00:00-08:00", "2026-11-25T00:00:00-08:00"));
    coverage_free(c);
}
END_TEST

START_TEST(always_and_never_do_not_change)
{
    static const int hours[][2] = {{0, 24 * 60}, {0, 0}, {5 * 60, 5 * 60}, {24 * 60, 24 * 60}};
    for (size_t i = 0; i < COUNT_OF(hours); i++) {
        struct coverage *c = covering(BERLIN, MON_SUN, hours[i][0], hours[i][1]);
        ck_assert_int_eq(coverage_next_change_ms(c, at("2026-11-23T12:00:00Z")), INT64_MAX);
        int64_t ms = at("2026-01-01T00:00:00Z");
        while (ms < at("2027-01-01T00:00:00Z") && coverage_is_open(c, ms))
            ms += 10 * MINUTE_MS;
        assert_moment(ms, "2027-01-01T00:00:00Z", "the end of all open moments");
        coverage_free(c);
    }
    struct coverage *never = covering(BERLIN, 0, 0, 24 * 60);
    ck_assert(!coverage_is_open(never, at("2026-11-23T12:00:00Z")));
    ck_assert_int_eq(coverage_next_change_ms(never, at("2026-11-23T12:00:00Z")), INT64_MAX);
    ck_assert_int_eq(coverage_next_shift_ms(never, at("2026-11-23T12:00:00Z")), INT64_MAX);
    coverage_free(never);
}
END_TEST

START_TEST(skipped_times_are_the_jump)
{
    /* 02:00 to 03:00 does not exist on 2026-03-08, the jump is at 10:00Z. */
    struct coverage *c = covering(LOS_ANGELES, SUN, 2 * 60 + 30, 5 * 60);
    assert_changes(c, "2026-03-08T00:00:00-08:00", false,
                   CHANGES("2026-03-08T10:00:00Z", "2026-03-08T05:00:00-07:00"));
    coverage_free(c);

    c = covering(LOS_ANGELES, SUN, 60, 2 * 60 + 30);
    assert_changes(c, "2026-03-08T00:00:00-08:00", false,
                   CHANGES("2026-03-08T01:00:00-08:00", "2026-03-08T10:00:00Z", "2026-03-15T01:00:00-07:00"));
    coverage_free(c);

    c = covering(LOS_ANGELES, SUN, 2 * 60 + 15, 2 * 60 + 45); /* nothing is left of that day's */
    assert_changes(c, "2026-03-08T00:00:00-08:00", false,
                   CHANGES("2026-03-15T02:15:00-07:00", "2026-03-15T02:45:00-07:00"));
    coverage_free(c);

    c = covering(LOS_ANGELES, SUN, 2 * 60, 3 * 60);
    assert_changes(c, "2026-03-08T00:00:00-08:00", false, CHANGES("2026-03-15T02:00:00-07:00"));
    coverage_free(c);
}
END_TEST

START_TEST(doubled_times_open_at_the_first_and_close_at_the_second)
{
    /* 01:00 to 02:00 comes twice on 2026-11-01. */
    struct coverage *c = covering(LOS_ANGELES, SUN, 90, 5 * 60);
    assert_changes(c, "2026-11-01T00:00:00-07:00", false,
                   CHANGES("2026-11-01T01:30:00-07:00", "2026-11-01T05:00:00-08:00"));
    coverage_free(c);

    c = covering(LOS_ANGELES, SUN, 0, 90);
    assert_changes(c, "2026-11-01T00:00:00-07:00", true,
                   CHANGES("2026-11-01T01:30:00-08:00", "2026-11-08T00:00:00-08:00"));
    coverage_free(c);

    c = covering(LOS_ANGELES, SUN, 60, 2 * 60); /* the whole hour, twice */
    assert_changes(c, "2026-11-01T00:00:00-07:00", false,
                   CHANGES("2026-11-01T01:00:00-07:00", "2026-11-01T02:00:00-08:00"));
    coverage_free(c);

    c = covering(LOS_ANGELES, SUN, 0, 60); /* the clock is set back to its very end: nothing comes twice */
    assert_changes(c, "2026-11-01T00:00:00-07:00", true, CHANGES("2026-11-01T01:00:00-07:00"));
    coverage_free(c);

    c = covering(LOS_ANGELES, SUN, 2 * 60, 5 * 60);
    assert_changes(c, "2026-11-01T00:00:00-07:00", false, CHANGES("2026-11-01T02:00:00-08:00"));
    coverage_free(c);
}
END_TEST

START_TEST(half_an_hour_of_daylight_saving)
{
    /* Lord Howe: 02:00+10:30 becomes 02:30+11:00 on 2026-10-04, 02:00+11:00 becomes 01:30+10:30 on 04-05. */
    struct coverage *c = covering("Australia/Lord_Howe", SUN, 2 * 60 + 15, 9 * 60);
    assert_changes(c, "2026-10-04T00:00:00+10:30", false,
                   CHANGES("2026-10-04T02:30:00+11:00", "2026-10-04T09:00:00+11:00"));
    coverage_free(c);
    c = covering("Australia/Lord_Howe", SUN, 100, 110);
    assert_changes(c, "2026-04-05T00:00:00+11:00", false,
                   CHANGES("2026-04-05T01:40:00+11:00", "2026-04-05T01:50:00+10:30"));
    coverage_free(c);
}
END_TEST

START_TEST(a_clock_set_back_at_midnight)
{
    /* Havana: 01:00 becomes 00:00 on Sunday 2026-11-01. Saturday ends at the first midnight. */
    struct coverage *c = covering("America/Havana", SAT, 0, 24 * 60);
    assert_changes(c, "2026-10-31T12:00:00-04:00", true, CHANGES("2026-11-01T00:00:00-04:00"));
    coverage_free(c);
    c = covering("America/Havana", SAT | SUN, 0, 24 * 60);
    assert_changes(c, "2026-10-31T12:00:00-04:00", true, CHANGES("2026-11-02T00:00:00-05:00"));
    coverage_free(c);
}
END_TEST

START_TEST(a_clock_set_back_over_midnight)
{
    /* St. John's: 00:01 on Sunday 2010-11-07 became 23:01 on Saturday, at 02:31Z. */
    struct coverage *c = covering("America/St_Johns", SUN, 0, 24 * 60);
    assert_changes(c, "2010-11-06T12:00:00Z", false, CHANGES("2010-11-07T02:30:00Z", "2010-11-08T03:30:00Z"));
    ck_assert(coverage_is_open(c, at("2010-11-07T02:45:00Z")));
    coverage_free(c);
    c = covering("America/St_Johns", SAT, 12 * 60, 24 * 60);
    assert_changes(c, "2010-11-06T21:00:00Z", true, CHANGES("2010-11-07T03:30:00Z"));
    coverage_free(c);
    c = covering("America/St_Johns", FRI, 24 * 60, 24 * 60);
    assert_changes(c, "2010-11-06T21:00:00Z", true, CHANGES("2010-11-07T03:30:00Z"));
    ck_assert(coverage_is_open(c, at("2010-11-07T02:30:30Z")));
    coverage_free(c);
}
END_TEST

START_TEST(a_day_that_the_date_line_skips)
{
    /* Apia had no Friday 2011-12-30: midnight after Thursday began Saturday. */
    struct coverage *c = covering("Pacific/Apia", FRI, 9 * 60, 17 * 60);
    assert_changes(
        c, "2011-12-23T12:00:00-10:00", true,
        CHANGES("2011-12-23T17:00:00-10:00", "2012-01-06T09:00:00+14:00", "2012-01-06T17:00:00+14:00"));
    /* Also when asked from long before. */
    assert_moment(coverage_next_change_ms(c, at("2011-12-24T00:00:00-10:00")), "2012-01-06T09:00:00+14:00",
                  "the Friday after the skipped one");
    coverage_free(c);

    c = covering("Pacific/Apia", MON_SUN, 9 * 60, 17 * 60);
    assert_changes(
        c, "2011-12-29T12:00:00-10:00", true,
        CHANGES("2011-12-29T17:00:00-10:00", "2011-12-31T09:00:00+14:00", "2011-12-31T17:00:00+14:00"));
    coverage_free(c);

    c = covering("Pacific/Apia", MON_FRI, 22 * 60,
                 6 * 60); /* the skipped Friday's night goes on to Saturday */
    assert_changes(
        c, "2011-12-29T12:00:00-10:00", false,
        CHANGES("2011-12-29T22:00:00-10:00", "2011-12-31T06:00:00+14:00", "2012-01-02T22:00:00+14:00"));
    coverage_free(c);
}
END_TEST

START_TEST(leap_days_and_new_years)
{
    struct coverage *c = covering(BERLIN, MON_SUN, 9 * 60, 17 * 60);
    assert_changes(c, "2028-02-28T12:00:00+01:00", true,
                   CHANGES("2028-02-28T17:00:00+01:00", "2028-02-29T09:00:00+01:00",
                           "2028-02-29T17:00:00+01:00", "2028-03-01T09:00:00+01:00"));
    assert_changes(
        c, "2026-12-31T12:00:00+01:00", true,
        CHANGES("2026-12-31T17:00:00+01:00", "2027-01-01T09:00:00+01:00", "2027-01-01T17:00:00+01:00"));
    coverage_free(c);

    c = covering(LOS_ANGELES, TUE, 22 * 60, 6 * 60); /* 2028-02-29 is a Tuesday */
    assert_changes(
        c, "2028-02-29T12:00:00-08:00", false,
        CHANGES("2028-02-29T22:00:00-08:00", "2028-03-01T06:00:00-08:00", "2028-03-07T22:00:00-08:00"));
    coverage_free(c);
}
END_TEST

START_TEST(zones_far_from_utc)
{
    struct coverage *c = covering("Pacific/Kiritimati", MON, 9 * 60, 17 * 60);
    assert_changes(c, "2026-11-22T12:00:00Z", false, CHANGES("2026-11-22T19:00:00Z", "2026-11-23T03:00:00Z"));
    coverage_free(c);
    c = covering("Pacific/Pago_Pago", MON, 9 * 60, 17 * 60);
    assert_changes(c, "2026-11-23T12:00:00Z", false, CHANGES("2026-11-23T20:00:00Z", "2026-11-24T04:00:00Z"));
    coverage_free(c);
    c = covering("Asia/Kathmandu", MON, 9 * 60, 17 * 60);
    assert_changes(c, "2026-11-23T00:00:00Z", false, CHANGES("2026-11-23T03:15:00Z", "2026-11-23T11:15:00Z"));
    coverage_free(c);
}
END_TEST

START_TEST(moments_at_the_ends_of_time)
{
    struct coverage *c = covering("Pacific/Kiritimati", MON_FRI, 9 * 60, 17 * 60);
    const int64_t last_ms = at("9999-12-31T23:59:59.999Z");
    ck_assert(coverage_is_open(c, INT64_MIN) == coverage_is_open(c, 0));
    ck_assert(coverage_is_open(c, INT64_MAX) == coverage_is_open(c, last_ms));
    ck_assert_int_eq(coverage_next_change_ms(c, INT64_MIN), coverage_next_change_ms(c, 0));
    ck_assert_int_eq(coverage_next_change_ms(c, INT64_MAX), INT64_MAX);
    ck_assert_int_eq(coverage_next_shift_ms(c, INT64_MAX), INT64_MAX);
    ck_assert_int_gt(coverage_next_change_ms(c, last_ms - 1), last_ms - 1);
    coverage_free(c);

    /* 1970-01-01 was a Thursday, and in Los Angeles still Wednesday for eight hours. */
    c = covering(LOS_ANGELES, 1 << 2, 9 * 60, 24 * 60);
    assert_changes(c, "1970-01-01T00:00:00Z", true, CHANGES("1970-01-01T08:00:00Z", "1970-01-07T17:00:00Z"));
    coverage_free(c);
}
END_TEST

START_TEST(shifts_begin_on_covered_days)
{
    static const int shifts[] = {11 * 60, 5 * 60}; /* in any order */
    struct coverage *c = coverage_new(LOS_ANGELES, MON_FRI, 5 * 60, 17 * 60, shifts, 2);
    ck_assert_ptr_nonnull(c);
    assert_shifts(c, "2026-10-29T12:00:00-07:00",
                  CHANGES("2026-10-30T05:00:00-07:00", "2026-10-30T11:00:00-07:00",
                          "2026-11-02T05:00:00-08:00", "2026-11-02T11:00:00-08:00",
                          "2026-11-03T05:00:00-08:00"));
    assert_moment(coverage_next_shift_ms(c, at("2026-11-02T04:59:59.999-08:00")), "2026-11-02T05:00:00-08:00",
                  "the shift");
    coverage_free(c);

    c = covering(LOS_ANGELES, MON_SUN, 5 * 60, 17 * 60);
    ck_assert_int_eq(coverage_next_shift_ms(c, 0), INT64_MAX);
    coverage_free(c);
}
END_TEST

START_TEST(a_shift_after_midnight_belongs_to_its_night)
{
    static const int shifts[] = {2 * 60, 22 * 60};
    struct coverage *c = coverage_new(BERLIN, FRI, 22 * 60, 6 * 60, shifts, 2);
    ck_assert_ptr_nonnull(c);
    assert_shifts(
        c, "2026-11-27T00:00:00+01:00",
        CHANGES("2026-11-27T22:00:00+01:00", "2026-11-28T02:00:00+01:00", "2026-12-04T22:00:00+01:00"));
    coverage_free(c);

    c = coverage_new(BERLIN, FRI, 9 * 60, 17 * 60, shifts, 2); /* no night: the day itself */
    ck_assert_ptr_nonnull(c);
    assert_shifts(
        c, "2026-11-26T00:00:00+01:00",
        CHANGES("2026-11-27T02:00:00+01:00", "2026-11-27T22:00:00+01:00", "2026-12-04T02:00:00+01:00"));
    coverage_free(c);
}
END_TEST

START_TEST(shifts_where_the_clock_is_set)
{
    static const int shifts[] = {90, 2 * 60 + 30, 24 * 60};
    struct coverage *c = coverage_new(LOS_ANGELES, SUN, 0, 24 * 60, shifts, 3);
    ck_assert_ptr_nonnull(c);
    assert_shifts(c, "2026-03-08T00:00:00-08:00",
                  CHANGES("2026-03-08T01:30:00-08:00", "2026-03-08T03:00:00-07:00",
                          "2026-03-09T00:00:00-07:00", "2026-03-15T01:30:00-07:00"));
    assert_shifts(c, "2026-11-01T00:00:00-07:00",
                  CHANGES("2026-11-01T01:30:00-07:00", "2026-11-01T02:30:00-08:00",
                          "2026-11-02T00:00:00-08:00", "2026-11-08T01:30:00-08:00"));
    coverage_free(c);
}
END_TEST

START_TEST(zones_are_known_by_name_only)
{
    static const char *const known[] = {"UTC",
                                        "Etc/GMT+5",
                                        BERLIN,
                                        LOS_ANGELES,
                                        "America/Port-au-Prince",
                                        "America/Argentina/Buenos_Aires",
                                        "GB-Eire"};
    static const char *const unknown[] = {"",
                                          "Mars/Olympus",
                                          "europe/berlin",
                                          "Europe",
                                          "Europe/",
                                          "Europe/..",
                                          "Europe/Berlin ",
                                          " UTC",
                                          "+02:00",
                                          "-5",
                                          "UTC+2",
                                          "GMT+2",
                                          "CET-1CEST,M3.5.0,M10.5.0/3",
                                          "XYZ3",
                                          ":UTC",
                                          "zone.tab",
                                          "leapseconds",
                                          "posixrules",
                                          "right/UTC",
                                          "/etc/localtime",
                                          "/usr/share/zoneinfo/UTC",
                                          "../zoneinfo/UTC",
                                          "/dev/zero",
                                          "Europe/Berlin\n",
                                          "\xC3\xA9",
                                          "Europe//"};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        ck_assert_msg(zone_exists(known[i]), "unknown: %s", known[i]);
    for (size_t i = 0; i < COUNT_OF(unknown); i++) {
        ck_assert_msg(!zone_exists(unknown[i]), "known: %s", unknown[i]);
        ck_assert_ptr_null(coverage_new(unknown[i], MON_SUN, 0, 60, NULL, 0));
    }
    coverage_free(NULL);
}
END_TEST

static void assert_formatted(const char *zone, const char *time, const char *expected)
{
    char text[32];
    zone_format(zone, at(time), text, sizeof(text));
    ck_assert_str_eq(text, expected);
}

START_TEST(a_time_is_written_as_its_zone_reads_it)
{
    assert_formatted(LOS_ANGELES, "2026-11-24T17:00:00-08:00", "Tue 17:00 PST");
    assert_formatted(LOS_ANGELES, "2026-07-04T05:09:59.999-07:00", "Sat 05:09 PDT");
    assert_formatted(LOS_ANGELES, "2026-11-01T08:30:00Z", "Sun 01:30 PDT");
    assert_formatted(LOS_ANGELES, "2026-11-01T09:30:00Z", "Sun 01:30 PST");
    assert_formatted(LOS_ANGELES, "1970-01-01T00:00:00Z", "Wed 16:00 PST");
    assert_formatted(LOS_ANGELES, "2060-07-04T12:00:00Z", "Sun 05:00 PDT"); /* by the rule, not by a table */
    assert_formatted(LOS_ANGELES, "2060-12-24T13:00:00Z", "Fri 05:00 PST");
    assert_formatted(BERLIN, "2026-12-31T23:30:00Z", "Fri 00:30 CET");
    assert_formatted("Asia/Kathmandu", "2026-11-23T12:00:00Z", "Mon 17:45 +0545");
    assert_formatted("UTC", "2028-02-29T00:00:00Z", "Tue 00:00 UTC");
    assert_formatted("Mars/Olympus", "2026-11-23T12:00:00Z", "Mon 12:00 UTC");
    assert_formatted("", "2026-11-23T12:00:00Z", "Mon 12:00 UTC");

    char small[7];
    zone_format(BERLIN, at("2026-11-23T12:00:00Z"), small, sizeof(small));
    ck_assert_str_eq(small, "Mon 13");
    zone_format(BERLIN, INT64_MAX, small, 1);
    ck_assert_str_eq(small, "");
}
END_TEST

static void assert_aborts(unsigned days, int from_minute, int to_minute, int shift_minute)
{
    /* Check's own forking is used up by the test; this child may only abort. */
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        coverage_free(coverage_new(BERLIN, days, from_minute, to_minute, &shift_minute, 1));
        _exit(0);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

START_TEST(values_out_of_range_abort)
{
    assert_aborts(0x80, 0, 60, 0);
    assert_aborts(MON_SUN, -1, 60, 0);
    assert_aborts(MON_SUN, 1441, 60, 0);
    assert_aborts(MON_SUN, 0, -1, 0);
    assert_aborts(MON_SUN, 0, 1441, 0);
    assert_aborts(MON_SUN, 0, 60, -1);
    assert_aborts(MON_SUN, 0, 60, 1441);
}
END_TEST

/* Minute by minute, by another way. */

struct stretch {
    const char *zone;
    unsigned days;
    int from_minute, to_minute;
    const char *from, *until; /* around changes of the clock */
};

static const struct stretch stretches[] = {
    {LOS_ANGELES, MON_SUN, 5 * 60, 17 * 60, "2026-02-20T00:00:00Z", "2026-03-20T00:00:00Z"},
    {LOS_ANGELES, MON_FRI, 90, 2 * 60 + 30, "2026-02-27T00:00:00Z", "2026-03-20T00:00:00Z"},
    {LOS_ANGELES, SUN, 90, 105, "2026-10-25T00:00:00Z", "2026-11-20T00:00:00Z"},
    {LOS_ANGELES, SAT, 22 * 60, 90, "2026-10-25T00:00:00Z", "2026-11-10T00:00:00Z"},
    {LOS_ANGELES, MON | FRI | SUN, 0, 24 * 60, "2026-12-20T00:00:00Z", "2027-01-10T00:00:00Z"},
    {BERLIN, MON_FRI, 22 * 60, 6 * 60, "2026-03-20T00:00:00Z", "2026-04-10T00:00:00Z"},
    {BERLIN, MON_FRI, 22 * 60, 6 * 60, "2026-10-15T00:00:00Z", "2026-11-05T00:00:00Z"},
    {BERLIN, MON_SUN, 2 * 60 + 30, 2 * 60 + 15, "2026-03-25T00:00:00Z", "2026-04-02T00:00:00Z"},
    {BERLIN, MON_SUN, 2 * 60 + 30, 2 * 60 + 15, "2026-10-20T00:00:00Z", "2026-10-30T00:00:00Z"},
    {BERLIN, TUE, 6 * 60, 6 * 60, "2028-02-20T00:00:00Z", "2028-03-10T00:00:00Z"},
    {"Australia/Lord_Howe", MON_SUN, 100, 135, "2026-03-30T00:00:00Z", "2026-04-10T00:00:00Z"},
    {"Australia/Lord_Howe", MON_SUN, 100, 135, "2026-09-25T00:00:00Z", "2026-10-10T00:00:00Z"},
    {"Asia/Kolkata", MON_FRI, 9 * 60 + 1, 18 * 60 - 1, "2026-01-01T00:00:00Z", "2026-01-20T00:00:00Z"},
    {"Pacific/Apia", MON_FRI, 9 * 60, 17 * 60, "2011-12-20T00:00:00Z", "2012-01-10T00:00:00Z"},
    {"Pacific/Apia", FRI, 22 * 60, 6 * 60, "2011-12-20T00:00:00Z", "2012-01-10T00:00:00Z"},
    {"Pacific/Apia", SAT | SUN, 0, 24 * 60, "2011-12-20T00:00:00Z", "2012-01-10T00:00:00Z"},
    {"America/Havana", SAT, 12 * 60, 24 * 60, "2026-10-25T00:00:00Z", "2026-11-10T00:00:00Z"},
    {"America/Havana", SUN, 0, 30, "2026-03-01T00:00:00Z", "2026-03-20T00:00:00Z"},
    {"Africa/Casablanca", MON_SUN, 2 * 60 + 15, 3 * 60 + 15, "2026-02-10T00:00:00Z", "2026-03-30T00:00:00Z"},
};

/* What the wall says: the day and time of day by GLib's own calendar, compared with the hours as written. */
static bool wall_says_open(const struct stretch *s, GDateTime *local)
{
    const int weekday = g_date_time_get_day_of_week(local) - 1;
    const int minute = g_date_time_get_hour(local) * 60 + g_date_time_get_minute(local);
    const bool today = s->days >> weekday & 1;
    const bool yesterday = s->days >> (weekday + 6) % 7 & 1;
    if (s->to_minute > s->from_minute)
        return today && s->from_minute <= minute && minute < s->to_minute;
    return (today && minute >= s->from_minute) || (yesterday && minute < s->to_minute);
}

/* In an hour that comes twice it may be open for longer than the wall says. */
static bool is_near_a_clock_set_back(GDateTime *local)
{
    GDateTime *before = g_date_time_add_hours(local, -2);
    GDateTime *after = g_date_time_add_hours(local, 2);
    const bool near = g_date_time_get_utc_offset(after) < g_date_time_get_utc_offset(before);
    g_date_time_unref(before);
    g_date_time_unref(after);
    return near;
}

static void fail_at(const struct stretch *s, int64_t ms, const char *what)
{
    char text[TIMESTAMP_SIZE];
    timestamp_format(ms, text);
    ck_abort_msg("%s, %s: %s", s->zone, text, what);
}

START_TEST(each_minute_is_as_the_wall_says)
{
    const struct stretch *s = &stretches[_i];
    struct coverage *c = covering(s->zone, s->days, s->from_minute, s->to_minute);
    GTimeZone *zone = g_time_zone_new_identifier(s->zone);
    unsigned open_minutes = 0;
    for (int64_t ms = at(s->from), until = at(s->until); ms < until; ms += MINUTE_MS) {
        GDateTime *utc = g_date_time_new_from_unix_utc(ms / 1000);
        GDateTime *local = g_date_time_to_timezone(utc, zone);
        const bool open = coverage_is_open(c, ms);
        if (open != wall_says_open(s, local) && !(open && is_near_a_clock_set_back(local)))
            fail_at(s, ms, open ? "open" : "closed");
        open_minutes += open;
        g_date_time_unref(local);
        g_date_time_unref(utc);
    }
    ck_assert_uint_gt(open_minutes, 0);
    g_time_zone_unref(zone);
    coverage_free(c);
}
END_TEST

START_TEST(each_change_is_where_the_state_changes)
{
    const struct stretch *s = &stretches[_i];
    struct coverage *c = covering(s->zone, s->days, s->from_minute, s->to_minute);
    int64_t ms = at(s->from);
    const int64_t until = at(s->until);
    bool open = coverage_is_open(c, ms);
    int64_t change_ms = coverage_next_change_ms(c, ms);
    for (ms += MINUTE_MS; ms < until; ms += MINUTE_MS) {
        if (ms == change_ms) {
            if (coverage_is_open(c, ms - 1) != open)
                fail_at(s, ms, "changed before");
            open = !open;
            change_ms = coverage_next_change_ms(c, ms);
        }
        if (change_ms <= ms)
            fail_at(s, ms, "the next change is in the past");
        if (coverage_is_open(c, ms) != open)
            fail_at(s, ms, "changed unforetold, or not at all");
        if (ms / MINUTE_MS % 61 == 0 && coverage_next_change_ms(c, ms) != change_ms)
            fail_at(s, ms, "another change is foretold than before");
    }
    coverage_free(c);
}
END_TEST

static void *read_on(void *data)
{
    const struct coverage *c = data;
    for (int64_t ms = at("2026-01-01T00:00:00Z"); ms < at("2026-03-01T00:00:00Z"); ms += DAY_MS) {
        const bool open = coverage_is_open(c, ms);
        if (coverage_is_open(c, coverage_next_change_ms(c, ms)) == open ||
            coverage_next_shift_ms(c, ms) <= ms)
            abort();
    }
    return NULL;
}

START_TEST(threads_read_one_coverage)
{
    static const int shifts[] = {5 * 60};
    struct coverage *c = coverage_new(LOS_ANGELES, MON_FRI, 5 * 60, 17 * 60, shifts, 1);
    ck_assert_ptr_nonnull(c);
    pthread_t threads[4];
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_on, c), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    coverage_free(c);
}
END_TEST

Suite *coverage_suite(void)
{
    Suite *suite = suite_create("coverage");
    TCase *all = tcase_create("all");
    tcase_add_test(all, hours_of_a_day_end_exclusively);
    tcase_add_test(all, hours_follow_daylight_saving);
    tcase_add_test(all, days_that_are_not_covered_are_closed);
    tcase_add_test(all, a_night_counts_by_its_beginning);
    tcase_add_test(all, days_that_meet_at_midnight_are_joined);
    tcase_add_test(all, always_and_never_do_not_change);
    tcase_add_test(all, skipped_times_are_the_jump);
    tcase_add_test(all, doubled_times_open_at_the_first_and_close_at_the_second);
    tcase_add_test(all, half_an_hour_of_daylight_saving);
    tcase_add_test(all, a_clock_set_back_at_midnight);
    tcase_add_test(all, a_clock_set_back_over_midnight);
    tcase_add_test(all, a_day_that_the_date_line_skips);
    tcase_add_test(all, leap_days_and_new_years);
    tcase_add_test(all, zones_far_from_utc);
    tcase_add_test(all, moments_at_the_ends_of_time);
    tcase_add_test(all, shifts_begin_on_covered_days);
    tcase_add_test(all, a_shift_after_midnight_belongs_to_its_night);
    tcase_add_test(all, shifts_where_the_clock_is_set);
    tcase_add_test(all, zones_are_known_by_name_only);
    tcase_add_test(all, a_time_is_written_as_its_zone_reads_it);
    tcase_add_test(all, values_out_of_range_abort);
    tcase_add_test(all, threads_read_one_coverage);
    suite_add_tcase(suite, all);
    TCase *minutes = tcase_create("minutes");
    tcase_add_loop_test(minutes, each_minute_is_as_the_wall_says, 0, COUNT_OF(stretches));
    tcase_add_loop_test(minutes, each_change_is_where_the_state_changes, 0, COUNT_OF(stretches));
    tcase_set_timeout(minutes, 60);
    suite_add_tcase(suite, minutes);
    return suite;
}
