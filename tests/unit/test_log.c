/*
 * log: an event is one line whatever its text, a storm of one id is counted instead of written, and the
 * journal gets fields to search by. The journal itself is played by this file.
 */

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "lib/log.h"
#include "tests/unit/suites.h"

#define NOON_MS INT64_C(1795435200000)
#define NOON    "2026-11-23T12:00:00.000Z "
#define MINUTE  60000

static int64_t now_ms;
static char journal[8192]; /* the fields of the last event, a line each */
static int journal_result;

static FILE *stream;
static char *text;
static size_t text_len;

static int64_t test_clock(void)
{
    errno = EIO; /* as any call may do */
    return now_ms;
}

/* Taken instead of libsystemd's. */
int sd_journal_sendv(const struct iovec *fields, int n)
{
    size_t used = 0;
    for (int i = 0; i < n; i++) {
        memcpy(journal + used, fields[i].iov_base, fields[i].iov_len);
        used += fields[i].iov_len;
        journal[used++] = '\n';
    }
    journal[used] = '\0';
    return journal_result;
}

static void begin(void)
{
    now_ms = NOON_MS;
    journal[0] = '\0';
    journal_result = 0;
    text = NULL;
    stream = open_memstream(&text, &text_len);
    ck_assert_ptr_nonnull(stream);
}

static void end(void)
{
    fclose(stream);
    free(text);
}

static struct log *new_log(enum log_target target, enum log_level level)
{
    struct log *log = log_open(stream, target, level, test_clock);
    ck_assert_ptr_nonnull(log);
    return log;
}

/* What was written since the last call; valid until the next line. */
static const char *written(void)
{
    fflush(stream);
    rewind(stream);
    return text;
}

static size_t count(const char *in, const char *what)
{
    size_t n = 0;
    for (; (in = strstr(in, what)); in += strlen(what))
        n++;
    return n;
}

static void warn(struct log *log, const char *id, int times)
{
    for (int i = 0; i < times; i++)
        log_event(log, LOG_LEVEL_WARNING, id, 0, 0, "number %d", i);
}

START_TEST(an_event_is_a_line_with_its_numbers_first)
{
    struct log *log = new_log(LOG_TARGET_STREAM, LOG_LEVEL_DEBUG);
    log_event(log, LOG_LEVEL_INFO, "CALL-DONE", 7, 4711, "%s accepted", "follow-up");
    now_ms += 1234;
    log_event(log, LOG_LEVEL_ERROR, "STORE-FULL", 0, 0, "no space");
    log_event(log, LOG_LEVEL_WARNING, "A", 8, 0, "x");
    log_event(log, LOG_LEVEL_DEBUG, "B", 0, 9, "y");
    log_close(log);
    ck_assert_str_eq(written(), NOON "INFO  E7 T4711 CALL-DONE follow-up accepted\n"
                                     "2026-11-23T12:00:01.234Z ERROR STORE-FULL no space\n"
                                     "2026-11-23T12:00:01.234Z WARN  E8 A x\n"
                                     "2026-11-23T12:00:01.234Z DEBUG T9 B y\n");
}
END_TEST

START_TEST(events_below_the_level_are_not_written)
{
    struct log *log = new_log(LOG_TARGET_STREAM, LOG_LEVEL_WARNING);
    log_event(log, LOG_LEVEL_INFO, "INFO", 0, 0, "x");
    log_event(log, LOG_LEVEL_DEBUG, "DEBUG", 0, 0, "x");
    log_event(log, LOG_LEVEL_WARNING, "WARNING", 0, 0, "x");
    log_event(log, LOG_LEVEL_ERROR, "ERROR", 0, 0, "x");
    log_close(log);
    ck_assert_uint_eq(count(written(), "\n"), 2);
}
END_TEST

START_TEST(foreign_text_cannot_forge_a_line_or_move_the_cursor)
{
    struct log *log = new_log(LOG_TARGET_STREAM, LOG_LEVEL_INFO);
    log_event(log, LOG_LEVEL_INFO, "A", 0, 0, "%s", "x\n" NOON "ERROR forged\r\t\x1b[2J\x7f\x01");
    log_event(log, LOG_LEVEL_INFO, "B", 0, 0, "%s",
              "\xC2\x9B|\u00a0\u00e9\u20ac\U0001F600|\xFF\xC3(\xED\xA0\x80");
    log_close(log);
    ck_assert_str_eq(written(),
                     NOON "INFO  A x\\n" NOON "ERROR forged\\r\\t\\x1b[2J\\x7f\\x01\n" NOON
                          "INFO  B \\xc2\\x9b|\u00a0\u00e9\u20ac\U0001F600|\\xff\\xc3(\\xed\\xa0\\x80\n");
}
END_TEST

START_TEST(a_long_text_is_cut)
{
    char longer[10000];
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    struct log *log = new_log(LOG_TARGET_STREAM, LOG_LEVEL_INFO);
    log_event(log, LOG_LEVEL_INFO, "LONG", 0, 0, "%s", longer);
    memset(longer, '\x1b', sizeof(longer) - 1);
    log_event(log, LOG_LEVEL_INFO, "ESCAPED", 0, 0, "%s", longer);
    log_close(log);
    ck_assert_uint_eq(count(written(), "\n"), 2);
    ck_assert_uint_gt(count(text, "x"), 2000);
    ck_assert_uint_lt(strlen(text), 4300);
}
END_TEST

START_TEST(a_storm_of_one_id_is_counted_and_the_count_written_after_its_minute)
{
    struct log *log = new_log(LOG_TARGET_STREAM, LOG_LEVEL_INFO);
    warn(log, "STORM", LOG_LINES_A_MINUTE + 5);
    warn(log, "OTHER", 1);
    now_ms += MINUTE - 1;
    warn(log, "STORM", 1);
    ck_assert_uint_eq(count(written(), "STORM number"), LOG_LINES_A_MINUTE);
    ck_assert_uint_eq(count(text, "OTHER number"), 1);
    ck_assert_uint_eq(count(text, "repeated"), 0);

    now_ms += 1;
    log_event(log, LOG_LEVEL_INFO, "CALM", 0, 0, "x");
    ck_assert_ptr_nonnull(
        strstr(written(), "WARN  STORM repeated 6 times more\n2026-11-23T12:01:00.000Z INFO  CALM"));
    ck_assert_uint_eq(count(text, "repeated"), 1);

    warn(log, "STORM", LOG_LINES_A_MINUTE);
    ck_assert_uint_eq(count(written(), "STORM number"), LOG_LINES_A_MINUTE);
    log_close(log);
}
END_TEST

START_TEST(levels_of_one_id_are_counted_apart_and_infos_not_at_all)
{
    struct log *log = new_log(LOG_TARGET_STREAM, LOG_LEVEL_INFO);
    warn(log, "SAME", LOG_LINES_A_MINUTE + 1);
    log_event(log, LOG_LEVEL_ERROR, "SAME", 0, 0, "worse");
    for (int i = 0; i < 3 * LOG_LINES_A_MINUTE; i++)
        log_event(log, LOG_LEVEL_INFO, "SAME", 0, 0, "fine");
    ck_assert_uint_eq(count(written(), "worse"), 1);
    ck_assert_uint_eq(count(text, "fine"), 3 * LOG_LINES_A_MINUTE);
    log_close(log);
}
END_TEST

START_TEST(the_counts_still_owed_are_written_at_the_end)
{
    struct log *log = new_log(LOG_TARGET_STREAM, LOG_LEVEL_INFO);
    warn(log, "STORM", LOG_LINES_A_MINUTE + 2);
    log_close(log);
    ck_assert_uint_eq(count(written(), "STORM repeated 2 times more\n"), 1);
    log_close(NULL);
}
END_TEST

START_TEST(a_clock_set_back_silences_nothing)
{
    struct log *log = new_log(LOG_TARGET_STREAM, LOG_LEVEL_INFO);
    warn(log, "STORM", LOG_LINES_A_MINUTE + 1);
    now_ms -= 3600000;
    warn(log, "STORM", 1);
    ck_assert_uint_eq(count(written(), "STORM number"), LOG_LINES_A_MINUTE + 1);
    ck_assert_uint_eq(count(text, "STORM repeated 1 times more\n"), 1);
    log_close(log);
}
END_TEST

START_TEST(more_ids_than_places_lose_no_line_and_no_count)
{
    static char ids[200][8];
    struct log *log = new_log(LOG_TARGET_STREAM, LOG_LEVEL_INFO);
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        snprintf(ids[i], sizeof(ids[i]), "ID-%zu", i);
        warn(log, ids[i], LOG_LINES_A_MINUTE + 1);
        now_ms++;
    }
    log_close(log);
    ck_assert_uint_eq(count(written(), "number"), COUNT_OF(ids) * LOG_LINES_A_MINUTE);
    ck_assert_uint_eq(count(text, "repeated 1 times more"), COUNT_OF(ids));
}
END_TEST

START_TEST(the_journal_gets_fields)
{
    struct log *log = new_log(LOG_TARGET_JOURNAL, LOG_LEVEL_INFO);
    log_event(log, LOG_LEVEL_WARNING, "CALL-PARKED", 7, 4711, "%s", "a\nPRIORITY=0");
    ck_assert_str_eq(journal, "MESSAGE=E7 T4711 CALL-PARKED a\\nPRIORITY=0\nPRIORITY=4\nEVENT=CALL-PARKED\n"
                              "EMERGENCY=7\nTICKET=4711\n");
    log_event(log, LOG_LEVEL_ERROR, "STORE-FULL", 0, 0, "x");
    ck_assert_str_eq(journal, "MESSAGE=STORE-FULL x\nPRIORITY=3\nEVENT=STORE-FULL\n");
    log_event(log, LOG_LEVEL_INFO, "A", 0, 5, "x");
    ck_assert_str_eq(journal, "MESSAGE=T5 A x\nPRIORITY=6\nEVENT=A\nTICKET=5\n");
    log_close(log);
    ck_assert_uint_eq(strlen(written()), 0);
}
END_TEST

START_TEST(what_the_journal_refuses_goes_to_the_stream)
{
    struct log *log = new_log(LOG_TARGET_JOURNAL, LOG_LEVEL_INFO);
    journal_result = -ENOBUFS;
    log_event(log, LOG_LEVEL_INFO, "A", 0, 0, "x");
    log_close(log);
    ck_assert_str_eq(written(), NOON "INFO  A x\n");
}
END_TEST

START_TEST(held_lines_wait_for_the_release_or_for_something_worse)
{
    struct log *log = new_log(LOG_TARGET_STREAM, LOG_LEVEL_INFO);
    log_hold(log);
    log_event(log, LOG_LEVEL_INFO, "ONE", 0, 0, "first");
    ck_assert_str_eq(written(), "");
    log_event(log, LOG_LEVEL_WARNING, "TWO", 0, 0, "second");
    ck_assert_uint_eq(count(written(), "first"), 1);
    ck_assert_uint_eq(count(written(), "second"), 1);
    log_event(log, LOG_LEVEL_INFO, "ONE", 0, 0, "third");
    ck_assert_uint_eq(count(written(), "third"), 0);
    log_release(log);
    ck_assert_uint_eq(count(written(), "third"), 1);
    log_event(log, LOG_LEVEL_INFO, "ONE", 0, 0, "fourth");
    ck_assert_uint_eq(count(written(), "fourth"), 1);
    log_close(log);
}
END_TEST

START_TEST(more_than_can_wait_is_written_in_its_order)
{
    char long_text[2000];
    struct log *log = new_log(LOG_TARGET_STREAM, LOG_LEVEL_INFO);
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    log_hold(log);
    for (int i = 0; i < 20; i++)
        log_event(log, LOG_LEVEL_INFO, "LONG", i + 1, 0, "%s", long_text);
    log_release(log);
    const char *at = written();
    for (int i = 0; i < 20; i++) {
        char head[64];
        snprintf(head, sizeof head, NOON "INFO  E%d LONG x", i + 1);
        ck_assert_int_eq(strncmp(at, head, strlen(head)), 0);
        at = strchr(at, '\n');
        ck_assert_ptr_nonnull(at);
        at++;
    }
    ck_assert_str_eq(at, "");
    log_close(log);
}
END_TEST

START_TEST(errno_is_kept)
{
    struct log *log = new_log(LOG_TARGET_STREAM, LOG_LEVEL_INFO);
    errno = ENOSPC;
    log_event(log, LOG_LEVEL_INFO, "A", 0, 0, "\x1b");
    ck_assert_int_eq(errno, ENOSPC);
    log_close(log);
}
END_TEST

START_TEST(without_a_clock_of_the_caller_the_time_is_the_systems)
{
    struct log *log = log_open(stream, LOG_TARGET_STREAM, LOG_LEVEL_INFO, NULL);
    ck_assert_ptr_nonnull(log);
    log_event(log, LOG_LEVEL_INFO, "A", 0, 0, "x");
    log_close(log);
    ck_assert_int_eq(strncmp(written(), "20", 2), 0);
}
END_TEST

static void *write_many(void *log)
{
    for (int i = 0; i < 500; i++) {
        log_event(log, LOG_LEVEL_INFO, "THREAD", 1, 2, "%0100d", i);
        log_event(log, LOG_LEVEL_WARNING, "STORM", 0, 0, "x");
    }
    return NULL;
}

START_TEST(lines_of_several_threads_do_not_mix_and_all_are_counted)
{
    pthread_t threads[4];
    struct log *log = new_log(LOG_TARGET_STREAM, LOG_LEVEL_INFO);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_many, log), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    log_close(log);
    const char *line = written();
    size_t info = 0;
    for (; strncmp(line, NOON "WARN  STORM repeated", 45) != 0; line = strchr(line, '\n') + 1) {
        if (strncmp(line, NOON "WARN  STORM x\n", 39) == 0)
            continue;
        ck_assert_int_eq(strncmp(line, NOON "INFO  E1 T2 THREAD 0", 45), 0);
        ck_assert_uint_eq(strcspn(line, "\n"), strlen(NOON "INFO  E1 T2 THREAD ") + 100);
        info++;
    }
    ck_assert_uint_eq(info, 2000);
    ck_assert_str_eq(line, NOON "WARN  STORM repeated 1990 times more\n");
}
END_TEST

Suite *log_suite(void)
{
    Suite *suite = suite_create("log");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, begin, end);
    tcase_add_test(all, an_event_is_a_line_with_its_numbers_first);
    tcase_add_test(all, events_below_the_level_are_not_written);
    tcase_add_test(all, foreign_text_cannot_forge_a_line_or_move_the_cursor);
    tcase_add_test(all, a_long_text_is_cut);
    tcase_add_test(all, a_storm_of_one_id_is_counted_and_the_count_written_after_its_minute);
    tcase_add_test(all, levels_of_one_id_are_counted_apart_and_infos_not_at_all);
    tcase_add_test(all, the_counts_still_owed_are_written_at_the_end);
    tcase_add_test(all, a_clock_set_back_silences_nothing);
    tcase_add_test(all, more_ids_than_places_lose_no_line_and_no_count);
    tcase_add_test(all, the_journal_gets_fields);
    tcase_add_test(all, what_the_journal_refuses_goes_to_the_stream);
    tcase_add_test(all, held_lines_wait_for_the_release_or_for_something_worse);
    tcase_add_test(all, more_than_can_wait_is_written_in_its_order);
    tcase_add_test(all, errno_is_kept);
    tcase_add_test(all, without_a_clock_of_the_caller_the_time_is_the_systems);
    tcase_add_test(all, lines_of_several_threads_do_not_mix_and_all_are_counted);
    suite_add_tcase(suite, all);
    return suite;
}
