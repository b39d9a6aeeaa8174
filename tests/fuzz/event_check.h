#ifndef EMERGENCYD_FUZZ_EVENT_CHECK_H
#define EMERGENCYD_FUZZ_EVENT_CHECK_H
/*
 * What holds for every event, whatever bytes it was made of.
 */
#include "lib/event.h"

/* Its texts end and are UTF-8, its numbers are values of their kinds, and the journal gives it back as it
 * was. */
void event_check(const struct event *event);

/* Both mean the same. */
bool event_equal(const struct event *one, const struct event *other);

#endif
