"""Where the files of a model lie on this machine: a folder that the user names, the data folder, the hub's own cache.

Nothing here asks the network. A model counts as found when all its files are there; whether they are the published ones
is a question of its own (`verify`), since reading a gigabyte takes a second.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from studio.errors import BadFile, NotFound
from studio.weights.catalogue import CATALOGUE, Weights
from studio.words import Words

BLOCK = 1 << 22  # bytes hashed between two looks at `stop`
NOTE = "digests.json"  # in the folder of installed models: what was hashed, by path, size and time
Source = Literal["local", "installed", "cache"]
SOURCES: dict[Source, Words] = {
    "local": Words("from the folder you named", "来自你指定的文件夹"),
    "installed": Words("installed", "已安装"),
    "cache": Words("from the Hugging Face cache", "来自 Hugging Face 缓存"),
}
KIND = Words("model", "模型")


@dataclass(frozen=True)
class Found:
    """A model whose files are all there."""

    id: str
    root: Path
    source: Source


class WeightStore:
    """The models of this machine. For any number of threads."""

    def __init__(
        self,
        folder: Callable[[], Path],
        models: Path | None = None,
        catalogue: Mapping[str, Weights] = CATALOGUE,
    ) -> None:
        """`folder` gives where models are installed; `models` is a folder of the user's, in the published layout: with
        a sub-folder per model, or one model itself."""
        self._folder, self.models, self.catalogue = folder, models, catalogue

    @property
    def folder(self) -> Path:
        return self._folder()

    def get(self, id: str) -> Weights:
        """A model of the catalogue; `NotFound` names the nearest."""
        if id not in self.catalogue:
            raise NotFound.among(KIND, id, self.catalogue, where="id")
        return self.catalogue[id]

    def find(self, id: str) -> Found | None:
        """Where a model is, or None. Looks at names only."""
        weights = self.get(id)
        for root, source in self._places(weights):
            if all((root / file.path).is_file() for file in weights.files):
                return Found(id, root, source)
        return None

    def missing(self, id: str) -> Words | None:
        """None when a model is there; otherwise what is missing, and after a colon the command that brings it."""
        if self.find(id) is not None:
            return None
        weights, command = self.get(id), f"python -m studio models install {id}"
        size = f"{weights.about_bytes / 1e9:.1f} GB"
        absent = self._absent(weights)
        lacks_en = f"{absent} is not there; " if absent else ""
        lacks_zh = f"缺少 {absent}；" if absent else ""
        return Words(
            f"{weights.title.en} is not installed ({lacks_en}about {size}, {weights.licence}): {command}",
            f"尚未安装 {weights.title.zh}（{lacks_zh}约 {size}，许可证 {weights.licence}）: {command}",
        )

    def digest(self, id: str) -> str:
        """One SHA-256 over the names and digests of a model's files: which weights these are.

        What was hashed is remembered by path, size and time of change. `NotFound` unless the model is there.
        """
        found = self.find(id)
        if found is None:
            raise NotFound.among(KIND, id, (), where="id")
        whole = hashlib.sha256()
        for path, sha in sorted(self._hashes(found).items()):
            whole.update(f"{path} {sha}\n".encode())
        return whole.hexdigest()

    def verify(self, id: str, step: Callable[[int], None] = lambda done: None) -> Found:
        """Read every file again and compare it with the published digest; `BadFile` names the first that differs.

        `step` is called with the bytes read since the last call, and may raise. A local folder may hold other weights.
        """
        found = self.find(id)
        if found is None:
            words = self.missing(id) or KIND
            raise BadFile(words.en, words.zh, where=id)
        for file in self.get(id).files:
            sha = hashed(found.root / file.path, step)
            if file.sha256 and sha != file.sha256 and found.source != "local":
                raise wrong_digest(file.path, id)
        return found

    def remove(self, id: str) -> None:
        """Delete an installed model; one from a local folder or the hub's cache is not ours to delete."""
        found = self.find(id)
        if found is None or found.source != "installed":
            place = str(found.root) if found else ""
            raise BadFile(
                f"{id}: not installed by the studio" + (f"; its files are in {place}" if place else ""),
                f"{id}：不是由工坊安装的" + (f"；它的文件在 {place}" if place else ""),
                where=id,
            )
        shutil.rmtree(found.root)

    def _places(self, weights: Weights) -> Iterable[tuple[Path, Source]]:
        if self.models is not None:
            yield self.models / weights.id, "local"
            yield self.models, "local"
        yield self.folder / weights.id, "installed"
        for root in _hub_snapshots(weights.repo):
            yield root, "cache"

    def _absent(self, weights: Weights) -> str:
        """The first file that is missing where others of the model are."""
        for root, _ in self._places(weights):
            there = [(root / file.path).is_file() for file in weights.files]
            if any(there):
                return weights.files[there.index(False)].path
        return ""

    def _hashes(self, found: Found) -> dict[str, str]:
        note = self.folder / NOTE
        try:
            known = json.loads(note.read_text("utf-8"))
        except (OSError, ValueError):
            known = {}
        hashes: dict[str, str] = {}
        news: dict[str, str] = {}
        for path in _files(found.root, self.get(found.id)):
            facts = path.stat()
            key = f"{path}|{facts.st_size}|{facts.st_mtime_ns}"
            hashes[path.relative_to(found.root).as_posix()] = known.get(key) or news.setdefault(key, hashed(path))
        if news:
            self._remember(note, {**known, **news})
        return hashes

    def _remember(self, note: Path, known: Mapping[str, str]) -> None:
        note.parent.mkdir(parents=True, exist_ok=True)
        unfinished = note.with_name(f"{note.name}.{os.getpid()}.part")
        unfinished.write_text(json.dumps(known), "utf-8")
        unfinished.replace(note)


def hashed(path: Path, step: Callable[[int], None] = lambda done: None) -> str:
    """The SHA-256 of a file."""
    whole = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            whole.update(block)
            step(len(block))
    return whole.hexdigest()


def wrong_digest(path: str, id: str) -> BadFile:
    return BadFile(
        f"{path}: not the published file (its SHA-256 differs); install it again: python -m studio models install {id}",
        f"{path}：与发布的文件不一致（SHA-256 不符）；请重新安装：python -m studio models install {id}",
        where=path,
    )


def _files(root: Path, weights: Weights) -> list[Path]:
    """The files of a model, and its own sizes where it brings them."""
    extra = root / "config.json"
    return [*(root / file.path for file in weights.files), *([extra] if extra.is_file() else [])]


def _hub_snapshots(repo: str) -> list[Path]:
    """Snapshots of a repository in the Hugging Face cache, the latest first."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    hub = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    folder = hub / f"models--{repo.replace('/', '--')}" / "snapshots"
    try:
        return sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    except OSError:
        return []
