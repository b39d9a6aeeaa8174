#ifndef EMERGENCYD_MESSAGES_INTERNAL_H
#define EMERGENCYD_MESSAGES_INTERNAL_H
/*
 * What messages.c (templates), messages_texts.c (the built-in ones) and messages_values.c (their fields)
 * share. Nobody else includes this.
 */
#include "lib/messages.h"

struct messages {
    struct template *templates[MESSAGE_COUNT];
};

enum message_reader { FOR_OTHERS, FOR_SLACK, FOR_GITLAB };

struct message_text {
    const char *text;
    enum message_reader reader;
};
extern const struct message_text message_texts[MESSAGE_COUNT];

#define MESSAGE_FIELDS(X)                                                                                    \
    X(id)     /* the emergency's number */                                                                   \
    X(ticket) /* its ticket's number */                                                                      \
    X(ticket_url)                                                                                            \
    X(ticket_link) /* Slack: "#4711" as a link */                                                            \
    X(subject)     /* not in Slack where the coverage says redact */                                         \
    X(organization)                                                                                          \
    X(product)         /* the name of the [channel …] */                                                   \
    X(state)           /* "contacted" */                                                                     \
    X(contacted)       /* "yes" once the customer was */                                                     \
    X(resolvable)      /* "yes" while a page is to be resolved */                                            \
    X(held)            /* why its clocks rest */                                                             \
    X(step)            /* "the follow-up", "the downgrade" */                                                \
    X(due)             /* when it comes */                                                                   \
    X(priority)        /* that the downgrade sets */                                                         \
    X(follow_up_after) /* "15 minutes" */                                                                    \
    X(downgrade_after)                                                                                       \
    X(engineer)      /* people: in Slack they are mentioned */                                               \
    X(tam)           /* the customer's account manager */                                                    \
    X(manager)       /* on call */                                                                           \
    X(called)        /* whom this text calls */                                                              \
    X(next_called)   /* the engineer on call after this one */                                               \
    X(by)            /* who did it */                                                                        \
    X(on_call)       /* the engineer on call: the name */                                                    \
    X(on_call_until) /* "17:00 UTC (Tue 09:00 PST)" */                                                       \
    X(next)          /* the engineer on call after that: the name */                                         \
    X(next_until)                                                                                            \
    X(group) /* Slack: the product's region_group */                                                         \
    X(bridge)                                                                                                \
    X(thread_url)                                                                                            \
    X(runbook)                                                                                               \
    X(links)     /* the product's links, a line each */                                                      \
    X(hours)     /* the name of the [coverage …] */                                                        \
    X(bulk)      /* the incident's tag */                                                                    \
    X(other_url) /* the ticket of its engineer's other emergency */                                          \
    X(other_link)                                                                                            \
    X(why) /* what the timeline says of it */                                                                \
    X(closed_why)                                                                                            \
    X(text)         /* what was typed, or read */                                                            \
    X(paste)        /* what is to be sent by hand */                                                         \
    X(macro)        /* the number of the macro for notes */                                                  \
    X(service)      /* that does not work */                                                                 \
    X(checklist)    /* what is done after the call, and what not */                                          \
    X(availability) /* the text of that name */                                                              \
    X(summary)      /* how the emergency stands, in a few lines */                                           \
    X(oncall)       /* who is on call, a line each */                                                        \
    X(commands)     /* all of them */                                                                        \
    X(dry_run)      /* "yes" if so */

enum message_field {
#define MESSAGE_FIELD_ENUM(name) FIELD_##name,
    MESSAGE_FIELDS(MESSAGE_FIELD_ENUM)
#undef MESSAGE_FIELD_ENUM
        FIELD_COUNT
};
extern const char *const message_field_names[FIELD_COUNT];

/* The values of all fields, for one text. MESSAGES NULL: without those fields that are texts themselves.
 * TEMPLATE NULL: for any text; else those fields that it does not speak of may be missing. */
#define MESSAGE_VALUE_SIZE 3072
struct message_values {
    const char *values[FIELD_COUNT]; /* into the room, or NULL */
    char room[24 * 1024];
    size_t used;
};
void message_values_fill(struct message_values *values, const struct messages *messages,
                         const struct message_facts *facts, enum message_reader reader,
                         const struct template *template);

#endif
