"""Dubs: subtitles as productions, spoken at the times of their cues. It is the facade's `dubbing`.

A dub is a script whose lines have times. Lines, takes, cast, edits and rendering are the desk's; what is here decides
how each take is made to fit its cue, asks for quicker takes where an engine can speak faster, and writes the whole.
"""

import csv
import hashlib
import io
import json
import threading
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from studio.audio.tags import file_name
from studio.digest import digest_of
from studio.dubbing.fitting import Fit, Slot, Spoken, counted, fitted
from studio.dubbing.settings import DUBBING, rules_of, settle_dubbing
from studio.dubbing.shapes import Shapes
from studio.dubbing.writing import Dubbed, DubCue, Material, check_targets, write
from studio.engines.contract import Control
from studio.engines.registry import Registry
from studio.errors import BadFile, BadRequest, NotFound, StudioError
from studio.library import Library, Page, Production, ProductionChange
from studio.library.script import Line, LineChange, Member, NewLine, Scope
from studio.manuscripts.reading import read_document
from studio.production import rights
from studio.production.choices import Begun, Choices
from studio.production.desk import Desk
from studio.production.exports import write_text
from studio.production.jobs import Job
from studio.production.linework import LinePlanner
from studio.production.scripting import script_of
from studio.production.sound import channels_of, stood
from studio.text.timing import Known
from studio.words import Words

FORMATS = ("srt", "vtt", "ass", "ssa", "lrc")
SHAPES, EXPORTS = "shapes.json", "exports"
NEW = Begun()
ENDLESS = float("inf")
ROUNDS = 3  # of rendering: natural, quicker, and once more where that still was not enough
SECTION = "dubbing"


class DubJob(Job[tuple[DubCue, ...]]):
    """A dub being rendered."""

    def __init__(self, work: Callable[["DubJob"], tuple[DubCue, ...]], scope: Scope, *, id: str, title: str) -> None:
        super().__init__(lambda job: work(self), id=id, title=title)
        self.waiting = [scope]  # what was asked of it and is not begun
        self.ending = False  # it looks for nothing more


class Dubs:
    """Dubs of one data folder. Every method may be called from any thread."""

    def __init__(self, library: Library, engines: Registry, desk: Desk) -> None:
        self._library, self._engines, self._desk = library, engines, desk
        self._renders: dict[str, DubJob] = {}
        self._exports: dict[str, Job[Dubbed]] = {}
        self._shapes: dict[str, Shapes] = {}
        self._lock = threading.Lock()
        self._measuring = threading.Lock()

    def close(self) -> None:
        """Stop what runs; a render goes on with the next `resume_all`."""
        jobs: list[Job[Any]] = [*self._renders.values(), *self._exports.values()]
        for job in jobs:
            job.stop()
        for job in jobs:
            job.join()

    # what there is

    def controls(self) -> tuple[Control, ...]:
        """What a person decides about a dub."""
        return DUBBING

    def find(self, page: int = 1, size: int = 50) -> Page[Production]:
        return self._library.productions.find(kind="dub", page=page, size=size)

    def get(self, id: str) -> Production:
        """One dub. `NotFound`."""
        found = self._library.productions.get(id)
        if found.kind != "dub":
            raise NotFound(f"production “{id}” is no dub", f"作品“{id}”不是字幕配音", where="dub")
        return found

    def begin(self, path: Path, begun: Begun = NEW, name: str = "") -> Production:
        """A dub of a subtitle file; nothing is rendered yet. `BadFile` for what holds no cue.

        The same file, begun in the same way, is the same dub again. What was odd about the file is kept: `notes`.
        """
        shown = name or path.name
        if shown.rpartition(".")[2].lower() not in FORMATS:
            raise BadFile(
                f"{shown}: a dub begins with subtitles (.{', .'.join(FORMATS)})",
                f"{shown}：配音需要字幕文件（.{'、.'.join(FORMATS)}）",
                where=shown,
            )
        document = read_document(path, name=shown, language=begun.language)
        source = digest_of({"file": hashlib.sha256(path.read_bytes()).hexdigest(), "begun": _plain(begun)})
        for known in self.find(size=500):
            if known.settings.get("begun_from") == source:
                return known
        script = script_of(document, Choices(dialogue=False))
        notes = [note._asdict() for note in document.notes]
        begun = replace(begun, kind="drama")  # its lines are joined by time, not by pauses
        return self._desk.begin_with(document, script, path, begun, "dub", notes=notes, begun_from=source)

    def notes(self, id: str) -> tuple[Words, ...]:
        """What was odd about the file that a dub began with."""
        return tuple(Words(note["en"], note["zh"]) for note in self.get(id).settings.get("notes", ()))

    def settings(self, id: str) -> dict[str, Any]:
        """How takes are made to fit, with the defaults of what was never set."""
        return settle_dubbing(self.get(id).settings.get(SECTION, {}))

    def change_settings(self, id: str, values: Mapping[str, Any]) -> None:
        """`BadControl` names the range."""
        kept = self.get(id).settings
        fresh = {**kept.get(SECTION, {}), **values}
        settle_dubbing(fresh)
        self._library.productions.update(id, ProductionChange(settings={**kept, SECTION: fresh}))

    # cues

    def cues(self, id: str) -> tuple[DubCue, ...]:
        """Every cue in the order of time, with how it fits as things are."""
        rules = rules_of(self.settings(id))
        lines = sorted(self._desk.all_lines(id), key=lambda line: (line.start is None, line.start or 0.0))
        timed = [line for line in lines if line.start is not None]
        planner = self._desk.planner(id)
        with self._measuring:
            shapes = self._shapes.setdefault(id, Shapes(self._desk.folder(id) / SHAPES, self._library.cache.load))
            spoken = [
                self._spoken(id, line, slot, shapes, planner) for line, slot in zip(timed, _slots(timed), strict=True)
            ]
            shapes.keep(line.take for line in lines)
        fits = fitted(spoken, rules)
        fits += [Fit(Slot(0.0, 0.0, 0.0), flags=("untimed",))] * (len(lines) - len(timed))
        return tuple(DubCue(number, line, fit) for number, (line, fit) in enumerate(zip(lines, fits, strict=True), 1))

    def _spoken(self, id: str, line: Line, slot: Slot, shapes: Shapes, planner: LinePlanner) -> Spoken:
        try:
            quickens = planner.direction(line).spec.tempo is not None
        except StudioError:  # a voice that is gone: the line says so itself
            quickens = False
        try:
            shape = shapes.of(line.take) if line.take else None
        except NotFound:
            self._library.outcomes.lost(id, [line.take])
            shape = None
        return Spoken(slot, shape, line.speaker, line.speed if quickens else 1.0, quickens)

    def change(self, id: str, line: str, **values: Any) -> None:
        """Change a cue: text, speaker, start, finish, emotion, style. `BadRequest` for times that run backwards."""
        now = self._desk.line(id, line)
        start, finish = values.get("start", now.start), values.get("finish", now.finish)
        if "start" in values or "finish" in values:
            _check_times(start, finish)
            values |= {"start": start, "finish": finish}
        self._desk.edit(id, "change", ids=[line], change=LineChange(**values))

    def insert(self, id: str, text: str, start: float, finish: float, speaker: str = "", after: str = "") -> str:
        """A cue more; its line."""
        _check_times(start, finish)
        fresh = NewLine(text, speaker=speaker, start=start, finish=finish, ends="paragraph")
        chapter = self._desk.chapters(id)[0].id
        return str(self._desk.edit(id, "insert", line=fresh, after=after, chapter=chapter))

    # rendering

    def render(self, id: str, lines: Sequence[str] = ()) -> DubJob:
        """Render what asks for it (of these lines, where some are named), then anew and quicker what is too long.

        A render that is at it already takes them along.
        """
        production, scope = self.get(id), Scope(lines=tuple(lines))
        while True:
            with self._lock:
                running = self._renders.get(id)
                if running is None or running.over:
                    job = self._renders[id] = DubJob(self._render, scope, id=id, title=production.title)
                    break
                if not running.ending and not running.stopping:
                    running.waiting.append(scope)
                    return running
            running.join()  # it would not look for them
        job.start()
        return job

    def again(self, id: str, lines: Sequence[str]) -> DubJob:
        """Another take of each of these cues."""
        self._library.scripts.anew(id, lines)
        return self.render(id, lines)

    def job(self, id: str) -> DubJob | None:
        """The last render of a dub, running or over."""
        return self._renders.get(id)

    def resume_all(self) -> list[DubJob]:
        """Go on with every render that a restart or a crash interrupted."""
        found = self._library.productions.find(state="running", kind="dub", size=200)
        return [self.render(one.id) for one in found.items]

    def _render(self, job: DubJob) -> tuple[DubCue, ...]:
        cues: tuple[DubCue, ...] = ()
        try:
            while True:
                with self._lock:
                    job.ending = not job.waiting
                    scopes, job.waiting = job.waiting, []
                if job.ending:
                    return cues
                for scope in scopes:
                    cues = self._fitted(job.id, scope, job)
        finally:
            with self._lock:
                job.ending = True

    def _fitted(self, id: str, scope: Scope, job: DubJob) -> tuple[DubCue, ...]:
        """Speak what asks for it; what is too long for its cue again and quicker, as often as helps."""
        job.total = 1.0
        for turn in range(ROUNDS):
            step = self._desk.render(id, scope)
            step.follow(job, turn / ROUNDS, 1 / ROUNDS)
            cues = self.cues(id)
            speeds = {
                cue.line.id: cue.fit.wanted
                for cue in cues
                if cue.fit.length and cue.fit.wanted != cue.line.speed and not cue.line.locked
            }
            if not speeds or turn + 1 == ROUNDS:
                break
            self._library.scripts.pace(id, speeds)
            scope = Scope(lines=tuple(speeds))
        return cues

    # what comes out

    def report(self, id: str) -> dict[str, Any]:
        """Every cue with what was done to it, the worst ten, and how many carry each flag."""
        cues = self.cues(id)
        worst = sorted((cue for cue in cues if cue.fit.flags), key=lambda cue: -cue.fit.badness)[:10]
        return {
            "title": self.get(id).title,
            "cues": [cue.row() for cue in cues],
            "flags": dict(counted([cue.fit for cue in cues])),
            "comfortable": sum(cue.fit.rate <= 1.2 for cue in cues),
            "worst": [cue.number for cue in worst],
        }

    def report_csv(self, id: str) -> str:
        """The report as a table, a row a cue."""
        rows = [cue.row() for cue in self.cues(id)]
        out = io.StringIO()
        writer = csv.DictWriter(out, list(rows[0]) if rows else ["number"], lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "flags": " ".join(row["flags"])} for row in rows)
        return out.getvalue()

    def write_report(self, id: str, path: Path) -> None:
        """The report as a file: a table where the name ends in .csv, else JSON."""
        if path.suffix.lower() == ".csv":
            write_text(path, self.report_csv(id))
        else:
            write_text(path, json.dumps(self.report(id), ensure_ascii=False, indent=2) + "\n")

    def check_targets(
        self, path: Path, background: Path | None = None, video: Path | None = None, subtitles: Sequence[str] = ()
    ) -> None:
        """Refuse before any work what cannot be written or mixed. `BadFile`, `NotFound`."""
        check_targets(path, background, video, subtitles)

    def export(
        self,
        id: str,
        path: Path | None = None,
        *,
        format: str = "wav",
        background: Path | None = None,
        video: Path | None = None,
        keep_sound: bool = False,
        subtitles: Sequence[str] = (),
    ) -> Job[Dubbed]:
        """Write the dub, in the background: a sound file, or with `video` that film with the dub as its sound.

        `background` is mixed in under the speech (for a film: its own sound, where it is the same file). `subtitles`
        are formats written beside it. Without `path` it goes to the production's own folder.
        """
        production = self.get(id)
        rights.require_script(self._library, id)
        target = path or self._target(id, production, video.suffix[1:].lower() if video else format)
        check_targets(target, background, video, subtitles)

        def work(job: Job[Dubbed]) -> Dubbed:
            done = write(self._material(id, production), target, job, background, video, keep_sound, subtitles)
            self._library.productions.update(id, ProductionChange(output=str(done.path)))
            return done

        job: Job[Dubbed] = Job(work, id=id, title=production.title)
        with self._lock:
            running = self._exports.get(id)
            if running is not None and not running.over:
                running.stop()
            self._exports[id] = job
        job.start()
        return job

    def files(self, id: str) -> list[Path]:
        """The files that were written into the dub's own folder."""
        folder = self._desk.folder(self.get(id).id) / EXPORTS
        return sorted(path for path in folder.glob("*") if path.is_file() and not path.name.startswith("."))

    def file(self, id: str, name: str) -> Path:
        """One of them by its name. `NotFound` for anything else."""
        for path in self.files(id):
            if path.name == name:
                return path
        raise NotFound(f"no file “{name[:80]}” was written", f"没有写出过“{name[:80]}”", where="file")

    def export_job(self, id: str) -> Job[Dubbed] | None:
        return self._exports.get(id)

    def _target(self, id: str, production: Production, suffix: str) -> Path:
        folder = self._desk.folder(id) / EXPORTS
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{file_name(production.title)}.{suffix}"

    def _material(self, id: str, production: Production) -> Material:
        cues, settings = self.cues(id), self.settings(id)
        planner = self._desk.planner(id)
        members = {speaker: planner.member(speaker) for speaker in {cue.line.speaker for cue in cues}}
        engines = sorted({engine for member in members.values() for engine in planner.at_work(member)})
        heard = [cue for cue in cues if cue.fit.length]
        if not heard:
            raise BadRequest(
                f"{production.title}: no cue is rendered yet; render it first",
                f"{production.title}：还没有渲染任何字幕；请先渲染",
                where="dub",
            )
        channels = channels_of(settings, [member.pan for member in members.values()])
        return Material(
            title=production.title,
            language=production.language,
            cues=cues,
            shapes={cue.line.take: self._shapes[id].of(cue.line.take) for cue in heard},
            members=members,
            rules=rules_of(settings),
            settings=settings,
            rate=max(self._engines.get(engine).spec.rate for engine in engines),
            load=self._library.cache.load,
            words=self._words,
            engines=tuple(engines),
            voices=tuple(sorted({voice for one in members.values() for voice in (one.voice, one.into) if voice})),
            recipe=_recipe(id, heard, settings, members, channels),
            channels=channels,
        )

    def _words(self, take: str) -> Known:
        stored = self._library.cache.get(take)
        return stored.words if stored else ()


def _recipe(
    id: str, heard: Sequence[DubCue], settings: Mapping[str, Any], members: Mapping[str, Member], channels: int
) -> str:
    """The digest of everything that a dub is made from; it begins with its id. In one channel nobody has a place."""
    how = {name: value for name, value in settings.items() if name != "channels"}
    if channels == 2:
        how |= stood(members)
    made = digest_of({"dub": id, "cues": [[c.line.take, c.fit.to_json()] for c in heard], "settings": how})
    return id + made[len(id) :]


def _plain(begun: Begun) -> dict[str, Any]:
    """What a dub begins with, the step after its engine only where there is one: the same dub is to be found again."""
    return {name: value for name, value in asdict(begun).items() if value or name not in ("into", "converter")}


def _slots(lines: Sequence[Line]) -> list[Slot]:
    """Where each cue has to be; a gap may be used up to the next cue that begins after its end."""
    starts = sorted(line.start or 0.0 for line in lines)
    slots = []
    for line in lines:
        start = line.start or 0.0
        end = max(start, line.finish if line.finish is not None else start)
        at = bisect_left(starts, max(end, start + 1e-6))
        slots.append(Slot(start, end, starts[at] if at < len(starts) else ENDLESS))
    return slots


def _check_times(start: float | None, finish: float | None) -> None:
    if start is None or finish is None or not 0 <= start < finish <= 360_000:
        raise BadRequest(
            f"a cue from {start} to {finish} s: it has to end after it begins",
            f"字幕时间 {start} 到 {finish} 秒：结束必须晚于开始",
            where="times",
        )
