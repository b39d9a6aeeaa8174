/*
 * A VFS over SQLite's default one that gathers what is appended to the WAL: SQLite writes the header and the
 * page of each frame one by one, which is two system calls for each changed page. They go to the file in one
 * piece before it is synced, read or truncated, so that what SQLite relies on holds: nobody reads a frame
 * before the commit that it belongs to was synced. An error of the write is then the sync's: the commit
 * fails.
 */
#include "lib/store_vfs.h"

#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

#define ROOM (124 * 1024) /* SQLite's own VFS can't write 128 KiB in one go */

struct gathering {
    sqlite3_file file; /* what SQLite sees; the real one stands behind this struct */
    sqlite3_file *real;
    char *bytes; /* NULL until something is written */
    int count;
    sqlite3_int64 offset; /* where the bytes belong */
};

struct store_vfs {
    sqlite3_vfs vfs; /* a copy of the real one, whose own functions do not see the difference */
    sqlite3_vfs *real;
    char name[32];
};

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
    int rc = flush(gathering);
    return rc == SQLITE_OK ? gathering->real->pMethods->xSync(gathering->real, flags) : rc;
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

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags)
{
    sqlite3_vfs *real = ((struct store_vfs *)vfs)->real;
    if (!(flags & SQLITE_OPEN_WAL))
        return real->xOpen(real, path, file, flags, out_flags);
    struct gathering *gathering = (struct gathering *)file;
    *gathering = (struct gathering){.real = (sqlite3_file *)(gathering + 1)};
    int rc = real->xOpen(real, path, gathering->real, flags, out_flags);
    if (rc == SQLITE_OK)
        file->pMethods = &methods;
    return rc;
}

struct store_vfs *store_vfs_new(void)
{
    struct store_vfs *vfs = calloc(1, sizeof *vfs);
    if (!vfs)
        return NULL;
    vfs->real = sqlite3_vfs_find(NULL);
    if (vfs->real) {
        vfs->vfs = *vfs->real;
        text_format(vfs->name, sizeof vfs->name, "wal-%p", (void *)vfs);
        vfs->vfs.pNext = NULL;
        vfs->vfs.zName = vfs->name;
        vfs->vfs.szOsFile = vfs->real->szOsFile + (int)sizeof(struct gathering);
        vfs->vfs.xOpen = vfs_open;
        if (sqlite3_vfs_register(&vfs->vfs, 0) == SQLITE_OK)
            return vfs;
    }
    free(vfs);
    return NULL;
}

const char *store_vfs_name(const struct store_vfs *vfs)
{
    return vfs->name;
}

void store_vfs_free(struct store_vfs *vfs)
{
    if (vfs)
        sqlite3_vfs_unregister(&vfs->vfs);
    free(vfs);
}
