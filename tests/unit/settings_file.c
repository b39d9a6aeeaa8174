/* A settings file for one test. */
#include "tests/unit/settings_file.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char settings_directory[64];
char settings_path[128];
struct config settings;
struct config_error settings_error;

static void in_directory(char *out, size_t size, const char *name)
{
    ck_assert_int_lt(snprintf(out, size, "%s/%s", settings_directory, name), (int)size);
}

void settings_begin(void)
{
    snprintf(settings_directory, sizeof(settings_directory), "/tmp/test_config.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(settings_directory));
    in_directory(settings_path, sizeof(settings_path), "test.ini");
}

void settings_end(void)
{
    char full[512];
    DIR *files = opendir(settings_directory);
    ck_assert_ptr_nonnull(files);
    for (const struct dirent *file = readdir(files); file; file = readdir(files)) {
        in_directory(full, sizeof(full), file->d_name);
        unlink(full); /* not . and .., which are directories */
    }
    closedir(files);
    rmdir(settings_directory);
    config_free(&settings);
}

void settings_write_bytes(const char *name, const void *content, size_t length)
{
    char full[128];
    in_directory(full, sizeof(full), name);
    FILE *file = fopen(full, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(content, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
}

void settings_write(const char *name, const char *content)
{
    settings_write_bytes(name, content, strlen(content));
}

bool settings_load(const char *text)
{
    config_free(&settings);
    settings_write("test.ini", text);
    return config_load(settings_path, settings_directory, &settings, &settings_error);
}

void settings_expect_good(const char *text)
{
    bool good = settings_load(text);
    ck_assert_msg(good, "%s", settings_error.message);
    ck_assert_str_eq(settings_error.message, "");
}

void settings_expect_fault(const char *text, const char *start, const char *part)
{
    static const struct config zeroed;
    const char *message = settings_error.message;
    char whole[256];
    snprintf(whole, sizeof(whole), "%s:%s", settings_path, start);
    ck_assert_msg(!settings_load(text), "loaded: %s", text);
    ck_assert_msg(strncmp(message, whole, strlen(whole)) == 0, "not \"%s\": %s", whole, message);
    ck_assert_msg(strstr(message, part), "no \"%s\": %s", part, message);
    ck_assert_msg(strstr(message, "wanted"), "says not what was wanted: %s", message);
    ck_assert_mem_eq(&settings, &zeroed, sizeof(settings));
}
