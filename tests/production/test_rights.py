"""A cloned voice without consent is heard here and leaves by no door; with it, by all of them."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from studio.errors import BadRequest, NotPermitted, StudioError
from studio.library.rights import SENTENCE, USES, Rights, checked, joined, rights_of
from studio.library.voices import remove_voices
from studio.studio import Begun, ConvertRequest, Member, SpeakRequest, Studio, Voice, VoiceContent

HERE = Path(__file__).parents[1]
CLIP = HERE / "parity" / "cosyvoice" / "common" / "prompt_3s_24k.wav"
OTHER = CLIP.with_name("source_1s2_22k.wav")
CHATTTS = HERE / "parity" / "chattts" / "tiny"
YESTERDAY, TOMORROW = (str(date.today() + timedelta(days=n)) for n in (-1, 1))


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("home"), models=CHATTTS) as opened:
        yield opened


def clone(studio: Studio, name: str, rights: Rights | None = None, clip: Path = CLIP) -> Voice:
    return studio.cloning.clone(clip, name, "chattts", rights, trim="none", transcript="请问多少钱？")


def derived(studio: Studio, name: str, *parents: Voice) -> Voice:
    """A voice of espeak, quick to speak, made from others as far as the library knows."""
    plain = studio.keeping.blend("espeak", {"f2": 1, "m3": len(name) / 50}, f"{name} plain")
    made_from = [{"voice": one.id, "weight": 1.0} for one in parents]
    content = VoiceContent.from_json(plain.content)
    return studio.keeping.voice("espeak", content, name, parents=made_from)


@pytest.fixture(scope="module")
def silent(studio: Studio) -> Voice:
    """Made from a clip about which nothing is known."""
    return derived(studio, "made of nobody's", clone(studio, "nobody's"))


def test_the_record_goes_there_and_back() -> None:
    record = checked(" Ann  Lee ", ["commercial", "personal"], "2027-12-31", "letter of May", given=date(2026, 1, 2))
    assert record.speaker == "Ann Lee"
    assert record.uses == ("personal", "commercial")
    assert Rights.from_json(record.to_json()) == record
    assert set(record.uses) <= set(USES)
    assert record.sentence == SENTENCE.en


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"speaker": " "}, "speaker"),
        ({"uses": []}, "uses"),
        ({"uses": ["everything"]}, "uses"),
        ({"expires": "next year"}, "expires"),
        ({"expires": "31.12.2027"}, "expires"),
    ],
)
def test_a_bad_record_names_its_field(change: dict[str, Any], where: str) -> None:
    with pytest.raises(BadRequest) as refused:
        checked(**{"speaker": "Ann", "uses": ["personal"], **change})
    assert refused.value.where == where


@pytest.mark.parametrize("plain", [None, {}, [], "yes", {"speaker": 3, "uses": 4}, {"speaker": "x", "uses": ["all"]}])
def test_what_is_no_record_counts_as_none(plain: Any) -> None:
    assert Rights.from_json(plain) is None
    assert rights_of({"consent": "an old sentence"}) is None


def test_of_several_records_what_each_allows_is_left() -> None:
    ann = checked("Ann", ["personal", "commercial"], "2030-01-01")
    ben = checked("Ben", ["personal"], "2029-01-01")
    assert (both := joined([ann, ben])) is not None
    assert (both.speaker, both.uses, str(both.expires)) == ("Ann + Ben", ("personal",), "2029-01-01")
    assert joined([ann, checked("Cy", ["research"])]) is None


def test_the_last_day_counts() -> None:
    record = checked("Ann", ["personal"], "2027-12-31")
    assert not record.expired(date(2027, 12, 31))
    assert record.expired(date(2028, 1, 1))


# the doors; each is tried by a voice that has no record, then with one, then with one that is over


def to_a_file(studio: Studio, voice: Voice, folder: Path) -> None:
    take = studio.speak(SpeakRequest("hello", voice=voice.id)).wait(30)  # a preview: never refused
    studio.export_take(take.digest, folder / "out.wav")


def to_bytes(studio: Studio, voice: Voice, folder: Path) -> None:
    take = studio.speak(SpeakRequest("hello", voice=voice.id)).wait(30)
    assert len(studio.take_bytes(take.digest, "mp3")) > 500


def to_a_program(studio: Studio, voice: Voice, folder: Path) -> None:
    performance = studio.speak(SpeakRequest("hello", voice=voice.id))
    assert sum(map(len, studio.stream(performance, "wav"))) > 1000


def into_a_book(studio: Studio, voice: Voice, folder: Path) -> None:
    (folder / "book.txt").write_text("Chapter 1\n\nHello there.\n")
    studio.convert(folder / "book.txt", ConvertRequest(voice=voice.id), folder / "book.mp3").wait(60)


def script_of(studio: Studio, voice: str, folder: Path, speaker: str = "Ann") -> str:
    (folder / "play.txt").write_text("Ann::Hello there.\nBen::Good morning.\n")
    kept = studio.scripts.begin(folder / "play.txt", Begun(engine="espeak"))
    studio.scripts.cast(kept.id, [Member(speaker, voice=voice)])
    return kept.id


def into_a_script(studio: Studio, voice: Voice, folder: Path) -> None:
    id = script_of(studio, voice.name, folder, "Ben")
    studio.scripts.render(id).wait(60)
    assert studio.scripts.progress(id).states == {"done": 2}


def out_of_a_script(studio: Studio, voice: Voice, folder: Path) -> None:
    id = script_of(studio, voice.id, folder)
    allowed = studio.voices.get(voice.id).origin
    from studio.studio import VoiceChange

    parents = [studio.voices.get(str(one["voice"])) for one in voice.parents]
    before = [one.origin for one in parents]
    for one in parents:  # rendered while it was allowed
        studio.cloning.allow(one.id, checked("Ann", ["personal"]))
    studio.scripts.render(id).wait(60)
    for one, origin in zip(parents, before, strict=True):
        studio.voices.update(one.id, VoiceChange(origin=origin))
    assert studio.voices.get(voice.id).origin == allowed
    studio.scripts.export(id, "podcast", folder / "out.mp3").wait(60)


def as_a_pack(studio: Studio, voice: Voice, folder: Path) -> None:
    id = script_of(studio, voice.id, folder)
    parents = [studio.voices.get(str(one["voice"])) for one in voice.parents]
    for one in parents:
        studio.cloning.allow(one.id, checked("Ann", ["personal"]))
    studio.scripts.render(id).wait(60)
    for one in parents:
        studio.cloning.allow(one.id, rights_of(one.origin))
    studio.scripts.pack(id, folder / "pack.zip")


def into_a_batch(studio: Studio, voice: Voice, folder: Path) -> None:
    (folder / "one.txt").write_text("Hello there.\n")
    order = studio.batches.order([folder / "one.txt"], folder / "out", ConvertRequest(voice=voice.id, format="mp3"))
    studio.batches.begin(order).wait(60)
    assert list((folder / "out").glob("*.mp3"))


def into_a_dub(studio: Studio, voice: Voice, folder: Path) -> None:
    (folder / "cues.srt").write_text("1\n00:00:00,000 --> 00:00:02,000\nHello there.\n")
    dub = studio.dubbing.begin(folder / "cues.srt", Begun(engine="espeak", voice=voice.id))
    studio.dubbing.render(dub.id).wait(60)
    studio.dubbing.export(dub.id, folder / "dub.wav").wait(60)


def on_the_command_line(studio: Studio, voice: Voice, folder: Path) -> None:
    command = [
        sys.executable, "-m", "studio", "--data-dir", str(studio.folder.path), "speak", "hello", "-v", voice.id,
        "-o", str(folder / "out.wav"),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LANG": "C"})
    if done.returncode:
        raise NotPermitted(done.stderr, "")


def over_the_api(studio: Studio, voice: Voice, folder: Path) -> None:
    from studio.api.settings import ApiSettings
    from tests.api.conftest import server

    with server(studio, ApiSettings()) as api:
        body = {"model": "espeak", "input": "hello", "voice": {"id": voice.id}}
        answer = api.post("/v1/audio/speech", json=body)
        if answer.status_code == 403:
            assert answer.json()["error"]["code"] == "not_permitted"
            raise NotPermitted(answer.json()["error"]["message"], "")
        assert len(answer.raise_for_status().content) > 1000


DOORS = [
    into_a_batch,
    into_a_dub,
    on_the_command_line,
    over_the_api,
    to_a_file,
    to_bytes,
    to_a_program,
    into_a_book,
    into_a_script,
    out_of_a_script,
    as_a_pack,
]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_every_door(studio: Studio, tmp_path: Path, door: Callable[[Studio, Voice, Path], None]) -> None:
    source = clone(studio, f"source of {door.__name__}")
    voice = derived(studio, f"voice of {door.__name__}", source)
    with pytest.raises(NotPermitted, match=f"source of {door.__name__}.*no consent on record.*voices consent"):
        door(studio, voice, tmp_path)
    assert not [p for p in tmp_path.iterdir() if p.suffix in (".wav", ".mp3", ".zip")]
    studio.cloning.allow(source.id, checked("Ann", ["personal"], YESTERDAY))
    with pytest.raises(NotPermitted, match=f"consent of Ann ended on {YESTERDAY}"):
        door(studio, voice, tmp_path)
    studio.cloning.allow(source.id, checked("Ann", ["personal"], TOMORROW))
    door(studio, voice, tmp_path)


def test_a_clip_voice_itself(studio: Studio, tmp_path: Path) -> None:
    voice = clone(studio, "itself", clip=OTHER)
    performance = studio.speak(SpeakRequest("你好。", engine="chattts", voice=voice.id, controls={"refine": False}))
    take = performance.wait(60)
    assert sum(map(len, performance.pcm())) > 0
    for door in (
        lambda: studio.export_take(take.digest, tmp_path / "out.wav"),
        lambda: studio.permit(SpeakRequest("x", engine="chattts", voice=voice.id)),
        lambda: studio.keeping.code("chattts", voice.id),
    ):
        with pytest.raises(NotPermitted, match="itself"):
            door()  # type: ignore[no-untyped-call]
    studio.cloning.allow(voice.id, checked("me", ["personal"]))
    studio.export_take(take.digest, tmp_path / "out.wav")
    again = studio.keeping.of_take(take.digest, "itself again")
    assert studio.cloning.clip(again.id) == OTHER.read_bytes()
    assert studio.cloning.standing(again.id).permitted
    studio.voices.delete([voice.id, again.id])
    studio.bin.empty()
    with pytest.raises(NotPermitted, match="no longer in the library"):
        studio.export_take(take.digest, tmp_path / "late.wav")


@pytest.mark.parametrize("first", ["agreed", "unsure"])
def test_voices_of_one_clip_share_takes_and_all_of_them_have_to_allow_it(
    studio: Studio, tmp_path: Path, first: str
) -> None:
    case = "1" if first == "agreed" else "two"  # lengths of names make the sounds
    agreed = derived(studio, f"Ann, agreed {case}", clone(studio, "Ann, asked", checked("Ann", ["personal"])))
    unsure = derived(studio, f"Ann, unsure {case}", clone(studio, "Ann, not asked"))
    assert agreed.content == unsure.content
    voices = {"agreed": agreed, "unsure": unsure}
    order = [voices.pop(first), *voices.values()]
    takes = [studio.speak(SpeakRequest(f"Hello, {first}.", voice=one.id)).wait(30) for one in order]
    assert takes[0].digest == takes[1].digest
    assert takes[0].voice_id == order[0].id
    with pytest.raises(NotPermitted, match=r"Ann, not asked.*Ann, unsure"):
        studio.export_take(takes[0].digest, tmp_path / "out.wav")
    studio.permit(SpeakRequest("x", voice=agreed.id))  # who is asked for by name answers for itself
    with pytest.raises(NotPermitted):
        studio.permit(SpeakRequest("x", voice=unsure.id))
    studio.voices.delete([unsure.id])
    studio.export_take(takes[0].digest, tmp_path / "out.wav")
    studio.cloning.allow(str(agreed.parents[0]["voice"]), None)  # taken back
    with pytest.raises(NotPermitted, match="Ann, asked"):
        studio.export_take(takes[0].digest, tmp_path / "out.wav")


def test_what_is_made_from_cloned_voices_inherits(studio: Studio) -> None:
    ann = clone(studio, "Ann", checked("Ann", ["personal", "commercial"]))
    ben = clone(studio, "Ben", checked("Ben", ["personal"], TOMORROW))
    made = derived(studio, "Ann and Ben", ann, ben)
    assert made.origin["cloned"]
    standing = studio.cloning.standing(made.id)
    assert standing.permitted
    assert standing.rights is not None
    assert (standing.rights.speaker, standing.rights.uses) == ("Ann + Ben", ("personal",))
    studio.cloning.allow(ann.id, None)
    assert not studio.cloning.standing(made.id).permitted  # what Ann took back, no mix of her has


def test_a_mix_stays_somebody_s_when_its_sources_are_gone(studio: Studio) -> None:
    source = clone(studio, "soon gone")
    made = derived(studio, "orphan", source)
    studio.voices.delete([source.id])
    with studio._library.database.write() as session:  # as where it stayed on another machine
        remove_voices(session, [source.id])
    standing = studio.cloning.standing(made.id)
    assert (standing.cloned, standing.permitted) == (True, False)
    studio.cloning.allow(made.id, checked("Ann", ["personal"]))
    assert studio.cloning.standing(made.id).permitted


def test_a_voice_by_its_string_is_looked_up(studio: Studio, silent: Voice) -> None:
    from studio.production import rights
    from studio.production.casting import CastVoice

    content = VoiceContent.from_json(silent.content)
    with pytest.raises(NotPermitted):
        rights.require(studio._library, [CastVoice(content, "code:…")], "espeak")


def test_voices_that_are_nobody_s_need_no_record(studio: Studio) -> None:
    mix = studio.keeping.blend("espeak", {"f2": 1, "f3": 2}, "plain mix")
    standing = studio.cloning.standing(mix.id)
    assert (standing.cloned, standing.permitted) == (False, True)
    assert "cloned" not in mix.origin


def test_a_render_that_is_resumed_does_not_go_round(studio: Studio, silent: Voice, tmp_path: Path) -> None:
    id = script_of(studio, silent.id, tmp_path)
    job = studio.scripts.workshop.start(id)  # as a restart does
    job.wait(60)
    lines = list(studio.scripts.all_lines(id))
    assert [line.state for line in lines] == ["failed", "done"]  # the other part is an engine's own voice
    assert "no consent" in str(lines[0].error)


def test_saying_a_recording_in_a_cloned_voice(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    from tests.parity.cosyvoice_published import write_checkpoint

    models = tmp_path_factory.mktemp("models")
    write_checkpoint("v2", models / "cosyvoice2")
    with Studio(tmp_path / "home", models=models) as studio:
        voice = studio.cloning.clone(CLIP, "Ann", "cosyvoice2", trim="none")
        with pytest.raises(NotPermitted):
            studio.revoice(CLIP, tmp_path / "out.wav", "cosyvoice2", voice.id)
        take = studio.speak(SpeakRequest("今天的天气真不错，我们一起去公园散步吧。")).wait(60)
        made = studio.changing.take(take.digest, "cosyvoice2", voice.id).wait(60)  # to be heard
        assert studio.changing.take(take.digest, "cosyvoice2", voice.id).wait(60).digest == made.digest != take.digest
        assert made.seconds == pytest.approx(take.seconds, abs=0.2)
        with pytest.raises(NotPermitted, match="Ann"):
            studio.export_take(made.digest, tmp_path / "out.wav")
        assert not (tmp_path / "out.wav").exists()
        studio.cloning.allow(voice.id, checked("Ann", ["personal"]))
        studio.export_take(made.digest, tmp_path / "take.wav")
        studio.revoice(CLIP, tmp_path / "out.wav", "cosyvoice2", voice.id).wait(60)
        assert (tmp_path / "out.wav").exists()


def test_messages_say_what_to_do_in_both_languages(studio: Studio, silent: Voice) -> None:
    with pytest.raises(StudioError) as refused:
        studio.permit(SpeakRequest("x", voice=silent.id))
    assert "试听" in refused.value.text("zh")
    assert "voices consent" in refused.value.text("zh")
    assert refused.value.code == "not_permitted"
