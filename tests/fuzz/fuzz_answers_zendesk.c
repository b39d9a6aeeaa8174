/*
 * What Zendesk answers: any text is read or refused with its reason, and what is read keeps the promises of
 * lib/services/zendesk.h. The first line is one of the words at the end of this file.
 */
#include "lib/services/zendesk.h"
#include "tests/fuzz/answer_check.h"
#include "tests/fuzz/event_check.h"
#include "tests/fuzz/promise.h"
#include "tests/fuzz/settings.h"

#define LATEST_MS INT64_C(253402300799999) /* the end of the year 9999 */

static void check_time(int64_t ms)
{
    PROMISE(ms >= 0 && ms <= LATEST_MS, "%lld", (long long)ms);
}

/* Facts as an event has them, so that all is checked that is checked there. */
static void check_facts(const struct ticket_facts *facts)
{
    static struct event event;
    event = (struct event){.type = EVENT_TICKET, .source = EVENT_SOURCE_ZENDESK, .ticket = *facts};
    event_check(&event);
}

static void check_ticket(const struct zendesk_ticket *ticket)
{
    char url[300];
    check_facts(&ticket->facts);
    PROMISE(ticket->id > 0 && ticket->facts.known, "ticket %lld", (long long)ticket->id);
    promise_text(ticket->stamp, sizeof ticket->stamp, "stamp");
    check_time(ticket->updated_ms);
    check_time(ticket->created_ms);
    for (size_t i = 0; i < ticket->tag_count; i++)
        promise_text(ticket->tags[i], strlen(ticket->tags[i]) + 1, "a tag");
    zendesk_ticket_url(settings(), ticket->id, url, sizeof url);
    promise_text(url, sizeof url, "url");
    (void)zendesk_ticket_matches(settings(), ticket);
}

/* The downgrade that would be written of it. */
static void check_update(const struct zendesk_ticket *ticket)
{
    const struct zendesk_update update = {.ticket = ticket->id,
                                          .stamp = ticket->stamp,
                                          .mark = "i7a9",
                                          .priority = "high",
                                          .downgrade = true,
                                          .read = ticket};
    struct request request;
    PROMISE(zendesk_update_ticket(&request, settings(), &update), "no downgrade can be made of it");
    request_free(&request);
}

static bool read_ticket(struct answer *a)
{
    struct zendesk_ticket ticket = {0};
    const bool good =
        zendesk_read_ticket(settings(), a->reader, a->text, a->length, &ticket, a->error, sizeof a->error);
    if (good) {
        check_ticket(&ticket);
        check_update(&ticket);
    }
    zendesk_ticket_free(&ticket);
    return good;
}

static void on_ticket(void *context, const struct zendesk_ticket *ticket)
{
    (void)context;
    check_ticket(ticket);
}

static bool read_tickets(struct answer *a)
{
    bool next_page = false;
    return zendesk_read_tickets(settings(), a->reader, a->text, a->length, on_ticket, NULL, &next_page,
                                a->error, sizeof a->error);
}

struct comments {
    size_t count;
    int64_t last_ms;
};

static void on_comment(void *context, struct event *event, const char *text)
{
    struct comments *comments = context;
    event_check(event);
    promise_text(text, strlen(text) + 1, "a comment");
    PROMISE(event->type == EVENT_COMMENT && event->ticket_id == 4711 && strlen(event->id) == 19, "\"%s\"",
            event->id);
    PROMISE(event->comment.id > 0 && event->at_ms >= comments->last_ms, "comment %lld comes too late",
            (long long)event->comment.id);
    comments->count++;
    comments->last_ms = event->at_ms;
}

static bool read_comments(struct answer *a)
{
    int64_t involved[] = {123123, 22};
    const struct zendesk_ticket ticket = {
        .id = 4711,
        .facts = {.known = true, .requester_id = 20978392, .organization_id = 509974},
        .created_ms = 1248130529000,
        .involved = involved,
        .involved_count = COUNT_OF(involved),
    };
    const struct zendesk_authors authors = {.config = settings(), .own_user_id = 99};
    struct comments comments = {0};
    const bool good = zendesk_read_comments(a->reader, a->text, a->length, &ticket, &authors, on_comment,
                                            &comments, a->error, sizeof a->error);
    PROMISE(good || comments.count == 0, "%zu comments of a refused answer", comments.count);
    char zone[48];
    zendesk_read_zone(a->reader, a->text, a->length, 20978392, zone, sizeof zone);
    promise_text(zone, sizeof zone, "zone");
    return good;
}

static bool read_audits(struct answer *a)
{
    struct zendesk_history history = {0};
    const bool good =
        zendesk_read_audits(a->reader, a->text, a->length, "i7a9", &history, a->error, sizeof a->error);
    check_time(history.urgent_ms);
    check_time(history.marked_ms);
    check_time(history.oldest_ms);
    PROMISE(history.next_page >= 0 && history.next_page < 1000, "page %d", history.next_page);
    PROMISE(history.marked || history.marked_ms == 0, "no mark");
    return good;
}

static bool read_organization(struct answer *a)
{
    struct ticket_facts facts = {0};
    const bool good = zendesk_read_organization(settings(), a->reader, a->text, a->length, &facts, a->error,
                                                sizeof a->error);
    check_facts(&facts);
    PROMISE(good == facts.tam_known, "%d", good);
    PROMISE(!facts.tam[0] || strchr(facts.tam, '@'), "no address: %s", facts.tam);
    return good;
}

static bool read_found_user(struct answer *a)
{
    struct zendesk_found_user user = {0};
    const bool good = zendesk_read_found_user(a->reader, a->text, a->length, "ada@example.com", &user,
                                              a->error, sizeof a->error);
    promise_text(user.name, sizeof user.name, "name");
    PROMISE(user.id >= 0 && user.organization_id >= 0, "user %lld", (long long)user.id);
    return good;
}

static bool read_macro(struct answer *a)
{
    char text[1500] = "";
    const bool good =
        zendesk_read_macro(a->reader, a->text, a->length, text, sizeof text, a->error, sizeof a->error);
    promise_text(text, sizeof text, "text");
    return good;
}

static bool read_written(struct answer *a)
{
    return zendesk_read_written(a->reader, a->text, a->length, 4711, a->error, sizeof a->error);
}

static bool read_me(struct answer *a)
{
    int64_t user = 0;
    const bool good = zendesk_read_me(a->reader, a->text, a->length, &user, a->error, sizeof a->error);
    PROMISE(good == (user > 0), "user %lld", (long long)user);
    return good;
}

static bool read_suspended(struct answer *a)
{
    int64_t newest_ms = 0;
    char author[96];
    const bool good =
        zendesk_read_suspended(a->reader, a->text, a->length, 4711, 1000, &newest_ms, author, sizeof author);
    promise_text(author, sizeof author, "author");
    check_time(newest_ms);
    PROMISE(newest_ms == 0 || newest_ms > 1000, "%lld is not after", (long long)newest_ms);
    return good;
}

static bool read_token(struct answer *a)
{
    char token[512] = "";
    int64_t valid_ms = 0;
    const bool good = zendesk_read_token(a->reader, a->text, a->length, token, sizeof token, &valid_ms,
                                         a->error, sizeof a->error);
    promise_text(token, sizeof token, "token");
    PROMISE(!good || (token[0] && valid_ms > 0 && valid_ms <= 172800000), "%lld", (long long)valid_ms);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct answer_kind kinds[] = {
        {"ticket", read_ticket, false},
        {"tickets", read_tickets, false},
        {"comments", read_comments, false},
        {"audits", read_audits, false},
        {"organization", read_organization, false},
        {"user", read_found_user, false},
        {"macro", read_macro, false},
        {"written", read_written, false},
        {"me", read_me, false},
        {"suspended", read_suspended, true},
        {"token", read_token, false},
    };
    answer_check(kinds, COUNT_OF(kinds), data, size);
    return 0;
}
