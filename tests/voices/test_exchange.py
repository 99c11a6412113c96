"""Voices in and out: every layout of other tools, what is the same voice, and our own formats there and back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from studio.engines.contract import VoiceContent, VoiceKind
from studio.errors import BadRequest, NotFound, NotPermitted
from studio.library import NewVoice, Voice, VoiceChange
from studio.studio import Studio
from studio.voices.exchange.carried import clip_content, embedding
from studio.voices.exchange.formats import FORMATS

from . import files

FOREIGN: dict[str, tuple[Callable[[Path], Path], int]] = {  # format -> how such a file is made, voices in it
    "chattts-ui": (files.csv, 1),
    "code": (files.code, 1),
    "colab": (lambda path: files.colab(path, 1, 2, 3), 3),
    "manager": (lambda path: files.manager(path, 4, 5), 2),
    "seeds": (files.seeds, 2),
    "forge": (files.forge, 1),
    "pt": (files.pt, 1),
    "cosyvoice": (files.spk2info, 2),
    "evaluation": (lambda path: files.ranking(path, 7, 8), 2),
    "safetensors": (lambda path: files.safetensors(path, one=files.vector(1), two=files.vector(2, 192)), 2),
}
RIGHTS = {"rights": {"speaker": "me", "uses": ["personal"], "given": "2026-11-01", "expires": None, "note": ""}}
KNOWN = "name", "engine", "kind", "content", "languages", "gender", "age", "tags", "description", "rating", "favourite"
ALL = (*KNOWN, "notes", "controls", "origin", "parents", "weights", "digest", "id")


def values_of(voice: Voice) -> Any:
    return np.frombuffer(VoiceContent.from_json(voice.content).values, "<f4")


def the_only(studio: Studio) -> Voice:
    (id,) = studio.exchange.every()
    return studio.voices.get(id)


@pytest.mark.parametrize("format", FOREIGN)
def test_a_file_is_known_by_its_content_whatever_it_is_called(studio: Studio, tmp_path: Path, format: str) -> None:
    make, count = FOREIGN[format]
    report = studio.exchange.take_in([make(tmp_path / "声音.wav")])
    assert [entry.outcome for entry in report.entries] == ["added"] * count, report
    assert {entry.format for entry in report.entries} == {format}
    for id in report.added:
        origin = studio.voices.get(id).origin
        assert origin["imported"] == {"format": origin["imported"]["format"], "file": "声音.wav"}


def test_every_format_has_a_file_here() -> None:
    assert set(FOREIGN) | {"voice", "card", "pack"} == {format.id for format in FORMATS}


def test_the_same_voice_is_recognised_across_formats(studio: Studio, tmp_path: Path) -> None:
    """ChatTTS hears float16: a voice is the same from a text of numbers, a string, a tensor, a speaker file."""
    made = [files.csv(tmp_path / "1.csv", 5), files.code(tmp_path / "1.txt", 5), files.pt(tmp_path / "1.pt", 5),
            files.pt(tmp_path / "old.pt", 5, old=True), files.forge(tmp_path / "1.json", 5),
            files.manager(tmp_path / "2.json", 5), files.safetensors(tmp_path / "1.st", x=files.vector(5))]  # fmt: skip
    report = studio.exchange.take_in(made)
    assert report.count("added") == 1
    assert report.count("merged") + report.count("known") == len(made) - 1
    np.testing.assert_array_equal(values_of(the_only(studio)), files.vector(5))


def test_facts_of_other_tools_become_ours(studio: Studio, tmp_path: Path) -> None:
    report = studio.exchange.take_in([files.forge(tmp_path / "a.json", 1), files.ranking(tmp_path / "b.csv", 2)])
    forge, rated = (studio.voices.get(id) for id in report.added)
    assert (forge.name, forge.gender, forge.tags, forge.description) == ("青石", "male", ("story", "低沉"), "沉稳")
    assert forge.controls == {
        "temperature": 0.2,
        "top_k": 20,
        "top_p": 0.6,
        "max_tokens": 1024,
        "repetition_penalty": 1.1,
    }
    assert forge.origin["author"] == "someone"
    assert (rated.name, rated.gender, rated.age, rated.rating, rated.tags) == (
        "seed_2_restored",
        "male",
        "青年",
        5,
        ("低沉",),
    )
    assert rated.origin["evaluation"] == {"rank_long": 0.93, "rank_multi": 0.91, "rank_single": 0.95, "score": 0.62}


def test_reference_clips_become_a_voice_that_can_be_cloned(studio: Studio, tmp_path: Path) -> None:
    (entry,) = studio.exchange.take_in([files.forge_clips(tmp_path / "a.json")]).entries
    voice = studio.voices.get(entry.id)
    assert (voice.kind, voice.content["transcript"], voice.languages) == ("clip", "第一句话。", ("zh",))
    assert studio.voices.media(voice.id) == files.tone()


def test_an_audio_sample_keeps_its_words(studio: Studio, tmp_path: Path) -> None:
    silent = studio.exchange.take_in([files.sample_code(tmp_path / "a.txt")]).entries[0]
    assert "what is said in it" in silent.notes[0].en
    told = studio.exchange.take_in([files.sample_code(tmp_path / "b.txt", "今天天气不错。")]).entries[0]
    assert studio.voices.get(told.id).content["transcript"] == "今天天气不错。"
    again = studio.exchange.take_in([files.sample_code(tmp_path / "c.txt")], transcript="今天天气不错。").entries[0]
    assert (again.outcome, again.id) == ("known", told.id)


def test_seeds_of_other_tools_speak_as_ours(studio: Studio, tmp_path: Path) -> None:
    report = studio.exchange.take_in([files.seeds(tmp_path / "saved_seeds.json")])
    assert [(entry.name, entry.engine) for entry in report.entries] == [("播音", "chattts"), ("31", "chattts")]
    assert studio.voices.get("播音").content == {"kind": "seed", "seed": 2222}


# what is here already


def test_what_is_here_stands_and_the_file_fills_in(studio: Studio, tmp_path: Path) -> None:
    studio.exchange.take_in([files.csv(tmp_path / "a.csv", 1)])
    voice = the_only(studio)
    studio.voices.update(voice.id, VoiceChange(name="mine", tags=("own",), description="as I hear it"))
    (entry,) = studio.exchange.take_in([files.forge(tmp_path / "b.json", 1)]).entries
    assert (entry.outcome, entry.id, entry.name) == ("merged", voice.id, "mine")
    assert "“青石”" in entry.notes[0].en
    after = the_only(studio)
    assert (after.name, after.description, after.gender) == ("mine", "as I hear it", "male")
    assert after.tags == ("own", "story", "低沉")
    assert after.origin["imported"]["file"] == "a.csv"
    assert studio.exchange.take_in([tmp_path / "b.json"]).count("known") == 1, "there is nothing more to learn"


@pytest.mark.parametrize(
    ("prefer", "name", "description"), [("file", "青石", "沉稳"), ("skip", "mine", "as I hear it")]
)
def test_whose_facts_stand_can_be_chosen(
    studio: Studio, tmp_path: Path, prefer: Any, name: str, description: str
) -> None:
    studio.exchange.take_in([files.csv(tmp_path / "a.csv", 1)])
    studio.voices.update(the_only(studio).id, VoiceChange(name="mine", description="as I hear it"))
    studio.exchange.take_in([files.forge(tmp_path / "b.json", 1)], prefer=prefer)
    assert (the_only(studio).name, the_only(studio).description) == (name, description)


def test_a_voice_called_after_its_file_takes_a_real_name(studio: Studio, tmp_path: Path) -> None:
    studio.exchange.take_in([files.csv(tmp_path / "1111.csv", 1), files.forge(tmp_path / "other.json", 2)])
    (entry,) = studio.exchange.take_in([files.forge(tmp_path / "b.json", 1)]).entries
    assert (entry.outcome, entry.name) == ("merged", "青石 (2)"), "and never one that somebody has"
    assert "“1111”" in entry.notes[0].en


def test_a_taken_name_gets_a_number_and_that_is_told(studio: Studio, tmp_path: Path) -> None:
    made = [files.forge(tmp_path / f"{seed}.json", seed) for seed in range(23)]
    report = studio.exchange.take_in(made)
    assert [entry.name for entry in report.entries] == ["青石", *(f"青石 ({number})" for number in range(2, 24))]
    assert "is taken" in report.entries[1].notes[0].en


def test_a_voice_that_is_twice_in_a_file_comes_once(studio: Studio, tmp_path: Path) -> None:
    report = studio.exchange.take_in([files.colab(tmp_path / "a.json", 1, 1, 2)])
    assert [entry.outcome for entry in report.entries] == ["added", "known", "added"]
    assert report.entries[0].id == report.entries[1].id


def test_a_deleted_voice_can_be_imported_again(studio: Studio, tmp_path: Path) -> None:
    path = files.csv(tmp_path / "a.csv", 1)
    first = studio.exchange.take_in([path]).added
    studio.voices.delete(first)
    assert studio.exchange.take_in([path]).count("added") == 1


# our own formats, there and back


def kept(studio: Studio, **facts: Any) -> Voice:
    return studio.voices.add(NewVoice("espeak", "seed", {"kind": "seed", "seed": 7}, **{"name": "晚风", **facts}))


texts = some.text(some.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=30)
words = texts.map(str.strip).filter(bool)
plain = some.recursive(
    some.none()
    | some.booleans()
    | some.integers(-(2**40), 2**40)
    | some.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
contents = some.one_of(
    some.integers(0, 2**31 - 1).map(lambda seed: ({"kind": "seed", "seed": seed}, b"")),
    words.map(lambda name: ({"kind": "builtin", "name": name}, b"")),
    some.integers(0, 1000).map(lambda seed: (embedding(files.vector(seed, 79), ""), b"")),
    some.tuples(some.binary(min_size=1, max_size=300), texts).map(lambda c: (clip_content(*c), c[0])),
)


@some.composite
def voices(draw: Any) -> NewVoice:
    content, media = draw(contents)
    return NewVoice(
        engine="of-a-plugin",
        kind=content["kind"],
        content=content,
        name=draw(words),
        media=media or None,
        languages=tuple(draw(some.lists(some.sampled_from(["zh", "en", "en-GB", "yue"]), unique=True))),
        gender=draw(some.sampled_from(["female", "male", "neutral", ""])),
        age=draw(texts),
        tags=tuple(
            draw(some.lists(words.map(lambda tag: " ".join(tag.split())).filter(bool), unique=True, max_size=4))
        ),
        description=draw(texts),
        rating=draw(some.integers(0, 5)),
        favourite=draw(some.booleans()),
        notes=draw(texts),
        controls=draw(some.dictionaries(texts, some.integers(0, 9) | texts, max_size=3)),
        origin=draw(some.dictionaries(texts, plain, max_size=3)),
        parents=draw(some.lists(some.fixed_dictionaries({"voice": texts, "weight": some.floats(0, 1)}), max_size=2)),
        weights=draw(texts),
    )


@pytest.mark.parametrize("format", ["voice", "card", "pack"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.data())
def test_our_formats_bring_a_voice_back_as_it_was(
    studio: Studio, tmp_path_factory: pytest.TempPathFactory, format: str, data: Any
) -> None:
    before = studio.voices.add(data.draw(voices()))
    media = studio.voices.media(before.id)
    kind = next(one for one in FORMATS if one.id == format)
    place = tmp_path_factory.mktemp("out")
    path = place / f"x{kind.ending}"
    studio.exchange.write([before.id], path)
    with Studio(place / "other") as other:
        report = other.exchange.take_in([path])
        assert report.count("added") == 1, report
        after = the_only(other)
        assert {name: getattr(after, name) for name in ALL} == {name: getattr(before, name) for name in ALL}
        assert other.voices.media(after.id) == media


@pytest.mark.parametrize("format", ["code", "chattts-ui", "forge", "colab", "manager", "safetensors"])
@pytest.mark.parametrize(
    "content", [{"kind": "seed", "seed": 4}, embedding(files.vector(4), "", half=True)], ids=["seed", "vector"]
)
def test_formats_of_other_tools_bring_the_sound_back(
    studio: Studio, tmp_path: Path, format: str, content: dict[str, Any]
) -> None:
    voice = studio.voices.add(NewVoice("chattts", content["kind"], content, "青石", gender="male", description="沉稳"))
    kind = next(one for one in FORMATS if one.id == format)
    path = tmp_path / f"x{kind.ending}"
    studio.exchange.write([voice.id], path)
    asked = studio._engines.get("chattts").embed(VoiceContent.from_json(content)) if content["kind"] == "seed" else None
    with Studio(tmp_path / "other") as other:
        (entry,) = other.exchange.take_in([path]).entries
        after = other.voices.get(entry.id)
        assert entry.format == format
        expected = np.frombuffer(asked, "<f4") if asked else files.vector(4)
        np.testing.assert_array_equal(values_of(after), expected)
        if format in ("forge", "manager", "safetensors"):
            assert (after.name, after.gender, after.description) == ("青石", "male", "沉稳")


def test_a_clip_goes_to_forge_and_back(studio: Studio, tmp_path: Path) -> None:
    clip = files.tone()
    voice = studio.voices.add(NewVoice("cosyvoice3", "clip", clip_content(clip, "你好。"), "她", clip, origin=RIGHTS))
    studio._library.references.add(voice.id, "happy", files.tone(2.0), 2.0, "太好了！", "zh")
    studio.exchange.write([voice.id], tmp_path / "a.spkv1.json")
    with Studio(tmp_path / "other") as other:
        (entry,) = other.exchange.take_in([tmp_path / "a.spkv1.json"]).entries
        assert other.voices.media(entry.id) == clip
        assert other.voices.get(entry.id).content == voice.content
        (mood,) = other._library.references.list(entry.id)
        assert (mood.emotion, mood.transcript, mood.seconds) == ("happy", "太好了！", 2.0)


@pytest.mark.parametrize("format", ["voice", "card", "pack"])
def test_clips_in_other_moods_and_consent_travel_along(studio: Studio, tmp_path: Path, format: str) -> None:
    clip = files.tone()
    voice = studio.voices.add(NewVoice("cosyvoice3", "clip", clip_content(clip, "你好。"), "她", clip, origin=RIGHTS))
    for emotion in ("happy", "sad"):
        studio._library.references.add(voice.id, emotion, files.tone(2.0) + emotion.encode(), 2.0, emotion, "zh")
    path = tmp_path / f"a{next(one.ending for one in FORMATS if one.id == format)}"
    studio.exchange.write([voice.id], path)
    with Studio(tmp_path / "other") as other:
        (entry,) = other.exchange.take_in([path]).entries
        assert entry.notes == ()
        found = other._library.references.list(entry.id)
        assert [(one.emotion, one.transcript, one.language, one.seconds) for one in found] == [
            ("happy", "happy", "zh", 2.0), ("sad", "sad", "zh", 2.0),
        ]  # fmt: skip
        assert other._library.references.media(found[0].id) == files.tone(2.0) + b"happy"
        assert other.voices.get(entry.id).origin == RIGHTS
        assert other.exchange.take_in([path]).count("known") == 1
        assert len(other._library.references.list(entry.id)) == 2, "they came once"


def test_somebodys_voice_without_consent_goes_to_no_other_tool(studio: Studio, tmp_path: Path) -> None:
    """Our own files say that there is none; files of other tools could not."""
    clip = files.tone()
    voice = studio.voices.add(NewVoice("cosyvoice3", "clip", clip_content(clip, "你好。"), "她", clip))
    with pytest.raises(NotPermitted):
        studio.exchange.write([voice.id], tmp_path / "a.spkv1.json")
    studio.exchange.write([voice.id], tmp_path / "a.zip")
    with Studio(tmp_path / "other") as other:
        (entry,) = other.exchange.take_in([tmp_path / "a.zip"]).entries
        assert "without consent" in entry.notes[0].en


def test_a_speaker_that_was_heard_in_a_clip_needs_consent_too(studio: Studio, tmp_path: Path) -> None:
    own, heard = studio.exchange.take_in([files.spk2info(tmp_path / "spk2info.pt")]).entries
    assert own.notes == ()
    assert ["without consent" in note.en for note in heard.notes] == [False, True]
    with pytest.raises(NotPermitted):
        studio.exchange.write([heard.id], tmp_path / "a.safetensors")
    studio.exchange.write([own.id], tmp_path / "a.safetensors")


def test_safetensors_can_be_read_by_others(studio: Studio, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    ids = [studio.keeping.seed("espeak", seed, "晚风").id for seed in (1, 2)]
    studio.exchange.write(ids, tmp_path / "a.safetensors")
    found = load_file(tmp_path / "a.safetensors")
    assert sorted(found) == ["晚风", "晚风 (2)"]
    embedded = studio._engines.get("espeak").embed(VoiceContent(VoiceKind.SEED, seed=1))
    np.testing.assert_array_equal(found["晚风"], np.frombuffer(embedded, "<f4"))


def test_a_library_moves_with_lineage_rights_and_order(studio: Studio, tmp_path: Path) -> None:
    one, two = (studio.keeping.seed("espeak", seed, "晚风", rating=seed) for seed in (1, 2))
    rights = {"rights": {"speaker": "me", "uses": ["personal"]}}
    studio.keeping.blend("espeak", {one.id: 1, two.id: 2}, "混合", origin=rights)
    count, _ = studio.exchange.write(studio.exchange.every(), tmp_path / "all.zip")
    assert count == 3
    with Studio(tmp_path / "other") as other:
        before = other.keeping.seed("espeak", 1, "mine")  # the other machine has one of them already
        report = other.exchange.take_in([tmp_path / "all.zip"])
        assert [entry.outcome for entry in report.entries] == ["merged", "added", "added"]
        after = other.voices.get("混合")
        assert [parent["voice"] for parent in after.parents] == [before.id, two.id]
        assert after.origin == rights
        assert other.exchange.take_in([tmp_path / "all.zip"]).count("known") == 3


def test_a_pack_is_a_folder_too(studio: Studio, tmp_path: Path) -> None:
    clip = files.tone()
    content = clip_content(clip, "你好。")
    ids = [kept(studio).id, studio.voices.add(NewVoice("cosyvoice3", "clip", content, "晚风", clip)).id]
    studio.exchange.write(ids, tmp_path / "pack")
    names = sorted(path.relative_to(tmp_path / "pack").as_posix() for path in (tmp_path / "pack").rglob("*.*"))
    assert names == [
        "voices.json",
        f"voices/晚风-{ids[1]}.clip",
        f"voices/晚风-{ids[1]}.voice.json",
        "voices/晚风.voice.json",
    ]
    with Studio(tmp_path / "other") as other:
        assert other.exchange.take_in([tmp_path / "pack"]).count("added") == 2
        assert other.voices.media(ids[1]) == clip


def test_a_voice_file_reads_well_and_leaves_out_what_is_not_known(studio: Studio, tmp_path: Path) -> None:
    studio.exchange.write([kept(studio, tags=("暖",)).id], tmp_path / "a.voice.json")
    text = (tmp_path / "a.voice.json").read_text(encoding="utf-8")
    assert '"name": "晚风"' in text
    assert set(json.loads(text)) == {"format", "version", "name", "engine", "kind", "tags", "id", "created", "content"}


def test_what_a_format_cannot_hold_is_refused_before_anything_is_written(studio: Studio, tmp_path: Path) -> None:
    voice = kept(studio)
    with pytest.raises(BadRequest, match="these can: voice, card, pack, safetensors"):
        studio.exchange.write([voice.id], tmp_path / "a.csv")
    with pytest.raises(BadRequest, match="which format"):
        studio.exchange.write([voice.id], tmp_path / "a.xyz")
    with pytest.raises(NotFound, match="card"):
        studio.exchange.write([voice.id], tmp_path / "a", format="cart")
    with pytest.raises(BadRequest, match="no voice"):
        studio.exchange.write([], tmp_path / "a.zip")
    with pytest.raises(BadRequest, match="holds one voice"):
        studio.exchange.write([voice.id, kept(studio, name="b").id], tmp_path / "a.voice.png")
    assert list(tmp_path.glob("a*")) == []


def test_several_voices_as_a_file_each(studio: Studio, tmp_path: Path) -> None:
    ids = [kept(studio).id, kept(studio).id]
    (tmp_path / "cards").mkdir()
    studio.exchange.write(ids, tmp_path / "cards", "card")
    assert sorted(path.name for path in (tmp_path / "cards").iterdir()) == [
        f"晚风-{ids[1]}.voice.png",
        "晚风.voice.png",
    ]


def test_an_unknown_engine_is_told_and_its_voice_kept(studio: Studio, tmp_path: Path) -> None:
    studio.voices.add(NewVoice("of-a-plugin", "seed", {"kind": "seed", "seed": 7}, "x"))
    studio.exchange.write(studio.exchange.every(), tmp_path / "a.zip")
    with Studio(tmp_path / "other") as other:
        (entry,) = other.exchange.take_in([tmp_path / "a.zip"]).entries
        assert "of-a-plugin is not here" in entry.notes[0].en


# the picture


def test_the_same_voice_is_the_same_picture_and_another_is_another(studio: Studio, tmp_path: Path) -> None:
    one, two = kept(studio), studio.keeping.seed("espeak", 8, "晚风")
    for name, voice in (("a", one), ("b", one), ("c", two)):
        studio.exchange.write([voice.id], tmp_path / f"{name}.voice.png")
    first, same, other = ((tmp_path / f"{name}.voice.png").read_bytes() for name in "abc")
    assert first == same
    assert first != other


def test_a_card_is_a_picture_that_others_can_open(studio: Studio, tmp_path: Path) -> None:
    from PIL import Image

    studio.exchange.write([kept(studio).id], tmp_path / "a.voice.png")
    with Image.open(tmp_path / "a.voice.png") as picture:
        picture.load()
        assert picture.size == (1200, 630)
        assert "timbre-voice" in picture.text  # type: ignore[attr-defined]


def test_without_a_chinese_font_the_rest_is_drawn_and_that_is_said(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from studio.voices.exchange import drawing

    voice = kept(studio, name="Evening 晚风")
    assert studio.exchange.write([voice.id], tmp_path / "a.voice.png")[1] == ()
    monkeypatch.setattr(drawing, "FONTS", ())
    drawing.fonts.cache_clear()
    try:
        _, notes = studio.exchange.write([voice.id], tmp_path / "b.voice.png")
    finally:
        drawing.fonts.cache_clear()
    assert "Noto Sans CJK" in notes[0].en
    with Studio(tmp_path / "other") as other:
        assert other.exchange.take_in([tmp_path / "b.voice.png"]).entries[0].name == "Evening 晚风"


def test_an_import_is_taken_back_whole(studio: Studio, tmp_path: Path) -> None:
    """New voices go, merged facts and clips are as they were; what was changed by hand since stays."""
    with Studio(tmp_path / "other") as other:
        made = [
            other.keeping.seed("espeak", n, f"there {n}", tags=("warm",), description="of a friend") for n in (1, 2)
        ]
        clip = NewVoice("chattts", "clip", clip_content(files.tone(3.0), "好"), "clip", files.tone(3.0))
        cloned = other.voices.add(clip)
        other._library.references.add(cloned.id, "happy", files.tone(2.0), 2.0, "好", "zh")
        pack = tmp_path / "friend.zip"
        other.exchange.write([*(one.id for one in made), cloned.id], pack)
    here = studio.keeping.seed("espeak", 1, "mine", tags=("mine",), rating=3)
    also = studio.voices.add(clip)
    before = studio.voices.get(here.id)
    report = studio.exchange.take_in([pack], prefer="file")
    assert (report.count("added"), report.count("merged")) == (1, 2), report
    assert studio.voices.get(here.id).tags == ("mine", "warm")
    assert studio.voices.get(here.id).name == "there 1"
    assert len(studio.cloning.references(also.id)) == 1
    studio.voices.update(here.id, VoiceChange(notes="heard it", description="by hand"))
    undone = studio.exchange.undo(report.undo)
    assert (undone.removed, undone.restored, undone.kept) == (1, 1, 1)
    now = studio.voices.get(here.id)
    assert (now.name, now.tags, now.rating, now.origin) == ("mine", ("mine",), 3, before.origin)
    assert (now.notes, now.description) == ("heard it", "by hand")
    assert studio.cloning.references(also.id) == ()
    assert set(studio.exchange.every()) == {here.id, also.id}
    with pytest.raises(NotFound, match="no longer be undone"):
        studio.exchange.undo(report.undo)
    again = studio.exchange.take_in([pack], prefer="skip")
    assert (again.count("added"), again.count("known")) == (1, 2)
    assert studio.exchange.take_in([pack], prefer="skip").undo == ""  # it changed nothing
