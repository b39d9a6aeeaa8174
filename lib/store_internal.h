#ifndef EMERGENCYD_STORE_INTERNAL_H
#define EMERGENCYD_STORE_INTERNAL_H
/*
 * What store*.c share: the connection, its prepared statements and the one way to run them. For nobody else.
 *
 * Every statement is used as: store_use, the binds, then store_write, or store_next until it is no longer
 * STORE_OK and store_done. store_use may fail, which the next of these tells; binding to its NULL does no
 * harm.
 */
#include <sqlite3.h>

#include "lib/store.h"
#include "lib/store_vfs.h"
#include "lib/struct_field.h"

/*
 * Columns and the members they keep, F for the first and X for the others: F or X(column, member). Those that
 * are not in the list are named in the statements themselves.
 */
/* Those with an index, but for wake_ms. */
#define EMERGENCY_KEYS(F, X)                                                                                 \
    F(closing, closing)                                                                                      \
    X(ticket_id, ticket_id)                                                                                  \
    X(meeting, meeting)                                                                                      \
    X(engineer_id, engineer_id)                                                                              \
    X(bulk, bulk)                                                                                            \
    X(organization_id, organization_id)

#define EMERGENCY_COLUMNS(F, X)                                                                              \
    F(phase, phase)                                                                                          \
    X(closed_ms, closed_ms)                                                                                  \
    X(last_ms, last_ms)                                                                                      \
    X(last_source, last_source)                                                                              \
    X(last_id, last_id)                                                                                      \
    X(priority, priority)                                                                                    \
    X(status, status)                                                                                        \
    X(last_staff_ms, last_staff_ms)                                                                          \
    X(last_customer_ms, last_customer_ms)                                                                    \
    X(due_ms, due_ms)                                                                                        \
    X(left_ms, left_ms)                                                                                      \
    X(warned_due_ms, warned_due_ms)                                                                          \
    X(doubt_engineer_comment_ms, doubt_ms[DOUBT_ENGINEER_COMMENT])                                           \
    X(doubt_by, doubt_by)                                                                                    \
    X(page_count, page_count)

/* What seldom changes, in a table of its own: webhooks write small rows. */
#define EMERGENCY_DETAILS(F, X)                                                                              \
    F(before_engaged, before_engaged)                                                                        \
    X(closed_why, closed_why)                                                                                \
    X(paused, paused)                                                                                        \
    X(paused_by, paused_by)                                                                                  \
    X(asked, asked)                                                                                          \
    X(dry_run, dry_run)                                                                                      \
    X(opened_ms, opened_ms)                                                                                  \
    X(acknowledged_ms, acknowledged_ms)                                                                      \
    X(contacted_ms, contacted_ms)                                                                            \
    X(answers_since_ms, answers_since_ms)                                                                    \
    X(followed_up_ms, followed_up_ms)                                                                        \
    X(answered_ms, answered_ms)                                                                              \
    X(downgraded_ms, downgraded_ms)                                                                          \
    X(urgent_ms, urgent_ms)                                                                                  \
    X(linked_ms, linked_ms)                                                                                  \
    X(met, met)                                                                                              \
    X(person_commented, person_commented)                                                                    \
    X(engineer, engineer)                                                                                    \
    X(engineer_email, engineer_email)                                                                        \
    X(ticket_seen, ticket_seen)                                                                              \
    X(requester_id, requester_id)                                                                            \
    X(organization, organization)                                                                            \
    X(subject, subject)                                                                                      \
    X(doubt_outsider_ms, doubt_ms[DOUBT_OUTSIDER])                                                           \
    X(doubt_staff_requester_ms, doubt_ms[DOUBT_STAFF_REQUESTER])                                             \
    X(doubt_suspended_ms, doubt_ms[DOUBT_SUSPENDED])                                                         \
    X(doubt_stale_ms, doubt_ms[DOUBT_STALE])                                                                 \
    X(doubt_auto_reply_ms, doubt_ms[DOUBT_AUTO_REPLY])                                                       \
    X(doubt_nobody_met_ms, doubt_ms[DOUBT_NOBODY_MET])                                                       \
    X(asked_step, asked_step)                                                                                \
    X(asked_ms, asked_ms)                                                                                    \
    X(reminded, reminded)                                                                                    \
    X(step, step)                                                                                            \
    X(step_cause, step_cause)                                                                                \
    X(step_due_ms, step_due_ms)                                                                              \
    X(step_by, step_by)                                                                                      \
    X(released, released)                                                                                    \
    X(page_cause, page_cause)                                                                                \
    X(contact_prompted, contact_prompted)                                                                    \
    X(link_prompted, link_prompted)                                                                          \
    X(engineer_slack, engineer_slack)                                                                        \
    X(taken_ms, taken_ms)                                                                                    \
    X(taken_busy, taken_busy)                                                                                \
    X(taker, taker)                                                                                          \
    X(busy_with, busy_with)                                                                                  \
    X(sorted, sorted)                                                                                        \
    X(product, product)                                                                                      \
    X(coverage, coverage)                                                                                    \
    X(bulk_by_person, bulk_by_person)                                                                        \
    X(bulk_waived, bulk_waived)                                                                              \
    X(organization_read, organization_read)                                                                  \
    X(tam, tam)                                                                                              \
    X(zone, zone)                                                                                            \
    X(off_hours, off_hours)                                                                                  \
    X(hours_seen_ms, hours_seen_ms)                                                                          \
    X(hours_asked_ms, hours_asked_ms)                                                                        \
    X(doubt_join_ms, doubt_ms[DOUBT_JOIN])                                                                   \
    X(doubt_join_before_ms, doubt_join_before_ms)                                                            \
    X(doubt_hours_ms, doubt_ms[DOUBT_HOURS])                                                                 \
    X(doubt_meeting_ms, doubt_ms[DOUBT_MEETING])                                                             \
    X(doubt_merge_ms, doubt_ms[DOUBT_MERGE])                                                                 \
    X(take_rung, ladders[LADDER_TAKE].rung)                                                                  \
    X(take_checking, ladders[LADDER_TAKE].checking)                                                          \
    X(take_last_ms, ladders[LADDER_TAKE].last_ms)                                                            \
    X(contact_rung, ladders[LADDER_CONTACT].rung)                                                            \
    X(contact_checking, ladders[LADDER_CONTACT].checking)                                                    \
    X(contact_last_ms, ladders[LADDER_CONTACT].last_ms)                                                      \
    X(asked_rung, ladders[LADDER_ASKED].rung)                                                                \
    X(asked_checking, ladders[LADDER_ASKED].checking)                                                        \
    X(asked_last_ms, ladders[LADDER_ASKED].last_ms)                                                          \
    X(thread_wanted, thread_wanted)                                                                          \
    X(thread_waits_ms, thread_waits_ms)                                                                      \
    X(thread_lost, thread_lost)                                                                              \
    X(thread_channel, thread_channel)                                                                        \
    X(thread_ts, thread_ts)                                                                                  \
    X(bridge_number, bridge_number)                                                                          \
    X(bridge_wanted_ms, bridge_wanted_ms)                                                                    \
    X(bridge_url, bridge_url)                                                                                \
    X(bridge_over, bridge_over)                                                                              \
    X(staff_in, staff_in)                                                                                    \
    X(others_in, others_in)                                                                                  \
    X(meeting_settled, meeting_settled)                                                                      \
    X(runbook_wanted, runbook_wanted)                                                                        \
    X(runbook_url, runbook_url)                                                                              \
    X(call_started_ms, call_started_ms)                                                                      \
    X(call_ended_ms, call_ended_ms)                                                                          \
    X(public_notes_ms, public_notes_ms)                                                                      \
    X(internal_note_ms, internal_note_ms)                                                                    \
    X(next_tagged_ms, next_tagged_ms)                                                                        \
    X(notes_reminded_ms, notes_reminded_ms)                                                                  \
    X(former_meeting, former_meeting)                                                                        \
    X(bulk_answered, bulk_answered)                                                                          \
    X(in_bridge_0, in_bridge[0])                                                                             \
    X(in_bridge_staff_0, in_bridge_staff[0])                                                                 \
    X(in_bridge_1, in_bridge[1])                                                                             \
    X(in_bridge_staff_1, in_bridge_staff[1])                                                                 \
    X(in_bridge_2, in_bridge[2])                                                                             \
    X(in_bridge_staff_2, in_bridge_staff[2])                                                                 \
    X(in_bridge_3, in_bridge[3])                                                                             \
    X(in_bridge_staff_3, in_bridge_staff[3])                                                                 \
    X(in_bridge_4, in_bridge[4])                                                                             \
    X(in_bridge_staff_4, in_bridge_staff[4])                                                                 \
    X(in_bridge_5, in_bridge[5])                                                                             \
    X(in_bridge_staff_5, in_bridge_staff[5])                                                                 \
    X(in_bridge_6, in_bridge[6])                                                                             \
    X(in_bridge_staff_6, in_bridge_staff[6])                                                                 \
    X(in_bridge_7, in_bridge[7])                                                                             \
    X(in_bridge_staff_7, in_bridge_staff[7])

#define PAGE_COLUMNS(F, X)                                                                                   \
    F(incident, incident)                                                                                    \
    X(url, url)                                                                                              \
    X(status, status)                                                                                        \
    X(acknowledged, acknowledged)                                                                            \
    X(resolved_early, resolved_early)                                                                        \
    X(acknowledged_ms, acknowledged_ms)                                                                      \
    X(engineer, engineer)                                                                                    \
    X(resolve_cause, resolve_cause)                                                                          \
    X(engineer_id, engineer_id)                                                                              \
    X(assignee, assignee)                                                                                    \
    X(by_busy, by_busy)                                                                                      \
    X(acknowledge_cause, acknowledge_cause)

#define ACTION_COLUMNS(F, X)                                                                                 \
    F(emergency, emergency)                                                                                  \
    X(service, service)                                                                                      \
    X(kind, kind)                                                                                            \
    X(cause, cause)                                                                                          \
    X(state, state)                                                                                          \
    X(attempts, attempts)                                                                                    \
    X(next_ms, next_ms)                                                                                      \
    X(created_ms, created_ms)                                                                                \
    X(ended_ms, ended_ms)                                                                                    \
    X(ticket_id, ticket_id)                                                                                  \
    X(raised_ms, raised_ms)                                                                                  \
    X(due_ms, due_ms)                                                                                        \
    X(incident, incident)                                                                                    \
    X(error, error)                                                                                          \
    X(text, text)                                                                                            \
    X(target, target)                                                                                        \
    X(sender, sender)                                                                                        \
    X(buttons, buttons)

enum store_statement {
    STATEMENT_BEGIN,
    STATEMENT_COMMIT,
    STATEMENT_ROLLBACK,
    STATEMENT_ITEM_BEGIN,
    STATEMENT_ITEM_KEEP,
    STATEMENT_ITEM_UNDO,
    STATEMENT_VIEW_BEGIN,
    STATEMENT_GET_FACT,
    STATEMENT_SET_FACT,
    STATEMENT_ADD_EVENT,
    STATEMENT_ADD_PAYLOAD,
    STATEMENT_LAST_EVENT,
    STATEMENT_FIND_REPEAT,
    STATEMENT_KNOWS_COMMENT,
    STATEMENT_SETTLE_EVENT,
    STATEMENT_EVENTS,
    STATEMENT_ADD_CLOCK_STEP,
    STATEMENT_CLOCK_STEPS,
    STATEMENT_WAITING_OF_TICKET,
    STATEMENT_WAITING_OF_INCIDENT,
    STATEMENT_CLAIM_EVENT,
    STATEMENT_LAST_OF_CHAIN,
    STATEMENT_PUT_LAST_OF_CHAIN,
    STATEMENT_JOIN_EVENTS,
    STATEMENT_JOIN_CANCEL,
    STATEMENT_JOIN_ACTIONS,
    STATEMENT_JOIN_EMERGENCY,
    STATEMENT_DROP_PAYLOADS,
    STATEMENT_NEW_EMERGENCY,
    STATEMENT_NEW_DETAIL,
    STATEMENT_PUT_EMERGENCY,
    STATEMENT_PUT_DETAIL,
    STATEMENT_PUT_KEYS,
    STATEMENT_PUT_WAKE,
    STATEMENT_PUT_PAGE,
    STATEMENT_GET_EMERGENCY,
    STATEMENT_OPEN_OF_TICKET,
    STATEMENT_LAST_OF_TICKET,
    STATEMENT_ENDED_OF_TICKET,
    STATEMENT_OF_INCIDENT,
    STATEMENT_PAGES,
    STATEMENT_OF_MEETING,
    STATEMENT_OF_FORMER_MEETING,
    STATEMENT_OF_ENGINEER,
    STATEMENT_OF_BULK,
    STATEMENT_OPEN_IDS,
    STATEMENT_PUT_PERSON,
    STATEMENT_GET_PERSON,
    STATEMENT_PERSON_OF_PAGERDUTY,
    STATEMENT_PERSON_OF_SLACK,
    STATEMENT_CLEAR_ONCALLS,
    STATEMENT_ADD_ONCALL,
    STATEMENT_ONCALLS,
    STATEMENT_PENDING_UPDATE,
    STATEMENT_OLDEST_CALL,
    STATEMENT_WAKES,
    STATEMENT_WAKE_ALL,
    STATEMENT_OPEN_TICKETS,
    STATEMENT_OPEN_INCIDENTS,
    STATEMENT_RECENT_IDS,
    STATEMENT_ADD_ACTION,
    STATEMENT_PUT_ACTION,
    STATEMENT_GET_ACTION,
    STATEMENT_FIND_ACTION,
    STATEMENT_HEAD_ACTION,
    STATEMENT_PENDING_READ,
    STATEMENT_OPEN_ACTIONS,
    STATEMENT_OUTBOX,
    STATEMENT_LIST,
    STATEMENT_LIST_PHASE,
    STATEMENT_LIST_CLOSED,
    STATEMENT_TIMELINE,
    STATEMENT_ACTIONS_OF,
    STATEMENT_COUNT_OPEN,
    STATEMENT_COUNT_ACTIONS,
    STATEMENT_COUNT_PARKED,
    STATEMENT_DATA_VERSION,
    STATEMENT_COUNT,
};

/* store_chain.c */
struct chain_end {
    int64_t emergency, last_event;
};

struct store {
    sqlite3 *db;
    struct log *log;
    int lock_fd; /* -1: not the writer */
    bool in_transaction;
    enum store_result
        lost;      /* what ended the transaction early: nothing more is done in it. STORE_OK: it goes on */
    bool troubled; /* the trouble is logged, its end is not yet */
    int prepare_rc, prepare_errno; /* why store_use gave NULL */
    int wal_pages;                 /* in the WAL after the last commit */
    int checkpointed_pages;        /* the same at the last store_checkpoint_if_grown */
    struct event_reader *meanings;
    int64_t last_number;            /* the highest that an event was given; 0: not known */
    struct chain_end unwritten;     /* that the emergency's row does not name yet; zeroes: none */
    struct store_vfs *vfs;          /* NULL: a reader */
    struct known_emergency **known; /* store_cache.c; NULL: nothing is kept */
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

/* --- store_statements.c --- */

/* The statement, ready to be bound, prepared at its first use. */
sqlite3_stmt *store_use(struct store *store, enum store_statement statement);
/* STORE_OK: a row is there; STORE_NONE: no more rows. */
enum store_result store_next(struct store *store, enum store_statement statement) MUST_CHECK;
void store_done(struct store *store, enum store_statement statement);
/* For what changes the database: runs and ends it. Only within a transaction. *CHANGED (may be NULL) says how
 * many rows. */
enum store_result store_write(struct store *store, enum store_statement statement, int *changed) MUST_CHECK;
/* The same; STORE_NONE, with nothing written, if a unique index forbids it. */
enum store_result store_write_unique(struct store *store, enum store_statement statement) MUST_CHECK;
/* Says what SQLite's error means, with errno as the failing call left it, logs it once, and gives up the
 * transaction that it came in. */
enum store_result store_failed(struct store *store, int rc, const char *doing);

/* --- store_cache.c --- */

/* An emergency as the database has it. */
struct known_emergency {
    struct emergency e;
    int64_t wake_ms;
    int64_t last_event; /* as the row has it: see store_last_event */
};

/* Only the writer's connection keeps any: nobody else changes rows. False: no memory. */
bool store_cache_init(struct store *store);
void store_cache_free(struct store *store);
/* NULL: not known. Valid until the next call for the cache. */
const struct known_emergency *store_known(const struct store *store, int64_t id);
void store_know(struct store *store, const struct emergency *e, int64_t wake_ms, int64_t last_event);
void store_forget(struct store *store, int64_t id);
/* What was undone is not known. */
void store_forget_all(struct store *store);

/* --- store_chain.c --- */

/* The last event of EMERGENCY in its chain, from which all can be reached; 0: none. STORE_NONE: there is no
 * such emergency. */
enum store_result store_last_event(struct store *store, int64_t emergency, int64_t *event) MUST_CHECK;
/* From now on EVENT is the last of EMERGENCY. Its row says so when it is put, at the latest by
 * store_write_last_event. */
enum store_result store_set_last_event(struct store *store, int64_t emergency, int64_t event) MUST_CHECK;
/* Before anything that the emergency's row must be complete for. */
enum store_result store_write_last_event(struct store *store) MUST_CHECK;

/* --- store_columns.c --- */

/* Bind the members to the first parameters; return the number of the next one. */
int store_bind_emergency(sqlite3_stmt *statement, const struct emergency *e);
int store_bind_detail(sqlite3_stmt *statement, const struct emergency *e);
int store_bind_keys(sqlite3_stmt *statement, int first,
                    const struct emergency *e); /* from parameter FIRST on */
int store_bind_page(sqlite3_stmt *statement, const struct page *page);
int store_bind_action(sqlite3_stmt *statement, const struct action *action);
void store_bind_text(sqlite3_stmt *statement, int index, const char *text);         /* NULL or "": null */
void store_read_text(sqlite3_stmt *statement, int column, char *text, size_t size); /* null: "" */

/* Whether a row of both would be the same. */
bool store_same_emergency(const struct emergency *a, const struct emergency *b);
bool store_same_keys(const struct emergency *a, const struct emergency *b);
bool store_same_detail(const struct emergency *a, const struct emergency *b);
bool store_same_page(const struct page *a, const struct page *b);

/* The row that STATEMENT stands on, by the columns that EMERGENCY_SELECT and ACTION_SELECT name. */
enum store_result store_read_emergency(struct store *store, sqlite3_stmt *statement,
                                       struct emergency *e) MUST_CHECK;
enum store_result store_read_action(struct store *store, sqlite3_stmt *statement,
                                    struct action *action) MUST_CHECK;

/* Reads the row that STATEMENT stands on into ROW, which is zeroed. */
typedef enum store_result store_read_fn(struct store *store, sqlite3_stmt *statement, void *row);
/* An array, which the caller frees, of all rows (SIZE bytes each) that the bound STATEMENT gives. NULL when
 * there are none or *RESULT is not STORE_OK. */
void *store_collect(struct store *store, enum store_statement statement, size_t size, store_read_fn *read,
                    size_t *count, enum store_result *result) MUST_CHECK;

/* What a walk over rows returns that ended with RESULT. */
static inline enum store_result store_walked(enum store_result result)
{
    return result == STORE_NONE ? STORE_OK : result;
}

#endif
