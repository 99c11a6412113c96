"""The facts of a take as its file carries them along and as the database keeps them."""

import json
import re
from datetime import datetime
from typing import Any
from zlib import crc32

from studio.audio.clip import Clip
from studio.library.plain import to_text
from studio.library.take import TakeFacts, excerpt
from studio.library.takes import searchable, take_labels

_DIGEST = re.compile(r"[0-9a-f]{64}")
_FORM = 1  # of the comment


def is_digest(digest: str) -> bool:
    return bool(_DIGEST.fullmatch(digest))


def comment(digest: str, facts: TakeFacts) -> str:
    """What the file of a take says of itself; the same for the same take, so that the file is too."""
    return to_text({"timbre": _FORM, "digest": digest, **facts.plain()})


def names_digest(text: str, digest: str) -> bool:
    """Whether a file's comment says that it is this take, without reading all of it."""
    return text.startswith(f'{{"timbre":{_FORM},"digest":"{digest}"')


def from_comment(text: str, digest: str) -> TakeFacts | None:
    """The facts out of a file's comment; None unless it is one of ours and says this digest."""
    try:
        plain = json.loads(text)
        if plain.pop("timbre") != _FORM or plain.pop("digest") != digest:
            return None
        plain["words"] = tuple((str(word), float(start), float(end)) for word, start, end in plain["words"])
        facts = TakeFacts(**plain)
        return facts if facts.kind in ("line", "reading") else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def columns(digest: str, facts: TakeFacts, clip: Clip, data: bytes, created: datetime) -> dict[str, Any]:
    """A row of the table of takes."""
    row = {**facts.plain(), "starred": False}
    return {
        **row,
        "labels": take_labels(row),
        "digest": digest,
        "excerpt": excerpt(facts.text),
        "rate": clip.rate,
        "frames": len(clip),
        "seconds": clip.seconds,
        "bytes": len(data),
        "checksum": crc32(data),
        "created": created,
        "last_used": created,
        "deleted": None,
        "note": "",
        "search": searchable(facts.text, facts.voice_label, ""),
    }
