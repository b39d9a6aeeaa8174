/*
 * Templates: the text is cut into parts once, at start; writing goes through them from first to last, a
 * section that is not shown jumps to its end. No recursion.
 *
 * A text that is wrong is told by the result; nothing is fatal here.
 */

#include "lib/template.h"

#include "lib/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 8

/* As much of a text as an error quotes. */
#define QUOTED_SIZE 48

#define TAG_BEGIN "{{"
#define TAG_END   "}}"
#define BLANKS    " \t"

enum part_kind {
    PART_TEXT,
    PART_FIELD,
    PART_IF,     /* what follows up to `end` is for a value that is not empty */
    PART_UNLESS, /* … that is empty */
};

struct part {
    enum part_kind kind;
    size_t field;      /* not for PART_TEXT */
    size_t end;        /* PART_IF and PART_UNLESS: the part to go on with */
    const char *begin; /* PART_TEXT, in the template's text */
    size_t len;
};

struct template
{
    char *text;
    size_t part_count;
    struct part parts[];
};

struct tag {
    const char *begin, *end; /* with its braces */
    char sigil;              /* '#', '^', '/'; 0: a value */
    const char *name;
    size_t name_len;
};

/* A text being read. */
struct reader {
    const char *const *fields;
    size_t field_count;
    struct template *t;
    const char *at; /* as far as there are parts of it */
    struct {
        size_t part;
        const char *tag;
    } open[MAX_DEPTH]; /* sections, the innermost last */
    size_t depth;
    char *error;
    size_t error_size;
};

static size_t line_of(const struct reader *r, const char *where)
{
    size_t line = 1;
    for (const char *c = r->t->text; c < where; c++)
        line += *c == '\n';
    return line;
}

/* What an error quotes: cut, and control characters as '?'. */
static const char *quoted(const char *text, size_t len, char out[QUOTED_SIZE])
{
    text_copy_n(out, QUOTED_SIZE, text, len);
    for (char *c = out; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7F)
            *c = '?';
    return out;
}

/* Adds to the text in `out`, if there is any room. */
static void append(char *out, size_t size, const char *text)
{
    if (size > 0)
        text_copy(out + strlen(out), size - strlen(out), text);
}

static void complain(struct reader *r, const char *where, const char *fmt, ...) PRINTF_LIKE(3, 4);

static void complain(struct reader *r, const char *where, const char *fmt, ...)
{
    char what[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    if (r->error_size > 0)
        text_format(r->error, r->error_size, "line %zu: %s", line_of(r, where), what);
}

static void complain_unknown(struct reader *r, const struct tag *tag)
{
    char name[QUOTED_SIZE];
    complain(r, tag->begin, "no field \"%s\"; there are", quoted(tag->name, tag->name_len, name));
    append(r->error, r->error_size, r->field_count > 0 ? ": " : " none");
    for (size_t i = 0; i < r->field_count; i++) {
        append(r->error, r->error_size, i > 0 ? ", " : "");
        append(r->error, r->error_size, r->fields[i]);
    }
}

static bool field_of(struct reader *r, const struct tag *tag, size_t *field)
{
    for (size_t i = 0; i < r->field_count; i++)
        if (strlen(r->fields[i]) == tag->name_len && memcmp(r->fields[i], tag->name, tag->name_len) == 0) {
            *field = i;
            return true;
        }
    complain_unknown(r, tag);
    return false;
}

static struct part *add_part(struct reader *r, enum part_kind kind)
{
    struct part *part = &r->t->parts[r->t->part_count++];
    *part = (struct part){.kind = kind};
    return part;
}

static void add_text(struct reader *r, const char *end)
{
    if (end == r->at)
        return;
    struct part *part = add_part(r, PART_TEXT);
    part->begin = r->at;
    part->len = (size_t)(end - r->at);
}

/* The tag that begins here. */
static bool read_tag(struct reader *r, const char *begin, struct tag *tag)
{
    const char *inner = begin + strlen(TAG_BEGIN);
    const char *close = strstr(inner, TAG_END);
    if (!close || memchr(inner, '\n', (size_t)(close - inner))) {
        complain(r, begin, "\"{{\" without \"}}\" on its line");
        return false;
    }
    *tag = (struct tag){.begin = begin, .end = close + strlen(TAG_END)};
    const char *name = inner + strspn(inner, BLANKS);
    if (*name == '#' || *name == '^' || *name == '/') {
        tag->sigil = *name++;
        name += strspn(name, BLANKS);
    }
    while (close > name && strchr(BLANKS, close[-1]))
        close--;
    tag->name = name;
    tag->name_len = (size_t)(close - name);
    if (tag->name_len == 0)
        complain(r, begin, "a tag without a field's name");
    return tag->name_len > 0;
}

/* Widens a tag that stands alone on its line to the whole line. */
static void take_line(const struct reader *r, struct tag *tag)
{
    const char *begin = tag->begin;
    while (begin > r->t->text && strchr(BLANKS, begin[-1]))
        begin--;
    const char *end = tag->end + strspn(tag->end, BLANKS);
    if (end[0] == '\r' && end[1] == '\n')
        end++;
    if ((begin > r->t->text && begin[-1] != '\n') || (*end && *end != '\n'))
        return;
    tag->begin = begin;
    tag->end = *end ? end + 1 : end;
}

static bool open_section(struct reader *r, const struct tag *tag, size_t field)
{
    if (r->depth == MAX_DEPTH) {
        complain(r, tag->begin, "sections are more than %d deep", MAX_DEPTH);
        return false;
    }
    r->open[r->depth].part = r->t->part_count;
    r->open[r->depth].tag = tag->begin;
    r->depth++;
    add_part(r, tag->sigil == '#' ? PART_IF : PART_UNLESS)->field = field;
    return true;
}

static bool close_section(struct reader *r, const struct tag *tag, size_t field)
{
    const char *name = r->fields[field];
    if (r->depth == 0) {
        complain(r, tag->begin, "\"{{/%s}}\" ends nothing", name);
        return false;
    }
    const char *opening = r->open[r->depth - 1].tag;
    struct part *section = &r->t->parts[r->open[r->depth - 1].part];
    if (section->field != field) {
        complain(r, tag->begin, "\"{{/%s}}\" before the end of \"%s\", which began in line %zu", name,
                 r->fields[section->field], line_of(r, opening));
        return false;
    }
    section->end = r->t->part_count;
    r->depth--;
    return true;
}

static bool add_tag(struct reader *r, struct tag *tag)
{
    size_t field = 0;
    if (!field_of(r, tag, &field))
        return false;
    if (!tag->sigil) {
        add_text(r, tag->begin);
        add_part(r, PART_FIELD)->field = field;
        r->at = tag->end;
        return true;
    }
    struct tag whole = *tag;
    take_line(r, &whole);
    add_text(r, whole.begin);
    r->at = whole.end;
    return tag->sigil == '/' ? close_section(r, tag, field) : open_section(r, tag, field);
}

static bool read_text(struct reader *r)
{
    size_t bad = 0;
    const char *text = r->t->text;
    if (!text_is_utf8(text, strlen(text), &bad)) {
        complain(r, text + bad, "not UTF-8");
        return false;
    }
    for (const char *next; (next = strstr(r->at, TAG_BEGIN));) {
        struct tag tag;
        if (!read_tag(r, next, &tag) || !add_tag(r, &tag))
            return false;
    }
    add_text(r, r->at + strlen(r->at));
    if (r->depth == 0)
        return true;
    const size_t field = r->t->parts[r->open[r->depth - 1].part].field;
    complain(r, r->open[r->depth - 1].tag, "the section \"%s\" does not end", r->fields[field]);
    return false;
}

/* With room for the parts: at most one for each tag, and the texts around them. */
static struct template *new_empty(const char *text)
{
    size_t tags = 0;
    for (const char *next = text; (next = strstr(next, TAG_BEGIN)); next += strlen(TAG_BEGIN))
        tags++;
    struct template *t = malloc(sizeof(*t) + (2 * tags + 1) * sizeof(t->parts[0]));
    if (!t)
        return NULL;
    t->part_count = 0;
    t->text = strdup(text);
    if (!t->text) {
        free(t);
        return NULL;
    }
    return t;
}

struct template *template_new(const char *text, const char *const fields[], size_t field_count, char *error,
                              size_t error_size)
{
    if (error_size > 0)
        error[0] = '\0';
    struct template *t = new_empty(text);
    if (!t) {
        append(error, error_size, "out of memory");
        return NULL;
    }
    struct reader r = {
        .fields = fields,
        .field_count = field_count,
        .t = t,
        .at = t->text,
        .error = error,
        .error_size = error_size,
    };
    if (!read_text(&r)) {
        template_free(t);
        return NULL;
    }
    return t;
}

void template_free(struct template *t)
{
    if (!t)
        return;
    free(t->text);
    free(t);
}

/* Where the writing has come to. */
struct writer {
    char *out;
    size_t size; /* what is left of it, at least 1 */
};

static bool put(struct writer *w, const char *text, size_t len)
{
    const bool whole = text_copy_n(w->out, w->size, text, len);
    const size_t written = strlen(w->out);
    w->out += written;
    w->size -= written;
    return whole;
}

bool template_uses(const struct template *t, size_t field)
{
    for (size_t i = 0; i < t->part_count; i++)
        if (t->parts[i].kind != PART_TEXT && t->parts[i].field == field)
            return true;
    return false;
}

bool template_write(const struct template *t, const char *const values[], char *out, size_t size)
{
    if (size == 0)
        return false;
    struct writer w = {.out = out, .size = size};
    out[0] = '\0';
    for (size_t i = 0; i < t->part_count;) {
        const struct part *part = &t->parts[i++];
        if (part->kind == PART_TEXT) {
            if (!put(&w, part->begin, part->len))
                return false;
            continue;
        }
        const char *value = values[part->field] ? values[part->field] : "";
        if (part->kind == PART_FIELD) {
            if (!put(&w, value, strlen(value)))
                return false;
        } else if ((*value != '\0') != (part->kind == PART_IF)) {
            i = part->end;
        }
    }
    return true;
}
