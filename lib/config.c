/*
 * The settings: the table of keys, and reading them in three steps: the file becomes texts, each kept with
 * its line; the texts are read as values by the table; rules between keys are checked. Every fault is
 * reported by its file, line and key, only the first one; each is fatal to the load, and what that means is
 * the caller's to decide.
 */
#include "lib/config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/config_internal.h"
#include "lib/messages.h"
#include "lib/wipe.h"

/* English, German, French, Spanish, Portuguese, Italian, Dutch. */
#define AUTO_REPLY_PATTERNS                                                                                  \
    "*out of office*, *out of the office*, *automatic reply*, *automated reply*, *automatic response*, "     \
    "*auto-reply*, *autoreply*, *auto reply*, *autoresponder*, "                                             \
    "*abwesenheitsnotiz*, *automatische antwort*, *nicht im büro*, *außer haus*, "                         \
    "*réponse automatique*, *absence du bureau*, *message d'absence*, "                                     \
    "*respuesta automática*, *fuera de la oficina*, *fuera de oficina*, "                                   \
    "*resposta automática*, *fora do escritório*, "                                                        \
    "*risposta automatica*, *fuori ufficio*, "                                                               \
    "*automatisch antwoord*, *afwezigheidsbericht*"

#define TICKET_PATTERN                                                                                       \
    "(^|[^a-z0-9])(tickets?|zendesk|zd)( (no|nr|number|id)[.]?)?[ :/#_-]{0,3}([0-9]+)|\\[#([0-9]+)\\]"

static const char *const first_contact_words[] = {"manual", "automatic", NULL};
static const struct value_type value_first_contact = {
    .wanted = "manual or automatic", .read = value_read_word, .words = first_contact_words};

static const char *const after_comment_words[] = {"ask", "proceed", NULL};
static const struct value_type value_after_comment = {
    .wanted = "ask or proceed", .read = value_read_word, .words = after_comment_words};

static const char *const priority_words[] = {"high", "normal", "low", NULL};
static const struct value_type value_priority = {
    .wanted = "high, normal or low", .read = value_read_word, .words = priority_words};

#define KEY(section, name, field, type, fallback)                                                            \
    {                                                                                                        \
        section, name, &(type), offsetof(struct config, field), fallback                                     \
    }

static const struct config_key keys[] = {
    KEY("server", "listen", server.listen, value_address, "127.0.0.1:8080"),
    KEY("server", "max_body", server.max_body_bytes, value_size, "1M"),
    KEY("server", "max_connections", server.max_connections, value_count, "1000"),
    KEY("server", "request_timeout", server.request_timeout_ms, value_duration, "10s"),

    KEY("admin", "listen", admin.listen, value_address, "127.0.0.1:8081"),
    KEY("admin", "token", admin.token, value_secret, NULL),
    KEY("admin", "socket", admin.socket, value_text, NULL),

    KEY("store", "path", store.path, value_text, "/var/lib/emergencyd/emergencyd.db"),
    KEY("store", "keep_payloads", store.keep_payloads_ms, value_duration, "30d"),

    KEY("policy", "follow_up_after", policy.follow_up_after_ms, value_duration, "15m"),
    KEY("policy", "downgrade_after", policy.downgrade_after_ms, value_duration, "15m"),
    KEY("policy", "first_contact", policy.first_contact, value_first_contact, "manual"),
    KEY("policy", "after_engineer_comment", policy.after_engineer_comment, value_after_comment, "ask"),
    KEY("policy", "stale_after", policy.stale_after_ms, value_duration, "1h"),
    KEY("policy", "contact_within", policy.contact_within_ms, value_duration, "20m"),
    KEY("policy", "page_if_missing", policy.page_if_missing_ms, value_duration, "2m"),
    KEY("policy", "resolve_on_contact", policy.resolve_on_contact, value_yes_no, "no"),
    KEY("policy", "auto_reply_patterns", policy.auto_reply_patterns, value_text_list, AUTO_REPLY_PATTERNS),
    KEY("policy", "ignored_authors", policy.ignored_authors, value_id_list, NULL),
    KEY("policy", "bulk_tag", policy.bulk_tag, value_tag_glob, "incident-*"),
    KEY("policy", "dry_run", policy.dry_run, value_yes_no, "no"),

    KEY("pagerduty", "webhook_secret", pagerduty.webhook_secret, value_secret, NULL),
    KEY("pagerduty", "webhook_secret_2", pagerduty.webhook_secret_2, value_secret, NULL),
    KEY("pagerduty", "api_url", pagerduty.api_url, value_url, "https://api.pagerduty.com"),
    KEY("pagerduty", "api_token", pagerduty.api_token, value_token, NULL),
    KEY("pagerduty", "from", pagerduty.from, value_email, NULL),
    KEY("pagerduty", "services", pagerduty.services, value_word_list, NULL),
    KEY("pagerduty", "page_service", pagerduty.page_service, value_word, NULL),
    KEY("pagerduty", "engineer_schedule", pagerduty.engineer_schedule, value_word, NULL),
    KEY("pagerduty", "manager_schedule", pagerduty.manager_schedule, value_word, NULL),
    KEY("pagerduty", "ticket_pattern", pagerduty.ticket_pattern, value_pattern, TICKET_PATTERN),

    KEY("zendesk", "webhook_secret", zendesk.webhook_secret, value_secret, NULL),
    KEY("zendesk", "webhook_secret_2", zendesk.webhook_secret_2, value_secret, NULL),
    KEY("zendesk", "max_age", zendesk.max_age_ms, value_duration, "24h"),
    KEY("zendesk", "api_url", zendesk.api_url, value_zendesk_url, NULL),
    KEY("zendesk", "client_id", zendesk.client_id, value_word, NULL),
    KEY("zendesk", "client_secret", zendesk.client_secret, value_token, NULL),
    KEY("zendesk", "user", zendesk.user, value_email, NULL),
    KEY("zendesk", "api_token", zendesk.api_token, value_token, NULL),
    KEY("zendesk", "poll_every", zendesk.poll_every_ms, value_duration, "1m"),
    KEY("zendesk", "emergency_match", zendesk.emergency_match, value_ticket_match, ""),
    KEY("zendesk", "downgrade_priority", zendesk.downgrade_priority, value_priority, "high"),
    KEY("zendesk", "downgrade_form", zendesk.downgrade_form, value_id, NULL),
    KEY("zendesk", "downgrade_tags", zendesk.downgrade_tags, value_tag_changes, "+emergency_downgraded"),
    KEY("zendesk", "downgrade_fields", zendesk.downgrade_fields, value_field_changes, NULL),
    KEY("zendesk", "downgrade_comment", zendesk.downgrade_comment, value_yes_no, "yes"),
    KEY("zendesk", "tam_field", zendesk.tam_field, value_word, NULL),
    KEY("zendesk", "post_call_macro", zendesk.post_call_macro, value_id, NULL),

    KEY("slack", "signing_secret", slack.signing_secret, value_secret, NULL),
    KEY("slack", "api_url", slack.api_url, value_url, "https://slack.com/api"),
    KEY("slack", "token", slack.token, value_token, NULL),
    KEY("slack", "channel", slack.channel, value_slack_channel, NULL),
    KEY("slack", "manager_channel", slack.manager_channel, value_slack_channel, NULL),
    KEY("slack", "duty_channel", slack.duty_channel, value_slack_channel, NULL),

    KEY("zoom", "api_url", zoom.api_url, value_url, "https://api.zoom.us/v2"),
    KEY("zoom", "oauth_url", zoom.oauth_url, value_url, "https://zoom.us/oauth/token"),
    KEY("zoom", "account_id", zoom.account_id, value_word, NULL),
    KEY("zoom", "client_id", zoom.client_id, value_word, NULL),
    KEY("zoom", "client_secret", zoom.client_secret, value_token, NULL),
    KEY("zoom", "webhook_secret", zoom.webhook_secret, value_secret, NULL),
    KEY("zoom", "user", zoom.user, value_word, NULL),
    KEY("zoom", "static_url", zoom.static_url, value_link, NULL),

    KEY("gitlab", "api_url", gitlab.api_url, value_url, "https://gitlab.com/api/v4"),
    KEY("gitlab", "token", gitlab.token, value_token, NULL),
    KEY("gitlab", "project", gitlab.project, value_word, NULL),
    KEY("gitlab", "template", gitlab.template_name, value_text, NULL),

    KEY("heartbeat", "url", heartbeat.url, value_link, NULL),
    KEY("heartbeat", "every", heartbeat.every_ms, value_duration, "1m"),

    KEY("messages", "directory", messages.directory, value_text, NULL),
};

_Static_assert(COUNT_OF(keys) <= PLAIN_KEYS_MAX, "a load has room for so many");

static void add_plain_sections(struct loader *loader)
{
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const char *section = keys[i].section;
        if (!loader_find_section(loader, section, strlen(section)))
            loader_add_section(loader, section, section, loader->config, keys, COUNT_OF(keys));
    }
}

static bool read_value(struct loader *loader, const struct setting *setting)
{
    const struct config_key *key = setting->key;
    const char *text = setting->text ? setting->text : key->fallback;
    void *out = (char *)setting->section->values + key->offset;
    if (setting->is_file)
        return config_read_secret_file(loader, setting, out);
    if (text && !value_read(key->type, text, out))
        return loader_fail_value(loader, setting, text);
    return true;
}

static bool read_values(struct loader *loader)
{
    for (size_t i = 0; i < loader->setting_count; i++) {
        if (!read_value(loader, &loader->settings[i]))
            return false;
    }
    return true;
}

static bool make_messages(struct loader *loader)
{
    char why[1600];
    struct config_messages *messages = &loader->config->messages;
    messages->texts = messages_new(messages->directory, why, sizeof why);
    return messages->texts || loader_fail(loader, loader_setting(loader, "messages", "directory"), "%s", why);
}

static void forget_texts(struct loader *loader)
{
    for (size_t i = 0; i < loader->setting_count; i++) {
        const struct setting *setting = &loader->settings[i];
        wipe_free(setting->text); /* also what stands under a wrong key may be a secret */
    }
}

/* ---- public ---- */

bool config_load(const char *path, const char *credentials_dir, struct config *config,
                 struct config_error *error)
{
    struct loader loader = {
        .path = path, .credentials_dir = credentials_dir, .config = config, .error = error};
    *config = (struct config){0};
    error->message[0] = '\0';
    add_plain_sections(&loader);
    bool good = config_read_texts(&loader) && read_values(&loader) && config_check_rules(&loader) &&
                config_check_named(&loader) && make_messages(&loader);
    if (!good)
        config_free(config);
    forget_texts(&loader);
    return good;
}

void config_free(struct config *config)
{
    config_free_named(config);
    messages_free(config->messages.texts);
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        value_release(keys[i].type, (char *)config + keys[i].offset);
    *config = (struct config){0};
}

const struct config_key *config_keys(size_t *count)
{
    *count = COUNT_OF(keys);
    return keys;
}
