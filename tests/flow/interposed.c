/*
 * Functions of libraries that tests replace in the daemon (LD_PRELOAD). Each does what the library's does
 * unless a variable is set:
 *
 * TRUSTED_CA   a file of certificates that are trusted instead of the system's: the daemon has no such
 * setting. EQUAL_MACS   libcrypto's comparison in constant time finds everything equal. So whatever it is
 * that a signature is accepted by, and not that comparison, shows.
 */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYSTEMS_CA "/etc/ssl/certs/ca-certificates.crt"

int CRYPTO_memcmp(const void *a, const void *b, size_t length);

static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL)
        abort();
    return found;
}

FILE *fopen64(const char *path, const char *mode)
{
    FILE *(*original)(const char *, const char *) =
        __extension__(FILE * (*)(const char *, const char *)) real("fopen64");
    const char *instead = getenv("TRUSTED_CA");
    return original(instead != NULL && strcmp(path, SYSTEMS_CA) == 0 ? instead : path, mode);
}

int CRYPTO_memcmp(const void *a, const void *b, size_t length)
{
    int (*original)(const void *, const void *, size_t) =
        __extension__(int (*)(const void *, const void *, size_t)) real("CRYPTO_memcmp");
    return getenv("EQUAL_MACS") != NULL ? 0 : original(a, b, length);
}
