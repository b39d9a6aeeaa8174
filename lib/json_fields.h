#ifndef EMERGENCYD_JSON_FIELDS_H
#define EMERGENCYD_JSON_FIELDS_H
/*
 * Reads the wanted fields of a JSON text in one pass. A table of paths says what is wanted; the values come
 * back in an array with the same indexes, so that an enum serves both:
 *
 *     enum { EVENT_TYPE, TICKET_ID, FIELDS };
 *     static const char *const paths[FIELDS] = {[EVENT_TYPE] = "event.event_type", [TICKET_ID] =
 * "ticket.id"};
 *
 * A path is a list of member names separated by dots, where
 *     "a.b"       is the member b of the object a,
 *     "a[]"       is each element of the array a: the callback is called as each one is complete,
 *     "a[].b"     is a member of the element ("[].b" where the text is an array itself),
 *     "a[].b[]"   are the elements of an array within: first they, then the element they are in,
 *     "a.**"      is a itself, if it is no object or array, and every such leaf anywhere below it: the
 * callback is called for each, and the value's `name` says what the leaf is called. Names with a '.' or '['
 * in them can be reached by "**" only.
 *
 * Numbers are handed over as their digits: ids beyond 64 bits do no harm. Of a member that comes twice the
 * last one counts, with all that is below it; but callbacks already made are not taken back.
 *
 * A spec never changes and may be shared by threads; a reader is used by one thread at a time and keeps its
 * memory from text to text. Both belong to whoever made them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"

enum json_kind {
    JSON_ABSENT,
    JSON_NULL,
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_OBJECT,
    JSON_ARRAY,
};

struct json_value {
    enum json_kind kind;
    const char *text; /* a string's characters, unescaped, or a number's digits; else "". Never null */
    size_t len;       /* of text in bytes; it holds no NUL but the one behind it */
    const char *name; /* of a "**" leaf: the innermost member it is in; else "" */
};

struct json_spec;
struct json_reader;

/*
 * Called for each element of a "[]" path and each leaf of a "**" path: `field` is the path's index, `values`
 * all values so far. Those below the element are the element's own and absent again afterwards; those outside
 * it are there only if they came earlier in the text. Texts may be kept until the reader's next text.
 */
typedef void json_each(void *context, int field, const struct json_value values[]);

/*
 * Compiles `n` paths, which must outlive the spec; the caller frees it. Null without memory, and for a broken
 * contract: a malformed path, or the same one twice.
 */
MUST_CHECK struct json_spec *json_spec_new(const char *const paths[], size_t n);
void json_spec_free(struct json_spec *spec);

/* Null without memory. The caller frees it. */
MUST_CHECK struct json_reader *json_reader_new(void);
void json_reader_free(struct json_reader *reader);

/* Erases what it has kept of its texts, whose values are void then: there was a secret among them. */
void json_reader_wipe(struct json_reader *reader);

/*
 * Reads a text of `len` bytes. `each` may be null; a path within an array whose elements call nobody ends up
 * with its value in the last element. Returns one value for each path, valid until the reader's next text or
 * its end. Null, with the reason and the place in `error` (never any of the text), if the text is not UTF-8,
 * not one whole JSON value, not an object (or an array, where a path begins with "[]"), nested deeper than
 * 64, or has a NUL character in a wanted string; callbacks may have been made by then. Half a surrogate pair
 * is no error: some other character takes its place, often '?'. Not to be called from within `each` with the
 * same reader.
 */
MUST_CHECK const struct json_value *json_fields_read(struct json_reader *reader, const struct json_spec *spec,
                                                     const char *text, size_t len, json_each *each,
                                                     void *context, char *error, size_t error_size);

/* Reads a whole number, or a string that is one (services write ids both ways). False for anything else. */
MUST_CHECK bool json_to_i64(const struct json_value *value, int64_t *out);

#endif
