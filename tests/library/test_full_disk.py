"""A take that does not fit on the disk leaves nothing behind, and the ones before it stay."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from studio.audio.clip import Clip
from studio.digest import digest_of
from studio.errors import DiskFull
from studio.library import Library

from .conftest import facts, putter, tone
from .disks import small_disk

NOISE = Clip(np.random.default_rng(1).uniform(-1, 1, 240_000).astype(np.float32), 24000)  # 480 kB

LIMITED = """
import resource, signal, sys
sys.path.insert(0, sys.argv[2])
from tests.library.conftest import facts, tone
from tests.library.test_full_disk import NOISE
from studio.errors import DiskFull
from studio.library import Library
from studio.digest import digest_of

library = Library.open(sys.argv[1])
small, large = facts("small"), facts("large")
library.cache.put(digest_of(small.recipe), tone(), small)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
try:
    library.cache.put(digest_of(large.recipe), NOISE, large)
except DiskFull as error:
    print("refused", error.text("zh"))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(sorted(path.suffix for path in library.cache.folder.iterdir()), library.cache.verify(deep=True).fine)
library.close()
"""


def test_a_full_disk_leaves_no_half_take(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 2500) as disk, Library.open(disk) as library:
        put, kept = putter(library), []

        def fill() -> None:
            for n in range(10):
                kept.append(put(str(n), NOISE))  # noqa: PERF401 (what was put before the error is the point)

        with pytest.raises(DiskFull) as refused:
            fill()
        assert "no space left on the disk; nothing half-written was kept" in refused.value.text("en")
        assert "没有留下写了一半的文件" in refused.value.text("zh")
        assert len(kept) >= 2
        assert {path.name for path in library.cache.folder.iterdir()} == {f"{digest}.flac" for digest in kept}
        assert library.cache.verify(mend=False, deep=True).fine
        library.cache.path(kept.pop()).unlink()
        again = facts("again")
        library.cache.put(digest_of(again.recipe), tone(), again)  # room again, work again
        assert library.cache.get(digest_of(again.recipe)) is not None


def test_a_full_disk_in_a_batch_keeps_the_takes_before(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 2500) as disk, Library.open(disk) as library:
        put, kept = putter(library), []

        def work() -> None:
            with library.cache.batch():
                for n in range(10):
                    kept.append(put(str(n), NOISE))  # noqa: PERF401

        with pytest.raises(DiskFull):
            work()
        assert set(library.cache.get_many(kept)) == set(kept)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX file size limits")
def test_a_file_size_limit_is_said_like_a_full_disk(tmp_path: Path) -> None:
    """Needs no root: the same error on the way out as a quota."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", LIMITED, str(tmp_path), str(root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=root, check=False)
    assert done.stdout.startswith("refused"), done.stderr
    assert "磁盘已满" in done.stdout
    assert done.stdout.endswith("['.flac'] True\n")
