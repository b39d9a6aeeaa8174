"""Fixtures of the flow tests: the stand-ins, the cast, the daemon."""

import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness import Daemon  # noqa: E402
from standins import Standins, acme  # noqa: E402

TIME_LIMIT_S = 60
ZENDESK_SECRET = "zendesk-webhook-secret"


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "time_limit(seconds): a limit other than 60 s")


class TimeLimit(BaseException):
    """Not an Exception, so that no test code swallows it."""


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    """Ends a test that runs too long with a traceback of where it is."""
    marker = item.get_closest_marker("time_limit")
    limit_s = marker.args[0] if marker else TIME_LIMIT_S

    def too_long(number, frame):
        raise TimeLimit(f"ran longer than {limit_s} s")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(limit_s)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """Adds the daemons' standard error to the report of a failure."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for daemon in getattr(item, "daemons", ()):
            report.sections.append((f"{daemon.directory} stderr",
                                    daemon.stderr()))


@pytest.fixture
def world():
    """The stand-ins, started."""
    standins = Standins()
    standins.start()
    yield standins
    standins.stop()


@pytest.fixture
def cast(world):
    """Customers and colleagues: see standins/cast.py."""
    return acme(world)


@pytest.fixture
def daemon(request, world, cast):
    """Makes daemons: daemon(follow_up_after="2s", config={…}).

    Keywords are [policy] settings; config adds settings of any section;
    zendesk_webhook is "trigger" or "events"; start=False only prepares.
    services names further ones to connect: "slack", "zoom", "gitlab".
    The webhooks are daemon.zendesk_webhook and .pagerduty_webhook.
    """
    request.node.daemons = []

    def make(*, config=None, zendesk_webhook="trigger", start=True,
             preload=None, services=(), **policy):
        made = Daemon(preload)
        request.node.daemons.append(made)
        _connect(made, world, zendesk_webhook)
        made.configure(_settings(made, world, cast))
        for service in services:
            made.configure(CONNECT[service](made, world, cast))
        made.configure({"policy": policy, **(config or {})})
        if start:
            made.start()
        return made

    yield make
    # What a test left hanging must not keep a daemon from ending.
    for service in (world.zendesk, world.pagerduty, world.slack, world.zoom,
                    world.gitlab):
        service.clear_faults()
    failures = []
    for made in request.node.daemons:
        try:
            made.close()
        except AssertionError as error:
            failures.append(error)
    if failures:
        raise failures[0]


def _connect(daemon, world, kind):
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
        daemon.url("/webhooks/zoom"), "zoom-webhook-secret")
    return {"zoom": {
        "api_url": world.zoom.api_url,
        "oauth_url": world.zoom.oauth_url,
        "account_id": world.zoom.account_id,
        "client_id": world.zoom.client_id,
        "client_secret": world.zoom.client_secret,
        "webhook_secret": "zoom-webhook-secret",
        "user": cast.zoom_host["email"]}}


def _connect_gitlab(daemon, world, cast):
    return {"gitlab": {
        "api_url": world.gitlab.api_url,
        "token": world.gitlab.api_token,
        "project": cast.project["path_with_namespace"],
        "template": cast.template}}


CONNECT = {"slack": _connect_slack, "zoom": _connect_zoom,
           "gitlab": _connect_gitlab}
