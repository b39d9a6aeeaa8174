"""A daemon that is killed again and again, and the disk beneath it."""

import signal
import subprocess
import threading
from pathlib import Path

from harness import Daemon, program

# What each mode preloads.  With lost_power.so a kill is a power cut: what
# was not synced is lost, or reaches the disk in part and torn.
LIBRARIES = {"plain": None, "power": "lost_power.so",
             "trouble": "lost_power.so", "full": "full_disk.so",
             "broken": "full_disk.so"}
MODES = tuple(LIBRARIES)
# How often each is drawn.
WEIGHTS = {"plain": 3, "power": 3, "trouble": 3, "full": 1, "broken": 1}


class Victim(Daemon):
    """A Daemon; kill_now() may be called from any thread, at any time."""

    def __init__(self, mode, rng):
        library = LIBRARIES[mode]
        super().__init__(library and Path(program()).parent / library)
        self.mode = mode
        self.kills = 0
        self.starts = 0
        self.ends = []  # of its own accord: exit statuses
        self._ready_life = None
        self.slack_webhook = None  # until connect() has set it
        self._rng = rng
        self._lock = threading.Lock()
        self._control = self.directory / "trouble"

    # -- life --------------------------------------------------------------

    def launch(self):
        """Starts the program and returns at once, with its life's number."""
        self._notifications.forget()
        with open(self.stderr_path, "ab") as stderr:
            process = subprocess.Popen(
                [program(), "-c", str(self.config_path)], stderr=stderr,
                stdin=subprocess.DEVNULL, env=self._environment())
        with self._lock:
            self.process = process
            self.starts += 1
            return self.starts

    def wait_ready(self, timeout=20):
        """Whether it became ready; False: it ended, or was killed."""
        process, life = self.process, self.starts
        if process is None or self._ready_life == life:
            return process is not None
        try:
            ready = self._notifications.wait_for("READY=1", process, timeout)
        except ProcessLookupError:
            ready = False
        self._ready_life = life if ready else None
        return ready

    def kill_now(self, life=None):
        """SIGKILL, unless this life is over; returns whether it died of
        it."""
        with self._lock:
            if self.process is None or life not in (None, self.starts):
                return False
            self.process.send_signal(signal.SIGKILL)
            status = self.process.wait()
            self.process = None
            if status == -signal.SIGKILL:
                self.kills += 1
                return True
            self.ends.append(status)
            return False

    def terminate(self):
        """SIGTERM, without waiting for the end."""
        with self._lock:
            if self.process:
                self.process.send_signal(signal.SIGTERM)

    @property
    def running(self):
        process = self.process
        return process is not None and process.poll() is None

    def put_away(self):
        """As close(), but however it ends: its end was looked at before."""
        self.kill_now()
        super().close()

    # -- the disk ----------------------------------------------------------

    def trouble(self):
        """The disk is in some trouble, by the mode, until mend()."""
        text = {"full": "full", "broken": "EIO"}.get(self.mode)
        if self.mode == "trouble":
            text = "".join(f"{self._rng.choice(('write', 'sync'))} "
                           f"{self._rng.choice(('full', 'broken', 'short'))} "
                           f"{self._rng.randrange(40)} "
                           f"{self._rng.choice((0, 1, 1, 3))}\n")
        if text:
            new = self._control.with_suffix(".new")
            new.write_text(text)
            new.rename(self._control)

    def mend(self):
        self._control.unlink(missing_ok=True)

    def _environment(self):
        return {**super()._environment(),
                "FULL_DISK_FLAG": str(self._control),
                "LOST_POWER_CONTROL": str(self._control),
                "LOST_POWER_SEED": str(self._rng.randrange(2**32))}


def may_end(mode, status):
    """Whether a program may end so by itself, its disk being as it is."""
    return status == 0 or (status == 1 and mode not in ("plain", "power"))


def kept_folder(name):
    """Where a violation's folder is kept."""
    folder = Path(program()).parent / "kill" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
