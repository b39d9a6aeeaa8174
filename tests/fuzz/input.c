/* Bytes in pieces. Nothing here is foreign to C but the bytes. */
#include "tests/fuzz/input.h"

#include <stdlib.h>
#include <string.h>

struct input input_of(const uint8_t *data, size_t size)
{
    return (struct input){.at = (const char *)data, .left = size};
}

static char *take(struct input *input, size_t length)
{
    char *piece = malloc(length + 1);
    if (!piece)
        abort();
    if (length > 0)
        memcpy(piece, input->at, length);
    piece[length] = '\0';
    input->at += length;
    input->left -= length;
    return piece;
}

char *input_until(struct input *input, const char *mark, size_t *length)
{
    const char *end = input->left > 0 ? memmem(input->at, input->left, mark, strlen(mark)) : NULL;
    *length = end ? (size_t)(end - input->at) : input->left;
    char *piece = take(input, *length);
    if (end) {
        input->at += strlen(mark);
        input->left -= strlen(mark);
    }
    return piece;
}

char *input_line(struct input *input)
{
    size_t length = 0;
    return input_until(input, "\n", &length);
}

char *input_rest(struct input *input, size_t *length)
{
    *length = input->left;
    return take(input, input->left);
}
