"""Writes the table of `benchmarks/README.md` from the recorded numbers: `python benchmarks/report.py`.

A target stands beside what was measured, met or not. A test compares the table with the numbers.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
BEGIN, END = "<!-- begin numbers -->\n", "<!-- end numbers -->"
BUSY = 1.5  # other work at the same time, as load average, from which seconds say little


class Row(NamedTuple):
    """One target and what was measured for it."""

    what: str
    most: float | None  # None: no target, for information
    measured: float
    unit: str
    source: str
    least: float | None = None  # a target from below

    def cells(self) -> tuple[str, ...]:
        target = "" if self.most is None else f"under {self.most:g} {self.unit}".strip()
        verdict = "" if self.most is None else "yes" if self.measured < self.most else "**no**"
        if self.least is not None:
            target = f"at least {self.least:g} {self.unit}".strip()
            verdict = "yes" if self.measured >= self.least else "**no**"
        return self.what, target, f"{self.measured:.4g} {self.unit}".strip(), verdict, f"`{self.source}`"


def numbers(name: str) -> Any:
    """What `name`.json holds; None where nothing was recorded yet."""
    path = HERE / f"{name}.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def speak(found: Any) -> list[Row]:
    rows = found["rows"]
    return [
        Row(
            "`speak`, cold process, one sentence", rows["target_s"], rows["folder_there_s"]["median"], "s", "speak.json"
        ),
        Row("the same, on a new data folder", None, rows["new_folder_s"]["median"], "s", "speak.json"),
        Row("the same, with a number that has to be read", None, rows["with_a_number_s"]["median"], "s", "speak.json"),
        Row("processor time of the first", None, rows["processor_s"], "s", "speak.json"),
    ]


def ui(found: Any) -> list[Row]:
    limits = found["limits"]
    return [
        Row("`make run` until the page is usable", limits["usable_s"], found["usable_s"], "s", "ui.json"),
        Row("processor time of the start, server", None, found["answer_cpu_s"], "s", "ui.json"),
        Row("resident memory, no neural engine", limits["rss_mib"], found["rss_mib"], "MiB", "ui.json"),
        Row(
            "from the click to the first sound in the browser",
            limits["first_chunk_ms_median"],
            found["first_chunk_ms_median"],
            "ms",
            "ui.json",
        ),
    ]


def espeak(found: Any) -> list[Row]:
    rows = found["rows"]
    worst = max(values["median"] for values in rows["real_time_factor"].values())
    first = max(values["median"] for values in rows["first_chunk_ms"].values())
    return [
        Row("real-time factor, slowest text", rows["targets"]["real_time_factor"], worst, "", "espeak.json"),
        Row("first chunk from the engine", rows["targets"]["first_chunk_ms"], first, "ms", "espeak.json"),
    ]


def draw(found: Any) -> list[Row]:
    rows = found["rows"]
    worst = max(rows[language]["all_s"]["median"] for language in ("zh", "en"))
    cold = max(rows[language]["engine_not_started_s"]["median"] for language in ("zh", "en"))
    first = max(rows[language]["first_s"]["median"] for language in ("zh", "en"))
    return [
        Row("drawing 24 voices of eSpeak NG, all heard", rows["target_s"], worst, "s", "draw.json"),
        Row("the same, its worker not started", rows["target_s"], cold, "s", "draw.json"),
        Row("the first of them", None, 1000 * first, "ms", "draw.json"),
        Row("breeding 24 from eight", None, rows["bred_s"], "s", "draw.json"),
    ]


def library(found: Any) -> list[Row]:
    asked = {row["what"]: row["median_ms"] for row in found["rows"] if "found" in row}
    pages = {what: ms for what, ms in asked.items() if what.startswith("voices: ") and "facets" not in what}
    slowest = max(pages, key=lambda what: pages[what])
    middle = sorted(pages.values())[len(pages) // 2]
    name = slowest.removeprefix("voices: ")
    return [
        Row("100,000 voices: a search and its page, median question", 50, middle, "ms", "library.json"),
        Row(f"the slowest of {len(pages)} questions ({name})", 50, pages[slowest], "ms", "library.json"),
    ]


def voices(found: Any) -> list[Row]:
    rows, source = found["rows"], "voices.json"
    made = []
    for one in rows["separation"]:
        name = f"{one['voices']} voices told apart by {one['encoder']}"
        for code in ("zh", "en"):
            made += [
                Row(
                    f"{name}, {code}, other text: equal error",
                    None,
                    one[f"{code}: other text, equal error"],
                    "%",
                    source,
                ),
                Row(
                    f"{name}, {code}, other text: identified", None, one[f"{code}: other text, identified"], "%", source
                ),
            ]
        made.append(
            Row(f"{name}: known in zh, identified in en", None, one["known in zh, identified in en"], "%", source)
        )
        made.append(Row(f"{name}: work for a second of sound", None, one["ms_a_second"], "ms", source))
    asked = {row["what"]: row for row in rows["questions"]}
    for what, aim in rows["aims_ms"].items():
        made.append(Row(f"{rows['voices']:,} measured voices: {what}", aim, asked[what]["median_ms"], "ms", source))
    for what in ("slider", "four sliders", "slider and text"):
        made.append(Row(f"the same: {what}", 100, asked[what]["median_ms"], "ms", source))
    slowest = max(asked.values(), key=lambda row: row["cpu_ms"])
    made.append(Row(f"the most processor time of them ({slowest['what']})", None, slowest["cpu_ms"], "ms", source))
    return made


def convert(found: Any) -> list[Row]:
    rows = []
    for row in found["rows"]:
        name = f"{row['characters']:,} characters, {row['language']}, {row['format']}"
        rows += [
            Row(f"{name}: peak memory", 600, row["peak_resident_mib"], "MiB", "convert.json"),
            Row(f"{name}: outside the engine", 15, 100 * row["outside_engine_share"], "%", "convert.json"),
            Row(f"{name}: all of it", None, row["wall_s"], "s", "convert.json"),
        ]
    return rows


def audio(found: Any) -> list[Row]:
    speeds = {row["what"]: row["times_real_time"] for row in found["rows"]}
    slowest = min(speeds, key=lambda what: speeds[what])
    shown = dict.fromkeys(["write m4b", "write mp3", "measure levels", slowest])
    return [Row(f"{what}, as many times real time", None, speeds[what], "×", "audio.json") for what in shown]


def chattts(found: Any) -> list[Row]:
    rows, source = found["rows"], "chattts.json"
    quick, exact = rows["int8"], rows["fp32"]
    loading = max(rows[precision]["load_mib"] for precision in PRECISIONS) / rows["files_mib"]
    made = [
        Row("ChatTTS, int8, one line: 5 s of sound, whole", 5, quick["whole_5s_s"], "s", source),
        Row(
            "ChatTTS, int8: frames, one line",
            None,
            quick["frames_s_rows1"],
            "a second",
            source,
            rows["real_time_frames_s"],
        ),
        Row("ChatTTS, int8: frames, eight lines", None, quick["frames_s_rows8"], "a second", source),
        Row("ChatTTS, fp32: frames, one line", None, exact["frames_s_rows1"], "a second", source),
        Row("ChatTTS, int8: first sound, streamed", 1.5, quick["first_sound_s"], "s", source),
        Row("ChatTTS, loading: peak beside the files", 1.2, loading, "×", source),
    ]
    if (other := rows.get("reference")) is None:
        return made
    best8 = max(rows[precision]["frames_s_rows8"] for precision in PRECISIONS)
    ratios = [
        ("fp32, one line: frames", 1.2, exact["frames_s_rows1"] / other["frames_s_rows1"]),
        ("int8, one line: frames", 2.4, quick["frames_s_rows1"] / other["frames_s_rows1"]),
        ("eight lines of one length: frames", None, best8 / other["frames_s_rows8"]),
        ("decoding 10 s", 1.5, other["decode_10s_s"] / quick["decode_10s_s"]),
        ("5 s of sound, streamed", None, other["streamed_5s_s"] / quick["streamed_5s_s"]),
        ("first sound", None, other["first_sound_s"] / quick["first_sound_s"]),
        ("loading, until it can be used", 2, other["load_s"] / quick["usable_s"]),
        ("loading, until what comes next can be loaded", None, other["load_s"] / quick["load_s"]),
    ]
    if "import_s" in other:
        begun = (other["import_s"] + other["load_s"]) / (quick["import_s"] + quick["usable_s"])
        ratios.append(("import and loading, until it can be used", None, begun))
    if "frames_s_mixed8" in other:
        mixed = max(rows[precision]["frames_s_mixed8"] for precision in PRECISIONS)
        ratios.insert(3, ("eight lines of mixed lengths: frames", 3, mixed / other["frames_s_mixed8"]))
    if "decode_10s_streamed_s" in other:
        less = other["decode_10s_streamed_s"] / quick["decode_10s_streamed_s"]
        ratios.append(("the decoder's part of 10 s streamed", 4, less))
    name, memory = "ChatTTS against its package", quick["peak_mib"] / other["peak_mib"]
    made += [Row(f"{name}: {what}", None, ratio, "× as fast", source, least) for what, least, ratio in ratios]
    if (decoded := other.get("decoded_of_10s_streamed")) is not None:
        less = decoded / quick["decoded_of_10s_streamed"]
        made.append(Row(f"{name}: frames decoded in a stream of 10 s", None, less, "× fewer", source, 4))
    return [*made, Row(f"{name}: peak memory, int8", 0.7, memory, "×", source)]


def sensevoice(found: Any) -> list[Row]:
    rows, source = found["rows"], "sensevoice.json"
    exact, quick, hour = rows["fp32"], rows["int8"], rows["hour"]
    made = [
        Row("SenseVoice, int8: 10 s of sound", None, 1000 * quick["ten"], "ms", source),
        Row("SenseVoice: an hour of sound", None, hour["seconds"], "s", source),
        Row(
            "the same: memory after it beside after five minutes",
            1.05,
            hour["peak_mib"] / hour["early_mib"],
            "×",
            source,
        ),
    ]
    if (other := rows.get("reference")) is None:
        return made
    name = f"SenseVoice against funasr {other['version']}"
    said = {"ten": "10 s", "thirty": "30 s", "four": "4 × 10 s"}
    made += [Row(f"{name}: fp32, {w}", None, other[k] / exact[k], "× as fast", source, 1.5) for k, w in said.items()]
    made += [Row(f"{name}: int8, {w}", None, other[k] / quick[k], "× as fast", source, 3) for k, w in said.items()]
    made += [Row(f"{name}: bf16, {w}", None, other[k] / rows["bf16"][k], "× as fast", source) for k, w in said.items()]
    for precision in PRECISIONS:
        ours, theirs = (row["import_s"] + row["load_s"] for row in (rows[precision], other))
        made.append(Row(f"{name}: {precision}, import and load", None, theirs / ours, "× as fast", source, 5))
    most = max(rows[precision]["peak_mib"] for precision in PRECISIONS)
    return [*made, Row(f"{name}: peak memory, any precision", 0.6, most / other["peak_mib"], "×", source)]


def cosyvoice(found: Any) -> list[Row]:
    rows, source = found["rows"], "cosyvoice.json"
    made: list[Row] = []
    for part, targets in (("v2", (1.2, 2.5)), ("v3", (None, None)), ("v1", (None, None))):
        if part not in rows:
            continue
        name, quick = f"CosyVoice {part[1]}, int8", rows[part]["int8"]
        made += [
            Row(f"{name}: real-time factor, 5 s whole", targets[0], quick["real_time_factor"], "", source),
            Row(f"{name}: first sound, streamed", targets[1], quick["first_sound_s"], "s", source),
            Row(f"{name}: sounds, one line", None, quick["tokens_per_s"], "a second", source),
            Row(f"{name}: sounds, eight lines", None, quick["tokens_per_s_8"], "a second", source),
            Row(f"{name}: flow, 5 s", None, quick["flow_s"], "s", source),
            Row(
                f"{name}: loading, peak beside the files",
                1.2,
                quick["loading_mib"] / rows[part]["files_mib"],
                "×",
                source,
            ),
        ]
        if chunks := quick.get("chunks_s"):
            made.append(
                Row(f"{name}: the 12th second's chunk beside the 6th's", None, chunks[-1] / chunks[5], "×", source)
            )
    if (other := rows["v2"].get("published code")) is None:
        return made
    exact, half, quick = (rows["v2"][precision] for precision in ("fp32", "bf16", "int8"))
    best8 = max(row["tokens_per_s_8"] for row in (exact, half, quick))
    ratios = [
        ("fp32, one line: sounds", 1.15, exact["tokens_per_s"] / other["tokens_per_s"]),
        ("int8, one line: sounds", 2.7, quick["tokens_per_s"] / other["tokens_per_s"]),
        ("eight lines (it has no batch): sounds", 3, best8 / other["tokens_per_s"]),
        ("fp32: flow", 1.3, other["flow_s"] / exact["flow_s"]),
        ("bf16: flow", 3, other["flow_s"] / half["flow_s"]),
        ("int8: flow", None, other["flow_s"] / quick["flow_s"]),
        ("fp32: vocoder", None, other["hift_s"] / exact["hift_s"]),
        ("int8: vocoder", 1.2, other["hift_s"] / quick["hift_s"]),
        ("loading", 3, other["load_s"] / quick["load_s"]),
    ]
    name = "CosyVoice 2 against the published code"
    made += [Row(f"{name}: {what}", None, ratio, "× as fast", source, least) for what, least, ratio in ratios]
    memory = quick["peak_mib"] / other["peak_mib"]
    return [*made, Row(f"{name}: peak memory, int8, 12 s streamed too", 0.7, memory, "×", source)]


def readback(found: Any) -> list[Row]:
    rows, source = found["rows"], "readback.json"
    at = rows["by_limit"][str(rows["limit"])]
    name = f"read-back (PocketSphinx, limit {rows['limit']:.0%})"
    return [
        Row(f"{name}: of {rows['faults']} faults found", None, 100 * at["found"], "%", source, 90),
        Row(f"{name}: false alarms", 2, 100 * at["false"], "%", source),
    ]


def api(found: Any) -> list[Row]:
    rows, source = found["rows"], "api.json"
    name = f"API, {rows['clients']} clients for {rows['seconds']} s"
    return [
        Row(f"{name}: answers but 200 and 429", 1, rows["errors"], "", source),
        Row(f"{name}: answers", None, rows["per_second"], "a second", source),
        Row(f"{name}: whole answer, 95 of 100", None, rows["whole_p95_s"], "s", source),
        Row("API alone: start until it answers", None, rows["ready_s"], "s", source),
        Row("API: resident memory at the end", None, rows["resident_mib"]["end"], "MiB", source),
    ]


PRECISIONS = ("fp32", "bf16", "int8")


def gates(found: Any) -> list[Row]:
    rows = found["rows"]
    return [
        Row("faults found among seeded ones", None, 100 * rows["found"], "%", "gates.json", 90),
        Row("good takes that are suspected", 2, 100 * rows["false rate"], "%", "gates.json"),
    ]


def scripts(found: Any) -> list[Row]:
    rows = found["rows"]
    book, long, killed = rows["book"], rows["long"], rows["killed"]
    real_time = book["outside_s_an_hour"] / (3600 + book["outside_s_an_hour"])
    return [
        Row("a book as a script: hours of sound", None, book["hours"], "h", "scripts.json"),
        Row(
            "its render, with the embedded engine", None, book["render_times_real_time"], "× real time", "scripts.json"
        ),
        Row("assembled from takes into M4B", None, book["m4b_times_real_time"], "× real time", "scripts.json", 150),
        Row("the same into FLAC", None, book["flac_times_real_time"], "× real time", "scripts.json", 150),
        Row("one line edited, its chapter exported", 5, book["one_line_and_its_chapter_s"], "s", "scripts.json"),
        Row("peak memory, manuscript to M4B", 800, book["peak_mib"], "MiB", "scripts.json"),
        Row("work outside the engine for an hour of sound", None, book["outside_s_an_hour"], "s", "scripts.json"),
        Row("its share of the run, the embedded engine", None, 100 * book["outside_the_engine"], "%", "scripts.json"),
        Row("its share of a run with an engine in real time", 10, 100 * real_time, "%", "scripts.json"),
        Row("script of 20,000 lines: what the page asks for", 1500, long["open_ms"], "ms", "scripts.json"),
        Row("an edit in it", 200, long["edit_ms"], "ms", "scripts.json"),
        Row("lines lost by 50 kills", None, killed["lines_lost"], "", "scripts.json"),
    ]


def subtitles(found: Any) -> list[Row]:
    rows, source = found["rows"], "subtitles.json"
    drift, large = rows["drift"], rows["large"]
    return [
        Row(f"subtitles of a book of {drift['hours']:g} h: last cues, {name.upper()}", 10, worst, "ms", source)
        for name, worst in drift["worst_error_ms"].items()
    ] + [
        Row("100,000 cues of SRT read, processor time", None, large["srt"]["read_s"], "s", source),
        Row("the same written", None, large["srt"]["write_s"], "s", source),
        Row("10,000 cues cut anew by the norms of reading", None, large["recut_of_10000_s"], "s", source),
    ]


def cluster(found: Any) -> list[Row]:
    rows = found["rows"]
    lost = rows["one node killed"]
    return [
        Row("lines rendered here", None, rows["local"]["times_real_time"], "× real time", "cluster.json"),
        Row(
            "on a cluster of two nodes of this machine",
            None,
            rows["two nodes"]["times_real_time"],
            "× real time",
            "cluster.json",
        ),
        Row("lines missing after one node was killed", None, lost["of"] - lost["done"], "", "cluster.json"),
    ]


def dubbing(found: Any) -> list[Row]:
    rows = found["rows"]
    share = 100 * rows["comfortable"] / rows["cues"]
    name = "dubbing.json"
    return [
        Row("film of 2 hours, 1,800 cues: worst error of a cue's start", 10, rows["worst_ms"], "ms", name),
        Row("the same, in its last tenth", 10, rows["worst_of_the_last_tenth_ms"], "ms", name),
        Row("cues no faster than 1.2×", None, share, "%", name, least=95),
        Row("changes of pace over 0.15 that are not told", 1, rows["unflagged_jumps"], "", name),
        Row("cues cut without being told", 1, rows["cut_in_silence"], "", name),
        Row("assembled from cached takes", None, rows["times_real_time"], "× real time", name, least=100),
        Row("memory of it", None, rows["peak_mib"], "MiB", name),
    ]


def batch(found: Any) -> list[Row]:
    rows = found["rows"]
    wav = rows["wav_on_one_hand"]
    grown = wav["mib_after_all"] - wav["mib_after_a_tenth"]
    return [
        Row(
            "a batch of 500 short files: work outside the engine, a file (processor)",
            30,
            rows["outside_processor_ms_a_file"],
            "ms",
            "batch.json",
        ),
        Row("the same by the clock", None, rows["outside_ms_a_file"], "ms", "batch.json"),
        Row("the engine itself, a file", None, rows["engine_ms_a_file"], "ms", "batch.json"),
        Row("memory that grew from 50 files to 500", 20, grown, "MiB", "batch.json"),
        Row("the same batch again: a file found and kept", None, wav["found_again_ms_a_file"], "ms", "batch.json"),
        Row("a dry run, a file", None, rows["dry_run"]["ms_a_file"], "ms", "batch.json"),
    ]


REPORTS = {
    "speak": speak,
    "ui": ui,
    "espeak": espeak,
    "draw": draw,
    "convert": convert,
    "library": library,
    "voices": voices,
    "subtitles": subtitles,
    "audio": audio,
    "chattts": chattts,
    "cosyvoice": cosyvoice,
    "sensevoice": sensevoice,
    "readback": readback,
    "api": api,
    "gates": gates,
    "scripts": scripts,
    "dubbing": dubbing,
    "batch": batch,
    "cluster": cluster,
}


def table() -> str:
    """The Markdown between the marks."""
    lines = ["| what | target | measured | met | from |", "| --- | --- | --- | --- | --- |"]
    busy = []
    for name, rows in REPORTS.items():
        if (found := numbers(name)) is None:
            lines.append(f"| `{name}.py` |  | not recorded yet |  |  |")
            continue
        lines += ["| " + " | ".join(row.cells()) + " |" for row in rows(found)]
        load = found.get("load", found["rows"].get("load") if isinstance(found.get("rows"), dict) else None)
        if load is not None and load > BUSY:
            busy.append(f"`{name}.json` (load {load})")
    if busy:
        lines += ["", f"Taken while the machine was busy with other things: {', '.join(busy)}."]
    return "\n".join(lines) + "\n"


def filled(text: str) -> str:
    """`text` with the table of today's numbers."""
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


if __name__ == "__main__":
    page = HERE / "README.md"
    page.write_text(filled(page.read_text("utf-8")), "utf-8")
