#!/usr/bin/python3
"""A few runs, by hand: by_hand.py --help."""

import argparse
import tempfile
import time
from pathlib import Path

import peers
import wrk

ROOT = Path(__file__).resolve().parents[2]
RATE = 100000  # more than anything does


def main():
    """Prints a line a run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("workload", nargs="?", default="life",
                        choices=("life", "storm", "noise"))
    parser.add_argument("--server", default="emergencyd",
                        choices=("emergencyd", "fastapi", "alertmanager",
                                 "webhook"))
    parser.add_argument("--connections", default="64")
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--emergencies", type=int, default=1000)
    parser.add_argument("--pinned", action="store_true")
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    measure(parser.parse_args())


def measure(args):
    """All of it, below a directory that is removed."""
    with tempfile.TemporaryDirectory(prefix="emergencyd-bench-") as name, \
            peers.BusyZendesk() as zendesk:
        directory = Path(name)
        server = start(args, directory, zendesk)
        loads = wrk.Loads(args.build / "tests/bench/make_load", directory,
                          int(time.time() * 1000))
        kind = args.workload if server.kind == "life" else server.kind
        connections = [int(one) for one in args.connections.split(",")]
        with server, loads.make(
                kind, RATE * args.seconds * args.runs * len(connections),
                active=min(args.emergencies, 1000)) as load:
            for count in connections * args.runs:
                before = server.counters()
                figures = wrk.run(load, server.port, count, args.seconds,
                                  "1" if args.pinned else None)
                server.look_at(kind, figures.requests, before)
                print(f"{server.name}, {kind}, {count} connections:"
                      f" {figures.rate:.0f}/s, p50 {figures.p50_ms:.2f} ms,"
                      f" p99 {figures.p99_ms:.2f} ms, wrk took"
                      f" {figures.wrk_cpu:.0%} of a processor", flush=True)


def start(args, directory, zendesk):
    """The server that is asked for."""
    cpus = "0" if args.pinned else None
    if args.server != "emergencyd":
        return {"fastapi": peers.Fastapi, "webhook": peers.Webhook,
                "alertmanager": peers.Alertmanager}[args.server](cpus)
    wrk.told([args.build / "tests/bench/make_base", directory,
              str(args.emergencies)])
    return peers.Emergencyd(args.build / "emergencyd",
                            directory / f"{args.emergencies}.db",
                            zendesk, cpus)


main()
