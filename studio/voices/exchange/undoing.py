"""An import taken back whole: new voices out again, merged facts as they were, further clips gone.

What a person changed since the import stays as they left it: only values that the import wrote itself are put back.
"""

from contextlib import suppress
from dataclasses import dataclass, field, fields
from typing import Any

from studio.errors import NotFound
from studio.library import Library, Voice, VoiceChange

TAGS = {"tags", "add_tags", "remove_tags"}
PLAIN = tuple(one.name for one in fields(VoiceChange) if one.name not in TAGS)


@dataclass(frozen=True)
class Merge:
    """A voice that was here, before and after an import wrote on it."""

    before: Voice
    after: Voice


@dataclass
class Trail:
    """What one import did, in order."""

    added: list[str] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    clips: list[str] = field(default_factory=list)  # further clips of voices that were here

    def extend(self, other: "Trail") -> None:
        self.added += other.added
        self.merges += other.merges
        self.clips += other.clips

    @property
    def anything(self) -> bool:
        return bool(self.added or self.merges or self.clips)


@dataclass(frozen=True)
class Undone:
    """How many voices went, got their facts back, and keep some that were changed since."""

    removed: int
    restored: int
    kept: int


def undo(library: Library, trail: Trail) -> Undone:
    """Take an import back; voices that were deleted since are left alone."""
    removed = library.voices.delete(trail.added)
    for clip in trail.clips:
        with suppress(NotFound):  # it was deleted since
            library.references.delete(clip)
    restored, kept = set[str](), set[str]()
    for merge in reversed(trail.merges):
        now = next(iter(library.voices.many([merge.before.id])), None)
        if now is None:
            continue
        back, touched = _back(now, merge)
        library.voices.update(now.id, back)
        restored.add(now.id)
        kept |= {now.id} if touched else set()
    return Undone(removed, len(restored), len(kept))


def _back(now: Voice, merge: Merge) -> tuple[VoiceChange, bool]:
    """The change that puts the old facts back, and whether something stays since a person changed it."""
    old: dict[str, Any] = {}
    touched = False
    for name in PLAIN:
        before, after = getattr(merge.before, name), getattr(merge.after, name)
        if before != after and getattr(now, name) == after:
            old[name] = before
        elif before != after:
            touched = True
    fresh = tuple(tag for tag in merge.after.tags if tag not in merge.before.tags)
    return VoiceChange(**old, remove_tags=fresh), touched
