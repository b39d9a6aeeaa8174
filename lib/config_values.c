/*
 * Texts of settings become values. Each read function fills `out` as far as it gets; value_read cleans up
 * after it, so that none of them has an error path of its own. Nothing is logged here: a refused text is the
 * caller's to report, with file, line and key. A type without a read function is a broken contract.
 */
#include "lib/config_values.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/wipe.h"

#define DAY_MS          (INT64_C(24) * 60 * 60 * 1000)
#define MAX_DURATION_MS (730 * DAY_MS) /* within the timer wheel's horizon of 795 days */
#define MAX_SIZE_BYTES  (INT64_C(1) << 30)

struct unit {
    const char *name;
    int64_t factor;
};

static bool has_blank(const char *text)
{
    return text[strcspn(text, " \t\r\n\v\f")] != '\0';
}

static bool keep_text(const char *text, void *out)
{
    char **kept = out;
    *kept = strdup(text);
    return *kept != NULL;
}

/* A number without sign; *end is behind its last digit. */
static bool read_digits(const char *text, const char **end, int64_t *number)
{
    if (!isdigit((unsigned char)text[0]))
        return false;
    char *stop = NULL;
    int saved = errno;
    errno = 0;
    long long parsed = strtoll(text, &stop, 10);
    bool in_range = errno == 0;
    errno = saved;
    *end = stop;
    *number = parsed;
    return in_range;
}

static bool read_number(const char *text, int64_t min, int64_t max, int64_t *number)
{
    const char *end = NULL;
    return read_digits(text, &end, number) && *end == '\0' && *number >= min && *number <= max;
}

static bool read_scaled(const char *text, const struct unit *units, int64_t max, int64_t *number)
{
    const char *end = NULL;
    if (!read_digits(text, &end, number))
        return false;
    while (units->name && strcmp(units->name, end) != 0)
        units++;
    if (!units->name || *number < 1 || *number > max / units->factor)
        return false;
    *number *= units->factor;
    return true;
}

static bool read_duration(const struct value_type *type, const char *text, void *out)
{
    static const struct unit units[] = {{"ms", 1},         {"s", 1000},   {"m", 60000},
                                        {"h", 60 * 60000}, {"d", DAY_MS}, {NULL, 0}};
    (void)type;
    return read_scaled(text, units, MAX_DURATION_MS, out);
}

static bool read_size(const struct value_type *type, const char *text, void *out)
{
    static const struct unit units[] = {{"", 1}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {NULL, 0}};
    int64_t bytes = 0;
    (void)type;
    if (!read_scaled(text, units, MAX_SIZE_BYTES, &bytes))
        return false;
    *(size_t *)out = (size_t)bytes;
    return true;
}

static bool read_count(const struct value_type *type, const char *text, void *out)
{
    int64_t count = 0;
    (void)type;
    if (!read_number(text, 1, UINT16_MAX, &count))
        return false;
    *(unsigned int *)out = (unsigned int)count;
    return true;
}

static bool read_id(const struct value_type *type, const char *text, void *out)
{
    (void)type;
    return read_number(text, 1, INT64_MAX, out);
}

static bool read_yes_no(const struct value_type *type, const char *text, void *out)
{
    bool yes = strcasecmp(text, "yes") == 0;
    (void)type;
    *(bool *)out = yes;
    return yes || strcasecmp(text, "no") == 0;
}

bool value_read_word(const struct value_type *type, const char *text, void *out)
{
    for (unsigned int place = 0; type->words[place]; place++) {
        if (strcmp(type->words[place], text) == 0) {
            memcpy(out, &place, sizeof(place)); /* an enum without negative values has this size */
            return true;
        }
    }
    return false;
}

static bool read_text(const struct value_type *type, const char *text, void *out)
{
    (void)type;
    return text[0] != '\0' && keep_text(text, out);
}

static bool read_unbroken(const struct value_type *type, const char *text, void *out)
{
    return !has_blank(text) && read_text(type, text, out);
}

/* One of Slack's ids, which begins with one of the letters KINDS. */
static bool read_slack_id(const char *kinds, const struct value_type *type, const char *text, void *out)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    return text[0] != '\0' && strchr(kinds, text[0]) && text[1] != '\0' &&
           text[strspn(text, allowed)] == '\0' && read_text(type, text, out);
}

/* Not a #name, which Slack takes for messages but neither finds nor changes them by. */
static bool read_slack_channel(const struct value_type *type, const char *text, void *out)
{
    return read_slack_id("CG", type, text, out);
}

static bool read_slack_group(const struct value_type *type, const char *text, void *out)
{
    return read_slack_id("S", type, text, out);
}

/* A word, or nothing. */
static bool read_glob(const struct value_type *type, const char *text, void *out)
{
    return text[0] == '\0' || read_unbroken(type, text, out);
}

static bool read_email(const struct value_type *type, const char *text, void *out)
{
    const char *at = strchr(text, '@');
    bool sound = at && at != text && at[1] != '\0' && !strchr(at + 1, '@');
    return sound && read_unbroken(type, text, out);
}

static bool read_pattern(const struct value_type *type, const char *text, void *out)
{
    regex_t compiled;
    if (regcomp(&compiled, text, REG_EXTENDED | REG_ICASE) != 0)
        return false;
    bool has_group = compiled.re_nsub > 0;
    regfree(&compiled);
    return has_group && read_text(type, text, out);
}

/* ---- lists ---- */

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        text[--length] = '\0';
    return text;
}

bool value_read_items(const char *text, bool (*add)(void *list, const char *item), void *list)
{
    char *copy = strdup(text);
    char *rest = copy;
    bool good = copy != NULL;
    if (good && *trim(copy) == '\0')
        rest = NULL;
    while (good && rest) {
        const char *item = trim(strsep(&rest, ","));
        good = *item != '\0' && add(list, item);
    }
    free(copy);
    return good;
}

bool value_add_text(void *out, const char *item)
{
    struct text_list *list = out;
    char **items = reallocarray(list->items, list->count + 1, sizeof(*items));
    if (!items)
        return false;
    list->items = items;
    if (!keep_text(item, &items[list->count]))
        return false;
    list->count++;
    return true;
}

static bool add_word(void *out, const char *item)
{
    return !has_blank(item) && value_add_text(out, item);
}

static bool add_id(void *out, const char *item)
{
    struct id_list *list = out;
    int64_t *items = reallocarray(list->items, list->count + 1, sizeof(*items));
    if (!items)
        return false;
    list->items = items;
    if (!read_number(item, 1, INT64_MAX, &items[list->count]))
        return false;
    list->count++;
    return true;
}

static bool add_tag_change(void *out, const char *item)
{
    struct tag_change_list *list = out;
    if ((item[0] != '+' && item[0] != '-') || item[1] == '\0' || has_blank(item))
        return false;
    struct tag_change *items = reallocarray(list->items, list->count + 1, sizeof(*items));
    if (!items)
        return false;
    list->items = items;
    items[list->count].add = item[0] == '+';
    if (!keep_text(item + 1, &items[list->count].tag))
        return false;
    list->count++;
    return true;
}

static bool add_field_change(void *out, const char *item)
{
    struct field_change_list *list = out;
    const char *colon = NULL;
    int64_t id = 0;
    if (!read_digits(item, &colon, &id) || id < 1 || *colon != ':')
        return false;
    struct field_change *items = reallocarray(list->items, list->count + 1, sizeof(*items));
    if (!items)
        return false;
    list->items = items;
    items[list->count].field_id = id;
    if (!keep_text(colon + 1, &items[list->count].value))
        return false;
    list->count++;
    return true;
}

static bool read_text_list(const struct value_type *type, const char *text, void *out)
{
    (void)type;
    return value_read_items(text, value_add_text, out);
}

static bool read_word_list(const struct value_type *type, const char *text, void *out)
{
    (void)type;
    return value_read_items(text, add_word, out);
}

static bool read_id_list(const struct value_type *type, const char *text, void *out)
{
    (void)type;
    return value_read_items(text, add_id, out);
}

static bool read_tag_changes(const struct value_type *type, const char *text, void *out)
{
    (void)type;
    return value_read_items(text, add_tag_change, out);
}

static bool read_field_changes(const struct value_type *type, const char *text, void *out)
{
    (void)type;
    return value_read_items(text, add_field_change, out);
}

static bool read_ticket_match(const struct value_type *type, const char *text, void *out)
{
    struct ticket_match *match = out;
    if (text[0] == '\0')
        return true;
    if (strncmp(text, "tag:", 4) == 0) {
        match->kind = TICKET_MATCH_TAG;
        return read_unbroken(type, text + 4, &match->tag);
    }
    match->kind = TICKET_MATCH_FORM;
    return strncmp(text, "form:", 5) == 0 && read_number(text + 5, 1, INT64_MAX, &match->form_id);
}

static bool read_ticket_choice(const struct value_type *type, const char *text, void *out)
{
    return text[0] != '\0' && read_ticket_match(type, text, out);
}

/* ---- release ---- */

void value_release_text(void *out)
{
    char **text = out;
    free(*text);
    *text = NULL;
}

static void release_secret(void *out)
{
    char **secret = out;
    wipe_free(*secret);
    *secret = NULL;
}

void value_release_text_list(void *out)
{
    struct text_list *list = out;
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct text_list){0};
}

static void release_id_list(void *out)
{
    struct id_list *list = out;
    free(list->items);
    *list = (struct id_list){0};
}

static void release_tag_changes(void *out)
{
    struct tag_change_list *list = out;
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].tag);
    free(list->items);
    *list = (struct tag_change_list){0};
}

static void release_field_changes(void *out)
{
    struct field_change_list *list = out;
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].value);
    free(list->items);
    *list = (struct field_change_list){0};
}

static void release_ticket_match(void *out)
{
    struct ticket_match *match = out;
    free(match->tag);
    *match = (struct ticket_match){0};
}

/* ---- the types ---- */

bool value_read(const struct value_type *type, const char *text, void *out)
{
    errno = EINVAL;
    if (type->read(type, text, out))
        return true;
    int cause = errno == ENOMEM ? ENOMEM : EINVAL;
    value_release(type, out);
    errno = cause;
    return false;
}

void value_release(const struct value_type *type, void *out)
{
    if (type->release)
        type->release(out);
}

const struct value_type value_text = {.wanted = "a text", .read = read_text, .release = value_release_text};
const struct value_type value_word = {
    .wanted = "a text without blanks", .read = read_unbroken, .release = value_release_text};
const struct value_type value_secret = {
    .wanted = "a secret on one line", .read = read_text, .release = release_secret, .secret = true};
const struct value_type value_token = {.wanted = "a secret on one line, without blanks",
                                       .read = read_unbroken,
                                       .release = release_secret,
                                       .secret = true};
const struct value_type value_slack_channel = {
    .wanted = "the id of a channel in Slack, such as C0123ABCD (no #name)",
    .read = read_slack_channel,
    .release = value_release_text};

const struct value_type value_slack_group = {.wanted = "the id of a user group in Slack, such as S0123ABCD",
                                             .read = read_slack_group,
                                             .release = value_release_text};
const struct value_type value_email = {
    .wanted = "an e-mail address", .read = read_email, .release = value_release_text};
const struct value_type value_tag_glob = {
    .wanted = "a text without blanks, in which * is any text and ? any character, or nothing",
    .read = read_glob,
    .release = value_release_text};
const struct value_type value_pattern = {
    .wanted = "a POSIX extended regular expression with a group, in (), for the ticket's number",
    .read = read_pattern,
    .release = value_release_text};
const struct value_type value_duration = {
    .wanted = "a duration such as 500ms, 90s, 15m, 6h or 30d, at most 730d", .read = read_duration};
const struct value_type value_size = {.wanted = "a size such as 4096 (bytes), 64K or 1M, at most 1G",
                                      .read = read_size};
const struct value_type value_count = {.wanted = "a number from 1 to 65535", .read = read_count};
const struct value_type value_yes_no = {.wanted = "yes or no", .read = read_yes_no};
const struct value_type value_id = {.wanted = "an id, a positive number", .read = read_id};
const struct value_type value_text_list = {.wanted = "texts separated by commas",
                                           .read = read_text_list,
                                           .release = value_release_text_list,
                                           .list = true};
const struct value_type value_word_list = {.wanted = "texts without blanks, separated by commas",
                                           .read = read_word_list,
                                           .release = value_release_text_list,
                                           .list = true};
const struct value_type value_id_list = {.wanted = "ids, positive numbers, separated by commas",
                                         .read = read_id_list,
                                         .release = release_id_list,
                                         .list = true};
const struct value_type value_tag_changes = {.wanted = "+TAG or -TAG, separated by commas",
                                             .read = read_tag_changes,
                                             .release = release_tag_changes,
                                             .list = true};
const struct value_type value_field_changes = {.wanted =
                                                   "ID:VALUE, ID a positive number, separated by commas",
                                               .read = read_field_changes,
                                               .release = release_field_changes,
                                               .list = true};
const struct value_type value_ticket_match = {.wanted = "tag:NAME, form:ID or nothing (every urgent ticket)",
                                              .read = read_ticket_match,
                                              .release = release_ticket_match};
const struct value_type value_ticket_choice = {
    .wanted = "tag:NAME or form:ID", .read = read_ticket_choice, .release = release_ticket_match};
