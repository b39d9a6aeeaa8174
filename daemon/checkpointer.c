/*
 * The passes, and when the next one is due. What a pass could not move (a reader holds a view of what was
 * before, the disk is full) is left to a later one, when the WAL has grown.
 */
#include "daemon/checkpointer.h"

#include "daemon/mailbox.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define FAILED (-1) /* instead of how many pages are moved */

/* Rare passes write less: a page that was changed often is moved once. 16,000 pages are 64 MB. */
#define PAGES_FIRST  16000
#define PAGES_AGAIN  4000  /* the WAL must grow by that after a pass that moved nothing */
#define PAGES_LEDGER 400   /* so few are moved in some milliseconds */
#define PAGES_MOST   50000 /* a disk that is slower than the ledger: it has to wait */

struct checkpointer {
    struct store *store;
    struct mailbox bell; /* never has letters */
    pthread_t thread;
    bool running;
    atomic_bool stopping;
    atomic_bool busy;  /* with a pass */
    atomic_int result; /* how many pages of the WAL the last pass knew in the database */

    /* the ledger's */
    bool in_pass; /* it was begun, its result is not yet noted */
    int moved;    /* of the WAL's pages, since it began anew */
    int next_at;  /* as many pages must the WAL have before the next pass */
};

struct checkpointer *checkpointer_new(const char *path, struct log *log)
{
    char error[512];
    struct checkpointer *checkpointer = calloc(1, sizeof *checkpointer);
    if (!checkpointer)
        return NULL;
    checkpointer->next_at = PAGES_FIRST;
    checkpointer->bell.fd = -1;
    checkpointer->store = store_open_checkpointer(path, log, error, sizeof error);
    if (!checkpointer->store)
        log_event(log, LOG_LEVEL_ERROR, "STORE-CLOSED", 0, 0, "%s", error);
    else if (mailbox_init(&checkpointer->bell))
        return checkpointer;
    checkpointer_free(checkpointer);
    return NULL;
}

void checkpointer_free(struct checkpointer *checkpointer)
{
    if (!checkpointer)
        return;
    mailbox_free(&checkpointer->bell);
    store_close(checkpointer->store);
    free(checkpointer);
}

/* Returns how many pages are moved, or FAILED: a later pass tries again. After an I/O error the process ends:
 * what a failed sync was to write may be lost, and the next start writes it anew. */
static int move(struct store *store)
{
    int moved;
    enum store_result result = store_checkpoint(store, &moved);
    if (result == STORE_BROKEN)
        _exit(1);
    return result == STORE_OK ? moved : FAILED;
}

/* --- the thread --- */

static void make_pass(struct checkpointer *checkpointer)
{
    atomic_store(&checkpointer->result, move(checkpointer->store));
    atomic_store(&checkpointer->busy, false);
}

static void *run(void *context)
{
    struct checkpointer *checkpointer = context;
    struct pollfd bell = {.fd = checkpointer->bell.fd, .events = POLLIN};
    pthread_setname_np(pthread_self(), "checkpointer");
    while (!atomic_load(&checkpointer->stopping)) {
        if (poll(&bell, 1, -1) < 0 && errno != EINTR)
            abort();
        (void)mailbox_take(&checkpointer->bell);
        if (atomic_load(&checkpointer->busy))
            make_pass(checkpointer);
    }
    return NULL;
}

bool checkpointer_start(struct checkpointer *checkpointer)
{
    checkpointer->running = pthread_create(&checkpointer->thread, NULL, run, checkpointer) == 0;
    return checkpointer->running;
}

void checkpointer_stop(struct checkpointer *checkpointer)
{
    if (!checkpointer->running)
        return;
    atomic_store(&checkpointer->stopping, true);
    mailbox_wake(&checkpointer->bell);
    pthread_join(checkpointer->thread, NULL);
    checkpointer->running = false;
}

/* --- when --- */

static void note_moved(struct checkpointer *checkpointer, int moved, int pages)
{
    bool progress = moved > checkpointer->moved;
    if (moved != FAILED)
        checkpointer->moved = moved;
    checkpointer->next_at = progress ? 0 : pages + PAGES_AGAIN;
}

static void move_in_ledger(struct checkpointer *checkpointer, struct store *writer, int pages)
{
    note_moved(checkpointer, move(writer), pages);
}

static void begin_pass(struct checkpointer *checkpointer)
{
    checkpointer->in_pass = true;
    atomic_store(&checkpointer->busy, true);
    mailbox_wake(&checkpointer->bell);
}

void checkpointer_watch(struct checkpointer *checkpointer, struct store *writer, bool disk_is_full)
{
    int pages = store_wal_pages(writer);
    if (atomic_load(&checkpointer->busy))
        return;
    if (checkpointer->in_pass)
        note_moved(checkpointer, atomic_load(&checkpointer->result), pages);
    checkpointer->in_pass = false;
    if (pages < checkpointer->moved) { /* it has begun anew */
        checkpointer->moved = 0;
        checkpointer->next_at = PAGES_FIRST;
    }
    int left = pages - checkpointer->moved;
    if (left == 0 || (pages < checkpointer->next_at && !disk_is_full))
        return;
    if (left <= PAGES_LEDGER || pages >= PAGES_MOST)
        move_in_ledger(checkpointer, writer, pages);
    else
        begin_pass(checkpointer);
}
