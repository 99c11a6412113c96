"""`Batches`: everything that is done with many files at once. It is the facade's `batches`.

Each batch is a folder below `batches/` (see `records`), so that hundreds of files do not crowd the shelf of
productions, and a batch that was killed goes on from what it noted.
"""

import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from studio.audio.drafts import Draft, refusal
from studio.batch.checking import Preview, look
from studio.batch.gathering import SUFFIXES, Found, Gathered, among, distinct, gather, of_files, of_rows
from studio.batch.making import Maker
from studio.batch.manifests import COLUMNS, is_manifest, read_manifest, subtitle_formats
from studio.batch.order import Order
from studio.batch.paces import Paces
from studio.batch.records import Outcome, Record
from studio.batch.reports import FORMATS, report
from studio.batch.work import BatchJob, hands_for
from studio.batch.zipping import zipped
from studio.engines.registry import Registry
from studio.errors import BadFile, BadRequest, InUse, NotFound, StudioError
from studio.library.folder import storage_error
from studio.production.converting import ConvertRequest
from studio.production.jobs import Job, at_work
from studio.production.planning import Direction
from studio.production.rendering import Renderer
from studio.text.subtitles import FORMATS as SUBTITLES
from studio.words import Words

ID_LETTERS = 4  # behind the date, so that two batches of one second differ


class Batches:
    """Batches of one data folder. Every method may be called from any thread."""

    def __init__(
        self, folder: Path, engines: Registry, renderer: Renderer, direct: Callable[[ConvertRequest], Direction]
    ) -> None:
        self.folder = folder / "batches"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise storage_error(error, self.folder) from error
        self._engines, self._renderer, self._direct = engines, renderer, direct
        self._paces = Paces(self.folder / "paces.json", engines)
        self._jobs: dict[str, BatchJob] = {}
        self._records: dict[str, Record] = {}
        self._lock = threading.RLock()

    def close(self) -> None:
        """Stop what runs; it goes on with the next `resume_all`."""
        with self._lock:
            running = [job for job in self._jobs.values() if not job.over]
        for job in running:
            job.end("running")
        for job in running:
            job.join()

    # what may be asked for

    def columns(self) -> Mapping[str, Sequence[str]]:
        """Columns of manifests, with their other names."""
        return COLUMNS

    def suffixes(self) -> Sequence[str]:
        """Endings of the files that are read."""
        return sorted(SUFFIXES)

    def subtitle_formats(self) -> Mapping[str, Words]:
        return {name: words for name, (words, _) in SUBTITLES.items()}

    def is_manifest(self, path: Path) -> bool:
        return is_manifest(path)

    # an order

    def order(
        self,
        inputs: Sequence[str | Path],
        out: Path,
        common: ConvertRequest,
        *,
        base: Path | None = None,
        subtitles: Sequence[str] = (),
        over: bool = False,
        hands: int = 0,
        title: str = "",
    ) -> Order:
        """What would be made of files, folders, patterns or a manifest (its files lie below `base`, else beside it).

        What all files share is checked here and refused; what is wrong with one of them stays with it. `over`: files
        that are there already, made from something else, are written over; `hands`: files at the same time.
        """
        self._check(common, subtitles)
        found = gather(inputs, common, out, base)
        named = title or Path(os.path.abspath(inputs[0])).name
        return self._ordered(found, named, out, common, subtitles, over, hands)

    def order_of_uploads(
        self,
        files: Sequence[tuple[str, Path]],
        common: ConvertRequest,
        *,
        out: Path | None = None,
        subtitles: Sequence[str] = (),
        title: str = "",
        over: bool = False,
    ) -> Order:
        """The same of files that were sent, by name and place; one among them may be a manifest of the others.

        Without `out` they are kept with the batch.
        """
        self._check(common, subtitles)
        manifests = [one for one in files if is_manifest(one[1])]
        if len(manifests) > 1:
            names = ", ".join(name for name, _ in manifests)
            raise BadFile(f"{names}: one manifest at a time", f"{names}：一次只能用一个清单", where="files")
        rest = [Found(name, path) for name, path in files if (name, path) not in manifests]
        kept = out or self.place()
        if manifests:
            name, path = manifests[0]
            gathered = of_rows(read_manifest(path, name), among(rest), common, kept)
        else:
            unread = [one for one in rest if one.path.suffix.lower() not in SUFFIXES]
            readable = [one for one in rest if one not in unread]
            gathered = of_files(readable, common, kept, [one.name for one in unread])
        first = (manifests or files)[0][0] if files else ""
        named = title or first + (f" + {len(files) - 1}" if len(files) > 1 and not manifests else "")
        return self._ordered(gathered, named, kept, common, subtitles, over, 0)

    def _ordered(
        self,
        found: Gathered,
        title: str,
        out: Path,
        common: ConvertRequest,
        subtitles: Sequence[str],
        over: bool,
        hands: int,
    ) -> Order:
        order = Order(
            title[:200], found.items, out.absolute(), common, tuple(subtitles), over, hands, notes=found.notes
        )
        order = distinct(order)
        cautions = Maker(order, self._renderer, self._direct).cautions()
        return replace(order, notes=(*order.notes, *cautions))

    def _check(self, common: ConvertRequest, subtitles: Sequence[str]) -> None:
        """Refuse what no file could be read with."""
        from studio.audio.formats import format_named
        from studio.audio.polish import preset

        format_named(common.format).settle(common.bitrate)
        preset(common.polish)
        subtitle_formats(list(subtitles))
        self._direct(common)

    def place(self) -> Path:
        """A folder for the files of a batch that is begun next, kept with it."""
        return self.folder / self._fresh_id() / "out"

    def look(self, order: Order) -> Job[Preview]:
        """A dry run: every file read and planned, none spoken."""
        maker = Maker(order, self._renderer, self._direct)
        hands = hands_for(order, self._engines)
        job: Job[Preview] = Job(
            lambda job: look(maker, self._paces, self._engines, self.folder, hands, job), title=order.title
        )
        job.start()
        return job

    # at work

    def begin(self, order: Order, *, unattended: bool = False, copied: bool = False) -> BatchJob:
        """Keep an order and work on it. `NotWritable`, `DiskFull` where its folder cannot be written.

        An `unattended` one goes on by itself when a server starts; `copied`: what it reads is kept with it.
        """
        _check_folder(order.out)
        inside = order.out.parent if order.out.parent.parent == self.folder else self.folder / self._fresh_id()
        try:
            order = _copied(order, inside / "inputs") if copied else order
            record = Record.create(inside, replace(order, unattended=unattended))
        except StudioError:  # a disk that is full: nothing half of a batch is kept
            shutil.rmtree(inside, ignore_errors=True)
            raise
        return self._start(record)

    def resume(self, id: str) -> BatchJob:
        """Go on with the files that wait."""
        return self._start(self.record(id))

    def retry(self, id: str) -> BatchJob:
        """Try again what failed or was cancelled, and go on with what waits."""
        record = self.record(id)
        self._refuse_busy(record)
        again = [n for n, one in record.outcomes().items() if one.state in ("failed", "cancelled")]
        record.add(*(Outcome(number, "waiting") for number in again))
        return self._start(record)

    def pause(self, id: str) -> None:
        """Stop within a step; nothing that was rendered is lost."""
        self._end(id, "paused")

    def cancel(self, id: str) -> None:
        """Stop for good; files that were not made count as cancelled."""
        if not self._end(id, "cancelled"):
            record = self.record(id)
            with record.alone():
                record.add(*(Outcome(item.number, "cancelled") for item in record.pending()))
                record.set_state("cancelled")

    def delete(self, id: str) -> None:
        """Forget a batch, with the files that are kept with it; those that were written elsewhere stay."""
        self._end(id, "paused")
        if (job := self._jobs.get(id)) is not None:
            job.join()
        record = self.record(id)
        self._refuse_busy(record)
        with self._lock:
            self._jobs.pop(id, None)
            self._records.pop(id, None)
        shutil.rmtree(record.folder, ignore_errors=True)

    def resume_all(self) -> list[BatchJob]:
        """Go on with every batch of the page that a restart or a crash interrupted."""
        waiting = [one for one in self.find() if one.unattended and one.state == "interrupted"]
        return [self._start(record) for record in waiting]

    def _start(self, record: Record) -> BatchJob:
        at_work(self._jobs.get(record.id))  # waited for here, where it keeps nobody else waiting
        with self._lock:
            if (running := at_work(self._jobs.get(record.id))) is not None:
                return running
            self._refuse_busy(record)
            maker = Maker(record.order, self._renderer, self._direct)
            job = BatchJob(record, maker, self._paces, hands_for(record.order, self._engines))
            self._jobs[record.id], self._records[record.id] = job, record
            job.start()
            return job

    def _end(self, id: str, as_what: str) -> bool:
        job = self._jobs.get(id)
        if job is None or job.over:
            return False
        job.end(as_what)  # type: ignore[arg-type]  # one of its states
        return True

    def _refuse_busy(self, record: Record) -> None:
        if record.busy:
            raise InUse(
                f"{record.title}: it is being worked on; pause it first, or wait",
                f"“{record.title}”正在处理中；请先暂停，或等它完成",
                where="id",
            )

    # what there is

    def find(self) -> list[Record]:
        """All batches, newest first."""
        names = sorted((one.name for one in self.folder.iterdir() if one.is_dir()), reverse=True)
        found = []
        for name in names:
            try:
                found.append(self.record(name))
            except StudioError:  # a folder that is being made, or is none of ours
                continue
        return found

    def voices(self) -> set[str]:
        """What batches with files yet to be made call their voices."""
        found: set[str] = set()
        for record in self.find():
            with suppress(OSError, ValueError, KeyError, TypeError):  # one that cannot be read needs none
                if record.tally.done < record.tally.files:
                    told = [record.common.to_json(), *(item.own for item in record.order.items)]
                    found |= {str(fields[name]) for fields in told for name in ("voice", "into") if fields.get(name)}
        return found

    def record(self, id: str) -> Record:
        """`NotFound` where there is none."""
        with self._lock:
            if id in self._records:
                return self._records[id]
            if not id.replace("-", "").isalnum() or not id.isascii():
                raise NotFound(f"batch “{id[:40]}”: no such batch", f"没有批次“{id[:40]}”", where="id")
            record = self._records[id] = Record(self.folder / id)
            return record

    def job(self, id: str) -> BatchJob | None:
        """The work on it in this process, running or over."""
        return self._jobs.get(id)

    def last_into(self, out: Path) -> Record:
        """The newest batch that was written into this folder. `NotFound`."""
        place = out.absolute()
        for record in self.find():
            if record.out == place:
                return record
        raise NotFound(
            f"{out}: no batch was written there; begin one", f"{out}：没有写入这个文件夹的批次；请新建", where="out"
        )

    # what came of it

    def report(self, id: str, format: str, language: str = "en") -> str:
        """As `csv` or `json`."""
        if format not in FORMATS:
            raise BadRequest(
                f"report “{format}”: takes csv or json", f"报告“{format}”：可选 csv 或 json", where="format"
            )
        return report(self.record(id), format, language)

    def write_report(self, id: str, path: Path, language: str = "en") -> None:
        """Into a file, in the format that its name says."""
        text = self.report(id, path.suffix.lower().lstrip("."), language)
        with Draft(path) as draft:
            draft.write(text.encode())

    def file(self, id: str, number: int) -> Path:
        """A finished file. `NotFound` where it is not there."""
        record = self.record(id)
        for item in record.order.items[number - 1 : number] if number > 0 else ():
            path = record.order.path(item)
            if record.outcome(number).state in ("done", "kept") and path.is_file():
                return path
        raise NotFound(
            f"file {number}: it is not made, or no longer there", f"第 {number} 个文件尚未生成或已不在", where="number"
        )

    def archive(self, id: str, language: str = "en") -> Iterator[bytes]:
        """All finished files with their subtitles and the report, as the bytes of one zip."""
        record = self.record(id)
        reports = [(f"report.{format}", self.report(id, format, language)) for format in FORMATS]
        return zipped(_finished(record), reports)

    def _fresh_id(self) -> str:
        return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(ID_LETTERS // 2)}"


def _finished(record: Record) -> Iterator[tuple[str, Path]]:
    """What stands there of a batch, by its names."""
    from studio.batch.gathering import subtitle_names

    known = record.outcomes()
    for item in record.order.items:
        if item.number in known and known[item.number].state in ("done", "kept"):
            for name in (item.output, *subtitle_names(item.output, record.order.subtitles_of(item))):
                path = record.out / name
                if path.is_file():
                    yield name, path


def _copied(order: Order, place: Path) -> Order:
    """The order with its inputs in a folder of its own; uploads are forgotten after a day."""
    items = []
    try:
        for item in order.items:
            if item.input and not item.trouble:
                source, target = Path(item.input), place / str(item.number) / Path(item.input).name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
                item = replace(item, input=str(target))
            items.append(item)
    except OSError as error:
        shutil.rmtree(place, ignore_errors=True)
        raise storage_error(error, place) from error
    return replace(order, items=tuple(items))


def _check_folder(folder: Path) -> None:
    """Make it if need be; refuse one that cannot be written now, rather than at each file."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refusal(error, folder) from error
    with Draft(folder / "batch") as draft:
        draft.discard()
