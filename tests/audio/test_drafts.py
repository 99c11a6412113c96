"""Nothing half-written under the final name, whatever happens, and a message that says what to do."""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.audio import drafts
from studio.audio.clip import Samples
from studio.audio.drafts import Draft, check_target, sweep
from studio.audio.files import read
from studio.audio.formats import FORMATS
from studio.audio.writing import Writer
from studio.errors import BadFile, DiskFull, NotWritable

EVERY = [format.id for format in FORMATS]
NOISE: Samples = (0.3 * np.random.default_rng(0).standard_normal(24_000)).astype(np.float32)
ROOT = Path(__file__).parents[2]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@settings(max_examples=150, deadline=None)
@given(
    content=st.binary(max_size=60),
    cuts=st.tuples(st.integers(0, 60), st.integers(0, 60)),
    insert=st.binary(max_size=40),
    block=st.integers(1, 20),
)
def test_splicing_replaces_bytes_in_place(content: bytes, cuts: tuple[int, int], insert: bytes, block: int) -> None:
    start, end = sorted(min(cut, len(content)) for cut in cuts)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(drafts, "BLOCK", block)
        with Draft(Path(folder) / "x") as draft:
            draft.write(content)
            draft.splice(start, end, insert)
        assert (Path(folder) / "x").read_bytes() == content[:start] + insert + content[end:]


@pytest.mark.parametrize("format", EVERY)
def test_the_file_appears_when_it_is_complete(format: str, tmp_path: Path) -> None:
    with Writer(tmp_path / f"x.{format}", 24_000) as writer:
        writer.write(NOISE)
        assert names(tmp_path) == [f".x.{format}.{os.getpid()}.part"]
    assert names(tmp_path) == [f"x.{format}"]


@pytest.mark.parametrize("format", EVERY)
@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_an_exception_leaves_the_old_file_and_nothing_else(
    format: str, failure: type[BaseException], tmp_path: Path
) -> None:
    path = tmp_path / f"x.{format}"
    path.write_bytes(b"old")

    def work() -> None:
        with Writer(path, 24_000) as writer:
            writer.write(NOISE)
            raise failure

    with pytest.raises(failure):
        work()
    assert names(tmp_path) == [path.name]
    assert path.read_bytes() == b"old"


def test_a_file_without_sound_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="there is no sound to write"), Writer(tmp_path / "x.mp3", 24_000):
        pass
    assert names(tmp_path) == []


def test_two_writers_of_one_name_do_not_meet(tmp_path: Path) -> None:
    with Writer(tmp_path / "x.wav", 24_000) as one, Writer(tmp_path / "x.wav", 24_000) as two:
        one.write(NOISE[:100])
        two.write(NOISE)
    assert len(read(tmp_path / "x.wav")) == 100  # the outer one finished last
    assert names(tmp_path) == ["x.wav"]


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "x.wav").symlink_to(tmp_path / "far" / "y.wav")
    with Writer(tmp_path / "x.wav", 24_000) as writer:
        writer.write(NOISE)
    assert (tmp_path / "x.wav").is_symlink()
    assert names(tmp_path / "far") == ["y.wav"]


# --- places that cannot be written


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Root may write anywhere; become someone who may not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotWritable) as caught:
        Writer(tmp_path / "nowhere" / "x.wav", 24_000)
    assert str(tmp_path / "nowhere") in caught.value.words.en
    assert "does not exist; create it" in caught.value.words.en
    assert "不存在；请先创建" in caught.value.words.zh


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    (tmp_path / "x.wav").mkdir()
    with pytest.raises(NotWritable, match=r"that is a folder; give the name of a file in it") as caught:
        Writer(tmp_path / "x.wav", 24_000)
    assert "这是一个文件夹" in caught.value.words.zh


def test_a_folder_without_permission_is_said_before_any_work(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        with ordinary_user(), pytest.raises(NotWritable, match=r"Permission denied\); choose a folder") as caught:
            check_target(tmp_path / "x.wav")
    finally:
        tmp_path.chmod(0o755)
    assert "请换一个有写入权限的文件夹" in caught.value.words.zh


def test_a_protected_file_is_not_replaced(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents):
        if folder == Path(tempfile.gettempdir()):
            break
        folder.chmod(0o777)
    path = tmp_path / "x.wav"
    path.write_bytes(b"mine")
    path.chmod(0o444)
    with ordinary_user(), pytest.raises(NotWritable):
        Writer(path, 24_000)
    assert path.read_bytes() == b"mine"


def test_a_name_that_is_too_long_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotWritable, match="the name is too long"):
        Writer(tmp_path / ("长" * 90 + ".wav"), 24_000)
    with Writer(tmp_path / ("长" * 83 + ".wav"), 24_000) as writer:
        writer.write(NOISE)
    assert names(tmp_path) == ["长" * 83 + ".wav"]


def test_a_device_is_not_a_file() -> None:
    with pytest.raises(NotWritable, match="not an ordinary file"):
        Writer("/dev/null", 24_000, "wav")


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A disk of one megabyte."""
    folder = tmp_path_factory.mktemp("disk")
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if sys.platform != "linux" or os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a small disk takes Linux and root; the file size limit below covers the same")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(path: Path, seconds: int) -> None:
    with Writer(path, 24_000) as writer:
        for _ in range(seconds):
            writer.write(NOISE)


@pytest.mark.parametrize("format", EVERY)
def test_a_full_disk_is_said_and_nothing_stays(format: str, small_disk: Path) -> None:
    with pytest.raises(DiskFull) as caught:
        fill(small_disk / f"x.{format}", 200)
    assert "the disk is full" in caught.value.words.en
    assert str(small_disk) in caught.value.words.en
    assert "磁盘已满" in caught.value.words.zh
    assert names(small_disk) == []


@pytest.mark.parametrize("format", EVERY)
def test_a_disk_that_is_full_at_the_very_end_is_noticed(format: str, small_disk: Path) -> None:
    """Whatever the size that just does not fit: either a whole file or none."""
    (small_disk / "ballast").write_bytes(bytes(1_000_000))
    for seconds in (1, 2, 3):
        try:
            fill(small_disk / f"x.{format}", seconds)
        except DiskFull:
            assert names(small_disk) == ["ballast"]
        else:
            assert len(read(small_disk / f"x.{format}", 24_000)) == pytest.approx(24_000 * seconds, abs=2)
            (small_disk / f"x.{format}").unlink()
    (small_disk / "ballast").unlink()


@pytest.mark.parametrize("format", EVERY)
def test_a_file_size_limit_is_said_and_nothing_stays(format: str, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(DiskFull):
            fill(tmp_path / f"x.{format}", 60)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path) == []


@pytest.mark.parametrize("format", EVERY)
def test_any_failing_write_leaves_nothing(format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each write in turn fails, also those of tags and headers at the end."""
    import errno

    write = Draft.write
    for failing in range(1, 40):
        left = failing

        def broken(self: Draft, content: bytes) -> int:
            nonlocal left
            left -= 1
            if left == 0:
                raise drafts.refusal(OSError(errno.ENOSPC, "full"), self.path)
            return write(self, content)

        monkeypatch.setattr(Draft, "write", broken)
        try:
            fill(tmp_path / f"x.{format}", 2)
        except DiskFull:
            assert names(tmp_path) == []
        else:
            return  # it needs no more writes than that
    pytest.fail("two seconds should not take forty writes")


# --- a process that is killed


def test_kill_leaves_only_a_part_that_is_swept(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import sys, time
        import numpy as np
        from studio.audio.writing import Writer
        writer = Writer(sys.argv[1], 24000)
        writer.write(np.zeros(480000, np.float32))
        print("ready", flush=True)
        time.sleep(60)
    """)
    command = [sys.executable, "-c", program, str(tmp_path / "书.m4b")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        process.stdout.readline()
        part = tmp_path / f".书.m4b.{process.pid}.part"
        assert names(tmp_path) == [part.name]
        assert sweep(tmp_path) == []  # its process lives
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert names(tmp_path) == [part.name]
    with Writer(tmp_path / "mine.wav", 24_000) as writer:
        (tmp_path / f".old.wav.{os.getpid()}.part").write_bytes(b"of a process that had our number before")
        (tmp_path / ".keep.part").write_bytes(b"not ours")
        assert sweep(tmp_path) == [tmp_path / f".old.wav.{os.getpid()}.part", part]
        writer.write(NOISE)
    assert names(tmp_path) == [".keep.part", "mine.wav"]
