/*
 * Runs all unit tests. Check's own variables choose and help: CK_RUN_SUITE=name, CK_VERBOSITY=verbose,
 * CK_FORK=no for a debugger.
 */

#include "tests/unit/suites.h"

#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(NULL);
    int failed;

#define SUITE(name) srunner_add_suite(runner, name##_suite());
#include "unit_suites.inc"
#undef SUITE
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
