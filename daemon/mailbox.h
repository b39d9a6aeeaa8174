#ifndef EMERGENCYD_MAILBOX_H
#define EMERGENCYD_MAILBOX_H
/*
 * The only thing that threads share: a queue of letters and an eventfd that is readable while there are any.
 * Anybody may put, one thread takes. A letter is any struct whose first member is a pointer to the next of
 * its kind (struct delivery, struct call); whoever takes it owns it.
 */
#include "lib/compiler.h"

#include <pthread.h>
#include <stdbool.h>

struct mailbox {
    pthread_mutex_t lock;
    void *first;
    void *last;
    int fd; /* an eventfd, for epoll */
};

bool mailbox_init(struct mailbox *mailbox) MUST_CHECK;
void mailbox_free(struct mailbox *mailbox); /* must be empty */
void mailbox_put(struct mailbox *mailbox, void *letter);
/* Puts a chain of letters, FIRST to LAST, in their order. */
void mailbox_put_all(struct mailbox *mailbox, void *first, void *last);
/* All that is there, as a chain in the order of arrival; NULL when empty. Clears the eventfd. */
void *mailbox_take(struct mailbox *mailbox);
/* Makes the eventfd readable without a letter: look around. */
void mailbox_wake(struct mailbox *mailbox);

#endif
