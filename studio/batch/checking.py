"""The dry run: what a batch would come to, and everything that stands in its way, before anything is rendered."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from studio.audio.formats import format_named
from studio.batch.making import Maker, in_the_way, letters_of, told
from studio.batch.order import Item, Order, Trouble
from studio.batch.paces import LEAST_WORK_S, Pace, Paces
from studio.engines.registry import Registry
from studio.errors import NotInstalled, StudioError
from studio.production.converting import Book
from studio.production.jobs import Job
from studio.words import Words

Sight = Literal["new", "made", "replaced", "bad"]
CACHED_BYTES = 1.1  # of a sample in the render cache, with its row
OVERHEAD_BYTES = 4000  # of a file: tags, containers
EXACT = {"wav": 2.0, "flac": 1.1}  # bytes of a sample


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would become of one file."""

    number: int
    name: str
    output: str
    sight: Sight  # made: it is there already; replaced: another file of that name is
    engine: str = ""
    voice: str = ""
    characters: int = 0
    seconds: float = 0.0  # of audio
    work_s: float | None = None  # of one hand; None: nobody knows how fast the engine is
    bytes: int = 0
    notes: tuple[Words, ...] = ()
    trouble: Trouble | None = None


@dataclass(frozen=True)
class Room:
    """A place on a disk."""

    path: Path
    needed: int  # bytes
    free: int

    @property
    def enough(self) -> bool:
        return self.needed <= self.free


@dataclass(frozen=True)
class Preview:
    """What a batch would come to."""

    order: Order
    files: tuple[Forecast, ...]
    seconds: float  # of audio that would be made
    wall_s: float | None  # that it would take
    rooms: tuple[Room, ...]
    measured: bool  # the paces were; else they are the usual ones
    counts: Mapping[str, int] = field(default_factory=dict)  # sight -> files

    @property
    def good(self) -> bool:
        """Every file can be made, and there is room for them."""
        return not self.counts.get("bad") and all(room.enough for room in self.rooms)

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "title": self.order.title,
            "out": str(self.order.out),
            "good": self.good,
            "counts": dict(self.counts),
            "seconds": round(self.seconds, 1),
            "wall_s": None if self.wall_s is None else round(self.wall_s, 1),
            "measured": self.measured,
            "disk": [
                {"folder": str(room.path), "needed": room.needed, "free": room.free, "enough": room.enough}
                for room in self.rooms
            ],
            "notes": [note._asdict() for note in self.order.notes],
            "files": [
                {
                    **{name: getattr(one, name) for name in one.__dataclass_fields__},
                    "seconds": round(one.seconds, 1),
                    "notes": [note._asdict() for note in one.notes],
                    "trouble": one.trouble.to_json() if one.trouble else None,
                }
                for one in self.files
            ],
        }


def look(maker: Maker, paces: Paces, engines: Registry, data: Path, hands: int, job: Job[Any]) -> Preview:
    """Every file read and planned, none of them spoken."""
    order = maker.order
    job.total = len(order.items)
    files, measured = [], True
    missing: dict[str, Trouble | None] = {}
    for item in order.items:
        job.stopping.check()
        one, pace = _forecast(maker, paces, engines, item, missing, job)
        measured = measured and (pace is None or pace.measured)
        files.append(one)
        job.done += 1
    made = [one for one in files if one.sight in ("new", "replaced")]
    works = [one.work_s for one in made]
    wall = None if None in works else sum(work for work in works if work) / max(1, min(hands, len(made)))
    counts = {sight: sum(one.sight == sight for one in files) for sight in ("new", "made", "replaced", "bad")}
    return Preview(
        order, tuple(files), sum(one.seconds for one in made), wall, _rooms(order.out, data, made), measured, counts
    )


def _forecast(
    maker: Maker,
    paces: Paces,
    engines: Registry,
    item: Item,
    missing: dict[str, Trouble | None],
    job: Job[Any],
) -> tuple[Forecast, Pace | None]:
    try:
        book = maker.book(item)
        request, there = book.request, maker.standing(item, book)
        if there.in_the_way and not maker.order.replace:
            raise in_the_way(there.in_the_way)
        format_named(request.format).settle(request.bitrate)
        if request.engine not in missing:
            missing[request.engine] = _missing(engines, request.engine)
        if (trouble := missing[request.engine]) is not None:
            return Forecast(item.number, item.name, item.output, "bad", request.engine, trouble=trouble), None
    except StudioError as error:
        engine = maker.order.request(item).engine
        return Forecast(item.number, item.name, item.output, "bad", engine, trouble=told(error, item)), None
    pace = paces.of(book.direction, job.stopping)
    return _estimated(item, book, pace, "made" if there.made else "replaced" if there.in_the_way else "new"), pace


def _estimated(item: Item, book: Book, pace: Pace, sight: Sight) -> Forecast:
    letters = letters_of(book.manuscript)
    gaps = (len(book.manuscript.chapters) - 1) * book.request.gaps.chapter_ms / 1000
    seconds = letters / pace.letters + gaps
    return Forecast(
        item.number,
        item.name,
        item.output,
        sight,
        book.request.engine,
        book.direction.heard.label,
        book.manuscript.characters,
        seconds,
        None if pace.work is None else seconds * pace.work + LEAST_WORK_S,
        _bytes(book, seconds),
        book.manuscript.notes,
    )


def _bytes(book: Book, seconds: float) -> int:
    """Of the file, about."""
    format = format_named(book.request.format)
    rate = book.direction.rate
    bits = format.settle(book.request.bitrate)
    each = bits / 8 if bits else EXACT.get(format.id, 2.0) * rate
    return round(seconds * each) + OVERHEAD_BYTES


def _missing(engines: Registry, id: str) -> Trouble | None:
    """Why an engine cannot speak now."""
    state = engines.state(id)
    if state.state == "ready" or state.note is None:
        return None
    return Trouble(NotInstalled.code, state.note)


def _rooms(out: Path, data: Path, made: list[Forecast]) -> tuple[Room, ...]:
    """What is needed and free where the files go and where the cache is; one room where both are on one disk."""
    files = sum(one.bytes for one in made)
    cache = round(sum(one.seconds for one in made) * CACHED_BYTES * 24_000)
    place = next(one for one in (out.absolute(), *out.absolute().parents) if one.exists())
    if os.stat(place).st_dev == os.stat(data).st_dev:
        return (Room(out, files + cache, shutil.disk_usage(place).free),)
    return (
        Room(out, files, shutil.disk_usage(place).free),
        Room(data, cache, shutil.disk_usage(data).free),
    )
