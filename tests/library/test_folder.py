"""The data folder is found, made, and has one server at a time."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from studio.errors import BadRequest, InUse, NotWritable
from studio.library import DataFolder, Library

from .disks import remount_read_only, small_disk

HOLD = """
import sys, time
from studio.library import DataFolder
with DataFolder(sys.argv[1]).claim("server", "http://127.0.0.1:7860"):
    {before}
    print("held", flush=True)
    time.sleep(60)
"""


def start_holder(folder: Path, before: str = "pass") -> subprocess.Popen[str]:
    """Another process that claims to be the server."""
    command = [sys.executable, "-c", HOLD.format(before=before), str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_folder_is_made_with_its_parts(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "a" / "数据 folder")
    for part in (folder.takes, folder.productions, folder.weights):
        assert part.is_dir()
        assert part.parent == folder.path


def test_argument_then_environment_then_the_systems_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMBRE_HOME", str(tmp_path / "env"))
    assert DataFolder(tmp_path / "given").path == tmp_path / "given"
    assert DataFolder().path == tmp_path / "env"
    monkeypatch.setenv("TIMBRE_HOME", " ")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert tmp_path in DataFolder().path.parents
    assert DataFolder().path.name == "timbre-studio"
    assert DataFolder("~/voices").path == tmp_path / "home" / "voices"


def test_a_relative_folder_does_not_move_with_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert DataFolder("here").path == tmp_path / "here"


@pytest.mark.parametrize("name", ["with space", "100%", "a#b?c", "数据", "q'uote"])
def test_odd_folder_names_work(tmp_path: Path, name: str) -> None:
    with Library.open(tmp_path / name):
        assert (tmp_path / name / "studio.db").exists()


def test_a_file_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(NotWritable) as refused:
            DataFolder(place)
        assert "a file stands where a folder is needed" in refused.value.text("en")
        assert "同名文件" in refused.value.text("zh")


def test_a_nul_in_the_name_is_said() -> None:
    with pytest.raises(BadRequest, match="NUL"):
        DataFolder("a\0b")


def test_a_read_only_disk_is_said(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4096) as disk:
        Library.open(disk / "old").close()
        remount_read_only(disk)
        for place in (disk / "new", disk / "old"):
            with pytest.raises(NotWritable) as refused:
                Library.open(place)
            assert "--data-dir" in refused.value.text("en")
            assert "--data-dir" in refused.value.text("zh")


def test_a_second_server_is_refused_with_the_first_ones_number(tmp_path: Path) -> None:
    process = start_holder(tmp_path)
    try:
        with pytest.raises(InUse) as refused, DataFolder(tmp_path).claim():
            pass
        assert f"process {process.pid} (http://127.0.0.1:7860) is already running a server" in refused.value.text("en")
        assert f"进程 {process.pid}（http://127.0.0.1:7860）已在其上运行" in refused.value.text("zh")
        assert refused.value.fields["pid"] == process.pid
        holder = DataFolder(tmp_path).holder()
        assert holder is not None
        assert (holder.pid, holder.note) == (process.pid, "http://127.0.0.1:7860")
        with DataFolder(tmp_path).claim("production-1"):
            pass
        Library.open(tmp_path).close()
    finally:
        process.kill()
        process.wait()


def test_a_killed_server_leaves_the_folder_free(tmp_path: Path) -> None:
    """Also when a child of it lives on, as a worker of an engine may."""
    child = "import os, subprocess; subprocess.Popen(['sleep', '5'], close_fds=False)"
    child += "; os.fork() or (time.sleep(5), os._exit(0))"
    process = start_holder(tmp_path, before=child)
    process.send_signal(signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 2
    while DataFolder(tmp_path).holder() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert DataFolder(tmp_path).holder() is None
    with DataFolder(tmp_path).claim() as holder:
        assert holder.pid == os.getpid()


def test_a_claim_excludes_the_same_process_too_and_ends(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    with folder.claim():
        assert folder.holder() is not None
        with pytest.raises(InUse), DataFolder(tmp_path).claim():
            pass
        assert folder.holder() is not None  # asking has not given it away
    assert folder.holder() is None
    with folder.claim():
        pass


def test_a_claim_survives_others_looking(tmp_path: Path) -> None:
    process = start_holder(tmp_path)
    try:
        for _ in range(3):
            assert DataFolder(tmp_path).holder() is not None
    finally:
        process.kill()
        process.wait()


def test_a_torn_note_does_not_hide_the_holder(tmp_path: Path) -> None:
    with DataFolder(tmp_path).claim():
        (tmp_path / "server.json").write_text('{"pid": ')
        holder = DataFolder(tmp_path).holder()
        assert holder is not None
        assert holder.pid == 0


def test_a_purpose_is_no_path(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="letters, digits"), DataFolder(tmp_path).claim("../x"):
        pass
