"""From a script to files, in the background: exports, deliveries that render first, tracks, and what was made last."""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from studio.audio.clip import Clip, Samples
from studio.audio.files import blocks, probe
from studio.audio.tags import file_name
from studio.engines.registry import Registry
from studio.errors import NotFound
from studio.library import Library, Production, ProductionChange
from studio.library.script import Chapter, Line, LineQuery, Part
from studio.production import captions, rights
from studio.production.assembling import Scene
from studio.production.exports import Exported, Material, export, report_json, write_text
from studio.production.jobs import Job, at_work
from studio.production.linework import LinePlanner
from studio.production.masters import Master, master
from studio.production.sound import channels_of, settle_sound
from studio.production.workshop import ScriptJob
from studio.words import Words

COVER, MUSIC, REPORT = "cover", "music", "report.json"
FLAT = Words(
    "this delivery is mono: the places left and right in the cast are not used in it",
    "这种成品是单声道：配音表里的左右位置不会用到",
)


class ExportJob(Job[Exported]):
    """Files being written from a script."""


class Home(Protocol):
    """What is asked of the desk."""

    def get(self, id: str) -> Production: ...
    def permit(self, id: str) -> None: ...
    def folder(self, id: str) -> Path: ...
    def chapters(self, id: str) -> tuple[Chapter, ...]: ...
    def parts(self, id: str) -> tuple[Part, ...]: ...
    def planner(self, id: str) -> LinePlanner: ...
    def render(self, id: str) -> ScriptJob: ...


class Deliveries:
    """The files of scripts. For any number of threads."""

    def __init__(self, home: Home, library: Library, engines: Registry) -> None:
        self._home, self._library, self._engines = home, library, engines
        self._exports: dict[str, ExportJob] = {}
        self._deliveries: dict[str, Job[Exported]] = {}
        self._lock = threading.Lock()
        self._noting = threading.Lock()

    def stop(self) -> None:
        """Ask everything to end."""
        for job in (*self._deliveries.values(), *self._exports.values()):
            job.stop()

    def join(self) -> None:
        """Wait until it did."""
        for job in (*self._deliveries.values(), *self._exports.values()):
            job.join()

    def export(
        self, id: str, kind: str, path: Path | None = None, chapters: Sequence[str] = (), *, whole: bool = False
    ) -> ExportJob:
        """Write finished files, in the background; `path` is a file, or a folder where every chapter is one.

        Without `path` they go to the production's own folder. `whole`: one file, whatever the master usually is. An
        export of the same production that still runs is stopped.
        """
        production, chosen = self._home.get(id), master(kind)
        rights.require_script(self._library, id)
        chosen = replace(chosen, each=chosen.each and not whole)
        folder = self._home.folder(id) / "exports"
        if path is None:
            folder.mkdir(parents=True, exist_ok=True)
            name = file_name(production.title)
            path = folder / f"{name} ({kind})" if chosen.each else folder / f"{name}.{chosen.format}"
        target = path
        material = self.material(id, chosen.rate, chapters, mono=chosen.mono)

        def work(job: Job[Exported]) -> Exported:
            write = self._writer_of(chosen)
            done = write(material, target, job)
            with self._noting:
                if self._exports.get(id) is job:  # of two that end at once, the one that was asked for last
                    self._note(production, chosen, done)
            return done

        job = ExportJob(work, title=production.title)
        with self._lock:
            before, self._exports[id] = self._exports.get(id), job
        if before is not None:  # what is asked for last is what is wanted
            before.stop()
        job.start()
        return job

    def _note(self, production: Production, chosen: Master, done: Exported) -> None:
        """Keep beside the production what was exported: its subtitles, its report, where it is."""
        folder = self._home.folder(production.id)
        if chosen.id == "epub":  # which has its own times inside
            captions.begin(folder)
        else:
            captions.keep(folder, done, self._library, production.author)
        write_text(folder / REPORT, report_json(done, {"master": chosen.id, "title": production.title}))
        output = str(done.folder if chosen.each else done.files[0].path)
        told = {**self._library.productions.get(production.id).progress, "seconds": done.seconds}
        self._library.productions.update(production.id, ProductionChange(output=output, progress=told))

    def stems(self, id: str, folder: Path, *, stereo: bool = False) -> list[Path]:
        """A track for each speaker and labels for Audacity, in `folder`; what was written.

        `stereo`: tracks of two channels, each speaker where the cast puts them; otherwise one channel, unplaced.
        """
        from studio.production.stems import write_stems

        rights.require_script(self._library, id)
        return write_stems(self.material(id), folder, stereo=stereo)

    def deliver(self, id: str, kind: str) -> "Job[Exported]":
        """Render all of it and write the finished file: one job from script to master, for programs that ask once.

        Asked for again while it works, the same job is returned; after a stop or a crash it goes on where it was.
        """
        master(kind)
        self._home.permit(id)
        production = self._home.get(id)
        if (running := at_work(self._deliveries.get(id))) is not None:
            return running
        kept = {**production.settings, "delivery": kind}
        self._library.productions.update(id, ProductionChange(settings=kept))
        job: Job[Exported] = Job(lambda job: self._deliver(job, kind), id=id, title=production.title)
        self._deliveries[id] = job
        job.start()
        return job

    def delivery(self, id: str) -> "Job[Exported] | None":
        """The job of `deliver`, running or over."""
        return self._deliveries.get(id)

    def _deliver(self, job: "Job[Exported]", kind: str) -> Exported:
        job.total = 1.0
        render = self._home.render(job.id)
        render.follow(job, 0.0, 0.8)
        export = self.export(job.id, kind, whole=True)
        return export.follow(job, 0.8, 0.2)

    def job(self, id: str) -> ExportJob | None:
        return self._exports.get(id)

    def _sound(self, id: str, line: Line) -> Clip:
        """A line's take. One whose file is gone, or damaged, asks to be rendered again."""
        try:
            return self._library.cache.load(line.take)
        except NotFound as error:
            self._library.outcomes.lost(id, [line.take])
            raise NotFound(
                f"the take of “{line.text[:60]}” is gone from the disk; render again, it is one line",
                f"“{line.text[:60]}”的版本文件不见了；请再渲染一次，只需补这一条",
                where="take",
            ) from error

    def _writer_of(self, chosen: Master) -> Callable[[Material, Path, Job[Any]], Exported]:
        if chosen.id == "epub":
            from studio.production.readalong import write_epub

            return write_epub
        return lambda material, target, job: export(material, target, chosen, job)

    def exported(self, id: str) -> list[dict[str, Any]]:
        """The files of the last export that are still there, each as its report has it."""
        path = self._home.folder(id) / REPORT
        if not path.is_file():
            return []
        told = json.loads(path.read_text(encoding="utf-8"))
        folder = Path(told["folder"])
        return [
            {**one, "here": self._own(id, folder), "path": str(folder / one["file"])}
            for one in told["files"]
            if (folder / one["file"]).is_file()
        ]

    def notes(self, id: str) -> tuple[Words, ...]:
        """What the last export did not use, and why."""
        path = self._home.folder(id) / REPORT
        told = json.loads(path.read_text(encoding="utf-8")).get("notes", []) if path.is_file() else []
        return tuple(Words(one["en"], one["zh"]) for one in told)

    def exported_file(self, id: str, name: str) -> Path:
        """A file of the last export by its name. `NotFound` for anything else."""
        for one in self.exported(id):
            if one["file"] == name and one["here"]:
                return Path(one["path"])
        raise NotFound(f"no file “{name[:80]}” was exported", f"没有导出过“{name[:80]}”", where="file")

    def _own(self, id: str, folder: Path) -> bool:
        return folder.is_relative_to(self._home.folder(id))

    def material(
        self, id: str, rate: int | None = None, chapters: Sequence[str] = (), *, mono: bool = False
    ) -> Material:
        """The script as it is put together; `mono`: in one channel, whatever the cast says."""
        production, planner = self._home.get(id), self._home.planner(id)
        sound = settle_sound(production.settings.get("sound", {}))
        members = {
            part.member.speaker: planner.member(part.member.speaker) for part in self._home.parts(id) if part.lines
        }
        engines = sorted({engine for member in members.values() for engine in planner.at_work(member)})
        own = max(self._engines.get(engine).spec.rate for engine in engines) if engines else 24_000
        folder = self._home.folder(id)
        wanted = channels_of(sound, [member.pan for member in members.values()])
        channels = 1 if mono else wanted
        music = _music(folder / MUSIC, rate or own, channels)
        shown = tuple(one for one in self._home.chapters(id) if not chapters or one.id in chapters)
        cover = folder / COVER
        return Material(
            id=id,
            title=production.title,
            author=production.author,
            language=production.language,
            chapters=shown,
            lines=lambda chapter: self._library.scripts.all_lines(id, LineQuery(chapter=chapter.id)),
            load=lambda line: self._sound(id, line),
            scene=Scene(rate or own, sound, members, music, channels),
            polish=str(sound["polish"]),
            engines=tuple(engines),
            voices=tuple(sorted({voice for one in members.values() for voice in (one.voice, one.into) if voice})),
            cover=cover.read_bytes() if cover.exists() else b"",
            notes=(FLAT,) if channels < wanted else (),
        )


def _music(path: Path, rate: int, channels: int) -> Samples | None:
    """The piece of music as it is needed: in two channels only where it has them and they are wanted."""
    if not path.exists():
        return None
    return np.concatenate(list(blocks(path, rate, channels=min(channels, probe(path).channels))))
