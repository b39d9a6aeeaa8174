#ifndef EMERGENCYD_SUITES_H
#define EMERGENCYD_SUITES_H
/*
 * Declares NAME_suite() of every tests/unit/test_NAME.c. The build writes the list, unit_suites.inc, from the
 * files that are there: to add a suite, add its file.
 */

#include <check.h>

#define SUITE(name) Suite *name##_suite(void);
#include "unit_suites.inc"
#undef SUITE

#endif
