"""Sending webhooks: queues, retries, and what a test may do to deliveries.

A lane is a queue whose deliveries wait for each other.  What happens in a
service is emitted as a Delivery under the world's lock, so the order of
deliveries is the order of events; only the loop's thread sends.
"""

import asyncio
import json
import re
from collections import deque
from dataclasses import dataclass, field

import aiohttp


@dataclass(eq=False)
class Delivery:
    """One webhook on its way.

    state: held (by the test), queued, delivered (a 2xx came), dropped (given
    up by the sender's own rules) or lost (by the test).  statuses: for each
    attempt the HTTP status, or "timeout" or "connection"; answer: the body
    of the last answer.
    """

    what: str
    body: bytes
    headers: dict
    lane: str
    state: str = "queued"
    statuses: list = field(default_factory=list)
    answer: bytes = b""

    @property
    def json(self):
        """The body, parsed."""
        return json.loads(self.body)


class Webhook:
    """A destination; subclasses know the service's headers and retries."""

    timeout_s = 5.0

    def __init__(self, world, url, secret):
        self._world = world
        self._lanes = {}
        self._holding = False
        self.url = url
        self.secret = secret
        self.deliveries = []
        self.delay_s = 0.0
        self.copies = 1

    # -- for subclasses ----------------------------------------------------

    def retry_wait_s(self, delivery, status, headers, attempt):
        """Seconds until the next try, None to give up.

        status is an int, "timeout" or "connection"; attempt counts from 1.
        """
        raise NotImplementedError

    def accepts(self, delivery, status):
        """Whether an answer's HTTP status means: delivered."""
        return 200 <= status < 300

    def note_end(self, delivery):
        """Told of every delivered or dropped delivery."""

    def emit(self, what, body, headers, lane):
        """Queues (or holds) a new delivery; world's lock held."""
        delivery = Delivery(what, body, headers, lane)
        self.deliveries.append(delivery)
        if self._holding:
            delivery.state = "held"
            self._world.changed.notify_all()
        else:
            self._send_later(delivery)

    # -- for tests ---------------------------------------------------------

    @property
    def held(self):
        """The deliveries held back, oldest first."""
        with self._world.changed:
            return [d for d in self.deliveries if d.state == "held"]

    def hold(self):
        """Holds back every webhook from now on, until flow()."""
        with self._world.changed:
            self._holding = True

    def release(self, *deliveries):
        """Sends these held ones in this order (none named: all)."""
        with self._world.changed:
            for delivery in deliveries or self.held:
                self._send_later(delivery)

    def lose(self, *deliveries):
        """Throws these held or queued ones away (none named: all held)."""
        with self._world.changed:
            for delivery in deliveries or self.held:
                delivery.state = "lost"
            self._world.changed.notify_all()

    def flow(self):
        """Stops holding; sends what is still held."""
        with self._world.changed:
            self._holding = False
            self.release()

    def resend(self, delivery):
        """Sends a delivery once more, byte for byte the same."""
        with self._world.changed:
            self._send_later(delivery)

    def wait_held(self, what, count=1, timeout=10):
        """Waits for the count-th held delivery of a kind; returns it."""
        return self._wait(what, "held", count, timeout)

    def wait_delivered(self, what, count=1, timeout=10):
        """Waits for the count-th delivered one of a kind; returns it.

        what: a regular expression for the whole of Delivery.what.
        """
        return self._wait(what, "delivered", count, timeout)

    def wait_idle(self, timeout=10):
        """Waits until nothing is queued: all delivered, dropped or held."""
        self._world.wait_for(
            lambda: all(d.state != "queued" for d in self.deliveries),
            timeout, "an idle webhook", self._summary)

    def _wait(self, what, state, count, timeout):
        def found():
            matching = [d for d in self.deliveries if d.state == state
                        and re.fullmatch(what, d.what)]
            return matching[count - 1] if len(matching) >= count else None

        return self._world.wait_for(
            found, timeout, f"webhook {count} of {what} {state}",
            self._summary)

    def _summary(self):
        return [f"{d.what} {d.state} {d.statuses}" for d in self.deliveries]

    # -- sending, in the loop's thread -------------------------------------

    def _send_later(self, delivery):
        delivery.state = "queued"
        self._world.changed.notify_all()
        self._world.call_in_loop(self._enqueue, delivery)

    def _enqueue(self, delivery):
        if delivery.lane in self._lanes:
            self._lanes[delivery.lane].append(delivery)
            return
        self._lanes[delivery.lane] = deque([delivery])
        self._world.spawn(self._run_lane(delivery.lane))

    async def _run_lane(self, lane):
        queue = self._lanes[lane]
        while queue:
            delivery = queue.popleft()
            states = [await self._deliver(delivery)
                      for _ in range(self.copies)]
            with self._world.changed:
                delivery.state = states[0]
                self.note_end(delivery)
                self._world.changed.notify_all()
        del self._lanes[lane]

    async def _deliver(self, delivery):
        attempt = 0
        while delivery.state == "queued":
            await asyncio.sleep(self.delay_s)
            status, headers = await self._post(delivery)
            attempt += 1
            with self._world.changed:
                delivery.statuses.append(status)
                self._world.changed.notify_all()
                if isinstance(status, int) and self.accepts(delivery,
                                                            status):
                    return "delivered"
                wait_s = self.retry_wait_s(delivery, status, headers,
                                           attempt)
            if wait_s is None:
                return "dropped"
            await asyncio.sleep(wait_s)
        return delivery.state

    async def _post(self, delivery):
        limit = aiohttp.ClientTimeout(total=self.timeout_s)
        try:
            async with self._world.session.post(
                    self.url, data=delivery.body, headers=delivery.headers,
                    timeout=limit, allow_redirects=False) as response:
                delivery.answer = await response.read()
                return response.status, response.headers
        except asyncio.TimeoutError:
            return "timeout", {}
        except (aiohttp.ClientError, OSError):
            return "connection", {}
