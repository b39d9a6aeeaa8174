#ifndef EMERGENCYD_CONFIG_INTERNAL_H
#define EMERGENCYD_CONFIG_INTERNAL_H
/*
 * What the files lib/config*.c share: one load of the settings, from the file's texts to the struct. The
 * three steps are config_file.c (texts), config.c with config_secret.c (values) and config_rules.c with
 * config_named.c (rules between keys). All of it belongs to the thread that loads.
 *
 * A function here that returns bool is false after a fault, which is then in the loader's error; only the
 * first fault counts, and nothing is asked of a loader after it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "lib/compiler.h"
#include "lib/config.h"

#define NAMED_KINDS         3
#define PLAIN_SECTIONS_MAX  16
#define PLAIN_KEYS_MAX      80
#define NAMED_KEYS_MAX      16 /* of all kinds together */
#define SECTIONS_MAX        (PLAIN_SECTIONS_MAX + NAMED_KINDS * CONFIG_NAMED_MAX)
#define SETTINGS_MAX        (PLAIN_KEYS_MAX + NAMED_KEYS_MAX * CONFIG_NAMED_MAX)
#define SECTION_LABEL_BYTES 48

struct named_kind;
struct section;

/* One key of one section, and what the file says about it. */
struct setting {
    const struct config_key *key;
    struct section *section;
    char *text; /* NULL: nothing */
    int line;
    bool is_file; /* KEY_file: the text is a path */
};

/* All plain sections are there from the start, one with a name from its line on. */
struct section {
    char label[SECTION_LABEL_BYTES]; /* what is between the brackets: "slack", "channel acme" */
    const struct named_kind *kind;   /* NULL: a plain one */
    int line;                        /* its first one; 0: not in the file */
    void *values;                    /* the struct in which its keys have their offsets */
    struct setting *settings;
    size_t setting_count;
};

/* Not to be moved: its parts point at each other. */
struct loader {
    const char *path;
    const char *credentials_dir;
    struct config *config;
    struct config_error *error;
    bool failed;
    FILE *file;
    int line;                /* last line read */
    bool indented;           /* that line begins with a blank */
    struct section *section; /* the one that is being read; NULL: before the first */
    struct setting *open;    /* what an indented line would continue; NULL at a section's start */
    struct section sections[SECTIONS_MAX];
    size_t section_count;
    struct setting settings[SETTINGS_MAX];
    size_t setting_count;
};

/* ---- config_loader.c: sections, settings, errors ---- */

/* Adds a section with the keys of `kind` in the table. More than there is room for is a broken contract. */
struct section *loader_add_section(struct loader *loader, const char *label, const char *kind, void *values,
                                   const struct config_key *keys, size_t key_count);

/* NULL: there is none. */
struct section *loader_find_section(struct loader *loader, const char *label, size_t length);

/* NULL: it has no such key. */
struct setting *section_find(struct section *section, const char *name);

/* The setting of a plain section; both names must be right. */
struct setting *loader_setting(struct loader *loader, const char *section, const char *name);

/* Whether the file gives any key of the section. */
bool section_in_use(const struct section *section);

bool loader_is_given(struct loader *loader, const char *section, const char *name);

/* A fault unless it is given. */
bool loader_require(struct loader *loader, struct setting *setting, const char *why);

/* Without PagerDuty's api_token a setting that is given is a fault. */
bool loader_require_api_token(struct loader *loader, const struct setting *setting);

/* A fault of a line, or (0) of the whole file; always false. */
PRINTF_LIKE(3, 4) bool loader_fail_line(struct loader *loader, int line, const char *format, ...);

/* A fault of a setting: of its own line, or else of its section's; always false. */
PRINTF_LIKE(3, 4)
bool loader_fail(struct loader *loader, const struct setting *setting, const char *format, ...);

/* Goes on with the message. */
PRINTF_LIKE(2, 3) void loader_add_to_error(struct loader *loader, const char *format, ...);

/* A text that value_read refused, with its errno; always false. Does not show a secret. */
bool loader_fail_value(struct loader *loader, const struct setting *setting, const char *text);

/* ---- the steps ---- */

/* config_file.c: the file's texts go into the settings, which own them. */
MUST_CHECK bool config_read_texts(struct loader *loader);

/* config_secret.c: the value of a setting that names a file. */
MUST_CHECK bool config_read_secret_file(struct loader *loader, const struct setting *setting, void *out);

/* config_rules.c: what must hold between plain keys. */
MUST_CHECK bool config_check_rules(struct loader *loader);

/* ---- config_named.c: sections with a name ---- */

/* Adds the section "KIND NAME". NULL: there is no such kind, or a fault. */
struct section *config_open_named(struct loader *loader, const char *text, size_t length);

/* Adds the kinds to a message that lists the sections. */
void config_list_kinds(struct loader *loader);

/* What must hold in and between sections with a name; then what is made of them. */
MUST_CHECK bool config_check_named(struct loader *loader);

void config_free_named(struct config *config);

/* ---- config_coverage.c: hours and days ---- */

/* char *: as written */
extern const struct value_type value_days, value_hours, value_shifts, value_zone;

/* Makes the window of texts that these types have accepted. False: no memory, or the zone is gone. */
MUST_CHECK bool config_make_window(struct config_coverage *coverage);

#endif
