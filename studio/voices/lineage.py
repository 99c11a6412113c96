"""Where a blended or bred voice comes from: its parents and theirs, as far as the library knows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio.errors import BadRequest, NotFound
from studio.library import Library, Voice

DEPTH = 3  # generations shown: parents, grandparents, and theirs


@dataclass(frozen=True)
class Ancestor:
    """A voice that another comes from."""

    name: str
    weight: float  # its share, 0..1 of one child
    id: str = ""  # in the library; empty for seeds, builtin voices and those that are gone
    deleted: bool = False
    parents: tuple["Ancestor", ...] = ()


def ancestors(library: Library, voice: Voice, depth: int = DEPTH) -> tuple[Ancestor, ...]:
    """The parents of a voice with theirs, best first; shares are of one."""
    given = [(parent, float(parent.get("weight", 0.0))) for parent in voice.parents]
    whole = sum(weight for _, weight in given) or 1.0
    found = [_ancestor(library, parent, weight / whole, depth) for parent, weight in given]
    return tuple(sorted(found, key=lambda one: -one.weight))


def _ancestor(library: Library, told: Mapping[str, Any], weight: float, depth: int) -> Ancestor:
    ref = str(told.get("voice") or told.get("id") or "")
    unknown = Ancestor(str(told.get("name") or ref), round(weight, 4))
    try:
        known = library.voices.get(ref)
    except (NotFound, BadRequest):
        return unknown
    if known.id != ref:  # a seed or builtin voice whose name one of the library has as well
        return unknown
    parents = ancestors(library, known, depth - 1) if depth > 1 else ()
    return Ancestor(known.name, round(weight, 4), known.id, known.deleted is not None, parents)
