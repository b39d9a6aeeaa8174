#ifndef EMERGENCYD_TESTS_DISK_MODEL_H
#define EMERGENCYD_TESTS_DISK_MODEL_H
/*
 * The files of a disk, and what waits to reach them. For disk.c, which has the lock.
 *
 * A file keeps its waiting writes as a list in order. Reading takes what the real file has and does the list
 * over it; a sync does the list to the real file. Whatever part of the list reached the file before, in
 * whatever state, is then made good: so early write-back needs no book-keeping.
 */
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* splitmix64 */
struct chance {
    uint64_t state;
};
uint64_t chance_draw(struct chance *chance);

/* A write, or a truncation to OFFSET. */
struct waiting {
    bool truncates;
    bool is_over; /* it is in the file, or a failed sync has lost it; it is still read */
    int64_t offset;
    size_t length;
    size_t at; /* of its bytes, in the file's BYTES */
};

/* What a path had when its directory was last synced, kept when it is deleted. */
struct former {
    unsigned char *bytes;
    size_t length;
};

struct file {
    struct file *next;
    char *path;
    int users; /* open handles */
    int64_t size;
    struct waiting *waiting;
    size_t waiting_count, waiting_room;
    unsigned char *bytes;
    size_t bytes_count, bytes_room;
    bool has_lost;       /* a failed sync has */
    bool entry_unsynced; /* it was created since its directory was synced */
    struct former *former;
};

/* --- the list of files --- */
struct file *file_find(struct file *files, const char *path); /* NULL: nothing is known of it */
struct file *file_get(struct file **files, const char *path);
/* Frees it if the real file tells all. */
void file_drop_if_idle(struct file **files, struct file *file);
void file_free(struct file **files, struct file *file);
/* All entries in the directory of PATH are as they are now, whatever happens. */
void file_sync_directory(struct file **files, const char *path);
/* It is about to be deleted. */
void file_before_delete(struct file *file);

/* --- what waits --- */
void file_put_write(struct file *file, const void *bytes, size_t length, int64_t offset);
void file_put_truncation(struct file *file, int64_t size);
/* Does all that waits to BUFFER, which has the real file's bytes from OFFSET on. */
void file_overlay(const struct file *file, unsigned char *buffer, int64_t length, int64_t offset);
void file_clear(struct file *file);
/* It was synced; or that failed. */
void file_note_sync(struct file *file, bool good);

/* Into the real file, by one of its handles: all that waits, or a random part of it, some of it torn. It goes
 * on waiting. SQLite's result. */
int file_write_back(const struct file *file, sqlite3_file *real);
int file_write_back_some(const struct file *file, sqlite3_file *real, struct chance *chance);

/* The power is lost. */
void file_lose(struct file *file, struct chance *chance);

#endif
