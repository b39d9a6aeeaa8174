#ifndef EMERGENCYD_COMPILER_H
#define EMERGENCYD_COMPILER_H
/*
 * What this project asks of the compiler beyond C11: the caller must look at a result, a format is checked
 * against its arguments. For every thread.
 */

#define MUST_CHECK            __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, arg) __attribute__((format(printf, fmt, arg)))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
