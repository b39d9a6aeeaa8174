#ifndef EMERGENCYD_BENCH_LOAD_H
#define EMERGENCYD_BENCH_LOAD_H
/*
 * Webhooks of many emergencies, in the shapes that PagerDuty and Zendesk document, with all their fields. No
 * two are the same: each has ids of its own, made from a serial number. Emergency N has the ticket
 * LOAD_FIRST_TICKET + N, so that whoever receives one can tell whose it is.
 */
#include "lib/services/service.h"

#define LOAD_FIRST_TICKET INT64_C(1000000)
#define LOAD_BODY_SIZE    4096
#define LOAD_SECRET       "not-much-of-a-secret" /* of both services */

/* Of one engineer who acknowledges, comments and sets the status, the first kinds are the life of an open
 * emergency. */
enum load_kind {
    LOAD_ACK,
    LOAD_COMMENT,
    LOAD_STATUS,
    LOAD_LIFE_KINDS,
    LOAD_PAGE = LOAD_LIFE_KINDS, /* opens it */
    LOAD_ANSWER,                 /* the customer's */
    LOAD_NOTE,                   /* of an incident, of no interest */
};

struct load {
    uint64_t serial; /* two loads for one database begin far from each other */
};

struct load_webhook {
    const struct service *service;
    size_t length;
    char body[LOAD_BODY_SIZE];
};

/* The next webhook of LOAD, which says that it happened at AT_MS. */
void load_write(struct load *load, enum load_kind kind, int64_t emergency, int64_t at_ms,
                struct load_webhook *webhook);

/* A number of no order: ids are such, and where they go in an index is another place each time. No two are
 * the same. */
uint64_t load_scramble(uint64_t number);

/* The I-th of COUNT emergencies, so that neighbours in time are apart: their rows are not in one page. */
int64_t load_spread(int64_t i, int64_t count);

/* Ends the program, with WHAT and errno, unless GOOD. */
void demand(bool good, const char *what);

#endif
