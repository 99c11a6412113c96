"""The Voices page: the library's voices as cards; what is done with them has modules of its own."""

from collections.abc import Mapping
from typing import Any

from studio.studio import Studio, VoiceChange, VoiceQuery
from studio.ui import asked as take
from studio.ui import describe
from studio.ui.pages import cloning
from studio.ui.pages.changing import Changes
from studio.ui.pages.drawing import Grid
from studio.ui.pages.exchange import Exchanges
from studio.ui.pages.parts import component
from studio.ui.pages.styling import Sheets
from studio.ui.pages.survey import Survey, spans
from studio.ui.pages.voice_open import OpenVoice
from studio.ui.strings import say

PAGE = 24  # cards
SORTS = {"newest": "created", "used": "last_used", "name": "name", "rating": "rating"}


def build(studio: Studio) -> None:
    """Put the page into the Blocks that is being made."""
    shelf = Questions(studio)
    component(
        "voices",
        [
            shelf.find_voices, shelf.change_voice, shelf.drop_voice, shelf.restore_voice, shelf.add_seed,
            shelf.hear_emotion, shelf.voice_ids, *Grid(studio).questions, *OpenVoice(studio).questions,
            *Sheets(studio).questions, *Exchanges(studio).questions, *Survey(studio, query_of).questions,
            *Changes(studio).questions,
        ],
    )  # fmt: skip


class Questions:
    """What the script of this page may ask; every one is `(asked, language) -> plain data`."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    def find_voices(self, asked: dict[str, Any], language: str) -> Any:
        """One page of cards, with what they can be narrowed by."""
        found = self.studio.voices.find(query_of(asked))
        return {
            "voices": [describe.voice_card(voice, language) | cloning.rights_of(self.studio, voice) for voice in found],
            "facets": self._facets(language),
            "emotions": describe.emotions(self.studio, language),
            "total": found.total,
            "page": found.page,
            "pages": found.pages,
        }

    def voice_ids(self, asked: dict[str, Any], language: str) -> Any:
        """All voices that the page's filters leave, not only those that it shows."""
        return list(self.studio.voices.ids(query_of(asked)))

    def _facets(self, language: str) -> dict[str, list[list[str]]]:
        """Values to choose from, each with its label and number."""
        facets, titles = self.studio.voices.facets(), describe.engine_titles(self.studio, language)

        def choices(counts: Mapping[str, int], name: str) -> list[list[str]]:
            def word(value: str) -> str:
                if name == "engine":
                    return titles.get(value, value)
                return describe.tongue(value, language) if name == "tongue" else describe.label(name, value, language)

            labels = {value: word(value) for value in counts if value}
            return [[value, f"{label} ({counts[value]})"] for value, label in labels.items()]

        return {
            "engine": choices(facets.engines, "engine"),
            "kind": choices(facets.kinds, "kind"),
            "gender": choices(facets.genders, "gender"),
            "language": choices(facets.languages, "tongue"),
            "tag": choices(facets.tags, "tag"),
            "emotion": choices(facets.emotions, "emotion"),
        }

    def hear_emotion(self, asked: dict[str, Any], language: str) -> Any:
        """Listen to a voice's clip, or to a sentence of its; its card shows the emotion from then on."""
        id = take.text(asked, "id")
        self.studio.listening.hear_voice(id, preview=say("voice.preview", language))
        return describe.voice_card(self.studio.voices.get(id), language)

    def change_voice(self, asked: dict[str, Any], language: str) -> Any:
        change = VoiceChange(
            name=take.text(asked, "name") if "name" in asked else None,
            tags=tuple(take.texts(asked, "tags")) if "tags" in asked else None,
            notes=take.text(asked, "note") if "note" in asked else None,
            rating=take.whole(asked, "rating") if "rating" in asked else None,
            favourite=take.switch(asked, "favourite") if "favourite" in asked else None,
        )
        voice = self.studio.voices.update(take.text(asked, "id"), change)
        return describe.voice_card(voice, language) | cloning.rights_of(self.studio, voice)

    def drop_voice(self, asked: dict[str, Any], language: str) -> Any:
        return self.studio.voices.delete([take.text(asked, "id")])

    def restore_voice(self, asked: dict[str, Any], language: str) -> Any:
        return self.studio.voices.restore([take.text(asked, "id")])

    def add_seed(self, asked: dict[str, Any], language: str) -> Any:
        seed, name = take.whole(asked, "seed"), take.text(asked, "name")
        return describe.voice_card(self.studio.keeping.seed(take.text(asked, "engine"), seed, name), language)


def query_of(asked: Mapping[str, Any]) -> VoiceQuery:
    """What the filters of the page say."""
    tag = take.text(asked, "tag")
    return VoiceQuery(
        text=take.text(asked, "search"),
        engine=take.text(asked, "engine"),
        kind=take.text(asked, "kind"),  # type: ignore[arg-type]  # an unknown one finds nothing
        language=take.text(asked, "language"),
        gender=take.text(asked, "gender"),  # type: ignore[arg-type]
        tags=(tag,) if tag else (),
        favourite=True if take.switch(asked, "favourite", False) else None,
        emotion=take.text(asked, "emotion"),
        measures=spans(asked),
        sort=SORTS.get(take.text(asked, "sort", "newest"), "created"),  # type: ignore[arg-type]
        page=max(1, take.whole(asked, "page", 1)),
        size=PAGE,
    )
