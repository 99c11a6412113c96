"""CosyVoice at its published sizes with random weights, on two threads, beside the published code.

    python benchmarks/cosyvoice.py [--reference PYTHON --code FOLDER] [--generations 2,3,1] [--record]

`PYTHON` is an interpreter of another environment with what the published code needs (transformers, diffusers,
x-transformers, hyperpyyaml, …), `FOLDER` holds its packages `cosyvoice` and `matcha`; the second generation is then
measured with both in one run, on one checkpoint. Random weights take the same time as trained ones; how they sound is
not looked at. Each precision runs in a process of its own.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cosyvoice_work import NEW, PROMPT_FRAMES, PROMPT_SOUNDS, SOUNDS, TEXT
from machine import Record, best, describe, peak, record

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import studio  # noqa: E402, F401  # before PyTorch, which reads what it says about threads

PARITY = ROOT / "tests" / "parity" / "cosyvoice"
PRECISIONS = ("fp32", "bf16", "int8")
SECONDS = 5.0
LINES = 4  # that are rendered at once


def checkpoint(part: str, root: Path) -> None:
    """A checkpoint of the published layout and sizes in `root`."""
    import torch

    from tests.parity.cosyvoice_published import write_configuration

    small = PARITY / part / "model"
    write_configuration(part, small, root)
    for path in (*small.glob("*.onnx"), *small.glob("CosyVoice-BlankEN/*.*")):
        target = root / path.relative_to(small)
        if not target.exists():
            shutil.copyfile(path, target)
    modules = json.loads((PARITY / part / "full_size_keys.json").read_text())["modules"]
    generator = torch.Generator().manual_seed(0)
    for name in ("llm", "flow", "hift"):
        tensors: dict[str, Any] = {}
        for key, (shape, _) in modules[name]["state_dict"].items():
            if key.endswith("lm_head.weight"):
                tensors[key] = tensors["llm.model.model.embed_tokens.weight"]
                continue
            tensors[key] = _random(key, shape, generator)
        torch.save(tensors, root / f"{name}.pt")


def _random(key: str, shape: list[int], generator: Any) -> Any:
    import torch

    if key.endswith("inv_freq"):
        return 10_000.0 ** -(torch.arange(0, 2 * shape[0], 2) / (2 * shape[0]))
    if key.endswith(("original0", "alpha")) or ("norm" in key and key.endswith("weight")):
        return torch.ones(shape)
    spread = 0.5 * torch.Size(shape[1:]).numel() ** -0.5 if len(shape) > 1 else 0.02
    return torch.empty(shape).normal_(0, spread, generator=generator)


def parts(root: Path, part: str, precision: str) -> Record:
    """Loading, drawing sounds, rendering them, sound."""
    import torch

    from studio.engines.cosyvoice.checkpoint import Checkpoint
    from studio.engines.cosyvoice.drawing import RepetitionAware
    from studio.engines.cosyvoice.flow import CausalFlow, Prompt
    from studio.engines.cosyvoice.generation import Batch, Order
    from studio.engines.cosyvoice.source import OwnChance

    torch.set_num_threads(2)
    torch.set_grad_enabled(False)
    before, began = peak(), time.perf_counter()
    loaded = Checkpoint(root, precision)  # type: ignore[arg-type]
    found: Record = {"load_s": time.perf_counter() - began, "loading_mib": peak() - before}
    model, twice = loaded.language, 2 if part == "v1" else 1
    heard = torch.arange(PROMPT_SOUNDS * twice) % 300

    def order(seed: int, count: int) -> Order:
        prompt = model.prompt(torch.arange(10), torch.arange(TEXT), heard, torch.randn(192))
        choice = RepetitionAware(torch.Generator().manual_seed(seed))
        return Order(prompt, choice, count, count, tuple(model.ids.stops))

    def draw(rows: int, count: int = NEW) -> tuple[float, float]:
        """Seconds of reading the prompts, and of all steps after."""
        batch, start = Batch(model, rows), time.perf_counter()
        for seed in range(rows):
            batch.enter(order(seed, count))
        read = time.perf_counter()
        while batch.rows:
            batch.step()
        return read - start, time.perf_counter() - read

    draw(1, 4)
    reading, alone = min(draw(1) for _ in range(3))
    found |= {"prompt_s": reading, "tokens_per_s": NEW / alone, "tokens_per_s_8": 8 * NEW / draw(8)[1]}
    generator = torch.Generator().manual_seed(0)
    sounds = torch.randint(0, min(4096, loaded.sizes.ids.sounds), (SOUNDS * twice,), generator=generator)
    frames = 258 if part == "v1" else PROMPT_FRAMES
    own = Prompt(heard, torch.randn(frames, 80, generator=generator), torch.randn(192, generator=generator))
    flow = loaded.flow

    def render() -> Any:
        return flow.rendered([flow.lay(sounds, own, torch.Generator().manual_seed(0))])[0]

    mel = render()
    found["flow_s"] = best(render, 3)
    found["hift_s"] = best(lambda: loaded.vocoder(mel, OwnChance(1)), 3)
    drawn = SOUNDS * twice / found["tokens_per_s"]
    found["real_time_factor"] = (found["prompt_s"] + drawn + found["flow_s"] + found["hift_s"]) / SECONDS
    if isinstance(flow, CausalFlow):
        found["chunks_s"] = chunks(flow, own, generator)
    found["peak_mib"] = peak()
    if precision == "fp32":  # in others, a processor renders each line alone
        found |= at_once(loaded, [sounds[: len(sounds) - 2 * at] for at in range(LINES)], own)
    return found


def at_once(loaded: Any, lines: list[Any], own: Any) -> Record:
    """Seconds a line of several that go through the flow at once, and through the vocoder at once."""
    import torch

    from studio.engines.cosyvoice.source import OwnChance
    from studio.engines.cosyvoice.waveform import WaveStream

    flow, vocoder = loaded.flow, loaded.vocoder

    def render() -> Any:
        return flow.rendered([flow.lay(line, own, torch.Generator().manual_seed(0)) for line in lines])

    excited = [WaveStream(vocoder, OwnChance(1)).excited(mel) for mel in render()]
    mels, sources = zip(*excited, strict=True)
    return {
        "flow_s_at_once": best(render, 1) / len(lines),
        "hift_s_at_once": best(lambda: vocoder.several(mels, sources), 3) / len(lines),
    }


def chunks(flow: Any, own: Any, generator: Any) -> list[float]:
    """Seconds of each chunk of one second in a stream of twelve: the cost should not grow with what went before."""
    import torch

    stream, found = flow.stream(own), []
    sounds = torch.randint(0, min(4096, flow.input_embedding.num_embeddings), (400,), generator=generator)
    at = stream.first
    stream.piece(sounds[:at], sounds[at : at + 3])
    for _ in range(12):
        start = time.perf_counter()
        stream.piece(sounds[at : at + 25], sounds[at + 25 : at + 28])
        found.append(round(time.perf_counter() - start, 3))
        at += 25
    return found


def whole(root: Path, part: str, precision: str) -> Record:
    """One line through the engine as a user has it, streamed: first sound, and all of it."""
    from studio.engines.contract import Recipe, Stop, VoiceContent, VoiceKind
    from studio.engines.cosyvoice.declaration import VARIANTS
    from studio.engines.cosyvoice.engine import CosyVoice
    from studio.weights import WeightStore

    id = {"v1": "cosyvoice1", "v2": "cosyvoice2", "v3": "cosyvoice3"}[part]
    engine = CosyVoice(WeightStore(lambda: root / "none", root), VARIANTS[id])
    engine.configure({"precision": precision})
    controls = engine.spec.settle({"min_ratio": 6.0, "max_ratio": 6.0, "endless": "keep"})
    clip = VoiceContent(
        VoiceKind.CLIP, clip=(PARITY / "common" / "prompt_3s_24k.wav").read_bytes(), transcript="请问多少钱？"
    )
    text = "今天的天气真不错，我们一起去公园散步。"
    recipe = Recipe(id, engine.spec.version, text, clip, "zh", tuple(sorted(controls.items())))
    engine.load()
    list(engine.speak([recipe], Stop()))
    start, first, samples = time.perf_counter(), 0.0, 0
    for chunk in engine.speak([recipe], Stop(), stream=True):
        first = first or time.perf_counter() - start
        samples += len(chunk.samples)
    seconds = samples / engine.spec.rate
    spent = time.perf_counter() - start
    engine.unload()
    return {"first_sound_s": first, "seconds": seconds, "streamed_real_time_factor": spent / seconds}


def measured(root: Path, part: str, precision: str) -> Record:
    """A process of its own, so that memory is its own."""
    found: Record = {}
    for what in ("parts", "whole"):
        command = [sys.executable, __file__, "--work", what, str(root), part, precision]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr[-2000:])
        found |= json.loads(done.stdout.splitlines()[-1])
    return found


def reference(python: str, code: str, root: Path) -> Record:
    command = [python, str(Path(__file__).with_name("cosyvoice_reference.py")), code, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference")
    parser.add_argument("--code", default="")
    parser.add_argument("--generations", default="2,3,1")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--work", nargs=4, metavar=("WHAT", "ROOT", "PART", "PRECISION"))
    given = parser.parse_args()
    if given.work:
        what, root, part, precision = given.work
        print(json.dumps({"parts": parts, "whole": whole}[what](Path(root), part, precision)))
        return
    rows: Record = {}
    for generation in given.generations.split(","):
        part = f"v{generation}"
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            checkpoint(part, root)
            files = sum((root / f"{name}.pt").stat().st_size for name in ("llm", "flow", "hift")) / 2**20
            rows[part] = {"files_mib": files, "machine": describe()}
            if given.reference and generation == "2":
                rows[part]["published code"] = reference(given.reference, given.code, root)
            for precision in PRECISIONS:
                rows[part][precision] = measured(root, part, precision)
                print(part, precision, json.dumps(rows[part][precision]), flush=True)
    print(json.dumps({"machine": describe(), "rows": rows}, indent=2))
    if given.record:  # of generations that were not measured this time the last numbers stay
        kept = Path(__file__).with_suffix(".json")
        record("cosyvoice", (json.loads(kept.read_text("utf-8"))["rows"] if kept.exists() else {}) | rows)


if __name__ == "__main__":
    main()
