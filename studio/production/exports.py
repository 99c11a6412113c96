"""A script into finished files: assembled, polished in two passes, written by chapters or whole, and measured."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from studio.audio.clip import Clip, Samples
from studio.audio.drafts import Draft
from studio.audio.polish import Polisher, preset
from studio.audio.stages import Chain, chain_from
from studio.audio.tags import file_name
from studio.audio.writing import Tags, Writer
from studio.digest import digest_of
from studio.errors import BadRequest
from studio.library.script import Chapter, Line
from studio.production.assembling import Assembler, Placed, Scene, assembled
from studio.production.jobs import Job
from studio.production.masters import FileReport, Master, report_on
from studio.production.pipeline import ahead
from studio.production.provenance import STATEMENT, Provenance
from studio.production.sound import stood
from studio.words import Words

BLOCKS_AHEAD = 12
CORRECTIONS = 2  # times that a file is written again to meet its loudness
PAUSE_S = 2.5  # at most between two lines, for an estimate
SPEAKERS_NAMED = 8  # in the tag that says who speaks


@dataclass(frozen=True)
class Material:
    """A script as it is exported: its lines with their takes, and what is said about the whole."""

    id: str
    title: str
    author: str
    language: str
    chapters: tuple[Chapter, ...]
    lines: Callable[[Chapter], Iterator[Line]]
    load: Callable[[Line], Clip]
    scene: Scene
    polish: str
    engines: tuple[str, ...]
    voices: tuple[str, ...]
    cover: bytes = field(default=b"", repr=False)
    notes: tuple[Words, ...] = ()  # what of its settings is not used, and why


@dataclass(frozen=True)
class Exported:
    """What came out."""

    folder: Path
    files: tuple[FileReport, ...]
    placed: tuple[Placed, ...]
    rate: int
    seconds: float
    left_out: int  # lines without a take
    starts: tuple[int, ...] = (0,)  # the first frame of each file; those of `placed` run through all of them
    notes: tuple[Words, ...] = ()

    @property
    def passed(self) -> bool:
        return all(file.passed for file in self.files)


Lines = Callable[[], Iterator[tuple[int, Line]]]  # of one file, with the places of their chapters


def export(material: Material, target: Path, kind: Master, job: Job[Any]) -> Exported:
    """Write `material` to `target`: a file, or a folder where every chapter is one.

    Chapters without any take are left out. Files take their places when all of them are whole, never before.
    """
    chain = preset(kind.polish or material.polish)
    done = _exported(material, target, kind, chain, job)
    for _ in range(CORRECTIONS):  # a limiter takes off some of the loudness that was aimed at
        better = corrected(chain, done.files)
        if better is None:
            break
        chain = better
        done = _exported(material, target, kind, chain, job)
    return done


def corrected(chain: Chain, files: Sequence[FileReport]) -> Chain | None:
    """The chain that would have met the limits of loudness, or None where they are met or it has none."""
    for stage, setting, field_name in (("loudness", "target_lufs", "loudness_lufs"), ("level", "target_db", "rms_db")):
        if chain.get(stage) is None:
            continue
        for check in (check for file in files for check in file.checks if check.limit.what == field_name):
            if check.passed or check.value is None or check.limit.low is None or check.limit.high is None:
                continue
            plain = chain.to_json()
            plain[stage][setting] += (check.limit.low + check.limit.high) / 2 - check.value
            return chain_from(plain)
    return None


def _exported(material: Material, target: Path, kind: Master, chain: Chain, job: Job[Any]) -> Exported:
    total = sum(chapter.seconds for chapter in material.chapters)
    job.total = (2 if chain.needs_measure else 1) * total * 1.25 + 0.01
    spoken = [(n, chapter) for n, chapter in enumerate(material.chapters) if _with_takes(chapter)]
    missing = sum(chapter.lines - _with_takes(chapter) for chapter in material.chapters)
    if not spoken:
        raise BadRequest(
            f"{material.title}: no line has a take yet; render it first",
            f"{material.title}：还没有任何台词有版本，请先渲染",
            where="production",
        )
    if not kind.each:
        whole = _File(_lines(material, spoken), target, material.title)
        made = [_written(material, whole, kind, chain, job)]
        return _put_together(made, material, missing, target.parent)
    target.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".export-", dir=target) as unfinished:
        files = _files(material, spoken, Path(unfinished), kind)
        made = [_written(material, file, kind, chain, job) for file in files]
        for one in made:
            one.report.path.replace(target / one.report.path.name)
    return _put_together(made, material, missing, target)


@dataclass(frozen=True)
class _File:
    """One that shall be written."""

    lines: Lines
    path: Path
    title: str


@dataclass(frozen=True)
class _Made:
    """One that was."""

    placed: Sequence[Placed]
    seconds: float
    report: FileReport


def _files(material: Material, spoken: Sequence[tuple[int, Chapter]], folder: Path, kind: Master) -> list[_File]:
    """A file for each chapter, or for each part of one that is too long."""
    files: list[_File] = []
    for number, chapter in spoken:
        parts = _parts(_lines(material, [(number, chapter)]), chapter.seconds, kind.longest_s)
        for part, lines in enumerate(parts):
            title = (chapter.title or f"{number + 1}") + (f" ({part + 1})" if part else "")
            name = f"{len(files) + 1:03} {file_name(title)}.{kind.format}"
            files.append(_File(lines, folder / name, title))
    return files


def _put_together(made: Sequence[_Made], material: Material, missing: int, folder: Path) -> Exported:
    """What was made, its lines told where they are in all files one after the other."""
    placed: list[Placed] = []
    starts: list[int] = []
    seconds, rate = 0.0, material.scene.rate
    for one in made:
        at = round(seconds * rate)
        starts.append(at)
        placed += [replace(p, start=p.start + at, end=p.end + at, shift=p.shift + at) for p in one.placed]
        seconds += one.seconds
    reports = tuple(replace(one.report, path=folder / one.report.path.name) for one in made)
    return Exported(folder, reports, tuple(placed), rate, seconds, missing, tuple(starts), material.notes)


def _with_takes(chapter: Chapter) -> int:
    return sum(count for state, count in chapter.states.items() if state in ("done", "stale", "locked"))


def _lines(material: Material, chapters: Sequence[tuple[int, Chapter]]) -> Lines:
    """The lines of chapters, as often as they are asked for."""

    def given() -> Iterator[tuple[int, Line]]:
        for number, chapter in chapters:
            for line in material.lines(chapter):
                yield number, line

    return given


def _parts(lines: Lines, seconds: float, longest_s: float | None) -> Iterator[Lines]:
    """A chapter as one file, or as several where it would be too long; cut between two lines."""
    if longest_s is None or seconds * 1.3 < longest_s:
        yield lines
        return
    cuts, count, spent = [0], 0, 0.0
    for _, line in lines():
        length = (line.seconds or 0.0) + PAUSE_S
        if spent + length > longest_s * 0.95 and spent:
            cuts.append(count)
            spent = 0.0
        spent += length
        count += 1
    for first, last in zip(cuts, [*cuts[1:], count], strict=True):
        yield partial(_between, lines, first, last)


def _between(lines: Lines, first: int, last: int) -> Iterator[tuple[int, Line]]:
    return islice(lines(), first, last)


def _written(material: Material, file: _File, kind: Master, chain: Chain, job: Job[Any]) -> _Made:
    """One file, written and read again."""
    lines = file.lines
    scene = material.scene
    polisher = Polisher(scene.rate, chain, scene.channels)
    if chain.needs_measure:
        for block in _sound(material, lines, Assembler(scene), kind, job):
            polisher.measure(block)
    assembler = Assembler(scene)
    begun = _Begun(material, kind)
    tags, bits = _tags(material, file.title, lines), kind.bits(scene.channels)
    with Writer(file.path, scene.rate, kind.format, tags, bits, scene.channels) as writer:
        polished = _polished(_sound(material, lines, assembler, kind, job), polisher)
        with closing(ahead(polished, BLOCKS_AHEAD)) as belt:  # the encoder has a thread of its own
            for block in belt:
                begun.tell(assembler, writer)
                writer.write(block)
        begun.tell(assembler, writer)
        seconds = writer.seconds
    return _Made(assembler.placed, seconds, report_on(file.path, file.title, kind.limits, bits))


def _polished(sound: Iterator[Samples], polisher: Polisher) -> Iterator[Samples]:
    for block in sound:
        yield polisher.push(block)
    yield polisher.finish()


class _Begun:
    """Tells a writer of each chapter as its first line is placed, which is a little before it is written."""

    def __init__(self, material: Material, kind: Master) -> None:
        self._material, self._kind = material, kind
        self._seen = 0
        self._chapters: set[int] = set()

    def tell(self, assembler: Assembler, writer: Writer) -> None:
        placed = assembler.placed
        while self._seen < len(placed):
            one = placed[self._seen]
            self._seen += 1
            if one.chapter not in self._chapters and not self._kind.each:
                writer.chapter(self._material.chapters[one.chapter].title, one.start if self._chapters else 0)
            self._chapters.add(one.chapter)


def _sound(material: Material, lines: Lines, assembler: Assembler, kind: Master, job: Job[Any]) -> Iterator[Samples]:
    """The sound of a file, made on a thread of its own."""
    assembler.silence(kind.head_ms)

    def load(line: Line) -> Clip:
        job.stopping.check()
        clip = material.load(line)
        job.done = min(job.total * 0.8, job.done + clip.seconds)
        return clip

    with closing(ahead(assembled(lines(), material.scene, load, assembler, kind.tail_ms), BLOCKS_AHEAD)) as belt:
        yield from belt


def recipe_of(material: Material, lines: Lines) -> str:
    """The digest of everything that a file is made from: its takes in order and how they are joined.

    It begins with the id of the production, so that a file can be followed home.
    """
    takes = [line.take for _, line in lines()]
    scene = material.scene
    sound = {"rate": scene.rate, **{name: value for name, value in scene.sound.items() if name != "channels"}}
    if scene.channels == 2:  # in one channel nobody has a place
        sound |= stood(scene.members)
    made = digest_of({"kind": "script", "takes": takes, "sound": sound, "polish": material.polish})
    return material.id + made[len(material.id) :]


def _tags(material: Material, title: str, lines: Lines) -> Tags:
    shown = ", ".join(material.voices[:SPEAKERS_NAMED])
    provenance = Provenance(True, ", ".join(material.engines), shown, recipe_of(material, lines))
    return Tags(
        title=title,
        artist=material.author,
        album=material.title,
        language=material.language,
        comment=STATEMENT,
        cover=material.cover or None,
        extra=provenance.tags,
    )


def write_text(path: Path, text: str) -> None:
    """A small file, whole or not at all."""
    with Draft(path) as draft:
        draft.write(text.encode())
        draft.commit()


def report_json(exported: Exported, about: Mapping[str, Any]) -> str:
    """The report of an export as a file."""
    return json.dumps(
        {
            **about,
            "folder": str(exported.folder),
            "seconds": round(exported.seconds, 3),
            "passed": exported.passed,
            "lines_left_out": exported.left_out,
            "notes": [note._asdict() for note in exported.notes],
            "files": [file.to_json() for file in exported.files],
        },
        ensure_ascii=False,
        indent=2,
    )
