"""The heartbeat: an outside monitor is called while all is well, and not
called any more when it is not."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from duties import set_back
from harness import program, wait_until
from scenes import LONG, contacted, opened, own_comments
from standins import Answer
from trials import log_lines

EVERY_S = 0.5


class Monitor:
    """A monitor: counts its calls; mode: what it does to them."""

    def __init__(self):
        self.calls = []
        self.mode = "well"
        monitor = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                monitor.calls.append((self.path, time.monotonic()))
                if monitor.mode == "silent":
                    monitor.over.wait(30)
                    return
                self.send_response(500 if monitor.mode == "failing" else 200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"OK")

            def log_message(self, *_):
                pass

        self.over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever,
                         daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}/ping/abc?x=1"

    def wait_calls(self, more, timeout=10):
        """Waits until it was called so often again."""
        seen = len(self.calls)
        wait_until(lambda: len(self.calls) >= seen + more, timeout,
                   f"{more} calls", lambda: self.calls[-5:])

    def wait_quiet(self, timeout=10):
        """Waits until it was not called for several periods."""
        wait_until(lambda: not self.calls or time.monotonic()
                   - self.calls[-1][1] > 4 * EVERY_S, timeout, "quiet")

    def close(self):
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def monitor():
    made = Monitor()
    yield made
    made.close()


def beating(monitor):
    return {"heartbeat": {"url": monitor.url,
                          "every": f"{int(EVERY_S * 1000)}ms"}}


def test_the_monitor_is_called_in_each_period(daemon, monitor):
    d = daemon(config=beating(monitor))
    monitor.wait_calls(6)
    assert {path for path, _ in monitor.calls} == {"/ping/abc?x=1"}
    moments = [moment for _, moment in monitor.calls]
    apart = [b - a for a, b in zip(moments, moments[1:])]
    assert EVERY_S * 0.8 < sum(apart) / len(apart) < EVERY_S * 1.6, apart
    d.stop()
    monitor.wait_quiet()


def test_when_the_database_fails_the_monitor_is_not_called(
        daemon, monitor, monkeypatch, tmp_path):
    flag = tmp_path / "trouble"
    monkeypatch.setenv("FULL_DISK_FLAG", str(flag))
    library = Path(program()).parent / "full_disk.so"
    d = daemon(preload=library, config=beating(monitor))
    monitor.wait_calls(2)
    flag.write_text("full")
    monitor.wait_quiet()
    assert d.health()[0] == 503
    flag.unlink()
    monitor.wait_calls(3, 15)


def test_when_calls_for_customers_do_not_move_the_monitor_is_not_called(
        daemon, world, cast, monitor):
    """One has been waiting for 10 minutes."""
    d = daemon(config=beating(monitor), follow_up_after="4s",
               downgrade_after="10m")
    refused = world.zendesk.fault("PUT", r"/tickets/", times=None,
                                  answer=Answer(503))
    number, ticket = contacted(d, world, cast, 30)
    refused.wait_hit()
    monitor.wait_calls(2)
    d.stop()
    set_back(d, "UPDATE action SET created_ms = created_ms - 601000 "
             "WHERE kind = 2")
    calls = len(monitor.calls)
    d.start()
    refused.wait_hit(refused.hits + 1)
    monitor.wait_quiet()
    assert len(monitor.calls) == calls
    refused.cancel()
    wait_until(lambda: own_comments(world, cast, ticket), 30, "a follow-up")
    monitor.wait_calls(2)


def test_calls_that_nobody_waits_for_do_not_matter(daemon, world, cast,
                                                   monitor):
    """A thread that can't be opened in Slack."""
    d = daemon(services=("slack",), config=beating(monitor), **LONG)
    silent = world.slack.fault("POST", "chat.postMessage", times=None,
                               answer=Answer(503))
    opened(d, world, cast)
    silent.wait_hit()
    d.stop()
    set_back(d, "UPDATE action SET created_ms = created_ms - 601000 "
             "WHERE state < 3")
    d.start()
    monitor.wait_calls(3)


@pytest.mark.parametrize("mode", ["failing", "silent", "gone"])
def test_a_monitor_in_trouble_harms_nothing(daemon, world, cast, monitor,
                                            mode):
    d = daemon(config=beating(monitor), follow_up_after="4s",
               downgrade_after="10m")
    monitor.wait_calls(1)
    monitor.mode = mode
    if mode == "gone":
        monitor.close()
    else:
        monitor.wait_calls(2)
    started = time.monotonic()
    _, ticket = contacted(d, world, cast, 30)
    wait_until(lambda: own_comments(world, cast, ticket), 5, "a follow-up")
    assert time.monotonic() - started < 5
    assert d.health()[0] == 200
    monitor.over.set()
    if mode != "gone":
        monitor.mode = "well"
        monitor.wait_calls(2)


def test_the_monitors_address_is_not_logged(daemon, monitor):
    """It is a key to it."""
    monitor.mode = "failing"
    d = daemon(config=beating(monitor))
    monitor.wait_calls(3)
    assert "/ping/abc" not in d.stderr()
    assert not log_lines(d, "ITEM-UNDONE")
