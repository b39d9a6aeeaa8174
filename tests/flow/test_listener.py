"""The public listener, from the outside: HTTP as senders may rely on it."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness import wait_until
from standins.signing import zendesk_signature
from webhooks import (PAGERDUTY, ZENDESK, accepted, kept_bodies, page,
                      pagerduty, post, trigger, zendesk)
from wire import (Wire, ask, assert_no_secrets, assert_refused, chunked,
                  request_bytes)

SIGNATURE = "X-Zendesk-Webhook-Signature"


@pytest.fixture(autouse=True)
def no_secret_is_logged(request, daemon):
    """Whatever a test does, the log shows no secret."""
    yield
    for made in request.node.daemons:
        assert_no_secrets(made)


# -- routes and methods ----------------------------------------------------

def test_nothing_but_the_contracts_routes_is_there(daemon):
    d = daemon()
    for path in ("/", "/webhooks", "/webhooks/", ZENDESK + "/",
                 PAGERDUTY + "/v3", "/Webhooks/zendesk", "/healthz/",
                 "/webhooks/slack", "/webhooks/zoom",  # not configured
                 "/metrics", "/readyz", "/api/emergencies", "/api/stream",
                 "/webhooks/../healthz", "/favicon.ico"):
        for method in ("GET", "POST", "DELETE"):
            assert_refused(ask(d.port, method, path), 404)


def test_a_service_that_is_not_configured_has_no_route(daemon):
    d = daemon(start=False)
    del d.settings["pagerduty"]
    d.start()
    assert_refused(ask(d.port, "POST", PAGERDUTY, body=b"{}"), 404)
    accepted(post(d, ZENDESK, zendesk(d, trigger())))


@pytest.mark.parametrize("path,allowed", [
    (PAGERDUTY, "POST"), (ZENDESK, "POST"), ("/healthz", "GET, HEAD")])
def test_a_wrong_method_is_405_and_told_which_are_allowed(daemon, path,
                                                          allowed):
    d = daemon()
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        if method in allowed:
            continue
        answer = ask(d.port, method, path)
        assert_refused(answer, 405)
        assert answer.headers["allow"] == allowed
    if "HEAD" not in allowed:
        answer = ask(d.port, "HEAD", path)
        assert (answer.status, answer.headers["allow"]) == (405, allowed)


def test_a_query_changes_no_route(daemon):
    d = daemon()
    assert ask(d.port, "GET", "/healthz?from=probe&x=%2F").status == 200
    accepted(post(d, ZENDESK + "?a=b", zendesk(d, trigger())))
    assert_refused(ask(d.port, "POST", PAGERDUTY + "?v1=1"), 401)


# -- the order of the checks -----------------------------------------------

def test_the_first_check_that_fails_decides(daemon):
    d = daemon(config={"server": {"max_body": "64K"}})
    large, no_json = b"x" * 70000, b"no JSON"
    plain = {"Content-Type": "text/plain"}
    wrong = {SIGNATURE: zendesk_signature("other", "x", b"")}
    cases = [
        (404, "DELETE", "/webhooks/no", plain, large),
        (404, "GET", "/webhooks/no", {}, b""),
        (405, "PUT", ZENDESK, plain, large),
        (405, "PUT", PAGERDUTY, plain, large),
        (405, "GET", ZENDESK, {}, b""),
        (413, "POST", ZENDESK, plain, large),
        (413, "POST", PAGERDUTY, plain, large),
        (401, "POST", ZENDESK, plain, no_json),
        (401, "POST", PAGERDUTY, plain, no_json),
        (401, "POST", ZENDESK, {**zendesk(d, no_json)[0], **plain, **wrong},
         no_json),
        (415, "POST", ZENDESK, {**zendesk(d, no_json)[0], **plain}, no_json),
        (400, "POST", ZENDESK, zendesk(d, no_json)[0], no_json)]
    for status, method, path, headers, body in cases:
        assert_refused(ask(d.port, method, path, headers, body), status)


# -- 413 -------------------------------------------------------------------

@pytest.mark.parametrize("path", [PAGERDUTY, ZENDESK])
def test_a_body_announced_too_long_is_413_before_it_comes(daemon, path):
    d = daemon(config={"server": {"max_body": "64K"}})
    with Wire(d.port) as wire:
        wire.send(request_bytes("POST", path, {"Content-Length": "65537"}))
        assert_refused(wire.answer(), 413)
        assert wire.is_ended()


@pytest.mark.parametrize("path", [PAGERDUTY, ZENDESK])
def test_chunks_that_grow_too_long_are_413(daemon, path):
    d = daemon(config={"server": {"max_body": "64K"}})
    with Wire(d.port) as wire:
        wire.send(request_bytes("POST", path,
                                {"Transfer-Encoding": "chunked"}))
        for _ in range(17):  # 68 KB, and no end of it
            wire.send(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        assert_refused(wire.answer(), 413)
        assert wire.is_ended()


def test_a_sender_that_goes_on_after_413_still_reads_it(daemon):
    d = daemon(config={"server": {"max_body": "64K"}})
    with Wire(d.port) as wire:
        wire.send(request_bytes("POST", PAGERDUTY,
                                {"Content-Length": "8000000"}))
        try:
            for _ in range(125):
                wire.send(b"x" * 64000)
        except ConnectionError:
            pass
        assert_refused(wire.answer(), 413)


@pytest.mark.parametrize("how", ["announced", "chunked"])
def test_a_body_of_exactly_max_body_is_taken(daemon, how):
    d = daemon(config={"server": {"max_body": "64K"}})
    body = json.dumps(trigger()).encode().ljust(65536)
    headers, body = zendesk(d, body)
    if how == "chunked":
        headers, body = {**headers, "Transfer-Encoding": "chunked",
                         "Content-Length": None}, chunked(body, 4000)
    accepted(ask(d.port, "POST", ZENDESK, headers, body))


# -- HTTP ------------------------------------------------------------------

def test_a_connection_is_kept_also_after_refusals(daemon):
    d = daemon()
    with Wire(d.port) as wire:
        for number in range(3):
            accepted(wire.ask("POST", PAGERDUTY, *pagerduty(d, page(number))))
            assert_refused(wire.ask("POST", "/no", body=b"x" * 1000), 404)
            assert_refused(wire.ask("POST", PAGERDUTY, body=b"{}"), 401)
            assert wire.ask("GET", "/healthz").status == 200


def test_pipelined_requests_are_answered_in_their_order(daemon):
    d = daemon()
    requests = [request_bytes("POST", PAGERDUTY, *pagerduty(d, page(1))),
                request_bytes("GET", "/healthz"),
                request_bytes("POST", "/no", {}, b"abc"),
                request_bytes("HEAD", "/healthz"),
                request_bytes("POST", ZENDESK, *zendesk(d, b"?")),
                request_bytes("POST", PAGERDUTY, *pagerduty(
                    d, page(2), Connection="close"))]
    with Wire(d.port) as wire:
        wire.send(b"".join(requests))
        answers = [wire.answer(to_head=i == 3) for i in range(6)]
        assert [answer.status for answer in answers] == [
            200, 200, 404, 200, 400, 200]
        assert wire.is_ended()


def test_head_has_the_header_alone(daemon):
    d = daemon()
    with Wire(d.port) as wire:
        answer = wire.ask("HEAD", "/healthz")
        assert answer.status == 200
        assert int(answer.headers["content-length"]) > 0
        # A body would now be taken for the next answer.
        assert wire.ask("GET", "/healthz").status == 200


def test_a_chunked_webhook_is_taken(daemon):
    d = daemon()
    headers, body = pagerduty(d, page())
    headers["Transfer-Encoding"] = "chunked"
    with Wire(d.port) as wire:
        wire.send(request_bytes("POST", PAGERDUTY, headers)
                  + chunked(body, 7))
        accepted(wire.answer())


def test_who_expects_100_is_told_to_go_on_or_refused_at_once(daemon):
    d = daemon()
    headers, body = pagerduty(d, page())
    headers.update({"Expect": "100-continue",
                    "Content-Length": str(len(body))})
    with Wire(d.port) as wire:
        wire.send(request_bytes("POST", PAGERDUTY, headers))
        assert wire.answer().status == 100
        wire.send(body)
        accepted(wire.answer())
    for path, length, status in (("/no", "100", 404),
                                 (PAGERDUTY, "99999999", 413)):
        headers["Content-Length"] = length
        with Wire(d.port) as wire:
            wire.send(request_bytes("POST", path, headers))
            assert_refused(wire.answer(), status)


def test_who_sends_no_more_is_answered_and_let_go(daemon):
    d = daemon()
    health = request_bytes("GET", "/healthz")
    page_1 = request_bytes("POST", PAGERDUTY, *pagerduty(d, page(1)))
    for requests in ([health], [page_1], [health, page_1, health]):
        with Wire(d.port) as wire:
            # MSG_MORE: the end of the stream comes with its last byte.
            wire.socket.send(b"".join(requests), socket.MSG_MORE)
            wire.socket.shutdown(socket.SHUT_WR)
            for _ in requests:
                assert wire.answer().status == 200
            assert wire.is_ended()


def test_http_1_0_is_served(daemon):
    d = daemon()
    with Wire(d.port) as wire:
        wire.send(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert wire.answer().status == 200
        assert wire.is_ended()


GARBAGE = [
    b"GET / HTTP/9.9\r\n\r\n", b"GET /healthz\r\n\r\n",
    b"POST /webhooks/zendesk HTTP/1.1\r\nHost: x\r\n"
    b"Content-Length: -5\r\n\r\n",
    b"POST /webhooks/zendesk HTTP/1.1\r\nHost: x\r\n"
    b"Content-Length: 99999999999999999999999\r\n\r\n",
    b"POST /webhooks/zendesk HTTP/1.1\r\nHost: x\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /" + b"x" * 40000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 40000 + b"\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\n\r\n", b"\0" * 5000 + b"\r\n\r\n"]


def test_what_is_not_http_is_refused_and_harms_nobody(daemon):
    d = daemon(config={"server": {"request_timeout": "1s"}})
    for garbage in GARBAGE:
        with Wire(d.port) as wire:
            wire.send(garbage)
            answer = wire.answer()
            assert answer is None or answer.status >= 400, garbage
    for start in (b"", b"\x16\x03\x01\x02\x00\x01", b"POST /webhooks/zen",
                  b"POST /webhooks/zendesk HTTP/1.1\r\nHost: x\r\nX"):
        with Wire(d.port) as wire:
            wire.send(start)  # and goes away
    accepted(post(d, ZENDESK, zendesk(d, trigger())))


def test_who_goes_away_before_the_answer_is_kept_all_the_same(daemon):
    d = daemon()
    signed = [pagerduty(d, page(number)) for number in range(20)]
    for headers, body in signed:
        with Wire(d.port) as wire:
            wire.send(request_bytes("POST", PAGERDUTY, headers, body))
    for webhook in signed:  # those that arrived are known
        assert post(d, PAGERDUTY, webhook).status == 200
    assert sorted(kept_bodies(d)) == sorted(body for _, body in signed)


# -- many and slow ---------------------------------------------------------

class SlowSender(threading.Thread):
    """Sends a byte at a time until it is cut; .after_s says when."""

    def __init__(self, port, at_once, slowly):
        super().__init__(daemon=True)
        self.after_s = None
        self.answer = None
        self._wire = Wire(port)
        self._at_once = at_once
        self._slowly = slowly
        self.start()

    def run(self):
        begin = time.monotonic()
        with self._wire as wire:
            wire.send(self._at_once)
            wire.socket.settimeout(0.25)
            for byte in self._slowly:
                try:
                    wire.send(bytes([byte]))
                    self.answer = self.answer or wire.answer()
                    if self.answer is None or wire.is_ended():
                        break
                except TimeoutError:
                    continue
                except ConnectionError:
                    break
            self.after_s = time.monotonic() - begin


def test_slow_senders_are_cut_while_others_are_served(daemon):
    d = daemon(config={"server": {"request_timeout": "2s"}})
    headers, body = pagerduty(d, page(0))
    whole = request_bytes("POST", PAGERDUTY, headers, body)
    length = len(whole) - len(body)
    again = request_bytes("GET", "/healthz")
    senders = [
        SlowSender(d.port, b"", whole),
        SlowSender(d.port, whole[:length - 4], whole[length - 4:]),
        SlowSender(d.port, whole[:length], body),
        SlowSender(d.port, request_bytes("POST", PAGERDUTY, {
            **headers, "Transfer-Encoding": "chunked"}), chunked(body, 1))]
    silent = Wire(d.port)
    kept = Wire(d.port)
    assert kept.ask("GET", "/healthz").status == 200
    number = 0
    while any(sender.is_alive() for sender in senders):
        number += 1
        accepted(post(d, PAGERDUTY, pagerduty(d, page(number))))
    for sender in senders:
        assert 1.5 < sender.after_s < 8
    for sender in senders[2:]:
        assert_refused(sender.answer, 408)
    assert silent.is_ended()
    # Kept alive is something else than slow.
    assert kept.ask("GET", "/healthz").status == 200
    kept.send(again[:-3])
    answer = kept.answer()
    assert answer is None or answer.status == 408
    assert kept.is_ended()
    silent.close()
    kept.close()


def opened(d, count):
    """So many connections."""
    return [Wire(d.port) for _ in range(count)]


def closed(wires):
    """Closes connections."""
    for wire in wires:
        wire.close()


def test_300_connections_at_once_are_served(daemon):
    d = daemon()
    wires = opened(d, 300)
    for turn in range(2):
        for number, wire in enumerate(wires):
            wire.send(request_bytes("POST", PAGERDUTY, *pagerduty(
                d, page(1000 * turn + number))))
        for wire in wires:
            accepted(wire.answer())
    closed(wires)


def test_connections_kept_for_nothing_make_room(daemon):
    d = daemon(config={"server": {"max_connections": "10"}})
    wires = opened(d, 9)
    for wire in wires:
        assert wire.ask("GET", "/healthz").status == 200
    for number in range(30):
        wires.append(Wire(d.port))
        accepted(wires[-1].ask("POST", PAGERDUTY,
                               *pagerduty(d, page(number))))
    closed(wires)


def test_places_taken_all_at_once_are_given_up_for_others(daemon):
    d = daemon(config={"server": {"max_connections": "10"}})
    wires = opened(d, 10)
    for wire in wires:
        wire.send(request_bytes("GET", "/healthz"))
    for wire in wires:
        assert wire.answer().status == 200
    accepted(post(d, PAGERDUTY, pagerduty(d, page())))
    closed(wires)


def test_more_than_max_connections_wait_for_their_turn(daemon):
    d = daemon(config={"server": {"max_connections": "10",
                                  "request_timeout": "2s"}})
    silent = opened(d, 10)
    with ThreadPoolExecutor(60) as pool:
        answers = list(pool.map(
            lambda number: post(d, PAGERDUTY, pagerduty(d, page(number))),
            range(60)))
    for answer in answers:
        accepted(answer)
    closed(silent)


def test_bodies_have_a_limit_in_total(daemon):
    d = daemon(config={"server": {"request_timeout": "60s"}})
    headers, body = pagerduty(d, b" " * (1 << 20))
    whole = request_bytes("POST", PAGERDUTY, headers, body)
    wires = opened(d, 80)
    for wire in wires:
        wire.socket.settimeout(0.2)
        try:
            wire.send(whole[:-1])
        except (TimeoutError, ConnectionError):
            pass  # refused already
        wire.socket.settimeout(15)
    statuses = []
    for wire in wires:
        try:
            wire.send(whole[-1:])
        except ConnectionError:
            pass
        answer = wire.answer()
        statuses.append(answer.status)
        if answer.status == 503:
            assert_refused(answer, 503)
            assert answer.headers["retry-after"] == "5"
    assert set(statuses) == {200, 503}
    closed(wires)
    accepted(post(d, ZENDESK, zendesk(d, trigger())))


# -- health ----------------------------------------------------------------

def test_health_says_how_it_stands(daemon):
    d = daemon()
    answer = ask(d.port, "GET", "/healthz")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    health = answer.json
    assert set(health) == {"status", "last_commit_ms_ago", "lateness_ms"}
    assert health["status"] == "ok"
    assert 0 <= health["last_commit_ms_ago"] <= 10000
    assert 0 <= health["lateness_ms"] <= 10000


def test_an_idle_daemon_proves_its_health_by_a_probe(daemon, world):
    world.zendesk.go_down()  # so that nothing else is written
    d = daemon(config={"zendesk": {"poll_every": "1h"}})
    seen = []

    def was_probed():
        status, health = d.health()
        assert (status, health["status"]) == (200, "ok")
        seen.append(health["last_commit_ms_ago"])
        return len(seen) > 1 and seen[-1] < seen[-2] and seen[-2] > 9000

    wait_until(was_probed, 20, "a probe", lambda: seen[-5:])
    assert max(seen) <= 10000


def test_health_does_not_depend_on_the_services(daemon, world):
    world.zendesk.go_down()
    world.pagerduty.go_down()
    d = daemon()
    accepted(post(d, ZENDESK, zendesk(d, trigger())))
    status, health = d.health()
    assert (status, health["status"]) == (200, "ok")
