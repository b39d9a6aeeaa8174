/*
 * The desk's start and end: the policy that the settings make, and what the last process left unfinished. See
 * desk.h.
 */
#include "lib/desk_internal.h"
#include "lib/json_fields.h"
#include "lib/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void set_policy(struct desk *desk)
{
    static const enum ticket_priority priorities[] = {
        [DOWNGRADE_PRIORITY_HIGH] = PRIORITY_HIGH,
        [DOWNGRADE_PRIORITY_NORMAL] = PRIORITY_NORMAL,
        [DOWNGRADE_PRIORITY_LOW] = PRIORITY_LOW,
    };
    const struct config *config = desk->config;
    desk->policy = (struct policy){
        .follow_up_after_ms = config->policy.follow_up_after_ms,
        .downgrade_after_ms = config->policy.downgrade_after_ms,
        .stale_after_ms = config->policy.stale_after_ms,
        .page_if_missing_ms = config->policy.page_if_missing_ms,
        .contact_within_ms = config->policy.contact_within_ms,
        .first_contact_automatic = config->policy.first_contact == FIRST_CONTACT_AUTOMATIC,
        .ask_after_engineer_comment = config->policy.after_engineer_comment == AFTER_ENGINEER_COMMENT_ASK,
        .resolve_on_contact = config->policy.resolve_on_contact && config->pagerduty.api_token,
        .dry_run = config->policy.dry_run,
        .can_page = config->pagerduty.api_token && config->pagerduty.page_service,
        .can_thread = config->slack.enabled,
        .can_meet = config->zoom.enabled && !config->zoom.static_url,
        .static_bridge = config->zoom.static_url,
        .has_runbook = config->gitlab.enabled,
        .has_macro = config->zendesk.post_call_macro > 0,
        .has_tam = config->zendesk.tam_field != NULL,
        .downgrade_priority = priorities[config->zendesk.downgrade_priority],
    };
    for (size_t i = 0; i < config->escalation_count; i++)
        desk->policy.rung_after_ms[desk->policy.rung_count++] = config->escalations[i].after_ms;
    for (size_t i = 0; i < config->coverage_count; i++) {
        desk->policy.coverages[i].name = config->coverages[i].name;
        desk->policy.coverages[i].window = config->coverages[i].window;
    }
    desk->policy.coverage_count = (int)config->coverage_count;
}

/* A name for this database that no other has: marks of different installations must not be mixed up. */
static bool make_instance(char *out, size_t size)
{
    unsigned char random[12];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return false;
    for (size_t i = 0; i < sizeof random && 2 * i + 3 <= size; i++)
        text_format(out + 2 * i, 3, "%02x", random[i]);
    return true;
}

static bool read_facts(struct desk *desk, int64_t now_ms)
{
    char text[32];
    enum store_result found = store_get_fact(desk->store, "first_start_ms", text, sizeof text);
    if (!desk_did(desk, found))
        return false;
    if (found == STORE_OK) {
        return text_to_i64(text, strlen(text), &desk->first_start_ms) &&
               desk_did(desk, store_get_fact(desk->store, "instance", desk->instance, sizeof desk->instance));
    }
    desk->first_start_ms = now_ms;
    text_format(text, sizeof text, "%lld", (long long)now_ms);
    return make_instance(desk->instance, sizeof desk->instance) &&
           desk_did(desk, store_set_fact(desk->store, "first_start_ms", text)) &&
           desk_did(desk, store_set_fact(desk->store, "instance", desk->instance));
}

bool desk_set_emergency_alarm(void *context, int64_t id, int64_t wake_ms)
{
    struct desk *desk = context;
    return alarms_set(&desk->alarms, ALARM_EMERGENCY, id, wake_ms) || desk_did(desk, STORE_BROKEN);
}

/* Calls that were on their way when the last process ended: nobody knows what became of them. And those that
 * wait for a quota, which their service will tell of again; or the clock was set back while nobody saw it. */
bool desk_take_up_actions(struct desk *desk, int64_t now_ms, bool at_start)
{
    enum { MANY = 64 };
    struct action *actions = calloc(MANY, sizeof *actions);
    int64_t after = 0;
    int count = MANY;
    bool good = actions;
    while (good && count == MANY) {
        good = desk_did(desk, store_open_actions(desk->store, after, actions, MANY, &count));
        for (int i = 0; good && i < count; i++) {
            struct action *action = &actions[i];
            after = action->id;
            if (action->state == ACTION_SENDING && !desk_flight_of(desk, action->id)) {
                desk_mark_lost(action, now_ms);
                text_copy(action->error, sizeof action->error, "the program ended while it was being sent");
                good = desk_did(desk, store_put_action(desk->store, action));
            }
            if (at_start && action->next_ms > now_ms + DESK_QUOTA_MS) {
                action->next_ms = 0;
                good = good && desk_did(desk, store_put_action(desk->store, action));
            }
            int64_t due_ms = action->next_ms > now_ms ? action->next_ms : now_ms;
            due_ms = desk_next_look_ms(desk, action, due_ms);
            good = good && alarms_set(&desk->alarms, ALARM_ACTION, action->id, due_ms);
        }
    }
    free(actions);
    return good;
}

/* What emergencies wake for, by these settings. */
static void describe_policy(const struct desk *desk, char *out, size_t size)
{
    const struct policy *policy = &desk->policy;
    text_format(out, size, "%d%d%d%d %lld %lld", policy->can_page, policy->can_thread, policy->can_meet,
                policy->has_runbook, (long long)policy->contact_within_ms,
                (long long)policy->page_if_missing_ms);
    for (int i = 0; i < policy->rung_count; i++) {
        size_t used = strlen(out);
        text_format(out + used, size - used, " %lld", (long long)policy->rung_after_ms[i]);
    }
    for (size_t i = 0; i < desk->config->coverage_count; i++) {
        const struct config_coverage *coverage = &desk->config->coverages[i];
        size_t used = strlen(out);
        text_format(out + used, size - used, " %s %s %s %s", coverage->name, coverage->timezone,
                    coverage->days, coverage->hours);
    }
}

/* Open emergencies sleep until what the last settings had for them. */
static bool wake_for_policy(struct desk *desk)
{
    char now[1024];
    char before[1024] = "";
    describe_policy(desk, now, sizeof now);
    enum store_result found = store_get_fact(desk->store, "policy", before, sizeof before);
    if (!desk_did(desk, found) || strcmp(before, now) == 0)
        return desk->trouble == STORE_OK;
    return (found == STORE_NONE || desk_did(desk, store_wake_all(desk->store))) &&
           desk_did(desk, store_set_fact(desk->store, "policy", now));
}

static bool take_up(struct desk *desk, int64_t now_ms)
{
    if (!desk_did(desk, store_begin(desk->store)))
        return false;
    if (read_facts(desk, now_ms) && desk_read_skews(desk) &&
        desk_did(desk, store_oncalls(desk->store, &desk->oncalls, &desk->oncall_count)) &&
        desk_read_shift(desk) && wake_for_policy(desk) && desk_take_up_actions(desk, now_ms, true))
        return desk_did(desk, store_commit(desk->store)) &&
               desk_did(desk, store_wakes(desk->store, desk_set_emergency_alarm, desk)) &&
               desk->trouble == STORE_OK;
    store_rollback(desk->store);
    return false;
}

struct desk *desk_new(const struct config *config, struct store *store, struct log *log,
                      struct metrics *metrics, int64_t now_ms)
{
    struct desk *desk = calloc(1, sizeof *desk);
    if (!desk)
        return NULL;
    *desk = (struct desk){.config = config, .store = store, .log = log, .metrics = metrics, .now_ms = now_ms};
    alarms_init(&desk->alarms, now_ms);
    desk->reader = json_reader_new();
    desk->seen = calloc(SEEN_TICKETS, sizeof *desk->seen);
    desk->ready_end = &desk->ready;
    desk->answers_end = &desk->answers;
    desk->calls_end = &desk->calls;
    desk->next_poll_ms = now_ms;
    desk->jitter = (uint32_t)now_ms | 1;
    desk->last_serial = now_ms * 1000; /* above those of any process before */
    desk->lines[SERVICE_ZENDESK].configured = true;
    desk->lines[SERVICE_PAGERDUTY].configured = config->pagerduty.api_token;
    desk->lines[SERVICE_SLACK].configured = config->slack.enabled;
    desk->lines[SERVICE_ZOOM].configured = config->zoom.enabled && !config->zoom.static_url;
    desk->lines[SERVICE_GITLAB].configured = config->gitlab.enabled;
    desk->next_heartbeat_ms = config->heartbeat.url ? 0 : INT64_MAX;
    desk->shift_seen_ms = now_ms;
    set_policy(desk);
    if (desk->reader && desk->seen && take_up(desk, now_ms))
        return desk;
    desk_free(desk);
    return NULL;
}

void desk_free(struct desk *desk)
{
    if (!desk)
        return;
    while (desk->flights)
        desk_end_flight(desk, desk->flights);
    for (size_t i = 0; i < SERVICE_COUNT; i++) {
        free(desk->lines[i].waiting[0]);
        free(desk->lines[i].waiting[1]);
    }
    alarms_free(&desk->alarms);
    json_reader_free(desk->reader);
    free(desk->changes);
    free(desk->seen);
    free(desk->oncalls);
    free(desk->new_oncalls);
    free(desk);
}
