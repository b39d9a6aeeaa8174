#ifndef EMERGENCYD_TESTS_DISK_H
#define EMERGENCYD_TESTS_DISK_H
/*
 * A disk that loses its power, fills up and breaks on command: a VFS of SQLite over its "unix". What is
 * written to a database, a WAL or a journal waits in memory until the file is synced, as in a machine's page
 * cache: all connections of the process read it, the file itself does not have it yet. Power that is lost
 * then loses it, or tears it. A process that is killed loses the memory, and with it all that was not synced.
 *
 * Model:
 * - A sync puts all that waits for that file into it, in order. Nothing is asked of the real disk: what is in
 *   the file survives all that a test does.
 * - When power is lost, of each file's waiting writes a random part has reached it, sector by sector (512
 *   bytes), some sectors as garbage. Garbage never spoils the bytes beside a write: SQLite builds on that
 *   ("powersafe overwrite"), as the unix VFS promises it.
 * - A file that was created, or deleted, since its directory was last synced may be gone, or back with what
 * it had. As in the unix VFS, the first sync of a journal or WAL by its creator syncs the directory, and so
 * does a deletion that asks for it. What else is made in the directory (the database itself, before SQLite
 * opens it; lock files) always stays.
 * - Locks and shared memory are unix's own. There is no memory-mapped I/O. Temporary files are not modelled.
 *
 * Same seed and same calls: same bytes. May be called from any thread.
 */
#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"

struct disk;

/* Makes it SQLite's default VFS, for the connections that are opened from now on. One at a time in a process.
 * NULL: no memory, or no "unix" to stand on. */
struct disk *disk_new(uint64_t seed) MUST_CHECK;
/* SQLite's former default is it again. No connection may be open. NULL is fine. */
void disk_free(struct disk *disk);
/* As new: forgets faults, counters and all that waits (files that a test has removed). No connection may be
 * open. */
void disk_reset(struct disk *disk, uint64_t seed);

/* The power is lost and comes back. Whoever has a connection now can do nothing but close it; until all these
 * are closed, none can be opened. SEED decides what survives, whatever happened before. */
void disk_lose_power(struct disk *disk, uint64_t seed);

/* From now on a random part of what waits for a file reaches it at about each ONE_IN-th write, in any order,
 * as the kernel writes when it likes to; what was torn is made whole by the next sync. 0: never. */
void disk_write_back_early(struct disk *disk, unsigned one_in);

enum disk_operation { DISK_READ, DISK_WRITE, DISK_TRUNCATE, DISK_SYNC, DISK_OPERATION_COUNT };
enum disk_fault {
    DISK_FULL,   /* ENOSPC; nothing is done. A read fails as if BROKEN */
    DISK_QUOTA,  /* EDQUOT, likewise: for SQLite that is no full disk */
    DISK_BROKEN, /* EIO; nothing is done */
    DISK_SHORT,  /* half of a write is taken, a random part is synced; then as FULL */
};
#define DISK_ALWAYS INT64_MAX

/* Of this kind of operation the next SKIP still work, then COUNT fail (DISK_ALWAYS: until it is mended).
 * Replaces what was set for this kind before. A failing sync loses what waits, though it is still read: the
 * next sync does not tell, as Linux has it. */
void disk_fail(struct disk *disk, enum disk_operation operation, enum disk_fault fault, int64_t skip,
               int64_t count);
void disk_mend(struct disk *disk); /* no more faults */

struct disk_counters {
    uint64_t operations[DISK_OPERATION_COUNT]; /* those that fail as well */
    uint64_t faults;
    uint64_t power_losses;
};
struct disk_counters disk_counters(struct disk *disk);

/* CALL is called before each operation, by the thread that is about to do it, and may call the functions
 * above but for disk_free, disk_reset and disk_lose_power. Before the first connection is opened. */
void disk_watch(struct disk *disk, void (*call)(struct disk *disk, void *context), void *context);

#endif
