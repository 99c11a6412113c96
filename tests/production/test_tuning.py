"""How models are loaded: chosen, kept, told by the environment; refused where it cannot be; and effective."""

import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from studio.engines import registry
from studio.engines.contract import Stop
from studio.errors import BadRequest, EngineFailed, InUse, NotFound, NotInstalled, NotWritable
from studio.settings import FILE
from studio.studio import SpeakRequest, Studio

from ..library.disks import small_disk

PARITY = Path(__file__).parents[1] / "parity"
TINY = PARITY / "chattts" / "tiny"


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    for id in ("CHATTTS", "SENSEVOICE"):
        monkeypatch.delenv(f"TIMBRE_{id}", raising=False)
    with Studio(tmp_path / "home", models=TINY) as opened:
        yield opened


def values(studio: Studio, id: str = "chattts") -> dict[str, tuple[Any, str]]:
    return {one.control.name: (one.value, one.source) for one in studio.tuning.of(id)}


def test_a_setting_is_kept_over_a_restart_and_holds(studio: Studio, tmp_path: Path) -> None:
    assert values(studio)["precision"] == ("auto", "default")
    studio.tuning.change("chattts", {"precision": "fp32", "rows": 2})
    assert ".fp32." in studio.engine("chattts").version
    with Studio(tmp_path / "home", models=TINY) as again:
        assert values(again)["precision"] == ("fp32", "chosen")
        assert values(again)["rows"] == (2, "chosen")
        assert ".fp32." in again.engine("chattts").version
        again.tuning.change("chattts", {"precision": None, "rows": 8})  # back, and to what is the default anyway
        assert json.loads((tmp_path / "home" / FILE).read_text("utf-8")) == {}
        assert ".int8." in again.engine("chattts").version or ".bf16." in again.engine("chattts").version


def test_a_loaded_engine_is_let_go_and_loaded_in_the_new_way(studio: Studio) -> None:
    request = SpeakRequest("你好。", engine="chattts", voice="seed:7", controls={"min_tokens": 30, "retries": 3})
    first = studio.speak(request).wait(60)
    assert next(one for one in studio.engines() if one.id == "chattts").loaded
    studio.tuning.change("chattts", {"precision": "bf16"})
    assert not next(one for one in studio.engines() if one.id == "chattts").loaded
    assert studio.speak(request).wait(60).digest != first.digest


def test_the_environment_wins_and_says_so(studio: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    studio.tuning.change("chattts", {"precision": "fp32", "rows": 2})
    monkeypatch.setenv("TIMBRE_CHATTTS", "precision=bf16")
    with Studio(tmp_path / "home", models=TINY) as again:
        assert values(again)["precision"] == ("bf16", "environment")
        assert values(again)["rows"] == (2, "chosen")
        assert ".bf16." in again.engine("chattts").version
        with pytest.raises(BadRequest, match="TIMBRE_CHATTTS says precision=bf16") as refused:
            again.tuning.change("chattts", {"precision": "int8"})
        assert "环境变量 TIMBRE_CHATTTS" in refused.value.text("zh")
        again.tuning.change("chattts", {"rows": 3})
        assert ".bf16." in again.engine("chattts").version


@pytest.mark.parametrize(
    ("id", "change", "message"),
    [
        ("chattts", {"precision": "int4"}, "auto, fp32, bf16, fp16, int8"),
        ("chattts", {"rows": 9}, "1 to 8"),
        ("chattts", {"rows": "many"}, "1 to 8"),
        ("chattts", {"colour": "red"}, "it has precision, device, rows, quantiser"),
        ("sensevoice", {"precision": True}, "auto, fp32"),
        ("espeak", {"precision": "fp32"}, "it has none"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(studio: Studio, id: str, change: Any, message: str) -> None:
    with pytest.raises(BadRequest, match=message) as refused:
        studio.tuning.change(id, change)
    assert any("\u4e00" <= c <= "\u9fff" for c in refused.value.text("zh"))
    assert not (studio.folder.path / FILE).exists()


def test_an_unknown_model_has_no_settings(studio: Studio) -> None:
    with pytest.raises(NotFound, match="nix"):
        studio.tuning.of("nix")


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"chattts": 3}', '{"chattts": {"precision": "int4", "size": 3}}', "[" * 9999]
)
def test_a_damaged_file_counts_as_no_choice_and_the_log_says_so(
    studio: Studio, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (studio.folder.path / FILE).write_text(text, "utf-8")
    with caplog.at_level(logging.WARNING):
        assert {source for _, source in values(studio).values()} == {"default"}
    assert FILE in caplog.text or text in ("[]", '{"chattts": 3}')
    studio.tuning.change("chattts", {"rows": 4})
    assert values(studio)["rows"] == (4, "chosen")


def test_a_full_disk_is_said_and_nothing_changes(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4_000) as disk, Studio(disk / "home", models=TINY) as studio:
        before = studio.engine("chattts").version
        with suppress(OSError):
            (disk / "ballast").write_bytes(b"x" * 4_000_000)
        with pytest.raises(NotWritable, match="cannot be kept"):
            studio.tuning.change("chattts", {"precision": "fp16"})
        assert not list((disk / "home").glob(f"{FILE}*"))
        (disk / "ballast").unlink()
        assert (studio.engine("chattts").version, values(studio)["precision"][1]) == (before, "default")


def test_an_engine_that_speaks_is_not_changed_under_its_feet(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "PATIENCE_S", 0.2)
    long = {"min_tokens": 2000, "max_tokens": 2048, "retries": 0}
    planned = studio.plan(SpeakRequest("你好。", engine="chattts", voice="seed:7", controls=long))
    speaking = studio._engines.speak("chattts", [planned.lines[0].recipe], Stop())
    next(speaking)
    with pytest.raises(InUse, match="is speaking now"):
        studio.tuning.change("chattts", {"precision": "fp16"})
    assert values(studio)["precision"] == ("auto", "default")
    speaking.close()  # type: ignore[attr-defined]
    studio.tuning.change("chattts", {"precision": "fp16"})
    with pytest.raises(EngineFailed, match="settings were changed"):  # it would be kept under the name of another sound
        next(studio._engines.speak("chattts", [planned.lines[0].recipe], Stop()))


def test_a_recogniser_is_told_in_the_same_way(tmp_path: Path) -> None:
    with Studio(tmp_path / "home", models=PARITY / "sensevoice" / "tiny") as studio:
        studio.tuning.change("sensevoice", {"precision": "int8"})
        assert studio.listening.states()[0].spec.version.endswith("int8")  # type: ignore[union-attr]
    with Studio(tmp_path / "home", models=PARITY / "sensevoice" / "tiny") as studio:
        assert values(studio, "sensevoice")["precision"] == ("int8", "chosen")
        recogniser: Any = studio.listening.recognisers.get("sensevoice")
        recogniser.load()
        assert recogniser._checkpoint.precision == "int8"
        studio.tuning.change("sensevoice", {"precision": None})
        assert recogniser._checkpoint is None


# what the weights hold


def test_the_coefficient_of_the_weights_is_told_without_loading_them(studio: Studio) -> None:
    import numpy as np
    from safetensors.numpy import load_file

    from studio.engines.chattts.strings import coefficients

    for decoder, file in (("decoder", "Decoder"), ("dvae", "DVAE")):
        code = studio.tuning.held("chattts", "coefficient", {"decoder": decoder})
        stored = load_file(TINY / "asset" / f"{file}.safetensors")["coef"].reshape(-1)
        assert np.array_equal(coefficients(code), stored.astype(np.float32))
    assert not next(one for one in studio.engines() if one.id == "chattts").loaded


def test_it_can_be_given_back_and_sounds_the_same(studio: Studio) -> None:
    """The digest differs, the sound does not; another coefficient sounds different."""
    import numpy as np

    from studio.audio.files import read_bytes
    from studio.engines.chattts.strings import coefficient_string

    def sound(**controls: Any) -> Any:
        calm = {"min_tokens": 30, "retries": 3, **controls}
        made = studio.speak(SpeakRequest("你好。", engine="chattts", voice="seed:7", controls=calm)).wait(60)
        return read_bytes(studio.take_bytes(made.digest, "wav")).samples

    plain, own = sound(), sound(coefficient=studio.tuning.held("chattts", "coefficient"))
    other = sound(coefficient=coefficient_string(np.full(100, 0.5, np.float32)))
    assert np.array_equal(own, plain)
    assert len(other) == len(plain)
    assert not np.allclose(other, plain, atol=1e-3)


def test_what_holds_nothing_or_cannot_be_read_is_said(studio: Studio, tmp_path: Path) -> None:
    import shutil

    with pytest.raises(BadRequest, match="prompt"):
        studio.tuning.held("chattts", "prompt")
    with pytest.raises(BadRequest, match="espeak"):
        studio.tuning.held("espeak", "speed")
    with Studio(tmp_path / "bare") as bare, pytest.raises(NotInstalled, match="models install chattts"):
        bare.tuning.held("chattts", "coefficient")
    shutil.copytree(TINY, tmp_path / "own" / "chattts")
    file = tmp_path / "own" / "chattts" / "asset" / "Decoder.safetensors"
    file.write_bytes(file.read_bytes()[:-5000])
    with (
        Studio(tmp_path / "other", models=tmp_path / "own") as other,
        pytest.raises(BadRequest, match="Decoder") as bad,
    ):
        other.tuning.held("chattts", "coefficient")
    assert "请重新安装" in bad.value.text("zh")
