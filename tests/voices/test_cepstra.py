"""Cepstra by which voices are told apart: their numbers stay, and nobody waits for librosa.

The numbers are what the calibrations of `encoders` and `persons` were made with; a release of librosa that computes
others is noticed here.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from studio.audio.clip import Clip, Samples
from studio.voices.acoustics import look
from studio.voices.cepstra import CEPSTRA, RATE, TOGETHER, frames_of

ROOT = Path(__file__).parents[2]
PINNED = {  # frame -> cepstra 1 to 20 of the sound below
    5: [17.5425, -13.6759, 4.4744, 2.0068, -4.2149, 3.4995, 0.0078, -1.7587, 2.6139, -0.8685,
        -0.5331, 1.8275, -1.2188, 0.1963, 1.0837, -1.111, 0.8178, 0.5691, -0.9115, 0.8526],
    20: [28.9297, 1.3267, -8.7331, -2.4723, 4.416, 2.6092, -2.3509, -2.2253, 1.2716, 2.0333,
         -0.4336, -1.5572, 0.0376, 1.2919, 0.3055, -0.8811, -0.3978, 0.6419, 0.4644, -0.3764],
    33: [2.5517, -12.2924, 6.0357, -8.2226, 5.4973, -5.0398, 2.9441, -3.0853, -0.0592, -1.6411,
         -2.2242, -1.0671, -3.9696, -1.5332, -4.7237, -2.0891, -3.8546, -0.9921, -0.9183, 0.7029],
}  # fmt: skip
STATISTICS = """
11.4054 -10.2796 1.6755 -1.9545 -0.7215 -0.2509 -0.3928 -1.82 -0.3064 -0.3523 -1.0368 0.2446 -0.6232 0.1817 0.3261
-0.215 -0.0561 -0.0818 -0.3067 -0.2962 15.4083 6.5826 5.8788 4.5843 3.9892 3.3552 2.0013 1.6348 2.1782 1.6782 1.5073
1.6857 1.9526 1.4969 2.202 1.9423 1.8698 1.3177 0.9344 1.1384 1.6955 1.1288 0.9591 0.8649 0.746 0.9962 0.703 0.6807
0.58 0.5699 0.553 0.4807 0.6299 0.6367 0.7741 0.6505 0.5056 0.3517 0.3947 0.4045 1.081 1.1419 0.049
"""  # of a second of it, computed by the code that the calibrations were made with


def hummed(seconds: float) -> Samples:
    at = np.arange(round(RATE * seconds)) / RATE
    hertz = 140 + 20 * np.sin(2 * np.pi * 3 * at)
    return np.asarray(sum(0.2 / n * np.sin(2 * np.pi * n * hertz * at + n) for n in range(1, 20)), np.float32)


def fresh(code: str, **environment: str) -> str:
    """What a new process prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_cepstra_are_those_of_the_calibrations() -> None:
    found = frames_of(hummed(0.5))
    for frame, expected in PINNED.items():
        assert np.allclose(found.cepstra[frame], expected, atol=1e-3)


def test_statistics_are_those_of_the_calibrations() -> None:
    assert np.allclose(look(Clip(hummed(1.0), RATE)).statistics, np.array(STATISTICS.split(), float), atol=1e-3)


def test_change_is_the_slope_over_five_frames_and_power_the_mean_square() -> None:
    sound = hummed(0.5)
    found = frames_of(sound)
    cepstra = found.cepstra
    slope = (2 * (cepstra[4:] - cepstra[:-4]) + cepstra[3:-1] - cepstra[1:-3]) / 10
    assert np.allclose(found.change[2:-2], slope, atol=1e-6)
    assert not found.change[[0, 1, -2, -1]].any()
    emphasised = sound[1600:2000] - 0.97 * sound[1599:1999]
    assert found.power[10] == pytest.approx(float(np.square(emphasised).mean()), rel=1e-4)


@pytest.mark.parametrize("samples", [0, 1, 159, 160, 161, 700])
def test_short_sounds_have_a_frame_for_each_10_ms(samples: int) -> None:
    found = frames_of(hummed(1.0)[:samples])
    frames = max(1, -(-samples // 160))
    assert found.cepstra.shape == found.change.shape == (frames, CEPSTRA)
    assert found.power.shape == (frames,)
    assert np.isfinite(found.cepstra).all()


def test_what_is_transformed_in_parts_is_the_same() -> None:
    long = np.random.default_rng(3).normal(0, 0.1, (TOGETHER + 50) * 160).astype(np.float32)
    whole, tail = frames_of(long), frames_of(long[(TOGETHER - 20) * 160 :])
    assert np.allclose(whole.cepstra[TOGETHER - 18 :], tail.cepstra[2:], atol=1e-4)


# --- what it costs


MANY_AT_ONCE = """
import threading, sys
from studio.voices.cepstra import warm, warm_soon
threads = [threading.Thread(target=warm) for _ in range(6)]
failed = []
threading.excepthook = lambda told: failed.append(told)
assert not {"librosa", "numba", "scipy"} & set(sys.modules)
warm_soon(), warm_soon()
assert sum(thread.name == "librosa" for thread in threading.enumerate()) == 1
for thread in threads: thread.start()
for thread in threads: thread.join()
assert not failed, failed
print("sklearn" in sys.modules)
"""


def test_many_threads_may_need_it_at_once_and_nothing_is_compiled_twice() -> None:
    import librosa

    folder = Path(librosa.__file__).parent
    frames_of(hummed(0.1))  # as the set-up does
    kept = {path: path.stat().st_mtime_ns for path in folder.rglob("*.nb[ic]")}
    assert kept
    assert fresh(MANY_AT_ONCE) == "False"
    assert kept == {path: path.stat().st_mtime_ns for path in folder.rglob("*.nb[ic]")}


NOWHERE = """
import shutil
from importlib.util import find_spec
from pathlib import Path
from studio.voices import cepstra
folder = cepstra._folder_of_ours().name  # what is compiled already goes in, for compiling takes a quarter of a minute
from numba.core.caching import UserProvidedCacheLocator
for place in Path(find_spec("librosa").origin).parent.rglob("__pycache__"):
    into = Path(folder, UserProvidedCacheLocator.get_suitable_cache_subpath(str(place.parent / "any.py")))
    into.mkdir()
    for file in place.glob("*.nb[ic]"):
        shutil.copy(file, into)
cepstra.warm()
import numba
assert numba.config.CACHE_DIR == folder
print(folder)
"""


def test_it_works_where_numba_can_write_nowhere(tmp_path: Path) -> None:
    """numba may only use a folder that it is told, and is told none: that is how a read-only machine looks to it."""
    nowhere = {"NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator", "NUMBA_CACHE_DIR": ""}
    folder = Path(fresh(NOWHERE, TMPDIR=str(tmp_path), **nowhere))
    assert folder.parent == tmp_path
    assert not folder.exists(), "it goes with the process"
