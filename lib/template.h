#ifndef EMERGENCYD_TEMPLATE_H
#define EMERGENCYD_TEMPLATE_H
/*
 * Texts with fields, as far as a message needs them, written like Mustache's:
 *
 *   {{field}}                the field's value, nothing if empty; values are not looked into and nothing is
 *                            escaped
 *   {{#field}}…{{/field}}    what lies between only if the value is not empty
 *   {{^field}}…{{/field}}    only if it is empty
 *
 * Blanks may stand within the braces; a tag ends on its line. #, ^ and / tags that stand alone on a line take
 * the line with them. Sections nest up to 8 deep. A "}}" with no "{{" before it is text like any other.
 *
 * A template never changes once made: any thread may use it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/compiler.h"

struct template;

/*
 * Reads the text, which is copied. `fields` are the names that it may use; their places there are those of
 * the values in template_write, and nothing of the array is kept. NULL: the text is wrong or memory ran out;
 * `error` (of error_size, which may be 0) then tells why, in words for who wrote the text: "line 3: no field
 * "nmae"; there are: name, url", cut if need be, without control characters.
 */
MUST_CHECK struct template *template_new(const char *text, const char *const fields[], size_t field_count,
                                         char *error, size_t error_size);

void template_free(struct template *t); /* may be NULL */

/* Whether the text, in a part that may not be shown perhaps, speaks of this field. */
bool template_uses(const struct template *t, size_t field);

/*
 * Writes the text with these values, one for each field, NULL being empty. False if it had to be cut, between
 * two UTF-8 characters; what was written is terminated. A size of 0 is too small for anything.
 */
MUST_CHECK bool template_write(const struct template *t, const char *const values[], char *out, size_t size);

#endif
