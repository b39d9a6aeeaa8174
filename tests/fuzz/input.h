#ifndef EMERGENCYD_FUZZ_INPUT_H
#define EMERGENCYD_FUZZ_INPUT_H
/*
 * libFuzzer's bytes cut into pieces, each in memory of its own and with a NUL behind it, so that whoever
 * reads past an end is seen. Want of memory ends the process.
 */
#include <stddef.h>
#include <stdint.h>

struct input {
    const char *at;
    size_t left;
};

struct input input_of(const uint8_t *data, size_t size);

/* What is left up to MARK, which is passed over; without a MARK all of it. The caller frees. */
char *input_until(struct input *input, const char *mark, size_t *length);

/* The same up to the end of the line, its length not told. */
char *input_line(struct input *input);

/* All that is left. */
char *input_rest(struct input *input, size_t *length);

#endif
