"""What the Voices page asks of one voice: opened with all that is known of it, heard at once, edited."""

from typing import Any

from studio.studio import SpeakRequest, Studio, Voice, VoiceChange
from studio.ui import asked as take
from studio.ui import describe
from studio.ui.pages.speak import heard
from studio.ui.strings import say

SHOWN = 8  # previews


class OpenVoice:
    """The questions about one voice; every one is `(asked, language) -> plain data`."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.questions = [
            self.voice_opened, self.voice_edited, self.voice_recommended, self.voice_heard, self.voice_heard_made,
            self.preview_dropped,
        ]  # fmt: skip

    def voice_opened(self, asked: dict[str, Any], language: str) -> Any:
        """Facts, descent, previews, recommended controls, notes."""
        voice = self.studio.voices.get(take.text(asked, "id"))
        return describe.voice_card(voice, language) | {
            "description": voice.description,
            "age": voice.age,
            "gender": voice.gender,
            "languages": list(voice.languages),
            "rows": self._facts(voice, language),
            "controls": self._controls(voice, language),
            "recommended": dict(voice.controls),
            "descent": [self._ancestor(one, voice, language) for one in self.studio.drawing.lineage(voice.id)],
            "previews": [
                describe.take_row(self.studio, one, language) for one in self.studio.previews.of(voice.id)[:SHOWN]
            ],
        }

    def voice_edited(self, asked: dict[str, Any], language: str) -> Any:
        """Change what people say of a voice."""
        change = VoiceChange(
            name=take.text(asked, "name"),
            tags=tuple(take.texts(asked, "tags")),
            languages=tuple(take.texts(asked, "languages")),
            gender=take.text(asked, "gender"),  # type: ignore[arg-type]  # an unknown one is refused
            age=take.text(asked, "age"),
            description=take.text(asked, "description"),
            notes=take.text(asked, "note"),
        )
        self.studio.voices.update(take.text(asked, "id"), change)
        return self.voice_opened(asked, language)

    def voice_recommended(self, asked: dict[str, Any], language: str) -> Any:
        """Keep control values as those that suit a voice; the engine's declaration checks them."""
        voice = self.studio.voices.get(take.text(asked, "id"))
        spec = self.studio.engine(voice.engine)
        checked = {name: spec.control(name).check(value) for name, value in take.table(asked, "controls").items()}
        self.studio.voices.update(voice.id, VoiceChange(controls=checked))
        return self.voice_opened(asked, language)

    def voice_heard(self, asked: dict[str, Any], language: str) -> Any:
        """The kept preview of a voice, at once; where there is none (or a sentence is given), it speaks."""
        voice = self.studio.voices.get(take.text(asked, "id"))
        text = take.text(asked, "text").strip()
        for kept in () if text else self.studio.previews.of(voice.id):
            if self.studio.cache.get(kept.digest) is not None:
                return {"take": describe.take_row(self.studio, kept, language)}
        request = SpeakRequest(text or say("voice.preview", language), voice.engine, voice.id, controls=voice.controls)
        return heard(self.studio.speak(request))

    def voice_heard_made(self, asked: dict[str, Any], language: str) -> Any:
        """The take of a voice that was just heard; it is a preview from now on."""
        made = self.studio.performance(take.text(asked, "id")).wait(60.0)
        self.studio.previews.add(take.text(asked, "voice"), made.digest)
        return describe.take_row(self.studio, made, language)

    def preview_dropped(self, asked: dict[str, Any], language: str) -> Any:
        self.studio.previews.remove(take.text(asked, "id"), take.text(asked, "take"))
        return self.voice_opened(asked, language)

    def _facts(self, voice: Voice, language: str) -> list[list[str]]:
        """What is known of it, as pairs of a name and a text; what is unknown is left out."""
        comma = "、" if language == "zh" else ", "
        tongues = comma.join(describe.tongue(code, language) for code in voice.languages)
        made = str(voice.origin.get("made", ""))
        last = f"{voice.last_used:%Y-%m-%d}" if voice.last_used else ""
        rows = [
            ("fact.engine", describe.engine_titles(self.studio, language).get(voice.engine, voice.engine)),
            ("open.kind", describe.label("kind", voice.kind, language)),
            ("open.languages", tongues),
            ("open.gender", describe.label("gender", voice.gender, language) if voice.gender else ""),
            ("open.age", voice.age),
            ("open.made", describe.label("open.made", made, language) if made else ""),
            ("open.created", f"{voice.created:%Y-%m-%d}"),
            ("open.uses", describe.joined(str(voice.uses), last)),
            ("open.weights", self._weights(voice, language)),
        ]
        return [[say(key, language), text] for key, text in rows if text]

    def _weights(self, voice: Voice, language: str) -> str:
        """Which weights it was made with, and whether those speak now."""
        if not voice.weights:
            return ""
        now = self.studio.keeping.weights_now(voice.engine)
        same = say("open.weights.same" if now == voice.weights else "open.weights.other", language)
        return describe.joined(voice.weights[:12], same if now else "")

    def _controls(self, voice: Voice, language: str) -> list[list[str]]:
        known = {one.name: one.label.text(language) for one in self.studio.engine(voice.engine).controls}
        return [[known.get(name, name), describe.value(value)] for name, value in voice.controls.items()]

    def _ancestor(self, one: Any, of: Voice, language: str) -> dict[str, Any]:
        """A parent with its own."""
        return {
            "id": one.id if not one.deleted else "",
            "name": describe.ref_label(self.studio, of.engine, one.name, language),
            "share": f"{one.weight:.0%}",
            "parents": [self._ancestor(parent, of, language) for parent in one.parents],
        }
