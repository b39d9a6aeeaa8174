#ifndef EMERGENCYD_GITLAB_H
#define EMERGENCYD_GITLAB_H
/*
 * GitLab: the runbook issue, made once from the project's issue template. Pure functions over texts; for
 * every thread (a json_reader is used by one thread at a time).
 */
#include "lib/services/service.h"

/* Requests. False: out of memory. */
bool gitlab_get_template(struct request *request, const struct config *config) MUST_CHECK;
/* Issues, of any state, whose description names MARK. */
bool gitlab_find_issue(struct request *request, const struct config *config, const char *mark) MUST_CHECK;
/* A confidential one. DESCRIPTION must name the mark. */
bool gitlab_create_issue(struct request *request, const struct config *config, const char *title,
                         const char *description) MUST_CHECK;
/* The probe. */
bool gitlab_get_project(struct request *request, const struct config *config) MUST_CHECK;

/* Answers. False: not what the service documents (ERROR says what is missing). */
/* The template's text, malloc'ed. */
bool gitlab_read_template(struct json_reader *reader, const char *answer, size_t length, char **content,
                          char *error, size_t error_size) MUST_CHECK;
/* Of gitlab_create_issue (an issue) or gitlab_find_issue (a list, in which that counts whose description
 * names MARK): its address; "" when the list has none. */
bool gitlab_read_issue(struct json_reader *reader, const char *answer, size_t length, const char *mark,
                       char *url, size_t size, char *error, size_t error_size) MUST_CHECK;

#endif
