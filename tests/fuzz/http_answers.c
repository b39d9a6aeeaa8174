/* Answers of the public listener; what is none ends the run. */
#include "tests/fuzz/http_answers.h"

#include "tests/fuzz/promise.h"

#include <ctype.h>
#include <jansson.h>
#include <strings.h>

/* What was read of one answer. */
struct parsed {
    int status;
    const char *type;
    bool has_allow, has_retry_after;
    long length; /* of its body as announced; -1: not */
    const char *body;
};

/* What the contract has, and what libmicrohttpd says by itself to what is no request or too large a one. */
static bool is_own_status(int status)
{
    static const int known[] = {200, 400, 401, 404, 405, 408, 413, 415, 503};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (known[i] == status)
            return true;
    return false;
}

static bool is_library_status(int status)
{
    static const int known[] = {400, 413, 414, 431, 501, 505};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (known[i] == status)
            return true;
    return false;
}

/* "Name: value"; the value, or NULL for another name. */
static const char *value_of(const char *line, const char *name)
{
    const size_t length = strlen(name);
    return strncasecmp(line, name, length) == 0 && strncmp(line + length, ": ", 2) == 0 ? line + length + 2
                                                                                        : NULL;
}

static void read_header(const char *line, size_t length, struct parsed *answer)
{
    static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    const size_t name = strspn(line, token);
    PROMISE(name > 0 && line[name] == ':' && line[name + 1] == ' ', "%.*s", (int)length, line);
    for (size_t i = 0; i < length; i++)
        PROMISE(isprint((unsigned char)line[i]), "%.*s", (int)length, line);
    const char *content_length = value_of(line, "Content-Length");
    if (content_length)
        answer->length = strtol(content_length, NULL, 10);
    if (value_of(line, "Content-Type"))
        answer->type = value_of(line, "Content-Type");
    answer->has_allow |= value_of(line, "Allow") != NULL;
    answer->has_retry_after |= value_of(line, "Retry-After") != NULL;
}

/* Status line and headers; returns what is behind them. */
static const char *read_head(const char *text, struct parsed *answer)
{
    *answer = (struct parsed){.length = -1};
    PROMISE(strncmp(text, "HTTP/1.", 7) == 0 && (text[7] == '0' || text[7] == '1') && text[8] == ' ', "%s",
            text);
    PROMISE(strspn(text + 9, "0123456789") == 3 && text[12] == ' ', "%s", text);
    answer->status = (int)strtol(text + 9, NULL, 10);
    const char *line = strstr(text, "\r\n");
    PROMISE(line, "a head without an end: %s", text);
    for (line += 2; strncmp(line, "\r\n", 2) != 0;) {
        const char *end = strstr(line, "\r\n");
        PROMISE(end, "a head without an end: %s", text);
        read_header(line, (size_t)(end - line), answer);
        line = end + 2;
    }
    answer->body = line + 2;
    return answer->body;
}

static bool has(const json_t *object, const char *name, json_type type)
{
    const json_t *value = json_object_get(object, name);
    return value && json_typeof(value) == type;
}

/* {"error": …} with every refusal; a webhook or the state of health with 200. */
static void check_json(const struct parsed *answer)
{
    json_error_t error;
    json_t *body = json_loadb(answer->body, (size_t)answer->length, 0, &error);
    PROMISE(json_is_object(body), "%d: %s", answer->status, answer->body);
    const bool accepted = json_object_get(body, "accepted") != NULL;
    const bool other = has(body, "status", JSON_STRING) || has(body, "plainToken", JSON_STRING) ||
                       has(body, "text", JSON_STRING) || json_object_size(body) == 0;
    if (answer->status != 200)
        PROMISE(has(body, "error", JSON_STRING), "%d: %s", answer->status, answer->body);
    else
        PROMISE(accepted || other, "%s", answer->body);
    json_decref(body);
}

/* The answer to a HEAD announces a body and has none: then the next answer follows, or nothing. */
static bool is_bodiless(const struct parsed *answer, const char *end)
{
    return answer->length > 0 && (answer->body == end || strncmp(answer->body, "HTTP/1.", 7) == 0);
}

static void check_answer(const struct parsed *answer, const char *end)
{
    PROMISE(answer->length >= 0, "%d without a length", answer->status);
    PROMISE(answer->status != 405 || answer->has_allow, "405 without Allow");
    PROMISE(answer->status != 503 || answer->has_retry_after, "503 without Retry-After");
    const bool is_json = answer->type && strncmp(answer->type, "application/json", 16) == 0;
    const bool is_empty = answer->status == 200 && answer->length == 0;
    if (is_json || is_empty)
        PROMISE(is_own_status(answer->status), "%d", answer->status);
    else
        PROMISE(is_library_status(answer->status), "%d, %s", answer->status, answer->body);
    if (is_bodiless(answer, end))
        return;
    PROMISE(answer->length <= end - answer->body, "%ld bytes of %ld: %s", (long)(end - answer->body),
            answer->length, answer->body);
    if (is_json)
        check_json(answer);
}

size_t http_answers_check(const char *text, size_t length, int *last)
{
    const char *end = text + length;
    size_t count = 0;
    *last = 0;
    PROMISE(strlen(text) == length, "a NUL in: %s", text);
    while (text < end) {
        struct parsed answer;
        text = read_head(text, &answer);
        if (answer.status == 100)
            continue;
        check_answer(&answer, end);
        if (!is_bodiless(&answer, end))
            text += answer.length;
        *last = answer.status;
        count++;
    }
    return count;
}
