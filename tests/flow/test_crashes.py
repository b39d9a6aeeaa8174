"""Killed, stopped or started anew at any moment: nothing is lost, nothing
happens twice, and what can't be started says why."""

import os
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from contextlib import closing

import pytest
from harness import program, wait_until
from scenes import (comment, own_comments, page_for, seconds, urgent_ticket,
                    wait_asked, wait_said, writes)
from trials import (SHORT, action, after, all_incidents,
                    assert_whole_story_once, begin, emergency_of,
                    followed_up, log_lines, lowered, prepare, started,
                    wait_action, wait_state)

UNSEEN = {"after_effect": True}
FAILS = {"reset": True}
# When it is killed: what happens before, method, path, and what becomes of
# the request: UNSEEN, it took effect already; FAILS, it never will; {}, it
# will after the death of the daemon.
MOMENTS = {
    "it reads the ticket first": ([], "GET", "ticket", {}),
    "it has read the comments first": ([], "GET", "comments", UNSEEN),
    "it reads the organization": ([], "GET", "organization", {}),
    "it looks at the ticket": (["comments"], "GET", "ticket", {}),
    "it looks at the comments": (["comments"], "GET", "comments", {}),
    "it has looked": (["comments"], "GET", "comments", UNSEEN),
    "the follow-up arrives in vain": ([], "PUT", "ticket", FAILS),
    "the follow-up arrives": ([], "PUT", "ticket", {}),
    "the follow-up has taken effect": ([], "PUT", "ticket", UNSEEN),
    "it looks before the downgrade": (["PUT"], "GET", "ticket", {}),
    "it has looked before the downgrade": (["PUT"], "GET", "comments",
                                           UNSEEN),
    "the downgrade arrives in vain": (["PUT"], "PUT", "ticket", FAILS),
    "the downgrade arrives": (["PUT"], "PUT", "ticket", {}),
    "the downgrade has taken effect": (["PUT"], "PUT", "ticket", UNSEEN),
}


def kill_at(d, service, method, path, steps=(), up=None, **end):
    """Kills the daemon when a request arrives, or, after_effect, before its
    answer is sent; returns an Event that says that it is dead.

    up: an Event; not before that is set.
    """
    killed = threading.Event()

    def kill(request):
        assert up is None or up.wait(10)
        d.kill()
        killed.set()

    after(service, list(steps),
          lambda: service.fault(method, path, hook=kill, **end))
    return killed


def wait_killed(killed):
    assert killed.wait(20), "it was not killed"


def pass_time(seconds_):
    """The one thing that only time brings: a period's end while nobody is
    there to see it."""
    end = time.monotonic() + seconds_
    wait_until(lambda: time.monotonic() >= end, seconds_ + 1, "time")


def try_start(d):
    """Starts the program where it is expected to refuse: (status, text)."""
    d.write_config()
    environment = {name: value for name, value in os.environ.items()
                   if name != "NOTIFY_SOCKET"}
    done = subprocess.run([program(), "-c", str(d.config_path)], timeout=20,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, env=environment)
    return done.returncode, done.stderr


# -- SIGKILL ----------------------------------------------------------------


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_when(daemon, world, cast, moment):
    d = daemon(**SHORT)
    d.zendesk_webhook.hold()
    trial = prepare(world, cast, "Production is down")
    steps, method, kind, end = MOMENTS[moment]
    killed = kill_at(
        d, world.zendesk, method, trial.path(kind),
        [("PUT", trial.path("ticket")) if step == "PUT"
         else ("GET", trial.path(step)) for step in steps], **end)
    begin(world, cast, trial)
    wait_killed(killed)
    d.start()
    e = wait_state(d, trial, "downgraded")
    assert_whole_story_once(world, cast, trial)
    assert e["organization"]["name"] == trial.organization["name"]
    # Zendesk's times are cut to the second, where it had to be asked.
    assert seconds(e["followed_up_at"], e["downgraded_at"]) >= 2.0


@pytest.mark.parametrize("write", [1, 2])
def test_killed_as_soon_as_a_write_is_answered(daemon, world, cast, write):
    d = daemon(**SHORT)
    d.zendesk_webhook.hold()
    trial = started(world, cast)
    world.zendesk.wait_for_request("PUT", trial.path("ticket"), count=write,
                                   answered=True)
    d.kill()
    d.start()
    wait_state(d, trial, "downgraded")
    assert_whole_story_once(world, cast, trial)


@pytest.mark.parametrize("state", ["contacted", "followed_up"])
def test_killed_between_the_steps_the_period_goes_on(daemon, world, cast,
                                                     state):
    d = daemon(follow_up_after="3s", downgrade_after="3s")
    d.zendesk_webhook.hold()
    trial = started(world, cast, contacted_ago_s=1)
    before = wait_state(d, trial, state)
    d.kill()
    d.start()
    e = emergency_of(d, trial)
    told = before["timeline"]
    assert (e["state"], e["next"]["due_at"], e["timeline"][:len(told)]) == (
        state, before["next"]["due_at"], told)
    e = wait_state(d, trial, "downgraded")
    assert_whole_story_once(world, cast, trial)
    assert seconds(e["contacted_at"], e["followed_up_at"]) >= 3
    assert seconds(e["followed_up_at"], e["downgraded_at"]) >= 3


def test_killed_again_and_again_in_every_step_of_one_write(daemon, world,
                                                           cast):
    d = daemon(**SHORT)
    d.zendesk_webhook.hold()
    trial = prepare(world, cast, "Production is down")
    deaths = [("PUT", "ticket", FAILS), ("GET", "ticket", {}),
              ("GET", "audits", {}), ("GET", "audits", UNSEEN),
              ("PUT", "ticket", {}), ("GET", "audits", UNSEEN)]
    method, kind, end = deaths[0]
    killed = kill_at(d, world.zendesk, method, trial.path(kind), **end)
    begin(world, cast, trial)
    for method, kind, end in deaths[1:]:
        wait_killed(killed)
        up = threading.Event()
        killed = kill_at(d, world.zendesk, method, trial.path(kind), up=up,
                         **end)
        d.start()
        up.set()
    wait_killed(killed)
    assert followed_up(world, cast, trial) == 1
    d.start()
    wait_state(d, trial, "downgraded")
    assert_whole_story_once(world, cast, trial)


@pytest.mark.parametrize("end", [FAILS, {}, UNSEEN],
                         ids=["in vain", "late", "unseen"])
def test_killed_while_it_pages_there_is_one_page(daemon, world, cast, end):
    d = daemon(page_if_missing="100ms", follow_up_after="10m")
    d.pagerduty_webhook.hold()
    killed = kill_at(d, world.pagerduty, "POST", "/incidents$", **end)
    ticket = urgent_ticket(world, cast, 0)
    wait_killed(killed)
    d.start()
    e = d.wait_for_emergency(ticket=ticket["id"])
    wait_until(lambda: d.emergency(e["id"])["pages"], 10, "its page")
    wait_until(lambda: action(d.emergency(e["id"]), "create_page")["state"]
               == "done", 10, "the call's end")
    assert len(world.pagerduty.incidents) == 1


@pytest.mark.parametrize("end", [FAILS, {}, UNSEEN],
                         ids=["in vain", "late", "unseen"])
def test_killed_while_it_resolves_the_page_is_resolved_once(daemon, world,
                                                            cast, end):
    d = daemon(resolve_on_contact="yes", follow_up_after="10m")
    killed = kill_at(d, world.pagerduty, "PUT", "/incidents/", **end)
    trial = started(world, cast)
    wait_killed(killed)
    d.pagerduty_webhook.hold()
    d.start()
    wait_action(d, trial, "resolve_page", "done")
    assert trial.incident["status"] == "resolved"
    assert len([delivery for delivery in d.pagerduty_webhook.deliveries
                if delivery.what == "incident.resolved"]) == 1


def test_killed_during_the_first_read_a_ticket_that_only_we_know_of_opens(
        daemon, world, cast):
    d = daemon(follow_up_after="10m")
    ticket = urgent_ticket(world, cast, 0, priority="normal")
    world.zendesk.unindexed.add(ticket["id"])  # the poll misses it
    killed = kill_at(d, world.zendesk, "GET", rf"/tickets/{ticket['id']}$")
    world.zendesk.update(ticket, by=cast.engineer, priority="urgent")
    wait_killed(killed)
    d.zendesk_webhook.hold()
    d.start()
    d.wait_for_emergency(ticket=ticket["id"])


def test_killed_under_load_every_webhook_answered_200_is_there(daemon, world,
                                                               cast):
    d = daemon(config={"pagerduty": {"api_token": None, "from": None,
                                     "page_service": None,
                                     "engineer_schedule": None,
                                     "manager_schedule": None}})
    webhook = d.pagerduty_webhook
    for burst in (7, 19, 31):
        first = len(webhook.deliveries)
        for number in range(40):
            world.pagerduty.trigger(f"Trouble {first + number}",
                                    cast.service)
        world.wait_for(lambda: sum(
            200 in delivery.statuses for delivery in
            webhook.deliveries[first:]) >= burst, 10, "some to be answered")
        d.kill()
        # Those on their way have lost their connection; none is sent again.
        webhook.lose(*[delivery for delivery in webhook.deliveries
                       if delivery.state == "queued"])
        world.wait_for(lambda: all(delivery.statuses for delivery in
                                   webhook.deliveries), 10, "all to end")
        d.start()
    answered = {delivery.json["event"]["data"]["id"]
                for delivery in webhook.deliveries
                if 200 in delivery.statuses}
    assert len(answered) >= 57

    assert answered <= set(all_incidents(d))
    # What was answered is known when it comes again; what was not is new.
    for delivery in list(webhook.deliveries):
        webhook.resend(delivery)
    webhook.wait_idle()
    assert sorted(all_incidents(d)) == sorted(world.pagerduty.incidents)


# -- down past the deadlines ------------------------------------------------


def test_down_past_both_deadlines_the_follow_up_comes_at_once_after_a_look(
        daemon, world, cast):
    d = daemon(follow_up_after="2s", downgrade_after="2s")
    d.zendesk_webhook.hold()
    trial = started(world, cast, contacted_ago_s=1)
    contacted = wait_state(d, trial, "contacted")["contacted_at"]
    d.kill()
    pass_time(5)
    seen = len(world.zendesk.requests)
    d.start()
    came_up = time.time()
    e = wait_state(d, trial, "followed_up")
    assert time.time() - came_up < 1.5
    path = f"/api/v2/tickets/{trial.ticket['id']}"
    calls = [(r.method, r.path) for r in world.zendesk.requests[seen:]
             if r.path.startswith(path)]
    before = calls[:calls.index(("PUT", path))]
    assert ("GET", path) in before
    assert ("GET", path + "/comments") in before
    assert e["next"]["step"] == "downgrade"
    e = wait_state(d, trial, "downgraded")
    assert e["contacted_at"] == contacted
    assert seconds(e["followed_up_at"], e["downgraded_at"]) >= 2
    assert_whole_story_once(world, cast, trial)


def test_down_past_the_downgrade_it_comes_at_once_after_a_look(daemon, world,
                                                               cast):
    d = daemon(follow_up_after="1s", downgrade_after="2s")
    d.zendesk_webhook.hold()
    trial = started(world, cast)
    wait_state(d, trial, "followed_up")
    d.kill()
    pass_time(3)
    seen = len(world.zendesk.received("GET", trial.path("comments")))
    d.start()
    wait_state(d, trial, "downgraded", 2)
    assert len(world.zendesk.received("GET", trial.path("comments"))) > seen
    assert_whole_story_once(world, cast, trial)


@pytest.mark.parametrize("state, steps", [("contacted", 0),
                                          ("followed_up", 1)])
def test_an_answer_while_it_was_down_stops_the_overdue_step(daemon, world,
                                                            cast, state,
                                                            steps):
    d = daemon(follow_up_after="4s", downgrade_after="4s")
    trial = started(world, cast, contacted_ago_s=1 if steps == 0 else 10)
    wait_state(d, trial, state)
    d.kill()
    d.zendesk_webhook.hold()  # that of the answer is lost
    world.zendesk.comment(trial.ticket, trial.ticket["requester_id"],
                          "I am here!")
    d.zendesk_webhook.lose()
    pass_time(5)
    d.start()
    e = wait_state(d, trial, "engaged")
    assert e["next"] is None
    assert (followed_up(world, cast, trial), lowered(world, trial)) == (
        steps, 0)


def test_what_is_overdue_for_long_is_asked(daemon, world, cast):
    d = daemon(follow_up_after="2s", downgrade_after="2s", stale_after="1s")
    d.zendesk_webhook.hold()
    trial = started(world, cast, contacted_ago_s=1)
    number = wait_state(d, trial, "contacted")["id"]
    d.kill()
    pass_time(3)
    d.start()
    e = wait_asked(d, number, "follow_up")
    assert "too late" in e["held_why"]
    wait_said(d, number, "too late")
    assert not writes(world, trial.ticket)
    assert d.command(number, "do-it")[0] == 200
    wait_state(d, trial, "followed_up")


def test_tickets_and_acknowledgements_missed_while_it_was_down_are_polled(
        daemon, world, cast):
    d = daemon(follow_up_after="10m")
    trial = started(world, cast, contacted_ago_s=None)
    wait_state(d, trial, "paged")
    d.kill()
    d.zendesk_webhook.hold()
    d.pagerduty_webhook.hold()
    world.pagerduty.acknowledge(trial.incident, cast.engineer_pd)
    comment(world, trial.ticket, cast.engineer)
    missed = urgent_ticket(world, cast, 0)
    d.start()
    wait_state(d, trial, "contacted")
    e = d.wait_for_emergency(ticket=missed["id"])
    assert e["state"] == "paged"
    wait_until(lambda: emergency_of(d, trial)["pages"][0]["status"]
               == "acknowledged", 10, "the acknowledgement")


# -- SIGTERM and SIGHUP -----------------------------------------------------


@pytest.mark.parametrize("point", [{}, UNSEEN], ids=["arrived", "done"])
def test_the_end_waits_for_a_write_under_way(daemon, world, cast, point):
    d = daemon(**SHORT)
    d.zendesk_webhook.hold()
    trial = prepare(world, cast, "Production is down")
    held = world.zendesk.fault("PUT", trial.path("ticket"), hold=True,
                               **point)
    begin(world, cast, trial)
    held.wait_hit()
    os.kill(d.process.pid, signal.SIGTERM)
    wait_until(lambda: log_lines(d, "STOPPING"), 5, "it to stop")
    held.release()
    assert d.process.wait(10) == 0
    d.process = None
    d.start()
    e = emergency_of(d, trial)
    assert e["state"] == "followed_up"
    assert action(e, "follow_up")["state"] == "done"  # it was not in doubt
    wait_state(d, trial, "downgraded")
    assert_whole_story_once(world, cast, trial)


@pytest.mark.parametrize("takes_effect", [False, True])
def test_a_write_that_is_not_answered_in_time_is_looked_up_after_the_end(
        daemon, world, cast, takes_effect):
    d = daemon(**SHORT)
    d.zendesk_webhook.hold()
    trial = prepare(world, cast, "Production is down")
    silent = world.zendesk.fault("PUT", trial.path("ticket"), silent=True,
                                 after_effect=takes_effect)
    begin(world, cast, trial)
    silent.wait_hit()
    d.stop()
    d.start()
    wait_state(d, trial, "downgraded")
    assert_whole_story_once(world, cast, trial)


def test_a_look_under_way_at_the_end_writes_nothing_and_goes_on_later(
        daemon, world, cast):
    d = daemon(**SHORT)
    d.zendesk_webhook.hold()
    trial = prepare(world, cast, "Production is down")
    held = []
    after(world.zendesk, [("GET", trial.path("comments"))],
          lambda: held.append(world.zendesk.fault(
              "GET", trial.path("comments"), hold=True)))
    begin(world, cast, trial)
    wait_until(lambda: held, 10, "the first read")
    held[0].wait_hit()
    os.kill(d.process.pid, signal.SIGTERM)
    wait_until(lambda: log_lines(d, "STOPPING"), 5, "it to stop")
    held[0].release()
    assert d.process.wait(10) == 0
    d.process = None
    assert not writes(world, trial.ticket)
    d.start()
    wait_state(d, trial, "downgraded")
    assert_whole_story_once(world, cast, trial)


def test_a_reload_with_bad_settings_changes_nothing(daemon, world, cast):
    d = daemon(**SHORT)
    d.zendesk_webhook.hold()
    pid = d.process.pid
    d.configure({"policy": {"follow_up_after": "soon"}})
    d.reload()
    assert d.process.pid == pid and d.running
    assert "follow_up_after" in log_lines(d, "CONFIG-REFUSED")[0]
    trial = started(world, cast)
    wait_state(d, trial, "downgraded")
    assert_whole_story_once(world, cast, trial)


@pytest.mark.parametrize("setting, value", [
    ("server.listen", "127.0.0.1:{taken}"),
    ("server.listen", "192.0.2.7:{own}"),  # no address of this machine
    ("admin.listen", "127.0.0.1:{taken}"),
    ("admin.socket", "{folder}/missing/admin.sock"),
    ("admin.socket", "{folder}/emergencyd.ini"),
    ("store.path", "{folder}/missing/emergencyd.db"),
    ("admin.listen", "127.0.0.1:{own}"),
    ("store.path", "{folder}/emergencyd.ini/emergencyd.db"),
    ("store.path", "{folder}"),
    ("store.path", "{folder}/emergencyd.ini"),  # no database
    ("store.path", "{foreign}"),  # another program's
    ("store.path", "{used}"),  # by another process
])
def test_a_reload_with_settings_that_could_not_start_changes_nothing(
        daemon, setting, value):
    d, other = daemon(), daemon()
    section, key = setting.split(".")
    before = d.settings[section].get(key)
    foreign = d.config_path.parent / "foreign.db"
    with closing(sqlite3.connect(foreign)) as database:
        database.execute("CREATE TABLE emergency (id)")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        d.configure({section: {key: value.format(
            taken=taken.getsockname()[1], own=d.port, foreign=foreign,
            used=other.database, folder=d.config_path.parent)}})
        d.reload()
    [refused] = log_lines(d, "CONFIG-REFUSED")
    assert f"[{section}] {key}" in refused
    assert d.health()[0] == 200
    d.configure({section: {key: before}})
    d.reload()
    assert d.running and len(log_lines(d, "CONFIG-REFUSED")) == 1
    assert d.health()[0] == 200


@pytest.mark.parametrize("state", ["contacted", "followed_up"])
def test_a_reload_between_the_steps_does_each_once(daemon, world, cast,
                                                   state):
    d = daemon(follow_up_after="2s", downgrade_after="2s")
    d.zendesk_webhook.hold()
    trial = started(world, cast, contacted_ago_s=1)
    wait_state(d, trial, state)
    pid = d.process.pid
    d.configure({"policy": {"downgrade_after": "3s"}})
    d.reload()
    assert d.process.pid == pid
    wait_state(d, trial, "downgraded")
    assert_whole_story_once(world, cast, trial)


def test_a_reload_while_a_write_is_under_way_does_it_once(daemon, world,
                                                          cast):
    d = daemon(**SHORT)
    d.zendesk_webhook.hold()
    trial = prepare(world, cast, "Production is down")
    held = world.zendesk.fault("PUT", trial.path("ticket"), hold=True)
    begin(world, cast, trial)
    held.wait_hit()
    os.kill(d.process.pid, signal.SIGHUP)
    wait_until(lambda: log_lines(d, "RELOADING"), 5, "it to reload")
    held.release()
    wait_until(lambda: len(log_lines(d, "STARTED")) == 2, 10, "its return")
    wait_state(d, trial, "downgraded")
    assert_whole_story_once(world, cast, trial)


# -- what can't be started --------------------------------------------------


def test_a_second_daemon_on_the_database_is_refused(daemon, world, cast):
    d = daemon(follow_up_after="10m")
    second = daemon(start=False, config={"store": {"path": d.database}})
    status, text = try_start(second)
    assert (status, str(d.process.pid) in text, "in use" in text) == (
        1, True, True), text
    ticket = urgent_ticket(world, cast)
    page_for(world, cast, ticket)
    d.wait_for_emergency(ticket=ticket["id"])


@pytest.mark.parametrize("damage", [
    lambda data: b"\xff" * 100 + data[100:],
    lambda data: data[:100] + b"\x5a" * 3996 + data[4096:],
    lambda data: data[:len(data) // 2]],
    ids=["header", "first page", "half of it"])
def test_a_damaged_database_is_told_and_left_alone(daemon, world, cast,
                                                   damage):
    d = daemon(follow_up_after="10m")
    ticket = urgent_ticket(world, cast)
    page_for(world, cast, ticket)
    d.wait_for_emergency(ticket=ticket["id"])
    d.stop()
    damaged = damage(d.database.read_bytes())
    d.database.write_bytes(damaged)
    status, text = try_start(d)
    assert (status, str(d.database) in text, "damaged" in text) == (
        1, True, True), text
    assert d.database.read_bytes() == damaged


def test_a_new_database_is_told(daemon):
    d = daemon()

    def told(times):
        return wait_until(lambda: log_lines(d, "STORE-NEW")[times - 1:], 10,
                          "a warning")[0]

    assert str(d.database) in told(1)
    d.restart()
    d.reload()
    d.configure({"store": {"path": str(d.directory / "other.db")}})
    d.reload()
    assert "other.db" in told(2)
    assert len(log_lines(d, "STORE-NEW")) == 2
    assert not log_lines(d, "DRY-RUN")


def test_a_database_of_a_newer_version_is_told_and_left_alone(daemon):
    d = daemon()
    d.stop()
    database = sqlite3.connect(d.database)
    database.execute("INSERT INTO schema_version (version, name, applied_at)"
                     " VALUES (9999, 'later', '2030-01-01T00:00:00Z')")
    database.commit()
    database.close()
    status, text = try_start(d)
    assert (status, "9999" in text, "newer" in text) == (1, True, True), text


@pytest.mark.parametrize("path", ["missing/emergencyd.db", "."])
def test_a_database_that_cannot_be_made_is_told(daemon, path):
    d = daemon(start=False)
    d.configure({"store": {"path": str(d.directory / path)}})
    status, text = try_start(d)
    assert (status, str(d.directory) in text) == (1, True), text
    assert "No such file or directory" in text or "directory" in text


def test_after_a_refusal_it_starts_once_the_cause_is_gone(daemon, world,
                                                          cast):
    d = daemon(start=False, follow_up_after="10m")
    d.configure({"store": {"path": str(d.directory / "later/it.db")}})
    assert try_start(d)[0] == 1
    (d.directory / "later").mkdir()
    d.start()
    ticket = urgent_ticket(world, cast)
    page_for(world, cast, ticket)
    d.wait_for_emergency(ticket=ticket["id"])
    assert not own_comments(world, cast, ticket)
