"""Strangers who mean harm: so many connections at any time to one address.

    attackers.py ADDRESS COUNT STORY

ADDRESS is a port of 127.0.0.1 or the path of a Unix socket.  Who is cut
comes again; nobody reads what they are answered.  A process of its own, so
that it competes with the daemon and not with the test: it says "here" when
all have come, and goes at the end of its input.
"""

import itertools
import os
import resource
import select
import socket
import struct
import sys
import time

BEAT_S = 0.01
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: leaves no port in TIME_WAIT
POST = b"POST /webhooks/pagerduty HTTP/1.1\r\nHost: localhost\r\n"
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
SIGNED = POST + b"X-PagerDuty-Signature: v1=" + b"0" * 64 + b"\r\n"
CHUNKED = SIGNED + b"Transfer-Encoding: chunked\r\n\r\n"
UNSIGNED = (SIGNED + b"Content-Length: 1000\r\n\r\n" + b"{}" * 500) * 20

# What a connection sends: the first piece, and then again and again one of
# the others; "" is nothing, for a beat.
STORIES = {
    "silent": (b"", b""),
    "slow in the header": (POST + b"X: ", *[b""] * 99, b"a"),
    "slow in the body": (SIGNED + b"Content-Length: 9999\r\n\r\n",
                         *[b""] * 99, b"a"),
    "a header without end": (POST, b"X: " + b"x" * 500),
    "headers without end": (POST, b"X: y\r\n" * 50),
    "a long request line": (b"GET /", b"x" * 500),
    "empty lines": (b"", b"\r\n" * 500),
    "a body almost here": (
        SIGNED + b"Content-Length: 1000000\r\n\r\n" + b"x" * 999999, b""),
    "a body without end": (CHUNKED, b"1000\r\n" + b"x" * 4096 + b"\r\n"),
    "a chunk's line without end": (CHUNKED + b"1;", b"x" * 2000),
    "a chunk's size without end": (CHUNKED, b"0" * 2000),
    "trailers without end": (CHUNKED + b"1\r\nx\r\n0\r\n", b"X: y\r\n" * 50),
    "longer than it said": (
        SIGNED + b"Content-Length: 2\r\n\r\n{}", b"{}" * 500),
    "shorter than it said": (
        SIGNED + b"Content-Length: 500\r\n\r\n{}", b""),
    "too long": (SIGNED + b"Content-Length: 99999999\r\n\r\n", b"x" * 5000),
    "wrongly signed": (UNSIGNED, UNSIGNED),
    "answers left unread": (GET * 2000, GET * 2000),
    "kept for nothing": (GET, b""),
    "garbage behind a request": (b"", GET + b"\0\xff{}\r\n\r\n" * 50),
    "come and go": (b"GET", None),
}


class Member:
    """One connection."""

    def __init__(self, address, story):
        family = socket.AF_INET if address.isdigit() else socket.AF_UNIX
        self._socket = socket.socket(family)
        self._socket.setblocking(False)
        if family == socket.AF_INET:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                    RESET)
            address = ("127.0.0.1", int(address))
        self._connected = self._socket.connect_ex(address)
        first, *again = STORIES[story]
        self._pieces = itertools.chain([first], itertools.cycle(again))
        self._rest = b""
        self._is_new = True  # its first piece is not sent yet

    def has_begun(self):
        """Whether its first piece is sent; True only once."""
        begins = self._is_new and not self._rest
        self._is_new = self._is_new and not begins
        return begins

    def goes_on(self):
        """Sends what can be sent now; False: the connection has ended."""
        try:
            if not self._rest:
                self._rest = next(self._pieces)
            if self._rest is None:
                raise ConnectionError
            if self._rest:
                self._rest = self._rest[self._socket.send(self._rest):]
            elif not self._socket.recv(1, socket.MSG_PEEK):
                raise ConnectionError
        except BlockingIOError:
            pass
        except OSError:
            self._socket.close()
            return False
        return True


def attack(address, count, story):
    """Goes on until the input ends."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    members = []
    to_come = count
    while not select.select([sys.stdin], [], [], 0)[0]:
        begin = time.monotonic()
        members += [Member(address, story)
                    for _ in range(count - len(members))]
        staying = [member for member in members if member.goes_on()]
        if to_come > 0:
            to_come -= (len(members) - len(staying)
                        + sum(member.has_begun() for member in staying))
            if to_come <= 0:
                print("here", flush=True)
        members = staying
        time.sleep(max(0, begin + BEAT_S - time.monotonic()))


if __name__ == "__main__":
    attack(sys.argv[1], int(sys.argv[2]), sys.argv[3])
    os._exit(0)  # the system closes thousands of sockets faster
