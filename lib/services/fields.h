#ifndef EMERGENCYD_SERVICES_FIELDS_H
#define EMERGENCYD_SERVICES_FIELDS_H
/*
 * Takes values out of what json_fields has read, and says which field is missing or wrong by its path.
 * Nothing is kept; for every thread.
 */
#include "lib/json_fields.h"

/* Where a reader says what is wrong with a text. */
struct complaint {
    char *text;
    size_t size;
};

/* Writes the complaint and returns false. */
bool complain(const struct complaint *complaint, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * Required fields: false and a complaint if VALUE is absent, null or not what is wanted. A text is not empty
 * and fits into OUT; an id is a whole number above 0, as a number or as a text; a time is RFC 3339
 * (*resolution_ms, which may be NULL, becomes 1 or 1000).
 */
bool field_text(const struct json_value *value, const char *path, char *out, size_t size,
                const struct complaint *complaint) MUST_CHECK;
bool field_id(const struct json_value *value, const char *path, int64_t *out,
              const struct complaint *complaint) MUST_CHECK;
bool field_time(const struct json_value *value, const char *path, int64_t *ms, int64_t *resolution_ms,
                const struct complaint *complaint) MUST_CHECK;

/* Optional fields: the text of a string or number, cut to fit, else ""; the number, else 0. */
void field_optional_text(const struct json_value *value, char *out, size_t size);
int64_t field_optional_id(const struct json_value *value);

/* Whether there is a value at all, null included. */
bool field_is_there(const struct json_value *value);

/* json_fields_read with a table of paths that is needed once in a while only. NULL: COMPLAINT says why. */
const struct json_value *fields_read_once(struct json_reader *reader, const char *const *wanted, size_t count,
                                          const char *answer, size_t length, json_each *each, void *context,
                                          const struct complaint *complaint) MUST_CHECK;

/* The answer of OAuth's token address: the token, and for how long it is good. False: ERROR says what is
 * missing. */
bool fields_read_token(struct json_reader *reader, const char *answer, size_t length, char *token,
                       size_t size, int64_t *valid_ms, char *error, size_t error_size) MUST_CHECK;

/*
 * Room for one more item behind COUNT of SIZE bytes each: the list, moved perhaps; NULL without memory, and
 * then ITEMS is as it was. For lists that begin as NULL and grow by one at a time.
 */
void *list_grow(void *items, size_t count, size_t size) MUST_CHECK;

#endif
