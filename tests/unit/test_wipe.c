/*
 * wipe: behaves as the functions that it stands in for. That nothing is left behind, only the whole program's
 * tests can show.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/wipe.h"
#include "tests/unit/suites.h"

START_TEST(what_grows_keeps_what_it_holds)
{
    char *memory = wipe_realloc(NULL, 8);
    ck_assert_ptr_nonnull(memory);
    memcpy(memory, "1234567", 8);
    for (size_t size = 8; size < 100000; size *= 3) {
        memory = wipe_realloc(memory, size);
        ck_assert_ptr_nonnull(memory);
        ck_assert_str_eq(memory, "1234567");
        memory[size - 1] = '\0'; /* is ours */
    }
    memory = wipe_realloc(memory, 8);
    ck_assert_str_eq(memory, "1234567");
    wipe_free(memory);
    wipe_free(NULL);
}
END_TEST

START_TEST(two_texts_become_one)
{
    char *joined = wipe_join("Authorization: ", "secret");
    ck_assert_str_eq(joined, "Authorization: secret");
    wipe_free(joined);
    joined = wipe_join("", "");
    ck_assert_str_eq(joined, "");
    wipe_free(joined);
}
END_TEST

Suite *wipe_suite(void)
{
    Suite *suite = suite_create("wipe");
    TCase *tests = tcase_create("wipe");
    tcase_add_test(tests, what_grows_keeps_what_it_holds);
    tcase_add_test(tests, two_texts_become_one);
    suite_add_tcase(suite, tests);
    return suite;
}
