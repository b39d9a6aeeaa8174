#ifndef EMERGENCYD_SLACK_H
#define EMERGENCYD_SLACK_H
/*
 * Slack: what its buttons and slash commands mean, what requests to it look like, what it answers. Pure
 * functions over texts; for every thread (a json_reader and a receiver are used by one thread at a time).
 */
#include "lib/services/service.h"

/* A message: mrkdwn, with all mentions already written as Slack wants them. */
struct slack_message {
    const char *channel;
    const char *thread_ts; /* NULL: not in a thread */
    const char *text;      /* becomes sections, and the fallback; cut at 9,000 bytes. Only <…> is a link */
    int64_t buttons;       /* a bit for each enum command, in the order of the enum */
    int64_t emergency;     /* what the buttons are about */
    const char *mark;      /* goes to the message's metadata: how it is recognised; NULL none */
};

/* Requests. False: out of memory. The paths are those of api_url ("/chat.postMessage"). */
bool slack_post_message(struct request *request, const struct slack_message *message) MUST_CHECK;
bool slack_update_message(struct request *request, const struct slack_message *message,
                          const char *ts) MUST_CHECK;
/* A message in CHANNEL that only USER sees; THREAD_TS may be NULL. */
bool slack_whisper(struct request *request, const char *channel, const char *user, const char *thread_ts,
                   const char *text) MUST_CHECK;
/* The messages since SINCE_MS (0: all), 999 at most, with their metadata: of a thread, the oldest first, or
 * (THREAD_TS NULL) of a channel, the newest first. */
bool slack_find_messages(struct request *request, const char *channel, const char *thread_ts,
                         int64_t since_ms) MUST_CHECK;
bool slack_lookup_email(struct request *request, const char *email) MUST_CHECK;
bool slack_get_user(struct request *request, const char *user) MUST_CHECK;
/* The probe. */
bool slack_test(struct request *request) MUST_CHECK;

/*
 * What an answer of status 200 amounts to, by its "ok" and "error": done; may pass (rate_limited counts as
 * LIMITED); our credentials are refused; or it will never work as it is. ERROR is Slack's word for it.
 */
enum slack_verdict { SLACK_OK, SLACK_MAY_PASS, SLACK_LIMITED, SLACK_REFUSES_US, SLACK_NEVER };
enum slack_verdict slack_read_verdict(struct json_reader *reader, const char *answer, size_t length,
                                      char *error, size_t error_size) MUST_CHECK;

/* Answers with "ok":true. False: not what the service documents (ERROR says what is missing). */
bool slack_read_posted(struct json_reader *reader, const char *answer, size_t length, char *channel,
                       size_t channel_size, char *ts, size_t ts_size, char *error,
                       size_t error_size) MUST_CHECK;
/* slack_find_messages: the ts of the message that carries MARK; "" none. False, too, if it was not found but
 * there are more messages than the answer holds. */
bool slack_read_marked(struct json_reader *reader, const char *answer, size_t length, const char *mark,
                       char *ts, size_t ts_size, char *error, size_t error_size) MUST_CHECK;
struct slack_user {
    char id[24];
    char name[96];
    char email[96]; /* "" if we may not see it */
};
bool slack_read_user(struct json_reader *reader, const char *answer, size_t length, struct slack_user *user,
                     char *error, size_t error_size) MUST_CHECK;

/* slack_test: where the workspace lives, "https://WORKSPACE.slack.com/"; OUT is left alone if it does not
 * say. */
bool slack_read_home(struct json_reader *reader, const char *answer, size_t length, char *out, size_t size);

/* What is on the button of a command; NULL: it has none, as it needs something typed. */
const char *slack_button_label(enum command command);

/* Writes TEXT of others for mrkdwn: & < > escaped, control characters left out. Cut between characters. */
void slack_escape(const char *text, char *out, size_t size);

/* Where a message can be read: HOME is "https://WORKSPACE.slack.com/". OUT is "" if that is "", or TS no time
 * of a message. */
void slack_message_url(const char *home, const char *channel, const char *ts, char *out, size_t size);

/* {"response_type":"ephemeral","text":…}, the answer to a slash command; malloc'ed, NULL without memory. */
char *slack_answer(const char *text) MUST_CHECK;

#endif
