#ifndef EMERGENCYD_STORE_VFS_H
#define EMERGENCYD_STORE_VFS_H
/*
 * How the writer's connection writes its WAL: in few large pieces. For lib/store_open.c alone, which owns it
 * as long as the connection is open. https://www.sqlite.org/vfs.html
 */
#include <sqlite3.h>

#include "lib/compiler.h"

struct store_vfs;

/* Over SQLite's default one. NULL: no memory. */
struct store_vfs *store_vfs_new(void) MUST_CHECK;
/* By which sqlite3_open_v2 knows it. */
const char *store_vfs_name(const struct store_vfs *vfs);
/* No connection may be open any more. NULL is fine. */
void store_vfs_free(struct store_vfs *vfs);

#endif
