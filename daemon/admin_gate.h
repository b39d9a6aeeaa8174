#ifndef EMERGENCYD_ADMIN_GATE_H
#define EMERGENCYD_ADMIN_GATE_H
/*
 * Who may pass to the admin API. On a loopback address everybody on this machine may, but no web page in
 * their browser: neither one whose name was pointed at this machine (the Host header gives it away) nor a
 * form of another site. On other addresses a bearer token is asked for. Pure; for every thread, but a token
 * is used by one thread at a time.
 */
#include "lib/compiler.h"

#include <stdbool.h>

/* Whether a Host header names this machine: localhost, 127.x.x.x or [::1], with or without a port. */
bool admin_gate_host_is_loopback(const char *host) MUST_CHECK;

/* Whether an Origin header is of the same host and port as the Host header. */
bool admin_gate_same_origin(const char *origin, const char *host) MUST_CHECK;

/* Whether a Content-Type is application/json, whatever its parameters: a form can't send that. */
bool admin_gate_type_is_json(const char *type) MUST_CHECK;

struct admin_token;

/* NULL: out of memory, or TEXT is empty. TEXT is not needed afterwards. */
struct admin_token *admin_token_new(const char *text) MUST_CHECK;
void admin_token_free(struct admin_token *token); /* NULL is fine */
/* Whether an Authorization header shows the token. Takes the same time however much of it is right. */
bool admin_token_ok(struct admin_token *token, const char *authorization) MUST_CHECK;

#endif
