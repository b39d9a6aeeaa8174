/*
 * Who wrote a comment, and whether a machine did. Both decide whether a customer has answered, so in doubt
 * they say less than they might: what looks like a merge note counts as one only if staff wrote it, and only
 * texts without their quotations count as automatic. Nothing can fail here.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "lib/services/zendesk.h"
#include "lib/text.h"

#define LOOKED_AT 16384 /* bytes of a text in which the phrases of automatic replies are looked for */

/* "#12", or "#12, #13" if several. False: TEXT does not begin with that; *rest is what follows. */
static bool skip_numbers(const char *text, bool several, const char **rest)
{
    do {
        if (*text != '#' || !isdigit((unsigned char)text[1]))
            return false;
        text += 1 + strspn(text + 1, "0123456789");
        *rest = text;
        text += strspn(text, ", ");
    } while (several && *text == '#');
    return true;
}

/*
 * The texts that Zendesk proposes to whoever merges: in the ticket that goes on `Request #12 "Subject" was
 * closed and merged into this request. Last comment in request #12: …`, `Requests #12, #13 were closed and
 * merged into this request.`, in the others `This request was closed and merged into request #12 …`;
 * "ticket" for "request" in newer ones.
 */
static bool is_merged_away(const char *line, const char *word)
{
    char pattern[100];
    snprintf(pattern, sizeof(pattern), "this %s was closed and merged into %s #*", word, word);
    return text_glob(pattern, line);
}

static bool is_merged_in(const char *line, const char *word)
{
    char pattern[100];
    const char *rest = NULL;
    const size_t length = strlen(word);
    snprintf(pattern, sizeof(pattern), "%s*", word);
    if (!text_glob(pattern, line))
        return false;
    const bool several = line[length] == 's';
    if (line[length + several] != ' ' || !skip_numbers(line + length + several + 1, several, &rest))
        return false;
    snprintf(pattern, sizeof(pattern), "%s %s closed and merged into this %s*",
             strncmp(rest, " \"", 2) == 0 ? " \"*\"" : "", several ? "were" : "was", word);
    return text_glob(pattern, rest);
}

/* AUTHOR_UNKNOWN: the comment is of no merge. */
static enum author_standing merge_standing(const struct zendesk_author *author)
{
    char line[400];
    const char *text = author->text + strspn(author->text, " \t\r\n");
    if (!author->is_staff && !author->is_merge_note)
        return AUTHOR_UNKNOWN;
    text_copy_n(line, sizeof(line), text, strcspn(text, "\r\n"));
    if (is_merged_away(line, "request") || is_merged_away(line, "ticket"))
        return AUTHOR_NOBODY;
    return author->is_merge_note || is_merged_in(line, "request") || is_merged_in(line, "ticket")
               ? AUTHOR_MERGE
               : AUTHOR_UNKNOWN;
}

static bool is_ignored(const struct config *config, int64_t author)
{
    const struct id_list *ignored = &config->policy.ignored_authors;
    for (size_t i = 0; i < ignored->count; i++)
        if (ignored->items[i] == author)
            return true;
    return author <= 0;
}

enum author_standing zendesk_standing(const struct zendesk_authors *authors,
                                      const struct zendesk_author *author)
{
    const bool is_requester = author->requester_id > 0 && author->id == author->requester_id;
    if (is_ignored(authors->config, author->id))
        return AUTHOR_NOBODY;
    if (authors->own_user_id > 0 && author->id == authors->own_user_id)
        return AUTHOR_OURSELVES;
    const enum author_standing merge = merge_standing(author);
    if (merge != AUTHOR_UNKNOWN)
        return merge;
    if (author->is_staff)
        return is_requester ? AUTHOR_STAFF_REQUESTER : AUTHOR_STAFF;
    return is_requester || author->belongs ? AUTHOR_CUSTOMER : AUTHOR_OUTSIDER;
}

bool zendesk_is_staff(const char *role)
{
    return text_equal_nocase(role, "agent") || text_equal_nocase(role, "admin") ||
           text_equal_nocase(role, "light agent");
}

bool zendesk_is_automatic(const struct config *config, const char *text)
{
    char written[LOOKED_AT], begin[LOOKED_AT];
    const struct text_list *patterns = &config->policy.auto_reply_patterns;
    text_copy(begin, sizeof(begin), text);
    text_without_quotation(begin, written, sizeof(written));
    for (size_t i = 0; i < patterns->count; i++)
        if (text_glob(patterns->items[i], written))
            return true;
    return false;
}
