"""What engines computed from clips: kept, found by the next process, never trusted, never too much."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save, save_file

from studio.engines.contract import Recipe, VoiceContent, VoiceKind
from studio.engines.derived import SUM, Derived, key_of
from studio.errors import BadFile
from studio.studio import Studio

from .cosyvoice.conftest import CLIP, TRANSCRIPT
from .cosyvoice.conftest import models as models

ARRAYS = {"a": np.arange(12, dtype=np.float32).reshape(3, 4), "b": np.array([7], np.int64)}


def any_of_them(found: Any) -> bool:
    return True


def test_what_is_kept_is_found_again_to_the_bit(tmp_path: Path) -> None:
    Derived(lambda: tmp_path / "new").put("k", ARRAYS)
    found = Derived(lambda: tmp_path / "new").get("k", any_of_them)
    assert found is not None
    assert found.keys() == ARRAYS.keys()
    for name, one in ARRAYS.items():
        assert (found[name].tobytes(), found[name].shape) == (one.tobytes(), one.shape)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["k.safetensors"]
    assert Derived(lambda: tmp_path / "new").get("other", any_of_them) is None
    Derived().put("k", ARRAYS)
    assert Derived().get("k", any_of_them) is None


def test_a_key_depends_on_every_part_and_where_it_ends() -> None:
    keys = [key_of("a", "b", b"c"), key_of("ab", "", b"c"), key_of("a", "b", b"d"), key_of("a", "b", "c")]
    assert len(set(keys)) == len(keys)
    assert key_of("a", b"c") == key_of("a", b"c")
    assert all(len(key) == 64 for key in keys)


SPOILED: dict[str, Callable[[Path], object]] = {
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-5]),
    "empty": lambda path: path.write_bytes(b""),
    "no safetensors": lambda path: path.write_bytes(b"\x80\x04K\x01." * 50),
    "one bit turned": lambda path: path.write_bytes(path.read_bytes()[:-9] + b"\x01" + path.read_bytes()[-8:]),
    "another's arrays": lambda path: save_file({"a": np.zeros((3, 4), np.float32)}, path),
    "a digest of nothing": lambda path: path.write_bytes(save({**ARRAYS, SUM: np.zeros(32, np.uint8)})),
    "far too large": lambda path: os.truncate(path, 33 << 20),
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_is_damaged_counts_as_not_there_and_is_written_anew(tmp_path: Path, name: str) -> None:
    derived = Derived(lambda: tmp_path)
    derived.put("k", ARRAYS)
    SPOILED[name](tmp_path / "k.safetensors")
    assert derived.get("k", any_of_them) is None
    derived.put("k", ARRAYS)
    assert derived.get("k", any_of_them) is not None
    assert derived.get("k", lambda found: "c" in found) is None


def test_the_least_recently_used_go(tmp_path: Path) -> None:
    derived = Derived(lambda: tmp_path, limit=1500)
    for at, name in enumerate("abc"):
        derived.put(name, {"x": np.zeros(50, np.float32)})
        os.utime(tmp_path / f"{name}.safetensors", (at, at))
    assert derived.get("a", any_of_them) is not None  # used now
    derived.put("d", {"x": np.zeros(200, np.float32)})
    assert {path.stem for path in tmp_path.iterdir()} == {"a", "d"}


def test_a_disk_that_takes_nothing_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    derived = Derived(lambda: tmp_path / "file" / "below")
    derived.put("k", ARRAYS)
    assert derived.get("k", any_of_them) is None


# the engines


@pytest.fixture
def clip_voice() -> VoiceContent:
    return VoiceContent(VoiceKind.CLIP, clip=CLIP.read_bytes(), transcript=TRANSCRIPT)


def said(studio: Studio, id: str, voice: VoiceContent, **controls: Any) -> bytes:
    """The sound of one line of an engine of this studio, nothing from the cache of takes."""
    engine = studio._engines.get(id)
    settled = tuple(sorted(engine.spec.settle(controls).items()))
    recipe = Recipe(id, engine.spec.version, "今天天气真不错。", voice, "zh", settled)
    return b"".join(chunk.samples.tobytes() for chunk in studio._engines.speak(id, [recipe], stream=False))


@pytest.mark.parametrize("id", ["cosyvoice2", "chattts"])
def test_a_clip_is_heard_once_and_sounds_the_same_ever_after(
    models: Path, tmp_path: Path, clip_voice: VoiceContent, id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import studio.engines.chattts.engine as chattts
    from studio.engines.cosyvoice import reference

    listened: list[str] = []
    listen, encode = reference.listen, chattts._encoded
    monkeypatch.setattr(reference, "listen", lambda *given: listened.append("heard") or listen(*given))
    monkeypatch.setattr(chattts, "_encoded", lambda *given: listened.append("heard") or encode(*given))
    where = Path(__file__).parents[1] / "parity" / "chattts" / "tiny" if id == "chattts" else models
    calm = {"chattts": {"min_tokens": 30, "max_tokens": 1200}, "cosyvoice2": {"endless": "keep", "max_ratio": 4.0}}[id]
    with Studio(tmp_path, models=where) as studio:
        first = said(studio, id, clip_voice, **calm)
        (file,) = (tmp_path / "derived").iterdir()
        forget(studio, id)
        assert said(studio, id, clip_voice, **calm) == first
        assert listened == ["heard"]
        wrong = load_file(file) | {"speaker": np.full(192, np.nan, np.float32), "codes": np.zeros((1, 1), np.int64)}
        Derived(lambda: tmp_path / "derived").put(file.stem, {k: v for k, v in wrong.items() if k != SUM})
        forget(studio, id)
        assert said(studio, id, clip_voice, **calm) == first
        assert listened == ["heard", "heard"]
        if id == "cosyvoice2":  # the transcript is another matter than the clip
            other = VoiceContent(VoiceKind.CLIP, clip=clip_voice.clip, transcript="很长的文字" * 60)
            with pytest.raises(BadFile, match="of another clip"):
                said(studio, id, other, **calm)


def forget(studio: Studio, id: str) -> None:
    """As when the studio is started again, but quicker."""
    engine: Any = studio._engines.get(id)
    (engine._heard if id == "cosyvoice2" else engine._samples).clear()
