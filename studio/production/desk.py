"""The desk: everything that is done with a script, from its manuscript to its masters. It is the facade's `scripts`.

Reading and plain edits go to the library; after each edit the lines it touched are planned again, so that their states
are right when they are shown next. What takes more than that stands in a class of its own and is offered here by name:
`Intake` begins scripts from manuscripts, `CastList` says who speaks, `Lexicons` how words are read, and `Deliveries`
writes the files.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from studio.audio.clip import Clip
from studio.audio.files import read as read_audio
from studio.audio.tags import cover_mime
from studio.engines.contract import Control
from studio.engines.registry import Registry
from studio.errors import BadFile, BadRequest, NotFound
from studio.library import Library, Page, Production, ProductionChange
from studio.library.outcomes import Progress
from studio.library.script import Chapter, Edit, Line, LineChange, LineQuery, LineTake, Scope
from studio.manuscripts.document import PARTS
from studio.manuscripts.reading import BY_SUFFIX, FORMATS
from studio.production import rights
from studio.production.cast_list import CastList
from studio.production.deliveries import COVER, MUSIC, Deliveries
from studio.production.executors import Executor
from studio.production.gates import PROBLEMS
from studio.production.intake import Intake
from studio.production.lexicon import Lexicons
from studio.production.linework import LinePlan, LinePlanner
from studio.production.masters import MASTERS, Master
from studio.production.sound import KINDS, SOUND, settle_sound
from studio.production.workshop import Listen, ScriptJob, Workshop
from studio.text.declarations import EMOTIONS
from studio.words import Words

SETTLED_AT_ONCE = 600  # lines planned before an edit returns; the rest follows by itself
MUSIC_S = 900.0  # of a piece of music that is kept with a production
ALL = LineQuery()
EVERYTHING = Scope()


class Desk:
    """Scripts of one data folder. Every method may be called from any thread."""

    def __init__(
        self,
        library: Library,
        engines: Registry,
        executor: Executor,
        styles: Callable[[], Any],
        listen: Callable[[], Listen | None],
    ) -> None:
        self._library, self._engines, self._styles = library, engines, styles
        self._lock = threading.Lock()
        self._settling: set[str] = set()
        self.workshop = Workshop(library, executor, self.planner, listen)

        intake = Intake(self, library, engines)
        self.look, self.script_of, self.arranged = intake.look, intake.script_of, intake.arranged
        self.begin, self.begin_with, self.empty = intake.begin, intake.begin_with, intake.empty
        self.revise = intake.revise

        casts = CastList(self, library, engines)
        self.parts, self.member, self.sample = casts.parts, casts.member, casts.sample
        self.cast, self.pan, self.replan = casts.cast, casts.pan, casts.replan
        self.rename_speaker = casts.rename_speaker
        self.missing, self.cautions, self.permit = casts.missing, casts.cautions, casts.permit

        words = Lexicons(library, self.settle)
        self.words, self.import_words, self.export_words = words.words, words.import_words, words.export_words
        self.put_word, self.put_words, self.drop_words = words.put_word, words.put_words, words.drop_words

        files = self._files = Deliveries(self, library, engines)
        self.export, self.export_job, self.material, self.stems = files.export, files.job, files.material, files.stems
        self.exported, self.exported_file, self.export_notes = files.exported, files.exported_file, files.notes
        self.deliver, self.delivery = files.deliver, files.delivery

    def close(self) -> None:
        """Stop everything; renders go on with the next `workshop.resume_all`."""
        self._files.stop()
        self.workshop.close()
        self._files.join()

    # what there is

    def kinds(self) -> Mapping[str, Words]:
        """Kinds of productions, with what each is called."""
        return {name: words for name, (words, _) in KINDS.items()}

    def parts_of_manuscripts(self) -> Mapping[str, Words]:
        """What may stand in a manuscript besides its text."""
        return PARTS  # type: ignore[return-value]  # its keys are a Literal

    def formats_of_manuscripts(self) -> Mapping[str, Words]:
        return FORMATS

    def suffixes(self) -> tuple[str, ...]:
        """Endings of the files that are read, without the dot."""
        return tuple(name for name in BY_SUFFIX if name)

    def emotions(self) -> Mapping[str, Words]:
        return EMOTIONS

    def problems(self) -> Mapping[str, Words]:
        """What the gates find."""
        return {code: words for code, (_, words) in PROBLEMS.items()}

    def sound_controls(self) -> tuple[Control, ...]:
        return SOUND

    def masters(self) -> tuple[Master, ...]:
        return MASTERS

    # productions

    def find(self, page: int = 1, size: int = 50) -> Page[Production]:
        return self._library.productions.find(kind="script", page=page, size=size)

    def get(self, id: str) -> Production:
        """One production that has a script. `NotFound`."""
        found = self._library.productions.get(id)
        if found.kind == "conversion":
            raise NotFound(
                f"production “{id}” has no script: it was converted in one go",
                f"作品“{id}”没有剧本：它是一次性转换的",
                where="production",
            )
        return found

    def folder(self, id: str) -> Path:
        """Where its files are."""
        return self._library.folder.productions / self._library.productions.get(id).id

    def rename(self, id: str, title: str | None = None, author: str | None = None) -> Production:
        return self._library.productions.update(id, ProductionChange(title=title, author=author))

    def delete(self, id: str) -> None:
        """Take it off the shelf (undo: `restore`)."""
        self.workshop.cancel(id)
        self._library.productions.delete([id])

    def restore(self, id: str) -> None:
        self._library.productions.restore([id])

    def duplicate(self, id: str, title: str = "") -> Production:
        """A copy with the same script, cast, lexicon and settings; its takes are found in the cache."""
        from studio.production.packing import copied

        return copied(self._library, self.get(id), title)

    def settings(self, id: str) -> dict[str, Any]:
        """All settings, with the defaults of what was never set."""
        kept = self.get(id).settings
        return {**kept, "sound": settle_sound(kept.get("sound", {}))}

    def change_settings(self, id: str, section: str, values: Mapping[str, Any]) -> None:
        """Change settings of `reading`, `sound` or `rendering`. `BadRequest`, `BadControl`."""
        kept = self.get(id).settings
        if section not in ("reading", "sound", "rendering"):
            raise NotFound.among(Words("section", "设置"), section, ["reading", "sound", "rendering"], where="section")
        fresh = {**kept.get(section, {}), **values}
        if section == "sound":
            settle_sound(fresh)
        elif section == "reading":
            engine = self._engines.get(str(fresh.get("engine", "espeak")))
            engine.spec.check_language(str(fresh.get("language", "auto")))
        elif not 0 <= int(fresh.get("tries", 0)) <= 8:
            raise BadRequest("tries: takes 0 to 8", "重试次数：应为 0 到 8", where="tries")
        self._library.productions.update(id, ProductionChange(settings={**kept, section: fresh}))
        if section == "reading":
            self._library.outcomes.forget_plans(id)
            self.settle(id)

    def put_file(self, id: str, what: str, data: bytes | None, name: str = "") -> None:
        """Keep a cover or a piece of music with the production; None takes it away. `BadFile`."""
        if what not in (COVER, MUSIC):
            raise NotFound.among(Words("file", "文件"), what, [COVER, MUSIC], where="file")
        folder = self.folder(id)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / what
        if data is None:
            path.unlink(missing_ok=True)
            return
        fresh = folder / f"{what}.new"
        fresh.write_bytes(data)
        try:
            if what == COVER:
                cover_mime(data)
            elif read_audio(fresh, longest_s=MUSIC_S).seconds < 1:
                raise BadFile(f"{name or what}: under a second of sound", f"{name or what}：不足一秒", where=what)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)

    # the script

    def chapters(self, id: str) -> tuple[Chapter, ...]:
        return self._library.scripts.chapters(id)

    def lines(self, id: str, query: LineQuery = ALL, offset: int = 0, size: int = 100) -> Any:
        return self._library.scripts.lines(id, query, offset, size)

    def line(self, id: str, line: str) -> Line:
        return self._library.scripts.line(id, line)

    def all_lines(self, id: str, query: LineQuery = ALL) -> Iterator[Line]:
        return self._library.scripts.all_lines(id, query)

    def edit(self, production: str, what: str, /, **how: Any) -> Any:
        """One edit of `library.scripts` (change, insert, delete, split, merge, move, replace, undo …), then planned."""
        if what not in EDITS:
            raise NotFound.among(Words("edit", "编辑"), what, EDITS, where="edit")
        result = getattr(self._library.scripts, what)(production, **how)
        self.settle(production)
        return result

    def change(self, id: str, lines: Sequence[str], **values: Any) -> None:
        """Change fields of lines; see `LineChange`."""
        self.edit(id, "change", ids=lines, change=LineChange(**values))

    def strip(self, id: str, chapter: str) -> tuple[tuple[str, float, str, str], ...]:
        """(line, seconds, state, problem) of a chapter: what a picture of it is drawn from."""
        return self._library.scripts.strip(id, chapter)

    def report(self, id: str, language: str = "en") -> str:
        """One page of HTML about the production: cast, chapters, problems, files. It loads nothing from elsewhere."""
        from studio.production.report import report_page

        return report_page(self, id, language)

    def place(self, id: str, line: str) -> tuple[str, int]:
        """The chapter of a line, and how many lines stand before it there."""
        return self._library.scripts.place(id, line)

    def edits(self, id: str) -> tuple[Edit, ...]:
        """What can be taken back or made again, the last one first."""
        return self._library.scripts.edits(id)

    def takes(self, id: str, line: str) -> tuple[LineTake, ...]:
        return self._library.outcomes.takes(id, line)

    def clip(self, take: str) -> Clip:
        return self._library.cache.load(take)

    def choose(self, id: str, line: str, take: str) -> None:
        self._library.outcomes.choose(id, line, take)

    def spoken(self, id: str, line: str) -> LinePlan:
        """What would be said of a line and how, with the lexicon's readings in it."""
        return self.planner(id).plan(self.line(id, line))

    # rendering

    def render(self, id: str, scope: Scope = EVERYTHING) -> ScriptJob:
        """Render what asks for it, in the background. `NotPermitted` for a cloned voice without consent in the cast."""
        self.permit(id)
        return self.workshop.start(id, scope)

    def again(self, id: str, lines: Sequence[str]) -> ScriptJob:
        """Another take of each of these lines."""
        self.permit(id)
        self._library.scripts.anew(id, lines)
        return self.workshop.start(id, Scope(lines=tuple(lines)))

    def retry(self, id: str) -> int:
        """Lines that failed may be rendered again; how many."""
        count = self._library.outcomes.retry(id)
        self.settle(id)
        return count

    def progress(self, id: str) -> Progress:
        return self._library.outcomes.progress(id)

    # packs

    def pack(self, id: str, target: Path, *, takes: bool = True) -> int:
        """The production as a `.zip` or a folder; how many takes are in it. `NotPermitted` for takes of a cloned voice
        without consent."""
        from studio.production.packing import pack

        self.get(id)
        if takes:
            rights.require_script(self._library, id)
        return pack(self._library, id, target, takes=takes)

    def is_pack(self, path: Path) -> bool:
        """Whether a file is a packed production."""
        import zipfile

        try:
            with zipfile.ZipFile(path) as archive:
                return "production.json" in archive.namelist()
        except (OSError, zipfile.BadZipFile, ValueError):
            return False

    def unpack(self, path: Path) -> Production:
        """A production from a pack. `BadFile`."""
        from studio.production.packing import unpack

        found = unpack(self._library, path).production
        self.settle(found.id)
        return self.get(found.id)

    # planning

    def planner(self, id: str) -> LinePlanner:
        """What plans the lines of a production as it is now."""
        styles = self._styles()

        def controls(style: str, engine: str) -> Mapping[str, Any]:
            return styles.get(style, engine).controls  # type: ignore[no-any-return]

        def names(engine: str) -> frozenset[str]:
            return frozenset(style.name for style in styles.list(engine))

        reading = self._library.productions.get(id).settings.get("reading", {})
        return LinePlanner(self._engines, self._library, id, reading, controls, names)

    def settle(self, id: str) -> None:
        """Plan what an edit touched: a few lines at once, many on a thread of their own."""
        if self.workshop.settle(id, most=SETTLED_AT_ONCE) < SETTLED_AT_ONCE:
            return
        with self._lock:
            if id in self._settling:
                return
            self._settling.add(id)

        def rest() -> None:
            try:
                self.workshop.settle(id)
            finally:
                self._settling.discard(id)

        threading.Thread(target=rest, name=f"settle-{id[:8]}", daemon=True).start()


EDITS = (
    "change", "insert", "delete", "split", "merge", "move", "replace", "undo", "redo", "add_chapter", "change_chapter",
    "delete_chapter",
)  # fmt: skip
