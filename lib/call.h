#ifndef EMERGENCYD_CALL_H
#define EMERGENCYD_CALL_H
/*
 * One HTTP exchange with a service: made by the desk (which decides what and when), performed by the courier
 * (which knows how: connections, tokens, TLS), handed back with its end, freed by the desk. It has one owner
 * at a time.
 */
#include "lib/action.h"

#include <stdlib.h>

enum call_end {
    CALL_OPEN,     /* not performed yet */
    CALL_ANSWERED, /* status, answer … hold what the service said */
    CALL_NOT_SENT, /* certainly not a byte of the request left: no connection, no token, stopping */
    CALL_BROKEN, /* it left, and what became of it is not known: time-out, reset, an answer that is no HTTP */
};

struct call {
    struct call *next; /* for whoever holds it */
    int64_t flight;    /* the desk's own number for it */
    enum service_id service;
    bool customer_facing; /* goes before all that are not */
    char method[8];
    char *path;         /* with query, beginning with '/'; appended to the service's api_url */
    char *body;         /* JSON, or NULL */
    int64_t timeout_ms; /* shorter than the courier's own; 0: that */
    char *from;         /* PagerDuty: the e-mail address in whose name it is; NULL: that of the settings */

    enum call_end end;
    int status;   /* of HTTP; 0 without an answer; CALL_NOT_SENT: what our asking for a token was answered */
    char *answer; /* NUL-terminated; NULL without a body */
    size_t answer_length;
    int64_t date_ms;        /* the answer's Date; 0 none */
    int64_t received_ms;    /* our wall clock when the answer came */
    int64_t retry_after_ms; /* a period from now; -1 none */
    char error[160];        /* why there is no answer, for the log */
};

static inline void call_free(struct call *call)
{
    if (call) {
        free(call->path);
        free(call->body);
        free(call->from);
        free(call->answer);
        free(call);
    }
}

#endif
