/*
 * What the desk asks of GitLab and what the answers mean: the runbook issue, from the project's template,
 * filled in. An issue whose making has no known end is looked for by its mark, which stands in it as a
 * comment that GitLab does not show.
 */
#include "lib/desk_internal.h"
#include "lib/text.h"

#include <stdlib.h>
#include <string.h>

#define DESCRIPTION_ROOM (128 * 1024) /* for the head, the fields and the mark, beside the template */

static bool goes_on(struct desk *desk, struct flight *flight, const struct emergency *e,
                    struct action *action, bool *good)
{
    bool wanted = emergency_still_wants(e, action->kind, action->cause);
    return desk_goes_on(desk, flight, e, action, wanted, good);
}

static bool ask_template(struct desk *desk, struct flight *flight, const struct emergency *e,
                         struct action *action)
{
    bool good;
    struct request request = {0};
    if (!goes_on(desk, flight, e, action, &good))
        return good;
    return desk_ask_made(desk, flight, FLIGHT_TEMPLATE, &request,
                         gitlab_get_template(&request, desk->config));
}

bool desk_begin_gitlab(struct desk *desk, struct flight *flight, struct action *action)
{
    char mark[80];
    struct emergency e;
    struct request request = {0};
    if (!desk_get_both(desk, flight, action, &e))
        return false;
    desk_mark(desk, action, mark, sizeof mark);
    if (action->state == ACTION_UNKNOWN)
        return desk_ask_made(desk, flight, FLIGHT_MARKED, &request,
                             gitlab_find_issue(&request, desk->config, mark));
    return ask_template(desk, flight, &e, action);
}

/* The head with the links, the template filled in, the mark. NULL: no memory; the caller frees. */
static char *write_description(struct desk *desk, const struct emergency *e, const struct action *action,
                               const char *template)
{
    char mark[80];
    struct emergency other;
    struct message_facts facts = desk_facts(desk, e, NULL, &other);
    size_t size = strlen(template) + DESCRIPTION_ROOM;
    char *out = malloc(size);
    if (!out)
        return NULL;
    desk_mark(desk, action, mark, sizeof mark);
    messages_write(desk->config->messages.texts, MESSAGE_RUNBOOK_HEAD, &facts, out, 4096);
    size_t used = strlen(out);
    text_format(out + used, size - used, "\n\n");
    used = strlen(out);
    messages_fill(&facts, template, out + used, size - used - 128);
    used = strlen(out);
    text_format(out + used, size - used, "\n\n<!-- emergencyd %s -->\n", mark);
    return out;
}

static bool create(struct desk *desk, struct flight *flight, struct emergency *e, struct action *action,
                   const char *template)
{
    char title[256];
    struct emergency other;
    struct message_facts facts = desk_facts(desk, e, NULL, &other);
    struct request request = {0};
    char *description = write_description(desk, e, action, template);
    messages_write(desk->config->messages.texts, MESSAGE_RUNBOOK_TITLE, &facts, title, sizeof title);
    bool made = description && gitlab_create_issue(&request, desk->config, title, description);
    free(description);
    return desk_send(desk, flight, e, action, &request, made, false);
}

static bool take_template(struct desk *desk, struct flight *flight, struct call *call)
{
    bool good;
    char error[160];
    char *template = NULL;
    struct action action;
    struct emergency e;
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    if (!desk_get_both(desk, flight, &action, &e))
        return false;
    if (!gitlab_read_template(desk->reader, call->answer, call->answer_length, &template, error,
                              sizeof error))
        return desk_take_unreadable(desk, flight, call, error);
    if (goes_on(desk, flight, &e, &action, &good))
        good = create(desk, flight, &e, &action, template);
    free(template);
    return good;
}

/* The issue as it was made, or as it was found. */
static bool take_issue(struct desk *desk, struct flight *flight, struct call *call)
{
    char error[160];
    char mark[80];
    struct action action;
    struct emergency e;
    struct result_facts result = {0};
    if (!call_is_good(call))
        return desk_take_failure(desk, flight, call);
    if (!desk_get_both(desk, flight, &action, &e))
        return false;
    desk_mark(desk, &action, mark, sizeof mark);
    if (!gitlab_read_issue(desk->reader, call->answer, call->answer_length, mark, result.url,
                           sizeof result.url, error, sizeof error))
        return desk_take_unreadable(desk, flight, call, error);
    if (!result.url[0]) /* looked for, and not there */
        return ask_template(desk, flight, &e, &action);
    return desk_accept(desk, flight, &action, &result);
}

bool desk_take_gitlab(struct desk *desk, struct flight *flight, struct call *call)
{
    switch (flight->step) {
    case FLIGHT_TEMPLATE: return take_template(desk, flight, call);
    case FLIGHT_WRITE:
    case FLIGHT_MARKED: return take_issue(desk, flight, call);
    case FLIGHT_PROBE: return desk_take_probe(desk, flight, call);
    default: return false;
    }
}
