/*
 * What config.example.ini promises: every key is there with its default and a line of help, also those of the
 * sections with a name, and what is behind a comment sign is right too.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/config.h"
#include "tests/unit/settings_file.h"
#include "tests/unit/suites.h"

#define EXAMPLE "config.example.ini"

static char *read_example(void)
{
    FILE *file = fopen(EXAMPLE, "re");
    char *text = NULL;
    size_t size = 0;
    ck_assert_msg(file != NULL, "tests run from the root, where %s is", EXAMPLE);
    ck_assert_int_gt(getdelim(&text, &size, '\0', file), 0);
    fclose(file);
    return text;
}

static void squeeze(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (!strchr(" \t\n", *from))
            *to++ = *from;
    }
    *to = '\0';
}

/* The line behind the next one that begins with `heading`; NULL: none. */
static const char *find_section(const char *text, const char *heading)
{
    size_t length = strlen(heading);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, heading, length) == 0)
            return strchr(line, '\n') + 1;
    }
    return NULL;
}

/* The line `name =`, set or behind a #, before the next section; NULL: none. */
static const char *find_key(const char *line, const char *name)
{
    size_t length = strlen(name);
    while (line[0] != '\0' && line[0] != '[' && strncmp(line, "#[", 2) != 0) {
        const char *key = line + (line[0] == '#');
        if (strncmp(key, name, length) == 0 && strncmp(key + length, " =", 2) == 0)
            return line;
        line = strchr(line, '\n') + 1;
    }
    return NULL;
}

/* In any section whose line begins with the heading. */
static const char *find_line(const char *text, const char *heading, const char *name)
{
    const char *line = NULL;
    for (text = find_section(text, heading); text && !line; text = find_section(text, heading))
        line = find_key(text, name);
    return line;
}

/* Whether the line above is a comment for people: "# ". */
static bool has_help(const char *text, const char *line)
{
    const char *above = line - 1;
    while (above > text && above[-1] != '\n')
        above--;
    return strncmp(above, "# ", 2) == 0;
}

/* The value of a line and of those that continue it, without blanks; the caller frees it. */
static char *value_of(const char *line)
{
    const char *start = strchr(line, '=') + 1;
    const char *end = strchr(start, '\n');
    while (end[1] == ' ')
        end = strchr(end + 1, '\n');
    char *value = strndup(start, (size_t)(end - start));
    squeeze(value);
    return value;
}

static void check_key(const char *text, bool named, const struct config_key *key)
{
    char name[64], section[64];
    snprintf(section, sizeof(section), "%s%s%s", named ? "#[" : "[", key->section, named ? " " : "]\n");
    snprintf(name, sizeof(name), "%s%s", key->name, key->type->secret ? "_file" : "");
    const char *line = find_line(text, section, name);
    ck_assert_msg(line != NULL, "[%s] %s is not in %s", key->section, name, EXAMPLE);
    ck_assert_msg(has_help(text, line), "[%s] %s has no help above it", key->section, name);
    if (!key->fallback)
        return;
    char *shown = value_of(line);
    char *fallback = strdup(key->fallback);
    squeeze(fallback);
    ck_assert_msg(strcmp(shown, fallback) == 0, "[%s] %s: %s, not %s", key->section, name, shown, fallback);
    free(shown);
    free(fallback);
}

static void check_keys(const struct config_key *(*table)(size_t *count), bool named)
{
    size_t count = 0;
    const struct config_key *keys = table(&count);
    char *text = read_example();
    ck_assert_uint_gt(count, 0);
    for (size_t i = 0; i < count; i++)
        check_key(text, named, &keys[i]);
    free(text);
}

START_TEST(it_has_every_key_with_default_and_help)
{
    check_keys(config_keys, false);
}
END_TEST

START_TEST(it_has_every_key_of_the_sections_with_a_name)
{
    check_keys(config_named_keys, true);
}
END_TEST

START_TEST(it_loads)
{
    settings_write("zendesk_webhook_secret", "s\n");
    settings_write("zendesk_client_secret", "t\n");
    bool good = config_load(EXAMPLE, settings_directory, &settings, &settings_error);
    ck_assert_msg(good, "%s", settings_error.message);
    ck_assert_str_eq(settings.zendesk.client_secret, "t");
    ck_assert(!settings.pagerduty.enabled && !settings.slack.enabled && !settings.zoom.enabled);
    ck_assert(!settings.gitlab.enabled);
}
END_TEST

/* Under the names that the example gives their files. */
static void write_all_secrets(void)
{
    size_t count = 0;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        char name[64];
        snprintf(name, sizeof(name), "%s_%s", keys[i].section, keys[i].name);
        if (keys[i].type->secret)
            settings_write(name, "s\n");
    }
}

/* Lines of another way to do the same. */
static bool is_alternative(const char *line)
{
    /* and a directory that is not there */
    static const char *const lines[] = {"#user = emergencyd@", "#api_token_file = %d/zendesk",
                                        "#static_url = ", "#directory = "};
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        if (strncmp(line, lines[i], strlen(lines[i])) == 0)
            return true;
    }
    return false;
}

/* The # before keys and sections taken away, but for those of the alternatives; the caller frees it. */
static char *without_comment_signs(const char *text, bool keep_alternatives)
{
    char *bare = calloc(1, strlen(text) + 1);
    char *to = bare;
    for (const char *from = text; *from; from++) {
        bool is_sign = from > text && from[-1] == '\n' && *from == '#' &&
                       (from[1] == '[' || (from[1] >= 'a' && from[1] <= 'z'));
        if (!is_sign || (keep_alternatives && is_alternative(from)))
            *to++ = *from;
    }
    return bare;
}

START_TEST(it_is_right_behind_its_comment_signs)
{
    char *text = read_example();
    char *bare = without_comment_signs(text, true);
    write_all_secrets();
    settings_expect_good(bare);
    ck_assert(settings.pagerduty.enabled && settings.slack.enabled && settings.zoom.enabled);
    ck_assert(settings.gitlab.enabled);
    ck_assert_uint_eq(settings.channel_count, 1);
    ck_assert_uint_eq(settings.channels[0].links.count, 2);
    ck_assert_uint_eq(settings.escalation_count, 2);
    ck_assert_uint_eq(settings.coverage_count, 1);
    free(bare);
    free(text);
}
END_TEST

START_TEST(both_ways_at_once_are_refused)
{
    char *text = read_example();
    char *bare = without_comment_signs(text, false);
    write_all_secrets();
    ck_assert(!settings_load(bare));
    ck_assert_msg(strstr(settings_error.message, "found client_id client_secret user api_token"), "%s",
                  settings_error.message);
    free(bare);
    free(text);
}
END_TEST

Suite *config_example_suite(void)
{
    Suite *suite = suite_create("config_example");
    TCase *example = tcase_create("example");
    tcase_add_checked_fixture(example, settings_begin, settings_end);
    tcase_add_test(example, it_has_every_key_with_default_and_help);
    tcase_add_test(example, it_has_every_key_of_the_sections_with_a_name);
    tcase_add_test(example, it_loads);
    tcase_add_test(example, it_is_right_behind_its_comment_signs);
    tcase_add_test(example, both_ways_at_once_are_refused);
    suite_add_tcase(suite, example);
    return suite;
}
