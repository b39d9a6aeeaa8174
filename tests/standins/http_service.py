"""What every stand-in has: an HTTP server on a free loopback port, a record
of the requests it received, faults, a rate limit and a Date header.

A service lists its routes and says who may call them; the functions that
serve a route run in the loop's thread with the world's lock held.
"""

import asyncio
import json
import math
import re
import socket
import struct
import time
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from aiohttp import web

from .clock import Clock, http_date
from .faults import Fault


@dataclass(eq=False)
class Request:
    """A received request; status is None until it has been answered."""

    method: str
    path: str
    query: dict
    headers: dict
    body: bytes
    json: object
    status: int = None
    took_effect: bool = False
    raw_path: str = ""

    def arg(self, name, default=None):
        """The first value of a query argument."""
        return self.query.get(name, [default])[0]


@dataclass
class Answer:
    """What is answered; body is JSON-ready, or bytes to send as they are."""

    status: int
    body: object = None
    headers: dict = field(default_factory=dict)

    def payload(self):
        """The bytes to send."""
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body).encode()


class ApiError(Exception):
    """Ends the serving of a request with an error's answer."""

    def __init__(self, status, body, headers=None):
        super().__init__(status, body)
        self.answer = Answer(status, body, headers or {})


@dataclass
class RateLimit:
    """At most limit requests within any window_s seconds."""

    limit: int
    window_s: float = 60.0
    _times: deque = field(default_factory=deque)

    def admit(self):
        """Counts a request: (admitted, remaining, seconds to wait)."""
        now = time.monotonic()
        while self._times and self._times[0] <= now - self.window_s:
            self._times.popleft()
        admitted = len(self._times) < self.limit
        if admitted:
            self._times.append(now)
        first = self._times[0] if self._times else now
        wait_s = max(1, math.ceil(first + self.window_s - now))
        return admitted, self.limit - len(self._times), wait_s


class HttpService:
    """The base of a stand-in; subclasses give routes and authorize()."""

    # (method, regular expression of the whole path, name of the function)
    routes = ()

    def __init__(self, world):
        self.world = world
        self.clock = Clock()
        self.requests = []
        self.rate_limit = None
        self.webhooks = []
        self.port = None
        self._faults = []
        self._server = None
        self._listener = None
        self._kept_port = None
        self._routes = [(method, re.compile(path), getattr(self, name))
                        for method, path, name in self.routes]

    # -- for subclasses ----------------------------------------------------

    def authorize(self, request):
        """Raises ApiError unless the request may be served."""
        raise NotImplementedError

    def error_body(self, status, text):
        """The service's form of a general error (400, 404, 429, 500)."""
        raise NotImplementedError

    def rate_headers(self, limit, remaining, wait_s):
        """The service's rate limit headers."""
        raise NotImplementedError

    def tells_of_success(self, answer):
        """Whether an answer (its body is bytes) means: it took effect."""
        return answer.status < 400

    def routed_path(self, request):
        """The path that the routes are compared with."""
        return request.path

    # -- for tests ---------------------------------------------------------

    @property
    def url(self):
        """The service's base address, without a path."""
        return f"http://127.0.0.1:{self.port}"

    def fault(self, method, path, *, times=1, after_effect=False, hook=None,
              delay_s=0.0, hold=False, answer=None, reset=False,
              silent=False, cut_at=None):
        """Arms a fault for the next requests that match.

        method: "GET", "PUT", …, or "*"; path: a regular expression that is
        searched in the path; times: how many requests (None: all);
        after_effect: act between the effect and the answer, not on arrival;
        hook(request): test code, may use the control API and wait;
        delay_s: seconds; hold: wait for fault.release(); then an end:
        answer (an Answer), reset (a TCP reset, no answer), silent (never
        answered), cut_at (bytes of the answer's body sent before the
        connection is closed; implies after_effect).
        """
        fault = Fault(self.world, method, path, times=times,
                      after_effect=after_effect or cut_at is not None,
                      hook=hook, delay_s=delay_s, hold=hold, answer=answer,
                      reset=reset, silent=silent, cut_at=cut_at)
        with self.world.changed:
            self._faults.append(fault)
        return fault

    def clear_faults(self):
        """Cancels all faults."""
        with self.world.changed:
            for fault in self._faults:
                fault.cancel()

    def received(self, method=None, path=None):
        """The recorded requests, oldest first, all or the matching ones."""
        with self.world.changed:
            return [request for request in self.requests
                    if method in (None, request.method)
                    and (path is None or re.search(path, request.path))]

    def wait_for_request(self, method, path, timeout=10, *, count=1,
                         answered=False):
        """Waits for the count-th matching request ever and returns it.

        With answered, waits also for its answer.
        """
        def found():
            matching = self.received(method, path)
            if answered:
                matching = [r for r in matching if r.status is not None]
            return matching[count - 1] if len(matching) >= count else None

        return self.world.wait_for(
            found, timeout, f"request {count} of {method} {path}",
            lambda: [f"{r.method} {r.path} {r.status}"
                     for r in self.requests])

    def go_down(self):
        """Refuses connections and cuts the present ones, until come_up()."""
        self.world.run_in_loop(self.stop_listening())
        # bound, but not listening: the port stays ours, and nobody is answered
        self._kept_port = socket.socket()
        self._kept_port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._kept_port.bind(("127.0.0.1", self.port))

    def come_up(self):
        """Listens again, on the same port."""
        self.world.run_in_loop(self.listen())
        self._release_port()

    def _release_port(self):
        if self._kept_port:
            self._kept_port.close()
            self._kept_port = None

    # -- life, in the loop's thread ----------------------------------------

    async def start(self):
        self._server = web.Server(self._handle, access_log=None)
        await self.listen()

    async def listen(self):
        self._listener = await asyncio.get_running_loop().create_server(
            self._server, "127.0.0.1", self.port or 0)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop_listening(self):
        # Who has just been accepted is made a connection first: close() would
        # forget them, neither served nor cut (asyncio before Python 3.12).
        for listening in self._listener.sockets:
            asyncio.get_running_loop().remove_reader(listening.fileno())
        for _ in range(3):
            await asyncio.sleep(0)
        self._listener.close()
        for connection in self._server.connections:
            if connection.transport:
                connection.transport.abort()

    async def stop(self):
        await self.stop_listening()
        await self._server.shutdown(timeout=0.1)
        self._release_port()

    # -- one request -------------------------------------------------------

    async def _handle(self, raw):
        request = await self._record(raw)
        for fault in self._taken(request, after_effect=False):
            await fault.act(request)
            if fault.ends:
                return await self._end(raw, request, fault, fault.answer)
        answer = self._serve(request)
        request.took_effect = self.tells_of_success(answer)
        for fault in self._taken(request, after_effect=True):
            await fault.act(request)
            if fault.ends:
                return await self._end(raw, request, fault,
                                       fault.answer or answer)
        return self._response(request, answer)

    async def _record(self, raw):
        body = await raw.read()
        try:
            parsed = json.loads(body) if "json" in raw.content_type else None
        except ValueError:
            parsed = None
        request = Request(raw.method, raw.path,
                          parse_qs(raw.query_string, keep_blank_values=True),
                          raw.headers, body, parsed,
                          raw_path=raw.rel_url.raw_path)
        with self.world.changed:
            self.requests.append(request)
            self.world.changed.notify_all()
        return request

    def _taken(self, request, after_effect):
        with self.world.changed:
            return [fault for fault in self._faults
                    if fault.after_effect == after_effect
                    and fault.take(request)]

    async def _end(self, raw, request, fault, answer):
        if fault.reset:
            return _reset(raw.transport)
        if fault.silent:
            while not (raw.transport.is_closing() or fault.cancelled):
                await asyncio.sleep(0.05)
            return _reset(raw.transport)
        response = self._response(request, answer)
        if fault.cut_at is None:
            return response
        return await _cut(raw, response, answer.payload()[:fault.cut_at])

    def _serve(self, request):
        with self.world.changed:
            try:
                headers = self._admit()
                self.authorize(request)
                answer = self._dispatch(request)
            except ApiError as error:
                headers = {}
                answer = error.answer
            except Exception as error:  # a bug of the stand-in or its test
                self.world.errors.append(error)
                headers = {}
                answer = Answer(500, self.error_body(500, "Internal error"))
            # Now, since the body shows what may change before it is sent.
            return Answer(answer.status, answer.payload(),
                          {**headers, **answer.headers})

    def _admit(self):
        if self.rate_limit is None:
            return {}
        admitted, remaining, wait_s = self.rate_limit.admit()
        headers = self.rate_headers(self.rate_limit.limit, remaining, wait_s)
        if not admitted:
            raise ApiError(429, self.error_body(429, "Rate limit exceeded"),
                           {**headers, "Retry-After": str(wait_s)})
        return headers

    def _dispatch(self, request):
        known_path = False
        routed_path = self.routed_path(request)
        for method, path, function in self._routes:
            match = path.fullmatch(routed_path)
            if match and method == request.method:
                return function(request, *match.groups())
            known_path = known_path or match is not None
        status = 405 if known_path else 404
        raise ApiError(status, self.error_body(status, "Not found"))

    def _response(self, request, answer):
        with self.world.changed:
            request.status = answer.status
            self.world.changed.notify_all()
        headers = {"Content-Type": "application/json; charset=utf-8",
                   "Date": http_date(self.clock.now()), **answer.headers}
        return web.Response(status=answer.status, body=answer.payload(),
                            headers=headers)


def _reset(transport):
    """Closes with a TCP reset, which lingering for 0 s makes of a close.

    transport: None if the peer has gone already.
    """
    if transport and not transport.is_closing():
        transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


async def _cut(raw, response, part):
    """Sends the head and a part of the body, then closes."""
    stream = web.StreamResponse(status=response.status,
                                headers=response.headers)
    stream.content_length = len(response.body)
    await stream.prepare(raw)
    await stream.write(part)
    raw.transport.close()
    return stream
