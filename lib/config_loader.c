/*
 * One load of the settings: which sections and settings there are, and the message of the first fault. Every
 * fault is told by its file, line and key, and by what was wanted; no message holds a secret. A table of keys
 * that the arrays have no room for is a broken contract and aborts.
 */
#include "lib/config_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- sections and settings ---- */

static void add_setting(struct loader *loader, struct section *section, const struct config_key *key)
{
    if (loader->setting_count == SETTINGS_MAX)
        abort();
    loader->settings[loader->setting_count++] = (struct setting){.key = key, .section = section};
    section->setting_count++;
}

struct section *loader_add_section(struct loader *loader, const char *label, const char *kind, void *values,
                                   const struct config_key *keys, size_t key_count)
{
    if (loader->section_count == SECTIONS_MAX)
        abort();
    struct section *section = &loader->sections[loader->section_count++];
    *section = (struct section){.values = values, .settings = &loader->settings[loader->setting_count]};
    snprintf(section->label, sizeof(section->label), "%s", label);
    for (size_t i = 0; i < key_count; i++) {
        if (strcmp(keys[i].section, kind) == 0)
            add_setting(loader, section, &keys[i]);
    }
    return section;
}

struct section *loader_find_section(struct loader *loader, const char *label, size_t length)
{
    for (size_t i = 0; i < loader->section_count; i++) {
        struct section *section = &loader->sections[i];
        if (strlen(section->label) == length && memcmp(section->label, label, length) == 0)
            return section;
    }
    return NULL;
}

struct setting *section_find(struct section *section, const char *name)
{
    for (size_t i = 0; i < section->setting_count; i++) {
        if (strcmp(section->settings[i].key->name, name) == 0)
            return &section->settings[i];
    }
    return NULL;
}

struct setting *loader_setting(struct loader *loader, const char *section, const char *name)
{
    struct section *found = loader_find_section(loader, section, strlen(section));
    struct setting *setting = found ? section_find(found, name) : NULL;
    if (!setting)
        abort();
    return setting;
}

bool section_in_use(const struct section *section)
{
    for (size_t i = 0; i < section->setting_count; i++) {
        if (section->settings[i].text)
            return true;
    }
    return false;
}

bool loader_is_given(struct loader *loader, const char *section, const char *name)
{
    return loader_setting(loader, section, name)->text != NULL;
}

bool loader_require(struct loader *loader, struct setting *setting, const char *why)
{
    const struct value_type *type = setting->key->type;
    if (setting->text)
        return true;
    return loader_fail(loader, setting, "missing; wanted %s%s: %s", type->wanted,
                       type->secret ? " (or its _file)" : "", why);
}

bool loader_require_api_token(struct loader *loader, const struct setting *setting)
{
    if (!setting->text || loader_is_given(loader, "pagerduty", "api_token"))
        return true;
    return loader_fail(loader, setting,
                       "of no use while nothing is called at PagerDuty; wanted also api_token (or its _file) "
                       "in [pagerduty]");
}

/* ---- errors ---- */

static void say(struct loader *loader, const char *format, va_list args)
{
    char *message = loader->error->message;
    size_t used = strlen(message);
    vsnprintf(message + used, sizeof(loader->error->message) - used, format, args);
}

void loader_add_to_error(struct loader *loader, const char *format, ...)
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
    loader_add_to_error(loader, "%s:", loader->path);
    if (line > 0)
        loader_add_to_error(loader, "%d:", line);
    loader_add_to_error(loader, " ");
}

bool loader_fail_line(struct loader *loader, int line, const char *format, ...)
{
    va_list args;
    begin_error(loader, line);
    va_start(args, format);
    say(loader, format, args);
    va_end(args);
    return false;
}

bool loader_fail(struct loader *loader, const struct setting *setting, const char *format, ...)
{
    const struct section *section = setting->section;
    va_list args;
    begin_error(loader, setting->text ? setting->line : section->line);
    loader_add_to_error(loader, "[%s] %s%s: ", section->label, setting->key->name,
                        setting->is_file ? "_file" : "");
    va_start(args, format);
    say(loader, format, args);
    va_end(args);
    return false;
}

bool loader_fail_value(struct loader *loader, const struct setting *setting, const char *text)
{
    const struct value_type *type = setting->key->type;
    if (errno == ENOMEM)
        return loader_fail(loader, setting, "out of memory");
    if (type->secret)
        return loader_fail(loader, setting, "not valid (not shown); wanted %s", type->wanted);
    return loader_fail(loader, setting, "\"%.200s\" is not valid; wanted %s", text, type->wanted);
}
