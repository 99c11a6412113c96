"""Where manuscripts come in: looked into, begun as a production, and laid over one that is there already."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from studio.engines.registry import Registry
from studio.errors import BadFile, NotFound
from studio.library import Library, NewProduction, Production, ProductionChange
from studio.library.production import Kind
from studio.library.script import LineQuery, Member, NewLine
from studio.manuscripts.document import Document
from studio.manuscripts.reading import read_document
from studio.production import suggesting
from studio.production.casting import text_seed
from studio.production.choices import Begun, Choices, again, kept
from studio.production.deliveries import COVER
from studio.production.into import into_of
from studio.production.scripting import Script, merged, script_of
from studio.production.sound import KINDS
from studio.text.quotes import Figure
from studio.words import Words

MANUSCRIPT = "manuscript"
USUALLY = Choices()
NEW = Begun()


class Home(Protocol):
    """What is asked of the desk."""

    def get(self, id: str) -> Production: ...
    def folder(self, id: str) -> Path: ...
    def settle(self, id: str) -> None: ...


class Intake:
    """Manuscripts on their way into productions. For any number of threads."""

    def __init__(self, home: Home, library: Library, engines: Registry) -> None:
        self._home, self._library, self._engines = home, library, engines

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
        folder = self._home.folder(production.id)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / MANUSCRIPT)
        if document.cover:
            (folder / COVER).write_bytes(document.cover)
        self._library.scripts.write(production.id, script.chapters)
        self._library.casts.put(production.id, self._first_cast(begun, script.figures, document.language))
        self._home.settle(production.id)
        return self._home.get(production.id)

    def empty(self, begun: Begun) -> Production:
        """A new production without a manuscript: one chapter, one line to write in."""
        title = begun.title or "Untitled"
        production = self._new(Document(title, "txt", title, begun.author, begun.language, ()), begun)
        chapter = self._library.scripts.add_chapter(production.id, "1")
        self._library.scripts.insert(production.id, NewLine("…"), chapter=chapter)
        self._library.casts.put(production.id, [_narrator(begun)])
        return self._home.get(production.id)

    def revise(self, id: str, path: Path, choices: Choices | None = None, name: str = "") -> Mapping[str, int]:
        """Lay a new version of the manuscript over the script: lines whose sentence is still there stay as they are.

        So do titles that were changed here. `choices`: None is what was chosen when the production was begun.
        """
        document = self.look(path, name)
        settings = self._home.get(id).settings
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
        shutil.copyfile(path, self._home.folder(id) / MANUSCRIPT)
        change = ProductionChange(settings={**settings, "choices": kept(choices, document)})
        self._library.productions.update(id, change)
        known = self._library.casts.get(id)
        fresh_members = [
            m for m in self._first_cast(Begun(), fresh.figures, document.language) if m.speaker not in known
        ]
        self._library.casts.put(id, [m for m in fresh_members if m.speaker])
        self._home.settle(id)
        return {"kept": found.kept, "added": found.added, "removed": found.removed}

    def _titles_given(self, id: str) -> set[str]:
        """What the manuscript of now calls its chapters; nothing where it cannot be read any more."""
        settings = self._home.get(id).settings
        try:
            document = self.look(self._home.folder(id) / MANUSCRIPT, str(settings.get("source", "")))
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


def _narrator(begun: Begun) -> Member:
    return Member("", begun.engine, begun.voice, begun.style, into=begun.into, converter=begun.converter)
