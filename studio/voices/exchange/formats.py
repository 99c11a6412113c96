"""The table of formats, and how a file is known by what is in it; its name is never asked."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from studio.errors import NotFound
from studio.voices.exchange import card, chattts, forge, lists, own, packs, ranking, tensors
from studio.voices.exchange.bounded import HEAD, LARGEST, head_of, json_of, load, text_of, wrong
from studio.voices.exchange.carried import Carried
from studio.words import Words

Takes = Literal["any", "vector", "chattts", "seed", "forge", "code"]


@dataclass(frozen=True)
class VoiceFormat:
    """A kind of file that voices are exchanged in."""

    id: str
    label: Words
    ending: str  # of files that we write; "" where we only read it
    about: Words
    many: bool = False  # several voices in one file
    takes: Takes = "any"  # which voices it can hold
    write: Callable[[Sequence[own.Outgoing]], bytes] | None = field(default=None, repr=False)


def _one(write: Callable[[own.Outgoing], bytes]) -> Callable[[Sequence[own.Outgoing]], bytes]:
    return lambda out: write(out[0])


FORMATS = (
    VoiceFormat(
        "voice", Words("Voice", "音色文件"), ".voice.json",
        Words("everything that is known of a voice, to be read and compared", "音色的全部信息，可阅读、可对比"),
        write=_one(lambda out: own.written(own.plain_of(out))),
    ),
    VoiceFormat(
        "card", Words("Voice card", "音色卡"), ".voice.png",
        Words("a picture to pass on, with the voice inside", "可直接分享的图片，音色就在其中"),
        write=_one(lambda out: card.write_card(out)[0]),
    ),
    VoiceFormat(
        "pack", Words("Pack", "音色包"), ".zip",
        Words("any number of voices with their clips", "任意多个音色及其音频"), many=True,
    ),
    VoiceFormat(
        "code", Words("ChatTTS code", "ChatTTS 音色码"), ".txt",
        Words("the string that ChatTTS shows and takes", "ChatTTS 页面显示和使用的编码"), takes="code",
        write=_one(chattts.write_code),
    ),
    VoiceFormat(
        "chattts-ui", Words("ChatTTS-ui", "ChatTTS-ui"), ".csv",
        Words("768 numbers, one a line", "768 个数，每行一个"), takes="chattts", write=_one(chattts.write_column),
    ),
    VoiceFormat(
        "forge", Words("Speech-AI-Forge", "Speech-AI-Forge"), ".spkv1.json",
        Words("a vector of ChatTTS, or reference clips", "ChatTTS 向量，或参考音频"), takes="forge",
        write=_one(forge.write_forge),
    ),
    VoiceFormat(
        "colab", Words("ChatTTS_colab voices", "ChatTTS_colab 音色"), ".colab.json",
        Words("gender, description and vector of several voices", "多个音色的性别、描述与向量"), True, "chattts",
        lists.write_colab,
    ),
    VoiceFormat(
        "seeds", Words("ChatTTS_colab favourites", "ChatTTS_colab 收藏"), ".seeds.json",
        Words("saved_seeds.json: seeds with names", "saved_seeds.json：种子与名称"), True, "seed", lists.write_seeds,
    ),
    VoiceFormat(
        "manager", Words("ChatTTS-manager", "ChatTTS-manager"), ".manager.json",
        Words("name, gender, description and vector of several voices", "多个音色的名称、性别、描述与向量"), True,
        "chattts", lists.write_manager,
    ),
    VoiceFormat(
        "safetensors", Words("Safetensors", "Safetensors"), ".safetensors",
        Words("vectors and nothing that could run", "只含向量，不含任何可执行内容"), True, "vector",
        tensors.write_safetensors,
    ),
    VoiceFormat(
        "pt", Words("ChatTTS speaker (.pt)", "ChatTTS 音色（.pt）"), "",
        Words("read only, and nothing in it is run", "只读，且不执行其中任何内容"),
    ),
    VoiceFormat(
        "cosyvoice", Words("CosyVoice speakers (spk2info.pt)", "CosyVoice 说话人（spk2info.pt）"), "",
        Words("read only; several speakers by name", "只读；按名称存放的多个说话人"), many=True,
    ),
    VoiceFormat(
        "evaluation", Words("ChatTTS_Speaker table", "ChatTTS_Speaker 评测表"), "",
        Words("read only; rated voices, a row each", "只读；每行一个带评测的音色"), many=True,
    ),
)  # fmt: skip
KIND = Words("format", "格式")
MOST_LOOSE = 1000  # files of one folder or ZIP that is no pack
_SOUND = (b"RIFF", b"ID3", b"fLaC", b"OggS", b"FORM", b"\xff\xfb", b"\xff\xf3", b"\x1aE\xdf\xa3")


def format_named(id: str) -> VoiceFormat:
    """The format with this id; `NotFound` names the nearest."""
    known = {one.id: one for one in FORMATS}
    if id not in known:
        raise NotFound.among(KIND, id, known, where="format")
    return known[id]


def format_for(path: Path) -> VoiceFormat | None:
    """The format that a file name asks for: the longest ending that fits. A plain `.png` is a card."""
    name = path.name.lower()
    fits = [one for one in FORMATS if one.ending and name.endswith(one.ending)]
    if not fits and name.endswith(".png"):
        return format_named("card")
    return max(fits, key=lambda one: len(one.ending), default=None)


def spread(path: Path, name: str) -> Iterator[tuple[Path | bytes, str]]:
    """A file and what it is called; a folder or ZIP that is no pack is only a place for files, and each comes alone."""
    if path.is_dir() and not (path / packs.INDEX).is_file():
        files = [one for one in sorted(path.iterdir()) if one.is_file() and _counts(one.name) and not one.is_symlink()]
        if files:
            yield from ((one, f"{name}/{one.name}") for one in _few(files, name))
            return
    if path.is_file() and head_of(path).startswith(b"PK"):
        with packs.opened(path, name) as source:
            members = sorted(one for one in source.names if _counts(one))
            if members and packs.INDEX not in source.names and not tensors.is_pt_zip(source.names):
                yield from ((source.read(one, LARGEST), f"{name}/{one}") for one in _few(members, name))
                return
    yield path, name


def _counts(name: str) -> bool:
    """Whether a name is a file that somebody put there, and nothing that a system leaves behind."""
    return not name.endswith("/") and not any(part.startswith((".", "__MACOSX")) for part in name.split("/"))


def _few(files: list[Any], name: str) -> list[Any]:
    if len(files) > MOST_LOOSE:
        raise wrong(
            name,
            f"it holds {len(files):,} files: at most {MOST_LOOSE:,}",
            f"含有 {len(files):,} 个文件：最多 {MOST_LOOSE:,} 个",
        )
    return files


@contextmanager
def opened(path: Path | bytes, name: str = "", transcript: str = "") -> Iterator[tuple[str, Iterable[Carried]]]:
    """(format, voices) of a file or folder, known by what is in it. `BadFile` says what is wrong.

    `name` is what people know the file by; `transcript` is what is said in an audio sample that comes without words.
    """
    if isinstance(path, bytes):
        yield _read(path, path[:HEAD], name, transcript)
        return
    called = name or path.name
    if path.is_dir():
        with packs.opened(path) as source:
            yield "pack", packs.read_pack(source)
        return
    head = head_of(path)
    if head.startswith(b"PK"):
        with packs.opened(path, called) as source:
            if packs.INDEX in source.names or not tensors.is_pt_zip(source.names):
                yield "pack", packs.read_pack(source)
                return
    yield _read(load(path), head, called, transcript)


def _read(data: bytes, head: bytes, name: str, transcript: str) -> tuple[str, Sequence[Carried]]:
    """The voices of a file that is read whole."""
    if not data:
        raise wrong(name, "the file is empty; get it again", "这是空文件；请重新获取")
    if card.is_card(head):
        return "card", card.read_card(data, name)
    if head.startswith(b"PK") or tensors.is_pt(head):
        found = tensors.read_pt(data, name)
        return "cosyvoice" if found[0].voice.engine == tensors.COSYVOICE else "pt", found
    if tensors.is_safetensors(head):
        return "safetensors", tensors.read_safetensors(data, name)
    if head.startswith(_SOUND) or head[4:8] == b"ftyp":
        raise wrong(name, "it is a recording: clone a voice from it instead", "这是录音；请用“克隆”由它制作音色")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return _json(json_of(data, name), name)
    text = text_of(data, name)
    if chattts.is_code(text):
        return "code", chattts.read_code(text, name, transcript)
    if ranking.is_ranking(text):
        return "evaluation", ranking.read_ranking(text, name)
    if chattts.is_column(text):
        return "chattts-ui", chattts.read_column(text, name)
    raise _unknown(name)


def _json(plain: Any, name: str) -> tuple[str, Sequence[Carried]]:
    if own.is_own(plain):
        return "voice", [own.carried_of(plain, name)]
    if isinstance(plain, dict) and plain.get("format") == packs.FORMAT:
        raise wrong(
            name,
            "it is the index of a pack; import the folder that it is in, or the whole ZIP",
            "这是音色包的索引；请导入它所在的文件夹或整个 ZIP",
        )
    readers: tuple[tuple[str, Callable[[Any], bool], Callable[[Any, str], list[Carried]]], ...] = (
        ("forge", forge.is_forge, forge.read_forge),
        ("manager", lists.is_manager, lists.read_manager),
        ("seeds", lists.is_seeds, lists.read_seeds),
        ("colab", lists.is_colab, lists.read_colab),
    )
    for id, fits, read in readers:
        if fits(plain):
            return id, read(plain, name)
    raise _unknown(name)


def _unknown(name: str) -> Exception:
    known = [one.label for one in FORMATS]
    return wrong(
        name,
        f"it is no voice file that is known here; these are: {', '.join(one.en for one in known)}",
        f"不是可识别的音色文件；可导入：{'、'.join(one.zh for one in known)}",
    )
