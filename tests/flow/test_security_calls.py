"""Outgoing calls: to whom our credentials are shown, and to whom not."""

import ssl
import subprocess

import pytest
from harness import program, wait_until
from scenes import LONG, opened, order, page_for, urgent_ticket
from slack_scenes import slack_idle
from standins.http_service import Answer
from tls_front import (Authority, authority,  # noqa: F401 (a fixture)
                       behind_tls, front)
from wire import assert_no_secrets

ALL = ("slack", "zoom", "gitlab")


# -- TLS -------------------------------------------------------------------

def old_version(authority):
    """A server that speaks nothing newer than TLS 1.1."""
    context = authority.certify("old")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def test_a_certified_service_is_called(daemon, world, cast, authority):
    with front(authority.certify("good"), world.zendesk.port) as service:
        d = behind_tls(daemon, service.url)
        opened(d, world, cast)
        assert service.bytes > 0 and not service.refusals


BAD = {
    "self-signed": lambda authority: authority.self_signed(),
    "another host's": lambda authority: authority.certify(
        "other", host="zendesk.example"),
    "expired": lambda authority: authority.certify("expired", days=-1),
    "TLS 1.1": old_version,
}


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("name", BAD)
def test_who_cannot_prove_to_be_the_service_gets_nothing(daemon, world, cast,
                                                         authority, name):
    with front(BAD[name](authority), world.zendesk.port) as service:
        d = behind_tls(daemon, service.url)
        page_for(world, cast, urgent_ticket(world, cast))
        wait_until(lambda: service.refusals, 10, "a refused connection")
        wait_until(lambda: "TOKEN-FAILED" in d.stderr(), 10, "the log")
        assert world.zendesk.received() == [] and service.bytes == 0
        assert_no_secrets(d)


def test_nobody_is_trusted_whom_the_system_does_not_trust(daemon, world, cast,
                                                          tmp_path):
    authority = Authority(tmp_path)
    with front(authority.certify("good"), world.zendesk.port) as service:
        d = daemon(**LONG, config={"zendesk": {"api_url": service.url}})
        wait_until(lambda: service.refusals, 10, "a refused connection")
        wait_until(lambda: "TOKEN-FAILED" in d.stderr(), 10, "the log")
        assert world.zendesk.received() == [] and service.bytes == 0


# -- redirects -------------------------------------------------------------

@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(daemon, world, cast, status):
    """GitLab's stand-in, which is not connected, must hear of none."""
    elsewhere = Answer(status, {}, {"Location": world.gitlab.url + "/x"})
    d = daemon(services=("slack", "zoom"), **LONG)
    number, _ = opened(d, world, cast)
    hosts = (world.zendesk, world.pagerduty, world.slack, world.zoom)
    slack_idle(d)
    before = [len(service.received()) for service in hosts]
    for service in hosts:
        service.fault("*", "", times=None, answer=elsewhere)
    incident = d.emergency(number)["pages"][0]["incident_id"]
    world.pagerduty.acknowledge(incident, cast.engineer_pd)  # wants a meeting
    for command in ("note", "first-contact", "page"):
        order(d, number, command, **({"text": "x"} if command == "note" else {}))
    for service, count in zip(hosts, before):
        service.wait_for_request(None, None, count=count + 1, answered=True)
    # Refused for good, as any other 3xx or 4xx.
    for name in ("zendesk", "pagerduty", "slack"):
        wait_until(lambda: [a for a in d.emergency(number)["actions"]
                            if (a["service"], a["state"]) == (name, "parked")
                            and str(status) in a["error"]],
                   10, f"a parked call to {name}", d.stderr)
    assert world.gitlab.received() == []
    assert_no_secrets(d)


def test_a_token_is_not_asked_for_elsewhere(daemon, world, cast):
    elsewhere = Answer(307, {}, {"Location": world.gitlab.url + "/x"})
    world.zendesk.fault("POST", "/oauth/tokens", times=None, answer=elsewhere)
    d = daemon(**LONG)
    wait_until(lambda: "TOKEN-FAILED" in d.stderr(), 10, "the log")
    assert world.gitlab.received() == []
    assert_no_secrets(d)


ADDRESSES = [("zendesk", "api_url"), ("pagerduty", "api_url"),
             ("slack", "api_url"), ("zoom", "api_url"), ("zoom", "oauth_url"),
             ("gitlab", "api_url"), ("heartbeat", "url")]


@pytest.mark.parametrize("url", [
    "http://services.example", "http://127.0.0.1.example",
    "http://127.0.0.1@services.example", "ftp://127.0.0.1", "file:///etc",
    "http://localhost@services.example:80", "http://2130706433"])
def test_credentials_never_leave_in_clear_text(daemon, url):
    d = daemon(services=ALL, start=False)
    for section, key in ADDRESSES:
        good = d.settings.get(section, {}).get(key)
        d.configure({section: {key: url}})
        d.write_config()
        end = subprocess.run([program(), "-c", d.config_path, "--check-config"],
                             capture_output=True, text=True, check=False)
        assert end.returncode == 2, (section, key)
        assert f"[{section}] {key}: " in end.stderr
        d.configure({section: {key: good}})
