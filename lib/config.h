#ifndef EMERGENCYD_CONFIG_H
#define EMERGENCYD_CONFIG_H
/*
 * The settings: one INI file, read once at start into one plain struct.
 *
 * The caller owns the struct and all it points to, until config_free. Reading belongs to one thread (inih
 * itself has settings of the whole process, which stay untouched); afterwards the struct is read-only and any
 * thread may look. The file is read with every default filled in, or not at all.
 *
 * The file: `[section]` or `[kind NAME]`, `key = value`; a line that begins with # or ; is a comment, nothing
 * else is, so values may hold both. A list may go on over indented lines after a comma. For a secret key,
 * `key_file = PATH` instead reads the secret from a file; `%d` in PATH is the credentials directory.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "lib/config_values.h"

enum first_contact { FIRST_CONTACT_MANUAL = 0, FIRST_CONTACT_AUTOMATIC };
enum after_engineer_comment { AFTER_ENGINEER_COMMENT_ASK = 0, AFTER_ENGINEER_COMMENT_PROCEED };
enum downgrade_priority { DOWNGRADE_PRIORITY_HIGH = 0, DOWNGRADE_PRIORITY_NORMAL, DOWNGRADE_PRIORITY_LOW };

struct config_server {
    struct address listen;
    size_t max_body_bytes;
    unsigned int max_connections;
    int64_t request_timeout_ms; /* the whole request */
};

struct config_admin {
    struct address listen;
    char *token;  /* secret; NULL: none, and then `listen` is a loopback address */
    char *socket; /* path; NULL: none */
};

struct config_store {
    char *path;
    int64_t keep_payloads_ms;
};

struct config_policy {
    int64_t follow_up_after_ms;
    int64_t downgrade_after_ms;
    int64_t stale_after_ms;
    int64_t contact_within_ms;
    int64_t page_if_missing_ms;
    enum first_contact first_contact;
    enum after_engineer_comment after_engineer_comment;
    bool resolve_on_contact;
    bool dry_run;
    struct text_list auto_reply_patterns; /* globs, any case */
    struct id_list ignored_authors;       /* Zendesk user ids */
    char *bulk_tag;                       /* a glob, any case; NULL: no incidents are known by a tag */
};

struct config_pagerduty {
    bool enabled;           /* the section has a key; all else below may be NULL only as noted */
    char *webhook_secret;   /* secret; NULL only while not enabled */
    char *webhook_secret_2; /* secret; NULL: none */
    char *api_url;
    char *api_token;           /* secret; NULL: nothing is called at PagerDuty */
    char *from;                /* NULL only without api_token */
    struct text_list services; /* empty: any */
    char *page_service;        /* NULL: none */
    char *engineer_schedule;   /* NULL: none */
    char *manager_schedule;    /* NULL: none */
    char *ticket_pattern; /* for regcomp with REG_EXTENDED | REG_ICASE; the ticket's number is the last group
                             that consists of digits only */
};

struct config_zendesk {
    char *webhook_secret;   /* secret */
    char *webhook_secret_2; /* secret; NULL: none */
    int64_t max_age_ms;
    char *api_url;       /* without / or /api/v2 at its end */
    char *client_id;     /* with client_secret, else NULL */
    char *client_secret; /* secret */
    char *user;          /* with api_token, else NULL; an e-mail address */
    char *api_token;     /* secret */
    int64_t poll_every_ms;
    struct ticket_match emergency_match;
    enum downgrade_priority downgrade_priority;
    int64_t downgrade_form; /* 0: the form stays */
    struct tag_change_list downgrade_tags;
    struct field_change_list downgrade_fields;
    bool downgrade_comment;
    char *tam_field;         /* key of an organisation field; NULL: none */
    int64_t post_call_macro; /* 0: none */
};

struct config_slack {
    bool enabled;         /* the section has a key; then signing_secret, token and channel are set */
    char *signing_secret; /* secret */
    char *api_url;
    char *token;           /* secret */
    char *channel;         /* where threads open that are of no [channel …] */
    char *manager_channel; /* NULL: none */
    char *duty_channel;    /* NULL: none */
};

/* One a product. */
struct config_channel {
    char *name;                /* of the section */
    struct ticket_match match; /* never TICKET_MATCH_ANY */
    char *slack;
    char *region_group;     /* a user group's id, S…; NULL: none */
    struct text_list links; /* "Text https://…", for the thread; */
};

/* One a rung. */
struct config_escalation {
    char *name;
    int64_t after_ms;
    char *schedule; /* of PagerDuty; or NULL, and then: */
    char *user;     /* an e-mail address */
    char *service;  /* of PagerDuty, for the page; NULL: page_service */
    char *slack;    /* a channel that is told too; NULL: none */
};

struct config_zoom {
    bool enabled; /* the section has a key; then either static_url, or all else is set */
    char *api_url;
    char *oauth_url;
    char *account_id;
    char *client_id;
    char *client_secret;  /* secret */
    char *webhook_secret; /* secret; NULL: its webhooks are not taken */
    char *user;           /* whose meetings they are */
    char *static_url;     /* NULL: meetings are made by the API */
};

struct config_gitlab {
    bool enabled; /* the section has a key; then token, project and template are set */
    char *api_url;
    char *token;   /* secret */
    char *project; /* id or path */
    char *template_name;
};

struct coverage;
struct config_coverage {
    char *name;
    struct ticket_match match; /* never TICKET_MATCH_ANY */
    char *timezone;
    char *days, *hours, *shifts; /* as they are written */
    bool redact;
    struct coverage *window; /* made of these */
};

struct config_heartbeat {
    char *url; /* NULL: none */
    int64_t every_ms;
};

struct messages;
struct config_messages {
    char *directory;        /* NULL: the built-in texts */
    struct messages *texts; /* made of these */
};

#define CONFIG_NAMED_MAX 16 /* sections of one kind */

struct config {
    struct config_server server;
    struct config_admin admin;
    struct config_store store;
    struct config_policy policy;
    struct config_pagerduty pagerduty;
    struct config_zendesk zendesk;
    struct config_slack slack;
    struct config_zoom zoom;
    struct config_gitlab gitlab;
    struct config_heartbeat heartbeat;
    struct config_messages messages;
    struct config_channel channels[CONFIG_NAMED_MAX]; /* in the order of the file: the first match counts */
    size_t channel_count;
    struct config_escalation escalations[CONFIG_NAMED_MAX]; /* in the order of `after` */
    size_t escalation_count;
    struct config_coverage coverages[CONFIG_NAMED_MAX]; /* in the order of the file: the first match counts */
    size_t coverage_count;
};

/* One line: file, line, key, what was wrong, what was wanted. Never holds a secret. */
struct config_error {
    char message[2048];
};

/* One row of the table of settings. */
struct config_key {
    const char *section;
    const char *name;
    const struct value_type *type;
    size_t offset;        /* in struct config */
    const char *fallback; /* the default, as it would be written; NULL: none */
};

/*
 * Reads the file at `path` into `config`, whose old content is neither looked at nor freed. `credentials_dir`
 * takes the place of `%d` in the path of a secret; NULL: none, and `%d` is an error. False: `error` says why,
 * and `config` is zeroed.
 */
MUST_CHECK bool config_load(const char *path, const char *credentials_dir, struct config *config,
                            struct config_error *error);

/* Wipes the secrets, frees everything, leaves the struct zeroed; harmless on a zeroed struct. */
void config_free(struct config *config);

/* The [channel NAME], or NULL. */
const struct config_channel *config_find_channel(const struct config *config, const char *name);

/* The whole table, sections together; for whoever checks the documentation against it. */
const struct config_key *config_keys(size_t *count);

/* The same for the sections with a name: `section` is their kind, `offset` is in the struct of one of them.
 */
const struct config_key *config_named_keys(size_t *count);

#endif
