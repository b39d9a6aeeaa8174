/*
 * The disk of the tests (tests/disk) keeps what was synced and loses what was not. The store on it:
 * test_store_disk.c.
 */

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/disk/disk.h"
#include "tests/unit/database_file.h"
#include "tests/unit/suites.h"

#define SECTOR  512
#define SECTORS 8
#define SEEDS   40

static struct disk *disk;

static void begin(void)
{
    database_begin();
    disk = disk_new(1);
    ck_assert_ptr_nonnull(disk);
}

static void end(void)
{
    disk_free(disk);
    database_end();
}

/* For tests that try many seeds on files of their own. */
static void begin_anew(uint64_t seed)
{
    database_end();
    database_begin();
    disk_reset(disk, seed);
}

/* --- the disk by itself --- */

static sqlite3_file *open_file(int kind)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    sqlite3_file *file = calloc(1, (size_t)vfs->szOsFile);
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(
        vfs->xOpen(vfs, database_path, file, kind | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
        SQLITE_OK);
    return file;
}

static void close_file(sqlite3_file *file)
{
    ck_assert_int_eq(file->pMethods->xClose(file), SQLITE_OK);
    free(file);
}

static int write_sectors(sqlite3_file *file, int byte)
{
    unsigned char bytes[SECTORS * SECTOR];
    memset(bytes, byte, sizeof bytes);
    return file->pMethods->xWrite(file, bytes, sizeof bytes, 0);
}

static void sync_file(sqlite3_file *file)
{
    ck_assert_int_eq(file->pMethods->xSync(file, SQLITE_SYNC_NORMAL), SQLITE_OK);
}

static void expect_byte(sqlite3_file *file, int byte, int64_t offset)
{
    unsigned char read = 0;
    ck_assert_int_eq(file->pMethods->xRead(file, &read, 1, offset), SQLITE_OK);
    ck_assert_int_eq(read, byte);
}

static int64_t real_size(void)
{
    struct stat status;
    return stat(database_path, &status) == 0 ? status.st_size : -1;
}

/* Whole sectors of BYTE, and sectors that have something else. */
static void count_sectors(int byte, int *whole, int *other)
{
    unsigned char bytes[SECTORS][SECTOR], same[SECTOR];
    FILE *file = fopen(database_path, "rb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fread(bytes, 1, sizeof bytes, file), sizeof bytes);
    fclose(file);
    memset(same, byte, sizeof same);
    *whole = *other = 0;
    for (int i = 0; i < SECTORS; i++)
        if (memcmp(bytes[i], same, sizeof same) == 0)
            ++*whole;
        else
            ++*other;
}

START_TEST(what_is_not_synced_is_read_by_all_and_in_no_file)
{
    sqlite3_file *file = open_file(SQLITE_OPEN_MAIN_DB), *other = open_file(SQLITE_OPEN_MAIN_DB);
    sqlite3_int64 size = 0;
    ck_assert_int_eq(write_sectors(file, 'a'), SQLITE_OK);
    ck_assert_int_eq(file->pMethods->xTruncate(file, SECTOR), SQLITE_OK);
    ck_assert_int_eq(file->pMethods->xWrite(file, "b", 1, 2 * SECTOR), SQLITE_OK);
    ck_assert_int_eq(real_size(), 0);
    expect_byte(other, 'a', SECTOR - 1);
    expect_byte(other, '\0', SECTOR);
    expect_byte(other, 'b', 2 * SECTOR);
    ck_assert_int_eq(other->pMethods->xFileSize(other, &size), SQLITE_OK);
    ck_assert_int_eq(size, 2 * SECTOR + 1);
    sync_file(other);
    ck_assert_int_eq(real_size(), size);
    expect_byte(file, '\0', SECTOR);
    close_file(file);
    close_file(other);
}
END_TEST

/* In all, each part of what was not synced survives some losses and not others; what was synced, all. */
START_TEST(power_that_is_lost_takes_and_tears_what_was_not_synced)
{
    int lost = 0, kept = 0, torn = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        int old = 0, new = 0, other = 0;
        begin_anew(seed);
        sqlite3_file *file = open_file(SQLITE_OPEN_MAIN_DB);
        ck_assert_int_eq(write_sectors(file, 'a'), SQLITE_OK);
        sync_file(file);
        ck_assert_int_eq(write_sectors(file, 'b'), SQLITE_OK);
        disk_lose_power(disk, seed);
        close_file(file);
        count_sectors('a', &old, &other);
        count_sectors('b', &new, &other);
        lost += old == SECTORS;
        kept += new == SECTORS;
        torn += old + new < SECTORS;
    }
    ck_assert_int_gt(lost, 0);
    ck_assert_int_gt(kept, 0);
    ck_assert_int_gt(torn, 0);
}
END_TEST

START_TEST(a_sync_keeps_all)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        int whole = 0, other = 0;
        begin_anew(seed);
        disk_write_back_early(disk, 1);
        sqlite3_file *file = open_file(SQLITE_OPEN_MAIN_DB);
        ck_assert_int_eq(write_sectors(file, 'a'), SQLITE_OK);
        ck_assert_int_eq(write_sectors(file, 'b'), SQLITE_OK);
        sync_file(file);
        disk_lose_power(disk, seed);
        close_file(file);
        count_sectors('b', &whole, &other);
        ck_assert_int_eq(whole, SECTORS);
    }
}
END_TEST

START_TEST(the_same_seed_loses_the_same)
{
    unsigned char bytes[2][SECTORS * SECTOR];
    for (int i = 0; i < 2; i++) {
        begin_anew(7);
        sqlite3_file *file = open_file(SQLITE_OPEN_MAIN_DB);
        ck_assert_int_eq(write_sectors(file, 'a'), SQLITE_OK);
        sync_file(file);
        ck_assert_int_eq(write_sectors(file, 'b'), SQLITE_OK);
        disk_lose_power(disk, 3);
        close_file(file);
        FILE *real = fopen(database_path, "rb");
        ck_assert_ptr_nonnull(real);
        ck_assert_uint_eq(fread(bytes[i], 1, sizeof bytes[i], real), sizeof bytes[i]);
        fclose(real);
    }
    ck_assert_mem_eq(bytes[0], bytes[1], sizeof bytes[0]);
}
END_TEST

START_TEST(after_the_loss_a_connection_can_only_be_closed)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    sqlite3_file *file = open_file(SQLITE_OPEN_MAIN_DB), *again = calloc(1, (size_t)vfs->szOsFile);
    char byte = 0;
    sqlite3_int64 size = 0;
    ck_assert_ptr_nonnull(again);
    ck_assert_int_eq(write_sectors(file, 'a'), SQLITE_OK);
    disk_lose_power(disk, 1);
    ck_assert_int_eq(write_sectors(file, 'a'), SQLITE_IOERR_WRITE);
    ck_assert_int_eq(file->pMethods->xRead(file, &byte, 1, 0), SQLITE_IOERR_READ);
    ck_assert_int_eq(file->pMethods->xSync(file, SQLITE_SYNC_NORMAL), SQLITE_IOERR_FSYNC);
    ck_assert_int_eq(file->pMethods->xTruncate(file, 0), SQLITE_IOERR_TRUNCATE);
    ck_assert_int_eq(file->pMethods->xFileSize(file, &size), SQLITE_IOERR_FSTAT);
    ck_assert_int_eq(vfs->xDelete(vfs, database_path, 1), SQLITE_IOERR_DELETE);
    ck_assert_int_eq(vfs->xOpen(vfs, database_path, again, SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_IOERR);
    free(again);
    close_file(file);
    file = open_file(SQLITE_OPEN_MAIN_DB);
    ck_assert_int_eq(write_sectors(file, 'b'), SQLITE_OK);
    expect_byte(file, 'b', 0);
    close_file(file);
}
END_TEST

/* How often, of all losses, the file is there after it was made and DELETED, or not, with DELETED's result
 * synced by its directory, or not. */
static int times_there(bool synced_once, bool deleted, int delete_syncs)
{
    int there = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        begin_anew(seed);
        sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
        sqlite3_file *file = open_file(SQLITE_OPEN_WAL);
        ck_assert_int_eq(write_sectors(file, 'a'), SQLITE_OK);
        if (synced_once)
            sync_file(file);
        if (deleted)
            ck_assert_int_eq(vfs->xDelete(vfs, database_path, delete_syncs), SQLITE_OK);
        disk_lose_power(disk, seed);
        close_file(file);
        there += real_size() >= 0;
    }
    return there;
}

START_TEST(an_entry_whose_directory_was_not_synced_may_be_gone_or_back)
{
    int there = times_there(false, false, 0);
    ck_assert(0 < there && there < SEEDS);
    ck_assert_int_eq(times_there(true, false, 0), SEEDS);
    there = times_there(true, true, 0);
    ck_assert(0 < there && there < SEEDS);
    ck_assert_int_eq(times_there(true, true, 1), 0);
    ck_assert_int_eq(times_there(false, true, 0), 0);
}
END_TEST

START_TEST(faults_come_when_they_are_set_and_go)
{
    sqlite3_file *file = open_file(SQLITE_OPEN_MAIN_DB);
    sqlite3_int64 size = 0;
    disk_fail(disk, DISK_WRITE, DISK_FULL, 1, 2);
    disk_fail(disk, DISK_TRUNCATE, DISK_BROKEN, 0, DISK_ALWAYS);
    ck_assert_int_eq(write_sectors(file, 'a'), SQLITE_OK);
    ck_assert_int_eq(write_sectors(file, 'b'), SQLITE_FULL);
    ck_assert_int_eq(write_sectors(file, 'b'), SQLITE_FULL);
    ck_assert_int_eq(write_sectors(file, 'c'), SQLITE_OK);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(file->pMethods->xTruncate(file, 0), SQLITE_IOERR_TRUNCATE);
    disk_mend(disk);
    ck_assert_int_eq(file->pMethods->xTruncate(file, 0), SQLITE_OK);
    disk_fail(disk, DISK_WRITE, DISK_SHORT, 0, 1);
    ck_assert_int_eq(write_sectors(file, 'd'), SQLITE_FULL);
    ck_assert_int_eq(file->pMethods->xFileSize(file, &size), SQLITE_OK);
    ck_assert_int_eq(size, SECTORS * SECTOR / 2);
    struct disk_counters counters = disk_counters(disk);
    ck_assert_uint_eq(counters.faults, 6);
    ck_assert_uint_eq(counters.operations[DISK_WRITE], 5);
    ck_assert_uint_eq(counters.operations[DISK_TRUNCATE], 4);
    close_file(file);
}
END_TEST

Suite *disk_suite(void)
{
    const TTest *const tests[] = {
        what_is_not_synced_is_read_by_all_and_in_no_file,
        power_that_is_lost_takes_and_tears_what_was_not_synced,
        a_sync_keeps_all,
        the_same_seed_loses_the_same,
        after_the_loss_a_connection_can_only_be_closed,
        an_entry_whose_directory_was_not_synced_may_be_gone_or_back,
        faults_come_when_they_are_set_and_go,
    };
    Suite *suite = suite_create("disk");
    TCase *all = tcase_create("disk");
    tcase_set_timeout(all, 60);
    tcase_add_checked_fixture(all, begin, end);
    for (size_t i = 0; i < COUNT_OF(tests); i++)
        tcase_add_test(all, tests[i]);
    suite_add_tcase(suite, all);
    return suite;
}
