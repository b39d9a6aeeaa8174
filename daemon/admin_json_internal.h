#ifndef EMERGENCYD_ADMIN_JSON_INTERNAL_H
#define EMERGENCYD_ADMIN_JSON_INTERNAL_H
/*
 * What the files admin_json*.c build their trees with; nobody else includes this. Pure; for every thread.
 */
#include "daemon/admin_json.h"

/* Puts VALUE, which may be NULL, into *OBJECT; if that fails, *OBJECT is freed and NULL from here on. */
void admin_put(json_t **object, const char *key, json_t *value);

/* Values; NULL is want of memory. What is empty, or 0, may be null instead. */
json_t *admin_text(const char *text) MUST_CHECK;
json_t *admin_text_or_null(const char *text) MUST_CHECK;
json_t *admin_time(int64_t ms) MUST_CHECK;
json_t *admin_time_or_null(int64_t ms) MUST_CHECK;

#endif
