/*
 * The system around the daemon. Notifications that nobody takes are no error. A socket that was handed over
 * and can't be used is fatal: somebody else would wait at it in vain.
 */
#include "daemon/system.h"

#include "daemon/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define NAME_PUBLIC "public"
#define NAME_ADMIN  "admin"
#define NAME_KEPT   "kept" /* by ourselves, over a restart in place */

#define LARGE_BYTES (128 * 1024)

/* --- sockets --- */

/* Where a socket of this name belongs, or NULL. */
static int *place_of(struct system_sockets *sockets, const char *name, int fd)
{
    if (strcmp(name, NAME_PUBLIC) == 0)
        return &sockets->public;
    if (strcmp(name, NAME_KEPT) == 0) {
        sockets->public_kept = true;
        return &sockets->public;
    }
    if (strcmp(name, NAME_ADMIN) != 0)
        return NULL;
    return sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) > 0 ? &sockets->admin_unix : &sockets->admin_tcp;
}

static bool take_socket(struct system_sockets *sockets, int fd, const char *name, char *error,
                        size_t error_size)
{
    int *place = place_of(sockets, name, fd);
    const char *fault = NULL;
    if (!place)
        fault = "its name is not public or admin (FileDescriptorName=)";
    else if (*place >= 0)
        fault = "there is one like it already";
    else if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
        fault = "it is not a listening stream socket";
    if (fault) {
        snprintf(error, error_size, "the socket \"%s\" that was handed over can't be used: %s", name, fault);
        return false;
    }
    *place = fd;
    return true;
}

bool system_take_sockets(struct system_sockets *sockets, char *error, size_t error_size)
{
    *sockets = (struct system_sockets){.public = -1, .admin_tcp = -1, .admin_unix = -1};
    char **names = NULL;
    int count = sd_listen_fds_with_names(0, &names);
    bool good = count >= 0;
    if (!good)
        snprintf(error, error_size, "can't take the sockets handed over: %s", strerror(-count));
    for (int i = 0; i < count; i++) {
        good = good && take_socket(sockets, SD_LISTEN_FDS_START + i, names[i], error, error_size);
        free(names[i]);
    }
    free(names);
    return good;
}

/* --- restart in place --- */

#define SOCKETS_MAX   3
#define SETTING_SIZE  64
#define OWN_VARIABLES 3

/* What the next life finds in its environment, in the protocol of socket activation. */
struct handover {
    int fds[SOCKETS_MAX];
    int count;
    char settings[OWN_VARIABLES][SETTING_SIZE];
};

static void hand_over(struct handover *handover, char *names, int fd, const char *name)
{
    if (fd < 0)
        return;
    handover->fds[handover->count++] = fd;
    size_t length = strlen(names);
    snprintf(names + length, SETTING_SIZE - length, "%s%s", length ? ":" : "", name);
}

/* Descriptors 3, 4, … and out of each other's way: first all to numbers above, then down. */
static bool place_descriptors(struct handover *handover)
{
    for (int i = 0; i < handover->count; i++) {
        handover->fds[i] = fcntl(handover->fds[i], F_DUPFD_CLOEXEC, SD_LISTEN_FDS_START + SOCKETS_MAX);
        if (handover->fds[i] < 0)
            return false;
    }
    for (int i = 0; i < handover->count; i++)
        if (dup2(handover->fds[i], SD_LISTEN_FDS_START + i) < 0)
            return false;
    return true;
}

static char **environment_with(struct handover *handover)
{
    size_t n = 0;
    while (environ[n])
        n++;
    char **all = calloc(n + OWN_VARIABLES + 1, sizeof *all);
    if (!all)
        return NULL;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (strncmp(environ[i], "LISTEN_", strlen("LISTEN_")) != 0)
            all[kept++] = environ[i];
    for (size_t i = 0; handover->count > 0 && i < OWN_VARIABLES; i++)
        all[kept++] = handover->settings[i];
    return all;
}

void system_restart(char *const argv[], const struct system_sockets *sockets)
{
    struct handover handover = {0};
    char names[SETTING_SIZE] = "";
    hand_over(&handover, names, sockets->public, sockets->public_kept ? NAME_KEPT : NAME_PUBLIC);
    hand_over(&handover, names, sockets->admin_tcp, NAME_ADMIN);
    hand_over(&handover, names, sockets->admin_unix, NAME_ADMIN);
    snprintf(handover.settings[0], SETTING_SIZE, "LISTEN_PID=%ld", (long)getpid());
    snprintf(handover.settings[1], SETTING_SIZE, "LISTEN_FDS=%d", handover.count);
    snprintf(handover.settings[2], SETTING_SIZE, "LISTEN_FDNAMES=%.40s", names);
    char **environment = environment_with(&handover);
    if (environment && place_descriptors(&handover))
        execve("/proc/self/exe", argv, environment);
    free(environment);
}

/* --- notifications --- */

void system_ready(const char *status)
{
    sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void system_reloading(void)
{
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\nSTATUS=reloading", clock_steady_ms() * 1000);
}

void system_stopping(void)
{
    sd_notify(0, "STOPPING=1\nSTATUS=finishing what is in flight");
}

void system_alive(void)
{
    sd_notify(0, "WATCHDOG=1");
}

int64_t system_watchdog_ms(void)
{
    uint64_t usec = 0;
    if (sd_watchdog_enabled(0, &usec) <= 0)
        return 0;
    int64_t half_ms = (int64_t)(usec / 2000);
    return half_ms > 0 ? half_ms : 1;
}

/* --- log, limits, memory --- */

enum log_target system_log_target(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    uintmax_t device = 0, inode = 0;
    struct stat info;
    char *rest = NULL;
    if (!stream || fstat(STDERR_FILENO, &info) != 0)
        return LOG_TARGET_STREAM;
    device = strtoumax(stream, &rest, 10);
    if (*rest == ':')
        inode = strtoumax(rest + 1, NULL, 10);
    bool same = inode != 0 && device == info.st_dev && inode == info.st_ino;
    return same ? LOG_TARGET_JOURNAL : LOG_TARGET_STREAM;
}

size_t system_raise_limits(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return SIZE_MAX;
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return before;
    return limit.rlim_max;
}

void system_keep_memory_small(void)
{
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES); /* else it grows with what was freed, up to 32 MB */
}

void system_guard_memory(void)
{
    const struct rlimit none = {0};
    /* Neither can fail with these arguments. */
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0);
}
