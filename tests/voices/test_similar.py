"""Voices are found by how they sound: like one, like a clip, too much alike, on a map; and by sliders on measures."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from studio.engines.contract import VoiceContent, VoiceKind
from studio.errors import BadFile, BadRequest, NotFound
from studio.library import Library, Measured, NewVoice
from studio.studio import SpeakRequest, Studio, VoiceQuery
from studio.voices.encoders import unit
from studio.voices.mapping import flat, groups
from studio.voices.neighbours import Neighbours

CAST = ("f1", "f2", "Annie", "belinda", "linda", "steph", "m2", "m8", "Alex", "Denis")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """Ten voices that were measured, and one that was not."""
    with Studio(tmp_path_factory.mktemp("voices")) as studio:
        for name in CAST:
            voice = VoiceContent(VoiceKind.BUILTIN, name=name)
            studio.keeping.voice("espeak", voice, name, tags=("low",) if name[0] in "mD" else ("high",))
        studio.survey.measure_rest().wait(120)
        studio.keeping.seed("espeak", 99, "Unmeasured")
        yield studio


def names(found: object) -> list[str]:
    return [one.voice.name for one in found]  # type: ignore[attr-defined]


def clip_of(
    studio: Studio, voice: str, path: Path, text: str = "The river was quiet, and nobody had seen him."
) -> Path:
    take = studio.speak(SpeakRequest(text, voice=voice)).wait(30)
    studio.export_take(take.digest, path)
    return path


# --- like a voice, like a clip


def test_the_nearest_of_a_voice_are_others_of_its_kind(measured: Studio) -> None:
    near = measured.survey.like("linda").wait(30)
    assert names(near)[0] == "belinda"  # nearly a copy of it
    assert "linda" not in names(near)
    assert [one.similarity for one in near] == sorted((one.similarity for one in near), reverse=True)
    assert len(near) == len(CAST) - 1
    assert len(measured.survey.like("m8", count=3).wait(30)) == 3


@pytest.mark.parametrize("name", ["f1", "m8", "steph", "Denis"])
def test_a_clip_in_other_words_and_another_language_finds_its_voice(
    measured: Studio, tmp_path: Path, name: str
) -> None:
    found = measured.survey.like_clip(clip_of(measured, name, tmp_path / "clip.mp3"))
    assert found[0].voice.name == name
    assert found[0].similarity > found[1].similarity


def test_a_voice_nobody_measured_is_measured_on_the_way(studio: Studio) -> None:
    known = [studio.keeping.seed("espeak", seed, f"Seed {seed}") for seed in (4, 5, 4)]
    studio.survey.measure([voice.id for voice in known[1:]], quick=True).wait(60)
    near = studio.survey.like(known[0].id).wait(30)
    assert near[0].voice.id == known[2].id
    assert near[0].similarity == pytest.approx(1, abs=1e-4)
    assert studio.survey.counts() == (3, 3)
    from_engine = studio.survey.like("seed:5", engine="espeak").wait(30)
    assert from_engine[0].voice.id == known[1].id


def test_a_clone_whose_engine_is_not_installed_is_known_by_its_clip(measured: Studio, tmp_path: Path) -> None:
    clip = clip_of(measured, "steph", tmp_path / "clip.wav").read_bytes()
    clone = measured.keeping.voice("cosyvoice2", VoiceContent(VoiceKind.CLIP, clip=clip), "Clone of steph")
    assert names(measured.survey.like(clone.id).wait(30))[0] == "steph"
    assert clone.id not in measured.survey.measures([clone.id])
    measured.voices.delete([clone.id])


def test_likeness_goes_with_every_other_filter(measured: Studio) -> None:
    everyone = measured.survey.like("f1").wait(30)
    assert any("low" in one.voice.tags for one in everyone)
    found = measured.survey.like("f1", query=VoiceQuery(tags=("low",), measures={"pitch_hz": (None, 120.0)})).wait(30)
    assert found
    assert {tag for one in found for tag in one.voice.tags} == {"low"}
    assert measured.survey.like("f1", query=VoiceQuery(text="nobody")).wait(30) == ()


def test_what_nobody_can_be_found_by(measured: Studio, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("no sound")
    with pytest.raises(BadFile):
        measured.survey.like_clip(tmp_path / "words.txt")
    short = clip_of(measured, "f1", tmp_path / "short.wav")
    short.write_bytes(short.read_bytes()[: 44 + 2 * 22_050 // 5])
    with pytest.raises(BadFile):
        measured.survey.like_clip(short)
    with pytest.raises(NotFound, match="Lindaa"):
        measured.survey.like("Lindaa").wait(30)
    with pytest.raises(NotFound, match="encoder"):
        measured.survey.like("f1", encoder="nothing").wait(30)


# --- deleted, restored


def test_a_deleted_voice_is_never_found_and_undo_brings_it_back(measured: Studio) -> None:
    voice = measured.voices.get("belinda")

    def found_by() -> list[bool]:
        survey = measured.survey
        return [
            voice.name in names(survey.like("linda").wait(30)),
            voice.name in names(survey.like("linda", query=VoiceQuery(tags=("high",))).wait(30)),
            voice.name in names(survey.map().points),
            voice.name in [v.name for v in measured.voices.find(VoiceQuery(measures={"pitch_hz": (1.0, None)}))],
            any(voice.id in [v.id for v in twins.voices] for twins in survey.duplicates(0.8).wait(30)),
            len(CAST) == survey.counts()[0],
        ]

    assert all(found_by())
    measured.voices.delete([voice.id])
    assert not any(found_by())
    measured.voices.restore([voice.id])
    assert all(found_by())


# --- near-duplicates


def test_duplicates(studio: Studio) -> None:
    first = [studio.keeping.seed("espeak", seed, f"D{seed}").id for seed in (1, 2, 3)]
    twin = studio.keeping.seed("espeak", 2, "The same again").id
    same = studio.survey.duplicates().wait(30)
    assert [(twins.same, {voice.id for voice in twins.voices}) for twins in same] == [(True, {first[1], twin})]
    near = studio.keeping.blend("espeak", {"seed:1": 1.0, "seed:3": 0.005}, "Almost D1").id
    studio.survey.measure_rest().wait(60)
    exact, alike = studio.survey.duplicates().wait(30)
    assert (exact.same, exact.similarity) == (True, 1.0)
    assert (alike.same, {voice.id for voice in alike.voices}) == (False, {first[0], near})
    assert 0.97 <= alike.similarity < 1
    assert len(studio.survey.duplicates(1.0).wait(30)) == 1
    with pytest.raises(BadRequest, match=r"takes 0\.5 to 1"):
        studio.survey.duplicates(0.1)


# --- sliders


def speaks(number: int, **numbers: float) -> tuple[NewVoice, Measured]:
    content = {"kind": "seed", "seed": number}
    name = f"{'温柔' if number % 2 else 'calm'} {number}"
    return NewVoice("espeak" if number % 3 else "chattts", "seed", content, name), Measured(**numbers)  # type: ignore[arg-type]


def test_sliders_combine_with_text_and_facets(studio: Studio) -> None:
    library = studio._library
    for number in range(24):
        voice, found = speaks(number, pitch_hz=80.0 + 10 * number, pace=3 + number / 10, level_db=-20, stability=0.9)
        library.voice_measures.put(library.voices.add(voice).id, found, {})
    studio.keeping.seed("espeak", 1000, "温柔 but never measured")

    def ask(**query: object) -> list[int]:
        page = studio.voices.find(VoiceQuery(**query, size=100))  # type: ignore[arg-type]
        assert page.total == len(page)
        counted = studio.voices.facets(VoiceQuery(**query)).engines  # type: ignore[arg-type]
        assert sum(counted.values()) == page.total
        return sorted(int(voice.name.split()[-1]) for voice in page if voice.name[-1].isdigit())

    assert ask(measures={"pitch_hz": (100.0, 130.0)}) == [2, 3, 4, 5]
    assert ask(measures={"pitch_hz": (None, 110.0)}) == [0, 1, 2, 3]
    assert ask(measures={"pitch_hz": (300.0, None), "pace": (None, 5.2)}) == [22]
    assert ask(text="温柔", measures={"pitch_hz": (100.0, 150.0)}) == [3, 5, 7]
    assert ask(engine="chattts", measures={"pitch_hz": (100.0, 150.0)}) == [3, 6]
    assert ask(text="温柔", engine="chattts", measures={"pitch_hz": (100.0, 150.0), "stability": (0.5, 1)}) == [3]
    assert ask(measures={"stability": (0.95, None)}) == []
    assert len(ask(measures={"pitch_hz": (None, None)})) == 24  # an open range narrows nothing
    assert studio.survey.limits()["pitch_hz"] == (80.0, 310.0)
    for wrong in ({"pitch_hz": (200.0, 100.0)}, {"pace": (float("nan"), None)}, {"charm": (0.0, 1.0)}):
        with pytest.raises(BadRequest):
            studio.voices.find(VoiceQuery(measures=wrong))


# --- the map


def test_the_map_puts_together_what_sounds_alike(measured: Studio) -> None:
    drawn = measured.survey.map()
    assert {point.voice.name for point in drawn.points} == set(CAST)
    assert all(-1 <= value <= 1 for point in drawn.points for value in (point.x, point.y))
    place = {point.voice.name: np.array([point.x, point.y]) for point in drawn.points}
    near = np.linalg.norm(place["linda"] - place["belinda"])
    assert near < 0.3 * np.linalg.norm(place["linda"] - place["m8"])
    belongs = {point.voice.name: point.group for point in drawn.points}
    assert belongs["linda"] == belongs["belinda"] != belongs["m8"]
    assert sum(group.count for group in drawn.groups) == drawn.total == len(CAST)
    assert drawn == measured.survey.map()  # the same each time
    with pytest.raises(BadRequest, match="a map needs at least 3"):
        measured.survey.map(VoiceQuery(text="linda"))


def test_groups_find_clusters_that_are_there() -> None:
    chance = np.random.default_rng(5)
    centres = chance.standard_normal((4, 20))
    truth = np.repeat(np.arange(4), [40, 30, 20, 10])
    vectors = np.stack([unit(centres[n] + 0.1 * chance.standard_normal(20)) for n in truth])
    assert (groups(vectors, 4) == truth).all()  # the largest first
    places, share = flat(vectors)
    assert places.shape == (100, 2)
    assert 0.5 < share <= 1
    assert groups(vectors[:1]).tolist() == [0]
    assert set(groups(np.repeat(vectors[:1], 9, axis=0)).tolist()) == {0}


# --- many


def test_nearest_of_100_000_is_exact_and_quick(sqlite: Library) -> None:
    chance = np.random.default_rng(3)
    vectors = chance.standard_normal((100_000, 63)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    contents = ({"kind": "seed", "seed": n} for n in range(len(vectors)))
    sqlite.voices.add_many(NewVoice("espeak", "seed", content, f"v{n}") for n, content in enumerate(contents))
    ids = sqlite.voice_measures.unmeasured()[::-1]
    assert sqlite.voice_measures.put_vectors("timbre-1", zip(ids, vectors, strict=True)) == 100_000
    neighbours = Neighbours(sqlite.voice_measures, "timbre-1", 63)
    neighbours.stored()
    asked = unit(chance.standard_normal(63))
    begun = time.process_time()
    found = neighbours.nearest(asked, 24)
    assert time.process_time() - begun < 1
    best = np.argsort(-(vectors @ asked))[:24]
    assert [near.id for near in found] == [ids[n] for n in best]
    sqlite.voices.delete([near.id for near in found])
    then = neighbours.nearest(asked, 5)
    assert [near.id for near in then] == [ids[n] for n in np.argsort(-(vectors @ asked))[24:29]]


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "home") as opened:
        yield opened


def test_what_another_process_measured_is_noticed(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [studio.keeping.seed("espeak", n, f"P{n}").id for n in range(3)]
    studio.survey.measure(ids[:2], quick=True).wait(30)
    assert names(studio.survey.like(ids[0]).wait(30)) == ["P1"]
    with Library.open(studio.folder.path) as other:
        other.voice_measures.put(ids[2], Measured(), {"timbre-1": np.eye(1, 63, dtype=np.float32)[0]})
    monkeypatch.setattr("studio.voices.neighbours.LOOK_S", 0.0)
    assert len(studio.survey.like(ids[0]).wait(30)) == 2
