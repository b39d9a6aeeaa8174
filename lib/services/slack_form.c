/*
 * Forms as browsers and Slack send them. What is wrong with one is told to the caller.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/services/fields.h"
#include "lib/services/slack_internal.h"
#include "lib/text.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* In place; false for a percent sign that stands before anything but the two digits of a character. */
static bool decode(char *text)
{
    char *out = text;
    for (; *text; text++) {
        char c = *text == '+' ? ' ' : *text;
        if (*text == '%') {
            const int high = hex_digit(text[1]);
            const int low = high < 0 ? -1 : hex_digit(text[2]);
            if (low < 0 || high + low == 0)
                return false;
            c = (char)(high * 16 + low);
            text += 2;
        }
        *out++ = c;
    }
    *out = '\0';
    return true;
}

static bool take_field(char *pair, const char *const names[], const char *values[], size_t count,
                       const struct complaint *complaint)
{
    char *value = pair + strcspn(pair, "=");
    if (*value)
        *value++ = '\0';
    if (!decode(pair) || !decode(value))
        return complain(complaint, "the form has a broken percent sign or a NUL character");
    if (!text_is_utf8(pair, strlen(pair), NULL) || !text_is_utf8(value, strlen(value), NULL))
        return complain(complaint, "the form is not UTF-8");
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], pair) != 0)
            continue;
        if (values[i])
            return complain(complaint, "%s comes twice", names[i]);
        values[i] = value;
    }
    return true;
}

bool slack_form_read(const char *body, size_t length, const char *const names[], const char *values[],
                     size_t count, char **memory, const struct complaint *complaint)
{
    for (size_t i = 0; i < count; i++)
        values[i] = NULL;
    *memory = strndup(body, length);
    if (!*memory)
        return complain(complaint, "out of memory");
    if (strlen(*memory) != length)
        return complain(complaint, "the form has a broken percent sign or a NUL character");
    char *rest = *memory;
    for (char *pair; (pair = strsep(&rest, "&"));)
        if (!take_field(pair, names, values, count, complaint))
            return false;
    return true;
}
