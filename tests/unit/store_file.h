#ifndef EMERGENCYD_STORE_FILE_H
#define EMERGENCYD_STORE_FILE_H
/*
 * A database of its own for each test, and the store that is open on it, always within a transaction. What
 * goes wrong in here fails the test. One thread; between the two functions of a fixture.
 */

#include "lib/store.h"
#include "tests/unit/database_file.h"

#define GOOD(call) ck_assert_int_eq((call), STORE_OK)
#define NONE(call) ck_assert_int_eq((call), STORE_NONE)

extern struct log *database_log; /* of errors only, to stderr */
extern struct store *store;

/* The fixture. */
void store_file_begin(void);
void store_file_end(void);

/* Commits, closes and opens anew: what is read afterwards comes from the file. */
void store_file_reopen(void);

/* What SQL says of the committed database. */
int64_t ask(const char *sql);

struct emergency new_emergency(int64_t ticket);

/* These return the new row. */
int64_t add_event_of(int64_t emergency, int64_t at_ms, enum event_source source, const char *id);
int64_t add_action(int64_t emergency, enum action_kind kind, int64_t cause, enum action_state state);

#endif
