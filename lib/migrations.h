#ifndef EMERGENCYD_MIGRATIONS_H
#define EMERGENCYD_MIGRATIONS_H
/*
 * The database schema's history: each migrations/NNNN_name.sql, compiled in by the build. Constant data,
 * owned by the program, for every thread.
 */

#include <stddef.h>

struct migration {
    int version;      /* 1, 2, 3 … without a gap: migrations[i].version is i + 1 */
    const char *name; /* the file's name without ".sql": "0001_start" */
    const char *sql;  /* the file's text */
};

extern const struct migration migrations[];
extern const size_t migrations_count;

#endif
