"""Loads for wrk, and its runs."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SERIES_MS = 1000  # from the last request of a load to the first of the next
A_MS = 50  # so many requests happen in a millisecond, as in make_load.c


class Failed(Exception):
    """A run that does not count; says why."""


@dataclass
class Figures:
    """What one run of wrk measured."""

    rate: float  # requests answered a second
    p50_ms: float
    p99_ms: float
    max_ms: float
    requests: int
    wrk_cpu: float  # share of one processor that wrk itself took


class Loads:
    """Makes loads, none of which has anything of another.

    What is in them happened in the hour before since_ms.
    """

    def __init__(self, make_load, directory, since_ms):
        self._make_load = make_load
        self._directory = Path(directory)
        self._from_ms = since_ms - 3600 * 1000
        self._series = 0
        self.body_bytes = {}  # kind → of a body, on average

    def make(self, kind, count, first=1, active=1000):
        """A Load of so many requests."""
        self._series += 1
        path = self._directory / f"load-{self._series}"
        out = subprocess.run(
            [self._make_load, kind, str(count), str(path),
             "--first", str(first), "--active", str(active),
             "--series", str(self._series), "--from", str(self._from_ms)],
            check=True, stdout=subprocess.PIPE).stdout
        self._from_ms += count // A_MS + SERIES_MS
        made = json.loads(out)
        self.body_bytes[kind] = made["body_bytes"] / made["requests"]
        return Load(path)


class Load:
    """A file of requests, and how far it was sent.  A context: removed."""

    def __init__(self, path):
        self.path = path
        self.offset = 0

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.path.unlink(missing_ok=True)


def run(load, port, connections, seconds, cpus=None):
    """Sends a load for so long; Figures.  cpus: as taskset has them."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s",
               "--timeout", "20s", "-s", str(HERE / "wrk.lua"),
               f"http://127.0.0.1:{port}/", "--", str(load.path),
               str(load.offset)]
    if cpus:
        command = ["taskset", "-c", cpus, *command]
    before = os.times()
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    after = os.times()
    if ended.returncode != 0:
        raise Failed(f"wrk ended with {ended.returncode}:\n{ended.stdout}")
    told = json.loads(ended.stdout.splitlines()[-1])
    if told["failed"] or told["not_2xx"] or not told["requests"]:
        raise Failed(f"errors: {told}")
    if told["used_up"]:
        raise Failed("the load was too small for such a rate")
    load.offset = int(told["offset"])
    cpu = (after.children_user - before.children_user
           + after.children_system - before.children_system)
    return Figures(told["requests"] / told["seconds"],
                   told["p50_us"] / 1e3, told["p99_us"] / 1e3,
                   told["max_us"] / 1e3, told["requests"],
                   cpu / told["seconds"])
