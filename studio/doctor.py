"""The doctor: is this installation in order, and if not, what mends it."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import StudioError
from studio.words import Words, counted

if TYPE_CHECKING:
    from studio.studio import Studio

ENOUGH_DISK = 2 << 30  # bytes; a long book needs about one gigabyte of takes
REQUIREMENTS = Path(__file__).parents[1] / "requirements.txt"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: Words
    good: bool
    found: Words
    fix: Words = Words("", "")


def examine(open_studio: Callable[[], AbstractContextManager["Studio"]]) -> Iterator[Check]:
    """Every check in turn; one that fails does not keep the others from being made."""
    yield _python()
    yield _packages()
    try:
        with open_studio() as studio:
            yield Check(DATA, True, Words(str(studio.folder.path), str(studio.folder.path)))
            yield _disk(studio.folder.path)
            yield _cache(studio)
            for state in studio.engines():
                optional = bool(state.spec and state.spec.weights)  # a model that nobody has asked for is no fault
                good = state.state == "ready" or (state.state == "missing" and optional)
                yield Check(
                    Words(f"Engine {state.id}", f"引擎 {state.id}"), good, state.word, state.note or Words("", "")
                )
            yield _speech()
    except StudioError as error:
        yield Check(DATA, False, error.words, Words("see the message", "见提示"))


DATA = Words("Data folder", "数据文件夹")


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    fix = Words("install Python 3.11 or later", "请安装 Python 3.11 或更高版本")
    return Check(Words("Python", "Python"), good, Words(found, found), fix)


def _packages() -> Check:
    """Are the packages of requirements.txt there, in versions it allows?"""
    from packaging.requirements import Requirement

    wrong = []
    lines = (
        REQUIREMENTS.read_text(encoding="utf-8").splitlines() if REQUIREMENTS.exists() else requires("timbre-studio")
    )
    for line in lines or []:
        line = line.partition("#")[0].strip()
        if not line or line.startswith("-"):
            continue
        need = Requirement(line)
        if need.marker and not need.marker.evaluate():
            continue
        try:
            if not need.specifier.contains(version(need.name), prereleases=True):
                wrong.append(f"{need.name} {version(need.name)} ({need.specifier})")
        except PackageNotFoundError:
            wrong.append(need.name)
    found = Words("all there", "齐全") if not wrong else Words(", ".join(wrong), "、".join(wrong))
    fix = Words("pip install -r requirements.txt", "运行 pip install -r requirements.txt")
    return Check(Words("Packages", "依赖包"), not wrong, found, fix)


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    fix = Words(
        "free some space, or clean the takes: python -m studio takes clean --limit-mb 500",
        "请腾出磁盘空间，或清理版本：python -m studio takes clean --limit-mb 500",
    )
    found = Words(f"{free / 1e9:.1f} GB free", f"剩余 {free / 1e9:.1f} GB")
    return Check(Words("Disk", "磁盘"), free >= ENOUGH_DISK, found, fix)


def _cache(studio: "Studio") -> Check:
    """Rows without files and files without rows are mended on the spot."""
    found = studio.cache.verify()
    wrong = len(found.missing) + len(found.damaged) + len(found.adopted) + len(found.leftovers)
    text = Words(
        f"{counted(found.takes, 'take')}, {found.bytes / 1e6:.1f} MB; {wrong} mended",
        f"{found.takes} 个版本，{found.bytes / 1e6:.1f} MB；修复 {wrong} 处",
    )
    return Check(Words("Takes", "版本"), True, text)


def _speech() -> Check:
    """Does the embedded engine really speak, and does an encoder really write? In a studio of its own, which knows no
    take of before and leaves none."""
    from studio.studio import SpeakRequest, Studio

    name = Words("Speech", "发声")
    fix = Words(
        "pip install --force-reinstall espeakng-loader av", "运行 pip install --force-reinstall espeakng-loader av"
    )
    try:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            with Studio(home, f"sqlite:///{(home / 'library.db').as_posix()}") as studio:
                take = studio.speak(SpeakRequest("你好 hello")).wait(30)
                studio.export_take(take.digest, home / "hello.mp3")
    except (StudioError, TimeoutError) as error:
        words = error.words if isinstance(error, StudioError) else Words("no sound within 30 s", "30 秒内没有声音")
        return Check(name, False, words, fix)
    return Check(name, True, Words(f"{take.seconds:.1f} s of speech", f"合成了 {take.seconds:.1f} 秒语音"), fix)
