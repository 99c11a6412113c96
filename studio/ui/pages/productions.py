"""The Productions page: a text becomes an audio file, in a job of the studio's that does not need this page."""

from pathlib import Path
from typing import Any

from studio.errors import NotFound
from studio.studio import ConvertRequest, Gaps, Manuscript, Production, Studio, look_into
from studio.ui import asked as take
from studio.ui import describe
from studio.ui.pages import speak
from studio.ui.pages.parts import component
from studio.ui.strings import say
from studio.ui.uploads import Uploads
from studio.words import Words

EXAMPLES = Path(__file__).parents[3] / "assets" / "examples"
BOOKS = {
    "alice.txt": Words("Alice in Wonderland", "《爱丽丝漫游奇境》（英文）"),
    "ah-q.txt": Words("The True Story of Ah Q (Chinese)", "《阿Q正传》"),
}
SHELF = 100  # productions shown
RESUMABLE = ("stopped", "failed", "interrupted")


def build(studio: Studio) -> None:
    """Put the page into the Blocks that is being made."""
    shelf = Questions(studio)
    component(
        "productions",
        [
            *(shelf.example_books, shelf.look_at, shelf.begin_production, shelf.productions_shown),
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
        """What is in a text that was dropped, or in an example."""
        found = look_into(self._source(asked))
        source = {name: asked[name] for name in ("upload", "example") if name in asked}
        return {"source": source, **manuscript(found, language)}

    def begin_production(self, asked: dict[str, Any], language: str) -> Any:
        gaps = take.table(asked, "gaps")
        request = ConvertRequest(
            engine=take.text(asked, "engine", "espeak"),
            voice=take.text(asked, "voice"),
            style=take.text(asked, "style"),
            controls=take.table(asked, "controls"),
            polish=take.text(asked, "polish", "off"),
            format=take.text(asked, "format", "m4b"),
            title=take.text(asked, "title").strip(),
            author=take.text(asked, "author").strip(),
            gaps=Gaps(*(take.whole(gaps, name) for name in ("sentence", "paragraph", "chapter"))) if gaps else Gaps(),
        )
        return {"id": self.studio.convert(self._source(asked), request).id}

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
        job = self.studio.productions.job(one.id)
        running = job is not None and not job.over
        state = "running" if running else one.state
        total = one.progress.get("total") or 0
        seconds, chapters = one.progress.get("seconds", 0.0), one.progress.get("chapters", [])
        request = one.settings.get("request", {})
        return {
            "id": one.id,
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


def manuscript(found: Manuscript, language: str) -> dict[str, Any]:
    """What was found in a text, for the form."""
    count = say("book.length", language, n=f"{found.characters:,}")
    return {
        "title": found.title,
        "author": found.author,
        "language": found.language,
        "facts": describe.joined(found.name, describe.tongue(found.language, language), count, found.encoding),
        "notes": [note.text(language) for note in found.notes],
        "chapters": [
            {"title": chapter.title, "length": say("book.length", language, n=f"{len(chapter.text):,}")}
            for chapter in found.chapters
        ],
    }
