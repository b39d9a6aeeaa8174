#ifndef EMERGENCYD_BOARD_FILES_H
#define EMERGENCYD_BOARD_FILES_H
/*
 * The files of daemon/board/, compiled in by scripts/embed_board. Constant; for every thread.
 */
#include <stddef.h>

struct board_file {
    const char *name; /* "index.html" */
    const char *data; /* with a NUL behind it */
    size_t size;
};

extern const struct board_file board_files[];
extern const size_t board_files_count;

#endif
