"""The stand-ins at speed: the same models, routes and webhooks behind a bare
HTTP of our own, which is some five times faster than aiohttp's.  It knows no
faults but slowness and records nothing; what is over can be forgotten.
"""

import asyncio
import json
from collections import deque
from functools import partial
from urllib.parse import parse_qs, unquote, urlsplit

from multidict import CIMultiDict
from standins.clock import http_date
from standins.http_service import Request

END_OF_HEAD = b"\r\n\r\n"
DELIVERIES_KEPT = 100
MESSAGES_KEPT = 3000  # of a channel of Slack's
CONNECTIONS = 16  # for a webhook


def make_lean(world):
    """Before world.start()."""
    for service in (world.zendesk, world.pagerduty, world.slack):
        service.listen = partial(_listen, service)
        service.answers_after_s = 0


def make_webhooks_lean(world):
    """After they were added: kept connections, and few memories."""
    for service in (world.zendesk, world.pagerduty):
        for webhook in service.webhooks:
            webhook.deliveries = deque(maxlen=DELIVERIES_KEPT)
            webhook._post = Sender(webhook.url, webhook.timeout_s).post


def forget(world, ticket, incident):
    """Both are over, and nobody will ask for them."""
    for things in (world.zendesk.tickets, world.zendesk.comments,
                   world.zendesk.audits):
        things.pop(ticket["id"], None)
    pagerduty = world.pagerduty
    for things in (pagerduty.incidents, pagerduty.alerts, pagerduty.notes,
                   pagerduty._levels, pagerduty._reopened_at):
        things.pop(incident["id"], None)
    for messages in world.slack._messages.values():
        del messages[:-MESSAGES_KEPT]


async def _listen(service):
    service._listener = await asyncio.get_running_loop().create_server(
        partial(Connection, service), "127.0.0.1", service.port or 0,
        backlog=1000)
    service.port = service._listener.sockets[0].getsockname()[1]


def _head_of(data):
    """(first line, headers, where the body begins), or None."""
    end = data.find(END_OF_HEAD)
    if end < 0:
        return None
    first, *lines = data[:end].decode("latin-1").split("\r\n")
    headers = CIMultiDict(line.split(": ", 1) for line in lines)
    return first, headers, end + len(END_OF_HEAD)


class Connection(asyncio.Protocol):
    """One of the daemon's connections to a service."""

    def __init__(self, service):
        self._service = service
        self._data = b""
        self._transport = None

    def connection_made(self, transport):
        self._transport = transport

    def data_received(self, data):
        self._data += data
        while (head := _head_of(self._data)):
            first, headers, start = head
            end = start + int(headers.get("Content-Length", 0))
            if len(self._data) < end:
                return
            body = self._data[start:end]
            self._data = self._data[end:]
            self._answer_in_time(first, headers, body)

    def _answer_in_time(self, *request):
        if self._service.answers_after_s == 0:
            self._answer(*request)
            return
        asyncio.get_running_loop().call_later(
            self._service.answers_after_s, self._answer, *request)

    def _answer(self, first, headers, body):
        method, target, _ = first.split(" ")
        url = urlsplit(target)
        is_json = body and "json" in headers.get("Content-Type", "")
        request = Request(method, unquote(url.path),
                          parse_qs(url.query, keep_blank_values=True),
                          headers, body, json.loads(body) if is_json
                          else None, raw_path=url.path)
        answer = self._service._serve(request)
        payload = answer.payload()
        lines = {"Content-Type": "application/json; charset=utf-8",
                 "Date": http_date(self._service.clock.now()),
                 "Content-Length": len(payload), **answer.headers}
        self._transport.write(
            f"HTTP/1.1 {answer.status} Status\r\n".encode() + "".join(
                f"{name}: {value}\r\n" for name, value in lines.items()
            ).encode() + b"\r\n" + payload)


class Sender:
    """What sends a webhook's deliveries, over connections that it keeps."""

    def __init__(self, url, patience_s):
        self._url = urlsplit(url)
        self._patience_s = patience_s
        self._idle = []
        self._places = asyncio.Semaphore(CONNECTIONS)

    async def post(self, delivery):
        """(status, headers), as Webhook._post."""
        async with self._places:
            try:
                async with asyncio.timeout(self._patience_s):
                    return await self._exchange(delivery)
            except TimeoutError:
                return "timeout", {}
            except (OSError, EOFError):
                return "connection", {}

    async def _exchange(self, delivery):
        reader, writer = await self._connection()
        try:
            lines = {"Host": self._url.netloc, **delivery.headers,
                     "Content-Length": len(delivery.body)}
            writer.write(f"POST {self._url.path} HTTP/1.1\r\n".encode()
                         + "".join(f"{name}: {value}\r\n" for name, value
                                   in lines.items()).encode()
                         + b"\r\n" + delivery.body)
            first, headers, _ = _head_of(await reader.readuntil(END_OF_HEAD))
            delivery.answer = await reader.readexactly(
                int(headers["Content-Length"]))
        except BaseException:
            writer.close()
            raise
        if headers.get("Connection") == "close":
            writer.close()
        else:
            self._idle.append((reader, writer))
        return int(first.split()[1]), headers

    async def _connection(self):
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self._url.hostname,
                                             self._url.port)
