"""The stand-ins on their own: prints where they are, runs until a signal.

Run from tests/ as: python3 -m standins [--webhooks-to http://HOST:PORT]
"""

import argparse
import json
import signal

from . import Standins
from .cast import acme


def describe(world, cast, webhooks_to):
    """Connects the webhooks, if wanted; everything a receiver must know."""
    zendesk, pagerduty, slack = world.zendesk, world.pagerduty, world.slack
    zoom, gitlab = world.zoom, world.gitlab
    known = {
        "zendesk": {
            "url": zendesk.url, "client_id": zendesk.client_id,
            "client_secret": zendesk.client_secret,
            "user": cast.bot["email"], "api_token": zendesk.api_token,
            "tam_field": "account_manager",
            "post_call_macro": cast.post_call_macro["id"]},
        "pagerduty": {
            "url": pagerduty.url, "api_token": pagerduty.api_token,
            "from": cast.bot_pd["email"], "service": cast.service["id"],
            "engineer_schedule": cast.engineer_schedule["id"],
            "manager_schedule": cast.manager_schedule["id"]},
        "zoom": {
            "url": zoom.api_url, "oauth_url": zoom.oauth_url,
            "account_id": zoom.account_id, "client_id": zoom.client_id,
            "client_secret": zoom.client_secret,
            "user": cast.zoom_host["email"]},
        "gitlab": {
            "url": gitlab.api_url, "token": gitlab.api_token,
            "project": cast.project["path_with_namespace"],
            "template": cast.template},
        "slack": {
            "url": slack.api_url, "token": slack.token,
            "signing_secret": slack.signing_secret,
            "channels": {name: channel["id"] for name, channel in
                         cast.channels.items()},
            "region_group": cast.region_group["id"]}}
    if webhooks_to:
        slack.connect(webhooks_to + "/webhooks/slack")
        known["zoom"]["webhook_secret"] = zoom.connect(
            webhooks_to + "/webhooks/zoom", "zoom-webhook-secret").secret
        webhook = zendesk.add_trigger_webhook(
            webhooks_to + "/webhooks/zendesk", "zendesk-webhook-secret")
        known["zendesk"]["webhook_secret"] = webhook.secret
        subscription = pagerduty.subscribe(
            webhooks_to + "/webhooks/pagerduty")
        known["pagerduty"]["webhook_secret"] = subscription.secret
    return known


def main():
    parser = argparse.ArgumentParser(prog="standins", description=__doc__)
    parser.add_argument("--webhooks-to", metavar="URL",
                        help="base address that receives the webhooks")
    options = parser.parse_args()
    # Before any thread exists, so that every thread leaves them to sigwait.
    signal.pthread_sigmask(signal.SIG_BLOCK,
                           {signal.SIGINT, signal.SIGTERM})
    world = Standins()
    world.start()
    known = describe(world, acme(world), options.webhooks_to)
    print(json.dumps(known), flush=True)
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    world.stop()


if __name__ == "__main__":
    main()
