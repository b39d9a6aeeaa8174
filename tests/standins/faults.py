"""Faults: what a test wants to go wrong with the next matching requests.

A fault acts at one point of a request's life: on its arrival, or (with
after_effect) when it has taken effect and its answer is ready but unsent.
There it does, in this order, whatever of these was asked for: run the hook,
wait delay_s, wait for release(), and then end the request by one of answer,
reset, silent and cut_at.  Without an end the request goes on as usual.
"""

import asyncio
import re


class Fault:
    """Made by HttpService.fault(), which explains the arguments."""

    def __init__(self, world, method, path, *, times, after_effect, hook,
                 delay_s, hold, answer, reset, silent, cut_at):
        self._world = world
        self._gate = asyncio.Event()
        self._method = method
        self._path = re.compile(path)
        self._left = times
        self.after_effect = after_effect
        self.hook = hook
        self.delay_s = delay_s
        self.hold = hold
        self.answer = answer
        self.reset = reset
        self.silent = silent
        self.cut_at = cut_at
        self.hits = 0
        self.cancelled = False

    def take(self, request):
        """Whether the fault is for this request; uses up one of its times."""
        if self._left == 0 or self._method not in ("*", request.method):
            return False
        if not self._path.search(request.path):
            return False
        if self._left is not None:
            self._left -= 1
        return True

    def cancel(self):
        """Meets no further request; ends what it does to present ones."""
        with self._world.changed:
            self._left = 0
            self.cancelled = True
        self.release()

    def release(self):
        """Lets the held requests go on, now and from now on."""
        self._world.call_in_loop(self._gate.set)

    def wait_hit(self, count=1, timeout=10):
        """Waits until count requests have reached the fault's point."""
        self._world.wait_for(lambda: self.hits >= count, timeout,
                             f"{count} hits of the fault on {self._path}")

    async def act(self, request):
        """Everything up to the end; the caller does that."""
        with self._world.changed:
            self.hits += 1
            self._world.changed.notify_all()
        if self.hook:
            await self._world.run_test_code(self.hook, request)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if self.hold:
            await self._gate.wait()

    @property
    def ends(self):
        """Whether the request ends here."""
        return (self.answer is not None or self.reset or self.silent
                or self.cut_at is not None)
