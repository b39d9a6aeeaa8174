/*
 * Wanted fields of a JSON text, by yajl's callbacks. The table of paths is compiled to a tree of nodes;
 * reading walks down it beside the text, so that a member costs a comparison with its wanted siblings only,
 * and what nobody wants costs nothing but yajl.
 *
 * A text that cannot be read is the result, never warned about here. A copy that outgrows its arena, which by
 * the arithmetic beside it cannot be, is a broken contract and aborts.
 */

#include "lib/json_fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_parse.h>

#include "lib/text.h"
#include "lib/wipe.h"

#define NONE      (-1)
#define ROOT      0
#define DEPTH_MAX 64

/* A place in the text that is wanted, or leads to one. Links are indexes of nodes, or NONE. */
struct node {
    const char *name; /* as a member, not terminated */
    size_t name_len;
    int sibling; /* next member of the same object */
    int member;  /* first wanted member, if this is an object */
    int element; /* what stands for each element, if this is an array */
    int field;   /* the field that is here, or NONE */
    int leaves;  /* the "**" field that begins here, or NONE */
    int below;   /* fields below this node: spec->order[below] up to order[end] */
    int end;
    bool is_element;
};

struct json_spec {
    struct node *nodes;
    int n_nodes;
    int *order; /* all fields, each node's own before those below it */
    size_t n_fields;
};

/* An object or array one is in. */
struct frame {
    int node;         /* its node, or NONE if unwanted */
    int next;         /* the node of the next value in it */
    int leaves;       /* the "**" field it is below, or NONE */
    const char *name; /* of the next leaf, while below a "**" */
};

struct json_reader {
    const struct json_spec *spec;
    json_each *each;
    void *context;
    struct json_value *values;
    size_t n_values; /* room */
    char *arena;     /* copies of strings and digits; stays in place for the whole text */
    size_t arena_size, arena_used;
    struct frame frames[DEPTH_MAX];
    int depth;
    const char *problem; /* why a callback stopped the reading */
};

static const struct json_value absent = {JSON_ABSENT, "", 0, ""};

/* ---- the table of paths ---------------------------------------------------------------------------------
 */

static int node_add(struct json_spec *spec)
{
    spec->nodes[spec->n_nodes] =
        (struct node){.sibling = NONE, .member = NONE, .element = NONE, .field = NONE, .leaves = NONE};
    return spec->n_nodes++;
}

static int find_member(const struct json_spec *spec, int node, const char *name, size_t len)
{
    for (int i = spec->nodes[node].member; i != NONE; i = spec->nodes[i].sibling) {
        const struct node *member = &spec->nodes[i];
        if (member->name_len == len && memcmp(member->name, name, len) == 0)
            return i;
    }
    return NONE;
}

static int node_member(struct json_spec *spec, int node, const char *name, size_t len)
{
    int member = find_member(spec, node, name, len);
    if (member != NONE)
        return member;
    member = node_add(spec);
    spec->nodes[member].name = name;
    spec->nodes[member].name_len = len;
    spec->nodes[member].sibling = spec->nodes[node].member;
    spec->nodes[node].member = member;
    return member;
}

static int node_element(struct json_spec *spec, int node)
{
    if (spec->nodes[node].element == NONE) {
        const int element = node_add(spec);
        spec->nodes[element].is_element = true;
        spec->nodes[node].element = element;
    }
    return spec->nodes[node].element;
}

/* A field has one place and a place one field. */
static bool claim(int *place, int field)
{
    if (*place != NONE)
        return false;
    *place = field;
    return true;
}

static bool path_add(struct json_spec *spec, const char *path, int field)
{
    int node = ROOT;
    for (const char *at = path; *at;) {
        if (strncmp(at, "[]", 2) == 0) {
            node = node_element(spec, node);
            at += 2;
            continue;
        }
        if (at > path && *at++ != '.')
            return false;
        if (strcmp(at, "**") == 0)
            return claim(&spec->nodes[node].leaves, field);
        const size_t len = strcspn(at, ".[");
        if (len == 0 || strncmp(at, "**", 2) == 0)
            return false;
        node = node_member(spec, node, at, len);
        at += len;
    }
    return node != ROOT && claim(&spec->nodes[node].field, field);
}

/* Lists the fields so that those below a node follow one another, which makes forgetting them a loop. */
static int order_fields(struct json_spec *spec, int at, int n)
{
    struct node *node = &spec->nodes[at];
    if (node->field != NONE)
        spec->order[n++] = node->field;
    node->below = n;
    if (node->leaves != NONE)
        spec->order[n++] = node->leaves;
    for (int i = node->member; i != NONE; i = spec->nodes[i].sibling)
        n = order_fields(spec, i, n);
    if (node->element != NONE)
        n = order_fields(spec, node->element, n);
    node->end = n;
    return n;
}

/* A path has at most one node for each two of its characters, and one more. */
static size_t nodes_needed(const char *const paths[], size_t n)
{
    size_t nodes = 1;
    for (size_t i = 0; i < n; i++)
        nodes += strlen(paths[i]) / 2 + 1;
    return nodes;
}

struct json_spec *json_spec_new(const char *const paths[], size_t n)
{
    struct json_spec *spec = calloc(1, sizeof(*spec));
    if (!spec)
        goto failed;
    spec->n_fields = n;
    spec->nodes = calloc(nodes_needed(paths, n), sizeof(*spec->nodes));
    spec->order = calloc(n + 1, sizeof(*spec->order));
    if (!spec->nodes || !spec->order)
        goto failed;
    node_add(spec);
    for (size_t i = 0; i < n; i++)
        if (!path_add(spec, paths[i], (int)i))
            goto failed;
    order_fields(spec, ROOT, 0);
    return spec;
failed:
    json_spec_free(spec);
    return NULL;
}

void json_spec_free(struct json_spec *spec)
{
    if (!spec)
        return;
    free(spec->nodes);
    free(spec->order);
    free(spec);
}

/* ---- the text -------------------------------------------------------------------------------------------
 */

/* For callbacks: stops the reading. */
static int stop(struct json_reader *r, const char *problem)
{
    r->problem = problem;
    return 0;
}

/* Of half a surrogate pair yajl makes bytes that are not UTF-8. */
static void repair(char *text, size_t len)
{
    for (size_t bad = 0; !text_is_utf8(text, len, &bad);) {
        text[bad] = '?';
        text += bad;
        len -= bad;
    }
}

/*
 * Copies a text, terminated. The arena has the room of the whole JSON text, and there a string has two quotes
 * and a number something that ends it: no copy is longer than its original.
 */
static const char *keep(struct json_reader *r, const void *text, size_t len)
{
    if (len >= r->arena_size - r->arena_used)
        abort();
    char *copy = r->arena + r->arena_used;
    memcpy(copy, text, len);
    copy[len] = '\0';
    r->arena_used += len + 1;
    repair(copy, len);
    return copy;
}

/* Where the next value goes, NONE if nobody wants it. */
static int next_node(const struct json_reader *r)
{
    return r->depth > 0 ? r->frames[r->depth - 1].next : ROOT;
}

/* The "**" that wants the next value's leaves: the node's own, or one around it. */
static int next_leaves(const struct json_reader *r, int node)
{
    if (node != NONE && r->spec->nodes[node].leaves != NONE)
        return r->spec->nodes[node].leaves;
    return r->depth > 0 ? r->frames[r->depth - 1].leaves : NONE;
}

static const char *next_name(const struct json_reader *r)
{
    return r->depth > 0 ? r->frames[r->depth - 1].name : "";
}

static void forget_below(struct json_reader *r, const struct node *node)
{
    for (int i = node->below; i < node->end; i++)
        r->values[r->spec->order[i]] = absent;
}

/* A value has come, or begun: what an earlier one of the same name brought is void. */
static void put(struct json_reader *r, int at, struct json_value value)
{
    if (at == NONE)
        return;
    const struct node *node = &r->spec->nodes[at];
    forget_below(r, node);
    if (node->field != NONE)
        r->values[node->field] = value;
}

/* A value is complete. */
static void complete(struct json_reader *r, int at)
{
    if (at == NONE || !r->each)
        return;
    const struct node *node = &r->spec->nodes[at];
    if (!node->is_element || node->field == NONE)
        return;
    r->each(r->context, node->field, r->values);
    r->values[node->field] = absent;
    forget_below(r, node);
}

static void leaf(struct json_reader *r, int field, struct json_value value)
{
    if (field == NONE)
        return;
    value.name = next_name(r);
    r->values[field] = value;
    if (r->each)
        r->each(r->context, field, r->values);
}

static int on_scalar(struct json_reader *r, enum json_kind kind, const void *text, size_t len)
{
    if (r->depth == 0)
        return stop(r, "neither an object nor a list");
    const int node = next_node(r);
    const int leaves = next_leaves(r, node);
    const bool wanted = leaves != NONE || (node != NONE && r->spec->nodes[node].field != NONE);
    struct json_value value = absent;
    value.kind = kind;
    if (text && wanted) {
        if (memchr(text, '\0', len))
            return stop(r, "NUL in a string");
        value.text = keep(r, text, len);
        value.len = len;
    }
    put(r, node, value);
    leaf(r, leaves, value);
    complete(r, node);
    return 1;
}

static int on_null(void *context)
{
    return on_scalar(context, JSON_NULL, NULL, 0);
}

static int on_boolean(void *context, int value)
{
    return on_scalar(context, value ? JSON_TRUE : JSON_FALSE, NULL, 0);
}

static int on_number(void *context, const char *digits, size_t len)
{
    return on_scalar(context, JSON_NUMBER, digits, len);
}

static int on_string(void *context, const unsigned char *text, size_t len)
{
    return on_scalar(context, JSON_STRING, text, len);
}

static int on_begin(struct json_reader *r, enum json_kind kind)
{
    if (r->depth == DEPTH_MAX)
        return stop(r, "nested deeper than 64");
    const int node = next_node(r);
    const bool is_array = kind == JSON_ARRAY;
    if (r->depth == 0 && is_array && r->spec->nodes[ROOT].element == NONE)
        return stop(r, "a list instead of an object");
    struct json_value value = absent;
    value.kind = kind;
    put(r, node, value);
    const struct frame frame = {
        .node = node,
        .next = is_array && node != NONE ? r->spec->nodes[node].element : NONE,
        .leaves = next_leaves(r, node),
        .name = next_name(r),
    };
    r->frames[r->depth++] = frame;
    return 1;
}

static int on_begin_object(void *context)
{
    return on_begin(context, JSON_OBJECT);
}

static int on_begin_array(void *context)
{
    return on_begin(context, JSON_ARRAY);
}

static int on_name(void *context, const unsigned char *name, size_t len)
{
    struct json_reader *r = context;
    struct frame *frame = &r->frames[r->depth - 1];
    frame->next = frame->node == NONE ? NONE : find_member(r->spec, frame->node, (const char *)name, len);
    if (next_leaves(r, frame->next) == NONE)
        return 1;
    if (memchr(name, '\0', len))
        return stop(r, "NUL in a string");
    frame->name = keep(r, name, len);
    return 1;
}

static int on_end(void *context)
{
    struct json_reader *r = context;
    r->depth--;
    complete(r, r->frames[r->depth].node);
    return 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_begin_object,
    .yajl_map_key = on_name,
    .yajl_end_map = on_end,
    .yajl_start_array = on_begin_array,
    .yajl_end_array = on_end,
};

struct json_reader *json_reader_new(void)
{
    return calloc(1, sizeof(struct json_reader));
}

void json_reader_free(struct json_reader *reader)
{
    if (!reader)
        return;
    free(reader->values);
    free(reader->arena);
    free(reader);
}

void json_reader_wipe(struct json_reader *reader)
{
    if (reader->arena)
        explicit_bzero(reader->arena, reader->arena_size);
}

/* Memory for a text of `len` bytes and its values, kept from the last text where that is enough. */
static bool reader_prepare(struct json_reader *r, const struct json_spec *spec, size_t len)
{
    if (r->n_values < spec->n_fields + 1) {
        free(r->values);
        r->values = calloc(spec->n_fields + 1, sizeof(*r->values));
        r->n_values = r->values ? spec->n_fields + 1 : 0;
    }
    if (r->arena_size < len + 1) {
        free(r->arena);
        r->arena = malloc(len + 1);
        r->arena_size = r->arena ? len + 1 : 0;
    }
    if (!r->values || !r->arena)
        return false;
    for (size_t i = 0; i < spec->n_fields; i++)
        r->values[i] = absent;
    r->spec = spec;
    r->arena_used = 0;
    r->depth = 0;
    r->problem = NULL;
    return true;
}

static void describe(yajl_handle yajl, const struct json_reader *r, size_t at, char *error, size_t error_size)
{
    if (r->problem) {
        snprintf(error, error_size, "%s at byte %zu", r->problem, at);
        return;
    }
    unsigned char *why = yajl_get_error(yajl, 0, NULL, 0);
    const int len = why ? (int)strcspn((const char *)why, "\n") : 0;
    snprintf(error, error_size, "not JSON at byte %zu: %.*s", at, len, why ? (const char *)why : "");
    yajl_free_error(yajl, why);
}

/* For yajl, which copies strings with escapes in them: any may be a secret. */
static void *allocate(void *context, size_t size)
{
    (void)context;
    return malloc(size);
}

static void *reallocate(void *context, void *memory, size_t size)
{
    (void)context;
    return wipe_realloc(memory, size);
}

static void release(void *context, void *memory)
{
    (void)context;
    wipe_free(memory);
}

static bool parse(struct json_reader *r, const char *text, size_t len, char *error, size_t error_size)
{
    yajl_alloc_funcs memory = {.malloc = allocate, .realloc = reallocate, .free = release};
    yajl_handle yajl = yajl_alloc(&callbacks, &memory, r);
    if (!yajl) {
        snprintf(error, error_size, "out of memory");
        return false;
    }
    yajl_config(yajl, yajl_dont_validate_strings, 1); /* done already, and more strictly */
    size_t at = len;
    yajl_status status = yajl_parse(yajl, (const unsigned char *)text, len);
    if (status != yajl_status_ok)
        at = yajl_get_bytes_consumed(yajl);
    else
        status = yajl_complete_parse(yajl);
    if (status != yajl_status_ok)
        describe(yajl, r, at, error, error_size);
    yajl_free(yajl);
    return status == yajl_status_ok;
}

const struct json_value *json_fields_read(struct json_reader *reader, const struct json_spec *spec,
                                          const char *text, size_t len, json_each *each, void *context,
                                          char *error, size_t error_size)
{
    size_t bad = 0;
    if (!text_is_utf8(text, len, &bad)) {
        snprintf(error, error_size, "not UTF-8 at byte %zu", bad);
        return NULL;
    }
    if (!reader_prepare(reader, spec, len)) {
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    reader->each = each;
    reader->context = context;
    return parse(reader, text, len, error, error_size) ? reader->values : NULL;
}

bool json_to_i64(const struct json_value *value, int64_t *out)
{
    if (value->kind != JSON_STRING && value->kind != JSON_NUMBER)
        return false;
    return text_to_i64(value->text, value->len, out);
}
