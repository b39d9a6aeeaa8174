"""HTTP as bytes on a connection, for what http.client would not send.

Also the scan of a daemon's standard error for the secrets it was given.
"""

import json
import socket
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_S = 15
CHUNK = 65536
SECRET_KEYS = ("webhook_secret", "webhook_secret_2", "client_secret",
               "api_token", "token")


@dataclass
class Answer:
    """What came back; the names of headers are in lower case."""

    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        """The body, parsed."""
        return json.loads(self.body)


def request_bytes(method, path, headers=None, body=b""):
    """A request; Host and Content-Length are filled in if not given.

    A header of None is left out.
    """
    lines = {"Host": "localhost"}
    if body:
        lines["Content-Length"] = str(len(body))
    lines.update(headers or {})
    text = f"{method} {path} HTTP/1.1\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in lines.items()
        if value is not None)
    return text.encode() + b"\r\n" + body


def chunked(body, size=10):
    """A body as chunks with its end."""
    pieces = [body[i:i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece)
                    for piece in pieces) + b"0\r\n\r\n"


class Wire:
    """One connection: to (host, port) of 127.0.0.1, or to a Unix socket."""

    def __init__(self, address):
        if isinstance(address, int):
            self.socket = socket.create_connection(("127.0.0.1", address))
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(str(address))
        self.socket.settimeout(TIMEOUT_S)
        self._received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the connection."""
        self.socket.close()

    def send(self, data):
        """Sends bytes as they are."""
        self.socket.sendall(data)

    def answer(self, to_head=False):
        """The next answer; None if the connection ends instead."""
        while b"\r\n\r\n" not in self._received:
            if not self._receive():
                return None
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = 0 if to_head else int(headers.get("content-length", 0))
        while len(self._received) < length:
            assert self._receive(), f"ended within a body: {head}"
        body = self._received[:length]
        self._received = self._received[length:]
        return Answer(int(first.split()[1]), headers, body)

    def ask(self, method, path, headers=None, body=b""):
        """Sends a request and returns its answer."""
        self.send(request_bytes(method, path, headers, body))
        return self.answer(to_head=method == "HEAD")

    def is_ended(self):
        """Whether the other side ends the connection; waits for it."""
        try:
            return not self._received and not self._receive()
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def _receive(self):
        data = self.socket.recv(CHUNK)
        self._received += data
        return data


def ask(address, method, path, headers=None, body=b""):
    """One request on a connection of its own."""
    with Wire(address) as wire:
        return wire.ask(method, path, headers, body)


def assert_refused(answer, status, *words):
    """That an answer is a refusal as the contract has it.

    words are what its error must name.
    """
    assert answer is not None, "the connection was ended without an answer"
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/json"
    assert isinstance(answer.json["error"], str) and answer.json["error"]
    for word in words:
        assert word in answer.json["error"], answer.json


def assert_no_secrets(daemon):
    """That none of its secrets are in what the daemon wrote."""
    text = daemon.stderr()
    for section, keys in daemon.settings.items():
        for key, value in keys.items():
            if key.endswith("_file"):
                key, value = key[:-5], Path(value).read_text().strip()
            if key in SECRET_KEYS and value:
                assert value not in text, f"[{section}] {key} is shown"
