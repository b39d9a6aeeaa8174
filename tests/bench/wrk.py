"""Loads for wrk, and its runs."""

import json
import os
import signal
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


def told(command, timeout=600, **environment):
    """The output of a program, which must end well.

    It has a process group of its own, all of which ends with it.
    """
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                          env={**os.environ, **environment},
                          start_new_session=True) as process:
        try:
            out, _ = process.communicate(timeout=timeout)
        except BaseException:
            os.killpg(process.pid, signal.SIGTERM)
            raise
    if process.returncode != 0:
        raise Failed(f"{command[0]} ended with {process.returncode}\n{out}")
    return out


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
        made = json.loads(told(
            [self._make_load, kind, str(count), str(path),
             "--first", str(first), "--active", str(active),
             "--series", str(self._series), "--from", str(self._from_ms)]))
        self._from_ms += count // A_MS + SERIES_MS
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
    out = told(command, timeout=seconds + 120)
    after = os.times()
    run_ = json.loads(out.splitlines()[-1])
    if run_["failed"] or run_["not_2xx"] or not run_["requests"]:
        raise Failed(f"errors: {run_}")
    if run_["used_up"]:
        raise Failed("the load was too small for such a rate")
    load.offset = int(run_["offset"])
    cpu = (after.children_user - before.children_user
           + after.children_system - before.children_system)
    return Figures(run_["requests"] / run_["seconds"],
                   run_["p50_us"] / 1e3, run_["p99_us"] / 1e3,
                   run_["max_us"] / 1e3, run_["requests"],
                   cpu / run_["seconds"])
