"""Text before it is speech: encodings, chapters, languages, marks, sentences and how things are said. Pure.

The rest of the studio calls `read`, which turns a text into utterances; files come in by `studio.text.encoding`, books
are divided by `studio.text.chapters`.
"""

from studio.text.language import detect, estimate_seconds
from studio.text.marks import MARKS, MarkNote
from studio.text.normalise import STEPS
from studio.text.reading import Reading, Utterance, read

__all__ = ["MARKS", "STEPS", "MarkNote", "Reading", "Utterance", "detect", "estimate_seconds", "read"]
