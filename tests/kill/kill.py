#!/usr/bin/python3
"""Kills the daemon under load, many times, and looks whether anything was
lost, doubled or half done.  See batch.py."""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "flow"), str(TESTS / "kill")]

from batch import run_batch  # noqa: E402
from victim import MODES  # noqa: E402

KILLS_A_BATCH = 60


def batches(args):
    """(seed, kills) of each."""
    left, seed = args.kills, args.seed
    while left > 0:
        kills = min(left, KILLS_A_BATCH)
        yield seed, kills
        left -= kills
        seed += 1


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=240)
    parser.add_argument("--seed", type=int, default=1,
                        help="of the first batch; the next has the next")
    parser.add_argument("--mode", choices=MODES,
                        help="default: each batch's seed decides")
    parser.add_argument("--workers", type=int, default=3)
    return parser.parse_args()


def show(outcome):
    print(f"seed {outcome.seed} {outcome.mode}: {outcome.kills} kills, "
          f"{outcome.accepted} webhooks accepted, {outcome.actions} actions, "
          f"ended itself {outcome.ends} times, "
          f"{len(outcome.violations)} violations", flush=True)
    for text in outcome.violations:
        print(f"    {text}", flush=True)


def main():
    args = options()
    began = time.monotonic()
    total = dict.fromkeys(("kills", "accepted", "actions"), 0)
    violations = 0
    with ProcessPoolExecutor(args.workers, get_context("spawn")) as pool:
        tasks = [pool.submit(run_batch, seed, kills, args.mode)
                 for seed, kills in batches(args)]
        for task in as_completed(tasks):
            outcome = task.result()
            show(outcome)
            violations += len(outcome.violations)
            for name in total:
                total[name] += getattr(outcome, name)
    took_s = time.monotonic() - began
    print(f"{total['kills']} kills, {total['accepted']} webhooks accepted, "
          f"{total['actions']} actions, {violations} violations "
          f"({total['kills'] / took_s:.1f} kills a second)")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
