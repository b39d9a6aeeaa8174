"""A long life of the daemon in a short time: many emergencies, and what it
takes of the machine meanwhile must not grow.

EMERGENCIES (default 4000) within MINUTES (default 2) or HOURS; SLACK=1 adds
their threads; EMERGENCYD is the program.  Exit 1 when an emergency did not end as it should, an action
was done twice or not at all, or memory, descriptors or the database grow.
"""

import asyncio
import os
import re
import sqlite3
import sys
import time
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from statistics import linear_regression

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "flow")]

from connections import connect  # noqa: E402
from harness import Daemon, wait_until  # noqa: E402
from lean import make_lean, make_webhooks_lean  # noqa: E402
from lives import Lives  # noqa: E402
from standins import Standins, acme  # noqa: E402

SAMPLES = 180
SAMPLE_AT_LEAST_S = 1
KIB, MIB = 1 << 10, 1 << 20
SETTINGS = {
    "policy": {"follow_up_after": "2s", "downgrade_after": "2s"},
    "store": {"keep_payloads": "10s"},
    "zendesk": {"poll_every": "20s"}}

# Over the second half of the time, in all.
MEMORY_GROWTH = 2 * MIB
DATABASE_CACHE = 16 * MIB  # fills as the database grows
DESCRIPTORS_GROWTH = 20  # connections come and go
LATENESS_S = 5
WAL = 256 * MIB  # a checkpoint that a reader stands in the way of waits for the next
# What is kept of an emergency for ever; its webhooks' bodies would be half of
# that again.
SLACK = bool(os.environ.get("SLACK"))
ROWS_BYTES = (12 if SLACK else 9) * KIB
PAYLOADS_STARTS = 3  # so often it may begin to drop what is left


@dataclass
class Sample:
    """What there is at a moment; bytes, but for the counts."""

    seconds: float
    begun: int
    ended: int
    resident: int
    anonymous: int
    descriptors: int
    threads: int
    database: int
    wal: int
    open: int
    outbox: int
    lateness: float  # seconds
    board_ms: float  # to read the board's data

    def __str__(self):
        return " ".join(f"{shown(value):>11}" for value in astuple(self))


HEAD = " ".join(f"{field.name:>11}" for field in fields(Sample))


def shown(value):
    """A number for people."""
    if isinstance(value, float):
        return f"{value:.1f}"
    return f"{value / MIB:.1f}M" if value >= MIB else str(value)


def sample(d, lives, begin):
    """Looks at everything."""
    status = Path(f"/proc/{d.process.pid}/status").read_text()

    def field(name):
        return int(re.search(rf"^{name}:\s+(\d+)", status, re.M)[1])

    code, metrics = d.api_get("/metrics")
    assert code == 200, metrics

    asked = time.monotonic()
    code, board = d.api_get("/api/board")
    assert code == 200, board
    board_ms = 1000 * (time.monotonic() - asked)

    def gauge(name):
        return sum(map(float, re.findall(
            rf"^emergencyd_{name}(?:{{.*}})? (\S+)$", metrics, re.M)))

    return Sample(
        time.monotonic() - begin, lives.begun, lives.ended,
        field("VmRSS") * KIB, field("RssAnon") * KIB,
        len(os.listdir(f"/proc/{d.process.pid}/fd")), field("Threads"),
        d.database.stat().st_size,
        Path(f"{d.database}-wal").stat().st_size,
        int(gauge("emergencies")), int(gauge("outbox")),
        gauge("lateness_seconds"), board_ms)


def watch(d, lives, over, every_s):
    """The samples until all lives are over."""
    samples = []
    begin = time.monotonic()
    print(HEAD)
    while not over.done():
        time.sleep(every_s)
        samples.append(sample(d, lives, begin))
        if len(samples) % max(1, round(10 / every_s)) == 0:
            print(samples[-1], flush=True)
    over.result()
    return samples


# -- verdicts --------------------------------------------------------------

def growth(samples, name):
    """By how much something grows over the second half, as a line."""
    times = [one.seconds for one in samples]
    values = [getattr(one, name) for one in samples]
    return linear_regression(times, values).slope * (times[-1] - times[0])


def machine_verdicts(samples, count):
    """What grew that should not."""
    half = [one for one in samples if count / 2 <= one.begun < count]
    memory = growth(half, "anonymous")
    descriptors = growth(half, "descriptors")
    print(f"second half: memory {memory / KIB:+.0f} KiB, descriptors "
          f"{descriptors:+.1f}, threads {half[0].threads} to "
          f"{half[-1].threads}")
    late = max(one.lateness for one in samples)
    wal = max(one.wal for one in samples)
    print(f"at most: {late:.3f} s late, WAL {wal / MIB:.1f} MiB, "
          f"{max(one.open for one in samples)} open")
    cache = max(0, DATABASE_CACHE - half[0].database)
    if memory > MEMORY_GROWTH + cache:
        yield "memory grows"
    if descriptors > DESCRIPTORS_GROWTH:
        yield "descriptors grow"
    if len({one.threads for one in half}) > 1:
        yield "threads come and go"
    if late > LATENESS_S:
        yield "deadlines are late"
    if wal > WAL:
        yield "the WAL grows"


def ask(d, sql):
    """A number from the database of a daemon that is stopped."""
    database = sqlite3.connect(f"file:{d.database}?mode=ro", uri=True)
    try:
        return database.execute(sql).fetchone()[0]
    finally:
        database.close()


def payloads_left(d):
    """How many there are after it has had some time to drop them."""
    for _ in range(PAYLOADS_STARTS):
        begin = time.monotonic()
        d.start()
        print(f"started within {time.monotonic() - begin:.2f} s")
        time.sleep(5)
        d.stop()
        left = ask(d, "SELECT count(*) FROM payload")
        if left == 0:
            break
    return left


def database_verdicts(d, count, written):
    """What is not as it should be on disk; the daemon is stopped."""
    left = payloads_left(d)
    total = ask(d, "SELECT page_count * page_size FROM pragma_page_count, "
                "pragma_page_size")
    free = ask(d, "SELECT freelist_count * page_size FROM "
               "pragma_freelist_count, pragma_page_size")
    rows = (total - free) / count
    print(f"database: {total / MIB:.1f} MiB, {free / MIB:.1f} of it free; "
          f"{rows:.0f} bytes an emergency")
    if left:
        yield f"{left} old payloads are still there"
    if rows > ROWS_BYTES:
        yield "the database grows by more than its rows"
    for what, wanted, sql in (
            ("emergencies", count, "SELECT count(*) FROM emergency"),
            ("closed since their tickets were solved", count,
             "SELECT count(*) FROM emergency WHERE closing = 2"),
            ("follow-ups and downgrades done", written,
             "SELECT count(*) FROM action WHERE kind IN (2, 3) "
             "AND state = 3"),
            ("calls that are not over, or parked", 0,
             "SELECT count(*) FROM action WHERE state IN (0, 1, 2, 5)")):
        found = ask(d, sql)
        if found != wanted:
            yield f"{what}: {found}, not {wanted}"


def lives_verdicts(lives, world):
    """What went wrong in the world."""
    yield from lives.failures[:20]
    if len(lives.failures) > 20:
        yield f"… and {len(lives.failures) - 20} more"
    if lives.lost:
        yield f"{lives.lost} webhooks were not taken"
    pages = [incident["title"] for incident
             in world.pagerduty.incidents.values()]
    if pages:
        yield f"{len(pages)} pages too many, such as {pages[0]!r}"


# -- all of it -------------------------------------------------------------

def soak(d, world, cast, count, seconds):
    """Prints figures as they come, and returns what is wrong."""
    make_webhooks_lean(world)
    lives = Lives(world, cast)
    d.start()
    over = asyncio.run_coroutine_threadsafe(lives.run(count, seconds),
                                            world._loop)
    samples = watch(d, lives, over,
                    max(SAMPLE_AT_LEAST_S, seconds / SAMPLES))
    wait_until(lambda: not d.api_get("/api/outbox")[1]["actions"], 30,
               "the end of all calls")
    wrong = [*lives_verdicts(lives, world),
             *machine_verdicts(samples, count)]
    d.stop()
    return wrong + [*database_verdicts(d, count, lives.written(count))]


def main():
    count = int(os.environ.get("EMERGENCIES") or 4000)
    hours = float(os.environ.get("HOURS") or 0)
    minutes = float(os.environ.get("MINUTES") or 60 * hours or 2)
    world = Standins()
    make_lean(world)
    world.start()
    cast = acme(world)
    d = Daemon()
    try:
        connect(d, world, cast,
                services=["slack"] if SLACK else [])
        d.configure(SETTINGS)
        wrong = soak(d, world, cast, count, 60 * minutes)
    finally:
        d.close()
        world.stop()
    for line in wrong:
        print("WRONG:", line)
    if not wrong:
        print(f"{count} emergencies: nothing grew, none was lost")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
