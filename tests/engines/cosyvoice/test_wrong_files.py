"""Files of a CosyVoice checkpoint that are not what they should be: each is named, and nothing is run."""

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from studio.engines.cosyvoice.checkpoint import Checkpoint
from studio.engines.cosyvoice.declaration import VARIANTS
from studio.engines.cosyvoice.engine import CosyVoice
from studio.engines.cosyvoice.speakers import read_speakers
from studio.errors import BadFile
from studio.weights import WeightStore

from .conftest import PARITY, clip


def changed(root: Path, name: str, old: str, new: str) -> None:
    text = (root / name).read_text("utf-8")
    assert old in text
    (root / name).write_text(text.replace(old, new), "utf-8")


def tensors(root: Path, name: str, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    found = torch.load(root / name, weights_only=True)
    change(found)
    torch.save(found, root / name)


def copied(root: Path, source: str, target: str) -> None:
    shutil.copyfile(PARITY / source, root / target)


class Trap:
    """What a pickle could do."""

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (Path("trapped"),))


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "yaml of another model": (lambda root: copied(root, "v1/model/cosyvoice.yaml", "cosyvoice2.yaml"), "llm is"),
    "yaml that is none": (lambda root: (root / "cosyvoice2.yaml").write_bytes(b"\xff: ["), "cannot be read"),
    "yaml with a loop": (
        lambda root: changed(root, "cosyvoice2.yaml", "chunk_size: 25", "chunk_size: !ref <chunk_size>"),
        "leads nowhere",
    ),
    "yaml with a size that cannot be": (
        lambda root: changed(root, "cosyvoice2.yaml", "base_channels: 24", "base_channels: -3"),
        "base_channels",
    ),
    "yaml with an unknown solver": (lambda root: changed(root, "cosyvoice2.yaml", "'euler'", "'heun'"), "heun"),
    "sizes of another text model": (
        lambda root: changed(root, "CosyVoice-BlankEN/config.json", '"qwen2"', '"llama"'),
        "llama",
    ),
    "a vocabulary that is none": (
        lambda root: (root / "CosyVoice-BlankEN" / "vocab.json").write_text("[1"),
        "vocabulary",
    ),
    "weights with one tensor less": (
        lambda root: tensors(root, "flow.pt", lambda found: found.pop("encoder_proj.bias")),
        "flow.pt: lacks encoder_proj.bias",
    ),
    "weights with one tensor more": (
        lambda root: tensors(root, "llm.pt", lambda found: found.update(extra=torch.zeros(1))),
        "llm.pt: has extra besides",
    ),
    "a tensor of another shape": (
        lambda root: tensors(root, "hift.pt", lambda found: found.update(**{"conv_pre.bias": torch.zeros(7)})),
        "hift.pt: conv_pre.bias is",
    ),
    "half a weight norm": (
        lambda root: tensors(
            root, "hift.pt", lambda found: found.pop("conv_pre.parametrizations.weight.original1")
        ),
        "lacks conv_pre",
    ),
    "truncated weights": (lambda root: (root / "llm.pt").write_bytes((root / "llm.pt").read_bytes()[:5000]), "llm.pt"),
    "weights that run something": (
        lambda root: (root / "flow.pt").write_bytes(pickle.dumps({"a": Trap()})),
        "flow.pt",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_named(models: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "model"
    shutil.copytree(models / "cosyvoice2", root)
    spoil, said = WRONG[name]
    spoil(root)
    with pytest.raises(BadFile, match=said) as caught:
        Checkpoint(root, wanted=2)
    assert caught.value.words.zh != caught.value.words.en
    assert not (tmp_path / "trapped").exists()


ONNX: dict[str, tuple[str, str]] = {
    "a tokenizer of another generation": ("v1/model/speech_tokenizer_v1.onnx", "speech_tokenizer_v2.onnx"),
    "another network": ("v2/model/campplus.onnx", "speech_tokenizer_v2.onnx"),
}


@pytest.mark.parametrize("name", [*ONNX, "no network at all"])
def test_a_wrong_network_is_named_and_the_engine_works_afterwards(
    models: Path, tmp_path: Path, recipe_for, hear, name: str
) -> None:  # type: ignore[no-untyped-def]
    root = tmp_path / "cosyvoice2"
    shutil.copytree(models / "cosyvoice2", root)
    right = (root / "speech_tokenizer_v2.onnx").read_bytes()
    if name in ONNX:
        copied(root, *ONNX[name])
    else:
        (root / "speech_tokenizer_v2.onnx").write_bytes(b"no network")
    engine = CosyVoice(WeightStore(lambda: tmp_path / "none", tmp_path), VARIANTS["cosyvoice2"])
    engine.configure({"precision": "fp32"})
    if name != "a tokenizer of another generation":  # its small one has the same face; its ids are in the vocabulary
        with pytest.raises(BadFile, match=r"speech_tokenizer_v2\.onnx"):
            hear(engine, recipe_for(engine, "你好", clip()))
    engine.unload()
    (root / "speech_tokenizer_v2.onnx").write_bytes(right)
    assert len(hear(engine, recipe_for(engine, "你好", clip()))[0])
    engine.unload()


SPEAKERS: dict[str, tuple[object, str]] = {
    "a list": ([1, 2], "holds no speakers"),
    "numbers instead of entries": ({"a": 3}, "no entry"),
    "an embedding of another size": ({"a": {"embedding": torch.zeros(1, 80)}}, "192"),
    "not numbers": ({"a": {"embedding": torch.full((1, 192), float("nan"))}}, "192"),
    "a clip of another kind": (
        {"a": {"embedding": torch.zeros(1, 192), "flow_prompt_speech_token": torch.zeros(1, 3),
               "prompt_speech_feat": torch.zeros(1, 6, 80)}},
        "another kind",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SPEAKERS)
def test_wrong_speakers_are_refused(tmp_path: Path, name: str) -> None:
    given, said = SPEAKERS[name]
    torch.save(given, tmp_path / "spk2info.pt")
    with pytest.raises(BadFile, match=said):
        read_speakers(tmp_path)
    (tmp_path / "spk2info.pt").write_bytes(pickle.dumps({"a": Trap()}))
    with pytest.raises(BadFile):
        read_speakers(tmp_path)


def test_a_speaker_saved_by_the_published_code_is_read() -> None:
    path = PARITY / "v2" / "spk2info_saved_example.pt"
    found = read_speakers(path)
    assert len(found) == 1
    one = next(iter(found.values()))
    assert one.sounds is not None
    assert one.mel is not None
    assert one.text is not None
    assert len(one.mel) == 2 * len(one.sounds)
    assert one.speaker.shape == (192,)


def test_a_speaker_saved_by_the_published_code_sounds_like_its_clip(
    models: Path, tmp_path: Path, recipe_for, hear
) -> None:  # type: ignore[no-untyped-def]
    from studio.engines.contract import VoiceContent, VoiceKind

    root = tmp_path / "cosyvoice2"
    shutil.copytree(models / "cosyvoice2", root)
    shutil.copyfile(PARITY / "v2" / "spk2info_saved_example.pt", root / "spk2info.pt")
    engine = CosyVoice(WeightStore(lambda: tmp_path / "none", tmp_path), VARIANTS["cosyvoice2"])
    engine.configure({"precision": "fp32"})
    name = engine.voices()[0].name
    saved = hear(engine, recipe_for(engine, "今天天气真不错。", VoiceContent(VoiceKind.BUILTIN, name=name)))[0]
    heard = hear(engine, recipe_for(engine, "今天天气真不错。", clip()))[0]
    engine.unload()
    assert len(saved) == len(heard)
    noise = ((saved - heard) ** 2).mean() / (heard**2).mean()
    assert noise < 1e-5  # its mel was computed elsewhere, the last digit differs


def test_the_configuration_is_data() -> None:
    from studio.engines.cosyvoice.configuration import read

    found = read(PARITY / "v2" / "model" / "cosyvoice2.yaml")
    assert found["__set_seed1"]["class"].startswith("random.seed")
    assert found["flow"]["decoder"]["estimator"]["static_chunk_size"] == 50
    json.dumps(found)
