/*
 * Mailboxes: a chain under a mutex, and an eventfd that is written when the chain stops being empty. A
 * failing eventfd would lose a wake-up for good, so that is a broken contract: abort.
 */
#include "daemon/mailbox.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void **next_of(void *letter)
{
    return letter;
}

bool mailbox_init(struct mailbox *mailbox)
{
    *mailbox = (struct mailbox){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (mailbox->fd < 0)
        return false;
    if (pthread_mutex_init(&mailbox->lock, NULL) != 0) {
        close(mailbox->fd);
        mailbox->fd = -1;
        return false;
    }
    return true;
}

void mailbox_free(struct mailbox *mailbox)
{
    if (mailbox->fd > 0) {
        close(mailbox->fd);
        pthread_mutex_destroy(&mailbox->lock);
    }
    mailbox->fd = -1;
}

void mailbox_wake(struct mailbox *mailbox)
{
    uint64_t one = 1;
    ssize_t n;
    do
        n = write(mailbox->fd, &one, sizeof one);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno != EAGAIN) /* EAGAIN: the counter is full, so it is readable */
        abort();
}

void mailbox_put_all(struct mailbox *mailbox, void *first, void *last)
{
    *next_of(last) = NULL;
    pthread_mutex_lock(&mailbox->lock);
    bool was_empty = !mailbox->first;
    if (was_empty)
        mailbox->first = first;
    else
        *next_of(mailbox->last) = first;
    mailbox->last = last;
    pthread_mutex_unlock(&mailbox->lock);
    if (was_empty)
        mailbox_wake(mailbox);
}

void mailbox_put(struct mailbox *mailbox, void *letter)
{
    mailbox_put_all(mailbox, letter, letter);
}

void *mailbox_take(struct mailbox *mailbox)
{
    uint64_t count;
    ssize_t n;
    do /* before the chain: a letter that comes between wakes once more, which is harmless */
        n = read(mailbox->fd, &count, sizeof count);
    while (n < 0 && errno == EINTR);
    pthread_mutex_lock(&mailbox->lock);
    void *letters = mailbox->first;
    mailbox->first = mailbox->last = NULL;
    pthread_mutex_unlock(&mailbox->lock);
    return letters;
}
