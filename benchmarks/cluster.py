"""Rendering on a Ray cluster of two nodes on this machine, against the engines of one process.

    python benchmarks/cluster.py [--lines 600] [--record]

Both nodes share the cores of this machine, so the numbers say what the way over a cluster costs, not what many machines
gain. One node is killed in the middle of a second render; what counts is that every line is there at the end.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from machine import record

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from studio.studio import Begun, Studio  # noqa: E402


def story(path: Path, lines: int, name: str) -> Path:
    text = (f"This is sentence {n} of {name}, and it is told by many at once." for n in range(lines))
    path.write_text("\n\n".join(text), encoding="utf-8")
    return path


def rendered(folder: Path, lines: int, name: str, ray: str = "", during: Any = None) -> dict[str, Any]:
    """Seconds until all lines have takes, and how many do."""
    with Studio(folder / name, ray=ray) as studio:
        id = studio.scripts.begin(story(folder / f"{name}.txt", lines, name), Begun()).id
        began = time.perf_counter()
        job = studio.scripts.render(id)
        first = 0.0
        while not job.over:
            if not first and job.rendered:
                first = time.perf_counter() - began
                if during:
                    during()
            time.sleep(0.02)
        progress = job.wait()
        spent = time.perf_counter() - began
    return {
        "seconds": round(spent, 2),
        "first_lines_s": round(first, 2),
        "times_real_time": round(progress.seconds / spent),
        "done": progress.states.get("done", 0),
        "of": lines,
    }


def main(lines: int) -> dict[str, Any]:
    from ray.cluster_utils import Cluster

    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        rows = {"local": rendered(folder, lines, "local")}
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        node = cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        rows["two nodes"] = rendered(folder, lines, "two", cluster.address)

        def lose() -> None:
            cluster.remove_node(node, allow_graceful=False)

        rows["one node killed"] = rendered(folder, lines, "lost", cluster.address, lose)
        cluster.shutdown()
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=600)
    parser.add_argument("--record", action="store_true", help="keep the numbers in cluster.json")
    options = parser.parse_args()
    found = main(options.lines)
    print(json.dumps(found, indent=2))
    if options.record:
        record("cluster", found)
