/*
 * The promise about late news: nobody is told or paged a second time, and nobody of what is over; what is
 * news all the same is told.
 */
#include "lib/emergency.h"
#include "tests/unit/suites.h"

/* An emergency as it stands, all else zero. */
#define STANDS(...)                                                                                          \
    &(const struct emergency)                                                                                \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }

static const struct late_news {
    const char *what;
    struct effect effect;
    const struct emergency *told;   /* people know it */
    const struct emergency *before; /* and here not yet */
    const struct emergency *is_so;
    const struct emergency *is_over; /* NULL: never */
} all_news[] = {
    {"acknowledged",
     {.message = MESSAGE_ACKNOWLEDGED},
     STANDS(.acknowledged_ms = 1),
     STANDS(.id = 1),
     STANDS(.acknowledged_ms = 1),
     STANDS(.id = 1)},
    {"contacted",
     {.message = MESSAGE_CONTACTED},
     STANDS(.contacted_ms = 1),
     STANDS(.id = 1),
     STANDS(.contacted_ms = 1),
     NULL},
    {"answered",
     {.message = MESSAGE_ANSWERED},
     STANDS(.phase = PHASE_ENGAGED),
     STANDS(.phase = PHASE_CONTACTED),
     STANDS(.phase = PHASE_ENGAGED),
     STANDS(.phase = PHASE_CONTACTED)},
    {"closed",
     {.message = MESSAGE_CLOSED},
     STANDS(.closing = CLOSING_TICKET_SOLVED),
     STANDS(.id = 1),
     STANDS(.closing = CLOSING_TICKET_SOLVED),
     STANDS(.id = 1)},
    {"opened again",
     {.message = MESSAGE_REOPENED},
     STANDS(.id = 1),
     STANDS(.closing = CLOSING_TICKET_SOLVED),
     STANDS(.id = 1),
     STANDS(.closing = CLOSING_TICKET_SOLVED)},
    {"a doubt",
     {.message = MESSAGE_DOUBTED},
     NULL,
     STANDS(.phase = PHASE_CONTACTED),
     STANDS(.phase = PHASE_CONTACTED),
     STANDS(.phase = PHASE_ENGAGED)},
    {"a call",
     {.message = MESSAGE_CALL_STARTED},
     STANDS(.call_started_ms = 1),
     STANDS(.id = 1),
     STANDS(.call_started_ms = 1),
     NULL},
    {"the notes",
     {.message = MESSAGE_NOTES_COMPLETE},
     STANDS(.call_ended_ms = 1, .public_notes_ms = 2, .internal_note_ms = 2),
     STANDS(.call_ended_ms = 1, .public_notes_ms = 2),
     STANDS(.call_ended_ms = 1, .public_notes_ms = 2, .internal_note_ms = 2),
     NULL},
    {"a second emergency",
     {.message = MESSAGE_SECOND},
     STANDS(.busy_with = 7),
     STANDS(.id = 1),
     STANDS(.busy_with = 7),
     STANDS(.busy_with = 7, .taken_ms = 1)},
    {"the manager's page",
     {.kind = EFFECT_SUMMON, .message = MESSAGE_SECOND_MANAGERS, .who = WHO_MANAGER},
     STANDS(.busy_with = 7),
     STANDS(.id = 1),
     STANDS(.busy_with = 7),
     STANDS(.busy_with = 7, .taken_ms = 1)},
    {"a page that a person ordered",
     {.kind = EFFECT_SUMMON, .who = WHO_MANAGER},
     NULL,
     STANDS(.id = 1),
     STANDS(.busy_with = 7, .taken_ms = 1),
     NULL},
    {"a note at the page",
     {.kind = EFFECT_NOTE, .message = MESSAGE_NOTE_THREAD},
     NULL,
     STANDS(.id = 1),
     STANDS(.id = 1),
     NULL},
};

/* Whether it is told that an event, which came late, has this effect. */
static bool is_told(const struct late_news *news, const struct emergency *was, const struct emergency *is)
{
    const struct policy policy = {0};
    struct outcome out = {.kind = "note", .effects = {news->effect}, .effect_count = 1};
    emergency_note_late(was, is, &policy, &out);
    for (size_t i = 0; i < out.effect_count; i++)
        if (out.effects[i].kind == news->effect.kind && out.effects[i].message == news->effect.message)
            return true;
    return false;
}

START_TEST(what_is_news_is_told_once)
{
    const struct late_news *news = &all_news[_i];
    ck_assert_msg(is_told(news, news->before, news->is_so), "%s: not told", news->what);
    if (news->told)
        ck_assert_msg(!is_told(news, news->told, news->is_so), "%s: told twice", news->what);
}
END_TEST

START_TEST(what_is_over_is_told_to_nobody)
{
    const struct late_news *news = &all_news[_i];
    if (news->is_over)
        ck_assert_msg(!is_told(news, news->before, news->is_over), "%s: told too late", news->what);
}
END_TEST

START_TEST(what_else_an_event_brings_about_stays_in_its_order)
{
    const struct policy policy = {0};
    struct outcome out = {.kind = "note",
                          .effects = {{.message = MESSAGE_NOTE},
                                      {.message = MESSAGE_ACKNOWLEDGED},
                                      {.message = MESSAGE_PRODUCT}},
                          .effect_count = 3};
    emergency_note_late(STANDS(.acknowledged_ms = 1), STANDS(.acknowledged_ms = 1), &policy, &out);
    ck_assert_uint_eq(out.effect_count, 2);
    ck_assert_int_eq(out.effects[0].message, MESSAGE_NOTE);
    ck_assert_int_eq(out.effects[1].message, MESSAGE_PRODUCT);
}
END_TEST

START_TEST(what_happens_now_is_never_late)
{
    static const struct {
        int64_t last_ms;
        enum event_source last_source;
        const char *last_id;
        enum event_source source;
        int64_t at_ms; /* now it is 1000 */
        int64_t put_ms;
    } events[] = {
        {999, EVENT_SOURCE_ZOOM, "m", EVENT_SOURCE_SELF, 1000, 1000},
        {1000, EVENT_SOURCE_ZENDESK, "m", EVENT_SOURCE_SELF, 1000, 1000},
        {1000, EVENT_SOURCE_SELF, "b", EVENT_SOURCE_SELF, 1000, 1000},
        {1000, EVENT_SOURCE_SELF, "m", EVENT_SOURCE_SELF, 1000, 1001},
        {1000, EVENT_SOURCE_ZOOM, "m", EVENT_SOURCE_SELF, 1000, 1001},
        {5000, EVENT_SOURCE_ZOOM, "m", EVENT_SOURCE_SELF, 1000, 5001},
        {5000, EVENT_SOURCE_ZENDESK, "m", EVENT_SOURCE_SELF, 1000, 5000},
        {5000, EVENT_SOURCE_ZOOM, "m", EVENT_SOURCE_SELF, 5000, 5001},
        {1000, EVENT_SOURCE_ZOOM, "m", EVENT_SOURCE_SELF, 990, 990}, /* its place is there */
        {1000, EVENT_SOURCE_ZOOM, "m", EVENT_SOURCE_ZENDESK, 1000, 1000},
    };
    for (size_t i = 0; i < COUNT_OF(events); i++) {
        struct emergency e = {.last_ms = events[i].last_ms, .last_source = events[i].last_source};
        struct event event = {
            .source = events[i].source, .at_ms = events[i].at_ms, .now_ms = 1000, .id = "c"};
        e.last_id[0] = events[i].last_id[0];
        emergency_put_in_time(&e, &event);
        ck_assert_msg(event.at_ms == events[i].put_ms, "row %zu: %lld", i, (long long)event.at_ms);
    }
}
END_TEST

Suite *emergency_late_suite(void)
{
    Suite *suite = suite_create("emergency_late");
    TCase *all = tcase_create("late news");
    tcase_add_loop_test(all, what_is_news_is_told_once, 0, (int)COUNT_OF(all_news));
    tcase_add_loop_test(all, what_is_over_is_told_to_nobody, 0, (int)COUNT_OF(all_news));
    tcase_add_test(all, what_else_an_event_brings_about_stays_in_its_order);
    tcase_add_test(all, what_happens_now_is_never_late);
    suite_add_tcase(suite, all);
    return suite;
}
