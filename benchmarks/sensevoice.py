"""SenseVoiceSmall at its published size with random weights, on two threads, beside its reference package.

    python benchmarks/sensevoice.py [--reference PYTHON] [--record]

`PYTHON` is an interpreter of another environment that has the package funasr; both are then measured in one run, on one
checkpoint. Random weights take the same time as trained ones; what they hear is not looked at. Each precision is
measured in a process of its own, and an hour of sound in one more, whose memory is watched.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from machine import Record, best, peak, record

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

PARITY = ROOT / "tests" / "parity" / "sensevoice"
PRECISIONS = ("fp32", "bf16", "int8")
RATE, RUNS, HOUR_S = 16_000, 3, 3600
VOCABULARY = "chn_jpn_yue_eng_ko_spectok.bpe.model"
FULL = {"output_size: 64": 512, "linear_units: 128": 2048, "num_blocks: 4": 50, "tp_blocks: 2": 20}


def make_checkpoint(root: Path) -> None:
    """Random weights in the published layout, 0.94 GB. The vocabulary is the small one, filled up."""
    import torch
    from sentencepiece import sentencepiece_model_pb2 as model

    from studio.recognition.sensevoice.config import read_sizes
    from studio.recognition.sensevoice.encoder import SenseVoice

    torch.manual_seed(0)
    published = json.loads((PARITY / "full_size_keys.json").read_text("utf-8"))["sizes"]["vocab_size"]
    config = (PARITY / "tiny" / "config.yaml").read_text("utf-8")
    for line, value in FULL.items():
        config = config.replace(line, f"{line.partition(':')[0]}: {value}")
    (root / "config.yaml").write_text(config, "utf-8")
    (root / "am.mvn").write_bytes((PARITY / "tiny" / "am.mvn").read_bytes())
    paths = {"init_param": "model.pt", "config": "config.yaml", "tokenizer_conf": {"bpemodel": VOCABULARY}}
    metas = {"file_path_metas": paths | {"frontend_conf": {"cmvn_file": "am.mvn"}}}
    (root / "configuration.json").write_text(json.dumps(metas))
    words = model.ModelProto()
    words.ParseFromString((PARITY / "tiny" / VOCABULARY).read_bytes())
    for n in range(published - len(words.pieces)):
        words.pieces.add(piece=f"▁x{n}", score=-1000.0 - n, type=1)
    (root / VOCABULARY).write_bytes(words.SerializeToString())
    tensors = SenseVoice(read_sizes(root), published).state_dict()
    torch.save({key: value.clone() for key, value in tensors.items()}, root / "model.pt")


def ours(root: Path, precision: str) -> Record:
    """Import, loading and listening in this process."""
    began = time.perf_counter()
    import torch

    from studio.recognition.contract import Listening
    from studio.recognition.sensevoice import checkpoint, decoding  # noqa: F401  # what `load` would import
    from studio.recognition.sensevoice.recogniser import SenseVoiceRecogniser
    from studio.stop import Stop
    from studio.weights import WeightStore

    imported = time.perf_counter() - began
    torch.set_num_threads(2)
    recogniser = SenseVoiceRecogniser(WeightStore(lambda: root, root))
    recogniser.configure({"precision": precision, "device": "cpu"})
    began = time.perf_counter()
    recogniser.load()
    loaded = time.perf_counter() - began
    loading = peak()
    ten, thirty = sound(10), sound(30)
    times = {
        name: best(lambda given=given: recogniser.listen(given, Listening(), Stop()), RUNS + 1)  # the first is slow
        for name, given in {"ten": [ten], "thirty": [thirty], "four": [ten] * 4}.items()
    }
    return {"import_s": imported, "load_s": loaded, "loading_mib": loading, "peak_mib": peak(), **times}


def hour(root: Path) -> Record:
    """An hour of speech-like sound, streamed: time, and the memory after the first minutes and at the end."""
    from studio.recognition.contract import Listening
    from studio.recognition.listening import listen
    from studio.recognition.sensevoice.recogniser import SenseVoiceRecogniser
    from studio.stop import Stop
    from studio.weights import WeightStore

    recogniser = SenseVoiceRecogniser(WeightStore(lambda: root, root))
    speech = talk()
    early = 0.0

    def blocks() -> Iterator[Any]:
        nonlocal early
        for second in range(0, HOUR_S, len(speech) // RATE):
            if not early and second > 300:
                early = peak()
            yield speech

    began = time.perf_counter()
    segments = sum(1 for _ in listen(recogniser, blocks(), Listening(), Stop()))
    return {"seconds": time.perf_counter() - began, "segments": segments, "early_mib": early, "peak_mib": peak()}


def talk() -> Any:
    """Half a minute of sentences with pauses, from the embedded engine."""
    import soxr

    from studio.engines.contract import Recipe, VoiceContent, VoiceKind
    from studio.engines.registry import Registry

    engines = Registry(third_parties=False)
    spec = engines.get("espeak").spec
    controls = tuple(sorted(spec.settle({}).items()))
    voice = VoiceContent(VoiceKind.BUILTIN, name="f2")
    texts = ["The small boat finds the river map.", "Nobody knows what happened to the letters last night."] * 5
    recipes = [Recipe("espeak", spec.version, text, voice, "en", controls) for text in texts]
    pause = np.zeros(RATE, np.float32)
    pieces = []
    for chunk in engines.speak("espeak", recipes, stream=False):
        pieces += [soxr.resample(chunk.samples, spec.rate, RATE).astype(np.float32), pause]
    engines.unload_all()
    return np.concatenate(pieces)


def sound(seconds: int) -> Any:
    """Noise that rises and falls as syllables do."""
    draws = np.random.default_rng(seconds).normal(0, 0.1, seconds * RATE)
    return (draws * (1 + np.sin(np.arange(len(draws)) / RATE * 25))).astype(np.float32)


def apart(*arguments: str, python: str = sys.executable) -> Record:
    """One measurement in a process of its own."""
    done = subprocess.run([python, *arguments], capture_output=True, text=True, timeout=1800)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    found: Record = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> None:
    ask = argparse.ArgumentParser()
    ask.add_argument("--reference")
    ask.add_argument("--record", action="store_true")
    ask.add_argument("--inside", nargs=2, metavar=("FOLDER", "WHAT"), help="one measurement, in this process")
    told = ask.parse_args()
    if told.inside:
        root, what = Path(told.inside[0]), told.inside[1]
        print(json.dumps(hour(root) if what == "hour" else ours(root, what)))
        return
    import soundfile

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_checkpoint(root)
        rows = {what: apart(__file__, "--inside", folder, what) for what in (*PRECISIONS, "hour")}
        if told.reference:
            for seconds in (10, 30):
                soundfile.write(root / f"{seconds}.wav", sound(seconds), RATE)
            script = str(Path(__file__).with_name("sensevoice_reference.py"))
            given = (str(root / "10.wav"), str(root / "30.wav"))
            rows["reference"] = apart(script, folder, *given, python=told.reference)
            rows["reference"]["version"] = subprocess.run(
                [told.reference, "-c", "import importlib.metadata as m; print(m.version('funasr'))"],
                capture_output=True, text=True, check=True,
            ).stdout.strip()  # fmt: skip
    for name, row in rows.items():
        print(name, json.dumps(row))
    if told.record:
        record("sensevoice", rows)


if __name__ == "__main__":
    main()
