"""A whole emergency, with a second one in the middle of it."""
import time
from full_story import PERIODS, SERVICES, STAGES, Story

def test_all(daemon, world, cast):
    d = daemon(services=SERVICES, **PERIODS)
    story = Story(d, world, cast)
    story.play()
    for i in world.pagerduty.incidents.values():
        print(i)
        print([n["content"] for n in world.pagerduty.notes[i["id"]]])
    for r in world.pagerduty.received():
        if r.method != "GET": print(r.method, r.path, r.headers.get("From"), r.json)
    print(list(world.zoom.meetings.values()))
    print([(x.method,x.path) for x in world.zoom.requests])
    for i in world.gitlab.issues[cast.project["id"]]: print(i["title"], i["description"], i["confidential"], i["labels"])
    for n in (1,2):
        e=d.emergency(n)
        for k in e:
            if k not in ("actions","timeline"): print(k, e[k])
        for a in e["actions"]: print(a["service"],a["kind"],a["state"],a["attempts"])
    print([(x.what,x.json.get("event",{}).get("agent")) for x in d.pagerduty_webhook.deliveries])
