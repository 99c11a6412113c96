"""The Batch page: files dropped, looked at, made, fetched; left and found again; killed and gone on with."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.audio.files import read
from studio.studio import ConvertRequest, Studio
from studio.ui.options import Options

from ..ui.conftest import free_port, served

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "assets" / "examples" / "batch"
Visit = Callable[..., Any]
Shot = Callable[[Any, str], None]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("batch")) as opened:
        yield opened


@pytest.fixture(scope="module")
def url(home: Studio) -> Iterator[str]:
    with served(home, Options()) as address:
        yield address


@pytest.fixture(autouse=True)
def empty(home: Studio) -> None:
    for record in home.batches.find():
        home.batches.delete(record.id)


def texts(place: Path, count: int, sentence: str = "This is text number {n}.") -> list[Path]:
    place.mkdir(parents=True, exist_ok=True)
    paths = [place / f"{n:02}.txt" for n in range(count)]
    for n, path in enumerate(paths):
        path.write_text(sentence.format(n=n), "utf-8")
    return paths


def drop(page: Any, paths: list[Path]) -> None:
    page.locator("#batch-kinds:not(:empty)").wait_for()
    page.locator("#batch-files").set_input_files(paths)
    page.locator("#batch-voice b").wait_for(timeout=60_000)


def finished(page: Any) -> None:
    page.locator("#batch-list article[data-state=done]").first.wait_for(timeout=120_000)


def fetched(page: Any, selector: str) -> bytes:
    with page.expect_download() as download:
        page.locator(selector).first.click()
    return Path(download.value.path()).read_bytes()


@pytest.mark.parametrize(
    ("language", "width", "scheme"), [("en-US", 1280, "light"), ("zh-CN", 390, "light"), ("zh-CN", 1280, "dark")]
)
def test_a_folder_choose_files_and_a_voice_dry_run_start_get_the_report(
    visit: Visit, shot: Shot, language: str, width: int, scheme: str
) -> None:
    """Journey 7, in six actions."""
    page = visit("batch", language=language, width=width, scheme=scheme)
    drop(page, sorted(EXAMPLES.glob("*.txt")))  # 1: choose the files
    page.locator("#batch-voice").click()  # 2: the voice
    page.locator('#picker [data-ref="f2"]').click()  # 3
    page.locator("#batch-look").click()  # 4: dry run
    page.locator("#batch-verdict").wait_for(timeout=60_000)
    assert page.locator("#batch-seen tbody tr").count() == 12
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, f"batch-look-{language}-{width}-{scheme}")
    page.locator("#batch-start").click()  # 5: start
    finished(page)
    table = fetched(page, '.batch-report[href$="csv"]').decode("utf-8-sig")  # 6: the report
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["state"] for row in rows] == ["done"] * 12
    assert {row["voice"] for row in rows} == {"f2"}
    page.locator('[data-file-state="done"]').nth(11).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, f"batch-done-{language}-{width}-{scheme}")


def test_a_manifest_among_the_files_says_how_each_is_read(visit: Visit, tmp_path: Path) -> None:
    page = visit("batch")
    drop(page, [*sorted(EXAMPLES.glob("*.txt")), EXAMPLES / "manifest.csv"])
    assert "manifest decides" in page.locator("#batch-new").inner_text()
    page.locator("#batch-start").click()
    finished(page)
    packed = zipfile.ZipFile(io.BytesIO(fetched(page, 'a[href$="all.zip"]')))
    names = packed.namelist()
    assert {"phone/greeting.en.wav", "museum/clock.zh.opus", "museum/clock.zh.srt", "report.csv"} <= set(names)
    packed.extract("phone/greeting.zh.wav", tmp_path)
    assert 5 < read(tmp_path / "phone" / "greeting.zh.wav").seconds < 15


def test_settings_of_the_form_are_used(visit: Visit, tmp_path: Path) -> None:
    page = visit("batch")
    drop(page, texts(tmp_path / "in", 2))
    for field, value in (("style", "slow"), ("format", "flac"), ("polish", "podcast"), ("subtitles", "vtt")):
        page.locator(f"#batch-{field}").select_option(value)
    page.locator("#batch-start").click()
    finished(page)
    packed = zipfile.ZipFile(io.BytesIO(fetched(page, 'a[href$="all.zip"]')))
    assert {"00.flac", "00.vtt", "01.flac", "01.vtt"} <= set(packed.namelist())
    report = json.loads(packed.read("report.json"))
    assert report["files"][0]["loudness_lufs"] == pytest.approx(-16, abs=1)


def test_a_file_is_heard_and_fetched(visit: Visit, tmp_path: Path) -> None:
    page = visit("batch")
    drop(page, texts(tmp_path / "in", 1))
    page.locator("#batch-start").click()
    finished(page)
    page.locator("#batch-table [data-act=play]").click()
    page.locator('#batch-table [data-act=play][aria-pressed="true"]').wait_for()
    got = fetched(page, "#batch-table a[download]")
    assert len(got) > 5_000


def test_many_files_are_turned_over_and_folded_away(visit: Visit, home: Studio, tmp_path: Path) -> None:
    texts(tmp_path / "in", 51)
    order = home.batches.order([tmp_path / "in"], tmp_path / "out", ConvertRequest(format="wav"))
    home.batches.cancel(home.batches.begin(order).record.id)
    page = visit("batch", language="zh-CN")
    page.locator("#batch-list [data-act=files]").click()
    page.locator("#batch-table tbody tr").nth(49).wait_for()
    page.locator("#batch-table [data-act=turn]").nth(1).click()
    page.locator("#batch-table tbody tr", has_text="50.txt").wait_for()
    assert page.locator("#batch-table tbody tr").count() == 1
    page.locator("#batch-list [data-act=files]").click()
    page.locator("#batch-table").wait_for(state="detached")


def test_a_bad_file_is_named_the_others_are_made_and_it_is_tried_again(
    visit: Visit, tmp_path: Path, shot: Shot
) -> None:
    page = visit("batch", language="zh-CN")
    bad = tmp_path / "坏.docx"
    bad.write_bytes(b"PK\x03\x04 cut")
    drop(page, [*texts(tmp_path / "in", 2), bad])
    page.locator("#batch-look").click()
    page.locator('#batch-seen [data-sight="bad"]').wait_for()
    assert "无法解压" in page.locator('#batch-seen [data-sight="bad"]').inner_text()
    page.locator("#batch-start").click()
    finished(page)
    page.locator("#batch-filter").select_option("failed")
    page.locator('[data-file-state="done"]').first.wait_for(state="detached")
    assert page.locator('[data-file-state="failed"]').count() == 1
    assert str(tmp_path) not in page.locator("#batch-table").inner_text()
    shot(page, "batch-failed")
    page.locator("[data-act=retry]").click()
    finished(page)
    assert page.locator("[data-act=retry]").count() == 1


LONG = "Number {n}. " + "This sentence is only here because it takes a while to be said. " * 60


def test_it_is_paused_left_found_again_and_goes_on(visit: Visit, home: Studio, tmp_path: Path) -> None:
    page = visit("batch")
    drop(page, texts(tmp_path / "in", 5, LONG))
    page.locator("#batch-start").click()
    page.locator("[data-act=pause]").click()
    page.locator("#batch-list article[data-state=paused]").wait_for()
    page.close()
    (record,) = home.batches.find()
    assert record.tally.waiting > 0
    page = visit("batch")
    page.locator("[data-act=resume]").click()
    page.locator("#running:not([hidden])").wait_for()
    page.close()  # and it goes on without the page
    until = time.monotonic() + 120
    while record.state != "done":
        assert time.monotonic() < until
        time.sleep(0.1)
    assert record.tally.done == 5


def test_cancelling_and_deleting_ask_for_what_they_do(visit: Visit, home: Studio, tmp_path: Path) -> None:
    page = visit("batch")
    drop(page, texts(tmp_path / "in", 12, LONG))
    page.locator("#batch-start").click()
    page.locator("[data-act=cancel]").click()
    page.locator("#batch-list article[data-state=cancelled]").wait_for()
    page.locator("[data-act=remove]").click()
    page.locator("dialog button[value=delete]").click()
    page.locator("#batch-list .empty").wait_for()
    assert home.batches.find() == []


def test_a_folder_of_this_computer_is_read_and_written(visit: Visit, tmp_path: Path) -> None:
    texts(tmp_path / "in", 3)
    page = visit("batch")
    page.locator("#batch-here summary").click()
    page.locator("#batch-in").fill(str(tmp_path / "in"))
    page.locator("#batch-out").fill(str(tmp_path / "out"))
    page.locator("#batch-take").click()
    page.locator("#batch-voice b").wait_for()
    page.locator("#batch-start").click()
    finished(page)
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == ["00.mp3", "01.mp3", "02.mp3"]
    page.locator("#batch-in").fill("somewhere/else")
    page.locator("#batch-take").click()
    page.locator("#batch-look").click()
    page.locator("#batch-failure:not([hidden])").wait_for()
    assert "the whole path" in page.locator("#batch-failure").inner_text()


def test_a_folder_is_chosen_and_a_file_in_the_way_is_replaced_only_where_that_is_asked(
    visit: Visit, tmp_path: Path
) -> None:
    page = visit("batch", language="zh-CN")
    page.locator("#batch-kinds:not(:empty)").wait_for()
    below = texts(tmp_path / "in" / "chapter", 1)[0]
    texts(tmp_path / "in", 1)
    page.locator("#batch-folder").set_input_files(tmp_path / "in")
    page.locator("#batch-voice b").wait_for()
    assert set(page.locator(".batch-names li").all_inner_texts()) == {"in/00.txt", f"in/chapter/{below.name}"}
    page.locator("#batch-new [data-act=forget]").click()
    made = tmp_path / "out" / "00.mp3"
    made.parent.mkdir()
    made.write_bytes(b"made before")
    page.locator("#batch-here summary").click()
    page.locator("#batch-in").fill(str(tmp_path / "in"))
    page.locator("#batch-out").fill(str(made.parent))
    page.locator("#batch-take").click()
    page.locator("#batch-look").click()
    page.locator('#batch-seen [data-sight="bad"]').wait_for()
    page.locator("#batch-over").check()
    page.locator("#batch-look").click()
    page.locator('#batch-seen [data-sight="replaced"]').wait_for()
    page.locator("#batch-start").click()
    finished(page)
    assert made.read_bytes() != b"made before"


def test_the_page_is_empty_with_one_thing_to_do(visit: Visit, shot: Shot) -> None:
    page = visit("batch", width=390)
    page.locator("#batch-list .empty").wait_for()
    shot(page, "batch-empty")
    page.locator("#batch-example").click()
    page.locator("#batch-voice b").wait_for()
    assert page.locator(".batch-names li").count() == 12


class TestKilled:
    """A real server, killed in the middle; the next one goes on."""

    def start(self, home: Path, port: int) -> subprocess.Popen[str]:
        command = [sys.executable, "app.py", "--port", str(port), "--home", str(home), "--open-browser", "false"]
        command = [*command[:-2], "--no-open-browser"]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TIMBRE_")}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline().strip()
        return process

    @pytest.fixture
    def url(self) -> str:
        return f"http://127.0.0.1:{free_port()}"

    def test_a_killed_server_goes_on_when_it_starts_again(self, visit: Visit, url: str, tmp_path: Path) -> None:
        port, home = int(url.rpartition(":")[2]), tmp_path / "home"
        process = self.start(home, port)
        try:
            page = visit("batch")
            drop(page, texts(tmp_path / "in", 6, LONG))
            page.locator("#batch-start").click()
            page.locator('[data-file-state="done"]').first.wait_for(timeout=60_000)
            page.close()
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        folder = next((home / "batches").glob("2*"))
        made = {one: one.stat().st_mtime_ns for one in (folder / "out").glob("*.mp3")}
        assert 0 < len(made) < 6
        process = self.start(home, port)
        try:
            page = visit("batch")
            finished(page)
            assert "6 of 6 files" in page.locator("#batch-list article").inner_text()
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        assert all(one.stat().st_mtime_ns == when for one, when in made.items())
        assert len(list((folder / "out").iterdir())) == 6
