/*
 * The syncer: nothing that depends on a batch leaves before the batch is durable, and nothing is kept back
 * after that. On a real store, over the disk of the tests.
 */
#include "daemon/syncer.h"

#include "tests/disk/disk.h"
#include "tests/unit/database_file.h"
#include "tests/unit/suites.h"

#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GOOD(call) ck_assert_int_eq((call), STORE_OK)

static struct disk *disk;
static struct store *store;
static struct log *quiet;
static FILE *quiet_stream;
static char *quiet_text;
static size_t quiet_size;
static struct mailbox listener, courier;
static struct syncer *syncer;
static atomic_int syncs;       /* by the syncer's thread */
static atomic_bool left_early; /* something was in a mailbox when one began */

static void see_sync(struct disk *of, void *context)
{
    char name[16] = "";
    (void)of;
    (void)context;
    pthread_getname_np(pthread_self(), name, sizeof name);
    if (strcmp(name, "syncer") != 0)
        return;
    atomic_fetch_add(&syncs, 1);
    pthread_mutex_lock(&listener.lock);
    pthread_mutex_lock(&courier.lock);
    if (listener.first || courier.first)
        atomic_store(&left_early, true);
    pthread_mutex_unlock(&courier.lock);
    pthread_mutex_unlock(&listener.lock);
}

static void begin(void)
{
    char error[300] = "";
    database_begin();
    disk = disk_new(1);
    ck_assert_ptr_nonnull(disk);
    disk_watch(disk, see_sync, NULL);
    quiet_stream = open_memstream(&quiet_text, &quiet_size);
    quiet = log_open(quiet_stream, LOG_TARGET_STREAM, LOG_LEVEL_ERROR, NULL);
    ck_assert_ptr_nonnull(quiet);
    store = store_open(database_path, quiet, error, sizeof error);
    ck_assert_msg(store != NULL, "%s", error);
    ck_assert(mailbox_init(&listener) && mailbox_init(&courier));
    syncer = syncer_new(store, quiet, &courier);
    ck_assert_ptr_nonnull(syncer);
    ck_assert(syncer_start(syncer));
}

static void end(void)
{
    syncer_stop(syncer);
    syncer_free(syncer);
    mailbox_free(&listener);
    mailbox_free(&courier);
    store_close(store);
    log_close(quiet);
    fclose(quiet_stream);
    free(quiet_text);
    disk_free(disk);
    database_end();
}

static void commit(const char *value)
{
    GOOD(store_begin(store));
    GOOD(store_set_fact(store, "what", value));
    GOOD(store_commit_unsynced(store));
}

/* The chain that has come, once it is there. */
static void *await(struct mailbox *mailbox)
{
    struct pollfd letters = {.fd = mailbox->fd, .events = POLLIN};
    ck_assert_int_eq(poll(&letters, 1, -1), 1);
    return mailbox_take(mailbox);
}

START_TEST(nothing_leaves_before_it_is_durable)
{
    for (int i = 0; i < 20; i++) {
        struct delivery second = {.reply_to = &listener};
        struct delivery first = {.next = &second, .reply_to = &listener};
        struct call call = {.flight = 1};
        commit("one");
        syncer_take(syncer, &first, &call, PROOF_WRITTEN);
        ck_assert_ptr_eq(await(&listener), &first);
        ck_assert_ptr_eq(first.next, &second);
        ck_assert_ptr_eq(await(&courier), &call);
    }
    ck_assert_int_eq(atomic_load(&syncs), 20);
    ck_assert(!atomic_load(&left_early));
}
END_TEST

START_TEST(a_stop_hands_on_all_that_was_taken)
{
    struct delivery answers[50];
    memset(answers, 0, sizeof answers);
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        answers[i].reply_to = &listener;
        commit("one");
        syncer_take(syncer, &answers[i], NULL, PROOF_WRITTEN);
    }
    syncer_stop(syncer);
    size_t left = 0;
    for (struct delivery *answer = mailbox_take(&listener); answer; answer = answer->next)
        ck_assert_ptr_eq(answer, &answers[left++]);
    ck_assert_uint_eq(left, COUNT_OF(answers));
    struct delivery late = {.reply_to = &listener};
    syncer_take(syncer, &late, NULL, PROOF_WRITTEN);
    ck_assert_ptr_eq(mailbox_take(&listener), &late);
}
END_TEST

/* --- a stop between the syncer's looks --- */

static atomic_bool holds_syncer; /* in its next look into its mailbox */
static sem_t looks, may_look;

/*
 * Both are called instead of libc's, to be where a scheduler rarely is. By a label, since libc's header has
 * inline functions of these names.
 */
ssize_t held_read(int fd, void *bytes, size_t count) __asm__("read");
ssize_t held_write(int fd, const void *bytes, size_t count) __asm__("write");

ssize_t held_read(int fd, void *bytes, size_t count)
{
    char name[16] = "";
    if (atomic_load(&holds_syncer) && pthread_getname_np(pthread_self(), name, sizeof name) == 0 &&
        strcmp(name, "syncer") == 0 && atomic_exchange(&holds_syncer, false)) {
        sem_post(&looks);
        sem_wait(&may_look);
    }
    return syscall(SYS_read, fd, bytes, count);
}

static atomic_bool releases_syncer; /* after the next write */

ssize_t held_write(int fd, const void *bytes, size_t count)
{
    ssize_t written = syscall(SYS_write, fd, bytes, count);
    if (atomic_exchange(&releases_syncer, false))
        sem_post(&may_look);
    return written;
}

/* It was asked whether to stop, and then takes the stop's wake-up with the batch's. */
START_TEST(a_stop_that_comes_with_a_batch_is_heard)
{
    struct delivery answer = {.reply_to = &listener};
    ck_assert(sem_init(&looks, 0, 0) == 0 && sem_init(&may_look, 0, 0) == 0);
    atomic_store(&holds_syncer, true);
    syncer_take(syncer, &answer, NULL, PROOF_WRITTEN);
    while (sem_wait(&looks) != 0)
        ;
    atomic_store(&releases_syncer, true);
    syncer_stop(syncer);
    ck_assert_ptr_eq(mailbox_take(&listener), &answer);
}
END_TEST

/* What /healthz tells. */
START_TEST(only_what_was_written_proves_that_the_disk_works)
{
    static const struct {
        enum batch_proof proof;
        bool proved;
    } steps[] = {
        {PROOF_NONE, true},    {PROOF_TROUBLE, false}, {PROOF_NONE, false},
        {PROOF_WRITTEN, true}, {PROOF_TROUBLE, false},
    };
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        struct delivery answer = {.reply_to = &listener};
        syncer_take(syncer, &answer, NULL, steps[i].proof);
        ck_assert_ptr_eq(await(&listener), &answer);
        ck_assert_int_eq(syncer_last_commit_ms(syncer) != 0, steps[i].proved);
    }
}
END_TEST

/* With status 1, and an answer would fail the test with another. */
START_TEST(a_sync_that_fails_ends_the_process)
{
    struct delivery answer = {.reply_to = &listener};
    commit("one");
    disk_fail(disk, DISK_SYNC, DISK_BROKEN, 0, DISK_ALWAYS);
    syncer_take(syncer, &answer, NULL, PROOF_WRITTEN);
    (void)await(&listener);
    exit(2);
}
END_TEST

Suite *syncer_suite(void)
{
    Suite *suite = suite_create("syncer");
    TCase *all = tcase_create("syncer");
    tcase_add_checked_fixture(all, begin, end);
    tcase_add_test(all, nothing_leaves_before_it_is_durable);
    tcase_add_test(all, a_stop_hands_on_all_that_was_taken);
    tcase_add_test(all, a_stop_that_comes_with_a_batch_is_heard);
    tcase_add_test(all, only_what_was_written_proves_that_the_disk_works);
    tcase_add_exit_test(all, a_sync_that_fails_ends_the_process, 1);
    suite_add_tcase(suite, all);
    return suite;
}
