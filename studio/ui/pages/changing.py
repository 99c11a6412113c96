"""What the Voices page asks to say a recording in another voice: who can, begun, watched, stopped."""

from typing import Any

from studio.studio import Studio
from studio.ui import asked as take
from studio.ui import describe
from studio.ui.pages.survey import still
from studio.ui.strings import say
from studio.ui.uploads import Uploads


class Changes:
    """The questions of the panel; every one is `(asked, language) -> plain data`."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.uploads = Uploads(studio.folder.path, "recordings")
        self.questions = [
            self.change_start, self.change_targets, self.change_source, self.change_begin, self.change_seen,
            self.change_stop,
        ]  # fmt: skip

    def change_start(self, asked: dict[str, Any], language: str) -> Any:
        """The engines that change voices, and what is missing of those that are not installed."""
        states = self.studio.changing.engines()
        ready = [one for one in states if one.state == "ready"]
        return {
            "engines": [[one.id, one.title.text(language)] for one in ready],
            "missing": [] if ready else [[o.title.text(language), o.note.text(language)] for o in states if o.note],
        }

    def change_targets(self, asked: dict[str, Any], language: str) -> Any:
        """The voices that an engine can change to and that fit what is searched: the library's, then its own."""
        engine, search = take.text(asked, "engine"), take.text(asked, "search").strip()
        kept = [describe.voice_card(v, language) for v in self.studio.changing.targets(engine, search)]
        built = [describe.builtin_voice(engine, voice, language) for voice in self.studio.builtin_voices(engine)]
        fits = [v for v in built if search.casefold() in f"{v['name']} {v['ref']} {v['facts']}".casefold()]
        groups = (("picker.library", kept), ("picker.builtin", fits))
        return [{"label": say(key, language), "voices": voices} for key, voices in groups]

    def change_source(self, asked: dict[str, Any], language: str) -> Any:
        """What was dropped. An error says why it is no recording."""
        path = self.uploads.path(take.text(asked, "upload"))
        return {"name": path.stem, "seconds": self.studio.changing.seconds(path)}

    def change_begin(self, asked: dict[str, Any], language: str) -> Any:
        path = self.uploads.path(take.text(asked, "upload"))
        engine = self.studio.changing.engine(take.text(asked, "engine"))
        return {"job": self.studio.changing.recording(path, engine, take.text(asked, "voice"), name=path.stem).id}

    def change_seen(self, asked: dict[str, Any], language: str) -> Any:
        """How far it is; the take when it is there, nothing where it was stopped."""
        job = self.studio.changing.job(take.text(asked, "job"))
        if (waiting := still(job)) is not None:
            return waiting
        made = job.wait()
        self.studio.cache.flush()  # before the page asks for its sound
        return describe.take_row(self.studio, made, language)

    def change_stop(self, asked: dict[str, Any], language: str) -> Any:
        self.studio.changing.job(take.text(asked, "job")).stop()
        return True
