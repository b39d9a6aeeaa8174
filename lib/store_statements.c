/*
 * All SQL but the migrations, and the one way to run it. An error of SQLite is a STORE_FULL that passes
 * (logged as an error when it begins, as information when it is over) or a STORE_BROKEN that the process must
 * end for; what should be impossible counts as broken too. After either nothing more is done within the
 * transaction: SQLite may have rolled it back by itself, and then the next statement would stand alone.
 */
#include <errno.h>

#include "lib/store_internal.h"

/* The numbers of these enums stand in the SQL, here and in migrations/. */
_Static_assert(DELIVERY_APPLIED == 0 && DELIVERY_WAITING == 2, "SQL knows them");
_Static_assert(ACTION_PENDING == 0 && ACTION_DONE == 3 && ACTION_PARKED == 5 && ACTION_CANCELLED == 6,
               "SQL knows them");
_Static_assert(ACTION_READ_TICKET == 7 && ACTION_UPDATE_THREAD == 16 && CLOSING_NONE == 0 &&
                   PAGE_RESOLVED == 3,
               "SQL knows them");

#define FIRST_NAME(column, member)     #column
#define NAME(column, member)           ", " #column
#define FIRST_PARAM(column, member)    "?"
#define PARAM(column, member)          ", ?"
#define FIRST_ASSIGN(column, member)   #column " = ?"
#define ASSIGN(column, member)         ", " #column " = ?"
#define FIRST_EXCLUDED(column, member) "excluded." #column
#define EXCLUDED(column, member)       ", excluded." #column
#define NO_NAME(column, member)
#define ASSIGN_EXCLUDED(column, member) ", " #column " = excluded." #column

/* All events that are reached from one, which is a parameter. */
#define CHAIN                                                                                                \
    "WITH RECURSIVE chain (link) AS (VALUES (?) UNION ALL "                                                  \
    "SELECT previous FROM chain CROSS JOIN event ON id = link) "

/* by how much the clock was set since the event was noted */
#define SHIFT_SINCE "coalesce((SELECT sum(shift_ms) FROM clock_step WHERE before_event > event.id), 0)"

#define EMERGENCY_NAMES EMERGENCY_COLUMNS(FIRST_NAME, NAME)
#define DETAIL_NAMES    EMERGENCY_DETAILS(FIRST_NAME, NAME)
#define EMERGENCY_SELECT(from)                                                                               \
    "SELECT id, joined_into, wake_ms, last_event, " EMERGENCY_KEYS(                                          \
        FIRST_NAME, NAME) ", " EMERGENCY_NAMES ", " DETAIL_NAMES " FROM " from                               \
                          " CROSS JOIN emergency_detail ON emergency_detail.emergency = id "
#define ACTION_NAMES  ACTION_COLUMNS(FIRST_NAME, NAME)
#define ACTION_SELECT "SELECT id, " ACTION_NAMES " FROM action "
#define PAGE_NAMES    PAGE_COLUMNS(FIRST_NAME, NAME)
#define PERSON_NAMES                                                                                         \
    "name, pagerduty_id, slack_id, zendesk_id, standing, slack_asked_ms, zendesk_asked_ms, "                 \
    "pagerduty_asked_ms"
#define PERSON_SELECT "SELECT email, " PERSON_NAMES " FROM person "

/*
 * Where a parameter is compared with a column that some partial index compares with a number, SQLite would
 * prepare the statement anew for each value, which costs more than running it: INDEXED BY keeps it from that.
 */
static const struct {
    const char *name;
    const char *sql;
    bool may_scan;
} table[STATEMENT_COUNT] = {
    [STATEMENT_BEGIN] = {"begin", "BEGIN IMMEDIATE", false},
    [STATEMENT_COMMIT] = {"commit", "COMMIT", false},
    [STATEMENT_ROLLBACK] = {"rollback", "ROLLBACK", false},
    [STATEMENT_ITEM_BEGIN] = {"item begin", "SAVEPOINT item", false},
    [STATEMENT_ITEM_KEEP] = {"item keep", "RELEASE item", false},
    [STATEMENT_ITEM_UNDO] = {"item undo", "ROLLBACK TO item", false},
    [STATEMENT_VIEW_BEGIN] = {"view begin", "BEGIN", false},

    [STATEMENT_GET_FACT] = {"get fact", "SELECT value FROM fact WHERE key = ?", false},
    [STATEMENT_SET_FACT] = {"set fact",
                            "INSERT INTO fact (key, value) VALUES (?, ?) "
                            "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                            false},

    [STATEMENT_ADD_EVENT] =
        {"add event",
         "INSERT INTO event (emergency, type, source, at_ms, now_ms, sender_id, "
         "ticket_id, incident, outcome, "
         "meaning, repeat_key, comment_id, comment_standing, id, kind, say, due_ms, previous) "
         "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
         "ON CONFLICT (repeat_key) WHERE repeat_key IS NOT NULL DO NOTHING",
         false},
    [STATEMENT_ADD_PAYLOAD] = {"add payload",
                               "INSERT INTO payload (event, received_ms, body) VALUES (?, ?, ?)", false},
    [STATEMENT_LAST_EVENT] = {"last event", "SELECT coalesce(max(id), 0) FROM event", false},
    [STATEMENT_FIND_REPEAT] = {"find repeat", "SELECT id FROM event WHERE repeat_key = ?", false},
    [STATEMENT_KNOWS_COMMENT] = {"knows comment",
                                 "SELECT comment_standing FROM event INDEXED BY event_of_comment "
                                 "WHERE comment_id = ? AND comment_id IS NOT NULL AND emergency = ?",
                                 false},
    [STATEMENT_SETTLE_EVENT] = {"settle event",
                                "UPDATE event SET outcome = ?, kind = ?, say = ?, due_ms = ? WHERE id = ?",
                                false},
    [STATEMENT_EVENTS] = {"events",
                          CHAIN
                          "SELECT id, emergency, type, source, at_ms, now_ms, sender_id, ticket_id, meaning "
                          "FROM chain CROSS JOIN event ON id = link ORDER BY at_ms, source, sender_id, id",
                          false},
    [STATEMENT_ADD_CLOCK_STEP] = {"add clock step",
                                  "INSERT INTO clock_step (before_event, shift_ms) "
                                  "VALUES ((SELECT coalesce(max(id), 0) + 1 FROM event), ?) "
                                  "ON CONFLICT DO UPDATE SET shift_ms = shift_ms + excluded.shift_ms",
                                  false},
    [STATEMENT_CLOCK_STEPS] = {"clock steps",
                               "SELECT before_event, shift_ms FROM clock_step WHERE before_event > ?", false},
    [STATEMENT_WAITING_OF_TICKET] = {"waiting of ticket",
                                     "SELECT id FROM event INDEXED BY event_waiting_ticket "
                                     "WHERE outcome = 2 AND ticket_id > 0 AND ticket_id = ? "
                                     "AND emergency = 0 AND at_ms + " SHIFT_SINCE " >= ?",
                                     false},
    [STATEMENT_WAITING_OF_INCIDENT] = {"waiting of incident",
                                       "SELECT id FROM event INDEXED BY event_waiting_incident "
                                       "WHERE outcome = 2 AND incident IS NOT NULL AND incident = ? "
                                       "AND emergency = 0 AND at_ms + " SHIFT_SINCE " >= ?",
                                       false},
    [STATEMENT_CLAIM_EVENT] = {"claim event",
                               "UPDATE event SET emergency = ?, outcome = 0, previous = ? WHERE id = ?",
                               false},
    [STATEMENT_LAST_OF_CHAIN] = {"last of chain", "SELECT last_event FROM emergency WHERE id = ?", false},
    [STATEMENT_PUT_LAST_OF_CHAIN] = {"put last of chain", "UPDATE emergency SET last_event = ? WHERE id = ?",
                                     false},
    /* the second parameter: where the chain goes on behind its end */
    [STATEMENT_JOIN_EVENTS] = {"join events",
                               CHAIN "UPDATE event SET emergency = ?, "
                                     "previous = CASE previous WHEN 0 THEN ? ELSE previous END "
                                     "WHERE id IN chain",
                               false},
    [STATEMENT_JOIN_CANCEL] = {"join cancel",
                               "UPDATE action INDEXED BY action_once SET state = 6, ended_ms = ?1 "
                               "WHERE emergency = ?2 AND emergency > 0 AND state = 0 "
                               "AND kind IN (1, 2, 3, 4, 5, 6, 10, 13, 15, 21, 22, 23)", /* emergency_wants */
                               false},
    /* what both did for the same cause stays where it is */
    [STATEMENT_JOIN_ACTIONS] = {"join actions",
                                "UPDATE OR IGNORE action INDEXED BY action_once SET emergency = ?1 "
                                "WHERE emergency = ?2 AND emergency > 0",
                                false},
    [STATEMENT_JOIN_EMERGENCY] = {"join emergency",
                                  "UPDATE emergency SET joined_into = ?1, wake_ms = 0, closed_ms = ?3, "
                                  "last_event = 0 WHERE id = ?2",
                                  false},
    [STATEMENT_DROP_PAYLOADS] = {"drop payloads",
                                 "DELETE FROM payload WHERE received_ms < ? AND event IN "
                                 "(SELECT event FROM payload WHERE event > 0 ORDER BY event LIMIT ?)",
                                 false},

    [STATEMENT_NEW_EMERGENCY] = {"new emergency",
                                 "INSERT INTO emergency (" EMERGENCY_NAMES ", " EMERGENCY_KEYS(
                                     FIRST_NAME, NAME) ", wake_ms) "
                                                       "VALUES (" EMERGENCY_COLUMNS(
                                                           FIRST_PARAM,
                                                           PARAM) ", " EMERGENCY_KEYS(FIRST_PARAM,
                                                                                      PARAM) ", 0)",
                                 false},
    [STATEMENT_NEW_DETAIL] = {"new detail",
                              "INSERT INTO emergency_detail (" DETAIL_NAMES ", emergency) "
                              "VALUES (" EMERGENCY_DETAILS(FIRST_PARAM, PARAM) ", ?)",
                              false},
    [STATEMENT_PUT_EMERGENCY] = {"put emergency",
                                 "UPDATE emergency SET " EMERGENCY_COLUMNS(FIRST_ASSIGN,
                                                                           ASSIGN) ", last_event = ? "
                                                                                   "WHERE id = ?",
                                 false},
    [STATEMENT_PUT_DETAIL] = {"put detail",
                              "UPDATE emergency_detail SET " EMERGENCY_DETAILS(FIRST_ASSIGN,
                                                                               ASSIGN) " WHERE emergency = ?",
                              false},
    /* apart, as naming them costs their indexes a write each, changed or not */
    [STATEMENT_PUT_KEYS] = {"put keys",
                            "UPDATE emergency SET " EMERGENCY_KEYS(FIRST_ASSIGN, ASSIGN) " WHERE id = ?",
                            false},
    [STATEMENT_PUT_WAKE] = {"put wake", "UPDATE emergency SET wake_ms = ? WHERE id = ?", false},
    /* does not name what is unchanged in an index, see above */
    [STATEMENT_PUT_PAGE] =
        {"put page",
         "INSERT INTO page (" PAGE_NAMES ", emergency, position) "
         "VALUES (" PAGE_COLUMNS(
             FIRST_PARAM,
             PARAM) ", ?, ?) ON CONFLICT (incident) DO UPDATE SET "
                    "emergency = excluded.emergency, position = excluded.position" PAGE_COLUMNS(
                        NO_NAME, ASSIGN_EXCLUDED) " "
                                                  "WHERE (" PAGE_NAMES ", emergency, position) <> "
                                                  "(" PAGE_COLUMNS(
                                                      FIRST_EXCLUDED,
                                                      EXCLUDED) ", excluded.emergency, excluded.position)",
         false},
    [STATEMENT_GET_EMERGENCY] = {"get emergency", EMERGENCY_SELECT("emergency") "WHERE id = ?", false},
    [STATEMENT_OPEN_OF_TICKET] = {"open of ticket",
                                  "SELECT id FROM emergency INDEXED BY emergency_open_ticket "
                                  "WHERE ticket_id = ? AND ticket_id > 0 AND closing = 0 AND joined_into = 0",
                                  false},
    [STATEMENT_LAST_OF_TICKET] = {"last of ticket",
                                  "SELECT id FROM emergency INDEXED BY emergency_ticket "
                                  "WHERE ticket_id = ? AND ticket_id > 0 AND joined_into = 0 "
                                  "ORDER BY id DESC LIMIT 1",
                                  false},
    [STATEMENT_ENDED_OF_TICKET] = {"ended of ticket",
                                   "SELECT id FROM emergency INDEXED BY emergency_ticket "
                                   "WHERE ticket_id = ? AND ticket_id > 0 AND joined_into = 0 "
                                   "AND closing <> 0 AND closed_ms >= ? ORDER BY id LIMIT 1",
                                   false},
    [STATEMENT_OF_INCIDENT] = {"of incident", "SELECT emergency FROM page WHERE incident = ?", false},
    [STATEMENT_PAGES] = {"pages",
                         "SELECT " PAGE_NAMES " FROM page WHERE emergency = ? ORDER BY position LIMIT ?",
                         false},
    [STATEMENT_OF_MEETING] = {"of meeting",
                              "SELECT id FROM emergency INDEXED BY emergency_meeting "
                              "WHERE meeting = ? AND meeting > 0 "
                              "ORDER BY id DESC LIMIT 1",
                              false},
    [STATEMENT_OF_FORMER_MEETING] = {"of former meeting",
                                     "SELECT emergency FROM emergency_detail "
                                     "INDEXED BY emergency_former_meeting WHERE former_meeting = ? "
                                     "AND former_meeting > 0 ORDER BY emergency DESC LIMIT 1",
                                     false},
    /* that somebody works on */
    [STATEMENT_OF_ENGINEER] = {"of engineer",
                               "SELECT id FROM emergency INDEXED BY emergency_engineer "
                               "WHERE engineer_id = ? AND engineer_id <> '' AND closing = 0 "
                               "AND joined_into = 0 AND (organization_id, id) > (?, ?) "
                               "AND organization_id < ? AND phase BETWEEN 1 AND 5 AND phase <> 4 "
                               "ORDER BY organization_id, id LIMIT 1",
                               false},
    [STATEMENT_OF_BULK] = {"of bulk",
                           "SELECT id FROM emergency INDEXED BY emergency_bulk WHERE bulk = ? AND bulk <> '' "
                           "AND closing = 0 AND joined_into = 0 AND id > ? ORDER BY id LIMIT ?",
                           false},
    [STATEMENT_OPEN_IDS] = {"open ids",
                            "SELECT id FROM emergency INDEXED BY emergency_open "
                            "WHERE id > ? AND closing = 0 AND joined_into = 0 ORDER BY id LIMIT ?",
                            false},

    [STATEMENT_PUT_PERSON] = {"put person",
                              "INSERT INTO person (email, " PERSON_NAMES
                              ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
                              "ON CONFLICT (email) DO UPDATE SET name = excluded.name, "
                              "pagerduty_id = excluded.pagerduty_id, slack_id = excluded.slack_id, "
                              "zendesk_id = excluded.zendesk_id, standing = excluded.standing, "
                              "slack_asked_ms = excluded.slack_asked_ms, "
                              "zendesk_asked_ms = excluded.zendesk_asked_ms, "
                              "pagerduty_asked_ms = excluded.pagerduty_asked_ms",
                              false},
    [STATEMENT_GET_PERSON] = {"get person", PERSON_SELECT "WHERE email = ?", false},
    [STATEMENT_PERSON_OF_PAGERDUTY] = {"person of pagerduty",
                                       PERSON_SELECT "INDEXED BY person_pagerduty WHERE pagerduty_id = ? "
                                                     "AND pagerduty_id IS NOT NULL",
                                       false},
    [STATEMENT_PERSON_OF_SLACK] = {"person of slack",
                                   PERSON_SELECT "INDEXED BY person_slack WHERE slack_id = ? "
                                                 "AND slack_id IS NOT NULL",
                                   false},
    [STATEMENT_CLEAR_ONCALLS] = {"clear oncalls", "DELETE FROM oncall", true},
    [STATEMENT_ADD_ONCALL] = {"add oncall",
                              "INSERT INTO oncall (schedule, user_id, name, email, start_ms, end_ms) "
                              "VALUES (?, ?, ?, ?, ?, ?)",
                              false},
    [STATEMENT_ONCALLS] = {"oncalls",
                           "SELECT schedule, user_id, name, email, start_ms, end_ms FROM oncall ORDER BY id",
                           true},

    [STATEMENT_WAKES] = {"wakes",
                         "SELECT id, wake_ms FROM emergency INDEXED BY emergency_waking WHERE wake_ms > 0",
                         true},
    [STATEMENT_WAKE_ALL] = {"wake all",
                            "UPDATE emergency INDEXED BY emergency_open SET wake_ms = 1 "
                            "WHERE closing = 0 AND joined_into = 0",
                            true},
    [STATEMENT_OPEN_TICKETS] = {"open tickets",
                                "SELECT id, ticket_id FROM emergency INDEXED BY emergency_open "
                                "WHERE id > ? AND closing = 0 AND joined_into = 0 AND ticket_id > 0 "
                                "ORDER BY id LIMIT ?",
                                false},
    [STATEMENT_OPEN_INCIDENTS] =
        {"open incidents",
         "SELECT emergency.id, page.incident FROM emergency INDEXED BY emergency_open "
         "CROSS JOIN page ON page.emergency = emergency.id "
         "WHERE emergency.id > ? AND closing = 0 AND joined_into = 0 AND page.status <> 3 "
         "ORDER BY emergency.id, page.position LIMIT ?",
         false},
    [STATEMENT_RECENT_IDS] = {"recent ids",
                              "SELECT id FROM emergency "
                              "WHERE id > ? AND joined_into = 0 AND (closing = 0 OR closed_ms > ?) "
                              "ORDER BY id LIMIT ?",
                              false},

    [STATEMENT_ADD_ACTION] = {"add action",
                              "INSERT INTO action (" ACTION_NAMES ") "
                              "VALUES (" ACTION_COLUMNS(FIRST_PARAM, PARAM) ") ON CONFLICT DO NOTHING",
                              false},
    [STATEMENT_PUT_ACTION] = {"put action",
                              "UPDATE action SET " ACTION_COLUMNS(FIRST_ASSIGN, ASSIGN) " WHERE id = ?",
                              false},
    [STATEMENT_GET_ACTION] = {"get action", ACTION_SELECT "WHERE id = ?", false},
    [STATEMENT_FIND_ACTION] =
        {"find action",
         ACTION_SELECT
         "INDEXED BY action_once WHERE emergency = ? AND emergency > 0 AND kind = ? AND cause = ? "
         "AND incident = ?",
         false},
    [STATEMENT_HEAD_ACTION] =
        {"head action",
         ACTION_SELECT
         "INDEXED BY action_line WHERE emergency = ? AND service = ? AND state < 3 "
         "AND kind NOT IN (8, 11, 13, 14, 18, 19, 20, 24, 25) ORDER BY id LIMIT 1", /* action_is_free */
         false},
    [STATEMENT_PENDING_READ] = {"pending read",
                                ACTION_SELECT
                                "INDEXED BY action_pending_read "
                                "WHERE ticket_id = ? AND kind = 7 AND state = 0 ORDER BY id DESC LIMIT 1",
                                false},
    [STATEMENT_PENDING_UPDATE] = {"pending update",
                                  ACTION_SELECT "INDEXED BY action_pending_update "
                                                "WHERE emergency = ? AND kind = 16 AND state = 0 LIMIT 1",
                                  false},
    /* what customers and people wait for */
    [STATEMENT_OLDEST_CALL] = {"oldest call",
                               "SELECT created_ms FROM action INDEXED BY action_not_over WHERE state < 3 "
                               "AND (kind < 7 OR kind BETWEEN 9 AND 13) ORDER BY id LIMIT 1",
                               true},
    [STATEMENT_OPEN_ACTIONS] = {"open actions",
                                ACTION_SELECT "INDEXED BY action_not_over WHERE id > ? AND state < 3 "
                                              "ORDER BY id LIMIT ?",
                                false},
    [STATEMENT_OUTBOX] = {"outbox",
                          ACTION_SELECT
                          "INDEXED BY action_not_over WHERE id > ?1 AND state < 3 UNION ALL " ACTION_SELECT
                          "INDEXED BY action_parked WHERE id > ?1 AND state = 5 ORDER BY 1 LIMIT ?2",
                          false},

    [STATEMENT_LIST] = {"list",
                        EMERGENCY_SELECT(
                            "emergency") "WHERE id < ? AND joined_into = 0 ORDER BY id DESC LIMIT ?",
                        true},
    [STATEMENT_LIST_PHASE] = {"list phase",
                              EMERGENCY_SELECT(
                                  "emergency INDEXED BY emergency_open") "WHERE id < ? AND closing = 0 "
                                                                         "AND joined_into = 0 AND phase = ? "
                                                                         "ORDER BY id DESC LIMIT ?",
                              false},
    [STATEMENT_LIST_CLOSED] = {"list closed",
                               EMERGENCY_SELECT(
                                   "emergency") "WHERE id < ? AND closing <> 0 AND joined_into = 0 "
                                                "ORDER BY id DESC LIMIT ?",
                               true},
    [STATEMENT_TIMELINE] = {"timeline",
                            CHAIN "SELECT at_ms, kind, meaning ->> '$.by', say "
                                  "FROM chain CROSS JOIN event ON id = link WHERE say IS NOT NULL "
                                  "ORDER BY at_ms, source, sender_id, id",
                            false},
    [STATEMENT_ACTIONS_OF] = {"actions of",
                              ACTION_SELECT
                              "INDEXED BY action_once WHERE emergency = ? AND emergency > 0 ORDER BY id",
                              false},
    [STATEMENT_COUNT_OPEN] = {"count open",
                              "SELECT phase, count(*) FROM emergency INDEXED BY emergency_open "
                              "WHERE closing = 0 AND joined_into = 0 GROUP BY phase",
                              true},
    [STATEMENT_COUNT_ACTIONS] = {"count actions",
                                 "SELECT state, count(*) FROM action INDEXED BY action_not_over "
                                 "WHERE state < 3 GROUP BY state",
                                 true},
    [STATEMENT_COUNT_PARKED] = {"count parked",
                                "SELECT 0, count(*) FROM action INDEXED BY action_parked WHERE state = 5",
                                true},
    [STATEMENT_DATA_VERSION] = {"data version", "PRAGMA data_version", false},
};

const char *store_statement_sql(size_t i, bool *may_scan)
{
    if (i >= COUNT_OF(table))
        return NULL;
    *may_scan = table[i].may_scan;
    return table[i].sql;
}

/* --- errors --- */

/* What passes by itself or by an operator's hand, with the process going on. */
static bool is_passing(int rc, int error)
{
    /* what a failed sync was to write may be lost, though it is still read, and the next sync would not tell
     */
    if (rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC)
        return false;
    switch (rc & 0xff) {
    case SQLITE_FULL:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return true;
    case SQLITE_IOERR: return error == ENOSPC || error == EDQUOT || error == EROFS;
    default: return false;
    }
}

enum store_result store_failed(struct store *store, int rc, const char *doing)
{
    /* sqlite3_system_errno() knows nothing of what fails within a COMMIT: it still tells a former error */
    int error = errno;
    enum store_result result = is_passing(rc, error) ? STORE_FULL : STORE_BROKEN;
    if (store->in_transaction)
        store->lost = result;
    if (store->troubled)
        return result;
    store->troubled = true;
    log_event(store->log, LOG_LEVEL_ERROR, result == STORE_FULL ? "STORE-FULL" : "STORE-BROKEN", 0, 0,
              "the database fails at \"%s\": %s (%d, errno %d)", doing, sqlite3_errmsg(store->db), rc, error);
    return result;
}

/* --- running --- */

sqlite3_stmt *store_use(struct store *store, enum store_statement statement)
{
    sqlite3_stmt **prepared = &store->statements[statement];
    if (!*prepared) {
        errno = 0;
        store->prepare_rc = sqlite3_prepare_v3(store->db, table[statement].sql, -1, SQLITE_PREPARE_PERSISTENT,
                                               prepared, NULL);
        store->prepare_errno = errno;
    }
    return *prepared;
}

static int step(struct store *store, enum store_statement statement)
{
    sqlite3_stmt *prepared = store->statements[statement];
    errno = prepared ? 0 : store->prepare_errno;
    return prepared ? sqlite3_step(prepared) : store->prepare_rc;
}

enum store_result store_next(struct store *store, enum store_statement statement)
{
    if (store->lost != STORE_OK)
        return store->lost;
    int rc = step(store, statement);
    if (rc == SQLITE_ROW)
        return STORE_OK;
    return rc == SQLITE_DONE ? STORE_NONE : store_failed(store, rc, table[statement].name);
}

void store_done(struct store *store, enum store_statement statement)
{
    if (!store->statements[statement]) /* it could not be prepared */
        return;
    sqlite3_reset(store->statements[statement]);
    sqlite3_clear_bindings(store->statements[statement]);
}

/* Whether anything may be written now. */
static enum store_result writable(struct store *store, enum store_statement statement)
{
    if (store->in_transaction)
        return store->lost;
    log_event(store->log, LOG_LEVEL_ERROR, "STORE-BROKEN", 0, 0, "\"%s\" outside of a transaction",
              table[statement].name);
    return STORE_BROKEN;
}

enum store_result store_write(struct store *store, enum store_statement statement, int *changed)
{
    enum store_result result = writable(store, statement);
    if (result == STORE_OK)
        result = store_walked(store_next(store, statement));
    if (changed)
        *changed = result == STORE_OK ? sqlite3_changes(store->db) : 0;
    store_done(store, statement);
    return result;
}

enum store_result store_write_unique(struct store *store, enum store_statement statement)
{
    enum store_result result = writable(store, statement);
    if (result == STORE_OK) {
        int rc = step(store, statement);
        if (rc == SQLITE_CONSTRAINT_UNIQUE)
            result = STORE_NONE;
        else if (rc != SQLITE_DONE)
            result = store_failed(store, rc, table[statement].name);
    }
    store_done(store, statement);
    return result;
}
