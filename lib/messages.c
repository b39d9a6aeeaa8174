/*
 * Templates by name: the built-in text, or the file that replaces it. A file that can't be read, or speaks of
 * a field that there is not, is the operator's error and told at start.
 */
#include "lib/messages.h"

#include "lib/messages_internal.h"
#include "lib/template.h"
#include "lib/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_SIZE_MAX (64 * 1024)

static const char *const names[MESSAGE_COUNT] = {
#define MESSAGE_NAME(name, file) [MESSAGE_##name] = (file),
    MESSAGES(MESSAGE_NAME)
#undef MESSAGE_NAME
};

/* The whole file, malloc'ed. *MISSING: there is none, which is fine. NULL: ERROR says why. */
static char *read_file(const char *path, bool *missing, char *error, size_t error_size)
{
    FILE *file = fopen(path, "re");
    *missing = !file && errno == ENOENT;
    char *text = file ? malloc(FILE_SIZE_MAX + 1) : NULL;
    if (!text) {
        text_format(error, error_size, "%s: %s", path, strerror(errno));
        if (file)
            (void)fclose(file);
        return NULL;
    }
    size_t length = fread(text, 1, FILE_SIZE_MAX + 1, file);
    bool failed = ferror(file) != 0;
    (void)fclose(file);
    if (!failed && length <= FILE_SIZE_MAX && memchr(text, '\0', length) == NULL &&
        text_is_utf8(text, length, NULL)) {
        text[length] = '\0';
        return text;
    }
    text_format(error, error_size, "%s: %s", path,
                failed                   ? "it can't be read"
                : length > FILE_SIZE_MAX ? "it is longer than 64 KB"
                                         : "it is not plain text in UTF-8");
    free(text);
    return NULL;
}

static struct template *make_template(const char *where, const char *text, char *error, size_t error_size)
{
    char why[800] = "";
    struct template *made = template_new(text, message_field_names, FIELD_COUNT, why, sizeof why);
    if (!made)
        text_format(error, error_size, "%s: %s", where, why);
    return made; /* cppcheck-suppress CastIntegerToAddressAtReturn ; it takes "template" for C++'s */
}

static struct template *load(enum message message, const char *directory, char *error, size_t error_size)
{
    char path[4096];
    bool missing = true;
    char *text = NULL;
    text_format(path, sizeof path, "%s/%s.txt", directory ? directory : "", names[message]);
    if (directory) {
        text = read_file(path, &missing, error, error_size);
        if (!text && !missing)
            return NULL;
    }
    struct template *made =
        text ? make_template(path, text, error, error_size)
             : make_template(names[message], message_texts[message].text, error, error_size);
    free(text);
    return made; /* cppcheck-suppress CastIntegerToAddressAtReturn ; it takes "template" for C++'s */
}

/* The message that FILE is the text of; MESSAGE_NONE: none. */
static enum message message_of(const char *file)
{
    for (int i = MESSAGE_NONE + 1; i < MESSAGE_COUNT; i++) {
        size_t length = strlen(names[i]);
        if (strncmp(file, names[i], length) == 0 && strcmp(file + length, ".txt") == 0)
            return (enum message)i;
    }
    return MESSAGE_NONE;
}

static void complain_of_name(const char *directory, const char *file, char *error, size_t size)
{
    text_format(error, size, "%s/%s: no message has this name; wanted NAME.txt, NAME one of", directory,
                file);
    for (int i = MESSAGE_NONE + 1; i < MESSAGE_COUNT; i++) {
        size_t used = strlen(error);
        text_format(error + used, size - used, " %s", names[i]);
    }
}

/* What would stay without effect: a directory that is not there, a text that is no message's. Hidden files
 * are nobody's texts. */
static bool check_directory(const char *directory, char *error, size_t error_size)
{
    const struct dirent *file;
    DIR *files = opendir(directory);
    if (!files) {
        text_format(error, error_size, "%s: %s; wanted a directory that can be read", directory,
                    strerror(errno));
        return false;
    }
    while ((file = readdir(files))) {
        const char *ending = strrchr(file->d_name, '.');
        if (!ending || strcmp(ending, ".txt") != 0 || file->d_name[0] == '.' || message_of(file->d_name))
            continue;
        complain_of_name(directory, file->d_name, error, error_size);
        break;
    }
    closedir(files);
    return !file;
}

struct messages *messages_new(const char *directory, char *error, size_t error_size)
{
    if (directory && !check_directory(directory, error, error_size))
        return NULL;
    struct messages *messages = calloc(1, sizeof *messages);
    if (!messages) {
        text_format(error, error_size, "out of memory");
        return NULL;
    }
    for (int i = MESSAGE_NONE + 1; i < MESSAGE_COUNT; i++) {
        messages->templates[i] = load((enum message)i, directory, error, error_size);
        if (!messages->templates[i]) {
            messages_free(messages);
            return NULL;
        }
    }
    return messages;
}

void messages_free(struct messages *messages)
{
    if (!messages)
        return;
    for (int i = 0; i < MESSAGE_COUNT; i++)
        template_free(messages->templates[i]);
    free(messages);
}

void messages_write(const struct messages *messages, enum message message, const struct message_facts *facts,
                    char *out, size_t size)
{
    struct message_values values;
    message_values_fill(&values, messages, facts, message_texts[message].reader,
                        messages->templates[message]);
    (void)!template_write(messages->templates[message], values.values, out, size); /* cut, if it is long */
    size_t length = strlen(out);
    while (length > 0 && (out[length - 1] == '\n' || out[length - 1] == ' '))
        out[--length] = '\0';
}

/* The field that the tag at TEXT names; FIELD_COUNT: none. *LENGTH is the tag's. */
static size_t field_at(const char *text, size_t *length)
{
    const char *name = text + 2;
    name += strspn(name, " \t");
    size_t name_length = strcspn(name, " \t}\n");
    const char *end = name + name_length;
    end += strspn(end, " \t");
    if (end[0] != '}' || end[1] != '}')
        return FIELD_COUNT;
    *length = (size_t)(end + 2 - text);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (strlen(message_field_names[i]) == name_length &&
            strncmp(message_field_names[i], name, name_length) == 0)
            return i;
    return FIELD_COUNT;
}

void messages_fill(const struct message_facts *facts, const char *text, char *out, size_t size)
{
    struct message_values values;
    size_t used = 0;
    message_values_fill(&values, facts->config->messages.texts, facts, FOR_GITLAB, NULL);
    while (*text && used + 1 < size) {
        size_t length = 1;
        size_t field = strncmp(text, "{{", 2) == 0 ? field_at(text, &length) : FIELD_COUNT;
        if (field < FIELD_COUNT) {
            text_copy(out + used, size - used, values.values[field] ? values.values[field] : "");
        } else {
            length = strcspn(text + 1, "{") + 1;
            text_copy_n(out + used, size - used, text, length);
        }
        used += strlen(out + used);
        text += length;
    }
    out[used] = '\0';
}

bool messages_describe(size_t i, const char **name, const char **text, bool *for_slack)
{
    if (i + 1 >= MESSAGE_COUNT)
        return false;
    *name = names[i + 1];
    *text = message_texts[i + 1].text;
    *for_slack = message_texts[i + 1].reader == FOR_SLACK;
    return true;
}
