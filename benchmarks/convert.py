"""A book of 500,000 characters, from text to one file: time, what of it is the engine's, memory.

    python benchmarks/convert.py [--characters 500000] [--language en|zh] [--format m4b] [--record]

The book is made from the shipped stories with a made-up word in every sentence, so that nothing comes from the cache.
The engine's share is measured by speaking the very same recipes with the engine alone, in the same run.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import Memory, Record, describe, record

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
STORIES = {"en": ("alice.txt", "Chapter {}"), "zh": ("ah-q.txt", "第{}章")}
PARAGRAPHS = 120  # of a chapter
SYLLABLES = {
    "en": ["ba", "do", "ki", "lu", "me", "no", "pa", "ri", "so", "tu", "va", "ze"],
    "zh": list("春花秋月江山风雨云雪松竹梅兰溪石桥舟灯火"),
}


def write_book(path: Path, language: str, characters: int) -> None:
    """A book of that length, no two sentences the same."""
    name, chapter = STORIES[language]
    lines = (ROOT / "assets" / "examples" / name).read_text(encoding="utf-8").splitlines()
    story = [line for line in lines if len(line) > 40]
    chance, size, count = random.Random(1), 0, 0
    with path.open("w", encoding="utf-8") as book:
        while size < characters:
            if count % PARAGRAPHS == 0:
                book.write(f"\n{chapter.format(count // PARAGRAPHS + 1)}\n\n")
            paragraph = _distinct(story[count % len(story)], language, chance)
            book.write(paragraph + "\n\n")
            size, count = size + len(paragraph), count + 1


def _distinct(paragraph: str, language: str, chance: random.Random) -> str:
    """The paragraph with a made-up word before the end of every sentence."""

    def word() -> str:
        made = "".join(chance.choices(SYLLABLES[language], k=4))
        return f", {made}" if language == "en" else f"，{made}"

    return re.sub(r"(?<=\w)(?=\W*[.!?;:,。！？；：，—])", lambda _: word(), paragraph)


def engine_alone(source: Path, folder: Path) -> float:
    """Seconds for the same recipes, spoken and thrown away."""
    from studio.engines.contract import Stop
    from studio.studio import ConvertRequest, Studio

    with Studio(folder) as studio:
        book = studio.convert(source, ConvertRequest(), folder / "x.m4b", start=False).book
        lines = [line for c in book.manuscript.chapters for line in book.direction.passage(c.text, 10**9).lines]
        started = time.perf_counter()
        for _ in studio._engines.speak("espeak", [line.recipe for line in lines], Stop()):
            pass
        return time.perf_counter() - started


def measure(language: str, characters: int, format: str) -> Record:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, output = folder / "book.txt", folder / f"book.{format}"
        write_book(source, language, characters)
        command = ["--data-dir", str(folder / "data"), "-q", "convert", str(source), "-o", str(output), "--json"]
        started = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "studio", *command], cwd=ROOT, stdout=subprocess.PIPE)
        with Memory(process.pid) as memory:
            result = json.loads(process.communicate()[0])
        wall_s = time.perf_counter() - started
        engine_s = engine_alone(source, folder / "alone")
        return {
            "language": language,
            "format": format,
            "characters": characters,
            "lines": result["lines"],
            "chapters": len(result["chapters"]),
            "audio_hours": round(result["seconds"] / 3600, 2),
            "wall_s": round(wall_s, 1),
            "engine_alone_s": round(engine_s, 1),
            "outside_engine_share": round(max(0.0, 1 - engine_s / wall_s), 3),
            "times_real_time": round(result["seconds"] / wall_s),
            "peak_resident_mib": round(memory.peak),
            "file_mb": round(output.stat().st_size / 1e6),
        }


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--characters", type=int, default=500_000)
    options.add_argument("--language", choices=STORIES, action="append")
    options.add_argument("--format", action="append")
    options.add_argument("--record", action="store_true", help="keep the numbers in benchmarks/convert.json")
    chosen = options.parse_args()
    rows = [
        measure(language, chosen.characters, format)
        for language in chosen.language or STORIES
        for format in chosen.format or ["m4b"]
    ]
    print(json.dumps({"machine": describe(), "rows": rows}, indent=2, ensure_ascii=False))
    if chosen.record:
        record("convert", rows)
