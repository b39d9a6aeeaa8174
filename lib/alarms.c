/*
 * Alarms by row id. Ids grow for ever and those with an alarm are mostly recent, so timers are kept in pages
 * of 64 neighbouring ids of a kind, found through a hash table and freed when their last alarm is gone.
 *
 * Out of memory is returned to the caller, who decides. A row id below 1 or an unknown kind is a broken
 * contract.
 */
#include "lib/alarms.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_TIMERS    64
#define TABLE_BITS_MIN 4

struct alarm_page {
    unsigned armed; /* how many; never 0 between calls */
    struct timer timers[PAGE_TIMERS];
};

/* The key, a timer's id, carries row and kind (one bit); the number of a page the upper bits of the row, and
 * the kind.
 */
static uint64_t timer_key(enum alarm_kind kind, int64_t id)
{
    assert(id > 0 && (unsigned)kind <= 1);
    return (uint64_t)id << 1 | (uint64_t)kind;
}

static uint64_t page_number(uint64_t key)
{
    return (key >> 1) / PAGE_TIMERS << 1 | (key & 1);
}

static size_t page_offset(uint64_t key)
{
    return (key >> 1) % PAGE_TIMERS;
}

void alarms_init(struct alarms *a, int64_t now_ms)
{
    memset(a, 0, sizeof(*a));
    wheel_init(&a->wheel, now_ms);
}

void alarms_free(struct alarms *a)
{
    size_t size = a->table ? (size_t)1 << a->table_bits : 0;
    for (size_t i = 0; i < size; i++)
        free(a->table[i].page);
    free(a->table);
    memset(a, 0, sizeof(*a));
}

/* Where in a table of 2^bits entries the search for a page begins. (2^64 / golden ratio spreads neighbours.)
 */
static size_t home_of(uint64_t number, unsigned bits)
{
    return (size_t)(number * UINT64_C(0x9E3779B97F4A7C15) >> (64 - bits));
}

/* The entry of a page, or the vacant one where it belongs. The table has a vacant entry always. */
static size_t seek(const struct alarm_entry *table, unsigned bits, uint64_t number)
{
    size_t mask = ((size_t)1 << bits) - 1;
    size_t i = home_of(number, bits);
    while (table[i].page && table[i].number != number)
        i = (i + 1) & mask;
    return i;
}

static struct alarm_page *find_page(const struct alarms *a, uint64_t number)
{
    return a->table ? a->table[seek(a->table, a->table_bits, number)].page : NULL;
}

static bool grow_table(struct alarms *a)
{
    unsigned bits = a->table ? a->table_bits + 1 : TABLE_BITS_MIN;
    size_t old_size = a->table ? (size_t)1 << a->table_bits : 0;
    struct alarm_entry *table = calloc((size_t)1 << bits, sizeof(*table));
    if (!table)
        return false;
    for (size_t i = 0; i < old_size; i++) {
        if (a->table[i].page)
            table[seek(table, bits, a->table[i].number)] = a->table[i];
    }
    free(a->table);
    a->table = table;
    a->table_bits = bits;
    return true;
}

static struct alarm_page *add_page(struct alarms *a, uint64_t number)
{
    bool full = !a->table || a->page_count >= (size_t)1 << a->table_bits >> 1;
    if (full && !grow_table(a))
        return NULL;
    struct alarm_page *page = calloc(1, sizeof(*page));
    if (!page)
        return NULL;
    a->table[seek(a->table, a->table_bits, number)] = (struct alarm_entry){number, page};
    a->page_count++;
    return page;
}

/* Entries behind the hole move up where their search would otherwise end at it. */
static void remove_page(struct alarms *a, uint64_t number)
{
    size_t mask = ((size_t)1 << a->table_bits) - 1;
    size_t hole = seek(a->table, a->table_bits, number);
    free(a->table[hole].page);
    for (size_t i = (hole + 1) & mask; a->table[i].page; i = (i + 1) & mask) {
        size_t home = home_of(a->table[i].number, a->table_bits);
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            a->table[hole] = a->table[i];
            hole = i;
        }
    }
    a->table[hole].page = NULL;
    a->page_count--;
}

/* The page that a timer is part of. */
static struct alarm_page *page_of(struct timer *t)
{
    struct timer *first = t - page_offset(t->id);
    return (struct alarm_page *)(void *)((char *)first - offsetof(struct alarm_page, timers));
}

static void drop_timer(struct alarms *a, struct alarm_page *page, uint64_t number)
{
    page->armed--;
    if (page->armed == 0)
        remove_page(a, number);
}

bool alarms_set(struct alarms *a, enum alarm_kind kind, int64_t id, int64_t due_ms)
{
    uint64_t key = timer_key(kind, id);
    struct alarm_page *page = find_page(a, page_number(key));
    if (!page)
        page = add_page(a, page_number(key));
    if (!page)
        return false;
    struct timer *t = &page->timers[page_offset(key)];
    if (!timer_armed(t)) {
        timer_init(t, key);
        page->armed++;
    }
    wheel_add(&a->wheel, t, due_ms);
    return true;
}

void alarms_clear(struct alarms *a, enum alarm_kind kind, int64_t id)
{
    uint64_t key = timer_key(kind, id);
    struct alarm_page *page = find_page(a, page_number(key));
    if (!page || !timer_armed(&page->timers[page_offset(key)]))
        return;
    wheel_cancel(&a->wheel, &page->timers[page_offset(key)]);
    drop_timer(a, page, page_number(key));
}

void alarms_advance(struct alarms *a, int64_t now_ms)
{
    wheel_advance(&a->wheel, now_ms);
}

bool alarms_pop(struct alarms *a, enum alarm_kind *kind, int64_t *id, int64_t *due_ms)
{
    struct timer *t = wheel_pop(&a->wheel);
    if (!t)
        return false;
    uint64_t key = t->id;
    *kind = (enum alarm_kind)(key & 1);
    *id = (int64_t)(key >> 1);
    *due_ms = t->due_ms;
    drop_timer(a, page_of(t), page_number(key));
    return true;
}

bool alarms_next(const struct alarms *a, int64_t *wake_ms)
{
    return wheel_next(&a->wheel, wake_ms);
}
