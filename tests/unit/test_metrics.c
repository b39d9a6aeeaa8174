/*
 * metrics: the text that Prometheus reads: one heading a name although several label sets share it, the
 * counters as they are, and never half a text.
 */
#include <stdio.h>
#include <string.h>

#include "lib/metrics.h"
#include "tests/unit/suites.h"

static char text[16384];

static size_t count(const char *what)
{
    size_t n = 0;
    for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
        n++;
    return n;
}

START_TEST(counters_are_written_with_their_labels)
{
    struct metrics metrics = {0};
    metrics_count(&metrics.webhooks_zendesk);
    metrics_count(&metrics.webhooks_zendesk);
    metrics_count(&metrics.webhooks_zoom);
    metrics_count(&metrics.calls_gitlab);
    metrics_count(&metrics.commits);
    ck_assert_uint_eq(metrics_write(&metrics, text, sizeof(text)), strlen(text));
    ck_assert_ptr_nonnull(strstr(text, "\nemergencyd_webhooks_total{service=\"zendesk\"} 2\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nemergencyd_webhooks_total{service=\"pagerduty\"} 0\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nemergencyd_webhooks_total{service=\"zoom\"} 1\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nemergencyd_webhooks_total{service=\"slack\"} 0\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nemergencyd_calls_total{service=\"gitlab\"} 1\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nemergencyd_commits_total 1\n"));
    ck_assert_int_eq(text[strlen(text) - 1], '\n');
}
END_TEST

START_TEST(the_largest_count_is_written_whole)
{
    struct metrics metrics = {.deadlines = UINT64_MAX};
    ck_assert_uint_gt(metrics_write(&metrics, text, sizeof(text)), 0);
    ck_assert_ptr_nonnull(strstr(text, "\nemergencyd_deadlines_total 18446744073709551615\n"));
}
END_TEST

START_TEST(each_name_has_one_heading_and_its_samples_follow_it)
{
    struct metrics metrics = {0};
    ck_assert_uint_gt(metrics_write(&metrics, text, sizeof(text)), 0);
    char heading[128] = "";
    for (char *line = text; *line; line = strchr(line, '\n') + 1) {
        size_t length = strcspn(line, "{ \n");
        if (strncmp(line, "# HELP ", 7) == 0) {
            length = strcspn(line + 7, " ");
            snprintf(heading, sizeof(heading), "# TYPE %.*s counter\n", (int)length, line + 7);
            ck_assert_uint_eq(count(heading), 1);
            snprintf(heading, sizeof(heading), "# HELP %.*s ", (int)length, line + 7);
            ck_assert_uint_eq(count(heading), 1);
        } else if (line[0] != '#') {
            ck_assert_uint_eq(strlen(heading), strlen("# HELP  ") + length);
            ck_assert_int_eq(strncmp(heading + strlen("# HELP "), line, length), 0);
        }
    }
}
END_TEST

START_TEST(a_text_that_does_not_fit_is_none)
{
    struct metrics metrics = {0};
    size_t length = metrics_write(&metrics, text, sizeof(text));
    ck_assert_uint_gt(length, 0);
    ck_assert_uint_eq(metrics_write(&metrics, text, length + 1), length);
    for (size_t size = 0; size <= length; size++)
        ck_assert_uint_eq(metrics_write(&metrics, text, size), 0);
}
END_TEST

Suite *metrics_suite(void)
{
    Suite *suite = suite_create("metrics");
    TCase *tcase = tcase_create("metrics");
    tcase_add_test(tcase, counters_are_written_with_their_labels);
    tcase_add_test(tcase, the_largest_count_is_written_whole);
    tcase_add_test(tcase, each_name_has_one_heading_and_its_samples_follow_it);
    tcase_add_test(tcase, a_text_that_does_not_fit_is_none);
    suite_add_tcase(suite, tcase);
    return suite;
}
