"""From what a person points at (files, folders, patterns, a manifest) to the items of an order.

Names in a manifest are never trusted: they have to lie inside of the folder that it may speak of, symbolic links
followed, and so has every output inside of the folder that is written to.
"""

import glob
import os
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from studio.audio.formats import FORMATS, format_for, format_named
from studio.batch.manifests import Row, is_manifest, read_manifest
from studio.batch.order import MOST_FILES, Item, Order, Trouble
from studio.errors import BadFile, BadRequest, StudioError
from studio.manuscripts.reading import BY_SUFFIX
from studio.production.converting import ConvertRequest
from studio.words import Words, counted

SUFFIXES = frozenset(f".{suffix}" for suffix in BY_SUFFIX if suffix)
SOUND = frozenset(ending for format in FORMATS for ending in format.extensions)


@dataclass(frozen=True)
class Found:
    """A file to be read."""

    name: str  # as people know it: below the folder that was named, with /
    path: Path


Finds = Callable[[str], Path]  # the file that a manifest means by a name; `BadFile` where there is none


def gather(inputs: Sequence[str | Path], common: ConvertRequest, out: Path, base: Path | None = None) -> "Gathered":
    """The items of files, folders and patterns; or of one manifest, whose names are below `base` (its own folder).

    `BadFile` where there is nothing to do, or what was named is not there.
    """
    if len(inputs) == 1 and Path(inputs[0]).is_file() and is_manifest(Path(inputs[0])):
        manifest = Path(inputs[0])
        home = (base or manifest.parent).resolve()
        return of_rows(read_manifest(manifest), lambda name: inside(home, name), common, out)
    found: list[Found] = []
    left: list[str] = []
    for named in inputs:
        files, ignored = _expanded(str(named), out)
        found += files
        left += ignored
    return of_files(_once(found), common, out, left)


@dataclass(frozen=True)
class Gathered:
    """Items, and what was left out."""

    items: tuple[Item, ...]
    notes: tuple[Words, ...] = ()


def of_files(found: Sequence[Found], common: ConvertRequest, out: Path, left: Sequence[str] = ()) -> Gathered:
    """An item for each file, called as it is; two that would become the same file keep their endings."""
    if not found:
        raise BadFile(
            f"there is nothing to read: no file ends in {', '.join(sorted(SUFFIXES))}",
            f"没有可以朗读的文件：支持的扩展名为 {'、'.join(sorted(SUFFIXES))}",
            where="inputs",
        )
    if len(found) > MOST_FILES:
        raise BadFile(
            f"{len(found):,} files: a batch may have {MOST_FILES:,}; split it",
            f"共 {len(found):,} 个文件：一批最多 {MOST_FILES:,} 个；请拆分",
            where="inputs",
        )
    ending = format_named(common.format).extension
    plain = [str(PurePosixPath(one.name).with_suffix("")) for one in found]
    times: dict[str, int] = {}
    for name in plain:
        times[folded(name)] = times.get(folded(name), 0) + 1
    items = [
        Item(number, str(one.path), one.name, (name if times[folded(name)] == 1 else one.name) + ending)
        for number, (one, name) in enumerate(zip(found, plain, strict=True), 1)
    ]
    return Gathered(tuple(items), _left_out(left))


def of_rows(rows: Iterable[Row], finds: Finds, common: ConvertRequest, out: Path) -> Gathered:
    """An item for each row of a manifest, with what is wrong with it."""
    home = Path(os.path.realpath(out))
    told = list(rows)  # one that is too long is refused before anything is looked for
    return Gathered(tuple(_of_row(number, row, finds, common, home) for number, row in enumerate(told, 1)))


def _of_row(number: int, row: Row, finds: Finds, common: ConvertRequest, home: Path) -> Item:
    item = Item(number, "", row.input or f"#{row.number}", "", dict(row.own), row.subtitles)
    try:
        if row.wrong:
            raise row.wrong
        own = dict(row.own)
        output, own["format"] = _named(row, own.get("format", ""), common)
        if own["format"] == common.format:
            del own["format"]
        item = replace(item, output=output, own=own)
        inside_of(home, output)
        return replace(item, input=str(finds(row.input)))
    except StudioError as error:
        return replace(item, trouble=Trouble.of(error))


def _named(row: Row, asked: str, common: ConvertRequest) -> tuple[str, str]:
    """The name of a row's file, and its format: as the row says, as the name ends, as all the others."""
    name = str(PurePosixPath(row.output.replace("\\", "/"))) if row.output else ""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in SOUND:
        format = format_named(asked or common.format)
        stem = name or str(PurePosixPath(row.input.replace("\\", "/")).with_suffix(""))
        return stem + format.extension, format.id
    ends = format_for(f"x{suffix}")
    if asked and suffix not in format_named(asked).extensions:
        raise BadRequest(
            f"output “{name}”: its ending is not that of {asked}; leave out one of the two",
            f"output“{name}”：扩展名与格式 {asked} 不符；请只写其中一个",
            where="output",
        )
    return name, asked or (common.format if suffix in format_named(common.format).extensions else ends.id)


def inside(home: Path, name: str) -> Path:
    """The file that a manifest calls `name`, inside of `home`. `BadFile` if it is not there, or leads out."""
    path = _below(home, name, "input")
    if not path.is_file():
        raise BadFile(
            f"{name}: no such file in {home.name or home}",
            f"{name}：文件夹 {home.name or home} 里没有这个文件",
            where=name,
        )
    return path


def among(files: Sequence[Found]) -> Finds:
    """By the names of files that were uploaded together with a manifest; their folders may be left out."""
    whole = {folded(one.name): one.path for one in files}
    last = {folded(PurePosixPath(one.name).name): one.path for one in files}

    def find(name: str) -> Path:
        key = folded(str(PurePosixPath(name.replace("\\", "/"))))
        path = whole.get(key) or last.get(PurePosixPath(key).name)
        if path is None:
            raise BadFile(f"{name}: this file was not uploaded", f"{name}：没有上传这个文件", where=name)
        return path

    return find


def inside_of(home: Path, name: str) -> Path:
    """The place that is called `name` inside of `home`, a real folder. `BadFile` where it leads out."""
    return _below(home, name, "output")


def _below(home: Path, name: str, where: str) -> Path:
    """`name` below `home`, links followed. `BadFile` for a name that leads out of it, or is none."""
    text, base = name.replace("\\", "/"), str(home)
    outside = text.startswith("/") or ".." in text.split("/") or (len(text) > 1 and text[1] == ":") or "\0" in text
    path = "" if outside else os.path.realpath(f"{base}/{text}")
    if outside or path == base or not path.startswith(os.path.join(base, "")):
        raise BadFile(
            f"{where} “{name}” leads out of the folder: write a name inside of it, without .. and without links out",
            f"{where}“{name}”指向文件夹之外：请写文件夹内的名称，不要用 ..，也不要用指向外面的链接",
            where=where,
        )
    return Path(path)


def folded(name: str) -> str:
    """A name as disks compare it that do not tell A from a."""
    return unicodedata.normalize("NFC", name).casefold()


def distinct(order: Order) -> Order:
    """The order; of files that would be written over each other, or over what is read, the later ones in trouble."""
    home = os.path.realpath(order.out)
    read = {item.input for item in order.items}
    taken: dict[str, int] = {}
    items = []
    for item in order.items:
        names = [] if item.trouble else [item.output, *subtitle_names(item.output, order.subtitles_of(item))]
        if over := next((name for name in names if os.path.normpath(os.path.join(home, name)) in read), ""):
            item = replace(item, trouble=_over_input(over))
        elif hit := next((name for name in names if folded(name) in taken), ""):
            item = replace(item, trouble=_over_output(hit, taken[folded(hit)]))
        else:
            taken |= dict.fromkeys(map(folded, names), item.number)
        items.append(item)
    return replace(order, items=tuple(items))


def subtitle_names(output: str, formats: Iterable[str]) -> list[str]:
    """What the subtitles beside a file are called."""
    return [str(PurePosixPath(output).with_suffix(f".{format}")) for format in formats]


def _over_output(name: str, number: int) -> Trouble:
    return Trouble(
        "bad_request",
        Words(
            f"output “{name}”: file {number} of this batch becomes that one already; give another output",
            f"output“{name}”：本批第 {number} 个文件已使用这个名称；请换一个",
        ),
    )


def _over_input(name: str) -> Trouble:
    return Trouble(
        "bad_request",
        Words(
            f"output “{name}”: that file is read by this batch; write into another folder",
            f"output“{name}”：本批要读取这个文件；请写到另一个文件夹",
        ),
    )


def _once(found: Iterable[Found]) -> list[Found]:
    """Each file once, though it was named twice; files of the same name from several folders by longer names."""
    real = {os.path.realpath(one.path): one for one in found}
    files = [replace(one, path=Path(path)) for path, one in real.items()]
    times: dict[str, int] = {}
    for one in files:
        times[folded(one.name)] = times.get(folded(one.name), 0) + 1
    return [
        one if times[folded(one.name)] == 1 else replace(one, name=f"{one.path.parent.name}/{one.name}")
        for one in files
    ]


def _expanded(named: str, out: Path) -> tuple[list[Found], list[str]]:
    """The files that a name, a folder or a pattern means, in order, and the names of those that are not read."""
    path = Path(named)
    try:
        folder, file = bool(named.strip()) and path.is_dir(), path.is_file()
    except (OSError, ValueError):
        folder = file = False
    if folder:
        return _of_folder(path, out)
    if file:
        return [Found(path.name, path)], []
    matches = sorted(glob.glob(named, recursive=True)) if glob.has_magic(named) and "\0" not in named else []
    if not matches:
        raise BadFile(
            f"{named[:200]}: no such file or folder, and no file fits it as a pattern",
            f"{named[:200]}：没有这个文件或文件夹，也没有匹配的文件",
            where=named[:200],
        )
    found, left = [], []
    for match in map(Path, matches):
        if match.is_file():
            fits = match.suffix.lower() in SUFFIXES
            found += [Found(match.name, match)] if fits else []
            left += [] if fits else [match.name]
    return found, left


def _of_folder(folder: Path, out: Path) -> tuple[list[Found], list[str]]:
    """Every manuscript below a folder. Hidden files, links that lead out and what is written to are no part of it."""
    home, target = Path(os.path.realpath(folder)), Path(os.path.realpath(out))
    found, left = [], []
    for place, folders, names in os.walk(home):
        here = Path(place)
        folders[:] = sorted(one for one in folders if not one.startswith(".") and here / one != target)
        for name in sorted(names):
            path = here / name
            shown = path.relative_to(home).as_posix()
            if name.startswith(".") or (here == target and path.suffix.lower() in SOUND):
                continue
            reads = path.suffix.lower() in SUFFIXES and Path(os.path.realpath(path)).is_relative_to(home)
            if reads and path.is_file() and not is_manifest(path):
                found.append(Found(shown, path))
            else:
                left.append(shown)
    return found, left


def _left_out(names: Sequence[str]) -> tuple[Words, ...]:
    if not names:
        return ()
    shown = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
    return (
        Words(
            f"{counted(len(names), 'file is', 'files are')} not read: {shown}", f"不读取 {len(names)} 个文件：{shown}"
        ),
    )
