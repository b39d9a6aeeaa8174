/*
 * A disk that fills up or breaks on command, to be preloaded into the daemon (LD_PRELOAD). While the file
 * named by the variable FULL_DISK_FLAG exists, changing a file whose path holds ".db" fails: with ENOSPC,
 * after short writes, as on a disk that runs full; with EIO, also from fsync, if the file's text begins with
 * "EIO". Without the file, and for all other files, nothing is changed.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* The libc's function that ours hides, or a sanitizer's between them. Looked up at each call: no shared
 * state. */
#define REAL(function) (__extension__((__typeof__(&(function)))real(#function)))

static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (found == NULL) {
        abort();
    }
    return found;
}

/* The raw system calls keep this file out of the way of its own functions and of sanitizers. */
static int flag_error(void)
{
    const char *flag = getenv("FULL_DISK_FLAG");
    char text[3] = "";
    int fd = flag == NULL ? -1 : (int)syscall(SYS_openat, AT_FDCWD, flag, O_RDONLY | O_CLOEXEC, 0);

    if (fd < 0) {
        return 0;
    }
    if (syscall(SYS_read, fd, text, sizeof(text)) < 0) {
        text[0] = '\0';
    }
    syscall(SYS_close, fd);
    return memcmp(text, "EIO", sizeof(text)) == 0 ? EIO : ENOSPC;
}

static bool is_database(int fd)
{
    char link[64];
    char path[4096];
    long length;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof(path) - 1);
    if (length < 0) {
        return false;
    }
    path[length] = '\0';
    return strstr(path, ".db") != NULL;
}

/* The error that a change of fd must meet now; 0: none. Keeps errno. */
static int fault(int fd)
{
    int saved = errno;
    int error = flag_error();

    if (error != 0 && !is_database(fd)) {
        error = 0;
    }
    errno = saved;
    return error;
}

static int fail(int error)
{
    errno = error;
    return -1;
}

/* How many of a write's bytes still fit: half of them, so that a frame is torn; none of the last one. */
static size_t room(int error, size_t length)
{
    return error == ENOSPC ? length / 2 : 0;
}

ssize_t write(int fd, const void *buffer, size_t length)
{
    int error = fault(fd);
    size_t fits = room(error, length);

    if (error == 0) {
        return REAL(write)(fd, buffer, length);
    }
    return fits > 0 ? REAL(write)(fd, buffer, fits) : fail(error);
}

ssize_t pwrite64(int fd, const void *buffer, size_t length, off64_t offset)
{
    int error = fault(fd);
    size_t fits = room(error, length);

    if (error == 0) {
        return REAL(pwrite64)(fd, buffer, length, offset);
    }
    return fits > 0 ? REAL(pwrite64)(fd, buffer, fits, offset) : fail(error);
}

ssize_t pwrite(int fd, const void *buffer, size_t length, off_t offset)
{
    return pwrite64(fd, buffer, length, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    int error = fault(fd);

    return error == 0 ? REAL(writev)(fd, parts, count) : fail(error);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset)
{
    int error = fault(fd);

    return error == 0 ? REAL(pwritev64)(fd, parts, count, offset) : fail(error);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
    return pwritev64(fd, parts, count, offset);
}

/* Making a file smaller needs no room, but the WAL's and its index's growth does; the tests ask for both to
 * fail. */
int ftruncate64(int fd, off64_t length)
{
    int error = fault(fd);

    return error == 0 ? REAL(ftruncate64)(fd, length) : fail(error);
}

int ftruncate(int fd, off_t length)
{
    return ftruncate64(fd, length);
}

int fallocate64(int fd, int mode, off64_t offset, off64_t length)
{
    int error = fault(fd);

    return error == 0 ? REAL(fallocate64)(fd, mode, offset, length) : fail(error);
}

int fallocate(int fd, int mode, off_t offset, off_t length)
{
    return fallocate64(fd, mode, offset, length);
}

/* This one returns its error. */
int posix_fallocate64(int fd, off64_t offset, off64_t length)
{
    int error = fault(fd);

    return error == 0 ? REAL(posix_fallocate64)(fd, offset, length) : error;
}

int posix_fallocate(int fd, off_t offset, off_t length)
{
    return posix_fallocate64(fd, offset, length);
}

/* A full disk still syncs what it has; a broken one does not. */
int fsync(int fd)
{
    return fault(fd) == EIO ? fail(EIO) : REAL(fsync)(fd);
}

int fdatasync(int fd)
{
    return fault(fd) == EIO ? fail(EIO) : REAL(fdatasync)(fd);
}
