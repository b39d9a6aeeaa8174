/* A directory that comes and goes. */
#include "tests/fuzz/scratch.h"

#include "tests/fuzz/promise.h"

#include <dirent.h>
#include <unistd.h>

struct scratch scratch_make(void)
{
    struct scratch scratch;
    const char *where = getenv("TMPDIR");
    (void)snprintf(scratch.directory, sizeof scratch.directory, "%s/fuzz.XXXXXX", where ? where : "/tmp");
    PROMISE(mkdtemp(scratch.directory), "%s", scratch.directory);
    return scratch;
}

void scratch_path(const struct scratch *scratch, const char *name, char *path, size_t size)
{
    PROMISE(snprintf(path, size, "%s/%s", scratch->directory, name) < (int)size, "%s", name);
}

void scratch_remove(const struct scratch *scratch)
{
    char path[400];
    DIR *files = opendir(scratch->directory);
    PROMISE(files, "%s", scratch->directory);
    for (const struct dirent *file; (file = readdir(files));) {
        scratch_path(scratch, file->d_name, path, sizeof path);
        (void)unlink(path); /* not . and .., which are directories */
    }
    closedir(files);
    PROMISE(rmdir(scratch->directory) == 0, "%s", scratch->directory);
}
