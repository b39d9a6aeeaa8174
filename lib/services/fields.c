/*
 * Values out of JSON texts, with complaints that name the field. No warnings, nothing fatal; a wrong field is
 * the caller's to report.
 */
#include "lib/services/fields.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/text.h"
#include "lib/timestamp.h"

bool complain(const struct complaint *complaint, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(complaint->text, complaint->size, format, args);
    va_end(args);
    return false;
}

bool field_is_there(const struct json_value *value)
{
    return value->kind != JSON_ABSENT;
}

/* What is wrong with a value that is not what was wanted. */
static bool refuse(const struct json_value *value, const char *path, const char *wanted,
                   const struct complaint *complaint)
{
    if (value->kind == JSON_ABSENT || value->kind == JSON_NULL)
        return complain(complaint, "%s is missing", path);
    return complain(complaint, "%s is not %s", path, wanted);
}

bool field_text(const struct json_value *value, const char *path, char *out, size_t size,
                const struct complaint *complaint)
{
    if (value->kind != JSON_STRING || value->len == 0)
        return refuse(value, path, "a text", complaint);
    if (value->len >= size)
        return complain(complaint, "%s is longer than %zu bytes", path, size - 1);
    text_copy(out, size, value->text);
    return true;
}

bool field_id(const struct json_value *value, const char *path, int64_t *out,
              const struct complaint *complaint)
{
    int64_t id = 0;
    if (!json_to_i64(value, &id) || id <= 0)
        return refuse(value, path, "a positive whole number", complaint);
    *out = id;
    return true;
}

bool field_time(const struct json_value *value, const char *path, int64_t *ms, int64_t *resolution_ms,
                const struct complaint *complaint)
{
    int resolution = 0;
    if (value->kind != JSON_STRING || !timestamp_parse(value->text, ms, &resolution))
        return refuse(value, path, "a time such as 2026-11-23T12:00:00Z", complaint);
    if (resolution_ms)
        *resolution_ms = resolution;
    return true;
}

void field_optional_text(const struct json_value *value, char *out, size_t size)
{
    text_copy(out, size, value->text);
}

int64_t field_optional_id(const struct json_value *value)
{
    int64_t id = 0;
    return json_to_i64(value, &id) ? id : 0;
}

void *list_grow(void *items, size_t count, size_t size)
{
    if (count > 0 && (count & (count - 1)) != 0)
        return items;
    return reallocarray(items, count > 0 ? 2 * count : 1, size);
}

const struct json_value *fields_read_once(struct json_reader *reader, const char *const *wanted, size_t count,
                                          const char *answer, size_t length, json_each *each, void *context,
                                          const struct complaint *complaint)
{
    struct json_spec *spec = json_spec_new(wanted, count);
    if (!spec) {
        complain(complaint, "out of memory");
        return NULL;
    }
    const struct json_value *values =
        json_fields_read(reader, spec, answer, length, each, context, complaint->text, complaint->size);
    json_spec_free(spec);
    return values;
}

/* It becomes a line of our requests' headers, and must not become two. */
static bool fits_header(const char *text)
{
    for (; *text; text++)
        if (*text <= ' ' || *text > '~')
            return false;
    return true;
}

/* A token that does not say for how long it is good has no end of its own: an hour then. */
bool fields_read_token(struct json_reader *reader, const char *answer, size_t length, char *token,
                       size_t size, int64_t *valid_ms, char *error, size_t error_size)
{
    enum { TOKEN, EXPIRES };
    static const char *const wanted[] = {[TOKEN] = "access_token", [EXPIRES] = "expires_in"};
    const struct complaint complaint = {error, error_size};
    const struct json_value *values =
        fields_read_once(reader, wanted, COUNT_OF(wanted), answer, length, NULL, NULL, &complaint);
    if (!values || !field_text(&values[TOKEN], wanted[TOKEN], token, size, &complaint))
        return false;
    if (!fits_header(token))
        return complain(&complaint, "%s is not a token", wanted[TOKEN]);
    const int64_t seconds = field_optional_id(&values[EXPIRES]);
    *valid_ms = seconds > 0 && seconds < 172800 ? seconds * 1000 : 3600 * 1000;
    return true;
}
