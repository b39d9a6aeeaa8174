/*
 * The sections that may be there several times, each with a name: their kinds, their keys, and what must hold
 * in and between them. Refused is only what can never work.
 */
#include "lib/config_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/coverage.h"

#define MAX_NAME_BYTES 31

struct named_kind {
    const char *name;
    bool (*check)(struct loader *loader, struct section *section);
    size_t offset;       /* of its structs in struct config */
    size_t size;         /* of one of them */
    size_t name_offset;  /* in one of them */
    size_t count_offset; /* in struct config */
};

static bool check_channel(struct loader *loader, struct section *section);
static bool check_escalation(struct loader *loader, struct section *section);
static bool check_coverage(struct loader *loader, struct section *section);

#define KIND(label, type, array, count, check)                                                               \
    {                                                                                                        \
        label, check, offsetof(struct config, array), sizeof(struct type), offsetof(struct type, name),      \
            offsetof(struct config, count)                                                                   \
    }

static const struct named_kind kinds[NAMED_KINDS] = {
    KIND("channel", config_channel, channels, channel_count, check_channel),
    KIND("escalation", config_escalation, escalations, escalation_count, check_escalation),
    KIND("coverage", config_coverage, coverages, coverage_count, check_coverage),
};

/* ---- the keys ---- */

#define CHANNEL(name, field, type, fallback)                                                                 \
    {                                                                                                        \
        "channel", name, &(type), offsetof(struct config_channel, field), fallback                           \
    }
#define ESCALATION(name, field, type, fallback)                                                              \
    {                                                                                                        \
        "escalation", name, &(type), offsetof(struct config_escalation, field), fallback                     \
    }
#define COVERAGE(name, field, type, fallback)                                                                \
    {                                                                                                        \
        "coverage", name, &(type), offsetof(struct config_coverage, field), fallback                         \
    }

static const struct config_key named_keys[] = {
    CHANNEL("match", match, value_ticket_choice, NULL),
    CHANNEL("slack", slack, value_slack_channel, NULL),
    CHANNEL("region_group", region_group, value_slack_group, NULL),
    CHANNEL("links", links, value_link_list, NULL),

    ESCALATION("after", after_ms, value_duration, "10m"),
    ESCALATION("schedule", schedule, value_word, NULL),
    ESCALATION("user", user, value_email, NULL),
    ESCALATION("service", service, value_word, NULL),
    ESCALATION("slack", slack, value_slack_channel, NULL),

    COVERAGE("match", match, value_ticket_choice, NULL),
    COVERAGE("timezone", timezone, value_zone, "America/Los_Angeles"),
    COVERAGE("days", days, value_days, "mon-sun"),
    COVERAGE("hours", hours, value_hours, "05:00-17:00"),
    COVERAGE("shifts", shifts, value_shifts, NULL),
    COVERAGE("redact", redact, value_yes_no, "no"),
};

_Static_assert(COUNT_OF(named_keys) <= NAMED_KEYS_MAX, "a load has room for so many");

/* ---- opening one ---- */

static size_t *count_of(struct config *config, const struct named_kind *kind)
{
    return (size_t *)(void *)((char *)config + kind->count_offset);
}

static char *element_of(struct config *config, const struct named_kind *kind, size_t place)
{
    return (char *)config + kind->offset + place * kind->size;
}

static char **name_of(struct config *config, const struct named_kind *kind, size_t place)
{
    return (char **)(void *)(element_of(config, kind, place) + kind->name_offset);
}

/* Whose name `text` begins with, as a word; NULL: none. */
static const struct named_kind *find_kind(const char *text, size_t length)
{
    size_t word = strcspn(text, " \t]");
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (word <= length && strlen(kinds[i].name) == word && memcmp(kinds[i].name, text, word) == 0)
            return &kinds[i];
    }
    return NULL;
}

static bool is_name(const char *text, size_t length)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    return length > 0 && length <= MAX_NAME_BYTES && strspn(text, allowed) == length;
}

static bool add_element(struct loader *loader, const struct named_kind *kind, const char *name, size_t length)
{
    size_t *count = count_of(loader->config, kind);
    if (*count == CONFIG_NAMED_MAX)
        return loader_fail_line(loader, loader->line,
                                "[%s %.*s]: one too many; wanted at most %d such sections", kind->name,
                                (int)length, name, CONFIG_NAMED_MAX);
    char **kept = name_of(loader->config, kind, *count);
    *kept = strndup(name, length);
    if (!*kept)
        return loader_fail_line(loader, loader->line, "[%s %.*s]: out of memory", kind->name, (int)length,
                                name);
    (*count)++;
    return true;
}

struct section *config_open_named(struct loader *loader, const char *text, size_t length)
{
    char label[SECTION_LABEL_BYTES];
    const struct named_kind *kind = find_kind(text, length);
    if (!kind)
        return NULL;
    size_t start = strlen(kind->name);
    start += strspn(text + start, " \t");
    if (!is_name(text + start, length - start)) {
        loader_fail_line(loader, loader->line,
                         "[%.*s]: no name, or not one; wanted [%s NAME], NAME one word of letters, digits, - "
                         "and _, at most %d bytes",
                         (int)length, text, kind->name, MAX_NAME_BYTES);
        return NULL;
    }
    snprintf(label, sizeof(label), "%s %.*s", kind->name, (int)(length - start), text + start);
    const struct section *first = loader_find_section(loader, label, strlen(label));
    if (first) {
        loader_fail_line(loader, loader->line, "[%s]: given twice, first in line %d; wanted each name once",
                         label, first->line);
        return NULL;
    }
    if (!add_element(loader, kind, text + start, length - start))
        return NULL;
    size_t place = *count_of(loader->config, kind) - 1;
    struct section *section = loader_add_section(
        loader, label, kind->name, element_of(loader->config, kind, place), named_keys, COUNT_OF(named_keys));
    section->kind = kind;
    return section;
}

void config_list_kinds(struct loader *loader)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        loader_add_to_error(loader, ", \"%s NAME\"", kinds[i].name);
}

/* ---- rules ---- */

static bool require(struct loader *loader, struct section *section, const char *name)
{
    return loader_require(loader, section_find(section, name), "each such section needs one");
}

static bool check_channel(struct loader *loader, struct section *section)
{
    if (!loader->config->slack.enabled)
        return loader_fail_line(loader, section->line,
                                "[%s]: of no use while Slack is not used; wanted also the keys of [slack]",
                                section->label);
    return require(loader, section, "match") && require(loader, section, "slack");
}

static bool check_who(struct loader *loader, struct section *section)
{
    const struct setting *schedule = section_find(section, "schedule");
    const struct setting *user = section_find(section, "user");
    if (!schedule->text && !user->text)
        return loader_fail_line(loader, section->line,
                                "[%s]: tells nobody; wanted schedule (an id in PagerDuty) or user (an e-mail "
                                "address)",
                                section->label);
    if (schedule->text && user->text)
        return loader_fail(loader, user, "given beside schedule in line %d; wanted only one of the two",
                           schedule->line);
    return true;
}

static bool check_escalation(struct loader *loader, struct section *section)
{
    const struct config *config = loader->config;
    const struct setting *service = section_find(section, "service");
    const struct setting *slack = section_find(section, "slack");
    bool can_page = config->pagerduty.api_token && (service->text || config->pagerduty.page_service);
    if (!check_who(loader, section) || !loader_require_api_token(loader, section_find(section, "schedule")) ||
        !loader_require_api_token(loader, service))
        return false;
    if (slack->text && !config->slack.enabled)
        return loader_fail(loader, slack,
                           "of no use while Slack is not used; wanted also the keys of [slack]");
    if (!can_page && !config->slack.enabled)
        return loader_fail_line(
            loader, section->line,
            "[%s]: has no way to tell anybody; wanted the keys of [slack], or [pagerduty] "
            "api_token with page_service (or service here)",
            section->label);
    return true;
}

static bool check_coverage(struct loader *loader, struct section *section)
{
    struct config_coverage *coverage = section->values;
    if (!require(loader, section, "match"))
        return false;
    if (config_make_window(coverage))
        return true;
    return loader_fail_line(loader, section->line, "[%s]: out of memory, or the time zone can't be read",
                            section->label);
}

/* Rungs of the same time keep the order of the file. */
static void sort_escalations(struct config *config)
{
    struct config_escalation *rungs = config->escalations;
    for (size_t i = 1; i < config->escalation_count; i++) {
        struct config_escalation rung = rungs[i];
        size_t place = i;
        for (; place > 0 && rungs[place - 1].after_ms > rung.after_ms; place--)
            rungs[place] = rungs[place - 1];
        rungs[place] = rung;
    }
}

bool config_check_named(struct loader *loader)
{
    for (size_t i = 0; i < loader->section_count; i++) {
        struct section *section = &loader->sections[i];
        if (section->kind && !section->kind->check(loader, section))
            return false;
    }
    sort_escalations(loader->config);
    return true;
}

/* ---- the end ---- */

static void free_element(struct config *config, const struct named_kind *kind, size_t place)
{
    for (size_t i = 0; i < COUNT_OF(named_keys); i++) {
        if (strcmp(named_keys[i].section, kind->name) == 0)
            value_release(named_keys[i].type, element_of(config, kind, place) + named_keys[i].offset);
    }
    free(*name_of(config, kind, place));
}

void config_free_named(struct config *config)
{
    for (size_t i = 0; i < config->coverage_count; i++)
        coverage_free(config->coverages[i].window);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        for (size_t place = 0; place < *count_of(config, &kinds[i]); place++)
            free_element(config, &kinds[i], place);
    }
}

const struct config_key *config_named_keys(size_t *count)
{
    *count = COUNT_OF(named_keys);
    return named_keys;
}

const struct config_channel *config_find_channel(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->channel_count; i++)
        if (strcmp(config->channels[i].name, name) == 0)
            return &config->channels[i];
    return NULL;
}
