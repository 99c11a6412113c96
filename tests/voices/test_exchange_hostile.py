"""Voice files that are damaged or made to harm: each is refused with a message, quickly, nothing is half imported."""

# Files are written as they are.
# ruff: noqa: E501

import base64
import hashlib
import io
import json
import os
import pickle
import re
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.errors import StudioError
from studio.library import NewVoice
from studio.studio import Studio
from studio.voices.exchange import own

from . import files

ROOT = Path(__file__).parents[2]
SECONDS, MEBIBYTES = 15, 400
Make = Callable[[Path], Path]
OWN: dict[str, Any] = {
    "format": "timbre-voice", "version": 1, "name": "x", "engine": "espeak", "kind": "seed",
    "content": {"kind": "seed", "seed": 1},
}  # fmt: skip
CLIP = b"not a sound, but bytes"
CLONED = OWN | {"engine": "cosyvoice3", "kind": "clip"}
SHA = hashlib.sha256(CLIP).hexdigest()


def made(content: Any, name: str = "voice.bin") -> Make:
    return lambda folder: files.write(folder / name, content)


def voice(**changes: Any) -> Make:
    return made({key: value for key, value in (OWN | changes).items() if value is not None}, "a.voice.json")


def clip(content: Any, **changes: Any) -> Make:
    return voice(**CLONED | {"content": content} | changes)


def cut(make: Make, keep: float = 0.6) -> Make:
    def shorter(folder: Path) -> Path:
        path = make(folder)
        data = path.read_bytes()
        return files.write(path, data[: int(len(data) * keep)])

    return shorter


def cut_text(make: Make) -> Make:
    def shorter(folder: Path) -> Path:
        path = make(folder)
        text = path.read_text(encoding="utf-8")
        return files.write(path, text[: len(text) * 6 // 10])

    return shorter


def csv_with(*values: str) -> Make:
    return lambda folder: files.write(folder / "a.csv", "\n".join([*map(str, files.vector()[: -len(values)]), *values]))


class Trap:
    """What a pickle of a stranger can hold."""

    def __reduce__(self) -> Any:
        return os.system, ("touch trapped",)


def trap_zip(folder: Path) -> Path:
    import torch

    torch.save({"spk": Trap()}, folder / "a.pt")
    return folder / "a.pt"


def tensor(make: Callable[[Any], Any]) -> Make:
    def save(folder: Path) -> Path:
        import torch

        torch.save(make(torch), folder / "a.pt")
        return folder / "a.pt"

    return save


def legacy_claim(folder: Path) -> Path:
    """A file of today's older way whose storage claims to hold 2**44 numbers."""
    path = files.pt(folder / "a.pt", old=True)
    data = path.read_bytes()
    place = data.index(b"M\x00\x03")  # 768 as a pickle writes it
    return files.write(path, data[:place] + pickle.dumps(2**44, 2)[2:-1] + data[place + 3 :])


def stretched(folder: Path) -> Path:
    """One number that claims to be a billion of them."""
    import torch

    torch.save(torch.zeros(1).expand(1 << 30), folder / "a.pt")
    return folder / "a.pt"


def pt_bomb(folder: Path) -> Path:
    path = folder / "a.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}.")
        with archive.open("archive/data/0", "w", force_zip64=True) as member:
            for _ in range(300):
                member.write(bytes(1 << 20))
    return path


def huge(folder: Path, begins: bytes, name: str = "a.json") -> Path:
    path = folder / name
    with path.open("wb") as out:
        out.write(begins)
        out.truncate(1 << 30)
    return path


def many_values(folder: Path) -> Path:
    """50 MB that would be gigabytes as Python's own lists."""
    path = folder / "a.json"
    with path.open("wb") as out:
        out.write(b"[")
        for _ in range(50):
            out.write(b"[]," * 350_000)
        out.write(b"[]]")
    return path


def pack(**members: Any) -> Make:
    """A pack; keys are file names with __ for / and the rest as it is."""

    def write(folder: Path) -> Path:
        path = folder / "a.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                archive.writestr(name.replace("__", "/"), data)
        return path

    return write


def index(*names: str, **changes: Any) -> dict[str, Any]:
    return {"format": "timbre-voices", "version": 1, "title": "", "voices": list(names), **changes}


ONE = "voices/a.voice.json"


def zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", content)
    return out.getvalue()


def clip_bomb(folder: Path) -> Path:
    """A clip of 60 MB of zeros, twenty times over, in a small file."""
    zeros = bytes(60 << 20)
    sha = hashlib.sha256(zeros).hexdigest()
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        names = [f"voices/{n}.voice.json" for n in range(20)]
        archive.writestr("voices.json", json.dumps(index(*names)))
        for n, name in enumerate(names):
            content = {"kind": "clip", "sha256": sha, "transcript": str(n)}
            archive.writestr(name, json.dumps(CLONED | {"content": content, "clip": {"file": f"voices/{n}.clip"}}))
            archive.writestr(f"voices/{n}.clip", zeros)
    return path


def linked_folder(folder: Path) -> Path:
    place = folder / "pack"
    (place / "voices").mkdir(parents=True)
    files.write(folder / "outside.json", OWN)
    files.write(place / "voices.json", index(ONE))
    (place / ONE).symlink_to(folder / "outside.json")
    return place


def card(change: Callable[[bytes], bytes]) -> Make:
    def write(folder: Path) -> Path:
        from studio.library import Voice
        from studio.voices.exchange.card import write_card

        known = dict.fromkeys(Voice.__dataclass_fields__, "")
        from datetime import UTC, datetime

        whole = Voice(**known | {  # type: ignore[arg-type]
            "id": "0" * 16, "engine": "espeak", "kind": "seed", "content": {"kind": "seed", "seed": 1}, "name": "x",
            "created": datetime.now(UTC), "rating": 0, "tags": (), "languages": (), "origin": {}, "digest": "0" * 64,
        })  # fmt: skip
        return files.write(folder / "a.png", change(write_card(own.Outgoing(whole))[0]))

    return write


def rechunked(payload: bytes) -> Callable[[bytes], bytes]:
    """The picture with another voice chunk, whose checksum as a chunk is right."""

    def change(png: bytes) -> bytes:
        at = png.index(b"iTXttimbre-voice") - 4
        (length,) = struct.unpack(">I", png[at : at + 4])
        body = b"iTXttimbre-voice\0" + payload
        chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        return png[:at] + chunk + png[at + 12 + length :]

    return change


def told(text: bytes) -> bytes:
    return b"\1\0\0\0" + zlib.compress(text, 9)


def flipped(png: bytes) -> bytes:
    at = png.index(b"timbre-voice") + 60
    return png[:at] + bytes([png[at] ^ 1]) + png[at + 1 :]


def without(png: bytes) -> bytes:
    at = png.index(b"iTXttimbre-voice") - 4
    (length,) = struct.unpack(">I", png[at : at + 4])
    return png[:at] + png[at + 12 + length :]


JSON = json.dumps(OWN).encode()
HOSTILE: dict[str, tuple[Make, str]] = {
    "empty": (made(b""), "empty file|file is empty"),
    "no such file": (lambda folder: folder / "none.json", "no such file"),
    "a device": (lambda folder: Path("/dev/zero"), "no ordinary file"),
    "noise": (made(bytes(range(1, 256)) * 20), "not a text file|no voice file|encoding"),
    "prose": (made("A letter, not a voice.\n" * 50), "no voice file that is known"),
    "a recording": (made(files.tone(), "a.csv"), "recording: clone"),
    "json of 1 GB": (lambda folder: huge(folder, b"["), "1024 MB"),
    "safetensors of 1 GB": (lambda folder: huge(folder, struct.pack("<Q", 40) + b"{"), "1024 MB"),
    "csv of 1 GB": (lambda folder: huge(folder, b"1.0\n", "a.csv"), "1024 MB"),
    "json of millions of values": (many_values, "millions of values"),
    "json nested deep": (made(b"[" * 200_000), "no readable JSON"),
    "json cut off": (cut(lambda folder: files.colab(folder / "a.json", 1, 2)), "no readable JSON"),
    "json of something else": (made({"hello": "world"}), "no voice file that is known"),
    "json with NaN": (made(b'[{"name": "a", "tensor": [NaN]}]'), "NaN"),
    "json with a number too large": (made(b'[{"name": "a", "tensor": [' + b"1e999," * 767 + b"1]}]"), "finite"),
    "json with another number of values": (made([{"name": "a", "tensor": [1.0] * 767}]), "768 numbers, this has 767"),
    "json with text among numbers": (made([{"name": "a", "tensor": ["x"] * 768}]), "no number"),
    "json with lists of different lengths": (made([{"name": "a", "tensor": [[1], [1, 2]]}]), "no number"),
    "seeds that are none": (made([{"seed": "four"}]), "its seed is no number"),
    "seeds out of range": (made([{"seed": -1}]), "a seed is 0 to"),
    "csv with NaN": (csv_with("nan"), "finite"),
    "csv with infinity": (csv_with("inf", "-inf"), "finite"),
    "csv with words": (csv_with("1.0", "x"), "no number"),
    "csv cut off": (cut(lambda folder: files.csv(folder / "a.csv")), "768 numbers"),
    "code cut off": (cut_text(lambda folder: files.code(folder / "a.txt")), "copy it again|cut off|damaged"),
    "code with a strange character": (made("蘁淰" + "一" * 30 + "x"), "no voice file|copy it again"),
    "sample code cut off": (cut_text(lambda folder: files.sample_code(folder / "a.txt")), "copy it again|cut off|damaged"),
    "forge without voices": (made({"_type": "DcSpk", "data": {}}), "neither a voice"),
    "forge with a short vector": (
        made(files._forge(token=[files.typed("T", model_id="chat-tts", tokens=[{"data": base64.b64encode(b"1234").decode()}])])),
        "768 numbers, this 4 bytes",
    ),
    "forge with half a clip": (made(files._forge(refs=[files.typed("R", wav={"data": "A"}, wav_sr=16000)])), "damaged"),
    "forge with clips of no rate": (
        made(files._forge(refs=[files.typed("R", wav={"data": "AAAA"}, wav_sr=-1)])), "sample rate",
    ),
    "forge of the wrong shapes": (made(files._forge(token=7, refs="x", meta=[])), "neither a voice"),
    "pickle with code": (made(pickle.dumps(Trap())), "pickle with more than numbers"),
    "pt with code": (trap_zip, "pickle with more than numbers"),
    "pt cut off": (cut(lambda folder: files.pt(folder / "a.pt")), "damaged or cut"),
    "old pt cut off": (cut(lambda folder: files.pt(folder / "a.pt", old=True), 0.3), "damaged or cut|pickle with more"),
    "pt of another length": (tensor(lambda torch: torch.zeros(100)), "768 numbers, this 100"),
    "pt of whole numbers": (tensor(lambda torch: torch.zeros(768, dtype=torch.int64)), "int64"),
    "pt with NaN": (tensor(lambda torch: torch.full((768,), float("nan"))), "finite"),
    "pt of a list": (tensor(lambda torch: [1, 2, 3]), "no voice"),
    "pt with a number stretched": (stretched, "768 numbers, this 1073741824"),
    "pt that claims far more": (legacy_claim, "damaged|far more"),
    "pt bomb": (pt_bomb, "unpacks to 300 MB"),
    "spk2info without a vector": (tensor(lambda torch: {"a": {"text": torch.zeros(3)}}), "no speaker vector"),
    "spk2info of another length": (tensor(lambda torch: {"a": {"embedding": torch.zeros(1, 80)}}), "192 numbers"),
    "table with a damaged row": (
        lambda folder: files.write(folder / "a.csv", files.ranking(folder / "b.csv", 1).read_text() + "x,1,1,1,1,a,b,c,!!\n"),
        "row 3: its emb_data is damaged",
    ),
    "table with code in it": (
        made(f"seed_id,emb_data\n1,{base64.b64encode(pickle.dumps(Trap())).decode()}\n"), "row 2: it is a pickle",
    ),
    "safetensors cut off": (
        cut(lambda folder: files.safetensors(folder / "a.st", a=files.vector())), "cut off",
    ),
    "safetensors with a wild header": (made(struct.pack("<Q", 1 << 20) + b'{"a":1}'), "cut off"),
    "safetensors out of its bounds": (
        made(struct.pack("<Q", 64) + b'{"a":{"dtype":"F32","shape":[768],"data_offsets":[0,99999]}}'.ljust(64)), "cut off",
    ),
    "safetensors of a negative shape": (
        made(struct.pack("<Q", 64) + b'{"a":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}}'.ljust(64) + bytes(16)),
        "no vector|cut off",
    ),
    "safetensors of unknown size": (lambda folder: files.safetensors(folder / "a.st", a=files.vector(0, 100)), "100 numbers"),
    "voice without a version": (voice(version=None), "which version"),
    "voice of a later version": (voice(version=99), "later version"),
    "voice without a name": (voice(name=None), "“name” is missing"),
    "voice with an empty name": (voice(name="  "), "1 to 200"),
    "voice with a strange engine": (voice(engine="../../etc"), "no name of an engine"),
    "voice without content": (voice(content=None), "who speaks"),
    "voice of a strange kind": (voice(content={"kind": "spirit"}), "no kind that is known"),
    "voice whose kinds differ": (voice(kind="embedding"), "do not fit together"),
    "voice with a wild seed": (voice(content={"kind": "seed", "seed": 2**40}), "no kind that is known"),
    "voice with tags of another kind": (voice(tags="warm"), "“tags” is of another kind"),
    "voice with a wild rating": (voice(rating=99), "rating 99"),
    "voice with endless origin": (voice(origin={"a": "x" * 100_000}), "origin"),
    "voice with half an embedding": (
        voice(kind="embedding", content={"kind": "embedding", "values": base64.b64encode(b"12345").decode()}), "cut off",
    ),
    "voice with another number of values": (
        voice(kind="embedding", content={"kind": "embedding", "values": base64.b64encode(bytes(8)).decode()}),
        "voices of espeak have",
    ),
    "voice that is no unicode": (made(JSON.replace(b'"x"', b'"\\ud800"')), "not text|surrogate"),
    "clip that is missing": (clip({"kind": "clip", "sha256": SHA}), "clip that the voice is made from is missing"),
    "clip that was changed": (
        clip({"kind": "clip", "sha256": "0" * 64}, clip={"base64": base64.b64encode(CLIP).decode()}), "checksum",
    ),
    "clip that is no base64": (clip({"kind": "clip", "sha256": SHA}, clip={"base64": "@@"}), "clip is damaged"),
    "clip in a mood that nobody knows": (
        clip(
            {"kind": "clip", "sha256": SHA}, clip={"base64": base64.b64encode(CLIP).decode()},
            references=[{"emotion": "purple", "clip": {"base64": base64.b64encode(CLIP).decode()}}],
        ),
        "emotion “purple”",
    ),
    "clip that lies elsewhere": (clip({"kind": "clip", "sha256": SHA}, clip={"file": "/etc/passwd"}), "another file"),
    "picture without a voice": (card(without), "carries no voice"),
    "picture with a changed voice": (card(flipped), "damaged"),
    "picture cut off": (card(lambda png: png[: len(png) // 2]), "cut off"),
    "picture cut off in the voice": (card(lambda png: png[: png.index(b"timbre-voice") + 50]), "cut off"),
    "picture whose voice is no zlib": (card(rechunked(b"\1\0\0\0abc")), "damaged"),
    "picture with another checksum": (card(rechunked(told(b"0" * 64 + b"\n" + JSON))), "damaged"),
    "picture with something else": (card(rechunked(told(hashlib.sha256(b"{}").hexdigest().encode() + b"\n{}"))), "damaged"),
    "picture bomb": (card(rechunked(told(bytes(300 << 20)))), "more than 32 MB"),
    "picture that is only a beginning": (made(b"\x89PNG\r\n\x1a\n"), "cut off"),
    "pack without an index": (pack(readme=b"hello"), "a.zip/readme: it is no voice file"),
    "pack with another index": (pack(**{"voices.json": {"a": 1}}), "another file"),
    "pack of a later version": (pack(**{"voices.json": index(ONE, version=9)}), "later version"),
    "pack without voices": (pack(**{"voices.json": index()}), "names no voices"),
    "pack that climbs out": (pack(**{"voices.json": index("../../evil.voice.json")}), "no file of a pack"),
    "pack with an absolute name": (pack(**{"voices.json": index("/etc/passwd")}), "no file of a pack"),
    "pack with a missing voice": (pack(**{"voices.json": index(ONE)}), "missing"),
    "pack with a voice that is none": (pack(**{"voices.json": index(ONE), ONE: {"a": 1}}), "it is no voice"),
    "pack whose clip climbs out": (
        pack(**{"voices.json": index(ONE), ONE: CLONED | {"content": {"kind": "clip", "sha256": SHA}, "clip": {"file": "../a.clip"}}}),
        "no clip of a pack",
    ),
    "pack whose second voice is bad": (
        pack(**{"voices.json": index(ONE, "voices/b.voice.json"), ONE: OWN, "voices/b.voice.json": OWN | {"rating": -1}}),
        "rating -1",
    ),
    "pack bomb": (clip_bomb, "unpacks to more"),
    "pack cut off": (cut(pack(**{"voices.json": index(ONE), ONE: OWN})), "damaged or cut short"),
    "pack with a link out of it": (linked_folder, "is missing"),
    "zip in a zip": (pack(**{"a.pt": zipped(b"x")}), "ZIP in a ZIP"),
    "zip of nothing": (pack(**{".hidden": b"x"}), "voices.json is missing"),
    "zip of far too many files": (pack(**{f"{n}.csv": b"1" for n in range(1001)}), "1,001 files"),
    "index alone": (made(index(ONE), "voices.json"), "index of a pack"),
    "folder of nothing": (lambda folder: folder, "no pack of voices"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_in_words_and_nothing_is_taken(studio: Studio, tmp_path: Path, name: str) -> None:
    make, message = HOSTILE[name]
    folder = tmp_path / "in"
    folder.mkdir()
    path = make(folder)
    before = {p: p.lstat().st_mtime_ns for p in tmp_path.rglob("*") if "data" not in p.parts}
    began = time.monotonic()
    report = studio.exchange.take_in([path])
    assert time.monotonic() - began < SECONDS
    (entry,) = report.entries
    assert entry.outcome == "refused"
    assert re.search(message, entry.notes[0].en), entry.notes[0].en
    assert re.search("[一-鿿]", entry.notes[0].zh)
    assert studio.exchange.every() == ()
    assert {p: p.lstat().st_mtime_ns for p in tmp_path.rglob("*") if "data" not in p.parts} == before
    assert not list(Path.cwd().glob("trapped"))


@pytest.mark.parametrize("packed", [False, True])
def test_a_place_for_files_gives_each_of_them(studio: Studio, tmp_path: Path, packed: bool) -> None:
    """A folder of speakers as ChatTTS-ui has it, or a ZIP of such files, as people pass them on."""
    place = tmp_path / "speaker"
    place.mkdir()
    files.csv(place / "11.csv", 1)
    files.pt(place / "22.pt", 2)
    files.write(place / ".DS_Store", b"x")
    files.write(place / "readme.txt", "voices of mine")
    if packed:
        with zipfile.ZipFile(tmp_path / "speaker.zip", "w") as archive:
            for path in place.iterdir():
                archive.write(path, f"speaker/{path.name}")
    report = studio.exchange.take_in([tmp_path / "speaker.zip" if packed else place])
    assert [(entry.outcome, entry.name) for entry in report.entries] == [
        ("added", "11"),
        ("added", "22"),
        ("refused", ""),
    ]
    assert report.entries[2].file.endswith("speaker/readme.txt")


def test_a_bad_file_does_not_keep_good_ones_out(studio: Studio, tmp_path: Path) -> None:
    report = studio.exchange.take_in([files.write(tmp_path / "a.csv", ""), files.csv(tmp_path / "b.csv")])
    assert [entry.outcome for entry in report.entries] == ["refused", "added"]
    assert report.summary.en == "1 added; 1 refused"


def test_a_failure_in_the_last_voice_takes_the_whole_file_back(studio: Studio, tmp_path: Path) -> None:
    """The clip changes between the reading that checks and the one that keeps."""
    clip = files.tone()
    content = {"kind": "clip", "sha256": hashlib.sha256(clip).hexdigest(), "transcript": ""}
    with Studio(tmp_path / "other") as other:
        ids = [
            other.keeping.seed("espeak", 1, "a").id,
            other.voices.add(NewVoice("cosyvoice3", "clip", content, "b", clip)).id,
        ]
        other.exchange.write(ids, tmp_path / "pack")
    from studio.voices.exchange.packs import Folder

    read, count = Folder.read, 0

    def changing(self: Folder, name: str, limit: int = 1 << 30) -> bytes:
        nonlocal count
        count += name.endswith(".clip")
        return b"other" if name.endswith(".clip") and count == 2 else read(self, name, limit)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Folder, "read", changing)
        report = studio.exchange.take_in([tmp_path / "pack"])
    assert [entry.outcome for entry in report.entries] == ["refused"]
    assert studio.exchange.every() == ()


RUN = """
import sys
from pathlib import Path
from studio.voices.exchange.formats import opened
from studio.errors import StudioError
try:
    with opened(Path(sys.argv[1])) as (format, voices):
        print("read", format, len(list(voices)))
except StudioError as error:
    print("refused", error.words.en)
print("torch" in sys.modules, Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.parametrize(
    "name",
    ["json of 1 GB", "csv of 1 GB", "json of millions of values", "picture bomb", "pack bomb", "json nested deep"],
)
def test_memory_stays_flat(tmp_path: Path, name: str) -> None:
    path = HOSTILE[name][0](tmp_path)
    run = subprocess.run([sys.executable, "-c", RUN, path], cwd=ROOT, capture_output=True, text=True, timeout=60)
    told, state = run.stdout.strip().split("\n")
    torch, memory = state.split()
    assert told.startswith("refused"), run.stdout + run.stderr
    assert torch == "False", "torch is for .pt files alone"
    assert int(memory) / 1024 < MEBIBYTES, f"{memory} KiB"


def test_nothing_half_written_is_left(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    voice = studio.keeping.seed("espeak", 1, "a")

    def failing(out: own.Outgoing, beside: Any = None) -> Any:
        raise StudioError("stopped", "已停止")

    monkeypatch.setattr("studio.voices.exchange.packs.plain_of", failing)
    with pytest.raises(StudioError):
        studio.exchange.write([voice.id], tmp_path / "a.zip")
    assert list(tmp_path.glob("*a.zip*")) == []


def test_a_voice_cannot_be_read_from_a_chunk_of_another_kind() -> None:
    """A text chunk with another keyword is another program's business."""
    from studio.voices.exchange.card import read_card

    body = b"iTXtother\0\1\0\0\0" + zlib.compress(b"x")
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    end = struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
    with pytest.raises(StudioError, match="carries no voice"):
        read_card(b"\x89PNG\r\n\x1a\n" + chunk + end, "a.png")
