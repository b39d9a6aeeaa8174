#ifndef EMERGENCYD_STORE_VFS_H
#define EMERGENCYD_STORE_VFS_H
/*
 * How connections write: the writer its WAL in few large pieces, the checkpointer the database in small ones.
 * For the store alone, which owns one a connection, as long as that is open. https://www.sqlite.org/vfs.html
 */
#include <sqlite3.h>
#include <stdbool.h>

#include "lib/compiler.h"

struct store_vfs;

/* Over SQLite's default one. NULL: no memory. */
struct store_vfs *store_vfs_new_gathering(void) MUST_CHECK;
struct store_vfs *store_vfs_new_paced(void) MUST_CHECK;
/* By which sqlite3_open_v2 knows it. */
const char *store_vfs_name(const struct store_vfs *vfs);
/* Gathering: from now on what a commit appends to the WAL is only handed to the operating system: it is
 * durable after store_vfs_sync, or a checkpoint. */
void store_vfs_defer_syncs(struct store_vfs *vfs, bool defer);
/* Gathering: SQLite's code. Any thread, while the connection is open; the first time the connection's own,
 * for it syncs the directory too. */
int store_vfs_sync(struct store_vfs *vfs);
/* No connection may be open any more. NULL is fine. */
void store_vfs_free(struct store_vfs *vfs);

#endif
