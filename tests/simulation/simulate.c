/*
 * simulate: runs worlds, one a seed, and tells the shortest story of the first that goes wrong, or of all.
 *
 *     simulate [--seed FIRST] [--seeds COUNT] [--clients N] [--only CLIENT] [--without TROUBLE,…] [--story]
 *              [--all]
 *
 * Ends with 1 after a violation, 2 for wrong options.
 */
#include "tests/simulation/simulation.h"

#include "lib/text.h"
#include "lib/timestamp.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define TROUBLED_MS  (120 * MINUTE_MS)
#define CALM_MS      (80 * MINUTE_MS)
#define MOST_CLIENTS 1000
#define MOST_STORIES 5 /* are looked for: that takes a while */
#define MOST_SEEDS   INT64_C(1000000000000)
#define FIRST_MS     INT64_C(1795392000000) /* 2026-11-23 */

struct options {
    int64_t first, seeds, clients, only;
    unsigned troubles;
    bool story;
    bool all; /* goes on after a violation */
    struct disk *disk;
    struct text template;
};

/* What all runs add up to. */
struct totals {
    uint64_t seeds, emergencies, events, webhooks, crashes, disk_faults, violations;
};

static const struct {
    const char *name;
    unsigned bit;
} troubles[] = {{"webhooks", TROUBLE_WEBHOOKS}, {"calls", TROUBLE_CALLS}, {"outages", TROUBLE_OUTAGES},
                {"crashes", TROUBLE_CRASHES},   {"clock", TROUBLE_CLOCK}, {"disk", TROUBLE_DISK}};

/* --- telling --- */

bool sim_may(const struct sim *sim, enum trouble trouble)
{
    return (sim->troubles & trouble) != 0;
}

static void tell(const struct sim *sim, const struct client *client, const char *format, va_list arguments)
{
    char time[TIMESTAMP_SIZE];
    if (!sim->story)
        return;
    timestamp_format(sim->now_ms, time);
    fprintf(sim->story, "%s ", time + 11);
    if (client)
        fprintf(sim->story, "client %d: ", client->number);
    vfprintf(sim->story, format, arguments);
    fputc('\n', sim->story);
}

void sim_tell(struct sim *sim, const struct client *client, const char *format, ...)
{
    va_list arguments;
    if (!sim->story || (client && sim->only >= 0 && client->number != sim->only))
        return;
    va_start(arguments, format);
    tell(sim, client, format, arguments);
    va_end(arguments);
}

void sim_violation(struct sim *sim, const struct client *client, const char *format, ...)
{
    va_list arguments;
    /* after a step of the clock that was lost with the process, times tell nothing any more */
    if (sim->violation[0] || (client && (client->unsure || sim->process.shift_lost)))
        return;
    va_start(arguments, format);
    vsnprintf(sim->violation, sizeof sim->violation, format, arguments);
    va_end(arguments);
    sim->violator = client ? client->number : -1;
    sim_tell(sim, client, "VIOLATION: %s", sim->violation);
}

/* --- a world --- */

static void set_up(struct sim *sim, const struct options *options, uint64_t seed, FILE *story)
{
    disk_reset(options->disk, seed);
    *sim = (struct sim){.seed = seed,
                        .disk = options->disk,
                        .template = &options->template,
                        .clients_wanted = (int)options->clients,
                        .only = (int)options->only,
                        .troubles = options->troubles,
                        .story = story,
                        .violator = -1};
    sim->world_rng = rng_of(seed, 1);
    sim->network_rng = rng_of(seed, 2);
    sim->post_rng = rng_of(seed, 3);
    sim->process_rng = rng_of(seed, 4);
    sim->start_ms = sim->now_ms = FIRST_MS + rng_between(&sim->world_rng, 0, 86399999);
    bool wrong = sim_may(sim, TROUBLE_CLOCK) && rng_chance(&sim->world_rng, 300);
    int64_t skew_ms = rng_between(&sim->world_rng, -20000, 20000);
    sim->world.zendesk_skew_ms = wrong ? skew_ms : skew_ms / 20;
    process_set_up(sim);
    people_begin(sim);
    process_start(sim, NULL);
    process_troubles(sim);
    network_troubles(sim);
}

static void tear_down(struct sim *sim)
{
    process_tear_down(sim);
    network_free(sim);
    agenda_free(&sim->agenda);
    world_free(&sim->world);
    for (size_t i = 0; i < sim->post_count; i++) {
        free(sim->posts[i]->body);
        free(sim->posts[i]);
    }
    free(sim->posts);
    free(sim->clients);
}

/* True: nothing was violated. */
static bool run(const struct options *options, uint64_t seed, FILE *story, struct sim *sim)
{
    set_up(sim, options, seed, story);
    sim_run(sim, sim->start_ms + TROUBLED_MS);
    sim->calm = true;
    people_calm(sim);
    process_calm(sim);
    sim_tell(sim, NULL, "from now on nothing goes wrong");
    sim_run(sim, sim->start_ms + TROUBLED_MS + CALM_MS);
    if (!sim->violation[0])
        verdict(sim);
    bool good = !sim->violation[0];
    tear_down(sim);
    return good;
}

/* --- the shortest story of what went wrong --- */

static bool still_fails(const struct options *options, uint64_t seed)
{
    struct sim sim;
    return !run(options, seed, NULL, &sim);
}

static void print_replay(const struct options *options, uint64_t seed)
{
    printf("simulate --seed %" PRIu64 " --clients %" PRId64, seed, options->clients);
    if (options->only >= 0)
        printf(" --only %" PRId64, options->only);
    const char *comma = " --without ";
    for (size_t i = 0; i < COUNT_OF(troubles); i++)
        if (!(options->troubles & troubles[i].bit)) {
            printf("%s%s", comma, troubles[i].name);
            comma = ",";
        }
    printf(" --story\n");
}

static void tell_shortest(const struct options *options, uint64_t seed, int violator)
{
    struct options shorter = *options;
    struct sim sim;
    if (shorter.only < 0)
        for (int i = 0; i < options->clients; i++) {
            struct options alone = shorter;
            alone.only = (violator > 0 ? violator + i : i) % options->clients;
            if (still_fails(&alone, seed)) {
                shorter = alone;
                break;
            }
        }
    for (size_t i = 0; i < COUNT_OF(troubles); i++) {
        struct options less = shorter;
        less.troubles &= ~troubles[i].bit;
        if (less.troubles != shorter.troubles && still_fails(&less, seed))
            shorter = less;
    }
    printf("\nthe shortest story of seed %" PRIu64 ":\n", seed);
    (void)run(&shorter, seed, stdout, &sim);
    printf("\nVIOLATION (client %d): %s\nagain: ", sim.violator, sim.violation);
    print_replay(&shorter, seed);
}

/* --- all of it --- */

static void add_up(struct totals *totals, const struct sim *sim)
{
    totals->seeds++;
    totals->emergencies += (uint64_t)sim->emergencies;
    totals->events += (uint64_t)sim->events;
    totals->webhooks += sim->post_count;
    totals->crashes += (uint64_t)sim->process.crashes;
    totals->disk_faults += (uint64_t)sim->process.disk_faults;
    totals->violations += sim->violation[0] ? 1 : 0;
}

static bool read_without(char *list, unsigned *left)
{
    char *rest = list;
    *left = TROUBLE_ALL;
    for (const char *name; (name = strsep(&rest, ",")) != NULL;) {
        size_t i = 0;
        while (i < COUNT_OF(troubles) && strcmp(name, troubles[i].name) != 0)
            i++;
        if (i == COUNT_OF(troubles))
            return false;
        *left &= ~troubles[i].bit;
    }
    return true;
}

static bool read_number(const char *text, int64_t least, int64_t most, int64_t *number)
{
    return text_to_i64(text, strlen(text), number) && *number >= least && *number <= most;
}

static bool read_options(int argc, char **argv, struct options *options)
{
    static const struct option names[] = {
        {"seed", required_argument, NULL, 'f'},    {"seeds", required_argument, NULL, 'n'},
        {"clients", required_argument, NULL, 'c'}, {"only", required_argument, NULL, 'o'},
        {"without", required_argument, NULL, 'w'}, {"story", no_argument, NULL, 's'},
        {"all", no_argument, NULL, 'a'},           {0}};
    int chosen;
    bool good = true;
    *options = (struct options){.first = 1, .seeds = 1, .clients = 40, .only = -1, .troubles = TROUBLE_ALL};
    while (good && (chosen = getopt_long(argc, argv, "", names, NULL)) != -1)
        switch (chosen) {
        case 'f': good = read_number(optarg, 0, MOST_SEEDS, &options->first); break;
        case 'n': good = read_number(optarg, 1, MOST_SEEDS, &options->seeds); break;
        case 'c': good = read_number(optarg, 1, MOST_CLIENTS, &options->clients); break;
        case 'o': good = read_number(optarg, 0, MOST_CLIENTS, &options->only); break;
        case 'w': good = read_without(optarg, &options->troubles); break;
        case 's': options->story = true; break;
        case 'a': options->all = true; break;
        default: good = false;
        }
    return good && optind == argc && options->only < options->clients;
}

int main(int argc, char **argv)
{
    struct options options;
    struct totals totals = {0};
    struct sim sim;
    if (!read_options(argc, argv, &options)) {
        fprintf(stderr,
                "usage: simulate [--seed FIRST] [--seeds COUNT] [--clients N] [--only CLIENT] "
                "[--without TROUBLE,...] [--story] [--all]\n"
                "troubles: webhooks, calls, outages, crashes, clock, disk; at most %d clients\n",
                MOST_CLIENTS);
        return 2;
    }
    process_make_template(&options.template);
    options.disk = disk_new((uint64_t)options.first);
    if (!options.disk)
        abort();
    for (int64_t i = 0; i < options.seeds && (totals.violations == 0 || options.all); i++) {
        uint64_t seed = (uint64_t)(options.first + i);
        bool good = run(&options, seed, options.story ? stdout : NULL, &sim);
        add_up(&totals, &sim);
        if (good)
            continue;
        printf("seed %" PRIu64 ": VIOLATION (client %d): %s\n", seed, sim.violator, sim.violation);
        if (!options.story && totals.violations <= MOST_STORIES)
            tell_shortest(&options, seed, sim.violator);
        fflush(stdout);
    }
    disk_free(options.disk);
    free(options.template.bytes);
    printf("%" PRIu64 " seeds, %" PRIu64 " emergencies, %" PRIu64 " events, %" PRIu64 " webhooks, %" PRIu64
           " crashes, %" PRIu64 " disk faults: %" PRIu64 " violations\n",
           totals.seeds, totals.emergencies, totals.events, totals.webhooks, totals.crashes,
           totals.disk_faults, totals.violations);
    return totals.violations == 0 ? 0 : 1;
}
