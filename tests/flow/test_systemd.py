"""Under systemd: notifications, watchdog, handed-over sockets; signals."""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from harness import program, wait_until
from webhooks import all_pages, emergency_page
from wire import Wire, ask, assert_no_secrets, assert_refused, request_bytes

# Sockets at 3, 4, … and LISTEN_PID, as systemd does; then the program.
LAUNCHER = """
import fcntl, os, sys
count = int(sys.argv[1])
fds = [fcntl.fcntl(int(fd), fcntl.F_DUPFD_CLOEXEC, 50)
       for fd in sys.argv[2:2 + count]]
for place, fd in enumerate(fds, 3):
    os.dup2(fd, place)
os.environ["LISTEN_PID"] = os.environ["WATCHDOG_PID"] = str(os.getpid())
if "NOT_MY_WATCHDOG" in os.environ:
    os.environ["WATCHDOG_PID"] = "1"
os.execv(sys.argv[2 + count], sys.argv[2 + count:])
"""
TIMEOUT_S = 20


@pytest.fixture(autouse=True)
def no_secret_is_logged(request, daemon):
    """Whatever happens, the log shows no secret."""
    yield
    for made in request.node.daemons:
        assert_no_secrets(made)


class Unit:
    """The daemon as systemd's service; .said are its messages so far."""

    def __init__(self, d):
        self.daemon = d
        self.said = []
        self._path = str(d.directory / "systemd")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self._path)
        self._seen = 0

    def start(self, sockets=(), names="", **environment):
        """Starts the program; sockets are handed over under names."""
        d = self.daemon
        d.write_config()
        handed = {"LISTEN_FDS": str(len(sockets)),
                  "LISTEN_FDNAMES": names} if sockets else {}
        command = [sys.executable, "-ISc", LAUNCHER, str(len(sockets)),
                   *(str(handle.fileno()) for handle in sockets),
                   program(), "-c", str(d.config_path)]
        with open(d.stderr_path, "ab") as stderr:
            d.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stderr=stderr,
                pass_fds=[handle.fileno() for handle in sockets],
                env={**os.environ, "NOTIFY_SOCKET": self._path, **handed,
                     **environment})
        return self

    def wait_for(self, line):
        """Waits for the next message with a line; returns its lines."""
        end = time.monotonic() + TIMEOUT_S
        while True:
            while self._seen < len(self.said):
                message = self.said[self._seen]
                self._seen += 1
                if line in message:
                    return message
            left = end - time.monotonic()
            assert left > 0, f"no {line} in {TIMEOUT_S} s: {self.said}"
            self._receive(left)

    def signal(self, number):
        """Sends a signal to the program."""
        self.daemon.process.send_signal(number)

    def wait_exit(self):
        """Waits for the program's end; returns its status."""
        status = self.daemon.process.wait(TIMEOUT_S)
        self.daemon.process = None
        while self._receive(0):
            pass
        return status

    def _receive(self, timeout):
        ready, _, _ = select.select([self._socket], [], [], timeout)
        if ready:
            self.said.append(self._socket.recv(65536).decode().split("\n"))
        return bool(ready)


@pytest.fixture
def unit(daemon):
    """Makes the service, not started; its daemon is unit().daemon."""
    def make(**arguments):
        return Unit(daemon(start=False, **arguments))

    return make


def listening_socket(path=None):
    """A listening TCP socket on a port of its own, or a Unix socket."""
    handle = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
    handle.bind(str(path) if path else ("127.0.0.1", 0))
    handle.listen(64)
    return handle


def port_of(handle):
    """The port of a TCP socket."""
    return handle.getsockname()[1]


def refuses(port):
    """Whether nobody listens at a port of this machine."""
    try:
        Wire(port).close()
    except ConnectionRefusedError:
        return True
    return False


# -- notifications ---------------------------------------------------------

def test_it_tells_that_it_is_ready_and_where(unit):
    u = unit().start()
    message = u.wait_for("READY=1")
    d = u.daemon
    status = [line for line in message if line.startswith("STATUS=")]
    assert len(status) == 1
    assert f"127.0.0.1:{d.port}" in status[0]
    assert f"127.0.0.1:{d.admin_port}" in status[0]
    # Ready means ready.
    assert d.health()[0] == 200 and d.api_get("/readyz")[0] == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_tells_that_it_stops_and_ends_well(unit, number):
    u = unit().start()
    u.wait_for("READY=1")
    u.signal(number)
    u.wait_for("STOPPING=1")
    assert u.wait_exit() == 0
    assert all("READY=1" not in message for message in u.said[1:])


def test_what_cannot_start_never_says_that_it_is_ready(unit):
    u = unit(config={"zendesk": {"api_url": None}}).start()
    assert u.wait_exit() == 2
    assert u.said == []
    u.daemon.configure({"zendesk": {"api_url": "https://x.example"},
                        "store": {"path": "/nowhere/at/all.db"}})
    u.start()
    assert u.wait_exit() == 1
    assert u.said == []
    assert "/nowhere/at/all.db" in u.daemon.stderr()


def test_without_systemd_it_runs_as_well(daemon):
    d = daemon(start=False)
    d.write_config()
    environment = {name: value for name, value in os.environ.items()
                   if name != "NOTIFY_SOCKET"}
    with open(d.stderr_path, "ab") as stderr:
        d.process = subprocess.Popen([program(), "-c", d.config_path],
                                     stderr=stderr, env=environment)
    wait_until(lambda: not refuses(d.port), 10, "the listener")
    assert d.health()[0] == 200


# -- the watchdog ----------------------------------------------------------

def test_the_watchdog_is_fed_again_and_again(unit):
    u = unit().start(WATCHDOG_USEC="400000")
    u.wait_for("READY=1")
    for _ in range(5):
        u.wait_for("WATCHDOG=1")


@pytest.mark.parametrize("environment", [
    {}, {"WATCHDOG_USEC": "100000", "NOT_MY_WATCHDOG": "1"}])
def test_no_watchdog_is_fed_that_is_not_there(unit, environment):
    u = unit().start(**environment)
    u.wait_for("READY=1")
    u.signal(signal.SIGHUP)  # time for something to go wrong
    u.wait_for("READY=1")
    u.signal(signal.SIGTERM)
    assert u.wait_exit() == 0
    assert not any("WATCHDOG=1" in message for message in u.said)


def test_after_a_reload_the_watchdog_is_fed_on(unit):
    u = unit().start(WATCHDOG_USEC="400000")
    u.wait_for("READY=1")
    u.signal(signal.SIGHUP)
    u.wait_for("RELOADING=1")
    u.wait_for("READY=1")
    for _ in range(3):
        u.wait_for("WATCHDOG=1")


# -- handed-over sockets ---------------------------------------------------

@pytest.fixture
def handed(tmp_path):
    """The three sockets by name, bound and listening."""
    sockets = {"public": listening_socket(), "tcp": listening_socket(),
               "unix": listening_socket(tmp_path / "handed.sock")}
    yield sockets
    for handle in sockets.values():
        handle.close()


@pytest.mark.parametrize("order", ["public tcp unix", "unix tcp public",
                                   "tcp public unix"])
def test_handed_over_sockets_are_used_in_whatever_order(unit, handed, cast,
                                                        order):
    u = unit()
    d = u.daemon
    d.configure({"admin": {"socket": None}})
    u.start([handed[name] for name in order.split()], ":".join(
        "public" if name == "public" else "admin" for name in order.split()))
    message = u.wait_for("READY=1")
    # The addresses of the settings are not bound.
    assert refuses(d.port) and refuses(d.admin_port)
    d.port, d.admin_port = port_of(handed["public"]), port_of(handed["tcp"])
    assert any(f":{d.port}," in line for line in message)
    assert d.health()[0] == 200
    status, answer = d.post_pagerduty(emergency_page(cast))
    assert (status, answer["accepted"]) == (200, True)
    assert len(d.emergencies()) == 1
    path = handed["unix"].getsockname()
    assert ask(path, "GET", "/api/emergencies",
               {"Host": "any"}).status == 200
    # The public routes are not at the admin's, nor the other way round.
    assert_refused(ask(d.port, "GET", "/readyz"), 404)
    assert_refused(ask(path, "GET", "/healthz"), 404)
    d.stop()
    assert Path(path).exists(), "systemd's socket is not ours to remove"


def test_what_is_not_handed_over_is_bound_as_configured(unit, handed):
    u = unit()
    d = u.daemon
    u.start([handed["public"]], "public").wait_for("READY=1")
    assert refuses(d.port)
    assert d.api_get("/readyz")[0] == 200
    assert ask(d.admin_socket, "GET", "/readyz").status == 200


def test_handed_over_sockets_outlive_a_reload(unit, handed):
    u = unit()
    d = u.daemon
    d.configure({"admin": {"socket": None}})
    u.start([handed["unix"], handed["public"], handed["tcp"]],
            "admin:public:admin").wait_for("READY=1")
    for _ in range(2):
        pid = d.process.pid
        u.signal(signal.SIGHUP)
        u.wait_for("RELOADING=1")
        # Who comes now is served as soon as it is back.
        answers = [ask(port_of(handed["public"]), "GET", "/healthz"),
                   ask(port_of(handed["tcp"]), "GET", "/readyz"),
                   ask(handed["unix"].getsockname(), "GET", "/readyz")]
        assert [answer.status for answer in answers] == [200, 200, 200]
        u.wait_for("READY=1")
        assert d.process.pid == pid and d.running
    d.port = port_of(handed["public"])
    assert d.health()[0] == 200


def test_a_handed_over_address_that_all_can_reach_needs_a_token(unit):
    u = unit()
    with socket.create_server(("0.0.0.0", 0)) as handle:
        u.start([handle], "admin")
        assert u.wait_exit() == 1
    assert "token" in u.daemon.stderr()


def refuse_reload(u):
    """Its settings can't be used; it goes on. Returns what it says."""
    u.daemon.write_config()
    u.signal(signal.SIGHUP)
    u.wait_for("READY=1")
    assert u.daemon.running
    [refused] = [line for line in u.daemon.stderr().splitlines()
                 if "CONFIG-REFUSED" in line]
    return refused


def test_a_reload_without_the_token_of_a_handed_over_address_is_refused(unit):
    u = unit()
    with socket.create_server(("0.0.0.0", 0)) as handle:
        u.daemon.configure({"admin": {"token": "secret"}})
        u.start([handle], "admin").wait_for("READY=1")
        u.daemon.configure({"admin": {"token": None}})
        assert "token" in refuse_reload(u)


def test_a_reload_knows_which_ports_are_not_its_own(unit, handed):
    u = unit()
    port = port_of(handed["public"])
    u.daemon.configure({"server": {"listen": f"127.0.0.1:{port}"}})
    u.start([handed["public"]], "public").wait_for("READY=1")
    u.daemon.configure({"admin": {"listen": f"localhost:{port}"}})
    assert f"localhost:{port}" in refuse_reload(u)


def test_a_handed_over_socket_that_cannot_be_used_is_told(unit, handed):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams, \
            socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        for sockets, names in (([handed["public"]], "bogus"),
                               ([handed["public"]] * 2, "public:public"),
                               ([handed["tcp"]] * 2, "admin:admin"),
                               ([datagrams], "public"), ([deaf], "public")):
            u = unit()
            u.start(sockets, names)
            assert u.wait_exit() == 1
            assert u.said == []
            assert f'the socket "{names.split(":")[0]}"' in (
                u.daemon.stderr())


# -- reload ----------------------------------------------------------------

def test_a_reload_is_told_and_brings_the_new_settings(unit):
    u = unit()
    d = u.daemon
    u.start().wait_for("READY=1")
    body = b" " * 5000
    assert_refused(ask(d.port, "POST", "/webhooks/zendesk", {}, body), 401)
    d.configure({"server": {"max_body": "4K"}})
    d.write_config()
    pid = d.process.pid
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    u.signal(signal.SIGHUP)
    message = u.wait_for("RELOADING=1")
    stamp = [line for line in message if line.startswith("MONOTONIC_USEC=")]
    assert int(stamp[0].partition("=")[2]) >= before - 1000
    u.wait_for("READY=1")
    assert d.process.pid == pid and d.running
    assert_refused(ask(d.port, "POST", "/webhooks/zendesk", {}, body), 413)


def test_a_reload_with_bad_settings_goes_on_with_the_old(unit):
    u = unit()
    d = u.daemon
    u.start().wait_for("READY=1")
    good = d.config_path.read_text()
    d.config_path.write_text(good + "[server]\nmax_bodies = 1\n")
    u.signal(signal.SIGHUP)
    u.wait_for("RELOADING=1")
    u.wait_for("READY=1")
    assert "CONFIG-REFUSED" in d.stderr()
    assert f"{d.config_path}:{good.count(chr(10)) + 2}: [server] " in (
        d.stderr())
    assert d.health()[0] == 200
    d.config_path.write_text(good)
    u.signal(signal.SIGHUP)
    u.wait_for("READY=1")
    assert d.stderr().count("CONFIG-REFUSED") == 1


class Senders:
    """Post pages one after another, each on a connection of its own."""

    def __init__(self, d, cast, count=4):
        self.accepted = []
        self.failures = []
        self._daemon = d
        self._cast = cast
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(i,))
                         for i in range(count)]
        for thread in self._threads:
            thread.start()

    def wait_accepted(self, more):
        """Waits until so many more have been accepted."""
        goal = len(self.accepted) + more
        wait_until(lambda: len(self.accepted) >= goal or self.failures, 15,
                   "webhooks taken")

    def stop(self):
        """Ends the senders."""
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _run(self, place):
        number = place * 10000
        while not self._end.is_set():
            number += 1
            try:
                status, answer = self._daemon.post_pagerduty(
                    emergency_page(self._cast, number))
                if status != 200 or not answer["accepted"]:
                    self.failures.append((number, status, answer))
                self.accepted.append(number)
            except OSError as error:
                self.failures.append((number, error))
                return


@pytest.mark.parametrize("activated", [False, True])
def test_no_webhook_is_refused_during_a_reload(unit, cast, handed,
                                               activated):
    u = unit()
    d = u.daemon
    u.start(*([[handed["public"]], "public"] if activated else []))
    u.wait_for("READY=1")
    if activated:
        d.port = port_of(handed["public"])
    senders = Senders(d, cast)
    for _ in range(3):
        senders.wait_accepted(10)
        u.signal(signal.SIGHUP)
        u.wait_for("RELOADING=1")
        u.wait_for("READY=1")
    senders.wait_accepted(10)
    senders.stop()
    assert senders.failures == []
    opened = {row["pages"][0]["incident_id"] for row in all_pages(d)}
    assert opened == {f"QPAGE{n:05d}" for n in senders.accepted}


def test_a_reload_can_move_the_listener(unit, daemon):
    u = unit()
    d, spare = u.daemon, daemon(start=False)
    u.start().wait_for("READY=1")
    old = d.port
    d.settings["server"]["listen"] = f"127.0.0.1:{spare.port}"
    d.write_config()
    u.signal(signal.SIGHUP)
    u.wait_for("READY=1")
    assert refuses(old)
    assert ask(spare.port, "GET", "/healthz").status == 200
    d.settings["server"]["listen"] = f"127.0.0.1:{old}"
    d.write_config()
    u.signal(signal.SIGHUP)
    u.wait_for("READY=1")
    assert refuses(spare.port)
    assert d.health()[0] == 200


# -- the end ---------------------------------------------------------------

def test_what_was_accepted_before_the_end_is_there_after_it(unit, cast):
    u = unit()
    d = u.daemon
    u.start().wait_for("READY=1")
    senders = Senders(d, cast)
    senders.wait_accepted(50)
    d.stop()
    senders.stop()
    # Who was not accepted was refused the connection, not left alone.
    for _, error in senders.failures:
        assert isinstance(error, ConnectionError), senders.failures
    u.start().wait_for("READY=1")
    opened = {row["pages"][0]["incident_id"] for row in all_pages(d)}
    assert {f"QPAGE{n:05d}" for n in senders.accepted} <= opened


def test_the_end_waits_for_nobody_who_does_not_finish(unit):
    u = unit()
    d = u.daemon
    u.start().wait_for("READY=1")
    wires = [Wire(d.port), Wire(d.port), Wire(d.admin_port)]
    wires[1].send(request_bytes("POST", "/webhooks/zendesk")[:-4])
    wires[2].send(b"GET /api")
    idle = Wire(d.port)
    assert idle.ask("GET", "/healthz").status == 200
    u.signal(signal.SIGTERM)
    u.wait_for("STOPPING=1")
    assert idle.is_ended()
    assert u.wait_exit() == 0
    for wire in [*wires, idle]:
        wire.close()


def test_a_second_signal_ends_it_at_once(unit, world):
    slow = world.zendesk.fault("*", r"/search", hold=True)
    u = unit().start()
    u.wait_for("READY=1")
    slow.wait_hit()
    u.signal(signal.SIGTERM)
    u.wait_for("STOPPING=1")
    u.signal(signal.SIGTERM)
    assert u.wait_exit() == 128 + signal.SIGTERM
    u.start().wait_for("READY=1")
    assert u.daemon.health()[0] == 200


def test_the_end_does_not_wait_for_what_would_have_come_next(unit, world,
                                                             cast):
    reads = world.zendesk.fault("GET", r"/tickets/\d+", times=None,
                                hold=True)
    u = unit().start()
    u.wait_for("READY=1")
    for number in range(5):
        world.zendesk.create_ticket(
            subject=f"Down {number}", requester=cast.customer,
            organization=cast.acme, priority="urgent")
    reads.wait_hit(count=2)
    u.signal(signal.SIGTERM)
    u.wait_for("STOPPING=1")
    reads.cancel()  # the answers ask for more reads
    assert u.wait_exit() == 0
    u.start().wait_for("READY=1")
    wait_until(lambda: len(u.daemon.emergencies()) == 5, 15,
               "the emergencies", u.daemon.emergencies)


# -- what keeps it from starting -------------------------------------------

def start_and_fail(d):
    """Runs the program, which must end with 1; returns what it says."""
    d.write_config()
    end = subprocess.run([program(), "-c", d.config_path], timeout=TIMEOUT_S,
                         capture_output=True, text=True, check=False)
    assert end.returncode == 1, end
    assert end.stdout == ""
    assert end.stderr.startswith("emergencyd: ")
    return end.stderr


@pytest.mark.parametrize("section", ["server", "admin"])
def test_an_address_in_use_is_told(daemon, section):
    d = daemon(start=False)
    with listening_socket() as other:
        address = f"127.0.0.1:{port_of(other)}"
        d.settings[section]["listen"] = address
        assert address in start_and_fail(d)


def test_a_second_process_on_the_database_is_kept_out(daemon, cast):
    first, second = daemon(), daemon(start=False)
    second.settings["store"]["path"] = str(first.database)
    assert str(first.database) in start_and_fail(second)
    assert first.post_pagerduty(emergency_page(cast))[0] == 200
    first.kill()
    second.start()  # the lock ends with its process
    assert len(second.emergencies()) == 1


def test_a_file_that_is_no_database_is_told_and_left_alone(daemon):
    d = daemon(start=False)
    d.database.write_text("somebody's notes\n" * 1000)
    assert str(d.database) in start_and_fail(d)
    assert d.database.read_text() == "somebody's notes\n" * 1000
