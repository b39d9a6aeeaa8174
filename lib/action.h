#ifndef EMERGENCYD_ACTION_H
#define EMERGENCYD_ACTION_H
/*
 * A row of the outbox: one outgoing call, from the decision that caused it to its end. Written in the
 * transaction of that decision, marked ACTION_SENDING in a committed transaction before its first byte.
 *
 * Plain values without pointers. Any thread may use what is here.
 */
#include "lib/event.h"

enum service_id {
    SERVICE_ZENDESK,
    SERVICE_PAGERDUTY,
    SERVICE_SLACK,
    SERVICE_ZOOM,
    SERVICE_GITLAB,
    SERVICE_HEARTBEAT, /* the outside monitor */
    SERVICE_COUNT
};

enum action_state {
    ACTION_PENDING,
    ACTION_SENDING,
    ACTION_UNKNOWN, /* it may have taken effect: looked up before it is sent again */
    ACTION_DONE,    /* from here on it is over */
    ACTION_DRY,
    ACTION_PARKED, /* hopeless as it is: a person was told */
    ACTION_CANCELLED,
};

struct action {
    int64_t id;
    int64_t emergency; /* 0: of none (a ticket to be read before anything opens) */
    enum service_id service;
    enum action_kind kind;
    int64_t cause; /* the event that wanted it */
    enum action_state state;
    int64_t attempts;
    int64_t next_ms; /* not before; 0 at once */
    int64_t created_ms;
    int64_t ended_ms;
    int64_t ticket_id;
    int64_t raised_ms; /* READ_TICKET: it turned urgent then; 0: its audits must tell; SUMMON: see below */
    int64_t due_ms;    /* when the step was due; READ_TICKET: when a trigger said that it turned urgent;
                          READ_JOINER: the number of the meeting, raised_ms: when they came */
    char incident[32]; /* of the page; else what tells calls of one cause apart */
    char target[96];   /* SUMMON: PagerDuty's user; POST, WHISPER: the channel; REPLY: where it was sent;
                          READ_…: whom */
    char sender[96];   /* ACK_PAGE: in whose name, their e-mail address or Slack id; WHISPER: to whom */
    int64_t buttons;   /* Slack: a bit for each enum command */
    char error[200];   /* the last failure; "" none */
    char text[3000];   /* what was, or is to be, written: a comment, a message; or "" */
};

/* Until when a SUMMON goes out, in its raised_ms: a person's order always; what the emergency wants while it
 * is open; a rung, as RUNG + enum ladder_kind, while its ladder stands. */
enum { SUMMON_ALWAYS = 0, SUMMON_WHILE_OPEN = 1, SUMMON_OF_RUNG = 2 };

const char *service_name(enum service_id service);      /* "zendesk", "pagerduty" */
const char *action_state_name(enum action_state state); /* the contract's words */
static inline bool action_is_over(enum action_state state)
{
    return state >= ACTION_DONE;
}
/* Who is asked to do it. */
enum service_id action_service(enum action_kind kind);
/* A read changes nothing outside: it may be repeated at will. */
bool action_is_read(enum action_kind kind);
/* It waits for no other call of its emergency, and none waits for it. */
bool action_is_free(enum action_kind kind);
/* A customer sees it, or waits for it: goes before all others. */
bool action_is_customer_facing(enum action_kind kind);

#endif
