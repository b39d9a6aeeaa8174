"""What tests of the stand-ins call them with, and receive webhooks by."""

import http.server
import json
import threading
import urllib.error
import urllib.request


class Receiver:
    """An HTTP server that keeps what it gets and answers as told.

    answers: (status, headers) of the next ones, else 200; respond: makes
    the body of an answer of the request's.
    """

    def __init__(self):
        self.got = []
        self.answers = []
        self.respond = lambda body: b""
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                receiver.got.append((dict(self.headers), body))
                status, headers = (receiver.answers.pop(0)
                                   if receiver.answers else (200, {}))
                answer = receiver.respond(body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.02,),
                         daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def call(method, url, body=None, headers=None):
    """One request: (status, headers, parsed body); body: JSON-ready, or
    bytes to send as they are."""
    data = body
    if body is not None and not isinstance(body, bytes):
        data = json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **(headers or {})}
    request = urllib.request.Request(url, data, headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            text = response.read()
            return response.status, response.headers, json.loads(
                text or "null")
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.loads(error.read() or "null")
