"""The desk: everything that is done with a script, from its manuscript to its masters. It is the facade's `scripts`.

Reading and plain edits go to the library; after each edit the lines it touched are planned again, so that their states
are right when they are shown next.
"""

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from studio.audio.clip import Clip
from studio.audio.files import read as read_audio
from studio.audio.tags import cover_mime
from studio.engines.contract import Control
from studio.engines.registry import Registry
from studio.errors import BadFile, BadRequest, NotFound, StudioError
from studio.library import Library, NewProduction, Page, Production, ProductionChange
from studio.library.lexicons import Entry
from studio.library.outcomes import Progress
from studio.library.production import Kind
from studio.library.script import Chapter, Edit, Line, LineChange, LineQuery, LineTake, Member, NewLine, Part, Scope
from studio.library.voice import KEPT
from studio.manuscripts.document import PARTS, Document
from studio.manuscripts.reading import BY_SUFFIX, FORMATS, read_document
from studio.production import lexicon, rights, suggesting
from studio.production.casting import cast, in_words, text_seed
from studio.production.choices import Begun, Choices, again, kept
from studio.production.deliveries import COVER, MUSIC, Deliveries
from studio.production.executors import Executor
from studio.production.gates import PROBLEMS
from studio.production.into import into_of
from studio.production.linework import LinePlan, LinePlanner
from studio.production.masters import MASTERS, Master
from studio.production.planning import SpeakRequest
from studio.production.scripting import Script, merged, script_of
from studio.production.sound import KINDS, SOUND, settle_sound
from studio.production.workshop import Listen, ScriptJob, Workshop
from studio.text.declarations import EMOTIONS
from studio.text.quotes import Figure
from studio.words import Words

SETTLED_AT_ONCE = 600  # lines planned before an edit returns; the rest follows by itself
MUSIC_S = 900.0  # of a piece of music that is kept with a production
MANUSCRIPT = "manuscript"
ALL = LineQuery()
USUALLY = Choices()
EVERYTHING = Scope()
NEW = Begun()


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
        self.workshop = Workshop(library, executor, self.planner, listen)
        files = self._files = Deliveries(self, library, engines)
        self.export, self.export_job, self.material, self.stems = files.export, files.job, files.material, files.stems
        self.exported, self.exported_file, self.export_notes = files.exported, files.exported_file, files.notes
        self.deliver, self.delivery = files.deliver, files.delivery
        self._lock = threading.Lock()
        self._settling: set[str] = set()

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

    # manuscripts

    def look(self, path: Path, name: str = "", format: str = "", language: str = "auto") -> Document:
        """What is in a manuscript, for a preview. `BadFile`."""
        return read_document(path, name=name, format=format, language=language)

    def script_of(self, document: Document, choices: Choices = USUALLY) -> Script:
        """The script that a manuscript would become."""
        return script_of(document, choices)

    def arranged(self, path: Path, choices: Choices) -> Mapping[str, Any]:
        """The choices as `ConvertRequest.choices` takes them: nothing where they are the usual ones."""
        document = self.look(path)
        usual = choices.applied(document) == USUALLY.applied(document)
        return {} if usual else kept(choices, document)

    def begin(self, path: Path, begun: Begun = NEW, choices: Choices = USUALLY, name: str = "") -> Production:
        """A new production from a manuscript: its script, a cast to begin with, nothing rendered."""
        document = self.look(path, name, language=begun.language)
        script = script_of(document, choices)
        return self.begin_with(document, script, path, begun, choices=kept(choices, document))

    def begin_with(
        self, document: Document, script: Script, path: Path, begun: Begun, kind: Kind = "script", **settings: Any
    ) -> Production:
        """A new production from what was found in the file at `path`; `settings` go on top of the usual ones."""
        if not script.lines:
            raise BadFile(
                f"{document.name}: nothing in what was chosen can be spoken",
                f"{document.name}：所选内容里没有可以朗读的文字",
                where=document.name,
            )
        production = self._new(document, begun, kind, settings)
        folder = self.folder(production.id)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / MANUSCRIPT)
        if document.cover:
            (folder / COVER).write_bytes(document.cover)
        self._library.scripts.write(production.id, script.chapters)
        self._library.casts.put(production.id, self._first_cast(begun, script.figures, document.language))
        self._settle(production.id)
        return self.get(production.id)

    def empty(self, begun: Begun) -> Production:
        """A new production without a manuscript: one chapter, one line to write in."""
        title = begun.title or "Untitled"
        production = self._new(Document(title, "txt", title, begun.author, begun.language, ()), begun)
        chapter = self._library.scripts.add_chapter(production.id, "1")
        self._library.scripts.insert(production.id, NewLine("…"), chapter=chapter)
        self._library.casts.put(production.id, [_narrator(begun)])
        return self.get(production.id)

    def revise(self, id: str, path: Path, choices: Choices | None = None, name: str = "") -> Mapping[str, int]:
        """Lay a new version of the manuscript over the script: lines whose sentence is still there stay as they are.

        So do titles that were changed here. `choices`: None is what was chosen when the production was begun.
        """
        document = self.look(path, name)
        settings = self.get(id).settings
        choices = again(settings.get("choices"), document) if choices is None else choices
        fresh = script_of(document, choices)
        scripts = self._library.scripts
        chapters = scripts.chapters(id)
        old = [(one.id, list(scripts.all_lines(id, LineQuery(chapter=one.id)))) for one in chapters]
        found = merged(old, fresh)
        given = self._titles_given(id)
        ours = {one.id: one.title for one in chapters if one.id in found.titles and given and one.title not in given}
        what = Words(f"new version of the manuscript ({document.name})", f"新版文稿（{document.name}）")
        scripts.revise(id, what, found.chapters, {**found.titles, **ours})
        shutil.copyfile(path, self.folder(id) / MANUSCRIPT)
        change = ProductionChange(settings={**settings, "choices": kept(choices, document)})
        self._library.productions.update(id, change)
        known = self._library.casts.get(id)
        fresh_members = [
            m for m in self._first_cast(Begun(), fresh.figures, document.language) if m.speaker not in known
        ]
        self._library.casts.put(id, [m for m in fresh_members if m.speaker])
        self._settle(id)
        return {"kept": found.kept, "added": found.added, "removed": found.removed}

    def _titles_given(self, id: str) -> set[str]:
        """What the manuscript of now calls its chapters; nothing where it cannot be read any more."""
        settings = self.get(id).settings
        try:
            document = self.look(self.folder(id) / MANUSCRIPT, str(settings.get("source", "")))
        except BadFile:
            return set()
        return {chapter.title for chapter in script_of(document, again(settings.get("choices"), document)).chapters}

    def _new(
        self, document: Document, begun: Begun, kind: Kind = "script", more: Mapping[str, Any] = MappingProxyType({})
    ) -> Production:
        self._engines.get(begun.engine).spec.check_language(begun.language)
        into_of(self._engines, self._library, begun.into, begun.converter)
        if begun.kind not in KINDS:
            raise NotFound.among(Words("kind", "类型"), begun.kind, list(KINDS), where="kind")
        title = begun.title.strip() or document.title or document.name
        settings = {
            "kind": begun.kind,
            "reading": {
                "engine": begun.engine,
                "language": begun.language,
                "seed": text_seed(begun.seed),
                "steps": None,
            },
            "sound": dict(KINDS[begun.kind][1]),
            "rendering": {},
            "source": document.name,
            **more,
        }
        author = begun.author.strip() or document.author
        new = NewProduction(title[:200], author[:200], document.language, document.name, settings, kind=kind)
        return self._library.productions.add(new)

    def _first_cast(self, begun: Begun, figures: Sequence[Figure], language: str) -> list[Member]:
        """The narrator as asked, and for each figure a voice that fits, no two alike while there are enough."""
        narrator = _narrator(begun)
        engine = self._engines.get(begun.engine)
        heard = narrator.voice or engine.spec.default_voice or engine.voices()[0].name
        return [narrator, *suggesting.cast_for(figures, engine, self._library, language, heard)]

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
            self._settle(id)

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

    def edit(self, production: str, what: str, /, **how: Any) -> Any:
        """One edit of `library.scripts` (change, insert, delete, split, merge, move, replace, undo …), then planned."""
        if what not in EDITS:
            raise NotFound.among(Words("edit", "编辑"), what, EDITS, where="edit")
        result = getattr(self._library.scripts, what)(production, **how)
        self._settle(production)
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

    def choose(self, id: str, line: str, take: str) -> None:
        self._library.outcomes.choose(id, line, take)

    def spoken(self, id: str, line: str) -> LinePlan:
        """What would be said of a line and how, with the lexicon's readings in it."""
        return self.planner(id).plan(self.line(id, line))

    # cast and lexicon

    def member(self, id: str, speaker: str) -> Member:
        """Who speaks a part, with what its row leaves open filled in."""
        return self.planner(id).member(speaker)

    def parts(self, id: str) -> tuple[Part, ...]:
        """Every speaker with who speaks it."""
        return self._library.casts.parts(id)

    def cast(self, id: str, members: Sequence[Member]) -> None:
        """Cast parts. Lines whose recipe changes by it become stale, no others; it is undone like an edit of lines."""
        planner = self.planner(id)
        for member in members:
            engine = self._engines.get(member.engine or planner.member("").engine)
            engine.spec.settle(dict(member.controls))
            suggesting.check_voice(self._library, engine, member.voice)
            if not member.into.startswith(KEPT):
                into_of(self._engines, self._library, member.into, member.converter)
            if not -40 <= member.gain_db <= 20 or not -1 <= member.pan <= 1:
                raise BadRequest(
                    "gain: takes -40 to 20 dB; pan: takes -1 to 1",
                    "音量应为 -40 到 20 dB，声像应为 -1 到 1",
                    where="cast",
                )
        self._library.casts.change(id, members)
        # also where nothing changed: to cast a part as it was is to say that its lines shall be tried again
        narrator = any(not member.speaker for member in members)
        self._library.outcomes.forget_plans(id, speakers=None if narrator else [m.speaker for m in members])
        self._settle(id)

    def pan(self, id: str, pans: Mapping[str, float]) -> None:
        """Put speakers left (-1) or right (1). Nothing is rendered again for it; it is undone like an edit of lines."""
        known = [part.member.speaker for part in self.parts(id)]
        for speaker, pan in pans.items():
            if speaker not in known:
                raise NotFound.among(Words("speaker", "说话人"), speaker, known, where="speaker")
            if not -1 <= pan <= 1:
                raise BadRequest(
                    f"pan {pan:g}: takes -1 (left) to 1 (right)",
                    f"声像 {pan:g}：应为 -1（左）到 1（右）",
                    where="pan",
                )
        self._library.casts.place(id, pans)

    def replan(self, id: str, speakers: Sequence[str]) -> None:
        """The voice of these speakers changed: their lines are planned anew, and stale where they sound different."""
        self._library.outcomes.forget_plans(id, speakers=None if "" in speakers else list(speakers))
        self._settle(id)

    def rename_speaker(self, id: str, old: str, new: str) -> int:
        """All lines of one speaker are another's; how many. One edit, undone like any other."""
        count = self._library.casts.rename(id, old, new)
        self._settle(id)
        return count

    def missing(self, id: str) -> dict[str, Words]:
        """Speakers whose voice cannot be used, and why."""
        planner, found = self.planner(id), {}
        for part in self.parts(id):
            member = planner.member(part.member.speaker)
            try:
                suggesting.check_voice(self._library, self._engines.get(member.engine), member.voice)
                into_of(self._engines, self._library, member.into, member.converter)
            except StudioError as error:
                found[part.member.speaker] = error.words
        return found

    def cautions(self, id: str) -> dict[str, Words]:
        """Speakers with lines whose voice may not sound as it did, and why: it was made for other weights."""
        planner, found = self.planner(id), {}
        for speaker in [part.member.speaker for part in self.parts(id) if part.lines]:
            for words in in_words(planner.cautions([speaker])):
                found[speaker] = words
        return found

    def sample(self, id: str, speaker: str) -> SpeakRequest:
        """What this speaker sounds like, in words of their own: a line of theirs, to be spoken."""
        lines = self._library.scripts.lines(id, LineQuery(speaker=speaker), 0, 40).items
        if not lines:
            raise NotFound(f"“{speaker}” has no lines", f"“{speaker}”没有台词", where="speaker")
        line = max(lines, key=lambda one: -abs(len(one.text) - 60))
        member = self.planner(id).member(speaker)
        return SpeakRequest(
            line.text, engine=member.engine, voice=member.voice, style=member.style, controls=dict(member.controls),
            into=member.into, converter=member.converter,
        )  # fmt: skip

    def words(self, scope: str = "") -> tuple[Entry, ...]:
        """The lexicon of a production, or the global one."""
        return self._library.lexicons.list(scope)

    def put_word(self, word: str, reading: str, scope: str = "", note: str = "") -> None:
        self.put_words([Entry(word, reading, note, scope)])

    def put_words(self, entries: Sequence[Entry]) -> None:
        """Teach readings; lines with these words become stale."""
        self._library.lexicons.put(entries)
        for scope in {entry.scope for entry in entries}:
            self._reread(scope, [entry.word for entry in entries if entry.scope == scope])

    def drop_words(self, words: Sequence[str], scope: str = "") -> None:
        self._library.lexicons.delete(words, scope)
        self._reread(scope, words)

    def import_words(self, text: str, scope: str = "", name: str = "lexicon.csv") -> int:
        """A lexicon from a table; how many words."""
        entries = lexicon.from_csv(text, scope, name)
        if entries:
            self.put_words(entries)
        return len(entries)

    def export_words(self, scope: str = "") -> str:
        return lexicon.to_csv(self.words(scope))

    def _reread(self, scope: str, words: Sequence[str]) -> None:
        touched = [scope] if scope else [one.id for one in self.find(size=500).items]
        for id in touched:
            for at in range(0, len(words), 100):
                self._library.outcomes.forget_plans(id, words=words[at : at + 100])
            self._settle(id)

    # rendering; what becomes files is `deliveries`' business

    def render(self, id: str, scope: Scope = EVERYTHING) -> ScriptJob:
        """Render what asks for it, in the background. `NotPermitted` for a cloned voice without consent in the cast."""
        self.permit(id)
        return self.workshop.start(id, scope)

    def again(self, id: str, lines: Sequence[str]) -> ScriptJob:
        """Another take of each of these lines."""
        self.permit(id)
        self._library.scripts.anew(id, lines)
        return self.workshop.start(id, Scope(lines=tuple(lines)))

    def permit(self, id: str) -> None:
        """`NotPermitted` where somebody is cast who may not be produced with; in whose timbre it is said counts too."""
        self.get(id)
        planner = self.planner(id)
        for part in self.parts(id):
            member = planner.member(part.member.speaker)
            if part.lines:
                with suppress(NotFound):  # a voice that is gone is told line by line
                    engine = self._engines.get(member.engine)
                    rights.require(self._library, [cast(self._library, engine, member.voice)], member.engine)
                    into = into_of(self._engines, self._library, member.into, member.converter)
                    if into is not None:
                        rights.require(self._library, [into.voice], into.spec.id)

    def retry(self, id: str) -> int:
        """Lines that failed may be rendered again; how many."""
        count = self._library.outcomes.retry(id)
        self._settle(id)
        return count

    def progress(self, id: str) -> Progress:
        return self._library.outcomes.progress(id)

    # planning

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
        self._settle(found.id)
        return self.get(found.id)

    def planner(self, id: str) -> LinePlanner:
        """What plans the lines of a production as it is now."""
        styles = self._styles()

        def controls(style: str, engine: str) -> Mapping[str, Any]:
            return styles.get(style, engine).controls  # type: ignore[no-any-return]

        def names(engine: str) -> frozenset[str]:
            return frozenset(style.name for style in styles.list(engine))

        reading = self._library.productions.get(id).settings.get("reading", {})
        return LinePlanner(self._engines, self._library, id, reading, controls, names)

    def clip(self, take: str) -> Clip:
        return self._library.cache.load(take)

    def all_lines(self, id: str, query: LineQuery = ALL) -> Iterator[Line]:
        return self._library.scripts.all_lines(id, query)

    def _settle(self, id: str) -> None:
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


def _narrator(begun: Begun) -> Member:
    return Member("", begun.engine, begun.voice, begun.style, into=begun.into, converter=begun.converter)


EDITS = (
    "change", "insert", "delete", "split", "merge", "move", "replace", "undo", "redo", "add_chapter", "change_chapter",
    "delete_chapter",
)  # fmt: skip
