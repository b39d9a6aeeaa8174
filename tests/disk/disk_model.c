/* The files of a disk: what waits to reach them, and what does when the power is lost. See disk_model.h. */
#include "tests/disk/disk_model.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/compiler.h"

#define SECTOR 512

/* --- chance --- */

uint64_t chance_draw(struct chance *chance)
{
    uint64_t z = chance->state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static bool happens(struct chance *chance, unsigned in_16)
{
    return chance_draw(chance) % 16 < in_16;
}

/* --- what waits --- */

/* There is no test to go on with when the memory of one is at its end. */
static void *grown(void *memory, size_t size)
{
    memory = realloc(memory, size);
    if (!memory)
        abort();
    return memory;
}

static struct waiting *add_waiting(struct file *file)
{
    if (file->waiting_count == file->waiting_room) {
        file->waiting_room = 2 * file->waiting_room + 64;
        file->waiting = grown(file->waiting, file->waiting_room * sizeof *file->waiting);
    }
    return &file->waiting[file->waiting_count++];
}

void file_put_write(struct file *file, const void *bytes, size_t length, int64_t offset)
{
    if (length == 0)
        return;
    if (file->bytes_room - file->bytes_count < length) {
        file->bytes_room = 2 * file->bytes_room + length + 32768;
        file->bytes = grown(file->bytes, file->bytes_room);
    }
    memcpy(file->bytes + file->bytes_count, bytes, length);
    *add_waiting(file) = (struct waiting){.offset = offset, .length = length, .at = file->bytes_count};
    file->bytes_count += length;
    if (file->size < offset + (int64_t)length)
        file->size = offset + (int64_t)length;
}

void file_put_truncation(struct file *file, int64_t size)
{
    *add_waiting(file) = (struct waiting){.truncates = true, .offset = size};
    file->size = size;
}

void file_clear(struct file *file)
{
    file->waiting_count = 0;
    file->bytes_count = 0;
    file->has_lost = false;
}

void file_note_sync(struct file *file, bool good)
{
    file->has_lost = file->has_lost || (!good && file->waiting_count > 0);
    if (!file->has_lost)
        file_clear(file);
    for (size_t i = 0; i < file->waiting_count; i++)
        file->waiting[i].is_over = true;
}

/* Does to BUFFER what ONE does to the file. */
static void overlay(const struct file *file, const struct waiting *one, unsigned char *buffer, int64_t length,
                    int64_t offset)
{
    int64_t from = one->offset > offset ? one->offset : offset;
    int64_t end = offset + length;
    if (!one->truncates && one->offset + (int64_t)one->length < end)
        end = one->offset + (int64_t)one->length;
    if (from >= end)
        return;
    if (one->truncates)
        memset(buffer + (from - offset), 0, (size_t)(end - from));
    else
        memcpy(buffer + (from - offset), file->bytes + one->at + (from - one->offset), (size_t)(end - from));
}

void file_overlay(const struct file *file, unsigned char *buffer, int64_t length, int64_t offset)
{
    for (size_t i = 0; i < file->waiting_count; i++)
        overlay(file, &file->waiting[i], buffer, length, offset);
}

/* --- what reaches the real file: by SQLite's own handle, or where there is none, by a descriptor --- */

struct target {
    sqlite3_file *real;
    int fd; /* if there is no REAL */
};

static int target_write(const struct target *target, const void *bytes, size_t length, int64_t offset)
{
    if (target->real)
        return target->real->pMethods->xWrite(target->real, bytes, (int)length, offset);
    return pwrite(target->fd, bytes, length, offset) == (ssize_t)length ? SQLITE_OK : SQLITE_IOERR_WRITE;
}

static int target_truncate(const struct target *target, int64_t size)
{
    if (target->real)
        return target->real->pMethods->xTruncate(target->real, size);
    return ftruncate(target->fd, size) == 0 ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

static int do_all(const struct file *file, const struct target *target)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; i < file->waiting_count && rc == SQLITE_OK; i++) {
        const struct waiting *one = &file->waiting[i];
        if (one->is_over)
            continue;
        rc = one->truncates ? target_truncate(target, one->offset)
                            : target_write(target, file->bytes + one->at, one->length, one->offset);
    }
    return rc;
}

/* Sectors that are kept, and that are torn, of 16. */
struct survival {
    unsigned kept, torn;
};

/* One loss spares nearly everything, another nearly nothing. */
static struct survival draw_survival(struct chance *chance)
{
    static const unsigned kept[] = {0, 1, 8, 15, 16, 14, 2, 12}, torn[] = {0, 0, 0, 1, 2, 8};
    struct survival survival = {kept[chance_draw(chance) % COUNT_OF(kept)],
                                torn[chance_draw(chance) % COUNT_OF(torn)]};
    return survival;
}

static int write_sector(struct chance *chance, const struct target *target, const unsigned char *bytes,
                        size_t length, int64_t offset, unsigned torn)
{
    unsigned char garbage[SECTOR];
    if (!happens(chance, torn))
        return target_write(target, bytes, length, offset);
    memcpy(garbage, bytes, length);
    for (size_t i = chance_draw(chance) % length; i < length; i++)
        garbage[i] = (unsigned char)chance_draw(chance);
    return target_write(target, garbage, length, offset);
}

static int do_some_of(struct chance *chance, const struct file *file, const struct waiting *one,
                      const struct target *target, struct survival survival)
{
    int rc = SQLITE_OK;
    size_t length = 0;
    for (size_t done = 0; done < one->length && rc == SQLITE_OK; done += length) {
        int64_t offset = one->offset + (int64_t)done;
        length = SECTOR - (size_t)(offset % SECTOR);
        if (length > one->length - done)
            length = one->length - done;
        if (happens(chance, survival.kept))
            rc = write_sector(chance, target, file->bytes + one->at + done, length, offset, survival.torn);
    }
    return rc;
}

/* A random part of what waits, some of it torn. */
static int do_some(struct chance *chance, const struct file *file, const struct target *target)
{
    int rc = SQLITE_OK;
    struct survival survival = draw_survival(chance);
    for (size_t i = 0; i < file->waiting_count && rc == SQLITE_OK; i++) {
        const struct waiting *one = &file->waiting[i];
        if (one->is_over)
            continue;
        if (!one->truncates)
            rc = do_some_of(chance, file, one, target, survival);
        else if (happens(chance, survival.kept))
            rc = target_truncate(target, one->offset);
    }
    return rc;
}

int file_write_back(const struct file *file, sqlite3_file *real)
{
    struct target target = {.real = real};
    return do_all(file, &target);
}

int file_write_back_some(const struct file *file, sqlite3_file *real, struct chance *chance)
{
    struct target target = {.real = real};
    return do_some(chance, file, &target);
}

/* --- files --- */

struct file *file_find(struct file *files, const char *path)
{
    struct file *file = files;
    while (file && strcmp(file->path, path) != 0)
        file = file->next;
    return file;
}

struct file *file_get(struct file **files, const char *path)
{
    struct file *file = file_find(*files, path);
    if (file)
        return file;
    file = grown(NULL, sizeof *file);
    *file = (struct file){.next = *files, .path = strdup(path)};
    if (!file->path)
        abort();
    *files = file;
    return file;
}

static void forget_former(struct file *file)
{
    if (file->former)
        free(file->former->bytes);
    free(file->former);
    file->former = NULL;
}

void file_free(struct file **files, struct file *file)
{
    struct file **link = files;
    while (*link != file)
        link = &(*link)->next;
    *link = file->next;
    forget_former(file);
    free(file->waiting);
    free(file->bytes);
    free(file->path);
    free(file);
}

void file_drop_if_idle(struct file **files, struct file *file)
{
    if (file->users == 0 && file->waiting_count == 0 && !file->entry_unsynced && !file->former)
        file_free(files, file);
}

static size_t directory_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) : 0;
}

void file_sync_directory(struct file **files, const char *path)
{
    struct file *next = NULL;
    size_t length = directory_length(path);
    for (struct file *file = *files; file; file = next) {
        next = file->next;
        if (directory_length(file->path) != length || memcmp(file->path, path, length) != 0)
            continue;
        file->entry_unsynced = false;
        forget_former(file);
        file_drop_if_idle(files, file);
    }
}

/* Remembers what the file has. */
static void keep_former(struct file *file)
{
    struct stat status;
    int fd = open(file->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    struct former *former = grown(NULL, sizeof *former);
    former->length = fstat(fd, &status) == 0 ? (size_t)status.st_size : 0;
    former->bytes = grown(NULL, former->length + 1);
    if (pread(fd, former->bytes, former->length, 0) != (ssize_t)former->length)
        abort();
    close(fd);
    file->former = former;
}

void file_before_delete(struct file *file)
{
    if (!file->entry_unsynced && !file->former)
        keep_former(file);
    file->entry_unsynced = false;
    file->size = 0;
    file_clear(file);
}

/* --- power --- */

static void bring_back(struct file *file)
{
    unlink(file->path);
    int fd = open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || pwrite(fd, file->former->bytes, file->former->length, 0) != (ssize_t)file->former->length)
        abort();
    close(fd);
}

/* What is there after the loss: of its entries in the directory, one; of its bytes, some. */
void file_lose(struct file *file, struct chance *chance)
{
    struct target target = {.fd = open(file->path, O_WRONLY | O_CLOEXEC)};
    bool is_former = file->former && happens(chance, 8);
    if (target.fd >= 0) {
        if (do_some(chance, file, &target) != SQLITE_OK)
            abort();
        close(target.fd);
    }
    if (is_former)
        bring_back(file);
    else if (file->entry_unsynced && happens(chance, 8))
        unlink(file->path);
    file_clear(file);
    file->entry_unsynced = false;
    forget_former(file);
}
