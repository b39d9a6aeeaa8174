"""Connects a daemon and the stand-ins: webhooks there, settings here."""

ZENDESK_SECRET = "zendesk-webhook-secret"
ZOOM_SECRET = "zoom-webhook-secret"


def connect(daemon, world, cast, zendesk_webhook="trigger", services=()):
    """Connects Zendesk and PagerDuty, and those of SERVICES that are named.

    zendesk_webhook is "trigger" or "events".  The webhooks become
    daemon.zendesk_webhook, .pagerduty_webhook and so on.
    """
    _add_webhooks(daemon, world, zendesk_webhook)
    daemon.configure(_settings(daemon, world, cast))
    for service in services:
        daemon.configure(SERVICES[service](daemon, world, cast))


def _add_webhooks(daemon, world, kind):
    add = {"trigger": world.zendesk.add_trigger_webhook,
           "events": world.zendesk.add_event_webhook}[kind]
    daemon.zendesk_webhook = add(daemon.url("/webhooks/zendesk"),
                                 ZENDESK_SECRET)
    daemon.pagerduty_webhook = world.pagerduty.subscribe(
        daemon.url("/webhooks/pagerduty"))


def _settings(daemon, world, cast):
    return {
        "policy": {"follow_up_after": "4s", "downgrade_after": "4s"},
        "zendesk": {
            "webhook_secret": daemon.zendesk_webhook.secret,
            "api_url": world.zendesk.url,
            "client_id": world.zendesk.client_id,
            "client_secret": world.zendesk.client_secret},
        "pagerduty": {
            "webhook_secret": daemon.pagerduty_webhook.secret,
            "api_url": world.pagerduty.url,
            "api_token": world.pagerduty.api_token,
            "from": cast.bot_pd["email"],
            "services": cast.service["id"],
            "page_service": cast.service["id"],
            "engineer_schedule": cast.engineer_schedule["id"],
            "manager_schedule": cast.manager_schedule["id"]}}


def _connect_slack(daemon, world, cast):
    daemon.slack_webhook = world.slack.connect(daemon.url("/webhooks/slack"))
    channels = {name: channel["id"]
                for name, channel in cast.channels.items()}
    return {
        "slack": {
            "signing_secret": world.slack.signing_secret,
            "api_url": world.slack.api_url,
            "token": world.slack.token,
            "channel": channels["support_self-managed"],
            "manager_channel": channels["support_managers"],
            "duty_channel": channels["support_duty"]},
        "channel saas": {
            "match": "tag:saas",
            "slack": channels["support_gitlab-com"],
            "region_group": cast.region_group["id"],
            "links": "Declare an incident https://incidents.example/new"},
        "zendesk": {"tam_field": "account_manager",
                    "post_call_macro": cast.post_call_macro["id"]}}


def _connect_zoom(daemon, world, cast):
    daemon.zoom_webhook = world.zoom.connect(
        daemon.url("/webhooks/zoom"), ZOOM_SECRET)
    return {"zoom": {
        "api_url": world.zoom.api_url,
        "oauth_url": world.zoom.oauth_url,
        "account_id": world.zoom.account_id,
        "client_id": world.zoom.client_id,
        "client_secret": world.zoom.client_secret,
        "webhook_secret": ZOOM_SECRET,
        "user": cast.zoom_host["email"]}}


def _connect_gitlab(daemon, world, cast):
    return {"gitlab": {
        "api_url": world.gitlab.api_url,
        "token": world.gitlab.api_token,
        "project": cast.project["path_with_namespace"],
        "template": cast.template}}


SERVICES = {"slack": _connect_slack, "zoom": _connect_zoom,
            "gitlab": _connect_gitlab}
