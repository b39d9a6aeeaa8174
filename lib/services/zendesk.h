#ifndef EMERGENCYD_ZENDESK_H
#define EMERGENCYD_ZENDESK_H
/*
 * Zendesk: what its webhooks and answers mean, what requests to it look like. Pure functions over texts; for
 * every thread (a json_reader and a receiver are used by one thread at a time). Times of the answers are as
 * Zendesk tells them; the caller corrects them by the skew of its clock.
 */
#include "lib/services/service.h"

#define ZENDESK_MANY 100 /* ids of one show_many */

/* A ticket as read from the API. zendesk_ticket_free frees what it holds. */
struct zendesk_ticket {
    int64_t id;
    struct ticket_facts facts; /* known */
    char stamp[40];            /* updated_at to the letter, for safe_update */
    int64_t updated_ms, created_ms;
    int64_t form_id;
    char **tags;
    size_t tag_count;
    int64_t *involved; /* collaborators, CCs and followers */
    size_t involved_count;
};
void zendesk_ticket_free(struct zendesk_ticket *ticket); /* takes zeroed ones */

/* What is known of ourselves and of whom to pass over, to tell who a comment's author is. */
struct zendesk_authors {
    const struct config *config;
    int64_t own_user_id; /* 0 not known yet */
};

/* A comment and what is known of its author, for zendesk_standing. */
struct zendesk_author {
    int64_t id;
    int64_t requester_id; /* of the ticket; 0 unknown */
    bool is_staff;
    bool belongs;       /* a CC, a follower, or of the ticket's organisation */
    bool is_merge_note; /* the service says so */
    const char *text;   /* of the comment; never NULL */
};
enum author_standing zendesk_standing(const struct zendesk_authors *authors,
                                      const struct zendesk_author *author);
/* Whether that role of a user makes them staff. */
bool zendesk_is_staff(const char *role);
/* Whether TEXT, without what it quotes, fits one of auto_reply_patterns (its first 16 KB are looked at). */
bool zendesk_is_automatic(const struct config *config, const char *text);

/* Requests. False: out of memory. Paths begin with /api/v2. */
bool zendesk_get_ticket(struct request *request, int64_t ticket) MUST_CHECK;
bool zendesk_get_comments(struct request *request,
                          int64_t ticket) MUST_CHECK; /* newest 100, with their users */
/* 100 of them; PAGE 1 has the newest, a further one is next_page of struct zendesk_history. */
bool zendesk_get_audits(struct request *request, int64_t ticket, int page) MUST_CHECK;
bool zendesk_get_tickets(struct request *request, const int64_t *tickets, size_t count) MUST_CHECK;
/* Urgent and unsolved, newest first; PAGE 1 is the first, 10 the last that Zendesk gives. A superset of
 * emergency_match (a form can't be searched for by its id): ask zendesk_ticket_matches. */
bool zendesk_search_urgent(struct request *request, const struct config *config, int page) MUST_CHECK;
bool zendesk_get_organization(struct request *request, int64_t organization) MUST_CHECK;
bool zendesk_get_me(struct request *request) MUST_CHECK;
bool zendesk_get_suspended(struct request *request) MUST_CHECK; /* newest 100 */
bool zendesk_find_user(struct request *request, const char *email) MUST_CHECK;
/* What the macro would change; changes nothing. */
bool zendesk_apply_macro(struct request *request, int64_t ticket, int64_t macro) MUST_CHECK;

/* A change of a ticket, only on top of what was read. */
struct zendesk_update {
    int64_t ticket;
    const char *stamp;
    const char *mark;                  /* goes to metadata: how the update is recognised in the audits */
    const char *comment;               /* public; NULL none */
    const char *priority;              /* NULL unchanged */
    bool downgrade;                    /* also form, tags and fields of the settings */
    const struct zendesk_ticket *read; /* as just read: its tags are the base */
};
bool zendesk_update_ticket(struct request *request, const struct config *config,
                           const struct zendesk_update *update) MUST_CHECK;

/* Answers. False: not what the service documents (ERROR says what is missing). */
bool zendesk_read_ticket(const struct config *config, struct json_reader *reader, const char *answer,
                         size_t length, struct zendesk_ticket *ticket, char *error,
                         size_t error_size) MUST_CHECK;
/*
 * show_many and search: EACH once a ticket, which it must not keep. NEXT_PAGE (may be NULL) true: there are
 * more (search). One ticket that can't be read makes the answer false, but EACH is called for all others
 * first.
 */
typedef void zendesk_ticket_fn(void *context, const struct zendesk_ticket *ticket);
bool zendesk_read_tickets(const struct config *config, struct json_reader *reader, const char *answer,
                          size_t length, zendesk_ticket_fn *each, void *context, bool *next_page, char *error,
                          size_t error_size) MUST_CHECK;
/*
 * Comments → COMMENT events, oldest first; at_ms as told with resolution_ms 1000; the first comment of a
 * ticket is its description (AUTHOR_NOBODY). The event's id is the comment's, padded with zeros to 19 digits.
 * TEXT is the plain text, good until EACH returns. EACH is called for all of them or for none.
 */
typedef void zendesk_comment_fn(void *context, struct event *event, const char *text);
bool zendesk_read_comments(struct json_reader *reader, const char *answer, size_t length,
                           const struct zendesk_ticket *ticket, const struct zendesk_authors *authors,
                           zendesk_comment_fn *each, void *context, char *error,
                           size_t error_size) MUST_CHECK;
/*
 * Audits: when the ticket turned urgent last, when it was lowered from urgent last and not by us, and when it
 * was solved, closed or lowered last (0: not among them); whether MARK (NULL: not asked) is among them and of
 * what time. Pages add up: HISTORY is zeroed by the caller before the first. next_page: 0, or the page with
 * those that are older than oldest_ms or, with oldest_first, newer: they must be read as well then.
 */
struct zendesk_history {
    int64_t urgent_ms, lowered_ms, ended_ms;
    enum ticket_priority lowered_to;
    bool marked;
    int64_t marked_ms;
    int next_page;
    bool oldest_first;
    int64_t oldest_ms; /* 0: there was none */
};
bool zendesk_read_audits(struct json_reader *reader, const char *answer, size_t length, const char *mark,
                         struct zendesk_history *history, char *error, size_t error_size) MUST_CHECK;
/* Its name, and the account manager's address that its field `tam_field` holds (tam_known, tam). */
bool zendesk_read_organization(const struct config *config, struct json_reader *reader, const char *answer,
                               size_t length, struct ticket_facts *facts, char *error,
                               size_t error_size) MUST_CHECK;
/* The time zone, by IANA's name, of USER among the users that came with the comments; "" unknown. */
void zendesk_read_zone(struct json_reader *reader, const char *answer, size_t length, int64_t user,
                       char *zone, size_t size);
/* zendesk_find_user: the one with EMAIL. */
struct zendesk_found_user {
    int64_t id; /* 0: nobody */
    int64_t organization_id;
    char name[96];
    bool is_staff;
};
bool zendesk_read_found_user(struct json_reader *reader, const char *answer, size_t length, const char *email,
                             struct zendesk_found_user *user, char *error, size_t error_size) MUST_CHECK;
/* zendesk_apply_macro: the text of its comment, as plain text; "" if it has none. */
bool zendesk_read_macro(struct json_reader *reader, const char *answer, size_t length, char *text,
                        size_t size, char *error, size_t error_size) MUST_CHECK;
/* The answer to a write: whether it is Zendesk's, of this ticket, and not that of something before it. */
bool zendesk_read_written(struct json_reader *reader, const char *answer, size_t length, int64_t ticket,
                          char *error, size_t error_size) MUST_CHECK;
bool zendesk_read_me(struct json_reader *reader, const char *answer, size_t length, int64_t *user,
                     char *error, size_t error_size) MUST_CHECK;
/* Suspended replies to this ticket after SINCE_MS: the newest's time and author; *newest_ms 0 when none. */
bool zendesk_read_suspended(struct json_reader *reader, const char *answer, size_t length, int64_t ticket,
                            int64_t since_ms, int64_t *newest_ms, char *author,
                            size_t author_size) MUST_CHECK;

/* Where a ticket belongs by its tags and form: fills sorted, product, coverage and bulk of FACTS. Reads of
 * tickets and webhooks that tell both do it by themselves. */
void zendesk_sort_ticket(const struct config *config, int64_t form_id, char *const tags[], size_t tag_count,
                         struct ticket_facts *facts);
/* Whether a ticket is one of those that open emergencies (emergency_match). */
bool zendesk_ticket_matches(const struct config *config, const struct zendesk_ticket *ticket);
/* "https://…/agent/tickets/4711" */
void zendesk_ticket_url(const struct config *config, int64_t ticket, char *out, size_t size);

/*
 * The credentials: POST /oauth/tokens (JSON) for a bearer token of client credentials. zendesk_read_token
 * fills the token and for how long it is good.
 */
bool zendesk_get_token(struct request *request, const struct config *config) MUST_CHECK;
bool zendesk_read_token(struct json_reader *reader, const char *answer, size_t length, char *token,
                        size_t size, int64_t *valid_ms, char *error, size_t error_size) MUST_CHECK;

#endif
