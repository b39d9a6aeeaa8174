/*
 * Where a ticket belongs: whether it opens emergencies, its product, its hours, the incident it is part of.
 * All by its form and its tags. Nothing can fail here.
 */
#include "lib/services/zendesk.h"
#include "lib/text.h"

static bool fits(const struct ticket_match *match, int64_t form_id, char *const tags[], size_t tag_count)
{
    if (match->kind == TICKET_MATCH_FORM)
        return form_id == match->form_id;
    if (match->kind == TICKET_MATCH_ANY)
        return true;
    for (size_t i = 0; i < tag_count; i++)
        if (text_equal_nocase(tags[i], match->tag))
            return true;
    return false;
}

bool zendesk_ticket_matches(const struct config *config, const struct zendesk_ticket *ticket)
{
    return fits(&config->zendesk.emergency_match, ticket->form_id, ticket->tags, ticket->tag_count);
}

void zendesk_sort_ticket(const struct config *config, int64_t form_id, char *const tags[], size_t tag_count,
                         struct ticket_facts *facts)
{
    const char *product = "", *coverage = "", *bulk = "";
    for (size_t i = config->channel_count; i-- > 0;)
        if (fits(&config->channels[i].match, form_id, tags, tag_count))
            product = config->channels[i].name;
    for (size_t i = config->coverage_count; i-- > 0;)
        if (fits(&config->coverages[i].match, form_id, tags, tag_count))
            coverage = config->coverages[i].name;
    for (size_t i = config->policy.bulk_tag ? tag_count : 0; i-- > 0;)
        if (text_glob(config->policy.bulk_tag, tags[i]))
            bulk = tags[i];
    facts->sorted = true;
    text_copy(facts->product, sizeof(facts->product), product);
    text_copy(facts->coverage, sizeof(facts->coverage), coverage);
    text_copy(facts->bulk, sizeof(facts->bulk), bulk);
}
