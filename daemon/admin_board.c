/*
 * The board: its page, and what only the page asks for. The page itself holds nothing secret and is the same
 * for everybody; all that it shows it reads from the API. A database that can't be read is a 503 (the store
 * has logged why), want of memory a 500; a stream says nothing meanwhile.
 */
#include "daemon/admin_internal.h"
#include "daemon/admin_json.h"
#include "daemon/board_files.h"
#include "daemon/clock.h"
#include "lib/text.h"
#include "lib/timestamp.h"

#include <stdlib.h>
#include <string.h>

#define OPEN_SHOWN    256
#define KEEP_ALIVE_MS 15000
#define CONTENT_POLICY                                                                                       \
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'; "  \
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"

/* --- the files --- */

static const struct board_file *file_of(const char *path)
{
    const char *name = strcmp(path, "/") == 0 ? "index.html" : path + 1;
    for (size_t i = 0; i < board_files_count; i++)
        if (strcmp(board_files[i].name, name) == 0)
            return &board_files[i];
    abort(); /* there is a route for it */
}

static const char *type_of(const char *name)
{
    const char *end = strrchr(name, '.');
    return strcmp(end, ".css") == 0  ? "text/css; charset=utf-8"
           : strcmp(end, ".js") == 0 ? "text/javascript; charset=utf-8"
                                     : "text/html; charset=utf-8";
}

void admin_board_file(struct admin *admin, struct http_request *request, const struct admin_target *target)
{
    (void)admin;
    (void)target;
    const struct board_file *file = file_of(request->path);
    char *copy = malloc(file->size + 1);
    if (copy)
        memcpy(copy, file->data, file->size + 1);
    http_add_header(request, "Content-Security-Policy", CONTENT_POLICY);
    http_add_header(request, "X-Frame-Options", "DENY");
    http_add_header(request, "Referrer-Policy", "same-origin");
    http_add_header(request, "Cross-Origin-Resource-Policy", "same-origin");
    http_answer(request, 200, type_of(file->name), copy, file->size);
}

/* --- what it shows --- */

struct board {
    char slack_home[128];
    json_t *emergencies; /* arrays; NULL as soon as memory is out */
    json_t *oncall;
    json_t *parked;
    bool more; /* emergencies than are shown */
};

static enum store_result read_open(struct admin *admin, struct board *board, int64_t now_ms)
{
    int64_t ids[OPEN_SHOWN];
    int count = 0;
    struct emergency e;
    enum store_result result = store_open_ids(admin->store, 0, ids, OPEN_SHOWN, &count);
    board->more = count == OPEN_SHOWN;
    for (int i = 0; i < count && result == STORE_OK; i++) {
        result = store_get_emergency(admin->store, ids[i], &e);
        if (result == STORE_OK)
            admin_append(
                &board->emergencies,
                admin_json_for_board(admin_json_emergency(admin->config, &e, now_ms), &e, board->slack_home));
    }
    return result;
}

static enum store_result read_oncalls(struct admin *admin, json_t **oncall, int64_t now_ms)
{
    struct oncall *turns = NULL;
    size_t count = 0;
    enum store_result result = store_oncalls(admin->store, &turns, &count);
    if (result == STORE_OK)
        *oncall = admin_json_oncalls(admin->config, turns, count, now_ms);
    free(turns);
    return result;
}

/* All of it as of one moment. */
static enum store_result read_board(struct admin *admin, struct board *board, int64_t now_ms)
{
    enum store_result result = store_view_begin(admin->store);
    if (result != STORE_OK)
        return result;
    result = store_get_fact(admin->store, "slack_home", board->slack_home, sizeof board->slack_home);
    if (result == STORE_OK || result == STORE_NONE)
        result = read_open(admin, board, now_ms);
    if (result == STORE_OK)
        result = read_oncalls(admin, &board->oncall, now_ms);
    if (result == STORE_OK)
        result = admin_read_outbox(admin, true, &board->parked);
    store_view_end(admin->store);
    return result == STORE_NONE ? STORE_BROKEN : result; /* what is listed is there */
}

/* The one whose details are wanted; null if there is none. */
static enum store_result read_chosen(struct admin *admin, struct http_request *request,
                                     const char *slack_home, json_t **chosen)
{
    const char *word = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "id");
    struct emergency e;
    int64_t id = 0;
    *chosen = NULL;
    enum store_result result = STORE_NONE;
    if (word && text_to_i64(word, strlen(word), &id) && id > 0)
        result = admin_read_alone(admin, id, &e, chosen);
    if (result == STORE_NONE) {
        *chosen = json_null();
        return STORE_OK;
    }
    if (result == STORE_OK)
        *chosen = admin_json_for_board(*chosen, &e, slack_home);
    return result;
}

void admin_board(struct admin *admin, struct http_request *request, const struct admin_target *target)
{
    (void)target;
    char now[TIMESTAMP_SIZE];
    int64_t now_ms = clock_wall_ms();
    struct board board = {.emergencies = json_array(), .parked = json_array()};
    json_t *chosen = NULL;
    enum store_result result = read_board(admin, &board, now_ms);
    if (result == STORE_OK)
        result = read_chosen(admin, request, board.slack_home, &chosen);
    timestamp_format(now_ms, now);
    /* takes them all, whatever becomes of it */
    json_t *value =
        json_pack("{s:s, s:o, s:b, s:o, s:o, s:o}", "now", now, "emergencies", board.emergencies, "more",
                  board.more, "chosen", chosen, "oncall", board.oncall, "parked", board.parked);
    admin_answer_read(request, result, value);
}

void admin_oncall(struct admin *admin, struct http_request *request, const struct admin_target *target)
{
    (void)target;
    json_t *oncall = NULL;
    enum store_result result = store_view_begin(admin->store);
    if (result == STORE_OK) {
        result = read_oncalls(admin, &oncall, clock_wall_ms());
        store_view_end(admin->store);
    }
    admin_answer_read(request, result, json_pack("{s:o}", "oncall", oncall));
}

void admin_commands(struct admin *admin, struct http_request *request, const struct admin_target *target)
{
    (void)admin;
    (void)target;
    admin_answer_read(request, STORE_OK, json_pack("{s:o}", "commands", admin_json_commands()));
}

/* --- the stream --- */

void admin_stream(struct admin *admin, struct http_request *request, const struct admin_target *target)
{
    (void)admin;
    (void)target;
    http_answer_stream(request, "text/event-stream");
}

/* What changed is not said: the board reads all that it shows anew, which is one request. */
const char *admin_next_of_stream(void *context, int64_t *seen, int64_t silent_ms)
{
    struct admin *admin = context;
    int64_t version = *seen;
    if (store_version(admin->store, &version) == STORE_OK && version != *seen) {
        *seen = version;
        return "data: {\"changed\":true}\n\n";
    }
    return silent_ms >= KEEP_ALIVE_MS ? ": still here\n\n" : NULL;
}
