"""The board: its page, what the page asks for, and the stream."""

import json
import re
import socket
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from harness import wait_until
from scenes import LONG, contacted, in_state, opened, order, wait_asked
from standins import Answer
from webhooks import opened_one
from wire import Wire, ask, assert_no_secrets, assert_refused, request_bytes

SOURCES = Path(__file__).resolve().parents[2] / "daemon" / "board"
FILES = {"/": ("index.html", "text/html"),
         "/board.css": ("board.css", "text/css"),
         "/board.js": ("board.js", "text/javascript"),
         "/connection.js": ("connection.js", "text/javascript")}
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; "
          "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
          "form-action 'none'; require-trusted-types-for 'script'")
TOKEN = "admin-token-0123456789"
HTML = "<img src=x onerror=alert(1)>"
STREAMS = 16
CHANGED = b'data: {"changed":true}\n\n'


@pytest.fixture(autouse=True)
def no_secret_is_logged(request, daemon):
    """Whatever a test does, the log shows no secret."""
    yield
    for made in request.node.daemons:
        assert_no_secrets(made)


def beyond_loopback(daemon):
    """A daemon that asks for a token."""
    d = daemon(start=False)
    d.configure({"admin": {"listen": f"0.0.0.0:{d.admin_port}",
                           "token": TOKEN}})
    d.start()
    return d


# -- the page --------------------------------------------------------------

@pytest.mark.parametrize("path", FILES)
def test_the_files_are_served_as_they_are_and_guarded(daemon, path):
    d = daemon()
    name, kind = FILES[path]
    answer = ask(d.admin_port, "GET", path)
    assert answer.status == 200
    assert answer.body == (SOURCES / name).read_bytes()
    headers = answer.headers
    assert headers["content-type"] == f"{kind}; charset=utf-8"
    assert headers["content-security-policy"] == POLICY
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    head = ask(d.admin_port, "HEAD", path)
    assert (head.status, head.body) == (200, b"")
    answer = ask(d.admin_port, "POST", path,
                 {"Content-Type": "application/json"}, b"{}")
    assert_refused(answer, 405)
    assert answer.headers["allow"] == "GET, HEAD"


def test_every_file_of_the_board_has_its_route():
    assert {path.name for path in SOURCES.iterdir()} == {
        name for name, _ in FILES.values()}


def test_nothing_else_of_the_board_is_served(daemon):
    d = daemon()
    for path in ("/index.html", "/board", "/board.", "//", "/../board.js",
                 "/board.js/", "/board.js.", "/board.c"):
        assert_refused(ask(d.admin_port, "GET", path), 404)


def test_the_page_asks_for_no_token_but_all_it_shows_does(daemon):
    d = beyond_loopback(daemon)
    for path in FILES:
        assert ask(d.admin_port, "GET", path,
                   {"Host": "board.example"}).status == 200
    for path in ("/api/board", "/api/commands", "/api/oncall",
                 "/api/stream", "/board.c", "/index.html"):
        answer = ask(d.admin_port, "GET", path)
        assert_refused(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"
    shown = {"Authorization": f"Bearer {TOKEN}"}
    assert ask(d.admin_port, "GET", "/api/board", shown).status == 200


def test_a_page_under_another_name_gets_nothing(daemon):
    d = daemon()
    for path in (*FILES, "/api/board", "/api/stream", "/api/oncall"):
        assert_refused(ask(d.admin_port, "GET", path,
                           {"Host": "evil.example"}), 403)


class Page(HTMLParser):
    """Collects the tags, and what the policy would forbid."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.inline, self.resources = [], [], []
        self._within = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._within = tag
        self.inline += [name for name, _ in attrs
                        if name.startswith("on") or name == "style"]
        self.resources += [value for name, value in attrs
                           if name in ("src", "href")]

    def handle_data(self, data):
        if self._within in ("script", "style") and data.strip():
            self.inline.append(data)

    def handle_endtag(self, tag):
        self._within = None


def test_the_page_has_nothing_inline_and_nothing_from_elsewhere():
    page = Page((SOURCES / "index.html").read_text())
    assert page.inline == []
    assert page.resources == ["board.css", "board.js", "#emergencies"]
    for name in ("board.js", "connection.js", "board.css"):
        text = (SOURCES / name).read_text()
        assert not re.search(r"https?://|@import|url\(", text), name


def test_the_page_has_a_name_for_everything():
    page = Page((SOURCES / "index.html").read_text())
    assert ("html", {"lang": "en"}) in page.tags
    ids = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    for _, attrs in page.tags:
        for name in ("aria-labelledby", "aria-controls", "for"):
            assert name not in attrs or attrs[name] in ids
    used = set(re.findall(r"\bat\('([\w-]+)'\)",
                          (SOURCES / "board.js").read_text()))
    assert used <= ids


def test_no_text_can_become_markup_or_code():
    """All texts go into the page as text nodes and attributes."""
    for name in ("board.js", "connection.js"):
        text = (SOURCES / name).read_text()
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML",
                     "document.write", "eval", "Function(", "srcdoc",
                     "DOMParser", "createContextualFragment", "setHTML",
                     "javascript:"):
            assert word not in text, f"{word} in {name}"
        assert not re.search(r"set(Timeout|Interval)\(\s*['\"`]", text)


def test_the_styles_are_for_light_dark_and_narrow_screens():
    text = (SOURCES / "board.css").read_text()
    for word in ("prefers-color-scheme: dark", "@media (min-width",
                 ":focus-visible", "min-height: 2.75rem"):
        assert word in text
    assert "width=device-width" in (SOURCES / "index.html").read_text()


# -- what it shows ---------------------------------------------------------

def board(d, number=None):
    """What /api/board says."""
    status, answer = d.api_get("/api/board" + (
        f"?id={number}" if number else ""))
    assert status == 200, answer
    assert list(answer) == ["now", "emergencies", "more", "chosen", "oncall",
                            "parked"]
    return answer


def test_an_empty_board(daemon):
    d = daemon()
    answer = board(d)
    assert (answer["emergencies"], answer["chosen"], answer["parked"],
            answer["more"]) == ([], None, [], False)


def test_it_lists_what_is_open_with_what_may_be_done(daemon, world, cast):
    d = daemon(**LONG)
    first, _ = contacted(d, world, cast, subject=HTML)
    closed, _ = in_state(d, world, cast, "closed")
    last, _ = opened(d, world, cast)
    rows = board(d)["emergencies"]
    assert [row["id"] for row in rows] == [first, last]
    assert rows[0]["ticket"]["subject"] == HTML
    keys = list(d.emergency(first))[:-3]
    assert list(rows[0]) == keys + ["thread_url", "runbook_url", "buttons",
                                    "commands"]
    assert rows[0]["buttons"] == ["replied", "extend", "pause",
                                  "call-started"]
    assert {"extend", "downgrade", "close"} <= set(rows[0]["commands"])
    assert not {"link", "do-it", "reopen"} & set(rows[0]["commands"])
    assert rows[1]["buttons"] == ["ack", "not-emergency"]
    chosen = board(d, closed)["chosen"]
    assert chosen["id"] == closed and chosen["timeline"]
    assert {"actions", "checklist"} <= set(chosen)
    assert chosen["buttons"] == ["reopen"]
    for nothing in (last + 100, "x", "0", "-1", ""):
        assert d.api_get(f"/api/board?id={nothing}")[1]["chosen"] is None


def test_commands_that_are_offered_are_taken_and_others_are_refused(
        daemon, world, cast):
    """As the page does it: by the table, with what the table asks for."""
    d = daemon(**LONG)
    status, answer = d.api_get("/api/commands")
    assert status == 200
    table = {row["name"]: row for row in answer["commands"]}
    assert all(row["help"] for row in table.values())
    values = {"name": "incident-7", "period": "20m", "ticket": "4711",
              "text": "Some words"}
    number, _ = contacted(d, world, cast)
    offered = set(board(d, number)["chosen"]["commands"])
    for name, row in table.items():
        if name not in offered:
            arguments = {each["name"] + "_": values[each["kind"]]
                         for each in row["arguments"]}
            assert d.command(number, name, **arguments)[0] == 409, name
    for name in ("extend", "note", "pause", "resume", "replied",
                 "call-started", "call-ended", "close", "reopen"):
        row = board(d, number)["chosen"]
        assert name in row["commands"], (name, row["state"])
        order(d, number, name, **{
            each["name"] + "_": values[each["kind"]]
            for each in table[name]["arguments"]})


def test_what_is_asked_comes_with_its_buttons(daemon, world, cast):
    d = daemon(follow_up_after="2s", downgrade_after="10m")
    number, ticket = contacted(d, world, cast, 0)
    world.zendesk.comment(ticket, cast.outsider, "Me too!")
    wait_asked(d, number, "follow_up")
    [row] = board(d)["emergencies"]
    assert row["held"] == "asked" and row["held_why"]
    assert {"do-it", "extend", "replied"} <= set(row["buttons"])


def test_parked_calls_are_shown_and_sent_again(daemon, world, cast):
    d = daemon(**LONG)
    refusal = world.zendesk.fault("PUT", r"/tickets/", times=None,
                                  answer=Answer(403, {"error": "No"}))
    number, _ = opened(d, world, cast)
    order(d, number, "first-contact")
    [parked] = wait_until(lambda: board(d)["parked"], 10, "a parked call")
    assert (parked["emergency"], parked["kind"], parked["state"]) == (
        number, "first_contact", "parked")
    refusal.cancel()
    assert d.api_post(f"/api/outbox/{parked['id']}/retry",
                      {"by": "Ann"})[0] == 200
    d.wait_for_emergency(emergency_id=number, state="contacted")
    assert board(d)["parked"] == []


def test_it_links_the_thread(daemon, world, cast):
    d = daemon(services=["slack"], **LONG)
    number, _ = opened(d, world, cast)

    def shown():
        [row] = board(d)["emergencies"]
        return row["thread_url"] and row

    row = wait_until(shown, 10, "the thread's address")
    stamp = row["thread"]["ts"].replace(".", "")
    assert row["thread_url"].startswith("https://")
    assert row["thread_url"].endswith(
        f"/archives/{row['thread']['channel']}/p{stamp}")


# -- who is on call --------------------------------------------------------

def test_on_call_now_and_next(daemon, cast):
    d = daemon(config={"escalation second-line": {
        "after": "10m", "schedule": cast.manager_schedule["id"]}})
    until = cast.shift_end.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def known():
        status, answer = d.api_get("/api/oncall")
        assert status == 200 and list(answer) == ["oncall"]
        return all(row["now"] for row in answer["oncall"]) and answer

    engineer, manager = wait_until(known, 10, "the on-calls")["oncall"]
    assert (engineer["schedule"], engineer["role"]) == (
        cast.engineer_schedule["id"], "engineer")
    assert engineer["now"] == {"name": "Eng One",
                               "email": "engineer@example.com",
                               "until": until}
    assert engineer["next"]["name"] == "Eng Two"
    assert engineer["next"]["from"] == until
    assert (manager["role"], manager["rung"], manager["now"]["name"]) == (
        "manager", None, "Mona Manager")
    assert board(d)["oncall"] == [engineer, manager]


def test_nobody_is_on_call_without_schedules(daemon):
    d = daemon(config={"pagerduty": {"engineer_schedule": None,
                                     "manager_schedule": None}})
    assert d.api_get("/api/oncall") == (200, {"oncall": []})


# -- the stream ------------------------------------------------------------

class Stream:
    """A reader of /api/stream."""

    def __init__(self, address, headers=None):
        self.wire = Wire(address)
        self.wire.send(request_bytes("GET", "/api/stream", headers))
        self.answer = self.wire.answer()
        self._chunks = self.wire._received
        self._texts = b""

    def text(self, timeout=5):
        """The next text; b"": none comes in that time; None: it has ended."""
        self.wire.socket.settimeout(timeout)
        while b"\n\n" not in self._texts:
            try:
                data = self._chunks or self.wire.socket.recv(65536)
            except TimeoutError:
                return b""
            if not data or not self._take(data):
                return None
        text, _, self._texts = self._texts.partition(b"\n\n")
        return text + b"\n\n"

    def _take(self, data):
        """Takes the chunks that are whole; False: the last has come."""
        self._chunks = data
        while True:
            size, mark, rest = self._chunks.partition(b"\r\n")
            length = int(size, 16) if mark else None
            if length == 0:
                return False
            if length is None or len(rest) < length + 2:
                self._chunks += self.wire.socket.recv(65536)
                continue
            self._texts += rest[:length]
            self._chunks = rest[length + 2:]
            if not self._chunks:
                return True

    def close(self):
        self.wire.close()


@pytest.fixture
def stream():
    """Makes streams, and ends them."""
    made = []

    def make(address, headers=None):
        made.append(Stream(address, headers))
        return made[-1]

    yield make
    for each in made:
        each.close()


def quiet(d, each):
    """Reads until nothing has come for a while."""
    wait_until(lambda: each.text(1.2) == b"", 15, "the stream to rest")


def still(daemon, world):
    """A daemon that changes nothing by itself for a while."""
    world.zendesk.go_down()
    return daemon(config={"zendesk": {"poll_every": "1h"}})


def test_a_change_is_told_at_once_and_only_then(daemon, world, cast,
                                                stream):
    d = still(daemon, world)
    number = opened_one(d, cast)
    each = stream(d.admin_port)
    assert each.answer.status == 200
    assert each.answer.headers["content-type"] == "text/event-stream"
    assert each.answer.headers["cache-control"] == "no-store"
    assert each.text() == CHANGED  # whatever was before
    quiet(d, each)
    order(d, number, "note", text="news")
    assert each.text() == CHANGED


def test_the_socket_has_it_too(daemon, stream):
    d = daemon()
    each = stream(d.admin_socket)
    assert each.answer.status == 200 and each.text() == CHANGED


def test_it_shows_that_it_is_alive(daemon, world, stream):
    d = still(daemon, world)
    each = stream(d.admin_port)
    seen = b""
    end = time.monotonic() + 40
    while not re.search(rb"^: .*\n\n", seen, re.M):
        assert time.monotonic() < end, seen
        seen += each.text(20)


def test_too_many_streams_are_refused_and_a_place_is_freed(daemon, stream):
    d = daemon()
    streams = [stream(d.admin_port) for _ in range(STREAMS)]
    assert all(each.answer.status == 200 for each in streams)
    answer = ask(d.admin_port, "GET", "/api/stream")
    assert_refused(answer, 503)
    assert answer.headers["retry-after"]
    assert ask(d.admin_port, "GET", "/api/board").status == 200
    streams[3].close()
    wait_until(lambda: ask_head(d) == 200, 5, "a free place")


def ask_head(d):
    """The status of a stream that is left at once."""
    with Wire(d.admin_port) as wire:
        wire.send(request_bytes("GET", "/api/stream"))
        return wire.answer().status


def test_a_head_and_a_reader_who_leaves_take_no_place(daemon, world):
    d = still(daemon, world)
    for _ in range(3 * STREAMS):
        answer = ask(d.admin_port, "HEAD", "/api/stream")
        assert answer.status in (200, 503)
    for _ in range(STREAMS):
        wait_until(lambda: ask_head(d) == 200, 5, "a free place")


def test_a_reader_who_does_not_read_harms_nobody(daemon, cast, stream):
    d = daemon(config={"server": {"request_timeout": "2s"}})
    lazy = stream(d.admin_port)
    number = opened_one(d, cast)
    for _ in range(20):
        order(d, number, "note", text="x")
    assert lazy.answer.status == 200
    assert stream(d.admin_port).text() == CHANGED


def test_streams_end_with_the_daemon_and_do_not_hold_it(daemon, stream):
    d = daemon()
    streams = [stream(d.admin_port) for _ in range(STREAMS)]
    streams[0].text()
    begin = time.monotonic()
    d.stop()
    assert time.monotonic() - begin < 1.9  # no connection was waited for
    for each in streams:
        wait_until(lambda each=each: each.text() is None, 5, "its end")


def test_a_stream_ends_when_the_daemon_starts_anew(daemon, stream):
    d = daemon()
    each = stream(d.admin_port)
    d.reload()
    wait_until(lambda: each.text() is None, 5, "its end")
    assert stream(d.admin_port).text() == CHANGED


def test_beyond_loopback_a_stream_needs_the_token(daemon, stream):
    d = beyond_loopback(daemon)
    assert_refused(ask(d.admin_port, "GET", "/api/stream"), 401)
    each = stream(d.admin_port, {"Authorization": f"Bearer {TOKEN}"})
    assert each.answer.status == 200 and each.text() == CHANGED


def test_a_stream_may_follow_another_request(daemon):
    d = daemon()
    with Wire(d.admin_port) as wire:
        assert wire.ask("GET", "/readyz").status == 200
        wire.send(request_bytes("GET", "/api/stream"))
        assert wire.answer().status == 200
        wire.socket.shutdown(socket.SHUT_WR)
        wire.socket.settimeout(5)
        while wire.socket.recv(65536):
            pass  # whoever has said all is taken for gone


def test_commands_as_json_from_a_page(daemon, cast):
    """What board.js sends: same origin, JSON, the name."""
    d = daemon()
    number = opened_one(d, cast)
    host = f"localhost:{d.admin_port}"
    headers = {"Host": host, "Origin": f"http://{host}",
               "Content-Type": "application/json"}
    answer = ask(d.admin_port, "POST", f"/api/emergencies/{number}/note",
                 headers, json.dumps({"by": HTML, "text": HTML}).encode())
    assert answer.status == 200
    assert HTML in [entry["text"] for entry in answer.json["timeline"]]
    assert answer.headers["content-type"] == "application/json"
    answer = ask(d.admin_port, "POST", f"/api/emergencies/{number}/do-it",
                 headers, b'{"by":"Ann"}')
    assert_refused(answer, 409, "nothing is asked")
