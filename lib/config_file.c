/*
 * The first step of reading settings: inih splits the file into texts, each kept with its line. A fault ends
 * the load and is told with the line; what that means is the caller's to decide.
 *
 * Four habits of inih are worked around: it takes " ;" inside a value for a comment (so the semicolons of
 * such lines are masked from it), it splits lines that are longer than its buffer (so these are refused), it
 * joins an indented line to the key above (which is allowed for lists only, where the line above ends in a
 * comma), and it cuts a section's name and passes over what stands behind it (so sections are read here).
 */
#include "lib/config_internal.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

#define MASKED_SEMICOLON '\x01'
#define BYTE_ORDER_MARK  "\xef\xbb\xbf"

static void mask_semicolons(char *line)
{
    for (char *c = strchr(line, ';'); c; c = strchr(c, ';'))
        *c = MASKED_SEMICOLON;
}

static void unmask(char *text)
{
    for (char *c = strchr(text, MASKED_SEMICOLON); c; c = strchr(c, MASKED_SEMICOLON))
        *c = ';';
}

/* ---- sections ---- */

static bool fail_section(struct loader *loader, const char *name, size_t length)
{
    loader_fail_line(loader, loader->line, "[%.*s]: unknown section; wanted one of:", (int)length, name);
    for (size_t i = 0; i < loader->section_count; i++) {
        if (!loader->sections[i].kind)
            loader_add_to_error(loader, " %s", loader->sections[i].label);
    }
    config_list_kinds(loader);
    return false;
}

/* `line` begins with [. */
static bool note_section(struct loader *loader, const char *line)
{
    const char *name = line + 1;
    size_t length = strcspn(name, "]\r\n");
    if (name[length] != ']')
        return loader_fail_line(loader, loader->line, "[ without ]; wanted [section]");
    const char *rest = name + length + 1;
    rest += strspn(rest, " \t\r\n");
    if (*rest != '\0' && *rest != '#' && *rest != ';')
        return loader_fail_line(loader, loader->line, "text behind [%.*s]; wanted a line of its own for it",
                                (int)length, name);
    struct section *section = loader_find_section(loader, name, length);
    if (!section || section->kind)
        section = config_open_named(loader, name, length);
    if (!section)
        return loader->failed ? false : fail_section(loader, name, length);
    if (section->line == 0)
        section->line = loader->line;
    loader->section = section;
    loader->open = NULL;
    return true;
}

/* ---- lines ---- */

/* As section_find, but `name` may also be a secret key and "_file". */
static struct setting *find_given(struct section *section, const char *name, bool *is_file)
{
    static const char suffix[] = "_file";
    char stem[32] = "";
    size_t length = strlen(name);
    size_t tail = sizeof(suffix) - 1;
    *is_file = false;
    if (length <= tail || length - tail >= sizeof(stem) || strcmp(name + length - tail, suffix) != 0)
        return section_find(section, name);
    memcpy(stem, name, length - tail);
    struct setting *setting = section_find(section, stem);
    *is_file = setting && setting->key->type->secret;
    return *is_file ? setting : section_find(section, name);
}

/* Says of which key, as far as that can be made out. */
static bool fail_encoding(struct loader *loader, const char *line)
{
    char name[40];
    bool is_file = false;
    const char *first = line + strspn(line, " \t");
    const struct setting *setting = first != line ? loader->open : NULL;
    text_copy_n(name, sizeof(name), first, strcspn(first, " \t=:"));
    if (!setting && loader->section)
        setting = find_given(loader->section, name, &is_file);
    if (!setting)
        return loader_fail_line(loader, loader->line, "line is not in UTF-8; wanted UTF-8");
    return loader_fail_line(loader, loader->line, "[%s] %s%s: not in UTF-8; wanted UTF-8",
                            setting->section->label, setting->key->name, is_file ? "_file" : "");
}

static bool line_is_whole(struct loader *loader, const char *line, size_t size)
{
    size_t length = strlen(line);
    if (length == size - 1 && line[length - 1] != '\n')
        return loader_fail_line(
            loader, loader->line,
            "line is longer than %zu bytes; wanted a shorter one: a list may go on over indented "
            "lines, a secret may be in a file (KEY_file)",
            size - 2);
    if (length == 0 || (line[length - 1] != '\n' && !feof(loader->file)))
        return loader_fail_line(loader, loader->line, "line holds a NUL byte; wanted plain text");
    for (const char *c = line; c[strspn(c, "\r\n")]; c++) { /* up to the line's end */
        if (((unsigned char)*c < ' ' && *c != '\t') || *c == '\x7f')
            return loader_fail_line(loader, loader->line,
                                    "line holds a control character; wanted plain text");
    }
    return text_is_utf8(line, length, NULL) || fail_encoding(loader, line);
}

/* fgets for inih, one whole line a call; stops at the first fault. Of the line before, which may be a secret,
 * nothing stays. */
static char *read_line(char *buffer, int size, void *stream)
{
    struct loader *loader = stream;
    explicit_bzero(buffer, (size_t)size);
    if (loader->failed || !fgets(buffer, size, loader->file))
        return NULL;
    loader->line++;
    if (!line_is_whole(loader, buffer, (size_t)size))
        return NULL;
    char *start = buffer;
    if (loader->line == 1 && strncmp(buffer, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
        start += strlen(BYTE_ORDER_MARK);
    const char *first = start + strspn(start, " \t");
    loader->indented = first != start;
    if (*first == '[' && !(loader->indented && loader->open))
        return note_section(loader, first) ? buffer : NULL;
    if (*first != ';' && *first != '#')
        mask_semicolons(buffer);
    return buffer;
}

/* A key indented by mistake is no item: items are shown when they are wrong, and it may be a secret. */
static bool is_indented_key(struct loader *loader, const char *value)
{
    char name[40];
    bool is_file = false;
    size_t length = strcspn(value, "=:");
    bool has_value = value[length] != '\0';
    while (length > 0 && strchr(" \t", value[length - 1]))
        length--;
    text_copy_n(name, sizeof(name), value, length);
    return has_value && find_given(loader->section, name, &is_file);
}

static bool continue_list(struct loader *loader, const char *value)
{
    struct setting *setting = loader->open;
    size_t length = strlen(setting->text);
    if (!setting->key->type->list || (length > 0 && setting->text[length - 1] != ','))
        return loader_fail_line(loader, loader->line,
                                "[%s] %s: an indented line does not belong here; wanted it only for a list, "
                                "after a comma",
                                setting->section->label, setting->key->name);
    if (is_indented_key(loader, value))
        return loader_fail_line(
            loader, loader->line,
            "[%s] %s: followed by an indented key; wanted keys at the start of their lines",
            setting->section->label, setting->key->name);
    char *joined = NULL;
    if (asprintf(&joined, "%s%s%s", setting->text, length > 0 ? " " : "", value) < 0)
        return loader_fail(loader, setting, "out of memory");
    free(setting->text);
    setting->text = joined;
    unmask(joined);
    return true;
}

/* ---- keys ---- */

static bool fail_name(struct loader *loader, const char *name)
{
    const struct section *section = loader->section;
    loader_fail_line(loader, loader->line, "[%s] %s: unknown key; wanted one of:", section->label, name);
    for (size_t i = 0; i < section->setting_count; i++)
        loader_add_to_error(loader, " %s", section->settings[i].key->name);
    unmask(loader->error->message);
    return false;
}

static bool fail_repeated(struct loader *loader, const struct setting *first, bool is_file)
{
    const char *section = first->section->label;
    const char *name = first->key->name;
    if (first->is_file == is_file)
        return loader_fail_line(loader, loader->line,
                                "[%s] %s%s: given twice, first in line %d; wanted it once", section, name,
                                is_file ? "_file" : "", first->line);
    return loader_fail_line(loader, loader->line,
                            "[%s] %s%s: given beside %s%s in line %d; wanted only one of the two", section,
                            name, is_file ? "_file" : "", name, is_file ? "" : "_file", first->line);
}

static bool fail_early_key(struct loader *loader, const char *name)
{
    loader_fail_line(loader, loader->line, "%s: key before the first section; wanted [section] above it",
                     name);
    unmask(loader->error->message);
    return false;
}

static bool note_value(struct loader *loader, const char *name, const char *value)
{
    bool is_file = false;
    if (!loader->section)
        return fail_early_key(loader, name);
    struct setting *setting = find_given(loader->section, name, &is_file);
    if (!setting)
        return fail_name(loader, name);
    if (setting->text)
        return fail_repeated(loader, setting, is_file);
    setting->text = strdup(value);
    setting->line = loader->line;
    setting->is_file = is_file;
    if (!setting->text)
        return loader_fail_line(loader, loader->line, "[%s] %s: out of memory", loader->section->label, name);
    unmask(setting->text);
    loader->open = setting;
    return true;
}

/* For inih; 1 is good. */
static int take_value(void *user, const char *section, const char *name, const char *value)
{
    struct loader *loader = user;
    (void)section; /* note_section knows better */
    if (loader->failed)
        return 0;
    if (loader->indented && loader->open)
        return continue_list(loader, value);
    return note_value(loader, name, value);
}

static void read_lines(struct loader *loader)
{
    int bad_line = ini_parse_stream(read_line, loader, take_value, loader);
    /* inih goes on behind a line it can't split; that line comes before any fault found later. */
    if (bad_line > 0 && (!loader->failed || bad_line < loader->line))
        loader_fail_line(loader, bad_line, "no = in this line; wanted key = value, [section] or # comment");
    else if (!loader->failed && ferror(loader->file))
        loader_fail_line(loader, 0, "cannot read: %s; wanted a readable file", strerror(errno));
}

bool config_read_texts(struct loader *loader)
{
    char buffer[BUFSIZ]; /* ours, so that it can be wiped */
    loader->file = fopen(loader->path, "re");
    if (!loader->file)
        return loader_fail_line(loader, 0, "cannot open: %s; wanted a readable file", strerror(errno));
    setvbuf(loader->file, buffer, _IOFBF, sizeof buffer);
    read_lines(loader);
    fclose(loader->file);
    explicit_bzero(buffer, sizeof buffer);
    return !loader->failed;
}
