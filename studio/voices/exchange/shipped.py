"""The packs of `voices/`: folders that come with the studio, to be taken into a library by whoever wants them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from studio.errors import NotFound
from studio.voices.exchange.packs import Folder, index_of
from studio.words import Words

SHIPPED = Path(__file__).parents[3] / "voices"
KIND = Words("pack", "音色包")


@dataclass(frozen=True)
class ShippedPack:
    """One folder of `voices/`."""

    id: str  # the folder's name
    title: Words
    about: Words
    count: int  # voices
    path: Path


@cache
def packs() -> Sequence[ShippedPack]:
    """All of them, by name."""
    found = []
    for path in sorted(one for one in SHIPPED.glob("*") if one.is_dir()):
        index = index_of(Folder(path))
        found.append(ShippedPack(path.name, index.title, index.about, len(index.files), path))
    return tuple(found)


def pack(id: str) -> ShippedPack:
    """The pack called `id`; `NotFound` names the nearest."""
    known = {one.id: one for one in packs()}
    if id not in known:
        raise NotFound.among(KIND, id, known, where="pack")
    return known[id]
