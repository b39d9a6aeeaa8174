#ifndef EMERGENCYD_METRICS_H
#define EMERGENCYD_METRICS_H
/*
 * Counters for /metrics: atomics that every thread adds to and the admin thread reads. One struct, made by
 * main.
 */
#include "lib/compiler.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* X(field, name in Prometheus, labels, help) */
#define METRICS_COUNTERS(X)                                                                                  \
    X(webhooks_pagerduty, "emergencyd_webhooks_total", "service=\"pagerduty\"", "Webhooks accepted.")        \
    X(webhooks_zendesk, "emergencyd_webhooks_total", "service=\"zendesk\"", "Webhooks accepted.")            \
    X(webhooks_slack, "emergencyd_webhooks_total", "service=\"slack\"", "Webhooks accepted.")                \
    X(webhooks_zoom, "emergencyd_webhooks_total", "service=\"zoom\"", "Webhooks accepted.")                  \
    X(webhooks_duplicate, "emergencyd_webhooks_duplicate_total", "",                                         \
      "Webhooks that had been accepted before.")                                                             \
    X(webhooks_ignored, "emergencyd_webhooks_ignored_total", "", "Webhooks of no interest.")                 \
    X(webhooks_rejected, "emergencyd_webhooks_rejected_total", "",                                           \
      "Signed webhooks that could not be read.")                                                             \
    X(webhooks_unsigned, "emergencyd_webhooks_unsigned_total", "",                                           \
      "Webhooks with a missing or wrong signature.")                                                         \
    X(webhooks_refused, "emergencyd_webhooks_refused_total", "", "Webhooks answered 503.")                   \
    X(commits, "emergencyd_commits_total", "", "Transactions committed.")                                    \
    X(commits_failed, "emergencyd_commits_failed_total", "", "Transactions that could not be committed.")    \
    X(deadlines, "emergencyd_deadlines_total", "", "Deadlines that came due.")                               \
    X(calls_zendesk, "emergencyd_calls_total", "service=\"zendesk\"", "Calls answered by the service.")      \
    X(calls_pagerduty, "emergencyd_calls_total", "service=\"pagerduty\"", "Calls answered by the service.")  \
    X(calls_slack, "emergencyd_calls_total", "service=\"slack\"", "Calls answered by the service.")          \
    X(calls_zoom, "emergencyd_calls_total", "service=\"zoom\"", "Calls answered by the service.")            \
    X(calls_gitlab, "emergencyd_calls_total", "service=\"gitlab\"", "Calls answered by the service.")        \
    X(calls_heartbeat, "emergencyd_calls_total", "service=\"heartbeat\"", "Calls answered by the service.")  \
    X(calls_failed, "emergencyd_calls_failed_total", "", "Calls without an answer.")                         \
    X(calls_parked, "emergencyd_calls_parked_total", "", "Calls given up until a person helps.")

struct metrics {
#define METRICS_FIELD(field, name, labels, help) _Atomic uint64_t field;
    METRICS_COUNTERS(METRICS_FIELD)
#undef METRICS_FIELD
};

static inline void metrics_count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* Prometheus' text format into OUT; returns the length, or 0 if SIZE bytes do not hold it. */
size_t metrics_write(const struct metrics *metrics, char *out, size_t size) MUST_CHECK;

#endif
