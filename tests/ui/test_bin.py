"""Deleted things on the Settings page: told in the reader's language, removed, and removed by themselves."""

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from studio.errors import BadRequest
from studio.library.tables import VoiceRow
from studio.studio import Studio
from studio.ui import preferences
from studio.ui.server import tidy

Ask = Callable[..., Any]


def test_deleted_things_are_told_and_removed(ask: Ask, studio: Studio) -> None:
    studio.bin.empty()
    gone, held = (studio.keeping.seed("espeak", 70_000 + n, f"Bin {n}").id for n in range(2))
    studio.keeping.blend("espeak", {held: 1.0, "f2": 1.0}, "of Bin 1")
    studio.voices.delete([gone, held])
    told = ask("deleted")["ok"]
    (row,) = (one for one in told["kinds"] if one["kind"] == "voices")
    assert (row["label"], row["count"], row["held"]) == ("Voices", 2, 1)
    assert datetime.fromisoformat(row["since"]) <= datetime.now(UTC)
    assert "音色" in [one["label"] for one in ask("deleted", language="zh")["ok"]["kinds"]]
    for wrong in ({"days": -1}, {"days": "x"}, {"strays": "yes"}, {"days": None}):
        assert ask("empty_bin", wrong)["error"]["code"] == "bad_request"
    assert ask("empty_bin", {"days": "1"})["ok"]["count"] == 0
    done = ask("empty_bin", {"strays": False})["ok"]
    assert (done["count"], done["held"], done["failed"]) == (1, 1, [])


def test_the_days_are_kept_beside_the_other_choices(ask: Ask, studio: Studio) -> None:
    assert ask("deleted")["ok"]["days"] == preferences.BIN_DAYS == 30
    assert ask("set_limit", {"gb": 2.5})["ok"] is True
    assert ask("set_bin_days", {"days": "0"})["ok"] is True
    assert ask("house")["ok"]["limit_gb"] == 2.5
    assert ask("deleted")["ok"]["days"] == 0
    for wrong in ("", "1.5", -1, None, True, 4000):
        assert ask("set_bin_days", {"days": wrong})["error"]["code"] == "bad_request"
    kept = json.loads((studio.folder.path / preferences.FILE).read_text())
    assert kept == {"cache_bytes": 2_500_000_000, "bin_days": 0}


@pytest.mark.parametrize("text", ["[]", "{", '{"bin_days": "many"}', '{"bin_days": -3}'])
def test_a_damaged_choice_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / preferences.FILE).write_text(text)
    assert preferences.bin_days(tmp_path) == 30
    assert preferences.keep_bin_days(tmp_path, 7) == preferences.bin_days(tmp_path) == 7
    with pytest.raises(BadRequest, match="3650"):
        preferences.keep_bin_days(tmp_path, 3651)


def test_the_server_removes_what_was_deleted_long_ago(studio: Studio) -> None:
    old, young = (studio.keeping.seed("espeak", 80_000 + n, f"Old {n}").id for n in range(2))
    studio.voices.delete([old, young])
    with studio._library.database.write() as session:
        days = datetime.now(UTC) - timedelta(days=31)
        session.execute(update(VoiceRow).where(VoiceRow.id == old).values(deleted=days))

    def run(until: Callable[[], bool]) -> None:
        ending = threading.Event()
        thread = threading.Thread(target=tidy, args=(studio, ending, 0.0))
        began = time.perf_counter()
        thread.start()
        while not until():
            assert time.perf_counter() - began < 10
            time.sleep(0.01)
        ending.set()
        thread.join(10)

    preferences.keep_bin_days(studio.folder.path, 0)
    began = time.monotonic()
    run(lambda: time.monotonic() > began + 0.2)
    assert studio.voices.known(old) is not None  # never is never
    preferences.keep_bin_days(studio.folder.path, 30)
    run(lambda: studio.voices.known(old) is None)
    assert studio.voices.known(young) is not None


def test_starting_it_costs_nothing(studio: Studio) -> None:
    """In processor time, which does not count who else is at work; the same in wall time on a quiet machine."""
    ending = threading.Event()
    began = time.process_time()
    thread = threading.Thread(target=tidy, args=(studio, ending))
    thread.start()
    spent = time.process_time() - began
    ending.set()
    thread.join(10)
    assert spent < 0.005
