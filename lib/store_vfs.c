/*
 * Two VFS over SQLite's default one.
 *
 * The writer's gathers what is appended to the WAL: SQLite writes the header and the
 * page of each frame one by one, which is two system calls for each changed page. They go to the file in one
 * piece before it is synced, read or truncated, so that what SQLite relies on holds: a commit is in
 * the file before anybody reads of it. An error of the write is then the sync's: the commit fails. While
 * syncs are deferred, a commit's sync only writes, and store_vfs_sync makes it durable.
 *
 * The checkpointer's syncs the database each few pages: thousands of them in one sync would keep the disk
 * from everybody else.
 */
#include "lib/store_vfs.h"

#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

#define ROOM       (124 * 1024) /* SQLite's own VFS can't write 128 KiB in one go */
#define PACE_PAGES 128

struct gathering {
    sqlite3_file file; /* what SQLite sees; the real one stands behind this struct */
    sqlite3_file *real;
    struct store_vfs *vfs;
    char *bytes; /* NULL until something is written */
    int count;
    sqlite3_int64 offset; /* where the bytes belong */
    bool header_unsynced;
};

/* The real file with another xWrite; as a file's methods it is all that tells where its rest is. */
struct pacing {
    sqlite3_io_methods methods;
    const sqlite3_io_methods *real;
    struct store_vfs *vfs;
};

struct store_vfs {
    sqlite3_vfs vfs; /* a copy of the real one, whose own functions do not see the difference */
    sqlite3_vfs *real;
    char name[32];
    /* the writer's */
    sqlite3_file *wal; /* the real one, while it is open */
    bool defers_syncs;
    /* the checkpointer's */
    struct pacing database;
    int unsynced_pages;
};

/* --- the writer's WAL --- */

/* What fails is gone: the transaction is rolled back, and its frames written anew. */
static int flush(struct gathering *gathering)
{
    int count = gathering->count;
    gathering->count = 0;
    return count > 0 ? gathering->real->pMethods->xWrite(gathering->real, gathering->bytes, count,
                                                         gathering->offset)
                     : SQLITE_OK;
}

static int gather_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset)
{
    struct gathering *gathering = (struct gathering *)file;
    gathering->header_unsynced = gathering->header_unsynced || offset == 0;
    bool follows = gathering->count == 0 || offset == gathering->offset + gathering->count;
    if (!follows || count > ROOM - gathering->count) {
        int rc = flush(gathering);
        if (rc != SQLITE_OK)
            return rc;
    }
    if (!gathering->bytes)
        gathering->bytes = malloc(ROOM);
    if (!gathering->bytes || count > ROOM)
        return gathering->real->pMethods->xWrite(gathering->real, bytes, count, offset);
    if (gathering->count == 0)
        gathering->offset = offset;
    memcpy(gathering->bytes + gathering->count, bytes, (size_t)count);
    gathering->count += count;
    return SQLITE_OK;
}

static int gather_close(sqlite3_file *file)
{
    struct gathering *gathering = (struct gathering *)file;
    (void)flush(gathering); /* never part of a commit */
    gathering->vfs->wal = NULL;
    free(gathering->bytes);
    gathering->bytes = NULL;
    return gathering->real->pMethods->xClose(gathering->real);
}

static int gather_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset)
{
    struct gathering *gathering = (struct gathering *)file;
    int rc = flush(gathering);
    return rc == SQLITE_OK ? gathering->real->pMethods->xRead(gathering->real, bytes, count, offset) : rc;
}

static int gather_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct gathering *gathering = (struct gathering *)file;
    int rc = flush(gathering);
    return rc == SQLITE_OK ? gathering->real->pMethods->xTruncate(gathering->real, size) : rc;
}

static int gather_sync(sqlite3_file *file, int flags)
{
    struct gathering *gathering = (struct gathering *)file;
    /* no frame may reach the disk before the header that it belongs to: that sync can't wait */
    bool can_wait = gathering->vfs->defers_syncs && !gathering->header_unsynced;
    int rc = flush(gathering);
    if (rc != SQLITE_OK || can_wait)
        return rc;
    gathering->header_unsynced = false;
    return gathering->real->pMethods->xSync(gathering->real, flags);
}

static int gather_size(sqlite3_file *file, sqlite3_int64 *size)
{
    struct gathering *gathering = (struct gathering *)file;
    int rc = flush(gathering);
    return rc == SQLITE_OK ? gathering->real->pMethods->xFileSize(gathering->real, size) : rc;
}

/* A WAL is never locked: the database is. */
static int gather_lock(sqlite3_file *file, int level)
{
    (void)file;
    (void)level;
    return SQLITE_OK;
}

static int gather_is_locked(sqlite3_file *file, int *locked)
{
    (void)file;
    *locked = 0;
    return SQLITE_OK;
}

static int gather_control(sqlite3_file *file, int operation, void *argument)
{
    const struct gathering *gathering = (struct gathering *)file;
    return gathering->real->pMethods->xFileControl(gathering->real, operation, argument);
}

static int gather_sector_size(sqlite3_file *file)
{
    const struct gathering *gathering = (struct gathering *)file;
    return gathering->real->pMethods->xSectorSize(gathering->real);
}

static int gather_characteristics(sqlite3_file *file)
{
    const struct gathering *gathering = (struct gathering *)file;
    return gathering->real->pMethods->xDeviceCharacteristics(gathering->real);
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = gather_close,
    .xRead = gather_read,
    .xWrite = gather_write,
    .xTruncate = gather_truncate,
    .xSync = gather_sync,
    .xFileSize = gather_size,
    .xLock = gather_lock,
    .xUnlock = gather_lock,
    .xCheckReservedLock = gather_is_locked,
    .xFileControl = gather_control,
    .xSectorSize = gather_sector_size,
    .xDeviceCharacteristics = gather_characteristics,
};

static int open_gathering(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags)
{
    struct store_vfs *ours = (struct store_vfs *)vfs;
    sqlite3_vfs *real = ours->real;
    if (!(flags & SQLITE_OPEN_WAL))
        return real->xOpen(real, path, file, flags, out_flags);
    struct gathering *gathering = (struct gathering *)file;
    *gathering = (struct gathering){.real = (sqlite3_file *)(gathering + 1), .vfs = ours};
    int rc = real->xOpen(real, path, gathering->real, flags, out_flags);
    if (rc == SQLITE_OK) {
        file->pMethods = &methods;
        ours->wal = gathering->real;
    }
    return rc;
}

/* --- the checkpointer's database --- */

static int paced_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset)
{
    const struct pacing *pacing = (const struct pacing *)file->pMethods;
    int rc = pacing->real->xWrite(file, bytes, count, offset);
    if (rc != SQLITE_OK || ++pacing->vfs->unsynced_pages < PACE_PAGES)
        return rc;
    pacing->vfs->unsynced_pages = 0;
    return pacing->real->xSync(file, SQLITE_SYNC_NORMAL);
}

static int open_paced(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags)
{
    struct store_vfs *ours = (struct store_vfs *)vfs;
    int rc = ours->real->xOpen(ours->real, path, file, flags, out_flags);
    if (rc == SQLITE_OK && (flags & SQLITE_OPEN_MAIN_DB)) {
        ours->database = (struct pacing){.methods = *file->pMethods, .real = file->pMethods, .vfs = ours};
        ours->database.methods.xWrite = paced_write;
        file->pMethods = &ours->database.methods;
    }
    return rc;
}

/* --- both --- */

typedef int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags);

static struct store_vfs *new_vfs(open_file *open)
{
    struct store_vfs *vfs = calloc(1, sizeof *vfs);
    if (!vfs)
        return NULL;
    vfs->real = sqlite3_vfs_find(NULL);
    if (vfs->real) {
        vfs->vfs = *vfs->real;
        text_format(vfs->name, sizeof vfs->name, "store-%p", (void *)vfs);
        vfs->vfs.pNext = NULL;
        vfs->vfs.zName = vfs->name;
        vfs->vfs.szOsFile = vfs->real->szOsFile + (int)sizeof(struct gathering);
        vfs->vfs.xOpen = open;
        if (sqlite3_vfs_register(&vfs->vfs, 0) == SQLITE_OK)
            return vfs;
    }
    free(vfs);
    return NULL;
}

struct store_vfs *store_vfs_new_gathering(void)
{
    return new_vfs(open_gathering);
}

struct store_vfs *store_vfs_new_paced(void)
{
    return new_vfs(open_paced);
}

const char *store_vfs_name(const struct store_vfs *vfs)
{
    return vfs->name;
}

void store_vfs_defer_syncs(struct store_vfs *vfs, bool defer)
{
    vfs->defers_syncs = defer;
}

int store_vfs_sync(struct store_vfs *vfs)
{
    return vfs->wal ? vfs->wal->pMethods->xSync(vfs->wal, SQLITE_SYNC_NORMAL) : SQLITE_OK;
}

void store_vfs_free(struct store_vfs *vfs)
{
    if (vfs)
        sqlite3_vfs_unregister(&vfs->vfs);
    free(vfs);
}
