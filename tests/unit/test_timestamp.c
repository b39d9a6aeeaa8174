/*
 * timestamp: exactly the senders' forms are read, to the right millisecond, and written back the same.
 */

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "lib/timestamp.h"
#include "tests/unit/suites.h"

#define NOON_MS INT64_C(1795435200000) /* 2026-11-23T12:00:00Z */

START_TEST(rfc3339_is_read_to_the_millisecond)
{
    static const struct {
        const char *text;
        int64_t ms;
        int resolution_ms;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0, 1000},
        {"2026-11-23T12:00:00Z", NOON_MS, 1000},
        {"2026-11-23T12:00:00.000Z", NOON_MS, 1},
        {"2026-11-23T12:00:00.5Z", NOON_MS + 500, 1},
        {"2026-11-23T12:00:00.05Z", NOON_MS + 50, 1},
        {"2026-11-23T12:00:00.123Z", NOON_MS + 123, 1},
        {"2026-11-23T12:00:00.123999Z", NOON_MS + 123, 1},
        {"2026-11-23T12:00:00.999999999Z", NOON_MS + 999, 1},
        {"2026-11-23T12:00:00.0000000000000000000000000000000000001Z", NOON_MS, 1},
        {"2026-11-23T12:00:00+00:00", NOON_MS, 1000},
        {"2026-11-23T14:30:00+02:30", NOON_MS, 1000},
        {"2026-11-23T04:00:00.250-08:00", NOON_MS + 250, 1},
        {"2026-11-24T11:59:00+23:59", NOON_MS, 1000},
        {"1969-12-31T23:00:00-01:00", 0, 1000},
        {"2024-02-29T00:00:00Z", INT64_C(1709164800000), 1000},
        {"2000-02-29T00:00:00Z", INT64_C(951782400000), 1000},
        {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999), 1},
    };
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        int64_t ms = -1;
        int resolution_ms = -1;
        ck_assert_msg(timestamp_parse(good[i].text, &ms, &resolution_ms), "refused: %s", good[i].text);
        ck_assert_int_eq(ms, good[i].ms);
        ck_assert_int_eq(resolution_ms, good[i].resolution_ms);
        ck_assert(timestamp_parse(good[i].text, &ms, NULL));
    }
}
END_TEST

START_TEST(anything_else_is_refused_and_changes_nothing)
{
    static const char *const bad[] = {
        "",
        "now",
        "2026",
        "2026-11-23",
        "2026-11-23T12:00Z",
        "2026-11-23T12:00:00",
        "2026-11-23 12:00:00Z",
        "2026-11-23t12:00:00Z",
        "2026-11-23T12:00:00z",
        "2026-11-23T12:00:00.Z",
        "2026-11-23T12:00:00,5Z",
        "2026-11-23T12:00:00.5",
        "2026-11-23T12:00:00.5 Z",
        "2026-11-23T12:00:00Z ",
        " 2026-11-23T12:00:00Z",
        "2026-11-23T12:00:00ZZ",
        "2026-11-23T12:00:00+0000",
        "2026-11-23T12:00:00+00",
        "2026-11-23T12:00:00+24:00",
        "2026-11-23T12:00:00+00:60",
        "2026-11-23T12:00:00-+1:00",
        "2026-1-23T12:00:00Z",
        "26-11-23T12:00:00Z",
        "2026-00-23T12:00:00Z",
        "2026-13-23T12:00:00Z",
        "2026-11-00T12:00:00Z",
        "2026-11-31T12:00:00Z",
        "2026-02-29T12:00:00Z",
        "2100-02-29T12:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T12:60:00Z",
        "2026-11-23T12:00:60Z",
        "2026-11-23T12:00:-1Z",
        "+026-11-23T12:00:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-00:01",
        "10000-01-01T00:00:00Z",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        int64_t ms = 42;
        int resolution_ms = 43;
        ck_assert_msg(!timestamp_parse(bad[i], &ms, &resolution_ms), "accepted: %s", bad[i]);
        ck_assert_int_eq(ms, 42);
        ck_assert_int_eq(resolution_ms, 43);
    }
}
END_TEST

START_TEST(an_http_date_is_read)
{
    int64_t ms = 0;
    ck_assert(timestamp_parse_http("Mon, 23 Nov 2026 12:00:00 GMT", &ms));
    ck_assert_int_eq(ms, NOON_MS);
    ck_assert(timestamp_parse_http("Sun, 06 Nov 1994 08:49:37 GMT", &ms));
    ck_assert_int_eq(ms, INT64_C(784111777000));
    ck_assert(timestamp_parse_http("Thu, 01 Jan 1970 00:00:00 GMT", &ms));
    ck_assert_int_eq(ms, 0);
}
END_TEST

START_TEST(other_http_dates_are_refused)
{
    static const char *const bad[] = {
        "",
        "Mon, 23 Nov 2026 12:00:00",
        "Mon, 23 Nov 2026 12:00:00 UTC",
        "Mon, 23 Nov 2026 12:00:00 GMT ",
        "Mon, 23 nov 2026 12:00:00 GMT",
        "Mon, 31 Nov 2026 12:00:00 GMT",
        "Tue, 23 Nov 2026 12:00:00 GMT",
        "Mon 23 Nov 2026 12:00:00 GMT",
        "Mon, 3 Nov 2026 12:00:00 GMT",
        "Monday, 23-Nov-26 12:00:00 GMT",
        "Mon Nov 23 12:00:00 2026",
        "Wed, 31 Dec 1969 23:59:59 GMT",
        "Mon, 23 anF 2026 12:00:00 GMT",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        int64_t ms = 42;
        ck_assert_msg(!timestamp_parse_http(bad[i], &ms), "accepted: %s", bad[i]);
        ck_assert_int_eq(ms, 42);
    }
}
END_TEST

static void assert_written(int64_t ms, const char *expected)
{
    char text[TIMESTAMP_SIZE];
    timestamp_format(ms, text);
    ck_assert_str_eq(text, expected);
}

START_TEST(a_time_is_cut_to_the_second)
{
    char text[TIMESTAMP_SIZE];
    timestamp_format_seconds(NOON_MS + 999, text);
    ck_assert_str_eq(text, "2026-11-23T12:00:00Z");
}
END_TEST

START_TEST(a_time_is_written_and_kept_within_its_years)
{
    assert_written(0, "1970-01-01T00:00:00.000Z");
    assert_written(NOON_MS + 7, "2026-11-23T12:00:00.007Z");
    assert_written(INT64_C(253402300799999), "9999-12-31T23:59:59.999Z");
    assert_written(INT64_C(253402300800000), "9999-12-31T23:59:59.999Z");
    assert_written(INT64_MAX, "9999-12-31T23:59:59.999Z");
    assert_written(-1, "1970-01-01T00:00:00.000Z");
    assert_written(INT64_MIN, "1970-01-01T00:00:00.000Z");
}
END_TEST

/* A step that is no multiple of a day walks through all days and times of day; the C library is the judge. */
START_TEST(times_agree_with_the_c_library_through_all_years)
{
    const int64_t step_ms = INT64_C(40) * 86400000 + 3723004;
    for (int64_t ms = 0; ms <= INT64_C(253402300799999); ms += step_ms) {
        char text[TIMESTAMP_SIZE];
        char expected[64];
        const time_t seconds = (time_t)(ms / 1000);
        struct tm tm;
        int64_t again = -1;
        ck_assert_ptr_nonnull(gmtime_r(&seconds, &tm));
        snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02d.%03" PRId64 "Z",
                 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, ms % 1000);
        timestamp_format(ms, text);
        ck_assert_str_eq(text, expected);
        ck_assert(timestamp_parse(text, &again, NULL));
        ck_assert_int_eq(again, ms);
    }
}
END_TEST

Suite *timestamp_suite(void)
{
    Suite *suite = suite_create("timestamp");
    TCase *all = tcase_create("all");
    tcase_add_test(all, rfc3339_is_read_to_the_millisecond);
    tcase_add_test(all, anything_else_is_refused_and_changes_nothing);
    tcase_add_test(all, an_http_date_is_read);
    tcase_add_test(all, other_http_dates_are_refused);
    tcase_add_test(all, a_time_is_written_and_kept_within_its_years);
    tcase_add_test(all, a_time_is_cut_to_the_second);
    tcase_add_test(all, times_agree_with_the_c_library_through_all_years);
    suite_add_tcase(suite, all);
    return suite;
}
