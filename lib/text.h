#ifndef EMERGENCYD_TEXT_H
#define EMERGENCYD_TEXT_H
/*
 * Small things one does with texts: bounded copies that never cut a character in two, strict numbers, globs,
 * an e-mail reply without what it quotes. Nothing is kept and nothing is allocated; the caller owns every
 * buffer. For every thread. Letters are compared without case in ASCII only, whatever the locale.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/compiler.h"

/*
 * Copies src into dst of `size` bytes (at least 1) and terminates it. What does not fit is cut off between
 * two UTF-8 characters. True if nothing was cut; cutting is no error, so the result may be ignored.
 */
bool text_copy(char *dst, size_t size, const char *src);

/* The same for the first `len` bytes of src; ends earlier at a NUL. */
bool text_copy_n(char *dst, size_t size, const char *src, size_t len);

/* snprintf whose result may be cut like text_copy's; the texts that go in are foreign and of any length. */
void text_format(char *dst, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);

/*
 * Reads a whole decimal number: digits with an optional '-' before them, nothing else. False, with *out
 * untouched, for anything else, the empty text and numbers outside int64_t.
 */
MUST_CHECK bool text_to_i64(const char *text, size_t len, int64_t *out);

/* True if both are the same but for white space, which may come back otherwise than it was sent. */
bool text_same_words(const char *a, const char *b);
/* True if both are the same but for the case of ASCII letters. */
bool text_equal_nocase(const char *a, const char *b);

/*
 * True if the glob covers the whole text, in any case: '*' is any text, line ends included, '?' one
 * character; every other character, brackets too, stands for itself. Takes neither stack nor exponential
 * time.
 */
bool text_glob(const char *pattern, const char *text);

/* True if the text holds the word, and not only within a longer one: words are made of ASCII letters, digits,
 * '-' and '_'. No text holds the empty word. */
bool text_has_word(const char *text, const char *word);

/*
 * True if the `len` bytes are UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing beyond
 * U+10FFFF. NUL bytes are characters here. *bad (may be null) becomes the offset of the first byte that
 * isn't.
 */
bool text_is_utf8(const char *text, size_t len, size_t *bad);

/* Length in bytes (1 to 4) of the UTF-8 character that `text` begins with, 0 if it begins with none. */
size_t text_utf8_char(const char *text, size_t len);

/*
 * Writes what its author wrote of an e-mail style comment: without lines that begin with '>', and without
 * everything from "On … wrote:" (on one line or up to three) or "-----Original Message-----" on. Cut like
 * text_copy if out is too small, which is not reported; `size` of strlen(body) + 1 is always enough.
 */
void text_without_quotation(const char *body, char *out, size_t size);

#endif
