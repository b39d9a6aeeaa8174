"""emergencyctl, run as people run it, against the real daemon."""

import json
import os
import pwd
import re
import socket
import subprocess
from pathlib import Path

import pytest
from harness import free_port, program, wait_until
from standins import Answer
from webhooks import opened, opened_one
from wire import assert_no_secrets

DONE, REFUSED, USAGE, NO_DAEMON = 0, 1, 2, 3
TOKEN = "admin-token-0123456789"
TIMEOUT_S = 40
VERBS = ("first-contact", "contacted", "followed-up", "replied", "extend",
         "pause", "resume", "do-it", "downgrade", "urgent", "call-started",
         "link", "note", "close", "reopen", "ack", "take", "not-emergency",
         "page", "manager", "call-ended", "handoff", "bulk", "resolve",
         "duty", "colleague")


@pytest.fixture(autouse=True)
def no_secret_is_logged(request, daemon):
    """Whatever is ordered, the log shows no secret."""
    yield
    for made in request.node.daemons:
        assert_no_secrets(made)


def run(*arguments, **environment):
    """Runs emergencyctl: the finished process, texts as text."""
    clean = {name: value for name, value in os.environ.items()
             if not name.startswith("EMERGENCYD_")}
    return subprocess.run(
        [Path(program()).parent / "emergencyctl", *map(str, arguments)],
        capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
        stdin=subprocess.DEVNULL, env={**clean, **environment})


def ctl(d, *arguments):
    """Runs emergencyctl over the daemon's Unix socket."""
    return run("--socket", d.admin_socket, *arguments)


def done(end):
    """Asserts that it was done; returns what was printed."""
    assert end.returncode == DONE, end
    assert end.stderr == ""
    return end.stdout


def urgent_ticket(d, world, cast, subject="Production is down"):
    """Opens an emergency with a ticket: (ticket, id)."""
    ticket = world.zendesk.create_ticket(
        subject=subject, requester=cast.customer, organization=cast.acme,
        priority="urgent")
    return ticket, d.wait_for_emergency(ticket=ticket["id"])["id"]


# -- reading ---------------------------------------------------------------

def test_list_shows_a_table(daemon, world, cast):
    d = daemon()
    header = done(ctl(d, "list"))
    assert header.split() == ["ID", "STATE", "HELD", "TICKET", "PRIORITY",
                              "NEXT", "ENGINEER", "ORGANIZATION", "SUBJECT"]
    ticket, e = urgent_ticket(d, world, cast)
    d.command(e, "contacted")
    wait_until(lambda: "Acme" in ctl(d, "list").stdout, 10, "the customer")
    line = done(ctl(d, "list")).splitlines()[1]
    assert line.split()[0] == str(e)
    for word in ("contacted", str(ticket["id"]), "urgent", "follow_up in",
                 "Acme", "Production is down"):
        assert word in line


def test_list_is_filtered_and_paged(daemon, cast):
    d = daemon()
    ids = sorted(opened(d, cast, 103))
    done(ctl(d, "close", ids[0]))
    first = done(ctl(d, "list")).splitlines()
    assert len(first) == 1 + 100 + 1
    mark = re.fullmatch(r"older ones: list --page (\d+)", first[-1]).group(1)
    second = done(ctl(d, "list", "--page", mark)).splitlines()
    shown = [int(line.split()[0]) for line in first[1:-1] + second[1:]]
    assert shown == sorted(ids, reverse=True)
    closed = done(ctl(d, "list", "--state", "closed")).splitlines()
    assert [int(line.split()[0]) for line in closed[1:]] == [ids[0]]
    end = ctl(d, "list", "--state", "lost")
    assert end.returncode == REFUSED and "state" in end.stderr
    end = ctl(d, "list", "--page", "x&y")
    assert end.returncode == REFUSED and "page" in end.stderr


def test_show_tells_everything_of_one(daemon, world, cast):
    d = daemon()
    ticket, e = urgent_ticket(d, world, cast)
    done(ctl(d, "--by", "Eng One", "contacted", e, "a", "voicemail"))
    done(ctl(d, "--by", "Eng One", "note", e, "Looking at the logs"))
    text = done(ctl(d, "show", e))
    for word in (str(ticket["id"]), "Production is down", "contacted",
                 "urgent", "Eng One", "a voicemail", "Looking at the logs",
                 f"{world.zendesk.url}/agent/tickets/{ticket['id']}"):
        assert word in text


def test_json_is_the_daemons_answer(daemon, cast):
    d = daemon()
    e = opened_one(d, cast)
    assert json.loads(done(ctl(d, "--json", "list"))) == d.api_get(
        "/api/emergencies")[1]
    assert json.loads(done(ctl(d, "list", "--json"))) == d.api_get(
        "/api/emergencies")[1]
    assert json.loads(done(ctl(d, "--json", "show", e)))["id"] == e
    assert "actions" in json.loads(done(ctl(d, "--json", "outbox")))
    note = json.loads(done(ctl(d, "--json", "note", e, "hello")))
    assert note["timeline"][-1]["text"] == "hello"
    end = ctl(d, "--json", "do-it", e)
    assert end.returncode == REFUSED
    assert json.loads(end.stdout)["error"]


# -- ordering --------------------------------------------------------------

def test_orders_do_what_they_say(daemon, world, cast):
    d = daemon(follow_up_after="15m", downgrade_after="15m")
    _, e = urgent_ticket(d, world, cast)

    def order(*arguments):
        text = done(ctl(d, *arguments))
        assert text.startswith(f"E{e}: ")
        return d.emergency(e)

    assert order("contacted", e, "by", "phone")["state"] == "contacted"
    assert order("pause", e)["held"] == "paused"
    assert order("resume", e)["held"] is None
    assert 7100 < order("extend", e, "2h")["next"]["in_s"] <= 7200
    assert 800 < order("extend", e)["next"]["in_s"] <= 900
    now = order("followed-up", e)
    assert (now["state"], now["next"]["step"]) == ("followed_up", "downgrade")
    assert order("replied", e)["state"] == "engaged"
    assert order("resume", e)["state"] == "followed_up"
    assert order("call-started", e)["state"] == "engaged"
    now = order("note", e, "two", "words", "--", "--and", "-these")
    assert now["timeline"][-1]["text"] == "two words --and -these"
    now = order("close", e, "solved", "by", "phone")
    assert (now["state"], now["closed_why"]) == ("closed", "solved by phone")
    now = order("reopen", e)
    assert (now["state"], now["held"]) == ("engaged", "paused")


def test_first_contact_downgrade_and_urgent_write_to_the_ticket(daemon,
                                                                world, cast):
    d = daemon(follow_up_after="15m", downgrade_after="15m")
    ticket, e = urgent_ticket(d, world, cast)
    done(ctl(d, "first-contact", e))
    d.wait_for_emergency(emergency_id=e, state="contacted", timeout=15)
    by_us = [comment for comment in world.zendesk.comments[ticket["id"]]
             if comment["author_id"] == cast.bot["id"]]
    assert len(by_us) == 1 and by_us[0]["public"]
    done(ctl(d, "downgrade", e))
    d.wait_for_emergency(emergency_id=e, state="downgraded", timeout=15)
    assert world.zendesk.tickets[ticket["id"]]["priority"] == "high"
    done(ctl(d, "urgent", e))
    wait_until(lambda: world.zendesk.tickets[ticket["id"]]["priority"]
               == "urgent", 15, "the ticket to be urgent again")


def test_do_it_answers_what_is_asked(daemon, world, cast):
    d = daemon(follow_up_after="2s", downgrade_after="15m")
    ticket, e = urgent_ticket(d, world, cast)
    for text in ("I am looking at it.", "It will take a while."):
        world.zendesk.comment(ticket, author=cast.engineer, body=text)
    d.wait_for_emergency(emergency_id=e, held="asked", timeout=15)
    assert "asked" in done(ctl(d, "list"))
    done(ctl(d, "do-it", e))
    d.wait_for_emergency(emergency_id=e, state="followed_up", timeout=15)


def test_link_gives_a_page_its_ticket(daemon, world, cast):
    d = daemon()
    e = opened_one(d, cast)
    ticket = world.zendesk.create_ticket(subject="Quiet", priority="normal",
                                         requester=cast.customer)
    done(ctl(d, "link", e, ticket["id"]))
    d.wait_for_emergency(emergency_id=e, ticket=ticket["id"])


def test_the_outbox_is_shown_and_retried(daemon, world, cast):
    d = daemon(follow_up_after="1s", downgrade_after="15m")
    refusal = world.zendesk.fault("PUT", r"/tickets/", times=None,
                                  answer=Answer(422, {"error": "Nope"}))
    _, e = urgent_ticket(d, world, cast)
    done(ctl(d, "contacted", e))
    wait_until(lambda: "parked" in ctl(d, "outbox").stdout, 15,
               "a parked call")
    header, *lines = done(ctl(d, "outbox")).splitlines()
    [line] = [line for line in lines if "parked" in line]
    assert header.split() == ["ID", "EMERGENCY", "SERVICE", "KIND", "STATE",
                              "ATTEMPTS", "NEXT", "ERROR"]
    action, emergency, service, kind = line.split()[:4]
    assert (emergency, service, kind) == (str(e), "zendesk", "follow_up")
    assert "422" in line
    refusal.cancel()
    assert action in done(ctl(d, "retry", action))
    d.wait_for_emergency(emergency_id=e, state="followed_up", timeout=15)
    end = ctl(d, "retry", action)
    assert end.returncode == REFUSED and "409" in end.stderr


def test_orders_are_given_in_the_name_of_who_gives_them(daemon, cast):
    d = daemon()
    e = opened_one(d, cast)
    done(ctl(d, "--by", "Eng One", "note", e, "named"))
    done(ctl(d, "note", e, "by login"))
    by = {entry["text"]: entry["by"]
          for entry in d.emergency(e)["timeline"]}
    assert by["named"] == "Eng One"
    try:
        login = os.getlogin()
    except OSError:
        login = pwd.getpwuid(os.getuid()).pw_name
    assert by["by login"] == login


def test_arguments_are_typed_in_their_order(daemon, world, cast):
    d = daemon(follow_up_after="15m", downgrade_after="15m")
    ticket, e = urgent_ticket(d, world, cast)
    done(ctl(d, "bulk", e, "incident-7", "We", "know", "of", "it."))
    wait_until(lambda: any("We know of it." in comment["body"] for comment
                           in world.zendesk.comments[ticket["id"]]), 15,
               "the answer to all")
    assert d.emergency(e)["held"] == "bulk"
    done(ctl(d, "handoff", e, "Eng", "Two"))
    said = [entry["text"] for entry in d.emergency(e)["timeline"]]
    assert any("Eng Two" in text for text in said)
    for order in (["take"], ["not-emergency"], ["page"], ["page", "Eng Two"],
                  ["duty"], ["call-started"], ["colleague"],
                  ["call-ended"]):
        done(ctl(d, order[0], e, *order[1:]))


def test_who_is_on_call_is_a_table(daemon):
    d = daemon()
    wait_until(lambda: "Mona Manager" in ctl(d, "oncall").stdout, 10,
               "the on-calls")
    header, engineer, manager = done(ctl(d, "oncall")).splitlines()
    assert header.split() == ["ROLE", "SCHEDULE", "NOW", "UNTIL", "NEXT",
                              "FROM"]
    assert engineer.startswith("engineer ") and "Eng Two" in engineer
    assert manager.startswith("manager ")
    assert json.loads(done(ctl(d, "--json", "oncall"))) == d.api_get(
        "/api/oncall")[1]


# -- exit codes ------------------------------------------------------------

def test_what_the_daemon_refuses_is_1_and_says_why(daemon, cast):
    d = daemon()
    e = opened_one(d, cast)
    for arguments, word in (
            (["do-it", e], "409"), (["downgrade", e], "409"),
            (["reopen", e], "409"), (["extend", e], "409"),
            (["show", e + 1], "404"), (["close", e + 1], "404"),
            (["retry", 999], "404"), (["extend", e, "soon"], "400"),
            (["link", e, "x"], "400"), (["--by", "", "close", e], "400")):
        end = ctl(d, *arguments)
        assert end.returncode == REFUSED, (arguments, end)
        assert end.stdout == ""
        assert end.stderr.startswith("emergencyctl: refused: ")
        assert word in end.stderr
    assert d.emergency(e)["state"] == "paged"


USAGE_ERRORS = [
    [], ["explode", 1], ["show"], ["show", "x"], ["show", "-1"],
    ["show", 1, 2], ["show", ""], ["close"], ["close", "x"],
    ["retry"], ["retry", "x"], ["retry", 1, 2], ["list", "x"],
    ["outbox", 1], ["pause", 1, "now"], ["extend", 1, "2h", "3h"],
    ["link", 1], ["link", 1, 2, 3], ["handoff", 1],
    ["bulk", 1], ["bulk", 1, "incident-7"], ["ack", 1, "now"],
    ["oncall", 1], ["note", 1], ["list", "--no-such"],
    ["--socket"], ["--state", "paged", "outbox"], ["--page", "1", "show", 1],
    ["show", "9" * 30], ["ex", 1], ["CLOSE", 1], ["note", 1, "\udcff"]]


def test_bad_usage_is_2_and_asks_the_daemon_nothing(daemon, cast):
    d = daemon()
    e = opened_one(d, cast)
    for arguments in USAGE_ERRORS:
        end = ctl(d, *arguments)
        assert end.returncode == USAGE, (arguments, end)
        assert end.stdout == "" and "emergencyctl" in end.stderr
    kinds = {entry["kind"] for entry in d.emergency(e)["timeline"]}
    assert not kinds & {"command", "note"}


def test_no_daemon_is_3(tmp_path):
    gone = tmp_path / "gone.sock"
    dead = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as handle:
        handle.bind(str(dead))
    for path in (gone, dead):
        end = run("--socket", path, "list")
        assert end.returncode == NO_DAEMON and str(path) in end.stderr
        assert run("list", EMERGENCYD_SOCKET=str(path)
                   ).returncode == NO_DAEMON
    port, lock = free_port()
    end = run("--url", f"http://127.0.0.1:{port}", "close", 1)
    lock.close()
    assert end.returncode == NO_DAEMON and end.stdout == ""
    assert run("--url", "file:///etc/passwd", "list").returncode == NO_DAEMON


def test_a_daemon_that_has_ended_is_3(daemon):
    d = daemon()
    done(ctl(d, "list"))
    d.kill()
    assert ctl(d, "list").returncode == NO_DAEMON


def test_help_and_version_need_no_daemon():
    end = run("--help")
    assert end.returncode == DONE and end.stderr == ""
    for word in (*VERBS, "list", "show", "oncall", "outbox", "retry",
                 "--json", "exit codes"):
        assert word in end.stdout
    assert re.fullmatch(r"emergencyctl \d+\.\d+\.\d+\n",
                        done(run("--version")))


# -- where the daemon is ---------------------------------------------------

def test_it_is_found_by_environment_and_by_url(daemon):
    d = daemon()
    done(run("list", EMERGENCYD_SOCKET=str(d.admin_socket)))
    for host in ("127.0.0.1", "localhost"):
        for end in ("", "/"):
            done(run("--url", f"http://{host}:{d.admin_port}{end}", "list"))
    done(run("--url", f"http://127.0.0.1:{d.admin_port}", "list",
             EMERGENCYD_SOCKET="/nowhere"))


def test_a_proxy_is_not_asked(daemon):
    d = daemon()
    port, lock = free_port()
    done(run("--url", f"http://127.0.0.1:{d.admin_port}", "list",
             http_proxy=f"http://127.0.0.1:{port}",
             ALL_PROXY=f"http://127.0.0.1:{port}"))
    lock.close()


def test_beyond_loopback_it_shows_the_token(daemon):
    d = daemon(start=False)
    d.configure({"admin": {"listen": f"0.0.0.0:{d.admin_port}",
                           "token": TOKEN}})
    d.start()
    url = f"http://127.0.0.1:{d.admin_port}"
    done(run("--url", url, "list", EMERGENCYD_TOKEN=TOKEN))
    for environment in ({}, {"EMERGENCYD_TOKEN": TOKEN + "x"}):
        end = run("--url", url, "list", **environment)
        assert end.returncode == REFUSED and "401" in end.stderr
        assert TOKEN not in end.stdout + end.stderr
    done(ctl(d, "list"))  # the socket needs none


# -- what strangers write --------------------------------------------------

def test_a_ticket_cannot_write_to_the_terminal(daemon, world, cast):
    d = daemon()
    _, e = urgent_ticket(d, world, cast,
                         "é\x1b]0;title\x07\x1b[2J\x9b31m\rhidden\x08\x7f")
    d.command(e, "note", by="\x1b[1mEve", text="\x1b[31mred\x1b[0m\x00"[:-1])
    for arguments in (["list"], ["show", e], ["--json", "list"],
                      ["--json", "show", e]):
        text = done(ctl(d, *arguments))
        assert "é" in text or "\\u00e9" in text
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", text), text
