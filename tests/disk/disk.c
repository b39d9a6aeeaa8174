/* The VFS that is a disk: SQLite's methods over those of unix, faults and loss of power. See disk.h. */
#include "tests/disk/disk.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/disk/disk_model.h"

struct fault {
    enum disk_fault kind;
    int64_t skip, count;
};

struct disk {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    sqlite3_vfs *former_default;
    pthread_mutex_t mutex; /* guards what follows */
    struct chance chance;
    struct file *files;
    struct fault faults[DISK_OPERATION_COUNT];
    struct disk_counters counters;
    unsigned early_one_in;
    uint64_t age; /* power losses since it was made */
    int dead;     /* handles from before the last of them */
    void (*watch)(struct disk *disk, void *context);
    void *watch_context;
};

/* The real file's own struct follows. */
struct handle {
    sqlite3_file base;
    struct disk *disk;
    struct file *file;
    uint64_t age;
    bool syncs_directory; /* it created a journal or WAL and has not synced it yet */
};

static sqlite3_file *real_of(struct handle *handle)
{
    return (sqlite3_file *)(handle + 1);
}

/* --- power --- */

void disk_lose_power(struct disk *disk, uint64_t seed)
{
    struct file *next = NULL;
    pthread_mutex_lock(&disk->mutex);
    disk->chance.state = seed;
    disk->age++;
    disk->counters.power_losses++;
    disk->dead = 0;
    for (struct file *file = disk->files; file; file = next) {
        next = file->next;
        disk->dead += file->users;
        file_lose(file, &disk->chance);
        file_drop_if_idle(&disk->files, file);
    }
    pthread_mutex_unlock(&disk->mutex);
}

/* --- one operation --- */

static int fault_code(enum disk_operation operation, enum disk_fault fault)
{
    static const int codes[DISK_OPERATION_COUNT] = {
        [DISK_READ] = SQLITE_IOERR_READ,
        [DISK_WRITE] = SQLITE_IOERR_WRITE,
        [DISK_TRUNCATE] = SQLITE_IOERR_TRUNCATE,
        [DISK_SYNC] = SQLITE_IOERR_FSYNC,
    };
    if (fault == DISK_BROKEN || operation == DISK_READ)
        errno = EIO;
    else
        errno = fault == DISK_QUOTA ? EDQUOT : ENOSPC;
    return errno == ENOSPC && operation == DISK_WRITE ? SQLITE_FULL : codes[operation];
}

/* Whether the next operation of this kind fails. */
static bool takes_fault(struct disk *disk, enum disk_operation operation, enum disk_fault *kind)
{
    struct fault *fault = &disk->faults[operation];
    disk->counters.operations[operation]++;
    *kind = fault->kind;
    if (fault->count == 0)
        return false;
    if (fault->skip > 0) {
        fault->skip--;
        return false;
    }
    if (fault->count != DISK_ALWAYS)
        fault->count--;
    disk->counters.faults++;
    return true;
}

/* Takes the lock, and says what the operation must meet: SQLITE_OK, or its error. *IS_SHORT: half of it is to
 * be done all the same. */
static int begin(struct handle *handle, enum disk_operation operation, bool *is_short)
{
    struct disk *disk = handle->disk;
    enum disk_fault kind = DISK_BROKEN;
    if (disk->watch)
        disk->watch(disk, disk->watch_context);
    pthread_mutex_lock(&disk->mutex);
    *is_short = false;
    if (handle->age != disk->age)
        return fault_code(operation, DISK_BROKEN);
    if (!takes_fault(disk, operation, &kind))
        return SQLITE_OK;
    *is_short = kind == DISK_SHORT;
    return fault_code(operation, kind);
}

static int end(struct handle *handle, int rc)
{
    pthread_mutex_unlock(&handle->disk->mutex);
    return rc;
}

/* --- SQLite's file methods --- */

static int disk_read(sqlite3_file *base, void *buffer, int amount, sqlite3_int64 offset)
{
    struct handle *handle = (struct handle *)base;
    sqlite3_file *real = real_of(handle);
    const struct file *file = handle->file;
    bool is_short = false;
    int rc = begin(handle, DISK_READ, &is_short);
    if (rc != SQLITE_OK)
        return end(handle, rc);
    rc = real->pMethods->xRead(real, buffer, amount, offset);
    if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ)
        return end(handle, rc);
    file_overlay(file, buffer, amount, offset);
    return end(handle, offset + amount <= file->size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ);
}

static int disk_write(sqlite3_file *base, const void *bytes, int amount, sqlite3_int64 offset)
{
    struct handle *handle = (struct handle *)base;
    struct disk *disk = handle->disk;
    bool is_short = false;
    int rc = begin(handle, DISK_WRITE, &is_short);
    if (is_short)
        file_put_write(handle->file, bytes, (size_t)amount / 2, offset);
    if (rc != SQLITE_OK)
        return end(handle, rc);
    file_put_write(handle->file, bytes, (size_t)amount, offset);
    if (disk->early_one_in > 0 && chance_draw(&disk->chance) % disk->early_one_in == 0)
        rc = file_write_back_some(handle->file, real_of(handle), &disk->chance);
    return end(handle, rc);
}

static int disk_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct handle *handle = (struct handle *)base;
    bool is_short = false;
    int rc = begin(handle, DISK_TRUNCATE, &is_short);
    if (rc == SQLITE_OK)
        file_put_truncation(handle->file, size);
    return end(handle, rc);
}

static int disk_sync(sqlite3_file *base, int flags)
{
    struct handle *handle = (struct handle *)base;
    bool is_short = false;
    (void)flags;
    int rc = begin(handle, DISK_SYNC, &is_short);
    if (is_short)
        (void)file_write_back_some(handle->file, real_of(handle), &handle->disk->chance);
    if (rc == SQLITE_OK)
        rc = file_write_back(handle->file, real_of(handle));
    file_note_sync(handle->file, rc == SQLITE_OK);
    if (rc != SQLITE_OK)
        return end(handle, rc);
    if (handle->syncs_directory)
        file_sync_directory(&handle->disk->files, handle->file->path);
    handle->syncs_directory = false;
    return end(handle, SQLITE_OK);
}

static int disk_size(sqlite3_file *base, sqlite3_int64 *size)
{
    struct handle *handle = (struct handle *)base;
    pthread_mutex_lock(&handle->disk->mutex);
    *size = handle->file->size;
    return end(handle, handle->age == handle->disk->age ? SQLITE_OK : SQLITE_IOERR_FSTAT);
}

static int disk_close(sqlite3_file *base)
{
    struct handle *handle = (struct handle *)base;
    struct disk *disk = handle->disk;
    sqlite3_file *real = real_of(handle);
    pthread_mutex_lock(&disk->mutex);
    int rc = real->pMethods->xClose(real);
    if (handle->age != disk->age)
        disk->dead--;
    handle->file->users--;
    file_drop_if_idle(&disk->files, handle->file);
    return end(handle, rc);
}

/* --- passed on to unix --- */

static int disk_lock(sqlite3_file *base, int level)
{
    sqlite3_file *real = real_of((struct handle *)base);
    return real->pMethods->xLock(real, level);
}

static int disk_unlock(sqlite3_file *base, int level)
{
    sqlite3_file *real = real_of((struct handle *)base);
    return real->pMethods->xUnlock(real, level);
}

static int disk_check_lock(sqlite3_file *base, int *is_reserved)
{
    sqlite3_file *real = real_of((struct handle *)base);
    return real->pMethods->xCheckReservedLock(real, is_reserved);
}

static int disk_control(sqlite3_file *base, int operation, void *argument)
{
    sqlite3_file *real = real_of((struct handle *)base);
    return real->pMethods->xFileControl(real, operation, argument);
}

static int disk_sector_size(sqlite3_file *base)
{
    sqlite3_file *real = real_of((struct handle *)base);
    return real->pMethods->xSectorSize(real);
}

static int disk_characteristics(sqlite3_file *base)
{
    sqlite3_file *real = real_of((struct handle *)base);
    return real->pMethods->xDeviceCharacteristics(real);
}

static int disk_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **memory)
{
    sqlite3_file *real = real_of((struct handle *)base);
    return real->pMethods->xShmMap(real, region, size, extend, memory);
}

static int disk_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
    sqlite3_file *real = real_of((struct handle *)base);
    return real->pMethods->xShmLock(real, offset, count, flags);
}

static void disk_shm_barrier(sqlite3_file *base)
{
    sqlite3_file *real = real_of((struct handle *)base);
    real->pMethods->xShmBarrier(real);
}

static int disk_shm_unmap(sqlite3_file *base, int delete)
{
    sqlite3_file *real = real_of((struct handle *)base);
    return real->pMethods->xShmUnmap(real, delete);
}

/* Version 2: without xFetch, so that nothing is read past what waits. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = disk_close,
    .xRead = disk_read,
    .xWrite = disk_write,
    .xTruncate = disk_truncate,
    .xSync = disk_sync,
    .xFileSize = disk_size,
    .xLock = disk_lock,
    .xUnlock = disk_unlock,
    .xCheckReservedLock = disk_check_lock,
    .xFileControl = disk_control,
    .xSectorSize = disk_sector_size,
    .xDeviceCharacteristics = disk_characteristics,
    .xShmMap = disk_shm_map,
    .xShmLock = disk_shm_lock,
    .xShmBarrier = disk_shm_barrier,
    .xShmUnmap = disk_shm_unmap,
};

/* --- SQLite's VFS methods --- */

#define JOURNALS (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL | SQLITE_OPEN_SUPER_JOURNAL)

/* With the lock held, the real file open. */
static int open_handle(struct disk *disk, struct handle *handle, const char *path, bool created)
{
    struct file *file = file_get(&disk->files, path);
    sqlite3_int64 size = file->size;
    sqlite3_file *real = real_of(handle);
    /* what the real file has is all */
    int rc = file->waiting_count == 0 ? real->pMethods->xFileSize(real, &size) : SQLITE_OK;
    file->users++;
    file->size = size;
    file->entry_unsynced = file->entry_unsynced || created;
    *handle = (struct handle){
        .base = {&methods}, .disk = disk, .file = file, .age = disk->age, .syncs_directory = created};
    return rc;
}

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *out_flags)
{
    struct disk *disk = vfs->pAppData;
    struct handle *handle = (struct handle *)base;
    if (!path || !(flags & (SQLITE_OPEN_MAIN_DB | JOURNALS)))
        return disk->real->xOpen(disk->real, path, base, flags, out_flags);
    base->pMethods = NULL;
    pthread_mutex_lock(&disk->mutex);
    bool creates = (flags & SQLITE_OPEN_CREATE) && (flags & JOURNALS) && access(path, F_OK) != 0;
    int rc = disk->dead > 0 ? SQLITE_IOERR
                            : disk->real->xOpen(disk->real, path, real_of(handle), flags, out_flags);
    if (rc == SQLITE_OK)
        rc = open_handle(disk, handle, path, creates);
    pthread_mutex_unlock(&disk->mutex);
    return rc;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
    struct disk *disk = vfs->pAppData;
    int rc = SQLITE_IOERR_DELETE;
    pthread_mutex_lock(&disk->mutex);
    if (disk->dead == 0) {
        struct file *file = file_get(&disk->files, path);
        file_before_delete(file);
        file_drop_if_idle(&disk->files, file);
        rc = disk->real->xDelete(disk->real, path, 0);
        if (sync)
            file_sync_directory(&disk->files, path);
    }
    pthread_mutex_unlock(&disk->mutex);
    return rc;
}

/* To unix a journal exists if it is not empty. */
static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *yes)
{
    struct disk *disk = vfs->pAppData;
    pthread_mutex_lock(&disk->mutex);
    const struct file *file = file_find(disk->files, path);
    int rc = disk->real->xAccess(disk->real, path, flags, yes);
    if (file && file->waiting_count > 0 && flags == SQLITE_ACCESS_EXISTS)
        *yes = file->size > 0;
    pthread_mutex_unlock(&disk->mutex);
    return rc;
}

/* --- the disk itself --- */

struct disk *disk_new(uint64_t seed)
{
    sqlite3_vfs *real = sqlite3_vfs_find("unix");
    struct disk *disk = real ? calloc(1, sizeof *disk) : NULL;
    if (!disk)
        return NULL;
    pthread_mutex_init(&disk->mutex, NULL);
    disk->real = real;
    disk->former_default = sqlite3_vfs_find(NULL);
    disk->chance.state = seed;
    /* the methods that stay unix's do not look at the struct they are called with */
    disk->vfs = *real;
    disk->vfs.pNext = NULL;
    disk->vfs.zName = "disk";
    disk->vfs.pAppData = disk;
    disk->vfs.szOsFile = real->szOsFile + (int)sizeof(struct handle);
    disk->vfs.xOpen = vfs_open;
    disk->vfs.xDelete = vfs_delete;
    disk->vfs.xAccess = vfs_access;
    if (sqlite3_vfs_register(&disk->vfs, 1) == SQLITE_OK)
        return disk;
    pthread_mutex_destroy(&disk->mutex);
    free(disk);
    return NULL;
}

void disk_reset(struct disk *disk, uint64_t seed)
{
    pthread_mutex_lock(&disk->mutex);
    while (disk->files)
        file_free(&disk->files, disk->files);
    disk->chance.state = seed;
    disk->early_one_in = 0;
    memset(disk->faults, 0, sizeof disk->faults);
    memset(&disk->counters, 0, sizeof disk->counters);
    pthread_mutex_unlock(&disk->mutex);
}

void disk_free(struct disk *disk)
{
    if (!disk)
        return;
    disk_reset(disk, 0);
    sqlite3_vfs_unregister(&disk->vfs);
    sqlite3_vfs_register(disk->former_default, 1);
    pthread_mutex_destroy(&disk->mutex);
    free(disk);
}

void disk_write_back_early(struct disk *disk, unsigned one_in)
{
    pthread_mutex_lock(&disk->mutex);
    disk->early_one_in = one_in;
    pthread_mutex_unlock(&disk->mutex);
}

void disk_fail(struct disk *disk, enum disk_operation operation, enum disk_fault fault, int64_t skip,
               int64_t count)
{
    pthread_mutex_lock(&disk->mutex);
    disk->faults[operation] = (struct fault){fault, skip, count};
    pthread_mutex_unlock(&disk->mutex);
}

void disk_mend(struct disk *disk)
{
    pthread_mutex_lock(&disk->mutex);
    memset(disk->faults, 0, sizeof disk->faults);
    pthread_mutex_unlock(&disk->mutex);
}

struct disk_counters disk_counters(struct disk *disk)
{
    pthread_mutex_lock(&disk->mutex);
    struct disk_counters counters = disk->counters;
    pthread_mutex_unlock(&disk->mutex);
    return counters;
}

void disk_watch(struct disk *disk, void (*call)(struct disk *disk, void *context), void *context)
{
    disk->watch = call;
    disk->watch_context = context;
}
