"""Proves what the flow tests rely on: who is on call, how pages are passed
on, whom Zendesk knows, and what its macros would do."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest

from standins.clock import iso_seconds, parse_iso


def events(subscription):
    """What a subscription sent, as (type, agent's id, data)."""
    sent = [delivery.json["event"] for delivery in subscription.deliveries]
    return [(event["event_type"],
             event["agent"] and event["agent"]["id"], event["data"])
            for event in sent]


def ids(references):
    return [reference["id"] for reference in references]


@pytest.fixture
def incident(world, cast):
    return world.pagerduty.trigger("Down", cast.service)


@pytest.fixture
def oncalls(pagerduty, cast):
    """The entries of the engineers' schedule, between two moments."""
    def get(since=None, until=None, **more):
        query = {"schedule_ids[]": cast.engineer_schedule["id"], **more}
        if since:
            query.update(since=iso_seconds(since), until=iso_seconds(until))
        return pagerduty("GET", "/oncalls?" + urlencode(query))[2]

    return get


# -- on-calls --------------------------------------------------------------


def test_now_and_next(oncalls, cast):
    assert ids(entry["user"] for entry in oncalls()["oncalls"]) == [
        cast.engineer_pd["id"]]
    end = cast.shift_end
    both = oncalls(end - timedelta(minutes=1), end + timedelta(minutes=1),
                   **{"include[]": "users"})
    assert [entry["user"]["email"] for entry in both["oncalls"]] == [
        "engineer@example.com", "second@example.com"]
    first, second = both["oncalls"]
    assert first["end"] == second["start"] == iso_seconds(end)
    assert first["schedule"]["id"] == cast.engineer_schedule["id"]
    assert first["escalation_policy"]["id"] == cast.policy["id"]
    assert first["user"]["time_zone"] == "Etc/UTC"


def test_users_are_references_unless_included(oncalls, cast):
    user = oncalls()["oncalls"][0]["user"]
    assert user["type"] == "user_reference"
    assert "email" not in user


def test_a_shift_takes_its_time_from_others(oncalls, world, cast):
    now = world.pagerduty.clock.now()
    start, end = now - timedelta(minutes=5), now + timedelta(minutes=5)
    world.pagerduty.set_shift(cast.engineer_schedule, cast.manager_pd,
                              start, end)
    assert ids(entry["user"] for entry in oncalls()["oncalls"]) == [
        cast.manager_pd["id"]]
    around = oncalls(start - timedelta(minutes=1), end + timedelta(hours=1))
    assert [(entry["user"]["id"], entry["start"] < iso_seconds(now))
            for entry in around["oncalls"]][:3] == [
        (cast.engineer_pd["id"], True), (cast.manager_pd["id"], True),
        (cast.engineer_pd["id"], False)]


def test_oncalls_come_in_pages(oncalls, cast):
    end = cast.shift_end
    since, until = end - timedelta(minutes=1), end + timedelta(minutes=1)
    first = oncalls(since, until, limit=1)
    assert (len(first["oncalls"]), first["more"]) == (1, True)
    second = oncalls(since, until, limit=1, offset=1)
    assert (len(second["oncalls"]), second["more"]) == (1, False)


def test_earliest_is_one_for_each_user(oncalls, world, cast):
    end = cast.shift_end
    world.pagerduty.set_shift(cast.engineer_schedule, cast.engineer_pd,
                              end + timedelta(hours=1),
                              end + timedelta(hours=2))
    since, until = end - timedelta(hours=1), end + timedelta(hours=3)
    assert len(oncalls(since, until)["oncalls"]) == 4
    assert len(oncalls(since, until, earliest="true")["oncalls"]) == 2


def test_a_time_must_be_one(pagerduty):
    status, _, answer = pagerduty("GET", "/oncalls?since=yesterday")
    assert (status, answer["error"]["code"]) == (400, 2001)


def test_schedules(pagerduty, cast):
    path = f"/schedules/{cast.engineer_schedule['id']}"
    end = cast.shift_end
    query = "?" + urlencode({
        "since": iso_seconds(end - timedelta(minutes=1)),
        "until": iso_seconds(end + timedelta(minutes=1))})
    schedule = pagerduty("GET", path + query)[2]["schedule"]
    assert ids(schedule["users"]) == [cast.engineer_pd["id"],
                                      cast.second_pd["id"]]
    entries = schedule["final_schedule"]["rendered_schedule_entries"]
    assert [parse_iso(entry["start"]) for entry in entries][1] == end
    assert pagerduty("GET", path)[2]["schedule"]["final_schedule"][
        "rendered_schedule_entries"] == []
    users = pagerduty("GET", f"{path}/users")[2]["users"]
    assert [user["email"] for user in users] == ["engineer@example.com"]
    found = pagerduty("GET", "/schedules?query=manag")[2]["schedules"]
    assert ids(found) == [cast.manager_schedule["id"]]
    assert pagerduty("GET", "/schedules/PXXXX")[0] == 404


def test_users_by_email_and_id(pagerduty, cast):
    found = pagerduty("GET", "/users?query=second@example.com")[2]["users"]
    assert ids(found) == [cast.second_pd["id"]]
    user = pagerduty("GET", f"/users/{cast.second_pd['id']}")[2]["user"]
    assert user["email"] == cast.second["email"]
    assert pagerduty("GET", "/users/PXXXX")[0] == 404


# -- incidents -------------------------------------------------------------


def test_the_acknowledger_is_who_asks(pagerduty, world, cast, receiver,
                                      incident):
    subscription = world.pagerduty.subscribe(receiver.url)
    wanted = {"incident": {"type": "incident_reference",
                           "status": "acknowledged"}}
    path = f"/incidents/{incident['id']}"
    status, _, answer = pagerduty("PUT", path, wanted, "nobody@example.com")
    assert (status, answer["error"]["code"]) == (400, 1008)
    status, _, answer = pagerduty("PUT", path, wanted,
                                  cast.second["email"])
    assert status == 200
    shown = answer["incident"]
    assert ids(entry["acknowledger"] for entry in
               shown["acknowledgements"]) == [cast.second_pd["id"]]
    assert ids(entry["assignee"] for entry in
               shown["assignments"]) == [cast.second_pd["id"]]
    event_type, agent, data = events(subscription)[0]
    assert (event_type, agent) == ("incident.acknowledged",
                                   cast.second_pd["id"])
    assert ids(data["assignees"]) == [cast.second_pd["id"]]


@pytest.mark.parametrize("assignee, status", [
    ("second_pd", "triggered"), ("bot_pd", "acknowledged")])
def test_page_for_a_person(pagerduty, cast, assignee, status):
    user_id = getattr(cast, assignee)["id"]
    given = {"type": "incident", "title": "Please come",
             "service": {"id": cast.service["id"],
                         "type": "service_reference"},
             "assignments": [{"assignee": {"id": user_id,
                                           "type": "user_reference"}}]}
    answer = pagerduty("POST", "/incidents", {"incident": given})[2]
    assert answer["incident"]["status"] == status
    assert ids(entry["assignee"] for entry in
               answer["incident"]["assignments"]) == [user_id]
    given["escalation_policy"] = {"id": cast.policy["id"]}
    assert pagerduty("POST", "/incidents", {"incident": given})[0] == 400


def test_who_is_on_call_now_is_paged(world, cast):
    world.pagerduty.clock.offset_s = 8 * 3600
    incident = world.pagerduty.trigger("Down", cast.service)
    assert ids(entry["assignee"] for entry in incident["assignments"]) == [
        cast.second_pd["id"]]


def test_passing_on(world, cast, receiver, incident):
    service = world.pagerduty
    subscription = service.subscribe(receiver.url)
    service.add_oncall(cast.manager_pd, escalation_policy=cast.policy,
                       level=2)
    service.acknowledge(incident, cast.engineer_pd)
    service.reassign(incident, cast.second_pd, by=cast.manager_pd)
    assert (incident["status"], incident["acknowledgements"]) == (
        "triggered", [])
    service.escalate(incident)
    service.delegate(incident, cast.manager_policy, by=cast.engineer_pd)
    passed = [(event_type, agent, data["status"], ids(data["assignees"]))
              for event_type, agent, data in events(subscription)[1:]]
    assert passed == [
        ("incident.reassigned", cast.manager_pd["id"], "triggered",
         [cast.second_pd["id"]]),
        ("incident.escalated", None, "triggered", [cast.manager_pd["id"]]),
        ("incident.delegated", cast.engineer_pd["id"], "triggered",
         [cast.manager_pd["id"]])]
    with pytest.raises(ValueError):
        service.escalate(incident)


def test_put_passes_on(pagerduty, world, cast, incident):
    path = f"/incidents/{incident['id']}"
    for given, assignee in (
            ({"assignments": [{"assignee": {
                "id": cast.second_pd["id"], "type": "user_reference"}}]},
             cast.second_pd),
            ({"escalation_policy": {"id": cast.manager_policy["id"]}},
             cast.manager_pd)):
        answer = pagerduty("PUT", path, {"incident": {
            "type": "incident_reference", **given}})[2]
        assert ids(entry["assignee"] for entry in answer["incident"][
            "assignments"]) == [assignee["id"]]
    assert pagerduty("PUT", path, {"incident": {
        "type": "incident_reference", "escalation_level": 9}})[0] == 400


def test_a_note_is_heard_of(pagerduty, world, cast, receiver, incident):
    subscription = world.pagerduty.subscribe(receiver.url)
    pagerduty("POST", f"/incidents/{incident['id']}/notes",
              {"note": {"content": "hi"}}, cast.second["email"])
    event_type, agent, data = events(subscription)[0]
    assert (event_type, agent) == ("incident.annotated",
                                   cast.second_pd["id"])
    assert (data["content"], data["incident"]["id"]) == ("hi",
                                                         incident["id"])


# -- Zendesk ---------------------------------------------------------------


@pytest.mark.parametrize("query", [
    "email:carol@acme.example", "carol@acme.example", "Carol Customer",
    'email:"carol@acme.example"', "carol"])
def test_user_search(zendesk, cast, query):
    found = zendesk("GET", "/users/search?"
                    + urlencode({"query": query}))[2]["users"]
    assert ids(found) == [cast.customer["id"]]
    assert found[0]["iana_time_zone"] == "America/New_York"
    assert found[0]["time_zone"] == "Eastern Time (US & Canada)"


def test_users_and_organizations(zendesk, world, cast):
    path = f"/organizations/{cast.acme['id']}.json"
    fields = zendesk("GET", path)[2]["organization"]["organization_fields"]
    assert fields["account_manager"] == cast.account_manager["email"]
    world.zendesk.set_organization_fields(cast.acme, account_manager=None)
    fields = zendesk("GET", path)[2]["organization"]["organization_fields"]
    assert fields["account_manager"] is None
    user = zendesk("GET", f"/users/{cast.globex_customer['id']}")[2]["user"]
    assert user["organization_id"] == cast.globex["id"]


def test_macro_changes_nothing(zendesk, world, cast, ticket):
    macro = world.zendesk.create_macro(
        "Take it", comment_value="Hello {{ticket.requester.first_name}}, "
        "#{{ticket.id}}", comment_mode_is_public="false",
        assignee_id="current_user", current_tags="b a", status="pending",
        custom_fields_745="x")
    before = dict(ticket)
    result = zendesk("GET", f"/macros/{macro['id']}/apply")[2]["result"]
    assert result == {"ticket": {
        "assignee_id": cast.bot["id"], "status": "pending",
        "fields": {"id": 745, "value": "x"}, "comment": {
            "body": "Hello {{ticket.requester.first_name}}, #{{ticket.id}}",
            "public": False, "scoped_body": [[
                "channel:all", "Hello {{ticket.requester.first_name}}, "
                "#{{ticket.id}}"]]}}}
    result = zendesk("GET", f"/tickets/{ticket['id']}/macros/{macro['id']}"
                            "/apply.json")[2]["result"]
    text = f"Hello Carol, #{ticket['id']}"
    assert result["ticket"]["comment"] == {
        "body": text, "public": False,
        "scoped_body": [["channel:all", text]]}
    assert result["ticket"]["tags"] == ["a", "b"]
    assert result["ticket"]["custom_fields"] == [{"id": 745, "value": "x"}]
    assert result["ticket"]["subject"] == "Production is down"
    assert ticket == before
    shown = zendesk("GET", f"/macros/{macro['id']}")[2]["macro"]
    assert {"field": "status", "value": "pending"} in shown["actions"]
    assert zendesk("GET", "/macros/1/apply")[0] == 404


def test_audit_names_the_macro(zendesk, world, cast, ticket, receiver):
    webhook = world.zendesk.add_event_webhook(receiver.url, "s")
    macro = cast.post_call_macro
    world.zendesk.comment(ticket, cast.engineer, "Summary", macro=macro)
    answer = zendesk("PUT", f"/tickets/{ticket['id']}", {"ticket": {
        "comment": {"body": "More"}, "macro_ids": [macro["id"]]}})[2]
    for audit in (world.zendesk.audits[ticket["id"]][-2], answer["audit"]):
        assert [(event["type"], event.get("macro_id"))
                for event in audit["events"]] == [
            ("Comment", None), ("AgentMacroReference", str(macro["id"]))]
    assert [d.what for d in webhook.deliveries] == ["comment_added"] * 2


def test_tags_and_forms_are_in_events(world, cast, ticket, receiver):
    webhook = world.zendesk.add_event_webhook(receiver.url, "s")
    world.zendesk.update(ticket, by=cast.engineer,
                         tags=["incident-1234", "vip"])
    world.zendesk.update(ticket, by=cast.engineer, tags=["vip"],
                         ticket_form_id=77)
    added, removed, form = webhook.deliveries
    assert added.json["event"] == {
        "tags_added": ["incident-1234", "vip"], "tags_removed": []}
    assert added.json["detail"]["tags"] == ["incident-1234", "vip"]
    tags_and_form = {removed.what: removed.json, form.what: form.json}
    assert tags_and_form["tags_changed"]["event"]["tags_removed"] == [
        "incident-1234"]
    assert tags_and_form["form_changed"]["event"]["current"] == "77"
    assert form.json["detail"]["form_id"] == "77"
