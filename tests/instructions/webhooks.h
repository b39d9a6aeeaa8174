#ifndef EMERGENCYD_INSTRUCTIONS_WEBHOOKS_H
#define EMERGENCYD_INSTRUCTIONS_WEBHOOKS_H
/*
 * The kinds of webhooks whose instructions are counted, and webhooks of them: bodies in their documented
 * shapes, signed by the senders' rules. The same number gives the same webhook: its emergency, ticket,
 * engineer, and ids are the number's own. What can't be made ends the program.
 */
#include "lib/services/service.h"

/* How far an emergency has come; each takes the one before. */
enum stage {
    STAGE_NONE,
    STAGE_PAGED,
    STAGE_THREADED, /* its thread is open in Slack */
    STAGE_ACKNOWLEDGED,
    STAGE_MET, /* its bridge is open in Zoom */
    STAGE_CONTACTED,
};

struct kind {
    const char *name;
    char way;              /* who signs it: see tests/fuzz/signing.h */
    const char *path;      /* of the body that all of them are made of */
    const char *from, *to; /* of the body as it is in the file; NULL: as it is */
    enum stage before;     /* what it comes upon */
    const char *after;     /* the state that its emergency is in then; NULL: it is of none */
    bool is_repeat;        /* of what has led to that stage */
    int64_t at_ms;         /* when it arrives, after the start */
};

extern const struct kind kinds[];
extern const size_t kind_count;
/* By name; NULL: there is none. */
const struct kind *kind_by_name(const char *name);

/* The secret of all services. */
#define WEBHOOKS_SECRET "not-much-of-a-secret"
/* 2026-03-09T07:15:00Z: when the bodies in the files begin. */
#define WEBHOOKS_START_MS INT64_C(1773040500000)

/* As it came in, with its headers. */
struct letter {
    const struct service *service;
    char *body; /* malloc'ed */
    char signature[80], timestamp[32];
    struct webhook webhook; /* points into all that */
};
void letter_write(struct letter *letter, const struct kind *kind, unsigned number);

/* Names and numbers of the emergency NUMBER, which begin with 1 as the database counts. */
#define TICKET_FORMAT   "1%06u"
#define ENGINEER_FORMAT "P%06u"
#define SLACK_FORMAT    "U%06u"
#define MEETING_FORMAT  "86%09u"

#endif
