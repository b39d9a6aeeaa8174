#ifndef EMERGENCYD_COURIER_ACCOUNT_H
#define EMERGENCYD_COURIER_ACCOUNT_H
/*
 * How a service knows us: its address, the headers of a call, and the token where one has to be asked for
 * first. Makes and reads the calls for tokens but performs nothing, and reads no clock: NOW_MS is any clock
 * that only goes forward. Used by one thread at a time; the settings must outlive it.
 */
#include "lib/call.h"
#include "lib/config.h"
#include "lib/json_fields.h"

#define ACCOUNT_LINES     4
#define ACCOUNT_FROM_SIZE 272 /* of a header line with the longest e-mail address there is */

struct account {
    enum service_id service;
    const struct config *config;
    const char *base_url; /* NULL: the service is not configured */
    char *from;           /* a header line for writes; NULL: none */
    char *authorization;  /* a header line; secret; NULL: none is needed, or there is no token yet */
    char call_from[ACCOUNT_FROM_SIZE]; /* the line of a call that is in somebody else's name */
    bool by_token;                     /* what follows is of use only then */
    const char *token_url;             /* where tokens are asked for */
    char *token_authorization;         /* a header line for that; secret; NULL: none */
    int64_t token;                     /* counts the tokens we had: the number of the present one */
    int64_t renew_ms;                  /* from then on a new one is wanted */
    int64_t expires_ms;
    int64_t next_attempt_ms; /* no token is asked for before */
};

/* False: out of memory. The address must be stable from here on. Free with account_free, which wipes secrets
 * and takes zeroed ones. */
bool account_init(struct account *account, enum service_id service, const struct config *config) MUST_CHECK;
void account_free(struct account *account);

/* Whether a call can be made now; if not, a token must come first. */
bool account_is_ready(const struct account *account, int64_t now_ms);
/* The header lines of CALL while the account is ready; they are good until the next call's, or the next
 * token. Returns how many. */
size_t account_headers(struct account *account, const struct call *call, const char *lines[ACCOUNT_LINES]);

/* Whether a token should be asked for at next_attempt_ms: there is none, or it ends soon. */
bool account_wants_token(const struct account *account, int64_t now_ms);
/* The call that asks, at token_url, and its header lines (ACCOUNT_LINES are enough); NULL without memory. The
 * caller frees it with account_forget_call. Counts as an attempt. */
struct call *account_token_call(struct account *account, int64_t now_ms) MUST_CHECK;
size_t account_token_headers(const struct account *account, const char *lines[ACCOUNT_LINES]);
/* Takes the token from the call's end. ASKED_MS is when the call was made. False: ERROR says why there is
 * none, without secrets; a token that is still good stays. */
bool account_take_token(struct account *account, struct json_reader *reader, const struct call *call,
                        int64_t asked_ms, char *error, size_t error_size) MUST_CHECK;
/* Frees a call for a token after wiping the secrets in it; takes NULL. */
void account_forget_call(struct call *call);

/* The service said 401 to a call with token number TOKEN: it is no good any more. Does nothing if there is a
 * newer one. */
void account_reject_token(struct account *account, int64_t token);

#endif
