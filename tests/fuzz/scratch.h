#ifndef EMERGENCYD_FUZZ_SCRATCH_H
#define EMERGENCYD_FUZZ_SCRATCH_H
/*
 * A directory for a target's files, in $TMPDIR, which is whoever runs it to sweep if a run is cut short. What
 * goes wrong in here ends the run.
 */
#include <stddef.h>

struct scratch {
    char directory[100];
};

struct scratch scratch_make(void);
/* With the files in it. */
void scratch_remove(const struct scratch *scratch);
/* The path of a file in it. */
void scratch_path(const struct scratch *scratch, const char *name, char *path, size_t size);

#endif
