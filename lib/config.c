/*
 * Reads the settings in three steps: inih splits the file into texts (each kept with its line), the texts are
 * read as values by a table, and rules between keys are checked. Every fault is reported by its file, line
 * and key, only the first one; each is fatal to the load, and what that means is the caller's to decide.
 *
 * Three habits of inih are worked around: it takes " ;" inside a value for a comment (so the semicolons of
 * such lines are masked from it), it splits lines that are longer than its buffer (so these are refused), and
 * it joins an indented line to the key above (which is allowed for lists only, where the line above ends in a
 * comma).
 */
#include "lib/config.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_SECRET_BYTES 4096
#define MASKED_SEMICOLON '\x01'

/* Published by Zendesk for its "test webhook" button: anybody can sign with it. */
#define ZENDESK_TEST_SECRET "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="

/* English, German, French, Spanish, Portuguese, Italian, Dutch. */
#define AUTO_REPLY_PATTERNS                                                                                  \
    "*out of office*, *out of the office*, *automatic reply*, *automated reply*, *automatic response*, "     \
    "*auto-reply*, *autoreply*, *auto reply*, *autoresponder*, "                                             \
    "*abwesenheitsnotiz*, *automatische antwort*, *nicht im büro*, *außer haus*, "                         \
    "*réponse automatique*, *absence du bureau*, *message d'absence*, "                                     \
    "*respuesta automática*, *fuera de la oficina*, *fuera de oficina*, "                                   \
    "*resposta automática*, *fora do escritório*, "                                                        \
    "*risposta automatica*, *fuori ufficio*, "                                                               \
    "*automatisch antwoord*, *afwezigheidsbericht*"

#define TICKET_PATTERN                                                                                       \
    "(^|[^a-z0-9])(tickets?|zendesk|zd)( (no|nr|number|id)[.]?)?[ :/#_-]{0,3}([0-9]+)|\\[#([0-9]+)\\]"

static const char *const first_contact_words[] = {"manual", "automatic", NULL};
static const struct value_type value_first_contact = {
    .wanted = "manual or automatic", .read = value_read_word, .words = first_contact_words};

static const char *const after_comment_words[] = {"ask", "proceed", NULL};
static const struct value_type value_after_comment = {
    .wanted = "ask or proceed", .read = value_read_word, .words = after_comment_words};

static const char *const priority_words[] = {"high", "normal", "low", NULL};
static const struct value_type value_priority = {
    .wanted = "high, normal or low", .read = value_read_word, .words = priority_words};

#define KEY(section, name, field, type, fallback)                                                            \
    {                                                                                                        \
        section, name, &(type), offsetof(struct config, field), fallback                                     \
    }

static const struct config_key keys[] = {
    KEY("server", "listen", server.listen, value_address, "127.0.0.1:8080"),
    KEY("server", "max_body", server.max_body_bytes, value_size, "1M"),
    KEY("server", "max_connections", server.max_connections, value_count, "1000"),
    KEY("server", "request_timeout", server.request_timeout_ms, value_duration, "10s"),

    KEY("admin", "listen", admin.listen, value_address, "127.0.0.1:8081"),
    KEY("admin", "token", admin.token, value_secret, NULL),
    KEY("admin", "socket", admin.socket, value_text, NULL),

    KEY("store", "path", store.path, value_text, "/var/lib/emergencyd/emergencyd.db"),
    KEY("store", "keep_payloads", store.keep_payloads_ms, value_duration, "30d"),

    KEY("policy", "follow_up_after", policy.follow_up_after_ms, value_duration, "15m"),
    KEY("policy", "downgrade_after", policy.downgrade_after_ms, value_duration, "15m"),
    KEY("policy", "first_contact", policy.first_contact, value_first_contact, "manual"),
    KEY("policy", "after_engineer_comment", policy.after_engineer_comment, value_after_comment, "ask"),
    KEY("policy", "stale_after", policy.stale_after_ms, value_duration, "1h"),
    KEY("policy", "contact_within", policy.contact_within_ms, value_duration, "20m"),
    KEY("policy", "page_if_missing", policy.page_if_missing_ms, value_duration, "2m"),
    KEY("policy", "resolve_on_contact", policy.resolve_on_contact, value_yes_no, "no"),
    KEY("policy", "auto_reply_patterns", policy.auto_reply_patterns, value_text_list, AUTO_REPLY_PATTERNS),
    KEY("policy", "ignored_authors", policy.ignored_authors, value_id_list, NULL),
    KEY("policy", "bulk_tag", not_yet.bulk_tag, value_word, NULL),
    KEY("policy", "dry_run", policy.dry_run, value_yes_no, "no"),

    KEY("pagerduty", "webhook_secret", pagerduty.webhook_secret, value_secret, NULL),
    KEY("pagerduty", "webhook_secret_2", pagerduty.webhook_secret_2, value_secret, NULL),
    KEY("pagerduty", "api_url", pagerduty.api_url, value_url, "https://api.pagerduty.com"),
    KEY("pagerduty", "api_token", pagerduty.api_token, value_secret, NULL),
    KEY("pagerduty", "from", pagerduty.from, value_email, NULL),
    KEY("pagerduty", "services", pagerduty.services, value_word_list, NULL),
    KEY("pagerduty", "page_service", pagerduty.page_service, value_word, NULL),
    KEY("pagerduty", "engineer_schedule", not_yet.engineer_schedule, value_word, NULL),
    KEY("pagerduty", "manager_schedule", not_yet.manager_schedule, value_word, NULL),
    KEY("pagerduty", "ticket_pattern", pagerduty.ticket_pattern, value_pattern, TICKET_PATTERN),

    KEY("zendesk", "webhook_secret", zendesk.webhook_secret, value_secret, NULL),
    KEY("zendesk", "webhook_secret_2", zendesk.webhook_secret_2, value_secret, NULL),
    KEY("zendesk", "max_age", zendesk.max_age_ms, value_duration, "24h"),
    KEY("zendesk", "api_url", zendesk.api_url, value_zendesk_url, NULL),
    KEY("zendesk", "client_id", zendesk.client_id, value_word, NULL),
    KEY("zendesk", "client_secret", zendesk.client_secret, value_secret, NULL),
    KEY("zendesk", "user", zendesk.user, value_email, NULL),
    KEY("zendesk", "api_token", zendesk.api_token, value_secret, NULL),
    KEY("zendesk", "poll_every", zendesk.poll_every_ms, value_duration, "1m"),
    KEY("zendesk", "emergency_match", zendesk.emergency_match, value_ticket_match, ""),
    KEY("zendesk", "downgrade_priority", zendesk.downgrade_priority, value_priority, "high"),
    KEY("zendesk", "downgrade_form", zendesk.downgrade_form, value_id, NULL),
    KEY("zendesk", "downgrade_tags", zendesk.downgrade_tags, value_tag_changes, "+emergency_downgraded"),
    KEY("zendesk", "downgrade_fields", zendesk.downgrade_fields, value_field_changes, NULL),
    KEY("zendesk", "downgrade_comment", zendesk.downgrade_comment, value_yes_no, "yes"),
    KEY("zendesk", "tam_field", not_yet.tam_field, value_word, NULL),
    KEY("zendesk", "post_call_macro", not_yet.post_call_macro, value_id, NULL),
};

#define KEY_COUNT COUNT_OF(keys)
#define NO_KEY    KEY_COUNT

/* What the file says about one key. */
struct given {
    char *text; /* NULL: nothing */
    int line;
    bool is_file; /* key_file: the text is a path */
};

struct loader {
    const char *path;
    const char *credentials_dir;
    FILE *file;
    struct config *config;
    struct config_error *error;
    bool failed;
    int line;        /* last line read */
    bool indented;   /* that line begins with a blank */
    size_t open_key; /* the key an indented line would continue; NO_KEY at a section's start */
    struct given given[KEY_COUNT];
    int section_line[KEY_COUNT]; /* of the [section], at the place of its first key; 0: not in the file */
};

/* ---- errors ---- */

static void say(struct loader *loader, const char *format, va_list args)
{
    char *message = loader->error->message;
    size_t used = strlen(message);
    vsnprintf(message + used, sizeof(loader->error->message) - used, format, args);
}

PRINTF_LIKE(2, 3) static void add_to_error(struct loader *loader, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(loader, format, args);
    va_end(args);
}

/* Begins the message; the only place where a load becomes a failed one. */
static void begin_error(struct loader *loader, int line)
{
    loader->failed = true;
    loader->error->message[0] = '\0';
    add_to_error(loader, "%s:", loader->path);
    if (line > 0)
        add_to_error(loader, "%d:", line);
    add_to_error(loader, " ");
}

static void unmask(char *text)
{
    for (char *c = strchr(text, MASKED_SEMICOLON); c; c = strchr(c, MASKED_SEMICOLON))
        *c = ';';
}

PRINTF_LIKE(3, 4) static bool fail_line(struct loader *loader, int line, const char *format, ...)
{
    va_list args;
    begin_error(loader, line);
    va_start(args, format);
    say(loader, format, args);
    va_end(args);
    unmask(loader->error->message);
    return false;
}

static size_t section_start(const char *section, size_t length)
{
    size_t key = 0;
    while (key < KEY_COUNT &&
           (strlen(keys[key].section) != length || memcmp(keys[key].section, section, length) != 0))
        key++;
    return key;
}

/* Points at the key's own line, or else at its section's. */
PRINTF_LIKE(3, 4) static bool fail_key(struct loader *loader, size_t key, const char *format, ...)
{
    const struct given *given = &loader->given[key];
    const char *section = keys[key].section;
    int line = given->text ? given->line : loader->section_line[section_start(section, strlen(section))];
    va_list args;
    begin_error(loader, line);
    add_to_error(loader, "[%s] %s%s: ", section, keys[key].name, given->is_file ? "_file" : "");
    va_start(args, format);
    say(loader, format, args);
    va_end(args);
    return false;
}

static bool fail_value(struct loader *loader, size_t key, const char *text)
{
    const struct value_type *type = keys[key].type;
    if (errno == ENOMEM)
        return fail_key(loader, key, "out of memory");
    if (type->secret)
        return fail_key(loader, key, "not valid (not shown); wanted %s", type->wanted);
    return fail_key(loader, key, "\"%.200s\" is not valid; wanted %s", text, type->wanted);
}

static bool fail_section(struct loader *loader, const char *name, size_t length)
{
    begin_error(loader, loader->line);
    add_to_error(loader, "[%.*s]: unknown section; wanted one of:", (int)length, name);
    for (size_t key = 0; key < KEY_COUNT; key++) {
        if (key == 0 || strcmp(keys[key].section, keys[key - 1].section) != 0)
            add_to_error(loader, " %s", keys[key].section);
    }
    return false;
}

static bool fail_name(struct loader *loader, const char *section, const char *name)
{
    begin_error(loader, loader->line);
    add_to_error(loader, "[%s] %s: unknown key; wanted one of:", section, name);
    for (size_t key = 0; key < KEY_COUNT; key++) {
        if (strcmp(keys[key].section, section) == 0)
            add_to_error(loader, " %s", keys[key].name);
    }
    unmask(loader->error->message);
    return false;
}

/* ---- step one: the file's texts ---- */

static size_t find_key(const char *section, const char *name)
{
    size_t key = 0;
    while (key < KEY_COUNT && (strcmp(keys[key].section, section) != 0 || strcmp(keys[key].name, name) != 0))
        key++;
    return key;
}

/* As find_key, but `name` may also be a secret key and "_file". */
static size_t find_given_key(const char *section, const char *name, bool *is_file)
{
    static const char suffix[] = "_file";
    char stem[32] = "";
    size_t length = strlen(name);
    size_t tail = sizeof(suffix) - 1;
    *is_file = false;
    if (length <= tail || length - tail >= sizeof(stem) || strcmp(name + length - tail, suffix) != 0)
        return find_key(section, name);
    memcpy(stem, name, length - tail);
    size_t key = find_key(section, stem);
    *is_file = key != NO_KEY && keys[key].type->secret;
    return *is_file ? key : find_key(section, name);
}

static bool line_is_whole(struct loader *loader, const char *line, size_t size)
{
    size_t length = strlen(line);
    if (length == size - 1 && line[length - 1] != '\n')
        return fail_line(
            loader, loader->line,
            "line is longer than %zu bytes; wanted a shorter one: a list may go on over indented "
            "lines, a secret may be in a file (KEY_file)",
            size - 2);
    if (length == 0 || (line[length - 1] != '\n' && !feof(loader->file)))
        return fail_line(loader, loader->line, "line holds a NUL byte; wanted plain text");
    for (const char *c = line; *c; c++) {
        if (((unsigned char)*c < ' ' || *c == '\x7f') && !strchr("\t\r\n", *c))
            return fail_line(loader, loader->line, "line holds a control character; wanted plain text");
    }
    return true;
}

/* inih tells nobody of a section without keys, and passes over what stands behind its ]. */
static bool note_section(struct loader *loader, const char *line)
{
    const char *name = line + 1;
    size_t length = strcspn(name, "]\r\n");
    if (name[length] != ']')
        return fail_line(loader, loader->line, "[ without ]; wanted [section]");
    const char *rest = name + length + 1;
    rest += strspn(rest, " \t\r\n");
    if (*rest != '\0' && *rest != '#' && *rest != ';')
        return fail_line(loader, loader->line, "text behind [%.*s]; wanted a line of its own for it",
                         (int)length, name);
    size_t first = section_start(name, length);
    if (first == NO_KEY)
        return fail_section(loader, name, length);
    if (loader->section_line[first] == 0)
        loader->section_line[first] = loader->line;
    loader->open_key = NO_KEY;
    return true;
}

static void mask_semicolons(char *line)
{
    for (char *c = strchr(line, ';'); c; c = strchr(c, ';'))
        *c = MASKED_SEMICOLON;
}

/* fgets for inih, one whole line a call; stops at the first fault. */
static char *read_line(char *buffer, int size, void *stream)
{
    struct loader *loader = stream;
    if (loader->failed || !fgets(buffer, size, loader->file))
        return NULL;
    loader->line++;
    if (!line_is_whole(loader, buffer, (size_t)size))
        return NULL;
    const char *first = buffer + strspn(buffer, " \t");
    loader->indented = first != buffer;
    if (*first == '[' && !loader->indented)
        return note_section(loader, buffer) ? buffer : NULL;
    if (*first != ';' && *first != '#')
        mask_semicolons(buffer);
    return buffer;
}

static bool continue_list(struct loader *loader, const char *value)
{
    size_t key = loader->open_key;
    struct given *given = &loader->given[key];
    size_t length = strlen(given->text);
    if (!keys[key].type->list || (length > 0 && given->text[length - 1] != ','))
        return fail_line(loader, loader->line,
                         "[%s] %s: an indented line does not belong here; wanted it only for a list, "
                         "after a comma",
                         keys[key].section, keys[key].name);
    char *joined = NULL;
    if (asprintf(&joined, "%s%s%s", given->text, length > 0 ? " " : "", value) < 0)
        return fail_key(loader, key, "out of memory");
    free(given->text);
    given->text = joined;
    unmask(joined);
    return true;
}

static bool fail_repeated(struct loader *loader, size_t key, bool is_file)
{
    const struct given *first = &loader->given[key];
    const char *section = keys[key].section;
    const char *name = keys[key].name;
    if (first->is_file == is_file)
        return fail_line(loader, loader->line, "[%s] %s%s: given twice, first in line %d; wanted it once",
                         section, name, is_file ? "_file" : "", first->line);
    return fail_line(loader, loader->line,
                     "[%s] %s%s: given beside %s%s in line %d; wanted only one of the two", section, name,
                     is_file ? "_file" : "", name, is_file ? "" : "_file", first->line);
}

static bool note_value(struct loader *loader, const char *section, const char *name, const char *value)
{
    bool is_file = false;
    if (section[0] == '\0')
        return fail_line(loader, loader->line, "%s: key before the first section; wanted [section] above it",
                         name);
    size_t key = find_given_key(section, name, &is_file);
    if (key == NO_KEY)
        return fail_name(loader, section, name);
    if (loader->given[key].text)
        return fail_repeated(loader, key, is_file);
    struct given given = {strdup(value), loader->line, is_file};
    if (!given.text)
        return fail_line(loader, loader->line, "[%s] %s: out of memory", section, name);
    unmask(given.text);
    loader->given[key] = given;
    loader->open_key = key;
    return true;
}

/* For inih; 1 is good. */
static int take_value(void *user, const char *section, const char *name, const char *value)
{
    struct loader *loader = user;
    if (loader->failed)
        return 0;
    if (loader->indented && loader->open_key != NO_KEY)
        return continue_list(loader, value);
    return note_value(loader, section, name, value);
}

static bool read_texts(struct loader *loader)
{
    loader->file = fopen(loader->path, "re");
    if (!loader->file)
        return fail_line(loader, 0, "cannot open: %s; wanted a readable file", strerror(errno));
    int bad_line = ini_parse_stream(read_line, loader, take_value, loader);
    /* inih goes on behind a line it can't split; that line comes before any fault found later. */
    if (bad_line > 0 && (!loader->failed || bad_line < loader->line))
        fail_line(loader, bad_line, "no = in this line; wanted key = value, [section] or # comment");
    else if (!loader->failed && ferror(loader->file))
        fail_line(loader, 0, "cannot read: %s; wanted a readable file", strerror(errno));
    fclose(loader->file);
    return !loader->failed;
}

/* ---- step two: the values ---- */

/* The path with the credentials directory in place of %d; the caller frees it. */
static char *credential_path(struct loader *loader, size_t key)
{
    const char *text = loader->given[key].text;
    const char *mark = strstr(text, "%d");
    char *path = NULL;
    if (mark && !loader->credentials_dir) {
        fail_key(loader, key,
                 "%%d has no meaning here, since systemd passes no credentials; wanted a path "
                 "without it, or CREDENTIALS_DIRECTORY in the environment");
        return NULL;
    }
    if (!mark)
        path = strdup(text);
    else if (asprintf(&path, "%.*s%s%s", (int)(mark - text), text, loader->credentials_dir, mark + 2) < 0)
        path = NULL;
    if (!path)
        fail_key(loader, key, "out of memory");
    return path;
}

/* Up to `size` bytes; -1: errno says why. */
static ssize_t read_file(const char *path, char *buffer, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    size_t used = 0;
    ssize_t got = 0;
    while (used < size && (got = read(fd, buffer + used, size - used)) > 0)
        used += (size_t)got;
    int cause = errno;
    close(fd);
    errno = cause;
    return got < 0 ? -1 : (ssize_t)used;
}

/* What a secret file may hold: one line, and a newline at its end. Ends `content` there. */
static bool check_secret_file(struct loader *loader, size_t key, const char *path, char *content,
                              size_t length)
{
    if (length > MAX_SECRET_BYTES)
        return fail_key(loader, key, "%s is longer than %d bytes; wanted one line with the secret", path,
                        MAX_SECRET_BYTES);
    while (length > 0 && (content[length - 1] == '\n' || content[length - 1] == '\r'))
        length--;
    content[length] = '\0';
    if (length == 0)
        return fail_key(loader, key, "%s is empty; wanted one line with the secret", path);
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)content[i] < ' ' || content[i] == '\x7f')
            return fail_key(loader, key,
                            "%s holds a line break or control character; wanted one line with the secret",
                            path);
    }
    return true;
}

static bool read_secret_file(struct loader *loader, size_t key, void *out)
{
    char content[MAX_SECRET_BYTES + 1];
    char *path = credential_path(loader, key);
    if (!path)
        return false;
    ssize_t length = read_file(path, content, sizeof(content));
    bool good = length < 0
                    ? fail_key(loader, key, "cannot read %s: %s; wanted a readable file with the secret",
                               path, strerror(errno))
                    : check_secret_file(loader, key, path, content, (size_t)length);
    if (good && !value_read(keys[key].type, content, out))
        good = fail_value(loader, key, content);
    explicit_bzero(content, sizeof(content));
    free(path);
    return good;
}

static bool read_value(struct loader *loader, size_t key)
{
    const struct given *given = &loader->given[key];
    const char *text = given->text ? given->text : keys[key].fallback;
    void *out = (char *)loader->config + keys[key].offset;
    if (given->text && given->is_file)
        return read_secret_file(loader, key, out);
    if (text && !value_read(keys[key].type, text, out))
        return fail_value(loader, key, text);
    return true;
}

static bool read_values(struct loader *loader)
{
    for (size_t key = 0; key < KEY_COUNT; key++) {
        if (!read_value(loader, key))
            return false;
    }
    return true;
}

/* ---- step three: rules between keys ---- */

static bool is_given(const struct loader *loader, const char *section, const char *name)
{
    return loader->given[find_key(section, name)].text != NULL;
}

static bool require(struct loader *loader, const char *section, const char *name, const char *why)
{
    size_t key = find_key(section, name);
    if (loader->given[key].text)
        return true;
    return fail_key(loader, key, "missing; wanted %s%s: %s", keys[key].type->wanted,
                    keys[key].type->secret ? " (or its _file)" : "", why);
}

static bool check_admin(struct loader *loader)
{
    const struct config_admin *admin = &loader->config->admin;
    if (admin->token || address_is_loopback(&admin->listen))
        return true;
    return fail_key(
        loader, find_key("admin", "listen"),
        "%s is not a loopback address, and there is no token; wanted [admin] token (or token_file), "
        "or a loopback address such as 127.0.0.1:8081",
        admin->listen.host);
}

static bool check_pagerduty(struct loader *loader)
{
    struct config_pagerduty *pagerduty = &loader->config->pagerduty;
    for (size_t key = 0; key < KEY_COUNT; key++) {
        if (strcmp(keys[key].section, "pagerduty") == 0 && loader->given[key].text)
            pagerduty->enabled = true;
    }
    if (!pagerduty->enabled)
        return true;
    return require(loader, "pagerduty", "webhook_secret", "the section is in use") &&
           (!pagerduty->api_token ||
            require(loader, "pagerduty", "from", "PagerDuty asks for it where api_token is used"));
}

static bool refuse_test_secret(struct loader *loader, const char *name, const char *secret)
{
    if (!secret || strcmp(secret, ZENDESK_TEST_SECRET) != 0)
        return true;
    return fail_key(
        loader, find_key("zendesk", name),
        "this is Zendesk's public test secret, with which anybody can sign; wanted the signing secret "
        "of your own webhook");
}

/* Exactly one of the two ways to sign in, and all of it. */
static bool check_zendesk_credentials(struct loader *loader)
{
    static const char *const names[] = {"client_id", "client_secret", "user", "api_token"};
    static const unsigned int by_client = 3;
    static const unsigned int by_user = 12;
    unsigned int found = 0;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        found |= is_given(loader, "zendesk", names[i]) ? 1U << i : 0;
    if (found == by_client || found == by_user)
        return true;
    fail_line(
        loader, loader->section_line[find_key("zendesk", "webhook_secret")],
        "[zendesk] credentials: wanted exactly one pair, client_id and client_secret, or user and api_token; "
        "found");
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (found & 1U << i)
            add_to_error(loader, " %s", names[i]);
    }
    if (found == 0)
        add_to_error(loader, " none of them");
    return false;
}

static bool check_zendesk(struct loader *loader)
{
    const struct config_zendesk *zendesk = &loader->config->zendesk;
    return require(loader, "zendesk", "api_url", "Zendesk is always needed") &&
           require(loader, "zendesk", "webhook_secret", "Zendesk is always needed") &&
           refuse_test_secret(loader, "webhook_secret", zendesk->webhook_secret) &&
           refuse_test_secret(loader, "webhook_secret_2", zendesk->webhook_secret_2) &&
           check_zendesk_credentials(loader);
}

/* ---- public ---- */

static void forget_texts(struct loader *loader)
{
    for (size_t key = 0; key < KEY_COUNT; key++) {
        char *text = loader->given[key].text;
        if (text && keys[key].type->secret)
            explicit_bzero(text, strlen(text));
        free(text);
    }
}

bool config_load(const char *path, const char *credentials_dir, struct config *config,
                 struct config_error *error)
{
    struct loader loader = {.path = path,
                            .credentials_dir = credentials_dir,
                            .config = config,
                            .error = error,
                            .open_key = NO_KEY};
    *config = (struct config){0};
    error->message[0] = '\0';
    bool good = read_texts(&loader) && read_values(&loader) && check_admin(&loader) &&
                check_pagerduty(&loader) && check_zendesk(&loader);
    if (!good)
        config_free(config);
    forget_texts(&loader);
    return good;
}

void config_free(struct config *config)
{
    for (size_t key = 0; key < KEY_COUNT; key++)
        value_release(keys[key].type, (char *)config + keys[key].offset);
    *config = (struct config){0};
}

const struct config_key *config_keys(size_t *count)
{
    *count = KEY_COUNT;
    return keys;
}
