"""Whatever goes wrong with Slack: no message is lost or comes twice, nothing
else waits for it, and people are told where they can be reached."""

import time

import pytest
from harness import wait_until
from scenes import (LONG, contacted, opened, order, own_comments, page_for,
                    said, urgent_ticket, wait_said)
from slack_scenes import (MANAGERS, SAAS, SELF_MANAGED, SLACK, page_of,
                          press, replies, root_of, roots, send, slack_idle,
                          threaded, typed, wait_reply, wait_root)
from standins import Answer
from standins.slack_api import Slack
from trials import (SHORT, TROUBLES, after, assert_whole_story_once,
                    begin, log_lines, prepare, started, wait_state)

POST = "/chat.postMessage"
ANSWERS = {word: {"answer": Slack.failure(word)} for word in (
    "rate_limited", "internal_error", "service_unavailable")}
ANSWERS["fatal_error after it took effect"] = {
    "answer": Slack.failure("fatal_error"), "after_effect": True}
ANSWERS["ok of no kind"] = {"answer": Answer(200, {"hello": "world"}),
                            "after_effect": True}
ALL_TROUBLES = {**TROUBLES, **ANSWERS}
SUMMONS = "You are needed"
REFUSED = "emergencyd: slack refuses our credentials"


def pages(world, title=SUMMONS):
    """The pages that were made for people, or for another reason."""
    return [i for i in world.pagerduty.incidents.values()
            if i["title"].startswith(title)]


def outbox(d, number):
    """The states of all calls to Slack of an emergency."""
    return [a["state"] for a in d.emergency(number)["actions"]
            if a["service"] == "slack"]


def of_kind(d, number, kind):
    return [a for a in d.emergency(number)["actions"] if a["kind"] == kind]


# -- what one call may meet ------------------------------------------------

@pytest.mark.parametrize("name", ALL_TROUBLES)
def test_the_thread_is_opened_once_whatever_its_call_meets(daemon, world,
                                                           cast, name):
    d = daemon(services=SLACK, **LONG)
    trouble = world.slack.fault("POST", POST, **ALL_TROUBLES[name])
    number, _ = opened(d, world, cast)
    root = root_of(d, world, number)
    slack_idle(d)
    assert (trouble.hits, roots(world)) == (1, [root])
    assert root["metadata"]["event_type"] == "emergencyd"


@pytest.mark.parametrize("name", ALL_TROUBLES)
def test_replies_and_posts_come_once_and_in_order(daemon, world, cast, name):
    """The reply's call and then the post's meet the trouble."""
    d, number, _, root = threaded(daemon, world, cast)
    first = world.slack.fault(
        "POST", POST, **ALL_TROUBLES[name],
        hook=lambda request: after(world.slack, [("POST", POST)], arm_post)
        if not ALL_TROUBLES[name].get("after_effect") else arm_post())
    posts = []

    def arm_post():
        posts.append(world.slack.fault(
            "POST", POST, **ALL_TROUBLES[name]))

    order(d, number, "not-emergency")
    order(d, number, "note", text="And on.")
    wait_reply(world, root, "And on.")
    slack_idle(d)
    assert first.hits == 1 and posts
    told = replies(world, root)
    assert len(told) == 2 and "doubts" in told[0] and "And on" in told[1]
    assert len(world.slack.messages(MANAGERS)) == 1
    assert set(outbox(d, number)) == {"done"}


@pytest.mark.parametrize("name", ALL_TROUBLES)
def test_the_first_message_is_changed_whatever_its_call_meets(
        daemon, world, cast, name):
    d, number, _, root = threaded(daemon, world, cast)
    trouble = world.slack.fault("POST", "/chat.update", **ALL_TROUBLES[name])
    order(d, number, "contacted")
    wait_root(world, root, "State: contacted")
    slack_idle(d)
    assert trouble.hits == 1 and len(replies(world, root)) == 1


def test_a_message_that_timed_out_is_found_and_not_posted_again(
        daemon, world, cast):
    d, number, _, root = threaded(daemon, world, cast)
    trouble = world.slack.fault("POST", POST, silent=True, after_effect=True)
    order(d, number, "note", text="Only once.")
    order(d, number, "note", text="Behind it.")
    trouble.wait_hit()
    assert outbox(d, number)[-2:] == ["sending", "pending"]
    world.slack.wait_for_message(SELF_MANAGED, "Behind it", thread=root,
                                 timeout=30)
    slack_idle(d)
    assert len(replies(world, root)) == 2
    [looked] = world.slack.received("GET", "/conversations.replies")
    assert looked.arg("ts") == root["ts"]


def test_slack_is_asked_no_more_before_the_time_it_has_named(daemon, world,
                                                             cast):
    d, number, _, root = threaded(daemon, world, cast)
    met = []
    world.slack.fault("POST", POST, answer=Answer(
        429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "3"}),
        hook=lambda request: met.append(time.monotonic()))
    order(d, number, "note", text="Patience.")
    wait_reply(world, root, "Patience.")
    assert 2.9 < time.monotonic() - met[0] < 5


def test_a_burst_keeps_its_order_though_slack_limits_it(daemon, world, cast):
    d, number, _, root = threaded(daemon, world, cast)
    world.slack.limit_posts(1, 1.0)
    for n in range(4):
        order(d, number, "note", text=f"Note {n}.")
    wait_reply(world, root, "Note 3.")
    assert [text[-2] for text in replies(world, root)] == list("0123")


# -- what waits for nothing ------------------------------------------------

@pytest.mark.parametrize("trouble", [
    {"answer": Answer(500)}, {"answer": Answer(429)}, {"reset": True},
    {"answer": Slack.failure("missing_scope")}, {"silent": True}],
    ids=["500", "429", "reset", "missing_scope", "silent"])
def test_no_message_waits_to_know_how_people_are_mentioned(
        daemon, world, cast, trouble):
    world.slack.fault("GET", "/users.lookupByEmail", times=None, **trouble)
    d = daemon(services=SLACK, **LONG)
    start = time.monotonic()
    number, _ = opened(d, world, cast)
    root = root_of(d, world, number)
    assert "cc tam@example.com" in root["text"]
    assert time.monotonic() - start < 4
    order(d, number, "manager")
    wait_reply(world, root, "Mona Manager: .* needs you")
    assert time.monotonic() - start < 8


@pytest.mark.parametrize("trouble", [
    {"answer": Answer(500)}, {"silent": True},
    {"answer": Slack.failure("missing_scope")}],
    ids=["500", "silent", "missing_scope"])
def test_nothing_waits_to_know_who_pressed(daemon, world, cast, trouble):
    d, number, _, root = threaded(daemon, world, cast)
    world.slack.fault("GET", "/users.info", times=None, **trouble)
    stranger = world.slack.create_user("Stran Ger", "stranger@example.com")
    press(world, stranger, root, "Acknowledge")
    wait_reply(world, root, "has acknowledged")
    page = page_of(d, world, number)
    wait_until(lambda: page["status"] == "acknowledged", 5, "the page")
    assert not said(d, number, "by hand")


def start_of_troubles(world, how):
    """Returns what ends them."""
    if how == "down":
        world.slack.go_down()
        return world.slack.come_up
    fault = world.slack.fault("*", "", times=None, hold=how == "hangs",
                              answer=Answer(503))
    return fault.cancel


@pytest.mark.parametrize("how", ["down", "hangs", "503"])
def test_without_slack_all_else_goes_on_and_the_thread_catches_up(
        daemon, world, cast, how):
    d = daemon(services=SLACK, **SHORT)
    end = start_of_troubles(world, how)
    trial = started(world, cast)
    world.pagerduty.acknowledge(trial.incident, cast.engineer_pd)
    e = wait_state(d, trial, "downgraded", 9)
    assert_whole_story_once(world, cast, trial)
    order(d, e["id"], "page", who="manager")
    wait_until(lambda: pages(world), 5, "a page for the manager")
    assert not roots(world)
    end()
    if how == "hangs":
        d.restart()  # what hangs would time out
    root = world.slack.wait_for_message(SELF_MANAGED, "Thread for emergency",
                                        timeout=20)
    world.slack.wait_for_message(SELF_MANAGED, "pages", thread=root)
    slack_idle(d)
    wait_root(world, root, "State: downgraded")
    told = replies(world, root)
    assert len(told) == len(set(told)) and roots(world) == [root]
    assert [text for text in told if "The follow-up is in the ticket" in text]


# -- killed ----------------------------------------------------------------

@pytest.mark.parametrize("effect", ["before", "after"])
@pytest.mark.parametrize("what", ["thread", "reply", "post", "update"])
def test_killed_in_the_middle_of_a_call_it_has_one_effect(
        daemon, world, cast, what, effect):
    d = daemon(services=SLACK, **LONG)
    if what != "thread":
        number, _ = opened(d, world, cast)
        root = root_of(d, world, number)
    path = "/chat.update" if what == "update" else POST
    held = []
    after(world.slack, [("POST", POST)] if what == "post" else [],
          lambda: held.append(world.slack.fault(
              "POST", path, hold=True, after_effect=effect == "after",
              reset=True)))
    if what == "thread":
        page_for(world, cast, urgent_ticket(world, cast))
    elif what == "update":
        order(d, number, "contacted")
    else:
        order(d, number, "not-emergency" if what == "post" else "note",
              text="Once.")
    wait_until(lambda: held and held[0].hits, 10, "the call")
    d.kill()
    held[0].release()
    d.start()
    if what == "thread":
        number = d.wait_for_emergency()["id"]
        root = root_of(d, world, number)
    order(d, number, "note", text="The end.")
    wait_reply(world, root, "The end.")
    slack_idle(d)
    assert roots(world) == [root]
    assert len(replies(world, root)) == 1 + (what != "thread")
    assert len(world.slack.messages(MANAGERS)) == (what == "post")
    if what == "update":
        wait_root(world, root, "State: contacted")


# -- refused altogether ----------------------------------------------------

def test_refused_credentials_pause_slack_with_one_page_until_mended(
        daemon, world, cast):
    d = daemon(services=SLACK, config={"zendesk": {"poll_every": "100ms"}},
               **SHORT)
    number, _ = opened(d, world, cast)
    root = root_of(d, world, number)
    token, world.slack.token = world.slack.token, "revoked"
    order(d, number, "note", text="One.")
    order(d, number, "manager")
    trial = prepare(world, cast, "another")
    world.slack.create_user("Tam Two", "tam2@example.com")
    world.zendesk.set_organization_fields(
        trial.organization, account_manager="tam2@example.com")
    begin(world, cast, trial)
    wait_until(lambda: pages(world, REFUSED), 10, "the page")
    e = wait_state(d, trial, "downgraded", 10)
    assert_whole_story_once(world, cast, trial)
    asked = len(world.slack.received("POST", "/auth.test"))
    order(d, number, "note", text="Two.")
    wait_until(lambda: all(
        a["error"] == "our credentials are refused"
        for a in d.api_get("/api/outbox")[1]["actions"]
        if a["service"] == "slack" and a["kind"] != "reply"), 10, "all wait",
        lambda: d.api_get("/api/outbox"))
    assert send(d, typed(cast, f"note {number} Three.")).status == 200
    assert len(log_lines(d, "SERVICE-REFUSES-US")) == 1
    assert len(world.slack.received("POST", "/auth.test")) == asked
    assert len(pages(world, REFUSED)) == 1
    world.slack.token = token
    d.reload()
    wait_reply(world, root, "Three.")
    other = root_of(d, world, e["id"])
    wait_root(world, other, "State: downgraded", "cc @Tam Two")
    slack_idle(d)
    assert [t[-4:] for t in replies(world, root) if "needs" not in t] == [
        "One.", "Two.", "ree."]
    assert "@Mona Manager" in replies(world, root)[1]
    assert len(pages(world, REFUSED)) == 1


def test_who_could_not_be_looked_up_for_want_of_credentials_is_mentioned(
        daemon, world, cast):
    """The look-up is the first call that is refused."""
    d = daemon(services=SLACK, **LONG)
    wait_until(lambda: len(world.slack.received(
        "GET", "/users.lookupByEmail")) >= 4, 10, "the on-calls")
    wait_until(lambda: world.slack.received("POST", "/auth.test"), 10, "test")
    slack_idle(d)
    token, world.slack.token = world.slack.token, "revoked"
    number, _ = opened(d, world, cast)
    wait_until(lambda: pages(world, REFUSED), 10, "the page")
    world.slack.token = token
    d.reload()
    wait_root(world, root_of(d, world, number), "cc @Tamara Account")


# -- one call refused ------------------------------------------------------

@pytest.mark.parametrize("how", ["channel_not_found", "not_in_channel",
                                 "is_archived"])
def test_a_thread_that_cant_be_opened_is_told_by_a_page(daemon, world, cast,
                                                        how):
    channel = world.slack.create_channel("elsewhere", [cast.engineer_slack])
    d = daemon(services=SLACK, config={"slack": {
        "channel": "C0NOWHERE" if how == "channel_not_found"
        else channel["id"]}}, **LONG)
    if how == "not_in_channel":
        world.slack.leave(channel, world.slack.bot)
    if how == "is_archived":
        world.slack.archive(channel)
    number, _ = opened(d, world, cast)
    entry = wait_said(d, number, f"slack answered 422: {how} (open_thread)")
    assert entry["kind"] == "prompt"
    page = wait_until(lambda: pages(world), 10, "a page")[0]
    assert page["assignments"][0]["assignee"]["summary"] == "Eng One"
    order(d, number, "contacted")
    other, _ = opened(d, world, cast, subject="Other", tags=["saas"])
    root = root_of(d, world, other)
    assert root["channel"] == cast.channels[SAAS]["id"]
    slack_idle_but_parked(d)
    assert len(pages(world)) == 1
    if how == "not_in_channel":
        world.slack.join(channel, world.slack.bot)
        [opening] = of_kind(d, number, "open_thread")
        assert d.api_post(f"/api/outbox/{opening['id']}/retry",
                          {"by": "Tess"})[0] == 200
        root = root_of(d, world, number)
        wait_root(world, root, "State: contacted")
        assert len(world.slack.messages(channel)) == 1


def slack_idle_but_parked(d):
    wait_until(lambda: not [a for a in d.api_get("/api/outbox")[1]["actions"]
                            if a["service"] == "slack"
                            and a["state"] != "parked"], 10, "idle",
               lambda: d.api_get("/api/outbox"))


@pytest.mark.parametrize("how", ["left", "archived", "deleted"])
def test_a_thread_that_is_gone_is_told_elsewhere_once(daemon, world, cast,
                                                      how):
    d, number, ticket, root = threaded(daemon, world, cast)
    channel = cast.channels[SELF_MANAGED]
    {"left": lambda: world.slack.leave(channel, world.slack.bot),
     "archived": lambda: world.slack.archive(channel),
     "deleted": lambda: world.slack.delete(root)}[how]()
    order(d, number, "note", text="Hello?")
    told = world.slack.wait_for_message(MANAGERS, r":warning:.*\(reply\)")
    assert f"#{ticket['id']}" in world.slack.text_of(told)
    wait_until(lambda: pages(world), 10, "a page")
    for text in ("And on.", "And on."):
        order(d, number, "note", text=text)
    order(d, number, "contacted")
    slack_idle_but_parked(d)
    later, _ = opened(d, world, cast, subject="Later", tags=["saas"])
    root_of(d, world, later)
    assert len(pages(world)) == len(world.slack.messages(MANAGERS)) == 1
    assert d.emergency(number)["state"] == "contacted"
    assert len(of_kind(d, number, "reply")) == 4


def test_a_post_that_is_refused_is_told_in_the_thread(daemon, world, cast):
    world.slack.leave(cast.channels[MANAGERS], world.slack.bot)
    d, number, _, root = threaded(daemon, world, cast)
    order(d, number, "not-emergency")
    wait_reply(world, root, r":warning: .*not_in_channel \(post\): do it by "
               "hand, or retry call")
    order(d, number, "note", text="And on.")
    wait_reply(world, root, "And on.")
    assert not pages(world)


# -- words for one person --------------------------------------------------

@pytest.mark.parametrize("name", ["500", "429", "reset",
                                  "reset after it took effect"])
def test_a_whisper_comes_at_most_once_and_holds_nothing_up(daemon, world,
                                                           cast, name):
    d, number, _, root = threaded(daemon, world, cast)
    trouble = world.slack.fault("POST", "/chat.postEphemeral",
                                **ALL_TROUBLES[name])
    order(d, number, "close")
    wait_root(world, root, "State: closed")
    press(world, cast.engineer_slack, root, "Acknowledge", version=0)
    trouble.wait_hit()
    order(d, number, "note", text="And on.")
    wait_reply(world, root, "And on.")
    slack_idle(d)
    whispers = len(world.slack.ephemerals)
    assert whispers == (1 if name in ("429", "reset after it took effect")
                        else 0)


def test_contact_and_comments_do_not_wait_for_slack(daemon, world, cast):
    """Nor for the names of those who pressed."""
    d = daemon(services=SLACK, first_contact="automatic", **LONG)
    world.slack.fault("*", "", times=None, hold=True)
    number, ticket = opened(d, world, cast)
    assert send(d, typed(cast, "ack")).status == 200
    d.wait_for_emergency(emergency_id=number, state="contacted", timeout=5)
    assert len(own_comments(world, cast, ticket)) == 1
    page = page_of(d, world, number)
    wait_until(lambda: page["status"] == "acknowledged", 5, "the page")


def test_two_services_down_at_once_are_caught_up(daemon, world, cast):
    d = daemon(services=SLACK, **LONG)
    number, _ = contacted(d, world, cast)
    root = root_of(d, world, number)
    world.slack.go_down()
    world.pagerduty.go_down()
    order(d, number, "manager")
    order(d, number, "close")
    world.slack.come_up()
    world.pagerduty.come_up()
    wait_reply(world, root, "^Closed")
    wait_until(lambda: pages(world), 10, "a page")
    slack_idle(d)
    assert len(pages(world)) == len(world.slack.messages(MANAGERS)) == 1
