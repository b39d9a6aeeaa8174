/*
 * Settings: any file is loaded whole or refused with one readable line, and no secret is in that line.
 *
 * So that it is known what is secret, a mark is put before the value of every secret key of the file, and in
 * the files that secrets may be in (%d/good and others). Of the message nothing may have the mark.
 */
#include "lib/config.h"
#include "lib/services/service.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/promise.h"
#include "tests/fuzz/scratch.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define MARK "Kh7Qz"

static struct scratch scratch; /* the credentials directory */

static const struct {
    const char *name, *content;
} files[] = {
    {"good", MARK "secret\n"},        {"empty", ""},
    {"two", MARK "one\n" MARK "2\n"}, {"blank", MARK " with a blank\n"},
    {"latin", MARK "\xe4\n"},         {"controls", MARK "\x01\n"},
};

static void remove_files(void)
{
    scratch_remove(&scratch);
}

/* --- the mark --- */

static bool is_secret_key(const char *section, const char *name, size_t length)
{
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++)
        if (keys[i].type->secret && strcmp(keys[i].section, section) == 0 && strlen(keys[i].name) == length &&
            memcmp(keys[i].name, name, length) == 0)
            return true;
    return false;
}

/* Where the value of a secret begins in the line, which does not end there; 0: it has none. */
static size_t secret_at(const char *section, const char *line, size_t length)
{
    static const char blanks[] = " \t\r\v\f";
    size_t begin = 0;
    size_t separator = 0;
    while (begin < length && strchr(blanks, line[begin]) && line[begin])
        begin++;
    for (separator = begin; separator < length && line[separator] != '=' && line[separator] != ':';)
        separator++;
    size_t end = separator;
    while (end > begin && strchr(blanks, line[end - 1]) && line[end - 1])
        end--;
    if (separator == length || !is_secret_key(section, line + begin, end - begin))
        return 0;
    for (separator++; separator < length && strchr(blanks, line[separator]) && line[separator];)
        separator++;
    return separator < length ? separator : 0;
}

/* Notes the section that begins with the line, if one does. */
static void note_section(const char *line, char section[32])
{
    const size_t length = line[0] == '[' ? strcspn(line + 1, "]") : 0;
    if (length > 0)
        text_copy_n(section, 32, line + 1, length);
}

/* The file with the marks, opened; -1: it has a mark of its own. */
static int marked_file(const uint8_t *data, size_t size)
{
    struct input input = input_of(data, size);
    char section[32] = "";
    if (size > 0 && memmem(data, size, MARK, strlen(MARK)))
        return -1;
    int fd = memfd_create("settings", MFD_CLOEXEC);
    FILE *file = fd >= 0 ? fdopen(dup(fd), "we") : NULL;
    PROMISE(file, "no memory");
    while (input.left > 0) {
        size_t length = 0;
        const bool ends = memchr(input.at, '\n', input.left) != NULL;
        char *line = input_until(&input, "\n", &length);
        note_section(line, section);
        const size_t secret = secret_at(section, line, length);
        (void)fwrite(line, 1, secret, file);
        if (secret > 0)
            (void)fputs(MARK, file);
        (void)fwrite(line + secret, 1, length - secret, file);
        if (ends)
            (void)fputc('\n', file);
        free(line);
    }
    PROMISE(fclose(file) == 0, "no memory");
    return fd;
}

/* --- the promises --- */

static void check_refused(const struct config *config, const struct config_error *error, const char *path)
{
    static const struct config zeroed;
    const char *message = error->message;
    promise_text(message, sizeof error->message, "the message");
    PROMISE(strncmp(message, path, strlen(path)) == 0, "%s", message);
    PROMISE(!strstr(message, MARK), "a secret in: %s", message);
    PROMISE(strstr(message, "wanted") || strlen(message) > sizeof error->message - 8, "%s", message);
    for (const char *c = message; *c; c++)
        PROMISE(((unsigned char)*c >= ' ' && *c != '\x7f') || *c == '\t', "a control character in: %s",
                message);
    PROMISE(memcmp(config, &zeroed, sizeof zeroed) == 0, "something is left behind: %s", message);
}

/* What the header of lib/config.h says of a file that was loaded. */
static void check_sections(const struct config *c)
{
    PROMISE(c->server.listen.host && c->admin.listen.host && c->store.path && c->pagerduty.api_url,
            "defaults");
    PROMISE(c->zendesk.webhook_secret && c->zendesk.api_url, "[zendesk]");
    PROMISE(!c->zendesk.client_id == !c->zendesk.client_secret && !c->zendesk.user == !c->zendesk.api_token &&
                !c->zendesk.user != !c->zendesk.client_id,
            "[zendesk] credentials");
    PROMISE(!c->pagerduty.enabled || c->pagerduty.webhook_secret, "[pagerduty]");
    PROMISE(!c->pagerduty.api_token || c->pagerduty.from, "[pagerduty] from");
    PROMISE(!c->slack.enabled || (c->slack.signing_secret && c->slack.token && c->slack.channel), "[slack]");
    PROMISE(!c->zoom.enabled || c->zoom.static_url || (c->zoom.client_secret && c->zoom.user), "[zoom]");
    PROMISE(!c->gitlab.enabled || (c->gitlab.token && c->gitlab.project && c->gitlab.template_name),
            "[gitlab]");
    PROMISE(c->messages.texts, "[messages]");
    for (size_t i = 0; i < c->coverage_count; i++)
        PROMISE(c->coverages[i].name && c->coverages[i].window, "[coverage] %zu", i);
    for (size_t i = 0; i < c->channel_count; i++)
        PROMISE(c->channels[i].slack && c->channels[i].match.kind != TICKET_MATCH_ANY, "[channel] %zu", i);
    for (size_t i = 1; i < c->escalation_count; i++)
        PROMISE(c->escalations[i - 1].after_ms <= c->escalations[i].after_ms, "[escalation] %zu", i);
}

/* And the listener can be made of it. */
static void check_loaded(const struct config *config)
{
    static const struct service *const services[] = {&zendesk_service, &pagerduty_service, &slack_service,
                                                     &zoom_service};
    check_sections(config);
    for (size_t i = 0; i < COUNT_OF(services); i++) {
        struct receiver receiver;
        PROMISE(receiver_init(&receiver, services[i], config), "%s", services[i]->route);
        receiver_free(&receiver);
    }
}

/* False: the file had a mark of its own. *GOOD: it was loaded. */
static bool check_file(const uint8_t *data, size_t size, bool *good)
{
    struct config config;
    struct config_error error;
    char path[64];
    int fd = marked_file(data, size);
    if (fd < 0)
        return false;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    *good = config_load(path, scratch.directory, &config, &error);
    if (*good) {
        PROMISE(!error.message[0], "%s", error.message);
        check_loaded(&config);
        config_free(&config);
    } else {
        check_refused(&config, &error, path);
    }
    close(fd);
    return true;
}

/* --- the target --- */

/* Files that can't be good, for what is done to them here, would show nothing. */
static void check_that_some_are_good(void)
{
    static const char sound[] = "[zendesk]\nwebhook_secret = a b\napi_url = https://x.zendesk.com\n"
                                "client_id = c\nclient_secret_file = %d/good\n[gitlab]\ntoken = t\n"
                                "project = 7\ntemplate = T\n";
    bool good = false;
    PROMISE(check_file((const uint8_t *)sound, strlen(sound), &good) && good, "a sound file is refused");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char path[200];
    (void)argc;
    (void)argv;
    scratch = scratch_make();
    PROMISE(atexit(remove_files) == 0, "no memory");
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        scratch_path(&scratch, files[i].name, path, sizeof path);
        FILE *file = fopen(path, "we");
        PROMISE(file && fputs(files[i].content, file) >= 0 && fclose(file) == 0, "%s", path);
    }
    check_that_some_are_good();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool good = false;
    return check_file(data, size, &good) ? 0 : -1;
}
