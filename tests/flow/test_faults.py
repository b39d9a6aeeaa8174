"""Whatever goes wrong with an outgoing call, what it does takes effect once
and the emergency ends where it should."""

import time

import pytest
from harness import wait_until
from scenes import (all_read, comment, own_comments, page_for, said, seconds,
                    urgent_ticket, wait_said, writes)
from standins import Answer, RateLimit
from trials import (SHORT, TROUBLES, action, after,
                    assert_whole_story_once, begin, emergency_of,
                    followed_up, in_turn, log_lines, lowered, own_audits,
                    prepare, started, take_effect_late, wait_action,
                    wait_state)

# Which call meets the trouble: what happens before it, its method, its path.
ZENDESK_CALLS = {
    "the first read of the ticket": ([], "GET", "ticket"),
    "the first read of the comments": ([], "GET", "comments"),
    "the organization": ([], "GET", "organization"),
    "the look at the ticket": (["comments"], "GET", "ticket"),
    "the look at the comments": (["comments"], "GET", "comments"),
    "the follow-up": ([], "PUT", "ticket"),
    "the downgrade": (["PUT"], "PUT", "ticket"),
}
REFUSED = Answer(403, {"error": "Forbidden"})
KEY = "incident_key"


def arm(world, trial, call, trouble):
    """The call meets the trouble."""
    before, method, kind = ZENDESK_CALLS[call]
    steps = [("PUT", trial.path("ticket")) if step == "PUT"
             else ("GET", trial.path(step)) for step in before]
    after(world.zendesk, steps, lambda: world.zendesk.fault(
        method, trial.path(kind), **trouble))


def lost_webhooks(d):
    """The trials live by what the daemon reads; a webhook would be read in
    addition, and meet the trouble in its place."""
    d.zendesk_webhook.hold()


@pytest.mark.parametrize("call", ZENDESK_CALLS)
def test_a_zendesk_call_may_fail_in_any_way_once(daemon, world, cast, call):
    d = daemon(**SHORT)
    lost_webhooks(d)
    trials = [prepare(world, cast, name) for name in TROUBLES]
    for trial in trials:
        arm(world, trial, call, TROUBLES[trial.name])
        begin(world, cast, trial)
    for trial in trials:
        e = wait_state(d, trial, "downgraded", 25)
        assert e["held"] is None, e
        assert_whole_story_once(world, cast, trial)


def test_the_audits_may_fail_in_any_way_while_a_call_is_looked_up(
        daemon, world, cast):
    d = daemon(**SHORT)
    lost_webhooks(d)
    trials = [prepare(world, cast, name) for name in TROUBLES]
    for trial in trials:
        world.zendesk.fault("PUT", trial.path("ticket"), reset=True,
                            after_effect=True)
        world.zendesk.fault("GET", trial.path("audits"),
                            **TROUBLES[trial.name])
        begin(world, cast, trial)
    for trial in trials:
        wait_state(d, trial, "downgraded", 25)
        assert_whole_story_once(world, cast, trial)
        assert len(writes(world, trial.ticket)) == 2


def test_the_first_comment_may_fail_in_any_way_once(daemon, world, cast):
    d = daemon(first_contact="automatic", follow_up_after="10m")
    lost_webhooks(d)
    trials = [prepare(world, cast, name, contacted_ago_s=None)
              for name in TROUBLES]
    for trial in trials:
        world.zendesk.fault("PUT", trial.path("ticket"),
                            **TROUBLES[trial.name])
        begin(world, cast, trial)
        world.pagerduty.acknowledge(trial.incident, cast.engineer_pd)
    for trial in trials:
        e = wait_state(d, trial, "contacted", 20)
        assert len(own_comments(world, cast, trial.ticket)) == 1
        assert action(e, "first_contact")["state"] == "done"
        assert e["next"]["step"] == "follow_up"


def test_back_to_urgent_may_fail_in_any_way_once(daemon, world, cast):
    d = daemon(follow_up_after="10m", downgrade_after="10m")
    lost_webhooks(d)
    trials = [started(world, cast, name) for name in TROUBLES]
    for trial in trials:
        number = wait_state(d, trial, "contacted")["id"]
        assert d.command(number, "downgrade")[0] == 200
    for trial in trials:
        number = wait_state(d, trial, "downgraded")["id"]
        world.zendesk.fault("PUT", trial.path("ticket"),
                            **TROUBLES[trial.name])
        assert d.command(number, "urgent")[0] == 200
    for trial in trials:
        wait_action(d, trial, "urgent", "done", 20)
        assert wait_state(d, trial, "engaged")["ticket"]["priority"] == (
            trial.ticket["priority"]) == "urgent"
        assert len(own_audits(world, cast, trial)) == 2


def test_a_ticket_that_turned_urgent_opens_though_its_history_fails_once(
        daemon, world, cast):
    d = daemon(follow_up_after="10m")
    tickets = {}
    for name, trouble in TROUBLES.items():
        ticket = urgent_ticket(world, cast, 0, subject=name,
                               priority="normal")
        world.zendesk.fault("GET", rf"/tickets/{ticket['id']}/audits",
                            **trouble)
        world.zendesk.update(ticket, by=cast.engineer, priority="urgent")
        tickets[ticket["id"]] = name
    wait_until(lambda: {e["ticket"]["id"] for e in d.emergencies()}
               >= set(tickets), 15, "an emergency of each",
               lambda: [e["ticket"]["subject"] for e in d.emergencies()])
    assert len(d.emergencies()) == len(tickets)


# -- calls that are of no one emergency -------------------------------------


@pytest.mark.parametrize("name", TROUBLES)
def test_the_token_may_fail_in_any_way_once(daemon, world, cast, name):
    d = daemon(start=False, **SHORT)
    trial = started(world, cast)
    trouble = world.zendesk.fault("POST", "/oauth/tokens", **TROUBLES[name])
    d.start()
    wait_state(d, trial, "downgraded")
    assert trouble.hits == 1
    assert_whole_story_once(world, cast, trial)


def test_the_polls_calls_may_fail_in_any_way_and_polling_goes_on(
        daemon, world, cast):
    d = daemon(config={"zendesk": {"poll_every": "100ms"}}, start=False,
               follow_up_after="10m")
    lost_webhooks(d)
    d.pagerduty_webhook.hold()
    known = prepare(world, cast, "known", contacted_ago_s=None)
    known.incident = page_for(world, cast, known.ticket)
    met = [in_turn(world.zendesk, "GET", path, TROUBLES.values())
           for path in ("/users/me", "/search", "/show_many")]
    met += [in_turn(world.pagerduty, "GET", path, TROUBLES.values())
            for path in (rf"/incidents/{known.incident['id']}$",
                         "/webhook_subscriptions")]
    d.start()
    d.pagerduty_webhook.release()
    wait_until(lambda: all(count() == len(TROUBLES) for count in met), 40,
               "every trouble", lambda: [count() for count in met])
    missed = urgent_ticket(world, cast, 0)
    world.zendesk.comment(known.ticket, cast.engineer, "I am here.")
    world.pagerduty.acknowledge(known.incident, cast.engineer_pd)
    e = wait_state(d, known, "contacted")
    wait_until(lambda: d.emergency(e["id"])["pages"][0]["status"]
               == "acknowledged", 10, "the acknowledgement")
    d.wait_for_emergency(ticket=missed["id"])


def test_without_knowing_who_we_are_our_comments_are_still_ours(
        daemon, world, cast):
    d = daemon(start=False, zendesk_webhook="events", **SHORT)
    world.zendesk.fault("GET", "/users/me", times=None, answer=Answer(500))
    trial = started(world, cast)
    d.start()
    e = wait_state(d, trial, "downgraded")
    assert_whole_story_once(world, cast, trial)
    assert not said(d, e["id"], "The engineer commented again")


@pytest.mark.parametrize("name", TROUBLES)
def test_suspended_replies_are_asked_for_until_zendesk_has_told(
        daemon, world, cast, name):
    world.zendesk.set_client_user(cast.manager)
    d = daemon(**SHORT)
    lost_webhooks(d)
    world.zendesk.fault("GET", "/suspended_tickets", **TROUBLES[name])
    trial = prepare(world, cast, "Production is down")
    world.zendesk.suspend("Carol", "carol@home.example", "Re:", "I am here",
                          ticket=trial.ticket)
    begin(world, cast, trial)
    e = wait_until(lambda: (e := emergency_of(d, trial)) and e["held"]
                   and e, 15, "the question", lambda: emergency_of(d, trial))
    assert "suspended" in e["held_why"]
    assert not writes(world, trial.ticket)


# -- PagerDuty --------------------------------------------------------------


def test_the_alerts_of_a_page_may_fail_in_any_way_once(daemon, world, cast):
    d = daemon(follow_up_after="10m")
    trials = [prepare(world, cast, name) for name in TROUBLES]
    for trial in trials:
        with world.changed:  # so that nothing is asked before
            trial.incident = world.pagerduty.trigger(
                "An emergency", cast.service,
                at=world.pagerduty.clock.ago(60),
                alerts=[{"details": f"ticket #{trial.ticket['id']}"}])
            world.pagerduty.fault(
                "GET", rf"/incidents/{trial.incident['id']}/alerts",
                **TROUBLES[trial.name])
    for trial in trials:
        e = wait_state(d, trial, "contacted")
        assert [page["incident_id"] for page in e["pages"]] == [
            trial.incident["id"]]
    assert len(d.emergencies()) == len(trials)


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_resolving_a_page_may_fail_in_any_way_once(daemon, world, cast,
                                                   method):
    d = daemon(resolve_on_contact="yes", follow_up_after="10m")
    trials = [prepare(world, cast, name) for name in TROUBLES]
    for trial in trials:
        with world.changed:  # so that nothing is asked before
            begin(world, cast, trial)
            world.pagerduty.fault(
                method, rf"/incidents/{trial.incident['id']}$",
                **TROUBLES[trial.name])
    for trial in trials:
        wait_action(d, trial, "resolve_page", "done")
        assert trial.incident["status"] == "resolved"
        resolved = [delivery for delivery in d.pagerduty_webhook.deliveries
                    if delivery.what == "incident.resolved"
                    and trial.incident["id"] in delivery.body.decode()]
        assert len(resolved) == 1


@pytest.mark.parametrize("kind", ["resolve_page", "ack_page"])
def test_who_is_faster_than_our_call_has_done_it(daemon, world, cast, kind):
    """Between the look at the page and the call; nobody is asked to help."""
    d = daemon(resolve_on_contact="yes", follow_up_after="10m")
    trial = prepare(world, cast, "Production is down",
                    10 if kind == "resolve_page" else None)
    act = {"resolve_page": world.pagerduty.resolve,
           "ack_page": world.pagerduty.acknowledge}[kind]
    fault = world.pagerduty.fault(
        "PUT", "/incidents/", hook=lambda request: act(
            trial.incident, cast.bot_pd))
    begin(world, cast, trial)
    if kind == "ack_page":
        number = wait_state(d, trial, "paged")["id"]
        assert d.command(number, "ack")[0] == 200
    wait_action(d, trial, kind, "done")
    assert fault.hits == 1
    assert not log_lines(d, "CALL-PARKED")


@pytest.mark.parametrize("name", TROUBLES)
@pytest.mark.parametrize("call", ["create", "find"])
def test_paging_may_fail_in_any_way_once(daemon, world, cast, call, name):
    d = daemon(page_if_missing="100ms", follow_up_after="10m")
    if call == "find":
        world.pagerduty.fault("POST", "/incidents$", reset=True,
                              after_effect=True)
    world.pagerduty.fault("POST" if call == "create" else "GET",
                          "/incidents$", **TROUBLES[name])
    ticket = urgent_ticket(world, cast, 0)
    e = d.wait_for_emergency(ticket=ticket["id"])
    wait_until(lambda: [each["state"] for each in
                        d.emergency(e["id"])["actions"]] == ["done"], 15,
               "a page", lambda: d.emergency(e["id"]))
    assert len(world.pagerduty.incidents) == 1
    assert [page["incident_id"] for page in d.emergency(e["id"])["pages"]
            ] == list(world.pagerduty.incidents)


def test_a_page_that_took_effect_late_is_found_by_its_key(daemon, world,
                                                          cast):
    d = daemon(page_if_missing="100ms")
    world.pagerduty.fault("POST", "/incidents$", reset=True)

    def late(request):
        given = world.pagerduty.received("POST", "/incidents$")[0].json
        world.pagerduty.trigger(given["incident"]["title"], cast.service,
                                incident_key=request.arg(KEY))

    # It is looked for, not found, and only then it takes effect.
    world.pagerduty.fault("GET", "/incidents$", after_effect=True, hook=late)
    d.pagerduty_webhook.hold()  # or that would tell of it
    ticket = urgent_ticket(world, cast, 0)
    e = d.wait_for_emergency(ticket=ticket["id"])
    wait_until(lambda: [each for each in d.emergency(e["id"])["actions"]
                        if each["state"] == "done"], 10, "the page")
    second = world.pagerduty.received("POST", "/incidents$")[1]
    assert second.status == 400  # code 2002: there is one of this key
    assert [page["incident_id"] for page in d.emergency(e["id"])["pages"]
            ] == list(world.pagerduty.incidents)
    assert len(world.pagerduty.incidents) == 1


def test_a_subscription_that_was_switched_off_is_switched_on_again(
        daemon, world, cast):
    d = daemon(config={"zendesk": {"poll_every": "100ms"}})
    with world.changed:
        d.pagerduty_webhook.temporarily_disabled = True
    world.wait_for(lambda: not d.pagerduty_webhook.temporarily_disabled, 10,
                   "the subscription")
    assert log_lines(d, "SUBSCRIPTION-OFF")
    ticket = urgent_ticket(world, cast)
    page_for(world, cast, ticket)
    d.wait_for_emergency(ticket=ticket["id"])


# -- time-outs: in parallel, since each takes 10 s --------------------------


@pytest.mark.time_limit(90)
def test_calls_that_are_never_answered_are_given_up_and_done_once(
        daemon, world, cast):
    d = daemon(**SHORT)
    lost_webhooks(d)
    calls = ["the first read of the ticket", "the look at the comments",
             "the follow-up", "the downgrade"]
    trials = [prepare(world, cast, f"{call} {effect}") for call in calls
              for effect in ("without effect", "with effect")]
    for trial in trials:
        arm(world, trial, next(c for c in calls if trial.name.startswith(c)),
            {"silent": True, "after_effect": "with effect" in trial.name})
        begin(world, cast, trial)
    for trial in trials:
        wait_state(d, trial, "downgraded", 50)
        assert_whole_story_once(world, cast, trial)


# -- unknown ends -----------------------------------------------------------


def test_what_took_effect_unseen_is_found_by_its_mark_and_not_sent_again(
        daemon, world, cast):
    d = daemon(**SHORT)
    lost_webhooks(d)
    world.zendesk.fault("PUT", "/tickets/", times=2, reset=True,
                        after_effect=True)
    trial = started(world, cast)
    e = wait_state(d, trial, "downgraded")
    assert_whole_story_once(world, cast, trial)
    assert len(writes(world, trial.ticket)) == 2
    assert [action(e, kind)["attempts"] for kind in (
        "follow_up", "downgrade")] == [1, 1]


@pytest.mark.parametrize("moment", [
    "before its audits are read", "after its audits were read",
    "after the second attempt"])
@pytest.mark.parametrize("step", ["follow_up", "downgrade"])
def test_a_first_attempt_that_takes_effect_late_never_doubles(
        daemon, world, cast, step, moment):
    d = daemon(**SHORT)
    lost_webhooks(d)
    trial = prepare(world, cast, "Production is down")
    first = []
    accepted = []

    def late(request):
        accepted.append(take_effect_late(world, first[0]))

    def lose(request):
        first.append(request)
        if moment == "after the second attempt":
            after(world.zendesk, [("GET", trial.path("audits"))],
                  lambda: world.zendesk.fault(
                      "PUT", trial.path("ticket"), hook=late,
                      after_effect=True))
        else:
            world.zendesk.fault("GET", trial.path("audits"), hook=late,
                                after_effect=moment.startswith("after"))

    after(world.zendesk, [("PUT", trial.path("ticket"))]
          if step == "downgrade" else [],
          lambda: world.zendesk.fault("PUT", trial.path("ticket"),
                                      reset=True, hook=lose))
    begin(world, cast, trial)
    wait_state(d, trial, "downgraded", 20)
    assert accepted == [moment != "after the second attempt"]
    assert_whole_story_once(world, cast, trial)


@pytest.mark.parametrize("webhook", ["trigger", "events"])
@pytest.mark.parametrize("moment", ["during the next look", "before it"])
def test_a_late_downgrade_of_ours_is_no_persons(daemon, world, cast, webhook,
                                                moment):
    """Zendesk tells of it, and it is read by others, before it is known
    that it took effect after all."""
    d = daemon(zendesk_webhook=webhook, **SHORT)
    trial = prepare(world, cast, "Production is down")
    first = []

    def late(request):
        assert take_effect_late(world, first[0])
        d.zendesk_webhook.wait_idle()

    def lose(request):
        first.append(request)
        path = trial.path("comments")
        after(world.zendesk, [("GET", trial.path("audits"))],
              lambda: world.zendesk.fault(
                  "GET", path, hook=late, after_effect=True,
                  **({"answer": Answer(503)} if moment == "before it"
                     else {})))

    after(world.zendesk, [("PUT", trial.path("ticket"))],
          lambda: world.zendesk.fault("PUT", trial.path("ticket"),
                                      reset=True, hook=lose))
    begin(world, cast, trial)
    wait_state(d, trial, "downgraded", 20)
    assert_whole_story_once(world, cast, trial)


@pytest.mark.parametrize("webhook", ["trigger", "events"])
@pytest.mark.parametrize("step", ["follow_up", "downgrade"])
def test_what_arrives_after_it_was_given_up_is_not_sent_again(
        daemon, world, cast, webhook, step):
    """A person extends while nobody knows what became of the attempt."""
    d = daemon(zendesk_webhook=webhook, **SHORT)
    trial = prepare(world, cast, "Production is down")
    first = []

    def late(request):
        number = emergency_of(d, trial)["id"]
        assert d.command(number, "extend", for_="2s")[0] == 200
        assert take_effect_late(world, first[0])
        d.zendesk_webhook.wait_idle()

    def lose(request):
        first.append(request)
        after(world.zendesk, [("GET", trial.path("audits"))],
              lambda: world.zendesk.fault("GET", trial.path("comments"),
                                          hook=late, after_effect=True))

    after(world.zendesk, [("PUT", trial.path("ticket"))]
          if step == "downgrade" else [],
          lambda: world.zendesk.fault("PUT", trial.path("ticket"),
                                      reset=True, hook=lose))
    begin(world, cast, trial)
    e = wait_state(d, trial, "downgraded", 20)
    assert_whole_story_once(world, cast, trial)
    assert seconds(e["followed_up_at"], e["downgraded_at"]) >= 2


@pytest.mark.parametrize("webhook", ["trigger", "events"])
def test_who_lowers_it_while_our_downgrade_is_in_doubt_ends_it(
        daemon, world, cast, webhook):
    d = daemon(zendesk_webhook=webhook, **SHORT)
    trial = prepare(world, cast, "Production is down")

    def lower(request):
        world.zendesk.update(trial.ticket, by=cast.engineer,
                             priority="normal")
        d.zendesk_webhook.wait_idle()

    after(world.zendesk, [("PUT", trial.path("ticket"))],
          lambda: world.zendesk.fault("PUT", trial.path("ticket"),
                                      reset=True, hook=lower))
    begin(world, cast, trial)
    e = wait_state(d, trial, "closed", 20)
    assert "to normal" in e["closed_why"]
    assert (followed_up(world, cast, trial), lowered(world, trial)) == (1, 0)


def test_a_reply_while_an_attempt_is_unknown_ends_the_step(daemon, world,
                                                           cast):
    d = daemon(**SHORT)
    lost_webhooks(d)
    trial = prepare(world, cast, "Production is down")
    customer = trial.ticket["requester_id"]
    after(world.zendesk, [("PUT", trial.path("ticket"))],
          lambda: world.zendesk.fault(
              "PUT", trial.path("ticket"), reset=True,
              hook=lambda request: world.zendesk.comment(
                  trial.ticket, customer, "I am here!")))
    begin(world, cast, trial)
    e = wait_state(d, trial, "engaged")
    wait_action(d, trial, "downgrade", "cancelled")
    assert e["downgraded_at"] is None
    assert (lowered(world, trial), followed_up(world, cast, trial)) == (0, 1)


# -- 409: somebody was faster -----------------------------------------------


@pytest.mark.parametrize("step", ["follow_up", "downgrade"])
def test_a_reply_that_comes_right_before_the_write_wins(daemon, world, cast,
                                                        step):
    d = daemon(**SHORT)
    lost_webhooks(d)
    trial = prepare(world, cast, "Production is down")
    customer = trial.ticket["requester_id"]
    steps = [("PUT", trial.path("ticket"))] if step == "downgrade" else []
    after(world.zendesk, steps, lambda: world.zendesk.fault(
        "PUT", trial.path("ticket"), hook=lambda request:
            world.zendesk.comment(trial.ticket, customer, "I am here!")))
    begin(world, cast, trial)
    wait_state(d, trial, "engaged")
    wait_action(d, trial, step, "cancelled")
    assert [r.status for r in writes(world, trial.ticket)] == (
        [200, 409] if steps else [409])
    assert (lowered(world, trial), followed_up(world, cast, trial)) == (
        0, len(steps))


@pytest.mark.parametrize("step", ["follow_up", "downgrade"])
def test_after_an_unrelated_change_it_looks_again_and_writes(
        daemon, world, cast, step):
    d = daemon(**SHORT)
    lost_webhooks(d)
    trial = prepare(world, cast, "Production is down")
    steps = [("PUT", trial.path("ticket"))] if step == "downgrade" else []
    after(world.zendesk, steps, lambda: world.zendesk.fault(
        "PUT", trial.path("ticket"), hook=lambda request:
            world.zendesk.update(trial.ticket, by=cast.engineer,
                                 subject="Still down")))
    begin(world, cast, trial)
    e = wait_state(d, trial, "downgraded", 20)
    assert [r.status for r in writes(world, trial.ticket)].count(409) == 1
    assert_whole_story_once(world, cast, trial)
    assert e["ticket"]["subject"] == "Still down"


def test_a_lowering_that_comes_right_before_the_downgrade_wins(
        daemon, world, cast):
    d = daemon(**SHORT)
    lost_webhooks(d)
    trial = prepare(world, cast, "Production is down")
    after(world.zendesk, [("PUT", trial.path("ticket"))],
          lambda: world.zendesk.fault(
              "PUT", trial.path("ticket"), hook=lambda request:
              world.zendesk.update(trial.ticket, by=cast.engineer,
                                   priority="normal")))
    begin(world, cast, trial)
    e = wait_state(d, trial, "closed")
    assert "normal" in e["closed_why"]
    assert (trial.ticket["priority"], lowered(world, trial)) == ("normal", 0)


# -- credentials ------------------------------------------------------------


def test_a_401_renews_the_token_once_and_the_call_goes_on(daemon, world,
                                                          cast):
    d = daemon(**SHORT)
    lost_webhooks(d)
    for read in ("/users/me", "/search"):  # else they meet it too
        world.zendesk.wait_for_request("GET", read, answered=True)
    world.zendesk.fault("GET", "/comments", after_effect=True, times=2,
                        hook=lambda request: world.zendesk.revoke_tokens())
    trial = started(world, cast)
    wait_state(d, trial, "downgraded")
    tokens = world.zendesk.received("POST", "/oauth/tokens")
    # Calls that were under way beside each other meet it together.
    refused = {r.headers["Authorization"] for r in world.zendesk.requests
               if r.status == 401}
    assert (len(tokens), len(refused)) == (3, 2)
    assert_whole_story_once(world, cast, trial)


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_pause_the_service_with_one_line(
        daemon, world, cast, status):
    d = daemon(**SHORT)
    lost_webhooks(d)
    trials = [prepare(world, cast, name) for name in ("one", "two", "three")]
    wait_until(lambda: world.zendesk.received("GET", "/search"), 10, "a poll")
    wait_until(lambda: world.zendesk.received("GET", "/users/me"), 10, "me")
    refusal = world.zendesk.fault("*", "/api/v2/", times=None,
                                  answer=Answer(status, {"error": "No"}))
    for trial in trials:
        begin(world, cast, trial)
    wait_until(lambda: log_lines(d, "SERVICE-REFUSES-US"), 10, "the line")
    wait_until(lambda: all(
        "refused" in (each["error"] or "") for each in
        d.api_get("/api/outbox")[1]["actions"]
        if each["kind"] == "read_ticket"), 10, "all to wait",
        lambda: d.api_get("/api/outbox"))
    seen = len(world.zendesk.requests)
    # Meanwhile the other service is served, and time passes.
    world.pagerduty.trigger("No ticket at all", cast.service, alerts=[{}])
    wait_until(lambda: world.pagerduty.received("GET", "/alerts"), 10, "PD")
    assert len(log_lines(d, "SERVICE-REFUSES-US")) == 1
    assert len(world.zendesk.requests) - seen <= 1
    refusal.cancel()
    d.reload()
    for trial in trials:
        wait_state(d, trial, "downgraded", 20)
        assert_whole_story_once(world, cast, trial)


def test_a_wrong_client_secret_pauses_zendesk_with_one_line(daemon, world,
                                                            cast):
    d = daemon(start=False, **SHORT)
    lost_webhooks(d)
    secret, world.zendesk.client_secret = world.zendesk.client_secret, "new"
    trials = [started(world, cast, name) for name in ("one", "two")]
    d.start()
    wait_until(lambda: log_lines(d, "SERVICE-REFUSES-US"), 10, "the line",
               d.stderr)
    world.pagerduty.wait_for_request("GET", "/webhook_subscriptions")
    asked = len(world.zendesk.received("POST", "/oauth/tokens"))
    page = world.pagerduty.trigger("No ticket at all", cast.service,
                                   alerts=[{}])
    world.pagerduty.wait_for_request("GET", rf"/{page['id']}/alerts")
    assert len(log_lines(d, "SERVICE-REFUSES-US")) == 1
    assert len(world.zendesk.received("POST", "/oauth/tokens")) - asked <= 1
    world.zendesk.client_secret = secret
    d.reload()
    for trial in trials:
        wait_state(d, trial, "downgraded", 20)
        assert_whole_story_once(world, cast, trial)


@pytest.mark.time_limit(120)
def test_refused_services_are_probed_each_minute_and_go_on(daemon, world,
                                                           cast):
    d = daemon(resolve_on_contact="yes", **SHORT)
    lost_webhooks(d)
    wait_until(lambda: world.zendesk.received("GET", "/search"), 10, "a poll")
    refusals = [service.fault("*", path, times=None, answer=REFUSED)
                for service, path in ((world.zendesk, "/api/v2/"),
                                      (world.pagerduty, "/"))]
    trials = [prepare(world, cast, name) for name in ("one", "two")]
    for trial in trials:
        begin(world, cast, trial)
    wait_until(lambda: len(log_lines(d, "SERVICE-REFUSES-US")) >= 1, 10,
               "the refusal")
    for trial in trials:
        e = wait_until(lambda: emergency_of(d, trial), 10, "an emergency")
        assert d.command(e["id"], "contacted", how="a call")[0] == 200
    wait_until(lambda: len(log_lines(d, "SERVICE-REFUSES-US")) == 2, 10,
               "both refusals")
    for refusal in refusals:
        refusal.cancel()
    for trial in trials:
        wait_state(d, trial, "downgraded", 75)
        wait_action(d, trial, "resolve_page", "done")
        assert_whole_story_once(world, cast, trial)
    assert len(log_lines(d, "SERVICE-BACK")) == 2
    assert len(log_lines(d, "SERVICE-REFUSES-US")) == 2


# -- parked -----------------------------------------------------------------


@pytest.mark.parametrize("status", [403, 404, 422])
@pytest.mark.parametrize("call", ["the follow-up", "the downgrade"])
def test_a_refused_write_is_parked_told_and_sent_by_retry(daemon, world,
                                                          cast, call, status):
    d = daemon(**SHORT)
    lost_webhooks(d)
    refused = prepare(world, cast, "refused")
    arm(world, refused, call, {"answer": Answer(status, {"error": "No"})})
    begin(world, cast, refused)
    other = started(world, cast, "other")
    kind = "follow_up" if "follow" in call else "downgrade"
    parked = wait_action(d, refused, kind, "parked")
    e = emergency_of(d, refused)
    assert str(status) in parked["error"] and parked["attempts"] == 1
    prompt = wait_said(d, e["id"], "do it by hand")
    assert (prompt["kind"], str(parked["id"]) in prompt["text"]) == (
        "prompt", True)
    wait_state(d, other, "downgraded")
    assert_whole_story_once(world, cast, other)
    assert not lowered(world, refused)
    assert d.api_post(f"/api/outbox/{parked['id']}/retry",
                      {"by": "Tess Test"})[0] == 200
    wait_state(d, refused, "downgraded")
    assert_whole_story_once(world, cast, refused)
    assert action(emergency_of(d, refused), kind)["id"] == parked["id"]


@pytest.mark.parametrize("call, status", [
    ("the look at the ticket", 403), ("the look at the ticket", 422),
    ("the look at the comments", 403), ("the look at the comments", 404),
    ("the look at the comments", 422)])
def test_a_refused_look_parks_its_step(daemon, world, cast, call, status):
    d = daemon(**SHORT)
    lost_webhooks(d)
    refused = prepare(world, cast, "refused")
    arm(world, refused, call, {"answer": Answer(status, {"error": "No"})})
    begin(world, cast, refused)
    other = started(world, cast, "other")
    parked = wait_action(d, refused, "follow_up", "parked")
    wait_said(d, emergency_of(d, refused)["id"], "do it by hand")
    wait_state(d, other, "downgraded")
    assert not writes(world, refused.ticket)
    assert d.api_post(f"/api/outbox/{parked['id']}/retry",
                      {"by": "Tess Test"})[0] == 200
    wait_state(d, refused, "downgraded")
    assert_whole_story_once(world, cast, refused)


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_a_refused_page_is_parked_and_zendesk_goes_on(daemon, world, cast,
                                                      status):
    d = daemon(resolve_on_contact="yes", **SHORT)
    lost_webhooks(d)
    world.pagerduty.fault("PUT", "/incidents/",
                          answer=Answer(status, {"error": {"code": 2001}}))
    trial = started(world, cast)
    parked = wait_action(d, trial, "resolve_page", "parked")
    wait_said(d, emergency_of(d, trial)["id"], "do it by hand")
    wait_state(d, trial, "downgraded")
    assert_whole_story_once(world, cast, trial)
    assert trial.incident["status"] != "resolved"
    assert d.api_post(f"/api/outbox/{parked['id']}/retry",
                      {"by": "Tess Test"})[0] == 200
    wait_action(d, trial, "resolve_page", "done")
    assert trial.incident["status"] == "resolved"


def test_a_ticket_that_is_gone_at_the_look_gets_nothing(daemon, world, cast):
    d = daemon(**SHORT)
    trial = started(world, cast, contacted_ago_s=None)
    wait_state(d, trial, "paged")
    all_read(d)

    def gone():
        lost_webhooks(d)
        world.zendesk.delete(trial.ticket, by=cast.engineer)

    after(world.zendesk, [("GET", trial.path("comments"))], gone)
    comment(world, trial.ticket, cast.engineer, 10)
    assert wait_state(d, trial, "closed")["closed_why"] == "deleted"
    assert not writes(world, trial.ticket)


# -- one service waits for no other -----------------------------------------


@pytest.mark.parametrize("how", ["down", "silent"])
def test_pagerduty_out_of_order_does_not_delay_zendesk(daemon, world, cast,
                                                       how):
    d = daemon(resolve_on_contact="yes", page_if_missing="100ms", **SHORT)
    lost_webhooks(d)
    trials = [prepare(world, cast, str(n)) for n in range(3)]
    world.pagerduty.wait_for_request("GET", "/webhook_subscriptions",
                                     answered=True)
    for trial in trials:
        begin(world, cast, trial)
    if how == "down":
        world.pagerduty.go_down()
    else:
        world.pagerduty.fault("*", "", times=None, silent=True)
    for trial in trials:
        wait_state(d, trial, "downgraded", 8)
        assert_whole_story_once(world, cast, trial)
    if how == "down":
        world.pagerduty.come_up()
    else:
        world.pagerduty.clear_faults()
    for trial in trials:
        wait_action(d, trial, "resolve_page", "done", 20)
        assert trial.incident["status"] == "resolved"


@pytest.mark.parametrize("how", ["down", "silent"])
def test_zendesk_out_of_order_does_not_delay_pagerduty(daemon, world, cast,
                                                       how):
    d = daemon(resolve_on_contact="yes", **SHORT)
    trial = prepare(world, cast, "Production is down")
    if how == "down":
        world.zendesk.go_down()
    else:
        world.zendesk.fault("*", "", times=None, silent=True)
    begin(world, cast, trial)
    e = d.wait_for_emergency(ticket=trial.ticket["id"])
    d.command(e["id"], "contacted", how="a call")
    wait_action(d, trial, "resolve_page", "done", 5)
    assert trial.incident["status"] == "resolved"
    if how == "down":
        world.zendesk.come_up()
    else:
        world.zendesk.clear_faults()
    wait_state(d, trial, "downgraded", 25)
    assert_whole_story_once(world, cast, trial)


# -- Retry-After ------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(daemon, world, cast, status):
    d = daemon(**SHORT)
    lost_webhooks(d)
    trials = [prepare(world, cast, name) for name in ("first", "second")]
    path = trials[0].path("ticket")
    came = []
    world.zendesk.fault("*", "/api/v2", times=None, hook=lambda request:
                        came.append((time.monotonic(), request.path)))
    told = []
    world.zendesk.fault(
        "PUT", path, answer=Answer(status, headers={"Retry-After": "4"}),
        hook=lambda request: (told.append(time.monotonic()),
                              begin(world, cast, trials[1])))
    begin(world, cast, trials[0])
    wait_state(d, trials[0], "followed_up")
    own = [at for at, where in came if at > told[0]
           and f"/{trials[0].ticket['id']}" in where]
    assert own[0] - told[0] >= 3.9
    # Too many requests are the whole service's trouble.
    others = [at for at, where in came if at > told[0] + 0.5]
    assert (others[0] - told[0] >= 3.9) == (status == 429)


def test_many_calls_in_a_minute_wait_and_all_take_effect_once(daemon, world,
                                                              cast):
    d = daemon(**SHORT)
    lost_webhooks(d)
    world.zendesk.wait_for_request("GET", "/search", answered=True)
    world.zendesk.rate_limit = RateLimit(12, 1.0)
    trials = [started(world, cast, str(n)) for n in range(8)]
    for trial in trials:
        wait_state(d, trial, "downgraded", 40)
        assert_whole_story_once(world, cast, trial)
    assert any(r.status == 429 for r in world.zendesk.requests)
