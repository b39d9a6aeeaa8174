/*
 * A machine that loses its power, to be preloaded into the daemon (LD_PRELOAD): when the process ends, by
 * SIGKILL or otherwise, all that SQLite had not synced is lost, or torn (tests/disk/disk.h).
 *
 * LOST_POWER_SEED is a number. The file that LOST_POWER_CONTROL names may be made, changed and removed at any
 * time: each of its lines is a trouble of the disk, OPERATION FAULT SKIP COUNT, such as "write full 10 3":
 * after ten more writes three fail. OPERATION is read, write, truncate or sync; FAULT is full, broken or
 * short; COUNT 0 is for ever. A changed file counts anew. It must be put in place whole, by a rename.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/compiler.h"
#include "tests/disk/disk.h"

/* One of so many writes is also the time when the kernel writes something by itself. */
#define EARLY_ONE_IN 10

/* The control file as it was read last; a preloaded library has nowhere else to keep it. Several threads may
 * read the same change: that makes the counts begin twice, no more. */
static _Atomic uint64_t control_seen;

static int index_of(const char *const *words, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], word) == 0)
            return (int)i;
    fprintf(stderr, "lost_power: what is \"%s\"?\n", word);
    abort();
}

static void read_line(struct disk *disk, const char *line)
{
    static const char *const operations[] = {
        [DISK_READ] = "read", [DISK_WRITE] = "write", [DISK_TRUNCATE] = "truncate", [DISK_SYNC] = "sync"};
    static const char *const faults[] = {
        [DISK_FULL] = "full", [DISK_QUOTA] = "quota", [DISK_BROKEN] = "broken", [DISK_SHORT] = "short"};
    char operation[16] = "", fault[16] = "";
    long long skip = 0, count = 0;
    if (sscanf(line, "%15s %15s %lld %lld", operation, fault, &skip, &count) != 4)
        abort();
    disk_fail(disk, (enum disk_operation)index_of(operations, COUNT_OF(operations), operation),
              (enum disk_fault)index_of(faults, COUNT_OF(faults), fault), skip,
              count == 0 ? DISK_ALWAYS : count);
}

static void read_control(struct disk *disk, const char *path)
{
    char line[100];
    FILE *file = fopen(path, "re");
    disk_mend(disk);
    while (file && fgets(line, sizeof line, file))
        read_line(disk, line);
    if (file)
        fclose(file);
}

static void look(struct disk *disk, void *context)
{
    struct stat status;
    const char *path = context;
    uint64_t seen = 0;
    if (stat(path, &status) == 0)
        seen = (uint64_t)status.st_ino * 1000000007 + (uint64_t)status.st_mtim.tv_sec * 1000003 +
               (uint64_t)status.st_mtim.tv_nsec;
    if (seen == control_seen)
        return;
    control_seen = seen;
    read_control(disk, path);
}

__attribute__((constructor)) static void lose_power_some_day(void)
{
    const char *seed = getenv("LOST_POWER_SEED");
    char *control = getenv("LOST_POWER_CONTROL");
    struct disk *disk = disk_new(seed ? strtoull(seed, NULL, 10) : 0);
    if (!disk)
        abort();
    disk_write_back_early(disk, EARLY_ONE_IN);
    if (control)
        disk_watch(disk, look, control);
}
