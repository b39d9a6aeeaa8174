"""The three stories that every emergency is one of."""
from harness import wait_until


def test_nobody_answers(daemon, world, cast):
    d = daemon(follow_up_after="2s", downgrade_after="2s")
    ticket = world.zendesk.create_ticket(
        subject="Production is down", requester=cast.customer, organization=cast.acme, priority="urgent")
    e = wait_until(lambda: next(iter(d.emergencies()), None), 10, "an emergency")
    print(e)
    world.zendesk.comment(ticket, author=cast.engineer, body="I am looking at it.")
    e = d.wait_for_emergency(timeout=20, state="downgraded")
    print(e)
    assert world.zendesk.tickets[ticket["id"]]["priority"] == "high"
