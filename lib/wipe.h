#ifndef EMERGENCYD_WIPE_H
#define EMERGENCYD_WIPE_H
/*
 * Memory that held secrets. What is freed is not erased by that and may lie about for as long as the process
 * lives; these leave nothing behind. They may stand in for free and realloc, also in libraries that let their
 * allocator be chosen: any memory of malloc's will do.
 */
#include <stddef.h>

/* Erases all of the block and frees it; NULL is fine. */
void wipe_free(void *memory);

/* As realloc, but the old block is erased where it is given up. NULL: out of memory, the old one is as it
 * was. */
void *wipe_realloc(void *memory, size_t size);

/* START and SECRET as one text, for wipe_free; asprintf would leave copies. NULL: out of memory. */
char *wipe_join(const char *start, const char *secret);

#endif
