"""What came of a batch, file by file: a table for people (CSV) and the same for programs (JSON)."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from studio.batch.order import Item
from studio.batch.records import Outcome, Record, Tally

FORMATS = ("csv", "json")
COLUMNS = (
    *("number", "file", "output", "state", "engine", "voice", "format", "seconds", "wall_s", "bytes"),
    *("loudness_lufs", "peak_db", "characters", "lines", "cached", "subtitles", "recipe", "error_code", "error"),
)


def report(record: Record, format: str, language: str = "en") -> str:
    """The report as text; `format` is csv or json, errors are told in `language`."""
    return as_csv(record, language) if format == "csv" else as_json(record, language)


def as_csv(record: Record, language: str) -> str:
    """A row a file. It begins with a byte order mark, without which Excel takes Chinese for something else."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows(record, language):
        writer.writerow([_cell(row[column]) for column in COLUMNS])
    return "\ufeff" + text.getvalue()


def as_json(record: Record, language: str) -> str:
    """The whole of the batch and its files."""
    trouble = record.trouble
    whole = {
        "id": record.id,
        "title": record.title,
        "created": record.created.isoformat(),
        "out": str(record.out),
        "state": record.state,
        "error": trouble.words.text(language) if trouble else "",
        **totals(record.tally),
        "files": list(rows(record, language)),
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def totals(tally: Tally) -> dict[str, Any]:
    """The numbers of the whole."""
    return {
        "total": tally.files,
        "done": tally.done,
        "failed": tally.failed,
        "cancelled": tally.cancelled,
        "waiting": tally.waiting,
        "seconds": round(tally.seconds, 3),
        "bytes": tally.bytes,
    }


def rows(record: Record, language: str = "en") -> Iterator[dict[str, Any]]:
    """What became of each file, in order."""
    known = record.outcomes()
    for item in record.order.items:
        yield row(record, item, known.get(item.number, Outcome(item.number, "waiting")), language)


def row(record: Record, item: Item, outcome: Outcome, language: str) -> dict[str, Any]:
    """One file."""
    request, trouble = record.order.request(item), outcome.trouble
    return {
        "number": item.number,
        "file": item.name,
        "output": item.output,
        "state": outcome.state,
        "engine": request.engine,
        "voice": outcome.voice or request.voice,
        "format": request.format,
        "seconds": outcome.seconds,
        "wall_s": outcome.wall_s,
        "bytes": outcome.bytes,
        "loudness_lufs": outcome.loudness_lufs,
        "peak_db": outcome.peak_db,
        "characters": outcome.characters,
        "lines": outcome.lines,
        "cached": outcome.cached,
        "subtitles": " ".join(record.order.subtitles_of(item)),
        "recipe": outcome.recipe,
        "error_code": trouble.code if trouble else "",
        "error": trouble.words.text(language) if trouble else "",
    }


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is told to be one no more."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return "" if value is None else value
