#ifndef EMERGENCYD_SIMULATION_H
#define EMERGENCYD_SIMULATION_H
/*
 * A world in one thread: customers, engineers and the services they use, each with its own truth, and the
 * real desk, wheel, store and services' code in the midst of it as a process that may die at any step. All of
 * it follows from one seed: the same seed tells the same story. What the process does is held against the
 * world's truth while it happens (truth.c) and at the end (verdict.c).
 *
 * Times are UTC milliseconds of the world's own, true clock, unless the name says whose they are.
 */
#include "lib/call.h"
#include "lib/config.h"
#include "lib/delivery.h"
#include "lib/desk.h"
#include "lib/services/service.h"
#include "tests/disk/disk.h"

#include <stdio.h>

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
/* How long the courier waits for most answers; then a call is given up, and may take effect all the same. */
#define CALL_PATIENCE_MS INT64_C(10000)

/* What may go wrong, each with a bit, so that a failing story can be told with as little as possible. */
enum trouble {
    TROUBLE_WEBHOOKS = 1, /* late, doubled, out of order, lost */
    TROUBLE_CALLS = 2,    /* refused, broken off, answered with an error, before and after taking effect */
    TROUBLE_OUTAGES = 4,  /* a service does not answer for minutes */
    TROUBLE_CRASHES = 8,
    TROUBLE_CLOCK = 16, /* the machine's clock is set; Zendesk's goes wrong */
    TROUBLE_DISK = 32,  /* full, failing, or the power goes */
    TROUBLE_ALL = 63,
};

/* --- agenda.c: chance, time, texts --- */

struct rng {
    uint64_t state;
};
struct rng rng_of(uint64_t seed, uint64_t stream);
uint64_t rng_next(struct rng *rng);
int64_t rng_between(struct rng *rng, int64_t low, int64_t high); /* both included */
bool rng_chance(struct rng *rng, int per_mille);

struct sim;
typedef void task_fn(struct sim *sim, void *subject);
struct task {
    int64_t at_ms;
    uint64_t order; /* of equal times */
    task_fn *run;
    void *subject; /* not owned */
};
struct agenda {
    struct task *tasks; /* a heap */
    size_t count, room;
    uint64_t last_order;
};
void agenda_free(struct agenda *agenda);
/* Out of memory ends the program, here and in all of the simulation. */
void sim_at(struct sim *sim, int64_t at_ms, task_fn *run, void *subject);
void sim_after(struct sim *sim, int64_t delay_ms, task_fn *run, void *subject);
/* Runs what is due until UNTIL_MS, or until a violation. */
void sim_run(struct sim *sim, int64_t until_ms);
void *must_alloc(size_t count, size_t size);
/* *ITEMS, an array of COUNT, with room for one more. */
void *must_grow(void *items, size_t count, size_t size);

struct text {
    char *bytes; /* NUL-terminated, or NULL when nothing was written yet */
    size_t length, room;
};
void text_add(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);
void text_add_byte(struct text *text, char byte);
void text_add_json(struct text *text, const char *string); /* with its quotes */
/* ' for ", which makes JSON readable in C. */
void text_add_quoted(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);

/* --- truth.c: what really happened to a customer --- */

/* What the comments do not tell, since the emergency began, or began again. 0: it did not happen. */
struct truth {
    int64_t since_ms;
    int64_t contact_ms;      /* the first public comment of staff, or an accepted "contacted" */
    int64_t told_contact_ms; /* that "contacted" */
    int64_t told_to;         /* the emergency that was open then */
    int64_t last_staff_ms;   /* the last public comment of staff */
    int64_t met_ms;          /* a person of staff was there */
    int64_t told_answer_ms;  /* a person said so, and that was accepted */
    int64_t joined_ms;       /* that the customer came to the bridge was accepted; */
    int64_t came_ms;         /* and then they had come */
    int64_t waived_ms;       /* until then a person has waived all answers */
    int64_t joined_settled_ms, outsider_settled_ms, automatic_settled_ms; /* and settled these doubts */
    int64_t order_ms;                                                     /* a person ordered the downgrade */
    int64_t floor_ms;        /* no step of the clock may take effect before, */
    int64_t floor_told_ms;   /* as a person said then; */
    int64_t floor_before_ms; /* before that it was this */
    int64_t rests_ms;        /* a person paused or closed it, */
    int64_t resting;         /* this emergency */
    int follow_ups, downgrades;
    int64_t first_contact, followed_up; /* the emergencies that wrote it */
    int64_t first_by;                   /* the emergency whose first comment took effect last, however late */
    bool over;                          /* lowered, by whomever */
};

/* One customer in trouble. */
struct client {
    int number; /* from 0 */
    struct rng rng;
    bool nasty; /* answers at the worst moment */
    int64_t replies_left;
    struct ticket *ticket;
    struct truth truth;
    struct truth former; /* of the emergency before, which the program may still take it for */
    char engineer;       /* 1 to 3 */
    bool unsure;         /* nobody knows whether a word of a person counts: nothing is judged */
    bool left_alone;     /* closed or linked elsewhere by a person: nothing is expected of it */
};

/* --- the services' worlds --- */

struct comment {
    int64_t id, author, at_ms;
    int64_t begun_ms; /* of ours: when it left; 0: of others */
    bool is_public;
    char *body;
};
struct audit {
    int64_t id, author, at_ms;
    enum ticket_priority priority_before, priority;
    enum ticket_status status_before, status;
    bool late; /* when nobody waited for it any more */
    char mark[80];
};
struct ticket {
    int64_t id, requester, organization, created_ms, updated_ms;
    enum ticket_priority priority;
    enum ticket_status status;
    int64_t suspended_ms; /* a reply that is held back came then; 0 none */
    struct comment *comments;
    size_t comment_count;
    struct audit *audits;
    size_t audit_count;
    struct client *client;
};
struct incident {
    char id[24], key[128], title[200];
    enum page_status status;
    int64_t created_ms;
    int ticket_in_alert; /* 0 none */
    char actor[8];       /* id of whom changed it last; "" the service itself */
    char acknowledger[8];
    char **notes;
    size_t note_count;
    struct client *client; /* NULL: ours */
};
struct slack_post {
    char channel[24], ts[24], thread[24], mark[80];
    bool late; /* when nobody looked for it any more */
};
struct meeting {
    int64_t id;
    char mark[80];
    bool running, over;
    int64_t entered_ms; /* when somebody came; nobody comes twice */
    struct client *client;
};
struct world {
    int64_t zendesk_skew_ms, last_id;
    struct ticket **tickets;
    size_t ticket_count;
    struct incident **incidents;
    size_t incident_count;
    struct slack_post *messages;
    size_t message_count;
    struct meeting **meetings;
    size_t meeting_count;
};

/* An HTTP exchange at a service: what the network does with it, and what came of it. */
struct errand {
    struct errand *next;
    struct call *call;
    int64_t life; /* of the process that sent it */
    int64_t handed_ms, answer_at_ms;
    struct text answer;
    int status;
    bool broken, done, took_effect;
    /* a write to a ticket: as it was when it left */
    enum action_kind kind;
    int64_t action, emergency, opened_ms;
    int64_t paged_ms; /* the emergency's opening, by a page perhaps before its ticket was urgent */
    enum step_origin by;
};

void world_free(struct world *world);
struct ticket *zendesk_add_ticket(struct sim *sim, struct client *client, enum ticket_priority priority);
void zendesk_comment(struct sim *sim, struct ticket *ticket, int64_t author, bool is_public,
                     const char *body);
void zendesk_change(struct sim *sim, struct ticket *ticket, int64_t author, enum ticket_priority priority,
                    enum ticket_status status);
void zendesk_answer(struct sim *sim, struct errand *errand);
struct incident *pagerduty_add(struct sim *sim, struct client *client, const char *title, const char *key);
void pagerduty_set(struct sim *sim, struct incident *incident, enum page_status status, const char *actor);
void pagerduty_answer(struct sim *sim, struct errand *errand);
void slack_serve(struct sim *sim, struct errand *errand);
void zoom_serve(struct sim *sim, struct errand *errand);
void zoom_enter(struct sim *sim, struct meeting *meeting, const char *email, const char *name);
void zoom_leave_all(struct sim *sim, struct meeting *meeting);
struct meeting *zoom_meeting_of(struct sim *sim, struct client *client);

/* --- people of the cast --- */
#define OWN_USER     INT64_C(900)
#define ENGINEER(n)  (INT64_C(500) + (n))
#define REQUESTER(c) (INT64_C(100000) + 10 * (c)) /* + 1: CC, + 2: colleague, + 3: outsider */
#define FIRST_TICKET INT64_C(4000)

/* --- webhooks.c --- */

struct post { /* a webhook, from its making to its end */
    enum service_id service;
    char *body;
    char signature[120], timestamp[40], id[40];
    int attempts;
    bool accepted; /* answered 200 after a commit */
    bool answered; /* its sender knows */
    struct client *client;
};
void post_webhook(struct sim *sim, enum service_id service, const char *body, struct client *client);
void post_arrives(struct sim *sim, void *post);
/* The process answered with STATUS (its sender may not hear of it). */
void post_answered(struct sim *sim, struct post *post, int status);
bool post_to_delivery(struct sim *sim, struct post *post, bool verify, struct delivery **delivery,
                      int *status);

/* --- process.c, process_setup.c, troubles.c --- */

/* Where in its next pass the process dies. */
enum death {
    DEATH_NONE,
    DEATH_WITHIN_BATCH, /* before the commit */
    DEATH_IN_COMMIT,    /* of its writes only some arrive */
    DEATH_BEFORE_ANSWERS,
    DEATH_BEFORE_CALLS,
    DEATH_AMONG_CALLS,
    DEATHS,
};

struct process {
    struct config config;
    struct log *log;
    FILE *log_stream;
    struct metrics metrics;
    struct receiver receivers[SERVICE_COUNT];
    struct json_reader *reader;
    struct store *store;
    struct desk *desk;
    char directory[64], path[96];
    bool up, in_trouble, more_due;
    int64_t life; /* a number for each start */
    int64_t started_ms;
    int64_t offset_ms, shift_ms; /* its clock minus the true one; set and not written yet */
    int64_t next_tidy_ms;
    int64_t wake_ms; /* when it passes next; 0 not known */
    struct delivery *deliveries, **deliveries_end;
    struct call *calls, **calls_end;
    int death; /* in the next pass, at that step; 0 none */
    bool shift_lost;
    bool disk_is_bad;
    int crashes, disk_faults;
};
void process_make_template(struct text *out);
void process_set_up(struct sim *sim);
void process_tear_down(struct sim *sim);
void process_set_log_clock(int64_t now_ms);
void process_start(struct sim *sim, void *unused);
void process_pass(struct sim *sim, void *unused);
void process_end(struct sim *sim);
void process_crash(struct sim *sim);
void process_wake(struct sim *sim);
int64_t process_now_ms(const struct sim *sim);
void process_take(struct sim *sim, struct delivery *delivery);
void process_take_call(struct sim *sim, struct call *call);
/* A person's command; false: nobody is there to take it. */
bool process_command(struct sim *sim, struct client *client, enum command command, int64_t for_ms,
                     const char *to);
bool process_emergency(struct sim *sim, const struct client *client, struct emergency *e);
void process_troubles(struct sim *sim);
/* Mends what it stands on, and starts it if it is down. */
void process_calm(struct sim *sim);

/* --- network.c --- */
void network_send(struct sim *sim, struct call *call);
void network_troubles(struct sim *sim);
void network_forget(struct sim *sim, int64_t life);
void network_free(struct sim *sim);

/* --- people.c --- */
void people_begin(struct sim *sim);
/* Nothing new happens; what is still to be decided is decided. */
void people_calm(struct sim *sim);
void client_says(struct sim *sim, struct client *client);

/* --- truth.c --- */
/* What a customer wrote since OPENED_MS and after first contact, and no person has waived; 0 nothing. */
struct answers {
    int64_t answer_ms, outsider_ms, automatic_ms;
};
/* Of the emergency that the program opened then. */
/* When E began, as far as that is judged: a page that is linked late may be older than its ticket's trouble.
 */
int64_t truth_opened_ms(const struct sim *sim, const struct emergency *e);
struct truth *truth_of(struct client *client, int64_t opened_ms);
struct answers truth_answers(struct client *client, int64_t opened_ms);
/* Within the coarseness of stamps: that a person of staff wrote since then; that there was an answer. */
bool truth_may_have_been_met(const struct client *client, int64_t opened_ms);
bool truth_may_be_answer(const struct client *client);
void truth_commented(struct sim *sim, struct ticket *ticket, const struct comment *comment);
void truth_raised(struct sim *sim, struct ticket *ticket);
void truth_written(struct sim *sim, struct errand *errand, struct ticket *ticket, const char *mark,
                   bool comments, bool lowers);
void truth_commanded(struct sim *sim, const struct delivery *delivery, const struct emergency *before);
/* The disk broke while a command to that emergency was written. */
void truth_unsure(struct sim *sim, const struct emergency *before);
void truth_joined(struct sim *sim, const struct delivery *delivery);

/* --- verdict.c --- */
void verdict(struct sim *sim);

/* --- simulate.c --- */

struct sim {
    uint64_t seed;
    int clients_wanted;
    int only; /* this client alone; -1: all */
    unsigned troubles;
    FILE *story; /* NULL: not told */
    struct disk *disk;
    const struct text *template; /* a new database */
    int64_t start_ms, now_ms;
    struct rng world_rng, network_rng, post_rng, process_rng;
    struct agenda agenda;
    struct world world;
    struct process process;
    struct client *clients;
    int client_count;
    struct errand *errands;
    struct post **posts;
    size_t post_count;
    bool calm; /* nothing goes wrong any more */
    int64_t down_until_ms[SERVICE_COUNT];
    int64_t events, emergencies;
    char violation[600]; /* "" none */
    int violator;        /* the client's number; -1 none */
};
bool sim_may(const struct sim *sim, enum trouble trouble);
/* Adds a line to the story. CLIENT may be NULL. */
void sim_tell(struct sim *sim, const struct client *client, const char *format, ...) PRINTF_LIKE(3, 4);
/* What must not be; the first one counts. */
void sim_violation(struct sim *sim, const struct client *client, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
