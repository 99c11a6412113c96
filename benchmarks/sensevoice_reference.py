"""The package funasr, measured as `sensevoice.py` measures ours; run by a Python that has it, never by the studio's.

python sensevoice_reference.py CHECKPOINT SOUND.wav…
"""

import json
import sys
import time
from importlib import import_module
from pathlib import Path

from machine import peak

PACKAGE = "funasr"  # imported by name: the studio does not stand on it
RUNS = 3


def main(checkpoint: Path, sounds: list[str]) -> None:
    began = time.perf_counter()
    package = import_module(PACKAGE)
    imported = time.perf_counter() - began
    import_module("torch").set_num_threads(2)
    began = time.perf_counter()
    model = package.AutoModel(model=str(checkpoint), device="cpu", ncpu=2, disable_update=True, disable_pbar=True)
    loaded = time.perf_counter() - began
    loading = peak()
    times = {}
    for name, given in {"ten": sounds[0], "thirty": sounds[1], "four": [sounds[0]] * 4}.items():
        runs = []
        for _ in range(RUNS + 1):
            began = time.perf_counter()
            model.generate(input=given, cache={}, language="auto", use_itn=True, batch_size=4)
            runs.append(time.perf_counter() - began)
        times[name] = min(runs)
    print(json.dumps({"import_s": imported, "load_s": loaded, "loading_mib": loading, "peak_mib": peak(), **times}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
