"""Proves what the flow tests rely on in the stand-ins themselves."""

import base64
import hashlib
import hmac
import http.client
import json
import socket
import threading
import urllib.error
import urllib.parse
import urllib.request
from email.utils import parsedate_to_datetime

import pytest

from standins import Answer, RateLimit, Standins
from standins.calling import call
from standins.pagerduty_api import ACCEPT


def update(**fields):
    return {"ticket": fields}


# -- Zendesk ---------------------------------------------------------------


def test_update_makes_comment_change_and_audit(zendesk, world, cast, ticket):
    status, _, answer = zendesk(
        "PUT", f"/tickets/{ticket['id']}.json",
        update(comment={"body": "Are you there?", "public": True},
               priority="high", tags=["B", "a"],
               custom_fields=[{"id": 12, "value": "x"}],
               metadata={"action": "a-1"}))
    assert status == 200
    assert answer["ticket"]["priority"] == "high"
    assert answer["ticket"]["tags"] == ["a", "b"]
    assert answer["ticket"]["custom_fields"] == [{"id": 12, "value": "x"}]
    assert answer["audit"]["metadata"]["custom"] == {"action": "a-1"}
    assert answer["audit"]["author_id"] == cast.bot["id"]
    _, _, audits = zendesk("GET", f"/tickets/{ticket['id']}/audits"
                                  "?sort_order=desc")
    newest = audits["audits"][0]
    assert newest["metadata"]["custom"] == {"action": "a-1"}
    changes = {event["field_name"]: event for event in newest["events"]
               if event["type"] == "Change"}
    assert changes["priority"]["previous_value"] == "urgent"
    assert changes["12"]["value"] == "x"


def test_stale_stamp_is_a_conflict_and_changes_nothing(zendesk, world, cast,
                                                       ticket):
    stamp = ticket["updated_at"]
    world.zendesk.comment(ticket, cast.customer, "We are back")
    answered = zendesk("PUT", f"/tickets/{ticket['id']}", update(
        priority="high", safe_update=True, updated_stamp=stamp))
    assert (answered[0], answered[2]["error"]) == (409, "UpdateConflict")
    assert ticket["priority"] == "urgent"
    fresh = zendesk("PUT", f"/tickets/{ticket['id']}", update(
        priority="high", safe_update=True,
        updated_stamp=ticket["updated_at"]))
    assert fresh[0] == 200
    missing = zendesk("PUT", f"/tickets/{ticket['id']}",
                      update(priority="low", safe_update=True))
    assert missing[0] == 400


def test_closed_and_unknown_tickets_refuse(zendesk, world, cast, ticket):
    world.zendesk.update(ticket, by=cast.engineer, status="closed")
    assert zendesk("PUT", f"/tickets/{ticket['id']}",
                   update(priority="low"))[0] == 422
    status, _, answer = zendesk("GET", "/tickets/999999")
    assert (status, answer) == (404, {"error": "RecordNotFound",
                                      "description": "Not found"})


def test_publicness_persists_from_the_first_comment(zendesk, world, cast):
    private = world.zendesk.create_ticket("Quiet", cast.customer,
                                          public=False)
    zendesk("PUT", f"/tickets/{private['id']}",
            update(comment={"body": "said nothing of public"}))
    assert world.zendesk.comments[private["id"]][-1]["public"] is False


def test_comments_by_cursor_newest_first_with_users(zendesk, world, cast,
                                                    ticket):
    for number in range(4):
        world.zendesk.comment(ticket, cast.engineer, f"c{number}")
    path = f"/tickets/{ticket['id']}/comments"
    seen, query = [], "?include=users&sort=-created_at&page%5Bsize%5D=2"
    while query:
        _, _, answer = zendesk("GET", path + query)
        seen += [comment["body"] for comment in answer["comments"]]
        following = answer["links"]["next"]
        assert answer["meta"]["has_more"] == (following is not None)
        query = following and "?" + following.partition("?")[2]
    assert seen == ["c3", "c2", "c1", "c0", "Production is down"]
    assert [(user["role"], user["organization_id"])
            for user in answer["users"]] == [("end-user", cast.acme["id"])]


def test_answer_of_customer_reopens(world, cast, ticket):
    world.zendesk.update(ticket, by=cast.engineer, status="pending")
    world.zendesk.comment(ticket, cast.customer, "still broken")
    assert ticket["status"] == "open"


@pytest.mark.parametrize("query, found", [
    ("type:ticket priority:urgent status<solved", ["Production is down"]),
    ("type:ticket priority:urgent tags:vip", []),
    ("priority>=high form:77", []),
    ("type:ticket tags:vip ticket_form_id:77", ["Slow"]),
    ("type:ticket -tags:vip", ["Production is down"])])
def test_search(zendesk, world, cast, ticket, query, found):
    world.zendesk.create_ticket("Slow", cast.customer, tags=["vip"], form=77)
    _, _, answer = zendesk("GET", "/search?query="
                           + urllib.parse.quote(query))
    assert [result["subject"] for result in answer["results"]] == found


def test_search_pages_end(zendesk, world, cast, ticket):
    world.zendesk.create_ticket("Slow", cast.customer)
    _, _, first = zendesk("GET", "/search?query=type:ticket&per_page=1")
    assert first["count"] == 2
    assert "page=2" in first["next_page"]
    _, _, last = zendesk("GET",
                         "/search?query=type:ticket&per_page=1&page=2")
    assert last["next_page"] is None


def test_oauth_tokens_are_needed_bounded_and_revocable(world, cast):
    service = world.zendesk
    me = service.url + "/api/v2/users/me.json"
    assert call("GET", me)[0] == 401
    wanted = {"grant_type": "client_credentials", "scope": "read",
              "client_id": service.client_id,
              "client_secret": service.client_secret}
    tokens = service.url + "/oauth/tokens"
    assert call("POST", tokens, {**wanted, "expires_in": 300})[0] == 400
    assert call("POST", tokens, {**wanted, "client_secret": "x"})[0] == 401
    _, _, token = call("POST", tokens, {**wanted, "expires_in": 3600})
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    assert call("GET", me, None, bearer)[2]["user"]["id"] == cast.bot["id"]
    assert call("PUT", service.url + "/api/v2/tickets/1", {}, bearer)[
        0] == 403
    service.clock.offset_s = 3601
    assert call("GET", me, None, bearer)[2]["error"] == "invalid_token"


def test_date_header_shows_the_skewed_clock(zendesk, world):
    world.zendesk.clock.offset_s = -3600
    _, headers, _ = zendesk("GET", "/users/me")
    shown = parsedate_to_datetime(headers["Date"])
    assert abs((shown - world.zendesk.clock.now()).total_seconds()) < 5
    assert (world.pagerduty.clock.now() - shown).total_seconds() > 3500


def test_rate_limit(zendesk, world):
    world.zendesk.rate_limit = RateLimit(2, window_s=30)
    assert zendesk("GET", "/users/me")[1]["X-Rate-Limit-Remaining"] == "1"
    assert zendesk("GET", "/users/me")[0] == 200
    status, headers, _ = zendesk("GET", "/users/me")
    assert status == 429
    assert 0 < int(headers["Retry-After"]) <= 31


# -- PagerDuty -------------------------------------------------------------


def test_incident_key_is_unique_while_open(pagerduty, world, cast):
    wanted = {"incident": {
        "type": "incident", "title": "Page", "incident_key": "key-1",
        "service": {"id": cast.service["id"], "type": "service_reference"}}}
    status, _, answer = pagerduty("POST", "/incidents", wanted)
    assert status == 201
    status, _, error = pagerduty("POST", "/incidents", wanted)
    assert (status, error["error"]["code"]) == (400, 2002)
    _, _, found = pagerduty("GET", "/incidents?incident_key=key-1"
                                   "&statuses%5B%5D=triggered")
    assert [i["id"] for i in found["incidents"]] == [answer["incident"][
        "id"]]
    world.pagerduty.resolve(answer["incident"], by=cast.engineer_pd)
    assert pagerduty("POST", "/incidents", wanted)[0] == 201


def test_pagerduty_headers_are_checked(world, cast):
    incidents = world.pagerduty.url + "/incidents"
    token = f"Token token={world.pagerduty.api_token}"
    assert call("GET", incidents)[0] == 401
    assert call("GET", incidents, None, {"Authorization": token,
                                         "Accept": "*/*"})[0] == 400
    assert call("POST", incidents, {"incident": {}}, {
        "Authorization": token, "Accept": ACCEPT})[2]["error"][
            "code"] == 1008


def test_put_acknowledges_and_resolves_with_webhooks(pagerduty, world, cast,
                                                     receiver):
    subscription = world.pagerduty.subscribe(receiver.url)
    incident = world.pagerduty.trigger("Down", cast.service, alerts=[
        {"details": {"ticket": "4711"}}])
    path = f"/incidents/{incident['id']}"
    for status in ("acknowledged", "resolved"):
        assert pagerduty("PUT", path, {"incident": {
            "type": "incident_reference", "status": status,
            "resolution": "done"}})[0] == 200
    assert pagerduty("PUT", path, {"incident": {
        "type": "incident_reference", "status": "resolved"}})[2]["error"][
            "code"] == 1001
    _, _, alerts = pagerduty("GET", path + "/alerts")
    assert alerts["alerts"][0]["body"]["details"] == {"ticket": "4711"}
    subscription.wait_idle()
    assert [d.what for d in subscription.deliveries] == [
        "incident.triggered", "incident.acknowledged", "incident.resolved",
        "incident.annotated"]
    acknowledged = subscription.deliveries[1].json["event"]
    assert acknowledged["agent"]["id"] == cast.bot_pd["id"]
    assert acknowledged["data"]["status"] == "acknowledged"
    assert subscription.deliveries[2].json["event"]["data"][
        "assignees"] == []


def test_oncalls(pagerduty, cast):
    _, _, answer = pagerduty(
        "GET", f"/oncalls?schedule_ids[]={cast.engineer_schedule['id']}"
               "&include[]=users")
    assert [entry["user"]["email"] for entry in answer["oncalls"]] == [
        "engineer@example.com"]


def test_notes(pagerduty, world, cast):
    incident = world.pagerduty.trigger("Down", cast.service)
    path = f"/incidents/{incident['id']}/notes"
    assert pagerduty("POST", path, {"note": {"content": "hi"}})[0] == 200
    assert pagerduty("GET", path)[2]["notes"][0]["content"] == "hi"


# -- webhooks --------------------------------------------------------------


def test_pagerduty_signature(world, cast, receiver):
    subscription = world.pagerduty.subscribe(receiver.url, secret="s3cret")
    world.pagerduty.trigger("Down", cast.service)
    subscription.wait_delivered("incident.triggered")
    headers, body = receiver.got[0]
    expected = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    assert headers["X-PagerDuty-Signature"] == "v1=" + expected
    assert headers["X-Webhook-Subscription"] == subscription.id


def test_zendesk_signature(world, cast, receiver, ticket):
    webhook = world.zendesk.add_trigger_webhook(receiver.url, "s3cret")
    world.zendesk.comment(ticket, cast.customer, "hello")
    webhook.wait_delivered("ticket.comment")
    headers, body = receiver.got[0]
    stamp = headers["X-Zendesk-Webhook-Signature-Timestamp"].encode()
    digest = hmac.new(b"s3cret", stamp + body, hashlib.sha256).digest()
    assert base64.b64decode(headers["X-Zendesk-Webhook-Signature"]) == digest
    assert json.loads(body) == {"type": "ticket.comment",
                                "ticket": {"id": str(ticket["id"])}}


def test_triggers_fire_for_what_they_are(world, cast, receiver, ticket):
    webhook = world.zendesk.add_trigger_webhook(receiver.url, "s")
    world.zendesk.create_ticket("Low", cast.customer, priority="low")
    world.zendesk.update(ticket, by=cast.engineer, priority="high")
    world.zendesk.comment(ticket, cast.engineer, "up", priority="urgent")
    assert [d.what for d in webhook.deliveries] == [
        "ticket.updated", "ticket.urgent", "ticket.comment",
        "ticket.updated"]


def test_zendesk_events(world, cast, receiver, ticket):
    webhook = world.zendesk.add_event_webhook(receiver.url, "s",
                                              big_sequence=True)
    world.zendesk.comment(ticket, cast.engineer, "hello", priority="high")
    comment, change = webhook.deliveries
    assert change.json["type"] == "zen:event-type:ticket.priority_changed"
    assert change.json["event"]["current"] == "HIGH"
    assert change.json["event"]["meta"]["sequence"]["id"] > 2**64
    assert change.json["detail"]["requester_id"] == str(cast.customer["id"])
    assert comment.json["event"]["comment"]["author"]["is_staff"] is True


def test_pagerduty_repeats_in_order(world, cast, receiver):
    receiver.answers = [(500, {}), (429, {})]
    subscription = world.pagerduty.subscribe(receiver.url)
    incident = world.pagerduty.trigger("Down", cast.service)
    world.pagerduty.acknowledge(incident, cast.engineer_pd)
    subscription.wait_delivered("incident.acknowledged")
    assert subscription.deliveries[0].statuses == [500, 429, 200]
    assert [json.loads(body)["event"]["event_type"]
            for _, body in receiver.got][-2:] == [
                "incident.triggered", "incident.acknowledged"]
    assert receiver.got[0] == receiver.got[1]


def test_three_refusals_disable_the_subscription(world, cast, receiver,
                                                 pagerduty):
    receiver.answers = [(401, {})] * 3
    subscription = world.pagerduty.subscribe(receiver.url)
    for number in range(3):
        world.pagerduty.trigger(f"Down {number}", cast.service)
    subscription.wait_idle()
    path = f"/webhook_subscriptions/{subscription.id}"
    method = pagerduty("GET", path)[2]["webhook_subscription"][
        "delivery_method"]
    assert method["temporarily_disabled"] is True
    world.pagerduty.trigger("Unheard", cast.service)
    assert len(subscription.deliveries) == 3
    assert pagerduty("POST", path + "/enable")[0] == 200
    assert pagerduty("POST", path + "/ping")[0] == 202
    subscription.wait_delivered("pagey.ping")


def test_zendesk_repeats_only_what_it_should(world, cast, receiver, ticket):
    receiver.answers = [(500, {}), (503, {"Retry-After": "0"}), (409, {})]
    webhook = world.zendesk.add_trigger_webhook(receiver.url, "s")
    world.zendesk.update(ticket, by=cast.engineer, priority="low")
    webhook.wait_idle()
    assert webhook.deliveries[0].statuses == [500]
    assert webhook.deliveries[0].state == "dropped"
    world.zendesk.update(ticket, by=cast.engineer, priority="high")
    webhook.wait_delivered("ticket.updated")
    assert webhook.deliveries[1].statuses == [503, 409, 200]


def test_webhooks_can_be_held_reordered_lost_doubled(world, cast, receiver):
    subscription = world.pagerduty.subscribe(receiver.url)
    subscription.hold()
    incident = world.pagerduty.trigger("Down", cast.service)
    world.pagerduty.acknowledge(incident, cast.engineer_pd)
    world.pagerduty.resolve(incident, cast.engineer_pd)
    first, second, third = subscription.held
    subscription.lose(second)
    subscription.copies = 2
    subscription.release(third, first)
    subscription.wait_idle()
    assert [json.loads(body)["event"]["event_type"]
            for _, body in receiver.got] == [
                "incident.resolved"] * 2 + ["incident.triggered"] * 2
    assert second.state == "lost"


# -- faults ----------------------------------------------------------------


def test_fault_answers_before_and_after_the_effect(zendesk, world, ticket):
    path = f"/tickets/{ticket['id']}"
    world.zendesk.fault("PUT", r"/tickets/\d+", answer=Answer(
        503, headers={"Retry-After": "7"}))
    status, headers, _ = zendesk("PUT", path, update(priority="low"))
    assert (status, headers["Retry-After"]) == (503, "7")
    assert ticket["priority"] == "urgent"
    world.zendesk.fault("PUT", r"/tickets/\d+", answer=Answer(502),
                        after_effect=True)
    assert zendesk("PUT", path, update(priority="low"))[0] == 502
    assert ticket["priority"] == "low"
    assert zendesk("PUT", path, update(priority="high"))[0] == 200


def test_fault_resets_before_and_after_the_effect(zendesk, world, ticket):
    for after_effect, priority in ((False, "urgent"), (True, "low")):
        world.zendesk.fault("PUT", "tickets", reset=True,
                            after_effect=after_effect)
        with pytest.raises(OSError):
            zendesk("PUT", f"/tickets/{ticket['id']}",
                    update(priority="low"))
        assert ticket["priority"] == priority
    seen = world.zendesk.received("PUT", "tickets")
    assert [request.took_effect for request in seen] == [False, True]
    assert [request.status for request in seen] == [None, None]


def test_fault_cuts_the_answer(zendesk, world, ticket):
    world.zendesk.fault("GET", "tickets", cut_at=10)
    with pytest.raises(http.client.IncompleteRead) as caught:
        zendesk("GET", f"/tickets/{ticket['id']}")
    assert len(caught.value.partial) == 10


def test_fault_never_answers(world, ticket):
    world.zendesk.fault("GET", "tickets", silent=True)
    with pytest.raises(TimeoutError):
        urllib.request.urlopen(world.zendesk.url + "/api/v2/tickets/1",
                               timeout=0.2)


def test_fault_hook_builds_a_race(zendesk, world, cast, ticket):
    stamp = ticket["updated_at"]
    world.zendesk.fault("PUT", "tickets", hook=lambda request: (
        world.zendesk.comment(ticket, cast.customer, "wait, I'm here")))
    assert zendesk("PUT", f"/tickets/{ticket['id']}", update(
        priority="high", safe_update=True, updated_stamp=stamp))[0] == 409


def test_fault_holds_until_released(zendesk, world, ticket):
    fault = world.zendesk.fault("PUT", "tickets", hold=True,
                                after_effect=True)
    answers = []
    caller = threading.Thread(target=lambda: answers.append(zendesk(
        "PUT", f"/tickets/{ticket['id']}", update(priority="low"))))
    caller.start()
    fault.wait_hit()
    assert (ticket["priority"], answers) == ("low", [])
    fault.release()
    caller.join(timeout=5)
    assert answers[0][0] == 200
    request = world.zendesk.wait_for_request("PUT", r"/tickets/\d+",
                                             answered=True)
    assert request.json == update(priority="low")


def test_service_goes_down_and_comes_up(zendesk, world, ticket):
    world.zendesk.go_down()
    with pytest.raises(ConnectionRefusedError):
        try:
            zendesk("GET", "/users/me")
        except urllib.error.URLError as error:
            raise error.reason
    world.zendesk.come_up()
    assert zendesk("GET", "/users/me")[0] == 200


def test_whoever_comes_while_it_goes_down_is_cut(world):
    for _ in range(100):
        with socket.create_connection(("127.0.0.1", world.zendesk.port),
                                      5) as connection:
            world.zendesk.go_down()
            try:
                assert connection.recv(1) == b""
            except ConnectionResetError:
                pass
        world.zendesk.come_up()


def test_an_error_in_a_hook_fails_the_test():
    standins = Standins()
    standins.start()
    standins.zendesk.fault("GET", "/", hook=lambda request: 1 / 0)
    call("GET", standins.zendesk.url + "/api/v2/users/me")
    with pytest.raises(ZeroDivisionError):
        standins.stop()


def test_unknown_routes_are_not_found(zendesk, pagerduty):
    assert zendesk("GET", "/nothing")[0] == 404
    assert pagerduty("GET", "/nothing")[0] == 404
