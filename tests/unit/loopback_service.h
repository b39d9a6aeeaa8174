#ifndef EMERGENCYD_LOOPBACK_SERVICE_H
#define EMERGENCYD_LOOPBACK_SERVICE_H
/*
 * A service on loopback that a test plays by hand, request by request, so that the test decides when anything
 * is answered. What must come is waited for and fails the test if it does not. One request is kept at a time;
 * one thread.
 */
#include <stdbool.h>
#include <stddef.h>

#define LOOPBACK_PATIENCE_MS 20000

/* A socket, and in URL how to reach it. Not OPEN: whoever connects is refused. */
int loopback_listen(char *url, size_t size, const char *scheme, bool open);
bool loopback_is_readable(int fd, int timeout_ms);
/* The next connection of a listener; the caller closes it. */
int loopback_connection(int listener);
/* Reads one whole request from a connection; the functions below are about it. */
void loopback_read_request(int fd);
/* Both of these. */
int loopback_request(int listener);
const char *loopback_text(void);
bool loopback_request_is(const char *start);
/* Whether it has this header line. */
bool loopback_request_has(const char *line);

void loopback_reply(int fd, const char *text);
/* 200 with this body. */
void loopback_reply_json(int fd, const char *body);

#endif
