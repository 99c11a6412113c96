"""The library with 100,000 voices and 100,000 takes: search, pages, facets; the render cache; opening it.

    python benchmarks/library.py [--voices 100000] [--takes 100000] [--url postgresql://…] [--record]

Prints a table and, with `--record`, keeps the numbers in `library.json`. Aim: every question under 50 ms.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from machine import Record, describe, record

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from studio.library import Library, NewVoice, TakeFacts, TakeQuery, VoiceQuery  # noqa: E402

AIM_MS = 50.0
HAN = list(
    "温柔女声男低沉活泼新闻播报讲故事旁白青年老少甜美沙哑磁性标准普通话粤语台湾四川东北口音清亮沉稳春花秋月江山风雨"
)
ENGLISH = "calm warm bright narrator news story male female young old soft deep husky voice reading book gentle lively"
WORDS = [*ENGLISH.split(), "low", "high", "breathy", "clear", "radio", "drama", "sharp", "slow", "quick", "tender"]
ENGINES = ["espeak"] * 90 + ["chattts"] * 9 + ["cosyvoice"]  # one that is everywhere, one that is rare
OPEN = """
import time
begun = time.perf_counter()
from studio.library import Library
library = Library.open({folder!r})
opened = time.perf_counter()
library.cache.get("0" * 64)
print(opened - begun, time.perf_counter() - begun)
"""
REPEATS = 15


def phrase(chance: random.Random, han: int, words: int) -> str:
    return "".join(chance.choices(HAN, k=han)) + " " + " ".join(chance.choices(WORDS, k=words))


def voices(count: int) -> Iterator[NewVoice]:
    """Voices as a collector has them: half Chinese, half English, tagged, described."""
    chance = random.Random(1)
    for n in range(count):
        yield NewVoice(
            engine=chance.choice(ENGINES),
            kind="seed",
            content={"kind": "seed", "seed": n},
            name=phrase(chance, chance.randint(2, 4), 1) + f" {n}",
            languages=chance.choice((("zh",), ("zh-CN", "en"), ("en",), ("yue", "zh"))),
            gender=chance.choice(("female", "male", "neutral", "")),
            tags=tuple(chance.sample(WORDS, 2)),
            description=phrase(chance, 25, 8),
            rating=chance.choice((0, 0, 0, 1, 2, 3, 4, 5)),
            favourite=chance.random() < 0.02,
        )


def take_rows(count: int) -> Iterator[dict[str, Any]]:
    """Rows of takes without their files: what a history of years looks like to the database."""
    import numpy as np

    from studio.audio.clip import Clip
    from studio.digest import digest_of
    from studio.library.take_facts import columns

    chance, begun = random.Random(2), datetime(2025, 1, 1, tzinfo=UTC)
    for n in range(count):
        text = phrase(chance, 40, 6)
        facts = TakeFacts(
            {"text": text, "n": n},
            chance.choice(ENGINES),
            text,
            chance.choice(("zh", "en")),
            voice_label=phrase(chance, 3, 1),
            words=[(word, 0.0, 0.1) for word in text.split()],
            lufs=-20.0,
        )
        clip = Clip(np.zeros(chance.randint(10, 100), np.float32), 24000)
        yield columns(digest_of(facts.recipe), facts, clip, b"", begun + timedelta(minutes=n)) | {"bytes": 100_000}


def fill_takes(library: Library, count: int) -> None:
    from studio.library import take_rows as rows_of_takes

    rows, part = take_rows(count), list[dict[str, Any]]()
    for row in rows:
        part.append(row)
        if len(part) == 5000:
            with library.database.write() as session:
                rows_of_takes.store(session, part)
            part = []
    with library.database.write() as session:
        rows_of_takes.store(session, part)


def timed(what: str, ask: Callable[[], Any]) -> Record:
    """Median and 95th percentile of the repeats, in ms, the first (cold) one included; and the processor's share."""
    spent, busy = [], []
    for _ in range(REPEATS):
        begun, idle = time.perf_counter(), time.thread_time()
        answer = ask()
        spent.append((time.perf_counter() - begun) * 1000)
        busy.append((time.thread_time() - idle) * 1000)
    found = getattr(answer, "total", "")
    p95 = statistics.quantiles(spent, n=20, method="inclusive")[18]
    times = {"median_ms": statistics.median(spent), "p95_ms": p95, "cpu_ms": statistics.median(busy)}
    return {"what": what, "found": found} | {name: _r(value) for name, value in times.items()}


def _r(number: float) -> float:
    return round(number, 2)


def questions(library: Library) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What people ask of it, and the worst they can ask."""
    asked: dict[str, VoiceQuery] = {
        "first page": VoiceQuery(),
        "by name": VoiceQuery(sort="name"),
        "by rating": VoiceQuery(sort="rating"),
        "by last use (all alike)": VoiceQuery(sort="last_used"),
        "page 4,000": VoiceQuery(page=4000),
        "one character 女 (common)": VoiceQuery(text="女"),
        "two characters 温柔": VoiceQuery(text="温柔"),
        "two characters 温柔, by name": VoiceQuery(text="温柔", sort="name"),
        "four characters 温柔女声": VoiceQuery(text="温柔女声"),
        "one letter a (nearly all)": VoiceQuery(text="a"),
        "two letters so": VoiceQuery(text="so"),
        "a word narrator (common)": VoiceQuery(text="narrator"),
        "inside a word: arrato": VoiceQuery(text="arrato"),
        "two common words": VoiceQuery(text="female 女"),
        "a rare piece 99999": VoiceQuery(text="99999"),
        "nothing": VoiceQuery(text="xyzzy"),
        "engine, common": VoiceQuery(engine="espeak"),
        "engine, rare, by name": VoiceQuery(engine="cosyvoice", sort="name"),
        "language": VoiceQuery(language="zh"),
        "tag": VoiceQuery(tags=("calm",)),
        "favourites": VoiceQuery(favourite=True),
        "text + language + gender + tag + rating": VoiceQuery(
            text="女", language="zh", gender="female", tags=("calm",), min_rating=3
        ),
        "text + engine, last page": VoiceQuery(text="a", engine="espeak", page=3000),
    }
    for what, query in asked.items():
        yield f"voices: {what}", lambda query=query: library.voices.find(query)  # type: ignore[misc]
    some = library.voices.find().items[0]
    yield "voices: one by id", lambda: library.voices.get(some.id)
    yield "voices: one by name", lambda: library.voices.get(some.name)
    yield "voices: all facets", lambda: library.voices.facets()
    yield "voices: facets of 女", lambda: library.voices.facets(VoiceQuery(text="女"))
    taken: dict[str, TakeQuery] = {
        "first page": TakeQuery(),
        "longest": TakeQuery(sort="seconds"),
        "page 4,000": TakeQuery(page=4000),
        "one character 女 (common)": TakeQuery(text="女"),
        "two characters 温柔": TakeQuery(text="温柔"),
        "one letter a (nearly all)": TakeQuery(text="a"),
        "a word + engine + language": TakeQuery(text="narrator", engine="espeak", language="zh"),
        "starred (none)": TakeQuery(starred=True),
    }
    for what, asked_of_takes in taken.items():
        yield f"takes: {what}", lambda query=asked_of_takes: library.takes.find(query)  # type: ignore[misc]
    yield "takes: bytes of all", library.cache.size


def cache(library: Library, takes: int = 1000) -> list[Record]:
    """Putting lines of 3 s in a batch, as a production does, and getting them back."""
    import numpy as np

    from studio.audio.clip import Clip
    from studio.digest import digest_of
    from studio.library import flac

    chance, seconds, rate = random.Random(3), 3.0, 24000
    at = np.arange(round(seconds * rate)) / rate
    hum = sum(np.sin(2 * np.pi * 140 * k * at) / k for k in range(1, 20)) * (1 + np.sin(2 * np.pi * 3 * at))
    noise = np.random.default_rng(1).standard_normal(len(at))
    clip = Clip((0.1 * hum + 0.003 * noise).astype(np.float32), rate)
    facts = []
    for n in range(takes):
        text = phrase(chance, 30, 3)
        words = [(c, i / 10, i / 10 + 0.1) for i, c in enumerate(text)]
        facts.append(TakeFacts({"text": text, "n": n}, "espeak", text, "zh", words=words, lufs=-20.0))
    digests = [digest_of(f.recipe) for f in facts]
    begun = time.perf_counter()
    for known in facts:
        flac.encode(clip, known.text)
    encoding = time.perf_counter() - begun
    begun = time.perf_counter()
    with library.cache.batch():
        for digest, known in zip(digests, facts, strict=True):
            library.cache.put(digest, clip, known)
    putting = time.perf_counter() - begun
    begun = time.perf_counter()
    found = library.cache.get_many(digests)
    getting = time.perf_counter() - begun
    assert len(found) == takes
    begun = time.perf_counter()
    for digest in digests[:200]:
        library.cache.load(digest)
    loading = (time.perf_counter() - begun) / 200
    each = 1000 / takes
    return [
        {"what": "cache: encode a line of 3 s", "ms": _r(encoding * each), "of_real_time": encoding / takes / seconds},
        {"what": "cache: put it, all in all", "ms": _r(putting * each), "of_real_time": putting / takes / seconds},
        {"what": "cache: its file and rows (put less encode)", "ms": _r((putting - encoding) * each)},
        {"what": "cache: get, verified", "ms": _r(getting * each)},
        {"what": "cache: load its sound", "ms": _r(loading * 1000)},
    ]


def opening(folder: Path) -> list[Record]:
    """A fresh process that opens the library and asks the cache once."""
    Library.open(folder / "small").close()
    found = []
    for what, place in (("existing", folder / "small"), ("new", None)):
        spent = []
        for n in range(7):
            code = OPEN.format(folder=str(place or folder / f"new{n}"))
            done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
            spent.append([float(seconds) * 1000 for seconds in done.stdout.split()])
        opened, asked = zip(*spent, strict=True)
        row = {"median_ms": _r(statistics.median(opened)), "best_ms": _r(min(opened))}
        row["with_first_question_ms"] = _r(statistics.median(asked))
        found.append({"what": f"open, cold process, {what} database"} | row)
    return found


def measure(arguments: argparse.Namespace, folder: Path) -> list[Record]:
    rows = opening(folder)
    with closing(Library.open(folder / "large", arguments.url)) as library:
        begun = time.perf_counter()
        library.voices.add_many(voices(arguments.voices))
        rows.append({"what": f"add {arguments.voices:,} voices", "seconds": _r(time.perf_counter() - begun)})
        begun = time.perf_counter()
        fill_takes(library, arguments.takes)
        rows.append({"what": f"add {arguments.takes:,} takes", "seconds": _r(time.perf_counter() - begun)})
        if library.database.path:
            library.database.close()
            size = library.database.path.stat().st_size
            rows.append({"what": "size of the database", "mebibytes": _r(size / 2**20)})
        rows += [timed(what, ask) for what, ask in questions(library)]
        rows += cache(library)
    return rows


def show(rows: list[Record]) -> None:
    for row in rows:
        numbers = "  ".join(f"{name} {_shown(value)}" for name, value in row.items() if name != "what" and value != "")
        slow = "  <-- over the aim" if row.get("p95_ms", 0.0) > AIM_MS and "found" in row else ""
        print(f"{row['what']:<52} {numbers}{slow}")


def _shown(value: Any) -> str:
    return f"{value:,.5f}" if isinstance(value, float) and value < 0.01 else f"{value:,}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voices", type=int, default=100_000)
    parser.add_argument("--takes", type=int, default=100_000)
    parser.add_argument("--url", help="a database other than SQLite; must be empty")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    parser.add_argument("--record", action="store_true", help="keep the numbers in library.json")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(arguments, Path(folder))
    if arguments.json:
        print(json.dumps({"machine": describe(), "rows": rows}, indent=2, ensure_ascii=False))
    else:
        show(rows)
    if arguments.record:
        record("library", rows)


if __name__ == "__main__":
    main()
