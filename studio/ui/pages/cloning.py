"""Cloning on the Voices page: a recording, what the doctor says of it, consent, clips for moods, deletion under use."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.errors import BadRequest
from studio.studio import SENTENCE, USES, Rights, Studio, Voice
from studio.ui import asked as take
from studio.ui import describe
from studio.ui.pages.parts import component
from studio.ui.uploads import Uploads

CHOICES = 200  # voices that may take over


def build(studio: Studio) -> None:
    """Put the part into the Blocks that is being made."""
    desk = Questions(studio)
    component(
        "cloning",
        [
            desk.clone_start, desk.examine, desk.engine_uses, desk.write_down, desk.clone_voice, desk.voice_rights,
            desk.allow_voice, desk.add_reference, desk.change_reference, desk.drop_reference, desk.voice_users,
            desk.delete_voice, desk.converters, desk.revoice,
        ],
    )  # fmt: skip


def rights_of(studio: Studio, voice: Voice) -> dict[str, Any]:
    """What a card shows of a voice's rights."""
    if voice.kind != "clip" and not voice.parents and not voice.origin.get("cloned"):
        return {"cloned": False, "permitted": True, "clip": False}
    found = studio.cloning.standing(voice.id)
    return {"cloned": found.cloned, "permitted": found.permitted, "clip": voice.kind == "clip"}


class Questions:
    """What the script of this part may ask; every one is `(asked, language) -> plain data`."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.uploads = Uploads(studio.folder.path, "recordings")

    # a recording

    def clone_start(self, asked: dict[str, Any], language: str) -> Any:
        """What the form is made of. A recording comes next, so what looks at it may get ready."""
        self.studio.cloning.get_ready()
        uses = self.studio.cloning.uses(5.0, 48_000)
        return {
            "engines": [[use.engine, use.title.text(language)] for use in uses if use.ready],
            "others": [use.title.text(language) for use in uses if not use.ready],
            "listens": self.studio.cloning.listens(),
            "sentence": SENTENCE.text(language),
            "uses": [[name, words.text(language)] for name, words in USES.items()],
            "emotions": [[name, words.text(language)] for name, words in self.studio.scripts.emotions().items()],
        }

    def examine(self, asked: dict[str, Any], language: str) -> Any:
        """What the doctor says."""
        path = self._file(asked)
        found = self.studio.cloning.doctor(path)
        best = found.best
        return {
            "name": path.stem,
            "seconds": found.seconds,
            "verdict": found.verdict,
            "findings": [
                [one.verdict, one.label.text(language), one.told.text(language), one.advice.text(language), one.id]
                for one in found.findings
            ],
            "best": [best.start, best.end] if best else None,
            "peaks": list(found.peaks),
            "rate": found.rate,
            "uses": self._uses(best.seconds if best else found.seconds, found.rate, language),
        }

    def engine_uses(self, asked: dict[str, Any], language: str) -> Any:
        """What each engine makes of a stretch of this length."""
        return self._uses(take.number(asked, "seconds"), take.whole(asked, "rate"), language)

    def write_down(self, asked: dict[str, Any], language: str) -> Any:
        """What is said in a stretch."""
        cloning = self.studio.cloning
        return cloning.transcript(cloning.cut(self._file(asked), *_stretch(asked), normalise=False))

    def clone_voice(self, asked: dict[str, Any], language: str) -> Any:
        """The voice, as its card shows it."""
        path = self._file(asked)
        voice = self.studio.cloning.clone(
            path,
            take.text(asked, "name") or path.stem,
            take.text(asked, "engine"),
            self._record(asked) if take.switch(asked, "consent", False) else None,
            transcript=take.text(asked, "transcript"),
            stretch=_stretch(asked),
        )
        return describe.voice_card(voice, language) | rights_of(self.studio, voice)

    # consent and further clips

    def voice_rights(self, asked: dict[str, Any], language: str) -> Any:
        """The record of a voice, what is missing, and its clips."""
        voice = self.studio.voices.get(take.text(asked, "id"))
        found = self.studio.cloning.standing(voice.id)
        return {
            "rights": found.rights.to_json() if found.rights else None,
            "missing": found.missing.text(language) if found.missing else "",
            "clip": voice.kind == "clip",
            "transcript": str(voice.content.get("transcript", "")),
            "references": [
                {"id": one.id, "emotion": one.emotion, "seconds": round(one.seconds, 1), "transcript": one.transcript}
                for one in (self.studio.cloning.references(voice.id) if voice.kind == "clip" else ())
            ],
        }

    def allow_voice(self, asked: dict[str, Any], language: str) -> Any:
        """Write the record, or take it away where consent is not confirmed."""
        rights = self._record(asked) if take.switch(asked, "consent", False) else None
        voice = self.studio.cloning.allow(take.text(asked, "id"), rights)
        return describe.voice_card(voice, language) | rights_of(self.studio, voice)

    def add_reference(self, asked: dict[str, Any], language: str) -> Any:
        """The best stretch of a recording, for an emotion."""
        said = "auto" if self.studio.cloning.listens() else ""
        id, emotion = take.text(asked, "id"), take.text(asked, "emotion")
        return self.studio.cloning.add_reference(id, emotion, self._file(asked), transcript=said).id

    def change_reference(self, asked: dict[str, Any], language: str) -> Any:
        voice, id = take.text(asked, "id"), take.text(asked, "reference")
        emotion = take.text(asked, "emotion") if "emotion" in asked else None
        transcript = take.text(asked, "transcript") if "transcript" in asked else None
        return self.studio.cloning.change_reference(voice, id, emotion, transcript).id

    def drop_reference(self, asked: dict[str, Any], language: str) -> Any:
        self.studio.cloning.delete_reference(take.text(asked, "id"), take.text(asked, "reference"))
        return True

    # deletion

    def voice_users(self, asked: dict[str, Any], language: str) -> Any:
        """The productions that use a voice, and who could take over."""
        from studio.studio import VoiceQuery

        voice = self.studio.voices.get(take.text(asked, "id"))
        used = self.studio.cloning.users(voice.id)
        others: list[list[str]] = []
        if used:
            kept = self.studio.voices.find(VoiceQuery(engine=voice.engine, size=CHOICES))
            others = [[one.id, one.name] for one in kept if one.id != voice.id]
            ready = {state.id for state in self.studio.engines() if state.state == "ready"}
            if voice.engine in ready:
                builtin = self.studio.builtin_voices(voice.engine)
                others += [[one.name, one.label.text(language)] for one in builtin]
        return {"titles": [use.title for use in used], "others": others[:CHOICES]}

    def delete_voice(self, asked: dict[str, Any], language: str) -> Any:
        then = take.text(asked, "then", "leave")
        if then not in ("leave", "keep", "replace"):
            raise BadRequest("then: leave, keep or replace", "then：应为 leave、keep 或 replace", where="then")
        self.studio.cloning.delete(take.text(asked, "id"), then, take.text(asked, "by"))  # type: ignore[arg-type]
        return True

    # another voice for a take

    def converters(self, asked: dict[str, Any], language: str) -> Any:
        """Engines that say a take again in another voice, each with its voices."""
        return describe.timbres(self.studio, language)

    def revoice(self, asked: dict[str, Any], language: str) -> Any:
        """A take in another voice, as a take of its own."""
        job = self.studio.changing.take(
            take.text(asked, "digest"), take.text(asked, "engine"), take.text(asked, "voice")
        )
        return describe.take_row(self.studio, job.wait(), language)

    # what is asked, taken apart

    def _file(self, asked: Mapping[str, Any]) -> Path:
        return self.uploads.path(take.text(asked, "upload"))

    def _record(self, asked: Mapping[str, Any]) -> Rights:
        return self.studio.cloning.record(
            take.text(asked, "speaker"),
            take.texts(asked, "uses"),
            take.text(asked, "expires"),
            take.text(asked, "proof"),
            SENTENCE.text(take.text(asked, "reader", "en")),
        )

    def _uses(self, seconds: float, rate: int, language: str) -> list[list[Any]]:
        return [[use.engine, use.told.text(language), use.fits] for use in self.studio.cloning.uses(seconds, rate)]


def _stretch(asked: Mapping[str, Any]) -> tuple[float, float]:
    return take.number(asked, "start"), take.number(asked, "end")
