"""The Productions page: a manuscript becomes a script to work on, or is read straight into a file."""

from pathlib import Path
from typing import Any

from studio.errors import BadRequest, NotFound
from studio.studio import Begun, Choices, ConvertRequest, Gaps, Production, Studio
from studio.ui import asked as take
from studio.ui import describe
from studio.ui.pages import speak
from studio.ui.pages.parts import component
from studio.ui.strings import say
from studio.ui.subtitled import subtitled
from studio.ui.uploads import Uploads
from studio.words import Words

EXAMPLES = Path(__file__).parents[3] / "assets" / "examples"
BOOKS = {
    "alice.txt": Words("Alice in Wonderland", "《爱丽丝漫游奇境》（英文）"),
    "ah-q.txt": Words("The True Story of Ah Q (Chinese)", "《阿Q正传》"),
    "podcast.en.txt": Words("A podcast for two", "双人播客（英文）"),
    "lamp.zh.txt": Words("The Lamp (Chinese, with dialogue)", "《守灯人》（有对话）"),
}
INSIDE = ("heading", "footnote", "page")  # parts inside of chapters; whole sections are chosen one by one
SHELF = 100  # productions shown
OPENING = 120  # characters of a paragraph at which a chapter may be split
RESUMABLE = ("stopped", "failed", "interrupted")


def build(studio: Studio) -> None:
    """Put the page into the Blocks that is being made."""
    shelf = Questions(studio)
    component(
        "productions",
        [
            *(shelf.example_books, shelf.look_at, shelf.begin_production, shelf.begin_script, shelf.productions_shown),
            *(shelf.book_section, shelf.empty_script, shelf.unpack_script, shelf.render_script),
            *(shelf.stop_production, shelf.resume_production, shelf.drop_production, shelf.restore_production),
            *(shelf.book_voice, shelf.book_voices),
        ],
    )


class Questions:
    """What the script of this page may ask; every one is `(asked, language) -> plain data`."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.uploads = Uploads(studio.folder.path)
        desk = speak.Questions(studio)
        self.voice_shown, self.voices_offered = desk.voice_shown, desk.voices_offered

    def book_voice(self, asked: dict[str, Any], language: str) -> Any:
        return self.voice_shown(asked, language)

    def book_voices(self, asked: dict[str, Any], language: str) -> Any:
        return self.voices_offered(asked, language)

    def example_books(self, asked: dict[str, Any], language: str) -> Any:
        return [
            {"name": name, "title": words.text(language)}
            for name, words in BOOKS.items()
            if (EXAMPLES / name).is_file()
        ]

    def look_at(self, asked: dict[str, Any], language: str) -> Any:
        """What is in a manuscript that was dropped, or in an example."""
        source = {name: asked[name] for name in ("upload", "example") if name in asked}
        path = self._source(asked)
        if self.studio.scripts.is_pack(path):
            return {"source": source, "pack": path.name}
        parts, kinds = self.studio.scripts.parts_of_manuscripts(), self.studio.scripts.kinds()
        found = self.studio.scripts.look(path)
        return {
            "source": source,
            **manuscript(found, {name: words.text(language) for name, words in parts.items()}, language),
            "kinds": [[name, words.text(language)] for name, words in kinds.items()],
        }

    def book_section(self, asked: dict[str, Any], language: str) -> Any:
        """Where a section may be split: `[paragraph, how it begins, the title that it suggests]`."""
        sections = self.studio.scripts.look(self._source(asked)).sections
        number = take.whole(asked, "section")
        if not 0 <= number < len(sections):
            raise BadRequest(f"section {number}: there is none", f"没有第 {number} 部分", where="section")
        section = sections[number]
        rows = ((place, section.passages[place]) for place in section.places())
        return [[place, one.text[:OPENING], one.text if one.titular else ""] for place, one in rows]

    def begin_script(self, asked: dict[str, Any], language: str) -> Any:
        """A production that is worked on line by line."""
        path = self._source(asked)
        begun = Begun(
            title=take.text(asked, "title").strip(),
            author=take.text(asked, "author").strip(),
            kind=take.text(asked, "kind", "audiobook"),
            engine=take.text(asked, "engine", "espeak"),
            voice=take.text(asked, "voice"),
            style=take.text(asked, "style"),
            into=take.text(asked, "into"),
            converter=take.text(asked, "converter"),
        )
        return {"id": self.studio.scripts.begin(path, begun, self._choices(asked), name=path.name).id}

    def _choices(self, asked: dict[str, Any]) -> Choices:
        """What of the manuscript is read, and as which chapters."""
        sections = asked.get("sections")
        if sections is not None and not (isinstance(sections, list) and all(isinstance(n, int) for n in sections)):
            raise take.wrong("sections", list)
        known = self.studio.scripts.parts_of_manuscripts()
        titles, cuts = take.table(asked, "titles"), take.table(asked, "cuts")
        return Choices(
            parts=frozenset(part for part in known if part in take.texts(asked, "parts")),  # type: ignore[misc]
            sections=None if sections is None else frozenset(sections),
            dialogue=take.switch(asked, "dialogue", True),
            titles=_titles(titles),
            joined=frozenset(_place(one) for one in take.texts(asked, "joined")),
            cuts={_place(key): _titles(take.table(cuts, key)) for key in cuts},
        )

    def empty_script(self, asked: dict[str, Any], language: str) -> Any:
        begun = Begun(
            say("script.untitled", language),
            engine=take.text(asked, "engine", "espeak"),
            voice=take.text(asked, "voice"),
        )
        return {"id": self.studio.scripts.empty(begun).id}

    def unpack_script(self, asked: dict[str, Any], language: str) -> Any:
        return {"id": self.studio.scripts.unpack(self._source(asked)).id}

    def render_script(self, asked: dict[str, Any], language: str) -> Any:
        """Go on with a script from the shelf, or pause it."""
        id = take.text(asked, "id")
        if take.switch(asked, "pause", False):
            self.studio.scripts.workshop.pause(id)
        else:
            self.studio.scripts.render(id)
        return True

    def begin_production(self, asked: dict[str, Any], language: str) -> Any:
        gaps, source = take.table(asked, "gaps"), self._source(asked)
        request = ConvertRequest(
            engine=take.text(asked, "engine", "espeak"),
            voice=take.text(asked, "voice"),
            style=take.text(asked, "style"),
            controls=take.table(asked, "controls"),
            polish=take.text(asked, "polish", "off"),
            format=take.text(asked, "format", "m4b"),
            title=take.text(asked, "title").strip(),
            author=take.text(asked, "author").strip(),
            into=take.text(asked, "into"),
            converter=take.text(asked, "converter"),
            gaps=Gaps(*(take.whole(gaps, name) for name in ("sentence", "paragraph", "chapter"))) if gaps else Gaps(),
            choices=self.studio.scripts.arranged(source, self._choices(asked)),
        )
        return {"id": self.studio.convert(source, request).id}

    def productions_shown(self, asked: dict[str, Any], language: str) -> Any:
        return [self._row(one, language) for one in self.studio.productions.find(1, SHELF)]

    def stop_production(self, asked: dict[str, Any], language: str) -> Any:
        job = self.studio.productions.job(take.text(asked, "id"))
        if job is not None:
            job.stop()
        return job is not None

    def resume_production(self, asked: dict[str, Any], language: str) -> Any:
        return {"id": self.studio.productions.resume(take.text(asked, "id")).id}

    def drop_production(self, asked: dict[str, Any], language: str) -> Any:
        self.studio.productions.delete(take.text(asked, "id"))
        return True

    def restore_production(self, asked: dict[str, Any], language: str) -> Any:
        self.studio.productions.restore(take.text(asked, "id"))
        return True

    def _source(self, asked: dict[str, Any]) -> Path:
        """The file that is meant: an upload by its ticket, or an example by its name. Never a path from the page."""
        if "upload" in asked:
            return self.uploads.path(take.text(asked, "upload"))
        name = take.text(asked, "example")
        if name not in BOOKS:
            raise NotFound.among(Words("example", "示例"), name, BOOKS, where="example")
        return EXAMPLES / name

    def _row(self, one: Production, language: str) -> dict[str, Any]:
        return self._script(one, language) if one.kind == "script" else self._conversion(one, language)

    def _script(self, one: Production, language: str) -> dict[str, Any]:
        job = self.studio.scripts.workshop.job(one.id)
        running = job is not None and not job.over
        progress = self.studio.scripts.progress(one.id)
        done = sum(progress.states.get(state, 0) for state in ("done", "locked"))
        state = "running" if running else "done" if done == progress.lines else "stopped" if done else "new"
        return {
            "id": one.id,
            "kind": "script",
            "title": one.title,
            "state": state,
            "running": running and not (job and job.paused),
            "resumable": done < progress.lines and (not running or bool(job and job.paused)),
            "word": say("script.paused" if job and running and job.paused else f"state.{state}", language),
            "facts": describe.joined(
                one.author,
                describe.tongue(one.language, language),
                say("script.done", language, done=done, lines=progress.lines),
                describe.clock(progress.seconds) if progress.seconds else "",
            ),
            "progress": done / progress.lines if progress.lines else 0.0,
            "seconds_left": job.seconds_left if running and job else None,
            "error": job.error.text(language) if job and job.over and job.error and job.state == "failed" else "",
            "result": "",
        }

    def _conversion(self, one: Production, language: str) -> dict[str, Any]:
        job = self.studio.productions.job(one.id)
        running = job is not None and not job.over
        state = "running" if running else one.state
        total = one.progress.get("total") or 0
        seconds, chapters = one.progress.get("seconds", 0.0), one.progress.get("chapters", [])
        request = one.settings.get("request", {})
        return {
            "id": one.id,
            "kind": "conversion",
            "subtitles": subtitled(self.studio, one.id, language)["formats"],
            "title": one.title,
            "state": state,
            "running": running,
            "resumable": not running and one.state in RESUMABLE,
            "word": say(f"state.{state}", language),
            "facts": describe.joined(
                one.author,
                describe.tongue(one.language, language),
                str(request.get("format", "")).upper(),
                request.get("voice", ""),
            ),
            "progress": job.progress if running and job else one.progress.get("done", 0) / total if total else 0.0,
            "seconds_left": job.seconds_left if running and job else None,
            "error": one.error.text(language) if one.error and one.state == "failed" and not running else "",
            "result": say("book.result", language, length=describe.clock(seconds), chapters=len(chapters))
            if seconds
            else "",
        }


def _place(text: str) -> int:
    """The place of a section or a paragraph."""
    return take.whole({"section": text}, "section")


def _titles(asked: dict[str, Any]) -> dict[int, str]:
    return {_place(key): take.text(asked, key).strip() for key in asked}


def manuscript(found: Any, parts: dict[str, str], language: str) -> dict[str, Any]:
    """What was found in a manuscript, for the form."""
    count = say("book.length", language, n=f"{found.characters:,}")
    return {
        "title": found.title,
        "author": found.author,
        "language": found.language,
        "scripted": found.scripted,
        "facts": describe.joined(found.name, describe.tongue(found.language, language), count, found.format.upper()),
        "notes": [note.text(language) for note in found.notes],
        "parts": [
            [name, parts[name], say("book.length", language, n=f"{size:,}")]
            for name, size in found.parts().items()
            if name in INSIDE
        ],
        "chapters": [
            {
                "title": section.title,
                "kind": "" if section.kind == "chapter" else parts[section.kind],
                "chosen": section.kind == "chapter",
                "length": say("book.length", language, n=f"{section.characters:,}"),
                "excerpt": section.excerpt,
                "splits": any(True for _ in section.places()),
            }
            for section in found.sections
        ],
    }
