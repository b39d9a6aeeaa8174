#include "tests/unit/json_text.h"

#include <check.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

const char *json_changed(const char *text, const char *from, const char *to)
{
    static char out[8192];
    const char *at = from ? strstr(text, from) : NULL;
    ck_assert(!from || at);
    const int head = at ? (int)(at - text) : (int)strlen(text);
    const int length =
        snprintf(out, sizeof(out), "%.*s%s%s", head, text, at ? to : "", at ? at + strlen(from) : "");
    ck_assert(length >= 0 && (size_t)length < sizeof(out));
    for (char *quote = out; (quote = strchr(quote, '\''));)
        *quote = '"';
    return out;
}

const char *json(const char *text)
{
    return json_changed(text, NULL, NULL);
}
