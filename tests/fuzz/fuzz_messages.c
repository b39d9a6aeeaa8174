/*
 * Texts: a template is refused with the line that is wrong, or writes what it says, cut between characters;
 * and in none of the daemon's texts can what others wrote mention anybody, be a link or give an order.
 *
 * A template, a line "%%", and then lines that others wrote: subject, customer, name, e-mail address, why,
 * and what was typed, which is all the rest.
 */
#include "lib/mention.h"
#include "lib/messages_internal.h"
#include "lib/template.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/promise.h"
#include "tests/fuzz/settings.h"

#define ROOM (64 * 1024)

static char text[ROOM];
static char again[ROOM];

static void check_no_control(const char *line)
{
    for (const char *c = line; *c; c++)
        PROMISE((unsigned char)*c >= ' ' && *c != '\x7f', "a control character in: %s", line);
}

/* --- any template --- */

/* Into every room from none to enough. */
static void check_cuts(const struct template *template, const char *const values[])
{
    const size_t length = strlen(text);
    for (size_t size = length + 1; size > 0; size -= size / 4 + 1) {
        const bool whole = template_write(template, values, again, size);
        PROMISE(whole == (size > length), "%zu bytes into %zu are whole: %d", length, size, whole);
        promise_text(again, size, "a cut text");
        PROMISE(strncmp(again, text, strlen(again)) == 0, "\"%s\" is no beginning of \"%s\"", again, text);
        PROMISE(whole || strlen(again) + 4 >= size, "%zu bytes of %zu are used", strlen(again), size);
    }
    PROMISE(!template_write(template, values, again, 0), "no room is enough");
}

static void check_template(const char *source, const char *const values[])
{
    char error[400];
    struct template *template = template_new(source, message_field_names, FIELD_COUNT, error, sizeof error);
    if (!template) {
        promise_text(error, sizeof error, "the error");
        check_no_control(error);
        PROMISE(strncmp(error, "line ", 5) == 0, "%s", error);
        return;
    }
    PROMISE(!error[0], "%s", error);
    if (template_write(template, values, text, sizeof text)) {
        promise_text(text, sizeof text, "the text");
        PROMISE(strstr(source, "{{") || strcmp(source, text) == 0, "changed: %s", text);
        check_cuts(template, values);
    }
    template_free(template);
}

/* --- the daemon's texts --- */

/* What stands where an address belongs may be Slack's id of a user or a group, as with who pressed a button.
 */
static bool is_id(const char *at, const char *address)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    const size_t head = strncmp(at, "<@", 2) == 0 ? 2 : strncmp(at, "<!subteam^", 10) == 0 ? 10 : 0;
    const size_t length = strspn(at + head, letters);
    return head > 0 && length > 0 && at[head + length] == '>' && strncmp(at + head, address, length) == 0;
}

/* What we write between < and >, and nobody else. */
static bool is_ours(const char *at, const char *address)
{
    static const char *const ours[] = {
        "<!date^",
        "<@UKNOWN>",
        "<!subteam^S0123ABCDE>",
        "<https://acme.zendesk.com/agent/tickets/4711|#4711>",
        "<https://acme.zendesk.com/agent/tickets/4712|#4712>",
        "<https://zoom.example.com/j/1>",
        "<https://gitlab.example.com/issues/1>",
        "<https://wiki.example.com/saas|Runbook>",
        "<https://acme.slack.com/archives/C0123ABCDE/p1700000000000100|Thread>"};
    for (size_t i = 0; i < COUNT_OF(ours); i++)
        if (strncmp(at, ours[i], strlen(ours[i])) == 0)
            return true;
    return is_id(at, address);
}

static void somebody(void *context, const char *address, char *id, size_t size)
{
    (void)context;
    (void)address;
    text_copy(id, size, "UKNOWN");
}

static void check_slack(const char *name, const char *address, mention_lookup *lookup)
{
    mention_resolve(text, lookup, NULL, again, sizeof again);
    promise_text(again, sizeof again, name);
    for (const char *c = again; *c; c++) {
        PROMISE((unsigned char)*c >= ' ' || *c == '\n' || *c == '\t', "%s: %d in: %s", name, *c, again);
        PROMISE(*c != '<' || is_ours(c, address), "%s: %s", name, c);
    }
}

static void check_gitlab(const char *name)
{
    bool begins_line = true;
    for (const char *c = text; *c; c++) {
        PROMISE(*c != '<', "%s: %s", name, text);
        PROMISE(*c != '@' || (c > text && c[-1] == '\\'), "%s: %s", name, text);
        PROMISE(*c != '/' || !begins_line, "%s: %s", name, text);
        begins_line = *c == '\n' || *c == '\r' || (begins_line && strchr(" \t", *c));
    }
}

static void check_message(enum message message, const struct message_facts *facts)
{
    const char *name = NULL;
    const char *built_in = NULL;
    bool for_slack = false;
    char small[100];
    PROMISE(messages_describe((size_t)message - 1, &name, &built_in, &for_slack), "message %d", message);
    messages_write(settings()->messages.texts, message, facts, text, sizeof text);
    promise_text(text, sizeof text, name);
    if (for_slack) {
        check_slack(name, facts->manager.email, somebody);
        check_slack(name, facts->manager.email, NULL);
    } else if (message == MESSAGE_RUNBOOK_HEAD) {
        check_gitlab(name);
    }
    messages_write(settings()->messages.texts, message, facts, small, sizeof small);
    promise_text(small, sizeof small, name);
}

/* GitLab's issue template. */
static void check_fill(const struct message_facts *facts, const char *source)
{
    messages_fill(facts, source, text, sizeof text);
    promise_text(text, sizeof text, "the issue");
    PROMISE(strstr(source, "{{") || strcmp(source, text) == 0, "changed: %s", text);
    for (size_t size = 1; size < 200; size *= 3) {
        messages_fill(facts, source, again, size);
        promise_text(again, size, "a cut issue");
    }
}

/* --- what others wrote --- */

/* As the readers of webhooks and answers let it through: UTF-8. */
static char *utf8_line(char *line)
{
    const size_t length = strlen(line);
    for (size_t i = 0; i < length;) {
        const size_t bytes = text_utf8_char(line + i, length - i);
        if (bytes == 0)
            line[i] = '?';
        i += bytes > 0 ? bytes : 1;
    }
    return line;
}

#define PUT(member, value) text_copy((member), sizeof(member), (value))

struct others {
    char *subject, *organization, *name, *email, *why, *typed;
};

static void fill_emergency(struct emergency *e, const struct others *others)
{
    *e = (struct emergency){.id = 7,
                            .ticket_id = 4711,
                            .phase = PHASE_CONTACTED,
                            .sorted = true,
                            .due_ms = 1800000900000,
                            .call_ended_ms = 1800000000000};
    PUT(e->subject, others->subject);
    PUT(e->organization, others->organization);
    PUT(e->engineer, others->name);
    PUT(e->engineer_email, others->email);
    PUT(e->engineer_slack, others->email);
    PUT(e->tam, others->email);
    PUT(e->closed_why, others->why);
    PUT(e->doubt_by, others->name);
    PUT(e->paused_by, others->name);
    PUT(e->bulk, others->why);
    PUT(e->zone, others->why);
    PUT(e->product, "saas");
    PUT(e->bridge_url, "https://zoom.example.com/j/1");
    PUT(e->runbook_url, "https://gitlab.example.com/issues/1");
    PUT(e->thread_channel, "C0123ABCDE");
    PUT(e->thread_ts, "1700000000.000100");
}

/* All of them would take ten milliseconds: one in so many, by turns. */
#define TURNS 11

static void check_messages(const char *source, const struct others *others, size_t turn)
{
    static struct emergency e;
    static struct emergency other = {.id = 8, .ticket_id = 4712};
    static struct event event;
    struct named named = {.until_ms = 1800003600000};
    struct message_facts facts = {.config = settings(),
                                  .e = &e,
                                  .event = &event,
                                  .other = &other,
                                  .why = others->why,
                                  .service = "Zendesk",
                                  .slack_home = "https://acme.slack.com/",
                                  .now_ms = 1800000000000};
    fill_emergency(&e, others);
    event = (struct event){.type = EVENT_STUCK, .call = {.kind = ACTION_FOLLOW_UP}};
    PUT(event.by, others->name);
    PUT(event.by_email, others->email);
    PUT(event.by_slack, others->email);
    PUT(event.text, others->typed);
    PUT(named.name, others->name);
    PUT(named.email, others->email);
    facts.manager = facts.engineer = facts.next = facts.next_manager = facts.called = named;
    facts.text = turn % 2 == 0 ? NULL : others->typed;
    for (enum message i = MESSAGE_NONE + 1 + turn % TURNS; i < MESSAGE_COUNT; i += TURNS)
        check_message(i, &facts);
    check_fill(&facts, source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *values[FIELD_COUNT];
    struct input input = input_of(data, size);
    size_t length = 0;
    char *source = input_until(&input, "\n%%\n", &length);
    struct others others = {
        .subject = utf8_line(input_line(&input)),
        .organization = utf8_line(input_line(&input)),
        .name = utf8_line(input_line(&input)),
        .email = utf8_line(input_line(&input)),
        .why = utf8_line(input_line(&input)),
        .typed = utf8_line(input_rest(&input, &length)),
    };
    values[FIELD_subject] = others.subject;
    values[FIELD_by] = others.name;
    values[FIELD_text] = others.typed;
    check_template(source, values);
    check_messages(utf8_line(source), &others, size);
    free(source);
    free(others.subject);
    free(others.organization);
    free(others.name);
    free(others.email);
    free(others.why);
    free(others.typed);
    return 0;
}
