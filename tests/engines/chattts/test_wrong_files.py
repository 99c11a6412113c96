"""Checkpoints that are damaged or of another model: named, nothing half-loaded, and the right one works afterwards."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from studio.engines.chattts.engine import ChatTTS
from studio.errors import BadFile, BadRequest, BadText, Cancelled, NotInstalled
from studio.studio import SpeakRequest, Studio, TakeQuery
from studio.weights import WeightStore

GPT = "asset/gpt/model.safetensors"


def truncated(name: str) -> Callable[[Path], None]:
    return lambda root: (root / name).write_bytes((root / name).read_bytes()[:-5000]) and None


def reshaped(name: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        tensors = load_file(root / name)
        key = max(tensors, key=lambda one: tensors[one].numel())
        save_file(tensors | {key: tensors[key].flatten()[:-1].clone()}, root / name)

    return change


def with_stranger(root: Path) -> None:
    tensors = load_file(root / GPT)
    save_file(tensors | {"stranger": next(iter(tensors.values())).clone()}, root / GPT)


def other_sizes(root: Path) -> None:
    path = root / "asset" / "gpt" / "config.json"
    config = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(config | {"num_hidden_layers": config["num_hidden_layers"] + 1}), "utf-8")


WRONG: dict[str, tuple[Callable[[Path], Any], str]] = {
    "truncated language model": (truncated(GPT), "model.safetensors: damaged"),
    "truncated embeddings": (truncated("asset/Embed.safetensors"), "Embed.safetensors: damaged"),
    "truncated vocoder": (truncated("asset/Vocos.safetensors"), "Vocos.safetensors: damaged"),
    "a tensor of another shape": (reshaped("asset/Decoder.safetensors"), "Decoder.safetensors: .* is .*not"),
    "a tensor too many": (with_stranger, "stranger besides"),
    "sizes of another model": (other_sizes, "lacks"),
    "a tokenizer that is none": (
        lambda root: (root / "asset/tokenizer/tokenizer.json").write_text("{}"),
        "tokenizer",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_named_and_the_right_one_works_afterwards(tmp_path: Path, tiny: Path, case: str) -> None:
    change, message = WRONG[case]
    root = tmp_path / "chattts"
    shutil.copytree(tiny, root)
    change(root)
    engine = ChatTTS(WeightStore(lambda: tmp_path / "none", tmp_path))
    with pytest.raises(BadFile, match=message) as error:
        engine.load()
    assert "请" in error.value.text("zh")
    shutil.rmtree(root)
    shutil.copytree(tiny, root)
    engine.load()
    engine.unload()


def test_a_missing_file_is_named_with_the_command_that_brings_it(tmp_path: Path, tiny: Path) -> None:
    shutil.copytree(tiny, tmp_path / "chattts")
    (tmp_path / "chattts" / "asset" / "Vocos.safetensors").unlink()
    engine = ChatTTS(WeightStore(lambda: tmp_path / "none", tmp_path))
    with pytest.raises(NotInstalled, match=r"Vocos\.safetensors is not there.*models install chattts"):
        engine.load()


def test_stop_while_it_is_loaded_is_heard_and_the_next_line_works(tmp_path: Path, tiny: Path) -> None:
    request = SpeakRequest("你好。", "chattts", "seed:7", controls={"min_tokens": 30, "retries": 5})
    with Studio(tmp_path, models=tiny) as studio:
        job = studio.speak(request)
        job.stop()
        with pytest.raises(Cancelled):
            job.wait(60)
        assert studio.takes.find(TakeQuery()).total == 0
        assert studio.speak(request).wait(60).seconds > 0.5


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Any:
    with Studio(tmp_path_factory.mktemp("home"), models=tiny) as opened:
        yield opened


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"voice": "seed:2147483648"}, BadRequest, "2147483647|2,147,483,647"),
        ({"voice": "seed:-1"}, BadRequest, "seed"),
        ({"voice": "seed:1.5"}, BadRequest, "seed"),
        ({"voice": "code:nonsense"}, BadRequest, "speaker code"),
        ({"text": "[oral_12]你好"}, BadRequest, "oral"),
        ({"text": "好" * 20_000}, BadText, "10,000|10000"),
        ({"controls": {"top_k": 10**9}}, BadRequest, "top_k"),
        ({"seed": -1}, BadRequest, "seed"),
        ({"seed": 2**63}, BadRequest, "seed"),
        ({"text": "[uv_break] [lbreak]"}, BadText, "nothing to say"),
        ({"text": "[Stts][Ptts]"}, BadText, "nothing to say"),
        ({"text": "[speed_5]"}, BadText, "nothing to say"),
        ({"text": "привет"}, BadText, "nothing to say.*does not know"),
    ],
)
def test_what_cannot_be_spoken_is_refused_and_the_next_line_works(
    studio: Studio, change: dict[str, Any], kind: type[Exception], message: str
) -> None:
    request = {"text": "你好。", "engine": "chattts", "voice": "seed:7"} | change
    with pytest.raises(kind, match=message):
        studio.plan(SpeakRequest(**request))
    assert studio.plan(SpeakRequest("你好。", engine="chattts", voice="seed:7")).lines


def test_what_it_cannot_read_is_no_line_and_its_pause_stays(studio: Studio) -> None:
    text = "Привет, мир и все вокруг нас.[pause 2s]你好世界。[pause 1s]Привет, мир и все вокруг.[pause 3s]今天。"
    planned = studio.plan(SpeakRequest(text, engine="chattts", voice="seed:7", split=10))
    assert [line.spoken.strip(" ,.") for line in planned.lines] == ["你好世界。", "今天。"]
    assert planned.lead_ms == 2000
    assert planned.lines[0].pause_ms == 4000
    assert {note.mark for note in planned.notes if note.how == "ignored"} >= set("Прм")


def test_a_line_of_5000_characters_is_spoken_in_pieces_and_none_is_lost(studio: Studio) -> None:
    text = "今天天气真不错我们去公园散步吧" * 334
    planned = studio.plan(SpeakRequest(text, engine="chattts", voice="seed:7"))
    assert len(planned.lines) > 20
    assert max(len(line.spoken) for line in planned.lines) <= studio.engine("chattts").longest
    assert "".join("".join(line.spoken.split()) for line in planned.lines) == text
