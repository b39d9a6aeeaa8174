#ifndef EMERGENCYD_MESSAGES_H
#define EMERGENCYD_MESSAGES_H
/*
 * The texts that customers and engineers read, as support people would write them. Pure; for every thread.
 * Each writes into OUT of SIZE bytes, cut if it is too small.
 */
#include "lib/emergency.h"

void messages_first_contact(const struct emergency *e, char *out, size_t size);
/* The four points: the call we offer; other arrangements; closed and HIGH after the second period; a new
 * request is welcome. */
void messages_follow_up(const struct emergency *e, const struct policy *policy, char *out, size_t size);
void messages_downgrade(const struct emergency *e, const struct policy *policy, char *out, size_t size);
void messages_page_title(const struct emergency *e, char *out, size_t size);

#endif
