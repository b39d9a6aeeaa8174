#ifndef EMERGENCYD_FUZZ_HTTP_ANSWERS_H
#define EMERGENCYD_FUZZ_HTTP_ANSWERS_H
/*
 * All that a connection has answered, read as strictly as HTTP is written.
 */
#include <stddef.h>

/*
 * Every answer is whole, has a status of the contract or is one of libmicrohttpd's own refusals, and the
 * headers and body that belong to it. Returns how many there were, without words to go on (100); *LAST is the
 * status of the last, 0 without any. TEXT is LENGTH bytes with a NUL behind them.
 */
size_t http_answers_check(const char *text, size_t length, int *last);

#endif
