"""Packs: many voices as one ZIP or folder, with an index, a readable file for each voice and the clips beside them.

    voices.json                 {"format": "timbre-voices", "version": 1, "title", "about", "voices": [files]}
    voices/<name>.voice.json    one voice (see `own`)
    voices/<name>.clip, …       the clips that voices are made from, as they were given

Only files that the index names are looked at, names are never paths out of the pack, and a ZIP may not unpack to much
more than it is. A voice is read twice, once to be checked and once to be kept, so that a library of clips needs no
more memory than its longest one.
"""

import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from studio.audio.drafts import Draft, check_target
from studio.library import Voice
from studio.library.voice import LARGEST_MEDIA
from studio.manuscripts.archives import Archive
from studio.voices.exchange.bounded import json_of, wrong
from studio.voices.exchange.carried import Carried
from studio.voices.exchange.own import Outgoing, carried_of, is_own, plain_of, written
from studio.words import Words

FORMAT, VERSION, INDEX = "timbre-voices", 1, "voices.json"
INDEX_BYTES = 32 << 20
VOICE_BYTES = 4 << 20  # of one voice without its clips
MOST = 200_000  # voices
SLACK_BYTES, RATIO = 64 << 20, 50  # what a ZIP may unpack to: this and so many times its size
_VOICE = re.compile(r"voices/[^/\\\0-\x1f:]{1,120}\.voice\.json")
_CLIP = re.compile(r"voices/[^/\\\0-\x1f:]{1,120}\.clip")


class Source(Protocol):
    """A pack that is being read."""

    name: str
    names: Any

    def read(self, name: str, limit: int = ...) -> bytes: ...


class Folder:
    """A pack as a folder. No link is followed, and nothing outside of it is read."""

    def __init__(self, path: Path) -> None:
        self.name, self._path = path.name, path
        found = [path / INDEX, *(path / "voices").iterdir()] if (path / "voices").is_dir() else [path / INDEX]
        plain = [one for one in found if one.is_file() and not one.is_symlink() and not one.parent.is_symlink()]
        self.names = frozenset(one.relative_to(path).as_posix() for one in plain)

    def read(self, name: str, limit: int = LARGEST_MEDIA) -> bytes:
        if name not in self.names:
            raise wrong(self.name, f"“{name[:80]}” is missing in it", f"缺少“{name[:80]}”")
        with (self._path / name).open("rb") as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise wrong(
                self.name, f"“{name[:80]}” has more than {limit >> 20} MB", f"“{name[:80]}”超过 {limit >> 20} MB"
            )
        return data


@dataclass(frozen=True)
class Index:
    """What a pack says about itself."""

    title: Words
    about: Words
    files: tuple[str, ...]


@contextmanager
def opened(path: Path, name: str = "") -> Iterator[Source]:
    """The pack at a path: a folder, or a ZIP."""
    if path.is_dir():
        yield Folder(path)
    else:
        with Archive(path, name, whole=SLACK_BYTES + RATIO * path.stat().st_size) as archive:
            yield archive


def index_of(source: Source) -> Index:
    """`BadFile` where it is no pack, or one of a later studio."""
    if INDEX not in source.names:
        raise wrong(source.name, f"it is no pack of voices: {INDEX} is missing in it", f"不是音色包：缺少 {INDEX}")
    plain = json_of(source.read(INDEX, INDEX_BYTES), source.name)
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        raise wrong(source.name, f"it is no pack of voices: {INDEX} is another file", f"不是音色包：{INDEX} 不是索引")
    if type(plain.get("version")) is not int or plain["version"] > VERSION:
        raise wrong(
            source.name, "a later version of the studio made it; update this one", "由更新版本的工坊制作，请先升级"
        )
    files = plain.get("voices")
    if not isinstance(files, list) or not 0 < len(files) <= MOST:
        raise wrong(
            source.name, f"its index names no voices, or more than {MOST:,}", f"索引里没有音色，或超过 {MOST:,} 个"
        )
    for file in files:
        if not isinstance(file, str) or not _VOICE.fullmatch(file):
            raise wrong(
                source.name,
                f"its index names “{str(file)[:80]}”, which is no file of a pack (voices/NAME.voice.json)",
                f"索引中的“{str(file)[:80]}”不是音色包里的文件（应为 voices/名称.voice.json）",
            )
    return Index(_both(plain.get("title")), _both(plain.get("about")), tuple(dict.fromkeys(files)))


def _both(told: Any) -> Words:
    if isinstance(told, dict):
        return Words(str(told.get("en", ""))[:500], str(told.get("zh", ""))[:500])
    return Words(str(told or "")[:500], str(told or "")[:500])


def read_pack(source: Source) -> Iterator[Carried]:
    """The voices of a pack, each without its clips until `again` is called."""
    for file in index_of(source).files:
        again = _reader(source, file)
        whole = again()
        if whole.voice.media or whole.clips:
            whole = replace(whole, voice=replace(whole.voice, media=None), clips=(), again=again)
        yield whole


def _reader(source: Source, file: str) -> Callable[[], Carried]:
    def read() -> Carried:
        where = f"{source.name}, {file}"
        plain = json_of(source.read(file, VOICE_BYTES), where)
        if not is_own(plain):
            raise wrong(where, "it is no voice", "不是音色文件")
        return carried_of(plain, where, clip)

    def clip(name: str) -> bytes:
        if not _CLIP.fullmatch(name):
            raise wrong(
                source.name,
                f"“{name[:80]}” is no clip of a pack (voices/NAME.clip)",
                f"“{name[:80]}”不是音色包里的音频（应为 voices/名称.clip）",
            )
        return source.read(name, LARGEST_MEDIA)

    return read


def write_pack(voices: Iterable[Outgoing], target: Path, title: str = "") -> int:
    """Write a pack to `target`: a `.zip`, or a folder; how many voices are in it."""
    if target.suffix.lower() != ".zip":
        return sum(_put(target, name, data) for name, data in members(voices, title))
    check_target(target)
    count = 0
    with Draft(target) as draft:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
            for name, data in members(voices, title):
                stored = zipfile.ZIP_STORED if name.endswith(".clip") else zipfile.ZIP_DEFLATED
                archive.writestr(name, data, stored)
                count += name.endswith(".voice.json")
        draft.commit()
    return count


def _put(folder: Path, name: str, data: bytes) -> int:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with Draft(path) as draft:
        draft.write(data)
        draft.commit()
    return int(name.endswith(".voice.json"))


def members(voices: Iterable[Outgoing], title: str = "") -> Iterator[tuple[str, bytes]]:
    """The files of a pack, the index last."""
    files: list[str] = []
    taken: set[str] = set()
    for one in voices:
        stem = stem_of(one.voice, taken)
        taken.add(stem.casefold())
        files.append(f"voices/{stem}.voice.json")
        beside = {number: f"voices/{stem}{f'.{number}' if number else ''}.clip" for number in range(len(one.clips) + 1)}
        yield f"voices/{stem}.voice.json", written(plain_of(one, beside))
        if one.media:
            yield beside[0], one.media
        for number, clip in enumerate(one.clips, 1):
            yield beside[number], clip.media
    plain = {"format": FORMAT, "version": VERSION, "title": title, "voices": files}
    yield INDEX, written(plain)


def stem_of(voice: Voice, taken: Set[str]) -> str:
    """A name for the files of a voice: its own, as every disk can have it, and its id too where that is taken."""
    plain = "-".join("".join(c if c.isalnum() else " " for c in voice.name).split())[:40] or voice.id
    return plain if plain.casefold() not in taken else f"{plain}-{voice.id}"
