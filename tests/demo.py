"""make demo: three emergencies, played with the real daemon.

Zendesk, PagerDuty, Slack, Zoom and GitLab are the stand-ins of the tests, and
their webhooks come over HTTP and signed.  Ends by itself, with 0 if all went
as it must.
Environment: EMERGENCYD is the program; KEEP=1 leaves all running at the end.
"""

import collections
import os
import shlex
import shutil
import signal
import sys
import textwrap
import time
from pathlib import Path

# Until there is something to clean up, Ctrl-C just ends it.
signal.signal(signal.SIGINT, signal.SIG_DFL)
sys.path.insert(0, str(Path(__file__).parent / "flow"))

from connections import SERVICES, connect  # noqa: E402
from demo_stories import STORIES  # noqa: E402
from harness import Daemon, program  # noqa: E402
from standins import Standins, acme  # noqa: E402

PERIOD_S = 5
TIME_LIMIT_S = 45
POLL_S = 0.1
STOP_TIMEOUT_S = 20
NAME_COLOURS = ("35", "32", "36")
DIM, BOLD, RED = "2", "1", "31"
INDENT = " " * 30


class Failed(Exception):
    """It did not go as told."""


def say(line=""):
    print(line, flush=True)


def columns():
    return max(60, shutil.get_terminal_size(fallback=(120, 24)).columns)


def coloured(code, text):
    if not code or not sys.stdout.isatty():
        return text
    return f"\033[{code}m{text}\033[0m"


# -- the daemon ------------------------------------------------------------

def start_daemon(daemon, world, cast):
    """With the settings of config.example.ini, but for short periods."""
    connect(daemon, world, cast, services=SERVICES)
    daemon.configure({
        "policy": {"follow_up_after": f"{PERIOD_S}s",
                   "downgrade_after": f"{PERIOD_S}s"},
        # Not the poll shall find the lost reply, but the look.
        "zendesk": {"poll_every": "10m"}})
    daemon.start()


def end_daemon(daemon, as_told):
    """Ends it and removes its files.

    How it ends is checked if all went as told; after a Ctrl-C it does not,
    since the terminal has told the daemon as well.
    """
    if not as_told and daemon.process:
        if daemon.running:
            daemon.process.terminate()
        daemon.process.wait(STOP_TIMEOUT_S)
        daemon.process = None
    daemon.close()


# -- the play --------------------------------------------------------------

class Stage:
    """Plays the stories at the same time and prints what happens."""

    def __init__(self, daemon, world, cast):
        self._daemon = daemon
        self._begin = time.monotonic()
        self._told = collections.Counter()
        self.stories = [story(world, cast, self._tell_aside)
                        for story in STORIES]
        self._colours = {story.name: colour for story, colour
                         in zip(self.stories, NAME_COLOURS)}

    def announce(self):
        say(f"Three emergencies at once; 15 minutes are {PERIOD_S} seconds "
            "here:\n")
        for story in self.stories:
            say(f"  {self._name(story)} {story.about}")
        say("\nLines with > are what people do, those with a state the "
            "daemon's timeline.\n")

    def play(self):
        self._begin = time.monotonic()
        plays = {story: story.play() for story in self.stories}
        waits = {story: next(play) for story, play in plays.items()}
        while waits:
            self._check_progress(waits)
            self._look()
            for story in [story for story in waits if waits[story](story)]:
                waits[story] = next(plays[story], None)
                if waits[story] is None:
                    del waits[story]
            time.sleep(POLL_S)
        self._look()

    def check(self):
        found = [f"{story.name}: {deviation}" for story in self.stories
                 for deviation in story.deviations(PERIOD_S)]
        if found:
            raise Failed("\n".join(found))

    def _check_progress(self, waits):
        if not self._daemon.running:
            raise Failed("the daemon ended by itself")
        if time.monotonic() > self._begin + TIME_LIMIT_S:
            raise Failed("\n".join(
                f"{story.name}: still {story.state()} after "
                f"{TIME_LIMIT_S} s" for story in waits))

    def _look(self):
        """Reads the emergencies and prints what is new in them."""
        ids = {row["ticket"]["id"]: row["id"]
               for row in self._daemon.emergencies() if row["ticket"]}
        for story in self.stories:
            number = story.ticket and ids.get(story.ticket["id"])
            if number is not None:
                story.shown = self._daemon.emergency(number)
                self._tell_news(story)

    def _tell_news(self, story):
        entries = collections.Counter(
            (story.name, entry["at"], entry["kind"], entry["text"])
            for entry in story.shown["timeline"])
        for entry in story.shown["timeline"]:
            key = (story.name, entry["at"], entry["kind"], entry["text"])
            if self._told[key] < entries[key]:
                self._told[key] += 1
                self._tell(story, story.state(), entry["text"])

    def _tell_aside(self, story, text):
        self._tell(story, "", text, DIM)

    def _tell(self, story, state, text, look=""):
        seconds = time.monotonic() - self._begin
        lines = textwrap.wrap(text, columns() - len(INDENT))
        say(f"{seconds:5.1f} s  {self._name(story)} {state:13} "
            + f"\n{INDENT}".join(coloured(look, line) for line in lines))

    def _name(self, story):
        return coloured(self._colours[story.name], f"{story.name:6}")


# -- what is to be seen at the end -----------------------------------------

def first_line(body):
    """The first line that says something."""
    lines = [line for line in body.splitlines() if line.strip()]
    said = [line for line in lines if not line.endswith(",")]
    return textwrap.shorten((said or lines)[0], columns() - 30,
                            placeholder=" …")


def show_outcomes(world, stories):
    say("\nWhat is left of it in Zendesk, PagerDuty, Zoom and GitLab:")
    for story in stories:
        show_ticket(story)
        show_page(world, story)
        show_bridge(world, story)
        for issue in story.issues():
            show("runbook", f"{issue['title']}, {issue['web_url']}")


def show_ticket(story):
    ticket = story.stored_ticket()
    priority = f"priority {ticket['priority']}"
    tags = " ".join(ticket["tags"]) or "none"
    say("\n  " + coloured(BOLD, f"#{ticket['id']} {ticket['subject']}")
        + f" · {priority} · {ticket['status']} · tags: {tags}")
    for author, comment in story.comments():
        at = comment["created_at"][11:19]
        look = "" if comment["public"] else DIM
        say(f"    {at}  {author:15} "
            + coloured(look, first_line(comment["body"])))


def show(what, text):
    say(f"    {what:8}  " + textwrap.shorten(text, columns() - 14,
                                             placeholder=" …"))


def show_page(world, story):
    page = story.incident
    by = page["last_status_change_by"]["summary"]
    show("page", f"{page['status']} by {by}")
    for note in world.pagerduty.notes[page["id"]]:
        show("  note", note["content"])
    for called in story.summons():
        [assignment] = called["assignments"]
        show("called", f"{assignment['assignee']['summary']}: "
                       f"{called['title']}")


def show_bridge(world, story):
    closed = any(f"/{story.meeting()['id']}/status" in request.path
                 for request in world.zoom.received("PUT"))
    show("bridge", story.meeting()["join_url"]
         + (", closed" if closed else ""))


def show_thread(world, cast, story):
    channel = cast.channels[story.channel]
    say(f"\n{story.name}'s thread in #{channel['name']}, as it reads in the "
        "end:\n")
    for line in world.slack.transcript(
            channel, story.thread()[0]).splitlines():
        text = line.lstrip()
        margin = "  " + line[:len(line) - len(text)]
        say("\n".join(textwrap.wrap(
            text, columns(), initial_indent=margin,
            subsequent_indent=margin + "  ", break_long_words=False,
            break_on_hyphens=False)))


def keep(daemon, world, cast, stories):
    """Tells how to look, and waits for Ctrl-C."""
    zendesk, pagerduty = world.zendesk, world.pagerduty
    ctl = shlex.quote(str(Path(program()).parent / "emergencyctl"))
    ctl += f" --socket {shlex.quote(str(daemon.admin_socket))}"
    public = f"http://127.0.0.1:{daemon.port}"
    admin = f"http://127.0.0.1:{daemon.admin_port}"
    number = stories[0].shown["id"]
    say(f"""
All of it goes on running, until Ctrl-C.

  board       {admin}/
  webhooks    {public}
  Zendesk     {zendesk.url}
  PagerDuty   {pagerduty.url}
  Slack       {world.slack.api_url}
  Zoom        {world.zoom.api_url}
  GitLab      {world.gitlab.api_url}
  settings    {daemon.config_path}
  log         {daemon.stderr_path}

  {ctl} list
  {ctl} show {number}
  {ctl} urgent {number}
  {ctl} note {number} "It was the database."

  curl {public}/healthz
  curl {admin}/api/emergencies/{number}
  curl {admin}/metrics
  curl -u {cast.bot['email']}/token:{zendesk.api_token} \\
      {zendesk.url}/api/v2/tickets/{stories[0].ticket['id']}/comments
  curl -H 'Authorization: Token token={pagerduty.api_token}' \\
      {pagerduty.url}/incidents/{stories[0].incident['id']}""")
    try:
        while True:
            signal.pause()
    except KeyboardInterrupt:
        say()


def run(daemon, world):
    """True: it was kept until Ctrl-C."""
    cast = acme(world)
    start_daemon(daemon, world, cast)
    stage = Stage(daemon, world, cast)
    stage.announce()
    stage.play()
    show_outcomes(world, stage.stories)
    show_thread(world, cast, stage.stories[1])
    stage.check()
    say("\nAll went as it must.")
    if os.environ.get("KEEP", "") in ("", "0"):
        return False
    keep(daemon, world, cast, stage.stories)
    return True


def report(daemon, error):
    print(coloured(RED, f"\nIt did not go as it must:\n{error}"),
          file=sys.stderr)
    log = daemon.stderr().splitlines()[-20:]
    if log:
        print("\nThe end of the daemon's log:\n" + "\n".join(log),
              file=sys.stderr)


def on_signals(handler):
    signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGTERM, handler)


def main():
    sys.stdout.reconfigure(errors="replace")  # for terminals without UTF-8
    daemon, world = Daemon(), Standins()
    kept, status = False, 0
    on_signals(signal.default_int_handler)
    try:
        world.start()
        kept = run(daemon, world)
    except KeyboardInterrupt:
        status = 130
    except (Failed, AssertionError, OSError) as error:
        report(daemon, error)
        status = 1
    on_signals(signal.SIG_IGN)  # cleaning up is not interrupted
    try:
        end_daemon(daemon, status == 0 and not kept)
        world.stop()
    except (AssertionError, OSError) as error:
        report(daemon, error)
        status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
