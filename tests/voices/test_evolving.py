"""Blending, walking between two, mutating, breeding: seeded, with parents, and only where voices are vectors."""

from pathlib import Path

import numpy as np
import pytest

from studio.engines.contract import VoiceContent
from studio.errors import BadRequest, StudioError
from studio.studio import Audition, Between, Brood, DrawRequest, Mix, Mutation, Sentence, SpeakRequest, Studio
from studio.voices.evolving import Dice, spread

HELLO = Sentence("Good evening. This is a child of two voices.")
TINY = Path(__file__).parents[1] / "parity" / "chattts" / "tiny"


def over(audition: Audition) -> Audition:
    audition.wait(60)
    return audition


def vectors(audition: Audition) -> list[np.ndarray]:
    return [np.frombuffer(one.voice.content.values, "<f4") for one in audition.candidates]


def family(studio: Studio, kind: object) -> Audition:
    return over(studio.drawing.evolve("espeak", kind, HELLO))  # type: ignore[arg-type]


def test_a_mix_is_the_mean_by_weight_and_is_kept_with_its_parents(studio: Studio) -> None:
    mixed = family(studio, Mix({"f2": 3, "m3": 1}))
    f2, m3 = (
        vectors(over(studio.drawing.evolve("espeak", Between(a, b, 3), HELLO)))[0]
        for a, b in (("f2", "m3"), ("m3", "f2"))
    )
    assert np.allclose(vectors(mixed)[0], 0.75 * f2 + 0.25 * m3, atol=1e-6)
    voice = studio.drawing.keep(mixed.id, 1, "Both")
    assert [(p["voice"], p["weight"]) for p in voice.parents] == [("f2", 0.75), ("m3", 0.25)]
    take = studio.speak(SpeakRequest(HELLO.text, voice="Both")).wait(30)
    assert take.digest == mixed.candidates[0].take.digest  # type: ignore[union-attr]


def test_a_walk_begins_and_ends_at_its_ends(studio: Studio) -> None:
    walk = vectors(family(studio, Between("f2", "m3", 5)))
    assert np.allclose(walk[2], (walk[0] + walk[4]) / 2, atol=1e-6)
    assert not np.allclose(walk[0], walk[4])


def test_mutations_are_seeded_stay_around_and_grow_with_strength(studio: Studio) -> None:
    weak, strong = family(studio, Mutation("seed:3", 0.1, 8)), family(studio, Mutation("seed:3", 1.0, 8))
    middle = vectors(family(studio, Between("seed:3", "seed:3", 3)))[0]
    near = [np.linalg.norm(one - middle) for one in vectors(weak)]
    far = [np.linalg.norm(one - middle) for one in vectors(strong)]
    assert max(near) < min(far)
    again, longer = family(studio, Mutation("seed:3", 0.1, 8)), family(studio, Mutation("seed:3", 0.1, 12))
    assert [v.tobytes() for v in vectors(again)] == [v.tobytes() for v in vectors(weak)]
    assert [v.tobytes() for v in vectors(longer)][:8] == [v.tobytes() for v in vectors(weak)]
    other = family(studio, Mutation("seed:3", 0.1, 8, seed=1))
    assert not {v.tobytes() for v in vectors(other)} & {v.tobytes() for v in vectors(weak)}
    assert len({one.take.digest for one in weak.candidates}) == 8  # type: ignore[union-attr]


def test_strength_is_in_units_of_the_engines_own_spread(studio: Studio) -> None:
    engine = studio._engines.get("espeak")
    children = vectors(over(studio.drawing.evolve("espeak", Mutation("default", 0.5, 24), HELLO)))
    middle = np.frombuffer(engine.embed(VoiceContent.from_json({"kind": "builtin", "name": "default"})), "<f4")
    free = np.flatnonzero(spread(engine) > 0.05)  # the pitch, say, which nothing holds
    ratio = (np.stack(children) - middle).std(axis=0)[free[0]] / spread(engine)[free[0]]
    assert 0.3 < ratio < 0.7


def test_children_are_bred_by_rating(studio: Studio) -> None:
    brood = family(studio, Brood({"f2": 5, "m3": 5, "seed:7": 0.01}, strength=0.05, count=24, seed=4))
    named = [parent["voice"] for one in brood.candidates for parent in one.parents]
    assert named.count("seed:7") < 4
    assert all(
        len(one.parents) == 2 and sum(p["weight"] for p in one.parents) == pytest.approx(1) for one in brood.candidates
    )
    assert len({v.tobytes() for v in vectors(brood)}) == 24


def test_again_keeps_liked_children_with_their_parents(studio: Studio) -> None:
    first = family(studio, Brood({"f2": 2, "m3": 1}, count=6))
    again = over(studio.drawing.again(first.id, [5]))
    assert vectors(again)[0].tobytes() == vectors(first)[4].tobytes()
    assert again.candidates[0].parents == first.candidates[4].parents
    assert len(again.candidates) == 6
    assert not {v.tobytes() for v in vectors(again)[1:]} & {v.tobytes() for v in vectors(first)}
    voice = studio.drawing.keep(again.id, 1, "Heir")
    assert "keep" not in voice.origin["recipe"]["family"]
    with pytest.raises(BadRequest, match="same again"):
        studio.drawing.again(family(studio, Between("f2", "m3")).id)


def test_a_line_of_descent_names_grandparents(studio: Studio) -> None:
    mother = studio.drawing.keep(family(studio, Mix({"f2": 1, "f3": 1})).id, 1, "Mother")
    child = studio.drawing.keep(family(studio, Mutation("Mother", 0.3, 2)).id, 2, "Child")
    studio.voices.delete([mother.id])
    (told,) = studio.drawing.lineage(child.id)
    assert (told.name, told.weight, told.id) == ("Mother", 1.0, mother.id)
    assert [(one.name, one.weight) for one in told.parents] == [("f2", 0.5), ("f3", 0.5)]
    assert studio.drawing.lineage(studio.keeping.seed("espeak", 1, "Alone").id) == ()


def test_dice_are_the_same_everywhere() -> None:
    dice = Dice(7, 3)
    assert [round(dice.fraction(), 6) for _ in range(3)] == FIRST
    many = Dice(0, 0).normal(20_000)
    assert abs(many.mean()) < 0.03
    assert many.std() == pytest.approx(1, abs=0.03)


FIRST = [0.975034, 0.884567, 0.23197]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Mix({"f2": 1}), "2 to 8 voices"),
        (Mix({f"seed:{n}": 1 for n in range(9)}), "2 to 8 voices"),
        (Mix({"f2": 0, "m3": 0}), "not all 0"),
        (Mix({"f2": -1, "m3": 2}), "0 or more"),
        (Mix({"f2": float("nan"), "m3": 2}), "0 or more"),
        (Between("f2", "m3", 2), "steps 2: takes a whole number, 3 to 24"),
        (Between("f2", "nobody of this name"), "nobody"),
        (Mutation("f2", 0.0), "strength 0"),
        (Mutation("f2", 9.0), "up to 3"),
        (Mutation("f2", 0.3, 25), "count 25"),
        (Mutation("f2", 0.3, 5, -1), "seed -1"),
        (Mutation("en-US"), "accent"),
        (Brood({"f2": 1}), "2 to 24 voices"),
        (Brood({"f2": 1, "m3": 0}), "rated above 0"),
        (Brood({"f2": 1, "m3": float("inf")}), "rated above 0"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_evolved_is_refused(studio: Studio, kind: object, words: str) -> None:
    with pytest.raises(StudioError, match=words):
        studio.drawing.evolve("espeak", kind, HELLO)  # type: ignore[arg-type]
    assert studio.takes.find().total == 0


def test_voices_of_two_engines_do_not_mix(studio: Studio) -> None:
    clip = VoiceContent.from_json({"kind": "clip", "sha256": "", "transcript": "hi"}, b"RIFF")
    studio.keeping.voice("cosyvoice2", clip, "Elsewhere")
    with pytest.raises(BadRequest, match="belongs to the engine cosyvoice2"):
        studio.drawing.evolve("espeak", Mix({"f2": 1, "Elsewhere": 1}), HELLO)
    with pytest.raises(BadRequest, match="cannot be blended: they are clips"):
        studio.drawing.evolve("cosyvoice2", Mutation("Elsewhere"), HELLO)


def test_a_vector_is_named_by_its_numbers_and_checked(studio: Studio) -> None:
    for wrong in ("vector:", "vector:AAAA", "vector:!!", "vector:" + "AAAA" * 100):
        with pytest.raises(BadRequest, match="numbers after vector"):
            studio.plan(SpeakRequest("hi", voice=wrong))


@pytest.fixture
def chattts(tmp_path: Path) -> Studio:
    with Studio(tmp_path / "data", models=TINY) as opened:
        yield opened  # type: ignore[misc]


def test_chattts_is_drawn_and_bred(chattts: Studio) -> None:
    said = Sentence("你好。", controls={"temperature": 0.7, "min_tokens": 30, "retries": 3})
    drawn = over(chattts.drawing.draw(DrawRequest(said, "chattts", (1, 2, 3))))
    assert len({one.take.digest for one in drawn.candidates if one.take}) >= 2
    rated = {one.name: 1 for one in drawn.candidates}
    bred = over(chattts.drawing.evolve("chattts", Brood(rated, count=2), said))
    assert len(vectors(bred)[0]) == chattts.engine("chattts").embedding_size
    assert any(one.take for one in bred.candidates)


def test_other_weights_than_it_was_made_with_are_told(chattts: Studio) -> None:
    voice = chattts.keeping.seed("chattts", 3, "Pinned")
    assert len(voice.weights) == 64
    assert chattts.plan(SpeakRequest("你好。", "chattts", "Pinned")).direction.cautions == ()
    content = VoiceContent.from_json(voice.content)
    chattts.keeping.voice("chattts", content, "Old", weights="ab" * 32)
    (note,) = (n for n in chattts.plan(SpeakRequest("你好。", "chattts", "Old")).notes if n.mark == "Old")
    assert "other weights of chattts" in note.note.en
    assert "abababababab" in note.note.zh
    assert chattts.keeping.seed("espeak", 3, "Plain").weights == ""
