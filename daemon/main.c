/*
 * emergencyd: options, the order of start and stop, signals.
 *
 * Settings that can't be used end the program with status 2, anything else that keeps it from starting with
 * 1, each with a sentence on stderr. SIGTERM and SIGINT finish what is in flight; a second one doesn't.
 * SIGHUP checks the settings and, if they are good, starts the program anew in this process.
 */
#include "daemon/admin.h"
#include "daemon/clock.h"
#include "daemon/courier.h"
#include "daemon/ledger.h"
#include "daemon/reload.h"
#include "daemon/server.h"
#include "daemon/system.h"
#include "lib/call.h"
#include "lib/config.h"
#include "lib/delivery.h"
#include "lib/wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_CONFIG "/etc/emergencyd/config.ini"

/* What calls under way get before they are broken off at the end. */
#define COURIER_GRACE_MS ((int64_t)5 * 1000)

/* Descriptors for all but the connections of the public listener, and how many of those there are at least.
 */
#define OTHER_DESCRIPTORS 500
#define CONNECTIONS_MIN   16

enum { EXIT_CONFIG = 2 };

enum wish { WISH_RUN, WISH_CHECK, WISH_VERSION, WISH_HELP, WISH_UNKNOWN };

struct options {
    enum wish wish;
    const char *config_path;
};

/* Proof for systemd's watchdog that the ledger still works: a question that goes there and comes back. */
struct pulse {
    struct mailbox mailbox;
    struct delivery question;
    bool under_way;
    int64_t period_ms; /* 0: nobody watches */
};

struct program {
    struct options options;
    struct config config;
    struct log *log;
    struct metrics metrics;
    struct system_sockets sockets;
    struct courier *courier;
    struct ledger *ledger;
    struct server *server;
    struct admin *admin;
    struct pulse pulse;
    int signal_fd;
    size_t descriptors; /* that the process may have */
    char error[512];    /* why it can't start */
    bool store_is_new;
};

/* --- options --- */

static struct options options_read(int argc, char *argv[])
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'},
        {"check-config", no_argument, NULL, 'k'},
        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct options options = {.wish = WISH_RUN, .config_path = DEFAULT_CONFIG};
    int c;
    while ((c = getopt_long(argc, argv, "c:", longs, NULL)) != -1) {
        switch (c) {
        case 'c': options.config_path = optarg; break;
        case 'k': options.wish = WISH_CHECK; break;
        case 'v': options.wish = WISH_VERSION; return options;
        case 'h': options.wish = WISH_HELP; return options;
        default: options.wish = WISH_UNKNOWN; return options;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "emergencyd: unexpected argument \"%s\"\n", argv[optind]);
        options.wish = WISH_UNKNOWN;
    }
    return options;
}

static void print_usage(FILE *out)
{
    fprintf(out, "usage: emergencyd [-c FILE] [--check-config] [--version] [--help]\n"
                 "  -c, --config FILE   settings (default " DEFAULT_CONFIG ")\n"
                 "      --check-config  say whether the settings are good, and end\n"
                 "      --version       say which version this is, and end\n"
                 "SIGHUP makes it read its settings again.\n");
}

static bool read_config(const struct options *options, struct config *config, struct config_error *error)
{
    return config_load(options->config_path, getenv("CREDENTIALS_DIRECTORY"), config, error);
}

static int check_config(const struct options *options)
{
    struct config config;
    struct config_error error;
    if (!read_config(options, &config, &error)) {
        fprintf(stderr, "%s\n", error.message);
        return EXIT_CONFIG;
    }
    config_free(&config);
    puts("configuration ok");
    return EXIT_SUCCESS;
}

/* --- start --- */

static void return_call(void *context, struct call *call)
{
    struct program *program = context;
    ledger_return_call(program->ledger, call);
}

static bool make_ledger(struct program *program)
{
    const char *path = program->config.store.path;
    program->store_is_new = access(path, F_OK) != 0 && errno == ENOENT;
    struct store *store = store_open(path, program->log, program->error, sizeof program->error);
    if (!store)
        return false;
    const struct ledger_exits exits = {.to_courier = courier_mailbox(program->courier)};
    program->ledger = ledger_new(&program->config, store, program->log, &program->metrics, &exits);
    if (!program->ledger)
        snprintf(program->error, sizeof program->error, "no memory or descriptors for the ledger");
    return program->ledger;
}

/* Before the sockets: whoever can't open the database must not take connections. */
static bool make_inner_parts(struct program *program)
{
    program->courier = courier_new(&program->config, program->log, &program->metrics, return_call, program);
    if (!program->courier) {
        snprintf(program->error, sizeof program->error, "no memory or descriptors for the courier");
        return false;
    }
    if (!mailbox_init(&program->pulse.mailbox)) {
        snprintf(program->error, sizeof program->error, "no descriptors left");
        return false;
    }
    return make_ledger(program);
}

/* What was handed over stays ours too, to be handed on at a restart. */
static int copy_of(int fd)
{
    return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static bool make_listeners(struct program *program)
{
    const struct system_sockets *sockets = &program->sockets;
    program->server = server_new(&program->config, copy_of(sockets->public), program->ledger, program->log,
                                 &program->metrics, program->error, sizeof program->error);
    if (!program->server)
        return false;
    program->admin =
        admin_new(&program->config, copy_of(sockets->admin_tcp), copy_of(sockets->admin_unix),
                  program->ledger, program->log, &program->metrics, program->error, sizeof program->error);
    return program->admin;
}

/* From the inside to the outside: nothing comes in before there is somebody to take it. */
static bool start_threads(struct program *program)
{
    if (ledger_start(program->ledger) && courier_start(program->courier) && admin_start(program->admin) &&
        server_start(program->server))
        return true;
    snprintf(program->error, sizeof program->error, "can't start a thread");
    return false;
}

/* Tells systemd; STATUS becomes where it can be reached. */
static void be_ready(const struct program *program, char *status, size_t size)
{
    const struct config *config = &program->config;
    snprintf(status, size, "listening on %s:%d, admin on %s:%d", config->server.listen.host,
             server_port(program->server), config->admin.listen.host, admin_port(program->admin));
    system_ready(status);
}

static void free_parts(struct program *program)
{
    admin_free(program->admin);
    server_free(program->server);
    ledger_free(program->ledger);
    courier_free(program->courier);
    mailbox_free(&program->pulse.mailbox);
    config_free(&program->config);
    log_close(program->log);
}

/* --- running --- */

/* A watchdog is told only while the ledger answers. An answer that comes late is told at once. */
static void pulse_beat(struct pulse *pulse, struct ledger *ledger)
{
    system_alive();
    pulse->question = (struct delivery){.kind = DELIVERY_PROBE};
    pulse->under_way = true;
    ledger_deliver(ledger, &pulse->question, &pulse->mailbox);
}

/* Sleeps until there is a signal or an answer to the pulse. Returns the signal, or 0. */
static int next_signal(struct program *program, int timeout_ms)
{
    struct pollfd fds[] = {{.fd = program->signal_fd, .events = POLLIN},
                           {.fd = program->pulse.mailbox.fd, .events = POLLIN}};
    struct signalfd_siginfo info;
    if (poll(fds, COUNT_OF(fds), timeout_ms) <= 0)
        return 0;
    if (fds[1].revents && mailbox_take(&program->pulse.mailbox))
        program->pulse.under_way = false;
    if (fds[0].revents && read(program->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        return (int)info.ssi_signo;
    return 0;
}

static int wait_for_signal(struct program *program)
{
    struct pulse *pulse = &program->pulse;
    int64_t next_ms = clock_steady_ms();
    int caught = 0;
    while (!caught) {
        int64_t now_ms = clock_steady_ms();
        if (pulse->period_ms && now_ms >= next_ms && !pulse->under_way) {
            pulse_beat(pulse, program->ledger);
            next_ms = now_ms + pulse->period_ms;
        }
        bool sleeps = !pulse->period_ms || next_ms <= now_ms;
        caught = next_signal(program, sleeps ? -1 : (int)(next_ms - now_ms));
    }
    return caught;
}

/* Whether the public socket may go on with other settings: systemd's always, ours while the address stays. */
static void keep_public_socket(struct program *program, const struct address *wanted)
{
    struct system_sockets *sockets = &program->sockets;
    bool same = address_equal(wanted, &program->config.server.listen);
    if (sockets->public < 0 && same) {
        sockets->public = copy_of(server_listen_fd(program->server));
        sockets->public_kept = true;
    } else if (sockets->public_kept && !same) {
        close(sockets->public);
        sockets->public = -1;
    }
}

static void refuse_reload(struct program *program, const char *why)
{
    char status[600];
    log_event(program->log, LOG_LEVEL_ERROR, "CONFIG-REFUSED", 0, 0, "goes on with the old settings: %s",
              why);
    be_ready(program, status, sizeof status);
}

/* True: the new settings are good, it may be started anew. False: it goes on with the old ones. */
static bool prepare_reload(struct program *program)
{
    struct config next;
    struct config_error error;
    system_reloading();
    if (!read_config(&program->options, &next, &error)) {
        refuse_reload(program, error.message);
        return false;
    }
    bool good =
        reload_would_start(&program->config, &next, &program->sockets, program->error, sizeof program->error);
    if (good) {
        keep_public_socket(program, &next.server.listen);
        log_event(program->log, LOG_LEVEL_INFO, "RELOADING", 0, 0, "starts anew with the new settings");
    } else {
        refuse_reload(program, program->error);
    }
    config_free(&next);
    return good;
}

static void leave_at_once(int number)
{
    _exit(128 + number);
}

/* A second signal is not waited for: it ends the process. */
static void heed_second_signal(const sigset_t *signals)
{
    struct sigaction action = {.sa_handler = leave_at_once};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigset_t ending = *signals;
    sigdelset(&ending, SIGHUP);
    pthread_sigmask(SIG_UNBLOCK, &ending, NULL);
}

/* The listeners' answers and the courier's results need the ledger, so that ends last. */
static void stop_threads(struct program *program)
{
    server_quiet(program->server);
    ledger_quiet(program->ledger);
    server_stop(program->server);
    courier_stop(program->courier, COURIER_GRACE_MS);
    admin_stop(program->admin);
    ledger_stop(program->ledger);
    mailbox_take(&program->pulse.mailbox); /* a question of ours, perhaps */
}

/* Until it is to end (false) or to start anew (true). */
static bool serve(struct program *program, const sigset_t *signals)
{
    char status[600];
    be_ready(program, status, sizeof status);
    log_event(program->log, LOG_LEVEL_INFO, "STARTED", 0, 0, "emergencyd " EMERGENCYD_VERSION ", %s", status);
    if (program->store_is_new) /* where there was one, it is most likely a slip */
        log_event(program->log, LOG_LEVEL_WARNING, "STORE-NEW", 0, 0, "made a new database: %s",
                  program->config.store.path);
    if (program->config.policy.dry_run)
        log_event(program->log, LOG_LEVEL_WARNING, "DRY-RUN", 0, 0,
                  "[policy] dry_run = yes: of what opens now nothing is written outside");
    for (;;) {
        if (wait_for_signal(program) != SIGHUP) {
            system_stopping();
            heed_second_signal(signals);
            log_event(program->log, LOG_LEVEL_INFO, "STOPPING", 0, 0, "finishes what is in flight");
            return false;
        }
        if (prepare_reload(program))
            return true;
    }
}

/* --- the whole life --- */

static bool catch_signals(struct program *program, sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, signals, NULL); /* before there are threads, which inherit it */
    program->signal_fd = signalfd(-1, signals, SFD_CLOEXEC);
    program->log = log_open(stderr, system_log_target(), LOG_LEVEL_INFO, NULL);
    return program->signal_fd >= 0 && program->log;
}

/* Senders must not use up what the database and the calls need. */
static void fit_connections(struct program *program)
{
    unsigned int *most = &program->config.server.max_connections;
    size_t room = CONNECTIONS_MIN;
    if (program->descriptors > OTHER_DESCRIPTORS + CONNECTIONS_MIN)
        room = program->descriptors - OTHER_DESCRIPTORS;
    if (*most <= room)
        return;
    log_event(program->log, LOG_LEVEL_WARNING, "DESCRIPTORS-FEW", 0, 0,
              "max_connections is %zu, not %u: the process may have only %zu descriptors", room, *most,
              program->descriptors);
    *most = (unsigned int)room;
}

static bool make_parts(struct program *program)
{
    fit_connections(program);
    return system_take_sockets(&program->sockets, program->error, sizeof program->error) &&
           make_inner_parts(program) && make_listeners(program);
}

/* Returns the status to end with, with everything freed. *AGAIN: to be started anew instead. */
static int live(struct program *program, const sigset_t *signals, bool *again)
{
    struct config_error error;
    int status = EXIT_FAILURE;
    if (!read_config(&program->options, &program->config, &error)) {
        fprintf(stderr, "%s\n", error.message);
        status = EXIT_CONFIG;
    } else if (!make_parts(program)) {
        fprintf(stderr, "emergencyd: %s\n", program->error);
    } else if (!start_threads(program)) {
        fprintf(stderr, "emergencyd: %s\n", program->error);
        _exit(EXIT_FAILURE); /* some threads may be running already */
    } else {
        *again = serve(program, signals);
        stop_threads(program);
        status = EXIT_SUCCESS;
    }
    free_parts(program);
    return status;
}

static int run(const struct options *options, char *argv[])
{
    struct program program = {.options = *options,
                              .sockets = {.public = -1, .admin_tcp = -1, .admin_unix = -1},
                              .pulse = {.mailbox = {.fd = -1}, .period_ms = system_watchdog_ms()}};
    sigset_t signals;
    bool again = false;
    umask(077);
    program.descriptors = system_raise_limits();
    system_keep_memory_small();
    if (!catch_signals(&program, &signals)) {
        fprintf(stderr, "emergencyd: no memory or descriptors: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    int status = live(&program, &signals, &again);
    if (!again)
        return status;
    system_restart(argv, &program.sockets);
    fprintf(stderr, "emergencyd: can't start anew: %s\n", strerror(errno));
    return EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
    const struct options options = options_read(argc, argv);
    system_guard_memory();
    json_set_alloc_funcs(malloc, wipe_free); /* it writes a request that holds a secret */
    switch (options.wish) {
    case WISH_CHECK: return check_config(&options);
    case WISH_VERSION: puts("emergencyd " EMERGENCYD_VERSION); return EXIT_SUCCESS;
    case WISH_HELP: print_usage(stdout); return EXIT_SUCCESS;
    case WISH_UNKNOWN: print_usage(stderr); return EXIT_CONFIG;
    default: return run(&options, argv);
    }
}
