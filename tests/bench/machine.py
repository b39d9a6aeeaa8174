"""What the figures were measured on, and with which versions."""

import os
import platform
import re
import sqlite3
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("wrk", "webhook", "prometheus-alertmanager", "python3",
            "python3-fastapi", "python3-uvicorn", "python3-uvloop",
            "python3-httptools", "libsqlite3-0", "libmicrohttpd12",
            "libyajl2", "libcurl4", "libssl3", "libev4", "libevent-core-2.1-7",
            "libuv1", "gcc")


def facts(directory):
    """name → text, in the order in which they are told."""
    return {"machine": _processors(), "memory": _memory(),
            "disk": _file_system(directory), "system": _system(),
            "this program": _commit(), **_versions()}


def _told(*command):
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.DEVNULL).stdout.strip()
    except OSError:
        return ""


def _found(pattern, text, default="unknown"):
    match = re.search(pattern, text, re.M)
    return match.group(1).strip() if match else default


def _processors():
    name = _found(r"^model name\s*: (.*)", Path("/proc/cpuinfo").read_text(),
                  platform.machine())
    return f"{os.cpu_count()} processors, {name}"


def _memory():
    kilobytes = _found(r"^MemTotal:\s*(\d+)",
                       Path("/proc/meminfo").read_text())
    return f"{int(kilobytes) / 2**20:.0f} GB"


def _file_system(directory):
    return _told("df", "--output=fstype,source", str(directory)).split(
        "\n")[-1]


def _system():
    release = Path("/etc/os-release").read_text()
    return (f"{_found(r'^PRETTY_NAME=.(.*).$', release)},"
            f" Linux {platform.release()}")


def _commit():
    return _told("git", "-C", str(ROOT), "describe", "--always", "--dirty")


def _versions():
    told = _told("dpkg-query", "-W", "-f", "${Package} ${Version}\n",
                 *PACKAGES)
    known = dict(line.split() for line in told.split("\n") if " " in line)
    return {**known, "SQLite": sqlite3.sqlite_version}
