/*
 * The fields of texts. Foreign texts are escaped for Slack and never hold a control character, so that none
 * can pose as a mention. What does not fit is cut. Nothing here fails.
 */
#include "lib/command.h"
#include "lib/coverage.h"
#include "lib/mention.h"
#include "lib/messages_internal.h"
#include "lib/services/slack.h"
#include "lib/services/zendesk.h"
#include "lib/template.h"
#include "lib/text.h"
#include "lib/timestamp.h"

#include <string.h>

const char *const message_field_names[FIELD_COUNT] = {
#define MESSAGE_FIELD_NAME(name) [FIELD_##name] = #name,
    MESSAGE_FIELDS(MESSAGE_FIELD_NAME)
#undef MESSAGE_FIELD_NAME
};

/* What the values are made of. */
struct filling {
    struct message_values *values;
    const struct message_facts *facts;
    const struct config *config;
    const struct emergency *e;
    bool slack;
    bool gitlab;
    const struct template *template; /* that they are for; NULL: any */
};

/* What takes longer to find out is found out for those texts alone that speak of it. */
static bool is_used(const struct filling *f, enum message_field field)
{
    return !f->template || template_uses(f->template, field);
}

/* Keeps TEXT, which is ours, as the field's value; "" is none. */
static void set(struct filling *f, enum message_field field, const char *text)
{
    struct message_values *values = f->values;
    size_t left = sizeof values->room - values->used;
    if (!text[0] || left < 2)
        return;
    char *place = values->room + values->used;
    text_copy(place, left < MESSAGE_VALUE_SIZE ? left : MESSAGE_VALUE_SIZE, text);
    values->used += strlen(place) + 1;
    values->values[field] = place;
}

/* In an issue of GitLab's a line that begins with a slash is an order ("/close"), "@all" calls everybody, and
 * "<!--" hides what follows. */
static void escape_for_gitlab(const char *text, char *out, size_t size)
{
    bool begins_line = true;
    size_t used = 0;
    for (; *text && used + sizeof "&lt;" <= size; text++) {
        bool is_order = begins_line && *text == '/';
        if (*text == '<') {
            text_copy(out + used, size - used, "&lt;");
            used += strlen(out + used);
        } else {
            if (is_order || *text == '@' || *text == '\\')
                out[used++] = '\\';
            out[used++] = *text;
        }
        begins_line = *text == '\n' || *text == '\r' || (begins_line && (*text == ' ' || *text == '\t'));
    }
    out[used] = '\0';
}

/* In Zendesk's comments "{{…}}" and "{%…%}" may stand for what is known of ticket and agent. */
static void part_braces(const char *text, char *out, size_t size)
{
    size_t used = 0;
    for (char before = '\0'; *text && used + 2 < size; before = *text++) {
        if (before == '{' && (*text == '{' || *text == '%'))
            out[used++] = ' ';
        out[used++] = *text;
    }
    out[used] = '\0';
}

/* The same for a text of others. */
static void set_foreign(struct filling *f, enum message_field field, const char *text)
{
    char clean[MESSAGE_VALUE_SIZE];
    if (f->slack)
        slack_escape(text, clean, sizeof clean);
    else if (f->gitlab)
        escape_for_gitlab(text, clean, sizeof clean);
    else
        part_braces(text, clean, sizeof clean);
    set(f, field, clean);
}

/* Keeps TEXT on its line, where it can begin nothing of its own; in Slack it makes nothing behind it code,
 * where mentions would be none. */
static void make_line(const struct filling *f, char *text)
{
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
        else if (f->slack && *c == '`')
            *c = '\'';
}

static void set_line(struct filling *f, enum message_field field, const char *text)
{
    char line[512];
    text_copy(line, sizeof line, text);
    make_line(f, line);
    set_foreign(f, field, line);
}

/* A text of others that our texts show as code: it does not end that. */
static void set_code(struct filling *f, enum message_field field, const char *text)
{
    char code[MESSAGE_VALUE_SIZE];
    text_copy(code, sizeof code, text);
    for (char *fence; f->slack && (fence = strstr(code, "```"));)
        memset(fence, '\'', 3);
    set_foreign(f, field, code);
}

static void set_number(struct filling *f, enum message_field field, int64_t number)
{
    char digits[24];
    text_format(digits, sizeof digits, "%lld", (long long)number);
    if (number > 0)
        set(f, field, digits);
}

/* Addresses, which services make, are links in Slack only between < and >; they do not end there by
 * themselves. */
static void set_address(struct filling *f, enum message_field field, const char *url)
{
    char clean[600];
    char link[sizeof clean + 2];
    slack_escape(url, clean, sizeof clean);
    text_format(link, sizeof link, "<%s>", clean);
    set(f, field, f->slack && url[0] ? link : url);
}

/* For Slack a token that becomes a mention, by the e-mail address or else by SLACK's id; else the name. */
static void set_person_of_slack(struct filling *f, enum message_field field, const char *name,
                                const char *email, const char *slack)
{
    char line[200];
    char clean[300];
    char token[500];
    if (!f->slack) {
        set_foreign(f, field, name[0] ? name : email);
        return;
    }
    text_copy(line, sizeof line, name[0] ? name : email);
    make_line(f, line);
    slack_escape(line, clean, sizeof clean);
    mention_write(email[0] ? email : slack, clean, token, sizeof token);
    set(f, field, token);
}

static void set_person(struct filling *f, enum message_field field, const char *name, const char *email)
{
    set_person_of_slack(f, field, name, email, "");
}

/* "15 minutes", "90 seconds" */
static void set_period(struct filling *f, enum message_field field, int64_t ms)
{
    char text[48];
    int64_t seconds = (ms + 999) / 1000;
    bool minutes = seconds % 60 == 0;
    int64_t n = minutes ? seconds / 60 : seconds;
    text_format(text, sizeof text, "%lld %s%s", (long long)n, minutes ? "minute" : "second",
                n == 1 ? "" : "s");
    set(f, field, text);
}

/* Hours and minutes in UTC. */
static void write_time(int64_t ms, char *out, size_t size)
{
    char text[TIMESTAMP_SIZE];
    timestamp_format(ms, text);
    text_format(out, size, "%.5s UTC", text + 11);
}

/* In Slack every reader sees it in their own zone, in Slack's FORMAT. */
static void write_date(int64_t ms, bool slack, const char *format, char *out, size_t size)
{
    char plain[32];
    write_time(ms, plain, sizeof plain);
    if (slack)
        text_format(out, size, "<!date^%lld^%s|%s>", (long long)(ms / 1000), format, plain);
    else
        text_copy(out, size, plain);
}

static void set_time(struct filling *f, enum message_field field, int64_t ms)
{
    char text[96];
    write_date(ms, f->slack, "{time_secs}", text, sizeof text);
    set(f, field, text);
}

/* In UTC, and in the customer's zone. */
static void set_until(struct filling *f, enum message_field field, int64_t ms)
{
    char utc[32];
    char there[64];
    char text[128];
    if (ms == 0 || ms == INT64_MAX || !is_used(f, field))
        return;
    write_time(ms, utc, sizeof utc);
    zone_format(f->e->zone, ms, there, sizeof there);
    if (f->e->zone[0])
        text_format(text, sizeof text, "%s (%s)", utc, there);
    set(f, field, f->e->zone[0] ? text : utc);
}

/* --- the ticket --- */

static bool is_redacted(const struct config *config, const struct emergency *e)
{
    for (size_t i = 0; i < config->coverage_count; i++)
        if (config->coverages[i].redact &&
            (!e->sorted || strcmp(config->coverages[i].name, e->coverage) == 0))
            return true;
    return false;
}

static void set_ticket_link(struct filling *f, enum message_field url_field, enum message_field link_field,
                            int64_t ticket)
{
    char url[512];
    char link[600];
    if (ticket == 0)
        return;
    zendesk_ticket_url(f->config, ticket, url, sizeof url);
    text_format(link, sizeof link, f->slack ? "<%s|#%lld>" : "%s", url, (long long)ticket);
    set(f, url_field, url);
    set(f, link_field, link);
}

static void set_ticket(struct filling *f)
{
    const struct emergency *e = f->e;
    set_number(f, FIELD_id, e->id);
    set_number(f, FIELD_ticket, e->ticket_id);
    set_ticket_link(f, FIELD_ticket_url, FIELD_ticket_link, e->ticket_id);
    if (f->facts->other)
        set_ticket_link(f, FIELD_other_url, FIELD_other_link, f->facts->other->ticket_id);
    bool secret = f->slack && is_redacted(f->config, e);
    if (!secret) {
        set_line(f, FIELD_subject, e->subject);
        set_line(f, FIELD_organization, e->organization);
    }
    set_foreign(f, FIELD_product, e->product);
    set_foreign(f, FIELD_hours, e->coverage);
    set_foreign(f, FIELD_bulk, e->bulk);
    set(f, FIELD_dry_run, e->dry_run ? "yes" : "");
}

static void set_links(struct filling *f)
{
    char text[2048] = "";
    const struct config_channel *channel = config_find_channel(f->config, f->e->product);
    if (!channel)
        return;
    for (size_t i = 0; i < channel->links.count; i++) {
        size_t used = strlen(text);
        const char *link = channel->links.items[i];
        const char *url = strstr(link, "http");
        if (f->slack && url && url > link)
            text_format(text + used, sizeof text - used, "%s• <%s|%.*s>", used ? "\n" : "", url,
                        (int)(url - link - 1), link);
        else
            text_format(text + used, sizeof text - used, "%s• %s", used ? "\n" : "", link);
    }
    set(f, FIELD_links, text);
    char group[200];
    mention_write(channel->region_group ? channel->region_group : "", "", group, sizeof group);
    if (f->slack && channel->region_group)
        set(f, FIELD_group, group);
}

/* --- how it stands --- */

static void set_state(struct filling *f)
{
    const struct emergency *e = f->e;
    char why[512];
    int64_t due_ms = 0;
    enum action_kind step = emergency_next(e, &due_ms);
    set(f, FIELD_state, emergency_state(e));
    set(f, FIELD_contacted, e->contacted_ms > 0 ? "yes" : "");
    for (int i = 0; i < e->page_count; i++)
        if (e->pages[i].status != PAGE_RESOLVED && e->pages[i].resolve_cause == 0)
            set(f, FIELD_resolvable, "yes");
    emergency_held_why(e, why, sizeof why);
    set_foreign(f, FIELD_held, why);
    if (step != ACTION_NONE && !e->asked)
        set_time(f, FIELD_due, due_ms);
    if (step == ACTION_NONE && f->facts->event)
        step = f->facts->event->call.kind;
    set(f, FIELD_step, action_words(step));
    set_foreign(f, FIELD_closed_why, e->closed_why);
    if (!e->bridge_over)
        set_address(f, FIELD_bridge, e->bridge_url);
    set_address(f, FIELD_runbook, e->runbook_url);
    if (e->call_ended_ms > 0) {
        char checklist[160];
        text_format(checklist, sizeof checklist, "%s public notes, %s internal note, %s next on call tagged",
                    e->public_notes_ms ? "✓" : "✗", e->internal_note_ms ? "✓" : "✗",
                    e->next_tagged_ms ? "✓" : "✗");
        set(f, FIELD_checklist, checklist);
    }
}

static void set_thread(struct filling *f)
{
    char url[256];
    const struct emergency *e = f->e;
    slack_message_url(f->facts->slack_home ? f->facts->slack_home : "", e->thread_channel, e->thread_ts, url,
                      sizeof url);
    set(f, FIELD_thread_url, url);
}

/* --- people --- */

static void set_named(struct filling *f, enum message_field field, const struct named *named)
{
    if (named->name[0] || named->email[0])
        set_person(f, field, named->name, named->email);
}

static void set_people(struct filling *f)
{
    const struct message_facts *facts = f->facts;
    const struct event *event = facts->event;
    set_person_of_slack(f, FIELD_engineer, f->e->engineer, f->e->engineer_email, f->e->engineer_slack);
    set_person(f, FIELD_tam, "", f->e->tam);
    set_named(f, FIELD_manager, &facts->manager);
    set_named(f, FIELD_called, &facts->called);
    set_named(f, FIELD_next_called, &facts->next);
    if (event)
        set_person_of_slack(f, FIELD_by, event->by, event->by_email, event->by_slack);
    set_foreign(f, FIELD_on_call, facts->engineer.name);
    set_until(f, FIELD_on_call_until, facts->engineer.until_ms);
    set_foreign(f, FIELD_next, facts->next.name);
    set_until(f, FIELD_next_until, facts->next.until_ms);
}

static void add_oncall(char *out, size_t size, const char *role, const struct named *named, bool slack)
{
    size_t used = strlen(out);
    char name[300];
    char until[96] = "";
    if (!named->name[0])
        return;
    text_copy(name, sizeof name, named->name);
    if (slack)
        slack_escape(named->name, name, sizeof name);
    if (named->until_ms != 0 && named->until_ms != INT64_MAX)
        write_date(named->until_ms, slack, "{date_short_pretty} {time}", until,
                   sizeof until); /* perhaps tomorrow */
    text_format(out + used, size - used, "%s%s: %s%s%s", used ? "\n" : "", role, name,
                until[0] ? " until " : "", until);
}

/* With room for any names: half a date would be shown as it stands. */
static void set_oncall(struct filling *f)
{
    char text[2048] = "";
    add_oncall(text, sizeof text, "Engineer now", &f->facts->engineer, f->slack);
    add_oncall(text, sizeof text, "Engineer next", &f->facts->next, f->slack);
    add_oncall(text, sizeof text, "Manager now", &f->facts->manager, f->slack);
    add_oncall(text, sizeof text, "Manager next", &f->facts->next_manager, f->slack);
    set(f, FIELD_oncall, text);
}

/* --- the rest --- */

static void set_commands(struct filling *f)
{
    char text[1024] = "";
    char usage[100];
    for (int i = COMMAND_NONE + 1; i < COMMAND_COUNT; i++) {
        size_t used = strlen(text);
        command_usage((enum command)i, usage, sizeof usage);
        text_format(text + used, sizeof text - used, "%s%s%s", used ? ", " : "",
                    command_name((enum command)i), usage);
    }
    set(f, FIELD_commands, text);
}

static void set_summary(struct filling *f)
{
    char text[1200];
    char subject[800];
    const char *const *v = f->values->values;
    const char *link = v[FIELD_ticket_link];
    const char *organization = v[FIELD_organization];
    text_format(subject, sizeof subject, "%s%s%s%s", link ? "Ticket " : "Without a ticket", link ? link : "",
                organization ? " of " : "", organization ? organization : "");
    text_format(text, sizeof text, "%s: %s%s%s%s%s%s", subject, v[FIELD_state] ? v[FIELD_state] : "",
                v[FIELD_due] ? "; next: " : "", v[FIELD_due] ? v[FIELD_step] : "", v[FIELD_due] ? " at " : "",
                v[FIELD_due] ? v[FIELD_due] : "", v[FIELD_held] ? "; held" : "");
    set(f, FIELD_summary, text);
}

static void set_event(struct filling *f)
{
    const struct message_facts *facts = f->facts;
    bool secret = f->slack && is_redacted(f->config, f->e); /* what is for the customer may name it */
    if (!facts->text)
        set_foreign(f, FIELD_text, facts->event ? facts->event->text : "");
    else if (!secret)
        set_code(f, FIELD_text, facts->text);
    bool is_paste = facts->event && facts->event->type == EVENT_STUCK;
    if (is_paste && !secret)
        set_code(f, FIELD_paste, facts->event->text);
    if (facts->why)
        set_foreign(f, FIELD_why, facts->why);
    if (facts->service)
        set(f, FIELD_service, facts->service);
    set_number(f, FIELD_macro, f->config->zendesk.post_call_macro);
}

/* A text within a text: it is for the customer's ears, so with names and not with mentions. */
static void set_availability(struct filling *f, const struct messages *messages)
{
    char text[700];
    struct message_values values;
    const struct template *template = messages->templates[MESSAGE_AVAILABILITY];
    message_values_fill(&values, NULL, f->facts, FOR_OTHERS, template);
    (void)!template_write(template, values.values, text, sizeof text);
    set_foreign(f, FIELD_availability, text);
}

void message_values_fill(struct message_values *values, const struct messages *messages,
                         const struct message_facts *facts, enum message_reader reader,
                         const struct template *template)
{
    const struct config_policy *policy = &facts->config->policy;
    static const char *const priorities[] = {"high", "normal", "low"};
    struct filling f = {values,  facts, facts->config, facts->e, reader == FOR_SLACK, reader == FOR_GITLAB,
                        template};
    memset(values->values, 0, sizeof values->values);
    values->used = 0;
    set_ticket(&f);
    set_links(&f);
    set_state(&f);
    set_thread(&f);
    set_people(&f);
    if (is_used(&f, FIELD_oncall))
        set_oncall(&f);
    set_event(&f);
    set(&f, FIELD_priority, priorities[facts->config->zendesk.downgrade_priority]);
    set_period(&f, FIELD_follow_up_after, policy->follow_up_after_ms);
    set_period(&f, FIELD_downgrade_after, policy->downgrade_after_ms);
    if (is_used(&f, FIELD_commands))
        set_commands(&f);
    if (is_used(&f, FIELD_summary))
        set_summary(&f);
    if (messages && is_used(&f, FIELD_availability))
        set_availability(&f, messages);
}
