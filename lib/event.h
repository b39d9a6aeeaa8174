#ifndef EMERGENCYD_EVENT_H
#define EMERGENCYD_EVENT_H
/*
 * The vocabulary: everything that can happen to an emergency, whoever says it. A webhook, an answer read from
 * an API, a person's command, a deadline and the end of an outgoing call all become a struct event; the
 * journal keeps them, emergency.c decides on them, and nothing else moves an emergency.
 *
 * Plain values without pointers: copying an event copies all of it. Any thread may use what is here.
 */
#include "lib/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum event_source { /* in the order in which events of one time are taken */
                    EVENT_SOURCE_NONE,
                    EVENT_SOURCE_PAGERDUTY,
                    EVENT_SOURCE_ZENDESK, /* webhooks, and what was read over the API */
                    EVENT_SOURCE_SELF,    /* by our own clock: deadlines, calls, what persons order */
                    EVENT_SOURCE_ZOOM,
};

enum event_type {
    EVENT_IGNORED,     /* well formed, of no interest */
    EVENT_PAGE,        /* how an incident stands (page) */
    EVENT_TICKET,      /* how a ticket stands, or what changed in it (ticket) */
    EVENT_TICKET_READ, /* a bare hint: read the ticket (trigger bodies); never applied, only kept */
    EVENT_TICKET_GONE, /* deleted, merged away, or no such ticket (text says which) */
    EVENT_COMMENT,     /* (comment, and ticket if ticket.known) */
    EVENT_LINK,        /* the ticket of a page became known (ticket_id), or certainly not (0) */
    EVENT_OPENED,      /* a ticket opened it; at = its last change to urgent */
    EVENT_COMMAND,     /* a person's word (command) */
    EVENT_WAKE,        /* a time of the emergency's own has come */
    EVENT_LOOKED,      /* the look before a write is done and all it showed is applied (call) */
    EVENT_RELEASED,    /* the write is about to leave (call) */
    EVENT_ACCEPTED,    /* the service has taken it (call) */
    EVENT_REFUSED,     /* the write certainly had no effect (call) */
    EVENT_CLOCK_STEP,  /* the wall clock was set: all that was noted before moves with it (shift_ms) */
    EVENT_TOLD,        /* something to be read in the timeline, nothing more (text) */
    EVENT_JOINED,      /* somebody entered the bridge (meeting; comment.standing says who they are) */
    EVENT_LEFT,        /* and left it again */
    EVENT_MEETING_ENDED,
    EVENT_CHECKED, /* the pages were read before a rung of a ladder (call) */
    EVENT_SHIFT,   /* the shift changes: by, by_email are who comes next */
    EVENT_STUCK,   /* a call that the customer waits for fails again and again (call; text: what to paste) */
    EVENT_TYPE_COUNT,
};

enum page_status { PAGE_UNKNOWN, PAGE_TRIGGERED, PAGE_ACKNOWLEDGED, PAGE_RESOLVED };

enum ticket_priority {
    PRIORITY_UNKNOWN,
    PRIORITY_LOW,
    PRIORITY_NORMAL,
    PRIORITY_HIGH,
    PRIORITY_URGENT,
    PRIORITY_NONE
};

enum ticket_status {
    STATUS_UNKNOWN,
    STATUS_NEW,
    STATUS_OPEN,
    STATUS_PENDING,
    STATUS_HOLD,
    STATUS_SOLVED,
    STATUS_CLOSED,
    STATUS_DELETED,
};

/* Who wrote a comment, as far as is known. Only ever refined from OUTSIDER to CUSTOMER (organisation and CCs
 * are read later). */
enum author_standing {
    AUTHOR_UNKNOWN,
    AUTHOR_CUSTOMER, /* requester, CC, follower or of the ticket's organisation; not staff */
    AUTHOR_OUTSIDER, /* not staff, and none of these as far as is known */
    AUTHOR_STAFF,
    AUTHOR_STAFF_REQUESTER, /* staff, but asking: no contact by support */
    AUTHOR_OURSELVES,       /* a comment of the daemon's */
    AUTHOR_NOBODY,          /* the system, an ignored author, the ticket's description */
    AUTHOR_SUSPENDED,       /* of a reply that Zendesk holds back as suspended */
    AUTHOR_MERGE,           /* the note that another ticket was merged into this one, with its last comment */
};

/* What a look has found out about the bridge. */
enum meeting_state { MEETING_NOT_ASKED, MEETING_OVER, MEETING_RUNNING, MEETING_UNREADABLE };

/* The calls that an emergency can cause. */
enum action_kind {
    ACTION_NONE,
    ACTION_FIRST_CONTACT,
    ACTION_FOLLOW_UP,
    ACTION_DOWNGRADE,
    ACTION_URGENT,
    ACTION_CREATE_PAGE,
    ACTION_RESOLVE_PAGE,
    ACTION_READ_TICKET, /* reads that must not be forgotten are rows of the outbox too */
    ACTION_READ_ALERTS,
    ACTION_BULK_ANSWER,    /* one text for all tickets of an incident */
    ACTION_ACK_PAGE,       /* PagerDuty */
    ACTION_SUMMON,         /* PagerDuty: a page for a person */
    ACTION_NOTE_PAGE,      /* PagerDuty: a note at the page */
    ACTION_CHECK_PAGE,     /* PagerDuty: reads the pages before a rung of a ladder */
    ACTION_READ_PAGER,     /* PagerDuty: a user's name and e-mail address */
    ACTION_OPEN_THREAD,    /* Slack: the first message */
    ACTION_UPDATE_THREAD,  /* Slack: the first message, as things are now */
    ACTION_REPLY,          /* Slack: into the thread */
    ACTION_POST,           /* Slack: into another channel */
    ACTION_WHISPER,        /* Slack: to whoever pressed a button, nobody else sees it */
    ACTION_READ_SLACK,     /* Slack: a user's name and e-mail address */
    ACTION_CREATE_MEETING, /* Zoom */
    ACTION_END_MEETING,    /* Zoom */
    ACTION_RUNBOOK,        /* GitLab: the issue from the template */
    ACTION_READ_JOINER,    /* Zendesk: who is it that joined? */
    ACTION_READ_MACRO,     /* Zendesk: the macro for the notes, for the thread */
    ACTION_KIND_COUNT,
};

/* A write to the ticket that moves the emergency: at most one of them at a time. */
static inline bool action_is_step(enum action_kind kind)
{
    return kind >= ACTION_FIRST_CONTACT && kind <= ACTION_URGENT;
}

enum command {
    COMMAND_NONE,
    COMMAND_CONTACTED,
    COMMAND_FIRST_CONTACT,
    COMMAND_FOLLOWED_UP,
    COMMAND_REPLIED,
    COMMAND_EXTEND,
    COMMAND_PAUSE,
    COMMAND_RESUME,
    COMMAND_DO_IT,
    COMMAND_DOWNGRADE,
    COMMAND_URGENT,
    COMMAND_CALL_STARTED,
    COMMAND_LINK,
    COMMAND_NOTE,
    COMMAND_CLOSE,
    COMMAND_REOPEN,
    COMMAND_ACK,
    COMMAND_TAKE,
    COMMAND_NOT_EMERGENCY,
    COMMAND_PAGE,
    COMMAND_MANAGER,
    COMMAND_CALL_ENDED,
    COMMAND_HANDOFF,
    COMMAND_BULK,
    COMMAND_RESOLVE,   /* the page, once the customer was contacted */
    COMMAND_DUTY,      /* asks for somebody to take over the engineer's other shift */
    COMMAND_COLLEAGUE, /* asks for somebody to join the call */
    COMMAND_COUNT,
};

#define PAGE_BUSY_UNKNOWN (-1)
struct page_facts {
    char incident[32];
    char url[160];
    char title[256];
    char key[128]; /* incident_key */
    char service[32];
    char event[40]; /* PagerDuty's event type without "incident." */
    enum page_status status;
    bool by_person;         /* an agent of type user did it */
    bool merged;            /* resolved because it was merged into another incident */
    char agent[24];         /* PagerDuty's id of that user; "" none */
    char assignee[24];      /* of the first to whom it is assigned; "" nobody */
    char assignee_name[96]; /* their name */
    int64_t busy_with; /* the open emergency, of another customer, of whoever acknowledged it or, while nobody
                          has, of the assignee; 0 none; PAGE_BUSY_UNKNOWN: its customer is not known yet */
};

struct ticket_facts {
    bool known; /* the fields below say how the ticket stands at the event's time */
    enum ticket_priority priority;
    enum ticket_priority previous_priority; /* of a change; PRIORITY_UNKNOWN when none is told */
    int64_t lowered_ms; /* OPENED: when it had been lowered from urgent last, at the latest; what links:
                           when its emergency before had ended; 0 never */
    enum ticket_status status;
    enum ticket_status previous_status;
    int64_t requester_id;
    int64_t organization_id;
    int64_t actor_id; /* who made the change; 0 unknown */
    char organization[96];
    char subject[256];
    bool sorted;       /* tags and form were seen: the next three say all */
    char product[32];  /* the name of its [channel …]; "" the default */
    char coverage[32]; /* the name of its [coverage …]; "" around the clock */
    char bulk[64];     /* the tag of the incident that it belongs to; "" none */
    bool tam_known;    /* its organisation was read */
    char tam[96];      /* the e-mail address of its account manager; "" none */
    char zone[48];     /* the requester's time zone, by IANA's name; "" unknown */
};

struct comment_facts {
    int64_t id;
    int64_t author_id;
    enum author_standing standing;
    bool is_public;
    bool automatic; /* an automatic reply by its text */
};

/* How things stood for whoever gave a command. What is found out later, though it happened before, they have
 * not decided on. */
enum {
    SAW_NOTED = 1, /* else it is not known what they saw */
    SAW_ENGAGED = 2,
    SAW_DOUBTS = 2, /* shift of the doubts that they were asked about, a bit each */
};

struct command_facts {
    enum command name;
    int64_t for_ms;     /* extend */
    char to[96];        /* page: whom; handoff: to whom; bulk: the tag */
    unsigned saw;       /* SAW_… */
    int64_t read_ms;    /* the customer's last words that they could have read; 0 none */
    int64_t doubted_ms; /* the newest doubt that was known; 0 none */
};

struct meeting_facts {
    int64_t id;
    enum meeting_state state; /* LOOKED */
    char participant[64];     /* JOINED, LEFT: Zoom's key for them */
    bool refines;             /* JOINED: what is known by now of who had joined unidentified */
    bool is_asked;            /* JOINED: Zendesk is being asked who that is; REFINES will tell */
};

/* What came of a call. */
struct result_facts {
    char channel[24]; /* OPEN_THREAD */
    char ts[24];
    int64_t meeting; /* CREATE_MEETING */
    char url[256];   /* CREATE_MEETING, RUNBOOK */
};

struct call_facts {
    int64_t action; /* the row of the outbox */
    enum action_kind kind;
    int64_t cause;       /* the event that wanted it */
    int64_t begun_ms;    /* ACCEPTED: it took effect at this time at the earliest; 0: at accepted_ms */
    int64_t accepted_ms; /* ACCEPTED: when the service took it, in our time; at the latest */
    bool dry;
};

struct event {
    int64_t row;       /* the journal's number; 0 until it is written */
    int64_t emergency; /* 0: of no emergency yet */
    enum event_type type;
    enum event_source source;
    int64_t at_ms;         /* the sender's time, UTC, corrected by its clock's skew */
    int64_t resolution_ms; /* how coarse at_ms is: 1, or 1000 for API objects; more if told of the future */
    int64_t now_ms;        /* when it was noted here */
    char id[64];           /* the sender's own id: orders events of one time and source */
    int64_t ticket_id;
    char by[96]; /* a person's name, "" unknown or nobody */
    char by_email[96];
    char by_slack[24]; /* their id in Slack */
    char text[3000];   /* note, why, how; what a person typed; STUCK: all of a comment */
    int64_t shift_ms;  /* CLOCK_STEP */
    struct page_facts page;
    struct ticket_facts ticket;
    struct comment_facts comment;
    struct command_facts command;
    struct call_facts call;
    struct meeting_facts meeting;
    struct result_facts result;
};

/* The latest moment that the event's time, which may be coarse, can mean. */
int64_t event_latest_ms(const struct event *event);
/* <0, 0 or >0 as A is to be taken before, with or after B: by time, then source, then id, then row. */
int event_compare(const struct event *a, const struct event *b);

/* The wall clock was set by SHIFT_MS after the events of rows before BEFORE_ROW were noted: gives them the
 * times that they would have had by the clock as it is now, and sorts all. Else what comes after the clock
 * was set back would count as older than what was before. */
void events_move(struct event *events, size_t count, int64_t before_row, int64_t shift_ms);

/* Words of the contract ("contacted", "follow_up", "urgent", …); never NULL. */
const char *event_type_name(enum event_type type);
const char *action_kind_name(enum action_kind kind);
const char *action_words(enum action_kind kind); /* for people: "the follow-up"; "" for what they don't see */
const char *command_name(enum command name);
const char *page_status_name(enum page_status status);
const char *ticket_priority_name(enum ticket_priority priority);
const char *ticket_status_name(enum ticket_status status);

/* The reverse, any case; the value 0 of each when the word is unknown. */
enum command command_by_name(const char *name);
enum page_status page_status_by_name(const char *name);
enum ticket_priority ticket_priority_by_name(const char *name);
enum ticket_status ticket_status_by_name(const char *name);

/*
 * The meaning of an event as JSON, for the journal: every field that is not zero, but not those that the
 * journal keeps in columns of their own (row, emergency, type, source, at_ms, now_ms, id, ticket_id). Enums
 * are kept as numbers, here and in the columns: new values go to their end. event_meaning writes at most size
 * bytes with the terminator and returns the length, or 0 if it does not fit; EVENT_MEANING_SIZE is always
 * enough.
 */
#define EVENT_MEANING_SIZE 40960
size_t event_meaning(const struct event *event, char *out, size_t size) MUST_CHECK;

/* What reads meanings, used by one thread at a time; NULL without memory. The caller frees it. */
struct event_reader;
struct event_reader *event_reader_new(void) MUST_CHECK;
void event_reader_free(struct event_reader *reader); /* NULL is fine */
/* Fills those fields again and leaves the others alone; false: not a meaning that this program wrote. */
bool event_from_meaning(struct event_reader *reader, const char *meaning, size_t length,
                        struct event *event) MUST_CHECK;

#endif
