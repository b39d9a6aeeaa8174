#!/usr/bin/python3
"""Measures this program, the limits of the machine and the peers, in turn.

Writes docs/performance.md and docs/growth.svg, and what was measured, as
JSON, into BUILD/bench.  BUILD has the programs.  With BENCH_QUICK=1: all of
it in a minute or so, to see that it works; both documents go to BUILD/bench.

Everything is on the loopback interface and below TMPDIR, and is removed.  A
run with an answer that is not 2xx ends the bench.
"""

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import machine
import peers
import report
import wrk

ROOT = Path(__file__).resolve().parents[2]
OPEN = report.OPEN  # emergencies that a life is about
MAIN = report.MAIN  # connections
BESIDE = 1000  # the newest of a base are bench_growth's
PEERS = (peers.Fastapi, peers.Alertmanager, peers.Webhook)
# More than any of the servers answers a second, by connections.
RATES = {1: 10000, 16: 60000, 64: 80000, 256: 80000}
SHARED_MEMORY = Path("/dev/shm")
LOAD_BYTES = 4 << 30  # that much room for loads in memory, or on disk


@dataclass
class Plan:
    """How much is measured."""

    rounds: int = 3
    connections: tuple = (64, 1, 16, 256)
    main_s: int = 3  # a run that goals are about
    peer_s: int = 2
    matrix_s: int = 1
    bases: tuple = (10, 1000, 100000, 1000000)  # the last: also for loads
    row_webhooks: tuple = (20000, 4000)
    disk_s: float = 1
    timers: int = 1000000
    deadlines: int = 10000


QUICK = Plan(rounds=1, connections=(64, 1), main_s=1, peer_s=1,
             bases=(10, 1000, 5000), row_webhooks=(2000, 200), disk_s=0.2,
             timers=100000, deadlines=1000)


class Bench:
    """One measuring; what comes of it is in .results."""

    def __init__(self, plan, build, directory, zendesk):
        self._plan = plan
        self._build = build
        self._directory = directory
        self._zendesk = zendesk
        self._round = 0
        self._fresh = directory / "fresh"
        self._fresh.mkdir()
        room = (SHARED_MEMORY.is_dir()
                and shutil.disk_usage(SHARED_MEMORY).free > LOAD_BYTES)
        self._load_directory = tempfile.TemporaryDirectory(
            prefix="emergencyd-bench-",
            dir=SHARED_MEMORY if room else directory)
        self._loads = wrk.Loads(self._tool("make_load"),
                                self._load_directory.name,
                                int(time.time() * 1000))
        self.results = {"plan": asdict(plan), "runs": [], "disk": [],
                        "rows": [], "timers": [], "lateness": [],
                        "bodies": self._loads.body_bytes}

    def close(self):
        """Removes the loads."""
        self._load_directory.cleanup()

    def all(self):
        """Measures everything."""
        self.results["growth"] = self._told(
            "bench_growth", "--in", self._directory,
            *map(str, self._plan.bases))
        wrk.told([self._tool("make_base"), self._fresh, str(OPEN)])
        for self._round in range(self._plan.rounds):
            self._limits()
            self._ourselves_first()
            for peer in PEERS:
                self._peer(peer)
            self._ourselves_pinned()
            self._ourselves_with_many()
            self._timers()
            self._lateness()

    # -- parts ---------------------------------------------------------------

    def _limits(self):
        self.results["disk"].append(self._told(
            "bench_disk", str(self._plan.disk_s))["disk"])
        self.results["rows"].append(self._told(
            "bench_rows", *map(str, self._plan.row_webhooks))["rows"])

    def _ourselves_first(self):
        """What the goals are about comes first, beside limits and peers."""
        with self._ourselves(self._fresh_base()) as server:
            self._runs(server, "life", OPEN, 1, self._plan.main_s)
            for workload in ("storm", "noise"):
                self._runs(server, workload, OPEN, 1, self._plan.matrix_s)

    def _ourselves_pinned(self):
        with self._ourselves(self._fresh_base(), "0") as server:
            for workload in ("life", "storm", "noise"):
                self._runs(server, workload, OPEN, 1, self._plan.matrix_s,
                           "1")

    def _ourselves_with_many(self):
        many = self._plan.bases[-1]
        first = many - BESIDE - OPEN + 1
        for cpus, wrk_cpus in ((None, None), ("0", "1")):
            base = self._directory / f"{many}.db"
            with self._ourselves(base, cpus) as server:
                for workload in ("life", "storm", "noise"):
                    self._runs(server, workload, many, first,
                               self._plan.matrix_s, wrk_cpus)

    def _peer(self, peer):
        with peer() as server:
            self._runs(server, peer.kind, 0, 1, self._plan.peer_s)
        with peer("0") as server:
            self._runs(server, peer.kind, 0, 1, self._plan.peer_s, "1",
                       self._plan.connections[:1])

    def _timers(self):
        self.results["timers"].append(self._told(
            "bench_timers", str(self._plan.timers), "1"))

    def _lateness(self):
        """With half of what we can do, in this round."""
        note("lateness.py")
        rate = report.of(self.results, peers.Emergencyd.name, "life", MAIN,
                         base=OPEN)[-1]["rate"]
        self.results["lateness"].append(json.loads(wrk.told(
            [sys.executable, ROOT / "tests/bench/lateness.py", "--json",
             "--rate", str(int(rate / 2)), "--emergencies",
             str(self._plan.deadlines)],
            TMPDIR=str(self._directory),
            EMERGENCYD=str(self._build / "emergencyd"),
            SENDER=str(self._tool("sender")))))

    # -- runs ----------------------------------------------------------------

    def _tool(self, name):
        return self._build / "tests/bench" / name

    def _told(self, tool, *arguments):
        """What a program of tests/bench measures."""
        note(tool)
        return json.loads(wrk.told(
            [self._tool(tool), "--json", *arguments],
            TMPDIR=str(self._directory),
            EMERGENCYD=str(self._build / "emergencyd")))

    def _fresh_base(self):
        """A copy of the small database as it was made."""
        for left in self._directory.glob("used.db*"):
            left.unlink()
        return shutil.copy(self._fresh / f"{OPEN}.db",
                           self._directory / "used.db")

    def _ourselves(self, base, cpus=None):
        return peers.Emergencyd(self._build / "emergencyd", base,
                                self._zendesk, cpus)

    def _runs(self, server, workload, base, first, seconds, cpus=None,
              connections=None):
        """One for each number of connections, with a load of its own."""
        connections = connections or self._plan.connections
        count = sum(RATES[one] for one in connections) * seconds
        with self._loads.make(workload, count, first, OPEN) as load:
            for one in connections:
                before, spent = server.counters(), server.threads()
                figures = wrk.run(load, server.port, one, seconds, cpus)
                server.look_at(workload, figures.requests, before)
                threads = {
                    name: (us - spent[name]) / figures.requests
                    for name, us in server.threads().items() if name in spent}
                note(f"{server.name} ({base}), {workload}, {one}"
                     f"{' pinned' if cpus else ''}: {figures.rate:.0f}/s,"
                     f" p99 {figures.p99_ms:.1f} ms")
                self.results["runs"].append({
                    "round": self._round, "server": server.name,
                    "workload": workload, "base": base,
                    "connections": one, "pinned": cpus is not None,
                    "threads": threads, **asdict(figures)})


def note(text):
    """For whoever waits."""
    print(text, file=sys.stderr, flush=True)


def end(*_):
    """All contexts are left: servers end, files are removed."""
    sys.exit("bench: ended by a signal")


def main():
    """All of it."""
    signal.signal(signal.SIGTERM, end)
    plan = QUICK if os.environ.get("BENCH_QUICK") else Plan()
    build = Path(os.environ.get("BUILD", ROOT / "build")).resolve()
    out = build / "bench"
    out.mkdir(exist_ok=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="emergencyd-bench-") as name, \
            peers.BusyZendesk() as zendesk:
        bench = Bench(plan, build, Path(name), zendesk)
        try:
            bench.all()
        finally:
            bench.close()
        bench.results["machine"] = machine.facts(Path(name))
    bench.results["minutes"] = (time.monotonic() - begun) / 60
    (out / "results.json").write_text(json.dumps(bench.results, indent=1))
    documents = out if plan is QUICK else ROOT / "docs"
    report.write(bench.results, documents)
    note(f"{documents}/performance.md, after"
         f" {bench.results['minutes']:.1f} minutes")


if __name__ == "__main__":
    try:
        main()
    except wrk.Failed as failed:
        sys.exit(f"bench: {failed}")
