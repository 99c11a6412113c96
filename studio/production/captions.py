"""Subtitles of what was made: where each line and each word lies in a finished file, kept beside the production.

Lines are noted while a file is written, in frames of that file, and become seconds only here, each by itself: nothing
adds up, however long a book is. They are kept whole, in the studio's own JSON, and cut for the screen when asked for.
"""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from studio.audio.drafts import Draft
from studio.errors import BadRequest, NotFound
from studio.manuscripts.keeping import Loss, losses
from studio.manuscripts.subtitles import READS, read_subtitle_file
from studio.text.cue_checks import Problem, language_of, problems
from studio.text.cues import NORMS, WIDE, Cue, Norms, Subtitles, norms_for
from studio.text.scan import without_marks
from studio.text.subtitles import FORMATS, JSON_FORMAT, JSON_VERSION, cue_json, json_head
from studio.text.timing import Known, resplit, shifted, timed
from studio.words import Words

if TYPE_CHECKING:
    from studio.library import Library
    from studio.production.exports import Exported

FOLDER = "captions"  # of a production
FILES = "files.json"  # the finished files, in order; the lines of the n-th are in n.json
AS_IS, AUTO = "", "auto"
FORMAT = Words("subtitle format", "字幕格式")


def spoken_cue(text: str, speaker: str, start: float, end: float, known: Known = ()) -> Cue | None:
    """A line that was said, with its words where an engine told them. None for a line without words."""
    said = " ".join(without_marks(text).split())
    if not said or end <= start:
        return None
    return Cue(start, end, said, speaker, words=timed(said, start, end, known) if known else ())


class CaptionLog:
    """Writes down the lines of one file as they are heard, whole or not at all; in flat memory."""

    def __init__(self, path: Path, title: str = "", author: str = "") -> None:
        self._draft = Draft(path)
        said = json_head(Subtitles((), title=title, author=author))
        start = json.dumps({"format": JSON_FORMAT, "version": JSON_VERSION, **said}, ensure_ascii=False)
        self._write(f'{start[:-1]}, "cues": [')
        self._empty = True

    def __enter__(self) -> "CaptionLog":
        self._draft.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None:
            self._write("\n]}\n")
        self._draft.__exit__(kind, error, at)

    def add(self, cue: Cue | None) -> None:
        if cue is not None:
            self._write(("\n" if self._empty else ",\n") + json.dumps(cue_json(cue), ensure_ascii=False))
            self._empty = False

    def _write(self, text: str) -> None:
        self._draft.write(text.encode())


def begin(folder: Path) -> Path:
    """The folder for the lines of a production's new files; those of older files are gone."""
    kept = folder / FOLDER
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    return kept


def finish(kept: Path, files: Sequence[Path]) -> None:
    """The lines belong to these files, in their order."""
    with Draft(kept / FILES) as draft:
        draft.write(json.dumps([str(path.absolute()) for path in files], ensure_ascii=False).encode())


def keep(folder: Path, done: "Exported", library: "Library", author: str = "") -> None:
    """The lines of an exported script, file by file."""
    kept = begin(folder)
    for number, (file, cues) in enumerate(zip(done.files, _by_file(done, library), strict=True)):
        with CaptionLog(kept / f"{number}.json", file.title, author) as log:
            for cue in cues:
                log.add(cue)
    finish(kept, [file.path for file in done.files])


def _by_file(done: "Exported", library: "Library") -> Iterator[Iterator[Cue | None]]:
    """The cues of each file, in seconds of that file."""
    for start, after in zip(done.starts, [*done.starts[1:], None], strict=True):
        inside = [p for p in done.placed if p.start >= start and (after is None or p.start < after)]

        def cues(start: int = start, inside: list = inside) -> Iterator[Cue | None]:  # type: ignore[type-arg]
            for placed in inside:
                take = library.cache.get(placed.line.take)
                shift = (placed.shift - start) / done.rate
                words = [(word, low + shift, high + shift) for word, low, high in (take.words if take else ())]
                times = (placed.start - start) / done.rate, (placed.end - start) / done.rate
                yield spoken_cue(placed.line.text, placed.line.speaker, *times, words)

        yield cues()


class Captions:
    """Subtitles: of productions and takes, and files of them. It is the facade's `subtitles`."""

    def __init__(self, library: "Library") -> None:
        self._library = library

    def formats(self) -> Mapping[str, Words]:
        """What can be written."""
        return {name: words for name, (words, _) in FORMATS.items()}

    def suffixes(self) -> tuple[str, ...]:
        """Endings of the files that can be read."""
        return tuple(READS)

    # files

    def read(self, path: Path, format: str = "", name: str = "") -> Subtitles:
        """A file of any encoding. `BadFile`; what was odd about it is in its notes."""
        if format and format not in READS:
            raise NotFound.among(FORMAT, format, READS, where="from")
        return read_subtitle_file(path, READS.get(format, ""), name)

    def written(self, found: Subtitles, format: str) -> str:
        return FORMATS[self.check_format(format)][1](found)

    def save(self, found: Subtitles, path: Path, format: str = "") -> None:
        """Into a file of `format` (default: by its name), whole or not at all."""
        text = self.written(found, format or READS.get(path.suffix.lower().lstrip("."), path.suffix.lstrip(".")))
        with Draft(path) as draft:
            draft.write(text.encode())

    def losses(self, found: Subtitles, format: str) -> tuple[Loss, ...]:
        """What a format cannot keep of these."""
        return losses(found, self.check_format(format))

    def problems(self, found: Subtitles, norms: str = AUTO) -> tuple[Problem, ...]:
        """Where readers or voices would stumble, cue by cue."""
        return problems(found, self.norms(norms, found))

    def resplit(self, found: Subtitles, norms: str = AUTO) -> Subtitles:
        """Cut and timed anew by the norms of a language ("auto": the one that is found)."""
        return resplit(found, self.norms(norms, found))

    def shifted(self, found: Subtitles, seconds: float) -> Subtitles:
        return shifted(found, seconds)

    def norms(self, name: str, found: Subtitles) -> Norms:
        """The norms of reading of a language; `BadRequest` names those that are known."""
        if name == AUTO:
            return norms_for(language_of(found))
        known = {"en": WIDE, **NORMS}
        if name not in known:
            raise BadRequest(
                f"norms “{name}”: known are auto, {', '.join(known)}",
                f"阅读规范“{name}”：可选 auto、{'、'.join(known)}",
                where="norms",
            )
        return known[name]

    def check_format(self, format: str) -> str:
        """The name of a format. `NotFound` names the nearest."""
        format = READS.get(format, format)
        if format not in FORMATS:
            raise NotFound.among(FORMAT, format, FORMATS, where="format")
        return format

    # of what was made

    def files(self, id: str) -> tuple[Path, ...]:
        """The finished files of a production whose lines are known, in order."""
        path = self._folder(id) / FILES
        return tuple(map(Path, json.loads(path.read_text("utf-8")))) if path.is_file() else ()

    def lines_of(self, id: str, file: int = 0) -> Subtitles:
        """The lines of a finished file (the `file`-th, from 0), each whole. `NotFound` before an export."""
        path = self._folder(id) / f"{file}.json"
        if file < 0 or not path.is_file():
            raise NotFound(
                f"production {id}: there is no finished file {file + 1} whose lines are known; "
                "export it first (an EPUB has its own times)",
                f"作品 {id}：没有第 {file + 1} 个已导出的成品；请先导出（EPUB 自带时间，不另出字幕）",
                where="file",
            )
        return read_subtitle_file(path, "json")

    def of_production(self, id: str, format: str, file: int = 0, norms: str = AUTO) -> str:
        """The subtitles of a finished file: cut to be read, or whole with their words, as JSON and TSV."""
        return self._shown(self.lines_of(id, file), format, norms)

    def of_take(self, digest: str, format: str, norms: str = AUTO) -> str:
        """The subtitles of a take; between the words that its engine told, or by letters where it told none."""
        details = self._library.takes.details(digest)
        cue = spoken_cue(details.text, "", 0.0, details.take.seconds, details.words)
        return self._shown(Subtitles((cue,) if cue else (), title=details.take.excerpt), format, norms)

    def beside(self, id: str, formats: Sequence[str]) -> list[Path]:
        """The subtitles of every finished file, under its name beside it; what was written."""
        written: list[Path] = []
        self.lines_of(id)  # told before anything is written
        for number, path in enumerate(self.files(id)):
            for format in formats:
                target = path.with_suffix(f".{self.check_format(format)}")
                with Draft(target) as draft:
                    draft.write(self.of_production(id, format, number).encode())
                written.append(target)
        return written

    def take_beside(self, digest: str, path: Path, formats: Sequence[str]) -> list[Path]:
        """The subtitles of a take under the name of its file."""
        written = []
        for format in formats:
            target = path.with_suffix(f".{self.check_format(format)}")
            with Draft(target) as draft:
                draft.write(self.of_take(digest, format).encode())
            written.append(target)
        return written

    def asked(self, formats: str) -> list[str]:
        """The formats in "srt,vtt". `NotFound` for one that is not known."""
        return [self.check_format(one.strip().lower()) for one in formats.split(",") if one.strip()]

    def _shown(self, found: Subtitles, format: str, norms: str) -> str:
        if self.check_format(format) in ("json", "tsv"):  # for programs: line by line
            return FORMATS[format][1](found)
        return FORMATS[format][1](resplit(found, self.norms(norms, found)))

    def _folder(self, id: str) -> Path:
        return self._library.folder.productions / self._library.productions.get(id).id / FOLDER
