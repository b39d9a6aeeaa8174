/*
 * What people type behind the slash command: COMMAND [ID | #TICKET] [arguments], help, oncall, list. What is
 * wrong is told to whoever typed it.
 */
#include <stdio.h>
#include <string.h>

#include "lib/command.h"
#include "lib/services/fields.h"
#include "lib/services/slack.h"
#include "lib/services/slack_internal.h"
#include "lib/text.h"

#define BLANKS    " \t\r\n"
#define MOST_TEXT 8192
#define MOST_SHOW 64 /* of a word that is complained of, escaped */

/* What is being read. */
struct typed {
    const char *name; /* of the slash command */
    enum command command;
    char text[MOST_TEXT];
    char *rest;
    const struct complaint *complaint;
};

static size_t word_length(const struct typed *typed)
{
    return strcspn(typed->rest, BLANKS);
}

/* Cuts off the first word, or the first LENGTH bytes; NULL at the end. */
static char *take(struct typed *typed, size_t length)
{
    char *word = typed->rest;
    if (!*word)
        return NULL;
    typed->rest += length;
    if (*typed->rest)
        *typed->rest++ = '\0';
    typed->rest += strspn(typed->rest, BLANKS);
    return word;
}

/* --- what Slack makes of mentions, addresses and & < > --- */

/* How people read a token (its inside, BODY); empty: it is none of Slack's. Users may be wanted as they are,
 * since their id says exactly who is meant. */
static void read_token(const char *body, bool keep_users, char *out, size_t size)
{
    const size_t length = strcspn(body, "|");
    const char *label = body + length + (body[length] == '|');
    const char kind = *body;
    *out = '\0';
    if (kind == '@' && keep_users) {
        text_format(out, size, "<%.*s>", (int)length, body);
    } else if (kind && strchr("@#!", kind)) {
        const char *shown = *label ? label + (*label == '@' || *label == '#') : body + 1;
        const size_t shown_length = *label ? strlen(shown) : length - 1;
        text_format(out, size, "%c%.*s", kind == '#' ? '#' : '@', (int)shown_length, shown);
    } else if (strncmp(body, "mailto:", 7) == 0) {
        text_copy_n(out, size, body + 7, length - 7);
    } else if (strstr(body, "://")) {
        text_copy_n(out, size, body, length);
    }
}

/* One of the three entities, and how long it is; 0 none. */
static size_t entity_length(const char *text, char *meant)
{
    static const struct {
        const char *name;
        char meant;
    } entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}};
    for (size_t i = 0; i < COUNT_OF(entities); i++) {
        const size_t length = strlen(entities[i].name);
        if (strncmp(text, entities[i].name, length) == 0) {
            *meant = entities[i].meant;
            return length;
        }
    }
    return 0;
}

/* The length of what stands between < and > here, if it is Slack's; then OUT is how people read it. */
static size_t token_length(const char *text, bool keep_users, char *out, size_t size)
{
    char body[1024];
    const size_t length = text[0] == '<' ? strcspn(text + 1, "<>") : 0;
    if (length == 0 || text[1 + length] != '>' || length >= sizeof(body))
        return 0;
    text_copy_n(body, sizeof(body), text + 1, length);
    read_token(body, keep_users, out, size);
    return *out ? length + 2 : 0;
}

static void replace_tokens(char *text, bool keep_users)
{
    char *out = text;
    while (*text) {
        char shown[1024];
        const size_t length = token_length(text, keep_users, shown, sizeof(shown));
        if (length == 0) {
            *out++ = *text++;
            continue;
        }
        memcpy(out, shown, strlen(shown));
        out += strlen(shown);
        text += length;
    }
    *out = '\0';
}

static void replace_entities(char *text)
{
    char *out = text;
    while (*text) {
        char meant = *text;
        const size_t length = entity_length(text, &meant);
        *out++ = meant;
        text += length > 0 ? length : 1;
    }
    *out = '\0';
}

/* As it was typed, in place: what is put in is never longer than what it stands for. */
static void as_typed(char *text, bool keep_users)
{
    replace_tokens(text, keep_users);
    replace_entities(text);
}

/* --- complaints --- */

/* Complains with what was wanted behind it. */
static bool explain(const struct typed *typed, const char *what)
{
    char name[MOST_SHOW];
    char arguments[100];
    slack_escape(typed->name, name, sizeof(name));
    if (typed->command == COMMAND_NONE)
        return complain(typed->complaint, "%s. `%s help` shows what there is.", what, name);
    command_usage(typed->command, arguments, sizeof(arguments));
    return complain(typed->complaint, "%s. Wanted is `%s %s [%s]%s`.", what, name,
                    command_name(typed->command), typed->command == COMMAND_LINK ? "ID" : "ID | #TICKET",
                    arguments);
}

/* The same, of a word of theirs. */
static bool explain_word(const struct typed *typed, char *word, const char *what)
{
    char shown[MOST_SHOW];
    char text[MOST_SHOW + 100];
    as_typed(word, false);
    slack_escape(word, shown, sizeof(shown));
    text_format(text, sizeof(text), "\"%s\" %s", shown, what);
    return explain(typed, text);
}

/* --- the parts --- */

/* Whose command it is. A first word that is no number is left for the arguments. */
static bool read_subject(struct typed *typed, struct event *event)
{
    const bool by_ticket = *typed->rest == '#';
    const size_t length = word_length(typed);
    const size_t digits = strspn(typed->rest + by_ticket, "0123456789");
    int64_t number = 0;
    if (digits == 0 || by_ticket + digits != length)
        return true;
    char *word = take(typed, length);
    if (!text_to_i64(word + by_ticket, digits, &number) || number <= 0)
        return explain_word(typed, word, by_ticket ? "is no ticket's number" : "is no emergency's number");
    if (by_ticket)
        event->ticket_id = number;
    else
        event->emergency = number;
    return true;
}

/* A single number behind link is the ticket's. */
static bool has_subject(const struct typed *typed)
{
    if (typed->command != COMMAND_LINK)
        return true;
    const char *behind = typed->rest + word_length(typed);
    return *typed->rest != '#' && behind[strspn(behind, BLANKS)] != '\0';
}

static bool read_arguments(struct typed *typed, struct event *event)
{
    const struct command_argument *arguments = command_arguments(typed->command);
    for (size_t i = 0; i < COMMAND_ARGUMENTS && arguments[i].kind != ARGUMENT_NONE; i++) {
        const bool rest = command_takes_rest(typed->command, i);
        char *text = take(typed, rest ? strlen(typed->rest) : word_length(typed));
        char error[200];
        if (text)
            as_typed(text, arguments[i].kind == ARGUMENT_TO);
        if (!command_set_argument(event, &arguments[i], text, error, sizeof(error)))
            return explain(typed, error);
    }
    if (!*typed->rest)
        return true;
    return explain_word(typed, take(typed, word_length(typed)), "is too much");
}

static enum question question_of(const char *word)
{
    static const struct {
        const char *word;
        enum question question;
    } known[] = {{"help", QUESTION_HELP},
                 {"?", QUESTION_HELP},
                 {"oncall", QUESTION_ONCALL},
                 {"on-call", QUESTION_ONCALL},
                 {"list", QUESTION_LIST}};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (text_equal_nocase(known[i].word, word))
            return known[i].question;
    return QUESTION_NONE;
}

static void trim_end(char *text)
{
    size_t length = strlen(text);
    while (length > 0 && strchr(BLANKS, text[length - 1]))
        length--;
    text[length] = '\0';
}

bool slack_command_read(const char *name, const char *text, struct delivery *delivery,
                        const struct complaint *complaint)
{
    struct typed typed = {.name = name, .complaint = complaint};
    struct event *event = &delivery->event;
    if (!text_copy(typed.text, sizeof(typed.text), text))
        return explain(&typed, "That is too long");
    trim_end(typed.text);
    typed.rest = typed.text + strspn(typed.text, BLANKS);
    char *word = take(&typed, word_length(&typed));
    delivery->question = word ? question_of(word) : QUESTION_HELP;
    if (!word || delivery->question != QUESTION_NONE)
        return true;
    typed.command = command_by_name(word);
    if (typed.command == COMMAND_NONE)
        return explain_word(&typed, word, "is no command");
    event->command.name = typed.command;
    if ((has_subject(&typed) && !read_subject(&typed, event)) || !read_arguments(&typed, event))
        return false;
    event->type = EVENT_COMMAND;
    return true;
}
