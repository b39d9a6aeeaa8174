#ifndef EMERGENCYD_SETTINGS_FILE_H
#define EMERGENCYD_SETTINGS_FILE_H
/*
 * A settings file that a test writes and loads, in a directory of its own, and what came of it. What goes
 * wrong in here fails the test. One thread; between settings_begin and settings_end, the fixture of each
 * test.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/config.h"

/* The shortest sound [zendesk]; five lines. */
#define ZENDESK                                                                                              \
    "[zendesk]\nwebhook_secret = s\napi_url = https://x.zendesk.com\nclient_id = c\nclient_secret = t\n"

extern char settings_directory[64]; /* the credentials directory too */
extern char settings_path[128];
extern struct config settings;
extern struct config_error settings_error;

void settings_begin(void);
/* Removes the directory and what settings_write has put there; frees `settings`. */
void settings_end(void);

/* Writes a file into the directory. */
void settings_write_bytes(const char *name, const void *content, size_t length);
void settings_write(const char *name, const char *content);

/* Loads the text as the settings file. */
bool settings_load(const char *text);

void settings_expect_good(const char *text);

/* The message must be "FILE:" and `start`, hold `part` somewhere, and say what was wanted. */
void settings_expect_fault(const char *text, const char *start, const char *part);

#endif
