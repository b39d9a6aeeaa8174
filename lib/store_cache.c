/*
 * The emergencies that were read or written last, as the database has them: a webhook for one of them reads
 * no row, and writes of it only what is different. Each has one place, by its id; whoever comes later takes
 * it.
 */
#include <stdlib.h>

#include "lib/store_internal.h"

#define PLACES 2048 /* 6 KB each, when used */

static struct known_emergency **place_of(const struct store *store, int64_t id)
{
    return &store->known[(uint64_t)id % PLACES];
}

bool store_cache_init(struct store *store)
{
    store->known = calloc(PLACES, sizeof(struct known_emergency *));
    return store->known;
}

void store_cache_free(struct store *store)
{
    store_forget_all(store);
    free(store->known);
    store->known = NULL;
}

const struct known_emergency *store_known(const struct store *store, int64_t id)
{
    const struct known_emergency *known = store->known ? *place_of(store, id) : NULL;
    return known && known->e.id == id ? known : NULL;
}

void store_know(struct store *store, const struct emergency *e, int64_t wake_ms, int64_t last_event)
{
    if (!store->known)
        return;
    struct known_emergency **place = place_of(store, e->id);
    if (!*place)
        *place = malloc(sizeof **place); /* without memory it is read again */
    if (*place)
        **place = (struct known_emergency){.e = *e, .wake_ms = wake_ms, .last_event = last_event};
}

void store_forget(struct store *store, int64_t id)
{
    if (!store_known(store, id))
        return;
    struct known_emergency **place = place_of(store, id);
    free(*place);
    *place = NULL;
}

void store_forget_all(struct store *store)
{
    store->last_number = 0;
    store->unwritten = (struct chain_end){0};
    for (size_t i = 0; store->known && i < PLACES; i++) {
        free(store->known[i]);
        store->known[i] = NULL;
    }
}
