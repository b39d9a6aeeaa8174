#ifndef EMERGENCYD_STORE_H
#define EMERGENCYD_STORE_H
/*
 * The database: journal, emergencies, outbox. store*.c are the only files with SQL, and no type of SQLite
 * shows here.
 *
 * One writer (the ledger's thread) with store_open, any number of readers (one a thread) with
 * store_open_reader; a struct store is used by the thread that opened it (but for store_sync). A second
 * process is kept out by a lock on PATH.lock. WAL mode, synchronous=FULL: what store_commit has confirmed
 * survives a loss of power. The writer and one store_open_checkpointer checkpoint, never at once.
 *
 * Functions that return enum store_result: STORE_OK, or what went wrong, which is logged once by the store
 * itself, and once more when it is over. After STORE_FULL or STORE_BROKEN within a transaction every call
 * returns the same until store_rollback (SQLite may have undone it all by itself). Nothing may be written
 * outside of a transaction: that is STORE_BROKEN.
 */
#include "lib/action.h"
#include "lib/emergency.h"
#include "lib/log.h"

struct store;

enum store_result {
    STORE_OK,
    STORE_NONE,   /* no such row (look-ups), or one too many (what is added): nothing was written */
    STORE_FULL,   /* the disk has no room, is read-only, or another program locks it: roll back, try later */
    STORE_BROKEN, /* I/O error or damage: the process must end */
};

/* Opens for writing, creating and migrating as needed. NULL: ERROR says why in a sentence for the operator
 * (held by another process, newer schema, damaged, no access). */
struct store *store_open(const char *path, struct log *log, char *error, size_t error_size) MUST_CHECK;
/* Whether store_open would find the file free and its own, or not there; PATH must not be open here. */
bool store_could_open(const char *path, char *error, size_t error_size) MUST_CHECK;
/* Read-only, for another thread; the writer must be open already. */
struct store *store_open_reader(const char *path, struct log *log, char *error, size_t error_size) MUST_CHECK;
/* For another thread: its store_checkpoint works beside the writer, which must be open as long. See
 * daemon/checkpointer.h for when it may. */
struct store *store_open_checkpointer(const char *path, struct log *log, char *error,
                                      size_t error_size) MUST_CHECK;
void store_close(struct store *store); /* NULL is fine */

/* --- transactions: one a batch; an item may have a savepoint --- */
enum store_result store_begin(struct store *store) MUST_CHECK;
enum store_result store_commit(struct store *store) MUST_CHECK; /* on failure it is rolled back */
/* The same, but durable only after store_sync: nothing may be done or promised on it until then. Readers see
 * it at once. */
enum store_result store_commit_unsynced(struct store *store) MUST_CHECK;
/* Makes durable what was committed before it was called. Any thread, beside the writer's. What fails can't be
 * taken back any more: STORE_BROKEN. */
enum store_result store_sync(struct store *store) MUST_CHECK;
void store_rollback(struct store *store);
enum store_result store_item_begin(struct store *store) MUST_CHECK;
enum store_result store_item_keep(struct store *store) MUST_CHECK;
void store_item_undo(struct store *store);
/* Readers: one consistent view for several queries. */
enum store_result store_view_begin(struct store *store) MUST_CHECK;
void store_view_end(struct store *store);
/* How many pages the WAL has had since it began anew: it does so with the first commit after all of it was
 * moved into the database. The writer's. */
int store_wal_pages(const struct store *store);
/* Moves of the WAL what it can, *MOVED pages from its begin are in the database then. Nothing else does. The
 * writer, outside of a transaction, or beside it store_open_checkpointer's; never both at once (STORE_NONE:
 * so it was). */
enum store_result store_checkpoint(struct store *store, int *moved) MUST_CHECK;
/* For a writer that is alone: does it when the WAL has grown (then it takes some ms). Best after each batch.
 */
void store_checkpoint_if_grown(struct store *store);
/* How many rows were changed since it was opened: whether a commit had anything to prove. */
int64_t store_changes(const struct store *store);

/* --- facts about this database --- */
/* Text of KEY into VALUE; STORE_NONE if it was never set. Keys: "instance", "first_start_ms",
 * "slack_home" … */
enum store_result store_get_fact(struct store *store, const char *key, char *value, size_t size) MUST_CHECK;
enum store_result store_set_fact(struct store *store, const char *key, const char *value) MUST_CHECK;

/* --- the journal --- */
enum delivery_outcome { DELIVERY_APPLIED, DELIVERY_IGNORED, DELIVERY_WAITING, DELIVERY_REJECTED };

/* What is kept beside an event's meaning. */
struct journal_entry {
    const char *repeat_key; /* NULL: never a repeat */
    const char *payload;    /* the webhook's body; NULL none */
    size_t payload_length;
    enum delivery_outcome outcome;
    /* what came of it, if that is known already: see store_settle_event */
    const char *kind, *say;
    int64_t due_ms;
};
/* The number of the event with this repeat key. STORE_NONE: it is new. */
enum store_result store_find_repeat(struct store *store, const char *repeat_key, int64_t *row) MUST_CHECK;
/* Gives EVENT the next number: what comes of it can be decided before it is written. */
enum store_result store_number_event(struct store *store, struct event *event) MUST_CHECK;
/* Writes EVENT, of an emergency that is there or of none (0), with the next number if it has none
 * (event->row). STORE_NONE: an event with this repeat key
 * is there already (event->row is its number), nothing was written. */
enum store_result store_add_event(struct store *store, struct event *event,
                                  const struct journal_entry *entry) MUST_CHECK;
/* Whether a comment is in the journal of EMERGENCY already, with a standing no vaguer than this. */
enum store_result store_knows_comment(struct store *store, int64_t emergency, int64_t comment,
                                      enum author_standing standing, bool *known) MUST_CHECK;
/* What came of it: what is to be read in the timeline, the resulting deadline. */
enum store_result store_settle_event(struct store *store, int64_t row, enum delivery_outcome outcome,
                                     const char *kind, const char *say, int64_t due_ms) MUST_CHECK;
/* All events of EMERGENCY, by the clock as it is now, without payloads. The caller frees *EVENTS. */
enum store_result store_events(struct store *store, int64_t emergency, struct event **events,
                               size_t *count) MUST_CHECK;
/* The wall clock was set by SHIFT_MS: from now on store_events tells the times of all events so far moved
 * with it. */
enum store_result store_add_clock_step(struct store *store, int64_t shift_ms) MUST_CHECK;
/* Gives the emergency those events of none, but of the ticket (0: none) or incident ("": none), that waited
 * for one (outcome DELIVERY_WAITING), whose at_ms is not before since_ms. *CLAIMED says how many. */
enum store_result store_claim_events(struct store *store, int64_t emergency, int64_t ticket,
                                     const char *incident, int64_t since_ms, size_t *claimed) MUST_CHECK;
/* Hands all events and actions of one emergency to another (joining), those PENDING actions that
 * emergency_wants asks for as CANCELLED; the younger row then points to the older and shows in nothing but
 * store_get_emergency. The caller adds up the older one's events anew and puts it in the same transaction. */
enum store_result store_join(struct store *store, int64_t younger, int64_t older, int64_t now_ms) MUST_CHECK;
/* Drops payloads received before BEFORE_MS, at most LIMIT a call. *DROPPED says how many; less than LIMIT:
 * there are no more. */
enum store_result store_drop_payloads(struct store *store, int64_t before_ms, int limit,
                                      int *dropped) MUST_CHECK;

/* --- emergencies --- */
/* Sets e->id. STORE_NONE: another open emergency has this ticket. */
enum store_result store_new_emergency(struct store *store, struct emergency *e) MUST_CHECK;
/* Row and pages. WAKE_MS (emergency_wake_ms) is what store_wakes tells after a restart. STORE_NONE: another
 * open emergency has this ticket (this one came back, say, or was linked); nothing was written, but a
 * warning.
 */
enum store_result store_put_emergency(struct store *store, const struct emergency *e,
                                      int64_t wake_ms) MUST_CHECK;
enum store_result store_get_emergency(struct store *store, int64_t id,
                                      struct emergency *e) MUST_CHECK; /* follows joins */
enum store_result store_open_of_ticket(struct store *store, int64_t ticket, struct emergency *e) MUST_CHECK;
enum store_result store_last_of_ticket(struct store *store, int64_t ticket, struct emergency *e) MUST_CHECK;
/* The first that has ended at that time or since. */
enum store_result store_ended_of_ticket(struct store *store, int64_t ticket, int64_t since_ms,
                                        struct emergency *e) MUST_CHECK;
/* The open one, else the last. */
enum store_result store_of_ticket(struct store *store, int64_t ticket, struct emergency *e) MUST_CHECK;
enum store_result store_of_incident(struct store *store, const char *incident,
                                    struct emergency *e) MUST_CHECK;
enum store_result store_of_meeting(struct store *store, int64_t meeting, struct emergency *e) MUST_CHECK;
/* The open emergencies, acknowledged to engaged but not downgraded, of this engineer (PagerDuty's id) and of
 * another organisation than ORGANIZATION (0: of any), by organisation and id: the first behind *TURN, which
 * becomes its. A walk begins with STORE_FIRST_TURN. */
struct store_turn {
    int64_t organization, id;
};
#define STORE_FIRST_TURN ((struct store_turn){-1, 0})
enum store_result store_of_engineer(struct store *store, const char *engineer_id, int64_t organization,
                                    struct store_turn *turn, struct emergency *e) MUST_CHECK;
/* Ids of open emergencies, all or those of an incident, above AFTER, at most LIMIT. */
enum store_result store_open_ids(struct store *store, int64_t after, int64_t *ids, int limit,
                                 int *count) MUST_CHECK;
enum store_result store_of_bulk(struct store *store, const char *tag, int64_t after, int64_t *ids, int limit,
                                int *count) MUST_CHECK;
/* Calls EACH for every emergency with a wake time, for the wheel. EACH must not use the store. */
typedef bool store_wake_fn(void *context, int64_t id, int64_t wake_ms); /* false ends it */
enum store_result store_wakes(struct store *store, store_wake_fn *each, void *context) MUST_CHECK;
/* Lets every open emergency look at once what it is to wake for: the settings say otherwise than before. */
enum store_result store_wake_all(struct store *store) MUST_CHECK;
/* Open emergencies that have a ticket / unresolved pages, ids above AFTER, at most LIMIT (incidents: at least
 * EMERGENCY_PAGES; the last emergency is told whole or not at all): for the poll. */
struct store_ticket {
    int64_t emergency, ticket;
};
enum store_result store_open_tickets(struct store *store, int64_t after, struct store_ticket *out, int limit,
                                     int *count) MUST_CHECK;
struct store_incident {
    int64_t emergency;
    char incident[32];
};
enum store_result store_open_incidents(struct store *store, int64_t after_emergency,
                                       struct store_incident *out, int limit, int *count) MUST_CHECK;
/* Ids of emergencies that are open or were closed since then, above AFTER, for a step of the wall clock. */
enum store_result store_recent_ids(struct store *store, int64_t after, int64_t closed_since_ms, int64_t *ids,
                                   int limit, int *count) MUST_CHECK;

/* --- the outbox --- */
/* Writes ACTION and sets action->id. STORE_NONE: the same (emergency, kind, cause, incident), or of no
 * emergency (ticket, kind, cause), is there already. */
enum store_result store_add_action(struct store *store, struct action *action) MUST_CHECK;
enum store_result store_put_action(struct store *store, const struct action *action) MUST_CHECK;
enum store_result store_get_action(struct store *store, int64_t id, struct action *action) MUST_CHECK;
/* Only of an emergency. */
enum store_result store_find_action(struct store *store, int64_t emergency, enum action_kind kind,
                                    int64_t cause, const char *incident, struct action *action) MUST_CHECK;
/* The first that is not over in the line of (emergency, service); those of no emergency are one line. */
enum store_result store_head_action(struct store *store, int64_t emergency, enum service_id service,
                                    struct action *action) MUST_CHECK;
/* A READ_TICKET of the ticket that has not begun (PENDING), whichever emergency. */
enum store_result store_pending_read(struct store *store, int64_t ticket, struct action *action) MUST_CHECK;
/* An UPDATE_THREAD of the emergency that has not begun (PENDING). */
enum store_result store_pending_update(struct store *store, int64_t emergency,
                                       struct action *action) MUST_CHECK;
/* When the oldest call that customers or people wait for was wanted; STORE_NONE: there is none. */
enum store_result store_oldest_call(struct store *store, int64_t *created_ms) MUST_CHECK;
/* Actions that are not over, oldest first, ids above AFTER. */
enum store_result store_open_actions(struct store *store, int64_t after, struct action *out, int limit,
                                     int *count) MUST_CHECK;
/* The same with those that are parked. */
enum store_result store_outbox(struct store *store, int64_t after, struct action *out, int limit,
                               int *count) MUST_CHECK;

/* --- people --- */
struct person {
    char email[96]; /* compared without case */
    char name[96];
    char pagerduty_id[24]; /* "" none known, as below */
    char slack_id[24];
    int64_t zendesk_id;
    enum author_standing standing; /* as Zendesk knows them; UNKNOWN: not asked, or nobody it knows */
    int64_t slack_asked_ms, zendesk_asked_ms, pagerduty_asked_ms; /* 0: never */
};
enum store_result store_put_person(struct store *store, const struct person *person) MUST_CHECK;
enum store_result store_get_person(struct store *store, const char *email, struct person *person) MUST_CHECK;
enum store_result store_person_of_pagerduty(struct store *store, const char *id,
                                            struct person *person) MUST_CHECK;
enum store_result store_person_of_slack(struct store *store, const char *id,
                                        struct person *person) MUST_CHECK;

/* One turn of somebody in a schedule. */
struct oncall {
    char schedule[24];
    char user_id[24];
    char name[96];
    char email[96];
    int64_t start_ms, end_ms; /* end INT64_MAX: never */
};
/* Replaces all of them. */
enum store_result store_put_oncalls(struct store *store, const struct oncall *oncalls,
                                    size_t count) MUST_CHECK;
/* The caller frees. */
enum store_result store_oncalls(struct store *store, struct oncall **oncalls, size_t *count) MUST_CHECK;

/* --- for the admin listener --- */
/* Newest first, LIMIT rows from the id below BEFORE (0: from the newest); STATE "" or a word of the contract
 * (another word: none). */
enum store_result store_list(struct store *store, const char *state, int64_t before, struct emergency *out,
                             int limit, int *count) MUST_CHECK;
struct timeline_entry {
    int64_t at_ms;
    char kind[16];
    char by[96];
    char text[640];
};
enum store_result store_timeline(struct store *store, int64_t emergency, struct timeline_entry **entries,
                                 size_t *count) MUST_CHECK; /* the caller frees */
enum store_result
store_actions_of(struct store *store, int64_t emergency, struct action **actions,
                 size_t *count) MUST_CHECK; /* all of them, oldest first; the caller frees */
/* Gauges for /metrics. */
struct store_figures {
    int64_t emergencies_open[PHASE_COUNT];
    int64_t actions_open[3];
    int64_t actions_parked;
};
enum store_result store_figures(struct store *store, struct store_figures *figures) MUST_CHECK;
/* Another number, never 0, each time that another connection has committed something; cheap. */
enum store_result store_version(struct store *store, int64_t *version) MUST_CHECK;

/* For the test of the query plans: the i-th prepared statement's SQL, NULL past the last. *MAY_SCAN: meant
 * to. */
const char *store_statement_sql(size_t i, bool *may_scan);

#endif
