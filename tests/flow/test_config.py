"""Settings, as an operator meets them: the program's options and errors."""

import os
import re
import subprocess

import pytest
from harness import ROOT, program

SECRET = "hunter2-is-secret"
TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
GOOD = f"""[store]
path = /nowhere/emergencyd.db
[zendesk]
api_url = https://acme.zendesk.com
webhook_secret = {SECRET}
client_id = emergencyd
client_secret = {SECRET}-too
"""


def run(*arguments, **environment):
    """Runs the program: the finished process."""
    clean = {name: value for name, value in os.environ.items()
             if name not in ("CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET")}
    return subprocess.run([program(), *map(str, arguments)], timeout=20,
                          capture_output=True, check=False, text=True,
                          errors="replace", stdin=subprocess.DEVNULL,
                          env={**clean, **environment})


def written(tmp_path, text):
    """A file of settings; texts may be bytes."""
    path = tmp_path / "emergencyd.ini"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def accepted(path, **environment):
    """Asserts that the settings are good."""
    end = run("-c", path, "--check-config", **environment)
    assert (end.returncode, end.stdout, end.stderr) == (
        0, "configuration ok\n", ""), end


def refused(path, beginning, words=(), **environment):
    """Asserts that checking and starting are refused by one line."""
    for arguments in (["-c", path, "--check-config"], ["-c", path]):
        end = run(*arguments, **environment)
        assert end.returncode == 2, end
        assert end.stdout == ""
        assert end.stderr.startswith(f"{path}:{beginning}"), end.stderr
        assert end.stderr.count("\n") == 1 and end.stderr.endswith("\n")
        for word in words:
            assert word in end.stderr, end.stderr
        assert SECRET not in end.stderr and TEST_SECRET not in end.stderr


def marked(text):
    """(text without marks, the number of the line that has the mark @)."""
    lines = text.split("\n")
    numbers = [number for number, line in enumerate(lines, 1)
               if line.startswith("@")]
    assert len(numbers) == 1, text
    return "\n".join(line.removeprefix("@") for line in lines), numbers[0]


# -- options ---------------------------------------------------------------

def test_good_settings_are_said_to_be_good(tmp_path):
    path = written(tmp_path, GOOD)
    accepted(path)
    end = run("--config", path, "--check-config")
    assert (end.returncode, end.stdout) == (0, "configuration ok\n")
    assert not (tmp_path / "emergencyd.db").exists()


def test_the_version_and_the_help():
    end = run("--version")
    assert end.returncode == 0 and end.stderr == ""
    assert re.fullmatch(r"emergencyd \d+\.\d+\.\d+\n", end.stdout)
    end = run("--help")
    assert end.returncode == 0 and end.stderr == ""
    for word in ("-c", "--check-config", "--version", "SIGHUP"):
        assert word in end.stdout


@pytest.mark.parametrize("arguments", [
    ["--no-such"], ["-x"], ["-c"], ["--config"], ["settings.ini"],
    ["--check-config", "settings.ini"], ["--version=1"]])
def test_bad_usage_is_2(arguments):
    end = run(*arguments)
    assert end.returncode == 2 and end.stdout == ""
    assert "usage: emergencyd" in end.stderr


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    refused(tmp_path / "none.ini", " cannot open: ", ["No such file"])
    refused(tmp_path, " ")  # a directory


def test_the_example_is_good_and_complete(tmp_path):
    """With the files that it names as secrets, nothing else."""
    text = (ROOT / "config.example.ini").read_text()
    for name in re.findall(r"%d/(\w+)", text):
        (tmp_path / name).write_text(SECRET + name + "\n")
    credentials = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    accepted(ROOT / "config.example.ini", **credentials)
    # Every section and key that is commented out may be switched on, bar
    # those of the other way to do the same.
    others = ("#user = emergencyd@", "#api_token_file = %d/zendesk",
              "#static_url =", "#directory =")  # which is not there
    bare = "".join(
        line if line.startswith(others)
        else re.sub(r"^#(?=[a-z_0-9]+ =|\[)", "", line)
        for line in text.splitlines(keepends=True))
    assert "\n[coverage " in bare and "\n#static_url" in bare
    accepted(written(tmp_path, bare), **credentials)


# -- what is wrong in a file -----------------------------------------------

# {name: (text with @ before the bad line, what follows its number, words)}
FORM = {
    "unknown section": (GOOD + "@[slcak]\ntoken = x",
                        "[slcak]", ["unknown section", "zendesk"]),
    "no name": (GOOD + "@[channel]\nslack = C",
                "[channel]", ["no name", "[channel NAME]"]),
    "a name of two words": (GOOD + "@[coverage us federal]\nmatch = tag:t",
                            "[coverage us federal]", ["[coverage NAME]"]),
    "a name where none may be": (GOOD + "@[server one]\nlisten = x",
                                 "[server one]", ["unknown section"]),
    "a name twice": (GOOD + "[channel a]\nslack = C\n@[channel a]",
                     "[channel a]", ["twice", "line 8"]),
    "unknown key of a named section": (GOOD + "[channel a]\n@after = 1m",
                                       "[channel a] after",
                                       ["unknown", "region_group"]),
    "section never closed": ("@[server\n" + GOOD, "", ["]"]),
    "text behind a section": ("@[server] x\n" + GOOD, "", ["[server]"]),
    "unknown key": (GOOD + f"@webhook_secert = {SECRET}",
                    "[zendesk] webhook_secert", ["unknown", "max_age"]),
    "key of another section": ("[server]\n@path = /x\n" + GOOD,
                               "[server] path", ["unknown", "listen"]),
    "doubled key": (GOOD + f"@client_secret = {SECRET}",
                    "[zendesk] client_secret", ["twice", "line 7"]),
    "doubled in a second section": (GOOD + "[store]\n@path = /x",
                                    "[store] path", ["twice", "line 2"]),
    "secret beside its file": (GOOD + "@webhook_secret_file = /x",
                               "[zendesk] webhook_secret_file",
                               ["webhook_secret", "line 5"]),
    "key before any section": ("@listen = 127.0.0.1:1\n" + GOOD,
                               "listen", ["section"]),
    "no equals sign": (GOOD + f"@{SECRET}", "", ["="]),
    "a second line of a secret": (GOOD + f"@  {SECRET}",
                                  "[zendesk] client_secret", ["indented"]),
    "a list that goes on without a comma": (
        GOOD + "[pagerduty]\nservices = P1\n@    P2",
        "[pagerduty] services", ["comma"]),
    "a long line": (GOOD + "@user = " + "x" * 10000, "", ["longer"]),
    "a control character": (GOOD + "@max_age = 1\x01h", "", ["control"]),
    "a NUL": (GOOD + "@max_age = 1\0h", "", ["NUL"])}


@pytest.mark.parametrize("name", FORM)
def test_a_fault_of_form_is_told_with_its_line(tmp_path, name):
    text, line_and_rest, words = FORM[name]
    text, line = marked(text)
    refused(written(tmp_path, text + "\n"), f"{line}: {line_and_rest}",
            words)


# [section] key: bad values, and a word of what was wanted
VALUES = [
    ("server", "listen", "host:port", [
        "", "8080", "localhost", "127.0.0.1:", ":8080", "127.0.0.1:65536",
        "127.0.0.1:-1", "127.1:80", "300.0.0.1:80", "[::1:80", "a b:80",
        "127.0.0.1:80x", "[nonsense]:80"]),
    ("server", "max_body", "size", ["", "0", "-1", "1T", "1.5M", "2G", "x",
                                    "1 M", "99999999999999999999"]),
    ("server", "max_connections", "number", ["", "0", "-5", "65536", "1k"]),
    ("server", "request_timeout", "duration", [
        "", "10", "0s", "-1s", "1.5s", "1w", "s", "10 s", "731d",
        "9223372036854775807d"]),
    ("admin", "socket", "text", [""]),
    ("store", "path", "text", [""]),
    ("store", "keep_payloads", "duration", ["forever", "30"]),
    ("policy", "first_contact", "manual or automatic", ["", "auto",
                                                        "Manual"]),
    ("policy", "after_engineer_comment", "ask or proceed", ["no"]),
    ("policy", "resolve_on_contact", "yes or no", ["", "true", "1", "y"]),
    ("policy", "dry_run", "yes or no", ["maybe"]),
    ("policy", "ignored_authors", "ids", ["x", "1,,2", "1,", "-1", "0"]),
    ("policy", "auto_reply_patterns", "commas", ["*a*,,*b*", ","]),
    ("pagerduty", "api_url", "https://", [
        "", "api.pagerduty.com", "ftp://x", "http://api.pagerduty.com",
        "https://", "https://user@x", "https://x?y", "https://x y",
        "https://x:0"]),
    ("pagerduty", "from", "e-mail", ["", "x", "@x", "x@", "a@b@c"]),
    ("pagerduty", "services", "commas", ["P1,,P2", "P1 P2"]),
    ("pagerduty", "ticket_pattern", "regular expression", [
        "", "(", "[0-9]+", "*("]),
    ("zendesk", "max_age", "duration", ["1y"]),
    ("zendesk", "poll_every", "duration", ["0m"]),
    ("zendesk", "emergency_match", "tag:NAME", ["urgent", "tag:", "form:",
                                                "form:x", "tag:a b"]),
    ("zendesk", "downgrade_priority", "high, normal or low", [
        "", "urgent", "HIGH"]),
    ("zendesk", "downgrade_form", "id", ["", "x", "0", "-1", "1.0"]),
    ("zendesk", "downgrade_tags", "+TAG", ["tag", "+", "+a,b", "+a b"]),
    ("zendesk", "downgrade_fields", "ID:VALUE", ["1", "x:y", ":y", "0:y"]),
    ("zendesk", "downgrade_comment", "yes or no", ["2"]),
    ("zendesk", "post_call_macro", "id", ["x"]),
    ("policy", "bulk_tag", "blanks", ["incident *"]),
    ("slack", "api_url", "https://", ["", "http://slack.com/api"]),
    ("slack", "channel", "id of a channel", ["", "C 1", "#emergencies"]),
    ("zoom", "static_url", "https://", ["", "zoom.us/j/1"]),
    ("gitlab", "project", "blanks", [""]),
    ("heartbeat", "url", "https://", ["", "http://monitor.example"]),
    ("heartbeat", "every", "duration", ["1"]),
    ("messages", "directory", "text", [""]),
    ("channel a", "match", "tag:NAME", ["", "any"]),
    ("channel a", "slack", "id of a channel", ["#product"]),
    ("escalation a", "slack", "id of a channel", ["#managers"]),
    ("channel a", "region_group", "user group", ["@emea"]),
    ("channel a", "links", "https://…", ["https://x", "x"]),
    ("escalation a", "after", "duration", ["", "10"]),
    ("escalation a", "user", "e-mail", ["someone"]),
    ("coverage a", "match", "tag:NAME", [""]),
    ("coverage a", "timezone", "time zone", ["", "Pacific", "UTC+2"]),
    ("coverage a", "days", "mon tue", ["", "monday", "1-5"]),
    ("coverage a", "hours", "HH:MM", ["", "5-17", "24:00-05:00"]),
    ("coverage a", "shifts", "HH:MM", ["5", "24:00"]),
    ("coverage a", "redact", "yes or no", ["1"])]


@pytest.mark.parametrize("section,key,wanted,texts", VALUES, ids=[
    f"{row[0]}.{row[1]}" for row in VALUES])
def test_a_bad_value_is_told_with_line_key_and_what_was_wanted(
        tmp_path, section, key, wanted, texts):
    lines = [line for line in GOOD.splitlines()
             if section != "store" or key != "path" or "path" not in line]
    for text in texts:
        path = written(tmp_path, "\n".join(
            [*lines, f"[{section}]", f"{key} = {text}", ""]))
        refused(path, f"{len(lines) + 2}: [{section}] {key}: ",
                ["wanted", wanted])


def test_what_is_not_utf_8_is_told(tmp_path):
    for bad, told in (
            ("[policy]\nbulk_tag = v\xfc", "9: [policy] bulk_tag: "),
            (f"[admin]\ntoken = {SECRET}\xfc", "9: [admin] token: "),
            ("# f\xfcr uns", "8: line is not in UTF-8")):
        refused(written(tmp_path, (GOOD + bad + "\n").encode("latin-1")),
                told, ["wanted UTF-8"])


def test_own_texts_that_would_have_no_effect_are_told(tmp_path):
    more = f"[messages]\ndirectory = {tmp_path}/texts\n"
    path = written(tmp_path, GOOD + more)
    refused(path, "9: [messages] directory: ",
            [f"{tmp_path}/texts", "No such file", "wanted"])
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "follow_up.txt").write_text("Hello")
    accepted(path)
    (tmp_path / "texts" / "followup.txt").write_text("Hello")
    refused(path, "9: [messages] directory: ",
            [f"{tmp_path}/texts/followup.txt", "wanted", " follow_up "])


def test_a_bad_secret_is_told_without_showing_it(tmp_path):
    for key in ("client_secret", "api_token"):
        bad = without(key) + f"{key} = {SECRET} {SECRET}\n"
        refused(written(tmp_path, bad), f"{bad.count(chr(10))}: [zendesk] "
                f"{key}: ", ["not shown", "without blanks"])
    empty = GOOD.replace(f"webhook_secret = {SECRET}", "webhook_secret =")
    refused(written(tmp_path, empty), "5: [zendesk] webhook_secret: ",
            ["not shown"])


# -- secrets in files ------------------------------------------------------

def with_file(tmp_path, name):
    """Settings whose webhook_secret is in a file."""
    return written(tmp_path, GOOD.replace(
        f"webhook_secret = {SECRET}", f"webhook_secret_file = {name}"))


def test_a_secret_may_be_in_a_file(tmp_path):
    for content in (SECRET, SECRET + "\n", SECRET + "\r\n"):
        (tmp_path / "secret").write_text(content)
        accepted(with_file(tmp_path, tmp_path / "secret"))
        accepted(with_file(tmp_path, "%d/secret"),
                 CREDENTIALS_DIRECTORY=str(tmp_path))


@pytest.mark.parametrize("content,word", [
    (None, "No such file"), ("", "empty"), ("\n", "empty"),
    (f"{SECRET}\n{SECRET}\n", "line break"), (f"{SECRET}\x01", "control"),
    (f"{SECRET}\xfc\n", "UTF-8"),
    (SECRET * 1000, "longer")], ids=["none", "empty", "blank", "two lines",
                                     "control character", "not UTF-8",
                                     "long"])
def test_a_file_that_holds_no_secret_is_told(tmp_path, content, word):
    if content is not None:
        (tmp_path / "secret").write_text(content, encoding="latin-1")
    refused(with_file(tmp_path, tmp_path / "secret"),
            "5: [zendesk] webhook_secret_file: ",
            [word, str(tmp_path / "secret")])


def test_credentials_that_systemd_did_not_pass_are_told(tmp_path):
    refused(with_file(tmp_path, "%d/secret"),
            "5: [zendesk] webhook_secret_file: ",
            ["%d", "CREDENTIALS_DIRECTORY"])


# -- what must stand together ----------------------------------------------

def without(*keys):
    """GOOD without the lines of some keys."""
    return "".join(line + "\n" for line in GOOD.splitlines()
                   if line.split(" = ")[0] not in keys)


@pytest.mark.parametrize("text,beginning,words", [
    (without("api_url"), "3: [zendesk] api_url: ", ["missing"]),
    (without("webhook_secret"), "3: [zendesk] webhook_secret: ",
     ["missing", "_file"]),
    (without("client_id", "client_secret"), "3: [zendesk] credentials: ",
     ["none of them"]),
    (without("client_id"), "3: [zendesk] credentials: ", ["client_secret"]),
    (GOOD + "user = a@b.example\n", "3: [zendesk] credentials: ",
     ["client_id", "user"]),
    (GOOD + f"user = a@b.example\napi_token = {SECRET}\n",
     "3: [zendesk] credentials: ", ["client_id", "api_token"]),
    (GOOD + "[pagerduty]\nservices = P1\n",
     "8: [pagerduty] webhook_secret: ", ["missing"]),
    (GOOD + f"[pagerduty]\nwebhook_secret = {SECRET}\n"
     f"api_token = {SECRET}\n", "8: [pagerduty] from: ", ["missing"]),
    (GOOD + "[admin]\nlisten = 0.0.0.0:8081\n", "9: [admin] listen: ",
     ["0.0.0.0", "token"]),
    (GOOD + "[admin]\nlisten = [::]:8081\n", "9: [admin] listen: ",
     ["token"]),
    (GOOD + "[admin]\nlisten = board.example:8081\n", "9: [admin] listen: ",
     ["token"]),
    (GOOD + f"[pagerduty]\nwebhook_secret = {SECRET}\n"
     "page_service = P1\n", "10: [pagerduty] page_service: ",
     ["api_token"]),
    (GOOD + f"[pagerduty]\nwebhook_secret = {SECRET}\n"
     "manager_schedule = P1\n", "10: [pagerduty] manager_schedule: ",
     ["api_token"]),
    (GOOD + "[slack]\nchannel = C1\n", "8: [slack] signing_secret: ",
     ["missing", "_file"]),
    (GOOD + "[zoom]\nuser = u\n", "8: [zoom] account_id: ", ["missing"]),
    (GOOD + "[zoom]\nstatic_url = https://z/j/1\nuser = u\n",
     "10: [zoom] user: ", ["static_url"]),
    (GOOD + "[gitlab]\nproject = 1\n", "8: [gitlab] token: ", ["missing"]),
    (GOOD + "[channel a]\nmatch = tag:t\nslack = C1\n", "8: [channel a]: ",
     ["[slack]"]),
    (GOOD + "[coverage a]\n", "8: [coverage a] match: ", ["missing"]),
    (GOOD + "[escalation a]\n", "8: [escalation a]: ", ["schedule"]),
    (GOOD + "[escalation a]\nschedule = P1\n",
     "9: [escalation a] schedule: ", ["api_token"]),
    (GOOD + "[escalation a]\nuser = a@b\n", "8: [escalation a]: ",
     ["[slack]", "page_service"]),
    ("", " [zendesk] api_url: ", ["missing"])])
def test_what_is_missing_or_contradicts_is_told(tmp_path, text, beginning,
                                                words):
    refused(written(tmp_path, text), beginning, words)


def test_what_stands_together_well_is_accepted(tmp_path):
    for more in (
            f"[pagerduty]\nwebhook_secret = {SECRET}\n",
            f"[pagerduty]\nwebhook_secret = {SECRET}\napi_token = {SECRET}\n"
            "from = a@b.example\n",
            f"[admin]\nlisten = 0.0.0.0:8081\ntoken = {SECRET}\n",
            "[admin]\nlisten = localhost:8081\n",
            "[admin]\nlisten = [::1]:8081\n",
            "[policy]\nauto_reply_patterns = *a;b*, # x,\n    *c*\n",
            "[zoom]\nstatic_url = https://zoom.us/j/1?pwd=x\n",
            f"[slack]\nsigning_secret = {SECRET}\ntoken = {SECRET}\n"
            "channel = C1\n[channel a]\nmatch = tag:t\nslack = C2\n"
            "[escalation a]\nuser = a@b.example\n",
            "[coverage a]\nmatch = form:1\ndays = sat-mon, wed\n"
            "hours = 22:00-06:00\nshifts = 22:00,\n   02:00\n",
            "; a comment\n# another\n\n"):
        accepted(written(tmp_path, GOOD + more))
    accepted(written(tmp_path, without("client_id", "client_secret")
                     + f"user = a@b.example\napi_token = {SECRET}\n"))
    accepted(written(tmp_path, GOOD.replace("\n", "\r\n")))
    accepted(written(tmp_path, b"\xef\xbb\xbf" + GOOD.encode()))


@pytest.mark.parametrize("key", ["webhook_secret", "webhook_secret_2"])
def test_zendesks_public_test_secret_is_refused(tmp_path, key):
    text = without(key)
    line = text.count("\n") + 1
    refused(written(tmp_path, text + f"{key} = {TEST_SECRET}\n"),
            f"{line}: [zendesk] {key}: ", ["test secret"])
    (tmp_path / "secret").write_text(TEST_SECRET + "\n")
    refused(written(tmp_path, text + f"{key}_file = {tmp_path}/secret\n"),
            f"{line}: [zendesk] {key}_file: ", ["test secret"])
