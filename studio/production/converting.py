"""A manuscript read aloud into one file: chapter after chapter, in flat memory, resumed for free from the render cache.

Three hands work at once: one plans the next chapter, one renders (with the engine's own process beside it), one joins
and encodes. Only a polish with a loudness target goes over the book twice: first to measure, then to write.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.audio.clip import Samples
from studio.audio.polish import Polisher, preset
from studio.audio.writing import Tags, Writer
from studio.digest import digest_of
from studio.errors import BadText
from studio.production.jobs import Job
from studio.production.joining import Gaps, Joiner, Placed
from studio.production.manuscript import Manuscript
from studio.production.pipeline import ahead
from studio.production.planning import Direction, PlannedLine
from studio.production.provenance import STATEMENT, Provenance
from studio.production.rendering import LinePiece, Renderer
from studio.text.marks import MarkNote

if TYPE_CHECKING:
    from studio.text.chapters import Chapter

CHAPTER_LIMIT = 20_000_000  # characters; a manuscript file is limited before
PIECES_AHEAD = 12  # rendered pieces that wait for the encoder
OnLine = Callable[[PlannedLine, Placed], None]
OnSound = Callable[[Samples], None]


def unheard(*_: object) -> None:
    """For whoever does not want to be told."""


@dataclass(frozen=True)
class ConvertRequest:
    """What a person asks for: the settings of a production."""

    engine: str = "espeak"
    voice: str = ""
    style: str = ""
    controls: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    language: str = "auto"
    steps: Mapping[str, Any] | None = None
    polish: str = "off"
    gaps: Gaps = Gaps()
    format: str = "m4b"
    bitrate: int | None = None  # bits a second; None is the format's default
    title: str = ""  # empty: as found in the manuscript
    author: str = ""
    split: int = 0  # characters that a line should have; 0 leaves it to the studio
    into: str = ""  # a voice in whose timbre it is said again; empty: none
    converter: str = ""  # the engine that does so; empty: the first that is ready and takes the voice
    choices: Mapping[str, Any] = field(default_factory=dict)  # what of the manuscript is read; empty: the usual

    def to_json(self) -> dict[str, Any]:
        """Plain data, what came later only where it is given: it enters digests."""
        gaps, later = self.gaps, ("into", "converter", "choices")
        return {
            **{name: value for name, value in vars(self).items() if name != "gaps" and (value or name not in later)},
            "controls": dict(self.controls),
            "steps": None if self.steps is None else dict(self.steps),
            "gaps": [gaps.sentence_ms, gaps.paragraph_ms, gaps.chapter_ms],
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "ConvertRequest":
        """The inverse of `to_json`."""
        return cls(**{**plain, "gaps": Gaps(*plain["gaps"])})


@dataclass(frozen=True)
class Book:
    """A manuscript with the decision how to read it."""

    manuscript: Manuscript
    request: ConvertRequest
    direction: Direction

    def recipe_json(self) -> dict[str, Any]:
        """What determines every sample of the result."""
        direction = self.direction
        return {
            "kind": "production",
            "manuscript": self.manuscript.sha256,
            "version": direction.spec.version,
            "voice": direction.voice.content.to_json(),
            "settled": dict(direction.controls),
            "request": self.request.to_json(),
            **({"into": direction.into.to_json()} if direction.into else {}),
        }

    @property
    def digest(self) -> str:
        return digest_of(self.recipe_json())

    def provenance(self) -> Provenance:
        return Provenance(True, self.direction.engines, self.direction.heard.label, self.digest)


@dataclass(frozen=True)
class Converted:
    """What came out."""

    path: Path
    seconds: float
    chapters: tuple[tuple[str, float], ...]  # title and start in seconds
    lines: int
    cached: int  # lines that were in the cache already
    notes: tuple[MarkNote, ...]


class Reader:
    """One pass over a book: its sound in order, with what happens on the way."""

    def __init__(self, book: Book, renderer: Renderer, job: Job[Any], on_line: OnLine = unheard) -> None:
        """`on_line` is told of each line when all of it was given out."""
        self.book = book
        self._on_line = on_line
        self.starts: list[tuple[str, int]] = []  # chapter title and its first frame
        self.lines = 0
        self.cached = 0
        self.notes: list[MarkNote] = list(book.direction.warnings)
        self._renderer = renderer
        self._job = job
        self._joiner = Joiner(book.direction.rate)

    def sound(self, on_chapter: Callable[[str, int], None] = lambda title, frame: None) -> Iterator[Samples]:
        """The whole book; `on_chapter` gets title and first frame of each chapter before it sounds."""
        joiner, gaps, owed_ms = self._joiner, self.book.request.gaps, 0
        opening: Chapter | None = None  # a chapter of which nothing was heard yet
        for chapter, lines, piece in ahead(self._rendered(), PIECES_AHEAD):
            if chapter is not None:
                opening, owed_ms = chapter, gaps.chapter_ms if self.starts else 0
            if owed_ms:
                joiner.pause(owed_ms)
                owed_ms = 0
            sounds = [*joiner.push(piece.samples, piece.words), *(joiner.end_line(piece.index) if piece.last else ())]
            if opening is not None and (start := joiner.start) is not None:
                self.starts.append((opening.title, start))
                on_chapter(opening.title, start)
                opening = None
            yield from sounds
            if piece.last:
                self._on_line(lines[piece.index], joiner.placed.pop())  # a book has many lines: none is kept
                owed_ms = lines[piece.index].pause_ms
                self._count(lines[piece.index], piece)

    def _rendered(self) -> "Iterator[tuple[Chapter | None, tuple[PlannedLine, ...], LinePiece]]":
        """Pieces in order; the first piece of a chapter brings the chapter."""
        reading: list[tuple[Chapter, tuple[PlannedLine, ...]]] = []  # chapters begun and not yet heard to the end
        heard, opened = 0, -1  # chapters heard to the end; the last one that was brought
        with closing(ahead(self._planned(reading), 1)) as passages:
            for number, piece in self._renderer.passages(passages, self._job.stopping, self._job.id):
                del reading[: number - heard]
                heard, (chapter, lines) = number, reading[0]
                yield chapter if number > opened else None, lines, piece
                opened = number

    def _planned(self, reading: "list[tuple[Chapter, tuple[PlannedLine, ...]]]") -> "Iterator[tuple[PlannedLine, ...]]":
        """The lines of each chapter, which is noted in `reading` before they are given out."""
        direction = self.book.direction
        for chapter in self.book.manuscript.chapters:
            self._job.stopping.check()
            try:
                passage = direction.passage(chapter.text, CHAPTER_LIMIT)
            except BadText as error:
                if error.fields.get("empty"):  # a chapter of ornaments; noted, and the book goes on
                    self._job.done += len(chapter.text)
                    continue
                raise
            self.notes += [*(one for one in passage.advice if one not in self.notes), *passage.notes]
            reading.append((chapter, passage.lines))
            yield passage.lines

    def _count(self, line: PlannedLine, piece: LinePiece) -> None:
        self.lines += 1
        self.cached += piece.cached
        self._job.done += len(line.original)


def convert(
    book: Book,
    path: Path,
    renderer: Renderer,
    job: Job[Any],
    cover: bytes | None = None,
    *,
    on_line: OnLine = unheard,
    on_sound: OnSound = unheard,
) -> Converted:
    """Read `book` into `path`. Nothing stands under that name before everything is in it.

    `on_line` hears of each line with its place in the file, `on_sound` gets every sample that is written.
    """
    chain = preset(book.request.polish)
    job.total = (2 if chain.needs_measure else 1) * book.manuscript.characters
    polisher = Polisher(book.direction.rate, chain)
    first = reader = Reader(book, renderer, job, unheard if chain.needs_measure else on_line)
    if chain.needs_measure:
        for samples in first.sound():
            polisher.measure(samples)
        reader = Reader(book, renderer, job, on_line)  # this time all of it comes from the cache
    with _writer(book, path, cover) as writer:
        for samples in ahead(reader.sound(writer.chapter), PIECES_AHEAD):  # the encoder has a thread of its own
            on_sound(sound := polisher.push(samples))
            writer.write(sound)
        on_sound(rest := polisher.finish())
        writer.write(rest)
        if not reader.lines:  # raised inside, so that no file of silence is left
            raise BadText(
                f"{book.manuscript.name}: nothing in it can be spoken",
                f"{book.manuscript.name}：里面没有可以朗读的内容",
                where=book.manuscript.name,
            )
        seconds = writer.seconds
    rate = book.direction.rate
    starts = tuple((title, frame / rate) for title, frame in reader.starts)
    return Converted(path, seconds, starts, reader.lines, first.cached, tuple(reader.notes))


def _writer(book: Book, path: Path, cover: bytes | None) -> Writer:
    request = book.request
    tags = Tags(
        title=request.title,
        artist=request.author,
        album=request.title,
        language=book.manuscript.language,
        comment=STATEMENT,
        cover=cover,
        extra=book.provenance().tags,
    )
    return Writer(path, book.direction.rate, request.format, tags, request.bitrate)
