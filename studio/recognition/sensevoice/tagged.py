"""SenseVoice's own way of writing what it heard, `<|zh|><|HAPPY|><|Speech|><|withitn|>…`, read and written as emoji.

Transcripts of other tools come in this form. The reference turns it into text with emoji by replacing strings; what
goes wrong there is listed in `docs/recognition.md`, each with a test, and does not happen here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from studio.recognition.contract import Segment
from studio.recognition.sensevoice.vocabulary import EMOTIONS, EVENTS, FORMATS, LANGUAGES
from studio.text.joining import joined

TAG = re.compile(r"<\|(\w+)\|>")
_LANGUAGES = {tag.piece for tag in LANGUAGES}
_EMOTIONS = {tag.piece: tag for tag in EMOTIONS}
_EVENTS = {tag.piece: tag for tag in EVENTS}
_FORMATS = {tag.piece: tag.name == "written" for tag in FORMATS}
_EMOJI = {
    **{("emotion", tag.name): tag.emoji for tag in EMOTIONS},
    **{("event", tag.name): tag.emoji for tag in EVENTS},
}


@dataclass
class Tagged:
    """One part of a tagged text: from one language tag to the next. Tags as they are written."""

    language: str | None = None
    emotion: str | None = None  # the first one
    events: tuple[str, ...] = ()
    written: bool | None = None
    text: str = ""
    unknown: tuple[str, ...] = ()  # tags that mean nothing to us


def parts(raw: str) -> list[Tagged]:
    """A tagged text in its parts, white space tidied; none for an empty text."""
    found, at = [Tagged()], 0
    for match in TAG.finditer(raw):
        found[-1].text += raw[at : match.start()]
        at, name = match.end(), match[1]
        if name in _LANGUAGES:
            found.append(Tagged(language=name))
        elif name in _EMOTIONS:
            found[-1].emotion = found[-1].emotion or name
        elif name in _EVENTS:
            found[-1].events += (name,)
        elif name in _FORMATS:
            found[-1].written = _FORMATS[name]
        else:
            found[-1].unknown += (name,)
    found[-1].text += raw[at:]
    for part in found:
        part.text = " ".join(part.text.split())
    return [part for part in found if part != Tagged()]


def rich(segments: Iterable[Segment]) -> str:
    """What was said, with emoji: events before it where they change, an emotion after its last sentence."""
    segments = [segment for segment in segments if segment.text or _EMOJI.get(("event", segment.event))]
    pieces: list[str] = []
    for at, segment in enumerate(segments):
        before = segments[at - 1] if at else None
        after = segments[at + 1] if at + 1 < len(segments) else None
        event = "" if before and before.event == segment.event else _EMOJI.get(("event", segment.event), "")
        ends = after is None or after.emotion != segment.emotion
        emotion = _EMOJI.get(("emotion", segment.emotion), "") if ends and segment.text else ""
        pieces.append(" ".join(part for part in (event, segment.text, emotion) if part))
    return joined(pieces)
