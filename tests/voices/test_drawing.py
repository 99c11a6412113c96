"""A draw: candidates from seeds and sweeps, the same again bit for bit, kept with what they were heard in."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.engines.contract import AudioChunk, Recipe, Stop
from studio.engines.espeak import Espeak
from studio.errors import BadControl, BadRequest, Cancelled, EngineFailed, NotFound, NotInstalled, StudioError
from studio.studio import Audition, DrawRequest, Sentence, SpeakRequest, State, Studio, Sweep, read_draw, seeds_in

HELLO = Sentence("Good evening. This is the voice you may choose.")


def over(audition: Audition) -> Audition:
    audition.wait(60)
    return audition


def sound(studio: Studio, audition: Audition, number: int) -> np.ndarray:
    take = audition.candidates[number - 1].take
    assert take is not None
    return studio.cache.load(take.digest).samples


def test_a_draw_is_the_same_again_bit_for_bit_in_another_folder(studio: Studio, tmp_path: Path) -> None:
    drawn = over(studio.drawing.draw(DrawRequest(HELLO, count=6)))
    seeds = tuple(drawn.recipe["seeds"])
    assert len(set(seeds)) == 6
    assert [one.name for one in drawn.candidates] == [f"seed:{seed}" for seed in seeds]
    told = drawn.recipe["sentence"]
    with Studio(tmp_path / "elsewhere") as other:
        again = over(other.drawing.draw(DrawRequest(Sentence(**told), drawn.recipe["engine"], seeds)))
        for number in range(1, 7):
            assert np.array_equal(sound(studio, drawn, number), sound(other, again, number))
    assert len({sound(studio, drawn, number).tobytes() for number in range(1, 7)}) == 6


def test_a_candidate_is_what_speak_says(studio: Studio) -> None:
    drawn = over(studio.drawing.draw(DrawRequest(HELLO, seeds=(12,))))
    take = studio.speak(SpeakRequest(HELLO.text, voice="seed:12")).wait(30)
    assert drawn.candidates[0].take.digest == take.digest  # type: ignore[union-attr]


def test_candidates_come_one_after_another_and_a_draw_is_stopped(studio: Studio) -> None:
    long = Sentence("This sentence is read aloud for a while. " * 200)
    drawn = studio.drawing.draw(DrawRequest(long, seeds=tuple(range(24))))
    while not any(one.take for one in drawn.candidates):
        assert not drawn.over
        time.sleep(0.005)
    assert 0 < drawn.progress < 1
    assert drawn.seconds_left is not None
    drawn.stop()
    with pytest.raises(Cancelled):
        drawn.wait(10)
    assert drawn.state is State.STOPPED
    done = sum(1 for one in drawn.candidates if one.take)
    assert 1 <= done < 24
    again = over(studio.drawing.draw(DrawRequest(long, seeds=tuple(range(3)))))  # goes on from what is in the cache
    assert all(one.take for one in again.candidates)


def test_what_was_drawn_is_not_rendered_again(studio: Studio) -> None:
    first = over(studio.drawing.draw(DrawRequest(HELLO, seeds=(1, 2))))
    made = {one.number: studio.cache.path(one.take.digest).stat().st_mtime_ns for one in first.candidates}  # type: ignore[union-attr]
    again = over(studio.drawing.draw(DrawRequest(HELLO, seeds=(1, 2))))
    assert {one.number: studio.cache.path(one.take.digest).stat().st_mtime_ns for one in again.candidates} == made  # type: ignore[union-attr]


def test_a_sweep_is_a_grid_of_seeds_and_values(studio: Studio) -> None:
    drawn = over(studio.drawing.draw(DrawRequest(HELLO, seeds=(5, 6), sweep=Sweep.read("speed=0.8..1.6x3"))))
    assert drawn.columns == 3
    assert [(one.row, one.column, one.setting) for one in drawn.candidates[:4]] == [
        (0, 0, "speed 0.8"), (0, 1, "speed 1.2"), (0, 2, "speed 1.6"), (1, 0, "speed 0.8"),
    ]  # fmt: skip
    lengths = [one.take.seconds for one in drawn.candidates[:3]]  # type: ignore[union-attr]
    assert lengths[0] > lengths[1] > lengths[2]
    kept = studio.drawing.keep(drawn.id, 3, "Quick")
    assert kept.controls == {"speed": 1.6}
    assert kept.content == {"kind": "seed", "seed": 5}


def test_a_named_voice_is_swept(studio: Studio) -> None:
    drawn = over(studio.drawing.draw(DrawRequest(HELLO, voice="f2", sweep=Sweep("roughness", (0.2, 2.4, 5)))))
    assert [one.setting for one in drawn.candidates] == ["roughness 0", "roughness 2", "roughness 5"]
    assert {one.name for one in drawn.candidates} == {"f2"}


def test_again_keeps_the_liked_in_front(studio: Studio) -> None:
    first = over(studio.drawing.draw(DrawRequest(HELLO, count=5)))
    again = over(studio.drawing.again(first.id, [4, 2]))
    assert [one.name for one in again.candidates[:2]] == [first.candidates[3].name, first.candidates[1].name]
    assert not {one.name for one in again.candidates[2:]} & {one.name for one in first.candidates}
    assert len(again.candidates) == 5


def test_a_kept_candidate_knows_what_it_was_heard_in_and_how_it_was_made(studio: Studio) -> None:
    drawn = over(studio.drawing.draw(DrawRequest(HELLO, seeds=(7, 8))))
    voice = studio.drawing.keep(drawn.id, 2, "Evening", tags=("warm",))
    assert [take.digest for take in studio.previews.of(voice.id)] == [drawn.candidates[1].take.digest]  # type: ignore[union-attr]
    assert voice.origin["made"] == "draw"
    assert voice.origin["recipe"]["seeds"] == [7, 8]
    assert voice.tags == ("warm",)
    assert drawn.candidates[1].kept == voice.id


def test_the_contact_sheet_says_everything(studio: Studio) -> None:
    sheet = over(studio.drawing.draw(DrawRequest(Sentence("你好。", controls={"pitch": 2}), seeds=(9,)))).to_json()
    place = sheet["candidates"][0]
    assert (place["voice"], place["controls"], place["text"]) == ({"kind": "seed", "seed": 9}, {"pitch": 2}, "你好。")
    assert len(place["digest"]) == 64
    assert place["seconds"] > 0.2


def test_voices_and_styles_are_compared(studio: Studio) -> None:
    sides = over(studio.drawing.compare_voices([("espeak", "f2"), ("espeak", "seed:3")], HELLO))
    assert [one.name for one in sides.candidates] == ["f2", "seed:3"]
    assert len({one.take.digest for one in sides.candidates}) == 2  # type: ignore[union-attr]
    styles = over(studio.drawing.compare_styles("espeak", ["slow", "fast", "calm"], HELLO, "m3"))
    slow, fast, _ = (one.take.seconds for one in styles.candidates)  # type: ignore[union-attr]
    assert slow > 1.3 * fast


class Fussy(Espeak):
    """A real engine of a third party, which cannot speak with one voice."""

    def __init__(self) -> None:
        super().__init__()
        self.spec = replace(self.spec, id="fussy")
        self.calls = 0

    def speak(self, recipes: Sequence[Recipe], stop: Stop, stream: bool = True) -> Iterator[AudioChunk]:
        self.calls += 1
        if any(recipe.voice.seed == 13 for recipe in recipes):
            raise EngineFailed("not this voice", "不支持这个音色")
        return super().speak(recipes, stop, stream)


def test_one_voice_that_fails_takes_no_other_along(studio: Studio) -> None:
    studio._engines.add("fussy", Fussy)
    drawn = over(studio.drawing.draw(DrawRequest(HELLO, "fussy", (12, 13, 14))))
    assert [bool(one.take) for one in drawn.candidates] == [True, False, True]
    assert "not this voice" in str(drawn.candidates[1].to_json()["error"])
    with pytest.raises(EngineFailed, match="not this voice"):
        studio.drawing.draw(DrawRequest(HELLO, "fussy", (13,))).wait(30)


def test_candidates_are_spoken_in_batches(studio: Studio) -> None:
    studio._engines.add("fussy", Fussy)
    over(studio.drawing.draw(DrawRequest(HELLO, "fussy", tuple(range(20, 44)))))
    assert studio._engines.get("fussy").calls <= 2  # type: ignore[attr-defined]


SEED = "whole number from 0 to 2147483647"


@pytest.mark.parametrize(
    ("request_", "error", "words"),
    [
        (DrawRequest(HELLO, count=25), BadRequest, "25 candidates: a draw takes 1 to 24"),
        (DrawRequest(HELLO, count=0), BadRequest, "0 candidates"),
        (DrawRequest(HELLO, seeds=tuple(range(25))), BadRequest, "25 candidates"),
        (DrawRequest(HELLO, seeds=(2**31,)), BadRequest, SEED),
        (DrawRequest(HELLO, seeds=(-1,)), BadRequest, SEED),
        (DrawRequest(HELLO, sweep=Sweep("warmth", (1,))), BadControl, "no such control"),
        (DrawRequest(HELLO, sweep=Sweep("speed", (0.5, 9))), BadControl, "speed 9: takes 0.5 to 2.5"),
        (DrawRequest(HELLO, count=12, sweep=Sweep("speed", (0.8, 1, 1.2))), BadRequest, "36 candidates"),
        (DrawRequest(Sentence("  ")), StudioError, "nothing"),
        (DrawRequest(HELLO, "nowhere"), NotFound, "nowhere"),
        (DrawRequest(HELLO, "cosyvoice2"), BadRequest, "not drawn from seeds"),
        (DrawRequest(HELLO, "chattts", sweep=Sweep("refine", (0, 1))), BadControl, "refine is no number"),
        (DrawRequest(HELLO, "chattts", seeds=(1,)), NotInstalled, "models install chattts"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_what_cannot_be_drawn_is_refused(
    studio: Studio, request_: DrawRequest, error: type[StudioError], words: str
) -> None:
    with pytest.raises(error, match=words):
        studio.drawing.draw(request_)
    assert studio.takes.find().total == 0


@pytest.mark.parametrize(
    "text", ["", "speed", "speed=", "=1", "speed=a..b", "speed=1..2xmany", "speed=1..2x99", "speed=1;2"]
)
def test_a_sweep_that_cannot_be_read(text: str) -> None:
    with pytest.raises(BadRequest, match="write it as control=from"):
        Sweep.read(text)


def test_seeds_are_read_from_text() -> None:
    assert seeds_in("1, 2,5-9，2") == (1, 2, 5, 6, 7, 8, 9)
    assert seeds_in("") == ()
    for wrong in ("a", "1-", "9-5", "-3", "2147483648", "1.5", "１"):
        with pytest.raises(BadRequest, match="a seed is a whole number"):
            seeds_in(wrong)
    with pytest.raises(BadRequest, match="candidates: a draw takes"):
        seeds_in("1-2000000000")


def test_an_audition_that_is_forgotten_or_a_place_that_is_not_there(studio: Studio) -> None:
    drawn = over(studio.drawing.draw(DrawRequest(HELLO, seeds=(1,))))
    with pytest.raises(NotFound, match="forgotten"):
        studio.drawing.keep("nothing", 1, "x")
    for number in (0, 2):
        with pytest.raises(BadRequest, match="there are 1 to 1"):
            studio.drawing.keep(drawn.id, number, "x")
    with pytest.raises(BadRequest, match="name"):
        studio.drawing.keep(drawn.id, 1, "  ")
    assert studio.voices.find().total == 0
    for _ in range(10):
        over(studio.drawing.draw(DrawRequest(HELLO, seeds=(1,))))
    with pytest.raises(NotFound, match="forgotten"):
        studio.drawing.audition(drawn.id)
    with pytest.raises(BadRequest, match="2 to 4"):
        studio.drawing.compare_voices([("espeak", "f2")] * 5, HELLO)


@pytest.mark.parametrize("how", ["recipe", "sheet"])
def test_a_draw_is_copied_as_text_and_drawn_again(studio: Studio, how: str) -> None:
    request = DrawRequest(HELLO, seeds=(7, 2222), sweep=Sweep("speed", (0.8, 1.2)))
    drawn = over(studio.drawing.draw(request))
    text = json.dumps(drawn.to_json() if how == "sheet" else {"kind": "draw", **drawn.recipe})
    read = read_draw(text)
    assert replace(read, count=request.count) == request
    again = over(studio.drawing.draw(read))
    assert [one.plan.digest for one in again.candidates] == [one.plan.digest for one in drawn.candidates]
    swept = DrawRequest(HELLO, sweep=Sweep("speed", (1.0,)), voice="f2")
    assert read_draw(json.dumps(swept.to_json())).voice == "f2"


GOOD = {"engine": "espeak", "seeds": [1], "sweep": None, "sentence": {"text": "hello"}}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ("{", "recipe"),
        ("[1]", "recipe"),
        ("[" * 100_000, "recipe"),
        (" " * 200_001, "recipe"),
        ({"kind": "mutate"}, "kind"),
        ({"engine": 3}, "engine"),
        ({"seeds": []}, "seeds"),
        ({"seeds": ["1"]}, "seeds"),
        ({"seeds": [True]}, "seeds"),
        ({"voice": "f2"}, "seeds"),
        ({"sweep": "speed"}, "sweep"),
        ({"sweep": {"control": "speed", "values": []}}, "sweep.values"),
        ({"sweep": {"control": "speed", "values": [float("nan")]}}, "sweep.values"),
        ({"sweep": {"control": "speed", "values": [1], "steps": 3}}, "sweep.steps"),
        ({"sentence": {}}, "sentence.text"),
        ({"sentence": {"text": "hello", "seed": "1"}}, "sentence.seed"),
        ({"tempo": 2}, "tempo"),
    ],
)
def test_a_recipe_that_is_none_names_its_field(change: str | dict[str, object], where: str) -> None:
    text = change if isinstance(change, str) else json.dumps(GOOD | change)
    with pytest.raises(BadRequest) as refused:
        read_draw(text)
    assert refused.value.where == where
    assert refused.value.text("zh").startswith("抽卡配方")
