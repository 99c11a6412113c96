"""What every benchmark here says about its machine, where it keeps its numbers, and how it watches memory."""

import json
import os
import platform
import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
Record = dict[str, Any]


def describe() -> Record:
    """The machine in words, without its name."""
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    memory = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return {
        "date": date.today().isoformat(),
        "cpu": cpu,
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**20, 1),
        "python": platform.python_version(),
        "system": platform.system(),
    }


def record(name: str, rows: Any) -> None:
    """Keep the numbers beside their script."""
    path = HERE / f"{name}.json"
    path.write_text(json.dumps({"machine": describe(), "rows": rows}, indent=2, ensure_ascii=False) + "\n")


class Memory:
    """The largest resident size of a process and its children while it is watched, in MiB."""

    def __init__(self, pid: int) -> None:
        self.peak = 0.0
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def now(self) -> float:
        return sum(_resident(pid) for pid in family(self._pid)) / 1024

    def _watch(self) -> None:
        while not self._over.wait(0.25):
            self.peak = max(self.peak, self.now())


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*"):
        for child in " ".join(_lines(str(task / "children"))).split():
            found += family(int(child))
    return found


def _resident(pid: int) -> int:
    lines = _lines(f"/proc/{pid}/status")
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def best(work: Callable[[], Any], runs: int = 3) -> float:
    """Seconds of the quickest of several runs."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def peak() -> float:
    """MiB that this process has held at most; the system's own count begins with the memory of the parent."""
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024
