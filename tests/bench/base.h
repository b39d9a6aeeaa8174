#ifndef EMERGENCYD_BENCH_BASE_H
#define EMERGENCYD_BENCH_BASE_H
/*
 * Databases of many emergencies, all of them contacted and with a running clock, and what the program has
 * before and behind its desk. No calls go out by themselves. What must not happen ends the program.
 */
#include "lib/desk.h"
#include "tests/bench/load.h"

#include <stdio.h>
#include <time.h>

/* Emergency I of a base was opened so long before the base's start_ms, plus I ms, and contacted within a
 * minute. A million take a thousand seconds: what happens to them afterwards is not before this. */
#define BASE_OPENED_MS INT64_C(7200000)
#define BASE_MADE_MS   INT64_C(5700000)

/* What makes deliveries of webhooks, as the listener does. */
struct front {
    FILE *nowhere;
    struct log *log;
    struct json_reader *reader;
    struct receiver pagerduty, zendesk;
    struct load load;
    int64_t read_ns, read_count; /* reading bodies */
};
void front_init(struct front *front, const struct config *config);
void front_free(struct front *front);
/* The next webhook of front->load, as the listener hands it on. */
void front_receive(struct front *front, enum load_kind kind, int64_t emergency, int64_t at_ms,
                   struct delivery *delivery);
/* What such a delivery owns. */
void front_discard(struct delivery *delivery);

struct base {
    int64_t count, start_ms;
    char path[300], config_path[300];
    struct config config;
    struct front front;
    struct metrics metrics;
    struct store *store;
    struct desk *desk;
    int64_t now_ms;
};

/* Settings beside the database DIRECTORY/COUNT.db, which is made if it isn't there. */
void base_make(struct base *base, const char *directory, int64_t count);
/* For webhooks from now_ms on. */
void base_open_desk(struct base *base, int64_t now_ms);
/* Decides and writes COUNT deliveries in one transaction, as the ledger does. They must not lead to calls. */
void base_decide(struct base *base, struct delivery *deliveries, size_t count);
/* They must have been answered 200, as new, and belong to the emergency of their ticket; they are discarded.
 */
void base_look_at(struct delivery *deliveries, size_t count);
void base_close(struct base *base);
/* Of a closed one. */
void base_remove(struct base *base);

int64_t clock_ns(clockid_t id);

#endif
