"""The shelf of productions: what is being converted, what was, and how to go on after a crash.

A production is a row of the library and a folder `productions/<id>/` with the manuscript, so that it can be rendered
again at any time. While it is worked on, its folder is locked; a production that says it is running while nobody holds
the lock was interrupted.
"""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from studio.audio.formats import format_for
from studio.audio.tags import file_name
from studio.errors import Cancelled, InUse, NotFound, StudioError
from studio.library import Library, NewProduction, Page, Production, ProductionChange
from studio.library.locks import GLANCE_S, FileLock
from studio.production import captions
from studio.production.captions import CaptionLog, spoken_cue
from studio.production.converting import Book, Converted, ConvertRequest, OnLine, convert
from studio.production.jobs import Job, at_work
from studio.production.joining import Placed
from studio.production.manuscript import PLAIN, Manuscript, look_into
from studio.production.planning import PlannedLine
from studio.production.rendering import Renderer

ID_DIGITS = 16  # of the recipe digest that name a production: the same work is the same production
INTERRUPTED: Literal["stopped"] = "stopped"  # what a crash leaves; it is resumed like one that was stopped
Direct = Callable[[Manuscript, ConvertRequest], Book]


class ConvertJob(Job[Converted]):
    """A production at work."""

    def __init__(self, work: Callable[["ConvertJob"], Converted], book: Book, path: Path) -> None:
        super().__init__(work, id=book.digest[:ID_DIGITS], title=book.request.title)  # type: ignore[arg-type]
        self.book = book
        self.path = path


class ProductionShelf:
    """Productions of one data folder."""

    def __init__(self, library: Library, renderer: Renderer, direct: Direct) -> None:
        self._library = library
        self._renderer = renderer
        self._direct = direct
        self._jobs: dict[str, ConvertJob] = {}

    def open(self, source: Path, request: ConvertRequest, output: Path | None, cover: bytes | None) -> ConvertJob:
        """A job that reads `source` into `output` (default: the production's own folder); not started."""
        format_for(f"x.{request.format}")
        manuscript = look_into(source, request.language, request.choices)
        named = replace(  # kept, so that resuming from the copied manuscript gives the same production
            request, title=request.title or manuscript.title, author=request.author or manuscript.author
        )
        book = self._direct(manuscript, named)
        folder = self._library.folder.productions / book.digest[:ID_DIGITS]
        path = output or folder / f"{file_name(named.title)}.{request.format}"
        return ConvertJob(lambda job: self._work(job, source, folder, cover), book, path)

    def start(self, job: ConvertJob) -> ConvertJob:
        """Begin; the same production already at work here is returned instead."""
        if (running := at_work(self._jobs.get(job.id))) is not None:
            return running
        self._jobs[job.id] = job
        job.start()
        return job

    def job(self, id: str) -> ConvertJob | None:
        """The production's job in this process, running or over."""
        return self._jobs.get(id)

    def find(self, page: int = 1, size: int = 50) -> Page[Production]:
        """All productions but dubs, newest first; `interrupted` where a process died over one."""
        found = self._library.productions.find(but="dub", page=page, size=size)
        return replace(found, items=tuple(self._honest(item) for item in found.items))

    def get(self, id: str) -> Production:
        return self._honest(self._library.productions.get(id))

    def resume(self, id: str) -> ConvertJob:
        """Go on with a production; what was rendered before comes from the cache."""
        kept = self._library.productions.get(id)
        source = self._folder(id) / kept.manuscript
        cover = self._folder(id) / "cover"
        job = self.open(
            source,
            ConvertRequest.from_json(kept.settings["request"]),
            Path(kept.settings["output"]) if kept.settings.get("output") else None,
            cover.read_bytes() if cover.exists() else None,
        )
        return self.start(job)

    def delete(self, id: str) -> None:
        """Take it off the shelf (undo: `restore`); a running one is stopped first."""
        if (job := self._jobs.get(id)) is not None:
            job.stop()
        self._library.productions.delete([id])

    def restore(self, id: str) -> None:
        self._library.productions.restore([id])

    def stop_all(self) -> None:
        for job in self._jobs.values():
            job.stop()
        for job in self._jobs.values():
            job.join()

    def _folder(self, id: str) -> Path:
        return self._library.folder.productions / id

    def _honest(self, kept: Production) -> Production:
        if kept.state != "running":
            return kept
        lock = FileLock(self._folder(kept.id) / "lock")
        try:
            if not lock.acquire():
                return kept
            now = self._library.productions.get(kept.id)  # it may have ended since
            return replace(now, state=INTERRUPTED) if now.state == "running" else now
        except OSError:  # its folder is gone
            return replace(kept, state=INTERRUPTED)
        finally:
            lock.release()

    def _work(self, job: ConvertJob, source: Path, folder: Path, cover: bytes | None) -> Converted:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "lock")
        if not lock.acquire(GLANCE_S):
            raise InUse(
                f"{job.title}: another process is converting it right now; wait for it or stop it",
                f"《{job.title}》正在被另一个进程转换；请等它完成，或先停止它",
                where=str(source),
            )
        try:
            self._enter(job, source, folder, cover)
            return self._convert(job, cover)
        finally:
            lock.release()

    def _enter(self, job: ConvertJob, source: Path, folder: Path, cover: bytes | None) -> None:
        """The row and the folder, so that it can be resumed from now on."""
        manuscript = folder / f"manuscript{source.suffix.lower() if source.suffix.lower() not in PLAIN else '.txt'}"
        if source.resolve() != manuscript.resolve():
            shutil.copyfile(source, manuscript)
        if cover:
            (folder / "cover").write_bytes(cover)
        settings = {
            "request": job.book.request.to_json(),
            "recipe": job.book.recipe_json(),
            "source": source.name,
            "output": "" if job.path.parent == folder else str(job.path.absolute()),
        }
        productions, request = self._library.productions, job.book.request
        try:
            productions.get(job.id)
        except NotFound:
            language = job.book.manuscript.language
            productions.add(NewProduction(request.title, request.author, language, manuscript.name, settings, job.id))
        productions.restore([job.id])
        productions.update(job.id, ProductionChange(settings=settings, state="running", progress={}, output=""))

    def _written(self, job: ConvertJob, cover: bytes | None) -> Converted:
        """The file, and where its lines are."""
        kept = captions.begin(self._folder(job.id))
        request = job.book.request
        with CaptionLog(kept / "0.json", request.title, request.author) as log:
            hear = _heard(log, job.book.direction.rate)
            result = convert(job.book, job.path, self._renderer, job, cover, on_line=hear)
        captions.finish(kept, [job.path])
        return result

    def _convert(self, job: ConvertJob, cover: bytes | None) -> Converted:
        productions = self._library.productions
        try:
            result = self._written(job, cover)
        except StudioError as error:
            change = ProductionChange(state="failed", progress=_progress(job), error=error)
            if isinstance(error, Cancelled):
                change = replace(change, state="stopped", error=None)
            productions.update(job.id, change)
            raise
        facts = {
            "seconds": result.seconds,
            "lines": result.lines,
            "chapters": [list(chapter) for chapter in result.chapters],
        }
        output = str(job.path.absolute())
        productions.update(job.id, ProductionChange(state="done", progress=_progress(job) | facts, output=output))
        return result


def _heard(log: CaptionLog, rate: int) -> OnLine:
    """Notes each line where it lies."""

    def hear(line: PlannedLine, placed: Placed) -> None:
        words = [(word.text, word.start, word.end) for word in placed.words]
        log.add(spoken_cue(line.original, "", placed.start / rate, placed.end / rate, words))

    return hear


def _progress(job: ConvertJob) -> dict[str, Any]:
    return {"done": job.done, "total": job.total}
