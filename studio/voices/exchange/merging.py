"""What becomes of voices that come in: new ones get a free name, those that are here already share what is known.

Two voices are the same where engine and content are: their names do not matter. The one that is here stays, and
- `here` (the rule): the file fills in what is not known here; where both say something, what is here stands;
- `file`: what the file says stands, what it does not say stays;
- `skip`: nothing of the file is taken.
Tags and where a voice came from (`origin`) are joined in any case but the last. A voice that is only called after its
file takes a real name from another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from studio.library import Voice, VoiceChange
from studio.library.rights import CLONED
from studio.library.voice import LONGEST_NAME, MOST_TAGS, name_key
from studio.library.voices import Voices
from studio.voices.exchange.carried import IMPORTED, Carried
from studio.voices.exchange.chattts import stem_of

AHEAD = 20  # numbers that are asked for at once

Prefer = Literal["here", "file", "skip"]
PLAIN = "languages", "gender", "age", "description", "rating", "notes"


def change_of(here: Voice, carried: Carried, prefer: Prefer) -> VoiceChange | None:
    """What the voice that is here learns from a file; None where it is nothing."""
    if prefer == "skip":
        return None
    there, changes = carried.voice, dict[str, Any]()
    for name in PLAIN:
        known, told = getattr(here, name), getattr(there, name)
        if told and told != known and (prefer == "file" or not known):
            changes[name] = told
    for name in ("controls", "origin"):
        known, told = getattr(here, name), getattr(there, name)
        told = {key: value for key, value in told.items() if key != IMPORTED}
        joined = {**known, **told} if prefer == "file" else {**told, **known}
        if known.get(CLONED):
            joined[CLONED] = known[CLONED]  # whose voice it is cannot be forgotten
        if joined != known:
            changes[name] = joined
    fresh = [tag for tag in there.tags if tag not in here.tags][: MOST_TAGS - len(here.tags)]
    if fresh:
        changes["add_tags"] = tuple(fresh)
    if carried.named and there.name != here.name and (prefer == "file" or _after_its_file(here)):
        changes["name"] = there.name
    if prefer == "file" and there.favourite and not here.favourite:
        changes["favourite"] = True
    return VoiceChange(**changes) if changes else None


def _after_its_file(voice: Voice) -> bool:
    """Whether a voice is only called after the file that it came from, which had no name for it."""
    imported = voice.origin.get(IMPORTED)
    file = imported.get("file") if isinstance(imported, dict) else None
    return isinstance(file, str) and stem_of(file) == voice.name


class Names:
    """Names that are taken in a library, asked for in portions, and those that were given out since."""

    def __init__(self, voices: Voices, wanted: Sequence[str]) -> None:
        self._voices = voices
        self._asked: set[str] = set()
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}  # the number that is tried next
        self._ask(wanted)

    def free(self, wanted: str) -> str:
        """The name, or the first with a number that nobody has: `晚风 (2)`. It is taken from then on."""
        number = self._next.get(wanted, 1)
        while name_key(name := _numbered(wanted, number)) in self._taken_of(wanted, number):
            number += 1
        self._next[wanted] = number + 1
        self._taken.add(name_key(name))
        return name

    def _taken_of(self, wanted: str, number: int) -> set[str]:
        """The names that are taken, asked for up to that number of this one and some more."""
        if name_key(_numbered(wanted, number)) not in self._asked:
            self._ask([_numbered(wanted, n) for n in range(number, number + AHEAD)])
        return self._taken

    def _ask(self, names: Sequence[str]) -> None:
        keys = [name_key(name) for name in names]
        self._asked.update(keys)
        self._taken |= self._voices.taken((), keys)[1]


def _numbered(name: str, number: int) -> str:
    """The name with its number; the first has none."""
    if number == 1:
        return name
    ending = f" ({number})"
    return name[: LONGEST_NAME - len(ending)] + ending


def with_parents(carried: Carried, ids: Mapping[str, str]) -> Carried:
    """The same, its parents named as they are called here."""
    parents = [
        {
            key: ids.get(value, value) if key in ("voice", "id") and isinstance(value, str) else value
            for key, value in parent.items()
        }
        for parent in carried.voice.parents
    ]
    return replace(carried, voice=replace(carried.voice, parents=parents))
