/*
 * The text of a macro, as Zendesk's API shows what it would change. What is not as documented is reported to
 * the caller; nothing is logged here, nothing is fatal.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/services/fields.h"
#include "lib/services/zendesk.h"
#include "lib/text.h"

static const char blanks[] = " \t\r\n";

/* ---- plain text out of HTML ---------------------------------------------------------------------------- */

/* What the entity that TEXT begins with stands for, and its length; NULL if it is none that we know. */
static const char *entity(const char *text, size_t *length)
{
    static const struct {
        const char *name, *meaning;
    } known[] = {{"&nbsp;", " "}, {"&amp;", "&"},   {"&lt;", "<"},
                 {"&gt;", ">"},   {"&quot;", "\""}, {"&#39;", "'"}};
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        *length = strlen(known[i].name);
        if (strncmp(text, known[i].name, *length) == 0)
            return known[i].meaning;
    }
    return NULL;
}

/* The length of the tag that TEXT begins with; 0 if that is a mere '<'. */
static size_t tag_length(const char *text)
{
    const size_t end = 1 + strcspn(text + 1, "<>");
    const bool named = isalpha((unsigned char)text[1]) || text[1] == '/' || text[1] == '!';
    return named && text[end] == '>' ? end + 1 : 0;
}

/* Whether a line ends with that tag. */
static bool ends_line(const char *tag)
{
    static const char *const names[] = {"br",  "/p",  "/div", "/li", "/tr", "/pre", "/blockquote",
                                        "/h1", "/h2", "/h3",  "/h4", "/h5", "/h6",  "hr"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const size_t length = strlen(names[i]);
        if (strncasecmp(tag + 1, names[i], length) == 0 && !isalnum((unsigned char)tag[1 + length]))
            return true;
    }
    return false;
}

/* Writes HTML without its tags; OUT has room for as much as HTML is. */
static void strip_tags(const char *html, char *out)
{
    size_t length = 0;
    while (*html) {
        const char *meaning = *html == '&' ? entity(html, &length) : NULL;
        const size_t tag = *html == '<' ? tag_length(html) : 0;
        if (meaning) {
            *out++ = *meaning;
            html += length;
        } else if (tag > 0 && ends_line(html)) {
            *out++ = '\n';
            html += tag + strspn(html + tag, blanks);
        } else if (tag > 0) {
            html += tag;
        } else {
            *out++ = *html++;
        }
    }
    *out = '\0';
}

/* ---- macros -------------------------------------------------------------------------------------------- */

enum { TICKET, BODY, HTML_BODY, SCOPED, FIELDS };

static const char *const paths[FIELDS] = {
    [TICKET] = "result.ticket",
    [BODY] = "result.ticket.comment.body",
    [HTML_BODY] = "result.ticket.comment.html_body",
    [SCOPED] = "result.ticket.comment.scoped_body.**",
};

/* Its leaves are pairs of a channel and a text. Texts are the reader's. */
struct scoped_body {
    size_t leaves;
    bool for_all; /* the channel that came last */
    const char *text;
};

static void on_leaf(void *context, int field, const struct json_value values[])
{
    struct scoped_body *scoped = context;
    const bool is_channel = scoped->leaves++ % 2 == 0;
    if (is_channel)
        scoped->for_all = strcmp(values[field].text, "channel:all") == 0;
    else if (scoped->for_all || !scoped->text)
        scoped->text = values[field].text;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, blanks)] == '\0';
}

static void copy_trimmed(char *out, size_t size, const char *text)
{
    text += strspn(text, blanks);
    size_t length = strlen(text);
    while (length > 0 && strchr(blanks, text[length - 1]))
        length--;
    text_copy_n(out, size, text, length);
}

bool zendesk_read_macro(struct json_reader *reader, const char *answer, size_t length, char *text,
                        size_t size, char *error, size_t error_size)
{
    const struct complaint complaint = {error, error_size};
    struct scoped_body scoped = {0};
    text_copy(text, size, "");
    const struct json_value *values =
        fields_read_once(reader, paths, FIELDS, answer, length, on_leaf, &scoped, &complaint);
    if (!values)
        return false;
    if (values[TICKET].kind != JSON_OBJECT)
        return complain(&complaint, "%s is missing", paths[TICKET]);
    if (!is_blank(values[BODY].text)) {
        copy_trimmed(text, size, values[BODY].text);
        return true;
    }
    char *plain = malloc(values[HTML_BODY].len + 1);
    if (!plain)
        return complain(&complaint, "out of memory");
    strip_tags(values[HTML_BODY].text, plain);
    copy_trimmed(text, size, is_blank(plain) && scoped.text ? scoped.text : plain);
    free(plain);
    return true;
}
