/*
 * Chance, time and texts of the simulation. See simulation.h.
 */
#include "tests/simulation/simulation.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* --- chance (splitmix64) --- */

struct rng rng_of(uint64_t seed, uint64_t stream)
{
    struct rng rng = {seed * UINT64_C(0x9E3779B97F4A7C15) + stream * UINT64_C(0xD1B54A32D192ED03)};
    (void)rng_next(&rng);
    return rng;
}

uint64_t rng_next(struct rng *rng)
{
    uint64_t x = rng->state += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

int64_t rng_between(struct rng *rng, int64_t low, int64_t high)
{
    return low + (int64_t)(rng_next(rng) % (uint64_t)(high - low + 1));
}

bool rng_chance(struct rng *rng, int per_mille)
{
    return rng_between(rng, 0, 999) < per_mille;
}

/* --- memory --- */

void *must_alloc(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (!memory)
        abort();
    return memory;
}

/* Doubles at powers of two, so COUNT alone tells the room. */
void *must_grow(void *items, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0)
        return items;
    void *grown = reallocarray(items, count ? 2 * count : 1, size);
    if (!grown)
        abort();
    return grown;
}

/* --- texts --- */

static void reserve(struct text *text, size_t more)
{
    if (text->length + more + 1 <= text->room)
        return;
    text->room = 2 * (text->length + more + 1);
    text->bytes = realloc(text->bytes, text->room);
    if (!text->bytes)
        abort();
}

static void add_formatted(struct text *text, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    reserve(text, 256);
    int length = vsnprintf(text->bytes + text->length, text->room - text->length, format, arguments);
    if ((size_t)length >= text->room - text->length) {
        reserve(text, (size_t)length);
        length = vsnprintf(text->bytes + text->length, text->room - text->length, format, again);
    }
    va_end(again);
    text->length += (size_t)length;
}

void text_add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_formatted(text, format, arguments);
    va_end(arguments);
}

void text_add_quoted(struct text *text, const char *format, ...)
{
    size_t before = text->length;
    va_list arguments;
    va_start(arguments, format);
    add_formatted(text, format, arguments);
    va_end(arguments);
    for (char *at = text->bytes + before; *at; at++)
        if (*at == '\'')
            *at = '"';
}

void text_add_byte(struct text *text, char byte)
{
    reserve(text, 1);
    text->bytes[text->length++] = byte;
    text->bytes[text->length] = '\0';
}

void text_add_json(struct text *text, const char *string)
{
    text_add(text, "\"");
    for (; *string; string++) {
        unsigned char c = (unsigned char)*string;
        if (c == '"' || c == '\\') {
            text_add(text, "\\%c", c);
        } else if (c < 0x20) {
            text_add(text, "\\u%04x", c);
        } else {
            text_add_byte(text, *string);
        }
    }
    text_add(text, "\"");
}

/* --- time --- */

static bool is_before(const struct task *a, const struct task *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void swap(struct task *a, struct task *b)
{
    struct task kept = *a;
    *a = *b;
    *b = kept;
}

void sim_at(struct sim *sim, int64_t at_ms, task_fn *run, void *subject)
{
    struct agenda *agenda = &sim->agenda;
    agenda->tasks = must_grow(agenda->tasks, agenda->count, sizeof *agenda->tasks);
    size_t place = agenda->count++;
    agenda->tasks[place] =
        (struct task){at_ms > sim->now_ms ? at_ms : sim->now_ms, ++agenda->last_order, run, subject};
    for (; place > 0 && is_before(&agenda->tasks[place], &agenda->tasks[(place - 1) / 2]);
         place = (place - 1) / 2)
        swap(&agenda->tasks[place], &agenda->tasks[(place - 1) / 2]);
}

void sim_after(struct sim *sim, int64_t delay_ms, task_fn *run, void *subject)
{
    sim_at(sim, sim->now_ms + delay_ms, run, subject);
}

static struct task take_first(struct agenda *agenda)
{
    struct task first = agenda->tasks[0];
    agenda->tasks[0] = agenda->tasks[--agenda->count];
    for (size_t place = 0;;) {
        size_t least = place;
        for (size_t child = 2 * place + 1; child <= 2 * place + 2 && child < agenda->count; child++)
            if (is_before(&agenda->tasks[child], &agenda->tasks[least]))
                least = child;
        if (least == place)
            return first;
        swap(&agenda->tasks[place], &agenda->tasks[least]);
        place = least;
    }
}

void sim_run(struct sim *sim, int64_t until_ms)
{
    struct agenda *agenda = &sim->agenda;
    while (agenda->count > 0 && agenda->tasks[0].at_ms <= until_ms && !sim->violation[0]) {
        struct task task = take_first(agenda);
        sim->now_ms = task.at_ms;
        sim->events++;
        task.run(sim, task.subject);
    }
    if (!sim->violation[0])
        sim->now_ms = until_ms;
}

void agenda_free(struct agenda *agenda)
{
    free(agenda->tasks);
    *agenda = (struct agenda){0};
}
