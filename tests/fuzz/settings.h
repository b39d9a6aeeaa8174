#ifndef EMERGENCYD_FUZZ_SETTINGS_H
#define EMERGENCYD_FUZZ_SETTINGS_H
/*
 * Settings for the targets: every service, products, hours. Made at the first call and kept until the end.
 */
#include "lib/config.h"

#define SETTINGS_SECRET        "first secret"
#define SETTINGS_SECOND_SECRET "second secret"

const struct config *settings(void);

#endif
