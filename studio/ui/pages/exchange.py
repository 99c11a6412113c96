"""What the Voices page asks about files of voices, and about many voices at once."""

import shutil
from typing import Any

from studio.errors import BadRequest
from studio.studio import Studio, VoiceChange
from studio.ui import asked as take
from studio.ui.exports import Exports
from studio.ui.pages.parts import Question
from studio.ui.strings import say
from studio.ui.uploads import Uploads

SHOWN = 200  # rows of a report on the page
PREFER = "here", "file", "skip"


class Exchanges:
    """Questions for `exchange.js`."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.uploads, self.exports = Uploads(studio.folder.path, "voice-files"), Exports(studio.folder.path)

    @property
    def questions(self) -> list[Question]:
        return [
            self.voice_packs, self.take_voices, self.take_pack, self.voice_formats, self.export_voices,
            self.change_voices, self.drop_voices, self.restore_voices, self.undo_import,
        ]  # fmt: skip

    def voice_packs(self, asked: dict[str, Any], language: str) -> Any:
        """The packs that come with the studio."""
        found = self.studio.exchange.packs()
        return [
            {"id": one.id, "title": one.title.text(language), "about": one.about.text(language), "count": one.count}
            for one in found
        ]

    def take_voices(self, asked: dict[str, Any], language: str) -> Any:
        """Uploaded files into the library, and what became of them."""
        prefer = take.text(asked, "prefer", "here")
        if prefer not in PREFER:
            raise BadRequest(f"prefer: takes {', '.join(PREFER)}", f"prefer：可选 {'、'.join(PREFER)}", where="prefer")
        paths = [self.uploads.path(ticket) for ticket in take.texts(asked, "uploads")]
        try:
            return _told(self.studio.exchange.take_in(paths, prefer=prefer), language)  # type: ignore[arg-type]
        finally:
            for path in paths:
                shutil.rmtree(path.parent, ignore_errors=True)

    def take_pack(self, asked: dict[str, Any], language: str) -> Any:
        return _told(self.studio.exchange.take_pack(take.text(asked, "id")), language)

    def undo_import(self, asked: dict[str, Any], language: str) -> Any:
        """Take a whole import back: new voices out, merged facts as they were."""
        undone = self.studio.exchange.undo(take.text(asked, "undo"))
        told = [say("exchange.undone", language, n=undone.removed)] if undone.removed else []
        told += [say("exchange.restored", language, n=undone.restored)] if undone.restored else []
        told += [say("exchange.touched", language, n=undone.kept)] if undone.kept else []
        return " ".join(told)

    def voice_formats(self, asked: dict[str, Any], language: str) -> Any:
        """The kinds of file that can hold a voice."""
        voice = self.studio.voices.get(take.text(asked, "id"))
        found = self.studio.exchange.formats_of(voice)
        return [
            {"id": one.id, "label": one.label.text(language), "about": one.about.text(language), "ending": one.ending}
            for one in found
        ]

    def export_voices(self, asked: dict[str, Any], language: str) -> Any:
        """Voices as a file that can be fetched once, at the address that is given back."""
        ids, format = take.texts(asked, "ids"), take.text(asked, "format", "pack")
        found = self.studio.voices.many(ids)
        ending = next((one.ending for one in self.studio.exchange.formats() if one.id == format), "")
        title = found[0].name if len(found) == 1 else say("exchange.filename", language, n=len(found))
        ticket, path = self.exports.place(title, ending)
        with self.exports.kept(ticket):
            count, notes = self.studio.exchange.write(ids, path, format)
        return {"url": f"voice-files/{ticket}", "count": count, "notes": [note.text(language) for note in notes]}

    def change_voices(self, asked: dict[str, Any], language: str) -> Any:
        """Tag and rate many alike; how many there were."""
        change = VoiceChange(
            add_tags=tuple(take.texts(asked, "add_tags")),
            remove_tags=tuple(take.texts(asked, "remove_tags")),
            rating=take.whole(asked, "rating") if "rating" in asked else None,
        )
        return self.studio.voices.update_many(take.texts(asked, "ids"), change)

    def drop_voices(self, asked: dict[str, Any], language: str) -> Any:
        """Delete many; where productions use some of them, first their titles, to be asked what becomes of those."""
        ids, then = take.texts(asked, "ids"), take.text(asked, "then")
        if then not in ("", "keep", "leave"):
            raise BadRequest("then: keep or leave", "then：应为 keep 或 leave", where="then")
        if not then and (used := self.studio.cloning.users_of(ids)):
            return {"titles": [use.title for use in used]}
        return {"count": self.studio.cloning.delete_many(ids, "keep" if then == "keep" else "leave")}

    def restore_voices(self, asked: dict[str, Any], language: str) -> Any:
        return self.studio.voices.restore(take.texts(asked, "ids"))


def _told(report: Any, language: str) -> dict[str, Any]:
    """A report as the page shows it: what went wrong first, then what was taken."""
    order = "refused", "added", "merged", "known"
    entries = sorted(report.entries, key=lambda entry: order.index(entry.outcome))
    rows = [
        {
            "outcome": entry.outcome, "word": entry.outcome_words.text(language), "name": entry.name or entry.file,
            "notes": [note.text(language) for note in entry.notes],
        }
        for entry in entries[:SHOWN]
    ]  # fmt: skip
    more = say("exchange.more", language, n=len(entries) - SHOWN) if len(entries) > SHOWN else ""
    return {
        "summary": report.summary.text(language),
        "rows": rows,
        "more": more,
        "added": report.added,
        "undo": report.undo,
    }
