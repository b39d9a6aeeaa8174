#ifndef EMERGENCYD_FUZZ_ANSWER_CHECK_H
#define EMERGENCYD_FUZZ_ANSWER_CHECK_H
/*
 * What the targets for answers of services share: a word says which reader is meant, on the first line;
 * behind it is the answer.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_reader;

/* An answer, and where its reader complains. */
struct answer {
    struct json_reader *reader;
    const char *text;
    size_t length;
    char error[160];
};

/* Reads it and checks what came of it; whether it was what the service documents. */
typedef bool answer_fn(struct answer *answer);

struct answer_kind {
    const char *word;
    answer_fn *read;
    bool silent; /* does not say what is wrong */
};

/* Twice, for what one answer leaves behind in the reader must not show in the next. */
void answer_check(const struct answer_kind kinds[], size_t count, const uint8_t *data, size_t size);

#endif
