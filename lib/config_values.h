#ifndef EMERGENCYD_CONFIG_VALUES_H
#define EMERGENCYD_CONFIG_VALUES_H
/*
 * The kinds of values a setting can have: what is stored for each, and how its text is read.
 *
 * A value owns its heap memory; value_release frees it (and wipes a secret) and leaves it zeroed, and is
 * harmless on a zeroed value. No state besides the arguments: every thread may call everything here.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"

struct text_list {
    char **items;
    size_t count;
};

struct id_list {
    int64_t *items;
    size_t count;
};

struct tag_change {
    char *tag;
    bool add; /* false: the tag is taken away */
};

struct tag_change_list {
    struct tag_change *items;
    size_t count;
};

struct field_change {
    int64_t field_id;
    char *value;
};

struct field_change_list {
    struct field_change *items;
    size_t count;
};

struct address {
    char *host; /* a name, an IPv4 address, or an IPv6 address without its brackets */
    uint16_t port;
};

enum ticket_match_kind { TICKET_MATCH_ANY = 0, TICKET_MATCH_TAG, TICKET_MATCH_FORM };

struct ticket_match {
    enum ticket_match_kind kind;
    char *tag;       /* TICKET_MATCH_TAG only */
    int64_t form_id; /* TICKET_MATCH_FORM only */
};

struct value_type {
    const char *wanted; /* for people: "wanted " and this */
    bool (*read)(const struct value_type *type, const char *text, void *out);
    void (*release)(void *out);
    const char *const *words; /* value_read_word: the allowed words in the order of the enum, then NULL */
    bool secret;              /* never shown, may come from a file, wiped when released */
    bool list;                /* may go on over several lines */
};

/* char *: not empty */
extern const struct value_type value_text;
/* char *: not empty, no white space */
extern const struct value_type value_word;
extern const struct value_type value_secret;
/* char *: a secret that goes into a header: no white space */
extern const struct value_type value_token;
/* char *: a channel's id in Slack: C or G, then capitals and digits */
extern const struct value_type value_slack_channel;
extern const struct value_type value_slack_group;
extern const struct value_type value_email;
/* char *: without slashes at its end; https, or http on a loopback host */
extern const struct value_type value_url;
/* char *: as value_url, and without /api/v2 at its end */
extern const struct value_type value_zendesk_url;
/* char *: any https link, or http on a loopback host */
extern const struct value_type value_link;
/* char *: for text_glob; NULL if the text is empty */
extern const struct value_type value_tag_glob;
/* char *: for regcomp with REG_EXTENDED | REG_ICASE; compiles, and has a group */
extern const struct value_type value_pattern;
/* struct address; port 0 is any free port */
extern const struct value_type value_address;
/* int64_t, milliseconds, positive, at most 730 days */
extern const struct value_type value_duration;
/* size_t, bytes, positive, at most 1G */
extern const struct value_type value_size;
/* unsigned int, 1 to 65535 */
extern const struct value_type value_count;
/* bool */
extern const struct value_type value_yes_no;
/* int64_t, positive */
extern const struct value_type value_id;
/* struct text_list; word_list: no white space within an item */
extern const struct value_type value_text_list;
extern const struct value_type value_word_list;
/* struct text_list: each item a text, a blank and a link as value_link's */
extern const struct value_type value_link_list;
/* struct id_list */
extern const struct value_type value_id_list;
/* struct tag_change_list */
extern const struct value_type value_tag_changes;
/* struct field_change_list */
extern const struct value_type value_field_changes;
/* struct ticket_match; an empty text is TICKET_MATCH_ANY */
extern const struct value_type value_ticket_match;
/* struct ticket_match, never TICKET_MATCH_ANY */
extern const struct value_type value_ticket_choice;

/*
 * Reads `text` into `out`, which must be zeroed and of the kind named beside the type. False: `out` is zeroed
 * again, and errno is ENOMEM for want of memory or EINVAL for a text that is not of this type.
 */
MUST_CHECK bool value_read(const struct value_type *type, const char *text, void *out);

void value_release(const struct value_type *type, void *out);

/*
 * For own value_types. value_read_word stores the place of a word in `words` into an enum without negative
 * values. value_read_items calls `add` for each item between commas: an empty text has none, an empty item is
 * a slip. value_add_text adds to a struct text_list.
 */
MUST_CHECK bool value_read_word(const struct value_type *type, const char *text, void *out);
MUST_CHECK bool value_read_items(const char *text, bool (*add)(void *list, const char *item), void *list);
MUST_CHECK bool value_add_text(void *out, const char *item);
void value_release_text(void *out);
void value_release_text_list(void *out);

/* Whether the host is 127.0.0.0/8, ::1 or "localhost". */
MUST_CHECK bool address_is_loopback(const struct address *address);
/* By how they are written: names are not resolved. */
MUST_CHECK bool address_equal(const struct address *a, const struct address *b);

#endif
