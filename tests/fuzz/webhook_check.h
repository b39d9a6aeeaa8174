#ifndef EMERGENCYD_FUZZ_WEBHOOK_CHECK_H
#define EMERGENCYD_FUZZ_WEBHOOK_CHECK_H
/*
 * A service's reader of webhooks, under any body.
 */
#include "lib/services/service.h"

#include <stdint.h>

/*
 * Lets SERVICE read the bytes, signed or not, and checks what comes of them. Bytes that begin with '#' are,
 * up to the end of that line, what the header says that names the delivery; behind it is the body.
 */
void webhook_check(const struct service *service, const uint8_t *data, size_t size);

#endif
