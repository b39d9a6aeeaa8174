/* Makes the database DIRECTORY/COUNT.db of so many open emergencies: make_base DIRECTORY COUNT… */
#include "tests/bench/base.h"

#include <stdlib.h>

int main(int argc, char *argv[])
{
    static struct base base;
    demand(argc > 2, "usage: make_base DIRECTORY COUNT…");
    for (int i = 2; i < argc; i++) {
        base_make(&base, argv[1], strtoll(argv[i], NULL, 10));
        base_close(&base);
    }
    return EXIT_SUCCESS;
}
