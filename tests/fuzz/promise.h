#ifndef EMERGENCYD_FUZZ_PROMISE_H
#define EMERGENCYD_FUZZ_PROMISE_H
/*
 * What the fuzz targets have in common: a target is what libFuzzer calls with bytes of its own making, and a
 * promise that does not hold ends the run with what was expected; libFuzzer keeps the bytes.
 */
#include "lib/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The rest is a printf format of what happened instead. */
#define PROMISE(condition, ...)                                                                              \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            (void)fprintf(stderr, "%s:%d: broken: %s: ", __FILE__, __LINE__, #condition);                    \
            (void)fprintf(stderr, __VA_ARGS__);                                                              \
            (void)fputc('\n', stderr);                                                                       \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* libFuzzer's side of it; 0 always. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Before the first; may be missing. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* A text that came out of foreign bytes ends within its SIZE bytes and is UTF-8; WHAT it is. */
static inline void promise_text(const char *text, size_t size, const char *what)
{
    const char *end = memchr(text, '\0', size);
    size_t bad = 0;
    PROMISE(end, "%s has no end", what);
    PROMISE(text_is_utf8(text, (size_t)(end - text), &bad), "%s at byte %zu: %s", what, bad, text);
}

#endif
