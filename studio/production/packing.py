"""A production as one folder or zip, to be kept, compared, moved to another machine, or copied here.

    production.json   title, author, settings        script/001.csv …  a line a row, a file a chapter
    cast.json         who speaks which part          lexicon.csv       its words
    manuscript, cover, music                         takes/<digest>.flac   the chosen takes
    voices/<id>.json, .media                         the library's voices that the cast uses

The text files are the truth and made to be read: a change of one line is one changed row. Takes say themselves what
they are, so one that does not belong to its name is refused.
"""

import csv
import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from studio.audio.drafts import Draft, check_target
from studio.errors import BadFile, NotFound
from studio.library import Library, NewProduction, NewVoice, Production
from studio.library.lexicons import Entry
from studio.library.outcomes import NewTake
from studio.library.script import Chapter, Line, LineQuery, Member, NewChapter, NewLine
from studio.library.voice import KEPT
from studio.manuscripts.archives import MEMBER_BYTES, Archive
from studio.production import lexicon

FORMAT, VERSION = "timbre-production", 1
WHOLE_BYTES = 64 << 30  # of a pack with all its takes, read one at a time
TEXT_BYTES = 64 << 20
COLUMNS = (
    "speaker", "text", "emotion", "style", "pause_ms", "ends", "kind", "language", "locked", "sure", "source", "start",
    "finish", "speed", "take", "basis", "seed", "seconds",
)  # fmt: skip
FILES = "manuscript", "cover", "music"
_CHAPTER = re.compile(r"script/\d{3,6}\.csv")
_TAKE = re.compile(r"takes/([0-9a-f]{64})\.flac")


class Source(Protocol):
    """A pack being read: a zip, or a folder."""

    name: str
    names: frozenset[str]

    def read(self, name: str, limit: int = ...) -> bytes: ...


class _Folder:
    """A pack as a folder; only names that the format has are looked at, and no link is followed."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._path = path
        found = (p for sub in ("", "script", "takes", "voices") for p in (path / sub).glob("*"))
        self.names = frozenset(str(p.relative_to(path).as_posix()) for p in found if p.is_file() and not p.is_symlink())

    def read(self, name: str, limit: int = MEMBER_BYTES) -> bytes:
        if name not in self.names:
            raise BadFile(f"{self.name}: “{name}” is missing in it", f"{self.name}：缺少“{name}”", where=self.name)
        with (self._path / name).open("rb") as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise BadFile(f"{self.name}: “{name}” is too large", f"{self.name}：“{name}”过大", where=self.name)
        return data


@dataclass(frozen=True)
class Unpacked:
    """What came out of a pack."""

    production: Production
    lines: int
    takes: int
    refused: int  # takes that were not what they say


def pack(library: Library, id: str, target: Path, *, takes: bool = True) -> int:
    """Write a production to `target` (a `.zip`, or a folder); how many takes are in it."""
    if target.suffix.lower() == ".zip":
        check_target(target)
        with Draft(target) as draft:
            with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
                count = 0
                for name, data in _members(library, id, takes):
                    stored = zipfile.ZIP_STORED if name.startswith("takes/") else zipfile.ZIP_DEFLATED
                    archive.writestr(name, data, stored)
                    count += name.startswith("takes/")
            draft.commit()
        return count
    count = 0
    for name, data in _members(library, id, takes):
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with Draft(path) as draft:
            draft.write(data)
            draft.commit()
        count += name.startswith("takes/")
    return count


def _members(library: Library, id: str, takes: bool) -> Iterator[tuple[str, bytes]]:
    production = library.productions.get(id)
    about = {
        "format": FORMAT, "version": VERSION, "kind": production.kind, "title": production.title,
        "author": production.author,
        "language": production.language, "manuscript": production.manuscript, "settings": production.settings,
        "chapters": [chapter.title for chapter in library.scripts.chapters(id)],
    }  # fmt: skip
    yield "production.json", _json(about)
    used: set[str] = set()
    for number, chapter in enumerate(library.scripts.chapters(id), 1):
        lines = list(library.scripts.all_lines(id, LineQuery(chapter=chapter.id)))
        used |= {line.take for line in lines if line.take}
        yield f"script/{number:03}.csv", _rows(lines)
    cast = library.casts.get(id)
    yield "cast.json", _json([asdict(cast[name]) for name in sorted(cast)])
    yield "lexicon.csv", lexicon.to_csv(library.lexicons.list(id)).encode()
    folder = library.folder.productions / id
    for name in FILES:
        if (folder / name).is_file():
            yield name, (folder / name).read_bytes()
    for ref in dict.fromkeys(ref for member in cast.values() for ref in (member.voice, member.into)):
        yield from _voice(library, ref)
    for take in sorted(used) if takes else ():
        path = library.cache.path(take)
        if path.exists():
            yield f"takes/{take}.flac", path.read_bytes()


def _json(plain: Any) -> bytes:
    return (json.dumps(plain, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def _rows(lines: Iterable[Line]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for line in lines:
        row = {name: getattr(line, name) for name in COLUMNS if name != "basis"} | {"basis": line.take_basis}
        writer.writerow({name: "" if value is None or value is False else value for name, value in row.items()})
    return out.getvalue().encode()


def _voice(library: Library, ref: str) -> Iterator[tuple[str, bytes]]:
    """The library's voice that a part names; one of the engine's own, or a seed, needs no file."""
    try:
        voice = library.voices.get(ref.removeprefix(KEPT)) if ref else None
    except NotFound:
        voice = None
    if voice is None:
        return
    facts = {
        "id": voice.id, "engine": voice.engine, "kind": voice.kind, "content": voice.content, "name": voice.name,
        "gender": voice.gender, "age": voice.age, "languages": list(voice.languages), "tags": list(voice.tags),
        "origin": voice.origin, "named": ref,
    }  # fmt: skip
    yield f"voices/{voice.id}.json", _json(facts)
    media = library.voices.media(voice.id) if voice.kind == "clip" else None
    if media:
        yield f"voices/{voice.id}.media", media


def unpack(library: Library, path: Path) -> Unpacked:
    """A production from a pack. `BadFile` says what is wrong with it, and nothing of it stays."""
    if path.is_dir():
        return _unpacked(library, _Folder(path))
    with Archive(path, whole=WHOLE_BYTES) as archive:
        return _unpacked(library, archive)


def _unpacked(library: Library, source: Source) -> Unpacked:
    about = _about(source)
    chapters, lines = _chapters(source, about)
    cast = [_told(Member, one, source, "cast.json") for one in _list(source, "cast.json")]
    words = lexicon.from_csv(source.read("lexicon.csv", TEXT_BYTES).decode("utf-8", "replace"), "", source.name)
    voices = dict(_voices(library, source))
    new = NewProduction(
        about["title"], about.get("author", ""), about.get("language", ""), about.get("manuscript", ""),
        about.get("settings", {}), kind="dub" if about.get("kind") == "dub" else "script",
    )  # fmt: skip
    production = library.productions.add(new)
    try:
        found, refused = _take_in(library, source)
        _fill(library, production.id, chapters, lines)
        members = [
            replace(one, voice=voices.get(one.voice, one.voice), into=voices.get(one.into, one.into)) for one in cast
        ]
        library.casts.put(production.id, members)
        if words:
            library.lexicons.put([Entry(one.word, one.reading, one.note, production.id) for one in words])
        folder = library.folder.productions / production.id
        folder.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            if name in source.names:
                (folder / name).write_bytes(source.read(name))
    except BaseException:
        library.productions.remove(production.id)  # alone: what else was deleted can still be brought back
        shutil.rmtree(library.folder.productions / production.id, ignore_errors=True)
        raise
    return Unpacked(production, len(lines), found, refused)


def copied(library: Library, production: Production, title: str = "") -> Production:
    """A copy of a production in the same library."""
    name = title.strip() or f"{production.title} (2)"
    about = name, production.author, production.language, production.manuscript, production.settings
    new = library.productions.add(NewProduction(*about, kind=production.kind))
    chapters = library.scripts.chapters(production.id)
    rows = [list(library.scripts.all_lines(production.id, LineQuery(chapter=one.id))) for one in chapters]
    _fill(library, new.id, _as_new(chapters, rows), [_facts(line) for row in rows for line in row])
    library.casts.put(new.id, list(library.casts.get(production.id).values()))
    words = library.lexicons.list(production.id)
    if words:
        library.lexicons.put([replace(one, scope=new.id) for one in words])
    old, fresh = (library.folder.productions / id for id in (production.id, new.id))
    fresh.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        if (old / name).is_file():
            (fresh / name).write_bytes((old / name).read_bytes())
    return new


def _as_new(chapters: Sequence[Chapter], rows: Sequence[Sequence[Line]]) -> list[NewChapter]:
    fields = NewLine.__dataclass_fields__
    return [
        NewChapter(chapter.title, tuple(NewLine(**{name: getattr(line, name) for name in fields}) for line in row))
        for chapter, row in zip(chapters, rows, strict=True)
    ]


def _facts(line: Line) -> dict[str, Any]:
    return {
        "take": line.take,
        "basis": line.take_basis,
        "seed": line.seed,
        "seconds": line.seconds,
        "locked": line.locked,
    }


def _fill(library: Library, id: str, chapters: Sequence[NewChapter], facts: Sequence[Mapping[str, Any]]) -> None:
    """The script, and for each line the take that it had where it is here."""
    from studio.library.script import LineChange

    library.scripts.write(id, chapters)
    lines = list(library.scripts.all_lines(id))
    there = library.cache.get_many([one["take"] for one in facts if one["take"]])
    takes = [
        NewTake(line.number, one["take"], one["basis"], int(one["seed"] or 0), float(one["seconds"] or 0.0))
        for line, one in zip(lines, facts, strict=True)
        if one["take"] in there
    ]
    library.outcomes.take(id, takes)
    library.productions.use(id, [take.take for take in takes])
    locked = [line.id for line, one in zip(lines, facts, strict=True) if one["locked"]]
    if locked:
        library.scripts.change(id, locked, LineChange(locked=True))


def _about(source: Source) -> dict[str, Any]:
    about = _parsed(source, "production.json")
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise _wrong(source, "it is no production of this studio", "不是本工坊的作品包")
    if about.get("version", 0) > VERSION:
        raise _wrong(source, "a later version of the studio made it; update this one", "由更新版本的工坊制作，请先升级")
    if not isinstance(about.get("title"), str) or not isinstance(about.get("settings", {}), dict):
        raise _wrong(source, "production.json has no title or settings", "production.json 缺少标题或设置")
    return about


def _chapters(source: Source, about: Mapping[str, Any]) -> tuple[list[NewChapter], list[dict[str, Any]]]:
    names = sorted(name for name in source.names if _CHAPTER.fullmatch(name))
    titles = about.get("chapters") or []
    chapters, facts = [], []
    for number, name in enumerate(names):
        text = source.read(name, TEXT_BYTES).decode("utf-8", "replace")
        try:
            rows = list(csv.DictReader(text.splitlines(keepends=True)))
        except csv.Error as error:
            raise _wrong(source, f"{name}: {error}", f"{name}：{error}") from error
        title = str(titles[number]) if number < len(titles) else f"{number + 1}"
        chapters.append(NewChapter(title, tuple(_line(row, source, name, at) for at, row in enumerate(rows, 2))))
        facts += [
            {
                "take": row.get("take") or "", "basis": row.get("basis") or "", "seed": row.get("seed") or 0,
                "seconds": row.get("seconds") or 0, "locked": bool(row.get("locked")),
            }
            for row in rows
        ]  # fmt: skip
    return chapters, facts


def _line(row: Mapping[str, str | None], source: Source, name: str, at: int) -> NewLine:
    def number(column: str) -> float | None:
        return float(row[column] or 0) if row.get(column) else None

    try:
        pause = number("pause_ms")
        ends, kind = row.get("ends") or "", row.get("kind") or "text"
        if ends not in ("", "paragraph", "scene") or kind not in ("text", "heading") or not row.get("text"):
            raise ValueError("a column holds something unknown")
        return NewLine(
            text=str(row["text"]), speaker=row.get("speaker") or "", sure=float(row.get("sure") or 1.0),
            emotion=row.get("emotion") or "", style=row.get("style") or "", ends=ends,  # type: ignore[arg-type]
            pause_ms=None if pause is None else round(pause), kind=kind,  # type: ignore[arg-type]
            language=row.get("language") or "", source=row.get("source") or "", start=number("start"),
            finish=number("finish"), speed=number("speed") or 1.0,
        )  # fmt: skip
    except ValueError as error:
        raise _wrong(source, f"{name}, row {at}: {error}", f"{name} 第 {at} 行：{error}") from error


def _take_in(library: Library, source: Source) -> tuple[int, int]:
    """The takes of the pack into the cache, each only if it is what its name says."""
    found = refused = 0
    for name in sorted(source.names):
        if not (match := _TAKE.fullmatch(name)):
            continue
        path = library.cache.path(match[1])
        if not path.exists():
            fresh = path.with_name(f"{path.stem}.import.part")
            fresh.write_bytes(source.read(name))
            fresh.replace(path)
            if library.cache.adopt(match[1]) is None:
                path.unlink(missing_ok=True)
                refused += 1
                continue
        found += 1
    return found, refused


def _voices(library: Library, source: Source) -> Iterator[tuple[str, str]]:
    """(what the cast calls it, id here) of each voice that came along."""
    for name in sorted(source.names):
        if not re.fullmatch(r"voices/[0-9a-f]{16}\.json", name):
            continue
        facts = _parsed(source, name)
        media_name = f"{name.removesuffix('.json')}.media"
        media = source.read(media_name) if media_name in source.names else None
        try:
            here = library.voices.get(str(facts["id"]))
            if here.content == facts["content"]:
                yield str(facts["named"]), here.id
                continue
        except NotFound:
            pass
        except (KeyError, TypeError) as error:
            raise _wrong(source, f"{name} is no voice", f"{name} 不是音色") from error
        try:
            known = {key: facts[key] for key in ("gender", "age", "origin") if key in facts}
            added = library.voices.add(
                NewVoice(
                    facts["engine"], facts["kind"], facts["content"], facts["name"], media,
                    languages=tuple(facts.get("languages", ())), tags=tuple(facts.get("tags", ())), **known,
                )
            )  # fmt: skip
        except (KeyError, TypeError) as error:
            raise _wrong(source, f"{name} is no voice", f"{name} 不是音色") from error
        yield str(facts["named"]), added.id


def _list(source: Source, name: str) -> list[Any]:
    found = _parsed(source, name)
    if not isinstance(found, list):
        raise _wrong(source, f"{name} holds no list", f"{name} 不是列表")
    return found


def _told(kind: Any, plain: Any, source: Source, name: str) -> Any:
    if not isinstance(plain, dict) or not set(plain) <= set(kind.__dataclass_fields__):
        raise _wrong(source, f"{name} holds something unknown", f"{name} 含有未知内容")
    try:
        return kind(**plain)
    except TypeError as error:
        raise _wrong(source, f"{name}: {error}", f"{name}：{error}") from error


def _parsed(source: Source, name: str) -> Any:
    try:
        return json.loads(source.read(name, TEXT_BYTES))
    except (ValueError, RecursionError) as error:
        raise _wrong(source, f"{name} is no JSON", f"{name} 不是 JSON") from error


def _wrong(source: Source, en: str, zh: str) -> BadFile:
    return BadFile(f"{source.name}: {en}", f"{source.name}：{zh}", where=source.name)
