"""Fixtures of the flow tests: the stand-ins, the cast, the daemon."""

import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from connections import connect  # noqa: E402
from harness import Daemon  # noqa: E402
from standins import Standins, acme  # noqa: E402

TIME_LIMIT_S = 60


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "time_limit(seconds): a limit other than 60 s")


def limit_of(item):
    """How many seconds a test may take."""
    marker = item.get_closest_marker("time_limit")
    return marker.args[0] if marker else TIME_LIMIT_S


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """What may take longest comes first: nobody waits for it at the end."""
    items.sort(key=limit_of, reverse=True)


class TimeLimit(BaseException):
    """Not an Exception, so that no test code swallows it."""


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    """Ends a test that runs too long with a traceback of where it is."""
    limit_s = limit_of(item)

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
        connect(made, world, cast, zendesk_webhook, services)
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
