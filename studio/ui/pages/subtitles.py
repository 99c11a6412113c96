"""The Subtitles page: subtitles that are spoken at their times, cue by cue, and what was done so that they fit."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from studio.errors import NotFound
from studio.studio import FIT_FLAGS, Begun, Member, Production, Studio
from studio.ui import asked as take
from studio.ui import describe
from studio.ui.pages import speak
from studio.ui.pages.parts import component
from studio.ui.strings import say
from studio.ui.uploads import Uploads
from studio.words import Words

EXAMPLES = Path(__file__).parents[3] / "assets" / "examples"
SUBTITLES = {
    "tight.en.srt": Words("Tight cues (English)", "紧凑的字幕（英文）"),
    "tight.zh.srt": Words("Tight cues (Chinese)", "紧凑的字幕（中文）"),
    "three.en.ass": Words("Three who talk at once (ASS)", "三人同时说话（ASS）"),
    "song.zh.lrc": Words("A song (LRC, Chinese)", "一首歌（LRC）"),
}
BESIDE = ("srt", "vtt", "ass", "lrc")
SOUNDS = ("wav", "flac", "mp3", "m4a", "opus")
MOST = 100  # cues of one answer
SHELF = 100  # dubs shown
STRIP = 20_000  # cues of the picture of the whole
FIELDS = {"text": str, "speaker": str, "start": float, "finish": float}


def build(studio: Studio) -> None:
    """Put the page into the Blocks that is being made."""
    one = Questions(studio)
    component(
        "subtitles",
        [
            *(one.dub_examples, one.dubs_shown, one.dub_begun, one.dub_dropped, one.dub_restored),
            *(one.dub_opened, one.dub_state, one.dub_cues, one.dub_rendered, one.dub_stopped, one.cue_again),
            *(one.cue_changed, one.cue_added, one.cue_removed, one.dub_undone, one.dub_set, one.dub_cast),
            *(one.dub_placed, one.dub_voices, one.dub_voice, one.cue_played, one.dub_exported, one.dub_export_state),
        ],
    )


class Questions:
    """What the script of this page may ask; every one is `(asked, language) -> plain data`."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.uploads = Uploads(studio.folder.path)
        self.recordings = Uploads(studio.folder.path, "recordings")
        desk = speak.Questions(studio)
        self._voice_shown, self._voices_offered = desk.voice_shown, desk.voices_offered

    @property
    def dubbing(self) -> Any:
        return self.studio.dubbing

    # the shelf

    def dub_examples(self, asked: dict[str, Any], language: str) -> Any:
        return [[name, words.text(language)] for name, words in SUBTITLES.items() if (EXAMPLES / name).is_file()]

    def dubs_shown(self, asked: dict[str, Any], language: str) -> Any:
        return [self._row(one, language) for one in self.dubbing.find(1, SHELF)]

    def dub_begun(self, asked: dict[str, Any], language: str) -> Any:
        """A dub of a dropped file or an example, with the voice that was chosen for who has no name."""
        if "upload" in asked:
            path = self.uploads.path(take.text(asked, "upload"))
        elif (name := take.text(asked, "example")) in SUBTITLES:
            path = EXAMPLES / name
        else:
            raise NotFound.among(Words("example", "示例"), name, SUBTITLES, where="example")
        begun = Begun(
            engine=take.text(asked, "engine", "espeak"),
            voice=take.text(asked, "voice"),
            into=take.text(asked, "into"),
            converter=take.text(asked, "converter"),
        )
        return {"id": self.dubbing.begin(path, begun, name=path.name).id}

    def dub_dropped(self, asked: dict[str, Any], language: str) -> Any:
        self.studio.scripts.delete(self._id(asked))
        return True

    def dub_restored(self, asked: dict[str, Any], language: str) -> Any:
        self.studio.scripts.restore(take.text(asked, "id"))
        return True

    # one dub

    def dub_opened(self, asked: dict[str, Any], language: str) -> Any:
        id = self._id(asked)
        production = self.dubbing.get(id)
        ready = {e.id: e for e in self.studio.engines() if e.state == "ready"}
        return {
            "title": production.title,
            "language": production.language,
            "notes": [note.text(language) for note in self.dubbing.notes(id)],
            "controls": [describe.control(one, language) for one in self.dubbing.controls()],
            "settings": self.dubbing.settings(id),
            "engines": [[e.id, e.title.text(language)] for e in ready.values()],
            "formats": [[f.id, f.label.text(language)] for f in self.studio.formats() if f.id in SOUNDS],
            "beside": list(BESIDE),
            "flags": {name: words.text(language) for name, words in FIT_FLAGS.items()},
            **self.dub_state(asked, language),
        }

    def dub_state(self, asked: dict[str, Any], language: str) -> Any:
        """How far it is, and who speaks; cheap, because it is asked again and again while a render runs."""
        id = self._id(asked)
        job, progress = self.dubbing.job(id), self.studio.scripts.progress(id)
        running = job is not None and not job.over
        cautions = self.studio.scripts.cautions(id)
        edits = [edit for edit in self.studio.scripts.edits(id) if not edit.undone]
        return {
            "running": running,
            "share": job.progress if running else 0.0,
            "seconds_left": job.seconds_left if running else None,
            "error": job.error.text(language) if job and job.error and job.state == "failed" else "",
            "cues": progress.lines,
            "open": sum(count for state, count in progress.states.items() if state not in ("done", "locked")),
            "undo": edits[0].what.text(language) if edits else "",
            "cast": [self._part(id, part, cautions, language) for part in self.studio.scripts.parts(id) if part.lines],
        }

    def dub_cues(self, asked: dict[str, Any], language: str) -> Any:
        """Some cues, in order or the worst first; with `strip`, also where all of them lie."""
        cues = self.dubbing.cues(self._id(asked))
        flag = take.text(asked, "flag")
        shown = [cue for cue in cues if not flag or flag in cue.fit.flags or (flag == "any" and cue.fit.flags)]
        if flag == "any":
            shown.sort(key=lambda cue: -cue.fit.badness)
        at, size = take.whole(asked, "offset", 0), min(MOST, take.whole(asked, "size", 50))
        answer: dict[str, Any] = {
            "total": len(shown),
            "cues": [cue_row(cue, language) for cue in shown[at : at + size]],
        }
        if take.switch(asked, "strip", False):
            answer |= {
                "strip": [strip_row(cue) for cue in cues[:STRIP]],
                "counts": {name: n for name in FIT_FLAGS if (n := sum(name in cue.fit.flags for cue in cues))},
                "comfortable": sum(bool(cue.fit.length) and cue.fit.rate <= 1.2 for cue in cues),
                "heard": sum(bool(cue.fit.length) for cue in cues),
            }
        return answer

    def dub_rendered(self, asked: dict[str, Any], language: str) -> Any:
        self.dubbing.render(self._id(asked))
        return True

    def dub_stopped(self, asked: dict[str, Any], language: str) -> Any:
        job = self.dubbing.job(self._id(asked))
        if job is not None:
            job.stop()
        return True

    def cue_again(self, asked: dict[str, Any], language: str) -> Any:
        self.dubbing.again(self._id(asked), [take.text(asked, "line")])
        return True

    def cue_changed(self, asked: dict[str, Any], language: str) -> Any:
        values = take.table(asked, "values")
        given = {name: number_or_text(values, name, kind) for name, kind in FIELDS.items() if name in values}
        self.dubbing.change(self._id(asked), take.text(asked, "line"), **given)
        return True

    def cue_added(self, asked: dict[str, Any], language: str) -> Any:
        start, finish = number_or_text(asked, "start", float), number_or_text(asked, "finish", float)
        after, speaker = take.text(asked, "after", ""), take.text(asked, "speaker", "")
        return {"line": self.dubbing.insert(self._id(asked), take.text(asked, "text"), start, finish, speaker, after)}

    def cue_removed(self, asked: dict[str, Any], language: str) -> Any:
        self.studio.scripts.edit(self._id(asked), "delete", ids=[take.text(asked, "line")])
        return True

    def dub_undone(self, asked: dict[str, Any], language: str) -> Any:
        self.studio.scripts.edit(self._id(asked), "undo")
        return True

    def dub_set(self, asked: dict[str, Any], language: str) -> Any:
        id = self._id(asked)
        self.dubbing.change_settings(id, take.table(asked, "values"))
        return self.dubbing.settings(id)

    def dub_cast(self, asked: dict[str, Any], language: str) -> Any:
        """Who speaks a part, or in whose voice it is said again; what is not named stays."""
        id, speaker = self._id(asked), take.text(asked, "speaker")
        own = (part.member for part in self.studio.scripts.parts(id) if part.member.speaker == speaker)
        named: dict[str, Any] = {
            name: take.text(asked, name) for name in ("engine", "voice", "into", "converter") if name in asked
        }
        self.studio.scripts.cast(id, [replace(next(own, Member(speaker)), **named)])
        return True

    def dub_placed(self, asked: dict[str, Any], language: str) -> Any:
        """Put a speaker left or right."""
        self.studio.scripts.pan(self._id(asked), {take.text(asked, "speaker"): take.number(asked, "pan")})
        return True

    def dub_voices(self, asked: dict[str, Any], language: str) -> Any:
        return self._voices_offered(asked, language)

    def dub_voice(self, asked: dict[str, Any], language: str) -> Any:
        return self._voice_shown(asked, language)

    def cue_played(self, asked: dict[str, Any], language: str) -> Any:
        """A cue's take as the player wants it."""
        line = self.studio.scripts.line(self._id(asked), take.text(asked, "line"))
        return describe.take_row(self.studio, self.studio.takes.get(line.take), language) if line.take else None

    # what comes out

    def dub_exported(self, asked: dict[str, Any], language: str) -> Any:
        """Begin to write; a film or a background comes as an upload."""
        video = self.recordings.path(take.text(asked, "video")) if asked.get("video") else None
        under = self.recordings.path(take.text(asked, "background")) if asked.get("background") else None
        self.dubbing.export(
            self._id(asked),
            format=take.text(asked, "format", "wav"),
            subtitles=[name for name in take.texts(asked, "beside") if name in BESIDE],
            video=video,
            background=under or (video if take.switch(asked, "own_sound", False) else None),
            keep_sound=take.switch(asked, "keep_sound", False),
        )
        return True

    def dub_export_state(self, asked: dict[str, Any], language: str) -> Any:
        id = self._id(asked)
        job = self.dubbing.export_job(id)
        running = job is not None and not job.over
        return {
            "running": running,
            "share": job.progress if running else 0.0,
            "seconds_left": job.seconds_left if running else None,
            "error": job.error.text(language) if job and job.error and job.state == "failed" else "",
            "files": [{"name": path.name, "bytes": path.stat().st_size} for path in self.dubbing.files(id)],
        }

    def _id(self, asked: dict[str, Any]) -> str:
        return str(self.dubbing.get(take.text(asked, "id")).id)

    def _part(self, id: str, part: Any, cautions: dict[str, Words], language: str) -> dict[str, Any]:
        member = self.studio.scripts.member(id, part.member.speaker)
        shown = self._voice_shown({"engine": member.engine, "voice": member.voice}, language)
        speaker = part.member.speaker
        caution = cautions[speaker].text(language) if speaker in cautions else ""
        return {
            "speaker": speaker, "name": speaker or say("dub.unnamed", language), "lines": part.lines,
            "engine": member.engine, "voice": member.voice, "shown": shown, "caution": caution, "into": member.into,
            "own": {"into": part.member.into, "converter": part.member.converter},
            "pan": part.member.pan,
        }  # fmt: skip

    def _row(self, one: Production, language: str) -> dict[str, Any]:
        job, progress = self.dubbing.job(one.id), self.studio.scripts.progress(one.id)
        running = job is not None and not job.over
        done = sum(progress.states.get(state, 0) for state in ("done", "locked"))
        state = "running" if running else "done" if done == progress.lines else "stopped" if done else "new"
        facts = describe.tongue(one.language, language), say("dub.done", language, done=done, cues=progress.lines)
        return {
            "id": one.id, "title": one.title, "state": state, "word": say(f"state.{state}", language),
            "facts": describe.joined(*facts), "running": running,
        }  # fmt: skip


def cue_row(cue: Any, language: str) -> dict[str, Any]:
    """A cue as the list shows it."""
    line = cue.line
    return {
        "number": cue.number,
        "line": line.id,
        "start": line.start,
        "finish": line.finish,
        "speaker": line.speaker,
        "text": line.text,
        "take": line.take,
        "state": line.state,
        "error": line.error.text(language) if line.error else "",
        **cue.fit.to_json(),
    }


def strip_row(cue: Any) -> list[Any]:
    """[line, start, end, end of its speech, speaker, worst flag]: what the picture of the whole is drawn from."""
    fit, line = cue.fit, cue.line
    worst = next((flag for flag in FIT_FLAGS if flag in fit.flags), "")
    return [line.id, fit.slot.start, fit.slot.end, round(fit.end, 3) if fit.length else None, line.speaker, worst]


def number_or_text(values: dict[str, Any], name: str, kind: type) -> Any:
    """A field of a cue as it was sent. `BadRequest` for anything else."""
    if kind is str:
        return take.text(values, name)
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise take.wrong(name, float)
    return float(value)
