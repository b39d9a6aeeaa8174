/*
 * Answers of the public listener as JSON. Without memory they become a 500, which is all that can be done.
 */
#include "daemon/server_answers.h"

#include <jansson.h>

void server_answer_failing(struct http_request *request, const char *reason)
{
    http_answer_tree(request, MHD_HTTP_SERVICE_UNAVAILABLE,
                     json_pack("{s:s, s:s, s:[s]}", "status", "failing", "error", reason, "reasons", reason));
}

void server_answer_unreadable(struct http_request *request, const char *error)
{
    http_answer_tree(request, MHD_HTTP_OK, json_pack("{s:b, s:s}", "accepted", 0, "error", error));
}
