#ifndef EMERGENCYD_DELIVERY_H
#define EMERGENCYD_DELIVERY_H
/*
 * What a listener hands to the ledger and waits for: a webhook, a person's command, a request to prove that
 * the database can be written. The listener makes and frees it; while it is with the ledger nobody else
 * touches it; it comes back with its answer once that is durable.
 */
#include "lib/action.h"

enum delivery_kind {
    DELIVERY_WEBHOOK,
    DELIVERY_COMMAND, /* event.type COMMAND, event.emergency says whose */
    DELIVERY_PROBE,   /* commit something */
    DELIVERY_RETRY,   /* send a parked call (action) again */
};

/* What people may ask in Slack that is no command for an emergency. */
enum question { QUESTION_NONE, QUESTION_HELP, QUESTION_ONCALL, QUESTION_LIST };

struct delivery {
    struct delivery *next;
    enum delivery_kind kind;

    /* the question */
    enum service_id service; /* whose webhook */
    struct event event;      /* what it means; EVENT_IGNORED: kept only */
    char repeat_key[200];    /* "" none; known by the sender's id for it */
    bool rejected;           /* signed, but can't be read: kept as such (error says why) */
    char *payload;           /* the raw body, NUL-terminated; owned by the delivery */
    size_t payload_length;
    char *comment_text;     /* the text of a comment by staff, or NULL; owned by the delivery */
    int64_t action;         /* RETRY */
    enum question question; /* a webhook of Slack's that only asks */
    char channel[24];       /* Slack: where the command was typed, or the button is */
    bool wants_text;        /* Slack: whoever typed it is to read an answer */

    /* the answer */
    int status; /* of HTTP: 200, 404, 409, 503 … */
    bool duplicate;
    char error[200];   /* for every status but 200; rejected: what was wrong with the body */
    int64_t emergency; /* COMMAND: to be shown to whoever gave it */
    char *answer; /* the body of a 200, JSON, instead of the usual one; NULL: that. Owned by the delivery */

    void *reply_to; /* the ledger's: the mailbox it goes back to */
    void *owner;    /* the listener's own */
};

#endif
