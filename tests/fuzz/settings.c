/* Settings that use all there is, read by the program's own reader. Settings that it refuses end the run. */
#include "tests/fuzz/settings.h"

#include "tests/fuzz/promise.h"

#include <sys/mman.h>
#include <unistd.h>

static const char text[] = "[server]\n"
                           "max_body = 4K\n"
                           "max_connections = 50\n"
                           "request_timeout = 500ms\n"
                           "[pagerduty]\n"
                           "webhook_secret = " SETTINGS_SECRET "\n"
                           "webhook_secret_2 = " SETTINGS_SECOND_SECRET "\n"
                           "api_token = pagerduty-token\n"
                           "from = nobody@example.com\n"
                           "page_service = PSERVICE\n"
                           "[zendesk]\n"
                           "webhook_secret = " SETTINGS_SECRET "\n"
                           "webhook_secret_2 = " SETTINGS_SECOND_SECRET "\n"
                           "api_url = https://acme.zendesk.com\n"
                           "client_id = client\n"
                           "client_secret = zendesk-token\n"
                           "tam_field = tam\n"
                           "post_call_macro = 77\n"
                           "[slack]\n"
                           "signing_secret = " SETTINGS_SECRET "\n"
                           "token = slack-token\n"
                           "channel = C0123ABCDE\n"
                           "[channel saas]\n"
                           "match = tag:saas\n"
                           "slack = C0123ABCDF\n"
                           "region_group = S0123ABCDE\n"
                           "links = Runbook https://wiki.example.com/saas\n"
                           "[coverage federal]\n"
                           "match = form:8646151517822\n"
                           "redact = yes\n"
                           "[zoom]\n"
                           "account_id = account\n"
                           "client_id = client\n"
                           "client_secret = zoom-token\n"
                           "webhook_secret = " SETTINGS_SECRET "\n"
                           "user = host@example.com\n"
                           "[gitlab]\n"
                           "token = gitlab-token\n"
                           "project = group/project\n"
                           "template = Emergency\n";

const struct config *settings(void)
{
    static struct config config;
    struct config_error error;
    char path[64];
    if (config.zendesk.webhook_secret)
        return &config;
    int fd = memfd_create("settings", MFD_CLOEXEC);
    PROMISE(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), "no memory");
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    PROMISE(config_load(path, NULL, &config, &error), "%s", error.message);
    close(fd);
    return &config;
}
