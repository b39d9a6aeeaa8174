"""Nobody takes it, nobody contacts the customer, nobody decides: the next in
line is mentioned and paged, rung by rung, until somebody is there."""

import copy
import threading

import pytest
from duties import (acknowledged, assignees, ladder, ladder_with_slack,
                    mentions, own_pages, page_texts, replies, set_back, told,
                    ticket_url, wait_own_pages, wait_reply,
                    wait_told, written_at)
from scenes import (LONG, calls_ended, comment, later_follow_up, opened, order,
                    page_for, read, said, urgent_ticket, wait_asked, wait_said)
from trials import TROUBLES
from webhooks import emergency_page

RUNG = "calling the next in line"
NOT_TAKEN = "nobody has taken"


def rungs(d, number):
    """How many rungs were climbed."""
    return len(said(d, number, RUNG))


def climbed_by_another(d, world, cast):
    """Shows that time goes on: an emergency that is opened now climbs both
    rungs."""
    ticket = urgent_ticket(world, cast, 0, subject="A later one")
    page_for(world, cast, ticket, 0)
    number = read(d, ticket)
    wait_said(d, number, f"{RUNG} (2)")
    return number


# -- rung by rung ----------------------------------------------------------

def test_each_rung_in_turn_is_mentioned_and_paged(daemon, world, cast):
    d = daemon(services=("slack",), config=ladder_with_slack(cast), **LONG)
    number, ticket = opened(d, world, cast, 0)
    first = wait_reply(d, world, number, "Mona Manager: nobody has taken")
    second = wait_reply(d, world, number, "Max Manager: nobody has taken")
    assert mentions(world, first) == ["@Mona Manager"]
    assert mentions(world, second) == ["@Max Manager"]
    assert f"#{ticket['id']}" in world.slack.text_of(first)
    assert written_at(second) - written_at(first) >= 1.9
    manager, head = wait_own_pages(world, 2)
    assert (manager["service"]["id"], assignees(manager)) == (
        cast.manager_service["id"], [cast.manager_pd["id"]])
    assert (head["service"]["id"], assignees(head)) == (
        cast.service["id"], [cast.second_manager_pd["id"]])
    for page, text in zip((manager, head), page_texts(world)):
        assert f"#{ticket['id']}" in page["title"] and "Acme" in page["title"]
        assert ticket_url(world, ticket) in text
        assert "Nobody has taken it" in text
    in_channel = wait_told(world, cast, "support_managers", NOT_TAKEN)
    assert mentions(world, in_channel) == ["@Mona Manager"]
    assert len(told(world, cast, "support_managers", NOT_TAKEN)) == 1
    wait_said(d, number, "Paged Mona Manager.")
    assert d.emergency(number)["state"] == "paged"


def test_before_each_rung_the_page_is_read(daemon, world, cast):
    d = daemon(config=ladder(cast), **LONG)
    number, _ = opened(d, world, cast, 0)
    [page] = d.emergency(number)["pages"]
    wait_own_pages(world, 2)
    asked = [(request.method, request.path)
             for request in world.pagerduty.received()
             if request.path in (f"/incidents/{page['incident_id']}",
                                 "/incidents") and request.method != "PUT"]
    assert [method for method, _ in asked if method == "POST"] == ["POST"] * 2
    for index, (method, _) in enumerate(asked):
        if method == "POST":
            assert asked[index - 1][0] == "GET"


@pytest.mark.parametrize("how", ["page", "ack", "take"])
def test_who_takes_it_ends_the_ladder(daemon, world, cast, how):
    d = daemon(config=ladder(cast), **LONG)
    number, _ = opened(d, world, cast, 0)
    wait_said(d, number, f"{RUNG} (1)")
    if how == "page":
        acknowledged(d, world, number, cast.engineer_pd)
    else:
        order(d, number, how)
    climbed_by_another(d, world, cast)
    assert rungs(d, number) == 1


def test_an_acknowledgement_whose_webhook_was_lost_ends_the_ladder(
        daemon, world, cast):
    d = daemon(services=("slack",), config=ladder(cast, "3s", "4s"), **LONG)
    number, _ = opened(d, world, cast, 0)
    [page] = d.emergency(number)["pages"]
    d.pagerduty_webhook.hold()
    world.pagerduty.acknowledge(page["incident_id"], cast.engineer_pd)
    d.pagerduty_webhook.lose()
    d.pagerduty_webhook.flow()
    d.wait_for_emergency(emergency_id=number, state="acknowledged")
    climbed_by_another(d, world, cast)
    assert rungs(d, number) == 0
    assert not replies(d, world, number, NOT_TAKEN)


def test_an_acknowledgement_taken_back_lets_the_ladder_go_on(
        daemon, world, cast):
    d = daemon(config=ladder(cast), **LONG)
    number, _ = opened(d, world, cast, 0)
    e = acknowledged(d, world, number, cast.engineer_pd)
    world.pagerduty.unacknowledge(e["pages"][0]["incident_id"])
    wait_said(d, number, f"{RUNG} (2)")
    assert len(wait_own_pages(world, 2)) == 2


def test_a_page_that_is_taken_in_the_millisecond_of_its_making_is_taken(
        daemon, cast):
    """In the order of the events' ids its making comes last."""
    d = daemon(config=ladder(cast), **LONG)
    made = emergency_page(cast)
    taken = copy.deepcopy(made)
    taken["event"].update(id="01A", event_type="incident.acknowledged",
                          agent=cast.engineer_pd)
    taken["event"]["data"]["status"] = "acknowledged"
    for body in (made, taken):
        assert d.post_pagerduty(body)[0] == 200
    [e] = d.emergencies()
    assert e["state"] == "acknowledged", d.emergency(e["id"])["timeline"]


def test_overdue_rungs_keep_their_distance(daemon, world, cast):
    """The daemon was not there when the page came."""
    d = daemon(services=("slack",), start=False, config=ladder(cast), **LONG)
    ticket = urgent_ticket(world, cast)
    page_for(world, cast, ticket)
    d.start()
    d.pagerduty_webhook.wait_delivered("incident.triggered")
    number = read(d, ticket)
    first = wait_reply(d, world, number, "Mona Manager: nobody has taken")
    second = wait_reply(d, world, number, "Max Manager: nobody has taken")
    assert written_at(second) - written_at(first) >= 1.9


def test_between_two_rungs_it_may_be_killed(daemon, world, cast):
    d = daemon(services=("slack",), config=ladder(cast), **LONG)
    number, _ = opened(d, world, cast, 0)
    first = wait_reply(d, world, number, "Mona Manager: nobody has taken")
    d.kill()
    d.start()
    second = wait_reply(d, world, number, "Max Manager: nobody has taken")
    assert written_at(second) - written_at(first) >= 1.5
    wait_own_pages(world, 2)
    climbed_by_another(d, world, cast)
    assert len(replies(d, world, number, NOT_TAKEN)) == 2
    assert rungs(d, number) == 2


# -- our own pages ---------------------------------------------------------

def test_our_own_pages_open_nothing_and_take_nothing(daemon, world, cast):
    """Whoever acknowledges or resolves the call for help has not taken the
    emergency by that."""
    d = daemon(config=ladder(cast), **LONG)
    number, _ = opened(d, world, cast, 0)
    [page] = wait_own_pages(world, 1)
    world.pagerduty.acknowledge(page, cast.manager_pd)
    world.pagerduty.resolve(page, cast.manager_pd)
    _, head = wait_own_pages(world, 2)
    world.pagerduty.acknowledge(head, cast.second_manager_pd)
    d.pagerduty_webhook.wait_idle()
    [e] = d.emergencies()
    assert (e["state"], e["engineer"]) == ("paged", None)
    assert len(e["pages"]) == 1


# -- nobody contacts, nobody decides ---------------------------------------

def test_when_nobody_contacts_the_customer_the_same_rungs_are_climbed(
        daemon, world, cast):
    d = daemon(services=("slack",), contact_within="2s",
               config=ladder_with_slack(cast), **LONG)
    number, _ = opened(d, world, cast, 0)
    acknowledged(d, world, number, cast.engineer_pd)
    said_once = "Nobody has contacted the customer yet."
    wait_said(d, number, said_once)
    message = wait_reply(d, world, number, "Mona Manager: nobody has contac")
    assert mentions(world, message) == ["@Mona Manager"]
    wait_reply(d, world, number, "Max Manager: nobody has contacted")
    pages = wait_own_pages(world, 2)
    assert [assignees(page) for page in pages] == [
        [cast.manager_pd["id"]], [cast.second_manager_pd["id"]]]
    assert "Nobody has contacted" in page_texts(world)[0]
    wait_told(world, cast, "support_managers", "nobody has contacted")


@pytest.mark.parametrize("how", ["comment", "contacted", "call-started"])
def test_contact_by_a_person_ends_the_second_ladder(daemon, world, cast,
                                                    how):
    d = daemon(contact_within="1s", config=ladder(cast), **LONG)
    number, ticket = opened(d, world, cast, 0)
    acknowledged(d, world, number, cast.engineer_pd)
    wait_said(d, number, f"{RUNG} (1)")
    if how == "comment":
        comment(world, ticket, cast.engineer)
        d.wait_for_emergency(emergency_id=number, state="contacted")
    else:
        order(d, number, how)
    climbed_by_another(d, world, cast)
    assert rungs(d, number) == 1


def test_the_automatic_comment_is_no_contact_by_a_person(daemon, world,
                                                         cast):
    d = daemon(contact_within="1s", first_contact="automatic",
               config=ladder(cast), **LONG)
    number, _ = opened(d, world, cast, 0)
    acknowledged(d, world, number, cast.engineer_pd)
    d.wait_for_emergency(emergency_id=number, state="contacted")
    wait_said(d, number, f"{RUNG} (2)")


def test_a_decision_that_nobody_takes_is_reminded_and_goes_up_the_ladder(
        daemon, world, cast):
    """The 10 minutes pass while the daemon is stopped, and the rung's."""
    d = daemon(services=("slack",), follow_up_after="5s",
               downgrade_after="10m",
               config=ladder_with_slack(cast, first="10m", second="602s"))
    number = asked_step(d, world, cast)
    pass_while_stopped(d, 1201)
    wait_reply(d, world, number, "@Eng One Still waiting for your word")
    message = wait_reply(d, world, number, "Mona Manager: a decision is need")
    assert mentions(world, message) == ["@Mona Manager"]
    wait_told(world, cast, "support_managers", "a decision is needed")
    wait_reply(d, world, number, "Max Manager: a decision is needed")
    pages = wait_own_pages(world, 2)
    assert assignees(pages[0]) == [cast.manager_pd["id"]]
    assert "Nobody has decided" in page_texts(world)[0]


def test_a_decision_ends_its_ladder(daemon, world, cast):
    d = daemon(follow_up_after="5s", downgrade_after="10m",
               config=ladder(cast, first="10m", second="602s"))
    number = asked_step(d, world, cast)
    pass_while_stopped(d, 1201)
    wait_said(d, number, f"{RUNG} (1)")
    order(d, number, "replied")
    pass_while_stopped(d, 60)
    later_follow_up(d, world, cast)
    assert rungs(d, number) == 1


def asked_step(d, world, cast):
    """An emergency of Eng One's whose follow-up is asked."""
    ticket = urgent_ticket(world, cast, 100)
    comment(world, ticket, cast.engineer, 80)
    comment(world, ticket, cast.outsider, 60, body="I am with them.")
    d.zendesk_webhook.wait_idle()
    incident = page_for(world, cast, ticket, 90)
    world.pagerduty.acknowledge(incident, cast.engineer_pd)
    number = read(d, ticket)
    wait_asked(d, number, "follow_up")
    return number


def pass_while_stopped(d, seconds):
    """The question and its ladder become so much older."""
    d.stop()
    set_back(d, "UPDATE emergency_detail SET asked_ms = asked_ms - ?1, "
             "asked_last_ms = max(asked_last_ms - ?1, 0)", seconds * 1000)
    set_back(d, "UPDATE emergency SET wake_ms = 1")
    d.start()


# -- each page once --------------------------------------------------------

@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
def test_each_page_is_made_once_whatever_happens_to_the_call(
        daemon, world, cast, trouble):
    d = daemon(config=ladder(cast), **LONG)
    fault = world.pagerduty.fault("POST", r"/incidents$", **TROUBLES[trouble])
    number, _ = opened(d, world, cast, 0)
    fault.wait_hit()
    wait_own_pages(world, 2, 15)
    assert_paged_once(d, world, cast, number)


@pytest.mark.parametrize("after_effect", [False, True])
def test_each_page_is_made_once_although_it_is_killed(daemon, world, cast,
                                                      after_effect):
    d = daemon(config=ladder(cast), **LONG)
    killed = threading.Event()

    def kill(request):
        d.kill()
        killed.set()

    world.pagerduty.fault("POST", r"/incidents$", hook=kill,
                          after_effect=after_effect)
    number, _ = opened(d, world, cast, 0)
    assert killed.wait(10)
    d.start()
    wait_own_pages(world, 2, 15)
    assert_paged_once(d, world, cast, number)


def assert_paged_once(d, world, cast, number):
    """One page a rung, also when nothing more is on its way."""
    wait_said(d, number, "Paged Mona Manager.")
    wait_said(d, number, "Paged Max Manager.")
    calls_ended(d)
    assert sorted(assignees(page) for page in own_pages(world)) == sorted([
        [cast.manager_pd["id"]], [cast.second_manager_pd["id"]]])


# -- with less than everything ---------------------------------------------

def test_without_pagerduty_people_are_mentioned(daemon, world, cast):
    config = {"pagerduty": dict.fromkeys(
        ("api_token", "from", "page_service", "engineer_schedule",
         "manager_schedule")),
        "escalation head": {"after": "1s",
                            "user": cast.second_manager["email"]}}
    d = daemon(services=("slack",), config=config, **LONG)
    number, _ = opened(d, world, cast, 0)
    message = wait_reply(d, world, number, NOT_TAKEN)
    assert mentions(world, message) == ["@Max Manager"]
    assert not own_pages(world)


def test_without_slack_people_are_paged(daemon, world, cast):
    d = daemon(config=ladder(cast), **LONG)
    number, _ = opened(d, world, cast, 0)
    assert len(wait_own_pages(world, 2)) == 2
    wait_said(d, number, "Paged Max Manager.")


def test_a_rung_without_anybody_on_call_pages_the_service(daemon, world,
                                                          cast):
    world.pagerduty.clear_oncalls(cast.manager_schedule)
    d = daemon(services=("slack",), config=ladder(cast), **LONG)
    number, _ = opened(d, world, cast, 0)
    wait_reply(d, world, number, "Whoever is on call: nobody has taken")
    page = wait_own_pages(world, 1)[0]
    assert page["service"]["id"] == cast.manager_service["id"]
