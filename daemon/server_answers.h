#ifndef EMERGENCYD_SERVER_ANSWERS_H
#define EMERGENCYD_SERVER_ANSWERS_H
/*
 * The two answers of the public listener that take more than a literal or an error. Apart from server.c since
 * what writes JSON (jansson) and what reads it (lib/json_fields.h) have names in common. The server's thread.
 */
#include "daemon/http_loop.h"

/* 503: /healthz with the reason why webhooks or clocks fail. */
void server_answer_failing(struct http_request *request, const char *reason);
/* 200 for a sender that must not be told by a 4xx that its webhook can't be read. */
void server_answer_unreadable(struct http_request *request, const char *error);

#endif
