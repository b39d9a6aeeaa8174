"""Fixtures of the stand-ins' own tests."""

import base64

import pytest

from standins import Standins, acme
from standins.calling import Receiver, call
from standins.pagerduty_api import ACCEPT


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.close()


@pytest.fixture
def world():
    standins = Standins()
    standins.start()
    yield standins
    standins.stop()


@pytest.fixture
def cast(world):
    return acme(world)


@pytest.fixture
def zendesk(world, cast):
    """Calls Zendesk as the bot: zendesk("GET", "/tickets/1")."""
    service = world.zendesk
    credentials = f"{cast.bot['email']}/token:{service.api_token}"
    header = "Basic " + base64.b64encode(credentials.encode()).decode()
    return lambda method, path, body=None: call(
        method, f"{service.url}/api/v2{path}", body,
        {"Authorization": header})


@pytest.fixture
def pagerduty(world, cast):
    """Calls PagerDuty as the bot, or as who has the e-mail sender."""
    def call_as(method, path, body=None, sender=None):
        return call(method, world.pagerduty.url + path, body, {
            "Authorization": f"Token token={world.pagerduty.api_token}",
            "Accept": ACCEPT, "From": sender or cast.bot_pd["email"]})

    return call_as


@pytest.fixture
def ticket(world, cast):
    return world.zendesk.create_ticket("Production is down", cast.customer,
                                       priority="urgent",
                                       at=world.zendesk.clock.ago(60))
