"""What the Voices page asks of draws: begun, watched, drawn again, kept; voices blended, bred and compared."""

from collections.abc import Mapping
from typing import Any

from studio.errors import BadRequest
from studio.studio import (
    Audition,
    Between,
    Brood,
    Candidate,
    DrawRequest,
    Mix,
    Mutation,
    Sentence,
    State,
    Studio,
    Sweep,
    read_draw,
    seeds_in,
)
from studio.ui import asked as take
from studio.ui import describe
from studio.ui.glyph import glyph_of
from studio.ui.pages import speak
from studio.ui.strings import say

FAMILIES = ("mix", "between", "mutate", "breed")


class Grid:
    """The questions of the grid of candidates; every one is `(asked, language) -> plain data`."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        desk = speak.Questions(studio)
        self.questions = [
            self.draw_begin, self.evolve_begin, self.compare_voices, self.compare_styles, self.draw_seen,
            self.draw_again, self.draw_recipe, self.draw_stop, self.draw_keep, desk.voices_offered,
        ]  # fmt: skip

    def draw_begin(self, asked: dict[str, Any], language: str) -> Any:
        """Start a draw from what the form says: seeds as text, a sweep as from, to and steps."""
        engine, sweep = take.text(asked, "engine"), take.table(asked, "sweep")
        request = DrawRequest(
            sentence_of(asked, language),
            engine,
            seeds_in(take.text(asked, "seeds")),
            take.whole(asked, "count", 12),
            sweep_of(sweep) if sweep else None,
            take.text(asked, "voice"),
        )
        return self._shown(self.studio.drawing.draw(request), language)

    def evolve_begin(self, asked: dict[str, Any], language: str) -> Any:
        """Start hearing children of voices."""
        family = family_of(asked)
        begun = self.studio.drawing.evolve(take.text(asked, "engine"), family, sentence_of(asked, language))
        return self._shown(begun, language)

    def compare_voices(self, asked: dict[str, Any], language: str) -> Any:
        voices = [self.studio.voices.get(id) for id in take.texts(asked, "ids")]
        pairs = [(voice.engine, voice.id) for voice in voices]
        return self._shown(self.studio.drawing.compare_voices(pairs, sentence_of(asked, language)), language)

    def compare_styles(self, asked: dict[str, Any], language: str) -> Any:
        """The same sentence in several styles, with the table of what they set."""
        engine, names = take.text(asked, "engine"), take.texts(asked, "names")
        rows = self.studio.stylebook.compare(engine, names)
        voice, said = take.text(asked, "voice"), sentence_of(asked, language)
        begun = self.studio.drawing.compare_styles(engine, names, said, voice)
        table = [
            {
                "label": row.label.text(language),
                "values": [None if value is None else describe.value(value) for value in row.values],
                "default": describe.value(row.default),
                "differs": row.differs,
            }
            for row in rows
        ]
        return self._shown(begun, language) | {"table": table}

    def draw_seen(self, asked: dict[str, Any], language: str) -> Any:
        """How far a draw is, and the takes that are there."""
        audition = self.studio.drawing.audition(take.text(asked, "id"))
        seen = {**self._state(audition, language), "places": [self._made(one, language) for one in audition.candidates]}
        self.studio.cache.flush()  # what is told of must be there to be asked for, and rows wait for others: so after
        return seen

    def draw_again(self, asked: dict[str, Any], language: str) -> Any:
        """Anew, with the liked ones in front."""
        liked = [whole for whole in (asked.get("liked") or []) if isinstance(whole, int)]
        return self._shown(self.studio.drawing.again(take.text(asked, "id"), liked), language)

    def draw_recipe(self, asked: dict[str, Any], language: str) -> Any:
        """Draw what a pasted recipe says; a text that is none is refused with the field that is wrong."""
        return self._shown(self.studio.drawing.draw(read_draw(take.text(asked, "recipe"))), language)

    def draw_stop(self, asked: dict[str, Any], language: str) -> Any:
        self.studio.drawing.audition(take.text(asked, "id")).stop()
        return True

    def draw_keep(self, asked: dict[str, Any], language: str) -> Any:
        id, number = take.text(asked, "id"), take.whole(asked, "number")
        favourite = take.switch(asked, "favourite", False)
        voice = self.studio.drawing.keep(id, number, take.text(asked, "name"), favourite=favourite)
        return describe.voice_card(voice, language)

    def _shown(self, audition: Audition, language: str) -> dict[str, Any]:
        """A whole grid: its places with their pictures, and what gives it again."""
        grid = {
            **self._state(audition, language),
            "kind": audition.kind,
            "columns": audition.columns,
            "engine": audition.candidates[0].engine,
            "again": audition.kind in ("mutate", "breed") or "seeds" in audition.recipe,
            "text": audition.candidates[0].plan.request.text,
            "recipe": describe.pretty({"kind": audition.kind, **audition.recipe}),
            "seeds": ",".join(map(str, audition.recipe.get("seeds", ()))),
            "places": [self._place(one, language) | self._made(one, language) for one in audition.candidates],
        }
        self.studio.cache.flush()  # the first of them may be there already; see `draw_seen`
        return grid

    def _state(self, audition: Audition, language: str) -> dict[str, Any]:
        failed = audition.error if audition.state is State.FAILED else None
        return {
            "id": audition.id,
            "state": audition.state,
            "progress": audition.progress,
            "seconds_left": audition.seconds_left,
            "error": failed.text(language) if failed else "",
        }

    def _place(self, one: Candidate, language: str) -> dict[str, Any]:
        name = describe.family_label(self.studio, one.engine, one.name, language)
        setting = self._setting(one, language)
        swapped = one.setting and one.setting == one.plan.request.style  # styles are compared: their names come first
        return {
            "number": one.number,
            "row": one.row,
            "name": setting if swapped else name,
            "setting": name if swapped else setting,
            "ref": one.ref,
            "engine": one.engine,
            "glyph": glyph_of(one.engine, one.voice.content.to_json()),
            "parents": [
                [describe.ref_label(self.studio, one.engine, str(parent["name"]), language), float(parent["weight"])]
                for parent in one.parents
            ],
        }

    def _made(self, one: Candidate, language: str) -> dict[str, Any]:
        return {
            "number": one.number,
            "take": describe.take_row(self.studio, one.take, language) if one.take else None,
            "error": one.error.text(language) if one.error else "",
            "kept": one.kept,
        }

    def _setting(self, one: Candidate, language: str) -> str:
        """A column's head: the swept control by its label, or a style by its name."""
        if not one.setting:
            return ""
        if one.setting == one.plan.request.style:
            return self.studio.styles.get(one.setting, one.engine).label(language)
        name, _, value = one.setting.partition(" ")
        return f"{self.studio.engine(one.engine).control(name).label.text(language)} {value}"


def sentence_of(asked: Mapping[str, Any], language: str) -> Sentence:
    """What is said, in the reader's language where nothing was written."""
    return Sentence(
        take.text(asked, "text").strip() or say("voice.preview", language),
        style=take.text(asked, "style"),
        controls=take.table(asked, "controls"),
        language=take.text(asked, "language", "auto") or "auto",
        seed=take.whole(asked, "seed", 0),
    )


def sweep_of(told: Mapping[str, Any]) -> Sweep:
    """A control from one value to another in steps, as three fields say it."""
    low, high = (take.number(told, name) for name in ("low", "high"))
    return Sweep.read(f"{take.text(told, 'control')}={low}..{high}x{take.whole(told, 'steps', 3)}")


def family_of(asked: Mapping[str, Any]) -> Mix | Between | Mutation | Brood:
    """Which children of which voices."""
    kind = take.text(asked, "family")
    count, chance = take.whole(asked, "count", 12), take.whole(asked, "chance", 0)
    voices = {ref: take.number(take.table(asked, "voices"), ref) for ref in take.table(asked, "voices")}
    refs = list(voices)
    if kind == "mix":
        return Mix(voices)
    if kind == "between" and len(refs) == 2:
        return Between(refs[0], refs[1], take.whole(asked, "steps", 7))
    if kind == "mutate" and len(refs) == 1:
        return Mutation(refs[0], take.number(asked, "strength"), count, chance)
    if kind == "breed":
        return Brood(voices, take.number(asked, "strength"), count, chance)
    raise BadRequest(
        f"{kind}: mix takes 2 to 8 voices, between two others, mutate one, breed 2 or more with their ratings",
        f"{kind}：混合需要 2 到 8 个音色，渐变需要两个不同的音色，变异需要一个，繁育需要两个以上有评分的音色",
        where="voices",
    )
