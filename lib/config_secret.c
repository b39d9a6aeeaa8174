/*
 * Secrets that are in files of their own: one line each, which systemd or an administrator put there. A file
 * that cannot be read or holds anything else is a fault of its key; what was read is wiped, good or bad.
 */
#include "lib/config_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/text.h"

#define MAX_SECRET_BYTES 4096

/* The path with the credentials directory in place of %d; the caller frees it. */
static char *credential_path(struct loader *loader, const struct setting *setting)
{
    const char *text = setting->text;
    const char *mark = strstr(text, "%d");
    char *path = NULL;
    if (mark && !loader->credentials_dir) {
        loader_fail(loader, setting,
                    "%%d has no meaning here, since systemd passes no credentials; wanted a path "
                    "without it, or CREDENTIALS_DIRECTORY in the environment");
        return NULL;
    }
    if (!mark)
        path = strdup(text);
    else if (asprintf(&path, "%.*s%s%s", (int)(mark - text), text, loader->credentials_dir, mark + 2) < 0)
        path = NULL;
    if (!path)
        loader_fail(loader, setting, "out of memory");
    return path;
}

/* Up to `size` bytes; -1: errno says why. */
static ssize_t read_file(const char *path, char *buffer, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    size_t used = 0;
    ssize_t got = 0;
    while (used < size && (got = read(fd, buffer + used, size - used)) > 0)
        used += (size_t)got;
    int cause = errno;
    close(fd);
    errno = cause;
    return got < 0 ? -1 : (ssize_t)used;
}

/* What a secret file may hold: one line, and a newline at its end. Ends `content` there. */
static bool check_secret_file(struct loader *loader, const struct setting *setting, const char *path,
                              char *content, size_t length)
{
    if (length > MAX_SECRET_BYTES)
        return loader_fail(loader, setting, "%s is longer than %d bytes; wanted one line with the secret",
                           path, MAX_SECRET_BYTES);
    while (length > 0 && (content[length - 1] == '\n' || content[length - 1] == '\r'))
        length--;
    content[length] = '\0';
    if (length == 0)
        return loader_fail(loader, setting, "%s is empty; wanted one line with the secret", path);
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)content[i] < ' ' || content[i] == '\x7f')
            return loader_fail(loader, setting,
                               "%s holds a line break or control character; wanted one line with the secret",
                               path);
    }
    if (content[0] == ' ' || content[length - 1] == ' ')
        return loader_fail(loader, setting,
                           "%s begins or ends with a blank; wanted one line with the secret alone", path);
    return text_is_utf8(content, length, NULL) ||
           loader_fail(loader, setting, "%s is not in UTF-8; wanted one line with the secret, in UTF-8",
                       path);
}

bool config_read_secret_file(struct loader *loader, const struct setting *setting, void *out)
{
    char content[MAX_SECRET_BYTES + 1];
    char *path = credential_path(loader, setting);
    if (!path)
        return false;
    ssize_t length = read_file(path, content, sizeof(content));
    bool good = length < 0 ? loader_fail(loader, setting,
                                         "cannot read %s: %s; wanted a readable file with the secret", path,
                                         strerror(errno))
                           : check_secret_file(loader, setting, path, content, (size_t)length);
    if (good && !value_read(setting->key->type, content, out))
        good = loader_fail_value(loader, setting, content);
    explicit_bzero(content, sizeof(content));
    free(path);
    return good;
}
