"""The boxes of an M4B, taken apart by rules of their own, and the seams between stretches encoded side by side."""

import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from studio.audio import aac, mp4
from studio.audio.clip import Clip, Samples
from studio.audio.files import probe, read
from studio.audio.tags import Tags
from studio.audio.writing import Writer, encode

RATE = 24_000
PARENTS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta", b"edts", b"dinf", b"tref", b"gmhd", b"ilst"}


def boxes(content: bytes, start: int, end: int, path: str = "") -> Iterator[tuple[str, bytes]]:
    """Every box with its path; their sizes must fill their parent exactly."""
    at = start
    while at < end:
        size, name = struct.unpack_from(">I4s", content, at)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", content, at + 8)[0], 16
        assert size >= head, f"{path}/{name!r} has no size"
        assert at + size <= end, f"{path}/{name!r} reaches out of its parent"
        here = f"{path}/{name.decode('latin-1')}"
        yield here, content[at + head : at + size]
        if name in PARENTS:
            yield from boxes(content, at + head, at + size, here)
        if name == b"meta":
            yield from boxes(content, at + head + 4, at + size, here)
        at += size
    assert at == end


def table(box: bytes, kind: str) -> list[int]:
    """The numbers of a box behind its version, flags and count."""
    count = struct.unpack_from(">I", box, 4)[0]
    return list(struct.unpack_from(f">{count}{kind}", box, 8))


@pytest.mark.parametrize("wide", [False, True])
def test_the_index_points_at_every_packet(
    wide: bool, speech: Clip, cover: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offsets, sizes and counts of both tracks agree with where the sound and the titles lie; also past 4 GB."""
    if wide:
        monkeypatch.setattr(mp4, "NARROW", 0)
    content = _book(speech, cover)
    found = list(boxes(content, 0, len(content)))
    data = content.index(b"mdat") + 12
    for track, media in ((0, b"soun"), (1, b"text")):
        starts = [n for n, (path, _) in enumerate(found) if path in ("/moov/trak", "/moov/udta")]
        inside = dict(found[starts[track] : starts[track + 1]])
        assert inside["/moov/trak/mdia/hdlr"][8:12] == media
        expected = struct.unpack_from(">I", inside["/moov/trak/mdia/minf/stbl/stsz"], 8)[0]
        assert expected == (2 if track else -(-len(speech) // 1024) + 1)
        sizes = struct.unpack_from(f">{expected}I", inside["/moov/trak/mdia/minf/stbl/stsz"], 12)
        name, kind = ("co64", "Q") if wide else ("stco", "I")
        chunks = table(inside[f"/moov/trak/mdia/minf/stbl/{name}"], kind)
        runs = struct.unpack_from(
            f">{len(inside['/moov/trak/mdia/minf/stbl/stsc'][8:]) // 4}I", inside["/moov/trak/mdia/minf/stbl/stsc"], 8
        )
        counts = [0] * len(chunks)
        for first, per_chunk, _ in zip(*[iter(runs)] * 3, strict=True):
            counts[first - 1 :] = [per_chunk] * (len(chunks) - first + 1)
        assert sum(counts) == expected
        packet = 0
        for offset, count in zip(chunks, counts, strict=True):
            assert offset == data, "a chunk does not begin where the one before it ends"
            data += sum(sizes[packet : packet + count])
            packet += count
    assert data == len(content), "bytes that belong to no packet"


def _book(speech: Clip, cover: bytes) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        with Writer(Path(folder) / "x.m4b", RATE, tags=Tags(title="书", cover=cover)) as writer:
            writer.chapter("第一章")
            writer.write(speech.samples[:50_000])
            writer.chapter("Two")
            writer.write(speech.samples[50_000:])
        assert len(read(writer.path)) == len(speech)
        assert [round(c.start_s, 4) for c in probe(writer.path).chapters] == [0.0, 2.0833]
        return writer.path.read_bytes()


def noise_db(found: Samples, sound: Samples, around: list[int]) -> float:
    """Signal to noise near some places."""
    near = np.concatenate([np.arange(at - 3072, at + 3072) for at in around])
    near = near[(near >= 0) & (near < len(sound))]
    return float(10 * np.log10(np.square(sound[near]).sum() / np.square(sound[near] - found[near]).sum()))


def test_stretches_encoded_side_by_side_join_without_a_seam(
    tmp_path: Path, voice: Callable[..., Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = voice(20)
    whole = _decoded(tmp_path, sound)
    monkeypatch.setattr(aac, "STRETCH", 32 * 1024)
    cut = _decoded(tmp_path, sound)
    seams = list(range(32 * 1024, len(sound), 32 * 1024))
    assert len(seams) > 10
    assert noise_db(cut, sound, seams) > noise_db(whole, sound, seams) - 1.5
    everywhere = list(range(0, len(sound), 6144))
    assert noise_db(cut, sound, everywhere) == pytest.approx(noise_db(whole, sound, everywhere), abs=0.5)


def _decoded(folder: Path, sound: Samples) -> Samples:
    (folder / "x.m4a").write_bytes(encode(Clip(sound, RATE), "m4a"))
    return read(folder / "x.m4a").samples


@pytest.mark.parametrize("length", [1, 1023, 1024, 1025, 16_384 + 2048, 40_960, 41_984, 65_537])
@pytest.mark.parametrize("piece", [700, 16_384, 100_000])
def test_no_sample_is_lost_at_any_length(
    length: int, piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aac, "STRETCH", 16 * 1024)
    sound = (0.3 * np.sin(2 * np.pi * 440 * np.arange(length) / RATE)).astype(np.float32)
    with Writer(tmp_path / "x.m4a", RATE) as writer:
        for at in range(0, length, piece):
            writer.write(sound[at : at + piece])
    found = read(tmp_path / "x.m4a").samples
    assert len(found) == length
    if length > 2000:
        assert noise_db(found, sound, [length // 2]) > 25


def test_the_number_of_threads_changes_no_byte(speech: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aac, "STRETCH", 16 * 1024)
    made = []
    for threads in (1, 3):
        monkeypatch.setattr(aac, "THREADS", threads)
        monkeypatch.setattr("os.cpu_count", lambda: 8)
        made.append(encode(speech, "m4b"))
    assert made[0] == made[1]


def test_a_failing_coder_ends_the_work_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aac, "STRETCH", 16 * 1024)

    def broken(*_: object) -> aac.Stretch:
        raise MemoryError("no room")

    monkeypatch.setattr(aac, "encode_stretch", broken)
    before = threading.active_count()
    with pytest.raises(MemoryError), Writer(tmp_path / "x.m4b", RATE) as writer:
        writer.write(np.zeros(400_000, np.float32))
    assert not list(tmp_path.iterdir())
    assert threading.active_count() == before


@pytest.mark.parametrize("format", ["m4b", "mp3", "opus", "flac", "wav"])
def test_a_writer_works_in_a_thread_of_its_own(format: str, tmp_path: Path, speech: Clip) -> None:
    with Writer(tmp_path / f"x.{format}", RATE) as writer:
        worker = threading.Thread(target=lambda: writer.write(speech.samples))
        worker.start()
        worker.join()
    assert len(read(tmp_path / f"x.{format}", RATE)) == pytest.approx(len(speech), abs=2)
