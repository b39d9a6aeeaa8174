/*
 * What PagerDuty, Slack, Zoom and GitLab answer: any text is read or refused with its reason, and what is
 * read keeps the promises of lib/services/. The first line is one of the words at the end of this file.
 */
#include "lib/services/gitlab.h"
#include "lib/services/pagerduty.h"
#include "lib/services/slack.h"
#include "lib/services/zoom.h"
#include "lib/timestamp.h"
#include "tests/fuzz/answer_check.h"
#include "tests/fuzz/event_check.h"
#include "tests/fuzz/promise.h"
#include "tests/fuzz/settings.h"

/* --- PagerDuty --- */

static void check_incident(const struct event *event)
{
    event_check(event);
    PROMISE(event->type == EVENT_PAGE && event->page.incident[0] && event->page.status != PAGE_UNKNOWN, "%s",
            event->page.incident);
    (void)pagerduty_page_counts(settings(), &event->page);
}

static bool read_incident(struct answer *a)
{
    static struct event event;
    if (!pagerduty_read_incident(a->reader, a->text, a->length, &event, a->error, sizeof a->error))
        return false;
    check_incident(&event);
    return true;
}

static bool read_found_incident(struct answer *a)
{
    static struct event event;
    bool found = false;
    const bool good = pagerduty_read_found_incident(a->reader, a->text, a->length, &found, &event, a->error,
                                                    sizeof a->error);
    if (good && found)
        check_incident(&event);
    return good;
}

static bool read_alerts(struct answer *a)
{
    int64_t ticket = 0;
    const bool good =
        pagerduty_read_alerts(settings(), a->reader, a->text, a->length, &ticket, a->error, sizeof a->error);
    PROMISE(ticket >= 0, "ticket %lld", (long long)ticket);
    return good;
}

static bool read_notes(struct answer *a)
{
    bool found = false;
    return pagerduty_read_notes(a->reader, a->text, a->length, "Slack thread", &found, a->error,
                                sizeof a->error);
}

static void check_user(const struct pagerduty_user *user)
{
    promise_text(user->id, sizeof user->id, "id");
    promise_text(user->name, sizeof user->name, "name");
    promise_text(user->email, sizeof user->email, "email");
}

static bool read_user(struct answer *a)
{
    struct pagerduty_user user = {0};
    const bool good = pagerduty_read_user(a->reader, a->text, a->length, "ada@example.com", &user, a->error,
                                          sizeof a->error);
    check_user(&user);
    return good;
}

static void on_oncall(void *context, const struct pagerduty_oncall *oncall)
{
    size_t *count = context;
    check_user(&oncall->user);
    promise_text(oncall->schedule, sizeof oncall->schedule, "schedule");
    PROMISE(oncall->schedule[0] && oncall->start_ms >= 0 && oncall->end_ms >= 0, "%s", oncall->schedule);
    ++*count;
}

static bool read_oncalls(struct answer *a)
{
    size_t count = 0;
    bool more = false;
    const bool good = pagerduty_read_oncalls(a->reader, a->text, a->length, on_oncall, &count, &more,
                                             a->error, sizeof a->error);
    PROMISE(good || count == 0, "%zu turns of a refused answer", count);
    return good;
}

static bool read_duplicate(struct answer *a)
{
    return pagerduty_says_duplicate(a->reader, a->text, a->length);
}

static void on_subscription(void *context, const char *subscription)
{
    struct request request;
    (void)context;
    promise_text(subscription, strlen(subscription) + 1, "subscription");
    PROMISE(pagerduty_enable_subscription(&request, subscription), "no memory");
    for (const char *c = request.path; *c; c++)
        PROMISE(*c > ' ' && *c <= '~', "a path: %s", request.path);
    request_free(&request);
}

static bool read_subscriptions(struct answer *a)
{
    return pagerduty_read_subscriptions(a->reader, a->text, a->length, on_subscription, NULL);
}

/* --- Slack --- */

static bool read_verdict(struct answer *a)
{
    const enum slack_verdict verdict =
        slack_read_verdict(a->reader, a->text, a->length, a->error, sizeof a->error);
    PROMISE(verdict <= SLACK_NEVER, "%d", (int)verdict);
    return verdict == SLACK_OK;
}

static bool read_posted(struct answer *a)
{
    char channel[24] = "";
    char ts[24] = "";
    char url[300];
    const bool good = slack_read_posted(a->reader, a->text, a->length, channel, sizeof channel, ts, sizeof ts,
                                        a->error, sizeof a->error);
    promise_text(channel, sizeof channel, "channel");
    promise_text(ts, sizeof ts, "ts");
    PROMISE(!good || (channel[0] && ts[0]), "\"%s\" \"%s\"", channel, ts);
    slack_message_url("https://acme.slack.com/", channel, ts, url, sizeof url);
    promise_text(url, sizeof url, "url");
    return good;
}

static bool read_marked_message(struct answer *a)
{
    char ts[24] = "";
    const bool good =
        slack_read_marked(a->reader, a->text, a->length, "i7a9", ts, sizeof ts, a->error, sizeof a->error);
    promise_text(ts, sizeof ts, "ts");
    return good;
}

static bool read_slack_user(struct answer *a)
{
    struct slack_user user = {0};
    const bool good = slack_read_user(a->reader, a->text, a->length, &user, a->error, sizeof a->error);
    promise_text(user.id, sizeof user.id, "id");
    promise_text(user.name, sizeof user.name, "name");
    promise_text(user.email, sizeof user.email, "email");
    return good;
}

static bool read_home(struct answer *a)
{
    char home[128] = "as it was";
    const bool good = slack_read_home(a->reader, a->text, a->length, home, sizeof home);
    promise_text(home, sizeof home, "home");
    PROMISE(good || strcmp(home, "as it was") == 0, "%s", home);
    return good;
}

/* --- Zoom and GitLab --- */

static bool read_meeting(struct answer *a)
{
    int64_t meeting = 0;
    char url[256] = "";
    bool running = false;
    const bool good = zoom_read_meeting(a->reader, a->text, a->length, &meeting, url, sizeof url, &running,
                                        a->error, sizeof a->error);
    promise_text(url, sizeof url, "url");
    PROMISE(!good || meeting > 0, "meeting %lld", (long long)meeting);
    return good;
}

static bool read_about_meeting(struct answer *a)
{
    return zoom_is_about_meeting(a->reader, a->text, a->length);
}

static bool read_marked_meeting(struct answer *a)
{
    int64_t meeting = 0;
    char url[256] = "";
    const bool good = zoom_read_marked(a->reader, a->text, a->length, "i7a9", &meeting, url, sizeof url,
                                       a->error, sizeof a->error);
    promise_text(url, sizeof url, "url");
    PROMISE(meeting >= 0, "meeting %lld", (long long)meeting);
    return good;
}

static bool read_zoom_token(struct answer *a)
{
    char token[2048] = "";
    int64_t valid_ms = 0;
    const bool good = zoom_read_token(a->reader, a->text, a->length, token, sizeof token, &valid_ms, a->error,
                                      sizeof a->error);
    promise_text(token, sizeof token, "token");
    PROMISE(!good || (token[0] && valid_ms > 0 && valid_ms <= 172800000), "%lld", (long long)valid_ms);
    return good;
}

static bool read_template(struct answer *a)
{
    char *content = NULL;
    const bool good =
        gitlab_read_template(a->reader, a->text, a->length, &content, a->error, sizeof a->error);
    PROMISE(good == (content != NULL), "%d", good);
    if (content)
        promise_text(content, strlen(content) + 1, "content");
    free(content);
    return good;
}

static bool read_issue(struct answer *a)
{
    char url[256] = "";
    const bool good =
        gitlab_read_issue(a->reader, a->text, a->length, "i7a9", url, sizeof url, a->error, sizeof a->error);
    promise_text(url, sizeof url, "url");
    return good;
}

/* --- headers --- */

/* The Date of an answer: what is read is written the same way again. */
static bool read_date(struct answer *a)
{
    static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    int64_t ms = -1;
    if (!timestamp_parse_http(a->text, &ms)) {
        PROMISE(ms == -1, "%lld", (long long)ms);
        return false;
    }
    char written[TIMESTAMP_SIZE];
    timestamp_format(ms, written);
    PROMISE(ms >= 0 && strlen(a->text) == 29, "%s", a->text);
    PROMISE(strncmp(a->text, days[ms / 86400000 % 7], 3) == 0, "%s is %s", a->text, written);
    PROMISE(strncmp(a->text + 17, written + 11, 8) == 0 && strncmp(a->text + 5, written + 8, 2) == 0 &&
                strncmp(a->text + 12, written, 4) == 0,
            "%s is %s", a->text, written);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct answer_kind kinds[] = {
        {"incident", read_incident, false},
        {"found_incident", read_found_incident, false},
        {"alerts", read_alerts, false},
        {"notes", read_notes, false},
        {"user", read_user, false},
        {"oncalls", read_oncalls, false},
        {"duplicate", read_duplicate, true},
        {"subscriptions", read_subscriptions, true},
        {"verdict", read_verdict, true},
        {"posted", read_posted, false},
        {"marked_message", read_marked_message, false},
        {"slack_user", read_slack_user, false},
        {"home", read_home, true},
        {"meeting", read_meeting, false},
        {"about_meeting", read_about_meeting, true},
        {"marked_meeting", read_marked_meeting, false},
        {"zoom_token", read_zoom_token, false},
        {"template", read_template, false},
        {"issue", read_issue, false},
        {"date", read_date, true},
    };
    answer_check(kinds, COUNT_OF(kinds), data, size);
    return 0;
}
