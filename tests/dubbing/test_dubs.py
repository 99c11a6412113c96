"""Dubs with the embedded engine: subtitles in, speech at their times out, and every trouble told."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from studio.audio.clip import Samples
from studio.audio.files import probe, read
from studio.dubbing.dubs import Dubs
from studio.errors import BadControl, BadFile, BadRequest, NotFound
from studio.library.script import Member
from studio.studio import Begun, Studio

EXAMPLES = Path(__file__).parents[2] / "assets" / "examples"
SRT = """1
00:00:01,000 --> 00:00:03,000
[May] Hello there.

2
00:00:03,200 --> 00:00:04,400
[Tom] I never thought that I would see you again here.

3
00:00:05,000 --> 00:00:07,500
[May] The train leaves at nine.
"""


@pytest.fixture
def dubbing(studio: Studio) -> Dubs:
    return studio.dubbing


@pytest.fixture
def subtitles(tmp_path: Path) -> Path:
    path = tmp_path / "scene.srt"
    path.write_text(SRT, encoding="utf-8")
    return path


@pytest.fixture
def id(dubbing: Dubs, subtitles: Path) -> str:
    made = dubbing.begin(subtitles)
    dubbing.render(made.id).wait(60)
    return made.id


def onsets(samples: Samples, rate: int, starts: list[float]) -> list[float]:
    """Where sound begins at or shortly before each of these times."""
    loud = np.flatnonzero(np.abs(samples) > 0.004) / rate
    return [float(loud[np.searchsorted(loud, start - 0.05)]) for start in starts]


def test_every_cue_is_heard_at_its_time(dubbing, id, tmp_path):
    done = dubbing.export(id, tmp_path / "out.wav").wait(60)
    clip = read(done.path)
    starts = [1.0, 3.2, 5.0]
    assert onsets(clip.samples, clip.rate, starts) == pytest.approx(starts, abs=0.01)
    assert clip.seconds == pytest.approx(max(7.5, done.seconds))
    tags = probe(done.path).tags
    assert tags.get("timbre_synthetic", tags.get("TIMBRE_SYNTHETIC")) == "yes" or "Synthetic" in str(tags)


def test_speakers_have_voices_of_their_own(studio, dubbing, id):
    cast = {part.member.speaker: part.member.voice for part in studio.scripts.parts(id) if part.lines}
    assert set(cast) == {"May", "Tom"}
    assert cast["May"] != cast["Tom"]


def test_a_cue_that_is_too_long_is_spoken_faster_by_the_engine(dubbing, id):
    cues = dubbing.cues(id)
    tight = cues[1]
    assert tight.fit.speed == 1.25
    assert tight.fit.rate <= 1.5
    assert tight.fit.end <= 5.0 - 0.083 + 0.005
    easy = cues[0]
    assert easy.fit.rate == 1.0
    assert dubbing.render(id).wait(60) == cues  # nothing is asked for any more


def test_a_take_of_another_speed_is_found_again(studio, dubbing, id):
    line = dubbing.cues(id)[1].line
    quick = line.take
    dubbing.change(id, line.id, start=3.2, finish=8.0)
    dubbing.change_settings(id, {"borrow_ms": 0})
    dubbing.change(id, dubbing.cues(id)[2].line.id, start=9.0, finish=11.0)
    slow = dubbing.render(id).wait(60)[1]
    assert slow.line.speed == 1.0
    assert slow.line.take != quick
    dubbing.change(id, line.id, start=3.2, finish=4.9)
    assert dubbing.render(id).wait(60)[1].line.take == quick


def test_text_times_and_speaker_are_edited_and_only_that_cue_is_rendered(studio, dubbing, id):
    before = dubbing.cues(id)
    dubbing.change(id, before[2].line.id, text="The boat leaves at nine.", speaker="Tom", start=6.5, finish=9.0)
    after = dubbing.render(id).wait(60)
    assert [cue.line.take for cue in after[:2]] == [cue.line.take for cue in before[:2]]
    assert after[2].line.take != before[2].line.take
    assert (after[2].line.speaker, after[2].fit.slot.start) == ("Tom", 6.5)
    studio.scripts.edit(id, "undo")
    assert dubbing.cues(id)[2].line.text == "The train leaves at nine."
    assert dubbing.render(id).wait(60) == before


def test_one_cue_again(dubbing, id):
    before = dubbing.cues(id)
    dubbing.again(id, [before[0].line.id]).wait(60)
    after = dubbing.cues(id)
    assert after[0].line.seed == before[0].line.seed + 1
    assert after[1:] == before[1:]


def test_a_cue_asked_for_while_a_render_ends_is_rendered_too(dubbing, id, monkeypatch):
    """The lines are spoken, and how they fit is being looked at: the render takes the cue along."""
    first, look, asked = dubbing.cues(id)[0].line, dubbing.cues, []

    def asking(id):
        if not asked:
            asked.append(dubbing.again(id, [first.id]))
        return look(id)

    monkeypatch.setattr(dubbing, "cues", asking)
    job = dubbing.render(id)
    job.wait(60)
    assert asked == [job]
    after = look(id)[0].line
    assert (after.state, after.seed) == ("done", first.seed + 1)
    assert after.take != first.take


def test_a_cue_asked_for_as_a_render_ends_begins_another(dubbing, id):
    first = dubbing.cues(id)[0].line
    for _ in range(20):
        dubbing.render(id)
        dubbing.again(id, [first.id]).wait(60)
        assert dubbing.cues(id)[0].line.state == "done"


def test_a_cue_more(dubbing, id):
    dubbing.insert(id, "Wait for me!", 8.6, 9.6, "May", after=dubbing.cues(id)[2].line.id)
    cues = dubbing.render(id).wait(60)
    assert [cue.line.text for cue in cues][-1] == "Wait for me!"
    assert cues[-1].fit.length > 0.3


@pytest.mark.parametrize(("start", "finish"), [(3.0, 3.0), (5.0, 4.0), (-1.0, 2.0), (0.0, float("nan"))])
def test_times_that_run_backwards_are_refused(dubbing, id, start, finish):
    with pytest.raises(BadRequest, match="end after it begins"):
        dubbing.change(id, dubbing.cues(id)[0].line.id, start=start, finish=finish)


def test_overruns_are_cut_only_where_that_was_chosen(dubbing, id, tmp_path):
    dubbing.change_settings(id, {"engine_speed": 1, "stretch": 1, "borrow_ms": 0})
    over = dubbing.render(id).wait(60)[1].fit
    assert over.over > 0.3
    assert "over" in over.flags
    dubbing.change_settings(id, {"overrun": "cut"})
    cut = dubbing.cues(id)[1].fit
    assert cut.cut == pytest.approx(over.over, abs=1e-6)
    assert cut.end == pytest.approx(4.4, abs=1e-6)
    done = dubbing.export(id, tmp_path / "cut.wav").wait(60)
    clip = read(done.path)
    assert np.abs(clip.samples[round(4.45 * clip.rate) : round(4.9 * clip.rate)]).max() < 0.01
    assert done.flags["cut"] == 1


def test_report_and_subtitles(dubbing, id, tmp_path):
    dubbing.write_report(id, tmp_path / "r.json")
    dubbing.write_report(id, tmp_path / "r.csv")
    told = json.loads((tmp_path / "r.json").read_text())
    rows = list(csv.DictReader((tmp_path / "r.csv").open()))
    assert [cue["number"] for cue in told["cues"]] == [1, 2, 3]
    assert [row["text"] for row in rows] == [cue["text"] for cue in told["cues"]]
    assert 2 in told["worst"]
    assert told["flags"].get("fast") == 1
    done = dubbing.export(id, tmp_path / "out.flac", subtitles=["srt", "vtt"]).wait(60)
    srt, vtt = (path.read_text(encoding="utf-8") for path in done.beside)
    assert "00:00:01,000 --> 00:00:03,000\n[May] Hello there." in srt
    assert "<v Tom>I never thought" in vtt


def test_words_have_the_times_at_which_they_are_heard(dubbing, id, tmp_path):
    """Pauses lie between the words on both sides of them, whatever was squeezed and stretched."""
    line = dubbing.cues(id)[1].line
    dubbing.change(id, line.id, text="Wait, wait, you must not go now.")
    dubbing.render(id).wait(60)
    done = dubbing.export(id, tmp_path / "out.wav", subtitles=["json"]).wait(60)
    told = json.loads(done.beside[0].read_text("utf-8"))["cues"]
    assert [word["text"] for word in told[1]["words"]] == ["Wait,", "wait,", "you", "must", "not", "go", "now."]
    for cue, fit in zip(told, (cue.fit for cue in dubbing.cues(id)), strict=True):
        times = [time for word in cue["words"] for time in (word["start"], word["end"])]
        assert times == sorted(times)
        assert times[0] == pytest.approx(fit.slot.start, abs=0.06)
        assert times[-1] == pytest.approx(fit.end, abs=0.06)
    clip = read(done.path)
    loud = np.abs(clip.samples) > 0.01
    words = told[1]["words"]
    for word in words:  # something is heard while each is said
        assert loud[round(word["start"] * clip.rate) : round(word["end"] * clip.rate)].any(), word


def test_a_background_gives_way_and_nothing_is_clipped(dubbing, id, tmp_path):
    import soundfile

    hum = 0.5 * np.sin(2 * np.pi * 80 * np.arange(24_000 * 12) / 24_000)
    soundfile.write(tmp_path / "bed.wav", hum.astype(np.float32), 24_000)
    done = dubbing.export(id, tmp_path / "mix.wav", background=tmp_path / "bed.wav").wait(60)
    clip = read(done.path)
    assert clip.seconds == pytest.approx(12, abs=0.1)  # as long as the longer of the two
    assert np.abs(clip.samples).max() < 0.9

    def bed(start: float, end: float) -> float:
        part = clip.samples[round(start * clip.rate) : round(end * clip.rate)]
        t = np.arange(len(part)) / clip.rate
        return float(2 * np.abs(np.mean(part * np.exp(-2j * np.pi * 80 * t))))

    assert bed(9.5, 11.5) == pytest.approx(0.5, abs=0.05)
    assert bed(1.1, 1.5) < 0.2


def test_an_example_of_each_kind_is_dubbed(dubbing, tmp_path):
    for name, count, speakers in (
        ("tight.en.srt", 12, 3), ("tight.zh.srt", 12, 3), ("three.en.ass", 11, 3), ("song.zh.lrc", 11, 1),
    ):  # fmt: skip
        made = dubbing.begin(EXAMPLES / name)
        cues = dubbing.render(made.id).wait(120)
        assert len(cues) == count
        assert len({cue.line.speaker for cue in cues}) == speakers
        done = dubbing.export(made.id, tmp_path / f"{name}.wav").wait(60)
        clip = read(done.path)
        starts = [cue.fit.slot.start for cue in cues]
        alone = [s for n, s in enumerate(starts) if all((abs(s - c.fit.end) > 0.1 and c.fit.end < s) or n == m
                 for m, c in enumerate(cues[: n + 1]))]  # fmt: skip
        assert len(alone) >= 2
        assert onsets(clip.samples, clip.rate, alone) == pytest.approx(alone, abs=0.01)
        assert not {"missing", "silent"} & set(done.flags)


def test_the_same_file_is_the_same_dub_and_another_voice_is_another(dubbing, subtitles):
    first = dubbing.begin(subtitles)
    assert dubbing.begin(subtitles).id == first.id
    assert dubbing.begin(subtitles, Begun(voice="m3")).id != first.id


def test_dubs_are_not_among_the_books(studio, dubbing, id):
    assert [one.id for one in dubbing.find()] == [id]
    assert studio.scripts.find().total == 0
    with pytest.raises(NotFound, match="no dub"):
        dubbing.get(studio.scripts.empty(Begun()).id)


BAD = """1
00:00:01,000 --> 00:00:00,500
Ends before it begins.

1
00:00:02.000 --> 00:00:02.000
No time at all.

x
00:00:03,000 --> 00:00:05,000
♪ ♪

4
00:00:04,000 --> 00:00:06,000
<i>Over</i> {\\an8}the other.

5
00:00:05,500 --> 00:00:05,600
Much too short for so many words as these.

6
00:00:08,000 --> 00:00:09,000

7
00:00:10,000 --> 00:00:11,000
مرحبا بالعالم
"""


def test_bad_cues_never_end_the_job_and_each_is_told(dubbing, tmp_path):
    path = tmp_path / "bad.srt"
    path.write_bytes(b"\xef\xbb\xbf" + BAD.replace("\n", "\r\n").encode())
    made = dubbing.begin(path)
    cues = dubbing.render(made.id).wait(60)
    texts = [cue.line.text for cue in cues]
    assert "Over the other." in texts
    assert any("♪" in text for text in texts)  # nothing to say, and still there
    by_text = {cue.line.text: cue.fit for cue in cues}
    assert {"missing", "silent"} & set(by_text["♪ ♪"].flags)
    assert "short" in by_text["Much too short for so many words as these."].flags
    assert by_text["مرحبا بالعالم"].length > 0.3
    assert dubbing.notes(made.id)  # the empty cue, and times that ran backwards
    assert dubbing.export(made.id, tmp_path / "bad.wav").wait(60).seconds > 10.5


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", b"Hello.", "begins with subtitles"),
        ("a.srt", b"", "empty|no cue"),
        ("a.srt", b"Just a text without any time.", "no cue"),
        ("a.srt", b"\x00\x01\x02\xff" * 200, "a.srt"),
    ],
)
def test_what_is_no_subtitle_file_is_refused(dubbing, tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadFile, match=words):
        dubbing.begin(path)
    assert dubbing.find().total == 0


def test_settings_out_of_range_and_unknown_ones_are_refused(dubbing, id):
    with pytest.raises(BadControl, match=r"1 to 1\.5"):
        dubbing.change_settings(id, {"stretch": 3})
    with pytest.raises(BadControl, match="no such setting"):
        dubbing.change_settings(id, {"sretch": 1.2})


def test_a_voice_that_cannot_speak_is_told_at_its_cues(studio, dubbing, id):
    voice = studio.keeping.seed("espeak", 7, "Gone")
    studio.scripts.cast(id, [Member("Tom", "espeak", voice.id)])
    dubbing.render(id).wait(60)
    studio.voices.delete([voice.id])
    line = dubbing.cues(id)[1].line
    dubbing.change(id, line.id, text="Something else entirely.")
    cues = dubbing.render(id).wait(60)  # the others are rendered, the job does not fail
    assert "deleted" in cues[1].line.error.en
    assert cues[0].fit.length > 0


def test_nothing_rendered_is_not_exported(dubbing, subtitles, tmp_path):
    made = dubbing.begin(subtitles)
    with pytest.raises(BadRequest, match="render it first"):
        dubbing.export(made.id, tmp_path / "x.wav").wait(30)
    assert not (tmp_path / "x.wav").exists()


def test_packed_and_unpacked_it_is_still_a_dub(studio, dubbing, id, tmp_path):
    studio.scripts.pack(id, tmp_path / "dub.zip")
    back = studio.scripts.unpack(tmp_path / "dub.zip")
    assert [cue.fit for cue in dubbing.cues(back.id)] == [cue.fit for cue in dubbing.cues(id)]
    copy = studio.scripts.duplicate(id)
    assert [cue.fit for cue in dubbing.cues(copy.id)] == [cue.fit for cue in dubbing.cues(id)]
