#ifndef EMERGENCYD_ADMIN_COMMAND_H
#define EMERGENCYD_ADMIN_COMMAND_H
/*
 * A person's words, from the body of their request into a delivery for the ledger. Whether the state of the
 * emergency allows it is not asked here. Pure; for every thread.
 */
#include "lib/delivery.h"

/*
 * Fills DELIVERY, which must be zeroed, with COMMAND for EMERGENCY from the JSON object BODY, given at
 * NOW_MS: "by" (required), and the command's own argument; others are ignored. False: delivery->status is
 * 400 and delivery->error says what was wrong.
 */
bool admin_command_read(enum command command, int64_t emergency, const char *body, size_t length,
                        int64_t now_ms, struct delivery *delivery) MUST_CHECK;

/* The same for the wish to send a parked call again: only "by". */
bool admin_command_read_retry(int64_t action, const char *body, size_t length, int64_t now_ms,
                              struct delivery *delivery) MUST_CHECK;

#endif
