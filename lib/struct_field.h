#ifndef EMERGENCYD_STRUCT_FIELD_H
#define EMERGENCYD_STRUCT_FIELD_H
/*
 * One member of a plain struct as data, so that a table of them serves to write the struct and to read it
 * back: into JSON (event.c) and into rows (store_*.c). The kind follows from the member's type and cannot
 * differ from it. Knows int64_t, bool, char arrays, int and enums. For every thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/compiler.h"

enum struct_field_kind { STRUCT_FIELD_INT64, STRUCT_FIELD_INT, STRUCT_FIELD_BOOL, STRUCT_FIELD_TEXT };

struct struct_field {
    const char *name;
    enum struct_field_kind kind;
    size_t offset;
    size_t size; /* of a text with its terminator */
};

#define STRUCT_FIELD_KIND(type, member)                                                                      \
    _Generic(((type *)0)->member,                                                                            \
        int64_t: STRUCT_FIELD_INT64,                                                                         \
        bool: STRUCT_FIELD_BOOL,                                                                             \
        char *: STRUCT_FIELD_TEXT,                                                                           \
        int: STRUCT_FIELD_INT,                                                                               \
        unsigned: STRUCT_FIELD_INT)

/* The member of TYPE under a name of its own. */
#define STRUCT_FIELD(type, member, name)                                                                     \
    {                                                                                                        \
        name, STRUCT_FIELD_KIND(type, member), offsetof(type, member), sizeof(((type *)0)->member)           \
    }

/* The characters of a text member. */
static inline const char *struct_field_text(const struct struct_field *field, const void *object)
{
    return (const char *)object + field->offset;
}

/* The value of any other member. */
static inline int64_t struct_field_get(const struct struct_field *field, const void *object)
{
    const char *at = (const char *)object + field->offset;
    int64_t wide = 0;
    int narrow = 0;
    if (field->kind == STRUCT_FIELD_INT64) {
        memcpy(&wide, at, sizeof wide);
        return wide;
    }
    if (field->kind == STRUCT_FIELD_BOOL)
        return *(const bool *)(const void *)at;
    memcpy(&narrow, at, sizeof narrow);
    return narrow;
}

/* Sets a member that is no text; false, with nothing set, if the value is none of its type. */
static inline bool struct_field_set(const struct struct_field *field, void *object, int64_t value)
{
    char *at = (char *)object + field->offset;
    if (field->kind == STRUCT_FIELD_INT64) {
        memcpy(at, &value, sizeof value);
    } else if (field->kind == STRUCT_FIELD_BOOL) {
        if (value != 0 && value != 1)
            return false;
        *(bool *)(void *)at = value;
    } else {
        if (value < INT32_MIN || value > INT32_MAX)
            return false;
        int narrow = (int)value;
        memcpy(at, &narrow, sizeof narrow);
    }
    return true;
}

#endif
