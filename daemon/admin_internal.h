#ifndef EMERGENCYD_ADMIN_INTERNAL_H
#define EMERGENCYD_ADMIN_INTERNAL_H
/*
 * What the files of the admin listener share: admin.c (its life, who may pass, which route), admin_pages.c
 * and admin_board.c (what a route answers). Nobody else includes this. Everything here belongs to the
 * listener's thread while it runs.
 */
#include "daemon/admin.h"
#include "daemon/http_loop.h"

#include <jansson.h>

struct admin_token;

struct admin {
    const struct config *config;
    struct ledger *ledger;
    struct log *log;
    struct metrics *metrics;
    struct http_loop *loop;
    struct store *store;       /* a reader; the thread's own as soon as that runs */
    struct admin_token *token; /* NULL: none is asked for */
    char *socket_path;         /* to be removed at the end; NULL: not ours */
};

/* What the path of a request names beside its route. */
struct admin_target {
    int64_t id;
    char word[32];
};

typedef void admin_page_fn(struct admin *admin, struct http_request *request,
                           const struct admin_target *target);

/* Each answers the request, or waits and gives the ledger a delivery. */
admin_page_fn admin_list, admin_show, admin_command, admin_outbox, admin_retry, admin_metrics, admin_ready;
admin_page_fn admin_board_file, admin_board, admin_commands, admin_oncall, admin_stream;

/* Answers 200 with VALUE, which was read with RESULT and becomes its own; NULL is want of memory. */
void admin_answer_read(struct http_request *request, enum store_result result, json_t *value);
/* Reads one emergency into E, and all that is shown of it alone into *OUT; in a view of its own. */
enum store_result admin_read_alone(struct admin *admin, int64_t id, struct emergency *e,
                                   json_t **out) MUST_CHECK;
/* Appends the calls that are open, or those of them that are parked, to *ARRAY, which is NULL as soon as
 * memory is out; within a view. */
enum store_result admin_read_outbox(struct admin *admin, bool only_parked, json_t **array) MUST_CHECK;
/* What a stream is to send: see http_loop.h. */
const char *admin_next_of_stream(void *context, int64_t *seen, int64_t silent_ms);

/* A delivery has come back: answers the request that waits for it, and frees it. */
void admin_take_letter(void *context, struct delivery *delivery);

#endif
