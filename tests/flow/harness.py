"""Runs the real daemon for a test, and talks to it.

Environment: EMERGENCYD is the program (default build/emergencyd);
EMERGENCYD_PRELOAD is a library put into the daemon's LD_PRELOAD.
"""

import fcntl
import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from standins.clock import Clock, iso_seconds
from standins.signing import pagerduty_signature, zendesk_signature

ROOT = Path(__file__).resolve().parents[2]
PORT_LOCKS = Path(tempfile.gettempdir()) / "emergencyd-test-ports"
# Below the ports that the kernel gives to outgoing connections.
PORTS = range(20000, 30000)
SANITIZER_REPORT = re.compile(
    r"(Address|Leak|Thread|UndefinedBehavior|Memory)Sanitizer"
    r"|runtime error:")
START_TIMEOUT_S = 20
STOP_TIMEOUT_S = 20
REQUEST_TIMEOUT_S = 10
POLL_S = 0.02


def wait_until(fn, timeout=10, what="", show=None):
    """Calls fn every 20 ms until it returns something true; returns that.

    AssertionError after timeout seconds, naming what and the last value
    (or what show makes of it).
    """
    end = time.monotonic() + timeout
    while True:
        value = fn()
        if value:
            return value
        if time.monotonic() >= end:
            last = show() if show else value
            raise AssertionError(
                f"waited {timeout} s for {what or fn}; last seen: {last!r}")
        time.sleep(POLL_S)


def free_port():
    """(port, lock): a port no other test has while the lock file is open."""
    PORT_LOCKS.mkdir(exist_ok=True)
    offset = os.getpid() * 37 % len(PORTS)
    for step in range(len(PORTS)):
        port = PORTS[(offset + step) % len(PORTS)]
        lock = open(PORT_LOCKS / str(port), "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
            return port, lock
        except OSError:
            lock.close()
    raise RuntimeError("no free port")


def pagerduty_headers(secret, body, webhook_id=None):
    """The headers PagerDuty sends with a body (bytes)."""
    headers = {"Content-Type": "application/json",
               "X-PagerDuty-Signature": pagerduty_signature(secret, body)}
    if webhook_id:
        headers["X-Webhook-Id"] = webhook_id
    return headers


def zendesk_headers(secret, body, invocation_id=None, timestamp=None):
    """The headers Zendesk sends; timestamp: default now."""
    timestamp = timestamp or iso_seconds(Clock().now())
    headers = {"Content-Type": "application/json",
               "X-Zendesk-Account-Id": "22129848",
               "X-Zendesk-Webhook-Id": "01HOOK",
               "X-Zendesk-Webhook-Signature":
                   zendesk_signature(secret, timestamp, body),
               "X-Zendesk-Webhook-Signature-Timestamp": timestamp}
    if invocation_id:
        headers["X-Zendesk-Webhook-Invocation-Id"] = invocation_id
    return headers


class Notifications:
    """The socket on which the daemon tells of itself, as to systemd."""

    def __init__(self, path):
        self.path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)

    def wait_for(self, line, process, timeout):
        """Waits for a line, as READY=1; False when the process ended."""
        end = time.monotonic() + timeout
        process_fd = os.pidfd_open(process.pid)
        try:
            while True:
                left = end - time.monotonic()
                ready, _, _ = select.select([self._socket, process_fd], [],
                                            [], max(0, left))
                if not ready:
                    raise AssertionError(f"no {line} in {timeout} s")
                if self._socket not in ready:
                    return False
                if line in self._socket.recv(65536).decode().split("\n"):
                    return True
        finally:
            os.close(process_fd)

    def forget(self):
        """Drops what a former process said."""
        while select.select([self._socket], [], [], 0)[0]:
            self._socket.recv(65536)

    def close(self):
        self._socket.close()


class Daemon:
    """One emergencyd with its directory, its ports and its settings.

    settings: {section: {key: value}}, written as they are.  Everything it
    makes is below .directory, which close() removes.
    """

    def __init__(self, preload=None):
        self.directory = Path(tempfile.mkdtemp(prefix="emergencyd-"))
        self.port, self._port_lock = free_port()
        self.admin_port, self._admin_port_lock = free_port()
        self.config_path = self.directory / "emergencyd.ini"
        self.database = self.directory / "emergencyd.db"
        self.admin_socket = self.directory / "admin.sock"
        self.stderr_path = self.directory / "stderr"
        self.settings = {
            "server": {"listen": f"127.0.0.1:{self.port}"},
            "admin": {"listen": f"127.0.0.1:{self.admin_port}",
                      "socket": str(self.admin_socket)},
            "store": {"path": str(self.database)}}
        self.process = None
        self._preload = preload
        self._notifications = Notifications(self.directory / "notify")

    # -- life --------------------------------------------------------------

    def configure(self, settings):
        """Adds settings; a value of None takes its key away."""
        for section, keys in settings.items():
            known = self.settings.setdefault(section, {})
            known.update(keys)
            for key in [key for key in keys if keys[key] is None]:
                del known[key]

    def write_config(self):
        lines = []
        for section, keys in self.settings.items():
            lines.append(f"[{section}]")
            lines += [f"{key} = {value}" for key, value in keys.items()]
        self.config_path.write_text("\n".join(lines) + "\n")

    def start(self):
        """Starts the program and returns when it is ready."""
        assert not self.running, "the daemon runs already"
        self.write_config()
        self._notifications.forget()
        with open(self.stderr_path, "ab") as stderr:
            self.process = subprocess.Popen(
                [program(), "-c", str(self.config_path)], stderr=stderr,
                stdin=subprocess.DEVNULL, env=self._environment())
        if not self._notifications.wait_for("READY=1", self.process,
                                            START_TIMEOUT_S):
            raise AssertionError(
                f"the daemon ended at start: {self.process.wait()}\n"
                + self.stderr())

    def stop(self):
        """SIGTERM: it finishes what is in flight and ends with 0."""
        self._signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"runs {STOP_TIMEOUT_S} s after SIGTERM\n"
                                 + self.stderr()) from None
        self.process = None
        assert status == 0, f"exit {status} after SIGTERM\n{self.stderr()}"

    def kill(self):
        """SIGKILL."""
        self._signal(signal.SIGKILL)
        self.process.wait(STOP_TIMEOUT_S)
        self.process = None

    def restart(self):
        """stop() and start()."""
        self.stop()
        self.start()

    def reload(self):
        """Writes the settings and sends SIGHUP; returns when READY again."""
        self.write_config()
        self._notifications.forget()
        self._signal(signal.SIGHUP)
        assert self._notifications.wait_for("READY=1", self.process,
                                            START_TIMEOUT_S)

    def close(self):
        """Ends the daemon as stop() does, if it runs; removes its directory.

        AssertionError if it had ended by itself, does not end well (leaks
        are found at the end only) or a sanitizer complained.
        """
        try:
            if self.running:
                self.stop()
            status = self.process and self.process.wait()
            assert status is None, (
                f"the daemon ended by itself: {status}\n{self.stderr()}")
            assert not SANITIZER_REPORT.search(self.stderr()), self.stderr()
        finally:
            if self.running:
                self.kill()
            self._notifications.close()
            self._port_lock.close()
            self._admin_port_lock.close()
            shutil.rmtree(self.directory)

    @property
    def running(self):
        """Whether the program was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def stderr(self):
        """Everything the daemon wrote to its standard error."""
        if not self.stderr_path.exists():
            return ""
        return self.stderr_path.read_text(errors="replace")

    # -- the public listener -----------------------------------------------

    def url(self, path):
        """The address of a public route."""
        return f"http://127.0.0.1:{self.port}{path}"

    def post_webhook(self, path, body, headers=None):
        """Posts a webhook: (status, answer).  body: bytes, or JSON-ready."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        return _call(self.port, "POST", path, body, headers or {})

    def post_pagerduty(self, body, webhook_id=None):
        """Posts a body (JSON-ready) signed as PagerDuty's."""
        data = json.dumps(body).encode()
        secret = self.settings["pagerduty"]["webhook_secret"]
        return self.post_webhook("/webhooks/pagerduty", data,
                                 pagerduty_headers(secret, data, webhook_id))

    def post_zendesk(self, body, invocation_id=None, timestamp=None):
        """Posts a body (JSON-ready) signed as Zendesk's."""
        data = json.dumps(body).encode()
        secret = self.settings["zendesk"]["webhook_secret"]
        return self.post_webhook("/webhooks/zendesk", data, zendesk_headers(
            secret, data, invocation_id, timestamp))

    def health(self):
        """GET /healthz: (status, answer)."""
        return _call(self.port, "GET", "/healthz")

    # -- the admin listener ------------------------------------------------

    def api_get(self, path):
        """GET of the admin API: (status, answer)."""
        return _call(self.admin_port, "GET", path)

    def api_post(self, path, body):
        """POST of the admin API: (status, answer)."""
        return _call(self.admin_port, "POST", path,
                     json.dumps(body).encode(),
                     {"Content-Type": "application/json"})

    def emergencies(self, **filters):
        """The first page of the list, newest first."""
        query = "&".join(f"{name}={value}"
                         for name, value in filters.items())
        status, answer = self.api_get("/api/emergencies"
                                      + (f"?{query}" if query else ""))
        assert status == 200, answer
        return answer["emergencies"]

    def emergency(self, emergency_id):
        """One emergency with its timeline, actions and checklist."""
        status, answer = self.api_get(f"/api/emergencies/{emergency_id}")
        assert status == 200, answer
        return answer

    def command(self, emergency_id, name, by="Tess Test", **args):
        """Gives a command: (status, answer); for_="15m" is the key for."""
        body = {"by": by, **{key.rstrip("_"): value
                             for key, value in args.items()}}
        return self.api_post(f"/api/emergencies/{emergency_id}/{name}", body)

    def wait_for_emergency(self, timeout=10, emergency_id=None, **fields):
        """Waits for an emergency whose fields have these values.

        ticket=4711 compares the ticket's id; None is a value like others.
        Returns the emergency as emergency() shows it.
        """
        def found():
            for row in self.emergencies():
                if emergency_id in (None, row["id"]) and all(
                        _field(row, name) == value
                        for name, value in fields.items()):
                    return self.emergency(row["id"])
            return None

        return wait_until(found, timeout, f"an emergency with {fields}",
                          self.emergencies)

    # -- details -----------------------------------------------------------

    def _environment(self):
        environment = {**os.environ, "NOTIFY_SOCKET":
                       self._notifications.path}
        libraries = [library for library in (
            self._preload, os.environ.get("EMERGENCYD_PRELOAD")) if library]
        if libraries:
            environment["LD_PRELOAD"] = ":".join(map(str, libraries))
            # AddressSanitizer wants to be the first library otherwise.
            environment["ASAN_OPTIONS"] = ":".join(filter(None, (
                os.environ.get("ASAN_OPTIONS"),
                "verify_asan_link_order=0")))
        return environment

    def _signal(self, number):
        assert self.running, f"the daemon does not run\n{self.stderr()}"
        self.process.send_signal(number)


def program():
    """The daemon's path."""
    path = ROOT / os.environ.get("EMERGENCYD", "build/emergencyd")
    assert path.exists(), f"{path} does not exist"
    return str(path)


def _call(port, method, path, body=None, headers=None):
    """(status, parsed JSON or text); errors of the connection are raised."""
    connection = http.client.HTTPConnection("127.0.0.1", port,
                                            timeout=REQUEST_TIMEOUT_S)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    if "json" in response.getheader("Content-Type", ""):
        return response.status, json.loads(text)
    return response.status, text


def _field(row, name):
    value = row[name]
    return value["id"] if name == "ticket" and value else value
