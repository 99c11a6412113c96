"""The API under load, on loopback: 32 clients for 60 s, as many requests as they get answers.

    python benchmarks/api.py [--record] [--seconds 60]

The server is a process of its own, the clients are threads here, on the same two cores; every third text was spoken
before. Nothing may be answered but 200 and 429, and memory may not grow.
"""

import argparse
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx
from machine import record

ROOT = Path(__file__).parents[1]
CLIENTS = 32
WORDS = ["the", "small", "boat", "finds", "a", "river", "map", "and", "old", "clock", "repeats", "her", "first", "song"]


def resident(pid: int) -> float:
    """MiB that the server holds now, its engine's worker not counted."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def client(address: str, until: float, seed: int, found: list[tuple[int, float, float]]) -> None:
    draw = random.Random(seed)
    with httpx.Client(base_url=address, timeout=60, trust_env=False) as mine:
        while time.monotonic() < until:
            text = " ".join(draw.choices(WORDS, k=12)) if draw.random() > 1 / 3 else "Good evening. Shall we begin?"
            body = {"model": "espeak", "input": text, "voice": "alloy", "response_format": "mp3"}
            began, first = time.monotonic(), 0.0
            with mine.stream("POST", "/v1/audio/speech", json=body) as answer:
                for _ in answer.iter_raw():
                    first = first or time.monotonic() - began
            found.append((answer.status_code, first, time.monotonic() - began))


def main() -> None:
    ask = argparse.ArgumentParser()
    ask.add_argument("--record", action="store_true")
    ask.add_argument("--seconds", type=int, default=60)
    told = ask.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as home:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TIMBRE_")} | {"TIMBRE_HOME": home}
        command = [sys.executable, str(ROOT / "app.py"), "--api-only", "--port", str(port)]
        began = time.monotonic()
        server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            while True:
                try:
                    httpx.get(f"{address}/readyz", trust_env=False)
                    break
                except httpx.TransportError:
                    time.sleep(0.02)
            ready = time.monotonic() - began
            found: list[tuple[int, float, float]] = []
            client(address, time.monotonic() + 5, 1, [])  # warm
            early = resident(server.pid)
            until = time.monotonic() + told.seconds
            threads = [threading.Thread(target=client, args=(address, until, n, found)) for n in range(CLIENTS)]
            for thread in threads:
                thread.start()
            middle = 0.0
            while any(thread.is_alive() for thread in threads):
                time.sleep(0.5)
                if not middle and time.monotonic() > until - told.seconds / 2:
                    middle = resident(server.pid)
            late = resident(server.pid)
        finally:
            server.terminate()
            server.wait(20)
    good = [row for row in found if row[0] == 200]
    rows = {
        "clients": CLIENTS,
        "seconds": told.seconds,
        "ready_s": ready,
        "answers": len(found),
        "per_second": len(good) / told.seconds,
        "errors": sum(status not in (200, 429) for status, _, _ in found),
        "turned_away": sum(status == 429 for status, _, _ in found),
        "first_byte_p50_s": statistics.median(row[1] for row in good),
        "whole_p50_s": statistics.median(row[2] for row in good),
        "whole_p95_s": statistics.quantiles([row[2] for row in good], n=20)[18],
        "resident_mib": {"before": early, "half": middle, "end": late},
    }
    print(rows)
    if told.record:
        record("api", rows)


if __name__ == "__main__":
    main()
