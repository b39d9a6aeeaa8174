#ifndef EMERGENCYD_JSON_TEXT_H
#define EMERGENCYD_JSON_TEXT_H
/*
 * JSON as tests write it: with ' for ", so that it needs no backslashes. What is returned stays until the
 * next call of either; what goes wrong in here fails the test. One thread.
 */

const char *json(const char *text);
/* FROM, which must be there, is replaced by TO once; FROM NULL: nothing is. */
const char *json_changed(const char *text, const char *from, const char *to);

#endif
