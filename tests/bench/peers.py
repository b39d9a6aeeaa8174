"""The servers that are compared: this program, and what else one could take.

Each is a context: it is started, waited for, and ended.
"""

import http.server
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
SECRET = "not-much-of-a-secret"  # as in load.h
START_S = 120
STILL_S = 0.5  # in which nothing is asked
STOP_S = 120


def free_port():
    """A port that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(port, path):
    """The body of a 200, else None."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}",
                                    timeout=10) as answer:
            return answer.read().decode()
    except (OSError, urllib.error.HTTPError):
        return None


class Server:
    """A process that listens on .port, with a directory of its own."""

    name = ""
    kind = "life"  # what wrk sends it, see make_load.c

    def __init__(self, cpus=None):
        self._cpus = cpus
        self.port = free_port()
        self.process = None
        self.directory = None

    def command(self):
        """What is run."""
        raise NotImplementedError

    def counters(self):
        """What it tells of itself; most servers tell nothing."""
        return {}

    def look_at(self, workload, requests, before):
        """Whether it did what such a run is for, by its counters."""

    def is_ready(self):
        """Whether it answers."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __enter__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="emergencyd-bench-"))
        try:
            command = self.command()
            if self._cpus:
                command = ["taskset", "-c", self._cpus, *command]
            with open(self.directory / "stderr", "wb") as stderr:
                self.process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stderr=stderr,
                    stdout=stderr, cwd=self.directory)
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def threads(self):
        """Each thread's processor time, in us; of those that are told."""
        return {}

    def __exit__(self, *exc):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _wait(self):
        end = time.monotonic() + START_S
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                told = (self.directory / "stderr").read_text()[-2000:]
                raise RuntimeError(f"{self.name} does not start:\n{told}")
            time.sleep(0.02)


class Emergencyd(Server):
    """This program, on a database that stays where it is."""

    name = "emergencyd"

    def __init__(self, program, database, zendesk, cpus=None):
        super().__init__(cpus)
        self._program = program
        self._database = database
        self._zendesk = zendesk
        self._admin_port = free_port()

    def __enter__(self):
        """Returns when its first questions to Zendesk are over, too."""
        before = self._zendesk.asked
        super().__enter__()
        asked = before
        while asked == before or asked != self._zendesk.asked or (
                self.counters()["calls_total"] != asked - before):
            asked = self._zendesk.asked
            time.sleep(STILL_S)
        return self

    def threads(self):
        times = {}
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            spent_ns = int((task / "schedstat").read_text().split()[0])
            times[(task / "comm").read_text().strip()] = spent_ns / 1000
        return times

    def command(self):
        config = self.directory / "emergencyd.ini"
        config.touch(0o600)
        config.write_text(f"""
[server]
listen = 127.0.0.1:{self.port}
[admin]
listen = 127.0.0.1:{self._admin_port}
[store]
path = {self._database}
[policy]
follow_up_after = 30d
[pagerduty]
webhook_secret = {SECRET}
[zendesk]
webhook_secret = {SECRET}
api_url = http://127.0.0.1:{self._zendesk.port}
user = bench@example.com
api_token = token
poll_every = 30d
""")
        return [str(self._program), "-c", str(config)]

    def __exit__(self, *exc):
        super().__exit__(*exc)
        if exc == (None, None, None):
            self._look_for_waiting()

    def _look_for_waiting(self):
        """Each webhook of a life must have found its emergency."""
        database = sqlite3.connect(f"file:{self._database}?mode=ro",
                                   uri=True)
        waiting = database.execute(
            "SELECT count(*) FROM event WHERE outcome = 2 AND ticket_id > 0"
            " OR outcome = 2 AND incident IS NOT NULL").fetchone()[0]
        database.close()
        if waiting:
            raise AssertionError(f"{waiting} webhooks found no emergency")

    def is_ready(self):
        return get(self._admin_port, "/readyz") is not None

    def counters(self):
        """name → number, of /metrics; the services added up."""
        sums = {}
        for name, value in re.findall(r"^emergencyd_(\w+)\S* (\d+)$",
                                      get(self._admin_port, "/metrics"),
                                      re.M):
            sums[name] = sums.get(name, 0) + int(value)
        return sums

    def look_at(self, workload, requests, before):
        now = self.counters()
        new = {name: now[name] - before[name] for name in now}
        share = new["webhooks_duplicate_total"] / requests
        if workload == "life":
            good = 0.03 < share < 0.07 and new["webhooks_ignored_total"] == 0
        else:
            good = share == 0 and (workload == "noise") == (
                new["webhooks_ignored_total"] > 0)
        good = good and new["webhooks_rejected_total"] == 0
        called = new["calls_total"] + new["calls_failed_total"]
        if not good or called or new["webhooks_total"] < requests * 0.9:
            raise AssertionError(f"not what {workload} is: {new}")


class Fastapi(Server):
    """peer_fastapi.py"""

    name = "FastAPI + sqlite3"

    def command(self):
        os.environ["BENCH_DATABASE"] = str(self.directory / "webhooks.db")
        os.environ["BENCH_SECRET"] = SECRET
        return [sys.executable, "-m", "uvicorn", "--app-dir", str(HERE),
                "--host", "127.0.0.1", "--port", str(self.port),
                "--no-access-log", "--log-level", "warning",
                "peer_fastapi:app"]


class Alertmanager(Server):
    """Prometheus Alertmanager, which tells nobody."""

    name = "Alertmanager"
    kind = "alerts"

    def command(self):
        config = self.directory / "alertmanager.yml"
        config.write_text("route:\n  receiver: nobody\n"
                          "receivers:\n  - name: nobody\n")
        return ["prometheus-alertmanager", f"--config.file={config}",
                f"--storage.path={self.directory}/data",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--cluster.listen-address=", "--log.level=warn"]

    def is_ready(self):
        return get(self.port, "/-/ready") is not None


class Webhook(Server):
    """adnanh/webhook, which checks the signature and runs /bin/true.

    It answers when that has run: otherwise what it has answered piles up as
    processes still to be started.
    """

    name = "webhook"
    kind = "hooks"

    def command(self):
        hooks = self.directory / "hooks.json"
        hooks.write_text(json.dumps([{
            "id": "life", "execute-command": "/bin/true",
            "http-methods": ["POST"],
            "include-command-output-in-response": True,
            "trigger-rule-mismatch-http-response-code": 403,
            "trigger-rule": {"match": {
                "type": "payload-hmac-sha256", "secret": SECRET,
                "parameter": {"source": "header",
                              "name": "X-Hub-Signature-256"}}}}]))
        return ["webhook", "-hooks", str(hooks), "-ip", "127.0.0.1",
                "-port", str(self.port)]


class _Busy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self):
        self.server.asked += 1
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(429)
        self.send_header("Retry-After", "600")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = do_PUT = _answer

    def log_message(self, *args):
        pass


class _Listener(http.server.ThreadingHTTPServer):
    request_queue_size = 128


class BusyZendesk:
    """A Zendesk that is overloaded, and says: come back in ten minutes.

    The program then asks it nothing for so long.  (More than a quarter of an
    hour it takes for the quota of this one call.)
    """

    def __enter__(self):
        self._server = _Listener(("127.0.0.1", 0), _Busy)
        self._server.asked = 0
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever,
                         daemon=True).start()
        return self

    @property
    def asked(self):
        """How often."""
        return self._server.asked

    def __exit__(self, *exc):
        self._server.shutdown()
        self._server.server_close()
