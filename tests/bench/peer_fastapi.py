"""What one would write in an afternoon: FastAPI and sqlite3.

As durable as this program: each webhook is a row of its own, committed (WAL,
synchronous=FULL) before its 200.  The signature is checked, and a repeat is
known by a unique key.
"""

import base64
import hashlib
import hmac
import json
import os
import sqlite3

from fastapi import FastAPI, HTTPException, Request

SECRET = os.environ["BENCH_SECRET"].encode()

app = FastAPI()
database = sqlite3.connect(os.environ["BENCH_DATABASE"],
                           isolation_level=None, check_same_thread=False)
database.execute("PRAGMA journal_mode=WAL")
database.execute("PRAGMA synchronous=FULL")
database.execute("""CREATE TABLE webhook (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, type TEXT NOT NULL,
    happened_at TEXT NOT NULL, about TEXT NOT NULL, body BLOB NOT NULL)""")


def keep(key, kind, happened_at, about, body):
    """One row, on disk when this returns; whether it is new."""
    done = database.execute(
        "INSERT INTO webhook (key, type, happened_at, about, body)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
        (key, kind, happened_at, about, body))
    return {"accepted": True, "duplicate": done.rowcount == 0}


@app.post("/webhooks/pagerduty")
async def pagerduty(request: Request):
    """A V3 webhook of PagerDuty's."""
    body = await request.body()
    wanted = "v1=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    given = request.headers.get("X-PagerDuty-Signature", "")
    if not any(hmac.compare_digest(wanted, one.strip())
               for one in given.split(",")):
        raise HTTPException(401)
    event = json.loads(body)["event"]
    return keep(event["id"], event["event_type"], event["occurred_at"],
                event["data"]["id"], body)


@app.post("/webhooks/zendesk")
async def zendesk(request: Request):
    """An event of Zendesk's."""
    body = await request.body()
    timestamp = request.headers.get("X-Zendesk-Webhook-Signature-Timestamp",
                                    "")
    mac = hmac.digest(SECRET, timestamp.encode() + body, "sha256")
    if not hmac.compare_digest(
            base64.b64encode(mac).decode(),
            request.headers.get("X-Zendesk-Webhook-Signature", "")):
        raise HTTPException(401)
    event = json.loads(body)
    return keep(event["id"], event["type"], event["time"],
                event["detail"]["id"], body)
