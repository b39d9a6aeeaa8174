"""A whole emergency, with a second one in the middle of it."""
import time
from full_story import PERIODS, SERVICES, STAGES, Story

def test_all(daemon, world, cast):
    d = daemon(services=SERVICES, **PERIODS)
    story = Story(d, world, cast)
    t = time.monotonic()
    for s in STAGES:
        getattr(story, s)()
        print(f"{time.monotonic()-t:.2f} {s}", flush=True)
    for c in cast.channels.values():
        print("=====", c["name"])
        print(world.slack.transcript(c))
    for e in (story.acme, story.globex):
        print("##### ", e.ticket["id"], e.ticket["priority"], e.ticket["tags"])
        for c in world.zendesk.comments[e.ticket["id"]]:
            print("--", c["author_id"], c["public"], c["body"])
    for i in world.pagerduty.incidents.values():
        print(i["title"], i["status"], i["assignments"], i["acknowledgements"], i["last_status_change_by"], i["body"])
        print(world.pagerduty.notes[i["id"]])
    print(list(world.zoom.meetings.values()))
    print(world.gitlab.issues)
    print(d.emergency(1)); print(d.emergency(2))
    print(d.stderr())
