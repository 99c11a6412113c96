"""What an engine said, said again in the timbre of another voice: recipe, renderer, facade, command line."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from studio.audio.edit import speed
from studio.audio.files import read_bytes
from studio.engines.contract import AudioChunk, Recipe, Stop, VoiceContent, VoiceKind
from studio.engines.espeak import Espeak
from studio.errors import BadRequest, NotFound, NotInstalled, NotPermitted
from studio.studio import Begun, ConvertRequest, Member, SpeakRequest, Studio

HERE = Path(__file__).parents[1]
CLIP = HERE / "parity" / "cosyvoice" / "common" / "prompt_3s_24k.wav"
WORDS = "The old clock struck. Nobody came, and the light went out."
PLAIN = Recipe("espeak", "1", "Hello.", VoiceContent(VoiceKind.BUILTIN, name="f2"), "en", (("speed", 1.0),), 3)
DIGEST = "56aaf9014ee308f735fa5cca9bf8c6fcd9ee3ce1b02d8b09d7a7633b4d71e6c5"  # as it was before recipes had sources


@pytest.fixture(scope="module")
def studio(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("home"), models=models) as opened:
        yield opened


def clone(studio: Studio, name: str, **about: object) -> str:
    rights = studio.cloning.record("Ann", ["personal"], "2099-12-31") if about.pop("agreed", True) else None
    return studio.cloning.clone(CLIP, name, "cosyvoice2", rights, trim="none", transcript="请问多少钱？").id


def test_a_recipe_without_a_source_keeps_its_digest_and_one_with_it_goes_there_and_back() -> None:
    assert "source" not in PLAIN.to_json()
    assert PLAIN.digest == DIGEST
    heard = VoiceContent(VoiceKind.CLIP, clip=b"theirs", transcript="a")
    source = Recipe("chattts", "2", "Hello.", VoiceContent(VoiceKind.CLIP, clip=b"ours"), "en", ())
    again = Recipe("cosyvoice2", "3", "Hello.", heard, "en", (("steps", 4),), 0, source=source)
    assert Recipe.from_json(json.loads(json.dumps(again.to_json())), *again.clips) == again
    assert again.clips == (b"theirs", b"ours")
    assert len({again.digest, source.digest, PLAIN.digest}) == 3


def test_it_is_said_again_with_the_same_timing_and_both_are_named(studio: Studio, tmp_path: Path) -> None:
    plain = studio.speak(SpeakRequest(WORDS, voice="f2")).wait(60)
    performance = studio.speak(SpeakRequest(WORDS, voice="f2", into="guide-zh", stream=True))
    sound = np.frombuffer(b"".join(performance.pcm()), "<i2")
    take = performance.wait(60)
    assert (take.rate, performance.rate, len(sound)) == (24_000, 24_000, take.frames)
    assert take.seconds == pytest.approx(plain.seconds, abs=0.1)
    assert (take.engine, take.voice_label) == ("cosyvoice2", "f2 → guide-zh")
    words, before = (studio.takes.details(one.digest).words for one in (take, plain))
    assert [word for word, _, _ in words] == [word for word, _, _ in before]
    assert len(words) > 8
    assert max(abs(a[1] - b[1]) for a, b in zip(words, before, strict=True)) < 0.1
    studio.export_take(take.digest, tmp_path / "out.flac")
    found = studio.inspect(tmp_path / "out.flac")
    assert (found.engine, found.voice) == ("espeak → cosyvoice2", "f2 → guide-zh")
    assert found.recipe is not None
    assert found.recipe["lines"][0]["source"]["voice"] == {"kind": "builtin", "name": "f2"}


def test_sound_and_digest_depend_on_the_recipe_alone(models: Path, tmp_path: Path) -> None:
    """Streamed or not, alone or among others, from another studio: the same take."""
    found = set()
    first, both = "The old clock struck.", "The old clock struck.\n\nNobody came."
    for name, stream, text in (("a", True, both), ("b", False, both), ("c", False, first)):
        with Studio(tmp_path / name, models=models) as studio:
            request = SpeakRequest(text, voice="f2", into="guide-en", converter="cosyvoice2", stream=stream)
            digest = studio.plan(request).lines[0].recipe.digest
            studio.speak(request).wait(60)
            found.add((digest, studio.cache.load(digest).samples.tobytes()))
    assert len(found) == 1


def test_a_reading_is_rendered_once_for_all_timbres(studio: Studio) -> None:
    def rendered(into: str) -> list[str]:
        before = {path.stem for path in studio.cache.folder.glob("*.flac")}
        studio.speak(SpeakRequest("Nobody has said this before.", voice="m3", into=into)).wait(60)
        return sorted({path.stem for path in studio.cache.folder.glob("*.flac")} - before)

    assert len(rendered("guide-zh")) == 3  # the reading, the line in its timbre, the whole
    assert len(rendered("guide-en")) == 2
    assert rendered("guide-zh") == []


def test_what_is_too_short_or_silent_for_an_engine_is_said_all_the_same(studio: Studio) -> None:
    for text in ("No.", "I."):
        plain = studio.speak(SpeakRequest(text)).wait(60)
        take = studio.speak(SpeakRequest(text, into="guide-zh")).wait(60)
        assert take.seconds == pytest.approx(plain.seconds, abs=0.15)


def test_a_book_in_another_timbre(studio: Studio, tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_text("Chapter 1\n\nA book begins. Here it goes on.\n")
    request = ConvertRequest(voice="f2", into="guide-zh", format="flac")
    plain = ConvertRequest.from_json(ConvertRequest(voice="f2", format="flac").to_json())
    assert not {"into", "converter"} & plain.to_json().keys()
    made = studio.convert(tmp_path / "book.txt", request, tmp_path / "a.flac").wait(60)
    again = studio.convert(tmp_path / "book.txt", request, tmp_path / "b.flac").wait(60)
    other = studio.convert(tmp_path / "book.txt", plain, tmp_path / "c.flac").wait(60)
    assert (made.cached, again.cached) == (0, made.lines)
    assert made.seconds == pytest.approx(other.seconds, abs=0.2)
    told = [studio.inspect(tmp_path / name) for name in ("a.flac", "b.flac", "c.flac")]
    assert told[0].engine == "espeak → cosyvoice2"
    assert told[0].digest == told[1].digest != told[2].digest


def test_what_cannot_be_is_refused_before_anything_is_said(studio: Studio, tmp_path: Path) -> None:
    before = studio.takes.find().total
    kept = studio.keeping.blend("espeak", {"f2": 1, "m3": 1}, "mixed").id
    for request, error, words in (
        (SpeakRequest(WORDS, into="guide-zh", converter="espeak"), BadRequest, "cannot change"),
        (SpeakRequest(WORDS, into="guide-zh", converter="cosyvoice1"), NotInstalled, "models install cosyvoice1"),
        (SpeakRequest(WORDS, converter="cosyvoice2"), BadRequest, "in whose voice"),
        (SpeakRequest(WORDS, into="guide-zn"), NotFound, "guide-zh"),
        (SpeakRequest(WORDS, into=kept), BadRequest, "belongs to the engine espeak"),
        (SpeakRequest(WORDS, into="seed:3"), BadRequest, "takes"),
    ):
        with pytest.raises(error, match=words) as refused:
            studio.speak(request)
        assert refused.value.where in ("into", "converter")
        assert refused.value.text("zh") != refused.value.text("en")
    assert studio.takes.find().total == before
    with Studio(tmp_path / "bare") as bare, pytest.raises(NotInstalled, match="no engine that converts"):
        bare.speak(SpeakRequest(WORDS, into="guide-zh"))
    with pytest.raises(BadRequest, match="still being written"):
        studio.follow(["a"], SpeakRequest("", engine="cosyvoice2", into="guide-zh"))


def test_a_clip_that_was_cloned_for_another_engine_lends_its_timbre(models: Path, tmp_path: Path) -> None:
    with Studio(tmp_path / "home", models=models) as studio:
        rights = studio.cloning.record("Ann", ["personal"], "2099-12-31")
        voice = studio.cloning.clone(CLIP, "Ann", "chattts", rights, trim="none", transcript="请问多少钱？").id
        take = studio.speak(SpeakRequest("Hello there.", into="Ann")).wait(60)
        assert (take.engine, take.voice_id) == ("cosyvoice2", voice)
        assert studio.voices.get(voice).uses == 1


def test_without_consent_it_is_heard_and_leaves_by_no_door(studio: Studio, tmp_path: Path) -> None:
    silent = clone(studio, "nobody's", agreed=False)
    (tmp_path / "book.txt").write_text(f"Chapter 1\n\n{WORDS}\n")
    request = SpeakRequest("Hello there.", into=silent)
    performance = studio.speak(request)
    take = performance.wait(60)
    for door in (
        lambda: studio.export_take(take.digest, tmp_path / "out.wav"),
        lambda: studio.take_bytes(take.digest, "wav"),
        lambda: list(studio.stream(performance, "wav")),
        lambda: studio.permit(request),
        lambda: studio.convert(tmp_path / "book.txt", ConvertRequest(into=silent), tmp_path / "out.mp3"),
    ):
        with pytest.raises(NotPermitted, match="has no consent on record"):
            door()
    assert not list(tmp_path.glob("out.*"))
    studio.cloning.allow(silent, studio.cloning.record("Ann", ["personal"], "2099-12-31"))
    studio.export_take(take.digest, tmp_path / "out.wav")


def test_the_voice_that_reads_needs_consent_as_well(studio: Studio, tmp_path: Path) -> None:
    """Its timbre is not heard any more, but its way of speaking is."""
    parents = [{"voice": clone(studio, "nobody's", agreed=False), "weight": 1.0}]
    content = VoiceContent.from_json(studio.keeping.blend("espeak", {"f2": 1, "m3": 1}, "plain").content)
    reader = studio.keeping.voice("espeak", content, "reader", parents=parents).id
    request = SpeakRequest("Hello there.", voice=reader, into="guide-zh")
    take = studio.speak(request).wait(60)
    for door in (lambda: studio.export_take(take.digest, tmp_path / "out.wav"), lambda: studio.permit(request)):
        with pytest.raises(NotPermitted, match="in “reader”"):
            door()


def test_from_the_command_line(models: Path, tmp_path: Path) -> None:
    def run(*arguments: object) -> str:
        from studio.cli.main import timbre

        begin = ["--data-dir", str(tmp_path / "home"), "--models", str(models)]
        done = CliRunner().invoke(timbre, [*begin, *map(str, arguments)], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    into = ["--into", "guide-en", "--converter", "cosyvoice2"]
    told = json.loads(run("speak", "Hello there.", "-o", tmp_path / "out.flac", *into, "--json"))
    assert (told["engine"], told["rate"]) == ("cosyvoice2", 24_000)
    assert "Engine: espeak → cosyvoice2" in run("inspect", tmp_path / "out.flac")
    (tmp_path / "play.txt").write_text("Ann::Hello there, Ben.\nBen::Good morning to you.\n")
    id = run("productions", "begin", tmp_path / "play.txt").split()[-1]
    assert "guide-en" in run("productions", "cast", id, "Ann=f3", *into)
    (tmp_path / "book.txt").write_text("A book begins.")
    run("convert", tmp_path / "book.txt", "-o", tmp_path / "book.flac", *into)
    assert soundfile.info(tmp_path / "book.flac").samplerate == 24_000


class Copying(Espeak):
    """eSpeak NG that says a recording again as it is: what comes out shows what the studio does around a converter."""

    def __init__(self, faster: float = 1.0) -> None:
        super().__init__()
        self.spec, self.faster = replace(self.spec, id="copying" if faster == 1 else "hasty"), faster

    def convert(self, recording: bytes, recipe: Recipe, stop: Stop) -> Iterator[AudioChunk]:
        said = read_bytes(recording, self.spec.rate)
        assert 1 <= said.seconds <= 30
        said = said if self.faster == 1 else speed(said, self.faster)
        for at in range(0, len(said), self.spec.rate):
            piece = said.samples[at : at + self.spec.rate]
            yield AudioChunk(0, piece, last=at + self.spec.rate >= len(said))


@pytest.fixture
def copying(studio: Studio) -> Studio:
    for name, engine in (("copying", Copying), ("hasty", lambda: Copying(1.25))):
        if name not in {state.id for state in studio.engines()}:
            studio._engines.add(name, engine)
    return studio


def test_an_engine_that_serves_one_at_a_time_reads_and_converts_many_lines(copying: Studio) -> None:
    """It would wait for itself if a reading were held up by a conversion. And nothing but the voice changes."""
    text = "\n\n".join(f"Line {number} is rather short." for number in range(24))
    plain = SpeakRequest(text, engine="copying", voice="f2", split=20)
    before = copying.speak(plain).wait(60)
    after = copying.speak(replace(plain, into="m3", converter="copying")).wait(60)
    sounds = [copying.cache.load(take.digest).samples for take in (before, after)]
    assert np.array_equal(*sounds)
    words = [copying.takes.details(take.digest).words for take in (before, after)]
    assert [word for word, _, _ in words[0]] == [word for word, _, _ in words[1]]
    assert np.allclose([times for _, *times in words[0]], [times for _, *times in words[1]], atol=0.0002)


def test_words_follow_a_converter_with_a_pace_of_its_own(copying: Studio) -> None:
    plain = copying.speak(SpeakRequest("The old clock in the hall struck nine and went on.", voice="f2")).wait(60)
    hasty = copying.speak(
        replace(SpeakRequest(copying.takes.details(plain.digest).text, voice="f2"), into="m3", converter="hasty")
    ).wait(60)
    assert hasty.seconds == pytest.approx(plain.seconds / 1.25, abs=0.1)
    for (word, start, _), (other, begins, _) in zip(
        *(copying.takes.details(one.digest).words for one in (plain, hasty)), strict=True
    ):
        assert (word, begins) == (other, pytest.approx(start / 1.25, abs=0.06))


def test_batches_and_dubs(studio: Studio, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A short file.")
    (tmp_path / "b.txt").write_text("Another short file.")
    (tmp_path / "all.csv").write_text("input,换成\na.txt,guide-en\nb.txt,\n")
    order = studio.batches.order([tmp_path / "all.csv"], tmp_path / "out", ConvertRequest(format="flac"))
    assert studio.batches.begin(order).wait(60).done == 2
    told = [studio.inspect(tmp_path / "out" / name).engine for name in ("a.flac", "b.flac")]
    assert told == ["espeak → cosyvoice2", "espeak"]
    (tmp_path / "film.srt").write_text("1\n00:00:01,000 --> 00:00:04,000\nHello there.\n")
    plain = studio.dubbing.begin(tmp_path / "film.srt")
    made = studio.dubbing.begin(tmp_path / "film.srt", Begun(into="guide-zh"))
    assert studio.dubbing.begin(tmp_path / "film.srt", Begun(into="guide-zh")).id == made.id != plain.id
    studio.dubbing.render(made.id).wait(60)
    done = studio.dubbing.export(made.id, tmp_path / "film.wav").wait(60)
    found = studio.inspect(done.path)
    assert (found.engine, found.voice) == ("cosyvoice2, espeak", "guide-zh")


# casts


def play(studio: Studio, folder: Path, *members: Member) -> str:
    (folder / "play.txt").write_text("Ann::Hello there, Ben.\nBen::Good morning to you.\nIt rained.\n")
    kept = studio.scripts.begin(folder / "play.txt", Begun(engine="espeak"))
    studio.scripts.cast(kept.id, list(members))
    return kept.id


def states(studio: Studio, id: str) -> dict[str, str]:
    return {line.speaker: line.state for line in studio.scripts.all_lines(id)}


def test_each_speaker_has_a_timbre_and_only_their_lines_change(studio: Studio, tmp_path: Path) -> None:
    id = play(studio, tmp_path, Member("Ann", voice="f3"), Member("Ben", voice="m3"))
    studio.scripts.render(id).wait(60)
    before = {line.speaker: line.take for line in studio.scripts.all_lines(id)}
    studio.scripts.cast(id, [Member("Ann", voice="f3", into="guide-zh")])
    assert states(studio, id) == {"Ann": "stale", "Ben": "done", "": "done"}
    studio.scripts.cast(id, [Member("Ann", voice="f3")])
    assert states(studio, id)["Ann"] == "done"  # taken back, it is as it was
    studio.scripts.cast(id, [Member("Ann", voice="f3", into="guide-zh", converter="cosyvoice2")])
    job = studio.scripts.render(id)
    job.wait(60)
    assert job.rendered == 1
    after = {line.speaker: line.take for line in studio.scripts.all_lines(id)}
    assert {name for name in after if after[name] != before[name]} == {"Ann"}
    take = studio.takes.get(after["Ann"])
    assert (take.rate, take.voice_label) == (24_000, "f3 → guide-zh")
    request = studio.scripts.sample(id, "Ann")
    assert (request.into, request.converter) == ("guide-zh", "cosyvoice2")
    made = studio.scripts.export(id, "wav", tmp_path / "play.wav").wait(60)
    found = studio.inspect(made.files[0].path)
    assert found.engine == "cosyvoice2, espeak"
    assert "guide-zh" in found.voice


def test_the_narrators_timbre_goes_with_the_voice(studio: Studio, tmp_path: Path) -> None:
    id = play(studio, tmp_path, Member("", voice="m7", into="guide-en"), Member("Ann", voice="f3"), Member("Ben"))
    planner = studio.scripts.planner(id)
    assert {name: planner.member(name).into for name in ("", "Ann", "Ben")} == {
        "": "guide-en", "Ann": "", "Ben": "guide-en",
    }  # fmt: skip


def test_a_cast_that_cannot_be_is_refused(studio: Studio, tmp_path: Path) -> None:
    id = play(studio, tmp_path, Member("Ann", voice="f3"))
    with pytest.raises(NotFound, match="guide-zh"):
        studio.scripts.cast(id, [Member("Ann", voice="f3", into="guide-zj")])
    silent = clone(studio, "no consent", agreed=False)
    studio.scripts.cast(id, [Member("Ann", voice="f3", into=silent)])
    for door in (lambda: studio.scripts.render(id), lambda: studio.scripts.deliver(id, "mp3")):
        with pytest.raises(NotPermitted, match="has no consent"):
            door()


def test_a_timbre_in_use_is_known_replaced_or_kept_and_travels(studio: Studio, models: Path, tmp_path: Path) -> None:
    ann = clone(studio, "Ann's")
    id = play(studio, tmp_path, Member("Ann", voice="f3", into=ann), Member("Ben", voice="m3"))
    assert [(use.production, use.speakers) for use in studio.cloning.users(ann)] == [(id, ("Ann",))]
    copy = studio.scripts.duplicate(id).id
    assert studio.scripts.member(copy, "Ann").into == ann
    studio.scripts.pack(id, tmp_path / "pack.zip")
    with Studio(tmp_path / "elsewhere", models=models) as other:
        there = other.scripts.unpack(tmp_path / "pack.zip").id
        assert other.scripts.member(there, "Ann").into == other.voices.get("Ann's").id
        assert other.scripts.missing(there) == {}
    studio.cloning.delete(ann, "keep")
    assert studio.scripts.member(id, "Ann") == Member("Ann", "espeak", "f3", into=f"kept:{ann}")
    studio.bin.empty()
    assert studio.scripts.missing(id) == {}
    studio.voices.restore([ann])
    studio.scripts.cast(id, [Member("Ann", voice="f3", into=ann)])
    studio.cloning.delete(ann, "replace", "guide-en")
    assert (studio.scripts.member(id, "Ann").voice, studio.scripts.member(id, "Ann").into) == ("f3", "guide-en")


def test_a_timbre_of_other_weights_warns(studio: Studio, tmp_path: Path) -> None:
    content = VoiceContent(VoiceKind.CLIP, clip=CLIP.read_bytes(), transcript="请问多少钱？")
    old = studio.keeping.voice("cosyvoice2", content, "old weights", weights="0" * 64).id
    told = [note.note.en for note in studio.plan(SpeakRequest("Hello there.", into=old)).notes]
    assert any("other weights of cosyvoice2" in words for words in told)
    id = play(studio, tmp_path, Member("Ann", voice="f3", into=old))
    assert list(studio.scripts.cautions(id)) == ["Ann"]
