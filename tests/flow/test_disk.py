"""A disk that runs full or breaks: nothing is promised that can't be kept,
and it goes on by itself, or by a restart, once the disk is well again."""

import http.client
import json
from pathlib import Path

import pytest
from harness import pagerduty_headers, program, wait_until, zendesk_headers
from scenes import page_for, read, urgent_ticket, writes
from trials import (SHORT, after, all_incidents, assert_whole_story_once,
                    begin, emergency_of, followed_up, log_lines, lowered,
                    prepare, started, wait_state)

HINT = {"type": "ticket.updated", "ticket": {"id": "1"}}


@pytest.fixture
def disk(monkeypatch, tmp_path):
    """The flag file; while it exists, the disk is in that trouble."""
    flag = tmp_path / "trouble"
    monkeypatch.setenv("FULL_DISK_FLAG", str(flag))
    yield flag
    flag.unlink(missing_ok=True)


@pytest.fixture
def on_disk(daemon, disk):
    """daemon(), on a disk that the tests can fill or break."""
    library = Path(program()).parent / "full_disk.so"
    assert library.exists(), f"{library} is not built: make {library}"
    return lambda **settings: daemon(preload=library, **settings)


def fill(disk, what="full"):
    disk.write_text(what)


def post(d, service, body):
    """Posts a webhook: (status, headers, answer)."""
    data = json.dumps(body).encode()
    headers = {"pagerduty": pagerduty_headers, "zendesk": zendesk_headers}[
        service](d.settings[service]["webhook_secret"], data)
    connection = http.client.HTTPConnection("127.0.0.1", d.port, timeout=10)
    try:
        connection.request("POST", f"/webhooks/{service}", data, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, json.loads(answer.read())
    finally:
        connection.close()


def wait_full(d):
    """Waits until the daemon knows, of a webhook's being refused."""
    wait_until(lambda: d.post_zendesk(HINT)[0] == 503, 10, "503")


def wait_ended(d):
    """Waits until the process has ended by itself; returns its status."""
    status = d.process.wait(15)
    d.process = None
    return status


def assert_gets_one(d, world, cast):
    """It works: a new page opens an emergency."""
    ticket = urgent_ticket(world, cast)
    page_for(world, cast, ticket)
    d.wait_for_emergency(ticket=ticket["id"])


# -- full -------------------------------------------------------------------


@pytest.mark.parametrize("service", ["pagerduty", "zendesk"])
def test_on_a_full_disk_webhooks_are_refused_for_now(on_disk, disk, world,
                                                     cast, service):
    d = on_disk(follow_up_after="10m")
    ticket = urgent_ticket(world, cast)
    page_for(world, cast, ticket)
    read(d, ticket)
    fill(disk)
    body = HINT if service == "zendesk" else (
        d.pagerduty_webhook.deliveries[0].json)
    body["event"] = {**body.get("event", {}), "id": "another one"}
    status, headers, answer = post(d, service, body)
    assert (status, headers["Retry-After"], list(answer)) == (
        503, "5", ["error"])
    disk.unlink()
    wait_until(lambda: post(d, service, body)[0] == 200, 10, "room")
    assert len(d.emergencies()) == 1


def test_on_a_full_disk_health_fails_and_comes_back(on_disk, disk):
    d = on_disk()
    assert d.health()[0] == 200
    fill(disk)
    wait_full(d)
    status, answer = d.health()
    assert (status, answer["status"]) == (503, "failing"), answer
    seen = len(log_lines(d, "STORE-FULL"))
    assert [d.health()[0] for _ in range(3)] == [503] * 3
    assert len(log_lines(d, "STORE-FULL")) == seen
    disk.unlink()
    wait_until(lambda: d.health()[0] == 200, 10, "health")
    assert len(log_lines(d, "STORE-BACK")) == 1


def test_an_idle_daemon_on_a_full_disk_is_not_healthy(on_disk, disk):
    d = on_disk()
    fill(disk)
    wait_until(lambda: d.health()[0] == 503, 20, "it to notice", d.health)


def test_senders_repeat_what_a_full_disk_refused(on_disk, disk, world, cast):
    d = on_disk(follow_up_after="10m")
    fill(disk)
    trials = [prepare(world, cast, str(n)) for n in range(3)]
    for trial in trials:
        begin(world, cast, trial)
    world.wait_for(lambda: all(503 in delivery.statuses for delivery in
                               d.pagerduty_webhook.deliveries), 10, "503")
    disk.unlink()
    for trial in trials:
        wait_state(d, trial, "contacted")
    assert len(d.emergencies()) == len(trials)


def test_a_command_that_a_full_disk_refused_did_nothing(on_disk, disk, world,
                                                        cast):
    d = on_disk(follow_up_after="10m")
    trial = started(world, cast)
    number = wait_state(d, trial, "contacted")["id"]
    fill(disk)
    status, answer = d.command(number, "close", why="a test")
    assert (status, list(answer)) == (503, ["error"])
    assert d.emergency(number)["state"] == "contacted"
    disk.unlink()
    wait_until(lambda: d.command(number, "close", why="a test")[0] == 200,
               10, "room")
    assert d.emergency(number)["state"] == "closed"


def test_what_was_answered_200_is_there_though_the_disk_was_full_in_between(
        on_disk, disk, world, cast):
    d = on_disk(config={"pagerduty": {"api_token": None, "from": None,
                                      "page_service": None,
                                      "engineer_schedule": None,
                                      "manager_schedule": None}})
    webhook = d.pagerduty_webhook

    def trigger_and_see(status, change):
        first = len(webhook.deliveries)
        for number in range(20):
            world.pagerduty.trigger(f"Trouble {number}", cast.service)
            if number == 10:
                change()
        world.wait_for(lambda: sum(status in delivery.statuses for delivery
                                   in webhook.deliveries[first:]) >= 5, 10,
                       f"some {status}")

    for _ in range(3):
        trigger_and_see(503, lambda: fill(disk))
        trigger_and_see(200, disk.unlink)
    d.kill()  # what was not on disk is gone
    webhook.lose(*[delivery for delivery in webhook.deliveries
                   if delivery.state == "queued"])
    answered = {delivery.json["event"]["data"]["id"]
                for delivery in webhook.deliveries
                if 200 in delivery.statuses}
    assert len(answered) >= 15
    d.start()
    assert answered <= set(all_incidents(d))


def test_deadlines_that_fall_due_on_a_full_disk_wait_for_room(
        on_disk, disk, world, cast):
    d = on_disk(follow_up_after="2s", downgrade_after="2s")
    d.zendesk_webhook.hold()
    trial = started(world, cast, contacted_ago_s=1)
    other = started(world, cast, "already followed up")
    due = wait_state(d, trial, "contacted")["next"]["due_at"]
    wait_state(d, other, "followed_up")
    fill(disk)
    wait_full(d)
    wait_until(lambda: emergency_of(d, trial)["next"]["in_s"] < -2
               and emergency_of(d, other)["next"]["in_s"] < 0, 10,
               "both to be overdue")
    assert emergency_of(d, trial)["next"]["due_at"] == due
    assert not writes(world, trial.ticket)
    assert not lowered(world, other)
    disk.unlink()
    for each in (trial, other):
        wait_state(d, each, "downgraded")
        assert_whole_story_once(world, cast, each)
    assert_gets_one(d, world, cast)


@pytest.mark.parametrize("step", ["follow_up", "downgrade"])
def test_a_disk_that_fills_during_the_look_lets_no_write_go(
        on_disk, disk, world, cast, step):
    d = on_disk(**SHORT)
    d.zendesk_webhook.hold()
    trial = prepare(world, cast, "Production is down")
    path = trial.path("comments")
    steps = [("GET", path)] if step == "follow_up" else [
        ("PUT", trial.path("ticket"))]
    full = []
    after(world.zendesk, steps, lambda: world.zendesk.fault(
        "GET", path, after_effect=True,
        hook=lambda request: (fill(disk), full.append(request))))
    begin(world, cast, trial)
    wait_until(lambda: full, 10, "the look")
    wait_until(lambda: log_lines(d, "STORE-FULL"), 10, "it to notice")
    done = len(steps) if step == "downgrade" else 0
    assert d.post_zendesk(HINT)[0] == 503
    assert d.post_zendesk(HINT)[0] == 503
    assert len(writes(world, trial.ticket)) == done
    disk.unlink()
    wait_state(d, trial, "downgraded")
    assert_whole_story_once(world, cast, trial)


@pytest.mark.parametrize("end", [
    {}, {"after_effect": True}, {"reset": True},
    {"reset": True, "after_effect": True}],
    ids=["before it", "after it", "in vain", "unseen"])
@pytest.mark.parametrize("step", ["follow_up", "downgrade"])
@pytest.mark.parametrize("then", ["room", "kill", "stop"])
def test_a_result_that_comes_while_the_disk_is_full_is_not_forgotten(
        on_disk, disk, world, cast, step, end, then):
    d = on_disk(**SHORT)
    d.zendesk_webhook.hold()
    trial = prepare(world, cast, "Production is down")
    steps = [("PUT", trial.path("ticket"))] if step == "downgrade" else []
    after(world.zendesk, steps, lambda: world.zendesk.fault(
        "PUT", trial.path("ticket"), hook=lambda request: fill(disk), **end))
    begin(world, cast, trial)
    wait_until(lambda: log_lines(d, "STORE-FULL"), 10, "it to notice")
    wait_full(d)
    if then == "kill":
        d.kill()
    elif then == "stop":
        d.stop()
    disk.unlink()
    if then != "room":
        d.start()
    wait_state(d, trial, "downgraded", 20)
    assert_whole_story_once(world, cast, trial)


def test_a_page_whose_result_met_a_full_disk_is_one_page(on_disk, disk,
                                                         world, cast):
    d = on_disk(page_if_missing="100ms", follow_up_after="10m")
    d.pagerduty_webhook.hold()
    world.pagerduty.fault("POST", "/incidents$",
                          hook=lambda request: fill(disk))
    ticket = urgent_ticket(world, cast, 0)
    wait_until(lambda: log_lines(d, "STORE-FULL"), 10, "it to notice")
    disk.unlink()
    e = d.wait_for_emergency(ticket=ticket["id"])
    wait_until(lambda: d.emergency(e["id"])["pages"], 10, "its page")
    assert len(world.pagerduty.incidents) == 1


def test_an_answer_refused_by_a_full_disk_still_stops_the_step(
        on_disk, disk, world, cast):
    d = on_disk(follow_up_after="4s", downgrade_after="2s",
                config={"zendesk": {"poll_every": "10m"}})
    trial = started(world, cast, contacted_ago_s=1)
    wait_state(d, trial, "contacted")
    d.zendesk_webhook.wait_idle()
    fill(disk)
    wait_full(d)
    world.zendesk.comment(trial.ticket, trial.ticket["requester_id"],
                          "I am here!")
    world.wait_for(lambda: 503 in d.zendesk_webhook.deliveries[-1].statuses,
                   10, "the refusal")
    wait_until(lambda: emergency_of(d, trial)["next"]["in_s"] < 0, 10,
               "the deadline")
    disk.unlink()
    e = wait_state(d, trial, "engaged")
    assert e["next"] is None
    assert (followed_up(world, cast, trial), lowered(world, trial)) == (0, 0)


def test_it_can_be_stopped_on_a_full_disk_and_goes_on_later(on_disk, disk,
                                                            world, cast):
    d = on_disk(**SHORT)
    d.zendesk_webhook.hold()
    trial = started(world, cast)
    wait_state(d, trial, "followed_up")
    fill(disk)
    wait_full(d)
    d.stop()
    disk.unlink()
    d.start()
    wait_state(d, trial, "downgraded")
    assert_whole_story_once(world, cast, trial)


def test_a_start_on_a_full_disk_says_why_and_harms_nothing(on_disk, disk,
                                                           world, cast):
    d = on_disk(**SHORT)
    d.zendesk_webhook.hold()
    trial = started(world, cast)
    wait_state(d, trial, "followed_up")
    d.kill()
    fill(disk)
    with pytest.raises(AssertionError, match="the daemon ended at start: 1"):
        d.start()
    d.process = None
    assert str(d.database) in d.stderr().splitlines()[-1]
    disk.unlink()
    d.start()
    wait_state(d, trial, "downgraded")
    assert_whole_story_once(world, cast, trial)


# -- broken -----------------------------------------------------------------


def test_on_an_io_error_it_ends_and_a_restart_goes_on(on_disk, disk, world,
                                                      cast):
    d = on_disk(**SHORT)
    d.zendesk_webhook.hold()
    trial = started(world, cast)
    wait_state(d, trial, "followed_up")
    fill(disk, "EIO")
    assert wait_ended(d) == 1
    assert log_lines(d, "STORE-BROKEN")
    disk.unlink()
    d.start()
    wait_state(d, trial, "downgraded")
    assert_whole_story_once(world, cast, trial)


def test_a_webhook_that_meets_an_io_error_is_never_answered_200(
        on_disk, disk, world, cast):
    d = on_disk(follow_up_after="10m")
    fill(disk, "EIO")
    trial = started(world, cast)
    assert wait_ended(d) == 1
    assert not any(200 in delivery.statuses for delivery in
                   d.pagerduty_webhook.deliveries)
    disk.unlink()
    d.start()
    wait_state(d, trial, "contacted")  # PagerDuty sent it again
    assert len(d.emergencies()) == 1


@pytest.mark.parametrize("end", [{}, {"after_effect": True}],
                         ids=["before it", "after it"])
@pytest.mark.parametrize("step", ["follow_up", "downgrade"])
def test_an_io_error_at_a_writes_result_is_looked_up_after_the_restart(
        on_disk, disk, world, cast, step, end):
    d = on_disk(**SHORT)
    d.zendesk_webhook.hold()
    trial = prepare(world, cast, "Production is down")
    steps = [("PUT", trial.path("ticket"))] if step == "downgrade" else []
    after(world.zendesk, steps, lambda: world.zendesk.fault(
        "PUT", trial.path("ticket"),
        hook=lambda request: fill(disk, "EIO"), **end))
    begin(world, cast, trial)
    assert wait_ended(d) == 1
    disk.unlink()
    d.start()
    wait_state(d, trial, "downgraded")
    assert_whole_story_once(world, cast, trial)
