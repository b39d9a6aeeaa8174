"""Secrets in the daemon's memory: who may look, and what is left of those
that are no longer needed."""

import os
import resource
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest
from harness import program, wait_until
from scenes import LONG, opened, order
from tls_front import authority, behind_tls, front  # noqa: F401 (a fixture)

ALL = ("slack", "zoom", "gitlab")
NOBODY = 65534
MOST_BYTES = 1 << 30  # what is larger is a sanitizer's own

# How often each secret is in the memory of a daemon at rest: as a setting,
# and as a key of its HMACs or the header of its calls.
COPIES = {
    ("zendesk", "webhook_secret"): 2, ("zendesk", "client_secret"): 1,
    ("pagerduty", "webhook_secret"): 2, ("pagerduty", "api_token"): 2,
    ("slack", "signing_secret"): 2, ("slack", "token"): 2,
    ("zoom", "webhook_secret"): 2, ("zoom", "client_secret"): 1,
    ("gitlab", "token"): 2}

only_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="nobody but root may look into its memory")


def memory(pid):
    """What is in the writable memory of a process, piece by piece."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, \
            open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for line in maps:
            place, rights = line.split()[:2]
            if not rights.startswith("rw"):
                continue
            begin, end = (int(number, 16) for number in place.split("-"))
            if end - begin > MOST_BYTES:
                continue
            try:
                mem.seek(begin)
                yield mem.read(end - begin)
            except OSError:  # a thread's stack that has gone meanwhile
                pass


def copies(d, secrets):
    """How often each of the secrets is in the daemon's memory."""
    found = dict.fromkeys(secrets, 0)
    for piece in memory(d.process.pid):
        for secret in secrets:
            found[secret] += piece.count(secret.encode())
    return found


def wait_copies(d, expected):
    """Waits until every secret is there so often and not more."""
    wait_until(lambda: copies(d, expected) == expected, 5, "copies",
               lambda: copies(d, expected))


def tail(secret):
    """What is left of a long secret where an allocator has used its begin."""
    assert len(secret) >= 64
    return secret[-32:]


def tokens(world):
    """The access tokens that Zendesk's stand-in has seen, oldest first."""
    return list(dict.fromkeys(
        request.headers["Authorization"].split()[1]
        for request in world.zendesk.received()
        if request.headers.get("Authorization", "").startswith("Bearer ")))


@only_root
def test_secrets_are_kept_where_they_are_needed_and_nowhere_else(
        daemon, world, cast):
    d = daemon(services=ALL, **LONG)
    number, _ = opened(d, world, cast)
    order(d, number, "note", text="so that Slack is called")
    incident = d.emergency(number)["pages"][0]["incident_id"]
    world.pagerduty.acknowledge(incident, cast.engineer_pd)
    wait_until(lambda: d.emergency(number)["bridge"], 10, "the bridge")
    wait_copies(d, {d.settings[section][key]: count
                    for (section, key), count in COPIES.items()})


@only_root
@pytest.mark.parametrize("secured", [False, True], ids=["http", "TLS"])
def test_a_token_that_is_no_longer_used_is_gone(daemon, world, cast,
                                                authority, secured):
    with front(authority.certify("good"), world.zendesk.port) as service:
        d = (behind_tls(daemon, service.url) if secured
             else daemon(**LONG))
        number, _ = opened(d, world, cast)
        world.zendesk.revoke_tokens()
        order(d, number, "first-contact")
        world.zendesk.wait_for_request("POST", "/oauth/tokens", count=2)
        wait_until(lambda: len(tokens(world)) == 2, 10, "the new one's use")
        old, new = tokens(world)
        wait_copies(d, {tail(old): 0, new: 1,
                        d.settings["zendesk"]["client_secret"]: 1})


@only_root
def test_of_settings_that_are_refused_no_secret_stays(daemon, world, cast):
    d = daemon(services=ALL, **LONG)
    names = {kind: os.urandom(40).hex() for kind in ("file", "line", "last")}
    path = d.directory / "secret"
    path.write_text(names["file"] + "\n")
    config = d.settings.copy()
    d.settings = {
        **config, "zendesk": {**config["zendesk"],
                              "webhook_secret_2": names["line"]},
        "slack": {**config["slack"], "token": None, "token_file": str(path)},
        # The last line is refused, when all the others have been read.
        "gitlab": {**config["gitlab"], "token": names["last"],
                   "template": ""}}
    del d.settings["slack"]["token"]
    d.reload()
    assert "CONFIG-REFUSED" in d.stderr()
    wait_copies(d, dict.fromkeys(map(tail, names.values()), 0))
    d.settings = config


@only_root
def test_of_settings_that_are_replaced_no_secret_stays(daemon):
    d = daemon(**LONG)
    d.configure({"zendesk": {"webhook_secret_2": os.urandom(40).hex()}})
    d.restart()
    old, new = d.settings["zendesk"]["webhook_secret_2"], os.urandom(40).hex()
    wait_copies(d, {old: 2})
    d.configure({"zendesk": {"webhook_secret_2": new}})
    d.reload()
    wait_copies(d, {tail(old): 0, new: 2})


# -- who may look ----------------------------------------------------------

@pytest.fixture
def loosely():
    """Starts the daemon as a user who may dump cores of any size.

    As nobody if we are root, for whom there are no limits.
    """
    directory = Path(tempfile.mkdtemp(prefix="emergencyd-"))
    copy = shutil.copy(program(), directory)
    config = directory / "emergencyd.ini"
    config.write_text(
        f"[server]\nlisten = 127.0.0.1:0\n[admin]\nlisten = 127.0.0.1:0\n"
        f"[store]\npath = {directory}/emergencyd.db\n[zendesk]\n"
        "api_url = http://127.0.0.1:9\nwebhook_secret = s\n"
        "client_id = c\nclient_secret = s\n")
    limits = (resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
    user = {}
    if os.geteuid() == 0:
        os.chown(directory, NOBODY, NOBODY)
        config.chmod(0o644)
        user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    else:
        limits = (resource.RLIMIT_CORE,
                  (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
    with open(directory / "stderr", "w", encoding="utf-8") as stderr:
        process = subprocess.Popen(
            [copy, "-c", str(config)], cwd=directory, stderr=stderr,
            preexec_fn=lambda: resource.setrlimit(*limits), **user)
    wait_until(lambda: "STARTED" in (directory / "stderr").read_text(), 20,
               "the start", (directory / "stderr").read_text)
    yield process
    process.kill()
    process.wait()
    shutil.rmtree(directory)


def test_only_root_may_look_into_it_and_no_core_is_dumped(loosely):
    process = Path(f"/proc/{loosely.pid}")
    limits = (process / "limits").read_text(encoding="utf-8")
    assert [line.split()[4:6] for line in limits.splitlines()
            if line.startswith("Max core file size")] == [["0", "0"]]
    # To whom these belong may read its memory and trace it.
    assert (process / "mem").stat().st_uid == 0
    assert (process / "environ").stat().st_uid == 0
    loosely.send_signal(signal.SIGABRT)
    _, status = os.waitpid(loosely.pid, 0)
    loosely.returncode = -signal.SIGABRT
    assert os.WTERMSIG(status) == signal.SIGABRT
    assert not os.WCOREDUMP(status)
