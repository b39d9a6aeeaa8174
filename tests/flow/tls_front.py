"""A stand-in behind TLS, with the certificate that a test gives it."""

import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from harness import program
from scenes import LONG

TIMEOUT_S = 20


def _openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True,
                   capture_output=True, stdin=subprocess.DEVNULL)


class Authority:
    """A certificate authority of the tests'; .path is its certificate."""

    def __init__(self, directory):
        self.path = directory / "authority.pem"
        self._directory = directory
        self._key = directory / "authority.key"
        _openssl("req", "-x509", *self._new_key(self._key), "-out", self.path,
                 "-subj", "/CN=Authority of the tests", "-days", 1)

    def certify(self, name, host="localhost", days=1):
        """A context of a server with a certificate for a host."""
        key, request, certificate = (
            self._directory / f"{name}.{kind}" for kind in ("key", "csr", "pem"))
        _openssl("req", *self._new_key(key), "-out", request,
                 "-subj", f"/CN={host}", "-addext",
                 f"subjectAltName=DNS:{host}")
        _openssl("x509", "-req", "-in", request, "-CA", self.path, "-CAkey",
                 self._key, "-days", days, "-copy_extensions", "copy",
                 "-out", certificate)
        return _context(certificate, key)

    def self_signed(self):
        """A context whose certificate nobody has certified."""
        key, certificate = (self._directory / f"self.{kind}"
                            for kind in ("key", "pem"))
        _openssl("req", "-x509", *self._new_key(key), "-out", certificate,
                 "-subj", "/CN=localhost", "-days", 1,
                 "-addext", "subjectAltName=DNS:localhost")
        return _context(certificate, key)

    @staticmethod
    def _new_key(path):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-keyout", path)


def _context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


class Front:
    """Takes TLS connections and passes what comes on to a port, and back.

    .url is its address; .refusals are why clients broke off, .bytes is how
    many came through.
    """

    def __init__(self, context, port):
        self.refusals = []
        self.bytes = 0
        self._context = context
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        """Takes no more connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,),
                             daemon=True).start()

    def _serve(self, client):
        client.settimeout(TIMEOUT_S)
        try:
            secured = self._context.wrap_socket(client, server_side=True)
            # A client of TLS 1.3 says what it thinks of us only now.
            first = secured.recv(65536)
            refusal = None if first else "closed"
        except OSError as error:
            refusal = str(error)
        if refusal:
            self.refusals.append(refusal)
            client.close()
            return
        with secured, socket.create_connection(
                ("127.0.0.1", self._port)) as server:
            back = threading.Thread(target=_copy, args=(server, secured),
                                    daemon=True)
            back.start()
            while first:
                self.bytes += len(first)
                server.sendall(first)
                try:
                    first = secured.recv(65536)
                except OSError:
                    break


def _copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass


@contextmanager
def front(context, port):
    """A Front as long as it is needed."""
    made = Front(context, port)
    try:
        yield made
    finally:
        made.close()


def interposed():
    """The library that replaces functions in the daemon."""
    library = Path(program()).parent / "interposed.so"
    assert library.exists(), f"{library} is not built: make {library}"
    return library


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """An authority that daemons with interposed() trust."""
    made = Authority(tmp_path)
    monkeypatch.setenv("TRUSTED_CA", str(made.path))
    return made


def behind_tls(daemon, url):
    """A daemon that calls Zendesk at an address."""
    return daemon(preload=interposed(), **LONG,
                  config={"zendesk": {"api_url": url}})
