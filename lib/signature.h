#ifndef EMERGENCYD_SIGNATURE_H
#define EMERGENCYD_SIGNATURE_H
/*
 * Signatures of webhooks: HMAC-SHA256 with a secret that both sides know. A key belongs to whoever made it
 * and is used by one thread at a time (it keeps the running computation); several keys may be valid at once,
 * while a secret is being changed. Signatures are compared in constant time, as texts, in exactly the form
 * their sender writes: lower-case hex or padded base64, so that there is one way to write each.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/compiler.h"

#define SIGNATURE_HMAC_SIZE 32
#define SIGNATURE_HEX_SIZE  (2 * SIGNATURE_HMAC_SIZE + 1)

struct signature_key;

/* A piece of a message, so that nothing has to be copied together. */
struct signature_part {
    const void *data;
    size_t len;
};

/*
 * Makes a key of the secret's characters as they stand (also where they look like base64). The secret is not
 * needed afterwards; the caller frees the key. Null for an empty secret, or if libcrypto refuses.
 */
MUST_CHECK struct signature_key *signature_key_new(const char *secret);

/* Wipes and frees the key; a null key is fine. */
void signature_key_free(struct signature_key *key);

/* The HMAC-SHA256 of the parts, one after the other. False, which only a failing libcrypto causes: no result.
 */
MUST_CHECK bool signature_hmac(struct signature_key *key, const struct signature_part parts[], size_t n,
                               unsigned char out[SIGNATURE_HMAC_SIZE]);

/* The HMAC-SHA256 of a text in lower-case hex digits. False as above. */
MUST_CHECK bool signature_hex(struct signature_key *key, const char *text, char out[SIGNATURE_HEX_SIZE]);

/*
 * True if one of PagerDuty's signatures of the body was made with one of the keys. The header is
 * "v1=<64 hex digits>", several of them separated by commas, with or without blanks; other versions are
 * ignored.
 */
MUST_CHECK bool signature_pagerduty_ok(struct signature_key *const keys[], size_t n_keys, const char *header,
                                       const void *body, size_t len);

/*
 * True if Zendesk's signature (base64) of its timestamp header, as received, and the body was made with one
 * of the keys. That the timestamp is recent is not asked here.
 */
MUST_CHECK bool signature_zendesk_ok(struct signature_key *const keys[], size_t n_keys, const char *header,
                                     const char *timestamp, const void *body, size_t len);

/*
 * True if Slack's or Zoom's signature ("v0=<64 hex digits>") of "v0:", its timestamp header, as received, ":"
 * and the body was made with one of the keys. That the timestamp is recent is not asked here.
 */
MUST_CHECK bool signature_v0_ok(struct signature_key *const keys[], size_t n_keys, const char *header,
                                const char *timestamp, const void *body, size_t len);

#endif
