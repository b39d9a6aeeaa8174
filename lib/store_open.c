/*
 * Opening and closing: the lock, the file, the connection, its migrations. Whatever is wrong here is told in
 * a sentence for the operator, and nothing is left open; the daemon can't start then.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/migrations.h"
#include "lib/store_internal.h"
#include "lib/text.h"

#define READER_WAIT_MS 2000
/* A reader that finds the WAL's index being written takes the writer's lock for a moment, to look again. */
#define WRITER_WAIT_MS 500

/* A short report of why it does not work. */
struct report {
    const char *path;
    char *error;
    size_t size;
};

static bool refuse(const struct report *report, const char *format, ...) PRINTF_LIKE(2, 3);

static bool refuse(const struct report *report, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(report->error, report->size, format, arguments);
    va_end(arguments);
    return false;
}

static bool refuse_for(const struct report *report, sqlite3 *db, int rc)
{
    int primary = rc & 0xff;
    int error = sqlite3_system_errno(db);
    if (primary == SQLITE_NOTADB || primary == SQLITE_CORRUPT)
        return refuse(report, "%s is damaged: %s; restore a backup or move it away", report->path,
                      sqlite3_errmsg(db));
    if (error != 0)
        return refuse(report, "%s can't be opened: %s (%s)", report->path, sqlite3_errmsg(db),
                      strerror(error));
    return refuse(report, "%s can't be opened: %s", report->path, sqlite3_errmsg(db));
}

/* --- the lock and the file --- */

static bool refuse_held(const struct report *report, int fd)
{
    char text[24] = "";
    int64_t pid = 0;
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    if (text_to_i64(text, strlen(text), &pid))
        return refuse(report, "%s is in use by another process (PID %lld)", report->path, (long long)pid);
    return refuse(report, "%s is in use by another process", report->path);
}

static void write_pid(int fd)
{
    char text[24];
    int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    /* only for whoever looks: without it the lock holds as well */
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)length, 0) != length)
        errno = 0;
}

/* Beside the database itself, whatever links lead to it. */
static bool lock(struct store *store, const struct report *report)
{
    char path[4096];
    char *real = realpath(report->path, NULL);
    if (!real)
        return refuse(report, "%s can't be opened: %s", report->path, strerror(errno));
    int length = snprintf(path, sizeof path, "%s.lock", real);
    free(real);
    if (length < 0 || (size_t)length >= sizeof path)
        return refuse(report, "%s: the path is too long", report->path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return refuse(report, "%s can't be opened: %s", path, strerror(errno));
    store->lock_fd = fd;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? refuse_held(report, fd)
                                    : refuse(report, "%s can't be locked: %s", path, strerror(errno));
    write_pid(fd);
    return true;
}

/* SQLite gives the files beside the database the mode of the database. */
static bool create_file(const struct report *report)
{
    int fd = open(report->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return refuse(report, "%s can't be opened: %s", report->path, strerror(errno));
    close(fd);
    return true;
}

/* --- the connection --- */

static int note_wal_pages(void *context, sqlite3 *db, const char *name, int pages)
{
    struct store *store = context;
    (void)db;
    (void)name;
    store->wal_pages = pages;
    return SQLITE_OK;
}

/* Rows are put together in buffers of this size, which SQLite keeps at hand. */
#define LOOKASIDE_BYTES 4352
#define LOOKASIDE_COUNT 64

static bool connect_to(struct store *store, const struct report *report, int flags)
{
    int rc = sqlite3_open_v2(report->path, &store->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                             store->vfs ? store_vfs_name(store->vfs) : NULL);
    if (!store->db)
        return refuse(report, "%s can't be opened: no memory", report->path);
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_LOOKASIDE, NULL, LOOKASIDE_BYTES, LOOKASIDE_COUNT);
    return rc == SQLITE_OK ? true : refuse_for(report, store->db, rc);
}

static bool run(struct store *store, const struct report *report, const char *sql)
{
    int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? true : refuse_for(report, store->db, rc);
}

/* The number that SQL asks for; -1 for none. */
static bool ask(struct store *store, const struct report *report, const char *sql, int64_t *number)
{
    sqlite3_stmt *select = NULL;
    int rc = sqlite3_prepare_v2(store->db, sql, -1, &select, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(select);
    *number = rc == SQLITE_ROW ? sqlite3_column_int64(select, 0) : -1;
    bool good = rc == SQLITE_ROW || rc == SQLITE_DONE;
    if (!good)
        refuse_for(report, store->db, rc);
    sqlite3_finalize(select);
    return good;
}

/* New, or one of ours. */
static bool check_owner(struct store *store, const struct report *report)
{
    int64_t ours = 0;
    return ask(store, report,
               "SELECT count(*) = 0 OR count(*) FILTER (WHERE name = 'schema_version') = 1 "
               "FROM sqlite_schema",
               &ours) &&
           (ours == 1 || refuse(report, "%s is a database of another program", report->path));
}

static bool configure_writer(struct store *store, const struct report *report)
{
    int64_t is_wal = 0;
    sqlite3_busy_timeout(store->db, WRITER_WAIT_MS);
    if (!run(store, report,
             "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
             "PRAGMA mmap_size = 0; PRAGMA cache_size = -16384; PRAGMA trusted_schema = OFF;") ||
        !ask(store, report, "SELECT journal_mode = 'wal' FROM pragma_journal_mode", &is_wal))
        return false;
    if (!is_wal)
        return refuse(report, "%s can't be opened in WAL mode: is it on a network file system?",
                      report->path);
    sqlite3_wal_hook(store->db, note_wal_pages, store);
    return true;
}

/* It may be the last to close, when the writer has failed: what is in the WAL then is for the next start. */
static bool configure_checkpointer(struct store *store, const struct report *report)
{
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return run(store, report,
               "PRAGMA query_only = ON; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
               "PRAGMA mmap_size = 0; PRAGMA trusted_schema = OFF;");
}

static bool configure_reader(struct store *store, const struct report *report)
{
    sqlite3_busy_timeout(store->db, READER_WAIT_MS);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return run(store, report,
               "PRAGMA query_only = ON; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY;"
               "PRAGMA mmap_size = 0; PRAGMA trusted_schema = OFF;");
}

/* --- migrations --- */

static bool migrate_once(struct store *store, const struct report *report, const struct migration *migration)
{
    char *record = sqlite3_mprintf("INSERT INTO schema_version (version, name, applied_at) "
                                   "VALUES (%d, %Q, strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', 'now'));",
                                   migration->version, migration->name);
    if (!record)
        return refuse(report, "%s can't be opened: no memory", report->path);
    bool good = run(store, report, "BEGIN IMMEDIATE") && run(store, report, migration->sql) &&
                run(store, report, record) && run(store, report, "COMMIT");
    sqlite3_free(record);
    /* what was begun ends with the connection */
    return good;
}

static bool check_version(struct store *store, const struct report *report, int64_t *version)
{
    int newest = migrations[migrations_count - 1].version;
    return ask(store, report, "SELECT coalesce(max(version), 0) FROM schema_version", version) &&
           (*version <= newest ||
            refuse(report, "%s is of a newer emergencyd: its schema is %lld, this program knows up to %d",
                   report->path, (long long)*version, newest));
}

static bool migrate(struct store *store, const struct report *report)
{
    int64_t version = 0;
    if (!run(store, report,
             "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL, "
             "applied_at TEXT NOT NULL) STRICT") ||
        !check_version(store, report, &version))
        return false;
    for (size_t i = 0; i < migrations_count; i++)
        if (migrations[i].version > version && !migrate_once(store, report, &migrations[i]))
            return false;
    return true;
}

/* Before anybody waits: what the last process left in the WAL, or a migration put there, is moved, and the
 * WAL is empty. So it is written anew too if a sync of that process failed: then it may be on no disk, though
 * it is still read (https://wiki.postgresql.org/wiki/Fsync_Errors). On a full disk it stays. */
static bool empty_wal(struct store *store, const struct report *report)
{
    errno = 0;
    int rc = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (rc == SQLITE_OK)
        store->wal_pages = 0;
    return rc == SQLITE_OK || store_failed(store, rc, "checkpoint") == STORE_FULL
               ? true
               : refuse_for(report, store->db, rc);
}

/* The directory too, and in this thread: see store_vfs_sync. */
static bool sync_once(struct store *store, const struct report *report)
{
    return store_sync(store) == STORE_OK ? true : refuse(report, "%s can't be synced to disk", report->path);
}

/* --- opening and closing --- */

static struct store *new_store(struct log *log, const struct report *report)
{
    /* before anything else of SQLite: nobody reads its statistics of memory, which cost a lock at each
     * allocation; refused once it is in use */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    struct store *store = calloc(1, sizeof *store);
    if (store) {
        store->log = log;
        store->lock_fd = -1;
        store->meanings = event_reader_new();
    }
    if (store && store->meanings)
        return store;
    refuse(report, "%s can't be opened: no memory", report->path);
    store_close(store);
    return NULL;
}

struct store *store_open(const char *path, struct log *log, char *error, size_t error_size)
{
    struct report report = {path, error, error_size};
    struct store *store = new_store(log, &report);
    if (!store)
        return NULL;
    store->vfs = store_vfs_new_gathering();
    if (!store->vfs || !store_cache_init(store))
        refuse(&report, "%s can't be opened: no memory", path);
    else if (create_file(&report) && lock(store, &report) &&
             connect_to(store, &report, SQLITE_OPEN_READWRITE) && check_owner(store, &report) &&
             configure_writer(store, &report) && migrate(store, &report) && empty_wal(store, &report) &&
             sync_once(store, &report))
        return store;
    store_close(store);
    return NULL;
}

bool store_could_open(const char *path, char *error, size_t error_size)
{
    struct report report = {path, error, error_size};
    struct store store = {.lock_fd = -1};
    struct stat status;
    int64_t tables = 0, version = 0;
    if (lstat(path, &status) != 0 && errno == ENOENT)
        return true;
    bool good = lock(&store, &report) && connect_to(&store, &report, SQLITE_OPEN_READONLY) &&
                check_owner(&store, &report) &&
                ask(&store, &report, "SELECT count(*) FROM sqlite_schema", &tables) &&
                (tables == 0 || check_version(&store, &report, &version));
    sqlite3_close(store.db);
    if (store.lock_fd >= 0)
        close(store.lock_fd);
    return good;
}

struct store *store_open_reader(const char *path, struct log *log, char *error, size_t error_size)
{
    struct report report = {path, error, error_size};
    int64_t version = 0;
    struct store *store = new_store(log, &report);
    if (!store)
        return NULL;
    if (connect_to(store, &report, SQLITE_OPEN_READONLY) && configure_reader(store, &report) &&
        ask(store, &report, "SELECT max(version) FROM schema_version", &version))
        return store;
    store_close(store);
    return NULL;
}

struct store *store_open_checkpointer(const char *path, struct log *log, char *error, size_t error_size)
{
    struct report report = {path, error, error_size};
    struct store *store = new_store(log, &report);
    if (!store)
        return NULL;
    store->vfs = store_vfs_new_paced();
    if (!store->vfs)
        refuse(&report, "%s can't be opened: no memory", path);
    else if (connect_to(store, &report, SQLITE_OPEN_READWRITE) && configure_checkpointer(store, &report))
        return store;
    store_close(store);
    return NULL;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->db);
    store_vfs_free(store->vfs);
    event_reader_free(store->meanings);
    store_cache_free(store);
    /* last: whoever gets the lock finds the database closed */
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    free(store);
}
