/*
 * emergencyctl: the admin API by hand. One request to the daemon a run, and its answer as a table or as JSON.
 *
 * Exit codes: 0 done, 1 refused by the daemon, 2 usage, 3 no daemon. Texts of strangers are shown with their
 * control characters escaped: a ticket must not be able to write to an engineer's terminal.
 */
#include "ctl/terminal.h"
#include "lib/command.h"
#include "lib/config_values.h"

#include <curl/curl.h>
#include <getopt.h>
#include <jansson.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_SOCKET  "/run/emergencyd/admin.sock"
#define CONNECT_LIMIT_S 5L
#define ANSWER_LIMIT_S  30L

enum exit_code { EXIT_DONE, EXIT_REFUSED, EXIT_USAGE, EXIT_NO_DAEMON };

struct options {
    const char *socket; /* NULL: URL is used */
    const char *url;
    const char *by;
    const char *state; /* of list */
    const char *page;
    bool json;
};

/* --- words --- */

static void print_command(FILE *out, enum command command)
{
    char usage[64];
    command_usage(command, usage, sizeof usage);
    fprintf(out, "  %-13s ID%s%*s %s\n", command_name(command), usage, 11 - (int)terminal_width(usage), "",
            command_help(command));
}

static void print_usage(FILE *out)
{
    fputs("usage: emergencyctl [OPTION...] list [--state STATE] [--page PAGE]\n"
          "       emergencyctl [OPTION...] show ID\n"
          "       emergencyctl [OPTION...] COMMAND ID [ARGUMENT...]\n"
          "       emergencyctl [OPTION...] oncall\n"
          "       emergencyctl [OPTION...] outbox\n"
          "       emergencyctl [OPTION...] retry ACTION\n\n"
          "commands on an emergency:\n",
          out);
    for (int i = COMMAND_NONE + 1; i < COMMAND_COUNT; i++)
        print_command(out, (enum command)i);
    fputs("\noptions:\n"
          "  --socket PATH  the daemon's socket (EMERGENCYD_SOCKET, or " DEFAULT_SOCKET ")\n"
          "  --url URL      the daemon's admin address instead; EMERGENCYD_TOKEN is shown if it is set\n"
          "  --by NAME      who gives the command (the login name)\n"
          "  --json         print the daemon's answer as it is\n"
          "  --help, --version\n"
          "Put -- before a text with words that begin with a dash.\n"
          "exit codes: 0 done, 1 refused, 2 usage, 3 no daemon\n",
          out);
}

static enum exit_code complain(enum exit_code code, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static enum exit_code complain(enum exit_code code, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    fputs("emergencyctl: ", stderr);
    terminal_print(stderr, text);
    fputs(code == EXIT_USAGE ? "\nTry emergencyctl --help\n" : "\n", stderr);
    return code;
}

static const char *login_name(void)
{
    const char *name = getlogin();
    if (name)
        return name;
    const struct passwd *user = getpwuid(getuid());
    return user ? user->pw_name : "unknown";
}

/* --- the exchange --- */

struct answer {
    long status;
    json_t *value; /* NULL: no JSON */
    char *text;
};

static bool set_target(CURL *curl, const struct options *options, const char *path)
{
    char *url = NULL;
    const char *base = options->socket ? "http://localhost" : options->url;
    size_t length = strlen(base);
    while (length > 0 && base[length - 1] == '/')
        length--;
    if (asprintf(&url, "%.*s%s", (int)length, base, path) < 0)
        return false;
    bool good = curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK; /* which copies it */
    free(url);
    if (options->socket)
        good = good && curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, options->socket) == CURLE_OK;
    return good && curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK;
}

/* Whether a token would cross a network there for all to read. */
static bool is_in_the_open(const char *url)
{
    char *checked = NULL;
    bool safe = value_read(&value_url, url, &checked); /* https, or a loopback host */
    value_release(&value_url, &checked);
    return !safe;
}

static bool set_token(CURL *curl, const struct options *options)
{
    const char *token = getenv("EMERGENCYD_TOKEN");
    if (options->socket || !token)
        return true;
    return curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, token) == CURLE_OK;
}

static bool set_request(CURL *curl, const char *body, struct curl_slist *headers, FILE *out)
{
    if (body && (curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) != CURLE_OK ||
                 curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body) != CURLE_OK))
        return false;
    return curl_easy_setopt(curl, CURLOPT_WRITEDATA, out) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_LIMIT_S) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT, ANSWER_LIMIT_S) == CURLE_OK;
}

/* Sends BODY (NULL: a GET), and waits. EXIT_NO_DAEMON has been complained of. */
static enum exit_code exchange(CURL *curl, const struct options *options, const char *path, const char *body,
                               struct answer *answer)
{
    size_t length = 0;
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    FILE *out = open_memstream(&answer->text, &length);
    CURLcode result = CURLE_OUT_OF_MEMORY;
    if (out && headers && set_target(curl, options, path) && set_token(curl, options) &&
        set_request(curl, body, headers, out))
        result = curl_easy_perform(curl);
    if (out && fclose(out) != 0 && result == CURLE_OK)
        result = CURLE_OUT_OF_MEMORY;
    curl_slist_free_all(headers);
    if (result != CURLE_OK)
        return complain(EXIT_NO_DAEMON, "no daemon at %s: %s",
                        options->socket ? options->socket : options->url, curl_easy_strerror(result));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    answer->value = json_loadb(answer->text, length, 0, NULL);
    return EXIT_DONE;
}

typedef void print_fn(json_t *value);

static enum exit_code print_answer(const struct options *options, const struct answer *answer,
                                   print_fn *print)
{
    bool done = answer->status == 200 && answer->value;
    if (options->json && answer->value) {
        terminal_print(stdout, answer->text);
        putchar('\n');
    } else if (done) {
        print(answer->value);
    }
    if (fflush(stdout) != 0)
        return complain(EXIT_REFUSED, "the answer could not be written");
    if (done)
        return EXIT_DONE;
    const char *error = json_string_value(json_object_get(answer->value, "error"));
    return complain(EXIT_REFUSED, "refused: %s (%ld)", error ? error : "no answer of emergencyd's",
                    answer->status);
}

static enum exit_code ask(const struct options *options, const char *path, const char *body, print_fn *print)
{
    struct answer answer = {0};
    CURL *curl = curl_easy_init();
    enum exit_code code = curl ? exchange(curl, options, path, body, &answer)
                               : complain(EXIT_NO_DAEMON, "libcurl can't be started");
    if (code == EXIT_DONE)
        code = print_answer(options, &answer, print);
    curl_easy_cleanup(curl);
    json_decref(answer.value);
    free(answer.text);
    return code;
}

/* --- requests --- */

static bool is_number(const char *text)
{
    return text[0] && strlen(text) < 19 && text[strspn(text, "0123456789")] == '\0';
}

static enum exit_code list(const struct options *options)
{
    char path[256];
    char *state = curl_easy_escape(NULL, options->state ? options->state : "", 0);
    char *page = curl_easy_escape(NULL, options->page ? options->page : "", 0);
    int length = snprintf(path, sizeof path, "/api/emergencies?%s%s&%s%s", options->state ? "state=" : "",
                          state ? state : "", options->page ? "page=" : "", page ? page : "");
    curl_free(state);
    curl_free(page);
    if (length < 0 || (size_t)length >= sizeof path)
        return complain(EXIT_USAGE, "no such state or page");
    return ask(options, path, NULL, terminal_print_list);
}

/* WORDS as one text; "" if there are none. To be freed. */
static char *joined(char *const words[], int count)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return NULL;
    for (int i = 0; i < count; i++)
        fprintf(out, "%s%s", i > 0 ? " " : "", words[i]);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

/* Takes ROOT, NULL being want of memory or a text that is not UTF-8. */
static enum exit_code post(const struct options *options, const char *path, json_t *root, print_fn *print)
{
    char *body = root ? json_dumps(root, JSON_COMPACT) : NULL;
    enum exit_code code = body ? ask(options, path, body, print)
                               : complain(EXIT_USAGE, "the arguments can't be sent: are they UTF-8?");
    free(body);
    json_decref(root);
    return code;
}

/* Puts what was typed under the arguments' names; the last may be the rest of the line. False: *ROOT is NULL
 * for want of memory or since it is not UTF-8, else too much or too little was typed. */
static bool put_arguments(json_t **root, enum command command, char *const words[], int count)
{
    const struct command_argument *argument = command_arguments(command);
    int used = 0;
    for (size_t i = 0; i < COMMAND_ARGUMENTS && argument[i].kind != ARGUMENT_NONE; i++) {
        int taken = command_takes_rest(command, i) ? count - used : count > used;
        if (taken == 0 && argument[i].required)
            return false;
        char *text = joined(words + used, taken);
        if (!text || (taken > 0 && json_object_set_new(*root, argument[i].name, json_string(text)) != 0)) {
            json_decref(*root);
            *root = NULL;
        }
        free(text);
        used += taken;
        if (!*root)
            return false;
    }
    return used == count;
}

static enum exit_code give_command(const struct options *options, enum command command, const char *id,
                                   char *const words[], int count)
{
    char path[96];
    char usage[64];
    json_t *root = json_pack("{s:s}", "by", options->by);
    if (root && !put_arguments(&root, command, words, count) && root) {
        json_decref(root);
        command_usage(command, usage, sizeof usage);
        return complain(EXIT_USAGE, "%s ID%s is what it takes", command_name(command), usage);
    }
    (void)snprintf(path, sizeof path, "/api/emergencies/%s/%s", id, command_name(command));
    return post(options, path, root, terminal_print_summary);
}

/* As it is typed in full: the reader of names is more patient. */
static enum command command_of(const char *word)
{
    enum command command = command_by_name(word);
    return command != COMMAND_NONE && strcmp(command_name(command), word) == 0 ? command : COMMAND_NONE;
}

static enum exit_code with_number(const struct options *options, const char *word, const char *id,
                                  char *const words[], int count)
{
    char path[64];
    enum command command = command_of(word);
    if (command != COMMAND_NONE)
        return give_command(options, command, id, words, count);
    if (count > 0)
        return complain(EXIT_USAGE, "too many arguments for %s", word);
    bool show = strcmp(word, "show") == 0;
    (void)snprintf(path, sizeof path, show ? "/api/emergencies/%s" : "/api/outbox/%s/retry", id);
    return show ? ask(options, path, NULL, terminal_print_emergency)
                : post(options, path, json_pack("{s:s}", "by", options->by), terminal_print_action);
}

static bool takes_number(const char *word)
{
    return strcmp(word, "show") == 0 || strcmp(word, "retry") == 0 || command_of(word) != COMMAND_NONE;
}

/* What is asked for without a number; NULL: WORD is no such question. */
static print_fn *printer_of(const char *word)
{
    return strcmp(word, "outbox") == 0   ? terminal_print_outbox
           : strcmp(word, "oncall") == 0 ? terminal_print_oncall
           : strcmp(word, "list") == 0   ? terminal_print_list
                                         : NULL;
}

static enum exit_code ask_question(const struct options *options, const char *word)
{
    char path[32];
    if (strcmp(word, "list") == 0)
        return list(options);
    (void)snprintf(path, sizeof path, "/api/%s", word);
    return ask(options, path, NULL, printer_of(word));
}

static enum exit_code run(const struct options *options, char *const words[], int count)
{
    if (count == 0)
        return complain(EXIT_USAGE, "what is to be done?");
    if ((options->state || options->page) && strcmp(words[0], "list") != 0)
        return complain(EXIT_USAGE, "--state and --page are for list");
    if (printer_of(words[0]))
        return count == 1 ? ask_question(options, words[0])
                          : complain(EXIT_USAGE, "too many arguments for %s", words[0]);
    if (!takes_number(words[0]))
        return complain(EXIT_USAGE, "there is no command %s", words[0]);
    if (count < 2 || !is_number(words[1]))
        return complain(EXIT_USAGE, "%s needs a number", words[0]);
    return with_number(options, words[0], words[1], words + 2, count - 2);
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"socket", required_argument, NULL, 's'},
        {"url", required_argument, NULL, 'u'},
        {"by", required_argument, NULL, 'b'},
        {"state", required_argument, NULL, 't'},
        {"page", required_argument, NULL, 'p'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    const char *socket = getenv("EMERGENCYD_SOCKET");
    struct options options = {.socket = socket && socket[0] ? socket : DEFAULT_SOCKET, .by = login_name()};
    int option;
    while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        switch (option) {
        case 's': options.socket = optarg; break;
        case 'u': options.url = optarg; break;
        case 'b': options.by = optarg; break;
        case 't': options.state = optarg; break;
        case 'p': options.page = optarg; break;
        case 'j': options.json = true; break;
        case 'h': print_usage(stdout); return EXIT_DONE;
        case 'V': puts("emergencyctl " EMERGENCYD_VERSION); return EXIT_DONE;
        default: fputs("Try emergencyctl --help\n", stderr); return EXIT_USAGE;
        }
    }
    if (options.url)
        options.socket = NULL;
    if (options.url && getenv("EMERGENCYD_TOKEN") && is_in_the_open(options.url))
        return (int)complain(EXIT_USAGE, "the token is for https:// or a loopback host only, not for %s",
                             options.url);
    return (int)run(&options, argv + optind, argc - optind);
}
