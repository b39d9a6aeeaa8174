/*
 * Requests: method, path and body. Want of memory is the only failure, and the caller's to report.
 */
#include "lib/services/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

bool request_give_up(struct request *request, json_t *body)
{
    json_decref(body);
    *request = (struct request){0};
    return false;
}

bool request_make(struct request *request, const char *method, json_t *body, const char *path, ...)
{
    *request = (struct request){0};
    text_copy(request->method, sizeof(request->method), method);
    va_list args;
    va_start(args, path);
    if (vasprintf(&request->path, path, args) < 0)
        request->path = NULL;
    va_end(args);
    if (body)
        request->body = json_dumps(body, JSON_COMPACT);
    const bool good = request->path && (!body || request->body);
    json_decref(body);
    if (!good)
        request_free(request);
    return good;
}

bool request_get(struct request *request, const char *path)
{
    return request_make(request, "GET", NULL, "%s", path);
}

void request_free(struct request *request)
{
    free(request->path);
    free(request->body);
    free(request->from);
    *request = (struct request){0};
}

bool request_put(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0;
}

static bool stands_for_itself(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~", c));
}

void request_encode(const char *text, char *out, size_t size)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t used = 0;
    for (; *text && used + 3 < size; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (stands_for_itself(*text)) {
            out[used++] = *text;
            continue;
        }
        out[used++] = '%';
        out[used++] = digits[byte >> 4];
        out[used++] = digits[byte & 15];
    }
    out[used] = '\0';
}
