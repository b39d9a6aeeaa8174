"""The stand-ins together: their thread, its event loop, their one lock.

Tests call from their own threads.  All state of all services is guarded by
Standins.changed, a re-entrant condition that is notified at every change a
test can wait for.  The loop's thread never waits while it holds the lock.
"""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import aiohttp

from .gitlab_api import GitLab
from .pagerduty_api import PagerDuty
from .slack_api import Slack
from .zendesk_api import Zendesk
from .zoom_api import Zoom


class Standins:
    """The services, each on a free loopback port."""

    def __init__(self):
        self.changed = threading.Condition(threading.RLock())
        self.errors = []
        self.session = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever,
                                        name="standins", daemon=True)
        self._hooks = ThreadPoolExecutor(thread_name_prefix="hook")
        self._tasks = set()
        self.zendesk = Zendesk(self)
        self.pagerduty = PagerDuty(self)
        self.zoom = Zoom(self)
        self.gitlab = GitLab(self)
        self.slack = Slack(self)
        self._services = [self.zendesk, self.pagerduty, self.zoom,
                          self.gitlab, self.slack]

    def start(self):
        """Listens; returns when all services can be called."""
        self._thread.start()
        self.run_in_loop(self._open())

    def stop(self):
        """Ends everything.

        Raises the first error that test code or a stand-in ran into in
        another thread, so that no test passes in spite of it.
        """
        self.run_in_loop(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._hooks.shutdown(wait=False)
        if self.errors:
            raise self.errors[0]

    def wait_for(self, found, timeout, what, show=lambda: ""):
        """Waits until found() is true and returns what it returned.

        AssertionError after timeout seconds, naming what and show().
        """
        end = time.monotonic() + timeout
        with self.changed:
            while True:
                result = found()
                if result:
                    return result
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(
                        f"waited {timeout} s for {what}; {show()}")
                self.changed.wait(left)

    # -- for the services --------------------------------------------------

    def run_in_loop(self, coroutine):
        """Runs a coroutine in the loop's thread and waits for its end."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        return future.result(timeout=30)

    def call_in_loop(self, function, *args):
        """Has a function called soon in the loop's thread."""
        self._loop.call_soon_threadsafe(function, *args)

    def spawn(self, coroutine):
        """Starts a task; in the loop's thread."""
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)

    async def run_test_code(self, function, *args):
        """Runs a test's hook in a thread where it may wait."""
        try:
            await self._loop.run_in_executor(self._hooks, function, *args)
        except Exception as error:
            self.errors.append(error)

    def _task_done(self, task):
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            self.errors.append(task.exception())

    async def _open(self):
        # A receiver that was restarted must not meet a connection of its
        # former life: Zendesk would not send that webhook again.
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True, limit=0))
        for service in self._services:
            await service.start()

    async def _close(self):
        for service in self._services:
            await service.stop()
        # Webhooks on their way, and requests that faults still hold.
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.session.close()
