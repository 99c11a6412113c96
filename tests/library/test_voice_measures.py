"""Measures and vectors are kept with their voice, on each kind of database, and go with it."""

from datetime import timedelta

import numpy as np
import pytest

from studio.errors import NotFound
from studio.library import Library, Measured, VoiceQuery
from studio.library.bin import Bin

from .conftest import voice

VECTOR = np.array([0.6, -0.8, 0.0], np.float32)
FOUND = Measured(120.5, 4.5, 4.0, -20.0, 0.9, {"tests": {"same": {"takes": 6}}})


def test_measures_come_back_as_they_went_in(library: Library) -> None:
    kept, other = library.voices.add(voice()), library.voices.add(voice())
    library.voice_measures.put(kept.id, FOUND, {"e": VECTOR, "f": VECTOR[:2]})
    (found,) = library.voice_measures.of([kept.id, other.id, "nobody"]).values()
    assert found.measured is not None
    assert {name: getattr(found, name) for name in vars(FOUND) if name != "measured"} == {
        name: value for name, value in vars(FOUND).items() if name != "measured"
    }
    assert library.voice_measures.vector(kept.id, "e") == pytest.approx(VECTOR)
    assert library.voice_measures.vector(other.id, "e") is None
    assert library.voice_measures.counts() == (1, 2)
    assert library.voice_measures.unmeasured() == (other.id,)
    with pytest.raises(NotFound):
        library.voice_measures.put("nobody", FOUND, {})


def test_measuring_again_replaces_everything(library: Library) -> None:
    kept = library.voices.add(voice())
    library.voice_measures.put(kept.id, FOUND, {"e": VECTOR, "f": VECTOR})
    before = library.voice_measures.state("e")
    library.voice_measures.put(kept.id, Measured(pace=5.0), {"e": -VECTOR})
    assert library.voice_measures.of([kept.id])[kept.id].pitch_hz is None
    assert library.voice_measures.vector(kept.id, "f") is None
    assert library.voice_measures.state("e") != before
    assert library.voice_measures.vectors("e", 3).values == pytest.approx(-VECTOR[None])
    assert len(library.voice_measures.vectors("e", 4).numbers) == 0  # of another size: none of this encoder


def test_only_what_is_new_is_read_and_what_is_purged_is_gone(library: Library) -> None:
    first, second = library.voices.add(voice()), library.voices.add(voice())
    library.voice_measures.put(first.id, FOUND, {"e": VECTOR})
    last = library.voice_measures.state("e").last
    assert last is not None
    library.voice_measures.put(second.id, FOUND, {"e": VECTOR})
    assert len(library.voice_measures.vectors("e", 3, last + timedelta(microseconds=1)).numbers) == 1
    library.voices.delete([first.id])
    assert library.voice_measures.counts() == (1, 1)
    assert list(library.voice_measures.ids(library.voice_measures.vectors("e", 3).numbers.tolist()).values()) == [
        second.id
    ]
    Bin(library).empty()
    assert len(library.voice_measures.vectors("e", 3).numbers) == 1


def test_ranges_on_each_database(library: Library) -> None:
    for pitch, rating in ((100.0, 1), (200.0, 5), (300.0, 5)):
        made = library.voices.add(voice(rating=rating, name=f"v{pitch:.0f}"))
        library.voice_measures.put(made.id, Measured(pitch_hz=pitch), {})
    library.voices.add(voice(rating=5, name="unmeasured"))

    def names(**query: object) -> list[str]:
        return [v.name for v in library.voices.find(VoiceQuery(sort="name", **query))]  # type: ignore[arg-type]

    assert names(measures={"pitch_hz": (150.0, None)}) == ["v200", "v300"]
    assert names(measures={"pitch_hz": (None, 200.0)}, min_rating=5) == ["v200"]
    assert names(measures={"pitch_hz": (100.0, 300.0)}, text="v3") == ["v300"]
    assert names(measures={"pace": (0.0, None)}) == []  # nobody knows their pace
    assert len(library.voice_measures.numbers(VoiceQuery(measures={"pitch_hz": (150.0, None)}))) == 2
    found = library.voices.find(VoiceQuery(measures={"pitch_hz": (1.0, None)}, size=2, page=2))
    assert (found.total, len(found)) == (3, 1)


def test_voices_that_are_one_and_the_same(library: Library) -> None:
    same = [library.voices.add(voice(content={"kind": "seed", "seed": 1})).id for _ in range(2)]
    library.voices.add(voice(content={"kind": "seed", "seed": 1}, engine="chattts"))
    library.voices.add(voice(content={"kind": "seed", "seed": 2}))
    assert library.voice_measures.same_content() == [tuple(same)]
    library.voices.delete(same[:1])
    assert library.voice_measures.same_content() == []
    assert [v.id for v in library.voices.several([same[1], "nobody", same[0], same[1]])] == [same[1], same[0]]
