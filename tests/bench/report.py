"""docs/performance.md and docs/growth.svg, from what was measured.

Every figure is taken from the results; what was not measured is said so.
"""

import statistics
import subprocess
from pathlib import Path

import peers

OURS = peers.Emergencyd.name
MAIN = 64  # connections
OPEN = 1000
HEAD = """# Performance

<!-- Written by `make bench` (tests/bench/report.py): do not edit. -->

Everything on this page was measured in one run of `make bench`, which took
{minutes:.0f} minutes, in {rounds} round(s). In each round the program, the
limits of the machine and the peers take turns, so that all have the same
neighbours; a ratio is of figures of one round. Figures are medians of the
rounds, with the lowest and the highest behind them. Absolute figures drift
from machine to machine and from hour to hour; the ratios less so. Growth is
measured once, with medians of its own.
"""
HOW = """## What is measured, and how

- Load comes from `wrk` on the same machine, with one thread, over loopback;
  each answer must be 2xx, or the run fails. Bodies and signatures are made
  before (`tests/bench/make_load.c`), no webhook is ever sent twice but for the
  repeats of a life. `wrk` took {wrk_main} of a processor at {main} connections
  in a life, and at most {wrk_most} in any run of this program; by that, one
  thread of it sends {ceiling} webhooks a second, which is its ceiling.
  Unpinned, it shares the processors with the server; pinned, the server has
  one and `wrk` another.
- **life**: webhooks about {open} open emergencies in turn: acknowledgements
  (PagerDuty; one in eight by another engineer than before), public comments
  and changes of status (Zendesk), one third each; one in twenty is a repeat of
  an earlier one, byte for byte. **storm**: pages, each of which opens an
  emergency. **noise**: notes at incidents that are none of ours. Bodies have
  the documented shapes with all fields; bytes on average: {bodies}.
- A webhook is answered 200 only when it is on disk (`synchronous=FULL`).
  A life causes no call to a service. In a storm the program wants to read
  each ticket; Zendesk is a stand-in that answers everything
  `429 Too Many Requests` with `Retry-After: 600`, as an overloaded one does:
  the reads wait in the outbox. That no call went out is checked by `/metrics`
  after each run.
- Databases are made as the program makes them; all their emergencies are open
  and wait for a deadline.
- **{fastapi}** (`tests/bench/peer_fastapi.py`; uvicorn with uvloop and
  httptools) checks the same signatures, knows a repeat by a unique key, and
  commits one row a webhook before its 200 (WAL, `synchronous=FULL`): it is as
  durable, and decides nothing. **{alertmanager}** gets `POST /api/v2/alerts`
  with bodies of about the same size, {open} alerts updated again and again; it
  keeps them in memory and checks no signature. **{webhook}** (adnanh/webhook)
  checks a `payload-hmac-sha256` of the same bodies and runs `/bin/true`; it
  answers when that has run, and keeps nothing.
- **SQLite alone** (`tests/bench/bench_rows.c`): a desk decides the webhooks of
  a life while SQLite's hook notes each table row that is inserted or updated.
  SQLite then writes these rows once more, by prepared statements and one
  thread that does nothing else, into a copy of the database as it was before,
  with the program's pragmas, checkpointed each 2,000 pages by the same
  thread; afterwards both are compared. Goals are about SQLite as it comes; the program has its
  log written in larger pieces (`lib/store_vfs.c`), and that is told beside it.
  A rate of table rows counts inserts and updates of rows, not of index
  entries. A webhook of a life writes {rows_each} rows.
- A row of growth is the start of the real program, and the desk that decides
  and writes webhooks in batches of 100 (`tests/bench/bench_growth.c`): from
  the begin of the transaction to the commit, its sync and the checkpoint that
  may follow (of which the program does the last two beside the next batch);
  checking the signature and reading the body are left out.
"""
TIMERS = """`tests/bench/bench_timers.c`: {count:,} timers due within 30
minutes, added, cancelled in another order, added again and fired in steps of a
second of virtual time. "wheel" is the program's timer wheel, used as the
libraries are: a timer is at hand. "alarms" is what the program has on it,
alarms by the ids of rows, which are looked up.

"""
LATENESS = """`tests/bench/lateness.py`: {deadlines:,} follow-ups fall due
within one second while {rate} webhooks a second arrive about other
emergencies. Late is what has passed until another process can see in the
database, which is read for that only here, that a follow-up was decided.

"""
THREADS = """### Where the time of two processors goes

Life, {main} connections, unpinned. If both processors were busy all the time,
and nobody waited for the disk, {most} webhooks a second would be the most; it
was {rate}. The ledger decides one webhook after the other, and SQLite writes
them.

"""
HELD_BACK = """### What holds it back

- **p99 at {main} connections.** Each connection sends the next webhook when the
  last one is answered, so that {main} are always under way: by Little's law an
  answer takes {main} / rate on average, here {mean} ms. A fifth of
  Alertmanager's p99 of {peer} ms is {fifth} ms, {room} times that average: the
  slowest of a hundred would have to be hardly slower than the others. What
  spreads them is that they are made durable together, and that the disk moves
  the log into the database meanwhile: a sync waits for the writes before it.
  The checkpointer therefore syncs each 128 pages (`lib/store_vfs.c`).
- **Rate.** The table above: receiving, checking and deciding need the same two
  processors as SQLite, which alone, with nobody beside it, takes {alone} µs for
  the rows of a webhook, all at hand and 100 a transaction. The more are under way, the fewer
  wait for a sync that others need too: at {most} connections the program writes
  {busy} of SQLite's own rate. More at {main} would need another processor, or
  fewer rows, which is to keep less of what the promises need.
- **Growth.** A webhook for one of {active} active emergencies of {all} costs
  {by_ten} times as much as with ten in all, and {by_active} times as much as with
  {active} in all. It is how many are active that costs: a batch of 100 about ten
  emergencies changes the same rows and pages again and again. A webhook adds
  {ten} pages to the log there, and {many} with {active} active ones of {all}.
  Webhooks for emergencies chosen at random from all read pages, too, that are not
  in SQLite's cache of 16 MB.
"""
LIBRARIES = ("libev", "libevent", "libuv")


def median(values):
    """Of a list."""
    return statistics.median(values)


def of(results, server, workload, connections, pinned=False, base=None):
    """The runs of one kind, one a round."""
    return [run for run in results["runs"]
            if (run["server"], run["workload"], run["connections"],
                run["pinned"]) == (server, workload, connections, pinned)
            and base in (None, run["base"])]


def sqlite_alone(results, a_transaction, plain=1):
    """What bench_rows told, one a round."""
    return [row for round_ in results["rows"] for row in round_
            if (row["a_transaction"], row["plain"]) == (a_transaction, plain)]


def number(value):
    """With as many digits as mean something."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(values, unit=""):
    """median (min–max)"""
    if len(values) == 1:
        return number(values[0]) + unit
    return (f"{number(median(values))}{unit}"
            f" ({number(min(values))}–{number(max(values))})")


def table(head, rows, others="---:"):
    """Markdown; all columns but the first to the right, or so."""
    lines = ["| " + " | ".join(head) + " |",
             "| --- |" + f" {others} |" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |"
                              for row in rows]) + "\n"


# -- goals --------------------------------------------------------------------

class Goals:
    """The rows of the first table."""

    def __init__(self, results):
        self._results = results
        self.rows = []

    def ratio(self, what, goal, over, under, how):
        """Figures of the same rounds, divided."""
        self._row(what, goal, [a / b for a, b in zip(over, under)],
                  f"{how}: {number(median(over))} /"
                  f" {number(median(under))}", lambda value: value >= goal)

    def limit(self, what, goal, values, how, unit):
        """At most so much."""
        self._row(what, goal, values, how, lambda value: value <= goal, unit)

    def _row(self, what, goal, values, how, is_reached, unit=""):
        sign = "≤ " if unit else "≥ "
        self.rows.append([
            what, f"{sign}{goal:g}{unit}", spread(values, unit),
            "yes" if is_reached(median(values)) else "**no**", how])


def goals(results):
    """The table of what is to be reached."""
    ours = of(results, OURS, "life", MAIN, base=OPEN)
    alone = of(results, OURS, "life", 1, base=OPEN)
    rows, single = sqlite_alone(results, 100), sqlite_alone(results, 1)
    goals_ = Goals(results)

    def rate(runs):
        return [run["rate"] for run in runs]

    def peer(server):
        return of(results, server.name, server.kind, MAIN)

    for server, goal in ((peers.Fastapi, 6), (peers.Alertmanager, 1.1),
                         (peers.Webhook, 12)):
        goals_.ratio(f"life, {MAIN} connections, against {server.name}",
                     goal, rate(ours), rate(peer(server)), "requests/s")
    goals_.ratio(
        f"table rows a second, life, {MAIN} connections, against SQLite's"
        " own for the same rows, 100 webhooks a transaction", 0.6,
        [run["rate"] * row["rows"] / row["webhooks"]
         for run, row in zip(ours, rows)],
        [row["rows_a_s"] for row in rows], "rows/s")
    goals_.ratio(
        "p99 of Alertmanager, over ours", 5,
        [run["p99_ms"] for run in peer(peers.Alertmanager)],
        [run["p99_ms"] for run in ours], "ms")
    goals_.ratio(
        "life, one connection, against SQLite's transactions of one"
        " webhook with the same rows", 0.5, rate(alone),
        [row["webhooks_a_s"] for row in single], "webhooks/s")
    timer_goals(results, goals_)
    lateness_goal(results, goals_)
    start_goals(results["growth"]["starts"], goals_)
    return table(["what", "goal", "reached", "", "median of"], goals_.rows)


def timer_goals(results, goals_):
    """Against the best library at each."""
    for what in ("add", "cancel", "fire"):
        goals_.ratio(
            f"timers: {what}, the best of libev, libevent, libuv over ours",
            2, [min(round_[library][what]["median"] for library in LIBRARIES)
                for round_ in results["timers"]],
            [round_["wheel"][what]["median"] for round_ in results["timers"]],
            "ns")
    goals_.limit("bytes a timer", 40,
                 [round_["wheel"]["bytes"] for round_ in results["timers"]],
                 "", " bytes")


def lateness_goal(results, goals_):
    """The program's clock under load."""
    late = results["lateness"]
    rate = median([round_["webhooks"]["rate"] for round_ in late])
    goals_.limit(
        "p99 lateness of deadlines under half the maximum rate", 100,
        [round_["late_ms"]["p99"] for round_ in late],
        f"{late[0]['deadlines']:,} deadlines, {number(rate)} webhooks/s",
        " ms")


def start_goals(starts, goals_):
    """Memory and time of a start."""
    def column(emergencies, name):
        return [row[name] for row in starts
                if row["emergencies"] == emergencies]

    counts = sorted({row["emergencies"] for row in starts})
    goals_.limit("resident memory, idle", 18, column(counts[0], "memory_mb"),
                 f"{counts[0]} emergencies", " MB")
    if 100000 in counts:
        goals_.limit("resident memory with 100,000 waiting emergencies", 60,
                     column(100000, "memory_mb"), "after its start", " MB")
    goals_.limit(f"start with {counts[-1]:,} waiting emergencies", 3,
                 column(counts[-1], "start_s"), "exec to ready", " s")


# -- the other tables ---------------------------------------------------------

def matrix(results, workload, base):
    """One workload on one database: connections × pinned or not."""
    rows = []
    for pinned in (False, True):
        for connections in sorted(results["plan"]["connections"]):
            runs = of(results, OURS, workload, connections, pinned, base)
            rows.append(["pinned" if pinned else "unpinned",
                         str(connections), *_figures(runs)])
    return table(["", "connections", "requests/s", "p50, ms", "p99, ms"],
                 rows)


def _figures(runs):
    return [spread([run[name] for run in runs])
            for name in ("rate", "p50_ms", "p99_ms")]


def matrices(results):
    """All workloads on both databases."""
    parts = []
    for base in sorted({run["base"] for run in results["runs"]
                        if run["server"] == OURS}):
        for workload in ("life", "storm", "noise"):
            parts += [f"### {workload}, {base:,} emergencies in the"
                      " database\n", matrix(results, workload, base)]
    return "\n".join(parts)


def threads(results):
    """Who takes the processors' time of a webhook."""
    runs = of(results, OURS, "life", MAIN, base=OPEN)
    times = {name: [run["threads"][name] for run in runs]
             for name in runs[0]["threads"]}
    times["wrk"] = [run["wrk_cpu"] / run["rate"] * 1e6 for run in runs]
    rows = sorted(([name, median(us), spread(us)]
                   for name, us in times.items()), key=lambda row: -row[1])
    together = [sum(us) for us in zip(*times.values())]
    return THREADS.format(
        main=MAIN, most=number(2e6 / median(together)),
        rate=number(median([run["rate"] for run in runs]))) + table(
            ["thread", "µs of a processor, a webhook"],
            [[name, text] for name, us, text in rows if us >= 0.05]
            + [["together", spread(together)]])


def held_back(results):
    """Why some figures are not better."""
    ours = of(results, OURS, "life", MAIN, base=OPEN)
    peer = of(results, peers.Alertmanager.name, peers.Alertmanager.kind, MAIN)
    mean_ms = median([MAIN / run["rate"] * 1000 for run in ours])
    peer_ms = median([run["p99_ms"] for run in peer])
    ten, thousand, *_, many = results["growth"]["webhooks_newest"]
    most = max(results["plan"]["connections"])
    busy = of(results, OURS, "life", most, base=OPEN)
    rows = sqlite_alone(results, 100)
    return HELD_BACK.format(
        most=most, busy=number(median(
            [run["rate"] / row["webhooks_a_s"]
             for run, row in zip(busy, rows)])),
        alone=number(median([1e6 / row["webhooks_a_s"] for row in rows])),
        by_ten=number(many["all_us"] / ten["all_us"]),
        by_active=number(many["all_us"] / thousand["all_us"]),
        ten=number(ten["wal_pages"]), many=number(many["wal_pages"]),
        active=f"{many['active']:,.0f}", all=f"{many['emergencies']:,.0f}",
        main=MAIN, mean=number(mean_ms), peer=number(peer_ms),
        fifth=number(peer_ms / 5), room=number(peer_ms / 5 / mean_ms))


def peer_table(results):
    """What the peers did, and we beside them."""
    rows = []
    for server, workload in ((OURS, "life"), *(
            (peer.name, peer.kind) for peer in
            (peers.Fastapi, peers.Alertmanager, peers.Webhook))):
        for pinned in (False, True):
            for connections in sorted(results["plan"]["connections"]):
                runs = of(results, server, workload, connections, pinned,
                          OPEN if server == OURS else None)
                if runs:
                    rows.append([
                        server, "pinned" if pinned else "unpinned",
                        str(connections), *_figures(runs)])
    return table(["server", "", "connections", "requests/s", "p50, ms",
                  "p99, ms"], rows)


def limits(results):
    """The disk, and SQLite alone."""
    rows = []
    for i, name in enumerate(("4 KB and fdatasync, the file grows",
                              "4 KB and fdatasync, within a file written"
                              " before")):
        rates = [round_[i]["syncs_a_s"] for round_ in results["disk"]]
        rows.append([name, spread(rates), ""])
    for webhooks in (100, 1):
        for plain, how in ((1, "SQLite alone"),
                           (0, "the same, its log written as here")):
            rounds = sqlite_alone(results, webhooks, plain)
            rows.append([f"{how}, webhooks a transaction: {webhooks}",
                         spread([one["webhooks_a_s"] for one in rounds]),
                         spread([one["rows_a_s"] for one in rounds])])
    return table(["limit", "syncs or webhooks/s", "table rows/s"], rows)


def growth(results):
    """By how many emergencies there are."""
    told = results["growth"]
    rows = []
    for newest, random in zip(told["webhooks_newest"],
                              told["webhooks_random"]):
        starts = [row for row in told["starts"]
                  if row["emergencies"] == newest["emergencies"]]
        rows.append([
            f"{newest['emergencies']:,}", number(newest["all_us"]),
            number(random["all_us"]), number(newest["cpu_us"]),
            number(newest["wal_pages"]), number(random["wal_pages"]),
            number(newest["slowest_ms"]),
            *(spread([row[name] for row in starts])
              for name in ("start_s", "cold_s", "memory_mb"))])
    late = [[f"{row['events']:,}", number(row["late_us"])]
            for row in told["late"]]
    return (table(["emergencies", "µs a webhook, of the newest",
                   "of any at random", "CPU, µs", "pages of the log",
                   "at random", "slowest batch, ms",
                   "start, s", "start, nothing in memory, s",
                   "memory, MB"], rows)
            + "\n![Growth](growth.svg)\n\n"
            "A webhook that comes late, when newer ones of its emergency"
            " were applied, adds them all up again:\n\n"
            + table(["events of the emergency", "µs"], late))


def timers(results):
    """As bench_timers tells."""
    names = ("add", "cancel", "fire")
    rows = []
    for keeper in results["timers"][0]:
        told = [round_[keeper] for round_ in results["timers"]]
        rows.append([keeper, *(spread([one[name]["median"] for one in told])
                               for name in names),
                     spread([one["bytes"] for one in told])])
    return TIMERS.format(count=results["plan"]["timers"]) + table(
        ["", "add, ns", "cancel, ns", "fire, ns", "bytes"], rows)


def lateness(results):
    """As lateness.py tells."""
    late = results["lateness"]
    rows = [[f"deadlines, {name}", spread([one["late_ms"][name]
                                           for one in late])]
            for name in ("p50", "p99", "max")]
    rows += [[f"webhooks' answers meanwhile, {name}",
              spread([one["webhooks"]["answer_ms"][name] for one in late])]
             for name in ("p50", "p99", "max")]
    return LATENESS.format(
        deadlines=late[0]["deadlines"],
        rate=number(median([one["webhooks"]["rate"] for one in late]))
    ) + table(["", "ms late, or until the answer"], rows)


def plot(results, directory):
    """growth.svg, all on logarithmic axes."""
    told = results["growth"]
    lines = []
    for newest, random in zip(told["webhooks_newest"],
                              told["webhooks_random"]):
        starts = [row for row in told["starts"]
                  if row["emergencies"] == newest["emergencies"]]
        lines.append(" ".join(map(str, (
            newest["emergencies"], newest["all_us"], random["all_us"],
            median([row["start_s"] for row in starts]) * 1000,
            median([row["memory_mb"] for row in starts])))))
    data = "\n".join(lines)
    script = f"""
set terminal svg size 720,420 font "sans,12" background "white"
set output "{directory}/growth.svg"
set logscale xy
set format x "%.0s%c"
set xlabel "emergencies in the database"
set key left top
set grid
set xrange [5:*]
$data << END
{data}
END
plot $data using 1:2 with linespoints title "µs a webhook, newest", \\
     $data using 1:3 with linespoints title "µs a webhook, at random", \\
     $data using 1:4 with linespoints title "ms to start", \\
     $data using 1:5 with linespoints title "MB of memory"
"""
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def _how(results):
    ours = [run for run in results["runs"] if run["server"] == OURS]
    main = of(results, OURS, "life", MAIN, base=OPEN)
    bodies = results["bodies"]
    row = sqlite_alone(results, 100)[0]
    return HOW.format(
        main=MAIN, open=f"{OPEN:,}", fastapi=peers.Fastapi.name,
        alertmanager=peers.Alertmanager.name, webhook=peers.Webhook.name,
        wrk_main=f"{median([run['wrk_cpu'] for run in main]):.0%}",
        wrk_most=f"{max(run['wrk_cpu'] for run in ours):.0%}",
        ceiling=number(median([run["rate"] / run["wrk_cpu"]
                               for run in main])),
        bodies=", ".join(f"{kind} {size:,.0f}"
                         for kind, size in sorted(bodies.items())),
        rows_each=number(row["rows"] / row["webhooks"]))


def write(results, directory):
    """Both documents into a directory."""
    plot(results, directory)
    facts = table(["", ""], [[name, text] for name, text
                             in results["machine"].items()], "---")
    parts = [HEAD.format(rounds=results["plan"]["rounds"],
                         minutes=results["minutes"]),
             "## Goals, and what was reached\n", goals(results),
             _how(results),
             "## Servers\n", peer_table(results),
             "## This program\n", threads(results), held_back(results),
             matrices(results),
             "## The limits of the machine\n", limits(results),
             "## Growth\n", growth(results),
             "## Timers\n", timers(results),
             "## Deadlines under load\n", lateness(results),
             "## Machine and versions\n", facts]
    Path(directory, "performance.md").write_text("\n".join(parts))
