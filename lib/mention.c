/* Tokens for people: BEGIN address MIDDLE name END. Nothing here fails; what does not fit is cut. */
#include "lib/mention.h"

#include "lib/text.h"

#include <string.h>

#define BEGIN  '\x02'
#define MIDDLE '\x03'
#define END    '\x04'

/* An e-mail address, or an id as Slack makes them: what others put in such a place must not be more. */
static bool is_address(const char *text)
{
    static const char id_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    if (!strchr(text, '@'))
        return text[0] && text[strspn(text, id_letters)] == '\0';
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c <= ' ' || strchr("<>&|", *c))
            return false;
    return true;
}

void mention_write(const char *address, const char *name, char *out, size_t size)
{
    if (is_address(address))
        text_format(out, size, "%c%s%c%s%c", BEGIN, address, MIDDLE, name, END);
    else
        text_copy(out, size, name);
}

/* The parts of the token at TOKEN; false: it is not whole. */
static bool parts_of(const char *token, const char **middle, const char **end)
{
    *middle = strchr(token, MIDDLE);
    *end = *middle ? strchr(*middle, END) : NULL;
    return *end != NULL;
}

bool mention_next(const char **at, char *address, size_t size)
{
    const char *middle;
    const char *end;
    const char *token = strchr(*at, BEGIN);
    if (!token || !parts_of(token, &middle, &end))
        return false;
    text_copy_n(address, size, token + 1, (size_t)(middle - token - 1));
    *at = end + 1;
    return true;
}

static size_t append(char *out, size_t size, size_t used, const char *text, size_t length)
{
    if (used + 1 < size)
        text_copy_n(out + used, size - used, text, length);
    return used + strlen(out + used);
}

static size_t append_mention(char *out, size_t size, size_t used, const char *token, mention_lookup *lookup,
                             void *context)
{
    const char *middle;
    const char *end;
    char address[128];
    char id[32] = "";
    char mention[64];
    if (!parts_of(token, &middle, &end))
        return used;
    text_copy_n(address, sizeof address, token + 1, (size_t)(middle - token - 1));
    bool is_id = !strchr(address, '@');
    bool is_group = is_id && address[0] == 'S';
    if (is_id)
        text_copy(id, sizeof id, address);
    else if (lookup)
        lookup(context, address, id, sizeof id);
    if (!lookup || !id[0])
        return append(out, size, used, middle + 1, (size_t)(end - middle - 1));
    text_format(mention, sizeof mention, is_group ? "<!subteam^%s>" : "<@%s>", id);
    return used + strlen(mention) < size ? append(out, size, used, mention, strlen(mention)) : used;
}

void mention_resolve(const char *text, mention_lookup *lookup, void *context, char *out, size_t size)
{
    const char *middle;
    const char *end;
    size_t used = 0;
    out[0] = '\0';
    while (*text) {
        size_t plain = strcspn(text, "\x02");
        used = append(out, size, used, text, plain);
        text += plain;
        if (!*text)
            break;
        if (parts_of(text, &middle, &end)) {
            used = append_mention(out, size, used, text, lookup, context);
            text = end + 1;
        } else {
            text++;
        }
    }
}
