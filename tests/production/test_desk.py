"""Scripts from manuscript to master with the embedded engine: what is rendered, what is rendered again, what is not."""

import csv
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.audio.clip import Clip
from studio.audio.files import probe, read
from studio.engines.contract import AudioChunk
from studio.engines.espeak.engine import Espeak
from studio.errors import BadControl, BadFile, BadRequest, EngineFailed, NotFound
from studio.library.lexicons import Entry
from studio.library.script import LineQuery, Member, NewLine
from studio.manuscripts.document import USUAL
from studio.production.desk import Desk
from studio.studio import Begun, Choices, Scope, Studio

TALE = """# The Lighthouse

## Chapter 1. The Storm

The wind rose. Nobody slept that night.

“Who is there?” asked Martha. She held up the lamp.

“Only me,” said Old Tom. “The boat is gone.”

## Chapter 2. The Morning

The sea was calm again. Martha opened the window.

“Look!” she cried. “The boat!”
"""


@pytest.fixture
def tale(tmp_path: Path) -> Path:
    path = tmp_path / "tale.md"
    path.write_text(TALE, encoding="utf-8")
    return path


@pytest.fixture
def desk(studio: Studio) -> Desk:
    return studio.scripts


@pytest.fixture
def id(desk: Desk, tale: Path) -> str:
    """A production of that tale, nothing rendered."""
    return desk.begin(tale, Begun(voice="m3")).id


def states(desk: Desk, id: str, **query: str) -> list[str]:
    return [line.state for line in desk.all_lines(id, LineQuery(**query))]  # type: ignore[arg-type]


def line(desk: Desk, id: str, words: str) -> str:
    """The id of the one line with these words."""
    (found,) = desk.lines(id, LineQuery(text=words)).items
    return str(found.id)


def rendered(desk: Desk, id: str, scope: Scope = Scope()) -> int:  # noqa: B008 (frozen)
    """Render; how many lines were."""
    job = desk.render(id, scope)
    job.wait(60)
    return job.rendered


def test_a_manuscript_becomes_a_script_with_a_cast(desk: Desk, id: str) -> None:
    production = desk.get(id)
    assert (production.title, production.kind, production.language) == ("The Lighthouse", "script", "en")
    assert [(one.title, one.lines) for one in desk.chapters(id)] == [
        ("Chapter 1. The Storm", 8),
        ("Chapter 2. The Morning", 5),
    ]
    rows = [(one.speaker, one.text, one.kind) for one in desk.all_lines(id)]
    assert rows[:2] == [("", "The Lighthouse", "heading"), ("", "Chapter 1. The Storm", "heading")]
    assert ("Martha", "“Who is there?”", "text") in rows
    assert ("Old Tom", "“The boat is gone.”", "text") in rows
    assert [(part.member.speaker, part.lines) for part in desk.parts(id)] == [("", 8), ("Martha", 3), ("Old Tom", 2)]
    voices = {part.member.speaker: part.member for part in desk.parts(id)}
    assert voices[""].voice == "m3"
    assert voices["Martha"].gender == "female"
    assert len({member.voice for member in voices.values()}) == 3
    assert desk.missing(id) == {}


def test_everything_is_rendered_once(desk: Desk, id: str) -> None:
    assert rendered(desk, id) == 13
    assert set(states(desk, id)) == {"done"}
    assert rendered(desk, id) == 0
    for one in desk.all_lines(id):
        clip = desk.clip(one.take)
        assert clip.seconds == pytest.approx(one.seconds, abs=0.001)
        assert np.abs(clip.samples).max() > 0.05
    assert desk.progress(id).states == {"done": 13}
    assert desk.get(id).state == "done"


def test_an_edit_makes_one_line_stale_and_renders_that_one(desk: Desk, id: str) -> None:
    rendered(desk, id)
    before = {one.id: one.take for one in desk.all_lines(id)}
    wind = line(desk, id, "The wind rose")
    desk.change(id, [wind], text="The wind fell. Everybody slept.")
    assert [one.id for one in desk.all_lines(id) if one.state == "stale"] == [wind]
    assert rendered(desk, id) == 1
    after = {one.id: one.take for one in desk.all_lines(id)}
    assert {key for key in after if after[key] != before[key]} == {wind}


def test_a_new_voice_renders_that_speaker_only(desk: Desk, id: str) -> None:
    rendered(desk, id)
    desk.cast(id, [Member("Martha", "espeak", "f5")])
    assert {one.speaker for one in desk.all_lines(id) if one.state == "stale"} == {"Martha"}
    assert rendered(desk, id) == 3
    desk.cast(id, [Member("", "espeak", "m7")])  # the others have voices of their own
    assert {one.speaker for one in desk.all_lines(id) if one.state == "stale"} == {""}


def test_settings_of_the_sound_render_nothing(desk: Desk, id: str) -> None:
    rendered(desk, id)
    desk.change_settings(id, "sound", {"paragraph_ms": 900})
    assert desk.settings(id)["sound"]["paragraph_ms"] == 900
    assert set(states(desk, id)) == {"done"}
    with pytest.raises(BadControl, match="0 to 10000"):
        desk.change_settings(id, "sound", {"paragraph_ms": -1})
    desk.change_settings(id, "reading", {"seed": 5})
    assert set(states(desk, id)) == {"stale"}


def test_the_lexicon_reaches_what_is_said(desk: Desk, id: str) -> None:
    rendered(desk, id)
    desk.put_words([Entry("Boat", "/buːt/", scope=id), Entry("lamp", "torch", scope=id), Entry("nothing", "x")])
    stale = {one.text for one in desk.all_lines(id) if one.state == "stale"}
    assert stale == {"“The boat is gone.”", "“The boat!”", "asked Martha. She held up the lamp."}
    spoken = desk.spoken(id, line(desk, id, "boat is gone")).plan.lines[0].spoken
    assert spoken == "“The [say boat as /buːt/] is gone.”"
    take = desk.line(id, line(desk, id, "lamp")).take
    rendered(desk, id)
    assert desk.line(id, line(desk, id, "lamp")).take != take
    assert desk.export_words(id) == "word,reading,note\nBoat,/buːt/,\nlamp,torch,\n"
    desk.drop_words(["lamp", "Boat"], id)
    assert set(states(desk, id)) == {"done"}, "the takes from before are right again"


def test_a_lexicon_comes_from_a_table(desk: Desk, id: str) -> None:
    assert desk.import_words("word,reading\n重庆,chong2 qing4\nMartha,Marta,a friend\n", id) == 2
    assert [(one.word, one.reading, one.note) for one in desk.words(id)] == [
        ("Martha", "Marta", "a friend"),
        ("重庆", "chong2 qing4", ""),
    ]
    with pytest.raises(BadFile, match="row 2"):
        desk.import_words("a,b\nc\n", id)
    with pytest.raises(BadRequest, match="without brackets"):
        desk.put_words([Entry("[x]", "y", scope=id)])


def test_one_chapter_or_from_a_line_on(desk: Desk, id: str) -> None:
    second = desk.chapters(id)[1].id
    assert rendered(desk, id, Scope(chapter=second)) == 5
    assert states(desk, id, chapter=second) == ["done"] * 5
    assert rendered(desk, id, Scope(start=line(desk, id, "Only me"))) == 3
    assert desk.progress(id).states == {"planned": 5, "done": 8}
    assert rendered(desk, id, Scope(lines=(line(desk, id, "The wind rose"),))) == 1


def test_a_line_is_asked_for_again_and_the_better_take_chosen(desk: Desk, id: str) -> None:
    rendered(desk, id)
    wind = line(desk, id, "The wind rose")
    first = desk.line(id, wind).take
    desk.again(id, [wind]).wait(60)
    takes = desk.takes(id, wind)
    assert [(take.seed, take.chosen) for take in takes] == [(1, True), (0, False)]
    desk.choose(id, wind, first)
    assert desk.line(id, wind).take == first
    assert rendered(desk, id) == 0
    desk.change(id, [wind], locked=True)
    desk.change(id, [wind], text="Something else entirely.")
    assert (rendered(desk, id), desk.line(id, wind).state, desk.line(id, wind).take) == (0, "locked", first)


def test_marks_and_pauses_inside_a_line(desk: Desk, id: str) -> None:
    wind = line(desk, id, "The wind rose")
    desk.change(id, [wind], text="[pause 400ms]One. [pause 800ms] Two.")
    rendered(desk, id)
    clip = desk.clip(desk.line(id, wind).take)
    loud = np.abs(clip.samples) > 0.01
    assert not loud[: int(0.35 * clip.rate)].any()
    quiet = np.diff(np.flatnonzero(loud)).max() / clip.rate
    assert quiet == pytest.approx(0.8, abs=0.15)
    assert desk.line(id, wind).problem == "", "a pause that was asked for is no fault"


def test_a_line_of_signs_is_silent_and_done(desk: Desk, id: str) -> None:
    wind = line(desk, id, "The wind rose")
    desk.change(id, [wind], text="……")
    assert desk.line(id, wind).state == "done"
    assert rendered(desk, id) == 12
    assert desk.line(id, wind).take == ""


def test_a_bad_mark_is_told_at_its_line_and_the_others_go_on(desk: Desk, id: str) -> None:
    wind = line(desk, id, "The wind rose")
    desk.change(id, [wind], text="Wrong [speed 99]mark[/speed].")
    found = desk.line(id, wind)
    assert found.state == "failed"
    assert found.error is not None
    assert "speed" in found.error.en
    assert rendered(desk, id) == 12
    desk.change(id, [wind], text="Right now.")
    assert desk.line(id, wind).error is None
    assert rendered(desk, id) == 1


def test_a_cast_with_a_deleted_voice_says_so(studio: Studio, desk: Desk, id: str) -> None:
    voice = studio.keeping.blend("espeak", {"f2": 1, "m3": 1}, "Gone")
    desk.cast(id, [Member("Martha", "espeak", voice.id)])
    assert rendered(desk, id) == 13
    studio.voices.delete([voice.id])
    desk.change(id, [line(desk, id, "Look")], text="“Look there!”")
    assert set(desk.missing(id)) == {"Martha"}
    failed = desk.line(id, line(desk, id, "Look"))
    assert (failed.state, failed.error is not None) == ("failed", True)
    assert rendered(desk, id) == 0
    desk.cast(id, [Member("Martha", "espeak", "f2")])
    assert desk.missing(id) == {}
    assert rendered(desk, id) == 3


def test_a_new_version_of_the_manuscript_keeps_what_is_unchanged(desk: Desk, id: str, tale: Path) -> None:
    desk.change(id, [line(desk, id, "Who is there")], speaker="Somebody")  # corrected by hand
    rendered(desk, id)
    mine = desk.edit(id, "insert", line=NewLine("A line of my own."), after=line(desk, id, "Nobody slept"))
    takes = {one.text: one.take for one in desk.all_lines(id)}
    new = TALE.replace("The sea was calm again.", "The sea was still and grey.").replace(
        "Nobody slept that night.", "Nobody slept that night. The roof sang."
    )
    tale.write_text(new, encoding="utf-8")
    counts = desk.revise(id, tale)
    assert desk.line(id, line(desk, id, "Who is there")).speaker == "Somebody"
    assert desk.line(id, mine).text == "A line of my own."
    fresh = [one.text for one in desk.all_lines(id) if not one.take and one.id != mine]
    assert fresh == [
        "The wind rose. Nobody slept that night. The roof sang.",
        "The sea was still and grey. Martha opened the window.",
    ]
    assert counts == {"kept": 12, "added": 2, "removed": 2}
    texts = [one.text for one in desk.all_lines(id)]
    assert texts.index("A line of my own.") == 2, "behind the last line before it that is still there"
    desk.edit(id, "undo")
    assert {one.text: one.take for one in desk.all_lines(id)} == takes


def test_scripted_manuscripts_keep_their_speakers(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "show.txt"
    path.write_text(
        "Ann::Welcome to the show.\nBen (happy)::Thank you!\nAnn::Let us begin.\nBen::Yes.\n", encoding="utf-8"
    )
    id = desk.begin(path, Begun(kind="podcast")).id
    assert [(one.speaker, one.text, one.emotion) for one in desk.all_lines(id)] == [
        ("Ann", "Welcome to the show.", ""),
        ("Ben", "Thank you!", "happy"),
        ("Ann", "Let us begin.", ""),
        ("Ben", "Yes.", ""),
    ]
    assert desk.settings(id)["sound"]["polish"] == "podcast"


def test_nothing_to_read_is_refused_and_leaves_nothing(desk: Desk, tale: Path) -> None:
    with pytest.raises(BadFile, match="nothing in what was chosen"):
        desk.begin(tale, choices=Choices(sections=frozenset()))
    with pytest.raises(NotFound):
        desk.begin(tale, Begun(kind="opera"))
    with pytest.raises(NotFound):
        desk.begin(tale, Begun(engine="nobody"))
    assert desk.find().total == 0


def test_without_dialogue_the_narrator_says_it_all(desk: Desk, tale: Path) -> None:
    id = desk.begin(tale, choices=Choices(USUAL - {"heading"}, dialogue=False)).id
    assert [part.member.speaker for part in desk.parts(id)] == [""]
    assert {one.kind for one in desk.all_lines(id)} == {"text"}


# engines that misbehave


class Faulty(Espeak):
    """The embedded engine, whose sound is spoiled on its way out."""

    spoil = staticmethod(lambda recipe, samples: samples)

    def __init__(self) -> None:
        super().__init__()
        self._inner = Espeak()
        self.spec = replace(self.spec, id="faulty")

    def speak(self, recipes, stop, stream=True):  # type: ignore[no-untyped-def]
        own = [replace(recipe, engine="espeak") for recipe in recipes]
        whole: dict[int, list[np.ndarray]] = {}
        for chunk in self._inner.speak(own, stop, stream):
            whole.setdefault(chunk.index, []).append(chunk.samples)
            if chunk.last:
                samples = type(self).spoil(recipes[chunk.index], np.concatenate(whole[chunk.index]))
                yield AudioChunk(chunk.index, samples, chunk.words, last=True)


@pytest.fixture
def faulty(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Faulty]]:
    studio._engines.add("faulty", Faulty)
    yield Faulty
    monkeypatch.setattr(Faulty, "spoil", staticmethod(lambda recipe, samples: samples))


def spoiled(monkeypatch: pytest.MonkeyPatch, spoil) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(Faulty, "spoil", staticmethod(spoil))


def test_a_bad_take_is_rendered_with_the_next_seed_and_the_best_kept(
    desk: Desk, tale: Path, faulty: type[Faulty], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seed 0 is silent, seed 1 has a long hole, seed 2 is good."""

    def spoil(recipe, samples):  # type: ignore[no-untyped-def]
        if recipe.seed == 0:
            return np.zeros_like(samples)
        hole = np.zeros(40_000, np.float32)
        middle = len(samples) // 2
        return np.concatenate([samples[:middle], hole, samples[middle:]]) if recipe.seed == 1 else samples

    spoiled(monkeypatch, spoil)
    id = desk.begin(tale, Begun(engine="faulty")).id
    job = desk.render(id)
    job.wait(60)
    assert (job.rendered, job.again) == (13, 26)
    for one in desk.all_lines(id):
        takes = desk.takes(id, one.id)
        found = {take.seed: {problem["code"] for problem in take.problems} for take in takes}
        assert found[0] == {"silent"}
        assert "gap" in found[1]
        assert found[2] == set()
        assert [take.seed for take in takes if take.chosen] == [2]
    assert desk.lines(id, LineQuery(problem="any")).total == 0


def test_what_stays_bad_is_listed_and_an_engine_without_chance_is_not_asked_in_vain(
    desk: Desk, tale: Path, faulty: type[Faulty], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoiled(monkeypatch, lambda recipe, samples: np.clip(samples * 8, -1, 1) if "The wind" in recipe.text else samples)
    id = desk.begin(tale, Begun(engine="faulty")).id
    job = desk.render(id)
    job.wait(60)
    (bad,) = desk.lines(id, LineQuery(problem="any")).items
    assert (bad.problem, bad.state) == ("clipped", "done")
    assert job.again == 1, "the second take sounded the same, so there was no third"
    assert desk.lines(id, LineQuery(problem="clipped")).total == 1
    desk.change_settings(id, "rendering", {"gates_off": ["clipped", "level"], "tries": 0})
    desk.again(id, [bad.id]).wait(60)
    assert desk.lines(id, LineQuery(problem="any")).total == 0


def test_an_engine_that_fails_at_a_line_fails_that_line(
    desk: Desk, tale: Path, faulty: type[Faulty], monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(recipe, samples):  # type: ignore[no-untyped-def]
        if "Look" in recipe.text:
            raise EngineFailed("it choked", "它噎住了")
        return samples

    spoiled(monkeypatch, spoil)
    id = desk.begin(tale, Begun(engine="faulty")).id
    assert rendered(desk, id) == 12
    failed = desk.line(id, line(desk, id, "Look"))
    assert (failed.state, failed.error and failed.error.en) == ("failed", "it choked")
    assert desk.get(id).state == "stopped"
    spoiled(monkeypatch, lambda recipe, samples: samples)
    assert desk._library.outcomes.retry(id) == 1
    assert rendered(desk, id) == 1
    assert desk.get(id).state == "done"


# masters


def sound_of(path: Path) -> Clip:
    return read(path)


def test_an_audiobook_has_chapters_and_tags_that_lead_home(studio: Studio, desk: Desk, id: str, tmp_path: Path) -> None:
    rendered(desk, id)
    done = desk.export(id, "m4b", tmp_path / "tale.m4b").wait(60)
    facts = probe(tmp_path / "tale.m4b")
    assert [chapter.title for chapter in facts.chapters] == ["Chapter 1. The Storm", "Chapter 2. The Morning"]
    second = next(placed for placed in done.placed if placed.chapter == 1)
    assert facts.chapters[1].start_s == pytest.approx(second.start / done.rate, abs=0.002)
    assert facts.seconds == pytest.approx(done.seconds, abs=0.1)
    assert facts.tags["title"] == "The Lighthouse"
    assert done.left_out == 0
    said = studio.inspect(tmp_path / "tale.m4b")
    assert (said.synthetic, said.engine, said.digest[:16]) == (True, "espeak", id)
    assert said.recipe is not None
    assert said.recipe["title"] == "The Lighthouse"
    desk.change_settings(id, "sound", {"paragraph_ms": 800})
    desk.export(id, "m4b", tmp_path / "other.m4b").wait(60)
    assert studio.inspect(tmp_path / "other.m4b").digest != said.digest, "another sound, another recipe"


def test_pauses_are_exact_and_told(desk: Desk, id: str, tmp_path: Path) -> None:
    rendered(desk, id)
    desk.change_settings(
        id, "sound", {"sentence_ms": 400, "paragraph_ms": 900, "heading_ms": 1100, "chapter_ms": 3000, "clause_ms": 200}
    )
    desk.change(id, [line(desk, id, "She held up")], pause_ms=1234)
    done = desk.export(id, "wav", tmp_path / "tale.wav").wait(60)
    gaps = {
        a.line.text: (b.start - a.end) / done.rate * 1000 for a, b in zip(done.placed, done.placed[1:], strict=False)
    }
    assert gaps["Chapter 1. The Storm"] == pytest.approx(1100, abs=0.1)
    assert gaps["“Who is there?”"] == pytest.approx(200, abs=0.1) or gaps["“Who is there?”"] == pytest.approx(
        400, abs=0.1
    )
    assert gaps["asked Martha. She held up the lamp."] == pytest.approx(1234, abs=0.1)
    assert gaps["“The boat is gone.”"] == pytest.approx(3000, abs=0.1)
    clip = sound_of(tmp_path / "tale.wav")
    for placed in done.placed:  # where a line is said to be, there is sound; between lines there is none
        inside = clip.samples[placed.start : placed.end]
        assert np.abs(inside).max() > 0.05
    for a, b in zip(done.placed, done.placed[1:], strict=False):
        assert not clip.samples[a.end : b.start].any()


def test_masters_meet_their_numbers_as_measured_from_the_files(desk: Desk, id: str, tmp_path: Path) -> None:
    rendered(desk, id)
    acx = desk.export(id, "acx", tmp_path / "acx").wait(60)
    assert [file.path.name for file in acx.files] == ["001 Chapter 1. The Storm.mp3", "002 Chapter 2. The Morning.mp3"]
    for file in acx.files:
        assert file.passed, [check.to_json() for check in file.checks]
        assert (file.rate, file.levels.lead_s) == (44_100, pytest.approx(0.7, abs=0.1))
    podcast = desk.export(id, "podcast", tmp_path / "tale.mp3").wait(60)
    assert podcast.passed, [check.to_json() for check in podcast.files[0].checks]
    assert podcast.files[0].levels.loudness_lufs == pytest.approx(-16, abs=0.5)


def test_what_has_no_take_is_left_out_and_said(desk: Desk, id: str, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="render it first"):
        desk.export(id, "wav", tmp_path / "none.wav").wait(60)
    assert not (tmp_path / "none.wav").exists()
    rendered(desk, id, Scope(chapter=desk.chapters(id)[0].id))
    done = desk.export(id, "mp3", tmp_path / "some").wait(60)
    assert (done.left_out, len(done.files)) == (5, 1)


def test_speakers_fall_in_and_music_gives_way(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "show.txt"
    path.write_text(
        "Ann::Welcome to the show, everybody.\nBen::Thank you very much.\nAnn::Let us begin.\n", encoding="utf-8"
    )
    id = desk.begin(path, Begun(kind="drama")).id
    rendered(desk, id)
    desk.change_settings(id, "sound", {"turn_ms": -300})
    done = desk.export(id, "wav", tmp_path / "over.wav").wait(60)
    gaps = [(b.start - a.end) / done.rate for a, b in zip(done.placed, done.placed[1:], strict=False)]
    assert gaps == [pytest.approx(-0.3, abs=0.001)] * 2
    import io

    import soundfile

    tone = np.sin(np.arange(48_000 * 15) * 2 * np.pi * 100 / 48_000) * 0.3
    data = io.BytesIO()
    soundfile.write(data, tone, 48_000, format="WAV")
    desk.put_file(id, "music", data.getvalue())
    desk.change_settings(id, "sound", {"intro_s": 3.0, "outro_s": 3.0, "duck_db": -12, "music_db": 0, "turn_ms": 300})
    done = desk.export(id, "wav", tmp_path / "music.wav").wait(60)
    clip = sound_of(tmp_path / "music.wav")
    rate = clip.rate
    assert done.placed[0].start / rate == pytest.approx(3.0, abs=0.001)
    assert clip.seconds == pytest.approx(done.placed[-1].end / rate + 3.5, abs=0.01)

    def level(start: float, end: float) -> float:
        """Of the music alone: its 100 Hz."""
        part = clip.samples[int(start * rate) : int(end * rate)]
        frames = np.arange(len(part))
        return float(np.abs(np.mean(part * np.exp(-2j * np.pi * 100 / rate * frames)))) * 2

    speaking = (done.placed[0].start / rate + 0.3, done.placed[0].end / rate - 0.3)
    assert level(1.5, 2.6) == pytest.approx(0.3, rel=0.05)
    assert 20 * np.log10(level(*speaking) / level(1.5, 2.6)) == pytest.approx(-12, abs=1.5)
    assert level(clip.seconds - 0.2, clip.seconds - 0.01) < 0.05


# packs


def test_a_production_travels_as_a_zip_or_a_folder(desk: Desk, studio: Studio, id: str, tmp_path: Path) -> None:
    from studio.production.packing import pack, unpack

    voice = studio.keeping.blend("espeak", {"f2": 1, "m3": 1}, "Ours")
    desk.cast(id, [Member("Martha", "espeak", voice.id)])
    desk.put_words([Entry("boat", "ship", scope=id)])
    rendered(desk, id)
    desk.change(id, [line(desk, id, "The wind rose")], locked=True)
    desk.put_file(id, "cover", (Path(__file__).parents[2] / "assets" / "screenshot.en.png").read_bytes())
    for target in (tmp_path / "tale.zip", tmp_path / "tale"):
        assert pack(studio._library, id, target) == 13
        with Studio(tmp_path / f"other-{target.suffix or 'folder'}") as other:
            found = unpack(other._library, target)
            assert (found.lines, found.takes, found.refused) == (13, 13, 0)
            there = other.scripts
            copy = found.production.id
            there._settle(copy)
            old = [(one.text, one.speaker, one.state, one.ends, one.take, one.locked) for one in desk.all_lines(id)]
            new = [(one.text, one.speaker, one.state, one.ends, one.take, one.locked) for one in there.all_lines(copy)]
            assert new == old
            assert rendered(there, copy) == 0, "every take came along"
            assert [(one.word, one.reading) for one in there.words(copy)] == [("boat", "ship")]
            assert (there.folder(copy) / "cover").exists()
            there.export(copy, "flac", tmp_path / "there.flac").wait(60)
    text = (tmp_path / "tale" / "script" / "001.csv").read_text(encoding="utf-8")
    assert [row["text"] for row in csv.DictReader(text.splitlines())][1:3] == [
        "Chapter 1. The Storm",
        "The wind rose. Nobody slept that night.",
    ]


def test_a_take_that_is_not_what_it_says_is_refused(desk: Desk, studio: Studio, id: str, tmp_path: Path) -> None:
    from studio.production.packing import pack, unpack

    rendered(desk, id)
    pack(studio._library, id, tmp_path / "tale")
    first, second = sorted((tmp_path / "tale" / "takes").iterdir())[:2]
    first.write_bytes(second.read_bytes())
    with Studio(tmp_path / "other") as other:
        found = unpack(other._library, tmp_path / "tale")
        assert found.refused == 1
        assert rendered(other.scripts, found.production.id) == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("production.json", "{", "no JSON"),
        ("production.json", '{"format": "else"}', "no production"),
        ("production.json", '{"format": "timbre-production", "version": 9}', "later version"),
        ("production.json", "[" * 100_000, "no JSON"),
        ("cast.json", "{}", "no list"),
        ("cast.json", '[{"speaker": "x", "evil": 1}]', "unknown"),
        ("script/001.csv", "speaker,text,ends\nA,hello,sideways\n", "row 2"),
        ("lexicon.csv", "word,reading\nonly\n", "row 2"),
    ],
)
def test_a_damaged_pack_is_refused_and_leaves_nothing(
    desk: Desk, studio: Studio, id: str, tmp_path: Path, name: str, content: str, message: str
) -> None:
    from studio.production.packing import pack, unpack

    pack(studio._library, id, tmp_path / "tale")
    (tmp_path / "tale" / name).write_text(content)
    with zipfile.ZipFile(tmp_path / "tale.zip", "w") as archive:
        for path in (tmp_path / "tale").rglob("*"):
            if path.is_file():
                archive.write(path, path.relative_to(tmp_path / "tale"))
    with Studio(tmp_path / "other") as other:
        for source in (tmp_path / "tale", tmp_path / "tale.zip"):
            with pytest.raises(BadFile, match=message):
                unpack(other._library, source)
        assert other.scripts.find().total == 0
        assert list(other.folder.productions.iterdir()) == []


def test_a_copy_has_the_same_takes_and_a_life_of_its_own(desk: Desk, id: str) -> None:
    rendered(desk, id)
    copy = desk.duplicate(id).id
    desk._settle(copy)
    assert [one.take for one in desk.all_lines(copy)] == [one.take for one in desk.all_lines(id)]
    assert rendered(desk, copy) == 0
    desk.change(copy, [line(desk, copy, "The wind rose")], text="Another wind.")
    assert "Another wind." not in [one.text for one in desk.all_lines(id)]
    assert json.dumps(desk.get(copy).settings["sound"]) == json.dumps(desk.get(id).settings["sound"])


def test_a_recogniser_listens_to_every_take(tmp_path: Path, tale: Path) -> None:
    """The tiny checkpoint hears nonsense: every line differs, is tried again, and its problem is told."""
    with Studio(tmp_path / "ears", models=Path(__file__).parents[1] / "parity" / "sensevoice" / "tiny") as studio:
        id = studio.scripts.begin(tale, Begun()).id
        assert rendered(studio.scripts, id) == 13
        heard = [one for one in studio.scripts.all_lines(id) if one.problem in ("readback", "tokens")]
        assert len(heard) >= 6
        take = studio.takes.get(heard[0].take)
        assert take.error_rate is not None
        studio.scripts.change_settings(id, "rendering", {"listen": False})
        studio.scripts.again(id, [heard[0].id]).wait(60)
        assert studio.scripts.line(id, heard[0].id).problem == ""


def test_an_engine_that_stalls_ends_the_render_and_loses_nothing(
    desk: Desk, tale: Path, faulty: type[Faulty], monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    release = threading.Event()

    def spoil(recipe, samples):  # type: ignore[no-untyped-def]
        if "Old Tom" in recipe.text:
            release.wait(60)
        return samples

    spoiled(monkeypatch, spoil)
    desk.workshop.executor._stalled_s = 1.0  # type: ignore[attr-defined]
    id = desk.begin(tale, Begun(engine="faulty")).id
    job = desk.render(id)
    with pytest.raises(EngineFailed, match="seems to be stuck"):
        job.wait(60)
    assert desk.get(id).state == "failed"
    assert desk.progress(id).states.get("failed", 0) == 0, "the lines are not to blame"
    release.set()
    desk.workshop.executor._stalled_s = 60.0  # type: ignore[attr-defined]
    desk.render(id).wait(60)
    assert set(states(desk, id)) == {"done"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_report_is_one_page_that_loads_nothing(desk: Desk, id: str, tmp_path: Path, language: str) -> None:
    desk.change(id, [line(desk, id, "The wind rose")], text="<script>alert(1)</script> [speed 99]x[/speed]")
    rendered(desk, id)
    desk.export(id, "podcast", tmp_path / "x.mp3").wait(60)
    page = desk.report(id, language)
    assert "<script" not in page
    assert "http" not in page.replace("</html>", "")
    assert page.count("<rect") == 13
    assert "LUFS" in page
    assert ("Martha" in page, "The Lighthouse" in page) == (True, True)


def test_voices_are_suggested_by_gender_and_age_from_the_library_first(
    studio: Studio, desk: Desk, tmp_path: Path
) -> None:
    grandma = studio.keeping.blend(
        "espeak", {"f2": 1, "f4": 1}, "Granny", gender="female", age="old", languages=("en",)
    )
    girl = studio.keeping.blend("espeak", {"f1": 1, "f5": 1}, "Kid", gender="female", age="a child", languages=("en",))
    path = tmp_path / "tale.txt"
    path.write_text("“Sit,” said the old woman.\n\n“No,” said the little girl.\n\n“Oh,” said the old man.\n", "utf-8")
    id = desk.begin(path, Begun(voice="m3")).id
    cast = {part.member.speaker: part.member.voice for part in desk.parts(id)}
    assert cast["old woman"] == grandma.id
    assert cast["little girl"] == girl.id
    assert cast["old man"] not in ("m3", "", grandma.id, girl.id)


def test_takes_that_vanish_or_are_damaged_are_told_and_rendered_again(
    desk: Desk, studio: Studio, id: str, tmp_path: Path
) -> None:
    rendered(desk, id)
    first, second = (desk.line(id, line(desk, id, words)).take for words in ("The wind rose", "held up"))
    studio.cache.path(first).unlink()
    with pytest.raises(NotFound, match="gone from the disk"):
        desk.export(id, "wav", tmp_path / "x.wav").wait(60)
    assert not (tmp_path / "x.wav").exists()
    assert desk.progress(id).states == {"done": 12, "planned": 1}
    studio.cache.path(second).write_bytes(b"fLaC nonsense")
    with pytest.raises(NotFound, match="gone from the disk"):
        desk.export(id, "wav", tmp_path / "x.wav").wait(60)
    assert rendered(desk, id) == 2
    assert (desk.line(id, line(desk, id, "The wind rose")).take, desk.line(id, line(desk, id, "held up")).take) == (
        first,
        second,
    )
    studio.cache.path(first).unlink()
    assert rendered(desk, id) == 1, "a render looks for itself"
    desk.export(id, "wav", tmp_path / "x.wav").wait(60)


def test_an_export_asked_for_again_stops_the_one_that_runs(desk: Desk, id: str, tmp_path: Path) -> None:
    desk.render(id).wait(60)
    first = desk.export(id, "flac", tmp_path / "first.flac")
    second = desk.export(id, "flac", tmp_path / "second.flac")
    second.wait(60)
    first.join()
    assert desk.export_job(id) is second
    assert (tmp_path / "second.flac").exists()
    assert first.state in ("stopped", "done")
    assert (tmp_path / "first.flac").exists() == (first.state == "done")
