"""One file of a batch: read, spoken, written, measured. What is wrong with it stays with it."""

import json
import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from studio.audio.drafts import refusal, sweep
from studio.audio.files import probe
from studio.audio.levels import Meter
from studio.batch.gathering import inside_of, subtitle_names
from studio.batch.order import Item, Order, Trouble
from studio.batch.records import Outcome
from studio.batch.subtitling import Subtitler
from studio.errors import BadFile, BadRequest, Cancelled, DiskFull, EngineFailed, StudioError
from studio.production.casting import in_words
from studio.production.converting import Book, ConvertRequest, convert, unheard
from studio.production.jobs import Job
from studio.production.manuscript import Manuscript, look_into
from studio.production.planning import Direction
from studio.production.provenance import read_tags
from studio.production.rendering import Renderer
from studio.text.language import weight
from studio.text.marks import MarkNote
from studio.words import Words

log = logging.getLogger(__name__)
Direct = Callable[[ConvertRequest], Direction]
OF_A_DIRECTION = (
    "engine", "voice", "style", "controls", "seed", "language", "steps", "gaps", "split", "into", "converter",
)  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """What is there before a file is made."""

    made: bool = False  # it is there, made from the same recipe, with all that stands beside it
    seconds: float = 0.0  # of it
    in_the_way: str = ""  # the name of another file that would be written over


class Maker:
    """Makes the files of one order. For any number of threads."""

    def __init__(self, order: Order, renderer: Renderer, direct: Direct) -> None:
        self.order = order
        self._renderer = renderer
        self._direct = direct
        self._directions: dict[str, Direction] = {}  # most files are read the same way
        self._home = Path(os.path.realpath(order.out))

    def book(self, item: Item) -> Book:
        """The manuscript of a file with the decision how to read it. `StudioError` says why there is none."""
        if item.trouble:
            raise BadRequest(item.trouble.words.en, item.trouble.words.zh, where=item.name)
        request = self.order.request(item)
        direction = self.direction(request)
        manuscript = named(look_into(Path(item.input), request.language), item)
        settled = replace(request, title=request.title or manuscript.title, author=request.author or manuscript.author)
        return Book(manuscript, settled, direction)

    def direction(self, request: ConvertRequest) -> Direction:
        """The request with its names resolved."""
        plain = request.to_json()
        key = json.dumps([plain.get(name) for name in OF_A_DIRECTION], sort_keys=True)
        if key not in self._directions:
            self._directions[key] = self._direct(request)
        return self._directions[key]

    def cautions(self) -> tuple[Words, ...]:
        """What is to be known of the voices of all files before anything is said; of those that cannot be, nothing."""
        told: list[MarkNote] = []
        for item in self.order.items:
            with suppress(StudioError):
                told += self.direction(self.order.request(item)).warnings
        return in_words(told)

    def path(self, item: Item) -> Path:
        """Where the file stands; `BadFile` where a link was put since that leads out of the folder."""
        return inside_of(self._home, item.output)

    def subtitles(self, item: Item) -> list[tuple[str, Path]]:
        """Formats and places of what is written beside the file."""
        formats = self.order.subtitles_of(item)
        return [
            (format, inside_of(self._home, name))
            for format, name in zip(formats, subtitle_names(item.output, formats), strict=True)
        ]

    def standing(self, item: Item, book: Book) -> Standing:
        """What is there already where the file and its subtitles shall be."""
        path, beside = self.path(item), [place for _, place in self.subtitles(item)]
        if not path.exists():
            return Standing(in_the_way=next((place.name for place in beside if place.exists()), ""))
        try:
            facts = probe(path)
        except (StudioError, OSError):
            return Standing(in_the_way=item.output)
        if read_tags(facts.tags).digest != book.digest:
            return Standing(in_the_way=item.output)
        return Standing(all(place.is_file() for place in beside), facts.seconds)  # else they are written again

    def make(self, item: Item, step: Job[Any]) -> Outcome:
        """The file, and what came of it. Raises only what ends the whole batch: `Cancelled`, `DiskFull`."""
        began = time.monotonic()
        try:
            outcome = self._made(item, step)
        except (Cancelled, DiskFull):
            raise
        except StudioError as error:
            outcome = Outcome(item.number, "failed", trouble=told(error, item))
        except Exception:  # the outermost loop of a worker
            log.exception("file %d of a batch", item.number)
            broken = EngineFailed("the studio failed unexpectedly; the log has the details", "工坊意外出错；详情见日志")
            outcome = Outcome(item.number, "failed", trouble=Trouble.of(broken))
        return replace(outcome, wall_s=round(time.monotonic() - began, 3))

    def _made(self, item: Item, step: Job[Any]) -> Outcome:
        book = self.book(item)
        path = self.path(item)
        facts = Outcome(
            item.number,
            "kept",
            characters=book.manuscript.characters,
            letters=round(letters_of(book.manuscript), 1),
            voice=book.direction.heard.label,
            recipe=book.digest,
        )
        there = self.standing(item, book)
        if there.made:
            return replace(facts, seconds=round(there.seconds, 3), bytes=path.stat().st_size)
        if there.in_the_way and not self.order.replace:
            raise in_the_way(there.in_the_way)
        _folder(path.parent)
        rate, subtitles = book.direction.rate, self.subtitles(item)
        meter, cues = Meter(rate), Subtitler(rate, book.manuscript.language)
        done = convert(
            book,
            path,
            self._renderer,
            step,
            on_line=cues.hear if subtitles else unheard,
            on_sound=meter.push,
        )
        for format, beside in subtitles:
            cues.write(beside, format)
        levels = meter.finish()
        return replace(
            facts,
            state="done",
            seconds=round(done.seconds, 3),
            bytes=path.stat().st_size,
            loudness_lufs=_rounded(levels.loudness_lufs),
            peak_db=_rounded(levels.true_peak_db),
            lines=done.lines,
            cached=done.cached,
        )


def letters_of(manuscript: Manuscript) -> float:
    """How much there is to say: Latin letters, a Chinese character counting for several."""
    return sum(weight(chapter.text).total for chapter in manuscript.chapters)


def in_the_way(name: str) -> BadFile:
    return BadFile(
        f"{name}: a file of that name is there, made from something else; replace it (--replace), or write elsewhere",
        f"{name}：同名文件已存在，且内容不同；请允许覆盖（--replace），或写到别处",
        where=name,
        code="exists",
    )


def told(error: StudioError, item: Item) -> Trouble:
    """The error as it is kept: a file is called as people know it, not by where it lies."""
    trouble = Trouble.of(error)
    if not item.input:
        return trouble
    words = type(trouble.words)(*(text.replace(item.input, item.name) for text in trouble.words))
    return replace(trouble, words=words)


def named(manuscript: Manuscript, item: Item) -> Manuscript:
    """The manuscript under the name that people know it by."""
    return replace(manuscript, name=item.name)


def _folder(place: Path) -> None:
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refusal(error, place) from error


def tidy(folder: Path) -> None:
    """Remove what a killed process left half-written in the folder of a batch."""
    for place in {folder, *(one.parent for one in folder.rglob(".*.part"))}:
        sweep(place)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
