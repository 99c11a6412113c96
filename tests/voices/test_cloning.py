"""Voices from recordings: trimmed, kept with their consent, with clips for moods, deleted from under productions."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from studio.audio.clip import Samples
from studio.audio.files import read_bytes
from studio.errors import BadFile, BadRequest, NotFound, NotPermitted
from studio.studio import Begun, Member, NewLine, SpeakRequest, Studio

from ..warm import Run
from .conftest import RATE, noisy

Speech = Callable[[str, str], Samples]
Wav = Callable[..., Path]


@pytest.fixture(scope="module")
def studio(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("home"), models=models) as opened:
        yield opened


def ann(studio: Studio, path: Path, name: str = "Ann") -> str:
    rights = studio.cloning.record("Ann", ["personal"], "2099-12-31")
    return studio.cloning.clone(path, name, "cosyvoice2", rights, transcript="The old clock.").id


def test_a_long_recording_becomes_a_clip_at_its_best(studio: Studio, speech: Speech, wav: Wav) -> None:
    quiet = np.zeros(15 * RATE, np.float32)
    path = wav(np.concatenate([quiet, speech("en", "f3") * 0.3, quiet]))
    voice = studio.voices.get(ann(studio, path))
    assert (voice.kind, voice.engine, voice.content["transcript"]) == ("clip", "cosyvoice2", "The old clock.")
    assert voice.origin["file"] == "clip.wav"
    assert voice.origin["rights"]["speaker"] == "Ann"
    clip = read_bytes(studio.cloning.clip(voice.id))
    assert (3 <= clip.seconds <= 10.3, clip.rate) == (True, RATE)
    power = (clip.samples[: len(clip) // 512 * 512].reshape(-1, 512) ** 2).mean(axis=1)
    assert 10 * np.log10(power[power > power.max() * 1e-3].mean()) == pytest.approx(-20, abs=0.5)
    assert abs(clip.samples).max() <= 0.9
    assert abs(clip.samples[[0, -1]]).max() < 0.001  # no click


def test_a_stretch_is_cut_as_asked(studio: Studio, speech: Speech, wav: Wav) -> None:
    path = wav(speech("en", "f3"))
    cut = read_bytes(studio.cloning.cut(path, 2.0, 6.5, normalise=False))
    assert cut.seconds == pytest.approx(4.5, abs=0.01)
    middle = speech("en", "f3")[3 * RATE : 4 * RATE]
    assert np.allclose(cut.samples[RATE : 2 * RATE], middle, atol=1e-4)
    for start, end in ((3, 3.5), (5, 2), (-1, 4), (0, 31), (9.9, 13)):
        with pytest.raises(BadRequest, match=r"stretch|ends"):
            studio.cloning.cut(path, start, end)


def test_untrimmed_it_is_kept_byte_for_byte(studio: Studio, speech: Speech, wav: Wav) -> None:
    path = wav(speech("en", "f3")[: 4 * RATE])
    voice = studio.cloning.clone(path, "whole", "cosyvoice2", trim="none")
    assert studio.cloning.clip(voice.id) == path.read_bytes()
    with pytest.raises(BadRequest, match="1 to 30 s"):
        studio.cloning.clone(wav(np.tile(speech("en", "f3"), 4)), "long", "cosyvoice2", trim="none")


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda said: np.zeros(3 * RATE), "silent"),
        (lambda said: said[: RATE // 5], "too short|nobody"),
        (lambda said: noisy(np.zeros(3 * RATE, np.float32) + 1e-9, -60), "nobody speaks|silent"),
    ],
    ids=["silent", "0.2 s", "noise"],
)
def test_no_voice_is_made_of_nothing(
    studio: Studio, speech: Speech, wav: Wav, make: Callable[[Samples], Samples], word: str
) -> None:
    before = studio.voices.find().total
    with pytest.raises(BadFile, match=word):
        studio.cloning.clone(wav(make(speech("en", "f3"))), "nobody", "cosyvoice2")
    assert studio.voices.find().total == before


def test_a_low_rate_and_an_engine_without_clips_are_refused(studio: Studio, speech: Speech, wav: Wav) -> None:
    import soxr

    low = wav(soxr.resample(speech("en", "f3"), RATE, 8000), 8000)
    with pytest.raises(BadFile, match="at least 16000"):
        studio.cloning.clone(low, "low", "cosyvoice2")
    with pytest.raises(BadRequest, match="espeak takes"):
        studio.cloning.clone(low, "low", "espeak")


def test_what_each_engine_makes_of_it(studio: Studio) -> None:
    uses = {use.engine: use for use in studio.cloning.uses(12.0, 48_000)}
    assert "espeak" not in uses
    two = uses["cosyvoice2"]
    assert (two.ready, two.fits, two.transcript) == (True, True, "helps")
    assert two.told.en == "uses the last 10 s at 24 kHz; better with the transcript"
    assert (uses["chattts"].ready, uses["chattts"].transcript) == (False, "needed")
    assert not {use.engine: use for use in studio.cloning.uses(12.0, 8000)}["cosyvoice2"].fits
    assert "takes 1 to 30 s" in studio.cloning.uses(40.0, 48_000)[0].told.en


def test_where_nothing_listens_the_transcript_stays_empty(studio: Studio, speech: Speech, wav: Wav) -> None:
    assert not studio.cloning.listens()
    voice = studio.cloning.clone(wav(speech("en", "f3")), "unheard", "cosyvoice2", transcript="auto")
    assert voice.content["transcript"] == ""


# clips for moods


def test_an_emotion_is_spoken_after_its_own_clip(studio: Studio, speech: Speech, wav: Wav) -> None:
    id = ann(studio, wav(speech("en", "f3")))
    happy = studio.cloning.add_reference(id, "happy", wav(speech("en", "m1")), transcript="so glad")
    text = "你好。[emotion happy]太好了！真的吗？[/emotion]我们走吧。[emotion sad]再见。[/emotion]"
    planned = studio.plan(SpeakRequest(text, engine="cosyvoice2", voice=id))
    own, other = studio.voices.get(id).content["sha256"], planned.lines[1].recipe.voice.to_json()["sha256"]
    found = [(line.original, line.recipe.voice.to_json()["sha256"] == other) for line in planned.lines]
    assert own != other
    assert "".join(original for original, _ in found) == text
    assert [is_happy for original, is_happy in found] == ["太好" in original for original, _ in found]
    notes = {note.mark: note for note in planned.notes}
    assert notes["[emotion happy]"].how == "honoured"
    assert "own clip" in notes["[emotion happy]"].note.en
    assert notes["[emotion sad]"].how == "ignored"  # it has none of that
    assert planned.lines[1].recipe.voice.transcript == "so glad"
    assert happy.emotion == "happy"


def test_the_clip_is_part_of_the_recipe_and_is_heard(studio: Studio, speech: Speech, wav: Wav) -> None:
    id = ann(studio, wav(speech("en", "f3")))

    def said(text: str) -> Samples:
        request = SpeakRequest(text, engine="cosyvoice2", voice=id, controls={"endless": "keep"})
        return studio.cache.load(studio.speak(request).wait(120).digest).samples

    plain = said("[emotion happy]你好。[/emotion]")
    reference = studio.cloning.add_reference(id, "happy", wav(speech("en", "m1")))
    glad = said("[emotion happy]你好。[/emotion]")
    assert len(plain) != len(glad) or not np.array_equal(plain, glad)
    studio.cloning.delete_reference(id, reference.id)
    assert np.array_equal(said("[emotion happy]你好。[/emotion]"), plain)  # out of the cache


def test_references_are_listed_relabelled_heard_and_deleted(studio: Studio, speech: Speech, wav: Wav) -> None:
    id = ann(studio, wav(speech("en", "f3")))
    made = studio.cloning.add_reference(id, "sad", wav(speech("en", "m1")), stretch=(1.0, 4.0), language="en")
    assert made.seconds == pytest.approx(3.0, abs=0.02)
    assert read_bytes(studio.cloning.clip(id, made.id)).seconds == pytest.approx(3.0, abs=0.02)
    changed = studio.cloning.change_reference(id, made.id, "angry", "what is said")
    assert (changed.emotion, changed.transcript) == ("angry", "what is said")
    assert studio.cloning.references(id) == (changed,)
    for wrong in (
        lambda: studio.cloning.add_reference(id, "hungry", wav(speech("en", "m1"))),
        lambda: studio.cloning.change_reference(id, made.id, "hungry"),
        lambda: studio.cloning.delete_reference(id, "no such"),
    ):
        with pytest.raises(NotFound):
            wrong()  # type: ignore[no-untyped-call]
    studio.cloning.delete_reference(id, made.id)
    assert studio.cloning.references(id) == ()


def test_a_line_of_a_script_is_spoken_in_its_mood(studio: Studio, speech: Speech, wav: Wav) -> None:
    id = ann(studio, wav(speech("en", "f3")))
    script = studio.scripts.empty(Begun(title="moods", engine="cosyvoice2", voice=id))
    (line,) = studio.scripts.lines(script.id).items
    studio.scripts.change(script.id, [line.id], text="太好了！", emotion="happy")

    def clip() -> str:
        return str(studio.scripts.spoken(script.id, line.id).plan.lines[0].recipe.voice.to_json()["sha256"])

    basis, own = studio.scripts.line(script.id, line.id).basis, clip()
    assert own == studio.voices.get(id).content["sha256"]
    studio.cloning.add_reference(id, "happy", wav(speech("en", "m1")))
    assert clip() != own
    assert studio.scripts.line(script.id, line.id).basis not in ("", basis)  # planned anew, so it is stale
    notes = studio.scripts.spoken(script.id, line.id).plan.notes
    assert [note.how for note in notes] == ["honoured"]


# a voice that a production uses


@pytest.fixture
def book(studio: Studio) -> Iterator[tuple[str, str]]:
    """A production that a voice of espeak reads, and that voice."""
    voice = studio.keeping.blend("espeak", {"f2": 1, "m3": 1}, "Reader")
    script = studio.scripts.empty(Begun(title="book", engine="espeak", voice="Reader"))
    chapter = studio.scripts.chapters(script.id)[0].id
    studio.scripts.edit(script.id, "insert", line=NewLine("Hello there.", speaker="Ben"), chapter=chapter)
    studio.scripts.cast(script.id, [Member("Ben", voice=voice.id)])
    narrated = next(line for line in studio.scripts.lines(script.id).items if not line.speaker)
    studio.scripts.change(script.id, [narrated.id], text="Once upon a time.")
    studio.scripts.render(script.id).wait(60)
    yield script.id, voice.id
    studio.scripts.delete(script.id)
    studio.voices.delete([voice.id])


def test_users_of_a_voice_are_found_by_name_and_id(studio: Studio, book: tuple[str, str]) -> None:
    script, voice = book
    (use,) = studio.cloning.users(voice)
    assert (use.production, use.title, use.speakers) == (script, "book", ("", "Ben"))


def test_left_alone_a_production_says_what_is_missing(studio: Studio, book: tuple[str, str]) -> None:
    script, voice = book
    studio.cloning.delete(voice)
    assert set(studio.scripts.missing(script)) == {"", "Ben"}


def test_a_production_keeps_a_voice_that_was_deleted(studio: Studio, book: tuple[str, str]) -> None:
    script, voice = book
    before = [line.take for line in studio.scripts.lines(script).items]
    studio.cloning.delete(voice, "keep")
    studio.bin.empty()
    assert studio.scripts.missing(script) == {}
    assert "Reader" not in [one.name for one in studio.voices.find()]
    assert [(line.state, line.take) for line in studio.scripts.lines(script).items] == [
        ("done", take) for take in before
    ]
    studio.scripts.again(script, [studio.scripts.lines(script).items[0].id]).wait(60)
    assert studio.scripts.progress(script).states == {"done": 2}


def test_another_voice_takes_over(studio: Studio, book: tuple[str, str]) -> None:
    script, voice = book
    with pytest.raises(BadRequest, match="which voice"):
        studio.cloning.delete(voice, "replace")
    with pytest.raises(NotFound):
        studio.cloning.delete(voice, "replace", "no such voice")
    assert studio.voices.get(voice).deleted is None
    studio.cloning.delete(voice, "replace", "f3")
    assert [studio.scripts.member(script, who).voice for who in ("", "Ben")] == ["f3", "f3"]
    assert studio.scripts.progress(script).states == {"stale": 2}


def test_a_cloned_voice_that_is_kept_needs_its_consent(studio: Studio, speech: Speech, wav: Wav) -> None:
    id = ann(studio, wav(speech("en", "f3")), "Kept")
    script = studio.scripts.empty(Begun(title="kept", engine="cosyvoice2", voice=id))
    studio.cloning.delete(id, "keep")
    studio.scripts.permit(script.id)
    studio.cloning.allow(id, None)
    with pytest.raises(NotPermitted):
        studio.scripts.render(script.id)


# the command line


def test_from_the_command_line(timbre: Run, models: Path, speech: Speech, wav: Wav, tmp_path: Path) -> None:
    path = wav(speech("en", "f3"))

    run = partial(timbre, "--models", models, "voices")

    found = json.loads(run("doctor", str(path), "--json").stdout)
    assert (found["verdict"], found["engines"][0]["transcript"]) == ("good", "needed")
    assert "dB above the noise" in run("doctor", str(path)).stdout
    assert "no consent on record" in run("clone", str(path), "Ann").stderr
    assert json.loads(run("consent", "Ann", "--json").stdout) == {"cloned": True, "permitted": False, "rights": None}
    run("consent", "Ann", "--speaker", "Ann Lee", "--uses", "personal,commercial", "--expires", "2099-01-01")
    assert json.loads(run("consent", "Ann", "--json").stdout)["rights"]["uses"] == ["personal", "commercial"]
    made = run(
        "clone", str(path), "Ben", "-e", "cosyvoice2", "--speaker", "Ben", "--start", "1", "--end", "5", "--json"
    )
    assert json.loads(made.stdout)["origin"]["rights"]["speaker"] == "Ben"
    assert "no such use" in run("clone", str(path), "Cy", "--speaker", "Cy", "--uses", "all", code=2).stderr
    reference = run("references", "add", "Ann", "happy", str(path), "--transcript", "so glad").stdout.split()[-1]
    run("references", "edit", "Ann", reference, "--emotion", "sad")
    assert json.loads(run("references", "list", "Ann", "--json").stdout)[0]["emotion"] == "sad"
    run("references", "save", "Ann", "--id", reference, "-o", str(tmp_path / "sad.flac"))
    assert read_bytes((tmp_path / "sad.flac").read_bytes()).seconds > 3
    run("references", "delete", "Ann", reference)
    run("delete", "Ann", "--in-productions", "keep")
