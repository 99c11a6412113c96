"""How quickly the studio is there and how quickly it speaks, in a real browser: `python benchmarks/ui.py`.

Measured on a new data folder: from the start of the process to a page that can be used (limit 6 s), resident memory
of the server and its engine (450 MiB), from the click on Generate to the first piece of sound in the
browser (300 ms). The numbers go to `benchmarks/ui.json`.
"""

import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ROUNDS = 3  # starts
CLICKS = 10
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
FIRST = """() => {
  const at = name => performance.getEntriesByName(name)[0].startTime;
  return at('timbre-first-chunk') - at('timbre-click');
}"""


def main() -> None:
    """Measure, print, keep."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGS)
        rounds = [one_round(browser) for _ in range(ROUNDS)]
        browser.close()
    clicks = [ms for found in rounds for ms in found.pop("clicks_ms")]
    numbers = {name: round(statistics.median(found[name] for found in rounds), 2) for name in rounds[0]}
    numbers["first_chunk_ms_median"] = round(statistics.median(clicks), 1)
    numbers["first_chunk_ms_worst"] = round(max(clicks), 1)
    numbers["limits"] = {"usable_s": 6.0, "rss_mib": 450, "first_chunk_ms_median": 300}
    numbers["load"] = round(os.getloadavg()[0], 1)  # other work at the same time makes the seconds longer
    numbers["machine"] = (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    )
    (ROOT / "benchmarks" / "ui.json").write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(numbers, indent=2))


def one_round(browser: Any) -> dict[str, Any]:
    """One start of the server, one page, ten clicks."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        begun = time.perf_counter()
        command = [sys.executable, str(ROOT / "app.py"), "--no-open-browser", "--port", str(port), "--home", home]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            answer_s = until_it_answers(f"http://127.0.0.1:{port}/", begun)
            answer_cpu_s = cpu_seconds(server.pid)
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{port}/")
            page.wait_for_selector("html[data-ready=speak]")
            usable_s = time.perf_counter() - begun
            clicks = [one_click(page, n) for n in range(CLICKS)]
            page.close()
            times = {"answer_s": answer_s, "answer_cpu_s": answer_cpu_s, "usable_s": usable_s}
            return times | {"rss_mib": resident(server.pid), "clicks_ms": clicks}
        finally:
            server.terminate()
            server.wait(20)


def until_it_answers(address: str, begun: float) -> float:
    while time.perf_counter() - begun < 60:
        try:
            urllib.request.urlopen(address, timeout=5).read()
            return time.perf_counter() - begun
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(address)


def one_click(page: Any, n: int) -> float:
    """Milliseconds from the click to the first piece, for a text that was never spoken."""
    page.locator("#text textarea").fill(f"Sentence number {n}, 第 {n} 句。How quickly do you speak?")
    page.wait_for_timeout(500)
    page.locator("#generate").click()
    page.locator("#result .result").wait_for()
    return float(page.evaluate(FIRST))


def cpu_seconds(pid: int) -> float:
    """Processor time of the process so far: what the start costs, however busy the machine is with other things."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """MiB of the process and all below it. Shared pages count each time, so this is rather too much."""
    total, waiting = 0.0, [pid]
    while waiting:
        one = waiting.pop()
        status = Path(f"/proc/{one}/status").read_text()
        total += int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024
        waiting += [
            int(child)
            for task in Path(f"/proc/{one}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    return total


if __name__ == "__main__":
    main()
