#ifndef EMERGENCYD_SERVICES_REQUEST_H
#define EMERGENCYD_SERVICES_REQUEST_H
/*
 * How the services' requests are put together. For every thread. Whoever includes this can't include
 * lib/json_fields.h: jansson has an enum with the same names.
 */
#include <jansson.h>

#include "lib/services/service.h"

/* Large enough for any of our texts, encoded. */
#define REQUEST_ENCODED_SIZE 1024

/*
 * Fills REQUEST, whose old content is neither looked at nor freed. BODY (NULL: none) becomes its JSON and is
 * released in any case. False: out of memory, or a text that is not UTF-8; REQUEST is zeroed then.
 */
bool request_make(struct request *request, const char *method, json_t *body, const char *path, ...) MUST_CHECK
    PRINTF_LIKE(4, 5);
/* The same for a body that could not be made: releases BODY, zeroes REQUEST, returns false. */
bool request_give_up(struct request *request, json_t *body);

/* Sets a member and releases VALUE in any case; false without memory, also that of a NULL value. */
bool request_put(json_t *object, const char *name, json_t *value) MUST_CHECK;

/* Writes TEXT as it may stand in a path or a query: all but letters, digits and "-._~" as %XX. What does not
 * fit is left out. */
void request_encode(const char *text, char *out, size_t size);

#endif
