/*
 * Texts: copies, numbers, globs, quotations.
 *
 * Nothing here warns or fails but by its result; a buffer of no bytes is a broken contract and aborts.
 */

#include "lib/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many lines a mail program may have wrapped "On … wrote:" over. */
#define ATTRIBUTION_LINES 3

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* Drops the beginning of a character whose end was cut off. */
static void end_whole(char *text)
{
    size_t len = strlen(text);
    size_t start = len;
    while (start > 0 && is_continuation(text[start - 1]))
        start--;
    if (start > 0 && (unsigned char)text[start - 1] >= 0xC0 &&
        text_utf8_char(text + start - 1, len - start + 1) == 0)
        text[start - 1] = '\0';
}

void text_format(char *dst, size_t size, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int written = vsnprintf(dst, size, fmt, args);
    va_end(args);
    if (written < 0)
        dst[0] = '\0';
    else if ((size_t)written >= size)
        end_whole(dst);
}

bool text_copy(char *dst, size_t size, const char *src)
{
    return text_copy_n(dst, size, src, strlen(src));
}

bool text_copy_n(char *dst, size_t size, const char *src, size_t len)
{
    if (size == 0)
        abort();
    const size_t whole = strnlen(src, len);
    size_t taken = whole < size ? whole : size - 1;
    /* Only a cut may fall into a character; a character has three continuation bytes at most. */
    for (int back = 0; taken < whole && taken > 0 && back < 3 && is_continuation(src[taken]); back++)
        taken--;
    memcpy(dst, src, taken);
    dst[taken] = '\0';
    return taken == whole;
}

bool text_to_i64(const char *text, size_t len, int64_t *out)
{
    const bool negative = len > 0 && text[0] == '-';
    size_t i = negative ? 1 : 0;
    if (i == len)
        return false;
    /* Counted downwards, since INT64_MIN has no positive counterpart. */
    int64_t value = 0;
    for (; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, text[i] - '0', &value))
            return false;
    }
    if (!negative && value == INT64_MIN)
        return false;
    *out = negative ? value : -value;
    return true;
}

bool text_same_words(const char *a, const char *b)
{
    for (;;) {
        while (*a == ' ' || *a == '\n' || *a == '\r' || *a == '\t')
            a++;
        while (*b == ' ' || *b == '\n' || *b == '\r' || *b == '\t')
            b++;
        if (*a != *b)
            return false;
        if (*a == '\0')
            return true;
        a++;
        b++;
    }
}

bool text_equal_nocase(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

static bool is_of_word(char c)
{
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool text_has_word(const char *text, const char *word)
{
    const size_t len = strlen(word);
    if (len == 0)
        return false;
    for (const char *at = text; (at = strstr(at, word)); at++)
        if ((at == text || !is_of_word(at[-1])) && !is_of_word(at[len]))
            return true;
    return false;
}

/* The next character's begin; a byte that begins no character counts as one. */
static const char *after_char(const char *text)
{
    const size_t len = text_utf8_char(text, strnlen(text, 4));
    return text + (len > 0 ? len : 1);
}

bool text_glob(const char *pattern, const char *text)
{
    /* After a mismatch only the last '*' needs to take more: what lies before it is matched for good. */
    const char *star = NULL;
    const char *star_text = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            star_text = text;
        } else if (*pattern == '?') {
            pattern++;
            text = after_char(text);
        } else if (lower(*pattern) == lower(*text)) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            star_text = after_char(star_text);
            text = star_text;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

/* How long a character with this first byte is; 0 if none begins so. */
static size_t utf8_len(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xC2 || first > 0xF4)
        return 0;
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/* The second byte tells overlong forms, surrogates and what lies beyond U+10FFFF. */
static bool utf8_second_ok(unsigned char first, unsigned char second)
{
    const unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    return second >= low && second <= high;
}

size_t text_utf8_char(const char *text, size_t len)
{
    const size_t want = len > 0 ? utf8_len((unsigned char)text[0]) : 0;
    if (want > len)
        return 0;
    if (want > 1 && !utf8_second_ok((unsigned char)text[0], (unsigned char)text[1]))
        return 0;
    for (size_t i = 2; i < want; i++)
        if (!is_continuation(text[i]))
            return 0;
    return want;
}

/* Most texts are plain ASCII: eight bytes at a time as long as none has its high bit set. */
static size_t ascii_run(const char *text, size_t len)
{
    size_t i = 0;
    for (uint64_t word; len - i >= sizeof(word); i += sizeof(word)) {
        memcpy(&word, text + i, sizeof(word));
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    return i;
}

bool text_is_utf8(const char *text, size_t len, size_t *bad)
{
    size_t i = 0;
    while (i < len) {
        i += ascii_run(text + i, len - i);
        if (i == len)
            break;
        const size_t step = text_utf8_char(text + i, len - i);
        if (step == 0) {
            if (bad)
                *bad = i;
            return false;
        }
        i += step;
    }
    return true;
}

/* A line of a text: without the blanks around it, and where the next one begins (null: none). */
struct line {
    const char *begin;
    size_t len;
    const char *next;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct line line_at(const char *text)
{
    const char *end = strchrnul(text, '\n');
    struct line line = {.next = *end ? end + 1 : NULL};
    while (text < end && is_blank(*text))
        text++;
    while (end > text && is_blank(end[-1]))
        end--;
    line.begin = text;
    line.len = (size_t)(end - text);
    return line;
}

static bool same_nocase(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

static bool line_begins(const struct line *line, const char *with)
{
    const size_t len = strlen(with);
    return line->len >= len && same_nocase(line->begin, with, len);
}

static bool line_ends(const struct line *line, const char *with)
{
    const size_t len = strlen(with);
    return line->len >= len && same_nocase(line->begin + line->len - len, with, len);
}

/* "On Mon, 23 Nov 2026 at 12:00, Ann <ann@example.com> wrote:", wrapped or not. */
static bool is_attribution(struct line line)
{
    if (!line_begins(&line, "On "))
        return false;
    for (int i = 1; i < ATTRIBUTION_LINES && !line_ends(&line, "wrote:"); i++) {
        if (!line.next || line.len == 0)
            return false;
        line = line_at(line.next);
    }
    return line_ends(&line, "wrote:");
}

/* "-----Original Message-----", with at least two dashes on both sides. */
static bool is_original_message(struct line line)
{
    static const char words[] = "original message";
    if (!line_begins(&line, "--") || !line_ends(&line, "--"))
        return false;
    while (line.len > 0 && (line.begin[0] == '-' || line.begin[0] == ' ')) {
        line.begin++;
        line.len--;
    }
    while (line.len > 0 && (line.begin[line.len - 1] == '-' || line.begin[line.len - 1] == ' '))
        line.len--;
    return line.len == sizeof(words) - 1 && line_begins(&line, words);
}

void text_without_quotation(const char *body, char *out, size_t size)
{
    size_t used = 0;
    text_copy(out, size, "");
    for (const char *at = body; at;) {
        const struct line line = line_at(at);
        if (is_attribution(line) || is_original_message(line))
            break;
        const size_t len = line.next ? (size_t)(line.next - at) : strlen(at);
        if (!line_begins(&line, ">")) {
            if (!text_copy_n(out + used, size - used, at, len))
                break;
            used += len;
        }
        at = line.next;
    }
}
