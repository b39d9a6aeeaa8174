/*
 * Requests to GitLab. Want of memory is the only failure.
 */
#include "lib/services/gitlab.h"
#include "lib/services/request.h"
#include "lib/text.h"

#define TITLE_SIZE 256 /* 255 characters are allowed */

bool gitlab_get_template(struct request *request, const struct config *config)
{
    char project[REQUEST_ENCODED_SIZE];
    char name[REQUEST_ENCODED_SIZE];
    request_encode(config->gitlab.project, project, sizeof(project));
    request_encode(config->gitlab.template_name, name, sizeof(name));
    return request_make(request, "GET", NULL, "/projects/%s/templates/issues/%s", project, name);
}

bool gitlab_find_issue(struct request *request, const struct config *config, const char *mark)
{
    char project[REQUEST_ENCODED_SIZE];
    char encoded[REQUEST_ENCODED_SIZE];
    request_encode(config->gitlab.project, project, sizeof(project));
    request_encode(mark, encoded, sizeof(encoded));
    return request_make(request, "GET", NULL,
                        "/projects/%s/issues?search=%s&in=description&state=all&per_page=100", project,
                        encoded);
}

bool gitlab_create_issue(struct request *request, const struct config *config, const char *title,
                         const char *description)
{
    char project[REQUEST_ENCODED_SIZE];
    char short_title[TITLE_SIZE];
    request_encode(config->gitlab.project, project, sizeof(project));
    text_copy(short_title, sizeof(short_title), title);
    json_t *body =
        json_pack("{s:s, s:s, s:b}", "title", short_title, "description", description, "confidential", 1);
    if (!body)
        return request_give_up(request, body);
    return request_make(request, "POST", body, "/projects/%s/issues", project);
}

bool gitlab_get_project(struct request *request, const struct config *config)
{
    char project[REQUEST_ENCODED_SIZE];
    request_encode(config->gitlab.project, project, sizeof(project));
    return request_make(request, "GET", NULL, "/projects/%s", project);
}
