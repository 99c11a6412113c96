"""ChatTTS at its published size with random weights, on two threads, beside its reference package.

    python benchmarks/chattts.py [--reference PYTHON] [--record]

`PYTHON` is an interpreter of another environment that has the package ChatTTS with the releases its authors used
(transformers 4.53, vector_quantize_pytorch 1.14.24); both are then measured in one run, on one checkpoint. Random
weights take the same time as trained ones; how they sound is not looked at.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from machine import Record, best, describe, peak, record

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import studio  # noqa: E402, F401  # before PyTorch, which reads what it says about threads

TINY = ROOT / "tests" / "parity" / "chattts" / "tiny" / "asset" / "tokenizer"
PROMPT, NEW, RUNS = 40, 128, 3
TEN_SECONDS, FIVE_SECONDS = 470, 235  # code frames
REAL_TIME = 46.875  # frames a second
MIXED = (64, 76, 84, 92, 100, 108, 116, 128)  # frames of eight lines that end one after the other
PRECISIONS = ("fp32", "bf16", "int8")


def make_checkpoint(root: Path) -> None:
    """Random weights in the published layout, 1.1 GB. The tokenizer is the small one: its ids fit."""
    import shutil

    import torch
    from safetensors.torch import save_file

    from studio.engines.chattts.config import read_sizes
    from studio.engines.chattts.dvae import Dvae, HiddenDecoder
    from studio.engines.chattts.model import Embed
    from studio.engines.chattts.vocoder import Vocoder
    from studio.nn.decoder import Decoder

    torch.manual_seed(0)
    sizes, assets = read_sizes(root), root / "asset"
    (assets / "gpt").mkdir(parents=True)
    shutil.copytree(TINY, assets / "tokenizer")
    modules = {
        "gpt/model": Decoder(sizes.gpt),
        "Embed": Embed(sizes.embed),
        "Decoder": HiddenDecoder(sizes.decoder),
        "DVAE": Dvae(sizes),
        "Vocos": Vocoder(sizes.vocos),
    }
    for name, module in modules.items():
        tensors = {key: _random(key, value) for key, value in module.state_dict().items()}
        if name == "Vocos":
            tensors = {_published(key): value for key, value in tensors.items()}
        save_file(tensors, assets / f"{name}.safetensors", metadata={"format": "pt"})
    config = {"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12, "num_hidden_layers": 20}
    config |= {"max_position_embeddings": 4096, "vocab_size": 32000, "model_type": "llama"}
    (assets / "gpt" / "config.json").write_text(json.dumps(config | {"architectures": ["LlamaModel"]}))


def _random(key: str, like: Any) -> Any:
    import torch

    if key.endswith("window"):
        return torch.hann_window(len(like))
    if key.endswith("original0"):
        lengths = torch.ones(like.shape)
        if key.startswith("head_code"):
            lengths[-1] = 100.0  # the end is likely as soon as it may come, so that a line ends where we want it
        return lengths
    return torch.ones(like.shape) if like.dim() < 2 else torch.randn(like.shape) * 0.02


def _published(key: str) -> str:
    """The key of a ConvNeXt block's scale in a checkpoint of Vocos."""
    parts = key.split(".")
    return ".".join([*parts[:-1], "gamma"]) if parts[:2] == ["backbone", "convnext"] and len(parts) == 4 else key


def bandwidth() -> float:
    """GB/s that two threads read from memory."""
    import torch

    large = torch.ones(150_000_000)
    return float(large.numel() * 4 / best(large.sum, 5) / 1e9)


def loading(root: Path, precision: str) -> Record:
    """The most memory that loading takes beside what the process had before."""
    from studio.engines.chattts.checkpoint import Checkpoint
    from studio.nn.linear import Projection

    assert Projection  # imported with the rest, before the count begins
    before = peak()
    used(Checkpoint(root, precision))  # type: ignore[arg-type]
    return {"before_mib": before, "load_mib": peak() - before}


def used(checkpoint: Any) -> Any:
    """A checkpoint whose decoder has read something: part of it is put together beside what else is loaded."""
    import torch

    cache, dim = checkpoint.gpt.decoder.cache(1), checkpoint.sizes.gpt.dim
    cache.open(0, 1)
    checkpoint.gpt.decoder(torch.zeros(1, 1, dim), cache, [0])
    return checkpoint


def parts(root: Path, precision: str) -> Record:
    """Importing, loading, drawing frames, decoding them."""
    began = time.perf_counter()
    import torch

    from studio.engines.chattts.checkpoint import Checkpoint
    from studio.engines.chattts.generation import Batch, Order
    from studio.nn.sampling import OwnDraws, Sampling

    for name in ("onnx", "onnxruntime"):  # which loading would import: the package's libraries are imported, too
        import_module(name)
    import_s = time.perf_counter() - began
    torch.set_num_threads(2)
    began = time.perf_counter()
    checkpoint = Checkpoint(root, precision)  # type: ignore[arg-type]
    load_s = time.perf_counter() - began
    used(checkpoint)
    usable_s = time.perf_counter() - began

    def draw(*lengths: int) -> None:
        batch = Batch(checkpoint.gpt, len(lengths))
        for at, frames in enumerate(lengths):
            prompt = checkpoint.gpt.prompt(torch.randint(100, 20000, (PROMPT,)))
            batch.enter(Order(prompt, "code", Sampling((0.3,), 0.7, 20, 1.05), OwnDraws(at), frames, 625, frames))
        while batch.rows:
            batch.step()

    with torch.inference_mode():
        draw(4)
        frames = torch.randn(TEN_SECONDS, 768)
        decoded: list[int] = []

        def decode(window: Any) -> Any:
            decoded.append(len(window))
            return checkpoint.vocoder(checkpoint.hidden_decoder(window.T[None]))[0]

        found = {
            "import_s": import_s,
            "load_s": load_s,
            "usable_s": usable_s,
            "frames_s_rows1": NEW / best(lambda: draw(NEW)),
            "frames_s_rows8": 8 * NEW / best(lambda: draw(*[NEW] * 8), 2),
            "frames_s_mixed8": sum(MIXED) / best(lambda: draw(*MIXED), 2),
            "decode_10s_s": best(lambda: decode(frames)),
            "decode_10s_streamed_s": best(lambda: streamed(decode, frames)),
        }
        decoded.clear()
        streamed(decode, frames)
        return {**found, "decoded_of_10s_streamed": sum(decoded)}


def streamed(decode: Callable[[Any], Any], frames: Any) -> None:
    """The decoder's part of a stream in which the frames come one by one."""
    from studio.engines.chattts.waveform import WaveStream

    wave = WaveStream(decode)
    for known in range(1, len(frames) + 1):
        if wave.ready(known):
            wave.piece(frames[:known])
    while not wave.done(len(frames)):
        wave.piece(frames, last=True)


def whole(root: Path, precision: str) -> Record:
    """Five seconds through the engine, whole and streamed."""
    import numpy as np

    from studio.engines.chattts.engine import ChatTTS
    from studio.engines.contract import Recipe, Stop, VoiceContent, VoiceKind
    from studio.weights import WeightStore

    engine = ChatTTS(WeightStore(lambda: root.parent / "none", root))
    engine.configure({"precision": precision})
    spec = engine.spec
    controls = spec.settle({"min_tokens": FIVE_SECONDS, "max_tokens": FIVE_SECONDS + 40, "retries": 0})
    voice = VoiceContent(VoiceKind.EMBEDDING, values=np.ones(768, "<f4").tobytes())
    recipe = Recipe(spec.id, spec.version, "今天天气真不错", voice, "zh", tuple(sorted(controls.items())), 1)
    first: list[float] = []

    def speak(stream: bool) -> None:
        began = time.perf_counter()
        for number, _ in enumerate(engine.speak([recipe], Stop(), stream)):
            if stream and not number:
                first.append(time.perf_counter() - began)

    speak(True)
    times = {"whole_5s_s": best(lambda: speak(False), 2), "streamed_5s_s": best(lambda: speak(True), 2)}
    engine.unload()
    return {**times, "first_sound_s": min(first), "peak_mib": peak()}


STAGES = {"load": loading, "parts": parts, "whole": whole}  # each in a process of its own: a peak is never forgotten


def apart(command: list[str]) -> Record:
    """The numbers that a process prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise SystemExit(f"{command[1]} failed:\n{done.stderr[-3000:]}")
    found: Record = json.loads(lines[0].removeprefix("RESULT "))
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--reference", help="a Python with the package ChatTTS")
    options.add_argument("--record", action="store_true", help="keep the numbers in benchmarks/chattts.json")
    options.add_argument("--one", nargs=3, metavar=("CHECKPOINT", "PRECISION", "STAGE"), help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.one:
        root, precision, stage = Path(chosen.one[0]), chosen.one[1], chosen.one[2]
        print("RESULT " + json.dumps(STAGES[stage](root, precision)))
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "checkpoint"
        root.mkdir()
        make_checkpoint(root)
        rows: dict[str, Any] = {"read_gb_s": bandwidth(), "real_time_frames_s": REAL_TIME}
        rows["files_mib"] = sum(file.stat().st_size for file in root.rglob("*") if file.is_file()) / 2**20
        for precision in PRECISIONS:
            one = [sys.executable, __file__, "--one", str(root), precision]
            rows[precision] = {name: value for stage in STAGES for name, value in apart([*one, stage]).items()}
        if chosen.reference:
            script = str(Path(__file__).with_name("chattts_reference.py"))
            rows["reference"] = apart([chosen.reference, script, str(root), str(TINY)])
    rows = {name: _short(value) for name, value in rows.items()}
    print(json.dumps({"machine": describe(), "rows": rows}, indent=2))
    if chosen.record:
        record("chattts", rows)


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _short(one) for name, one in value.items()}
    return round(value, 3) if isinstance(value, float) else value


if __name__ == "__main__":
    main()
