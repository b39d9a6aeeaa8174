#ifndef EMERGENCYD_ZOOM_H
#define EMERGENCYD_ZOOM_H
/*
 * Zoom: what its webhooks and answers mean, what requests to it look like. Pure functions over texts; for
 * every thread (a json_reader and a receiver are used by one thread at a time).
 *
 * Webhooks become JOINED, LEFT (meeting.id, meeting.participant, by, by_email as Zoom tells them;
 * comment.standing AUTHOR_UNKNOWN, who it is being for others to find out) and MEETING_ENDED events; at_ms is
 * the event_ts.
 */
#include "lib/services/service.h"

/* Requests. False: out of memory. */
/* A scheduled meeting that begins at NOW_MS, that anybody with the link can enter before its host. MARK goes
 * to the agenda: how it is recognised. */
bool zoom_create_meeting(struct request *request, const struct config *config, const char *topic,
                         const char *mark, int64_t now_ms) MUST_CHECK;
/* The host's scheduled meetings. */
bool zoom_list_meetings(struct request *request, const struct config *config) MUST_CHECK;
bool zoom_get_meeting(struct request *request, int64_t meeting) MUST_CHECK;
bool zoom_end_meeting(struct request *request, int64_t meeting) MUST_CHECK;
/* The probe. */
bool zoom_get_host(struct request *request, const struct config *config) MUST_CHECK;

/* Answers. False: not what the service documents (ERROR says what is missing). */
bool zoom_read_meeting(struct json_reader *reader, const char *answer, size_t length, int64_t *meeting,
                       char *join_url, size_t size, bool *running, char *error, size_t error_size) MUST_CHECK;
/* A refusal that is about the meeting itself: it does not run, or is gone. */
bool zoom_is_about_meeting(struct json_reader *reader, const char *answer, size_t length);
/* zoom_list_meetings: that of MARK; *meeting 0: none. */
bool zoom_read_marked(struct json_reader *reader, const char *answer, size_t length, const char *mark,
                      int64_t *meeting, char *join_url, size_t size, char *error,
                      size_t error_size) MUST_CHECK;

/*
 * The credentials: POST of a form to oauth_url (the request's path is empty) with a Basic header, for a
 * bearer token. zoom_read_token fills the token and for how long it is good.
 */
bool zoom_get_token(struct request *request, const struct config *config) MUST_CHECK;
bool zoom_read_token(struct json_reader *reader, const char *answer, size_t length, char *token, size_t size,
                     int64_t *valid_ms, char *error, size_t error_size) MUST_CHECK;

#endif
