#ifndef EMERGENCYD_FUZZ_SIGNING_H
#define EMERGENCYD_FUZZ_SIGNING_H
/*
 * How the services sign, as their documentation has it, computed with OpenSSL's one call for it and by none
 * of the program's own code.
 */
#include "lib/services/service.h"

#define SIGNATURE_ROOM 65

struct way {
    char letter; /* by which inputs name it */
    const struct service *service;
    size_t secret_count; /* how many may be valid at once */
    int64_t max_age_ms;  /* 0: any age, and no timestamp */
    bool base64;
    const char *version; /* before the signature */
};

#define WAYS 4
extern const struct way ways[WAYS];

/* The way of that letter, or NULL. */
const struct way *way_of(char letter);

/* The signature, without its version, of WEBHOOK's body and timestamp. */
void way_sign(const struct way *way, const struct webhook *webhook, const char *secret,
              char out[SIGNATURE_ROOM]);

#endif
