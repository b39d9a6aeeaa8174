/*
 * The last step of reading settings: what must hold between keys, and which sections are in use. Refused is
 * only what can never work; a section without a key is a service that is not used.
 */
#include "lib/config_internal.h"

#include <string.h>

/* Published by Zendesk for its "test webhook" button: anybody can sign with it. */
#define ZENDESK_TEST_SECRET "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="

static bool require(struct loader *loader, const char *section, const char *name, const char *why)
{
    return loader_require(loader, loader_setting(loader, section, name), why);
}

static bool in_use(struct loader *loader, const char *section)
{
    return section_in_use(loader_find_section(loader, section, strlen(section)));
}

static bool check_admin(struct loader *loader)
{
    const struct config_admin *admin = &loader->config->admin;
    if (admin->token || address_is_loopback(&admin->listen))
        return true;
    return loader_fail(
        loader, loader_setting(loader, "admin", "listen"),
        "%s is not a loopback address, and there is no token; wanted [admin] token (or token_file), "
        "or a loopback address such as 127.0.0.1:8081",
        admin->listen.host);
}

static bool check_addresses(struct loader *loader)
{
    const struct address *public = &loader->config->server.listen, *admin = &loader->config->admin.listen;
    if (public->port == 0 || !address_equal(public, admin))
        return true;
    return loader_fail(loader, loader_setting(loader, "admin", "listen"),
                       "%s:%u is the address of [server] listen; wanted another port", admin->host,
                       (unsigned int)admin->port);
}

static bool check_pagerduty(struct loader *loader)
{
    struct config_pagerduty *pagerduty = &loader->config->pagerduty;
    pagerduty->enabled = in_use(loader, "pagerduty");
    if (!pagerduty->enabled)
        return true;
    return require(loader, "pagerduty", "webhook_secret", "the section is in use") &&
           (!pagerduty->api_token ||
            require(loader, "pagerduty", "from", "PagerDuty asks for it where api_token is used")) &&
           loader_require_api_token(loader, loader_setting(loader, "pagerduty", "page_service")) &&
           loader_require_api_token(loader, loader_setting(loader, "pagerduty", "engineer_schedule")) &&
           loader_require_api_token(loader, loader_setting(loader, "pagerduty", "manager_schedule"));
}

static bool refuse_test_secret(struct loader *loader, const char *name, const char *secret)
{
    if (!secret || strcmp(secret, ZENDESK_TEST_SECRET) != 0)
        return true;
    return loader_fail(
        loader, loader_setting(loader, "zendesk", name),
        "this is Zendesk's public test secret, with which anybody can sign; wanted the signing secret "
        "of your own webhook");
}

/* Exactly one of the two ways to sign in, and all of it. */
static bool check_zendesk_credentials(struct loader *loader)
{
    static const char *const names[] = {"client_id", "client_secret", "user", "api_token"};
    static const unsigned int by_client = 3;
    static const unsigned int by_user = 12;
    unsigned int found = 0;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        found |= loader_is_given(loader, "zendesk", names[i]) ? 1U << i : 0;
    if (found == by_client || found == by_user)
        return true;
    loader_fail_line(
        loader, loader_find_section(loader, "zendesk", strlen("zendesk"))->line,
        "[zendesk] credentials: wanted exactly one pair, client_id and client_secret, or user and api_token; "
        "found");
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (found & 1U << i)
            loader_add_to_error(loader, " %s", names[i]);
    }
    if (found == 0)
        loader_add_to_error(loader, " none of them");
    return false;
}

static bool check_zendesk(struct loader *loader)
{
    const struct config_zendesk *zendesk = &loader->config->zendesk;
    return require(loader, "zendesk", "api_url", "Zendesk is always needed") &&
           require(loader, "zendesk", "webhook_secret", "Zendesk is always needed") &&
           refuse_test_secret(loader, "webhook_secret", zendesk->webhook_secret) &&
           refuse_test_secret(loader, "webhook_secret_2", zendesk->webhook_secret_2) &&
           check_zendesk_credentials(loader);
}

static bool check_slack(struct loader *loader)
{
    struct config_slack *slack = &loader->config->slack;
    slack->enabled = in_use(loader, "slack");
    return !slack->enabled || (require(loader, "slack", "signing_secret", "the section is in use") &&
                               require(loader, "slack", "token", "the section is in use") &&
                               require(loader, "slack", "channel", "the section is in use"));
}

/* A meeting that is always there needs no API, so whatever else is given will have no effect. */
static bool refuse_beside_static_url(struct loader *loader)
{
    const struct setting *url = loader_setting(loader, "zoom", "static_url");
    for (size_t i = 0; i < url->section->setting_count; i++) {
        const struct setting *other = &url->section->settings[i];
        if (other != url && other->text)
            return loader_fail(loader, other,
                               "given beside static_url in line %d; wanted only one of the two", url->line);
    }
    return true;
}

static bool check_zoom(struct loader *loader)
{
    static const char *const names[] = {"account_id", "client_id", "client_secret", "user"};
    struct config_zoom *zoom = &loader->config->zoom;
    zoom->enabled = in_use(loader, "zoom");
    if (zoom->static_url)
        return refuse_beside_static_url(loader);
    for (size_t i = 0; zoom->enabled && i < COUNT_OF(names); i++) {
        if (!require(loader, "zoom", names[i], "the section is in use, and there is no static_url"))
            return false;
    }
    return true;
}

static bool check_gitlab(struct loader *loader)
{
    struct config_gitlab *gitlab = &loader->config->gitlab;
    gitlab->enabled = in_use(loader, "gitlab");
    return !gitlab->enabled || (require(loader, "gitlab", "token", "the section is in use") &&
                                require(loader, "gitlab", "project", "the section is in use") &&
                                require(loader, "gitlab", "template", "the section is in use"));
}

bool config_check_rules(struct loader *loader)
{
    return check_admin(loader) && check_addresses(loader) && check_pagerduty(loader) &&
           check_zendesk(loader) && check_slack(loader) && check_zoom(loader) && check_gitlab(loader);
}
