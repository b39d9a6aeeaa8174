/*
 * Erasing what is freed. Nothing here fails but for want of memory, which is the caller's to report.
 */
#include "lib/wipe.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void wipe_free(void *memory)
{
    if (memory)
        explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

void *wipe_realloc(void *memory, size_t size)
{
    size_t room = memory ? malloc_usable_size(memory) : 0;
    if (memory && size <= room)
        return memory;
    void *larger = malloc(size);
    if (larger && room > 0)
        memcpy(larger, memory, room);
    if (larger)
        wipe_free(memory);
    return larger;
}

char *wipe_join(const char *start, const char *secret)
{
    size_t before = strlen(start);
    size_t length = strlen(secret);
    char *joined = malloc(before + length + 1);
    if (!joined)
        return NULL;
    memcpy(mempcpy(joined, start, before), secret, length + 1);
    return joined;
}
