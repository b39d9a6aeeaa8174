from scenes import *
from slack_scenes import *

def test_explore(daemon, world, cast):
    d, number, ticket, root = threaded(daemon, world, cast)
    s = world.slack
    press(world, cast.engineer_slack, root, "Acknowledge")
    wait_reply(world, root, "acknowledged")
    slack_idle(d)
    m = wait_reply(world, root, "acknowledged")
    press(world, cast.engineer_slack, m, "Post it")
    wait_reply(world, root, "has been contacted")
    m = wait_reply(world, root, "has been contacted")
    press(world, cast.engineer_slack, m, "Resolve the page")
    wait_said(d, number, "Page resolved")
    print(type_in(world, cast.engineer_slack, "extend 20m"))
    print(type_in(world, cast.engineer_slack, "pause"))
    print(type_in(world, cast.engineer_slack, "followed-up"))
    print(type_in(world, cast.engineer_slack, "resume"))
    print(type_in(world, cast.engineer_slack, "not-emergency"))
    print(type_in(world, cast.engineer_slack, "manager"))
    print(type_in(world, cast.engineer_slack, "help"))
    print(type_in(world, cast.engineer_slack, "oncall"))
    print(type_in(world, cast.engineer_slack, "list"))
    print(type_in(world, cast.engineer_slack, "call-started"))
    print(type_in(world, cast.engineer_slack, "call-ended"))
    print(type_in(world, cast.engineer_slack, "note a <@U123|joe> & b"))
    print(type_in(world, cast.engineer_slack, "handoff <@%s>" % cast.second_slack["id"]))
    print(type_in(world, cast.engineer_slack, "close all done"))
    slack_idle(d)
    for name in cast.channels:
        print("-----", name)
        print(s.transcript(name))
    for v in root["versions"]:
        print("=====", v["text"])
    for t in d.emergency(number)["timeline"]:
        print(t)
    for a in d.emergency(number)["actions"]:
        print(a)
    print(d.stderr()[-3000:])
    assert 0
