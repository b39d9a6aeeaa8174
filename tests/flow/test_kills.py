"""The daemon is killed again and again under load, and nothing is lost,
doubled or half done.  A small part of what `make kill` does; there a seed
decides more of it, and there are more of them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "kill"))

from batch import run_batch  # noqa: E402

KILLS = 10


@pytest.mark.time_limit(120)
@pytest.mark.parametrize("seed, mode", [(5, "plain"), (24, "power"),
                                        (16, "trouble")])
def test_killed_many_times_all_is_there_once(seed, mode):
    outcome = run_batch(seed, KILLS, mode)
    assert not outcome.violations, outcome
    assert outcome.kills == KILLS and outcome.accepted > 0
