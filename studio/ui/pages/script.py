"""A production with a script, opened: script, cast, lexicon, sound, masters. Drawn by `static/script.js`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from studio.errors import BadRequest, Cancelled, NotFound, StudioError
from studio.studio import Line, LineQuery, Member, NewLine, Scope, Studio
from studio.ui import asked as take
from studio.ui import describe
from studio.ui.pages.parts import component
from studio.ui.strings import say
from studio.ui.subtitled import subtitled
from studio.ui.uploads import Uploads
from studio.words import Words

MOST_LINES = 200  # of one answer
EDITS = {
    "change",
    "insert",
    "delete",
    "split",
    "merge",
    "move",
    "replace",
    "undo",
    "redo",
    "chapter",
    "unchapter",
    "rechapter",
}
CHANGED = ("text", "speaker", "emotion", "style", "ends", "language")


def build(studio: Studio) -> None:
    """Put the page into the Blocks that is being made."""
    one = Questions(studio)
    component(
        "script",
        [
            *(
                one.script_opened,
                one.script_state,
                one.script_lines,
                one.script_place,
                one.script_edited,
                one.script_named,
                one.script_strip,
            ),
            *(one.line_takes, one.take_chosen, one.line_spoken, one.lines_again),
            *(one.render_begun, one.render_paused, one.render_stopped, one.render_first, one.failed_again),
            *(one.member_cast, one.member_placed, one.speaker_renamed),
            *(one.member_sample, one.member_voices, one.member_shown),
            *(one.words_shown, one.word_put, one.words_dropped, one.words_imported),
            *(one.sound_set, one.reading_set, one.rendering_set, one.file_put),
            *(one.export_begun, one.export_state, one.export_stopped, one.manuscript_revised, one.script_copied),
        ],
    )


class Questions:
    """What the script of this page may ask; every one is `(asked, language) -> plain data`."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.uploads = Uploads(studio.folder.path)
        self.recordings = Uploads(studio.folder.path, "recordings")

    @property
    def desk(self) -> Any:
        return self.studio.scripts

    # the whole

    def script_opened(self, asked: dict[str, Any], language: str) -> Any:
        id = take.text(asked, "id")
        production = self.desk.get(id)
        settings = self.desk.settings(id)
        return {
            "id": id,
            "title": production.title,
            "author": production.author,
            "language": production.language,
            "kind": settings.get("kind", ""),
            "source": settings.get("source", ""),
            "emotions": named(self.desk.emotions(), language),
            "problems": named(self.desk.problems(), language),
            "engines": [[e.id, e.title.text(language)] for e in self.studio.engines() if e.state == "ready"],
            "timbres": describe.timbres(self.studio, language),
            "masters": [
                {"id": m.id, "label": m.label.text(language), "help": m.about.text(language)}
                for m in self.desk.masters()
            ],
            "controls": [describe.control(one, language) for one in self.desk.sound_controls()],
            "sound": settings["sound"],
            "reading": settings.get("reading", {}),
            "rendering": settings.get("rendering", {}),
            **self.script_state(asked, language),
        }

    def script_state(self, asked: dict[str, Any], language: str) -> Any:
        """What changes while one works: chapters, cast, how far it is."""
        id = take.text(asked, "id")
        progress, job = self.desk.progress(id), self.desk.workshop.job(id)
        running = job is not None and not job.over
        missing, cautions = self.desk.missing(id), self.desk.cautions(id)
        edits = self.desk.edits(id)
        undo = next((edit.what for edit in edits if not edit.undone), None)
        redo = next((edit.what for edit in reversed(edits) if edit.undone), None)
        folder = self.desk.folder(id)
        return {
            "chapters": [
                {
                    "id": chapter.id, "title": chapter.title, "lines": chapter.lines, "states": chapter.states,
                    "seconds": chapter.seconds, "problems": chapter.problems,
                }
                for chapter in self.desk.chapters(id)
            ],
            "cast": [self._part(id, part, missing, cautions, language) for part in self.desk.parts(id)],
            "progress": {
                "lines": progress.lines, "states": progress.states, "seconds": progress.seconds,
                "characters": progress.characters, "open": progress.open_characters,
            },
            "job": {
                "running": running,
                "paused": bool(job and job.paused and running),
                "share": job.progress if job and running else 0.0,
                "seconds_left": job.seconds_left if job and running else None,
                "speed": job.speed if job and running else 0.0,
                "now": list(job.now) if job and running else [],
                "failed": job.failed if job else 0,
                "error": trouble(job, language),
                "priority": job.priority if job else self.desk.get(id).priority,
            },
            "undo": undo.text(language) if undo else "",
            "redo": redo.text(language) if redo else "",
            "styles": [describe.style(one, language) for one in self.studio.styles.list()],
            "music": (folder / "music").exists(),
            "cover": (folder / "cover").exists(),
        }  # fmt: skip

    def script_named(self, asked: dict[str, Any], language: str) -> Any:
        named = self.desk.rename(take.text(asked, "id"), take.text(asked, "title"), take.text(asked, "author"))
        return {"title": named.title, "author": named.author}

    # lines

    def script_lines(self, asked: dict[str, Any], language: str) -> Any:
        id = take.text(asked, "id")
        size = min(MOST_LINES, take.whole(asked, "size", 50))
        found = self.desk.lines(id, query_of(asked), take.whole(asked, "offset", 0), size)
        return {
            "total": found.total,
            "offset": found.offset,
            "lines": [self._line(line, language) for line in found.items],
        }

    def script_strip(self, asked: dict[str, Any], language: str) -> Any:
        return self.desk.strip(take.text(asked, "id"), take.text(asked, "chapter"))

    def script_place(self, asked: dict[str, Any], language: str) -> Any:
        chapter, before = self.desk.place(take.text(asked, "id"), take.text(asked, "line"))
        return {"chapter": chapter, "before": before}

    def script_edited(self, asked: dict[str, Any], language: str) -> Any:
        """One edit; the answer says which line to stand on, where that is not clear."""
        id, what = take.text(asked, "id"), take.text(asked, "what")
        if what not in EDITS:
            raise NotFound.among(Words("edit", "编辑"), what, sorted(EDITS), where="what")
        return {"line": getattr(self, f"_{what}")(id, asked) or ""}

    def _change(self, id: str, asked: dict[str, Any]) -> None:
        values: dict[str, Any] = {name: take.text(asked, name) for name in CHANGED if name in asked}
        if "locked" in asked:
            values["locked"] = take.switch(asked, "locked")
        if "pause_ms" in asked:
            values["pause_ms"] = -1 if asked["pause_ms"] in ("", None) else take.whole(asked, "pause_ms")
        self.desk.change(id, take.texts(asked, "lines"), **values)

    def _insert(self, id: str, asked: dict[str, Any]) -> str:
        line = NewLine(take.text(asked, "text") or "…", speaker=take.text(asked, "speaker"))
        where = {name: take.text(asked, name) for name in ("after", "chapter") if asked.get(name)}
        return str(self.desk.edit(id, "insert", line=line, **where))

    def _delete(self, id: str, asked: dict[str, Any]) -> None:
        self.desk.edit(id, "delete", ids=take.texts(asked, "lines"))

    def _split(self, id: str, asked: dict[str, Any]) -> str:
        return str(self.desk.edit(id, "split", id=take.text(asked, "line"), at=take.whole(asked, "at")))

    def _merge(self, id: str, asked: dict[str, Any]) -> None:
        self.desk.edit(id, "merge", ids=take.texts(asked, "lines"))

    def _move(self, id: str, asked: dict[str, Any]) -> None:
        where = {name: take.text(asked, name) for name in ("after", "chapter") if asked.get(name)}
        self.desk.edit(id, "move", ids=take.texts(asked, "lines"), **where)

    def _replace(self, id: str, asked: dict[str, Any]) -> str:
        found, put = take.text(asked, "find"), take.text(asked, "put")
        return str(self.desk.edit(id, "replace", find=found, into=put, query=query_of(asked)))

    def _undo(self, id: str, asked: dict[str, Any]) -> None:
        self.desk.edit(id, "undo")

    def _redo(self, id: str, asked: dict[str, Any]) -> None:
        self.desk.edit(id, "redo")

    def _chapter(self, id: str, asked: dict[str, Any]) -> str:
        return str(self.desk.edit(id, "add_chapter", title=take.text(asked, "title"), after=take.text(asked, "after")))

    def _rechapter(self, id: str, asked: dict[str, Any]) -> None:
        self.desk.edit(id, "change_chapter", id=take.text(asked, "chapter"), title=take.text(asked, "title"))

    def _unchapter(self, id: str, asked: dict[str, Any]) -> None:
        self.desk.edit(id, "delete_chapter", id=take.text(asked, "chapter"))

    def line_takes(self, asked: dict[str, Any], language: str) -> Any:
        return [
            {
                "digest": one.take,
                "seconds": one.seconds,
                "chosen": one.chosen,
                "current": one.current,
                "seed": one.seed,
                "problems": [problem[language] for problem in one.problems],
            }
            for one in self.desk.takes(take.text(asked, "id"), take.text(asked, "line"))
        ]

    def take_chosen(self, asked: dict[str, Any], language: str) -> Any:
        self.desk.choose(take.text(asked, "id"), take.text(asked, "line"), take.text(asked, "take"))
        return True

    def line_spoken(self, asked: dict[str, Any], language: str) -> Any:
        """What will really be said of a line, and what becomes of its marks."""
        plan = self.desk.spoken(take.text(asked, "id"), take.text(asked, "line")).plan
        return {
            "spoken": [line.spoken for line in plan.lines],
            "notes": [{"source": note.mark, "how": note.how, "text": note.note.text(language)} for note in plan.notes],
        }

    def lines_again(self, asked: dict[str, Any], language: str) -> Any:
        self.desk.again(take.text(asked, "id"), take.texts(asked, "lines"))
        return True

    # rendering

    def render_begun(self, asked: dict[str, Any], language: str) -> Any:
        scope = Scope(
            chapter=take.text(asked, "chapter"),
            start=take.text(asked, "start"),
            lines=tuple(take.texts(asked, "lines")),
        )
        self.desk.render(take.text(asked, "id"), scope)
        return True

    def render_paused(self, asked: dict[str, Any], language: str) -> Any:
        self.desk.workshop.pause(take.text(asked, "id"))
        return True

    def render_stopped(self, asked: dict[str, Any], language: str) -> Any:
        self.desk.workshop.cancel(take.text(asked, "id"))
        return True

    def render_first(self, asked: dict[str, Any], language: str) -> Any:
        self.desk.workshop.prioritise(take.text(asked, "id"), take.whole(asked, "priority", 0))
        return True

    def failed_again(self, asked: dict[str, Any], language: str) -> Any:
        return self.desk.retry(take.text(asked, "id"))

    # cast

    def member_cast(self, asked: dict[str, Any], language: str) -> Any:
        id, member = take.text(asked, "id"), member_of(asked)
        before = next((p.member for p in self.desk.parts(id) if p.member.speaker == member.speaker), member)
        self.desk.cast(id, [replace(member, pan=before.pan, gender=before.gender, age=before.age)])
        return True

    def member_placed(self, asked: dict[str, Any], language: str) -> Any:
        """Put a speaker left or right."""
        self.desk.pan(take.text(asked, "id"), {take.text(asked, "speaker"): take.number(asked, "pan")})
        return True

    def speaker_renamed(self, asked: dict[str, Any], language: str) -> Any:
        return self.desk.rename_speaker(take.text(asked, "id"), take.text(asked, "speaker"), take.text(asked, "name"))

    def member_sample(self, asked: dict[str, Any], language: str) -> Any:
        """A line of this speaker in their voice: the take that it becomes."""
        made = self.studio.speak(self.desk.sample(take.text(asked, "id"), take.text(asked, "speaker"))).wait(60)
        return describe.take_row(self.studio, made, language)

    def member_voices(self, asked: dict[str, Any], language: str) -> Any:
        from studio.ui.pages.speak import Questions as Desk

        return Desk(self.studio).voices_offered(asked, language)

    def member_shown(self, asked: dict[str, Any], language: str) -> Any:
        spec = self.studio.engine(take.text(asked, "engine"))
        return describe.shown_voice(self.studio, spec, take.text(asked, "voice"), language)

    def _part(
        self, id: str, part: Any, missing: dict[str, Words], cautions: dict[str, Words], language: str
    ) -> dict[str, Any]:
        speaker = part.member.speaker
        whole = self.desk.member(id, speaker)
        try:
            shown = describe.shown_voice(self.studio, self.studio.engine(whole.engine), whole.voice, language)
        except StudioError:
            shown = {"name": whole.voice, "facts": "", "glyph": ""}
        return {
            "speaker": speaker,
            "name": speaker or say("script.narrator", language),
            "lines": part.lines,
            "seconds": part.seconds,
            "own": {
                "engine": part.member.engine,
                "voice": part.member.voice,
                "style": part.member.style,
                "into": part.member.into,
                "converter": part.member.converter,
            },
            "engine": whole.engine,
            "voice": whole.voice,
            "into": whole.into,
            "style": whole.style,
            "gain_db": part.member.gain_db,
            "pan": part.member.pan,
            "gender": describe.label("gender", part.member.gender, language) if part.member.gender else "",
            "shown": {"name": shown["name"], "facts": shown["facts"], "glyph": shown["glyph"]},
            "missing": missing[speaker].text(language) if speaker in missing else "",
            "caution": cautions[speaker].text(language) if speaker in cautions else "",
        }

    # lexicon

    def words_shown(self, asked: dict[str, Any], language: str) -> Any:
        id = take.text(asked, "id")
        return {
            "own": [{"word": one.word, "reading": one.reading, "note": one.note} for one in self.desk.words(id)],
            "all": [{"word": one.word, "reading": one.reading, "note": one.note} for one in self.desk.words()],
        }

    def word_put(self, asked: dict[str, Any], language: str) -> Any:
        scope = "" if take.switch(asked, "everywhere", False) else take.text(asked, "id")
        self.desk.put_word(take.text(asked, "word"), take.text(asked, "reading"), scope, take.text(asked, "note"))
        return True

    def words_dropped(self, asked: dict[str, Any], language: str) -> Any:
        scope = "" if take.switch(asked, "everywhere", False) else take.text(asked, "id")
        self.desk.drop_words(take.texts(asked, "words"), scope)
        return True

    def words_imported(self, asked: dict[str, Any], language: str) -> Any:
        return self.desk.import_words(
            take.text(asked, "text"), take.text(asked, "id"), take.text(asked, "name", "lexicon.csv")
        )

    # settings

    def sound_set(self, asked: dict[str, Any], language: str) -> Any:
        self.desk.change_settings(take.text(asked, "id"), "sound", take.table(asked, "values"))
        return True

    def reading_set(self, asked: dict[str, Any], language: str) -> Any:
        values: dict[str, Any] = {name: take.text(asked, name) for name in ("engine", "language") if name in asked}
        if "seed" in asked:
            values["seed"] = take.whole(asked, "seed")
        self.desk.change_settings(take.text(asked, "id"), "reading", values)
        return True

    def rendering_set(self, asked: dict[str, Any], language: str) -> Any:
        self.desk.change_settings(take.text(asked, "id"), "rendering", {"tries": take.whole(asked, "tries")})
        return True

    def file_put(self, asked: dict[str, Any], language: str) -> Any:
        """A cover or music, by the ticket of an upload; without one it is taken away."""
        what, ticket = take.text(asked, "what"), take.text(asked, "upload")
        path = self.recordings.path(ticket) if ticket else None
        self.desk.put_file(take.text(asked, "id"), what, path.read_bytes() if path else None, path.name if path else "")
        return True

    # masters

    def export_begun(self, asked: dict[str, Any], language: str) -> Any:
        self.desk.export(take.text(asked, "id"), take.text(asked, "master"), chapters=take.texts(asked, "chapters"))
        return True

    def export_state(self, asked: dict[str, Any], language: str) -> Any:
        id = take.text(asked, "id")
        job = self.desk.export_job(id)
        running = job is not None and not job.over
        return {
            "running": running,
            "share": job.progress if job and running else 0.0,
            "seconds_left": job.seconds_left if job and running else None,
            "error": job.error.text(language) if job and job.over and job.error else "",
            "files": [self._file(one, language) for one in self.desk.exported(id)],
            "notes": [note.text(language) for note in self.desk.export_notes(id)],
            "subtitles": subtitled(self.studio, id, language),
        }

    def export_stopped(self, asked: dict[str, Any], language: str) -> Any:
        job = self.desk.export_job(take.text(asked, "id"))
        if job is not None:
            job.stop()
        return True

    def _file(self, one: dict[str, Any], language: str) -> dict[str, Any]:
        return {
            **one,
            "checks": [
                {
                    "label": check["label"][language],
                    "value": "−∞" if check["value"] is None else f"{check['value']:.1f}".replace("-", "−"),
                    "unit": check["unit"],
                    "passed": check["passed"],
                }
                for check in one["checks"]
            ],
            "length": describe.clock(one["levels"]["seconds"]),
            "sides": say("export.stereo" if one.get("channels") == 2 else "export.mono", language),
        }

    def manuscript_revised(self, asked: dict[str, Any], language: str) -> Any:
        path: Path = self.uploads.path(take.text(asked, "upload"))
        return self.desk.revise(take.text(asked, "id"), path, name=path.name)

    def script_copied(self, asked: dict[str, Any], language: str) -> Any:
        return {"id": self.desk.duplicate(take.text(asked, "id")).id}

    def _line(self, line: Line, language: str) -> dict[str, Any]:
        return {
            "id": line.id,
            "chapter": line.chapter,
            "text": line.text,
            "speaker": line.speaker,
            "sure": line.sure,
            "emotion": line.emotion,
            "style": line.style,
            "ends": line.ends,
            "pause_ms": line.pause_ms,
            "kind": line.kind,
            "state": line.state,
            "locked": line.locked,
            "seconds": line.seconds,
            "take": line.take,
            "problem": line.problem,
            "error": line.error.text(language) if line.error else "",
        }


def trouble(job: Any, language: str) -> str:
    """Why a render ended before its time; nothing where a person ended it."""
    if job is None or not job.over or job.error is None or isinstance(job.error, Cancelled):
        return ""
    return str(job.error.text(language))


def named(table: dict[str, Words], language: str) -> list[list[str]]:
    return [[name, words.text(language)] for name, words in table.items()]


def query_of(asked: dict[str, Any]) -> LineQuery:
    """Which lines are meant."""
    speaker = asked.get("speaker")
    if speaker is not None and not isinstance(speaker, str):
        raise BadRequest("speaker: takes a text", "speaker：应为文字", where="speaker")
    state = take.text(asked, "state")
    return LineQuery(
        chapter=take.text(asked, "chapter"),
        speaker=speaker,
        state=state if state in ("planned", "done", "stale", "failed", "locked") else "",  # type: ignore[arg-type]
        problem=take.text(asked, "problem"),
        text=take.text(asked, "search"),
    )


def member_of(asked: dict[str, Any]) -> Member:
    gain = asked.get("gain_db", 0)
    return Member(
        take.text(asked, "speaker"),
        take.text(asked, "engine"),
        take.text(asked, "voice"),
        take.text(asked, "style"),
        gain_db=float(gain) if isinstance(gain, (int, float)) else 0.0,
        into=take.text(asked, "into"),
        converter=take.text(asked, "converter"),
    )
