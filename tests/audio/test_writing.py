"""Files as they come out: the sound, the tags, the chapters and the cover, read back here and by foreign readers."""

import resource
from collections.abc import Callable
from pathlib import Path

import mutagen
import mutagen.flac
import mutagen.id3
import mutagen.mp3
import mutagen.mp4
import mutagen.oggopus
import mutagen.wave
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.audio.clip import Clip, Samples
from studio.audio.files import blocks, cover_of, probe, read
from studio.audio.formats import FORMATS, format_named
from studio.audio.tags import Chapter, Tags
from studio.audio.writing import Writer, encode
from studio.errors import BadFile

RATE = 24_000
Voice = Callable[..., Samples]
EVERY = [format.id for format in FORMATS]
LOSSY = [format.id for format in FORMATS if format.lossy]
EXTRA = {
    "timbre_engine": "espeak 1.52",
    "timbre_voice": "阿明",
    "timbre_recipe": "0123456789abcdef" * 4,
    "timbre_synthetic": "true",
}


@pytest.fixture
def tags(cover: bytes) -> Tags:
    return Tags(
        title="阿Q正传",
        artist="鲁迅",
        album="呐喊",
        album_artist="人民文学",
        composer="旁白：小雨",
        language="zh-CN",
        date="2024-05-01",
        genre="Audiobook",
        comment="合成语音\nsynthetic speech = yes",
        cover=cover,
        extra=EXTRA,
    )


def ticks(places: list[float], seconds: float, rate: int = RATE) -> Samples:
    """Silence with a short sharp tone burst at each place."""
    sound = np.zeros(round(seconds * rate), np.float32)
    burst = 0.7 * np.sin(2 * np.pi * 2000 * np.arange(rate // 50) / rate) * np.hanning(rate // 50)
    for place in places:
        sound[round(place * rate) :][: len(burst)] = burst
    return sound


# --- sound


@pytest.mark.parametrize("format", ["wav", "flac"])
def test_exact_formats_give_every_sample_back(format: str, tmp_path: Path) -> None:
    steps = np.random.default_rng(1).integers(-32768, 32768, 70_001).astype(np.float32) / 32768
    with Writer(tmp_path / f"x.{format}", 22_050) as writer:
        writer.write(steps)
    back = read(tmp_path / f"x.{format}")
    assert back.rate == 22_050
    assert np.array_equal(back.samples, steps)


@pytest.mark.parametrize("format", LOSSY)
@pytest.mark.parametrize("rate", [22_050, 24_000])
def test_lossy_formats_keep_length_and_place(format: str, rate: int, tmp_path: Path, voice: Voice) -> None:
    sound = voice(5.013, rate)
    with Writer(tmp_path / f"x.{format}", rate) as writer:
        writer.write(sound)
    back = read(tmp_path / f"x.{format}", rate)
    assert abs(len(back) - len(sound)) <= 2
    n = min(len(back), len(sound))
    lags = np.fft.irfft(np.fft.rfft(back.samples[:n], 2 * n) * np.conj(np.fft.rfft(sound[:n], 2 * n)))
    lag = int(np.argmax(lags))
    assert min(lag, 2 * n - lag) <= 1, "the sound does not begin where it should"
    noise = float(np.square(back.samples[:n] - sound[:n]).sum() / np.square(sound).sum())
    assert noise < 0.1


@pytest.mark.parametrize("format", EVERY)
def test_the_same_sound_makes_the_same_bytes(format: str, speech: Clip, tags: Tags) -> None:
    assert encode(speech, format, tags) == encode(speech, format, tags)


@pytest.mark.parametrize("format", EVERY)
def test_the_size_of_the_pieces_changes_nothing(format: str, tmp_path: Path, speech: Clip) -> None:
    whole = encode(speech, format)
    path = tmp_path / f"x{format_named(format).extension}"
    piece = np.empty(997, np.float32)  # one array filled again and again, as a careless caller does
    with Writer(path, speech.rate) as writer:
        for at in range(0, len(speech), 997):
            part = speech.samples[at : at + 997]
            piece[: len(part)] = part
            writer.write(piece[: len(part)])
    back, expected = read(path), read(_kept(tmp_path / "whole", whole, format))
    assert len(back) == len(expected)
    assert np.abs(back.samples - expected.samples).max() < (1e-6 if not format_named(format).lossy else 0.05)


def _kept(folder: Path, content: bytes, format: str) -> Path:
    folder.mkdir()
    path = folder / f"x{format_named(format).extension}"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("format", EVERY)
def test_too_loud_is_cut_and_never_wraps(format: str, tmp_path: Path) -> None:
    loud = 3 * np.sin(2 * np.pi * 200 * np.arange(RATE) / RATE).astype(np.float32)
    with Writer(tmp_path / f"x.{format}", RATE) as writer:
        writer.write(loud)
    back = read(tmp_path / f"x.{format}", RATE).samples
    n = min(len(back), len(loud))
    agrees = np.sign(back[:n]) == np.sign(loud[:n])
    assert agrees[np.abs(loud[:n]) > 0.5].all()


@pytest.mark.parametrize("bitrate", [48_000, 192_000, 320_000])
def test_the_bit_rate_sets_the_size(bitrate: int, speech: Clip) -> None:
    size = len(encode(speech, "mp3", bitrate=bitrate))
    assert size * 8 / speech.seconds == pytest.approx(bitrate, rel=0.03)


def test_what_is_not_a_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a finite number"), Writer(tmp_path / "x.wav", RATE) as writer:
        writer.write(np.array([0.0, np.nan], np.float32))
    assert not list(tmp_path.iterdir())
    with pytest.raises(TypeError, match="float64"), Writer(tmp_path / "x.wav", RATE) as writer:
        writer.write(np.zeros(3))  # type: ignore[arg-type]


# --- tags


@pytest.mark.parametrize("format", EVERY)
def test_every_tag_is_read_again(format: str, tmp_path: Path, speech: Clip, tags: Tags, cover: bytes) -> None:
    path = tmp_path / f"x.{format}"
    with Writer(path, speech.rate, tags=tags) as writer:
        writer.write(speech.samples)
    facts = probe(path)
    assert facts.seconds == pytest.approx(speech.seconds, abs=0.01)
    assert facts.channels == 1
    assert facts.has_cover
    assert cover_of(path) == cover
    expected = {"title": "阿Q正传", "artist": "鲁迅", "album": "呐喊", "album_artist": "人民文学", "language": "zho"}
    expected |= {"composer": "旁白：小雨", "date": "2024-05-01", "genre": "Audiobook"}
    expected |= {"comment": "合成语音\nsynthetic speech = yes", **EXTRA}
    assert {key: facts.tags.get(key) for key in expected} == expected


@pytest.mark.parametrize("format", EVERY)
def test_a_file_without_tags_is_plain(format: str, tmp_path: Path, speech: Clip) -> None:
    with Writer(tmp_path / f"x.{format}", speech.rate) as writer:
        writer.write(speech.samples)
    facts = probe(tmp_path / f"x.{format}")
    assert not facts.has_cover
    assert facts.chapters == ()
    assert set(facts.tags) <= {"media_type", "language"}


text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60)


@pytest.mark.parametrize("format", EVERY)
@settings(max_examples=15, deadline=None)
@given(title=text, value=text, name=text)
def test_any_text_survives_in_any_format(format: str, title: str, value: str, name: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x.{format}"
        with Writer(path, 8000, tags=Tags(title=title, extra={"timbre_note": value})) as writer:
            writer.chapter(name)
            writer.write(np.zeros(4000, np.float32))
        facts = probe(path)
    assert facts.tags["title"] == title
    assert facts.tags["timbre_note"] == value
    assert [chapter.title for chapter in facts.chapters] == [" ".join(name.split()) or "1"]


@pytest.mark.parametrize("format", EVERY)
@pytest.mark.parametrize("date", ["1921", "1921-12", "1921-12-04", "民国十年"])
def test_a_date_stays_as_precise_as_it_is(format: str, date: str, tmp_path: Path) -> None:
    with Writer(tmp_path / f"x.{format}", 8000, tags=Tags(date=date)) as writer:
        writer.write(np.zeros(4000, np.float32))
    assert probe(tmp_path / f"x.{format}").tags["date"] == date


def test_control_characters_do_not_enter_a_tag(tmp_path: Path) -> None:
    with Writer(tmp_path / "x.mp3", 8000, tags=Tags(title="a\0b\x1b[31mc")) as writer:
        writer.write(np.zeros(4000, np.float32))
    assert probe(tmp_path / "x.mp3").tags["title"] == "ab[31mc"


@pytest.mark.parametrize("key", ["Title", "title", "a=b", "", "chapter001", "ü", "a b"])
def test_a_key_that_some_format_could_not_keep_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="small letters"):
        Tags(extra={key: "x"})


def test_a_cover_that_is_no_picture_is_refused() -> None:
    with pytest.raises(BadFile, match="neither JPEG nor PNG"):
        Tags(cover=b"GIF89a")


def test_tags_as_a_foreign_reader_sees_them(tmp_path: Path, speech: Clip, tags: Tags, cover: bytes) -> None:
    made = {}
    for format in EVERY:
        with Writer(tmp_path / f"x.{format}", speech.rate, tags=tags) as writer:
            writer.chapter("第一章")
            writer.write(speech.samples[:RATE])
            writer.chapter("Two")
            writer.write(speech.samples[RATE:])
        made[format] = tmp_path / f"x.{format}"
    for format in ("m4a", "m4b"):
        book = mutagen.mp4.MP4(made[format])
        assert book["\xa9nam"] == ["阿Q正传"]
        assert book["\xa9ART"] == ["鲁迅"]
        assert bytes(book["covr"][0]) == cover
        assert book["stik"] == [2 if format == "m4b" else 1]
        assert bytes(book["----:com.apple.iTunes:timbre_voice"][0]).decode() == "阿明"
        assert [(c.title, c.start) for c in book.chapters or []] == [("第一章", 0.0), ("Two", 1.0)]
        assert book.info.length == pytest.approx(12.0, abs=0.1)  # of the media, with the coder's padding
        assert book.info.codec == "mp4a.40.2"
    for found in (mutagen.mp3.MP3(made["mp3"]), mutagen.wave.WAVE(made["wav"])):
        assert str(found["TIT2"]) == "阿Q正传"
        assert str(found["TPE1"]) == "鲁迅"
        assert str(found["TXXX:timbre_voice"]) == "阿明"
        assert found["APIC:"].data == cover
        starts = {str(c.sub_frames["TIT2"]): (c.start_time, c.end_time) for c in found.tags.getall("CHAP")}
        assert starts == {"第一章": (0, 1000), "Two": (1000, 12000)}
        assert found.tags.getall("CTOC")[0].child_element_ids == ["chp0", "chp1"]
        assert found.info.length == pytest.approx(12.0, abs=0.1)
    for found in (mutagen.flac.FLAC(made["flac"]), mutagen.oggopus.OggOpus(made["opus"])):
        assert found["title"] == ["阿Q正传"]
        assert found["albumartist"] == ["人民文学"]
        assert found["timbre_voice"] == ["阿明"]
        assert found["chapter001"] == ["00:00:01.000"]
        assert found["chapter001name"] == ["Two"]
    assert mutagen.flac.FLAC(made["flac"]).pictures[0].data == cover


# --- chapters


@pytest.mark.parametrize("format", EVERY)
@pytest.mark.parametrize("rate", [22_050, 24_000])
def test_a_chapter_begins_where_its_sound_begins(format: str, rate: int, tmp_path: Path) -> None:
    """Not only the number: what is heard at the chapter's time, in a decoder that knows nothing of us."""
    places = [0.0, 1.2345, 3.0, 3.7771]
    sound = ticks(places, 5.0, rate)
    path = tmp_path / f"x.{format}"
    with Writer(path, rate) as writer:
        for number, place in enumerate(places):
            writer.chapter(f"章 {number}")
            end = places[number + 1] if number + 1 < len(places) else 5.0
            writer.write(sound[round(place * rate) : round(end * rate)])
    chapters = probe(path).chapters
    assert [chapter.title for chapter in chapters] == ["章 0", "章 1", "章 2", "章 3"]
    back = read(path, rate).samples
    loud = np.abs(back) > 0.05
    for chapter, place in zip(chapters, places, strict=True):
        assert chapter.start_s == pytest.approx(place, abs=0.001)
        heard = int(np.argmax(loud[max(0, round((place - 0.1) * rate)) :])) / rate + max(0, place - 0.1)
        assert heard == pytest.approx(chapter.start_s, abs=0.01)


@pytest.mark.parametrize("format", EVERY)
def test_sound_before_the_first_chapter_stays_outside(format: str, tmp_path: Path) -> None:
    path = tmp_path / f"x.{format}"
    with Writer(path, RATE) as writer:
        writer.write(np.zeros(2 * RATE, np.float32))
        writer.chapter("One")
        writer.write(np.zeros(RATE, np.float32))
        writer.chapter("left out: nothing follows")
    assert probe(path).chapters == (Chapter("One", 2.0),)


@pytest.mark.parametrize("format", EVERY)
def test_more_chapters_than_one_byte_counts(format: str, tmp_path: Path) -> None:
    path = tmp_path / f"x.{format}"
    with Writer(path, 8000) as writer:
        for number in range(1203):
            writer.chapter(f"第{number}回")
            writer.write(np.zeros(80, np.float32))
    chapters = probe(path).chapters
    assert [chapter.title for chapter in chapters] == [f"第{number}回" for number in range(1203)]
    assert chapters[-1].start_s == pytest.approx(12.02, abs=0.001)


def test_two_chapters_cannot_begin_at_the_same_sample(tmp_path: Path) -> None:
    with Writer(tmp_path / "x.wav", RATE) as writer:
        writer.chapter("One")
        with pytest.raises(ValueError, match="has no sound"):
            writer.chapter("Two")
        writer.write(np.zeros(80, np.float32))
    assert len(probe(tmp_path / "x.wav").chapters) == 1


def test_a_chapter_can_be_announced_before_its_sound(tmp_path: Path) -> None:
    """A filter that looks ahead gives its sound later than the chapters are known."""
    with Writer(tmp_path / "x.m4b", RATE) as writer:
        writer.chapter("One", 0)
        writer.write(np.zeros(RATE, np.float32))
        writer.chapter("Two", 2 * RATE)
        writer.chapter("past the end", 9 * RATE)
        writer.write(np.zeros(2 * RATE, np.float32))
    assert probe(tmp_path / "x.m4b").chapters == (Chapter("One", 0.0), Chapter("Two", 2.0))


def test_a_chapter_title_is_one_line_of_bounded_length(tmp_path: Path) -> None:
    with Writer(tmp_path / "x.m4b", RATE) as writer:
        writer.chapter("  a\n b\t" + "长" * 400)
        writer.write(np.zeros(RATE, np.float32))
        assert writer.chapters[0].title.startswith("a b 长")
        assert len(writer.chapters[0].title) == 250
    assert probe(tmp_path / "x.m4b").chapters[0].title.endswith("…")


def test_an_m4b_is_recognised_and_plays_while_it_loads(tmp_path: Path, speech: Clip, tags: Tags) -> None:
    path = tmp_path / "x.m4b"
    with Writer(path, speech.rate, tags=tags) as writer:
        writer.chapter("One")
        writer.write(speech.samples)
    content = path.read_bytes()
    assert content[4:12] == b"ftypM4B "
    assert content.index(b"moov") < content.index(b"mdat")
    facts = probe(path)
    assert facts.tags["media_type"] == "2"
    import av

    with av.open(str(path)) as book:
        assert book.streams.audio[0].language == "zho"
        assert book.streams.audio[0].start_time == 0


# --- size


@pytest.mark.slow
@pytest.mark.parametrize(("format", "minutes"), [("wav", 60), ("flac", 30), ("m4b", 30), ("mp3", 10), ("opus", 10)])
def test_an_hour_needs_no_more_memory_than_a_minute(format: str, minutes: int, tmp_path: Path, voice: Voice) -> None:
    """Written and read; the first minutes bring what coders and threads take once."""
    path = tmp_path / f"x.{format}"
    minute = np.tile(voice(1.0, 8000, level=0.05), 60)
    lowest = format_named(format).bitrates[:1]
    with Writer(path, 8000, bitrate=lowest[0] if lowest else None) as writer:
        for number in range(minutes):
            writer.chapter(f"{number}")
            writer.write(minute)
            if number == 8:
                before = _peak()
        written = writer.frames
    assert sum(1 for _ in blocks(path, 8000)) == pytest.approx(written / 8000, abs=1)
    assert _peak() - before < 12 << 20
    assert probe(path).seconds == pytest.approx(60 * minutes, abs=0.05)
    assert len(probe(path).chapters) == minutes


def _peak() -> int:
    """The most memory this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def test_a_wav_past_four_gigabytes_is_rf64(tmp_path: Path, tags: Tags, voice: Voice) -> None:
    """The same code with the limit lowered; foreign readers find every sample behind the 64-bit sizes."""
    import soundfile

    from studio.audio.drafts import Draft
    from studio.audio.riff import WavWriter
    from studio.audio.tags import Span

    sound = voice(1.0)
    with Draft(tmp_path / "x.wav") as draft:
        writer = WavWriter(draft, RATE, limit=10_000)
        writer.write(sound)
        writer.finish(tags, [Span("One", 0, RATE)])
    assert (tmp_path / "x.wav").read_bytes()[:4] == b"RF64"
    assert soundfile.info(tmp_path / "x.wav").frames == RATE
    assert len(read(tmp_path / "x.wav")) == RATE
    assert probe(tmp_path / "x.wav").tags["timbre_engine"] == "espeak 1.52"
