"""Strangers may do to the listeners what they like: webhooks are taken in
time, the clocks go on, memory, descriptors and log stay bounded."""

import os
import re
import resource
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

import pytest
from attackers import STORIES
from harness import program, wait_until
from scenes import contacted, order, own_comments
from webhooks import PAGERDUTY, accepted, kept_bodies, page, pagerduty
from wire import Wire, assert_refused, request_bytes

PATIENCE_S = 5  # PagerDuty's, the shortest of all senders'
ENOUGH = 5  # webhooks that must be taken during an attack
MIB = 1 << 20
PLACES = 200
STRANGERS = 500
# Bodies are to fill the memory, not the places.
FEWER = {"a body almost here": 150}
BODIES_BYTES = 64 * MIB  # of all requests together
CONNECTION_BYTES = 24 * 1024  # more than one takes
SLACK_BYTES = 16 * MIB
AFTER_BYTES = 32 * MIB  # what is freed in pieces is kept for later
CALLS_KEPT = 10  # connections to services that are kept open for more
EMERGENCYCTL = Path(program()).parent / "emergencyctl"


@contextmanager
def attacked(address, story, strangers=STRANGERS):
    """So many strangers are there, all with the same story."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", Path(__file__).parent / "attackers.py",
         str(address), str(strangers), story],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"here\n"
        yield
        assert process.poll() is None, "the attackers gave up"
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


class Sender:
    """PagerDuty: each webhook on a connection of its own."""

    def __init__(self, d):
        self.accepted = []
        self._d = d
        self._numbers = count(1)

    def send(self):
        """Sends one, with no more patience than PagerDuty has."""
        headers, body = pagerduty(self._d, page(next(self._numbers)))
        with socket.create_connection(("127.0.0.1", self._d.port),
                                      PATIENCE_S) as wire:
            wire.settimeout(PATIENCE_S)
            wire.sendall(request_bytes("POST", PAGERDUTY, headers, body))
            answer = wire.recv(65536)
        assert answer.startswith(b"HTTP/1.1 200 "), answer
        self.accepted.append(body)


class Footprint:
    """What the daemon takes of the machine, from now on."""

    def __init__(self, d):
        self._d = d
        self._bytes = self._memory("VmRSS")
        self._descriptors = open_descriptors(d)
        self._lines = len(d.stderr().splitlines())

    def assert_bounded(self, places):
        """Whatever is going on, or was at its height."""
        most = BODIES_BYTES + places * CONNECTION_BYTES + SLACK_BYTES
        assert_within(self._memory("VmHWM") - self._bytes, most)

    def assert_gone(self):
        """After it is over."""
        most = self._descriptors + CALLS_KEPT
        wait_until(lambda: open_descriptors(self._d) <= most, 10,
                   f"at most {most} descriptors",
                   lambda: open_descriptors(self._d))
        assert_within(self._memory("VmRSS") - self._bytes, AFTER_BYTES)

    def assert_few_lines(self, most):
        """Of the log."""
        lines = self._d.stderr().splitlines()[self._lines:]
        assert len(lines) <= most, lines

    def _memory(self, name):
        status = Path(f"/proc/{self._d.process.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) * 1024


def open_descriptors(d):
    """How many descriptors the daemon has."""
    return len(os.listdir(f"/proc/{d.process.pid}/fd"))


def assert_within(size, most):
    """A sanitizer has its own idea of how much memory that takes."""
    sanitized = b"__asan_init" in program_bytes() or (
        b"__tsan_init" in program_bytes())
    assert sanitized or size <= most, f"{size / MIB:.1f} MiB more"


@cache
def program_bytes():
    """What the daemon is made of."""
    return Path(program()).read_bytes()


def lateness_s(d):
    """By how much the oldest deadline is late, as /metrics says."""
    status, text = d.api_get("/metrics")
    assert status == 200
    return float(re.search(r"^emergencyd_lateness_seconds (\S+)$", text,
                           re.M)[1])


def processor_s(d):
    """The processor's time that the daemon has taken."""
    fields = Path(f"/proc/{d.process.pid}/stat").read_text().split(")")[1]
    return sum(map(int, fields.split()[11:13])) / os.sysconf("SC_CLK_TCK")


def assert_in_service(d, sender):
    """Webhooks, health and clocks."""
    for _ in range(ENOUGH):
        sender.send()
    status, health = d.health()
    assert (status, health["status"]) == (200, "ok")
    assert lateness_s(d) < 5


# -- the public listener ---------------------------------------------------

def test_whatever_strangers_send_webhooks_are_taken_and_clocks_go_on(
        daemon, world, cast):
    d = daemon(follow_up_after="4s", downgrade_after="1h", config={
        "server": {"max_connections": str(PLACES)}})
    sender = Sender(d)
    assert_in_service(d, sender)
    footprint = Footprint(d)
    number, ticket = contacted(d, world, cast, 0)
    for story in STORIES:
        with attacked(d.port, story, FEWER.get(story, STRANGERS)):
            assert_in_service(d, sender)
            footprint.assert_bounded(PLACES)
    with attacked(d.port, "slow in the body"):
        wait_until(lambda: own_comments(world, cast, ticket), 10,
                   "the follow-up", lambda: d.emergency(number))
    footprint.assert_gone()
    footprint.assert_few_lines(60)
    assert set(sender.accepted) <= set(kept_bodies(d))


def test_thousands_of_strangers_keep_no_webhook_out(daemon):
    d = daemon()
    sender = Sender(d)
    assert_in_service(d, sender)
    footprint = Footprint(d)
    with attacked(d.port, "answers left unread", 2500):
        for _ in range(3):
            assert_in_service(d, sender)
        footprint.assert_bounded(1000)
    with attacked(d.port, "slow in the body", 2500):
        assert_in_service(d, sender)
        footprint.assert_bounded(1000)
        d.restart()  # and neither do they keep it from ending
        assert_in_service(d, sender)


def test_nobody_goes_while_nobody_waits(daemon):
    d = daemon(config={"server": {"max_connections": "1"}})
    with Wire(d.port) as wire:
        for number in range(2):
            request = request_bytes("POST", PAGERDUTY,
                                    *pagerduty(d, page(number)))
            wire.send(request[:-1])
            time.sleep(0.2)  # long enough to be slow
            wire.send(request[-1:])
            accepted(wire.answer())


def test_whoever_is_served_goes_while_others_wait(daemon):
    d = daemon(config={"server": {"max_connections": "1"}})

    def told_to_go(number):
        request = request_bytes("POST", PAGERDUTY, *pagerduty(d, page(number)))
        with Wire(d.port) as wire:
            wire.send(request[:-1])
            with Wire(d.port):  # waits
                wire.send(request[-1:])
                try:
                    answer = wire.answer()
                except ConnectionError:
                    answer = None
        if answer is None:
            return False
        accepted(answer)
        return answer.headers.get("connection", "").lower() == "close"

    # A busy machine may answer before it sees the other, or find it slow.
    assert any(map(told_to_go, range(50)))


def test_senders_leave_descriptors_to_database_and_calls(
        daemon, world, cast, monkeypatch, tmp_path):
    few = tmp_path / "emergencyd"
    few.write_text(f'#!/bin/sh\nulimit -n 600; exec {program()} "$@"\n')
    few.chmod(0o755)
    monkeypatch.setenv("EMERGENCYD", str(few))
    d = daemon(follow_up_after="1s", downgrade_after="1h")
    assert "DESCRIPTORS-FEW max_connections is 100, not 1000" in d.stderr()
    with attacked(d.port, "slow in the header", 800):
        assert_in_service(d, Sender(d))
        number, ticket = contacted(d, world, cast)
        wait_until(lambda: own_comments(world, cast, ticket), 10,
                   "the follow-up", lambda: d.emergency(number))


def test_a_chunks_line_without_end_costs_no_time(daemon):
    d = daemon(config={"server": {"request_timeout": "2s"}})
    before = processor_s(d)
    with Wire(d.port) as one, Wire(d.port) as other:
        for wire, piece in (one, b"1;"), (other, b"0"):
            wire.send(request_bytes("POST", PAGERDUTY,
                                    {"Transfer-Encoding": "chunked"}))
            wire.send(piece * 20000)
        for wire in one, other:
            assert_refused(wire.answer(), 408)
            assert wire.is_ended()
    assert processor_s(d) - before < 0.3


def test_without_descriptors_webhooks_are_taken_all_the_same(daemon):
    d = daemon()
    sender = Sender(d)
    assert_in_service(d, sender)
    resource.prlimit(d.process.pid, resource.RLIMIT_NOFILE,
                     (open_descriptors(d) + 20, ) * 2)
    with attacked(d.port, "silent", 100):
        for _ in range(ENOUGH):
            sender.send()


# -- the admin listener ----------------------------------------------------

@pytest.mark.parametrize("address", ["admin_port", "admin_socket"])
def test_strangers_at_the_admin_listener_keep_nobody_out(
        daemon, world, cast, address):
    d = daemon(follow_up_after="1h")
    sender = Sender(d)
    number, _ = contacted(d, world, cast, 0)
    footprint = Footprint(d)
    for story in ("silent", "slow in the header", "slow in the body",
                  "a body almost here", "answers left unread",
                  "kept for nothing", "garbage behind a request",
                  "a chunk's line without end"):
        with attacked(getattr(d, address), story, 300):
            order(d, number, "note", text=story)
            listed = subprocess.run(
                [EMERGENCYCTL, "--socket", d.admin_socket, "show",
                 str(number)], capture_output=True, timeout=PATIENCE_S)
            assert story in listed.stdout.decode(), listed
            assert_in_service(d, sender)
            footprint.assert_bounded(200)
    footprint.assert_gone()
    footprint.assert_few_lines(60)
