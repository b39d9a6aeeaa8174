/* The texts of the daemon's own comments and pages. Nothing here fails. */
#include "lib/messages.h"

#include "lib/text.h"

/* "15 minutes", "90 seconds" */
static void write_period(int64_t ms, char *out, size_t size)
{
    int64_t seconds = (ms + 999) / 1000;
    bool minutes = seconds % 60 == 0;
    int64_t n = minutes ? seconds / 60 : seconds;
    text_format(out, size, "%lld %s%s", (long long)n, minutes ? "minute" : "second", n == 1 ? "" : "s");
}

void messages_first_contact(const struct emergency *e, char *out, size_t size)
{
    text_format(
        out, size,
        "Hello,\n\n"
        "We have received your emergency request%s%s%s and an engineer is looking at it right now.\n\n"
        "We would like to work on it with you on a Zoom call: please answer this message if that suits you, "
        "and "
        "we will send the link at once. If you would rather continue here, tell us what has changed since "
        "you "
        "wrote, and anything that you have tried so far.\n\n"
        "Best regards,\nYour support team",
        e->subject[0] ? " \"" : "", e->subject, e->subject[0] ? "\"" : "");
}

void messages_follow_up(const struct emergency *e, const struct policy *policy, char *out, size_t size)
{
    (void)e;
    char first[32];
    char second[32];
    write_period(policy->follow_up_after_ms, first, sizeof first);
    write_period(policy->downgrade_after_ms, second, sizeof second);
    text_format(
        out, size,
        "Hello,\n\n"
        "We have not heard from you for %s, so here is how things stand:\n\n"
        "* We are still here and ready to join you on a call: answer this message and we will send the "
        "link.\n"
        "* If now is not a good time, tell us what suits you better and we will arrange it.\n"
        "* If we do not hear from you within the next %s, we will close the call and continue with this "
        "request at %s priority.\n"
        "* Should you need us urgently again after that, please open a new emergency request: you are always "
        "welcome to.\n\n"
        "Best regards,\nYour support team",
        first, second, ticket_priority_name(policy->downgrade_priority));
}

void messages_downgrade(const struct emergency *e, const struct policy *policy, char *out, size_t size)
{
    (void)e;
    text_format(
        out, size,
        "Hello,\n\n"
        "As we have not heard back from you, we have closed the call for now and set this request to %s "
        "priority. It stays open, and we will go on with it here as soon as you answer.\n\n"
        "If the situation is still an emergency, please open a new emergency request and we will be with you "
        "at once.\n\n"
        "Best regards,\nYour support team",
        ticket_priority_name(policy->downgrade_priority));
}

void messages_page_title(const struct emergency *e, char *out, size_t size)
{
    text_format(out, size, "Emergency ticket #%lld: %s", (long long)e->ticket_id,
                e->subject[0] ? e->subject : "(no subject)");
}
