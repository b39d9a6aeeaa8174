/* A place for one test's database. */
#include "tests/unit/database_file.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/compiler.h"

char database_path[96];

static char directory[64];

void database_begin(void)
{
    snprintf(directory, sizeof directory, "/tmp/test_store_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(database_path, sizeof database_path, "%s/db", directory);
}

void database_end(void)
{
    static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        char file[128];
        snprintf(file, sizeof file, "%s%s", database_path, endings[i]);
        unlink(file);
    }
    ck_assert_int_eq(rmdir(directory), 0);
}
